"""Presets of the nbox device."""

from __future__ import annotations

from spinode.devices.presets import Preset

NBOX_PRESETS: tuple[Preset, ...] = ()
