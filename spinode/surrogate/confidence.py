"""What a fit adds when it has its coefficients: the trust region and, where asked for, the ensemble."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinode.surrogate.band import calibrated, unseen_errors
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.ensemble import Ensemble, refit_without_blocks
from spinode.surrogate.model import Surrogate
from spinode.surrogate.plan import FitSettings, window_lengths
from spinode.surrogate.training import Candidate, best
from spinode.surrogate.trust import trained_region
from spinode.traces import TraceSet

WINDOW = 2
"""Which of the plan's window lengths the members are drawn from: 30 delays, many enough to speak for themselves."""


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
    ensemble = _ensemble(surrogate, traces, data, settings, final, everything=refitted) if settings.ensemble else None
    return replace(surrogate, trust=region, ensemble=ensemble)


def _ensemble(
    surrogate: Surrogate,
    traces: TraceSet,
    data: Dataset,
    settings: FitSettings,
    final: Candidate,
    *,
    everything: bool,
) -> Ensemble:
    """Members that each lack a part of the training, calibrated on what they lack."""
    lengths = window_lengths(data)[: WINDOW + 1]
    rng = np.random.default_rng([settings.seed, 4])
    refits = refit_without_blocks(data, final, settings, lengths, rng, everything=everything)
    return calibrated(refits, unseen_errors(surrogate, traces, data, final, refits, everything=everything))
