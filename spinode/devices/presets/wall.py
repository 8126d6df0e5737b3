"""Presets of the wall device."""

from __future__ import annotations

from spinode.devices.presets import Preset

WALL_PRESETS: tuple[Preset, ...] = ()
