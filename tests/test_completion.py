"""What the shell is told when a line is completed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spinode import cli
from spinode.cli.completion import VARIABLE, among

Captured = pytest.CaptureFixture[str]


def offered(line: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> list[str]:
    """Words that bash is offered for the last word of a line."""
    words = line.split(" ")
    monkeypatch.setenv(VARIABLE, "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    with pytest.raises(SystemExit) as stop:
        cli.main([])
    assert stop.value.code == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("spinode si", ["simulate"]),
        ("spinode simulate v", ["vortex"]),
        ("spinode simulate vortex --temp", ["--temperature"]),
        ("spinode reservoir na", ["narma10"]),
        ("spinode reservoir narma10 --device w", ["wall"]),
        ("spinode reservoir narma10 --mask t", ["ternary"]),
        ("spinode speech --frontend m", ["magnitude", "mfcc"]),
        ("spinode bind --device au", ["auto-oscillator"]),
        ("spinode calibrate en", ["envelope"]),
        ("spinode info nb", ["nbox"]),
        ("spinode fit traces.h5 --resu", ["--resume"]),
        ("spinode reservoir narma10 --device twin", []),  # then bash offers files
    ],
)
def test_a_line_is_completed(line: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert offered(line, monkeypatch, capsys) == words


def test_all_commands_are_offered(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert offered("spinode ", monkeypatch, capsys) == list(cli.COMMANDS)


def test_other_shells_give_the_line_in_their_own_variable(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv(VARIABLE, "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "spinode reservoir --node-t")
    with pytest.raises(SystemExit):
        cli.main([])
    assert "--node-time" in capsys.readouterr().out


def test_names_are_offered_by_their_beginning() -> None:
    assert among(("wall", "vortex", "west"))("w") == ["wall", "west"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_of_bash_completes_a_device(tmp_path: Path) -> None:
    program = tmp_path / "spinode"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spinode "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = (
        f'eval "$({VARIABLE}=source_bash spinode)"\n'
        "COMP_WORDS=(spinode simulate vor) COMP_CWORD=2\n_spinode_completion spinode\necho ${COMPREPLY[@]}\n"
    )
    places = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, env={**os.environ, **places}, check=True
    )
    assert done.stdout == "vortex\n"
