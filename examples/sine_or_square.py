"""Can one oscillator tell a sine from a square?

Random periods of eight points are shown to 24 virtual nodes of an oscillator, as in Torrejon et al., Nature 547, 428
(2017). At two points of its period the sine has the values of the square, so without memory at most 7/8 of the points
can be right. This oscillator relaxes linearly to its steady voltage: what is left of the point before is only added to
the answer to the present one, and a linear readout cannot combine the two. Delayed feedback puts the past into the
drive, and the steady voltage, a square root, combines them. The printed number is the error of that readout.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.base import clone

from spinode.devices import EnvelopeOscillator
from spinode.reservoir import Reservoir, sine_square
from spinode.reservoir.experiments import readout
from spinode.signals import FloatArray

BARE = Reservoir(EnvelopeOscillator(), nodes=24, node_time=100e-9, rest=6.5e-3, swing=2.5e-3)
FED_BACK = clone(BARE).set_params(feedback=0.6, feedback_delay=25, feedback_unit="nodes")
SHOWN = 64


def answers(transformer: Any, points: FloatArray, classes: FloatArray, training: int) -> FloatArray:
    """Readout on the test points, trained on those before."""
    states = transformer.fit(points[:training]).transform(points)
    return np.asarray(readout().fit(states[:training], classes[:training]).predict(states[training:]))


def draw(points: FloatArray, truth: FloatArray, found: dict[str, FloatArray]) -> Figure:
    """The points, the class of each, and what the readouts say."""
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    top.plot(points[:SHOWN], "o-", color="0.3", markersize=3, linewidth=0.8)
    top.set(ylabel="input")
    bottom.step(np.arange(SHOWN), truth[:SHOWN], where="mid", color="0.7", linewidth=4, label="class")
    for (name, answer), line in zip(found.items(), ("-", "--"), strict=True):
        right = np.mean((answer > 0.5) == (truth > 0.5))
        colour = "#0072b2" if line == "-" else "#d55e00"
        bottom.plot(answer[:SHOWN], line, color=colour, label=f"{name}: {right:.1%} right")
    bottom.set(xlabel="test point", ylabel="0 sine, 1 square", ylim=(-0.35, 1.75))
    bottom.legend(frameon=False, ncols=3, fontsize=8, loc="upper center")
    return figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few periods")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("sine_or_square.png"), help="figure to write")
    options = parser.parse_args(words)
    periods = 160 if options.quick else 600
    values, labels = sine_square(periods, np.random.default_rng(2))
    points, classes, training = values[:, None], labels.astype(float), 4 * periods
    found = {
        "delayed feedback": answers(FED_BACK, points, classes, training),
        "bare oscillator": answers(BARE, points, classes, training),
    }
    truth = classes[training:]
    draw(values[training:], truth, found).savefig(options.figure, dpi=130)
    error = np.sqrt(np.mean((found["delayed feedback"] - truth) ** 2))
    print(f"root mean square error with delayed feedback: {error:.2e}")


if __name__ == "__main__":
    main()
