"""Uniformly sampled signals with named channels: what drives a device and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinode.units import in_brief

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """One named column of a signal.

    Parameters
    ----------
    name : str
        Name as the user knows it, for example ``Ku1.region100``.
    unit : str
        SI unit of the stored values; empty for a dimensionless channel.
    hold : bool
        True: sample i is the value on the whole interval [t_i, t_(i+1)), so a jump is never blurred.
        False: the channel is smooth and is interpolated by cubics between samples.

    Raises
    ------
    ValueError
        If the name is empty.
    """

    name: str
    unit: str = ""
    hold: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("Channel.name must not be empty, got ''")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """Uniform samples s_i = s(start + i dt) of one or more channels.

    Parameters
    ----------
    values : array, shape (T, C)
        Samples in the SI unit of each channel; finite.
    dt : float
        Sample interval [s], > 0.
    channels : sequence of Channel, length C
        Distinct names.
    start : float
        Time of the first sample [s].

    Raises
    ------
    ValueError
        If a shape, a time or a value breaks the rules above.
    """

    values: FloatArray
    dt: float
    channels: tuple[Channel, ...]
    start: float = 0.0
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64, order="C", copy=True)
        channels = tuple(self.channels)
        if values.ndim != 2:
            raise ValueError(f"Signal.values must have shape (T, C), got {values.shape}")
        if values.shape[1] != len(channels):
            raise ValueError(f"Signal.values must have one column a channel ({len(channels)}), got {values.shape[1]}")
        if not (np.isfinite(self.dt) and self.dt > 0):
            raise ValueError(f"Signal.dt must be a positive number of seconds, got {self.dt}")
        if not np.isfinite(self.start):
            raise ValueError(f"Signal.start must be a finite number of seconds, got {self.start}")
        index = {channel.name: number for number, channel in enumerate(channels)}
        if len(index) != len(channels):
            raise ValueError(
                f"Signal.channels must have distinct names, got {in_brief(repr([c.name for c in channels]), 400)}"
            )
        bad = ~np.isfinite(values)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise ValueError(
                f"Signal.values must be finite, got {values[row, column]} in channel"
                f" '{in_brief(channels[column].name)}' at sample {row} ({int(bad.sum())} such values)"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "_index", index)

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def time(self) -> FloatArray:
        """Sample times start + i dt [s], shape (T,)."""
        return np.asarray(self.start + np.arange(len(self)) * self.dt, dtype=np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """Channel names in column order."""
        return tuple(channel.name for channel in self.channels)

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Which channels are held between samples, shape (C,)."""
        return np.array([channel.hold for channel in self.channels], dtype=np.bool_)

    def column(self, name: str) -> FloatArray:
        """Samples of one channel, shape (T,); a name that is not there is answered with the closest ones."""
        return self.values[:, self._position(name)]

    def select(self, names: Sequence[str]) -> Signal:
        """The channels of these names, in this order."""
        columns = [self._position(name) for name in names]
        return replace(self, values=self.values[:, columns], channels=tuple(self.channels[c] for c in columns))

    def samples(self, first: int, last: int) -> Signal:
        """Samples first, ..., last - 1 with their own start time; 0 <= first < last <= T."""
        if not 0 <= first < last <= len(self):
            raise ValueError(f"samples must satisfy 0 <= first < last <= {len(self)}, got {first}:{last}")
        return replace(self, values=self.values[first:last], start=self.start + first * self.dt)

    def _position(self, name: str) -> int:
        if name not in self._index:
            raise ValueError(missing_name("channel", name, self.names))
        return self._index[name]


def missing_name(kind: str, name: str, known: Sequence[str]) -> str:
    """One line for a name that is not there: the closest known names, or all of them."""
    close = get_close_matches(name[:80], known, n=3, cutoff=0.4)
    others = in_brief(", ".join(close or known), 400)
    return f"{kind} '{in_brief(name)}' is not there; {'closest' if close else 'known'}: {others or 'none'}"


STAGES = (0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0)
"""Where inside a step the Runge-Kutta 3/8 rule looks at the drive (Kutta 1901; the rule torchdiffeq calls rk4)."""


def stage_values(
    signal: Signal, first: int, steps: int, substeps: int = 1, stages: tuple[float, ...] = (0.0, 0.5, 1.0)
) -> FloatArray:
    """Drive at the given fractions of each solver step, by default its start, middle and end.

    Smooth channels: the cubic through the four nearest samples (lower order at the ends of the record); held
    channels: the sample itself on the whole interval. Derived here; fourth order in dt, as the Runge-Kutta step needs.

    Parameters
    ----------
    signal : Signal
        Drive with C channels.
    first : int
        Sample at which the first step begins.
    steps : int
        Number of solver steps; ``first * substeps + steps <= (T - 1) * substeps``.
    substeps : int
        Solver steps a sample, >= 1.
    stages : tuple of float
        Fractions of a step, each in [0, 1].

    Returns
    -------
    array, shape (steps, len(stages), C)
    """
    available = (len(signal) - 1 - first) * substeps
    if substeps < 1 or steps < 0 or first < 0 or steps > available:
        raise ValueError(f"stage_values needs 0 <= steps <= {available} and substeps >= 1, got {steps} and {substeps}")
    number = np.arange(steps)
    sample = first + number // substeps
    offset = (number % substeps) / substeps
    result = np.empty((steps, len(stages), len(signal.channels)))
    for stage, fraction in enumerate(stages):
        result[:, stage] = _interpolate(signal.values, sample, offset + fraction / substeps)
    held = signal.holds
    if held.any():
        result[:, :, held] = signal.values[sample][:, None, held]
    return result


def _interpolate(values: FloatArray, sample: NDArray[np.int64], offset: FloatArray) -> FloatArray:
    """Lagrange cubic at sample + offset through the four nearest samples, shape (len(sample), C)."""
    count = min(4, len(values))
    base = np.clip(sample - 1, 0, len(values) - count)
    position = sample - base + offset
    result = np.zeros((len(sample), values.shape[1]))
    for node in range(count):
        weight = np.ones(len(sample))
        for other in range(count):
            if other != node:
                weight *= (position - other) / (node - other)
        result += weight[:, None] * values[base + node]
    return result


def signal_of(values: ArrayLike, dt: float, *channels: Channel, start: float = 0.0) -> Signal:
    """A Signal from anything array-like; a one-dimensional array becomes one column."""
    array = np.asarray(values, dtype=np.float64)
    return Signal(values=array[:, None] if array.ndim == 1 else array, dt=dt, channels=channels, start=start)
