"""How fast does a domain wall drift in a field, and why does a stronger field slow it down?

Below the Walker field the wall moves at a constant angle and its velocity grows with the field. Above it the angle
turns round and round, the wall goes forth and back, and its mean velocity falls. One ensemble holds the same wall in
many fields, without noise and without DMI. The mean velocity over whole turns is compared with the closed form
(Schryer and Walker 1974); the printed number is the largest difference over the largest velocity.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.devices.observed import Observed
from spinode.devices.wall import DomainWall
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray
from spinode.simulate import simulate_ensemble
from spinode.traces import Trace

FEW = (0.5, 0.9, 1.2, 3.0)  # fields over the Walker field whose motion is drawn
MANY = (0.1, 0.3, 0.7, 0.95, 1.05, 1.1, 1.35, 1.6, 2.0, 2.5, 3.5, 4.0)


def motions(wall: DomainWall, fields: FloatArray) -> list[Trace]:
    """Position and angle of the wall in constant fields [T]."""
    sampling = Sampling(duration=1e-6, dt=0.5e-9)
    drives = [join(*(constant(c, sampling, each * (c.name == "field")) for c in wall.inputs)) for each in fields]
    return list(simulate_ensemble([Observed(device=wall)] * len(fields), drives))


def drift(motion: Trace) -> float:
    """Mean velocity [m/s] over the second half, cut to whole half turns of the angle where it turns."""
    time = motion.output.time[len(motion) // 2 :]
    place, angle = motion.output.values[len(motion) // 2 :].T
    turns = np.floor((angle[-1] - angle[0]) / np.pi)
    last = np.interp(angle[0] + turns * np.pi, angle, time) if turns else time[-1]
    return float((np.interp(last, time, place) - place[0]) / (last - time[0]))


def draw(wall: DomainWall, motions: dict[float, Trace], velocity: FloatArray) -> Figure:
    """Position over time in a few fields, and the mean velocity over all fields."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for ratio in FEW:
        output = motions[ratio].output
        left.plot(1e9 * output.time, 1e6 * (output.column("q") - output.column("q")[0]), label=f"{ratio:g}")
    left.set(xlabel="time (ns)", ylabel="distance gone (µm)", xlim=(0, 300), ylim=(0, 8))
    left.legend(title="field / Walker field", alignment="left", frameon=False, fontsize=8, title_fontsize=8)
    fields = np.array(list(motions)) * wall.walker_field
    fine = np.union1d(np.linspace(0, fields.max(), 800), [wall.walker_field])
    right.plot(1e3 * fine, [wall.drift_velocity(each) for each in fine], color="0.6", linewidth=3, label="closed form")
    right.plot(1e3 * fields, velocity, "o", color="#0072b2", markersize=4, label="simulated")
    right.axvline(1e3 * wall.walker_field, color="0.3", linewidth=0.8, linestyle="--", label="Walker field")
    right.set(xlabel="field (mT)", ylabel="mean velocity (m/s)")
    right.legend(frameon=False, fontsize=8)
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few fields")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("wall_walker.png"), help="figure to write")
    options = parser.parse_args(words)
    wall = DomainWall(dmi=0.0, temperature=0.0)
    ratios = sorted(FEW if options.quick else FEW + MANY)
    found = dict(zip(ratios, motions(wall, np.array(ratios) * wall.walker_field), strict=True))
    velocity = np.array([drift(motion) for motion in found.values()])
    draw(wall, found, velocity).savefig(options.figure, dpi=130)
    exact = np.array([wall.drift_velocity(ratio * wall.walker_field) for ratio in ratios])
    print(f"largest difference over the largest velocity: {np.abs(velocity - exact).max() / exact.max():.1e}")


if __name__ == "__main__":
    main()
