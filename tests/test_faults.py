"""Full disks, read-only folders, limits and dead workers: nothing that was there is lost, and one line says why."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from spinode.cli import main
from spinode.design.text import make_spec, spec_to_toml
from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join
from spinode.hdf5 import atomic_file, open_checked
from spinode.plots import save_figure
from spinode.simulate import Execution, simulate_ensemble
from spinode.speech.audio import read_all
from spinode.storage import read_traces, write_traces
from spinode.surrogate import load_surrogate, save_surrogate
from spinode.traces import TraceSet
from spinode.whole_file import write_whole
from tests.faults import fill, in_little_memory, remounted_read_only, small_disk
from tests.known_devices import made, trace_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of a process")
SHORT = ("--duration", "20ns", "--drive", "current=6mA")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def one_line(text: str) -> str:
    assert text.count("\n") == 1 and text.startswith("spinode: "), text
    assert "unexpected" not in text and "Traceback" not in text
    return text


def table(path: Path) -> Path:
    rows = "".join(f"{n}e-12\t{np.sin(0.3 * n):.6f}\t{n // 100}\n" for n in range(400))
    path.write_text(f"# t (s)\tmx ()\tB (T)\n{rows}")
    return path


def commands(folder: Path) -> dict[str, list[str]]:
    """Commands that write a file each, over the one that is there."""
    return {
        "simulate": ["simulate", "vortex", "-o", str(folder / "old"), *SHORT, "--force"],
        "import": [
            "import",
            str(table(folder.parent / "t.txt")),
            "-o",
            str(folder / "old"),
            "--output",
            "mx",
            "--force",
        ],
        "design -o": ["design", "--set", "number=5", "--set", "draws=20", "-o", str(folder / "old"), "--force"],
        "design --csv": ["design", "--set", "number=5", "--set", "draws=20", "--csv", str(folder / "old"), "--force"],
    }


COMMANDS = ("simulate", "import", "design -o", "design --csv")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_keeps_the_old_file_and_is_one_line(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "old").write_bytes(b"old")
        fill(disk)
        before = snapshot(disk)
        assert main(commands(disk)[name]) == 1
        assert "the disk is full; free some space" in one_line(capsys.readouterr().err)
        assert snapshot(disk) == before
        (disk / "filling").unlink()
        assert main(commands(disk)[name]) == 0
        assert (disk / "old").read_bytes() != b"old"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_read_only_disk_keeps_the_old_file_and_is_one_line(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "old").write_bytes(b"old")
        remounted_read_only(disk)
        before = snapshot(disk)
        assert main(commands(disk)[name]) == 1
        assert "read-only file system" in one_line(capsys.readouterr().err)
        assert snapshot(disk) == before


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    folder.chmod(0o555)
    try:
        assert main(commands(folder)["simulate"]) == 1
        assert "permission denied" in one_line(capsys.readouterr().err)
        assert snapshot(folder) == {"old": b"old"}
    finally:
        folder.chmod(0o755)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: a full disk for those who may not mount one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITERS: dict[str, Callable[[Path], None]] = {
    "traces": lambda path: write_traces(path, TraceSet((trace_for(made()),)), force=True),
    "surrogate": lambda path: save_surrogate(path, made(), force=True),
    "figure": lambda path: save_figure(path.with_suffix(".png"), Figure()),
    "text": lambda path: write_whole(path, spec_to_toml(make_spec({})).encode(), force=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_may_not_grow_leaves_the_old_one_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / "old.png"
    path.write_bytes(b"old")
    with largest_file(300), pytest.raises(OSError, match=r"old\.png cannot be written: file too large"):
        WRITERS[name](path)
    assert snapshot(tmp_path) == {"old.png": b"old"}
    WRITERS[name](path)
    assert path.read_bytes() != b"old"


def test_a_file_that_the_memory_does_not_hold_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")
    with pytest.raises(MemoryError, match="unable to allocate"), atomic_file(path, "traces/1", force=True) as file:
        file["x"] = 1.0
        raise OSError("Driver write request failed (unable to allocate memory block of 15335424 bytes)")
    assert snapshot(tmp_path) == {"a.h5": b"old"}


WRITER = """
import sys, numpy as np
from spinode.hdf5 import atomic_file, put_array
for number in range(15):
    with atomic_file(sys.argv[1], "traces/1", force=True) as file:
        put_array(file, "x", np.full(2000, float(sys.argv[2])))
"""


def test_two_processes_that_write_one_file_leave_it_whole_at_every_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    words = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*words, number]) for number in "12"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            with open_checked(path, "traces/1") as file:
                values = file["x"][()]
            assert len(set(values.tolist())) == 1
            seen.add(values[0])
        time.sleep(0.005)
    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen <= {1.0, 2.0} and seen
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.h5"]


KILLED = """
import sys, time
import spinode.whole_file
def wait(handle):
    print("writing", flush=True)
    time.sleep(60)
spinode.whole_file.os.fsync = wait
spinode.whole_file.write_whole(sys.argv[1], bytes(10_000), force=True)
"""


def test_a_kill_while_saving_keeps_the_old_file_and_its_rest_goes_with_the_next_save(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"old")
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"writing\n"
        write_whole(tmp_path / "old", b"new", force=True)  # beside one that is alive
        child.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"new"
    (rest,) = [entry for entry in tmp_path.iterdir() if entry != path]
    os.utime(rest, (0, 0))
    write_whole(path, b"newer", force=True)
    assert snapshot(tmp_path) == {"old": b"newer"}


def test_a_worker_that_runs_out_of_memory_ends_the_ensemble_with_its_error() -> None:
    device = VortexOscillator()
    sampling = Sampling(duration=2e-6, dt=1e-10)
    drive = join(*(constant(channel, sampling, 0.0) for channel in device.inputs))

    def starve(part: float) -> None:
        raise MemoryError("no room")

    before = threading.active_count()
    with pytest.raises(MemoryError, match="no room"):
        simulate_ensemble([device] * 64, drive, execution=Execution(workers=4, advance=starve))
    assert threading.active_count() == before


def test_a_clip_that_fills_the_memory_ends_the_reading_with_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starve(path: Path, rate: int) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("spinode.speech.audio.read_clip", starve)
    before = threading.active_count()
    with pytest.raises(MemoryError, match="no room"):
        list(read_all([tmp_path / f"{n}.wav" for n in range(100)], 8000))
    assert threading.active_count() == before


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [30, 150])
def test_a_simulation_without_enough_memory_is_one_line_and_leaves_nothing(tmp_path: Path, megabytes: int) -> None:
    imports = (
        "import spinode.simulate, spinode.storage, spinode.devices.vortex, spinode.drive_text, spinode.cli.simulate"
    )
    words = ["simulate", "vortex", "-o", str(tmp_path / "a.h5"), "--drive", "current=6mA", "--duration", "50ms"]
    done = in_little_memory([*words, "--dt", "1ns"], megabytes << 20, imports)
    assert done.returncode == 1
    assert "not enough memory" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_table_without_enough_memory_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    rows = "".join(f"{n}e-12\t0.5\t{n // 100}\n" for n in range(400_000))
    (tmp_path / "t.txt").write_text(f"# t (s)\tmx ()\tB (T)\n{rows}")
    imports = "import spinode.importers, spinode.storage, spinode.surrogate.events, spinode.cli.import_"
    words = ["import", str(tmp_path / "t.txt"), "-o", str(tmp_path / "t.h5"), "--output", "mx"]
    done = in_little_memory(words, 40 << 20, imports)
    assert done.returncode == 1
    assert "not enough memory" in one_line(done.stderr)
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.txt"]


def test_files_that_were_written_before_a_fault_are_still_read(tmp_path: Path) -> None:
    save_surrogate(tmp_path / "twin.h5", made())
    write_traces(tmp_path / "t.h5", TraceSet((trace_for(made()),)))
    with largest_file(300), pytest.raises(OSError, match="cannot be written"):
        save_surrogate(tmp_path / "other.h5", made())
    assert np.array_equal(load_surrogate(tmp_path / "twin.h5").theta, made().theta)
    assert len(read_traces(tmp_path / "t.h5")) == 1
