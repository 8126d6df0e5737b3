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

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.optimize import minimize
from scipy.signal import hilbert, welch

sys.path.insert(0, str(Path(__file__).parent.parent))  # the traces are those of the tests

from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.traces import Trace, TraceSet
from tests.noisy_traces import FINE, SAMPLE, envelope_trace, oscillator_trace

MEMBERS = 6
"""Runs of device and surrogate that are compared."""
GOALS = {"variance": 0.10, "correlation time": 0.15, "linewidth": 0.20}


@dataclass(frozen=True)
class Statistics:
    """Stationary variance, correlation time [s] and linewidth [Hz] of runs, and the curves behind them."""

    variance: float
    time: float
    width: float
    lags: FloatArray
    correlation: FloatArray
    frequency: FloatArray
    power: FloatArray

    def numbers(self) -> dict[str, float]:
        return {"variance": self.variance, "correlation time": self.time, "linewidth": self.width}


def autocovariance(runs: list[FloatArray], most: int, every: int) -> FloatArray:
    """Mean over the runs, at lags 0, every, 2 every, ... samples."""
    lags = range(0, most, every)
    return np.mean([[np.mean(run[lag:] * run[: len(run) - lag]) for lag in lags] for run in runs], axis=0)


def line(frequency: FloatArray, power: FloatArray, start: tuple[float, float]) -> float:
    """Full width of the likeliest Lorentzian of an averaged spectrum (Whittle); ``start`` is (centre, width)."""

    def cost(p: FloatArray) -> float:
        shape = np.exp(p[0]) / (1 + ((frequency - p[1] * start[1] - start[0]) / (0.5 * start[1] * np.exp(p[2]))) ** 2)
        return float(np.sum(np.log(shape) + power / shape))

    found = minimize(cost, [np.log(power.max()), 0.0, 0.0], method="Nelder-Mead", options={"maxiter": 4000})
    return float(start[1] * np.exp(found.x[2]))


def envelope_statistics(traces: list[Trace]) -> Statistics:
    runs = [trace.output.values[200:, 0] - trace.output.values[200:, 0].mean() for trace in traces]
    covariance = autocovariance(runs, 40, 1)
    fit_lags = np.arange(1, 10)
    slope = np.polyfit(fit_lags, np.log(covariance[fit_lags]), 1, w=covariance[fit_lags])[0]
    spectra = [welch(run, 1 / SAMPLE, nperseg=4096) for run in runs]
    frequency, power = spectra[0][0], np.mean([each[1] for each in spectra], axis=0)
    low = (frequency > 2e3) & (frequency < 1.5e6)
    return Statistics(
        variance=float(covariance[0]), time=float(-SAMPLE / slope),
        width=line(frequency[low], power[low], (0.0, 8e5)) / 2,  # half of the line lies at negative frequencies
        lags=np.arange(40) * SAMPLE, correlation=covariance / covariance[0], frequency=frequency, power=power,
    )  # fmt: skip


def oscillator_statistics(traces: list[Trace]) -> Statistics:
    """Correlation time of the amplitude; width of the line at the oscillation's frequency."""
    runs = [trace.output.values[3000:, 0] - trace.output.values[3000:, 0].mean() for trace in traces]
    sizes = [np.abs(hilbert(run))[500:-500] for run in runs]
    covariance = autocovariance([size - size.mean() for size in sizes], 800, 20)
    spectra = [welch(run, 1 / FINE, nperseg=1 << 16) for run in runs]
    frequency, power = spectra[0][0], np.mean([each[1] for each in spectra], axis=0)
    centre = float(np.sum(frequency * power) / np.sum(power))
    near = np.abs(frequency - centre) < 20e6
    return Statistics(
        variance=float(np.mean([run.var() for run in runs])),
        time=float(np.sum(covariance[1:30]) + covariance[0] / 2) / float(covariance[0]) * 20 * FINE,
        width=line(frequency[near], power[near], (centre, 3e6)),
        lags=np.arange(len(covariance)) * 20 * FINE, correlation=covariance / covariance[0],
        frequency=frequency, power=power,
    )  # fmt: skip


def free_runs(twin: Surrogate, traces: list[Trace]) -> list[Trace]:
    return [
        simulate(twin, trace.drive, initial=twin.initial_from(trace), rng=np.random.default_rng(100 + number))
        for number, trace in enumerate(traces)
    ]


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
            row[1].plot(
                1e9 * each.lags,
                each.variance * each.correlation if name == "envelope" else each.correlation,
                style,
                lw=1.4,
            )
        if name == "oscillator":
            centre = float(device.frequency[np.argmax(device.power)]) / scale
            row[0].set_xlim(centre - 40, centre + 40)
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
