"""At which coupling do oscillators with different frequencies fall into step, and how many of them?

Thousands of phase oscillators with a Lorentzian, a Gaussian or a uniform spread of frequencies hear their mean field.
Below the critical coupling 2/(pi g(0)) each goes its own way and the order parameter is 0 but for the finite number;
above it a part locks, and a uniform spread jumps. The points are simulations, the lines Kuramoto's closed form for
infinitely many. The printed number is the largest difference of the order parameter, at couplings 10 % and more above
the critical one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from spinode.drives import Sampling, constant, join
from spinode.networks.kuramoto import Spread, kuramoto
from spinode.networks.run import simulate_network

WIDTH = 1 / (2 * np.pi)
"""Width of the spread [Hz]: 1 rad/s."""
SHOWN = {"lorentzian": "#0072b2", "gaussian": "#d55e00", "uniform": "#009e73"}
SETTLED = 80
"""Last samples that are averaged, half a second apart."""


def order(spread: Spread, coupling: float, count: int, duration: float) -> float:
    """Mean order parameter at the end of a run that begins in step."""
    network = kuramoto(spread.frequencies(count, np.random.default_rng(0)), coupling)
    sampling = Sampling(duration=duration, dt=0.5)
    drive = join(*(constant(channel, sampling, 0.0) for channel in network.devices[0].inputs))
    run = simulate_network(network, drive)
    return float(np.abs(run.order)[-SETTLED:].mean())


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few couplings")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("kuramoto_transition.png"), help="figure to write")
    options = parser.parse_args(words)
    ratios = (
        np.array([0.6, 1.1, 1.5, 2.0]) if options.quick else np.array([*np.linspace(0.5, 1.2, 15), 1.3, 1.5, 1.75, 2])
    )
    figure, apart = Figure(figsize=(6.4, 4.2), layout="constrained"), 0.0
    axis = figure.subplots()
    for kind, colour in SHOWN.items():
        spread = Spread(kind=kind, width=WIDTH)
        couplings = spread.critical_coupling() * ratios
        found = np.array([order(spread, each, 4000, 100.0 if options.quick else 200.0) for each in couplings])
        fine = spread.critical_coupling() * np.array([ratios[0], 1 - 1e-9, *np.linspace(1, 2, 300)])
        axis.plot(
            fine, [spread.order(each) for each in fine], color=colour, linewidth=1.2, label=f"{kind}, closed form"
        )
        axis.plot(couplings, found, "o", color=colour, ms=4, label=f"{kind}, 4,000 oscillators")
        beyond = ratios >= 1.09
        theory = [spread.order(each) for each in couplings[beyond]]
        apart = max(apart, float(np.abs(found[beyond] - theory).max()))
    axis.set(xlabel="coupling / spread", ylabel="order parameter", ylim=(0, 1))
    axis.legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(options.figure, dpi=130)
    print(f"largest difference from the closed form: {apart:.1e}")


if __name__ == "__main__":
    main()
