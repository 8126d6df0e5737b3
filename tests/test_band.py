"""The 90 % band: what it is calibrated on, that it covers unseen traces, and that a wrong device falls out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinode.cli.confidence import show_calibration
from spinode.signals import FloatArray
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.surrogate.band import Unseen, calibrated
from spinode.surrogate.dataset import stage_inputs
from spinode.surrogate.ensemble import LEVEL, Refits, spread_of
from spinode.surrogate.prediction import assess, run_and_spread
from spinode.surrogate.start import smoothed_start
from spinode.traces import Trace, TraceSet
from tests.known_devices import FAST, duffing, random_levels
from tests.tolerances import COMPOSED

SETTINGS: FitSettings = replace(FAST, delay=160e-12, ensemble=12)


@pytest.fixture(scope="module")
def exact() -> Surrogate:
    """A nearly exact surrogate: samples without noise, and a polynomial that holds the equation."""
    return fit(TraceSet((duffing(random_levels(1500, 1)),)), SETTINGS, name="exact")


def covered(twin: Surrogate, trace: Trace) -> float:
    return float(assess(twin, trace).coverage(trace.output.values, twin.warm_up)[0])


# Unseen traces


def test_the_band_of_a_nearly_exact_surrogate_covers_unseen_traces(exact: Surrogate) -> None:
    """Errors common to all members, such as one bias, are met because refits run where they never were."""
    shares = [covered(exact, duffing(random_levels(1500, seed))) for seed in range(20, 26)]
    assert 0.85 <= np.mean(shares) <= 0.97


def test_another_device_falls_out_of_the_band(exact: Surrogate) -> None:
    """Two per cent of stiffness are seen: the band is no wider than the surrogate is wrong."""
    other = duffing(random_levels(1500, 20), stiffness=1.02)
    assert covered(exact, other) < 0.2


def test_a_trace_with_the_drive_of_another_falls_out_of_the_band(exact: Surrogate) -> None:
    right, wrong = duffing(random_levels(1500, 20)), duffing(random_levels(1500, 21))
    assert covered(exact, replace(right, drive=wrong.drive)) < 0.2


def test_the_number_of_windows_that_calibrated_is_kept(exact: Surrogate, tmp_path: Path) -> None:
    assert exact.ensemble is not None and exact.ensemble.windows >= 8
    save_surrogate(tmp_path / "twin.h5", exact)
    back = load_surrogate(tmp_path / "twin.h5").ensemble
    assert back is not None and back.windows == exact.ensemble.windows


def test_a_file_of_before_has_a_band_that_knows_nothing_of_the_start(exact: Surrogate, tmp_path: Path) -> None:
    save_surrogate(tmp_path / "twin.h5", exact)
    with h5py.File(tmp_path / "twin.h5", "r+") as file:
        del file["ensemble"].attrs["windows"]
    old, trace = load_surrogate(tmp_path / "twin.h5"), duffing(random_levels(300, 2))
    assert old.ensemble is not None and old.ensemble.windows == 0
    spread = run_and_spread(old, old.ensemble.members, trace, stage_inputs(trace, old.scaling), starts=False)[1]
    width = old.ensemble.half_width(spread) * old.scaling.output_scale
    found = assess(old, trace).half_width
    assert found is not None and np.array_equal(found[old.warm_up :], width)


def test_a_number_of_windows_that_is_none_is_one_line(exact: Surrogate, tmp_path: Path) -> None:
    save_surrogate(tmp_path / "twin.h5", exact)
    with h5py.File(tmp_path / "twin.h5", "r+") as file:
        file["ensemble"].attrs["windows"] = -3
    with pytest.raises(ValueError, match="'windows' of 'ensemble' must be a whole number, 0 or more, got -3"):
        load_surrogate(tmp_path / "twin.h5")


# The calibration


def refits(error: float = 0.01) -> Refits:
    return Refits(members=np.zeros((2, 1)), blocks=(), steps=10, error=error)


def unseen(error: np.ndarray, spread: np.ndarray, window: int) -> Unseen:
    return Unseen(error=np.abs(error)[:, None], spread=spread[:, None], window=np.arange(len(error)) // window)


def test_errors_as_large_as_the_spread_says_give_the_normal_quantile() -> None:
    rng = np.random.default_rng(1)
    spread = rng.choice([0.1, 1.0], 20_000)
    band = calibrated(refits(), unseen(spread * rng.standard_normal(20_000), spread, 10))
    width = band.half_width(np.array([[0.1], [1.0]]))[:, 0]
    np.testing.assert_allclose(width, [0.1645, 1.645], rtol=0.05)  # z of 95 %; 20,000 samples know it to 1 %


def test_a_spread_that_says_nothing_is_left_for_the_floor() -> None:
    rng = np.random.default_rng(2)
    error, spread = 0.05 * rng.standard_normal(20_000), np.exp(rng.uniform(-12, -6, 20_000))
    width = calibrated(refits(), unseen(error, spread, 10)).half_width(spread[:, None])[:, 0]
    assert np.ptp(width) < 0.1 * width.mean()
    assert np.mean(np.abs(error) <= width) == pytest.approx(LEVEL, abs=0.01)


def test_few_windows_that_differ_give_a_wider_band_than_many() -> None:
    """Split conformal: with n independent examples the level is 0.9 (1 + 1/n); here n is 15, then far more."""
    rng = np.random.default_rng(3)
    sizes, still = np.exp(rng.standard_normal(15)), np.full(1500, 1e-9)
    few = calibrated(refits(), unseen(np.repeat(sizes, 100), still, 100)).half_width(still[:1, None])[0, 0]
    assert few == pytest.approx(sizes.max(), rel=1e-3)
    many = calibrated(refits(), unseen(np.tile(sizes, 100), still, 10)).half_width(still[:1, None])[0, 0]
    assert many < few


def test_runs_that_diverged_count_as_not_covered_and_all_of_them_are_an_error() -> None:
    rng = np.random.default_rng(4)
    error = rng.standard_normal(5000)
    error[rng.random(5000) < 0.05] = np.nan
    band = calibrated(refits(), unseen(error, np.full(5000, 0.1), 10))
    assert np.mean(np.abs(error) <= band.half_width(np.array([[0.1]]))[0, 0]) == pytest.approx(LEVEL, abs=0.01)
    with pytest.raises(ValueError, match="every unseen run of the ensemble diverged"):
        calibrated(refits(), unseen(np.full(50, np.nan), np.full(50, 0.1), 10))


def test_one_member_in_ten_may_run_away_and_two_may_not() -> None:
    rng = np.random.default_rng(5)
    runs = list(rng.standard_normal((10, 40, 1)))
    usual = spread_of(runs)
    one = spread_of([*runs[:9], np.full((40, 1), np.nan)])
    assert np.isfinite(one).all() and np.median(one / usual) == pytest.approx(1.0, abs=0.3)
    assert np.isinf(spread_of([*runs[:8], *np.full((2, 40, 1), np.nan)])).all()


# The start


def test_the_covariance_of_a_start_is_that_of_linear_least_squares() -> None:
    """(sum_i A_i^T A_i)^-1 for y_i = first row of A^i x, carried to the end; the encoder is too vague to matter."""
    turn = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    powers = np.array([np.linalg.matrix_power(turn, i) for i in range(9)])
    truth = powers @ np.array([0.7, -0.4])
    start = smoothed_start(lambda x: powers @ x, truth[:, :1], truth[-1], np.array([1e6, 1e6]), 1e-3)
    information = powers[:, 0].T @ powers[:, 0] / 1e-3**2
    expected = powers[-1] @ np.linalg.inv(information) @ powers[-1].T
    np.testing.assert_allclose(start.root @ start.root.T, expected, rtol=1e-5)
    np.testing.assert_allclose(start.state, truth[-1], rtol=COMPOSED)


def test_a_start_that_fits_badly_is_less_sure() -> None:
    rng = np.random.default_rng(6)
    decay = 0.9 ** np.arange(30)[:, None]
    measured = decay * 0.5 + 0.01 * rng.standard_normal((30, 1))
    roots = [
        smoothed_start(lambda x: decay * x, measured, measured[-1], np.ones(1), error).root[0, 0]
        for error in (0.01, 0.001)
    ]
    assert abs(roots[1]) == pytest.approx(abs(roots[0]), rel=0.2)  # a tenth of it without the correction


def test_a_start_far_from_the_guess_is_found() -> None:
    """y_i = y_0 + i e^h / 10: Gauss-Newton's first step from h = -4 goes to h = 400, out of the numbers."""

    def run(state: FloatArray) -> FloatArray:
        return np.column_stack([state[0] + 0.1 * np.arange(9) * np.exp(state[1]), np.full(9, state[1])])

    truth = run(np.array([0.3, 2.0]))
    start = smoothed_start(run, truth[:, :1], np.array([truth[-1, 0], -4.0]), np.array([1e6, 1e6]), 1e-3)
    np.testing.assert_allclose(start.state, truth[-1], rtol=1e-6)


# What a user is told


@pytest.mark.parametrize(
    ("windows", "says"), [(9, "note: the band was calibrated on 9 windows only"), (10, ""), (0, "")]
)
def test_a_band_from_few_windows_says_so(
    exact: Surrogate, capsys: pytest.CaptureFixture[str], windows: int, says: str
) -> None:
    assert exact.ensemble is not None
    show_calibration(replace(exact, ensemble=replace(exact.ensemble, windows=windows)))
    assert capsys.readouterr().out[: len(says) or 1] == says
