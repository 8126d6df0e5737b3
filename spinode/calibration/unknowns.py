"""What is looked for: a static parameter, where it is searched, and the coordinate in which the search is done."""

from __future__ import annotations

import math
from dataclasses import dataclass

from spinode.signals import FloatArray

WIDE = 3.0
"""Ratio of the ends of a search range above which the coordinate is the logarithm: no scale is then forgotten."""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A static parameter that is looked for between ``low`` and ``high``.

    The search runs in q from -1 (low) to 1 (high): value = middle + q half, or its logarithm so where the range is
    positive and wide.

    Parameters
    ----------
    name : str
    unit : str
        SI unit, '' for a pure number.
    low, high : float
        Search range [unit].
    trained : (float, float), optional
        Range that a surrogate has seen [unit]; the search reaches a little beyond.

    Raises
    ------
    ValueError
        If the range is empty or not finite.
    """

    name: str
    unit: str
    low: float
    high: float
    trained: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"search range of '{self.name}' must be low < high, got {self.low:g} to {self.high:g}"
                f" {self.unit}".rstrip()
            )

    @property
    def logarithmic(self) -> bool:
        """Whether q is the logarithm of the value."""
        return self.low > 0 and self.high > WIDE * self.low

    def value(self, q: float) -> float:
        """The parameter [unit] at q."""
        if self.logarithmic:
            return math.exp(math.log(self.low) * (1 - q) / 2 + math.log(self.high) * (1 + q) / 2)
        return self.low * (1 - q) / 2 + self.high * (1 + q) / 2

    def coordinate(self, value: float) -> float:
        """q of a parameter [unit]."""
        if self.logarithmic:
            return 2 * math.log(value / self.low) / math.log(self.high / self.low) - 1
        return 2 * (value - self.low) / (self.high - self.low) - 1

    def slope(self, q: float) -> float:
        """d value / d q [unit]."""
        if self.logarithmic:
            return self.value(q) * math.log(self.high / self.low) / 2
        return (self.high - self.low) / 2


def values_at(unknowns: tuple[Unknown, ...], q: FloatArray) -> dict[str, float]:
    """Every unknown by name at a point of the search."""
    return {unknown.name: unknown.value(float(place)) for unknown, place in zip(unknowns, q, strict=True)}
