"""The reservoir: its series, mask, holds and readout on problems whose answer is known."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spinode.reservoir import (
    ForecastSettings,
    MackeyGlass,
    NodeSettings,
    ReadIn,
    forecast,
    gaussian_mask,
    mackey_glass,
    node_states,
    nrmse,
    read_in_for,
    ridge_weights,
)
from spinode.reservoir.forecast import delayed_inputs, errors_by_horizon
from spinode.reservoir.nodes import BLOCK
from spinode.signals import FloatArray
from spinode.simulate import DivergedError
from spinode.surrogate import Surrogate
from tests.problems import Relaxation, order, relaxation_to_holds
from tests.tolerances import COMPOSED, NOTHING_LEARNED, ORDER, ROUNDING

SERIES = 1e-8
"""Error of ten steps a point over 250 points: the local one, 1e-10, times what chaos (0.006 a point) makes of it."""
SMALL = ForecastSettings(washout=50, training=600, horizons=4)


def by_scipy(points: int, settings: MackeyGlass) -> FloatArray:
    """The same series by the method of steps: one ordinary equation for each delay, solved to 1e-12."""
    tau, pieces = settings.delay, []
    past, x = (lambda _: settings.start), settings.start
    for number in range(int(points * settings.sample / tau) + 1):

        def slope(time: float, state: FloatArray, past: object = past) -> FloatArray:
            delayed = past(time - tau)  # type: ignore[operator]
            return settings.growth * delayed / (1 + delayed**settings.exponent) - settings.loss * state

        span = (number * tau, (number + 1) * tau)
        piece = solve_ivp(slope, span, [x], method="DOP853", rtol=1e-12, atol=1e-13, dense_output=True, max_step=0.5)
        x, past = piece.y[0, -1], (lambda time, sol=piece.sol: sol(time)[0])
        pieces.append(past)
    times = settings.sample * np.arange(points)
    return np.array([pieces[int(time // tau)](time) for time in times])


def test_mackey_glass_agrees_with_an_independent_integration_by_steps() -> None:
    settings = MackeyGlass(discard=0)
    assert np.abs(mackey_glass(250, settings) - by_scipy(250, settings)).max() < SERIES


def test_mackey_glass_is_solved_to_fourth_order() -> None:
    errors, steps = [], np.array([1.0, 0.5, 0.25])
    for (
        step
    ) in steps:  # a longer sample has longer solver steps; its points are every step * STEPS-th of the exact ones
        settings = MackeyGlass(discard=0, sample=10 * step, delay=20.0)
        reference = by_scipy(int(60 / settings.sample), settings)
        errors.append(np.abs(mackey_glass(len(reference), settings) - reference).max())
    assert order(steps, np.array(errors)) > 4 - 3 * ORDER  # the start of a sharp nonlinearity bends the line


def test_mackey_glass_has_the_published_mean_and_deviation() -> None:
    series = mackey_glass(10_000)
    assert series.mean() == pytest.approx(0.930, abs=0.002)
    assert series.std() == pytest.approx(0.226, abs=0.002)
    assert (series.min(), series.max()) == pytest.approx((0.419, 1.319), abs=0.005)


def test_discarded_points_are_those_at_the_front() -> None:
    assert np.array_equal(mackey_glass(40, MackeyGlass(discard=0))[7:], mackey_glass(33, MackeyGlass(discard=7)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"delay": 17.03}, r"whole number of sample/10 = 0.1, got 17.03; try 17"),
        ({"delay": 0.01}, "try 0.1"),
        ({"exponent": float("nan")}, "exponent must be a positive number"),
        ({"discard": -1}, "discard must be 0 or more"),
    ],
)
def test_a_series_that_cannot_be_made_is_refused(change: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MackeyGlass(**change)  # type: ignore[arg-type]


def test_a_gaussian_mask_is_standard_normal_and_depends_on_its_generator_alone() -> None:
    mask = gaussian_mask(40_000, np.random.default_rng(5), channels=2)
    assert mask.shape == (40_000, 2)
    assert np.abs(mask.mean(axis=0)).max() < 4 / 200  # four standard errors
    assert mask.var(axis=0) == pytest.approx([1, 1], abs=4 * np.sqrt(2 / 40_000))
    assert np.mean(mask**4) == pytest.approx(3, abs=0.1)
    assert abs(np.corrcoef(mask.T)[0, 1]) < 4 / 200
    assert np.array_equal(mask, gaussian_mask(40_000, np.random.default_rng(5), channels=2))


def test_the_read_in_swings_by_its_amplitude_and_never_leaves_the_range() -> None:
    mask = gaussian_mask(20, np.random.default_rng(0))
    inputs = mackey_glass(500)[:, None]
    read_in = read_in_for("u", mask, inputs, (2.0, 6.0), 0.4)
    levels = read_in.levels(inputs)
    assert levels.shape == (500, 20)
    assert np.abs(levels - 4.0).max() == pytest.approx(0.4 * 2.0, rel=ROUNDING)
    assert read_in.clipped(inputs) == 0.0
    far = 10 * inputs
    assert (read_in.levels(far).min() >= 2.0) and (read_in.levels(far).max() <= 6.0)
    assert 0.0 < read_in.clipped(far) < 1.0


def test_every_hold_lasts_exactly_its_node_time_and_is_read_at_its_start() -> None:
    """Exact solution of a relaxation to held levels; a hold that is one sample early or late would be wrong by 0.1."""
    device = Relaxation(rate=0.7, step=0.05)
    rng = np.random.default_rng(1)
    nodes, inputs = 7, rng.uniform(-1, 1, (30_011, 1))  # more than two blocks, and no round numbers
    assert nodes * len(inputs) > 3 * BLOCK
    read_in = ReadIn(channel="u", weights=gaussian_mask(nodes, rng), centre=0.2, low=-9.0, high=9.0)
    states = node_states(device, read_in, inputs, NodeSettings(node_time=0.1))
    exact = relaxation_to_holds(read_in.levels(inputs).ravel(), 0.1, 0.7)
    assert np.abs(states[:, :, 0].ravel() - exact).max() < 1e-7  # (rate h)^5/120 a step of 0.05
    assert np.array_equal(states[:, :, 1], read_in.levels(inputs))  # the readout sees the level that begins there


def test_a_washout_changes_no_number_and_takes_no_memory() -> None:
    device, rng = Relaxation(step=0.1), np.random.default_rng(2)
    read_in = ReadIn(channel="u", weights=gaussian_mask(50, rng), centre=0.0, low=-9.0, high=9.0)
    inputs = rng.uniform(-1, 1, (3000, 1))
    whole = node_states(device, read_in, inputs, NodeSettings(node_time=0.1))
    assert np.array_equal(whole[1234:], node_states(device, read_in, inputs, NodeSettings(node_time=0.1, washout=1234)))
    peaks = []
    for points in (5_000, 40_000):
        many = np.zeros((points, 1))
        tracemalloc.start()
        node_states(device, read_in, many, NodeSettings(node_time=0.1, washout=points - 100))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_a_device_that_diverges_names_the_point() -> None:
    read_in = ReadIn(channel="u", weights=np.ones((4, 1)), centre=0.0, low=-9.0, high=9.0)
    inputs = np.zeros((100, 1))
    inputs[60:] = 8.0
    with pytest.raises(DivergedError, match="while point 60 was shown"):
        node_states(Relaxation(limits=(1.5,)), read_in, inputs, NodeSettings(node_time=0.1))


@pytest.mark.parametrize(
    ("channel", "others", "said"),
    [("v", {}, "input of relaxation 'v' is not there"), ("u", {"w": 1.0}, "other input of relaxation 'w'")],
)
def test_an_input_that_the_device_has_not_is_refused(channel: str, others: dict[str, float], said: str) -> None:
    read_in = ReadIn(channel=channel, weights=np.ones((4, 1)), centre=0.0, low=-1.0, high=1.0)
    with pytest.raises(ValueError, match=said):
        node_states(Relaxation(), read_in, np.zeros((9, 1)), NodeSettings(node_time=0.1, others=others))


def test_an_input_without_a_value_is_refused(duffing_twin: Surrogate) -> None:
    two = replace(Relaxation(), inputs=(*Relaxation().inputs, *duffing_twin.inputs))
    read_in = ReadIn(channel="u", weights=np.ones((4, 1)), centre=0.0, low=-1.0, high=1.0)
    with pytest.raises(ValueError, match="must give a value for input 'force'"):
        node_states(two, read_in, np.zeros((9, 1)), NodeSettings(node_time=0.1))


def test_ridge_weights_solve_the_penalised_least_squares() -> None:
    rng = np.random.default_rng(3)
    features, targets = rng.standard_normal((80, 6)), rng.standard_normal((80, 2))
    weights = ridge_weights(features, targets, 0.5)
    padded = np.vstack([features, np.sqrt(0.5) * np.eye(6)])
    expected = np.linalg.lstsq(padded, np.vstack([targets, np.zeros((6, 2))]), rcond=None)[0]
    assert np.abs(weights - expected).max() < COMPOSED


def test_nrmse_is_one_for_the_mean_and_divides_by_the_deviation() -> None:
    truth = np.random.default_rng(4).standard_normal((100, 2)) * [1.0, 5.0]
    assert nrmse(np.broadcast_to(truth.mean(axis=0), truth.shape), truth) == pytest.approx([1, 1])
    assert nrmse(truth + 0.5 * truth.std(axis=0), truth) == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match="constant"):
        nrmse(truth, np.ones((100, 2)))


def test_a_linear_device_foretells_a_linear_system_exactly_and_a_shuffled_series_not_at_all() -> None:
    """A pure tone obeys x_t+1 = 2 cos(w) x_t - x_t-1, so two independent states of a linear device give every future.

    The relaxation remembers the point before, and the level of its own node; both are linear, so nothing else is.
    """
    series = np.sin(0.37 * np.arange(1500) + 0.4)
    device = Relaxation(rate=1.0, step=0.05)
    read_in = read_in_for("u", gaussian_mask(6, np.random.default_rng(5)), series[:, None], (-1.0, 1.0), 1.0)

    def scored(points: FloatArray, targets: FloatArray, ridge: float = 1e-9) -> FloatArray:
        states = node_states(device, read_in, points[:, None], NodeSettings(node_time=0.1, washout=50))[:, :, 0]
        return errors_by_horizon(states, targets[50:], replace(SMALL, ridge=ridge))

    assert scored(series, series).max() < 1e-6
    mixed = np.random.default_rng(6).permutation(series)
    assert scored(series, mixed).min() > NOTHING_LEARNED
    assert scored(mixed, mixed)[1:].min() > NOTHING_LEARNED  # the present is recalled; an independent future is not


def test_the_controls_are_the_readout_without_the_device() -> None:
    series = mackey_glass(1200)
    read_in = read_in_for("u", gaussian_mask(10, np.random.default_rng(7)), series[:, None], (-1.0, 1.0), 0.5)
    states = read_in.levels(series[50:, None])
    result = forecast(states, series, read_in, SMALL)
    assert np.array_equal(result.nrmse, result.controls["masked_input"])  # states that are the input are the control
    train, test = series[50:650], series[650:]
    slope, level = np.polyfit(train, series[53:653], 1)  # one number foretells as a straight line does
    straight = nrmse((level + slope * test[:-3])[:, None], test[3:, None])
    assert result.controls["masked_input"][3] == pytest.approx(straight[0], rel=1e-5)
    delayed = errors_by_horizon(delayed_inputs(series, 10)[50:], series[50:], SMALL)
    assert np.array_equal(result.controls["delayed_inputs"], delayed)
    assert delayed_inputs(np.arange(5.0), 3).tolist()[-1] == [4.0, 3.0, 2.0]


def test_the_constant_of_the_readout_carries_no_penalty() -> None:
    series = 1000.0 + np.sin(0.37 * np.arange(1500))
    features = np.column_stack([np.sin(0.37 * np.arange(1500)), np.cos(0.37 * np.arange(1500))])[50:]
    assert errors_by_horizon(features, series[50:], SMALL).max() < 1e-5
    without = replace(SMALL, intercept=False)
    assert errors_by_horizon(features, series[50:], without).min() > 100.0


@pytest.mark.parametrize(
    ("change", "said"),
    [({"ridge": 0.0}, "ridge must be a positive number"), ({"horizons": 0}, "horizons must be 1 or more")],
)
def test_settings_out_of_range_are_refused(change: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(SMALL, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 655 points"):
        forecast(
            np.ones((50, 3)),
            np.ones(100),
            ReadIn(channel="u", weights=np.ones((3, 1)), centre=0.0, low=0.0, high=1.0),
            SMALL,
        )
