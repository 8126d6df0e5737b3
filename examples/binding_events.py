"""How loud may the thermal noise be, and how weak the coupling, before a network mixes up sequences of events?

Three auto-oscillators hear the sum of their voltages. An event adds direct currents, which a training rule has moved
until the first two, the last two or all three lock; a sequence is named from which pairs lock in each window. Lines:
part of all ordered triples named rightly, over temperature and over coupling, with Wilson's 95 % intervals. The printed
number is the part of triples at 300 K that is named wrongly, at the upper end of its interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinode.devices import AutoOscillator
from spinode.networks.binding import Binding, present
from spinode.networks.binding_decision import Score, Templates, features, ordered
from spinode.networks.binding_designs import groups_of, start, without_nonlinearity
from spinode.networks.binding_training import Rule, train

GAINS = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0, 1.5)


def told(binding: Binding, temperature: float, showings: int) -> Score:
    """Triples named by the locking of pairs at a temperature; templates are learned from other showings."""
    binding = replace(binding, device=replace(binding.device, temperature=temperature))
    rng, shown = np.random.default_rng(1), np.tile(ordered(3, 3), (showings, 1))
    known, asked = (features(present(binding, shown, rng, noisy=temperature > 0), "locking") for _ in range(2))
    return Templates.learned(known, shown).score(asked, shown)


def draw(axis: Axes, places: Sequence[float], scores: Sequence[Score], colour: str, label: str) -> None:
    """Accuracy with its interval."""
    values = np.array([each.accuracy for each in scores])
    ends = np.array([each.interval for each in scores]).T
    axis.errorbar(places, values, np.abs(ends - values), fmt="o-", color=colour, capsize=2, ms=4, label=label)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few points and showings")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("binding_events.png"), help="figure to write")
    options = parser.parse_args(words)
    showings = 1 if options.quick else 4
    temperatures = (0.0, 300.0) if options.quick else (0.0, 100.0, 300.0, 600.0, 1200.0)
    gains = (0.0, 1.0) if options.quick else GAINS
    device = AutoOscillator()
    rule = Rule(groups=groups_of(3), step=0.12 * device.threshold_current, rounds=12)
    binding = train(start(device), rule, np.random.default_rng(0)).binding
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    warm = [told(binding, temperature, showings) for temperature in temperatures]
    draw(left, temperatures, warm, "#0072b2", "trained")
    for made, colour, label in (
        (binding, "#0072b2", "nu = 8.9"),
        (without_nonlinearity(binding), "#d55e00", "nu = 0"),
    ):
        weaker = [told(replace(made, gain=each * binding.gain), 300.0, showings) for each in gains]
        draw(right, gains, weaker, colour, label)
    left.set(xlabel="temperature (K)", ylabel="triples named rightly", ylim=(0, 1.03))
    right.set(xlabel="coupling / design, at 300 K")
    right.legend(frameon=False, fontsize=8)
    for axis in (left, right):
        axis.axhline(1 / 27, color="0.6", linestyle=":", linewidth=0.8)
    figure.savefig(options.figure, dpi=130)
    wrong = 1 - warm[temperatures.index(300.0)].interval[0]
    print(f"triples named wrongly at 300 K, upper end of the interval: {wrong:.1e}")


if __name__ == "__main__":
    main()
