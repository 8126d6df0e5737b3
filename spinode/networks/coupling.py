"""How oscillators act on each other and are acted on: mean fields, sparse matrices and tones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from spinode.signals import FloatArray

Numbers = float | ArrayLike
"""One number for all oscillators, or an array with one each."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeanField:
    """Every oscillator hears the same weighted sum of all signals, itself included.

    u_i(t) += gain_i sum_j weight_j y_j(t - delay) on the input ``target``; y_j is the weighted sum ``source`` of the
    outputs and states of oscillator j. It costs O(N) a stage.

    Parameters
    ----------
    source : mapping of str to float
        Weight of each output or state, by name. Where x and y turn, {"x": cos b, "y": -sin b} is a signal that leads by
        the phase b: see ``quadrature``.
    target : str
        Input channel that the coupling is added to.
    gain, weight : float or array, shape (N,)
        Of each listener, in units of the target over those of the source; of each sender, 1/N where left out.
    delay : float
        Of the signal [s], 0 or at least a solver step. The line is empty at the start.

    Raises
    ------
    ValueError
        If a number is not finite or the delay is negative.
    """

    source: Mapping[str, float]
    target: str
    gain: Numbers = 1.0
    weight: Numbers | None = None
    delay: float = 0.0

    def __post_init__(self) -> None:
        _check_source(self)
        object.__setattr__(self, "gain", numbers_of(self, "gain", self.gain))
        if self.weight is not None:
            object.__setattr__(self, "weight", numbers_of(self, "weight", self.weight))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MatrixCoupling:
    """Every oscillator hears its own weighted sum of the signals of others: any matrix, dense or sparse.

    u_i(t) += sum_j matrix_ij y_j(t - delay) on the input ``target``, with y as in ``MeanField``. It costs O(entries
    that are not 0) a stage.

    Parameters
    ----------
    matrix : array or scipy sparse matrix, shape (N, N)
        In units of the target over those of the source.
    source, target, delay
        As in ``MeanField``.

    Raises
    ------
    ValueError
        If the matrix is not square or not finite, or the delay is negative.
    """

    matrix: Any
    source: Mapping[str, float]
    target: str
    delay: float = 0.0

    def __post_init__(self) -> None:
        _check_source(self)
        shape = getattr(self.matrix, "shape", np.shape(self.matrix))
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"MatrixCoupling.matrix must be square, one row an oscillator, got shape {shape}")
        rows = sparse.csr_array(self.matrix, dtype=np.float64)
        rows.eliminate_zeros()
        rows.sort_indices()
        if not np.isfinite(rows.data).all():
            raise ValueError("MatrixCoupling.matrix must have finite entries, got one that is not; try 0 for no link")
        object.__setattr__(self, "matrix", rows)


Coupling = MeanField | MatrixCoupling


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tone:
    """An injected microwave signal, made in the loop: u_i(t) += amplitude_i cos(2 pi frequency_i t + phase_i).

    t is the time of the drive, whose first sample is at ``Signal.start``.

    Parameters
    ----------
    target : str
        Input channel that it is added to.
    frequency : float or array, shape (N,)
        [Hz], >= 0.
    amplitude : float or array, shape (N,)
        In the unit of the target.
    phase : float or array, shape (N,)
        [rad].

    Raises
    ------
    ValueError
        If a number is not finite, or a frequency negative.
    """

    target: str
    frequency: Numbers
    amplitude: Numbers
    phase: Numbers = 0.0

    def __post_init__(self) -> None:
        for name in ("frequency", "amplitude", "phase"):
            object.__setattr__(self, name, numbers_of(self, name, getattr(self, name)))
        if np.min(np.asarray(self.frequency)) < 0:
            raise ValueError(f"Tone.frequency must be 0 Hz or above, got {np.min(np.asarray(self.frequency)):g}")


def quadrature(along: str, across: str, angle: float) -> dict[str, float]:
    """Source of ``MeanField`` that is Re[(along + i across) e^(i angle)]: cos(angle) along - sin(angle) across."""
    return {along: float(np.cos(angle)), across: -float(np.sin(angle))}


def numbers_of(owner: object, name: str, value: Numbers) -> FloatArray:
    """A number or one each as a finite array, or the error of the field."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array(np.nan)
    if array.ndim > 1 or not np.isfinite(array).all():
        text = f"{value!r}".replace("\n", " ")[:60]
        raise ValueError(f"{type(owner).__name__}.{name} must be a finite number, or one an oscillator, got {text}")
    return array


def _check_source(owner: Coupling) -> None:
    name = type(owner).__name__
    if not isinstance(owner.source, Mapping) or not owner.source:
        raise ValueError(
            f"{name}.source must be a weight for each output or state, got {owner.source!r}; try {{'x': 1}}"
        )
    bad = [key for key, weight in owner.source.items() if not np.isfinite(weight)]
    if bad:
        raise ValueError(f"{name}.source must have finite weights, got {owner.source[bad[0]]!r} for '{bad[0]}'")
    if not (np.isfinite(owner.delay) and owner.delay >= 0):
        raise ValueError(f"{name}.delay must be 0 s or above, got {owner.delay!r}")
    object.__setattr__(owner, "source", MappingProxyType(dict(owner.source)))
