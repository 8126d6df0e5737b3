"""MATLAB files: v5 to v7 through ``mat5``, v7.3 (HDF5) through h5py.

The columns are the one-dimensional numeric variables that are as long as the time; a scalar such as 'dt', 'Ts' or
'fs' serves where there is no time variable. Only numbers are read: structures, cells, objects and references are
left alone and nothing is ever unpickled.
"""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np

from spinode.hdf5 import check_storage, refuse_deadly
from spinode.hdf5_attributes import clean_text
from spinode.importers.mat5 import read_mat5
from spinode.importers.table import RawTable
from spinode.signals import FloatArray
from spinode.units import in_brief

_TIME_NAMES = ("t", "time", "simulation_time", "x")
_INTERVALS = ("dt", "ts", "tinterval", "increment", "xinc")
_RATES = ("fs", "samplerate", "sample_rate")
_LARGEST = 1 << 32  # bytes claimed by one variable


def read_mat(path: Path, source: str) -> RawTable:
    """Columns of a MATLAB file; units are unknown there and stay empty.

    Raises
    ------
    ValueError
        If the file is damaged, or holds no variables of equal length with a time.
    """
    try:
        found = _read_hdf5(path) if h5py.is_hdf5(path) else read_mat5(path.read_bytes())
    except MemoryError:
        raise ValueError(f"{source} is damaged: it claims more data than it can hold") from None
    except Exception as error:  # h5py and zlib have no common error class
        text = " ".join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f"{source} is damaged or not a MATLAB file: {text}") from None
    scalars = {name.lower(): float(value[0]) for name, value in found.items() if value.size == 1}
    vectors = {name: value for name, value in found.items() if value.size > 1}
    clock = next((name for wanted in _TIME_NAMES for name in vectors if name.lower() == wanted), None)
    interval = None if clock else _interval(scalars)
    if not vectors or (clock is None and interval is None):
        names = in_brief(", ".join(found), 200) or "none"
        raise ValueError(f"{source} must have a vector 't' or 'time', or a scalar 'dt', got: {names}")
    length = vectors[clock].size if clock else max(value.size for value in vectors.values())
    columns = {name: value for name, value in vectors.items() if value.size == length}
    return RawTable(
        names=tuple(columns),
        units=("",) * len(columns),
        values=np.column_stack(list(columns.values())),
        source=source,
        solver=False,
        interval=interval,
        start=scalars.get("tstart", 0.0),
    )


def _interval(scalars: dict[str, float]) -> float | None:
    """Sample interval [s] from the first scalar that is one."""
    for name in (*_INTERVALS, *_RATES):
        value = scalars.get(name, 0.0)
        if value > 0 and math.isfinite(value):
            return 1 / value if name in _RATES else value
    return None


def _read_hdf5(path: Path) -> dict[str, FloatArray]:
    """Numeric vectors and scalars at the root of a v7.3 file; links and references are left alone."""
    refuse_deadly(path)
    result = {}
    with h5py.File(path, "r") as file:
        if "spinode_schema" in file.attrs:
            raise ValueError("it is a spinode file already, which needs no import")
        for name in file:
            item = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
            if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external or item.dtype.kind not in "fiub":
                continue
            if item.shape is not None and _is_vector(item.shape) and "MATLAB_empty" not in item.attrs:
                check_storage(item, item.id.get_storage_size())
                result[clean_text(name)] = _flat(item[()])
    return result


def _is_vector(shape: tuple[int, ...]) -> bool:
    size = math.prod(shape)
    return 0 < size == max(shape, default=1) and 8 * size < _LARGEST


def _flat(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> FloatArray:
    return np.asarray(values, dtype=np.float64).ravel()
