"""``spinode calibrate``: what it prints, what it writes, and that a mistake is one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.devices.auto_oscillator import AutoOscillator
from spinode.drives import Sampling, join, random_holds
from spinode.simulate import simulate
from spinode.storage import write_traces
from spinode.surrogate import load_surrogate, save_surrogate
from spinode.traces import Parameter, TraceSet
from tests.known_devices import made, trace_for
from tests.known_oscillator import noisy

DEVICE = AutoOscillator(temperature=0.0, damping_rate=5.6e7, frequency=450e6)


def run(*words: object) -> int:
    return main([str(word) for word in words])


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1, shown
    return shown.err


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with traces of an oscillator, and of a made surrogate; only read."""
    folder = tmp_path_factory.mktemp("data")
    current, force = DEVICE.inputs
    sampling, rng = Sampling(duration=60e-9, dt=0.15e-9), np.random.default_rng(3)
    threshold = DEVICE.threshold_current
    drive = join(
        random_holds(current, sampling, 0.5 * threshold, 1.2 * threshold, 12e-9, rng),
        random_holds(force, sampling, -2e8, 2e8, 6e-9, rng),
    )
    trace = noisy(simulate(DEVICE, drive, name="one"), 30, rng)
    write_traces(folder / "trace.h5", TraceSet((trace,)))
    write_traces(folder / "two.h5", TraceSet((trace, replace(trace, name="two"))))
    twin = made(inputs=1, parameters=1)
    save_surrogate(folder / "twin.h5", twin)
    save_surrogate(folder / "plain.h5", made(inputs=1, parameters=0))
    given = trace_for(twin, 200)
    parameters = {"constant0": Parameter(value=0.9, unit="m"), "mass": Parameter(value=2.0, unit="kg")}
    answer = simulate(replace(twin, parameters={"constant0": parameters["constant0"]}), given.drive)
    made_trace = replace(answer, parameters=parameters, name="made")
    write_traces(folder / "made.h5", TraceSet((made_trace,)))
    wrong = {**parameters, "constant0": Parameter(value=0.9, unit="K")}
    write_traces(folder / "kelvin.h5", TraceSet((replace(made_trace, parameters=wrong),)))
    (folder / "text.txt").write_text("no trace\n")
    return folder


def test_an_analytic_device_is_calibrated_with_json_in_si(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--unknown", "damping_rate=4e7:8e7", "--unknown", "frequency=400MHz:500MHz", "--set", "temperature=0"]
    assert run("calibrate", "auto-oscillator", data / "trace.h5", *words, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["device"], shown["trace"], shown["verdict"], shown["accepted"]) == (
        "auto-oscillator", "one", "fits", True,
    )  # fmt: skip
    for name, truth, unit in (("damping_rate", 5.6e7, "1/s"), ("frequency", 450e6, "Hz")):
        found = shown["unknowns"][name]
        assert found["unit"] == unit and found["verdict"] == "fits"
        assert found["value"] == pytest.approx(truth, rel=0.02)
        assert found["low"] <= found["value"] <= found["high"] and found["standard_error"] > 0
        assert shown["set"][name] == found["value"]
    assert shown["unknowns"]["frequency"]["searched"] == [400e6, 500e6]
    assert shown["correlation"]["names"] == ["damping_rate", "frequency"]
    assert np.shape(shown["correlation"]["matrix"]) == (2, 2)
    assert set(shown["residuals"]["voltage"]) == {"rms", "unit", "nrmse", "structured"}
    assert set(shown) == {
        "device", "trace", "verdict", "accepted", "unknowns", "correlation", "residuals", "notes", "windows",
        "duration", "samples", "seconds", "set",
    }  # fmt: skip


def test_the_table_says_value_interval_and_what_the_trace_contradicts(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "fit.png"
    words = ["--unknown", "damping_rate=4e7:8e7", "--set", "frequency=450MHz", "--set", "temperature=0"]
    words += ["--set", "resistance_swing=13.1", "--plot", plot]
    assert run("calibrate", "auto-oscillator", data / "trace.h5", *words) == 0
    shown = capsys.readouterr().out
    assert "auto-oscillator on trace one: fits; one run over" in shown
    assert "damping_rate" in shown and "95 % interval" in shown and "error left" in shown
    assert "the trace says resistance_swing 13 ohm, but 13.1 ohm was used" in shown
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_surrogate_is_calibrated_and_written(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.h5"
    assert run("calibrate", data / "twin.h5", data / "made.h5", "-o", out, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    found = shown["unknowns"]["constant0"]
    assert found["value"] == pytest.approx(0.9, rel=0.02)
    assert load_surrogate(out).parameters["constant0"].value == found["value"]
    assert run("calibrate", data / "twin.h5", data / "made.h5", "-o", out) == 1
    assert "--force" in error_line(capsys)


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "no such device": (("vortx", "trace.h5"), "'vortx' is not there; closest: vortex"),
    "no such file": (("none.h5", "trace.h5"), "none.h5 does not exist"),
    "no traces file": (("auto-oscillator", "none.h5", "--unknown", "damping_rate"), "none.h5 does not exist"),
    "not HDF5": (("auto-oscillator", "text.txt", "--unknown", "damping_rate"), "is not an HDF5 file"),
    "traces for a surrogate": (("trace.h5", "trace.h5"), "must be a surrogate file, got a traces file"),
    "a surrogate for traces": (("twin.h5", "twin.h5"), "must be a traces file, got a surrogate file"),
    "nothing unknown": (("auto-oscillator", "trace.h5"), "must name at least one parameter of auto-oscillator"),
    "no such parameter": (
        ("auto-oscillator", "trace.h5", "--unknown", "dampingrate"), "'dampingrate' is not there; closest: damping_rate"
    ),
    "twice": (
        ("auto-oscillator", "trace.h5", "--unknown", "frequency", "--unknown", "frequency=1GHz:2GHz"), "given once"
    ),
    "a range of one end": (("auto-oscillator", "trace.h5", "--unknown", "frequency=1GHz"), "name=low:high"),
    "a range in metres": (("auto-oscillator", "trace.h5", "--unknown", "frequency=1nm:2nm"), "quantity in Hz"),
    "a range reversed": (("auto-oscillator", "trace.h5", "--unknown", "frequency=2GHz:1GHz"), "low < high"),
    "a range against the rules": (
        ("auto-oscillator", "trace.h5", "--unknown", "damping_rate=-2e7:-1e7"), "no finite run anywhere"
    ),
    "a zero without a range": (
        ("auto-oscillator", "trace.h5", "--unknown", "torque_saturation"), "must come with a range"
    ),
    "a known value in kelvin": (
        ("auto-oscillator", "trace.h5", "--unknown", "frequency", "--set", "damping_rate=5K"), "--set damping_rate"
    ),
    "no such preset": (("auto-oscillator", "trace.h5", "--unknown", "frequency", "--preset", "nobody"), "preset"),
    "another device": (("vortex", "trace.h5", "--unknown", "damping"), "'field' is not there"),
    "two traces": (("auto-oscillator", "two.h5", "--unknown", "frequency"), "holds 2 traces (one, two); choose one"),
    "no such trace": (("auto-oscillator", "two.h5", "--unknown", "frequency", "--trace", "on"), "closest: one"),
    "few samples": (
        ("auto-oscillator", "trace.h5", "--unknown", "frequency", "--samples", "0:8"), "at least 13 samples"
    ),
    "a surrogate without parameters": (("plain.h5", "made.h5"), "has no static parameter to find"),
    "and one of its own": (("plain.h5", "made.h5", "--set", "radius=1nm"), "has none"),
    "not in the surrogate": (("twin.h5", "made.h5", "--unknown", "mas"), "is not there; closest: mass"),
    "a condition of the training": (("twin.h5", "made.h5", "--unknown", "mass"), "had one value in all traces"),
    "all known": (("twin.h5", "made.h5", "--set", "constant0=1m"), "must leave a static parameter"),
    "a unit that does not fit": (("twin.h5", "made.h5", "--set", "constant0=1K"), "quantity in m"),
    "checks in kelvin": (("twin.h5", "made.h5", "--check", "kelvin.h5"), "must be in 'm', got 'K'"),
    "a preset of a surrogate": (("twin.h5", "made.h5", "--preset", "a"), "--preset goes with the name of a device"),
    "a device in a file": (
        ("auto-oscillator", "trace.h5", "--unknown", "frequency", "-o", "x.h5"), "-o "
    ),
    "no figure": (("twin.h5", "made.h5", "--plot", "x.xyz"), "--plot must end in"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_calibration_that_cannot_be_done_is_one_line(
    name: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, says = BAD[name]
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    monkeypatch.chdir(data)
    assert run("calibrate", *words) == 1
    assert says in error_line(capsys)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before
