"""A fit that is killed without warning at any moment, and then resumed, ends as one that nobody touched."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.storage import write_traces
from spinode.surrogate import Surrogate, load_surrogate
from spinode.traces import TraceSet
from tests.known_devices import duffing, random_levels

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
OPTIONS = ("--hidden", "2", "--delay", "160ps", "--minutes", "60")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Surrogate, float, float]:
    """A traces file, the surrogate of a fit that ran to its end, when its first state was kept, and when it ended."""
    folder = tmp_path_factory.mktemp("undisturbed")
    traces, out = folder / "train.h5", folder / "twin.h5"
    write_traces(traces, TraceSet((duffing(random_levels(500, 1)),)))
    begun = time.monotonic()
    with started(traces, out) as child:
        first = None
        while child.poll() is None:
            if first is None and checkpoint(out).exists():
                first = time.monotonic() - begun
            time.sleep(0.01)
        assert child.returncode == 0
    assert first is not None
    return traces, load_surrogate(out), first, time.monotonic() - begun


def started(traces: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    """A fit in a process of its own that keeps its state after every iteration."""
    code = "import sys; import spinode.surrogate.fitting as fitting; from spinode.cli import main;"
    code += "fitting.CHECKPOINT_SECONDS = 0.0; sys.exit(main())"
    words = [sys.executable, "-c", code, "fit", str(traces), "-o", str(out), *OPTIONS, *more]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


STARVED = """
import resource, sys
from pathlib import Path
import spinode.surrogate.fitting as fitting
from spinode.cli import main
fitting.CHECKPOINT_SECONDS = 0.0
write, kept = fitting.write_checkpoint, []
def starving(*words):
    write(*words)
    kept.append(1)
    if len(kept) == 3:
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
fitting.write_checkpoint = starving
sys.exit(main())
"""
"""A fit that gets no more memory from its third checkpoint on."""


def checkpoint(out: Path) -> Path:
    return out.with_name(out.name + ".checkpoint")


def killed(traces: Path, out: Path, moment: float) -> bool:
    """Kill a fit this many seconds after its start; whether it was still running."""
    with started(traces, out) as child:
        try:
            child.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
    return child.returncode == -signal.SIGKILL


def check_same(ours: Surrogate, reference: Surrogate) -> None:
    for name in ("held_out_nrmse", "error", "chosen_stage", "coefficients", "network", "hidden_modes"):
        if name in reference.record:
            assert ours.record[name] == reference.record[name], name
    np.testing.assert_array_equal(ours.theta, reference.theta)
    np.testing.assert_array_equal(ours.encoder.weights, reference.encoder.weights)
    assert ours.fitted_error == reference.fitted_error


def test_a_fit_that_is_killed_and_resumed_is_the_undisturbed_one(
    undisturbed: tuple[Path, Surrogate, float, float], tmp_path: Path
) -> None:
    traces, reference, first, whole = undisturbed
    out = tmp_path / "twin.h5"
    if killed(traces, out, 0.5 * (first + whole)):  # a machine that is much faster now may have finished
        assert main(["fit", str(traces), "-o", str(out), *OPTIONS, "--resume"]) == 0
    check_same(load_surrogate(out), reference)


@pytest.mark.filterwarnings("default")
def test_resume_without_anything_to_go_on_from_starts_at_the_beginning_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces, out = tmp_path / "train.h5", tmp_path / "twin.h5"
    write_traces(traces, TraceSet((duffing(random_levels(500, 1)),)))
    assert main(["fit", str(traces), "-o", str(out), *OPTIONS, "--minutes", "1e-6", "--resume"]) == 0
    assert "twin.h5.checkpoint' is not there, so the fit starts from the beginning" in capsys.readouterr().err
    assert load_surrogate(out).record["samples"] == 500


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(
    undisturbed: tuple[Path, Surrogate, float, float], tmp_path: Path
) -> None:
    traces, reference, first, whole = undisturbed
    rng = np.random.default_rng(20)
    kept = 0
    for number in range(20):
        out = tmp_path / f"twin{number}.h5"
        moment = rng.uniform(0, whole)
        while not killed(traces, out, moment):  # the machine was faster this time
            out.unlink()
            moment *= 0.8
        kept += checkpoint(out).exists()
        assert not out.exists()
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # killed before there was anything to keep
            assert main(["fit", str(traces), "-o", str(out), *OPTIONS, "--resume"]) == 0
        check_same(load_surrogate(out), reference)
        assert not checkpoint(out).exists()
    print(
        f"20 kills between 0 and {whole:.1f} s (first state kept at {first:.1f} s): {kept} left a state to go on from"
    )
    assert kept >= 5


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a process its memory")
def test_a_fit_that_runs_out_of_memory_is_one_line_and_goes_on_with_resume(
    undisturbed: tuple[Path, Surrogate, float, float], tmp_path: Path
) -> None:
    traces, reference, _, _ = undisturbed
    out = tmp_path / "twin.h5"
    words = [sys.executable, "-c", STARVED, "fit", str(traces), "-o", str(out), *OPTIONS]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1
    line = "spinode: not enough memory; go on with the same command and --resume, or try a smaller --most-samples\n"
    assert done.stderr.endswith(line) and "Traceback" not in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["twin.h5.checkpoint"]
    assert main(["fit", str(traces), "-o", str(out), *OPTIONS, "--resume"]) == 0
    check_same(load_surrogate(out), reference)


@pytest.mark.slow
def test_two_fits_into_one_file_leave_a_whole_surrogate(
    undisturbed: tuple[Path, Surrogate, float, float], tmp_path: Path
) -> None:
    traces, reference, _, _ = undisturbed
    out = tmp_path / "twin.h5"
    fits = [started(traces, out, "--force"), started(traces, out, "--force")]
    assert [fit.wait() for fit in fits] == [0, 0]
    check_same(load_surrogate(out), reference)
    assert not list(tmp_path.glob(".*"))
