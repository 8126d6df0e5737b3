"""``spinode demo``: the whole way on the bundled data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinode.bundled import bundled_data
from spinode.cli import main
from spinode.cli.demo import import_tables
from spinode.storage import read_traces


def test_the_imported_tables_are_the_bundled_traces(tmp_path: Path) -> None:
    bundled = read_traces(bundled_data("skyrmion_vcma.h5"))
    for trace in import_tables(tmp_path):
        same = bundled[trace.name]
        assert np.array_equal(trace.output.values, same.output.values)
        assert np.array_equal(trace.drive.values, same.drive.values)
        assert trace.drive.channels == same.drive.channels
        assert dict(trace.parameters) == dict(same.parameters)


def test_a_demo_of_a_few_seconds_prints_the_table_and_writes_everything(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "-o", str(tmp_path / "out"), "--minutes", "0.1"]) == 0
    printed = capfd.readouterr().out
    for word in ("skyrmion", "polynomial NARX (baseline)", "phase drift", "Written to"):
        assert word in printed
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert found == {"train.txt", "test.txt", "traces.h5", "skyrmion.h5", "free_run.png", "report.html"}
