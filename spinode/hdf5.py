"""HDF5 files written in one piece and opened with suspicion; used by every file format of the package.

A file is built in memory, sealed with a digest of its bytes behind the end of the HDF5 data (readers of HDF5 ignore
what follows), and written as ``whole_file`` says. So a killed run or a full disk leaves the old file whole, and a
damaged file is recognised before the HDF5 library sees it.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from spinode.hdf5_attributes import MOST_NAMES
from spinode.hdf5_trial import survives
from spinode.signals import FloatArray
from spinode.whole_file import refuse_existing, write_whole

_SEAL = b"\nspinode-sha256 "
_SEAL_LENGTH = len(_SEAL) + 65
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_BEST_RATIO = 1100  # deflate shrinks by 1032 at most, so a larger claim over the bytes stored is false
_FREE_BYTES = 1 << 20  # claims below 1 MB are not worth a question
_DEEPEST, _MOST_OBJECTS = 8, 100_000
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_QUICK = 1 << 26  # bytes up to which a digest is quicker than a trial
_DAMAGE = (OSError, LookupError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError, OverflowError)


@contextmanager
def atomic_file(path: str | PathLike[str], schema: str, *, force: bool = False) -> Iterator[h5py.File]:
    """An open HDF5 file that becomes ``path`` when the block ends without an error.

    Parameters
    ----------
    path : path
        File to make; its folder must exist.
    schema : str
        Kind and number, for example ``traces/1``; stored as ``spinode_schema`` beside ``spinode_version``.
    force : bool
        Replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and ``force`` is False.
    OSError, MemoryError
        If it cannot be written; an old file of that name is then untouched.
    """
    refuse_existing(path, force)
    try:
        with h5py.File(Path(path).name, "w", driver="core", backing_store=False) as file:
            file.attrs["spinode_schema"] = schema
            file.attrs["spinode_version"] = _version()
            yield file
            file.flush()
            image = file.id.get_file_image()
    except (OSError, RuntimeError) as error:
        if "unable to allocate" in str(error):  # the library's words for it
            raise MemoryError(str(error)) from None
        raise
    seal = _SEAL + hashlib.sha256(image).hexdigest().encode() + b"\n"
    write_whole(path, image, seal, force=force)


@contextmanager
def open_checked(path: str | PathLike[str], schema: str) -> Iterator[h5py.File]:
    """A file of this package open for reading; anything wrong with it becomes one line that names the file.

    Checked before the block starts: that the file exists, is HDF5, agrees with its digest, is of the kind and not of
    a newer number than ``schema``, holds only plain groups and datasets (no links, no foreign filters) and claims no
    more data than its bytes can hold. Errors inside the block are given the name of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For everything else, in one line.
    """
    with open_plain(path, sealed=True) as file:
        _check_schema(file, schema)
        _check_tree(file, os.path.getsize(path))
        yield file


@contextmanager
def open_plain(path: str | PathLike[str], *, sealed: bool = False) -> Iterator[h5py.File]:
    """Any HDF5 file open for reading, with one-line errors; ``sealed``: compare it with its digest first."""
    _check_bytes(path, sealed)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except _DAMAGE as error:
        text = " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())
        hint = "make the file again or take a copy" if _from_library(error) else ""
        raise ValueError(f"{path} cannot be used: {_plain_words(text)}{'; ' + hint if hint else ''}") from None


def put_array(group: h5py.Group, name: str, values: FloatArray) -> h5py.Dataset:
    """Store float64 samples with gzip 1, shuffle and a checksum; an empty array is stored without filters."""
    if values.size == 0:
        return group.create_dataset(name, data=values, track_times=False)
    chunk = _chunk(values.shape)
    return group.create_dataset(
        name, data=values, chunks=chunk, compression="gzip", compression_opts=1, shuffle=True, fletcher32=True,
        track_times=False,
    )  # fmt: skip


def read_array(group: h5py.Group, name: str, shape: Sequence[int | None]) -> FloatArray:
    """Finite float64 samples of a dataset; ``None`` in ``shape`` leaves that length free.

    Raises
    ------
    ValueError
        If the dataset is missing, is not float64, has another shape or holds NaN or infinite values.
    """
    item = _dataset(group, name)
    expected = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
    if item.dtype != np.dtype("<f8"):
        raise ValueError(f"'{item.name}' must hold float64, got {item.dtype}")
    fits = len(item.shape) == len(shape) and all(n in (None, m) for n, m in zip(shape, item.shape, strict=False))
    if not fits:
        raise ValueError(f"'{item.name}' must have shape {expected}, got {item.shape}")
    _check_claim(item, item.id.get_storage_size())
    values: NDArray[np.float64] = np.asarray(item[()], dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"'{item.name}' must be finite, got {np.sum(~np.isfinite(values))} NaN or infinite values")
    return values


def read_names(group: h5py.Group, name: str) -> tuple[str, ...]:
    """Text of a one-dimensional string dataset."""
    item = _dataset(group, name)
    if h5py.check_string_dtype(item.dtype) is None or len(item.shape) != 1 or item.shape[0] > MOST_NAMES:
        raise ValueError(f"'{item.name}' must be a list of texts, got {item.dtype} of shape {item.shape}")
    return tuple(str(text) for text in item.asstr()[()])


def _version() -> str:
    from spinode import __version__  # here, because the package's door imports the layers below first

    return __version__


def _check_bytes(path: str | PathLike[str], sealed: bool) -> None:
    """Existence, emptiness, signature and digest, before the HDF5 library sees the file."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} does not exist; check the name and the folder")
    if not os.path.isfile(path):
        raise ValueError(f"{path} is a folder or a device; give a file")
    try:
        with open(path, "rb") as stream:
            head = stream.read(len(_SIGNATURE))
            if not head:
                raise ValueError(f"{path} is empty; make the file again")
            if head != _SIGNATURE and not h5py.is_hdf5(path):
                raise ValueError(f"{path} is not an HDF5 file; text tables are read by 'spinode import'")
            size = os.path.getsize(path)
            holds = _seal_holds(stream.fileno(), size) if sealed or size <= _QUICK else None
            if sealed and holds is False:
                raise ValueError(f"{path} is damaged: its checksum does not fit; make the file again or take a copy")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not holds:
        refuse_deadly(path)


def refuse_deadly(path: str | PathLike[str]) -> None:
    """Refuse a file that the HDF5 library cannot read without harm; for files without a digest of ours.

    Raises
    ------
    ValueError
        In one line.
    """
    if not survives(path):
        raise ValueError(f"{path} is damaged: the HDF5 library fails on it; make the file again or take a copy")


def _seal_holds(handle: int, size: int) -> bool | None:
    """Whether the digest at the end of the file fits; None where there is none."""
    with open(handle, "rb", closefd=False) as stream:
        stream.seek(max(0, size - _SEAL_LENGTH))
        tail = stream.read()
        if not tail.startswith(_SEAL):
            return False if _SEAL.strip() in tail else None
        stream.seek(0)
        digest, left = hashlib.sha256(), size - _SEAL_LENGTH
        while left > 0:
            block = stream.read(min(left, 1 << 20))
            digest.update(block)
            left -= len(block)
        return tail == _SEAL + digest.hexdigest().encode() + b"\n"


def _check_schema(file: h5py.File, schema: str) -> None:
    kind, number = schema.split("/")
    found = file.attrs.get("spinode_schema")
    if not isinstance(found, str) or found.count("/") != 1 or not found.split("/")[1].isdecimal():
        raise ValueError("it is HDF5, but not made by spinode")
    found_kind, found_number = found.split("/")
    if found_kind != kind:
        raise ValueError(f"it must be a {kind} file, got a {found_kind} file")
    if int(found_number) > int(number):
        raise ValueError(f"its schema {found} is newer than {schema}; install a newer spinode")


def _check_tree(file: h5py.File, size: int) -> None:
    """Only hard links to groups and honest datasets, to a limited depth and number."""
    waiting: list[tuple[h5py.Group, int]] = [(file, 0)]
    count = 0
    while waiting:
        group, depth = waiting.pop()
        for name in group:
            count += 1
            if count > _MOST_OBJECTS or depth > _DEEPEST:
                raise ValueError("it must be a shallow tree of groups, got a loop or too many objects")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"'{group.name}/{name}' must not be a link to another place")
            item = group[name]
            if isinstance(item, h5py.Group):
                waiting.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                _check_dataset(item, size)
            else:
                raise ValueError(f"'{item.name}' must be a group or a dataset")


def _check_dataset(item: h5py.Dataset, size: int) -> None:
    """A dataset whose bytes are in this file, packed by the filters that this package writes."""
    check_storage(item, size)
    settings = item.id.get_create_plist()
    filters = {settings.get_filter(number)[0] for number in range(settings.get_nfilters())}
    if not filters <= _FILTERS:
        raise ValueError(f"'{item.name}' must be packed by gzip, shuffle and fletcher32 only")
    if item.shape is None:
        raise ValueError(f"'{item.name}' must hold values, got an empty dataset")
    if item.dtype.hasobject and h5py.check_string_dtype(item.dtype) is None:
        raise ValueError(f"'{item.name}' must hold numbers or text, got {item.dtype}")


def check_storage(item: h5py.Dataset, size: int) -> None:
    """A dataset whose bytes are in this file, and that claims no more than ``size`` bytes can hold.

    Raises
    ------
    ValueError
        If it refers to another file, or its shape, its chunks or its filters could fill the memory.
    """
    settings = item.id.get_create_plist()
    if item.is_virtual or settings.get_external_count():
        raise ValueError(f"'{item.name}' must not refer to another file")
    filters = [settings.get_filter(number)[0] for number in range(settings.get_nfilters())]
    if len(set(filters)) < len(filters):  # packed twice, a kilobyte becomes a gigabyte on its way
        raise ValueError(f"'{item.name}' must be packed once, got a filter twice")
    if item.shape is not None:
        _check_claim(item, size)
        chunk = math.prod(item.chunks or ()) * item.dtype.itemsize
        if chunk > max(_FREE_BYTES, _BEST_RATIO * size):
            raise ValueError(f"'{item.name}' claims chunks of {chunk} bytes")


def _check_claim(item: h5py.Dataset, stored: int) -> None:
    claimed = math.prod(item.shape) * item.dtype.itemsize
    if claimed > _FREE_BYTES + _BEST_RATIO * stored:
        raise ValueError(f"'{item.name}' claims {claimed} bytes where {stored} are stored")


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    item = group.get(name)
    if not isinstance(item, h5py.Dataset):
        raise ValueError(f"the dataset '{group.name.rstrip('/')}/{name}' is missing")
    return item


def _chunk(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of whole rows, about 256 kB each."""
    row = max(1, math.prod(shape[1:]))
    return (max(1, min(shape[0], 32768 // row)), *shape[1:])


def _from_library(error: Exception) -> bool:
    return not isinstance(error, ValueError)


def _plain_words(text: str) -> str:
    """HDF5's own words, shortened to what a user can act on."""
    for sign, words in (
        ("truncated file", "it is truncated"),
        ("filter returned failure", "a checksum inside it does not fit"),
        ("Unable to synchronously open file", "it is damaged"),
        ("component not found", "a part of it is missing"),
    ):
        if sign in text:
            return words
    return text[:200]
