"""A traces file of any length, read piece by piece: what is not asked for never enters the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike

import h5py
import numpy as np

from spinode.hdf5 import open_checked
from spinode.signals import Channel, FloatArray, Signal, missing_name
from spinode.storage import SCHEMA, TraceInfo, describe_trace
from spinode.traces import Trace, TraceSet


@dataclass(frozen=True, kw_only=True)
class TraceFile:
    """An open traces file; it lives inside the block of ``open_traces``.

    Parameters
    ----------
    infos : tuple of TraceInfo
        What the file says about each trace, in its order.
    """

    infos: tuple[TraceInfo, ...]
    _groups: tuple[h5py.Group, ...]

    def info(self, name: str) -> TraceInfo:
        """What the file says about one trace; a name that is not there is answered with the closest ones."""
        return self.infos[self._position(name)]

    def read(self, name: str, first: int, last: int) -> Trace:
        """Samples first, ..., last - 1 of one trace, 0 <= first < last <= its length; nothing else is read."""
        info, group = self.info(name), self._groups[self._position(name)]
        if not 0 <= first < last <= info.samples:
            raise ValueError(f"samples must satisfy 0 <= first < last <= {info.samples}, got {first}:{last}")
        start = info.start + first * info.dt
        return Trace(
            drive=_signal(group["drive"], info.drive, (first, last), info.dt, start),
            output=_signal(group["output"], info.output, (first, last), info.dt, start),
            parameters=info.parameters,
            name=info.name,
            source=info.source,
        )

    def _position(self, name: str) -> int:
        names = [info.name for info in self.infos]
        if name not in names:
            raise ValueError(missing_name("trace", name, names))
        return names.index(name)


@contextmanager
def open_traces(path: str | PathLike[str]) -> Iterator[TraceFile]:
    """A traces file open for reading in pieces, checked as ``storage.read_traces`` checks it.

    Raises
    ------
    FileNotFoundError, ValueError
        As ``storage.read_traces``.
    """
    with open_checked(path, SCHEMA) as file:
        groups = tuple(file[key] for key in sorted(file))
        if not groups or not all(isinstance(group, h5py.Group) for group in groups):
            raise ValueError("it must hold one group a trace, got no trace or something else")
        yield TraceFile(infos=tuple(describe_trace(group) for group in groups), _groups=groups)


def choose_segments(file: TraceFile, parts: Sequence[tuple[str, int, int]], most: int, count: int) -> TraceSet:
    """Parts of traces, or ``count`` segments of them where they have more than ``most`` samples together.

    Segments are of one length, spread evenly over all parts end to end: a long trace gives more of them. They are named
    ``NAME[first:last]``.

    Parameters
    ----------
    file : TraceFile
    parts : sequence of (name, first, last)
        What may be read.
    most : int
        Samples to read at most.
    count : int
        Segments, >= 1; fewer where the parts are so many that a segment each is more.
    """
    total = sum(last - first for _, first, last in parts)
    if total <= most:
        return TraceSet(tuple(file.read(*part) for part in parts))
    length = max(2, most // count)
    shares = [max(1, round(count * (last - first) / total)) for _, first, last in parts]
    found: list[Trace] = []
    for (name, first, last), share in zip(parts, shares, strict=True):
        size = min(length, (last - first) // share)
        for begin in np.linspace(first, last - size, share).astype(int).tolist():
            trace = file.read(name, begin, begin + size)
            label = f"{name}[{begin}:{begin + size}]"
            found.append(Trace(drive=trace.drive, output=trace.output, parameters=trace.parameters, name=label,
                               source=trace.source))  # fmt: skip
    return TraceSet(tuple(found))


def _signal(
    data: h5py.Dataset, channels: tuple[Channel, ...], part: tuple[int, int], dt: float, start: float
) -> Signal:
    if data.dtype != np.dtype("<f8") or len(data.shape) != 2 or data.shape[1] != len(channels):
        raise ValueError(f"'{data.name}' must hold float64 with {len(channels)} columns, got {data.dtype} {data.shape}")
    values: FloatArray = np.asarray(data[part[0] : part[1]], dtype=np.float64)
    return Signal(values=values, dt=dt, channels=channels, start=start)
