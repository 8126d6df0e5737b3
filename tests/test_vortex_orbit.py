"""The closed forms of the vortex oscillator's orbit, its noise and its locking against simulations of its equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import simpson

from spinode.devices import Observed, VortexOscillator
from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.drives import Sampling, constant, join, sine
from spinode.signals import FloatArray, Signal
from spinode.simulate import simulate, simulate_ensemble
from tests.tolerances import LINEARISED, PRINTED, ROUNDING, SOLVED

DEFAULT = VortexOscillator()
PLAIN = replace(DEFAULT, oersted_weight=0.0)
DIFFERENCE = 1e-6
"""A derivative from a central difference over 1e-4 of the current."""
DIFFUSION = 0.1
"""A variance of 2,000 phases, sqrt(2/2000) = 3 %, or a time from 400 members; a law for small noise."""
EDGE = 0.01
"""The locking range: the edges are found to 0.3 %, the damping adds d^2/2 = 0.4 % to the force."""
SOFTENED = 0.04
"""Finite thickness against the law L^2 (2.5 %), and the published ratios against both (4 %)."""


def constant_drive(device: VortexOscillator, sampling: Sampling, current: float, field: float = 0.0) -> Signal:
    levels = zip(device.inputs, (current, field), strict=True)
    return join(*(constant(channel, sampling, level) for channel, level in levels))


def members_of(
    device: VortexOscillator, drives: Signal | list[Signal], count: int, start: complex, seed: int = -1
) -> NDArray[np.complex128]:
    """Core positions x + i y (members, T); with noise for a seed."""
    starts = np.tile([start.real, start.imag], (count, 1))
    rng = None if seed < 0 else np.random.default_rng(seed)
    traces = simulate_ensemble([Observed(device=device)] * count, drives, initials=starts, rng=rng)
    return np.array([trace.output.column("x") + 1j * trace.output.column("y") for trace in traces])


def published_scale(device: VortexOscillator, growth: float) -> float:
    """lambda of s = lambda sqrt(I/Ith - 1), just above threshold."""
    device = replace(device, frequency_growth=growth)
    return device.orbit_radius((1 + 1e-6) * device.threshold_current) / 1e-3


def test_the_orbit_of_the_published_disk_has_the_published_scale() -> None:
    disk = replace(PLAIN, thickness=7e-9)
    found = [published_scale(disk, 0.5), published_scale(disk, 0.25)]
    np.testing.assert_allclose(found, [0.80, 0.87], atol=0.005)  # 0.83 simulated and 0.81 analytic were published


def test_the_orbit_of_the_published_disk_settles_in_the_published_time() -> None:
    disk = replace(PLAIN, thickness=7e-9)
    tau = disk.orbit(1.5 * disk.threshold_current).relaxation_time
    small = 1 / (2 * disk.linear_damping * 2 * np.pi * disk.frequency * 0.5)
    assert small == pytest.approx(28.5e-9, rel=5 * PRINTED)
    assert 20e-9 < tau < 30e-9  # published: 20 to 30 ns


def test_the_threshold_densities_are_in_the_published_ratio() -> None:
    found = np.array([replace(PLAIN, thickness=nm * 1e-9).threshold_density for nm in (5, 7, 10)])
    # the law L^2 alone gives 2.55 : 5.0 : 10.2; finite thickness softens the thicker disks
    np.testing.assert_allclose(5 * found / found[1], [2.55, 5.0, 10.2], rtol=SOFTENED)
    np.testing.assert_allclose(5 * found / found[1], [2.7, 5.0, 10.2], rtol=SOFTENED)


@pytest.mark.parametrize("factor", [1.1, 1.6])
@pytest.mark.parametrize("chirality", [1.0, -1.0])
def test_the_slopes_along_the_orbits_are_derivatives(factor: float, chirality: float) -> None:
    device = replace(DEFAULT, chirality=chirality)
    current = factor * device.threshold_current
    before, orbit, after = (device.orbit(part * current) for part in (1 - 1e-4, 1.0, 1 + 1e-4))
    slope = (after.frequency - before.frequency) / (2e-4 * current)
    assert orbit.frequency_slope == pytest.approx(slope, rel=DIFFERENCE)
    assert device.current_for_radius(orbit.radius) == pytest.approx(current, rel=ROUNDING * 100)
    shift = (orbit.turning(0.2) - orbit.turning(0.1)) / (0.1 * 2 * np.pi)
    assert orbit.nonlinear_shift == pytest.approx(shift, rel=ROUNDING * 100)
    assert orbit.nonlinearity == pytest.approx(
        2 * np.pi * shift * orbit.radius**2 * 2 * orbit.relaxation_time, rel=ROUNDING * 100
    )


def test_nu_of_the_default_disk_is_that_of_the_notes() -> None:
    device = replace(PLAIN, frequency_growth=0.25)
    orbit = device.orbit(1.0001 * device.threshold_current)
    assert orbit.nonlinearity == pytest.approx(11, abs=0.5)
    assert np.sqrt(1 + orbit.nonlinearity**2) == pytest.approx(10, rel=0.15)  # "typically ten" was published


def test_the_transient_is_exact_where_the_losses_are_linear_in_the_power() -> None:
    device = replace(PLAIN, damping_growth=0.0)  # d w then has no part in s^4, although the frequency shifts
    sampling = Sampling(duration=200e-9, dt=0.1e-9)
    for factor in (0.5, 1.0, 1.15):
        current = factor * device.threshold_current
        z = members_of(device, constant_drive(device, sampling, current), 1, 0.2)[0]
        closed = device.orbit(current).transient(sampling.time, 0.2)
        np.testing.assert_allclose(np.abs(z), closed, rtol=SOLVED)


def test_the_transient_of_the_default_disk_begins_and_ends_as_the_equations() -> None:
    current = 1.3 * DEFAULT.threshold_current
    sampling = Sampling(duration=600e-9, dt=0.1e-9)
    z = members_of(DEFAULT, constant_drive(DEFAULT, sampling, current), 1, 0.01)[0]
    closed = DEFAULT.orbit(current).transient(sampling.time, 0.01)
    np.testing.assert_allclose(np.abs(z)[:500], closed[:500], rtol=PRINTED)
    np.testing.assert_allclose(np.abs(z)[-500:], closed[-500:], rtol=PRINTED)
    np.testing.assert_allclose(np.abs(z), closed, rtol=0.1)


@pytest.mark.parametrize(("polarity", "chirality"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_steady_torques_in_the_plane_move_the_centre_of_the_core(polarity: float, chirality: float) -> None:
    device = replace(
        PLAIN,
        polarity=polarity,
        chirality=chirality,
        damping=0.05,
        polarizer_tilt=np.pi / 2,
        polarizer_angle=0.4,
        field_like_torque=0.5,
    )
    current = 2e-3
    sampling = Sampling(duration=300e-9, dt=0.1e-9)
    z = members_of(device, constant_drive(device, sampling, current), 1, 0.01)[0, -1]
    push = np.array(device.force_rates) * current / (2 * np.pi * device.frequency)  # kappa X = F
    assert z == pytest.approx(complex(*push), rel=LINEARISED)
    assert device.orbit(current).displacement == pytest.approx(abs(z), rel=LINEARISED)
    assert chirality * polarity * z.real > 0


def test_a_field_like_torque_is_a_field_along_the_reference_direction() -> None:
    device = replace(PLAIN, field_like_torque=0.4)
    sampling = Sampling(duration=50e-9, dt=0.1e-9)
    torque = members_of(device, constant_drive(device, sampling, 2e-3), 1, 0.1)[0]
    field = members_of(PLAIN, constant_drive(PLAIN, sampling, 2e-3, field=0.8e-3), 1, 0.1)[0]
    np.testing.assert_allclose(torque, field, rtol=ROUNDING * 1e3)


def test_a_polariser_in_the_plane_drives_no_orbit_and_one_below_drives_the_other_polarity() -> None:
    flat = replace(DEFAULT, polarizer_tilt=np.pi / 2)
    assert flat.torque_rate == 0 and np.isinf(flat.threshold_current) and np.isinf(flat.largest_current)
    below = replace(PLAIN, polarizer_tilt=np.pi)
    assert below.threshold_current == pytest.approx(-PLAIN.threshold_current, rel=ROUNDING)
    tilted = replace(PLAIN, polarizer_tilt=np.pi / 3)
    assert tilted.threshold_current == pytest.approx(2 * PLAIN.threshold_current, rel=ROUNDING)


def noisy(orbit: VortexOrbit, sampling: Sampling, count: int) -> NDArray[np.complex128]:
    """Core positions (members, T) after four relaxation times."""
    given = constant_drive(orbit.device, sampling, orbit.current)
    z = members_of(orbit.device, given, count, orbit.radius, seed=3)
    return np.asarray(z[:, round(4 * orbit.relaxation_time / sampling.dt) :])


@pytest.mark.parametrize("growth", [0.0, 0.24])
def test_at_a_low_temperature_the_phase_diffuses_with_the_lorentzian_linewidth(growth: float) -> None:
    device = replace(PLAIN, damping=0.02, temperature=3.0, frequency_growth=growth)
    orbit = device.orbit(1.5 * device.threshold_current)
    assert 2 * np.pi * orbit.oscillation.lorentzian_linewidth < 0.02 * 2 * orbit.power_rate
    z = noisy(orbit, Sampling(duration=460e-9, dt=10e-9), 500)
    phase = np.unwrap(np.angle(z * np.conj(z.mean(axis=0))), axis=1)
    span = np.array(100e-9)
    found = np.var([phase[:, begin + 10] - phase[:, begin] for begin in (0, 10, 20, 30)])
    assert found / orbit.oscillation.phase_variance(span) == pytest.approx(1, abs=DIFFUSION)
    late = 2 * np.pi * orbit.oscillation.lorentzian_linewidth * 1e-3
    assert orbit.oscillation.phase_variance(np.array(1e-3)) == pytest.approx(late, rel=PRINTED)
    assert orbit.linewidth == pytest.approx(orbit.oscillation.lorentzian_linewidth, rel=LINEARISED)


def test_at_room_temperature_the_phase_is_forgotten_as_the_linearised_noise_says() -> None:
    orbit = DEFAULT.orbit(1.2 * DEFAULT.threshold_current)
    assert orbit.linewidth < 0.9 * orbit.oscillation.lorentzian_linewidth  # the low-temperature form does not hold here
    sampling = Sampling(duration=550e-9, dt=4e-9)
    z = noisy(orbit, sampling, 400)
    size = z.shape[1] // 2
    correlation = np.array([np.abs(np.mean(z[:, lag : lag + size] * np.conj(z[:, :size]))) for lag in range(size)])
    time = sampling.dt * np.arange(size)
    half, expected = (
        np.interp(-0.5, -values, time)
        for values in (correlation / correlation[0], np.exp(-orbit.oscillation.phase_variance(time) / 2))
    )
    assert half == pytest.approx(expected, rel=DIFFUSION) and half < time[-1]


def orbit_with(nu: float, ratio: float) -> VortexOrbit:
    """A small orbit with this nu, and with nu^2 Gamma+ kB T/E at ``ratio`` times 2 Gamma_p."""
    loss = (0.3 / nu - 0.3 * PLAIN.linear_damping) / PLAIN.damping
    device = replace(PLAIN, frequency_growth=0.3, damping_growth=loss, temperature=1.0)
    cold = device.orbit(1.0001 * device.threshold_current)
    kick = 2 * np.pi * cold.oscillation.lorentzian_linewidth / (1 + cold.nonlinearity**2)
    temperature = ratio * 2 * cold.power_rate / (cold.nonlinearity**2 * kick)
    return replace(device, temperature=temperature).orbit(cold.current)


@pytest.mark.parametrize("nu", [0.3, 3.0, 10.0])
def test_a_cold_line_is_lorentzian_and_a_hot_one_gaussian(nu: float) -> None:
    cold, hot = orbit_with(nu, 1e-4), orbit_with(nu, 1e4)
    assert cold.nonlinearity == pytest.approx(nu, rel=LINEARISED)
    assert cold.linewidth == pytest.approx(cold.oscillation.lorentzian_linewidth, rel=PRINTED)
    # a Gaussian in frequency is one in time, to which the direct kicks add their Lorentzian: the width of a Voigt line
    direct = hot.oscillation.lorentzian_linewidth / (1 + hot.nonlinearity**2)
    voigt = 0.5346 * direct + np.sqrt(0.2166 * direct**2 + hot.oscillation.gaussian_linewidth**2)
    assert hot.linewidth == pytest.approx(voigt, rel=LINEARISED)


@pytest.mark.parametrize(("ratio", "part"), [(0.1, 0.998), (1.0, 0.887), (3.0, 0.686)])
def test_between_the_limits_the_line_is_narrower_than_both(ratio: float, part: float) -> None:
    orbit = orbit_with(10.0, ratio)
    time = np.linspace(0, 20 / orbit.linewidth, 100_001)
    correlation = np.exp(-orbit.oscillation.phase_variance(time) / 2)
    peak, half = (simpson(correlation * np.cos(offset * time), x=time) for offset in (0.0, np.pi * orbit.linewidth))
    assert half / peak == pytest.approx(0.5, abs=1e-4)
    assert orbit.linewidth / orbit.oscillation.lorentzian_linewidth == pytest.approx(part, rel=PRINTED)
    assert orbit.linewidth < orbit.oscillation.gaussian_linewidth


def locked(device: VortexOscillator, tone: tuple[float, float], offsets: FloatArray, duration: float) -> list[bool]:
    """Whether the core follows a microwave current and field at these offsets [Hz] from its own frequency."""
    orbit = device.orbit(1.5 * device.threshold_current)
    sampling = Sampling(duration=duration, dt=1 / (16 * orbit.frequency))
    free = members_of(device, constant_drive(device, sampling, orbit.current), 1, orbit.radius)[0]
    turned = np.unwrap(np.angle(free))
    half = len(turned) // 2
    own = (turned[-1] - turned[half]) / (2 * np.pi * sampling.dt * (len(turned) - 1 - half))
    given = [
        join(
            sine(device.inputs[0], sampling, orbit.current, tone[0], own + offset),
            sine(device.inputs[1], sampling, 0.0, tone[1], own + offset),
        )
        for offset in offsets
    ]
    z = members_of(device, given, len(offsets), orbit.radius)[:, ::8]
    phase = np.unwrap(np.angle(z * np.exp(-2j * np.pi * np.outer(own + offsets, sampling.time[::8]))), axis=1)
    return [bool(abs(row[-1] - row[len(row) // 2]) < 2) for row in phase]


@pytest.mark.parametrize(
    ("growth", "tone"),
    [(0.0, (0.0, 1.0)), (0.24, (0.0, 1.0)), (0.24, (1.0, 0.0))],
    ids=["isochronous", "field", "current"],
)
def test_the_orbit_locks_within_the_closed_half_width(growth: float, tone: tuple[float, float]) -> None:
    device = replace(PLAIN, damping=0.04, frequency_growth=growth, field_like_torque=0.1 * tone[0])
    orbit = device.orbit(1.5 * device.threshold_current)
    strength = 0.05 * 2 * orbit.power_rate / (2 * np.pi * orbit.locking_half_width(current=tone[0], field=tone[1]))
    tone = (tone[0] * strength, tone[1] * strength)
    edge = orbit.locking_half_width(current=tone[0], field=tone[1])
    parts = np.arange(0.97, 1.0351, 0.005)
    duration = 2.5 / (np.sqrt(EDGE) * edge)  # of Adler's slow beats half a percent outside
    below, above = np.array(locked(device, tone, edge * np.concatenate([-parts, parts]), duration)).reshape(2, -1)
    # the two edges move by a part of the half-width over 2 Gamma_p, in opposite senses: their mean does not
    ends = [parts[inside][-1] + 0.0025 for inside in (below, above)]
    assert np.mean(ends) == pytest.approx(1, abs=EDGE)
    assert not (below[-1] or above[-1]) and below[0] and above[0]


def test_the_locking_range_has_the_number_of_the_notes() -> None:
    orbit = PLAIN.orbit(PLAIN.current_for_radius(0.3))
    plain = 0.1e-3 * GAMMA / (6 * 0.3) / (2 * np.pi)
    assert orbit.locking_half_width(field=0.1e-3) == pytest.approx(plain * np.hypot(1, orbit.nonlinearity), rel=SOLVED)
    assert plain * np.sqrt(26) == pytest.approx(7.9e6, rel=0.01)  # the notes' example has nu = 5
    with pytest.raises(ValueError, match="VortexOscillator has no orbit at 0.001 A"):
        PLAIN.orbit(1e-3).locking_half_width(field=1e-3)


def test_energy_linewidth_and_thermal_motion_have_the_numbers_of_the_notes() -> None:
    whole = PLAIN.orbit(PLAIN.threshold_current * (1 + 1e-6))  # of a small orbit, scaled to s = 0.3
    energy = whole.energy * 0.3**2 / whole.radius**2
    assert energy == pytest.approx(3.67e-19, rel=PRINTED)
    assert energy / (BOLTZMANN * 300) == pytest.approx(89, rel=5 * PRINTED)
    line = whole.oscillation.lorentzian_linewidth / (1 + whole.nonlinearity**2) * whole.radius**2 / 0.3**2
    assert line == pytest.approx(88e3, rel=5 * PRINTED)
    assert DEFAULT.orbit(0.0).thermal_radius == pytest.approx(0.032, abs=0.0005)


def test_voltage_and_power_are_those_of_the_simulated_orbit() -> None:
    orbit = DEFAULT.orbit(1.3 * DEFAULT.threshold_current)
    sampling = Sampling(duration=50e-9, dt=0.05e-9)
    trace = simulate(
        DEFAULT, constant_drive(DEFAULT, sampling, orbit.current), initial=[orbit.radius, 0.0]
    ).output.column("voltage")
    assert orbit.voltage_amplitude == pytest.approx(trace.max(), rel=PRINTED)
    assert orbit.available_power == pytest.approx(trace.max() ** 2 / (8 * DEFAULT.resistance), rel=3 * PRINTED)
