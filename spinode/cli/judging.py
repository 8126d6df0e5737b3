"""What ``predict`` and ``demo`` share: free runs beside the baselines, as table, figure and page."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from spinode.cli.output import print_table

if TYPE_CHECKING:
    from spinode.signals import FloatArray
    from spinode.surrogate import Surrogate
    from spinode.surrogate.prediction import Assessment
    from spinode.surrogate.report import FreeRun, FreeRunReport
    from spinode.traces import Trace, TraceSet


SEGMENTS = 16
"""Segments that a fit reads from traces which are longer than its limit."""


def read_selected(path: Path, names: list[str] | None, samples: str | None, most: int = 2**62) -> TraceSet:
    """Traces of a file, those of the given names, cut to ``--samples`` A:B of each; nothing else is read.

    Where that is more than ``most`` samples, evenly spread segments of them, and a warning says so.
    """
    from spinode.cli.output import sample_range
    from spinode.trace_file import choose_segments, open_traces

    with open_traces(path) as file:
        chosen = [file.info(name) for name in names] if names else file.infos
        parts = [(info.name, *sample_range(samples, info.samples)) for info in chosen]
        traces = choose_segments(file, parts, most, SEGMENTS)
        total = sum(last - first for _, first, last in parts)
    if total > most:
        read = sum(len(trace) for trace in traces)
        text = f"{path.name} has {total} samples: fitted to {read} of them in {len(traces)} segments"
        warnings.warn(f"{text}; --most-samples sets how many", UserWarning, stacklevel=2)
    return traces


def free_runs(surrogate: Surrogate, trace: Trace, training: TraceSet | None) -> tuple[dict[str, FreeRun], int]:
    """The surrogate's free run and, where there are training traces, those of the baselines; and the warm-up."""
    from spinode.surrogate.baselines import fit_baselines
    from spinode.surrogate.report import FreeRun

    with warnings.catch_warnings(action="ignore"):  # they come again below
        surrogate.free_run(trace)  # compiles, so that the time below is that of the run
    begun = perf_counter()
    prediction = surrogate.free_run(trace)
    seconds = perf_counter() - begun
    trained = float(surrogate.record.get("seconds", float("nan")))
    runs = {surrogate.name: FreeRun(prediction=prediction, training_seconds=trained, prediction_seconds=seconds)}
    warm_up = surrogate.warm_up
    for baseline in fit_baselines(training) if training is not None else ():
        begun = perf_counter()
        prediction = baseline.free_run(trace)
        seconds = perf_counter() - begun
        warm_up = max(warm_up, baseline.warm_up)
        runs[baseline.name] = FreeRun(
            prediction=prediction, training_seconds=baseline.seconds, prediction_seconds=seconds, baseline=True
        )
    return runs, warm_up


def show(report: FreeRunReport) -> None:
    """Table and warnings on stdout."""
    from spinode.surrogate.report import HEADER

    print_table(HEADER, report.table(), title=report.title)
    for warning in report.warnings:
        print(f"note: {warning}")


def draw_page(
    path: Path, report: FreeRunReport, trace: Trace, runs: Mapping[str, FreeRun], surrogate: Surrogate
) -> None:
    """The HTML page with all figures inside."""
    from spinode import __version__
    from spinode.plots import error_figure, free_run_figure, spectra_figure, training_figure, write_html_report

    shown = _shown(report, runs)
    figures = {}
    for channel in trace.output.names:
        figures[f"Free run of {channel}"] = free_run_figure(trace, shown, channel, report.warm_up)
        figures[f"Error of {channel} over time"] = error_figure(trace, shown, channel, report.warm_up)
        figures[f"Spectra of {channel}"] = spectra_figure(trace, shown, channel, report.warm_up)
    if len(surrogate.history):
        curve = [(float(seconds), float(error)) for seconds, error in surrogate.history]
        figures["Held-out error while training"] = training_figure(curve)
    notes = {"spinode": __version__}
    notes |= {f"training: {name}".replace("_", " "): str(value) for name, value in surrogate.record.items()}
    write_html_report(path, report, figures, notes)


def draw_figure(
    path: Path, report: FreeRunReport, trace: Trace, runs: Mapping[str, FreeRun], found: Assessment | None = None
) -> None:
    """One figure: truth and free runs of the first output, what lies outside the training shaded, and the band."""
    from spinode.plots import Shading, free_run_figure, save_figure

    shading = None
    if found is not None:
        mask = None if found.outside is None else found.outside.mask
        width = None if found.half_width is None else found.half_width[:, 0]
        shading = Shading(outside=mask, centre=found.values[:, 0], half_width=width)
    shown = _shown(report, runs)
    save_figure(path, free_run_figure(trace, shown, trace.output.names[0], report.warm_up, shading))


def _shown(report: FreeRunReport, runs: Mapping[str, FreeRun]) -> dict[str, FloatArray]:
    """Curves worth drawing: the models and the strongest baseline."""
    strongest = report.strongest_baseline
    name = strongest.name if strongest is not None else ""
    return {key: run.prediction for key, run in runs.items() if not run.baseline or key == name}
