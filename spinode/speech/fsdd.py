"""The Free Spoken Digit Dataset: ten digits, fifty takes a speaker, 8 kHz (CC BY-SA 4.0)."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path

from spinode.speech.corpus import Clip, Corpus
from spinode.speech.folder import Reading, corpus_of_files, folder_of

RATE = 8000
"""Samples a second of its files [Hz]."""
TEST_TAKES = 5
"""Takes 0 to 4 are the test part of its own split (README of the data set)."""
_NAME = re.compile(r"([0-9])_([A-Za-z][A-Za-z0-9-]*)_([0-9]{1,6})\.wav", re.IGNORECASE)


def parse_name(name: str) -> tuple[str, str, int] | None:
    """Digit, speaker and take of a file name ``{digit}_{speaker}_{take}.wav``, or None for another name."""
    match = _NAME.fullmatch(name)
    return (match[1], match[2].lower(), int(match[3])) if match else None


def load_fsdd(folder: str | PathLike[str], reading: Reading | None = None) -> Corpus:
    """The Free Spoken Digit Dataset from a folder; takes 0 to 4 of each speaker and digit are its test part.

    Parameters
    ----------
    folder : path
        The folder of the files, or the one that holds it as ``recordings``.
    reading : Reading, optional
        Rate and treatment of damaged clips; default 8 kHz, refuse.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder, no clip in it, or a clip is damaged or silent: one line.
    """
    root = folder_of(folder)
    home = root / "recordings" if (root / "recordings").is_dir() else root
    found: list[tuple[tuple[str, str, int], Path]] = []
    others = 0
    for path in sorted(home.iterdir()):
        name = parse_name(path.name)
        if name is not None:
            found.append((name, path))
        elif path.suffix.lower() == ".wav":
            others += 1
    if not found:
        raise ValueError(
            f"{home} must hold files named like 7_jackson_32.wav, got none ({others} other .wav files);"
            " try the folder 'recordings' of the data set"
        )
    clips = [
        Clip(word=word, speaker=speaker, take=take, path=path, part="test" if take < TEST_TAKES else "train")
        for (word, speaker, take), path in sorted(found, key=lambda item: item[0])
    ]
    notes = (f"{others} .wav files with other names passed over",) if others else ()
    return corpus_of_files("FSDD", clips, RATE, reading or Reading(), notes)
