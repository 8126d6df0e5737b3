"""Features of a corpus: the same as one by one, kept on disk, and never wrong because of the disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.frontend_readouts import flattened_accuracy, frame_wise_accuracy
from spinode.signals import FloatArray
from spinode.speech import features as module
from spinode.speech.corpus import Clip, Corpus
from spinode.speech.features import cache_folder, features
from spinode.speech.frontends import FRONT_ENDS, Mfcc, front_end
from spinode.speech.fsdd import load_fsdd
from spinode.speech.synthetic import synthetic_corpus
from tests.known_speech import tone

COUNT: list[int] = []
LOCK = threading.Lock()


@dataclass(frozen=True)
class Counting:
    """Two channels of pieces of 80 samples; notes each call."""

    gain: float = 1.0
    name: str = field(default="counting", init=False)
    channels: int = field(default=2, init=False)

    def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
        with LOCK:
            COUNT.append(rate)
        pieces = samples[: len(samples) // 80 * 80].reshape(-1, 80)
        return self.gain * np.stack([pieces.mean(axis=1), pieces.std(axis=1)], axis=1)


def tones(count: int = 300) -> Corpus:
    """More clips than two blocks, each of its own length."""
    clips = tuple(Clip(word=str(n % 10), speaker="a", take=n) for n in range(count))
    return Corpus(
        name="tones", rate=8000, clips=clips, audio=tuple(tone(100.0 + n, 0.02 + n * 1e-4) for n in range(count))
    )


def calls(corpus: Corpus, chosen: Counting, folder: Path) -> int:
    """How many clips had to be computed, beside the one that warms the front end up."""
    COUNT.clear()
    found = features(corpus, chosen, cache=folder, workers=2)
    for number, frames in enumerate(found):
        np.testing.assert_array_equal(frames, chosen(corpus.samples(number), corpus.rate))
    return len(COUNT) - 1 - len(found)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_features_are_those_of_one_clip_after_another(name: str, tmp_path: Path) -> None:
    corpus = synthetic_corpus(np.random.default_rng(0), voices=2, takes=1)
    chosen = front_end(name, corpus.rate)
    expected = [chosen(corpus.samples(i), corpus.rate) for i in range(len(corpus))]
    for _ in range(2):
        found = features(corpus, chosen, cache=tmp_path, workers=2)
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_what_was_computed_comes_from_disk(tmp_path: Path) -> None:
    assert calls(tones(), Counting(), tmp_path) == 300
    assert calls(tones(), Counting(), tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_another_parameter_is_another_entry(tmp_path: Path) -> None:
    calls(tones(), Counting(), tmp_path)
    assert calls(tones(), Counting(gain=2.0), tmp_path) == 300


def test_another_version_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls(tones(), Counting(), tmp_path)
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    assert calls(tones(), Counting(), tmp_path) == 300


def test_one_changed_sample_computes_its_block_anew(tmp_path: Path) -> None:
    corpus = tones()
    calls(corpus, Counting(), tmp_path)
    corpus.audio[200][3] += 1e-9
    assert calls(corpus, Counting(), tmp_path) == 128


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1), place=st.floats(0, 0.999), value=st.integers(0, 255))
def test_a_damaged_entry_is_computed_anew(tmp_path: Path, cut: float, place: float, value: int) -> None:
    corpus = tones(5)
    calls(corpus, Counting(), tmp_path)
    (entry,) = tmp_path.iterdir()
    content = bytearray(entry.read_bytes())
    changed = content[: round(cut * len(content))]
    if changed:
        changed[int(place * len(changed))] = value
    entry.write_bytes(changed)
    assert calls(corpus, Counting(), tmp_path) == (0 if changed == content else 5)
    assert entry.read_bytes() == content


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert calls(tones(5), Counting(), tmp_path / "file" / "deep") == 5
    assert calls(tones(5), Counting(), tmp_path / "file") == 5


def test_no_cache_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINODE_CACHE", str(tmp_path / "c"))
    features(tones(5), Counting(), cache=False)
    assert not (tmp_path / "c").exists()
    features(tones(5), Counting())
    assert cache_folder() == tmp_path / "c" / "features" and len(list(cache_folder().iterdir())) == 1


def test_the_users_own_folder_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPINODE_CACHE", raising=False)
    assert cache_folder().parts[-2:] == ("spinode", "features")


def test_something_that_has_no_parameters_to_name_is_not_kept(tmp_path: Path) -> None:
    class Plain:
        name, channels = "plain", 1

        def __call__(self, samples: FloatArray, rate: int) -> FloatArray:
            return samples[:10, None]

    assert len(features(tones(5), Plain(), cache=tmp_path)) == 5
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    features(tones(), Counting(), cache=tmp_path, advance=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) == 3


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"features\.workers must be 1 or more, got 0"):
        features(tones(5), Counting(), workers=0)
    with pytest.raises(ValueError, match=r"must give finite frames of 2 channels, got \(2, 2\) for '0' by a, take 0"):
        features(tones(5), Counting(gain=float("nan")), cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def spoken(shared_data: Path) -> Corpus:
    return load_fsdd(shared_data / "fsdd")


@pytest.mark.slow
def test_front_ends_alone_reach_on_real_speech_what_they_should(spoken: Corpus) -> None:
    """Ridge controls on the own split, 250 test clips: one standard error is 2 to 3 points.

    Measured before on all six speakers with 300: 10.7, 53 to 55, 68.7 and, flattened to 20 frames, 95.3 %.
    """
    found = {name: features(spoken, front_end(name, spoken.rate), cache=False) for name in ("spectrogram", "magnitude")}
    assert abs(frame_wise_accuracy(found["spectrogram"], spoken) - 0.10) < 0.04  # chance
    assert 0.50 < frame_wise_accuracy(found["magnitude"], spoken) < 0.65
    cepstra = features(spoken, Mfcc(), cache=False)
    assert 0.65 < frame_wise_accuracy(cepstra, spoken) < 0.75
    assert 0.93 < flattened_accuracy(cepstra, spoken) < 0.98


@pytest.mark.slow
def test_shuffled_labels_are_at_chance(spoken: Corpus) -> None:
    order = np.random.default_rng(0).permutation(len(spoken))
    shuffled = [
        Clip(word=spoken.clips[j].word, speaker=c.speaker, take=c.take, path=c.path, part=c.part)
        for c, j in zip(spoken.clips, order, strict=True)
    ]
    corpus = Corpus(name="shuffled", rate=spoken.rate, clips=tuple(shuffled))
    assert flattened_accuracy(features(corpus, Mfcc(), cache=False), corpus) < 0.17
