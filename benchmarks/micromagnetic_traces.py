"""What a micromagnetic trace shows: the spiral of a vortex core, the velocity of a wall, the current that frees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinode.traces import Trace

FREE = 30e-9
"""Distance [m] beyond an anisotropy step at which a wall counts as free: more than two wall widths."""
STEADY = 0.8e-9
"""Time [s] at the end of a run at constant current over which a velocity is measured."""


@dataclass(frozen=True, kw_only=True)
class Spiral:
    """A core that turns while its orbit grows or shrinks, at one current.

    Parameters
    ----------
    name : str
        Of the trace.
    current : float
        [A].
    frequency : float
        Slope of the phase over 2 pi [Hz].
    growth_rate : float
        Slope of ln s [1/s].
    power : float
        Mean s^2 over the spiral.
    """

    name: str
    current: float
    frequency: float
    growth_rate: float
    power: float


def spiral(trace: Trace, start: float) -> Spiral:
    """Least-squares slopes of phase and ln s from ``start`` [s] to the end of a trace at constant current."""
    first = round(start / trace.dt)
    current = trace.drive.column("current")[first:]
    if np.ptp(current) != 0:
        raise ValueError(f"trace '{trace.name}' must have one current after {start:g} s, got several")
    radius = trace.parameters["radius"].value
    core = (trace.output.column("core_x")[first:] + 1j * trace.output.column("core_y")[first:]) / radius
    time = np.arange(len(core)) * trace.dt
    return Spiral(
        name=trace.name,
        current=float(current[0]),
        frequency=float(np.polyfit(time, np.unwrap(np.angle(core)), 1)[0] / (2 * np.pi)),
        growth_rate=float(np.polyfit(time, np.log(np.abs(core)), 1)[0]),
        power=float((np.abs(core) ** 2).mean()),
    )


def held_parts(trace: Trace, settling: float) -> list[Trace]:
    """The parts of a trace with one drive each, without the first ``settling`` seconds of each."""
    drive = trace.drive.values
    edges = [0, *(np.flatnonzero((np.diff(drive[:-1], axis=0) != 0).any(axis=1)) + 1), len(trace)]
    skipped = round(settling / trace.dt)
    return [trace.samples(first + skipped, last) for first, last in zip(edges[:-1], edges[1:], strict=True)]


def velocity(trace: Trace) -> float:
    """dq/dt [m/s] at the end of a run at constant current."""
    last = round(STEADY / trace.dt) + 1
    return float(np.polyfit(np.arange(last) * trace.dt, trace.output.column("q")[-last:], 1)[0])


def crossing(trace: Trace, position: float) -> float:
    """Current density [A/m2] at which a wall gets free of an anisotropy step at ``position`` [m]; NaN if never."""
    free = np.flatnonzero(trace.output.column("q") > position + FREE)
    return float(trace.drive.column("current_density")[free[0]]) if len(free) else float("nan")
