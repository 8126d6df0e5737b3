"""What an accuracy is worth: its interval, and whether a device is better than its control on the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, norm, t

from spinode.signals import FloatArray
from spinode.speech.words import Integers

LEVEL = 0.95
"""Confidence of every interval."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Part of the words that were recognised, with a 95 % interval and what this interval covers.

    Parameters
    ----------
    value : float
        0 to 1.
    interval : (float, float)
        Its ends.
    items : int
        Words tested.
    covers : str
        Whose scatter is in the interval.
    """

    value: float
    interval: tuple[float, float]
    items: int
    covers: str


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Accuracy of a device less that of a control on the same words, and how sure it is that they differ.

    Parameters
    ----------
    value : float
        Difference, -1 to 1.
    interval : (float, float)
        95 % of it.
    better, worse : int
        Words that the device alone recognised, and the control alone; added over seeds.
    probability : float
        McNemar's exact test: chance of a split of these as uneven, if neither were better. Over several seeds the same
        words are counted once a seed, so it is then too small; the largest of the single seeds is given.
    """

    value: float
    interval: tuple[float, float]
    better: int
    worse: int
    probability: float


def wilson(right: float, items: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a binomial part, by Wilson's score: it stays within 0 to 1 and holds at the ends.

    [p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)]/(1 + z^2/n); E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).

    Raises
    ------
    ValueError
        If there are no items.
    """
    if items < 1:
        raise ValueError(f"wilson.items must be 1 or more, got {items}")
    z = float(norm.ppf(0.5 + level / 2))
    part = right / items
    middle = part + z**2 / (2 * items)
    half = z * np.sqrt(part * (1 - part) / items + z**2 / (4 * items**2))
    size = 1 + z**2 / items
    return float(max((middle - half) / size, 0.0)), float(min((middle + half) / size, 1.0))


def accuracy_of(right: ArrayLike) -> Accuracy:
    """Accuracy of one test set under one or several seeds, with Wilson's interval for the words.

    Seeds see the same words, so their mean is no more certain than one of them as far as the choice of words goes: the
    interval is that of one run of n words around the mean. It covers which words happened to be in the test. The
    scatter over seeds is added in quadrature on each side (its standard error, Student's t), where there are several.

    Parameters
    ----------
    right : array of 0 and 1, shape (n,) or (seeds, n)
    """
    table = np.atleast_2d(np.asarray(right, dtype=np.float64))
    value, items = float(table.mean()), table.shape[1]
    low, high = wilson(value * items, items)
    covers = "choice of test words (Wilson)"
    if len(table) > 1:
        scatter = _half_width(table.mean(axis=1))
        low = max(0.0, value - float(np.hypot(value - low, scatter)))
        high = min(1.0, value + float(np.hypot(high - value, scatter)))
        covers = f"choice of test words (Wilson) and of mask ({len(table)} seeds)"
    return Accuracy(value=value, interval=(low, high), items=items, covers=covers)


def accuracy_over_speakers(right: ArrayLike, speakers: Sequence[str]) -> Accuracy:
    """Mean over speakers, with Student's interval of the speakers' means.

    Words of one speaker stand or fall together, so the speakers are the sample: mean -+ t_{S-1} s/sqrt(S). It covers
    the choice of speakers, and with it words and seeds inside each of them; with five speakers t is 2.78.

    Parameters
    ----------
    right : array of 0 and 1, shape (n,) or (seeds, n)
    speakers : sequence of n str
    """
    table = np.atleast_2d(np.asarray(right, dtype=np.float64))
    means = _speaker_means(table.mean(axis=0), speakers)
    half = _half_width(means)
    value = float(means.mean())
    return Accuracy(
        value=value,
        interval=(max(0.0, value - half), min(1.0, value + half)),
        items=table.shape[1],
        covers=f"choice of speakers ({len(means)}, Student)",
    )


def gain_of(device: ArrayLike, control: ArrayLike, speakers: Sequence[str] | None = None) -> Gain:
    """Device less control on the same words: difference, paired 95 % interval, McNemar's test.

    The interval is that of the mean of the paired differences d: over words, mean -+ z s/sqrt(n), or with ``speakers``
    over the speakers' means, mean -+ t_{S-1} s/sqrt(S). A control without seeds is compared with every seed; several
    seeds are averaged within each word first, and their scatter (standard error) is added in quadrature.

    Parameters
    ----------
    device, control : arrays of 0 and 1, shape (n,) or (seeds, n)
    speakers : sequence of n str, optional
        Given where the test is by speaker.
    """
    ours, theirs = np.broadcast_arrays(*(np.atleast_2d(np.asarray(a, dtype=np.float64)) for a in (device, control)))
    difference = ours - theirs
    by_word = difference.mean(axis=0)
    value = float(by_word.mean())
    if speakers is not None:
        means = _speaker_means(by_word, speakers)
        value, half = float(means.mean()), _half_width(means)
    else:
        half = float(norm.ppf(0.5 + LEVEL / 2) * by_word.std(ddof=1) / np.sqrt(len(by_word)))
        if len(difference) > 1:
            half = float(np.hypot(half, _half_width(difference.mean(axis=1))))
    better, worse = (difference > 0).sum(axis=1), (difference < 0).sum(axis=1)
    chances = [mcnemar(int(more), int(less)) for more, less in zip(better, worse, strict=True)]
    return Gain(
        value=value,
        interval=(max(-1.0, value - half), min(1.0, value + half)),
        better=int(better.sum()),
        worse=int(worse.sum()),
        probability=max(chances),
    )


def mcnemar(better: int, worse: int) -> float:
    """Two-sided exact test of b against c discordant words: each is a fair coin if neither side is better.

    Q. McNemar, Psychometrika 12, 153 (1947), with the binomial in place of chi-square.
    """
    if better < 0 or worse < 0:
        raise ValueError(f"mcnemar counts must be 0 or more, got {better} and {worse}")
    return 1.0 if better + worse == 0 else float(binomtest(better, better + worse, 0.5).pvalue)


def confusion(truth: Integers, predicted: Integers, classes: int) -> Integers:
    """Counts of words by what was said (row) and what was heard (column), shape (K, K)."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return counts


def _speaker_means(by_word: FloatArray, speakers: Sequence[str]) -> FloatArray:
    names = np.array(speakers)
    if len(names) != len(by_word):
        raise ValueError(f"scores need one speaker a word, got {len(names)} for {len(by_word)} words")
    return np.array([by_word[names == name].mean() for name in np.unique(names)])


def _half_width(values: FloatArray) -> float:
    """Half of Student's 95 % interval of a mean; the whole range where one value says nothing of its scatter."""
    if len(values) < 2:
        return 1.0
    return float(t.ppf(0.5 + LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
