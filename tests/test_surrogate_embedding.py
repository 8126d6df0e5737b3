"""Delay embedding and encoder: the delay that the data ask for, and states from the past alone."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.signals import Channel, signal_of
from spinode.surrogate.dataset import make_dataset
from spinode.surrogate.embedding import (
    DENSE,
    MOST_DELAY,
    Embedding,
    choose_delay,
    derivative_coordinates,
    fit_encoder,
)
from spinode.traces import Trace, TraceSet
from tests.tolerances import ROUNDING

TIME = np.arange(4000.0)


def test_the_delay_of_a_sine_is_a_quarter_of_its_period() -> None:
    for period in (12.0, 40.0, 97.0):
        sine = np.sin(2 * np.pi * TIME / period)[:, None]
        assert choose_delay([sine]) == pytest.approx(period / 4, abs=1.01)


def test_a_drift_does_not_move_the_delay_of_a_damped_sine() -> None:
    rng = np.random.default_rng(1)
    kicks = rng.standard_normal(len(TIME)) * (rng.random(len(TIME)) < 0.02)
    answer = np.exp(-TIME[:400] / 80) * np.sin(2 * np.pi * TIME[:400] / 40)
    ringing = np.convolve(kicks, answer)[: len(TIME)]
    for drift in (0.0, 20 * np.sin(2 * np.pi * TIME / 5000), TIME / 100):
        assert choose_delay([(ringing + drift)[:, None]]) == pytest.approx(10, abs=1.01)


def test_the_delay_of_a_relaxation_is_half_its_time() -> None:
    rng = np.random.default_rng(2)
    relaxing = np.zeros(20_000)
    for i in range(1, len(relaxing)):
        relaxing[i] = relaxing[i - 1] * np.exp(-1 / 30) + rng.standard_normal()
    assert choose_delay([relaxing[:, None]]) == pytest.approx(15, abs=4)


def test_a_constant_output_and_a_slow_one_have_a_delay_in_range() -> None:
    assert choose_delay([np.zeros((500, 1))]) >= 1
    assert 1 <= choose_delay([(TIME / 1e4)[:, None] ** 2]) <= MOST_DELAY * len(TIME)


def test_several_outputs_and_traces_vote_with_the_median() -> None:
    columns = [np.sin(2 * np.pi * TIME / period) for period in (40.0, 40.0, 200.0)]
    assert choose_delay([np.column_stack(columns), columns[0][:, None]]) == pytest.approx(10, abs=1.01)


def test_smoothed_derivatives_of_a_cubic_are_exact() -> None:
    t = np.arange(60.0)
    found = derivative_coordinates((1 + 2 * t - t**3 / 100)[:, None], Embedding(order=2, delay=3))
    expected = np.column_stack([1 + 2 * t - t**3 / 100, 2 - 3 * t**2 / 100, -6 * t / 100])
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize(("order", "delay"), [(1, 5), (2, 1), (2, 7), (3, 4), (6, 30)])
def test_the_coordinates_are_past_samples_within_the_span(order: int, delay: int) -> None:
    embedding = Embedding(order=order, delay=delay)
    assert embedding.span == 2 * (order - 1) * delay
    assert embedding.input_lags == tuple(range(0, embedding.span + 1, delay))
    assert set(embedding.input_lags) <= set(embedding.output_lags)
    assert min(embedding.output_lags) == 0 and max(embedding.output_lags) == embedding.span
    assert len(embedding.output_lags) <= DENSE + len(embedding.input_lags)
    count = embedding.span + 3
    outputs, inputs = np.arange(count)[:, None] * 1.0, -1.0 * np.arange(count)[:, None]
    last = np.array([count - 1])
    expected = [count - 1 - lag for lag in embedding.output_lags] + [lag - count + 1 for lag in embedding.input_lags]
    np.testing.assert_array_equal(embedding.coordinates(outputs, inputs, last), [expected])


def test_an_order_or_a_delay_below_one_is_refused() -> None:
    for order, delay in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="order >= 1 and delay >= 1"):
            Embedding(order=order, delay=delay)


def test_an_encoder_finds_states_that_are_quadratic_in_the_past() -> None:
    rng = np.random.default_rng(3)
    outputs, inputs = rng.uniform(-1, 1, (2000, 1)), rng.uniform(-1, 1, (2000, 1))
    delayed = np.roll(outputs, 4)
    states = np.column_stack([outputs, outputs * delayed - 0.5 * inputs + 0.2])
    samples = np.arange(4, 2000)
    encoder = fit_encoder(Embedding(order=2, delay=2), outputs, inputs, states, samples)
    assert encoder.degree == 2
    np.testing.assert_allclose(encoder.states(outputs, inputs, samples), states[samples], atol=1e-6)  # the ridge


def test_an_encoder_looks_neither_ahead_nor_beyond_its_span() -> None:
    rng = np.random.default_rng(4)
    outputs, inputs = rng.standard_normal((300, 2)), rng.standard_normal((300, 1))
    encoder = fit_encoder(
        Embedding(order=2, delay=5), outputs, inputs, rng.standard_normal((300, 4)), np.arange(10, 300)
    )
    sample = np.array([150])
    before = encoder.states(outputs, inputs, sample)
    for values in (outputs, inputs):
        values[151:] = 9.0
        values[:140] = -9.0
    np.testing.assert_allclose(encoder.states(outputs, inputs, sample), before, rtol=ROUNDING)


def test_an_encoder_of_many_coordinates_is_linear() -> None:
    rng = np.random.default_rng(5)
    outputs, inputs = rng.standard_normal((400, 4)), rng.standard_normal((400, 4))
    encoder = fit_encoder(Embedding(order=3, delay=4), outputs, inputs, outputs, np.arange(16, 400))
    assert encoder.degree == 1


def test_an_output_that_jumps_with_its_drive_is_a_warning_and_a_smooth_one_is_not() -> None:
    drive = np.repeat(np.random.default_rng(0).uniform(1, 2, 40), 25)
    motion = 1 + 0.1 * np.sin(0.3 * np.arange(1000))
    held = signal_of(drive, 1.0, Channel(name="current", unit="A", hold=True))
    direct = Trace(drive=held, output=signal_of(drive * motion, 1.0, Channel(name="voltage", unit="V")))
    smooth = Trace(drive=held, output=signal_of(motion, 1.0, Channel(name="resistance", unit="ohm")))
    with pytest.warns(UserWarning, match="output 'voltage' jumps whenever drive 'current' does"):
        make_dataset(TraceSet((direct,)), 2, None, 0.15)
    make_dataset(TraceSet((smooth,)), 2, None, 0.15)  # warnings are errors in this suite
