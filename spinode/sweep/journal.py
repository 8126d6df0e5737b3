"""Rows of a sweep as they finish, one line each: what was written survives a kill at any moment.

The first line says which sweep it is. A line that a kill cut off is the last, is recognised, and its row runs again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO

from spinode.json_text import json_text
from spinode.sweep.plan import Row

SYNC_SECONDS = 1.0
"""A row may be lost to a power cut for so long; to a killed process never."""


class Journal:
    """Lines of finished rows, open for more."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._synced = monotonic()

    def append(self, row: Row) -> None:
        """Keep a row."""
        line = {"row": row.number, "record": row.record, "error": row.error, "notes": row.notes, "seconds": row.seconds}
        self._stream.write(json_text(line, indent=None).encode() + b"\n")
        self._stream.flush()
        if monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = monotonic()


@contextmanager
def journal(path: Path, header: Mapping[str, object]) -> Iterator[Journal]:
    """The journal at this path, begun with a header where it is new; a line that was cut off is taken away.

    Raises
    ------
    ValueError
        If another process has it open.
    """
    with open(path, "ab+") as stream:
        _lock(stream, path)
        stream.seek(0)
        whole = stream.read().rfind(b"\n") + 1
        stream.truncate(whole)
        if not whole:
            stream.write(json_text(header, indent=None).encode() + b"\n")
            stream.flush()
        yield Journal(stream)
        stream.flush()
        os.fsync(stream.fileno())


def read_journal(path: Path, header: Mapping[str, object], rows: int) -> dict[int, Row]:
    """Rows of a journal by number; none of one whose header was cut off.

    Raises
    ------
    ValueError
        If it belongs to another sweep, or a line inside it is damaged.
    """
    lines = path.read_bytes().split(b"\n")[:-1]
    if not lines:
        return {}
    check_header(path, _object(path, lines[0]), header)
    found = {}
    for line in lines[1:]:
        row = row_of(_object(path, line))
        if row is None or not 0 <= row.number < rows:
            raise ValueError(f"{path} is damaged: a line is no row of this sweep; give --force to start afresh")
        found[row.number] = row
    return found


def check_header(path: Path, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    """Raise ValueError unless an older run was of the same sweep."""
    for name, value in expected.items():
        if found.get(name) != value:
            raise ValueError(
                f"{path} must hold rows of the same sweep to go on, got another '{name}': {found.get(name)}; give"
                " --force to start afresh, or another name"
            )


def row_of(line: Mapping[str, object]) -> Row | None:
    """A row from its line; None where the line is something else."""
    number, record, seconds = line.get("row"), line.get("record"), line.get("seconds")
    if not isinstance(number, int) or not isinstance(record, dict) or not isinstance(seconds, int | float):
        return None
    texts = {name: str(line.get(name, "")) for name in ("error", "notes")}
    return Row(number=number, record=record, seconds=float(seconds), **texts)


def _object(path: Path, line: bytes) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{path} is damaged: a line is not JSON; give --force to start afresh")
    return found


def _lock(stream: IO[bytes], path: Path) -> None:
    """Refuse a second writer, where the system can tell; the lock goes with the process."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(f"{path} must have one writer, got a second; another sweep is running here") from None
    except OSError:
        return  # some network file systems have no locks
