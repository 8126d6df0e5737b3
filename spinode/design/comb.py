"""The comb: which pillars, at which equally spaced frequencies, between which limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from spinode.design.family import Family, Wedge, biased_current, pillar
from spinode.design.limits import (
    FAST_NODES,
    TURN,
    Limit,
    Stretch,
    corners,
    frequency_of,
    limit_value,
    radius_for,
    refuse_empty,
    stretch_of,
)
from spinode.design.spec import MOST_OSCILLATORS, DesignSpec, text_of
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import FloatArray

DEGREE = 24
"""Of the polynomial ln f (ln R) that is inverted; its error is below 1e-9 over a tenfold range of radius."""
SOLVED = 1e-9
"""Relative error of a frequency up to which a pillar is not moved any more."""
SECANTS = 8
"""Steps towards it; none are taken where the polynomial is right."""
CUTS = 8
"""Times that the wide end of a stretch is cut back to where the frequency falls."""
FINE = 300
"""Radii at which that is looked at."""
FILMS = 9
"""Film thicknesses that are tried where a range is given and the pillars are biased one by one."""
CHAIN_CURRENTS = 25
"""Currents of a chain that are tried where none is given."""
TOUCH = 1e-9
"""Relative overlap of bands, or excess of a span, that rounding may cause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comb:
    """Equally spaced oscillators of one family.

    Parameters
    ----------
    family : Family
        How thickness and current follow from the radius.
    orbits : tuple of VortexOrbit
        From the lowest frequency up.
    rf_field : float
        Amplitude of the in-plane field [T] for the wanted sensitivity.
    spacing : float
        df [Hz].
    available : tuple of float
        Lowest and highest frequency [Hz] that the limits allow.
    ends : tuple of VortexOrbit
        The pillars at these two frequencies.
    limits : tuple of Limit
        What ends the comb below and above.
    """

    family: Family
    orbits: tuple[VortexOrbit, ...]
    rf_field: float
    spacing: float
    available: tuple[float, float]
    ends: tuple[VortexOrbit, VortexOrbit]
    limits: tuple[Limit, Limit]


def make_comb(spec: DesignSpec) -> Comb:
    """Frequencies f1, f1 + df, ... and the pillars that have them.

    Raises
    ------
    ValueError
        If the wishes break a limit: which one, its value, and the nearest change that would do.
    """
    family, stretch = choose_family(spec)
    stretch, polynomial = _falling(family, stretch)
    low, high, limits = _window(family, stretch, polynomial)
    field, widest = _sensitivity(family, polynomial, low, high)
    spacing, count = _lines(spec, field, widest, (low, high))
    start = low if spec.lowest_frequency is not None or spec.highest_frequency is None else high - (count - 1) * spacing
    frequencies = np.minimum(start + spacing * np.arange(count), high)
    starts = polynomial.radius(frequencies)
    orbits = tuple(_solved(family, float(f), float(r)) for f, r in zip(frequencies, starts, strict=True))
    ends = [family.at(float(radius)) for radius in polynomial.radius(np.array([low, high]))]
    return Comb(
        family=family,
        orbits=orbits,
        rf_field=field,
        spacing=spacing,
        available=(low, high),
        ends=(ends[0], ends[1]),
        limits=limits,
    )


def _solved(family: Family, frequency: float, radius: float) -> VortexOrbit:
    """The pillar of a frequency [Hz] near a radius [m]; secant steps where the polynomial was not right enough."""
    orbit = family.at(radius)
    before, slope = (math.log(radius), math.log(orbit.frequency / frequency)), -1.0
    for _ in range(SECANTS):
        if abs(before[1]) < SOLVED:
            break
        point = before[0] - before[1] / slope
        tried = family.at(math.exp(point))
        if not tried.exists:
            break
        after = math.log(tried.frequency / frequency)
        slope = (after - before[1]) / (point - before[0]) or slope
        orbit, before = tried, (point, after)
    return orbit


def choose_family(spec: DesignSpec) -> tuple[Family, Stretch]:
    """The film, or the current of the chain, that gives the widest comb, and the radii that the limits allow."""
    if spec.bias == "individual":
        films = np.linspace(spec.smallest_thickness, spec.largest_thickness, FILMS)
        one = spec.smallest_thickness == spec.largest_thickness
        candidates = [Family(spec=spec, thickness=float(film)) for film in (films[:1] if one else films)]
    else:
        film = spec.smallest_thickness if spec.smallest_thickness == spec.largest_thickness else None
        wedge = Wedge.of(spec) if film is None else None
        currents = map(float, _chain_currents(spec))
        candidates = [Family(spec=spec, thickness=film, current=current, wedge=wedge) for current in currents]
    nodes = FAST_NODES if len(candidates) > 1 else None
    scores = [0.0] if nodes is None else [_width(each, nodes) for each in candidates]
    best = candidates[int(np.argmax(scores))]
    stretch = stretch_of(best)
    if stretch is None:
        raise refuse_empty(best)
    return best, stretch


def _chain_currents(spec: DesignSpec) -> FloatArray:
    """Currents that suit some pillar of the range, signed as its threshold."""
    if spec.chain_current is not None:
        sign = math.copysign(1.0, spec.device.threshold_current)
        return np.array([sign * spec.chain_current])
    found = [biased_current(spec, pillar(spec, radius, film)) for radius, film in corners(spec)]
    low = max(min(map(abs, found)), spec.smallest_current)
    high = max(min(max(map(abs, found)), spec.largest_current), 1.0001 * low)
    return np.copysign(np.geomspace(low, high, CHAIN_CURRENTS), found[0])


def _width(family: Family, nodes: int) -> float:
    """Width [Hz] of the comb between the limits and the frequencies asked; -inf where there is none."""
    stretch, spec = stretch_of(family, nodes), family.spec
    if stretch is None:
        return -math.inf
    high, low = (frequency_of(family.at(radius)) for radius in (stretch.smallest, stretch.largest))
    return min(high, spec.highest_frequency or high) - max(low, spec.lowest_frequency or low)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Polynomial:
    """ln f of the family over ln R between two radii, by Chebyshev interpolation of exact points, and its inverse."""

    frequency: np.polynomial.Chebyshev
    ends: tuple[float, float]
    orbits: tuple[VortexOrbit, ...]

    @classmethod
    def of(cls, family: Family, stretch: Stretch) -> _Polynomial:
        ends = (math.log(stretch.smallest), math.log(stretch.largest))
        nodes = np.polynomial.chebyshev.chebpts1(DEGREE + 1)
        logs = 0.5 * (ends[0] + ends[1]) + 0.5 * (ends[1] - ends[0]) * nodes
        orbits = tuple(family.at(math.exp(each)) for each in logs)
        values = np.log([orbit.frequency for orbit in orbits])
        fit = np.polynomial.Chebyshev.fit(logs, values, DEGREE, domain=list(ends))
        return cls(frequency=fit, ends=ends, orbits=orbits)

    def radius(self, frequency: FloatArray) -> FloatArray:
        """Radii [m] at frequencies [Hz], by bisection: ln f falls with ln R."""
        low, high = np.full(frequency.shape, self.ends[0]), np.full(frequency.shape, self.ends[1])
        wanted = np.log(frequency)
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = self.frequency(middle) > wanted
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.asarray(np.exp(0.5 * (low + high)))


def _falling(family: Family, stretch: Stretch) -> tuple[Stretch, _Polynomial]:
    """The part of a stretch in which the frequency falls with the radius, and its polynomial."""
    for _ in range(CUTS):
        polynomial = _Polynomial.of(family, stretch)
        logs = np.linspace(*polynomial.ends, FINE)
        rising = np.flatnonzero(np.diff(polynomial.frequency(logs)) >= 0)
        if not rising.size:
            return stretch, polynomial
        if rising[0] < 2:
            break
        stretch = replace(stretch, largest=math.exp(logs[rising[0] - 1]), at_largest=TURN)
    raise ValueError(
        "DesignSpec.largest_radius must lie where the frequency still falls with the radius, got"
        f" {text_of(family.spec.largest_radius, 'm')}; try a smaller one, or oersted_weight=0"
    )


def _window(family: Family, stretch: Stretch, polynomial: _Polynomial) -> tuple[float, float, tuple[Limit, Limit]]:
    """Lowest and highest frequency of the comb and what sets them."""
    spec = family.spec
    high, low = (family.at(radius).frequency for radius in (stretch.smallest, stretch.largest))
    top, bottom = stretch.at_smallest, stretch.at_largest
    lowest, highest = spec.lowest_frequency, spec.highest_frequency
    if lowest is not None:
        _check_inside(family, stretch, "lowest_frequency", lowest, (low, high))
    if highest is not None:
        _check_inside(family, stretch, "highest_frequency", highest, (low, high))
    bottom = "lowest frequency asked" if lowest is not None and lowest > low else bottom
    top = "highest frequency asked" if highest is not None and highest < high else top
    low, high = max(low, lowest or low), min(high, highest or high)
    limits = []
    for name, at in ((bottom, low), (top, high)):
        value, unit = limit_value(spec, stretch, name)
        limits.append(Limit(name=name, value=value, unit=unit, at=at))
    return low, high, (limits[0], limits[1])


def _check_inside(family: Family, stretch: Stretch, field: str, wanted: float, range_: tuple[float, float]) -> None:
    """Refuse a frequency that no allowed pillar has."""
    low, high = range_
    if low * (1 - TOUCH) <= wanted <= high * (1 + TOUCH):
        return
    below = wanted < low
    end, name, rule = (low, stretch.at_largest, "at least") if below else (high, stretch.at_smallest, "at most")
    value, unit = limit_value(family.spec, stretch, name)
    what = f"{name} {text_of(value, unit)}" if value else name
    repair = f"{field}={text_of(end * (1.0005 if below else 0.9995), 'Hz', True)}"
    if name in ("smallest radius", "largest radius"):
        radius = radius_for(family, wanted, value)
        if math.isfinite(radius):
            repair = f"{name.replace(' ', '_')}={text_of(radius * (1.001 if below else 0.999), 'm', True)} or {repair}"
    raise ValueError(
        f"DesignSpec.{field} must be {rule} {text_of(end, 'Hz')} (no pillar within the limits goes beyond: {what}),"
        f" got {text_of(wanted, 'Hz')}; try {repair}"
    )


def _sensitivity(family: Family, polynomial: _Polynomial, low: float, high: float) -> tuple[float, float]:
    """Rf field [T], and the largest locking half-width [Hz] over the comb in it."""
    ends = [family.at(float(radius)) for radius in polynomial.radius(np.array([low, high]))]
    used = [orbit for orbit in polynomial.orbits if low < orbit.frequency < high]
    each = [orbit.locking_half_width(1.0) for orbit in (*ends, *used)]
    _, field, half = family.spec.sensitivity
    if field is None:
        assert half is not None
        field = half / min(each)
    return field, field * max(each)


def _lines(spec: DesignSpec, field: float, widest: float, range_: tuple[float, float]) -> tuple[float, int]:
    """Spacing [Hz] and number of oscillators."""
    span = range_[1] - range_[0]
    spacing = spec.spacing or 2 * widest * (1 + TOUCH)
    if spec.spacing is None and spec.number is not None:
        spacing = max(span, 1e-300) / (spec.number - 1)
    if spacing < 2 * widest:
        _refuse_overlap(spec, field, widest, spacing)
    most = 1 + math.floor(span / spacing * (1 + TOUCH))
    count = most if spec.number is None else spec.number
    if count > most:
        closer = 0.999 * span / (count - 1)
        other = f" or spacing={text_of(closer, 'Hz', True)}" if closer > 2 * widest else ""
        raise ValueError(
            f"DesignSpec.number must be at most {most} at a spacing of {text_of(spacing, 'Hz')} over"
            f" {text_of(span, 'Hz')}, got {count}; try number={most}{other}"
        )
    if count < 2:
        raise ValueError(
            f"DesignSpec.spacing must be at most the span {text_of(span, 'Hz')} for two oscillators, got"
            f" {text_of(spacing, 'Hz')}; try spacing={text_of(span / 2, 'Hz', True)} or a wider range of radius"
        )
    if count > MOST_OSCILLATORS:
        least = span / (MOST_OSCILLATORS - 1) * 1.01
        raise ValueError(
            f"DesignSpec.number must be at most {MOST_OSCILLATORS}, got {count} at a spacing of"
            f" {text_of(spacing, 'Hz')}; try spacing={text_of(least, 'Hz', True)}"
        )
    return spacing, count


def _refuse_overlap(spec: DesignSpec, field: float, widest: float, spacing: float) -> None:
    """Locking bands of neighbours overlap: a tone between two lines would lock both."""
    ratio = 0.999 * spacing / (2 * widest)
    asked = "spacing" if spec.spacing is not None else "number"
    repair = f"spacing={text_of(2.002 * widest, 'Hz', True)}"
    if asked == "number":
        repair = f"number={max(2, 1 + math.floor((spec.number or 2) * ratio))}"
    if spec.locking_half_width is None and spec.rf_field is not None:
        repair += f" or rf_field={text_of(ratio * field, 'T', True)}"
    elif spec.sensitivity[0] is not None:
        half = (spec.sensitivity[2] or widest) * ratio
        repair += f" or locking_half_width={text_of(half, 'Hz', True)}"
    raise ValueError(
        f"DesignSpec.{asked} must keep neighbours at least {text_of(2 * widest, 'Hz')} apart, twice the locking"
        f" half-width in {text_of(field, 'T')}, got {text_of(spacing, 'Hz')}; try {repair}"
    )
