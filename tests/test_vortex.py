"""The vortex oscillator against its closed forms, its limits and numbers of the reference notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices import Observed, VortexOscillator
from spinode.devices.constants import BOLTZMANN, MU0
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray, Signal
from spinode.simulate import DivergedError, simulate, simulate_ensemble
from tests.problems import bernoulli
from tests.tolerances import LINEARISED, PRINTED, ROUNDING, SETTLED, SOLVED, STATISTICS

PLAIN = VortexOscillator(oersted_weight=0.0)
LINEAR = VortexOscillator(oersted_weight=0.0, frequency_growth=0.0)
SETTLED_SPEED = 1e-3
"""A speed after about twelve relaxation times, and turns counted over 40 ns."""


def drive(device: VortexOscillator, current: float, field: float = 0.0, duration: float = 100e-9) -> Signal:
    sampling = Sampling(duration=duration, dt=0.1e-9)
    levels = (current, field)
    return join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))


def path(device: VortexOscillator, given: Signal, start: float = 0.1) -> FloatArray:
    """Core position x + i y at the samples."""
    trace = simulate(Observed(device=device), given, initial=[start, 0.0])
    return np.asarray(trace.output.column("x") + 1j * trace.output.column("y"))


def turns_per_second(z: FloatArray, dt: float) -> float:
    phase = np.unwrap(np.angle(z))
    return float((phase[-1] - phase[0]) / (2 * np.pi * dt * (len(z) - 1)))


def test_a_small_free_orbit_turns_at_the_gyrotropic_frequency() -> None:
    z = path(LINEAR, drive(LINEAR, 0.0))
    assert turns_per_second(z, 0.1e-9) == pytest.approx(LINEAR.frequency, rel=SOLVED)
    assert np.abs(z[-1]) == pytest.approx(bernoulli_radius(LINEAR, 0.0, 100e-9), rel=SOLVED)


def bernoulli_radius(device: VortexOscillator, current: float, time: float, start: float = 0.1) -> float:
    """s(t) without Oersted field and frequency growth: ds/dt = (chi - d0 w0) s - d1 w0 s^3."""
    w0 = 2 * np.pi * device.frequency
    growth = device.torque_rate * current - device.linear_damping * w0
    return float(bernoulli(np.array(time), start, growth, device.nonlinear_damping * w0))


@pytest.mark.parametrize("supercriticality", [0.5, 1.2, 1.5])
def test_the_transient_follows_the_bernoulli_solution(supercriticality: float) -> None:
    current = supercriticality * LINEAR.threshold_current
    given = drive(LINEAR, current)
    expected = [bernoulli_radius(LINEAR, current, time) for time in given.time]
    np.testing.assert_allclose(np.abs(path(LINEAR, given)), expected, rtol=SOLVED)


@pytest.mark.parametrize("chirality", [1, -1])
def test_the_steady_orbit_has_the_radius_and_frequency_of_the_closed_forms(chirality: float) -> None:
    device = VortexOscillator(chirality=chirality)
    current = 1.3 * device.threshold_current
    z = path(device, drive(device, current, duration=1e-6), start=device.orbit_radius(current) * 0.9)
    assert np.abs(z[-1]) == pytest.approx(device.orbit_radius(current), rel=SETTLED)
    assert turns_per_second(z[-2000:], 0.1e-9) == pytest.approx(device.frequency_at(current), rel=SOLVED)


def test_close_to_threshold_the_radius_is_lambda_times_the_root_of_the_supercriticality() -> None:
    size = np.sqrt(PLAIN.linear_damping / (PLAIN.nonlinear_damping + 0.24 * PLAIN.linear_damping))
    for excess in (1e-4, 1e-3, 1e-2):
        radius = PLAIN.orbit_radius((1 + excess) * PLAIN.threshold_current)
        assert radius == pytest.approx(size * np.sqrt(excess), rel=LINEARISED)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_small_orbit_shrinks_below_and_grows_above_the_threshold_current(weight: float) -> None:
    device = VortexOscillator(oersted_weight=weight)
    below, above = (
        np.abs(path(device, drive(device, factor * device.threshold_current), 1e-3)) for factor in (0.99, 1.01)
    )
    assert below[-1] < below[0] and above[-1] > above[0]
    assert device.orbit_radius(0.99 * device.threshold_current) == 0.0


@pytest.mark.parametrize("factor", [0.6, 1.4])
def test_the_power_relaxes_with_the_relaxation_time(factor: float) -> None:
    device = VortexOscillator()
    current = factor * device.threshold_current
    power = device.orbit_radius(current) ** 2
    start = np.sqrt(power) * 1.001 if power else 1e-3
    z = path(device, drive(device, current, duration=60e-9), start=start)
    excess = np.abs(z) ** 2 - power
    rate = -np.log(excess[-1] / excess[0]) / 60e-9
    assert 1 / rate == pytest.approx(device.relaxation_time(current), rel=LINEARISED)


def test_the_relaxation_time_without_oersted_field_is_the_published_one() -> None:
    for factor in (1.1, 1.5):
        rate = 2 * LINEAR.linear_damping * 2 * np.pi * LINEAR.frequency * (factor - 1)
        found = LINEAR.relaxation_time(factor * LINEAR.threshold_current)
        assert found == pytest.approx(1 / rate, rel=ROUNDING)


@pytest.mark.parametrize("factor", [0.0, 0.5])
def test_thermal_motion_obeys_equipartition(factor: float) -> None:
    sampling = Sampling(duration=600e-9, dt=10e-9)
    given = join(
        *(constant(c, sampling, level) for c, level in zip(LINEAR.inputs, (current_of(factor), 0), strict=True))
    )
    members = [Observed(device=LINEAR)] * 300
    traces = simulate_ensemble(members, given, initials=np.zeros((300, 2)), rng=np.random.default_rng(8))
    settled = np.array([trace.output.values[20:] for trace in traces]) * LINEAR.radius
    for axis in range(2):
        # below threshold the torque takes its part of the damping away, and the motion grows by 1/(1 - I/Ith)
        energy = (1 - factor) * LINEAR.stiffness * (settled[..., axis] ** 2).mean()
        assert energy / (BOLTZMANN * LINEAR.temperature) == pytest.approx(1, abs=STATISTICS)
    moved = np.sqrt((settled**2).sum(axis=-1).mean()) / LINEAR.radius
    assert LINEAR.orbit(current_of(factor)).thermal_radius == pytest.approx(moved, rel=STATISTICS)


def current_of(supercriticality: float) -> float:
    return supercriticality * LINEAR.threshold_current


def test_noise_at_zero_temperature_is_refused() -> None:
    cold = replace(PLAIN, temperature=0.0)
    with pytest.raises(ValueError, match="VortexOscillator.temperature must be above 0 K"):
        simulate(cold, drive(cold, 1e-3, duration=10e-9), rng=np.random.default_rng(1))


def test_mirrored_polarity_current_and_chirality_mirror_the_motion() -> None:
    device = VortexOscillator()
    mirror = VortexOscillator(polarity=-1, chirality=-1)
    z = path(device, drive(device, 3e-3, 1e-3))
    mirrored = path(mirror, drive(mirror, -3e-3, 1e-3))
    np.testing.assert_allclose(mirrored, z.conj(), atol=ROUNDING)
    assert mirror.threshold_current == pytest.approx(-device.threshold_current, rel=ROUNDING)


def test_polarity_sets_the_sense_of_rotation() -> None:
    assert turns_per_second(path(PLAIN, drive(PLAIN, 0.0)), 0.1e-9) > 0
    down = replace(PLAIN, polarity=-1)
    assert turns_per_second(path(down, drive(down, 0.0)), 0.1e-9) < 0


@pytest.mark.parametrize(("polarity", "chirality"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_a_static_field_moves_the_core_across_it_until_the_forces_balance(polarity: float, chirality: float) -> None:
    device = replace(LINEAR, polarity=polarity, chirality=chirality, damping=0.05)
    field = 1e-3
    z = path(device, drive(device, 0.0, field, duration=400e-9))[-1]
    # (2 pi/3) Ms R L B = kappa X
    balance = 2 * np.pi / 3 * device.saturation_magnetization * device.thickness * field / device.stiffness
    assert z.imag == pytest.approx(chirality * balance, rel=SOLVED)
    assert abs(z.real) < SOLVED * balance


def test_the_voltage_is_current_times_resistance_times_moment() -> None:
    given = drive(PLAIN, 1e-3, duration=10e-9)
    trace = simulate(PLAIN, given, initial=[0.3, 0.0])
    y = simulate(Observed(device=PLAIN), given, initial=[0.3, 0.0]).output.column("y")
    np.testing.assert_allclose(trace.output.column("voltage"), -1e-3 * 10.0 * 2 / 3 * y, atol=1e-15)
    assert trace.parameters["radius"].unit == "m" and trace.output.channels[0].unit == "V"


def test_a_current_that_expels_the_core_is_an_error() -> None:
    device = replace(PLAIN, critical_velocity=1e6)
    current = 3 * device.threshold_current
    with pytest.raises(DivergedError, match="vortex diverged at .* s with x = .* left the range"):
        simulate(device, drive(device, current, duration=500e-9))
    assert device.largest_radius == 1.0
    with pytest.raises(ValueError, match="VortexOscillator expels its core at .* A; try a current nearer to 0 than"):
        device.orbit_radius(current)


def test_a_core_faster_than_its_critical_velocity_is_an_error() -> None:
    device = VortexOscillator(critical_velocity=150.0)
    slow, fast = (factor * device.largest_current for factor in (0.99, 1.01))
    start = device.largest_radius * 0.9
    settled = path(device, drive(device, slow, duration=400e-9), start)
    speed = np.abs(settled[-1]) * device.radius * 2 * np.pi * turns_per_second(settled[-400:], 0.1e-9)
    assert device.orbit(slow).core_speed == pytest.approx(speed, rel=SETTLED_SPEED) and speed < 150.0
    with pytest.raises(DivergedError, match="vortex diverged at .* left the range"):
        simulate(device, drive(device, fast, duration=400e-9), initial=[start, 0.0])
    with pytest.raises(ValueError, match="VortexOscillator reverses its core at .* A; try a current nearer to 0 than"):
        device.orbit_radius(fast)


def test_the_default_disk_has_the_numbers_of_the_notes() -> None:
    density = PLAIN.threshold_current / (np.pi * PLAIN.radius**2)
    slope = PLAIN.torque_rate * np.pi * PLAIN.radius**2 * 1e11
    found = [PLAIN.gyrovector, PLAIN.stiffness, PLAIN.frequency, PLAIN.linear_damping, density, slope]
    notes = [2.855e-13, 8.16e-4, 455.1e6, 0.0171, 6.76e10, 7.24e7]
    np.testing.assert_allclose(found, notes, rtol=PRINTED)
    whole = replace(PLAIN, exchange_weight=1.0)
    assert whole.frequency == pytest.approx(546.1e6, rel=PRINTED)
    assert PLAIN.core_radius == pytest.approx(11.4e-9, rel=5 * PRINTED)


def test_threshold_densities_of_three_thicknesses_are_in_the_ratio_of_the_notes() -> None:
    currents = np.array(
        [VortexOscillator(thickness=nm * 1e-9, oersted_weight=0).threshold_current for nm in (5, 7, 10)]
    )
    # 2.55 : 5.0 : 10.2 is the law L^2 alone; finite thickness softens the thicker disks (published 2.7 : 5.0 : 10.2)
    np.testing.assert_allclose(5 * currents / currents[1], [2.6, 5.0, 10.0], rtol=0.02)


def test_the_oersted_field_shifts_the_frequency_by_two_fifteenths() -> None:
    device = VortexOscillator()
    density = 1e9
    shift = device.oersted_shift * density * np.pi * device.radius**2 / (2 * np.pi)
    assert shift == pytest.approx(0.47e6, rel=0.01)
    assert VortexOscillator(chirality=-1).oersted_shift == -device.oersted_shift
    assert device.oersted_shift == pytest.approx(
        2 / 15 * 1.76085962784e11 * MU0 / (np.pi * device.radius), rel=ROUNDING
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"radius": -1e-9}, "VortexOscillator.radius must be above 0, got -1e-09"),
        ({"radius": 5e-9}, "VortexOscillator.radius must be above the core radius"),
        ({"damping": 1.5}, "VortexOscillator.damping must be between 0 and 1, got 1.5"),
        ({"polarization": 1.2}, "VortexOscillator.polarization must be between 0 and 1, got 1.2"),
        ({"temperature": -1.0}, "VortexOscillator.temperature must be 0 or above, got -1"),
        ({"polarity": 0.0}, r"VortexOscillator.polarity must be \+1 or -1, got 0"),
        ({"thickness": float("nan")}, "VortexOscillator.thickness must be a finite number, got nan"),
        ({"damping_growth": -5.0}, "must keep damping and frequency positive for s < 1, got -5 and 0.24; try 11/6"),
        ({"critical_velocity": 0.0}, "VortexOscillator.critical_velocity must be above 0, got 0"),
        (
            {"resistance_swing": 200.0},
            "VortexOscillator.resistance_swing must be below 2 resistance = 200 ohm, got 200",
        ),
        ({"polarizer_tilt": float("inf")}, "VortexOscillator.polarizer_tilt must be a finite number, got inf"),
    ],
)
def test_wrong_parameters_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VortexOscillator(**setting)
