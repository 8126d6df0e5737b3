"""Front ends: sines and impulses whose answer is known, and librosa for the mel scale."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.speech.frontends import (
    FRONT_ENDS,
    Frames,
    LinearSpectrogram,
    LogMel,
    MagnitudeSpectrogram,
    Mfcc,
    front_end,
)
from spinode.speech.frontends.frames import hamming
from tests.known_speech import tone

ROUNDING = 1e-10


def noise(count: int = 4000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, count)


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [
        ("spectrogram", 8000, 65), ("magnitude", 12500, 65), ("log-mel", 8000, 40), ("mfcc", 16000, 13),
        ("cochleagram", 8000, 64), ("cochleagram", 12500, 78), ("cochleagram", 16000, 86), ("lyon", 8000, 64),
    ],
)  # fmt: skip
def test_the_channel_counts_of_the_literature(name: str, rate: int, channels: int) -> None:
    chosen = front_end(name, rate)
    frames = chosen(noise(rate // 2), rate)
    assert chosen.channels == channels and frames.shape[1] == channels
    assert frames.dtype == np.float64 and np.isfinite(frames).all()


def test_an_unknown_front_end_is_answered_with_the_closest() -> None:
    with pytest.raises(ValueError, match="front end 'mfc' is not there; closest: mfcc"):
        front_end("mfc", 8000)
    assert front_end("linear", 8000) == front_end("spectrogram", 8000)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_word_shorter_than_a_window_gives_one_frame(name: str) -> None:
    chosen = front_end(name, 8000)
    assert chosen(tone(seconds=0.005), 8000).shape == (1, chosen.channels)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_frames_come_each_ten_milliseconds(name: str) -> None:
    count = len(front_end(name, 8000)(noise(8000), 8000))
    # as many windows as fit into a second: of 25 ms, for the spectrograms of 16 ms; the ear has no window
    assert count == {"cochleagram": 100, "spectrogram": 99, "magnitude": 99}.get(name, 98)


def test_a_frame_is_the_window_times_the_sound() -> None:
    sound = noise(1000)
    cut = Frames().cut(sound, 8000)
    assert cut.shape == (11, 200)
    np.testing.assert_array_equal(cut[3], hamming(200) * sound[240:440])


@pytest.mark.parametrize("rate", [8000, 12500, 16000])
def test_the_linear_spectrogram_is_the_sum_over_cosines(rate: int) -> None:
    sound = noise(rate // 20)
    frames = LinearSpectrogram()(sound, rate)
    cut = Frames().cut(sound, rate)
    angle = np.pi * np.outer(np.arange(cut.shape[1]), np.arange(65)) / 64
    np.testing.assert_allclose(frames, cut @ np.cos(angle), atol=ROUNDING)
    np.testing.assert_allclose(MagnitudeSpectrogram()(sound, rate), np.abs(cut @ np.exp(-1j * angle)), atol=ROUNDING)


def test_the_linear_spectrogram_is_linear_and_the_magnitude_is_not() -> None:
    one, two = noise(seed=1), noise(seed=2)
    linear, magnitude = LinearSpectrogram(), MagnitudeSpectrogram()
    np.testing.assert_allclose(linear(one - two, 8000), linear(one, 8000) - linear(two, 8000), atol=ROUNDING)
    np.testing.assert_array_equal(magnitude(-one, 8000), magnitude(one, 8000))
    assert np.abs(magnitude(one - two, 8000) - magnitude(one, 8000) + magnitude(two, 8000)).max() > 1.0


@pytest.mark.parametrize("rate", [8000, 12500, 16000])
@pytest.mark.parametrize("name", ["spectrogram", "magnitude"])
def test_the_window_of_a_spectrogram_has_as_many_samples_as_its_frequencies_need(name: str, rate: int) -> None:
    found = front_end(name, rate)
    assert isinstance(found, LinearSpectrogram | MagnitudeSpectrogram)
    assert found.frames.cut(noise(rate // 20), rate).shape[1] == 2 * (found.channels - 1)


@pytest.mark.parametrize("channel", [8, 20, 50])
def test_a_tone_stands_in_its_channel(channel: int) -> None:
    frequency = channel * 4000 / 64
    assert (MagnitudeSpectrogram()(tone(frequency, 0.5), 8000).argmax(axis=1) == channel).all()
    bank = LogMel()(tone(frequency, 0.5), 8000).argmax(axis=1)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, 2595.0 * np.log10(1 + 4000 / 700), 42) / 2595.0) - 1.0)
    assert all(edges[k] < frequency < edges[k + 2] for k in bank)  # the triangle that holds it, by HTK's formula


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("rate", [8000, 12500, 16000])
def test_cepstra_are_those_of_librosa(scale: str, rate: int) -> None:
    import librosa

    sound = noise(rate // 2)
    length, hop = round(0.025 * rate), round(0.010 * rate)
    points = 1 << (length - 1).bit_length()
    offset = (points - length) // 2  # librosa puts a window that is shorter than the transform into its middle
    padded = np.pad(sound, (offset, points - length - offset))
    power = librosa.feature.melspectrogram(
        y=padded, sr=rate, n_fft=points, hop_length=hop, win_length=length, window="hamming", center=False,
        power=2.0, n_mels=26, htk=scale == "htk",
    )  # fmt: skip
    expected = librosa.feature.mfcc(S=np.log(power), n_mfcc=13).T
    np.testing.assert_allclose(Mfcc(scale=scale)(sound, rate), expected, rtol=0, atol=1e-6)
    energies = LogMel(bands=26, scale=scale)(sound, rate)
    np.testing.assert_allclose(energies, np.log(power).T, rtol=0, atol=1e-6)


def test_a_louder_word_moves_the_first_cepstrum_alone() -> None:
    quiet, loud = Mfcc()(0.1 * noise(), 8000), Mfcc()(noise(), 8000)
    np.testing.assert_allclose(loud[:, 1:], quiet[:, 1:], atol=1e-8)
    np.testing.assert_allclose(loud[:, 0] - quiet[:, 0], np.sqrt(26) * 2 * np.log(10), rtol=1e-9)


def test_digital_silence_inside_a_word_stays_finite() -> None:
    word = np.concatenate([noise(800), np.zeros(1600), noise(800)])
    for name in FRONT_ENDS:
        assert np.isfinite(front_end(name, 8000)(word, 8000)).all(), name


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Frames(window=0.0), r"Frames\.window must be above 0"),
        (lambda: Frames(hop=0.03), r"Frames\.hop must be above 0 and at most the window"),
        (lambda: LinearSpectrogram(bins=2), r"LinearSpectrogram\.bins must be 3 to 4097"),
        (lambda: MagnitudeSpectrogram(bins=9999), r"MagnitudeSpectrogram\.bins must be 3 to 4097"),
        (lambda: LogMel(bands=1), r"LogMel\.bands must be 2 to 256"),
        (lambda: LogMel(scale="bark"), r"LogMel\.scale must be one of htk, slaney"),
        (lambda: Mfcc(coefficients=27), r"Mfcc\.coefficients must be 1 to the 26 bands"),
        (lambda: LogMel(bands=200)(noise(), 8000), r"bands must each hold a frequency of the transform"),
        (lambda: Frames(window=1e-4, hop=1e-4).cut(noise(), 8000), r"must hold two samples or more"),
    ],
)
def test_settings_out_of_range_are_one_line(make: object, rule: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=rule):
        make()
