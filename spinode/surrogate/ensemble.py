"""Several surrogates from one fit: refits that each lack a part of the training.

Member i is the fit to all training windows but a block of neighbours, a sixth of them, found by Levenberg-Marquardt
iterations from the fit itself; the blocks lie evenly over the training (delete-d jackknife, Shao and Wu, Ann. Stat. 17,
1176 (1989)). Members differ where the answer hangs on what a part of the training alone held up. Near the fit their
scatter is, but for a factor, that of the sandwich H^-1 (sum_w g_w g_w^T) H^-1 (Huber 1967), which holds where errors
hang together or the field cannot be exact. But the sandwich is made of residuals, and those of a nearly exact field
with a coefficient for every few samples are a hundred times below its errors elsewhere; refits see that.

The refits serve twice: each is free-run over the block that it never saw, and that calibrates (``surrogate.band``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.field import IntArray
from spinode.surrogate.least_squares import Fit, Windows, begin, errors, improve
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.training import Candidate

LEVEL = 0.9
"""Part of the samples that the band is to cover."""
LACKING = 1 / 6
"""Part of the windows that a member lacks: neighbours in time know of each other, a longer block is unseen inside."""
ENOUGH = 8
"""Windows for which a shorter window length is taken."""
SETTLE = 4
"""Iterations that let the first states of the windows settle."""
ITERATIONS, SMALL_GAIN = 12, 0.01
"""Most iterations of a refit, and the part by which one lowers the cost that makes it the last."""
FIRST_DAMPING = 1e-3
FAR = 100.0
"""Error [deviations] beyond which a window says nothing about the scatter of the coefficients."""
TRIMMED = 0.1
"""Part of the members left out at either end where their spread is taken."""


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Coefficients of the members and the calibration of their spread.

    Parameters
    ----------
    members : array, shape (M, P)
        Coefficients of each member, M >= 2.
    factor : array, shape (O,)
        c of the band +- c sqrt(s^2 + e^2), by output, > 0.
    floor : float
        e of the band, in deviations of the outputs, > 0.
    windows : int
        Windows that the calibration had, each several periods long; 0 in files of before, whose spread knows nothing of
        the start.
    """

    members: FloatArray
    factor: FloatArray
    floor: float
    windows: int = 0

    def half_width(self, spread: FloatArray) -> FloatArray:
        """Half width of the 90 % band for spreads (..., O), in the same scaled units."""
        width: FloatArray = self.factor * np.sqrt(spread**2 + self.floor**2)
        return width


@dataclass(frozen=True, kw_only=True)
class Refits:
    """Fits that each lack one block of windows.

    Parameters
    ----------
    members : array, shape (M, P)
        Their coefficients.
    blocks : tuple of array of int
        First samples of the windows that each lacks.
    steps : int
        Length of the windows [samples].
    error : float
        Root mean square error of the fit along all of these windows, in deviations of the outputs, > 0.
    """

    members: FloatArray
    blocks: tuple[IntArray, ...]
    steps: int
    error: float


def refit_without_blocks(
    data: Dataset,
    candidate: Candidate,
    settings: FitSettings,
    lengths: Sequence[int],
    rng: np.random.Generator,
    *,
    everything: bool,
) -> Refits:
    """Fit again without each of ``settings.ensemble`` blocks of windows.

    Parameters
    ----------
    data, candidate, settings
        Training data, the fit, and its ridge and number of members.
    lengths : sequence of int
        Window lengths [samples]; the longest is taken of which there are enough and no run leaves the numbers.
    rng : numpy.random.Generator
        Moves the blocks.
    everything : bool
        Take windows from all samples instead of the training part.

    Raises
    ------
    ValueError
        If free runs over the shortest windows diverge.
    """
    fit = _settled(data, candidate, settings.ridge, lengths, everything)
    starts, count = fit.windows.starts, settings.ensemble
    size = max(1, round(len(starts) * max(LACKING, 1.0 / count)))
    places = (np.arange(count) + rng.random(count)) / count * (len(starts) - size + 1)
    blocks = [np.arange(first, first + size) for first in places.astype(np.int64)]
    members = [_refit(data, candidate, settings.ridge, fit, block) for block in blocks]
    return Refits(
        members=np.array(members),
        blocks=tuple(starts[block] for block in blocks),
        steps=fit.windows.steps,
        error=max(float(np.sqrt(fit.cost)), 1e-9),
    )


def spread_of(runs: Sequence[FloatArray]) -> FloatArray:
    """Standard deviation between runs of one shape, their lowest and highest tenth left out at each sample.

    A member that runs away near the border of what was seen then says no more than that one member does; infinite where
    more than a tenth of them left the numbers. The calibration makes up for the tenths.
    """
    cut = int(TRIMMED * len(runs))
    with np.errstate(over="ignore", invalid="ignore"):
        ordered = np.sort(np.array(runs), axis=0)[cut : len(runs) - cut]
        spread = np.std(ordered, axis=0, ddof=1)
    return np.where(np.isfinite(spread), spread, np.inf)


def _settled(data: Dataset, candidate: Candidate, ridge: float, lengths: Sequence[int], everything: bool) -> Fit:
    """The candidate over windows of one length, their first states settled beside it."""
    for steps in sorted(lengths, reverse=True):
        starts = data.starts(steps, everything=everything)
        if len(starts) < ENOUGH and steps > min(lengths):
            continue
        windows = _finite(data, candidate, Windows(starts=starts, steps=steps, initial=candidate.states[starts]))
        if len(windows.starts) < max(2, len(starts) // 2):
            continue
        fit = begin(candidate.shape, data.record, candidate.theta, windows, FIRST_DAMPING)
        for _ in range(SETTLE):
            fit = improve(candidate.shape, data.record, fit, ridge)
        windows = _finite(data, candidate, fit.windows)
        if len(windows.starts) >= max(2, len(starts) // 2):
            return begin(candidate.shape, data.record, candidate.theta, windows, FIRST_DAMPING)
    raise ValueError("no ensemble can be drawn: free runs over the shortest windows diverge; try longer traces")


def _finite(data: Dataset, candidate: Candidate, windows: Windows) -> Windows:
    """The windows whose runs stay within a hundred deviations of the truth."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = errors(candidate.shape, data.record, candidate.theta, windows)
        kept = (np.abs(error) < FAR).all(axis=(1, 2))
    return Windows(starts=windows.starts[kept], steps=windows.steps, initial=windows.initial[kept])


def _refit(data: Dataset, candidate: Candidate, ridge: float, fit: Fit, block: IntArray) -> FloatArray:
    """Coefficients of the fit to all windows but these, from where it stands."""
    kept = np.setdiff1d(np.arange(len(fit.windows.starts)), block)
    windows = Windows(starts=fit.windows.starts[kept], steps=fit.windows.steps, initial=fit.windows.initial[kept])
    part = begin(candidate.shape, data.record, fit.theta, windows, FIRST_DAMPING)
    for _ in range(ITERATIONS):
        before = part.cost
        part = improve(candidate.shape, data.record, part, ridge)
        if not part.moved or part.cost > before * (1.0 - SMALL_GAIN):
            break
    return part.theta
