"""Hidden coordinates that the residual asks for: a pair of states that begins as a damped oscillation of the error.

A fit with too few states leaves an error e(t) along its windows that is itself a motion: another mode of the device,
excited by the drive. Two more states w = w1 + i w2 begin as that motion, and the fit does the rest:

e obeys e[i+1] = a e[i] + b e[i-1] with roots exp(lambda); dw/dt = z w and dy/dt = ... + g w1, with R(z) = exp(lambda),

where R(z) = 1 + z + z^2/2 + z^3/6 + z^4/24 is what one Runge-Kutta step makes of z, so that even a mode of three
samples a period starts with the right frequency and damping. With E(t) the analytic signal of e,
w = (z / |z|) E / std(e) and g = |z| std(e) reproduce e. Derived here; a test
recovers a hidden mode of a simulated device.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import hilbert

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.field import FieldShape

NEWTON_STEPS = 30
"""Iterations for z; it converges in fewer than ten for any stable root."""


def with_pair(shape: FieldShape) -> FieldShape:
    """The same field with two more modes."""
    return replace(shape, states=shape.states + 2, modes=shape.modes + 2)


def add_pair(data: Dataset, shape: FieldShape, theta: FloatArray, states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients and states of ``with_pair(shape)`` that begin with the motion in the largest error.

    Parameters
    ----------
    data : Dataset
        Training data.
    shape, theta : FieldShape, array
        Fitted field without a network.
    states : array, shape (N, S)
        States along its training windows.

    Returns
    -------
    theta, states
        Of the larger field; states have shape (N, S + 2).
    """
    count = data.record.outputs.shape[1]
    errors = data.record.outputs - states[:, :count]
    samples = data.samples(everything=False)
    output = int(np.argmax(errors[samples].std(axis=0)))
    spread = max(float(errors[samples, output].std()), 1e-9)
    rate = _rate(errors[:, output], data)
    larger = with_pair(shape)
    matrix = _embedded(shape, larger, theta)
    column = {exponent: number for number, exponent in enumerate(larger.exponents)}
    row = shape.states
    real, imaginary = column[(larger.variables - 2,)], column[(larger.variables - 1,)]
    matrix[output, real] = abs(rate) * spread
    matrix[row, real] = matrix[row + 1, imaginary] = rate.real
    matrix[row, imaginary], matrix[row + 1, real] = -rate.imag, rate.imag
    motion = _analytic(errors[:, output], data) * (rate / abs(rate) / spread)
    known = states.copy()
    known[:, output] = data.record.outputs[:, output]
    return matrix.ravel(), np.column_stack([known, motion.real, motion.imag])


def _rate(error: FloatArray, data: Dataset) -> complex:
    """z of the motion in the error, from a second-order recursion over the training parts."""
    rows = [error[piece.first : piece.held] for piece in data.pieces]
    target = np.concatenate([row[2:] for row in rows])
    past = np.concatenate([np.column_stack([row[1:-1], row[:-2]]) for row in rows])
    first, second = np.linalg.lstsq(past, target, rcond=None)[0]
    root = np.roots([1.0, -first, -second])[0]
    size = float(np.clip(abs(root), 0.1, 0.999))
    exponent = complex(np.log(size), max(abs(np.angle(root)), 0.05))
    return _stepped(exponent)


def _stepped(exponent: complex) -> complex:
    """z with R(z) = exp(exponent), by Newton's method from z = exponent."""
    z = exponent
    for _ in range(NEWTON_STEPS):
        value = 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24
        z = z - (value - np.exp(exponent)) / (1 + z + z**2 / 2 + z**3 / 6)
    return z if np.isfinite(z) else exponent


def _embedded(shape: FieldShape, larger: FieldShape, theta: FloatArray) -> FloatArray:
    """Coefficients of the smaller polynomial in the larger one, shape (S + 2, monomials)."""
    small = theta[: shape.states * shape.monomials].reshape(shape.states, shape.monomials)
    result = np.zeros((larger.states, larger.monomials))
    result[: shape.states, : shape.monomials] = small  # modes come last, so every old monomial keeps its place
    return result


def _analytic(error: FloatArray, data: Dataset) -> NDArray[np.complex128]:
    """Analytic signal of the error, trace by trace."""
    result = np.zeros(len(error), dtype=np.complex128)
    for piece in data.pieces:
        result[piece.first : piece.last] = hilbert(error[piece.first : piece.last])
    return result
