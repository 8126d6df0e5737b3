"""Fitting against devices whose equations are known: what must be learned, and what must not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinode.signals import Channel, signal_of
from spinode.surrogate import FitProgress, FitSettings, Surrogate, fit, load_surrogate, save_surrogate, training
from spinode.surrogate.checkpoint import read_checkpoint, write_checkpoint
from spinode.surrogate.dataset import make_dataset
from spinode.surrogate.least_squares import Windows, begin, improve
from spinode.surrogate.metrics import dominant_frequency
from spinode.surrogate.training import FitState
from spinode.traces import Trace, TraceSet
from tests.known_devices import (
    DT,
    FAST,
    LIMIT_CYCLE_FREQUENCY,
    duffing,
    limit_cycle,
    nrmse,
    random_levels,
    two_modes,
    with_stiffness,
)
from tests.tolerances import LEARNED, LEARNED_FREQUENCY, NOTHING_LEARNED

SMALL = replace(FAST, degrees=(2,), hidden=(4,), delay=3 * DT)
"""A whole plan, network and hidden pair included, in a second or two."""


def learned(*traces: Trace, settings: FitSettings = FAST) -> Surrogate:
    return fit(TraceSet(traces), settings)


def small_trace(seed: int = 1) -> Trace:
    return duffing(random_levels(400, seed))


def same(first: Surrogate, second: Surrogate) -> bool:
    pairs = ((first.theta, second.theta), (first.encoder.weights, second.encoder.weights))
    return first.shape == second.shape and all(np.array_equal(a, b) for a, b in pairs)


# What must be learned


def test_a_nonlinear_oscillator_is_predicted_under_a_drive_it_was_not_trained_on(duffing_twin: Surrogate) -> None:
    assert nrmse(duffing_twin, duffing(random_levels(1500, 2, hold=7, most=0.9))) < LEARNED
    assert nrmse(duffing_twin, duffing(0.7 * np.sign(np.sin(0.21 * np.arange(1500))))) < LEARNED


def test_two_inputs_are_told_apart() -> None:
    def record(count: int, seed: int, most: float) -> Trace:
        force = random_levels(count, seed, hold=11, most=most)
        return duffing(force, stiffening=random_levels(count, seed + 1, hold=13, most=most))

    twin, test = learned(record(2000, 3, 1.0)), record(1000, 5, 0.9)
    assert nrmse(twin, test) < LEARNED
    values = test.drive.values.copy()
    values[:, 1] = 0.0
    assert nrmse(twin, replace(test, drive=replace(test.drive, values=values))) > 10 * LEARNED


def test_a_static_parameter_is_interpolated() -> None:
    values = (0.7, 0.85, 1.0, 1.15, 1.3)
    twin = learned(*(with_stiffness(random_levels(500, n), k, f"t{n}") for n, k in enumerate(values)))
    test = with_stiffness(random_levels(1000, 9, most=0.8), 0.92, "between")
    assert nrmse(twin, test) < LEARNED
    wrong = {**test.parameters, "stiffness": replace(test.parameters["stiffness"], value=1.3)}
    assert nrmse(twin, replace(test, parameters=wrong)) > 10 * LEARNED


def test_a_limit_cycle_without_inputs_keeps_its_frequency_and_amplitude() -> None:
    twin = learned(*(limit_cycle(500, radius, f"r{radius}") for radius in (0.2, 0.5, 1.5, 2.0)))
    test = limit_cycle(4000, 0.35)
    run = twin.free_run(test)[500:, 0]
    assert dominant_frequency(run, DT) == pytest.approx(LIMIT_CYCLE_FREQUENCY, rel=LEARNED_FREQUENCY)
    assert np.sqrt(2) * run.std() == pytest.approx(1.0, rel=LEARNED)


def test_two_outputs_are_both_predicted() -> None:
    traces = (limit_cycle(500, radius, f"r{radius}", both=True) for radius in (0.2, 0.5, 1.5, 2.0))
    twin = learned(*traces, settings=replace(FAST, order=1))
    test = limit_cycle(2000, 0.35, both=True)
    assert twin.warm_up == 1
    assert max(nrmse(twin, test, 0), nrmse(twin, test, 1)) < LEARNED


def test_a_hidden_mode_is_found_where_the_embedding_order_is_too_low_for_it() -> None:
    twin = learned(two_modes(random_levels(2000, 1)), settings=replace(FAST, degrees=(1,)))
    assert twin.shape.states == 4
    assert nrmse(twin, two_modes(random_levels(1000, 2, hold=7, most=0.9))) < LEARNED


def test_levenberg_marquardt_never_raises_the_cost_and_stops_at_the_best() -> None:
    data = make_dataset(TraceSet((limit_cycle(600, 0.3, both=True),)), 1, 4 * DT, 0.15)
    shape = training.FieldShape(states=2, inputs=0, degree=3)
    theta, states = training._closed_form(data, shape)
    starts = data.starts(30, everything=False)
    now = begin(shape, data.record, theta, Windows(starts=starts, steps=30, initial=states[starts]), 1e-3)
    first = now.cost
    for _ in range(30):
        following = improve(shape, data.record, now, 1e-9)
        assert following.cost <= now.cost * (1 + 1e-3)  # the penalty on theta may trade places with the last digits
        now = following
    assert now.cost < 1e-3 * first


# What must not be learned


def test_without_a_hidden_state_an_oscillator_is_clearly_worse(duffing_twin: Surrogate) -> None:
    alone = learned(duffing(random_levels(1500, 1)), settings=replace(FAST, order=1))
    test = duffing(random_levels(1000, 2, hold=7, most=0.9))
    assert nrmse(alone, test) > 0.5 > 10 * nrmse(duffing_twin, test)


def test_shuffled_outputs_are_not_learned() -> None:
    trace = duffing(random_levels(1500, 1))
    mixed = np.random.default_rng(0).permutation(trace.output.values)
    shuffled = replace(trace, output=replace(trace.output, values=mixed))
    twin = learned(shuffled)
    assert nrmse(twin, duffing(random_levels(1000, 2, most=0.9))) > NOTHING_LEARNED
    assert float(twin.record["held_out_nrmse"]) > NOTHING_LEARNED


# Repetition, time budget, interruption


@pytest.mark.parametrize("degrees", [(2,), (2, 3, 4)])
def test_a_fit_without_time_ends_after_its_first_stage_with_a_surrogate(degrees: tuple[int, ...]) -> None:
    twin = learned(small_trace(), settings=replace(SMALL, degrees=degrees, minutes=1e-9))
    assert np.isfinite(twin.free_run(small_trace())).all()
    assert len(twin.history) == 1


class Stopper:
    """Watches a fit and stops it after some iterations, as Ctrl-C does."""

    def __init__(self, after: int | None = None) -> None:
        self.after, self.seen = after, list[FitProgress]()

    def __call__(self, now: FitProgress) -> None:
        self.seen.append(now)
        if self.after is not None and len(self.seen) >= self.after:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole() -> tuple[Surrogate, list[FitProgress]]:
    """A small fit and what it told after each iteration."""
    watcher = Stopper()
    return fit(TraceSet((small_trace(),)), SMALL, watch=watcher), watcher.seen


def test_the_same_traces_settings_and_seed_give_the_same_surrogate_to_the_bit(
    whole: tuple[Surrogate, list[FitProgress]],
) -> None:
    assert same(learned(small_trace(), settings=SMALL), whole[0])


def test_a_fit_that_was_stopped_again_and_again_goes_on_to_the_same_result(
    tmp_path: Path, whole: tuple[Surrogate, list[FitProgress]]
) -> None:
    traces, path = TraceSet((small_trace(),)), tmp_path / "fit.checkpoint"
    twin, seen = whole
    ends = [number for number, now in enumerate(seen, start=1) if np.isnan(now.error)]  # between two stages
    done = 0
    for stop in sorted({1, 6, ends[1], ends[-2], ends[-2] + 1, len(seen) - 1}):
        with pytest.raises(KeyboardInterrupt):
            fit(traces, SMALL, watch=Stopper(stop - done), checkpoint=path, resume=done > 0)
        done = stop
    rest = Stopper()
    assert same(fit(traces, SMALL, watch=rest, checkpoint=path, resume=True), twin)
    assert len(rest.seen) == len(seen) - done


def test_progress_goes_from_nothing_to_the_end_and_counts_the_time_before_a_stop(tmp_path: Path) -> None:
    traces, path, first, rest = TraceSet((small_trace(),)), tmp_path / "fit.checkpoint", Stopper(20), Stopper()
    with pytest.raises(KeyboardInterrupt):
        fit(traces, SMALL, watch=first, checkpoint=path)
    fit(traces, SMALL, watch=rest, checkpoint=path, resume=True)
    seen = first.seen + rest.seen
    done = [now.done for now in seen]
    assert all(0.0 <= part <= 1.0 for part in done) and done[-1] == 1.0
    assert all(later.seconds >= earlier.seconds for earlier, later in zip(seen, seen[1:], strict=False))
    assert all(later.held_out <= earlier.held_out for earlier, later in zip(seen, seen[1:], strict=False))


def test_a_checkpoint_of_another_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit(TraceSet((small_trace(),)), SMALL, watch=Stopper(3), checkpoint=path)
    renamed = replace(small_trace(), output=signal_of(small_trace().output.values, DT, Channel(name="other")))
    slower = replace(
        small_trace(),
        drive=replace(small_trace().drive, dt=2 * DT),
        output=replace(small_trace().output, dt=2 * DT),
    )
    for trace, settings in (
        (small_trace(2), SMALL),
        (renamed, SMALL),
        (slower, SMALL),
        (small_trace(), replace(SMALL, seed=1)),
        (small_trace(), replace(SMALL, hidden=())),
    ):
        with pytest.raises(ValueError, match="belongs to a fit of other traces or settings") as caught:
            fit(TraceSet((trace,)), settings, checkpoint=path, resume=True)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    more_time = replace(SMALL, minutes=2 * SMALL.minutes)
    assert fit(TraceSet((small_trace(),)), more_time, checkpoint=path, resume=True).theta.size


def test_a_damaged_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    path, traces = tmp_path / "fit.checkpoint", TraceSet((small_trace(),))
    with pytest.raises(KeyboardInterrupt):
        fit(traces, SMALL, watch=Stopper(30), checkpoint=path)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError) as caught:
            fit(traces, SMALL, checkpoint=path, resume=True)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_candidate_that_diverges_spoils_neither_checkpoint_nor_surrogate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, calls = training.held_out_error, list[int]()

    def diverges_first(*words: object) -> float:
        calls.append(1)
        return np.inf if len(calls) == 1 else judge(*words)

    monkeypatch.setattr(training, "held_out_error", diverges_first)
    path, traces = tmp_path / "fit.checkpoint", TraceSet((small_trace(),))
    with pytest.raises(KeyboardInterrupt):
        fit(traces, SMALL, watch=Stopper(40), checkpoint=path)
    twin = fit(traces, SMALL, checkpoint=path, resume=True)
    save_surrogate(tmp_path / "twin.h5", twin)
    assert same(load_surrogate(tmp_path / "twin.h5"), twin)


def test_candidates_that_all_diverge_are_an_error_that_says_what_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "held_out_error", lambda *words: np.inf)
    with pytest.raises(ValueError, match="every candidate diverged on held-out time; try"):
        learned(small_trace(), settings=SMALL)


def test_an_empty_state_and_one_between_stages_survive_the_checkpoint(tmp_path: Path) -> None:
    for state in (FitState(seconds=1.5), FitState(stage=3, seconds=2.0, history=((1.0, 0.5), (1.9, 0.25)))):
        write_checkpoint(tmp_path / "c", "key", state)
        assert read_checkpoint(tmp_path / "c", "key") == state


# Bad input


def test_traces_that_cannot_be_learned_are_named_in_one_line() -> None:
    flat = replace(small_trace(), output=signal_of(np.full(400, 2.5), DT, Channel(name="mz")))
    odd = replace(
        small_trace(),
        name="odd",
        drive=replace(small_trace().drive, dt=2 * DT),
        output=replace(small_trace().output, dt=2 * DT),
    )
    for traces, says in (
        ((flat,), "output 'mz' must change to be learned"),
        ((small_trace(), odd), "trace 'odd' must have the sample interval 4e-11 s"),
        ((small_trace().samples(0, 100),), "must have at least"),
        ((replace(small_trace(), name="long"), small_trace().samples(0, 100)), "trace 'duffing' must have at least"),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            learned(*traces)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    [{"order": 0}, {"order": 7}, {"delay": 0.0}, {"delay": np.nan}, {"degrees": ()}, {"degrees": (0,)}]
    + [{"hidden": (0,)}, {"hidden": (300,)}, {"minutes": 0.0}, {"minutes": np.inf}, {"seed": -1}]
    + [{"held_out": 0.6}, {"ridge": -1.0}, {"hidden": (3, 4)}],
    ids=str,
)
def test_settings_out_of_range_are_named(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=rf"FitSettings\.{next(iter(setting))} must be"):
        FitSettings(**setting)
