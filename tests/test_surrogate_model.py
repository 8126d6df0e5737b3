"""A surrogate as a device, and as something that is used on the wrong trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.signals import Channel, signal_of
from spinode.simulate import simulate
from spinode.surrogate import Surrogate
from spinode.surrogate.dataset import stage_inputs
from spinode.surrogate.rollout import free_runs
from spinode.traces import Parameter, Trace
from tests.known_devices import duffing, made, random_levels, trace_for
from tests.tolerances import COMPOSED

# A device


@pytest.mark.parametrize("hidden", [(), (4,)], ids=str)
@pytest.mark.parametrize(("inputs", "parameters"), [(0, 0), (1, 0), (0, 2), (2, 1)])
def test_a_surrogate_is_a_device_that_simulate_runs_as_its_free_run(
    inputs: int, parameters: int, hidden: tuple[int, ...]
) -> None:
    twin = made(inputs, parameters, hidden)
    trace = trace_for(twin, start=3e-9)
    begun = trace.samples(twin.warm_up - 1, len(trace))
    first = twin.initial_from(trace)
    found = simulate(twin, begun.drive, initial=first)
    stages = stage_inputs(begun, twin.scaling)  # of the cut drive: a cubic at its end looks to one side only
    states = free_runs(twin.shape.sizes, twin.theta, first[None], np.array([0]), len(begun) - 1, stages)[0]
    expected = twin.scaling.output_mean + twin.scaling.output_scale * states[:, :1]
    np.testing.assert_allclose(found.output.values, expected, rtol=0, atol=1e-3 * COMPOSED)
    if inputs < 2:  # no smooth drive
        np.testing.assert_allclose(expected[1:], twin.free_run(trace)[twin.warm_up :], rtol=0, atol=1e-3 * COMPOSED)
    assert found.output.channels == twin.outputs
    assert dict(found.parameters) == {**twin.parameters, **twin.conditions}


def test_a_learned_surrogate_simulated_equals_its_free_run(duffing_twin: Surrogate) -> None:
    trace = duffing(random_levels(400, 3, most=0.9))
    begun = trace.drive.samples(duffing_twin.warm_up - 1, len(trace))
    found = simulate(duffing_twin, begun, initial=duffing_twin.initial_from(trace)).output.values[1:]
    expected = duffing_twin.free_run(trace)[duffing_twin.warm_up :]
    np.testing.assert_allclose(found, expected, rtol=0, atol=COMPOSED * expected.std())


def test_a_prediction_is_a_trace_that_begins_with_what_was_measured(duffing_twin: Surrogate) -> None:
    trace, kept = duffing(random_levels(300, 4, most=0.9)), duffing_twin.warm_up
    predicted = duffing_twin.predict(trace)
    assert np.array_equal(predicted.output.values[:kept], trace.output.values[:kept])
    assert predicted.drive is trace.drive and predicted.output.channels == duffing_twin.outputs
    spoiled = trace.output.values.copy()
    spoiled[kept:] = 7.0
    blind = replace(trace, output=replace(trace.output, values=spoiled))
    assert np.array_equal(duffing_twin.free_run(blind), predicted.output.values)


# The wrong trace


def changed(trace: Trace, part: str, **changes: object) -> Trace:
    return replace(trace, **{part: replace(getattr(trace, part), **changes)})


def test_a_trace_that_does_not_fit_is_refused_in_one_line() -> None:
    twin = made()
    good = trace_for(twin)
    one = signal_of(good.drive.values[:, :1], twin.dt, twin.inputs[0])
    slow = replace(good, drive=replace(good.drive, dt=1e-11), output=replace(good.output, dt=1e-11))
    swapped = good.drive.select(["u1", "u0"])
    volts = (Channel(name="u0", unit="V"), twin.inputs[1])
    for trace, says in (
        (replace(good, drive=one), "drive channel 'u1' is not there; closest: u0"),
        (replace(good, drive=swapped), r"drive channels must be \['u0', 'u1'\] as in the training"),
        (changed(good, "drive", channels=volts), "drive channel 'u0' must be in 'A', got 'V'"),
        (changed(good, "output", channels=(Channel(name="my", unit="V"),)), "output channel 'mz' is not there"),
        (changed(good, "output", channels=(Channel(name="mz", unit="T"),)), "output channel 'mz' must be in 'V'"),
        (replace(good, parameters={}), "static parameter 'constant0' is not there"),
        (slow, "sample interval 5e-12 s of the training, got 1e-11 s"),
        (good.samples(0, twin.warm_up), f"more than {twin.warm_up} samples"),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            twin.predict(trace)
        assert "\n" not in str(caught.value)
    assert np.isfinite(twin.free_run(good.samples(0, twin.warm_up + 1))).all()


def test_a_static_parameter_that_it_does_not_know_changes_nothing() -> None:
    twin = made()
    good = trace_for(twin)
    more = replace(good, parameters={"another": Parameter(value=7.0), **good.parameters, "zeta": Parameter(value=1.0)})
    assert np.array_equal(twin.free_run(more), twin.free_run(good))
    assert set(twin.predict(more).parameters) == set(more.parameters)


def test_a_static_parameter_in_another_unit_is_refused() -> None:
    twin = made()
    wrong = replace(trace_for(twin), parameters={"constant0": Parameter(value=0.5, unit="T")})
    with pytest.raises(ValueError, match="constant0' must be in 'm', got 'T'"):
        twin.free_run(wrong)


def test_a_drive_outside_the_trained_range_is_a_warning_that_names_it_and_the_run_goes_on() -> None:
    twin = made()
    good = trace_for(twin)
    values = good.drive.values.copy()
    values[40, 1] = 2.5
    with pytest.warns(UserWarning, match=r"drive 'u1' goes from .* to 2\.5 A, outside the trained range -2 to 2 A"):
        run = twin.free_run(changed(good, "drive", values=values))
    assert np.isfinite(run).all()
    far = replace(good, parameters={"constant0": Parameter(value=3.0, unit="m")})
    with pytest.warns(UserWarning, match="'constant0' goes from 3 to 3 m, outside the trained range"):
        twin.free_run(far)
    values[40, 1] = 2.03  # within one per cent of the width
    twin.free_run(changed(good, "drive", values=values))


def test_a_run_that_diverges_says_when_and_why(duffing_twin: Surrogate) -> None:
    trace = duffing(random_levels(300, 5))
    strong = changed(trace, "drive", values=1e6 * trace.drive.values)
    with pytest.warns(UserWarning, match="outside the trained range"):
        with pytest.raises(
            ValueError, match=r"diverged at .* s \(sample \d+\); the drive is probably outside"
        ) as caught:
            duffing_twin.predict(strong)
    assert "\n" not in str(caught.value)


def test_a_constant_of_all_training_traces_may_be_left_out_but_not_changed_silently() -> None:
    twin = made()
    good = trace_for(twin)
    assert "mass" not in good.parameters
    run = twin.free_run(good)
    same = replace(good, parameters={**good.parameters, "mass": Parameter(value=2.0, unit="kg")})
    assert np.array_equal(twin.free_run(same), run)
    other = replace(good, parameters={**good.parameters, "mass": Parameter(value=3.0, unit="kg")})
    with pytest.warns(UserWarning, match="'mass' is 3 kg, but all training traces had 2 kg"):
        assert np.array_equal(twin.free_run(other), run)
