"""Signals: shape rules, selection, and what a solver step sees of a drive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinode.signals import Channel, Signal, missing_name, signal_of, stage_values

EXACT_TO_ROUNDING = 1e-12
ORDER_MARGIN = 0.15


def test_the_samples_of_a_signal_cannot_be_changed_from_outside() -> None:
    source = np.zeros((3, 1))
    signal = signal_of(source, 1.0, Channel(name="a"))
    source[0] = 7
    assert signal.values[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        signal.values[0, 0] = 1


@pytest.mark.parametrize(
    ("values", "dt", "names", "says"),
    [
        (np.zeros(3), 1.0, ["a"], r"shape \(T, C\)"),
        (np.zeros((3, 2)), 1.0, ["a"], "one column a channel"),
        (np.zeros((3, 1)), 0.0, ["a"], "dt must be a positive"),
        (np.zeros((3, 1)), float("nan"), ["a"], "dt must be a positive"),
        (np.zeros((3, 2)), 1.0, ["a", "a"], "distinct names"),
        (np.array([[0.0], [np.inf]]), 1.0, ["a"], "inf in channel 'a' at sample 1"),
    ],
)
def test_a_signal_that_breaks_a_rule_is_refused_with_owner_rule_and_value(
    values: np.ndarray, dt: float, names: list[str], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Signal(values=values, dt=dt, channels=tuple(Channel(name=name) for name in names))


def test_a_channel_needs_a_name() -> None:
    with pytest.raises(ValueError, match=r"Channel\.name must not be empty"):
        Channel(name="")


def test_time_is_the_index_times_dt_and_never_accumulated() -> None:
    signal = signal_of(np.zeros(100_001), 0.1, Channel(name="a"), start=2.0)
    assert signal.time[-1] == 2.0 + 100_000 * 0.1


def test_samples_and_channels_are_selected_with_their_own_start_time() -> None:
    signal = Signal(values=np.arange(8.0).reshape(4, 2), dt=0.5, channels=(Channel(name="a"), Channel(name="b")))
    part = signal.samples(1, 3).select(["b"])
    assert part.start == 0.5
    assert part.values[:, 0].tolist() == [3.0, 5.0]
    assert signal.column("a").tolist() == [0.0, 2.0, 4.0, 6.0]
    with pytest.raises(ValueError, match="0 <= first < last <= 4, got 3:3"):
        signal.samples(3, 3)


def test_a_name_that_is_not_there_is_answered_with_the_closest_ones() -> None:
    assert missing_name("column", "Ku", ["Ku1", "mz"]) == "column 'Ku' is not there; closest: Ku1"
    assert missing_name("column", "q", ["Ku1", "mz"]) == "column 'q' is not there; known: Ku1, mz"
    assert missing_name("column", "q", []).endswith("known: none")


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(1, 4))
def test_a_cubic_drive_is_seen_exactly_at_every_stage(coefficients: list[float], substeps: int) -> None:
    cubic = np.polynomial.Polynomial(coefficients)
    time = np.arange(9.0)
    seen = stage_values(signal_of(cubic(time), 1.0, Channel(name="u")), 0, 8 * substeps, substeps)[:, :, 0]
    begin = np.arange(8 * substeps) / substeps
    wanted = np.stack([cubic(begin + shift / substeps) for shift in (0.0, 0.5, 1.0)], axis=1)
    assert np.max(np.abs(seen - wanted)) < EXACT_TO_ROUNDING * (1 + np.max(np.abs(wanted)))


def test_a_held_channel_keeps_its_sample_on_the_whole_interval() -> None:
    values = np.array([[1.0, 1.0], [5.0, 5.0], [2.0, 2.0]])
    signal = Signal(values=values, dt=1.0, channels=(Channel(name="held", hold=True), Channel(name="smooth")))
    seen = stage_values(signal, 0, 4, 2)
    assert seen[:, :, 0].tolist() == [[1.0] * 3, [1.0] * 3, [5.0] * 3, [5.0] * 3]
    assert seen[1, 2, 1] == pytest.approx(5.0)


def test_a_smooth_drive_between_samples_converges_with_fourth_order() -> None:
    steps = np.array([20, 40, 80, 160])
    errors = []
    for count in steps:
        time = np.linspace(0, 2 * np.pi, count + 1)
        seen = stage_values(signal_of(np.sin(time), float(time[1]), Channel(name="u")), 0, count)[:, 1, 0]
        errors.append(np.max(np.abs(seen - np.sin(time[:-1] + time[1] / 2))))
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert abs(slope - 4) < ORDER_MARGIN


def test_short_records_are_interpolated_at_the_order_they_allow() -> None:
    two = signal_of([1.0, 3.0], 1.0, Channel(name="u"))
    assert stage_values(two, 0, 1)[0, :, 0].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("first", "steps", "substeps"), [(0, 4, 1), (-1, 1, 1), (0, 1, 0), (2, 2, 1), (0, -1, 1)])
def test_steps_outside_the_record_are_refused(first: int, steps: int, substeps: int) -> None:
    with pytest.raises(ValueError, match="stage_values needs"):
        stage_values(signal_of(np.zeros(4), 1.0, Channel(name="u")), first, steps, substeps)
