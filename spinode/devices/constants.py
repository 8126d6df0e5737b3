"""Physical constants of the device equations (CODATA 2022; e, hbar and kB are exact)."""

from __future__ import annotations

HBAR = 1.054571817646156e-34
"""Reduced Planck constant [J s]."""
CHARGE = 1.602176634e-19
"""Elementary charge [C]."""
BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K]."""
MU0 = 1.25663706127e-6
"""Vacuum permeability [T m/A]."""
GAMMA = 1.76085962784e11
"""Gyromagnetic ratio of the free electron [rad/(s T)]."""
BOHR_MAGNETON = 9.2740100657e-24
"""Bohr magneton [A m2]."""
