"""Does a surrogate with learned noise scatter, forget and drift in phase as the device that it was learned from?

    python benchmarks/noise.py                              both devices; some minutes on one thread
    python benchmarks/noise.py --figure docs/figures/learned_noise.png
    python benchmarks/noise.py --only envelope              the envelope alone, under a minute

Two simulated devices at 300 K, with measurement noise added: the envelope of an oscillator, 5 ms at 100 ns under random
currents, and a free-running auto-oscillator, 8 us at 0.1 ns. Learned from those traces alone, each surrogate is run
freely and compared with runs of the device from other seeds, without measurement noise; its one-step intervals are
judged on a measured trace that the fit never saw. Nothing is told of the equations, the noise, or their kind.
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))  # the traces are those of the tests

from spinode.surrogate import FitSettings, fit
from spinode.traces import Trace, TraceSet
from tests.noisy_statistics import GOALS, Statistics, envelope_statistics, free_runs, oscillator_statistics
from tests.noisy_traces import envelope_trace, oscillator_trace

MEMBERS = 12
"""Runs of device and surrogate that are compared."""


def judged(name: str, training: Trace, held: Trace, runs: list[Trace]) -> tuple[str, Statistics, Statistics]:
    """Learn, run, compare and print."""
    begun = perf_counter()
    twin = fit(TraceSet((training,)), FitSettings(noise="learn"), name=name)
    seconds = perf_counter() - begun
    measure = envelope_statistics if name == "envelope" else oscillator_statistics
    device, ours = measure(runs), measure(free_runs(twin, runs))
    record = twin.record
    print(f"\n{name}: {len(training)} samples, {seconds:.0f} s, order {record['embedding_order']},", end=" ")
    print(f"degree {record['polynomial_degree']}, {record['noise_heun_steps']} Heun steps a sample")
    print(f"{'':18}{'device':>14}{'surrogate':>14}{'difference':>12}{'goal':>8}")
    for quantity, goal in GOALS.items():
        theirs, mine = device.numbers()[quantity], ours.numbers()[quantity]
        print(f"{quantity:18}{theirs:14.4g}{mine:14.4g}{100 * (mine / theirs - 1):11.1f}%{100 * goal:7.0f}%")
    for level in (0.5, 0.9, 0.99):
        covered = 100 * float(twin.intervals(held, level).coverage(held.output.values)[0])
        goal = "87 to 93 %" if level == 0.9 else ""
        print(f"{100 * level:.0f} % intervals cover {covered:.1f} % of {len(held)} held-out samples  {goal}")
    return name, device, ours


def draw(found: list[tuple[str, Statistics, Statistics]], path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(found), 2, figsize=(9, 3.2 * len(found)), squeeze=False, layout="constrained")
    for row, (name, device, ours) in zip(axes, found, strict=True):
        scale, unit = (1e6, "MHz") if name == "oscillator" else (1e3, "kHz")
        for each, label, style in ((device, "device", "-"), (ours, "surrogate", "--")):
            row[0].semilogy(each.frequency / scale, each.power, style, label=label, lw=1.4)
            height = each.variance if name == "envelope" else 1.0
            row[1].plot(1e9 * each.lags, height * each.correlation, style, lw=1.4)
        if name == "oscillator":
            centre = float(device.frequency[device.power.argmax()]) / scale
            row[0].set_xlim(centre - 40, centre + 40)
            row[0].set_ylim(1e-16, 1e-10)
        else:
            row[0].set_xlim(0, 3000)
        row[0].set(title=f"{name}: spectrum of a free run", xlabel=f"frequency ({unit})", ylabel="power (V²/Hz)")
        row[0].legend()
        what = "autocovariance (V²)" if name == "envelope" else "autocorrelation of the amplitude"
        row[1].set(title=f"{name}: memory", xlabel="lag (ns)", ylabel=what)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=("envelope", "oscillator"))
    parser.add_argument("--figure", help="file for the figure")
    given = parser.parse_args()
    found = []
    if given.only != "oscillator":
        runs = [envelope_trace(5e-3, 10 + seed, measurement=0.0, current=6e-3) for seed in range(MEMBERS)]
        found.append(judged("envelope", envelope_trace(5e-3, 1), envelope_trace(2e-3, 2), runs))
    if given.only != "envelope":
        runs = [oscillator_trace(40e-6, 10 + seed, measurement=0.0) for seed in range(MEMBERS)]
        found.append(judged("oscillator", oscillator_trace(8e-6, 2), oscillator_trace(8e-6, 3), runs))
    if given.figure:
        draw(found, given.figure)


if __name__ == "__main__":
    main()
