"""Drives: shapes against their formulas, text against builders, and refusals of what the samples would lose."""

from __future__ import annotations

import numpy as np
import pytest

from spinode import drives
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.signals import Channel

CURRENT, FIELD = Channel(name="current", unit="A"), Channel(name="field", unit="T")
FINE = Sampling(duration=1e-6, dt=1e-9)


def test_samples_cover_the_duration_at_both_ends() -> None:
    assert FINE.count == 1001
    assert FINE.time[-1] == pytest.approx(1e-6, rel=1e-12)
    assert Sampling(duration=1.0, dt=0.3).count == 4


def test_a_constant_is_held() -> None:
    signal = drives.constant(CURRENT, FINE, 3e-3)
    assert (signal.values == 3e-3).all() and signal.holds.all() and signal.names == ("current",)


def test_steps_change_on_the_first_sample_at_or_after_their_time() -> None:
    signal = drives.steps(FIELD, Sampling(duration=10.0, dt=1.0), [1, 2, 3], [3.0, 6.5])
    np.testing.assert_array_equal(signal.column("field"), [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])


def test_step_times_that_are_whole_samples_suffer_no_rounding() -> None:
    for number in range(1, 1000):
        values = drives.steps(FIELD, FINE, [0, 1], [number * 1e-9]).column("field")
        assert np.argmax(values) == number


def test_pulses_have_their_width_and_period_at_every_repetition() -> None:
    values = drives.pulses(CURRENT, FINE, -1.0, 2.0, 3e-9, 10e-9).column("current")
    np.testing.assert_array_equal(values[:-1].reshape(-1, 10), np.tile([2.0] * 3 + [-1.0] * 7, (100, 1)))


def test_a_sine_is_smooth_and_follows_its_formula() -> None:
    signal = drives.sine(CURRENT, FINE, 5.0, 2.0, 3e6, 0.5)
    np.testing.assert_allclose(signal.column("current"), 5 + 2 * np.sin(2 * np.pi * 3e6 * FINE.time + 0.5))
    assert not signal.holds.any()


def test_a_random_sine_has_one_amplitude_a_period() -> None:
    signal = drives.random_sine(CURRENT, FINE, 1.0, 2.0, 10e6, np.random.default_rng(3))
    periods = (signal.column("current")[:-1] - 1).reshape(10, 100) / np.sin(2 * np.pi * 10e6 * FINE.time[:100] + 1e-300)
    sizes = periods[:, 25]
    np.testing.assert_allclose(periods[:, 10:40], np.tile(sizes[:, None], 30))
    assert (sizes >= 0).all() and (sizes <= 2).all() and len(np.unique(sizes)) == 10


def test_noise_has_its_deviation_and_nothing_above_its_bandwidth() -> None:
    sampling = Sampling(duration=1e-4, dt=1e-9)
    values = drives.noise(CURRENT, sampling, 3.0, 0.5, 20e6, np.random.default_rng(5)).column("current")
    assert values.mean() == pytest.approx(3.0, abs=4 * 0.5 / np.sqrt(2 * 20e6 * 1e-4))
    assert values.std() == pytest.approx(0.5, rel=4 / np.sqrt(4 * 20e6 * 1e-4))
    window = np.hanning(len(values))
    power = np.abs(np.fft.rfft((values - values.mean()) * window)) ** 2
    frequency = np.fft.rfftfreq(len(values), 1e-9)
    assert power[frequency > 20.2e6].sum() < 1e-6 * power.sum()
    low, high = (
        power[(frequency > 1e6) & (frequency < 9e6)].mean(),
        power[(frequency > 11e6) & (frequency < 19e6)].mean(),
    )
    assert low / high == pytest.approx(1, abs=0.25)  # flat, within the scatter of 800 frequencies each


def test_random_holds_change_every_hold_and_stay_in_their_range() -> None:
    values = drives.random_holds(FIELD, FINE, -2.0, 1.0, 20e-9, np.random.default_rng(1)).column("field")[:-1]
    holds = values.reshape(50, 20)
    assert (holds == holds[:, :1]).all() and len(np.unique(holds)) == 50
    assert -2 <= values.min() < -1.5 and 0.5 < values.max() <= 1


def test_a_chirp_sweeps_from_the_first_to_the_last_frequency() -> None:
    signal = drives.chirp(CURRENT, Sampling(duration=1e-6, dt=1e-10), 0.0, 1.0, 10e6, 30e6)
    crossings = np.flatnonzero(np.diff(np.sign(signal.column("current"))) != 0)
    assert len(crossings) == pytest.approx(40, abs=2)  # mean of 20 MHz for 1 us: 20 turns
    assert 1 / (2e-10 * (crossings[-1] - crossings[-2])) == pytest.approx(30e6, rel=0.03)


def test_random_drives_depend_only_on_the_generator() -> None:
    one, same, other = (
        parse_drive("current=random(0,1mA,10ns)", [CURRENT], FINE, np.random.default_rng(seed)).values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("current=6mA", drives.constant(CURRENT, FINE, 6e-3)),
        ("current=sine(5mA,1mA,2MHz)", drives.sine(CURRENT, FINE, 5e-3, 1e-3, 2e6)),
        ("current = step(0, 1mA, 100ns)", drives.steps(CURRENT, FINE, [0, 1e-3], [100e-9])),
        ("current=steps(1mA,1ns,2mA,5ns,0)", drives.steps(CURRENT, FINE, [1e-3, 2e-3, 0], [1e-9, 5e-9])),
        ("current=pulses(0,1mA,10ns,50ns);", drives.pulses(CURRENT, FINE, 0, 1e-3, 10e-9, 50e-9)),
        ("current=chirp(0,1mA,1MHz,9MHz)", drives.chirp(CURRENT, FINE, 0, 1e-3, 1e6, 9e6)),
        ("", drives.constant(CURRENT, FINE, 0)),
    ],
)
def test_text_gives_the_same_drive_as_its_builder(text: str, expected: drives.Signal) -> None:
    signal = parse_drive(text, [CURRENT], FINE)
    np.testing.assert_array_equal(signal.values, expected.values)
    assert signal.channels == expected.channels


def test_text_fills_the_channels_in_the_order_of_the_device() -> None:
    signal = parse_drive("field=1mT; current=2mA", [CURRENT, FIELD], FINE)
    assert signal.names == ("current", "field")
    np.testing.assert_allclose(signal.values[5], [2e-3, 1e-3])
    assert parse_drive("", [], FINE).values.shape == (1001, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("curent=1mA", "drive channel 'curent' is not there; closest: current"),
        ("current", "drive 'current' must be name=shape, for example current=6mA"),
        ("current=", "drive 'current=' must be name=shape"),
        ("current=1mA;current=2mA", "drive 'current' must be given once"),
        ("current=sin(1mA,1mA,1MHz)", "drive 'current': shape 'sin' is not there; closest: sine"),
        ("current=sine(1mA,1mA)", "drive 'current': sine must have 3 numbers, got 2"),
        ("current=step(1mA,1ns)", r"step must be step\(before,after,time\), got 2"),
        ("current=steps(1mA,1ns)", r"steps must be steps\(level,time,level,...\), got 2"),
        ("current=1mT", "drive 'current': '1mT' must be a quantity in A"),
        ("current=sine(1mA,1mA,1ns)", "drive 'current': '1ns' must be a quantity in Hz"),
        ("current=random(0,1mA,10ns)", "drive 'current': random must have a generator, got none; try a seed"),
        (
            "current=sine(0,1mA,200MHz)",
            "200000000|2e.08 Hz must have at least 8 samples a period, got 5 .*try dt 5e-10 s",
        ),
        ("current=sine(0,1mA,-1MHz)", "frequency must be a positive number of Hz, got -1e.06"),
        ("current=chirp(0,1mA,1MHz,1GHz)", "at least 8 samples a period, got 1 .*try dt 1e-10 s"),
        ("current=pulses(0,1mA,0.3ns,10ns)", "a pulse must be at least dt = 1e-09 s long, got 3e-10 s; try dt 2e-10 s"),
        ("current=pulses(0,1mA,9.5ns,10ns)", "the gap between pulses must be at least dt"),
        ("current=pulses(0,1mA,20ns,10ns)", "a pulse must be shorter than its period 1e-08 s, got 2e-08 s"),
        ("current=steps(0,5ns,1mA,5.4ns,0)", "a level must be at least dt = 1e-09 s long, got 4e-10 s; try dt 2e-10 s"),
        ("current=step(0,1mA,2us)", "step times must rise from 0 to 1e-06 s, got 2e-06 s"),
        ("current=steps(0,5ns,1mA,2ns,0)", "step times must rise"),
        ("current=random_sine(0,1mA,1GHz)", "random_sine must have a generator"),
    ],
)
def test_a_drive_that_cannot_be_made_as_written_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_drive(text, [CURRENT], FINE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("duration", "dt", "message"),
    [
        (0.0, 1e-9, "Sampling.duration must be a positive number of seconds, got 0.0"),
        (1.0, float("nan"), "Sampling.dt must be a positive number of seconds, got nan"),
        (1e-10, 1e-9, "Sampling.duration must be at least dt = 1e-09 s, got 1e-10 s"),
        (1.0, 1e-12, "Sampling.dt must give fewer than 100000000 samples, got 1e-12 s for 1 s; try 1e-07 s"),
    ],
)
def test_impossible_samplings_are_refused(duration: float, dt: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sampling(duration=duration, dt=dt)


def test_signals_of_different_time_axes_are_not_joined() -> None:
    other = drives.constant(FIELD, Sampling(duration=1e-6, dt=2e-9), 1.0)
    with pytest.raises(ValueError, match="join needs signals of one time axis, got 'field'"):
        drives.join(drives.constant(CURRENT, FINE, 1.0), other)


def test_round_below_gives_one_two_or_five_times_a_power_of_ten() -> None:
    for value, expected in ((1e-9, 1e-9), (3.1e-9, 2e-9), (9.9e-9, 5e-9), (5e-12, 5e-12), (0.49, 0.2)):
        assert drives.round_below(value) == expected
