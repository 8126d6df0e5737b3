"""An analytic device with unknown parameters: derivatives by differences, all of them in one compiled ensemble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinode.calibration.candidate import Windows, scaled_outputs
from spinode.calibration.unknowns import Unknown, values_at
from spinode.devices.base import Device
from spinode.drive_table import DriveTable
from spinode.integrator import DivergedError, Execution, Members, integrate
from spinode.signals import FloatArray, missing_name
from spinode.traces import Trace

NUDGE = 1e-5
"""Change of a parameter (in q) or of a state (of its scale) for the central differences: over 100 turns the phase moves
by 1e-2 rad at most, whose square over six is the relative error, while rounding stays below 1e-8."""
INSIDE = 0.95
"""A window may begin no further out than this part of the range in which the equations hold."""
MOST_SUBSTEPS = 1000
"""Solver steps a sample above which a candidate is passed over: its motion is too fast for the trace to show."""


@dataclass(frozen=True, kw_only=True)
class AnalyticCandidate:
    """A device beside a trace; see ``Candidate``."""

    base: Device
    unknowns: tuple[Unknown, ...]
    trace: Trace
    outputs: FloatArray
    drive: FloatArray
    holds: NDArray[np.bool_]
    mean: FloatArray
    deviation: FloatArray
    first: int = 0

    @property
    def name(self) -> str:
        return self.base.name

    @property
    def own_error(self) -> FloatArray:
        return np.zeros(len(self.mean))

    def device(self, q: FloatArray) -> Device:
        made: Device = with_values(self.base, values_at(self.unknowns, q))
        return made

    def guess(self, q: FloatArray, starts: NDArray[np.int64], steps: int) -> FloatArray:
        """For each window the nearer of two: the device's own start, and a run from it through the drive so far."""
        made = self.device(q)
        rest = np.asarray(made.initial(), dtype=np.float64)
        along = self._along(made, rest, starts)
        choices = [np.broadcast_to(rest, along.shape), along]
        errors = []
        for states in choices:
            windows = Windows(starts=starts, steps=steps, initial=states)
            error = self.run(q, windows) - self.outputs[starts[:, None] + np.arange(steps + 1)]
            errors.append(np.nan_to_num((error**2).sum(axis=(1, 2)), nan=np.inf))
        nearer = np.argmin(np.array(errors), axis=0)
        return np.array([choices[choice][row] for row, choice in enumerate(nearer)])

    def run(self, q: FloatArray, windows: Windows) -> FloatArray:
        members = len(windows.starts)
        try:
            made = self.device(q)
            runs, _ = self._integrate([made], np.zeros(members, dtype=np.int64), windows, np.arange(members))
        except ValueError:  # a rule of the device, or a run that left the range of its equations
            return np.full((members, windows.steps + 1, len(self.mean)), np.nan)
        return np.ascontiguousarray(runs.transpose(1, 0, 2))

    def tangent(self, q: FloatArray, windows: Windows, *, free: bool = True) -> FloatArray:
        """Central differences; every window of every changed device is a member of one ensemble."""
        count, members = len(q), len(windows.starts)
        sizes = np.maximum(np.abs(windows.initial).max(axis=0), np.abs(np.asarray(self.base.initial())))
        scale = NUDGE * np.where(sizes > 0, sizes, 1.0)
        directions, begun = count + windows.initial.shape[1], 0 if free else count
        points = [q + sign * NUDGE * row for row in np.eye(count) for sign in (1, -1) if free]
        devices = [self.device(q), *(self.device(point) for point in points)]
        kinds: list[int] = []
        rows: list[int] = []
        states: list[FloatArray] = []
        for direction in range(begun, directions):
            for sign in (1, -1):
                kind = 1 + 2 * direction + (sign < 0) if direction < count else 0
                moved = windows.initial.copy()
                if direction >= count:
                    moved[:, direction - count] += sign * scale[direction - count]
                kinds += [kind] * members
                rows += range(members)
                states.append(moved)
        every = Windows(starts=windows.starts, steps=windows.steps, initial=np.concatenate(states))
        runs, _ = self._integrate(devices, np.array(kinds), every, np.array(rows))
        runs = runs.reshape(windows.steps + 1, directions - begun, 2, members, -1)
        change = (runs[:, :, 0] - runs[:, :, 1]).transpose(2, 0, 3, 1).reshape(members, -1, directions - begun)
        result = np.zeros((*change.shape[:2], directions))
        result[:, :, begun:] = change / (2 * np.concatenate([np.full(count, NUDGE), scale])[begun:])
        return result

    def _along(self, made: Device, rest: FloatArray, starts: NDArray[np.int64]) -> FloatArray:
        """States at the given samples of one run from the device's start, which stays where it diverged."""
        states, state, place = np.empty((len(starts), len(rest))), rest, 0
        for number, start in enumerate(starts.tolist()):
            if start > place:
                window = Windows(starts=np.array([place]), steps=start - place, initial=state[None])
                try:
                    state = self._integrate([made], np.zeros(1, dtype=np.int64), window, np.zeros(1, dtype=np.int64))[
                        1
                    ][0]
                except DivergedError:
                    state = rest
                place = start
            states[number] = state
        return states

    def _integrate(
        self, devices: list[Device], kinds: NDArray[np.int64], windows: Windows, rows: NDArray[np.int64]
    ) -> tuple[FloatArray, FloatArray]:
        """Scaled outputs (steps + 1, members, O) and last states of ``devices[kinds[m]]`` on the window ``rows[m]``."""
        samples = windows.starts[rows][None, :] + np.arange(windows.steps + 1)[:, None]
        dt = self.trace.dt
        substeps = max(1, int(np.ceil(dt / min(device.step for device in devices) * (1 - 1e-9))))
        if substeps > MOST_SUBSTEPS:
            raise ValueError(f"{self.name} would need {substeps} solver steps a sample")
        table = DriveTable(values=self.drive[samples], holds=self.holds, dt=dt, substeps=substeps)
        packed = np.array([device.packed() for device in devices])[kinds]
        members = Members(parameters=packed, initial=self._inside(windows.initial))
        runs, last = integrate(self.base.kernel, members, table, len(self.mean), Execution(workers=1))
        return (runs - self.mean) / self.deviation, last

    def _inside(self, states: FloatArray) -> FloatArray:
        limits = self.base.kernel.limits
        return np.clip(states, -INSIDE * np.array(limits), INSIDE * np.array(limits)) if limits else states


def analytic_candidate(device: Device, trace: Trace, unknowns: tuple[Unknown, ...]) -> AnalyticCandidate:
    """A device made ready for the search.

    Raises
    ------
    ValueError
        If channels or units of the trace do not fit the device, or there are too few samples.
    """
    _check_channels("drive", device.inputs, trace.drive.channels, device.name)
    _check_channels("output", device.outputs, trace.output.channels, device.name)
    outputs, mean, deviation = scaled_outputs(trace)
    drive = trace.drive.select([channel.name for channel in device.inputs])
    chosen = trace.output.select([channel.name for channel in device.outputs])
    order = [trace.output.names.index(name) for name in chosen.names]
    return AnalyticCandidate(
        base=device,
        unknowns=unknowns,
        trace=replace(trace, drive=drive, output=chosen),
        outputs=outputs[:, order],
        drive=drive.values,
        holds=drive.holds,
        mean=mean[order],
        deviation=deviation[order],
    )


def with_values(device: Any, values: Mapping[str, float]) -> Any:
    """The device with other numbers, those of a wrapped device included.

    Raises
    ------
    ValueError
        If a number breaks a rule of the device.
    """
    changed: dict[str, Any] = {}
    for item in fields(device) if is_dataclass(device) else ():
        present = getattr(device, item.name)
        if "unit" in item.metadata:
            changed |= {item.name: values[item.name]} if item.name in values else {}
        elif is_dataclass(present) and not isinstance(present, type):
            inner = with_values(present, values)
            changed |= {item.name: inner} if inner is not present else {}
    return replace(device, **changed) if changed else device


def _check_channels(kind: str, own: Any, given: Any, name: str) -> None:
    """The same names, in any order, with the same units."""
    units = {channel.name: channel.unit for channel in given}
    for channel in own:
        if channel.name not in units:
            raise ValueError(f"{kind} of {name}: {missing_name('channel', channel.name, list(units))}")
        if units[channel.name] != channel.unit:
            raise ValueError(
                f"{kind} channel '{channel.name}' of {name} must be in [{channel.unit}], got [{units[channel.name]}]"
            )
    known = [channel.name for channel in own]
    for extra in units:
        if extra not in known:
            raise ValueError(f"{kind} of {name}: {missing_name('channel', extra, known)}")
