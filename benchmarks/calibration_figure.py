"""The figure of ``calibration.py``: why windows grow, intervals over repeated noise, and radii never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from spinode.calibration import Estimate
from spinode.calibration.analytic import analytic_candidate
from spinode.calibration.candidate import Windows
from spinode.calibration.least_squares import Weighing, begin, minimise
from spinode.calibration.unknowns import Unknown
from spinode.devices import VortexOscillator
from spinode.traces import Trace


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Estimates, their intervals and the truth, each shape (N,)."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, found: Sequence[Estimate], truth: Sequence[float]) -> Panel:
        numbers = np.array([[one.value, one.low, one.high] for one in found]).T
        return cls(value=numbers[0], low=numbers[1], high=numbers[2], truth=np.array(truth))


def draw(path: Path, trace: Trace, intervals: Panel, radii: Panel, trained: tuple[float, float]) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    _valleys(axes[0], trace)
    _intervals(axes[1], intervals)
    _radii(axes[2], radii, trained)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _valleys(axis: Any, trace: Trace) -> None:
    """Error against a trial radius, over short windows and over the whole trace, first states fitted at each."""
    unknowns = (Unknown(name="radius", unit="m", low=85e-9, high=118e-9),)
    candidate = analytic_candidate(VortexOscillator(temperature=0.0), replace(trace, parameters={}), unknowns)
    still = Weighing(outputs=np.ones(1), centre=np.zeros(1), free=False)
    for steps, style, name in ((32, "k-", "windows of 2 periods"), (len(trace) - 1, "-", "the whole trace")):
        starts = np.arange(0, len(trace) - steps, steps)
        places, errors = np.linspace(-1, 1, 241), []
        for place in places:
            q = np.array([place])
            windows = Windows(starts=starts, steps=steps, initial=candidate.guess(q, starts, steps))
            point = minimise(candidate, still, begin(candidate, still, q, windows), 4, 1e-3)
            errors.append(np.sqrt(point.cost / (len(starts) * (steps + 1))))
        axis.plot([1e9 * unknowns[0].value(place) for place in places], errors, style, lw=1, label=name)
    axis.axvline(100, color="0.8", lw=0.8, zorder=0)
    axis.set(xlabel="trial radius (nm)", ylabel="error / deviation of the output", title="why windows grow")
    axis.set_ylim(0, None)
    axis.legend(frameon=False)


def _intervals(axis: Any, panel: Panel) -> None:
    order = np.argsort(panel.value)
    held = (panel.low <= panel.truth) & (panel.truth <= panel.high)
    for place, row in enumerate(order):
        axis.plot([place, place], 1e3 * np.array([panel.low[row], panel.high[row]]), "k-" if held[row] else "r-", lw=1)
        axis.plot(place, 1e3 * panel.value[row], "ko" if held[row] else "ro", ms=2.5)
    axis.axhline(1e3 * panel.truth[0], color="0.6", lw=0.8, zorder=0)
    title = f"{held.sum()} of {held.size} intervals hold the truth"
    axis.set(xlabel="noise, in order of the estimate", ylabel="damping (1e-3)", title=title)
    axis.title.set_size("medium")


def _radii(axis: Any, panel: Panel, trained: tuple[float, float]) -> None:
    off = 100 * (np.array([panel.value, panel.low, panel.high]) / panel.truth - 1)
    axis.axvspan(1e9 * trained[0], 1e9 * trained[1], color="0.93", zorder=0, label="trained range")
    axis.errorbar(1e9 * panel.truth, off[0], np.abs(off[1:] - off[0]), fmt="ko", ms=3, capsize=2, lw=1)
    axis.axhline(0, color="0.6", lw=0.8, zorder=0)
    axis.set(xlabel="true radius (nm)", ylabel="error of the radius found (%)", title="surrogate, radii never seen")
    axis.legend(frameon=False)
