"""The domain wall against its closed forms, its limits and numbers of the reference notes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from numba import njit

from spinode.devices import DomainWall, Observed
from spinode.devices.constants import GAMMA
from spinode.devices.presets.wall import WALL_PRESETS
from spinode.devices.wall_equations import sine_and_cosine
from spinode.devices.wall_gates import strain_anisotropy, vcma_efficiency
from spinode.drives import Sampling, constant, join
from spinode.signals import FloatArray, Signal
from spinode.simulate import simulate
from tests.tolerances import PRINTED, ROUNDING, SETTLED, SOLVED, VELOCITY

PLAIN = DomainWall(dmi=0.0, spin_hall_angle=0.0)
CHIRAL = DomainWall(polarization=0.0, shape_weight=0.0)
LAST_PLACES = 5e-16
"""Two units in the last place of a number of size 1."""


def drive(
    device: DomainWall, density: float = 0.0, field: float = 0.0, duration: float = 100e-9, gate: float = 0.0
) -> Signal:
    sampling = Sampling(duration=duration, dt=duration / 2000)
    levels = (density, field, gate)
    return join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))


def run(device: DomainWall, given: Signal) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time, position and angle."""
    output = simulate(Observed(device=device), given).output
    return output.time, output.column("q"), output.column("phi")


def late_velocity(device: DomainWall, given: Signal) -> float:
    time, q, _ = run(device, given)
    return float((q[-1] - q[len(q) // 2]) / (time[-1] - time[len(q) // 2]))


def turning_velocity(time: FloatArray, q: FloatArray, phi: FloatArray, turn: float) -> float:
    """Mean over whole turns: the angle at which q is read must be the same at both ends."""
    begin = len(phi) // 4
    end = phi[begin] + np.trunc((phi[-1] - phi[begin]) / turn) * turn
    assert abs(end - phi[begin]) >= 3 * turn
    way = np.sign(end - phi[begin])
    end_time, end_q = np.interp(way * end, way * phi, time), np.interp(way * end, way * phi, q)
    return float((end_q - q[begin]) / (end_time - time[begin]))


def test_the_default_track_has_the_numbers_of_the_notes() -> None:
    wall = DomainWall()
    found = [wall.effective_anisotropy, wall.wall_width, wall.shape_field, wall.dmi_field, wall.spin_hall_field(1e12)]
    np.testing.assert_allclose(found, [1.217e5, 12.82e-9, 21.6e-3, 46.8e-3, 32.9e-3], rtol=PRINTED)
    top = wall.sot_velocity(1e20)
    assert top == pytest.approx(165.8, rel=PRINTED)
    assert strain_anisotropy(250e-6, 100e6) == pytest.approx(3.75e4, rel=ROUNDING)
    assert vcma_efficiency(100e-15, 1e-9, 2e-9) == pytest.approx(5e4, rel=ROUNDING)


def test_sine_and_cosine_without_branches_are_those_of_the_library() -> None:
    angles = np.concatenate([np.linspace(-20, 20, 40_001), np.linspace(-1e6, 1e6, 40_001), np.arange(-99, 99) / 4])
    angles = np.append(angles, np.pi / 4 * np.arange(-99, 99))

    @njit
    def both(values: FloatArray) -> FloatArray:
        result = np.empty((2, values.size))
        for i in range(values.size):
            result[0, i], result[1, i] = sine_and_cosine(values[i])
        return result

    np.testing.assert_allclose(both(angles), [np.sin(angles), np.cos(angles)], rtol=0, atol=LAST_PLACES)


@pytest.mark.parametrize("part", [0.3, 0.8])
def test_below_the_walker_field_the_velocity_is_mobility_times_field(part: float) -> None:
    field = part * PLAIN.walker_field
    velocity = late_velocity(PLAIN, drive(PLAIN, field=field, duration=600e-9))
    assert velocity == pytest.approx(PLAIN.mobility * field, rel=SETTLED)
    assert PLAIN.drift_velocity(field) == pytest.approx(PLAIN.mobility * field, rel=ROUNDING)


@pytest.mark.parametrize("dmi", [0.0, 0.05e-3, 0.6e-3, -0.6e-3])
@pytest.mark.parametrize("charge", [1, -1])
def test_the_angle_settles_below_the_walker_field_and_turns_above_it(dmi: float, charge: float) -> None:
    wall = replace(PLAIN, dmi=dmi, charge=charge, damping=0.3)
    still, turning = (
        run(wall, drive(wall, field=part * wall.walker_field, duration=150e-9))[2] for part in (0.97, 1.03)
    )
    half = len(still) // 2
    assert np.ptp(still[half:]) < SETTLED
    assert np.ptp(turning[half:]) > np.pi


def test_the_walker_field_has_its_limits() -> None:
    assert PLAIN.walker_field == pytest.approx(PLAIN.damping * PLAIN.shape_field / 2, rel=ROUNDING)
    assert PLAIN.walker_field == pytest.approx(0.324e-3, rel=PRINTED)
    assert CHIRAL.walker_field == pytest.approx(np.pi / 2 * CHIRAL.damping * CHIRAL.dmi_field, rel=ROUNDING)
    assert replace(CHIRAL, shape_weight=1e-9).walker_field == pytest.approx(CHIRAL.walker_field, rel=SETTLED)
    held_by_field = replace(PLAIN, shape_weight=0.0, field_y=10e-3).walker_field
    assert held_by_field == pytest.approx(np.pi / 2 * PLAIN.damping * 10e-3, rel=SETTLED)
    along = replace(CHIRAL, field_x=-CHIRAL.dmi_field)
    assert along.walker_field == pytest.approx(0, abs=1e-15)  # the field takes the DMI away


def test_strong_dmi_lets_the_wall_reach_the_velocity_that_the_dmi_allows() -> None:
    top = CHIRAL.mobility * CHIRAL.walker_field
    assert top == pytest.approx(CHIRAL.sot_velocity(1e20), rel=SOLVED)
    motion = CHIRAL.steady_motion(field=0.999 * CHIRAL.walker_field)
    assert motion.turning == 0 and motion.velocity == pytest.approx(0.999 * top, rel=SETTLED)


@pytest.mark.parametrize("times", [1.5, 3, 10])
@pytest.mark.parametrize("charge", [1, -1])
def test_above_the_walker_field_the_mean_velocity_is_that_of_schryer_and_walker(times: float, charge: float) -> None:
    wall = replace(PLAIN, charge=charge)
    field = times * wall.walker_field
    velocity = turning_velocity(*run(wall, drive(wall, field=field, duration=0.6e-6 / times)), np.pi)
    assert velocity == pytest.approx(wall.drift_velocity(field), rel=VELOCITY)
    assert wall.steady_motion(field=field).velocity == pytest.approx(wall.drift_velocity(field), rel=SETTLED)


@pytest.mark.parametrize("nonadiabaticity", [0.01, 0.03, 0.06])
def test_spin_transfer_moves_the_wall_with_beta_over_alpha(nonadiabaticity: float) -> None:
    wall = replace(PLAIN, nonadiabaticity=nonadiabaticity)
    density = 1e11
    velocity = late_velocity(wall, drive(wall, density=density, duration=400e-9))
    assert velocity == pytest.approx(wall.spin_transfer_velocity(density), rel=SETTLED)
    assert velocity == pytest.approx(nonadiabaticity / wall.damping * wall.spin_velocity(density), rel=SETTLED)
    assert wall.spin_velocity(1e12) == pytest.approx(28.94, rel=PRINTED)  # mu_B/e = 5.788e-5 m3/C, P = 0.5, Ms = 1e6


@pytest.mark.parametrize("nonadiabaticity", [0.0, 0.1])
def test_a_current_above_the_walker_current_turns_the_wall_and_one_below_does_not(nonadiabaticity: float) -> None:
    wall = replace(PLAIN, nonadiabaticity=nonadiabaticity, damping=0.3)
    closed = GAMMA * wall.wall_width * wall.shape_field * wall.damping / (2 * abs(nonadiabaticity - wall.damping))
    assert wall.spin_velocity(wall.walker_current) == pytest.approx(closed, rel=ROUNDING)
    still, turning = (
        run(wall, drive(wall, density=part * wall.walker_current, duration=150e-9))[2] for part in (0.97, 1.03)
    )
    half = len(still) // 2
    assert np.ptp(still[half:]) < SETTLED and np.ptp(turning[half:]) > np.pi
    assert replace(wall, nonadiabaticity=0.3).walker_current == np.inf


@pytest.mark.parametrize("strength", [0.2, 1.0, 3.0, 10.0])
def test_spin_orbit_torque_saturates_at_the_velocity_that_the_dmi_allows(strength: float) -> None:
    wall = CHIRAL
    top = np.pi * GAMMA * wall.dmi / (2 * wall.saturation_magnetization)
    density = strength * wall.damping * wall.dmi_field / wall.spin_hall_field(1.0)
    velocity = late_velocity(wall, drive(wall, density=density, duration=200e-9))
    assert top == pytest.approx(165.8, rel=PRINTED)
    assert velocity == pytest.approx(top / np.sqrt(1 + 1 / strength**2), rel=SOLVED)
    assert wall.sot_velocity(density) == pytest.approx(velocity, rel=SOLVED)
    assert wall.steady_motion(density).velocity == pytest.approx(velocity, rel=SOLVED)


@pytest.mark.parametrize(("strength", "printed"), [(0.2, 31.96), (1, 104.7), (3, 145.0), (10, 160.4)])
def test_shape_anisotropy_slows_the_wall_under_spin_orbit_torque(strength: float, printed: float) -> None:
    wall = replace(CHIRAL, shape_weight=1.0)
    density = strength * wall.damping * wall.dmi_field / wall.spin_hall_field(1.0)
    velocity = late_velocity(wall, drive(wall, density=density, duration=200e-9))
    assert velocity == pytest.approx(printed, rel=PRINTED)
    assert velocity == pytest.approx(wall.steady_motion(density).velocity, rel=SOLVED)


@pytest.mark.parametrize(
    ("setting", "density", "field"),
    [
        ({"field_x": -20e-3, "field_like_ratio": 2.0}, 1e11, 0.0),
        ({"field_y": 15e-3, "nonadiabaticity": 0.1}, 5e10, 1e-3),
        ({"dmi": 0.1e-3, "charge": -1, "field_y": -5e-3}, 0.0, 4e-3),  # above the Walker field
        ({"dmi": -0.3e-3, "field_x": 5e-3}, 2e11, -6e-3),
    ],
)
def test_the_steady_motion_is_what_a_simulation_settles_to(
    setting: dict[str, float], density: float, field: float
) -> None:
    wall = replace(DomainWall(damping=0.1), **setting)  # type: ignore[arg-type]
    motion = wall.steady_motion(density, field)
    time, q, phi = run(wall, drive(wall, density=density, field=field, duration=200e-9))
    if motion.turning:
        assert turning_velocity(time, q, phi, 2 * np.pi) == pytest.approx(motion.velocity, rel=VELOCITY)
    else:
        assert (q[-1] - q[-500]) / (time[-1] - time[-500]) == pytest.approx(motion.velocity, rel=SOLVED)
        assert phi[-1] == pytest.approx(motion.angle, abs=SETTLED)


@pytest.mark.parametrize("dmi", [0.0, 0.05e-3, 0.6e-3, -0.6e-3])
@pytest.mark.parametrize("charge", [1, -1])
@pytest.mark.parametrize("field_y", [0.0, 8e-3])
def test_the_wall_rests_where_it_starts(dmi: float, charge: float, field_y: float) -> None:
    wall = DomainWall(dmi=dmi, charge=charge, field_y=field_y)
    time, q, phi = run(wall, drive(wall, duration=5e-9))
    assert np.abs(q - wall.length / 2).max() < 1e-15
    assert phi[-1] == pytest.approx(wall.rest_angle, abs=SETTLED)
    nudged = simulate(Observed(device=wall), drive(wall, duration=50e-9), initial=[0.0, wall.rest_angle + 0.01])
    assert nudged.output.column("phi")[-1] == pytest.approx(wall.rest_angle, abs=1e-3)


@pytest.mark.parametrize(("name", "factors"), [("charge", (1, -1, 1)), ("dmi", (-1, 1, 1)), ("drive", (-1, -1, -1))])
def test_a_flip_of_charge_dmi_or_drive_flips_what_symmetry_says(name: str, factors: tuple[int, int, int]) -> None:
    """Factors of the velocity by spin-orbit torque, by field and by spin transfer."""
    sign = -1 if name == "drive" else 1
    for number, (setting, density, field) in enumerate(
        [({"polarization": 0.0}, 5e10, 0.0), ({}, 0.0, 1e-3), ({"spin_hall_angle": 0.0}, 1e11, 0.0)]
    ):
        wall = replace(DomainWall(damping=0.1), **setting)
        flipped = wall if name == "drive" else replace(wall, **{name: -getattr(wall, name)})
        first = late_velocity(wall, drive(wall, density, field))
        second = late_velocity(flipped, drive(wall, sign * density, sign * field))
        assert second == pytest.approx(factors[number] * first, rel=SOLVED)


def test_uniform_strain_changes_the_velocity_by_a_tenth_and_not_at_saturation() -> None:
    wall = replace(CHIRAL, strain_efficiency=strain_anisotropy(250e-6, 1e6))  # 1 MPa a volt
    stresses = (-80, -40, 0, 40, 80)
    slow = [late_velocity(wall, drive(wall, 5e10, gate=stress, duration=60e-9)) for stress in stresses]
    np.testing.assert_allclose(slow, [133.3, 129.6, 126.2, 123.0, 120.1], rtol=PRINTED)
    for stress, velocity in zip(stresses, slow, strict=True):
        same = replace(CHIRAL, anisotropy=wall.anisotropy + strain_anisotropy(250e-6, stress * 1e6))
        assert velocity == pytest.approx(same.sot_velocity(5e10), rel=SOLVED)
    fast = [wall.steady_motion(3.5e11, gate=stress).velocity for stress in stresses]
    assert np.ptp(slow) / slow[2] == pytest.approx(0.105, abs=0.005)
    assert np.ptp(fast) / fast[2] < 0.005
    np.testing.assert_allclose(fast[:: len(fast) - 1], [164.9, 164.3], rtol=PRINTED)


def test_the_readout_is_the_mean_moment_under_it() -> None:
    for charge in (1, -1):
        wall = DomainWall(charge=charge)
        x = (np.arange(60000) + 0.5) / 60000 * wall.length
        for q in (-100e-9, 0.0, 150e-9, 300e-9, 1e-6):
            trace = simulate(wall, drive(wall, duration=1e-12), initial=[q, 0.0])
            mean = np.mean(-charge * np.tanh((x - q) / wall.wall_width))
            assert trace.output.values[0, 0] == pytest.approx(mean, abs=SETTLED)


def test_the_conductance_goes_from_antiparallel_to_parallel() -> None:
    wall = DomainWall()
    start, middle, end = (
        simulate(wall, drive(wall, duration=1e-12), initial=[q, 0.0]).output.column("conductance")[0]
        for q in (-1e-6, wall.length / 2, 2e-6)
    )
    parallel = wall.width * wall.length / wall.resistance_area
    assert end == pytest.approx(parallel, rel=ROUNDING)
    assert start == pytest.approx(parallel / (1 + wall.magnetoresistance), rel=ROUNDING)
    assert middle == pytest.approx((start + end) / 2, rel=ROUNDING)


@pytest.mark.parametrize("preset", WALL_PRESETS, ids=lambda preset: preset.name)
def test_a_preset_says_every_number_and_makes_a_wall(preset: object) -> None:
    assert set(preset.values) == {item.name for item in fields(DomainWall)}  # type: ignore[attr-defined]
    wall = DomainWall(**preset.numbers)  # type: ignore[attr-defined]
    sheet = wall.datasheet(1e10, 0.0, 1.0)
    assert sheet.verdict.endswith(".") and "nan" not in sheet.verdict
    assert not any(np.isnan(row.value) for row in sheet.rows)
    assert all(entry.source for entry in preset.values.values())  # type: ignore[attr-defined]


def test_the_presets_have_the_numbers_of_the_notes() -> None:
    walls = {preset.name: DomainWall(**preset.numbers) for preset in WALL_PRESETS}
    lif, gate = walls["vlsi_lif_2023"], walls["vlsi_gate_2023"]
    assert lif.wall_width * lif.anisotropy_gradient / lif.saturation_magnetization == pytest.approx(7.6e-3, rel=0.01)
    assert gate.gate_field(1.0) == pytest.approx(20e-3, rel=1e-3)
    assert walls["azam_2020"].anisotropy_at(0, 1) - walls["azam_2020"].effective_anisotropy == pytest.approx(3.75e4)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"width": 0.0}, "DomainWall.width must be above 0, got 0"),
        ({"damping": 1.0}, "DomainWall.damping must be between 0 and 1, got 1"),
        ({"polarization": 1.1}, "DomainWall.polarization must be at most 1, got 1.1"),
        ({"charge": 2.0}, r"DomainWall.charge must be \+1 or -1, got 2"),
        ({"anisotropy": 5e5}, "DomainWall.anisotropy must be above mu0 Ms.*, got 500000"),
        ({"pinning_stiffness": -1.0}, "DomainWall.pinning_stiffness must be 0 or above, got -1"),
        ({"notch_energy": -1.0}, "DomainWall.notch_energy must be 0 or above, got -1"),
        ({"notch_period": 0.0}, "DomainWall.notch_period must be above 0, got 0"),
        ({"gate_stop": 1e-9}, "DomainWall.gate_stop must be above gate_start 2.75e-07, got 1e-09"),
        ({"anisotropy_gradient": -1e12}, "anisotropy_gradient must keep .* got -1e[+]12; try above -2.03e[+]11 J/m4"),
        ({"resistance_area": 0.0}, "DomainWall.resistance_area must be above 0, got 0"),
        ({"magnetoresistance": -0.1}, "DomainWall.magnetoresistance must be 0 or above, got -0.1"),
        ({"field_x": np.nan}, "DomainWall.field_x must be a finite number, got nan"),
    ],
)
def test_wrong_parameters_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        DomainWall(**setting)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["dmi", "field_x", "field_y"])
def test_the_closed_drift_needs_a_wall_without_dmi_and_in_plane_field(name: str) -> None:
    with pytest.raises(ValueError, match=f"DomainWall.drift_velocity needs {name} = 0, got 0.0006; try steady_motion"):
        replace(PLAIN, **{name: 0.0006}).drift_velocity(1e-3)
