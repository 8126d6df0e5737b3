"""Where a family of pillars ends: the limit that each end of the comb meets, and what to say where nothing is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from spinode.design.family import ORBITS, Family, biased_current, half_width_of_orbit, pillar
from spinode.design.spec import DesignSpec, text_of
from spinode.devices.vortex_orbit import VortexOrbit

NODES = 41
"""Radii at which the limits are looked at; between two of them a limit's edge is found by its root."""
FAST_NODES = 13
"""The same while the current of a chain is looked for."""
GROWTH = 1.05
"""Factor of the radius from one look beyond the range to the next."""
REACH = 48
"""Looks beyond the range: a factor of ten."""
ROOM = 0.02
"""Part by which a suggested limit is wider than the first pillar needs, so that a second one fits beside it."""
GUARD = 1e-8
"""Relative distance that is kept from the edge of the disk and the critical velocity, for rounding."""
EDGE_STEP = 1e-12
"""Step in ln R from an edge to either side."""
NO_ORBIT = -10.0
"""Margin of a pillar without an orbit in the disk: whatever else it breaks is not the reason."""
TURN = "radius of the lowest frequency"
"""Beyond it the field of the current, which grows with the radius, raises the frequency again."""
THRESHOLD = "wanted sensitivity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What ends the comb, or bounds the number of oscillators.

    Parameters
    ----------
    name : str
        Such as ``smallest radius``.
    value : float
        Of the limit, in ``unit``.
    unit : str
        SI unit.
    at : float
        Frequency [Hz] of the oscillator that meets it, or the number of oscillators that it allows.
    """

    name: str
    value: float
    unit: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Radii [m] that every limit allows, and the name of the limit at each end."""

    smallest: float
    largest: float
    at_smallest: str
    at_largest: str


def margins(family: Family, orbit: VortexOrbit) -> dict[str, float]:
    """How far a pillar is from each limit, as a logarithm of a ratio; below 0 it breaks the limit."""
    spec, device = family.spec, orbit.device
    power = orbit.power
    turning = orbit.turning(min(power, 1.0))
    found = {"expulsion": -math.log(max(power, 1e-12)) - GUARD}
    if not power < 1 or not orbit.confined or turning <= 0:
        solved = spec.sensitivity[0] is None and not family.shares_current
        found[THRESHOLD if solved else "expulsion"] = NO_ORBIT
    speed = device.radius * math.sqrt(min(max(power, 1e-12), 1.0)) * abs(turning)
    found["critical velocity"] = math.log(device.critical_velocity / speed) - GUARD
    current = abs(orbit.current)
    found["smallest current"] = math.log(current / spec.smallest_current) if spec.smallest_current > 0 else 1.0
    found["largest current"] = math.log(spec.largest_current / current)
    if family.thickness is None:
        found["thinnest film"] = math.log(device.thickness / spec.smallest_thickness)
        found["thickest film"] = math.log(spec.largest_thickness / device.thickness)
    elif family.shares_current:
        found[THRESHOLD] = math.log(current / abs(biased_current(spec, device)))
    return found


def stretch_of(family: Family, nodes: int = NODES) -> Stretch | None:
    """The widest run of radii within all limits, or None."""
    spec = family.spec
    logs = np.linspace(math.log(spec.smallest_radius), math.log(spec.largest_radius), nodes)
    worst = np.array([min(margins(family, family.at(math.exp(each))).values()) for each in logs])
    allowed = worst >= -1e-9
    if spec.smallest_radius == spec.largest_radius or not allowed.any():
        return None
    first, last = _longest_run(allowed)
    low, at_low = logs[first], "smallest radius"
    high, at_high = logs[last], "largest radius"
    if first > 0:
        low, at_low = _edge(family, logs[first], logs[first - 1])
    if last < nodes - 1:
        high, at_high = _edge(family, logs[last], logs[last + 1])
    return Stretch(smallest=math.exp(low), largest=math.exp(high), at_smallest=at_low, at_largest=at_high)


def _longest_run(allowed: NDArray[np.bool_]) -> tuple[int, int]:
    """First and last index of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], allowed.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - 1)


def _edge(family: Family, inside: float, outside: float) -> tuple[float, str]:
    """Log radius between two nodes at which the first limit is met, a hair inside, and that limit's name."""

    def least(log_radius: float) -> float:
        return min(margins(family, family.at(math.exp(log_radius))).values())

    met = margins(family, family.at(math.exp(outside)))
    if least(inside) <= 0:
        return inside, min(met, key=lambda name: met[name])
    root = float(optimize.brentq(least, inside, outside, xtol=1e-13))
    inwards = EDGE_STEP * math.copysign(1.0, inside - outside)
    beyond = margins(family, family.at(math.exp(root - inwards)))
    return root + inwards, min(beyond, key=lambda name: beyond[name])


def refuse_empty(family: Family) -> ValueError:
    """The error of a family in which no radius is within all limits: the limit that fails, and what would do."""
    spec = family.spec
    if spec.smallest_radius == spec.largest_radius:
        wider = text_of(1.5 * spec.largest_radius, "m", True)
        return ValueError(
            "DesignSpec.largest_radius must be above smallest_radius (one radius is one frequency), got"
            f" {text_of(spec.largest_radius, 'm')} for both; try largest_radius={wider}"
        )
    logs = np.linspace(math.log(spec.smallest_radius), math.log(spec.largest_radius), NODES)
    orbits = [family.at(math.exp(each)) for each in logs]
    found = [margins(family, orbit) for orbit in orbits]
    best = max(range(len(found)), key=lambda node: min(found[node].values()))
    name = min(found[best], key=lambda each: found[best][each])
    orbit = orbits[best]
    if name in ("expulsion", "critical velocity") or (name == THRESHOLD and not family.shares_current):
        return _too_wide(spec, orbit, name)
    if name in ("smallest current", "largest current"):
        return _current_error(spec, orbit, name)
    return _chain_error(spec, orbit, name)


def _chain_error(spec: DesignSpec, orbit: VortexOrbit, name: str) -> ValueError:
    """The current of a chain suits none of its films and radii."""
    currents = [abs(biased_current(spec, pillar(spec, radius, film))) for radius, film in corners(spec)]
    low, high = min(currents), max(currents)
    return ValueError(
        f"DesignSpec.chain_current must be between {text_of(low, 'A')} and {text_of(high, 'A')} for these radii and"
        f" films ({name}), got {text_of(abs(orbit.current), 'A')}; try leaving it out, or"
        f" chain_current={text_of(math.sqrt(low * high), 'A', True)}"
    )


def corners(spec: DesignSpec) -> list[tuple[float, float]]:
    """Radius and thickness [m] at the four corners of what can be made."""
    films = (spec.smallest_thickness, spec.largest_thickness)
    return [(radius, film) for radius in (spec.smallest_radius, spec.largest_radius) for film in films]


def _current_error(spec: DesignSpec, orbit: VortexOrbit, name: str) -> ValueError:
    needed = abs(orbit.current)
    field, rule = ("largest_current", "at least") if name == "largest current" else ("smallest_current", "at most")
    ratio = orbit.current / orbit.device.threshold_current
    rounded = needed * (1 + ROOM if name == "largest current" else 1 - ROOM)
    return ValueError(
        f"DesignSpec.{field} must be {rule} {text_of(needed, 'A')} ({ratio:.3g} times the threshold current"
        f" {text_of(abs(orbit.device.threshold_current), 'A')} at radius {text_of(orbit.device.radius, 'm')}, thickness"
        f" {text_of(orbit.device.thickness, 'm')}), got {text_of(getattr(spec, field), 'A')};"
        f" try {field}={text_of(rounded, 'A', True)}"
    )


def _too_wide(spec: DesignSpec, orbit: VortexOrbit, name: str) -> ValueError:
    """The core is expelled, or faster than it bears: by the supercriticality, or by too little sensitivity."""
    device = orbit.device
    most = device.largest_current / device.threshold_current
    why = "the core is expelled" if device.largest_radius == 1 else f"the core passes {device.critical_velocity:g} m/s"
    where = f"above it {why} at radius {text_of(device.radius, 'm')}, thickness {text_of(device.thickness, 'm')}"
    zeta, field, half = spec.sensitivity
    if zeta is not None:
        return ValueError(
            f"DesignSpec.supercriticality must be at most {most:.4g} ({where}), got {zeta:g};"
            f" try supercriticality={max(1 + (1 - ROOM) * (most - 1), 1.0001):.4g}"
        )
    tried = [part * device.largest_radius for part in (*ORBITS, 1.0)]
    least = min(half_width_of_orbit(device, radius, field or 0.0) for radius in tried)
    lower = (field or 0.0) * (half or 0.0) / least * (1 - ROOM)
    return ValueError(
        f"DesignSpec.locking_half_width must be at least {text_of(least, 'Hz')} at rf_field"
        f" {text_of(field or 0.0, 'T')} (a narrower band needs a wider orbit, on which {why}), got"
        f" {text_of(half or 0.0, 'Hz')}; try rf_field={text_of(lower, 'T', True)}"
    )


def radius_for(family: Family, frequency: float, inside: float) -> float:
    """Radius [m] beyond the range at which an allowed pillar has a frequency [Hz]; nan where none is within tenfold."""
    wanted = math.log(frequency)
    rises = frequency_of(family.at(inside)) < frequency
    before = inside
    for _ in range(REACH):
        after = before / GROWTH if rises else before * GROWTH
        if after <= 1.05 * family.spec.device.core_radius or not _bears(family, after):
            return math.nan
        if (frequency_of(family.at(after)) < frequency) != rises:
            low, high = sorted((math.log(before), math.log(after)))

            def excess(log_radius: float) -> float:
                return math.log(frequency_of(family.at(math.exp(log_radius)))) - wanted

            return math.exp(float(optimize.brentq(excess, low, high, xtol=1e-10)))
        before = after
    return math.nan


def _bears(family: Family, radius: float) -> bool:
    """Whether a pillar beyond the range of radii has a threshold and is within all other limits."""
    try:
        return min(margins(family, family.at(radius)).values()) >= 0
    except ValueError:
        return False


def frequency_of(orbit: VortexOrbit) -> float:
    """w/(2 pi) [Hz] on the orbit, also where its core would be too fast or outside: s is then held at 1."""
    return orbit.turning(min(max(orbit.power, 0.0), 1.0)) / (2 * math.pi)


def limit_value(spec: DesignSpec, stretch: Stretch, name: str) -> tuple[float, str]:
    """Value and unit of a limit by its name."""
    known = {
        "expulsion": (1.0, ""),
        "critical velocity": (spec.device.critical_velocity, "m/s"),
        "smallest current": (spec.smallest_current, "A"),
        "largest current": (spec.largest_current, "A"),
        "thinnest film": (spec.smallest_thickness, "m"),
        "thickest film": (spec.largest_thickness, "m"),
        "smallest radius": (spec.smallest_radius, "m"),
        "largest radius": (spec.largest_radius, "m"),
        TURN: (stretch.largest, "m"),
        THRESHOLD: (spec.sensitivity[0], "") if spec.sensitivity[0] else (spec.sensitivity[2] or 0.0, "Hz"),
        "lowest frequency asked": (spec.lowest_frequency or 0.0, "Hz"),
        "highest frequency asked": (spec.highest_frequency or 0.0, "Hz"),
    }
    return known[name]
