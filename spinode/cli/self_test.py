"""Problems with known answers that ``spinode doctor`` solves: a simulation, a fit, torch, and a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from spinode.cli.installation import FAILS, OK, Finding

if TYPE_CHECKING:
    from spinode.traces import Trace

GROUP = "self test"
ADVICE = "install spinode again in a fresh environment; SPINODE_TRACEBACK=1 shows where it fails"
SIMULATED = 1e-6
"""Largest error of the voltage over its largest value; 4e-9 was measured."""
FITTED = 1e-5
"""Largest NRMSE of the free run of a device that the fitted form contains; 1e-8 was measured."""
STEPPED = 1e-12
"""Largest difference of two ways to the same sums, over their size; 1e-15 was measured."""


def self_test(name: str) -> Finding:
    """One problem of ``TESTS``; the first run on a machine also compiles for it."""
    test, most = TESTS[name]
    begun = perf_counter()
    try:
        error = test()
    except Exception as failure:  # whatever it is, it is what the user wants to see beside the other findings
        value = f"{type(failure).__name__}: {' '.join(str(failure).split())}"
        return Finding(group=GROUP, name=name, value=value, status=FAILS, advice=ADVICE)
    seconds = perf_counter() - begun
    held = error <= most  # False for a NaN
    value = f"error {error:.1g}, at most {most:.1g} allowed, {seconds:.1f} s"
    return Finding(group=GROUP, name=name, value=value, status=OK if held else FAILS, advice="" if held else ADVICE)


def simulation_error() -> float:
    """An auto-oscillator that grows above its threshold, against Bernoulli's solution of its power.

    ds/dt = a s - b s^3 with a = sigma I - Gamma_G and b = Gamma_G Q has p = s^2 = P/(1 + C e^(-2 a t)), P = a/b,
    C = P/p(0) - 1; the phase is w t + N (P/2a) ln((e^(2 a t) + C)/(1 + C)).
    """
    import numpy as np

    from spinode.devices.auto_oscillator import AutoOscillator
    from spinode.drives import Sampling, constant, join
    from spinode.simulate import simulate

    device = AutoOscillator(temperature=0.0)
    current = 1.5 * device.threshold_current
    sampling = Sampling(duration=200e-9, dt=0.1e-9)
    drive = join(*(constant(one, sampling, level) for one, level in zip(device.inputs, (current, 0.0), strict=True)))
    found = simulate(device, drive)
    growth = device.torque_rate * current - device.damping_rate
    power = growth / (device.damping_rate * device.damping_growth)
    start = float(np.sum(device.initial() ** 2))
    lag, time = power / start - 1, found.output.time
    grown = np.exp(2 * growth * time)
    turning = 2 * np.pi * (device.frequency + device.current_shift * current)
    shift = 2 * np.pi * device.frequency_shift * power / (2 * growth) * np.log((grown + lag) / (1 + lag))
    amplitude = np.sqrt(power / (1 + lag / grown))
    exact = device.resistance_swing / 2 * current * amplitude * np.cos(turning * time + shift)
    return float(np.abs(found.output.values[:, 0] - exact).max() / np.abs(exact).max())


def linear_trace(count: int, seed: int) -> Trace:
    """x'' = -x - 0.2 x' + f under random levels f, sampled exactly: the step of a linear device is a matrix."""
    import numpy as np
    from scipy.linalg import expm

    from spinode.signals import Channel, signal_of
    from spinode.traces import Trace

    interval, hold = 0.4, 10
    step = expm(interval * np.array([[0.0, 1.0, 0.0], [-1.0, -0.2, 1.0], [0.0, 0.0, 0.0]]))
    levels = np.repeat(np.random.default_rng(seed).uniform(-1, 1, count // hold), hold)
    state = np.zeros((count, 2))
    for sample in range(count - 1):
        state[sample + 1] = step[:2, :2] @ state[sample] + step[:2, 2] * levels[sample]
    dt = interval * 1e-9
    return Trace(
        drive=signal_of(levels, dt, Channel(name="force", hold=True)),
        output=signal_of(state[:, 0], dt, Channel(name="position", unit="m")),
    )


def fit_error() -> float:
    """NRMSE of the free run of a surrogate with linear terms alone, on another drive than it learned from."""
    import numpy as np

    from spinode.surrogate import FitSettings, fit
    from spinode.traces import TraceSet

    settings = FitSettings(degrees=(1,), hidden=(), minutes=5.0)
    surrogate = fit(TraceSet((linear_trace(600, 1),)), settings)
    other = linear_trace(600, 2)
    kept = slice(surrogate.warm_up, None)
    truth = other.output.values[kept]
    error = surrogate.free_run(other)[kept] - truth
    return float(np.sqrt(np.mean(error**2) / np.var(truth)))


def torch_error() -> float:
    """Rate of a cubic field in torch and from the compiled monomials: largest difference over the largest rate."""
    import numpy as np

    from spinode.surrogate.field import FieldShape, monomials
    from spinode.surrogate.reference import TorchField

    shape, rng = FieldShape(states=2, inputs=1, degree=3), np.random.default_rng(0)
    theta, states, drives = rng.standard_normal(shape.size), rng.standard_normal((7, 2)), rng.standard_normal((7, 1))
    compiled = monomials(shape, np.hstack([states, drives])) @ theta.reshape(shape.states, -1).T
    return float(np.abs(TorchField(shape, theta).rates(states, drives) - compiled).max() / np.abs(compiled).max())


def file_error() -> float:
    """Largest difference of a trace that was written to the disk for temporary files and read again."""
    import numpy as np

    from spinode.storage import read_traces, write_traces
    from spinode.traces import TraceSet

    trace = linear_trace(100, 3)
    with tempfile.TemporaryDirectory(prefix="spinode-") as folder:
        path = Path(folder) / "trace.h5"
        write_traces(path, TraceSet((trace,)))
        found = next(iter(read_traces(path)))
    return float(np.abs(found.output.values - trace.output.values).max())


TESTS: dict[str, tuple[Callable[[], float], float]] = {
    "oscillator against its exact solution": (simulation_error, SIMULATED),
    "fit of a linear device": (fit_error, FITTED),
    "torch against the compiled field": (torch_error, STEPPED),
    "file written and read again": (file_error, 0.0),
}
"""What is computed and its largest error, by name."""
