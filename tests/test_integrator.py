"""The integrator below ``simulate``: other numbers of states and inputs, and how a run is shared out."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import spinode.integrator
from spinode.compiled import LANES
from spinode.devices import Device, DomainWall, EnvelopeOscillator, NbOxNeuron, VortexOscillator
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join
from spinode.integrator import Execution, Members, _lanes, integrate
from spinode.signals import FloatArray
from spinode.simulate import simulate, simulate_ensemble
from tests.problems import Relaxation, ReplayedPaths, cosine_drive
from tests.tolerances import COMPOSED, SOLVED

HELD: dict[Device, dict[str, float]] = {
    EnvelopeOscillator(): {"current": 6e-3},  # one state, one input
    VortexOscillator(temperature=0.0): {"current": 4e-3, "field": 1e-3},  # two of both
    DomainWall(temperature=0.0): {"current_density": 2e11, "field": 1e-3, "gate": 0.0},  # more inputs than states
    NbOxNeuron(): {"voltage": 1.5, "current": 0.0},  # more states than inputs
}


def by_another_solver(device: Device, levels: FloatArray, time: FloatArray) -> FloatArray:
    """States (T, S) that scipy's solver makes of the same compiled right-hand side."""
    parameters, drive = device.packed()[:, None].copy(), levels[:, None].copy()

    def rate(_: float, state: FloatArray) -> FloatArray:
        result = np.zeros((len(state), 1))
        device.kernel.rhs(np.ascontiguousarray(state[:, None]), drive, parameters, result)
        return result[:, 0]

    found = solve_ivp(rate, (time[0], time[-1]), device.initial(), "DOP853", time, rtol=1e-11, atol=1e-30)
    assert found.success
    return np.asarray(found.y.T)


@pytest.mark.parametrize("device", HELD, ids=lambda device: device.name)
@pytest.mark.parametrize("copies", [1, 3, 2 * LANES + 3])
def test_a_run_of_any_numbers_of_states_and_inputs_is_that_of_another_solver(device: Device, copies: int) -> None:
    sampling = Sampling(duration=400 * device.step, dt=4 * device.step)
    levels = [HELD[device][channel.name] for channel in device.inputs]
    drive = join(*(constant(channel, sampling, level) for channel, level in zip(device.inputs, levels, strict=True)))
    table = DriveTable(
        values=np.repeat(drive.values[:, None], copies, axis=1), holds=drive.holds, dt=sampling.dt, substeps=4
    )
    members = Members(parameters=np.tile(device.packed(), (copies, 1)), initial=np.tile(device.initial(), (copies, 1)))
    _, last = integrate(device.kernel, members, table, len(device.outputs))
    expected = by_another_solver(device, np.array(levels), drive.time)
    scale = np.abs(expected).max(axis=0)
    assert last.shape == (copies, len(device.states))
    assert (np.abs(last - expected[-1]) <= SOLVED * scale).all()
    assert np.array_equal(last, np.tile(last[0], (copies, 1)))


def heun_by_hand(
    device: Device, drive: FloatArray, holds: NDArray[np.bool_], step: float, kicks: FloatArray
) -> FloatArray:
    """States (T, S) of the stochastic Heun method, one step a sample, for increments kicks (T - 1, S)."""
    parameters = device.packed()[:, None].copy()

    def call(kernel: Any, state: FloatArray, levels: FloatArray) -> FloatArray:
        result = np.zeros((len(state), 1))
        kernel(np.ascontiguousarray(state[:, None]), np.ascontiguousarray(levels[:, None]), parameters, result)
        return result[:, 0]

    states = [device.initial()]
    for number, kick in enumerate(np.sqrt(step) * kicks):
        begin, end = drive[number], np.where(holds, drive[number], drive[number + 1])
        now = states[-1]
        rate, spread = (call(kernel, now, begin) for kernel in (device.kernel.rhs, device.kernel.diffusion))
        moved = now + step * rate + spread * kick
        later = [call(kernel, moved, end) for kernel in (device.kernel.rhs, device.kernel.diffusion)]
        states.append(now + 0.5 * (step * (rate + later[0]) + (spread + later[1]) * kick))
    return np.array(states)


@pytest.mark.parametrize("device", [Relaxation(rate=0.5, spread=0.8), VortexOscillator()], ids=lambda each: each.name)
@pytest.mark.parametrize("pattern", [(True, True), (True, False), (False, True), (False, False)])
def test_a_noisy_step_is_that_of_heun_with_held_and_smooth_inputs_side_by_side(
    device: Device, pattern: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spinode.integrator, "NormalNumbers", ReplayedPaths)
    rng, count, step = np.random.default_rng(3), 12, 0.1 if device.name == "relaxation" else device.step
    inputs, size = len(device.inputs), len(device.states)
    holds = np.array(pattern[:inputs])
    drive = rng.uniform(1e-3, 3e-3, (count, inputs))
    kicks = rng.standard_normal((count - 1, size))
    members = Members(
        parameters=device.packed()[None],
        initial=device.initial()[None],
        rngs=[kicks.ravel()],  # type: ignore[list-item]
    )
    table = DriveTable(values=drive[:, None], holds=holds, dt=step)
    _, last = integrate(device.kernel, members, table, len(device.outputs))
    expected = heun_by_hand(device, drive, holds, step, kicks)
    assert np.abs(last[0] - expected[-1]).max() < COMPOSED * np.abs(expected).max()
    assert np.abs(expected[-1] - heun_by_hand(device, drive, holds, step, 0 * kicks)[-1]).max() > 1e-6


def test_threads_are_those_asked_for_and_otherwise_the_cores_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Execution(workers=3).threads == 3
    assert Execution(workers=1).threads == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5}, raising=False)
    assert Execution().threads == 4
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert Execution().threads == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert Execution().threads == 1


def test_members_are_shared_out_in_whole_vectors_that_fit_the_cache() -> None:
    most = spinode.integrator.GROUP
    for count in (1, 7, 8, 9, 100, 1000, 5000):
        for numbers in (5, 20, 100, 700):
            lanes = _lanes(count, numbers)
            assert lanes % LANES == 0 and lanes * numbers <= most
            groups = -(-count // lanes)
            assert lanes < LANES + -(-count // groups)  # about equal: the last one is not a rest
    assert _lanes(10, 1000) == most // 1000  # too large for a vector of them
    assert _lanes(10, 10 * most) == 1


@pytest.mark.parametrize(("workers", "group", "used"), [(1, 40, 0), (4, 10**6, 0), (4, 40, 1)])
def test_a_pool_is_made_only_for_several_groups_and_threads(
    workers: int, group: int, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    pool = spinode.integrator.ThreadPoolExecutor

    def counted(threads: int) -> object:
        made.append(threads)
        return pool(threads)

    monkeypatch.setattr(spinode.integrator, "ThreadPoolExecutor", counted)
    monkeypatch.setattr(spinode.integrator, "GROUP", group)
    simulate_ensemble([Relaxation()] * 20, cosine_drive(20, 0.1, 2.0), execution=Execution(workers=workers))
    assert made == [workers] * used


def test_a_drive_of_another_number_of_members_and_noise_in_long_steps_are_refused() -> None:
    table = DriveTable(values=np.zeros((5, 3, 1)), holds=np.array([True]), dt=0.1)
    members = Members(parameters=np.ones((2, 2)), initial=np.ones((2, 1)))
    with pytest.raises(ValueError, match="must have 1 or 2 columns of members, got 3"):
        integrate(Relaxation().kernel, members, table, 2)
    noisy = Members(parameters=np.ones((1, 2)), initial=np.ones((1, 1)), rngs=[np.random.default_rng(0)])
    table = DriveTable(values=np.zeros((5, 1, 1)), holds=np.array([True]), dt=0.1, order=8)
    with pytest.raises(ValueError, match="order must be 4 where there is noise, got 8"):
        integrate(Relaxation().kernel, noisy, table, 2)


def test_members_and_how_a_run_is_carried_out_cannot_be_changed_afterwards() -> None:
    members = Members(parameters=np.ones((1, 2)), initial=np.ones((1, 1)))
    for made, name in ((members, "initial"), (Execution(), "workers")):
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, None)


def test_a_run_does_not_change_the_initial_states_it_was_given() -> None:
    start = np.ones((2, 1))
    members = Members(parameters=np.ones((2, 2)), initial=start)
    table = DriveTable(values=np.zeros((5, 1, 1)), holds=np.array([True]), dt=0.1)
    seen, last = integrate(Relaxation().kernel, members, table, 2)
    assert (start == 1).all()
    assert np.array_equal(seen[-1, :, 0], last[:, 0])
    assert simulate(Relaxation(), cosine_drive(5, 0.1, 2.0)).output.values[0, 0] == 1
