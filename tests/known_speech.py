"""Small audio files that several tests of speech share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from spinode.signals import FloatArray


def tone(frequency: float = 440.0, seconds: float = 0.1, rate: int = 8000) -> FloatArray:
    """A sine of half of full scale."""
    return 0.5 * np.sin(2.0 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def write(path: Path, samples: FloatArray, rate: int = 8000, kind: str = "WAV") -> Path:
    """A 16-bit audio file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, format=kind, subtype="PCM_16")
    return path
