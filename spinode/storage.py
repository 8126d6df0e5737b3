"""Traces in HDF5 files that open whole or not at all.

Layout of schema ``traces/1``. Root attributes: ``spinode_schema``, ``spinode_version``, ``source``, ``seed`` ('' for
none), ``command``. One group a trace, ``trace0000``, ``trace0001``, ..., with the attributes ``name``, ``source``,
``parameter_names``, ``parameter_values``, ``parameter_units`` and the datasets ``drive`` (T, inputs), ``output``
(T, outputs), ``time`` (T,), ``drive_channel``, ``output_channel`` (names; dimension scales with ``time``), ``dt`` and
``start`` [s]. ``drive`` and ``output`` carry ``units`` and ``hold``, one entry a channel. Opens in xarray with
``xarray.open_dataset(path, group="trace0000", engine="h5netcdf")``.

The safe opening, the atomic writing and the sealed digest live in ``hdf5.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType

import h5py
import numpy as np

from spinode.hdf5 import atomic_file, open_checked, open_plain, put_array, read_array, read_names
from spinode.hdf5_attributes import clean_text, numbers_attribute, plain_attribute, text_attribute, texts_attribute
from spinode.signals import Channel, FloatArray, Signal, missing_name
from spinode.traces import Parameter, Trace, TraceSet

SCHEMA = "traces/1"
_LONGEST_TEXT = 4000  # an HDF5 attribute holds 64 kB; a command line of a thousand files does not belong there


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceInfo:
    """What a file says about one trace, without its samples; dt and start in seconds."""

    name: str
    source: str
    samples: int
    dt: float
    start: float
    drive: tuple[Channel, ...]
    output: tuple[Channel, ...]
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileInfo:
    """What an HDF5 file says about itself, without its data.

    Parameters
    ----------
    kind : str
        'traces', 'surrogate', ... from ``spinode_schema``; '' for a file that is not ours.
    schema, version : str
        Schema and version of spinode that wrote it; '' where the file does not say.
    attributes : mapping
        Root attributes as plain Python values.
    traces : tuple of TraceInfo
        Readable traces, empty for other kinds.
    datasets : mapping of str to tuple
        Shape of every dataset by its path.
    """

    kind: str
    schema: str
    version: str
    attributes: Mapping[str, object]
    traces: tuple[TraceInfo, ...]
    datasets: Mapping[str, tuple[int, ...]]


def write_traces(
    path: str | PathLike[str],
    traces: TraceSet,
    *,
    seed: int | None = None,
    command: str = "",
    source: str = "",
    force: bool = False,
) -> None:
    """Write traces to an HDF5 file that appears whole or not at all; the same traces give the same bytes.

    Parameters
    ----------
    path : path
        File to make; its folder must exist.
    traces : TraceSet
        What to store, with the ``extras`` of each.
    seed : int, optional
        Seed behind the numbers, if there is one.
    command, source : str
        How the file was made and from what.
    force : bool
        Replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and ``force`` is False.
    OSError
        If it cannot be written (full disk, no such folder); an old file is then untouched.
    """
    with atomic_file(path, SCHEMA, force=force) as file:
        file.attrs["source"] = source[:_LONGEST_TEXT]
        file.attrs["seed"] = "" if seed is None else int(seed)
        file.attrs["command"] = command[:_LONGEST_TEXT]
        for number, trace in enumerate(traces):
            _put_trace(file.create_group(f"trace{number:04d}"), trace)


def read_traces(path: str | PathLike[str]) -> TraceSet:
    """Read a traces file of any past schema.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, damaged, foreign, of another kind or of a newer schema: one line that says which.
    """
    with open_checked(path, SCHEMA) as file:
        groups = [file[key] for key in sorted(file)]
        if not groups or not all(isinstance(group, h5py.Group) for group in groups):
            raise ValueError("it must hold one group a trace, got no trace or something else")
        return TraceSet(tuple(_get_trace(group) for group in groups))


def read_extra(path: str | PathLike[str], trace: str, name: str) -> FloatArray:
    """A further dataset of one trace, such as ``outside`` (T,) or ``half_width`` (T, O) of a prediction.

    Raises
    ------
    FileNotFoundError, ValueError
        As ``read_traces``; also if there is no such trace or dataset.
    """
    with open_checked(path, SCHEMA) as file:
        groups = {text_attribute(file[key].attrs, "name"): file[key] for key in sorted(file)}
        if trace not in groups:
            raise ValueError(missing_name("trace", trace, list(groups)))
        rank = len(groups[trace][name].shape) if name in groups[trace] else 1
        return read_array(groups[trace], name, (None,) * rank)


def peek(path: str | PathLike[str]) -> FileInfo:
    """Attributes, channels and lengths of an HDF5 file without loading samples; other people's files are described too.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or it is not readable as HDF5.
    """
    with open_plain(path) as file:
        attributes = {clean_text(name): plain_attribute(file.attrs, name) for name in file.attrs}
        schema = str(attributes.get("spinode_schema", ""))
        datasets: dict[str, tuple[int, ...]] = {}

        def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                # asked for its shape, a virtual dataset opens the files it refers to
                datasets[clean_text(name)] = () if item.is_virtual else tuple(item.shape or ())

        file.visititems(note)
        kind = schema.partition("/")[0]
        readable = sorted(key for key in file if f"{key}/output" in datasets) if kind == "traces" else []
        return FileInfo(
            kind=kind,
            schema=schema,
            version=str(attributes.get("spinode_version", "")),
            attributes=MappingProxyType(attributes),
            traces=tuple(describe_trace(file[key]) for key in readable),
            datasets=MappingProxyType(datasets),
        )


def _put_trace(group: h5py.Group, trace: Trace) -> None:
    group.attrs["name"] = trace.name
    group.attrs["source"] = trace.source[:_LONGEST_TEXT]
    group.attrs.create("parameter_names", list(trace.parameters), dtype=h5py.string_dtype())
    group.attrs["parameter_values"] = np.array([p.value for p in trace.parameters.values()], dtype=np.float64)
    group.attrs.create("parameter_units", [p.unit for p in trace.parameters.values()], dtype=h5py.string_dtype())
    time = put_array(group, "time", trace.output.time)
    time.attrs["units"] = "s"
    time.make_scale("time")
    for name, value in (("dt", trace.dt), ("start", trace.output.start)):
        group.create_dataset(name, data=np.float64(value), track_times=False).attrs["units"] = "s"
    for name, signal in (("drive", trace.drive), ("output", trace.output)):
        _put_signal(group, name, signal)
    for name, values in trace.extras().items():
        put_array(group, name, values).dims[0].attach_scale(time)


def _put_signal(group: h5py.Group, name: str, signal: Signal) -> None:
    text = h5py.string_dtype()
    scale = group.create_dataset(f"{name}_channel", data=list(signal.names), dtype=text, track_times=False)
    scale.make_scale(f"{name}_channel")
    data = put_array(group, name, signal.values)
    data.dims[0].attach_scale(group["time"])
    data.dims[1].attach_scale(scale)
    data.attrs.create("units", [channel.unit for channel in signal.channels], dtype=text)
    data.attrs["hold"] = signal.holds.astype(np.uint8)


def _get_trace(group: h5py.Group) -> Trace:
    time = read_array(group, "time", (None,))
    dt, start = float(read_array(group, "dt", ())), float(read_array(group, "start", ()))
    with np.errstate(over="ignore", invalid="ignore"):
        if len(time) and not np.max(np.abs(time - start - np.arange(len(time)) * dt)) <= 1e-3 * abs(dt):
            raise ValueError(f"'{group.name}/time' does not agree with its dt and start")
    drive = _get_signal(group, "drive", time, dt)
    return Trace(
        drive=drive,
        output=_get_signal(group, "output", time, dt),
        parameters=_get_parameters(group),
        name=text_attribute(group.attrs, "name"),
        source=text_attribute(group.attrs, "source"),
    )


def _get_signal(group: h5py.Group, name: str, time: FloatArray, dt: float) -> Signal:
    values = read_array(group, name, (len(time), len(read_names(group, f"{name}_channel"))))
    channels = _get_channels(group, name)
    return Signal(values=values, dt=dt, channels=channels, start=float(read_array(group, "start", ())))


def _get_channels(group: h5py.Group, name: str) -> tuple[Channel, ...]:
    names = read_names(group, f"{name}_channel")
    units, holds = texts_attribute(group[name].attrs, "units"), numbers_attribute(group[name].attrs, "hold")
    if not set(holds) <= {0.0, 1.0}:
        raise ValueError(f"'{group.name}/{name}' must have hold flags of 0 or 1, got {holds[:8]}")
    if not len(names) == len(units) == len(holds):
        raise ValueError(
            f"'{group.name}/{name}' has {len(names)} names, {len(units)} units and {len(holds)} hold flags"
        )
    rows = zip(names, units, holds, strict=True)
    return tuple(Channel(name=text, unit=unit, hold=bool(hold)) for text, unit, hold in rows)


def _get_parameters(group: h5py.Group) -> dict[str, Parameter]:
    names, units = (texts_attribute(group.attrs, f"parameter_{part}") for part in ("names", "units"))
    values = numbers_attribute(group.attrs, "parameter_values")
    if not len(names) == len(units) == len(values) or len(set(names)) < len(names):
        raise ValueError(f"'{group.name}' must have a value and a unit for each parameter, got {names[:8]}")
    rows = zip(names, values, units, strict=True)
    return {name: Parameter(value=value, unit=unit) for name, value, unit in rows}


def describe_trace(group: h5py.Group) -> TraceInfo:
    """What a trace's group says about it, without its samples."""
    return TraceInfo(
        name=text_attribute(group.attrs, "name"),
        source=text_attribute(group.attrs, "source"),
        samples=_length(group),
        dt=float(read_array(group, "dt", ())),
        start=float(read_array(group, "start", ())),
        drive=_get_channels(group, "drive"),
        output=_get_channels(group, "output"),
        parameters=MappingProxyType(_get_parameters(group)),
    )


def _length(group: h5py.Group) -> int:
    """Samples of a trace, by the shape of its output."""
    shape = getattr(group.get("output"), "shape", None)
    if not shape or len(shape) != 2:
        raise ValueError(f"'{group.name}/output' must be a dataset of shape (any, any), got {shape}")
    return int(shape[0])
