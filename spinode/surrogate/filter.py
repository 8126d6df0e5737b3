"""Extended Kalman filter of a field with noise: the likelihood of a trace, one-step predictions, and their slopes.

Between two samples the mean takes the same Runge-Kutta step as a free run, plus the drift that goes with Stratonovich
noise of variable strength, b_s^2 a_ss / 4; the covariance follows the step's exact Jacobian,

P' = J P J^T + Q,   Q = integral of Phi(s) b b^T Phi(s)^T ds over the sample, by Simpson's rule,

so a relaxation, a rotation, or a change of b within a sample is taken into account. Outputs are worked in in turn,
which needs no matrix inverse (their noises are independent): e = y - x, s = P + r, K = P/s, x += K e, P -= s K K^T.
The log-likelihood is -(1/2) sum [log(2 pi s) + e^2/s] (Schweppe 1965). Slopes of e to the coefficients theta follow
the recursion with the gain K held (derived here); at the right noise the terms left out have the mean zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from spinode.signals import FloatArray
from spinode.surrogate.field import FAST, field_tangent, field_value
from spinode.surrogate.learned_noise import fill_variance
from spinode.surrogate.polynomial_step import polynomial_step, polynomial_workspace
from spinode.surrogate.rollout import TABLEAU, WEIGHTS, _apply, combine, finish_step, stage_point

ROWS = 256
"""Innovations whose slopes are gathered before they are multiplied."""


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _step(model: Any, x: FloatArray, drive: FloatArray, tangent: FloatArray, work: Any) -> None:
    """One Runge-Kutta step of x and of tangent (S, size + S), in place; the mean Jacobian of the step into work[5]."""
    sizes, theta = model[0], model[1]
    phi, layer, z, k, kt, mean, fz, ft, inner = work
    states = x.shape[0]
    size = tangent.shape[1] - states
    mean[:, :] = 0.0
    for stage in range(4):
        stage_point(z, x, k, stage, drive, sizes[6])
        field_value(sizes, theta, z, phi, layer, k[stage])
        field_tangent(sizes, theta, phi, layer, fz, ft)
        combine(inner, tangent, kt, TABLEAU[stage, :stage])
        _apply(fz, inner, ft[:, :size], kt[stage])
        for r in range(states):
            for c in range(states):
                mean[r, c] += WEIGHTS[stage] * fz[r, c]
    finish_step(x, x, k)
    combine(tangent, tangent, kt, WEIGHTS)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _half(mean: FloatArray, half: FloatArray, spare: FloatArray) -> None:
    """exp(mean/2) to fourth order: what the step does to a disturbance from its middle on."""
    states = mean.shape[0]
    half[:, :] = 0.0
    for s in range(states):
        half[s, s] = 1.0
    for order in range(4, 0, -1):
        for r in range(states):
            for c in range(states):
                total = 0.0
                for s in range(states):
                    total += mean[r, s] * half[s, c]
                spare[r, c] = total * (0.5 / order) + (1.0 if r == c else 0.0)
        half[:, :] = spare


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _spread(whole: FloatArray, half: FloatArray, strength: FloatArray, cov: FloatArray, spare: FloatArray) -> None:
    """cov = J cov J^T + Q in place, with J = whole; ``strength`` (2, S) is b^2 at the two ends of the step."""
    states = cov.shape[0]
    for r in range(states):
        for c in range(states):
            total = 0.0
            for s in range(states):
                total += whole[r, s] * cov[s, c]
            spare[r, c] = total
    for r in range(states):
        for c in range(r + 1):
            total = strength[1, r] / 6.0 if r == c else 0.0
            for s in range(states):
                total += spare[r, s] * whole[c, s]
                middle = np.sqrt(strength[0, s] * strength[1, s])
                total += (strength[0, s] * whole[r, s] * whole[c, s] + 4.0 * middle * half[r, s] * half[c, s]) / 6.0
            cov[r, c] = cov[c, r] = total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _take(sample: FloatArray, measurement: FloatArray, state: Any, rows: Any) -> None:
    """Work one sample's outputs in; ``rows`` (error, spread, slopes) receives one line an output."""
    x, cov, slopes, gain = state
    error, spread, kept = rows
    states = x.shape[0]
    for o in range(sample.shape[0]):
        e, s = sample[o] - x[o], cov[o, o] + measurement[o]
        error[o], spread[o] = e, s
        kept[o] = slopes[o]
        for r in range(states):
            gain[r] = cov[r, o] / s
            x[r] += gain[r] * e
            for j in range(slopes.shape[1]):
                slopes[r, j] -= gain[r] * kept[o, j]
        for r in range(states):
            for c in range(states):
                cov[r, c] -= s * gain[r] * gain[c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _workspace(sizes: Any, size: int, full: int) -> Any:
    states, variables = sizes[0], sizes[0] + sizes[1]
    return (
        np.empty(sizes[3]), np.zeros((sizes[4] + 2, max(sizes[5], variables))), np.empty(variables),
        np.empty((4, states)), np.empty((4, states, size + states)), np.empty((states, states)),
        np.empty((states, states)), np.empty((states, full)), np.empty((states, size + states)),
    )  # fmt: skip


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _correct(i: int, outputs: FloatArray, measurement: FloatArray, state: Any, rows: Any) -> None:
    """Work sample i in, without slopes."""
    x, cov, gain = state
    errors, spreads = rows
    for o in range(outputs.shape[1]):
        e, s = outputs[i, o] - x[o], cov[o, o] + measurement[o]
        errors[i, o], spreads[i, o] = e, s
        for r in range(x.shape[0]):
            gain[r] = cov[r, o] / s
            x[r] += gain[r] * e
        for r in range(x.shape[0]):
            for c in range(x.shape[0]):
                cov[r, c] -= s * gain[r] * gain[c]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _unit(matrix: FloatArray) -> None:
    matrix[:, :] = 0.0
    for r in range(matrix.shape[0]):
        matrix[r, r] = 1.0


@njit(cache=True, fastmath=FAST, error_model="numpy")
def filter_trace(model: Any, data: Any, start: Any, found: Any) -> None:
    """Run the filter along one trace.

    ``model`` is (sizes, theta, noise as ``LearnedNoise.packed``, measurement (O,)), ``data`` (outputs (T, O), drive
    (T, 4, I)), ``start`` (state (S,), covariance (S, S)) before the first sample. ``found`` is filled: errors and their
    variances given the outputs before them in the same sample (T, O), prediction and its variance given the samples
    before (T, O), and states after each sample (T, S).
    """
    sizes, theta, noise, measurement = model
    outputs, drive = data
    errors, spreads, predicted, variance, seen = found
    states, count = sizes[0], outputs.shape[1]
    x, cov = start[0].copy(), start[1].copy()
    work, quick = _workspace(sizes, 0, theta.shape[0]), polynomial_workspace(sizes)
    whole, half, spare = np.empty((states, states)), np.empty((states, states)), np.empty((states, states))
    gain, b2, drift = np.empty(states), np.empty((2, states)), np.empty(states)
    for i in range(outputs.shape[0]):
        predicted[i] = x[:count]
        for o in range(count):
            variance[i, o] = cov[o, o] + measurement[o]
        _correct(i, outputs, measurement, (x, cov, gain), (errors, spreads))
        seen[i] = x
        fill_variance(noise, x, drive[i, 0], b2[0], drift)
        if sizes[4] > 0 or sizes[7] > 0:
            _unit(whole)
            _step(model, x, drive[i], whole, work)
            _half(work[5], half, spare)
        else:
            polynomial_step(model, x, drive[i], whole, quick)
            _half(quick[6], half, spare)
        x += drift
        fill_variance(noise, x, drive[i, 3], b2[1], drift)
        _spread(whole, half, b2, cov, spare)


@njit(cache=True, fastmath=FAST, error_model="numpy")
def filter_slopes(model: Any, data: Any, start: Any, scored: Any, normal: Any) -> None:
    """Sum the normal equations of the innovations: square += J^T J / s and gradient += J^T e / s with J = de/d theta.

    Arguments as in ``filter_trace``; ``scored`` (first, last) are the samples that count, ``normal`` is (square (P, P),
    gradient (P,)).
    """
    sizes, theta, noise, measurement = model
    outputs, drive = data
    square, gradient = normal
    states, count, size = sizes[0], outputs.shape[1], theta.shape[0]
    x, cov = start[0].copy(), start[1].copy()
    work = _workspace(sizes, size, size)
    slopes, half = np.zeros((states, size)), np.empty((states, states))
    tangent, whole, spare = np.empty((states, size + states)), np.empty((states, states)), np.empty((states, states))
    gain, b2, drift = np.empty(states), np.empty((2, states)), np.empty(states)
    error, spread, kept = np.empty(count), np.empty(count), np.empty((count, size))
    rows, right, filled = np.zeros((ROWS + count, size)), np.zeros(ROWS + count), 0
    for i in range(scored[1]):
        _take(outputs[i], measurement, (x, cov, slopes, gain), (error, spread, kept))
        if i >= scored[0]:
            for o in range(count):
                rows[filled] = -kept[o] / np.sqrt(spread[o])
                right[filled] = error[o] / np.sqrt(spread[o])
                filled += 1
        if filled >= ROWS or i == scored[1] - 1:
            square += rows[:filled].T @ rows[:filled]
            gradient += rows[:filled].T @ right[:filled]
            filled = 0
        tangent[:, :size] = slopes
        tangent[:, size:] = 0.0
        for s in range(states):
            tangent[s, size + s] = 1.0
        fill_variance(noise, x, drive[i, 0], b2[0], drift)
        _step(model, x, drive[i], tangent, work)
        x += drift
        fill_variance(noise, x, drive[i, 3], b2[1], drift)
        slopes[:, :] = tangent[:, :size]
        whole[:, :] = tangent[:, size:]
        _half(work[5], half, spare)
        _spread(whole, half, b2, cov, spare)
