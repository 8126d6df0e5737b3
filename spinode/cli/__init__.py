"""The command line: which commands there are, and how an error becomes one line and an exit code.

A command's module is imported only when that command is called, so ``spinode --help`` imports neither numpy nor torch;
when the shell completes a line, only the module of the command on that line is.
Exit codes: 0 done, 1 bad input, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, TextIO

import typer
from typer.main import get_command

from spinode import __version__
from spinode.cli.completion import VARIABLE, typed_words

Command = Callable[..., None]

# name: (module, function, one line for `spinode --help`)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("spinode.cli.demo", "demo_command", "Learn the bundled skyrmion, predict it, write the report."),
    "import": ("spinode.cli.import_", "import_command", "Turn tables of a simulator or an instrument into traces."),
    "simulate": ("spinode.cli.simulate", "simulate_command", "Make a trace with an analytic device."),
    "fit": ("spinode.cli.fit", "fit_command", "Learn a surrogate from traces."),
    "predict": ("spinode.cli.predict", "predict_command", "Run a surrogate freely and compare it with a trace."),
    "calibrate": ("spinode.cli.calibrate", "calibrate_command", "Find hidden parameters of a device from a trace."),
    "reservoir": ("spinode.cli.reservoir", "reservoir_command", "Compute with one device as a reservoir."),
    "speech": ("spinode.cli.speech", "speech_command", "Recognise spoken words with one device, beside its controls."),
    "bind": ("spinode.cli.bind", "bind_command", "Tell sequences of events apart by mutual synchronization."),
    "design": ("spinode.cli.design", "design_command", "Design an array of oscillators from what can be made."),
    "sweep": ("spinode.cli.sweep", "sweep_command", "Run a command once for every combination of settings."),
    "info": ("spinode.cli.info", "info_command", "Show what a file or a device holds."),
    "doctor": ("spinode.cli.doctor", "doctor_command", "Check this installation, and say what to try."),
}
PASSED_ON: dict[str, dict[str, bool]] = {"sweep": {"ignore_unknown_options": True, "allow_extra_args": True}}
"""Commands that take the words of another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every failure is one line on stderr.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``spinode``; those of the process if left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            code = _run(words or ["--help"])
            sys.stdout.flush()
        except BaseException as error:  # also KeyboardInterrupt; SystemExit is passed on inside
            code = _report(error)
    _settle(sys.stdout)
    _settle(sys.stderr)
    return code


def application(called: str | None) -> typer.Typer:
    """The typer application: the real function of the command that is called, and only the help of the others."""
    summary = "Learn spintronic devices from their traces and compute with them."
    app = typer.Typer(rich_markup_mode=None, help=summary)
    app.callback()(_root)
    for name, (module, function, line) in COMMANDS.items():
        command: Command = getattr(import_module(module), function) if name == called else _not_loaded
        app.command(name, short_help=line, context_settings=PASSED_ON.get(name))(command)
    return app


def command_named(name: str) -> Any:
    """The command of a name, ready to be given its words."""
    group: Any = get_command(application(name))
    return group.commands[name]


def _run(words: list[str]) -> int:
    completing = VARIABLE in os.environ
    called = next((word for word in (typed_words() if completing else words) if not word.startswith("-")), None)
    command = get_command(application(called))
    if completing:
        command.main(words, prog_name="spinode", complete_var=VARIABLE)  # prints what could come next, and exits
    try:
        with command.make_context("spinode", words) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        path = f"spinode {called}" if called in COMMANDS else "spinode"
        _say(f"{path}: {_one_line(error.format_message()).rstrip('.')}; try '{path} --help'")
        return error.exit_code
    return 0


def _show_version(asked: bool) -> None:
    if asked:
        print(f"spinode {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    del version  # its callback has done the work


def _not_loaded() -> None:
    raise AssertionError("a command was called whose module was not loaded")


def _report(error: BaseException) -> int:
    """Say in one line what went wrong and return the exit code."""
    if isinstance(error, SystemExit):
        raise error
    if os.environ.get("SPINODE_TRACEBACK") == "1":
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):
        return 1  # whoever read our output has stopped reading: nobody is left to tell
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        _say(f"spinode: {_one_line(str(error)) or 'interrupted'}")
        return 130
    _say(f"spinode: {reason_of(error)}")
    return 1


def reason_of(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError):
        return _file_reason(error)
    if isinstance(error, MemoryError):
        return "not enough memory; try fewer samples or fewer members"
    text = _one_line(str(error))
    if isinstance(error, ValueError) or type(error).__module__.startswith("spinode."):
        return text or type(error).__name__
    kind = f"unexpected {type(error).__name__}"
    return f"{kind}{': ' if text else ''}{text}; please report this; run with SPINODE_TRACEBACK=1 to see the details"


def _file_reason(error: OSError) -> str:
    text = _one_line(str(error))
    name = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC or os.strerror(errno.ENOSPC) in text:  # HDF5 gives the reason only in its text
        return f"{name}no space left on the disk; free some and run the command again"
    if error.filename and error.strerror:
        return f"{name}{_one_line(error.strerror)}"
    return text or type(error).__name__


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> Any:
    """Takes the place of ``warnings.showwarning``: one line, without the code that warned."""
    del category, filename, lineno, file, line
    _say(f"warning: {_one_line(str(message))}")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody can be told; the exit code still says it


def _settle(stream: TextIO) -> None:
    """Flush; a stream that cannot be written any more goes to nowhere, or Python would complain about it at exit."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
