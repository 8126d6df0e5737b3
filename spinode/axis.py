"""Words, SI prefixes, limits and decibels along the axes of a figure."""

from __future__ import annotations

import math

import numpy as np

from spinode.signals import Channel, FloatArray

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def largest_prefix(largest: float) -> tuple[float, str]:
    """Factor and SI prefix that bring the largest value to between 1 and 1000."""
    power = 3 * math.floor(math.log10(largest) / 3) if largest > 0 else 0
    power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**-power, _PREFIXES[power]


def label_text(channel: Channel) -> str:
    """Name and unit of a channel as text of an axis."""
    return f"{plain_text(channel.name)} ({plain_text(channel.unit)})" if channel.unit else plain_text(channel.name)


def plain_text(text: str) -> str:
    """Text in which matplotlib sees no mathematics and no hidden line."""
    return text.replace("$", r"\$").lstrip("_") or "-"


def limits_around(values: FloatArray) -> tuple[float, float]:
    """Vertical limits around the truth, so that a diverging model does not flatten it."""
    low, high = float(values.min()), float(values.max())
    margin = 0.25 * (high - low) or 0.5 * abs(high) or 0.5
    return low - margin, high + margin


def decibel(ratio: FloatArray) -> FloatArray:
    """10 log10, with a floor far below every limit of an axis."""
    return np.asarray(10.0 * np.log10(np.maximum(ratio, 1e-30)))
