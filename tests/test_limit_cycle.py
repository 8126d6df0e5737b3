"""A surrogate of a free-running vortex oscillator: its orbit, how it gets there, and how it locks to a field."""

from __future__ import annotations

import pytest

from benchmarks.limit_cycle_problem import (
    BELOW,
    DEVICE,
    RATIOS,
    STEPS,
    cycle,
    free_run_error,
    held,
    locking_half_width,
    orbit_error,
    stepped,
    training_trace,
)
from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.traces import TraceSet
from tests.tolerances import LEARNED

FREQUENCY = 1e-4
"""Relative: a surrogate drifts by less than 1 % of a period in 100 periods. 4e-5 was measured at the worst current."""
AMPLITUDE = 5e-3
"""Relative, over the whole range of currents; 2e-4 was measured at the worst."""
LOCKING = 0.1
"""Relative half-width of injection locking; 0.01 was measured."""


def test_frequency_and_amplitude_of_the_device_itself_are_measured_to_six_and_four_digits() -> None:
    orbit = DEVICE.orbit(1.4 * DEVICE.threshold_current)
    frequency, amplitude = cycle(held(1.4, 400e-9, 0.1e-9, orbit.radius).output.values[-3500:, 0], 0.1e-9)
    assert frequency == pytest.approx(orbit.frequency, rel=1e-6)  # the device's own steps, not the measurement
    assert amplitude == pytest.approx(orbit.voltage_amplitude, rel=1e-4)  # the ends are not whole turns


def test_a_short_trace_gives_the_orbit_and_the_way_to_it(vortex_twin: Surrogate) -> None:
    for ratio in (1.1, 1.3, 1.5):
        error = orbit_error(vortex_twin, ratio)
        assert abs(error.frequency) < FREQUENCY and abs(error.amplitude) < AMPLITUDE
    assert free_run_error(vortex_twin, held(0.8, 100e-9, vortex_twin.dt, 0.3)) < LEARNED
    assert free_run_error(vortex_twin, stepped(0.6, 1.2, vortex_twin.dt)) < LEARNED


def test_it_locks_to_a_microwave_field_as_the_device_does(vortex_twin: Surrogate) -> None:
    assert locking_half_width(vortex_twin, 1.4) == pytest.approx(locking_half_width(DEVICE, 1.4), rel=LOCKING)


@pytest.mark.slow
def test_a_cubic_field_cannot_do_it(vortex_twin: Surrogate) -> None:
    settings = FitSettings(degrees=(3,), hidden=(), minutes=30.0)
    cubic = orbit_error(fit(TraceSet((training_trace(0.25e-6, 1),)), settings), 1.5)
    assert not abs(cubic.frequency) < 10 * abs(orbit_error(vortex_twin, 1.5).frequency)
    assert not abs(cubic.frequency) < FREQUENCY


@pytest.mark.slow
def test_the_defaults_serve_a_free_running_oscillator_over_its_whole_range_of_currents() -> None:
    settings = FitSettings(minutes=60.0)  # the defaults, with a budget that a busy machine does not reach
    twin = fit(TraceSet((training_trace(1e-6, 1),)), settings, name="vortex")
    for ratio in RATIOS:
        error = orbit_error(twin, ratio)
        assert abs(error.frequency) < FREQUENCY and abs(error.amplitude) < AMPLITUDE
        assert abs(error.drift) < 0.01
    for ratio in BELOW:
        assert free_run_error(twin, held(ratio, 200e-9, twin.dt, 0.3)) < LEARNED
    for low, high in STEPS:
        assert free_run_error(twin, stepped(low, high, twin.dt)) < LEARNED
    for ratio in (1.2, 1.4, 1.55):
        assert locking_half_width(twin, ratio) == pytest.approx(locking_half_width(DEVICE, ratio), rel=LOCKING)
