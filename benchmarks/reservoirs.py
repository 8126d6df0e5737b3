"""One oscillator as a reservoir beside reservoirpy's echo state network of the same size, in one run.

NARMA-10, Mackey-Glass 1, 5 and 22 points ahead, and linear memory. Both sides get the same points, the same number of
states, as many settings to choose from, and the same readout: ridge on states of deviation 1, the penalty chosen by
leave-one-out in training. The setting is the one with the least error on the last fifth of the training points; then
the readout is trained on all of them, and the test points are looked at once. Intervals are 95 % (Student) over seeds,
each with points, mask or network of its own. The controls have nothing to choose but the penalty.

    python benchmarks/reservoirs.py [--nodes 50] [--seeds 5] [--quick]
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import reservoirpy.nodes
from scipy.stats import t as student

from spinode.devices import EnvelopeOscillator
from spinode.reservoir import DelayedInputs, Reservoir, Static, mackey_glass, memory_capacity, narma10, nrmse
from spinode.reservoir.experiments import readout
from spinode.signals import FloatArray

WASHOUT = 200
HORIZONS = (1, 5, 22)
States = Callable[[FloatArray, int], FloatArray]
"""Points (T, 1) in [-1, 1], and how many of them train, to states (T, N)."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Points in [-1, 1], targets (T, K) with a name each (none: linear memory), and the points that train."""

    name: str
    points: FloatArray
    targets: FloatArray
    training: int


def tasks(points: int, training: int, rng: np.random.Generator) -> list[Task]:
    """The tasks of one seed; the Mackey-Glass series begins at a place of its own."""
    inputs, answers = narma10(points, rng)
    start = int(rng.integers(2000))
    series = mackey_glass(start + points + max(HORIZONS))[start:]
    ahead = np.stack([series[horizon : horizon + points] for horizon in HORIZONS], axis=1)
    scaled = 2 * (series[:points, None] - 0.9)  # the series lies between 0.42 and 1.32
    free = rng.uniform(-1, 1, (points, 1))
    return [
        Task(name="NARMA-10", points=4 * inputs[:, None] - 1, targets=answers[:, None], training=training),
        Task(name="Mackey-Glass", points=scaled, targets=ahead, training=training),
        Task(name="memory", points=free, targets=np.empty((points, 0)), training=training),
    ]


def oscillators(nodes: int, seed: int, feedback: bool) -> list[States]:
    """Eight settings of the envelope oscillator: swing and node time, and the gain of a feedback over N + 1 holds."""
    grid = product((0.5e-3, 2e-3), (100e-9, 400e-9), (0.7, 0.9)) if feedback else product(
        (0.25e-3, 0.5e-3, 1e-3, 2e-3), (100e-9, 400e-9), (0.0,)
    )  # fmt: skip

    def states(swing: float, node_time: float, gain: float) -> States:
        reservoir = Reservoir(
            EnvelopeOscillator(), nodes=nodes, node_time=node_time, rest=6e-3, swing=swing, quantile=1.0, seed=seed,
            mask="gaussian", feedback=gain, feedback_delay=nodes + 1, feedback_unit="nodes",
        )  # fmt: skip
        return lambda points, training: np.asarray(reservoir.fit(points[:training]).transform(points))

    return [states(*setting) for setting in grid]


def networks(nodes: int, seed: int) -> list[States]:
    """Eight settings of the echo state network: size of the input, spectral radius, leak."""

    def states(scaling: float, radius: float, leak: float) -> States:
        def run(points: FloatArray, training: int) -> FloatArray:
            network = reservoirpy.nodes.Reservoir(
                nodes, sr=radius, lr=leak, input_scaling=scaling, bias=0.2, input_connectivity=1.0, seed=seed
            )
            return np.asarray(network.run(points))

        return run

    return [states(*setting) for setting in product((0.1, 0.5), (0.8, 0.99), (0.5, 1.0))]


def errors(states: FloatArray, targets: FloatArray, first: int, last: int) -> FloatArray:
    """Errors (K,) on points first, ..., last - 1 of readouts trained on those before, after the washout."""
    train = slice(WASHOUT, first)
    columns = []
    for target in targets.T:
        answer = readout().fit(states[train], target[train]).predict(states[first:last])
        columns.append(nrmse(answer[:, None], target[first:last, None])[0])
    return np.array(columns)


def remembered(states: FloatArray, points: FloatArray, first: int, last: int) -> float:
    """Linear memory at delays >= 1 on points first, ..., last - 1."""
    delays = min(2 * states.shape[1], (last - first) // 4)
    found = memory_capacity(states[WASHOUT:last], points[WASHOUT:last, 0], delays, first - WASHOUT)
    return found.total


def score(task: Task, settings: Sequence[States]) -> tuple[FloatArray, float]:
    """Test scores (K,), each with the setting that was best in training, and the seconds of one pass."""
    begun = time.perf_counter()
    every = [states(task.points, task.training) for states in settings]
    seconds = (time.perf_counter() - begun) / len(settings)
    first, last, end = round(0.8 * task.training), task.training, len(task.points)
    if not task.targets.shape[1]:
        found = [remembered(states, task.points, first, last) for states in every]
        best = every[int(np.argmax(found))]
        return np.array([remembered(best, task.points, last, end)]), seconds
    chosen = np.argmin([errors(states, task.targets, first, last) for states in every], axis=0)
    parts = [errors(every[number], task.targets[:, [k]], last, end)[0] for k, number in enumerate(chosen)]
    return np.array(parts), seconds


def interval(values: Sequence[float]) -> str:
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{mean:.4f} +- {student.ppf(0.975, len(values) - 1) * spread:.4f}"


def rows(nodes: int, seed: int) -> dict[str, list[States]]:
    """Each side with its settings."""
    static = Static(Reservoir(EnvelopeOscillator(), nodes=nodes, mask="gaussian", rest=6e-3, swing=2e-3, quantile=1.0))
    register = DelayedInputs(nodes)
    return {
        "envelope, feedback": oscillators(nodes, seed, True),
        "envelope": oscillators(nodes, seed, False),
        "reservoirpy ESN": networks(nodes, seed),
        "static response": [lambda points, training: np.asarray(static.fit(points[:training]).transform(points))],
        "shift register": [lambda points, training: np.asarray(register.fit_transform(points))],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two seeds and few points")
    chosen = parser.parse_args(arguments)
    seeds, points, training = (2, 1500, 1000) if chosen.quick else (chosen.seeds, 6000, 4000)
    columns = ("NARMA-10", *(f"Mackey-Glass H={h}" for h in HORIZONS), "memory")
    found: dict[str, dict[str, list[float]]] = {}
    for seed in range(seeds):
        for task in tasks(points, training, np.random.default_rng([seed, 1])):
            for name, settings in rows(chosen.nodes, seed).items():
                scores, seconds = score(task, settings)
                own = found.setdefault(name, {column: [] for column in (*columns, "s a pass")})
                for column, value in zip([c for c in columns if c.startswith(task.name)], scores, strict=True):
                    own[column].append(float(value))
                own["s a pass"].append(seconds)
    print(f"{chosen.nodes} nodes, {seeds} seeds, {training} training and {points - training} test points")
    print("NRMSE, and memory in points (delays >= 1); mean +- 95 % interval over the seeds")
    print("| | " + " | ".join(columns) + " | s a pass |\n|" + "---|" * (len(columns) + 2))
    for name, own in found.items():
        cells = [interval(own[column]) for column in columns]
        print(f"| {name} | " + " | ".join(cells) + f" | {np.median(own['s a pass']):.2f} |")


if __name__ == "__main__":
    main()
