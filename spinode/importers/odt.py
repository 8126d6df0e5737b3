"""OOMMF data tables (``.odt``, ODT 1.0), as written by the 1.x and 2.x series.

Both dialects name columns in Tcl lists: bare words, '{words with spaces}' or '"quoted words"'. Version 1.x writes
'Oxs_TimeDriver::mx', version 2.x also 'Oxs_RungeKuttaEvolve:evolver:Total energy'. Units follow in the same way. A line
that ends in a backslash goes on in the next one. A file may hold several tables: they are one run, written in pieces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from spinode.importers.table import RawTable, join_blocks, parse_rows
from spinode.signals import FloatArray

HEADER = re.compile(r"#\s*ODT\s", re.IGNORECASE)
_WORD = re.compile(r"\{([^{}]*)\}|\"([^\"]*)\"|(\S+)")


def read_odt(text: str, source: str) -> RawTable:
    """The rows of an ODT file; several tables are joined as ``join_blocks`` says.

    Raises
    ------
    ValueError
        If there is no '# Columns:' line, tables have different columns, or a line is not a row of numbers.
    """
    names: list[str] = []
    units: list[str] = []
    blocks: list[tuple[int, list[tuple[int, str]]]] = []
    for number, line in _logical_lines(text):
        key, rest = _keyword(line)
        if key == "columns":
            names = _same_columns(names, _words(rest), f"line {number} of {source}")
            blocks.append((number, []))
        elif key == "units":
            units = _words(rest)
        elif key is None and blocks:
            blocks[-1][1].append((number, line))
        elif key is None:
            raise ValueError(f"line {number} of {source} must come after a '# Columns:' line")
    if not names or len(units or names) != len(names):
        raise ValueError(f"{source} must have '# Columns:' and as many units, got {len(names)} and {len(units)}")
    return RawTable(
        names=tuple(names),
        units=tuple(units or [""] * len(names)),
        values=_values(blocks, names, source, complete=text.endswith("\n")),
        source=source,
        solver=True,
    )


def _keyword(line: str) -> tuple[str | None, str]:
    """Keyword and value of a '# Key: value' line; None for a line of numbers."""
    if not line.startswith("#"):
        return None, line
    key, _, rest = line.lstrip("#").partition(":")
    return key.strip().lower(), rest


def _same_columns(names: list[str], found: list[str], place: str) -> list[str]:
    if names and found != names:
        raise ValueError(f"{place} must name the columns of the first table; give one kind of table a file")
    return found


def _values(
    blocks: Sequence[tuple[int, list[tuple[int, str]]]], names: list[str], source: str, *, complete: bool
) -> FloatArray:
    """Rows of all tables as one run, shape (N, C)."""
    last = len(blocks) - 1
    parsed = [
        (number, parse_rows(rows, len(names), source, complete=complete or position < last))
        for position, (number, rows) in enumerate(blocks)
    ]
    clock = [c for c, name in enumerate(names) if name.split(":")[-1].strip().lower() in ("simulation time", "time")]
    return join_blocks(parsed, clock[0] if clock else 0, len(names), source)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers; a backslash at the end joins the next line, '##' starts a comment."""
    result: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not held and line.lstrip().startswith("##"):
            continue
        start = start if held else number
        stripped = line.strip()
        if stripped.endswith("\\"):
            held += stripped[:-1] + " "
            continue
        joined = held + (stripped.lstrip("#") if held.startswith("#") else stripped)
        held = ""
        if joined:
            result.append((start, joined))
    return result


def _words(text: str) -> list[str]:
    return [(a or b or c).strip() for a, b, c in _WORD.findall(text)]
