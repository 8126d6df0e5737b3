"""Learn field and noise together from noisy traces: which order, which degree, how much noise, and is it noise at all.

A noisy oscillator forgets its phase, so a long free run says nothing about the equations, and a fit to it flattens the
cycle. Here the field starts from short windows, as in ``training``, and is then carried to the maximum of the
innovation likelihood (``innovations``), together with the noise (``noise_climb``). Orders and degrees compete on the
likelihood of held-out time; a larger order is tried only while the errors of the smaller one are not white.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import comb
from time import monotonic

import numpy as np
from scipy.signal import find_peaks
from scipy.special import chdtri

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset, make_dataset
from spinode.surrogate.embedding import MOST_DELAY, _autocorrelation
from spinode.surrogate.field import FieldShape
from spinode.surrogate.innovations import Innovations, Problem, Stretch, flat_noise, innovations
from spinode.surrogate.learned_noise import LearnedNoise
from spinode.surrogate.least_squares import Fit, Windows, begin, improve
from spinode.surrogate.noise_climb import Effort, climb, finished
from spinode.surrogate.plan import MOST_COEFFICIENTS, FitSettings
from spinode.surrogate.training import FIRST_DAMPING, _closed_form
from spinode.traces import TraceSet

CONTEST = 20_000
"""Samples on which orders and degrees compete: enough to tell them apart; the winner is then fitted to all."""
NATS = 3.0
"""Held-out log-likelihood that a larger field must bring: odds of twenty to one."""
BURN_IN = 10
"""Delays at the start of a trace that the filter sees and that do not count."""
LAGS = 10
"""Lags of the test whether errors are white."""
CLEAR_TROUGH = 0.15
"""Prominence of a trough of the autocorrelation that is an oscillation and not chance."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A field with its noise, fitted to all but the held-out time or, ``whole``, to everything.

    ``held_out`` is the log-likelihood of the held-out time, ``judged`` its innovations.
    """

    data: Dataset
    shape: FieldShape
    theta: FloatArray
    noise: LearnedNoise
    held_out: float
    judged: Innovations


def noisy_delay(outputs: list[FloatArray]) -> int:
    """Embedding delay [samples] where samples carry noise of their own: a quarter period, or half the memory.

    The autocorrelation of the outputs themselves has its first clear trough at half a period, whatever white noise adds
    at lag zero; without a trough, the delay is half the lag at which it falls to 1/e of its value at lag one.
    """
    delays = []
    for record in outputs:
        longest = max(2, int(MOST_DELAY * len(record)))
        for column in record.T:
            level = _autocorrelation(column, 2 * longest)[1:]
            troughs, _ = find_peaks(-level, prominence=CLEAR_TROUGH)
            below = np.flatnonzero(level < level[0] * np.exp(-1.0))
            lag = (troughs[0] if len(troughs) else below[0] if len(below) else 2 * longest) + 1
            delays.append(int(np.clip(round(lag / 2), 1, longest)))
    return max(1, int(np.median(delays)))


def learn(traces: TraceSet, settings: FitSettings, tell: Callable[[float, str], None]) -> Learned:
    """Field and noise from traces.

    Parameters
    ----------
    traces : TraceSet
        As for ``fit``, without constant static parameters.
    settings : FitSettings
        ``order`` is the largest one tried; the others as for ``fit``, ``hidden`` and ``seed`` apart.
    tell : callable
        Receives the part that is done, 0 to 1, and what is being fitted; may raise to stop.

    Raises
    ------
    ValueError
        If the traces are too short or constant, or no field could follow them.
    """
    begun, budget = monotonic(), 60.0 * settings.minutes

    def late(part: float = 0.7) -> bool:
        return monotonic() - begun > part * budget

    best: Learned | None = None
    for order in range(1, settings.order + 1):
        if best is not None and (late() or _white(best.judged.normalised)):
            break
        tell((order - 1) / (settings.order + 1), f"noise, order {order}")
        own = _best_degree(_dataset(traces, settings, order), settings, late)
        if own is not None and (best is None or own.held_out > best.held_out + NATS):
            best = own
    if best is None:
        raise ValueError("no field could follow the noisy traces; try longer traces or another --delay")
    tell(settings.order / (settings.order + 1), f"noise, order {best.data.embedding.order}, all samples")
    return _whole(best, settings, partial(late, 1.0))


def _best_degree(data: Dataset, settings: FitSettings, late: Callable[[], bool]) -> Learned | None:
    """The winner of one order; the search ends with the first degree that brings nothing."""
    states = data.embedding.order * data.record.outputs.shape[1]
    joint = {degree for degree in settings.degrees if isinstance(degree, int)}
    asked = sorted(joint or {max(degree) for degree in settings.degrees if isinstance(degree, tuple)})
    fitting = [d for d in asked if states * comb(states + data.inputs.shape[1] + d, d) <= MOST_COEFFICIENTS] or [1]
    best: Learned | None = None
    for degree in fitting:
        if best is not None and late():
            break
        found = _learn_one(data, settings, degree, late)
        if found is None:
            continue
        if best is not None and found.held_out <= best.held_out + NATS:
            break
        best = found
    return best


def _white(z: FloatArray) -> bool:
    """Whether normalised errors (N, O) are uncorrelated in time (Ljung and Box 1978, 1 % level)."""
    lags = np.arange(1, LAGS + 1)
    for column in (z - z.mean(axis=0)).T:
        found = np.array([column[lag:] @ column[:-lag] for lag in lags]) / (column @ column)
        count = len(column)
        if count * (count + 2) * np.sum(found**2 / (count - lags)) > chdtri(LAGS, 0.01):
            return False
    return True


def _dataset(traces: TraceSet, settings: FitSettings, order: int) -> Dataset:
    """The traces with the delay for noisy ones, unless the settings give another."""
    delay = settings.delay
    if delay is None:
        tau = noisy_delay([trace.output.values for trace in traces])
        delay = tau * traces.traces[0].dt
    return make_dataset(traces, order, delay, settings.held_out)


def _learn_one(data: Dataset, settings: FitSettings, degree: int, late: Callable[[], bool]) -> Learned | None:
    """One order and degree; None where its filter leaves the numbers."""
    states = data.embedding.order * data.record.outputs.shape[1]
    shape = FieldShape(states=states, inputs=data.inputs.shape[1], degree=degree)
    fit, guess = _short_windows(data, shape, settings)
    if not np.isfinite(fit.cost):
        return None
    problem = _problem(data, shape, guess, "train")
    theta, noise = climb(
        problem, fit.theta, _first_noise(problem, fit), Effort(ridge=settings.ridge, gain=1.0, turns=8, late=late)
    )
    judged = innovations(_problem(data, shape, guess, "held"), theta, noise)
    if not np.isfinite(judged.likelihood):
        return None
    return Learned(data=data, shape=shape, theta=theta, noise=noise, held_out=judged.likelihood, judged=judged)


def _whole(best: Learned, settings: FitSettings, late: Callable[[], bool]) -> Learned:
    """The chosen field and noise, carried on over all samples; noise no larger than the data showed it."""
    problem = whole_problem(best)
    theta, noise = climb(problem, best.theta, best.noise, Effort(ridge=settings.ridge, gain=0.2, turns=24, late=late))
    states = innovations(problem, theta, noise).states
    return replace(best, theta=theta, noise=finished(problem, theta, noise, states))


def whole_problem(found: Learned) -> Problem:
    """All samples of the traces."""
    _, guess = _closed_form(found.data, found.shape)
    return _problem(found.data, found.shape, guess, "all")


def _short_windows(data: Dataset, shape: FieldShape, settings: FitSettings) -> tuple[Fit, FloatArray]:
    """A field from windows short enough that noise hardly matters along them, and the guessed states (N, S)."""
    theta, states = _closed_form(data, shape)
    steps = max(4, 3 * data.embedding.delay)
    starts = data.starts(steps, everything=False)
    fit = begin(
        shape, data.record, theta, Windows(starts=starts, steps=steps, initial=states[starts]), FIRST_DAMPING
    )  # fmt: skip
    for _ in range(10):
        after = improve(shape, data.record, fit, settings.ridge)
        if not after.moved or after.cost > 0.995 * fit.cost:
            return (after if after.moved else fit), states
        fit = after
    return fit, states


def _problem(data: Dataset, shape: FieldShape, guess: FloatArray, part: str) -> Problem:
    """Samples of the training part for a contest, the held-out part, or all, with a burn-in that does not count."""
    stretches = []
    share = max(1, CONTEST // len(data.pieces))
    for piece in data.pieces:
        burn = min(data.embedding.span + BURN_IN * data.embedding.delay, (piece.held - piece.first) // 4)
        scored = piece.held if part == "held" else piece.first + burn
        last = min(piece.held, scored + share) if part == "train" else piece.last
        stretches.append(Stretch(first=piece.first, scored=scored, last=last))
    starts = tuple(guess[stretch.first].copy() for stretch in stretches)
    return Problem(shape=shape, record=data.record, stretches=tuple(stretches), starts=starts)


def _first_noise(problem: Problem, fit: Fit) -> LearnedNoise:
    """The likeliest of three guesses: the error of the windows is process noise, measurement noise, or half of each."""
    outputs = problem.record.outputs.shape[1]
    cost = max(fit.cost, 1e-9)
    tries = [
        flat_noise(problem.shape, max(part * cost, 1e-12), np.full(outputs, (1.0 - part) * cost))
        for part in (0.01, 0.5, 0.99)
    ]
    return max(tries, key=lambda noise: innovations(problem, fit.theta, noise).likelihood)
