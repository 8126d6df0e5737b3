"""What ``spinode speech`` is told: a corpus from a folder, and a device at its operating point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinode.cli.driving import is_named, named_or_learned, parse_constants, parse_node_time, parse_range

if TYPE_CHECKING:
    from spinode.reservoir import Reservoir
    from spinode.speech.corpus import Corpus

ENVELOPE = {"low": 4e-3, "high": 10e-3, "node_time": 100e-9}
"""7 mA and +-3 mA, 100 ns a node: Abreu Araujo et al., Sci. Rep. 10, 328 (2020), as quoted by a thesis."""


def read_corpus(folder: Path | None, kind: str, skip_damaged: bool) -> Corpus:
    """The corpus of a folder; without one the synthetic smoke test."""
    from spinode.speech.folder import Reading

    if folder is None:
        import numpy as np

        from spinode.speech.synthetic import synthetic_corpus

        return synthetic_corpus(np.random.default_rng(0))
    reading = Reading(skip_damaged=skip_damaged)
    if kind == "any":
        from spinode.speech.loading import load_corpus

        return load_corpus(folder, reading)
    if kind == "fsdd":
        from spinode.speech.fsdd import load_fsdd

        return load_fsdd(folder, reading)
    if kind == "ti46":
        from spinode.speech.ti46 import load_ti46

        return load_ti46(folder, reading)
    if kind == "speech-commands":
        from spinode.speech.speech_commands import load_speech_commands

        return load_speech_commands(folder, reading)
    raise ValueError(f"--corpus must be any, fsdd, ti46 or speech-commands, got '{kind}'")


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Text of the options about the device; ``reservoirs`` reads it."""

    name: str
    nodes: int
    settings: Sequence[str] = ()
    preset: str = ""
    channel: str = ""
    range_text: str = ""
    node_time: str = ""
    at: Sequence[str] = field(default_factory=tuple)
    noise: bool = False

    def reservoirs(self, seeds: int) -> list[Reservoir]:
        """One reservoir a mask seed; none for ``none``."""
        from spinode.reservoir import Reservoir

        if self.name == "none":
            return []
        device = named_or_learned(self.name, self.settings, self.preset, also="none")
        learned = not is_named(self.name)
        units = {channel.name: channel.unit for channel in device.inputs}
        driven = self.channel or (next(iter(units)) if len(units) == 1 else None)
        if driven is None and len(units) > 1:
            raise ValueError(f"--input must say which input of {device.name} is driven, got none of {', '.join(units)}")
        time = self._time(learned)
        others = parse_constants(self.at, {name: unit for name, unit in units.items() if name != driven})
        bounds = parse_range(self.range_text, units.get(driven or "", "")) if self.range_text else None
        given: dict[str, Any] = {"channel": driven, "bounds": bounds, "others": others}
        if self.name == "envelope" and not learned and bounds is None:
            given["bounds"] = ENVELOPE["low"], ENVELOPE["high"]
        elif not learned and bounds is None:
            raise ValueError(
                f"--range must give LOW:HIGH of the driven input of '{self.name}' ({_listed(units)}), got none"
            )
        return [
            Reservoir(device, nodes=self.nodes, node_time=time, noise=self.noise, seed=seed, **given)
            for seed in range(seeds)
        ]

    def _time(self, learned: bool) -> float | None:
        if self.node_time:
            return parse_node_time(self.node_time)
        return ENVELOPE["node_time"] if self.name == "envelope" and not learned else None


def _listed(units: Mapping[str, str]) -> str:
    return ", ".join(f"{name} [{unit}]" for name, unit in units.items())
