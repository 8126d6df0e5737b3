"""Niobium oxide neuron: a threshold switch that heats itself, with a capacitor, a series resistor and a slow bath.

The source drives V through the series resistor; an input current goes straight onto the capacitor. The equations are
not stiff: the fastest rate, that of the thermal runaway, is some 20/(Rth Cth) for an instant, so a step of Rth Cth/20
resolves it, and a logarithm of the current or an implicit step would gain nothing. The hundredth spike is then right to
2e-6 of a period by Runge-Kutta and to 5e-3 by Heun, in the fastest spiking that was tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from scipy import optimize

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import BOLTZMANN, CHARGE
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.fields import check_between, check_not_negative, check_numbers, si
from spinode.devices.poole_frenkel import PooleFrenkel, turning_temperature
from spinode.signals import Channel, FloatArray
from spinode.units import format_quantity

EPSILON0 = 8.8541878188e-12
"""Vacuum permittivity [F/m] (CODATA 2022)."""


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        voltage, hot, bath = state[0, lane], state[1, lane], state[2, lane]
        barrier = parameters[2, lane] - parameters[3, lane] * np.sqrt(abs(voltage))
        current = voltage / (parameters[0, lane] * np.exp(barrier / hot) + parameters[1, lane])
        supply = parameters[4, lane] * (drive[0, lane] - voltage) + drive[1, lane]
        result[0, lane] = parameters[5, lane] * (supply - current)
        result[1, lane] = parameters[6, lane] * voltage * current - parameters[7, lane] * (hot - bath)
        result[2, lane] = parameters[8, lane] * (hot - bath) - parameters[9, lane] * (bath - parameters[10, lane])


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = 0.0
        result[1, lane] = parameters[11, lane] * state[1, lane]
        result[2, lane] = 0.0


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        barrier = parameters[2, lane] - parameters[3, lane] * np.sqrt(abs(state[0, lane]))
        resistance = parameters[0, lane] * np.exp(barrier / state[1, lane]) + parameters[1, lane]
        result[0, lane] = state[0, lane] / resistance


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class RestPoint:
    """A steady state: voltage [V], current [A] and temperature [K] of the film, and the rates of the Jacobian [1/s]."""

    voltage: float
    current: float
    temperature: float
    rates: tuple[complex, ...]

    @property
    def stable(self) -> bool:
        """Whether every deviation fades."""
        return max(rate.real for rate in self.rates) < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NbOxNeuron:
    """Spiking threshold switch: Poole-Frenkel conduction, Joule heat, and a bath that warms up over many spikes.

    Cp dV/dt = (Vin - V)/Rs + Iin - V/R, Cth dT/dt = V^2/R - (T - Tb)/Rth + noise, Cb dTb/dt = (T - Tb)/Rth -
    (Tb - T0)/Rb, R = R00 exp[(Ea - B sqrt|V|)/(kB T)] + Rm, B = sqrt(e^3/(pi eps0 eps_r d)). Frenkel-Poole conduction
    with a moderate self-heating explains the threshold of NbO2 without a metal-insulator transition: Slesazeck et al.,
    RSC Adv. (2015), doi 10.1039/C5RA19300A. The bath is our reading of the phasic bursts of Drouhin et al., arXiv
    2209.00413, whose own equations were not at hand. The field in the film is taken from the whole voltage. The noise
    of the temperature obeys fluctuation-dissipation, <dT^2> = kB T^2/Cth; that of the voltage, sqrt(kB T/Cp) = 9 uV, is
    left out.

    Parameters
    ----------
    prefactor : float
        R00 [Ohm], > 0.
    activation_energy : float
        Ea [J], > 0.
    film_thickness, relative_permittivity : float
        d [m] and eps_r, > 0.
    metallic_resistance : float
        Rm [Ohm], >= 0. Without it the current peaks at some mA and the film passes 2000 K; with 300 Ohm at 1.3 mA and
        1400 K.
    thermal_resistance, thermal_capacity : float
        Rth [K/W] and Cth [J/K] between film and bath, > 0.
    bath_resistance, bath_capacity : float
        Rb [K/W], >= 0, and Cb [J/K], > 0. With Rb = 0 the bath stays at T0.
    capacity, series_resistance : float
        Cp [F] and Rs [Ohm], > 0.
    temperature : float
        T0 [K] of the surroundings, > 0; noise needs a generator as well.

    Raises
    ------
    ValueError
        If a number breaks its rule.

    Notes
    -----
    All default numbers are assumed, none is fitted to a device.
    """

    DERIVED: ClassVar[dict[str, str]] = {
        "threshold_voltage": "V",
        "threshold_current": "A",
        "threshold_temperature": "K",
        "cold_resistance": "ohm",
        "thermal_time": "s",
        "step": "s",
    }
    OPERATING: ClassVar[dict[str, str]] = {"voltage": "V"}

    prefactor: float = si("ohm", "resistance without barrier, assumed", 90.0)
    activation_energy: float = si("J", "barrier without field, assumed 0.22 eV", 0.22 * CHARGE)
    film_thickness: float = si("m", "thickness of the film, assumed", 20e-9)
    relative_permittivity: float = si("", "of the film at optical frequencies, assumed", 45.0)
    metallic_resistance: float = si("ohm", "metallic resistance in series, assumed", 300.0)
    thermal_resistance: float = si("K/W", "film to bath, assumed", 1e6)
    thermal_capacity: float = si("J/K", "heat capacity of the film, assumed", 1e-15)
    bath_resistance: float = si("K/W", "bath to ambient, assumed", 0.0)
    bath_capacity: float = si("J/K", "heat capacity of the bath, assumed", 3e-12)
    capacity: float = si("F", "parallel capacitor, assumed", 50e-12)
    series_resistance: float = si("ohm", "between source and neuron, assumed", 5e3)
    temperature: float = si("K", "temperature of the surroundings", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "prefactor", "activation_energy", "film_thickness", "relative_permittivity")
        check_between(self, 0.0, np.inf, "thermal_resistance", "thermal_capacity", "bath_capacity", "capacity")
        check_between(self, 0.0, np.inf, "series_resistance", "temperature")
        check_not_negative(self, "metallic_resistance", "bath_resistance")

    @property
    def name(self) -> str:
        return "nbox"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="voltage", unit="V"), Channel(name="current", unit="A"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """Current V/R through the film."""
        return (Channel(name="current", unit="A"),)

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="V", unit="V"), Channel(name="T", unit="K"), Channel(name="Tb", unit="K"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """A twentieth of the thermal time, or of another where that is shorter [s]."""
        resistance = self.prefactor + self.metallic_resistance
        times = [self.thermal_time, self.series_resistance * self.capacity, resistance * self.capacity]
        if self.bath_resistance > 0:
            times += [self.bath_resistance * self.bath_capacity, self.thermal_resistance * self.bath_capacity]
        return min(times) / 20

    def packed(self) -> FloatArray:
        has_bath = self.bath_resistance > 0
        return np.array(
            [
                self.prefactor,
                self.metallic_resistance,
                self.film.activation / BOLTZMANN,
                self.film.lowering / BOLTZMANN,
                1 / self.series_resistance,
                1 / self.capacity,
                1 / self.thermal_capacity,
                1 / self.thermal_time,
                1 / (self.thermal_resistance * self.bath_capacity) if has_bath else 0.0,
                1 / (self.bath_resistance * self.bath_capacity) if has_bath else 0.0,
                self.temperature,
                np.sqrt(2 * BOLTZMANN / self.thermal_resistance) / self.thermal_capacity,
            ]
        )

    def initial(self) -> FloatArray:
        """No voltage, everything at ambient temperature."""
        return np.array([0.0, self.temperature, self.temperature])

    @property
    def film(self) -> PooleFrenkel:
        """The conduction of the film."""
        field = CHARGE**3 / (np.pi * EPSILON0 * self.relative_permittivity * self.film_thickness)
        return PooleFrenkel(
            prefactor=self.prefactor,
            activation=self.activation_energy,
            lowering=float(np.sqrt(field)),
            floor=self.metallic_resistance,
        )

    @property
    def thermal_time(self) -> float:
        """Rth Cth [s]."""
        return self.thermal_resistance * self.thermal_capacity

    @property
    def cold_resistance(self) -> float:
        """R without voltage at ambient temperature [Ohm]."""
        return float(self.film.resistance(0.0, self.temperature))

    @property
    def threshold_temperature(self) -> float:
        """Temperature of the film at the threshold [K]; inf, as the other two, where there is no threshold."""
        return turning_temperature(self.film, self.thermal_resistance, self.temperature)

    @property
    def threshold_voltage(self) -> float:
        """First voltage maximum of the static curve with a cold bath [V]: negative differential resistance begins."""
        hot = self.threshold_temperature
        return float(self.static_voltage(hot)) if np.isfinite(hot) else hot

    @property
    def threshold_current(self) -> float:
        """Current at the threshold [A]."""
        rise, voltage = self.threshold_temperature - self.temperature, self.threshold_voltage
        return rise / (self.thermal_resistance * voltage) if np.isfinite(voltage) else voltage

    def static_voltage(self, temperature: float | FloatArray) -> FloatArray:
        """Voltage [V] on the static curve with a cold bath, by the film's temperature [K]; I = (T - T0)/(Rth V)."""
        rise = np.asarray(temperature) - self.temperature
        return self.film.voltage(rise / self.thermal_resistance, temperature)

    def rest_points(self, voltage: float, *, cold_bath: bool = False) -> tuple[RestPoint, ...]:
        """Steady states at a constant source voltage [V], the coldest first: static curve on load line.

        Parameters
        ----------
        voltage : float
            Of the source [V].
        cold_bath : bool
            Hold the bath at ambient temperature: what the neuron does before the bath warms up.
        """
        heated = 0.0 if cold_bath else self.bath_resistance
        total, source = self.thermal_resistance + heated, abs(voltage)

        def mismatch(rise: float | FloatArray) -> FloatArray:
            across = self.film.voltage(rise / total, self.temperature + rise)
            through = np.divide(rise / total, across, out=np.zeros_like(across), where=across > 0)
            return np.asarray(source - across - self.series_resistance * through)

        # No load takes more than source^2/(4 Rs).
        most = total * source**2 / (4 * self.series_resistance) * (1 + 1e-9)
        rises = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 600) * most])
        ahead = mismatch(rises) > 0
        spans = np.flatnonzero(ahead[1:] != ahead[:-1])
        found = [optimize.brentq(mismatch, rises[span], rises[span + 1], xtol=1e-9 * most) for span in spans]
        return tuple(self._rest_point(rise, total, voltage) for rise in (found if source else [0.0]))

    def _rest_point(self, rise: float, total: float, source: float) -> RestPoint:
        film, hot = self.film, self.temperature + rise
        across = float(film.voltage(rise / total, hot))
        resistance = float(film.resistance(across, hot))
        current = across / resistance
        by_voltage = (1 + float(film.stretching(across, hot))) / resistance
        by_heat = current * float(film.warming(across, hot))
        inner, packed = 1 / self.thermal_resistance, self.packed()
        jacobian = np.zeros((3, 3))
        jacobian[0, :2] = np.array([-1 / self.series_resistance - by_voltage, -by_heat]) / self.capacity
        jacobian[1] = np.array([current + across * by_voltage, across * by_heat - inner, inner]) / self.thermal_capacity
        jacobian[2, 1:] = packed[8], -packed[8] - packed[9]
        kept = 3 if total > self.thermal_resistance else 2
        rates = np.linalg.eigvals(jacobian[:kept, :kept])
        sign = float(np.sign(source))
        return RestPoint(
            voltage=sign * across, current=sign * current, temperature=hot, rates=tuple(complex(rate) for rate in rates)
        )

    def count_spikes(self, current: FloatArray) -> int:
        """Number of times a current [A], shape (T,), rises through half of its largest value.

        A current that never passes the threshold current holds no spike; one that rises once and stays holds one.
        """
        level = max(self.threshold_current, float(np.max(current)) / 2)
        above = np.asarray(current) > level
        return int(np.count_nonzero(above[1:] & ~above[:-1]))

    def datasheet(self, voltage: float = 0.0) -> Datasheet:
        """What the neuron does at a constant source voltage [V], by the linear stability of its rest points."""
        points = self.rest_points(voltage)
        rest = next((point for point in points if point.stable), points[0])
        fastest = max(rest.rates, key=lambda rate: rate.real)
        hot, slope = self.threshold_temperature, "-d(ln R)/dT = 1/(T - T0)"
        rows = (
            Row(name="threshold voltage", value=self.threshold_voltage, unit="V", formula="dV/dI = 0, cold bath"),
            Row(name="threshold current", value=self.threshold_current, unit="A", formula="V/R at the threshold"),
            Row(name="threshold temperature", value=hot, unit="K", formula=slope),
            Row(name="rest points", value=len(points), formula="static curve on load line"),
            Row(name="rest voltage", value=rest.voltage, unit="V", formula="Vin - V = Rs V/R"),
            Row(name="rest current", value=rest.current, unit="A", formula="V/R"),
            Row(name="rest temperature", value=rest.temperature, unit="K", formula="T0 + (Rth + Rb) V^2/R"),
            Row(
                name="growth rate", value=fastest.real, unit="1/s", formula="largest real part of the Jacobian's rates"
            ),
            Row(name="ringing", value=abs(fastest.imag) / (2 * np.pi), unit="Hz", formula="its imaginary part/(2 pi)"),
        )
        return Datasheet(
            rows=tuple(row for row in rows if np.isfinite(row.value)), verdict=self._verdict(voltage, points)
        )

    def _verdict(self, voltage: float, points: tuple[RestPoint, ...]) -> str:
        stable = [point for point in points if point.stable]
        if not stable:
            return "Spikes without end: no steady state is stable."
        ends = " or ".join(format_quantity(float(f"{point.current:.3g}"), "A") for point in stable)
        if len(stable) > 1:
            return f"Silent or latched: it rests at {ends}, by its history."
        at_first = [point for point in self.rest_points(voltage, cold_bath=True) if point.stable]
        if not at_first:
            return f"Bursts: it spikes until its bath is warm, then conducts {ends} steadily."
        if at_first[0].temperature < self.threshold_temperature:
            return f"Silent: it rests at {ends} without a spike."
        return f"Latched: it conducts {ends} steadily."
