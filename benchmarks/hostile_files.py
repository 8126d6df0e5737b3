"""Does any file make a reader of spinode fall over? Damaged and hostile files of every format, tried one by one.

    python benchmarks/hostile_files.py --inputs 100000 --seed 1

Each input must give a right result, or one line of our own (a ValueError or OSError, which a command prints and exits
with 1): no traceback, no warning of another package, no hang, no crash of a library, and no more than a fixed amount
of memory whatever the file claims. Input i of a reader depends on the seed and i alone, so ``--first`` goes on where a
run was stopped, and a failure is seen again with ``--only READER --first i --inputs 1``.
"""

from __future__ import annotations

import argparse
import ast
import linecache
import multiprocessing
import os
import resource
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

import spinode
import spinode.hdf5
from benchmarks.hostile_readers import READERS, Reader, WrongError, attempt
from spinode import hdf5_trial

PACKAGE = Path(spinode.__file__).parent
MEMORY = 1 << 30
"""Bytes of address space beyond what the process had before: a reader that asks for more has not checked a size."""
RESIDENT = 256 << 10
"""Kilobytes of memory by which one input may raise the peak."""
SLOW = 5.0
"""Seconds of processor time that one input may take."""
HANGING, BLOCKED = 20.0, 600
"""Seconds of processor time, and of any time, without an answer after which a reader hangs."""
LONGEST_LINE = 1500


@dataclass
class Tally:
    """What became of the inputs of one reader."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Try the inputs and print a table; the exit code is 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2000, help="inputs over all readers, by their shares")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each reader")
    parser.add_argument("--only", default="", help="this reader alone")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that failed")
    options = parser.parse_args()
    readers = [reader for reader in READERS if options.only in ("", reader.name)]
    total = sum(reader.share for reader in readers)
    tallies = {}
    for reader in readers:
        last = options.first + max(1, round(options.inputs * reader.share / total))
        tallies[reader.name] = run(reader, options.seed, range(options.first, last), options.keep)
        print(line(reader.name, tallies[reader.name]), flush=True)
        for failure in tallies[reader.name].failures[:20]:
            print(f"    {failure}", flush=True)
    failed = sum(len(tally.failures) for tally in tallies.values())
    tried = sum(tally.outcomes.total() for tally in tallies.values())
    seconds = sum(tally.seconds for tally in tallies.values())
    print(f"{tried} inputs of {len(readers)} readers in {seconds:.0f} s: {failed} failures")
    raise SystemExit(min(failed, 1))


def line(name: str, tally: Tally) -> str:
    """One row of the table."""
    counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.outcomes.items()))
    rate = tally.outcomes.total() / max(tally.seconds, 1e-9)
    return f"{name:18s} {tally.outcomes.total():7d} inputs  {rate:7.0f} a second  {counts}"


def run(reader: Reader, seed: int, numbers: range, keep: Path | None) -> Tally:
    """All inputs in child processes; one that crashes or hangs is counted, and the next child goes on behind it."""
    tally, begun = Tally(), time.monotonic()
    at = numbers.start
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        while at < numbers.stop:
            for number, outcome in _in_child(reader, seed, range(at, numbers.stop), folder):
                at = number + 1
                kind, _, text = outcome.partition(": ")
                tally.outcomes[kind] += 1
                if kind not in ("read", "refused"):
                    tally.failures.append(f"{reader.name} {number}: {outcome}")
                    _keep(keep, reader, seed, number)
                    del text
    tally.seconds = time.monotonic() - begun
    return tally


def _keep(folder: Path | None, reader: Reader, seed: int, number: int) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{reader.name.replace(' ', '-')}-{seed}-{number}{reader.suffix}"
        (folder / name).write_bytes(reader.make(_rng(reader, seed, number)).content)


def _rng(reader: Reader, seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(reader.name.encode()), number])


def _in_child(reader: Reader, seed: int, numbers: range, folder: str) -> Iterator[tuple[int, str]]:
    """Number and outcome of each input, as far as one child gets."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=_work, args=(reader, seed, numbers, Path(folder), theirs), daemon=True
    )
    child.start()
    theirs.close()
    at = numbers.start
    try:
        while at < numbers.stop:
            if hung := _wait(ours, child.pid or 0):
                yield at, hung
                return
            try:
                outcome = ours.recv()
            except EOFError:
                child.join()
                yield at, f"crash: the process ended with {child.exitcode}"
                return
            yield at, outcome
            at += 1
    finally:
        child.kill()
        child.join()


def _wait(answers: Connection, child: int) -> str:
    """Wait for an answer; what is wrong if there is none. A busy machine may starve the child: its own time counts."""
    used = _seconds_of(child)
    for _ in range(BLOCKED):  # counted, since both processes may be stopped for a while
        if answers.poll(1.0):
            return ""
        if _seconds_of(child) - used > HANGING:
            return f"hang: no answer in {HANGING:.0f} s of processor time"
    return f"hang: no answer in {BLOCKED} s"


def _seconds_of(child: int) -> float:
    """Processor time of a process [s]; 0 where the system does not tell."""
    stat = Path(f"/proc/{child}/stat")
    words = stat.read_text().rpartition(")")[2].split() if stat.exists() else []
    return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK") if words else 0.0


def _work(reader: Reader, seed: int, numbers: range, folder: Path, answers: Connection) -> None:
    """The child: limited memory, one input after the other."""
    path = folder / f"input{reader.suffix}"
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    spinode.hdf5.survives = survives_in_fork
    for number in numbers:
        given = reader.make(_rng(reader, seed, number))
        peak, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            attempt(reader, path, given)
            outcome = "read"
        except BaseException as error:
            outcome = judged(error)
        if (grown := resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) > RESIDENT:
            outcome = f"memory: {grown >> 10} MB more"
        if (spent := time.process_time() - begun) > SLOW:
            outcome = f"slow: {spent:.1f} s"
        answers.send(outcome if outcome in ("read", "refused") else f"{outcome} [{given.change[:120]}]")


def survives_in_fork(path: str | os.PathLike[str]) -> bool:
    """What ``spinode.hdf5_trial.survives`` finds, in a fork of this process, which takes no time to start."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # newer Pythons fear for the threads
        child = os.fork()
    if child == 0:
        code = hdf5_trial.DEADLY
        try:
            hdf5_trial.limit()
            code = hdf5_trial.walk(os.fspath(path))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def judged(error: BaseException) -> str:
    """``refused`` for one line of our own; what is wrong otherwise."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    if isinstance(error, WrongError):
        return f"wrong: {error}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return f"memory: a size was not checked, {place}: {error}"
        cause = cause.__context__
    text = str(error)
    if not isinstance(error, ValueError | OSError):
        return f"traceback: {type(error).__name__} at {place}: {text[:200]}"
    if "\n" in text or not text or len(text) > LONGEST_LINE:
        return f"words: {len(text)} characters, {text.count(chr(10)) + 1} lines at {place}: {text[:100]!r}"
    if not _raised_here(where.filename, where.lineno or 0) and not isinstance(error, OSError):
        return f"foreign words: {type(error).__name__} at {place}: {text[:200]}"
    return "refused"


@cache
def _raises(filename: str) -> frozenset[int]:
    """Lines of the raise statements of a file."""
    tree = ast.parse("".join(linecache.getlines(filename)))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return frozenset(n for node in found for n in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _raised_here(filename: str, number: int) -> bool:
    own = PACKAGE in Path(filename).parents or Path(filename).name == "hostile_readers.py"
    return own and number in _raises(filename)


if __name__ == "__main__":
    main()
