"""Surrogates in HDF5: every number and name that the free run needs; nothing is unpickled and torch is not needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike

import h5py
import numpy as np

from spinode.hdf5 import atomic_file, open_checked, put_array, read_array, read_names
from spinode.hdf5_attributes import plain_attribute, text_attribute
from spinode.signals import Channel, FloatArray
from spinode.surrogate.checkpoint import get_shape, put_shape
from spinode.surrogate.confidence_store import get_ensemble, get_trust, put_confidence
from spinode.surrogate.dataset import Scaling
from spinode.surrogate.embedding import Embedding, Encoder
from spinode.surrogate.field import FieldShape
from spinode.surrogate.model import Range, Surrogate
from spinode.surrogate.noise_store import get_noise, put_noise
from spinode.traces import Parameter

SCHEMA = "surrogate/1"


def save_surrogate(path: str | PathLike[str], surrogate: Surrogate, *, command: str = "", force: bool = False) -> None:
    """Write a surrogate; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        File to make.
    surrogate : Surrogate
    command : str
        How it was made, for the record.
    force : bool
        Replace an existing file.

    Raises
    ------
    FileExistsError, OSError
        As ``storage.write_traces``.
    """
    with atomic_file(path, SCHEMA, force=force) as file:
        file.attrs["name"] = surrogate.name
        file.attrs["command"] = command[:4000]
        file.attrs["source"] = str(surrogate.record.get("data", ""))
        file.attrs["seed"] = surrogate.record.get("seed", "")
        file.attrs["dt"] = surrogate.dt
        file.attrs["outputs"] = ", ".join(f"{c.name} [{c.unit}]" for c in surrogate.outputs)
        put_shape(file, surrogate.shape)
        for name, value in surrogate.record.items():
            file.attrs[f"training_{name}"] = value
        _put_channels(file, "input", surrogate.inputs)
        _put_channels(file, "output", surrogate.outputs)
        _put_parameters(file, "parameter", surrogate.parameters)
        _put_parameters(file, "condition", surrogate.conditions)
        if surrogate.divisors:
            pairs = [name for pair in sorted(surrogate.divisors.items()) for name in pair]
            file.create_dataset("divisors", data=pairs, dtype=h5py.string_dtype(), track_times=False)
        put_array(file, "theta", surrogate.theta)
        put_array(file, "history", surrogate.history)
        order = [*(c.name for c in surrogate.inputs), *sorted(surrogate.parameters)]
        ranges = [[surrogate.ranges[name].low, surrogate.ranges[name].high] for name in order]
        put_array(file, "ranges", np.array(ranges, dtype=np.float64).reshape(-1, 2))
        for name in ("output_mean", "output_scale", "input_centre", "input_scale"):
            put_array(file, name, getattr(surrogate.scaling, name))
        file.attrs["embedding_order"] = surrogate.encoder.embedding.order
        file.attrs["embedding_delay"] = surrogate.encoder.embedding.delay
        file.attrs["encoder_degree"] = surrogate.encoder.degree
        put_array(file, "encoder_weights", surrogate.encoder.weights)
        put_array(file, "encoder_spread", surrogate.encoder.spread)
        file.attrs["fitted_error"] = surrogate.fitted_error
        put_noise(file, surrogate.noise)
        put_confidence(file, surrogate)


def load_surrogate(path: str | PathLike[str]) -> Surrogate:
    """Read a surrogate of any past schema.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, foreign, of another kind or of a newer schema: one line that says which.
    """
    with open_checked(path, SCHEMA) as file:
        shape = get_shape(file)
        inputs, outputs = _get_channels(file, "input"), _get_channels(file, "output")
        parameters = _get_parameters(file, "parameter")
        ranges = read_array(file, "ranges", (shape.inputs, 2))
        order = [*(channel.name for channel in inputs), *parameters]
        scaling = Scaling(
            output_mean=read_array(file, "output_mean", (len(outputs),)),
            output_scale=_read_positive(file, "output_scale", len(outputs)),
            input_centre=read_array(file, "input_centre", (shape.inputs,)),
            input_scale=_read_positive(file, "input_scale", shape.inputs),
        )
        return Surrogate(
            name=text_attribute(file.attrs, "name"),
            inputs=inputs,
            outputs=outputs,
            parameters=parameters,
            conditions=_get_parameters(file, "condition"),
            dt=_positive(file, "dt"),
            shape=shape,
            theta=read_array(file, "theta", (shape.size,)),
            scaling=scaling,
            encoder=_get_encoder(file, shape, len(outputs)),
            fitted_error=_positive(file, "fitted_error"),
            ranges={n: Range(low=float(r[0]), high=float(r[1])) for n, r in zip(order, ranges, strict=True)},
            record=_get_record(file),
            history=read_array(file, "history", (None, 2)),
            divisors=_get_divisors(file),
            noise=get_noise(file, shape, len(outputs)),
            trust=get_trust(file, inputs, outputs, shape),
            ensemble=get_ensemble(file, shape, len(outputs)),
        )


def _get_divisors(file: h5py.File) -> dict[str, str]:
    """Names of outputs and of the inputs they are divided by, in turn; none in files without quotients."""
    pairs = read_names(file, "divisors") if "divisors" in file else ()
    if len(pairs) % 2:
        raise ValueError(f"'divisors' must name an output and an input in turn, got {len(pairs)} names")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _put_channels(file: h5py.File, kind: str, channels: Sequence[Channel]) -> None:
    text = h5py.string_dtype()
    file.create_dataset(f"{kind}_names", data=[c.name for c in channels], dtype=text, track_times=False)
    file.create_dataset(f"{kind}_units", data=[c.unit for c in channels], dtype=text, track_times=False)
    held = np.array([float(c.hold) for c in channels], dtype=np.float64)
    put_array(file, f"{kind}_holds", held)


def _get_channels(file: h5py.File, kind: str) -> tuple[Channel, ...]:
    names, units = read_names(file, f"{kind}_names"), read_names(file, f"{kind}_units")
    if len(names) != len(units):
        raise ValueError(f"'{kind}_units' must be as many as the names ({len(names)}), got {len(units)}")
    held = read_array(file, f"{kind}_holds", (len(names),))
    if not set(held.tolist()) <= {0.0, 1.0} or len(set(names)) < len(names):
        raise ValueError(f"'{kind}_names' must be distinct and '{kind}_holds' 0 or 1, got {names[:8]}, {held[:8]}")
    return tuple(Channel(name=n, unit=u, hold=bool(h)) for n, u, h in zip(names, units, held, strict=True))


def _put_parameters(file: h5py.File, kind: str, parameters: Mapping[str, Parameter]) -> None:
    """Names and units in alphabetical order, and the values."""
    static = sorted(parameters.items())
    _put_channels(file, kind, [Channel(name=name, unit=parameter.unit) for name, parameter in static])
    put_array(file, f"{kind}_values", np.array([parameter.value for _, parameter in static], dtype=np.float64))


def _get_parameters(file: h5py.File, kind: str) -> dict[str, Parameter]:
    channels = _get_channels(file, kind)
    values = read_array(file, f"{kind}_values", (len(channels),))
    return {c.name: Parameter(value=float(v), unit=c.unit) for c, v in zip(channels, values, strict=True)}


def _get_encoder(file: h5py.File, shape: FieldShape, outputs: int) -> Encoder:
    numbers = [plain_attribute(file.attrs, n) for n in ("embedding_order", "embedding_delay", "encoder_degree")]
    if not all(isinstance(n, int) and 1 <= n <= most for n, most in zip(numbers, (64, 10**6, 2), strict=True)):
        raise ValueError(
            "embedding order, delay and encoder degree must be positive whole numbers of at most 64, 10**6 and 2,"
            f" got {numbers}"
        )
    order, delay, degree = (int(str(number)) for number in numbers)
    weights = read_array(file, "encoder_weights", (None, shape.states))
    embedding = Embedding(order=order, delay=delay)
    coordinates = len(embedding.output_lags) * outputs + len(embedding.input_lags) * shape.inputs
    expected = 1 + coordinates if degree == 1 else (coordinates + 1) * (coordinates + 2) // 2
    if len(weights) != expected:
        raise ValueError(f"'encoder_weights' must have {expected} rows for degree {degree}, got {len(weights)}")
    spread = _read_positive(file, "encoder_spread", shape.states)
    return Encoder(embedding=embedding, degree=degree, weights=weights, spread=spread)


def _read_positive(file: h5py.File, name: str, count: int) -> FloatArray:
    values = read_array(file, name, (count,))
    if not (values > 0).all():
        raise ValueError(f"'{name}' must be positive, got zero or less")
    return values


def _get_record(file: h5py.File) -> dict[str, str | float]:
    record: dict[str, str | float] = {}
    for name in file.attrs:
        if name.startswith("training_"):
            value = plain_attribute(file.attrs, name)
            record[name.removeprefix("training_")] = value if isinstance(value, int | float) else str(value)
    return record


def _positive(file: h5py.File, name: str) -> float:
    value = plain_attribute(file.attrs, name)
    if not isinstance(value, float) or not value > 0 or not np.isfinite(value):
        raise ValueError(f"the attribute '{name}' must be a positive number, got {value!r}")
    return value
