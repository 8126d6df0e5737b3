"""Whether the HDF5 library survives a file, tried in a process of its own: this file is run as a program.

The library is C code. A changed byte in a heap of texts can send it into an endless loop that not even Ctrl-C ends, or
make it take memory by the gigabyte. Files with a digest that fits are whole; every other file is tried first.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from functools import partial
from os import PathLike
from typing import Any

DEADLY = 3
"""Exit code for memory that ran out."""
SECONDS, PATIENCE = 10, 120.0
"""Processor time and time [s] that a trial may take."""
_ROOM = 256 << 20  # bytes of memory beyond what the program itself has
_SMALL = 1 << 25  # bytes of a dataset up to which all of it is read, not the ends alone
_MOST_OBJECTS = 20_000


def survives(path: str | PathLike[str]) -> bool:
    """False if reading a file kills a process, does not end, or takes memory without measure."""
    words = [sys.executable, "-P", __file__, os.fspath(path)]
    nothing = subprocess.DEVNULL
    try:
        done = subprocess.run(words, stdin=nothing, stdout=nothing, stderr=nothing, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return False
    except OSError:
        return True  # no process can be had, and the file may be sound
    return done.returncode in (0, 1)  # 1: an error that the reader will meet and name


def walk(path: str) -> int:
    """Read every object, attribute and the small datasets of a file; the exit code."""
    import h5py

    left = _MOST_OBJECTS

    def look(name: str, item: h5py.Group | h5py.Dataset) -> bool | None:
        nonlocal left
        left -= 1
        _read_attributes(item)
        if isinstance(item, h5py.Dataset) and not item.is_virtual and not item.external and item.shape:
            small = math.prod(item.shape) * item.dtype.itemsize <= _SMALL
            _read(lambda: item[()] if small else (item[:1], item[-1:]))
        return True if left <= 0 else None

    def everything() -> None:
        with h5py.File(path, "r") as file:
            _read_attributes(file)
            file.visititems(look)

    _read(everything)
    return 0


def _read_attributes(item: Any) -> None:
    """Each by itself: an error in one must not hide the next."""
    names: list[str] = []
    _read(lambda: names.extend(item.attrs))
    for name in names:
        _read(partial(item.attrs.get, name))


def _read(work: object) -> None:
    """Do it; an error that names a part is left to the reader, one about memory ends the trial."""
    assert callable(work)
    try:
        work()
    except MemoryError:
        raise SystemExit(DEADLY) from None
    except Exception as error:
        if "alloc" in str(error).lower():
            raise SystemExit(DEADLY) from None


def limit() -> None:
    """Bound the memory and the processor time of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, used + _ROOM))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    import h5py  # before the limit, which is for what the file asks

    if os.path.exists("/proc/self/statm"):
        limit()
    sys.exit(walk(sys.argv[1]))
