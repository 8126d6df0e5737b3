"""Which corpus a folder holds, told by its file names."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from spinode.speech import fsdd, speech_commands, ti46
from spinode.speech.corpus import Corpus
from spinode.speech.folder import Reading, folder_of

_LOOKED_AT = 20_000  # files of a large folder that are looked at before it is called unknown


def load_corpus(folder: str | PathLike[str], reading: Reading | None = None) -> Corpus:
    """The corpus of a folder, whichever it is: Free Spoken Digits, Speech Commands (digits) or TI-46 (five women).

    Parameters
    ----------
    folder : path
        Folder of the data set; other choices of words and speakers have the functions of each corpus.
    reading : Reading, optional
        Rate and treatment of damaged clips.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder, no clip in it, or a clip is damaged or silent: one line.
    """
    root = folder_of(folder)
    for number, path in enumerate(root.rglob("*")):
        if fsdd.parse_name(path.name) is not None:
            return fsdd.load_fsdd(_home(root, path), reading)
        if speech_commands.parse_name(path.name) is not None and path.parent.parent == root:
            return speech_commands.load_speech_commands(root, reading, words=_digits_or_all(root))
        if path.suffix.lower() in (".wav", ".sph", ".flac") and ti46.parse_name(path.stem) is not None:
            return ti46.load_ti46(root, reading)
        if number >= _LOOKED_AT:
            break
    raise ValueError(
        f"{root} must hold clips of a known corpus, got none: 7_jackson_32.wav (Free Spoken Digits),"
        " seven/0a7c2a8d_nohash_0.wav (Speech Commands) or 03f1set7.wav (TI-46)"
    )


def _home(root: Path, path: Path) -> Path:
    """The folder of the recordings: the given one where they are in it or in its ``recordings``."""
    return root if path.parent in (root, root / "recordings") else path.parent


def _digits_or_all(root: Path) -> tuple[str, ...] | None:
    """The ten digits where the folder has them all, and whatever words it has where not."""
    there = {path.name for path in root.iterdir() if path.is_dir()}
    return speech_commands.DIGITS if there.issuperset(speech_commands.DIGITS) else None
