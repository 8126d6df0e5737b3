"""What does a task cost in processes and on Dask, do two cores halve the time, and how long must a task last?

    python benchmarks/cluster.py              all of it, some minutes
    python benchmarks/cluster.py --quick      a smoke test with few tasks
    python benchmarks/cluster.py --many 2 32 256 1000     numbers of Dask workers for the scheduler's cost
    python benchmarks/cluster.py --parts scaling          real tasks alone

Empty tasks show what the handing out costs: tasks a second, and the processor time a task of the giver (this process),
of the scheduler and of a worker, which other programs on the machine change little. Many Dask workers live in two
processes here; what counts is the scheduler, a process of its own as on a cluster. Real tasks are vortex simulations
with noise. Every wall time is the best of the rounds, for a busy machine can only add to it.

The model: a worker is busy for t of every t + o, o being its own cost a task. Scheduler and giver each handle one task
at a time in c; a share h of the scheduler's time goes to the heartbeats of the workers. With P workers the part of
their time that is work is min(t / (t + o), t (1 - h) / (P c)), c being the larger of the two.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported: all run on one thread

import numpy as np
import psutil
from workload import machine

from spinode.engine import Engine, run_all, run_tasks
from spinode.units import format_quantity

WANTED = 0.9
"""Part of the workers' time that is to be work."""
PROCESSES = 2
"""That hold the Dask workers here."""
HEARTBEATS_SECONDS = 10.0
SIZES = (2, 10, 100, 1000)
"""Workers of the model."""
WORKERS = """
import asyncio, sys
from distributed import Worker
async def main(file, count, folder):
    options = dict(nthreads=1, dashboard=False, memory_limit=None, local_directory=folder)
    workers = [Worker(scheduler_file=file, **options) for _ in range(int(count))]
    await asyncio.gather(*workers)
    await asyncio.gather(*(each.finished() for each in workers))
asyncio.run(main(*sys.argv[1:]))
"""
"""Code of a process that holds many workers, each with a connection, a thread and a heartbeat of its own."""


@dataclass(frozen=True)
class Dask:
    """A scheduler and worker processes on this machine."""

    file: Path
    scheduler: psutil.Process
    workers: list[psutil.Process]

    @property
    def engine(self) -> Engine:
        """Where tasks run."""
        return Engine(cluster=str(self.file))


@dataclass(frozen=True)
class Cost:
    """Processor time a task [s]; ``share`` is the scheduler's load at rest, by heartbeats of so many workers."""

    giver: float
    scheduler: float
    worker: float
    share: float
    workers: int


def empty(number: int) -> int:
    """A task that costs nothing."""
    return number


def simulation(steps: int, seed: np.random.SeedSequence) -> tuple[float, float]:
    """A vortex oscillator with thermal noise, whose seed belongs to the task; and the processor time it took [s]."""
    from spinode.devices.vortex import VortexOscillator
    from spinode.drives import Sampling, constant, join
    from spinode.simulate import simulate

    vortex = VortexOscillator()
    sampling = Sampling(duration=steps * vortex.step, dt=5 * vortex.step)
    current, field = vortex.inputs
    drive = join(constant(current, sampling, 1.2 * vortex.threshold_current), constant(field, sampling, 0.0))
    begun = time.thread_time()
    trace = simulate(vortex, drive, rng=np.random.default_rng(seed))
    return float(trace.output.values.mean()), time.thread_time() - begun


@contextmanager
def dask(workers: int) -> Iterator[Dask]:
    """A Dask cluster whose workers live in at most ``PROCESSES`` processes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        words = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        started = [subprocess.Popen([sys.executable, "-m", *words, "--scheduler-file", str(file)], **quiet)]
        try:
            while not file.exists():
                time.sleep(0.05)
            for place in range(min(PROCESSES, workers)):
                mine = len(range(place, workers, PROCESSES))
                words = [sys.executable, "-c", WORKERS, str(file), str(mine), folder]
                started.append(subprocess.Popen(words, **quiet))
            _wait_for(file, workers)
            found = [psutil.Process(each.pid) for each in started]
            yield Dask(file=file, scheduler=found[0], workers=found[1:])
        finally:
            for process in started:
                process.kill()
                process.wait()


def _wait_for(file: Path, workers: int) -> None:
    from distributed import Client

    with Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=3600)


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time that these have used [s]."""
    return sum(each.cpu_times().user + each.cpu_times().system for each in processes)


def per_second(engine: Engine, count: int) -> float:
    """Empty tasks a second between the first result and the last, so without the start of the workers."""
    times = [time.perf_counter() for _ in run_tasks(empty, range(count), engine)]
    return (count - 1) / (times[-1] - times[0])


def dask_cost(cluster: Dask, count: int, rounds: int, workers: int) -> tuple[float, Cost]:
    """Empty tasks a second, and processor time of each, the best of the rounds; the load of the scheduler at rest."""
    groups = ([psutil.Process()], [cluster.scheduler], cluster.workers)
    rates, found = [], []
    for _ in range(rounds):
        before = np.array([processor_seconds(group) for group in groups])
        run_all(empty, range(1), cluster.engine)
        between = np.array([processor_seconds(group) for group in groups])
        rates.append(per_second(cluster.engine, count + 1))
        after = np.array([processor_seconds(group) for group in groups])
        found.append(((after - between) - (between - before)) / count)
    begun = processor_seconds([cluster.scheduler]), time.perf_counter()
    time.sleep(HEARTBEATS_SECONDS)
    share = (processor_seconds([cluster.scheduler]) - begun[0]) / (time.perf_counter() - begun[1])
    giver, scheduler, worker = np.min(found, axis=0)
    return max(rates), Cost(float(giver), float(scheduler), float(worker), share, workers)


def handing_out(count: int, rounds: int, many: Sequence[int]) -> list[Cost]:
    """Print what empty tasks cost, for each number of Dask workers."""
    print(f"\n{count} empty tasks: tasks a second (best of {rounds})")
    print(f"  this process           {max(per_second(Engine(), count) for _ in range(rounds)):8.0f}")
    print(f"  2 processes (loky)     {max(per_second(Engine(jobs=2), count) for _ in range(rounds)):8.0f}")
    print("\nDask: tasks a second, processor time a task (giver, scheduler, worker), scheduler at rest")
    costs = []
    for workers in many:
        with dask(workers) as cluster:
            rate, cost = dask_cost(cluster, count, rounds, workers)
        times = "  ".join(f"{1e3 * each:5.2f} ms" for each in (cost.giver, cost.scheduler, cost.worker))
        print(f"  {workers:5d} workers {rate:8.0f}    {times}    {cost.share:6.1%}", flush=True)
        costs.append(cost)
    return costs


def scaling(count: int, steps: int, rounds: int) -> None:
    """Print how many real tasks a second one core and two do, and check that every number is the same."""
    tasks = np.random.SeedSequence(1).spawn(count)
    rates: dict[str, float] = {}
    costs: dict[str, float] = {}
    found: list[list[float]] = []

    def measure(name: str, engine: Engine, workers: int) -> None:
        for _ in range(rounds):
            results, times = {}, []
            for each in run_tasks(partial(simulation, steps), tasks, engine):
                results[each.number] = each.taken()
                times.append(time.perf_counter())
            rate = (count - workers) / (times[-1] - times[workers - 1])  # from the first result of each worker on
            rates[name] = max(rate, rates.get(name, 0.0))
            found.append([results[number][0] for number in range(count)])
            cost = float(np.median([seconds for _, seconds in results.values()]))
            costs[name] = min(cost, costs.get(name, cost))

    measure("this process", Engine(), 1)
    measure("2 processes (loky)", Engine(jobs=2), 2)
    for workers in (1, 2):
        with dask(workers) as cluster:
            measure(f"Dask, {workers} worker{'s' if workers > 1 else ''}", cluster.engine, workers)
    single = rates["this process"]
    print(f"\n{count} simulations of {1 / single:.2f} s each: tasks a second (best of {rounds}, without the start)")
    for name, rate in rates.items():
        print(f"  {name:20s} {rate:7.2f}   {rate / single:4.2f} times as many   {costs[name]:.3f} s of a core each")
    same = all(each == found[0] for each in found)
    print(f"  numbers of all {len(found)} runs the same bit for bit: {'yes' if same else 'NO'}")


def shortest(costs: Sequence[Cost], workers: int) -> float:
    """Task duration from which the workers are busy for ``WANTED`` of the time [s].

    The giver's and the scheduler's cost are those of the largest cluster, the worker's that of the smallest, where
    each has a core; the load by heartbeats is the straight line through both, and at least what the smallest has.
    """
    first, last = costs[0], costs[-1]
    slope = (last.share - first.share) / (last.workers - first.workers) if last.workers > first.workers else 0.0
    free = 1 - first.share - max(0.0, slope) * max(0, workers - first.workers)
    serial = max(last.giver, last.scheduler / free) if free > 0 else float("inf")
    return max(first.worker * WANTED / (1 - WANTED), WANTED * workers * serial)


def model(costs: Sequence[Cost]) -> None:
    """Print how long a task must last."""
    print(f"\nmodel: a task must last so long that {WANTED:.0%} of the workers' time is work")
    for workers in SIZES:
        print(f"  {workers:5d} workers   {format_quantity(float(f'{shortest(costs, workers):.2g}'), 's')}")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few tasks, one round")
    parser.add_argument("--many", type=int, nargs="+", default=[2, 32, 256], help="numbers of Dask workers")
    parser.add_argument("--parts", nargs="+", choices=("cost", "scaling"), default=("cost", "scaling"))
    options = parser.parse_args(words)
    quick = options.quick
    print(machine())
    if "cost" in options.parts:
        model(handing_out(100 if quick else 1000, 1 if quick else 3, [2] if quick else options.many))
    if "scaling" in options.parts:
        scaling(6 if quick else 16, 20_000 if quick else 1_500_000, 1 if quick else 3)


if __name__ == "__main__":
    main()
