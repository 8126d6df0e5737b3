"""The integrator: orders of convergence, drives, ensembles, noise and refusals."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np
import pytest

import spinode.integrator
import spinode.simulate
from spinode.devices import VortexOscillator
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join
from spinode.integrator import DivergedError, Execution, Members, integrate
from spinode.signals import STAGES, Channel, Signal, signal_of, stage_values
from spinode.simulate import simulate, simulate_ensemble, simulate_to
from tests.problems import (
    LINEAR,
    Relaxation,
    ReplayedPaths,
    U,
    cosine_drive,
    order,
    relaxation_to_cosine,
    relaxation_to_holds,
)
from tests.tolerances import ORDER, ROUNDING


def noisy_device() -> Relaxation:
    return Relaxation(spread=0.3)


def test_runge_kutta_is_of_fourth_order_with_a_smooth_drive() -> None:
    steps = 0.2 / 2.0 ** np.arange(4)
    errors = []
    for dt in steps:
        table = DriveTable(
            values=cosine_drive(round(4 / dt) + 1, dt, 2.0).values[:, None], holds=np.array([False]), dt=dt
        )
        output, _ = integrate(LINEAR, Members(parameters=np.array([[1.5, 0.0]]), initial=np.ones((1, 1))), table, 2)
        exact = relaxation_to_cosine(dt * np.arange(len(output)), 1.5, 2.0)
        errors.append(np.abs(output[:, 0, 0] - exact).max())
    assert order(steps, np.array(errors)) == pytest.approx(4, abs=ORDER)


def test_runge_kutta_is_of_fourth_order_with_a_held_drive() -> None:
    levels = np.random.default_rng(3).uniform(-1, 1, 20)
    substeps = 2 ** np.arange(2, 6)
    errors = []
    for number in substeps:
        table = DriveTable(values=levels[:, None, None], holds=np.array([True]), dt=0.5, substeps=int(number))
        output, _ = integrate(LINEAR, Members(parameters=np.array([[2.0, 0.0]]), initial=np.ones((1, 1))), table, 2)
        errors.append(np.abs(output[:, 0, 0] - relaxation_to_holds(levels, 0.5, 2.0)).max())
    assert order(0.5 / substeps, np.array(errors)) == pytest.approx(4, abs=ORDER)


def test_heun_is_of_strong_order_one_for_noise_that_commutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spinode.integrator, "NormalNumbers", ReplayedPaths)
    paths, finest, rate, spread = 400, 512, 0.5, 0.8
    fine = np.random.default_rng(5).standard_normal((paths, finest))
    exact = np.exp(-rate + spread * fine.sum(axis=1) / np.sqrt(finest))
    steps, errors = [], []
    for coarse in (4, 8, 16, 32):
        count = finest // coarse
        increments = fine.reshape(paths, count, coarse).sum(axis=2) / np.sqrt(coarse)
        table = DriveTable(values=np.zeros((count + 1, 1, 1)), holds=np.array([True]), dt=1 / count)
        packed = np.tile([rate, spread], (paths, 1))
        members = Members(parameters=packed, initial=np.ones((paths, 1)), rngs=list(increments))  # type: ignore[arg-type]
        _, state = integrate(LINEAR, members, table, 2)
        steps.append(1 / count)
        errors.append(np.abs(state[:, 0] - exact).mean())
    assert order(np.array(steps), np.array(errors)) == pytest.approx(1, abs=ORDER)


def test_stratonovich_noise_keeps_the_mean_of_the_logarithm() -> None:
    members = [Relaxation(rate=0.5, spread=0.3)] * 4000
    traces = simulate_ensemble(members, constant(U, Sampling(duration=1.0, dt=0.05), 0.0), rng=np.random.default_rng(2))
    logs = np.log([trace.output.values[-1, 0] for trace in traces])
    assert logs.mean() == pytest.approx(-0.5, abs=4 * 0.3 / np.sqrt(4000))
    assert logs.std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("count", [2, 3, 4, 9])
@pytest.mark.parametrize("substeps", [1, 3])
def test_the_compiled_loop_interpolates_as_stage_values_does(count: int, substeps: int) -> None:
    signal = signal_of(np.random.default_rng(1).normal(size=count), 0.1, U)
    table = DriveTable(values=signal.values[:, None], holds=signal.holds, dt=0.1, substeps=substeps)
    weights, nodes = table.weights(), min(4, count)
    ours = []
    for number in range((count - 1) * substeps):
        sample, substep = divmod(number, substeps)
        base = min(max(sample - 1, 0), count - nodes)
        ours.append(weights[sample - base, substep] @ signal.values[base : base + nodes])
    expected = stage_values(signal, 0, (count - 1) * substeps, substeps, STAGES)
    np.testing.assert_allclose(np.array(ours), expected, atol=ROUNDING)


def test_a_readout_sees_the_drive_of_its_own_sample() -> None:
    levels = np.random.default_rng(4).uniform(-1, 1, 30)
    for hold in (True, False):
        trace = simulate(Relaxation(), signal_of(levels, 0.1, replace(U, hold=hold)))
        np.testing.assert_array_equal(trace.output.column("seen"), levels)


@pytest.mark.parametrize("seed", [None, 7])
def test_an_ensemble_equals_its_members_run_alone_bit_for_bit(seed: int | None) -> None:
    devices = [Relaxation(rate=rate, spread=0.2) for rate in (0.5, 1.0, 2.0)]
    drives = [cosine_drive(200, 0.1, omega) for omega in (1.0, 2.0, 3.0)]
    together = simulate_ensemble(devices, drives, rng=None if seed is None else np.random.default_rng(seed))
    rng = None if seed is None else np.random.default_rng(seed)
    for device, drive, trace in zip(devices, drives, together, strict=True):
        alone = simulate(device, drive, rng=rng)
        np.testing.assert_array_equal(trace.output.values, alone.output.values)
        assert trace.drive is drive


def test_one_drive_for_all_members_equals_copies_of_it() -> None:
    devices = [Relaxation(rate=rate) for rate in (0.5, 2.0)]
    drive = cosine_drive(50, 0.1, 2.0)
    shared, copied = simulate_ensemble(devices, drive), simulate_ensemble(devices, [drive, drive])
    for one, other in zip(shared, copied, strict=True):
        np.testing.assert_array_equal(one.output.values, other.output.values)


@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize("seed", [None, 11])
def test_the_size_of_the_blocks_changes_nothing(seed: int | None, hold: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    smooth = cosine_drive(60, 0.1, 2.0)
    drive = replace(smooth, channels=(replace(U, hold=hold),))

    def run() -> np.ndarray:
        rng = None if seed is None else np.random.default_rng(seed)
        traces = simulate_ensemble([noisy_device()] * 3, drive, rng=rng, substeps=4)
        return np.array([trace.output.values for trace in traces])

    whole = run()
    for block in (1, 10, 21):
        monkeypatch.setattr(spinode.integrator, "BLOCK", block)
        monkeypatch.setattr(spinode.integrator, "NOISE_BLOCK", block)
        np.testing.assert_array_equal(run(), whole)


@pytest.mark.parametrize("seed", [None, 11])
def test_workers_and_groups_change_nothing(seed: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [Relaxation(rate=0.5 + 0.1 * number, spread=0.3) for number in range(13)]
    drive = cosine_drive(60, 0.1, 2.0)

    def run(workers: int | None) -> np.ndarray:
        rng = None if seed is None else np.random.default_rng(seed)
        traces = simulate_ensemble(devices, drive, rng=rng, execution=Execution(workers=workers))
        return np.array([trace.output.values for trace in traces])

    whole = run(1)
    for group in (1, 40, 100):  # 1, 4 and 9 members side by side
        monkeypatch.setattr(spinode.integrator, "GROUP", group)
        for workers in (None, 1, 2, 5):
            np.testing.assert_array_equal(run(workers), whole)


def test_progress_ends_at_one_and_an_interrupt_in_it_stops_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spinode.integrator, "GROUP", 40)
    monkeypatch.setattr(spinode.integrator, "BLOCK", 32)
    devices, drive, parts = [Relaxation()] * 30, cosine_drive(400, 0.1, 2.0), list[float]()
    simulate_ensemble(devices, drive, execution=Execution(workers=3, advance=parts.append))
    assert parts == sorted(parts) and parts[-1] == 1 and len(parts) > 100
    seen: list[float] = []

    def interrupt(part: float) -> None:
        seen.append(part)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_ensemble(devices, drive, execution=Execution(workers=3, advance=interrupt))
    assert len(seen) < 20
    with pytest.raises(ValueError, match="Execution.workers must be at least 1, got 0"):
        Execution(workers=0)


def test_a_run_to_an_accuracy_is_as_right_as_it_says() -> None:
    levels = np.random.default_rng(3).uniform(-1, 1, 20)
    exact = relaxation_to_holds(levels, 0.5, 2.0)
    steps = []
    for accuracy in (1e-3, 1e-6, 1e-9):
        trace = simulate_to(accuracy, Relaxation(rate=2.0, step=0.5), signal_of(levels, 0.5, replace(U, hold=True)))
        assert np.abs(trace.output.column("x") - exact).max() < accuracy * np.ptp(exact)
        steps.append(float(re.findall(r"step ([\d.e-]+) s", trace.source)[0]))
    assert steps == sorted(steps, reverse=True) and steps[-1] < steps[0]
    with pytest.raises(ValueError, match="accuracy must be 1e-12 to 0.1 of an output's range, got 1"):
        simulate_to(1.0, Relaxation(), cosine_drive(9, 0.1, 2.0))


def test_an_accuracy_out_of_reach_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spinode.simulate, "MOST_HALVINGS", 1)
    with pytest.raises(ValueError, match="accuracy 1e-12 was not reached by relaxation: the output still changes by"):
        simulate_to(1e-12, Relaxation(rate=1.5), cosine_drive(100, 0.1, 2.0))


def test_noise_at_zero_temperature_is_refused() -> None:
    cold, sampling = VortexOscillator(temperature=0), Sampling(duration=5e-9, dt=1e-10)
    drive = join(*(constant(channel, sampling, 0.0) for channel in cold.inputs))
    with pytest.raises(ValueError, match="VortexOscillator.temperature must be above 0 K where noise is asked for"):
        simulate(cold, drive, rng=np.random.default_rng(1))
    warm = simulate_ensemble([cold, VortexOscillator()], drive, rng=np.random.default_rng(1))
    quiet = simulate(cold, drive)
    np.testing.assert_allclose(warm["member-0"].output.values, quiet.output.values, atol=1e-9)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    drive = cosine_drive(50, 0.1, 2.0)
    one, same, other = (
        simulate(noisy_device(), drive, rng=np.random.default_rng(seed)).output.values for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_members_of_an_ensemble_have_independent_noise() -> None:
    drive = constant(U, Sampling(duration=100.0, dt=0.1), 0.0)
    traces = simulate_ensemble([Relaxation(rate=1e-3, spread=0.01)] * 2, drive, rng=np.random.default_rng(1))
    first, second = (np.diff(np.log(trace.output.column("x"))) for trace in traces)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(first))


def test_global_random_state_is_neither_read_nor_changed() -> None:
    before, python = np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index]  # noqa: NPY002
    simulate(noisy_device(), cosine_drive(50, 0.1, 2.0), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index]  # noqa: NPY002
    assert random.getstate() == python


def test_the_trace_carries_drive_parameters_start_and_method() -> None:
    drive = Signal(values=np.zeros((5, 1)), dt=0.1, channels=(U,), start=2.0)
    trace = simulate(Relaxation(rate=3.0), drive, name="run")
    assert trace.drive is drive and trace.output.start == 2.0 and trace.name == "run"
    assert trace.parameters["rate"].value == 3.0 and trace.parameters["rate"].unit == "1/s"
    assert trace.source == "simulated relaxation, Runge-Kutta 4, step 0.1 s"


def test_the_step_is_the_device_step_or_finer() -> None:
    drive = constant(U, Sampling(duration=1.0, dt=0.25), 0.0)
    assert "step 0.0833333 s" in simulate(Relaxation(), drive).source
    assert "step 0.05 s" in simulate(Relaxation(), drive, substeps=5).source
    with pytest.raises(ValueError, match="at most 0.1 s for relaxation, got 2 .* try 3"):
        simulate(Relaxation(), drive, substeps=2)


def test_channels_are_matched_by_name_not_by_place() -> None:
    vortex, sampling = VortexOscillator(), Sampling(duration=5e-9, dt=1e-10)
    current, field = (constant(channel, sampling, 1e-3) for channel in vortex.inputs)
    one, other = simulate(vortex, join(current, field)), simulate(vortex, join(field, current))
    np.testing.assert_array_equal(one.output.values, other.output.values)


def drive_of(*channels: Channel, count: int = 4) -> Signal:
    return Signal(values=np.zeros((count, len(channels))), dt=0.1, channels=channels)


@pytest.mark.parametrize(
    ("drive", "message"),
    [
        (drive_of(Channel(name="v")), "drive of relaxation: input 'u' is not there"),
        (drive_of(U, Channel(name="v")), "drive of relaxation: channel 'v' is not there; known: u"),
        (drive_of(Channel(name="u", unit="T")), r"'u' of relaxation must be in \[\], got \[T\]"),
        (drive_of(U, count=1), "at least 2 samples, got 1"),
    ],
)
def test_a_drive_that_does_not_fit_is_refused(drive: Signal, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(Relaxation(), drive)


def test_an_ensemble_that_does_not_fit_is_refused() -> None:
    device, drive = Relaxation(), drive_of(U)
    with pytest.raises(ValueError, match="at least one device"):
        simulate_ensemble([], drive)
    with pytest.raises(ValueError, match="one drive or one each of 3, got 2"):
        simulate_ensemble([device] * 3, [drive, drive])
    with pytest.raises(ValueError, match="share length, dt and start"):
        simulate_ensemble([device] * 2, [drive, drive_of(U, count=5)])
    with pytest.raises(ValueError, match="devices of one kind"):
        simulate_ensemble([device, VortexOscillator()], drive)
    with pytest.raises(ValueError, match=r"initial must have shape \(1, 1\), got \(1, 2\)"):
        simulate(device, drive, initial=[1.0, 2.0])
    with pytest.raises(ValueError, match="try a drive with dt below"):
        simulate(device, replace(drive, dt=1e6))


def test_a_run_that_diverges_names_member_time_state_and_cause() -> None:
    drive = constant(U, Sampling(duration=200.0, dt=0.1), 0.0)
    with pytest.raises(
        DivergedError, match=r"relaxation \(member 1\) diverged at .* s with x = .*try more substeps"
    ) as e:
        simulate_ensemble([Relaxation(), Relaxation(rate=-10.0)], drive)
    assert e.value.member == 1
    # e^(10 t) passes 1e300 at 30 ln 10 = 69.08 s; the method's own error, (10 h)^5/120 a step, delays it
    assert e.value.time == pytest.approx(69.08, rel=0.01)


def test_a_state_beyond_the_limits_of_its_device_stops_the_run() -> None:
    drive = constant(U, Sampling(duration=10.0, dt=0.1), 3.0)
    with pytest.raises(DivergedError, match="left the range in which the equations hold") as caught:
        simulate(Relaxation(limits=(2.0,)), drive)
    assert caught.value.state[0] > 2
    assert caught.value.time == pytest.approx(np.log(2), abs=0.1)  # x = 3 - 2 e^-t


def test_a_state_that_is_not_a_number_stops_the_run() -> None:
    with pytest.raises(DivergedError, match="x = nan"):
        simulate(Relaxation(), drive_of(U), initial=[np.nan])


def test_a_kernel_without_the_signature_is_refused_with_what_to_write() -> None:
    members = Members(parameters=np.array([[1.0, 0.0]]), initial=np.ones((1, 1)))
    table = DriveTable(values=np.zeros((3, 1, 1)), holds=np.array([True]), dt=0.1)
    with pytest.raises(ValueError, match="must be compiled with the signature KERNEL; try @njit"):
        integrate(replace(LINEAR, rhs=lambda state, drive, parameters, result: None), members, table, 2)
