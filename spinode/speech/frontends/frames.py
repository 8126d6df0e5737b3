"""Short-time spectra that the front ends share: frames, window and Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Frames:
    """How a word is cut: windows of ``window`` seconds, one each ``hop`` seconds, none padded.

    Frame m, sample n: x_m[n] = w[n] x[m H + n], n = 0 ... L - 1, with w the periodic Hamming window, L = window * rate,
    H = hop * rate; there are 1 + floor((T - L)/H) of them. A word shorter than one window is filled up by zeros.

    Parameters
    ----------
    window, hop : float
        Lengths [s], > 0; the hop is at most the window.

    Raises
    ------
    ValueError
        If a length breaks these rules.
    """

    window: float = 0.025
    hop: float = 0.010

    def __post_init__(self) -> None:
        if not 0 < self.window <= 1:
            raise ValueError(f"Frames.window must be above 0 and at most 1 s, got {self.window:g}")
        if not 0 < self.hop <= self.window:
            raise ValueError(f"Frames.hop must be above 0 and at most the window {self.window:g} s, got {self.hop:g}")

    def cut(self, samples: FloatArray, rate: int) -> FloatArray:
        """Windowed frames, shape (frames, L), of samples (T,) at ``rate`` [Hz]."""
        length, step = round(self.window * rate), round(self.hop * rate)
        if length < 2 or step < 1:
            raise ValueError(f"Frames.window must hold two samples or more, got {self.window:g} s at {rate} Hz")
        if len(samples) < length:
            samples = np.pad(samples, (0, length - len(samples)))
        cut = np.lib.stride_tricks.sliding_window_view(samples, length)[::step]
        return cut * hamming(length)


@lru_cache(maxsize=32)
def hamming(length: int) -> FloatArray:
    """Periodic Hamming window 0.54 - 0.46 cos(2 pi n / L), shape (L,); librosa's ``fftbins=True``."""
    window: FloatArray = 0.54 - 0.46 * np.cos(2.0 * np.pi * np.arange(length) / length)
    window.setflags(write=False)
    return window


def next_power_of_two(length: int) -> int:
    """Smallest power of two that is not below ``length``."""
    return 1 << (length - 1).bit_length()


def spectrum(frames: FloatArray, points: int) -> NDArray[np.complex128]:
    """Fourier transform of each frame, filled up by zeros to ``points`` samples; shape (frames, points // 2 + 1)."""
    return np.fft.rfft(frames, n=points, axis=1)
