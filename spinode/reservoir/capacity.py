"""How much of its past a reservoir holds: linear memory, and the information processing capacity of Dambre et al."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from types import MappingProxyType

import numpy as np
from scipy.stats import chi2

from spinode.signals import FloatArray

CHANCE = 1e-5
"""Probability at which a target of pure chance would be taken for a capacity."""
CUTOFF = 1e-9
"""Singular values of the states below this part of the largest are rounding, not information."""
EMPTY = 3
"""So many delays, one after the other, without any capacity end the search of a degree."""
MOST_TARGETS = 20_000
"""Targets of one degree at most."""
BATCH = 256
"""Targets that are scored together."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Linear memory: capacity of each delay 0, 1, ... (D,), and the threshold below which a value counts as zero."""

    by_delay: FloatArray
    threshold: float

    @property
    def total(self) -> float:
        """Sum over the delays >= 1: the present point is not memory."""
        return float(self.by_delay[1:].sum())


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Information processing capacity.

    by_degree
        Sum of the capacities of each degree 1, 2, ...
    by_delay
        Sum of the capacities by the largest delay in their target, 0, 1, ...
    rank
        Independent states: the bound of the total.
    threshold
        Least capacity that counts.
    targets
        Products that were tried.
    """

    by_degree: Mapping[int, float]
    by_delay: FloatArray
    rank: int
    threshold: float
    targets: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_degree", MappingProxyType(dict(self.by_degree)))

    @property
    def total(self) -> float:
        """Sum of all capacities, at most ``rank`` but for the scatter of a finite record."""
        return float(sum(self.by_degree.values()))


def memory_capacity(states: FloatArray, inputs: FloatArray, delays: int, training: int) -> Memory:
    """MC_d = rho^2(u(t - d), y_d(t)) of a linear readout y_d, on points that did not train it.

    Jaeger, GMD Report 152 (2001): 0 <= sum_d MC_d <= N. A value that chance gives once in ``1/CHANCE`` delays,
    rho^2 T > chi^2_1, is set to zero. Singular values of the training states below ``CUTOFF`` are left out.

    Parameters
    ----------
    states : array, shape (T, N)
        After a washout.
    inputs : array, shape (T,)
        Independent draws from one distribution.
    delays : int
        Longest delay; about twice the nodes, and fewer than the training points.
    training : int
        Points that train; those after them test.

    Raises
    ------
    ValueError
        If the shapes do not fit, or fewer points train or test than there are states or delays.
    """
    _check(states, inputs)
    if not (delays >= 1 and training > max(delays + states.shape[1], 1) and len(states) - training > delays):
        raise ValueError(
            f"memory_capacity.training must leave more points than {delays} delays to train {states.shape[1]} states"
            f" and to test them, got {training} of {len(states)}"
        )
    past = np.stack([inputs[delays - delay : len(inputs) - delay] for delay in range(delays + 1)], axis=1)
    seen, split = states[delays:], training - delays
    centre, level = seen[:split].mean(axis=0), past[:split].mean(axis=0)
    left, values, right = np.linalg.svd(_unit(seen[:split] - centre, seen[:split] - centre), full_matrices=False)
    kept = values > CUTOFF * values[0] if values.size else np.zeros(0, dtype=bool)
    weights = (right[kept].T / values[kept]) @ (left[:, kept].T @ (past[:split] - level))
    answers = _unit(seen[split:] - centre, seen[:split] - centre) @ weights
    answers, wanted = answers - answers.mean(axis=0), past[split:] - past[split:].mean(axis=0)
    size = np.sum(answers**2, axis=0) * np.sum(wanted**2, axis=0)
    squared = np.divide(np.sum(answers * wanted, axis=0) ** 2, size, out=np.zeros(delays + 1), where=size > 0)
    threshold = float(chi2.isf(CHANCE, 1) / len(wanted))
    return Memory(by_delay=np.where(squared > threshold, squared, 0.0), threshold=threshold)


def information_capacity(states: FloatArray, inputs: FloatArray, degree: int = 4, delays: int = 200) -> Capacity:
    """Capacities of all products of Legendre polynomials of past inputs up to a degree.

    C(z) = 1 - min_w <(z - w^T x)^2>/<z^2> for z = prod_d sqrt(2 n_d + 1) P_(n_d)(u(t - d)), u uniform in [-1, 1]:
    Dambre et al., Sci. Rep. 2, 514 (2012). The targets are orthogonal, so the sum is at most the rank of the states.
    With r independent states a target of pure chance has T C ~ chi^2_r: below the threshold of probability ``CHANCE``
    a capacity is zero, and above it the mean of chance, r/T, is taken off, (C - r/T)/(1 - r/T). The longest delay of a
    degree grows until ``EMPTY`` delays gave nothing.

    Parameters
    ----------
    states : array, shape (T, N)
        After a washout; T is best above a hundred N.
    inputs : array, shape (T,)
        Independent and uniform in [-1, 1].
    degree : int
        Highest sum of the n_d, >= 1.
    delays : int
        Longest delay that is tried, >= 0, below T/2.

    Raises
    ------
    ValueError
        If the shapes do not fit, an input leaves [-1, 1], or there are fewer than two points a state.
    """
    _check(states, inputs)
    if np.abs(inputs).max() > 1:
        raise ValueError(f"information_capacity.inputs must lie in [-1, 1], got {np.abs(inputs).max():g}")
    if degree < 1 or not 0 <= delays < len(inputs) // 2 or len(states) < 2 * states.shape[1] + delays:
        raise ValueError(
            f"information_capacity needs degree >= 1 and two points a state beyond the delays, got degree {degree},"
            f" {len(states)} points, {states.shape[1]} states and {delays} delays"
        )
    basis = _basis(states[delays:])
    points, rank = basis.shape
    threshold = float(chi2.isf(CHANCE, rank) / points) if rank else 1.0
    tables = _legendre(inputs, degree)
    by_degree, by_delay, tried = {}, np.zeros(delays + 1), 0
    for order in range(1, degree + 1):
        found, count = _one_degree(basis, tables, (order, delays, threshold))
        by_degree[order], by_delay, tried = float(found.sum()), by_delay + found, tried + count
    return Capacity(by_degree=by_degree, by_delay=by_delay, rank=rank, threshold=threshold, targets=tried)


def _one_degree(basis: FloatArray, tables: FloatArray, how: tuple[int, int, float]) -> tuple[FloatArray, int]:
    """Capacity of one degree by largest delay (D + 1,), and the targets tried; ``how``: degree, delays D, threshold."""
    order, delays, threshold = how
    found, count, empty = np.zeros(delays + 1), 0, 0
    for longest in range(delays + 1):
        for batch in _batches(order, longest):
            found[longest] += _counted(basis, _products(tables, batch, delays), threshold)
            count += len(batch)
        empty = 0 if found[longest] > 0 else empty + 1
        if empty == EMPTY or count >= MOST_TARGETS:
            break
    return found, count


def _batches(order: int, longest: int) -> Iterator[list[tuple[int, ...]]]:
    """Delays of the factors of all targets of a degree whose largest delay is this one, some at a time."""
    batch: list[tuple[int, ...]] = []
    for rest in combinations_with_replacement(range(longest + 1), order - 1):
        batch.append((*rest, longest))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _products(tables: FloatArray, batch: list[tuple[int, ...]], delays: int) -> FloatArray:
    """Targets (points, len(batch)): a delay that stands n times in a tuple is a factor of degree n."""
    points = tables.shape[1] - delays
    result = np.ones((points, len(batch)))
    for column, factors in enumerate(batch):
        for delay in set(factors):
            power = factors.count(delay)
            result[:, column] *= tables[power, delays - delay : delays - delay + points]
    return result


def _counted(basis: FloatArray, targets: FloatArray, threshold: float) -> float:
    """Sum of the capacities above the threshold, without the part that chance gives."""
    centred = targets - targets.mean(axis=0)
    capacity = np.sum((basis.T @ centred) ** 2, axis=0) / np.sum(centred**2, axis=0)
    chance = basis.shape[1] / basis.shape[0]
    kept = capacity[capacity > threshold]
    return float(np.sum((kept - chance) / (1 - chance)))


def _legendre(inputs: FloatArray, degree: int) -> FloatArray:
    """sqrt(2n + 1) P_n(u), shape (degree + 1, T), by Bonnet's recursion."""
    result = np.ones((degree + 1, len(inputs)))
    result[1] = inputs
    for n in range(1, degree):
        result[n + 1] = ((2 * n + 1) * inputs * result[n] - n * result[n - 1]) / (n + 1)
    return np.asarray(result * np.sqrt(2 * np.arange(degree + 1)[:, None] + 1))


def _basis(states: FloatArray) -> FloatArray:
    """Orthonormal columns that span the states without their means, (T, rank)."""
    centred = states - states.mean(axis=0)
    left, values, _ = np.linalg.svd(_unit(centred, centred), full_matrices=False)
    return np.asarray(left[:, values > max(CUTOFF * float(values.max(initial=0.0)), np.finfo(np.float64).tiny)])


def _unit(states: FloatArray, reference: FloatArray) -> FloatArray:
    """States over the deviation of a reference; a state that only rounds off is zero."""
    spread = reference.std(axis=0)
    alive = spread > 1e-12 * max(float(spread.max(initial=0.0)), np.finfo(np.float64).tiny)
    return np.asarray(states / np.where(alive, spread, np.inf))


def _check(states: FloatArray, inputs: FloatArray) -> None:
    if states.ndim != 2 or inputs.shape != (len(states),):
        raise ValueError(f"states must be (T, N) and inputs (T,), got {states.shape} and {inputs.shape}")
    if not (np.isfinite(states).all() and np.isfinite(inputs).all()):
        raise ValueError("states and inputs must be finite, got NaN or infinity")
