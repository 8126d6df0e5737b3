"""MuMax3 ``table.txt``: a header '# t (s)<tab>mx ()<tab>...', then rows at the solver's own times.

A row is written at the first solver step at or after each multiple of the table period, so times scatter behind the
multiples. After a restart the header comes again. A program that was killed leaves half a last line.
"""

from __future__ import annotations

import re

from spinode.importers.table import RawTable, join_blocks, parse_rows
from spinode.units import split_label

HEADER = re.compile(r"#\s*t\s*\((s)\)(\s|$)")


def read_mumax(text: str, source: str) -> RawTable:
    """The rows of a MuMax3 table; blocks of a restarted run are joined as ``join_blocks`` says.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name for messages.

    Raises
    ------
    ValueError
        If a later header names other columns, or a line inside the table is not a row of numbers.
    """
    lines = text.split("\n")
    header = ""
    blocks: list[tuple[int, list[tuple[int, str]]]] = []
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if not stripped.startswith("#"):
            blocks[-1][1].append((number, stripped))
        elif HEADER.match(stripped):
            if header and stripped != header:
                raise ValueError(f"line {number} of {source} must repeat the first header; give one table a file")
            header = stripped
            blocks.append((number, []))
    labels = [split_label(label) for label in _labels(header)]
    parsed = []
    for position, (number, rows) in enumerate(blocks):
        complete = position < len(blocks) - 1 or text.endswith("\n")
        parsed.append((number, parse_rows(rows, len(labels), source, complete=complete)))
    return RawTable(
        names=tuple(name for name, _ in labels),
        units=tuple(unit for _, unit in labels),
        values=join_blocks(parsed, 0, len(labels), source),
        source=source,
        solver=True,
    )


def _labels(header: str) -> list[str]:
    """Labels of a header; separated by tabs, or by the spaces behind closing brackets."""
    body = header.lstrip("#").strip()
    if "\t" in body:
        return body.split("\t")
    *labels, rest = body.split(")")
    return [f"{label.strip()})" for label in labels] + ([rest.strip()] if rest.strip() else [])
