"""How a device is named and driven on the command line: ``--device``, ``--set``, ``--range``, ``--at`` and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spinode.cli.device_names import DEVICES, make_device

if TYPE_CHECKING:
    from spinode.devices import Device
    from spinode.surrogate import Surrogate


def is_named(name: str) -> bool:
    """Whether ``--device`` names an analytic device; a surrogate file of that name wins over it."""
    return name in DEVICES and not Path(name).exists()


def named_or_learned(name: str, settings: Sequence[str], preset: str, also: str = "") -> Device | Surrogate:
    """The device of a name with its settings, or the surrogate of a file.

    Parameters
    ----------
    name : str
        Of a device, or path of a surrogate file.
    settings : sequence of str
        ``name=value`` words of ``--set``; of a named device only.
    preset : str
        Published parameter set of a named device; none if empty.
    also : str
        What else the option takes, for the message, such as ``none``.

    Raises
    ------
    ValueError
        If there is no such device or file, or a setting is not for it.
    """
    if is_named(name):
        return make_device(name, settings, preset)
    given = "--set" if settings else "--preset" if preset else ""
    if given:
        raise ValueError(f"{given} goes with the name of a device ({', '.join(DEVICES)}), got '{name}'")
    if not Path(name).exists():
        choices = ", ".join(filter(None, (also, "a surrogate file")))
        raise ValueError(f"--device must be {choices} or one of {', '.join(DEVICES)}, got '{name}'")
    from spinode.surrogate import load_surrogate

    return load_surrogate(name)


def parse_range(text: str, unit: str) -> tuple[float, float]:
    """Two values of ``--range LOW:HIGH`` in SI.

    Raises
    ------
    ValueError
        If there are not two, a unit is another one, or LOW is not below HIGH.
    """
    from spinode.units import parse_quantity

    low, colon, high = (part.strip() for part in text.partition(":"))
    if not (low and colon and high):
        raise ValueError(f"--range must be LOW:HIGH, got '{text}'")
    try:
        bounds = parse_quantity(low, unit), parse_quantity(high, unit)
    except ValueError as error:
        raise ValueError(f"--range: {error}") from None
    if not bounds[0] < bounds[1]:
        raise ValueError(f"--range must be LOW:HIGH with LOW below HIGH, got '{text}'")
    return bounds


def parse_constants(words: Sequence[str], units: Mapping[str, str]) -> dict[str, float]:
    """Values in SI of ``--at name=value`` words, by name.

    Parameters
    ----------
    words : sequence of str
        What ``--at`` was given, once each.
    units : mapping of str to str
        Unit of each input that may be held.

    Raises
    ------
    ValueError
        If a word is not name=value, an input is not there or comes twice, or a unit is another one.
    """
    from spinode.signals import missing_name
    from spinode.units import parse_quantity

    found: dict[str, float] = {}
    for each in words:
        key, equals, text = (part.strip() for part in each.partition("="))
        if not (key and equals and text):
            raise ValueError(f"--at must be name=value, got '{each}'")
        if key not in units:
            raise ValueError(f"--at: {missing_name('other input', key, list(units))}")
        if key in found:
            raise ValueError(f"--at {key} must be given once, got it twice")
        try:
            found[key] = parse_quantity(text, units[key])
        except ValueError as error:
            raise ValueError(f"--at {key}: {error}") from None
    return found


def parse_node_time(text: str) -> float:
    """Seconds of ``--node-time``.

    Raises
    ------
    ValueError
        If it is not a time above 0.
    """
    from spinode.units import parse_quantity

    try:
        seconds = parse_quantity(text, "s")
    except ValueError as error:
        raise ValueError(f"--node-time: {error}") from None
    if seconds <= 0:
        raise ValueError(f"--node-time must be above 0, got '{text}'")
    return seconds
