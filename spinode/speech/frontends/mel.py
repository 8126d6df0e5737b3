"""Front ends on the mel scale: log-mel energies and cepstra; the filters are librosa's."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from spinode.signals import FloatArray
from spinode.speech.frontends.frames import Frames, next_power_of_two, spectrum

SCALES = ("htk", "slaney")
FLOOR = 1e-10
"""Smallest mel power before the logarithm, -100 dB of full scale (librosa's ``amin``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMel:
    """Logarithm of the power in triangular mel bands.

    y_mk = ln max(sum_f B_kf |X_m(f)|^2, 1e-10), B from librosa (triangles of unit area), X the transform of frame m
    filled up to the next power of two (256 points for 25 ms at 8 kHz).

    Parameters
    ----------
    bands : int
        Mel bands from 0 to half the rate, 2 to 256.
    scale : str
        ``htk``: mel = 2595 log10(1 + f / 700 Hz); ``slaney``: linear below 1 kHz, logarithmic above.
    frames : Frames
        Window and hop; default 25 ms Hamming each 10 ms.

    Raises
    ------
    ValueError
        If the number of bands is out of range.
    """

    bands: int = 40
    scale: str = "htk"
    frames: Frames = field(default_factory=Frames)

    def __post_init__(self) -> None:
        _check_bands("LogMel", self.bands, self.scale)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return "log-mel"

    @property
    def channels(self) -> int:
        """Columns of the result."""
        return self.bands

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Log energies, shape (frames, bands), of samples (T,) at ``rate`` [Hz]."""
        return log_mel(self.frames.cut(samples, rate), rate, self.bands, self.scale)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mfcc:
    """Mel-frequency cepstral coefficients: the first coefficients of the discrete cosine transform of log-mel energies.

    c_mj = s_j sum_k y_mk cos(pi j (k + 1/2) / K), the orthonormal DCT-II, j = 0 ... J - 1.
    Davis and Mermelstein, IEEE Trans. ASSP 28, 357 (1980), eq. 1; scaling as librosa's ``norm='ortho'``.

    Parameters
    ----------
    coefficients : int
        J, 1 to the number of bands; 13 in Abreu Araujo et al., Sci. Rep. 10, 328 (2020).
    bands : int
        K mel bands, 2 to 256.
    scale : str
        ``htk``: mel = 2595 log10(1 + f / 700 Hz); ``slaney``: linear below 1 kHz, logarithmic above.
    frames : Frames
        Window and hop; default 25 ms Hamming each 10 ms.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    coefficients: int = 13
    bands: int = 26
    scale: str = "htk"
    frames: Frames = field(default_factory=Frames)

    def __post_init__(self) -> None:
        _check_bands("Mfcc", self.bands, self.scale)
        if not 1 <= self.coefficients <= self.bands:
            raise ValueError(f"Mfcc.coefficients must be 1 to the {self.bands} bands, got {self.coefficients}")

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return "mfcc"

    @property
    def channels(self) -> int:
        """Columns of the result."""
        return self.coefficients

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Cepstra, shape (frames, coefficients), of samples (T,) at ``rate`` [Hz]."""
        energies = log_mel(self.frames.cut(samples, rate), rate, self.bands, self.scale)
        return energies @ _cosines(self.bands, self.coefficients)


def log_mel(frames: FloatArray, rate: int, bands: int, scale: str) -> FloatArray:
    """Log power in mel bands, shape (frames, bands), of windowed frames (frames, L) at ``rate`` [Hz]."""
    points = next_power_of_two(frames.shape[1])
    transform = spectrum(frames, points)
    power = transform.real**2 + transform.imag**2
    return np.asarray(np.log(np.maximum(power @ mel_filters(rate, points, bands, scale), FLOOR)))


@lru_cache(maxsize=32)
def mel_filters(rate: int, points: int, bands: int, scale: str) -> FloatArray:
    """librosa's mel filters, shape (points // 2 + 1, bands)."""
    import librosa.filters  # here: librosa takes seconds to load

    with warnings.catch_warnings():  # where a band lies between two frequencies of the transform librosa warns
        warnings.simplefilter("ignore", UserWarning)
        bank = librosa.filters.mel(sr=rate, n_fft=points, n_mels=bands, htk=scale == "htk", dtype=np.float64)
    empty = int(np.sum(bank.sum(axis=1) == 0))
    if empty:
        raise ValueError(f"bands must each hold a frequency of the transform, got {empty} empty of {bands}; try fewer")
    return np.ascontiguousarray(bank.T)


@lru_cache(maxsize=32)
def _cosines(bands: int, coefficients: int) -> FloatArray:
    """Orthonormal DCT-II as a matrix, shape (bands, coefficients)."""
    from scipy.fft import dct

    return np.ascontiguousarray(dct(np.eye(bands), type=2, norm="ortho", axis=1)[:, :coefficients])


def _check_bands(owner: str, bands: int, scale: str) -> None:
    if not 2 <= bands <= 256:
        raise ValueError(f"{owner}.bands must be 2 to 256, got {bands}")
    if scale not in SCALES:
        raise ValueError(f"{owner}.scale must be one of {', '.join(SCALES)}, got '{scale}'")
