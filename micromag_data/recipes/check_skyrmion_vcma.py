"""Checks of the skyrmion run: relaxed state, breathing frequency, time step, cell size and the package's own solver.

Each check prints one JSON line:
    python check_skyrmion_vcma.py relaxed breathing solver step cell --relaxed relaxed2.npz --out checks.jsonl
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import magnumnp as mnp
import numpy as np
import torch
from skyrmion_operator import Disk, Magnet, check_against_package, topological_charge
from skyrmion_vcma import Drive, Plan, relax, run, stable_substeps

MUMAX_RELAXED_MZ = 0.768  # published one-skyrmion table, 1 nm cells
PUBLISHED_BREATHING = {7.5e5: 11.52e9, 8.0e5: 14.06e9, 8.5e5: 16.80e9}  # Hz, MuMax3 tables, bins of 0.195 GHz


def relaxed_magnet(cell: float, path: Path | None) -> tuple[Magnet, float | None]:
    """Return a relaxed magnet, kept in the file when one is named, and its residual change of mz if it ran."""
    magnet = Magnet(Disk(cell=cell))
    if path is not None and path.exists():
        magnet.m = np.load(path)["m"].copy()
        return magnet, None
    change = relax(magnet, duration=4e-9 if cell >= 2e-9 else 0.6e-9, alpha=0.1 if cell >= 2e-9 else 0.3)
    if path is not None:
        np.savez(path, m=magnet.m)
    return magnet, change


def contour_radius(magnet: Magnet) -> tuple[float, float]:
    """Return mean and standard deviation [m] of the distance from the centre at which mz crosses zero."""
    mz, mask, cell = magnet.grid()[2], magnet.mask, magnet.disk.cell
    axis = (np.arange(magnet.disk.cells) + 0.5) * cell - magnet.disk.diameter / 2
    radii = []
    for field, inside in ((mz, mask), (mz.T, mask.T)):
        crosses = (field[:-1] * field[1:] < 0) & inside[:-1] & inside[1:]
        i, j = np.nonzero(crosses)
        fraction = field[i, j] / (field[i, j] - field[i + 1, j])
        radii.append(np.hypot(axis[i] + fraction * cell, axis[j]))
    joined = np.concatenate(radii)
    return float(joined.mean()), float(joined.std())


def check_relaxed(cell: float, path: Path | None) -> dict:
    """Relaxed mz, skyrmion radius, topological charge and agreement of the assembled field with the package."""
    magnet, change = relaxed_magnet(cell, path)
    radius, spread = contour_radius(magnet)
    return {
        "cell": cell,
        "mz": float(magnet.mean()[2]),
        "mumax_mz": MUMAX_RELAXED_MZ,
        "radius": radius,
        "radius_spread": spread,
        "charge": topological_charge(magnet.grid(), magnet.mask),
        "field_error": check_against_package(magnet, magnet.disk.anisotropy),
        "last_change": change,
    }


def peak_frequency(signal: np.ndarray, interval: float) -> float:
    """Return the frequency [Hz] of the highest peak of the Hann-windowed, 16 times zero-padded spectrum."""
    windowed = (signal - signal.mean()) * np.hanning(signal.size)
    spectrum = np.abs(np.fft.rfft(windowed, 16 * signal.size))
    return float(np.argmax(spectrum) / (16 * signal.size * interval))


def ring_down(magnet: Magnet, duration: float = 3e-9, kick: float = 1e4) -> dict:
    """Ring-down of mz at alpha 0.01 after Ku was raised for 50 ps; its spectral peak and how it decayed."""
    sample = 5e-12
    substeps = stable_substeps(magnet.disk.cell, sample, None)
    values = []
    for index in range(10 + round(duration / sample)):
        ku = magnet.disk.anisotropy + (kick if index < 10 else 0.0)
        for _ in range(substeps):
            magnet.advance_at(sample / substeps, (ku, ku, ku), 0.01)
        if index >= 9:
            values.append(magnet.mean()[2])
    mz = np.array(values)
    return {
        "kick": kick,
        "duration": duration,
        "frequency": peak_frequency(mz, sample),
        "first_swing": float(np.ptp(mz[:40])),
        "last_swing": float(np.ptp(mz[-40:])),
    }


def check_breathing(cell: float, path: Path | None) -> dict:
    """Breathing frequency of the disk of the data set."""
    magnet, _ = relaxed_magnet(cell, path)
    return {"cell": cell, **ring_down(magnet)}


def check_published(cell: float, path: Path | None) -> dict:
    """Breathing frequency in the published 100 nm disk with D = 3e-3 J/m2 at three Ku, against MuMax3."""
    result: dict = {"cell": cell}
    for anisotropy, frequency in PUBLISHED_BREATHING.items():
        magnet = Magnet(Disk(cell=cell, diameter=100e-9, dmi=3e-3, anisotropy=anisotropy))
        relax(magnet, duration=0.6e-9, alpha=0.3)
        found = ring_down(magnet)
        result[f"Ku={anisotropy:g}"] = {"frequency": found["frequency"], "mumax": frequency}
    return result


def check_solver(cell: float, path: Path | None, duration: float = 0.1e-9, kick: float = 1e5) -> dict:
    """The package's own LLGSolver (adaptive RKF45, tolerance 1e-7) against the fixed-step RK4 after a step of Ku."""
    magnet, _ = relaxed_magnet(cell, path)
    ku, sample = magnet.disk.anisotropy + kick, 5e-12
    state = magnet.state
    state.material["Ku"] = torch.from_numpy(magnet.mask * ku)[:, :, None, None]
    state.material["alpha"] = 0.01
    state.m = torch.from_numpy(magnet.grid().transpose(1, 2, 0)[:, :, None, :].copy())
    terms = [mnp.DemagField(), mnp.ExchangeField(), mnp.InterfaceDMIField(), mnp.UniaxialAnisotropyField()]
    solver = mnp.LLGSolver(terms, atol=1e-7, rtol=1e-7)._solver  # stepped directly: step() would normalise empty cells
    steps, worst = stable_substeps(cell, sample, None), 0.0
    start = magnet.mean()[2]
    for _ in range(round(duration / sample)):
        state.t, state.m = solver.step(state.t, state.m, sample, state=state)
        for _ in range(steps):
            magnet.advance_at(sample / steps, (ku, ku, ku), 0.01)
        other = state.m[:, :, 0, :].numpy().transpose(2, 0, 1)
        worst = max(worst, float(np.abs(other - magnet.grid()).max()))
    return {
        "cell": cell,
        "duration": duration,
        "kick": kick,
        "largest_difference_of_any_cell": worst,
        "mz_start": float(start),
        "mz_end": float(magnet.mean()[2]),
        "mz_end_package": float(other[2].ravel()[magnet.cells].mean()),
    }


def driven_mz(cell: float, substeps: int, duration: float, path: Path | None) -> np.ndarray:
    """Return mz of the first part of the training drive with the given cell and RK4 steps per sample."""
    if path is not None and not path.exists():
        relaxed_magnet(cell, path)
    plan = Plan(disk=Disk(cell=cell), drive=Drive(), substeps=substeps, duration=duration)
    with tempfile.TemporaryDirectory() as folder:
        rows, _ = run(plan, Path(folder) / "run.npz", path)
    return rows[:, 2]


def compare(kind: str, first: np.ndarray, second: np.ndarray) -> dict:
    """Return the root-mean-square difference of two mz traces, absolute and relative to the signal."""
    rms = float(np.sqrt(np.mean((first - second) ** 2)))
    return {
        "kind": kind,
        "samples": first.size,
        "rms_difference": rms,
        "signal_std": float(first.std()),
        "relative": rms / float(first.std()),
        "largest": float(np.abs(first - second).max()),
    }


def check_step(cell: float, path: Path | None, duration: float = 1e-9) -> dict:
    """The training drive with the time step and with half of it."""
    steps = stable_substeps(cell, Plan().sample, None)
    pair = [driven_mz(cell, count, duration, path) for count in (steps, 2 * steps)]
    return compare("time step halved", *pair)


def check_cell(cell: float, path: Path | None, duration: float = 1e-9) -> dict:
    """The training drive with the cell and with half of it."""
    fine = None if path is None else path.with_name("half_cell_" + path.name)
    coarse = driven_mz(cell, stable_substeps(cell, Plan().sample, None), duration, path)
    half = driven_mz(cell / 2, stable_substeps(cell / 2, Plan().sample, None), duration, fine)
    return compare("cell halved", coarse, half)


CHECKS: dict[str, Callable[[float, Path | None], dict]] = {
    "relaxed": check_relaxed,
    "breathing": check_breathing,
    "published": check_published,
    "solver": check_solver,
    "step": check_step,
    "cell": check_cell,
}


def main() -> None:
    """Run the named checks and print one JSON line for each."""
    parser = argparse.ArgumentParser(description="Checks of the skyrmion recipe; all quantities in SI units.")
    parser.add_argument("checks", nargs="+", choices=sorted(CHECKS))
    parser.add_argument("--cell", type=float, default=2e-9, help="cell size [m]")
    parser.add_argument("--relaxed", type=Path, help="npz file that keeps the relaxed state of this cell size")
    parser.add_argument("--out", type=Path, help="file to which the lines are added")
    options = parser.parse_args()
    for name in options.checks:
        began = time.perf_counter()
        result = {"check": name, **CHECKS[name](options.cell, options.relaxed)}
        line = json.dumps({**result, "seconds": round(time.perf_counter() - began, 1)})
        print(line, flush=True)
        if options.out is not None:
            with options.out.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
