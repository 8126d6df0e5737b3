"""Specifications as text: TOML in and out, and ``name=value`` settings."""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from spinode.design.array import ArrayDesign
from spinode.design.drawing import UNITS
from spinode.design.spec import BIASES, DesignSpec, units_of, wishes_of
from spinode.devices.fields import parameters_of
from spinode.devices.vortex import VortexOscillator
from spinode.signals import missing_name
from spinode.units import format_quantity, in_brief, parse_quantity

WHOLE = ("number", "draws")
GIVEN = ("radius", "thickness")
"""Parameters of the device that the design finds."""


def read_toml(text: str, owner: str) -> dict[str, object]:
    """Values of a specification file: numbers in SI or text with a unit, the device's in a table ``device`` or beside.

    Raises
    ------
    ValueError
        If it is not TOML, or has another table.
    """
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, and lists in lists in lists
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{owner} must be TOML such as 'spacing = \"1MHz\"', got: {reason}") from None
    device = found.pop("device", {})
    for name, value in found.items():
        if isinstance(value, dict | list):
            raise ValueError(f"{owner}: '{name[:40]}' must be a number or text such as '100nm', got a table or a list")
    if not isinstance(device, dict):
        raise ValueError(f"{owner}: 'device' must be a table of the material's parameters, got {_shown(device)}")
    return {**found, **device}


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Values of ``name=value`` words; the last one of a name counts."""
    values: dict[str, object] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not (name and equals and text):
            raise ValueError(f"--set must be name=value, for example spacing=1MHz, got '{in_brief(setting)}'")
        values[name] = text
    return values


def make_spec(values: Mapping[str, object], base: DesignSpec | None = None) -> DesignSpec:
    """A specification from values by name, those of the material and stack included.

    Parameters
    ----------
    values : mapping
        Numbers in SI, or text with a unit; the text ``none`` takes a wish back.
    base : DesignSpec, optional
        What is not named; the defaults where left out.

    Raises
    ------
    ValueError
        If a name is not known (the closest ones are named), or a value breaks its rule or unit.
    """
    base = base or DesignSpec()
    known, device_units = _known(), _device_units()
    mine: dict[str, Any] = {}
    device: dict[str, float] = {}
    for name, value in values.items():
        if name in GIVEN:
            raise ValueError(f"'{name}' is found by the design; try smallest_{name} and largest_{name}")
        if name in known:
            mine[name] = _value(name, value, known[name])
        elif name in device_units:
            device[name] = _number(name, value, device_units[name])
        else:
            raise ValueError(missing_name("design parameter", name, [*known, *device_units]))
    return replace(base, **mine, device=replace(base.device, **device))


def spec_to_toml(spec: DesignSpec) -> str:
    """The whole specification, such that ``read_toml`` and ``make_spec`` give it again."""
    lines = ["# spinode design --spec THIS_FILE"]
    known = _known()
    for item in fields(spec):
        value = getattr(spec, item.name)
        if item.name == "device" or value is None:
            continue
        lines.append(f"{item.name} = {_toml(value, known[item.name])}")
    lines += ["", "[device]"]
    units = _device_units()
    lines += [f"{name} = {_toml(getattr(spec.device, name), unit)}" for name, unit in units.items()]
    return "\n".join(lines) + "\n"


def oscillators_to_csv(design: ArrayDesign) -> str:
    """One line an oscillator, from the lowest frequency up; names and SI units above, a missing trim is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["number", *(f"{name} ({unit})" if unit else name for name, unit in UNITS.items())])
    for number, oscillator in enumerate(design.oscillators):
        numbers = [getattr(oscillator, name) for name in UNITS]
        writer.writerow([number, *("" if value != value else repr(float(value)) for value in numbers)])
    return out.getvalue()


def record(design: ArrayDesign) -> dict[str, object]:
    """The design as plain values for JSON: rows, oscillators, limits and verdict, in SI."""
    return {
        "rows": [
            {"name": r.name, "value": r.value, "unit": r.unit, "formula": r.formula, "source": r.source}
            for r in design.rows
        ],
        "oscillators": [{name: getattr(each, name) for name in UNITS} for each in design.oscillators],
        "limits": [{"name": e.name, "value": e.value, "unit": e.unit, "at": e.at} for e in design.limits],
        "verdict": design.verdict,
    }


def _known() -> dict[str, str]:
    """Unit by name of what a spec holds itself."""
    return {**units_of(DesignSpec), **wishes_of(DesignSpec), "bias": "", "draws": ""}


def _device_units() -> dict[str, str]:
    found = parameters_of(VortexOscillator())
    return {name: parameter.unit for name, parameter in found.items() if name not in GIVEN}


def _value(name: str, value: object, unit: str) -> object:
    if name == "bias":
        if value not in BIASES:
            raise ValueError(f"bias must be individual or series, got {_shown(value)}")
        return value
    if name in wishes_of(DesignSpec) and isinstance(value, str) and value.strip().lower() == "none":
        return None
    number = _number(name, value, unit)
    if name not in WHOLE:
        return number
    if not number.is_integer():
        raise ValueError(f"{name} must be a whole number, got {number:g}")
    return int(number)


def _number(name: str, value: object, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} must be a number or text such as '{_example(unit)}', got {_shown(value)}")
    try:
        number = parse_quantity(value, unit) if isinstance(value, str) else float(value)
    except OverflowError:
        number = math.inf
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {_shown(value)}")
    return number


def _shown(value: object) -> str:
    """A value in a message, not longer than a line."""
    return in_brief(repr(value))


def _example(unit: str) -> str:
    return f"1 {unit}".strip()


def _toml(value: object, unit: str) -> str:
    """A number as text with its unit, exact: the short form where it reads back as the same number."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int):
        return str(value)
    assert isinstance(value, float)
    if not unit:
        return repr(value)
    short = format_quantity(value, unit)
    return f'"{short}"' if parse_quantity(short, unit) == value else f'"{value!r} {unit}"'
