"""Trust region and ensemble in a surrogate file: the optional groups ``trust`` and ``ensemble``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import h5py
import numpy as np

from spinode.hdf5 import put_array, read_array
from spinode.hdf5_attributes import plain_attribute
from spinode.signals import Channel
from spinode.surrogate.ensemble import Ensemble
from spinode.surrogate.field import FieldShape
from spinode.surrogate.model import Surrogate
from spinode.surrogate.trust import Bounds, TrustRegion


def put_confidence(file: h5py.File, surrogate: Surrogate) -> None:
    """Write what the surrogate has of the two; bounds are rows of low, high, slowest and fastest, by channel."""
    if surrogate.trust is not None:
        region = surrogate.trust
        group = file.create_group("trust")
        put_array(group, "drive", _table(region.drive, surrogate.inputs))
        put_array(group, "output", _table(region.output, surrogate.outputs))
        put_array(group, "points", region.points)
        put_array(group, "scale", region.scale)
        group.attrs["limit"] = region.limit
    if surrogate.ensemble is not None:
        group = file.create_group("ensemble")
        put_array(group, "members", surrogate.ensemble.members)
        put_array(group, "factor", surrogate.ensemble.factor)
        group.attrs["floor"] = surrogate.ensemble.floor
        group.attrs["windows"] = surrogate.ensemble.windows


def get_trust(
    file: h5py.File, inputs: Sequence[Channel], outputs: Sequence[Channel], shape: FieldShape
) -> TrustRegion | None:
    """The trust region; None where the file has none."""
    if "trust" not in file:
        return None
    group = _group(file, "trust")
    scale = read_array(group, "scale", (shape.states + shape.inputs,))
    if not (scale > 0).all():
        raise ValueError("'trust/scale' must be positive, got zero or less")
    return TrustRegion(
        drive=_bounds(group, "drive", inputs),
        output=_bounds(group, "output", outputs),
        points=read_array(group, "points", (None, shape.states + shape.inputs)),
        scale=scale,
        limit=_positive(group, "limit"),
    )


def get_ensemble(file: h5py.File, shape: FieldShape, outputs: int) -> Ensemble | None:
    """The ensemble; None where the file has none."""
    if "ensemble" not in file:
        return None
    group = _group(file, "ensemble")
    members = read_array(group, "members", (None, shape.size))
    factor = read_array(group, "factor", (outputs,))
    if len(members) < 2 or not (factor > 0).all():
        raise ValueError("'ensemble' must have at least 2 members and positive factors")
    windows = plain_attribute(group.attrs, "windows") if "windows" in group.attrs else 0
    if not isinstance(windows, int) or windows < 0:
        raise ValueError(f"the attribute 'windows' of 'ensemble' must be a whole number, 0 or more, got {windows!r}")
    return Ensemble(members=members, factor=factor, floor=_positive(group, "floor"), windows=windows)


def _group(file: h5py.File, name: str) -> h5py.Group:
    if not isinstance(file[name], h5py.Group):
        raise ValueError(f"'{name}' must be a group, got a dataset")
    return file[name]


def _table(bounds: Mapping[str, Bounds], channels: Sequence[Channel]) -> np.ndarray:
    rows = [bounds[channel.name] for channel in channels]
    numbers = [[each.low, each.high, each.slowest, each.fastest] for each in rows]
    return np.array(numbers, dtype=np.float64).reshape(-1, 4)


def _bounds(group: h5py.Group, name: str, channels: Sequence[Channel]) -> dict[str, Bounds]:
    rows = read_array(group, name, (len(channels), 4))
    return {
        channel.name: Bounds(low=float(row[0]), high=float(row[1]), slowest=float(row[2]), fastest=float(row[3]))
        for channel, row in zip(channels, rows, strict=True)
    }


def _positive(group: h5py.Group, name: str) -> float:
    value = plain_attribute(group.attrs, name)
    if not isinstance(value, float) or not 0 < value < np.inf:
        raise ValueError(f"the attribute '{name}' of '{group.name}' must be a positive number, got {value!r}")
    return value
