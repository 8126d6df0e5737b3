"""Every row of the tables of units: prefixes, units of their own size, words, and what each SI unit is made of."""

from __future__ import annotations

import math

import pytest

from spinode.units import format_quantity, is_unit, parse_quantity, same_dimension, si_unit

PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "u": -6,
    "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21,
}  # fmt: skip
MADE_OF = {
    "Hz": "1/s", "N": "kg m/s2", "J": "kg m2/s2", "W": "kg m2/s3", "V": "kg m2/s3/A", "F": "s4 A2/kg/m2",
    "H": "kg m2/s2/A2", "C": "s A", "T": "kg/s2/A", "Wb": "kg m2/s2/A", "Pa": "kg/m/s2", "S": "s3 A2/kg/m2",
    "ohm": "kg m2/s3/A2", "rad": "1",
}  # fmt: skip
"""SI Brochure 9 (2019), table 4."""
BASE = ("m", "kg", "s", "A", "K", "mol")


@pytest.mark.parametrize(("prefix", "power"), PREFIXES.items())
def test_a_prefix_is_its_power_of_ten(prefix: str, power: int) -> None:
    assert parse_quantity(f"3{prefix}V", "V") == float(f"3e{power}")


@pytest.mark.parametrize(("symbol", "made"), MADE_OF.items())
def test_a_unit_has_the_dimension_of_what_it_is_made_of_and_of_nothing_else(symbol: str, made: str) -> None:
    assert same_dimension(symbol, made)
    for base in BASE:
        assert not same_dimension(symbol, f"{base} {made}" if made != "1" else base)


def test_base_units_are_told_apart() -> None:
    assert [(a, b) for a in BASE for b in BASE if same_dimension(a, b) != (a == b)] == []


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("g", 1e-3, "kg"),
        ("Oe", 1000 / (4 * math.pi), "A/m"),
        ("G", 1e-4, "T"),
        ("erg", 1e-7, "J"),
        ("dyn", 1e-5, "N"),
        ("emu", 1e-3, "A m2"),
        ("eV", 1.602176634e-19, "J"),
        ("Å", 1e-10, "m"),
        ("deg", math.pi / 180, "rad"),
        ("°", math.pi / 180, "rad"),
        ("turn", 2 * math.pi, "rad"),
        ("min", 60.0, "s"),
        ("%", 0.01, ""),
        ("Ω", 1.0, "ohm"),
        ("Ohm", 1.0, "ohm"),
    ],
)
def test_a_unit_of_its_own_size_is_converted(text: str, value: float, unit: str) -> None:
    found, si = si_unit(text)
    assert (found, si) == (pytest.approx(value, rel=1e-15), unit)


@pytest.mark.parametrize("symbol", ["m", "s", "A", "K", "kg", *MADE_OF, "mol"])
def test_an_si_unit_is_itself(symbol: str) -> None:
    assert si_unit(symbol) == (1.0, symbol)


@pytest.mark.parametrize("text", ["mdeg", "kmin", "mturn", "k%", "kkg", "mÅ", "m°"])
def test_a_unit_that_takes_no_prefix_has_none(text: str) -> None:
    assert not is_unit(text)


@pytest.mark.parametrize(
    ("power", "prefix"),
    [
        (-18, "a"), (-15, "f"), (-12, "p"), (-9, "n"), (-6, "u"), (-3, "m"), (0, ""), (3, "k"), (6, "M"), (9, "G"),
        (12, "T"),
    ],
)  # fmt: skip
def test_a_value_is_written_with_the_prefix_of_its_thousands(power: int, prefix: str) -> None:
    assert format_quantity(float(f"1e{power}"), "A") == f"1 {prefix}A"
    assert format_quantity(float(f"-999e{power}"), "A") == f"-999 {prefix}A"


@pytest.mark.parametrize("unit", ["kg", "K", "rad", "mol", "J/m3", ""])
def test_a_unit_without_prefixes_is_written_as_it_is(unit: str) -> None:
    assert format_quantity(2e6, unit) == f"2e+06 {unit}".strip()


@pytest.mark.parametrize(("value", "text"), [(1e15, "1e+15 A"), (1e-19, "1e-19 A"), (math.inf, "inf A")])
def test_a_value_beyond_all_prefixes_is_written_as_a_power_of_ten(value: float, text: str) -> None:
    assert format_quantity(value, "A") == text


@pytest.mark.parametrize(
    ("text", "known"),
    [("m9", True), ("m10", False), ("m-9", True), ("m-10", False), ("Gm9", True), ("Tm9", False), ("pm-9", False),
     ("Gm9 Gm9", False), ("Tm4/pm4", True), ("Tm5/pm5", False), ("pm4/Tm4", True), ("pm5/Tm5", False)],
)  # fmt: skip
def test_powers_and_factors_that_nobody_writes_are_no_units(text: str, known: bool) -> None:
    """Up to the ninth power, and factors between 1e-99 and 1e99."""
    assert is_unit(text) == known


def test_powers_of_one_symbol_add_up_and_one_that_is_left_with_none_goes() -> None:
    assert si_unit("m m2/m")[1] == "m2"
    assert si_unit("m/m")[1] == ""
    assert si_unit("A/m/m s")[1] == "A/m2/s"  # what follows a stroke is below it, up to the next one
    assert si_unit("kV/cm") == (1e5, "V/m")
    assert si_unit("m2/s2/m2")[1] == "1/s2"


def test_a_factor_within_rounding_of_a_power_of_ten_is_that_power_and_another_is_kept() -> None:
    assert si_unit("MA/cm2")[0] == 1e10
    assert si_unit("1/min")[0] == pytest.approx(1 / 60, rel=1e-15)
    assert si_unit("Oe")[0] != 100.0
