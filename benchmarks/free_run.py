"""How long is a free run of 12,800 samples in our compiled kernel, beside the same field in torchdiffeq?

    python benchmarks/free_run.py                        fits a surrogate for half a minute first
    python benchmarks/free_run.py --surrogate device.h5  takes a fitted one
    python benchmarks/free_run.py --full                 all 12,800 steps in torchdiffeq too (default: 1,000, scaled)

Two fields: the fitted surrogate, and the network of Chen et al. (2022), tanh layers of 50 and 50. All in float64 on one
thread, without gradients, each variant in turn within a round; medians over the rounds. The peer is the fastest of
several ways to write the field in torch; the drive is looked up in a table, which costs it nothing to speak of.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch are imported: both sides run on one thread

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch_fields import Folded, Matrices, Module, TorchRate
from torchdiffeq import odeint
from workload import STEPS, Workload, clocks, load, machine

from spinode.signals import STAGES, Channel, signal_of
from spinode.simulate import simulate, simulate_ensemble
from spinode.surrogate.dataset import Scaling, stage_inputs
from spinode.surrogate.field import FieldShape
from spinode.surrogate.fitting import fit
from spinode.surrogate.model import Surrogate
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.rollout import free_runs
from spinode.surrogate.store import load_surrogate
from spinode.traces import Trace

PUBLISHED = FieldShape(states=2, inputs=4, degree=1, hidden=(50, 50))
"""k = 2 states, two input channels of two samples each, as published; the polynomial part is zero."""
PACE = 0.025
"""Normalised time of one sample in the published code."""
TOO_FAR = 1e-9
"""Difference of two trajectories of order one after 12,800 steps that cannot be rounding any more."""

Run = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """A field with what it runs on: device, drive trace and first state."""

    title: str
    device: Surrogate
    trace: Trace
    first: np.ndarray

    def initial(self, members: int) -> np.ndarray:
        """The first state, a little different in each member."""
        return self.first + 1e-3 * np.arange(members)[:, None]


@dataclass
class Row:
    """One line of the table: how to run it, how many steps that takes, and the times found."""

    name: str
    steps: int
    run: Run
    members: int = 1
    ours: bool = False
    result: object = None
    times: list[np.ndarray] | None = None

    def measure(self) -> None:
        begin = clocks()
        self.result = self.run()
        self.times = [*(self.times or []), (clocks() - begin) / self.steps]

    @property
    def quartiles(self) -> np.ndarray:
        """Wall time of a step at 25, 50 and 75 % of the rounds [s]."""
        return np.percentile(np.array(self.times)[:, 0], [25, 50, 75])


def fitted_case(work: Workload, path: str | None, minutes: float) -> Case:
    """The surrogate given, or one fitted quickly, from its state after the first samples of the test trace."""
    if path:
        device = load_surrogate(path)
    else:
        device = fit(work.training, FitSettings(minutes=minutes), name="benchmark")
    shape = device.shape
    title = f"fitted surrogate: {shape.states} states, {shape.inputs} inputs, degree {shape.degree}"
    title += f", tanh layers {shape.hidden}" if shape.hidden else ", no network"
    title += f", {shape.size} coefficients"
    return Case(title, device, work.test, device.initial_from(work.test))


def published_case(work: Workload, device: Surrogate) -> Case:
    """The published sizes with random weights; the last layer undoes what the others do to x: x stays bounded."""
    rng = np.random.default_rng(0)
    (one, two), width = PUBLISHED.layers[:2], PUBLISHED.hidden[0]
    first = 0.1 * rng.standard_normal(one)
    second = 0.1 * rng.standard_normal(two)
    last = -PACE * (second @ first[:, : PUBLISHED.states]).T
    biases = [0.1 * rng.standard_normal(width), 0.1 * rng.standard_normal(width), np.zeros(PUBLISHED.states)]
    blocks = [np.zeros(PUBLISHED.states * PUBLISHED.monomials)]
    for weight, bias in zip((first, second, last), biases, strict=True):
        blocks += [weight.ravel(), bias]
    drive = device.scaling.inputs(work.test.drive.values)[:, :2]
    drive = np.column_stack([drive, drive]) if drive.shape[1] == 1 else drive
    later = np.vstack([drive[1:], drive[-1:]])
    channels = tuple(Channel(name=f"e{i}", hold=work.test.drive.channels[0].hold) for i in range(PUBLISHED.inputs))
    signal = signal_of(np.column_stack([drive, later]), work.test.dt, *channels, start=work.test.drive.start)
    scaling = Scaling(
        output_mean=np.zeros(1), output_scale=np.ones(1), input_centre=np.zeros(4), input_scale=np.ones(4)
    )
    network = replace(
        device, inputs=channels, parameters={}, shape=PUBLISHED, theta=np.concatenate(blocks), scaling=scaling
    )
    trace = replace(work.test, drive=signal, parameters={})
    return Case("published network: 2 states, 4 inputs, tanh layers (50, 50)", network, trace, np.array([0.5, -0.5]))


def torch_run(rate: TorchRate, drive: np.ndarray, first: np.ndarray, steps: int, perturb: bool) -> Run:
    """A free run in torchdiffeq; what can be prepared before the clock starts is."""
    rows = rate.prepared(torch.tensor(drive[: steps + 1]))
    table = [[row[stage] for stage in range(len(STAGES))] for row in rows]
    last, finest = steps, len(STAGES) - 1
    time = torch.arange(steps + 1, dtype=torch.float64)
    state = torch.tensor(first)

    def slope(now: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        position = now.item()
        step = max(int(position // 1.0), 0)
        return rate(x, table[min(step, last)][min(round((position - step) * finest), finest)])

    def run() -> np.ndarray:
        with torch.inference_mode():
            options = {"perturb": True} if perturb else {}
            return odeint(slope, state, time, method="rk4", options=options).numpy()

    return run


def our_rows(case: Case, drive: np.ndarray, members: int) -> list[Row]:
    """The kernel alone, and the same field as a device in ``simulate`` or ``simulate_ensemble``."""
    device, initial = case.device, case.initial(members)
    starts = np.zeros(members, dtype=np.int64)
    kernel = partial(free_runs, device.shape.sizes, device.theta, initial, starts, STEPS, drive)
    through: Run = partial(simulate_ensemble, [device] * members, case.trace.drive, initials=initial)
    if members == 1:
        through = partial(simulate, device, case.trace.drive, initial=initial[0])
    return [
        Row("spinode kernel", STEPS, kernel, members, ours=True),
        Row("spinode simulate", STEPS, through, members, ours=True),
    ]


def torch_rows(case: Case, drive: np.ndarray, members: int, steps: int) -> list[Row]:
    """Every way to write this field in torch, with held drives right at jumps, and the quickest looser way."""
    shape, theta = case.device.shape, case.device.theta
    initial = case.initial(members)
    kinds: list[tuple[str, type[Module] | type[Matrices] | type[Folded]]] = [
        ("torchdiffeq, module", Module),
        ("torchdiffeq, matrices", Matrices),
    ]
    if members == 1 and shape == PUBLISHED:
        kinds.append(("torchdiffeq, folded", Folded))
    rows = []
    for name, kind in kinds:
        first = initial[0] if kind is Folded else initial
        make = partial(torch_run, kind(shape, theta), drive, first, steps)
        rows.append(Row(name, steps, make(perturb=True), members))
        if members == 1:
            rows.append(Row(f"{name}, no perturb", steps, make(perturb=False), members))
    return rows


def difference(row: Row, kernel: Row) -> float:
    """Largest difference of two trajectories over their common steps; NaN where the answer is not meant to agree."""
    if row.ours or "no perturb" in row.name:
        return np.nan
    ours = np.moveaxis(np.asarray(kernel.result), 0, 1)[: row.steps + 1]
    return float(np.abs(np.asarray(row.result).reshape(ours.shape) - ours).max())


def compare(case: Case, members: int, steps: int, rounds: int) -> None:
    """Run every row once to warm up, then in rounds, and print the table."""
    drive = stage_inputs(case.trace, case.device.scaling)
    rows = our_rows(case, drive, members)
    rows += torch_rows(case, drive, members, steps)
    for row in rows[:2]:
        row.run()
    for _ in range(rounds):
        for row in rows:
            row.measure()
    print(f"\n{case.title}; batch {members}")
    print(f"{'':35s} {'seconds':>9s} {'us/step':>9s} {'quartiles':>15s} {'ratio':>8s}  difference")
    base = rows[0].quartiles[1]
    for row in rows:
        low, middle, high = row.quartiles
        apart = difference(row, rows[0])
        text = f"{apart:.1e}" if np.isfinite(apart) else "-"
        spread = f"{low * 1e6:.1f}-{high * 1e6:.1f}"
        print(f"{row.name:35s} {middle * STEPS:9.4f} {middle * 1e6:9.2f} {spread:>15s} {middle / base:8.1f}  {text}")
        if apart > TOO_FAR:
            raise SystemExit(f"{row.name} is another field: its trajectory differs by {apart:.1e}")
    summary(rows)


def summary(rows: list[Row]) -> None:
    """Ratio of the fastest torch variant to the kernel: of those with the same trajectory, and of all."""
    peers = [row for row in rows if not row.ours]
    for kind, chosen in (("same trajectory", [row for row in peers if "no perturb" not in row.name]), ("any", peers)):
        peer = min(chosen, key=lambda row: row.quartiles[1])
        rounds = np.array(peer.times) / np.array(rows[0].times)
        wall, processor = np.median(rounds, axis=0)
        low, high = np.percentile(rounds[:, 0], [25, 75])
        print(
            f"fastest peer, {kind}: {peer.name}; ratio by rounds: wall {wall:.0f} (quartiles {low:.0f}-{high:.0f}),"
            f" processor {processor:.0f}"
        )


def main() -> None:
    """Read the options, make both fields, print a table for batch 1 and for a batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", help="fitted surrogate with the channels of the test trace")
    parser.add_argument("--minutes", type=float, default=0.5, help="time to fit one where none is given")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch", type=int, default=64, help="members of the second table; 0 for none")
    parser.add_argument("--full", action="store_true", help="all steps in torchdiffeq")
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = load()
    steps = STEPS if options.full else 1000
    print(f"{machine()}\n{work.origin}; {STEPS} steps in spinode, {steps} in torchdiffeq", end="")
    print("" if options.full else f" (its seconds are scaled to {STEPS})")
    fitted = fitted_case(work, options.surrogate, options.minutes)
    for case in (fitted, published_case(work, fitted.device)):
        compare(case, 1, steps, options.rounds)
        if options.batch > 0:
            compare(case, options.batch, steps, min(options.rounds, 3))
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
