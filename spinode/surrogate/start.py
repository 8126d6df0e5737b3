"""The state a free run starts from: the measured warm-up and the encoder's guess, weighed by their errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinode.signals import FloatArray

PLAIN = 6
"""Gauss-Newton steps; two are enough unless the guess is far off."""
MOST = 30
"""Most damped steps."""
SMALL_GAIN = 1e-4
"""A damped step that lowers the misfit by less than this part is the last."""
DAMPINGS = (0.0, 1e-3, 1e-1, 1e1, 1e3)
"""Dampings that are tried in turn until a step lowers the misfit."""
GOOD = 4.0
"""Mean square of the weighed residuals, 1 where errors are as stated, up to which no other minimum is looked for."""
BETTER = 0.5
"""Part of the least mean square so far below which another minimum is another answer and not the same one again."""
NUDGE = 1e-6
"""Change of a state for its numerical derivative, in scaled units."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """A state and what is not known of it.

    Parameters
    ----------
    state : array, shape (S,)
        Where the free run begins: the state at the end of the warm-up.
    root : array, shape (S, S)
        A square root of its covariance, so that ``state + root @ z`` with z standard normal is a state that fits the
        warm-up and the encoder as well; zeros where it is not known.
    """

    state: FloatArray
    root: FloatArray


def smoothed_state(
    run: Callable[[FloatArray], FloatArray],
    outputs: FloatArray,
    guess: FloatArray,
    spread: FloatArray,
    error: float,
) -> FloatArray:
    """State at the end of the warm-up, as ``smoothed_start`` finds it, without its covariance; shape (S,)."""
    return smoothed_start(run, outputs, guess, spread, error).state


def smoothed_start(
    run: Callable[[FloatArray], FloatArray],
    outputs: FloatArray,
    guess: FloatArray,
    spread: FloatArray,
    error: float,
) -> Start:
    """State at the end of the warm-up that fits both its measured outputs and the encoder.

    Minimises |y(x0) - outputs|^2 / error^2 + |(x_end(x0) - guess) / spread|^2 over the state x0 at the first sample by
    Gauss-Newton, and by Levenberg-Marquardt where that finds no good fit: the maximum-likelihood state for independent
    normal errors (derived here). A jump of the drive inside the warm-up, which the encoder has not been trained on, is
    then followed by the field itself. With J the derivative of the residuals and E that of the last state to x0, the
    covariance is E (J^T J)^-1 E^T, times the mean square of the residuals where that exceeds 1 (Birge, Phys. Rev. 40,
    207 (1932)): a start that fits badly is unsure.

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
    Start
        The guess itself, with ``spread``, where no better state is found.
    """
    unknown = Start(state=guess, root=np.diag(spread))
    if len(outputs) < 2:
        return unknown

    def misfit(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        states = run(x)
        parts = [((states[:, : outputs.shape[1]] - outputs) / error).ravel(), (states[-1] - guess) / spread]
        return np.concatenate(parts), states[-1]

    with np.errstate(over="ignore", invalid="ignore"):
        x = _best(lambda state: misfit(state)[0], outputs[0], guess)
        residual, last = misfit(x)
        if not np.isfinite(residual).all():
            return unknown
        jacobian = _slopes(lambda state: misfit(state)[0], x, residual)
        end = _slopes(lambda state: misfit(state)[1], x, last)
        known = np.isfinite(jacobian).all() and np.isfinite(end).all()
        excess = np.sqrt(max(float(np.mean(residual**2)), 1.0))
        return Start(state=last, root=excess * _root(jacobian, end) if known else np.zeros_like(unknown.root))


def _best(misfit: Callable[[FloatArray], FloatArray], first: FloatArray, guess: FloatArray) -> FloatArray:
    """The minimum that plain steps find, or a much better one: damped from the guess, or from hidden states of zero.

    The later ones are looked for only where those before are no good fit.
    """
    found, least = guess, np.inf  # kept where every run diverges
    for method, hidden in ((_plain, guess), (_damped, guess), (_damped, np.zeros_like(guess))):
        x = hidden.copy()
        x[: len(first)] = first
        x = method(misfit, x)
        square = float(np.mean(misfit(x) ** 2))
        if square < BETTER * least:
            found, least = x, square
        if least < GOOD:
            break
    return found


def _plain(misfit: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """A few Gauss-Newton steps, whether they lower the misfit or not; stopped where a run leaves the numbers."""
    for _ in range(PLAIN):
        residual = misfit(x)
        jacobian = _slopes(misfit, x, residual)
        if not (np.isfinite(jacobian).all() and np.isfinite(residual).all()):
            break
        x = x - _step(jacobian, residual, 0.0)
    return x


def _damped(misfit: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """Where the sum of squares no longer falls; a step that would raise it is shortened, so that no start is lost."""
    residual, first = misfit(x), 1
    for _ in range(MOST):
        jacobian = _slopes(misfit, x, residual)
        if not (np.isfinite(jacobian).all() and np.isfinite(residual).all()):
            break
        before = float(residual @ residual)
        for trial in range(first, len(DAMPINGS)):
            moved = x - _step(jacobian, residual, DAMPINGS[trial])
            left = misfit(moved)
            if float(left @ left) < before:
                break
        else:
            break
        x, residual, first = moved, left, max(trial - 1, 0)
        if float(left @ left) > before * (1.0 - SMALL_GAIN):
            break
    return x


def _step(jacobian: FloatArray, residual: FloatArray, damping: float) -> FloatArray:
    """Least-squares step, every coordinate damped by its own scale (Marquardt, J. SIAM 11, 431 (1963))."""
    if damping > 0:
        scale = np.sqrt(damping * (jacobian**2).sum(axis=0))
        jacobian, residual = np.vstack([jacobian, np.diag(scale)]), np.append(residual, np.zeros(len(scale)))
    step: FloatArray = np.asarray(np.linalg.lstsq(jacobian, residual, rcond=None)[0], dtype=np.float64)
    return step


def _slopes(function: Callable[[FloatArray], FloatArray], x: FloatArray, value: FloatArray) -> FloatArray:
    """Numerical derivative (R, S) of a function that gives ``value`` (R,) at x."""
    return np.column_stack([(function(x + NUDGE * row) - value) / NUDGE for row in np.eye(len(x))])


def _root(jacobian: FloatArray, end: FloatArray) -> FloatArray:
    """R with R R^T = end (J^T J)^-1 end^T: end V / s for the singular values s of J, the vanishing ones left out."""
    _, sizes, rows = np.linalg.svd(jacobian, full_matrices=False)
    kept = sizes > 1e-10 * sizes[0]
    root = end @ (rows.T * np.where(kept, 1.0 / np.where(kept, sizes, 1.0), 0.0))
    return np.asarray(root, dtype=np.float64)
