"""How long a wall stays where it is: the energy of the track, its wells, and the way out of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.devices.wall_motion import stiffness_field
from spinode.signals import FloatArray

if TYPE_CHECKING:
    from spinode.devices.wall import DomainWall

TEN_YEARS = 3.16e8
"""Usual retention of a memory [s]."""
FINENESS = 50
"""Grid points in a wall width or a notch period, whichever is shorter."""
LEAST_RISE = 1e-6
"""A rise of the energy below this part of kB T is rounding."""
LARGEST_EXPONENT = 600.0
"""exp of more is taken as infinite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A place where a wall rests, and how well it is held there.

    Parameters
    ----------
    position : float
        q of the bottom of the well [m].
    barrier : float
        Energy of the lower way out above the bottom [J]: 0 where there is no well, infinite where there is no way out.
    stiffness : float
        d2E/dq2 at the bottom [N/m].
    attempt_rate : float
        f0 in rate = f0 exp(-barrier/kB T) [1/s].
    escape_time : float
        Mean time until the wall has left: for a neighbouring well, or for where it no longer feels this one [s].
    """

    position: float
    barrier: float
    stiffness: float
    attempt_rate: float
    escape_time: float


def track_energy(wall: DomainWall, q: FloatArray, gate: float, field: float) -> FloatArray:
    """E(q) [J] at a fixed angle, shape of ``q``: film, edges of the gate, notches, springs, a field along z [T]."""
    stiffness = wall.effective_anisotropy + wall.strain_efficiency * gate + wall.anisotropy_gradient * q
    stiffness = np.maximum(stiffness, 1e-9 * wall.effective_anisotropy)
    width = np.sqrt(wall.exchange_stiffness / stiffness)
    edges = np.tanh((wall.gate_stop - q) / width) - np.tanh((wall.gate_start - q) / width)
    film = 4 * np.sqrt(wall.exchange_stiffness * stiffness) + wall.gate_efficiency * gate * width * edges
    depth = wall.notch_energy + wall.notch_efficiency * gate
    outside = np.maximum(q - wall.length, 0.0) + np.minimum(q, 0.0)
    springs = wall.pinning_stiffness * (q - wall.pinning_position) ** 2 + wall.end_stiffness * outside**2
    notches = depth * np.sin(np.pi * q / wall.notch_period) ** 2
    return np.asarray(wall.section * film + notches + springs / 2 - wall.charge * wall.moment * field * q)


def hold_at(wall: DomainWall, position: float, gate: float, field: float) -> Hold:
    """The well into which a wall slides from a position [m], and the time for which it holds.

    Each way out has the rate r A D/(Int exp(-E/kB T) dq Int exp(E/kB T) dq), the first integral over the well, the
    second over the barrier, D = kB T gamma Delta/(2 alpha Ms S) of a wall whose angle follows at once: Kramers,
    Physica 7, 284 (1940), without his Gaussian integrals, so that low and flat barriers are right too. r is the growth
    rate at the top of the barrier over its value for such an angle, which makes the rate that of Langer, Ann. Phys. 54,
    258 (1969), for (q, phi). A <= 1 counts the walls that a low damping feeds too slowly with energy: Mel'nikov and
    Meshkov, J. Chem. Phys. 85, 1018 (1986), with the loss on the way from barrier to barrier. Put together here;
    within 15 % of simulated escapes from 3 and 5 kB T at alpha = 0.01 to 0.3.
    """
    q = _grid(wall, position, gate)
    energy = track_energy(wall, q, gate, field)
    bottom = _bottom(energy, int(np.argmin(np.abs(q - position))))
    spacing, heat = float(q[1] - q[0]), BOLTZMANN * wall.temperature
    least = LEAST_RISE * BOLTZMANN * (wall.temperature or 300.0)
    sides = (energy[bottom:], energy[bottom::-1])
    ways = [_way_out(side, least) for side in sides]
    place, barrier = float(q[bottom]), _barrier(sides, ways)
    found = Hold(
        position=place,
        barrier=barrier,
        stiffness=_curvature(energy, bottom, spacing),
        attempt_rate=0.0,
        escape_time=np.inf if barrier > 0 else 0.0,
    )
    if barrier == 0 or heat == 0 or np.isinf(barrier):
        return found
    inside = [side if way is None else side[: way[0] + 1] for side, way in zip(sides, ways, strict=True)]
    well = spacing * (sum(float(np.exp((energy[bottom] - part) / heat).sum()) for part in inside) - 1)
    wide = float(np.sqrt(wall.exchange_stiffness / wall.anisotropy_at(place, gate)))
    angle = _Angle(wall=wall, width=wide, spacing=spacing)
    rates = [
        angle.log_rate(side[: way[1] + 1], way[0], other) - np.log(well)
        for side, way, other in zip(sides, ways, inside[::-1], strict=True)
        if way is not None
    ]
    rate = float(np.logaddexp.reduce(rates))
    time = float(np.exp(-rate)) if -rate < LARGEST_EXPONENT else np.inf
    return replace(found, attempt_rate=float(np.exp(rate + barrier / heat)), escape_time=time)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Angle:
    """What the angle does to an escape: a spring of E_phiphi that moves with the place, and damping."""

    wall: DomainWall
    width: float
    spacing: float

    @property
    def spring(self) -> float:
        """d2E/dphi2 at rest [J]."""
        return stiffness_field(self.wall, self.wall.rest_angle) * self.wall.moment * self.width

    def log_rate(self, path: FloatArray, top: int, other: FloatArray) -> float:
        """ln of the rate times the integral over the well, for a path over a barrier and the other side of the well."""
        wall = self.wall
        heat = BOLTZMANN * wall.temperature
        over = self.spacing * float(np.exp((path - path[top]) / heat).sum())
        diffusion = heat * GAMMA * self.width / (wall.damping * wall.moment)
        fed = _fed(self.loss(path[: top + 1], other) / heat) if self.spring > 0 else 1.0
        factor = self.growth(-_curvature(path, top, self.spacing)) * fed
        return float(np.log(diffusion * factor / over) - (path[top] - path[0]) / heat)

    def growth(self, steepness: float) -> float:
        """Growth rate of (q, phi) on a top of curvature -steepness [N/m] over that of an angle that follows at once."""
        damping, spring = self.wall.damping, self.spring
        if steepness <= 0 or spring <= 0:
            return 1.0 if spring > 0 else damping**2 / (1 + damping**2)
        force, torque = damping * self.width * steepness, damping * spring / self.width
        root = np.sqrt((force - torque) ** 2 + 4 * steepness * spring * (1 + damping**2))
        return float(2 * torque / (root - force + torque))

    def loss(self, climb: FloatArray, other: FloatArray) -> float:
        """Energy [J] lost from the top of a barrier to the next chance to pass one.

        alpha Int (Delta E_q^2 + E_phi^2/Delta)/|E_phi| dq along the undamped path with the energy of the top, on which
        E_phi^2 = 2 spring (E_top - E). Derived here.
        """
        high = climb[-1]
        beyond = np.flatnonzero(other >= high)
        left = int(np.argmax(other)) if not beyond.size else int(beyond[0])
        turned = other[left] - high > BOLTZMANN * self.wall.temperature
        path = np.concatenate([climb[:0:-1], other[: left + 1]])
        momentum = np.sqrt(2 * self.spring * np.maximum(high - 0.5 * (path[1:] + path[:-1]), 0.0))
        force = np.diff(path) / self.spacing
        moving = momentum > 0
        lost = self.width * force[moving] ** 2 / momentum[moving] + momentum[moving] / self.width
        return float(self.wall.damping * self.spacing * lost.sum() * (2 if turned else 1))


def _fed(loss: float) -> float:
    """exp[(1/2 pi) Int ln(1 - exp(-loss (x^2 + 1/4)))/(x^2 + 1/4) dx], with x = tan(t)/2; 1 for a large loss."""
    t = (np.arange(2000) + 0.5) * (np.pi / 2000) - np.pi / 2
    return float(np.exp(np.mean(np.log(-np.expm1(-loss / (4 * np.cos(t) ** 2))))))


def _grid(wall: DomainWall, position: float, gate: float) -> FloatArray:
    """Positions [m] that cover the track and some widths beyond its ends."""
    notched = wall.notch_energy + wall.notch_efficiency * gate != 0
    finest = min(wall.wall_width, wall.notch_period) if notched else wall.wall_width
    margin = max(10 * wall.wall_width, 2 * wall.notch_period if notched else 0.0)
    low, high = min(0.0, position) - margin, max(wall.length, position) + margin
    return np.linspace(low, high, 1 + int(np.ceil((high - low) / finest * FINENESS)))


def _bottom(energy: FloatArray, start: int) -> int:
    """Where a wall that slides down from a grid point comes to rest."""
    rise = np.diff(energy)
    if start < rise.size and rise[start] < 0:
        up = np.flatnonzero(rise[start:] >= 0)
        return start + int(up[0]) if up.size else energy.size - 1
    down = np.flatnonzero(rise[:start] <= 0)
    return int(down[-1]) + 1 if down.size else 0


def _way_out(side: FloatArray, least: float) -> tuple[int, int] | None:
    """Top of the barrier and place behind it on the way outwards from a bottom; None where the energy only rises."""
    fallen = np.flatnonzero(np.maximum.accumulate(side) - side > least)
    if not fallen.size:
        flat = side[-1] - side[-FINENESS:].min() <= least
        level = int(np.argmax(side >= side[-1] - least))
        return (level, level) if flat else None
    top = int(np.argmax(side[: fallen[0] + 1]))
    after = side[top:]
    risen = np.flatnonzero(after - np.minimum.accumulate(after) > least)
    return top, top + (int(np.argmin(after[: risen[0] + 1])) if risen.size else after.size - 1)


def _barrier(sides: tuple[FloatArray, FloatArray], ways: list[tuple[int, int] | None]) -> float:
    """Lower of the two ways out [J]; 0 where a side does not rise, or where the track ended before the bottom."""
    if min(side.size for side in sides) < 2:
        return 0.0
    return min((float(side[way[0]] - side[0]) for side, way in zip(sides, ways, strict=True) if way), default=np.inf)


def _curvature(energy: FloatArray, place: int, spacing: float) -> float:
    """Second derivative [N/m] on the grid."""
    place = min(max(place, 1), energy.size - 2)
    return float((energy[place + 1] - 2 * energy[place] + energy[place - 1]) / spacing**2)
