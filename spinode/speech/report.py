"""One device and one front end, scored under one protocol beside every control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinode.reservoir import Reservoir, Static
from spinode.speech.benchmark import Readout, Tested, try_readouts
from spinode.speech.protocols import SPLITS
from spinode.speech.scores import Gain, confusion, gain_of
from spinode.speech.utterances import Curve, try_utterances
from spinode.speech.words import Integers, Words

Outcome = Tested | Curve
CONTROLS = {
    "frame_wise": "no device, frame by frame",
    "flattened": "no device, flattened",
    "same_readout": "no device, same readout",
    "static": "static, no memory",
}
"""Controls and what a reader calls them."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A system and its controls, all on the same test words.

    Parameters
    ----------
    system : Tested or Curve
        The device; without one the front end with the chosen readout.
    controls : mapping of str to Tested or Curve
        ``frame_wise``, ``flattened``, ``same_readout`` (no device) and, where there is a device, ``static``.
    words : Words
    """

    system: Outcome
    controls: Mapping[str, Outcome]
    words: Words

    def gain(self, control: str = "same_readout") -> Gain:
        """Accuracy less that of a control on the same words; ``same_readout`` has the same readout too."""
        other = self.controls[control]
        speakers = self.system.speakers if isinstance(self.system, Tested) else None
        return gain_of(self.system.right, other.right, speakers)

    @property
    def confusion(self) -> Integers:
        """Counts of what was said (row) and heard (column), added over mask seeds."""
        heard = np.atleast_2d(self.system.predicted)
        return confusion(np.tile(self.system.truth, len(heard)), heard.ravel(), self.words.classes)


def score(
    words: Words,
    protocol: str,
    reservoirs: Sequence[Reservoir],
    readout: Readout,
    advance: Callable[[float, str], None] | None = None,
) -> Scored:
    """Score a device and its controls: the front end frame by frame, flattened, and a static nonlinearity.

    Parameters
    ----------
    words : Words
    protocol : str
        ``official``, ``loso`` or ``utterances``.
    reservoirs : sequence of Reservoir
        One a mask seed, none for no device; ``utterances`` takes the first alone.
    readout : Readout
        Of device, static control and ``same_readout``.
    advance : callable, optional
        Called with the part that is done, 0 to 1, and what is done now.

    Raises
    ------
    ValueError
        If the protocol is unknown or the words do not allow it.
    """
    if protocol not in SPLITS:
        raise ValueError(f"protocol must be one of {', '.join(SPLITS)}, got '{protocol}'")
    told = advance or (lambda part, text: None)
    plain = {"frame_wise": Readout(), "flattened": Readout(kind="flattened"), "same_readout": readout}
    told(0.0, "controls")
    controls = _try(words, protocol, [None], plain, lambda part: told(0.05 * part, "controls"))
    if not reservoirs:
        return Scored(system=controls["same_readout"], controls=controls, words=words)
    still = [Static(reservoir) for reservoir in reservoirs]
    controls |= _try(words, protocol, still, {"static": readout}, lambda part: told(0.05 + 0.35 * part, "static"))
    device = _try(words, protocol, reservoirs, {"device": readout}, lambda part: told(0.4 + 0.6 * part, "device"))
    return Scored(system=device["device"], controls=controls, words=words)


def _try(
    words: Words,
    protocol: str,
    transformers: Sequence[Any],
    readouts: dict[str, Readout],
    advance: Callable[[float], None],
) -> dict[str, Outcome]:
    if protocol == "utterances":
        return {name: try_utterances(words, transformers[0], readout, name) for name, readout in readouts.items()}
    return {**try_readouts(words, protocol, transformers, readouts, advance)}
