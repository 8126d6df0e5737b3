"""Maximum likelihood of a noisy trace: the field's coefficients and its noise, from one-step prediction errors.

The log-likelihood L = -(1/2) sum [log(2 pi s) + e^2/s] of the filter's errors e and their variances s is climbed in
turns. The field takes Gauss-Newton steps with the slopes of ``filter_slopes`` (many coefficients, gain held). The noise
takes Fisher-scoring steps with the information F = sum [(1/2) dlog s dlog s^T + de de^T / s] from differences of e and
log s (a handful of numbers). Both are damped (Levenberg-Marquardt), and a step that does not raise L is not taken.
Process and measurement noise are told apart by their memory: the first stays in the state, the second is gone with the
next sample. A noise that the data do not ask for is set to nothing by a likelihood ratio test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from spinode.signals import FloatArray
from spinode.surrogate.field import FieldShape
from spinode.surrogate.filter import filter_slopes, filter_trace
from spinode.surrogate.learned_noise import SILENT, LearnedNoise
from spinode.surrogate.least_squares import Record

WIDEST = (-50.0, 5.0)
"""Range of a log-variance while it is sought: 1e-22 to 150 of an output's variance a sample."""
NUDGE, LONGEST = 1e-3, 2.0
"""Change of a log-variance for a difference; longest scoring step."""
ENOUGH = 0.05
"""Gain in log-likelihood below which a search stops: far less than the half nat by which an estimate is uncertain."""
PRESENT = 10.0
"""Twice the gain in log-likelihood that one noise more must bring: chance passes it once in 600 for one parameter."""
FIRST_SPREAD = 0.1
"""Variance of the unknown first state of a trace, in scaled units; forgotten during the burn-in."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Samples ``first`` to ``last`` - 1 of the record are filtered; those from ``scored`` on count."""

    first: int
    scored: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A field's data: record, stretches of it, and the guessed state (S,) at the first sample of each."""

    shape: FieldShape
    record: Record
    stretches: tuple[Stretch, ...]
    starts: tuple[FloatArray, ...]


@dataclass(frozen=True, kw_only=True)
class Innovations:
    """What the filter gives over the scored samples of all stretches, (N, O) each, and states (N, S).

    ``error`` and ``spread`` (its variance) are conditional on the outputs before in the same sample; ``predicted`` and
    ``variance`` on the samples before alone.
    """

    error: FloatArray
    spread: FloatArray
    predicted: FloatArray
    variance: FloatArray
    states: FloatArray

    @property
    def likelihood(self) -> float:
        """L; minus infinity where the filter left the numbers."""
        with np.errstate(all="ignore"):
            value = -0.5 * float(np.sum(np.log(2 * np.pi * self.spread) + self.error**2 / self.spread))
        return value if np.isfinite(value) else -np.inf

    @property
    def normalised(self) -> FloatArray:
        """e over its deviation: independent standard normal numbers where the model is right, shape (N, O)."""
        return np.asarray(self.error / np.sqrt(self.spread))


def innovations(problem: Problem, theta: FloatArray, noise: LearnedNoise) -> Innovations:
    """Filter all stretches.

    Parameters
    ----------
    problem, theta, noise
        Data, coefficients (P,) and noise of the field.
    """
    parts: list[list[FloatArray]] = []
    for stretch, start in zip(problem.stretches, problem.starts, strict=True):
        found = _filter(problem, stretch, start, theta, noise)
        parts.append([array[stretch.scored - stretch.first :] for array in found])
    joined = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    return Innovations(
        error=joined[0], spread=joined[1], predicted=joined[2], variance=joined[3], states=joined[4]
    )  # fmt: skip


def _filter(
    problem: Problem, stretch: Stretch, start: FloatArray, theta: FloatArray, noise: LearnedNoise
) -> tuple[FloatArray, ...]:
    outputs, drive = _cut(problem, stretch)
    count, columns, states = len(outputs), outputs.shape[1], problem.shape.states
    found = (*(np.empty((count, columns)) for _ in range(4)), np.empty((count, states)))
    model = (problem.shape.sizes, theta, noise.packed(), noise.measurement)
    filter_trace(model, (outputs, drive), (start, FIRST_SPREAD * np.eye(states)), found)
    return found


def _cut(problem: Problem, stretch: Stretch) -> tuple[FloatArray, FloatArray]:
    part = slice(stretch.first, stretch.last)
    return problem.record.outputs[part], problem.record.drive[part]


def tune_field(
    problem: Problem, theta: FloatArray, noise: LearnedNoise, iterations: int, ridge: float = 1e-9
) -> tuple[FloatArray, float]:
    """Gauss-Newton on the coefficients for a given noise: new coefficients and the log-likelihood.

    Parameters
    ----------
    problem, theta, noise
        Data, start and noise.
    iterations : int
        Most steps.
    ridge : float
        Weight of |theta|^2 a sample, as in ``FitSettings``.
    """
    value = innovations(problem, theta, noise).likelihood
    damping = 1e-4
    for _ in range(iterations):
        square, gradient = _normal(problem, theta, noise)
        weight = ridge * sum(stretch.last - stretch.scored for stretch in problem.stretches)
        before = value
        for _ in range(8):
            step = _solve(square, gradient - weight * theta, damping, weight)
            if step is not None:
                tried = innovations(problem, theta + step, noise).likelihood
                if tried > value:
                    theta, value, damping = theta + step, tried, max(damping / 5, 1e-9)
                    break
            damping *= 10
        if value - before < ENOUGH:
            break
    return theta, value


def _normal(problem: Problem, theta: FloatArray, noise: LearnedNoise) -> tuple[FloatArray, FloatArray]:
    """Sum of J^T J / s and the slope of the log-likelihood, -sum J^T e / s."""
    square, downhill = np.zeros((theta.size, theta.size)), np.zeros(theta.size)
    model = (problem.shape.sizes, theta, noise.packed(), noise.measurement)
    for stretch, start in zip(problem.stretches, problem.starts, strict=True):
        scored = (stretch.scored - stretch.first, stretch.last - stretch.first)
        first = (start, FIRST_SPREAD * np.eye(problem.shape.states))
        filter_slopes(model, _cut(problem, stretch), first, scored, (square, downhill))
    return square, -downhill


def _solve(square: FloatArray, gradient: FloatArray, damping: float, weight: float) -> FloatArray | None:
    scale = np.diag(square)
    system = square + np.diag(damping * (scale + 0.01 * scale.mean()) + weight)
    try:
        step: FloatArray = cho_solve(cho_factor(system), gradient)
    except (LinAlgError, np.linalg.LinAlgError, ValueError):
        return None
    return step


# The noise


@dataclass(frozen=True, kw_only=True)
class NoiseFit:
    """A noise, the log-likelihood it reaches, and the Fisher information of its free numbers (see ``numbers_of``)."""

    noise: LearnedNoise
    likelihood: float
    information: FloatArray


def flat_noise(shape: FieldShape, process: float, measurement: FloatArray) -> LearnedNoise:
    """The same process variance a sample in every state, and the given measurement variances (O,)."""
    exponents = np.zeros((shape.states, 1 + shape.variables))
    exponents[:, 0] = np.log(process)
    bounds = np.tile(np.array(WIDEST), (shape.states, 1))
    return LearnedNoise(exponents=exponents, bounds=bounds, measurement=measurement)


def silenced(noise: LearnedNoise, state: int) -> LearnedNoise:
    """The same noise without that of one state."""
    exponents, bounds = noise.exponents.copy(), noise.bounds.copy()
    exponents[state], bounds[state] = 0.0, SILENT
    exponents[state, 0] = SILENT
    return replace(noise, exponents=exponents, bounds=bounds)


def numbers_of(noise: LearnedNoise, free: FloatArray) -> FloatArray:
    """Free exponents where ``free`` (S, 1 + S + I) is 1, row by row, then the log of each measurement variance."""
    return np.concatenate([noise.exponents[free > 0], np.log(noise.measurement)])


def _with_numbers(noise: LearnedNoise, free: FloatArray, numbers: FloatArray) -> LearnedNoise:
    exponents = noise.exponents.copy()
    count = int((free > 0).sum())
    exponents[free > 0] = numbers[:count]
    measurement = np.exp(np.clip(numbers[count:], *WIDEST))
    return replace(noise, exponents=exponents, measurement=measurement)


def tune_noise(
    problem: Problem, theta: FloatArray, noise: LearnedNoise, free: FloatArray, iterations: int = 12
) -> NoiseFit:
    """Fisher scoring on the noise for given coefficients.

    Parameters
    ----------
    problem, theta, noise
        Data, coefficients and the noise to start from.
    free : array, shape (S, 1 + S + I)
        1 where an exponent is sought, 0 where it stays; measurement variances are always sought.
    iterations : int
        Most steps.
    """
    numbers = numbers_of(noise, free)
    now = innovations(problem, theta, noise)
    damping = 1e-3
    gradient, information = _score(problem, theta, noise, (free, numbers), now)
    for _ in range(iterations):
        before, moved = now.likelihood, False
        for _ in range(6):
            system = information + np.diag(damping * np.diag(information) + 1e-6)
            if not np.isfinite(system).all():
                break
            step = np.linalg.solve(system, gradient)
            step *= min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-300))
            trial = _with_numbers(noise, free, numbers + step)
            tried = innovations(problem, theta, trial)
            if tried.likelihood > before:
                noise, now, numbers, moved = trial, tried, numbers_of(trial, free), True
                damping = max(damping / 10, 1e-6)
                break
            damping = 10 * damping
        if not moved:
            break
        gradient, information = _score(problem, theta, noise, (free, numbers), now)
        if now.likelihood - before < ENOUGH:
            break
    return NoiseFit(noise=noise, likelihood=now.likelihood, information=information)


def score(problem: Problem, theta: FloatArray, noise: LearnedNoise, free: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope of the log-likelihood to the free numbers of a noise, and their Fisher information.

    ``slope information^-1 slope`` is Rao's score statistic: about twice the gain that freeing them would bring.
    """
    return _score(problem, theta, noise, (free, numbers_of(noise, free)), innovations(problem, theta, noise))


def _score(
    problem: Problem,
    theta: FloatArray,
    noise: LearnedNoise,
    free_numbers: tuple[FloatArray, FloatArray],
    now: Innovations,
) -> tuple[FloatArray, FloatArray]:
    """Slope of the log-likelihood to the free numbers, and their Fisher information."""
    free, numbers = free_numbers
    logs, slopes = [], []
    for row in np.eye(len(numbers)):
        moved = innovations(problem, theta, _with_numbers(noise, free, numbers + NUDGE * row))
        logs.append((np.log(moved.spread / now.spread) / NUDGE).ravel())
        slopes.append(((moved.error - now.error) / np.sqrt(now.spread) / NUDGE).ravel())
    change, slope, z = np.array(logs), np.array(slopes), now.normalised.ravel()
    gradient: FloatArray = 0.5 * change @ (z**2 - 1.0) - slope @ z
    return gradient, 0.5 * change @ change.T + slope @ slope.T
