"""Figures of free runs and the HTML report that holds them: no global state, nothing fetched from elsewhere."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.signal import welch

from spinode.axis import decibel, label_text, largest_prefix, limits_around, plain_text
from spinode.html_page import page
from spinode.signals import FloatArray
from spinode.surrogate.metrics import dominant_frequency
from spinode.surrogate.report import FreeRunReport
from spinode.traces import Trace
from spinode.whole_file import write_whole

STYLES = (
    {"color": "#0072b2", "linestyle": "--"}, {"color": "#d55e00", "linestyle": ":"},
    {"color": "#009e73", "linestyle": "-."}, {"color": "#cc79a7", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    {"color": "#8a6d00", "linestyle": (0, (8, 2))},
)  # fmt: skip
"""Lines of the models: the colours of Okabe and Ito, told apart without colour by their dashes."""
TRUTH = {"color": "0.68", "linestyle": "-", "linewidth": 3.2}
"""The truth is broad and grey, so that a thin line on it is seen with and without colour."""
ZOOM_PERIODS = 12
"""Periods of the dominant oscillation that a zoom shows."""
ZOOM_SAMPLES = 200
"""Samples that a zoom shows where there is no oscillation."""
RUNNING_PERIODS = 10
"""Periods over which the running error is averaged."""
MAX_POINTS = 4000
"""Points of an overview line; a longer record is drawn as minimum and maximum of each stretch."""
SEGMENTS = 16
"""Stretches of the record over which a spectrum is averaged."""
FLOOR_DB = 100.0
"""Range of a spectrum below its highest point [dB]."""
DPI = 130
FONT: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.formatter.useoffset": False,
    "svg.hashsalt": "spinode",
}


@dataclass(frozen=True, kw_only=True)
class Shading:
    """What a figure shows of a prediction's trust: mask (T,) of samples outside the training, and a band (T,)."""

    outside: NDArray[np.bool_] | None
    centre: FloatArray
    half_width: FloatArray | None


def free_run_figure(
    truth: Trace,
    predictions: Mapping[str, FloatArray],
    channel: str,
    warm_up: int,
    shading: Shading | None = None,
) -> Figure:
    """Truth and predictions of one output: the whole record, then two zooms, at its start and near its end.

    Parameters
    ----------
    truth : Trace
        What really happened.
    predictions : mapping of str to array, shape (T, O)
        Free runs by model name; samples that are not finite are not drawn.
    channel : str
        Output channel.
    warm_up : int
        First samples that the models knew; shaded.
    shading : Shading, optional
        Samples outside the training, shaded red, and a band around the prediction of this channel.
    """
    column = truth.output.names.index(truth.output.select([channel]).names[0])
    values = truth.output.values[:, column]
    span = _zoom(values, truth.dt)
    windows = [(0, len(truth)), (0, min(len(truth), warm_up + span)), (max(0, len(truth) - span), len(truth))]
    scale, prefix = largest_prefix(len(truth) * truth.dt)
    with rc_context(FONT):
        figure = _figure(7.0)
        axes = figure.subplots(3, 1)
        for axis, (first, last), name in zip(axes, windows, ("whole record", "start", "end"), strict=True):
            _draw(axis, truth.output.time[first:last] * scale, values[first:last], "truth", TRUTH)
            for number, (model, prediction) in enumerate(predictions.items()):
                line = {**STYLES[number % len(STYLES)], "linewidth": 1.2}
                _draw(axis, truth.output.time[first:last] * scale, prediction[first:last, column], model, line)
            if shading is not None:
                _shade(axis, truth.output.time[first:last] * scale, shading, slice(first, last))
            if first < warm_up:
                axis.axvspan(axis.get_xlim()[0], truth.output.time[warm_up] * scale, color="0.85", zorder=0)
            axis.set_xlim(truth.output.time[first] * scale, truth.output.time[last - 1] * scale)
            axis.set_ylim(*limits_around(values[first:last]))
            axis.set_ylabel(label_text(truth.output.channels[column]))
            axis.set_title(name, loc="left", fontsize=10)
        axes[-1].set_xlabel(f"time ({prefix}s)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
    return figure


def error_figure(truth: Trace, predictions: Mapping[str, FloatArray], channel: str, warm_up: int) -> Figure:
    """Running root mean square of the error over about ten periods, relative to the standard deviation of the truth."""
    column = truth.output.names.index(truth.output.select([channel]).names[0])
    values = truth.output.values[warm_up:, column]
    frequency = dominant_frequency(values, truth.dt)
    width = ZOOM_SAMPLES if math.isnan(frequency) else math.ceil(RUNNING_PERIODS / (frequency * truth.dt))
    width = max(1, min(width, values.size // 4))
    scale, prefix = largest_prefix(len(truth) * truth.dt)
    spread = float(values.std()) or 1.0
    time = (truth.output.time[warm_up:][: values.size - width + 1] + 0.5 * (width - 1) * truth.dt) * scale
    with rc_context(FONT):
        figure = _figure(3.2)
        axis = figure.subplots()
        for number, (model, prediction) in enumerate(predictions.items()):
            error = prediction[warm_up:, column] - values
            running = np.sqrt(_moving_mean(error * error, width)) / spread
            _draw(axis, time, np.where(running > 0.0, running, np.nan), model, STYLES[number % len(STYLES)])
        axis.set_yscale("log")
        axis.axhline(1.0, color="0.4", linewidth=0.8)
        axis.set_xlabel(f"time ({prefix}s)")
        axis.set_ylabel(f"running rms error of {plain_text(channel)}\n(in standard deviations)")
        figure.legend(*axis.get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
    return figure


def spectra_figure(truth: Trace, predictions: Mapping[str, FloatArray], channel: str, warm_up: int) -> Figure:
    """Power spectral densities (Welch) of truth and predictions, and below of the errors [dB of the truth's peak]."""
    column = truth.output.names.index(truth.output.select([channel]).names[0])
    values = truth.output.values[warm_up:, column]
    segment = max(8, min(4096, values.size // SEGMENTS))
    frequency, reference = welch(values, 1.0 / truth.dt, nperseg=segment, detrend="linear")
    peak = float(reference.max()) or 1.0
    top = _highest_frequency(frequency, reference)
    scale, prefix = largest_prefix(top)
    with rc_context(FONT):
        figure = _figure(5.2)
        axes = figure.subplots(2, 1, sharex=True)
        _draw(axes[0], frequency * scale, decibel(reference / peak), "truth", TRUTH)
        _draw(axes[1], frequency * scale, decibel(reference / peak), "truth", TRUTH)
        for number, (model, prediction) in enumerate(predictions.items()):
            run = prediction[warm_up:, column]
            if np.isfinite(run).all():
                for axis, signal in ((axes[0], run), (axes[1], run - values)):
                    power = welch(signal, 1.0 / truth.dt, nperseg=segment, detrend="linear")[1]
                    _draw(axis, frequency * scale, decibel(power / peak), model, STYLES[number % len(STYLES)])
        for axis, title in ((axes[0], "spectra"), (axes[1], "spectra of the errors, beside that of the truth")):
            axis.set_ylim(-FLOOR_DB, 6.0)
            axis.set_xlim(0.0, top * scale)
            axis.set_ylabel(f"density of {plain_text(channel)}\n(dB of the truth's peak)")
            axis.set_title(title, loc="left", fontsize=10)
        axes[1].set_xlabel(f"frequency ({prefix}Hz)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
    return figure


def training_figure(curve: Sequence[tuple[float, float]], baseline: float | None = None) -> Figure:
    """Held-out free-run error over training time.

    Parameters
    ----------
    curve : sequence of (float, float)
        Seconds since the start and NRMSE; values that are not finite are left out.
    baseline : float, optional
        NRMSE of the strongest baseline in the same held-out time, drawn as a level.
    """
    points = np.array([point for point in curve if all(map(math.isfinite, point))]).reshape(-1, 2)
    with rc_context(FONT):
        figure = _figure(3.0)
        axis = figure.subplots()
        axis.plot(points[:, 0], points[:, 1], color="black", marker="o", markersize=3, linewidth=1.0, label="surrogate")
        if baseline is not None and math.isfinite(baseline):
            axis.axhline(baseline, color="#0072b2", linestyle="--", label="strongest baseline")
            axis.legend(frameon=False)
        if len(points) and points[:, 1].min() > 0.0:
            axis.set_yscale("log")
        axis.set_xlabel("training time (s)")
        axis.set_ylabel("held-out free-run NRMSE")
    return figure


def horizon_figure(errors: Mapping[str, FloatArray]) -> Figure:
    """Error of a forecast against how far it looks ahead.

    Parameters
    ----------
    errors : mapping of str to array, shape (horizons,)
        NRMSE at 0, 1, ... points ahead: the device first, then what it is compared with.
    """
    with rc_context(FONT):
        figure = _figure(3.6)
        axis = figure.subplots()
        for number, (name, values) in enumerate(errors.items()):
            line = {"color": "black", "linewidth": 1.8} if number == 0 else STYLES[(number - 1) % len(STYLES)]
            _draw(axis, np.arange(float(len(values))), values, name, line)
        axis.axhline(1.0, color="0.6", linewidth=0.8)
        later = np.concatenate([values[1:] for values in errors.values()])
        axis.set_yscale("log")
        if later.size and later.min() > 0.0:
            axis.set_ylim(bottom=0.5 * later.min())  # horizon 0 recalls the input, and would stretch the axis
        axis.set_xlabel("horizon (points)")
        axis.set_ylabel("NRMSE on test points")
        axis.legend(frameon=False)
    return figure


def save_figure(path: str | os.PathLike[str], figure: Figure) -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of the path; a file that is there is replaced as a whole.

    Raises
    ------
    ValueError
        If the ending is none of these.
    OSError
        If the file cannot be written; one that was there is left as it was.
    """
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise ValueError(f"save_figure.path must end in .png, .svg or .pdf, got '{os.fspath(path)}'")
    buffer = BytesIO()
    dated: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}  # the same figure, the same bytes
    with rc_context(FONT):
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=dated.get(kind))
    write_whole(path, buffer.getvalue(), force=True)


def write_html_report(
    path: str | os.PathLike[str], report: FreeRunReport, figures: Mapping[str, Figure], notes: Mapping[str, str]
) -> None:
    """Write one HTML file with table, warnings, figures and notes inside; a file that is there is replaced as a whole.

    Parameters
    ----------
    path : path
        Where to write.
    report : FreeRunReport
        Numbers and warnings.
    figures : mapping of str to Figure
        Figures by caption; the caption is the text for readers who do not see the figure, too.
    notes : mapping of str to str
        How it was made: versions, seed, command.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is left as it was.
    """
    images = {}
    for caption, figure in figures.items():
        buffer = BytesIO()
        with rc_context(FONT):
            figure.savefig(buffer, format="png", dpi=DPI)
        images[caption] = buffer.getvalue()
    write_whole(path, page(report, images, notes).encode(), force=True)


def _figure(height: float) -> Figure:
    """An empty figure 7.5 inches wide, drawn by Agg."""
    figure = Figure(figsize=(7.5, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw(axis: Axes, x: FloatArray, y: FloatArray, label: str, line: Mapping[str, object]) -> None:
    """A line; a long one as minimum and maximum of each stretch, so that nothing is lost and the file stays small."""
    y = np.where(np.isfinite(y), y, np.nan)
    stretch = -(-len(y) // (MAX_POINTS // 2))
    if stretch > 1:
        whole = len(y) // stretch * stretch
        pieces = y[:whole].reshape(-1, stretch)
        y = np.stack([pieces.min(axis=1), pieces.max(axis=1)], axis=1).ravel()
        x = np.repeat(x[:whole:stretch], 2)
    axis.plot(x, y, **{"linewidth": 1.1, **line, "label": plain_text(label)})  # type: ignore[arg-type]


def _shade(axis: Axes, time: FloatArray, shading: Shading, part: slice) -> None:
    """Red behind the samples outside the training, blue for the band; both thin out in a long record."""
    stride = max(1, len(time) // MAX_POINTS)
    if shading.outside is not None and shading.outside[part].any():
        across = axis.get_xaxis_transform()
        seen = np.maximum.reduceat(shading.outside[part], np.arange(0, len(time), stride))
        axis.fill_between(
            time[::stride], 0, 1, where=seen, step="mid", transform=across, color="#d55e00", alpha=0.22, linewidth=0,
            label="outside the training", zorder=0,
        )  # fmt: skip
    if shading.half_width is not None:
        low, high = (shading.centre + sign * shading.half_width for sign in (-1.0, 1.0))
        with np.errstate(invalid="ignore"):
            axis.fill_between(
                time[::stride], low[part][::stride], high[part][::stride], color="#0072b2", alpha=0.25, linewidth=0,
                label="90 % band", zorder=1,
            )  # fmt: skip


def _zoom(values: FloatArray, dt: float) -> int:
    """Samples in a zoom."""
    frequency = dominant_frequency(values, dt)
    span = ZOOM_SAMPLES if math.isnan(frequency) else math.ceil(ZOOM_PERIODS / (frequency * dt))
    return max(8, min(span, len(values) // 3))


def _moving_mean(values: FloatArray, width: int) -> FloatArray:
    """Means of ``width`` neighbours; infinite from the first value that is not finite."""
    bad = ~np.isfinite(values)
    total = np.cumsum(np.concatenate([[0.0], np.where(bad, 0.0, values)]))
    mean: FloatArray = np.maximum(total[width:] - total[:-width], 0.0) / width
    if bad.any():
        mean[max(0, int(np.argmax(bad)) - width + 1) :] = np.inf
    return mean


def _highest_frequency(frequency: FloatArray, power: FloatArray) -> float:
    """Where the spectrum ends for the eye: a fifth above the last frequency within FLOOR_DB of the peak."""
    seen = frequency[power > power.max() * 10.0 ** (-FLOOR_DB / 10.0)]
    return float(min(frequency[-1], 1.2 * seen[-1])) if seen.size and seen[-1] > 0 else float(frequency[-1])
