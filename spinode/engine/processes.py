"""Tasks in worker processes of this machine: the executor behind ``joblib.Parallel``, used directly.

``joblib.Parallel`` ends as a whole when one worker dies, and does not say which tasks that worker had. Here the tasks
that were in flight run again: together with the others at first, for most of them only had a bad neighbour, and alone
from the second death on, so that the one that kills its worker is found and the others finish.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from joblib.externals.loky import ProcessPoolExecutor

from spinode.engine.outcome import Finished, WorkerDiedError
from spinode.engine.worker import ONE_THREAD, call_installed, install

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 2
"""Tasks in flight for each process: one at work, one waiting."""
SUSPECT, MOST_DEATHS = 2, 3
"""Deaths of its worker after which a task runs alone, and after which it is given up."""


def on_processes(function: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Generator[Finished[R], None, None]:
    """Run tasks in this many processes; what finishes is yielded at once, in whatever order."""
    line = _Line(function=function, tasks=tasks, jobs=jobs, waiting=deque(range(len(tasks))))
    try:
        while line.waiting or line.running:
            line.fill()
            done, _ = wait(line.running, return_when=FIRST_COMPLETED)
            yield from line.take(done)
    finally:
        line.close()


@dataclass
class _Line:
    """Numbers of the tasks that wait, and the futures of those in flight."""

    function: Callable[[Any], Any]
    tasks: Sequence[Any]
    jobs: int
    waiting: deque[int]
    running: dict[Future[Any], int] = field(default_factory=dict)
    deaths: Counter[int] = field(default_factory=Counter)
    pool: Any = None

    def fill(self) -> None:
        """Start what may start; a suspect only when nothing else is in flight."""
        while self.waiting and len(self.running) < AHEAD * self.jobs:
            alone = self.deaths[self.waiting[0]] >= SUSPECT
            if alone and self.running:
                return
            number = self.waiting.popleft()
            self.running[self._pool().submit(call_installed, self.tasks[number])] = number
            if alone:
                return

    def take(self, done: set[Future[Any]]) -> Iterator[Finished[Any]]:
        """What finished, and the return of what was in flight when a worker died."""
        lost: list[int] = []
        broken = any(isinstance(future.exception(), BrokenExecutor) for future in done)
        if broken:
            done, _ = wait(self.running)  # the pool is gone, and all that was in it
        for future in done:
            number, error = self.running.pop(future), future.exception()
            if isinstance(error, BrokenExecutor):
                lost.append(number)
            elif isinstance(error, Exception):
                yield Finished(number=number, error=error)
            elif error is not None:
                raise error
            else:
                yield Finished(number=number, result=future.result())
        if broken:
            self.close()
            yield from self._again(sorted(lost))

    def _again(self, lost: list[int]) -> Iterator[Finished[Any]]:
        self.deaths.update(lost)
        given_up = [number for number in lost if self.deaths[number] >= MOST_DEATHS]
        fresh = [number for number in lost if self.deaths[number] < SUSPECT]
        suspects = [number for number in lost if number not in given_up and number not in fresh]
        self.waiting.extendleft(reversed(fresh))
        self.waiting.extend(suspects)  # last, for each of them stops the others
        for number in given_up:
            text = f"its worker process died {MOST_DEATHS} times, the last time with this task alone"
            error = WorkerDiedError(f"{text}; was it killed, or out of memory?")
            yield Finished(number=number, error=error)

    def _pool(self) -> Any:
        if self.pool is None:
            given = (self.function, os.getpid())
            self.pool = ProcessPoolExecutor(self.jobs, initializer=install, initargs=given, env=ONE_THREAD)
        return self.pool

    def close(self) -> None:
        """End the worker processes, whatever they do."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, kill_workers=True)
            self.pool = None
