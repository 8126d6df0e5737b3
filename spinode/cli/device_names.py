"""Devices as the command line knows them: a name and settings in text."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinode.devices import Device

DEVICES = {
    "vortex": ("spinode.devices.vortex", "VortexOscillator"),
    "wall": ("spinode.devices.wall", "DomainWall"),
}
"""Module and class by name; imported when used, so that ``spinode --help`` stays quick."""


def make_device(name: str, settings: Sequence[str] = ()) -> Device:
    """A device from its name and settings such as ``radius=150nm``.

    Raises
    ------
    ValueError
        If the name or a parameter is not there (the closest ones are named), or a value breaks its rule or unit.
    """
    from dataclasses import fields

    from spinode.signals import missing_name
    from spinode.units import parse_quantity

    if name not in DEVICES:
        raise ValueError(missing_name("device", name, list(DEVICES)))
    module, kind = DEVICES[name]
    make = getattr(import_module(module), kind)
    units = {item.name: item.metadata["unit"] for item in fields(make) if "unit" in item.metadata}
    numbers: dict[str, float] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not (key and equals and text):
            raise ValueError(f"--set must be name=value, for example {next(iter(units))}=1, got '{setting}'")
        if key not in units:
            raise ValueError(missing_name(f"parameter of {name}", key, list(units)))
        if key in numbers:
            raise ValueError(f"--set {key} must be given once, got it twice")
        try:
            numbers[key] = parse_quantity(text, units[key])
        except ValueError as error:
            raise ValueError(f"--set {key}: {error}") from None
    device: Device = make(**numbers)
    return device


def describe_device(name: str, settings: Sequence[str] = ()) -> list[tuple[str, float, str]]:
    """Rows (name, value, unit) of a device: its parameters, then what follows from them in closed form."""
    from spinode.devices.fields import derived_of, parameters_of

    device = make_device(name, settings)
    known = {**parameters_of(device), **derived_of(device)}
    return [(key, parameter.value, parameter.unit) for key, parameter in known.items()]
