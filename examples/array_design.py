"""How many vortex oscillators with 1 MHz between them fit into an array, and does each one follow only its own tone?

The calculator finds radius and current of each oscillator so that frequencies are equally spaced and sensitivities
equal, puts the radii on a 1 nm grid, and finds the currents that bring the pillars back to their lines. Then every
pillar is simulated under a tone at several detunings, and the width of the range in which it follows is compared with
the closed form. The figure shows comb, locking bands, yield and layout; the printed number is the largest relative
difference between the locking half-widths that were simulated and those of the closed form.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinode.design import ArrayDesign, DesignSpec, design, yield_curve
from spinode.design.verify import built_pillars, follows
from spinode.design_plots import SPREADS, design_figure
from spinode.plots import save_figure

HALVINGS = 7


def simulated_half_width(array: ArrayDesign, number: int) -> float:
    """Largest detuning [Hz] above its line that a pillar still follows, by halving from 0.5 to 1.5 times the law."""
    pillar = built_pillars(array)[0][number]
    expected = pillar.locking_half_width(array.comb.rf_field)
    low, high = 0.5 * expected, 1.5 * expected
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        followed = follows(pillar, pillar.frequency + middle, array.comb.rf_field, 20 / expected)
        low, high = (middle, high) if followed else (low, middle)
    return 0.5 * (low + high)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small array and few draws")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("array_design.png"), help="figure to write")
    options = parser.parse_args(words)
    spec = DesignSpec(spacing=1e6, number=40, draws=100) if options.quick else DesignSpec(spacing=1e6)
    rng = np.random.default_rng(1)
    array = design(spec, rng)
    save_figure(options.figure, design_figure(array, yield_curve(array, rng, np.array(SPREADS))))
    chosen = (0,) if options.quick else (0, len(array.oscillators) // 2, len(array.oscillators) - 1)
    law = [built_pillars(array)[0][number].locking_half_width(array.comb.rf_field) for number in chosen]
    found = [simulated_half_width(array, number) for number in chosen]
    print(f"{len(array.oscillators)} oscillators; largest error of a locking half-width (relative):", end=" ")
    print(f"{np.abs(np.array(found) / law - 1).max():.3f}")


if __name__ == "__main__":
    main()
