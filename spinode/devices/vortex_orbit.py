"""Closed forms of the vortex oscillator at a constant current: the orbit, its noise and how it locks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from spinode.devices.constants import BOLTZMANN
from spinode.devices.oscillation import Oscillation
from spinode.devices.vortex_energy import MOMENT, OERSTED_GROWTH
from spinode.signals import FloatArray

if TYPE_CHECKING:
    from spinode.devices.vortex import VortexOscillator


@dataclass(frozen=True, kw_only=True)
class VortexOrbit:
    """Steady motion of the core at a constant current, without a field.

    With p = s^2: dp/dt = 2 p [chi - d(p) w(p)], dphi/dt = w(p), the Slavin-Tiberkevich auto-oscillator (IEEE Trans.
    Magn. 45, 1875 (2009)) with Gamma+ = d w, Gamma- = chi and the energy E = G w R^2 p/2. A steady force (in-plane spin
    torque, field-like torque) moves the centre of the orbit by ``displacement``; the other forms leave that out.

    Parameters
    ----------
    device : VortexOscillator
        Whose core.
    current : float
        Through the disk [A].

    Raises
    ------
    ValueError
        From what needs an orbit, if there is none within the disk and below the critical velocity.
    """

    device: VortexOscillator
    current: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.current):
            raise ValueError(f"VortexOrbit.current must be a finite number of amperes, got {self.current!r}; try 0")

    def turning(self, power: float) -> float:
        """w = w0 (1 + N p) + C (2/15) gamma mu0 J R (1 - 4 p/7) [rad/s] at p = s^2."""
        device = self.device
        oersted = device.oersted_shift * self.current * (1 + OERSTED_GROWTH * power)
        return 2 * np.pi * device.frequency * (1 + device.frequency_growth * power) + oersted

    def loss(self, power: float) -> float:
        """d = d0 + d1 p at p = s^2."""
        return self.device.linear_damping + self.device.nonlinear_damping * power

    @property
    def growth_rate(self) -> float:
        """chi - d0 w(0) [1/s]: rate at which a small orbit grows, negative below threshold."""
        return self.device.torque_rate * self.current - self.loss(0.0) * self.turning(0.0)

    @property
    def turning_growth(self) -> float:
        """dw/dp [rad/s]: w0 N - (4/7) C (2/15) gamma mu0 J R."""
        device = self.device
        oersted = OERSTED_GROWTH * device.oersted_shift * self.current
        return 2 * np.pi * device.frequency * device.frequency_growth + oersted

    @property
    def confined(self) -> bool:
        """Whether the Oersted field leaves the core a restoring force, w(0) > 0."""
        return self.turning(0.0) > 0

    @cached_property
    def power(self) -> float:
        """p with chi = d(p) w(p), whether or not the core bears it; 0 below threshold, inf where there is none."""
        growth, shift, loss = self.growth_rate, self.turning_growth, self.device.nonlinear_damping
        if growth <= 0:
            return 0.0
        linear = loss * self.turning(0.0) + self.loss(0.0) * shift
        discriminant = linear**2 + 4 * loss * shift * growth
        if discriminant < 0 or linear + math.sqrt(discriminant) <= 0:
            return math.inf
        return 2 * growth / (linear + math.sqrt(discriminant))

    @property
    def exists(self) -> bool:
        """Whether the core rests, or has an orbit within the disk below its critical velocity."""
        power, device = self.power, self.device
        if not power < 1 or not self.confined or self.turning(power) <= 0:
            return False
        return device.radius * math.sqrt(power) * self.turning(power) <= device.critical_velocity

    @property
    def radius(self) -> float:
        """s of the orbit, 0 below threshold; lambda sqrt(I/Ith - 1), lambda = sqrt(d0/(d1 + N d0)), for small s."""
        if not self.exists:
            device = self.device
            does = "expels" if device.largest_radius == 1 or not self.confined else "reverses"
            raise ValueError(
                f"VortexOscillator {does} its core at {self.current:g} A; try a current nearer to 0 than"
                f" {device.largest_current:.6g} A"
            )
        return math.sqrt(self.power)

    @property
    def frequency(self) -> float:
        """w/(2 pi) [Hz] on the orbit, or of the decaying core below threshold."""
        return self.turning(self.radius**2) / (2 * np.pi)

    @property
    def core_speed(self) -> float:
        """s R w [m/s]."""
        return self.radius * self.device.radius * 2 * np.pi * self.frequency

    @property
    def power_rate(self) -> float:
        """Gamma_p = p [d1 w + d dw/dp] [1/s]: a deviation of p relaxes with 2 Gamma_p."""
        power = self.radius**2
        slope = self.device.nonlinear_damping * self.turning(power) + self.loss(power) * self.turning_growth
        return power * slope

    @property
    def relaxation_time(self) -> float:
        """Time constant tau of p [s], 1/(2 Gamma_p); 1/tau = 2 d0 w0 (I/Ith - 1) for small s and no Oersted field."""
        rate = 2 * self.power_rate if self.radius > 0 else -2 * self.growth_rate
        return math.inf if rate == 0 else 1 / rate

    @property
    def nonlinearity(self) -> float:
        """nu = p (dw/dp)/Gamma_p: change of the frequency over change of the losses; 0 below threshold."""
        return self.radius**2 * self.turning_growth / self.power_rate if self.radius > 0 else 0.0

    @property
    def nonlinear_shift(self) -> float:
        """(dw/dp)/(2 pi) [Hz]: shift of the frequency per s^2."""
        return self.turning_growth / (2 * np.pi)

    @property
    def frequency_slope(self) -> float:
        """Change of the frequency with the current along the orbits [Hz/A]: [w_I + (dw/dp) dp/dI]/(2 pi)."""
        power = self.radius**2
        oersted = self.device.oersted_shift * (1 + OERSTED_GROWTH * power)
        if power == 0:
            return oersted / (2 * np.pi)
        wider = power * (self.device.torque_rate - self.loss(power) * oersted) / self.power_rate
        return (oersted + self.turning_growth * wider) / (2 * np.pi)

    @property
    def energy(self) -> float:
        """G w R^2 p/2 [J]: E = kappa X^2/2 on the orbit."""
        device = self.device
        return np.pi * device.gyrovector * self.frequency * (device.radius * self.radius) ** 2

    @property
    def thermal_radius(self) -> float:
        """Root mean square s below threshold: <s^2> = 2 d0 kB T/(G R^2 (d0 w - chi)); inf above."""
        rate = -self.growth_rate
        device = self.device
        heat = 2 * device.linear_damping * BOLTZMANN * device.temperature / (device.gyrovector * device.radius**2)
        return math.sqrt(heat / rate) if rate > 0 else math.inf

    @property
    def oscillation(self) -> Oscillation:
        """The orbit as a noisy limit cycle: its line, its answer to a force, its locking; p0 = s^2, Dn/p0 = d w kB T/E.

        Raises
        ------
        ValueError
            If there is no orbit.
        """
        if self.radius == 0:
            raise ValueError(f"VortexOscillator has no orbit at {self.current:g} A; try above its threshold")
        return Oscillation(
            power=self.radius**2,
            frequency=self.frequency,
            relaxation_rate=self.power_rate,
            nonlinearity=self.nonlinearity,
            noise_rate=self._phase_noise,
        )

    @property
    def linewidth(self) -> float:
        """Full width [Hz] of the line: ``Oscillation.linewidth``; below threshold (d0 w - chi)/pi."""
        return self.oscillation.linewidth if self.radius > 0 else max(-self.growth_rate, 0.0) / np.pi

    @property
    def _phase_noise(self) -> float:
        """Gamma+ kB T/E = 2 d kB T/(G R^2 p) [1/s]."""
        device, power = self.device, self.radius**2
        return 2 * self.loss(power) * BOLTZMANN * device.temperature / (device.gyrovector * device.radius**2 * power)

    @property
    def displacement(self) -> float:
        """Centre of the orbit over R: steady force of the current in the plane over G R w."""
        along, across = self.device.force_rates
        return math.hypot(along, across) * abs(self.current) / self.turning(0.0)

    @property
    def voltage_amplitude(self) -> float:
        """(dR/2) (2/3) s I [V]."""
        return 0.5 * self.device.resistance_swing * MOMENT * self.radius * abs(self.current)

    @property
    def available_power(self) -> float:
        """Voltage amplitude squared over 8 R [W]: what a matched load gets."""
        return self.voltage_amplitude**2 / (8 * self.device.resistance)

    def locking_half_width(self, field: float = 0.0, current: float = 0.0) -> float:
        """Largest detuning [Hz] at which the orbit follows a microwave field along x or a microwave current.

        (F/2 pi s) sqrt(1 + nu^2), Slavin and Tiberkevich 2009, with F the half of the force that turns with the core:
        gamma B/6 for a field of amplitude B. To first order in F, which must stay far below 2 Gamma_p s.

        Parameters
        ----------
        field : float
            Amplitude B [T].
        current : float
            Amplitude [A] of a microwave current in phase with the field; it acts by its torques in the plane.

        Raises
        ------
        ValueError
            If there is no orbit to lock.
        """
        along, across = self.device.force_rates
        return self.oscillation.injection_half_width(
            math.hypot(along * current, across * current + self.device.field_rate * field)
        )

    def transient(self, time: FloatArray, start: float) -> FloatArray:
        """s(t) on the way from ``start`` to the orbit, or to the centre: Bernoulli's solution.

        p(t) = p0/[1 + (p0/p(0) - 1) e^(-2 a t)], a = chi - d0 w(0), exact for d1 = 0 or dw/dp = 0. Otherwise d w has a
        part in p^2, which is left out: the first growth and the orbit are still exact, the way between them is not.

        Parameters
        ----------
        time : array
            After the start [s].
        start : float
            s at time 0, above 0.
        """
        rate, power = self.growth_rate, self.radius**2
        loss = self.device.nonlinear_damping * self.turning(0.0) + self.device.linear_damping * self.turning_growth
        bend = rate / power if power > 0 else loss
        grown = np.expm1(2 * rate * time) / rate if rate != 0 else 2 * time
        return np.asarray(start * np.exp(rate * time) / np.sqrt(1 + bend * start**2 * grown))


def largest_radius(device: VortexOscillator) -> float:
    """Largest s of an orbit: 1, or where s R w reaches the critical velocity at the current of that orbit."""

    def too_fast(radius: float) -> bool:
        loss = device.linear_damping + device.nonlinear_damping * radius**2
        turning = device.torque_rate * device.current_for_radius(radius) / loss  # w = chi/d on an orbit
        return not radius * device.radius * turning <= device.critical_velocity

    low, high = 0.0, 1.0
    if not too_fast(high):
        return high
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (low, middle) if too_fast(middle) else (middle, high)
    return low
