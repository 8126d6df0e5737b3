"""Figures of a speech score: accuracies with intervals, gains, what was taken for what, and the states of a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spinode.axis import plain_text
from spinode.plots import FONT
from spinode.signals import FloatArray
from spinode.speech.report import CONTROLS, Scored
from spinode.speech.scores import Accuracy
from spinode.speech.words import Integers

DEVICE, CONTROL = "#0072b2", "0.6"


def speech_figure(scored: Scored, name: str, states: FloatArray, title: str) -> Figure:
    """Four panels of one score.

    Parameters
    ----------
    scored : Scored
    name : str
        What to call the system.
    states : array, shape (T, N)
        States of one word (without a device its frames).
    title : str
        Of the figure: corpus, front end, protocol, and whether it is a smoke test.
    """
    with rc_context(FONT):
        figure = Figure(figsize=(10, 7.2), layout="constrained")
        FigureCanvasAgg(figure)
        (upper, gains), (counts, image) = figure.subplots(2, 2)
        found = {CONTROLS[key]: each.accuracy for key, each in scored.controls.items() if key != "same_readout"}
        _accuracies(upper, {**found, name: scored.system.accuracy})
        _gains(gains, scored)
        _confusion(counts, scored.confusion, scored.words.names)
        _states(image, states)
        figure.suptitle(plain_text(title), fontsize=11)
    return figure


def _accuracies(axis: Axes, found: Mapping[str, Accuracy]) -> None:
    for place, accuracy in enumerate(found.values()):
        low, high = accuracy.interval
        colour = DEVICE if place == len(found) - 1 else CONTROL
        axis.barh(place, 100 * accuracy.value, color=colour, height=0.6)
        error = [[100 * (accuracy.value - low)], [100 * (high - accuracy.value)]]
        axis.errorbar(100 * accuracy.value, place, xerr=error, color="black", capsize=3, linewidth=1)
        axis.text(2, place, f"{100 * accuracy.value:.1f} %", va="center", color="white", fontsize=9)
    axis.set_yticks(range(len(found)), [plain_text(name) for name in found])
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    covers = list(found.values())[-1].covers
    axis.set_xlabel("words recognised (%), 95 % interval")
    axis.set_title(plain_text(covers), loc="left", fontsize=9)


def _gains(axis: Axes, scored: Scored) -> None:
    names = [name for name in CONTROLS if name in scored.controls]
    axis.axhline(0, color="black", linewidth=0.8)
    for place, name in enumerate(names):
        gain = scored.gain(name)
        low, high = gain.interval
        error = [[100 * (gain.value - low)], [100 * (high - gain.value)]]
        axis.errorbar(place, 100 * gain.value, yerr=error, fmt="o", color=DEVICE, capsize=4)
    axis.set_xticks(range(len(names)), [CONTROLS[name].replace(", ", ",\n") for name in names], fontsize=8)
    axis.margins(x=0.15)
    axis.set_ylabel("gain (points)")
    axis.set_title("less each control, paired 95 % interval", loc="left", fontsize=9)


def _confusion(axis: Axes, counts: Integers, names: Sequence[str]) -> None:
    labels = names or [str(number) for number in range(len(counts))]
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(parts, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for said, heard in zip(*np.nonzero(counts), strict=True):
        colour = "white" if parts[said, heard] > 0.5 else "black"
        axis.text(heard, said, str(counts[said, heard]), ha="center", va="center", color=colour, fontsize=7)
    axis.set_xticks(range(len(labels)), labels, fontsize=8, rotation=90 if max(map(len, labels)) > 2 else 0)
    axis.set_yticks(range(len(labels)), labels, fontsize=8)
    axis.set(xlabel="heard", ylabel="said")
    axis.grid(False)


def _states(axis: Axes, states: FloatArray) -> None:
    spread = states.std(axis=0)
    shown = (states - states.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    image = axis.imshow(shown.T, aspect="auto", cmap="RdBu_r", vmin=-3, vmax=3, origin="lower", interpolation="nearest")
    axis.set(xlabel="frame", ylabel="node")
    axis.set_title("states of one word, in deviations of each node", loc="left", fontsize=9)
    axis.grid(False)
    axis.figure.colorbar(image, ax=axis, pad=0.01)
