"""One Neel skyrmion in an 80 nm disk driven by a random modulation of its uniaxial anisotropy (VCMA).

Run as a separate program in its own environment (see requirements-skyrmion.txt):
    python skyrmion_vcma.py --part train --out train.txt
It writes a MuMax-like table of t, mx, my, mz and Ku1; a killed run goes on from its checkpoint when started again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from skyrmion_operator import Disk, Magnet, check_against_package, seed_skyrmion, topological_charge

HEADER = "# t (s)\tmx ()\tmy ()\tmz ()\tKu1 (J/m3)"
PARTS = {"train": (11, 100e-9), "test": (12, 40e-9)}  # seed, duration [s]
RELAX_TIME = 4e-9  # s
RELAX_ALPHA = 0.1
LOST_CHARGE = 0.5  # below this |topological charge| the skyrmion counts as annihilated


@dataclass(frozen=True, kw_only=True)
class Drive:
    """Ku(t) = centre + amplitude * r_i * sin(2 pi frequency t), r_i ~ U(-1, 1) new in every period.

    From period ``late_from`` on every r_i is multiplied by ``late``.
    """

    centre: float = 8e5  # J/m3
    amplitude: float = 1.5e5  # J/m3
    frequency: float = 4e9  # Hz
    seed: int = 11
    late: float = 1.0
    late_from: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: disk, drive, damping, output interval and time step in SI units."""

    disk: Disk = field(default_factory=Disk)
    drive: Drive = field(default_factory=Drive)
    alpha: float = 0.01
    sample: float = 5e-12  # s, interval of the table
    substeps: int = 50  # RK4 steps in one interval
    duration: float = 100e-9  # s

    @property
    def samples(self) -> int:
        """Number of intervals of the run."""
        return round(self.duration / self.sample)


def stable_substeps(cell: float, sample: float, step: float | None) -> int:
    """Return the RK4 steps per sample: the given step [s], or 0.1 ps at 2 nm scaled with the cell area."""
    limit = step if step is not None else 1e-13 * (cell / 2e-9) ** 2
    return max(1, int(np.ceil(sample / limit - 1e-9)))


def random_levels(drive: Drive, count: int) -> np.ndarray:
    """Return the first r_i of the drive, the same whatever the count."""
    levels = np.random.default_rng(drive.seed).uniform(-1.0, 1.0, size=count)
    return levels * np.where(np.arange(count) < drive.late_from, 1.0, drive.late)


def half_step_drive(plan: Plan) -> np.ndarray:
    """Return Ku [J/m3] at every half step of the whole run, by integer indices of time and period."""
    halves = 2 * plan.substeps * plan.samples
    per_period = round(2 * plan.substeps / (plan.sample * plan.drive.frequency))
    index = np.arange(halves + 1)
    levels = random_levels(plan.drive, halves // per_period + 1)[index // per_period]
    return plan.drive.centre + plan.drive.amplitude * levels * np.sin(2 * np.pi * (index % per_period) / per_period)


def relax(magnet: Magnet, duration: float = RELAX_TIME, alpha: float = RELAX_ALPHA) -> float:
    """Relax a fresh skyrmion at constant Ku and return how much mz changed over the last tenth of the time."""
    seed_skyrmion(magnet)
    ku = magnet.disk.anisotropy
    sample = 5e-12
    substeps = stable_substeps(magnet.disk.cell, sample, None)
    steps = round(duration / sample) * substeps
    before = 0.0
    for step in range(steps):
        if step == steps - steps // 10:
            before = magnet.mean()[2]
        magnet.advance_at(sample / substeps, (ku, ku, ku), alpha)
    return float(magnet.mean()[2] - before)


def observe(magnet: Magnet) -> list[float]:
    """Return mx, my, mz over the disk and the topological charge."""
    return [*magnet.mean(), topological_charge(magnet.grid(), magnet.mask)]


def save_checkpoint(path: Path, plan: Plan, magnet: Magnet, rows: list[list[float]], seconds: float) -> None:
    """Write the state of the run to a temporary name and move it into place."""
    partial = path.with_name(path.name + ".part.npz")
    np.savez(partial, m=magnet.m, rows=np.array(rows), seconds=seconds, plan=json.dumps(asdict(plan)))
    os.replace(partial, path)


def load_checkpoint(path: Path, plan: Plan, magnet: Magnet) -> tuple[list[list[float]], float]:
    """Restore magnetisation and rows of the same plan (a longer duration is allowed)."""
    with np.load(path) as stored:
        old = json.loads(str(stored["plan"]))
        if {**old, "duration": 0} != {**asdict(plan), "duration": 0}:
            raise SystemExit(f"{path}: the checkpoint was made with other settings; remove it or choose another --out")
        magnet.m = stored["m"].copy()
        return stored["rows"].tolist(), float(stored["seconds"])


def start(plan: Plan, path: Path, relaxed: Path | None) -> tuple[Magnet, list[list[float]], float]:
    """Return the magnet at its checkpoint, or freshly relaxed, with the rows so far and the seconds spent."""
    magnet = Magnet(plan.disk)
    if path.exists():
        rows, seconds = load_checkpoint(path, plan, magnet)
        return magnet, rows, seconds
    began = time.perf_counter()
    if relaxed is not None and relaxed.exists():
        magnet.m = np.load(relaxed)["m"].copy()
    else:
        print(f"relaxing: last change of mz {relax(magnet):.1e}", file=sys.stderr, flush=True)
        if relaxed is not None:
            np.savez(relaxed, m=magnet.m)
    print(f"field against the package: {check_against_package(magnet, plan.disk.anisotropy):.1e}", file=sys.stderr)
    return magnet, [observe(magnet)], time.perf_counter() - began


def run(plan: Plan, checkpoint: Path, relaxed: Path | None = None, beyond: bool = False) -> tuple[np.ndarray, float]:
    """Integrate the plan and return its rows (mx, my, mz, charge) and the wall time [s], checkpointing each ns.

    A skyrmion that is annihilated ends the run with an error, or not with ``beyond``.
    """
    magnet, rows, spent = start(plan, checkpoint, relaxed)
    ku = half_step_drive(plan)
    began, first = time.perf_counter(), len(rows) - 1
    dt, every = plan.sample / plan.substeps, max(1, round(1e-9 / plan.sample))
    for sample in range(first, plan.samples):
        for step in range(sample * plan.substeps, (sample + 1) * plan.substeps):
            magnet.advance_at(dt, (ku[2 * step], ku[2 * step + 1], ku[2 * step + 2]), plan.alpha)
        rows.append(observe(magnet))
        lost = abs(rows[-1][3]) < LOST_CHARGE and not beyond
        if (sample + 1) % every == 0 or sample + 1 == plan.samples or lost:
            wall = time.perf_counter() - began
            save_checkpoint(checkpoint, plan, magnet, rows, spent + wall)
            left = wall / (sample + 1 - first) * (plan.samples - sample - 1)
            print(
                f"{(sample + 1) * plan.sample * 1e9:7.2f} ns  mz {rows[-1][2]:.4f}  charge {rows[-1][3]:.3f}"
                f"  {wall:6.0f} s, {left:6.0f} s left",
                file=sys.stderr,
                flush=True,
            )
        if lost:
            raise SystemExit(f"the skyrmion was annihilated at {(sample + 1) * plan.sample:.4g} s: lower --amplitude")
    return np.array(rows), spent + time.perf_counter() - began


def write_table(path: Path, plan: Plan, rows: np.ndarray) -> None:
    """Write the table with time = i * sample and Ku taken from the drive at that time."""
    ku = half_step_drive(plan)[:: 2 * plan.substeps]
    per_second = round(1 / plan.sample)
    lines = [HEADER]
    for i, row in enumerate(rows):
        values = [i / per_second, *row[:3], ku[i]]
        lines.append("\t".join(f"{value:.12g}" for value in values))
    partial = path.with_name(path.name + ".part")
    partial.write_text("\n".join(lines) + "\n")
    os.replace(partial, path)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; all quantities are in SI units."""
    parser = argparse.ArgumentParser(description="Anisotropy-driven skyrmion with magnum.np, all quantities in SI.")
    parser.add_argument("--part", choices=sorted(PARTS), default="train", help="sets the default seed and duration")
    parser.add_argument("--out", type=Path, required=True, help="table to write; OUT.npz is the checkpoint")
    parser.add_argument("--relaxed", type=Path, help="npz file that keeps the relaxed state for several runs")
    parser.add_argument("--cell", type=float, default=2e-9, help="cell size [m]")
    parser.add_argument("--step", type=float, help="RK4 step [s]; default 0.1 ps at 2 nm, scaled with the cell area")
    parser.add_argument("--duration", type=float, help="[s]")
    parser.add_argument("--amplitude", type=float, default=Drive().amplitude, help="of the drive [J/m3]")
    parser.add_argument("--seed", type=int, help="of the drive")
    parser.add_argument("--late", type=float, default=1.0, help="factor of the drive from period --late-from on")
    parser.add_argument("--late-from", type=int, default=0, help="period of the drive")
    parser.add_argument("--beyond", action="store_true", help="go on when the skyrmion is annihilated")
    return parser.parse_args(arguments)


def main() -> None:
    """Run one part and write its table and a summary beside it."""
    options = parse()
    seed, duration = PARTS[options.part]
    plan = Plan(
        disk=Disk(cell=options.cell),
        drive=Drive(
            amplitude=options.amplitude,
            seed=seed if options.seed is None else options.seed,
            late=options.late,
            late_from=options.late_from,
        ),
        duration=duration if options.duration is None else options.duration,
    )
    plan = replace(plan, substeps=stable_substeps(options.cell, plan.sample, options.step))
    checkpoint = options.out.with_name(options.out.name + ".npz")
    rows, seconds = run(plan, checkpoint, options.relaxed, options.beyond)
    write_table(options.out, plan, rows)
    summary = {
        "plan": asdict(plan),
        "wall_seconds": seconds,
        "mz_range": [rows[:, 2].min(), rows[:, 2].max()],
        "charge_range": [rows[:, 3].min(), rows[:, 3].max()],
        "largest_in_plane_mean": float(np.abs(rows[:, :2]).max()),
    }
    options.out.with_name(options.out.name + ".json").write_text(json.dumps(summary, indent=1) + "\n")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
