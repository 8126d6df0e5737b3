"""N of ten utterances train and the others test, over all sets: the protocol of the literature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spinode.signals import FloatArray
from spinode.speech.benchmark import Readout, states_of
from spinode.speech.protocols import UTTERANCES, training_sets, utterance_numbers
from spinode.speech.readout import Sums, utterance_curve
from spinode.speech.scores import Accuracy, accuracy_of
from spinode.speech.words import Integers, Words

PSEUDO_INVERSE = 1e-9
"""Penalty per row that stands for none, as in the literature's pseudo-inverse: features have deviation 1."""
SUMMARY_PENALTY = 0.1
"""Penalty where a word is a single row: few words and many numbers have no unique solution without one."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Accuracy when N of ten utterances train, N = 1, ..., 9.

    Parameters
    ----------
    name : str
    mean, deviation : arrays, shape (9,)
        Over all C(10, N) sets. Sets overlap, so the deviation is no standard error.
    words : array of int, shape (n,)
        Words of the ten utterances.
    predicted, truth : arrays of int, shape (n,)
        N = 9: each word is tested once.
    scaled_on : str
        Which words set the scale of frames and drive: the speakers' other takes, or where there are none all words,
        without their labels (transductive, as in the literature).
    clipped : float
        Part of the drive's levels that was cut off.
    """

    name: str
    mean: FloatArray
    deviation: FloatArray
    words: Integers
    predicted: Integers
    truth: Integers
    scaled_on: str
    clipped: float

    @property
    def right(self) -> FloatArray:
        """1 where a word was recognised with N = 9."""
        return np.asarray(self.predicted == self.truth, dtype=np.float64)

    @property
    def accuracy(self) -> Accuracy:
        """N = 9, with Wilson's interval."""
        return accuracy_of(self.right)


def try_utterances(
    words: Words,
    transformer: Any,
    readout: Readout | None = None,
    name: str = "device",
    count: int = UTTERANCES,
) -> Curve:
    """The protocol of Torrejon et al. (2017) and Chen et al. (2022): all C(10, N) sets, one factorisation each.

    Parameters
    ----------
    words : Words
    transformer : transformer or None
        One mask; None shows the frames themselves to the readout.
    readout : Readout, optional
        Frame by frame where left out. A single penalty is used as it is; of several none can be chosen with one
        utterance, so frames then get ``PSEUDO_INVERSE`` and summaries of a word ``SUMMARY_PENALTY``.
    name : str
    count : int
        Utterances of each label by each speaker.

    Raises
    ------
    ValueError
        If a speaker has fewer utterances of a label.
    """
    chosen_readout = readout or Readout()
    number = utterance_numbers(words, count)
    chosen, others = np.flatnonzero(number >= 0), np.flatnonzero(number < 0)
    train, scaled_on = chosen, "all words, without their labels"
    if len(others):
        train, scaled_on = others, f"{len(others)} other takes of the speakers"
    states, clipped = states_of(words.frames, train, transformer, chosen)
    penalty = chosen_readout.penalties[0]
    if len(chosen_readout.penalties) > 1:
        penalty = PSEUDO_INVERSE if chosen_readout.kind == "frames" else SUMMARY_PENALTY
    sums = Sums.over(chosen_readout.rows(states), words.labels[chosen], number[chosen])
    mean, deviation = utterance_curve(sums, lambda trained: training_sets(trained, count), penalty)
    predicted = np.empty(len(chosen), dtype=np.int64)
    for left in range(count):
        (weights,) = sums.weights([each for each in range(count) if each != left], [penalty])
        mine = np.flatnonzero(sums.parts == left)
        predicted[mine] = sums.predicted(weights, mine)
    return Curve(
        name=name,
        mean=mean,
        deviation=deviation,
        words=chosen,
        predicted=predicted,
        truth=words.labels[chosen],
        scaled_on=scaled_on,
        clipped=clipped,
    )
