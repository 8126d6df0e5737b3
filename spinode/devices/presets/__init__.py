"""Published parameter sets by author and year: every number with its source, or the word ``assumed``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spinode.signals import missing_name

ASSUMED = "assumed"
"""First word of the source of a number that was not found in print."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sourced:
    """A number [SI unit of the device's field] and where it comes from: paper and place, or ``assumed`` and why."""

    value: float
    source: str

    @property
    def assumed(self) -> bool:
        return self.source.startswith(ASSUMED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """Numbers for every parameter of a device, as one publication describes it.

    Parameters
    ----------
    name : str
        Author and year: ``guslienko_2014``.
    device : str
        Name of the device on the command line.
    text : str
        What it is, in one line.
    values : mapping
        ``Sourced`` number by parameter; every parameter of the device is there, no default is left unsaid.
    """

    name: str
    device: str
    text: str
    values: Mapping[str, Sourced]

    @property
    def numbers(self) -> dict[str, float]:
        """Values by parameter, for the device's constructor."""
        return {name: entry.value for name, entry in self.values.items()}

    @property
    def assumed(self) -> tuple[str, ...]:
        """Parameters whose numbers were not found in print."""
        return tuple(name for name, entry in self.values.items() if entry.assumed)


def presets() -> dict[str, Preset]:
    """All presets by name."""
    from spinode.devices.presets.auto_oscillator import AUTO_OSCILLATOR_PRESETS
    from spinode.devices.presets.envelope import ENVELOPE_PRESETS
    from spinode.devices.presets.nbox import NBOX_PRESETS
    from spinode.devices.presets.vortex import VORTEX_PRESETS
    from spinode.devices.presets.wall import WALL_PRESETS

    every = (*VORTEX_PRESETS, *AUTO_OSCILLATOR_PRESETS, *ENVELOPE_PRESETS, *WALL_PRESETS, *NBOX_PRESETS)
    return {preset.name: preset for preset in every}


def find_preset(name: str, device: str) -> Preset:
    """The preset of that name for that device.

    Raises
    ------
    ValueError
        If there is none; the closest names are given.
    """
    mine = {key: preset for key, preset in presets().items() if preset.device == device}
    if name not in mine:
        raise ValueError(missing_name(f"preset of {device}", name, list(mine)))
    return mine[name]
