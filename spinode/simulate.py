"""Fixed-step integration of any device: one compiled loop over time and members, for one device or an ensemble."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from spinode.devices.base import Device
from spinode.devices.fields import parameters_of
from spinode.drive_table import DriveTable
from spinode.eighth_order import NODES
from spinode.integrator import DivergedError, Execution, Members, integrate
from spinode.signals import FloatArray, Signal, missing_name
from spinode.traces import Trace, TraceSet

__all__ = [
    "DivergedError",
    "DriveTable",
    "Execution",
    "Members",
    "integrate",
    "simulate",
    "simulate_ensemble",
    "simulate_to",
]

MOST_HALVINGS = 10
"""How often ``simulate_to`` halves the step before it gives up."""
LONG_STEP = 16
"""Steps ``device.step`` in one of the method of eighth order; its error is then below that of 16 Runge-Kutta steps."""
SLOPES = {4: 4, 8: len(NODES)}
"""Slopes of a step, by the order of the method."""


def simulate(
    device: Device,
    drive: Signal,
    *,
    initial: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
    substeps: int | None = None,
    name: str = "trace",
) -> Trace:
    """Answer of one device to a drive.

    Fixed steps of dt / substeps: the Runge-Kutta 3/8 rule (Kutta 1901, fourth order) without ``rng``, the stochastic
    Heun method (Stratonovich) with it. Where the samples are many steps apart and the equations are smooth
    (``Kernel.smooth``), few long steps of eighth order take the place of many. Sample i of the output belongs to the
    time of sample i of the drive.

    Parameters
    ----------
    device : Device
        Analytic or learned.
    drive : Signal, T samples
        One channel for each input of the device, with its name and unit, in any order; T >= 2.
    initial : array, shape (S,), optional
        State at the first sample; the device's own start where left out.
    rng : numpy.random.Generator, optional
        Source of the thermal noise; without it there is no noise.
    substeps : int, optional
        Solver steps of fourth order a sample; as many as ``device.step`` asks for where left out.
    name : str
        Name of the trace.

    Returns
    -------
    Trace
        Drive, outputs and the static parameters of the device.

    Raises
    ------
    ValueError
        If the drive does not fit the inputs, or the solver step is longer than ``device.step``.
    DivergedError
        If the state is no longer finite or leaves the range in which the equations hold.
    """
    start = None if initial is None else np.asarray(initial, dtype=np.float64)[None, :]
    steps = steps_a_sample([device], drive.dt, substeps, rng is not None)
    runs, source = _run([device], [drive], start, rng, (steps, None))
    return _trace(device, drive, runs[:, 0], name, source)


def simulate_to(
    accuracy: float, device: Device, drive: Signal, *, initial: ArrayLike | None = None, name: str = "trace"
) -> Trace:
    """Answer of one device to a drive without noise, with a step that was halved until the outputs stood still.

    Parameters
    ----------
    accuracy : float
        Largest change of any output, as a part of that output's range, 1e-12 to 0.1.
    device, drive, initial, name
        As in ``simulate``.

    Returns
    -------
    Trace
        The finer of the last two runs; its ``source`` states the step and the change that was seen.

    Raises
    ------
    ValueError
        If the accuracy is out of range, or not reached after ``MOST_HALVINGS`` (a chaotic device never reaches it).
    DivergedError
        As in ``simulate``.
    """
    if not 1e-12 <= accuracy <= 0.1:
        raise ValueError(f"simulate_to.accuracy must be 1e-12 to 0.1 of an output's range, got {accuracy:g}")
    start = None if initial is None else np.asarray(initial, dtype=np.float64)[None, :]
    substeps, order = steps_a_sample([device], drive.dt, None, False)

    def run() -> Trace:
        runs, source = _run([device], [drive], start, None, ((substeps, order), None))
        return _trace(device, drive, runs[:, 0], name, source)

    coarse = run()
    for _ in range(MOST_HALVINGS):
        substeps *= 2
        fine = run()
        extent = np.ptp(fine.output.values, axis=0)
        moved = np.abs(fine.output.values - coarse.output.values).max(axis=0)
        change = float(np.max(np.divide(moved, extent, out=np.zeros_like(moved), where=extent > 0), initial=0.0))
        if change <= accuracy:
            text = f"{fine.source}; twice that step changes an output by at most {change:.2g} of its range"
            return Trace(drive=drive, output=fine.output, parameters=fine.parameters, name=name, source=text)
        coarse = fine
    raise ValueError(
        f"simulate_to.accuracy {accuracy:g} was not reached by {device.name}: the output still changes by {change:.2g}"
        f" with steps of {drive.dt / substeps:.3g} s; try a shorter drive or a larger number"
    )


def simulate_ensemble(
    devices: Sequence[Device],
    drives: Signal | Sequence[Signal],
    *,
    initials: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
    substeps: int | None = None,
    execution: Execution | None = None,
) -> TraceSet:
    """Answers of several devices of one kind, each with its own parameters, in one compiled loop on all cores.

    Every member has its own child of ``rng``, so member i of an ensemble has the same noise whatever the size of the
    ensemble, the blocks in which the noise is made, or the number of workers.

    Parameters
    ----------
    devices : sequence of Device
        At least one; the same kernel in each.
    drives : Signal or sequence of Signal
        One for all members, or one each on a common time axis.
    initials : array, shape (members, S), optional
        States at the first sample.
    rng, substeps
        As in ``simulate``.
    execution : Execution, optional
        Threads (one a core where left out) and progress.

    Returns
    -------
    TraceSet
        Traces named ``member-0``, ``member-1``, ... in the order of ``devices``.

    Raises
    ------
    ValueError, DivergedError
        As in ``simulate``; also if the members are not of one kind.
    """
    if not devices:
        raise ValueError("simulate_ensemble needs at least one device, got none")
    signals = [drives] if isinstance(drives, Signal) else list(drives)
    if len(signals) not in (1, len(devices)):
        raise ValueError(f"simulate_ensemble needs one drive or one each of {len(devices)}, got {len(signals)}")
    start = None if initials is None else np.asarray(initials, dtype=np.float64)
    steps = steps_a_sample(devices, signals[0].dt, substeps, rng is not None)
    runs, source = _run(devices, signals, start, rng, (steps, execution))
    each = signals * len(devices) if len(signals) == 1 else signals
    return TraceSet(
        tuple(
            _trace(device, signal, runs[:, row], f"member-{row}", source)
            for row, (device, signal) in enumerate(zip(devices, each, strict=True))
        )
    )


def _run(
    devices: Sequence[Device],
    drives: Sequence[Signal],
    initial: FloatArray | None,
    rng: np.random.Generator | None,
    how: tuple[tuple[int, int], Execution | None],
) -> tuple[FloatArray, str]:
    """Outputs (T, members, O) and how they were made; ``how`` is ((steps a sample, order), threads)."""
    device, ((substeps, order), execution) = devices[0], how
    if rng is not None:
        check_temperature(devices)
    if any(other.kernel != device.kernel for other in devices):
        raise ValueError("the members of an ensemble must be devices of one kind, got different kernels")
    state = np.array([other.initial() for other in devices]) if initial is None else initial
    if state.shape != (len(devices), len(device.states)):
        raise ValueError(f"initial must have shape ({len(devices)}, {len(device.states)}), got {state.shape}")
    table = table_of(device, drives, substeps, order)
    rngs = None if rng is None else rng.spawn(len(devices))
    packed = np.array([other.packed() for other in devices])
    try:
        members = Members(parameters=packed, initial=state, rngs=rngs)
        result, _ = integrate(device.kernel, members, table, len(device.outputs), execution)
    except DivergedError as error:
        raise _named(error, devices, drives[0].start) from None
    method = f"Runge-Kutta {order}" if rng is None else "stochastic Heun"
    return result, f"simulated {device.name}, {method}, step {table.dt / table.substeps:.6g} s"


def check_temperature(devices: Sequence[Device]) -> None:
    """Refuse noise of devices that all have a temperature, and have it at zero."""
    given = [parameters_of(device).get("temperature") for device in devices]
    if all(entry is not None and entry.value == 0 for entry in given):
        owner = type(devices[0]).__name__
        raise ValueError(f"{owner}.temperature must be above 0 K where noise is asked for, got 0; leave out the rng")


def steps_a_sample(devices: Sequence[Device], dt: float, wanted: int | None, noisy: bool) -> tuple[int, int]:
    """Solver steps a sample and their order: fewest slopes that keep every member within its largest step."""
    finest = min(device.step for device in devices)
    needed = max(1, int(np.ceil(dt / finest * (1 - 1e-9))))
    if wanted is not None and wanted < needed:
        raise ValueError(
            f"simulate.substeps must give steps of at most {finest:.3g} s for {devices[0].name},"
            f" got {wanted} for a drive with dt {dt:.3g} s; try {needed}"
        )
    long = -(-needed // LONG_STEP)
    if wanted is None and not noisy and devices[0].kernel.smooth and SLOPES[8] * long < SLOPES[4] * needed:
        return long, 8
    return needed if wanted is None else wanted, 4


def table_of(device: Device, drives: Sequence[Signal], substeps: int, order: int) -> DriveTable:
    """The drives in the order of the device's inputs, checked for names, units and a common time axis."""
    first = drives[0]
    axis = (len(first), first.dt, first.start)
    for drive in drives:
        _check_channels(device, drive)
        if (len(drive), drive.dt, drive.start) != axis:
            raise ValueError(f"drives of an ensemble must share length, dt and start {axis}, got another time axis")
    names = [channel.name for channel in device.inputs]
    chosen = [drive.select(names) for drive in drives]
    if any((drive.holds != chosen[0].holds).any() for drive in chosen):
        raise ValueError("drives of an ensemble must hold the same channels, got different Channel.hold")
    if len(first) < 2:
        raise ValueError(f"simulate needs a drive of at least 2 samples, got {len(first)}")
    values = chosen[0].values[:, None, :] if len(chosen) == 1 else np.stack([drive.values for drive in chosen], axis=1)
    return DriveTable(values=values, holds=chosen[0].holds, dt=first.dt, substeps=substeps, order=order)


def _check_channels(device: Device, drive: Signal) -> None:
    units = {channel.name: channel.unit for channel in device.inputs}
    for name, unit in units.items():
        if name not in drive.names:
            raise ValueError(f"drive of {device.name}: {missing_name('input', name, drive.names)}")
        given = drive.channels[drive.names.index(name)].unit
        if given != unit:
            raise ValueError(f"drive channel '{name}' of {device.name} must be in [{unit}], got [{given}]")
    for name in drive.names:
        if name not in units:
            raise ValueError(f"drive of {device.name}: {missing_name('channel', name, list(units))}")


def _trace(device: Device, drive: Signal, values: FloatArray, name: str, source: str) -> Trace:
    output = Signal(values=values, dt=drive.dt, channels=device.outputs, start=drive.start)
    return Trace(drive=drive, output=output, parameters=parameters_of(device), name=name, source=source)


def _named(error: DivergedError, devices: Sequence[Device], start: float) -> DivergedError:
    device = devices[error.member]
    state = ", ".join(f"{c.name} = {v:.4g} {c.unit}".rstrip() for c, v in zip(device.states, error.state, strict=True))
    who = device.name if len(devices) == 1 else f"{device.name} (member {error.member})"
    text = f"{who} diverged at {start + error.time:.6g} s with {state}: {error}"
    return DivergedError(text, error.member, start + error.time, error.state)
