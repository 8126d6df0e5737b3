"""``spinode fit`` and ``spinode predict`` as a user meets them, and what is left when they are stopped."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinode.cli import main
from spinode.signals import Channel
from spinode.storage import read_traces, write_traces
from spinode.surrogate import Surrogate, load_surrogate, save_surrogate
from spinode.traces import Trace, TraceSet
from tests.known_devices import DT, FORCE, POSITION, duffing, random_levels
from tests.noisy_traces import decay
from tests.tolerances import LEARNED

QUICK = ("--hidden", "0", "--delay", "160ps")
PUBLISHED = 0.0441  # free run of the released Neural ODE of Chen et al. (2022) on the shared test table


def run(*words: object) -> int:
    return main([str(word) for word in words])


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with traces files train.h5, test.h5 and slow.h5; it is only read."""
    folder = tmp_path_factory.mktemp("data")
    write_traces(folder / "train.h5", TraceSet((duffing(random_levels(600, 1)),)))
    write_traces(folder / "test.h5", TraceSet((duffing(random_levels(400, 2, hold=7, most=0.9)),)))
    write_traces(folder / "slow.h5", TraceSet((duffing(random_levels(6000, 1)),)))
    return folder


@pytest.fixture
def twin(tmp_path: Path, duffing_twin: Surrogate) -> Path:
    path = tmp_path / "twin.h5"
    save_surrogate(path, duffing_twin)
    return path


def mumax_table(path: Path, trace: Trace) -> None:
    """A table as MuMax3 writes it, with rows at the samples of a trace."""
    columns = np.column_stack([trace.output.time, trace.output.values, trace.drive.values])
    header = f"# t (s)\t{POSITION} (m)\t{FORCE} (A)\n"
    path.write_text(header + "".join("\t".join(f"{value:.12g}" for value in row) + "\n" for row in columns))


def test_import_fit_and_predict_learn_a_device_from_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, force in (("train", random_levels(1000, 1)), ("test", random_levels(500, 2, hold=7, most=0.9))):
        mumax_table(tmp_path / f"{name}.txt", duffing(force))
        words = ["import", tmp_path / f"{name}.txt", "-o", tmp_path / f"{name}.h5", "--dt", "40ps"]
        assert run(*words, "--input", FORCE, "--output", POSITION, "--jumps", "after") == 0
    capsys.readouterr()
    out, samples = tmp_path / "twin.h5", ("--samples", "50:1000")
    assert run("fit", tmp_path / "train.h5", "-o", out, *samples, *QUICK, "--seed", 4, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["file"], record["samples"], record["seed"]) == (str(out), 950, 4)
    assert record["embedding_delay"] == pytest.approx(160e-12)
    assert not list(tmp_path.glob("*.checkpoint")) and not list(tmp_path.glob(".*"))
    assert run("predict", out, tmp_path / "test.h5", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown["nrmse"]) == {POSITION}
    assert shown["nrmse"][POSITION] < LEARNED
    assert 0 < shown["seconds"] < 10
    assert len(shown["reports"]) == 1


def test_predict_writes_trace_figure_and_page_and_says_what_it_measured(
    twin: Path, data: Path, tmp_path: Path, duffing_twin: Surrogate, capsys: pytest.CaptureFixture[str]
) -> None:
    out, plot, page = tmp_path / "run.h5", tmp_path / "run.png", tmp_path / "run.html"
    words = ["predict", twin, data / "test.h5", "--samples", "20:320", "--train", data / "train.h5"]
    assert run(*words, "-o", out, "--plot", plot, "--report", page) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("duffing", "polynomial NARX", "linear ARX", "mean", "last value"))
    cut = read_traces(data / "test.h5").samples(20, 320).traces[0]
    written = read_traces(out).traces[0]
    assert np.array_equal(written.output.values, duffing_twin.free_run(cut))
    assert written.output.start == cut.output.start
    assert plot.read_bytes().startswith(b"\x89PNG") and "<html" in page.read_text()
    before = {path: path.read_bytes() for path in (out, plot, page)}
    for option, path in (("-o", out), ("--plot", plot), ("--report", page)):
        assert run("predict", twin, data / "test.h5", option, path) == 1
        assert "--force" in error_line(capsys)
    assert {path: path.read_bytes() for path in before} == before


def test_the_nrmse_of_the_contract_is_over_the_samples_after_the_warm_up(
    twin: Path, data: Path, duffing_twin: Surrogate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", twin, data / "test.h5", "--json") == 0
    trace = read_traces(data / "test.h5").traces[0]
    truth, kept = trace.output.values[:, 0], slice(duffing_twin.warm_up, None)
    error = duffing_twin.free_run(trace)[kept, 0] - truth[kept]
    expected = np.sqrt(np.mean(error**2) / np.var(truth[kept]))
    assert json.loads(capsys.readouterr().out)["nrmse"][POSITION] == pytest.approx(expected, rel=1e-9)


BAD_FITS: dict[str, tuple[tuple[str, ...], str]] = {
    "no file": (("none.h5", "-o", "out.h5"), "none.h5 does not exist"),
    "not HDF5": (("text.txt", "-o", "out.h5"), "is not an HDF5 file"),
    "a cut file": (("cut.h5", "-o", "out.h5"), "cut.h5"),
    "a surrogate": (("twin.h5", "-o", "out.h5"), "must be a traces file, got a surrogate file"),
    "no such trace": (("train.h5", "-o", "out.h5", "--trace", "duffin"), "is not there; closest: duffing"),
    "samples beyond": (("train.h5", "-o", "out.h5", "--samples", "0:601"), "0 <= A < B <= 600"),
    "samples reversed": (("train.h5", "-o", "out.h5", "--samples", "9:3"), "--samples must be A:B"),
    "too few samples": (("train.h5", "-o", "out.h5", "--samples", "0:50"), "must have at least"),
    "a word for layers": (("train.h5", "-o", "out.h5", "--hidden", "a,b"), "--hidden must be widths such as"),
    "unequal layers": (("train.h5", "-o", "out.h5", "--hidden", "8,9"), "equal widths"),
    "wide layers": (("train.h5", "-o", "out.h5", "--hidden", "5000"), "1 to 256"),
    "no time": (("train.h5", "-o", "out.h5", "--minutes", "0"), "positive number of minutes"),
    "order 0": (("train.h5", "-o", "out.h5", "--order", "0"), "order must be 1 to 6"),
    "a delay in metres": (("train.h5", "-o", "out.h5", "--delay", "3nm"), "3nm"),
    "an existing file": (("train.h5", "-o", "twin.h5"), "already there; give --force"),
    "no folder": (("train.h5", "-o", "none/out.h5"), "make it first"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FITS)
def test_a_fit_that_cannot_be_done_is_one_line_and_leaves_nothing(
    name: str, twin: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, says = BAD_FITS[name]
    folder = twin.parent
    (folder / "train.h5").write_bytes((data / "train.h5").read_bytes())
    (folder / "cut.h5").write_bytes((data / "train.h5").read_bytes()[:3000])
    (folder / "text.txt").write_text("# t (s)\tmz ()\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.chdir(folder)
    assert run("fit", *words) == 1
    assert says in error_line(capsys)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_prediction_that_cannot_be_made_is_one_line(
    twin: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = read_traces(data / "test.h5").traces[0]
    other = replace(good, output=replace(good.output, channels=(Channel(name="posision", unit="m"),)))
    write_traces(tmp_path / "other.h5", TraceSet((other,)))
    coarse = replace(good, drive=replace(good.drive, dt=5e-11), output=replace(good.output, dt=5e-11))
    write_traces(tmp_path / "coarse.h5", TraceSet((coarse,)))
    (tmp_path / "cut.h5").write_bytes(twin.read_bytes()[:4000])
    test = data / "test.h5"
    for words, says in (
        ((tmp_path / "none.h5", test), "none.h5 does not exist"),
        ((tmp_path / "cut.h5", test), "cut.h5"),
        ((test, test), "must be a surrogate file, got a traces file"),
        ((twin, twin), "must be a traces file, got a surrogate file"),
        ((twin, tmp_path / "other.h5"), f"'{POSITION}' is not there; closest: posision"),
        ((twin, tmp_path / "coarse.h5"), "sample interval 4e-11 s of the training, got 5e-11 s"),
        ((twin, test, "--samples", "0:5"), "must have more than"),
        ((twin, test, "--samples", "0:401"), "0 <= A < B <= 400"),
        ((twin, test, "--plot", tmp_path / "f.xyz"), "--plot must end in"),
    ):
        assert run("predict", *words) == 1
        assert says in error_line(capsys)


def test_a_drive_outside_the_trained_range_is_one_warning_and_exit_code_0(
    twin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_traces(tmp_path / "far.h5", TraceSet((duffing(1.2 * np.sign(random_levels(300, 4))),)))
    code = "import sys; from spinode.cli import main; sys.exit(main())"
    words = [
        sys.executable,
        "-c",
        code,
        "predict",
        str(twin),
        str(tmp_path / "far.h5"),
        "--json",
        "-o",
        str(tmp_path / "run.h5"),
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.startswith(f"warning: drive '{FORCE}' goes from -1.2 to 1.2 A, outside the trained range")
    assert done.stderr.count("\n") == 1
    assert POSITION in json.loads(done.stdout)["nrmse"]


def test_a_table_with_samples_that_are_not_numbers_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mumax_table(tmp_path / "t.txt", duffing(random_levels(50, 1)))
    rows = (tmp_path / "t.txt").read_text().splitlines()
    rows[20] = "\t".join([rows[20].split("\t")[0], "NaN", "0"])
    (tmp_path / "t.txt").write_text("\n".join(rows) + "\n")
    words = ["import", tmp_path / "t.txt", "-o", tmp_path / "t.h5", "--input", FORCE, "--output", POSITION]
    assert run(*words) == 1
    assert POSITION in error_line(capsys)
    assert not (tmp_path / "t.h5").exists()


def test_a_full_disk_is_one_line_and_keeps_the_old_surrogate_and_the_checkpoint(
    twin: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = twin.read_bytes()
    real = os.fsync

    def full(handle: int) -> None:
        if os.readlink(f"/proc/self/fd/{handle}").endswith(".checkpoint"):
            real(handle)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("spinode.hdf5.os.fsync", full)
    assert run("fit", data / "train.h5", "-o", twin, *QUICK, "--force") == 1
    text = capsys.readouterr().err
    assert "no space left on the disk" in text or "the disk is full" in text
    assert text.count("\n") == 1
    assert twin.read_bytes() == before
    assert not list(twin.parent.glob(".*.part"))


def start(*words: object) -> subprocess.Popen[str]:
    """A fit in a process of its own that writes a checkpoint after each iteration and tells it."""
    code = (
        "import sys; import spinode.surrogate.fitting as fitting; from spinode.cli import main;"
        "write = fitting.write_checkpoint; fitting.CHECKPOINT_SECONDS = 0.0;"
        "fitting.write_checkpoint = lambda *w: (write(*w), print('kept', flush=True));"
        "sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "fit", *(str(word) for word in words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
    )


def _hear_interrupts() -> None:
    """A shell makes what it runs in the background deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stopped(child: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Exit code and stderr of a fit that got a signal after its second checkpoint."""
    with child:
        assert child.stdout is not None and child.stderr is not None
        for _ in range(2):
            assert child.stdout.readline() == "kept\n", child.stderr.read()
        child.send_signal(number)
        _, text = child.communicate(timeout=60)
    return child.returncode, text


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
def test_ctrl_c_is_exit_code_130_and_the_fit_goes_on_with_resume(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "twin.h5"
    words = [data / "slow.h5", "-o", out, "--hidden", "0"]
    code, text = stopped(start(*words), signal.SIGINT)
    assert code == 130
    assert text == "spinode: interrupted; go on with the same command and --resume\n"
    assert [path.name for path in tmp_path.iterdir()] == ["twin.h5.checkpoint"]
    assert run("fit", *words) == 1
    assert "give --resume to go on or --force to start afresh" in error_line(capsys)
    assert run("fit", *words, "--seed", 8, "--resume") == 1
    assert "belongs to a fit of other traces or settings" in error_line(capsys)
    assert run("fit", *words, "--resume", "--minutes", 1e-6) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["twin.h5"]
    assert load_surrogate(out).outputs[0].name == POSITION


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
def test_kill_9_keeps_the_old_surrogate_and_the_fit_goes_on_with_resume(
    twin: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = twin.read_bytes()
    words = [data / "slow.h5", "-o", twin, "--hidden", "0", "--force"]
    code, _ = stopped(start(*words), signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert twin.read_bytes() == before
    with h5py.File(twin.with_name("twin.h5.checkpoint")) as file:
        assert float(file.attrs["seconds"]) > 0
    assert run("fit", *words, "--resume", "--minutes", 1e-6) == 0
    assert twin.read_bytes() != before
    assert load_surrogate(twin).record["samples"] == 6000
    assert not twin.with_name("twin.h5.checkpoint").exists()


@pytest.mark.slow
def test_the_two_commands_beat_the_published_model_on_the_micromagnetic_test(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = shared_data / "mumax3_skyrmion"
    channels = ["--input", "Ku1.region100", "--input", "Dind.region100", "--output", "mz", "--dt", "5ps"]
    for name, table in (("train", "train_ku_dmi.txt"), ("test", "test_dmi_steps.txt")):
        assert run("import", tables / table, "-o", tmp_path / f"{name}.h5", *channels) == 0
    begun = time.monotonic()
    words = ["fit", tmp_path / "train.h5", "-o", tmp_path / "twin.h5", "--samples", "1000:11000"]
    assert run(*words, "--minutes", 2) == 0
    spent = time.monotonic() - begun
    capsys.readouterr()
    assert run("predict", tmp_path / "twin.h5", tmp_path / "test.h5", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    print(f"NRMSE {shown['nrmse']['mz']:.4f} after {spent:.0f} s")
    assert shown["nrmse"]["mz"] < PUBLISHED
    assert load_surrogate(tmp_path / "twin.h5").dt == pytest.approx(5e-12) != DT


def test_noise_is_learned_where_it_is_asked_for_and_another_word_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_traces(tmp_path / "noisy.h5", TraceSet((decay(1500, 1),)))
    words = ("fit", tmp_path / "noisy.h5", "-o", tmp_path / "twin.h5", "--order", "1", "--hidden", "0")
    assert run(*words, "--noise", "learn", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["noise"] == "process and measurement"
    assert 0.8 < record["held_out_coverage_90"] < 0.98
    assert load_surrogate(tmp_path / "twin.h5").noise is not None
    assert run("predict", tmp_path / "twin.h5", tmp_path / "noisy.h5", "--json") == 0
    assert 0.8 < json.loads(capsys.readouterr().out)["coverage_90"]["y"] < 0.98
    assert run(*words, "--force", "--noise", "some") == 1
    assert "FitSettings.noise must be none, learn or auto, got some" in error_line(capsys)
