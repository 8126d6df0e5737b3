"""Fields of a device: the unit of each number is declared once, and read by traces, tables and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any

import numpy as np

from spinode.traces import Parameter


def si(unit: str, text: str, default: float) -> Any:
    """A dataclass field that holds a number in an SI unit ('' for a pure number)."""
    return field(default=default, metadata={"unit": unit, "text": text})


def parameters_of(device: object) -> dict[str, Parameter]:
    """The numbers declared with ``si``, by name, those of a wrapped device included; none where none are declared."""
    found: dict[str, Parameter] = {}
    for item in fields(device) if is_dataclass(device) else ():
        value = getattr(device, item.name)
        if "unit" in item.metadata:
            found[item.name] = Parameter(value=float(value), unit=item.metadata["unit"])
        elif is_dataclass(value):
            found.update(parameters_of(value))
        elif isinstance(value, Mapping):  # a learned device keeps them by name
            found.update({name: entry for name, entry in value.items() if isinstance(entry, Parameter)})
    return found


def derived_of(device: object) -> dict[str, Parameter]:
    """What follows from the parameters in closed form: the properties that a device lists in ``DERIVED``."""
    listed: dict[str, str] = getattr(device, "DERIVED", {})
    return {name: Parameter(value=float(getattr(device, name)), unit=unit) for name, unit in listed.items()}


def check_numbers(owner: object) -> None:
    """Turn every number declared with ``si`` into a finite float, or say which one is not."""
    for name, value in ((item.name, getattr(owner, item.name)) for item in fields(owner) if "unit" in item.metadata):  # type: ignore[arg-type]
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = np.nan
        if not np.isfinite(number):
            raise ValueError(f"{type(owner).__name__}.{name} must be a finite number, got {value!r}")
        object.__setattr__(owner, name, number)


def check_between(owner: object, low: float, high: float, *names: str) -> None:
    """Refuse a number outside (low, high)."""
    for name in names:
        value = getattr(owner, name)
        if not low < value < high:
            rule = f"above {low:g}" if np.isinf(high) else f"between {low:g} and {high:g}"
            raise ValueError(f"{type(owner).__name__}.{name} must be {rule}, got {value:g}")


def check_sign(owner: object, *names: str) -> None:
    """Refuse a number other than +1 and -1."""
    for name in names:
        value = getattr(owner, name)
        if value not in (1.0, -1.0):
            raise ValueError(f"{type(owner).__name__}.{name} must be +1 or -1, got {value:g}")


def check_not_negative(owner: object, *names: str) -> None:
    """Refuse a number below 0."""
    for name in names:
        value = getattr(owner, name)
        if value < 0:
            raise ValueError(f"{type(owner).__name__}.{name} must be 0 or above, got {value:g}")
