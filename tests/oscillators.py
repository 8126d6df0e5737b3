"""Auto-oscillators for tests, and how they are driven."""

from __future__ import annotations

import numpy as np

from spinode.devices import Observed
from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.constants import BOLTZMANN
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray, Signal
from spinode.simulate import simulate

WARM = BOLTZMANN * 300 / 1e-4
"""dE/dp [J] at which <p> without current is 1e-4."""
UNIFORM = AutoOscillator(
    frequency=2 / (2 * np.pi),
    frequency_shift=-10 / (2 * np.pi),
    current_shift=0.0,
    damping_rate=1.0,
    damping_growth=1.0,
    torque_rate=1.0,
    torque_saturation=1.0,
    energy=WARM,
    readout_angle=0.0,
)
"""Rates in 1/s, threshold at 1 A, nu = -4 and w = 0 at zeta = 1.5: the frame of a force that is tuned to it."""


def drive(device: AutoOscillator, current: float, duration: float, dt: float, force: float = 0.0) -> Signal:
    sampling = Sampling(duration=duration, dt=dt)
    levels = (current, force)
    return join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))


def path(device: AutoOscillator, given: Signal, start: complex = 0.1, substeps: int | None = None) -> FloatArray:
    """c at the samples."""
    observed = Observed(device=device)
    output = simulate(observed, given, initial=[start.real, start.imag], substeps=substeps).output
    return np.asarray(output.column("x") + 1j * output.column("y"))
