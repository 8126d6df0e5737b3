"""Learned noise on simulated devices at 300 K with the full length of trace: the figures that are asked for."""

from __future__ import annotations

import pytest

from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.traces import Trace, TraceSet
from tests.noisy_statistics import GOALS, Statistics, envelope_statistics, free_runs, oscillator_statistics
from tests.noisy_traces import CURRENT, ENVELOPE, OSCILLATOR, envelope_trace, oscillator_trace

pytestmark = pytest.mark.slow


def agrees(ours: Statistics, device: Statistics) -> None:
    for quantity, goal in GOALS.items():
        assert ours.numbers()[quantity] == pytest.approx(device.numbers()[quantity], rel=goal), quantity


def covers(twin: Surrogate, held: Trace) -> float:
    return float(twin.intervals(held, 0.9).coverage(held.output.values)[0])


def test_five_milliseconds_of_an_envelope_are_enough() -> None:
    twin = fit(TraceSet((envelope_trace(5e-3, 1),)), FitSettings(noise="learn"))
    runs = [envelope_trace(5e-3, 10 + seed, measurement=0.0, current=6e-3) for seed in range(4)]
    device = envelope_statistics(runs)
    assert device.variance == pytest.approx(ENVELOPE.deviation**2, rel=0.05)  # the measure itself is right
    assert device.time == pytest.approx(ENVELOPE.relaxation_time, rel=0.05)
    agrees(envelope_statistics(free_runs(twin, runs)), device)
    assert 0.87 < covers(twin, envelope_trace(2e-3, 2)) < 0.93


def test_the_phase_of_a_learned_oscillator_diffuses_as_that_of_the_device() -> None:
    twin = fit(TraceSet((oscillator_trace(8e-6, 2),)), FitSettings(noise="learn", degrees=(3,)))
    runs = [oscillator_trace(40e-6, 10 + seed, measurement=0.0) for seed in range(12)]  # the width of 3 scatters a lot
    device = oscillator_statistics(runs)
    (theory,) = (row.value for row in OSCILLATOR.datasheet(CURRENT).rows if row.name == "linewidth")
    assert device.width == pytest.approx(theory, rel=0.08)  # the measure itself is right
    agrees(oscillator_statistics(free_runs(twin, runs)), device)
    assert 0.87 < covers(twin, oscillator_trace(8e-6, 3)) < 0.93
