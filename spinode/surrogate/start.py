"""The state a free run starts from: the measured warm-up and the encoder's guess, weighed by their errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinode.signals import FloatArray

ITERATIONS = 6
"""Gauss-Newton steps; a warm-up is so short that two are enough."""
NUDGE = 1e-6
"""Change of a state for its numerical derivative, in scaled units."""


def smoothed_state(
    run: Callable[[FloatArray], FloatArray],
    outputs: FloatArray,
    guess: FloatArray,
    spread: FloatArray,
    error: float,
) -> FloatArray:
    """State at the end of the warm-up that fits both its measured outputs and the encoder.

    Minimises |y(x0) - outputs|^2 / error^2 + |(x_end(x0) - guess) / spread|^2 over the state x0 at the first sample by
    Gauss-Newton: the maximum-likelihood state for independent normal errors (derived here). A jump of the drive inside
    the warm-up, which the encoder has not been trained on, is then followed by the field itself.

    Parameters
    ----------
    run : callable
        States (W, S) of the surrogate over the warm-up from a state at its first sample.
    outputs : array, shape (W, O)
        Measured, scaled.
    guess, spread : array, shape (S,)
        The encoder's state at the last sample and its root mean square error.
    error : float
        Root mean square error of the surrogate along training windows, > 0.

    Returns
    -------
    array, shape (S,)
        The guess itself where no better state is found.
    """
    if len(outputs) < 2:
        return guess
    count = outputs.shape[1]

    def misfit(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        states = run(x)
        parts = [((states[:, :count] - outputs) / error).ravel(), (states[-1] - guess) / spread]
        return np.concatenate(parts), states[-1]

    x = guess.copy()
    x[:count] = outputs[0]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(ITERATIONS):
            residual, _ = misfit(x)
            slopes = [(misfit(x + NUDGE * row)[0] - residual) / NUDGE for row in np.eye(len(x))]
            jacobian = np.column_stack(slopes)
            if not (np.isfinite(jacobian).all() and np.isfinite(residual).all()):
                return guess
            x = x - np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        residual, last = misfit(x)
    return last if np.isfinite(residual).all() else guess
