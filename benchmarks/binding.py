"""What remembers the event before: inputs that stay on, or locking with hysteresis, at several temperatures.

All orders of two and of three different events are shown, and the last window alone is read. Six orders; who only knows
the last event guesses one in two. ``forget`` begins each window from other, settled oscillators.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinode.devices import AutoOscillator
from spinode.networks.binding import Binding, present
from spinode.networks.binding_decision import READINGS, Templates, features, ordered
from spinode.networks.binding_designs import groups_of, hysteretic, start
from spinode.networks.binding_training import Rule, train

DEVICE = AutoOscillator()
TEMPERATURES = (0.0, 3.0, 30.0, 300.0)


def show(name: str, binding: Binding, length: int, showings: int) -> None:
    """One line: each reading, in percent with its interval."""
    device = binding.device
    noisy = isinstance(device, AutoOscillator) and device.temperature > 0
    rng, shown = np.random.default_rng(1), np.tile(ordered(3, length, repeats=False), (showings, 1))
    known, asked = (present(binding, shown, rng, noisy=noisy) for _ in range(2))
    cells = []
    for reading in READINGS:
        score = Templates.learned(features(known, reading), shown).score(features(asked, reading), shown)
        cells.append(f"{100 * score.accuracy:5.1f} ({100 * score.interval[0]:3.0f}-{100 * score.interval[1]:3.0f})")
    print(f"{name:44s} {length} " + "  ".join(cells), flush=True)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--showings", type=int, default=12, help="of each order, as examples and as tests")
    options = parser.parse_args(words)
    rule = Rule(groups=groups_of(3), step=0.12 * DEVICE.threshold_current, rounds=12)
    held = train(start(DEVICE), rule, np.random.default_rng(0)).binding
    print(f"{'memory, temperature':44s} n " + "  ".join(f"{each:>16s}" for each in READINGS))
    for temperature in TEMPERATURES:
        for name, binding in (("inputs stay on", held), ("hysteresis", hysteretic(DEVICE))):
            warm = replace(binding, device=replace(binding.device, temperature=temperature))
            for forget in (False, True):
                each = replace(warm, forget=forget, hold=0.0 if forget else warm.hold)
                text = f"{name}{', forget' if forget else ''}, {temperature:g} K"
                for length in (2, 3):
                    show(text, each, length, options.showings)


if __name__ == "__main__":
    main()
