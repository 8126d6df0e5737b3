"""Features of a whole corpus, on all cores, kept on disk by the content of the words."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import is_dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus
from spinode.speech.frontends import FrontEnd
from spinode.whole_file import write_whole

VERSION = 1
"""Raised whenever a front end gives other numbers for the same parameters: old entries are then no longer found."""
BLOCK = 128
"""Words in one file of the cache and in one piece of work."""
_SIGN = b"spinode features 2\n"
"""Then 32 bytes of digest, the number of frames of each word (8 bytes each), and all frames as float64."""


def features(
    corpus: Corpus,
    front_end: FrontEnd,
    *,
    cache: bool | str | PathLike[str] = True,
    workers: int | None = None,
    advance: Callable[[float], None] | None = None,
) -> list[FloatArray]:
    """Frames of each clip of a corpus; what was computed before, for the same sound and parameters, comes from disk.

    Words go in blocks of 128 over threads (the transforms and the compiled ear hold no lock), so an interrupted run
    begins where it ended. An entry of the cache is named by a digest of the samples, the rate, the front end with all
    its parameters and its version; one that is damaged is computed anew, and a folder that refuses costs time only.

    Parameters
    ----------
    corpus : Corpus
        Words.
    front_end : FrontEnd
        A frozen dataclass of ``spinode.speech.frontends``, or any of that kind; others are not kept on disk.
    cache : bool or path
        True: the user's cache folder (``SPINODE_CACHE``, else the system's place); False: none; or a folder.
    workers : int, optional
        Threads, >= 1; default one a core.
    advance : callable, optional
        Told the part that is done, 0 to 1.

    Returns
    -------
    list of array, shape (frames, channels) each, in the order of the clips

    Raises
    ------
    ValueError
        If a clip is damaged or silent by now, or gives frames that are not finite.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"features.workers must be 1 or more, got {workers}")
    folder = _folder(cache) if is_dataclass(front_end) else None
    front_end(corpus.samples(0), corpus.rate)  # loads and compiles what is needed before the threads start
    firsts = range(0, len(corpus), BLOCK)
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    result: list[FloatArray] = []
    try:
        for block in pool.map(lambda first: _block(corpus, front_end, first, folder), firsts):
            result += block
            if advance is not None:
                advance(len(result) / len(corpus))
    finally:
        pool.shutdown(cancel_futures=True)
    return result


def cache_folder() -> Path:
    """Where features are kept by default: ``SPINODE_CACHE``, or the system's folder for caches."""
    chosen = os.environ.get("SPINODE_CACHE")
    if chosen:
        return Path(chosen) / "features"
    import pooch  # here: most runs do without it

    return Path(pooch.os_cache("spinode")) / "features"


def _folder(cache: bool | str | PathLike[str]) -> Path | None:
    if isinstance(cache, bool):
        return cache_folder() if cache else None
    return Path(cache)


def _block(corpus: Corpus, front_end: FrontEnd, first: int, folder: Path | None) -> list[FloatArray]:
    """Frames of up to 128 clips, from the cache or computed and put there."""
    words = [corpus.samples(i) for i in range(first, min(first + BLOCK, len(corpus)))]
    entry = folder / f"{_digest(words, corpus.rate, front_end)}.features" if folder is not None else None
    if entry is not None:
        kept = _read(entry, len(words), front_end.channels)
        if kept is not None:
            return kept
    computed = [front_end(word, corpus.rate) for word in words]
    for number, frames in enumerate(computed):
        if frames.ndim != 2 or frames.shape[1] != front_end.channels or not np.isfinite(frames).all():
            clip = corpus.clips[first + number]
            raise ValueError(
                f"{front_end.name} must give finite frames of {front_end.channels} channels, got {frames.shape} for"
                f" '{clip.word}' by {clip.speaker}, take {clip.take}"
            )
    if entry is not None:
        _write(entry, computed)
    return computed


def _digest(words: list[FloatArray], rate: int, front_end: FrontEnd) -> str:
    """Name of an entry: everything that its numbers depend on."""
    kind = type(front_end)
    peers = importlib.metadata.version("librosa")  # the mel filters are its
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{VERSION} {kind.__module__} {front_end!r} {rate} {peers} {[len(w) for w in words]}".encode())
    for word in words:
        digest.update(np.ascontiguousarray(word).tobytes())
    return digest.hexdigest()


def _read(entry: Path, count: int, channels: int) -> list[FloatArray] | None:
    """Frames of an entry, or None where it is not there, damaged or of another form."""
    try:
        content = entry.read_bytes() if entry.is_file() else b""
    except OSError:
        return None
    seal, body = content[: len(_SIGN) + 32], content[len(_SIGN) + 32 :]
    if seal != _SIGN + hashlib.blake2b(body, digest_size=32).digest() or len(body) < 8 * count:
        return None
    lengths = np.frombuffer(body, "<u8", count).tolist()
    if 8 * (count + channels * sum(lengths)) != len(body):
        return None
    frames = np.frombuffer(body, "<f8", offset=8 * count).astype(np.float64).reshape(-1, channels)
    return np.split(frames, np.cumsum(lengths)[:-1])


def _write(entry: Path, frames: list[FloatArray]) -> None:
    """Store an entry in one piece; a disk that refuses costs the next run its time and nothing else."""
    lengths = np.array([len(part) for part in frames], dtype="<u8")
    body = lengths.tobytes() + np.concatenate(frames).astype("<f8").tobytes()
    seal = _SIGN + hashlib.blake2b(body, digest_size=32).digest()
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        write_whole(entry, seal, body, force=True)
