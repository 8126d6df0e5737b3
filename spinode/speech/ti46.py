"""The TI 46-word corpus (LDC93S9): NIST SPHERE files at 12.5 kHz from the user's own copy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from spinode.speech.corpus import Clip, Corpus
from spinode.speech.folder import Reading, corpus_of_files, folder_of

RATE = 12500
"""Samples a second of its files [Hz]."""
FEMALE_SPEAKERS = ("f1", "f2", "f5", "f6", "f7")
"""The five of the reservoir literature (Torrejon et al., Nature 547, 428 (2017), and what followed)."""
SPEAKERS = tuple(f"{sex}{number}" for sex in "fm" for number in range(1, 9))
ENROLLMENT_TAKES = 10
"""Utterances of a word in the enrollment session; the eight test sessions have two each."""
_SUFFIXES = (".wav", ".sph", ".flac")  # where a folder holds a clip twice, the converted file is the one that is read
_LDC = re.compile(r"(0[0-9])([fm][1-8])s(e|[1-8])t([0-9])", re.IGNORECASE)
_SUBSET = re.compile(r"s([1-8])_u([1-9]|10)_d([0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """What a file name of the corpus says: the digit, who, which repetition, and whether it is of a test session."""

    digit: str
    speaker: str
    take: int
    testing: bool


def parse_name(stem: str) -> Name | None:
    """What a file name (without its end) says, or None for another word or another name.

    ``03f1set7``: word code 03, speaker f1, session ``se`` (enrollment) or ``s1`` to ``s8`` (test), token t7; the
    naming of the disc (LDC93S9, readme.txt, section 3). Takes 0 to 9 are the enrollment's, 10 to 25 the tests'.
    ``s1_u8_d3``: female speaker 1, utterance 8 (counted from 1), digit 3; the naming of the 500 digits that
    circulate among reservoir groups (Tanaka and Nakane, Sci. Rep. 12, 9868 (2022), their code).
    """
    match = _LDC.fullmatch(stem)
    if match:
        digit, speaker, session, token = match.groups()
        if session.lower() == "e":
            return Name(digit[1], speaker.lower(), int(token), False)
        if int(token) > 1:
            return None
        return Name(digit[1], speaker.lower(), ENROLLMENT_TAKES + 2 * (int(session) - 1) + int(token), True)
    match = _SUBSET.fullmatch(stem)
    return Name(match[3], f"f{match[1]}", int(match[2]) - 1, False) if match else None


def load_ti46(
    folder: str | PathLike[str],
    reading: Reading | None = None,
    *,
    speakers: Sequence[str] = FEMALE_SPEAKERS,
    testing: bool = False,
) -> Corpus:
    """The ten digits of TI-46 from a folder and those below it.

    Parameters
    ----------
    folder : path
        The disc, its ``ti20``, or any folder with files of either naming (``parse_name``); .sph, .wav or .flac.
    reading : Reading, optional
        Rate and treatment of damaged clips; default 12.5 kHz, refuse.
    speakers : sequence of str
        ``f1`` to ``f8`` and ``m1`` to ``m8``; default the five women of the literature.
    testing : bool
        False: the ten enrollment utterances, which have no split of their own, as in the literature.
        True: the sixteen of the test sessions too, which are the data set's own test part.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such folder or speaker, no clip, or one is damaged, silent or compressed by shorten: one line.
    """
    wanted = tuple(speaker.lower() for speaker in speakers)
    strange = sorted(set(wanted) - set(SPEAKERS))
    if strange or not wanted:
        raise ValueError(f"load_ti46.speakers must be of f1 to f8 and m1 to m8, got {strange or 'none'}")
    root = folder_of(folder)
    files = [path for path in root.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file()]
    found = _wanted(files, wanted, testing)
    if not found:
        raise ValueError(
            f"{root} must hold TI-46 digits of {', '.join(wanted)}, named like 03f1set7.wav or s1_u8_d3.wav,"
            f" got none among {len(files)} audio files; check the folder"
        )
    clips = [
        Clip(word=name.digit, speaker=name.speaker, take=name.take, path=path, part=_part(name, testing))
        for name, path in sorted(found.items(), key=lambda item: (item[0].digit, item[0].speaker, item[0].take))
    ]
    left = len(files) - len(clips)
    notes = [f"{left} files of other words, speakers or sessions, or held twice, passed over"] if left else []
    missing = [speaker for speaker in wanted if speaker not in {clip.speaker for clip in clips}]
    notes += [f"no clips of {', '.join(missing)}"] if missing else []
    return corpus_of_files("TI-46", clips, RATE, reading or Reading(), notes)


def _wanted(files: Iterable[Path], speakers: Sequence[str], testing: bool) -> dict[Name, Path]:
    """One file a clip, the first of ``_SUFFIXES`` where there are several."""
    found: dict[Name, Path] = {}
    for path in sorted(files, key=lambda p: (_SUFFIXES.index(p.suffix.lower()), str(p))):
        name = parse_name(path.stem)
        if name is not None and name.speaker in speakers and (testing or not name.testing):
            found.setdefault(name, path)
    return found


def _part(name: Name, testing: bool) -> str:
    if not testing:
        return ""
    return "test" if name.testing else "train"
