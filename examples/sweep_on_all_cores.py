"""How wide is the orbit of a vortex at every current and disk radius, computed on all cores with the same numbers?

Each task is one vortex oscillator without noise: a disk radius and a current. The tasks run in worker processes, or on
a Dask cluster with ``--cluster``; no number depends on where. The simulated orbits are compared with the closed form
``VortexOscillator.orbit_radius``, and the printed number is the largest difference, in units of the disk's radius.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.observed import Observed
from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join
from spinode.engine import Engine, cores, run_all
from spinode.simulate import simulate

START = 0.3
"""Distance from the centre at which every core starts."""


def vortex_of(radius: float) -> VortexOscillator:
    return VortexOscillator(radius=radius, temperature=0.0)


def orbit(task: tuple[float, float]) -> float:
    """Orbit in units of the disk's radius after many relaxation times; the task is a radius [m] and a current [A]."""
    vortex = vortex_of(task[0])
    sampling = Sampling(duration=1500 / vortex.frequency, dt=0.25 / vortex.frequency)
    current, field = vortex.inputs
    drive = join(constant(current, sampling, task[1]), constant(field, sampling, 0.0))
    trace = simulate(Observed(device=vortex), drive, initial=[START, 0.0])
    return float(np.hypot(*trace.output.values[-1]))


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few tasks")
    parser.add_argument("--jobs", type=int, default=cores(), help="worker processes")
    parser.add_argument("--cluster", default="", help="Dask scheduler, tcp://HOST:PORT or its file")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("sweep_on_all_cores.png"), help="figure to write")
    options = parser.parse_args(words)
    radii = np.linspace(100e-9, 250e-9, 3 if options.quick else 16)
    ratios = np.linspace(1.1, 1.5, 3 if options.quick else 21)
    tasks = [(float(r), float(x * vortex_of(r).threshold_current)) for r, x in product(radii, ratios)]
    found = np.array(run_all(orbit, tasks, Engine(jobs=options.jobs, cluster=options.cluster)))
    closed = np.array([vortex_of(radius).orbit_radius(current) for radius, current in tasks])
    figure = Figure(figsize=(5.4, 3.8), layout="constrained")
    axes = figure.subplots()
    grid = found.reshape(len(radii), len(ratios))
    image = axes.pcolormesh(ratios, 1e9 * radii, grid, cmap="cividis")
    lines = axes.contour(ratios, 1e9 * radii, closed.reshape(grid.shape), levels=6, colors="white", linewidths=0.8)
    axes.clabel(lines, fontsize=7)
    axes.set(xlabel="current / threshold", ylabel="disk radius (nm)", title="steady orbit; lines: closed form")
    figure.colorbar(image, label="orbit (disk radius)")
    figure.savefig(options.figure, dpi=130)
    print(f"largest difference from the closed form (disk radius): {np.abs(found - closed).max():.1e}")


if __name__ == "__main__":
    main()
