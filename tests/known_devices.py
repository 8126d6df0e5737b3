"""Devices whose equations are known, for tests of what is learned: traces of them, and a surrogate of each kind."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from spinode.signals import Channel, FloatArray, Signal, signal_of
from spinode.surrogate import FitSettings, Surrogate
from spinode.surrogate.dataset import Scaling
from spinode.surrogate.embedding import Embedding, Encoder
from spinode.surrogate.field import FieldShape
from spinode.surrogate.model import Range
from spinode.traces import Parameter, Trace

DT = 4e-11
"""Sample interval [s]; the oscillators below turn about once in sixteen samples."""
SUBSTEPS = 6
FAST = FitSettings(degrees=(3,), hidden=(), minutes=30.0)
"""One degree, no network, and a budget that is never reached: what comes out depends on the data alone."""
FORCE, STIFFENING, POSITION = "force", "stiffening", "position"


def random_levels(count: int, seed: int, hold: int = 10, most: float = 1.0) -> FloatArray:
    """A new random level in [-most, most] every ``hold`` samples."""
    levels = np.random.default_rng(seed).uniform(-most, most, count // hold + 1)
    return np.repeat(levels, hold)[:count]


def duffing(
    force: FloatArray, *, stiffness: float = 1.0, stiffening: FloatArray | None = None, name: str = "duffing"
) -> Trace:
    """x'' = -(k + 0.3 s) x - x^3/2 - 0.1 x' + 0.6 f under held drives f and s; time counts in units of 0.1 ns."""
    extra = np.zeros_like(force) if stiffening is None else stiffening
    step = DT / 1e-10 / SUBSTEPS
    x, v = 0.1, 0.0
    record = np.empty(len(force))
    for sample, (push, change) in enumerate(zip(force.tolist(), extra.tolist(), strict=True)):
        record[sample] = x

        def pull(place: float, speed: float, push: float = push, change: float = change) -> float:
            return -(stiffness + 0.3 * change) * place - 0.5 * place**3 - 0.1 * speed + 0.6 * push

        for _ in range(SUBSTEPS):
            a1, v2 = pull(x, v), v + step / 2 * pull(x, v)
            a2 = pull(x + step / 2 * v, v2)
            v3 = v + step / 2 * a2
            a3 = pull(x + step / 2 * v2, v3)
            v4 = v + step * a3
            a4 = pull(x + step * v3, v4)
            x += step / 6 * (v + 2 * v2 + 2 * v3 + v4)
            v += step / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
    drives = force[:, None] if stiffening is None else np.column_stack([force, stiffening])
    channels = [Channel(name=FORCE, unit="A", hold=True), Channel(name=STIFFENING, unit="T", hold=True)]
    return Trace(
        drive=signal_of(drives, DT, *channels[: drives.shape[1]]),
        output=signal_of(1e-3 * record, DT, Channel(name=POSITION, unit="m")),
        name=name,
        source="simulated Duffing oscillator",
    )


def with_stiffness(force: FloatArray, stiffness: float, name: str) -> Trace:
    """A Duffing trace that carries its stiffness as a static parameter."""
    trace = duffing(force, stiffness=stiffness, name=name)
    return Trace(
        drive=trace.drive,
        output=trace.output,
        name=name,
        parameters={"stiffness": Parameter(value=stiffness, unit="N/m"), "mass": Parameter(value=2.0, unit="kg")},
    )


def limit_cycle(count: int, radius: float, name: str = "free", both: bool = False) -> Trace:
    """Stuart-Landau z' = (g + i w) z - g (1 + i n) |z|^2 z from z = radius, exactly; it settles on |z| = 1.

    With g = 0.25, w = 1, n = 0.5 (per 0.1 ns): |z|^2 = 1/(1 + (1/r^2 - 1) e^-2gt), arg z = w t - n (g t - ln(|z|/r)).
    """
    time = 0.4 * np.arange(count)
    growth, turning, shear = 0.25, 1.0, 0.5
    size = 1.0 / np.sqrt(1.0 + (1.0 / radius**2 - 1.0) * np.exp(-2.0 * growth * time))
    angle = turning * time - shear * (growth * time - np.log(size / radius))
    columns = np.column_stack([size * np.cos(angle), size * np.sin(angle)])[:, : 2 if both else 1]
    channels = [Channel(name="x"), Channel(name="y")][: columns.shape[1]]
    return Trace(
        drive=Signal(values=np.empty((count, 0)), dt=DT, channels=()),
        output=signal_of(columns, DT, *channels),
        name=name,
    )


LIMIT_CYCLE_FREQUENCY = (1.0 - 0.5 * 0.25) / (2.0 * np.pi) / 1e-10
"""Frequency [Hz] on the limit cycle, (w - n g)/2 pi."""


def two_modes(force: FloatArray, name: str = "two modes") -> Trace:
    """y'' = -y - 0.05 y' + 0.5 w + f with a hidden w'' = -6 w - 0.2 w' + 2 f, exactly for held f; only y is seen."""
    rates = np.zeros((5, 5))
    rates[0, 1] = rates[2, 3] = 1.0
    rates[1] = -1.0, -0.05, 0.5, 0.0, 1.0
    rates[3] = 0.0, 0.0, -6.0, -0.2, 2.0
    step = expm(DT / 1e-10 * rates)
    state, record = np.zeros(5), np.empty(len(force))
    for sample, push in enumerate(force):
        record[sample], state[4] = state[0], push
        state = step @ state
    drive = signal_of(force, DT, Channel(name=FORCE, unit="A", hold=True))
    return Trace(drive=drive, output=signal_of(record, DT, Channel(name="y")), name=name)


def made(inputs: int = 2, parameters: int = 1, hidden: tuple[int, ...] = (3, 3), seed: int = 5) -> Surrogate:
    """A stable surrogate of one output with the given numbers of inputs; made, not learned."""
    rng = np.random.default_rng(seed)
    count = inputs + parameters
    shape = FieldShape(states=2, inputs=count, degree=2, hidden=hidden)
    theta = 0.05 * rng.standard_normal(shape.size)
    for state in (0, 1):
        theta[state * shape.monomials + shape.exponents.index((state,))] -= 0.5
    embedding = Embedding(order=2, delay=3)
    width = len(embedding.output_lags) + count * len(embedding.input_lags)
    names = [f"constant{n}" for n in range(parameters)]
    channels = tuple(Channel(name=f"u{n}", unit="A", hold=n == 0) for n in range(inputs))
    return Surrogate(
        name="made by a test",
        inputs=channels,
        outputs=(Channel(name="mz", unit="V"),),
        parameters={name: Parameter(value=0.5, unit="m") for name in names},
        dt=5e-12,
        shape=shape,
        theta=theta,
        scaling=Scaling(
            output_mean=np.array([0.3]),
            output_scale=np.array([1e-3]),
            input_centre=rng.standard_normal(count),
            input_scale=0.5 + rng.random(count),
        ),
        encoder=Encoder(
            embedding=embedding,
            degree=1,
            weights=0.1 * rng.standard_normal((1 + width, 2)),
            spread=np.array([0.01, 0.1]),
        ),
        fitted_error=0.02,
        ranges={name: Range(low=-2.0, high=2.0) for name in (*(c.name for c in channels), *names)},
        conditions={"mass": Parameter(value=2.0, unit="kg")},
        record={"seed": 3, "samples": 400, "held_out_nrmse": 0.01, "data": "nowhere"},
        history=np.array([[1.0, 0.5], [2.5, 0.01]]),
    )


def trace_for(twin: Surrogate, count: int = 80, seed: int = 1, start: float = 0.0) -> Trace:
    rng = np.random.default_rng(seed)
    drive = rng.uniform(-1, 1, (count, len(twin.inputs)))
    return Trace(
        drive=Signal(values=drive, dt=twin.dt, channels=twin.inputs, start=start),
        output=signal_of(0.3 + 1e-3 * rng.standard_normal(count), twin.dt, *twin.outputs, start=start),
        parameters=twin.parameters,
    )


def nrmse(twin: Surrogate, trace: Trace, output: int = 0) -> float:
    """Root mean square error of the free run over the deviation of the truth, after the warm-up; infinite or NaN
    after a divergence."""
    kept = slice(twin.warm_up, None)
    truth = trace.output.values[kept, output]
    error = twin.free_run(trace)[kept, output] - truth
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        return float(np.sqrt(np.mean(error**2) / np.var(truth)))
