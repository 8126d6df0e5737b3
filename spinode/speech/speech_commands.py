"""Google's Speech Commands: one-second words of thousands of speakers at 16 kHz, from the user's folder (CC BY 4.0)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from spinode.speech.corpus import Clip, Corpus
from spinode.speech.folder import Reading, corpus_of_files, folder_of

RATE = 16000
"""Samples a second of its files [Hz]."""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VALIDATION_PERCENT, TEST_PERCENT = 10.0, 10.0
"""Parts of the hashing rule, as in the data set's README."""
_LARGEST = 2**27 - 1
_LARGEST_LIST = 1 << 26  # bytes; that of 105,829 clips has 3 MB
_NAME = re.compile(r"([A-Za-z0-9]+)_nohash_([0-9]{1,6})\.wav", re.IGNORECASE)


def parse_name(name: str) -> tuple[str, int] | None:
    """Speaker and repetition of a file name ``{speaker}_nohash_{n}.wav``, or None for another name."""
    match = _NAME.fullmatch(name)
    return (match[1], int(match[2])) if match else None


def hashed_part(speaker: str) -> str:
    """Part of a speaker by the data set's rule: SHA-1 of the name modulo 2^27, 10 % validation, 10 % test.

    P. Warden, arXiv 1804.03209 (2018), section 7, and the README of the data set: all clips of a speaker fall into
    one part, whatever else is added later.
    """
    number = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    percent = number % (_LARGEST + 1) * (100.0 / _LARGEST)
    if percent < VALIDATION_PERCENT:
        return "validation"
    return "test" if percent < VALIDATION_PERCENT + TEST_PERCENT else "train"


def load_speech_commands(
    folder: str | PathLike[str], reading: Reading | None = None, *, words: Sequence[str] | None = DIGITS
) -> Corpus:
    """Google's Speech Commands from its folder of one folder a word.

    The own split is that of ``testing_list.txt`` and ``validation_list.txt``; where they are missing, the hashing
    rule that made them decides (``hashed_part``) and a note says so.

    Parameters
    ----------
    folder : path
        The unpacked data set.
    reading : Reading, optional
        Rate and treatment of damaged clips; default 16 kHz, refuse.
    words : sequence of str, optional
        Folders to read; default the ten digits; None: all that do not begin with an underscore.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder or word, no clip, or one is damaged or silent: one line.
    """
    root = folder_of(folder)
    chosen = _word_folders(root, words)
    parts = _listed_parts(root)
    clips, others = [], 0
    for word in chosen:
        for path in sorted((root / word).iterdir()):
            name = parse_name(path.name)
            if name is None:
                others += path.suffix.lower() == ".wav"
                continue
            speaker, take = name
            part = parts.get(f"{word}/{path.name}", "train") if parts else hashed_part(speaker)
            clips.append(Clip(word=word, speaker=speaker, take=take, path=path, part=part))
    if not clips:
        raise ValueError(f"{root} must hold files like {chosen[0]}/0a7c2a8d_nohash_0.wav, got none; check the folder")
    notes = [] if parts else ["no testing_list.txt or validation_list.txt: split by the data set's hashing rule"]
    notes += [f"{others} .wav files with other names passed over"] if others else []
    return corpus_of_files("Speech Commands", clips, RATE, reading or Reading(), notes)


def _word_folders(root: Path, words: Sequence[str] | None) -> list[str]:
    """Folders of the wanted words, all of which must be there."""
    there = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
    if not there:
        raise ValueError(f"{root} must hold one folder a word, got none; check the folder")
    if words is None:
        return there
    missing = [word for word in words if word not in there]
    if missing or not words:
        raise ValueError(
            f"load_speech_commands.words must be folders of {root}, got {', '.join(missing) or 'none'};"
            f" there are {', '.join(there[:12])}{' ...' if len(there) > 12 else ''}"
        )
    return list(words)


def _listed_parts(root: Path) -> dict[str, str]:
    """Part of each listed file, named as in the lists (``word/file.wav``); empty where there is no list."""
    parts = {}
    for part, name in (("validation", "validation_list.txt"), ("test", "testing_list.txt")):
        path = root / name
        if path.is_file():
            if path.stat().st_size > _LARGEST_LIST:
                raise ValueError(f"{path} must be a list of files, got {path.stat().st_size} bytes; remove it")
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                parts[line.strip().replace("\\", "/")] = part
    return parts
