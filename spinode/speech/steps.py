"""Steps of a pipeline for words, as scikit-learn transformers of lists of arrays (T_i, C)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin

from spinode.signals import FloatArray

SMALLEST = 1e-9
"""Deviation below which a channel is taken for constant, beside the largest of all channels."""


class _Step(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What the steps share: checking the words; most have nothing to learn."""

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn the number of channels."""
        self.n_features_in_ = _checked(self, X)[0].shape[1]
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _words(self, given: Any) -> list[FloatArray]:
        words = _checked(self, given)
        known = getattr(self, "n_features_in_", words[0].shape[1])
        if words[0].shape[1] != known:
            raise ValueError(f"{type(self).__name__} needs words of {known} channels, got {words[0].shape[1]}")
        return words


def _checked(owner: object, given: Sequence[ArrayLike]) -> list[FloatArray]:
    words = [np.asarray(word, dtype=np.float64) for word in given]
    name = type(owner).__name__
    if not words:
        raise ValueError(f"{name} needs at least one word, got none")
    for number, word in enumerate(words):
        if word.ndim != 2 or len(word) == 0 or word.shape[1] != words[0].shape[1]:
            raise ValueError(f"{name} needs words of shape (frames, channels), got shape {word.shape} in word {number}")
    return words


class Deltas(_Step):
    """Channels followed by their first and second differences in time: (T, C) -> (T, 3 C).

    d_t = sum_{k=-w..w} k c_{t+k} / sum_{k=-w..w} k^2, the slope of the line through 2 w + 1 frames; the second
    difference is the same of the first. The first and last frame stand for those beyond the ends. (S. Furui, IEEE
    Trans. ASSP 34, 52 (1986), gave cepstra their slopes.)

    Parameters
    ----------
    width : int
        w [frames], >= 1.
    order : int
        1 for the first difference alone, 2 for both.
    """

    def __init__(self, width: int = 2, order: int = 2) -> None:
        self.width = width
        self.order = order

    def transform(self, X: Any) -> list[FloatArray]:  # noqa: N803
        """Words with their differences."""
        if self.width < 1 or self.order not in (1, 2):
            raise ValueError(f"Deltas needs width >= 1 and order 1 or 2, got {self.width} and {self.order}")
        result = []
        for word in self._words(X):
            parts = [word]
            for _ in range(self.order):
                parts.append(slopes(parts[-1], self.width))
            result.append(np.hstack(parts))
        return result


def slopes(word: FloatArray, width: int) -> FloatArray:
    """Slope of each channel over 2 width + 1 frames, shape (T, C)."""
    padded = np.pad(word, ((width, width), (0, 0)), mode="edge")
    total = np.zeros_like(word)
    for shift in range(1, width + 1):
        later = padded[width + shift : width + shift + len(word)]
        total += shift * (later - padded[width - shift : width - shift + len(word)])
    return np.asarray(total / (2 * sum(shift**2 for shift in range(1, width + 1))))


class WordNormaliser(_Step):
    """Each channel of a word less its mean over that word, and with ``variance`` over its deviation there.

    Needs no other word and no speaker's name. It takes away what is constant in a word: the microphone, the speaker's
    voice, and also the vowel that fills most of it.
    """

    def __init__(self, variance: bool = True) -> None:
        self.variance = variance

    def transform(self, X: Any) -> list[FloatArray]:  # noqa: N803
        """Words with mean 0 and, with ``variance``, deviation 1."""
        return [_standard(word, word, self.variance) for word in self._words(X)]


class SpeakerNormaliser(_Step):
    """Each channel less its mean over all words of one speaker, over its deviation there.

    Transductive: an unseen speaker's own words are normalised by those same words (their sound, not their labels), so
    several of them must be at hand. A score with this step answers another question than one without.

    ``speakers`` is metadata of scikit-learn: call ``set_transform_request(speakers=True)`` with metadata routing
    switched on to use it inside a ``Pipeline``.
    """

    def __init__(self, variance: bool = True) -> None:
        self.variance = variance

    def transform(self, X: Any, speakers: Sequence[str] | None = None) -> list[FloatArray]:  # noqa: N803
        """Words normalised by speaker; ``speakers`` names that of each word. Without it all are one speaker's."""
        words = self._words(X)
        names = np.array(["one"] * len(words) if speakers is None else list(speakers))
        if len(names) != len(words):
            raise ValueError(f"SpeakerNormaliser needs one speaker a word, got {len(names)} for {len(words)} words")
        result = list(words)
        for name in np.unique(names):
            mine = np.flatnonzero(names == name)
            everything = np.concatenate([words[number] for number in mine])
            for number in mine:
                result[number] = _standard(words[number], everything, self.variance)
        return result

    def fit_transform(  # noqa: N803
        self,
        X: Any,  # noqa: N803
        y: ArrayLike | None = None,
        speakers: Sequence[str] | None = None,
    ) -> list[FloatArray]:
        """Nothing is learned from one call to the next."""
        return self.fit(X, y).transform(X, speakers)


class ScaleFrames(_Step):
    """Each channel with mean 0 and deviation 1 over the frames of the training words."""

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn mean and deviation of each channel."""
        super().fit(X, y)
        frames = np.concatenate(_checked(self, X))
        self.mean_, deviation = frames.mean(axis=0), frames.std(axis=0)
        self.scale_ = np.where(deviation > SMALLEST * deviation.max(initial=0.0), deviation, 1.0)
        return self

    def transform(self, X: Any) -> list[FloatArray]:  # noqa: N803
        """Words in units of the training deviation."""
        return [(word - self.mean_) / self.scale_ for word in self._words(X)]


class FlattenFrames(_Step):
    """A word as one row of all its frames, after linear interpolation to a fixed number: (T, C) -> (frames C,).

    Parameters
    ----------
    frames : int
        Frames of every word, at equal distances from its first to its last, >= 1.
    """

    def __init__(self, frames: int = 20) -> None:
        self.frames = frames

    def transform(self, X: Any) -> FloatArray:  # noqa: N803
        """Rows (n, frames C)."""
        if self.frames < 1:
            raise ValueError(f"FlattenFrames.frames must be 1 or more, got {self.frames}")
        rows = []
        for word in self._words(X):
            place = np.linspace(0, len(word) - 1, self.frames)
            before = np.minimum(place.astype(np.int64), max(len(word) - 2, 0))
            part = (place - before)[:, None]
            after = np.minimum(before + 1, len(word) - 1)
            rows.append(((1 - part) * word[before] + part * word[after]).ravel())
        return np.array(rows)


class PoolSegments(_Step):
    """Mean over each of a few equal parts of a word, side by side: (T, C) -> (segments C,).

    The parts cut the time from 0 to T at T j / segments; a frame across a cut counts on both sides with its share, so
    the mean of the parts is the mean of the word.

    Parameters
    ----------
    segments : int
        Parts, >= 1; 1 is the mean over the word, with which the order of the frames is lost.
    """

    def __init__(self, segments: int = 3) -> None:
        self.segments = segments

    def transform(self, X: Any) -> FloatArray:  # noqa: N803
        """Rows (n, segments C)."""
        if self.segments < 1:
            raise ValueError(f"PoolSegments.segments must be 1 or more, got {self.segments}")
        return np.array([(shares(len(word), self.segments) @ word).ravel() for word in self._words(X)])


class MeanFrames(PoolSegments):
    """Mean over the frames of a word: (T, C) -> (C,)."""

    def __init__(self) -> None:
        super().__init__(segments=1)


def shares(frames: int, segments: int) -> FloatArray:
    """Weight of each frame in each segment, shape (segments, frames); rows sum to 1."""
    edges = np.linspace(0, frames, segments + 1)
    first = np.maximum(edges[:-1, None], np.arange(frames))
    last = np.minimum(edges[1:, None], np.arange(1, frames + 1))
    return np.asarray(np.maximum(last - first, 0.0) * (segments / frames))


def _standard(word: FloatArray, reference: FloatArray, variance: bool) -> FloatArray:
    centred = word - reference.mean(axis=0)
    if not variance:
        return np.asarray(centred)
    deviation = reference.std(axis=0)
    return np.asarray(centred / np.where(deviation > SMALLEST * deviation.max(initial=0.0), deviation, 1.0))
