"""How often does a domain-wall neuron fire, and how does it forget?

A current drives the wall along its track; at the threshold a buffer fires and drives the wall back to the release. A
gradient of the anisotropy pulls the wall back all the time, so a weak current never fires. The rate is compared with
the closed form from the steady velocities and the inertia of the wall; the printed number is the largest relative
difference. What is left of it is the response time of the buffer, which the closed form leaves out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.observed import Observed
from spinode.devices.wall_neuron import WallNeuron
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.signals import FloatArray, Signal
from spinode.simulate import simulate

NEURON = WallNeuron(response_time=10e-12)
PULSES = "current_density=pulses(0,100GA/m2,4ns,8ns)"


def answer(drive: str, duration: float) -> Signal:
    """Position, angle and buffer."""
    given = parse_drive(drive, NEURON.inputs, Sampling(duration=duration, dt=20e-12))
    return simulate(Observed(device=NEURON), given).output


def rate(density: float) -> float:
    """Spikes a second [Hz] at a constant current density [A/m2], from the last interval of several."""
    drive = parse_drive(
        f"current_density={density}", NEURON.inputs, Sampling(duration=3.2 / NEURON.rate(density), dt=20e-12)
    )
    times = NEURON.spike_times(simulate(NEURON, drive).output)
    return float(1 / (times[-1] - times[-2]))


def draw(densities: FloatArray, rates: FloatArray) -> Figure:
    """Position under pulses, and rate over current density."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    output = answer(PULSES, 100e-9)
    left.plot(1e9 * output.time, 1e9 * output.column("q"), color="#0072b2")
    left.fill_between(1e9 * output.time, 0, 600 * output.column("buffer"), color="#d55e00", alpha=0.3, linewidth=0)
    left.axhline(1e9 * NEURON.threshold, color="0.3", linewidth=0.8, linestyle="--")
    left.set(xlabel="time (ns)", ylabel="position (nm)", ylim=(0, 600))
    fine = np.linspace(0.5 * densities.min(), densities.max(), 60)
    right.plot(fine / 1e9, [NEURON.rate(each) / 1e6 for each in fine], color="0.6", linewidth=3, label="closed form")
    right.plot(densities / 1e9, rates / 1e6, "o", color="#0072b2", markersize=4, label="simulated")
    right.set(xlabel="current density (GA/m²)", ylabel="rate (MHz)")
    right.legend(frameon=False, fontsize=8)
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few currents")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("wall_neuron.png"), help="figure to write")
    options = parser.parse_args(words)
    densities = np.linspace(4e10, 2e11, 3 if options.quick else 9)
    rates = np.array([rate(float(density)) for density in densities])
    draw(densities, rates).savefig(options.figure, dpi=130)
    exact = np.array([NEURON.rate(float(density)) for density in densities])
    print(f"largest relative difference of the rate: {np.abs(rates / exact - 1).max():.1e}")


if __name__ == "__main__":
    main()
