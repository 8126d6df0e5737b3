"""Files that the HDF5 library does not survive: found in a process of their own, and refused in one line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

import spinode.hdf5_trial as trial
from benchmarks.hostile_samples import samples
from spinode.importers import read_table
from spinode.storage import peek, read_traces

pytestmark = pytest.mark.usefixtures("tried")


def without_digest(path: Path) -> Path:
    """A sound traces file that another program has written to."""
    path.write_bytes(samples("traces")[0])
    with h5py.File(path, "r+") as file:
        file.attrs["note"] = "edited"
    return path


def test_a_file_that_another_program_edited_is_tried_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr("spinode.hdf5.survives", lambda path: (tried.append(str(path)), trial.survives(path))[1])
    path = without_digest(tmp_path / "t.h5")
    assert [trace.name for trace in read_traces(path)] == ["first", "second"]
    assert tried == [str(path)]
    assert peek(path).attributes["note"] == "edited" and len(tried) == 2
    path.write_bytes(samples("traces")[0])
    read_traces(path)
    peek(path)
    assert len(tried) == 2  # the digest fits


@pytest.mark.slow
def test_a_heap_of_texts_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed byte in the size of a heap object sends the HDF5 library into a loop that not even Ctrl-C ends."""
    monkeypatch.setattr(trial, "PATIENCE", 60.0)
    path = without_digest(tmp_path / "t.h5")
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    first = heap + 16
    size = int.from_bytes(content[first + 8 : first + 16], "little")
    second = first + 16 + -(-size // 8) * 8
    content[second + 8 : second + 16] = (2**64 - 16).to_bytes(8, "little")  # the next object is this one
    path.write_bytes(content)
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"t\.h5 (is damaged|cannot be used)") as caught:
        read_traces(path)
    assert "\n" not in str(caught.value)
    assert time.process_time() - begun < 5.0


def test_a_process_that_is_killed_or_runs_out_of_memory_is_no_survivor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starved = f"raise SystemExit({trial.DEADLY})"
    programs = {"killed": "import os; os.abort()", "memory": starved, "sound": "", "error": "1/0"}
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(trial, "__file__", str(tmp_path / name))
        assert trial.survives(tmp_path / "t.h5") == (name in ("sound", "error")), name
    (tmp_path / "slow").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(trial, "__file__", str(tmp_path / "slow"))
    monkeypatch.setattr(trial, "PATIENCE", 0.5)
    assert not trial.survives(tmp_path / "t.h5")


def test_a_matlab_file_that_is_hdf5_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mat").write_bytes(samples("matlab")[2])
    assert read_table(tmp_path / "a.mat").names == ("mx",)
    monkeypatch.setattr("spinode.hdf5.survives", lambda path: False)
    with pytest.raises(ValueError, match="the HDF5 library fails on it"):
        read_table(tmp_path / "a.mat")


def test_everything_in_a_file_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def count(work: object) -> None:
        seen.append(1)
        assert callable(work)
        work()

    monkeypatch.setattr(trial, "_read", count)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/values"] = np.zeros(3)
        file.attrs["note"] = "x"
        file["link"] = h5py.ExternalLink("elsewhere.h5", "/")
        file.create_dataset("outside", (3,), "f8", external=[(os.fspath(tmp_path / "b"), 0, 24)])
    assert trial.walk(str(tmp_path / "a.h5")) == 0
    assert (
        len(seen) == 1 + (1 + 1) + 3 + 1
    )  # the whole, names and values at its root, names of three objects, one dataset


def test_an_attribute_that_cannot_be_read_does_not_hide_the_next() -> None:
    class Broken(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:
            seen.append(name)
            raise OSError("damaged")

    seen: list[str] = []
    trial._read_attributes(SimpleNamespace(attrs=Broken(a="1", b="2")))
    assert seen == ["a", "b"]


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell how much memory a process has")
def test_memory_that_runs_out_ends_the_trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for error in (MemoryError(), OSError("Unable to allocate memory")):
        with pytest.raises(SystemExit) as caught:
            trial._read(lambda error=error: (_ for _ in ()).throw(error))
        assert caught.value.code == trial.DEADLY
    trial._read(lambda: 1 / 0)
