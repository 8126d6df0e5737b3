"""The state of a running fit as an HDF5 file, so that a killed run goes on from its last few seconds."""

from __future__ import annotations

from os import PathLike

import h5py
import numpy as np

from spinode.hdf5 import atomic_file, open_checked, put_array, read_array
from spinode.hdf5_attributes import plain_attribute, text_attribute
from spinode.signals import FloatArray
from spinode.surrogate.field import FieldShape, IntArray
from spinode.surrogate.least_squares import Fit, Windows
from spinode.surrogate.training import Candidate, FitState

SCHEMA = "checkpoint/1"


def write_checkpoint(path: str | PathLike[str], key: str, state: FitState) -> None:
    """Replace the checkpoint by this state; the old one stays whole until the new one is.

    Parameters
    ----------
    path : path
        File to write.
    key : str
        Fingerprint of the traces and settings that the state belongs to.
    state : FitState
    """
    with atomic_file(path, SCHEMA, force=True) as file:
        file.attrs["key"] = key
        for name in ("stage", "iteration", "small", "seconds"):
            file.attrs[name] = getattr(state, name)
        put_array(file, "history", np.array(state.history, dtype=np.float64).reshape(-1, 2))
        for number, candidate in enumerate(state.candidates):
            _put_candidate(file.create_group(f"candidate{number:03d}"), candidate)
        if state.fit is not None and state.states is not None:
            _put_fit(file.create_group("fit"), state.fit, state.states)


def read_checkpoint(path: str | PathLike[str], key: str) -> FitState:
    """State of a fit that was stopped.

    Raises
    ------
    ValueError
        If the file is damaged or belongs to other traces or settings.
    """
    with open_checked(path, SCHEMA) as file:
        if plain_attribute(file.attrs, "key") != key:
            raise ValueError(
                "it belongs to a fit of other traces or settings; repeat the command of that fit, or leave out --resume"
            )
        names = sorted(name for name in file if name.startswith("candidate"))
        history = read_array(file, "history", (None, 2))
        state = FitState(
            stage=_integer(file, "stage"),
            iteration=_integer(file, "iteration"),
            small=_integer(file, "small"),
            seconds=_number(file, "seconds"),
            history=tuple((float(seconds), float(error)) for seconds, error in history),
            candidates=tuple(_get_candidate(file[name]) for name in names),
        )
        if "fit" not in file:
            return state
        fit, states = _get_fit(file["fit"])
        return FitState(
            stage=state.stage, iteration=state.iteration, small=state.small, seconds=state.seconds,
            history=state.history, candidates=state.candidates, fit=fit, states=states,
        )  # fmt: skip


def put_shape(group: h5py.Group, shape: FieldShape) -> None:
    """Sizes of a field as attributes of a group."""
    group.attrs["states"] = shape.states
    group.attrs["field_inputs"] = shape.inputs
    group.attrs["degree"] = shape.degree
    group.attrs["modes"] = shape.modes
    if shape.input_degree:
        group.attrs["input_degree"] = shape.input_degree
    group.attrs["hidden"] = np.array(shape.hidden, dtype=np.int64)


def get_shape(group: h5py.Group) -> FieldShape:
    """Sizes of a field, checked before anything of that size is made."""
    hidden = plain_attribute(group.attrs, "hidden")
    if not isinstance(hidden, list) or len(hidden) > 8 or not all(isinstance(w, int) and 0 < w <= 256 for w in hidden):
        raise ValueError(f"'hidden' must be at most 8 widths of 1 to 256, got {hidden}")
    states, inputs = _integer(group, "states"), _integer(group, "field_inputs")
    degree = _integer(group, "degree")
    own = _integer(group, "input_degree") if "input_degree" in group.attrs else 0
    if not (1 <= states <= 64 and 0 <= inputs <= 64 and 1 <= degree <= 8 and 0 <= own <= 8):
        found = f"{states}, {inputs}, {degree}, {own}"
        raise ValueError(
            f"the field must have 1 to 64 states, 0 to 64 inputs, degrees 1 to 8 (own 0 to 8), got {found}"
        )
    modes = _integer(group, "modes")
    return FieldShape(states=states, inputs=inputs, degree=degree, hidden=tuple(hidden), modes=modes, input_degree=own)


def _put_candidate(group: h5py.Group, candidate: Candidate) -> None:
    put_shape(group, candidate.shape)
    group.attrs["label"] = candidate.label
    group.attrs["error"] = candidate.error
    group.attrs["fitted"] = candidate.fitted
    put_array(group, "theta", candidate.theta)
    put_array(group, "trained_states", candidate.states)


def _get_candidate(group: h5py.Group) -> Candidate:
    _check_group(group)
    shape = get_shape(group)
    return Candidate(
        label=text_attribute(group.attrs, "label"),
        shape=shape,
        theta=read_array(group, "theta", (shape.size,)),
        states=read_array(group, "trained_states", (None, shape.states)),
        error=_number(group, "error"),
        fitted=_number(group, "fitted"),
    )


def _check_group(group: h5py.Group) -> None:
    if not isinstance(group, h5py.Group):
        raise ValueError(f"'{group.name}' must be a group, got a dataset")


def _put_fit(group: h5py.Group, fit: Fit, states: FloatArray) -> None:
    group.attrs["damping"] = fit.damping
    group.attrs["cost"] = fit.cost
    group.attrs["steps"] = fit.windows.steps
    put_array(group, "theta", fit.theta)
    put_array(group, "starts", fit.windows.starts.astype(np.float64))
    put_array(group, "initial", fit.windows.initial)
    if fit.windows.weights is not None:
        put_array(group, "weights", fit.windows.weights)
    put_array(group, "trained_states", states)


def _get_fit(group: h5py.Group) -> tuple[Fit, FloatArray]:
    _check_group(group)
    starts = _samples(group)
    initial = read_array(group, "initial", (len(starts), None))
    weights = read_array(group, "weights", (len(starts),)) if "weights" in group else None
    windows = Windows(starts=starts, steps=_integer(group, "steps"), initial=initial, weights=weights)
    theta = read_array(group, "theta", (None,))
    fit = Fit(theta=theta, windows=windows, damping=_number(group, "damping"), cost=_number(group, "cost"))
    return fit, read_array(group, "trained_states", (None, initial.shape[1]))


def _samples(group: h5py.Group) -> IntArray:
    found = read_array(group, "starts", (None,))
    if not ((found >= 0) & (found < 2.0**52) & (found == np.floor(found))).all():
        raise ValueError(f"'{group.name}/starts' must be numbers of samples, got {found[:8].tolist()}")
    return found.astype(np.int64)


def _integer(group: h5py.Group, name: str) -> int:
    value = plain_attribute(group.attrs, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"the attribute '{name}' must be a whole number, got {value!r}")
    return value


def _number(group: h5py.Group, name: str) -> float:
    value = plain_attribute(group.attrs, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the attribute '{name}' must be a number, got {value!r}")
    return float(value)
