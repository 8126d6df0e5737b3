"""Figures of what a reservoir and its controls score on a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spinode.plots import FONT, STYLES
from spinode.reservoir.experiments import Outcome

DEVICE = {"color": "black", "linewidth": 1.8}
FILLS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#f0e442", "0.6")
"""Degrees of a capacity, in the colours of Okabe and Ito."""


def outcome_figure(outcome: Outcome, names: Mapping[str, str]) -> Figure:
    """The figure of a task: errors, answers in time, capacity by delay or degree, or singular values.

    Parameters
    ----------
    outcome : Outcome
        Of ``reservoir.experiments.run_task``.
    names : mapping of str to str
        What to call each feature set.
    """
    draw: dict[str, Callable[[Axes, Outcome, Mapping[str, str]], None]] = {
        "narma10": _errors,
        "sine-square": _answers,
        "memory": _delays,
        "capacity": _degrees,
        "rank": _values,
    }
    with rc_context(FONT):
        figure = Figure(figsize=(7.5, 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        draw[outcome.task](figure.subplots(), outcome, names)
    return figure


def _line(number: int) -> Mapping[str, Any]:
    return DEVICE if number == 0 else STYLES[(number - 1) % len(STYLES)]


def _errors(axis: Axes, outcome: Outcome, names: Mapping[str, str]) -> None:
    values = [outcome.scores[name] for name in outcome.scores]
    bars = axis.barh([names[name] for name in outcome.scores], values, color=["black", *FILLS[: len(values) - 1]])
    axis.bar_label(bars, fmt="%.3f", padding=3)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15 * max(values))
    axis.set_xlabel("NRMSE on test points")


def _answers(axis: Axes, outcome: Outcome, names: Mapping[str, str]) -> None:
    truth = outcome.details["device"]["truth"]
    axis.step(np.arange(len(truth)), truth, where="mid", color="0.68", linewidth=3.2, label="class")
    for number, name in enumerate(("device", "static")):
        label = f"{names[name]}: {outcome.scores[name]:.1%} right"
        axis.plot(outcome.details[name]["answer"], label=label, **_line(number))
    axis.axhline(0.5, color="0.6", linewidth=0.8)
    axis.set_xlabel("test point")
    axis.set_ylabel("readout (0 sine, 1 square)")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.17), ncols=3, frameon=False)


def _delays(axis: Axes, outcome: Outcome, names: Mapping[str, str]) -> None:
    last = 1
    for number, (name, each) in enumerate(outcome.details.items()):
        axis.plot(each["by_delay"], label=f"{names[name]}: {outcome.scores[name]:.2f}", **_line(number))
        last = max(last, int(np.max(np.flatnonzero(each["by_delay"]), initial=1)))
    axis.set_xlim(0, min(last + 2, len(each["by_delay"]) - 1))
    axis.set_ylim(0, 1.05)
    axis.set_xlabel("delay (points)")
    axis.set_ylabel("memory capacity of the delay")
    axis.legend(frameon=False)


def _degrees(axis: Axes, outcome: Outcome, names: Mapping[str, str]) -> None:
    labels, left = [names[name] for name in outcome.details], np.zeros(len(outcome.details))
    for number, degree in enumerate(outcome.details["device"]["by_degree"]):
        values = np.array([each["by_degree"][degree] for each in outcome.details.values()])
        axis.barh(labels, values, left=left, color=FILLS[number], label=f"degree {degree}")
        left += values
    for row, each in enumerate(outcome.details.values()):
        axis.plot([each["rank"]] * 2, [row - 0.45, row + 0.45], color="black", label="bound" if row == 0 else None)
    axis.invert_yaxis()
    axis.set_xlabel("information processing capacity")
    axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.17), ncols=len(FILLS))


def _values(axis: Axes, outcome: Outcome, names: Mapping[str, str]) -> None:
    for number, (name, each) in enumerate(outcome.details.items()):
        style = {**_line(number), "linestyle": "-"}
        label = f"{names[name]}: {each['kernel_rank']} and {each['generalisation_rank']}"
        axis.plot(np.arange(1, len(each["kernel_values"]) + 1), each["kernel_values"], label=label, **style)
        axis.plot(
            np.arange(1, len(each["kernel_values"]) + 1), each["generalisation_values"], **style | {"linestyle": ":"}
        )
    axis.set_yscale("log")
    axis.set_ylim(1e-8, 1.5)
    axis.set_xlabel("singular value (dotted: streams with one ending)")
    axis.set_ylabel("of the largest")
    axis.legend(frameon=False)
