"""What a linear device remembers, in closed form: the theory that a measured memory is held against."""

from __future__ import annotations

import numpy as np

from spinode.signals import FloatArray

DEEPEST = 100_000
"""Points of the past that are summed at most."""
FAINT = 1e-18
"""Past points are summed until the slowest mode has decayed to this."""
CUTOFF = 1e-9
"""Directions of the state below this part of the largest are rounding, as in ``capacity``."""


def linear_loop(mask: FloatArray, decay: float, feedback: float, delay: int) -> tuple[FloatArray, FloatArray]:
    """Matrix A and vector b of z(k) = A z(k - 1) + b u(k), z the last max(N, D) readings at the ends of holds.

    A device that relaxes to its drive, lambda = exp(-theta/tau), with the drive of ``Reservoir`` (derived here):

        y_n = lambda y_(n-1) + (1 - lambda) [(1 - |g|) m_j u(k) + g y_(n-D)],  n = k N + j.

    - g = 0: every reading is a sum of u(k) and of y at the end of point k - 1, which is z(k) = q z(k - 1) + c u(k) with
      q = lambda^N. Two dimensions, so MC_0 = 1 and MC_d = (1 - q^2) q^(2(d-1)): 1 altogether, however short the memory
      of the device, as long as nothing is lost in noise; and 0 for lambda = 0.
    - lambda = 0, D = N: y_j(k) = (1 - |g|) m_j sum_d g^d u(k - d). One dimension: MC_d = (1 - g^2) g^(2d), so N nodes
      remember g^2 of a point.
    - lambda = 0, D = N + 1: node j gets what node j - 1 had at the point before, m_j no longer is a common factor, and
      with a mask whose shifts are independent the rank and the total with MC_0 are N.

    Parameters
    ----------
    mask : array, shape (N,)
        m_j.
    decay : float
        lambda, 0 <= lambda < 1.
    feedback : float
        g, -1 < g < 1.
    delay : int
        D in holds, >= 1.

    Returns
    -------
    A : array, shape (M, M)
    b : array, shape (M,)
        M = max(N, D); the last N entries of z are the nodes of point k.
    """
    if not (0 <= decay < 1 and -1 < feedback < 1 and delay >= 1):
        raise ValueError(
            f"linear_loop needs 0 <= decay < 1, -1 < feedback < 1 and delay >= 1, got {decay}, {feedback} and {delay}"
        )
    size = max(len(mask), delay)
    rows = [*np.eye(size, size + 1)]  # the last column is the present input
    present = np.eye(size + 1)[-1]
    for weight in mask:
        drive = (1 - abs(feedback)) * weight * present + feedback * rows[-delay]
        rows.append(decay * rows[-1] + (1 - decay) * drive)
    result = np.array(rows[-size:])
    return result[:, :-1], result[:, -1]


def linear_memory(
    step: FloatArray, gain: FloatArray, delays: int, seen: int | None = None, noise: float = 0.0
) -> FloatArray:
    """MC_d of a linear reservoir z(k) = A z(k - 1) + b u(k), d = 0, ..., delays, shape (delays + 1,).

    MC_d = w_d^T (S + s I)^+ w_d with w_d the seen part of A^d b and S = sum_d w_d w_d^T (derived here; Jaeger, GMD
    Report 152 (2001) has it for states that are all seen, without noise). Without noise the sum over all delays is the
    rank of S.

    Parameters
    ----------
    step : array, shape (M, M)
        A, with all eigenvalues inside the unit circle.
    gain : array, shape (M,)
        b.
    delays : int
        Longest delay, >= 0.
    seen : int, optional
        The last so many states are read; all where left out.
    noise : float
        s: variance of independent noise on each reading, over that of the input, >= 0.

    Raises
    ------
    ValueError
        If an eigenvalue is on or outside the unit circle.
    """
    radius = float(np.abs(np.linalg.eigvals(step)).max(initial=0.0))
    if not radius < 1:
        raise ValueError(f"linear_memory.step must have eigenvalues inside the unit circle, got one of size {radius:g}")
    more = len(step) if radius < 1e-3 else int(np.ceil(np.log(FAINT) / np.log(radius)))
    traces = np.empty((min(delays + 1 + more, DEEPEST), len(gain)))
    trace = np.asarray(gain, dtype=np.float64)
    for delay in range(len(traces)):
        traces[delay] = trace
        trace = step @ trace
    left, values, _ = np.linalg.svd(traces[:, -(seen or len(gain)) :], full_matrices=False)
    kept = values > CUTOFF * values[0]
    share = values[kept] ** 2 / (values[kept] ** 2 + noise)
    return np.asarray(left[: delays + 1, kept] ** 2 @ share)
