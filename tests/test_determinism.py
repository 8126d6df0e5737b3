"""The same command with the same seed gives the same bytes: JSON, tables, figures and traces files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.determinism_commands import COMMANDS, run_all, timeless

ROOT = Path(__file__).parent.parent
TIMED = {"twin.h5"}
"""Files that hold how long the fit took."""


def made_in(folder: Path, hash_seed: int, which: str = "") -> dict[str, bytes]:
    """All files of the commands, run in a process of their own whose sets have an order of their own."""
    folder.mkdir()
    places = {"PYTHONPATH": str(ROOT), "SPINODE_CACHE": str(folder / "cache"), "PYTHONHASHSEED": str(hash_seed)}
    words = [sys.executable, "-m", "tests.determinism_commands", which]
    subprocess.run(words, cwd=folder, env={**os.environ, **places}, check=True, capture_output=True)
    return files_of(folder)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in this process, and once in another whose sets have another order."""
    first = made_in(tmp_path / "first", 1)
    (tmp_path / "second").mkdir()
    monkeypatch.chdir(tmp_path / "second")
    monkeypatch.setenv("SPINODE_CACHE", str(tmp_path / "second" / "cache"))
    run_all(COMMANDS)
    second = files_of(tmp_path / "second")
    assert {f"{name}.json" for name in COMMANDS} <= first.keys()
    assert {"predict.svg", "errors.pdf", "array.csv", "spec.toml", "traces.h5"} <= first.keys()
    assert first.keys() == second.keys()
    assert [name for name in first.keys() - TIMED if first[name] != second[name]] == []


@pytest.mark.slow  # a minute
def test_binding_with_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (made_in(tmp_path / name, seed, "slow") for name, seed in (("first", 1), ("second", 2)))
    assert {"bind.json", "bind.png"} <= first.keys()
    assert first == second


def test_only_times_are_left_out_of_the_comparison() -> None:
    record = {"nrmse": 0.5, "seconds": 3.0, "reports": [{"training_seconds": 1.0, "samples": 5}]}
    assert timeless(record) == {"nrmse": 0.5, "reports": [{"samples": 5}]}
