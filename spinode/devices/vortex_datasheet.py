"""The datasheet of a vortex oscillator at a constant current: numbers with their formulas, and one sentence."""

from __future__ import annotations

import math

from spinode.devices.constants import BOLTZMANN
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.units import format_quantity

SLOW = 1e-6
"""Relaxation time [s] above which the verdict says that the orbit takes long: a usual record is shorter."""
COLD = 0.1
"""Low-temperature linewidth over 2 Gamma_p up to which the line is a Lorentzian within 1 %."""

WEAK = 0.1
"""Locking half-width over 2 Gamma_p/(2 pi) up to which an edge is within some percent of the first-order form."""


def vortex_datasheet(orbit: VortexOrbit, field: float) -> Datasheet:
    """Datasheet at the orbit's current, with the locking range to a microwave field of amplitude ``field`` [T]."""
    rows = _limits(orbit)
    if orbit.exists:
        rows += _motion(orbit) + (_signal(orbit, field) if orbit.radius > 0 else _rest(orbit))
    return Datasheet(rows=rows, verdict=_verdict(orbit))


def _limits(orbit: VortexOrbit) -> tuple[Row, ...]:
    device = orbit.device
    law = "Ith = d0 w0/(chi/I - d0 w_Oe/I), d0 w0 = chi of Guslienko et al., Nanoscale Res. Lett. 9, 386 (2014)"
    edge = "the disk's edge" if device.largest_radius == 1 else "the critical velocity"
    return (
        Row(name="threshold current", value=device.threshold_current, unit="A", formula=law),
        Row(name="threshold current density", value=device.threshold_density, unit="A/m2", formula="Ith/(pi R^2)"),
        Row(name="supercriticality", value=orbit.current / device.threshold_current, formula="I/Ith"),
        Row(name="largest current", value=device.largest_current, unit="A", formula=f"d w = chi at {edge}"),
        Row(
            name="gyrotropic frequency",
            value=device.frequency,
            unit="Hz",
            formula="kappa/(2 pi G), small orbit without current; two-vortex ansatz, finite L/R",
        ),
    )


def _motion(orbit: VortexOrbit) -> tuple[Row, ...]:
    tau = "of s^2: 1/(2 Gamma_p)" if orbit.radius > 0 else "of s^2: 1/(2 (d0 w - chi))"
    rows: tuple[Row, ...] = (
        Row(name="frequency", value=orbit.frequency, unit="Hz", formula="w/(2 pi), w = w0 (1 + N s^2) + Oersted"),
        Row(name="relaxation time", value=orbit.relaxation_time, unit="s", formula=tau),
        Row(name="linewidth", value=orbit.linewidth, unit="Hz", formula=_line(orbit)),
    )
    moved = orbit.displacement
    if moved > 0:
        rows += (Row(name="displacement", value=moved, formula="centre of the orbit over R: steady force/(kappa R)"),)
    return rows


def _line(orbit: VortexOrbit) -> str:
    if orbit.radius == 0:
        return "(d0 w - chi)/pi: the line of the thermal motion"
    low, rate = 2 * math.pi * orbit.oscillation.lorentzian_linewidth, 2 * orbit.power_rate
    law = "(Gamma+/2 pi) (kB T/E) (1 + nu^2), Slavin and Tiberkevich 2009"
    if low < COLD * rate:
        return f"{law}; Lorentzian"
    cold = _text(orbit.oscillation.lorentzian_linewidth, "Hz")
    return f"of exp(-<dphi^2>/2); {law}, {cold}, does not hold: it is {low / rate:.2g} of 2 Gamma_p/(2 pi)"


def _rest(orbit: VortexOrbit) -> tuple[Row, ...]:
    moved = orbit.thermal_radius
    formula = "<s^2> = 2 d0 kB T/(G R^2 (d0 w - chi))"
    return (Row(name="thermal radius", value=moved * orbit.device.radius, unit="m", formula=formula),)


def _signal(orbit: VortexOrbit, field: float) -> tuple[Row, ...]:
    device = orbit.device
    heat = BOLTZMANN * device.temperature
    rows: tuple[Row, ...] = (
        Row(name="orbit radius", value=orbit.radius, formula="s: chi = d(s) w(s)"),
        Row(name="orbit radius in metres", value=orbit.radius * device.radius, unit="m", formula="s R"),
        Row(name="core speed", value=orbit.core_speed, unit="m/s", formula="s R w"),
        Row(
            name="critical velocity",
            value=device.critical_velocity,
            unit="m/s",
            formula="parameter; above it the core reverses",
        ),
        Row(name="nonlinearity parameter", value=orbit.nonlinearity, formula="nu = s^2 (dw/ds^2)/Gamma_p"),
        Row(name="nonlinear frequency shift", value=orbit.nonlinear_shift, unit="Hz", formula="per s^2"),
        Row(name="frequency slope", value=orbit.frequency_slope, unit="Hz/A", formula="df/dI along the orbits"),
        Row(name="energy over kB T", value=orbit.energy / heat if heat else math.inf, formula="G w R^2 s^2/(2 kB T)"),
        Row(name="voltage amplitude", value=orbit.voltage_amplitude, unit="V", formula="(dR/2) (2/3) s I"),
        Row(name="available power", value=orbit.available_power, unit="W", formula="V^2/(8 R), matched load"),
    )
    return (*rows, _locking(orbit, field)) if field else rows


def _locking(orbit: VortexOrbit, field: float) -> Row:
    half = orbit.locking_half_width(field)
    part = 2 * math.pi * half / (2 * orbit.power_rate)
    formula = "(gamma B/6)/(2 pi s) sqrt(1 + nu^2), Slavin and Tiberkevich 2009"
    if part > WEAK:
        formula += f"; for a weaker field only: it is {part:.2g} of 2 Gamma_p/(2 pi)"
    return Row(name="locking half-width", value=half, unit="Hz", formula=formula)


def _verdict(orbit: VortexOrbit) -> str:
    device, threshold = orbit.device, orbit.device.threshold_current
    if math.isinf(threshold):
        return "Does not oscillate at any current: the spin torque along the core does not outgrow the damping."
    if not orbit.confined:
        return "Does not oscillate: the Oersted field of this current leaves the core no restoring force."
    least = _text(abs(threshold), "A")
    if orbit.current == 0:
        return f"Does not oscillate: there is no current, and it takes {_text(threshold, 'A')}."
    if orbit.current * threshold < 0:
        return (
            f"Does not oscillate: a current of this sign damps a core of polarity {device.polarity:+g};"
            f" it takes {_text(threshold, 'A')}."
        )
    if orbit.growth_rate <= 0:
        part = orbit.current / threshold
        return f"Does not oscillate: the current is {part:.3g} of the threshold current of {least}."
    return _above(orbit) if orbit.exists else _lost(orbit)


def _lost(orbit: VortexOrbit) -> str:
    device = orbit.device
    most = _text(abs(device.largest_current), "A")
    if device.largest_radius == 1:
        return f"Does not keep its orbit: above {most} the core is expelled from the disk."
    speed = _text(device.critical_velocity, "m/s")
    return f"Does not keep its orbit: above {most} the core is faster than {speed} and reverses."


def _above(orbit: VortexOrbit) -> str:
    device = orbit.device
    most = _text(abs(device.largest_current), "A")
    size = _text(orbit.radius * device.radius, "m")
    end = "expelled" if device.largest_radius == 1 else "reversed by its speed"
    text = f"Oscillates at {_text(orbit.frequency, 'Hz')} on an orbit of {size}"
    if orbit.energy < 2 * BOLTZMANN * device.temperature:
        return f"{text}, which thermal motion hides: the energy of the orbit is below 2 kB T."
    if orbit.relaxation_time > SLOW:
        return f"{text}, so close to threshold that it takes {_text(orbit.relaxation_time, 's')} to settle."
    part = orbit.current / device.threshold_current
    return f"{text}, {part:.3g} times the threshold current; the core is {end} above {most}."


def _text(value: float, unit: str) -> str:
    return format_quantity(float(f"{value:.3g}"), unit)
