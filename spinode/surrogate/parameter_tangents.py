"""Derivatives of free runs to the static parameters of a surrogate and to the first states; compiled.

A static parameter p is an input of the field that does not change along a run, so with the sensitivity s = dx/d(p, x0)
each stage of the step of ``rollout`` obeys dk/d(p, x0) = (df/dx) s_stage + (df/dp, 0): the tangents of that very step,
exact for the numbers that ``free_runs`` gives (derived here).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, IntArray, field_value, fill_slope
from spinode.surrogate.rollout import TABLEAU, WEIGHTS, combine, finish_step, stage_point


@njit(cache=True, fastmath=FAST, error_model="numpy")
def field_slopes(sizes: IntArray, theta: FloatArray, phi: FloatArray, layer: FloatArray, fz: FloatArray) -> None:
    """Derivatives (states, variables) of the last ``field_value`` to every component of z.

    ``phi`` and ``layer`` are what ``field_value`` left behind; ``fz`` is filled.
    """
    states, count = sizes[0], sizes[3]
    variables = states + sizes[1]
    slope = np.empty(count)
    for v in range(variables):
        fill_slope(sizes, layer[0, :variables], phi, v, slope)
        for s in range(states):
            fz[s, v] = np.dot(theta[s * count : (s + 1) * count], slope)
    if sizes[4] > 0:
        for s in range(states):
            _add_network_slopes(sizes, theta, layer, s, fz[s])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _add_network_slopes(sizes: IntArray, theta: FloatArray, layer: FloatArray, output: int, row: FloatArray) -> None:
    """Back-propagation of one output of the network, added to ``row`` (variables,)."""
    states, depth, width = sizes[0], sizes[4], sizes[5]
    variables = states + sizes[1]
    offset = states * sizes[3] + width * (variables + 1) + (depth - 1) * width * (width + 1)
    delta, below = np.empty(width), np.empty(max(width, variables))
    for i in range(width):
        delta[i] = theta[offset + output * width + i] * (1.0 - layer[depth, i] ** 2)
    for k in range(depth - 1, -1, -1):
        columns = width if k > 0 else variables
        offset -= width * (columns + 1)
        below[:] = 0.0
        for i in range(width):
            for j in range(columns):
                below[j] += delta[i] * theta[offset + i * columns + j]
        if k > 0:
            for j in range(width):
                delta[j] = below[j] * (1.0 - layer[k, j] ** 2)
    row += below[:variables]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _slope_product(sizes: IntArray, fz: FloatArray, inner: FloatArray, chosen: IntArray, out: FloatArray) -> None:
    """out = (df/dx) inner + (df/du of the chosen inputs, 0), all columns (chosen inputs, first state)."""
    states, core = sizes[0], sizes[0] - sizes[6]
    for s in range(states):
        out[s, :] = 0.0
        for k in range(chosen.shape[0]):
            out[s, k] = fz[s, core + chosen[k]]
        for r in range(states):
            factor = fz[s, r if r < core else r + sizes[1]]
            for j in range(inner.shape[1]):
                out[s, j] += factor * inner[r, j]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def parameter_runs(
    sizes: IntArray,
    theta: FloatArray,
    initial: FloatArray,
    extent: tuple[IntArray, int, int],
    chosen: IntArray,
    drive: FloatArray,
) -> FloatArray:
    """Derivatives of the first states along each window to (chosen inputs, initial state), in scaled units.

    Parameters
    ----------
    sizes, theta, initial, drive
        As in ``rollout.free_runs``.
    extent : (array (B,), int, int)
        First sample of each window, steps, and how many of the first states are wanted (O).
    chosen : array, shape (K,)
        Positions of the static parameters among the inputs.

    Returns
    -------
    array, shape (B, (steps + 1) O, K + S)
    """
    starts, steps, outputs = extent
    members, states = initial.shape
    size, variables = chosen.shape[0] + states, states + sizes[1]
    result = np.empty((members, (steps + 1) * outputs, size))
    phi = np.empty(sizes[3])
    layer = np.zeros((sizes[4] + 2, max(sizes[5], variables)))
    z, x = np.empty(variables), np.empty(states)
    k, kt = np.empty((4, states)), np.empty((4, states, size))
    fz = np.empty((states, variables))
    tangent, inner = np.empty((states, size)), np.empty((states, size))
    for m in range(members):
        x[:] = initial[m]
        tangent[:, :] = 0.0
        for s in range(states):
            tangent[s, chosen.shape[0] + s] = 1.0
        result[m, :outputs] = tangent[:outputs]
        for i in range(steps):
            for stage in range(4):
                stage_point(z, x, k, stage, drive[starts[m] + i], sizes[6])
                field_value(sizes, theta, z, phi, layer, k[stage])
                field_slopes(sizes, theta, phi, layer, fz)
                combine(inner, tangent, kt, TABLEAU[stage, :stage])
                _slope_product(sizes, fz, inner, chosen, kt[stage])
            finish_step(x, x, k)
            combine(tangent, tangent, kt, WEIGHTS)
            result[m, (i + 1) * outputs : (i + 2) * outputs] = tangent[:outputs]
    return result
