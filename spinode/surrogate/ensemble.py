"""Several surrogates from one fit, and a band around the prediction that covers what it claims.

A fit minimises a sum over windows, so its scatter is that of the sum under other windows. With H the Gauss-Newton
matrix of the coefficients (first states eliminated) and g_w the gradient of window w at the minimum, the multiplier
bootstrap (Wu, Ann. Stat. 14, 1261 (1986)) gives members

    theta_i = theta - H^-1 sum_w xi_wi g_w,     xi_wi standard normal and independent,

whose covariance H^-1 (sum_w g_w g_w^T) H^-1 is the sandwich of Huber (1967): it holds too where the errors along a
window hang together or the field cannot be exact, where s^2 H^-1 (Laplace) is far too narrow. All members cost a few
passes over the windows.

The band of an output with spread s(t) between the free runs of the members is +- c sqrt(s(t)^2 + e^2), e the error
along the training windows. The one number c per output is the 90 % quantile of |error| over that root on held-out
time, for members made without that time (split conformal prediction, Vovk et al. 2005, without
its guarantee, since samples depend on each other). It is kept for the members of the final fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.field import FieldShape
from spinode.surrogate.least_squares import ROWS, Fit, Windows, begin, errors, improve
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.rollout import tangent_runs
from spinode.surrogate.training import Candidate

LEVEL = 0.9
"""Part of the samples that the band is to cover."""
SETTLE = 4
"""Iterations that let the first states of the windows settle before the members are drawn."""
FIRST_DAMPING = 1e-3
FAR = 100.0
"""Error [deviations] beyond which a window says nothing about the scatter of the coefficients."""
SHRINK = 6
"""Halvings of a member's distance from the fit before it is given up, where its runs leave the numbers."""


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Coefficients of the members and the calibration of their spread.

    Parameters
    ----------
    members : array, shape (M, P)
        Coefficients of each member, M >= 2.
    factor : array, shape (O,)
        c of the band, by output, > 0.
    floor : float
        e of the band: root mean square error along the training windows, in deviations of the outputs.
    """

    members: FloatArray
    factor: FloatArray
    floor: float

    def half_width(self, spread: FloatArray) -> FloatArray:
        """Half width of the 90 % band for spreads (..., O), in the same scaled units."""
        width: FloatArray = self.factor * np.sqrt(spread**2 + self.floor**2)
        return width


def draw_members(
    data: Dataset,
    candidate: Candidate,
    settings: FitSettings,
    lengths: Sequence[int],
    rng: np.random.Generator,
    *,
    everything: bool = False,
) -> tuple[FloatArray, float]:
    """Coefficients of ``settings.ensemble`` members around a fitted candidate, shape (M, P), and the floor of the band.

    Parameters
    ----------
    data, candidate, settings
        Training data, the fit, and its ridge and number of members.
    lengths : sequence of int
        Window lengths [samples]; the longest is taken over which no run leaves the numbers.
    rng : numpy.random.Generator
    everything : bool
        Draw from all samples instead of the training part.
    """
    shape, count = candidate.shape, settings.ensemble
    fit = _settled(data, candidate, settings.ridge, lengths, everything)
    square, scores = _scores(data, shape, fit)
    scores = scores - scores.mean(
        axis=0
    )  # windows of another length than those of the fit have their minimum elsewhere
    size = fit.windows.starts.size * (fit.windows.steps + 1) * data.record.outputs.shape[1]
    square[np.diag_indices(len(square))] += settings.ridge * size + 1e-12 * np.trace(square) / len(square)
    steps = cho_solve(cho_factor(square), scores.T @ rng.standard_normal((len(scores), count))).T
    members = np.array([_bounded(data, shape, fit, step) for step in steps])
    return members, max(float(np.sqrt(fit.cost)), 1e-9)


def spread_of(runs: Sequence[FloatArray]) -> FloatArray:
    """Standard deviation between runs of one shape; infinite where one of them left the numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = np.std(np.array(runs), axis=0, ddof=1)
    return np.where(np.isfinite(spread), spread, np.inf)


def _settled(data: Dataset, candidate: Candidate, ridge: float, lengths: Sequence[int], everything: bool) -> Fit:
    """The candidate over windows of one length, their first states settled beside it."""
    shape, theta = candidate.shape, candidate.theta
    for steps in sorted(lengths, reverse=True):
        starts = data.starts(steps, everything=everything)
        windows = Windows(starts=starts, steps=steps, initial=candidate.states[starts])
        windows = _finite(data, candidate, windows)
        if len(windows.starts) < max(2, len(starts) // 2):
            continue
        fit = begin(shape, data.record, theta, windows, FIRST_DAMPING)
        for _ in range(SETTLE):
            fit = improve(shape, data.record, fit, ridge)
        windows = _finite(data, candidate, fit.windows)
        if len(windows.starts) >= max(2, len(starts) // 2):
            return begin(shape, data.record, theta, windows, FIRST_DAMPING)
    raise ValueError("no ensemble can be drawn: free runs over the shortest windows diverge; try longer traces")


def _finite(data: Dataset, candidate: Candidate, windows: Windows) -> Windows:
    """The windows whose runs stay within a hundred deviations of the truth."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = errors(candidate.shape, data.record, candidate.theta, windows)
        kept = (np.abs(error) < FAR).all(axis=(1, 2))
    return Windows(starts=windows.starts[kept], steps=windows.steps, initial=windows.initial[kept])


def _scores(data: Dataset, shape: FieldShape, fit: Fit) -> tuple[FloatArray, FloatArray]:
    """H (P, P) and the gradient of every window (B, P), each with the window's own first state eliminated."""
    size, outputs, windows = shape.size, data.record.outputs.shape[1], fit.windows
    square, scores = np.zeros((size, size)), np.empty((len(windows.starts), size))
    chunk = max(1, ROWS // ((windows.steps + 1) * outputs))
    for first in range(0, len(scores), chunk):
        part = slice(first, first + chunk)
        piece = Windows(starts=windows.starts[part], steps=windows.steps, initial=windows.initial[part])
        error = errors(shape, data.record, fit.theta, piece).reshape(len(piece.starts), -1)
        extent = (piece.steps, outputs)
        tangent = tangent_runs(shape.sizes, fit.theta, piece.initial, piece.starts, extent, data.record.drive)
        for number in range(len(error)):
            basis = np.linalg.qr(tangent[number, :, size:])[0]
            shared = tangent[number, :, :size]
            shared = shared - basis @ (basis.T @ shared)
            square += shared.T @ shared
            scores[first + number] = shared.T @ error[number]
    return square, scores


def _bounded(data: Dataset, shape: FieldShape, fit: Fit, step: FloatArray) -> FloatArray:
    """Coefficients one step away, or less far where the free runs over the windows would be far worse than the fit."""
    for halving in range(SHRINK):
        theta: FloatArray = fit.theta - step / 2**halving
        with np.errstate(over="ignore", invalid="ignore"):
            cost = float(np.mean(errors(shape, data.record, theta, fit.windows) ** 2))
        if np.isfinite(cost) and cost < 4.0 * fit.cost + 1e-12:
            return theta
    return fit.theta.copy()
