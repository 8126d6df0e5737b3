"""Many surrogates side by side: the kernels for a crowd give what the kernels for a few give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices.base import Kernel
from spinode.surrogate import Surrogate
from spinode.surrogate.field import FieldShape
from spinode.surrogate.kernel import SURROGATE_KERNEL, pack
from spinode.surrogate.learned_noise import LearnedNoise
from tests.known_devices import made

ROUNDED = 1e-13
"""The sums are the same; a vector adds them in another order."""
MEMBERS = 37


def answers(kernel: Kernel, parameters: np.ndarray, states: int, channels: int) -> list[np.ndarray]:
    """rhs, diffusion and readout of members at random states, under random inputs."""
    rng = np.random.default_rng(3)
    state, drive = rng.uniform(-1, 1, (states, MEMBERS)), rng.uniform(-1, 1, (max(channels, 1), MEMBERS))
    given = np.ascontiguousarray(parameters if kernel.by_member else parameters.T)
    found = []
    for function, rows in ((kernel.rhs, states), (kernel.diffusion, states), (kernel.readout, 1)):
        result = np.full((rows, MEMBERS), np.nan)
        function(state, drive, given, result)
        found.append(result)
    return found


def same(parameters: np.ndarray, states: int, channels: int) -> list[np.ndarray]:
    crowd = SURROGATE_KERNEL.crowd
    assert crowd is not None
    few, many = (answers(kernel, parameters, states, channels) for kernel in (SURROGATE_KERNEL, crowd))
    for one, other in zip(few, many, strict=True):
        np.testing.assert_allclose(other, one, rtol=ROUNDED, atol=ROUNDED * np.abs(one).max())
    return few


def noisy(twin: Surrogate) -> Surrogate:
    rng, states = np.random.default_rng(4), twin.shape.states
    exponents = rng.normal(-3, 0.3, (states, 1 + states + twin.shape.inputs))
    bounds = np.sort(rng.normal(-3, 1, (states, 2)), axis=1)
    return replace(twin, noise=LearnedNoise(exponents=exponents, bounds=bounds, measurement=np.zeros(1), substeps=3))


@pytest.mark.parametrize("hidden", [(), (3,), (4, 4)])
@pytest.mark.parametrize("learned", [False, True])
def test_a_crowd_of_surrogates_answers_as_each_alone(hidden: tuple[int, ...], learned: bool) -> None:
    twin = made(hidden=hidden)
    rows = np.tile((noisy(twin) if learned else twin).packed(), (MEMBERS, 1))
    rows[:, -12:] += 0.01 * np.random.default_rng(5).standard_normal((MEMBERS, 12))  # coefficients of their own
    _, strengths, _ = same(rows, twin.shape.states, 2)
    assert (strengths.min() > 0) == learned


@pytest.mark.parametrize(("modes", "input_degree"), [(1, 0), (0, 1), (1, 2)])
def test_hidden_modes_and_degrees_of_their_own_for_inputs_too(modes: int, input_degree: int) -> None:
    shape = FieldShape(states=3, inputs=2, degree=3, hidden=(3,), modes=modes, input_degree=input_degree)
    rng = np.random.default_rng(6)
    parts = [rng.normal(size=1), np.ones(1), -np.ones(1), rng.normal(size=2), np.ones(2), rng.normal(size=shape.size)]
    packed = pack(shape.sizes.astype(np.float64), (1, 2), 1e9, parts)
    same(np.tile(packed, (MEMBERS, 1)), 3, 2)


def test_members_with_fields_of_other_sizes_may_stand_between() -> None:
    """Two kinds of one packed length: a layer of 2 and a layer of 1 with coefficients left over."""
    shape = FieldShape(states=2, inputs=1, degree=2, hidden=(2,))
    other = FieldShape(states=2, inputs=1, degree=2, hidden=(1,))
    rng = np.random.default_rng(7)
    rows = []
    for kind in (shape, other):
        length = kind.size
        theta = rng.normal(size=length)
        parts = [np.zeros(1), np.ones(1), -np.ones(1), np.zeros(1), np.ones(1), theta]
        rows.append(pack(kind.sizes.astype(np.float64), (1, 1), 1e9, parts))
    wide = max(len(row) for row in rows)
    filled = np.array([np.pad(row, (0, wide - len(row))) for row in rows])
    chosen = np.array([0, 0, 1, 0, 1, 1] * 7)[:MEMBERS]
    few, many = SURROGATE_KERNEL, SURROGATE_KERNEL.crowd
    assert many is not None
    one, another = (answers(kernel, filled[chosen], 2, 1)[0] for kernel in (few, many))
    np.testing.assert_allclose(another, one, rtol=ROUNDED, atol=ROUNDED * np.abs(one).max())
