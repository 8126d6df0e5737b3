"""The auto-oscillator against exact solutions, its linear theory, the vortex and numbers of the reference notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate as quadrature

import spinode.integrator
from spinode.devices import Observed, VortexOscillator
from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.devices.fields import parameters_of
from spinode.devices.presets import Preset, find_preset
from spinode.devices.presets.auto_oscillator import AUTO_OSCILLATOR_PRESETS
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join
from spinode.integrator import Members, integrate
from spinode.signals import FloatArray
from spinode.simulate import DivergedError, simulate, simulate_ensemble
from tests.oscillators import UNIFORM, WARM, drive, path
from tests.problems import ReplayedPaths, bernoulli, order
from tests.tolerances import LINEARISED, ORDER, ROUNDING, SETTLED, SOLVED, STATISTICS

SECOND_ORDER = 0.02
"""The vortex beside its first order in p at s = 0.27, where the part that is left out changes the damping by 1.5 %."""
FLUCTUATIONS = 0.1
"""Second moments of an ensemble whose power fluctuates by 4 %: 5 % of statistics, and the linear theory."""

EXACT = replace(UNIFORM, torque_saturation=0.0, frequency=0.5, frequency_shift=0.3)


def exact_amplitude(time: FloatArray, start: float, current: float) -> FloatArray:
    """c(t) of EXACT: p is the Bernoulli solution, the phase follows from its integral."""
    growth, loss, shift = current - 1.0, 1.0, 2 * np.pi * 0.3
    size, final = bernoulli(time, start, growth, loss), growth / loss
    deviation = final / start**2 - 1
    area = final * time + np.log((1 + deviation * np.exp(-2 * growth * time)) / (1 + deviation)) / (2 * loss)
    return np.asarray(size * np.exp(-1j * (2 * np.pi * 0.5 * time + shift * area)))


@pytest.mark.parametrize("current", [0.4, 1.6])
def test_power_and_phase_follow_the_exact_solution(current: float) -> None:
    given = drive(EXACT, current, 8.0, 0.01)
    np.testing.assert_allclose(path(EXACT, given), exact_amplitude(given.time, 0.1, current), atol=SOLVED)


def test_runge_kutta_is_of_fourth_order_on_the_exact_solution() -> None:
    packed, steps, errors = EXACT.packed(), 0.1 / 2.0 ** np.arange(4), []
    for dt in steps:
        count = round(4 / dt) + 1
        table = DriveTable(values=np.tile([1.6, 0.0], (count, 1))[:, None, :], holds=np.array([True, True]), dt=dt)
        kernel = Observed(device=EXACT).kernel
        output, _ = integrate(kernel, Members(parameters=packed, initial=np.array([0.1, 0.0])), table, 2)
        errors.append(np.abs(output[:, 0] @ [1, 1j] - exact_amplitude(dt * np.arange(count), 0.1, 1.6)).max())
    assert order(steps, np.array(errors)) == pytest.approx(4, abs=ORDER)


def test_heun_is_of_strong_order_one_where_the_noise_does_not_depend_on_the_power(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spinode.integrator, "NormalNumbers", ReplayedPaths)
    device = replace(UNIFORM, damping_growth=0.0, energy=WARM / 100, frequency=0.0, frequency_shift=-2 / (2 * np.pi))
    paths, finest = 200, 4096
    fine = np.random.default_rng(4).standard_normal((paths, finest, 2))

    def ends(coarse: int) -> FloatArray:
        count = finest // coarse
        increments = fine.reshape(paths, count, coarse, 2).sum(axis=2) / np.sqrt(coarse)
        rngs = [each.ravel() for each in increments]
        table = DriveTable(
            values=np.tile([1.5, 0.0], (count + 1, 1))[:, None, :], holds=np.array([True, True]), dt=2 / count
        )
        members = Members(
            parameters=np.tile(device.packed(), (paths, 1)),
            initial=np.tile([0.5, 0.0], (paths, 1)),
            rngs=rngs,  # type: ignore[arg-type]
        )
        return integrate(device.kernel, members, table, 1)[1]

    truth, coarse = ends(1), 2 ** np.arange(5, 9)
    errors = [np.linalg.norm(ends(int(each)) - truth, axis=1).mean() for each in coarse]
    assert order(2 / finest * coarse, np.array(errors)) == pytest.approx(1, abs=ORDER)


@pytest.mark.parametrize("saturation", [0.0, 1.0, 0.4])
@pytest.mark.parametrize("zeta", [0.7, 1.2, 1.6])
def test_the_power_settles_at_the_closed_form(saturation: float, zeta: float) -> None:
    device = replace(UNIFORM, torque_saturation=saturation)
    c = path(device, drive(device, zeta, 50 / abs(zeta - 1), 0.1))
    assert abs(c[-1]) ** 2 == pytest.approx(max(0.0, (zeta - 1) / (1 + saturation * zeta)), abs=SETTLED)
    assert device.power_at(zeta) == pytest.approx(abs(c[-1]) ** 2, abs=SETTLED)


@pytest.mark.parametrize("zeta", [0.6, 1.5])
def test_a_small_deviation_of_the_power_relaxes_with_the_relaxation_time(zeta: float) -> None:
    power = UNIFORM.power_at(zeta)
    start = np.sqrt(power) * 1.003 if power else 1e-3
    deviation = np.abs(path(UNIFORM, drive(UNIFORM, zeta, 2.0, 0.1), start)) ** 2 - power
    assert 2.0 / np.log(deviation[0] / deviation[-1]) == pytest.approx(UNIFORM.relaxation_time(zeta), rel=LINEARISED)


def test_it_turns_clockwise_at_the_closed_frequency() -> None:
    device = AutoOscillator()
    current = 1.4 * device.threshold_current
    c = path(device, drive(device, current, 1e-6, 0.1e-9), np.sqrt(device.power_at(current)))
    phase = np.unwrap(np.angle(c))[-2000:]
    assert -(phase[-1] - phase[0]) / (2 * np.pi * 1999 * 0.1e-9) == pytest.approx(
        device.frequency_at(current), rel=SOLVED
    )


def test_a_turned_start_gives_a_turned_path() -> None:
    given, turn = drive(EXACT, 1.4, 5.0, 0.1), np.exp(1.234j)
    np.testing.assert_allclose(path(EXACT, given, 0.1 * turn), turn * path(EXACT, given), atol=ROUNDING)


def test_a_member_of_an_ensemble_moves_as_it_does_alone_bit_for_bit() -> None:
    devices = [replace(EXACT, damping_growth=0.5 + 0.1 * number) for number in range(7)]
    given = drive(EXACT, 1.2, 5.0, 0.1)
    for device, trace in zip(devices, simulate_ensemble(devices, given, substeps=12), strict=True):
        np.testing.assert_array_equal(trace.output.values, simulate(device, given, substeps=12).output.values)


def test_the_voltage_is_half_the_swing_times_current_times_the_quadrature() -> None:
    device = replace(EXACT, readout_angle=0.7, resistance_swing=8.0)
    given = drive(device, 1.4, 5.0, 0.1)
    expected = 4.0 * 1.4 * (path(device, given) * np.exp(0.7j)).real
    voltage = simulate(device, given, initial=[0.1, 0.0]).output.column("voltage")
    np.testing.assert_allclose(voltage, expected, atol=ROUNDING)


def ensemble(device: AutoOscillator, current: float, members: int, duration: float, start: float = 0.0) -> FloatArray:
    """c of many members with noise, shape (members, T), sampled every 0.2 s."""
    given = drive(device, current, duration, 0.2)
    initials = np.tile([start, 0.0], (members, 1))
    traces = simulate_ensemble(
        [Observed(device=device)] * members, given, initials=initials, rng=np.random.default_rng(12)
    )
    return np.asarray([trace.output.values @ [1, 1j] for trace in traces])


@pytest.mark.parametrize(("current", "mean"), [(0.0, 1e-4), (0.65, 2.86e-4)])
def test_below_threshold_the_mean_power_is_noise_over_damping(current: float, mean: float) -> None:
    device = replace(UNIFORM, frequency=0.0, frequency_shift=0.0)
    power = np.abs(ensemble(device, current, 400, 60.0)[:, 60:]) ** 2
    assert power.mean() == pytest.approx(mean, rel=STATISTICS)
    assert UNIFORM.datasheet(current).rows[3].value == pytest.approx(mean, rel=STATISTICS)


def test_at_threshold_the_mean_power_is_that_of_the_stationary_distribution() -> None:
    device = replace(UNIFORM, frequency=0.0, frequency_shift=0.0)
    power = np.abs(ensemble(device, 1.0, 400, 400.0)[:, 500:]) ** 2

    def density(p: float) -> float:  # of x, y: exp(-integral of (Gamma+ - Gamma-)/Dn)/sqrt(Dn), Dn = 1e-4 (1 + p)
        return float(np.exp(-2e4 * (p - np.log1p(p))) / np.sqrt(1 + p))

    norm, first = (quadrature.quad(lambda p, n=n: p**n * density(p), 0, 0.2, limit=200)[0] for n in (0, 1))
    assert power.mean() == pytest.approx(first / norm, rel=STATISTICS)


def test_phase_and_power_of_a_noisy_oscillation_follow_the_linear_theory() -> None:
    steady = UNIFORM.oscillation(1.5)
    assert (steady.power, steady.nonlinearity, steady.relaxation_rate) == pytest.approx((0.2, -4.0, 0.5), rel=ROUNDING)
    c = ensemble(UNIFORM, 1.5, 2000, 40.0, np.sqrt(steady.power))[:, 50:]
    phase, power = -np.unwrap(np.angle(c)), np.abs(c) ** 2
    for lag in (1, 5, 25, 100):
        moved = phase[:, lag:] - phase[:, :-lag]
        assert moved.var() == pytest.approx(float(steady.phase_variance(0.2 * lag)), rel=FLUCTUATIONS)
    assert steady.phase_variance(1e6) / 2e6 == pytest.approx(steady.phase_diffusion, rel=SOLVED)
    assert power.std() / power.mean() == pytest.approx(steady.power_deviation, rel=FLUCTUATIONS)
    deviation = power - power.mean()
    remembered = (deviation[:, 5:] * deviation[:, :-5]).mean() / (deviation**2).mean()
    assert -np.log(remembered) == pytest.approx(1.0 / UNIFORM.relaxation_time(1.5), rel=FLUCTUATIONS)


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("chirality", [1, -1])
def test_the_auto_oscillator_of_a_vortex_moves_and_speaks_as_the_vortex(polarity: float, chirality: float) -> None:
    vortex = VortexOscillator(polarity=polarity, chirality=chirality)
    current, field = 1.2 * vortex.threshold_current, 2e-4
    device = AutoOscillator.from_vortex(vortex, current)
    assert device.threshold_current == pytest.approx(vortex.threshold_current, rel=ROUNDING)
    sampling = Sampling(duration=40e-9, dt=0.1e-9)
    given, pushed = (
        join(constant(one.inputs[0], sampling, current), constant(one.inputs[1], sampling, strength))
        for one, strength in ((vortex, field), (device, GAMMA / 3 * field))
    )
    z = 0.1 + 0.02j
    c = polarity * chirality * (z.conjugate() if polarity > 0 else z)
    true = simulate(vortex, given, initial=[z.real, z.imag]).output.values
    ours = simulate(device, pushed, initial=[c.real, c.imag]).output.values
    assert np.abs(ours - true).max() < SECOND_ORDER / 5 * np.abs(true).max()  # s < 0.16


@pytest.mark.parametrize("chirality", [1, -1])
def test_orbit_frequency_and_relaxation_are_those_of_the_vortex_to_first_order(chirality: float) -> None:
    vortex = VortexOscillator(chirality=chirality, temperature=77.0)
    for zeta in (0.7, 1.1):
        current = zeta * vortex.threshold_current
        device = AutoOscillator.from_vortex(vortex)
        radius = np.sqrt(device.power_at(current))
        assert radius == pytest.approx(vortex.orbit_radius(current), rel=SECOND_ORDER)
        assert device.frequency_at(current) == pytest.approx(vortex.frequency_at(current), rel=SECOND_ORDER / 20)
        assert device.relaxation_time(current) == pytest.approx(vortex.relaxation_time(current), rel=SECOND_ORDER)
    assert device.thermal_power == pytest.approx(
        2 * BOLTZMANN * 77 / (vortex.stiffness * vortex.radius**2), rel=ROUNDING
    )


@pytest.mark.parametrize("preset", AUTO_OSCILLATOR_PRESETS, ids=lambda preset: preset.name)
def test_a_preset_says_every_number(preset: Preset) -> None:
    device = AutoOscillator(**preset.numbers)
    assert set(preset.numbers) == set(parameters_of(device))
    assert device.oscillation(1.1 * device.threshold_current).nonlinearity > 5


@pytest.mark.parametrize(("zeta", "near"), [(0.8, 1e-3), (1.1, SECOND_ORDER), (1.2, 2 * SECOND_ORDER)])
def test_the_uniform_mode_is_that_of_the_landau_lifshitz_gilbert_equation(zeta: float, near: float) -> None:
    device = AutoOscillator(**find_preset("slavin_2009", "auto-oscillator").numbers)
    current, damping, end = zeta * device.threshold_current, 0.01, 40e-9
    push = device.torque_rate * current

    def rhs(time: float, m: FloatArray) -> list[float]:
        x, y, z = m
        turn = GAMMA * (1.0 - 0.8 * z)  # applied and demagnetising field
        u, v, w = -turn * y + push * x * z, turn * x + push * y * z, -push * (x * x + y * y)
        return [u + damping * (y * w - z * v), v + damping * (z * u - x * w), w + damping * (x * v - y * u)]

    power = device.power_at(current) or 0.0025
    start = [2 * np.sqrt(power * (1 - power)), 0.0, 1 - 2 * power]
    samples = np.linspace(end - 2e-9, end, 201)
    found = quadrature.solve_ivp(rhs, (0, end), start, method="DOP853", rtol=1e-7, t_eval=samples)
    phase = np.unwrap(np.arctan2(found.y[1], found.y[0]))
    assert abs(phase[-1] - phase[0]) / (2 * np.pi * 2e-9) == pytest.approx(device.frequency_at(current), rel=near)
    if zeta > 1:
        assert (1 - found.y[2].mean()) / 2 == pytest.approx(device.power_at(current), rel=2 * near)


def test_the_datasheet_says_silent_oscillating_or_beyond_the_model() -> None:
    device = AutoOscillator(temperature=4.0)
    sheets = [device.datasheet(factor * device.threshold_current) for factor in (0.5, 1.0, 1.3, 9.0)]
    words = [
        "is 1.07 mA, and it takes 2.13 mA",
        "is the threshold",
        "Oscillates at 517 MHz with power 0.231; its line is",
        "Leaves the model",
    ]
    assert all(word in sheet.verdict for word, sheet in zip(words, sheets, strict=True))
    rows = {row.name: row.value for row in sheets[2].rows}
    assert rows["linewidth"] < rows["Lorentzian linewidth"] and rows["locking gain"] > 5
    assert np.isfinite([row.value for sheet in sheets for row in sheet.rows]).all()
    assert "too close to threshold" in AutoOscillator().datasheet(1.01 * device.threshold_current).verdict
    assert AutoOscillator().datasheet().rows[1].value == 0


def test_a_power_of_one_ends_the_run() -> None:
    with pytest.raises(DivergedError, match="left the range in which the equations hold"):
        simulate(EXACT, drive(EXACT, 3.0, 20.0, 0.1))
    with pytest.raises(ValueError, match="no steady power below 1 at 3 A; try a smaller current"):
        EXACT.power_at(3.0)
    with pytest.raises(ValueError, match="beyond its threshold 1 A to oscillate, got 0.5"):
        EXACT.oscillation(0.5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"damping_rate": 0.0}, "AutoOscillator.damping_rate must be above 0, got 0"),
        ({"energy": -1.0}, "AutoOscillator.energy must be above 0, got -1"),
        ({"damping_growth": -1.0}, "AutoOscillator.damping_growth must be above -1, got -1"),
        ({"frequency": -1.0}, "AutoOscillator.frequency must be 0 or above, got -1"),
        ({"torque_rate": 0.0}, "AutoOscillator.torque_rate must not be 0"),
        ({"temperature": float("inf")}, "AutoOscillator.temperature must be a finite number, got inf"),
    ],
)
def test_wrong_parameters_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AutoOscillator(**setting)
