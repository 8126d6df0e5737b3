"""The track of a domain wall: its numbers, and what follows from them alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinode.devices.constants import BOHR_MAGNETON, CHARGE, HBAR, MU0
from spinode.devices.fields import check_between, check_not_negative, check_numbers, check_sign, si


@dataclass(frozen=True, kw_only=True, slots=True)
class WallTrack:
    """Numbers of a track with one wall, its gate and its readout, each checked.

    Parameters
    ----------
    width, thickness, length : float
        Track [m], > 0; ``length`` is the part under the readout, from q = 0.
    saturation_magnetization : float
        Ms [A/m], > 0.
    exchange_stiffness : float
        A [J/m], > 0.
    anisotropy : float
        Uniaxial Ku [J/m3] at q = 0, above mu0 Ms^2/2.
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
    field_like_ratio : float
        zeta, field-like over damping-like spin-orbit field.
    shape_weight : float
        Weight of B_K; 0 switches the wall's own shape anisotropy off.
    field_x, field_y : float
        Constant in-plane field [T].
    anisotropy_gradient : float
        g = dK/dq [J/m4]; a positive one pushes the wall back to q = 0.
    notch_energy, notch_period : float
        Depth [J] >= 0 and distance p [m] > 0 of notches at q = 0, p, 2 p, ...
    pinning_stiffness, pinning_position : float
        k [N/m] >= 0 and q0 [m] of a harmonic well.
    end_stiffness : float
        Spring [N/m] >= 0 that pushes the wall back where q < 0 or q > length: fixed end regions.
    gate_efficiency, gate_start, gate_stop : float
        Change of anisotropy by the gate [J/(m3 V)] between x0 and x1 [m], x0 < x1.
    strain_efficiency : float
        Change of anisotropy by the gate in the whole film [J/(m3 V)].
    notch_efficiency : float
        Change of the notches' depth by the gate [J/V].
    resistance_area, magnetoresistance : float
        RA [ohm m2] > 0 in the parallel state and TMR = (R_AP - R_P)/R_P >= 0 of the readout.
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
    field_like_ratio: float = si("", "field-like over damping-like torque", 0.0)
    shape_weight: float = si("", "weight of the shape anisotropy of the wall", 1.0)
    field_x: float = si("T", "constant field along the track", 0.0)
    field_y: float = si("T", "constant field across the track", 0.0)
    anisotropy_gradient: float = si("J/m4", "change of anisotropy along the track", 0.0)
    notch_energy: float = si("J", "depth of the notches", 0.0)
    notch_period: float = si("m", "distance between notches, assumed", 60e-9)
    pinning_stiffness: float = si("N/m", "stiffness of a harmonic well", 0.0)
    pinning_position: float = si("m", "centre of the well", 0.0)
    end_stiffness: float = si("N/m", "stiffness of the ends of the track", 0.0)
    gate_efficiency: float = si("J/(m3 V)", "anisotropy by the local gate", 0.0)
    gate_start: float = si("m", "left edge of the local gate, assumed", 275e-9)
    gate_stop: float = si("m", "right edge of the local gate, assumed", 325e-9)
    strain_efficiency: float = si("J/(m3 V)", "anisotropy of the whole film by the gate", 0.0)
    notch_efficiency: float = si("J/V", "depth of the notches by the gate", 0.0)
    resistance_area: float = si("ohm m2", "resistance-area product, parallel, assumed", 1e-11)
    magnetoresistance: float = si("", "tunnel magnetoresistance, assumed", 1.0)
    charge: float = si("", "+1: up on the left", 1.0)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "width", "thickness", "length", "saturation_magnetization")
        check_between(self, 0.0, np.inf, "exchange_stiffness", "notch_period", "resistance_area")
        check_between(self, 0.0, 1.0, "damping")
        check_not_negative(self, "nonadiabaticity", "polarization", "shape_weight", "pinning_stiffness", "temperature")
        check_not_negative(self, "notch_energy", "end_stiffness", "magnetoresistance")
        check_sign(self, "charge")
        name = type(self).__name__
        if self.polarization > 1:
            raise ValueError(f"{name}.polarization must be at most 1, got {self.polarization:g}")
        if self.gate_stop <= self.gate_start:
            raise ValueError(f"{name}.gate_stop must be above gate_start {self.gate_start:g}, got {self.gate_stop:g}")
        floor = MU0 * self.saturation_magnetization**2 / 2
        if self.anisotropy <= floor:
            raise ValueError(f"{name}.anisotropy must be above mu0 Ms^2/2 = {floor:.3g} J/m3, got {self.anisotropy:g}")
        if self.anisotropy + self.anisotropy_gradient * self.length <= floor:
            raise ValueError(
                f"{name}.anisotropy_gradient must keep the anisotropy above {floor:.3g} J/m3 over the length, got"
                f" {self.anisotropy_gradient:g}; try above {(floor - self.anisotropy) / self.length:.3g} J/m4"
            )

    @property
    def section(self) -> float:
        """S = width x thickness [m2]."""
        return self.width * self.thickness

    @property
    def moment(self) -> float:
        """2 Ms S [A m]: force on the wall over field."""
        return 2 * self.saturation_magnetization * self.section

    @property
    def effective_anisotropy(self) -> float:
        """K0 = Ku - mu0 Ms^2/2 [J/m3] at q = 0 without strain."""
        return self.anisotropy - MU0 * self.saturation_magnetization**2 / 2

    @property
    def wall_width(self) -> float:
        """Delta = sqrt(A/K0) [m] at q = 0 without strain."""
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
    def conductance_parallel(self) -> float:
        """G_P = width length/RA [S]: the whole track under the readout points up."""
        return self.width * self.length / self.resistance_area

    @property
    def conductance_antiparallel(self) -> float:
        """G_AP = G_P/(1 + TMR) [S]: the whole track under the readout points down."""
        return self.conductance_parallel / (1 + self.magnetoresistance)

    def spin_velocity(self, density: float) -> float:
        """u = mu_B P J/(e Ms) [m/s] at a current density [A/m2]."""
        return BOHR_MAGNETON * self.polarization * density / (CHARGE * self.saturation_magnetization)

    def spin_hall_field(self, density: float) -> float:
        """B_SH = hbar theta_SH J/(2 e Ms t) [T] at a current density [A/m2]."""
        return HBAR * self.spin_hall_angle * density / (2 * CHARGE * self.saturation_magnetization * self.thickness)
