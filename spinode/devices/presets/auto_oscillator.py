"""Presets of the auto_oscillator device."""

from __future__ import annotations

from spinode.devices.presets import Preset

AUTO_OSCILLATOR_PRESETS: tuple[Preset, ...] = ()
