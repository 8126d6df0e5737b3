"""What commands share: tables and JSON on stdout, progress on stderr, and the checks of common options.

Colours and bars are for a terminal alone; NO_COLOR (or TERM=dumb) takes the colours off there as well. What draws them
is imported when it is used, so that the help of a command and its completion are quick.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[float, str], None]
FIGURES = (".png", ".pdf", ".svg")
QUIET_SECONDS = 10.0  # between two plain progress lines
LONG_SECONDS = 10.0  # work from which on its end is announced
WIDE = 10_000  # columns where there is no terminal: a line is never folded
_taken: ContextVar[list[Mapping[str, object]] | None] = ContextVar("taken", default=None)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table on stdout; numbers are aligned on the right.

    Parameters
    ----------
    columns : sequence of str, length C
        Headings.
    rows : sequence of sequences, each of length C
        Cells; floats are shown with four significant digits, None as a dash.
    title : str
        Line above the table; none if empty.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    numeric = [_numeric([row[number] for row in rows]) for number in range(len(columns))]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, right in zip(columns, numeric, strict=True):
        table.add_column(heading, justify="right" if right else "left")
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    console = _console(stderr=False)
    if title:
        console.print(title)
    console.print(table)


def print_json(record: Mapping[str, object]) -> None:
    """Print one JSON object on stdout; arrays become lists, and a number that is not finite becomes null."""
    taken = _taken.get()
    if taken is None:
        from spinode.json_text import json_text

        print(json_text(record))
    else:
        taken.append(record)


@contextmanager
def taking_json() -> Iterator[list[Mapping[str, object]]]:
    """Inside the block, records go to this list instead of stdout, and no progress is shown."""
    records: list[Mapping[str, object]] = []
    token = _taken.set(records)
    try:
        yield records
    finally:
        _taken.reset(token)


@contextmanager
def progress(label: str, quiet: bool = False) -> Iterator[Advance]:
    """Show on stderr how far a long task is and how long it will still take.

    A bar on a terminal, otherwise a plain line about every ten seconds; nothing if ``quiet``. ``advance(done, note)``
    takes the part that is done, 0 to 1, and a short note such as the present error.
    """
    if quiet or _taken.get() is not None:
        yield _silence
    elif sys.stderr.isatty():
        with _bar(label) as advance:
            yield advance
    else:
        yield _plain_lines(label)


class Stopwatch:
    """Times a command from where it is made, and says at its end on stderr how long it took and what came of it."""

    def __init__(self, label: str, quiet: bool = False) -> None:
        self.label = label
        self.quiet = quiet
        self.begun = monotonic()

    def done(self, summary: str) -> None:
        """One line, such as ``fit: done in 3 min 12 s, held-out error 0.01``; none if quiet or if it was short."""
        seconds = monotonic() - self.begun
        if not self.quiet and _taken.get() is None and seconds >= LONG_SECONDS:
            print(f"{self.label}: done in {duration_text(seconds)}, {summary}", file=sys.stderr, flush=True)


def duration_text(seconds: float) -> str:
    """A time as people say it, in its two largest units: 12 s, 3 min 12 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    return f"{minutes // 60} h {minutes % 60} min"


def refuse_overwrite(path: Path, force: bool) -> None:
    """Raise ValueError if a file at this path may not be written; ``force`` allows to replace one."""
    if path.is_dir():
        raise ValueError(f"output '{path}' must be a file, got a folder")
    if not path.parent.is_dir():
        raise ValueError(f"output '{path}' must lie in a folder that is there, got '{path.parent}'; make it first")
    if path.exists() and not force:
        raise ValueError(f"output '{path}' is already there; give --force to replace it, or another name")


def check_outputs(plot: Path | None, others: Sequence[Path | None], force: bool) -> None:
    """Raise ValueError if a figure or one of the other files cannot be written; None is not asked for."""
    if plot is not None:
        check_figure(plot)
    for path in (plot, *others):
        if path is not None:
            refuse_overwrite(path, force)


def check_figure(path: Path, allowed: Sequence[str] = FIGURES) -> None:
    """Raise ValueError unless a figure can be written here: a known ending, in a folder that is there."""
    if path.suffix.lower() not in allowed:
        raise ValueError(f"--plot must end in {', '.join(allowed)}, got '{path}'")
    if not path.parent.is_dir():
        raise ValueError(f"--plot must lie in a folder that is there, got '{path.parent}'; make it first")


def sample_range(text: str | None, length: int) -> tuple[int, int]:
    """First sample and the one after the last that ``--samples A:B`` names; the whole trace if the text is None.

    Parameters
    ----------
    text : str or None
        ``A:B``, ``A:`` or ``:B``, counted in samples of the trace as stored.
    length : int
        Samples in the trace; 0 <= A < B <= length.
    """
    if text is None:
        return 0, length
    match = re.fullmatch(r"\s*(\d*)\s*:\s*(\d*)\s*", text, flags=re.ASCII)
    rule = f"--samples must be A:B with 0 <= A < B <= {length} (the trace's length), got '{text}'"
    if match is None:
        raise ValueError(rule)
    first, last = int(match[1] or 0), int(match[2] or length)
    if not 0 <= first < last <= length:
        raise ValueError(rule)
    return first, last


def _console(stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console


def _numeric(cells: Sequence[object]) -> bool:
    return all(cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)) for cell in cells)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _silence(done: float, note: str) -> None:
    """Progress that is not shown."""


@contextmanager
def _bar(label: str) -> Iterator[Advance]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*shown, TextColumn("{task.fields[note]}"), console=_console(stderr=True)) as bar:
        task = bar.add_task(label, total=1.0, note="")
        yield lambda done, note: bar.update(task, completed=done, note=note)


def _plain_lines(label: str) -> Advance:
    begin = monotonic()
    last = begin

    def advance(done: float, note: str) -> None:
        nonlocal last
        now = monotonic()
        if now - last < QUIET_SECONDS:
            return
        last = now
        left = f", about {(now - begin) * (1 - done) / done:.0f} s left" if 0 < done <= 1 else ""
        print(f"{label}: {done:.0%}{left}{'; ' if note else ''}{note}", file=sys.stderr, flush=True)

    return advance
