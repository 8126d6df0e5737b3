"""Presets of the vortex device."""

from __future__ import annotations

from spinode.devices.presets import Preset

VORTEX_PRESETS: tuple[Preset, ...] = ()
