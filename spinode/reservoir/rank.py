"""How many input streams a reservoir tells apart, and how many it should not: kernel and generalisation rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class RankSettings:
    """Streams with which ranks are measured.

    Parameters
    ----------
    streams : int
        Streams m, >= 1; at least as many as states, or they bound the rank.
    length : int
        Points of a stream, >= 1.
    shared : int
        Last points that are the same in all streams of the generalisation rank, 0 to length.
    jitter : float
        Deviation of Gaussian noise on the shared points, >= 0; inputs themselves are uniform in [-1, 1].
    tolerance : float
        Singular values below this part of the largest do not count, 0 < tolerance < 1. A measured device has its noise
        here.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    streams: int = 200
    length: int = 50
    shared: int = 10
    jitter: float = 0.0
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if self.streams < 1 or self.length < 1:
            raise ValueError(f"RankSettings.streams and length must be 1 or more, got {self.streams} and {self.length}")
        if not 0 <= self.shared <= self.length:
            raise ValueError(f"RankSettings.shared must be 0 to the length {self.length}, got {self.shared}")
        if not (np.isfinite(self.jitter) and self.jitter >= 0):
            raise ValueError(f"RankSettings.jitter must be 0 or more, got {self.jitter}")
        if not 0 < self.tolerance < 1:
            raise ValueError(f"RankSettings.tolerance must be above 0 and below 1, got {self.tolerance}")


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Kernel rank (want it high), generalisation rank (want it low), and the singular values of both, largest 1."""

    kernel: int
    generalisation: int
    kernel_values: FloatArray
    generalisation_values: FloatArray


def separation_ranks(transformer: Any, settings: RankSettings, rng: np.random.Generator) -> Ranks:
    """Ranks of the matrix of final states (m, N) over m streams: Legenstein and Maass, Neural Netw. 20, 323 (2007).

    Kernel: the streams are independent. Generalisation: they end with the same points, a little noise aside, so a
    reservoir that forgets gives them one state (rank 1, for no mean is taken off).

    Parameters
    ----------
    transformer : fitted estimator
        Turns a list of streams (length, 1) into a list of states (length, N): a ``Reservoir``, ``Static``, a pipeline.
    settings : RankSettings
    rng : numpy.random.Generator
        Source of the streams.
    """
    free = rng.uniform(-1.0, 1.0, (settings.streams, settings.length, 1))
    alike = rng.uniform(-1.0, 1.0, (settings.streams, settings.length, 1))
    begin = settings.length - settings.shared
    noise = settings.jitter * rng.standard_normal((settings.streams, settings.shared, 1))
    alike[:, begin:] = alike[:1, begin:] + noise
    first, second = (_values(transformer.transform(list(streams))) for streams in (free, alike))
    return Ranks(
        kernel=int(np.sum(first > settings.tolerance)),
        generalisation=int(np.sum(second > settings.tolerance)),
        kernel_values=first,
        generalisation_values=second,
    )


def _values(states: list[FloatArray]) -> FloatArray:
    """Singular values of the final states over the largest."""
    values = np.linalg.svd(np.stack([stream[-1] for stream in states]), compute_uv=False)
    return np.asarray(values / max(float(values[0]), np.finfo(np.float64).tiny))
