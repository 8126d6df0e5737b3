"""A linear readout of words from sums over parts of the data: any training set costs one factorisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from spinode.signals import FloatArray
from spinode.speech.protocols import Split
from spinode.speech.words import Integers

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Penalties of which one is chosen, per training row and for features of deviation 1."""


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Normal equations of the rows of n words, part by part.

    A row is a frame of a word or a summary of the whole word. With the rows r = (1, x) and the targets t (1 for the
    word's label, 0 for the others) a part keeps sum r r^T and sum r t^T; a training set is a sum of parts. The readout
    is least squares with the penalty ``penalty`` x rows on weights of standardised features. A word is the label of
    the largest output summed over its rows (winner takes all, as in Torrejon et al. 2017), for which its mean row is
    enough.

    Parameters
    ----------
    gram : array, shape (P, F + 1, F + 1)
    cross : array, shape (P, F + 1, K)
    means : array, shape (n, F)
        Mean row of each word.
    labels, parts : arrays of int, shape (n,)
        Label and part of each word.
    """

    gram: FloatArray
    cross: FloatArray
    means: FloatArray
    labels: Integers
    parts: Integers

    @classmethod
    def over(cls, rows: Sequence[FloatArray], labels: Integers, parts: Integers) -> Sums:
        """Sums over the rows (R_i, F) of each word; ``parts`` are 0, ..., P - 1, and -1 for words that only test."""
        features, classes = rows[0].shape[1], int(np.max(labels)) + 1
        count = int(np.max(parts)) + 1
        gram = np.zeros((count, features + 1, features + 1))
        cross = np.zeros((count, features + 1, classes))
        for part in range(count):
            mine = np.flatnonzero(parts == part)
            for block in _blocks(mine, rows):
                stacked = np.concatenate([rows[number] for number in block])
                stacked = np.column_stack([np.ones(len(stacked)), stacked])
                said = np.repeat(labels[block], [len(rows[number]) for number in block])
                gram[part] += stacked.T @ stacked
                for label in range(classes):
                    cross[part, :, label] += stacked[said == label].sum(axis=0)
        means = np.array([each.mean(axis=0) for each in rows])
        return cls(gram=gram, cross=cross, means=means, labels=labels, parts=parts)

    def weights(self, parts: Sequence[int], penalties: Sequence[float]) -> list[FloatArray]:
        """Readouts (F + 1, K), constant first, of a training set of parts, one for each penalty.

        Raises
        ------
        ValueError
            If a penalty is not positive.
        """
        gram = self.gram[list(parts)].sum(axis=0)
        cross = self.cross[list(parts)].sum(axis=0)
        rows = gram[0, 0]
        mean, level = gram[0, 1:] / rows, cross[0] / rows
        spread = np.sqrt(np.maximum(np.diag(gram)[1:] / rows - mean**2, 0.0))
        scale = np.where(
            spread > 1e-9 * (np.abs(mean) + spread.max(initial=0.0)), spread, np.inf
        )  # constant: no weight
        matrix = (gram[1:, 1:] / rows - np.outer(mean, mean)) / scale[:, None] / scale
        right = (cross[1:] / rows - np.outer(mean, level)) / scale[:, None]
        found = []
        for penalty in penalties:
            slopes = _solved(matrix, right, penalty) / scale[:, None]
            found.append(np.concatenate([[level - mean @ slopes], slopes]))
        return found

    def predicted(self, weights: FloatArray, words: Integers) -> Integers:
        """Label of each of some words."""
        return np.asarray(np.argmax(weights[0] + self.means[words] @ weights[1:], axis=1))

    def right(self, weights: FloatArray, words: Integers) -> FloatArray:
        """1 for each of some words that is recognised, 0 for the others."""
        return np.asarray(self.predicted(weights, words) == self.labels[words], dtype=np.float64)


def _blocks(numbers: Integers, rows: Sequence[FloatArray], largest: int = 16_384) -> list[Integers]:
    """Words in groups of about so many rows: a sum over a few words at a time needs no copy of all."""
    if len(numbers) == 0:
        return []
    ends = np.cumsum([len(rows[number]) for number in numbers])
    cuts = np.flatnonzero(np.diff(ends // largest)) + 1
    edges = [0, *cuts.tolist(), len(numbers)]
    return [numbers[first:last] for first, last in pairwise(edges)]


def _solved(matrix: FloatArray, right: FloatArray, penalty: float) -> FloatArray:
    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError(f"readout penalty must be a positive number, got {penalty}")
    loaded = matrix.copy()
    loaded[np.diag_indices_from(loaded)] += penalty
    try:
        return np.asarray(cho_solve(cho_factor(loaded, overwrite_a=True), right))
    except LinAlgError:  # nearly dependent features: rounding has made an eigenvalue less than -penalty
        values, vectors = eigh(matrix)
        return np.asarray(vectors @ (vectors.T @ right / (np.maximum(values, 0.0) + penalty)[:, None]))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One split judged: words, what was heard, the penalty, and the accuracy in the inner parts that chose it."""

    name: str
    words: Integers
    predicted: Integers
    penalty: float
    inner: float


def judge_split(
    rows: Sequence[FloatArray], labels: Integers, split: Split, penalties: Sequence[float] = PENALTIES
) -> Judged:
    """Train on a split's training words and recognise its test words; the penalty is chosen in the inner parts alone.

    Each inner part is recognised by a readout of the others; the penalty with the largest mean of the parts'
    accuracies wins, the larger penalty where two are equal. Then all parts train. No test word takes part.

    Parameters
    ----------
    rows : sequence of arrays, shape (R_i, F)
        Frames or summaries of all words.
    labels : array of int, shape (n,)
    split : Split
    penalties : sequence of float
        One penalty is taken as it is.
    """
    names, inner = np.unique(split.inner, return_inverse=True)
    parts = np.full(len(labels), -1, dtype=np.int64)
    parts[split.train] = inner
    sums = Sums.over(rows, labels, parts)
    everything = range(len(names))
    scores = np.full(len(penalties), np.nan)
    if len(penalties) > 1:
        scores = inner_scores(sums, penalties)
    best = len(penalties) - 1 - int(np.argmax(scores[::-1])) if len(penalties) > 1 else 0
    (weights,) = sums.weights(everything, penalties[best : best + 1])
    heard = sums.predicted(weights, split.test)
    return Judged(
        name=split.name, words=split.test, predicted=heard, penalty=penalties[best], inner=float(scores[best])
    )


def inner_scores(sums: Sums, penalties: Sequence[float]) -> FloatArray:
    """Accuracy by penalty when each part is recognised by a readout of the other parts; mean over the parts."""
    count = len(sums.gram)
    scores = np.zeros((count, len(penalties)))
    for left in range(count):
        words = np.flatnonzero(sums.parts == left)
        found = sums.weights([part for part in range(count) if part != left], penalties)
        scores[left] = [sums.right(weights, words).mean() for weights in found]
    return np.asarray(scores.mean(axis=0))


def utterance_curve(
    sums: Sums, sets: Callable[[int], Sequence[Sequence[int]]], penalty: float
) -> tuple[FloatArray, FloatArray]:
    """Accuracy when 1, 2, ..., P - 1 of the P utterances train and the others test: mean and deviation over all sets.

    Every set costs one sum of parts and one factorisation of F + 1 unknowns.

    Parameters
    ----------
    sums : Sums
        Parts are utterances.
    sets : callable
        Gives the training sets of N utterances, such as ``protocols.training_sets``.
    penalty : float
        The same for all sets. The literature's pseudo-inverse is the limit 0; 1e-9 is near it.

    Returns
    -------
    means, deviations : arrays, shape (P - 1,)
        Sets overlap, so the deviation over them is no standard error.
    """
    count = len(sums.gram)
    mean, deviation = np.empty(count - 1), np.empty(count - 1)
    for trained in range(1, count):
        scores = []
        for chosen in sets(trained):
            (weights,) = sums.weights(chosen, [penalty])
            words = np.flatnonzero((sums.parts >= 0) & ~np.isin(sums.parts, chosen))
            scores.append(sums.right(weights, words).mean())
        mean[trained - 1], deviation[trained - 1] = np.mean(scores), np.std(scores)
    return mean, deviation
