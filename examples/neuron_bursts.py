"""How many spikes does an oxide neuron fire before its own heat ends the burst?

A film that conducts better when it is warm is a threshold switch, and with a capacitor beside it a neuron: a constant
voltage makes it spike. Here its surroundings warm up too, over many spikes. The spikes shrink, and the neuron settles
in a steady current. One ensemble holds the same neuron under many voltages. The printed number is the largest relative
difference of that current from the crossing of the static curve with the load line.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.nbox import NbOxNeuron
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray
from spinode.simulate import simulate_ensemble

FEW = (2.0, 2.3, 3.0)  # voltages whose current is drawn
MANY = (1.6, 1.8, 2.15, 2.6, 2.8, 3.25, 3.5, 3.75, 4.0)
SAMPLING = Sampling(duration=20e-6, dt=1e-9)


def currents(neuron: NbOxNeuron, voltages: Sequence[float]) -> FloatArray:
    """Current by voltage and sample, from rest at ambient temperature."""
    source, extra = neuron.inputs
    drives = [join(constant(source, SAMPLING, each), constant(extra, SAMPLING, 0.0)) for each in voltages]
    traces = simulate_ensemble([neuron] * len(voltages), drives)
    return np.array([trace.output.column("current") for trace in traces])


def draw(neuron: NbOxNeuron, voltages: Sequence[float], seen: FloatArray) -> Figure:
    """Current over time at a few voltages, and the number of spikes over all."""
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    places = figure.subplot_mosaic([[str(FEW[0]), "counts"], [str(FEW[1]), "counts"], [str(FEW[2]), "counts"]])
    for voltage in FEW:
        row, one = voltages.index(voltage), places[str(voltage)]
        one.plot(1e6 * SAMPLING.time, 1e3 * seen[row], color="#0072b2", linewidth=0.7)
        rest = neuron.rest_points(voltage)[0].current
        one.axhline(1e3 * rest, color="#d55e00", linewidth=1, linestyle="--", label="load line")
        one.axhline(1e3 * seen[row].max() / 2, color="0.6", linewidth=0.8, linestyle=":", label="counted above")
        one.text(0.98, 0.75, f"{voltage:g} V", transform=one.transAxes, ha="right")
        one.tick_params(labelbottom=voltage == FEW[-1])
        one.set(xlim=(0, 2), ylim=(0, 1.1e3 * seen.max()), ylabel="current (mA)")
    places[str(FEW[0])].legend(frameon=False, fontsize=8, loc="upper center")
    places[str(FEW[-1])].set(xlabel="time (µs)")
    counts = [neuron.count_spikes(each) for each in seen]
    places["counts"].plot(voltages, counts, "o-", color="#0072b2", markersize=4, linewidth=0.8)
    places["counts"].set(xlabel="source voltage (V)", ylabel="spikes in the burst", ylim=(0, 1.15 * max(counts)))
    places["counts"].yaxis.get_major_locator().set_params(integer=True)
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few voltages")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("neuron_bursts.png"), help="figure to write")
    options = parser.parse_args(words)
    neuron = NbOxNeuron(bath_resistance=5e5)
    voltages = sorted(FEW if options.quick else FEW + MANY)
    seen = currents(neuron, voltages)
    draw(neuron, voltages, seen).savefig(options.figure, dpi=130)
    rest = np.array([neuron.rest_points(voltage)[0].current for voltage in voltages])
    print(f"largest relative difference from the load line: {np.abs(seen[:, -1] / rest - 1).max():.1e}")


if __name__ == "__main__":
    main()
