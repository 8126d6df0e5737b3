"""Draws docs/figures/trust.png: a skyrmion that is destroyed, and what a surrogate of its life says about that.

The micromagnetic trace of tests/data/annihilated_skyrmion.h5: the drive grows by 1.6 at 14 ns. A surrogate is fitted to
its first 14 ns and then runs freely over all 20 ns. Printed: event, share of samples outside, errors in and out, cover.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinode.signals import FloatArray
from spinode.storage import read_traces
from spinode.surrogate import FitSettings, fit
from spinode.surrogate.events import find_event
from spinode.surrogate.prediction import Assessment, assess
from spinode.traces import Trace, TraceSet

ROOT = Path(__file__).parent.parent
WEAK = 2800  # samples before the drive grows


def rms(values: FloatArray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(values**2)))


def draw(axis: Axes, trace: Trace, found: Assessment, first: int) -> None:
    """Truth, free run, band and mask from one sample on."""
    assert found.outside is not None and found.half_width is not None
    part, time = slice(first, None), 1e9 * trace.output.time[first:]
    truth, run, width = trace.output.values[part, 0], found.values[part, 0], found.half_width[part, 0]
    axis.plot(time, truth, color="0.68", linewidth=3, label="truth")
    axis.plot(time, run, color="#0072b2", linewidth=1, linestyle="--", label="surrogate")
    axis.fill_between(time, run - width, run + width, color="#0072b2", alpha=0.25, linewidth=0, label="90 % band")
    across = axis.get_xaxis_transform()
    outside = {"color": "#d55e00", "alpha": 0.22, "linewidth": 0, "label": "outside the training", "step": "mid"}
    axis.fill_between(time, 0, 1, where=found.outside.mask[part], transform=across, **outside)
    axis.set(xlabel="time (ns)", ylabel="mz", xlim=(time[0], time[-1]), ylim=(0.35, 1.1))
    axis.legend(frameon=False, ncols=4, fontsize=8, loc="upper left")


def main() -> None:
    """Fit, predict, print and draw."""
    trace = read_traces(ROOT / "tests" / "data" / "annihilated_skyrmion.h5").traces[0]
    event = find_event(trace)
    assert event is not None
    print(event.line())
    settings = FitSettings(hidden=(), minutes=2.0, ensemble=20)
    twin = fit(TraceSet((trace.samples(0, WEAK),)), settings, name="skyrmion")
    with warnings.catch_warnings(action="ignore"):
        found = assess(twin, trace)
    assert found.outside is not None
    error = found.values[:, 0] - trace.output.values[:, 0]
    alive = slice(twin.warm_up, event.before)
    mask = found.outside.mask[alive]
    inside, there = rms(error[alive][~mask]), rms(error[alive][mask])
    print(f"alive: {mask.mean():.1%} outside, rms error {there:.4f} there, {inside:.4f} elsewhere")
    print(f"dead: {found.outside.mask[event.sample :].mean():.1%} outside, rms error {rms(error[event.sample :]):.4f}")
    figure = Figure(figsize=(8, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    upper.plot(1e9 * trace.output.time, trace.output.values[:, 0], color="0.3", linewidth=0.7)
    upper.axvline(1e9 * event.time, color="#d55e00", linewidth=1.2)
    upper.text(1e9 * event.time, 0.55, f" event at {1e9 * event.time:.3f} ns", color="#d55e00")
    upper.set(ylabel="mz", xlim=(0, 20), xlabel="time (ns)")
    draw(lower, trace, found, 2300)
    figure.savefig(ROOT / "docs" / "figures" / "trust.png", dpi=110)


if __name__ == "__main__":
    main()
