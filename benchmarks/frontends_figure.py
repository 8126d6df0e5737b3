"""Draws docs/figures/frontends.png: what each front end makes of one word.

    python benchmarks/frontends_figure.py [FOLDER OF THE FREE SPOKEN DIGITS]

Without a folder the word is the package's own synthetic "three"; with one it is the first "three" of its first speaker.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinode.signals import FloatArray
from spinode.speech.corpus import Corpus
from spinode.speech.frontends import FRONT_ENDS, FrontEnd, front_end
from spinode.speech.frontends.lyon import Cochleagram
from spinode.speech.fsdd import load_fsdd
from spinode.speech.synthetic import synthetic_corpus

TARGET = Path(__file__).parent.parent / "docs" / "figures" / "frontends.png"
TITLES = {
    "spectrogram": "linear spectrogram: Re, signed",
    "magnitude": "magnitude spectrogram",
    "log-mel": "log-mel",
    "mfcc": "MFCC, each coefficient by its own spread",
    "cochleagram": "cochleagram (Lyon)",
}
HOP = 0.010


def shown(name: str, frames: FloatArray) -> tuple[FloatArray, str, float]:
    """Picture (channels, frames), colours and the value of their lower end."""
    if name == "spectrogram":
        top = np.abs(frames).max()
        return frames.T / top, "RdBu_r", -1.0
    if name == "magnitude":
        return np.maximum(20 * np.log10(frames.T / frames.max() + 1e-9), -50), "viridis", -50.0
    if name == "log-mel":
        return np.maximum((frames.T - frames.max()) * 10 / np.log(10), -60), "viridis", -60.0
    if name == "mfcc":
        spread = (frames - frames.mean(axis=0)) / frames.std(axis=0)
        return np.clip(spread.T, -2.5, 2.5) / 2.5, "RdBu_r", -1.0
    return np.sqrt(frames.T / frames.max()), "viridis", 0.0


def draw(axis: Axes, chosen: FrontEnd, samples: FloatArray, rate: int) -> None:
    """One front end as an image over time, low sounds at the bottom."""
    frames = chosen(samples, rate)
    picture, colours, low = shown(chosen.name, frames)
    if isinstance(chosen, Cochleagram):
        picture = picture[::-1]  # the base of the cochlea, which hears the highest sounds, is its first channel
    extent = (0.0, len(frames) * HOP * 1e3, 0.0, float(len(picture)))
    image = axis.imshow(
        picture, origin="lower", aspect="auto", extent=extent, cmap=colours, vmin=low, vmax=0.0 if low < -1 else 1.0,
        interpolation="nearest",
    )  # fmt: skip
    axis.set_title(f"{TITLES[chosen.name]}, {chosen.channels} channels", fontsize=9, loc="left")
    axis.set(xlabel="time (ms)", ylabel="coefficient" if chosen.name == "mfcc" else "channel, low to high")
    colour = axis.figure.colorbar(image, ax=axis, pad=0.02)
    label = {-50.0: "dB", -60.0: "dB", 0.0: "square root, of largest"}.get(low, "of largest")
    colour.set_label("of 2.5 deviations" if chosen.name == "mfcc" else label, fontsize=8)


def word(corpus: Corpus) -> FloatArray:
    """The first three of the first speaker."""
    first = next(n for n, c in enumerate(corpus.clips) if c.word == "3" and c.speaker == corpus.speakers[0])
    return corpus.samples(first)


def main() -> None:
    """Draw the sound and the five front ends."""
    corpus = load_fsdd(sys.argv[1]) if len(sys.argv) > 1 else synthetic_corpus(np.random.default_rng(0), takes=1)
    samples, rate = word(corpus), corpus.rate
    figure = Figure(figsize=(11, 6.6), layout="constrained")
    axes = figure.subplots(2, 3)
    axes[0, 0].plot(1e3 * np.arange(len(samples)) / rate, samples, linewidth=0.5, color="#0072b2")
    axes[0, 0].set(xlabel="time (ms)", ylabel="of full scale", xlim=(0, 1e3 * len(samples) / rate))
    axes[0, 0].set_title(f"the word three, {corpus.name}", fontsize=9, loc="left")
    for axis, name in zip(axes.flat[1:], FRONT_ENDS, strict=True):
        draw(axis, front_end(name, rate), samples, rate)
    figure.savefig(TARGET, dpi=110)
    print(TARGET.name)


if __name__ == "__main__":
    main()
