"""Domain wall in a perpendicularly magnetised track: position and angle, driven by field, current and gate.

Signs, stated once. Q = +1 is a wall with up on the left and down on the right; a positive field along +z then moves it
to the right. phi is the angle of the magnetisation in the wall, 0 along +x. A positive current density drives the wall
to the right by spin transfer (electron flow along +x), and by spin-orbit torque where D and theta_SH have one sign.
D > 0 favours phi = 0 for Q = +1. The reference layer of the readout points up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from spinode.devices.base import Kernel
from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.devices.datasheet import Datasheet
from spinode.devices.wall_datasheet import wall_datasheet
from spinode.devices.wall_equations import WALL_KERNEL
from spinode.devices.wall_gates import highest_edge_field
from spinode.devices.wall_motion import Motion, rest_angle, steady_motion, walker_torque
from spinode.devices.wall_retention import Hold, hold_at, track_energy
from spinode.devices.wall_track import WallTrack
from spinode.signals import Channel, FloatArray

STRONG_FIELD = 0.1
"""Drive [T] up to which ``DomainWall.step`` is meant; pass more substeps for a stronger one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainWall(WallTrack):
    """Collective coordinates (q, phi) of a wall theta = 2 atan exp(Q (x - q)/Delta).

    (1 + alpha^2) dq/dt = Q Delta (a + alpha b), (1 + alpha^2) dphi/dt = b - alpha a, with
    a = gamma [-(B_K/2) sin 2phi + (pi/2)(Q B_D + B_x) sin phi - (pi/2) B_y cos phi + h_phi] + Q u/Delta,
    b = gamma [B_z + B_pin(q) + (pi/2) B_SH cos phi + h_q] + Q beta u/Delta,
    u = mu_B P J/(e Ms), B_K = mu0 Ms t ln 2/(pi Delta), B_D = D/(Ms Delta), B_SH = hbar theta_SH J/(2 e Ms t),
    B_y = field_y + zeta B_SH, B_pin = -(Q/(2 Ms S)) dE/dq, S = width x thickness, and the energy of the track
    E = S [4 sqrt(A K) + dK Delta (tanh((x1 - q)/Delta) - tanh((x0 - q)/Delta))] + V sin^2(pi q/p) + k (q - q0)^2/2,
    K = Ku - mu0 Ms^2/2 + g q + strain_efficiency U, dK = gate_efficiency U, V = notch_energy + notch_efficiency U for
    the voltage U of the gate. Derived here from the Landau-Lifshitz-Gilbert equation; the one-dimensional model of
    Thiaville et al., Europhys. Lett. 100, 57002 (2012), and its relatives. Two independent thermal fields
    <h h'> = alpha kB T/(gamma Ms S Delta) delta(t - t') obey fluctuation-dissipation (derived here); the form with one
    thermal field that is often printed does not.

    The width Delta = sqrt(A/K) follows the film at once but knows neither phi nor the local gate; ``BreathingWall``
    lets it move. Valid for B_K, B_D and in-plane fields well below 2 K/Ms: strong in-plane fields cant the domains,
    which no such model knows. A wall that leaves the track is not destroyed. With a gradient the noise depends on q;
    the drift that goes with it, below 1e-2 alpha^2 of the leak, is left out. Parameters and errors are those of
    ``WallTrack``; inputs are current density [A/m2], field along z [T] and gate voltage U [V].
    """

    DERIVED: ClassVar[dict[str, str]] = {
        "wall_width": "m",
        "effective_anisotropy": "J/m3",
        "shape_field": "T",
        "dmi_field": "T",
        "rest_angle": "rad",
        "mobility": "m/(s T)",
        "walker_field": "T",
        "walker_current": "A/m2",
        "diffusion": "m2/s",
        "conductance_parallel": "S",
        "conductance_antiparallel": "S",
        "step": "s",
    }
    OPERATING: ClassVar[dict[str, str]] = {"current_density": "A/m2", "field": "T", "gate": "V"}

    @property
    def name(self) -> str:
        return "wall"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return tuple(Channel(name=name, unit=unit) for name, unit in self.OPERATING.items())

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """Mean mz under the readout, -1 to 1, and G = (G_P + G_AP)/2 + (G_P - G_AP)/2 mz."""
        return (Channel(name="mz"), Channel(name="conductance", unit="S"))

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="q", unit="m"), Channel(name="phi", unit="rad"))

    @property
    def kernel(self) -> Kernel:
        return WALL_KERNEL

    @property
    def step(self) -> float:
        """0.05 rad of the fastest precession [s], for drives up to ``STRONG_FIELD``."""
        narrowing = max(1 + self.anisotropy_gradient * self.length / self.effective_anisotropy, 1.0) ** 0.5
        strongest = narrowing * (abs(self.shape_field) + np.pi / 2 * abs(self.dmi_field)) + STRONG_FIELD
        strongest += np.pi / 2 * np.hypot(self.field_x, self.field_y)
        deepest = self.notch_energy + abs(self.notch_efficiency)
        stiffness = 2 * deepest * (np.pi / self.notch_period) ** 2 + self.pinning_stiffness + self.end_stiffness
        return float(0.05 / (GAMMA * (strongest + stiffness * self.wall_width / self.moment)))

    def packed(self) -> FloatArray:
        charge, moment, stiffness = self.charge, self.moment, self.exchange_stiffness
        hall = np.pi / 2 * self.spin_hall_field(1.0)
        noise = 2 * GAMMA * self.damping * BOLTZMANN * self.temperature / (1 + self.damping**2)
        high, low = self.conductance_parallel, self.conductance_antiparallel
        return np.array(
            [
                *(charge, self.damping, 1 / (1 + self.damping**2)),
                *(self.effective_anisotropy / stiffness, self.strain_efficiency / stiffness),
                *(self.anisotropy_gradient / stiffness, self.shape_field * self.wall_width),
                np.pi / 2 * charge * self.dmi_field * self.wall_width,
                *(np.pi / 2 * self.field_x, np.pi / 2 * self.field_y, self.field_like_ratio * hall),
                *(charge * self.spin_velocity(1.0), self.nonadiabaticity, hall),
                charge * self.anisotropy_gradient / self.saturation_magnetization,
                *(charge * self.pinning_stiffness / moment, self.pinning_position),
                *(charge * self.end_stiffness / moment, self.length),
                charge * np.pi * self.notch_energy / (self.notch_period * moment),
                charge * np.pi * self.notch_efficiency / (self.notch_period * moment),
                2 * np.pi / self.notch_period,
                charge * self.gate_efficiency / (2 * self.saturation_magnetization),
                *(self.gate_start, self.gate_stop, np.sqrt(noise / moment)),
                *((high + low) / 2, (high - low) / 2),
            ]
        )

    def initial(self) -> FloatArray:
        """The wall in the middle of the readout, at the angle of least energy."""
        return np.array([self.length / 2, self.rest_angle])

    @property
    def rest_angle(self) -> float:
        """phi of least energy [rad]: cos phi = (pi/2)(Q B_D + B_x)/B_K, or 0 or pi where that exceeds 1, if B_y = 0."""
        return rest_angle(self)

    @property
    def mobility(self) -> float:
        """dv/dB = gamma Delta/alpha [m/(s T)] below the Walker field."""
        return GAMMA * self.wall_width / self.damping

    @property
    def walker_field(self) -> float:
        """Largest field [T] with a steady wall: alpha max over phi of the torque of shape, DMI and in-plane field.

        alpha B_K/2 with the shape alone, (pi/2) alpha |B_D| with DMI alone; derived here.
        """
        return self.damping * walker_torque(self)

    @property
    def walker_current(self) -> float:
        """Largest current density [A/m2] with a steady wall by spin transfer alone: u = gamma Delta B_W/|beta - alpha|.

        gamma Delta B_K alpha/(2 |beta - alpha|) without DMI; infinite for beta = alpha or P = 0. Derived here.
        """
        slip = abs(self.nonadiabaticity - self.damping) * self.spin_velocity(1.0)
        return GAMMA * self.wall_width * self.walker_field / slip if slip else np.inf

    @property
    def diffusion(self) -> float:
        """D_q = kB T gamma Delta/(2 alpha Ms S) [m2/s]: <dq^2> = 2 D_q t of a wall that nothing pins; derived here."""
        return BOLTZMANN * self.temperature * self.mobility / self.moment

    def anisotropy_at(self, position: float, gate: float = 0.0) -> float:
        """K [J/m3] at a place [m] and a gate voltage [V], without the local gate."""
        return self.effective_anisotropy + self.anisotropy_gradient * position + self.strain_efficiency * gate

    def drift_velocity(self, field: float) -> float:
        """Mean dq/dt [m/s] in a constant field [T] without current, DMI and in-plane field, at any strength.

        (gamma Delta/alpha) [B - sqrt(B^2 - B_W^2)/(1 + alpha^2)] above the Walker field, Schryer and Walker, J. Appl.
        Phys. 45, 5406 (1974); derived again here.

        Raises
        ------
        ValueError
            If there is DMI or an in-plane field: the mean above the Walker field then has no such form; try
            ``steady_motion``.
        """
        for name in ("dmi", "field_x", "field_y"):
            if getattr(self, name):
                raise ValueError(
                    f"DomainWall.drift_velocity needs {name} = 0, got {getattr(self, name):g}; try steady_motion"
                )
        limit, strength = self.walker_field, abs(field)
        lost = np.sqrt(max(strength**2 - limit**2, 0.0)) / (1 + self.damping**2)
        return float(self.charge * np.sign(field) * self.mobility * (strength - lost))

    def spin_transfer_velocity(self, density: float) -> float:
        """beta u/alpha [m/s]: steady motion by spin transfer alone, below ``walker_current``."""
        return self.nonadiabaticity / self.damping * self.spin_velocity(density)

    def sot_velocity(self, density: float) -> float:
        """v_D/sqrt(1 + (J_D/J)^2) [m/s]: steady motion by the damping-like spin-orbit torque alone, for B_K = 0.

        v_D = pi gamma D/(2 Ms), J_D = 2 alpha e t D/(hbar theta_SH Delta): Thiaville et al., Europhys. Lett. 100, 57002
        (2012); derived again here. B_K > 0 makes the wall slower.
        """
        push, held = self.spin_hall_field(density), self.damping * self.dmi_field
        top = np.pi / 2 * GAMMA * self.wall_width * self.dmi_field
        return float(top * push / np.hypot(push, held)) if push else 0.0

    def steady_motion(
        self, current_density: float = 0.0, field: float = 0.0, gate: float = 0.0, position: float = 0.0
    ) -> Motion:
        """Velocity, angle and turning under a constant drive on a smooth track, from the equations themselves.

        Current density [A/m2], field [T], gate [V]; ``position`` [m] matters where the anisotropy has a gradient.
        """
        drive = np.array([current_density, field, gate], dtype=np.float64)
        return steady_motion(self, drive, position, self.rest_angle)

    def drive_field(self, current_density: float = 0.0, field: float = 0.0) -> float:
        """Field [T] that pushes a wall at rest: B_z + (pi/2) B_SH cos phi + Q beta u/(gamma Delta)."""
        transfer = self.charge * self.nonadiabaticity * self.spin_velocity(current_density)
        hall = np.pi / 2 * self.spin_hall_field(current_density) * np.cos(self.rest_angle)
        return float(field + hall + transfer / (GAMMA * self.wall_width))

    def gate_field(self, gate: float) -> float:
        """Largest B_pin [T] of the local gate: |dK|/(2 Ms) at an edge, less for a gate of a few wall widths."""
        extent = (self.gate_stop - self.gate_start) / self.wall_width
        change = abs(self.gate_efficiency * gate)
        return change / (2 * self.saturation_magnetization) * highest_edge_field(extent)

    def depinning_field(self, gate: float = 0.0) -> float:
        """Field [T] that moves a slow wall past the local gate and the notches: dK/(2 Ms) and pi V/(2 Ms S p).

        Exact for either alone; a wall that arrives fast crosses at a lower one. Derived here.
        """
        depth = abs(self.notch_energy + self.notch_efficiency * gate)
        return self.gate_field(gate) + np.pi * depth / (self.notch_period * self.moment)

    def depinning_current(self, gate: float = 0.0) -> float:
        """Current density [A/m2] whose ``drive_field`` is the depinning field; infinite if a current does not push."""
        push = abs(self.drive_field(1.0))
        return self.depinning_field(gate) / push if push else np.inf

    def barrier(self, gate: float) -> float:
        """Energy [J] of a wall under the local gate against one far from it: 2 |dK| Delta S tanh((x1 - x0)/(2 Delta)).

        A gate that raises the anisotropy is a barrier of this height, one that lowers it a well of this depth.
        """
        extent = (self.gate_stop - self.gate_start) / self.wall_width
        change = abs(self.gate_efficiency * gate)
        return float(2 * change * self.wall_width * self.section * np.tanh(extent / 2))

    def energy(self, q: FloatArray, gate: float = 0.0, field: float = 0.0) -> FloatArray:
        """E(q) [J] of the track, without current; shape of ``q`` [m]."""
        return track_energy(self, q, gate, field)

    def hold(self, position: float, gate: float = 0.0, field: float = 0.0) -> Hold:
        """The well into which a wall slides from a place [m], its barrier and its escape time, without current."""
        return hold_at(self, position, gate, field)

    def escape_time(self, position: float, gate: float = 0.0, field: float = 0.0) -> float:
        """Mean time [s] until a wall has left the well at a place [m]; 0 where nothing holds it."""
        return self.hold(position, gate, field).escape_time

    def datasheet(self, current_density: float = 0.0, field: float = 0.0, gate: float = 0.0) -> Datasheet:
        """What the wall does under a constant drive [A/m2, T, V], and how well it is held without current."""
        return wall_datasheet(self, current_density, field, gate)
