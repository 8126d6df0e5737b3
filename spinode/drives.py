"""Drives: what is applied to a device, as signals made from a shape, a duration and a sample interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinode.signals import Channel, FloatArray, Signal, signal_of

SAMPLES_A_PERIOD = 8
"""Fewest samples a period of an oscillating drive: the cubic between them is then within 0.5 % of the amplitude."""
MOST_SAMPLES = 100_000_000
"""Largest number of samples of a drive (0.8 GB a channel)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """Samples at 0, dt, ..., duration.

    Parameters
    ----------
    duration : float
        Time of the last sample [s], rounded to whole intervals; at least one interval.
    dt : float
        Sample interval [s], > 0.

    Raises
    ------
    ValueError
        If a time breaks its rule or there would be more than ``MOST_SAMPLES`` samples.
    """

    duration: float
    dt: float

    def __post_init__(self) -> None:
        for name, value in (("duration", self.duration), ("dt", self.dt)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"Sampling.{name} must be a positive number of seconds, got {value}")
        if self.duration / self.dt < 0.5:
            raise ValueError(f"Sampling.duration must be at least dt = {self.dt:g} s, got {self.duration:g} s")
        if self.duration / self.dt >= MOST_SAMPLES:
            raise ValueError(
                f"Sampling.dt must give fewer than {MOST_SAMPLES} samples, got {self.dt:g} s for"
                f" {self.duration:g} s; try {10 * round_below(self.duration / MOST_SAMPLES):g} s"
            )

    @property
    def count(self) -> int:
        """Number of samples."""
        return round(self.duration / self.dt) + 1

    @property
    def time(self) -> FloatArray:
        """Sample times i dt [s]."""
        return np.asarray(np.arange(self.count) * self.dt, dtype=np.float64)

    def first_after(self, time: float) -> int:
        """Number of the first sample at or after a time [s]."""
        return int(np.ceil(time / self.dt * (1 - 1e-12) - 1e-9))


def constant(channel: Channel, sampling: Sampling, value: float) -> Signal:
    """The same value throughout; held."""
    return _held(channel, sampling, np.full(sampling.count, value))


def steps(channel: Channel, sampling: Sampling, levels: Sequence[float], times: Sequence[float]) -> Signal:
    """levels[0] from the start, then levels[i + 1] from the first sample at or after times[i] on; held.

    Parameters
    ----------
    levels : sequence of float
        One more than ``times``, in the channel's unit.
    times : sequence of float
        Rising, within the duration and at least dt apart [s].

    Raises
    ------
    ValueError
        If the times break these rules: a level shorter than a sample would be lost.
    """
    if len(levels) != len(times) + 1:
        raise ValueError(f"drive '{channel.name}': steps need one level more than times, got {len(levels)}")
    edges = [0.0, *times]
    for before, after in zip(edges[:-1], edges[1:], strict=True):
        if after > sampling.duration or after < before:
            raise ValueError(
                f"drive '{channel.name}': step times must rise from 0 to {sampling.duration:g} s, got {after:g} s"
            )
        if after > 0:
            _check_length(channel, sampling, "a level", after - before)
    values = np.empty(sampling.count)
    for edge, level in zip(edges, levels, strict=True):
        values[sampling.first_after(edge) :] = level
    return _held(channel, sampling, values)


def pulses(channel: Channel, sampling: Sampling, low: float, high: float, width: float, period: float) -> Signal:
    """``high`` for ``width`` seconds at the start of each ``period`` seconds, ``low`` otherwise; held.

    Raises
    ------
    ValueError
        If a pulse or a gap is shorter than a sample.
    """
    if not 0 < width < period:
        raise ValueError(
            f"drive '{channel.name}': a pulse must be shorter than its period {period:g} s, got {width:g} s"
        )
    _check_length(channel, sampling, "a pulse", width)
    _check_length(channel, sampling, "the gap between pulses", period - width)
    phase = np.arange(sampling.count) * (sampling.dt / period)
    phase -= np.floor(phase + 1e-9)
    return _held(channel, sampling, np.where(phase < width / period * (1 - 1e-9), high, low))


def sine(
    channel: Channel, sampling: Sampling, offset: float, amplitude: float, frequency: float, phase: float = 0.0
) -> Signal:
    """offset + amplitude sin(2 pi frequency t + phase); smooth.

    Raises
    ------
    ValueError
        If a period has fewer than ``SAMPLES_A_PERIOD`` samples.
    """
    _check_frequency(channel, sampling, frequency)
    return _smooth(channel, sampling, offset + amplitude * np.sin(2 * np.pi * frequency * sampling.time + phase))


def random_sine(
    channel: Channel,
    sampling: Sampling,
    offset: float,
    amplitude: float,
    frequency: float,
    rng: np.random.Generator,
) -> Signal:
    """offset + a_k sin(2 pi frequency t) with a new a_k, uniform in [0, amplitude], in each period k; smooth.

    The training drive of Chen et al., Nat. Commun. 13, 1016 (2022).
    """
    _check_frequency(channel, sampling, frequency)
    turns = frequency * sampling.time
    period = np.floor(turns + 1e-9).astype(np.int64)
    sizes = rng.uniform(0.0, amplitude, int(period[-1]) + 1) if amplitude else np.zeros(int(period[-1]) + 1)
    return _smooth(channel, sampling, offset + sizes[period] * np.sin(2 * np.pi * turns))


def random_holds(
    channel: Channel, sampling: Sampling, low: float, high: float, hold: float, rng: np.random.Generator
) -> Signal:
    """A new value, uniform in [low, high], every ``hold`` seconds; held.

    Raises
    ------
    ValueError
        If ``hold`` is shorter than a sample.
    """
    _check_length(channel, sampling, "a hold", hold)
    number = np.floor(np.arange(sampling.count) * (sampling.dt / hold) + 1e-9).astype(np.int64)
    values = rng.uniform(min(low, high), max(low, high), int(number[-1]) + 1)
    return _held(channel, sampling, values[number])


def noise(
    channel: Channel, sampling: Sampling, mean: float, deviation: float, bandwidth: float, rng: np.random.Generator
) -> Signal:
    """Gaussian noise with a flat spectrum from 0 to ``bandwidth`` [Hz] and none above; smooth.

    Made from independent Gaussian amplitudes of the frequencies k/period below the bandwidth, so its expected standard
    deviation is ``deviation``; the period is at least twice the duration, so that no part of it comes again.

    Raises
    ------
    ValueError
        If ``deviation`` is negative, the bandwidth has fewer than ``SAMPLES_A_PERIOD`` samples a period, or the
        duration is shorter than one period of it.
    """
    _check_frequency(channel, sampling, bandwidth)
    if deviation < 0:
        raise ValueError(f"drive '{channel.name}': the deviation of noise must be 0 or above, got {deviation:g}")
    if sampling.duration * bandwidth < 1:
        raise ValueError(
            f"drive '{channel.name}': noise must last a period of its bandwidth, 1/({bandwidth:g} Hz),"
            f" got {sampling.duration:g} s"
        )
    length = 2 ** int(np.ceil(np.log2(2 * sampling.count)))
    highest = int(bandwidth * length * sampling.dt)
    spectrum = np.zeros(length // 2 + 1, dtype=np.complex128)
    parts = rng.standard_normal((2, highest))
    spectrum[1 : highest + 1] = (parts[0] + 1j * parts[1]) * (0.5 * length / np.sqrt(highest))
    return _smooth(channel, sampling, mean + deviation * np.fft.irfft(spectrum, length)[: sampling.count])


def chirp(channel: Channel, sampling: Sampling, offset: float, amplitude: float, first: float, last: float) -> Signal:
    """A sine whose frequency goes linearly from ``first`` to ``last`` [Hz] over the duration; smooth."""
    for frequency in (first, last):
        _check_frequency(channel, sampling, frequency)
    time = sampling.time
    turns = first * time + 0.5 * (last - first) / sampling.duration * time**2
    return _smooth(channel, sampling, offset + amplitude * np.sin(2 * np.pi * turns))


def join(*signals: Signal) -> Signal:
    """All channels of several signals on one time axis, in the order given."""
    first = signals[0]
    for other in signals[1:]:
        if (len(other), other.dt, other.start) != (len(first), first.dt, first.start):
            raise ValueError(f"join needs signals of one time axis, got '{other.names[0]}' on another one")
    return replace(
        first,
        values=np.hstack([signal.values for signal in signals]),
        channels=tuple(channel for signal in signals for channel in signal.channels),
    )


def _held(channel: Channel, sampling: Sampling, values: FloatArray) -> Signal:
    return signal_of(values, sampling.dt, replace(channel, hold=True))


def _smooth(channel: Channel, sampling: Sampling, values: FloatArray) -> Signal:
    return signal_of(values, sampling.dt, replace(channel, hold=False))


def _check_length(channel: Channel, sampling: Sampling, what: str, length: float) -> None:
    if length < sampling.dt * (1 - 1e-9):
        raise ValueError(
            f"drive '{channel.name}': {what} must be at least dt = {sampling.dt:g} s long, got {length:g} s;"
            f" try dt {round_below(length):g} s"
        )


def _check_frequency(channel: Channel, sampling: Sampling, frequency: float) -> None:
    if not (np.isfinite(frequency) and frequency > 0):
        raise ValueError(f"drive '{channel.name}': frequency must be a positive number of Hz, got {frequency:g}")
    samples = 1 / (frequency * sampling.dt)
    if samples < SAMPLES_A_PERIOD * (1 - 1e-9):
        finer = round_below(1 / frequency / SAMPLES_A_PERIOD)
        raise ValueError(
            f"drive '{channel.name}': {frequency:g} Hz must have at least {SAMPLES_A_PERIOD} samples a period,"
            f" got {samples:.3g} with dt = {sampling.dt:g} s; try dt {finer:g} s"
        )


def round_below(time: float) -> float:
    """The round number, 1, 2 or 5 times a power of ten, at or below a time [s]."""
    power = 10.0 ** np.floor(np.log10(time))
    factor = max(factor for factor in (1, 2, 5) if factor * power <= time * (1 + 1e-9))
    return float(f"{factor * power:.0e}")
