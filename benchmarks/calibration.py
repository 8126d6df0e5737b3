"""How well are hidden parameters found, and do the 95 % intervals hold them?

    python benchmarks/calibration.py            all figures, minutes on one core; draws docs/figures/calibration.png
    python benchmarks/calibration.py --quick    a smoke test: few realisations, no verdict, no figure

Four questions, each with numbers that somebody else's formula or a known device gives: (1) a sine of known frequency
against the Cramer-Rao bound; (2) a vortex oscillator from 100 periods at 30 dB, two unknowns at a time; (3) a surrogate
of vortex oscillators of five radii, on radii that it has never seen, inside and just outside of them; (4) how often a
trace that is not of the device is taken for one. Exit status 1 says that a requirement was missed.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from calibration_figure import Panel, draw

from spinode import Parameter, Trace, TraceSet
from spinode.calibration import calibrate, check
from spinode.devices import AutoOscillator, VortexOscillator
from spinode.drives import Sampling, constant, join, random_holds
from spinode.signals import Channel, Signal, signal_of
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit

TURNS, A_TURN, DECIBELS = 100, 16, 30.0
LARGEST_ERROR, LEAST_COVERAGE = 0.02, 0.88
TRAINED = (90e-9, 95e-9, 100e-9, 105e-9, 110e-9)
UNSEEN = (92.5e-9, 97e-9, 101e-9, 103e-9, 107e-9)
OUTSIDE = (87e-9, 88.5e-9, 111.5e-9, 113e-9)
CHECKED = (91e-9, 94e-9, 98.5e-9, 104e-9, 108.5e-9)
FIGURE = Path(__file__).parent.parent / "docs" / "figures" / "calibration.png"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Largest relative error, share of the intervals that hold the truth, and seconds a calibration."""

    worst: float
    coverage: float
    seconds: float

    def line(self, text: str) -> str:
        found = f"largest error {self.worst:.3%}, coverage {self.coverage:.0%}, {self.seconds:.2f} s each"
        return f"  {text:34} {found}"

    @property
    def holds(self) -> bool:
        return self.worst < LARGEST_ERROR and self.coverage >= LEAST_COVERAGE


def noisy(trace: Trace, rng: np.random.Generator, decibels: float = DECIBELS) -> Trace:
    """The trace with white noise of this signal-to-noise ratio."""
    values = trace.output.values
    size = values.std(axis=0) * 10 ** (-decibels / 20)
    return replace(trace, output=replace(trace.output, values=values + size * rng.standard_normal(values.shape)))


def bound(trials: int) -> bool:
    """An auto-oscillator whose torque cancels a damping without growth is a sine: against the Cramer-Rao bound."""
    still = {"frequency_shift": 0.0, "current_shift": 0.0, "damping_growth": 0.0, "temperature": 0.0}
    device = AutoOscillator(frequency=450e6, **still)
    count, dt = TURNS * A_TURN + 1, 1 / (A_TURN * 450e6)
    channels = [Channel(name="current", unit="A", hold=True), Channel(name="force", unit="1/s", hold=True)]
    drive = signal_of(np.tile([device.threshold_current, 0.0], (count, 1)), dt, *channels)
    trace, rng = simulate(device, drive, initial=[0.5, 0.0]), np.random.default_rng(1)
    found = [calibrate(device, noisy(trace, rng), {"frequency": (400e6, 500e6)})["frequency"] for _ in range(trials)]
    variance = 10 ** (-DECIBELS / 10) / 2  # of a sine of amplitude one, whose mean square is 1/2
    least = np.sqrt(24 * variance / (count * (count**2 - 1.0))) / (2 * np.pi * dt)
    error = np.sqrt(np.mean([(one.value - 450e6) ** 2 for one in found]))
    stated = np.mean([one.standard_error for one in found])
    coverage = np.mean([one.low <= 450e6 <= one.high for one in found])
    print("1. frequency of a sine (Rife and Boorstyn 1974)")
    print(f"  bound {least:.0f} Hz, scatter {error:.0f} Hz, stated {stated:.0f} Hz, coverage {coverage:.0%}")
    return bool(coverage >= LEAST_COVERAGE and abs(stated / least - 1) < 0.1)


def hundred_periods(device: VortexOscillator) -> Trace:
    """Current of 0.4 to 1.3 thresholds, a field of up to 4 mT, both in steps: growth and decay are seen."""
    current, field = device.inputs
    period, rng = 1 / device.frequency, np.random.default_rng(12)
    sampling, threshold = Sampling(duration=TURNS * period, dt=period / A_TURN), device.threshold_current
    pushed = random_holds(current, sampling, 0.4 * threshold, 1.3 * threshold, 8 * period, rng)
    return simulate(device, join(pushed, random_holds(field, sampling, -4e-3, 4e-3, 4 * period, rng)))


def vortices(trials: int) -> tuple[bool, Panel]:
    """Pairs of unknowns of the vortex oscillator."""
    truth = VortexOscillator(temperature=0.0, damping=0.0117, polarization=0.23, radius=104e-9)
    print(f"2. vortex oscillator, {TURNS} periods at {DECIBELS:g} dB, two unknowns, {trials} noises or a quarter")
    trace, good, shown = hundred_periods(truth), True, None
    pairs = (("damping", "polarization"), ("radius", "damping"), ("polarization", "resistance_swing"))
    for names, number in zip(pairs, (trials, trials // 4 or 1, trials // 4 or 1), strict=True):
        usual = VortexOscillator(temperature=0.0)
        known = {name: getattr(truth, name) for name in ("damping", "polarization", "radius") if name not in names}
        rng, begun = np.random.default_rng(1), time.perf_counter()
        every = [calibrate(replace(usual, **known), noisy(trace, rng), list(names)) for _ in range(number)]
        seconds = (time.perf_counter() - begun) / number
        hits = [e.low <= getattr(truth, e.name) <= e.high for found in every for e in found.estimates]
        errors = [e.value / getattr(truth, e.name) - 1 for found in every for e in found.estimates]
        verdict = Verdict(worst=float(np.max(np.abs(errors))), coverage=float(np.mean(hits)), seconds=seconds)
        print(verdict.line(" and ".join(names)))
        good = good and verdict.holds
        shown = shown or Panel.of([found[names[0]] for found in every], [truth.damping] * number)
    assert shown is not None
    return good, shown


def record(radius: float, seed: int, duration: float, most: float = 6e-3) -> Trace:
    """A disk below its threshold, pushed by a field that takes a new value every 1.6 ns."""
    device = VortexOscillator(temperature=0.0, radius=radius)
    current, field = device.inputs
    sampling = Sampling(duration=duration, dt=0.2e-9)
    push = random_holds(field, sampling, -most, most, 1.6e-9, np.random.default_rng(seed))
    trace = simulate(device, join(constant(current, sampling, 1e-3), push), name=f"{radius * 1e9:g} nm, {seed}")
    return replace(trace, parameters={"radius": Parameter(value=radius, unit="m")})


def learned(quick: bool) -> tuple[bool, Panel]:
    """A surrogate over the radius: free runs and calibrations on radii never seen."""
    traces = TraceSet(tuple(record(radius, seed, 120e-9) for seed, radius in enumerate(TRAINED)))
    twin = fit(traces, FitSettings(degrees=(3,), hidden=(), minutes=0.3 if quick else 4.0), name="vortex")
    rng = np.random.default_rng(2)
    known = CHECKED[:2] if quick else CHECKED
    checks = check(twin, TraceSet(tuple(noisy(record(r, 60 + n, 220e-9), rng) for n, r in enumerate(known))))
    print(f"3. surrogate trained on radii {', '.join(f'{radius * 1e9:g}' for radius in TRAINED)} nm")
    found, truths, good = [], [], True
    for name, radii in (("inside", UNSEEN), ("just outside", OUTSIDE)):
        errors, hits, runs, begun = [], [], [], time.perf_counter()
        for number, radius in enumerate((radii[:1] if quick else radii) * (1 if quick else 4)):
            trace = record(radius, 100 + number, 220e-9, 5e-3)
            runs.append(free_run_error(twin, trace))
            estimate = calibrate(twin, noisy(trace, rng), checks=checks)["radius"]
            errors.append(estimate.value / radius - 1)
            hits.append(estimate.low <= radius <= estimate.high)
            if number < len(radii):
                found.append(estimate)
                truths.append(radius)
        seconds = (time.perf_counter() - begun) / len(errors)
        verdict = Verdict(worst=float(np.max(np.abs(errors))), coverage=float(np.mean(hits)), seconds=seconds)
        print(verdict.line(f"{name}: free run NRMSE {min(runs):.4f} to {max(runs):.4f}"))
        good = good and (verdict.holds if name == "inside" else verdict.worst < LARGEST_ERROR)
    return good, Panel.of(found, truths)


def free_run_error(twin: Surrogate, trace: Trace) -> float:
    """NRMSE of the free run with the true parameter."""
    with warnings.catch_warnings(action="ignore"):  # outside of the training, as asked
        run = twin.free_run(trace)[twin.warm_up :, 0]
    truth = trace.output.values[twin.warm_up :, 0]
    return float(np.sqrt(np.mean((run - truth) ** 2) / truth.var()))


def foreign(trials: int) -> bool:
    """Shuffled traces, noise, and a stiff oscillator, offered as a vortex."""
    device = VortexOscillator(temperature=0.0)
    own, rng, taken = hundred_periods(device).samples(0, 500), np.random.default_rng(5), 0
    kinds = {"shuffled": lambda: rng.permutation(own.output.values), "noise": lambda: rng.standard_normal((500, 1))}
    kinds["other turns"] = lambda: np.sign(np.sin(0.9 * np.arange(500.0) ** 1.02))[:, None] * (1 + rng.random((500, 1)))
    for make in kinds.values():
        for _ in range(trials):
            output: Signal = replace(own.output, values=make())
            taken += calibrate(device, replace(own, output=output), ["damping"]).verdict != "does not fit"
    print(f"4. traces that are not a vortex ({', '.join(kinds)}): {taken} of {trials * len(kinds)} taken for one")
    return taken == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few realisations, no verdict, no figure")
    quick = parser.parse_args().quick
    trials = 2 if quick else 40
    results = [bound(trials)]
    good, intervals = vortices(trials)
    fine, radii = learned(quick)
    results += [good, fine, foreign(1 if quick else 5)]
    if quick:
        return 0
    draw(FIGURE, hundred_periods(VortexOscillator(temperature=0.0)), intervals, radii, (TRAINED[0], TRAINED[-1]))
    print("all requirements hold" if all(results) else "a requirement was missed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
