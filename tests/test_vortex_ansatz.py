"""The integrals of the vortex oscillator against direct integrals of the two-vortex ansatz and of Usov's core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from spinode.devices import VortexOscillator
from spinode.devices.constants import CHARGE, GAMMA, HBAR
from spinode.devices.vortex_energy import (
    CORE_DAMPING,
    MOMENT,
    OERSTED,
    OERSTED_GROWTH,
    magnetostatic_factor,
    magnetostatic_growth,
)
from spinode.signals import FloatArray
from tests.tolerances import PRINTED, SOLVED

CATALAN = 0.915965594177219
CORE = 0.02
"""Radius of the core in units of the disk's for the direct integrals."""
SMALL_CORE = 2e-3
"""A law for Rc << R at Rc/R = 0.02: corrections of order (Rc/R)^2 to Rc/R times a logarithm were 1e-4 to 1e-3."""
QUARTIC = 0.01
"""A coefficient of s^2 from energies at s <= 0.2: the next one changes it by about 0.2 s^2."""
POLYNOMIAL = 2e-4
"""The polynomial of the notes is printed with four digits and is itself off by 1e-4."""
COARSE = 0.2
"""A coefficient that is quoted with two digits and depends on where the core ends."""


def disk(s: float) -> tuple[FloatArray, FloatArray]:
    """Points zeta = x + i y of the unit disk and their areas, in polar coordinates about a core at s on the x axis."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    part, weights = (nodes + 1) / 2, weights / 2
    angle = 2 * np.pi * (np.arange(240) + 0.5) / 240
    edge = -s * np.cos(angle) + np.sqrt(1 - (s * np.sin(angle)) ** 2)
    inner = CORE * part[:, None] * np.ones_like(angle)
    outer = CORE * (edge / CORE) ** part[:, None]
    areas = (CORE * weights[:, None] * inner, np.log(edge / CORE) * weights[:, None] * outer**2)
    points = s + np.concatenate([inner, outer]) * np.exp(1j * angle)
    return points.ravel(), np.concatenate(areas).ravel() * 2 * np.pi / len(angle)


def magnetisation(zeta: FloatArray, z: complex, polarity: float = 1.0, chirality: float = 1.0) -> FloatArray:
    """m (3, points) of the ansatz with Usov's core."""
    away = zeta - z
    turn = away * (1 - np.conj(z) * zeta)
    t = np.abs(away) / CORE
    up = np.where(t < 1, polarity * (1 - t**2) / (1 + t**2), 0.0)
    flat = 1j * chirality * turn / np.abs(turn) * np.sqrt(1 - up**2)
    return np.array([flat.real, flat.imag, up])


def moved(zeta: FloatArray, s: float, axis: int, polarity: float = 1.0, chirality: float = 1.0) -> FloatArray:
    """dm/dX along an axis (3, points)."""
    step = 1e-5 * (1j if axis else 1)
    ends = (magnetisation(zeta, s + sign * step, polarity, chirality) for sign in (1, -1))
    return np.asarray(np.subtract(*ends) / 2e-5)


def force(s: float, torque: FloatArray, polarity: float = 1.0, chirality: float = 1.0) -> FloatArray:
    """F_i gamma/(Ms L R^2) = Int (dm/dX_i) . (m x (m x (m x torque))) of a torque m x (m x torque) on the ansatz."""
    points, areas = disk(s)
    m = magnetisation(points, s, polarity, chirality)
    push = -np.cross(m.T, torque).T  # m x (m x (m x P)) = -m x P
    return np.array([np.sum(areas * moved(points, s, axis, polarity, chirality) * push) for axis in (0, 1)])


def test_a_thin_disk_has_the_exact_constant_of_the_two_vortex_ansatz() -> None:
    constant = magnetostatic_factor(1e-6) / 1e-6
    assert constant == pytest.approx(4 / 3 * (2 * CATALAN - 1), rel=SOLVED)
    assert 2 * constant == pytest.approx(20 / 9, rel=PRINTED)  # the published 20/9 in CGS; 2.2185 is exact


@pytest.mark.parametrize("aspect", [0.02, 0.05, 0.1, 0.2, 0.5])
def test_finite_thickness_softens_the_disk_as_the_polynomial_of_the_notes(aspect: float) -> None:
    b = aspect
    polynomial = 0.3906 * b**4 - 0.7542 * b**3 + 0.8553 * b**2 - 0.9256 * b + 0.9981
    assert magnetostatic_factor(b) / (10 / 9 * b) == pytest.approx(polynomial, abs=POLYNOMIAL)


def test_the_growth_of_the_magnetostatic_stiffness_has_the_numbers_of_the_notes() -> None:
    assert magnetostatic_growth(1e-6) == pytest.approx(0.238, rel=PRINTED)
    assert magnetostatic_growth(0.1) == pytest.approx(0.176, rel=PRINTED)
    assert VortexOscillator().ansatz_frequency_growth == magnetostatic_growth(0.1)
    with_exchange = VortexOscillator(exchange_weight=1.0).ansatz_frequency_growth
    assert with_exchange == pytest.approx(0.31, abs=0.005)  # 0.176 x 0.83 + 1.0 x 0.17


def charges(s: float, harmonics: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Radii, their weights, and the parts in sin(n phi) of the volume charge div m at a core displaced by s."""
    nodes, weights = np.polynomial.legendre.leggauss(14)
    near = s * np.array([0, 0.5, 0.8, 0.95, 1, 1.05, 1.25, 2.0, 3.5])
    edges = np.concatenate([near, np.linspace(near[-1], 1, 4)[1:]])
    half = np.diff(edges)[:, None] / 2
    r = (edges[:-1, None] + half * (nodes + 1)).ravel()
    angle = 2 * np.pi * (np.arange(256) + 0.5) / 256
    z = r[:, None] * np.exp(1j * angle)
    turn = np.angle(1 - s / z) + np.angle(1 - s * z)
    slope = s / z**2 / (1 - s / z) - s / (1 - s * z)
    outward, around = (slope * z / r[:, None]).imag, (slope * 1j * z).imag / r[:, None]
    charge = -(np.sin(turn) / r[:, None] + np.cos(turn) * outward + np.sin(turn) * around)
    number = np.arange(1, harmonics + 1)
    return r, (half * weights).ravel(), charge @ np.sin(np.outer(angle, number)) * 2 / len(angle)


def magnetostatic_energy(s: float, aspect: float) -> float:
    """Energy of the whole charge at s over s^2, in units of that of the charge 2 s sin(phi)."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    q = (np.arange(0, 60, 3.0)[:, None] + 1.5 * (nodes + 1)).ravel()
    spread = np.tile(1.5 * weights, 20) / q * (1 + np.expm1(-q * aspect) / (q * aspect))
    r, lengths, parts = charges(s, harmonics=6)
    found = [special.jv(n + 1, np.outer(q, r)) @ (lengths * r * parts[:, n]) for n in range(parts.shape[1])]
    first = special.jv(1, np.outer(q, r)) @ (lengths * r * 2 * s)
    return float(np.sum(spread * np.square(found)) / np.sum(spread * first**2))


@pytest.mark.parametrize("aspect", [1e-6, 0.1])
def test_the_growth_of_the_magnetostatic_stiffness_is_that_of_the_whole_charge(aspect: float) -> None:
    s = 0.15
    found = 2 * (magnetostatic_energy(s, aspect) - 1) / s**2  # W = k0 s^2/2 + k1 s^4/4
    assert found == pytest.approx(magnetostatic_growth(aspect), rel=2 * QUARTIC)


def test_the_oersted_stiffness_and_its_growth_are_those_of_the_energy_in_a_circular_field() -> None:
    def energy(s: float) -> float:
        """- Int m . (-y, x) without the core."""
        points, areas = disk(s)
        turn = (points - s) * (1 - s * points)
        return -float(np.sum(areas * (1j * turn / np.abs(turn) * np.conj(1j * points)).real))

    s = np.array([0.1, 0.15, 0.2])
    rise = np.array([energy(each) - energy(0.0) for each in s]) / s**2
    growth, stiffness = np.polyfit(s**2, rise, 1)
    assert stiffness == pytest.approx(OERSTED, rel=SMALL_CORE)  # W = (k/2) s^2 with a field mu0 J r/2
    assert 2 * growth / stiffness == pytest.approx(OERSTED_GROWTH, rel=2 * QUARTIC)
    assert pytest.approx(-0.571, rel=PRINTED) == OERSTED_GROWTH


def test_the_exchange_stiffness_is_that_of_the_gradients() -> None:
    def energy(s: float) -> float:
        """Int |grad Phi|^2 outside the core."""
        points, areas = disk(s)
        slope = 1 / (points - s) - s / (1 - s * points)
        return float(np.sum((areas * np.abs(slope) ** 2)[np.abs(points - s) > CORE]))

    for s in (0.1, 0.3, 0.6):
        assert energy(s) - energy(0.0) == pytest.approx(-2 * np.pi * np.log(1 - s**2), rel=SMALL_CORE)


def test_the_moment_is_two_thirds_of_the_displacement_and_across_it() -> None:
    found = {}
    for s in (0.05, 0.5):
        points, areas = disk(s)
        m = magnetisation(points, s)
        found[s] = -np.sum(areas * m[1]) / (np.pi * s)
        assert abs(np.sum(areas * m[0])) < SOLVED
    assert found[0.05] == pytest.approx(0.6663, rel=PRINTED) and found[0.5] == pytest.approx(0.632, rel=PRINTED)
    assert pytest.approx(0.6663, rel=PRINTED) == MOMENT


def test_a_field_pushes_the_core_across_itself() -> None:
    points, areas = disk(0.0)
    rising = [np.sum(areas * moved(points, 0.0, axis)[0]) for axis in (0, 1)]  # F = Ms L R^2 B . Int dm/dX
    device = VortexOscillator()
    size = 2 * np.pi * GAMMA**-1 * device.field_rate  # f = F/(G R)
    np.testing.assert_allclose(rising, [0.0, size], atol=SMALL_CORE)


def dissipation(s: float) -> FloatArray:
    """d/alpha along x (outward) and along y (around) of a core at s."""
    points, areas = disk(s)
    return np.array([np.sum(areas * moved(points, s, axis) ** 2) / (2 * np.pi) for axis in (0, 1)])


def test_the_linear_damping_is_that_of_the_ansatz_around_the_core() -> None:
    np.testing.assert_allclose(dissipation(0.0), CORE_DAMPING - 0.5 * np.log(CORE), rtol=SMALL_CORE)


def test_the_ansatz_does_not_give_the_quoted_growth_of_the_damping() -> None:
    outward, around = (dissipation(0.3) - dissipation(0.0)) / 0.3**2
    assert around == pytest.approx(0.086, rel=COARSE)  # 11/6 is quoted for Guslienko 2014: d1 stays a calibration
    assert outward == pytest.approx(-0.42, rel=COARSE)


@pytest.mark.parametrize("s", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("polarity", [1.0, -1.0])
def test_a_perpendicular_torque_drives_the_core_in_proportion_to_its_displacement(s: float, polarity: float) -> None:
    along, around = force(s, np.array([0, 0, 1.0]), polarity)
    # F = pi Ms L sigma J s around the disk, so that dz/dt = -i p F/G gives chi = p gamma sigma J/2
    assert around == pytest.approx(np.pi * s, rel=5 * SMALL_CORE) and abs(along) < SOLVED


@pytest.mark.parametrize(("polarity", "chirality"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("angle", [0.0, 1.0])
def test_a_torque_in_the_plane_pushes_the_core_along_the_polariser(
    polarity: float, chirality: float, angle: float
) -> None:
    polariser = np.array([np.cos(angle), np.sin(angle), 0])
    expected = polarity * chirality * np.pi * CORE * polariser[:2]
    np.testing.assert_allclose(force(0.0, polariser, polarity, chirality), expected, atol=SMALL_CORE * CORE * np.pi)
    np.testing.assert_allclose(force(0.3, polariser, polarity, chirality), expected, atol=5 * SMALL_CORE * CORE * np.pi)


@pytest.mark.parametrize(("polarity", "chirality"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_the_device_has_the_forces_of_the_ansatz(polarity: float, chirality: float) -> None:
    device = VortexOscillator(polarity=polarity, chirality=chirality, polarizer_tilt=0.6, polarizer_angle=2.0)
    device = replace(device, core_ratio=CORE * device.radius / device.core_radius * device.core_ratio)
    tilt, angle = device.polarizer_tilt, device.polarizer_angle
    polariser = np.array([np.sin(tilt) * np.cos(angle), np.sin(tilt) * np.sin(angle), np.cos(tilt)])
    density = 1 / (np.pi * device.radius**2)
    sigma = HBAR * device.polarization / (2 * CHARGE * device.saturation_magnetization * device.thickness)
    rate = GAMMA * sigma * density / (2 * np.pi)  # f = F/(G R) for a force in units of Ms L R^2/gamma
    centred, shifted = (force(s, polariser, polarity, chirality) for s in (0.0, 0.3))
    np.testing.assert_allclose(rate * centred, device.force_rates, rtol=SMALL_CORE)
    around = rate * (shifted - centred)[1]
    assert polarity * around / 0.3 == pytest.approx(device.torque_rate, rel=SMALL_CORE)
