"""Levenberg-Marquardt over the unknowns and the first state of every window.

The first state of a window touches that window alone, so its columns are taken out of the others by an orthogonal
projection (QR, window by window), and the system that is solved has only as many unknowns as there are parameters.
Variable projection after Golub and Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), in the linearised form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinode.calibration.candidate import Candidate, Windows
from spinode.signals import FloatArray

TRIALS = 8
"""Increases of the damping before an iteration counts as stuck."""
LEAST_DAMPING = 1e-9
FIRST_DAMPING = 1e-3


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """How errors are summed.

    Parameters
    ----------
    outputs : array, shape (O,)
        Factor of each output's error: one over the deviation of its noise, or one.
    centre : array, shape (K,)
        Where the prior of the unknowns lies.
    prior : float
        Weight of |q - centre|^2 beside the sum of squared errors, >= 0; keeps windows too short to tell an unknown from
        moving it through the range.
    free : bool
        Whether the unknowns move; where not, only the first states do.
    """

    outputs: FloatArray
    centre: FloatArray
    prior: float = 0.0
    free: bool = True


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where a search stands: unknowns, windows with their first states, errors (B, steps + 1, O), cost, damping."""

    q: FloatArray
    windows: Windows
    error: FloatArray
    cost: float
    damping: float = FIRST_DAMPING
    moved: bool = True


def residuals(candidate: Candidate, q: FloatArray, windows: Windows) -> FloatArray:
    """Run minus trace, scaled, shape (B, steps + 1, O)."""
    rows = windows.starts[:, None] + np.arange(windows.steps + 1)
    error: FloatArray = candidate.run(q, windows) - candidate.outputs[rows]
    return error


def begin(candidate: Candidate, weighing: Weighing, q: FloatArray, windows: Windows) -> Point:
    """A point with its cost: the weighted sum of squares with the prior, infinite where a run left the numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = residuals(candidate, q, windows)
        total = float(np.sum((error * weighing.outputs) ** 2) + weighing.prior * np.sum((q - weighing.centre) ** 2))
    return Point(q=q, windows=windows, error=error, cost=total if np.isfinite(total) else np.inf)


def minimise(candidate: Candidate, weighing: Weighing, point: Point, iterations: int, enough: float) -> Point:
    """Iterate until the cost falls by less than the part ``enough`` twice in a row, or nothing lowers it."""
    small = 0
    for _ in range(iterations):
        before = point.cost
        point = improve(candidate, weighing, point)
        small = small + 1 if before - point.cost <= enough * before else 0
        if not point.moved or small == 2:
            break
    return point


def improve(candidate: Candidate, weighing: Weighing, point: Point) -> Point:
    """One iteration; ``moved`` is False where no damping lowered the cost."""
    if not np.isfinite(point.cost):
        return replace(point, moved=False)
    try:
        linear = _linearise(candidate, weighing, point)
    except ValueError:  # a changed device left the range of its equations
        return replace(point, moved=False)
    damping = point.damping
    for _ in range(TRIALS):
        step, states = _step(linear, weighing, point, damping)
        q = np.clip(point.q + step, -1.0, 1.0)
        windows = replace(point.windows, initial=point.windows.initial + states)
        trial = begin(candidate, weighing, q, windows)
        if trial.cost < point.cost:
            return replace(trial, damping=max(damping / 5.0, LEAST_DAMPING))
        damping *= 5.0
    return replace(point, damping=FIRST_DAMPING, moved=False)


@dataclass(frozen=True, kw_only=True)
class _Linear:
    """Weighted derivatives to the unknowns (B, n, K) and to the first states (B, n, S), and errors (B, n)."""

    shared: FloatArray
    own: FloatArray
    error: FloatArray


def _linearise(candidate: Candidate, weighing: Weighing, point: Point) -> _Linear:
    count = len(point.q)
    factors = np.tile(weighing.outputs, point.windows.steps + 1)[:, None]
    slopes = candidate.tangent(point.q, point.windows, free=weighing.free) * factors
    if not np.isfinite(slopes).all():
        raise ValueError("a derivative is not finite")
    error = point.error.reshape(len(slopes), -1) * factors[:, 0]
    return _Linear(shared=slopes[:, :, :count], own=slopes[:, :, count:], error=error)


def _step(linear: _Linear, weighing: Weighing, point: Point, damping: float) -> tuple[FloatArray, FloatArray]:
    """Steps of the unknowns (K,) and of the first states (B, S) for one damping."""
    members, states, count = len(linear.error), linear.own.shape[2], len(point.q)
    size = np.linalg.norm(linear.own, axis=1)
    size = np.maximum(size, 1e-12 * max(float(size.max()), 1e-300))
    ridge = np.sqrt(damping) * size[:, None, :] * np.eye(states)
    basis, triangle = np.linalg.qr(np.concatenate([linear.own, ridge], axis=1))
    padding = np.zeros((members, states, 1))
    error = np.concatenate([linear.error[:, :, None], padding], axis=1)
    shared = np.concatenate([linear.shared, np.zeros((members, states, count))], axis=1)
    along_error, along_shared = basis.transpose(0, 2, 1) @ error, basis.transpose(0, 2, 1) @ shared
    step = np.zeros(count)
    if weighing.free:
        rest = (shared - basis @ along_shared).reshape(-1, count)
        target = (error - basis @ along_error).reshape(-1)
        scale = np.linalg.norm(rest, axis=0)
        scale = np.maximum(scale, 1e-9 * max(float(scale.max()), 1e-300))
        tied = np.sqrt(weighing.prior) * np.eye(count)
        system = np.vstack([rest, np.sqrt(damping) * np.diag(scale), tied])
        wanted = np.concatenate([target, np.zeros(count), np.sqrt(weighing.prior) * (point.q - weighing.centre)])
        step = -np.linalg.lstsq(system, wanted, rcond=None)[0]
    own = -np.linalg.solve(triangle, along_error + along_shared @ step[:, None])[:, :, 0]
    return step, own


def projected(candidate: Candidate, weighing: Weighing, point: Point) -> FloatArray:
    """Weighted derivatives to the unknowns with those to the first states projected out, shape (B, n, K)."""
    linear = _linearise(candidate, weighing, point)
    size = np.linalg.norm(linear.own, axis=1, keepdims=True)
    unit = np.divide(linear.own, size, out=np.zeros_like(linear.own), where=size > 0)
    left, values, _ = np.linalg.svd(unit, full_matrices=False)
    left = left * (values > 1e-10)[:, None, :]
    result: FloatArray = linear.shared - left @ (left.transpose(0, 2, 1) @ linear.shared)
    return result
