"""The learned field as device kernels, so that ``simulate`` runs a surrogate as it runs an analytic device."""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, field_size, field_value
from spinode.surrogate.learned_noise import fill_variance

HEADER = 11
"""Leading entries of the packed vector: the eight sizes of the field, outputs, drive channels, samples per second."""


def pack(sizes: FloatArray, counts: tuple[int, int], rate: float, parts: list[FloatArray]) -> FloatArray:
    """Packed parameter vector of a surrogate.

    Order: header; output mean, scale and number of the channel that multiplies it, -1 for none (O each); input centre
    and scale (I each); scaled static parameters (K); theta; and, where noise was learned, ``LearnedNoise.packed``.
    """
    head = np.array([*sizes, counts[0], counts[1], rate], dtype=np.float64)
    return np.concatenate([head, *parts])


@njit(KERNEL, cache=True, fastmath=FAST, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """dx/dt of each member in scaled units per second."""
    for member in range(state.shape[1]):
        p = parameters[member]
        sizes = p[:8].astype(np.int64)
        states, variables = sizes[0], sizes[0] + sizes[1]
        outputs, channels, rate = int(p[8]), int(p[9]), p[10]
        centre = HEADER + 3 * outputs
        static = centre + 2 * channels
        z = np.empty(variables)
        core = states - sizes[6]
        z[:core] = state[:core, member]
        z[core + sizes[1] :] = state[core:, member]
        for c in range(channels):
            z[core + c] = (drive[c, member] - p[centre + c]) / p[centre + channels + c]
        for k in range(variables - states - channels):
            z[core + channels + k] = p[static + k]
        theta = p[static + variables - states - channels :]
        phi = np.empty(sizes[3])
        slope = np.empty(states)
        layer = np.empty((sizes[4] + 2, max(sizes[5], variables)))
        field_value(sizes, theta, z, phi, layer, slope)
        for s in range(states):
            result[s, member] = rate * slope[s]


@njit(KERNEL, cache=True, error_model="numpy")
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """b of each member's states in scaled units per root second; zero where no noise was learned."""
    for member in range(state.shape[1]):
        p = parameters[member]
        states, inputs = int(p[0]), int(p[1])
        outputs, channels, rate = int(p[8]), int(p[9]), p[10]
        centre = HEADER + 3 * outputs
        static = centre + 2 * channels
        exponents = static + inputs - channels + field_size(p[:8].astype(np.int64))
        if p.size == exponents:
            result[:, member] = 0.0
            continue
        u = np.empty(inputs)
        for c in range(channels):
            u[c] = (drive[c, member] - p[centre + c]) / p[centre + channels + c]
        u[channels:] = p[static : static + inputs - channels]
        x, variance, drift = state[:, member].copy(), np.empty(states), np.empty(states)
        fill_variance(p[exponents:], x, u, variance, drift)
        for s in range(states):
            result[s, member] = np.sqrt(rate * variance[s])


@njit(KERNEL, cache=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """The first O states in the outputs' units; a quotient times its input."""
    outputs = result.shape[0]
    for member in range(state.shape[1]):
        for o in range(outputs):
            mean, scale = parameters[member, HEADER + o], parameters[member, HEADER + outputs + o]
            result[o, member] = mean + scale * state[o, member]
            divisor = int(parameters[member, HEADER + 2 * outputs + o])
            if divisor >= 0:
                result[o, member] *= drive[divisor, member]


SURROGATE_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, by_member=True)
