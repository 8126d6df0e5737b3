"""The compiled loop of a delayed feedback: as many holds as the delay has, then their outputs, again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spinode.devices.base import Kernel, address_of, call_kernel
from spinode.integrator import LARGEST, DivergedError
from spinode.signals import FloatArray
from spinode.stepping import heun, runge_kutta

ROWS = 6
"""Rows of the work space of ``stepping``."""
_UNREAD = np.zeros((3, 1, 1, 1))
"""Weights of a drive that is held and never interpolated."""


def run_fed_back(
    kernel: Kernel, members: tuple[FloatArray, FloatArray, int], kicks: FloatArray, loop: Any, place: Any
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """States (n parts + 1, members, S), levels (n, members) and the first output at the end of each hold (n, members).

    The level of hold n is clip(level_n + gain (past - reference), low, high), past being the first output at the end of
    the hold ``len(past)`` before. Slot n % len(past) of ``past`` is read, and then filled anew.

    Parameters
    ----------
    kernel : Kernel
        Its readout is that of the device.
    members : tuple
        Constants as the kernel reads them, states (members, S) that are moved on, and the number of outputs.
    kicks : array, shape (steps, S, members)
        Gaussian numbers; empty where there is no noise.
    loop : tuple
        Levels (n, members), inputs at rest (I,), gain (members,), reference (members,), past (D, members).
    place : tuple
        Parts and solver steps a part, driven input, number of the first hold, step [s], low and high.

    Raises
    ------
    DivergedError
        If a state leaves the finite numbers or its equations' range.
    """
    constants, states, outputs = members
    levels, rest, gain, reference, past = loop
    parts, steps, driven, begun, step, low, high = place
    count, size = states.shape
    values = np.empty((len(levels) * parts + 1, len(rest), count))
    values[:] = rest[:, None]
    limits = np.empty((size, count))
    limits[:] = np.array(kernel.limits)[:, None] if kernel.limits else LARGEST
    state, seen = np.ascontiguousarray(states.T), np.empty((len(values), size, count))
    used, ends = np.array(levels), np.empty(levels.shape)
    work = np.zeros((ROWS, max(size, len(rest)), count))
    failed = _fed_back(
        tuple(address_of(each) for each in (kernel.rhs, kernel.diffusion, copy_state, kernel.readout)),
        (state, constants, limits, work, seen),
        (values, np.ones(len(rest), dtype=np.bool_), _UNREAD.copy(), kicks),
        (used, ends, np.ascontiguousarray(gain), np.ascontiguousarray(reference), past, outputs),
        ((parts, steps, driven, begun), (step, low, high)),
    )
    if failed >= 0:
        member = int(np.argmin((np.abs(state) <= limits).all(axis=0)))
        raise DivergedError(f"{kernel.rule}; try a weaker drive", member, (failed + 1) * step, state[:, member].copy())
    states[:] = state.T
    return np.ascontiguousarray(seen.transpose(0, 2, 1)), used, ends


@njit("void(float64[:, ::1], float64[:, ::1], float64[:, ::1], float64[:, ::1])", cache=True)
def copy_state(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """A readout that gives the state itself."""
    result[:] = state


@njit(cache=True, nogil=True)
def _fed_back(addresses: Any, members: Any, drive: Any, loop: Any, place: Any) -> int:
    """The step that diverged, or -1; see ``run_fed_back``."""
    state, constants, limits, work, seen = members
    values, holds, weights, kicks = drive
    levels, ends, gain, reference, past, outputs = loop
    (parts, steps, driven, begun), (step, low, high) = place
    answer, inputs = np.empty((outputs, state.shape[1])), np.empty((values.shape[1], state.shape[1]))
    rhs, diffusion, copy, readout = addresses
    for first in range(0, levels.shape[0], past.shape[0]):
        last = min(first + past.shape[0], levels.shape[0])
        for hold in range(first, last):
            back = past[(begun + hold) % past.shape[0]]
            for lane in range(state.shape[1]):
                level = levels[hold, lane] + gain[lane] * (back[lane] - reference[lane])
                levels[hold, lane] = level = min(max(level, low), high)
                for part in range(parts):
                    values[hold * parts + part, driven, lane] = level
        begin, end = first * parts, last * parts
        rows = seen[begin + (begin > 0) : end + 1]
        clock, table = (begin * steps, end * steps, steps, step), (values, holds, weights)
        if kicks.size:
            noise = kicks[begin * steps : end * steps]
            failed = heun(rhs, diffusion, copy, (state, constants, limits, rows, work, noise), table, clock)
        else:
            failed = runge_kutta(rhs, copy, (state, constants, limits, rows, work), table, clock)
        if failed >= 0:
            return int(failed)
        for hold in range(first, last):
            inputs[:] = values[hold * parts]
            call_kernel(readout, np.ascontiguousarray(seen[(hold + 1) * parts]), inputs, constants, answer)
            ends[hold] = answer[0]
            past[(begun + hold) % past.shape[0]] = answer[0]
    return -1
