"""Fit a field to free runs: Levenberg-Marquardt over all windows at once, each window's initial state being free.

Minimise |r|^2 + N ridge |theta|^2 over theta and the initial states x0_b, with r the output error along the windows.
The initial state of a window touches that window alone, so it is eliminated from the normal equations (a Schur
complement; derived here), and the system that is solved has only the size of theta.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from spinode.signals import FloatArray
from spinode.surrogate.field import FieldShape, IntArray
from spinode.surrogate.rollout import free_runs, tangent_runs

ROWS = 4096
"""Residuals whose derivatives are held in memory at once."""
FLOOR = 0.01
"""Least scale of a coefficient in the damping, as a fraction of the mean: keeps idle coefficients from leaping."""
TRIALS = 10
"""Increases of the damping before an iteration counts as stuck."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Scaled training data: outputs (N, O) and the four stage values of the drive of each step (N, 4, I)."""

    outputs: FloatArray
    drive: FloatArray


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Pieces of the record that are free-run: first samples (B,), their length in steps, initial states (B, S).

    ``weights`` (B,), of mean 1, says how much each counts; None: all the same.
    """

    starts: IntArray
    steps: int
    initial: FloatArray
    weights: FloatArray | None = None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Where a fit stands: coefficients, windows, damping, mean squared error and whether the last step improved it."""

    theta: FloatArray
    windows: Windows
    damping: float
    cost: float
    moved: bool = True


@dataclass(frozen=True, kw_only=True)
class _Normal:
    """Blocks of the normal equations: theta-theta, theta-r, and per window x0-x0, x0-theta, x0-r."""

    square: FloatArray
    gradient: FloatArray
    own: FloatArray
    cross: FloatArray
    own_gradient: FloatArray


def errors(shape: FieldShape, record: Record, theta: FloatArray, windows: Windows) -> FloatArray:
    """Free run minus truth, times the root of the weights, shape (B, steps + 1, O)."""
    outputs = record.outputs.shape[1]
    runs = free_runs(shape.sizes, theta, windows.initial, windows.starts, windows.steps, record.drive)
    rows = windows.starts[:, None] + np.arange(windows.steps + 1)
    error: FloatArray = runs[:, :, :outputs] - record.outputs[rows]
    return error if windows.weights is None else error * np.sqrt(windows.weights)[:, None, None]


def begin(shape: FieldShape, record: Record, theta: FloatArray, windows: Windows, damping: float) -> Fit:
    """A fit at its starting point."""
    error = errors(shape, record, theta, windows)
    return Fit(theta=theta, windows=windows, damping=damping, cost=_mean_square(error))


def improve(shape: FieldShape, record: Record, fit: Fit, ridge: float) -> Fit:
    """One Levenberg-Marquardt iteration; ``moved`` is False where no damping gave a lower cost.

    Parameters
    ----------
    shape, record, fit
        Field, data and the present point.
    ridge : float
        Weight of |theta|^2 beside the mean squared error, >= 0.
    """
    if not np.isfinite(fit.cost):
        return replace(fit, moved=False)
    normal = _normal_equations(shape, record, fit)
    count = fit.windows.starts.size * (fit.windows.steps + 1) * record.outputs.shape[1]
    damping = fit.damping
    penalty = ridge * count
    present = fit.cost + ridge * float(fit.theta @ fit.theta)
    for _ in range(TRIALS):
        step = _solve(normal, fit.theta, damping, penalty)
        if step is not None:
            theta = fit.theta + step[0]
            windows = replace(fit.windows, initial=fit.windows.initial + step[1])
            cost = _mean_square(errors(shape, record, theta, windows))
            if cost + ridge * float(theta @ theta) < present:
                return Fit(theta=theta, windows=windows, damping=max(damping / 3.0, 1e-9), cost=cost)
        damping *= 4.0
    return replace(fit, damping=damping, moved=False)


def _mean_square(error: FloatArray) -> float:
    """Mean of the squares; infinite where a free run left the numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.mean(error * error))
    return value if np.isfinite(value) else np.inf


def _normal_equations(shape: FieldShape, record: Record, fit: Fit) -> _Normal:
    """Sum the blocks window chunk by window chunk, so that memory does not grow with the record."""
    size, states, outputs = shape.size, shape.states, record.outputs.shape[1]
    windows = fit.windows
    members = windows.starts.size
    square, gradient = np.zeros((size, size)), np.zeros(size)
    own, cross = np.empty((members, states, states)), np.empty((members, states, size))
    own_gradient = np.empty((members, states))
    chunk = max(1, ROWS // ((windows.steps + 1) * outputs))
    for first in range(0, members, chunk):
        part = slice(first, first + chunk)
        weights = None if windows.weights is None else windows.weights[part]
        piece = Windows(
            starts=windows.starts[part], steps=windows.steps, initial=windows.initial[part], weights=weights
        )
        error = errors(shape, record, fit.theta, piece)
        error = error.reshape(len(error), -1)
        extent = (piece.steps, outputs)
        tangent = tangent_runs(shape.sizes, fit.theta, piece.initial, piece.starts, extent, record.drive)
        if weights is not None:
            tangent *= np.sqrt(weights)[:, None, None]
        flat = tangent[:, :, :size].reshape(-1, size)
        square += flat.T @ flat
        gradient += flat.T @ error.ravel()
        private = tangent[:, :, size:].transpose(0, 2, 1)
        own[part] = private @ tangent[:, :, size:]
        cross[part] = private @ tangent[:, :, :size]
        own_gradient[part] = (private @ error[:, :, None])[:, :, 0]
    return _Normal(square=square, gradient=gradient, own=own, cross=cross, own_gradient=own_gradient)


def _solve(normal: _Normal, theta: FloatArray, damping: float, penalty: float) -> tuple[FloatArray, FloatArray] | None:
    """Steps of theta and of the initial states for one damping; None where the system cannot be solved."""
    size = theta.size
    own_scale = np.diagonal(normal.own, axis1=1, axis2=2)
    damped = normal.own + damping * own_scale[:, None, :] * np.eye(own_scale.shape[1])
    scale = np.diag(normal.square)
    scale = scale + FLOOR * scale.mean()
    try:
        right = np.concatenate([normal.cross, normal.own_gradient[:, :, None]], axis=2)
        eliminated = np.linalg.solve(damped, right)
        states = own_scale.shape[1]
        flat = normal.cross.reshape(-1, size)
        system = normal.square - flat.T @ eliminated[:, :, :size].reshape(-1, size)
        target = normal.gradient - flat.T @ eliminated[:, :, size].reshape(-1)
        system[np.diag_indices(size)] += damping * scale + penalty
        step = -cho_solve(cho_factor(system), target + penalty * theta)
    except (LinAlgError, np.linalg.LinAlgError, ValueError):
        return None
    own_step = -(eliminated[:, :, size] + eliminated[:, :, :size] @ step)
    return step, own_step.reshape(-1, states)
