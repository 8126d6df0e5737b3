"""Free runs of a field over many windows, alone or with the derivatives to every coefficient; compiled.

One step of one sample by the Runge-Kutta 3/8 rule (Kutta 1901), the rule that torchdiffeq calls ``rk4``:
k1 = f(x), k2 = f(x + k1/3), k3 = f(x - k1/3 + k2), k4 = f(x + k1 - k2 + k3), x' = x + (k1 + 3 k2 + 3 k3 + k4)/8,
with the drive taken at 0, 1/3, 2/3 and 1 of the step. The tangents are those of this step itself, stage by stage
(derived here: differentiate each line above), so they are exact for the numbers that the free run gives. The loops keep
compiled copies of the field: where its meaning changes, this file must change too, or old copies stay in the cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, IntArray, field_tangent, field_value


@njit(cache=True, fastmath=FAST, error_model="numpy")
def combine(result: FloatArray, base: FloatArray, stages: FloatArray, weights: FloatArray) -> None:
    """result = base + sum_i weights_i stages_i over matrices of one shape."""
    for row in range(base.shape[0]):
        for column in range(base.shape[1]):
            total = base[row, column]
            for i in range(weights.shape[0]):
                total += weights[i] * stages[i, row, column]
            result[row, column] = total


TABLEAU = np.array(
    [[0.0, 0.0, 0.0, 0.0], [1 / 3, 0.0, 0.0, 0.0], [-1 / 3, 1.0, 0.0, 0.0], [1.0, -1.0, 1.0, 0.0]], dtype=np.float64
)
WEIGHTS = np.array([1 / 8, 3 / 8, 3 / 8, 1 / 8], dtype=np.float64)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def stage_point(z: FloatArray, x: FloatArray, k: FloatArray, stage: int, drive: FloatArray, modes: int) -> None:
    """z = (core states, drive, modes) at this stage of the step."""
    states, inputs = x.shape[0], drive.shape[1]
    for s in range(states):
        total = x[s]
        for other in range(stage):
            total += TABLEAU[stage, other] * k[other, s]
        z[s if s < states - modes else s + inputs] = total
    for c in range(inputs):
        z[states - modes + c] = drive[stage, c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def finish_step(result: FloatArray, x: FloatArray, k: FloatArray) -> None:
    """result = x + sum_i WEIGHTS_i k_i."""
    for s in range(x.shape[0]):
        total = x[s]
        for stage in range(4):
            total += WEIGHTS[stage] * k[stage, s]
        result[s] = total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def free_runs(
    sizes: IntArray, theta: FloatArray, initial: FloatArray, starts: IntArray, steps: int, drive: FloatArray
) -> FloatArray:
    """States of every window after 0, ..., steps samples.

    ``initial`` (B, S), ``starts`` (B,) first sample of each window, ``drive`` (N, 4, I) stage values of each sample's
    step; returns (B, steps + 1, S).
    """
    members, states = initial.shape
    result = np.empty((members, steps + 1, states))
    phi = np.empty(sizes[3])
    layer = np.zeros((sizes[4] + 2, max(sizes[5], states + sizes[1])))
    z = np.empty(states + sizes[1])
    k = np.empty((4, states))
    for m in range(members):
        result[m, 0] = initial[m]
        for i in range(steps):
            for stage in range(4):
                stage_point(z, result[m, i], k, stage, drive[starts[m] + i], sizes[6])
                field_value(sizes, theta, z, phi, layer, k[stage])
            finish_step(result[m, i + 1], result[m, i], k)
    return result


@njit(cache=True, fastmath=FAST, error_model="numpy")
def tangent_runs(
    sizes: IntArray,
    theta: FloatArray,
    initial: FloatArray,
    starts: IntArray,
    extent: tuple[int, int],
    drive: FloatArray,
) -> FloatArray:
    """Derivatives of the first states along each window to (theta, initial state).

    ``extent`` is (steps, outputs), other arguments as in ``free_runs``; returns (B, (steps + 1) * outputs, P + S).
    """
    steps, outputs = extent
    members, states = initial.shape
    size = theta.shape[0]
    result = np.empty((members, (steps + 1) * outputs, size + states))
    phi = np.empty(sizes[3])
    layer = np.zeros((sizes[4] + 2, max(sizes[5], states + sizes[1])))
    z, x = np.empty(states + sizes[1]), np.empty(states)
    k, kt = np.empty((4, states)), np.empty((4, states, size + states))
    fz, ft = np.empty((states, states)), np.empty((states, size))
    tangent, inner = np.empty((states, size + states)), np.empty((states, size + states))
    for m in range(members):
        x[:] = initial[m]
        tangent[:, :] = 0.0
        for s in range(states):
            tangent[s, size + s] = 1.0
        result[m, :outputs] = tangent[:outputs]
        for i in range(steps):
            for stage in range(4):
                stage_point(z, x, k, stage, drive[starts[m] + i], sizes[6])
                field_value(sizes, theta, z, phi, layer, k[stage])
                field_tangent(sizes, theta, phi, layer, fz, ft)
                combine(inner, tangent, kt, TABLEAU[stage, :stage])
                _apply(fz, inner, ft, kt[stage])
            finish_step(x, x, k)
            combine(tangent, tangent, kt, WEIGHTS)
            result[m, (i + 1) * outputs : (i + 2) * outputs] = tangent[:outputs]
    return result


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _apply(fz: FloatArray, inner: FloatArray, ft: FloatArray, out: FloatArray) -> None:
    """out = fz inner + ft, where ft has no columns for the initial state."""
    states, size = ft.shape
    for s in range(states):
        for j in range(size):
            out[s, j] = ft[s, j]
        for j in range(size, inner.shape[1]):
            out[s, j] = 0.0
        for r in range(states):
            factor = fz[s, r]
            for j in range(inner.shape[1]):
                out[s, j] += factor * inner[r, j]
