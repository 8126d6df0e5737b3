"""One function over many tasks: the same numbers in this process and in others, and what happens when one dies."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_limits

from spinode.engine import Engine, WorkerDiedError, run_all, run_tasks
from tests.engine_tasks import (
    ROOT,
    fails_on_three,
    kills_always,
    kills_once,
    noisy_inverse,
    noisy_tasks,
    spawned,
    threads_of_libraries,
)

TWO = Engine(jobs=2)


def test_two_processes_give_the_bytes_of_one() -> None:
    tasks = noisy_tasks(12)
    assert run_all(noisy_inverse, tasks, TWO) == run_all(noisy_inverse, tasks, Engine())


def test_other_seeds_would_give_other_bytes() -> None:
    first, second = run_all(noisy_inverse, noisy_tasks(2), Engine())
    assert first != second


def test_a_second_run_of_the_same_tasks_gives_the_same_numbers_wherever_the_first_ran() -> None:
    seeds = np.random.SeedSequence(2).spawn(3)
    first, second, third = (run_all(spawned, seeds, engine) for engine in (Engine(), TWO, Engine()))
    assert first == second == third
    assert [seed.n_children_spawned for seed in seeds] == [0, 0, 0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_libraries_have_one_thread_inside_a_task(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with threadpool_limits(limits=2):
        assert run_all(threads_of_libraries, [0, 1], Engine(jobs=jobs)) == [{1}, {1}]


def test_threads_of_libraries_come_back_after_a_task() -> None:
    before = threads_of_libraries(0), os.environ.get("OMP_NUM_THREADS")
    run_all(threads_of_libraries, [0], Engine())
    assert (threads_of_libraries(0), os.environ.get("OMP_NUM_THREADS")) == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_fails_leaves_the_others_alone(jobs: int) -> None:
    found = {each.number: each for each in run_tasks(fails_on_three, range(6), Engine(jobs=jobs))}
    assert {number: each.result for number, each in found.items()} == {0: 0, 1: 1, 2: 4, 3: None, 4: 16, 5: 25}
    assert str(found[3].error) == "three is\nnot welcome"
    with pytest.raises(ValueError, match="three is"):
        found[3].taken()


def test_progress_reaches_the_whole() -> None:
    parts: list[float] = []
    run_all(fails_on_three, [0, 1, 2, 4], Engine(), lambda part, note: parts.append(part))
    assert parts == [0.25, 0.5, 0.75, 1.0]


def test_no_tasks_are_no_results() -> None:
    assert [run_all(fails_on_three, [], engine) for engine in (Engine(), TWO)] == [[], []]


def test_a_worker_that_is_killed_costs_no_result(tmp_path: Path) -> None:
    assert run_all(partial(kills_once, str(tmp_path)), range(10), TWO) == [number**2 for number in range(10)]
    assert (tmp_path / "killed").exists()


@pytest.mark.slow
def test_a_task_that_always_kills_its_worker_is_named_and_the_others_finish() -> None:
    found = {each.number: each for each in run_tasks(kills_always, range(10), TWO)}
    assert [number for number in range(10) if found[number].error is not None] == [5]
    assert isinstance(found[5].error, WorkerDiedError)
    assert {number: found[number].result for number in range(10) if number != 5} == {
        number: number**2 for number in range(10) if number != 5
    }


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from spinode.engine import Engine, run_tasks\n"
        "from tests.engine_tasks import pid_after\n"
        "for each in run_tasks(pid_after, [0.0, 0.0, 300.0, 300.0], Engine(jobs=2)):\n"
        "    print(each.result, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, str(script)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        workers = psutil.Process(parent.pid).children()  # one at work; the other perhaps still starting
        parent.kill()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=30)[1] == []


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Engine(jobs=0), "Engine.jobs must be 1 or more, got 0"),
        (lambda: Engine(cluster="gone.json"), "Engine.cluster must be an address such as tcp://10.0.0.1:8786 or"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(make: object, line: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=line):
        make()
