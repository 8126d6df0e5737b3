"""Gates of a domain-wall track: how much a voltage changes the anisotropy, and how strongly that pins."""

from __future__ import annotations

import numpy as np


def vcma_efficiency(coefficient: float, film: float, barrier: float) -> float:
    """dK/dV = xi/(t t_ox) [J/(m3 V)] of a gate that controls the interface anisotropy: dK = xi E/t, E = V/t_ox.

    Parameters
    ----------
    coefficient : float
        xi [J/(V m)]: change of interface energy per electric field.
    film, barrier : float
        Thickness of the magnetic film and of the insulator [m].
    """
    return coefficient / (film * barrier)


def strain_anisotropy(magnetostriction: float, stress: float) -> float:
    """dK = (3/2) lambda_s sigma [J/m3] for a stress sigma = Y epsilon [Pa] that favours the film's normal."""
    return 1.5 * magnetostriction * stress


def comb_energy(change: float, section: float, period: float, wall_width: float) -> float:
    """Depth V0 [J] of the notches that K = dK sin^2(pi x/p) makes for a wall of width Delta.

    V0 = S dK pi k Delta^2/sinh(pi k Delta/2), k = 2 pi/p: the integral of K sech^2((x - q)/Delta). Derived here. It is
    2 S dK Delta for p >> Delta and falls exponentially for p < pi^2 Delta: a fine comb cannot pin a wide wall.

    Parameters
    ----------
    change : float
        dK [J/m3], or dK/dV [J/(m3 V)] for a comb-shaped gate; the result is then in J/V.
    section : float
        S [m2], width x thickness of the track.
    period, wall_width : float
        p and Delta [m].
    """
    wave = 2 * np.pi / period
    return float(section * change * np.pi * wave * wall_width**2 / np.sinh(np.pi * wave * wall_width / 2))


def highest_edge_field(extent: float) -> float:
    """Largest of |sech^2(u - b) - sech^2(u + b)| over u, for a gate b = extent/2 long in wall widths.

    4 sinh(2b) sqrt(c^2 - 1)/(c + cosh(2b))^2 with c = [cosh(2b) + sqrt(cosh^2(2b) + 8)]/2; 1 for a single step. Derived
    here.
    """
    if extent > 100:
        return 1.0
    cosh = np.cosh(extent)
    place = (cosh + np.sqrt(cosh**2 + 8)) / 2
    return float(4 * np.sinh(extent) * np.sqrt(place**2 - 1) / (place + cosh) ** 2)
