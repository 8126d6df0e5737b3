"""How well do one noisy voltage, and a sweep of the current below threshold, tell where a vortex begins to oscillate?

    python benchmarks/threshold.py

Prints the ratio <p^2>/<p>^2 of the envelope of the voltage over the current (2 for heat alone, 1 on an orbit), the same
with white noise of an amplifier, and how far off the threshold is that currents below it extrapolate to. The device is
the default vortex oscillator at 300 K; a record is 20 us at 0.25 ns. About half a minute.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import hilbert

from spinode.devices import VortexOscillator
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray
from spinode.simulate import simulate

SAMPLING = Sampling(duration=20e-6, dt=0.25e-9)
RATIOS = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4)
SEEDS = (1, 2, 3)
NOISY = 1.4
"""Thresholds at which noise is added."""
SWEEPS = 8
LOWEST, HIGHEST = 0.35, 0.9
"""Ends of a sweep, in thresholds."""
END = 1000
"""Samples at each end at which a Hilbert transform is wrong."""


def voltage(vortex: VortexOscillator, current: float, seed: int) -> FloatArray:
    """Voltage (T,) [V] at a constant current [A]."""
    levels = zip(vortex.inputs, (current, 0.0), strict=True)
    drive = join(*(constant(channel, SAMPLING, level) for channel, level in levels))
    return simulate(vortex, drive, rng=np.random.default_rng(seed)).output.column("voltage")


def bunching(values: FloatArray) -> float:
    """<p^2>/<p>^2 of the envelope."""
    power = np.abs(hilbert(values - values.mean()))[END:-END] ** 2
    return float((power**2).mean() / power.mean() ** 2)


def extrapolated(vortex: VortexOscillator, seed: int) -> float:
    """Threshold [A] from the variances below it: current^2/variance falls to zero on a straight line."""
    currents = np.linspace(LOWEST, HIGHEST, 6) * vortex.threshold_current
    inverse = [current**2 / voltage(vortex, current, seed).var() for current in currents]
    slope, offset = np.polyfit(currents, inverse, 1)
    return float(-offset / slope)


def main() -> None:
    vortex = VortexOscillator()
    print("thresholds  ratio of three records")
    for ratio in RATIOS:
        found = [bunching(voltage(vortex, ratio * vortex.threshold_current, seed)) for seed in SEEDS]
        print(f"{ratio:10g}  " + "  ".join(f"{each:.2f}" for each in found))
    clean, rng = voltage(vortex, NOISY * vortex.threshold_current, 1), np.random.default_rng(0)
    for below in (20, 10, 5, 0):
        noise = clean.std() * 10 ** (-below / 20) * rng.standard_normal(clean.size)
        print(f"{NOISY:g} thresholds, noise {below} dB below: {bunching(clean + noise):.2f}")
    errors = 100 * (np.array([extrapolated(vortex, 100 + n) for n in range(SWEEPS)]) / vortex.threshold_current - 1)
    print(f"sweeps up to {HIGHEST:g}: off by {errors.min():.1f} to {errors.max():.1f} %, mean {errors.mean():.1f} %")


if __name__ == "__main__":
    main()
