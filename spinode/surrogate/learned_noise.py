"""The learned noise of a surrogate: what drives its state at random, and what is added to its outputs afterwards.

dx = f(x, u) dt + b(x, u) dW (Stratonovich),  y_i = x(t_i) + e_i,  e_i ~ N(0, r),

with one independent Wiener process a state, x and u in scaled units and time in samples. The variance of the process
noise is log-linear, b_s^2 = exp(a_s0 + sum_v a_sv z_v), z = (states, inputs), so it is positive whatever is fitted; the
exponent is kept within what training saw. Measurement noise r is one variance an output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from spinode.signals import FloatArray
from spinode.surrogate.field import FAST

SILENT = -80.0
"""Log-variance at and below which a state has no noise: 1e-35 of the outputs' variance a sample is nothing at all."""
MOST_SUBSTEPS = 64
"""Heun steps a sample at most; more are needed only where a motion is sampled too coarsely to be learned."""


@dataclass(frozen=True, kw_only=True)
class LearnedNoise:
    """Process and measurement noise of a surrogate with S states, I inputs (static parameters too) and O outputs.

    Parameters
    ----------
    exponents : array, shape (S, 1 + S + I)
        a: log-variance a sample of each state's noise at z = 0, then its slopes along states and inputs.
    bounds : array, shape (S, 2)
        Least and largest log-variance that training saw; the exponent is clipped to them.
    measurement : array, shape (O,)
        r: variance of the noise on each output, in units of the output's own variance, >= 0.
    substeps : int
        Heun steps a sample with which ``simulate`` follows the equations closely enough, 1 to 64.

    Raises
    ------
    ValueError
        If a number or a shape breaks its rule.
    """

    exponents: FloatArray
    bounds: FloatArray
    measurement: FloatArray
    substeps: int = 1

    def __post_init__(self) -> None:
        states = len(self.exponents)
        ordered = self.bounds.shape == (states, 2) and bool((self.bounds[:, 0] <= self.bounds[:, 1]).all())
        finite = all(np.isfinite(part).all() for part in (self.exponents, self.bounds, self.measurement))
        rules = (
            ("exponents", self.exponents.ndim == 2 and self.exponents.shape[1] > states > 0, "(S, 1 + S + I)"),
            ("bounds", ordered, "(S, 2) with rising rows"),
            (
                "measurement",
                self.measurement.ndim == 1 and bool((self.measurement >= 0).all()),
                "(O,) and not negative",
            ),
        )
        for name, holds, rule in rules:
            if not (holds and finite):
                value = np.array2string(getattr(self, name), threshold=8)
                raise ValueError(f"LearnedNoise.{name} must be {rule} and finite, got {' '.join(value.split())}")
        if not 1 <= self.substeps <= MOST_SUBSTEPS:
            raise ValueError(f"LearnedNoise.substeps must be 1 to {MOST_SUBSTEPS}, got {self.substeps}")

    def check(self, states: int, inputs: int, outputs: int) -> None:
        """Raise ValueError in one line if the noise is not that of a field with these sizes."""
        got = (*self.exponents.shape, *self.measurement.shape)
        if got != (states, 1 + states + inputs, outputs):
            raise ValueError(
                f"Surrogate.noise must belong to a field of {states} states, {inputs} inputs and {outputs} outputs,"
                f" got exponents of shape {self.exponents.shape} and {self.measurement.size} measurement variances"
            )

    @property
    def driven(self) -> bool:
        """Whether any state has process noise."""
        return bool((self.bounds[:, 1] > SILENT).any())

    def packed(self) -> FloatArray:
        """Exponents, then bounds, row by row: what the kernel and the filter read."""
        return np.concatenate([self.exponents.ravel(), self.bounds.ravel()])

    def process_variance(self, states: FloatArray, inputs: FloatArray) -> FloatArray:
        """b^2 a sample at states (N, S) and inputs (N, I), shape (N, S)."""
        z = np.column_stack([np.ones(len(states)), states, inputs])
        found: FloatArray = np.clip(z @ self.exponents.T, self.bounds[:, 0], self.bounds[:, 1])
        return np.where(found > SILENT, np.exp(found), 0.0)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def fill_variance(noise: FloatArray, x: FloatArray, u: FloatArray, b2: FloatArray, drift: FloatArray) -> None:
    """b^2 (S,) of each state's noise, and the drift b^2 a_ss / 4 that its dependence on its own state brings."""
    states, columns = x.shape[0], 1 + x.shape[0] + u.shape[0]
    for s in range(states):
        row = s * columns
        total = noise[row]
        for v in range(states):
            total += noise[row + 1 + v] * x[v]
        for c in range(u.shape[0]):
            total += noise[row + 1 + states + c] * u[c]
        low, high = noise[states * columns + 2 * s], noise[states * columns + 2 * s + 1]
        inside = low < total < high
        total = min(max(total, low), high)
        b2[s] = np.exp(total) if total > SILENT else 0.0
        drift[s] = 0.25 * b2[s] * noise[row + 1 + s] if inside else 0.0
