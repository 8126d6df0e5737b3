"""Time series that reservoirs are asked to foretell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spinode.signals import FloatArray

STEPS = 10
"""Solver steps a sample: with tau 17 and sample 1 the series is right to 1e-8 before chaos takes over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MackeyGlass:
    """dx/dt = a x(t - tau)/(1 + x(t - tau)^n) - b x, x(t <= 0) = start (Mackey and Glass, Science 197, 287 (1977)).

    The defaults are those of Chen et al., Nat. Commun. 13, 1016 (2022): weakly chaotic, mean 0.93, deviation 0.23.

    Parameters
    ----------
    delay : float
        tau, a whole number of solver steps sample/``STEPS``; > 0, in the unit of time of the equation (no SI unit).
    growth, loss : float
        a and b, > 0.
    exponent : float
        n, > 0.
    sample : float
        Time between two points, > 0.
    start : float
        x before time zero, > 0.
    discard : int
        Points from time zero on that are left out, >= 0, until the start is forgotten.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    delay: float = 17.0
    growth: float = 0.2
    loss: float = 0.1
    exponent: float = 10.0
    sample: float = 1.0
    start: float = 1.2
    discard: int = 1000

    def __post_init__(self) -> None:
        for name in ("delay", "growth", "loss", "exponent", "sample", "start"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"MackeyGlass.{name} must be a positive number, got {value}")
        if self.discard < 0:
            raise ValueError(f"MackeyGlass.discard must be 0 or more points, got {self.discard}")
        steps = self.delay * STEPS / self.sample
        if self.lag < 1 or abs(steps - self.lag) > 1e-6:
            raise ValueError(
                f"MackeyGlass.delay must be a whole number of sample/{STEPS} = {self.sample / STEPS:g},"
                f" got {self.delay:g}; try {max(1, self.lag) * self.sample / STEPS:g}"
            )

    @property
    def lag(self) -> int:
        """The delay in solver steps."""
        return round(self.delay * STEPS / self.sample)


def mackey_glass(points: int, settings: MackeyGlass | None = None) -> FloatArray:
    """Points x(discard sample), x((discard + 1) sample), ... of the Mackey-Glass series, shape (points,).

    Runge-Kutta of fourth order with ``STEPS`` steps a sample; the delayed value in the middle of a step is the cubic
    Hermite polynomial through both ends and their slopes, so that the order is kept.

    Raises
    ------
    ValueError
        If fewer than one point is asked for.
    """
    if points < 1:
        raise ValueError(f"mackey_glass needs at least 1 point, got {points}")
    chosen = settings or MackeyGlass()
    numbers = (chosen.growth, chosen.loss, chosen.exponent, chosen.sample / STEPS, chosen.start)
    series: FloatArray = _series(numbers, chosen.lag, chosen.discard, points)
    return series


@njit(cache=True, error_model="numpy")
def _slope(x: float, delayed: float, growth: float, loss: float, exponent: float) -> float:
    slope: float = growth * delayed / (1.0 + delayed**exponent) - loss * x
    return slope


@njit(cache=True, error_model="numpy")
def _series(numbers: tuple[float, float, float, float, float], lag: int, discard: int, points: int) -> FloatArray:
    """The past of one delay lies in a ring: slot k % (lag + 1) holds x and its slope after k steps."""
    a, b, n, step, start = numbers
    past, slopes, result = np.full(lag + 1, start), np.zeros(lag + 1), np.empty(points)
    x = start
    for k in range((discard + points - 1) * STEPS + 1):
        if k % STEPS == 0 and k // STEPS >= discard:
            result[k // STEPS - discard] = x
        old, following = (k + 1) % (lag + 1), (k + 2) % (lag + 1)  # steps k - lag and k - lag + 1
        past[k % (lag + 1)] = x
        first = past[old]
        slopes[k % (lag + 1)] = k1 = _slope(x, first, a, b, n)
        last = past[following] if lag > 1 else x
        middle = 0.5 * (first + last)
        if k >= lag:  # before time zero the past is constant, and its slope jumps there
            middle += 0.125 * step * (slopes[old] - slopes[following])
        k2 = _slope(x + 0.5 * step * k1, middle, a, b, n)
        k3 = _slope(x + 0.5 * step * k2, middle, a, b, n)
        k4 = _slope(x + step * k3, last, a, b, n)
        x += step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return result


MOST_SERIES = 100
"""NARMA series that are drawn before one is given up for lost."""
BOUND = 10.0
"""A NARMA series above this has diverged: those that stay have a largest value near 1."""


def narma10(points: int, rng: np.random.Generator, discard: int = 200) -> tuple[FloatArray, FloatArray]:
    """Inputs u (points,) and targets y (points,) of the tenth-order NARMA system with its standard coefficients.

    y(t+1) = 0.3 y(t) + 0.05 y(t) sum_{i=0}^{9} y(t-i) + 1.5 u(t-9) u(t) + 0.1, u uniform in [0, 0.5]: Atiya and Parlos,
    IEEE Trans. Neural Netw. 11, 697 (2000). Target t is y(t+1), which u(0), ..., u(t) decide. Some inputs make the
    system diverge; such a series is drawn anew as a whole.

    Parameters
    ----------
    points : int
        >= 1.
    rng : numpy.random.Generator
        Source of the inputs.
    discard : int
        Points at the front that are left out, >= 0.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    if points < 1 or discard < 0:
        raise ValueError(f"narma10 needs points >= 1 and discard >= 0, got {points} and {discard}")
    for _ in range(MOST_SERIES):
        inputs = rng.uniform(0.0, 0.5, points + discard)
        targets = narma10_answer(inputs)
        if np.isfinite(targets).all() and targets.max() < BOUND:
            return inputs[discard:], targets[discard:]
    raise ValueError(f"narma10: {MOST_SERIES} series of {points} points diverged; try fewer points")


@njit(cache=True, error_model="numpy")
def narma10_answer(inputs: FloatArray) -> FloatArray:
    """y(t+1) for inputs u(0), ..., u(t), all before them and y(0) being 0, shape (T,)."""
    result = np.empty(inputs.size)
    y, recent = 0.0, np.zeros(10)
    for t in range(inputs.size):
        recent[t % 10] = y
        old = inputs[t - 9] if t >= 9 else 0.0
        y = 0.3 * y + 0.05 * y * recent.sum() + 1.5 * old * inputs[t] + 0.1
        result[t] = y
    return result


def sine_square(periods: int, rng: np.random.Generator, points: int = 8) -> tuple[FloatArray, NDArray[np.int64]]:
    """Values (periods * points,) and classes of a random row of sine (0) and square (1) periods.

    Point i of a period is sin(2 pi i/points), or +1 in the first half and -1 in the second. With 8 points the sine is
    +1 and -1 at two of them, where the present value does not tell the class: without memory at most 7/8 of all points
    are right (derived here). The task is that of Paquot et al., Sci. Rep. 2, 287 (2012), and of Torrejon et al. (2017).

    Raises
    ------
    ValueError
        If there are no periods, or points is not an even number, 4 or more.
    """
    if periods < 1 or points < 4 or points % 2:
        raise ValueError(
            f"sine_square needs 1 period or more of an even number of points >= 4, got {periods}, {points}"
        )
    shape = np.sin(2 * np.pi * np.arange(points) / points)
    square = np.where(np.arange(points) < points // 2, 1.0, -1.0)
    classes = rng.integers(0, 2, periods)
    values = np.where(classes[:, None] == 1, square, shape)
    return values.ravel(), np.repeat(classes, points)
