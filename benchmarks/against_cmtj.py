"""Do our wall and that of cmtj move alike under field and current, and what does a step cost in each?

    python -m venv /tmp/cmtj && /tmp/cmtj/bin/pip install cmtj==1.15.0
    python benchmarks/against_cmtj.py --cmtj-python /tmp/cmtj/bin/python

cmtj (GPL-2.0-only) runs as a program of its own in its own environment. The wall has a constant width in both; cmtj
gets our width, and our shape anisotropy constant mu0 Ms H_K/2 in place of the anisotropy from which it would take H_K.
Were the slopes divided by 1 + alpha^2 twice, as was said of an older version, it would show, and be undone before the
comparison. cmtj has no fixed step for the wall: scipy's RK45 takes steps with a Python function, at most ``--max-step``
long. Exit status 1 says that a velocity is more than 1 % away.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from scipy.integrate import solve_ivp

from spinode.devices import DomainWall, Observed
from spinode.devices.constants import GAMMA, MU0
from spinode.signals import Signal, signal_of
from spinode.simulate import Execution, simulate, simulate_ensemble

SAMPLE = 10e-12
"""Sample interval of our drive [s]."""
RUNS = 15
WALLS = 100
CLOSE = 0.01
"""Velocities that are the same, as a part."""
PERIOD = np.pi
"""The angle after which a turning wall does the same again (without DMI) [rad]."""


@dataclass(frozen=True)
class Case:
    """A wall under a field [T] and a current density [A/m2] with a frequency [Hz] for a time [s]."""

    title: str
    wall: DomainWall
    field: float = 0.0
    density: float = 0.0
    duration: float = 20e-9
    frequency: float = 0.0

    @property
    def drive(self) -> Signal:
        time = SAMPLE * np.arange(round(self.duration / SAMPLE) + 1)
        values = {"field": np.full_like(time, self.field), "current_density": self.current(time)}
        channels = tuple(replace(channel, hold=self.frequency == 0) for channel in self.wall.inputs)
        columns = [values.get(channel.name, np.zeros_like(time)) for channel in channels]
        return signal_of(np.column_stack(columns), SAMPLE, *channels)

    def current(self, time: np.ndarray) -> np.ndarray:
        """Current density [A/m2]."""
        return self.density * np.cos(2 * np.pi * self.frequency * time)

    def for_cmtj(self, max_step: float) -> dict[str, float]:
        """The same in the terms of cmtj: SI, fields in A/m."""
        wall = self.wall
        same = ("damping", "saturation_magnetization", "thickness", "width", "spin_hall_angle", "dmi", "anisotropy")
        same += ("exchange_stiffness", "nonadiabaticity", "polarization", "wall_width")
        shape = wall.saturation_magnetization * wall.shape_field / 2
        start, angle = wall.initial()
        given = {"field": self.field / MU0, "current_density": self.density, "duration": self.duration}
        given |= {"frequency": self.frequency}
        given |= {"shape_constant": shape, "start": start, "angle": angle, "max_step": max_step}
        return given | {name: float(getattr(wall, name)) for name in same}


def cases() -> list[Case]:
    """Field, spin-orbit torque, both, spin transfer, strong damping, and a field above the Walker field."""
    wall = DomainWall(temperature=0.0)
    strong, achiral = replace(wall, damping=0.3), replace(wall, dmi=0.0, damping=0.1)
    transfer = replace(wall, spin_hall_angle=0.0, dmi=0.0, nonadiabaticity=0.06)
    return [
        Case("field 2 mT", wall, field=2e-3),
        Case("current 5e10 A/m2, spin-orbit torque", replace(wall, polarization=0.0), density=5e10),
        Case("field 1 mT and current 5e10 A/m2", wall, field=1e-3, density=5e10),
        Case("the same, damping 0.3", strong, field=1e-3, density=5e10),
        Case("current 1e12 A/m2, spin transfer", transfer, density=1e12),
        Case("field 10 mT, turning wall", achiral, field=10e-3, duration=60e-9),
        Case("1 mT, 5e10 A/m2 at 2 GHz", wall, field=1e-3, density=5e10, frequency=2e9),
    ]


def mean_velocity(time: np.ndarray, q: np.ndarray, phi: np.ndarray) -> float:
    """Mean velocity [m/s] over the second half, or over whole turns in it where the wall turns."""
    middle = 0.5 * (time[0] + time[-1])
    first, last = middle, time[-1]
    turned = abs(np.interp(last, time, phi) - np.interp(first, time, phi))
    if turned > 2 * PERIOD:
        later = time >= middle
        angle = np.abs(phi - np.interp(middle, time, phi))
        last = float(np.interp(np.floor(turned / PERIOD) * PERIOD, angle[later], time[later]))
    return float((np.interp(last, time, q) - np.interp(first, time, q)) / (last - first))


def ours(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Time, q, phi of our run, and the processor seconds of ``simulate``, median of some runs."""
    device, seconds = Observed(device=case.wall), []
    drive = case.drive
    for _ in range(RUNS + 1):
        begin = time.process_time()
        trace = simulate(device, drive)
        seconds.append(time.process_time() - begin)
    q, phi = trace.output.values.T
    return SAMPLE * np.arange(len(q)), q, phi, float(np.median(seconds[1:]))


def side_by_side(case: Case) -> float:
    """Processor nanoseconds of a wall and step, 100 walls with different damping through ``simulate_ensemble``."""
    walls = [replace(case.wall, damping=damping) for damping in np.linspace(0.02, 0.04, WALLS)]
    devices, drive, seconds = [Observed(device=wall) for wall in walls], case.drive, []
    for _ in range(RUNS):
        begin = time.process_time()
        simulate_ensemble(devices, drive, execution=Execution(workers=1))
        seconds.append(time.process_time() - begin)
    return float(np.median(seconds)) / (WALLS * steps_of(case)) * 1e9


def steps_of(case: Case) -> int:
    """Our solver steps."""
    return round(case.duration / SAMPLE) * int(np.ceil(SAMPLE / case.wall.step * (1 - 1e-9)))


def tight(case: Case) -> float:
    """q at the end, from an adaptive method of eighth order on the equations written out once more."""
    wall = case.wall
    width, damping = wall.wall_width, wall.damping

    def slopes(now: float, state: np.ndarray) -> list[float]:
        sine, cosine, density = np.sin(state[1]), np.cos(state[1]), case.current(now)
        drift = wall.spin_velocity(density) / width
        a = GAMMA * (np.pi / 2 * wall.dmi_field - wall.shape_field * cosine) * sine + drift
        b = GAMMA * (case.field + np.pi / 2 * wall.spin_hall_field(density) * cosine) + wall.nonadiabaticity * drift
        return [width * (a + damping * b) / (1 + damping**2), (b - damping * a) / (1 + damping**2)]

    times = (0.0, case.duration)
    return float(solve_ivp(slopes, times, wall.initial(), "DOP853", rtol=1e-12, atol=[1e-19, 1e-12]).y[0, -1])


def report(case: Case, found: dict[str, object]) -> bool:
    """Two lines a case; whether the velocities agree."""
    when, q, phi, seconds = ours(case)
    steps = steps_of(case)
    error = abs(q[-1] - tight(case)) / abs(q[-1] - q[0])
    their_time, their_q, their_phi = (np.array(found[name]) for name in ("time", "q", "phi"))
    their_seconds = float(np.median(np.array(found["seconds"])))
    extra = (1 + case.wall.damping**2) ** (float(str(found["divisions"])) - 1)
    velocity, theirs = mean_velocity(when, q, phi), mean_velocity(their_time, their_q, their_phi)
    ratio = theirs * extra / velocity
    print(
        f"{case.title:38s} {velocity:9.3f} {theirs:9.3f} {extra:9.4f} {ratio:9.5f}"
        f" {seconds / steps * 1e9:8.0f} {their_seconds / (len(their_time)) * 1e9:9.0f} {steps:6d} {len(their_time):6d}"
        f" {error:8.1e} {float(str(found['error'])):8.1e} {their_seconds / seconds:7.0f}"
    )
    return abs(ratio - 1) <= CLOSE


def main() -> int:
    """Run all cases in both programs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cmtj-python", required=True, help="a Python that has cmtj")
    parser.add_argument("--max-step", type=float, default=1e-10, help="longest step of cmtj [s]; its own default")
    options = parser.parse_args()
    chosen = cases()
    text = json.dumps([case.for_cmtj(options.max_step) for case in chosen])
    command = [options.cmtj_python, str(Path(__file__).with_name("cmtj_wall.py"))]
    answer = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(answer.stdout)
    divisions = ", ".join(f"{one['divisions']:.3f}" for one in found["answers"])
    print(f"cmtj {found['cmtj']}, its constants {found['constants']}; load {os.getloadavg()[0]:.1f}")
    print(f"it divides by 1 + alpha^2 this often (once is right): {divisions}")
    heads = (f"{'v, m/s':>9s} {'cmtj':>9s} {'x':>9s} {'ratio':>9s} {'ns/step':>8s} {'cmtj':>9s} {'steps':>6s}", "")
    print(f"{'':38s} {heads[0]} {'cmtj':>6s} {'error':>8s} {'cmtj':>8s} {'times':>7s}")
    same = [report(case, one) for case, one in zip(chosen, found["answers"], strict=True)]
    print(f"{WALLS} walls side by side: {side_by_side(chosen[-1]):.0f} ns a wall and step of ours")
    print("x: what undoes the extra divisions; ratio: cmtj's velocity times x over ours; error: of the path's length;")
    print("times: processor time of the whole run in cmtj over ours, each with its own steps")
    print(f"velocities within {CLOSE:.0%}: {sum(same)} of {len(same)}: {'met' if all(same) else 'MISSED'}")
    return 0 if all(same) else 1


if __name__ == "__main__":
    raise SystemExit(main())
