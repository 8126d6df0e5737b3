"""Draws docs/figures/reservoir_memory.png: what delayed feedback does to the linear memory of one oscillator.

Left, a linear device that has no memory of its own (lambda = 0): the measured memory by delay on the theory of
``spinode.reservoir.linear_loop``. Right, the envelope oscillator: total memory against the gain, at two delays.

    python benchmarks/reservoir_memory_figure.py [-o FIGURE] [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spinode.devices import EnvelopeOscillator
from spinode.reservoir import Reservoir, memory_capacity
from spinode.reservoir.linear_loop import linear_loop, linear_memory
from spinode.signals import FloatArray

TARGET = Path(__file__).parent.parent / "docs" / "figures" / "reservoir_memory.png"
NODES, WASHOUT, DELAYS = 50, 500, 60
COLOURS = ("#0072b2", "#d55e00", "#009e73")
NOISE = 1e-8
"""Variance of the noise on each reading of the linear device over that of the input."""
SEEDS = 3


def measured(states: FloatArray, inputs: FloatArray) -> FloatArray:
    """Memory by delay of states without their washout."""
    half = (len(states) - WASHOUT) // 2
    return memory_capacity(states[WASHOUT:], inputs[WASHOUT:], DELAYS, half).by_delay


def linear_states(inputs: FloatArray, mask: FloatArray, gain: float, delay: int) -> FloatArray:
    """Readings of a device that follows its drive at once, with noise."""
    step, weights = linear_loop(mask, 0.0, gain, delay)
    rng, z, result = np.random.default_rng(9), np.zeros(len(step)), np.empty((len(inputs), len(mask)))
    for k, value in enumerate(inputs):
        z = step @ z + weights * value
        result[k] = z[-len(mask) :]
    return result + np.sqrt(NOISE * np.var(inputs)) * rng.standard_normal(result.shape)


def draw_theory(axis: Axes, points: int) -> None:
    """Measured points on lines of theory."""
    inputs = np.random.default_rng(1).uniform(-1, 1, points)
    mask = np.random.default_rng(2).integers(0, 2, NODES) * 2.0 - 1.0
    for colour, (gain, delay) in zip(COLOURS, ((0.0, NODES), (0.8, NODES), (0.8, NODES + 1)), strict=True):
        theory = linear_memory(*linear_loop(mask, 0.0, gain, delay), DELAYS, seen=NODES, noise=NOISE)
        found = measured(linear_states(inputs, mask, gain, delay), inputs)
        name = "no feedback" if gain == 0 else f"g = {gain}, {'N' if delay == NODES else 'N + 1'} holds"
        axis.plot(theory, color=colour, linewidth=1, label=f"{name}: {theory[1:].sum():.2f}")
        axis.plot(found, "o", color=colour, markersize=3)
        print(f"linear device, {name}: theory {theory[1:].sum():.3f}, measured {found[1:].sum():.3f}")
    axis.set_title("device without memory (points), theory (lines)", loc="left", fontsize=10)
    axis.set_xlabel("delay (points)")
    axis.set_ylabel("memory capacity of the delay")
    axis.legend(frameon=False, fontsize=9)


def draw_oscillator(axis: Axes, points: int) -> None:
    """Total memory of the envelope oscillator against gain, with the thermal noise of its readings and without."""
    gains = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 0.9])
    device = EnvelopeOscillator(noise=1e-5)
    for colour, (extra, noisy) in zip(COLOURS, ((0, False), (1, False), (1, True)), strict=True):
        totals = np.empty((SEEDS, len(gains)))
        for seed in range(SEEDS):
            inputs = np.random.default_rng([seed, 3]).uniform(-1, 1, points)
            for column, gain in enumerate(gains):
                reservoir = Reservoir(
                    device, nodes=NODES, node_time=100e-9, rest=7e-3, swing=2e-3, quantile=1.0, seed=seed,
                    feedback=float(gain), feedback_delay=NODES + extra, feedback_unit="nodes", noise=noisy,
                )  # fmt: skip
                totals[seed, column] = measured(reservoir.fit_transform(inputs[:, None]), inputs)[1:].sum()
        name = f"{'N + 1' if extra else 'N'} holds{', noise of 10 uV' if noisy else ''}"
        axis.plot(gains, totals.mean(axis=0), "o-", color=colour, markersize=4, label=name)
        axis.fill_between(gains, totals.min(axis=0), totals.max(axis=0), color=colour, alpha=0.2)
        print(
            f"envelope, {name}: "
            + ", ".join(f"{g:g}: {m:.2f}" for g, m in zip(gains, totals.mean(axis=0), strict=True))
        )
    axis.set_title("envelope oscillator, theta = tau/4", loc="left", fontsize=10)
    axis.set_xlabel("gain of the feedback")
    axis.set_ylabel("linear memory (delays of 1 and more)")
    axis.legend(frameon=False, fontsize=9)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", type=Path, default=TARGET, help="figure")
    parser.add_argument("--quick", action="store_true", help="few points")
    chosen = parser.parse_args(arguments)
    points = 2000 if chosen.quick else 6000
    figure = Figure(figsize=(9.5, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    draw_theory(left, points)
    draw_oscillator(right, points)
    for axis in (left, right):
        axis.grid(alpha=0.3)
    figure.savefig(chosen.o, dpi=130)


if __name__ == "__main__":
    main()
