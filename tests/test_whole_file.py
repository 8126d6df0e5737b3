"""Files that appear whole or not at all: what a race, a dead writer or an odd target may not destroy."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spinode.whole_file import write_whole

OLD = 3600.0
"""Age of a part [s] that nobody is writing any more."""


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def abandoned(folder: Path, name: str, age: float = OLD) -> Path:
    """What a run that was killed while it wrote ``name`` leaves."""
    part = folder / f".{name}.1234-abcdef.part"
    part.write_bytes(b"half")
    os.utime(part, (time.time() - age, time.time() - age))
    return part


def test_the_pieces_are_the_content_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"one", b"", b"two")
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    assert names(tmp_path) == ["a"]


def test_a_file_that_another_process_made_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def come_first(handle: int) -> None:
        (tmp_path / "a").write_bytes(b"theirs")

    monkeypatch.setattr("spinode.whole_file.os.fsync", come_first)
    with pytest.raises(FileExistsError, match="a exists already; give --force"):
        write_whole(tmp_path / "a", b"ours")
    assert (tmp_path / "a").read_bytes() == b"theirs"
    assert names(tmp_path) == ["a"]


def test_a_file_system_without_links_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(first: object, second: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("spinode.whole_file.os.link", refuse)
    write_whole(tmp_path / "a", b"ours")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "a", b"more")
    assert (tmp_path / "a").read_bytes() == b"ours"
    assert names(tmp_path) == ["a"]


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    old, other, longer = (abandoned(tmp_path, name) for name in ("a", "b", "aa"))
    write_whole(tmp_path / "a", b"new")
    assert names(tmp_path) == sorted(["a", other.name, longer.name])
    abandoned(tmp_path, "a", age=1.0)  # it may be new and not locked yet
    write_whole(tmp_path / "a", b"newer", force=True)
    assert old.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock that tells the living from the dead")
def test_a_part_that_is_still_being_written_stays(tmp_path: Path) -> None:
    part = abandoned(tmp_path, "a")
    code = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    words = [sys.executable, "-S", "-c", code, str(part)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        write_whole(tmp_path / "a", b"new")
        assert part.exists()
        writer.stdin.close()
    write_whole(tmp_path / "a", b"newer", force=True)
    assert not part.exists()


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    write_whole(tmp_path / "link", b"new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    write_whole(tmp_path / "pipe", b"ours", force=True)
    reader.join(10)
    assert found == [b"ours"]
    assert (tmp_path / "pipe").is_fifo() and names(tmp_path) == ["pipe"]


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "é" * 127):
        write_whole(tmp_path / name, b"new")
        assert (tmp_path / name).read_bytes() == b"new"


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be written: file name too long"):
        write_whole(tmp_path / ("n" * 256), b"new")
    assert names(tmp_path) == []


def test_threads_that_write_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    contents = [bytes([number]) * 10_000 for number in range(6)]
    threads = [
        threading.Thread(target=lambda c=c: [write_whole(tmp_path / "a", c, force=True) for _ in range(5)])
        for c in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() in contents
    assert names(tmp_path) == ["a"]
