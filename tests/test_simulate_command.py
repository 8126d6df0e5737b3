"""``spinode simulate`` and the devices by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.cli.device_names import DEVICES, describe_device, make_device
from spinode.devices import AutoOscillator, DomainWall, EnvelopeOscillator, NbOxNeuron, VortexOscillator
from spinode.storage import read_traces

SHORT = ["--duration", "50ns", "--dt", "100ps"]


def test_a_trace_is_written_with_drive_output_and_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.h5"
    words = ["simulate", "vortex", "-o", str(path), "--set", "radius=150nm", "--drive", "current=2mA", *SHORT]
    assert main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    trace = read_traces(path)["vortex"]
    assert record["samples"] == len(trace) == 501
    assert record["outputs"]["voltage"]["max"] == trace.output.column("voltage").max()
    assert trace.parameters["radius"].value == 150e-9
    assert (trace.drive.column("current") == 2e-3).all() and (trace.drive.column("field") == 0).all()


def test_a_table_is_printed_without_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "wall", "-o", str(tmp_path / "w.h5"), "--drive", "field=1mT", *SHORT]) == 0
    shown = capsys.readouterr().out
    assert "501 samples every 100 ps" in shown and "mz" in shown


def test_temperature_adds_noise_and_the_seed_repeats_it(tmp_path: Path) -> None:
    values = []
    for number, more in enumerate(
        ([], ["--temperature", "300K"], ["--temperature", "300"], ["--temperature", "300", "--seed", "1"])
    ):
        path = tmp_path / f"{number}.h5"
        assert main(["simulate", "vortex", "-o", str(path), "--drive", "current=1mA", *SHORT, *more]) == 0
        values.append(read_traces(path)["vortex"].output.values)
    quiet, noisy, same, other = values
    np.testing.assert_array_equal(noisy, same)
    assert not np.array_equal(noisy, quiet) and not np.array_equal(noisy, other)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vortx"], "device 'vortx' is not there; closest: vortex"),
        (["vortex", "--set", "radus=1nm"], "parameter of vortex 'radus' is not there; closest: radius"),
        (["vortex", "--set", "radius"], "--set must be name=value, for example radius=1, got 'radius'"),
        (["vortex", "--set", "radius=1nm", "--set", "radius=2nm"], "--set radius must be given once"),
        (["vortex", "--set", "radius=1T"], "--set radius: '1T' must be a quantity in m"),
        (["vortex", "--set", "damping=2"], "VortexOscillator.damping must be between 0 and 1, got 2"),
        (["vortex", "--drive", "curent=1mA"], "drive channel 'curent' is not there; closest: current"),
        (["vortex", "--drive", "current=50mA"], "vortex diverged at"),
        (["vortex", "--duration", "1"], "Sampling.dt must give fewer than"),
        (["vortex", "--preset", "guslienko"], "preset of vortex 'guslienko' is not there; closest: guslienko_2014"),
        (["vortex", "--temperature", "0K"], "VortexOscillator.temperature must be above 0 K where noise is asked for"),
        (
            ["vortex", "--accuracy", "1e-3", "--set", "damping=0.01,0.02"],
            "--accuracy goes with one member without noise",
        ),
        (["vortex", "--repeats", "2"], "--repeats needs --temperature: without noise all repeats are the same run"),
        (
            ["vortex", "--set", "radius=" + ",".join(["1nm"] * 1001), "--set", "damping=" + ",".join(["0.1"] * 1000)],
            "--set and --repeats must give at most 1000000 members",
        ),
        (
            ["vortex", "--drive", "current=noise(1mA,0.1mA,1GHz)", "--dt", "1ns"],
            "must have at least 8 samples a period",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.h5"
    assert main(["simulate", *words, "-o", str(path)]) == 1
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.h5"
    path.write_text("old")
    assert main(["simulate", "wall", "-o", str(path), *SHORT]) == 1
    assert path.read_text() == "old" and "--force" in capsys.readouterr().err
    assert main(["simulate", "wall", "-o", str(path), *SHORT, "--force"]) == 0
    assert len(read_traces(path)["wall"]) == 501


def test_an_ensemble_over_parameters_and_noise_is_repeatable(tmp_path: Path) -> None:
    words = [
        "simulate",
        "vortex",
        "--set",
        "radius=100nm,150nm",
        "--set",
        "damping=0.01,0.02",
        "--drive",
        "current=1mA",
    ]
    files = [tmp_path / name for name in ("one.h5", "two.h5")]
    for path, workers in zip(files, ("1", "2"), strict=True):
        more = ["--temperature", "300K", "--repeats", "3", "--workers", workers]
        assert main([*words, "-o", str(path), *SHORT, *more]) == 0
    one, two = (read_traces(path) for path in files)
    assert len(one) == 12
    for trace, same in zip(one, two, strict=True):
        np.testing.assert_array_equal(trace.output.values, same.output.values)
    found = [(t.parameters["radius"].value, t.parameters["damping"].value) for t in one]
    assert found[::3] == [(100e-9, 0.01), (100e-9, 0.02), (150e-9, 0.01), (150e-9, 0.02)]
    values = [trace.output.values for trace in one]
    assert not np.array_equal(values[0], values[1])  # the same device, noise of its own


def test_the_drive_of_a_file_is_used_again_with_other_channels_from_text(tmp_path: Path) -> None:
    first, second = tmp_path / "first.h5", tmp_path / "second.h5"
    words = ["simulate", "vortex", "--drive", "current=noise(1mA,0.1mA,100MHz)", *SHORT]
    assert main([*words, "-o", str(first)]) == 0
    words = ["simulate", "vortex", "--set", "radius=90nm", "--drive-from", str(first)]
    assert main([*words, "-o", str(second)]) == 0
    one, two = read_traces(first)["vortex"], read_traces(second)["vortex"]
    np.testing.assert_array_equal(one.drive.values, two.drive.values)
    assert not np.array_equal(one.output.values, two.output.values)


def test_a_run_to_an_accuracy_says_what_the_last_halving_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.h5"
    words = ["simulate", "vortex", "--drive", "current=4mA", *SHORT, "--accuracy", "1e-5"]
    assert main([*words, "-o", str(path)]) == 0
    assert "twice that step changes an output by at most" in capsys.readouterr().out


def test_devices_by_name_are_the_classes_with_their_defaults() -> None:
    made = {name: make_device(name) for name in DEVICES}
    kinds = {"vortex": VortexOscillator, "auto-oscillator": AutoOscillator, "envelope": EnvelopeOscillator}
    assert made == {name: kind() for name, kind in {**kinds, "wall": DomainWall, "nbox": NbOxNeuron}.items()}
    assert all(device.name == name for name, device in made.items())
    for name in DEVICES:
        described = describe_device(name)
        assert described.datasheet is not None and described.datasheet.verdict.endswith(".")


def test_info_gives_the_datasheet_of_an_operating_point_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = []
    for current in ("1mA", "2.5mA", "50mA", "-3mA"):
        assert main(["info", "vortex", "--set", f"current={current}", "--json"]) == 0
        record = json.loads(capsys.readouterr().out)
        rows = {row["name"]: row for row in record["rows"]}
        assert rows["radius"] == {"name": "radius", "value": 100e-9, "unit": "m"}
        sheet = {row["name"]: row["value"] for row in record["datasheet"]}
        assert sheet["threshold current"] == pytest.approx(VortexOscillator().threshold_current)
        assert all(row["formula"] for row in record["datasheet"])
        verdicts.append(record["verdict"])
    assert "does not oscillate" in verdicts[0].lower() and "oscillates" in verdicts[1].lower()
    assert len(set(verdicts)) == 4


def test_info_prints_a_datasheet_for_people_and_refuses_what_it_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["info", "vortex", "--set", "current=5mA", "--preset", "guslienko_2014_l10"]) == 0
    shown = capsys.readouterr().out
    assert "threshold current" in shown and "at current 5 mA" in shown
    assert main(["info", "vortex", "--set", "curent=5mA"]) == 1
    assert "parameter of vortex 'curent' is not there; closest: current" in capsys.readouterr().err
    assert main(["info", "vortex", "--set", "current=1mA,2mA"]) == 1
    assert "--set current must be one value here, got 2" in capsys.readouterr().err
