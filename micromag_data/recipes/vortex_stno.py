"""Vortex core of a permalloy disk under a perpendicular spin torque and the Oersted field of its current.

Run as a separate program in its own environment (see requirements-skyrmion.txt):
    python vortex_stno.py train --folder vortex
It writes FOLDER/train.txt with t, mx, my, mz, core position and current; a killed run goes on from its checkpoint.
Core polarity and chirality are +1; a positive current (conventional, along +z) works against the damping.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from film_operator import CHARGE, HBAR, MU0, Driven, Film, field_error, mnp
from held_drive import HeldPlan, Watch, relax, run, section_drive, write_table

HEADER = "# t (s)\tmx ()\tmy ()\tmz ()\tcore_x (m)\tcore_y (m)\tcore_mz ()\tcurrent (A)"
SAMPLE = 50e-12  # s
STEP = 5e-12 / 6  # s at 4 nm, scaled with the cell area; RK4 is stable up to about 0.9 ps there
RELAX_TIME, RELAX_ALPHA = 8e-9, 0.5
FASTEST = 315.0  # m/s: above about 320 m/s the polarity of a permalloy core reverses
FARTHEST = 0.93  # of the radius
CORE_LEVEL = 0.2  # mz above which a cell belongs to the core


@dataclass(frozen=True, kw_only=True)
class Dot:
    """Material and geometry of the disk in SI units."""

    radius: float = 100e-9  # m
    thickness: float = 10e-9  # m
    cell: float = 4e-9  # m
    saturation_magnetization: float = 8e5  # A/m
    exchange_stiffness: float = 13e-12  # J/m
    polarization: float = 0.2
    damping: float = 0.01

    @property
    def area(self) -> float:
        """pi R^2 [m2], by which a current becomes a density."""
        return float(np.pi * self.radius**2)

    @property
    def torque(self) -> float:
        """Field of the torque per current density, hbar P/(2 e mu0 Ms L) [A/m per A/m2]."""
        return HBAR * self.polarization / (2 * CHARGE * MU0 * self.saturation_magnetization * self.thickness)


def coordinates(dot: Dot) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the cell centres (n, n) [m], zero at the centre of the disk."""
    n = round(2 * dot.radius / dot.cell)
    axis = (np.arange(n) + 0.5) * dot.cell - n * dot.cell / 2
    x, y = np.meshgrid(axis, axis, indexing="ij")
    return x, y


def dot_film(dot: Dot) -> Film:
    """Return the film of the disk; its levels are an in-plane field along x [A/m], and twice the density [A/m2]."""
    x, y = coordinates(dot)
    n = len(x)
    state = mnp.State(mnp.Mesh((n, n, 1), (dot.cell, dot.cell, dot.thickness)))
    inside = x**2 + y**2 <= dot.radius**2
    for name, value in (("Ms", dot.saturation_magnetization), ("A", dot.exchange_stiffness)):
        state.material[name] = 0.0
        state.material[name][inside[:, :, None]] = value
    zero = np.zeros_like(x)
    along_x, oersted = np.stack([zero + 1.0, zero, zero]), np.stack([-y / 2, x / 2, zero])  # H = J r/2, right-handed
    driven = Driven(patterns=[along_x, oersted], torque=(0.0, 0.0, -dot.torque))  # this sign makes the orbit grow
    return Film(state, inside, [mnp.ExchangeField()], driven)


def seed_vortex(film: Film, dot: Dot) -> None:
    """Set a centred vortex, counterclockwise, core up."""
    x, y = coordinates(dot)
    core = np.exp(-(x**2 + y**2) / (2 * 10e-9**2))
    length = np.hypot(x, y)
    film.set(np.stack([-y / length * np.sqrt(1 - core**2), x / length * np.sqrt(1 - core**2), core]))


def core_of(film: Film, dot: Dot) -> tuple[float, float, float]:
    """Return x and y [m] of the core, the centroid of (mz - CORE_LEVEL)^2 above that level, and its largest mz."""
    x, y = coordinates(dot)
    mz = film.grid()[2]
    weight = np.clip(mz - CORE_LEVEL, 0.0, None) ** 2
    total = max(float(weight.sum()), 1e-30)
    return float((weight * x).sum() / total), float((weight * y).sum() / total), float(mz.max())


def watch_of(dot: Dot, sections: tuple[tuple[float, float], ...]) -> Watch:
    """Return drive, levels, table row and stop rule of the disk."""
    currents = section_drive(sections, SAMPLE)

    def observe(film: Film) -> list[float]:
        return [*film.mean(), *core_of(film, dot)]

    def trouble(rows: list[list[float]]) -> str:
        x, y, mz = rows[-1][3:6]
        speed = np.hypot(x - rows[-2][3], y - rows[-2][4]) / SAMPLE
        if mz < 0.5:
            return "the core lost its polarity or left the disk"
        if speed > FASTEST or np.hypot(x, y) > FARTHEST * dot.radius:
            return f"core at {np.hypot(x, y):.3g} m with {speed:.3g} m/s, too near to expulsion or reversal"
        return ""

    def drive(sample: int, rows: list[list[float]]) -> list[float]:
        return currents[sample]

    def levels(drive: list[float]) -> np.ndarray:
        return np.array([0.0, drive[0] / dot.area, drive[0] / dot.area])

    return Watch(drive=drive, levels=levels, observe=observe, trouble=trouble)


def substeps_of(dot: Dot, step: float = STEP) -> int:
    """Return the RK4 steps per sample."""
    return int(np.ceil(SAMPLE / (step * (dot.cell / 4e-9) ** 2) - 1e-9))


def relaxed(dot: Dot, field: float, path: Path) -> Film:
    """Return the film relaxed in the in-plane field [T] without current, kept in the file."""
    film = dot_film(dot)
    if path.exists():
        film.m = np.load(path)["m"].copy()
        return film
    seed_vortex(film, dot)
    levels = np.array([field / MU0, 0.0, 0.0])
    change = relax(film, levels, RELAX_TIME, SAMPLE / substeps_of(dot), RELAX_ALPHA)
    error = field_error(film, levels, [mnp.ExternalField([field / MU0, 0.0, 0.0])])
    print(f"relaxed in {field:g} T: last change {change:.1e}, field against the package {error:.1e}", flush=True)
    np.savez(path, m=film.m)
    return film


def sections_of(*pairs: tuple[int, float]) -> tuple[tuple[float, float], ...]:
    """Return sections (duration [s], current [A]) of pairs in ns and mA."""
    return tuple((round(duration * 1e-9, 15), round(current * 1e-3, 9)) for duration, current in pairs)


# Currents below and above threshold in turns, chosen with the normal form so that the orbit stays between about 0.15
# and 0.6 of the radius.
TRAIN = sections_of(
    (6, 1.5), (14, 4.0), (10, 2.4), (12, 3.4), (20, 2.2), (8, 0.5), (5, -0.8), (13, 4.0), (10, 3.0),
    (16, 2.5), (9, 1.2), (11, 3.7), (16, 2.3), (9, -0.2), (12, 3.3), (9, 1.8), (12, 3.9), (8, 0.8),
)  # fmt: skip
TEST = sections_of(
    (8, 0.7), (16, 3.8), (8, 3.1), (14, 2.4), (6, -0.4), (12, 3.7), (12, 2.7), (7, 1.4), (10, 3.4), (7, 2.1),
)  # fmt: skip

RUNS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {  # field before t = 0 [T], drive
    "train": (9.5e-3, TRAIN),
    "test": (9.5e-3, TEST),
    "growth_0mA": (9.5e-3, sections_of((20, 0.0))),
    "growth_1mA": (9.5e-3, sections_of((20, 1.0))),
    "growth_3.1mA": (5e-3, sections_of((40, 3.1))),
    "growth_-1.5mA": (9.5e-3, sections_of((12, -1.5))),
    "approach_2.3mA": (21e-3, sections_of((60, 2.3))),
    "orbit_2.3mA": (23.7e-3, sections_of((50, 2.3))),
    "orbit_2.5mA": (34e-3, sections_of((50, 2.5))),
}


def main() -> None:
    """Run the named traces one after the other."""
    parser = argparse.ArgumentParser(description="Vortex oscillator with magnum.np's fields, all quantities in SI.")
    parser.add_argument("names", nargs="+", choices=sorted(RUNS))
    parser.add_argument("--folder", type=Path, required=True, help="for tables, checkpoints and relaxed states")
    parser.add_argument("--cell", type=float, default=4e-9, help="cell size [m]")
    parser.add_argument("--step", type=float, default=STEP, help="RK4 step at 4 nm [s], scaled with the cell area")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    dot = Dot(cell=options.cell)
    for name in options.names:
        field, sections = RUNS[name]
        film = relaxed(dot, field, options.folder / f"relaxed_{field:g}T.npz")
        settings = {**asdict(dot), "field_before": field, "sections": sections}
        watch = watch_of(dot, sections)
        plan = HeldPlan(
            samples=len(section_drive(sections, SAMPLE)) - 1,
            sample=SAMPLE,
            substeps=substeps_of(dot, options.step),
            alpha=dot.damping,
            settings=settings,
        )
        table = options.folder / f"{name}.txt"
        result = run(film, plan, watch, table.with_suffix(".npz"))
        write_table(table, HEADER, plan, result)
        print(f"{name}: {len(result[0])} samples in {result[1]:.0f} s", flush=True)


if __name__ == "__main__":
    main()
