"""Quantities and units as text: '7.5mA' in, SI floats out, and back to '7.5 mA' for people."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

# Each unit: factor to SI, SI text as powers of SI symbols. Sources: SI Brochure 9 (2019); CGS: 1 Oe = 1000/(4 pi) A/m.
_UNITS: Mapping[str, tuple[float, Mapping[str, int]]] = {
    **{s: (1.0, {s: 1}) for s in ("m", "s", "A", "K", "kg", "Hz", "N", "J", "W", "V", "F", "H", "C", "T", "Wb", "Pa")},
    **{s: (1.0, {s: 1}) for s in ("S", "rad", "mol", "ohm")},
    "g": (1e-3, {"kg": 1}),
    "Ω": (1.0, {"ohm": 1}),
    "Ohm": (1.0, {"ohm": 1}),
    "Oe": (1e3 / (4 * math.pi), {"A": 1, "m": -1}),
    "G": (1e-4, {"T": 1}),
    "erg": (1e-7, {"J": 1}),
    "dyn": (1e-5, {"N": 1}),
    "emu": (1e-3, {"A": 1, "m": 2}),
    "eV": (1.602176634e-19, {"J": 1}),
    "Å": (1e-10, {"m": 1}),
    "deg": (math.pi / 180, {"rad": 1}),
    "°": (math.pi / 180, {"rad": 1}),
    "turn": (2 * math.pi, {"rad": 1}),
    "min": (60.0, {"s": 1}),
    "%": (1e-2, {}),
    "1": (1.0, {}),
}
_WORDS = {
    "second": "s", "seconds": "s", "sec": "s", "volt": "V", "volts": "V", "amp": "A", "amps": "A", "ampere": "A",
    "amperes": "A", "hertz": "Hz", "tesla": "T", "gauss": "G", "oersted": "Oe", "kelvin": "K", "degree": "deg",
    "degrees": "deg", "radian": "rad", "radians": "rad", "watt": "W", "watts": "W", "metre": "m", "meter": "m",
    "meters": "m", "metres": "m", "joule": "J", "ohms": "ohm", "percent": "%",
}  # fmt: skip
_PREFIXES = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2, "d": 1e-1,
    "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18, "z": 1e-21,
}  # fmt: skip
_UNPREFIXED = frozenset({"1", "%", "°", "min", "deg", "turn", "kg", "Å"})
_DIMENSIONLESS = frozenset({"", "1", "-", "()", "[]", "{}", "(-)", "[-]", "none", "dimensionless"})
# Powers of (m, kg, s, A, K, mol) of each SI symbol; an angle counts as a number.
_BASE: Mapping[str, tuple[int, int, int, int, int, int]] = {
    "m": (1, 0, 0, 0, 0, 0), "kg": (0, 1, 0, 0, 0, 0), "s": (0, 0, 1, 0, 0, 0), "A": (0, 0, 0, 1, 0, 0),
    "K": (0, 0, 0, 0, 1, 0), "mol": (0, 0, 0, 0, 0, 1), "rad": (0, 0, 0, 0, 0, 0), "Hz": (0, 0, -1, 0, 0, 0),
    "N": (1, 1, -2, 0, 0, 0), "J": (2, 1, -2, 0, 0, 0), "W": (2, 1, -3, 0, 0, 0), "V": (2, 1, -3, -1, 0, 0),
    "F": (-2, -1, 4, 2, 0, 0), "H": (2, 1, -2, -2, 0, 0), "C": (0, 0, 1, 1, 0, 0), "T": (0, 1, -2, -1, 0, 0),
    "Wb": (2, 1, -2, -1, 0, 0), "Pa": (-1, 1, -2, 0, 0, 0), "S": (-2, -1, 3, 2, 0, 0), "ohm": (2, 1, -3, -2, 0, 0),
}  # fmt: skip
_ENGINEERING = {
    -18: "a", -15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T",
}  # fmt: skip
_SCALABLE = frozenset(_BASE) - {"kg", "K", "rad", "mol"}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?)(.*)", re.DOTALL)
_FACTOR = re.compile(r"([A-Za-zµμΩÅ°%]+|1)(?:(?:\^|\*\*)?\(?([+-]?\d{1,2})\)?)?")
_LABEL = re.compile(r"(?P<name>.*?\S)\s*(?:\((?P<a>[^()]*)\)|\[(?P<b>[^\[\]]*)\]|\{(?P<c>[^{}]*)\})", re.DOTALL)
_SMALLEST = 1e-99  # factors outside 1e-99 ... 1e99 are no unit anyone writes
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·⋅", "0123456789-**")
_EXAMPLES = {
    "s": "'5ps' or '5e-12'", "A": "'7.5mA'", "m": "'100nm'", "Hz": "'4GHz'", "T": "'50mT'", "K": "'300K'",
    "V": "'20mV'", "J/m3": "'0.8MJ/m3'",
}  # fmt: skip


def si_unit(text: str) -> tuple[float, str]:
    """Factor and SI unit of a unit text: value [text] * factor = value [SI].

    Prefixes, powers ('m3', 'm^3', 'm**-3'), products ('*', '.', space) and quotients are understood; a text that is
    not a known unit is kept as it is with factor 1.

    Parameters
    ----------
    text : str
        For example ``MA/cm2``; '', '1', '-' and '()' are dimensionless.

    Returns
    -------
    (float, str)
        For example ``(1e10, 'A/m2')``.
    """
    known = _known_unit(text)
    return (1.0, text.strip()) if known is None else (known[0], _compose(known[1]))


def is_unit(text: str) -> bool:
    """True if the text is a unit this module can convert ('' included)."""
    return _known_unit(text) is not None


def same_dimension(first: str, second: str) -> bool:
    """True if two units measure the same kind of quantity; unknown units only equal themselves."""
    one, two = _known_unit(first), _known_unit(second)
    if one is None or two is None:
        return first.strip() == second.strip()
    return _dimension(one[1]) == _dimension(two[1])


def parse_quantity(text: str, unit: str | None = None) -> float:
    """The SI value of a number with a unit, such as '7.5mA', '100nm' or '0.8MJ/m3'.

    Parameters
    ----------
    text : str
        Number, then a unit; a number alone is taken as SI.
    unit : str, optional
        A unit of the quantity that is expected; its dimension is checked.

    Raises
    ------
    ValueError
        If there is no finite number, the unit is unknown, or its dimension is not that of ``unit``.
    """
    value, found = split_quantity(text)
    if unit is not None and found and not same_dimension(found, unit):
        example = _EXAMPLES.get(si_unit(unit)[1], f"a number in {unit or 'no unit'}")
        wanted = f"a quantity in {unit or 'no unit'} such as {example}"
        raise ValueError(f"'{in_brief(text)}' must be {wanted}, got unit '{found}'")
    return value


def split_quantity(text: str) -> tuple[float, str]:
    """SI value and SI unit of a quantity text; 'radius' style callers keep both ('50nm' -> 5e-08, 'm')."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError(f"'{in_brief(text)}' must start with a number, for example 5ps, 7.5mA or 0.8MJ/m3")
    known = _known_unit(match[2])
    if known is None:
        found = in_brief(match[2].strip())
        raise ValueError(f"'{in_brief(text)}' must end in a unit such as ps, mA, GHz, mT or MJ/m3, got '{found}'")
    value = _scaled(match[1], known[0])
    if not math.isfinite(value):
        raise ValueError(f"'{in_brief(text)}' must be a finite number, got {value}")
    return value, _compose(known[1])


def split_label(label: str) -> tuple[str, str]:
    """Name and unit text of a column label: 'Ku1.region100 (J/m3)' -> ('Ku1.region100', 'J/m3').

    Round, square and curly brackets at the end are read as the unit; a label without them has the unit ''. A bracket
    that follows without a space and holds no unit belongs to the name ('V(out)').
    """
    stripped = label.strip()
    match = _LABEL.fullmatch(stripped)
    if match is None:
        return stripped, ""
    unit = (match["a"] or match["b"] or match["c"] or "").strip()
    attached = stripped[len(match["name"])] != " "
    return (stripped, "") if attached and not is_unit(unit) and unit != "?" else (match["name"], unit)


def format_quantity(value: float, unit: str) -> str:
    """A value in SI as people write it: (0.0075, 'A') -> '7.5 mA'; compound units get no prefix: '8e+05 J/m3'."""
    if unit not in _SCALABLE or value == 0 or not math.isfinite(value):
        return f"{value:.4g} {unit}".strip()
    mantissa, exponent = f"{value:.5e}".split("e")
    power = 3 * (int(exponent) // 3)
    if power not in _ENGINEERING:
        return f"{value:.4g} {unit}"
    return f"{float(mantissa) * 10 ** (int(exponent) - power):.6g} {_ENGINEERING[power]}{unit}"


def in_brief(text: str, most: int = 80) -> str:
    """A text of any length and shape as a part of one line of a message."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _scaled(number: str, factor: float) -> float:
    """number * factor without a rounding error where the factor is a power of ten ('5ps' is exactly 5e-12)."""
    power = round(math.log10(factor))
    if math.isclose(factor, 10.0**power, rel_tol=1e-12):
        mantissa, _, exponent = number.lower().partition("e")
        return float(f"{mantissa}e{int(exponent or 0) + power}")
    return float(number) * factor


def _known_unit(text: str) -> tuple[float, dict[str, int]] | None:
    """Factor and powers of SI symbols, or None for a text that is not a unit."""
    plain = text.strip().translate(_SUPERSCRIPTS)
    if plain.lower() in _DIMENSIONLESS:
        return 1.0, {}
    factor, powers = 1.0, dict[str, int]()
    for position, part in enumerate(plain.replace("**", "^").split("/")):
        inner = part.strip().removeprefix("(").removesuffix(")") if position else part.strip()
        product = _product(inner)
        if product is None:
            return None
        sign = -1 if position else 1
        factor *= product[0] ** sign
        for symbol, power in product[1].items():
            powers[symbol] = powers.get(symbol, 0) + sign * power
    if not _SMALLEST < factor < 1 / _SMALLEST:
        return None
    return _rounded(factor), {symbol: power for symbol, power in powers.items() if power}


def _product(text: str) -> tuple[float, dict[str, int]] | None:
    """A product of unit powers such as 'kg m^2', without '/'."""
    factor, powers = 1.0, dict[str, int]()
    for piece in re.split(r"[*.\s]+", text):
        match = _FACTOR.fullmatch(piece)
        entry = _symbol(match[1]) if match else None
        if match is None or entry is None:
            return None
        exponent = int(match[2] or 1)
        if abs(exponent) > 9:
            return None
        factor *= entry[0] ** exponent
        for symbol, power in entry[1].items():
            powers[symbol] = powers.get(symbol, 0) + power * exponent
    return (factor, powers) if _SMALLEST < factor < 1 / _SMALLEST else None


def _symbol(symbol: str) -> tuple[float, Mapping[str, int]] | None:
    """One unit with or without a prefix; a whole unit wins over prefix + unit ('min', 'T', 'Pa')."""
    plain = _WORDS.get(symbol.lower(), symbol)
    if plain in _UNITS:
        return _UNITS[plain]
    prefix, unit = plain[:1], plain[1:]
    if prefix in _PREFIXES and unit in _UNITS and unit not in _UNPREFIXED:
        factor, powers = _UNITS[unit]
        return _PREFIXES[prefix] * factor, powers
    return None


def _rounded(factor: float) -> float:
    """A factor within rounding of a power of ten is that power (1e6 / 1e-4 is 1e10, not 9999999999.999998)."""
    power = float(f"1e{round(math.log10(factor))}")
    return power if math.isclose(factor, power, rel_tol=1e-12) else factor


def _compose(powers: Mapping[str, int]) -> str:
    """SI text of powers: {'J': 1, 'm': -3} -> 'J/m3'."""
    above = [symbol + (str(p) if p > 1 else "") for symbol, p in powers.items() if p > 0]
    below = ["/" + symbol + (str(-p) if p < -1 else "") for symbol, p in powers.items() if p < 0]
    return (" ".join(above) or ("1" if below else "")) + "".join(below)


def _dimension(powers: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sum(power * _BASE[symbol][axis] for symbol, power in powers.items()) for axis in range(6))
