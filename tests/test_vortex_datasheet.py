"""The datasheet and the presets of the vortex oscillator: every number has its source, and one sentence says why."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from spinode.devices import VortexOscillator
from spinode.devices.presets import find_preset
from spinode.devices.presets.vortex import VORTEX_PRESETS
from tests.tolerances import ROUNDING

DEVICE = VortexOscillator()
THRESHOLD = DEVICE.threshold_current
PUBLISHED = 0.13
"""Threshold densities beside a third of twice the published second critical currents, which have two digits."""


def rows_of(device: VortexOscillator, current: float, field: float = 0.0) -> dict[str, float]:
    return {row.name: row.value for row in device.datasheet(current, field).rows}


def test_the_datasheet_on_an_orbit_has_the_closed_forms() -> None:
    orbit = DEVICE.orbit(1.3 * THRESHOLD)
    rows = rows_of(DEVICE, orbit.current, field=1e-4)
    expected = {
        "threshold current": THRESHOLD,
        "threshold current density": DEVICE.threshold_density,
        "supercriticality": 1.3,
        "frequency": orbit.frequency,
        "orbit radius": orbit.radius,
        "orbit radius in metres": orbit.radius * 100e-9,
        "core speed": orbit.core_speed,
        "relaxation time": orbit.relaxation_time,
        "nonlinearity parameter": orbit.nonlinearity,
        "linewidth": orbit.linewidth,
        "locking half-width": orbit.locking_half_width(1e-4),
        "voltage amplitude": orbit.voltage_amplitude,
        "available power": orbit.available_power,
    }
    assert {name: rows[name] for name in expected} == pytest.approx(expected, rel=ROUNDING)
    assert "locking half-width" not in rows_of(DEVICE, orbit.current)
    assert all(row.formula for row in DEVICE.datasheet(orbit.current).rows)


@pytest.mark.parametrize(
    ("settings", "current", "sentence"),
    [
        ({}, 0.0, "Does not oscillate: there is no current, and it takes 2.28 mA."),
        ({}, 0.5 * THRESHOLD, "Does not oscillate: the current is 0.5 of the threshold current of 2.28 mA."),
        ({}, -THRESHOLD, "Does not oscillate: a current of this sign damps a core of polarity +1; it takes 2.28 mA."),
        ({"polarity": -1.0, "chirality": -1.0}, 3e-3, "a core of polarity -1; it takes -2.28 mA."),
        ({"polarizer_tilt": np.pi / 2}, 3e-3, "Does not oscillate at any current: the spin torque along the core"),
        ({"temperature": 0.0}, 1.001 * THRESHOLD, "so close to threshold that it takes 10.2 us to settle."),
        (
            {},
            1.3 * THRESHOLD,
            "Oscillates at 517 MHz on an orbit of 46.3 nm, 1.3 times the threshold current; the core",
        ),
        ({}, 3 * THRESHOLD, "above 4.94 mA the core is faster than 320 m/s and reverses."),
        ({"critical_velocity": 1e4}, 3 * THRESHOLD, "the core is expelled from the disk."),
        ({}, -40e-3, "the Oersted field of this current leaves the core no restoring force."),
        ({"critical_velocity": 1e4}, 1.3 * THRESHOLD, "the core is expelled above"),
        ({"temperature": 3000.0}, 1.01 * THRESHOLD, "which thermal motion hides"),
    ],
)
def test_the_verdict_says_whether_and_why(settings: dict[str, float], current: float, sentence: str) -> None:
    verdict = replace(DEVICE, **settings).datasheet(current).verdict
    assert sentence in verdict and verdict.endswith(".") and "\n" not in verdict


def test_a_lost_core_still_has_a_datasheet() -> None:
    rows = rows_of(DEVICE, 3 * THRESHOLD)
    assert rows["supercriticality"] == pytest.approx(3) and "frequency" not in rows
    with pytest.raises(
        ValueError, match="VortexOscillator reverses its core at 0.00684.* A; try a current nearer to 0 than 0.00494"
    ):
        DEVICE.orbit_radius(3 * THRESHOLD)
    with pytest.raises(ValueError, match="VortexOscillator expels its core at -0.04 A"):
        DEVICE.orbit_radius(-40e-3)
    with pytest.raises(ValueError, match="VortexOrbit.current must be a finite number of amperes, got nan"):
        DEVICE.datasheet(float("nan"))


def test_below_threshold_the_datasheet_has_the_thermal_motion() -> None:
    rows = rows_of(DEVICE, 0.5 * THRESHOLD)
    assert rows["thermal radius"] == pytest.approx(DEVICE.orbit(0.5 * THRESHOLD).thermal_radius * 100e-9)
    assert rows["linewidth"] == pytest.approx(1 / (2 * np.pi * DEVICE.relaxation_time(0.5 * THRESHOLD)), rel=ROUNDING)


def test_a_hot_line_is_said_to_be_no_lorentzian() -> None:
    formulas = []
    for temperature in (1.0, 300.0):
        sheet = replace(DEVICE, temperature=temperature).datasheet(1.3 * THRESHOLD)
        formulas.append(next(row.formula for row in sheet.rows if row.name == "linewidth"))
    assert formulas[0].endswith("; Lorentzian") and "does not hold" in formulas[1]


def test_a_strong_field_is_said_to_be_beyond_the_first_order() -> None:
    formulas = []
    for field in (1e-6, 1e-4):
        sheet = DEVICE.datasheet(1.3 * THRESHOLD, field)
        formulas.append(next(row.formula for row in sheet.rows if row.name == "locking half-width"))
    assert formulas[0].endswith("2009") and "for a weaker field only" in formulas[1]


def test_a_steady_force_is_a_row() -> None:
    device = replace(DEVICE, field_like_torque=0.2)
    rows = rows_of(device, 1.3 * THRESHOLD)
    assert rows["displacement"] == pytest.approx(device.orbit(1.3 * THRESHOLD).displacement, rel=ROUNDING)


@pytest.mark.parametrize("preset", VORTEX_PRESETS, ids=lambda preset: preset.name)
def test_a_preset_names_every_number_with_its_source(preset: object) -> None:
    found = find_preset(preset.name, "vortex")  # type: ignore[attr-defined]
    assert set(found.values) == {item.name for item in fields(VortexOscillator)}
    assert all(entry.source for entry in found.values.values())
    device = VortexOscillator(**found.numbers)
    assert device.datasheet(1.2 * device.threshold_current).verdict.startswith("Oscillates")


def test_what_could_not_be_found_in_print_is_assumed() -> None:
    published = set(VORTEX_PRESETS[0].values) - set(VORTEX_PRESETS[0].assumed)
    assert published == {"radius", "thickness", "saturation_magnetization", "exchange_stiffness", "damping"}
    recalled = find_preset("aist_recalled", "vortex")
    assert set(recalled.assumed) == set(recalled.values)


def test_the_published_disks_have_the_published_thresholds() -> None:
    disks = [VortexOscillator(**find_preset(f"guslienko_2014_l{nm}", "vortex").numbers) for nm in (5, 7, 10)]
    second = np.array([2.7e10, 5.0e10, 10.2e10])  # published; 1.5 times the first
    np.testing.assert_allclose([disk.threshold_density for disk in disks], second / 1.5, rtol=PUBLISHED)
    assert 20e-9 < disks[1].relaxation_time(1.5 * disks[1].threshold_current) < 30e-9  # published: 20 to 30 ns
