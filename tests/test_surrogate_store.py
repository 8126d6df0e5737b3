"""Surrogate files: round trips, damage of every kind, and the file of each schema that is read for ever."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.hdf5 import atomic_file
from spinode.storage import write_traces
from spinode.surrogate import Surrogate, load_surrogate, save_surrogate
from spinode.surrogate.model import Range
from spinode.traces import TraceSet
from tests.known_devices import DT, FORCE, POSITION, duffing, made, random_levels, trace_for
from tests.tolerances import COMPOSED

SCHEMA_1 = Path(__file__).parent / "data" / "surrogate_schema1.h5"
SEAL = 81  # bytes of the digest behind the HDF5 data
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "twin.h5"
    save_surrogate(path, made(), command="spinode test")
    return path


def error_line(path: Path) -> str:
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        load_surrogate(path)
    text = str(caught.value)
    assert "\n" not in text and str(path) in text and len(text) < 400
    return text


@pytest.mark.parametrize("hidden", [(), (4,), (3, 3)], ids=str)
@pytest.mark.parametrize(("inputs", "parameters"), [(0, 0), (1, 0), (0, 2), (2, 1)])
def test_a_stored_surrogate_runs_as_the_one_in_memory(
    tmp_path: Path, inputs: int, parameters: int, hidden: tuple[int, ...]
) -> None:
    twin = made(inputs, parameters, hidden)
    save_surrogate(tmp_path / "twin.h5", twin)
    back = load_surrogate(tmp_path / "twin.h5")
    assert np.array_equal(back.free_run(trace_for(twin)), twin.free_run(trace_for(twin)))
    assert np.array_equal(back.packed(), twin.packed())
    for part in ("name", "inputs", "outputs", "parameters", "dt", "shape", "ranges", "record", "states", "warm_up"):
        assert getattr(back, part) == getattr(twin, part)
    assert np.array_equal(back.history, twin.history)


def test_a_learned_surrogate_comes_back_with_what_it_was_trained_on(tmp_path: Path, duffing_twin: Surrogate) -> None:
    save_surrogate(tmp_path / "twin.h5", duffing_twin, command="spinode fit")
    back = load_surrogate(tmp_path / "twin.h5")
    test = duffing(random_levels(300, 2, most=0.9))
    assert np.array_equal(back.free_run(test), duffing_twin.free_run(test))
    training = duffing(random_levels(1500, 1)).drive.values
    assert back.ranges == {FORCE: Range(low=training.min(), high=training.max())}
    assert (back.record["samples"], back.record["seed"], back.record["polynomial_degree"]) == (1500, 0, 3)
    with h5py.File(tmp_path / "twin.h5") as file:
        assert file.attrs["spinode_schema"] == "surrogate/1"
        assert file.attrs["command"] == "spinode fit"
        assert file["ranges"].shape == (1, 2)
        assert file["input_names"].asstr()[0] == FORCE and file["input_units"].asstr()[0] == "A"
        assert file["output_names"].asstr()[0] == POSITION and file["output_units"].asstr()[0] == "m"
        assert {"output_mean", "output_scale", "input_centre", "input_scale", "theta"} <= set(file)
        assert {"training_held_out_nrmse", "training_seconds", "training_embedding_delay"} <= set(file.attrs)


def test_loading_and_running_needs_no_torch(stored: Path) -> None:
    code = (
        "import sys, numpy as np; from spinode.surrogate import load_surrogate; twin = load_surrogate(sys.argv[1]);"
        "from spinode.signals import Signal; from spinode.simulate import simulate;"
        "simulate(twin, Signal(values=np.zeros((50, 2)), dt=twin.dt, channels=twin.inputs));"
        "print([name for name in ('torch', 'torchdiffeq') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(stored)], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_an_existing_surrogate_is_replaced_only_by_force(stored: Path) -> None:
    before = stored.read_bytes()
    with pytest.raises(FileExistsError, match="--force"):
        save_surrogate(stored, made(seed=6))
    assert stored.read_bytes() == before
    save_surrogate(stored, made(seed=6), force=True)
    assert np.array_equal(load_surrogate(stored).theta, made(seed=6).theta)


def test_a_surrogate_of_schema_1_is_read_for_ever() -> None:
    """Written once with save_surrogate(SCHEMA_1, made(), command="spinode test"); the run is beside it in text.

    SCHEMA_1.with_suffix(".txt") is np.savetxt of ``made().free_run(trace_for(made()))``.
    """
    back = load_surrogate(SCHEMA_1)
    expected = np.loadtxt(SCHEMA_1.with_suffix(".txt"))
    np.testing.assert_allclose(back.free_run(trace_for(made()))[:, 0], expected, rtol=COMPOSED)
    assert (back.record["samples"], back.ranges["u1"]) == (400, Range(low=-2.0, high=2.0))


def test_a_missing_empty_foreign_or_newer_file_is_named_in_one_line(tmp_path: Path) -> None:
    assert "does not exist" in error_line(tmp_path / "none.h5")
    (tmp_path / "empty.h5").touch()
    assert "is empty" in error_line(tmp_path / "empty.h5")
    (tmp_path / "text.h5").write_text("weights")
    assert "not an HDF5 file" in error_line(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1.0
    assert "not made by spinode" in error_line(tmp_path / "other.h5")
    write_traces(tmp_path / "traces.h5", TraceSet((trace_for(made()),)))
    assert "must be a surrogate file, got a traces file" in error_line(tmp_path / "traces.h5")
    with atomic_file(tmp_path / "newer.h5", "surrogate/99"):
        pass
    assert "install a newer spinode" in error_line(tmp_path / "newer.h5")


def test_a_surrogate_cut_anywhere_is_refused(stored: Path, tmp_path: Path) -> None:
    whole, cut = stored.read_bytes(), tmp_path / "cut.h5"
    for length in [*range(1, 120, 13), *range(120, len(whole) - SEAL, 701), len(whole) - SEAL - 1, len(whole) - 1]:
        cut.write_bytes(whole[:length])
        error_line(cut)


@FEW
@given(st.data())
def test_a_changed_byte_anywhere_is_refused(stored: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(stored.read_bytes())
    content[data.draw(st.integers(0, len(content) - SEAL - 1))] ^= data.draw(st.integers(1, 255))
    (tmp_path / "bad.h5").write_bytes(content)
    error_line(tmp_path / "bad.h5")


def put(name: str, values: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = values

    return change


def mark(name: str, value: object) -> Callable[[h5py.File], None]:
    return lambda file: file.attrs.__setitem__(name, value)


CHANGES: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "no coefficients": (lambda f: f.__delitem__("theta"), "theta"),
    "too few coefficients": (put("theta", np.zeros(3)), "theta"),
    "coefficients that are not numbers": (put("theta", np.full(made().shape.size, np.nan)), "finite"),
    "ranges of another number of inputs": (put("ranges", np.zeros((2, 2))), "ranges"),
    "one unit too few": (put("input_units", ["A"]), "units"),
    "numbers for names": (put("input_names", np.zeros(2)), "list of texts"),
    "an empty name": (put("output_names", [""]), "name"),
    "a huge field": (mark("states", 10**9), "1 to 64 states"),
    "a huge network": (mark("hidden", np.array([10**6])), "widths"),
    "unequal layers": (mark("hidden", np.array([3, 4])), "equal positive widths"),
    "a field with other inputs": (mark("field_inputs", 4), "ranges"),
    "a word for the degree": (mark("degree", "two"), "degree"),
    "no sample interval": (lambda f: f.attrs.__delitem__("dt"), "dt"),
    "a negative sample interval": (mark("dt", -1.0), "positive number"),
    "a delay of zero": (mark("embedding_delay", 0), "positive whole numbers"),
    "a huge delay": (mark("embedding_delay", 10**12), "positive whole numbers"),
    "a huge order": (mark("embedding_order", 10**6), "positive whole numbers"),
    "an encoder without errors": (put("encoder_spread", np.zeros(2)), "encoder_spread"),
    "no fitted error": (lambda f: f.attrs.__delitem__("fitted_error"), "fitted_error"),
    "another encoder": (put("encoder_weights", np.zeros((7, 2))), "encoder_weights"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_edited_surrogate_is_refused_with_the_reason(stored: Path, name: str) -> None:
    change, says = CHANGES[name]
    with h5py.File(stored, "r+") as file:
        change(file)
    assert says in error_line(stored)


def test_a_copy_of_the_file_works_under_another_name(stored: Path, tmp_path: Path) -> None:
    shutil.copy(stored, tmp_path / "a copy with spaces.h5")
    assert load_surrogate(tmp_path / "a copy with spaces.h5").dt == 5e-12 != DT
