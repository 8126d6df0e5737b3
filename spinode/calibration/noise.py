"""The error that a calibrated run leaves: its level, its memory, and what both do to the uncertainty of the unknowns.

The error of each output is described by an autoregression whose order the Bayesian criterion chooses: order 0 for white
measurement noise, where everything below is the textbook's, higher ones for what a filter, thermal noise of the device
or a model that is not quite right leaves behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import matmul_toeplitz, solve_toeplitz
from scipy.signal import lfilter, lfiltic

from spinode.signals import FloatArray

MOST_ORDER = 24
"""Highest order of the autoregression; also at most a tenth of the samples."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Autocovariance of the error of one output.

    Parameters
    ----------
    covariance : array, shape (N,)
        At lags 0, ..., N - 1.
    innovation : float
        Variance of the part that the past does not foretell; equal to ``covariance[0]`` for white noise.
    order : int
        Of the autoregression.
    """

    covariance: FloatArray
    innovation: float
    order: int

    @property
    def structured(self) -> float:
        """Root mean square of the part of the error that the past foretells."""
        return float(np.sqrt(max(self.covariance[0] - self.innovation, 0.0)))

    @property
    def effective(self) -> float:
        """Independent samples that would tell as much of the variance: N g0^2/sum over all lags of g^2 (Bartlett)."""
        squares = self.covariance**2
        return float(len(squares) * squares[0] / (squares[0] + 2 * squares[1:].sum())) if squares[0] > 0 else 0.0


def memory_of(error: FloatArray, freedom: float) -> Memory:
    """Autoregression of an error by Yule and Walker, order by the Bayesian criterion N log s^2 + k log N.

    Parameters
    ----------
    error : array, shape (B, n)
        Windows of one output in time order.
    freedom : float
        B n less the numbers that were fitted: the variance is the sum of squares over this.
    """
    series = error.ravel()
    count = len(series)
    scale = float(series @ series) / max(freedom, 1.0)
    if scale <= 0:
        return Memory(covariance=np.zeros(count), innovation=0.0, order=0)
    most = max(0, min(MOST_ORDER, count // 10, error.shape[1] // 3))
    lags = np.array([float(series[k:] @ series[: count - k]) for k in range(most + 1)])
    lags /= lags[0]
    best = (0.0, 0, np.empty(0), 1.0)
    for order in range(1, most + 1):
        weights = solve_toeplitz(lags[:order], lags[1 : order + 1])
        variance = float(1.0 - weights @ lags[1 : order + 1])
        if not variance > 1e-12:
            break
        criterion = count * np.log(variance) + order * np.log(count)
        if criterion < best[0]:
            best = (criterion, order, weights, variance)
    _, order, weights, variance = best
    covariance = np.zeros(count)
    covariance[: order + 1] = lags[: order + 1]
    if order:
        filter_ = np.concatenate([[1.0], -weights])
        state = lfiltic([1.0], filter_, covariance[order:0:-1])
        covariance[order + 1 :] = lfilter([1.0], filter_, np.zeros(count - order - 1), zi=state)[0]
    return Memory(covariance=scale * covariance, innovation=scale * variance, order=order)


def output_covariance(output: FloatArray) -> FloatArray:
    """Autocovariance of a record (N,) over its variance, at lags 0, ..., N - 1, without its mean."""
    centred = output - output.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    result: FloatArray = np.fft.irfft(power)[: len(centred)]
    return result / result[0] if result[0] > 0 else np.zeros(len(centred))


def scores(slopes: FloatArray, error: FloatArray) -> FloatArray:
    """Meat V of many short runs, (K, K): the sum of g g^T over the runs with g = J^T e (Liang and Zeger 1986).

    The noise of a device itself adds up along a run, and the free first state takes part of it out of the error that is
    left but not out of g, since J is what remains when the first state is projected out. B/(B - K) for B runs.

    Parameters
    ----------
    slopes : array, shape (B, n, K)
    error : array, shape (B, n)
        Both weighted.
    """
    each = np.einsum("bnk,bn->bk", slopes, error)
    members, count = each.shape
    result: FloatArray = each.T @ each * (members / max(members - count, 1))
    return result


def sandwich(slopes: list[FloatArray], covariances: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Information matrix M = sum_o J_o^T J_o and meat V = sum_o J_o^T G_o J_o of least squares, both (K, K).

    The covariance of the estimate is M^-1 V M^-1 (Huber 1967), with G_o the Toeplitz matrix of an autocovariance.

    Parameters
    ----------
    slopes : list of array, shape (N, K)
        Weighted derivatives, nuisances projected out, for each output.
    covariances : list of array, shape (N,)
        Autocovariance of the weighted error of each output.
    """
    size = slopes[0].shape[1]
    square, meat = np.zeros((size, size)), np.zeros((size, size))
    for slope, covariance in zip(slopes, covariances, strict=True):
        square += slope.T @ slope
        meat += slope.T @ matmul_toeplitz(covariance, slope)
    return square, (meat + meat.T) / 2
