"""The learned field as device kernels, so that ``simulate`` runs a surrogate as it runs an analytic device."""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.signals import FloatArray
from spinode.surrogate.crowd_kernel import CROWD_KERNEL, HEADER
from spinode.surrogate.field import FAST, IntArray, field_size, field_value
from spinode.surrogate.learned_noise import fill_variance


def pack(sizes: FloatArray, counts: tuple[int, int], rate: float, parts: list[FloatArray]) -> FloatArray:
    """Packed parameter vector of a surrogate.

    Order: header; output mean, scale and number of the channel that multiplies it, -1 for none (O each); input centre
    and scale (I each); scaled static parameters (K); theta; and, where noise was learned, ``LearnedNoise.packed``.
    """
    head = np.array([*sizes, counts[0], counts[1], rate], dtype=np.float64)
    return np.concatenate([head, *parts])


@njit(cache=True)
def _differ(p: FloatArray, sizes: IntArray) -> bool:
    """Whether a member's field has other sizes; all of one surrogate have the same, and share their work space."""
    for k in range(sizes.size):
        if p[k] != sizes[k]:
            return True
    return False


@njit(KERNEL, cache=True, fastmath=FAST, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """dx/dt of each member in scaled units per second."""
    sizes = np.zeros(8, dtype=np.int64)
    z = phi = slope = np.empty(0)
    layer = np.empty((0, 0))
    for member in range(state.shape[1]):
        p = parameters[member]
        if _differ(p, sizes):  # new memory costs several times the field: once a call, not once a member
            sizes = p[:8].astype(np.int64)
            variables = sizes[0] + sizes[1]
            z, phi, slope = np.empty(variables), np.empty(sizes[3]), np.empty(sizes[0])
            layer = np.empty((sizes[4] + 2, max(sizes[5], variables)))
        states, variables = sizes[0], sizes[0] + sizes[1]
        outputs, channels, rate = int(p[8]), int(p[9]), p[10]
        centre = HEADER + 3 * outputs
        static = centre + 2 * channels
        core = states - sizes[6]
        for s in range(states):
            z[s if s < core else s + sizes[1]] = state[s, member]
        for c in range(channels):
            z[core + c] = (drive[c, member] - p[centre + c]) / p[centre + channels + c]
        for k in range(variables - states - channels):
            z[core + channels + k] = p[static + k]
        field_value(sizes, p[static + variables - states - channels :], z, phi, layer, slope)
        for s in range(states):
            result[s, member] = rate * slope[s]


@njit(KERNEL, cache=True, error_model="numpy")
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """b of each member's states in scaled units per root second; zero where no noise was learned."""
    sizes = np.zeros(8, dtype=np.int64)
    x = variance = drift = u = np.empty(0)
    for member in range(state.shape[1]):
        p = parameters[member]
        if _differ(p, sizes):
            sizes = p[:8].astype(np.int64)
            x, variance, drift = np.empty(sizes[0]), np.empty(sizes[0]), np.empty(sizes[0])
            u = np.empty(sizes[1])
        outputs, channels, rate = int(p[8]), int(p[9]), p[10]
        centre = HEADER + 3 * outputs
        static = centre + 2 * channels
        exponents = static + sizes[1] - channels + field_size(sizes)
        if p.size == exponents:
            result[:, member] = 0.0
            continue
        for c in range(channels):
            u[c] = (drive[c, member] - p[centre + c]) / p[centre + channels + c]
        for k in range(sizes[1] - channels):
            u[channels + k] = p[static + k]
        for s in range(sizes[0]):
            x[s] = state[s, member]
        fill_variance(p[exponents:], x, u, variance, drift)
        for s in range(sizes[0]):
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


SURROGATE_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, by_member=True, crowd=CROWD_KERNEL)
