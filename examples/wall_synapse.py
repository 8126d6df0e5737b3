"""How many levels of a notched domain-wall synapse can be written, and how many are still there after ten years?

Pulses of one current density move the wall only while a gate lowers its notches: one pulse, one level. Fifty walls at
300 K are written to each level. Whether a level lasts is another question: the same change of anisotropy pins a wall
less the finer its comb is, so a track of more notches keeps fewer of them. The printed number is the largest difference
between the simulated and the closed-form spread of a level, over the distance between levels.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.synapse import Synapse
from spinode.devices.wall_gates import comb_energy
from spinode.signals import FloatArray
from spinode.simulate import simulate_ensemble

WALLS = 50
GATE = 1.0  # V
COMB = 4e4  # change of anisotropy under the comb, J/m3
NOTCHES = (3, 5, 8, 12)


def written(synapse: Synapse, levels: Sequence[int]) -> dict[int, FloatArray]:
    """Final conductances [S] of walls that were written to each level from level 0 at 300 K."""
    found = {}
    for level in levels:
        drive, starts = synapse.write(GATE, level), synapse.start(0, WALLS)
        rng = np.random.default_rng(level)
        traces = simulate_ensemble([synapse.wall] * WALLS, drive, initials=starts, rng=rng)
        found[level] = np.array([trace.output.column("conductance")[-1] for trace in traces])
    return found


def kept(synapse: Synapse, temperatures: FloatArray, notches: int) -> list[int]:
    """Levels that are held for ten years at each temperature [K], on the same length."""
    wall, period = synapse.wall, synapse.wall.length / notches
    depth = comb_energy(COMB, wall.section, period, wall.wall_width)
    comb = replace(synapse, wall=replace(wall, notch_period=period, notch_energy=depth))
    return [comb.surviving(float(temperature)) for temperature in temperatures]


def draw(synapse: Synapse, found: dict[int, FloatArray], temperatures: FloatArray) -> Figure:
    """Conductance by wanted level, and the number of levels that last by temperature."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.hlines(1e3 * synapse.conductances, 0, 10, color="0.85", linewidth=1)
    for level, values in found.items():
        left.plot(np.full(WALLS, level), 1e3 * values, ".", color="#0072b2", markersize=4)
    left.set(xlabel="pulses", ylabel="conductance (mS)")
    for notches in NOTCHES:
        right.step(temperatures, kept(synapse, temperatures, notches), label=f"{notches + 1} notches")
    right.set(xlabel="temperature (K)", ylabel="levels held for ten years")
    right.legend(frameon=False, fontsize=8)
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few levels")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("wall_synapse.png"), help="figure to write")
    options = parser.parse_args(words)
    synapse = Synapse()
    found = written(synapse, (1, 4) if options.quick else range(1, 11))
    draw(synapse, found, np.linspace(100, 700, 13 if options.quick else 61)).savefig(options.figure, dpi=130)
    levels, step = synapse.levels(), np.diff(synapse.conductances).mean()
    right = {n: values[synapse.level_of(values) == n] for n, values in found.items()}
    worst = max(abs(values.std() - levels[n].spread) for n, values in right.items())
    print(f"largest difference of a spread over the step: {worst / step:.1e}")


if __name__ == "__main__":
    main()
