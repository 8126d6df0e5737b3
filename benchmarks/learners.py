"""Which learner foretells a driven device best after the same training time?

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install deepSI==0.4.4 pysindy==2.1.0 nodefit==0.2      # with a CPU build of torch already there
    python benchmarks/learners.py --peers-python /tmp/peers/bin/python --minutes 2 --results learners.json
    python benchmarks/learners.py --results learners.json --figure learners.png                        # draw only

Every learner gets one training trace and ``--minutes`` of processor time on one thread, and then runs freely along a
test trace from its first samples and the drive. Peers are programs of their own in an environment of their own, and may
use the whole time once for each of several settings; the one with the smallest error on their held-out data is judged.
Closed forms (ARX, NARX) take the seconds that they need. The first 100 samples of the test are not judged.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch are imported: every side runs on one thread
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from learner_cases import CASES, Case
from learner_peers import PEERS, SETTINGS
from published_recipe import Delayed, Trainer, delayed
from workload import machine

from spinode.surrogate import fitting
from spinode.surrogate.baselines import fit_baselines
from spinode.surrogate.dataset import make_dataset, stage_inputs
from spinode.surrogate.metrics import score_free_run
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.rollout import free_runs
from spinode.traces import TraceSet

GIVEN = 100
"""Samples at the start of a test that are not judged: more than any learner is given."""
EVERY, HORIZON = 25, 400
"""Batches of the published recipe between two looks at its held-out error; samples of the runs that give it."""


OURS, REGRESSIONS, RECIPE = "spinode", "regressions", "published recipe"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Free run of one learner over a test: outputs (T, 1), samples it was given, processor seconds, its settings."""

    learner: str
    values: np.ndarray
    given: int
    seconds: float
    text: str


def ours(case: Case, minutes: float) -> Run:
    """``fit`` with its defaults; its clock is turned to processor time, as the others have it."""
    fitting.monotonic = time.process_time
    begun = time.process_time()
    surrogate = fitting.fit(TraceSet((case.training,)), FitSettings(minutes=minutes), name=case.name)
    seconds = time.process_time() - begun
    shape, record = surrogate.shape, surrogate.record
    text = f"degree {shape.degree}, {shape.modes} modes, network {shape.hidden}, {shape.size} coefficients"
    text += f"; held-out {float(record['held_out_nrmse']):.3g}"
    return Run(learner=OURS, values=surrogate.free_run(case.test), given=surrogate.warm_up, seconds=seconds, text=text)


def regressions(case: Case) -> list[Run]:
    """Linear ARX and polynomial NARX, with delays and degree chosen on held-out time."""
    found = []
    for each in fit_baselines(TraceSet((case.training,)))[2:]:
        values = each.free_run(case.test)
        found.append(
            Run(learner=each.name, values=values, given=each.warm_up, seconds=each.seconds, text=each.settings)
        )
    return found


def published(case: Case, minutes: float) -> Run:
    """The recipe of Chen et al. (2022), differentiated without the adjoint, which is quicker; its best coefficients."""
    data = make_dataset(TraceSet((case.training,)), 2, None, 0.2)
    deviation = float(data.scaling.output_scale[0])
    record = delayed(data, deviation)
    trainer = Trainer(record, "plain", 0)
    starts = np.arange(record.held, len(record.states) - HORIZON - 1, HORIZON)
    spent, batches, best, theta = 0.0, 0, np.inf, np.empty(0)
    while spent < 60.0 * minutes:
        begun = time.process_time()
        for _ in range(EVERY):
            trainer.step()
        spent += time.process_time() - begun  # the look at held-out time is a gift
        batches += EVERY
        error = trainer.held_out_error(starts, HORIZON)
        if error < best:
            best, theta = error, trainer._network.coefficients(record.shape)
    text = f"{batches} batches; held-out {best:.3g}"
    return Run(learner=RECIPE, values=_run_recipe(case, data, record, theta), given=2, seconds=spent, text=text)


def _run_recipe(case: Case, data: object, record: Delayed, theta: np.ndarray) -> np.ndarray:
    """Free run from the first two samples of the test, in the units of the training."""
    scaling = data.scaling
    offset = data.record.outputs[0, 0]
    scaled = record.gain * (scaling.outputs(case.test.output.values)[:, 0] - offset)
    drive = stage_inputs(case.test, scaling)
    both = np.concatenate([drive[:-1], drive[1:]], axis=2)
    first, start = np.array([[scaled[0], scaled[1]]]), np.array([0])
    path = free_runs(record.shape.sizes, theta, first, start, len(both) - 1, both)[0]
    path = np.concatenate([path[:, 0], path[-1:, 1]])  # the last sample is the look-ahead of the last state
    return (scaling.output_mean + scaling.output_scale * (path / record.gain + offset))[:, None]


def peer_runs(case: Case, python: str, minutes: float, name: str) -> Run | str:
    """The best setting of one peer, or why there is none."""
    found: list[tuple[float, Run]] = []
    reason = ""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "data.npz", Path(folder) / "answer.npz"
        np.savez(source, **_arrays(case))
        for setting in range(SETTINGS[name]):
            program = str(Path(__file__).with_name("learner_peers.py"))
            words = [python, program, name, str(source), str(target), str(minutes), str(setting)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                continue
            with np.load(target) as file:
                text = json.loads(str(file["text"]))
                values, given, seconds = file["run"], int(file["given"]), float(file["seconds"])
                run = Run(learner=name, values=values, given=given, seconds=seconds, text=text)
                found.append((float(file["error"]), run))
    if not found:
        return reason
    return min(found, key=lambda pair: pair[0] if np.isfinite(pair[0]) else np.inf)[1]


def _arrays(case: Case) -> dict[str, np.ndarray]:
    train, test = case.training, case.test
    values = {"u": train.drive.values, "y": train.output.values}
    values |= {"test_u": test.drive.values, "test_y": test.output.values}
    return values | {"dt": np.array(test.dt), "held": np.array(int(test.drive.channels[0].hold))}


def judged(case: Case, runs: list[Run]) -> list[dict[str, object]]:
    """One row a learner, the best first."""
    if max(run.given for run in runs) > GIVEN:
        raise SystemExit(f"a learner was given more than {GIVEN} samples of {case.name}")
    truth = case.test.output.values[GIVEN:, 0]
    rows: list[dict[str, object]] = []
    for run in runs:
        score = score_free_run(truth, run.values[GIVEN:, 0], case.test.dt)
        row = {"case": case.name, "learner": run.learner, "nrmse": score.nrmse, "seconds": run.seconds}
        rows.append(row | {"frequency_error": score.frequency_error, "verdict": score.verdict[0], "text": run.text})
    return sorted(rows, key=lambda row: float(str(row["nrmse"])))


def compare(case: Case, python: str | None, minutes: float, wanted: list[str]) -> list[dict[str, object]]:
    """The wanted learners on one case; the peers only where their environment is given."""
    runs: list[Run] = []
    if OURS in wanted:
        runs += [ours(case, minutes)]
    if REGRESSIONS in wanted:
        runs += regressions(case)
    if RECIPE in wanted:
        runs += [published(case, minutes)]
    for name in PEERS:
        if name not in wanted or not python:
            continue
        run = peer_runs(case, python, minutes, name)
        if isinstance(run, str):
            print(f"{case.name}: {name} has no answer: {run}")
        else:
            runs.append(run)
    return judged(case, runs) if runs else []


def show(rows: list[dict[str, object]]) -> None:
    """The table."""
    print(f"\n{'case':10s} {'learner':18s} {'NRMSE':>9s} {'frequency':>10s} {'seconds':>8s}  verdict; settings")
    for row in rows:
        nrmse, frequency = float(str(row["nrmse"])), float(str(row["frequency_error"]))
        error = f"{nrmse:.4f}" if nrmse < 100 else f"{nrmse:.1e}"
        shift = f"{frequency:+.1e}" if np.isfinite(frequency) else "-"
        print(
            f"{row['case']:10s} {row['learner']:18s} {error:>9s} {shift:>10s} {row['seconds']:8.1f}"
            f"  {row['verdict']}; {row['text']}"
        )


def draw(path: str, rows: list[dict[str, object]]) -> None:
    """NRMSE of every learner, one panel a case; a run that diverged stands at the right edge."""
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(str(row["case"]) for row in rows))
    names = list(dict.fromkeys(str(row["learner"]) for row in rows))[::-1]
    figure = Figure(figsize=(9, 0.34 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots(1, len(cases), sharey=True, squeeze=False)[0]
    for axis, case in zip(axes, cases, strict=True):
        for row in (row for row in rows if row["case"] == case):
            error, place = float(str(row["nrmse"])), names.index(str(row["learner"]))
            own = row["learner"] == "spinode"
            mark = "o" if error < 10 else ">"
            axis.plot([min(error, 10)], [place], mark, color="#d55e00" if own else "black", clip_on=False, zorder=3)
        axis.axvline(1.0, color="0.6", linewidth=0.8)
        axis.set(xscale="log", xlim=(1e-3, 10), title=case, xlabel="NRMSE of the free run")
        axis.set_yticks(range(len(names)), names)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Read the options, run what is asked for, print and keep the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0, help="processor time of each learner and setting")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    every = [OURS, REGRESSIONS, RECIPE, *PEERS]
    parser.add_argument("--learners", nargs="+", choices=every, default=every)
    parser.add_argument("--peers-python", help="interpreter of the environment that has deepSI, pysindy and nodefit")
    parser.add_argument("--results", nargs="+", type=Path, default=[], help="keep the rows here; with --figure: read")
    parser.add_argument("--figure", help="draw the rows of --results instead of running")
    options = parser.parse_args()
    if options.figure:
        rows = [row for path in options.results for row in json.loads(path.read_text(encoding="utf-8"))]
        order = list(CASES)
        rows.sort(key=lambda row: (order.index(str(row["case"])), float(str(row["nrmse"]))))
        show(rows)
        draw(options.figure, rows)
        return
    torch.set_num_threads(1)
    print(f"{machine()}; {options.minutes:g} minutes a learner", flush=True)
    rows = []
    for name in options.cases:
        found = compare(CASES[name](), options.peers_python, options.minutes, options.learners)
        show(found)
        rows += found
        for path in options.results[:1]:
            path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
