"""Files that appear whole or not at all: written beside their place under another name, synced, and moved there.

A killed run or a full disk leaves what was there as it was. What a killed run leaves behind (``.NAME.*.part``) is
removed by the next that writes the same name; a part that another process is still writing is locked and stays.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
from contextlib import suppress
from os import PathLike
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EINVAL}
_ABANDONED = 60.0  # seconds after which a part that nobody has locked is taken for a dead run's
_LONGEST_NAME = 40  # characters of the name in that of its part: 255 bytes must hold it all


def refuse_existing(path: str | PathLike[str], force: bool) -> None:
    """Raise where nothing may be written: at a folder, or at a file that is there and may not be replaced.

    Raises
    ------
    IsADirectoryError, FileExistsError
        In one line.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give a file name")
    if target.exists() and not force:
        raise FileExistsError(f"{path} exists already; give --force to replace it, or another name")


def write_whole(path: str | PathLike[str], *pieces: bytes, force: bool = False) -> None:
    """Write bytes, one piece after the other, to a file that appears when all of them are on the disk.

    Parameters
    ----------
    path : path
        File to make; its folder must exist. A link is followed; a device or a pipe is written into.
    pieces : bytes
        What to write.
    force : bool
        Replace an existing file. Without it the file of another process that came first stays, too.

    Raises
    ------
    FileExistsError
        If the file exists and ``force`` is False.
    OSError
        If it cannot be written, in one line; an old file of that name is then untouched.
    """
    target = Path(os.path.realpath(path))
    try:
        refuse_existing(path, force)
        if target.exists() and not target.is_file():
            with open(target, "wb") as stream:
                stream.writelines(pieces)
        else:
            _write_beside(target, pieces, force)
    except FileExistsError:
        raise FileExistsError(f"{path} exists already; give --force to replace it, or another name") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{path} is a folder; give a file name") from None
    except OSError as error:
        raise OSError(f"{path} cannot be written: {_reason(error)}") from None


def _write_beside(target: Path, pieces: tuple[bytes, ...], force: bool) -> None:
    """Write a part, move it to its place and remove it whatever happens."""
    stem = f".{target.name[:_LONGEST_NAME]}."
    _remove_abandoned(target.parent, stem)
    part = target.with_name(f"{stem}{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            _lock(stream.fileno())
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        _move(part, target, force)
        _sync_folder(target.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _move(part: Path, target: Path, force: bool) -> None:
    """Put a part in its place; without ``force`` a link is made, which fails where a file has come in between."""
    if not force:
        try:
            os.link(part, target)
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        if target.exists():  # a file system without links: the look before the move has to do
            raise FileExistsError(target)
    os.replace(part, target)


def _lock(handle: int) -> bool:
    """Lock an open file without waiting; False where another process has it. It is free again when it is closed."""
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _remove_abandoned(folder: Path, stem: str) -> None:
    """Remove the parts of runs that were killed; a folder that refuses keeps them."""
    if sys.platform == "win32":
        return  # no lock tells the living from the dead
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(stem) and entry.name.endswith(".part")):
                continue
            if not entry.is_file(follow_symlinks=False) or time.time() - entry.stat().st_mtime < _ABANDONED:
                continue
            with open(entry.path, "rb") as stream:
                if _lock(stream.fileno()):
                    os.unlink(entry.path)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable where the system can do that for folders."""
    if hasattr(os, "O_DIRECTORY"):
        with suppress(OSError):  # some network file systems refuse; the data itself is synced already
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space or write elsewhere (nothing was changed)"
    if error.errno == errno.ENOENT:
        return "its folder does not exist; make the folder first"
    return f"{(error.strerror or str(error)).lower()} (nothing was changed)"
