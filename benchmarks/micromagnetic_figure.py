"""The figure of ``against_micromagnetics.py``: points are the solver's, lines and crosses the analytic devices'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from micromagnetic_traces import Spiral, velocity

from spinode.devices import DomainWall, VortexOscillator
from spinode.traces import Trace, TraceSet


def draw(
    path: Path, seen: list[Spiral], vortex: VortexOscillator, walls: TraceSet, models: tuple[DomainWall, Trace]
) -> None:
    """Growth and frequency against current, wall velocity against current density, and one pulse train."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    _growth(axes[0, 0], seen, vortex)
    _frequency(axes[0, 1], seen, vortex)
    _velocity(axes[1, 0], walls, models[0])
    _pulses(axes[1, 1], walls["test"], models[1])
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _growth(axes: Any, seen: list[Spiral], vortex: VortexOscillator) -> None:
    current = np.array([each.current for each in seen])
    radius = np.sqrt([each.power for each in seen])
    axes.scatter(current * 1e3, [each.growth_rate * 1e-6 for each in seen], 12 + 150 * radius**2, "k", label="solver")
    for s, style in ((0.1, "-"), (0.5, "--")):
        line = np.linspace(current.min(), current.max(), 50)
        orbits = [vortex.orbit(value) for value in line]
        rates = [vortex.torque_rate * o.current - o.loss(s**2) * o.turning(s**2) for o in orbits]
        axes.plot(line * 1e3, np.array(rates) * 1e-6, style, color="0.5", label=f"Thiele, s = {s:g}")
    axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    axes.set(xlabel="current (mA)", ylabel="growth rate of the orbit (1/µs)", title="vortex: d0, d1 fixed at 0 mA")
    axes.legend(frameon=False, title="larger point: larger orbit")


def _frequency(axes: Any, seen: list[Spiral], vortex: VortexOscillator) -> None:
    measured = np.array([each.frequency for each in seen])
    model = np.array([vortex.orbit(each.current).turning(each.power) / (2 * np.pi) for each in seen])
    radius = np.sqrt([each.power for each in seen])
    axes.plot(radius, 100 * (model / measured - 1), "kx")
    axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    axes.set(
        xlabel="orbit radius s", ylabel="error of the frequency (%)", ylim=(-2, 2), title="vortex: nothing calibrated"
    )


def _velocity(axes: Any, walls: TraceSet, wall: DomainWall) -> None:
    runs = [trace for trace in walls if trace.name.startswith("velocity")]
    density = np.array([trace.drive.column("current_density")[0] for trace in runs])
    axes.plot(density * 1e-11, [velocity(trace) for trace in runs], "ko", label="solver, strip of 60 nm")
    line = np.linspace(0, density.max() * 1.1, 60)
    speeds = [wall.steady_motion(current_density=value).velocity for value in line]
    axes.plot(line * 1e-11, speeds, "-", color="0.5", label="q-phi model")
    axes.set(
        xlabel="current density ($10^{11}$ A/m$^2$)", ylabel="wall velocity (m/s)", title="wall: nothing calibrated"
    )
    axes.legend(frameon=False)


def _pulses(axes: Any, seen: Trace, model: Trace) -> None:
    time = np.arange(len(seen)) * seen.dt * 1e9
    axes.plot(time, seen.output.column("q") * 1e9, "k-", label="solver")
    axes.plot(time, model.output.column("q") * 1e9, "--", color="0.5", label="q-phi model")
    axes.axhline(seen.parameters["step_position"].value * 1e9, color="0.8", lw=0.8, zorder=0)
    axes.set(xlabel="time (ns)", ylabel="position of the wall (nm)", title="where it fails: one missed crossing stays")
    axes.legend(frameon=False)
