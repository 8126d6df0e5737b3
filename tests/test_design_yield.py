"""Yield under process spread: intervals, response surfaces against exact pillars, and a share that is known."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinode.design import ArrayDesign, DesignSpec, Share, design, yield_curve
from spinode.design.yields import Surfaces, make_surfaces, simulate_yield
from spinode.devices.vortex_orbit import VortexOrbit

SURFACE = 2e-6
"""ln f at errors of 1 % in R, L and I: what is left of third order, (1e-2)^3 times coefficients of about one."""
KNOWN = 3.5
"""Standard errors of a counted share around the known one."""


@cache
def few() -> ArrayDesign:
    """Thirty pillars on a grid so fine that none is off its line."""
    return design(DesignSpec(number=30, spacing=1e6, lithography_step=1e-14, thickness_spread=0.0))


@cache
def surfaces() -> Surfaces:
    return make_surfaces(few().comb, few().oscillators)


def test_the_interval_of_wilson_is_as_published() -> None:
    low, high = Share(successes=50, trials=100).interval
    assert (low, high) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    z2 = 1.959963984540054**2
    assert Share(successes=0, trials=1000).interval == pytest.approx((0.0, z2 / (1000 + z2)))
    assert Share(successes=1000, trials=1000).interval == pytest.approx((1000 / (1000 + z2), 1.0))


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 1), (-1, 1, 1)])
def test_the_response_surfaces_follow_the_closed_forms(direction: tuple[int, int, int]) -> None:
    shift = np.broadcast_to(0.01 * np.array(direction, dtype=np.float64)[:, None, None], (3, 1, 30))
    found = {name: surfaces().at(name, shift)[0] for name in ("frequency", "power", "gain", "threshold")}
    for number in (0, 14, 29):
        orbit = few().comb.orbits[number]
        factors = np.exp(0.01 * np.array(direction))
        oscillator = few().oscillators[number]
        radius, thickness = oscillator.drawn_radius * factors[0], oscillator.thickness * factors[1]
        device = replace(orbit.device, radius=radius, thickness=thickness)
        exact = VortexOrbit(device=device, current=oscillator.drawn_current * factors[2])
        assert found["frequency"][number] == pytest.approx(math.log(exact.frequency), abs=SURFACE)
        assert found["power"][number] == pytest.approx(exact.power, abs=5 * SURFACE)
        assert found["gain"][number] == pytest.approx(math.log(exact.oscillation.locking_gain), abs=5 * SURFACE)
        assert found["threshold"][number] == pytest.approx(math.log(device.threshold_current), abs=SURFACE)


def test_a_trim_of_the_surfaces_brings_the_exact_pillar_to_its_line() -> None:
    shift = np.zeros((3, 1, 30))
    shift[0] = 0.01
    lines = few().column("frequency")
    trims = surfaces().trims(shift, lines, 0.2)[0]
    assert np.abs(trims).min() > 0.01
    for number in (0, 14, 29):
        each = few().oscillators[number]
        device = replace(few().spec.device, radius=each.drawn_radius * math.exp(0.01), thickness=each.thickness)
        orbit = device.orbit(each.drawn_current * math.exp(trims[number]))
        assert abs(orbit.frequency - lines[number]) < 0.02 * each.locking_half_width


def test_without_spread_on_a_fine_grid_every_array_is_right() -> None:
    made = simulate_yield(few().spec, few().comb, surfaces(), np.random.default_rng(1), spread=0.0)
    assert (made.pillars.value, made.arrays.value) == (1.0, 1.0)


def test_the_share_of_right_pillars_is_that_of_a_gaussian_within_the_band() -> None:
    spec = replace(few().spec, radius_spread=0.05e-9, draws=2000)
    made = simulate_yield(spec, few().comb, surfaces(), np.random.default_rng(2))
    ratio = few().column("locking_half_width") / (np.abs(few().column("radius_slope")) * spec.radius_spread)
    each = np.array([math.erf(part / math.sqrt(2)) for part in ratio])
    assert 0.9 < each.mean() < 0.999  # the band is about two deviations wide, so the share tells something
    error = math.sqrt(float((each * (1 - each)).sum()) / spec.draws) / len(each)
    assert abs(made.pillars.value - each.mean()) < KNOWN * error
    whole = float(each.prod())
    assert abs(made.arrays.value - whole) < KNOWN * math.sqrt(whole * (1 - whole) / spec.draws)


def test_a_trim_rescues_pillars_until_its_limit() -> None:
    spec = replace(few().spec, radius_spread=0.5e-9, draws=300)
    made = simulate_yield(spec, few().comb, surfaces(), np.random.default_rng(3))
    assert made.trimmed_pillars is not None and made.trimmed_arrays is not None
    assert made.pillars.value < 0.3
    assert made.trimmed_pillars.value > 0.99
    tight = simulate_yield(replace(spec, current_trim=1e-3), few().comb, surfaces(), np.random.default_rng(3))
    assert tight.trimmed_pillars is not None and tight.trimmed_pillars.value < 0.4


def test_the_yield_falls_with_the_spread_and_comes_again_with_the_seed() -> None:
    spreads = np.array([0.0, 0.1, 1.0, 4.0])
    curves = [yield_curve(few(), np.random.default_rng(4), spreads) for _ in range(2)]
    assert curves[0] == curves[1]
    shares = [each.pillars.value for each in curves[0]]
    assert all(np.diff(shares) < 0)


def test_a_chain_cannot_be_trimmed_pillar_by_pillar() -> None:
    spec = DesignSpec(bias="series", number=8, spacing=3e6, draws=10)
    made = design(spec, np.random.default_rng(5))
    assert made.yields is not None
    assert made.yields.trimmed_pillars is None
    assert "yield of pillars" in {row.name for row in made.rows}
    assert "yield of trimmed pillars" not in {row.name for row in made.rows}


def test_there_is_no_yield_without_a_generator() -> None:
    assert few().yields is None
    with pytest.raises(ValueError, match="has no row 'yield of pillars'"):
        few().value("yield of pillars")
