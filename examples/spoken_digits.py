"""What does an oscillator add to an acoustic front end, and would a device without memory add less?

One oscillator with 400 virtual nodes listens to the cepstra of spoken digits. Each frame is read by a linear readout,
and the outputs are summed over the word, as in the experiments. Beside it: the same readout without the device, the
frames of the word side by side without the device, and the device's static curve, which remembers nothing. Without
--data the words come from a formant source, which is a smoke test and says nothing about speech. The number is the part
of the test words that the device gets wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinode.devices.envelope import EnvelopeOscillator
from spinode.plots import save_figure
from spinode.reservoir import Reservoir
from spinode.speech.benchmark import Readout
from spinode.speech.features import features
from spinode.speech.frontends import front_end
from spinode.speech.fsdd import load_fsdd
from spinode.speech.report import score
from spinode.speech.steps import ScaleFrames
from spinode.speech.synthetic import synthetic_corpus
from spinode.speech.words import words_of
from spinode.speech_plots import speech_figure


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few voices and few nodes")
    parser.add_argument("--data", type=Path, help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("spoken_digits.png"), help="figure to write")
    options = parser.parse_args(words)
    size = {"voices": 4, "takes": 4} if options.quick else {}
    corpus = load_fsdd(options.data) if options.data else synthetic_corpus(np.random.default_rng(1), **size)
    digits = words_of(corpus, features(corpus, front_end("mfcc", corpus.rate), cache=False))
    protocol = "official" if options.data else "loso"
    device = Reservoir(
        EnvelopeOscillator(), nodes=20 if options.quick else 400, node_time=100e-9, rest=7e-3, swing=3e-3, seed=0
    )
    scored = score(digits, protocol, [device], Readout())
    frames = ScaleFrames().fit_transform(digits.frames)
    states = device.fit(frames).transform(frames[:1])[0]
    title = f"{corpus.name}: cepstra, {protocol}, frame by frame"
    save_figure(options.figure, speech_figure(scored, "oscillator", states, title))
    print(f"words not recognised with the oscillator: {1 - scored.system.accuracy.value:.3f}")


if __name__ == "__main__":
    main()
