"""Linear readouts and their error."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from spinode.signals import FloatArray


def nrmse(prediction: FloatArray, truth: FloatArray) -> FloatArray:
    """sqrt(mean(error^2) / var(truth)) of each column, shape (K,), for arrays of shape (T, K).

    Not the range and not the variance itself stands below, as in some reservoir libraries.

    Raises
    ------
    ValueError
        If the shapes differ or a column of the truth is constant.
    """
    if prediction.shape != truth.shape or truth.ndim != 2 or len(truth) < 2:
        raise ValueError(f"nrmse needs two arrays of one shape (T >= 2, K), got {prediction.shape} and {truth.shape}")
    variance = truth.var(axis=0)
    if not (variance > 0).all():
        raise ValueError(f"nrmse: target {int(np.argmin(variance))} is constant, so its error has no scale")
    return np.asarray(np.sqrt(np.mean((prediction - truth) ** 2, axis=0) / variance))


def ridge_weights(features: FloatArray, targets: FloatArray, ridge: float) -> FloatArray:
    """W = (F^T F + ridge I)^-1 F^T Y, shape (features, K): least squares with a penalty, no intercept.

    Parameters
    ----------
    features : array, shape (T, N)
    targets : array, shape (T, K)
    ridge : float
        In squared units of the features, > 0.

    Raises
    ------
    ValueError
        If the ridge is not positive, or so small beside the features that the system is singular.
    """
    if not (np.isfinite(ridge) and ridge > 0):
        raise ValueError(f"ridge must be a positive number, got {ridge}")
    normal = features.T @ features
    normal[np.diag_indices_from(normal)] += ridge
    try:
        weights = cho_solve(cho_factor(normal), features.T @ targets)
    except (LinAlgError, ValueError):
        raise ValueError(f"ridge must make the readout solvable, got {ridge:g}; try a larger one") from None
    return np.asarray(weights)
