"""What does an oscillator of a network cost a step, beside scipy, diffrax and oscillatools?

    python benchmarks/networks.py                                scipy, and diffrax where it is installed
    python benchmarks/networks.py --oscillatools VENV/bin/python and oscillatools, as a program of its own (AGPL)
    python benchmarks/networks.py --quick                        a smoke test: small networks, no verdict

The model of Kuramoto (Gaussian spread of 1 rad/s, K = 2/s, from phases all round), float64, one thread. spinode runs
with Runge-Kutta steps of 0.1/K, whose error at the end, beside an adaptive solution at a tight tolerance, is the error
that everybody may have: each peer, and our eighth order, gets the loosest tolerance or longest step that keeps it.
Every program runs in turn within a round, and what decides is processor time. Times are divided by oscillators and
Runge-Kutta steps; arrays are made beforehand, the network with its parameters too. Memory is the growth of the peak of
a process of its own while it makes the network and runs it. Exit status 1 says that a requirement was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported: all run on one thread

import numpy as np
from scipy.integrate import solve_ivp
from workload import clocks, machine

from spinode.drives import Sampling, constant, join
from spinode.networks.kuramoto import Spread, kuramoto
from spinode.networks.run import Record, simulate_network

SIZES = (100, 1000, 10_000, 100_000)
COUPLING, STEP = 2.0, 0.05
"""K [1/s], above the critical 1.6/s: most lock, and the phases of the others keep their errors. 0.1/K [s]."""
DURATIONS = {100: 400.0, 1000: 100.0, 10_000: 20.0, 100_000: 10.0}
TIGHT, SAME, PEERS = 1e-12, 1.02, 10.0
"""Tolerance of the reference; factor of the error that counts as the same; required ratio."""
DENSE = 1000
"""Largest network that oscillatools gets as a matrix; its mean-field force is stepped for all sizes."""
Solve = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Problem:
    """Angular frequencies (N,) and start (N,)."""

    rates: np.ndarray
    start: np.ndarray

    @property
    def duration(self) -> float:
        """Time that a run covers [s]."""
        return DURATIONS[len(self.rates)]

    @property
    def steps(self) -> int:
        """Runge-Kutta steps of a run."""
        return round(self.duration / STEP)

    def rate(self, _: float, theta: np.ndarray) -> np.ndarray:
        """dtheta/dt in as few numpy operations as there are."""
        sine, cosine = np.sin(theta), np.cos(theta)
        return self.rates + COUPLING * (sine.mean() * cosine - cosine.mean() * sine)

    @cached_property
    def answer(self) -> np.ndarray:
        """Phases at the end."""
        return solve_ivp(self.rate, (0, self.duration), self.start, method="DOP853", rtol=TIGHT, atol=TIGHT).y[:, -1]

    def error(self, theta: np.ndarray) -> float:
        """Root mean square of the phases' error [rad]."""
        return float(np.sqrt(np.mean((theta - self.answer) ** 2)))


@dataclass
class Row:
    """One program: its run, its time of each round [ns an oscillator and step] and its error."""

    name: str
    run: Solve
    error: float = np.nan
    times: list[float] = field(default_factory=list)


def problem(count: int) -> Problem:
    """Quantiles of the spread in random order."""
    rng = np.random.default_rng(count)
    frequencies = Spread(kind="gaussian", width=1 / (2 * np.pi)).frequencies(count, rng)
    return Problem(rates=2 * np.pi * frequencies, start=rng.uniform(0, 2 * np.pi, count))


def spinode_run(given: Problem, long: float | None) -> Solve:
    """Ours, with packing: Runge-Kutta steps of 0.1/K, or for a number those of eighth order, so many times 1.6/K."""
    network = kuramoto(given.rates / (2 * np.pi), COUPLING)
    if long is not None:
        network = replace(network, devices=[replace(each, longest_step=long * STEP) for each in network.devices])
    sampling = Sampling(duration=given.duration, dt=given.duration / 2)
    drive = join(*(constant(channel, sampling, 0.0) for channel in network.devices[0].inputs))
    record, start = Record(total=False, order=False), given.start[:, None]
    substeps = given.steps // 2 if long is None else None

    def run() -> np.ndarray:
        return simulate_network(network, drive, initial=start, substeps=substeps, record=record).state[:, 0]

    return run


def scipy_run(given: Problem, method: str, tolerance: float) -> Solve:
    """solve_ivp with a vectorised right-hand side."""
    options = {"method": method, "rtol": tolerance, "atol": tolerance}
    return lambda: solve_ivp(given.rate, (0, given.duration), given.start, **options).y[:, -1]


def diffrax_run(given: Problem, solver: str) -> Callable[[float], Solve]:
    """A jitted solve with fixed steps, as a function of the step."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rates, method = jnp.asarray(given.rates), getattr(diffrax, solver)(scan_kind="lax")

    def slope(t: object, theta: jax.Array, args: object) -> jax.Array:
        sine, cosine = jnp.sin(theta), jnp.cos(theta)
        return rates + COUPLING * (sine.mean() * cosine - cosine.mean() * sine)

    @jax.jit
    def solve(step: float, start: jax.Array) -> jax.Array:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(slope), method, 0.0, given.duration, step, start, saveat=diffrax.SaveAt(t1=True),
            adjoint=diffrax.ForwardMode(), max_steps=None, throw=False,
        ).ys[0]  # fmt: skip

    start = jnp.asarray(given.start)
    return lambda step: lambda: np.asarray(solve(given.duration / max(1, round(given.duration / step)), start))


def loosest(given: Problem, run_at: Callable[[float], Solve], target: float, ends: tuple[float, float]) -> Solve:
    """The run with the largest setting between the ends whose error is at most the target, to 5 %."""
    inside, outside = ends
    while outside > 1.05 * inside:
        middle = float(np.sqrt(inside * outside))
        inside, outside = (middle, outside) if given.error(run_at(middle)()) <= target else (inside, middle)
    return run_at(inside)


def rows_of(given: Problem) -> list[Row]:
    """Ours and those of the peers, at the same error."""
    fourth = Row("spinode Runge-Kutta 4", spinode_run(given, None))
    first = fourth.run()
    grown = memory_of(len(given.rates))
    print(f"\n{len(given.rates)} oscillators: {grown / 2**20:.1f} MiB, {grown / len(given.rates):.0f} bytes each")
    target = SAME * given.error(first)
    rows = [fourth, Row("spinode Runge-Kutta 8", loosest(given, partial(spinode_run, given), target, (0.1, 4.0)))]
    for method in ("RK45", "DOP853"):
        run = loosest(given, partial(scipy_run, given, method), target, (1e-11, 1e-2))
        rows.append(Row(f"scipy {method}", run))
    for solver in ("Tsit5", "Dopri8") if find_spec("diffrax") else ():
        rows.append(Row(f"diffrax {solver}", loosest(given, diffrax_run(given, solver), target, (0.003, 0.6))))
    for row in rows:
        row.error = given.error(row.run())
    return rows


def memory_of(count: int) -> int:
    """Bytes by which the peak of a fresh process grows with the network and its run."""
    words = [sys.executable, __file__, "--memory", str(count)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def grown_memory(count: int) -> int:
    """The same of this process, in which nothing larger has run."""
    spinode_run(problem(min(SIZES)), None)()  # compiled code is no memory of the network
    given = problem(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spinode_run(given, None)()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def measure(given: Problem, rows: list[Row], rounds: int) -> None:
    """Every row once a round."""
    work = len(given.rates) * given.steps
    for _ in range(rounds):
        for row in rows:
            begin = clocks()[1]
            row.run()
            row.times.append((clocks()[1] - begin) / work * 1e9)


OSCILLATOOLS = """
import json, sys, time, numpy as np
from oscillatools import daido_mean_field_force, kuramoto_rk4_trajectory
data = np.load(sys.argv[1]); rates, theta = data["rates"], data["start"]
K, h, n = float(data["K"]), float(data["h"]), int(data["n"])
def field(x): return rates + daido_mean_field_force(x, K, 1)
def mean_field():
    x = theta
    for _ in range(n):
        a = field(x); b = field(x + h / 2 * a); c = field(x + h / 2 * b); d = field(x + h * c)
        x = x + h / 6 * (a + 2 * b + 2 * c + d)
    return x
found = {}
runs = {"mean-field force": mean_field}
if len(rates) <= int(sys.argv[2]):
    matrix = np.full((len(rates), len(rates)), K / len(rates)); np.fill_diagonal(matrix, 0)
    runs["matrix"] = lambda: kuramoto_rk4_trajectory(theta, rates, matrix, h, n)[-1]
for name, run in runs.items():
    run(); begin = time.process_time(); x = run(); found[name] = [time.process_time() - begin, np.asarray(x).tolist()]
print(json.dumps(found))
"""


def oscillatools(python: str, given: Problem) -> dict[str, tuple[float, float]]:
    """Nanoseconds and error of its Runge-Kutta steps, measured in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        np.savez(path, rates=given.rates, start=given.start, K=COUPLING, h=STEP, n=given.steps)
        words = [python, "-c", OSCILLATOOLS, str(path), str(DENSE)]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=clean)
    if done.returncode:
        print("oscillatools failed:", done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return {}
    work = len(given.rates) * given.steps
    return {
        name: (seconds / work * 1e9, given.error(np.array(theta)))
        for name, (seconds, theta) in json.loads(done.stdout).items()
    }


def main() -> int:
    """Measure each size, then judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--oscillatools", metavar="PYTHON", help="interpreter that has it")
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=SIZES, help="networks to measure")
    parser.add_argument("--quick", action="store_true", help="100 oscillators, no verdict")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(grown_memory(options.memory))
        return 0
    print(machine())
    best, costs = [], []
    sizes = SIZES[:1] if options.quick else tuple(options.sizes)
    for count in sizes:
        given = problem(count)
        rows = rows_of(given)
        measure(given, rows, 1 if options.quick else options.rounds)
        medians = {row.name: (float(np.median(row.times)), row.error) for row in rows}
        if options.oscillatools:
            found = oscillatools(options.oscillatools, given)
            medians |= {f"oscillatools {name}": numbers for name, numbers in found.items()}
        good = SAME * rows[0].error
        ours = min(time for name, (time, error) in medians.items() if name.startswith("spinode") and error <= good)
        for name, (time, error) in medians.items():
            print(f"  {name:32s} {time:9.2f} ns an oscillator-step  {time / ours:7.1f} times ours  error {error:.1e}")
        best.append(min(time for name, (time, _) in medians.items() if not name.startswith("spinode")) / ours)
        costs.append(ours)
    if options.quick:
        return 0
    print("\nbest peer over spinode:", ", ".join(f"{n}: {r:.1f}" for n, r in zip(sizes, best, strict=True)))
    if len(sizes) > 1:
        growth = np.polyfit(np.log(sizes), np.log(np.array(costs) * sizes), 1)[0]
        print(f"time grows as N^{growth:.2f} from {sizes[0]} to {sizes[-1]}; near 1 is required")
    print(f"required: {PEERS:g} times the best peer at each size: {'met' if min(best) >= PEERS else 'MISSED'}")
    return 0 if min(best) >= PEERS else 1


if __name__ == "__main__":
    raise SystemExit(main())
