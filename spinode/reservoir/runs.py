"""Members of an ensemble that are shown levels hold by hold: node readings, delayed feedback and noise, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit

from spinode.devices.base import Device, Kernel, address_of, call_kernel
from spinode.noise import NormalNumbers
from spinode.reservoir.feedback_loop import copy_state, run_fed_back
from spinode.signals import FloatArray
from spinode.simulate import DriveTable, Execution, Members, integrate

READINGS = ("start", "end", "mean")
"""When in a hold the output is read, besides several times at equal distances."""


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """Delayed feedback: the drive of hold n has gain (y_(n - delay) - reference) added, y_n the output at its end.

    Parameters
    ----------
    gain : array, shape (members,)
        In the driven channel's unit per unit of the first output.
    reference : array, shape (members,)
        First output of each member at rest, which gives no feedback.
    delay : int
        Holds, >= 1.
    low, high : float
        The drive with its feedback is cut off here.
    """

    gain: FloatArray
    reference: FloatArray
    delay: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Hold:
    """How a drive is held and read.

    Parameters
    ----------
    inputs : array, shape (I,)
        All inputs of the device at rest; the driven one is replaced by the levels.
    driven : int
        Position of the driven input.
    node_time : float
        theta [s], > 0.
    steps : int
        Solver steps a part of a node time, >= 1.
    parts : int
        Equal parts of a node time whose ends are recorded, >= 1.
    reading : str
        ``start``, ``end``, ``mean`` (of all parts, by the trapezoidal rule), or ``each`` (the end of each part).
    """

    inputs: FloatArray
    driven: int
    node_time: float
    steps: int
    parts: int
    reading: str

    @property
    def readings(self) -> int:
        """Readings a hold."""
        return self.parts if self.reading == "each" else 1


class Crowd:
    """Devices of one kind side by side, whose states go on from one call of ``show`` to the next.

    Parameters
    ----------
    devices : sequence of Device
        One a member; the same kernel in each.
    initial : array, shape (members, S)
        States at the first hold.
    hold : Hold
    feedback : Feedback, optional
    rngs : sequence of numpy.random.Generator, optional
        One a member for the noise; without it there is none.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        initial: FloatArray,
        hold: Hold,
        feedback: Feedback | None = None,
        rngs: Sequence[np.random.Generator] | None = None,
    ) -> None:
        self.kernel, self.outputs = devices[0].kernel, len(devices[0].outputs)
        packed = {id(device): device.packed() for device in devices}
        self.packed = np.array([packed[id(device)] for device in devices])
        self.state, self.hold, self.feedback, self.rngs = np.array(initial, dtype=np.float64), hold, feedback, rngs
        self.shown = 0
        self._columns = self.packed if self.kernel.by_member else np.ascontiguousarray(self.packed.T)
        if feedback is not None:  # before the first hold the device stood at rest
            self._past = np.repeat(feedback.reference[None], feedback.delay, axis=0)

    def show(self, levels: FloatArray, execution: Execution | None = None) -> FloatArray:
        """Readings (n, members, readings * O) of n holds at some levels (n, members) of the driven input.

        Raises
        ------
        DivergedError
            If a state leaves the finite numbers or its equations' range; its time counts from the first ``show``.
        """
        if self.feedback is None:
            states, used = self._free(levels, execution), levels
        else:
            states, used = self._fed_back(levels, self.feedback)
        self.shown += len(levels)
        return self._readings(states, used)

    @property
    def elapsed(self) -> float:
        """Time that has been shown [s]."""
        return self.shown * self.hold.node_time

    def _free(self, levels: FloatArray, execution: Execution | None) -> FloatArray:
        """States (n parts + 1, members, S)."""
        hold, members = self.hold, Members(parameters=self.packed, initial=self.state, rngs=self.rngs)
        table = DriveTable(
            values=self._drive(levels),
            holds=np.ones(len(hold.inputs), dtype=np.bool_),
            dt=hold.node_time / hold.parts,
            substeps=hold.steps,
        )
        # The integrator's own readout would see the level that follows at the end of a hold.
        kernel = replace(self.kernel, readout=copy_state)
        states, self.state = integrate(kernel, members, table, self.state.shape[1], execution or Execution(workers=1))
        return states

    def _fed_back(self, levels: FloatArray, feedback: Feedback) -> tuple[FloatArray, FloatArray]:
        """States (n parts + 1, members, S) and the levels with their feedback (n, members)."""
        hold, (count, size) = self.hold, self.state.shape
        kicks = np.empty((0, size, count))
        if self.rngs is not None:
            numbers = len(levels) * hold.parts * hold.steps * size
            kicks = NormalNumbers(self.rngs, numbers).take(numbers).reshape(-1, size, count)
        step = hold.node_time / (hold.parts * hold.steps)
        states, used, _ = run_fed_back(
            self.kernel,
            (self._columns, self.state, self.outputs),
            kicks,
            (levels, np.array(hold.inputs), feedback.gain, feedback.reference, self._past),
            (hold.parts, hold.steps, hold.driven, self.shown, step, feedback.low, feedback.high),
        )
        return states, used

    def _readings(self, states: FloatArray, levels: FloatArray) -> FloatArray:
        """What is read of each hold, under the level of that hold."""
        hold = self.hold
        if hold.reading in ("start", "end"):
            return self._read(states, levels, 0 if hold.reading == "start" else hold.parts)
        parts = [self._read(states, levels, part) for part in range(1, hold.parts + 1)]
        if hold.reading == "each":
            return np.concatenate(parts, axis=2)
        total = 0.5 * (self._read(states, levels, 0) + parts[-1])
        for part in parts[:-1]:
            total += part
        return np.asarray(total / hold.parts)

    def _drive(self, levels: FloatArray) -> FloatArray:
        """Samples (n parts + 1, members, I); the last one is not used, for no hold begins there."""
        hold = self.hold
        values = np.empty((len(levels) * hold.parts + 1, levels.shape[1], len(hold.inputs)))
        values[:] = hold.inputs
        values[:-1, :, hold.driven] = np.repeat(levels, hold.parts, axis=0) if hold.parts > 1 else levels
        values[-1] = values[-2]
        return values

    def _read(self, states: FloatArray, levels: FloatArray, part: int) -> FloatArray:
        """Outputs (n, members, O) after some parts of each hold, under the level of that hold."""
        result = np.empty((*levels.shape, self.outputs))
        address, hold = address_of(self.kernel.readout), self.hold
        place = (part, hold.parts, hold.driven)
        given = (np.ascontiguousarray(levels), np.array(hold.inputs), self._columns)  # a copy may be written to
        _read_states(address, states, given, place, result)
        return result


def at_temperature(device: Device, temperature: float) -> Device:
    """The device at another temperature [K].

    Raises
    ------
    ValueError
        If the device has no temperature.
    """
    if not hasattr(device, "temperature"):
        raise ValueError(f"temperature must be left out for {device.name}, which has none, got {temperature:g}")
    changed: Any = replace(device, temperature=temperature)  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


@njit(
    "void(int64, float64[:, :, ::1], Tuple((float64[:, ::1], float64[::1], float64[:, ::1])), UniTuple(int64, 3),"
    " float64[:, :, ::1])",
    cache=True,
    nogil=True,
)
def _read_states(
    readout: int,
    states: FloatArray,
    given: tuple[FloatArray, FloatArray, FloatArray],
    place: tuple[int, int, int],
    result: FloatArray,
) -> None:
    """Call the readout at sample n parts + part of each hold n.

    ``given`` are levels, inputs at rest and parameters; ``place`` is (part, parts, driven input).
    """
    levels, rest, parameters = given
    part, parts, driven = place
    members = levels.shape[1]
    state = np.empty((states.shape[2], members))
    inputs = np.empty((rest.size, members))
    seen = np.empty((result.shape[2], members))
    for channel in range(rest.size):
        inputs[channel, :] = rest[channel]
    for number in range(levels.shape[0]):
        inputs[driven, :] = levels[number]
        state[:, :] = states[number * parts + part].T
        call_kernel(readout, state, inputs, parameters, seen)
        result[number] = seen.T


def same_kind(kernels: Sequence[Kernel]) -> list[list[int]]:
    """Positions of equal kernels, in the order in which each is met first."""
    found: list[list[int]] = []
    for position, kernel in enumerate(kernels):
        for group in found:
            if kernels[group[0]] == kernel:
                group.append(position)
                break
        else:
            found.append([position])
    return found
