"""Presets: every parameter is there with a source or the word ``assumed``, and the assumed ones are known by name."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spinode.cli.device_names import DEVICES
from spinode.devices.presets import Preset, find_preset, presets

PRESETS = list(presets().values())
SOURCE = re.compile(r"assumed\b.|.*(\b(19|20)\d\d\b|arXiv|Zenodo|mumax/3|public code|[Dd]erived|by definition)")
"""A source names a paper by year or archive, says what it was derived from, or says that it is assumed and why."""


def device_of(preset: Preset) -> Any:
    module, kind = DEVICES[preset.device]
    return getattr(import_module(module), kind)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_names_a_source_for_every_parameter_and_makes_its_device(preset: Preset) -> None:
    kind = device_of(preset)
    assert set(preset.values) == {item.name for item in fields(kind) if "unit" in item.metadata}
    without = [name for name, entry in preset.values.items() if not SOURCE.match(entry.source)]
    assert without == []
    device = kind(**preset.numbers)
    assert device.datasheet().verdict.endswith(".")


def test_presets_are_named_once() -> None:
    assert len(PRESETS) == len({preset.name for preset in PRESETS}) >= 8


def test_the_assumed_numbers_are_those_of_the_list() -> None:
    """The list is for people: what no paper at hand backs. A change of a source shows up in it."""
    listed = [f"{preset.name}: {', '.join(sorted(preset.assumed))}" for preset in PRESETS]
    assert (Path(__file__).parent / "data" / "assumed_presets.txt").read_text().splitlines() == listed


def test_a_preset_that_is_not_there_is_named_with_the_closest() -> None:
    with pytest.raises(ValueError, match="preset of vortex 'guslienko' is not there; closest: guslienko_2014"):
        find_preset("guslienko", "vortex")
