"""Spectrograms: the linear one, which keeps the sign, and the magnitude, which is already a nonlinearity."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinode.signals import FloatArray
from spinode.speech.frontends.frames import Frames, spectrum

CHANNELS = 65
"""Frequencies from 0 to half the rate: the count of the literature (Abreu Araujo et al., Sci. Rep. 10, 328, 2020)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearSpectrogram:
    """Signed real part of the short-time Fourier transform: linear in the sound.

    y_mk = Re sum_n x_m[n] exp(-i pi k n / (K - 1)), k = 0 ... K - 1, with x_m the windowed frame (``Frames``): the
    frequencies are rate k / (2 (K - 1)), whatever the window's length. A linear readout of single frames cannot tell
    words apart by it, since a word and its negative sound the same: it is at chance. That is what makes the gain of a
    device on it so large.

    Parameters
    ----------
    bins : int
        K frequencies, 3 to 4097; 65 in the literature.
    frames : Frames
        Window and hop; default 25 ms Hamming each 10 ms (assumed: the papers' own were not at hand).

    Raises
    ------
    ValueError
        If the number of bins is out of range.
    """

    bins: int = CHANNELS
    frames: Frames = field(default_factory=Frames)

    def __post_init__(self) -> None:
        _check_bins("LinearSpectrogram", self.bins)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return "spectrogram"

    @property
    def channels(self) -> int:
        """Columns of the result."""
        return self.bins

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Real parts, shape (frames, bins), of samples (T,) at ``rate`` [Hz]."""
        return np.ascontiguousarray(_transform(self.frames, samples, rate, self.bins).real)


@dataclass(frozen=True, kw_only=True, slots=True)
class MagnitudeSpectrogram:
    """Magnitude of the short-time Fourier transform at the frequencies of ``LinearSpectrogram``.

    y_mk = | sum_n x_m[n] exp(-i pi k n / (K - 1)) |.

    Parameters
    ----------
    bins : int
        K frequencies, 3 to 4097; 65 in the literature.
    frames : Frames
        Window and hop; default 25 ms Hamming each 10 ms (assumed).

    Raises
    ------
    ValueError
        If the number of bins is out of range.
    """

    bins: int = CHANNELS
    frames: Frames = field(default_factory=Frames)

    def __post_init__(self) -> None:
        _check_bins("MagnitudeSpectrogram", self.bins)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return "magnitude"

    @property
    def channels(self) -> int:
        """Columns of the result."""
        return self.bins

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Magnitudes, shape (frames, bins), of samples (T,) at ``rate`` [Hz]."""
        return np.abs(_transform(self.frames, samples, rate, self.bins))


def _transform(frames: Frames, samples: FloatArray, rate: int, bins: int) -> NDArray[np.complex128]:
    """Transform at ``bins`` frequencies: every m-th of one that is m times as long, where the window needs it."""
    cut = frames.cut(samples, rate)
    shortest = 2 * (bins - 1)
    multiple = -(-cut.shape[1] // shortest)
    return spectrum(cut, shortest * multiple)[:, ::multiple]


def _check_bins(owner: str, bins: int) -> None:
    if not 3 <= bins <= 4097:
        raise ValueError(f"{owner}.bins must be 3 to 4097, got {bins}")
