"""Tasks that workers of the tests run, and a real Dask scheduler with worker processes on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
SECONDS = 60
"""What takes longer to start has failed."""
SIZE = 60


@dataclass(frozen=True)
class Noisy:
    """A task with a seed of its own."""

    number: int
    seed: np.random.SeedSequence
    seconds: float = 0.0


def noisy_tasks(count: int, seconds: float = 0.0) -> list[Noisy]:
    """Seeds are spawned by number of the task."""
    seeds = np.random.SeedSequence(7).spawn(count)
    return [Noisy(number, seed, seconds) for number, seed in enumerate(seeds)]


def noisy_inverse(task: Noisy) -> bytes:
    """Sums whose last digits depend on their order, as bytes."""
    time.sleep(task.seconds)
    values = np.random.default_rng(task.seed).standard_normal((SIZE, SIZE))
    found: bytes = np.linalg.inv(values @ values.T + np.eye(SIZE)).tobytes()
    return found


def spawned(seed: np.random.SeedSequence) -> float:
    """Changes what it is given: a seed counts its children."""
    return float(np.random.default_rng(seed).spawn(1)[0].standard_normal())


def fails_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is\nnot welcome")
    return number * number


def kills_once(folder: str, number: int) -> int:
    """Task 5 kills its worker the first time."""
    mark = Path(folder, "killed")
    if number == 5 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def kills_always(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def threads_of_libraries(number: int) -> set[int]:
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    return {int(each["num_threads"]) for each in threadpool_info()}


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[tuple[Path, list[subprocess.Popen[bytes]]]]:
    """The scheduler file, and the processes of the scheduler and of its workers; all end with the block."""
    file = folder / "scheduler.json"
    started = [_dask("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
    words = ("--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
    try:
        _wait_for(file.exists)
        started += [_dask("dask_worker", *words) for _ in range(workers)]
        yield file, started
    finally:
        for process in started:
            process.kill()
            process.wait()


def _dask(program: str, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--no-dashboard", *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    environment |= {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}  # a worker's own; tasks must not see it
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_for(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < end, "it did not start"
        time.sleep(0.02)
