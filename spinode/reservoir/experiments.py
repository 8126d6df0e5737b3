"""Tasks run from end to end: one reservoir and its controls, the same points, the same readout, the same penalties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from spinode.reservoir.capacity import information_capacity, memory_capacity
from spinode.reservoir.controls import DelayedInputs, MaskedInput
from spinode.reservoir.metrics import nrmse
from spinode.reservoir.rank import RankSettings, separation_ranks
from spinode.reservoir.static import Static
from spinode.reservoir.tasks import narma10, sine_square
from spinode.reservoir.transformer import Reservoir
from spinode.signals import FloatArray

TASKS = ("narma10", "sine-square", "memory", "capacity", "rank")
"""Tasks that ``run_task`` knows."""
PENALTIES = tuple(10.0**power for power in range(-10, 4))
"""Penalties that the readout chooses from, on training data, for states of deviation 1."""
PERIOD = 8
"""Points of a sine or square."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSettings:
    """Points of a task, and how they are used.

    Parameters
    ----------
    washout : int
        First points that neither train nor test, >= 0.
    training, testing : int
        Points after them, >= 2 each.
    delays : int, optional
        Longest delay of the memory; twice the nodes, at most 200, where left out.
    degree : int
        Highest degree of the capacity, 1 to 8.
    ranks : RankSettings, optional
        Streams of the ranks; as many as twice the states where left out.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    washout: int = 200
    training: int = 4000
    testing: int = 2000
    delays: int | None = None
    degree: int = 3
    ranks: RankSettings | None = None

    def __post_init__(self) -> None:
        least = {"washout": 0, "training": 2, "testing": 2}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"TaskSettings.{name} must be {bound} or more, got {getattr(self, name)}")
        if self.delays is not None and self.delays < 1:
            raise ValueError(f"TaskSettings.delays must be 1 or more, got {self.delays}")
        if not 1 <= self.degree <= 8:
            raise ValueError(f"TaskSettings.degree must be 1 to 8, got {self.degree}")

    @property
    def points(self) -> int:
        """All points of the series."""
        return self.washout + self.training + self.testing


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Scores of one task by feature set: ``device`` and the controls ``static``, ``masked_input``, ``delayed_inputs``.

    scores
        One number a feature set, of the figure of merit ``metric``: the error ``nrmse`` (small is good), ``accuracy``,
        ``capacity``, or ``kernel_rank``.
    details
        More about each feature set: numbers by name, and arrays by delay, by degree or by singular value.
    """

    task: str
    metric: str
    scores: Mapping[str, float]
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("scores", "details"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def readout() -> Any:
    """States brought to mean 0 and deviation 1, and a ridge whose penalty is chosen by leave-one-out in training."""
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def feature_sets(reservoir: Reservoir) -> dict[str, Any]:
    """The reservoir and its controls, not fitted; the shift register has as many taps as there are nodes."""
    taps = int(np.shape(reservoir.mask)[-2]) if not isinstance(reservoir.mask, str) else int(reservoir.nodes)
    return {
        "device": reservoir,
        "static": Static(reservoir),
        "masked_input": MaskedInput(reservoir),
        "delayed_inputs": DelayedInputs(taps),
    }


def run_task(
    task: str,
    reservoir: Reservoir,
    settings: TaskSettings,
    rng: np.random.Generator,
    advance: Callable[[float], None] | None = None,
) -> Outcome:
    """Score one reservoir and its controls on a task.

    Parameters
    ----------
    task : str
        One of ``TASKS``.
    reservoir : Reservoir
        Not changed, and need not be fitted. Its read-in is learned on the training points.
    settings : TaskSettings
    rng : numpy.random.Generator
        Source of the task's points.
    advance : callable, optional
        Called with the part that is done, 0 to 1.

    Raises
    ------
    ValueError, DivergedError
        If the task is unknown or has too few points, or as the reservoir.
    """
    scorers: dict[str, Callable[..., dict[str, dict[str, Any]]]] = {
        "narma10": _narma10,
        "sine-square": _sine_square,
        "memory": _memory,
        "capacity": _capacity,
        "rank": _rank,
    }
    metrics = dict(zip(TASKS, ("nrmse", "accuracy", "capacity", "capacity", "kernel_rank"), strict=True))
    if task not in scorers:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got '{task}'")
    found = scorers[task](_Watched(feature_sets(reservoir), advance), settings, rng)
    metric = metrics[task]
    scores = {name: float(each[metric]) for name, each in found.items()}
    return Outcome(task=task, metric=metric, scores=scores, details=found)


class _Watched:
    """Feature sets that are worked through one after the other, and say so."""

    def __init__(self, sets: dict[str, Any], advance: Callable[[float], None] | None) -> None:
        self.sets, self.advance = sets, advance

    def scored(self, score: Callable[[Any], dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The score of each."""
        result = {}
        for number, (name, transformer) in enumerate(self.sets.items()):
            result[name] = score(transformer)
            if self.advance is not None:
                self.advance((number + 1) / len(self.sets))
        return result


def _states(transformer: Any, points: FloatArray, settings: TaskSettings) -> FloatArray:
    """States of all points after the washout; the read-in is learned on what comes before the test."""
    seen = points[: settings.washout + settings.training]
    return np.asarray(transformer.fit(seen).transform(points))[settings.washout :]


def _predicted(states: FloatArray, targets: FloatArray, training: int) -> FloatArray:
    """Test answers of the readout."""
    return np.asarray(readout().fit(states[:training], targets[:training]).predict(states[training:]))


def _narma10(sets: _Watched, settings: TaskSettings, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    inputs, targets = narma10(settings.points, rng)
    points, kept = 4 * inputs[:, None] - 1, targets[settings.washout :]

    def score(transformer: Any) -> dict[str, Any]:
        answer = _predicted(_states(transformer, points, settings), kept, settings.training)
        return {"nrmse": float(nrmse(answer[:, None], kept[settings.training :, None])[0])}

    return sets.scored(score)


def _sine_square(sets: _Watched, settings: TaskSettings, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    values, classes = sine_square(-(-settings.points // PERIOD), rng, PERIOD)
    points, kept = values[: settings.points, None], classes[settings.washout : settings.points].astype(np.float64)
    truth = kept[settings.training :]

    def score(transformer: Any) -> dict[str, Any]:
        answer = _predicted(_states(transformer, points, settings), kept, settings.training)
        error = float(np.sqrt(np.mean((answer - truth) ** 2)))
        scaled = float(nrmse(answer[:, None], truth[:, None])[0])
        right = float(np.mean((answer > 0.5) == (truth > 0.5)))
        return {"accuracy": right, "rmse": error, "nrmse": scaled, "answer": answer[: 8 * PERIOD]}

    found = sets.scored(score)
    for each in found.values():
        each["truth"] = truth[: 8 * PERIOD]
    return found


def _memory(sets: _Watched, settings: TaskSettings, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    inputs = rng.uniform(-1.0, 1.0, settings.points)
    taps = sets.sets["delayed_inputs"].taps
    delays = min(2 * taps, 200, settings.testing - 1) if settings.delays is None else settings.delays

    def score(transformer: Any) -> dict[str, Any]:
        states = _states(transformer, inputs[:, None], settings)
        found = memory_capacity(states, inputs[settings.washout :], delays, settings.training)
        return {"capacity": found.total, "by_delay": found.by_delay, "threshold": found.threshold}

    return sets.scored(score)


def _capacity(sets: _Watched, settings: TaskSettings, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    inputs = rng.uniform(-1.0, 1.0, settings.points)
    delays = min(100, (settings.training + settings.testing) // 8) if settings.delays is None else settings.delays

    def score(transformer: Any) -> dict[str, Any]:
        states = _states(transformer, inputs[:, None], settings)
        found = information_capacity(states, inputs[settings.washout :], settings.degree, delays)
        by_degree = {str(degree): value for degree, value in found.by_degree.items()}
        return {"capacity": found.total, "by_degree": by_degree, "rank": found.rank, "targets": found.targets}

    return sets.scored(score)


def _rank(sets: _Watched, settings: TaskSettings, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    training = rng.uniform(-1.0, 1.0, (settings.training, 1))
    seed = int(rng.integers(2**63))

    def score(transformer: Any) -> dict[str, Any]:
        transformer.fit(training)
        states = len(transformer.transform(training[:1])[0])
        chosen = settings.ranks or RankSettings(streams=2 * states)
        found = separation_ranks(transformer, chosen, np.random.default_rng(seed))
        values = {"kernel_values": found.kernel_values, "generalisation_values": found.generalisation_values}
        return {"kernel_rank": found.kernel, "generalisation_rank": found.generalisation, **values}

    return sets.scored(score)
