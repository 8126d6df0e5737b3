"""`spinode import` and `spinode info` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinode.cli import main
from spinode.storage import read_traces


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.txt"
    rows = "".join(f"{n}e-12\t{int(n > 9)}\t{n % 7}\n" for n in range(40))
    path.write_text("# t (s)\tB (mT)\tmx ()\n" + rows)
    return path


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_a_table_becomes_a_traces_file_that_info_describes(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "t.h5"
    words = ["import", table, "-o", out, "--input", "B", "--output", "mx", "--param", "radius=50nm", "--dt", "1ps"]
    assert run(*words, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["traces"][0]["drive"] == [{"name": "B", "unit": "T", "hold": True, "minimum": 0.0, "maximum": 1e-3}]
    assert shown["traces"][0]["parameters"] == {"radius": {"value": 5e-8, "unit": "m"}}
    trace = read_traces(out).traces[0]
    assert (len(trace), trace.dt, trace.name) == (40, 1e-12, "table")
    assert run("info", out, "--json") == 0
    info = json.loads(capsys.readouterr().out)
    assert (info["schema"], info["traces"][0]["samples"]) == ("traces/1", 40)
    assert info["attributes"]["source"] == "table.txt"
    assert run("info", out) == 0
    assert "B [T], held" in capsys.readouterr().out


def test_the_table_on_stdout_names_every_channel(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", table, "-o", tmp_path / "t.h5", "--input", "B", "--output", "mx") == 0
    shown = capsys.readouterr()
    assert "trace table: 40 samples, dt 1 ps" in shown.out
    assert "1 mT" in shown.out
    assert shown.err == ""


def test_an_existing_file_needs_force(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.h5"
    out.write_text("precious")
    words = ["import", table, "-o", out, "--output", "mx"]
    assert run(*words) == 1
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "precious"
    assert run(*words, "--force") == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--output", "mz"], "column 'mz' is not there; closest: mx"),
        (["--output", "mx", "--dt", "5V"], "must be a quantity in s"),
        (["--output", "mx", "--param", "radius"], "--param must be name=value such as radius=50nm"),
        (["--output", "mx", "--param", "r=1", "--param", "r=2"], "each parameter once"),
        (["--output", "mx", "--jumps", "soon"], "jumps must be auto, before, after"),
        (["--output", "mx", "--hold", "B"], "held and smooth columns must be inputs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1_and_leaves_no_file(
    table: Path, tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", table, "-o", tmp_path / "t.h5", *words) == 1
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.txt"]


def test_info_on_a_missing_or_foreign_file_is_one_line(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target, says in (("none.h5", "does not exist"), (table, "is not an HDF5 file")):
        assert run("info", target) == 1
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1
