"""What varies in a sweep, from text: ``radius=150nm,250nm`` or ``current=2mA:8mA:13``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from spinode.units import same_dimension, split_quantity

NAME = r"[A-Za-z][\w-]*"
"""Of an axis, and of a place for its value in a command: ``{NAME}``."""
MOST_VALUES = 1_000_000
"""Of one axis."""
_SPACINGS = ("linear", "log")


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """One thing that varies.

    Parameters
    ----------
    name : str
    texts : tuple of str
        Its values as the command reads them.
    values : tuple of float, or None
        The same in SI; None where a value is no number.
    unit : str
        SI unit of ``values``.
    """

    name: str
    texts: tuple[str, ...]
    values: tuple[float, ...] | None
    unit: str


def parse_axis(text: str) -> Axis:
    """The axis that a text describes.

    ``NAME=A,B,...`` lists values, which may be words; commas inside brackets divide nothing, and values that hold
    commas of their own are divided by ``|`` instead. ``NAME=A:B:N`` is N values from A to B, both included, and
    ``NAME=A:B:N:log`` the same in equal ratios.

    Raises
    ------
    ValueError
        If the text has another form, a range is not one of two quantities in one unit with N >= 2, or a value is
        listed twice.
    """
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not (re.fullmatch(NAME, name) and equals and rest):
        raise ValueError(f"--over must be NAME=A,B,... or NAME=A:B:N, for example current=2mA:8mA:13, got '{text}'")
    parts = rest.split(":")
    if len(parts) in (3, 4) and all(_quantity(part) for part in parts[:2]):
        return _range(name, rest, parts)
    texts = tuple(part.strip() for part in _divided(rest))
    if not all(texts):
        raise ValueError(f"--over {name} must have a value between its commas, got '{rest}'")
    if len(set(texts)) < len(texts):
        twice = next(each for each in texts if texts.count(each) > 1)
        raise ValueError(f"--over {name} must list each value once, got '{twice}' twice; --draws repeats rows")
    return _listed(name, texts)


def _range(name: str, text: str, parts: list[str]) -> Axis:
    spacing = parts[3].strip() if len(parts) == 4 else "linear"
    count = parts[2].strip()
    if not re.fullmatch(r"\d{1,9}", count) or not 2 <= int(count) <= MOST_VALUES or spacing not in _SPACINGS:
        raise ValueError(f"--over {name} must be A:B:N with N from 2 to {MOST_VALUES}, or A:B:N:log, got '{text}'")
    (first, unit), (last, other) = split_quantity(parts[0].strip()), split_quantity(parts[1].strip())
    if not same_dimension(unit, other) or unit != other:
        raise ValueError(f"--over {name} must go from A to B in one unit, got '{unit}' and '{other}' of '{text}'")
    if first == last or (spacing == "log" and not first * last > 0):
        rule = "different" if first == last else "of one sign for equal ratios"
        raise ValueError(f"--over {name} must have ends that are {rule}, got '{text}'")
    make = np.geomspace if spacing == "log" else np.linspace
    values = tuple(float(f"{value:.15g}") for value in make(first, last, int(count)))  # 0.0025, not 0.00249999...
    return Axis(name=name, texts=tuple(f"{_plain(value)}{unit}" for value in values), values=values, unit=unit)


def _listed(name: str, texts: tuple[str, ...]) -> Axis:
    found = [_quantity(text) for text in texts]
    units = {each[1] for each in found if each is not None}
    if None in found or len(units) != 1:
        return Axis(name=name, texts=texts, values=None, unit="")
    values = tuple(each[0] for each in found if each is not None)
    return Axis(name=name, texts=texts, values=values, unit=units.pop())


def _quantity(text: str) -> tuple[float, str] | None:
    try:
        return split_quantity(text.strip())
    except ValueError:
        return None


def _plain(value: float) -> str:
    """A number as an option of whole numbers reads it, too: 50 and not 50.0."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"


def _divided(text: str) -> list[str]:
    """Parts between commas outside brackets; between bars where there is one."""
    if "|" in text:
        return text.split("|")
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
