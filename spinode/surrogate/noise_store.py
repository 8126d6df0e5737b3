"""The learned noise of a surrogate as an optional group of its file; a file without it is a surrogate without noise."""

from __future__ import annotations

import h5py

from spinode.hdf5 import put_array, read_array
from spinode.hdf5_attributes import plain_attribute
from spinode.surrogate.field import FieldShape
from spinode.surrogate.learned_noise import LearnedNoise

GROUP = "noise"


def put_noise(file: h5py.File, noise: LearnedNoise | None) -> None:
    """Write the group, where there is a noise."""
    if noise is None:
        return
    group = file.create_group(GROUP)
    put_array(group, "exponents", noise.exponents)
    put_array(group, "bounds", noise.bounds)
    put_array(group, "measurement", noise.measurement)
    group.attrs["substeps"] = noise.substeps


def get_noise(file: h5py.File, shape: FieldShape, outputs: int) -> LearnedNoise | None:
    """Read the group, where there is one.

    Raises
    ------
    ValueError
        If it does not fit the field, or holds other than finite numbers.
    """
    if GROUP not in file:
        return None
    group = file[GROUP]
    if not isinstance(group, h5py.Group):
        raise ValueError(f"'{GROUP}' must be a group, got a dataset")
    substeps = plain_attribute(group.attrs, "substeps")
    if isinstance(substeps, bool) or not isinstance(substeps, int):
        raise ValueError(f"the attribute 'substeps' must be a whole number, got {substeps!r}")
    return LearnedNoise(
        exponents=read_array(group, "exponents", (shape.states, 1 + shape.variables)),
        bounds=read_array(group, "bounds", (shape.states, 2)),
        measurement=read_array(group, "measurement", (outputs,)),
        substeps=substeps,
    )
