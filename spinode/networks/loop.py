"""The compiled loop over the steps of a network, and what it keeps: sums, order parameter, turns and chosen outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spinode.compiled import CONTRACT, borrowed
from spinode.devices.base import call_kernel
from spinode.networks.stages import (
    EIGHTH,
    HEUN,
    blend,
    emit,
    fill_external,
    inputs_of,
    move,
    outside,
    read,
    recall,
    remember,
)  # fmt: skip
from spinode.noise import box_muller, uniform_numbers
from spinode.signals import FloatArray

_FREE: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": CONTRACT}
_INLINE: dict[str, Any] = {**_FREE, "forceinline": True}
"""What passes its arrays on at every stage: as calls they cost a small network more than its arithmetic."""
END = 3
"""Stage of the drive's weights that lies at the end of a step; stochastic Heun has its second slope there."""


@njit(**_FREE)
def _plane(block: int, state: FloatArray, links: Any, record: Any) -> None:
    """The two numbers of each oscillator of a block whose angle is its phase."""
    weights, seen, outs = record[0], record[7], links[1][3]
    for axis in range(2):
        blend(seen[axis], outs, state, weights[axis])
        seen[axis] -= weights[axis, weights.shape[1] - 1]


@njit(**_FREE)
def _phases(block: int, sample: int, valid: int, record: Any) -> None:
    """Order parameter of a sample, and the turns that each oscillator has made."""
    order, turns, angles, seen, largest = record[2], record[5], record[6], record[7], record[8]
    lanes = seen.shape[1]
    if order.shape[0] > 0:
        for lane in range(valid):
            size = np.hypot(seen[0, lane], seen[1, lane])
            if size > 0.0:
                order[sample, 0] += seen[0, lane] / size
                order[sample, 1] += seen[1, lane] / size
    if turns.shape[0] > 0:
        for lane in range(valid):
            place = block * lanes + lane
            angle = np.arctan2(seen[1, lane], seen[0, lane]) / (2 * np.pi)
            if sample > 0:
                change = angle - angles[place]
                change -= np.round(change)
                largest[0] = max(largest[0], abs(change))
                turns[0, place] += change
            else:
                turns[0, place] = angle
            angles[place] = angle


@njit(**_FREE)
def _keep(sample: int, memory: Any, links: Any, record: Any, readout: int) -> None:  # noqa: C901 - what is asked for
    """Everything that is kept of a sample."""
    state, constants, external = memory[0], memory[1], memory[4]
    outs, count = links[1][3], links[1][5][0]
    _, totals, order, chosen, kept, turns, _, _, _, marks, every = record
    lanes = state.shape[2]
    for block in range(state.shape[0]):
        valid = min(lanes, count - block * lanes)
        read(readout, state[block], external[block], constants[block], outs)
        if totals.shape[0] > 0:
            for output in range(outs.shape[0]):
                for lane in range(valid):
                    totals[sample, output] += outs[output, lane]
        if order.shape[0] > 0 or turns.shape[0] > 0:
            _plane(block, state[block], links, record)
            _phases(block, sample, valid, record)
        if sample % every[0] == 0:
            for column in range(chosen.size):
                if block * lanes <= chosen[column] < block * lanes + valid:
                    kept[sample // every[0], column, :] = outs[:, chosen[column] - block * lanes]
    if turns.shape[0] > 0 and sample % every[1] == 0:
        marks[sample // every[1], :] = turns[0, : marks.shape[1]]


@njit(**_INLINE)
def _stage(stage: int, moment: Any, memory: Any, links: Any, drive: Any, how: Any) -> int:
    """One pass over the blocks; the block that diverged, or -1."""
    state, constants, limits, work, external, total, _, kicks = memory
    addresses, method, step, stages, slot = how
    number, time, kick, ahead, sends = moment
    last = stage == stages - 1
    for block in range(state.shape[0]):
        here = state[block] if stage == 0 else work[block, work.shape[1] - 1]
        inputs = inputs_of(block, time, (external, total), links, slot)
        call_kernel(addresses[0], here, inputs, constants[block], work[block, _row(method, stage)])
        if method == HEUN:
            call_kernel(addresses[1], here, inputs, constants[block], work[block, 2 + stage])
        rows = work[block].reshape(work.shape[1], -1)
        arrays = (state[block].reshape(-1), rows, rows[work.shape[1] - 1])
        move(method, stage, arrays, kicks[block, kick].reshape(-1), step)
        if last and outside(state[block], limits):
            return block
        following = 0 if last else stage + 1
        fill_external(drive, ahead, END if method == HEUN and following == 1 else following, block, external[block])
        if last or sends:
            after = state[block] if last else work[block, work.shape[1] - 1]
            read(addresses[2], after, external[block], constants[block], links[1][3])
            emit(block, following, after, links, 1 - slot)
    return -1


@njit(**_INLINE)
def _row(method: int, stage: int) -> int:
    """Row of a slope: the last two of the eighth order take rows whose slopes are used up by then."""
    return stage - 10 if method == EIGHTH and stage > 10 else stage


@njit(**_FREE)
def _refill(bits: Any, kicks: FloatArray) -> None:
    """New random numbers for each block, as many steps as fit."""
    for block in range(kicks.shape[0]):
        numbers = kicks[block].reshape(-1, kicks.shape[3])
        uniform_numbers(bits[block], numbers)
        box_muller(numbers)


@njit(**_FREE)
def begin(memory: Any, links: Any, drive: Any, record: Any, addresses: Any) -> None:
    """Read the drive at the first sample, and what the oscillators give and show there."""
    state, constants, external = memory[0], memory[1], memory[4]
    for block in range(state.shape[0]):
        fill_external(drive, (0, 0), 0, block, external[block])
        read(addresses[2], state[block], external[block], constants[block], links[1][3])
        emit(block, 0, state[block], links, 0)
    _keep(0, memory, links, record, addresses[3])


@njit(**_FREE)
def steps(memory: Any, links: Any, drive: Any, record: Any, clock: Any, how: Any) -> tuple[int, int, int]:
    """Steps first, ..., last - 1; (step, block) that diverged or (-1, -1), and the slot of the signals then.

    ``clock`` is (first, last, steps a sample, step [s], slot); ``how`` is (addresses of rhs, diffusion, the readout
    that couplings need and the one of the record; method; places of the stages in a step; whether a coupling without
    delay exists).
    """
    memory, links, drive, record = borrowed(memory), borrowed(links), borrowed(drive), borrowed(record)
    first, last, substeps, step, slot = clock
    addresses, method, nodes, sends = how
    kicks, bits, fields = memory[7], memory[6], links[1][0]
    for number in range(first, last):
        sample, substep = number // substeps, number % substeps
        kick = number % kicks.shape[1]
        if method == HEUN and kick == 0:
            _refill(bits, kicks)
        remember(number, links, slot)
        for stage in range(nodes.size):
            recall(number, nodes[stage], links, slot)
            fields[1 - slot, :] = 0.0
            ahead = (sample, substep)
            if stage == nodes.size - 1:
                ahead = ((number + 1) // substeps, (number + 1) % substeps)
            moment = (number, (number + nodes[stage]) * step, kick, ahead, sends)
            failed = _stage(stage, moment, memory, links, drive, (addresses, method, step, nodes.size, slot))
            if failed >= 0:
                return number, failed, slot
            slot = 1 - slot
        if (number + 1) % substeps == 0:
            _keep((number + 1) // substeps, memory, links, record, addresses[3])
    return -1, -1, slot
