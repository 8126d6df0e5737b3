"""The compiled loops over time: Runge-Kutta without noise, stochastic Heun with it.

Arrays have one column a member, so that each loop over the members is one the processor vectorises. A state is checked
against its limits after every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from spinode.devices.base import KERNEL, MATRIX
from spinode.signals import FloatArray

_tuple: Any = types.Tuple
_FLAT = types.float64[::1]
_CUBE = types.float64[:, :, ::1]
_FUNCTION = types.FunctionType(KERNEL)
_DRIVE = _tuple((types.Array(types.float64, 3, "C", readonly=True), types.boolean[::1], types.float64[:, :, :, ::1]))
_MEMBERS = _tuple((MATRIX, MATRIX, MATRIX, _CUBE))
_NOISY = _tuple((*_MEMBERS.types, _CUBE))
_CLOCK = _tuple((types.int64, types.int64, types.int64, types.float64))


_FILL = types.void(_DRIVE, types.int64, types.int64, types.int64, MATRIX)


@njit(_FILL, cache=True, nogil=True)
def _fill(drive: Any, sample: int, substep: int, stage: int, result: FloatArray) -> None:
    """Smooth channels of the drive (I, members) at one stage of a step; held ones keep the value of their sample."""
    values, holds, weights = drive
    nodes = weights.shape[3]
    base = min(max(sample - 1, 0), values.shape[0] - nodes)
    weight = weights[sample - base, substep, stage]
    for channel in range(result.shape[0]):
        if holds[channel]:
            continue
        row = result[channel]
        if values.shape[2] == 1:
            total = 0.0
            for node in range(nodes):
                total += weight[node] * values[base + node, channel, 0]
            row[:] = total
        else:
            row[:] = 0.0
            for node in range(nodes):
                given = values[base + node, channel]
                for lane in range(row.size):
                    row[lane] += weight[node] * given[lane]


@njit(types.void(_DRIVE, types.int64, MATRIX), cache=True, nogil=True)
def _at_sample(drive: Any, sample: int, result: FloatArray) -> None:
    """Drive (I, members) at a sample."""
    values = drive[0]
    for channel in range(result.shape[0]):
        if values.shape[2] == 1:
            result[channel, :] = values[sample, channel, 0]
        else:
            result[channel, :] = values[sample, channel]


@njit(types.boolean(_FLAT, _tuple((_FLAT, _FLAT, _FLAT, _FLAT)), _FLAT, types.float64), cache=True, nogil=True)
def _finish(flat: FloatArray, slopes: Any, bounds: FloatArray, step: float) -> bool:
    """Add the weighted slopes of a whole step; whether a state then is beyond its limit or not a number."""
    k1, k2, k3, k4 = slopes
    outside = 0
    for i in range(flat.size):
        flat[i] += step * (0.125 * (k1[i] + k4[i]) + 0.375 * (k2[i] + k3[i]))
        outside += not abs(flat[i]) <= bounds[i]
    return outside > 0


@njit(types.int64(_FUNCTION, _FUNCTION, _MEMBERS, _DRIVE, _CLOCK), cache=True, nogil=True, error_model="numpy")
def runge_kutta(rhs: Any, readout: Any, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the Runge-Kutta 3/8 rule (Kutta 1901); the step that diverged, or -1."""
    state, parameters, limits, outputs = members
    first, last, substeps, step = clock
    work = np.zeros((5, *state.shape))
    k1, k2, k3, k4, moved = work[0], work[1], work[2], work[3], work[4]
    flat, bounds, trial = state.reshape(-1), limits.reshape(-1), moved.reshape(-1)
    slope1, slope2, slope3, slope4 = k1.reshape(-1), k2.reshape(-1), k3.reshape(-1), k4.reshape(-1)
    inputs = np.empty((drive[0].shape[1], state.shape[1]))
    _at_sample(drive, first // substeps, inputs)
    if first == 0:
        readout(state, inputs, parameters, outputs[0])
    offset = 0 if first == 0 else first // substeps + 1
    third, whole = step / 3.0, step
    for number in range(first, last):
        sample, substep = number // substeps, number % substeps
        _fill(drive, sample, substep, 0, inputs)
        rhs(state, inputs, parameters, k1)
        for i in range(flat.size):
            trial[i] = flat[i] + third * slope1[i]
        _fill(drive, sample, substep, 1, inputs)
        rhs(moved, inputs, parameters, k2)
        for i in range(flat.size):
            trial[i] = flat[i] + (whole * slope2[i] - third * slope1[i])
        _fill(drive, sample, substep, 2, inputs)
        rhs(moved, inputs, parameters, k3)
        for i in range(flat.size):
            trial[i] = flat[i] + whole * (slope1[i] - slope2[i] + slope3[i])
        _fill(drive, sample, substep, 3, inputs)
        rhs(moved, inputs, parameters, k4)
        if _finish(flat, (slope1, slope2, slope3, slope4), bounds, step):
            return number
        if substep == substeps - 1:
            _at_sample(drive, sample + 1, inputs)
            readout(state, inputs, parameters, outputs[sample + 1 - offset])
    return -1


@njit(types.int64(_FUNCTION, _FUNCTION, _FUNCTION, _NOISY, _DRIVE, _CLOCK), cache=True, nogil=True, error_model="numpy")
def heun(rhs: Any, diffusion: Any, readout: Any, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the stochastic Heun method (Stratonovich); the step that diverged, or -1."""
    state, parameters, limits, outputs, noise = members
    first, last, substeps, step = clock
    work = np.zeros((5, *state.shape))
    k1, k2, b1, b2, moved = work[0], work[1], work[2], work[3], work[4]
    flat, bounds, trial = state.reshape(-1), limits.reshape(-1), moved.reshape(-1)
    slope1, slope2, spread1, spread2 = k1.reshape(-1), k2.reshape(-1), b1.reshape(-1), b2.reshape(-1)
    inputs = np.empty((drive[0].shape[1], state.shape[1]))
    _at_sample(drive, first // substeps, inputs)
    if first == 0:
        readout(state, inputs, parameters, outputs[0])
    offset, root = 0 if first == 0 else first // substeps + 1, np.sqrt(step)
    for number in range(first, last):
        sample, substep = number // substeps, number % substeps
        kick = noise[number - first].reshape(-1)
        _fill(drive, sample, substep, 0, inputs)
        rhs(state, inputs, parameters, k1)
        diffusion(state, inputs, parameters, b1)
        for i in range(flat.size):
            trial[i] = flat[i] + step * slope1[i] + root * spread1[i] * kick[i]
        _fill(drive, sample, substep, 3, inputs)
        rhs(moved, inputs, parameters, k2)
        diffusion(moved, inputs, parameters, b2)
        outside = 0
        for i in range(flat.size):
            flat[i] += 0.5 * (step * (slope1[i] + slope2[i]) + root * (spread1[i] + spread2[i]) * kick[i])
            outside += not abs(flat[i]) <= bounds[i]
        if outside > 0:
            return number
        if substep == substeps - 1:
            _at_sample(drive, sample + 1, inputs)
            readout(state, inputs, parameters, outputs[sample + 1 - offset])
    return -1
