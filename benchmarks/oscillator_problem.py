"""One ensemble of auto-oscillators, written so that every program of ``oscillators.py`` can run it.

dc/dt = (gain - loss |c|^2) c with complex gain and loss of each member: gain = sigma I - Gamma_G - i (w0 + (dw/dI) I),
loss = Gamma_G Q + sigma eta I + i N. The current is constant, so that a peer may fold it into two numbers beforehand,
which is the cheapest form there is; spinode reads it from its drive table at every stage. The noise of both components
is sqrt(noise (1 + growth |c|^2)) dW.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import solve_ivp

from spinode.devices.auto_oscillator import AutoOscillator

START = 0.3
"""State of every member at the start: Re c."""
SUPERCRITICALITY = 1.5
"""Current over the threshold current of the default device."""
TIGHT = 1e-12
"""Relative and absolute tolerance of the reference."""

Run = Callable[[], object]


@dataclass(frozen=True)
class Problem:
    """Devices, their current [A], the step [s] and how many of them."""

    devices: tuple[AutoOscillator, ...]
    current: float
    step: float
    steps: int

    @property
    def members(self) -> int:
        return len(self.devices)

    @property
    def duration(self) -> float:
        """Time that the run covers [s]."""
        return self.step * self.steps

    @property
    def work(self) -> int:
        """Oscillator steps of a run."""
        return self.members * self.steps

    def _of(self, name: str) -> np.ndarray:
        return np.array([getattr(device, name) for device in self.devices])

    @cached_property
    def gain(self) -> np.ndarray:
        """Complex rate of a small oscillation [1/s], shape (members,)."""
        turning = 2 * np.pi * (self._of("frequency") + self._of("current_shift") * self.current)
        return self._of("torque_rate") * self.current - self._of("damping_rate") - 1j * turning

    @cached_property
    def loss(self) -> np.ndarray:
        """Complex change of that rate by a unit of power, with the sign turned, shape (members,)."""
        saturation = self._of("torque_rate") * self._of("torque_saturation") * self.current
        growth = self._of("damping_rate") * self._of("damping_growth")
        return growth + saturation + 2j * np.pi * self._of("frequency_shift")

    @cached_property
    def noise(self) -> np.ndarray:
        """Square of the noise amplitude at c = 0 [1/s], shape (members,)."""
        return self._of("damping_rate") * self._of("thermal_power")

    @cached_property
    def growth(self) -> np.ndarray:
        """Growth of that square with the power, shape (members,)."""
        return self._of("damping_growth")

    @property
    def start(self) -> np.ndarray:
        """c at the start, complex, shape (members,)."""
        return np.full(self.members, START + 0j)

    def rate(self, _: float, c: np.ndarray) -> np.ndarray:
        """dc/dt in as few numpy operations as there are."""
        return (self.gain - self.loss * (c.real**2 + c.imag**2)) * c

    @cached_property
    def answer(self) -> np.ndarray:
        """c at the end, from an adaptive method of eighth order at a tight tolerance."""
        times = (0.0, self.duration)
        return solve_ivp(self.rate, times, self.start, method="DOP853", rtol=TIGHT, atol=TIGHT).y[:, -1]

    def error(self, result: object) -> float:
        """Root mean square of |c - answer| over all members, over that of |answer|."""
        found = np.asarray(result)
        return float(np.sqrt(np.mean(np.abs(found - self.answer) ** 2) / np.mean(np.abs(self.answer) ** 2)))


def problem(members: int, steps: int) -> Problem:
    """An ensemble whose frequencies, damping and torque differ by some per cent from member to member."""
    rng = np.random.default_rng(members)
    default = AutoOscillator()

    def spread(value: float, part: float) -> np.ndarray:
        return value * (1 + part * rng.uniform(-1, 1, members))

    columns = zip(
        spread(default.frequency, 0.05),
        spread(default.frequency_shift, 0.1),
        spread(default.damping_rate, 0.05),
        spread(default.damping_growth, 0.1),
        spread(default.torque_rate, 0.05),
        strict=True,
    )
    names = ("frequency", "frequency_shift", "damping_rate", "damping_growth", "torque_rate")
    devices = tuple(AutoOscillator(**dict(zip(names, map(float, row), strict=True))) for row in columns)
    step = min(device.step for device in devices)
    return Problem(devices, SUPERCRITICALITY * default.threshold_current, step, steps)


def loosest(given: Problem, run_at: Callable[[float], object], target: float, inside: float, outside: float) -> float:
    """The largest setting between ``inside`` and ``outside`` whose error is at most ``target``, to 1 %.

    Found by halving on a logarithmic scale.
    """
    while outside > 1.01 * inside:
        middle = float(np.sqrt(inside * outside))
        inside, outside = (middle, outside) if given.error(run_at(middle)) <= target else (inside, middle)
    return inside


def steps_of(given: Problem, multiple: float) -> int:
    """Steps of about ``multiple`` times the problem's."""
    return max(1, round(given.steps / multiple))


def classical(given: Problem) -> np.ndarray:
    """c at the end by the classical Runge-Kutta method."""
    c, step = given.start, given.step
    for _ in range(given.steps):
        k1 = given.rate(0.0, c)
        k2 = given.rate(0.0, c + step / 2 * k1)
        k3 = given.rate(0.0, c + step / 2 * k2)
        k4 = given.rate(0.0, c + step * k3)
        c = c + step / 6 * (k1 + 2 * (k2 + k3) + k4)
    return c
