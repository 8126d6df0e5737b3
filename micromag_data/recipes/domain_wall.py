"""Domain wall in a perpendicular strip, moved by spin-orbit torque over a gated step of the anisotropy.

Run as a separate program in its own environment (see requirements-skyrmion.txt):
    python domain_wall.py train --folder wall
It writes FOLDER/train.txt with t, mx, my, mz, wall position and angle, current density and gate; a killed run goes on
from its checkpoint. Q = +1 (up on the left); a positive current moves the wall to the right; D > 0 favours phi = 0,
which is the opposite sign of magnum.np's Di.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from film_operator import CHARGE, HBAR, MU0, Driven, Film, field_error, mnp, torch
from held_drive import HeldPlan, Watch, relax, run, write_table

HEADER = "# t (s)\tmx ()\tmy ()\tmz ()\tq (m)\tphi (rad)\tcurrent_density (A/m2)\tgate (J/m3)"
SAMPLE = 5e-12  # s
STEP = 5e-12 / 13  # s at 3 nm, scaled with the cell area
RELAX_TIME, RELAX_ALPHA = 1e-9, 0.5
NEAREST_END = 60e-9  # m: a wall nearer to an end of the strip stops the run
PERIOD = 1.25e-9  # s from pulse to pulse of a random drive
TURN = 70e-9  # m from the step beyond which a random pulse points back to it
STRONGEST = 3.5e11  # A/m2
GATE = 2.5e4  # J/m3


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Material and geometry of the strip in SI units."""

    length: float = 600e-9  # m
    width: float = 60e-9  # m
    thickness: float = 1e-9  # m
    cell: float = 3e-9  # m
    saturation_magnetization: float = 1e6  # A/m
    exchange_stiffness: float = 2e-11  # J/m
    anisotropy: float = 7.5e5  # J/m3
    dmi: float = 0.6e-3  # J/m2
    damping: float = 0.1
    spin_hall_angle: float = 0.1
    step_position: float = 300e-9  # m: the gate adds to the anisotropy to the right of it
    step_width: float = 6e-9  # m over which it rises linearly

    @property
    def torque(self) -> float:
        """Field of the torque per current density, hbar theta_SH/(2 e mu0 Ms t) [A/m per A/m2]."""
        return HBAR * self.spin_hall_angle / (2 * CHARGE * MU0 * self.saturation_magnetization * self.thickness)


def axis_of(strip: Strip) -> np.ndarray:
    """Return x of the cell centres [m], from 0 at the left end."""
    return (np.arange(round(strip.length / strip.cell)) + 0.5) * strip.cell


def strip_film(strip: Strip) -> Film:
    """Return the film of the strip; its levels are Ku, gate [J/m3] and the current density [A/m2]."""
    x = axis_of(strip)
    nx, ny = len(x), round(strip.width / strip.cell)
    state = mnp.State(mnp.Mesh((nx, ny, 1), (strip.cell, strip.cell, strip.thickness)))
    everywhere = np.ones((nx, ny), bool)
    values = {"Ms": strip.saturation_magnetization, "A": strip.exchange_stiffness, "Di": -strip.dmi}
    for name, value in values.items():
        state.material[name] = value
        state.material[name] = state.material[name].expand(nx, ny, 1, 1).clone()
    state.material["Ku_axis"] = [0.0, 0.0, 1.0]
    driven = Driven(
        anisotropies=[everywhere, gate_map(strip, x)[:, None] * everywhere], torque=(0.0, strip.torque, 0.0)
    )
    return Film(state, everywhere, [mnp.ExchangeField(), mnp.InterfaceDMIField()], driven)


def gate_map(strip: Strip, x: np.ndarray) -> np.ndarray:
    """Return the share of the gate at x: 0 on the left of the step, 1 on the right."""
    return np.clip((x - strip.step_position) / strip.step_width + 0.5, 0.0, 1.0)


def seed_wall(film: Film, strip: Strip, position: float) -> None:
    """Set a straight wall at the position [m]: up on the left, its moment along +x."""
    u = (axis_of(strip) - position)[:, None] / 12e-9 + np.zeros(film.shape)
    film.set(np.stack([1 / np.cosh(u), np.zeros_like(u), -np.tanh(u)]))


def wall_of(film: Film, strip: Strip) -> tuple[float, float]:
    """Return position [m] and angle [rad] of the wall.

    Position: where mz, averaged over the width, crosses zero, interpolated in atanh(mz), which is a straight line for
    the profile of a wall. Angle: of the in-plane moment, every cell weighted with 1 - mz^2.
    """
    grid, x = film.grid(), axis_of(strip)
    profile = grid[2].mean(axis=1)
    crossings = np.flatnonzero((profile[:-1] > 0) & (profile[1:] <= 0))
    if len(crossings) != 1 or ((profile[:-1] < 0) & (profile[1:] > 0)).any():
        raise SystemExit(f"the strip must hold one wall, got {len(crossings)} falling zeros of mz")
    i = crossings[0]
    high, low = np.arctanh(profile[i]), np.arctanh(profile[i + 1])
    weight = 1 - grid[2] ** 2
    angle = np.arctan2((weight * grid[1]).sum(), (weight * grid[0]).sum())
    return float(x[i] + strip.cell * high / (high - low)), float(angle)


Drive = Callable[[int, list[list[float]]], list[float]]


def random_pulses(strip: Strip, seed: int) -> Drive:
    """Return one pulse per PERIOD of random strength and width, pointing back to the step when the wall is far off.

    Pulse k draws from default_rng([seed, k]), so that a run can be resumed: sign, strength 0.5e11 A/m2 to STRONGEST,
    width of 0.25, 0.5 or 0.75 ns, and the gate, which is on in two of three periods.
    """
    per_period = round(PERIOD / SAMPLE)

    def drive(sample: int, rows: list[list[float]]) -> list[float]:
        k = sample // per_period
        rng = np.random.default_rng([seed, k])
        sign, strength = rng.choice([-1.0, 1.0]), rng.uniform(0.5e11, STRONGEST)
        width, gated = rng.integers(1, 4) * 0.25e-9, rng.random() < 2 / 3
        away = rows[k * per_period][3] - strip.step_position
        if abs(away) > TURN:
            sign = -np.sign(away)
        on = sample - k * per_period < round(width / SAMPLE)
        return [float(sign * strength) if on else 0.0, GATE if gated else 0.0]

    return drive


def constant(density: float) -> Drive:
    """Return a constant current density [A/m2] without gate."""
    return lambda sample, rows: [density, 0.0]


def staircase(first: float, rise: float, hold: float) -> Drive:
    """Return a current density that rises by a step after every hold time [s], with the gate on."""
    return lambda sample, rows: [first + rise * (sample // round(hold / SAMPLE)), GATE]


def watch_of(strip: Strip, drive: Drive) -> Watch:
    """Return drive, levels, table row and stop rule of the strip."""

    def observe(film: Film) -> list[float]:
        return [*film.mean(), *wall_of(film, strip)]

    def trouble(rows: list[list[float]]) -> str:
        q = rows[-1][3]
        inside = NEAREST_END < q < strip.length - NEAREST_END
        return "" if inside else f"the wall at {q:.3g} m is too near to an end of the strip"

    def levels(values: list[float]) -> np.ndarray:
        return np.array([strip.anisotropy, values[1], values[0]])

    return Watch(drive=drive, levels=levels, observe=observe, trouble=trouble)


def substeps_of(strip: Strip, step: float = STEP) -> int:
    """Return the RK4 steps per sample."""
    return int(np.ceil(SAMPLE / (step * (strip.cell / 3e-9) ** 2) - 1e-6))


def relaxed(strip: Strip, position: float, path: Path) -> Film:
    """Return the film with a wall relaxed near the position [m] without current and gate, kept in the file."""
    film = strip_film(strip)
    if path.exists():
        film.m = np.load(path)["m"].copy()
        return film
    seed_wall(film, strip, position)
    levels = np.array([strip.anisotropy, 0.0, 0.0])
    change = relax(film, levels, RELAX_TIME, SAMPLE / substeps_of(strip), RELAX_ALPHA)
    film.state.material["Ku"] = torch.full((*film.shape, 1, 1), strip.anisotropy)
    error = field_error(film, levels, [mnp.UniaxialAnisotropyField()])
    q, phi = wall_of(film, strip)
    print(
        f"relaxed: q {q:.5g} m, phi {phi:.3g}, last change {change:.1e}, field against the package {error:.1e}",
        flush=True,
    )
    np.savez(path, m=film.m)
    return film


RUNS: dict[str, tuple[float, float, tuple]] = {  # start [m], duration [s], drive: kind and its numbers
    "train": (250e-9, 42.5e-9, ("random", 21)),
    "test": (250e-9, 16.25e-9, ("random", 22)),
    "velocity_0.5e11": (100e-9, 3e-9, ("constant", 0.5e11)),
    "velocity_1e11": (100e-9, 3e-9, ("constant", 1e11)),
    "velocity_2e11": (100e-9, 2.5e-9, ("constant", 2e11)),
    "velocity_3e11": (100e-9, 2.25e-9, ("constant", 3e11)),
    "depinning": (250e-9, 7.5e-9, ("staircase", 1e11, 0.2e11, 0.75e-9)),
}


def drive_of(strip: Strip, kind: str, *numbers: float) -> Drive:
    """Return the drive of one row of RUNS."""
    if kind == "random":
        return random_pulses(strip, int(numbers[0]))
    return constant(numbers[0]) if kind == "constant" else staircase(*numbers)


def main() -> None:
    """Run the named traces one after the other."""
    parser = argparse.ArgumentParser(description="Domain wall under spin-orbit torque, all quantities in SI.")
    parser.add_argument("names", nargs="+", choices=sorted(RUNS))
    parser.add_argument("--folder", type=Path, required=True, help="for tables, checkpoints and relaxed states")
    parser.add_argument("--cell", type=float, default=3e-9, help="cell size [m]")
    parser.add_argument("--step", type=float, default=STEP, help="RK4 step at 3 nm [s], scaled with the cell area")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    strip = Strip(cell=options.cell)
    for name in options.names:
        start, duration, kind = RUNS[name]
        film = relaxed(strip, start, options.folder / f"relaxed_{start:g}m.npz")
        plan = HeldPlan(
            samples=round(duration / SAMPLE),
            sample=SAMPLE,
            substeps=substeps_of(strip, options.step),
            alpha=strip.damping,
            settings={**asdict(strip), "start": start, "drive": kind},
        )
        table = options.folder / f"{name}.txt"
        result = run(film, plan, watch_of(strip, drive_of(strip, *kind)), table.with_suffix(".npz"))
        write_table(table, HEADER, plan, result)
        print(f"{name}: {len(result[0])} samples in {result[1]:.0f} s", flush=True)


if __name__ == "__main__":
    main()
