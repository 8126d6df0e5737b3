"""The fit as a chain of frozen states: ``advance`` makes one iteration, so a run can stop and go on anywhere.

Each stage of the plan frees the initial states of its windows and improves the coefficients by Levenberg-Marquardt. At
the end of a stage the candidate is free-run on held-out time from its encoder, as a user will run it, and that error
alone decides which degree, which window length and whether the network stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset, Piece, initial_states, window_weights
from spinode.surrogate.embedding import Encoder, fit_encoder
from spinode.surrogate.field import FieldShape, monomials
from spinode.surrogate.hidden import add_pair, with_pair
from spinode.surrogate.least_squares import Fit, Windows, begin, errors, improve
from spinode.surrogate.plan import MOST_COEFFICIENTS, FitSettings, Stage
from spinode.surrogate.rollout import free_runs

FIRST_DAMPING = 1e-3
SMALL_GAIN, PATIENCE = 2e-3, 3
"""A stage ends after this many iterations in a row that lower the cost by less than this fraction."""
EARNS = 0.97
"""A larger field replaces a smaller one only where its held-out error is below this fraction of the smaller one's."""
BEHIND = 3.0
"""Held-out error, over the best, up to which a field without hidden states gets a network of its own: one that lacks a
state is ten times behind, one whose only fault is a kink that no polynomial has is level."""
HELD_OUT_DELAYS = 100
"""Length of the held-out free runs in delays, or the whole held-out part where that is shorter."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A field that a stage ended with, the states its training runs went through, and its held-out error.

    ``error`` is the root mean square of the held-out free runs in units of the outputs' deviation (NRMSE), ``fitted``
    that of the training windows.
    """

    label: str
    shape: FieldShape
    theta: FloatArray
    states: FloatArray
    error: float
    fitted: float


@dataclass(frozen=True, kw_only=True)
class FitState:
    """Where the fit is: stage number, the running fit (None between stages), candidates so far and their history."""

    stage: int = 0
    fit: Fit | None = None
    iteration: int = 0
    small: int = 0
    states: FloatArray | None = None
    candidates: tuple[Candidate, ...] = ()
    history: tuple[tuple[float, float], ...] = ()
    seconds: float = 0.0


def advance(data: Dataset, settings: FitSettings, plan: tuple[Stage, ...], at: FitState) -> FitState:
    """One iteration of the present stage, or its start, or its end."""
    stage = plan[at.stage]
    if at.fit is None and stage.begin == "plain network" and not _plain_has_a_chance(data, at):
        return replace(at, stage=at.stage + 1)
    shape = _shape(stage, settings, at)
    if at.fit is None:
        theta, states = _start(data, settings, stage, shape, at)
        windows = _windows(data, settings, stage, states)
        fit = begin(shape, data.record, theta, windows, FIRST_DAMPING)
        return replace(at, fit=fit, states=states, iteration=0, small=0)
    fit = improve(shape, data.record, at.fit, settings.ridge)
    small = at.small + 1 if fit.cost > at.fit.cost * (1.0 - SMALL_GAIN) else 0
    at = replace(at, fit=fit, iteration=at.iteration + 1, small=small)
    if fit.moved and small < PATIENCE and at.iteration < stage.iterations:
        return at
    return finish_stage(data, settings, plan, at)


def finish_stage(data: Dataset, settings: FitSettings, plan: tuple[Stage, ...], at: FitState) -> FitState:
    """End the present stage where it stands: judge its candidate on held-out time."""
    if at.fit is None or at.states is None:
        return replace(at, stage=at.stage + 1)
    stage = plan[at.stage]
    shape = _shape(stage, settings, at)
    states = _traced(data, shape, at.fit, at.states)
    encoder = encode(data, states, everything=stage.everything)
    error = held_out_error(data, shape, at.fit.theta, encoder)
    label = f"{stage.label}, windows of {stage.steps}"
    fitted = float(np.sqrt(at.fit.cost))
    found = Candidate(label=label, shape=shape, theta=at.fit.theta, states=states, error=error, fitted=fitted)
    if stage.everything and not error < 1.5 * best(at.candidates).error:
        found = replace(best(at.candidates), label="before the refit")
    return replace(
        at, stage=at.stage + 1, fit=None, iteration=0, small=0, states=None, candidates=(*at.candidates, found),
        history=(*at.history, (at.seconds, error)) if np.isfinite(error) else at.history,
    )  # fmt: skip


def best(candidates: tuple[Candidate, ...]) -> Candidate:
    """The candidate of least held-out error; a smaller field wins unless the larger one earns its place."""
    ranked = sorted(candidates, key=lambda candidate: candidate.shape.size)
    chosen = ranked[0]
    for candidate in ranked[1:]:
        grows = candidate.shape.size > chosen.shape.size
        if candidate.error < chosen.error * (EARNS if grows else 1.0):
            chosen = candidate
    return chosen


def encode(data: Dataset, states: FloatArray, *, everything: bool) -> Encoder:
    """Encoder for these states, from the training samples or from all."""
    samples = data.samples(everything=everything)
    return fit_encoder(data.embedding, data.record.outputs, data.inputs, states, samples)


def held_out_error(data: Dataset, shape: FieldShape, theta: FloatArray, encoder: Encoder) -> float:
    """Root mean square error of free runs over the held-out time, from encoded states; infinite where one diverges."""
    squares, count = 0.0, 0
    for windows in held_windows(data, encoder):
        error = errors(shape, data.record, theta, windows)
        with np.errstate(over="ignore", invalid="ignore"):
            squares += float(np.sum(error[:, 1:] ** 2))
        count += error[:, 1:].size
    value = float(np.sqrt(squares / count))
    return value if np.isfinite(value) else np.inf


def held_windows(data: Dataset, encoder: Encoder) -> list[Windows]:
    """Free runs over the held-out time from encoded states: one length for all long parts, their own for short ones."""
    lengths: dict[int, list[Piece]] = {}
    for piece in data.pieces:
        longest = piece.last - piece.held - data.embedding.span - 2
        if longest > 0:
            lengths.setdefault(min(HELD_OUT_DELAYS * data.embedding.delay, longest), []).append(piece)
    found = []
    for steps, pieces in lengths.items():
        starts = replace(data, pieces=tuple(pieces)).held_starts(steps)
        initial = encoder.states(data.record.outputs, data.inputs, starts)
        found.append(Windows(starts=starts, steps=steps, initial=initial))
    return found


def run_plan(
    data: Dataset,
    settings: FitSettings,
    plan: tuple[Stage, ...],
    at: FitState,
    clock: Callable[[], float],
    watch: Callable[[FitState], None],
) -> FitState:
    """Advance to the end of the plan or of the time budget, telling ``watch`` after each iteration.

    Parameters
    ----------
    data, settings, plan, at
        Data, settings, stages, and where to begin.
    clock : callable
        Seconds since some start; called once an iteration.
    watch : callable
        Receives each new state: progress lines, checkpoints, interruption.
    """
    spent, begun = at.seconds, clock()
    while at.stage < len(plan):
        stage = plan[at.stage]
        at = replace(advance(data, settings, plan, at), seconds=spent + clock() - begun)
        watch(at)
        late = at.seconds > 60.0 * settings.minutes * (1.0 if stage.everything else 0.85)
        if late and at.candidates:
            at = _skip(data, settings, plan, at)
    return at


def check_state(data: Dataset, settings: FitSettings, plan: tuple[Stage, ...], at: FitState) -> None:
    """Raise ValueError where a state that was read from a file is none of this plan: compiled loops do not look.

    Parameters
    ----------
    data, settings, plan, at
        As in ``run_plan``.
    """
    samples, seconds = len(data.inputs), [at.seconds, *(second for second, _ in at.history)]
    sound = 0 <= at.stage <= len(plan) and at.iteration >= 0 and at.small >= 0 and min(seconds) >= 0
    sound = sound and all(len(c.states) == samples and c.theta.shape == (c.shape.size,) for c in at.candidates)
    sound = sound and bool(at.candidates or at.stage == 0)
    if sound and at.fit is not None and at.states is not None:
        windows = at.fit.windows
        shape = _shape(plan[at.stage], settings, at) if at.stage < len(plan) else None
        sound = (
            shape is not None
            and at.fit.theta.shape == (shape.size,)
            and at.states.shape == (samples, shape.states)
            and windows.initial.shape == (len(windows.starts), shape.states)
            and windows.steps >= 1
            and 0 <= int(windows.starts.min(initial=0))
            and int(windows.starts.max(initial=0)) + windows.steps < samples
        )
    if not sound:
        raise ValueError("the checkpoint holds no state of this fit; give --force to start afresh")


def _skip(data: Dataset, settings: FitSettings, plan: tuple[Stage, ...], at: FitState) -> FitState:
    """Out of time: end the present stage and go to the refit, or past it where that is out of time too."""
    if at.fit is not None:
        at = finish_stage(data, settings, plan, at)
    done = at.seconds > 60.0 * settings.minutes
    return replace(at, stage=len(plan) if done else max(at.stage, len(plan) - 1))


def _source(stage: Stage, at: FitState) -> Candidate:
    """The candidate that a later stage starts from."""
    if stage.begin == "previous":
        return at.candidates[-1]
    if stage.begin == "hidden":
        small = tuple(c for c in at.candidates if with_pair(c.shape).size <= MOST_COEFFICIENTS)
        return best(small) if small else min(at.candidates, key=lambda candidate: candidate.shape.size)
    if stage.begin == "plain network":
        return best(_plain(at.candidates))
    return best(at.candidates)


def _plain(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those without hidden states or network: the fewest states of all, and no hidden layer."""
    fewest = min(candidate.shape.states for candidate in candidates)
    return tuple(c for c in candidates if c.shape.states == fewest and not c.shape.hidden)


def _plain_has_a_chance(data: Dataset, at: FitState) -> bool:
    """Whether the outputs alone might be the state."""
    outputs = data.record.outputs.shape[1]
    found = best(_plain(at.candidates))
    return found.shape.states == outputs and found.error < BEHIND * best(at.candidates).error


def _shape(stage: Stage, settings: FitSettings, at: FitState) -> FieldShape:
    if stage.shape is not None:
        return stage.shape
    shape = _source(stage, at).shape
    if stage.begin == "hidden":
        return with_pair(shape)
    if stage.begin == "plain network":
        return replace(shape, hidden=(*settings.hidden, settings.hidden[-1]))
    return replace(shape, hidden=settings.hidden) if stage.begin == "network" else shape


def _start(
    data: Dataset, settings: FitSettings, stage: Stage, shape: FieldShape, at: FitState
) -> tuple[FloatArray, FloatArray]:
    """Coefficients and states with which a stage begins."""
    if stage.begin == "closed form":
        return _closed_form(data, shape)
    source = _source(stage, at)
    if stage.begin == "hidden":
        return add_pair(data, source.shape, source.theta, source.states)
    theta = source.theta
    if stage.begin.endswith("network"):
        theta = np.concatenate([theta[: shape.states * shape.monomials], _first_weights(shape, settings.seed)])
    return theta, source.states


def _closed_form(data: Dataset, shape: FieldShape) -> tuple[FloatArray, FloatArray]:
    """Regress the smoothed rates on the monomials; the rate of all but the last derivative is a state by definition."""
    states, rates = (part[:, : shape.states] for part in initial_states(data))
    samples = data.samples(everything=False)
    features = monomials(shape, np.column_stack([states, data.inputs])[samples])
    ridge = 1e-6 * np.sqrt(len(features)) * np.eye(shape.monomials)
    target = np.vstack([rates[samples], np.zeros((shape.monomials, shape.states))])
    weights, *_ = np.linalg.lstsq(np.vstack([features, ridge]), target, rcond=None)
    return np.ascontiguousarray(weights.T).ravel(), states


def _first_weights(shape: FieldShape, seed: int) -> FloatArray:
    """Random tanh layers and a last layer of zeros, so that the network begins as nothing."""
    rng = np.random.default_rng(seed)
    parts = []
    for rows, columns in shape.layers[:-1]:
        parts += [rng.standard_normal(rows * columns) / np.sqrt(columns), 0.5 * rng.standard_normal(rows)]
    rows, columns = shape.layers[-1]
    return np.concatenate([*parts, np.zeros(rows * (columns + 1))])


def _windows(data: Dataset, settings: FitSettings, stage: Stage, states: FloatArray) -> Windows:
    starts = data.starts(stage.steps, everything=stage.everything)
    weights = window_weights(data, starts) if settings.weights == "trace" else None
    return Windows(starts=starts, steps=stage.steps, initial=states[starts], weights=weights)


def _traced(data: Dataset, shape: FieldShape, fit: Fit, states: FloatArray) -> FloatArray:
    """States along the fitted windows, laid over the earlier guess."""
    windows = fit.windows
    runs = free_runs(shape.sizes, fit.theta, windows.initial, windows.starts, windows.steps, data.record.drive)
    result = states.copy()
    rows = windows.starts[:, None] + np.arange(windows.steps)
    kept = (np.abs(runs[:, :-1]) < 1e6).all(axis=2)  # a run on its way to infinity says nothing about the states
    result[rows[kept]] = runs[:, :-1][kept]
    return result
