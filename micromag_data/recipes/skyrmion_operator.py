"""Field operator of one skyrmion disk: film_operator.py with exchange, interfacial DMI and a driven anisotropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from film_operator import Driven, Film, field_error, mnp, torch


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Material and geometry of the disk in SI units."""

    diameter: float = 80e-9  # m
    thickness: float = 1e-9  # m
    cell: float = 2e-9  # m
    saturation: float = 580e3  # A/m
    exchange: float = 15e-12  # J/m
    anisotropy: float = 8e5  # J/m3
    dmi: float = 3.5e-3  # J/m2

    @property
    def cells(self) -> int:
        """Number of cells along one side of the square grid."""
        return round(self.diameter / self.cell)


def package_state(disk: Disk) -> tuple[mnp.State, np.ndarray]:
    """Return the magnum.np state of the disk and the boolean mask (n, n) of its magnetic cells."""
    n = disk.cells
    half = disk.diameter / 2
    mesh = mnp.Mesh((n, n, 1), (disk.cell, disk.cell, disk.thickness), origin=(-half, -half, 0.0))
    state = mnp.State(mesh)
    x, y, _ = mesh.SpatialCoordinate()
    inside = x**2 + y**2 <= half**2
    values = {"Ms": disk.saturation, "A": disk.exchange, "Ku": disk.anisotropy, "Di": disk.dmi}
    for name, value in values.items():
        state.material[name] = 0.0
        state.material[name][inside] = value
    state.material["Ku_axis"] = [0.0, 0.0, 1.0]
    return state, inside[:, :, 0].numpy()


class Magnet(Film):
    """Magnetisation of the disk; the one level of its drive is the anisotropy [J/m3]."""

    def __init__(self, disk: Disk) -> None:
        """Build the field operator of the disk."""
        self.disk = disk
        state, mask = package_state(disk)
        super().__init__(state, mask, [mnp.ExchangeField(), mnp.InterfaceDMIField()], Driven(anisotropies=[mask]))

    def advance_at(self, dt: float, ku: tuple[float, float, float], alpha: float) -> None:
        """Advance one RK4 step of dt [s] with the anisotropy [J/m3] at its start, middle and end."""
        self.advance(dt, np.array([[value, 0.0] for value in ku]), alpha)


def check_against_package(magnet: Magnet, ku: float) -> float:
    """Return max|assembled field - package field| / max|package field| at the present magnetisation."""
    magnet.state.material["Ku"] = torch.from_numpy(magnet.mask * ku)[:, :, None, None]
    return field_error(magnet, np.array([ku, 0.0]), [mnp.UniaxialAnisotropyField()])


def seed_skyrmion(magnet: Magnet, radius: float = 20e-9, width: float = 5e-9) -> None:
    """Set a Neel skyrmion (core down, wall pointing inwards or outwards as the DMI favours) of the given radius [m]."""
    n = magnet.disk.cells
    axis = (np.arange(n) + 0.5) * magnet.disk.cell - magnet.disk.diameter / 2
    x, y = np.meshgrid(axis, axis, indexing="ij")
    r = np.hypot(x, y)
    angle = 2 * np.arctan(np.exp((r - radius) / width))  # 0 in the core, pi at the rim
    sign = np.sign(magnet.disk.dmi)
    m = np.stack([sign * np.sin(angle) * x / r, sign * np.sin(angle) * y / r, -np.cos(angle)]) * magnet.mask
    magnet.m = np.ascontiguousarray(m).ravel()


def topological_charge(grid: np.ndarray, mask: np.ndarray) -> float:
    """Return the lattice topological charge by solid angles of the triangles whose corners are all magnetic."""

    def solid(a, b, c, ok):
        triple = np.einsum("kij,kij->ij", a, np.cross(b, c, axis=0))
        dots = [np.einsum("kij,kij->ij", p, q) for p, q in ((a, b), (b, c), (c, a))]
        return (2 * np.arctan2(triple, 1 + sum(dots)) * ok).sum()

    p, q, r, s = grid[:, :-1, :-1], grid[:, 1:, :-1], grid[:, 1:, 1:], grid[:, :-1, 1:]
    a, b, c, d = mask[:-1, :-1], mask[1:, :-1], mask[1:, 1:], mask[:-1, 1:]
    return float((solid(p, q, r, a & b & c) + solid(p, r, s, a & c & d)) / (4 * np.pi))
