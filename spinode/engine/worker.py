"""What a worker does around a task: one thread in every library, so that the numbers are those of any other worker.

A sum that a library shares out to two threads is rounded otherwise than the same sum in one. Threads inside a task
would fight with the other workers for the same cores besides.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from threadpoolctl import ThreadpoolController, threadpool_limits

ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
}
"""Read by a library when it is loaded; what is loaded already is told by threadpoolctl."""
WATCH_SECONDS = 1.0
"""How often a worker process looks whether the one that gave it tasks is there."""

_installed: Callable[[Any], Any] | None = None
_modules_seen = 0


def install(function: Callable[[Any], Any], parent: int) -> None:
    """Keep the function of this process's tasks, so that it is sent once a worker and not once a task.

    Ctrl-C reaches every process of a terminal: the one that gave the tasks answers it and ends this one, which also
    ends by itself when that one, the parent, was killed; be it while this one was starting.
    """
    global _installed
    _installed = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def call_installed(task: Any) -> Any:
    """Run the installed function on a task."""
    assert _installed is not None
    stay_single()
    return _installed(task)


def call(task: Any, function: Callable[[Any], Any]) -> Any:
    """Run a function on a task."""
    stay_single()
    return function(task)


def stay_single() -> None:
    """Hold the libraries of this worker to one thread for good; looked at again when modules have been loaded."""
    global _modules_seen
    if len(sys.modules) != _modules_seen:
        os.environ.update(ONE_THREAD)
        threadpool_limits(limits=1)
        _modules_seen = len(sys.modules)


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold the libraries of this process to one thread while the block runs."""
    import numpy  # noqa: F401 - its library must be loaded to be held
    import scipy.linalg  # noqa: F401 - has a library of its own

    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with ThreadpoolController().limit(limits=1):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def versions() -> dict[str, str]:
    """Versions on which the last digits of a number depend."""
    from importlib.metadata import version

    from spinode import __version__

    found = {"spinode": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in ("numpy", "scipy", "numba")}
