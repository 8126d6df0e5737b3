"""Vortex spin-torque oscillator: the motion of the core in its normal form.

Signs, stated once. The core sits at X = R (x, y), z = x + i y, s = |z|. Polarity p = +1 is a core magnetised along +z;
it turns counterclockwise. Chirality C = +1 is a magnetisation that runs counterclockwise. The reference layer, whose
direction is +x, sets the readout and the field-like torque. The polariser P of the spin torque is tilted from +z by
``polarizer_tilt`` towards the direction ``polarizer_angle`` from +x; a positive current pushes the magnetisation away
from P. With P = +z a positive current thus works against the damping of a core of polarity +1, a negative one of
polarity -1; the Oersted field of a positive current stiffens a vortex with C = +1. A field along +x moves a core with
C = +1 towards +y, which gives a moment along +x and a lower resistance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from spinode.devices.base import Kernel
from spinode.devices.constants import BOLTZMANN, CHARGE, GAMMA, HBAR, MU0
from spinode.devices.datasheet import Datasheet
from spinode.devices.fields import check_between, check_not_negative, check_numbers, check_sign, si
from spinode.devices.vortex_datasheet import vortex_datasheet
from spinode.devices.vortex_energy import (
    CORE_DAMPING,
    EXCHANGE_GROWTH,
    MOMENT,
    OERSTED,
    OERSTED_GROWTH,
    magnetostatic_factor,
    magnetostatic_growth,
)
from spinode.devices.vortex_kernel import VORTEX_KERNEL
from spinode.devices.vortex_orbit import VortexOrbit, largest_radius
from spinode.signals import Channel, FloatArray

EXACTLY_IN_PLANE = 1e-15
"""cos of a right angle in double precision is 6e-17; nobody means that by a tilt of pi/2."""


@dataclass(frozen=True, kw_only=True)  # no slots: the derived numbers of the design's many orbits are kept
class VortexOscillator:
    """Gyrating vortex core of a disk under spin torques and an in-plane field.

    dz/dt = [chi - d w + i p w] z + (d - i p) f + noise: the Thiele equation for d^2 << 1, in the normal form of
    Guslienko, Sukhostavets and Berkov, Nanoscale Res. Lett. 9, 386 (2014). With j = gamma hbar P/(4 e L Ms pi R^2),
    w0 = kappa/G, G = 2 pi L Ms/gamma and the tilt a and the angle b of the polariser,

        w = w0 (1 + N s^2) + C (2/15) gamma mu0 I/(pi R) (1 - 4 s^2/7),  d = d0 + d1 s^2,  chi = p j I cos a,
        f = C p j I (Rc/R) sin a e^(ib) + i C (gamma/3) (B + b_FL I).

    The thermal force obeys <Fi Fj> = 2 D kB T with D = G d(s), so that <X^2> = kB T/kappa in each direction. The
    drift d1 kB T/(G R^2) that goes with a noise whose strength depends on s is left out: (d1/d0) kB T/(kappa R^2) of
    the damping, 5e-4 for the default disk. Valid inside the disk, s < 1, and below the critical velocity, for s R w: a
    faster core is thrown out of the disk, and a run in which a core leaves the disk stops with an error. The core and
    the other layers are rigid; the spin polarization does not depend on the angle between them.

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
    polarizer_tilt, polarizer_angle : float
        Direction of the polariser [rad]: tilt from +z (pi/2: in the plane), and azimuth from +x of the part in the
        plane. That part pushes the core along itself, C p pi Ms L Rc (hbar P J/(2 e L Ms)), derived here for Usov's
        core of radius Rc.
    field_like_torque : float
        Field along x [T/A] that stands for the field-like torque; 0 is assumed.
    damping_growth : float
        d1/alpha. A number to calibrate: 11/6 is quoted for Guslienko 2014 and could not be derived again (the ansatz
        gives 0.09); micromagnetic runs gave 0.48.
    frequency_growth : float
        N of w0 (1 + N s^2), to calibrate. 0.24 from micromagnetic runs on the default disk, s <= 0.5;
        ``ansatz_frequency_growth`` is what the two-vortex ansatz gives.
    core_ratio : float
        Core radius over exchange length; 2 is assumed.
    exchange_weight : float
        Weight of the exchange stiffness 4 pi A L/R^2: 0 agrees with micromagnetic runs for the default disk (455
        against 456 MHz); 1 is the whole ansatz, 20 % above them.
    oersted_weight : float
        Weight of the current's own field; 1 for a pillar as wide as the disk, 0 for none.
    critical_velocity : float
        Speed s R w [m/s] above which the core reverses; 320 for permalloy is assumed.
    polarity, chirality : float
        p and C, +1 or -1.
    resistance, resistance_swing : float
        Mean resistance, and antiparallel minus parallel resistance [Ohm]; assumed.
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
        "threshold_density": "A/m2",
        "largest_current": "A",
        "gyrovector": "J s/m2",
        "stiffness": "N/m",
        "core_radius": "m",
        "linear_damping": "",
        "nonlinear_damping": "",
        "ansatz_frequency_growth": "",
        "torque_rate": "1/(A s)",
        "oersted_shift": "rad/(A s)",
        "step": "s",
    }
    OPERATING: ClassVar[dict[str, str]] = {"current": "A", "field": "T"}

    radius: float = si("m", "radius of the disk", 100e-9)
    thickness: float = si("m", "thickness of the free layer", 10e-9)
    saturation_magnetization: float = si("A/m", "saturation magnetization", 8e5)
    exchange_stiffness: float = si("J/m", "exchange stiffness", 13e-12)
    damping: float = si("", "Gilbert damping", 0.01)
    polarization: float = si("", "spin polarization of the current", 0.2)
    polarizer_tilt: float = si("rad", "tilt of the polarizer from +z", 0.0)
    polarizer_angle: float = si("rad", "azimuth of the polarizer from +x", 0.0)
    field_like_torque: float = si("T/A", "field along x of the field-like torque, assumed", 0.0)
    damping_growth: float = si("", "d1/damping, to calibrate", 11 / 6)
    frequency_growth: float = si("", "N in w0 (1 + N s^2), to calibrate", 0.24)
    core_ratio: float = si("", "core radius over exchange length, assumed", 2.0)
    exchange_weight: float = si("", "weight of the exchange stiffness", 0.0)
    oersted_weight: float = si("", "weight of the current's own field", 1.0)
    critical_velocity: float = si("m/s", "core speed of reversal, assumed", 320.0)
    polarity: float = si("", "+1: core along +z", 1.0)
    chirality: float = si("", "+1: counterclockwise", 1.0)
    resistance: float = si("ohm", "mean resistance, assumed", 100.0)
    resistance_swing: float = si("ohm", "antiparallel minus parallel resistance, assumed", 20.0)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "radius", "thickness", "saturation_magnetization", "exchange_stiffness")
        check_between(self, 0.0, 1.0, "damping", "polarization")
        check_between(self, 0.0, np.inf, "core_ratio", "critical_velocity", "resistance")
        check_not_negative(self, "temperature", "exchange_weight", "oersted_weight", "resistance_swing")
        check_sign(self, "polarity", "chirality")
        if self.core_radius >= self.radius:
            raise ValueError(
                f"VortexOscillator.radius must be above the core radius {self.core_radius:.3g} m, got {self.radius:g};"
                " try a wider disk or a smaller core_ratio"
            )
        if self.resistance_swing >= 2 * self.resistance:
            raise ValueError(
                f"VortexOscillator.resistance_swing must be below 2 resistance = {2 * self.resistance:g} ohm,"
                f" got {self.resistance_swing:g}; try a larger resistance"
            )
        if self.linear_damping + self.nonlinear_damping <= 0 or self.frequency_growth <= -1:
            raise ValueError(
                "VortexOscillator.damping_growth and frequency_growth must keep damping and frequency positive for"
                f" s < 1, got {self.damping_growth:g} and {self.frequency_growth:g}; try 11/6 and 0.24"
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
        return VORTEX_KERNEL

    @property
    def step(self) -> float:
        """A hundredth of a turn [s]: Heun's own growth, (w h)^4/8 a step, is then 0.2 % of the damping."""
        return 1 / (100 * self.frequency)

    def packed(self) -> FloatArray:
        p, w0 = self.polarity, 2 * np.pi * self.frequency
        along, across = self.force_rates
        noise = 2 * BOLTZMANN * self.temperature / (self.gyrovector * self.radius**2)
        swing = -0.5 * self.resistance_swing * MOMENT * self.chirality
        turning = (p * w0, p * w0 * self.frequency_growth, p * self.oersted_shift)
        damping = (p * self.linear_damping, p * self.nonlinear_damping)
        forces = (p * along, p * across, p * self.field_rate)
        fastest = (self.critical_velocity / self.radius) ** 2
        return np.array([*turning, *damping, self.torque_rate, *forces, fastest, noise, swing])

    def initial(self) -> FloatArray:
        """Core displaced by s = 0.01 along x: at the centre there would be nothing to grow."""
        return np.array([0.01, 0.0])

    def orbit(self, current: float) -> VortexOrbit:
        """Closed forms at a constant current [A]."""
        return VortexOrbit(device=self, current=current)

    def orbit_radius(self, current: float) -> float:
        """Steady s of the orbit at a constant current [A]: chi = d(s) w(s), and 0 below threshold.

        Without Oersted field and for small s this is lambda sqrt(I/Ith - 1) with lambda = sqrt(d0/(d1 + N d0)).

        Raises
        ------
        ValueError
            If the core is expelled from the disk, or would be faster than its critical velocity.
        """
        return self.orbit(current).radius

    def frequency_at(self, current: float) -> float:
        """w(s, I)/(2 pi) [Hz] on the steady orbit, or of the decaying core below threshold."""
        return self.orbit(current).frequency

    def relaxation_time(self, current: float) -> float:
        """Time constant tau of s^2 [s]: 1/tau = 2 d0 w0 (I/Ith - 1) for small s and no Oersted field, exact here."""
        return self.orbit(current).relaxation_time

    def datasheet(self, current: float = 0.0, field: float = 0.0) -> Datasheet:
        """What the core does at a constant current [A], and locked to a microwave field of amplitude ``field`` [T]."""
        return vortex_datasheet(self.orbit(current), field)

    @property
    def gyrovector(self) -> float:
        """G = 2 pi L Ms/gamma [J s/m2]."""
        return 2 * np.pi * self.thickness * self.saturation_magnetization / GAMMA

    @cached_property
    def stiffness(self) -> float:
        """kappa = kappa_ms(L/R) + exchange_weight 4 pi A L/R^2 [N/m], without current."""
        return sum(self._stiffnesses)

    @property
    def ansatz_frequency_growth(self) -> float:
        """N that the two-vortex ansatz gives: k1/k0 of the magnetostatic and the weighted exchange energy."""
        magnetostatic, exchange = self._stiffnesses
        growth = magnetostatic_growth(self.thickness / self.radius)
        return (magnetostatic * growth + exchange * EXCHANGE_GROWTH) / (magnetostatic + exchange)

    @cached_property
    def frequency(self) -> float:
        """kappa/(2 pi G) [Hz]: gyrotropic frequency of a small orbit without current."""
        return self.stiffness / (2 * np.pi * self.gyrovector)

    @cached_property
    def core_radius(self) -> float:
        """Rc = core_ratio sqrt(2 A/(mu0 Ms^2)) [m]."""
        return self.core_ratio * float(np.sqrt(2 * self.exchange_stiffness / MU0)) / self.saturation_magnetization

    @cached_property
    def linear_damping(self) -> float:
        """d0 = alpha [5/8 + ln(R/Rc)/2], Guslienko 2014 eq. 4 and 5 as quoted; derived again here."""
        return self.damping * (CORE_DAMPING + 0.5 * math.log(self.radius / self.core_radius))

    @cached_property
    def nonlinear_damping(self) -> float:
        """d1 = damping_growth alpha."""
        return self.damping_growth * self.damping

    @cached_property
    def torque_rate(self) -> float:
        """chi/I = p j cos(tilt) [1/(s A)]: growth of the orbit by the perpendicular part of the spin torque."""
        cosine = math.cos(self.polarizer_tilt)
        return self.polarity * self._torque * (cosine if abs(cosine) > EXACTLY_IN_PLANE else 0.0)

    @property
    def force_rates(self) -> tuple[float, float]:
        """Steady force of the current in the plane over G R I [1/(s A)], along x and y: f/I without the field."""
        push = self.chirality * self.polarity * self._torque * self.core_radius / self.radius
        push *= math.sin(self.polarizer_tilt)
        across = push * math.sin(self.polarizer_angle) + self.field_rate * self.field_like_torque
        return push * math.cos(self.polarizer_angle), across

    @property
    def field_rate(self) -> float:
        """C gamma/3 [1/(s T)]: force along y of a field along x over G R B, (2 pi/3) Ms R L B for small s."""
        return self.chirality * GAMMA * MOMENT / 2

    @cached_property
    def oersted_shift(self) -> float:
        """C (2/15) gamma mu0 R/(pi R^2) [rad/(s A)]: shift of w by the current's own field, small orbit."""
        return self.oersted_weight * self.chirality * OERSTED / (2 * np.pi) * GAMMA * MU0 * self.radius / self._area

    @property
    def threshold_current(self) -> float:
        """Ith = d0 w0/(chi/I - d0 w_Oe/I) [A]; without the Oersted field pi R^2 4 e L Ms d0 w0/(hbar gamma P).

        inf where no current overcomes the damping: no perpendicular torque, or less than the Oersted field adds.
        """
        return self.current_for_radius(0.0)

    @property
    def threshold_density(self) -> float:
        """Jth = Ith/(pi R^2) [A/m2]."""
        return self.threshold_current / self._area

    def current_for_radius(self, radius: float) -> float:
        """Current [A] at which the orbit has s = ``radius``: d w0 (1 + N s^2)/[chi/I - d (w_Oe/I) (1 - 4 s^2/7)].

        inf where there is none.
        """
        power = radius**2
        loss = self.linear_damping + self.nonlinear_damping * power
        net = self.torque_rate - loss * self.oersted_shift * (1 + OERSTED_GROWTH * power)
        needed = loss * 2 * np.pi * self.frequency * (1 + self.frequency_growth * power)
        return needed / net if net * self.torque_rate > 0 else math.inf

    @property
    def largest_radius(self) -> float:
        """Largest s of an orbit: 1, or where s R w reaches the critical velocity at the current of that orbit."""
        return largest_radius(self)

    @property
    def largest_current(self) -> float:
        """Current [A] of the largest orbit: above it the core is expelled, or faster than its critical velocity."""
        return self.current_for_radius(self.largest_radius)

    @property
    def _stiffnesses(self) -> tuple[float, float]:
        """Magnetostatic and weighted exchange stiffness [N/m]."""
        magnetostatic = MU0 * self.saturation_magnetization**2 * self.thickness
        exchange = 4 * np.pi * self.exchange_stiffness * self.thickness / self.radius**2
        return magnetostatic * magnetostatic_factor(self.thickness / self.radius), self.exchange_weight * exchange

    @property
    def _torque(self) -> float:
        """gamma hbar P/(4 e L Ms pi R^2) [1/(s A)]."""
        per_density = GAMMA * HBAR * self.polarization / (4 * CHARGE * self.thickness * self.saturation_magnetization)
        return per_density / self._area

    @property
    def _area(self) -> float:
        return np.pi * self.radius**2
