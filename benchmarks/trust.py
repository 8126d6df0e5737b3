"""How well do mask and band tell where a surrogate is wrong? The two tables of docs/trust.md.

    python benchmarks/trust.py                            all surrogates; about twenty minutes on one thread
    python benchmarks/trust.py --only duffing vortex      some of them
    python benchmarks/trust.py --mumax ../shared/data/mumax3_skyrmion   with the published MuMax3 tables

Each surrogate is fitted to one trace without a network, with 20 members, and judged on traces that the fit never got:
the root mean square error inside and outside the mask, and the part of the samples that the 90 % band covers. Where a
row has several traces (other draws of the drive), the mean is followed by the least and the largest.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))  # devices and traces are those of the tests

import numpy as np

from spinode.bundled import bundled_data
from spinode.devices.vortex import VortexOscillator
from spinode.devices.wall import DomainWall
from spinode.drives import Sampling, constant, join, random_holds
from spinode.importers import import_traces
from spinode.signals import FloatArray, signal_of
from spinode.simulate import simulate
from spinode.storage import read_traces
from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.surrogate.prediction import Assessment, assess
from spinode.traces import Trace, TraceSet
from tests.known_devices import duffing, random_levels
from tests.noisy_traces import envelope_trace

MEMBERS = 20
VORTEX = VortexOscillator(temperature=0.0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A surrogate and the traces that judge it, by the words of a table."""

    title: str
    training: Trace
    unseen: Mapping[str, tuple[Trace, ...]]
    degrees: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came out for the traces of one row; one entry a trace."""

    surrogate: str
    trace: str
    outside: FloatArray
    inside_error: FloatArray
    outside_error: FloatArray
    covered: FloatArray
    half_width: FloatArray
    windows: int


def noisy(trace: Trace, part: float, seed: int) -> Trace:
    """With measurement noise, a part of the deviation of the output."""
    values = trace.output.values
    noise = part * values.std() * np.random.default_rng(seed).standard_normal(values.shape)
    return replace(trace, output=replace(trace.output, values=values + noise))


def halves(trace: Trace) -> tuple[Trace, Trace]:
    middle = len(trace) // 2
    return trace.samples(0, middle), trace.samples(middle, len(trace))


def duffing_case(noise: float = 0.0, linear: bool = False) -> Case:
    most = 0.5 if linear else 1.0

    def draw(seed: int, hold: int = 10) -> Trace:
        return noisy(duffing(random_levels(1500, seed, hold=hold, most=most)), noise, seed)

    title = "Duffing, exact samples" if not noise else f"Duffing with {100 * noise:.0f} % noise"
    return Case(
        title=title + (", linear surrogate" if linear else ""),
        training=draw(1),
        unseen={
            "8 other draws": tuple(draw(seed) for seed in range(20, 28)),
            "levels held for 7, not 10": (draw(2, 7),),
        },
        degrees=(1,) if linear else (),
    )


def vortex_trace(seed: int) -> Trace:
    """Below its threshold current, under random levels of field."""
    channel, field = VORTEX.inputs
    sampling = Sampling(duration=400e-9, dt=0.2e-9)
    push = random_holds(field, sampling, -4e-3, 4e-3, 1.6e-9, np.random.default_rng(seed))
    return simulate(VORTEX, join(constant(channel, sampling, 1e-3), push), name="vortex")


def vortex_case() -> Case:
    first, second = halves(vortex_trace(5))
    draws = tuple(vortex_trace(seed) for seed in range(6, 12))
    return Case(
        title="vortex, exact samples, first half of 400 ns",
        training=first,
        unseen={"second half": (second,), "6 other draws": draws},
    )


def envelope_case() -> Case:
    first, second = halves(envelope_trace(1e-3, 1))
    others = tuple(envelope_trace(0.5e-3, seed) for seed in range(2, 6))
    return Case(
        title="envelope oscillator with noise, first half of 1 ms",
        training=first,
        unseen={"second half": (second,), "4 other draws": others},
    )


def wall_trace(seed: int, duration: float = 60e-9) -> Trace:
    """A wall in a notch under random pulses that do not free it."""
    device = DomainWall(temperature=0.0, damping=0.1, notch_energy=4e-20)
    density, field, gate = device.inputs
    sampling = Sampling(duration=duration, dt=10e-12)
    rng, values = np.random.default_rng(seed), np.zeros(sampling.count)
    for first in range(0, sampling.count - 125, 125):
        values[first : first + rng.integers(25, 75)] = rng.choice([-1, 1]) * rng.uniform(0.3e11, 1.2e11)
    push = signal_of(values, sampling.dt, replace(density, hold=True))
    return simulate(device, join(push, constant(field, sampling, 0.0), constant(gate, sampling, 0.0)), name="wall")


def wall_case() -> Case:
    first, second = halves(wall_trace(11))
    others = tuple(wall_trace(seed, 30e-9) for seed in range(12, 18))
    return Case(
        title="wall in notches, first half of 60 ns",
        training=first,
        unseen={"second half": (second,), "6 other draws": others},
    )


def bundled_skyrmion_case() -> Case:
    traces = read_traces(bundled_data("skyrmion_vcma.h5"))
    first, second = halves(traces["train"])
    return Case(
        title="bundled skyrmion, first half of `train`",
        training=first,
        unseen={"`test`": (traces["test"],), "rest of `train`": (second,)},
    )


def mumax_case(folder: Path) -> Case:
    tables = [folder / name for name in ("train_ku_dmi.txt", "test_dmi_steps.txt")]
    train, test = import_traces(tables, ["Ku1.region100", "Dind.region100"], ["mz"], dt=5e-12)
    return Case(
        title="MuMax3 skyrmion, samples 1000:11000",
        training=train.samples(1000, 11000),
        unseen={
            "samples 20000:30000": (train.samples(20000, 30000),),
            "samples 11000:20000, a deep compression": (train.samples(11000, 20000),),
            "published test table": (test,),
        },
    )


CASES: dict[str, Callable[[], Case]] = {
    "duffing": duffing_case,
    "noisy-duffing": lambda: duffing_case(0.05),
    "linear-duffing": lambda: duffing_case(0.02, linear=True),
    "vortex": vortex_case,
    "envelope": envelope_case,
    "wall": wall_case,
    "skyrmion": bundled_skyrmion_case,
}


def judged(case: Case, minutes: float) -> tuple[Surrogate, list[Row]]:
    """Fit, and one row for each kind of unseen trace."""
    settings = FitSettings(hidden=(), minutes=minutes, ensemble=MEMBERS)
    if case.degrees:
        settings = replace(settings, degrees=case.degrees)
    with warnings.catch_warnings(action="ignore"):  # unseen drives leave the trained range; the mask is what counts
        twin = fit(TraceSet((case.training,)), settings)
        return twin, [_row(twin, case, words, traces) for words, traces in case.unseen.items()]


def _row(twin: Surrogate, case: Case, words: str, traces: tuple[Trace, ...]) -> Row:
    found = [assess(twin, trace) for trace in traces]
    errors = [_scaled(twin, each, trace) for each, trace in zip(found, traces, strict=True)]
    masks = [each.outside.mask[twin.warm_up :] for each in found if each.outside is not None]
    assert twin.ensemble is not None
    return Row(
        surrogate=case.title,
        trace=words,
        outside=np.array([mask.mean() for mask in masks]),
        inside_error=np.array([_rms(error[~mask]) for error, mask in zip(errors, masks, strict=True)]),
        outside_error=np.array([_rms(error[mask]) for error, mask in zip(errors, masks, strict=True)]),
        covered=np.array(
            [each.coverage(trace.output.values, twin.warm_up).mean() for each, trace in zip(found, traces, strict=True)]
        ),
        half_width=np.array([_width(twin, each, trace) for each, trace in zip(found, traces, strict=True)]),
        windows=twin.ensemble.windows,
    )


def _scaled(twin: Surrogate, found: Assessment, trace: Trace) -> FloatArray:
    """Errors after the warm-up in deviations of the truth."""
    error: FloatArray = (found.values - trace.output.values)[twin.warm_up :] / trace.output.values.std(axis=0)
    return error


def _width(twin: Surrogate, found: Assessment, trace: Trace) -> float:
    assert found.half_width is not None
    return float(np.median(found.half_width[twin.warm_up :] / trace.output.values.std(axis=0)))


def _rms(values: FloatArray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(values**2))) if values.size else np.nan


def share(values: FloatArray) -> str:
    """Per cent: the mean, and the range where there are several."""
    text = f"{100 * values.mean():.1f} %"
    return text if len(values) == 1 else f"{text} ({100 * values.min():.0f} to {100 * values.max():.0f})"


def size(values: FloatArray) -> str:
    """Root mean square over the traces that have such samples, three decimals or two digits."""
    there = values[~np.isnan(values)] if np.isnan(values).any() and not np.isnan(values).all() else values
    mean = float(np.sqrt(np.mean(there**2)))
    if np.isnan(mean):
        return "none"
    return f"{mean:.2g}" if mean < 10 else "diverges"


def main() -> None:
    """Fit and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--minutes", type=float, default=3.0, help="time budget of each fit")
    parser.add_argument("--mumax", type=Path, help="folder of train_ku_dmi.txt and test_dmi_steps.txt")
    chosen = parser.parse_args()
    makers = {name: CASES[name] for name in chosen.only}
    if chosen.mumax is not None:
        makers = {"mumax": lambda: mumax_case(chosen.mumax), **makers}
    rows: list[Row] = []
    for name, make in makers.items():
        begun = perf_counter()
        twin, found = judged(make(), chosen.minutes)
        print(f"{name}: {perf_counter() - begun:.0f} s, error in training {twin.fitted_error:.2g}", file=sys.stderr)
        for row in found:
            print(f"    {row.trace}: {share(row.covered)} covered", file=sys.stderr, flush=True)
        rows += found
    print_tables(rows)


def print_tables(rows: list[Row]) -> None:
    """Mask and band as they stand in docs/trust.md."""
    print("\n| surrogate | unseen trace | outside | error inside | error outside |\n|---|---|---|---|---|")
    for row in rows:
        errors = f"{size(row.inside_error)} | {size(row.outside_error)}"
        print(f"| {row.surrogate} | {row.trace} | {100 * row.outside.mean():.1f} % | {errors} |")
    print("\n| surrogate | unseen trace | covered | half width | windows |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.surrogate} | {row.trace} | {share(row.covered)} | {size(row.half_width)} | {row.windows} |")


if __name__ == "__main__":
    main()
