"""Noisy traces whose truth is known, for the tests and figures of learned noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.envelope import EnvelopeOscillator
from spinode.drives import Sampling, constant, join, random_holds
from spinode.signals import Channel, FloatArray, Signal, signal_of
from spinode.simulate import simulate
from spinode.traces import Trace

ENVELOPE = EnvelopeOscillator(noise=1e-3)
"""Relaxation 410 ns; the voltage scatters by 1 mV at 300 K, about as far as the drive below moves it."""
SAMPLE = 100e-9
OSCILLATOR = AutoOscillator()
"""300 K; 18.6 samples a period at 0.1 ns."""
CURRENT = 1.5 * OSCILLATOR.threshold_current
FINE = 0.1e-9


def with_measurement(trace: Trace, deviation: float, rng: np.random.Generator) -> Trace:
    """The trace with independent normal noise of this deviation on every output."""
    values = trace.output.values + deviation * rng.standard_normal(trace.output.values.shape)
    return replace(trace, output=replace(trace.output, values=values))


def decay(
    count: int, seed: int, *, rate: float = 0.25, strength: float = 0.1, measurement: float = 0.05, push: float = 0.0
) -> Trace:
    """Exact samples of dx = -rate x dt + sqrt(strength) dW + push u dt, time in samples, with measurement variance.

    u is a held drive of random levels; with ``push`` 0 the trace has no drive (Ornstein and Uhlenbeck 1930).
    """
    rng = np.random.default_rng(seed)
    fading = np.exp(-rate)
    kick = np.sqrt(strength * (1 - fading**2) / (2 * rate)) * rng.standard_normal(count)
    force = np.repeat(rng.uniform(-1, 1, count // 10 + 1), 10)[:count]
    x = np.empty(count)
    x[0] = np.sqrt(strength / (2 * rate)) * rng.standard_normal()
    for i in range(1, count):
        x[i] = fading * x[i - 1] + push * (1 - fading) / rate * force[i - 1] + kick[i]
    y = x + np.sqrt(measurement) * rng.standard_normal(count)
    drive = (
        signal_of(force, 1e-9, Channel(name="u", hold=True))
        if push
        else Signal(values=np.empty((count, 0)), dt=1e-9, channels=())
    )
    return Trace(drive=drive, output=signal_of(y, 1e-9, Channel(name="y", unit="V")), name=f"decay {seed}")


def envelope_trace(duration: float, seed: int, *, measurement: float = 0.3e-3, current: float | None = None) -> Trace:
    """Noisy envelope at 100 ns: random currents from 4.5 to 7 mA, each 1 us, or one constant current."""
    rng = np.random.default_rng(seed)
    sampling = Sampling(duration=duration, dt=SAMPLE)
    channel = ENVELOPE.inputs[0]
    drive = (
        random_holds(channel, sampling, 4.5e-3, 7e-3, 1e-6, rng)
        if current is None
        else constant(channel, sampling, current)
    )
    return with_measurement(simulate(ENVELOPE, drive, rng=rng), measurement, rng)


def oscillator_trace(duration: float, seed: int, *, measurement: float = 0.02) -> Trace:
    """Free-running oscillator at 1.5 times its threshold; measurement noise as a part of the voltage's deviation."""
    rng = np.random.default_rng(seed)
    sampling = Sampling(duration=duration + 0.2e-6, dt=FINE)
    current, force = OSCILLATOR.inputs
    drive = join(constant(current, sampling, CURRENT), constant(force, sampling, 0.0))
    clean = simulate(OSCILLATOR, drive, rng=rng)
    clean = clean.samples(2000, len(clean))
    return with_measurement(clean, measurement * float(clean.output.values.std()), rng)


def settled(values: FloatArray) -> FloatArray:
    """One output after its first 200 samples, without its mean."""
    column = values[200:, 0]
    return np.asarray(column - column.mean())
