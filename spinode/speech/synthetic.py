"""A small corpus that the package makes itself, so that every command runs anywhere: a smoke test, never a result."""

from __future__ import annotations

import numpy as np

from spinode.speech.corpus import Clip, Corpus

NAME = "synthetic (smoke test)"
NOTE = "made by a formant source, not spoken: it shows that the program runs and says nothing about speech"
MOST_VOICES = 50


def synthetic_corpus(rng: np.random.Generator, *, voices: int = 6, takes: int = 10, rate: int = 8000) -> Corpus:
    """Ten digits by a few artificial voices; every third voice is the test part, so no voice is on both sides.

    An accuracy on it is no evidence about speech: readouts trained on synthesised digits recognise about half of the
    spoken ones.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of voices, noise and of the differences between takes; the same seed gives the same samples.
    voices : int
        2 to 50; pitch and length of the vocal tract go from low and long to high and short.
    takes : int
        Repetitions of each digit by each voice, 1 to 100.
    rate : int
        Samples a second [Hz], 6000 to 48000.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    for name, value, low, high in (
        ("voices", voices, 2, MOST_VOICES), ("takes", takes, 1, 100), ("rate", rate, 6000, 48_000),
    ):  # fmt: skip
        if not low <= value <= high:
            raise ValueError(f"synthetic_corpus.{name} must be {low} to {high}, got {value}")
    from spinode.speech.formants import WORDS, Voice, speak  # here: it loads numba

    clips, audio = [], []
    for number in range(voices):
        size = number / (voices - 1)
        voice = Voice(
            pitch=95.0 * 2.3**size * rng.uniform(0.95, 1.05),
            tract=(0.9 + 0.3 * size) * rng.uniform(0.98, 1.02),
            tempo=rng.uniform(0.85, 1.2),
            breath=rng.uniform(0.02, 0.2),
        )
        for word in WORDS:
            for take in range(takes):
                part = "test" if number % 3 == 1 else "train"
                clips.append(Clip(word=word, speaker=f"voice{number + 1:02d}", take=take, part=part))
                audio.append(speak(word, voice, rate, rng))
    return Corpus(name=NAME, rate=rate, clips=tuple(clips), notes=(NOTE,), audio=tuple(audio))
