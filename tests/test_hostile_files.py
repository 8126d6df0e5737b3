"""Damaged and hostile files: every reader gives a right result or one line of its own.

``benchmarks/hostile_files.py`` tries as many inputs as one likes; here are a few of each reader.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hostile_changes import Input
from benchmarks.hostile_files import judged, survives_in_fork
from benchmarks.hostile_readers import READERS, Reader
from benchmarks.hostile_samples import samples
from spinode.cli import main
from tests.hostile import outcome, put, replaced, stored

NAMED = {reader.name: reader for reader in READERS}
TRIED = 12


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_no_reader_falls_over(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "fork"):  # some inputs are such that the HDF5 library does not survive them
        monkeypatch.setattr("spinode.hdf5.survives", survives_in_fork)
    for number in range(TRIED):
        content = reader.make(np.random.default_rng([7, zlib.crc32(reader.name.encode()), number]))
        found = outcome(reader, tmp_path / f"a{reader.suffix}", content)
        assert found in ("read", "refused"), (number, content.change, found)


@pytest.mark.parametrize("kind", ["table", "matlab", "audio", "specification"])
def test_a_command_on_a_damaged_file_is_one_line_and_exit_code_1(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = put(tmp_path / "a.dat", samples(kind)[0][:90] + b"\xff\x00\xff"), str(tmp_path / "out")
    design, table = ["design", "--spec", str(path)], ["import", str(path), "--output", "mx", "-o", out]
    assert main(design if kind == "specification" else table) == 1
    text = capsys.readouterr().err
    assert text.startswith("spinode: ") and text.count("\n") == 1 and "unexpected" not in text


@pytest.mark.parametrize("command", ["info FILE", "fit FILE -o twin.h5", "predict TWIN FILE", "calibrate TWIN FILE"])
def test_a_command_on_a_hostile_traces_file_is_one_line_and_exit_code_1(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "TWIN", samples("surrogate")[0])
    path = stored(tmp_path, "traces", lambda file: replaced(file, "trace0000/output", 1.0))
    assert main([str(path) if word == "FILE" else word for word in command.split()]) == 1
    text = capsys.readouterr().err
    assert text.startswith("spinode: ") and text.count("\n") == 1 and "unexpected" not in text


CUT_ANYWHERE = ("table", "matlab", "audio", "archive", "specification", "traces", "surrogate", "checkpoint")


@pytest.mark.slow
@pytest.mark.parametrize("kind", CUT_ANYWHERE)
def test_a_file_cut_after_any_byte_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    names = {"table": "tables", "matlab": "MATLAB files", "audio": "audio files", "archive": "archives",
             "specification": "specifications"}  # fmt: skip
    reader = NAMED[names.get(kind, f"{kind}s" if kind != "traces" else kind)]
    expected = "part" if kind in ("table", "audio") else "same or refused" if kind in ("traces", "surrogate") else "any"
    for number, content in enumerate(samples(kind)):
        for length in range(len(content)):
            given = Input(content[:length], f"cut after {length} bytes", expected, number)
            assert outcome(reader, tmp_path / f"a{reader.suffix}", given) in ("read", "refused"), (number, length)


def test_what_should_be_refused_would_be_seen() -> None:
    for error in (ValueError("two\nlines"), ValueError(""), KeyError("x"), MemoryError(), ValueError("not of ours")):
        try:
            raise error
        except Exception as caught:
            assert judged(caught) != "refused"
