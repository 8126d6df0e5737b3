"""The array calculator against exact solutions of the same pillars, the reference's table, and its own limits."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinode.design import ArrayDesign, DesignSpec, design
from spinode.design.comb import make_comb
from spinode.design.layout import dipolar_distance
from spinode.devices import VortexOscillator
from spinode.devices.constants import GAMMA, MU0
from spinode.devices.vortex_orbit import VortexOrbit
from tests.tolerances import ROUNDING

REFERENCE = VortexOscillator(oersted_weight=0.0, frequency_growth=0.0)
"""The assumptions of the reference table: magnetostatic energy alone, exact in L/R; no shift by orbit or current."""
TABLE = (
    # thickness, radii [nm], frequencies [MHz], number on a 1 nm grid, number at 1 MHz
    (5, (100, 250), (238, 98), 62, 140),
    (10, (50, 150), (839, 312), 38, 527),
    (10, (100, 250), (455, 192), 64, 264),
    (10, (100, 500), (455, 98), 86, 358),
    (20, (100, 250), (839, 370), 67, 469),
    (20, (100, 500), (839, 192), 92, 647),
)
MEGAHERTZ = 0.55e6
"""The table's frequencies are whole MHz, of a polynomial that is right to 1e-4 (0.08 MHz)."""
COUNT = 1
"""The same polynomial moves a span of 647.0 MHz across a whole number."""
EQUAL = 1e-9
"""Spacing and sensitivity are solved for: a polynomial of degree 24 and a root to 1e-11."""
SOLVED_TRIM = 1e-8
"""A trim ends within 1e-9 of the frequency."""
SCALING = 0.02
"""Exponents along a chain on a wedge, which change a little with the frequency."""


def reference_spec(thickness: float, radii: tuple[float, float]) -> DesignSpec:
    return DesignSpec(
        device=REFERENCE,
        smallest_radius=radii[0] * 1e-9,
        largest_radius=radii[1] * 1e-9,
        smallest_thickness=thickness * 1e-9,
        largest_thickness=thickness * 1e-9,
        largest_current=1.0,
        supercriticality=1.1,
        locking_half_width=10e3,
        spacing=1e6,
        number=20,
    )


def log_slopes(device: VortexOscillator) -> np.ndarray:
    """d ln f and d ln Ith (rows) over d ln R and d ln L (columns)."""
    step = 1e-4
    slopes = np.empty((2, 2))
    for column, name in enumerate(("radius", "thickness")):
        both = [replace(device, **{name: getattr(device, name) * (1 + sign * step)}) for sign in (1, -1)]
        for row, number in enumerate(("frequency", "threshold_current")):
            up, down = (math.log(getattr(each, number)) for each in both)
            slopes[row, column] = (up - down) / (2 * step)
    return slopes


@cache
def default_design() -> ArrayDesign:
    return design(DesignSpec(spacing=1e6))


@cache
def chain() -> ArrayDesign:
    """A chain of few pillars on a wedge."""
    spec = DesignSpec(bias="series", smallest_thickness=8e-9, largest_thickness=12e-9, number=40)
    return design(spec)


@pytest.mark.parametrize(("thickness", "radii", "frequencies", "on_grid", "number"), TABLE)
def test_the_reference_table_comes_out_again(
    thickness: float, radii: tuple[float, float], frequencies: tuple[float, float], on_grid: int, number: int
) -> None:
    made = design(reference_spec(thickness, radii))
    low, high = made.comb.available
    assert high == pytest.approx(frequencies[0] * 1e6, abs=MEGAHERTZ)
    assert low == pytest.approx(frequencies[1] * 1e6, abs=MEGAHERTZ)
    assert made.value("available span") == pytest.approx((frequencies[0] - frequencies[1]) * 1e6, abs=2 * MEGAHERTZ)
    assert abs(made.value("largest number") - number) <= COUNT
    assert abs(made.value("number on the grid") - on_grid) <= COUNT


def test_hundreds_fit_at_one_megahertz_but_only_dozens_on_the_grid_without_trims() -> None:
    made = default_design()
    assert 300 < made.value("number") < 400
    assert 40 <= made.value("number on the grid") <= 90
    assert made.value("off their line on the grid") > 200
    assert made.value("beyond their current trim") == 0
    assert "only 40 equally spaced" in made.verdict


def test_frequencies_are_equally_spaced_and_sensitivities_equal() -> None:
    made = default_design()
    np.testing.assert_allclose(np.diff(made.column("frequency")), 1e6, rtol=1e-5)
    np.testing.assert_allclose(made.column("locking_half_width"), 0.4e6, rtol=EQUAL)


def test_a_pillar_of_the_array_is_the_device_at_that_current() -> None:
    made = default_design()
    each = made.oscillators[100]
    device = replace(made.spec.device, radius=each.radius, thickness=each.thickness)
    orbit = device.orbit(each.current)
    assert orbit.frequency == pytest.approx(each.frequency, rel=ROUNDING)
    law = GAMMA * made.comb.rf_field / (12 * np.pi * orbit.radius) * math.hypot(1.0, orbit.nonlinearity)
    assert each.locking_half_width == pytest.approx(law, rel=ROUNDING)
    assert each.linewidth == pytest.approx(orbit.linewidth, rel=1e-4)  # interpolated along the comb


def test_equal_supercriticality_is_equal_sensitivity_without_the_oersted_field_up_to_the_logarithm_of_the_radius() -> (
    None
):
    wishes = {"supercriticality": 1.3, "locking_half_width": 0.1e6, "number": 20}
    bare = design(DesignSpec(device=VortexOscillator(oersted_weight=0.0), **wishes))  # type: ignore[arg-type]
    whole = design(DesignSpec(**wishes))  # type: ignore[arg-type]
    np.testing.assert_allclose(bare.column("supercriticality"), 1.3, rtol=ROUNDING)
    ratios = [
        made.column("locking_half_width").max() / made.column("locking_half_width").min() for made in (bare, whole)
    ]
    assert ratios[0] < 1.15  # lambda and nu hold d0, 5 + 4 ln(R/Rc)
    assert ratios[1] > 1.5  # the Oersted field is a larger part of nu in a wide disk


def test_touching_bands_give_the_largest_number() -> None:
    comb = make_comb(DesignSpec())
    widest = max(orbit.locking_half_width(comb.rf_field) for orbit in comb.orbits)
    assert comb.spacing == pytest.approx(2 * widest, rel=1e-6)
    assert len(comb.orbits) == 413


def test_a_chain_on_a_wedge_has_one_current_and_equal_sensitivity() -> None:
    made = chain()
    np.testing.assert_allclose(made.column("current"), made.column("current")[0], rtol=ROUNDING)
    np.testing.assert_allclose(made.column("locking_half_width"), made.column("locking_half_width")[0], rtol=1e-7)
    steps = np.diff(made.column("frequency"))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)
    thickness = made.column("thickness")
    assert np.abs(made.column("drawn_radius") - made.column("radius")).max() <= 0.5e-9 * (1 + 1e-9)
    assert thickness.min() >= 8e-9 * (1 - 1e-9) and thickness.max() <= 12e-9 * (1 + 1e-9)


def test_a_chain_without_oersted_field_follows_the_scaling_of_the_reference() -> None:
    device = VortexOscillator(oersted_weight=0.0)
    limits = {"smallest_thickness": 6e-9, "largest_thickness": 8e-9, "supercriticality": 1.2, "number": 20}
    made = design(DesignSpec(device=device, bias="series", **limits))  # type: ignore[arg-type]
    np.testing.assert_allclose(made.column("supercriticality"), 1.2, rtol=1e-7)
    log_f = np.log(made.column("frequency"))
    radius, thickness = (np.polyfit(log_f, np.log(made.column(name)), 1)[0] for name in ("radius", "thickness"))
    middle = made.oscillators[10]
    pillar = replace(device, radius=middle.radius, thickness=middle.thickness)
    expected = np.linalg.solve(log_slopes(pillar), [1.0, 0.0])  # f in proportion to itself, Ith constant
    np.testing.assert_allclose([radius, thickness], expected, rtol=SCALING)
    # the leading order leaves out P(L/R), which lowers f, and d0, which grows as ln R
    np.testing.assert_allclose([radius, thickness], [-2 / 3, 1 / 3], atol=0.12)


def test_in_a_chain_of_one_film_the_supercriticality_falls_with_the_radius() -> None:
    made = design(DesignSpec(bias="series", number=30, spacing=3e6))
    radius, zeta = made.column("radius"), made.column("supercriticality")
    np.testing.assert_allclose(made.column("current"), made.column("current")[0], rtol=ROUNDING)
    assert (np.diff(zeta[np.argsort(radius)]) < 0).all()
    assert np.isnan(made.column("current_trim")).all()  # one current trims no single pillar
    assert np.isfinite(made.column("field_trim")).any()
    assert {made.limits[0].name, made.limits[1].name} == {"wanted sensitivity", "critical velocity"}


def test_a_trim_brings_a_drawn_pillar_to_its_line() -> None:
    made = default_design()
    for each in made.oscillators[::30]:
        device = replace(made.spec.device, radius=each.drawn_radius, thickness=each.thickness)
        assert each.drawn_radius / 1e-9 == pytest.approx(round(each.drawn_radius / 1e-9), abs=1e-6)
        drawn = device.orbit(each.drawn_current)
        assert drawn.frequency - each.frequency == pytest.approx(each.grid_residual, abs=1.0)
        trimmed = device.orbit(each.drawn_current + each.current_trim)
        assert trimmed.frequency == pytest.approx(each.frequency, rel=SOLVED_TRIM)
        part = each.field_trim / (MU0 * device.saturation_magnetization)
        assert drawn.frequency * (1 + part) == pytest.approx(each.frequency, rel=ROUNDING)


def test_trims_beyond_the_limits_are_counted_and_not_given() -> None:
    made = design(DesignSpec(spacing=1e6, number=60, current_trim=0.002, field_trim=1e-3))
    lost = np.isnan(made.column("current_trim"))
    assert made.value("beyond their current trim") == lost.sum() > 0
    assert np.isnan(made.column("field_trim")).sum() == made.value("beyond their field trim") > 0
    assert (np.abs(made.column("current_trim")) <= 0.002 * made.column("drawn_current"))[~lost].all()
    assert f"{lost.sum()} pillars are beyond their current trim" in made.verdict


def test_the_dipolar_pitch_agrees_with_the_reference() -> None:
    disk = VortexOscillator()
    orbit = VortexOrbit(device=disk, current=1.2 * disk.threshold_current)
    rate = 5.01e6  # k/(2 pi) of two disks of 100 nm radius whose edges are 50 nm apart, one polarity
    assert dipolar_distance(orbit, orbit, 2 * rate * orbit.nonlinearity) == pytest.approx(250e-9, rel=2e-3)


def test_of_a_range_of_films_the_one_with_most_oscillators_is_taken() -> None:
    spec = DesignSpec(smallest_thickness=8e-9, largest_thickness=12e-9, spacing=1e6, number=5)
    ends = [design(replace(spec, smallest_thickness=film, largest_thickness=film)) for film in (8e-9, 12e-9)]
    assert design(spec).value("largest number") >= max(made.value("largest number") for made in ends)


def test_a_limit_that_binds_is_named_with_its_value() -> None:
    made = design(DesignSpec(spacing=1e6, largest_current=5e-3, number=5))
    assert (made.limits[0].name, made.limits[0].value) == ("largest current", 5e-3)
    assert made.oscillators[0].current == pytest.approx(5e-3, rel=1e-6)
    assert made.limits[1].name == "smallest radius"
    fast = design(DesignSpec(supercriticality=2.0, number=5))
    assert fast.limits[0].name == "critical velocity"
    assert fast.value("largest core speed") == pytest.approx(320.0, rel=1e-6)


def test_asked_frequencies_and_number_are_kept() -> None:
    made = design(DesignSpec(lowest_frequency=450e6, highest_frequency=550e6, number=51))
    np.testing.assert_allclose(made.column("frequency"), 450e6 + 2e6 * np.arange(51), rtol=1e-9)
    assert [limit.name for limit in made.limits[:2]] == ["lowest frequency asked", "highest frequency asked"]


def test_a_negative_polarity_needs_a_negative_current_and_gives_the_same_comb() -> None:
    mirrored = VortexOscillator(polarity=-1.0, chirality=-1.0)
    one, other = design(DesignSpec(number=20)), design(DesignSpec(device=mirrored, number=20))
    np.testing.assert_allclose(other.column("current"), -one.column("current"), rtol=EQUAL)
    np.testing.assert_allclose(other.column("frequency"), one.column("frequency"), rtol=EQUAL)


def test_a_comb_ends_where_the_field_of_the_current_raises_the_frequency_again() -> None:
    made = design(DesignSpec(smallest_radius=50e-9, largest_radius=500e-9, number=10))
    assert (made.limits[0].name, made.limits[0].unit) == ("radius of the lowest frequency", "m")
    wide = made.limits[0].value
    assert made.oscillators[0].radius == pytest.approx(wide, rel=1e-6)
    assert made.comb.family.at(1.02 * wide).frequency > made.oscillators[0].frequency
    np.testing.assert_allclose(made.column("locking_half_width"), 0.4e6, rtol=EQUAL)
    steps = np.diff(made.column("frequency"))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
