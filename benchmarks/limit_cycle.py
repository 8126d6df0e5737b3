"""A surrogate of a free-running vortex oscillator, fitted with the defaults, beside the device itself.

Prints frequency, amplitude and phase drift at held currents, the error of transients after current steps, and the
half-width of injection locking; ``--study`` repeats the fit with parts of it changed; ``--figure`` draws the first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from limit_cycle_problem import (
    BELOW,
    DEVICE,
    DT,
    LOCKING_FIELD,
    RATIOS,
    STEPS,
    THRESHOLD,
    OrbitError,
    beat,
    free_run_error,
    held,
    locking_half_width,
    orbit_errors,
    start_of,
    stepped,
    training_trace,
)
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.traces import TraceSet

LOCKED_AT = (1.2, 1.4, 1.55)
"""Currents over the threshold of the locking tests."""
FREQUENCY_AIM, AMPLITUDE_AIM = 1e-4, 5e-3
BEAT_MEASURED = 10e-6
"""Time over which the beats of the figure are counted [s]."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One row of the study: what differs from the defaults."""

    name: str
    settings: FitSettings
    duration: float = 1e-6
    dt: float = DT
    noise: float = 0.0


PLAIN = FitSettings(degrees=((5, 2),), hidden=())
STUDY = (
    Variant(name="degree 3", settings=FitSettings(degrees=(3,), hidden=())),
    Variant(name="degree 4", settings=FitSettings(degrees=(4,), hidden=())),
    Variant(name="degree 5", settings=FitSettings(degrees=(5,), hidden=())),
    Variant(name="states 5, inputs 1", settings=FitSettings(degrees=((5, 1),), hidden=())),
    Variant(name="states 5, inputs 2", settings=PLAIN),
    Variant(name="degree 4 and network", settings=FitSettings(degrees=(4,))),
    Variant(name="0.05 ns samples", settings=PLAIN, dt=0.05e-9),
    Variant(name="0.2 ns samples", settings=PLAIN, dt=0.2e-9),
    Variant(name="half a microsecond", settings=PLAIN, duration=0.5e-6),
    Variant(name="1 % noise", settings=PLAIN, noise=0.01),
    Variant(name="3 % noise", settings=PLAIN, noise=0.03),
)


def fitted(variant: Variant) -> tuple[Surrogate, float]:
    """The surrogate of this variant and the processor time of its fit [s]."""
    trace = training_trace(variant.duration, 1, variant.dt, variant.noise)
    begin = time.process_time()
    return fit(TraceSet((trace,)), variant.settings, name="vortex"), time.process_time() - begin


def worst(errors: Sequence[OrbitError]) -> tuple[float, float]:
    """Largest relative errors of frequency and amplitude."""
    return max(abs(e.frequency) for e in errors), max(abs(e.amplitude) for e in errors)


def show(twin: Surrogate) -> tuple[list[OrbitError], list[tuple[float, float, float, float]]]:
    """Print everything; returns errors at held currents, and (ratio, closed form, device, surrogate) of the locking."""
    print("\ncurrent/threshold   frequency error   amplitude error   phase drift in 100 periods")
    errors = orbit_errors(twin)
    for e in errors:
        print(f"{e.ratio:17.2f} {100 * e.frequency:15.5f} % {100 * e.amplitude:15.5f} % {100 * e.drift:22.4f} % of one")
    print("\nfree-run NRMSE of the decay below threshold and of current steps there and back (450 ns)")
    for ratio in BELOW:
        print(f"  held at {ratio:.2f}: {free_run_error(twin, held(ratio, 200e-9, twin.dt, 0.3)):.5f}")
    for low, high in STEPS:
        print(f"  {low:.2f} - {high:.2f} - {low:.2f}: {free_run_error(twin, stepped(low, high, twin.dt)):.5f}")
    print(f"\nlocking half-width in a field of {1e6 * LOCKING_FIELD:g} uT (MHz)")
    widths = []
    for ratio in LOCKED_AT:
        closed = DEVICE.orbit(ratio * THRESHOLD).locking_half_width(field=LOCKING_FIELD)
        device, own = locking_half_width(DEVICE, ratio), locking_half_width(twin, ratio)
        widths.append((ratio, closed, device, own))
        print(
            f"  at {ratio:.2f}: first order {1e-6 * closed:.3f}, device {1e-6 * device:.3f},"
            f" surrogate {1e-6 * own:.3f}, {100 * (own / device - 1):+.1f} %"
        )
    return errors, widths


def study() -> None:
    """One line a variant."""
    print(f"\n{'variant':24s} {'coefficients':>12s} {'processor s':>11s} {'frequency %':>12s} {'amplitude %':>12s}")
    for variant in STUDY:
        twin, seconds = fitted(variant)
        frequency, amplitude = worst(orbit_errors(twin))
        print(
            f"{variant.name:24s} {twin.shape.size:12d} {seconds:11.0f} {100 * frequency:12.4f} {100 * amplitude:12.4f}",
            flush=True,
        )


def draw(twin: Surrogate, errors: Sequence[OrbitError]) -> Figure:
    """Orbits, their errors, one transient, and the pull of a microwave field."""
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    (orbit, error), (transient, locking) = figure.subplots(2, 2)
    draw_orbit(orbit, errors)
    ratios = [e.ratio for e in errors]
    error.semilogy(ratios, [abs(e.frequency) for e in errors], "o-", color="#0072b2", label="frequency")
    error.semilogy(ratios, [abs(e.amplitude) for e in errors], "s-", color="#d55e00", label="amplitude")
    error.axhline(FREQUENCY_AIM, color="#0072b2", linestyle="--", linewidth=0.8)
    error.axhline(AMPLITUDE_AIM, color="#d55e00", linestyle="--", linewidth=0.8)
    error.set(xlabel="current / threshold", ylabel="relative error (dashed: aim)")
    error.legend(frameon=False, fontsize=8)
    draw_transient(transient, twin)
    draw_locking(locking, twin)
    return figure


def draw_orbit(axes: Axes, errors: Sequence[OrbitError]) -> None:
    """Frequency and voltage amplitude along the currents: closed forms and free runs."""
    fine = np.linspace(RATIOS[0], RATIOS[-1], 200)
    closed = [DEVICE.orbit(ratio * THRESHOLD) for ratio in fine]
    points = [DEVICE.orbit(e.ratio * THRESHOLD) for e in errors]
    other = axes.twinx()
    axes.plot(fine, [1e-6 * o.frequency for o in closed], color="#0072b2", linewidth=1)
    found = [1e-6 * o.frequency * (1 + e.frequency) for o, e in zip(points, errors, strict=True)]
    axes.plot([e.ratio for e in errors], found, "o", color="#0072b2", markersize=4)
    other.plot(fine, [1e3 * o.voltage_amplitude for o in closed], color="#d55e00", linewidth=1)
    found = [1e3 * o.voltage_amplitude * (1 + e.amplitude) for o, e in zip(points, errors, strict=True)]
    other.plot([e.ratio for e in errors], found, "s", color="#d55e00", markersize=4)
    axes.set(xlabel="current / threshold", title="lines: closed form, marks: surrogate", ylim=(485, 550))
    axes.set_ylabel("frequency (MHz)", color="#0072b2")
    other.set_ylabel("voltage amplitude (mV)", color="#d55e00")
    other.set_ylim(0, None)


def draw_transient(axes: Axes, twin: Surrogate) -> None:
    """Device and surrogate around the first current step."""
    low, high = STEPS[0]
    trace = stepped(low, high, twin.dt)
    run = twin.free_run(trace)[:, 0]
    seen = slice(round(140e-9 / twin.dt), round(240e-9 / twin.dt))
    at = 1e9 * trace.output.time[seen]
    axes.plot(at, 1e3 * trace.output.values[seen, 0], color="0.6", linewidth=2.5, label="device")
    axes.plot(at, 1e3 * run[seen], color="#0072b2", linewidth=0.8, label="surrogate, free since 1 ns")
    axes.set(xlabel="time (ns)", ylabel="voltage (mV)", title=f"step of the current, {low:g} to {high:g} thresholds")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_locking(axes: Axes, twin: Surrogate) -> None:
    """Beat over detuning for device and surrogate."""
    ratio = LOCKED_AT[1]
    width = DEVICE.orbit(ratio * THRESHOLD).locking_half_width(field=LOCKING_FIELD)
    detunings = np.linspace(-2, 2, 41) * width
    for device, style in ((DEVICE, {"color": "0.6", "linewidth": 3}), (twin, {"color": "#0072b2", "linewidth": 1})):
        start = start_of(device, ratio)
        beats = [1e-6 * beat(device, ratio, detuning, start, BEAT_MEASURED) for detuning in detunings]
        axes.plot(1e-6 * detunings, beats, label="device" if device is DEVICE else "surrogate", **style)
    for edge in (-width, width):
        label = "first order" if edge > 0 else None
        axes.axvline(1e-6 * edge, color="0.3", linestyle=":", linewidth=0.8, label=label)
    axes.set(xlabel="detuning of the field (MHz)", ylabel="beat (MHz)")
    axes.set_title(f"field of {1e6 * LOCKING_FIELD:g} uT at {ratio:g} thresholds")
    axes.legend(frameon=False, fontsize=8)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=1e-6, help="length of the training trace [s]")
    parser.add_argument("--study", action="store_true", help="repeat the fit with parts changed")
    parser.add_argument("--surrogate", help="use this file if it is there, else write the fit to it")
    parser.add_argument("--figure", help="file for a figure")
    options = parser.parse_args(words)
    try:
        twin = load_surrogate(options.surrogate or "")
    except FileNotFoundError:
        twin, seconds = fitted(Variant(name="defaults", settings=FitSettings(), duration=options.duration))
        print(f"fit with defaults to {options.duration:g} s: {seconds:.0f} s of processor time")
        if options.surrogate:
            save_surrogate(options.surrogate, twin)
    for name in ("learned_outputs", "polynomial_degree", "network", "coefficients", "held_out_nrmse", "chosen_stage"):
        print(f"{name:18} {twin.record[name]}")
    errors, _ = show(twin)
    if options.figure:
        draw(twin, errors).savefig(options.figure, dpi=130)
    if options.study:
        study()


if __name__ == "__main__":
    main()
