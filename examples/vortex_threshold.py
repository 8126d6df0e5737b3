"""At which current does a vortex begin to gyrate by itself, and how wide is its orbit then?

One ensemble holds the same vortex oscillator at many currents, without noise. Every core starts at 0.3 of the disk's
radius. Below the threshold current the damping wins and the core returns to the centre; above it the core settles on
an orbit on which spin torque and damping balance. The orbits are compared with the closed form
``VortexOscillator.orbit_radius``, and the printed number is the largest difference, in units of the disk's radius.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.observed import Observed
from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray
from spinode.simulate import simulate_ensemble

START = 0.3
SHOWN = (0.75, 0.95, 1.05, 1.25, 1.5)
"""Currents over the threshold whose motion is drawn; none at the threshold itself, where a core never settles."""


def orbits(vortex: VortexOscillator, currents: FloatArray, duration: float) -> tuple[FloatArray, FloatArray]:
    """Times (T,) [s] and distance s of the core from the centre (members, T) at constant currents [A]."""
    sampling = Sampling(duration=duration, dt=0.25 / vortex.frequency)
    current, field = vortex.inputs
    drives = [join(constant(current, sampling, each), constant(field, sampling, 0.0)) for each in currents]
    start = np.tile([START, 0.0], (len(currents), 1))
    traces = simulate_ensemble([Observed(device=vortex)] * len(currents), drives, initials=start)
    return sampling.time, np.array([np.hypot(*trace.output.values.T) for trace in traces])


def draw(vortex: VortexOscillator, ratios: FloatArray, time: FloatArray, radius: FloatArray) -> Figure:
    """The way to the orbit for some currents, and the orbit for all."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    motion, orbit = figure.subplots(1, 2)
    for ratio in SHOWN:
        (row,) = np.flatnonzero(np.isclose(ratios, ratio))
        motion.plot(1e9 * time, radius[row], linewidth=1.2, label=f"{ratio:g}")
    motion.set(xlabel="time (ns)", ylabel="distance from the centre (disk radius)", xlim=(0, 300), ylim=(0, 0.75))
    motion.legend(title="current / threshold", ncols=2, alignment="left", frameon=False, fontsize=8, title_fontsize=8)
    fine = np.linspace(ratios[0], ratios[-1], 500) * vortex.threshold_current
    orbit.plot(1e3 * fine, [vortex.orbit_radius(each) for each in fine], color="0.6", linewidth=3, label="closed form")
    orbit.plot(1e3 * vortex.threshold_current * ratios, radius[:, -1], "o", color="#0072b2", ms=4, label="simulated")
    orbit.axvline(1e3 * vortex.threshold_current, color="0.3", linewidth=0.8, linestyle="--", label="threshold")
    orbit.set(xlabel="current (mA)", ylabel="steady orbit (disk radius)", ylim=(-0.02, 0.75))
    orbit.legend(frameon=False, fontsize=8)
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few currents")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("vortex_threshold.png"), help="figure to write")
    options = parser.parse_args(words)
    vortex = VortexOscillator(temperature=0.0)
    ratios = np.array(SHOWN) if options.quick else np.arange(0.55, 1.61, 0.05)
    ratios = ratios[np.abs(ratios - 1) > 0.01]
    time, radius = orbits(vortex, ratios * vortex.threshold_current, duration=6e-6)
    draw(vortex, ratios, time, radius).savefig(options.figure, dpi=130)
    steady = [vortex.orbit_radius(ratio * vortex.threshold_current) for ratio in ratios]
    print(f"largest difference from the closed form (disk radius): {np.abs(radius[:, -1] - steady).max():.1e}")


if __name__ == "__main__":
    main()
