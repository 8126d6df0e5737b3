"""Mackey-Glass with a learned skyrmion, as in Chen et al., Nat. Commun. 13, 1016 (2022), Fig. 3, and its command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinode.bundled import bundled_data
from spinode.cli import main
from spinode.reservoir import (
    Forecast,
    ForecastSettings,
    NodeSettings,
    forecast,
    gaussian_mask,
    mackey_glass,
    node_states,
    read_in_for,
)
from spinode.reservoir.forecast import errors_by_horizon
from spinode.simulate import simulate
from spinode.storage import read_traces
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.traces import TraceSet
from tests.tolerances import NOTHING_LEARNED

STORED = Path(__file__).parent / "data" / "skyrmion_surrogate.h5"
"""What ``spinode fit micromag_data/skyrmion_vcma.h5 --trace train`` gives with the defaults of 2026-11 (seed 0)."""
PUBLISHED = {1: 0.0118, 5: 0.206, 22: 0.226, 25: 0.308}
"""NRMSE by horizon of the released one-skyrmion model, with holds of exact length."""


def run(*words: object) -> int:
    return main([str(word) for word in words])


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


def task(twin: Surrogate, seed: int, settings: ForecastSettings) -> tuple[Forecast, np.ndarray, np.ndarray]:
    """50 nodes of 10 ps, 10,000 points, amplitude 0.4: scores, states and series."""
    series = mackey_glass(10_000)
    known, bounds = series[:5300, None], twin.ranges["Ku1"]
    mask = gaussian_mask(50, np.random.default_rng(seed))
    read_in = read_in_for("Ku1", mask, known, (bounds.low, bounds.high), 0.4)
    how = NodeSettings(node_time=10e-12, washout=settings.washout)
    states = node_states(twin, read_in, series[:, None], how)[:, :, 0]
    return forecast(states, series, read_in, settings), states, series


def check_published(result: Forecast) -> None:
    """As good as the published model at short range, near it at the second peak, and what no device can do."""
    assert result.nrmse[1] < PUBLISHED[1]  # 0.0062 to 0.0081 over ten masks and three fits
    assert result.nrmse[5] < PUBLISHED[5]  # 0.17 to 0.19
    assert result.nrmse[22] < 1.3 * PUBLISHED[22]  # 0.22 to 0.28: our disk remembers less of the delay than theirs
    assert result.nrmse[25] < 1.2 * PUBLISHED[25]  # 0.28 to 0.35
    assert result.nrmse[22] < 0.8 * result.controls["delayed_inputs"][22]
    assert (result.nrmse[1:30] < 0.8 * result.controls["masked_input"][1:30]).all()


def test_a_learned_skyrmion_foretells_mackey_glass_as_the_published_one_does_and_not_a_shuffled_series() -> None:
    settings = ForecastSettings()
    result, states, series = task(load_surrogate(STORED), 0, settings)
    check_published(result)
    mixed = np.random.default_rng(1).permutation(series)
    assert errors_by_horizon(states, mixed[300:], settings).min() > NOTHING_LEARNED


def test_the_node_run_is_the_run_of_simulate_at_the_start_of_each_hold() -> None:
    """Two samples of 5 ps a hold, written out sample by sample."""
    from dataclasses import replace

    from spinode.signals import signal_of

    twin = load_surrogate(STORED)
    series, bounds = mackey_glass(40), twin.ranges["Ku1"]
    read_in = read_in_for(
        "Ku1", gaussian_mask(50, np.random.default_rng(0)), series[:, None], (bounds.low, bounds.high), 0.4
    )
    states = node_states(twin, read_in, series[:, None], NodeSettings(node_time=10e-12))
    samples = np.repeat(read_in.levels(series[:, None]).ravel(), 2)
    held = replace(twin, inputs=(replace(twin.inputs[0], hold=True),))
    path = simulate(held, signal_of(samples, twin.dt, held.inputs[0])).output.values[::2, 0]
    assert np.array_equal(states[:, :, 0].ravel(), path)


@pytest.mark.slow
def test_fits_with_the_defaults_give_the_figures_of_the_guide() -> None:
    training = TraceSet((read_traces(bundled_data("skyrmion_vcma.h5"))["train"],))
    for seed in (0, 1):
        twin = fit(training, FitSettings(seed=seed), name="skyrmion")
        for mask in range(5):
            check_published(task(twin, mask, ForecastSettings())[0])


QUICK = ("--points", 900, "--training", 500, "--horizons", 30, "--nodes", 20)


def test_the_command_prints_errors_controls_and_its_read_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "errors.png"
    words = ("reservoir", "mackey-glass", "--device", STORED, *QUICK)
    assert run(*words, "--json", "--plot", figure) == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record["nrmse"]) == [str(horizon) for horizon in range(30)]
    assert set(record["controls"]) == {"masked_input", "delayed_inputs"}
    assert all(list(values) == list(record["nrmse"]) for values in record["controls"].values())
    assert record["nrmse"]["1"] < record["controls"]["masked_input"]["1"]
    assert record["node_time"] == pytest.approx(10e-12)
    assert record["solver_steps"] == 900 * 20 * 2
    assert (record["read_in"]["channel"], record["read_in"]["clipped"]) == ("Ku1", 0.0)
    assert record["read_in"]["centre"] == pytest.approx(8e5, rel=1e-3)
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert run(*words, "--seed", 1) == 0
    text = capsys.readouterr().out
    assert "20 nodes of 10 ps, 36000 solver steps" in text
    assert "swings by at most 5.974e+04 J/m3 around 8e+05 J/m3, inside its range 6.507e+05 J/m3" in text
    assert "no device, delayed inputs" in text


def test_an_analytic_device_takes_the_place_of_a_learned_one(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--range", "4mA:8mA", "--node-time", "100ns", "--json")
    assert run("reservoir", "mackey-glass", "--device", "envelope", *QUICK, *words) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["device"] == "envelope"
    assert record["nrmse"]["1"] < record["controls"]["masked_input"]["1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("narma", "--device", STORED), "TASK must be one of mackey-glass, narma10, memory"),
        (("mackey-glass", "--device", "nowhere.h5"), "--device must be a surrogate file or one of vortex"),
        (("mackey-glass", "--device", STORED, "--nodes", 0), "nodes must be 1 to"),
        (("mackey-glass", "--device", STORED, "--nodes", -5), "nodes must be 1 to"),
        (("mackey-glass", "--device", STORED, "--amplitude", 1.5), "amplitude must be above 0 and at most 1"),
        (("mackey-glass", "--device", STORED, "--amplitude", "nan"), "amplitude must be above 0 and at most 1"),
        (("mackey-glass", "--device", STORED, "--ridge", 0), "ridge must be a positive number"),
        (("mackey-glass", "--device", STORED, "--points", 100), "--points must be at least 5381"),
        (("mackey-glass", "--device", STORED, "--horizons", 0), "horizons must be 1 or more"),
        (("mackey-glass", "--device", STORED, "--node-time", "7ps"), "whole number of samples of 5e-12 s, got '7ps'"),
        (("mackey-glass", "--device", STORED, "--node-time", "-10ps"), "--node-time must be above 0, got '-10ps'"),
        (("mackey-glass", "--device", "envelope", "--node-time", "3mA"), "--node-time: '3mA' must be a quantity in s"),
        (("mackey-glass", "--device", STORED, "--input", "Ku2"), "input 'Ku2' is not there; closest: Ku1"),
        (("mackey-glass", "--device", STORED, "--range", "1e5:9e5"), "must lie in the trained range"),
        (("mackey-glass", "--device", STORED, "--range", "9e5:7e5"), "LOW below HIGH"),
        (("mackey-glass", "--device", STORED, "--range", "9e5"), "--range must be LOW:HIGH, got '9e5'"),
        (("mackey-glass", "--device", STORED, "--at", "Ku1=8e5"), "other input 'Ku1' is not there"),
        (("mackey-glass", "--device", STORED, "--set", "x=1"), "--set goes with the name of a device"),
        (("mackey-glass", "--device", STORED, "--preset", "x"), "--preset goes with the name of a device"),
        (("mackey-glass", "--device", "envelope"), "--range must be LOW:HIGH of 'current' [A]"),
        (
            ("mackey-glass", "--device", "vortex", "--range", "1mA:2mA"),
            "--input must say which input of vortex is driven",
        ),
        (
            ("mackey-glass", "--device", "vortex", "--input", "current", "--range", "1mA:2mA"),
            "others must give a value for input 'field'",
        ),
        (("mackey-glass", "--device", STORED, "--plot", "x.gif"), "--plot must end in"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(
    words: tuple[object, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("reservoir", *words) == 1
    assert said in error_line(capsys)


def test_a_missing_device_is_a_matter_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reservoir", "mackey-glass") == 2
    assert "--device" in error_line(capsys)


def test_a_traces_file_is_not_a_device_and_a_figure_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("reservoir", "mackey-glass", "--device", bundled_data("skyrmion_vcma.h5")) == 1
    assert "surrogate" in error_line(capsys)
    figure = tmp_path / "there.png"
    figure.touch()
    assert run("reservoir", "mackey-glass", "--device", STORED, "--plot", figure) == 1
    assert "--force" in error_line(capsys)
    assert figure.read_bytes() == b""


def test_a_surrogate_without_inputs_cannot_be_driven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.known_devices import made

    save_surrogate(tmp_path / "alone.h5", made(inputs=0))
    assert run("reservoir", "mackey-glass", "--device", tmp_path / "alone.h5") == 1
    assert "must have an input to drive" in error_line(capsys)
