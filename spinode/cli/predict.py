"""``spinode predict``: run a surrogate freely over traces and compare it with the truth and with baselines."""

from __future__ import annotations

import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.options import Force, Json, Samples
from spinode.cli.output import check_outputs, print_json

if TYPE_CHECKING:
    from spinode.surrogate import Surrogate
    from spinode.surrogate.prediction import Assessment
    from spinode.surrogate.report import FreeRun, FreeRunReport
    from spinode.traces import Trace, TraceSet

    Judged = tuple[Trace, FreeRunReport, dict[str, FreeRun], Assessment]


TrainSamplesOption = Annotated[
    str | None, typer.Option("--train-samples", metavar="A:B", help="Samples of the training.")
]


def predict_command(
    twin: Annotated[Path, typer.Argument(help="Surrogate file.")],
    file: Annotated[Path, typer.Argument(help="Traces file: its drive, and the truth to compare with.")],
    samples: Samples = None,
    trace: Annotated[list[str] | None, typer.Option("--trace", help="Use this trace; repeat for more.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Traces file to write the prediction to.")] = None,
    train: Annotated[Path | None, typer.Option("--train", help="Training traces, for the baselines.")] = None,
    train_samples: TrainSamplesOption = None,
    train_trace: Annotated[list[str] | None, typer.Option("--train-trace", help="Training trace; repeat.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure of the free run: .png, .svg or .pdf.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="HTML page with table and figures.")] = None,
    force: Force = False,
    json_output: Json = False,
) -> None:
    """Free run of a surrogate from the first samples and the drive alone, scored against the rest of each trace."""
    from spinode.cli.confidence import quietly_assessed, show_calibration, show_confidence
    from spinode.cli.judging import free_runs, read_selected, show
    from spinode.surrogate import load_surrogate
    from spinode.surrogate.report import build_report

    check_outputs(plot, (out, report), force)
    surrogate = load_surrogate(twin)
    traces = read_selected(file, trace, samples)
    training = read_selected(train, train_trace, train_samples) if train is not None else None
    judged: list[Judged] = []
    for each in traces:
        runs, warm_up = free_runs(surrogate, each, training)
        title = f"{surrogate.name} on {file.name}, trace {each.name}"
        judged.append((each, build_report(each, runs, title, warm_up), runs, quietly_assessed(surrogate, each)))
    if out is not None:
        _write_prediction(out, surrogate, traces, force)
    _draw(surrogate, judged[0], plot, report)
    if json_output:
        print_json(_as_json(surrogate, judged))
    else:
        for each, each_report, _, found in judged:
            show(each_report)
            show_confidence(each, found, each_report.warm_up)
        show_calibration(surrogate)


def _draw(surrogate: Surrogate, judged: Judged, plot: Path | None, page: Path | None) -> None:
    """Figure and page of one trace, where they are asked for."""
    from spinode.cli.judging import draw_figure, draw_page

    trace, report, runs, found = judged
    if plot is not None:
        draw_figure(plot, report, trace, runs, found)
    if page is not None:
        draw_page(page, report, trace, runs, surrogate)


def _write_prediction(out: Path, surrogate: Surrogate, traces: TraceSet, force: bool) -> None:
    from spinode.storage import write_traces
    from spinode.traces import TraceSet

    with warnings.catch_warnings(action="ignore"):  # said already by the run that was judged
        predictions = [surrogate.predict(trace) for trace in traces]
    predicted = TraceSet(tuple(predictions))
    command = shlex.join(["spinode", *sys.argv[1:]])
    write_traces(out, predicted, command=command, source=f"free run of {surrogate.name}", force=force)


def _as_json(surrogate: Surrogate, judged: list[Judged]) -> dict[str, object]:
    """Contract: ``nrmse`` {output: value} and ``seconds`` over all traces; ``reports`` has the rest, trace by trace.

    Each report has ``outside`` {``share``, ``first_time`` [s], ``reasons``} and ``band`` {``level``, ``half_width`` and
    ``coverage`` by output}, or None where the surrogate does not know them. With learned noise ``coverage_90``: part of
    the samples inside the one-step intervals, by output.
    """
    import numpy as np

    from spinode.cli.confidence import confidence_json

    nrmse: dict[str, float] = {}
    for column, name in enumerate(surrogate.outputs):
        truth, error = [], []
        for trace, report, runs, _ in judged:
            kept = slice(report.warm_up, None)
            truth.append(trace.output.values[kept, column])
            error.append(runs[surrogate.name].prediction[kept, column] - truth[-1])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            ratio = np.mean(np.concatenate(error) ** 2) / np.var(np.concatenate(truth))
        nrmse[name.name] = float(np.sqrt(ratio))
    seconds = sum(runs[surrogate.name].prediction_seconds for _, _, runs, _ in judged)
    reports = [
        {**report.as_dict(), **confidence_json(trace, found, report.warm_up)} for trace, report, _, found in judged
    ]
    result: dict[str, object] = {"nrmse": nrmse, "seconds": seconds, "reports": reports}
    return result if surrogate.noise is None else {**result, "coverage_90": _coverage(surrogate, judged)}


def _coverage(surrogate: Surrogate, judged: list[Judged]) -> dict[str, float]:
    """Part of the samples inside the 90 % one-step intervals of a surrogate with learned noise, by output."""
    import numpy as np

    parts = [surrogate.intervals(trace).coverage(trace.output.values) for trace, _, _, _ in judged]
    lengths = [len(trace) - surrogate.warm_up for trace, _, _, _ in judged]
    mean = np.average(parts, axis=0, weights=lengths)
    return {channel.name: float(value) for channel, value in zip(surrogate.outputs, mean, strict=True)}
