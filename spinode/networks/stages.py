"""What happens inside a stage of a network's step, compiled: signals are read, joined, and added to the inputs.

Oscillators lie in blocks of lanes that fit into the first cache: arrays are (blocks, rows, lanes), and each block is
what a device's kernel works on. A stage is one pass over the blocks: the inputs of a block are completed with the tones
and with what the other oscillators gave in the stage before, its slope is taken, its next trial state is made, and what
it will give is read from that. Sums over blocks are taken in their order, so that they never depend on anything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spinode.compiled import CONTRACT, wide
from spinode.devices.base import call_kernel
from spinode.devices.trigonometry import sine_cosine
from spinode.eighth_order import add_slopes
from spinode.signals import FloatArray
from spinode.stepping import at_sample, fill

HEUN, RUNGE_KUTTA, EIGHTH = 0, 1, 2
"""Methods of the compiled loop."""
MEAN, SPARSE = 0, 1
"""Kinds of coupling: one sum that all see, or the rows of a sparse matrix."""
_SUM = {"contract", "reassoc"}
"""A sum over the lanes of a block may be taken in any fixed order, so that it is vectorised."""
_FREE: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": CONTRACT}
_INLINE: dict[str, Any] = {**_FREE, "forceinline": True}


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_SUM)
def _total(row: FloatArray, count: int) -> float:
    """Sum of the first lanes."""
    total = 0.0
    for lane in range(count):
        total += row[lane]
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_SUM)
def _weighted(row: FloatArray, weights: FloatArray) -> float:
    """Sum of all lanes, each with its weight (0 for spare lanes)."""
    total = 0.0
    for lane in range(row.size):
        total += weights[lane] * row[lane]
    return total


@njit(**_FREE)
def _put(row: FloatArray, given: FloatArray, weight: float) -> None:
    """row = weight given."""
    wide()
    for lane in range(row.size):
        row[lane] = weight * given[lane]


@njit(**_FREE)
def _add(row: FloatArray, given: FloatArray, weight: float) -> None:
    """row += weight given."""
    wide()
    for lane in range(row.size):
        row[lane] += weight * given[lane]


@njit(**_FREE)
def _raise(row: FloatArray, value: float) -> None:
    """row += value."""
    wide()
    for lane in range(row.size):
        row[lane] += value


@njit(**_INLINE)
def blend(given: FloatArray, outs: FloatArray, state: FloatArray, weights: FloatArray) -> None:
    """given = weighted outputs and states of a block."""
    first = True
    for number in range(outs.shape[0] + state.shape[0]):
        weight = weights[number]
        if weight != 0.0:
            row = outs[number] if number < outs.shape[0] else state[number - outs.shape[0]]
            if first:
                _put(given, row, weight)
            else:
                _add(given, row, weight)
            first = False
    if first:
        given[:] = 0.0


@njit(**_INLINE)
def emit(block: int, stage: int, state: FloatArray, links: Any, slot: int) -> None:
    """What the oscillators of a block give to each coupling: into the sums, or into the row of signals."""
    coupling, carried, _ = links
    kinds, _, weights, give, _, even, _, _, _, delays = coupling
    fields, signals, _, outs, given, count = carried
    lanes = state.shape[1]
    valid = min(lanes, count[0] - block * lanes)
    for number in range(kinds.size):
        if stage != 0 and delays[number] > 0.0:
            continue
        blend(given, outs, state, weights[number])
        if kinds[number] == SPARSE:
            signals[slot, number, block * lanes : (block + 1) * lanes] = given
        elif even[number]:
            fields[slot, number] += give[number, 0, 0] * _total(given, valid)
        else:
            fields[slot, number] += _weighted(given, give[number, block])


@njit(**_INLINE)
def remember(number: int, links: Any, slot: int) -> None:
    """Put what is given at the start of a step into the lines of the delayed couplings."""
    coupling, carried, _ = links
    kinds, delays = coupling[0], coupling[9]
    fields, signals, past, _, _, _ = carried
    for each in range(kinds.size):
        if delays[each] > 0.0:
            place = number % past.shape[1]
            if kinds[each] == SPARSE:
                past[each, place, :] = signals[slot, each]
            else:
                past[each, place, 0] = fields[slot, each]


@njit(**_INLINE)
def recall(number: int, part: float, links: Any, slot: int) -> None:  # noqa: C901 - one compiled function
    """Replace the signals of delayed couplings by those of ``delays`` steps ago: a cubic through steps that are over.

    Before the start the line is empty.
    """
    coupling, carried, _ = links
    kinds, delays = coupling[0], coupling[9]
    fields, signals, past, _, _, _ = carried
    for each in range(kinds.size):
        if delays[each] == 0.0:
            continue
        moment = number + part - delays[each]
        first = max(min(int(np.floor(moment)) - 1, number - 3), 0)
        last = min(first + 3, number)
        fields[slot, each] = 0.0
        if kinds[each] == SPARSE:
            signals[slot, each, :] = 0.0
        if moment < 0.0:
            continue
        for node in range(first, last + 1):
            weight = 1.0
            for other in range(first, last + 1):
                if other != node:
                    weight *= (moment - other) / (node - other)
            place = node % past.shape[1]
            if kinds[each] == SPARSE:
                signals[slot, each, :] += weight * past[each, place]
            else:
                fields[slot, each] += weight * past[each, place, 0]


@njit(**_INLINE)
def _hear(block: int, total: FloatArray, links: Any, slot: int) -> None:
    """Add what the other oscillators give to the inputs of a block."""
    coupling, carried, _ = links
    kinds, targets, _, _, take, even, pointers, columns, strengths, _ = coupling
    fields, signals, lanes, count = carried[0], carried[1], total.shape[1], carried[5][0]
    for number in range(kinds.size):
        row = total[targets[number]]
        if kinds[number] == SPARSE:
            signal, pointer = signals[slot, number], pointers[number]
            for lane in range(min(lanes, count - block * lanes)):
                received = 0.0
                for edge in range(pointer[block * lanes + lane], pointer[block * lanes + lane + 1]):
                    received += strengths[edge] * signal[columns[edge]]
                row[lane] += received
        elif even[number]:
            _raise(row, take[number, 0, 0] * fields[slot, number])
        else:
            _add(row, take[number, block], fields[slot, number])


@njit(**_INLINE)
def _tone(block: int, time: float, total: FloatArray, tones: Any) -> None:
    """Add amplitude cos(2 pi f t + phase) to the inputs of a block."""
    targets, common, frequencies, amplitudes, phases = tones
    wide()
    for number in range(targets.size):
        row, size = total[targets[number]], amplitudes[number, block]
        frequency, phase = frequencies[number, block], phases[number, block]
        if common[number]:
            turns = frequency[0] * time
            value = np.cos(2 * np.pi * (turns - np.floor(turns)) + phase[0])
            _add(row, size, value)
        else:
            for lane in range(row.size):
                turns = frequency[lane] * time
                row[lane] += size[lane] * sine_cosine(2 * np.pi * (turns - np.floor(turns)) + phase[lane])[1]


@njit(**_INLINE)
def inputs_of(block: int, time: float, arrays: Any, links: Any, slot: int) -> FloatArray:
    """Drive, tones and couplings of a block, summed."""
    external, total = arrays
    result: FloatArray = total[block]
    for channel in range(result.shape[0]):
        _put(result[channel], external[block, channel], 1.0)
    _tone(block, time, result, links[2])
    _hear(block, result, links, slot)
    return result


@njit(**_INLINE)
def fill_external(drive: Any, moment: tuple[int, int], stage: int, block: int, external: FloatArray) -> None:
    """Given drive of a block at a stage; at the first stage of a sample also what is held from there on."""
    values, holds, weights, bias = drive
    own = values[block if values.shape[0] > 1 else 0]
    if stage == 0 and moment[1] == 0:
        at_sample((own, holds, weights), moment[0], external)
        if bias.shape[0] > 0:
            external += bias[block]
    elif not holds.all():
        fill((own, holds, weights), moment, stage, external)
        if bias.shape[0] > 0:
            for channel in range(holds.size):
                if not holds[channel]:
                    external[channel] += bias[block, channel]


@njit(**_INLINE)
def move(method: int, stage: int, arrays: Any, kick: FloatArray, step: float) -> None:  # noqa: C901 - a case a stage
    """Next trial state of a block from its slopes so far, or after the last stage its state."""
    flat, rows, trial = arrays
    wide()
    third, root = step / 3.0, np.sqrt(step)
    if method == EIGHTH:
        add_slopes(stage + 1, flat, rows, step, flat if stage == 12 else trial)
    elif method == HEUN and stage == 0:
        for i in range(flat.size):
            trial[i] = flat[i] + step * rows[0, i] + root * rows[2, i] * kick[i]
    elif method == HEUN:
        for i in range(flat.size):
            flat[i] += 0.5 * (step * (rows[0, i] + rows[1, i]) + root * (rows[2, i] + rows[3, i]) * kick[i])
    elif stage == 0:
        for i in range(flat.size):
            trial[i] = flat[i] + third * rows[0, i]
    elif stage == 1:
        for i in range(flat.size):
            trial[i] = flat[i] + (step * rows[1, i] - third * rows[0, i])
    elif stage == 2:
        for i in range(flat.size):
            trial[i] = flat[i] + step * (rows[0, i] - rows[1, i] + rows[2, i])
    else:
        for i in range(flat.size):
            flat[i] += step * (0.125 * (rows[0, i] + rows[3, i]) + 0.375 * (rows[1, i] + rows[2, i]))


@njit(**_INLINE)
def outside(state: FloatArray, limits: FloatArray) -> bool:
    """Whether a state of a block is beyond its limit or not a number."""
    wide()
    beyond = 0
    for number in range(state.shape[0]):
        row, limit = state[number], limits[number]
        for lane in range(row.size):
            beyond += not abs(row[lane]) <= limit
    return beyond > 0


@njit(**_INLINE)
def read(readout: int, state: FloatArray, external: FloatArray, constants: FloatArray, outs: FloatArray) -> None:
    """Outputs of a block; 0 is the address where nobody asks for them."""
    if readout != 0:
        call_kernel(readout, state, external, constants, outs)
