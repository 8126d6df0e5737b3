"""The surrogate in torch: same numbers as the compiled run, right gradients, and a field that torch alone can load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spinode.simulate import simulate
from spinode.surrogate import Surrogate
from spinode.surrogate.differentiable import TorchSolver, TorchTwin, export_field, torch_run
from spinode.traces import Trace
from tests.known_devices import duffing, made, random_levels, trace_for

SAME_STEPS = 1e-9
"""Two orders of the same sums over some hundred steps, in deviations."""
SOLVED = 1e-6
"""An adaptive run at rtol 1e-9 beside Runge-Kutta at a sixteenth of a sample, in deviations."""
GRADIENT = 1e-4
"""Relative error of an adjoint gradient at rtol 1e-7."""


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Held levels that jump every 7 samples, not where a solver would step by itself."""
    return duffing(random_levels(90, 9, hold=7, most=0.9))


def difference(twin: Surrogate, one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / twin.scaling.output_scale[0])


def test_rk4_in_torch_is_the_compiled_free_run(duffing_twin: Surrogate, trace: Trace) -> None:
    with torch.no_grad():
        values = torch_run(duffing_twin, trace).numpy()
    assert difference(duffing_twin, values, duffing_twin.free_run(trace)) < SAME_STEPS


def test_smooth_inputs_static_parameters_and_two_channels_are_the_same_too() -> None:
    twin = made()
    trace = trace_for(twin)
    with torch.no_grad():
        values = torch_run(twin, trace).numpy()
    assert difference(twin, values, twin.free_run(trace)) < SAME_STEPS


@pytest.mark.parametrize("method", ["dopri5", "dopri8"])
def test_an_adaptive_solver_solves_the_equation_whose_steps_the_free_run_takes(
    duffing_twin: Surrogate, trace: Trace, method: str
) -> None:
    first = duffing_twin.warm_up - 1
    rest = trace.drive.samples(first, len(trace))
    start = duffing_twin.initial_from(trace)
    exact = simulate(duffing_twin, rest, initial=start, substeps=16).output.values[1:]
    with torch.no_grad():
        values = torch_run(duffing_twin, trace, TorchSolver(method=method, rtol=1e-9, atol=1e-11)).numpy()
    assert difference(duffing_twin, values[first + 1 :], exact) < SOLVED
    own = duffing_twin.free_run(trace)[first + 1 :]
    assert 10 * SOLVED < difference(duffing_twin, own, exact) < 1e-2  # the error of one step a sample, and no more


def test_a_jump_that_a_step_spanned_would_be_seen(duffing_twin: Surrogate, trace: Trace) -> None:
    """Negative control: with the held drive taken as smooth the adaptive run is far from the held one."""
    channel = replace(trace.drive.channels[0], hold=False)
    blurred = replace(duffing_twin, inputs=(channel,))
    smooth = replace(trace, drive=replace(trace.drive, channels=(channel,)))
    solver = TorchSolver(method="dopri5", rtol=1e-9, atol=1e-11)
    with torch.no_grad():
        one, other = torch_run(duffing_twin, trace, solver).numpy(), torch_run(blurred, smooth, solver).numpy()
    assert difference(duffing_twin, one, other) > 1e-3


def gradients(twin: TorchTwin, trace: Trace, solver: TorchSolver) -> list[np.ndarray]:
    """Of the mean square of the last outputs to coefficients, drive and first state."""
    drive = torch.tensor(trace.drive.values, requires_grad=True)
    start = torch.full((twin.field.shape.states,), 0.3, dtype=torch.float64, requires_grad=True)
    loss = twin.run(drive, start, solver)[-8:, 0].square().mean()
    wanted = [twin.field.theta, drive, start, *([twin.static] if twin.static.numel() else [])]
    return [each.numpy() for each in torch.autograd.grad(loss, wanted)]


def apart(ours: list[np.ndarray], others: list[np.ndarray]) -> float:
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, others, strict=True))


@pytest.mark.parametrize("make", [lambda twin: twin, lambda _: made()])
def test_the_adjoint_gives_the_gradients_of_the_differentiated_steps(
    duffing_twin: Surrogate, trace: Trace, make: Callable[[Surrogate], Surrogate]
) -> None:
    twin = make(duffing_twin)
    record = trace.samples(0, 16) if twin is duffing_twin else trace_for(twin, 16)
    module = TorchTwin(twin)
    solver = TorchSolver(method="dopri5", rtol=1e-7, atol=1e-9)
    direct = gradients(module, record, solver)
    assert apart(gradients(module, record, replace(solver, adjoint=True)), direct) < GRADIENT
    assert apart(gradients(module, record, TorchSolver()), direct) < 0.1  # steps of a sample: nearly the same equation
    assert min(float(np.abs(each).max()) for each in direct) > 0


def test_gradients_to_coefficients_agree_with_finite_differences_of_the_compiled_run(
    duffing_twin: Surrogate, trace: Trace
) -> None:
    module = TorchTwin(duffing_twin)
    start = duffing_twin.initial_from(trace)
    torch_run(module, trace)[-1, 0].backward()
    gradient = module.field.theta.grad
    assert gradient is not None
    rest = trace.drive.samples(duffing_twin.warm_up - 1, len(trace))
    for number in (0, 3, 11):
        ends = []
        for sign in (1, -1):
            theta = duffing_twin.theta.copy()
            theta[number] += sign * 1e-6
            ends.append(simulate(replace(duffing_twin, theta=theta), rest, initial=start).output.values[-1, 0])
        slope = (ends[0] - ends[1]) / 2e-6
        assert float(gradient[number]) == pytest.approx(slope, rel=1e-4, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"method": "dopri6"}, "method must be one of rk4, dopri5"), ({"rtol": 0.0}, "rtol must be a positive number")],
)
def test_a_solver_that_is_not_there_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TorchSolver(**change)  # type: ignore[arg-type]


def test_a_run_that_explodes_says_so(duffing_twin: Surrogate, trace: Trace) -> None:
    wild = replace(duffing_twin, theta=1e3 * np.abs(duffing_twin.theta))
    with torch.no_grad(), pytest.raises(ValueError, match="diverged between samples"):
        module = TorchTwin(wild)
        module.run(torch.tensor(trace.drive.values), torch.ones(2).double(), TorchSolver(method="dopri5"))


def test_the_exported_field_gives_the_same_numbers_in_a_process_without_spinode(tmp_path: Path) -> None:
    twin = made()
    path = tmp_path / "field.pt2"
    export_field(path, twin)
    rng = np.random.default_rng(0)
    state, drive = rng.standard_normal((5, twin.shape.states)), rng.standard_normal((5, 2))
    np.savez(tmp_path / "given.npz", state=state, drive=drive)
    program = (
        "import sys, json, numpy as np, torch\n"
        "sys.modules['spinode'] = None\n"
        "extra = {'spinode.json': ''}\n"
        "module = torch.export.load('field.pt2', extra_files=extra).module()\n"
        "given = np.load('given.npz')\n"
        "rate = module(torch.tensor(given['state']), torch.tensor(given['drive']))\n"
        "np.save('rate.npy', rate.numpy())\n"
        "print(extra['spinode.json'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rate = np.load(tmp_path / "rate.npy")
    with torch.no_grad():
        assert np.array_equal(rate, TorchTwin(twin)(torch.tensor(state), torch.tensor(drive)).numpy())
    kernel = np.empty((twin.shape.states, 5))
    twin.kernel.rhs(
        np.ascontiguousarray(state.T), np.ascontiguousarray(drive.T), np.tile(twin.packed(), (5, 1)), kernel
    )
    assert np.abs(rate - kernel.T).max() < 1e-13 * np.abs(kernel).max() * 10
    described = json.loads(done.stdout)
    assert (described["dt"], described["output_mean"]) == (twin.dt, [0.3])
    with pytest.raises(ValueError, match="already there"):
        export_field(path, twin)
    with pytest.raises(ValueError, match="must end in .pt2"):
        export_field(tmp_path / "field.pt", twin)
