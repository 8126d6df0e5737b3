"""The domain wall against its closed forms, its limits and numbers of the reference notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from spinode.devices import DomainWall, Observed
from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray, Signal
from spinode.simulate import simulate, simulate_ensemble
from tests.tolerances import PRINTED, ROUNDING, SETTLED, SOLVED, STATISTICS, VELOCITY

PLAIN = DomainWall(dmi=0.0, spin_hall_angle=0.0)
CHIRAL = DomainWall(polarization=0.0, shape_weight=0.0)


def drive(device: DomainWall, density: float = 0.0, field: float = 0.0, duration: float = 100e-9) -> Signal:
    sampling = Sampling(duration=duration, dt=duration / 2000)
    levels = (density, field)
    return join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))


def run(device: DomainWall, given: Signal) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time, position and angle."""
    output = simulate(Observed(device=device), given).output
    return output.time, output.column("q"), output.column("phi")


def late_velocity(device: DomainWall, given: Signal) -> float:
    time, q, _ = run(device, given)
    return float((q[-1] - q[len(q) // 2]) / (time[-1] - time[len(q) // 2]))


def test_the_default_track_has_the_numbers_of_the_notes() -> None:
    wall = DomainWall()
    found = [wall.effective_anisotropy, wall.wall_width, wall.shape_field, wall.dmi_field, wall.spin_hall_field(1e12)]
    np.testing.assert_allclose(found, [1.217e5, 12.82e-9, 21.6e-3, 46.8e-3, 32.9e-3], rtol=PRINTED)


@pytest.mark.parametrize("part", [0.3, 0.8])
def test_below_the_walker_field_the_velocity_is_mobility_times_field(part: float) -> None:
    field = part * PLAIN.walker_field
    velocity = late_velocity(PLAIN, drive(PLAIN, field=field, duration=1e-6))
    assert velocity == pytest.approx(PLAIN.mobility * field, rel=SETTLED)
    assert PLAIN.drift_velocity(field) == pytest.approx(PLAIN.mobility * field, rel=ROUNDING)


@pytest.mark.parametrize("dmi", [0.0, 0.05e-3, 0.6e-3, -0.6e-3])
@pytest.mark.parametrize("charge", [1, -1])
def test_the_angle_settles_below_the_walker_field_and_turns_above_it(dmi: float, charge: float) -> None:
    wall = replace(PLAIN, dmi=dmi, charge=charge)
    still, turning = (run(wall, drive(wall, field=part * wall.walker_field, duration=1e-6))[2] for part in (0.97, 1.03))
    half = len(still) // 2
    assert np.ptp(still[half:]) < SETTLED
    assert np.ptp(turning[half:]) > np.pi


def test_the_walker_field_has_its_two_limits() -> None:
    assert PLAIN.walker_field == pytest.approx(PLAIN.damping * PLAIN.shape_field / 2, rel=ROUNDING)
    assert CHIRAL.walker_field == pytest.approx(np.pi / 2 * CHIRAL.damping * CHIRAL.dmi_field, rel=ROUNDING)
    assert replace(CHIRAL, shape_weight=1e-9).walker_field == pytest.approx(CHIRAL.walker_field, rel=SETTLED)


@pytest.mark.parametrize("times", [1.5, 3, 10])
@pytest.mark.parametrize("charge", [1, -1])
def test_above_the_walker_field_the_mean_velocity_is_that_of_schryer_and_walker(times: float, charge: float) -> None:
    wall = replace(PLAIN, charge=charge)
    field = times * wall.walker_field
    time, q, phi = run(wall, drive(wall, field=field, duration=2e-6 / times))
    # a mean over whole half turns: the angle at which q is read must be the same at both ends
    begin = len(phi) // 4
    half_turns = np.floor((phi[-1] - phi[begin]) / np.pi)
    end_phi = phi[begin] + half_turns * np.pi
    end_time, end_q = np.interp(end_phi, phi, time), np.interp(end_phi, phi, q)
    velocity = (end_q - q[begin]) / (end_time - time[begin])
    assert half_turns >= 3
    assert velocity == pytest.approx(wall.drift_velocity(field), rel=VELOCITY)


@pytest.mark.parametrize("nonadiabaticity", [0.01, 0.03, 0.06])
def test_spin_transfer_moves_the_wall_with_beta_over_alpha(nonadiabaticity: float) -> None:
    wall = replace(PLAIN, nonadiabaticity=nonadiabaticity)
    density = 1e11
    velocity = late_velocity(wall, drive(wall, density=density, duration=1e-6))
    expected = nonadiabaticity / wall.damping * wall.spin_velocity(density)
    assert velocity == pytest.approx(expected, rel=SETTLED)
    assert wall.spin_velocity(1e12) == pytest.approx(28.94, rel=PRINTED)  # mu_B/e = 5.788e-5 m3/C, P = 0.5, Ms = 1e6


@pytest.mark.parametrize("strength", [0.2, 1.0, 3.0, 10.0])
def test_spin_orbit_torque_saturates_at_the_velocity_that_the_dmi_allows(strength: float) -> None:
    wall = CHIRAL
    top = np.pi * GAMMA * wall.dmi / (2 * wall.saturation_magnetization)
    density = strength * wall.damping * wall.dmi_field / wall.spin_hall_field(1.0)
    velocity = late_velocity(wall, drive(wall, density=density, duration=200e-9))
    assert top == pytest.approx(165.8, rel=PRINTED)
    assert velocity == pytest.approx(top / np.sqrt(1 + 1 / strength**2), rel=SOLVED)


@pytest.mark.parametrize("dmi", [0.0, 0.05e-3, 0.6e-3, -0.6e-3])
@pytest.mark.parametrize("charge", [1, -1])
def test_the_wall_rests_where_it_starts(dmi: float, charge: float) -> None:
    wall = DomainWall(dmi=dmi, charge=charge)
    time, q, phi = run(wall, drive(wall, duration=5e-9))
    assert np.abs(q - wall.length / 2).max() < 1e-15
    assert phi[-1] == pytest.approx(wall.rest_angle, abs=SETTLED)
    nudged = simulate(Observed(device=wall), drive(wall, duration=50e-9), initial=[0.0, wall.rest_angle + 0.01])
    assert nudged.output.column("phi")[-1] == pytest.approx(wall.rest_angle, abs=1e-3)


def test_walls_of_opposite_charge_move_in_opposite_directions_in_a_field() -> None:
    field = 0.5 * PLAIN.walker_field
    right = late_velocity(PLAIN, drive(PLAIN, field=field))
    mirror = replace(PLAIN, charge=-1)
    assert late_velocity(mirror, drive(mirror, field=field)) == pytest.approx(-right, rel=SOLVED)


def test_position_and_angle_in_a_well_obey_equipartition() -> None:
    wall = DomainWall(damping=0.3, polarization=0.0, shape_weight=0.0, pinning_stiffness=1e-3)
    members = [Observed(device=wall)] * 1000
    sampling = Sampling(duration=10e-9, dt=1e-9)
    given = join(*(constant(channel, sampling, 0.0) for channel in wall.inputs))
    traces = simulate_ensemble(members, given, initials=np.zeros((1000, 2)), rng=np.random.default_rng(3))
    q, phi = np.moveaxis(np.array([trace.output.values[3:] for trace in traces]), 2, 0)
    energy = BOLTZMANN * wall.temperature
    assert wall.pinning_stiffness * (q**2).mean() / energy == pytest.approx(1, abs=STATISTICS)
    # the angle has the energy -pi D S cos phi, so <cos phi> = I1(K)/I0(K) with K = pi D S/(kB T) = 23
    ratio = np.pi * wall.dmi * wall.width * wall.thickness / energy
    expected = 1 - special.ive(1, ratio) / special.ive(0, ratio)
    assert (1 - np.cos(phi)).mean() / expected == pytest.approx(1, abs=STATISTICS)


def test_a_free_wall_diffuses_as_its_mobility_says() -> None:
    wall = DomainWall(damping=0.3, polarization=0.0, shape_weight=0.0)
    members = [Observed(device=wall)] * 2000
    sampling = Sampling(duration=2e-9, dt=1e-9)
    given = join(*(constant(channel, sampling, 0.0) for channel in wall.inputs))
    traces = simulate_ensemble(members, given, initials=np.zeros((2000, 2)), rng=np.random.default_rng(4))
    at1, at2 = (np.var([trace.output.values[row, 0] for trace in traces]) for row in (1, 2))
    # D_q = mobility of a force, kB T gamma Delta/(2 alpha Ms S); the first ns holds the ballistic start
    expected = BOLTZMANN * wall.temperature * wall.mobility
    expected /= 2 * wall.saturation_magnetization * wall.width * wall.thickness
    assert (at2 - at1) / (2 * 1e-9) == pytest.approx(expected, rel=3 * STATISTICS)


def test_the_readout_is_the_mean_moment_under_it() -> None:
    for charge in (1, -1):
        wall = DomainWall(charge=charge)
        x = (np.arange(60000) + 0.5) / 60000 * wall.length
        for q in (-100e-9, 0.0, 150e-9, 300e-9, 1e-6):
            trace = simulate(wall, drive(wall, duration=1e-12), initial=[q, 0.0])
            mean = np.mean(-charge * np.tanh((x - q) / wall.wall_width))
            assert trace.output.values[0, 0] == pytest.approx(mean, abs=SETTLED)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"width": 0.0}, "DomainWall.width must be above 0, got 0"),
        ({"damping": 1.0}, "DomainWall.damping must be between 0 and 1, got 1"),
        ({"polarization": 1.1}, "DomainWall.polarization must be at most 1, got 1.1"),
        ({"charge": 2.0}, r"DomainWall.charge must be \+1 or -1, got 2"),
        ({"anisotropy": 5e5}, "DomainWall.anisotropy must be above mu0 Ms.*, got 500000"),
        ({"pinning_stiffness": -1.0}, "DomainWall.pinning_stiffness must be 0 or above, got -1"),
    ],
)
def test_wrong_parameters_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DomainWall(**setting)


def test_the_drift_above_walker_needs_a_wall_without_dmi() -> None:
    with pytest.raises(ValueError, match="DomainWall.drift_velocity needs dmi = 0, got 0.0006"):
        DomainWall().drift_velocity(1e-3)
