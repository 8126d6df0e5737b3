"""Datasheet of a domain wall: closed forms, and one sentence on whether it moves and whether it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinode.devices.constants import BOLTZMANN
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.wall_retention import TEN_YEARS, Hold
from spinode.units import format_quantity

if TYPE_CHECKING:
    from spinode.devices.wall import DomainWall
    from spinode.devices.wall_motion import Motion

YEAR = 3.16e7
"""A year [s]."""
GLANCE = 5e-9
"""Time [s] after which the thermal spread of a free wall is quoted."""


def wall_datasheet(wall: DomainWall, current_density: float, field: float, gate: float) -> Datasheet:
    """Rows and verdict of a wall at a constant drive [A/m2, T, V]."""
    hold = wall.hold(wall.length / 2, gate, field)
    motion = wall.steady_motion(current_density, field, gate, wall.length / 2)
    drive = (current_density, field, gate)
    rows = (*_fields(wall, current_density), *_motion(wall, motion, drive), *_retention(wall, hold, gate))
    words = f"{_moves(wall, motion, drive)}; {held_words(wall, hold)}"
    return Datasheet(rows=rows, verdict=words[0].upper() + words[1:] + ".")


def time_words(time: float) -> str:
    """A time [s] as people say it: '76.9 us', '12 years'."""
    if time < YEAR:
        return _short(time, "s")
    return f"{time / YEAR:.3g} years" if np.isfinite(time) else "for ever"


def held_words(wall: DomainWall, hold: Hold, retention: float = TEN_YEARS) -> str:
    """One clause on whether a wall is held at the temperature for a retention time [s], without current."""
    heat = BOLTZMANN * wall.temperature
    if hold.barrier == 0:
        spread = _short(float(np.sqrt(2 * wall.diffusion * GLANCE)), "m")
        return f"nothing holds it: at {wall.temperature:g} K it wanders {spread} in {time_words(GLANCE)}"
    level = f"its level at {_short(hold.position, 'm')}"
    if np.isinf(hold.barrier) or heat == 0:
        return f"{level} is held at {wall.temperature:g} K: there is no way out of its well"
    high = f"the barrier is {hold.barrier / heat:.1f} kB T and the mean escape takes {time_words(hold.escape_time)}"
    if hold.escape_time > retention:
        return f"{level} is held at {wall.temperature:g} K: {high}"
    return f"{level} is NOT held for {time_words(retention)} at {wall.temperature:g} K: {high}"


def _moves(wall: DomainWall, motion: Motion, drive: tuple[float, float, float]) -> str:
    current_density, field, gate = drive
    push, notches = abs(wall.drive_field(current_density, field)), wall.depinning_field(gate) - wall.gate_field(gate)
    if push and push < notches:
        return f"the wall is pinned: the push of {_short(push, 'T')} is below the notches' {_short(notches, 'T')}"
    if push and wall.pinning_stiffness:
        shift = push * wall.moment / wall.pinning_stiffness
        return f"the wall comes to rest {_short(shift, 'm')} from the middle of its well"
    if abs(motion.velocity) < 1e-9:
        return "nothing moves the wall"
    why = "at a steady angle" if motion.turning == 0 else "and turns, above the Walker breakdown"
    edge = wall.gate_field(gate)
    stops = f", until the gate stops it (up to {_short(edge, 'T')} are held)" if push < edge else ""
    return f"the wall moves at {_short(motion.velocity, 'm/s')} {why}{stops}"


def _short(value: float, unit: str) -> str:
    return format_quantity(float(f"{value:.3g}"), unit)


def _fields(wall: DomainWall, current_density: float) -> tuple[Row, ...]:
    leak = -wall.charge * wall.wall_width * wall.anisotropy_gradient / wall.saturation_magnetization or 0.0  # not -0
    hall = wall.spin_hall_field(current_density)
    return (
        Row(name="wall width", value=wall.wall_width, unit="m", formula="Delta = sqrt(A/K0)"),
        Row(name="shape field", value=wall.shape_field, unit="T", formula="B_K = mu0 Ms t ln2/(pi Delta), thin wall"),
        Row(name="DMI field", value=wall.dmi_field, unit="T", formula="B_D = D/(Ms Delta)"),
        Row(name="rest angle", value=wall.rest_angle, unit="rad", formula="cos phi = (pi/2)(Q B_D + B_x)/B_K"),
        Row(name="spin Hall field", value=hall, unit="T", formula="B_SH = hbar theta_SH J/(2 e Ms t)"),
        Row(name="leak field", value=leak, unit="T", formula="-Q Delta g/Ms, derived here"),
        Row(
            name="Walker field",
            value=wall.walker_field,
            unit="T",
            formula="alpha B_K/2; (pi/2) alpha B_D with DMI alone",
        ),
        Row(
            name="Walker current density",
            value=wall.walker_current,
            unit="A/m2",
            formula="u = gamma Delta B_W/|beta - alpha|, spin transfer alone, derived here",
        ),
    )


def _motion(wall: DomainWall, motion: Motion, drive: tuple[float, float, float]) -> tuple[Row, ...]:
    current_density, field, gate = drive
    transfer = wall.spin_transfer_velocity(current_density)
    return (
        Row(
            name="push on a wall at rest",
            value=wall.drive_field(current_density, field),
            unit="T",
            formula="B_z + (pi/2) B_SH cos phi + Q beta u/(gamma Delta)",
        ),
        Row(
            name="depinning field",
            value=wall.depinning_field(gate),
            unit="T",
            formula="dK/(2 Ms) of the gate's edge + pi V/(2 Ms S p) of the notches, derived here",
        ),
        Row(
            name="depinning current density",
            value=wall.depinning_current(gate),
            unit="A/m2",
            formula="push on a wall at rest = depinning field",
        ),
        Row(
            name="velocity",
            value=motion.velocity,
            unit="m/s",
            formula="(q, phi) equations without pinning, mean over a turn",
        ),
        Row(name="velocity by spin transfer alone", value=transfer, unit="m/s", formula="beta u/alpha"),
        Row(
            name="velocity by spin-orbit torque alone, largest",
            value=wall.sot_velocity(current_density),
            unit="m/s",
            formula="v_D/sqrt(1 + (J_D/J)^2), v_D = pi gamma D/(2 Ms), for B_K = 0",
        ),
    )


def _retention(wall: DomainWall, hold: Hold, gate: float) -> tuple[Row, ...]:
    heat = BOLTZMANN * wall.temperature
    in_heat = (lambda energy: energy / heat) if heat else (lambda energy: np.inf if energy else 0.0)
    return (
        Row(
            name="diffusion", value=wall.diffusion, unit="m2/s", formula="kB T gamma Delta/(2 alpha Ms S), derived here"
        ),
        Row(
            name="barrier of the gate over kB T",
            value=in_heat(wall.barrier(gate)),
            formula="2 |dK| Delta S tanh((x1 - x0)/(2 Delta))",
        ),
        Row(name="barrier of the level over kB T", value=in_heat(hold.barrier), formula="E(q) without current"),
        Row(
            name="attempt rate",
            value=hold.attempt_rate,
            unit="1/s",
            formula="Kramers (1940), Langer (1969), Mel'nikov and Meshkov (1986), put together in wall_retention",
        ),
        Row(name="escape time", value=hold.escape_time, unit="s", formula="exp(barrier/kB T)/attempt rate"),
        Row(name="conductance, parallel", value=wall.conductance_parallel, unit="S", formula="G_P = width length/RA"),
        Row(name="conductance, antiparallel", value=wall.conductance_antiparallel, unit="S", formula="G_P/(1 + TMR)"),
    )
