"""The envelope against its exact answer to steps and to noise, its static curve and the law it stands for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices import Observed
from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.envelope import EnvelopeOscillator
from spinode.devices.fields import parameters_of
from spinode.devices.presets import Preset
from spinode.devices.presets.envelope import ENVELOPE_PRESETS
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join, random_holds, sine, steps
from spinode.integrator import Members, integrate
from spinode.simulate import simulate, simulate_ensemble
from tests.problems import order
from tests.tolerances import LINEARISED, ORDER, ROUNDING, SOLVED, STATISTICS

MEMORY = 0.1
"""A correlation time from 400 records of a hundred times its length."""
DEVICE = EnvelopeOscillator()
(CURRENT,) = DEVICE.inputs


def test_the_static_curve_is_a_root_above_threshold_and_zero_below() -> None:
    currents = DEVICE.threshold_current * np.array([-1.0, 0.0, 0.999, 1.0, 1.25, 2.0, 3.0])
    expected = DEVICE.amplitude * np.array([0.0, 0.0, 0.0, 0.0, 0.5, 1.0, np.sqrt(2)])
    np.testing.assert_allclose(DEVICE.static(currents), expected, atol=ROUNDING)
    assert DEVICE.static(7e-3).shape == ()


def test_a_step_of_the_current_is_answered_by_an_exponential() -> None:
    sampling = Sampling(duration=4e-6, dt=20e-9)
    levels = [2e-3, 7e-3, 9.5e-3, 1e-3]
    trace = simulate(DEVICE, steps(CURRENT, sampling, levels, [1e-6, 2e-6, 3e-6]))
    voltage, time = trace.output.column("voltage"), trace.output.time
    start, expected = 0.0, np.empty_like(time)
    for number, level in enumerate(levels):
        rows = slice(50 * number, 50 * number + 51)
        expected[rows] = DEVICE.response(start, level, time[rows] - time[50 * number])
        start = expected[rows][-1]
    np.testing.assert_allclose(voltage, expected[: len(voltage)], atol=SOLVED * DEVICE.amplitude)
    assert (voltage[:51] == 0).all()


def test_held_random_currents_follow_the_update_of_the_speech_literature() -> None:
    sampling = Sampling(duration=20e-6, dt=20e-9)
    given = random_holds(CURRENT, sampling, 4e-3, 10e-3, 100e-9, np.random.default_rng(1))
    kept, v = np.exp(-20e-9 / 410e-9), [0.0]
    for current in given.values[:-1, 0]:
        v.append(float(DEVICE.static(current)) * (1 - kept) + v[-1] * kept)
    np.testing.assert_allclose(simulate(DEVICE, given).output.column("voltage"), v, atol=SOLVED * DEVICE.amplitude)


@pytest.mark.parametrize("temperature", [300.0, 75.0])
def test_noise_has_its_variance_and_its_memory(temperature: float) -> None:
    device, tau = replace(DEVICE, temperature=temperature), DEVICE.relaxation_time
    deviation = DEVICE.noise * np.sqrt(temperature / 300)
    given = constant(CURRENT, Sampling(duration=110 * tau, dt=tau / 4), 7e-3)
    runs = simulate_ensemble(
        [device] * 400, given, initials=np.full((400, 1), DEVICE.static(7e-3)), rng=np.random.default_rng(3)
    )
    late = np.array([trace.output.values[40:, 0] for trace in runs]) - DEVICE.static(7e-3)
    assert late.var() == pytest.approx(deviation**2, rel=STATISTICS)
    assert abs(late.mean()) < 4 * deviation / np.sqrt(400 * 50)
    remembered = (late[:, 4:] * late[:, :-4]).mean() / late.var()
    assert -1 / np.log(remembered) == pytest.approx(1, rel=MEMORY)


def test_runge_kutta_is_of_fourth_order_where_the_curve_is_smooth() -> None:
    device, tau = replace(DEVICE, threshold_width=2e-3), DEVICE.relaxation_time

    def run(number: int) -> np.ndarray:
        given = sine(CURRENT, Sampling(duration=8 * tau, dt=8 * tau / number), 4e-3, 3e-3, 0.4 / tau)
        table = DriveTable(values=given.values[:, None], holds=given.holds, dt=given.dt)
        members = Members(parameters=device.packed(), initial=device.initial())
        return integrate(device.kernel, members, table, 1)[0][:, 0, 0]

    truth, counts = run(4096), 2 ** np.arange(6, 10)
    errors = [np.abs(run(int(count)) - truth[:: 4096 // count]).max() for count in counts]
    assert order(1 / counts, np.array(errors)) == pytest.approx(4, abs=ORDER)


def test_the_rounded_threshold_is_the_mean_power_of_a_noisy_auto_oscillator() -> None:
    device = replace(DEVICE, threshold_width=0.2e-3)
    for current in (2e-3, 3.5e-3, 3.7e-3, 7e-3):
        power, excess = float(device.static(current) / device.amplitude) ** 2, current / 3.5e-3 - 1
        # dp/dt = 2 (zeta - 1) p - 2 p^2 + 2 Dn = 0 with Dn = (d/(2 Ith))^2
        assert excess * power - power**2 + (0.2 / 7) ** 2 == pytest.approx(0, abs=ROUNDING)
    assert replace(DEVICE, threshold_width=1e-9).static(5e-3) == pytest.approx(DEVICE.static(5e-3), rel=SOLVED)


def test_it_does_not_slow_down_at_threshold() -> None:
    sampling = Sampling(duration=410e-9, dt=20.5e-9)
    for current in (3.6e-3, 12e-3):
        voltage = simulate(DEVICE, constant(CURRENT, sampling, current)).output.column("voltage")
        assert voltage[-1] / DEVICE.static(current) == pytest.approx(1 - np.exp(-1), rel=SOLVED)


def test_a_small_step_is_answered_as_by_the_auto_oscillator_whose_relaxation_time_it_has() -> None:
    oscillator = AutoOscillator(
        frequency=0.0,
        frequency_shift=0.0,
        current_shift=0.0,
        damping_rate=1 / (2 * DEVICE.relaxation_time),
        damping_growth=4.0,
        torque_rate=1 / (2 * DEVICE.relaxation_time * DEVICE.threshold_current),
    )
    before, after = 2 * DEVICE.threshold_current, 2.02 * DEVICE.threshold_current
    sampling = Sampling(duration=2e-6, dt=20e-9)
    given = join(*(constant(one, sampling, level) for one, level in zip(oscillator.inputs, (after, 0.0), strict=True)))
    start = np.sqrt(oscillator.power_at(before))
    seen = simulate(Observed(device=oscillator), given, initial=[start, 0.0]).output.column("x") / start
    envelope = DEVICE.response(DEVICE.static(before), after, given.time) / DEVICE.static(before)
    np.testing.assert_allclose(seen - 1, envelope - 1, atol=LINEARISED * (envelope[-1] - 1))


@pytest.mark.parametrize("preset", ENVELOPE_PRESETS, ids=lambda preset: preset.name)
def test_a_preset_says_every_number(preset: Preset) -> None:
    device = EnvelopeOscillator(**preset.numbers)
    assert set(preset.numbers) == set(parameters_of(device))
    assert "relaxation_time" not in preset.assumed and "amplitude" in preset.assumed


def test_the_datasheet_says_whether_it_oscillates() -> None:
    below, above = DEVICE.datasheet(3e-3), DEVICE.datasheet(7e-3)
    assert below.verdict == "Does not oscillate: the current is 3 mA, and it takes 3.5 mA."
    assert above.verdict == "Oscillates with an amplitude of 10 mV, which follows the current in 410 ns."
    slope = next(row.value for row in above.rows if row.name == "slope")
    assert slope == pytest.approx(float(np.diff(DEVICE.static([6.99e-3, 7.01e-3]))[0]) / 0.02e-3, rel=LINEARISED)
    assert DEVICE.datasheet(3.5e-3).rows[2].value == DEVICE.datasheet().rows[1].value == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"threshold_current": 0.0}, "EnvelopeOscillator.threshold_current must be above 0, got 0"),
        ({"relaxation_time": -1e-9}, "EnvelopeOscillator.relaxation_time must be above 0, got -1e-09"),
        ({"noise": -1.0}, "EnvelopeOscillator.noise must be 0 or above, got -1"),
        ({"amplitude": float("nan")}, "EnvelopeOscillator.amplitude must be a finite number, got nan"),
    ],
)
def test_wrong_parameters_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EnvelopeOscillator(**setting)
