"""The reservoir as a scikit-learn transformer: exact solutions, many sequences, controls, and its own checks."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from spinode.devices import EnvelopeOscillator
from spinode.reservoir import NodeSettings, ReadIn, Reservoir, Static, node_states
from spinode.reservoir.transformer import TOGETHER
from spinode.signals import Channel, FloatArray
from spinode.simulate import DivergedError
from spinode.surrogate import load_surrogate
from tests.problems import Relaxation
from tests.tolerances import ROUNDING

STORED = Path(__file__).parent / "data" / "skyrmion_surrogate.h5"
DEVICE = EnvelopeOscillator()
STEP = 1e-9
"""Error of a run of fourth order with a twentieth of tau a step, in the unit of outputs that are about 0.01."""
PLAIN = Reservoir(DEVICE, nodes=12, node_time=100e-9, rest=7e-3, swing=3e-3)
NEEDS_MEMORY = {
    "check_methods_sample_order_invariance": "the rows of an array are a sequence in time",
    "check_methods_subset_invariance": "the rows of an array are a sequence in time",
}
"""Checks that a transformer with memory cannot pass; ``Static`` passes them."""


def sequences(count: int, channels: int = 3, seed: int = 0) -> list[FloatArray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((int(length), channels)) for length in rng.integers(3, 12, count)]


def exact(points: FloatArray, fitted: Reservoir) -> tuple[FloatArray, FloatArray]:
    """Voltage at the start and the end of each hold from the closed form of the relaxation, from the settled state."""
    levels = fitted.levels([points], 0, len(points))[:, 0]
    ends, v = np.empty(len(levels) + 1), float(DEVICE.static(fitted.rest_))
    ends[0] = v
    for number, level in enumerate(levels):
        ends[number + 1] = v = float(DEVICE.response(v, level, fitted.node_time_))
    shape = (len(points), -1)
    return ends[:-1].reshape(shape), ends[1:].reshape(shape)


def test_states_are_those_of_the_closed_form_at_start_and_end_of_each_hold() -> None:
    points = sequences(1)[0]
    ends = clone(PLAIN).fit(points)
    starts = clone(PLAIN).set_params(sampling="start").fit(points)
    first, last = exact(points, ends)
    assert np.abs(ends.transform(points) - last).max() < STEP
    assert np.abs(starts.transform(points) - first).max() < STEP


def test_several_readings_and_the_mean_of_a_hold_are_those_of_the_closed_form() -> None:
    points = sequences(1)[0]
    three = clone(PLAIN).set_params(sampling=3).fit(points)
    mean = clone(PLAIN).set_params(sampling="mean").fit(points)
    first, _ = exact(points, three)
    levels = three.levels([points], 0, len(points)).reshape(first.shape)
    times = three.node_time_ * np.array([1, 2, 3]) / 3
    wanted = DEVICE.response(first[:, :, None], levels[:, :, None], times)
    assert np.abs(three.transform(points).reshape(wanted.shape) - wanted).max() < STEP
    fading = DEVICE.relaxation_time / mean.node_time_ * (1 - np.exp(-mean.node_time_ / DEVICE.relaxation_time))
    steady = DEVICE.static(levels)
    trapezoid = 0.01 * (100e-9 / 410e-9 / 5) ** 2 / 12  # error of the rule with five steps a hold
    assert np.abs(mean.transform(points) - (steady + (first - steady) * fading)).max() < trapezoid


def test_sequences_side_by_side_give_the_numbers_of_each_alone() -> None:
    many = sequences(TOGETHER + 30)
    fitted = clone(PLAIN).fit(many)
    together = fitted.transform(many)
    assert [states.shape for states in together] == [(len(points), 12) for points in many]
    for number in (0, 7, TOGETHER + 29):
        assert np.abs(fitted.transform(many[number]) - together[number]).max() < ROUNDING
    block = np.stack([points[:3] for points in many[:5]])
    assert np.abs(fitted.transform(block)[4] - together[4][:3]).max() < ROUNDING


def test_the_first_reservoir_and_the_transformer_agree() -> None:
    points = np.random.default_rng(3).uniform(-1, 1, (60, 1))
    fitted = clone(PLAIN).set_params(sampling="start", start="initial", quantile=1.0).fit(points)
    weights = fitted.mask_[0] * fitted.swing_ / fitted.scale_
    read_in = ReadIn(channel="current", weights=weights, centre=7e-3, low=4e-3, high=10e-3)
    before = node_states(DEVICE, read_in, points, NodeSettings(node_time=100e-9))
    assert np.abs(fitted.transform(points) - before[:, :, 0]).max() < ROUNDING


def test_the_readout_sees_the_level_of_its_own_hold() -> None:
    points = np.random.default_rng(4).uniform(-1, 1, (20, 1))
    fitted = Reservoir(Relaxation(), nodes=5, node_time=0.2, rest=0.3, swing=0.5).fit(points)
    seen = fitted.transform(points).reshape(20, 5, 2)[:, :, 1]
    assert np.array_equal(seen.ravel(), fitted.levels([points], 0, 20)[:, 0])


def test_scikit_learn_checks_pass_but_for_those_that_forbid_memory() -> None:
    for estimator, failing in ((PLAIN, NEEDS_MEMORY), (Static(PLAIN), {})):
        found = check_estimator(estimator, expected_failed_checks=failing, on_skip=None, on_fail=None)
        status = {str(each["check_name"]): each["status"] for each in found}
        assert {name for name, each in status.items() if each == "xfail"} == set(failing)
        assert {name for name, each in status.items() if each not in ("passed", "xfail")} <= {"check_array_api_input"}
        assert len(status) > 30


def test_feedback_is_that_of_the_closed_form_with_every_delay() -> None:
    """The drive of hold n has g times the output at the end of hold n - D, clipped to the swing."""
    points = sequences(1, seed=5)[0]
    for delay, unit, reading in ((1, "nodes", "end"), (1, "points", "end"), (17, "nodes", "start")):
        fitted = clone(PLAIN).set_params(feedback=0.7, feedback_delay=delay, feedback_unit=unit, sampling=reading)
        holds = delay * (12 if unit == "points" else 1)
        states = fitted.fit(points).transform(points).ravel()
        low, rest, high = (float(DEVICE.static(level)) for level in (4e-3, 7e-3, 10e-3))
        levels = 7e-3 + 0.3 * 3e-3 * np.clip(points @ fitted.mask_[0].T / fitted.scale_, -1, 1).ravel()
        voltages, gain = [rest], 0.7 * 3e-3 / (0.5 * (high - low))
        for number, level in enumerate(levels):
            back = voltages[number - holds + 1] if number >= holds else rest
            drive = np.clip(level + gain * (back - rest), 4e-3, 10e-3)
            voltages.append(float(DEVICE.response(voltages[-1], drive, 100e-9)))
        wanted = voltages[1:] if reading == "end" else voltages[:-1]
        assert np.abs(states - wanted).max() < STEP


def test_feedback_goes_on_over_blocks_and_runs_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    many = sequences(5)
    fed = clone(PLAIN).set_params(feedback=0.6, feedback_delay=19, feedback_unit="nodes").fit(many)
    together = fed.transform(many)
    monkeypatch.setattr("spinode.reservoir.transformer.BUDGET", 1)  # one point a block
    for number, points in enumerate(many):
        assert np.abs(fed.transform(points) - together[number]).max() < ROUNDING


def test_noise_has_the_deviation_of_its_temperature_and_depends_on_seed_and_data_alone() -> None:
    points = np.zeros((3000, 1))
    points[0] = 1.0
    quiet = Reservoir(DEVICE, nodes=4, node_time=1e-6, rest=7e-3, swing=1e-6, quantile=1.0).fit(points)
    loud = clone(quiet).set_params(noise=True, temperature=600.0).fit(points)
    noise = loud.transform(points) - quiet.transform(points)
    wanted = replace(DEVICE, temperature=600.0).deviation
    correlation = np.exp(-1e-6 / 410e-9)
    samples = noise.size * (1 - correlation) / (1 + correlation)
    assert noise.std() == pytest.approx(wanted, rel=4 / np.sqrt(2 * samples) + 0.01)
    assert np.array_equal(loud.transform(points), clone(loud).fit(points).transform(points))
    assert not np.array_equal(loud.transform(points), clone(loud).set_params(seed=1).fit(points).transform(points))
    other = loud.transform(points[1:]) - quiet.transform(points[1:])
    assert abs(np.corrcoef(other.ravel(), noise[1:].ravel())[0, 1]) < 5 / np.sqrt(samples)
    fed = clone(loud).set_params(feedback=0.6, swing=2e-3).fit(points)
    amplified = fed.transform(points)[100:].std() / wanted  # y_n = e_n + g y_(n-D) has the variance of e over 1 - g^2
    assert amplified == pytest.approx(1 / np.sqrt(1 - 0.6**2), rel=0.1)  # g is exact for a straight steady response


def test_devices_in_parallel_give_the_states_of_each_side_by_side() -> None:
    points = sequences(1)[0]
    slow = replace(DEVICE, relaxation_time=2 * DEVICE.relaxation_time)
    other = Relaxation(inputs=(Channel(name="current", unit="A"),), outputs=Relaxation().outputs[:1])
    for second in (slow, other):
        both = clone(PLAIN).set_params(device=[DEVICE, second]).fit(points)
        states = both.transform(points)
        for position, device in enumerate((DEVICE, second)):
            alone = clone(PLAIN).set_params(device=device, mask=both.mask_[position]).fit(points)
            alone.scale_ = both.scale_  # of the masks of both
            mine = states[:, position * 12 : (position + 1) * 12]
            assert (
                np.abs(mine - alone.transform(points)).max() < 1e-6 * np.abs(mine).max()
            )  # beside another, a device may get a finer step
        assert both.get_feature_names_out()[0] == f"device0_node0_{DEVICE.outputs[0].name}"


def test_a_learned_device_takes_the_place_of_an_analytic_one() -> None:
    points, twin = sequences(3, channels=1), load_surrogate(STORED)
    reservoir = Reservoir(twin, channel="Ku1", nodes=6, swing=3e4)
    states = reservoir.fit_transform(points)
    assert reservoir.node_time_ == pytest.approx(2 * twin.dt)
    known = twin.ranges["Ku1"]
    assert reservoir.bounds_ == (known.low, known.high)
    assert states[0].shape == (len(points[0]), 6) and np.isfinite(states[0]).all()
    again = pickle.loads(pickle.dumps(clone(reservoir).fit(points)))
    assert np.array_equal(again.transform(points)[1], states[1])
    with pytest.raises(ValueError, match="whole samples of the device"):
        clone(reservoir).set_params(node_time=2.5 * twin.dt).fit(points)
    with pytest.raises(ValueError, match="has learned none"):
        clone(reservoir).set_params(noise=True).fit(points)


def test_the_static_control_is_the_steady_curve_of_the_device_and_forgets() -> None:
    points = sequences(1)[0]
    static = Static(PLAIN).fit(points)
    levels = 7e-3 + 3e-3 * np.clip(points @ static.mask_[0].T / static.scale_, -1, 1)
    assert np.abs(static.transform(points) - DEVICE.static(levels)).max() < 1e-8
    assert np.array_equal(static.transform(points[::-1]), static.transform(points)[::-1])
    slow = clone(PLAIN).set_params(node_time=40 * DEVICE.relaxation_time).fit(points)
    assert np.abs(slow.transform(points) - static.transform(points)).max() < 1e-8


def test_the_transformer_works_in_a_pipeline_a_search_and_a_cross_validation() -> None:
    u = np.random.default_rng(6).uniform(-1, 1, (600, 1))
    target = np.roll(u[:, 0], 1) ** 2 + u[:, 0]
    pipeline = make_pipeline(clone(PLAIN).set_params(nodes=30), StandardScaler(), Ridge(1e-8))
    folds = TimeSeriesSplit(3)
    scores = cross_val_score(pipeline, u, target, cv=folds)
    assert scores.min() > 0.6
    search = GridSearchCV(
        pipeline, {"reservoir__node_time": [20e-9, 100e-9], "reservoir__mask": ["binary", "gaussian"]}
    )
    search.set_params(cv=folds).fit(u, target)
    assert search.best_score_ >= scores.mean()
    shuffled = np.random.default_rng(7).permutation(target)
    assert cross_val_score(pipeline, u, shuffled, cv=folds).max() < 0.1


def test_what_is_clipped_is_counted_and_said() -> None:
    points = sequences(30)
    fitted = clone(PLAIN).set_params(quantile=0.9).fit(points)
    assert fitted.clipped_ == pytest.approx(0.1, abs=0.002)
    tight = clone(PLAIN).set_params(bounds=(5e-3, 9e-3), rest=7e-3, swing=3e-3)
    with pytest.warns(
        UserWarning, match=r"% of the levels of 'current' leave .* range 0.005 to 0.009 and were cut off"
    ):
        tight.fit(points)
    assert 0.02 < tight.outside_ < 0.1  # a normal number beyond 2/3 of its 99.9th percentile 3.3: 0.03
    with pytest.warns(UserWarning, match="try a smaller swing than 0.003"):
        tight.transform(points)
    assert clone(tight).set_params(swing=2e-3).fit(points).outside_ == 0.0


def test_a_run_that_diverges_names_sequence_and_point() -> None:
    points = [np.zeros((9, 1)), np.array([[0.0], [0.0], [1.0]])]
    for feedback in (0.0, 0.1):
        device = Relaxation(limits=(1.5,))
        reservoir = Reservoir(
            device, mask=np.ones((4, 1)), node_time=0.5, rest=0.0, swing=5.0, start="initial", feedback=feedback
        )
        if feedback:
            with pytest.raises(DivergedError):  # its steady response diverges too
                reservoir.fit(points)
        else:
            with pytest.raises(DivergedError, match="while point 2 of sequence 1 was shown"):
                reservoir.fit(points).transform(points)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"device": None}, "device must be a device"),
        ({"rest": None}, "rest must be given for input 'current'"),
        ({"swing": -1.0}, "swing must be a positive number"),
        ({"channel": "field"}, "channel: input 'field' is not there"),
        ({"mask": "random"}, "mask must be one of binary"),
        ({"mask": np.ones((4, 2))}, r"mask must be finite weights \(nodes, 3\)"),
        ({"nodes": 0}, "mask must have 1 to"),
        ({"nodes": 2.5}, "nodes must be a whole number"),
        ({"node_time": 0.0}, "node_time must be a positive number"),
        ({"quantile": 0.0}, "quantile must be above 0"),
        ({"bounds": (5.0, 1.0)}, "bounds must be"),
        ({"bounds": (1e-3, 2e-3)}, "rest must lie in the range"),
        ({"sampling": "middle"}, "sampling must be start, end, mean"),
        ({"sampling": 0}, "sampling must be 1 to 64"),
        ({"feedback": 1.0}, "feedback must be above -1 and below 1"),
        ({"feedback": 0.5, "feedback_delay": 0.3}, "feedback_delay must be a whole number of holds"),
        ({"feedback_unit": "seconds"}, "feedback_unit must be points or nodes"),
        ({"noise": True, "temperature": 0.0}, "noise must be False for envelope at 0 K"),
        ({"others": {"field": 1.0}}, "others: other input 'field' is not there"),
        ({"start": "cold"}, "start must be settled or initial"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_a_setting_out_of_range_is_one_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        clone(PLAIN).set_params(**change).fit(sequences(2))
    assert "\n" not in str(caught.value)


def test_bad_sequences_and_a_device_with_two_inputs_are_one_line() -> None:
    two = replace(Relaxation(), inputs=(Channel(name="u"), Channel(name="v")))
    with pytest.raises(ValueError, match="channel must say which input of relaxation is driven, got none of u, v"):
        clone(PLAIN).set_params(device=two).fit(sequences(1)[0])
    with pytest.raises(ValueError, match="others must give a value for input 'v'"):
        clone(PLAIN).set_params(device=two, channel="u").fit(sequences(1)[0])
    with pytest.raises(ValueError, match="masked training points are all zero"):
        clone(PLAIN).fit(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="sequences of 3 columns, got 2 in 1"):
        clone(PLAIN).fit([np.ones((4, 3)), np.ones((4, 2))])
    with pytest.raises(ValueError, match="NaN"):
        clone(PLAIN).fit([np.full((4, 3), np.nan)])
    with pytest.raises(ValueError, match="temperature must be left out for relaxation"):
        clone(PLAIN).set_params(device=Relaxation(), temperature=10.0).fit(sequences(1)[0])
    with pytest.raises(ValueError, match="Static.reservoir must be a Reservoir"):
        Static(None).fit(sequences(1)[0])
