"""A formant source: pulses and noise through resonances that move from sound to sound. Not speech, only like it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from spinode.compiled import CONTRACT
from spinode.signals import FloatArray

CONTROL = 0.005
"""Time between two settings of the resonances [s]."""
GLIDE = 4
"""Settings over which one sound glides into the next."""
BANDWIDTHS = (70.0, 100.0, 140.0)
"""Of the three resonances [Hz] (assumed)."""

# Sound: three formants [Hz], voice, noise, seconds. Vowels: Peterson and Barney, J. Acoust. Soc. Am. 24, 175 (1952),
# Table II, men; the other sounds and all levels and lengths are assumed.
_SOUNDS = {
    "iy": (270, 2290, 3010, 1.0, 0.0, 0.12),
    "ih": (390, 1990, 2550, 1.0, 0.0, 0.10),
    "eh": (530, 1840, 2480, 1.0, 0.0, 0.12),
    "aa": (730, 1090, 2440, 1.0, 0.0, 0.14),
    "ao": (570, 840, 2410, 1.0, 0.0, 0.14),
    "uw": (300, 870, 2240, 1.0, 0.0, 0.14),
    "ah": (640, 1190, 2390, 1.0, 0.0, 0.12),
    "er": (490, 1350, 1690, 1.0, 0.0, 0.10),
    "w": (290, 610, 2150, 0.6, 0.0, 0.06),
    "r": (310, 1060, 1380, 0.6, 0.0, 0.06),
    "n": (250, 1300, 2600, 0.4, 0.0, 0.08),
    "v": (250, 1100, 2080, 0.4, 0.15, 0.06),
    "z": (250, 1800, 3300, 0.3, 0.4, 0.08),
    "s": (1800, 2800, 3500, 0.0, 0.5, 0.10),
    "f": (1000, 1800, 2900, 0.0, 0.2, 0.09),
    "th": (900, 1500, 2700, 0.0, 0.15, 0.08),
    "t": (1500, 2600, 3300, 0.0, 0.4, 0.03),
    "k": (1200, 1900, 2600, 0.0, 0.4, 0.03),
    "-": (500, 1500, 2500, 0.0, 0.0, 0.04),
}
WORDS = {
    "0": "z ih r ao uw",
    "1": "w ah n",
    "2": "- t uw",
    "3": "th r iy",
    "4": "f ao er",
    "5": "f aa iy v",
    "6": "s ih - k s",
    "7": "s eh v ah n",
    "8": "eh iy - t",
    "9": "n aa iy n",
}
"""Sounds of the ten digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """Who speaks.

    Parameters
    ----------
    pitch : float
        Pulses a second at the start of a word [Hz], 50 to 500; it falls by a fifth to the end.
    tract : float
        Factor on all formants, 0.6 to 1.6: a short tract has high ones.
    tempo : float
        Factor on all lengths, 0.4 to 2.5.
    breath : float
        Noise in voiced sounds beside the pulses, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    pitch: float
    tract: float
    tempo: float
    breath: float

    def __post_init__(self) -> None:
        ranges = {"pitch": (50, 500), "tract": (0.6, 1.6), "tempo": (0.4, 2.5), "breath": (0, 1)}
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"Voice.{name} must be {low:g} to {high:g}, got {getattr(self, name):g}")


def speak(word: str, voice: Voice, rate: int, rng: np.random.Generator) -> FloatArray:
    """Samples of one digit, shape (T,), in [-1, 1]; two calls differ in noise, lengths (7 %) and formants (2 %).

    Each resonance of frequency f and bandwidth b is y_t = g x_t + 2 r cos(2 pi f / rate) y_(t-1) - r^2 y_(t-2) with
    r = exp(-pi b / rate) and unit gain at rest, three in a row (Klatt, J. Acoust. Soc. Am. 67, 971 (1980), eq. 2).

    Parameters
    ----------
    word : str
        One of ``WORDS``.
    voice : Voice
        Who speaks.
    rate : int
        Samples a second [Hz].
    rng : numpy.random.Generator
        Source of noise and of the differences between two takes.
    """
    controls = _controls(word, voice, rng)
    count = round(len(controls) * CONTROL * rate)
    time = np.arange(count) / rate
    at = np.arange(len(controls)) * CONTROL
    tracks = np.stack([np.interp(time, at, controls[:, k]) for k in range(5)], axis=1)
    phase = np.cumsum(voice.pitch * (1.0 - 0.2 * time / time[-1]) / rate)
    pulses = np.diff(np.floor(phase), prepend=0.0) - voice.pitch / rate
    noise = rng.standard_normal(count) * 0.1
    source = tracks[:, 3] * (pulses + voice.breath * noise) + tracks[:, 4] * noise
    formants = np.minimum(tracks[:, :3], 0.48 * rate)
    sound = _resonate(source, formants, np.array(BANDWIDTHS), float(rate))
    return np.asarray(sound * (0.5 / np.abs(sound).max()))


def _controls(word: str, voice: Voice, rng: np.random.Generator) -> FloatArray:
    """Formants, voice and noise each 5 ms, shape (n, 5), gliding from sound to sound."""
    rows = []
    for sound in WORDS[word].split():
        *formants, voiced, noisy, seconds = _SOUNDS[sound]
        spread = voice.tract * (1.0 + 0.02 * rng.standard_normal(3))
        length = max(2, round(seconds * voice.tempo * (1.0 + 0.07 * rng.standard_normal()) / CONTROL))
        rows.append(np.tile([*(np.array(formants) * spread), voiced, noisy], (length, 1)))
    steps = np.pad(np.concatenate(rows), ((GLIDE, GLIDE), (0, 0)), mode="edge")
    steps[:GLIDE, 3:] = steps[-GLIDE:, 3:] = 0.0
    kernel = np.full(GLIDE, 1.0 / GLIDE)
    padded = np.pad(steps, ((GLIDE // 2, GLIDE - 1 - GLIDE // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, k], kernel, mode="valid") for k in range(5)], axis=1)


@njit(cache=True, nogil=True, fastmath=CONTRACT)  # type: ignore[misc, unused-ignore]
def _resonate(source: FloatArray, formants: FloatArray, bandwidths: FloatArray, rate: float) -> FloatArray:
    """The source through a row of resonances whose frequencies move with every sample."""
    result = np.empty(len(source))
    past = np.zeros((2, len(bandwidths)))
    for sample in range(len(source)):
        value = source[sample]
        for k in range(len(bandwidths)):
            radius = np.exp(-np.pi * bandwidths[k] / rate)
            first = 2.0 * radius * np.cos(2.0 * np.pi * formants[sample, k] / rate)
            value = (1.0 - first + radius * radius) * value + first * past[0, k] - radius * radius * past[1, k]
            past[1, k] = past[0, k]
            past[0, k] = value
        result[sample] = value
    return result
