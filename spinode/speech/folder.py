"""What every corpus of files shares: find them, read each once, say what was changed and refuse what is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from spinode.speech.audio import ReadClip, conversion_notes, read_all
from spinode.speech.corpus import Clip, Corpus


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How the files of a corpus are read.

    Parameters
    ----------
    rate : int, optional
        Samples a second that clips are brought to [Hz]; default the data set's own rate.
    skip_damaged : bool
        Leave damaged and silent clips out and say so in ``Corpus.notes``, where the default is to refuse the folder.

    Raises
    ------
    ValueError
        If the rate is below 1 kHz or above 1 MHz.
    """

    rate: int | None = None
    skip_damaged: bool = False

    def __post_init__(self) -> None:
        if self.rate is not None and not 1000 <= self.rate <= 1_000_000:
            raise ValueError(f"Reading.rate must be 1000 to 1000000 Hz, got {self.rate}")


def folder_of(path: str | PathLike[str]) -> Path:
    """A folder that is there, or one line that says what is."""
    folder = Path(path)
    if not folder.exists():
        raise FileNotFoundError(f"{folder} does not exist; check the name and the folder")
    if not folder.is_dir():
        raise ValueError(f"{folder} must be a folder of audio files, got a file")
    return folder


def corpus_of_files(name: str, clips: Sequence[Clip], rate: int, reading: Reading, notes: Sequence[str] = ()) -> Corpus:
    """A corpus whose files have all been read once.

    Parameters
    ----------
    name : str
        Name of the data set.
    clips : sequence of Clip
        Clips with files, in the order of the corpus.
    rate : int
        Own rate of the data set [Hz].
    reading : Reading
        Wanted rate and what to do with damaged clips.
    notes : sequence of str
        Lines that come first among the notes.

    Raises
    ------
    ValueError
        If a clip is damaged or silent and ``skip_damaged`` is False, or if none is left.
    """
    wanted = reading.rate or rate
    kept: list[Clip] = []
    read: list[ReadClip] = []
    bad: list[str] = []
    paths = [clip.path for clip in clips if clip.path is not None]
    for clip, result in zip(clips, read_all(paths, wanted), strict=True):
        if isinstance(result, ReadClip):
            kept.append(clip)
            read.append(ReadClip(samples=result.samples[:0], rate=result.rate, channels=result.channels))
        elif reading.skip_damaged:
            bad.append(f"left out: {result}")
        else:
            raise ValueError(f"{result} (skip_damaged=True leaves such clips out)")
    if not kept:
        raise ValueError(f"{name}: no clip of {len(clips)} is usable; first: {bad[0].removeprefix('left out: ')}")
    return Corpus(name=name, rate=wanted, clips=tuple(kept), notes=(*notes, *conversion_notes(read, wanted), *bad))
