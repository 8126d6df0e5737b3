"""Small audio files and plain readouts that several tests of speech share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus


def tone(frequency: float = 440.0, seconds: float = 0.1, rate: int = 8000) -> FloatArray:
    """A sine of half of full scale."""
    return 0.5 * np.sin(2.0 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def write(path: Path, samples: FloatArray, rate: int = 8000, kind: str = "WAV") -> Path:
    """A 16-bit audio file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, format=kind, subtype="PCM_16")
    return path


def frame_wise_accuracy(frames: list[FloatArray], corpus: Corpus, penalty: float = 1e-3) -> float:
    """Test accuracy on the own split of a ridge readout of single frames, averaged over the word."""
    test = corpus.official_test()
    assert test is not None
    labels = np.searchsorted(corpus.words, corpus.labels())
    owner = np.repeat(np.arange(len(frames)), [len(f) for f in frames])
    train = ~test[owner]
    inputs = _scaled(np.concatenate(frames), train)
    weights = _ridge(inputs[train], np.eye(len(corpus.words))[labels[owner[train]]], penalty)
    votes = np.zeros((len(frames), len(corpus.words)))
    np.add.at(votes, owner, inputs @ weights)
    return float(np.mean(votes.argmax(axis=1)[test] == labels[test]))


def flattened_accuracy(frames: list[FloatArray], corpus: Corpus, penalty: float = 100.0) -> float:
    """Test accuracy on the own split of a ridge readout of each word, stretched to 20 frames."""
    test = corpus.official_test()
    assert test is not None
    labels = np.searchsorted(corpus.words, corpus.labels())
    inputs = _scaled(np.stack([stretched(f, 20).ravel() for f in frames]), ~test)
    weights = _ridge(inputs[~test], np.eye(len(corpus.words))[labels[~test]], penalty)
    return float(np.mean((inputs @ weights).argmax(axis=1)[test] == labels[test]))


def stretched(frames: FloatArray, count: int) -> FloatArray:
    """Linear interpolation to a number of frames, ends kept, shape (count, channels)."""
    places = np.linspace(0, len(frames) - 1, count)
    return np.stack([np.interp(places, np.arange(len(frames)), column) for column in frames.T], axis=1)


def _scaled(inputs: FloatArray, train: FloatArray) -> FloatArray:
    spread = inputs[train].std(axis=0)
    scaled = (inputs - inputs[train].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)


def _ridge(inputs: FloatArray, targets: FloatArray, penalty: float) -> FloatArray:
    return np.linalg.solve(inputs.T @ inputs + penalty * np.eye(inputs.shape[1]), inputs.T @ targets)
