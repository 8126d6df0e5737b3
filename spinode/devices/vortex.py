"""Vortex spin-torque oscillator: the motion of the core in its normal form.

Signs, stated once. The core sits at X = R (x, y), z = x + i y, s = |z|. Polarity p = +1 is a core magnetised along +z;
it turns counterclockwise. Chirality C = +1 is a magnetisation that runs counterclockwise. A positive current works
against the damping of a core of polarity +1, a negative one of polarity -1; the Oersted field of a positive current
stiffens a vortex with C = +1. A displacement +y of a vortex with C = +1 gives a moment along +x, the direction of the
reference layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numba import njit
from scipy import special

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import BOLTZMANN, CHARGE, GAMMA, HBAR, MU0
from spinode.devices.fields import check_between, check_not_negative, check_numbers, check_sign, si
from spinode.signals import Channel, FloatArray

OERSTED = 4 * np.pi / 15
"""kappa_Oe = C OERSTED mu0 Ms J L R for a uniform current density J. Derived here from the two-vortex ansatz."""
OERSTED_GROWTH = -0.571
"""kappa_Oe(s) = kappa_Oe (1 + OERSTED_GROWTH s^2). Derived here from the two-vortex ansatz."""
MOMENT = 2 / 3
"""In-plane moment of the disk over Ms V, divided by s, small s. Derived here from the two-vortex ansatz."""


@njit(KERNEL, cache=True, nogil=True)
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        x, y = state[0, lane], state[1, lane]
        polarity = parameters[6, lane]
        power = x * x + y * y
        stiffening = parameters[2, lane] * drive[0, lane]
        w = parameters[0, lane] + stiffening + (parameters[1, lane] + OERSTED_GROWTH * stiffening) * power
        d = parameters[3, lane] + parameters[4, lane] * power
        growth = parameters[5, lane] * drive[0, lane] - d * w
        force = parameters[7, lane] * drive[1, lane]
        result[0, lane] = growth * x - polarity * w * y + polarity * force
        result[1, lane] = growth * y + polarity * w * x + d * force


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        power = state[0, lane] ** 2 + state[1, lane] ** 2
        d = parameters[3, lane] + parameters[4, lane] * power
        result[0, lane] = result[1, lane] = np.sqrt(max(d, 0.0) * parameters[8, lane])


@njit(KERNEL, cache=True, nogil=True)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[9, lane] * drive[0, lane] * state[1, lane]


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, limits=(1.0, 1.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class VortexOscillator:
    """Gyrating vortex core of a disk under a perpendicular spin torque and an in-plane field.

    dz/dt = [chi(I) - d(s) w(s, I)] z + i p w(s, I) z + C (p + i d(s)) (gamma/3) B + noise, with
    w = w0 (1 + N s^2) + C (2/15) gamma mu0 J R (1 - 0.571 s^2), w0 = kappa/G, G = 2 pi L Ms/gamma,
    d = d0 + d1 s^2, chi = p gamma hbar P J/(4 e L Ms), J = I/(pi R^2): the Thiele equation for d^2 << 1, the normal
    form of Guslienko, Sukhostavets and Berkov, Nanoscale Res. Lett. 9, 386 (2014). The thermal force obeys
    <Fi Fj> = 2 D kB T with D = G d(s), so that <X^2> = kB T/kappa in each direction; the drift d1 kB T/(G R^2) that
    goes with a noise whose strength depends on s is below 1e-3 of the damping and left out. Valid for s < 1.

    Parameters
    ----------
    radius, thickness : float
        Free layer, R and L [m], > 0.
    saturation_magnetization : float
        Ms [A/m], > 0.
    exchange_stiffness : float
        A [J/m], > 0.
    damping : float
        Gilbert damping alpha, 0 to 1.
    polarization : float
        Spin polarization P of the current, 0 to 1.
    damping_growth : float
        d1/alpha. A number to calibrate: 11/6 is quoted for Guslienko 2014 and could not be derived again; micromagnetic
        runs gave 0.48.
    frequency_growth : float
        N of w0 (1 + N s^2). 0.24 from micromagnetic runs on the default disk, s <= 0.5; the ansatz gives 0.18 to 0.24.
    core_ratio : float
        Core radius over exchange length; 2 is assumed.
    exchange_weight : float
        Weight of the exchange stiffness 4 pi A L/R^2: 0 agrees with micromagnetic runs for the default disk (455
        against 456 MHz); 1 is the whole ansatz, 20 % above them.
    oersted_weight : float
        Weight of the current's own field; 1 for a pillar as wide as the disk, 0 for none.
    polarity, chirality : float
        p and C, +1 or -1.
    resistance_swing : float
        Antiparallel minus parallel resistance [Ohm]; assumed.
    temperature : float
        T [K], >= 0; noise needs a generator as well.

    Raises
    ------
    ValueError
        If a number breaks its rule.
    """

    DERIVED: ClassVar[dict[str, str]] = {
        "frequency": "Hz",
        "threshold_current": "A",
        "gyrovector": "J s/m2",
        "stiffness": "N/m",
        "core_radius": "m",
        "linear_damping": "",
        "nonlinear_damping": "",
        "torque_rate": "1/(A s)",
        "oersted_shift": "rad/(A s)",
        "step": "s",
    }

    radius: float = si("m", "radius of the disk", 100e-9)
    thickness: float = si("m", "thickness of the free layer", 10e-9)
    saturation_magnetization: float = si("A/m", "saturation magnetization", 8e5)
    exchange_stiffness: float = si("J/m", "exchange stiffness", 13e-12)
    damping: float = si("", "Gilbert damping", 0.01)
    polarization: float = si("", "spin polarization of the current", 0.2)
    damping_growth: float = si("", "d1/damping, to calibrate", 11 / 6)
    frequency_growth: float = si("", "N in w0 (1 + N s^2)", 0.24)
    core_ratio: float = si("", "core radius over exchange length, assumed", 2.0)
    exchange_weight: float = si("", "weight of the exchange stiffness", 0.0)
    oersted_weight: float = si("", "weight of the current's own field", 1.0)
    polarity: float = si("", "+1: core along +z", 1.0)
    chirality: float = si("", "+1: counterclockwise", 1.0)
    resistance_swing: float = si("ohm", "antiparallel minus parallel resistance, assumed", 20.0)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "radius", "thickness", "saturation_magnetization", "exchange_stiffness")
        check_between(self, 0.0, 1.0, "damping", "polarization")
        check_between(self, 0.0, np.inf, "core_ratio")
        check_not_negative(self, "temperature", "exchange_weight", "oersted_weight", "resistance_swing")
        check_sign(self, "polarity", "chirality")
        if self.core_radius >= self.radius:
            raise ValueError(
                f"VortexOscillator.radius must be above the core radius {self.core_radius:.3g} m, got {self.radius:g}"
            )
        if self.linear_damping + self.nonlinear_damping <= 0 or self.frequency_growth <= -1:
            raise ValueError(
                "VortexOscillator.damping_growth and frequency_growth must keep damping and frequency positive for"
                f" s < 1, got {self.damping_growth:g} and {self.frequency_growth:g}"
            )

    @property
    def name(self) -> str:
        return "vortex"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="current", unit="A"), Channel(name="field", unit="T"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return (Channel(name="voltage", unit="V"),)

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="x"), Channel(name="y"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """A hundredth of a turn [s]: Heun's own growth, (w h)^4/8 a step, is then 0.2 % of the damping."""
        return 1 / (100 * self.frequency)

    def packed(self) -> FloatArray:
        w0 = 2 * np.pi * self.frequency
        noise = 2 * BOLTZMANN * self.temperature / (self.gyrovector * self.radius**2)
        return np.array(
            [
                w0,
                w0 * self.frequency_growth,
                self.oersted_shift,
                self.linear_damping,
                self.nonlinear_damping,
                self.torque_rate,
                self.polarity,
                self.chirality * GAMMA / 3,
                noise,
                -0.5 * self.resistance_swing * MOMENT * self.chirality,
            ]
        )

    def initial(self) -> FloatArray:
        """Core displaced by s = 0.01 along x: at the centre there would be nothing to grow."""
        return np.array([0.01, 0.0])

    @property
    def gyrovector(self) -> float:
        """G = 2 pi L Ms/gamma [J s/m2]."""
        return 2 * np.pi * self.thickness * self.saturation_magnetization / GAMMA

    @property
    def stiffness(self) -> float:
        """kappa = kappa_ms(L/R) + exchange_weight 4 pi A L/R^2 [N/m], without current."""
        magnetostatic = MU0 * self.saturation_magnetization**2 * self.thickness
        exchange = 4 * np.pi * self.exchange_stiffness * self.thickness / self.radius**2
        return magnetostatic * magnetostatic_factor(self.thickness / self.radius) + self.exchange_weight * exchange

    @property
    def frequency(self) -> float:
        """kappa/(2 pi G) [Hz]: gyrotropic frequency of a small orbit without current."""
        return self.stiffness / (2 * np.pi * self.gyrovector)

    @property
    def core_radius(self) -> float:
        """core_ratio sqrt(2 A/(mu0 Ms^2)) [m]."""
        return self.core_ratio * float(np.sqrt(2 * self.exchange_stiffness / MU0)) / self.saturation_magnetization

    @property
    def linear_damping(self) -> float:
        """d0 = alpha [5/8 + ln(R/Rc)/2], Guslienko 2014 eq. 4 and 5 as quoted; derived again here."""
        return self.damping * (0.625 + 0.5 * float(np.log(self.radius / self.core_radius)))

    @property
    def nonlinear_damping(self) -> float:
        """d1 = damping_growth alpha."""
        return self.damping_growth * self.damping

    @property
    def torque_rate(self) -> float:
        """chi/I = p gamma hbar P/(4 e L Ms pi R^2) [1/(s A)]: growth of the orbit by the spin torque."""
        per_density = GAMMA * HBAR * self.polarization / (4 * CHARGE * self.thickness * self.saturation_magnetization)
        return self.polarity * per_density / self._area

    @property
    def oersted_shift(self) -> float:
        """C (2/15) gamma mu0 R/(pi R^2) [rad/(s A)]: shift of w by the current's own field, small orbit."""
        return self.oersted_weight * self.chirality * OERSTED / (2 * np.pi) * GAMMA * MU0 * self.radius / self._area

    @property
    def threshold_current(self) -> float:
        """Ith = d0 w0/(chi/I - d0 w_Oe/I) [A]; without the Oersted field pi R^2 4 e L Ms d0 w0/(hbar gamma P)."""
        loss = self.linear_damping * 2 * np.pi * self.frequency
        return loss / (self.torque_rate - self.linear_damping * self.oersted_shift)

    def orbit_radius(self, current: float) -> float:
        """Steady s of the orbit at a constant current [A]: chi = d(s) w(s), and 0 below threshold.

        Without Oersted field and for small s this is lambda sqrt(I/Ith - 1) with lambda = sqrt(d0/(d1 + N d0)).

        Raises
        ------
        ValueError
            If no orbit with s < 1 exists: the core is expelled.
        """
        growth, linear, quadratic = self._growth(current)
        if growth <= 0:
            return 0.0
        discriminant = linear**2 + 4 * quadratic * growth
        power = np.inf
        if discriminant >= 0 and linear + np.sqrt(discriminant) > 0:
            power = 2 * growth / (linear + np.sqrt(discriminant))
        if power >= 1:
            raise ValueError(f"VortexOscillator expels its core at {current:g} A; try below its largest current")
        return float(np.sqrt(power))

    def frequency_at(self, current: float) -> float:
        """w(s, I)/(2 pi) [Hz] on the steady orbit, or of the decaying core below threshold."""
        power = self.orbit_radius(current) ** 2
        shift = self.oersted_shift * current * (1 + OERSTED_GROWTH * power)
        return self.frequency * (1 + self.frequency_growth * power) + shift / (2 * np.pi)

    def relaxation_time(self, current: float) -> float:
        """Time constant tau of s^2 [s]: 1/tau = 2 d0 w0 (I/Ith - 1) for small s and no Oersted field, exact here."""
        growth, linear, quadratic = self._growth(current)
        power = self.orbit_radius(current) ** 2
        rate = -2 * growth if power == 0 else 2 * power * (linear + 2 * quadratic * power)
        return float(np.inf) if rate == 0 else 1 / rate

    def _growth(self, current: float) -> tuple[float, float, float]:
        """Coefficients (a, b, c) of (1/s) ds/dt = a - b s^2 - c s^4 at a constant current."""
        shift = self.oersted_shift * current
        w0 = 2 * np.pi * self.frequency
        first, second = w0 + shift, w0 * self.frequency_growth + OERSTED_GROWTH * shift
        d0, d1 = self.linear_damping, self.nonlinear_damping
        return self.torque_rate * current - d0 * first, d1 * first + d0 * second, d1 * second

    @property
    def _area(self) -> float:
        return np.pi * self.radius**2


@lru_cache(maxsize=4096)
def magnetostatic_factor(aspect: float) -> float:
    """kappa_ms/(mu0 Ms^2 L) of a disk with L/R = ``aspect``; (4/3)(2 K - 1) aspect for a thin one.

    4 pi Int_0^inf dq/q [1 - (1 - e^(-q aspect))/(q aspect)] I(q)^2, I(q) = (pi/2q) [J1 H0 - J0 H1], K Catalan's
    constant: two-vortex ansatz, Guslienko et al., J. Appl. Phys. 91, 8037 (2002) for the thin disk; finite thickness
    derived here. The tail beyond q = 1000, below 1e-8 of the sum, is left out.
    """
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = np.arange(0.0, 1000.0, 2.5)
    q = (edges[:, None] + 1.25 * (nodes + 1)).ravel()
    surface = np.pi / (2 * q) * (special.j1(q) * special.struve(0, q) - special.j0(q) * special.struve(1, q))
    profile = 1 + np.expm1(-q * aspect) / (q * aspect)
    return float(4 * np.pi * np.sum(np.tile(1.25 * weights, len(edges)) * profile * surface**2 / q))
