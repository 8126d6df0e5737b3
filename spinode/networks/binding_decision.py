"""Which sequence was it: decisions from voltages alone, and how often they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinode.networks.binding import Response
from spinode.signals import FloatArray

Reading = Literal["locking", "last-locking", "last-lines", "last-spectrum"]
"""``locking``: which pairs are locked in every window, yes or no. The others read the last window: which pairs are
locked; phase-locking values and the frequency of each voltage; the spectrum of the summed voltage."""
BOUND = 0.6
"""Phase-locking value from which a pair counts as locked; assumed: at 300 K slips lower it from 1."""
READINGS: tuple[Reading, ...] = ("locking", "last-locking", "last-lines", "last-spectrum")
FLOOR = {"locked": 0.25, "locking": 0.05, "frequency": 0.5e6, "spectrum": 0.01}
"""Smallest scatter of a feature that is believed; of yes or no, phase-locking values, Hz, and part of the power."""
SMOOTHED = 2e6
"""Deviation of the Gaussian that spectra are smoothed with [Hz]: about a linewidth."""
NORMAL = 1.959964
"""Two-sided 95 % of the normal distribution."""


def ordered(events: int, length: int, *, repeats: bool = True) -> NDArray[np.int64]:
    """All ordered sequences of events, shape (S, length); with ``repeats`` an event may come again."""
    rows = product(range(events), repeat=length) if repeats else permutations(range(events), length)
    return np.array(list(rows), dtype=np.int64)


def wilson_interval(right: int, items: int) -> tuple[float, float]:
    """95 % interval of a probability of which ``right`` of ``items`` were seen.

    Wilson, J. Am. Stat. Assoc. 22, 209 (1927).

    Raises
    ------
    ValueError
        If there are no items or more right than items.
    """
    if not 0 <= right <= items or items < 1:
        raise ValueError(f"wilson_interval.right must be 0 to items, and items 1 or more, got {right} of {items}")
    part, weight = right / items, NORMAL**2 / items
    centre = (part + weight / 2) / (1 + weight)
    half = NORMAL / (1 + weight) * np.sqrt(part * (1 - part) / items + weight / (4 * items))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How many decisions were right.

    Parameters
    ----------
    right, items : int
    classes : int
        Sequences to choose from; 1/classes is chance.
    """

    right: int
    items: int
    classes: int

    @property
    def accuracy(self) -> float:
        """Part that was right."""
        return self.right / self.items

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval."""
        return wilson_interval(self.right, self.items)


def features(response: Response, reading: Reading) -> FloatArray:
    """Numbers that a decision is made from, shape (B, K), each in units of its smallest believed scatter.

    Parameters
    ----------
    response : Response
    reading : str
        One of ``READINGS``.

    Raises
    ------
    ValueError
        If the reading is not known.
    """
    count = len(response.locking)
    locked = (response.locking >= BOUND) / FLOOR["locked"]
    if reading == "locking":
        return np.asarray(locked.reshape(count, -1))
    if reading == "last-locking":
        return np.asarray(locked[:, -1])
    if reading == "last-lines":
        last = response.locking[:, -1] / FLOOR["locking"]
        return np.concatenate([last, response.frequencies[:, -1] / FLOOR["frequency"]], axis=1)
    if reading == "last-spectrum":
        apart = (response.bins[:, None] - response.bins) / SMOOTHED
        kernel = np.exp(-(apart**2) / 2)
        return np.asarray(response.spectra[:, -1] @ (kernel / kernel.sum(axis=0)) / FLOOR["spectrum"])
    raise ValueError(f"features.reading must be one of {', '.join(READINGS)}, got '{reading}'")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Templates:
    """The mean of each sequence over examples; a showing is the sequence whose mean is nearest.

    Parameters
    ----------
    sequences : array of int, shape (S, W)
    means : array, shape (S, K)
    scatter : array, shape (K,)
        Deviation within a sequence, at least 1.
    """

    sequences: NDArray[np.int64]
    means: FloatArray
    scatter: FloatArray

    @classmethod
    def learned(cls, values: FloatArray, shown: ArrayLike) -> Templates:
        """From examples: features, shape (B, K), and their sequences, shape (B, W)."""
        sequences, number = np.unique(np.asarray(shown), axis=0, return_inverse=True)
        number = number.reshape(-1)
        means = np.stack([values[number == each].mean(axis=0) for each in range(len(sequences))])
        scatter = np.maximum(np.sqrt(((values - means[number]) ** 2).mean(axis=0)), 1.0)
        return cls(sequences=sequences, means=means, scatter=scatter)

    def decide(self, values: FloatArray) -> NDArray[np.int64]:
        """The nearest sequence of each row, shape (B, W)."""
        apart = (values[:, None, :] - self.means) / self.scatter
        return np.asarray(self.sequences[(apart**2).sum(axis=2).argmin(axis=1)])

    def score(self, values: FloatArray, shown: ArrayLike) -> Score:
        """How many whole sequences are named rightly."""
        right = (self.decide(values) == np.asarray(shown)).all(axis=1)
        return Score(right=int(right.sum()), items=len(right), classes=len(self.sequences))


def pooled(scores: Sequence[Score]) -> Score:
    """Several scores as one; the classes are added."""
    return Score(
        right=sum(each.right for each in scores),
        items=sum(each.items for each in scores),
        classes=sum(each.classes for each in scores),
    )
