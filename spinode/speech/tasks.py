"""A speech table as independent tasks: each is one system under one mask seed on one split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from spinode.engine import Engine, run_tasks
from spinode.speech.benchmark import Readout, Tested, judge_readouts, tested_of
from spinode.speech.protocols import Split, splits_of
from spinode.speech.readout import Judged
from spinode.speech.utterances import Curve, try_utterances
from spinode.speech.words import Words

Outcome = Tested | Curve
Answer = tuple[dict[str, Judged | Curve], float]
"""By name of the readout, and the part of the levels that was cut off."""


@dataclass(frozen=True, kw_only=True)
class System:
    """What is scored.

    Parameters
    ----------
    name : str
        Shown while it is tried.
    transformers : sequence
        One a mask seed; ``[None]`` for no device. ``utterances`` takes the first alone.
    readouts : mapping of str to Readout
        All of the same states.
    """

    name: str
    transformers: Sequence[Any]
    readouts: Mapping[str, Readout]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One transformer on one split; the split is None where the protocol has its own sets of words."""

    system: str
    transformer: Any
    readouts: Mapping[str, Readout]
    split: int | None


def try_systems(
    words: Words,
    protocol: str,
    systems: Sequence[System],
    engine: Engine | None = None,
    advance: Callable[[float, str], None] | None = None,
) -> dict[str, Outcome]:
    """Outcome of every readout of every system, by the readout's name.

    Parameters
    ----------
    words : Words
    protocol : str
        ``official``, ``loso`` or ``utterances``.
    systems : sequence of System
        Names of readouts differ over all of them.
    engine : Engine, optional
        Where the attempts run; one after the other in this process, with all its threads, where left out.
    advance : callable, optional
        Called with the part that is done, 0 to 1, and the system that was tried last.
    """
    splits = [] if protocol == "utterances" else splits_of(words, protocol)
    attempts = [attempt for system in systems for attempt in _attempts(system, len(splits))]
    answers: dict[int, Answer] = {}
    for number, answer in _answers(partial(_answer, words, splits), attempts, engine):
        answers[number] = answer
        if advance is not None:
            advance(len(answers) / len(attempts), attempts[number].system)
    found: dict[str, Outcome] = {}
    for system in systems:
        mine = [answers[number] for number, each in enumerate(attempts) if each.system == system.name]
        for name in system.readouts:
            found[name] = _outcome(name, words, splits, [(each[name], cut) for each, cut in mine if name in each])
    return found


def _attempts(system: System, splits: int) -> Iterator[Attempt]:
    """Seed by seed, split by split; under ``utterances`` readout by readout with one seed."""
    if splits:
        for transformer in system.transformers:
            for split in range(splits):
                yield Attempt(system=system.name, transformer=transformer, readouts=system.readouts, split=split)
    else:
        for name, readout in system.readouts.items():
            only = {name: readout}
            yield Attempt(system=system.name, transformer=system.transformers[0], readouts=only, split=None)


def _answers(
    answer: Callable[[Attempt], Answer], attempts: Sequence[Attempt], engine: Engine | None
) -> Iterator[tuple[int, Answer]]:
    if engine is None:
        yield from enumerate(map(answer, attempts))
        return
    with closing(run_tasks(answer, attempts, engine)) as arriving:
        for finished in arriving:
            yield finished.number, finished.taken()


def _answer(words: Words, splits: Sequence[Split], attempt: Attempt) -> Answer:
    """Train and test one system once; runs in a worker."""
    if attempt.split is None:
        curves = {
            name: try_utterances(words, attempt.transformer, readout, name)
            for name, readout in attempt.readouts.items()
        }
        return {**curves}, 0.0
    judged, clipped = judge_readouts(words, splits[attempt.split], attempt.transformer, attempt.readouts)
    return {**judged}, clipped


def _outcome(
    name: str, words: Words, splits: Sequence[Split], parts: Sequence[tuple[Judged | Curve, float]]
) -> Outcome:
    """One table row from its attempts, which come seed by seed, split by split."""
    if isinstance(parts[0][0], Curve):
        return parts[0][0]
    judged = [part for part, _ in parts if not isinstance(part, Curve)]
    seeds = [judged[first : first + len(splits)] for first in range(0, len(judged), len(splits))]
    return tested_of(name, words, splits, seeds, max(cut for _, cut in parts))
