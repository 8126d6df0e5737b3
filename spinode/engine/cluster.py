"""Tasks on the workers of a Dask scheduler. The package ``distributed`` is needed here and nowhere else."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from spinode.engine.outcome import Finished, WorkerDiedError
from spinode.engine.worker import call, versions

T = TypeVar("T")
R = TypeVar("R")
CONNECT_SECONDS = 10
"""How long a scheduler may take to answer."""
AHEAD = 5000
"""Tasks that the scheduler knows of at a time; several for each of a thousand workers."""


def on_cluster(function: Callable[[T], R], tasks: Sequence[T], cluster: str) -> Generator[Finished[R], None, None]:
    """Run tasks on a Dask cluster; what finishes is yielded at once, in whatever order.

    The scheduler gives the tasks of a lost worker to others, and gives a task up whose workers die again and again
    (its ``distributed.scheduler.allowed-failures``); where it gives up several, each is tried once more, alone.
    """
    with _connected(cluster) as client:
        _look_at_workers(client, cluster)
        flock = _Flock(client, function, tasks)
        killed: list[Finished[R]] = []
        while flock.numbers:
            for future, result in flock.next_batch():
                finished = _finished(flock.numbers.pop(future.key), future, result, cluster)
                if isinstance(finished.error, WorkerDiedError):
                    killed.append(finished)
                else:
                    yield finished
        # Dask blames the tasks that only waited on a worker, too; alone on the cluster each is judged by itself.
        for each in killed if len(killed) > 1 else ():
            flock.submit([each.number], "alone")
            ((future, result),) = flock.next_batch()
            yield _finished(flock.numbers.pop(future.key), future, result, cluster)
        yield from killed if len(killed) == 1 else ()


class _Flock:
    """Futures of the tasks that the scheduler knows of, by key; as many tasks as finish are added."""

    def __init__(self, client: Any, function: Callable[[Any], Any], tasks: Sequence[Any]) -> None:
        import cloudpickle
        from distributed import as_completed

        self.client, self.tasks, self.given = client, tasks, 0
        self.run, self.numbers = uuid4().hex, dict[str, int]()
        self.arriving = as_completed(loop=client.loop, with_results=True, raise_errors=False)
        # A task of its own and not scattered: scattered data is lost with the workers that hold it.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)  # 2026-11: once
            key = f"spinode-function-{self.run}"
            self.held = client.submit(cloudpickle.loads, cloudpickle.dumps(function), key=key)
        self._add(AHEAD)

    def next_batch(self) -> list[tuple[Any, Any]]:
        """Futures that are over with their results, at least one."""
        batch: list[tuple[Any, Any]] = self.arriving.next_batch()
        if all(future.status in ("finished", "error") for future, _ in batch):
            self._add(len(batch))
        return batch

    def _add(self, more: int) -> None:
        part = range(self.given, min(self.given + more, len(self.tasks)))
        self.given += len(part)
        if part:
            self.submit(part, "task")

    def submit(self, numbers: Sequence[int], kind: str) -> None:
        """Give these tasks to the scheduler."""
        keys = [f"spinode-{kind}-{self.run}-{number}" for number in numbers]
        self.numbers.update(zip(keys, numbers, strict=True))
        part = [self.tasks[number] for number in numbers]
        self.arriving.update(self.client.map(call, part, function=self.held, key=keys))


def _finished(number: int, future: Any, result: Any, cluster: str) -> Finished[Any]:
    from distributed import KilledWorker

    if future.status == "finished":
        return Finished(number=number, result=result)
    if future.status != "error":
        raise ConnectionError(f"the Dask scheduler at {cluster} went away; what had finished is kept")
    error = result[1]
    if isinstance(error, KilledWorker):
        text = "its worker died again and again; was it killed, or out of memory?"
        error = WorkerDiedError(text)
    return Finished(number=number, error=error)


@contextmanager
def _connected(cluster: str) -> Iterator[Any]:
    """A client of the scheduler; closed with all that it asked for at the end of the block."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise ValueError(
            "a cluster needs the package 'distributed', which is not installed; try: pip install 'spinode[dask]'"
        ) from None
    address = cluster if "://" in cluster else _address_in(Path(cluster))
    for part in ("client", "core", "comm"):
        logging.getLogger(f"distributed.{part}").setLevel(logging.CRITICAL)  # we say it in one line ourselves
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"no Dask scheduler answers at {address}: {reason[:200]}") from None
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_SECONDS)


def _address_in(path: Path) -> str:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["address"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str):
        raise ValueError(f"'{path}' must be a scheduler file of Dask (JSON with an address), got something else")
    return found


def _look_at_workers(client: Any, cluster: str) -> None:
    """Warn of what makes numbers differ or work slow; raise ValueError where the workers cannot work."""
    threads = client.nthreads()
    if not threads:
        text = f"no worker has joined the Dask scheduler at {cluster} yet; waiting for one"
        warnings.warn(text, UserWarning, stacklevel=2)
        return
    if max(threads.values()) > 1:
        text = "workers with several threads work on several tasks at a time; start them with --nthreads 1"
        warnings.warn(text, UserWarning, stacklevel=2)
    ours = versions()
    for address, theirs in client.run(versions, on_error="return").items():
        if not isinstance(theirs, dict):
            raise ValueError(f"worker {address} must have spinode {ours['spinode']} installed, got: {theirs}")
        other = [f"{name} {theirs[name]} (here {ours[name]})" for name in ours if theirs[name] != ours[name]]
        if other:
            text = f"worker {address} has {', '.join(other)}: the last digits of a number may differ"
            warnings.warn(text, UserWarning, stacklevel=2)
            return
