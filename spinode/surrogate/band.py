"""How wide the 90 % band must be: free runs over parts of the training that the running coefficients never saw.

Each member of ``surrogate.ensemble`` lacks one block of windows and is free-run over it, from starts at several times
before; its encoder has not seen the block either. So all of the training calibrates, not only its held-out end, and the
spread of the members is compared with errors of the kind that it will meet (cross-conformal prediction, Vovk, Ann.
Math. Artif. Intell. 74, 9 (2015)). The band of an output with spread s(t) is +- c sqrt(s(t)^2 + e^2):

- the spread holds the scatter of the coefficients and what the warm-up leaves open of the start, so it may grow or fade
  along a run;
- the floor e is that of least interval score, mean of 2 w + 20 max(|error| - w, 0) for the half width w (Gneiting and
  Raftery, J. Am. Stat. Assoc. 102, 359 (2007)), which is least for the 90 % band that is narrowest where it can be;
- c is the quantile of |error| over the root at the level 0.9 (1 + 1/n), the split conformal correction for n examples.

Samples of a window depend on each other, so n is not their number but n = W p (1 - p)/var(p_w), with p_w the part of
window w of W that is covered and p their mean (the design effect of Kish, Survey Sampling, 1965), at least W and at
most 2 W. The upper bound is there because a refit starts from the fit and so still knows a little of what it lacks: on
exact samples of a Duffing oscillator the band without it covered 83 % of other draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset, Piece, stage_inputs
from spinode.surrogate.embedding import Encoder, fit_encoder
from spinode.surrogate.ensemble import FAR, LEVEL, Ensemble, Refits
from spinode.surrogate.field import IntArray
from spinode.surrogate.model import Surrogate
from spinode.surrogate.prediction import run_and_spread
from spinode.surrogate.training import Candidate
from spinode.traces import Trace, TraceSet

LEADS = (0.0, 1.0, 4.0)
"""How many lengths of the judged part a run starts before it: so errors of young and of old runs are met."""
JUDGED = 0.5
"""Last part of an unseen stretch that is judged: in the part before, a run forgets what it had seen."""
FEW = 10
"""Windows below which 90 % is a guess: the correction leaves none of the errors out, and asks for larger ones."""
MOST_A_WINDOW = 2.0
"""Independent examples that a window counts as at most."""
FLOORS = np.geomspace(0.03, 30.0, 13)
"""Floors that are tried, over the error along the training windows."""


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Errors of free runs over samples that they had not seen, in deviations of the outputs.

    Parameters
    ----------
    error, spread : array, shape (N, O)
        Size of the error, and spread of the members at the same samples.
    window : array of int, shape (N,)
        Which window of the training each sample belongs to.
    """

    error: FloatArray
    spread: FloatArray
    window: IntArray


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """Samples ``first`` to ``last`` - 1 of the record, in one trace, that these coefficients and encoder never saw."""

    first: int
    last: int
    theta: FloatArray
    encoder: Encoder
    piece: int

    @property
    def judged(self) -> int:
        """First sample that is judged."""
        return self.last - max(1, round(JUDGED * (self.last - self.first)))


def unseen_errors(
    surrogate: Surrogate, traces: TraceSet, data: Dataset, candidate: Candidate, refits: Refits, *, everything: bool
) -> Unseen:
    """Errors of the members over the blocks that they lack, and of the fit over what was held out of it."""
    errors, spreads, windows = [], [], []
    for stretch in _stretches(data, candidate, refits, everything):
        piece, trace = data.pieces[stretch.piece], traces.traces[stretch.piece]
        own = replace(surrogate, theta=stretch.theta, encoder=stretch.encoder)
        for begin in _begins(stretch, piece, surrogate.warm_up):
            part = trace.samples(begin - piece.first, stretch.last - piece.first)
            rows = np.arange(max(stretch.judged, begin + surrogate.warm_up), stretch.last)
            error, spread = _judged(own, refits.members, part)
            errors.append(error[-len(rows) :])
            spreads.append(spread[-len(rows) :])
            windows.append(rows // refits.steps)
    return Unseen(error=np.concatenate(errors), spread=np.concatenate(spreads), window=np.concatenate(windows))


def _begins(stretch: _Stretch, piece: Piece, warm_up: int) -> Iterator[int]:
    """First samples of the runs over a stretch; each once, and none that ends before it predicts."""
    length = stretch.last - stretch.judged
    found = {max(piece.first, stretch.judged - warm_up - round(lead * length)) for lead in LEADS}
    return (begin for begin in sorted(found) if max(stretch.judged, begin + warm_up) < stretch.last)


def _judged(surrogate: Surrogate, members: FloatArray, part: Trace) -> tuple[FloatArray, FloatArray]:
    """Size of the error after the warm-up and spread of the members, both scaled."""
    drive = stage_inputs(part, surrogate.scaling)
    states, spread = run_and_spread(surrogate, members, part, drive)
    truth = surrogate.scaling.outputs(part.output.values[surrogate.warm_up :])
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(states[:, : truth.shape[1]] - truth), spread


def _stretches(data: Dataset, candidate: Candidate, refits: Refits, everything: bool) -> list[_Stretch]:
    found = []
    for theta, block in zip(refits.members, refits.blocks, strict=True):
        bounds = _by_piece(data, block, refits.steps)
        encoder = _encoder_without(data, candidate, [each[:2] for each in bounds], everything)
        found += [_Stretch(first=a, last=b, theta=theta, encoder=encoder, piece=number) for a, b, number in bounds]
    encoder = _encoder_without(data, candidate, [], everything)
    for number, piece in enumerate(data.pieces):
        if piece.last > piece.held and (piece.whole or not everything):
            found.append(
                _Stretch(first=piece.held, last=piece.last, theta=candidate.theta, encoder=encoder, piece=number)
            )
    return found


def _by_piece(data: Dataset, block: IntArray, steps: int) -> list[tuple[int, int, int]]:
    """First sample, end and number of the trace of each part of a block of windows."""
    owner = np.searchsorted([piece.last for piece in data.pieces], block, side="right")
    return [
        (int(block[owner == number].min()), int(block[owner == number].max()) + steps, int(number))
        for number in np.unique(owner)
    ]


def _encoder_without(
    data: Dataset, candidate: Candidate, bounds: Sequence[tuple[int, int]], everything: bool
) -> Encoder:
    """The encoder from the samples outside of these bounds; from all where too few would be left."""
    samples = data.samples(everything=everything)
    kept = np.ones(len(samples), dtype=np.bool_)
    for first, last in bounds:
        kept &= (samples < first) | (samples >= last + data.embedding.span)
    chosen = samples[kept] if kept.sum() > len(samples) // 3 else samples
    return fit_encoder(data.embedding, data.record.outputs, data.inputs, candidate.states, chosen)


def calibrated(refits: Refits, unseen: Unseen) -> Ensemble:
    """The members with the floor and the factors with which their band covers 90 % of the unseen samples.

    Raises
    ------
    ValueError
        If every run diverged.
    """
    known = np.isfinite(unseen.spread).all(axis=1)
    if not np.isfinite(unseen.error[known]).any():
        raise ValueError("every unseen run of the ensemble diverged; leave out the ensemble, or try longer traces")
    error, window = np.nan_to_num(unseen.error[known], nan=np.inf), unseen.window[known]
    roots = [np.sqrt(unseen.spread[known] ** 2 + (refits.error * floor) ** 2) for floor in FLOORS]
    factors = [_factors(error, root, window) for root in roots]
    scores = [_interval_score(error, factor * root) for factor, root in zip(factors, roots, strict=True)]
    best = int(np.argmin(scores))
    return Ensemble(
        members=refits.members,
        factor=factors[best],
        floor=refits.error * float(FLOORS[best]),
        windows=len(np.unique(window)),
    )


def _interval_score(error: FloatArray, width: FloatArray) -> float:
    missed = np.maximum(np.minimum(error, FAR) - width, 0.0)
    return float(np.mean(2.0 * width + 2.0 / (1.0 - LEVEL) * missed))


def _factors(error: FloatArray, root: FloatArray, window: IntArray) -> FloatArray:
    """c by output."""
    return np.array([_factor(column, window) for column in (error / root).T])


def _factor(ratio: FloatArray, window: IntArray) -> float:
    """Corrected quantile of the ratios; the largest finite one where there are too few windows for it."""
    ordered, number = np.sort(ratio), np.unique(window, return_inverse=True)[1]
    plain = _quantile(ordered, LEVEL)
    shares = np.bincount(number, weights=ratio <= plain) / np.bincount(number)
    scatter = float(np.var(shares, ddof=1)) if len(shares) > 1 else np.inf
    each = float(shares.mean() * (1.0 - shares.mean())) / max(scatter, 1e-12)
    independent = len(shares) * float(np.clip(each, 1.0, MOST_A_WINDOW))
    return max(_quantile(ordered, LEVEL * (1.0 + 1.0 / independent)), 1e-3)


def _quantile(ordered: FloatArray, level: float) -> float:
    """Smallest finite value that is not exceeded by this part of the ordered values."""
    finite = ordered[np.isfinite(ordered)]
    place = int(np.ceil(min(level, 1.0) * len(ordered))) - 1
    return float(finite[min(place, len(finite) - 1)])
