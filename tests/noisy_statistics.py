"""Stationary variance, correlation time and linewidth of noisy runs, by which surrogate and device are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.signal import hilbert, welch

from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import Surrogate
from spinode.traces import Trace
from tests.noisy_traces import FINE, SAMPLE

CORE = 4e6
"""Distance from the centre [Hz] up to which a line is fitted: further out it falls faster than a Lorentzian, because
the frequency follows the amplitude only up to 1/(2 pi relaxation time), here 8 MHz."""
GOALS = {"variance": 0.10, "correlation time": 0.15, "linewidth": 0.20}
"""Largest relative differences that are asked for."""


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
    near = np.abs(frequency - centre) < CORE
    return Statistics(
        variance=float(np.mean([run.var() for run in runs])),
        time=float(np.sum(covariance[1:30]) + covariance[0] / 2) / float(covariance[0]) * 20 * FINE,
        width=line(frequency[near], power[near], (centre, 3e6)),
        lags=np.arange(len(covariance)) * 20 * FINE, correlation=covariance / covariance[0],
        frequency=frequency, power=power,
    )  # fmt: skip


def free_runs(twin: Surrogate, traces: list[Trace]) -> list[Trace]:
    """Noisy free runs of a surrogate under the drives of the traces, each from the start of its trace."""
    return [
        simulate(twin, trace.drive, initial=twin.initial_from(trace), rng=np.random.default_rng(100 + number))
        for number, trace in enumerate(traces)
    ]
