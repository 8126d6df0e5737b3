"""``spinode demo``: the main job on the bundled skyrmion data, from traces to a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEMO_MINUTES = 3.5


def demo_command(
    folder: Annotated[Path, typer.Option("-o", "--out", help="Folder for surrogate, figure and page.")] = Path("demo"),
    minutes: Annotated[float, typer.Option("--minutes", help="Time budget of the fit.")] = DEMO_MINUTES,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the network's first weights.")] = 0,
) -> None:
    """Learn one skyrmion under a voltage-controlled anisotropy and predict it under a drive it has not seen."""
    from spinode.bundled import bundled_data
    from spinode.cli.fit import fit_to_file
    from spinode.cli.info import info_command
    from spinode.cli.judging import draw_figure, draw_page, free_runs, show
    from spinode.storage import read_traces
    from spinode.surrogate import FitSettings
    from spinode.surrogate.report import build_report
    from spinode.traces import TraceSet

    data = bundled_data("skyrmion_vcma.h5")
    print("1. The data: micromagnetic traces of one Neel skyrmion in an 80 nm disk.")
    info_command(str(data))
    traces = read_traces(data)
    training, test = TraceSet((traces["train"],)), traces["test"]
    folder.mkdir(parents=True, exist_ok=True)
    print("2. Fit a surrogate to trace 'train'.", flush=True)
    settings = FitSettings(minutes=minutes, seed=seed)
    surrogate = fit_to_file(training, settings, folder / "skyrmion.h5", resume=False, force=True)
    print("3. Predict trace 'test', beside baselines fitted to the same training data.", flush=True)
    runs, warm_up = free_runs(surrogate, test, training)
    report = build_report(test, runs, "Skyrmion under a random anisotropy drive it was not trained on", warm_up)
    show(report)
    draw_figure(folder / "free_run.png", report, test, runs)
    draw_page(folder / "report.html", report, test, runs, surrogate)
    print(f"Written: {folder}/skyrmion.h5 (surrogate), {folder}/free_run.png, {folder}/report.html")
