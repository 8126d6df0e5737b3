"""TI-46 and Speech Commands from folders that look like the discs; the discs themselves are not at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinode.speech import speech_commands, ti46
from spinode.speech.loading import load_corpus
from spinode.speech.speech_commands import hashed_part, load_speech_commands
from spinode.speech.ti46 import Name, load_ti46
from tests.known_speech import tone, write


def disc(folder: Path) -> Path:
    """Two digits of two speakers as on the disc (NIST SPHERE, 12.5 kHz), with what else lies there."""
    for speaker in ("f1", "f7", "m1"):
        for digit in "08":
            for token in range(2):
                name = f"0{digit}{speaker}set{token}.sph"
                write(folder / "ti20" / "train" / speaker / name, tone(rate=12500), 12500, "NIST")
            name = f"0{digit}{speaker}s8t1.sph"
            write(folder / "ti20" / "test" / speaker / name, tone(rate=12500), 12500, "NIST")
    write(folder / "ti20" / "train" / "f1" / "gof1set0.sph", tone(rate=12500), 12500, "NIST")
    return folder


def test_the_disc_gives_the_enrollment_of_the_five_women(tmp_path: Path) -> None:
    corpus = load_ti46(disc(tmp_path))
    assert (corpus.name, corpus.rate, len(corpus)) == ("TI-46", 12500, 8)
    assert corpus.words == ("0", "8") and corpus.speakers == ("f1", "f7")
    assert list(corpus.takes()) == [0, 1] * 4
    assert corpus.official_test() is None
    assert corpus.notes == (
        "11 files of other words, speakers or sessions, or held twice, passed over",
        "no clips of f2, f5, f6",
    )
    assert len(corpus.samples(0)) == 1250


def test_the_test_sessions_are_its_own_test_part(tmp_path: Path) -> None:
    corpus = load_ti46(disc(tmp_path), speakers=("m1",), testing=True)
    test = corpus.official_test()
    assert test is not None and list(test) == [False, False, True] * 2
    assert list(corpus.takes()) == [0, 1, 25] * 2


def test_the_naming_of_the_circulating_subset_is_understood(tmp_path: Path) -> None:
    for utterance in (1, 10):
        write(tmp_path / f"s5_u{utterance}_d3.wav", tone(rate=12500), 12500)
    corpus = load_ti46(tmp_path)
    assert corpus.words == ("3",) and corpus.speakers == ("f5",) and list(corpus.takes()) == [0, 9]


def test_a_clip_that_was_converted_is_read_once_and_not_in_its_old_form(tmp_path: Path) -> None:
    (tmp_path / "00f1set0.sph").write_bytes(b"NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v1.09\n" * 20)
    with pytest.raises(ValueError, match="compressed by shorten"):
        load_ti46(tmp_path)
    write(tmp_path / "00f1set0.wav", tone(rate=12500), 12500)
    assert len(load_ti46(tmp_path)) == 1


def test_a_folder_without_its_digits_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "word.wav", tone())
    with pytest.raises(ValueError, match=r"named like 03f1set7\.wav or s1_u8_d3\.wav, got none among 1 audio files"):
        load_ti46(tmp_path)
    with pytest.raises(ValueError, match=r"must be of f1 to f8 and m1 to m8, got \['f9'\]"):
        load_ti46(tmp_path, speakers=("f9",))


@given(
    digit=st.integers(0, 9), sex=st.sampled_from("fmFM"), number=st.integers(1, 8), token=st.integers(0, 9),
    session=st.sampled_from("e12345678E"),
)  # fmt: skip
def test_every_name_of_the_disc_is_understood(digit: int, sex: str, number: int, token: int, session: str) -> None:
    name = ti46.parse_name(f"0{digit}{sex}{number}s{session}t{token}")
    if session in "eE":
        assert name == Name(str(digit), f"{sex.lower()}{number}", token, False)
    elif token > 1:
        assert name is None
    else:
        assert name == Name(str(digit), f"{sex.lower()}{number}", 8 + 2 * int(session) + token, True)


def test_the_names_of_the_disc_have_26_different_takes() -> None:
    tokens = [f"set{n}" for n in range(10)] + [f"s{s}t{n}" for s in range(1, 9) for n in range(2)]
    names = [ti46.parse_name(f"00f1{token}") for token in tokens]
    assert sorted(name.take for name in names if name is not None) == list(range(26))


@given(st.text(max_size=12) | st.from_regex(r"[0-9a-z]{2}[fm][0-9]s[e0-9]t[0-9]", fullmatch=True))
def test_any_other_name_is_none_or_in_range(stem: str) -> None:
    name = ti46.parse_name(stem)
    if name is not None:
        assert name.digit in set("0123456789") and name.speaker in ti46.SPEAKERS and 0 <= name.take <= 25


def commands(folder: Path) -> Path:
    """Two words of three speakers, with noise and files that belong to nobody."""
    for word in ("yes", "no"):
        for speaker in ("0a7c2a8d", "bb05582b", "ffd2ba2f"):
            for take in range(2):
                write(folder / word / f"{speaker}_nohash_{take}.wav", tone(rate=16000), 16000)
    write(folder / "_background_noise_" / "hum.wav", tone(rate=16000), 16000)
    write(folder / "yes" / "mine.wav", tone(rate=16000), 16000)
    return folder


def test_the_lists_of_the_data_set_are_its_split(tmp_path: Path) -> None:
    commands(tmp_path)
    (tmp_path / "testing_list.txt").write_text("yes/0a7c2a8d_nohash_0.wav\nno/0a7c2a8d_nohash_1.wav\n")
    (tmp_path / "validation_list.txt").write_text("yes/bb05582b_nohash_0.wav\n")
    corpus = load_speech_commands(tmp_path, words=None)
    assert (corpus.name, corpus.rate, len(corpus)) == ("Speech Commands", 16000, 12)
    assert corpus.words == ("no", "yes") and corpus.speakers == ("0a7c2a8d", "bb05582b", "ffd2ba2f")
    test = corpus.official_test()
    assert test is not None and test.sum() == 2
    parts = {(clip.word, clip.speaker, clip.take): clip.part for clip in corpus.clips}
    assert parts["yes", "0a7c2a8d", 0] == parts["no", "0a7c2a8d", 1] == "test"
    assert parts["yes", "bb05582b", 0] == "validation" and parts["yes", "ffd2ba2f", 0] == "train"
    assert corpus.notes == ("1 .wav files with other names passed over",)


def test_without_lists_the_hash_of_the_speaker_decides_and_it_is_said(tmp_path: Path) -> None:
    corpus = load_speech_commands(commands(tmp_path), words=("yes",))
    assert all(clip.part == hashed_part(clip.speaker) for clip in corpus.clips)
    assert "split by the data set's hashing rule" in corpus.notes[0]


def test_speakers_of_the_published_test_list_hash_into_the_test_part() -> None:
    """Eighteen speakers of ``testing_list.txt`` of version 2; one in ten would be there by chance."""
    listed = (
        "bb05582b f2e59fea 837a0f64 e49428d9 c9b5ff26 aa80f517 cfbedff9 3d86b69a d962e5ac"
        " 4fd1443e 8ea6dec6 1acc97de 87070229 0cb74144 db24628d fb7eb481 5170b77f a6f2fd71"
    )
    assert {hashed_part(speaker) for speaker in listed.split()} == {"test"}


def test_the_hashing_rule_gives_tenths() -> None:
    parts = [hashed_part(f"{n:08x}") for n in range(4000)]
    for part, share in (("validation", 0.1), ("test", 0.1), ("train", 0.8)):
        assert abs(parts.count(part) / 4000 - share) < 0.02  # four standard deviations of a tenth


def test_a_word_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got zero, one.*; there are no, yes"):
        load_speech_commands(commands(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="must hold one folder a word, got none"):
        load_speech_commands(tmp_path / "empty")
    with pytest.raises(ValueError, match=r"must hold files like empty/0a7c2a8d_nohash_0\.wav, got none"):
        load_speech_commands(tmp_path, words=("empty",))


@given(speaker=st.from_regex(r"[0-9a-f]{8}", fullmatch=True), take=st.integers(0, 99))
def test_every_name_of_the_commands_is_understood(speaker: str, take: int) -> None:
    assert speech_commands.parse_name(f"{speaker}_nohash_{take}.wav") == (speaker, take)


@given(st.text(max_size=30))
def test_any_other_name_of_the_commands_is_none_or_whole(name: str) -> None:
    found = speech_commands.parse_name(name)
    assert found is None or name.startswith(f"{found[0]}_nohash_")


def test_a_folder_says_by_its_names_which_corpus_it_is(tmp_path: Path) -> None:
    assert load_corpus(commands(tmp_path / "a")).name == "Speech Commands"
    assert load_corpus(disc(tmp_path / "b")).name == "TI-46"
    write(tmp_path / "c" / "recordings" / "3_theo_0.wav", tone())
    assert load_corpus(tmp_path / "c").name == load_corpus(tmp_path / "c" / "recordings").name == "FSDD"
    write(tmp_path / "d" / "master" / "recordings" / "3_theo_0.wav", tone())
    assert load_corpus(tmp_path / "d").name == "FSDD"


def test_a_folder_of_no_known_corpus_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone())
    with pytest.raises(ValueError, match="must hold clips of a known corpus, got none: 7_jackson_32.wav"):
        load_corpus(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_corpus(tmp_path / "gone")
