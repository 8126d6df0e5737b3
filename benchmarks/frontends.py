"""Acoustic front ends: milliseconds a word of each, beside PyPI ``lyon`` and librosa in one run, and a whole corpus.

    python benchmarks/frontends.py [FOLDER OF THE FREE SPOKEN DIGITS] [--clips 200]

Without a folder the words are the package's own synthetic ones. Single words: one thread, the least processor time of
three passes, after a first call that loads and compiles. The corpus: all cores, without the cache, into an empty cache
and out of it; wall and processor seconds, since a shared machine makes the first of them larger than it need be.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

import numpy as np

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus
from spinode.speech.features import features
from spinode.speech.frontends import FRONT_ENDS, front_end
from spinode.speech.fsdd import load_fsdd
from spinode.speech.synthetic import synthetic_corpus

PASSES = 3


def milliseconds(compute: Callable[[FloatArray], FloatArray], words: list[FloatArray]) -> float:
    """Least processor time a word over the passes [ms]."""
    compute(words[0])
    best = np.inf
    for _ in range(PASSES):
        begin = time.process_time()
        for word in words:
            compute(word)
        best = min(best, time.process_time() - begin)
    return 1e3 * float(best) / len(words)


def peers(rate: int) -> dict[str, tuple[str, Callable[[FloatArray], FloatArray]]]:
    """What other packages call the same front end: name of ours, and how theirs is called."""
    import librosa

    window = {"n_fft": 256, "hop_length": 80, "win_length": 200, "window": "hamming", "center": False}
    calls: dict[str, tuple[str, Callable[[FloatArray], FloatArray]]] = {
        "librosa.stft": ("magnitude", lambda word: np.abs(librosa.stft(word, **window))),
        "librosa.feature.melspectrogram": (
            "log-mel",
            lambda word: np.log(librosa.feature.melspectrogram(y=word, sr=rate, n_mels=40, **window) + 1e-10),
        ),
        "librosa.feature.mfcc": (
            "mfcc",
            lambda word: librosa.feature.mfcc(y=word, sr=rate, n_mfcc=13, n_mels=26, **window),
        ),
    }
    try:
        from lyon.calc import LyonCalc
    except (ImportError, OSError):
        print("PyPI lyon is not here (it holds a binary for Linux on x86-64 alone)")
    else:
        ear = LyonCalc()
        calls["lyon"] = ("cochleagram", lambda word: ear.lyon_passive_ear(word, rate, round(0.01 * rate)))
    return calls


def single_words(words: list[FloatArray], rate: int) -> None:
    """Print milliseconds a word of each front end and of its peers, and the ratios."""
    seconds = sum(len(word) for word in words) / len(words) / rate
    print(f"one thread, {len(words)} words of {seconds:.2f} s at {rate} Hz, ms of processor time a word:")
    ours = {}
    for name in FRONT_ENDS:
        chosen = front_end(name, rate)
        ours[name] = milliseconds(lambda word, chosen=chosen: chosen(word, rate), words)
        print(f"  {name:32s} {chosen.channels:4d} channels {ours[name]:8.3f}")
    for name, (mine, call) in peers(rate).items():
        theirs = milliseconds(call, words)
        print(f"  {name:32s} {'':13s} {theirs:8.3f}   {theirs / ours[mine]:.1f} times {mine}")


def whole_corpus(corpus: Corpus) -> None:
    """Print wall and processor seconds of the features of all clips, without cache, into it and out of it."""
    scale = 3000 / len(corpus)
    print(f"{len(corpus)} clips on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, seconds wall / processor:")
    for name in FRONT_ENDS:
        chosen = front_end(name, corpus.rate)
        with tempfile.TemporaryDirectory() as folder:
            times = [seconds(corpus, name, cache) for cache in (False, folder, folder)]
        shown = "   ".join(
            f"{label} {wall:5.2f} / {cpu:5.2f}"
            for label, (wall, cpu) in zip(("no cache", "into it", "out of it"), times, strict=True)
        )
        print(f"  {chosen.name:12s} {shown}   3000 clips: {scale * times[0][0]:.1f} / {scale * times[0][1]:.1f}")


def seconds(corpus: Corpus, name: str, cache: bool | str) -> tuple[float, float]:
    """Wall and processor time of one front end on the whole corpus [s]."""
    wall, cpu = time.perf_counter(), time.process_time()
    features(corpus, front_end(name, corpus.rate), cache=cache)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Read the options, load the words, print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", help="the Free Spoken Digit Dataset; default: synthetic words")
    parser.add_argument("--clips", type=int, default=200, help="words of the first table")
    options = parser.parse_args()
    corpus = load_fsdd(options.folder) if options.folder else synthetic_corpus(np.random.default_rng(0))
    print(f"{corpus.name}: {len(corpus)} clips of {len(corpus.speakers)} speakers")
    step = max(1, len(corpus) // options.clips)
    single_words([corpus.samples(i) for i in range(0, len(corpus), step)], corpus.rate)
    whole_corpus(corpus)


if __name__ == "__main__":
    main()
