"""Magnetic coupling of vortices by the stray field of their in-plane moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from spinode.devices.constants import GAMMA, MU0
from spinode.devices.vortex_plane import PlaneFieldVortex
from spinode.networks.coupling import MatrixCoupling
from spinode.signals import FloatArray


def dipolar_couplings(
    devices: Sequence[PlaneFieldVortex], positions: ArrayLike, *, reach: float | None = None
) -> tuple[MatrixCoupling, ...]:
    """Every vortex feels the field of the moments of the others as point dipoles.

    B_i = mu0/(4 pi) sum_j [3 n (n m_j) - m_j]/d^3 with m_j = moment_j (y_j, -x_j); n and d are direction and length
    from j to i. Point dipoles underestimate the field of disks that nearly touch. Four matrices: both components of
    B_i from both of m_j.

    A core that turns with phase a and moment m e^(ia) on the axis n = x makes, in units of mu0 m/(4 pi d^3),
    B = 2 cos a - i sin a = (1/2) e^(ia) + (3/2) e^(-ia): a neighbour of the same polarity follows the part with 1/2,
    one of the opposite polarity, which turns the other way, that with 3/2. The other part averages out: the ratio is
    3, for every direction of the axis (its angle only turns the second part). Derived here; Abreu Araujo et al.,
    PRB 92, 045419 (2015), report about 3.

    Parameters
    ----------
    devices : sequence of PlaneFieldVortex, length N
        Their polarities decide which part they follow.
    positions : array, shape (N, 2)
        Centres [m], at least a sum of radii apart.
    reach : float, optional
        Pairs farther apart [m] are left out.

    Raises
    ------
    ValueError
        If the shape is wrong or two disks overlap.
    """
    places = np.asarray(positions, dtype=np.float64)
    count = len(devices)
    if places.shape != (count, 2) or not np.isfinite(places).all():
        raise ValueError(f"dipolar_couplings.positions must be finite, of shape ({count}, 2), got {places.shape}")
    along, across = (places[:, None, axis] - places[None, :, axis] for axis in (0, 1))
    distance = np.hypot(along, across)
    np.fill_diagonal(distance, np.inf)
    radii = np.array([device.vortex.radius for device in devices])
    closest = distance - radii[:, None] - radii[None, :]
    if count > 1 and closest.min() < 0:
        i, j = np.unravel_index(closest.argmin(), closest.shape)
        raise ValueError(
            f"dipolar_couplings.positions must keep disks {radii[i] + radii[j]:.3g} m apart, got {distance[i, j]:.3g} m"
            f" between {i} and {j}"
        )
    moments = np.array([device.moment for device in devices])
    strength = MU0 / (4 * np.pi) * moments[None, :] / distance**3
    if reach is not None:
        strength[distance > reach] = 0.0
    return _components(strength, along / distance, across / distance)


def _components(strength: FloatArray, nx: FloatArray, ny: FloatArray) -> tuple[MatrixCoupling, ...]:
    """Field along x and y from the moments (y, -x)."""
    mixed = 3 * nx * ny * strength
    return (
        MatrixCoupling(matrix=(3 * nx**2 - 1) * strength, source={"y": 1.0}, target="field"),
        MatrixCoupling(matrix=mixed, source={"x": -1.0}, target="field"),
        MatrixCoupling(matrix=mixed, source={"y": 1.0}, target="field_y"),
        MatrixCoupling(matrix=(3 * ny**2 - 1) * strength, source={"x": -1.0}, target="field_y"),
    )


def dipolar_rate(device: PlaneFieldVortex, distance: float, *, opposite: bool = False) -> float:
    """Rate k [1/s] at which a like vortex at a distance [m] pulls: (gamma/3) mu0 m/(4 pi d^3) times 1/2 or 3/2.

    The force is (gamma/3) B times i, so the coupling is conservative, with the angle b = +-pi/2 of
    ``Oscillation.mutual_locking_width``, up to the damping d << 1.

    Parameters
    ----------
    device : PlaneFieldVortex
    distance : float
        Between the centres [m].
    opposite : bool
        Opposite core polarities: three times the rate of like ones.
    """
    field = MU0 * abs(device.moment) / (4 * np.pi * distance**3)
    return float(GAMMA / 3 * field * (1.5 if opposite else 0.5))
