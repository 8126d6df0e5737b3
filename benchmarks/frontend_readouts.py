"""What each front end gives without a device: plain ridge readouts on the own split of the Free Spoken Digits.

    python benchmarks/frontend_readouts.py FOLDER OF THE FREE SPOKEN DIGITS

Single frames: ridge with penalty 1e-3, outputs averaged over the word. Flattened: the word stretched to 20 frames,
ridge with penalty 100. Nothing is tuned. Both are the controls that a device must beat.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus
from spinode.speech.features import features
from spinode.speech.frontends import FRONT_ENDS, Mfcc, front_end
from spinode.speech.fsdd import load_fsdd


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


def _scaled(inputs: FloatArray, train: NDArray[np.bool_]) -> FloatArray:
    spread = inputs[train].std(axis=0)
    scaled = (inputs - inputs[train].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)


def _ridge(inputs: FloatArray, targets: FloatArray, penalty: float) -> FloatArray:
    return np.linalg.solve(inputs.T @ inputs + penalty * np.eye(inputs.shape[1]), inputs.T @ targets)


def main() -> None:
    """Print accuracy and standard error of both readouts for each front end."""
    corpus = load_fsdd(sys.argv[1])
    test = corpus.official_test()
    assert test is not None
    print(f"{corpus.name}: {len(corpus)} clips of {len(corpus.speakers)} speakers, {test.sum()} of them test")
    chosen = {name: front_end(name, corpus.rate) for name in FRONT_ENDS} | {"mfcc, slaney": Mfcc(scale="slaney")}
    for name, ear in chosen.items():
        frames = features(corpus, ear, cache=False)
        scores = frame_wise_accuracy(frames, corpus), flattened_accuracy(frames, corpus)
        shown = "   ".join(f"{100 * s:5.1f} +- {100 * np.sqrt(s * (1 - s) / test.sum()):.1f} %" for s in scores)
        print(f"  {name:14s} single frames, flattened: {shown}")


if __name__ == "__main__":
    main()
