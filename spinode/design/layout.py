"""Where the pillars stand and what feeds them: pitch, area, antenna, direct current."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spinode.design.comb import Comb
from spinode.design.spec import DesignSpec
from spinode.devices.constants import MU0
from spinode.devices.vortex_energy import MOMENT
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Square grid of pillars in the order of their frequencies, there and back row by row.

    Parameters
    ----------
    pitch : float
        Between centres [m].
    isolated_by : str
        ``dipolar coupling`` or ``gap``: what asks for the pitch.
    columns, rows : int
        Of the grid.
    """

    pitch: float
    isolated_by: str
    columns: int
    rows: int

    @property
    def area(self) -> float:
        """columns rows pitch^2 [m2]."""
        return self.columns * self.rows * self.pitch**2

    def positions(self, count: int) -> FloatArray:
        """Centres (count, 2) [m] of the first pillars."""
        number = np.arange(count)
        row, column = number // self.columns, number % self.columns
        column = np.where(row % 2 == 1, self.columns - 1 - column, column)
        return np.asarray(np.stack([column, row], axis=1) * self.pitch, dtype=np.float64)


def make_layout(spec: DesignSpec, comb: Comb) -> Layout:
    """A grid on which no two neighbours of the comb lock by their dipolar fields."""
    pairs = zip(comb.orbits[:-1], comb.orbits[1:], strict=True)
    far = max(dipolar_distance(first, second, spec.isolation * comb.spacing) for first, second in pairs)
    near = 2 * max(orbit.device.radius for orbit in comb.orbits) + spec.gap
    columns = math.ceil(math.sqrt(len(comb.orbits)))
    return Layout(
        pitch=max(far, near),
        isolated_by="dipolar coupling" if far > near else "gap",
        columns=columns,
        rows=math.ceil(len(comb.orbits) / columns),
    )


def dipolar_distance(first: VortexOrbit, second: VortexOrbit, width: float) -> float:
    """Distance of the centres [m] at which the dipolar locking range of two pillars of one polarity has a width [Hz].

    Averaged over a turn two dipoles m = (2/3) Ms pi R^2 L s at a distance d have W = -K s1 s2 cos(psi)/2,
    K = mu0 m1 m2/(4 pi d^3 s1 s2); that couples them with the rate k = K/(2 G R1 R2), conservatively, so that they lock
    within 2 k |nu|/(2 pi). Derived here from point dipoles, which underestimate the coupling of touching pillars;
    opposite polarities have three times the coupling.
    """
    moments = 1.0
    for orbit in (first, second):
        device = orbit.device
        moments *= MOMENT * device.saturation_magnetization * np.pi * device.radius**2 * device.thickness
    scale = MU0 * moments / (4 * np.pi)
    scale /= 2 * first.device.radius * second.device.radius
    scale /= math.sqrt(first.device.gyrovector * second.device.gyrovector)
    reach = max(orbit.oscillation.mutual_locking_width(scale, np.pi / 2) for orbit in (first, second))
    return float((reach / width) ** (1 / 3))


def antenna_current(spec: DesignSpec, field: float) -> float:
    """Amplitude [A] in a strip line that makes an in-plane field [T] close above it: B = mu0 I/(2 width)."""
    return 2 * spec.antenna_width * field / MU0


def antenna_power(spec: DesignSpec, field: float) -> float:
    """Rf power [W] in the strip line: I^2 Z/2, matched."""
    return 0.5 * antenna_current(spec, field) ** 2 * spec.antenna_impedance


def bias_power(comb: Comb) -> float:
    """Direct-current power [W] of all pillars: sum of I^2 R."""
    return sum(orbit.current**2 * orbit.device.resistance for orbit in comb.orbits)
