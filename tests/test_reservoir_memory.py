"""Memory, capacity and ranks on reservoirs whose answer is known, and the memory of a feedback against its theory."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.devices import EnvelopeOscillator
from spinode.reservoir import (
    DelayedInputs,
    MaskedInput,
    RankSettings,
    Reservoir,
    Static,
    information_capacity,
    memory_capacity,
    separation_ranks,
)
from spinode.reservoir.linear_loop import linear_loop, linear_memory
from spinode.signals import FloatArray
from tests.problems import Relaxation

POINTS = 6000
EXACT = 1e-9
"""What orthonormal bases and rounding leave of a capacity that is 1 or N."""
SCATTER = 4.0
"""Standard errors by which a measured capacity may differ from its theory."""


def uniform(seed: int, points: int = POINTS) -> FloatArray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, points)


def register(inputs: FloatArray, taps: int) -> FloatArray:
    return np.asarray(DelayedInputs(taps).fit_transform(inputs[:, None]))


def test_a_delay_line_remembers_exactly_its_length_and_computes_nothing() -> None:
    inputs, taps = uniform(0), 12
    states = register(inputs, taps)[100:]
    memory = memory_capacity(states, inputs[100:], 30, 3000)
    assert memory.by_delay[:taps] == pytest.approx(np.ones(taps), abs=EXACT)
    assert not memory.by_delay[taps:].any()
    assert memory.total == pytest.approx(taps - 1, abs=EXACT)
    capacity = information_capacity(states, inputs[100:], 3, 30)
    assert capacity.total == pytest.approx(taps, abs=EXACT)
    assert (capacity.by_degree[2], capacity.by_degree[3], capacity.rank) == (0.0, 0.0, taps)


def test_products_of_legendre_polynomials_are_one_capacity_each() -> None:
    u = uniform(1)
    legendre = [1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u, u * np.roll(u, 3), (1.5 * u**2 - 0.5) * np.roll(u, 1)]
    capacity = information_capacity(np.stack(legendre, axis=1)[10:], u[10:], 4, 20)
    assert dict(capacity.by_degree) == pytest.approx({1: 0.0, 2: 2.0, 3: 2.0, 4: 0.0}, abs=EXACT)
    assert capacity.by_delay[[0, 1, 3]] == pytest.approx([2.0, 1.0, 1.0], abs=EXACT)


def test_a_reservoir_without_memory_has_none_and_its_capacities_are_its_rank() -> None:
    u = uniform(2)
    reservoir = Reservoir(EnvelopeOscillator(), nodes=30, mask="gaussian", rest=7e-3, swing=2e-3, quantile=1.0)
    for control in (Static(reservoir), MaskedInput(reservoir)):
        states = control.fit_transform(u[:, None])
        assert memory_capacity(states, u, 60, 3000).total == 0.0
        assert np.sum(information_capacity(states, u, 3, 20).by_delay[1:]) == 0.0
    masked = information_capacity(MaskedInput(reservoir).fit_transform(u[:, None]), u, 3, 20)
    assert (masked.total, masked.rank) == pytest.approx((1.0, 1))


def test_states_of_other_inputs_have_no_capacity_at_all() -> None:
    """The chance floor: 50 states on 6000 points would give each of a thousand targets 0.008 by chance."""
    states, inputs = np.random.default_rng(3).standard_normal((POINTS, 50)), uniform(4)
    capacity = information_capacity(states, inputs, 3, 60)
    assert capacity.targets == 3 + 6 + 10  # three empty delays end the search of each degree
    assert capacity.total == 0.0
    assert memory_capacity(states, inputs, 100, 3000).total == 0.0


def test_capacities_sum_to_no_more_than_the_rank() -> None:
    u = uniform(5)
    rest = {"rest": 7e-3, "swing": 2e-3, "quantile": 1.0}
    fed = Reservoir(EnvelopeOscillator(), nodes=20, node_time=400e-9, feedback=0.6, feedback_delay=21, **rest)
    states = fed.set_params(feedback_unit="nodes").fit_transform(u[:, None])[200:]
    capacity = information_capacity(states, u[200:], 3, 40)
    assert capacity.rank == 20
    assert 0.9 * 20 < capacity.total < 1.02 * 20  # targets of a finite record are orthogonal to 1/sqrt(T) each


@pytest.mark.parametrize(("decay", "gain", "extra"), [(0.8, 0.0, 0), (0.0, 0.7, 0), (0.8, 0.7, 0), (0.8, 0.7, 1)])
def test_the_memory_of_a_linear_device_is_that_of_the_theory(decay: float, gain: float, extra: int) -> None:
    """The compiled device with its feedback, against closed-form linear algebra that never saw it; noise on top."""
    nodes, noise, delays = 6, 1e-4, 25
    u = uniform(6, 8000)
    rate = 1.0
    node_time = -np.log(decay) / rate if decay else 40.0
    reservoir = Reservoir(
        Relaxation(rate=rate, step=0.05 if decay else 0.5), nodes=nodes, node_time=node_time, rest=0.3, swing=1.0,
        quantile=1.0, feedback=gain, feedback_delay=nodes + extra, feedback_unit="nodes", mask="gaussian", seed=2,
    )  # fmt: skip
    states = reservoir.fit_transform(u[:, None]).reshape(len(u), nodes, 2)[:, :, 0]
    level = reservoir.scale_ / (1 - abs(gain))  # states per input are those of the mask over its scale
    shaken = states * level + np.sqrt(noise / 3) * np.random.default_rng(7).standard_normal(states.shape)
    found = memory_capacity(shaken[500:], u[500:], delays, 4000)
    step, weights = linear_loop(reservoir.mask_[0][:, 0], decay, gain, nodes + extra)
    theory = linear_memory(step, weights / (1 - abs(gain)), delays, seen=nodes, noise=noise)
    error = np.sqrt(np.maximum(theory, 0) * (1 - theory) ** 2 * 4 / 3500) + nodes / 3500  # of a squared correlation
    assert np.abs(found.by_delay - theory).max() < 0.1
    assert (np.abs(found.by_delay - theory) < SCATTER * error + found.threshold).all()


def test_the_theory_has_its_closed_limits() -> None:
    """Without feedback two dimensions: (1 - q^2) q^(2(d-1)). Memoryless with a delay of N: (1 - g^2) g^(2d)."""
    mask = np.random.default_rng(8).standard_normal(5)
    delays = np.arange(1, 30)
    q = 0.9**5
    plain = linear_memory(*linear_loop(mask, 0.9, 0.0, 5), 29, seen=5)
    assert plain[0] == pytest.approx(1.0)
    assert plain[1:] == pytest.approx((1 - q**2) * q ** (2 * (delays - 1)), abs=1e-6)
    fed = linear_memory(*linear_loop(mask, 0.0, 0.7, 5), 29, seen=5)
    assert fed == pytest.approx((1 - 0.49) * 0.49 ** np.arange(30), abs=1e-9)
    assert linear_memory(*linear_loop(mask, 0.0, 0.7, 6), 400, seen=5).sum() == pytest.approx(5.0, abs=1e-6)
    assert not linear_memory(*linear_loop(mask, 0.0, 0.0, 5), 29, seen=5)[1:].any()


def test_delayed_feedback_raises_the_memory_of_an_oscillator() -> None:
    u = uniform(9, 3000)
    totals = []
    for gain in (0.0, 0.5, 0.9):
        reservoir = Reservoir(
            EnvelopeOscillator(), nodes=20, node_time=200e-9, rest=7e-3, swing=2e-3, quantile=1.0, feedback=gain
        )
        states = reservoir.fit_transform(u[:, None])
        totals.append(memory_capacity(states[200:], u[200:], 40, 1500).total)
    assert totals[0] < 1.05
    assert totals[1] > totals[0] + 2
    assert totals[2] > totals[1] + 1


def test_ranks_of_a_delay_line_are_its_length_and_what_differs_of_it() -> None:
    settings = RankSettings(streams=40, length=30, shared=5)
    line = DelayedInputs(12).fit(uniform(0, 10)[:, None])
    ranks = separation_ranks(line, settings, np.random.default_rng(1))
    assert (ranks.kernel, ranks.generalisation) == (12, 12 - 5 + 1)  # what is shared is one direction
    shaken = separation_ranks(line, RankSettings(streams=40, length=30, shared=5, jitter=0.1), np.random.default_rng(1))
    assert shaken.generalisation == 12
    forgetting = separation_ranks(DelayedInputs(3).fit(uniform(0, 10)[:, None]), settings, np.random.default_rng(1))
    assert (forgetting.kernel, forgetting.generalisation) == (3, 1)


def test_bad_input_is_one_line() -> None:
    u = uniform(0, 100)
    cases = [
        (lambda: memory_capacity(np.ones((100, 3)), u, 60, 50), "must leave more points than 60 delays"),
        (lambda: memory_capacity(np.ones((90, 3)), u, 5, 50), r"states must be \(T, N\)"),
        (lambda: information_capacity(np.ones((100, 3)), 2 * u, 2, 5), r"must lie in \[-1, 1\]"),
        (lambda: information_capacity(np.ones((100, 60)), u, 2, 5), "two points a state"),
        (lambda: linear_memory(np.eye(2), np.ones(2), 5), "inside the unit circle, got one of size 1"),
        (lambda: linear_loop(np.ones(3), 1.0, 0.0, 1), "decay < 1"),
        (lambda: RankSettings(shared=60), "shared must be 0 to the length 50"),
        (lambda: RankSettings(tolerance=0.0), "tolerance must be above 0"),
    ]
    for call, said in cases:
        with pytest.raises(ValueError, match=said) as caught:
            call()  # type: ignore[no-untyped-call]
        assert "\n" not in str(caught.value)
