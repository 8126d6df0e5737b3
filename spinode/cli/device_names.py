"""Devices as the command line knows them: a name, a preset and settings in text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinode.devices import Device
    from spinode.devices.datasheet import Datasheet

DEVICES = {
    "vortex": ("spinode.devices.vortex", "VortexOscillator"),
    "auto-oscillator": ("spinode.devices.auto_oscillator", "AutoOscillator"),
    "envelope": ("spinode.devices.envelope", "EnvelopeOscillator"),
    "wall": ("spinode.devices.wall", "DomainWall"),
    "nbox": ("spinode.devices.nbox", "NbOxNeuron"),
}
"""Module and class by name; imported when used, so that ``spinode --help`` stays quick."""
MOST_MEMBERS = 1_000_000
"""Largest ensemble that one command makes."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """A device, the operating point it was asked about, and its datasheet there (None for a device without one)."""

    device: Device
    operating: Mapping[str, float]
    units: Mapping[str, str]
    datasheet: Datasheet | None


def make_device(name: str, settings: Sequence[str] = (), preset: str = "") -> Device:
    """A device from its name, a preset and settings such as ``radius=150nm``.

    Raises
    ------
    ValueError
        If the name, the preset or a parameter is not there (the closest ones are named), or a value breaks its rule or
        unit, or there is more than one value of a parameter.
    """
    members = make_members(name, settings, preset)
    if len(members) > 1:
        raise ValueError(f"--set must give one value of each parameter here, got {len(members)} combinations")
    return members[0]


def make_members(name: str, settings: Sequence[str] = (), preset: str = "", repeats: int = 1) -> list[Device]:
    """Devices for every combination of the values in settings (``radius=100nm,110nm``), each ``repeats`` times."""
    make = _device_class(name)
    units = _units(make)
    values = parse_settings(settings, name, units)
    count = repeats
    for numbers in values.values():
        count *= len(numbers)
    if count > MOST_MEMBERS:
        raise ValueError(f"--set and --repeats must give at most {MOST_MEMBERS} members, got {count}")
    base = _preset_numbers(preset, name)
    kinds = [make(**{**base, **dict(zip(values, chosen, strict=True))}) for chosen in product(*values.values())]
    return [kind for kind in kinds for _ in range(repeats)]


def describe_device(name: str, settings: Sequence[str] = (), preset: str = "") -> Described:
    """A device and its datasheet; settings may name parameters and values of its operating point, ``current=5mA``."""
    make = _device_class(name)
    operating_units: dict[str, str] = getattr(make, "OPERATING", {})
    units = _units(make)
    values = parse_settings(settings, name, {**units, **operating_units})
    for key, numbers in values.items():
        if len(numbers) > 1:
            raise ValueError(f"--set {key} must be one value here, got {len(numbers)}")
    chosen = {key: numbers[0] for key, numbers in values.items()}
    device: Any = make(**{**_preset_numbers(preset, name), **{key: chosen[key] for key in chosen if key in units}})
    operating = {key: chosen[key] for key in chosen if key in operating_units}
    datasheet = device.datasheet(**operating) if operating_units else None
    return Described(device=device, operating=operating, units=operating_units, datasheet=datasheet)


def preset_names(name: str) -> list[tuple[str, str]]:
    """(name, one line) of each preset of a device."""
    from spinode.devices.presets import presets

    return [(preset.name, preset.text) for preset in presets().values() if preset.device == name]


def _device_class(name: str) -> Any:
    from spinode.signals import missing_name

    if name not in DEVICES:
        raise ValueError(missing_name("device", name, list(DEVICES)))
    module, kind = DEVICES[name]
    return getattr(import_module(module), kind)


def _units(make: Any) -> dict[str, str]:
    from dataclasses import fields

    return {item.name: item.metadata["unit"] for item in fields(make) if "unit" in item.metadata}


def _preset_numbers(preset: str, name: str) -> dict[str, float]:
    if not preset:
        return {}
    from spinode.devices.presets import find_preset

    return find_preset(preset, name).numbers


def parse_settings(settings: Sequence[str], name: str, units: Mapping[str, str]) -> dict[str, list[float]]:
    """Values by parameter, as many as the text lists."""
    from spinode.signals import missing_name
    from spinode.units import parse_quantity

    values: dict[str, list[float]] = {}
    for setting in settings:
        key, equals, text = (part.strip() for part in setting.partition("="))
        if not (key and equals and text):
            raise ValueError(f"--set must be name=value, for example {next(iter(units))}=1, got '{setting}'")
        if key not in units:
            raise ValueError(missing_name(f"parameter of {name}", key, list(units)))
        if key in values:
            raise ValueError(f"--set {key} must be given once, got it twice")
        try:
            values[key] = [parse_quantity(part.strip(), units[key]) for part in text.split(",")]
        except ValueError as error:
            raise ValueError(f"--set {key}: {error}") from None
    return values
