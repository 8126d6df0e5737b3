"""``spinode doctor``: a sound installation passes, and each thing that can be wrong is named with what to try."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spinode import __version__, bundled, cli
from spinode.cli import installation, self_test
from spinode.cli.installation import FAILS, NOTE, OK, Finding

Captured = pytest.CaptureFixture[str]


def found(name: str) -> Finding:
    (finding,) = [each for each in installation.installation() if each.name == name]
    return finding


def test_this_installation_passes_and_says_so(capsys: Captured) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["ok"] is True
    listed = {each["name"]: each for each in record["findings"]}
    assert listed["spinode"]["value"] == __version__
    assert listed["numpy"]["value"] == np.__version__
    assert "build" in listed["torch"]["value"]
    assert {each["group"] for each in record["findings"]} >= {
        "versions", "machine", "compiled code", "bundled data", "self test",
    }  # fmt: skip
    assert {each["status"] for each in record["findings"]} <= {OK, NOTE}
    assert sum(each["group"] == "self test" for each in record["findings"]) == 4


def test_a_failure_is_named_with_what_to_try_and_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    wrong: list[Callable[[], float]] = [lambda: 0.5, lambda: float("nan"), lambda: 1 / 0]
    for name, test in zip(self_test.TESTS, wrong, strict=False):
        monkeypatch.setitem(self_test.TESTS, name, (test, 0.1))
    assert cli.main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "try: oscillator against its exact solution: install spinode again" in out
    assert "ZeroDivisionError: division by zero" in out
    assert out.rstrip().splitlines()[-1].startswith("3 of ")


@pytest.mark.parametrize(
    ("test", "most"),
    [
        (self_test.simulation_error, self_test.SIMULATED),
        (self_test.fit_error, self_test.FITTED),
        (self_test.torch_error, self_test.STEPPED),
    ],
)
def test_what_is_measured_is_small_but_not_zero(test: Callable[[], float], most: float) -> None:
    assert 0 < test() < 0.2 * most


def test_a_wrong_oscillator_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from spinode.devices.auto_oscillator import AutoOscillator

    honest = AutoOscillator.packed

    def stronger(self: AutoOscillator) -> object:
        return honest(self) * np.where(np.arange(11) == 5, 1.01, 1.0)  # the nonlinear damping

    monkeypatch.setattr(AutoOscillator, "packed", stronger)
    assert self_test.simulation_error() > self_test.SIMULATED


def test_a_package_that_is_not_there_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "librosa":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(installation, "version", version)
    assert (found("librosa").status, found("librosa").value) == (FAILS, "missing")
    assert "librosa" in found("librosa").advice
    assert found("scipy").status == OK


def test_a_torch_that_does_not_load_fails_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spinode.surrogate.torch_build", None)
    assert found("torch").status == FAILS
    assert "CPU build" in found("torch").advice


@pytest.mark.parametrize(
    ("cuda", "gpus", "status", "value"),
    [
        ("", (), OK, "2.0, CPU build"),
        ("12.6", ("H100",), OK, "2.0, CUDA 12.6 build, H100"),
        ("12.6", (), NOTE, "2.0, CUDA 12.6 build"),
    ],
)
def test_a_cuda_build_without_a_gpu_is_noted(
    cuda: str, gpus: tuple[str, ...], status: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = SimpleNamespace(version="2.0", cuda=cuda, gpus=gpus, threads=1)
    monkeypatch.setitem(sys.modules, "spinode.surrogate.torch_build", SimpleNamespace(torch_build=lambda: build))
    assert (found("torch").status, found("torch").value) == (status, value)


@pytest.mark.parametrize(("free", "status"), [(0.1, FAILS), (1.0, NOTE), (50.0, OK)])
def test_little_room_is_noted_and_none_fails(free: float, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = free * installation.GIBIBYTE
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda folder: SimpleNamespace(free=size))
    monkeypatch.setattr(installation, "free_memory", lambda: size)
    for name in ("disk here", "disk for temporary files", "free memory"):
        assert found(name).status == status
        assert bool(found(name).advice) == (status != OK)


def test_a_system_that_does_not_tell_its_memory_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "free_memory", lambda: None)
    assert "free memory" not in {each.name for each in installation.installation()}


def test_a_cache_that_cannot_be_written_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "can_write", lambda folder: False)
    assert found("cache").status == NOTE
    assert "NUMBA_CACHE_DIR" in found("cache").advice


def test_a_cold_cache_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = SimpleNamespace(fill=SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path / "not yet"))))
    monkeypatch.setitem(sys.modules, "spinode.stepping", module)
    assert (found("state").status, found("state").value) == (NOTE, "cold")
    assert found("cache").status == OK  # the folder above it can be written
    (tmp_path / "not yet").mkdir()
    (tmp_path / "not yet" / "loop.1.nbc").touch()
    assert found("state").value == "warm"


def test_no_place_for_compiled_code_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spinode.stepping", None)
    assert found("cache").status == FAILS


def test_a_folder_is_written_to_before_it_is_called_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installation.can_write(tmp_path / "a" / "b")

    def full(**_: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(installation.tempfile, "TemporaryFile", full)
    assert not installation.can_write(tmp_path)


def test_extras_are_listed_by_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["numpy>=2.0", "numpy>=2; extra == 'compare'", "nowhere-at-all>=1; extra == 'compare'"]
    monkeypatch.setattr(installation, "requires", lambda name: listed)
    assert found("compare").value == "without nowhere-at-all"
    assert found("compare").status == OK


def test_missing_data_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundled, "PLACES", (tmp_path,))
    assert (found("traces").status, found("traces").value[:7]) == (FAILS, "without")
