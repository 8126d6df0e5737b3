"""Tasks on a real Dask scheduler with worker processes on this machine: the same bytes, also when one is killed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from spinode.cli import main
from spinode.engine import Engine, WorkerDiedError, run_all, run_tasks
from tests.engine_tasks import (
    dask_cluster,
    fails_on_three,
    kills_always,
    noisy_inverse,
    noisy_tasks,
    threads_of_libraries,
)

pytestmark = [
    # 2026-11-27: distributed 2026.8 warns when no worker has come yet; a cluster that is just starting has none.
    pytest.mark.filterwarnings("ignore:no worker has joined the Dask scheduler:UserWarning"),
]
Cluster = tuple[Path, list[subprocess.Popen[bytes]]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with dask_cluster(tmp_path, workers=2) as found:
        yield found


def test_a_cluster_that_loses_a_worker_half_way_gives_the_bytes_of_one_process(cluster: Cluster) -> None:
    file, (_, first, _) = cluster
    tasks = noisy_tasks(40, seconds=0.02)
    found: dict[int, bytes] = {}
    with closing(run_tasks(noisy_inverse, tasks, Engine(cluster=str(file)))) as arriving:
        for each in arriving:
            found[each.number] = each.taken()
            if len(found) == 20:
                first.kill()
    assert first.poll() is not None
    assert [found[number] for number in range(40)] == run_all(noisy_inverse, noisy_tasks(40), Engine())


@pytest.mark.slow
def test_a_task_that_fails_on_a_cluster_leaves_the_others_alone(cluster: Cluster) -> None:
    engine = Engine(cluster=json.loads(cluster[0].read_text())["address"])
    found = {each.number: each for each in run_tasks(fails_on_three, range(6), engine)}
    assert {number: each.result for number, each in found.items()} == {0: 0, 1: 1, 2: 4, 3: None, 4: 16, 5: 25}
    assert str(found[3].error) == "three is\nnot welcome"
    assert run_all(threads_of_libraries, [0, 1], engine) == [{1}, {1}]


@pytest.mark.slow
@pytest.mark.parametrize("saturation", ["1.1", "inf"])  # of a worker; more tasks wait on it, and are blamed with it
def test_a_task_that_kills_every_worker_is_given_up_and_the_others_finish(
    saturation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION", saturation)
    with dask_cluster(tmp_path, workers=10) as (file, _):
        found = {each.number: each for each in run_tasks(kills_always, range(30), Engine(cluster=str(file)))}
    assert [number for number in range(30) if found[number].error is not None] == [5]
    assert isinstance(found[5].error, WorkerDiedError)


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_one_line(cluster: Cluster) -> None:
    file, (scheduler, *_) = cluster
    found = 0
    with pytest.raises(ConnectionError, match="went away; what had finished is kept"):
        for _ in run_tasks(noisy_inverse, noisy_tasks(200, seconds=0.02), Engine(cluster=str(file))):
            found += 1
            if found == 10:
                scheduler.kill()
    assert found >= 10


@pytest.mark.slow
def test_a_sweep_on_a_cluster_that_loses_a_worker_has_the_numbers_of_one_process(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import h5py

    words = ["sweep", "simulate", "envelope", "--drive", "current={current}", "--duration", "20us"]
    words += ["--over", "current=6mA:8mA:20", "--temperature", "300K", "--draws", "2"]
    one, many = tmp_path / "one.h5", tmp_path / "many.h5"
    assert main([*words, "--jobs", "1", "-o", str(one)]) == 0
    killer = subprocess.Popen([sys.executable, "-c", KILLER.format(many, cluster[1][1].pid)])
    assert main([*words, "--cluster", str(cluster[0]), "-o", str(many)]) == 0
    assert killer.wait(timeout=60) == 0
    with h5py.File(one) as ours, h5py.File(many) as theirs:
        names = [name for name in ours if name.startswith("outputs.")]
        assert len(names) >= 3
        assert all((ours[name][()] == theirs[name][()]).all() for name in names)


KILLER = """
import os, time
journal = r"{0}.rows"
while not os.path.exists(journal) or open(journal).read().count("\\n") < 10:
    time.sleep(0.01)
os.kill({1}, 9)
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_an_address_where_nobody_answers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinode.engine.cluster.CONNECT_SECONDS", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ValueError, match=f"no Dask scheduler answers at {address}: [^\n]*$"):
        run_all(fails_on_three, [1], Engine(cluster=address))


def test_a_file_that_is_no_scheduler_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    for text in ("[]", "{", '{"address": 3}'):
        file.write_text(text)
        with pytest.raises(ValueError, match="must be a scheduler file of Dask"):
            run_all(fails_on_three, [1], Engine(cluster=str(file)))


def test_a_missing_package_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"needs the package 'distributed'.*pip install 'spinode\[dask\]'"):
        run_all(fails_on_three, [1], Engine(cluster="tcp://127.0.0.1:8786"))


def test_dask_is_loaded_for_a_cluster_alone() -> None:
    code = (
        "import sys; from spinode.engine import *; run_all(abs, [1], Engine());"
        "print([name for name in ('dask', 'distributed') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
