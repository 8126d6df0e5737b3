"""Domain wall in a perpendicularly magnetised track: position and angle, driven by field and current.

Signs, stated once. Q = +1 is a wall with up on the left and down on the right; a positive field along +z then moves it
to the right. phi is the angle of the magnetisation in the wall, 0 along +x. A positive current density drives the wall
to the right by spin transfer (electron flow along +x), and D > 0 favours phi = 0 for Q = +1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import BOHR_MAGNETON, BOLTZMANN, CHARGE, GAMMA, HBAR, MU0
from spinode.devices.fields import check_between, check_not_negative, check_numbers, check_sign, si
from spinode.signals import Channel, FloatArray

STRONG_FIELD = 0.1
"""Drive [T] up to which ``DomainWall.step`` is meant; pass more substeps for a stronger one."""


@njit(KERNEL, cache=True, nogil=True)
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        charge, width, damping = parameters[0, lane], parameters[1, lane], parameters[2, lane]
        shape, dmi = parameters[3, lane], parameters[4, lane]
        velocity = parameters[5, lane] * drive[0, lane]
        sine, cosine = np.sin(state[1, lane]), np.cos(state[1, lane])
        force = drive[1, lane] + parameters[7, lane] * drive[0, lane] * cosine
        force -= parameters[8, lane] * (state[0, lane] - parameters[9, lane])
        along = charge * velocity / width + GAMMA * (charge * dmi - shape * cosine) * sine
        across = charge * parameters[6, lane] * velocity / width + GAMMA * force
        scale = 1 / (1 + damping * damping)
        result[0, lane] = scale * charge * width * (along + damping * across)
        result[1, lane] = scale * (across - damping * along)


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[1, lane] * parameters[10, lane]
        result[1, lane] = parameters[10, lane]


@njit(KERNEL, cache=True, nogil=True)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        width, length = parameters[1, lane], parameters[11, lane]
        right = abs((length - state[0, lane]) / width)
        left = abs(state[0, lane] / width)
        # ln cosh(a) = |a| + ln(1 + e^(-2|a|)) - ln 2 does not overflow
        rise = right - left + np.log1p(np.exp(-2 * right)) - np.log1p(np.exp(-2 * left))
        result[0, lane] = -parameters[0, lane] * width / length * rise


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainWall:
    """Collective coordinates (q, phi) of a wall theta = 2 atan exp(Q (x - q)/Delta).

    (1 + alpha^2) dq/dt = Q Delta (a + alpha b), (1 + alpha^2) dphi/dt = b - alpha a, with
    a = gamma [-(B_K/2) sin 2phi + (pi/2) Q B_D sin phi + h_phi] + Q u/Delta,
    b = gamma [B_z + B_pin(q) + (pi/2) B_SH cos phi + h_q] + Q beta u/Delta,
    u = mu_B P J/(e Ms), B_K = mu0 Ms t ln 2/(pi Delta), B_D = D/(Ms Delta), B_SH = hbar theta_SH J/(2 e Ms t),
    B_pin = -Q k (q - q0)/(2 Ms S), S = width x thickness. Derived here from the Landau-Lifshitz-Gilbert equation; the
    one-dimensional model of Thiaville et al., Europhys. Lett. 100, 57002 (2012), and its relatives. Two independent
    thermal fields <h h'> = alpha kB T/(gamma Ms S Delta) delta(t - t') obey fluctuation-dissipation (derived here). The
    width Delta is constant, so the model is meant for B_K and B_D well below the anisotropy field; it knows no edges of
    the track.

    Parameters
    ----------
    width, thickness, length : float
        Track [m], > 0; ``length`` is the part under the readout, from q = 0.
    saturation_magnetization : float
        Ms [A/m], > 0.
    exchange_stiffness : float
        A [J/m], > 0.
    anisotropy : float
        Uniaxial Ku [J/m3], above mu0 Ms^2/2.
    dmi : float
        Interface Dzyaloshinskii-Moriya constant D [J/m2], either sign.
    damping : float
        Gilbert damping alpha, 0 to 1.
    nonadiabaticity : float
        beta >= 0.
    polarization : float
        P of the current in the track, 0 (no spin transfer) to 1.
    spin_hall_angle : float
        theta_SH; the same current density is taken in track and heavy metal.
    shape_weight : float
        Weight of B_K; 0 switches the wall's own shape anisotropy off.
    pinning_stiffness, pinning_position : float
        k [N/m] >= 0 and q0 [m] of a harmonic well.
    charge : float
        Q, +1 or -1.
    temperature : float
        T [K], >= 0; noise needs a generator as well.

    Raises
    ------
    ValueError
        If a number breaks its rule.

    Notes
    -----
    All default numbers are assumed: typical of a CoFe film on a heavy metal.
    """

    DERIVED: ClassVar[dict[str, str]] = {
        "wall_width": "m",
        "effective_anisotropy": "J/m3",
        "shape_field": "T",
        "dmi_field": "T",
        "rest_angle": "rad",
        "mobility": "m/(s T)",
        "walker_field": "T",
        "step": "s",
    }

    width: float = si("m", "width of the track, assumed", 50e-9)
    thickness: float = si("m", "thickness of the film, assumed", 1e-9)
    length: float = si("m", "length under the readout, assumed", 600e-9)
    saturation_magnetization: float = si("A/m", "saturation magnetization, assumed", 1e6)
    exchange_stiffness: float = si("J/m", "exchange stiffness, assumed", 2e-11)
    anisotropy: float = si("J/m3", "uniaxial anisotropy, assumed", 7.5e5)
    dmi: float = si("J/m2", "interface DMI, assumed", 0.6e-3)
    damping: float = si("", "Gilbert damping, assumed", 0.03)
    nonadiabaticity: float = si("", "beta, assumed", 0.03)
    polarization: float = si("", "spin polarization, assumed", 0.5)
    spin_hall_angle: float = si("", "spin Hall angle, assumed", 0.1)
    shape_weight: float = si("", "weight of the shape anisotropy of the wall", 1.0)
    pinning_stiffness: float = si("N/m", "stiffness of a harmonic well", 0.0)
    pinning_position: float = si("m", "centre of the well", 0.0)
    charge: float = si("", "+1: up on the left", 1.0)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "width", "thickness", "length", "saturation_magnetization")
        check_between(self, 0.0, np.inf, "exchange_stiffness")
        check_between(self, 0.0, 1.0, "damping")
        check_not_negative(self, "nonadiabaticity", "polarization", "shape_weight", "pinning_stiffness", "temperature")
        check_sign(self, "charge")
        if self.polarization > 1:
            raise ValueError(f"DomainWall.polarization must be at most 1, got {self.polarization:g}")
        if self.effective_anisotropy <= 0:
            floor = MU0 * self.saturation_magnetization**2 / 2
            raise ValueError(
                f"DomainWall.anisotropy must be above mu0 Ms^2/2 = {floor:.3g} J/m3, got {self.anisotropy:g}"
            )

    @property
    def name(self) -> str:
        return "wall"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="current_density", unit="A/m2"), Channel(name="field", unit="T"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """Mean mz under the readout, -1 to 1; the conductance is (G_P + G_AP)/2 + (G_P - G_AP)/2 mz."""
        return (Channel(name="mz"),)

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="q", unit="m"), Channel(name="phi", unit="rad"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """0.05 rad of the fastest precession [s], for drives up to ``STRONG_FIELD``."""
        strongest = abs(self.shape_field) + np.pi / 2 * abs(self.dmi_field) + STRONG_FIELD
        return float(0.05 / (GAMMA * strongest))

    def packed(self) -> FloatArray:
        moment = 2 * self.saturation_magnetization * self.width * self.thickness
        noise = GAMMA * self.damping * BOLTZMANN * self.temperature / (1 + self.damping**2)
        return np.array(
            [
                self.charge,
                self.wall_width,
                self.damping,
                self.shape_field,
                np.pi / 2 * self.dmi_field,
                self.spin_velocity(1.0),
                self.nonadiabaticity,
                np.pi / 2 * self.spin_hall_field(1.0),
                self.charge * self.pinning_stiffness / moment,
                self.pinning_position,
                np.sqrt(2 * noise / (moment * self.wall_width)),
                self.length,
            ]
        )

    def initial(self) -> FloatArray:
        """The wall in the middle of the readout, at the angle of least energy."""
        return np.array([self.length / 2, self.rest_angle])

    @property
    def effective_anisotropy(self) -> float:
        """K0 = Ku - mu0 Ms^2/2 [J/m3]."""
        return self.anisotropy - MU0 * self.saturation_magnetization**2 / 2

    @property
    def wall_width(self) -> float:
        """Delta = sqrt(A/K0) [m]."""
        return float(np.sqrt(self.exchange_stiffness / self.effective_anisotropy))

    @property
    def shape_field(self) -> float:
        """B_K = shape_weight mu0 Ms t ln 2/(pi Delta) [T]: thin wall in a wide film."""
        thin = MU0 * self.saturation_magnetization * self.thickness * np.log(2) / (np.pi * self.wall_width)
        return float(self.shape_weight * thin)

    @property
    def dmi_field(self) -> float:
        """B_D = D/(Ms Delta) [T]."""
        return self.dmi / (self.saturation_magnetization * self.wall_width)

    @property
    def rest_angle(self) -> float:
        """phi of least energy [rad]: cos phi = (pi/2) Q B_D/B_K, or 0 or pi where that exceeds 1."""
        chiral = np.pi / 2 * self.charge * self.dmi_field
        if chiral == 0:
            return np.pi / 2
        ratio = chiral / self.shape_field if abs(chiral) < self.shape_field else np.sign(chiral)
        return float(np.arccos(ratio))

    @property
    def mobility(self) -> float:
        """dv/dB = gamma Delta/alpha [m/(s T)] below the Walker field."""
        return GAMMA * self.wall_width / self.damping

    @property
    def walker_field(self) -> float:
        """Largest field [T] with a steady wall: alpha max over phi of |-(B_K/2) sin 2phi + (pi/2) Q B_D sin phi|.

        alpha B_K/2 without DMI, (pi/2) alpha |B_D| without shape anisotropy; derived here.
        """
        shape, chiral = self.shape_field, np.pi / 2 * self.charge * self.dmi_field
        if shape == 0:
            return float(self.damping * abs(chiral))
        root = np.sqrt(chiral**2 + 8 * shape**2)
        cosine = np.clip(np.array([chiral - root, chiral + root]) / (4 * shape), -1, 1)
        torque = (chiral - shape * cosine) * np.sqrt(1 - cosine**2)
        return float(self.damping * np.abs(torque).max())

    def spin_velocity(self, density: float) -> float:
        """u = mu_B P J/(e Ms) [m/s] at a current density [A/m2]."""
        return BOHR_MAGNETON * self.polarization * density / (CHARGE * self.saturation_magnetization)

    def spin_hall_field(self, density: float) -> float:
        """B_SH = hbar theta_SH J/(2 e Ms t) [T] at a current density [A/m2]."""
        return HBAR * self.spin_hall_angle * density / (2 * CHARGE * self.saturation_magnetization * self.thickness)

    def drift_velocity(self, field: float) -> float:
        """Mean dq/dt [m/s] in a constant field [T] without current and DMI, below and above the Walker field.

        (gamma Delta/alpha) [B - sqrt(B^2 - B_W^2)/(1 + alpha^2)] above it, Schryer and Walker, J. Appl. Phys. 45, 5406
        (1974); derived again here.

        Raises
        ------
        ValueError
            If there is DMI: the mean above the Walker field then has no such form.
        """
        if self.dmi:
            raise ValueError(f"DomainWall.drift_velocity needs dmi = 0, got {self.dmi:g}")
        limit, strength = self.walker_field, abs(field)
        lost = np.sqrt(max(strength**2 - limit**2, 0.0)) / (1 + self.damping**2)
        return float(self.charge * np.sign(field) * self.mobility * (strength - lost))
