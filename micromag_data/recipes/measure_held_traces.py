"""Print what the traces of vortex_stno.h5 and domain_wall.h5 show: orbit per current, wall velocity and depinning.

python measure_held_traces.py ../vortex_stno.h5 ../domain_wall.h5     # where spinode is installed
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from spinode.storage import read_traces
from spinode.traces import Trace

SETTLED = 1e-9  # s after a step of the current before the orbit is measured
VELOCITY_WINDOW = 0.8e-9  # s at the end of a run at constant current density


def held_sections(drive: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last sample of every stretch of constant drive (T, channels)."""
    changes = np.flatnonzero((np.diff(drive[:-1], axis=0) != 0).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(drive) - 1]
    return list(zip(edges[:-1], edges[1:], strict=True))


def slope(t: np.ndarray, y: np.ndarray) -> float:
    """Return the slope of the least-squares line."""
    return float(np.polyfit(t, y, 1)[0])


def print_orbits(trace: Trace) -> None:
    """Print frequency, growth rate and orbit of every current; long sections in two halves."""
    radius = trace.parameters["radius"].value
    z = (trace.output.column("core_x") + 1j * trace.output.column("core_y")) / radius
    t = np.arange(len(z)) * trace.dt
    current = trace.drive.column("current")
    speed = np.abs(np.diff(z)).max() * radius / trace.dt
    print(f"{trace.name}: u {np.abs(z).min():.3f} to {np.abs(z).max():.3f}, fastest core {speed:.0f} m/s")
    for first, last in held_sections(trace.drive.values):
        start = first + round(SETTLED / trace.dt)
        middle = (start + last) // 2
        parts = [(start, middle), (middle, last)] if (last - start) * trace.dt > 15e-9 else [(start, last)]
        for low, high in parts:
            part = slice(low, high + 1)
            frequency = slope(t[part], np.unwrap(np.angle(z[part]))) / (2 * np.pi)
            growth = slope(t[part], np.log(np.abs(z[part])))
            print(
                f"  {current[first] * 1e3:5.2f} mA {t[low] * 1e9:6.1f} to {t[high] * 1e9:6.1f} ns  "
                f"u {np.abs(z[low]):.3f} -> {np.abs(z[high]):.3f}  {frequency * 1e-6:7.2f} MHz  {growth:+.3e} 1/s"
            )


def print_wall(trace: Trace) -> None:
    """Print the velocity of a constant current, the staircase level by level, or the displacement of every pulse."""
    q, phi = trace.output.column("q"), trace.output.column("phi")
    density, gate = trace.drive.column("current_density"), trace.drive.column("gate")
    print(f"{trace.name}: q {q.min() * 1e9:.1f} to {q.max() * 1e9:.1f} nm, phi {phi.min():.2f} to {phi.max():.2f} rad")
    if trace.name.startswith("velocity"):
        tail = slice(len(q) - 1 - round(VELOCITY_WINDOW / trace.dt), None)
        t = np.arange(len(q))[tail] * trace.dt
        print(f"  {density[0]:.2g} A/m2  {slope(t, q[tail]):.2f} m/s at the end, phi {phi[-1]:.3f} rad")
        return
    for first, last in held_sections(trace.drive.values):
        where = f"{first * trace.dt * 1e9:6.2f} to {last * trace.dt * 1e9:6.2f} ns"
        path = f"q {q[first] * 1e9:6.1f} -> {q[last] * 1e9:6.1f} nm"
        print(f"  {where}  {density[first]:+.2e} A/m2  gate {gate[first]:.2g} J/m3  {path}")
    side = np.sign(q - trace.parameters["step_position"].value)
    for i in np.flatnonzero(np.diff(side) != 0):
        way = "to the right" if side[i + 1] > 0 else "to the left"
        print(f"  {i * trace.dt * 1e9:6.2f} ns crosses {way} at {density[i]:+.2e} A/m2, gate {gate[i]:.2g} J/m3")


def main() -> None:
    """Measure every trace of the files."""
    parser = argparse.ArgumentParser(description="What vortex_stno.h5 and domain_wall.h5 show.")
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args().files:
        for trace in read_traces(path):
            (print_orbits if "radius" in trace.parameters else print_wall)(trace)


if __name__ == "__main__":
    main()
