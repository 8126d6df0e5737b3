"""What once made a reader fall over, took memory on trust or was believed: each as a small file that is refused."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hostile_files import judged
from benchmarks.hostile_hdf5 import packed_twice
from benchmarks.hostile_samples import samples
from spinode.design.text import make_spec, read_toml
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.importers import import_traces, read_table
from spinode.signals import Channel
from spinode.speech.audio import read_clip
from spinode.speech.download import _unpack
from spinode.storage import peek, read_traces
from spinode.surrogate import load_surrogate
from spinode.trace_file import open_traces
from spinode.units import parse_quantity
from tests.hostile import MEGABYTE, peak, put, refusal, replaced, stored

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("text", samples("table"), ids=["mumax", "odt", "csv", "units", "comma", "rigol", "interval"])
def test_a_table_cut_anywhere_gives_its_first_rows_or_is_refused(tmp_path: Path, text: bytes) -> None:
    sound = read_table(put(tmp_path / "whole.txt", text))
    with warnings.catch_warnings(action="ignore"):
        for length in range(0, len(text), 7):
            put(tmp_path / "cut.txt", text[:length])
            try:
                found = read_table(tmp_path / "cut.txt")
            except ValueError:
                continue
            count = len(found.time)
            assert np.array_equal(found.time, sound.time[:count])
            for column in found.columns if found.names == sound.names else ():
                assert np.array_equal(column.values, sound.column(column.name).values[:count])


def test_a_last_number_that_was_cut_is_not_believed(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "t,V\n0,1.25\n1,2.25\n2,3.2")
    with pytest.warns(UserWarning, match=r"the last line \(4\) has no line end, so it may be cut, and is left out"):
        assert read_table(tmp_path / "a.csv").column("V").values.tolist() == [1.25, 2.25]


@FEW
@given(st.text())
def test_any_text_is_a_quantity_or_one_line(text: str) -> None:
    try:
        assert np.isfinite(parse_quantity(text))
    except ValueError as error:
        assert judged(error) == "refused"


@FEW
@given(st.text())
def test_any_text_is_a_specification_or_one_line(text: str) -> None:
    try:
        make_spec(read_toml(text, "a.toml"))
    except ValueError as error:
        assert judged(error) == "refused"


@FEW
@given(st.text())
def test_any_text_is_a_drive_or_one_line(text: str) -> None:
    try:
        drive = parse_drive(f"u={text}", (Channel(name="u", unit="A"),), Sampling(duration=1e-6, dt=1e-8))
        assert drive.values.shape == (101, 1)
    except ValueError as error:
        assert judged(error) == "refused"


SPECIFICATIONS = {
    "a number that no float holds": "spacing = 1" + "0" * 400,
    "a number of thousands of digits": "spacing = 1" + "0" * 5000,
    "an infinite number": "number = inf",
    "no number": "number = nan",
    "lists in lists": "spacing = " + "[" * 5000 + "]" * 5000,
    "a date": "spacing = 2020-01-01",
    "a truth": "spacing = true",
    "a table in the device": "[device.damping]\nx = 1",
    "a long name": "x" * 5000 + " = 1",
    "a list of kinds": 'bias = ["series"]',
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_strange_specification_is_one_line(name: str) -> None:
    refusal(lambda: make_spec(read_toml(SPECIFICATIONS[name], "a.toml")))


ENDLESS = ("1e" + "9" * 5000 + "s", "1s" + "9" * 5000, "9" * 9999 + "s", "1e-999999999s")


@pytest.mark.parametrize("text", ENDLESS, ids=["exponent", "power", "number", "small"])
def test_a_quantity_of_endless_digits_is_one_line(text: str) -> None:
    refusal(lambda: parse_quantity(text, "s"))


def test_a_long_header_without_brackets_is_read_in_no_time(tmp_path: Path) -> None:
    """A pattern that tried every pair of places took minutes for 100 kB."""
    put(tmp_path / "a.txt", "# t (s) " + "x " * 200_000 + "\n0 1\n1 2\n")
    assert len(read_table(tmp_path / "a.txt").columns) == 1


def test_a_table_of_three_rows_is_not_resampled_to_a_gigabyte(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "t,V\n0,1\n1,2\n2,3\n1e8,4\n")
    with warnings.catch_warnings(action="ignore"):
        assert peak(lambda: import_traces([tmp_path / "a.csv"], [], ["V"])) < 5 * MEGABYTE


def test_two_rows_at_nearly_one_time_are_one_line(tmp_path: Path) -> None:
    rows = "".join(f"{n}e-12,{n % 3}\n" for n in range(2, 20))
    put(tmp_path / "a.csv", f"t,V\n0,0\n5e-324,1\n{rows}")
    assert "must have finite slopes" in refusal(lambda: import_traces([tmp_path / "a.csv"], [], ["V"]))


# ---- HDF5


def marked(name: str, attribute: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file[name].attrs.__setitem__(attribute, value)


CHANGES: dict[str, tuple[str, Callable[[h5py.File], object], str]] = {
    "a scalar for the output": ("traces", lambda f: replaced(f, "trace0000/output", 1.0), "must"),
    "a group for the output": ("traces", lambda f: replaced(f, "trace0000/output", None), "missing"),
    "a number for a name": ("traces", marked("trace0000", "name", 5), "must be text"),
    "numbers for units": ("traces", marked("trace0000/output", "units", np.zeros(2)), "list of texts"),
    "words for hold": ("traces", marked("trace0000/drive", "hold", "no"), "list of finite numbers"),
    "a hold of 2": ("traces", marked("trace0000/drive", "hold", [2, 0]), "0 or 1"),
    "an infinite parameter": ("traces", marked("trace0000", "parameter_values", [np.inf, 1.0]), "finite"),
    "a parameter too few": ("traces", marked("trace0000", "parameter_values", [1.0]), "a value and a unit"),
    "a filter twice": ("traces", lambda f: packed_twice(np.random.default_rng(1), f), "filter twice"),
    "a scale of zero": ("surrogate", lambda f: f["input_scale"].__setitem__(0, 0.0), "positive"),
    "an order of millions": ("surrogate", marked("/", "embedding_order", 10**6), "at most 64"),
    "a dataset for the trust region": ("surrogate", lambda f: replaced(f, "trust", 1.0), "must be a group"),
    "two inputs of one name": ("surrogate", lambda f: replaced(f, "input_names", ["u0", "u0"]), "distinct"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_part_of_another_kind_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    kind, change, says = CHANGES[name]
    path = stored(tmp_path, kind, change)
    assert says in refusal(lambda: (load_surrogate if kind == "surrogate" else read_traces)(path))
    if "output" in name:
        with pytest.raises(ValueError, match="must"), open_traces(path):
            pass


def test_info_shows_attributes_that_json_does_not_know(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        file.attrs["place"] = file["trace0000"].ref
        file.attrs["complex"] = 1 + 2j
        file.attrs["bytes"] = np.array([b"a", b"\xff"])
        file.attrs["text"] = np.bytes_(b"\xff")

    found = peek(stored(tmp_path, "traces", change)).attributes
    assert found["complex"] == "(1+2j)" and found["bytes"] == ["a", "\ufffd"] and found["text"] == "\ufffd"
    assert isinstance(found["place"], str)


def test_info_does_not_open_the_files_that_a_file_refers_to(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret0.h5", "w") as file:
        file.create_dataset("x", data=np.zeros((5, 2)), maxshape=(None, 2))

    def change(file: h5py.File) -> None:
        """A virtual dataset that is as long as that of the other file."""
        settings, unlimited = h5py.h5p.create(h5py.h5p.DATASET_CREATE), h5py.h5s.UNLIMITED
        space = h5py.h5s.create_simple((0, 2), (unlimited, 2))
        space.select_hyperslab((0, 0), (1, 1), stride=(1, 1), block=(unlimited, 2))
        settings.set_virtual(space, str(tmp_path / "secret0.h5").encode(), b"x", space)
        h5py.h5d.create(file.id, b"elsewhere", h5py.h5t.IEEE_F64LE, space, settings)
        file["link"] = h5py.ExternalLink(str(tmp_path / "secret0.h5"), "/x")

    path = stored(tmp_path, "traces", change)
    with h5py.File(path) as file:
        assert file["elsewhere"].shape == (5, 2)  # whoever asks opens the other file
    found = peek(path).datasets
    assert found["elsewhere"] == () and "link" not in found
    assert "must not" in refusal(lambda: read_traces(path))


# ---- sound, archives and special files


@pytest.mark.parametrize("kind", [0, 3, 5], ids=["WAV", "SPHERE", "FLAC"])
def test_a_clip_cut_anywhere_is_refused(tmp_path: Path, kind: int) -> None:
    content = samples("audio")[kind]
    for length in range(0, len(content) - 1, 5):
        refusal(lambda n=length: read_clip(put(tmp_path / "a.wav", content[:n]), 8000))


def test_a_header_that_claims_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    sphere, flac = bytearray(samples("audio")[3]), bytearray(samples("audio")[5])
    flac[22:24] = b"\xff\xff"  # four thousand million samples, for which the library makes room
    claims = sphere.replace(b"sample_count -i 400", b"sample_count -i 4000000000")
    for content, says in ((flac, "claims 4294902160 samples"), (claims, "truncated")):
        path = put(tmp_path / "a.wav", bytes(content))
        assert peak(lambda path=path: read_clip(path, 8000)) < 5 * MEGABYTE
        assert says in refusal(lambda path=path: read_clip(path, 8000))


def test_a_format_whose_length_cannot_be_checked_is_refused(tmp_path: Path) -> None:
    for content in (b"FORM\0\0\0\x10AIFF", b".snd" + bytes(40), b"OggS" + bytes(40), b"RIFX" + bytes(40)):
        assert "no WAV, FLAC or NIST SPHERE" in refusal(lambda c=content: read_clip(put(tmp_path / "a.wav", c), 8000))


def test_an_archive_with_broken_packing_is_one_line(tmp_path: Path) -> None:
    content = bytearray(samples("archive")[0])
    for place in range(60, 200, 9):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            _unpack(put(tmp_path / "a.zip", bytes(changed)), tmp_path, "the archive")
        except ValueError as error:
            assert judged(error) == "refused"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("read", [read_traces, peek, load_surrogate, read_table, lambda path: read_clip(path, 8000)])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert "device" in refusal(lambda: read(tmp_path / "a.wav"))
