"""What a command says beside its result: progress, the closing line, and colours only where they are wanted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spinode import cli
from spinode.cli import output

Captured = pytest.CaptureFixture[str]
COLOUR = re.compile(rb"\x1b\[[\d;]*3[0-9][\d;]*m")  # an escape sequence that sets the colour of letters


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (192, "3 min 12 s"),
        (3599.7, "1 h 0 min"),
        (7512, "2 h 5 min"),
    ],
)
def test_a_time_is_said_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert output.duration_text(seconds) == text


def clock(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    left = iter(times)
    monkeypatch.setattr("spinode.cli.output.monotonic", lambda: next(left))


def test_long_work_ends_with_one_line_on_stderr(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    clock(monkeypatch, 5.0, 197.0)
    output.Stopwatch("fit").done("600 samples of m")
    assert capsys.readouterr() == ("", "fit: done in 3 min 12 s, 600 samples of m\n")


def test_short_work_and_quiet_work_end_without_a_line(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    clock(monkeypatch, 0.0, 9.0, 0.0, 300.0)
    output.Stopwatch("fit").done("short")
    output.Stopwatch("fit", quiet=True).done("quiet")
    assert capsys.readouterr() == ("", "")


def test_quiet_progress_says_nothing(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    clock(monkeypatch, 0.0, 100.0, 200.0)
    with output.progress("fit", quiet=True) as advance:
        advance(0.5, "half")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("flag", ["--quiet", "-q"])
def test_a_command_hands_its_quiet_on(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    monkeypatch.setattr("spinode.cli.output.LONG_SECONDS", 0.0)
    monkeypatch.setattr("spinode.cli.output.QUIET_SECONDS", -1.0)
    words = ["simulate", "envelope", "-o", str(tmp_path / "t.h5"), "--set", "relaxation_time=100ns,200ns", "--force"]
    assert cli.main(words) == 0
    told = capsys.readouterr().err
    assert "simulate: 100%" in told
    assert re.search(rf"simulate: done in \d+ s, 2 of envelope; {tmp_path}.* is written\n$", told)
    assert cli.main([*words, flag]) == 0
    assert capsys.readouterr().err == ""


SHOW = """
import time
from spinode.cli import output
output.print_table(("device", "nrmse"), [("vortex", 0.5)], title="[red]")
with output.progress("fit") as advance:
    for step in range(5):
        advance(step / 4, "error 0.02")
        time.sleep(0.06)
"""


def shown(settings: dict[str, str]) -> bytes:
    """A table and a bar as they are written where stdout and stderr are a terminal."""
    import pty

    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    places = {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm-256color", **settings}
    words = [sys.executable, "-c", SHOW]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env={**inherited, **places}) as running:
        os.close(theirs)
        written = b""
        while part := _read(ours):
            written += part
    os.close(ours)
    assert running.returncode == 0
    return written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # on Linux the end of a terminal is an error
        return b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_colours_are_for_a_terminal_and_go_with_no_color() -> None:
    plain, bare = shown({"NO_COLOR": "1"}), shown({"TERM": "dumb"})
    assert COLOUR.search(shown({})) is not None
    for written in (plain, bare):
        assert b"vortex" in written and b"[red]" in written
        assert COLOUR.search(written) is None


def test_without_a_terminal_nothing_but_text_is_written(capsys: Captured) -> None:
    output.print_table(("device", "nrmse"), [("vortex", 0.5)], title="[red]")
    with output.progress("fit") as advance:
        advance(1.0, "")
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err and "vortex" in out
