"""``spinode simulate`` and the devices by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.cli.device_names import DEVICES, describe_device, make_device
from spinode.devices import DomainWall, VortexOscillator
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


def test_devices_by_name_are_the_classes_with_their_defaults() -> None:
    made = {name: make_device(name) for name in DEVICES}
    assert made == {"vortex": VortexOscillator(), "wall": DomainWall()}
    assert all(device.name == name for name, device in made.items())


def test_a_device_is_described_by_its_parameters_and_what_follows_from_them() -> None:
    rows = {name: (value, unit) for name, value, unit in describe_device("vortex", ["radius=150nm"])}
    assert rows["radius"] == (150e-9, "m")
    assert rows["frequency"] == (VortexOscillator(radius=150e-9).frequency, "Hz")
    assert rows["threshold_current"][1] == "A"
    assert {name for name, _, _ in describe_device("wall")} >= {"walker_field", "mobility", "width"}
