"""``spinode speech``: the contract of its JSON, its controls, and one line for each bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinode import cli
from spinode.cli.speech_options import DeviceOptions, read_corpus
from spinode.speech.synthetic import synthetic_corpus

SMALL = ["--nodes", "10", "--seeds", "1"]
Captured = pytest.CaptureFixture[str]


def record_of(capsys: Captured, *words: str) -> dict[str, object]:
    assert cli.main(["speech", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def refused(capsys: Captured, *words: str) -> str:
    assert cli.main(["speech", *words]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    return told[0]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINODE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three digits by three artificial voices, ten takes each, as files of the Free Spoken Digit Dataset."""
    import soundfile

    folder = tmp_path_factory.mktemp("digits")
    corpus = synthetic_corpus(np.random.default_rng(0), voices=3, takes=10)
    number = {word: str(place) for place, word in enumerate(corpus.words)}
    voice = {name: "abc"[place] for place, name in enumerate(corpus.speakers)}
    for index, clip in enumerate(corpus.clips):
        if int(number[clip.word]) < 3:
            name = f"{number[clip.word]}_{voice[clip.speaker]}_{clip.take}.wav"
            soundfile.write(folder / name, corpus.samples(index), corpus.rate)
    return folder


@pytest.mark.parametrize("split", ["official", "loso"])
def test_the_record_keeps_the_contract(split: str, digits: Path, capsys: Captured, tmp_path: Path) -> None:
    figure = tmp_path / "speech.png"
    found = record_of(capsys, "--data", str(digits), *SMALL, "--split", split, "--plot", str(figure))
    assert {"accuracy", "interval", "items", "controls", "gain"} <= set(found)
    assert (found["smoke_test"], found["items"]) == (False, 45 if split == "official" else 90)
    controls = found["controls"]
    assert isinstance(controls, dict) and set(controls) == {"frame_wise", "flattened", "static"}
    assert all(0 <= value <= 1 for value in controls.values())
    low, high = found["interval"]  # type: ignore[misc]
    assert 0 <= low <= found["accuracy"] <= high <= 1  # type: ignore[operator]
    assert abs(found["gain"] - (found["accuracy"] - controls["frame_wise"])) < 1e-9  # type: ignore[operator]
    assert figure.stat().st_size > 10_000


@pytest.mark.slow  # 1,022 training sets of three controls
def test_n_of_ten_utterances_gives_a_curve(digits: Path, capsys: Captured) -> None:
    found = record_of(capsys, "--data", str(digits), *SMALL, "--split", "utterances", "--device", "none")
    assert [len(curve) for curve in found["curves"].values()] == [9, 9, 9, 9]  # type: ignore[attr-defined]
    assert found["curves"]["device"] == found["curves"]["frame_wise"]  # type: ignore[index]
    assert found["items"] == 90


def test_without_a_device_the_score_is_the_controls_and_there_is_no_gain(digits: Path, capsys: Captured) -> None:
    found = record_of(capsys, "--data", str(digits), "--device", "none", "--split", "official")
    controls = found["controls"]
    assert isinstance(controls, dict)
    assert found["accuracy"] == controls["frame_wise"]
    assert (found["gain"], controls["static"]) == (0.0, None)


def test_the_table_says_what_was_recognised_beside_the_controls(digits: Path, capsys: Captured) -> None:
    assert cli.main(["speech", "--data", str(digits), *SMALL, "--split", "official", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "mfcc, official: 45 test words" in out
    assert all(name in out for name in ("envelope", "no device", "95 % interval", "McNemar p", "interval: "))


@pytest.mark.parametrize(
    ("kind", "told"),
    [("fsdd", ""), ("any", ""), ("ti46", "TI-46"), ("speech-commands", "one folder a word")],
)
def test_a_kind_of_folder_is_read_as_it_is_called(kind: str, told: str, digits: Path) -> None:
    if told:
        with pytest.raises(ValueError, match=told):
            read_corpus(digits, kind, False)
    else:
        assert len(read_corpus(digits, kind, False).clips) == 90


@pytest.mark.slow  # six hundred synthetic words
def test_without_data_a_smoke_test_says_that_it_is_one(capsys: Captured) -> None:
    assert cli.main(["speech", "--device", "none", "--split", "loso"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("smoke test on synthetic words")
    assert "no device, flattened" in out and "choice of speakers" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "nowhere"], "nowhere does not exist"),
        (["--corpus", "timit", "--data", "."], "--corpus must be any, fsdd, ti46 or speech-commands, got 'timit'"),
        (["--frontend", "ears"], "ears"),
        (["--split", "half"], "protocol must be one of official, loso, utterances, got 'half'"),
        (["--readout", "mind"], "Readout.kind must be one of"),
        (["--device", "ocean"], "--device must be none, a surrogate file or one of"),
        (["--device", "vortex", "--input", "current"], "--range must give LOW:HIGH"),
        (["--device", "wall", "--range", "0:1"], "--input must say which input of wall is driven, got none of"),
        (["--range", "4mA"], "--range must be LOW:HIGH"),
        (["--range", "8mA:4mA"], "--range must be LOW:HIGH with LOW below HIGH"),
        (["--at", "field"], "--at must be name=value"),
        (["--node-time", "3mA", "--range", "4mA"], "--node-time: '3mA' must be a quantity in s"),
        (["--preset", "nobody"], "'nobody'"),
        (["--deltas", "-1"], "--deltas must be 0 or more"),
        (["--plot", "figure.txt"], "--plot must end in"),
    ],
)
def test_bad_input_is_one_line(words: list[str], told: str, digits: Path, capsys: Captured) -> None:
    data = [] if "--data" in words else ["--data", str(digits)]
    assert told in refused(capsys, *words, *data, *SMALL)


def test_a_folder_without_clips_is_one_line(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "must hold clips of a known corpus" in refused(capsys, "--data", str(tmp_path / "empty"))


def test_too_few_speakers_for_the_split_is_one_line(capsys: Captured, tmp_path: Path) -> None:
    import soundfile

    rng = np.random.default_rng(0)
    for digit in (0, 1):
        for speaker in ("ann", "bob"):
            for take in range(6):
                soundfile.write(tmp_path / f"{digit}_{speaker}_{take}.wav", 0.1 * rng.standard_normal(2400), 8000)
    line = refused(capsys, "--data", str(tmp_path), "--split", "loso", "--device", "none")
    assert "leave one speaker out needs at least 3 speakers, got 2 (ann, bob)" in line
    line = refused(capsys, "--data", str(tmp_path), "--split", "utterances", "--device", "none")
    assert "needs 10 takes of each label by each speaker" in line


def test_the_envelope_stands_at_the_point_of_the_literature() -> None:
    (reservoir,) = DeviceOptions(name="envelope", nodes=5).reservoirs(1)
    fitted = reservoir.fit([np.random.default_rng(0).standard_normal((50, 3))])
    assert np.allclose((fitted.rest_, fitted.swing_, fitted.node_time_), (7e-3, 3e-3, 100e-9))


@pytest.mark.slow
@pytest.mark.parametrize("split", ["loso", "utterances"])
def test_two_processes_give_the_record_of_one(split: str, digits: Path, capsys: Captured) -> None:
    words = ["--data", str(digits), "--split", split, "--nodes", "10", "--seeds", "2"]
    one, two, plain = (record_of(capsys, *words, *more) for more in (["--jobs", "1"], ["--jobs", "2"], []))
    for record in (one, two, plain):
        record.pop("seconds")
    assert one == two
    assert one["confusion"] == plain["confusion"]
