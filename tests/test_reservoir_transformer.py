"""The reservoir as a scikit-learn transformer: exact solutions, many sequences, controls, and scikit-learn's own checks."""

from __future__ import annotations

import pickle
from dataclasses import replace
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
from spinode.surrogate import Surrogate
from tests.problems import Relaxation
from tests.tolerances import ROUNDING

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
