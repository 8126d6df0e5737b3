"""Energies, forces and moments of the two-vortex ansatz: a vortex whose image outside the disk leaves no edge charges.

With z = s the core's position and zeta = r e^(i phi) a point of the disk, both in units of R, the magnetisation turns
to the angle C pi/2 + arg(zeta - z) + arg(1 - z* zeta) = phi + C pi/2 + Theta, where

    Theta = sum over n of (s^n/n) (r^-n - r^n) sin(n phi).

Guslienko et al., J. Appl. Phys. 91, 8037 (2002) used it for the thin disk. What follows here was derived from it again
and is held against direct integrals of the same ansatz by ``tests/test_vortex_ansatz.py``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from spinode.signals import FloatArray

OERSTED = 4 * np.pi / 15
"""kappa_Oe = C OERSTED mu0 Ms J L R for a uniform current density J."""
OERSTED_GROWTH = -4 / 7
"""kappa_Oe(s) = kappa_Oe (1 + OERSTED_GROWTH s^2): finite part of the integral of cos(Theta) r^2 to order s^4."""
MOMENT = 2 / 3
"""In-plane moment of the disk over Ms V, divided by s; 2 % less at s = 0.3, 5 % less at s = 0.5."""
EXCHANGE_GROWTH = 1.0
"""kappa_ex(s) = kappa_ex (1 + EXCHANGE_GROWTH s^2): W_ex = -2 pi A L ln(1 - s^2)."""
CORE_DAMPING = 5 / 8
"""d0/alpha - ln(R/Rc)/2: Usov's core gives 1, the ansatz around it -3/8."""
LARGEST_WAVE_NUMBER = 1000.0
"""The integrals end at q = 1000/R; what is left out is below 1e-8 of them."""


@lru_cache(maxsize=4096)
def magnetostatic_factor(aspect: float) -> float:
    """kappa_ms/(mu0 Ms^2 L) of a small orbit in a disk with L/R = ``aspect``.

    4 pi Int_0^inf dq/q g(q) I(q)^2, g = 1 - (1 - e^(-q aspect))/(q aspect), I = Int_0^1 r J1(qr) dr. For a thin disk
    (4/3) (2 K - 1) aspect, K = 0.9160 Catalan's constant: the 20/9 of Guslienko 2002 in CGS. Finite thickness derived
    here: the volume charge to first order is 2 s sin(phi).

    Parameters
    ----------
    aspect : float
        L/R, > 0.
    """
    weights, profiles = _spectrum(aspect)
    return float(4 * np.pi * np.sum(weights * profiles[0] ** 2))


@lru_cache(maxsize=4096)
def magnetostatic_growth(aspect: float) -> float:
    """k1/k0 in kappa_ms(s) = k0 + k1 s^2; 0.238 for a thin disk, 0.176 at L/R = 0.1.

    Int dq/q g (F2^2 + 4 I F1)/(2 Int dq/q g I^2) with F2 = Int (r^2 + 1) J2(qr) dr and
    F1 = Int (r/2 - r^3/4 - 1/(4r)) J1(qr) dr over 0 < r < 1. Derived here: the volume charge to order s^3 is
    2 s sin(phi) + s^2 (r + 1/r) sin(2 phi) + s^3 (1/2 - r^2/4 - 1/(4 r^2)) sin(phi) + a part in sin(3 phi) that does
    not meet the first.

    Parameters
    ----------
    aspect : float
        L/R, > 0.
    """
    weights, (first, second, third) = _spectrum(aspect)
    return float(np.sum(weights * (second**2 + 4 * first * third)) / (2 * np.sum(weights * first**2)))


@lru_cache(maxsize=1)
def _charges() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Wave numbers, their weights, and the Hankel transforms I, F2 and F1 (3, q), all from J0, J1 and Int J0."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = np.arange(0.0, LARGEST_WAVE_NUMBER, 2.5)
    q = (edges[:, None] + 1.25 * (nodes + 1)).ravel()
    j0, j1 = special.j0(q), special.j1(q)
    first = np.pi / (2 * q) * (j1 * special.struve(0, q) - j0 * special.struve(1, q))
    total = q * j0 + q**2 * first  # Int_0^q J0
    second = (total - 2 * j1) / q + (3 * total - 3 * q * j0 - q**2 * j1) / q**3
    cubic = (3 * (q**2 * j1 + q * j0 - total) - q**3 * j0) / q**4
    third = first / 2 - cubic / 4 - (total - j1) / 4
    return q, np.tile(1.25 * weights, len(edges)), np.array([first, second, third])


def _spectrum(aspect: float) -> tuple[FloatArray, FloatArray]:
    """Weights dq g(q)/q, and the Hankel transforms."""
    q, weights, profiles = _charges()
    return weights / q * (1 + np.expm1(-q * aspect) / (q * aspect)), profiles
