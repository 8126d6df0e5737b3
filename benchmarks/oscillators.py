"""What does a step of an oscillator cost, beside numpy, scipy, torch, jax and diffrax?

    python benchmarks/oscillators.py            all peers that are installed (pip install spinode[compare])
    python benchmarks/oscillators.py --quick    a smoke test: no 10,000, no torch.compile, no verdict

Ensembles of 1, 100 and 10,000 auto-oscillators, each with its own parameters, in float64 on one thread; spinode with
two threads too. All runs cover the same time and keep only the state at its end. The Runge-Kutta steps of fourth order,
the same for everybody, set the error. Where a method takes other steps (eighth order of spinode and in a scan of jax,
scipy, two solvers of diffrax), they are as long as they may be for that error at the end, and the time is divided by
the number of the Runge-Kutta steps. Every variant runs in turn within a round. What decides is processor time, for
other programs may share the machine; compilation and the search for a tolerance are left out. Exit status 1 says that
a requirement was missed.
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.metadata import version
from importlib.util import find_spec

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy and torch are imported: all run on one thread

from functools import partial

import numpy as np
import torch
from oscillator_peers import Row, numpy_rows, scipy_rows, torch_rows
from oscillator_problem import START, Problem, Run, loosest, problem, steps_of
from workload import clocks, machine

from spinode.signals import Channel, signal_of
from spinode.simulate import DriveTable, Execution, Members, integrate, simulate_ensemble

SIZES = ((1, 5000), (100, 2000), (10_000, 200))
"""Members, and steps of a run."""
JUDGED = 100
"""Members of the ensemble that the requirements are about."""
SAMPLES = 20
"""Samples of the drive that ``simulate_ensemble`` gets for the same time; it keeps the output at each."""
SHORTEST = 0.02
"""A measurement repeats a run until it takes about this long [s]."""
SAME = 1.02
"""A peer is as accurate as spinode up to this factor of the error."""
PEERS, JAX, NOISE = 10.0, 4.0, 4.0
"""Required, in units of our time: the best of scipy, diffrax and torch; the scan of jax; at most, for our noise."""


def spinode_rows(given: Problem) -> list[Row]:
    """The integrator on packed members, with and without noise, on one thread and on two, and the verb above it."""
    rngs = np.random.default_rng(1).spawn(given.members)
    rows = []
    for workers, family, text in ((1, "spinode", ""), (2, "two", ", 2 threads")):
        rows.append(Row(f"spinode Runge-Kutta 4{text}", family, packed(given, None, workers)))
        rows.append(Row(f"spinode Heun, noise{text}", family, packed(given, rngs, workers), noisy=True))
    return [*rows, Row("spinode simulate_ensemble", "verb", partial(through_the_verb, given))]


def eighth_order_row(given: Problem, target: float) -> Row:
    """The integrator with the longest steps of eighth order that are as accurate."""
    longest = loosest(given, lambda multiple: long_steps(given, multiple)(), target, 0.25, 30.0)
    name = f"spinode Runge-Kutta 8, {steps_of(given, longest)} steps"
    return Row(name, "eighth", long_steps(given, longest), order=8)


def long_steps(given: Problem, multiple: float) -> Run:
    """A run of eighth order with steps of ``multiple`` of the problem's."""
    return packed(given, None, 1, (steps_of(given, multiple), 8))


def packed(
    given: Problem, rngs: list[np.random.Generator] | None, workers: int, steps: tuple[int, int] | None = None
) -> Run:
    """A run to c at the end, or to |c|^2 with noise; parameters and drive are packed beforehand."""
    device, execution = given.devices[0], Execution(workers=workers)
    initial = np.tile([START, 0.0], (given.members, 1))
    members = Members(parameters=np.array([one.packed() for one in given.devices]), initial=initial, rngs=rngs)
    drive = np.tile([given.current, 0.0], (2, 1, 1))
    count, order = steps or (given.steps, 4)
    holds = np.array([True, True])
    table = DriveTable(values=drive, holds=holds, dt=given.duration, substeps=count, order=order)

    def run() -> np.ndarray:
        _, state = integrate(device.kernel, members, table, len(device.outputs), execution)
        return state[:, 0] + 1j * state[:, 1] if rngs is None else (state**2).sum(axis=1)

    return run


def through_the_verb(given: Problem) -> object:
    """Traces with names and units, at ``SAMPLES`` samples, with the steps that spinode chooses."""
    channels = (Channel(name="current", unit="A", hold=True), Channel(name="force", unit="1/s", hold=True))
    drive = signal_of(np.tile([given.current, 0.0], (SAMPLES + 1, 1)), given.duration / SAMPLES, *channels)
    initials = np.tile([START, 0.0], (given.members, 1))
    return simulate_ensemble(given.devices, drive, initials=initials, execution=Execution(workers=1))


def all_rows(given: Problem, compiled: bool) -> list[Row]:
    """Ours and those of the peers that are installed, each warmed up and with its error."""
    rows = spinode_rows(given)
    rows[0].run()
    target = SAME * given.error(rows[0].run())
    rows.append(eighth_order_row(given, target))
    rows += numpy_rows(given) + torch_rows(given, compiled) + scipy_rows(given, target)
    if find_spec("diffrax"):
        from oscillator_jax import diffrax_rows, jax_rows

        rows += jax_rows(given, target) + diffrax_rows(given, target)
    for row in rows:
        begin = time.perf_counter()
        result = row.run()
        row.first = time.perf_counter() - begin if np.isnan(row.first) else row.first
        row.repeats = max(1, min(50, int(SHORTEST / _seconds(row))))
        if not row.noisy and row.family != "verb":
            row.error = given.error(result)
            if row.error > SAME * target:
                raise SystemExit(f"{row.name} is another problem or too coarse: its error is {row.error:.1e}")
    return rows


def _seconds(row: Row) -> float:
    begin = clocks()
    row.run()
    return float((clocks() - begin).max())


def measure(given: Problem, rows: list[Row], rounds: int) -> None:
    """Every row once a round; seconds become nanoseconds an oscillator and step of spinode."""
    for _ in range(rounds):
        for row in rows:
            begin = clocks()
            for _ in range(row.repeats):
                row.run()
            row.times.append((clocks() - begin) / (row.repeats * given.work) * 1e9)


def table(given: Problem, rows: list[Row]) -> None:
    """Times of each row, and how many times those of ours."""
    print(f"\n{given.members} oscillators, {given.steps} steps of {given.step * 1e12:.1f} ps: ns an oscillator-step")
    heads = ("processor", "quartiles", "wall", "times ours", "error", "first call")
    widths = (9, 17, 9, 10, 8, 10)
    print(" " * 37, *(f"{head:>{width}s}" for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        times = np.array(row.times)
        low, middle, high = np.percentile(times[:, 1], [25, 50, 75])
        ratio, wall = np.median(ratios(row, rows[row.noisy])[:, 1]), np.median(times[:, 0])
        error = "-" if np.isnan(row.error) else f"{row.error:.1e}"
        print(
            f"{row.name:37s} {middle:9.1f} {f'{low:.1f}-{high:.1f}':>17s} {wall:9.1f} {ratio:10.1f} {error:>8s}"
            f" {row.first:8.2f} s"
        )
    busy = [time[1] / time[0] for row in rows if row.family == "jax" for time in row.times]
    print(f"load {os.getloadavg()[0]:.1f}" + (f"; cores that jax kept busy: {np.median(busy):.2f}" if busy else ""))


def ratios(row: Row, base: Row) -> np.ndarray:
    """Time of one row over that of another, round by round, shape (rounds, 2): wall, processor."""
    return np.array(row.times) / np.array(base.times)


def verdicts(rows: list[Row]) -> bool:
    """Whether the requirements are met; says so line by line."""
    quiet = [row for row in rows if not row.noisy]
    ours = next(row for row in quiet if row.family == "eighth")
    three = [row for row in quiet if row.family in ("scipy", "diffrax", "torch")]
    scans = [row for row in quiet if row.family == "jax" and row.order == 4]
    long_scans = [row for row in quiet if row.family == "jax" and row.order == 8]
    met = [judged("best of scipy, diffrax and torch, any method, over spinode at equal error", three, ours, PEERS)]
    met.append(judged("best jax scan, Runge-Kutta 4, over spinode at equal error", scans, ours, JAX))
    met.append(judged("noise step over quiet step of fourth order of spinode", [rows[1]], rows[0], -NOISE))
    for text, peers, own in (("eighth order", long_scans, ours), ("Runge-Kutta 4 at the same step", scans, rows[0])):
        if peers:
            found = min(float(np.median(ratios(peer, own)[:, 1])) for peer in peers)
            print(f"for comparison, jax scan over spinode, both {text}: {found:.2f}")
    return all(met)


def judged(text: str, rows: list[Row], base: Row, required: float) -> bool:
    """One line: the requirement (negative: at most) and the ratio of the quickest row; an absent peer is missed."""
    if not rows:
        print(f"{text}: required {abs(required):g}, not measured: not installed")
        return False
    best = min(rows, key=lambda row: float(np.median(ratios(row, base)[:, 1])))
    found = ratios(best, base)
    low, middle, high = np.percentile(found[:, 1], [25, 50, 75])
    met = bool(middle <= -required) if required < 0 else bool(middle >= required)
    bound = "at most" if required < 0 else "at least"
    spread = f"quartiles {low:.2f}-{high:.2f}, wall {np.median(found[:, 0]):.2f}"
    print(f"{text} ({best.name}): required {bound} {abs(required):g}, measured {middle:.2f} ({spread}):", end=" ")
    print("met" if met else "MISSED")
    return met


def same_statistics(given: Problem, rows: list[Row]) -> None:
    """Stop where the mean power of a noisy run is not that of ours: it would be another problem."""
    powers = {row.name: np.asarray(row.run()) for row in rows if row.noisy}
    (ours, first), *others = powers.items()
    for name, found in others:
        apart = abs(found.mean() - first.mean()) / np.hypot(found.std(), first.std()) * np.sqrt(given.members)
        if apart > 5:
            raise SystemExit(
                f"{name} is another problem than {ours}: mean power {found.mean():.4g} and {first.mean():.4g}"
            )


def main() -> int:
    """Read the options, measure each size, judge the middle one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out: it needs minutes")
    parser.add_argument("--quick", action="store_true", help="smoke test: few steps, no 10,000, no verdict")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, scipy {_version('scipy')}, jax {_version('jax')}, diffrax {_version('diffrax')}")
    judged_rows: list[Row] = []
    for members, steps in SIZES[:2] if options.quick else SIZES:
        given = problem(members, 100 if options.quick else steps)
        rows = all_rows(given, not (options.quick or options.no_compile))
        if members > 1:
            same_statistics(given, rows)
        measure(given, rows, 3 if options.quick else options.rounds)
        table(given, rows)
        judged_rows = rows if members == JUDGED else judged_rows
    if options.quick:
        return 0
    print(f"\n{JUDGED} oscillators:")
    return 0 if verdicts(judged_rows) else 1


def _version(name: str) -> str:
    return version(name) if find_spec(name) else "not installed"


if __name__ == "__main__":
    raise SystemExit(main())
