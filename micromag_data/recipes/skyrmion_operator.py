"""Effective field of one skyrmion disk, taken from the field terms of magnum.np, and a fixed-step RK4 around it.

The physics (demagnetising kernel, exchange, interfacial DMI, uniaxial anisotropy) is that of magnum.np: its field
terms are linear in the magnetisation, so the short-range ones are probed once into a sparse matrix and the Newell
kernel is read from the demagnetising term. `check_against_package` compares the assembled field with the package's own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # the field terms are called a few times only: no compiler needed

from dataclasses import dataclass

import magnumnp as mnp
import numba
import numpy as np
import scipy.sparse
import torch
from magnumnp.common import logging as magnum_logging

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
magnum_logging.set_log_level(50)

GAMMA = float(mnp.constants.gamma)  # m/(A s), the package's value


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


def _field(state: mnp.State, terms: list, m: np.ndarray) -> np.ndarray:
    """Return the package's field (3, n, n) [A/m] of the given terms for the magnetisation (3, n, n)."""
    state.m = torch.from_numpy(np.ascontiguousarray(m.transpose(1, 2, 0)[:, :, None, :]))
    total = sum(term.h(state) for term in terms)
    return total[:, :, 0, :].numpy().transpose(2, 0, 1).copy()


def probe_local(state: mnp.State, mask: np.ndarray) -> scipy.sparse.csr_matrix:
    """Assemble exchange and DMI of the package as a sparse matrix over the flattened (3, n, n) magnetisation."""
    n = mask.shape[0]
    terms = [mnp.ExchangeField(), mnp.InterfaceDMIField()]
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    rows, columns, data = [], [], []
    for colour in range(9):  # cells of one colour are 3 apart, so their nearest-neighbour stencils never touch
        ci, cj = colour % 3, colour // 3
        source_i = i + (ci - i + 1) % 3 - 1  # the one cell of this colour next to (i, j)
        source_j = j + (cj - j + 1) % 3 - 1
        for component in range(3):
            m = np.zeros((3, n, n))
            m[component] = mask & (i % 3 == ci) & (j % 3 == cj)
            h = _field(state, terms, m) * mask
            out, pi, pj = np.nonzero(h)
            rows.append((out * n + pi) * n + pj)
            columns.append((component * n + source_i[pi, pj]) * n + source_j[pi, pj])
            data.append(h[out, pi, pj])
    entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
    return scipy.sparse.csr_matrix(entries, shape=(3 * n * n, 3 * n * n))


@numba.njit(cache=True)
def _convolve(spectrum, kernel):
    """Multiply the spectrum (3, real and imaginary parts) in place by the symmetric kernel xx, xy, yy, zz."""
    for k in range(spectrum.shape[1]):
        x, y = spectrum[0, k], spectrum[1, k]
        spectrum[0, k] = kernel[0, k] * x + kernel[1, k] * y
        spectrum[1, k] = kernel[1, k] * x + kernel[2, k] * y
        spectrum[2, k] *= kernel[3, k]


@numba.njit(cache=True)
def _add_local(m, diagonals, offsets, field):
    """Add the sparse short-range field, stored by diagonals, to the flattened field."""
    size = m.size
    for d in range(offsets.size):
        low, high = max(0, -offsets[d]), min(size, size - offsets[d])
        target, row, source = field[low:high], diagonals[d, low:high], m[low + offsets[d] : high + offsets[d]]
        for p in range(high - low):
            target[p] += row[p] * source[p]


@numba.njit(cache=True)
def _torque(m, field, factors, torque):
    """Write the Landau-Lifshitz-Gilbert right-hand side [1/s] of every cell, arrays (3, cells)."""
    scale, alpha = factors
    for p in range(m.shape[1]):
        x, y, z = m[0, p], m[1, p], m[2, p]
        u, v, w = field[0, p], field[1, p], field[2, p]
        cx, cy, cz = y * w - z * v, z * u - x * w, x * v - y * u
        torque[0, p] = scale * (cx + alpha * (y * cz - z * cy))
        torque[1, p] = scale * (cy + alpha * (z * cx - x * cz))
        torque[2, p] = scale * (cz + alpha * (x * cy - y * cx))


@numba.njit(cache=True)
def _stage(m, demag, local, weights, work, following):
    """One Runge-Kutta stage: torque at m, added with its weight to the sum; following = start + factor * torque."""
    ku, alpha, weight, factor = weights
    diagonals, offsets, uniaxial = local
    start, total, field, torque = work
    n = demag.shape[1]
    for row in range(3 * n):
        field[row * n : (row + 1) * n] = demag[row // n, row % n, :n]
    _add_local(m, diagonals, offsets, field)
    for p in range(n * n):
        field[2 * n * n + p] += ku * uniaxial[p] * m[2 * n * n + p]
    scale = -GAMMA / (1.0 + alpha * alpha)
    _torque(m.reshape(3, n * n), field.reshape(3, n * n), (scale, alpha), torque.reshape(3, n * n))
    for p in range(m.size):
        total[p] += weight * torque[p]
        following[p] = start[p] + factor * torque[p]


@numba.njit(cache=True)
def _finish(start, total, cells):
    """Add the weighted torque to the magnetisation in place, normalise every magnetic cell and clear the sum."""
    row0 = start.size // 3
    for p in cells:
        x = start[p] + total[p]
        y = start[row0 + p] + total[row0 + p]
        z = start[2 * row0 + p] + total[2 * row0 + p]
        inverse = 1.0 / np.sqrt(x * x + y * y + z * z)
        start[p], start[row0 + p], start[2 * row0 + p] = x * inverse, y * inverse, z * inverse
    total[:] = 0.0


class Magnet:
    """Magnetisation of the disk with a fixed-step RK4 whose field is the one of the package's terms."""

    def __init__(self, disk: Disk) -> None:
        """Build the field operator of the disk."""
        self.disk = disk
        self.state, self.mask = package_state(disk)
        n = disk.cells
        local = probe_local(self.state, self.mask)
        offsets = scipy.sparse.dia_matrix(local).offsets.astype(np.int64)
        rows = np.zeros((offsets.size, 3 * n * n))  # every diagonal, indexed by row
        for d, offset in enumerate(offsets):
            part = local.diagonal(offset)
            rows[d, max(0, -offset) : max(0, -offset) + part.size] = part
        self.cells = np.flatnonzero(self.mask)
        up = np.zeros((3, n, n))
        up[2] = self.mask
        uniaxial = (_field(self.state, [mnp.UniaxialAnisotropyField()], up)[2] / disk.anisotropy).ravel()
        self.local = (rows, offsets, uniaxial)
        self.demag_term = mnp.DemagField()
        _field(self.state, [self.demag_term], up)
        tensor = self.demag_term._N
        kernel = [tensor[0][0], tensor[0][1], tensor[1][1], tensor[2][2]]
        real = np.stack([part[:, :, 0].numpy().T for part in kernel]) * disk.saturation
        self.kernel = np.repeat(real.reshape(4, -1), 2, axis=1)  # one value for the real, one for the imaginary part
        self.m = np.zeros(3 * n * n)
        self._work = tuple(np.zeros_like(self.m) for _ in range(3))  # sum of torques, field, torque
        self._buffers = [np.zeros_like(self.m) for _ in range(2)]

    def demag(self, m: np.ndarray) -> np.ndarray:
        """Return the demagnetising field (3, n, 2n) [A/m], valid in [:, :, :n], of the package's kernel."""
        n = self.disk.cells
        spectrum = torch.fft.rfft(torch.from_numpy(m).view(3, n, n), n=2 * n, dim=2)
        spectrum = torch.fft.fft(spectrum.transpose(1, 2), n=2 * n, dim=2).contiguous()
        _convolve(torch.view_as_real(spectrum).view(3, -1).numpy(), self.kernel)
        rows = torch.fft.ifft(spectrum, dim=2)[:, :, :n].transpose(1, 2)
        return torch.fft.irfft(rows, n=2 * n, dim=2).contiguous().numpy()

    def advance(self, dt: float, ku: tuple[float, float, float], alpha: float) -> None:
        """Advance one RK4 step of dt [s] with the anisotropy [J/m3] at its start, middle and end."""
        stages = ((ku[0], dt / 6, dt / 2), (ku[1], dt / 3, dt / 2), (ku[1], dt / 3, dt), (ku[2], dt / 6, 0.0))
        current, work = self.m, (self.m, *self._work)
        for index, (value, weight, factor) in enumerate(stages):
            following = self._buffers[index % 2]
            _stage(current, self.demag(current), self.local, (value, alpha, weight, factor), work, following)
            current = following
        _finish(self.m, self._work[0], self.cells)

    def mean(self) -> np.ndarray:
        """Return mx, my, mz averaged over the magnetic cells of the disk."""
        return self.m.reshape(3, -1)[:, self.cells].mean(axis=1)

    def grid(self) -> np.ndarray:
        """Return the magnetisation as (3, n, n)."""
        return self.m.reshape(3, self.disk.cells, self.disk.cells)

    def field(self, ku: float) -> np.ndarray:
        """Return the assembled effective field (3, n, n) [A/m], zero outside the disk."""
        n = self.disk.cells
        total = self.demag(self.m)[:, :, :n].ravel()
        _add_local(self.m, self.local[0], self.local[1], total)
        total[2 * n * n :] += ku * self.local[2] * self.m[2 * n * n :]
        return total.reshape(3, n, n) * self.mask


def check_against_package(magnet: Magnet, ku: float) -> float:
    """Return max|assembled field - package field| / max|package field| at the present magnetisation."""
    terms = [magnet.demag_term, mnp.ExchangeField(), mnp.InterfaceDMIField(), mnp.UniaxialAnisotropyField()]
    state = magnet.state
    state.material["Ku"] = torch.from_numpy(magnet.mask * ku)[:, :, None, None]
    expected = _field(state, terms, magnet.grid()) * magnet.mask
    return float(np.abs(magnet.field(ku) - expected).max() / np.abs(expected).max())


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
