"""How well a binding network tells sequences apart, and what is left when a part of it is taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.vortex import VortexOscillator
from spinode.networks.binding import Binding, present
from spinode.networks.binding_decision import READINGS, Reading, Score, Templates, features, ordered, pooled
from spinode.networks.binding_designs import without_nonlinearity

LENGTHS = (2, 3)
"""Ordered pairs and triples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """How much is shown.

    Parameters
    ----------
    examples, tests : int
        Showings of each sequence that templates are learned from, and that are decided; at least 1.
    noisy : bool
        Under thermal noise.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    examples: int = 6
    tests: int = 10
    noisy: bool = False

    def __post_init__(self) -> None:
        if self.examples < 1 or self.tests < 1:
            raise ValueError(f"Study.examples and tests must be at least 1, got {self.examples} and {self.tests}")


Scores = Mapping[int, Mapping[Reading, Score]]
"""By length of the sequences, then by reading."""


def study(binding: Binding, settings: Study, rng: np.random.Generator) -> Scores:
    """Decisions on showings that the templates have not seen, for all ordered pairs and triples, with every reading.

    Parameters
    ----------
    binding : Binding
    settings : Study
    rng : numpy.random.Generator
        Of phases and noise; examples and tests draw one after the other.
    """
    found: dict[int, dict[Reading, Score]] = {}
    for length in LENGTHS:
        classes = ordered(len(binding.events), length)
        shown, asked = (np.tile(classes, (count, 1)) for count in (settings.examples, settings.tests))
        known = present(binding, shown, rng, noisy=settings.noisy)
        tested = present(binding, asked, rng, noisy=settings.noisy)
        found[length] = {
            reading: Templates.learned(features(known, reading), shown).score(features(tested, reading), asked)
            for reading in READINGS
        }
    return found


def together(scores: Scores, reading: Reading = "locking") -> Score:
    """Pairs and triples as one score."""
    return pooled([each[reading] for each in scores.values()])


def ablations(binding: Binding) -> dict[str, Binding]:
    """The same network with one part taken away; ``nu=0`` only where the device has it in its equations.

    ``no_coupling``: gain 0. ``nu=0``: equal frequencies and gain without amplitude-phase coupling. ``no_memory``:
    nothing stays on and each window begins with other, settled oscillators. ``state_only``: nothing stays on. A learned
    field has no parameter for the nonlinearity, so a surrogate has no ``nu=0``; its device has.
    """
    found = {
        "no_coupling": replace(binding, gain=0.0),
        "no_memory": replace(binding, hold=0.0, forget=True),
        "state_only": replace(binding, hold=0.0),
    }
    device = binding.device
    if isinstance(device, VortexOscillator) or (isinstance(device, AutoOscillator) and device.torque_saturation == 0):
        found["nu=0"] = without_nonlinearity(binding)
    return found
