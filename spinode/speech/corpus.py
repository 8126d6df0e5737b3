"""A corpus of spoken words: which clip is which word by which speaker, and its samples on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinode.signals import FloatArray
from spinode.speech.audio import read_clip

PARTS = ("", "train", "validation", "test")
"""Where a data set's own split puts a clip; empty: it has no split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One recording of one word.

    Parameters
    ----------
    word : str
        What is said, the label.
    speaker : str
        Who says it.
    take : int
        Number of the repetition by this speaker, >= 0.
    path : Path, optional
        Audio file; without one the corpus holds the samples itself.
    part : str
        Part of the data set's own split: ``train``, ``validation``, ``test``, or empty where it has none.

    Raises
    ------
    ValueError
        If the word or the speaker is empty, the take is negative or the part is another word.
    """

    word: str
    speaker: str
    take: int
    path: Path | None = None
    part: str = ""

    def __post_init__(self) -> None:
        if not self.word or not self.speaker:
            raise ValueError(f"Clip.word and speaker must not be empty, got '{self.word}' and '{self.speaker}'")
        if self.take < 0:
            raise ValueError(f"Clip.take must be 0 or more, got {self.take}")
        if self.part not in PARTS:
            raise ValueError(f"Clip.part must be one of {', '.join(PARTS[1:])} or empty, got '{self.part}'")


@dataclass(frozen=True, kw_only=True, eq=False)
class Corpus:
    """Clips of spoken words at one rate.

    Parameters
    ----------
    name : str
        Short name of the data set, for tables and figures.
    rate : int
        Samples a second of everything that ``samples`` returns [Hz], > 0.
    clips : sequence of Clip
        At least one.
    notes : sequence of str
        What was done to the clips on the way in (resampled, mixed, left out), one line each, for the user to read.
    audio : sequence of array, optional
        Samples of clips without a file, one array a clip.

    Raises
    ------
    ValueError
        If there are no clips, the rate is not positive, or a clip has neither a file nor samples.
    """

    name: str
    rate: int
    clips: tuple[Clip, ...]
    notes: tuple[str, ...] = ()
    audio: tuple[FloatArray, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "clips", tuple(self.clips))
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "audio", tuple(self.audio))
        if not self.clips:
            raise ValueError(f"Corpus.clips must not be empty, got none for '{self.name}'; check the folder")
        if self.rate <= 0:
            raise ValueError(f"Corpus.rate must be a positive number of hertz, got {self.rate}")
        if self.audio and len(self.audio) != len(self.clips):
            raise ValueError(f"Corpus.audio must have one array a clip ({len(self.clips)}), got {len(self.audio)}")
        if not self.audio and any(clip.path is None for clip in self.clips):
            raise ValueError(f"Corpus.clips must each have a file or samples, got one without in '{self.name}'")

    def __len__(self) -> int:
        return len(self.clips)

    def samples(self, index: int) -> FloatArray:
        """Samples of one clip, shape (T,), in [-1, 1], mono, at ``rate``; read from its file each time.

        Raises
        ------
        FileNotFoundError, ValueError
            If the file is gone, damaged or silent by now: one line that names it.
        """
        if self.audio:
            return self.audio[index]
        path = self.clips[index].path
        assert path is not None  # checked when the corpus was made
        return read_clip(path, self.rate).samples

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The distinct words, sorted."""
        return tuple(sorted({clip.word for clip in self.clips}))

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """The distinct speakers, sorted."""
        return tuple(sorted({clip.speaker for clip in self.clips}))

    def labels(self) -> NDArray[np.str_]:
        """Word of each clip, shape (N,)."""
        return np.array([clip.word for clip in self.clips], dtype=np.str_)

    def speaker_of(self) -> NDArray[np.str_]:
        """Speaker of each clip, shape (N,)."""
        return np.array([clip.speaker for clip in self.clips], dtype=np.str_)

    def takes(self) -> NDArray[np.int64]:
        """Number of the repetition of each clip, shape (N,)."""
        return np.array([clip.take for clip in self.clips], dtype=np.int64)

    def official_test(self) -> NDArray[np.bool_] | None:
        """True for the test clips of the data set's own split, shape (N,); None where it has no split."""
        if not any(clip.part for clip in self.clips):
            return None
        return np.array([clip.part == "test" for clip in self.clips], dtype=np.bool_)

    def select(self, which: ArrayLike) -> Corpus:
        """The clips of a boolean mask (N,) or of a list of numbers, in that order."""
        chosen: NDArray[Any] = np.arange(len(self))[np.asarray(which)]
        audio: Sequence[FloatArray] = [self.audio[i] for i in chosen] if self.audio else ()
        return replace(self, clips=tuple(self.clips[i] for i in chosen), audio=tuple(audio))
