"""Virtual nodes: one device driven through all points, its output read once a node; compiled, block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from spinode.devices.base import Device
from spinode.reservoir.mask import ReadIn
from spinode.signals import FloatArray, missing_name
from spinode.simulate import DivergedError, DriveTable, Execution, Members, integrate

BLOCK = 2**16
"""Node times that one compiled call works through: what is thrown away needs no more memory than this (MB)."""


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """How a device is run as a reservoir.

    Parameters
    ----------
    node_time : float
        Time theta for which each masked value is held [s], > 0.
    washout : int
        First points that are shown but not kept, >= 0.
    others : mapping of str to float
        Constant value of every other input of the device [its unit].
    initial : array, shape (S,), optional
        State at the first point; the device's own start where left out.
    advance : callable, optional
        Called with the part that is done, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    node_time: float
    washout: int = 0
    others: Mapping[str, float] = field(default_factory=dict)
    initial: FloatArray | None = None
    advance: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.node_time) and self.node_time > 0):
            raise ValueError(f"NodeSettings.node_time must be a positive number of seconds, got {self.node_time}")
        if self.washout < 0:
            raise ValueError(f"NodeSettings.washout must be 0 or more points, got {self.washout}")


def node_states(device: Device, read_in: ReadIn, inputs: FloatArray, settings: NodeSettings) -> FloatArray:
    """Output of the device at the START of each hold, point by point and node by node.

    Node j of point t begins at sample t nodes + j of a table whose interval is the node time: the hold that acts is an
    integer index, never a rounded time. The output there is that of the state before the new level acts on it, so node
    0 of point t has seen the points up to t - 1, and a horizon counts from the present point (as in Chen et al. 2022).

    Parameters
    ----------
    device : Device
        Analytic or learned.
    read_in : ReadIn
        Levels of the driven channel.
    inputs : array, shape (T, C)
        Points of the task.
    settings : NodeSettings
        Node time and washout.

    Returns
    -------
    array, shape (T - washout, nodes, outputs)
        Memory grows with what is kept; washout and solver steps cost time alone.

    Raises
    ------
    ValueError
        If an input of the device is missing or unknown, or nothing would be kept.
    DivergedError
        If the device leaves the finite numbers or its equations' range; it names the point.
    """
    points = len(inputs)
    if settings.washout >= points:
        raise ValueError(f"NodeSettings.washout must be less than the {points} points, got {settings.washout}")
    rest, driven = _resting_inputs(device, read_in.channel, settings.others)
    state = np.asarray(device.initial() if settings.initial is None else settings.initial, dtype=np.float64)
    result = np.empty((points - settings.washout, read_in.nodes, len(device.outputs)))
    size = max(1, BLOCK // read_in.nodes)
    for first in range(0, points, size):
        last = min(first + size, points)
        drive = np.repeat(rest[None], (last - first) * read_in.nodes + 1, axis=0)
        drive[:-1, driven] = read_in.levels(inputs[first:last]).ravel()
        drive[-1] = drive[-2]  # only the state at its time is used, as the start of the next block
        seen, state = _one_block(device, drive, state, (first, settings.node_time, read_in.nodes))
        kept = max(settings.washout - first, 0)
        if kept < last - first:
            result[first + kept - settings.washout : last - settings.washout] = seen[kept:]
        if settings.advance is not None:
            settings.advance(last / points)
    return result


def solver_steps(device: Device, node_time: float) -> int:
    """Solver steps a node time: the fewest that are no longer than ``device.step``."""
    return max(1, int(np.ceil(node_time / device.step * (1 - 1e-9))))


def _resting_inputs(device: Device, channel: str, others: Mapping[str, float]) -> tuple[FloatArray, int]:
    """Values of all inputs at rest, shape (I,), and the position of the driven one."""
    names = [each.name for each in device.inputs]
    if channel not in names:
        raise ValueError(missing_name(f"input of {device.name}", channel, names))
    for name in others:
        if name not in names or name == channel:
            raise ValueError(missing_name(f"other input of {device.name}", name, [n for n in names if n != channel]))
    left = [name for name in names if name != channel and name not in others]
    if left:
        raise ValueError(f"NodeSettings.others must give a value for input '{left[0]}' of {device.name}, got none")
    return np.array([others.get(name, 0.0) for name in names]), names.index(channel)


def _one_block(
    device: Device, drive: FloatArray, state: FloatArray, where: tuple[int, float, int]
) -> tuple[FloatArray, FloatArray]:
    """Outputs (n, nodes, O) and the state after the last hold; ``where`` is (first point, node time, nodes)."""
    first, node_time, nodes = where
    table = DriveTable(
        values=drive[:, None, :],
        holds=np.ones(drive.shape[1], dtype=np.bool_),
        dt=node_time,
        substeps=solver_steps(device, node_time),
    )
    members = Members(parameters=device.packed(), initial=state)
    try:
        seen, after = integrate(device.kernel, members, table, len(device.outputs), Execution(workers=1))
    except DivergedError as error:
        point = first + int(error.time / (node_time * nodes))
        time = first * nodes * node_time + error.time
        text = f"{device.name} diverged while point {point} was shown: {error}"
        raise DivergedError(text, 0, time, error.state) from None
    return seen[:-1, 0].reshape(-1, nodes, seen.shape[2]), after[0]
