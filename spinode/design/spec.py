"""What an array must do and what its makers can do: the input of the calculator."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from spinode.devices.fields import check_between, check_not_negative, check_numbers, si
from spinode.devices.vortex import VortexOscillator
from spinode.units import format_quantity

BIASES = ("individual", "series")
SENSITIVITY = 4e10
"""Locking half-width over rf field [Hz/T] where nothing else is asked: 0.4 MHz in 10 uT, two fit into 1 MHz."""
HALF_WIDTH = 0.4e6
"""Locking half-width [Hz] where neither it nor the rf field is asked."""
MOST_OSCILLATORS = 10_000
"""Largest array that is designed."""


def wish(unit: str, text: str) -> Any:
    """A field that holds a number in an SI unit, or None where it follows from the others."""
    return field(default=None, metadata={"wished": unit, "text": text})


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignSpec:
    """Material and stack, limits of the process, and what is wanted of an array of vortex oscillators.

    Two of supercriticality zeta, rf field b and locking half-width h fix the third, since
    h = gamma b/(12 pi s) sqrt(1 + nu^2) and s, nu follow from zeta (Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875
    (2009), with half of the field's force turning with the core). With b and h every pillar gets the current at which
    its h is the wanted one. With zeta all pillars get the same zeta: equal sensitivity as far as d0, through ln R, and
    the Oersted field's part of nu are equal. Where h or b is left out, h = (40 kHz/uT) b; where both are, h = 0.4 MHz.

    Parameters
    ----------
    device : VortexOscillator
        Material and stack; its radius and thickness are not used.
    smallest_radius, largest_radius : float
        Pillars that can be made, R [m].
    smallest_thickness, largest_thickness : float
        Free layers that can be grown, L [m]; equal for one film. Individually biased pillars take the one thickness of
        this range that gives most oscillators; a series chain lets it vary along the chain (a wedge).
    lithography_step : float
        Grid of the radius [m].
    radius_spread, thickness_spread : float
        Standard deviations [m] of what is made, independent from pillar to pillar.
    smallest_current, largest_current : float
        Of a pillar, or of the chain [A].
    current_trim : float
        Largest change of a pillar's current, a part of it, after the array is made; individual bias only.
    field_trim : float
        Largest perpendicular field [T] at a pillar for trimming.
    supercriticality, rf_field, locking_half_width : float, optional
        I/Ith; amplitude of the linearly polarised in-plane field [T]; half of the range [Hz] that follows it.
    lowest_frequency, highest_frequency : float, optional
        Ends of the comb [Hz]; as far as the limits allow where left out.
    spacing : float, optional
        Of neighbours [Hz]; touching locking bands where neither it nor ``number`` is given.
    number : int, optional
        Of oscillators; as many as fit where left out.
    bias : str
        ``individual`` or ``series``.
    chain_current : float, optional
        Of the series chain [A]; the one that gives the widest comb where left out.
    gap : float
        Smallest distance between the edges of two pillars [m], assumed.
    isolation : float
        Part of the spacing that the dipolar locking range of two neighbours may take, assumed.
    antenna_width, antenna_impedance : float
        Strip line above the array that makes the rf field [m, Ohm], assumed.
    draws : int
        Arrays of the Monte Carlo.

    Raises
    ------
    ValueError
        If a number breaks its rule, or three of the three linked wishes are given.
    """

    device: VortexOscillator = field(default_factory=VortexOscillator)
    smallest_radius: float = si("m", "smallest radius that can be made", 75e-9)
    largest_radius: float = si("m", "largest radius that can be made", 150e-9)
    smallest_thickness: float = si("m", "thinnest free layer", 10e-9)
    largest_thickness: float = si("m", "thickest free layer", 10e-9)
    lithography_step: float = si("m", "grid of the radius", 1e-9)
    radius_spread: float = si("m", "standard deviation of the radius", 0.5e-9)
    thickness_spread: float = si("m", "standard deviation of the thickness", 0.02e-9)
    smallest_current: float = si("A", "smallest current", 0.0)
    largest_current: float = si("A", "largest current", 20e-3)
    current_trim: float = si("", "largest relative change of a current", 0.1)
    field_trim: float = si("T", "largest perpendicular trim field", 50e-3)
    supercriticality: float | None = wish("", "current over threshold current")
    rf_field: float | None = wish("T", "amplitude of the in-plane rf field")
    locking_half_width: float | None = wish("Hz", "half of the range that follows the rf field")
    lowest_frequency: float | None = wish("Hz", "lower end of the comb")
    highest_frequency: float | None = wish("Hz", "upper end of the comb")
    spacing: float | None = wish("Hz", "between neighbours")
    number: int | None = wish("", "of oscillators")
    bias: str = "individual"
    chain_current: float | None = wish("A", "of the series chain")
    gap: float = si("m", "smallest distance between edges, assumed", 200e-9)
    isolation: float = si("", "dipolar locking range over spacing, assumed", 0.1)
    antenna_width: float = si("m", "strip line of the rf field, assumed", 10e-6)
    antenna_impedance: float = si("ohm", "of the strip line, assumed", 50.0)
    draws: int = 1000

    def __post_init__(self) -> None:
        check_numbers(self)
        above_zero = [name for name in units_of(self) if name not in _MAY_BE_ZERO]
        check_between(self, 0.0, math.inf, *above_zero)
        check_not_negative(self, *_MAY_BE_ZERO)
        check_between(self, 0.0, 1.0 + 1e-12, "isolation")
        self._check_wishes()
        self._check_pairs()
        if self.bias not in BIASES:
            raise ValueError(f"DesignSpec.bias must be individual or series, got '{self.bias}'")
        if self.draws < 1:
            raise ValueError(f"DesignSpec.draws must be at least 1, got {self.draws}; try 1000")
        step = self.lithography_step
        if math.ceil(self.smallest_radius / step * (1 - 1e-9)) > math.floor(self.largest_radius / step * (1 + 1e-9)):
            finer = max(self.largest_radius - self.smallest_radius, 1e-9)
            raise ValueError(
                f"DesignSpec.lithography_step must put a radius between {_ends(self)} on the grid, got"
                f" {text_of(step, 'm')}; try lithography_step={text_of(finer, 'm', True)}"
            )
        core = self.device.core_radius
        if self.smallest_radius <= core:
            raise ValueError(
                f"DesignSpec.smallest_radius must be above the core radius {text_of(core, 'm')},"
                f" got {text_of(self.smallest_radius, 'm')}; try smallest_radius={text_of(2 * core, 'm', True)}"
            )

    def _check_wishes(self) -> None:
        for name, unit in wishes_of(self).items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(
                    f"DesignSpec.{name} must be above 0, got {text_of(value, unit)}; leave it out to find it"
                )
        if self.number is not None and not (self.number == int(self.number) and 2 <= self.number <= MOST_OSCILLATORS):
            raise ValueError(
                f"DesignSpec.number must be a whole number from 2 to {MOST_OSCILLATORS}, got {self.number}"
            )
        if self.supercriticality is not None and self.supercriticality <= 1:
            raise ValueError(
                f"DesignSpec.supercriticality must be above 1 (below it no core gyrates), got"
                f" {self.supercriticality:g}; try supercriticality=1.5"
            )
        linked = (self.supercriticality, self.rf_field, self.locking_half_width)
        if None not in linked:
            raise ValueError(
                "DesignSpec.locking_half_width must be left out where supercriticality and rf_field are given (two fix"
                f" the third), got {text_of(self.locking_half_width or 0.0, 'Hz')}; leave out one of the three"
            )

    def _check_pairs(self) -> None:
        for low, high, unit in _PAIRS:
            first, last = getattr(self, low), getattr(self, high)
            if first is not None and last is not None and first > last:
                raise ValueError(
                    f"DesignSpec.{low} must be at most {high} = {text_of(last, unit)}, got {text_of(first, unit)};"
                    f" try {low}={text_of(last, unit, True)}"
                )
        if self.bias == "individual" and self.chain_current is not None:
            raise ValueError("DesignSpec.chain_current must be left out with individual bias; try bias=series")

    @property
    def sensitivity(self) -> tuple[float | None, float | None, float | None]:
        """(supercriticality, rf field, locking half-width) with two of them filled, None for the one to be found."""
        zeta, field_, half = self.supercriticality, self.rf_field, self.locking_half_width
        if half is None and (zeta is None or field_ is None):
            half = HALF_WIDTH if field_ is None else SENSITIVITY * field_
        if zeta is None and field_ is None and half is not None:
            field_ = half / SENSITIVITY
        return zeta, field_, half


_MAY_BE_ZERO = ("radius_spread", "thickness_spread", "smallest_current", "current_trim", "field_trim", "gap")
_PAIRS = (
    ("smallest_radius", "largest_radius", "m"),
    ("smallest_thickness", "largest_thickness", "m"),
    ("smallest_current", "largest_current", "A"),
    ("lowest_frequency", "highest_frequency", "Hz"),
)


def units_of(spec: DesignSpec | type[DesignSpec]) -> dict[str, str]:
    """SI units of the numbers that a spec always has."""
    return {item.name: item.metadata["unit"] for item in fields(spec) if "unit" in item.metadata}


def wishes_of(spec: DesignSpec | type[DesignSpec]) -> dict[str, str]:
    """SI units of the numbers that may be left out."""
    return {item.name: item.metadata["wished"] for item in fields(spec) if "wished" in item.metadata}


def _ends(spec: DesignSpec) -> str:
    return f"{text_of(spec.smallest_radius, 'm')} and {text_of(spec.largest_radius, 'm')}"


def text_of(value: float, unit: str, pasted: bool = False) -> str:
    """A value as people write it, with four digits; ``pasted`` is the form that the command line reads."""
    text = format_quantity(float(f"{value:.4g}"), unit)
    return text.replace(" ", "") if pasted else text
