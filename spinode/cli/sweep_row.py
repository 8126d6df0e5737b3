"""One row of a sweep: another command of ours, called in this process, whose JSON is taken instead of printed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from spinode.cli import COMMANDS, command_named, reason_of
from spinode.cli.device_names import DEVICES, make_members
from spinode.cli.output import taking_json

if TYPE_CHECKING:
    from spinode.sweep import Row

QUANTITIES = {
    "duration": "s", "dt": "s", "temperature": "K", "node_time": "s", "window": "s", "width": "Hz", "delay": "s",
}  # fmt: skip
"""Options of commands that are a number with a unit."""
OUTPUTS = ("output", "out")
"""Options that name the one file a command must write."""
UNSWEPT = ("demo", "import", "sweep")
"""Commands that have no JSON of their own, or need a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowTask:
    """Words of a row's command, and the file that it must write ('' for one that is thrown away, None for none)."""

    number: int
    words: tuple[str, ...]
    output: str | None = None


@lru_cache(maxsize=4)
def known_command(name: str) -> Any:
    """The command of a name, made once a process.

    Raises
    ------
    ValueError
        If there is no such command, or it is none to sweep over.
    """
    from spinode.signals import missing_name

    swept = [each for each in COMMANDS if each not in UNSWEPT]
    if name not in swept:
        raise ValueError(missing_name("command to sweep over", name, swept))
    return command_named(name)


def options_of(name: str) -> dict[str, str]:
    """Name of the parameter by option: ``{"--set": "set_", ...}``."""
    return {text: str(each.name) for each in known_command(name).params for text in each.opts if text.startswith("-")}


def needs_output(name: str, words: Sequence[str]) -> bool:
    """Whether a command must be told a file to write, and is not."""
    wanted = [each for each in known_command(name).params if each.required and each.name in OUTPUTS]
    return any(not _given(each.opts, words) for each in wanted)


def check_row(words: Sequence[str]) -> None:
    """Raise ValueError for what can be seen to be wrong without running a row: options, units, settings of a device."""
    from spinode.units import parse_quantity

    extra = ["-o", "unused"] if needs_output(words[0], words[1:]) else []
    try:
        parameters: Mapping[str, Any] = known_command(words[0]).make_context(words[0], [*words[1:], *extra]).params
    except typer.TyperException as error:
        raise ValueError(
            f"{' '.join(error.format_message().split()).rstrip('.')}; try spinode {words[0]} --help"
        ) from None
    if parameters.get("serve"):
        raise ValueError("--serve must be left out of a sweep: it waits for a browser")
    for name, unit in QUANTITIES.items():
        if parameters.get(name):
            try:
                parse_quantity(parameters[name], unit)
            except ValueError as error:
                raise ValueError(f"--{name.replace('_', '-')}: {error}") from None
    _check_settings(words[0], parameters)


def _check_settings(command: str, parameters: Mapping[str, Any]) -> None:
    settings = parameters.get("set_") or parameters.get("settings") or []
    if command == "design":
        from spinode.cli.design import read_spec

        read_spec(parameters["spec_file"], settings)
    elif command == "info":
        return  # its settings may be of an operating point, too; it is quick to fail by itself
    elif parameters.get("device") in DEVICES and not Path(parameters["device"]).exists():
        make_members(parameters["device"], settings, parameters.get("preset", ""))


def run_row(task: RowTask) -> Row:
    """Run the command of a row; whatever it raises becomes the error of the row."""
    begun = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        record, error = _record(task)
    notes = "; ".join(dict.fromkeys(" ".join(str(each.message).split()) for each in caught))
    from spinode.sweep import Row

    seconds = time.perf_counter() - begun
    return Row(number=task.number, record=record, error=error, notes=notes, seconds=seconds)


def _record(task: RowTask) -> tuple[dict[str, object], str]:
    name, *words = task.words
    try:
        with TemporaryDirectory(prefix="spinode-sweep-") as folder:
            if task.output is not None:
                words += ["-o", task.output or str(Path(folder, "row.h5"))]
            with taking_json() as taken:
                command = known_command(name)
                with command.make_context(name, [*words, "--json"]) as context:
                    command.invoke(context)
    except (typer.Exit, SystemExit) as stop:
        return {}, f"the command ended with {stop}"
    except typer.TyperException as error:
        return {}, " ".join(error.format_message().split())
    except Exception as error:
        return {}, reason_of(error)
    if not taken:
        return {}, "the command gave no JSON"
    record = _plain(taken[-1])
    if task.output == "":
        record.pop("file", None)
    return record, ""


def _plain(record: Mapping[str, object]) -> dict[str, object]:
    """As somebody would read it who has the JSON."""
    import json

    from spinode.json_text import json_text

    found: dict[str, object] = json.loads(json_text(record))
    return found


def _given(options: Sequence[str], words: Sequence[str]) -> bool:
    return any(word.partition("=")[0] in options for word in words)
