"""Steps of a pipeline for words: exact values, invariances, and their place in scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from spinode.devices.envelope import EnvelopeOscillator
from spinode.reservoir import Reservoir
from spinode.signals import FloatArray
from spinode.speech.steps import (
    Deltas,
    FlattenFrames,
    MeanFrames,
    PoolSegments,
    ScaleFrames,
    SpeakerNormaliser,
    WordNormaliser,
)
from tests.test_speech_protocols import made_words
from tests.tolerances import ROUNDING


@pytest.fixture
def words() -> list[FloatArray]:
    rng = np.random.default_rng(0)
    return [5.0 + rng.standard_normal((length, 3)) for length in (1, 2, 7, 40)]


def test_the_differences_of_a_parabola_are_its_slope_and_curvature() -> None:
    time = np.arange(30.0)
    (found,) = Deltas(width=2).fit_transform([(0.5 * time**2 - time)[:, None]])
    inner = slice(4, -4)
    assert np.allclose(found[inner, 1], time[inner] - 1, atol=1e-10)
    assert np.allclose(found[inner, 2], 1.0, atol=1e-10)


def test_a_constant_has_no_differences(words: list[FloatArray]) -> None:
    (found,) = Deltas(width=4).fit_transform([np.full((3, 2), 7.0)])
    assert (found[:, 2:] == 0).all() and (found[:, :2] == 7).all()


def test_a_normalised_word_has_no_mean_and_forgets_gain_and_offset(words: list[FloatArray]) -> None:
    step = WordNormaliser()
    found, moved = step.fit_transform(words), step.fit_transform([3.0 * word - 2.0 for word in words])
    for one, other in zip(found, moved, strict=True):
        assert np.abs(one.mean(axis=0)).max() < ROUNDING
        assert np.allclose(one, other, atol=1e-10)


def test_a_speakers_offset_is_gone_and_the_difference_between_words_stays(words: list[FloatArray]) -> None:
    who = ["a", "a", "b", "b"]
    moved = [word + (10.0 if name == "b" else 0.0) for word, name in zip(words, who, strict=True)]
    found, again = (SpeakerNormaliser().fit_transform(each, speakers=who) for each in (words, moved))
    assert all(np.allclose(one, other, atol=1e-10) for one, other in zip(found, again, strict=True))
    assert np.abs(np.concatenate(found[2:]).mean(axis=0)).max() < ROUNDING
    assert np.abs(found[2].mean(axis=0)).max() > 0.05


def test_scaling_knows_the_training_words_alone(words: list[FloatArray]) -> None:
    step = ScaleFrames().fit(words[3:])
    assert np.abs(step.transform(words[3:])[0].mean(axis=0)).max() < ROUNDING
    assert np.allclose(step.transform(words)[2], (words[2] - words[3].mean(axis=0)) / words[3].std(axis=0))


def test_flattening_keeps_a_line_and_the_frames_that_are_there() -> None:
    line = np.arange(5.0)[:, None] * [1.0, -2.0]
    (row,) = FlattenFrames(9).fit_transform([line])
    assert np.allclose(row.reshape(9, 2), np.linspace(0, 4, 9)[:, None] * [1.0, -2.0], atol=ROUNDING)
    (same,) = FlattenFrames(5).fit_transform([line])
    assert np.array_equal(same.reshape(5, 2), line)


@pytest.mark.parametrize("segments", [1, 2, 3, 5, 50])
def test_the_mean_of_the_segments_is_the_mean_of_the_word(words: list[FloatArray], segments: int) -> None:
    rows = PoolSegments(segments).fit_transform(words)
    assert rows.shape == (4, 3 * segments)
    means = rows.reshape(4, segments, 3).mean(axis=1)
    assert np.allclose(means, MeanFrames().fit_transform(words), atol=1e-12)


def test_segments_of_whole_frames_are_plain_means() -> None:
    word = np.arange(12.0).reshape(6, 2)
    (row,) = PoolSegments(3).fit_transform([word])
    assert np.allclose(row.reshape(3, 2), word.reshape(3, 2, 2).mean(axis=1))


@pytest.mark.parametrize("step", [Deltas(0), Deltas(order=3), FlattenFrames(0), PoolSegments(0)])
def test_a_size_of_nothing_is_refused(step: Deltas, words: list[FloatArray]) -> None:
    with pytest.raises(ValueError, match=type(step).__name__):
        step.fit(words).transform(words)


def test_words_of_other_channels_are_refused(words: list[FloatArray]) -> None:
    with pytest.raises(ValueError, match="ScaleFrames needs words of 3 channels, got 2"):
        ScaleFrames().fit(words).transform([np.zeros((4, 2))])
    with pytest.raises(ValueError, match="shape"):
        MeanFrames().fit(words).transform([np.zeros(4)])


def test_steps_and_device_make_one_pipeline_that_can_be_cloned() -> None:
    words = made_words(takes=4)
    device = Reservoir(EnvelopeOscillator(), nodes=20, node_time=100e-9, bounds=(4e-3, 10e-3))
    pipeline = make_pipeline(Deltas(1), ScaleFrames(), device, PoolSegments(2), StandardScaler(), RidgeClassifier(0.1))
    heard = clone(pipeline).fit(list(words.frames), words.labels).predict(list(words.frames))
    assert (heard == words.labels).mean() > 0.95


@pytest.fixture
def routing() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_speakers_reach_their_step_through_a_pipeline(routing: None) -> None:
    words = made_words(takes=4, offset=3.0)
    step = SpeakerNormaliser().set_transform_request(speakers=True)
    pipeline = make_pipeline(step, MeanFrames(), RidgeClassifier(0.1))
    pipeline.fit(list(words.frames), words.labels, speakers=words.speakers)
    heard = pipeline.predict(list(words.frames), speakers=words.speakers)
    assert (heard == words.labels).mean() > 0.95
