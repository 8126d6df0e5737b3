"""One function over many tasks, wherever they run."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

from spinode.engine.outcome import Finished, WorkerDiedError

__all__ = ["Engine", "Finished", "WorkerDiedError", "cores", "run_all", "run_tasks"]

T = TypeVar("T")
R = TypeVar("R")
Advance = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """Where tasks run; no number depends on it.

    Parameters
    ----------
    jobs : int
        Processes of this machine, >= 1; with 1 the tasks run in this process.
    cluster : str
        Address of a Dask scheduler such as ``tcp://10.0.0.1:8786``, or the path of its scheduler file; its workers take
        the place of ``jobs``.

    Raises
    ------
    ValueError
        If ``jobs`` is less than 1, or ``cluster`` is neither an address nor a file that is there.
    """

    jobs: int = 1
    cluster: str = ""

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"Engine.jobs must be 1 or more, got {self.jobs}")
        if self.cluster and "://" not in self.cluster and not os.path.isfile(self.cluster):
            raise ValueError(
                "Engine.cluster must be an address such as tcp://10.0.0.1:8786 or a scheduler file that is there,"
                f" got '{self.cluster}'"
            )

    @property
    def elsewhere(self) -> bool:
        """Whether tasks run outside this process."""
        return bool(self.cluster) or self.jobs > 1


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_tasks(
    function: Callable[[T], R], tasks: Sequence[T], engine: Engine, advance: Advance | None = None
) -> Generator[Finished[R], None, None]:
    """Run a function on every task and yield each as it finishes, in whatever order.

    A task is all that its result may depend on: random numbers come from a seed inside it. Libraries are held to one
    thread while a task runs, so its result is the same, bit for bit, in this process and in any worker on the same kind
    of processor with the same versions. Work of a worker that dies is done again by another.

    Parameters
    ----------
    function : callable
        Takes one task, a copy of its own. It is sent once a worker, so what all tasks share belongs into it
        (``functools.partial``) and must stay as it is; it and the tasks must be picklable.
    tasks : sequence
        What differs.
    engine : Engine
        Where they run.
    advance : callable, optional
        Called with the part of the tasks that is over, 0 to 1, and a note.

    Raises
    ------
    ValueError
        If there is no such cluster, or the package for it is missing.
    ConnectionError
        If the cluster's scheduler goes away. What was yielded before stays good.
    """
    with closing(_started(function, tasks, engine)) as arriving:
        for done, finished in enumerate(arriving, 1):
            if advance is not None:
                advance(done / len(tasks), "")
            yield finished


def run_all(function: Callable[[T], R], tasks: Sequence[T], engine: Engine, advance: Advance | None = None) -> list[R]:
    """Results of ``run_tasks`` in the order of the tasks; the first error of a task ends all and is raised."""
    results: dict[int, R] = {}
    with closing(run_tasks(function, tasks, engine, advance)) as arriving:
        for finished in arriving:
            results[finished.number] = finished.taken()
    return [results[number] for number in range(len(tasks))]


def _started(function: Callable[[T], R], tasks: Sequence[T], engine: Engine) -> Generator[Finished[R], None, None]:
    if engine.cluster:
        from spinode.engine.cluster import on_cluster

        return on_cluster(function, tasks, engine.cluster)
    if engine.jobs > 1:
        from spinode.engine.processes import on_processes

        return on_processes(function, tasks, engine.jobs)
    return _here(function, tasks)


def _here(function: Callable[[T], R], tasks: Sequence[T]) -> Generator[Finished[R], None, None]:
    from spinode.engine.worker import single_thread

    # Workers get copies, too: a SeedSequence counts the children that were spawned from it, and the next run would
    # have others.
    for number, task in enumerate(tasks):
        try:
            with single_thread():
                finished = Finished(number=number, result=function(deepcopy(task)))
        except Exception as error:
            finished = Finished(number=number, error=error)
        yield finished
