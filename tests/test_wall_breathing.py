"""The wall whose width moves: its equations against the slopes of one energy, its rest and its relaxation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from spinode.devices import DomainWall, Observed
from spinode.devices.constants import GAMMA
from spinode.devices.wall_breathing import BreathingWall
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.signals import FloatArray
from spinode.simulate import simulate
from tests.tolerances import LINEARISED, PRINTED, SETTLED, SOLVED

DIFFERENCE = 1e-5
"""Central differences over 1e-4 of a width or a radian, of an energy from a quadrature right to 1e-13."""
RICH = BreathingWall(
    wall=DomainWall(
        damping=0.2,
        dmi=0.3e-3,
        charge=-1,
        field_x=12e-3,
        field_y=-7e-3,
        anisotropy_gradient=8e10,
        notch_energy=2e-20,
        notch_efficiency=-0.3e-20,
        pinning_stiffness=1e-5,
        pinning_position=250e-9,
        gate_efficiency=3e4,
        strain_efficiency=-2e4,
        length=310e-9,
        end_stiffness=1e-5,
    )
)
GATE = 0.8


def energy(wall: DomainWall, state: FloatArray) -> float:
    """E(q, phi, Delta) [J] with the film's anisotropy integrated over the profile of the wall."""
    q, phi, width = state
    shape = wall.saturation_magnetization * wall.shape_field / 2 * np.cos(phi) ** 2
    uniform = wall.effective_anisotropy + wall.strain_efficiency * GATE

    def anisotropy(x: float) -> float:
        edge = wall.gate_efficiency * GATE * (wall.gate_start < x < wall.gate_stop)
        return float((uniform + wall.anisotropy_gradient * x + edge) / np.cosh((x - q) / width) ** 2)

    ends = (q - 20 * width, q + 20 * width)
    film = integrate.quad(anisotropy, *ends, points=(wall.gate_start, wall.gate_stop, q), epsabs=0, epsrel=1e-13)[0]
    area = 2 * wall.exchange_stiffness / width + film + 2 * width * shape - wall.charge * np.pi * wall.dmi * np.cos(phi)
    pull = wall.field_x * np.cos(phi) + wall.field_y * np.sin(phi)
    area -= np.pi * width * wall.saturation_magnetization * pull
    notches = (wall.notch_energy + wall.notch_efficiency * GATE) * np.sin(np.pi * q / wall.notch_period) ** 2
    springs = wall.pinning_stiffness * (q - wall.pinning_position) ** 2 / 2
    springs += wall.end_stiffness * max(q - wall.length, 0.0) ** 2 / 2
    return float(wall.section * area + notches + springs)


@pytest.mark.parametrize("place", [(268e-9, 0.4, 14e-9), (330e-9, -2.0, 11e-9), (300e-9, 1.3, 13e-9)])
def test_the_equations_are_the_slopes_of_the_energy(place: tuple[float, float, float]) -> None:
    wall, state = RICH.wall, np.array(place)
    small = np.array([1e-12, 1e-4, 1e-12])
    slope = np.array(
        [
            (energy(wall, state + part) - energy(wall, state - part)) / (2 * small[i])
            for i, part in enumerate(np.diag(small))
        ]
    )
    alpha, charge, width = wall.damping, wall.charge, place[2]
    factor = GAMMA / (wall.moment * (1 + alpha**2))
    exact = factor * np.array(
        [charge * slope[1] - alpha * width * slope[0], -charge * slope[0] - alpha / width * slope[1]]
    )
    friction = alpha * wall.saturation_magnetization * wall.section * np.pi**2 / (6 * GAMMA * width)
    found = np.empty((3, 1))
    drive = np.array([[0.0], [0.0], [GATE]])
    RICH.kernel.rhs(np.ascontiguousarray(state[:, None]), drive, np.ascontiguousarray(RICH.packed()[:, None]), found)
    np.testing.assert_allclose(found[:2, 0], exact, rtol=DIFFERENCE)
    assert found[2, 0] == pytest.approx(-slope[2] / friction, rel=DIFFERENCE)


@pytest.mark.parametrize("dmi", [0.6e-3, 0.0])
def test_the_width_comes_to_rest_where_exchange_and_anisotropy_balance(dmi: float) -> None:
    plain = DomainWall(dmi=dmi, polarization=0.0, damping=0.3)
    wall = BreathingWall(wall=plain)
    shape = plain.saturation_magnetization * plain.shape_field / 2 * np.cos(plain.rest_angle) ** 2
    exact = np.sqrt(plain.exchange_stiffness / (plain.effective_anisotropy + shape))
    assert wall.rest_width == pytest.approx(exact, rel=SOLVED)
    start = [*plain.initial(), 1.3 * wall.rest_width]
    given = parse_drive("", wall.inputs, Sampling(duration=200e-12, dt=1e-12))
    end = simulate(Observed(device=wall), given, initial=start).output.values[-1]
    assert end[2] == pytest.approx(wall.rest_width, rel=SETTLED)
    assert wall.rest_width == pytest.approx(12.28e-9 if dmi else 12.82e-9, rel=PRINTED)


def test_a_small_breath_dies_in_the_relaxation_time() -> None:
    wall = BreathingWall(wall=DomainWall(shape_weight=0.0, damping=0.3))
    start = [*wall.wall.initial(), 1.01 * wall.rest_width]
    given = parse_drive("", wall.inputs, Sampling(duration=2e-12, dt=0.2e-12))
    output = simulate(Observed(device=wall), given, initial=start).output
    breath = output.column("width") - wall.rest_width
    expected = np.exp(-output.time / wall.relaxation_time)
    np.testing.assert_allclose(breath / breath[0], expected, atol=LINEARISED)
    alpha, moment, stiffness = 0.3, 1e6, wall.wall.effective_anisotropy
    assert wall.relaxation_time == pytest.approx(alpha * moment * np.pi**2 / (24 * GAMMA * stiffness), rel=SOLVED)


def test_a_wall_in_a_field_below_walker_moves_with_the_width_of_its_angle() -> None:
    plain = DomainWall(dmi=0.0, polarization=0.0, damping=0.3)
    wall = BreathingWall(wall=plain)
    field = 0.6 * plain.walker_field
    given = parse_drive(f"field={field}", wall.inputs, Sampling(duration=40e-9, dt=40e-12))
    output = simulate(Observed(device=wall), given).output
    q, phi, width = output.values[-1]
    velocity = (q - output.values[-200, 0]) / (199 * output.dt)
    assert np.sin(2 * (phi - np.pi / 2)) == pytest.approx(0.6, rel=LINEARISED)
    shape = plain.saturation_magnetization * plain.shape_field / 2 * np.cos(phi) ** 2
    still = np.sqrt(plain.exchange_stiffness / (plain.effective_anisotropy + shape))
    assert width == pytest.approx(still, rel=SETTLED)
    assert velocity == pytest.approx(GAMMA * width * field / plain.damping, rel=SOLVED)


def test_strain_changes_the_width_of_a_breathing_wall_as_of_a_rigid_one() -> None:
    plain = DomainWall(shape_weight=0.0, damping=0.3, strain_efficiency=3e4)
    wall = BreathingWall(wall=plain)
    given = parse_drive("gate=1", wall.inputs, Sampling(duration=100e-12, dt=1e-12))
    output = simulate(Observed(device=wall), given).output
    assert output.column("width")[-1] == pytest.approx(
        np.sqrt(plain.exchange_stiffness / plain.anisotropy_at(0, 1)), rel=SETTLED
    )
    rigid = simulate(plain, given).output
    breathing = simulate(wall, given).output
    np.testing.assert_allclose(breathing.values[-1], rigid.values[-1], rtol=SOLVED, atol=SETTLED)
