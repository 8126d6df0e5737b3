"""Lyon's passive ear: a cascade of filters along the cochlea, hair cells that rectify, gain control with neighbours.

R. F. Lyon, Proc. ICASSP 7, 1282 (1982); M. Slaney, Lyon's Cochlear Model, Apple Technical Report 13 (1988), whose
numbers are used. Written from that description and held against PyPI ``lyon`` (Apache-2.0, sciforce), a port of
Slaney's Auditory Toolbox, channel by channel in the tests. Unlike it, this one needs no compiled library of one system.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from spinode.compiled import CONTRACT
from spinode.signals import FloatArray

BREAK = 1000.0
"""Frequency below which the bandwidth of the ear stops falling [Hz]."""
ZERO_OFFSET = 1.5
"""Zero of a section above its pole, in channel steps."""
SHARPNESS = 5.0
"""How much sharper the zero is than the pole."""
PREEMPHASIS = 300.0
"""Corner of the outer and middle ear [Hz]."""
GAIN_TARGETS = np.array([0.0032, 0.0016, 0.0008, 0.0004])
"""Level at which each stage of gain control halves its input."""
GAIN_TIMES = np.array([0.64, 0.16, 0.04, 0.01])
"""Time constant of each stage [s]."""
SMOOTHING = 3.0
"""Time constant of the filter before decimation, in frames."""
MOST_GAIN_CONTROL = 0.9
"""Largest part of its input that a stage takes away: 20 dB."""
FRONT = 2
"""Sections for the outer and middle ear, not among the channels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cochleagram:
    """Firing rate along the cochlea in Lyon's passive ear, one frame each ``hop``.

    Section n, from the base of the cochlea on, is a resonance at f_n with a zero above it; its output feeds section
    n + 1. With bandwidth b(f) = sqrt(f^2 + f_b^2)/Q and spacing s b(f) the resonances are
    f_n = f_b sinh(asinh(f_0/f_b) - n s/Q), down to where a pole's own Q is 1/2. Each output is rectified, passes four
    stages of gain control y = x (1 - a), whose a follow y and their neighbours' a, is reduced by its lower neighbour
    (rectified again), smoothed by two poles of three hops and sampled at the end of each hop.

    Parameters
    ----------
    rate : int
        Samples a second of the words [Hz], 2000 to 200,000; it decides the number of channels: 64 at 8 kHz, 78 at
        12.5 kHz, 86 at 16 kHz.
    hop : float
        Time between frames [s]; a hop is rounded to whole samples, and the last part of a word is left out.
    quality : float
        Q, 2 to 64: how sharp the ear is; Slaney's is 8.
    step : float
        s, spacing of the channels in bandwidths, 0.05 to 1; Slaney's is Q/32 = 0.25.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    rate: int = 8000
    hop: float = 0.010
    quality: float = 8.0
    step: float = 0.25

    def __post_init__(self) -> None:
        if not 2000 <= self.rate <= 200_000:
            raise ValueError(f"Cochleagram.rate must be 2000 to 200000 Hz, got {self.rate}")
        if not (self.hop <= 1 and round(self.hop * self.rate) >= 1):
            raise ValueError(f"Cochleagram.hop must be one sample to 1 s, got {self.hop:g} s")
        if not 2 <= self.quality <= 64:
            raise ValueError(f"Cochleagram.quality must be 2 to 64, got {self.quality:g}")
        if not 0.05 <= self.step <= 1:
            raise ValueError(f"Cochleagram.step must be 0.05 to 1 bandwidths, got {self.step:g}")

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return "cochleagram"

    @property
    def channels(self) -> int:
        """Columns of the result."""
        return len(self.frequencies)

    @property
    def frequencies(self) -> FloatArray:
        """Resonance of each channel [Hz], falling, shape (channels,)."""
        return center_frequencies(self.rate, self.quality, self.step)

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Firing rates, shape (frames, channels), of samples (T,) at ``rate`` [Hz], which must be the own rate."""
        if rate != self.rate:
            raise ValueError(
                f"Cochleagram.rate must be that of the words, {rate} Hz, got {self.rate}; try Cochleagram(rate={rate})"
            )
        hop = round(self.hop * rate)
        word = np.ascontiguousarray(samples, dtype=np.float64)
        if len(word) < hop:
            word = np.pad(word, (0, hop - len(word)))
        result = np.empty((len(word) // hop, self.channels))
        _hear(word, hop, sections(rate, self.quality, self.step), _gain_control(rate), _smoother(hop, rate), result)
        return result


def center_frequencies(rate: int, quality: float, step: float) -> FloatArray:
    """Resonances f_n = f_b sinh(asinh(f_0/f_b) - n s/Q) [Hz], n = 1 ... N, down to f_b / sqrt(4 Q^2 - 1)."""
    half = 0.5 * rate
    top = half - (ZERO_OFFSET - 1.0) * step * _bandwidth(half, quality)
    lowest = BREAK / np.sqrt(4.0 * quality**2 - 1.0)
    count = int((np.arcsinh(top / BREAK) - np.arcsinh(lowest / BREAK)) * quality / step)
    return np.asarray(BREAK * np.sinh(np.arcsinh(top / BREAK) - np.arange(1, count + 1) * step / quality))


@lru_cache(maxsize=16)
def sections(rate: int, quality: float, step: float) -> FloatArray:
    """Coefficients b0, b1, b2, a1, a2 of the two front sections and of each channel, shape (2 + channels, 5)."""
    poles = center_frequencies(rate, quality, step)
    width = _bandwidth(poles, quality)
    zeros = poles + width * step * ZERO_OFFSET
    table = np.zeros((FRONT + len(poles), 5))
    table[FRONT:, 0] = 1.0
    table[FRONT:, 1:3] = _resonance(zeros, SHARPNESS * zeros / width, rate)
    table[FRONT:, 3:] = _resonance(poles, poles / width, rate)
    half = 0.5 * rate
    top = half - (ZERO_OFFSET - 1.0) * step * _bandwidth(half, quality)
    table[0, 1:3] = 1.0, -np.exp(-2.0 * np.pi * PREEMPHASIS / rate)
    table[1, [0, 2]] = 1.0, -1.0
    table[1, 3:] = _resonance(np.array([top]), poles[:1] / width[:1], rate)[0]
    steady = np.empty(len(poles))
    steady[1:] = poles[:-1] / poles[1:]
    steady[0] = steady[1]
    _set_gain(table[FRONT:], steady, 0.0)
    _set_gain(table[:FRONT], np.ones(FRONT), 0.25)
    table.setflags(write=False)
    return table


def _bandwidth(frequency: Any, quality: float) -> Any:
    """b(f) = sqrt(f^2 + f_b^2)/Q [Hz]."""
    return np.hypot(frequency, BREAK) / quality


def _resonance(frequency: FloatArray, quality: FloatArray, rate: int) -> FloatArray:
    """z^-1 and z^-2 coefficients of 1 - 2 r cos(t) z^-1 + r^2 z^-2, r = exp(-pi f/(Q rate)), shape (N, 2)."""
    radius = np.exp(-np.pi * frequency / (quality * rate))
    angle = 2.0 * np.pi * frequency / rate * np.sqrt(1.0 - 0.25 / quality**2)
    return np.stack([-2.0 * radius * np.cos(angle), radius**2], axis=1)


def _set_gain(table: FloatArray, gain: FloatArray, turn: float) -> None:
    """Scale numerators so that the modulus of the response at ``turn`` times the rate is ``gain``."""
    delay = np.exp(-2j * np.pi * turn)
    above = table[:, 0] + table[:, 1] * delay + table[:, 2] * delay**2
    below = 1.0 + table[:, 3] * delay + table[:, 4] * delay**2
    table[:, :3] *= (gain * np.abs(below / above))[:, None]


def _gain_control(rate: int) -> FloatArray:
    """Rows target and eps = 1 - exp(-1/(tau rate)) of the stages, as eps/target and (1 - eps)/3, shape (4, 2)."""
    eps = -np.expm1(-1.0 / (GAIN_TIMES * rate))
    return np.stack([eps / GAIN_TARGETS, (1.0 - eps) / 3.0], axis=1)


def _smoother(hop: int, rate: int) -> FloatArray:
    """Gain and pole of y = gain x(t - 2) + 2 p y(t - 1) - p^2 y(t - 2), of unit gain at rest; none where hop is 1."""
    if hop == 1:
        return np.zeros(0)
    pole = float(np.exp(-1.0 / (SMOOTHING * hop)))
    return np.array([(1.0 - pole) ** 2, pole])


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _hear(
    word: FloatArray, hop: int, table: FloatArray, stages: FloatArray, smoother: FloatArray, result: FloatArray
) -> None:
    """The whole ear, sample after sample; ``result`` takes the end of each hop, shape (frames, channels)."""
    count = len(table)
    delays = np.zeros((2, count))
    adapted = np.zeros((len(stages), count))
    smoothed = np.zeros((2, count))
    level, rest = np.empty(count), np.empty(count)
    for sample in range(len(result) * hop):
        _cascade(word[sample], table, delays, level)
        if sample % hop == 0:  # as Slaney's program does, on the first sample of each hop only
            level[:FRONT] = 0.0
        for stage in range(len(stages)):
            _adapt(level, adapted[stage], stages[stage, 0], stages[stage, 1], rest)
        _sharpen(level, rest)
        if len(smoother) > 0:
            _smooth(rest, smoothed, smoother[0], smoother[1])
        if (sample + 1) % hop == 0:
            result[sample // hop] = rest[FRONT:]


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _cascade(value: float, table: FloatArray, delays: FloatArray, level: FloatArray) -> None:
    """One sample through all sections (transposed direct form II); ``level`` takes the rectified outputs."""
    for n in range(len(table)):
        out = table[n, 0] * value + delays[0, n]
        delays[0, n] = table[n, 1] * value - table[n, 3] * out + delays[1, n]
        delays[1, n] = table[n, 2] * value - table[n, 4] * out
        level[n] = max(out, 0.0)
        value = out


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _adapt(level: FloatArray, state: FloatArray, rise: float, keep: float, old: FloatArray) -> None:
    """One stage: y = x (1 - a), then a = min(0.9, rise y + keep (a_left + a + a_right)); ends count twice."""
    last = len(level) - 1
    for n in range(last + 1):
        old[n] = state[n]
        level[n] *= 1.0 - state[n]
    for n in range(1, last):
        state[n] = min(rise * level[n] + keep * (old[n - 1] + old[n] + old[n + 1]), MOST_GAIN_CONTROL)
    state[0] = min(rise * level[0] + keep * (2.0 * old[0] + old[1]), MOST_GAIN_CONTROL)
    state[last] = min(rise * level[last] + keep * (old[last - 1] + 2.0 * old[last]), MOST_GAIN_CONTROL)


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _sharpen(level: FloatArray, rest: FloatArray) -> None:
    """What a channel has above its neighbour towards the base, rectified: max(y_(n-1) - y_n, 0)."""
    rest[0] = level[0]
    for n in range(1, len(level)):
        rest[n] = max(level[n - 1] - level[n], 0.0)


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _smooth(rest: FloatArray, smoothed: FloatArray, gain: float, pole: float) -> None:
    """Two equal poles and two samples of delay, in place."""
    for n in range(len(rest)):
        out = smoothed[0, n]
        smoothed[0, n] = 2.0 * pole * out + smoothed[1, n]
        smoothed[1, n] = gain * rest[n] - pole**2 * out
        rest[n] = out
