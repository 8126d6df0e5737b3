"""Front end, device, readout and protocol put together, with the controls beside every score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from spinode.signals import FloatArray
from spinode.speech.protocols import Split, splits_of
from spinode.speech.readout import PENALTIES, Judged, judge_split
from spinode.speech.scores import Accuracy, Gain, accuracy_of, accuracy_over_speakers, gain_of
from spinode.speech.steps import FlattenFrames, PoolSegments, ScaleFrames
from spinode.speech.words import Integers, Words

READOUTS = ("frames", "flattened", "segments")
FLAT_FRAMES = 20
SEGMENTS = 3
Advance = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Readout:
    """What of a word's states a linear readout sees.

    Parameters
    ----------
    kind : str
        ``frames``: every frame is a row, outputs are summed over the word (the literature's; the order of frames is
        lost). ``flattened``: all frames side by side, interpolated to ``frames``. ``segments``: means over equal parts
        of the word, side by side.
    frames, segments : int
        Of the two latter.
    penalties : sequence of float
        Of which one is chosen on the training words; see ``readout.Sums``.

    Raises
    ------
    ValueError
        If the kind is unknown or a number is less than 1.
    """

    kind: str = "frames"
    frames: int = FLAT_FRAMES
    segments: int = SEGMENTS
    penalties: Sequence[float] = PENALTIES

    def __post_init__(self) -> None:
        if self.kind not in READOUTS:
            raise ValueError(f"Readout.kind must be one of {', '.join(READOUTS)}, got '{self.kind}'")
        for name in ("frames", "segments"):
            if getattr(self, name) < 1:
                raise ValueError(f"Readout.{name} must be 1 or more, got {getattr(self, name)}")
        if len(self.penalties) == 0:
            raise ValueError("Readout.penalties must hold at least one penalty, got none")

    def rows(self, states: Sequence[FloatArray]) -> list[FloatArray]:
        """Rows (R_i, F) of each word."""
        if self.kind == "frames":
            return list(states)
        step = FlattenFrames(self.frames) if self.kind == "flattened" else PoolSegments(self.segments)
        return [row[None] for row in step.fit_transform(states)]


@dataclass(frozen=True, kw_only=True)
class Tested:
    """One system under one protocol: each test word once, in the order of ``words``, seed by seed.

    Parameters
    ----------
    name : str
    words : array of int, shape (n,)
        Test words of all splits.
    predicted : array of int, shape (seeds, n)
    truth : array of int, shape (n,)
    speakers : tuple of n str, or None
        Given where each split leaves one speaker out.
    penalties : tuple of float
        Chosen in each split of each seed.
    inner_scores : tuple of float
        Accuracy in the inner parts of the training, by split of each seed; choices may use this and nothing else.
    clipped : float
        Largest part of the drive's levels that was cut off.
    """

    name: str
    words: Integers
    predicted: Integers
    truth: Integers
    speakers: tuple[str, ...] | None
    penalties: tuple[float, ...]
    inner_scores: tuple[float, ...]
    clipped: float = 0.0

    @property
    def right(self) -> FloatArray:
        """1 where a word was recognised, shape (seeds, n)."""
        return np.asarray(self.predicted == self.truth, dtype=np.float64)

    @property
    def inner(self) -> float:
        """Mean accuracy in the inner parts of the training."""
        return float(np.mean(self.inner_scores))

    @property
    def accuracy(self) -> Accuracy:
        """With the interval that fits the protocol: over words, or over speakers."""
        if self.speakers is None:
            return accuracy_of(self.right)
        return accuracy_over_speakers(self.right, self.speakers)

    def gain(self, control: Tested) -> Gain:
        """This less a control, on the same words."""
        if not np.array_equal(self.words, control.words):
            raise ValueError(f"gain of {self.name} over {control.name} needs the same test words, got others")
        return gain_of(self.right, control.right, self.speakers)


def try_system(
    words: Words, protocol: str, transformers: Sequence[Any], readout: Readout, name: str = "device"
) -> Tested:
    """Train and test one system under ``official`` or ``loso``; one transformer a mask seed, none for no device.

    In each split the frames are scaled (mean 0, deviation 1) and the transformer is fitted on training words alone; the
    penalty is chosen in inner parts of the training.

    Parameters
    ----------
    words : Words
    protocol : str
    transformers : sequence
        scikit-learn transformers of lists of arrays (T_i, C), such as ``Reservoir`` or ``Static``; each is cloned.
        ``[None]`` shows the scaled frames themselves to the readout.
    readout : Readout
    name : str
    """
    (tested,) = try_readouts(words, protocol, transformers, {name: readout}).values()
    return tested


def try_readouts(
    words: Words,
    protocol: str,
    transformers: Sequence[Any],
    readouts: dict[str, Readout],
    advance: Advance | None = None,
) -> dict[str, Tested]:
    """As ``try_system`` for several readouts of the same states, which are computed once."""
    splits = splits_of(words, protocol)
    judged: dict[str, list[list[Judged]]] = {name: [] for name in readouts}
    clipped = 0.0
    for seed, transformer in enumerate(transformers):
        for found in judged.values():
            found.append([])
        for number, split in enumerate(splits):
            answers, cut = judge_readouts(words, split, transformer, readouts)
            clipped = max(clipped, cut)
            for name, answer in answers.items():
                judged[name][seed].append(answer)
            if advance is not None:
                advance((seed * len(splits) + number + 1) / (len(transformers) * len(splits)))
    return {name: tested_of(name, words, splits, found, clipped) for name, found in judged.items()}


def judge_readouts(
    words: Words, split: Split, transformer: Any, readouts: Mapping[str, Readout]
) -> tuple[dict[str, Judged], float]:
    """One transformer, or None, on one split: each readout of the same states, and the part of the levels cut off."""
    states, clipped = states_of(words.frames, split.train, transformer)
    judged = {
        name: judge_split(readout.rows(states), words.labels, split, readout.penalties)
        for name, readout in readouts.items()
    }
    return judged, clipped


def states_of(
    frames: Sequence[FloatArray], train: Integers, transformer: Any, wanted: Integers | None = None
) -> tuple[Sequence[FloatArray], float]:
    """Scaled frames of words, or what a transformer makes of them, and the part of its levels that was cut off.

    Scale and transformer are fitted on the training words alone; the result is that of all words, or of the wanted.
    """
    training = [frames[number] for number in train]
    shown = frames if wanted is None else [frames[number] for number in wanted]
    scale = ScaleFrames().fit(training)
    if transformer is None:
        return scale.transform(shown), 0.0
    fitted = clone(transformer).fit(scale.transform(training))
    return fitted.transform(scale.transform(shown)), float(getattr(fitted, "clipped_", 0.0))


def tested_of(
    name: str, words: Words, splits: Sequence[Split], judged: Sequence[Sequence[Judged]], clipped: float
) -> Tested:
    """One system from what was judged, seed by seed and split by split."""
    tested = np.concatenate([split.test for split in splits])
    heard = np.array([np.concatenate([each.predicted for each in seed]) for seed in judged])
    every = [each for seed in judged for each in seed]
    return Tested(
        name=name,
        words=tested,
        predicted=heard,
        truth=words.labels[tested],
        speakers=tuple(words.speakers[number] for number in tested) if len(splits) > 1 else None,
        penalties=tuple(each.penalty for each in every),
        inner_scores=tuple(each.inner for each in every),
        clipped=clipped,
    )


def chosen_inside(candidates: Sequence[Tested], name: str = "chosen") -> Tested:
    """In each split of each seed the candidate that is best in the inner parts of that split's training words.

    The choice is part of the training, so what comes out is a score of choosing, too. The first of equals is taken.
    """
    best = np.argmax([each.inner_scores for each in candidates], axis=0)
    first = candidates[0]
    splits = len(best) // len(first.predicted)
    names = first.speakers or ("",) * len(first.words)
    place = np.array([list(dict.fromkeys(names)).index(each) for each in names])
    predicted = first.predicted.copy()
    for number, winner in enumerate(best):
        seed, split = divmod(number, splits)
        predicted[seed, place == split] = candidates[winner].predicted[seed, place == split]
    return replace(
        first,
        name=name,
        predicted=predicted,
        penalties=tuple(candidates[winner].penalties[number] for number, winner in enumerate(best)),
        inner_scores=tuple(candidates[winner].inner_scores[number] for number, winner in enumerate(best)),
        clipped=max(each.clipped for each in candidates),
    )
