"""MATLAB files of version 5 and 7.3."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.importers import import_traces, read_table
from spinode.importers.mat5 import read_mat5

T = np.arange(5) * 1e-9
V = np.array([1.0, 4.0, 2.0, 5.0, 3.0])


def matlab_73(path: Path, **variables: np.ndarray) -> Path:
    """A v7.3 file as MATLAB lays it out: HDF5 behind a block of 512 bytes, columns stored as rows."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            file.create_dataset(name, data=np.atleast_2d(value)).attrs["MATLAB_class"] = np.bytes_("double")
        file["cells"] = np.array([file[next(iter(variables))].ref], dtype=h5py.ref_dtype)
    head = b"MATLAB 7.3 MAT-file, made by a test".ljust(124) + b"\x00\x02IM"
    with open(path, "r+b") as stream:
        stream.write(head)
    return path


@pytest.fixture(params=["v5", "v5 compressed", "v7.3"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "a.mat"
    if request.param == "v7.3":
        return matlab_73(path, t=T, V=V, other=np.arange(3.0))
    extra = {"other": np.arange(3), "s": {"x": 1}, "c": np.array([1, "a"], dtype=object), "text": "abc"}
    scipy.io.savemat(path, {"t": T[:, None], "V": V, **extra}, do_compression=request.param != "v5")
    return path


def test_the_vectors_that_are_as_long_as_the_time_are_columns(stored: Path) -> None:
    table = read_table(stored)
    assert table.time.tolist() == T.tolist()
    assert table.names == ("V",)
    assert table.column("V").values.tolist() == V.tolist()


@pytest.mark.parametrize(("name", "value"), [("dt", 1e-9), ("Ts", 1e-9), ("fs", 1e9)])
def test_a_scalar_interval_or_rate_serves_as_the_time(tmp_path: Path, name: str, value: float) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"V": V, name: value})
    trace = import_traces([tmp_path / "a.mat"], [], ["V"]).traces[0]
    assert trace.dt == pytest.approx(1e-9)
    assert trace.output.values[:, 0].tolist() == V.tolist()


def test_a_file_without_a_time_is_refused_with_the_names_it_has(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"V": V, "W": V})
    with pytest.raises(ValueError, match="must have a vector 't' or 'time', or a scalar 'dt', got: V, W"):
        read_table(tmp_path / "a.mat")


def test_our_own_traces_file_is_told_to_need_no_import(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["spinode_schema"] = "traces/1"
    with pytest.raises(ValueError, match="a spinode file already"):
        read_table(tmp_path / "a.h5")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_a_cut_or_changed_file_is_read_or_refused_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"t": T, "V": V}, do_compression=data.draw(st.booleans()))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(1, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        read_table(path)
    except ValueError as error:
        assert "\n" not in str(error)


def test_a_cut_file_of_version_73_is_refused(tmp_path: Path) -> None:
    whole = matlab_73(tmp_path / "a.mat", t=T, V=V).read_bytes()
    for length in range(600, len(whole), 301):
        (tmp_path / "cut.mat").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut\.mat is damaged or not a MATLAB file"):
            read_table(tmp_path / "cut.mat")


@pytest.mark.parametrize("compressed", [False, True])
def test_our_reader_of_version_5_agrees_with_scipy(tmp_path: Path, compressed: bool) -> None:
    rng = np.random.default_rng(0)
    sound = {kind: rng.integers(0, 100, 37).astype(kind) for kind in ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "i8")}
    stored = {f"v_{kind}": values for kind, values in sound.items()} | {
        "row": rng.standard_normal((1, 9)), "fs": 1e6, "a": 3, "matrix": np.ones((3, 4)), "text": "hello",
        "wave": np.exp(1j * np.arange(5)), "nothing": np.empty((0, 0)),
        "cell": np.array([1, "x"], dtype=object), "tree": {"b": np.arange(3.0)},
    }  # fmt: skip
    scipy.io.savemat(tmp_path / "a.mat", stored, do_compression=compressed)
    theirs = scipy.io.loadmat(tmp_path / "a.mat")
    ours = read_mat5((tmp_path / "a.mat").read_bytes())
    assert set(ours) == {*(f"v_{kind}" for kind in sound), "row", "fs", "a"}
    for name, values in ours.items():
        np.testing.assert_array_equal(values, np.asarray(theirs[name], dtype=np.float64).ravel())
