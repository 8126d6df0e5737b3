"""Poole-Frenkel conduction that heats its own film: the static current-voltage curve and where it turns back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from spinode.devices.constants import BOLTZMANN
from spinode.signals import FloatArray

HALVINGS = 60
"""Halvings of a bracket of ln V that is at most some hundreds wide: 1e-15 is left."""
HOTTEST = 1e5
"""Temperature rise [K] up to which the turning point is sought."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PooleFrenkel:
    """R(V, T) = R00 exp[(Ea - B sqrt|V|)/(kB T)] + Rm.

    Parameters
    ----------
    prefactor : float
        R00 [Ohm].
    activation : float
        Ea [J].
    lowering : float
        B [J/V^0.5]: lowering of the barrier by a voltage, sqrt(e^3/(pi eps0 eps_r d)).
    floor : float
        Rm [Ohm]: metallic resistance in series.
    """

    prefactor: float
    activation: float
    lowering: float
    floor: float

    def resistance(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """R [Ohm]."""
        return np.asarray(np.exp(self._log_hopping(voltage, temperature)) + self.floor)

    def warming(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """-d(ln R)/dT [1/K] at constant voltage."""
        barrier = self.activation - self.lowering * np.sqrt(np.abs(voltage))
        return np.asarray(self._share(voltage, temperature) * barrier / (BOLTZMANN * np.asarray(temperature) ** 2))

    def stretching(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """-d(ln R)/d(ln V) at constant temperature."""
        lowered = self.lowering * np.sqrt(np.abs(voltage)) / (2 * BOLTZMANN * np.asarray(temperature))
        return np.asarray(self._share(voltage, temperature) * lowered)

    def voltage(self, power: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """V >= 0 [V] with V^2/R(V, T) = power [W], by bisection of ln V: V^2/R grows with V."""
        given, hot = np.broadcast_arrays(np.asarray(power, dtype=np.float64), np.asarray(temperature, dtype=np.float64))
        target = np.log(np.maximum(given, np.finfo(np.float64).tiny))
        high = (target + self._log_resistance(0.0, hot)) / 2
        low = (target + self._log_resistance(np.exp(high), hot)) / 2
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = 2 * middle > target + self._log_resistance(np.exp(middle), hot)
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return np.where(given > 0, np.exp((low + high) / 2), 0.0)

    def _log_hopping(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """ln (R - Rm)."""
        barrier = self.activation - self.lowering * np.sqrt(np.abs(voltage))
        return np.asarray(np.log(self.prefactor) + barrier / (BOLTZMANN * np.asarray(temperature)))

    def _log_resistance(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """ln R."""
        hopping = self._log_hopping(voltage, temperature)
        return np.logaddexp(hopping, np.log(self.floor)) if self.floor > 0 else hopping

    def _share(self, voltage: ArrayLike, temperature: ArrayLike) -> FloatArray:
        """(R - Rm)/R."""
        return np.asarray(np.exp(self._log_hopping(voltage, temperature) - self._log_resistance(voltage, temperature)))


@lru_cache(maxsize=256)
def turning_temperature(film: PooleFrenkel, thermal_resistance: float, ambient: float) -> float:
    """Temperature [K] of the film at the first voltage maximum of its static curve.

    Along the curve V^2 = R(V, T) (T - T0)/Rth, so dV/dT = 0 where 1/(T - T0) = -d(ln R)/dT; derived here.

    Parameters
    ----------
    film : PooleFrenkel
        Its conduction.
    thermal_resistance, ambient : float
        Rth [K/W] and T0 [K].

    Returns
    -------
    float
        inf where the voltage never turns back: the film hardly warms, or the metallic resistance rules.
    """

    def falling(rise: float | FloatArray) -> FloatArray:
        hot = ambient + rise
        return np.asarray(rise * film.warming(film.voltage(rise / thermal_resistance, hot), hot) - 1)

    rises = np.geomspace(1e-3, HOTTEST, 600)
    turned = np.flatnonzero(falling(rises) > 0)
    if not len(turned):
        return float(np.inf)
    last = int(turned[0])
    return ambient + float(optimize.brentq(falling, rises[max(last - 1, 0)], rises[last]))
