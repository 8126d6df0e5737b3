"""Fixed-step integration of packed members: the compiled loops that every device and every surrogate runs through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from spinode.devices.base import KERNEL, MATRIX, Kernel
from spinode.signals import STAGES, FloatArray

BLOCK = 2**20
"""State values a compiled call works through before it returns to Python (noise memory, reaction to Ctrl-C)."""
MOST_SUBSTEPS = 100_000
"""Largest number of solver steps a sample; a drive that needs more is sampled too coarsely to be meant."""
LARGEST = 1e300
"""Absolute state above which a run has diverged, where the device gives no limit of its own."""

_tuple: Any = types.Tuple
_FLAT = types.float64[::1]
_FUNCTION = types.FunctionType(KERNEL)
_DRIVE = _tuple((types.Array(types.float64, 3, "C", readonly=True), types.boolean[::1], types.float64[:, :, :, ::1]))
_MEMBERS = _tuple((MATRIX, MATRIX, MATRIX, types.float64[:, :, ::1]))
_NOISY = _tuple((*_MEMBERS.types, types.float64[:, :, ::1]))
_CLOCK = _tuple((types.int64, types.int64, types.int64, types.float64))


class DivergedError(ValueError):
    """A run left the finite numbers, or the range in which its device's equations hold.

    Parameters
    ----------
    message : str
        One line: who, when, state, likely cause.
    member : int
        Row of the ensemble.
    time : float
        Time after the start of the drive [s].
    state : array, shape (S,)
        State of that member when the run was stopped.
    """

    def __init__(self, message: str, member: int, time: float, state: FloatArray) -> None:
        super().__init__(message)
        self.member = member
        self.time = time
        self.state = state


@dataclass(frozen=True, kw_only=True, slots=True)
class DriveTable:
    """Drive samples as the compiled loop reads them.

    Parameters
    ----------
    values : array, shape (T, members, I) or (T, 1, I)
        Samples in SI units, T >= 2; one column for all members or one each.
    holds : array of bool, shape (I,)
        Which channels keep sample i on [t_i, t_(i+1)); the others are interpolated by cubics.
    dt : float
        Sample interval [s].
    substeps : int
        Solver steps a sample, 1 to ``MOST_SUBSTEPS``.
    """

    values: FloatArray
    holds: NDArray[np.bool_]
    dt: float
    substeps: int = 1

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[0] < 2:
            raise ValueError(f"DriveTable.values must have shape (T >= 2, members, inputs), got {self.values.shape}")
        if not 1 <= self.substeps <= MOST_SUBSTEPS:
            raise ValueError(
                f"DriveTable.substeps must be 1 to {MOST_SUBSTEPS} solver steps a sample, got {self.substeps};"
                f" try a drive with dt below {self.dt:.3g} s"
            )
        object.__setattr__(self, "values", np.ascontiguousarray(self.values, dtype=np.float64))

    def weights(self) -> FloatArray:
        """Weights of the stage values: Lagrange cubics as in ``signals.stage_values``.

        Returns
        -------
        array, shape (3, substeps, 4, nodes)
            By position of the sample among its nodes, substep, stage (0, 1/3, 2/3, 1 of the step) and node.
        """
        nodes = min(4, self.values.shape[0])
        offset = (np.arange(self.substeps)[:, None] + np.array(STAGES)) / self.substeps
        position = np.arange(3.0)[:, None, None] + offset
        result = np.ones((*position.shape, nodes))
        for node in range(nodes):
            for other in range(nodes):
                if other != node:
                    result[..., node] *= (position - other) / (node - other)
        return result


def integrate(
    kernel: Kernel,
    parameters: FloatArray,
    initial: FloatArray,
    drive: DriveTable,
    outputs: int,
    rngs: Sequence[np.random.Generator] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Integrate packed members through the samples of a drive: what ``simulate`` stands on.

    Parameters
    ----------
    kernel : Kernel
        Compiled equations.
    parameters : array, shape (members, P)
        One packed vector a member.
    initial : array, shape (members, S)
        States at the first sample.
    drive : DriveTable
        T samples of the inputs in the device's order.
    outputs : int
        Number of outputs of the readout.
    rngs : sequence of numpy.random.Generator, optional
        One a member for the noise; without it there is none.

    Returns
    -------
    outputs : array, shape (T, members, outputs)
    state : array, shape (members, S)
        State at the last sample.

    Raises
    ------
    DivergedError
        If a state is no longer finite or passes ``kernel.limits``.
    """
    state = np.array(initial, dtype=np.float64, order="C", ndmin=2)
    packed = np.array(parameters, dtype=np.float64, order="C", ndmin=2)
    count, size = state.shape
    if packed.shape[0] != count or drive.values.shape[1] not in (1, count) or (rngs and len(rngs) != count):
        raise ValueError(f"integrate needs parameters, drive and generators for {count} members, got other numbers")
    limits = np.full((count, size), LARGEST)
    if kernel.limits:
        limits[:] = kernel.limits
    samples = drive.values.shape[0]
    result = np.empty((samples, count, outputs))
    table = (drive.values, np.ascontiguousarray(drive.holds, dtype=np.bool_), drive.weights())
    step = drive.dt / drive.substeps
    last = (samples - 1) * drive.substeps
    block = max(1, BLOCK // max(1, count * size))
    members = (state, packed, limits, result)
    for first in range(0, last, block):
        clock = (first, min(first + block, last), drive.substeps, step)
        if rngs is None:
            failed = _runge_kutta(kernel.rhs, kernel.readout, members, table, clock)
        else:
            noise = np.empty((clock[1] - first, count, size))
            for row, generator in enumerate(rngs):
                noise[:, row] = generator.standard_normal((len(noise), size))
            failed = _heun(kernel.rhs, kernel.diffusion, kernel.readout, (*members, noise), table, clock)
        if failed >= 0:
            raise _diverged(state, limits, (failed + 1) * step, step)
    return result, state


def _diverged(state: FloatArray, limits: FloatArray, time: float, step: float) -> DivergedError:
    inside = np.abs(state) <= limits
    member = int(np.argmin(inside.all(axis=1)))
    row = state[member].copy()
    if np.isfinite(row).all() and (limits[member] < LARGEST).any():
        cause = "it left the range in which the equations hold; try a weaker drive"
    else:
        cause = f"the step of {step:.3g} s is too long or the drive too strong; try more substeps or a weaker drive"
    return DivergedError(cause, member, time, row)


_FILL = types.void(_DRIVE, types.int64, types.int64, types.int64, MATRIX)


@njit(_FILL, cache=True, nogil=True)
def _fill(drive: Any, sample: int, substep: int, stage: int, result: FloatArray) -> None:
    """Smooth channels of the drive (members, I) at one stage of a step; held ones keep the value of their sample."""
    values, holds, weights = drive
    nodes = weights.shape[3]
    base = min(max(sample - 1, 0), values.shape[0] - nodes)
    weight = weights[sample - base, substep, stage]
    own = values.shape[1] > 1
    for channel in range(result.shape[1]):
        if holds[channel]:
            continue
        for row in range(result.shape[0] if own else 1):
            total = 0.0
            for node in range(nodes):
                total += weight[node] * values[base + node, row, channel]
            result[row, channel] = total
        if not own:
            for row in range(1, result.shape[0]):
                result[row, channel] = result[0, channel]


@njit(types.void(_DRIVE, types.int64, MATRIX), cache=True, nogil=True)
def _at_sample(drive: Any, sample: int, result: FloatArray) -> None:
    """Drive (members, I) at a sample."""
    values = drive[0]
    own = values.shape[1] > 1
    for row in range(result.shape[0]):
        for channel in range(result.shape[1]):
            result[row, channel] = values[sample, row if own else 0, channel]


@njit(types.boolean(_FLAT, _FLAT), cache=True, nogil=True)
def _inside(state: FloatArray, limits: FloatArray) -> bool:
    """Whether every state is within its limit; a NaN is not."""
    outside = 0
    for i in range(state.size):
        outside += not abs(state[i]) <= limits[i]
    return outside == 0


_THREE = _tuple((types.float64, types.float64, types.float64))
_SLOPES = _tuple((_FLAT, _FLAT, _FLAT))


@njit(types.void(_FLAT, _FLAT, _THREE, _SLOPES), cache=True, nogil=True)
def _place(trial: FloatArray, state: FloatArray, weights: Any, slopes: Any) -> None:
    """The trial state: state + sum_j weights_j slopes_j."""
    for i in range(state.size):
        trial[i] = state[i] + weights[0] * slopes[0][i] + weights[1] * slopes[1][i] + weights[2] * slopes[2][i]


@njit(types.int64(_FUNCTION, _FUNCTION, _MEMBERS, _DRIVE, _CLOCK), cache=True, nogil=True)
def _runge_kutta(rhs: Any, readout: Any, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the Runge-Kutta 3/8 rule (Kutta 1901); the step that diverged, or -1."""
    state, parameters, limits, outputs = members
    first, last, substeps, step = clock
    flat, bounds = state.reshape(-1), limits.reshape(-1)
    work = np.empty((5, *state.shape))
    k1, k2, k3, k4, moved = work[0], work[1], work[2], work[3], work[4]
    slopes = (k1.reshape(-1), k2.reshape(-1), k3.reshape(-1))
    slope1, slope2, slope3, slope4 = k1.reshape(-1), k2.reshape(-1), k3.reshape(-1), k4.reshape(-1)
    trial = moved.reshape(-1)
    inputs = np.empty((state.shape[0], drive[0].shape[2]))
    work[:] = 0.0
    _at_sample(drive, first // substeps, inputs)
    if first == 0:
        readout(state, inputs, parameters, outputs[0])
    for number in range(first, last):
        sample, substep = number // substeps, number % substeps
        _fill(drive, sample, substep, 0, inputs)
        rhs(state, inputs, parameters, k1)
        _place(trial, flat, (step / 3.0, 0.0, 0.0), slopes)
        _fill(drive, sample, substep, 1, inputs)
        rhs(moved, inputs, parameters, k2)
        _place(trial, flat, (-step / 3.0, step, 0.0), slopes)
        _fill(drive, sample, substep, 2, inputs)
        rhs(moved, inputs, parameters, k3)
        _place(trial, flat, (step, -step, step), slopes)
        _fill(drive, sample, substep, 3, inputs)
        rhs(moved, inputs, parameters, k4)
        for i in range(flat.size):
            flat[i] += step * (0.125 * (slope1[i] + slope4[i]) + 0.375 * (slope2[i] + slope3[i]))
        if not _inside(flat, bounds):
            return number
        if substep == substeps - 1:
            _at_sample(drive, sample + 1, inputs)
            readout(state, inputs, parameters, outputs[sample + 1])
    return -1


@njit(types.int64(_FUNCTION, _FUNCTION, _FUNCTION, _NOISY, _DRIVE, _CLOCK), cache=True, nogil=True)
def _heun(rhs: Any, diffusion: Any, readout: Any, members: Any, drive: Any, clock: Any) -> int:
    """Steps first, ..., last - 1 of the stochastic Heun method (Stratonovich); the step that diverged, or -1."""
    state, parameters, limits, outputs, noise = members
    first, last, substeps, step = clock
    flat, bounds = state.reshape(-1), limits.reshape(-1)
    work = np.empty((5, *state.shape))
    k1, k2, b1, b2, moved = work[0], work[1], work[2], work[3], work[4]
    slope1, slope2, spread1, spread2 = k1.reshape(-1), k2.reshape(-1), b1.reshape(-1), b2.reshape(-1)
    trial = moved.reshape(-1)
    inputs = np.empty((state.shape[0], drive[0].shape[2]))
    _at_sample(drive, first // substeps, inputs)
    if first == 0:
        readout(state, inputs, parameters, outputs[0])
    for number in range(first, last):
        sample, substep = number // substeps, number % substeps
        kick = noise[number - first].reshape(-1)
        _fill(drive, sample, substep, 0, inputs)
        rhs(state, inputs, parameters, k1)
        diffusion(state, inputs, parameters, b1)
        for i in range(flat.size):
            trial[i] = flat[i] + step * slope1[i] + np.sqrt(step) * spread1[i] * kick[i]
        _fill(drive, sample, substep, 3, inputs)
        rhs(moved, inputs, parameters, k2)
        diffusion(moved, inputs, parameters, b2)
        for i in range(flat.size):
            spread = 0.5 * np.sqrt(step) * (spread1[i] + spread2[i])
            flat[i] += 0.5 * step * (slope1[i] + slope2[i]) + spread * kick[i]
        if not _inside(flat, bounds):
            return number
        if substep == substeps - 1:
            _at_sample(drive, sample + 1, inputs)
            readout(state, inputs, parameters, outputs[sample + 1])
    return -1
