"""Disks that are full or read-only, and processes with little memory, for the tests of what a fault may not destroy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LIMITED = """
import resource, sys
from pathlib import Path
{imports}
from spinode.cli import main
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {room}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(main(sys.argv[1:]))
"""
"""A command in a process that may take so many bytes beyond what its imports took."""


def mounted(folder: Path, size: str) -> None:
    """A small disk at a folder; the test is skipped where the system does not allow it."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=50", "none", str(folder)]
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A folder on a disk of this size."""
    folder.mkdir()
    mounted(folder, size)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    path = folder / "filling"
    with open(path, "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return path


def remounted_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def in_little_memory(words: list[str], room: int, imports: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with ``room`` bytes of memory beyond what it has once ``imports`` are done."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("the system does not tell how much memory a process has")
    code = LIMITED.format(room=room, imports=imports)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, env=environment)
