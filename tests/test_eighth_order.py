"""The method of eighth order: its conditions, its loop beside plain numpy, and when ``simulate`` takes it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from math import factorial

import numpy as np
import pytest

from spinode.devices import AutoOscillator, Device, VortexOscillator
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join
from spinode.eighth_order import NODES, TABLE
from spinode.integrator import Execution, Members, integrate
from spinode.signals import Signal, signal_of
from spinode.simulate import LONG_STEP, simulate, simulate_ensemble, simulate_to
from tests.problems import LINEAR, Relaxation, U, bernoulli, cosine_drive, order, relaxation_to_cosine
from tests.tolerances import ORDER

Tree = tuple["Tree", ...]
COEFFICIENTS = 1e-14
"""The coefficients have 16 digits and are up to 17 in size."""


def matrix() -> np.ndarray:
    result = np.zeros((len(TABLE), len(NODES)))
    for stage, terms in enumerate(TABLE):
        for slope, weight in terms.items():
            result[stage, slope] = weight
    return result


def trees(nodes: int) -> list[Tree]:
    """All rooted trees with this many nodes, each as the sorted tuple of the subtrees at its root."""
    found = {tuple(sorted(branches)) for branches in forests(nodes - 1, nodes - 1)}
    return sorted(found)


def forests(nodes: int, largest: int) -> Iterator[Tree]:
    if nodes == 0:
        yield ()
        return
    for size in range(min(nodes, largest), 0, -1):
        most = nodes // size
        for count in range(1, most + 1):
            for chosen in combinations_with_replacement(trees(size), count):
                for rest in forests(nodes - count * size, size - 1):
                    yield (*chosen, *rest)


def density(tree: Tree) -> int:
    return size_of(tree) * int(np.prod([density(branch) for branch in tree], dtype=np.int64))


def size_of(tree: Tree) -> int:
    return 1 + sum(size_of(branch) for branch in tree)


def weight_at_slopes(tree: Tree, a: np.ndarray) -> np.ndarray:
    result = np.ones(len(a))
    for branch in tree:
        result = result * (a @ weight_at_slopes(branch, a))
    return result


def test_the_table_meets_every_order_condition_up_to_eight_and_not_all_of_nine() -> None:
    """Butcher's theorem: sum_i b_i Phi_i(t) = 1/gamma(t) for every rooted tree t with at most eight nodes."""
    full = matrix()
    a, b = full[:-1], full[-1]
    counts = [len(trees(nodes)) for nodes in range(1, 10)]
    assert counts == [1, 1, 2, 4, 9, 20, 48, 115, 286]  # the number of rooted trees
    for nodes in range(1, 9):
        for tree in trees(nodes):
            assert b @ weight_at_slopes(tree, a) == pytest.approx(1 / density(tree), abs=COEFFICIENTS)
    ninth = [abs(b @ weight_at_slopes(tree, a) - 1 / density(tree)) for tree in trees(9)]
    assert max(ninth) > 1 / factorial(9) / 10
    np.testing.assert_allclose(a.sum(axis=1), NODES, atol=COEFFICIENTS)


def in_numpy(device: AutoOscillator, drive: Signal, steps: int) -> np.ndarray:
    """State at the end of a held drive, by the table itself."""
    a, step = matrix(), drive.dt / steps
    p = [np.array([[value]]) for value in device.packed()]
    state = device.initial()
    for level in np.repeat(drive.values[:-1], steps, axis=0):
        slopes: list[np.ndarray] = []
        for stage in range(len(NODES)):
            x = state + step * sum((w * k for w, k in zip(a[stage], slopes, strict=False)), np.zeros(2))
            result = np.empty((2, 1))
            device.kernel.rhs(x[:, None].copy(), level[:, None].copy(), np.array(p).reshape(-1, 1), result)
            slopes.append(result[:, 0])
        state = state + step * (a[-1] @ np.array(slopes))
    return state


@pytest.mark.parametrize("count", [1, 5, 8, 19, 150])
def test_the_loop_takes_the_steps_of_the_table_for_any_number_of_members(count: int) -> None:
    rng = np.random.default_rng(count)
    devices = [AutoOscillator(frequency=f) for f in rng.uniform(4e8, 5e8, count)]
    channels = [channel for channel in devices[0].inputs]
    levels = np.column_stack([rng.uniform(2e-3, 4e-3, 4), rng.uniform(-1e6, 1e6, 4)])
    drive = signal_of(levels, 1e-9, *channels)
    table = DriveTable(values=levels[:, None], holds=np.array([True, True]), dt=1e-9, substeps=3, order=8)
    members = Members(
        parameters=np.array([each.packed() for each in devices]), initial=np.tile([0.01, 0.0], (count, 1))
    )
    _, state = integrate(devices[0].kernel, members, table, 1, Execution(workers=1))
    for row in {0, count // 2, count - 1}:
        np.testing.assert_allclose(state[row], in_numpy(devices[row], drive, 3), rtol=1e-12)


def test_the_order_is_at_least_eight_for_a_growing_orbit() -> None:
    """|c|^2 obeys Bernoulli's equation, and its integral the phase. A pure rotation shows order 9 with this table."""
    device = AutoOscillator(frequency_shift=2e9)
    current, time, start = 2 * device.threshold_current, 40e-9, 0.3
    growth, loss = device.damping_rate, device.damping_rate * device.damping_growth
    turned = np.log(1 + start**2 * loss / growth * (np.exp(2 * growth * time) - 1)) / (2 * loss)
    phase = 2 * np.pi * ((device.frequency + device.current_shift * current) * time + device.frequency_shift * turned)
    exact = bernoulli(np.array([time]), start, growth, loss)[0] * np.exp(-1j * phase)
    counts, errors = np.array([360, 480, 640, 860]), []
    for steps in counts:
        values, holds = np.array([[[current, 0.0]]] * 2), np.array([True] * 2)
        table = DriveTable(values=values, holds=holds, dt=time, substeps=int(steps), order=8)
        members = Members(parameters=device.packed()[None], initial=np.array([[start, 0.0]]))
        _, state = integrate(device.kernel, members, table, 1)
        errors.append(abs(complex(*state[0]) - exact))
    assert order(1.0 / counts, np.array(errors)) > 8 - ORDER


def test_a_sampled_cosine_is_followed_to_the_order_of_its_interpolation() -> None:
    errors, steps = [], 0.2 / 2.0 ** np.arange(3)
    for dt in steps:
        drive = cosine_drive(round(4 / dt) + 1, dt, 2.0)
        table = DriveTable(values=drive.values[:, None], holds=np.array([False]), dt=dt, order=8)
        output, _ = integrate(LINEAR, Members(parameters=np.array([[1.5, 0.0]]), initial=np.ones((1, 1))), table, 2)
        errors.append(np.abs(output[:, 0, 0] - relaxation_to_cosine(dt * np.arange(len(output)), 1.5, 2.0)).max())
    assert order(steps, np.array(errors)) > 4 - ORDER


def test_a_smooth_drive_is_seen_at_every_slope() -> None:
    """The drive is a parabola, which its cubics carry exactly, and so does the answer."""
    time = 0.25 * np.arange(33)
    table = DriveTable(values=(time**2)[:, None, None], holds=np.array([False]), dt=0.25, order=8)
    output, _ = integrate(LINEAR, Members(parameters=np.array([[2.0, 0.0]]), initial=np.ones((1, 1))), table, 2)
    exact = time**2 / 2 - time / 2 + 0.25 + 0.75 * np.exp(-2 * time)
    np.testing.assert_allclose(output[:, 0, 0], exact, atol=1e-10)


def steady(device: Device, current: float, dt: float) -> Signal:
    sampling = Sampling(duration=200e-9, dt=dt)
    return join(*(constant(c, sampling, v) for c, v in zip(device.inputs, (current, 1e-3), strict=True)))


@pytest.mark.parametrize("device", [VortexOscillator(temperature=0.0), AutoOscillator(temperature=0.0)])
@pytest.mark.parametrize("dt", [0.2e-9, 0.5e-9, 1e-9])
@pytest.mark.parametrize("current", [1e-3, 3.5e-3])
def test_long_steps_of_a_smooth_device_are_at_least_as_exact_as_its_own_steps(
    device: Device, dt: float, current: float
) -> None:
    drive = steady(device, current, dt)
    exact = simulate_to(1e-11, device, drive).output.values
    long, short = simulate(device, drive), simulate(device, drive, substeps=int(np.ceil(dt / device.step)))
    assert "Runge-Kutta 8" in long.source and "Runge-Kutta 4" in short.source
    apart = [np.abs(trace.output.values - exact).max() for trace in (long, short)]
    assert apart[0] <= apart[1]


def test_the_orbit_that_expels_the_core_is_the_same_with_long_steps() -> None:
    device = VortexOscillator(temperature=0.0)
    drive = steady(device, 5.2e-3, 1e-9)
    times = []
    for substeps in (None, 60):
        with pytest.raises(ValueError, match="it left the range") as caught:
            simulate(device, drive, initial=[0.3, 0.0], substeps=substeps)
        times.append(caught.value.time)  # type: ignore[attr-defined]
    assert times[0] == pytest.approx(times[1], rel=0.02)
    assert simulate(device, steady(device, 4.6e-3, 1e-9), initial=[0.3, 0.0]).output.values.std() > 0


def test_short_samples_noise_and_equations_with_kinks_keep_the_short_steps() -> None:
    device = VortexOscillator()
    short = steady(device, 3e-3, 2 * device.step)
    assert "Runge-Kutta 4" in simulate(device, short).source
    assert "stochastic Heun" in simulate(device, steady(device, 3e-3, 1e-9), rng=np.random.default_rng(1)).source
    kinked = constant(U, Sampling(duration=LONG_STEP, dt=LONG_STEP / 4), 0.0)
    assert "Runge-Kutta 4" in simulate(Relaxation(), kinked).source
    members = Members(parameters=np.ones((1, 2)), initial=np.ones((1, 1)), rngs=[np.random.default_rng(1)])
    table = DriveTable(values=np.zeros((2, 1, 1)), holds=np.array([True]), dt=0.1, order=8)
    with pytest.raises(ValueError, match="order must be 4 where there is noise, got 8"):
        integrate(LINEAR, members, table, 2)
    with pytest.raises(ValueError, match="order must be 4 or 8, got 5"):
        DriveTable(values=np.zeros((2, 1, 1)), holds=np.array([True]), dt=0.1, order=5)


def test_members_with_long_steps_equal_the_same_run_alone_bit_for_bit() -> None:
    devices = [VortexOscillator(radius=radius, temperature=0.0) for radius in np.linspace(90e-9, 110e-9, 21)]
    drive = steady(devices[0], 3e-3, 1e-9)
    finest = min(devices, key=lambda device: device.step)
    together = simulate_ensemble([*devices, finest], drive)
    assert "Runge-Kutta 8" in together["member-0"].source
    for first, last in ((0, 5), (5, 21)):
        part = simulate_ensemble([*devices[first:last], finest], drive)
        for row in range(last - first):
            here = part[f"member-{row}"].output.values
            np.testing.assert_array_equal(here, together[f"member-{first + row}"].output.values)
