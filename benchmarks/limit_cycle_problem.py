"""A free-running vortex oscillator as a learning problem: the training trace, and what its surrogate must answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join, random_holds, sine, steps
from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import Surrogate
from spinode.traces import Trace

DEVICE = VortexOscillator(temperature=0.0)
THRESHOLD = DEVICE.threshold_current
DT = 0.1e-9
"""Sample interval [s]: about twenty samples a turn."""
TRAINED = (0.5, 1.6)
"""Range of the current in training, over the threshold."""
TRAINING_FIELD = 1e-3
"""Largest microwave field in training [T]."""
CURRENT_HOLD, FIELD_HOLD = 20e-9, 0.8e-9
"""How long their random levels last [s]: about a relaxation time far above threshold, and half a turn."""
RATIOS = (1.02, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.58)
"""Held currents over the threshold at which free runs are compared with the closed form."""
BELOW = (0.6, 0.8, 0.95)
"""The same below the threshold, where the core returns to the centre."""
STEPS = ((0.7, 1.5), (1.1, 1.5), (1.3, 1.55), (0.6, 1.2))
"""Currents over the threshold between which it steps there and back."""
RELAXATIONS = 12.0
"""A free run settles for so many relaxation times of the amplitude, e^-12 = 6e-6, before it is measured."""
PERIODS = 200
"""Turns that are measured."""
LOCKING_FIELD = 20e-6
"""Microwave field of the locking tests [T]: far below what would change the orbit."""
LOCK_SETTLE, LOCK_MEASURED = 1.0e-6, 1.5e-6
"""Time to lock and time over which a slip would show [s]; the beat at a hundredth beyond the edge lasts 1 us."""


def training_trace(duration: float, seed: int, dt: float = DT, noise: float = 0.0) -> Trace:
    """Random levels of current and field from one start; the output is the voltage, with white noise if asked for.

    ``noise`` is the standard deviation of the noise over that of the voltage.
    """
    rng = np.random.default_rng(seed)
    sampling = Sampling(duration=duration, dt=dt)
    current, field = DEVICE.inputs
    low, high = (ratio * THRESHOLD for ratio in TRAINED)
    drive = join(
        random_holds(current, sampling, low, high, CURRENT_HOLD, rng),
        random_holds(field, sampling, -TRAINING_FIELD, TRAINING_FIELD, FIELD_HOLD, rng),
    )
    trace = simulate(DEVICE, drive, initial=(0.3, 0.0), name=f"training {seed}")
    values = trace.output.values
    noisy = values + noise * values.std() * rng.standard_normal(values.shape)
    return replace(trace, output=replace(trace.output, values=noisy))


def held(ratio: float, duration: float, dt: float, start: float) -> Trace:
    """The device at a constant current (over the threshold) without field, from s = ``start``."""
    sampling = Sampling(duration=duration, dt=dt)
    current, field = DEVICE.inputs
    drive = join(constant(current, sampling, ratio * THRESHOLD), constant(field, sampling, 0.0))
    return simulate(DEVICE, drive, initial=(start, 0.0))


def stepped(low: float, high: float, dt: float, hold: float = 150e-9) -> Trace:
    """Current steps low, high, low (over the threshold) without field, from the orbit or from s = 0.2."""
    sampling = Sampling(duration=3 * hold, dt=dt)
    current, field = DEVICE.inputs
    levels = [ratio * THRESHOLD for ratio in (low, high, low)]
    drive = join(steps(current, sampling, levels, [hold, 2 * hold]), constant(field, sampling, 0.0))
    return simulate(DEVICE, drive, initial=(DEVICE.orbit_radius(levels[0]) or 0.2, 0.0))


def cycle(values: FloatArray, dt: float) -> tuple[float, float]:
    """Frequency [Hz] from rising zero crossings, amplitude from the mean square over whole turns.

    A cubic through four samples places each crossing to 1e-5 of a period for twenty samples a period (derived here),
    so the mean period of n turns is right to 1e-5/n.
    """
    centred = values - values.mean()
    before = np.flatnonzero((centred[1:-2] < 0) & (centred[2:-1] >= 0)) + 1
    if len(before) < 3:
        return np.nan, float(np.sqrt(2) * centred.std())
    first, last = before[0], before[-1]
    time = last + _root(centred[last - 1 : last + 3]) - first - _root(centred[first - 1 : first + 3])
    return float((len(before) - 1) / (time * dt)), float(np.sqrt(2) * values[first:last].std())


def _root(four: FloatArray) -> float:
    """Where the cubic through samples -1, 0, 1, 2 is zero between 0 and 1."""
    cubic = np.polynomial.Polynomial(np.polynomial.polynomial.polyfit([-1, 0, 1, 2], four, 3))
    place = four[1] / (four[1] - four[2])
    for _ in range(6):
        place -= float(cubic(place) / cubic.deriv()(place))
    return float(place)


@dataclass(frozen=True, kw_only=True)
class OrbitError:
    """A free-running surrogate at a held current (over the threshold) against the device; relative errors."""

    ratio: float
    frequency: float
    amplitude: float

    @property
    def drift(self) -> float:
        """Phase that is lost in 100 periods, in periods: a hundred times the error of the frequency."""
        return 100 * self.frequency


def orbit_error(twin: Surrogate, ratio: float) -> OrbitError:
    """Settle from the device's own orbit, then measure; frequency against the closed form, amplitude against the trace.

    Infinite where the run diverged or the oscillation died.
    """
    orbit = DEVICE.orbit(ratio * THRESHOLD)
    measured = PERIODS / orbit.frequency
    trace = held(ratio, RELAXATIONS * orbit.relaxation_time + measured, twin.dt, orbit.radius)
    kept = slice(-round(measured / twin.dt), None)
    truth, run = trace.output.values[kept, 0], twin.free_run(trace)[kept, 0]
    if not np.isfinite(run).all() or run.std() < 0.1 * truth.std():
        return OrbitError(ratio=ratio, frequency=np.inf, amplitude=np.inf)
    frequency, amplitude = cycle(run, twin.dt)
    return OrbitError(
        ratio=ratio, frequency=frequency / orbit.frequency - 1, amplitude=amplitude / cycle(truth, twin.dt)[1] - 1
    )


def free_run_error(twin: Surrogate, trace: Trace) -> float:
    """NRMSE of the free run after the warm-up."""
    kept = slice(twin.warm_up, None)
    truth = trace.output.values[kept, 0]
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean((twin.free_run(trace)[kept, 0] - truth) ** 2) / np.var(truth)))


def start_of(device: VortexOscillator | Surrogate, ratio: float) -> FloatArray:
    """State on the orbit at this current (over the threshold)."""
    radius = DEVICE.orbit_radius(ratio * THRESHOLD)
    if isinstance(device, VortexOscillator):
        return np.array([radius, 0.0])
    return device.initial_from(held(ratio, (device.warm_up + 1) * device.dt, device.dt, radius))


def beat(
    device: VortexOscillator | Surrogate,
    ratio: float,
    detuning: float,
    start: FloatArray,
    measured: float = LOCK_MEASURED,
) -> float:
    """Frequency of the oscillation minus that of the field [Hz], which is ``detuning`` [Hz] above the free one.

    ``start`` is the state at the first sample, ``measured`` the time [s] over which turns are counted.
    """
    dt = DT if isinstance(device, VortexOscillator) else device.dt
    sampling = Sampling(duration=LOCK_SETTLE + measured, dt=dt)
    frequency = DEVICE.frequency_at(ratio * THRESHOLD) + detuning
    current, field = DEVICE.inputs
    drive = join(constant(current, sampling, ratio * THRESHOLD), sine(field, sampling, 0.0, LOCKING_FIELD, frequency))
    values = simulate(device, drive, initial=start).output.values[-round(measured / dt) :, 0]
    return cycle(values, dt)[0] - frequency


def locking_half_width(device: VortexOscillator | Surrogate, ratio: float) -> float:
    """Half of the range of field frequencies that lock [Hz], each edge by bisection to a hundredth of the closed form.

    Locked is less than half a turn of slip while it is measured; NaN if the free frequency itself does not lock.
    """
    start = start_of(device, ratio)
    expected = DEVICE.orbit(ratio * THRESHOLD).locking_half_width(field=LOCKING_FIELD)

    def slips(detuning: float) -> bool:
        return not abs(beat(device, ratio, detuning, start)) * LOCK_MEASURED < 0.5

    if slips(0.0):
        return np.nan
    edges: list[float] = []
    for sign in (-1.0, 1.0):
        inside, outside = 0.0, 2.0 * expected
        while outside - inside > 0.01 * expected:
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if slips(sign * middle) else (middle, outside)
        edges.append((inside + outside) / 2)
    return float(np.mean(edges))


def orbit_errors(twin: Surrogate, ratios: Sequence[float] = RATIOS) -> list[OrbitError]:
    """``orbit_error`` at several held currents."""
    return [orbit_error(twin, ratio) for ratio in ratios]
