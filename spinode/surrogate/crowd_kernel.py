"""The learned field for many members at a time: one column a member in every array, so that all loops are vectorised.

The same equations as ``kernel``; there a member is worked through after the other, which costs a few members less and a
hundred of them thirty times as much. Members whose fields have other sizes than their neighbours' begin a new block.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.compiled import wide
from spinode.devices.base import KERNEL, Kernel
from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, IntArray, field_size
from spinode.surrogate.learned_noise import SILENT

HEADER = 11
"""Leading entries of the packed vector: the eight sizes of the field, outputs, drive channels, samples per second."""


@njit(cache=True)
def _block(parameters: FloatArray, first: int) -> int:
    """End of the members from ``first`` on whose header is the same."""
    wide()
    last: int = parameters.shape[1]
    for row in range(HEADER):
        wanted, others = parameters[row, first], 0
        for lane in range(first + 1, last):  # counted first: a loop that may end early is not vectorised
            others += parameters[row, lane] != wanted
        if others > 0:
            for lane in range(first + 1, last):
                if parameters[row, lane] != wanted:
                    last = lane
                    break
    return last


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _scaled(parameters: FloatArray, drive: FloatArray, sizes: IntArray, span: tuple[int, int], u: FloatArray) -> None:
    """Scaled inputs and static parameters (I + K, lanes) of the members first, ..., last - 1."""
    wide()
    first, last = span
    outputs, channels = int(parameters[8, first]), int(parameters[9, first])
    centre = HEADER + 3 * outputs
    for c in range(channels):
        for lane in range(last - first):
            moved = drive[c, first + lane] - parameters[centre + c, first + lane]
            u[c, lane] = moved / parameters[centre + channels + c, first + lane]
    for k in range(sizes[1] - channels):
        for lane in range(last - first):
            u[channels + k, lane] = parameters[centre + 2 * channels + k, first + lane]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _grow(z: FloatArray, variables: tuple[int, int], degree: int, width: int, phi: FloatArray) -> int:
    """``field._grow`` for rows of members: multiply the first ``width`` rows by all monomials of some rows of z."""
    wide()
    start, stop = variables
    below, position = 0, width
    for d in range(1, degree + 1):
        first, count = position, width
        for v in range(stop - start):
            if v > 0:
                count = count * (v + d - 1) // v
            for j in range(count):
                for lane in range(z.shape[1]):
                    phi[position + j, lane] = phi[below + j, lane] * z[start + v, lane]
            position += count
        below = first
    return position


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _monomials(sizes: IntArray, z: FloatArray, phi: FloatArray) -> None:
    """``field.fill_monomials`` for rows of members."""
    wide()
    core, states = z.shape[0] - sizes[6], sizes[0] - sizes[6]
    phi[0, :] = 1.0
    if sizes[7] == 0:
        position = _grow(z, (0, core), sizes[2], 1, phi)
    else:
        position = _grow(z, (0, states), sizes[2], 1, phi)
        position = _grow(z, (states, core), sizes[7], position, phi)
    for mode in range(core, z.shape[0]):
        for lane in range(z.shape[1]):
            phi[position, lane] = z[mode, lane]
        for v in range(core):
            for lane in range(z.shape[1]):
                phi[position + 1 + v, lane] = z[mode, lane] * z[v, lane]
        position += 1 + core


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _products(theta: FloatArray, first: int, x: FloatArray, result: FloatArray) -> None:
    """result (rows, lanes) += W x, W (rows x columns) row by row in ``theta`` (entries, members) from ``first``."""
    wide()
    for row in range(result.shape[0]):
        for j in range(x.shape[0]):
            for lane in range(x.shape[1]):
                result[row, lane] += theta[row * x.shape[0] + j, first + lane] * x[j, lane]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _tanh(values: FloatArray) -> None:
    """``field.tanh_all`` for rows of members."""
    wide()
    for row in range(values.shape[0]):
        for lane in range(values.shape[1]):
            x = min(max(values[row, lane], -20.0), 20.0) * 0.0625
            s = x * x
            n = x * (135135.0 + s * (17325.0 + s * (378.0 + s)))
            d = 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0))
            n, d = 2.0 * n * d, d * d + n * n
            n, d = 2.0 * n * d, d * d + n * n
            n, d = 2.0 * n * d, d * d + n * n
            n, d = 2.0 * n * d, d * d + n * n
            values[row, lane] = n / d


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _add_network(sizes: IntArray, theta: FloatArray, first: int, z: FloatArray, slope: FloatArray) -> None:
    """Add the network's outputs to ``slope`` (S, lanes)."""
    depth, width = sizes[4], sizes[5]
    offset, below = sizes[0] * sizes[3], z
    for layer in range(depth + 1):
        rows, columns = slope.shape[0] if layer == depth else width, below.shape[0]
        above = slope if layer == depth else np.zeros((width, z.shape[1]))
        _products(theta[offset:], first, below, above)
        offset += rows * columns
        for row in range(rows):
            for lane in range(z.shape[1]):
                above[row, lane] += theta[offset + row, first + lane]
        offset += rows
        if layer < depth:
            _tanh(above)
            below = above


@njit(KERNEL, cache=True, fastmath=FAST, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """dx/dt of each member in scaled units per second."""
    first = 0
    while first < state.shape[1]:
        last = _block(parameters, first)
        sizes = parameters[:8, first].astype(np.int64)
        states, inputs = sizes[0], sizes[1]
        outputs, channels, rate = int(parameters[8, first]), int(parameters[9, first]), parameters[10, first]
        core = states - sizes[6]
        z = np.empty((states + inputs, last - first))
        z[:core] = state[:core, first:last]
        z[core + inputs :] = state[core:, first:last]
        _scaled(parameters, drive, sizes, (first, last), z[core : core + inputs])
        phi, slope = np.empty((sizes[3], last - first)), np.zeros((states, last - first))
        _monomials(sizes, z, phi)
        theta = parameters[HEADER + 3 * outputs + channels + inputs :]
        _products(theta, first, phi, slope)
        if sizes[4] > 0:
            _add_network(sizes, theta, first, z, slope)
        for s in range(states):
            for lane in range(last - first):
                result[s, first + lane] = rate * slope[s, lane]
        first = last


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _strengths(noise: FloatArray, span: tuple[int, int], x: FloatArray, rate: float, b: FloatArray) -> None:
    """b (S, lanes) per root second: ``learned_noise.fill_variance`` for rows of members."""
    wide()
    (first, last), states = span, b.shape[0]
    columns = 1 + x.shape[0]
    for s in range(states):
        row, ends = s * columns, states * columns + 2 * s
        for lane in range(last - first):
            b[s, first + lane] = noise[row, first + lane]
        for v in range(x.shape[0]):
            for lane in range(last - first):
                b[s, first + lane] += noise[row + 1 + v, first + lane] * x[v, lane]
        for lane in range(last - first):
            total = min(max(b[s, first + lane], noise[ends, first + lane]), noise[ends + 1, first + lane])
            b[s, first + lane] = np.sqrt(rate * np.exp(total)) if total > SILENT else 0.0


@njit(KERNEL, cache=True, fastmath=FAST, error_model="numpy")
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """b of each member's states in scaled units per root second; zero where no noise was learned."""
    first = 0
    while first < state.shape[1]:
        last = _block(parameters, first)
        sizes = parameters[:8, first].astype(np.int64)
        outputs, channels = int(parameters[8, first]), int(parameters[9, first])
        exponents = HEADER + 3 * outputs + channels + sizes[1] + field_size(sizes)
        if parameters.shape[0] == exponents:
            result[:, first:last] = 0.0
        else:
            x = np.empty((sizes[0] + sizes[1], last - first))
            x[: sizes[0]] = state[:, first:last]
            _scaled(parameters, drive, sizes, (first, last), x[sizes[0] :])
            _strengths(parameters[exponents:], (first, last), x, parameters[10, first], result)
        first = last


@njit(KERNEL, cache=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """The first O states in the outputs' units; a quotient times its input."""
    outputs = result.shape[0]
    for o in range(outputs):
        for member in range(state.shape[1]):
            mean, scale = parameters[HEADER + o, member], parameters[HEADER + outputs + o, member]
            result[o, member] = mean + scale * state[o, member]
            divisor = int(parameters[HEADER + 2 * outputs + o, member])
            if divisor >= 0:
                result[o, member] *= drive[divisor, member]


CROWD_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)
