"""One device and one front end, scored under one protocol beside every control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spinode.engine import Engine
from spinode.reservoir import Reservoir, Static
from spinode.speech.benchmark import Readout, Tested
from spinode.speech.protocols import SPLITS
from spinode.speech.scores import Gain, confusion, gain_of
from spinode.speech.tasks import Outcome, System, try_systems
from spinode.speech.words import Integers, Words

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
    engine: Engine | None = None,
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
        Called with the part that is done, 0 to 1, and what was done last.
    engine : Engine, optional
        Where mask seeds, splits and systems run; in this process, with all its threads, where left out.

    Raises
    ------
    ValueError
        If the protocol is unknown or the words do not allow it.
    """
    if protocol not in SPLITS:
        raise ValueError(f"protocol must be one of {', '.join(SPLITS)}, got '{protocol}'")
    plain = {"frame_wise": Readout(), "flattened": Readout(kind="flattened"), "same_readout": readout}
    systems = [System(name="controls", transformers=[None], readouts=plain)]
    if reservoirs:
        still = [Static(reservoir) for reservoir in reservoirs]
        systems.append(System(name="static", transformers=still, readouts={"static": readout}))
        systems.append(System(name="device", transformers=reservoirs, readouts={"device": readout}))
    found = try_systems(words, protocol, systems, engine, advance)
    system = found.pop("device") if reservoirs else found["same_readout"]
    return Scored(system=system, controls=found, words=words)
