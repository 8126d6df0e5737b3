"""Traces files: round trips, damage of every kind, and what survives a failure."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.hdf5 import atomic_file, open_checked
from spinode.signals import Channel, Signal
from spinode.storage import peek, read_traces, write_traces
from spinode.traces import Parameter, Trace, TraceSet

SCHEMA_1 = Path(__file__).parent / "data" / "traces_schema1.h5"
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def trace(name: str = "first", inputs: int = 2, length: int = 40, seed: int = 1) -> Trace:
    rng = np.random.default_rng(seed)
    drive = tuple(Channel(name=f"u{n}", unit="A", hold=n == 0) for n in range(inputs))
    output = (Channel(name="mz"), Channel(name="V out", unit="V"))
    return Trace(
        drive=Signal(values=rng.normal(size=(length, inputs)), dt=5e-12, channels=drive, start=1e-9),
        output=Signal(values=rng.normal(size=(length, 2)), dt=5e-12, channels=output, start=1e-9),
        parameters={"radius": Parameter(value=5e-8, unit="m"), "count": Parameter(value=3.0)} if inputs else {},
        name=name,
        source="made by a test",
    )


def same(first: TraceSet, second: TraceSet) -> bool:
    def parts(item: Trace) -> tuple[object, ...]:
        signals = (item.drive, item.output)
        head = (item.name, item.source, dict(item.parameters))
        return (*head, *((s.values.tobytes(), s.values.shape, s.dt, s.start, s.channels) for s in signals))

    return [parts(item) for item in first] == [parts(item) for item in second]


def error_line(path: Path) -> str:
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read_traces(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    assert len(text) < 400
    return text


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "t.h5"
    write_traces(path, TraceSet((trace(), trace("second", seed=2))), seed=7, command="spinode test", source="nowhere")
    return path


def edited(path: Path, change: Callable[[h5py.File], object]) -> Path:
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def test_traces_come_back_to_the_bit(stored: Path) -> None:
    assert same(read_traces(stored), TraceSet((trace(), trace("second", seed=2))))


@FEW
@given(
    st.lists(st.text(min_size=1, max_size=8).filter(lambda t: "\0" not in t), min_size=1, max_size=3, unique=True),
    st.integers(0, 3),
    st.integers(1, 50),
    st.booleans(),
)
def test_any_names_counts_and_lengths_come_back(
    tmp_path: Path, names: list[str], inputs: int, length: int, force: bool
) -> None:
    del force
    names = [name.encode("utf-8", "replace").decode() for name in names]
    if len(set(names)) < len(names):
        return
    traces = TraceSet(tuple(trace(name, inputs, length) for name in names))
    write_traces(tmp_path / "any.h5", traces, force=True)
    assert same(read_traces(tmp_path / "any.h5"), traces)


def test_a_trace_without_inputs_and_parameters_comes_back(tmp_path: Path) -> None:
    write_traces(tmp_path / "t.h5", TraceSet((trace(inputs=0),)))
    assert same(read_traces(tmp_path / "t.h5"), TraceSet((trace(inputs=0),)))


def test_the_same_traces_give_the_same_bytes(stored: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a stored time of writing would differ
    again = tmp_path / "again.h5"
    write_traces(again, TraceSet((trace(), trace("second", seed=2))), seed=7, command="spinode test", source="nowhere")
    assert again.read_bytes() == stored.read_bytes()


def test_a_file_of_schema_1_is_read_for_ever() -> None:
    # Written once with write_traces(SCHEMA_1, <the traces below>, seed=7, command="spinode test").
    assert same(read_traces(SCHEMA_1), TraceSet((trace(), trace("second", seed=2))))


@pytest.mark.parametrize("inputs", [0, 2])
def test_xarray_opens_a_trace_with_names_and_units(tmp_path: Path, inputs: int) -> None:
    write_traces(tmp_path / "t.h5", TraceSet((trace(inputs=inputs),)))
    with xarray.open_dataset(tmp_path / "t.h5", group="trace0000", engine="h5netcdf") as data:
        assert (
            data["output"].sel(output_channel="V out").values.tolist()
            == trace(inputs=inputs).output.column("V out").tolist()
        )
        assert list(data["output"].attrs["units"]) == ["", "V"]
        assert data["time"].attrs["units"] == "s"
        assert data["time"].values == pytest.approx(trace().output.time)
        assert data["drive"].shape == (40, inputs)


def test_peek_tells_channels_and_lengths_without_the_samples(stored: Path) -> None:
    info = peek(stored)
    assert (info.kind, info.schema, info.attributes["seed"]) == ("traces", "traces/1", 7)
    assert info.attributes["command"] == "spinode test"
    first = info.traces[0]
    assert (first.name, first.samples, first.dt, first.start) == ("first", 40, 5e-12, 1e-9)
    assert first.drive == trace().drive.channels
    assert first.parameters["radius"] == Parameter(value=5e-8, unit="m")
    assert info.datasets["trace0001/output"] == (40, 2)


def test_peek_describes_newer_and_foreign_files_too(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["a/b"] = np.zeros((2, 3))
        file["soft"] = h5py.SoftLink("/nowhere")
        file.attrs["title"] = "other"
    info = peek(tmp_path / "f.h5")
    assert (info.kind, info.traces, dict(info.datasets)) == ("", (), {"a/b": (2, 3)})
    with atomic_file(tmp_path / "s.h5", "surrogate/99") as file:
        file["weights"] = np.zeros(4)
    assert peek(tmp_path / "s.h5").kind == "surrogate"


def test_an_existing_file_is_replaced_only_by_force(stored: Path) -> None:
    before = stored.read_bytes()
    with pytest.raises(FileExistsError, match="give --force to replace it"):
        write_traces(stored, TraceSet((trace(),)))
    assert stored.read_bytes() == before
    write_traces(stored, TraceSet((trace(),)), force=True)
    assert len(read_traces(stored)) == 1


def test_a_missing_empty_or_foreign_file_is_named_in_one_line(tmp_path: Path) -> None:
    assert "does not exist" in error_line(tmp_path / "none.h5")
    (tmp_path / "empty.h5").touch()
    assert "is empty" in error_line(tmp_path / "empty.h5")
    (tmp_path / "text.h5").write_text("# t (s)\tmx ()\n0\t1\n")
    assert "not an HDF5 file; text tables are read by 'spinode import'" in error_line(tmp_path / "text.h5")
    assert "folder" in error_line(tmp_path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1.0
    assert "not made by spinode" in error_line(tmp_path / "other.h5")


def test_another_kind_and_a_newer_schema_are_told_apart(tmp_path: Path) -> None:
    for schema, says in (("surrogate/1", "got a surrogate file"), ("traces/2", "install a newer spinode")):
        with atomic_file(tmp_path / "s.h5", schema, force=True):
            pass
        assert says in error_line(tmp_path / "s.h5")


def test_a_file_cut_anywhere_is_refused(stored: Path, tmp_path: Path) -> None:
    whole = stored.read_bytes()
    cut = tmp_path / "cut.h5"
    for length in [*range(1, 200, 13), *range(200, len(whole), 997), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        error_line(cut)


def test_a_file_cut_in_its_digest_is_refused_or_whole(stored: Path, tmp_path: Path) -> None:
    whole = stored.read_bytes()
    cut = tmp_path / "cut.h5"
    for lost in range(1, 82):
        cut.write_bytes(whole[:-lost])
        try:
            assert same(read_traces(cut), read_traces(stored))
        except ValueError:
            assert "checksum" in error_line(cut)


@FEW
@given(st.data())
def test_a_changed_byte_anywhere_is_refused_or_harmless(stored: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(stored.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    bad = tmp_path / "bad.h5"
    bad.write_bytes(content)
    if place < len(content) - 81:
        error_line(bad)
    else:  # in the digest itself
        try:
            assert same(read_traces(bad), read_traces(stored))
        except ValueError as error:
            assert "checksum" in str(error)


@FEW
@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_random_bytes_are_refused(tmp_path: Path, content: bytes, signed: bool) -> None:
    bad = tmp_path / "random.h5"
    bad.write_bytes((b"\x89HDF\r\n\x1a\n" if signed else b"") + content)
    error_line(bad)


def test_a_damaged_block_is_found_by_its_checksum_even_without_the_digest(stored: Path) -> None:
    with h5py.File(stored, "r+") as file:  # writing by another program drops the digest
        file.attrs["note"] = "edited"
        place = file["trace0000/output"].id.get_chunk_info(0).byte_offset
    content = bytearray(stored.read_bytes())
    content[place + 20] ^= 0xFF
    stored.write_bytes(content)
    assert "checksum" in error_line(stored)


def replace(file: h5py.File, name: str, values: object) -> None:
    del file[name]
    file[name] = values


CHANGES: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "a missing dataset": (lambda f: f.__delitem__("trace0000/output"), "missing"),
    "missing units": (lambda f: f["trace0000/output"].attrs.__delitem__("units"), "units"),
    "a missing name": (lambda f: f["trace0000"].attrs.__delitem__("name"), "name"),
    "single precision": (lambda f: replace(f, "trace0000/output", np.zeros((40, 2), "f4")), "float64"),
    "text for numbers": (lambda f: replace(f, "trace0000/output", "abc"), "float64"),
    "another shape": (lambda f: replace(f, "trace0000/output", np.zeros((41, 2))), "shape"),
    "samples that are not numbers": (lambda f: replace(f, "trace0000/output", np.full((40, 2), np.nan)), "finite"),
    "another step": (lambda f: replace(f, "trace0000/dt", 6e-12), "does not agree"),
    "a negative step": (lambda f: replace(f, "trace0000/dt", -5e-12), "does not agree"),
    "two traces of one name": (lambda f: f["trace0000"].attrs.__setitem__("name", "second"), "distinct"),
    "no trace": (lambda f: [f.__delitem__(key) for key in list(f)], "no trace"),
    "a stray dataset": (lambda f: f.__setitem__("stray", np.zeros(3)), "trace"),
    "a soft link": (lambda f: f.__setitem__("x", h5py.SoftLink("/trace0000")), "link"),
    "an external link": (lambda f: f.__setitem__("x", h5py.ExternalLink("other.h5", "/")), "link"),
    "a loop": (lambda f: f["trace0000"].__setitem__("loop", f["/"]), "loop"),
    "a huge claim": (lambda f: f.create_dataset("x", (1 << 40,), "f8", chunks=(1024,)), "claims"),
    "a huge chunk": (lambda f: f.create_dataset("x", (1,), "f8", chunks=(1 << 28,), maxshape=(None,)), "claims"),
    "an external file": (lambda f: f.create_dataset("x", (3,), "f8", external=[("/nowhere", 0, 24)]), "another file"),
    "a foreign filter": (lambda f: f.create_dataset("x", (300,), "f8", compression="lzf"), "gzip"),
    "a named type": (lambda f: f.__setitem__("x", np.dtype("f8")), "group or a dataset"),
    "a word for a schema": (lambda f: f.attrs.__setitem__("spinode_schema", "traces"), "not made by spinode"),
    "a number for a schema": (lambda f: f.attrs.__setitem__("spinode_schema", 3), "not made by spinode"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_an_edited_file_is_refused_with_the_reason(stored: Path, name: str) -> None:
    change, says = CHANGES[name]
    assert says in error_line(edited(stored, change))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("spinode.hdf5.os.fsync", full)
    with pytest.raises(OSError, match="the disk is full") as caught:
        write_traces(stored, TraceSet((trace(),)), force=True)
    assert "\n" not in str(caught.value)
    assert stored.read_bytes() == before
    assert [entry.name for entry in stored.parent.iterdir()] == [stored.name]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(stored: Path) -> None:
    before = stored.read_bytes()
    with pytest.raises(KeyboardInterrupt), atomic_file(stored, "traces/1", force=True) as file:
        file["x"] = 1.0
        raise KeyboardInterrupt
    assert stored.read_bytes() == before
    assert [entry.name for entry in stored.parent.iterdir()] == [stored.name]


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="folder does not exist"):
        write_traces(tmp_path / "none" / "t.h5", TraceSet((trace(),)))
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write_traces(tmp_path, TraceSet((trace(),)), force=True)


KILLED = """
import os, sys, time
import spinode.hdf5
from spinode.storage import read_traces, write_traces
def wait(handle):
    print("writing", flush=True)
    time.sleep(60)
spinode.hdf5.os.fsync = wait
write_traces(sys.argv[1], read_traces(sys.argv[1]).samples(0, 5), force=True)
"""


def test_the_old_file_survives_a_kill_in_the_middle_of_a_write(stored: Path) -> None:
    before = stored.read_bytes()
    with subprocess.Popen([sys.executable, "-c", KILLED, str(stored)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    assert stored.read_bytes() == before
    write_traces(stored, TraceSet((trace(),)), force=True)
    assert len(read_traces(stored)) == 1


def test_an_error_inside_the_block_names_the_file_and_an_interrupt_passes(stored: Path) -> None:
    with pytest.raises(ValueError, match=r"t\.h5 cannot be used: weights do not fit"), open_checked(stored, "traces/1"):
        raise ValueError("weights do not fit")
    with pytest.raises(KeyboardInterrupt), open_checked(stored, "traces/1"):
        raise KeyboardInterrupt


def test_a_file_is_written_through_a_link_to_its_place(stored: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.h5"
    link.symlink_to(stored)
    write_traces(link, TraceSet((trace(),)), force=True)
    assert link.is_symlink()
    assert len(read_traces(stored)) == 1
