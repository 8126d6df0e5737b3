"""How many arrays come out right: a Monte Carlo over the process spread, on exact second-order response surfaces."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinode.design.comb import Comb
from spinode.design.drawing import Oscillator
from spinode.design.family import KnownOrbit
from spinode.design.spec import DesignSpec
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import FloatArray

STEP = 1e-3
"""Relative step of the second differences in R, L and I: their error is 1e-6, the rounding 1e-10."""
LEVEL = 1.959963984540054
"""Normal quantile of a 95 % interval."""
BLOCK = 200_000
"""Pillars that are drawn at a time: some 30 MB."""
SMALLEST_PART = 1e-6
"""Least R, L (of the drawn ones) and s^2 that enter a logarithm or a quotient."""
QUANTITIES = ("frequency", "power", "gain", "threshold")
TRIM_STEPS = 6
"""Newton steps to the trimmed currents of all pillars at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A part that was counted, with its 95 % interval of Wilson, J. Am. Stat. Assoc. 22, 209 (1927).

    Parameters
    ----------
    successes, trials : int
        Counted.
    """

    successes: int
    trials: int

    @property
    def value(self) -> float:
        """successes/trials."""
        return self.successes / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """(p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2))/(1 + z^2/n)."""
        n, p, z = self.trials, self.value, LEVEL
        centre = p + z * z / (2 * n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        low, high = (centre - half) / scale, (centre + half) / scale
        return (0.0 if self.successes == 0 else low, 1.0 if self.successes == n else high)


@dataclass(frozen=True, kw_only=True, slots=True)
class Yield:
    """What comes out at one process spread.

    Parameters
    ----------
    spread : float
        Factor on the spec's spreads of radius and thickness.
    pillars, arrays : Share
        Pillars whose own line lies in their locking band, as made; arrays in which that holds for all, and no line
        lies in the band of another pillar.
    trimmed_pillars, trimmed_arrays : Share or None
        The same after every pillar's current was trimmed within its limits; None for a chain, which has one current.
    """

    spread: float
    pillars: Share
    arrays: Share
    trimmed_pillars: Share | None
    trimmed_arrays: Share | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Surfaces:
    """ln f, s^2, ln sqrt(1 + nu^2) and ln Ith of each pillar as drawn, near its ln R, ln L and ln I.

    Parameters
    ----------
    centre : array, shape (N, 3)
        R, L [m] and the size of the current [A] as drawn.
    value, slope, bend : arrays, shape (Q, N), (Q, N, 3), (Q, N, 3, 3)
        Taylor series to second order of the Q ``QUANTITIES``.
    """

    centre: FloatArray
    value: FloatArray
    slope: FloatArray
    bend: FloatArray

    def at(self, quantity: str, shift: FloatArray) -> FloatArray:
        """The quantity (draws, N) at shifts (3, draws, N) of the logarithms."""
        q = QUANTITIES.index(quantity)
        result = np.broadcast_to(self.value[q], shift.shape[1:]).copy()
        for i in range(3):
            inner = self.slope[q, :, i] + 0.5 * self.bend[q, :, i, i] * shift[i]
            for j in range(i):
                inner += self.bend[q, :, i, j] * shift[j]
            result += inner * shift[i]
        return result

    def trims(self, shift: FloatArray, lines: FloatArray, most: float) -> FloatArray:
        """Change of ln I (draws, N) that brings every pillar to its line [Hz], as far as a part ``most`` allows."""
        wanted, trial = np.log(lines), shift.copy()
        low, high = math.log1p(-min(most, 0.9)), math.log1p(most)
        for _ in range(TRIM_STEPS):
            slope = self.slope[0, :, 2] + np.einsum("idn,ni->dn", trial, self.bend[0, :, 2])
            off = wanted - self.at("frequency", trial)
            step = np.divide(off, slope, out=np.zeros_like(off), where=slope != 0)
            trial[2] = np.clip(trial[2] + step, low, high)
        return np.asarray(trial[2])


def make_surfaces(comb: Comb, oscillators: tuple[Oscillator, ...]) -> Surfaces:
    """Second-order series around every pillar as drawn, by central differences of the closed forms."""
    size, count = len(oscillators), len(QUANTITIES)
    centre, value, slope = np.empty((size, 3)), np.empty((count, size)), np.empty((count, size, 3))
    bend = np.empty((count, size, 3, 3))
    for number, (orbit, oscillator) in enumerate(zip(comb.orbits, oscillators, strict=True)):
        device = replace(orbit.device, radius=oscillator.drawn_radius)
        drawn = VortexOrbit(device=device, current=oscillator.drawn_current)
        centre[number] = device.radius, device.thickness, abs(drawn.current)
        value[:, number], slope[:, number], bend[:, number] = _series(drawn)
    return Surfaces(centre=centre, value=value, slope=slope, bend=bend)


def _series(centre: VortexOrbit) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values (Q,), slopes (Q, 3) and second derivatives (Q, 3, 3) in ln R, ln L and ln I."""
    unit = np.eye(3) * STEP
    middle = _quantities(centre, np.zeros(3))
    up = np.array([_quantities(centre, step) for step in unit])
    down = np.array([_quantities(centre, -step) for step in unit])
    bend = np.zeros((len(middle), 3, 3))
    for i in range(3):
        bend[:, i, i] = (up[i] - 2 * middle + down[i]) / STEP**2
        for j in range(i):
            both = _quantities(centre, unit[i] + unit[j]) + _quantities(centre, -unit[i] - unit[j])
            bend[:, i, j] = bend[:, j, i] = (both - up[i] - down[i] - up[j] - down[j] + 2 * middle) / (2 * STEP**2)
    return middle, (up - down).T / (2 * STEP), bend


def _quantities(centre: VortexOrbit, shift: FloatArray) -> FloatArray:
    """``QUANTITIES`` of the closed forms of a pillar whose logarithms were shifted."""
    radius, thickness, current = np.exp(shift)
    device = centre.device
    device = replace(device, radius=device.radius * radius, thickness=device.thickness * thickness)
    power = VortexOrbit(device=device, current=centre.current * current).power
    orbit = KnownOrbit(device=device, current=centre.current * current, known=min(power, 1.0))
    gain = math.log(orbit.oscillation.locking_gain) if power > 0 else 0.0
    return np.array([math.log(orbit.frequency), orbit.known, gain, math.log(abs(device.threshold_current))])


def simulate_yield(
    spec: DesignSpec, comb: Comb, surfaces: Surfaces, rng: np.random.Generator, spread: float = 1.0
) -> Yield:
    """Make ``spec.draws`` arrays with independent Gaussian errors of R and L in every pillar, and count.

    Parameters
    ----------
    spec, comb, surfaces
        The design.
    rng : numpy.random.Generator
        Of the errors.
    spread : float
        Factor on the spec's standard deviations, >= 0.
    """
    size = len(comb.orbits)
    counts = np.zeros(4, dtype=np.int64)
    block = max(1, BLOCK // size)
    for first in range(0, spec.draws, block):
        draws = min(block, spec.draws - first)
        errors = rng.standard_normal((2, draws, size)) * spread
        counts += _count(spec, comb, surfaces, errors)
    pillars, arrays = spec.draws * size, spec.draws
    shares = [Share(successes=int(n), trials=t) for n, t in zip(counts, (pillars, arrays) * 2, strict=True)]
    chain = comb.family.shares_current
    return Yield(
        spread=spread,
        pillars=shares[0],
        arrays=shares[1],
        trimmed_pillars=None if chain else shares[2],
        trimmed_arrays=None if chain else shares[3],
    )


def _count(spec: DesignSpec, comb: Comb, surfaces: Surfaces, errors: FloatArray) -> NDArray[np.int64]:
    """Right pillars and arrays, as made and trimmed, among errors (2, draws, N) in standard deviations."""
    spreads = (spec.radius_spread, spec.thickness_spread)
    shift = np.zeros((3, *errors.shape[1:]))
    for i, spread in enumerate(spreads):
        shift[i] = np.log(np.maximum(1 + errors[i] * spread / surfaces.centre[:, i], SMALLEST_PART))
    made = _right(spec, comb, surfaces, shift)
    if comb.family.shares_current:
        return np.array([*made, 0, 0])
    shift[2] = surfaces.trims(shift, _lines(comb), spec.current_trim)
    return np.array([*made, *_right(spec, comb, surfaces, shift)])


def _right(spec: DesignSpec, comb: Comb, surfaces: Surfaces, shift: FloatArray) -> tuple[int, int]:
    """Pillars that follow their own line; arrays in which all do, and no pillar follows a second line."""
    lines, device = _lines(comb), comb.orbits[0].device
    frequency, power = np.exp(surfaces.at("frequency", shift)), surfaces.at("power", shift)
    radius, current = (surfaces.centre[:, i] * np.exp(shift[i]) for i in (0, 2))
    turns = (current > np.exp(surfaces.at("threshold", shift))) & (power > 0) & (power < 1)
    power = np.clip(power, SMALLEST_PART, 1)
    turns &= radius * np.sqrt(power) * 2 * np.pi * frequency <= device.critical_velocity
    turns &= current <= spec.largest_current * (1 + 1e-9)
    rate = abs(device.field_rate) * comb.rf_field / (4 * np.pi)
    half = rate * np.exp(surfaces.at("gain", shift)) / np.sqrt(power)
    own = turns & (np.abs(frequency - lines) <= half)
    first = np.maximum(np.ceil((frequency - half - lines[0]) / comb.spacing), 0)
    last = np.minimum(np.floor((frequency + half - lines[0]) / comb.spacing), len(lines) - 1)
    return int(own.sum()), int((own & (first == last)).all(axis=1).sum())


def _lines(comb: Comb) -> FloatArray:
    return np.array([orbit.frequency for orbit in comb.orbits])
