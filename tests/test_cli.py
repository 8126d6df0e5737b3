"""The command line's own promises: quick help, one line for each failure, the right exit code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinode import __version__, cli
from spinode.cli import output

Run = Callable[[Callable[..., None]], int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a function as the command ``spinode fake`` and gives the exit code."""

    def run_fake(function: Callable[..., None]) -> int:
        module = types.ModuleType("fake_command_module")
        module.__dict__["fake_command"] = function
        monkeypatch.setitem(sys.modules, "fake_command_module", module)
        monkeypatch.setitem(cli.COMMANDS, "fake", ("fake_command_module", "fake_command", "A fake."))
        return cli.main(["fake"])

    return run_fake


def fails_with(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_help_imports_neither_numpy_nor_torch_nor_numba() -> None:
    code = (
        "import sys; from spinode.cli import main; assert main(['--help']) == 0;"
        "print(sorted({'numpy', 'torch', 'numba', 'h5py', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize("name", ["fit", "speech", "design"])
def test_the_help_of_a_command_needs_no_more_than_help(name: str) -> None:
    code = (
        f"import sys; from spinode.cli import main; assert main(['{name}', '--help']) == 0;"
        "print(sorted({'numpy', 'torch', 'numba', 'h5py', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"spinode {__version__}\n"


def test_without_words_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: spinode")


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_shows_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: spinode {name}")


@pytest.mark.parametrize("words", [["ft"], ["--nope"], ["fake", "--nope"], ["fake", "surplus"]])
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(lambda: None)
    assert cli.main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "--help" in captured.err


def test_a_command_that_ends_well_is_exit_code_0(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: print("result")) == 0
    assert capsys.readouterr() == ("result\n", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("Signal.dt must be > 0,\n   got 0"), "spinode: Signal.dt must be > 0, got 0"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "a.h5"),
            "spinode: a.h5: No such file or directory",
        ),
        (OSError("Can't open file (truncated)"), "spinode: Can't open file (truncated)"),
        (
            OSError(errno.ENOSPC, "No space left on device", "a.h5"),
            "spinode: a.h5: no space left on the disk; free some and run the command again",
        ),
        (
            OSError("write failed (errno = 28, error message = 'No space left on device')"),
            "spinode: no space left on the disk; free some and run the command again",
        ),
        (MemoryError(), "spinode: not enough memory; try fewer samples or fewer members"),
        (
            KeyError("mz"),
            "spinode: unexpected KeyError: 'mz'; please report this; run with SPINODE_TRACEBACK=1 to see the details",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_failure_is_one_line_and_exit_code_1(
    error: Exception, line: str, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPINODE_TRACEBACK", raising=False)
    assert run(fails_with(error)) == 1
    assert capsys.readouterr().err == f"{line}\n"


def test_the_traceback_is_shown_when_asked_for(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINODE_TRACEBACK", "1")
    assert run(fails_with(KeyError("mz"))) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (KeyboardInterrupt("stopped; go on with --resume"), "stopped; go on with --resume"),
    ],
)
def test_an_interruption_is_one_line_and_exit_code_130(
    error: BaseException, line: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(fails_with(error)) == 130
    assert capsys.readouterr().err == f"spinode: {line}\n"


def test_a_reader_that_stops_reading_is_not_an_error_to_tell(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fails_with(BrokenPipeError(errno.EPIPE, "Broken pipe"))) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_result_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "spinode", "--help"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "spinode: no space left on the disk; free some and run the command again\n"


def test_a_warning_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        warnings.simplefilter("default")  # the test run turns warnings into errors
        warnings.warn("drive 'Ku' leaves\nthe trained range", stacklevel=1)

    assert run(command) == 0
    assert capsys.readouterr().err == "warning: drive 'Ku' leaves the trained range\n"


def test_json_has_null_for_what_is_not_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"nrmse": {"mz": float("nan")}, "times": np.array([1.0, np.inf]), "count": np.int64(3)})
    assert json.loads(capsys.readouterr().out) == {"nrmse": {"mz": None}, "times": [1.0, None], "count": 3}


def test_a_table_keeps_brackets_and_long_cells(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["channel", "value [T]"], [["x" * 200, 1.23456], ["[red]", None]], title="field [bold]")
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("x" * 200, "1.235", "[red]", "value [T]", "field [bold]"))


def test_progress_without_a_terminal_is_plain_lines_some_seconds_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 5.0, 20.0, 21.0])
    monkeypatch.setattr("spinode.cli.output.monotonic", lambda: next(now))
    with output.progress("fit") as advance:
        for done in (0.1, 0.25, 0.3):
            advance(done, "error 0.02")
    assert capsys.readouterr().err == "fit: 25%, about 60 s left; error 0.02\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, (0, 50)), ("10:20", (10, 20)), ("10:", (10, 50)), (":20", (0, 20)), (" 0 : 50 ", (0, 50))],
)
def test_samples_are_read(text: str | None, expected: tuple[int, int]) -> None:
    assert output.sample_range(text, 50) == expected


@pytest.mark.parametrize("text", ["", "10", "20:10", "10:10", "0:51", "-5:10", "a:b", "1:2:3", "1.5:3"])
def test_samples_out_of_rule_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--samples must be A:B with 0 <= A < B <= 50"):
        output.sample_range(text, 50)


def test_an_output_is_not_overwritten_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "twin.h5"
    output.refuse_overwrite(path, force=False)
    path.touch()
    output.refuse_overwrite(path, force=True)
    with pytest.raises(ValueError, match="already there; give --force"):
        output.refuse_overwrite(path, force=False)
    with pytest.raises(ValueError, match="must be a file, got a folder"):
        output.refuse_overwrite(tmp_path, force=True)
    with pytest.raises(ValueError, match="make it first"):
        output.refuse_overwrite(tmp_path / "missing" / "twin.h5", force=False)


def test_a_figure_needs_a_known_ending_and_a_folder(tmp_path: Path) -> None:
    output.check_figure(tmp_path / "fit.PNG")
    output.check_figure(tmp_path / "fit.html", allowed=(".html",))
    with pytest.raises(ValueError, match=r"--plot must end in \.png, \.pdf, \.svg, got"):
        output.check_figure(tmp_path / "fit.xyz")
    with pytest.raises(ValueError, match="make it first"):
        output.check_figure(tmp_path / "missing" / "fit.png")
