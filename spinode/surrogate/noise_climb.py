"""Field and noise together to the maximum of the innovation likelihood, for one field shape.

They move in turns, each with the other held; since they compensate for each other, the turns alone would converge
slowly, and every third one begins from an extrapolation of the last two (the squared extrapolation of Varadhan and
Roland, Scand. J. Stat. 35, 335 (2008)). Then noises that the data do not ask for go, and dependences of the noise on
states and inputs that they do ask for come, each by a likelihood ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.field import FieldShape, field_tangent, field_value
from spinode.surrogate.innovations import (
    PRESENT,
    WIDEST,
    Problem,
    innovations,
    numbers_of,
    score,
    silenced,
    tune_field,
    tune_noise,
)
from spinode.surrogate.learned_noise import MOST_SUBSTEPS, SILENT, LearnedNoise

CERTAIN = 0.25
"""Standard error of a log-variance below which its noise is there without a further test: e^-80 is far away."""
FARTHEST = 30.0
"""Longest extrapolation in turns."""
HEUN_TURN = 0.04
"""Largest angle w h a Heun step: it then turns (w h)^2 / 6 = 3e-4 too slowly."""
HEUN_DECAY = 0.1
"""Largest decay a = h / tau a Heun step: tau is then a^2 / 6 = 2e-3 and the variance a^2 / 4 = 3e-3 wrong, far less
than a trace tells of either."""


def _free(shape: FieldShape, noise: LearnedNoise) -> FloatArray:
    """1 for the exponents that are sought: the constant of each state that has noise, and slopes that are not zero."""
    free: FloatArray = (noise.exponents != 0.0).astype(np.float64)
    free[:, 0] = 1.0
    free[noise.bounds[:, 1] <= SILENT] = 0.0
    return free


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How far a climb goes.

    Parameters
    ----------
    ridge : float
        Weight of |theta|^2 a sample.
    gain : float
        Gain in log-likelihood of a turn that ends the turns.
    turns : int
        Most turns.
    late : callable
        Whether the time is over; asked after each turn.
    """

    ridge: float
    gain: float
    turns: int
    late: Callable[[], bool]


def climb(problem: Problem, theta: FloatArray, noise: LearnedNoise, effort: Effort) -> tuple[FloatArray, LearnedNoise]:
    """Field and noise to the maximum of the likelihood, without needless noises and with the slopes that it asks for.

    Parameters
    ----------
    problem, theta, noise
        Data, and where to begin.
    effort : Effort
        When to stop.
    """
    theta, noise = _turns(problem, theta, noise, effort)
    better = _with_slopes(problem, theta, _without_needless(problem, theta, noise))
    return _turns(problem, theta, better, effort)


def _turns(problem: Problem, theta: FloatArray, noise: LearnedNoise, effort: Effort) -> tuple[FloatArray, LearnedNoise]:
    """Turns of field and noise; every third one begins from an extrapolation."""
    free = _free(problem.shape, noise)
    trail = [_vector(theta, noise, free)]
    value = -np.inf
    for _ in range(effort.turns):
        before = value
        theta, _ = tune_field(problem, theta, noise, 3, effort.ridge)
        found = tune_noise(problem, theta, noise, free, 3)
        noise, value = found.noise, found.likelihood
        trail.append(_vector(theta, noise, free))
        if value - before < effort.gain or effort.late():
            break
        if len(trail) == 3:
            theta, noise, value = _extrapolated(problem, trail, (theta, noise, value), free)
            trail = [_vector(theta, noise, free)]
    return theta, noise


def _vector(theta: FloatArray, noise: LearnedNoise, free: FloatArray) -> FloatArray:
    return np.concatenate([theta, numbers_of(noise, free)])


def _extrapolated(
    problem: Problem, trail: list[FloatArray], now: tuple[FloatArray, LearnedNoise, float], free: FloatArray
) -> tuple[FloatArray, LearnedNoise, float]:
    """The point to which the last two turns lead, or the present one where it is no better.

    With r = v1 - v0 and w = v2 - v1 - r, v = v0 - 2 a r + a^2 w, a = -|r|/|w| (Varadhan and Roland, Scand. J. Stat. 35,
    335 (2008), scheme S3), in units of the last changes.
    """
    theta, noise, value = now
    first, last = trail[1] - trail[0], trail[2] - trail[1]
    curve = last - first
    scale = np.maximum(np.abs(trail[2]), 0.1)
    length = float(np.linalg.norm(first / scale)) / max(float(np.linalg.norm(curve / scale)), 1e-300)
    for alpha in (min(length, FARTHEST), min(length, FARTHEST) / 2):
        if alpha <= 1.0:
            break
        point = trail[0] + 2 * alpha * first + alpha**2 * curve
        exponents = noise.exponents.copy()
        count = theta.size + int(free.sum())
        exponents[free > 0] = np.clip(point[theta.size : count], -60.0, 20.0)
        measurement = np.exp(np.clip(point[count:], *WIDEST))
        tried = replace(noise, exponents=exponents, measurement=measurement)
        reached = innovations(problem, point[: theta.size].copy(), tried).likelihood
        if reached > value:
            return point[: theta.size].copy(), tried, reached
    return now


def _without_needless(problem: Problem, theta: FloatArray, noise: LearnedNoise) -> LearnedNoise:
    """The noise of a state goes where the data do not ask for it (likelihood ratio)."""
    for state in range(problem.shape.states):
        free = _free(problem.shape, noise)
        if free[state, 0] == 0.0 or _error(problem, theta, noise, state) < CERTAIN:
            continue
        now = innovations(problem, theta, noise).likelihood
        quiet = silenced(noise, state)
        found = tune_noise(problem, theta, quiet, _free(problem.shape, quiet), 8)
        if 2.0 * (now - found.likelihood) < PRESENT:
            noise = found.noise
    return noise


def _error(problem: Problem, theta: FloatArray, noise: LearnedNoise, state: int) -> float:
    """Standard error of the constant log-variance of a state; infinite where it cannot be told."""
    free = _free(problem.shape, noise)
    _, information = score(problem, theta, noise, free)
    place = int(free[:state].sum())
    with np.errstate(all="ignore"):
        try:
            variance = float(np.linalg.inv(information)[place, place])
        except np.linalg.LinAlgError:
            return np.inf
    return float(np.sqrt(variance)) if variance > 0.0 else np.inf


def _with_slopes(problem: Problem, theta: FloatArray, noise: LearnedNoise) -> LearnedNoise:
    """A noise depends on states and inputs where the data ask for it (score test, then likelihood ratio, by state)."""
    drive = problem.record.drive[:, 0]
    moving = np.concatenate([[True], np.full(problem.shape.states, True), np.ptp(drive, axis=0) > 0.0])
    for state in range(problem.shape.states):
        free = _free(problem.shape, noise)
        if free[state, 0] == 0.0:
            continue
        before = innovations(problem, theta, noise).likelihood
        free[state] = moving
        needed = PRESENT + 2.0 * (float(moving.sum()) - 1.0)
        slope, information = score(problem, theta, noise, free)
        steady = information + 1e-9 * np.trace(information) * np.eye(len(slope))
        if not np.isfinite(steady).all() or slope @ np.linalg.solve(steady, slope) < needed:
            continue
        found = tune_noise(problem, theta, noise, free, 8)
        if 2.0 * (found.likelihood - before) > needed:
            noise = found.noise
    return noise


def finished(problem: Problem, theta: FloatArray, noise: LearnedNoise, states: FloatArray) -> LearnedNoise:
    """Bounds from what training saw, and the Heun steps a sample that the field needs."""
    rows = np.concatenate([np.arange(stretch.scored, stretch.last) for stretch in problem.stretches])
    z = np.column_stack([np.ones(len(rows)), states, problem.record.drive[rows, 0]])
    found = z @ noise.exponents.T
    bounds = np.column_stack([found.min(axis=0), found.max(axis=0)])
    return replace(noise, bounds=bounds, substeps=heun_steps(problem.shape, theta, z[:, 1:]))


def heun_steps(shape: FieldShape, theta: FloatArray, points: FloatArray) -> int:
    """Heun steps a sample: the fastest rates of the linearised field at some of the points (N, S + I), over limits."""
    chosen = points[:: max(1, len(points) // 200)]
    needed = []
    for point in chosen:
        rates = np.linalg.eigvals(jacobian(shape, theta, point))
        needed.append(max(np.abs(rates.imag).max() / HEUN_TURN, np.abs(rates).max() / HEUN_DECAY))
    return int(np.clip(np.ceil(np.quantile(needed, 0.9)), 1, MOST_SUBSTEPS))


def jacobian(shape: FieldShape, theta: FloatArray, point: FloatArray) -> FloatArray:
    """df/dx (S, S) at one point z = (states, inputs)."""
    core = shape.states - shape.modes
    z = np.concatenate([point[:core], point[shape.states :], point[core : shape.states]])
    phi, layer = np.empty(shape.monomials), np.zeros((len(shape.hidden) + 2, max(shape.sizes[5], shape.variables)))
    value, slope = np.empty(shape.states), np.empty((shape.states, shape.states))
    field_value(shape.sizes, theta, z, phi, layer, value)
    field_tangent(shape.sizes, theta, phi, layer, slope, np.empty((shape.states, shape.size)))
    return slope
