"""Where do the analytic vortex and wall agree with micromagnetics, and where do they not?

    python benchmarks/against_micromagnetics.py           tables and verdicts
    python benchmarks/against_micromagnetics.py --json    one JSON object
    python benchmarks/against_micromagnetics.py --plot docs/figures/against_micromagnetics.png

The data are the bundled traces of a solver (micromag_data/README.md). Two numbers of the vortex are calibrated, both on
the decay without current: its linear damping, as the core radius, and its damping growth. The wall has none: every
number is that of the micromagnetic strip. What the models are then asked for, they have not seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from micromagnetic_figure import draw
from micromagnetic_traces import Spiral, crossing, held_parts, spiral, velocity

from spinode.bundled import bundled_data
from spinode.devices import DomainWall, Observed, VortexOscillator
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.signals import signal_of
from spinode.simulate import simulate
from spinode.storage import read_traces
from spinode.traces import Trace, TraceSet

FREQUENCY, GROWTH, VELOCITY = 0.02, 0.10, 0.10
"""Required: largest relative errors of frequency, growth rate and wall velocity."""
SETTLING = 2e-9
"""Time [s] after the start of a trace before an orbit is measured: the spin waves of the start have gone."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One quantity, measured in a trace and predicted by the device; ``limit`` None: told, not asked."""

    trace: str
    quantity: str
    unit: str
    measured: float
    predicted: float
    limit: float | None = None
    calibrated: bool = False

    @property
    def error(self) -> float:
        """Relative error of the prediction."""
        return self.predicted / self.measured - 1 if self.measured else float("nan")

    @property
    def verdict(self) -> str:
        if self.calibrated:
            return "calibrated on this"
        if self.limit is None:
            return ""
        return "holds" if abs(self.error) <= self.limit else f"FAILS (at most {self.limit:.0%})"


def vortex_of(trace: Trace) -> VortexOscillator:
    """The device with the numbers of the trace, nothing calibrated."""
    names = ("radius", "thickness", "saturation_magnetization", "exchange_stiffness", "damping", "polarization")
    return VortexOscillator(**{name: trace.parameters[name].value for name in names})


def calibrated(device: VortexOscillator, trace: Trace) -> VortexOscillator:
    """d0 (as the core radius) and d1 such that the core without current decays as in the two halves of the trace."""
    middle = len(trace) // 2
    halves = [spiral(trace.samples(0, middle), SETTLING), spiral(trace.samples(middle, len(trace)), 0.0)]
    losses = [-seen.growth_rate / (2 * np.pi * seen.frequency) for seen in halves]
    growth = (losses[0] - losses[1]) / (halves[0].power - halves[1].power)
    linear = losses[0] - growth * halves[0].power
    ratio = np.exp(-2 * (linear / device.damping - 0.625)) * device.radius / device.core_radius
    return replace(device, damping_growth=growth / device.damping, core_ratio=device.core_ratio * float(ratio))


def predicted(device: VortexOscillator, seen: Spiral) -> tuple[float, float]:
    """Frequency [Hz] and growth rate [1/s] at the current and the mean power of a measured spiral."""
    orbit = VortexOrbit(device=device, current=seen.current)
    turning = orbit.turning(seen.power)
    return turning / (2 * np.pi), device.torque_rate * seen.current - orbit.loss(seen.power) * turning


def vortex_rows(traces: TraceSet) -> tuple[list[Comparison], VortexOscillator, VortexOscillator]:
    """Spirals and orbits, for the device as it comes and after its two numbers were calibrated."""
    spirals = [spiral(trace, SETTLING) for trace in traces if trace.name.startswith("growth")]
    rest = next(seen for seen in spirals if seen.current == 0)
    device = vortex_of(traces["growth_0mA"])
    tuned = calibrated(device, traces[rest.name])
    rows: list[Comparison] = []
    for seen in spirals:
        first = seen is rest
        for quantity, unit, limit, measured, value in zip(
            ("frequency", "growth rate"),
            ("Hz", "1/s"),
            (FREQUENCY, GROWTH),
            (seen.frequency, seen.growth_rate),
            predicted(tuned, seen),
            strict=True,
        ):
            rows.append(
                Comparison(
                    trace=seen.name, quantity=quantity, unit=unit, measured=measured, predicted=value, limit=limit,
                    calibrated=first and quantity == "growth rate",
                )
            )  # fmt: skip
    told = [*orbit_rows(traces, tuned), *step_rows(traces, tuned), *uncalibrated_rows(spirals, device)]
    return [*rows, *told], device, tuned


def step_rows(traces: TraceSet, device: VortexOscillator) -> list[Comparison]:
    """Growth and frequency at every step of the current, on orbits far larger than those of the calibration: told."""
    rows = []
    for trace in (traces["train"], traces["test"]):
        seen = [spiral(part, 0.0) for part in held_parts(trace, SETTLING)]
        model = np.array([predicted(device, each) for each in seen])
        measured = np.array([(each.frequency, each.growth_rate) for each in seen])
        widest = max(seen, key=lambda each: each.power).power ** 0.5
        for column, (quantity, unit) in enumerate((("frequency", "Hz"), ("growth rate", "1/s"))):
            worst = int(np.argmax(np.abs(model[:, column] - measured[:, column])))
            rows.append(
                Comparison(
                    trace=f"{trace.name}, s < {widest:.2f}",
                    quantity=f"{quantity}, worst",
                    unit=unit,
                    measured=float(measured[worst, column]),
                    predicted=float(model[worst, column]),
                )
            )
    return rows


def uncalibrated_rows(spirals: Sequence[Spiral], device: VortexOscillator) -> list[Comparison]:
    """The growth rates with the default d0 and d1: what a calibration is worth."""
    return [
        Comparison(
            trace=f"{seen.name}",
            quantity="growth, defaults",
            unit="1/s",
            measured=seen.growth_rate,
            predicted=predicted(device, seen)[1],
        )
        for seen in spirals
    ]


def orbit_rows(traces: TraceSet, device: VortexOscillator) -> list[Comparison]:
    """The orbits at the end of long runs near threshold: told, not asked, for a small difference decides them."""
    rows = []
    for trace in (trace for trace in traces if trace.name.startswith("orbit")):
        seen = spiral(trace, 0.8 * len(trace) * trace.dt)
        orbit = VortexOrbit(device=device, current=seen.current)
        radius = orbit.radius if orbit.exists else float("nan")
        measured = float(np.sqrt(seen.power))
        rows.append(Comparison(trace=seen.name, quantity="orbit radius", unit="", measured=measured, predicted=radius))
        turning = orbit.turning(seen.power) / (2 * np.pi)
        rows.append(
            Comparison(
                trace=seen.name, quantity="frequency on it", unit="Hz", measured=seen.frequency, predicted=turning
            )
        )
    return rows


def wall_of(trace: Trace) -> DomainWall:
    """The device with the numbers of the strip; the gate is its anisotropy step [J/m3] for q > step_position."""
    names = (
        *("width", "thickness", "length", "saturation_magnetization", "exchange_stiffness", "anisotropy", "dmi"),
        *("damping", "spin_hall_angle"),
    )
    numbers = {name: trace.parameters[name].value for name in names}
    start = trace.parameters["step_position"].value
    return DomainWall(**numbers, polarization=0.0, gate_efficiency=1.0, gate_start=start, gate_stop=start + 1e-3)


def followed(device: DomainWall, trace: Trace) -> Trace:
    """Position and angle of the device under the drive of a trace, from the trace's first position and angle."""
    values = np.column_stack([trace.drive.column("current_density"), trace.drive.column("gate")])
    field = np.zeros(len(trace))
    channels = [replace(channel, hold=True) for channel in device.inputs]
    drive = signal_of(np.column_stack([values[:, 0], field, values[:, 1]]), trace.dt, *channels)
    start = [trace.output.column(name)[0] for name in ("q", "phi")]
    return simulate(Observed(device=device), drive, initial=start, name=trace.name)


def wall_rows(traces: TraceSet) -> tuple[list[Comparison], DomainWall]:
    """Steady velocities, depinning from the anisotropy step, and the whole pulse trains."""
    device = wall_of(next(iter(traces)))
    rows = []
    for trace in (trace for trace in traces if trace.name.startswith("velocity")):
        density = float(trace.drive.column("current_density")[0])
        seen = velocity(trace)
        row = Comparison(
            trace=trace.name, quantity="velocity", unit="m/s", measured=seen,
            predicted=device.steady_motion(current_density=density).velocity, limit=VELOCITY,
        )  # fmt: skip
        rows.append(row)
    ramp = traces["depinning"]
    position = ramp.parameters["step_position"].value
    seen, model = crossing(ramp, position), crossing(followed(device, ramp), position)
    rows.append(
        Comparison(trace="depinning", quantity="depinning current", unit="A/m2", measured=seen, predicted=model)
    )
    return [*rows, *pulse_rows(traces, device)], device


def pulse_rows(traces: TraceSet, device: DomainWall) -> list[Comparison]:
    """How far each pulse train takes the wall: the largest error of its position over the range of the positions."""
    rows = []
    for name in ("train", "test"):
        seen, model = traces[name].output.column("q"), followed(device, traces[name]).output.column("q")
        worst = float(np.abs(model - seen).max())
        rows.append(
            Comparison(
                trace=name,
                quantity="range of q",
                unit="m",
                measured=float(np.ptp(seen)),
                predicted=float(np.ptp(model)),
            )
        )
        rows.append(
            Comparison(trace=name, quantity="largest error of q", unit="m", measured=float("nan"), predicted=worst)
        )
    return rows


def print_rows(title: str, rows: Sequence[Comparison]) -> None:
    print(f"\n{title}")
    print(f"{'trace':<18}{'quantity':<20}{'measured':>14}{'predicted':>14}  {'unit':<6}{'error':>9}  verdict")
    for row in rows:
        measured = "" if np.isnan(row.measured) else f"{row.measured:.5g}"
        error = "" if np.isnan(row.error) else f"{row.error:+.1%}"
        numbers = f"{measured:>14}{row.predicted:>14.5g}  {row.unit:<6}{error:>9}"
        print(f"{row.trace:<18}{row.quantity:<20}{numbers}  {row.verdict}")


def plot(path: Path, vortex: VortexOscillator, wall: DomainWall) -> None:
    disks, walls = read_traces(bundled_data("vortex_stno.h5")), read_traces(bundled_data("domain_wall.h5"))
    seen = [spiral(trace, SETTLING) for trace in disks if trace.name.startswith("growth")]
    seen += [spiral(part, 0.0) for part in held_parts(disks["train"], SETTLING)]
    draw(path, seen, vortex, walls, (wall, followed(wall, walls["test"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--plot", type=Path, help="draw the figure here")
    options = parser.parse_args()
    vortex, device, tuned = vortex_rows(read_traces(bundled_data("vortex_stno.h5")))
    wall, strip = wall_rows(read_traces(bundled_data("domain_wall.h5")))
    if options.plot:
        plot(options.plot, tuned, strip)
    missed = [row for row in (*vortex, *wall) if row.verdict.startswith("FAILS")]
    if options.json:
        rows = [{**asdict(row), "error": row.error, "verdict": row.verdict} for row in (*vortex, *wall)]
        print(json.dumps({"rows": rows, "missed": len(missed), "calibrated": asdict(tuned)}))
        return
    print(
        f"vortex, calibrated on its decay without current: core radius {device.core_radius * 1e9:.1f} ->"
        f" {tuned.core_radius * 1e9:.1f} nm (d0 = {tuned.linear_damping:.4f}), d1/alpha"
        f" {device.damping_growth:.2f} -> {tuned.damping_growth:.2f}"
    )
    print_rows("vortex against 4 nm cells", vortex)
    print_rows(f"wall against 3 nm cells, Delta = {strip.wall_width * 1e9:.1f} nm, nothing calibrated", wall)
    print(f"\n{len(missed)} of {sum(row.limit is not None and not row.calibrated for row in (*vortex, *wall))} missed")


if __name__ == "__main__":
    main()
