"""Pillars of one array as a curve: for each radius the thickness and the current that give equal sensitivity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from scipy import optimize

from spinode.design.spec import DesignSpec
from spinode.devices.vortex import VortexOscillator
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import FloatArray

THICKNESS_REACH = 1.3
"""Thicknesses this many times outside the range are still solved for, so that a limit's margin has a sign."""
WEDGE_POINTS = 10
"""Radii and thicknesses at which the current is tabulated."""
SECANTS = 12
"""Secant steps to the orbit of a wanted half-width; five are enough."""
STEEPEST_RISE = -0.05
"""d ln(half-width)/d ln s above which the secants may be about to climb the other branch."""
BEYOND = 1.001
"""s that stands for no orbit at all: a current that no core bears."""
ORBITS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Orbits at which a half-width is looked at that is too large at the edge of the disk."""
SMALLEST_ORBIT = 1e-3
"""s below which no orbit is asked for: the core of a real disk is pinned or hidden by thermal motion."""


def pillar(spec: DesignSpec, radius: float, thickness: float) -> VortexOscillator:
    """The spec's material and stack with this radius and thickness [m]."""
    return replace(spec.device, radius=radius, thickness=thickness)


@lru_cache(maxsize=4096)
def biased_current(spec: DesignSpec, device: VortexOscillator) -> float:
    """Current [A] that gives a pillar the wanted sensitivity.

    zeta Ith where the supercriticality is given. Otherwise the current of the orbit s at which
    gamma b/(12 pi s) sqrt(1 + nu^2) is the wanted half-width, solved exactly; an orbit beyond the disk (s = 1) where
    none is small enough in it. inf where no current overcomes the damping.
    """
    zeta, field, half = spec.sensitivity
    if zeta is not None:
        return zeta * device.threshold_current
    assert field is not None and half is not None
    threshold = device.threshold_current
    if not math.isfinite(threshold):
        return math.inf

    def excess(log_radius: float) -> float:
        return math.log(half_width_of_orbit(device, math.exp(log_radius), field) / half)

    root = _falling_root(excess)
    if root is None:
        root = _first_root(excess)
    return threshold if root is None else device.current_for_radius(math.exp(root))


def _falling_root(excess: Callable[[float], float]) -> float | None:
    """ln s at which a half-width that falls about as 1/s is the wanted one, by secants; None where they fail."""
    before, at_before = 0.0, excess(0.0)
    point = at_before
    for _ in range(SECANTS):
        if not math.log(SMALLEST_ORBIT) < point < 0:
            return None
        at_point = excess(point)
        slope = (at_point - at_before) / (point - before)
        if slope >= STEEPEST_RISE:
            return None
        before, at_before, point = point, at_point, point - at_point / slope
        if abs(point - before) < 1e-11:
            return point
    return None


def _first_root(excess: Callable[[float], float]) -> float | None:
    """ln s at which a half-width first falls to the wanted one.

    For a disk that its current stiffens much, nu grows with the orbit, and the half-width rises again before s = 1.
    ``BEYOND`` the disk where it never falls so far, None where it is that small from the start.
    """
    low = math.log(SMALLEST_ORBIT)
    if excess(low) < 0:
        return None
    for point in np.log((*ORBITS, 1.0)):
        if excess(float(point)) < 0:
            return float(optimize.brentq(excess, low, float(point), xtol=1e-11))
    return math.log(BEYOND)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownOrbit(VortexOrbit):
    """An orbit of known s^2 at its current, whatever the speed of its core: limits are looked at elsewhere."""

    known: float

    @property
    def power(self) -> float:
        """s^2, as given."""
        return self.known

    @property
    def exists(self) -> bool:
        """Always: the critical velocity is a limit of its own."""
        return True


def half_width_of_orbit(device: VortexOscillator, radius: float, field: float) -> float:
    """Locking half-width [Hz] on the orbit s = ``radius`` in a field of amplitude ``field`` [T], any core speed."""
    orbit = KnownOrbit(device=device, current=device.current_for_radius(radius), known=radius**2)
    return orbit.locking_half_width(field)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wedge:
    """Thickness at which a pillar of a given radius has the wanted sensitivity at a given current.

    ln |I| of ``biased_current`` over ln R and ln L as a Chebyshev polynomial gives the first thickness, two Newton
    steps on the exact current the last.

    Parameters
    ----------
    spec : DesignSpec
        Material and wishes.
    coefficients : array, shape (n, n)
        Of the polynomial over the squares of ``low`` and ``high``.
    low, high : array, shape (2,)
        Smallest and largest ln R and ln L.
    """

    spec: DesignSpec
    coefficients: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, spec: DesignSpec) -> Wedge:
        """Tabulate the current over the radii of a spec and a little more than its thicknesses."""
        low = np.log([spec.smallest_radius, spec.smallest_thickness / THICKNESS_REACH])
        high = np.log([spec.largest_radius, spec.largest_thickness * THICKNESS_REACH])
        points = chebyshev.chebpts1(WEDGE_POINTS)
        radii, films = (np.exp(low[n] + (high[n] - low[n]) * 0.5 * (points + 1)) for n in (0, 1))
        table = [[_log_current(spec, radius, film) for film in films] for radius in radii]
        inverse = np.linalg.inv(chebyshev.chebvander(points, WEDGE_POINTS - 1))
        return cls(spec=spec, coefficients=inverse @ np.array(table) @ inverse.T, low=low, high=high)

    def thickness(self, radius: float, current: float) -> float:
        """Thickness [m] at a current [A]; the end of the table where it lies beyond."""
        wanted, span = math.log(abs(current)), self.high - self.low
        across = 2 * (math.log(radius) - self.low[0]) / span[0] - 1
        along = chebyshev.Chebyshev(chebyshev.chebval(across, self.coefficients))
        point = root_or_end(lambda each: float(along(each)) - wanted, -1.0, 1.0)
        log_film = float(self.low[1] + span[1] * 0.5 * (point + 1))
        if abs(point) == 1.0:
            return math.exp(log_film)
        slope = float(along.deriv()(point)) * 2 / span[1]
        for _ in range(2):
            log_film += (wanted - _log_current(self.spec, radius, math.exp(log_film))) / slope
        return math.exp(log_film)


def _log_current(spec: DesignSpec, radius: float, thickness: float) -> float:
    return math.log(abs(biased_current(spec, pillar(spec, radius, thickness))))


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Pillars with one free number, the radius.

    Individual bias: one thickness, the current follows. Series chain of one film: one thickness and one current, so the
    supercriticality falls about as 1/R, since Ith ~ L^2 R P(L/R) d0(R). Series chain on a wedge: one current, the
    thickness is solved so that the sensitivity is equal; to leading order R ~ f^(-2/3) and L ~ f^(1/3).

    Parameters
    ----------
    spec : DesignSpec
        Material and wishes.
    thickness : float, optional
        Of one film [m].
    current : float, optional
        Of the chain [A]; from the wanted sensitivity where left out.
    wedge : Wedge, optional
        Thickness of each radius, where there is no one film.
    """

    spec: DesignSpec
    thickness: float | None = None
    current: float | None = None
    wedge: Wedge | None = None

    def at(self, radius: float) -> VortexOrbit:
        """The pillar of this radius [m] on its orbit, whether or not the core bears it."""
        thickness = self.thickness
        if thickness is None:
            assert self.wedge is not None and self.current is not None
            thickness = self.wedge.thickness(radius, self.current)
        device = pillar(self.spec, radius, thickness)
        return VortexOrbit(device=device, current=self._current(device))

    def drawn(self, ideal: VortexOrbit, radius: float) -> VortexOrbit:
        """An oscillator drawn with another radius: biased anew, or in the same chain at its place on the wedge."""
        device = replace(ideal.device, radius=radius)
        return VortexOrbit(device=device, current=self._current(device))

    @property
    def shares_current(self) -> bool:
        """Whether all pillars carry one current."""
        return self.current is not None

    def _current(self, device: VortexOscillator) -> float:
        if self.current is not None:
            return self.current
        current = biased_current(self.spec, device)
        if not math.isfinite(current):
            weaker = f"chirality={-math.copysign(1.0, device.torque_rate):g}"
            repair = weaker if device.torque_rate else "polarizer_tilt=0"
            raise ValueError(
                "DesignSpec.device must have a threshold current, got a spin torque that no current lets overcome the"
                f" damping (polarization {device.polarization:g}, tilt {device.polarizer_tilt:g} rad,"
                f" oersted_weight {device.oersted_weight:g}, radius {device.radius:g} m); try {repair}"
            )
        return current


def root_or_end(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a rising function, or the end of the interval that is nearest to it."""
    if function(low) >= 0:
        return low
    if function(high) <= 0:
        return high
    return float(optimize.brentq(function, low, high, xtol=1e-13))
