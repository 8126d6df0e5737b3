"""Exact synthetic free runs: what is put in is what the score says."""

import math

import numpy as np
import pytest

from spinode.surrogate.metrics import dominant_frequency, score_free_run

DT = 5e-12
FREQUENCY = 14e9
TIME = np.arange(8000) * DT
FREQUENCY_TOLERANCE = 2e-5  # parabola through a Hann line of 560 cycles, padded four times
DRIFT_TOLERANCE = 0.01  # periods in 100; the band-pass is not exact at the ends of the record
AMPLITUDE_TOLERANCE = 2e-3  # two ends of about two periods in 560


def wave(frequency: float = FREQUENCY, phase: float = 0.0) -> np.ndarray:
    return 0.9 + 0.05 * np.cos(2 * np.pi * frequency * TIME + phase)


def test_a_perfect_prediction_follows_without_any_error() -> None:
    score = score_free_run(wave(), wave(), DT)
    assert score.nrmse == 0.0
    assert score.correlation == pytest.approx(1.0)
    assert score.frequency_error == 0.0
    assert score.amplitude_error == 0.0
    assert score.phase_drift == pytest.approx(0.0, abs=1e-9)
    assert score.verdict == ("follows",)
    assert score.follows


@pytest.mark.parametrize("offset", [-1e-3, 3e-4, 5e-3, 0.03])
def test_a_known_frequency_offset_is_found_in_frequency_and_in_phase_drift(offset: float) -> None:
    score = score_free_run(wave(), wave(FREQUENCY * (1 + offset)), DT)
    assert score.truth_frequency == pytest.approx(FREQUENCY, rel=FREQUENCY_TOLERANCE)
    assert score.frequency_error == pytest.approx(offset, abs=2 * FREQUENCY_TOLERANCE)
    assert score.phase_drift == pytest.approx(100 * offset, abs=DRIFT_TOLERANCE)


def test_a_constant_phase_lag_is_no_drift() -> None:
    score = score_free_run(wave(), wave(phase=-0.7), DT)
    assert score.phase_drift == pytest.approx(0.0, abs=DRIFT_TOLERANCE)
    assert score.nrmse == pytest.approx(2 * math.sin(0.35), rel=1e-2)


@pytest.mark.parametrize("ratio", [0.8, 1.3])
def test_a_known_amplitude_ratio_is_found(ratio: float) -> None:
    truth = wave()
    score = score_free_run(truth, 0.9 + ratio * (truth - 0.9), DT)
    assert score.amplitude_error == pytest.approx(ratio - 1, abs=AMPLITUDE_TOLERANCE)
    assert score.nrmse == pytest.approx(abs(ratio - 1), rel=1e-9)


def test_nrmse_is_the_root_of_mean_squared_error_over_variance() -> None:
    rng = np.random.default_rng(1)
    truth, error = rng.normal(size=4000), rng.normal(size=4000)
    score = score_free_run(truth, truth + 0.1 * error, 1.0)
    assert score.nrmse == pytest.approx(0.1 * math.sqrt(np.mean(error**2) / truth.var()))


def test_a_wrong_frequency_with_the_right_amplitude_loses_its_phase() -> None:
    score = score_free_run(wave(), wave(FREQUENCY * 1.005), DT)
    assert score.verdict == ("keeps the oscillation but loses its phase",)


def test_a_frequency_far_outside_the_band_is_still_found() -> None:
    score = score_free_run(wave(), wave(FREQUENCY * 1.7), DT)
    assert score.frequency_error == pytest.approx(0.7, rel=1e-3)
    assert not score.follows


def test_a_dying_oscillation_is_named() -> None:
    prediction = 0.9 + (wave() - 0.9) * np.exp(-TIME / 8e-9)
    assert score_free_run(wave(), prediction, DT).verdict == ("oscillation dies",)


def test_a_truth_that_dies_itself_is_followed() -> None:
    truth = 0.9 + (wave() - 0.9) * np.exp(-TIME / 8e-9)
    assert score_free_run(truth, truth, DT).follows


def test_a_run_with_the_right_levels_but_no_oscillation_misses_it() -> None:
    steps = 0.3 * np.floor(TIME / 8e-9)
    score = score_free_run(wave() + steps, steps + 0.9, DT)
    assert score.truth_frequency == pytest.approx(FREQUENCY, rel=1e-3)
    assert score.verdict == ("oscillation missing",)
    assert math.isnan(score.phase_drift)


@pytest.mark.parametrize("prediction", [np.full(8000, 0.9), 0.9 + 0.1 * (wave() - 0.9)])
def test_a_collapse_to_the_mean_is_named(prediction: np.ndarray) -> None:
    assert score_free_run(wave(), prediction, DT).verdict == ("collapsed to the mean",)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_run_that_leaves_the_numbers_has_infinite_error(bad: float) -> None:
    prediction = wave()
    prediction[5000:] = bad
    score = score_free_run(wave(), prediction, DT)
    assert math.isinf(score.nrmse)
    assert score.verdict == ("diverged",)


def test_a_constant_truth_has_no_nrmse_and_says_so() -> None:
    score = score_free_run(np.full(8000, 0.3), wave(), DT)
    assert math.isnan(score.nrmse)
    assert score.rmse > 0.5
    assert "constant" in score.verdict[0]


def test_noise_and_drifts_are_no_oscillation() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=20000)
    assert math.isnan(dominant_frequency(noise, 1.0))
    assert math.isnan(dominant_frequency(np.linspace(0, 1, 500) ** 2, 1.0))
    assert "no oscillation" in score_free_run(noise, noise, 1.0).verdict


def test_an_oscillation_under_slow_steps_and_fast_noise_is_found() -> None:
    rng = np.random.default_rng(3)
    signal = wave() + np.floor(TIME / 4e-9) + 0.01 * rng.normal(size=TIME.size)
    assert dominant_frequency(signal, DT) == pytest.approx(FREQUENCY, rel=1e-3)
    slow = np.sin(2 * np.pi * np.arange(20000) / 180) + 0.5 * rng.normal(size=20000)
    assert dominant_frequency(slow, 1.0) == pytest.approx(1 / 180, rel=1e-3)


@pytest.mark.parametrize(
    ("truth", "prediction", "dt", "word"),
    [
        (np.zeros(5), np.zeros(6), 1.0, "shape"),
        (np.zeros((5, 1)), np.zeros((5, 1)), 1.0, "shape"),
        (np.array([1.0, math.nan]), np.zeros(2), 1.0, "finite"),
        (np.arange(5.0), np.arange(5.0), 0.0, "positive"),
    ],
)
def test_bad_input_is_named(truth: np.ndarray, prediction: np.ndarray, dt: float, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        score_free_run(truth, prediction, dt)


def test_very_short_records_are_scored_without_a_frequency() -> None:
    score = score_free_run(np.array([0.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.1]), 1.0)
    assert math.isnan(score.truth_frequency)
    assert score.follows
