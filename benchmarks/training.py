"""How long does training take to reach a held-out free-run error: the published recipe, and `spinode.fit`?

    python benchmarks/training.py                         five minutes of processor time for each recipe
    python benchmarks/training.py --minutes 20 --figure training.png

Both learn samples 1000 to 11000 without their last 15 %, on one thread, and are judged by the same number: the root
mean square error of free runs over that held-out time, of the same length and from the same samples, in deviations of
the output. The published recipe runs for a fixed time; then we ask when `fit` was as good as the best it reached.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch are imported: both sides run on one thread

from dataclasses import dataclass

import numpy as np
import torch
from published_recipe import SOLVERS, Trainer, delayed
from workload import clocks, load, machine

from spinode.surrogate.dataset import Dataset, make_dataset
from spinode.surrogate.fitting import FitProgress, fit
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.training import HELD_OUT_DELAYS
from spinode.traces import TraceSet

EVERY = 25
"""Batches between two judgements of the published recipe; they do not count in its time."""
LEVELS = (0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.015)
"""Held-out errors of the second table."""
REFIT = "all samples"
"""Label of the stage of ``fit`` that also learns the held-out time: its error is no held-out error."""


@dataclass(frozen=True)
class Curve:
    """Held-out error while training: columns wall time, processor time [s], best error so far."""

    name: str
    points: np.ndarray
    total: np.ndarray

    @property
    def best(self) -> float:
        return float(self.points[-1, 2])

    def reached(self, error: float) -> np.ndarray:
        """Wall and processor time when the error was first at most this; infinite if it never was."""
        good = np.flatnonzero(self.points[:, 2] <= error)
        return self.points[good[0], :2] if len(good) else np.full(2, np.inf)

    def error_at(self, processor: float) -> float:
        """Best error after this much processor time; infinite before the first judgement."""
        before = self.points[self.points[:, 1] <= processor, 2]
        return float(before[-1]) if len(before) else np.inf


def our_curve(traces: TraceSet, settings: FitSettings) -> Curve:
    """A whole fit; its clock runs from the call on, data preparation, encoder and refit included."""
    points: list[tuple[float, float, float]] = []
    refits = 0
    begin = clocks()

    def watch(now: FitProgress) -> None:
        nonlocal refits
        refits += now.stage.startswith(REFIT)
        if refits <= 1:  # the first such report closes the stage before it
            points.append((*(clocks() - begin), now.held_out))

    fit(traces, settings, watch=watch)
    return Curve("spinode fit", np.array(points), clocks() - begin)


def published_curve(data: Dataset, solver: str, minutes: float, seed: int) -> Curve:
    """Train until the processor time is spent; judge every ``EVERY`` batches with the clock stopped."""
    longest = min(piece.last - piece.held for piece in data.pieces) - data.embedding.span - 2
    steps = max(1, min(HELD_OUT_DELAYS * data.embedding.delay, longest))
    starts = data.held_starts(steps)
    trainer = Trainer(delayed(data, float(data.scaling.output_scale[0])), solver, seed)
    points, lowest, spent, batches = [], np.inf, np.zeros(2), 0
    while spent[1] < 60.0 * minutes:
        begin = clocks()
        for _ in range(EVERY):
            trainer.step()
        spent = spent + clocks() - begin
        batches += EVERY
        lowest = min(lowest, trainer.held_out_error(starts, steps))
        points.append((*spent, lowest))
    print(f"published recipe, {solver}: {batches} batches, {1e3 * spent[1] / batches:.1f} ms of processor time each")
    return Curve(f"published, {solver}", np.array(points), spent)


def warm_up(traces: TraceSet, data: Dataset) -> None:
    """Compile and import everything once, so that no clock sees it."""
    fit(TraceSet(tuple(trace.samples(0, 2000) for trace in traces)), FitSettings(minutes=0.01))
    for solver in SOLVERS:
        trainer = Trainer(delayed(data, 1.0), solver, 0)
        trainer.step()
        trainer.held_out_error(np.array([0]), 10)


def show(ours: Curve, peers: list[Curve]) -> None:
    """When ours was as good as each peer's best, and how good each peer was when ours ended; then level by level."""
    print(f"\nspinode fit: best held-out error {ours.best:.4f} after {ours.reached(ours.best)[1]:.1f} s,")
    print(f"ended after {ours.total[0]:.1f} s wall, {ours.total[1]:.1f} s processor time\n")
    print(
        f"{'peer':20s} {'its best':>9s} {'reached after [s]':>18s} {'ours after [s]':>15s} {'ratio':>7s} {'wall':>7s}"
    )
    for peer in peers:
        theirs, mine = peer.reached(peer.best), ours.reached(peer.best)
        ratio = theirs / mine
        print(
            f"{peer.name:20s} {peer.best:9.4f} {theirs[1]:18.1f} {mine[1]:15.2f} {ratio[1]:7.1f} {ratio[0]:7.1f}"
            f"   (when ours ended it had {peer.error_at(ours.total[1]):.4f})"
        )
    print("\nprocessor time [s] to a held-out error of at most")
    print(f"{'':20s} " + " ".join(f"{level:>7g}" for level in LEVELS))
    for curve in (ours, *peers):
        times = [curve.reached(level)[1] for level in LEVELS]
        print(f"{curve.name:20s} " + " ".join(f"{time:7.1f}" if np.isfinite(time) else "      -" for time in times))


def draw(path: str, curves: list[Curve]) -> None:
    """Held-out error over processor time, both on logarithmic axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for curve in curves:
        seen = curve.points[np.isfinite(curve.points[:, 2])]
        axes.step(seen[:, 1], seen[:, 2], where="post", label=curve.name)
    axes.set(xscale="log", yscale="log", xlabel="processor time (s)", ylabel="held-out free-run NRMSE")
    axes.legend()
    figure.savefig(path, dpi=150)


def main() -> None:
    """Read the options, run the three trainings one after the other, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="processor time of each published recipe")
    parser.add_argument("--fit-minutes", type=float, default=10.0, help="time budget of spinode fit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    parser.add_argument("--figure", help="file for a figure of the curves")
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = load()
    settings = FitSettings(minutes=options.fit_minutes, seed=options.seed)
    data = make_dataset(work.training, settings.order, settings.delay, settings.held_out)
    print(f"{machine()}\n{work.origin}, {len(data.record.outputs)} samples, last {settings.held_out:.0%} held out")
    warm_up(work.training, data)
    ours = our_curve(work.training, settings)
    peers = [published_curve(data, solver, options.minutes, options.seed) for solver in options.solvers]
    show(ours, peers)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")
    if options.figure:
        draw(options.figure, [ours, *peers])


if __name__ == "__main__":
    main()
