"""Effective field of a thin film of one layer of cells, taken from the field terms of magnum.np, and RK4 around it.

The physics (demagnetising kernel, exchange, interfacial DMI, uniaxial anisotropy) is that of magnum.np: its field
terms are linear in the magnetisation, so the short-range ones are probed once into a sparse matrix and the Newell
kernel is read from the demagnetising term. What a drive changes comes on top, each with a level of its own: maps of a
uniaxial anisotropy along z [J/m3], given field patterns, and one spin torque with the field level * m x p.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # the field terms are called a few times only: no compiler needed

from collections.abc import Sequence
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
MU0 = float(mnp.constants.mu_0)
HBAR = float(mnp.constants.hbar)
CHARGE = float(mnp.constants.e)


def package_field(state: mnp.State, terms: list, m: np.ndarray) -> np.ndarray:
    """Return the package's field (3, nx, ny) [A/m] of the given terms for the magnetisation (3, nx, ny)."""
    state.m = torch.from_numpy(np.ascontiguousarray(m.transpose(1, 2, 0)[:, :, None, :]))
    total = sum(term.h(state) for term in terms)
    return total[:, :, 0, :].numpy().transpose(2, 0, 1).copy()


def probe_local(state: mnp.State, mask: np.ndarray, terms: list) -> scipy.sparse.csr_matrix:
    """Assemble nearest-neighbour terms of the package as a sparse matrix over the flattened (3, nx, ny)."""
    nx, ny = mask.shape
    i, j = np.meshgrid(np.arange(nx), np.arange(ny), indexing="ij")
    rows, columns, data = [], [], []
    for colour in range(9):  # cells of one colour are 3 apart, so their nearest-neighbour stencils never touch
        ci, cj = colour % 3, colour // 3
        source_i = i + (ci - i + 1) % 3 - 1  # the one cell of this colour next to (i, j)
        source_j = j + (cj - j + 1) % 3 - 1
        for component in range(3):
            m = np.zeros((3, nx, ny))
            m[component] = mask & (i % 3 == ci) & (j % 3 == cj)
            h = package_field(state, terms, m) * mask
            out, pi, pj = np.nonzero(h)
            rows.append((out * nx + pi) * ny + pj)
            columns.append((component * nx + source_i[pi, pj]) * ny + source_j[pi, pj])
            data.append(h[out, pi, pj])
    entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
    return scipy.sparse.csr_matrix(entries, shape=(3 * nx * ny, 3 * nx * ny))


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
def _add_driven(m, driven, levels, field):
    """Add what the levels drive: anisotropies along z, then field patterns, then the torque field level * m x p."""
    uniaxial, patterns, torque = driven
    cells = m.size // 3
    for k in range(uniaxial.shape[0]):
        for p in range(cells):
            field[2 * cells + p] += levels[k] * uniaxial[k, p] * m[2 * cells + p]
    for k in range(patterns.shape[0]):
        level = levels[uniaxial.shape[0] + k]
        if level != 0.0:
            for p in range(m.size):
                field[p] += level * patterns[k, p]
    a, b, c = levels[-1] * torque[0], levels[-1] * torque[1], levels[-1] * torque[2]
    if a != 0.0 or b != 0.0 or c != 0.0:
        for p in range(cells):
            x, y, z = m[p], m[cells + p], m[2 * cells + p]
            field[p] += y * c - z * b
            field[cells + p] += z * a - x * c
            field[2 * cells + p] += x * b - y * a


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
def _stage(m, demag, operator, weights, work, following):
    """One Runge-Kutta stage: torque at m, added with its weight to the sum; following = start + factor * torque."""
    levels, alpha, weight, factor = weights
    diagonals, offsets, driven = operator
    start, total, field, torque = work
    rows, ny = demag.shape[0] * demag.shape[1], demag.shape[2] // 2
    for row in range(rows):
        field[row * ny : (row + 1) * ny] = demag[row // demag.shape[1], row % demag.shape[1], :ny]
    _add_local(m, diagonals, offsets, field)
    _add_driven(m, driven, levels, field)
    scale = -GAMMA / (1.0 + alpha * alpha)
    cells = m.size // 3
    _torque(m.reshape(3, cells), field.reshape(3, cells), (scale, alpha), torque.reshape(3, cells))
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


def by_diagonals(matrix: scipy.sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return every occupied diagonal, indexed by row, and its offset."""
    offsets = scipy.sparse.dia_matrix(matrix).offsets.astype(np.int64)
    rows = np.zeros((offsets.size, matrix.shape[0]))
    for d, offset in enumerate(offsets):
        part = matrix.diagonal(offset)
        rows[d, max(0, -offset) : max(0, -offset) + part.size] = part
    return rows, offsets


@dataclass(frozen=True, kw_only=True)
class Driven:
    """What the levels of a drive multiply; a level list is one per anisotropy, one per pattern, one for the torque."""

    anisotropies: Sequence[np.ndarray] = ()  # (nx, ny), weight of an anisotropy along z in every cell
    patterns: Sequence[np.ndarray] = ()  # (3, nx, ny), field [A/m] per unit of the level
    torque: tuple[float, float, float] = (0.0, 0.0, 0.0)  # p of the torque field level * m x p [A/m per unit]


class Film:
    """Magnetisation of a film with a fixed-step RK4 whose field is the one of the package's terms."""

    def __init__(self, state: mnp.State, mask: np.ndarray, terms: list, driven: Driven) -> None:
        """Build the field operator: demagnetisation, nearest-neighbour terms and what is driven."""
        self.state, self.mask, self.terms = state, mask, terms
        self.shape = mask.shape
        self.cells = np.flatnonzero(mask)
        saturation = state.material["Ms"][:, :, 0, 0].numpy()[mask]
        if np.ptp(saturation) > 0:
            raise SystemExit("the film must have one saturation magnetisation")
        size = 3 * mask.size
        per_joule = 2.0 / (MU0 * saturation[0])
        uniaxial = np.array([np.ravel(part * mask) * per_joule for part in driven.anisotropies])
        patterns = np.array([np.ravel(part * mask) for part in driven.patterns])
        maps = (uniaxial.reshape(-1, mask.size), patterns.reshape(-1, size), np.array(driven.torque))
        self.operator = (*by_diagonals(probe_local(state, mask, terms)), maps)
        self.demag_term = mnp.DemagField()
        package_field(state, [self.demag_term], np.zeros((3, *self.shape)))
        tensor = self.demag_term._N
        kernel = [tensor[0][0], tensor[0][1], tensor[1][1], tensor[2][2]]
        real = np.stack([part[:, :, 0].numpy().T for part in kernel]) * saturation[0]
        self.kernel = np.repeat(real.reshape(4, -1), 2, axis=1)  # one value for the real, one for the imaginary part
        self.m = np.zeros(size)
        self._work = tuple(np.zeros_like(self.m) for _ in range(3))  # sum of torques, field, torque
        self._buffers = [np.zeros_like(self.m) for _ in range(2)]

    def demag(self, m: np.ndarray) -> np.ndarray:
        """Return the demagnetising field (3, nx, 2 ny) [A/m], valid in [:, :, :ny], of the package's kernel."""
        nx, ny = self.shape
        spectrum = torch.fft.rfft(torch.from_numpy(m).view(3, nx, ny), n=2 * ny, dim=2)
        spectrum = torch.fft.fft(spectrum.transpose(1, 2), n=2 * nx, dim=2).contiguous()
        _convolve(torch.view_as_real(spectrum).view(3, -1).numpy(), self.kernel)
        rows = torch.fft.ifft(spectrum, dim=2)[:, :, :nx].transpose(1, 2)
        return torch.fft.irfft(rows, n=2 * ny, dim=2).contiguous().numpy()

    def advance(self, dt: float, levels: np.ndarray, alpha: float) -> None:
        """Advance one RK4 step of dt [s] with the levels (3, ...) at its start, middle and end."""
        stages = (
            (levels[0], alpha, dt / 6, dt / 2),
            (levels[1], alpha, dt / 3, dt / 2),
            (levels[1], alpha, dt / 3, dt),
            (levels[2], alpha, dt / 6, 0.0),
        )
        current, work = self.m, (self.m, *self._work)
        for index, weights in enumerate(stages):
            following = self._buffers[index % 2]
            _stage(current, self.demag(current), self.operator, weights, work, following)
            current = following
        _finish(self.m, self._work[0], self.cells)

    def set(self, grid: np.ndarray) -> None:
        """Set the magnetisation (3, nx, ny), normalised in the magnetic cells and zero outside."""
        length = np.where(self.mask, np.sqrt((grid**2).sum(axis=0)), 1.0)
        self.m = np.ascontiguousarray(grid * self.mask / length).ravel()

    def mean(self) -> np.ndarray:
        """Return mx, my, mz averaged over the magnetic cells."""
        return self.m.reshape(3, -1)[:, self.cells].mean(axis=1)

    def grid(self) -> np.ndarray:
        """Return the magnetisation as (3, nx, ny)."""
        return self.m.reshape(3, *self.shape)

    def field(self, levels: np.ndarray) -> np.ndarray:
        """Return the assembled effective field (3, nx, ny) [A/m] at constant levels, zero in empty cells."""
        total = self.demag(self.m)[:, :, : self.shape[1]].ravel()
        _add_local(self.m, self.operator[0], self.operator[1], total)
        _add_driven(self.m, self.operator[2], np.asarray(levels, float), total)
        return total.reshape(3, *self.shape) * self.mask


def field_error(film: Film, levels: np.ndarray, terms: list) -> float:
    """Return max|assembled - package| / max|package| of demagnetisation, exchange, DMI and the given driven terms."""
    expected = package_field(film.state, [film.demag_term, *film.terms, *terms], film.grid()) * film.mask
    return float(np.abs(film.field(levels) - expected).max() / np.abs(expected).max())
