"""Does a surrogate know devices whose static parameters it has never seen, inside and just outside its training?

    python benchmarks/static_parameters.py            all rows; minutes on one thread
    python benchmarks/static_parameters.py --only thickness

Each row is a device whose parameter differs from trace to trace: radius and thickness of a vortex oscillator,
anisotropy and interface DMI of a domain wall in a well, temperature of a noisy envelope oscillator. One surrogate
learns traces of a few values, with the defaults but for the degree, and runs freely on values between and beyond them.
Beside it stands the same fit without the parameter, which has to take the mean device for all of them. Of the
temperature, which acts on the noise alone, the stationary deviation of free runs is compared.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

import numpy as np

from spinode import Parameter, Trace, TraceSet
from spinode.devices import DomainWall, VortexOscillator
from spinode.devices.envelope import EnvelopeOscillator
from spinode.drives import Sampling, constant, join, random_holds
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit

DRIVES = 4
"""Traces of each unseen value, each under another drive."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One static parameter: values [SI] that are trained, unseen between them, and unseen beyond them."""

    name: str
    unit: str
    trained: tuple[float, ...]
    inside: tuple[float, ...]
    outside: tuple[float, ...]
    record: Callable[[float, int], Trace]


def vortex(name: str) -> Callable[[float, int], Trace]:
    """A disk below its threshold, pushed by a field that takes a new value every 1.6 ns."""

    def record(value: float, seed: int) -> Trace:
        device = VortexOscillator(temperature=0.0, **{name: value})
        current, field = device.inputs
        sampling = Sampling(duration=120e-9, dt=0.2e-9)
        push = random_holds(field, sampling, -6e-3, 6e-3, 1.6e-9, np.random.default_rng(seed))
        return simulate(device, join(constant(current, sampling, 1e-3), push))

    return record


def wall(name: str) -> Callable[[float, int], Trace]:
    """A wall in a harmonic well, pushed by a field that takes a new value every 0.6 ns."""

    def record(value: float, seed: int) -> Trace:
        well = {"pinning_stiffness": 1e-4, "pinning_position": 300e-9, "temperature": 0.0}
        device = DomainWall(**well, **{name: value})
        current, field, gate = device.inputs
        sampling = Sampling(duration=60e-9, dt=0.05e-9)
        push = random_holds(field, sampling, -4e-3, 4e-3, 0.6e-9, np.random.default_rng(seed))
        trace = simulate(device, join(constant(current, sampling, 0.0), push, constant(gate, sampling, 0.0)))
        return replace(trace, output=trace.output.select(["mz"]))

    return record


def envelope(value: float, seed: int) -> Trace:
    """A noisy envelope at this temperature under random currents, 2 ms at 100 ns."""
    device = EnvelopeOscillator(noise=1e-3, temperature=value)
    rng = np.random.default_rng(seed)
    drive = random_holds(device.inputs[0], Sampling(duration=2e-3, dt=100e-9), 4.5e-3, 7e-3, 1e-6, rng)
    return simulate(device, drive, rng=rng)


CASES = (
    Case(
        name="radius", unit="m", record=vortex("radius"),
        trained=(90e-9, 95e-9, 100e-9, 105e-9, 110e-9), inside=(92.5e-9, 101e-9, 107e-9), outside=(88e-9, 112e-9),
    ),
    Case(
        name="thickness", unit="m", record=vortex("thickness"),
        trained=(8e-9, 9e-9, 10e-9, 11e-9, 12e-9), inside=(8.5e-9, 10.3e-9, 11.6e-9), outside=(7.7e-9, 12.3e-9),
    ),
    Case(
        name="anisotropy", unit="J/m3", record=wall("anisotropy"),
        trained=(7.1e5, 7.3e5, 7.5e5, 7.7e5, 7.9e5), inside=(7.2e5, 7.45e5, 7.8e5), outside=(7.05e5, 7.95e5),
    ),
    Case(
        name="dmi", unit="J/m2", record=wall("dmi"),
        trained=(0.5e-3, 0.55e-3, 0.6e-3, 0.65e-3, 0.7e-3), inside=(0.53e-3, 0.61e-3, 0.68e-3),
        outside=(0.48e-3, 0.72e-3),
    ),
)  # fmt: skip
TEMPERATURE = Case(
    name="temperature", unit="K", record=envelope,
    trained=(150.0, 200.0, 250.0, 300.0, 350.0), inside=(175.0, 230.0, 320.0), outside=(130.0, 370.0),
)  # fmt: skip


def labelled(case: Case, value: float, seed: int) -> Trace:
    trace = case.record(value, seed)
    parameters = {case.name: Parameter(value=value, unit=case.unit)}
    return replace(trace, parameters=parameters, name=f"{case.name} {value:g}, {seed}")


def without(trace: Trace) -> Trace:
    return replace(trace, parameters={})


def error(twin: Surrogate, trace: Trace) -> float:
    """NRMSE of a free run over the whole trace, infinite where it diverged."""
    with warnings.catch_warnings(action="ignore"), np.errstate(over="ignore", invalid="ignore"):  # outside, as asked
        run, truth = twin.free_run(trace)[twin.warm_up :, 0], trace.output.values[twin.warm_up :, 0]
        found = float(np.sqrt(np.mean((run - truth) ** 2) / truth.var()))
    return found if np.isfinite(found) else np.inf


def judge(case: Case) -> None:
    traces = [labelled(case, value, seed) for seed, value in enumerate(case.trained)]
    settings = FitSettings(degrees=(3,), hidden=(), minutes=3.0)
    knowing = fit(TraceSet(tuple(traces)), settings, name=case.name)
    blind = fit(TraceSet(tuple(map(without, traces))), settings, name="blind")
    for where, values in (("inside", case.inside), ("just outside", case.outside)):
        for number, value in enumerate(values):
            unseen = [labelled(case, value, 50 + DRIVES * number + drive) for drive in range(DRIVES)]
            ours = [error(knowing, trace) for trace in unseen]
            other = float(np.median([error(blind, without(trace)) for trace in unseen]))
            errors = f"{np.median(ours):9.5f} {max(ours):9.5f} {other:12.5f}"
            print(f"{case.name:12} {where:13} {value:10.4g} {case.unit:5} {errors}", flush=True)


def deviation(trace: Trace) -> float:
    """Stationary deviation of the output at a constant current."""
    return float(trace.output.values[200:].std())


def judge_temperature() -> None:
    case = TEMPERATURE
    traces = TraceSet(tuple(labelled(case, value, seed) for seed, value in enumerate(case.trained)))
    twin = fit(traces, FitSettings(degrees=(2,), noise="learn"), name="temperature")
    steady = constant(EnvelopeOscillator().inputs[0], Sampling(duration=5e-3, dt=100e-9), 6e-3)
    for where, values in (("inside", case.inside), ("just outside", case.outside)):
        for number, value in enumerate(values):
            known = replace(twin, parameters={"temperature": Parameter(value=value, unit="K")})
            device = EnvelopeOscillator(noise=1e-3, temperature=value)
            theirs = deviation(simulate(device, steady, rng=np.random.default_rng(50 + number)))
            ours = deviation(simulate(known, steady, rng=np.random.default_rng(70 + number)))
            print(f"temperature  {where:13} {value:10.4g} K     deviation {ours / theirs - 1:+.3f} of the device's")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=[case.name for case in (*CASES, TEMPERATURE)])
    only = parser.parse_args().only
    print(f"{'NRMSE of':12} {'':13} {'value':>16} {'median':>9} {'worst':>9} {'without it':>12}")
    for case in CASES:
        if only in (None, case.name):
            judge(case)
    if only in (None, TEMPERATURE.name):
        judge_temperature()


if __name__ == "__main__":
    main()
