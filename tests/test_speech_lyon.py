"""Lyon's ear: against PyPI ``lyon`` channel by channel, and by what an ear must do."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.speech.frontends.lyon import Cochleagram, center_frequencies, sections
from tests.known_speech import tone

PORT = 1e-10
"""Two programs of the same filters in double precision, relative to the largest value of a channel."""


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, count)


def words(rate: int) -> dict[str, np.ndarray]:
    time = np.arange(rate // 2) / rate
    return {
        "noise": noise(rate // 2),
        "quiet noise": 1e-3 * noise(rate // 2, 1),
        "tone": tone(500.0, 0.5, rate),
        "sweep": 0.9 * np.sin(2 * np.pi * (100.0 + 0.4 * rate * time) * time),
        "click": np.concatenate([np.zeros(100), [1.0], np.zeros(rate // 4)]),
    }


@pytest.mark.parametrize("hop", ["10 ms", "128 samples", "1 sample"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 64), (12500, 78), (16000, 86)])
def test_every_channel_is_that_of_the_published_port(rate: int, channels: int, hop: str) -> None:
    calc = pytest.importorskip("lyon.calc", reason="PyPI lyon holds a binary for Linux on x86-64 alone")
    samples = {"10 ms": round(0.01 * rate), "128 samples": 128, "1 sample": 1}[hop]
    ear = Cochleagram(rate=rate, hop=samples / rate)
    assert ear.channels == channels
    for name, word in words(rate).items():
        if samples == 1:
            word = word[: rate // 20]
        expected = calc.LyonCalc().lyon_passive_ear(word, rate, samples)
        found = ear(word, rate)
        assert found.shape == expected.shape == (len(word) // samples, channels)
        for channel in range(channels):
            size = np.abs(expected[:, channel]).max()
            np.testing.assert_allclose(
                found[:, channel], expected[:, channel], rtol=0, atol=PORT * max(size, 1e-30),
                err_msg=f"{name}, channel {channel}",
            )  # fmt: skip


@pytest.mark.parametrize("quality", [4.0, 12.0])
def test_a_broader_or_sharper_ear_is_that_of_the_published_port(quality: float) -> None:
    calc = pytest.importorskip("lyon.calc", reason="PyPI lyon holds a binary for Linux on x86-64 alone")
    ear = Cochleagram(quality=quality, step=quality / 32)
    expected = calc.LyonCalc().lyon_passive_ear(noise(2000), 8000, 80, ear_q=quality)
    np.testing.assert_allclose(ear(noise(2000), 8000), expected, rtol=0, atol=PORT * expected.max())


def test_channels_stand_a_quarter_bandwidth_apart() -> None:
    places = center_frequencies(8000, 8.0, 0.25)
    assert (np.diff(places) < 0).all() and 63 < places[-1] < places[0] < 4000  # 63: 1 kHz/sqrt(4 Q^2 - 1)
    middle = np.sqrt(places[1:] * places[:-1])
    width = np.hypot(middle, 1000.0) / 8.0
    np.testing.assert_allclose(-np.diff(places) / width, 0.25, rtol=2e-3)


def test_a_tone_moves_down_the_cochlea_as_it_falls() -> None:
    ear = Cochleagram()
    peaks = [int(ear(tone(f, 0.4), 8000)[10:].mean(axis=0).argmax()) for f in (3000, 2000, 1000, 500, 250)]
    assert peaks == sorted(peaks) and len(set(peaks)) == 5
    for frequency, peak in zip((3000, 2000, 1000, 500), peaks, strict=False):
        assert abs(np.log2(ear.frequencies[peak] / frequency)) < 0.35


def test_a_channel_passes_what_is_steady_as_the_ratio_of_its_neighbours() -> None:
    table, places = sections(8000, 8.0, 0.25), center_frequencies(8000, 8.0, 0.25)
    steady = table[3:, :3].sum(axis=1) / (1.0 + table[3:, 3:].sum(axis=1))
    np.testing.assert_allclose(steady, places[:-1] / places[1:], rtol=1e-12)


def test_gain_control_compresses_and_an_onset_is_louder_than_what_stays() -> None:
    ear = Cochleagram(hop=1 / 8000)
    quiet, loud = ear(tone(1000.0, 0.5) * 0.02, 8000), ear(tone(1000.0, 0.5), 8000)
    channel = int(loud[2000:].mean(axis=0).argmax())
    assert loud[2000:].max() < 10 * quiet[2000:].max()  # fifty times the sound, less than ten times the rate
    assert loud[:80, channel].max() > 2 * loud[2000:, channel].max()


def test_nothing_negative_and_nothing_from_silence() -> None:
    assert (Cochleagram()(noise(4000), 8000) >= 0).all()
    assert (Cochleagram()(np.zeros(800), 8000) == 0).all()


def test_the_past_of_a_frame_alone_decides_it() -> None:
    word = noise(4000)
    other = word.copy()
    other[2000:] = 0.0
    np.testing.assert_array_equal(Cochleagram()(word, 8000)[:25], Cochleagram()(other, 8000)[:25])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"rate": 100}, "rate must be 2000 to 200000"),
        ({"hop": 0.0}, "hop must be one sample to 1 s"),
        ({"quality": 1.0}, "quality must be 2 to 64"),
        ({"step": 0.0}, r"step must be 0\.05 to 1"),
    ],
)
def test_an_ear_that_cannot_be_is_refused(change: dict[str, float], rule: str) -> None:
    with pytest.raises(ValueError, match=rf"Cochleagram\.{rule}"):
        Cochleagram(**change)  # type: ignore[arg-type]


def test_a_word_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"that of the words, 16000 Hz, got 8000; try Cochleagram\(rate=16000\)"):
        Cochleagram()(noise(800), 16000)
