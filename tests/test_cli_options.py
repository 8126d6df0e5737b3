"""The same option means the same in every command that has it."""

from __future__ import annotations

from typing import Any

import pytest
from typer.main import get_command

from spinode import cli

PROGRESS = {"demo", "simulate", "fit", "reservoir", "speech", "bind", "design", "doctor", "sweep"}
"""Commands that may take minutes."""
RESUMED = {("fit", "--force"), ("sweep", "--force")}
"""Where --force also means to start afresh, and says so."""
FOLDER = {"demo"}
"""Commands whose ``-o`` is a folder of the command's own, written to as often as it runs."""


def options(name: str) -> dict[str, Any]:
    """Each option of a command by its long names."""
    group: Any = get_command(cli.application(name))
    found = [each for each in group.commands[name].params if each.param_type_name == "option"]
    return {word: each for each in found for word in each.opts if word.startswith("--")}


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_options_are_the_same_over_the_commands(name: str) -> None:
    mine = options(name)
    writes = {"--out", "--plot", "--report", "--csv"} & mine.keys()
    assert ("--force" in mine) == (bool(writes) and name not in FOLDER)
    assert ("--quiet" in mine) == (name in PROGRESS)
    assert ("--json" in mine) == (name != "demo")
    if "--set" in mine and name != "design":
        assert "--preset" in mine
    for word, help_text in (("--json", "Print one JSON object."), ("--force", "Replace existing files.")):
        assert word not in mine or mine[word].help == help_text or (name, word) in RESUMED
    short = [each for each in mine.values() if "-o" in each.opts]
    assert all("--out" in each.opts for each in short)
    assert [each for each in mine.values() if "-q" in each.opts] == ([mine["--quiet"]] if name in PROGRESS else [])


@pytest.mark.parametrize("name", [name for name in sorted(cli.COMMANDS) if "--seed" in options(name)])
def test_a_seed_below_zero_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--seed", "-1"]) == 2
    assert "Invalid value for '--seed'" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_option_and_argument_has_a_help_text_that_ends_in_a_full_stop(name: str) -> None:
    group: Any = get_command(cli.application(name))
    told = {each.name: each.help or "" for each in group.commands[name].params if each.name != "help"}
    assert {key: text for key, text in told.items() if not text.rstrip().endswith((".", "]"))} == {}
