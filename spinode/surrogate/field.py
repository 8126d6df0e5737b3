"""The learned right-hand side: a polynomial in state and input plus a tanh network, with its exact derivatives.

f(x, u) = A phi(z) + W_n tanh(... tanh(W_1 z + b_1) ...) + b_n,   z = (core states, inputs, modes),

phi are all monomials of the core variables (core states and inputs) up to a degree, or all products of a monomial of
the core states and one of the inputs, each up to a degree of its own; and each mode alone and times each core
variable: a mode is a hidden state of small amplitude that enters linearly, so it costs few coefficients. x and u are in
scaled units and time is counted in samples, so every coefficient is a number of order one. The functions below are
compiled; ``reference.py`` holds the same field in torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spinode.signals import FloatArray

IntArray = NDArray[np.int64]
FAST = {"contract", "reassoc", "nsz"}
"""Float shortcuts that let loops vectorise and keep NaN and infinity, which a diverging run must show."""


@dataclass(frozen=True, kw_only=True)
class FieldShape:
    """Sizes of a field; it fixes how the coefficient vector is laid out.

    Parameters
    ----------
    states, inputs : int
        Components of x (>= 1) and of u (>= 0; static parameters count as inputs).
    degree : int
        Highest degree of the polynomial part, >= 1: of states and inputs together, or of the states alone.
    hidden : tuple of int
        Equal widths of the hidden tanh layers; empty for no network.
    modes : int
        How many of the states, the last ones, enter linearly, 0 to states - 1.
    input_degree : int
        0: ``degree`` counts states and inputs together. Otherwise the highest degree of the inputs alone: normal forms
        of oscillators have high powers of the state and low ones of the inputs.

    Raises
    ------
    ValueError
        If a size is out of range.
    """

    states: int
    inputs: int
    degree: int
    hidden: tuple[int, ...] = ()
    modes: int = 0
    input_degree: int = 0

    def __post_init__(self) -> None:
        if self.states < 1 or self.inputs < 0 or self.degree < 1 or self.input_degree < 0:
            raise ValueError(f"FieldShape needs states >= 1, inputs >= 0, degree >= 1, got {self}")
        if not 0 <= self.modes < self.states:
            raise ValueError(f"FieldShape.modes must be 0 to {self.states - 1}, got {self.modes}")
        if len(set(self.hidden)) > 1 or any(width < 1 for width in self.hidden):
            raise ValueError(f"FieldShape.hidden must be equal positive widths, got {self.hidden}")

    @property
    def variables(self) -> int:
        """Components of z."""
        return self.states + self.inputs

    @property
    def core(self) -> int:
        """Variables that enter in every power: core states and inputs."""
        return self.variables - self.modes

    @property
    def monomials(self) -> int:
        """Number of monomials, C(core + degree, degree) + modes (1 + core), or a product of two such binomials."""
        together, linear = comb(self.core + self.degree, self.degree), self.modes * (1 + self.core)
        if self.input_degree:
            states = self.core - self.inputs
            together = comb(states + self.degree, states) * comb(self.inputs + self.input_degree, self.inputs)
        return together + linear

    @cached_property
    def exponents(self) -> tuple[tuple[int, ...], ...]:
        """Each monomial as the indices of its factors in z, in the order of the coefficients; () is the constant.

        Degree d follows from degree d - 1: for each variable v, those monomials of degree d - 1 that use no variable
        beyond v, times z_v. They stand at the front of their block, so the compiled loop needs no index table. With a
        degree of its own the inputs' monomials multiply the whole block of the states' ones in that order. Then each
        mode: alone, and times each core variable.
        """
        states = self.core - self.inputs
        result = _grown(range(self.core if self.input_degree == 0 else states), self.degree)
        if self.input_degree:
            inputs = _grown(range(states, self.core), self.input_degree)
            result = [(*own, *given) for given in inputs for own in result]
        for mode in range(self.core, self.variables):
            result += [(mode,), *((mode, v) for v in range(self.core))]
        return tuple(result)

    @cached_property
    def sizes(self) -> IntArray:
        """What the compiled field reads: states, inputs, degree, monomials, layers, width, modes, input degree."""
        width = self.hidden[0] if self.hidden else 0
        layers = len(self.hidden)
        own = [self.states, self.inputs, self.degree, self.monomials, layers, width, self.modes, self.input_degree]
        return np.array(own, dtype=np.int64)

    @cached_property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(rows, columns) of each weight matrix of the network."""
        if not self.hidden:
            return ()
        sizes = (self.variables, *self.hidden, self.states)
        return tuple((sizes[i + 1], sizes[i]) for i in range(len(sizes) - 1))

    @property
    def size(self) -> int:
        """Length of the coefficient vector: A (states x monomials) row by row, then W and b of each layer."""
        return self.states * self.monomials + sum(rows * (columns + 1) for rows, columns in self.layers)


def _grown(variables: range, degree: int) -> list[tuple[int, ...]]:
    """All monomials of some variables up to a degree."""
    block: list[tuple[int, ...]] = [()]
    result = list(block)
    for _ in range(degree):
        block = [(*e, v) for v in variables for e in block if not e or e[-1] <= v]
        result += block
    return result


def monomials(shape: FieldShape, z: FloatArray) -> FloatArray:
    """All monomials of each row of z (N, variables), shape (N, monomials)."""
    result = np.empty((len(z), shape.monomials))
    _monomial_rows(shape.sizes, np.ascontiguousarray(z, dtype=np.float64), result)
    return result


@njit(cache=True)
def field_size(sizes: IntArray) -> int:
    """``FieldShape.size`` from ``FieldShape.sizes``."""
    states, depth, width = sizes[0], sizes[4], sizes[5]
    total = states * sizes[3]
    if depth > 0:
        total += width * (states + sizes[1] + 1) + (depth - 1) * width * (width + 1) + states * (width + 1)
    return int(total)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _monomial_rows(sizes: IntArray, z: FloatArray, result: FloatArray) -> None:
    for row in range(z.shape[0]):
        fill_monomials(sizes, z[row], result[row])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def fill_monomials(sizes: IntArray, z: FloatArray, phi: FloatArray) -> None:
    """phi (monomials,) of one z, in the order of ``FieldShape.exponents``."""
    core, states = z.shape[0] - sizes[6], sizes[0] - sizes[6]
    phi[0] = 1.0
    if sizes[7] == 0:
        position = _grow(z[:core], sizes[2], 1, phi)
    else:
        position = _grow(z[:states], sizes[2], 1, phi)
        position = _grow(z[states:core], sizes[7], position, phi)
    for mode in range(core, z.shape[0]):
        phi[position] = z[mode]
        for v in range(core):
            phi[position + 1 + v] = z[mode] * z[v]
        position += 1 + core


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _grow(z: FloatArray, degree: int, width: int, phi: FloatArray) -> int:
    """Multiply the first ``width`` entries of phi by all monomials of z up to the degree; returns the new length."""
    below, position = 0, width
    for d in range(1, degree + 1):
        first, count = position, width
        for v in range(z.shape[0]):
            if v > 0:
                count = count * (v + d - 1) // v
            for j in range(count):
                phi[position + j] = phi[below + j] * z[v]
            position += count
        below = first
    return position


@njit(cache=True, fastmath=FAST, error_model="numpy")
def fill_slope(sizes: IntArray, z: FloatArray, phi: FloatArray, variable: int, slope: FloatArray) -> None:
    """d phi / d z_variable, built beside ``fill_monomials``."""
    core, states = z.shape[0] - sizes[6], sizes[0] - sizes[6]
    slope[0] = 0.0
    if sizes[7] == 0:
        position = _grow_slope(z[:core], (sizes[2], 1), phi, variable, slope)
    else:
        position = _grow_slope(z[:states], (sizes[2], 1), phi, variable, slope)
        position = _grow_slope(z[states:core], (sizes[7], position), phi, variable - states, slope)
    for mode in range(core, z.shape[0]):
        own = 1.0 if mode == variable else 0.0
        slope[position] = own
        for v in range(core):
            slope[position + 1 + v] = own * z[v] + (z[mode] if v == variable else 0.0)
        position += 1 + core


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _grow_slope(z: FloatArray, extent: tuple[int, int], phi: FloatArray, variable: int, slope: FloatArray) -> int:
    """The derivative of ``_grow``; ``extent`` is (degree, width), a variable that is not in z has no own part."""
    degree, width = extent
    below, position = 0, width
    for d in range(1, degree + 1):
        first, count = position, width
        for v in range(z.shape[0]):
            if v > 0:
                count = count * (v + d - 1) // v
            own = 1.0 if v == variable else 0.0
            for j in range(count):
                slope[position + j] = slope[below + j] * z[v] + own * phi[below + j]
            position += count
        below = first
    return position


@njit(cache=True, fastmath=FAST, error_model="numpy")
def tanh_all(values: FloatArray) -> None:
    """tanh in place, to 1e-15: Lambert's fraction n/d at x/16, then four times t -> 2t/(1 + t^2), kept as n and d."""
    for i in range(values.shape[0]):
        x = min(max(values[i], -20.0), 20.0) * 0.0625
        s = x * x
        n = x * (135135.0 + s * (17325.0 + s * (378.0 + s)))
        d = 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0))
        n, d = 2.0 * n * d, d * d + n * n
        n, d = 2.0 * n * d, d * d + n * n
        n, d = 2.0 * n * d, d * d + n * n
        n, d = 2.0 * n * d, d * d + n * n
        values[i] = n / d


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _affine(weights: FloatArray, x: FloatArray, result: FloatArray) -> None:
    """result = W x + b, where ``weights`` holds W row by row, then b; slices let the inner loop vectorise."""
    rows, columns = result.shape[0], x.shape[0]
    for i in range(rows):
        row = weights[i * columns : (i + 1) * columns]
        total = 0.0
        for j in range(columns):
            total += row[j] * x[j]
        result[i] = total + weights[rows * columns + i]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def field_value(
    sizes: IntArray, theta: FloatArray, z: FloatArray, phi: FloatArray, layer: FloatArray, out: FloatArray
) -> None:
    """f(z) into ``out``; ``phi`` (monomials,) and ``layer`` (layers + 2, width) keep the pass for ``field_tangent``."""
    states, count = sizes[0], sizes[3]
    fill_monomials(sizes, z, phi)
    for s in range(states):
        total = 0.0
        for j in range(count):
            total += theta[s * count + j] * phi[j]
        out[s] = total
    for j in range(z.shape[0]):
        layer[0, j] = z[j]
    if sizes[4] > 0:
        _add_network(sizes, theta, layer, out)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _add_network(sizes: IntArray, theta: FloatArray, layer: FloatArray, out: FloatArray) -> None:
    """Add the network's outputs; ``layer[0]`` is z, the others are filled."""
    states, depth, width = sizes[0], sizes[4], sizes[5]
    columns = states + sizes[1]
    offset = states * sizes[3]
    for k in range(depth):
        above = layer[k + 1, :width]
        _affine(theta[offset : offset + width * (columns + 1)], layer[k, :columns], above)
        tanh_all(above)
        offset += width * (columns + 1)
        columns = width
    last = layer[depth + 1, :states]
    _affine(theta[offset : offset + states * (width + 1)], layer[depth, :width], last)
    for s in range(states):
        out[s] += last[s]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def field_tangent(
    sizes: IntArray, theta: FloatArray, phi: FloatArray, layer: FloatArray, fz: FloatArray, ft: FloatArray
) -> None:
    """Derivatives of the last ``field_value``: ``fz`` (states, states) to the state, ``ft`` (states, P) to theta."""
    states, inputs, count, depth = sizes[0], sizes[1], sizes[3], sizes[4]
    ft[:, :] = 0.0
    slope = np.empty(count)
    for v in range(states):
        variable = v if v < states - sizes[6] else v + inputs
        fill_slope(sizes, layer[0, : states + inputs], phi, variable, slope)
        for s in range(states):
            fz[s, v] = np.dot(theta[s * count : (s + 1) * count], slope)
    for s in range(states):
        ft[s, s * count : (s + 1) * count] = phi
    if depth > 0:
        for s in range(states):
            _network_tangent(sizes, theta, layer, s, fz[s], ft[s])


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _network_tangent(
    sizes: IntArray, theta: FloatArray, layer: FloatArray, output: int, fz: FloatArray, ft: FloatArray
) -> None:
    """Back-propagation of one output of the network, added to ``fz`` (states,) and written to ``ft`` (P,)."""
    states, inputs, depth, width = sizes[0], sizes[1], sizes[4], sizes[5]
    variables = states + inputs
    offset = states * sizes[3] + width * (variables + 1) + (depth - 1) * width * (width + 1)
    ft[offset + states * width + output] = 1.0
    delta = np.empty(width)
    below = np.empty(max(width, variables))
    for i in range(width):
        ft[offset + output * width + i] = layer[depth, i]
        delta[i] = theta[offset + output * width + i] * (1.0 - layer[depth, i] ** 2)
    for k in range(depth - 1, -1, -1):
        columns = width if k > 0 else variables
        offset -= width * (columns + 1)
        below[:] = 0.0
        for i in range(width):
            ft[offset + width * columns + i] = delta[i]
            for j in range(columns):
                ft[offset + i * columns + j] = delta[i] * layer[k, j]
                below[j] += delta[i] * theta[offset + i * columns + j]
        if k > 0:
            for j in range(width):
                delta[j] = below[j] * (1.0 - layer[k, j] ** 2)
    for v in range(states):
        fz[v] += below[v if v < states - sizes[6] else v + inputs]
