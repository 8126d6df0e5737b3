"""What a learned surrogate has to beat: mean, last value, linear ARX and polynomial NARX, each in closed form.

The two regressions learn the map of one sample on a delay embedding (``polynomial_map``). Delay, copies and degree are
those whose free run over held-out time is best; no number of the test trace is used.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.metrics import dominant_frequency
from spinode.surrogate.polynomial_map import Embedding, Record, Scaling, compile_map, fit_map, run_map, scaling_of
from spinode.traces import Trace, TraceSet

DELAYS = (1, 2, 3)
"""Delays in samples that are always tried; fractions of the dominant period come on top."""
PERIOD_FRACTIONS = (12, 7, 4)
"""A quarter of the period makes two delayed copies of an oscillation independent; shorter ones carry more bandwidth."""
NARX_COPIES = 3
"""Outputs at 0, d and 2d: a state, its velocity and one hidden degree of freedom."""
NARX_DEGREES = (1, 2, 3, 4, 5)
"""Highest degree in outputs and present drive together; 1 is for records too short for more."""
TRIAL_DEGREES = (3, 2, 1)
"""Degrees at which delays are compared, the first one that the record is long enough for."""
NARX_DELAYED_DEGREES = (1, 2)
"""Degree of terms with the delayed drive: it corrects the embedding, and high powers of it overfit smooth drives."""
ARX_COPIES = (2, 4, 8, 16)
"""Copies of outputs and inputs in the linear map."""


class Baseline(Protocol):
    """A simple model that free-runs on a trace from its first samples and the drive."""

    @property
    def name(self) -> str:
        """What it is, for a table."""

    @property
    def seconds(self) -> float:
        """Wall time of its fit [s], the choice of delay and degree included."""

    @property
    def settings(self) -> str:
        """What was chosen from the data, in words."""

    @property
    def warm_up(self) -> int:
        """Fewest first samples that it needs to know."""

    def free_run(self, trace: Trace, warm_up: int | None = None) -> FloatArray:
        """Outputs (T, O): the first ``warm_up`` samples as they are, then predictions; infinite after divergence."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of the training outputs, whatever the drive does."""

    values: FloatArray
    outputs: tuple[str, ...]
    seconds: float
    name: str = "mean"
    settings: str = "mean of the training outputs"
    warm_up: int = 0

    def free_run(self, trace: Trace, warm_up: int | None = None) -> FloatArray:
        """Outputs (T, O); the first ``warm_up`` (default 0) samples are the trace's own."""
        known = _known(trace, self.outputs, self.warm_up, warm_up)
        return np.concatenate([known, np.broadcast_to(self.values, (len(trace) - len(known), self.values.size))])


@dataclass(frozen=True, kw_only=True)
class LastValue:
    """Persistence: the last known sample for ever."""

    outputs: tuple[str, ...]
    seconds: float = 0.0
    name: str = "last value"
    settings: str = "last known sample"
    warm_up: int = 1

    def free_run(self, trace: Trace, warm_up: int | None = None) -> FloatArray:
        """Outputs (T, O); the first ``warm_up`` (default 1) samples are the trace's own."""
        known = _known(trace, self.outputs, self.warm_up, warm_up)
        return np.concatenate([known, np.broadcast_to(known[-1], (len(trace) - len(known), known.shape[1]))])


@dataclass(frozen=True, kw_only=True)
class MapBaseline:
    """A fitted one-sample map; ``coefficients`` (O, M) belong to the terms of the embedding, in scaled units."""

    name: str
    seconds: float
    settings: str
    embedding: Embedding
    scaling: Scaling
    coefficients: FloatArray

    @property
    def warm_up(self) -> int:
        """Samples that the embedding reads."""
        return self.embedding.reach + 1

    def free_run(self, trace: Trace, warm_up: int | None = None) -> FloatArray:
        """Outputs (T, O); the first ``warm_up`` (default: ``self.warm_up``) samples are the trace's own."""
        known = _known(trace, self.scaling.outputs, self.warm_up, warm_up)
        scaled = run_map(self.embedding, self.coefficients, self.scaling.record(trace), len(known))
        result = scaled * self.scaling.output_scale + self.scaling.output_mean
        result[: len(known)] = known
        return result


@dataclass(frozen=True, kw_only=True)
class _Split:
    """Records cut into an early part for fitting and a late one for choosing; ``cuts`` are the first late samples."""

    records: tuple[Record, ...]
    cuts: tuple[int, ...]

    @property
    def early(self) -> list[Record]:
        """What the candidates are fitted to."""
        return [record.samples(0, cut) for record, cut in zip(self.records, self.cuts, strict=True)]

    def late(self, reach: int) -> list[Record]:
        """What they are judged on, each with the ``reach`` + 1 samples before it."""
        pairs = zip(self.records, self.cuts, strict=True)
        return [record.samples(max(0, cut - reach - 1), len(record.outputs)) for record, cut in pairs]


def fit_baselines(traces: TraceSet, held_out_fraction: float = 0.2) -> tuple[Baseline, ...]:
    """Mean, last value, linear ARX and polynomial NARX of these traces.

    Parameters
    ----------
    traces : TraceSet
        Training data; one sample interval. Static parameters that differ between traces are inputs of the regressions.
    held_out_fraction : float
        Last part of every trace on which delay and degree are chosen, 0 < fraction < 1; the chosen map is then fitted
        to all samples.

    Returns
    -------
    tuple of Baseline
        In the order above.

    Raises
    ------
    ValueError
        If the fraction is out of range, the sample intervals differ or the traces are too short for any regression.
    """
    if not 0.0 < held_out_fraction < 1.0:
        raise ValueError(f"fit_baselines.held_out_fraction must lie between 0 and 1, got {held_out_fraction}")
    compile_map()
    began = time.perf_counter()
    scaling = scaling_of(traces)
    mean = Mean(values=scaling.output_mean, outputs=scaling.outputs, seconds=time.perf_counter() - began)
    records = tuple(scaling.record(trace) for trace in traces)
    cuts = tuple(max(2, round(len(record.outputs) * (1.0 - held_out_fraction))) for record in records)
    split = _Split(records=records, cuts=cuts)
    linear = _best_map("linear ARX", _arx_candidates(), split, scaling)
    began = time.perf_counter()
    candidates = _narx_candidates(_delays(records, scaling.dt), split)
    narx = _best_map("polynomial NARX", candidates, split, scaling)
    narx = replace(narx, seconds=time.perf_counter() - began)
    return mean, LastValue(outputs=scaling.outputs), linear, narx


def _known(trace: Trace, outputs: tuple[str, ...], least: int, asked: int | None) -> FloatArray:
    """The first samples of the outputs that a model may see."""
    count = least if asked is None else asked
    if not least <= count <= len(trace):
        raise ValueError(f"warm_up must lie between {least} and the trace's {len(trace)} samples, got {count}")
    return trace.output.select(outputs).values[:count]


def _delays(records: Sequence[Record], dt: float) -> tuple[int, ...]:
    """Delays to try [samples]: the shortest ones and fractions of the fastest output's dominant period."""
    found = set(DELAYS)
    longest = max(records, key=lambda record: len(record.outputs))
    frequencies = [dominant_frequency(column, dt) for column in longest.outputs.T]
    fastest = max((frequency for frequency in frequencies if np.isfinite(frequency)), default=np.nan)
    if np.isfinite(fastest):
        found |= {max(1, round(1.0 / (fastest * dt * fraction))) for fraction in PERIOD_FRACTIONS}
    return tuple(sorted(found))


def _arx_candidates() -> list[Embedding]:
    """Linear maps, the smallest first."""
    return [Embedding(delay=d, copies=n, drive_copies=n, degree=1) for n in ARX_COPIES for d in DELAYS]


def _narx_candidates(delays: Iterable[int], split: _Split) -> list[Embedding]:
    """All degrees with the two delays that are best in held-out time at the highest trial degree that can be fitted."""
    best: list[int] = []
    for degree in TRIAL_DEGREES:
        trial = Embedding(delay=1, copies=NARX_COPIES, drive_copies=2, degree=degree, delayed_degree=min(degree, 2))
        ranked = _ranked([replace(trial, delay=delay) for delay in delays], split)
        if ranked:
            best = [embedding.delay for _, embedding in ranked[:2]]
            break
    return [
        Embedding(delay=delay, copies=NARX_COPIES, drive_copies=2, degree=degree, delayed_degree=delayed)
        for degree in NARX_DEGREES
        for delayed in NARX_DELAYED_DEGREES
        for delay in best
        if delayed <= degree
    ]


def _best_map(name: str, candidates: Sequence[Embedding], split: _Split, scaling: Scaling) -> MapBaseline:
    """The best candidate in held-out time whose fit to all samples stays finite on them; the best if none does."""
    began = time.perf_counter()
    ranked = _ranked(candidates, split)
    if not ranked:
        samples = sum(len(record.outputs) for record in split.records)
        raise ValueError(f"fit_baselines needs longer traces or fewer channels for {name}, got {samples} samples")
    chosen: tuple[float, Embedding, FloatArray] | None = None
    for error, embedding in ranked:
        coefficients = fit_map(embedding, split.records)
        if coefficients is None:
            continue
        finite = np.isfinite(_free_run_error(embedding, coefficients, split.records))
        if finite or chosen is None:
            chosen = error, embedding, coefficients
        if finite:
            break
    assert chosen is not None  # more rows than in the early part, where every ranked candidate had enough
    error, embedding, coefficients = chosen
    return MapBaseline(
        name=name,
        seconds=time.perf_counter() - began,
        settings=_settings(embedding, error, coefficients.shape[1]),
        embedding=embedding,
        scaling=scaling,
        coefficients=coefficients,
    )


def _ranked(candidates: Sequence[Embedding], split: _Split) -> list[tuple[float, Embedding]]:
    """Candidates that could be fitted to the early part with their held-out error, the best first."""
    found = []
    early = split.early
    for embedding in candidates:
        coefficients = fit_map(embedding, early)
        if coefficients is not None:
            found.append((_free_run_error(embedding, coefficients, split.late(embedding.reach)), embedding))
    return sorted(found, key=lambda pair: pair[0])


def _free_run_error(embedding: Embedding, coefficients: FloatArray, records: Sequence[Record]) -> float:
    """Root mean square error of free runs in standard deviations of the training outputs; infinite if one diverges."""
    total, count = 0.0, 0
    for record in records:
        known = embedding.reach + 1
        if len(record.outputs) > known:
            error = run_map(embedding, coefficients, record, known)[known:] - record.outputs[known:]
            total += float(np.sum(error * error))
            count += error.size
    return float(np.sqrt(total / count)) if count else np.inf


def _settings(embedding: Embedding, error: float, terms: int) -> str:
    """What was chosen, in words."""
    text = f"{embedding.copies} copies {embedding.delay} samples apart, degree {embedding.degree}, {terms} terms"
    if np.isfinite(error):
        return f"{text}; held-out NRMSE {error:.3g}"
    return f"{text}; diverged in held-out time"
