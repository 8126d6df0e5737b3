"""The report: numbers as text and as JSON, and words for what went wrong."""

import json
import math

import numpy as np
import pytest

from spinode.signals import Channel, signal_of
from spinode.surrogate.metrics import FreeRunScore
from spinode.surrogate.report import HEADER, FreeRun, build_report
from spinode.traces import Trace

TIME = np.arange(3000) * 1e-11
WAVE = np.cos(2 * np.pi * 3e9 * TIME)


def truth(*columns: np.ndarray) -> Trace:
    channels = [Channel(name=f"y{i}", unit="V") for i in range(len(columns))]
    return Trace(
        drive=signal_of(np.zeros((TIME.size, 0)), 1e-11),
        output=signal_of(np.stack(columns, axis=1), 1e-11, *channels),
        name="probe",
    )


def run(*columns: np.ndarray, baseline: bool = False) -> FreeRun:
    prediction = np.stack(columns, axis=1)
    return FreeRun(prediction=prediction, training_seconds=2.5, prediction_seconds=0.004, baseline=baseline)


def test_the_table_has_a_row_a_model_and_output_in_the_columns_of_the_header() -> None:
    report = build_report(truth(WAVE, WAVE), {"twin": run(WAVE, 1.1 * WAVE), "zero": run(WAVE, WAVE)}, "t", 5)
    table = report.table()
    assert len(table) == 4
    assert {len(row) for row in table} == {len(HEADER)}
    cells = dict(zip(HEADER, table[1], strict=True))
    assert cells["model"] == "twin"
    assert cells["output"] == "y1"
    assert cells["NRMSE"] == "0.1"
    assert cells["frequency"] == "3 GHz"
    assert cells["amplitude error"] == "+10 %"
    assert cells["training"] == "2.5 s"
    assert cells["verdict"] == "follows"


def test_a_learner_that_does_not_beat_the_strongest_baseline_is_told_so() -> None:
    runs = {
        "twin": run(1.2 * WAVE),
        "weak": run(0 * WAVE, baseline=True),
        "strong": run(1.1 * WAVE, baseline=True),
    }
    report = build_report(truth(WAVE), runs, "t", 0)
    assert report.strongest_baseline is not None
    assert report.strongest_baseline.name == "strong"
    assert len(report.warnings) == 1
    assert "twin does not beat the strongest baseline, strong" in report.warnings[0]
    assert "has shown nothing" in report.warnings[0]


def test_a_learner_that_beats_every_baseline_gets_no_warning() -> None:
    report = build_report(truth(WAVE), {"twin": run(1.01 * WAVE), "b": run(1.1 * WAVE, baseline=True)}, "t", 0)
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("prediction", "words"),
    [
        (np.where(TIME > 1e-8, np.inf, WAVE), "diverged"),
        (0 * WAVE, "collapsed to the mean"),
        (WAVE * np.exp(-TIME / 4e-9), "oscillation dies"),
    ],
)
def test_a_failed_model_is_flagged_in_words(prediction: np.ndarray, words: str) -> None:
    report = build_report(truth(WAVE), {"twin": run(prediction)}, "t", 0)
    assert any(words in warning and "twin" in warning for warning in report.warnings)
    baseline = build_report(truth(WAVE), {"twin": run(prediction, baseline=True)}, "t", 0)
    assert baseline.warnings == ()


def test_a_constant_output_is_said_and_does_not_spoil_the_others() -> None:
    flat = np.full(TIME.size, 0.5)
    report = build_report(truth(WAVE, flat), {"twin": run(1.1 * WAVE, flat)}, "t", 0)
    assert any("'y1' is constant" in warning for warning in report.warnings)
    assert report.rows[0].nrmse == pytest.approx(0.1)


def test_the_dictionary_is_valid_json_with_stable_keys_and_null_for_what_is_no_number() -> None:
    bad = np.where(TIME > 1e-8, np.nan, WAVE)
    report = build_report(truth(WAVE), {"twin": run(bad), "b": run(1.1 * WAVE, baseline=True)}, "t", 7)
    data = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert set(data) == {
        "title", "trace", "samples", "warm_up", "dt", "outputs", "warnings", "strongest_baseline", "models",
    }  # fmt: skip
    assert data["outputs"] == {"y0": "V"}
    assert (data["samples"], data["warm_up"], data["strongest_baseline"]) == (3000, 7, "b")
    twin, baseline = data["models"]
    assert set(twin) == {"name", "baseline", "nrmse", "training_seconds", "prediction_seconds", "scores"}
    assert set(twin["scores"]["y0"]) == set(FreeRunScore.__dataclass_fields__)
    assert twin["nrmse"] is None
    assert twin["scores"]["y0"]["verdict"] == ["diverged"]
    assert baseline["scores"]["y0"]["nrmse"] == pytest.approx(0.1, rel=1e-3)


def test_the_warm_up_is_not_scored() -> None:
    prediction = WAVE.copy()
    prediction[:10] = 50.0
    assert build_report(truth(WAVE), {"twin": run(prediction)}, "t", 10).rows[0].nrmse == 0.0


def test_unknown_times_are_dashes() -> None:
    unknown = FreeRun(prediction=WAVE[:, None], training_seconds=math.nan, prediction_seconds=math.nan)
    cells = dict(zip(HEADER, build_report(truth(WAVE), {"twin": unknown}, "t", 0).table()[0], strict=True))
    assert (cells["training"], cells["prediction"]) == ("-", "-")


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        build_report(truth(WAVE), {}, "t", 0)
    with pytest.raises(ValueError, match="warm_up must lie between 0 and 2998"):
        build_report(truth(WAVE), {"twin": run(WAVE)}, "t", 2999)
    with pytest.raises(ValueError, match="prediction of 'twin' must have the truth's shape"):
        build_report(truth(WAVE), {"twin": run(WAVE, WAVE)}, "t", 0)
