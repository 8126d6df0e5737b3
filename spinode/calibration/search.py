"""The search: a scan of the range over short windows, the best of it refined, then windows that grow.

Over a long window the cost of an oscillation has a poor minimum at every frequency that slips by a turn; over two
periods it has not. So the whole range is looked at over a few short windows with free first states, and each later
stage begins inside the basin that the stage before has found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinode.calibration.candidate import Candidate, Windows
from spinode.calibration.least_squares import Point, Weighing, begin, minimise
from spinode.calibration.unknowns import Unknown
from spinode.signals import FloatArray

PERIODS = 2.0
"""Length of the shortest windows in characteristic times."""
FEWEST_SAMPLES = 12
"""Least length of a window [samples]: fewer would be followed by the first state alone."""
GROWTH = 3
"""Factor from one window length to the next; whole, so that a longer window begins where a shorter one did."""
SCAN_WINDOWS = 6
"""Short windows over which the range is scanned."""
RELATIVE_STEP = 0.07
"""Distance of two values in the scan, as a part of the value: two periods slip little where a frequency follows it."""
FEWEST_POINTS, MOST_POINTS = 5, 33
"""Values of one unknown in the scan; the product over the unknowns is bounded by ``MOST_SCANNED``."""
MOST_SCANNED = (33, 96, 192)
"""Points of the scan with one, two, and more unknowns."""
STATE_ITERATIONS = 3
"""Iterations for the first states at each point of the scan."""
REFINED = 4
"""Points of the scan that are refined."""
TOLERATED = 0.05
"""Error, in deviations of the output, up to which windows grow whatever the shorter ones left."""
WORSE = 1.15
"""Growth of the error above which a longer window is given up: the device's own noise, or the model, forbids it."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where the search ended, and whether the windows could grow to the whole trace."""

    point: Point
    whole: bool


def search(candidate: Candidate) -> Found:
    """Unknowns and first states that follow the trace over the longest windows that one run can follow.

    Raises
    ------
    ValueError
        If the trace is too short, or no point of the range gives a finite run.
    """
    even = Weighing(outputs=np.ones(candidate.outputs.shape[1]), centre=np.zeros(len(candidate.unknowns)))
    lengths = _lengths(candidate)
    every = _starts(candidate, lengths[0])
    few = every[np.unique(np.linspace(0, len(every) - 1, SCAN_WINDOWS).round().astype(int))]
    point = _best_of_scan(candidate, even, few, lengths[0])
    initial = candidate.guess(point.q, every, lengths[0])
    initial[np.isin(every, few)] = point.windows.initial
    point = _follow(candidate, even, point.q, Windows(starts=every, steps=lengths[0], initial=initial))
    for steps in lengths[1:]:
        longer = _follow(candidate, even, point.q, _grown(candidate, point, steps))
        allowed = max(WORSE * rms(candidate, point), TOLERATED)
        if not rms(candidate, longer) <= allowed:
            return Found(point=point, whole=False)
        point = longer
    return Found(point=point, whole=True)


def polish(candidate: Candidate, point: Point, noise: FloatArray) -> Point:
    """The last minimum, without a prior, each output weighed by the deviation of its own error (O,)."""
    weighing = Weighing(outputs=1.0 / noise, centre=point.q)
    first = begin(candidate, weighing, point.q, point.windows)
    return minimise(candidate, weighing, first, iterations=30, enough=1e-8)


def rms(candidate: Candidate, point: Point) -> float:
    """Root mean square error of a point in deviations of the outputs, corrected for what was fitted."""
    count = len(point.windows.starts) * (point.windows.steps + 1) * candidate.outputs.shape[1]
    return float(np.sqrt(point.cost / max(count - point.windows.initial.size - len(point.q), 1)))


def characteristic_time(outputs: FloatArray) -> float:
    """Samples in a turn at the frequency below which half of the outputs' power lies.

    The period of an oscillation, and 2 pi tau of a relaxation with time constant tau; white noise of the measurement
    moves it little. At least 2, at most half of the record.
    """
    power = (np.abs(np.fft.rfft(outputs - outputs.mean(axis=0), axis=0)) ** 2).sum(axis=1)
    power[0] = 0.0
    middle = int(np.searchsorted(np.cumsum(power), 0.5 * power.sum()))
    return float(np.clip(len(outputs) / max(middle, 1), 2.0, len(outputs) / 2))


def _lengths(candidate: Candidate) -> list[int]:
    """Window lengths [steps] from the shortest to the whole trace."""
    whole = len(candidate.outputs) - 1 - candidate.first
    shortest = max(FEWEST_SAMPLES, round(PERIODS * characteristic_time(candidate.outputs)))
    if whole < FEWEST_SAMPLES:
        needed = candidate.first + FEWEST_SAMPLES + 1
        raise ValueError(f"trace '{candidate.trace.name}' must have at least {needed} samples to calibrate, got"
                         f" {len(candidate.outputs)}")  # fmt: skip
    lengths = [min(shortest, whole)]
    while lengths[-1] * GROWTH <= whole // 2:
        lengths.append(lengths[-1] * GROWTH)
    return lengths if lengths[-1] == whole else [*lengths, whole]


def _starts(candidate: Candidate, steps: int) -> NDArray[np.int64]:
    """First samples of windows end to end."""
    return np.arange(candidate.first, len(candidate.outputs) - steps, steps, dtype=np.int64)


def _best_of_scan(candidate: Candidate, even: Weighing, starts: NDArray[np.int64], steps: int) -> Point:
    fixed = replace(even, free=False)
    points: list[Point] = []
    for q in scan_points(candidate.unknowns):
        try:
            initial = candidate.guess(q, starts, steps)
        except ValueError:  # these values break a rule of the device
            continue
        first = begin(candidate, fixed, q, Windows(starts=starts, steps=steps, initial=initial))
        points.append(minimise(candidate, fixed, first, 1, 0.0))
    points = sorted((point for point in points if np.isfinite(point.cost)), key=lambda point: point.cost)
    better = points[: max(REFINED, len(points) // 3)]
    better = [minimise(candidate, fixed, point, STATE_ITERATIONS, 1e-3) for point in better]
    points = sorted(better, key=lambda point: point.cost)
    if not points:
        raise ValueError(
            f"{candidate.name} gives no finite run anywhere in the search range; try a narrower range or other known"
            " values"
        )
    refined = [_follow(candidate, even, point.q, point.windows) for point in points[:REFINED]]
    return min(refined, key=lambda point: point.cost)


def scan_points(unknowns: tuple[Unknown, ...]) -> FloatArray:
    """Points of the range in q: even steps for one unknown, Halton's sequence (1960) for more; shape (N, K)."""
    count, number = len(unknowns), 1
    for unknown in unknowns:
        ratio = np.log(unknown.high / unknown.low) if unknown.low > 0 else np.inf
        number *= int(np.clip(ratio / RELATIVE_STEP, FEWEST_POINTS, MOST_POINTS))
    number = min(number, MOST_SCANNED[min(count, len(MOST_SCANNED)) - 1])
    if count == 1:
        return np.linspace(-1.0, 1.0, number)[:, None]
    columns = [_van_der_corput(number, base) for base in _primes(count)]
    return np.vstack([np.zeros(count), 2.0 * np.column_stack(columns) - 1.0])


def _van_der_corput(number: int, base: int) -> FloatArray:
    """The digits of 1, 2, ... in a base, mirrored at the point, shape (number,)."""
    result, index, factor = np.zeros(number), np.arange(1, number + 1), 1.0
    while index.any():
        factor /= base
        result += factor * (index % base)
        index //= base
    return result


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _follow(candidate: Candidate, even: Weighing, q: FloatArray, windows: Windows) -> Point:
    """First the states alone, then all, with a prior as wide as the range."""
    fixed = replace(even, free=False)
    point = minimise(candidate, fixed, begin(candidate, fixed, q, windows), STATE_ITERATIONS, 1e-3)
    level = point.cost / (len(windows.starts) * (windows.steps + 1) * candidate.outputs.shape[1])
    weighing = replace(even, centre=q, prior=min(level, 1.0))
    point = minimise(candidate, weighing, begin(candidate, weighing, q, point.windows), 25, 1e-5)
    tied = float(np.sum((point.q - q) ** 2)) * weighing.prior
    return replace(point, cost=point.cost - tied if np.isfinite(point.cost) else np.inf)


def _grown(candidate: Candidate, point: Point, steps: int) -> Windows:
    """Longer windows, each with the state that the shorter windows had at its first sample."""
    starts = _starts(candidate, steps)
    own = np.searchsorted(point.windows.starts, starts)
    return Windows(starts=starts, steps=steps, initial=point.windows.initial[own])
