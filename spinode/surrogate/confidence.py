"""What a fit adds when it has its coefficients: the trust region and, where asked for, the ensemble."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.ensemble import LEVEL, Ensemble, draw_members
from spinode.surrogate.model import Surrogate
from spinode.surrogate.plan import FitSettings, window_lengths
from spinode.surrogate.prediction import assess
from spinode.surrogate.training import Candidate, best, encode
from spinode.surrogate.trust import trained_region
from spinode.traces import Trace, TraceSet

WINDOW = 2
"""Which of the plan's window lengths the members are drawn from: 30 delays, many enough to speak for themselves."""
STARTS = 16
"""Runs over the held-out time of a trace for the calibration, each from its own start to the end."""


def chosen_of(candidates: tuple[Candidate, ...]) -> tuple[Candidate, Candidate, bool]:
    """The candidate that is delivered, the one that was judged, and whether the first is a refit to all samples."""
    judged = tuple(c for c in candidates if not c.label.startswith("all samples"))
    chosen, judge = candidates[-1], best(judged)
    refitted = chosen.label.startswith("all samples")
    return chosen if refitted else judge, judge, refitted


def fitted_traces(traces: TraceSet, settings: FitSettings) -> TraceSet:
    """The traces without those that are held out as a whole."""
    return TraceSet(tuple(trace for trace in traces if trace.name not in settings.hold_out))


def with_confidence(
    surrogate: Surrogate,
    traces: TraceSet,
    data: Dataset,
    settings: FitSettings,
    chosen: tuple[Candidate, Candidate, bool],
) -> Surrogate:
    """The surrogate with its trust region and ensemble; ``chosen`` as ``chosen_of`` gives it."""
    final, _, refitted = chosen
    samples = data.samples(everything=refitted)
    region = trained_region(fitted_traces(traces, settings), data, final.states, samples)
    ensemble = _ensemble(surrogate, traces, data, settings, chosen) if settings.ensemble else None
    return replace(surrogate, trust=region, ensemble=ensemble)


def _ensemble(
    surrogate: Surrogate,
    traces: TraceSet,
    data: Dataset,
    settings: FitSettings,
    chosen: tuple[Candidate, Candidate, bool],
) -> Ensemble:
    """Members of the final fit, calibrated on held-out time by members of the fit that had not seen it."""
    final, judge, refitted = chosen
    rng = np.random.default_rng([settings.seed, 4])
    lengths = window_lengths(data)[: WINDOW + 1]
    trial, floor = draw_members(data, judge, settings, lengths, rng)
    plain = Ensemble(members=trial, factor=np.ones(len(surrogate.outputs)), floor=floor)
    judged = replace(
        surrogate,
        shape=judge.shape,
        theta=judge.theta,
        encoder=encode(data, judge.states, everything=False),
        fitted_error=floor,
        ensemble=plain,
    )
    factor = _factor(judged, _held_parts(judged, traces, data))
    members = trial
    if refitted:
        members, floor = draw_members(data, final, settings, lengths, rng, everything=True)
    return Ensemble(members=members, factor=factor, floor=floor)


def _held_parts(judged: Surrogate, traces: TraceSet, data: Dataset) -> list[Trace]:
    """The held-out part of every trace from ``STARTS`` places on in its first two thirds: no start is like another."""
    found = []
    for trace, piece in zip(traces, data.pieces, strict=True):
        held, length = piece.held - piece.first, piece.last - piece.held
        offsets = np.unique(np.linspace(0, 2 * length // 3, STARTS).astype(int)).tolist()
        found += [trace.samples(held + each, len(trace)) for each in offsets if length - each > judged.warm_up + 1]
    return found


def _factor(judged: Surrogate, parts: list[Trace]) -> FloatArray:
    """c of the band: the 90 % quantile of |error| over its width with c = 1, by output."""
    ratios = []
    for part in parts:
        found = assess(judged, part)
        if found.half_width is not None:
            after = slice(judged.warm_up, None)
            error = np.abs(found.values - part.output.values)[after]
            ratios.append(error / found.half_width[after])
    everything = np.concatenate(ratios)
    kept = everything[np.isfinite(everything).all(axis=1)]
    if not len(kept):
        raise ValueError("every held-out run of the ensemble diverged; leave out the ensemble, or try longer traces")
    return np.asarray(np.maximum(np.quantile(kept, LEVEL, axis=0), 1e-3), dtype=np.float64)
