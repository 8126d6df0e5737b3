"""What the tests of networks share: held drives, and an auto-oscillator with a small damping beside its frequency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.base import Device
from spinode.drives import Sampling, constant, join
from spinode.signals import Signal

FAST = AutoOscillator(
    frequency=10 / (2 * np.pi),
    frequency_shift=-6 / (2 * np.pi),
    current_shift=0.0,
    damping_rate=1.0,
    damping_growth=1.0,
    torque_rate=1.0,
    energy=4e-17,
    readout_angle=0.0,
    torque_saturation=1.0,
)
"""Rates in 1/s, threshold at 1 A; at 1.5 A Gamma_p = 0.5/s, nu = -2.4 and 9 rad/s."""
CURRENT = 1.5


def held(device: Device, levels: Sequence[float], duration: float, dt: float) -> Signal:
    """Constant inputs."""
    sampling = Sampling(duration=duration, dt=dt)
    return join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))
