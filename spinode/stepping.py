"""The compiled loops over time: Runge-Kutta without noise, stochastic Heun with it.

Arrays have one column a member, so that each loop over the members is one the processor vectorises. A state is checked
against its limits after every step. Kernels come as addresses: see ``devices.base.call_kernel``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from spinode.compiled import CONTRACT, wide
from spinode.devices.base import MATRIX, call_kernel
from spinode.signals import FloatArray

_tuple: Any = types.Tuple
_FLAT = types.float64[::1]
_CUBE = types.float64[:, :, ::1]
ADDRESS = types.int64
DRIVE = _tuple((types.Array(types.float64, 3, "C", readonly=True), types.boolean[::1], types.float64[:, :, :, ::1]))
MEMBERS = _tuple((MATRIX, MATRIX, MATRIX, _CUBE, _CUBE))
_NOISY = _tuple((*MEMBERS.types, _CUBE))
CLOCK = _tuple((types.int64, types.int64, types.int64, types.float64))
_MOMENT = _tuple((types.int64, types.int64))
_FILL = types.void(DRIVE, _MOMENT, types.int64, MATRIX)
_FREE: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": CONTRACT}


@njit(_FILL, cache=True, nogil=True)
def fill(drive: Any, moment: Any, stage: int, result: FloatArray) -> None:
    """Smooth channels of the drive (I, members) at one stage of a step; held ones keep the value of their sample."""
    sample, substep = moment
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


@njit(types.void(DRIVE, types.int64, MATRIX), cache=True, nogil=True)
def at_sample(drive: Any, sample: int, result: FloatArray) -> None:
    """Drive (I, members) at a sample."""
    values = drive[0]
    for channel in range(result.shape[0]):
        if values.shape[2] == 1:
            result[channel, :] = values[sample, channel, 0]
        else:
            result[channel, :] = values[sample, channel]


# Rows of the work space: slopes 0 to 3 (with noise: slopes 0 and 1, spreads 2 and 3), trial state 4, inputs 5. The
# loops take them as one matrix and stand where they are used: an array that goes into a tuple or an inlined function is
# counted, atomically, at each step, which costs a single member more than its step.


@njit(types.boolean(MATRIX, _FLAT, _FLAT, types.float64), **_FREE)
def _finish(rows: FloatArray, flat: FloatArray, bounds: FloatArray, step: float) -> bool:
    """Add the weighted slopes of a whole step; whether a state then is beyond its limit or not a number."""
    wide()
    outside = 0
    for i in range(flat.size):
        flat[i] += step * (0.125 * (rows[0, i] + rows[3, i]) + 0.375 * (rows[1, i] + rows[2, i]))
        outside += not abs(flat[i]) <= bounds[i]
    return outside > 0


@njit(types.int64(ADDRESS, ADDRESS, MEMBERS, DRIVE, CLOCK), **_FREE)
def runge_kutta(rhs: int, readout: int, members: Any, drive: Any, clock: Any) -> int:  # noqa: C901 - see above
    """Steps first, ..., last - 1 of the Runge-Kutta 3/8 rule (Kutta 1901); the step that diverged, or -1."""
    wide()
    state, parameters, limits, outputs, work = members
    first, last, substeps, step = clock
    size, smooth = state.shape[0], not drive[1].all()
    k1, k2, k3, k4, moved = work[0, :size], work[1, :size], work[2, :size], work[3, :size], work[4, :size]
    inputs = work[5, : drive[0].shape[1]]
    flat, bounds, rows = state.reshape(-1), limits.reshape(-1), work.reshape(work.shape[0], -1)
    sample, substep, row, third = first // substeps, first % substeps, int(first == 0), step / 3.0
    at_sample(drive, sample, inputs)
    if row == 1:
        call_kernel(readout, state, inputs, parameters, outputs[0])
    for number in range(first, last):
        if smooth:
            fill(drive, (sample, substep), 0, inputs)
        call_kernel(rhs, state, inputs, parameters, k1)
        for i in range(flat.size):
            rows[4, i] = flat[i] + third * rows[0, i]
        if smooth:
            fill(drive, (sample, substep), 1, inputs)
        call_kernel(rhs, moved, inputs, parameters, k2)
        for i in range(flat.size):
            rows[4, i] = flat[i] + (step * rows[1, i] - third * rows[0, i])
        if smooth:
            fill(drive, (sample, substep), 2, inputs)
        call_kernel(rhs, moved, inputs, parameters, k3)
        for i in range(flat.size):
            rows[4, i] = flat[i] + step * (rows[0, i] - rows[1, i] + rows[2, i])
        if smooth:
            fill(drive, (sample, substep), 3, inputs)
        call_kernel(rhs, moved, inputs, parameters, k4)
        if _finish(rows, flat, bounds, step):
            return number
        substep += 1
        if substep == substeps:
            sample, substep, row = sample + 1, 0, row + 1
            at_sample(drive, sample, inputs)
            call_kernel(readout, state, inputs, parameters, outputs[row - 1])
    return -1


@njit(types.boolean(MATRIX, _FLAT, _FLAT, _FLAT, types.float64), **_FREE)
def _finish_noisy(rows: FloatArray, flat: FloatArray, kick: FloatArray, bounds: FloatArray, step: float) -> bool:
    """Add the mean of both slopes and spreads; whether a state then is beyond its limit or not a number."""
    wide()
    root, outside = np.sqrt(step), 0
    for i in range(flat.size):
        flat[i] += 0.5 * (step * (rows[0, i] + rows[1, i]) + root * (rows[2, i] + rows[3, i]) * kick[i])
        outside += not abs(flat[i]) <= bounds[i]
    return outside > 0


@njit(types.int64(ADDRESS, ADDRESS, ADDRESS, _NOISY, DRIVE, CLOCK), **_FREE)
def heun(rhs: int, diffusion: int, readout: int, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the stochastic Heun method (Stratonovich); the step that diverged, or -1."""
    wide()
    state, parameters, limits, outputs, work, noise = members
    first, last, substeps, step = clock
    size, smooth = state.shape[0], not drive[1].all()
    k1, k2, b1, b2, moved = work[0, :size], work[1, :size], work[2, :size], work[3, :size], work[4, :size]
    inputs = work[5, : drive[0].shape[1]]
    flat, bounds, rows = state.reshape(-1), limits.reshape(-1), work.reshape(work.shape[0], -1)
    kicks, root = noise.reshape(noise.shape[0], -1), np.sqrt(step)
    sample, substep, row = first // substeps, first % substeps, int(first == 0)
    at_sample(drive, sample, inputs)
    if row == 1:
        call_kernel(readout, state, inputs, parameters, outputs[0])
    for number in range(first, last):
        if smooth:
            fill(drive, (sample, substep), 0, inputs)
        call_kernel(rhs, state, inputs, parameters, k1)
        call_kernel(diffusion, state, inputs, parameters, b1)
        for i in range(flat.size):
            rows[4, i] = flat[i] + step * rows[0, i] + root * rows[2, i] * kicks[number - first, i]
        if smooth:
            fill(drive, (sample, substep), 3, inputs)
        call_kernel(rhs, moved, inputs, parameters, k2)
        call_kernel(diffusion, moved, inputs, parameters, b2)
        if _finish_noisy(rows, flat, kicks[number - first], bounds, step):
            return number
        substep += 1
        if substep == substeps:
            sample, substep, row = sample + 1, 0, row + 1
            at_sample(drive, sample, inputs)
            call_kernel(readout, state, inputs, parameters, outputs[row - 1])
    return -1
