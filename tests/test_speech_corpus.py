"""A corpus: its words, speakers, takes and split, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinode.speech.corpus import Clip, Corpus
from spinode.speech.features import features
from spinode.speech.folder import Reading
from spinode.speech.frontends import Mfcc
from spinode.speech.fsdd import load_fsdd, parse_name
from spinode.speech.synthetic import NOTE, synthetic_corpus
from tests.known_speech import tone, write

STEP = 1.0 / 32768.0


def small(folder: Path, speakers: tuple[str, ...] = ("theo", "george"), takes: tuple[int, ...] = (0, 4, 5)) -> Path:
    """A folder like the data set's own with two digits; each file a tone of its own."""
    for digit in (7, 1):
        for number, speaker in enumerate(speakers):
            for take in takes:
                frequency = 200.0 + 100.0 * digit + 20.0 * number + take
                write(folder / "recordings" / f"{digit}_{speaker}_{take}.wav", tone(frequency))
    return folder


def test_the_free_spoken_digits_are_found_with_their_own_split(tmp_path: Path) -> None:
    corpus = load_fsdd(small(tmp_path))
    assert (corpus.name, corpus.rate, len(corpus)) == ("FSDD", 8000, 12)
    assert corpus.words == ("1", "7") and corpus.speakers == ("george", "theo")
    assert list(corpus.labels()) == ["1"] * 6 + ["7"] * 6
    assert list(corpus.speaker_of()[:6]) == ["george"] * 3 + ["theo"] * 3
    assert list(corpus.takes()[:3]) == [0, 4, 5]
    test = corpus.official_test()
    assert test is not None and list(test[:3]) == [True, True, False]
    np.testing.assert_allclose(corpus.samples(0), tone(320.0), atol=STEP)  # the second speaker of `small`
    assert corpus.notes == ()


def test_the_folder_of_the_recordings_itself_will_do(tmp_path: Path) -> None:
    assert load_fsdd(small(tmp_path) / "recordings").clips == load_fsdd(tmp_path).clips


def test_takes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    corpus = load_fsdd(small(tmp_path, ("theo",), (10, 9, 2)))
    assert list(corpus.takes()) == [2, 9, 10, 2, 9, 10]


def test_a_selection_keeps_the_interface(tmp_path: Path) -> None:
    corpus = load_fsdd(small(tmp_path))
    chosen = corpus.select(corpus.speaker_of() == "theo")
    assert chosen.speakers == ("theo",) and len(chosen) == 6 and chosen.rate == 8000
    np.testing.assert_array_equal(chosen.samples(0), corpus.samples(3))
    assert corpus.select([11, 0]).clips == (corpus.clips[11], corpus.clips[0])


def test_a_clip_that_is_gone_since_is_named(tmp_path: Path) -> None:
    corpus = load_fsdd(small(tmp_path))
    (tmp_path / "recordings" / "1_george_0.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"1_george_0\.wav does not exist"):
        corpus.samples(0)
    with pytest.raises(FileNotFoundError, match=r"1_george_0\.wav does not exist"):
        features(corpus, Mfcc(), cache=False)


@pytest.mark.parametrize("what", ["nowhere", "file", "empty", "others"])
def test_a_folder_without_clips_is_one_line(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "data"
    if what == "file":
        folder.write_text("no folder")
    elif what != "nowhere":
        folder.mkdir()
    if what == "others":
        write(folder / "seven.wav", tone())
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        load_fsdd(folder)
    rules = {"nowhere": "does not exist", "file": "must be a folder", "empty": "got none", "others": "1 other .wav"}
    assert rules[what] in str(caught.value) and "\n" not in str(caught.value) and str(folder) in str(caught.value)


def test_a_damaged_clip_refuses_the_folder_or_is_left_out(tmp_path: Path) -> None:
    small(tmp_path)
    (tmp_path / "recordings" / "7_theo_4.wav").write_bytes(b"RIFF nonsense")
    write(tmp_path / "recordings" / "1_theo_0.wav", np.zeros(800))
    with pytest.raises(ValueError, match=r"1_theo_0\.wav is silent.*skip_damaged=True"):
        load_fsdd(tmp_path)
    corpus = load_fsdd(tmp_path, Reading(skip_damaged=True))
    assert len(corpus) == 10
    assert [note.split(" is ")[0].rsplit("/", 1)[-1] for note in corpus.notes] == ["1_theo_0.wav", "7_theo_4.wav"]
    assert all(note.startswith("left out: ") for note in corpus.notes)


def test_a_folder_of_damaged_clips_only_is_refused_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "1_theo_0.wav", np.zeros(800))
    with pytest.raises(ValueError, match="no clip of 1 is usable; first: .*silent"):
        load_fsdd(tmp_path, Reading(skip_damaged=True))


def test_other_rates_are_resampled_and_it_is_said(tmp_path: Path) -> None:
    write(small(tmp_path) / "recordings" / "1_theo_0.wav", tone(440.0, 0.2, 44100), 44100)
    corpus = load_fsdd(tmp_path)
    assert corpus.notes == ("1 clip resampled from 44100 to 8000 Hz",)
    assert len(corpus.samples(3)) == 1600
    faster = load_fsdd(tmp_path, Reading(rate=16000))
    assert faster.rate == 16000 and len(faster.samples(0)) == 1600
    assert "11 clips resampled from 8000 to 16000 Hz" in faster.notes


def test_files_with_other_names_are_passed_over_and_it_is_said(tmp_path: Path) -> None:
    write(small(tmp_path) / "recordings" / "10_theo_0.wav", tone())
    assert load_fsdd(tmp_path).notes == ("1 .wav files with other names passed over",)


@given(
    digit=st.integers(0, 9), speaker=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), take=st.integers(0, 999)
)
def test_every_name_of_the_data_set_is_understood(digit: int, speaker: str, take: int) -> None:
    assert parse_name(f"{digit}_{speaker}_{take}.wav") == (str(digit), speaker, take)


@given(name=st.text(max_size=30) | st.from_regex(r"[0-9]{1,2}_[a-z_]{0,5}_[0-9]{0,8}\.wav", fullmatch=True))
def test_any_other_name_is_none_or_says_what_it_says(name: str) -> None:
    found = parse_name(name)
    if found is not None:
        digit, speaker, take = found
        assert len(digit) == 1 and name.lower().startswith(f"{digit}_{speaker}_") and take >= 0


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"word": ""}, "word and speaker must not be empty"),
        ({"speaker": ""}, "word and speaker must not be empty"),
        ({"take": -1}, "take must be 0 or more"),
        ({"part": "dev"}, "part must be one of train, validation, test or empty"),
    ],
)
def test_a_clip_that_cannot_be_is_refused(change: dict[str, object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Clip(**({"word": "1", "speaker": "a", "take": 0} | change))  # type: ignore[arg-type]


def test_a_corpus_without_sound_is_refused() -> None:
    clip = Clip(word="1", speaker="a", take=0)
    with pytest.raises(ValueError, match="clips must not be empty"):
        Corpus(name="x", rate=8000, clips=())
    with pytest.raises(ValueError, match="must each have a file or samples"):
        Corpus(name="x", rate=8000, clips=(clip,))
    with pytest.raises(ValueError, match="one array a clip"):
        Corpus(name="x", rate=8000, clips=(clip,), audio=(tone(), tone()))
    with pytest.raises(ValueError, match="positive number of hertz"):
        Corpus(name="x", rate=0, clips=(clip,), audio=(tone(),))
    assert Corpus(name="x", rate=8000, clips=(clip,), audio=(tone(),)).official_test() is None


def test_reading_refuses_a_rate_without_sense() -> None:
    with pytest.raises(ValueError, match="rate must be 1000 to 1000000 Hz, got 12"):
        Reading(rate=12)


def test_the_synthetic_corpus_says_that_it_is_a_smoke_test_and_splits_by_voice() -> None:
    corpus = synthetic_corpus(np.random.default_rng(3), voices=3, takes=1)
    assert "smoke test" in corpus.name and corpus.notes == (NOTE,)
    assert len(corpus) == 30 and len(corpus.words) == 10
    test = corpus.official_test()
    assert test is not None
    assert set(corpus.speaker_of()[test]).isdisjoint(corpus.speaker_of()[~test]) and 0 < test.sum() < 30
    assert all(0.4 < np.abs(corpus.samples(i)).max() <= 1.0 for i in range(30))
    again = synthetic_corpus(np.random.default_rng(3), voices=3, takes=1)
    assert all(np.array_equal(a, b) for a, b in zip(corpus.audio, again.audio, strict=True))
    other = synthetic_corpus(np.random.default_rng(4), voices=3, takes=1)
    assert not np.array_equal(corpus.audio[0], other.audio[0])


@pytest.mark.parametrize("change", [{"voices": 1}, {"takes": 0}, {"rate": 100}])
def test_a_synthetic_corpus_out_of_range_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"synthetic_corpus.{next(iter(change))} must be"):
        synthetic_corpus(np.random.default_rng(0), **change)


@pytest.mark.slow
def test_the_real_data_set_has_five_speakers_with_fifty_takes(shared_data: Path) -> None:
    corpus = load_fsdd(shared_data / "fsdd")
    assert len(corpus) == 2500 and corpus.speakers == ("george", "jackson", "lucas", "nicolas", "theo")
    assert corpus.words == tuple("0123456789") and corpus.notes == ()
    test = corpus.official_test()
    assert test is not None and test.sum() == 250
