"""Checks of the vortex and wall runs: assembled field, the package's own solver, time step, cell size and layers.

Each check prints one JSON line; FOLDER holds the relaxed states that the recipes leave behind:
    python check_held_drive.py vortex field solver step cell layers --folder vortex --out checks.jsonl
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import domain_wall as wall
import numpy as np
import scipy.ndimage
import vortex_stno as vortex
from film_operator import MU0, Film, field_error, mnp, torch
from held_drive import HeldPlan, Watch, relax, run

CURRENT = 3.1e-3  # A, of the vortex checks
DENSITY, GATE = 2e11, 2.5e4  # A/m2 and J/m3, of the wall checks
RELAX_AGAIN = 0.3e-9  # s after a state was refined


@dataclass(frozen=True, kw_only=True)
class Case:
    """One device at constant drive: how its film is made and seen, for any cell and step."""

    film: Callable[[float], Film]  # cell [m] -> film relaxed before t = 0
    package_terms: Callable[[Film], list]  # driven terms of the package at the constant drive
    watch: Callable[[float], Watch]  # at the constant drive, any length
    drive: list[float]
    cell: float
    sample: float
    alpha: float
    substeps: Callable[[float], int]  # cell -> RK4 steps per sample
    outputs: tuple[str, ...]


def per_cell(film: Film, value: np.ndarray | float) -> torch.Tensor:
    """Return a material parameter of the package's shape, zero in empty cells."""
    return torch.from_numpy(np.asarray(value * film.mask, float))[:, :, None, None].contiguous()


def vortex_terms(film: Film) -> list:
    """Return the package's Slonczewski torque and the given Oersted field at CURRENT."""
    dot = vortex.Dot(cell=float(film.state.mesh.dx[0]))
    density = CURRENT / dot.area
    settings = {"J": density, "P": dot.polarization, "Lambda": 1.0, "epsilon_prime": 0.0, "d": dot.thickness}
    for name, value in settings.items():
        film.state.material[name] = value
    film.state.material["mp"] = [0.0, 0.0, -1.0]
    x, y = vortex.coordinates(dot)
    oersted = np.stack([-y, x, np.zeros_like(x)], axis=-1)[:, :, None, :] * (density / 2)
    return [mnp.SpinTorqueSlonczewski(), mnp.ExternalField(torch.from_numpy(oersted))]


def wall_terms(film: Film) -> list:
    """Return the package's anisotropy and spin-orbit torque at DENSITY and GATE."""
    strip = wall.Strip(cell=float(film.state.mesh.dx[0]))
    gate = wall.gate_map(strip, wall.axis_of(strip))[:, None] * film.mask
    film.state.material["Ku"] = per_cell(film, strip.anisotropy + GATE * gate)
    settings = {"je": DENSITY, "eta_damp": -strip.spin_hall_angle, "eta_field": 0.0, "d": strip.thickness}
    for name, value in settings.items():
        film.state.material[name] = value
    film.state.material["p"] = [0.0, 1.0, 0.0]
    return [mnp.UniaxialAnisotropyField(), mnp.SpinOrbitTorque()]


def refine(coarse: Film, fine: Film) -> None:
    """Set the fine film to the coarse one, each cell split in four; a new magnetic cell copies its nearest one."""
    nearest = scipy.ndimage.distance_transform_edt(~coarse.mask, return_distances=False, return_indices=True)
    filled = coarse.grid()[:, nearest[0], nearest[1]]
    fine.set(filled.repeat(2, axis=1).repeat(2, axis=2))


def vortex_film(cell: float, folder: Path) -> Film:
    """Return the disk before t = 0; with smaller cells it is refined from the recipe's and relaxed again."""
    dot, field = vortex.Dot(), 9.5e-3
    coarse = vortex.relaxed(dot, field, folder / f"relaxed_{field:g}T.npz")
    if cell == dot.cell:
        return coarse
    fine = vortex.dot_film(vortex.Dot(cell=cell))
    refine(coarse, fine)
    dt = vortex.SAMPLE / vortex.substeps_of(vortex.Dot(cell=cell))
    relax(fine, np.array([field / MU0, 0.0, 0.0]), RELAX_AGAIN, dt, 0.5)
    return fine


def wall_film(cell: float, folder: Path) -> Film:
    """Return the strip before t = 0; with smaller cells it is refined from the recipe's and relaxed again."""
    strip, start = wall.Strip(), 250e-9
    coarse = wall.relaxed(strip, start, folder / f"relaxed_{start:g}m.npz")
    if cell == strip.cell:
        return coarse
    fine = wall.strip_film(wall.Strip(cell=cell))
    refine(coarse, fine)
    dt = wall.SAMPLE / wall.substeps_of(wall.Strip(cell=cell))
    relax(fine, np.array([strip.anisotropy, 0.0, 0.0]), RELAX_AGAIN, dt, 0.5)
    return fine


def case_of(name: str, folder: Path) -> Case:
    """Return the device of the checks."""
    if name == "vortex":
        return Case(
            film=lambda cell: vortex_film(cell, folder),
            package_terms=vortex_terms,
            watch=lambda cell: vortex.watch_of(vortex.Dot(cell=cell), ((100e-9, CURRENT),)),
            drive=[CURRENT],
            cell=4e-9,
            sample=vortex.SAMPLE,
            alpha=0.01,
            substeps=lambda cell: vortex.substeps_of(vortex.Dot(cell=cell)),
            outputs=("mx", "my", "mz", "core_x", "core_y"),
        )
    return Case(
        film=lambda cell: wall_film(cell, folder),
        package_terms=wall_terms,
        watch=lambda cell: wall.watch_of(wall.Strip(cell=cell), lambda sample, rows: [DENSITY, GATE]),
        drive=[DENSITY, GATE],
        cell=3e-9,
        sample=wall.SAMPLE,
        alpha=0.1,
        substeps=lambda cell: wall.substeps_of(wall.Strip(cell=cell)),
        outputs=("mx", "my", "mz", "q", "phi"),
    )


def check_field(case: Case, duration: float) -> dict:
    """Assembled field, drive included, against the sum of the package's own terms."""
    film = case.film(case.cell)
    levels = case.watch(case.cell).levels(case.drive)
    return {"field_error": field_error(film, levels, case.package_terms(film))}


def check_solver(case: Case, duration: float) -> dict:
    """The package's own LLGSolver (adaptive RKF45, tolerance 1e-7) against the fixed-step RK4."""
    film, sample = case.film(case.cell), 5e-12
    levels = np.array([case.watch(case.cell).levels(case.drive)] * 3)
    terms = [film.demag_term, *film.terms, *case.package_terms(film)]
    state = film.state
    state.material["alpha"] = case.alpha
    state.m = torch.from_numpy(film.grid().transpose(1, 2, 0)[:, :, None, :].copy())
    solver = mnp.LLGSolver(terms, atol=1e-7, rtol=1e-7)._solver  # stepped directly: step() would normalise empty cells
    steps = max(1, round(case.substeps(case.cell) * sample / case.sample))
    worst, start = 0.0, film.m.copy()
    for _ in range(round(duration / sample)):
        state.t, state.m = solver.step(state.t, state.m, sample, state=state)
        for _ in range(steps):
            film.advance(sample / steps, levels, case.alpha)
        other = state.m[:, :, 0, :].numpy().transpose(2, 0, 1)
        worst = max(worst, float(np.abs(other - film.grid()).max()))
    mean = other.reshape(3, -1)[:, film.cells].mean(axis=1)
    return {
        "duration": duration,
        "largest_difference_of_any_cell": worst,
        "largest_change_of_any_cell": float(np.abs(film.m - start).max()),
        "difference_of_means": np.abs(mean - film.mean()).tolist(),
    }


def driven(case: Case, cell: float, substeps: int, duration: float) -> np.ndarray:
    """Return the outputs of a run from the relaxed state at constant drive."""
    plan = HeldPlan(
        samples=round(duration / case.sample), sample=case.sample, substeps=substeps, alpha=case.alpha, settings={}
    )
    return run(case.film(cell), plan, case.watch(cell))[0][:, : len(case.outputs)]


def compare(case: Case, kind: str, first: np.ndarray, second: np.ndarray) -> dict:
    """Return the root-mean-square and the largest difference of every output."""
    difference = second - first
    table = {
        name: {"rms": float(np.sqrt(np.mean(difference[:, i] ** 2))), "std": float(first[:, i].std())}
        for i, name in enumerate(case.outputs)
    }
    result = {"kind": kind, "samples": len(first), "outputs": table}
    if case.outputs[-1] == "core_y":
        result["orbits"] = [orbit(case, rows) for rows in (first, second)]
    else:
        result["ends"] = [rows[-1].tolist() for rows in (first, second)]
    return result


def orbit(case: Case, rows: np.ndarray) -> dict:
    """Return frequency [Hz] and growth rate [1/s] of the core by straight lines through angle and log radius."""
    z = rows[:, 3] + 1j * rows[:, 4]
    t = np.arange(len(z)) * case.sample
    keep = t > 0.4e-9  # the start from rest is over
    angle, size = np.unwrap(np.angle(z))[keep], np.log(np.abs(z))[keep]
    return {
        "frequency": float(np.polyfit(t[keep], angle, 1)[0] / (2 * np.pi)),
        "growth": float(np.polyfit(t[keep], size, 1)[0]),
    }


def check_step(case: Case, duration: float) -> dict:
    """Constant drive with the time step and with half of it."""
    steps = case.substeps(case.cell)
    return compare(
        case, "time step halved", *(driven(case, case.cell, count, duration) for count in (steps, 2 * steps))
    )


def check_cell(case: Case, duration: float) -> dict:
    """Constant drive with the cell and with half of it, each with its own step and its own relaxed state."""
    rows = [driven(case, cell, case.substeps(cell), duration) for cell in (case.cell, case.cell / 2)]
    return compare(case, "cell halved", *rows)


def check_layers(case: Case, duration: float) -> dict:
    """Vortex without current in two layers of cells, by the package's own solver, against one layer."""
    film, dot = case.film(case.cell), vortex.Dot()
    n = film.shape[0]
    state = mnp.State(mnp.Mesh((n, n, 2), (dot.cell, dot.cell, dot.thickness / 2)))
    inside = torch.from_numpy(film.mask)[:, :, None].expand(n, n, 2)
    for name, value in (("Ms", dot.saturation_magnetization), ("A", dot.exchange_stiffness)):
        state.material[name] = 0.0
        state.material[name][inside] = value
    state.material["alpha"] = case.alpha
    state.m = torch.from_numpy(film.grid().transpose(1, 2, 0)[:, :, None, :].repeat(2, axis=2).copy())
    solver = mnp.LLGSolver([mnp.DemagField(), mnp.ExchangeField()], atol=1e-5, rtol=1e-5)._solver
    single, double = [[*vortex.core_of(film, dot)]], [[*vortex.core_of(film, dot)]]
    still, steps = np.zeros((3, 3)), case.substeps(case.cell)
    for _ in range(round(duration / case.sample)):
        state.t, state.m = solver.step(state.t, state.m, case.sample, state=state)
        for _ in range(steps):
            film.advance(case.sample / steps, still, case.alpha)
        single.append([*vortex.core_of(film, dot)])
        kept, film.m = film.m, state.m.mean(dim=2).numpy().transpose(2, 0, 1).ravel()
        double.append([*vortex.core_of(film, dot)])
        film.m = kept
    rows = [np.hstack([np.zeros((len(part), 3)), np.array(part)]) for part in (single, double)]
    return {"kind": "two layers", "duration": duration, "orbits": [orbit(case, part) for part in rows]}


CHECKS: dict[str, tuple[Callable[[Case, float], dict], float]] = {  # and the duration unless one is given
    "field": (check_field, 0.0),
    "solver": (check_solver, 0.1e-9),
    "step": (check_step, 2e-9),
    "cell": (check_cell, 3e-9),
    "layers": (check_layers, 2.5e-9),
}


def main() -> None:
    """Run the named checks and print one JSON line for each."""
    parser = argparse.ArgumentParser(description="Checks of vortex_stno.py and domain_wall.py; SI units.")
    parser.add_argument("device", choices=("vortex", "wall"))
    parser.add_argument("checks", nargs="+", choices=sorted(CHECKS))
    parser.add_argument("--folder", type=Path, required=True, help="with the relaxed states of the recipe")
    parser.add_argument("--duration", type=float, help="[s]")
    parser.add_argument("--out", type=Path, help="file to which the lines are added")
    options = parser.parse_args()
    case = case_of(options.device, options.folder)
    for name in options.checks:
        function, usual = CHECKS[name]
        began = time.perf_counter()
        result = function(case, usual if options.duration is None else options.duration)
        seconds = round(time.perf_counter() - began, 1)
        line = json.dumps({"device": options.device, "check": name, **result, "seconds": seconds})
        print(line, flush=True)
        if options.out is not None:
            with options.out.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
