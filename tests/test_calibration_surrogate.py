"""Static parameters of a surrogate: exact derivatives, values never seen, and what is found from a trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.calibration import calibrate, check
from spinode.calibration.candidate import Windows
from spinode.calibration.learned import learned_candidate
from spinode.calibration.unknowns import Unknown
from spinode.simulate import simulate
from spinode.surrogate import Surrogate, fit
from spinode.surrogate.parameter_tangents import parameter_runs
from spinode.surrogate.rollout import free_runs
from spinode.traces import Parameter, Trace, TraceSet
from tests.known_devices import FAST, duffing, made, nrmse, random_levels, trace_for, with_stiffness
from tests.known_oscillator import noisy
from tests.tolerances import LEARNED

TRAINED = (0.8, 1.0, 1.2)
DIFFERENCES = 1e-6
"""Relative error of a central difference with a step of 1e-5."""


@pytest.fixture(scope="module")
def stiffness_twin() -> Surrogate:
    """Surrogate of Duffing oscillators of three stiffnesses."""
    traces = [with_stiffness(random_levels(700, n), k, f"k{k}") for n, k in enumerate(TRAINED)]
    return fit(TraceSet(tuple(traces)), FAST, name="duffing")


def unseen(stiffness: float, seed: int = 50, count: int = 1601) -> Trace:
    """A hundred turns of an oscillator that was not in the training."""
    return with_stiffness(random_levels(count, seed, hold=7, most=0.9), stiffness, f"k{stiffness}")


@pytest.mark.parametrize("hidden", [(), (3,), (4, 4)])
def test_derivatives_to_static_parameters_are_those_of_the_run_itself(hidden: tuple[int, ...]) -> None:
    twin = made(inputs=1, parameters=2, hidden=hidden)
    trace = trace_for(twin, 60)
    unknowns = tuple(Unknown(name=f"constant{n}", unit="m", low=-1.0, high=2.0) for n in (0, 1))
    candidate = learned_candidate(twin, trace, unknowns)
    q = np.array([0.2, -0.4])
    windows = Windows(starts=np.array([10, 25]), steps=30, initial=np.array([[0.1, -0.2], [0.3, 0.1]]))
    exact, step = candidate.tangent(q, windows), 1e-5
    for column, row in enumerate(np.eye(4)):
        ends = []
        for sign in (1, -1):
            moved = replace(windows, initial=windows.initial + sign * step * row[2:])
            ends.append(candidate.run(q + sign * step * row[:2], moved))
        slope = (ends[0] - ends[1]).reshape(2, -1) / (2 * step)
        assert np.allclose(exact[:, :, column], slope, atol=DIFFERENCES * np.abs(slope).max())


def test_derivatives_of_a_field_with_modes_reach_the_right_variables() -> None:
    base = made(inputs=1, parameters=1, hidden=(3,))
    shape = replace(base.shape, states=4, modes=2, hidden=(3,))
    theta = 0.05 * np.random.default_rng(1).standard_normal(shape.size)
    drive = np.random.default_rng(2).uniform(-1, 1, (40, 4, 2))
    initial, starts, step = np.full((1, 4), 0.1), np.array([0]), 1e-5
    exact = parameter_runs(shape.sizes, theta, initial, (starts, 30, 1), np.array([1]), drive)
    ends = []
    for sign in (1, -1):
        moved = drive.copy()
        moved[:, :, 1] += sign * step
        ends.append(free_runs(shape.sizes, theta, initial, starts, 30, moved)[0, :, 0])
    slope = (ends[0] - ends[1]) / (2 * step)
    assert np.allclose(exact[0, :, 0], slope, atol=DIFFERENCES * np.abs(slope).max())


@pytest.mark.parametrize("stiffness", [0.87, 1.13, 0.75, 1.25])
def test_a_stiffness_never_seen_is_predicted_inside_and_just_outside_the_training(
    stiffness: float, stiffness_twin: Surrogate
) -> None:
    trace = unseen(stiffness)
    if TRAINED[0] <= stiffness <= TRAINED[-1]:
        assert nrmse(stiffness_twin, trace) < LEARNED
    else:
        with pytest.warns(UserWarning, match="outside the trained range 0.8 to 1.2"):
            assert nrmse(stiffness_twin, trace) < LEARNED


def test_the_parameter_matters_to_the_surrogate(stiffness_twin: Surrogate) -> None:
    trace = unseen(0.87)
    wrong = replace(trace, parameters={**trace.parameters, "stiffness": Parameter(value=1.13, unit="N/m")})
    assert nrmse(stiffness_twin, wrong) > 20 * nrmse(stiffness_twin, trace)


@pytest.mark.parametrize(("stiffness", "verdict"), [(0.91, "fits"), (1.25, "outside the trained range")])
def test_the_stiffness_of_a_new_device_is_found_to_two_percent(
    stiffness: float, verdict: str, stiffness_twin: Surrogate
) -> None:
    trace = noisy(unseen(stiffness), 30, np.random.default_rng(2))
    hidden = replace(trace, parameters={"mass": trace.parameters["mass"]})
    found = calibrate(stiffness_twin, hidden)
    assert found.accepted and found["stiffness"].verdict == verdict
    assert found["stiffness"].value == pytest.approx(stiffness, rel=0.02)
    calibrated = found.calibrated
    assert isinstance(calibrated, Surrogate)
    assert calibrated.parameters["stiffness"].value == found["stiffness"].value
    again = simulate(calibrated, trace.drive, initial=calibrated.initial_from(trace))
    assert np.isfinite(again.output.values).all()


def coverage(twin: Surrogate, knowns: tuple[float, ...], trials: int, count: int) -> list[bool]:
    """Whether the interval holds the truth, for devices never seen, each with a drive and a noise of its own."""
    rng, hits = np.random.default_rng(9), []
    checks = check(twin, TraceSet(tuple(noisy(unseen(k, 20 + n, count), 40, rng) for n, k in enumerate(knowns))))
    for seed in range(60, 60 + trials):
        truth = float(rng.uniform(0.82, 1.18))
        estimate = calibrate(twin, noisy(unseen(truth, seed, count), 30, rng), checks=checks)["stiffness"]
        assert estimate.value == pytest.approx(truth, rel=0.02)
        hits.append(estimate.low <= truth <= estimate.high)
    return hits


def test_intervals_of_a_checked_surrogate_hold_the_truth(stiffness_twin: Surrogate) -> None:
    assert sum(coverage(stiffness_twin, (0.83, 0.97, 1.15), 4, 400)) >= 3


@pytest.mark.slow
def test_intervals_of_a_checked_surrogate_cover_over_forty_devices(stiffness_twin: Surrogate) -> None:
    hits = coverage(stiffness_twin, (0.83, 0.88, 0.92, 0.97, 1.04, 1.08, 1.12, 1.16), 40, 1601)
    print(f"coverage {np.mean(hits):.0%}")
    assert 0.88 <= np.mean(hits) <= 1.0


def test_checks_of_other_unknowns_are_refused(stiffness_twin: Surrogate) -> None:
    trace = unseen(1.0, 51, 400)
    checks = check(stiffness_twin, TraceSet((trace,)))
    with pytest.raises(ValueError, match="for the same unknowns and ranges"):
        calibrate(stiffness_twin, trace, {"stiffness": (0.9, 1.1)}, checks=checks)
    bare = replace(trace, parameters={"mass": trace.parameters["mass"]})
    with pytest.raises(ValueError, match="check trace 'k1.0': parameter 'stiffness' is not there"):
        check(stiffness_twin, TraceSet((bare,)))


def test_an_unchecked_surrogate_says_what_its_errors_leave_out(stiffness_twin: Surrogate) -> None:
    found = calibrate(stiffness_twin, unseen(1.0, 51, 600))
    assert any("give checks" in note for note in found.notes)


def test_a_trace_of_another_kind_of_device_does_not_fit_the_surrogate(stiffness_twin: Surrogate) -> None:
    trace = unseen(1.0, 52, 600)
    other = duffing(trace.drive.values[:, 0], stiffness=3.0)  # twice the frequency of anything in the training
    found = calibrate(stiffness_twin, replace(other, parameters=trace.parameters))
    assert found.verdict == "does not fit" and found.calibrated is None
    assert not found["stiffness"].known
    shuffled = replace(
        trace, output=replace(trace.output, values=np.random.default_rng(1).permutation(trace.output.values))
    )
    assert calibrate(stiffness_twin, shuffled).verdict == "does not fit"


def test_what_a_surrogate_does_not_know_is_one_line(stiffness_twin: Surrogate, duffing_twin: Surrogate) -> None:
    trace = unseen(1.0, 53, 400)
    for twin, given, wanted, says in (
        (duffing_twin, duffing(random_levels(400, 1)), (), "has no static parameter to find"),
        (stiffness_twin, trace, ["stifness"], "is not there; closest: stiffness"),
        (stiffness_twin, trace, ["mass"], "'mass' had one value in all traces"),
        (stiffness_twin, trace.samples(0, 9), (), "must have more than"),
    ):
        with pytest.raises(ValueError, match=says) as error:
            calibrate(twin, given, wanted)
        assert "\n" not in str(error.value)
