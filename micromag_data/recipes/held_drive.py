"""Run of a film under a drive that is held over sections: sampling, checkpoints and the table of the result."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from film_operator import Film

CHECKPOINT_EVERY = 2e-9  # s


@dataclass(frozen=True, kw_only=True)
class HeldPlan:
    """One run: length, damping, output interval and time step in SI units, and whatever else decided its numbers."""

    samples: int  # intervals of the run
    sample: float  # s, interval of the table
    substeps: int  # RK4 steps in one interval
    alpha: float
    settings: dict  # geometry, material and drive; a checkpoint of other settings is refused


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a run needs from its device: its drive, the quantities of a state, and a reason to stop."""

    drive: Callable[[int, list[list[float]]], list[float]]  # sample, rows so far -> drive held from this sample on
    levels: Callable[[list[float]], np.ndarray]  # drive -> levels of the film
    observe: Callable[[Film], list[float]]  # outputs of one row of the table
    trouble: Callable[[list[list[float]]], str]  # rows so far -> why the run must stop, or ""


def section_drive(sections: tuple[tuple[float, float], ...], sample: float) -> list[list[float]]:
    """Return the drive held from sample i to i + 1 for sections of (duration [s], value); the last is repeated."""
    values: list[list[float]] = []
    for duration, value in sections:
        count = round(duration / sample)
        if abs(count * sample - duration) > 1e-6 * sample:
            raise SystemExit(f"the duration of a section must be a multiple of {sample:g} s, got {duration:g}")
        values += [[value]] * count
    return [*values, values[-1]]


def relax(film: Film, levels: np.ndarray, duration: float, dt: float, alpha: float) -> float:
    """Relax at constant levels and return the largest change of any component over the last tenth of the time."""
    steps, rows = round(duration / dt), np.array([levels] * 3)
    before = film.m
    for step in range(steps):
        if step == steps - steps // 10:
            before = film.m.copy()
        film.advance(dt, rows, alpha)
    return float(np.abs(film.m - before).max())


def save(path: Path, plan: HeldPlan, film: Film, rows: list[list[float]], seconds: float) -> None:
    """Write the state of the run to a temporary name and move it into place."""
    partial = path.with_name(path.name + ".part.npz")
    np.savez(partial, m=film.m, rows=np.array(rows), seconds=seconds, plan=json.dumps(asdict(plan)))
    os.replace(partial, path)


def load(path: Path, plan: HeldPlan, film: Film) -> tuple[list[list[float]], float]:
    """Restore magnetisation, rows and the seconds spent of the same plan (another length is allowed)."""
    with np.load(path) as stored:
        old, new = json.loads(str(stored["plan"])), json.loads(json.dumps(asdict(plan)))
        if {**old, "samples": 0} != {**new, "samples": 0}:
            raise SystemExit(f"{path}: the checkpoint was made with other settings; remove it or choose another folder")
        film.m = stored["m"].copy()
        return stored["rows"][: plan.samples + 1].tolist(), float(stored["seconds"])


def run(film: Film, plan: HeldPlan, watch: Watch, checkpoint: Path | None = None) -> tuple[np.ndarray, float]:
    """Integrate from the film's state or the checkpoint; return rows of outputs and drive, and the wall time [s]."""
    if checkpoint is not None and checkpoint.exists():
        rows, spent = load(checkpoint, plan, film)
    else:
        rows, spent = [watch.observe(film)], 0.0
        rows[0] += watch.drive(0, rows)
    outputs = len(watch.observe(film))
    dt, every = plan.sample / plan.substeps, round(CHECKPOINT_EVERY / plan.sample)
    began, first = time.perf_counter(), len(rows) - 1
    for done in range(first + 1, plan.samples + 1):
        levels = np.array([watch.levels(rows[-1][outputs:])] * 3)
        for _ in range(plan.substeps):
            film.advance(dt, levels, plan.alpha)
        rows.append(watch.observe(film))
        trouble = watch.trouble(rows)
        rows[-1] += watch.drive(done, rows)
        if checkpoint is not None and (done % every == 0 or done == plan.samples or trouble):
            wall = time.perf_counter() - began
            save(checkpoint, plan, film, rows, spent + wall)
            left = wall / (done - first) * (plan.samples - done)
            values = " ".join(f"{value:10.4g}" for value in rows[-1])
            print(f"{done * plan.sample * 1e9:7.2f} ns {values} {wall:6.0f} s, {left:6.0f} s left", flush=True)
        if trouble:
            raise SystemExit(f"stopped at {done * plan.sample:.4g} s: {trouble}")
    return np.array(rows), spent + time.perf_counter() - began


def write_table(path: Path, header: str, plan: HeldPlan, result: tuple[np.ndarray, float]) -> None:
    """Write time, outputs and drive, and beside them a summary with the plan and the wall time."""
    rows, seconds = result
    per_second = round(1 / plan.sample)
    lines = [header]
    for i, values in enumerate(rows):
        lines.append("\t".join(f"{value:.12g}" for value in (i / per_second, *values)))
    partial = path.with_name(path.name + ".part")
    partial.write_text("\n".join(lines) + "\n")
    os.replace(partial, path)
    summary = {"command": " ".join(sys.argv[1:]), "plan": asdict(plan), "wall_seconds": seconds}
    path.with_name(path.name + ".json").write_text(json.dumps(summary, indent=1) + "\n")
