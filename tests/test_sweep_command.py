"""``spinode sweep``: rows, their failures, one line for bad values before anything runs, and going on after a kill."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinode.cli import main
from spinode.storage import read_traces
from tests.engine_tasks import ROOT

Captured = pytest.CaptureFixture[str]
GRID = ["sweep", "simulate", "vortex", "--drive", "current={current}", "--duration", "100ns"]
GRID += ["--over", "current=4mA:7mA:3", "--over", "radius=150nm,250nm"]


def table(path: Path) -> dict[str, list[object]]:
    """Columns as lists; texts as str."""
    with h5py.File(path) as file:
        items = {name: file[name] for name in file if isinstance(file[name], h5py.Dataset)}
        return {
            name: (item.asstr()[()] if h5py.check_string_dtype(item.dtype) else item[()]).tolist()
            for name, item in items.items()
        }


def refused(capsys: Captured, *words: str) -> str:
    assert main([*words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_sweep_has_the_numbers_of_its_command_called_alone(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "sweep.h5"
    assert main([*GRID, "-o", str(out), "--jobs", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("rows", "failed", "taken_over")} == {"rows": 6, "failed": 0, "taken_over": 0}
    found = table(out)
    assert found["current"] == [0.004, 0.004, 0.0055, 0.0055, 0.007, 0.007]
    assert found["radius"] == [1.5e-7, 2.5e-7] * 3
    alone = ["simulate", "vortex", "--drive", "current=5.5mA", "--duration", "100ns", "--set", "radius=250nm"]
    assert main([*alone, "-o", str(tmp_path / "alone.h5"), "--json"]) == 0
    mean = json.loads(capsys.readouterr().out)["outputs"]["voltage"]["mean"]
    assert found["outputs.voltage.mean"][3] == mean
    assert json.loads(str(found["json"][3]))["outputs"]["voltage"]["mean"] == mean
    assert not out.with_name("sweep.h5.rows").exists()


def test_two_processes_give_the_numbers_of_one(tmp_path: Path) -> None:
    words = ["sweep", "simulate", "envelope", "--drive", "current={current}", "--over", "current=6mA,7mA"]
    words += ["--duration", "5us", "--temperature", "300K", "--draws", "3", "--seed", "5"]
    tables = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.h5"
        assert main([*words, "--jobs", jobs, "-o", str(out)]) == 0
        tables.append(table(out))
    one, two = ({name: cells for name, cells in each.items() if "seconds" not in name} for each in tables)
    one.pop("json"), two.pop("json")
    assert one == two
    assert len(set(map(str, one["seed"]))) == 6
    names = [name for name in one if name.endswith(".mean")]
    assert all(len(set(map(str, one[name]))) > 2 for name in names[:1])  # the draws differ


def test_a_row_that_fails_keeps_its_message_and_the_others_go_on(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "sweep.h5"
    words = ["sweep", "simulate", "vortex", "--duration", "250ns", "--drive", "current={current}"]
    words += ["--set", "radius=150nm", "--over", "current=6mA,8mA,7mA"]
    assert main([*words, "-o", str(out), "--jobs", "1"]) == 1
    captured = capsys.readouterr()
    assert "3 rows, 1 failed" in captured.out
    (line,) = [each for each in captured.err.splitlines() if each.startswith("spinode: ")]
    assert "1 of 3 rows failed, row 1 with: vortex diverged at " in line
    found = table(out)
    assert [bool(text) for text in found["error"]] == [False, True, False]
    assert "vortex diverged" in str(found["error"][1])
    assert [math.isnan(float(str(cell))) for cell in found["outputs.voltage.mean"]] == [False, True, False]
    assert main([*words, "-o", str(out), "--jobs", "1", "--resume", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["taken_over"], told["failed"]) == (2, 1)


def test_the_calculator_and_the_datasheet_can_be_swept_too(tmp_path: Path) -> None:
    out = tmp_path / "design.h5"
    words = ["sweep", "design", "--set", "draws=20", "--over", "spacing=1MHz,2MHz"]
    assert main([*words, "-o", str(out), "--jobs", "1"]) == 0
    found = table(out)
    assert sum(name.startswith("rows.") for name in found) > 5
    with h5py.File(out) as file:
        assert {file[name].attrs["units"] for name in file if name.startswith("rows.")} > {"Hz", "A"}
    out = tmp_path / "info.h5"
    words = ["sweep", "info", "vortex", "--set", "current={current}", "--over", "current=5mA:7mA:3"]
    assert main([*words, "-o", str(out), "--jobs", "1"]) == 0
    assert table(out)["current"] == [0.005, 0.006, 0.007]


def test_files_of_the_rows_are_kept_where_asked(tmp_path: Path) -> None:
    words = [*GRID, "--keep", str(tmp_path), "--jobs", "1", "-o", str(tmp_path / "sweep.h5")]
    assert main(words) == 0
    (trace,) = read_traces(tmp_path / "row000001.h5")
    assert trace.parameters["radius"].value == 2.5e-7
    assert table(tmp_path / "sweep.h5")["file"][1] == str(tmp_path / "row000001.h5")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["sweep", "paint", "--over", "a=1,2"], "paint"),
        (["sweep", "demo", "--over", "a=1,2"], "demo"),
        (["sweep", "simulate", "vortex"], "something that varies"),
        (["sweep", "simulate", "vortex", "--over", "radius=150nm,-1nm"], "row 1: radius=-1nm"),
        (["sweep", "simulate", "vortex", "--over", "radius=150nm,1mA"], "row 1: radius=1mA"),
        (["sweep", "simulate", "vortex", "--over", "radus=150nm,1nm"], "radus"),
        (["sweep", "simulate", "vortex", "--over", "current=3mA,5mA"], "--drive 'current={current}'"),
        (["sweep", "simulate", "vortex", "--over", "duration=1us,2mA"], "--duration"),
        (["sweep", "simulate", "vortex", "--over", "repeats=1,0"], "repeats"),
        (["sweep", "simulate", "vortex", "--nope", "--over", "radius=150nm"], "--nope"),
        (["sweep", "simulate", "vortex", "--set", "radius={r}", "--over", "current=1mA"], "{r}"),
        (["sweep", "design", "--over", "spacing=1MHz,2nm"], "row 1: spacing=2nm"),
        (["sweep", "design", "--serve", "--over", "spacing=1MHz,2MHz"], "--serve"),
        (["sweep", "design", "--over", "spacing=1MHz,2MHz", "--cluster", "gone.json"], "Engine.cluster"),
        (["sweep", "design", "--over", "spacing=1MHz,2MHz", "--keep", "gone"], "--keep"),
        (["sweep", "speech", "--draws", "2"], "--draws must go with a command that has --seed"),
        (["sweep", "bind", "--device", "vortex", "--seed", "x", "--draws", "2"], "--seed must be a whole number"),
    ],
)
def test_bad_values_are_one_line_before_anything_runs(
    words: list[str], line: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a row was run")

    monkeypatch.setattr("spinode.cli.sweep_row.run_row", never)
    assert line in refused(capsys, *words, "--jobs", "1", "-o", str(tmp_path / "sweep.h5"))
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_there_is_not_replaced(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "sweep.h5"
    out.touch()
    assert "already there" in refused(capsys, *GRID, "-o", str(out))
    out.unlink()
    out.with_name("sweep.h5.rows").touch()
    assert "holds a stopped sweep; give --resume" in refused(capsys, *GRID, "-o", str(out))


def test_an_interruption_says_how_to_go_on(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    import spinode.cli.sweep_row as sweep_row

    run, seen = sweep_row.run_row, []

    def interrupted(task: sweep_row.RowTask) -> object:
        seen.append(task.number)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return run(task)

    monkeypatch.setattr("spinode.cli.sweep_row.run_row", interrupted)
    out = tmp_path / "sweep.h5"
    assert main([*GRID, "-o", str(out), "--jobs", "1"]) == 130
    assert "interrupted; 2 of 6 rows are kept, the others go on with the same command and --resume" in (
        capsys.readouterr().err
    )
    assert main([*GRID, "-o", str(out), "--jobs", "1", "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["taken_over"] == 2
    assert seen == [0, 1, 2, 2, 3, 4, 5]


LONG = ["sweep", "simulate", "vortex", "--drive", "current={current}", "--over", "current=1mA:4mA:40"]
LONG += ["--duration", "2us", "--temperature", "300K"]


def started(out: Path, *more: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "spinode", *LONG, "-o", str(out), *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def lines(out: Path) -> int:
    path = out.with_name(out.name + ".rows")
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed_after(out: Path, count: int, *more: str) -> int:
    """Kill a sweep without warning when so many rows are in its journal; rows that are whole."""
    with started(out, *more) as child:
        while lines(out) <= count and child.poll() is None:
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
    return lines(out) - 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
def test_a_sweep_that_is_killed_goes_on_and_repeats_no_row(tmp_path: Path, capsys: Captured) -> None:
    out, whole = tmp_path / "sweep.h5", tmp_path / "whole.h5"
    finished = killed_after(out, 10, "--jobs", "1")
    assert 10 <= finished < 40
    before = out.with_name("sweep.h5.rows").read_bytes()
    assert main([*LONG, "-o", str(out), "--jobs", "1", "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["taken_over"] == finished
    assert main([*LONG, "-o", str(whole), "--jobs", "1"]) == 0
    ours, theirs = table(out), table(whole)
    names = [name for name in theirs if "seconds" not in name and name != "json"]
    assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}
    kept = [json.loads(line) for line in before.split(b"\n")[1:-1]]
    assert [ours["row_seconds"][each["row"]] for each in kept] == [each["seconds"] for each in kept]  # not run again


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
def test_ten_kills_of_a_sweep_in_two_processes_change_nothing(tmp_path: Path, capsys: Captured) -> None:
    out, whole = tmp_path / "sweep.h5", tmp_path / "whole.h5"
    rng = np.random.default_rng(3)
    for number in range(10):
        killed_after(
            out, max(0, lines(out)) + int(rng.integers(0, 5)), "--jobs", "2", *(["--resume"] if number else [])
        )
    assert main([*LONG, "-o", str(out), "--jobs", "2", "--resume"]) == 0
    assert main([*LONG, "-o", str(whole), "--jobs", "1"]) == 0
    ours, theirs = table(out), table(whole)
    names = [name for name in theirs if "seconds" not in name and name != "json"]
    assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}
