"""Quantities and units as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinode.units import format_quantity, is_unit, parse_quantity, same_dimension, si_unit, split_label, split_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7.5mA", 7.5e-3),
        ("100nm", 1e-7),
        ("5ps", 5e-12),
        ("0.8MJ/m3", 8e5),
        ("300", 300.0),
        ("1us", 1e-6),
        ("1 µs", 1e-6),
        ("1e-9s", 1e-9),
        ("-2.5e3", -2500.0),
        ("12%", 0.12),
        (".5GHz", 5e8),
        ("3 mJ/m^2", 3e-3),
    ],
)
def test_a_quantity_is_read_to_the_last_bit(text: str, value: float) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    ("text", "factor", "unit"),
    [
        ("mV", 1e-3, "V"),
        ("ps", 1e-12, "s"),
        ("GHz", 1e9, "Hz"),
        ("Oe", 1e3 / (4 * math.pi), "A/m"),
        ("kOe", 1e6 / (4 * math.pi), "A/m"),
        ("G", 1e-4, "T"),
        ("J/m^3", 1.0, "J/m3"),
        ("J/m**3", 1.0, "J/m3"),
        ("J m-3", 1.0, "J/m3"),
        ("J/m³", 1.0, "J/m3"),
        ("MA/cm2", 1e10, "A/m2"),
        ("erg/cm3", 0.1, "J/m3"),
        ("emu/cm3", 1e3, "A/m"),
        ("deg", math.pi / 180, "rad"),
        ("%", 0.01, ""),
        ("Ω", 1.0, "ohm"),
        ("kOhm", 1e3, "ohm"),
        ("µs", 1e-6, "s"),
        ("μs", 1e-6, "s"),
        ("us", 1e-6, "s"),
        ("1/ns", 1e9, "1/s"),
        ("kg*m2", 1.0, "kg m2"),
        ("kg.m^2", 1.0, "kg m2"),
        ("W/(m.K)", 1.0, "W/m/K"),
        ("Second", 1.0, "s"),
        ("Volt", 1.0, "V"),
        ("min", 60.0, "s"),
        ("", 1.0, ""),
        ("1", 1.0, ""),
        ("-", 1.0, ""),
        ("()", 1.0, ""),
        ("?", 1.0, "?"),
        ("a.u.", 1.0, "a.u."),
        ("dBm", 1.0, "dBm"),
    ],
)
def test_a_unit_is_converted_to_si_and_an_unknown_one_is_kept(text: str, factor: float, unit: str) -> None:
    found, si = si_unit(text)
    assert si == unit
    assert found == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(
    ("label", "name", "unit"),
    [
        ("Ku1.region100 (J/m3)", "Ku1.region100", "J/m3"),
        ("time [s]", "time", "s"),
        ("V_out (mV)", "V_out", "mV"),
        ("TimeDriver::Simulation time {s}", "TimeDriver::Simulation time", "s"),
        ("mx ()", "mx", ""),
        ("t(s)", "t", "s"),
        ("V(out)", "V(out)", ""),
        ("V(out) (mV)", "V(out)", "mV"),
        ("plain", "plain", ""),
        ("gain (?)", "gain", "?"),
    ],
)
def test_a_label_is_split_into_name_and_unit(label: str, name: str, unit: str) -> None:
    assert split_label(label) == (name, unit)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7.5e-3, "A", "7.5 mA"),
        (1e-7, "m", "100 nm"),
        (5e-12, "s", "5 ps"),
        (8e5, "J/m3", "8e+05 J/m3"),
        (300.0, "K", "300 K"),
        (0.25, "", "0.25"),
        (0.0, "A", "0 A"),
        (999.9999999, "V", "1 kV"),
        (-4.2e9, "Hz", "-4.2 GHz"),
        (1e-30, "s", "1e-30 s"),
    ],
)
def test_a_quantity_is_written_as_people_write_it(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("5V", "s", "must be a quantity in s such as '5ps'"),
        ("fast", None, "must start with a number"),
        ("3parsec", None, "must end in a unit such as"),
        ("1e999", None, "finite"),
        ("", None, "must start with a number"),
        ("5 5", "s", "must end in a unit"),
    ],
)
def test_a_wrong_quantity_is_refused_in_one_line_that_says_what_fits(text: str, unit: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        parse_quantity(text, unit)
    assert "\n" not in str(caught.value)


def test_the_same_dimension_is_seen_behind_different_units() -> None:
    assert same_dimension("T", "Oe") is False
    assert same_dimension("V", "A ohm")
    assert same_dimension("Hz", "1/ns")
    assert same_dimension("deg", "")
    assert same_dimension("dBm", "dBm")
    assert not same_dimension("dBm", "V")


@given(st.floats(-1e15, 1e15, allow_nan=False), st.sampled_from(["A", "V", "s", "m", "Hz", "T", "ohm", "J/m3", ""]))
def test_writing_and_reading_a_quantity_gives_it_back_within_the_digits_shown(value: float, unit: str) -> None:
    back, found = split_quantity(format_quantity(value, unit))
    assert found == unit
    assert back == pytest.approx(value, rel=1e-3)


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_is_kept_and_nothing_else_happens(text: str) -> None:
    factor, unit = si_unit(text)
    assert math.isfinite(factor)
    assert factor > 0
    assert is_unit(text) or (factor, unit) == (1.0, text.strip())


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_a_one_line_error(text: str) -> None:
    try:
        assert math.isfinite(parse_quantity(text))
    except ValueError as error:
        assert len(str(error)) < 200
