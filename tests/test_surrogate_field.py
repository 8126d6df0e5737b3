"""The compiled field, its free runs and its tangents against torch, torchdiffeq and exact solutions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from torchdiffeq import odeint

from spinode.signals import STAGES, FloatArray
from spinode.surrogate.field import FieldShape, field_tangent, field_value, monomials, tanh_all
from spinode.surrogate.reference import TorchField
from spinode.surrogate.rollout import free_runs, tangent_runs
from tests.problems import order
from tests.tolerances import COMPOSED, LIBRARY_TANH, ORDER, ROUNDING

FIELDS = [
    FieldShape(states=states, inputs=inputs, degree=degree, hidden=hidden)
    for states, inputs, degree, hidden in (
        (1, 0, 1, ()), (2, 0, 3, ()), (2, 1, 4, ()), (3, 2, 2, ()), (2, 3, 3, ()), (1, 0, 2, (1,)), (2, 0, 2, (5,)),
        (2, 1, 3, (7,)), (3, 2, 1, (4,)), (2, 3, 2, (2,)), (2, 0, 1, (6, 6)), (2, 1, 2, (3, 3)), (4, 3, 2, (5, 5)),
        (2, 2, 2, (1, 1, 1)),
    )
] + [
    FieldShape(states=states, inputs=inputs, degree=degree, input_degree=own, hidden=hidden)
    for states, inputs, degree, own, hidden in (
        (2, 1, 5, 1, ()), (2, 2, 3, 2, (4,)), (3, 3, 1, 2, ()), (1, 0, 3, 2, ()),
    )
]  # fmt: skip


def name_of(shape: FieldShape) -> str:
    degree = f"{shape.degree}, {shape.input_degree}" if shape.input_degree else f"{shape.degree}"
    return f"{shape.states} states {shape.inputs} inputs degree {degree} hidden {shape.hidden}"


def random_theta(shape: FieldShape, seed: int = 1) -> FloatArray:
    """Coefficients that pull the state back, so that a run of some dozen samples stays of order one."""
    theta = 0.05 * np.random.default_rng(seed).standard_normal(shape.size)
    for state in range(shape.states):
        theta[state * shape.monomials + shape.exponents.index((state,))] -= 0.5
    return theta


def random_stages(steps: int, inputs: int, held: bool, seed: int = 2) -> FloatArray:
    """Stage values (steps, 4, inputs) of a sine each, or of a drive that is held and jumps at every sample."""
    if held:
        level = np.random.default_rng(seed).uniform(-1, 1, (steps, 1, inputs))
        return np.repeat(level, len(STAGES), axis=1)
    time = np.arange(steps)[:, None, None] + np.array(STAGES)[None, :, None]
    return np.sin(0.3 * time + np.arange(inputs))


def value(shape: FieldShape, theta: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """f(z), and the phi and layers that belong to it."""
    phi, out = np.empty(shape.monomials), np.empty(shape.states)
    layer = np.zeros((len(shape.hidden) + 2, max(shape.sizes[5], shape.variables)))
    field_value(shape.sizes, theta, z, phi, layer, out)
    return out, phi, layer


def solved(module: TorchField, initial: torch.Tensor, stages: FloatArray, steps: int) -> torch.Tensor:
    """States (steps + 1, S) by torchdiffeq."""
    time = torch.arange(steps + 1, dtype=torch.float64)
    options = {"perturb": True}
    return odeint(module.driven(torch.tensor(stages)), initial, time, method="rk4", options=options)


@given(st.integers(1, 5), st.integers(0, 3), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_monomials_are_all_products_up_to_the_degree_once(states: int, inputs: int, degree: int) -> None:
    shape = FieldShape(states=states, inputs=inputs, degree=degree)
    assert len(shape.exponents) == shape.monomials == math.comb(states + inputs + degree, degree)
    assert len({tuple(sorted(exponent)) for exponent in shape.exponents}) == shape.monomials
    assert all(tuple(sorted(exponent)) == exponent and len(exponent) <= degree for exponent in shape.exponents)
    z = np.random.default_rng(degree).uniform(-2, 2, (5, states + inputs))
    products = np.column_stack([z[:, list(exponent)].prod(axis=1) for exponent in shape.exponents])
    np.testing.assert_allclose(monomials(shape, z), products, rtol=ROUNDING)


@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 5), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_with_a_degree_of_their_own_the_inputs_multiply_every_monomial_of_the_states(
    states: int, inputs: int, degree: int, own: int
) -> None:
    shape = FieldShape(states=states, inputs=inputs, degree=degree, input_degree=own)
    count = math.comb(states + degree, degree) * math.comb(inputs + own, own)
    assert len({tuple(sorted(exponent)) for exponent in shape.exponents}) == shape.monomials == count
    for exponent in shape.exponents:
        assert sum(v < states for v in exponent) <= degree and sum(v >= states for v in exponent) <= own
    z = np.random.default_rng(degree).uniform(-2, 2, (5, states + inputs))
    products = np.column_stack([z[:, list(exponent)].prod(axis=1) for exponent in shape.exponents])
    np.testing.assert_allclose(monomials(shape, z), products, rtol=ROUNDING)


def test_sizes_out_of_range_are_refused() -> None:
    for sizes in ({"states": 0}, {"inputs": -1}, {"degree": 0}):
        with pytest.raises(ValueError, match="states >= 1, inputs >= 0, degree >= 1"):
            FieldShape(**{"states": 1, "inputs": 1, "degree": 1} | sizes)
    for hidden in ((3, 4), (0,)):
        with pytest.raises(ValueError, match="equal positive widths"):
            FieldShape(states=1, inputs=0, degree=1, hidden=hidden)


@pytest.mark.parametrize("largest", [1e-8, 1e-3, 0.1, 1.0, 5.0, 30.0, 1e300])
def test_the_vectorised_tanh_is_right_to_rounding(largest: float) -> None:
    half = np.linspace(0.0, largest, 20_001)
    found = np.concatenate([half, -half])
    tanh_all(found)
    positive, negative = found[: len(half)], found[len(half) :]
    np.testing.assert_allclose(positive, np.tanh(half), rtol=LIBRARY_TANH, atol=0)
    np.testing.assert_array_equal(negative, -positive)


def test_a_tanh_of_what_is_not_a_number_shows() -> None:
    values = np.array([np.nan, 1.0])
    tanh_all(values)
    assert np.isnan(values[0]) and np.isfinite(values[1])


@pytest.mark.parametrize("shape", FIELDS, ids=name_of)
def test_the_compiled_field_equals_torch(shape: FieldShape) -> None:
    rng = np.random.default_rng(3)
    theta = rng.standard_normal(shape.size)
    module = TorchField(shape, theta)
    for z in rng.uniform(-1.5, 1.5, (20, shape.variables)):
        point = torch.tensor(z)
        expected = module(point[: shape.states], point[shape.states :]).detach().numpy()
        np.testing.assert_allclose(value(shape, theta, z)[0], expected, rtol=COMPOSED, atol=COMPOSED)


@pytest.mark.parametrize("shape", FIELDS, ids=name_of)
def test_the_derivatives_of_the_field_equal_those_of_torch(shape: FieldShape) -> None:
    rng = np.random.default_rng(4)
    theta = rng.standard_normal(shape.size)
    z = rng.uniform(-1.5, 1.5, shape.variables)
    _, phi, layer = value(shape, theta, z)
    fz, ft = np.empty((shape.states, shape.states)), np.empty((shape.states, shape.size))
    field_tangent(shape.sizes, theta, phi, layer, fz, ft)
    module = TorchField(shape, theta)
    state = torch.tensor(z[: shape.states], requires_grad=True)
    rates = module(state, torch.tensor(z[shape.states :]))
    for row, rate in enumerate(rates):
        by_theta, by_state = torch.autograd.grad(rate, (module.theta, state), retain_graph=True)
        np.testing.assert_allclose(fz[row], by_state.numpy(), rtol=COMPOSED, atol=COMPOSED)
        np.testing.assert_allclose(ft[row], by_theta.numpy(), rtol=COMPOSED, atol=COMPOSED)


@pytest.mark.parametrize("held", [False, True], ids=["smooth drive", "held drive"])
@pytest.mark.parametrize("shape", FIELDS, ids=name_of)
def test_a_free_run_equals_torchdiffeq(shape: FieldShape, held: bool) -> None:
    steps, starts = 40, np.array([0, 7])
    theta, stages = random_theta(shape), random_stages(60, shape.inputs, held)
    initial = np.random.default_rng(5).uniform(-0.5, 0.5, (2, shape.states))
    runs = free_runs(shape.sizes, theta, initial, starts, steps, stages)
    assert np.abs(runs).max() < 5.0
    for row, start in enumerate(starts):
        with torch.no_grad():
            expected = solved(TorchField(shape, theta), torch.tensor(initial[row]), stages[start:], steps)
        np.testing.assert_allclose(runs[row], expected.numpy(), rtol=COMPOSED, atol=COMPOSED)


def test_a_held_jump_acts_right_at_its_sample() -> None:
    shape = FieldShape(states=1, inputs=1, degree=1)
    theta = np.array([0.0, 0.0, 1.0])  # dx/dt = u
    assert shape.exponents == ((), (0,), (1,))
    stages = np.repeat(np.array([0.0, 0.0, 1.0, 1.0, -1.0, 0.0])[:, None, None], 4, axis=1)
    run = free_runs(shape.sizes, theta, np.zeros((1, 1)), np.array([0]), 5, stages)[0, :, 0]
    np.testing.assert_allclose(run, [0, 0, 0, 1, 2, 1], atol=ROUNDING)


@pytest.mark.parametrize("held", [False, True], ids=["smooth drive", "held drive"])
@pytest.mark.parametrize("shape", FIELDS[2::2], ids=name_of)
def test_the_tangents_equal_autograd_through_torchdiffeq(shape: FieldShape, held: bool) -> None:
    steps, start, outputs = 9, 3, min(2, shape.states)
    theta, stages = random_theta(shape), random_stages(20, shape.inputs, held)
    initial = np.random.default_rng(6).uniform(-0.5, 0.5, shape.states)
    starts = np.array([start, start])
    found = tangent_runs(shape.sizes, theta, np.stack([2 * initial, initial]), starts, (steps, outputs), stages)[1]
    module = TorchField(shape, theta)
    first = torch.tensor(initial, requires_grad=True)
    states = solved(module, first, stages[start:], steps)
    for row, number in enumerate(states[:, :outputs].reshape(-1)):
        parts = torch.autograd.grad(number, (module.theta, first), retain_graph=True, allow_unused=True)
        expected = np.concatenate([p.numpy() if p is not None else np.zeros(shape.size) for p in parts])
        np.testing.assert_allclose(found[row], expected, rtol=COMPOSED, atol=COMPOSED)


def test_the_free_run_converges_with_the_fourth_order_on_a_rotating_decaying_field() -> None:
    shape = FieldShape(states=2, inputs=0, degree=1)
    rate, start = np.array([[-0.3, 1.1], [-1.1, -0.2]]), np.array([1.0, 0.5])
    per_time = np.column_stack([np.zeros(2), rate])
    errors, steps = [], np.array([0.4, 0.2, 0.1, 0.05])
    for step in steps:
        count = round(4.0 / step)
        run = free_runs(
            shape.sizes, (step * per_time).ravel(), start[None], np.array([0]), count, np.empty((count, 4, 0))
        )
        errors.append(np.abs(run[0, -1] - expm(4.0 * rate) @ start).max())
    assert order(steps, np.array(errors)) == pytest.approx(4.0, abs=ORDER)


def test_the_free_run_converges_with_the_fourth_order_under_a_drive() -> None:
    """x' = -x + cos t has x = (cos t + sin t)/2 + (x0 - 1/2) e^-t."""
    shape = FieldShape(states=1, inputs=1, degree=1)
    errors, steps = [], np.array([0.4, 0.2, 0.1, 0.05])
    for step in steps:
        count = round(4.0 / step)
        drive = np.cos(step * (np.arange(count)[:, None, None] + np.array(STAGES)[None, :, None]))
        theta = step * np.array([0.0, -1.0, 1.0])
        run = free_runs(shape.sizes, theta, np.ones((1, 1)), np.array([0]), count, drive)
        exact = (np.cos(4.0) + np.sin(4.0)) / 2 + 0.5 * np.exp(-4.0)
        errors.append(abs(run[0, -1, 0] - exact))
    assert order(steps, np.array(errors)) == pytest.approx(4.0, abs=ORDER)
