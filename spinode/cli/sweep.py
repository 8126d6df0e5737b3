"""``spinode sweep``: a command of ours over every combination of settings, into one table."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.options import Json, Quiet
from spinode.cli.output import Stopwatch, print_json, print_table, progress, refuse_overwrite

if TYPE_CHECKING:
    from spinode.cli.sweep_row import RowTask
    from spinode.engine import Engine
    from spinode.sweep import Axis, Column, Plan, Row

CHECKED = 1000
"""Rows up to which each is checked before anything runs; of more, those that differ from the first in one setting."""
SHOWN = 24
"""Columns of the summary."""


def sweep_command(
    context: typer.Context,
    command: Annotated[
        str, typer.Argument(help="Command such as simulate, with its own words and options.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("-o", "--out", "--output", help="Table to make (HDF5).")],
    over: Annotated[
        list[str] | None,
        typer.Option("--over", help="NAME=A,B,... or NAME=FIRST:LAST:COUNT[:log], with units; repeat for more."),
    ] = None,
    draws: Annotated[int, typer.Option(help="Rows of each combination, each with its own seed.", min=0)] = 0,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Worker processes; one a core if left out.", min=1)] = None,
    cluster: Annotated[str, typer.Option(help="Dask scheduler: tcp://HOST:PORT, or its scheduler file.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Folder for the files that the rows write.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on: only rows that are missing or failed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing table, and start afresh.")] = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Run a command once for every combination of values, collect its results; --over NAME fills {NAME}, else --NAME.

    A name that is no option of the command is a parameter for its --set.
    """
    from spinode.engine import Engine, cores

    clock = Stopwatch("sweep", quiet)
    engine = Engine(jobs=jobs or cores(), cluster=cluster)
    plan = _plan(command, context.args, over or [], draws)
    _check(plan)
    files = _Files(output=output, keep=keep, resume=resume, force=force, quiet=quiet)
    _run(plan, files, engine, json_output)
    clock.done(f"{command}; {output} is written")


@dataclass(frozen=True, kw_only=True)
class _Files:
    """The table, the journal beside it, the folder of what rows write, and whether progress is left away."""

    output: Path
    keep: Path | None
    resume: bool
    force: bool
    quiet: bool = False

    @property
    def journal(self) -> Path:
        return self.output.with_name(self.output.name + ".rows")

    def finished(self, plan: Plan) -> dict[int, Row]:
        """Rows to take over; raises ValueError where there are some and nobody said what to do with them."""
        from spinode.sweep.journal import read_journal
        from spinode.sweep.table import read_sweep

        if self.keep is not None and not self.keep.is_dir():
            raise ValueError(f"--keep must be a folder that is there, got '{self.keep}'; make it first")
        if not self.resume:
            refuse_overwrite(self.output, self.force)
            if self.journal.exists() and not self.force:
                raise ValueError(
                    f"'{self.journal}' holds a stopped sweep; give --resume to go on or --force to start afresh"
                )
            self.journal.unlink(missing_ok=True)
            return {}
        refuse_overwrite(self.output, force=True)
        rows: dict[int, Row] = {}
        if self.output.exists():
            rows |= read_sweep(self.output, plan)
        if self.journal.exists():
            rows |= read_journal(self.journal, plan.header(), plan.rows)
        elif not self.output.exists():
            text = f"neither '{self.output}' nor '{self.journal}' is there, so the sweep starts from the beginning"
            warnings.warn(text, UserWarning, stacklevel=2)
        return {number: row for number, row in rows.items() if not row.error}


def _plan(command: str, words: Sequence[str], over: Sequence[str], draws: int) -> Plan:
    """The rows; an axis without a place in the words gets one as an option, or else as a setting of the device."""
    from spinode.cli.sweep_row import options_of
    from spinode.sweep import Plan, parse_axis

    options = options_of(command)
    axes = tuple(parse_axis(text) for text in over)
    template, seed = [command, *words], 0
    for axis in axes:
        template += _place(axis, template, options, command)
    if draws:
        if "--seed" not in options:
            raise ValueError(f"--draws must go with a command that has --seed, got {command}")
        seed = _take_seed(template)
        template += ["--seed", "{seed}"]
    return Plan(words=tuple(template), axes=axes, draws=draws, seed=seed)


def _place(axis: Axis, words: Sequence[str], options: dict[str, str], command: str) -> list[str]:
    if any(f"{{{axis.name}}}" in word for word in words):
        return []
    if f"--{axis.name}" in options:
        return [f"--{axis.name}", f"{{{axis.name}}}"]
    if "--set" in options:
        return ["--set", f"{axis.name}={{{axis.name}}}"]
    raise ValueError(f"--over {axis.name} must be an option of {command} or stand in its words as {{{axis.name}}}")


def _take_seed(words: list[str]) -> int:
    """Take ``--seed N`` out of the words: the seed from which those of the rows are spawned."""
    for place, word in enumerate(words):
        name, equals, text = word.partition("=")
        if name == "--seed":
            text = text if equals else (words[place + 1] if place + 1 < len(words) else "")
            if not text.isdecimal():
                raise ValueError(f"--seed must be a whole number of 0 or more, got '{text}'")
            del words[place : place + (1 if equals else 2)]
            return int(text)
    return 0


def _check(plan: Plan) -> None:
    """Say what is wrong before anything runs."""
    from spinode.cli.sweep_row import check_row

    for row in range(plan.rows) if plan.rows <= CHECKED else plan.star():
        try:
            check_row(plan.command(row))
        except ValueError as error:
            at = ", ".join(f"{name}={text}" for name, text in plan.texts(row).items())
            raise ValueError(f"{error} (row {row}: {at}){_elsewhere(plan, str(error))}") from None


def _elsewhere(plan: Plan, error: str) -> str:
    """How to name another place, where a value went to ``--set`` for want of an option and is nothing of the device."""
    for axis in plan.axes if plan.words[0] == "simulate" else ():
        if f"{axis.name}={{{axis.name}}}" in plan.words and f"'{axis.name}' is not there" in error:
            return f"; an input of the drive is --drive '{axis.name}={{{axis.name}}}'"
    return ""


def _tasks(plan: Plan, keep: Path | None, numbers: Sequence[int], engine: Engine) -> list[RowTask]:
    """What the workers get: words, the file of a row, and one thread where there are several workers."""
    from spinode.cli.sweep_row import RowTask, needs_output, options_of

    name, *given = plan.words
    writes, options = needs_output(name, given), options_of(name)
    more: tuple[str, ...] = ()
    if engine.elsewhere and "--workers" in options and not any(word.startswith("--workers") for word in given):
        more += ("--workers", "1")
    if writes and keep is not None and "--force" in options and "--force" not in given:
        more += ("--force",)  # a row that was killed between its file and its line in the journal
    return [
        RowTask(
            number=number,
            words=plan.command(number) + more,
            output=None if not writes else "" if keep is None else str(keep.resolve() / f"row{number:06d}.h5"),
        )
        for number in numbers
    ]


def _run(plan: Plan, files: _Files, engine: Engine, json_output: bool) -> None:
    from spinode.sweep import write_sweep
    from spinode.sweep.journal import journal

    begun = time.monotonic()
    rows = files.finished(plan)
    taken_over = len(rows)
    missing = [number for number in range(plan.rows) if number not in rows]
    with journal(files.journal, plan.header()) as kept:
        for row in _finishing(_tasks(plan, files.keep, missing, engine), engine, files):
            kept.append(row)
            rows[row.number] = row
        ordered = [rows[number] for number in sorted(rows)]
        write_sweep(files.output, plan, ordered, force=files.force or files.resume)
        files.journal.unlink()
    _report(plan, files.output, ordered, (taken_over, time.monotonic() - begun), json_output)


def _finishing(tasks: Sequence[RowTask], engine: Engine, files: _Files) -> Iterator[Row]:
    """Rows as they finish; says how to go on where that ends early."""
    from spinode.cli.sweep_row import run_row
    from spinode.engine import run_tasks
    from spinode.sweep import Row

    done, failed = 0, 0
    go_on = f"the others go on with the same command and --resume ('{files.journal}')"
    try:
        with progress("sweep", files.quiet) as advance, closing(run_tasks(run_row, tasks, engine)) as arriving:
            for finished in arriving:
                error = "" if finished.error is None else " ".join(str(finished.error).split())
                row = finished.result or Row(number=tasks[finished.number].number, record={}, error=error)
                done, failed = done + 1, failed + bool(row.error)
                advance(done / len(tasks), f"{failed} failed" if failed else "")
                yield row
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {done} of {len(tasks)} rows are kept, {go_on}") from None
    except ConnectionError as error:
        raise ConnectionError(f"{error}: {done} of {len(tasks)} rows; {go_on}") from None


def _report(plan: Plan, path: Path, rows: Sequence[Row], told: tuple[int, float], json_output: bool) -> None:
    """The summary; raises ValueError where rows failed. ``told`` are the rows of an older run and the seconds."""
    from spinode.sweep import columns_of

    failed = [row for row in rows if row.error]
    taken_over, seconds = told
    columns = columns_of(plan, rows)
    if json_output:
        record = {"file": path, "rows": len(rows), "failed": len(failed), "taken_over": taken_over, "seconds": seconds}
        listed = [{"name": each.name, "unit": each.unit} for each in columns]
        print_json({**record, "columns": listed, "errors": {str(row.number): row.error for row in failed}})
    else:
        again = f", {taken_over} of them from before" if taken_over else ""
        print(f"{path}: {len(rows)} rows{again}, {len(failed)} failed, {seconds:.1f} s")
        _show(columns)
    if failed:
        first = failed[0]
        raise ValueError(
            f"{len(failed)} of {len(rows)} rows failed, row {first.number} with: {first.error}; the column 'error' of"
            f" {path} has all messages, --resume tries them again"
        )


def _show(columns: Sequence[Column]) -> None:
    """The range of each column of numbers that varies."""
    found = []
    for column in columns:
        numbers = [cell for cell in column.cells if isinstance(cell, float) and math.isfinite(cell)]
        if column.numeric and numbers and min(numbers) < max(numbers):
            found.append((column.name, min(numbers), max(numbers), column.unit))
    title = f"columns that vary{f', the first {SHOWN} of {len(found)}' if len(found) > SHOWN else ''}"
    print_table(("column", "smallest", "largest", "unit"), found[:SHOWN], title)
