"""Which words train and which test: the data set's own split, one speaker left out, N of ten utterances."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spinode.speech.words import Integers, Words

SPLITS = ("official", "loso", "utterances")
"""Names of the protocols."""
UTTERANCES = 10
"""Utterances of one speaker and label in the literature's protocol (TI-46)."""
INNER_FOLDS = 5
"""Parts of the training words in which the penalty is chosen, where the test is not by speaker."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Words that train and words that test; ``inner`` gives the part in which each training word is left out once.

    Parameters
    ----------
    name : str
        Of the test, such as the speaker's.
    train, test : arrays of int
        Numbers of words; they have none in common.
    inner : array of int, shape of ``train``
        Parts of the training for choices such as the penalty. Where the test is an unseen speaker a part is a speaker.

    Raises
    ------
    ValueError
        If a word is on both sides, a side is empty, or there are fewer than two inner parts.
    """

    name: str
    train: Integers
    test: Integers
    inner: Integers

    def __post_init__(self) -> None:
        if len(self.train) == 0 or len(self.test) == 0:
            raise ValueError(f"Split.train and test must hold words, got {len(self.train)} and {len(self.test)}")
        if np.intersect1d(self.train, self.test).size:
            raise ValueError(f"Split.train and test must have no word in common, got some in '{self.name}'")
        if len(self.inner) != len(self.train) or len(np.unique(self.inner)) < 2:
            raise ValueError(
                f"Split.inner must name one of two or more parts for each of {len(self.train)} training words,"
                f" got {len(np.unique(self.inner))} part(s) of {len(self.inner)} words"
            )


def splits_of(words: Words, protocol: str) -> list[Split]:
    """The splits of ``official`` or ``loso``; see ``official_split`` and ``leave_one_speaker_out``."""
    if protocol == "official":
        return [official_split(words)]
    if protocol == "loso":
        return leave_one_speaker_out(words)
    raise ValueError(f"protocol must be official or loso here, got '{protocol}'")


def official_split(words: Words) -> Split:
    """The data set's own split; inner parts go by take, so that every part has every speaker and label.

    Raises
    ------
    ValueError
        If the data set names no test words, or nothing else.
    """
    train, test = np.flatnonzero(~words.test), np.flatnonzero(words.test)
    if len(test) == 0 or len(train) == 0:
        raise ValueError(
            f"the data set's own split needs training and test words, got {len(train)} and {len(test)};"
            " try leave one speaker out (loso), or utterances"
        )
    order = np.unique(words.takes[train], return_inverse=True)[1]
    return Split(name="official", train=train, test=test, inner=order % INNER_FOLDS)


def leave_one_speaker_out(words: Words) -> list[Split]:
    """One split a speaker: all words of the others train; inner parts are the other speakers.

    Raises
    ------
    ValueError
        If there are fewer than three speakers: two must be left to choose a penalty between them.
    """
    names, number = np.unique(np.array(words.speakers), return_inverse=True)
    if len(names) < 3:
        raise ValueError(
            f"leave one speaker out needs at least 3 speakers, got {len(names)} ({', '.join(names)});"
            " try the data set's own split (official)"
        )
    return [
        Split(
            name=str(name),
            train=np.flatnonzero(number != speaker),
            test=np.flatnonzero(number == speaker),
            inner=number[number != speaker],
        )
        for speaker, name in enumerate(names)
    ]


def utterance_numbers(words: Words, count: int = UTTERANCES) -> Integers:
    """Utterance 0, ..., count - 1 of each word in the literature's protocol; -1 for words that it leaves aside.

    The words of one speaker and label, sorted by take, get the numbers 0, 1, ...; those from ``count`` on get -1. The
    same number then stands for one utterance of every label by every speaker, as in TI-46.

    Raises
    ------
    ValueError
        If a speaker has fewer utterances of a label.
    """
    number = np.full(len(words), -1, dtype=np.int64)
    speakers = np.array(words.speakers)
    for speaker in np.unique(speakers):
        for label in np.unique(words.labels):
            mine = np.flatnonzero((speakers == speaker) & (words.labels == label))
            if len(mine) < count:
                raise ValueError(
                    f"N of {count} utterances needs {count} takes of each label by each speaker,"
                    f" got {len(mine)} of label {label} by {speaker}; try official or loso"
                )
            ordered = mine[np.argsort(words.takes[mine], kind="stable")]
            number[ordered[:count]] = np.arange(count)
    return number


def training_sets(trained: int, count: int = UTTERANCES) -> list[tuple[int, ...]]:
    """All C(count, trained) sets of utterances that train, as in Torrejon et al. (2017) and Chen et al. (2022)."""
    if not 1 <= trained < count:
        raise ValueError(f"utterances that train must be 1 to {count - 1}, got {trained}")
    return list(combinations(range(count), trained))
