"""From ideal radii to drawn ones: the lithography grid, what it costs in frequency, and the trims that undo it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from spinode.design.comb import Comb
from spinode.design.limits import frequency_of
from spinode.design.spec import DesignSpec
from spinode.devices.constants import MU0
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import FloatArray

SLOPE_STEP = 1e-4
"""Relative step of the central differences for slopes: their error is (1e-4)^2."""
TRIM_STEPS = 12
"""Newton steps to the trimmed current; four are enough."""
TRIMMED = 1e-9
"""Relative difference from the line at which a trim has arrived."""
LINES = 9
"""Exact linewidths along the comb; the others are interpolated in ln f by a polynomial, to 1e-5."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Oscillator:
    """One pillar of the array.

    Parameters
    ----------
    radius, thickness : float
        Ideal R and L [m].
    current, supercriticality : float
        I [A] and I/Ith.
    frequency : float
        On its orbit [Hz].
    orbit_radius, core_speed, nonlinearity : float
        s; s R w [m/s]; nu.
    locking_half_width, weakness : float
        In the rf field [Hz], and 2 pi times it over 2 Gamma_p: the closed form holds where that is small.
    linewidth : float
        At the spec's temperature [Hz].
    power : float
        Available to a matched load [W].
    radius_slope, thickness_slope : float
        Change of the frequency with R and L at a constant current [Hz/m].
    drawn_radius, drawn_current, grid_residual : float
        Radius on the grid [m], the current for the wanted sensitivity there [A], and the frequency there minus the
        line [Hz].
    current_trim, field_trim : float
        Change of the current [A], or perpendicular field at the pillar [T], that removes the residual; nan where the
        spec's limits, the threshold or the largest orbit do not allow it.
    trimmed_half_width : float
        Locking half-width after the current trim [Hz]; nan without one.
    """

    radius: float
    thickness: float
    current: float
    supercriticality: float
    frequency: float
    orbit_radius: float
    core_speed: float
    nonlinearity: float
    locking_half_width: float
    weakness: float
    linewidth: float
    power: float
    radius_slope: float
    thickness_slope: float
    drawn_radius: float
    drawn_current: float
    grid_residual: float
    current_trim: float
    field_trim: float
    trimmed_half_width: float


UNITS = {
    "radius": "m", "thickness": "m", "current": "A", "supercriticality": "", "frequency": "Hz", "orbit_radius": "",
    "core_speed": "m/s", "nonlinearity": "", "locking_half_width": "Hz", "weakness": "", "linewidth": "Hz",
    "power": "W", "radius_slope": "Hz/m", "thickness_slope": "Hz/m", "drawn_radius": "m", "drawn_current": "A",
    "grid_residual": "Hz", "current_trim": "A", "field_trim": "T", "trimmed_half_width": "Hz",
}  # fmt: skip
"""SI units of an oscillator's numbers, in the order of the CSV file."""


def draw(spec: DesignSpec, comb: Comb) -> tuple[Oscillator, ...]:
    """Every oscillator of the comb, on paper and on the grid."""
    widths = _linewidths(comb)
    return tuple(_oscillator(spec, comb, orbit, float(width)) for orbit, width in zip(comb.orbits, widths, strict=True))


def _oscillator(spec: DesignSpec, comb: Comb, orbit: VortexOrbit, linewidth: float) -> Oscillator:
    device, half = orbit.device, orbit.locking_half_width(comb.rf_field)
    drawn = on_grid(spec, comb, orbit)
    residual = frequency_of(drawn) - orbit.frequency
    trimmed = None if comb.family.shares_current else trimmed_orbit(spec, drawn, orbit.frequency)
    return Oscillator(
        radius=device.radius,
        thickness=device.thickness,
        current=orbit.current,
        supercriticality=orbit.current / device.threshold_current,
        frequency=orbit.frequency,
        orbit_radius=orbit.radius,
        core_speed=orbit.core_speed,
        nonlinearity=orbit.nonlinearity,
        locking_half_width=half,
        weakness=math.pi * half / orbit.power_rate,
        linewidth=linewidth,
        power=orbit.available_power,
        radius_slope=_slope(orbit, "radius"),
        thickness_slope=_slope(orbit, "thickness"),
        drawn_radius=drawn.device.radius,
        drawn_current=drawn.current,
        grid_residual=residual,
        current_trim=math.nan if trimmed is None else trimmed.current - drawn.current,
        field_trim=_field_trim(spec, drawn, orbit.frequency),
        trimmed_half_width=math.nan if trimmed is None else trimmed.locking_half_width(comb.rf_field),
    )


def on_grid(spec: DesignSpec, comb: Comb, orbit: VortexOrbit) -> VortexOrbit:
    """A pillar at the nearest radius on the lithography grid; inside the comb where it would not gyrate there."""
    wide, narrow = (end.device.radius for end in comb.ends)
    radius = orbit.device.radius
    drawn = comb.family.drawn(orbit, _nearest(spec, radius, (spec.smallest_radius, spec.largest_radius)))
    if drawn.power > 0 and drawn.exists:
        return drawn
    return comb.family.drawn(orbit, _nearest(spec, radius, (narrow, wide)))


def _nearest(spec: DesignSpec, radius: float, range_: tuple[float, float]) -> float:
    """Radius [m] on the grid, within a range where the grid has a point in it."""
    step = spec.lithography_step
    lowest, highest = math.ceil(range_[0] / step * (1 - 1e-9)), math.floor(range_[1] / step * (1 + 1e-9))
    number = round(radius / step)
    if lowest <= highest:
        number = min(max(number, lowest), highest)
    return max(number * step, 1.001 * spec.device.core_radius)


def grid_step(spec: DesignSpec, comb: Comb) -> float:
    """|df/dR| times the lithography step [Hz] at the smallest radius, or the step to the largest where that is larger.

    Along the family: a pillar that is biased by itself gets the current of equal sensitivity at its radius.
    """
    step, (wide, narrow) = spec.lithography_step, comb.ends
    up, down = (comb.family.drawn(narrow, narrow.device.radius * (1 + sign * SLOPE_STEP)) for sign in (1, -1))
    slope = (frequency_of(up) - frequency_of(down)) / (2 * SLOPE_STEP * narrow.device.radius)
    inside = max(wide.device.radius - step, narrow.device.radius)
    last = frequency_of(comb.family.drawn(wide, inside)) - wide.frequency  # beyond the wide end there may be no orbit
    return max(abs(slope) * step, abs(last))


def trimmed_orbit(spec: DesignSpec, drawn: VortexOrbit, frequency: float) -> VortexOrbit | None:
    """The drawn pillar at the current that gives it a frequency [Hz], or None where the limits do not allow it."""
    orbit = _at_frequency(drawn, frequency)
    if orbit is None:
        return None
    moved = abs(orbit.current - drawn.current)
    allowed = moved <= spec.current_trim * abs(drawn.current) * (1 + 1e-12)
    return orbit if allowed and abs(orbit.current) <= spec.largest_current * (1 + 1e-12) else None


def _at_frequency(orbit: VortexOrbit, frequency: float) -> VortexOrbit | None:
    """The same pillar at the current of a frequency [Hz], by Newton steps; None where they leave its orbits."""
    for _ in range(TRIM_STEPS):
        if orbit.power <= 0 or not orbit.exists:
            return None
        off, slope = frequency - orbit.frequency, orbit.frequency_slope
        if abs(off) < TRIMMED * frequency:
            return orbit
        if slope == 0:
            return None
        orbit = replace(orbit, current=orbit.current + off / slope)
    return None


def saturation_field(spec: DesignSpec) -> float:
    """mu0 Ms [T]: perpendicular field that saturates a thin film; a disk of finite L/R needs a little less."""
    return MU0 * spec.device.saturation_magnetization


def _field_trim(spec: DesignSpec, drawn: VortexOrbit, frequency: float) -> float:
    """B with f (1 + p B/Bs) = the line [T], nan beyond the spec's limit.

    Derived here: a perpendicular field tilts the magnetisation outside the core, cos(theta) = h = B/Bs, so that
    kappa -> kappa (1 - h^2) and G -> G (1 - p h), and their ratio is (1 + p h) for p = +-1.
    """
    found = drawn.device.polarity * saturation_field(spec) * (frequency / frequency_of(drawn) - 1)
    return found if abs(found) <= spec.field_trim else math.nan


def _slope(orbit: VortexOrbit, name: str) -> float:
    """Change of the frequency with the radius or the thickness [Hz/m] at a constant current."""
    value = getattr(orbit.device, name)
    up, down = (
        frequency_of(replace(orbit, device=replace(orbit.device, **{name: value * (1 + sign * SLOPE_STEP)})))
        for sign in (1, -1)
    )
    return float((up - down) / (2 * SLOPE_STEP * value))


def _linewidths(comb: Comb) -> FloatArray:
    """Linewidths [Hz] of all oscillators: exact for some, interpolated between them."""
    frequencies = np.array([orbit.frequency for orbit in comb.orbits])
    if len(frequencies) <= LINES:
        return np.array([orbit.linewidth for orbit in comb.orbits])
    logs = np.log(frequencies)
    middle, half = 0.5 * (logs[0] + logs[-1]), 0.5 * (logs[-1] - logs[0])
    points = middle + half * np.polynomial.chebyshev.chebpts2(LINES)
    chosen = [int(np.argmin(abs(logs - point))) for point in points]
    exact = np.array([comb.orbits[index].linewidth for index in chosen])
    if exact.min() <= 0:
        return np.zeros(len(frequencies))
    unique, first = np.unique(chosen, return_index=True)
    fit = np.polynomial.Chebyshev.fit(logs[unique], np.log(exact[first]), len(unique) - 1)
    return np.asarray(np.exp(fit(logs)))
