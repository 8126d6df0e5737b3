"""What the tests of hostile files share: an edited file of ours, and the one line that refuses it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from benchmarks.hostile_changes import Input
from benchmarks.hostile_files import judged
from benchmarks.hostile_readers import Reader, attempt
from benchmarks.hostile_samples import samples

MEGABYTE = 1 << 20


def outcome(reader: Reader, path: Path, content: Input) -> str:
    try:
        attempt(reader, path, content)
    except BaseException as error:
        return judged(error)
    return "read"


def refusal(read: Callable[[], object]) -> str:
    """The one line with which something is refused."""
    with pytest.raises((ValueError, OSError)) as caught:
        read()
    text = str(caught.value)
    assert "\n" not in text and 0 < len(text) < 1000
    assert judged(caught.value) == "refused"
    return text


def peak(read: Callable[[], object]) -> int:
    """Most bytes that Python and numpy held while something was refused."""
    tracemalloc.start()
    try:
        refusal(read)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def stored(tmp_path: Path, kind: str, change: Callable[[h5py.File], object]) -> Path:
    """A sound file of ours with an edit; the digest goes with it."""
    path = tmp_path / "edited.h5"
    path.write_bytes(samples(kind)[0])
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def put(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def replaced(file: h5py.File, name: str, value: object) -> None:
    del file[name]
    if value is None:
        file.create_group(name)
    else:
        file[name] = value
