"""Words as a readout meets them: the frames of each, what was said, by whom, and in which take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Words:
    """Acoustic frames of n words with their labels.

    Parameters
    ----------
    frames : sequence of n arrays, shape (T_i, C)
        Features in time order.
    labels : array of int, shape (n,)
        What was said: 0, 1, ..., K - 1.
    speakers : sequence of n str
        Who said it.
    takes : array of int, shape (n,)
        Number of the recording among those of one speaker and label.
    test : array of bool, shape (n,)
        Words that the data set itself keeps for its test; none where it has no split.
    names : tuple of K str, optional
        How the labels are written.

    Raises
    ------
    ValueError
        If lengths differ, a label is negative, or a word has no frames or frames that are not finite.
    """

    frames: Sequence[FloatArray]
    labels: Integers
    speakers: tuple[str, ...]
    takes: Integers
    test: Mask
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.frames)
        if count == 0:
            raise ValueError("Words.frames must hold at least one word, got none")
        for name in ("labels", "speakers", "takes", "test"):
            if len(getattr(self, name)) != count:
                raise ValueError(f"Words.{name} must have one entry for each of {count} words, got another number")
        if np.min(self.labels) < 0:
            raise ValueError(f"Words.labels must be 0 or more, got {np.min(self.labels)}")
        width = self.frames[0].shape[-1]
        for number, frames in enumerate(self.frames):
            if frames.ndim != 2 or len(frames) == 0 or frames.shape[1] != width or not np.isfinite(frames).all():
                raise ValueError(
                    f"Words.frames must be finite, shape (frames, {width}), got shape {frames.shape} in word {number}"
                )

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def classes(self) -> int:
        """Number of labels K."""
        return int(np.max(self.labels)) + 1

    def with_frames(self, frames: Sequence[FloatArray]) -> Words:
        """The same words with other features."""
        return replace(self, frames=tuple(frames))

    def chosen(self, index: Integers | Mask) -> Words:
        """Some of the words."""
        numbers = np.flatnonzero(index) if np.asarray(index).dtype == np.bool_ else np.asarray(index)
        return Words(
            frames=[self.frames[number] for number in numbers],
            labels=self.labels[numbers],
            speakers=tuple(self.speakers[number] for number in numbers),
            takes=self.takes[numbers],
            test=self.test[numbers],
            names=self.names,
        )


def words_of(corpus: Corpus, frames: Sequence[FloatArray]) -> Words:
    """The words of a corpus with the frames that ``features`` gave for them; labels count its words, sorted."""
    test = corpus.official_test()
    return Words(
        frames=frames,
        labels=np.searchsorted(np.array(corpus.words), corpus.labels()),
        speakers=tuple(str(name) for name in corpus.speaker_of()),
        takes=corpus.takes(),
        test=np.zeros(len(corpus), dtype=np.bool_) if test is None else test,
        names=corpus.words,
    )
