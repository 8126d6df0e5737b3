"""One Runge-Kutta step of a polynomial field with the step's Jacobian, for the filter: no slices, so no bookkeeping.

The same numbers as the general step in ``filter`` to rounding, several times as fast: a slice of an array costs the
compiled loop more than the arithmetic of a field with two states.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, fill_monomials
from spinode.surrogate.rollout import TABLEAU, WEIGHTS


@njit(cache=True, fastmath=FAST, error_model="numpy")
def polynomial_workspace(sizes: Any) -> Any:
    """Memory of ``polynomial_step``."""
    states = sizes[0]
    return (
        np.empty(sizes[3]), np.empty(sizes[3]), np.empty(states + sizes[1]), np.empty((4, states)),
        np.empty((4, states, states)), np.empty((states, states)), np.empty((states, states)),
    )  # fmt: skip


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _slope(z: FloatArray, sizes: Any, phi: FloatArray, variable: int, slope: FloatArray) -> None:
    """d phi / d z_variable: the loops of ``field.fill_slope`` in one, for one degree of all."""
    degree, core = sizes[2], z.shape[0] - sizes[6]
    slope[0] = 0.0
    below, position = 0, 1
    for d in range(1, degree + 1):
        first, count = position, 1
        for v in range(core):
            if v > 0:
                count = count * (v + d - 1) // v
            own = 1.0 if v == variable else 0.0
            for j in range(count):
                slope[position + j] = slope[below + j] * z[v] + own * phi[below + j]
            position += count
        below = first
    for mode in range(core, z.shape[0]):
        own = 1.0 if mode == variable else 0.0
        slope[position] = own
        for v in range(core):
            slope[position + 1 + v] = own * z[v] + (z[mode] if v == variable else 0.0)
        position += 1 + core


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _rates(sizes: Any, theta: FloatArray, work: Any, stage: int) -> None:
    """f into k[stage] and df/dx into fz, at z."""
    phi, slope, z, k, _, fz, _ = work
    states, inputs, count, modes = sizes[0], sizes[1], sizes[3], sizes[6]
    fill_monomials(sizes, z, phi)
    for s in range(states):
        total = 0.0
        for j in range(count):
            total += theta[s * count + j] * phi[j]
        k[stage, s] = total
    for v in range(states):
        _slope(z, sizes, phi, v if v < states - modes else v + inputs, slope)
        for s in range(states):
            total = 0.0
            for j in range(count):
                total += theta[s * count + j] * slope[j]
            fz[s, v] = total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _place(sizes: Any, x: FloatArray, drive: FloatArray, work: Any, stage: int) -> None:
    """z at this stage of the step."""
    z, k = work[2], work[3]
    states, inputs, modes = sizes[0], sizes[1], sizes[6]
    for s in range(states):
        total = x[s]
        for other in range(stage):
            total += TABLEAU[stage, other] * k[other, s]
        z[s if s < states - modes else s + inputs] = total
    for c in range(inputs):
        z[states - modes + c] = drive[stage, c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _carry(states: int, work: Any, stage: int) -> None:
    """kt[stage] = fz (1 + sum_other TABLEAU kt[other]), and fz added to the mean."""
    kt, fz, mean = work[4], work[5], work[6]
    for r in range(states):
        for c in range(states):
            total = fz[r, c]
            for s in range(states):
                inner = 0.0
                for other in range(stage):
                    inner += TABLEAU[stage, other] * kt[other, s, c]
                total += fz[r, s] * inner
            kt[stage, r, c] = total
            mean[r, c] += WEIGHTS[stage] * fz[r, c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def polynomial_step(model: Any, x: FloatArray, drive: FloatArray, whole: FloatArray, work: Any) -> None:
    """x one sample on, in place; the step's Jacobian into ``whole`` (S, S), the mean Jacobian into ``work[6]``."""
    sizes, theta = model[0], model[1]
    k, kt = work[3], work[4]
    states = sizes[0]
    work[6][:, :] = 0.0
    for stage in range(4):
        _place(sizes, x, drive, work, stage)
        _rates(sizes, theta, work, stage)
        _carry(states, work, stage)
    for r in range(states):
        for stage in range(4):
            x[r] += WEIGHTS[stage] * k[stage, r]
        for c in range(states):
            total = 1.0 if r == c else 0.0
            for stage in range(4):
                total += WEIGHTS[stage] * kt[stage, r, c]
            whole[r, c] = total
