"""Acoustic front ends: samples of a word in, frames of channels out."""

from __future__ import annotations

from typing import Protocol

from spinode.signals import FloatArray, missing_name
from spinode.speech.frontends.frames import Frames
from spinode.speech.frontends.mel import LogMel, Mfcc
from spinode.speech.frontends.spectrogram import CHANNELS, LinearSpectrogram, MagnitudeSpectrogram

__all__ = [
    "FRONT_ENDS",
    "Frames",
    "FrontEnd",
    "LinearSpectrogram",
    "LogMel",
    "MagnitudeSpectrogram",
    "Mfcc",
    "front_end",
]

FRONT_ENDS = ("spectrogram", "magnitude", "log-mel", "mfcc", "cochleagram")
"""Names of the front ends, from the most linear to the most like an ear."""
_OTHER_NAMES = {"linear": "spectrogram", "logmel": "log-mel", "lyon": "cochleagram"}


class FrontEnd(Protocol):
    """What every front end offers; a frozen dataclass, so that its parameters name its features in the cache."""

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        ...

    @property
    def channels(self) -> int:
        """Columns of the result."""
        ...

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        """Frames of a word, shape (frames, channels), from samples (T,) at ``rate`` [Hz]; at least one frame."""
        ...


def front_end(name: str, rate: int) -> FrontEnd:
    """The front end of a name with the settings of the literature, for words at a rate.

    A spectrogram of K channels gets a window of exactly 2 (K - 1) samples, 16 ms at 8 kHz. With a longer one K channels
    are a part of the frequencies, the frame is folded onto 2 (K - 1) samples, and each masked sum of channels is a comb
    filter: on the linear spectrogram of 25 ms an oscillator hears 13 % of the digits (chance is 10 %), with 16 ms and
    the same 65 channels 30 % (docs/speech.md). The papers' own window was not at hand.

    Parameters
    ----------
    name : str
        ``spectrogram`` (signed, 65 channels), ``magnitude`` (65), ``log-mel`` (40), ``mfcc`` (13) or ``cochleagram``
        (64 at 8 kHz, 78 at 12.5 kHz); also ``linear`` and ``lyon`` for the first and the last.
    rate : int
        Samples a second of the words [Hz].

    Raises
    ------
    ValueError
        If the name is unknown, or the rate is out of range for the cochleagram.
    """
    known = _OTHER_NAMES.get(name, name)
    if known == "cochleagram":
        from spinode.speech.frontends.lyon import Cochleagram  # here: it loads numba

        return Cochleagram(rate=rate)
    window = 2 * (CHANNELS - 1) / rate
    frames = Frames(window=window, hop=min(Frames().hop, window))
    plain: dict[str, FrontEnd] = {
        "spectrogram": LinearSpectrogram(frames=frames),
        "magnitude": MagnitudeSpectrogram(frames=frames),
        "log-mel": LogMel(),
        "mfcc": Mfcc(),
    }
    if known not in plain:
        raise ValueError(missing_name("front end", name, FRONT_ENDS))
    return plain[known]
