"""A training rule for events: after each mistake the currents of the two oscillators are moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinode.networks.binding import Binding, Response, present
from spinode.networks.binding_decision import BOUND, ordered
from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """How currents are moved.

    Parameters
    ----------
    groups : tuple of tuple of int
        Oscillators that each event must bind; all others must stay apart in its window.
    step : float
        Largest move of a current in a round [A], > 0.
    rounds : int
        At least 1.
    showings : int
        Of every pair of events in a round.
    noisy : bool
        Train under thermal noise.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    groups: tuple[tuple[int, ...], ...]
    step: float
    rounds: int = 30
    showings: int = 2
    noisy: bool = False

    def __post_init__(self) -> None:
        if not self.step > 0 or self.rounds < 1 or self.showings < 1:
            raise ValueError(
                "Rule.step, rounds and showings must be above 0, at least 1 and at least 1, got"
                f" {self.step:g}, {self.rounds} and {self.showings}"
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trained:
    """The best round of a training, and the part of wrong pairs in each round.

    Parameters
    ----------
    binding : Binding
    mistakes : array, shape (R,)
    """

    binding: Binding
    mistakes: FloatArray


def targets(binding: Binding, groups: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Which pairs each event must bind, shape (E, P)."""
    return np.array([[i in group and j in group for i, j in binding.pairs] for group in groups])


def train(binding: Binding, rule: Rule, rng: np.random.Generator) -> Trained:
    """Currents of the events from examples.

    Every ordered pair of events is shown. Where a pair of oscillators should be bound in a window and is not, the
    currents of the event in that window are moved so that the faster slows down and the slower speeds up; where it
    should not be and is, they are moved apart in the order of their biases. The moves of a round are averaged over the
    showings of an event, and steps shrink with the rounds.

    Parameters
    ----------
    binding : Binding
        Where it begins.
    rule : Rule
    rng : numpy.random.Generator
        Of phases and noise.

    Raises
    ------
    ValueError
        If there is not one group for each event, or as in ``present``.
    """
    if len(rule.groups) != len(binding.events):
        raise ValueError(f"Rule.groups must be one for each of {len(binding.events)} events, got {len(rule.groups)}")
    wanted = targets(binding, rule.groups)
    shown = np.tile(ordered(len(binding.events), 2), (rule.showings, 1))
    best, fewest, history = binding, np.inf, []
    for number in range(rule.rounds):
        response = present(binding, shown, rng, noisy=rule.noisy)
        wrong = (response.locking >= BOUND) != wanted[shown]
        history.append(float(wrong.mean()))
        if history[-1] < fewest:
            best, fewest = binding, history[-1]
        if history[-1] == 0.0 and not rule.noisy:
            break
        size = rule.step * (1 - number / rule.rounds)
        binding = replace(binding, events=binding.events + size * _moves(binding, response, shown, wanted))
    return Trained(binding=best, mistakes=np.array(history))


def _moves(binding: Binding, response: Response, shown: NDArray[np.int64], wanted: NDArray[np.bool_]) -> FloatArray:
    """Mean move of each event's currents, shape (E, N), -1 to 1 for each mistaken pair."""
    total = np.zeros_like(binding.events)
    bound = response.locking >= BOUND
    for number, (i, j) in enumerate(binding.pairs):
        faster = np.sign(response.frequencies[..., i] - response.frequencies[..., j])
        above = np.sign(binding.bias[i] - binding.bias[j])
        goal = wanted[shown, number]
        move = np.where(goal & ~bound[..., number], -faster, np.where(~goal & bound[..., number], above, 0.0))
        np.add.at(total[:, i], shown, move)
        np.add.at(total[:, j], shown, -move)
    counts = np.maximum(np.bincount(shown.ravel(), minlength=len(total)), 1)
    return np.asarray(total / counts[:, None])
