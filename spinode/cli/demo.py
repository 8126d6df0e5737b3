"""``spinode demo``: the main job on the bundled skyrmion data, from traces to a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.options import Quiet
from spinode.cli.output import Stopwatch

if TYPE_CHECKING:
    from spinode.traces import Trace, TraceSet

DEMO_MINUTES = 3.5


def demo_command(
    folder: Annotated[Path, typer.Option("-o", "--out", help="Folder for surrogate, figure and page.")] = Path("demo"),
    minutes: Annotated[float, typer.Option("--minutes", help="Time budget of the fit.")] = DEMO_MINUTES,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the network's first weights.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Learn one skyrmion under a voltage-controlled anisotropy and predict it under a drive it has not seen."""
    from spinode.cli.fit import fit_to_file, summary
    from spinode.cli.info import info_command
    from spinode.cli.judging import draw_figure, draw_page, free_runs, show
    from spinode.storage import write_traces
    from spinode.surrogate import FitSettings
    from spinode.surrogate.report import build_report
    from spinode.traces import TraceSet

    clock = Stopwatch("demo", quiet)
    folder.mkdir(parents=True, exist_ok=True)
    print("1. Import two tables of one Neel skyrmion in an 80 nm disk, from a micromagnetic solver.", flush=True)
    _by_hand(f"import {folder}/train.txt {folder}/test.txt -o {folder}/traces.h5 --input Ku1 --output mz")
    traces = import_tables(folder)
    write_traces(folder / "traces.h5", traces, source="train.txt, test.txt", force=True)
    info_command(str(folder / "traces.h5"))
    training, test = TraceSet((traces["train"],)), traces["test"]
    print("2. Fit a surrogate to trace 'train'.", flush=True)
    _by_hand(f"fit {folder}/traces.h5 --trace train -o {folder}/skyrmion.h5 --minutes {minutes:g}")
    settings = FitSettings(minutes=minutes, seed=seed)
    surrogate = fit_to_file(training, settings, folder / "skyrmion.h5", resume=False, force=True, quiet=quiet)
    print("3. Predict trace 'test', beside baselines fitted to the same training data.", flush=True)
    train = f"--train {folder}/traces.h5 --train-trace train"
    _by_hand(f"predict {folder}/skyrmion.h5 {folder}/traces.h5 --trace test {train} --report {folder}/report.html")
    runs, warm_up = free_runs(surrogate, test, training)
    report = build_report(test, runs, "Skyrmion under a random anisotropy drive it was not trained on", warm_up)
    show(report)
    draw_figure(folder / "free_run.png", report, test, runs)
    draw_page(folder / "report.html", report, test, runs, surrogate)
    print(f"Written to {folder}: train.txt, test.txt, traces.h5, skyrmion.h5 (surrogate), free_run.png, report.html")
    clock.done(summary(surrogate))


def _by_hand(command: str) -> None:
    print(f"   by hand: spinode {command}", flush=True)


def import_tables(folder: Path) -> TraceSet:
    """The bundled traces as tables that a simulator would write, read back by the importer of ``spinode import``."""
    from spinode.bundled import bundled_data
    from spinode.importers import import_traces
    from spinode.storage import read_traces

    bundled = read_traces(bundled_data("skyrmion_vcma.h5"))
    tables = [write_table(folder / f"{trace.name}.txt", trace) for trace in bundled]
    constants = bundled["train"].parameters
    return import_traces(tables, ["Ku1"], ["mz"], dt=bundled["train"].dt, parameters=constants)


def write_table(path: Path, trace: Trace) -> Path:
    """A trace as a tab-separated table with names and units in its first line, as MuMax3 writes them."""
    signals = (trace.drive, trace.output)
    labels = ["t (s)", *(f"{channel.name} ({channel.unit})" for signal in signals for channel in signal.channels)]
    columns = [trace.output.time, *trace.drive.values.T, *trace.output.values.T]
    rows = ("\t".join(map(repr, row)) for row in zip(*(column.tolist() for column in columns), strict=True))
    path.write_text("# " + "\t".join(labels) + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path
