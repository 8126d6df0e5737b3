"""Text tables with a separator: CSV files, oscilloscope exports, tables saved by scripts.

The separator (comma, semicolon, tab, spaces) and the decimal sign are those under which the most lines at the start
read as rows of numbers. The line above the numbers names the columns; where that line holds units ('s,V' or
'second,Volt'), the names are in the line above it. What comes before is a preamble, searched for a sample interval.
Layouts of Tektronix (also the older one with the preamble in the left columns), Keysight, LeCroy, Rigol and Siglent
are tested by samples of our own in tests/.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinode.importers.table import RawTable
from spinode.signals import FloatArray
from spinode.units import is_unit, parse_quantity, split_label

_DIALECTS = (("\t", "."), ("\t", ","), (";", "."), (";", ","), (",", "."), (None, "."), (None, ","))
_SAMPLED_LINES = 400
_INTERVAL = re.compile(
    r"((sample|sampling|horizontal|time|x)?[ _]*(interval|increment|period|incr?|step)|dt|tinterval)( [(\[]s[)\]])?"
)
_RATE = re.compile(r"((sample|sampling)[ _]*(rate|frequency)|fs)( [(\[]hz[)\]])?")
_OLD_TEKTRONIX = re.compile(r"record length\W", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dialect:
    """How a line is split and which decimal sign its numbers have."""

    separator: str | None
    decimal: str

    def cells(self, line: str) -> list[str]:
        """Cells of a line without quotes; empty cells at the end are dropped."""
        cells = [cell.strip().strip('"').strip() for cell in line.split(self.separator)]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def number(self, cell: str) -> float:
        """Value of a cell; NaN for an empty one; ValueError for text."""
        if not cell:
            return float("nan")
        return float(cell if self.decimal == "." else cell.replace(",", "."))

    def is_row(self, line: str) -> bool:
        """True if every cell is a number (some may be empty, the first may not)."""
        cells = self.cells(line)
        try:
            return bool(cells and cells[0]) and bool([self.number(cell) for cell in cells])
        except ValueError:
            return False


def read_delimited(text: str, source: str) -> RawTable:
    """The numbers of a text table with their names and units.

    Parameters
    ----------
    text : str
        The whole file.
    source : str
        Name for messages.

    Raises
    ------
    ValueError
        If no rows of numbers are found, or a line among them is not one (its number is given).
    """
    lines = text.split("\n")
    dialect = _dialect(lines)
    preamble: dict[str, str] = {}
    beside = _OLD_TEKTRONIX.match(lines[0].strip('" ')) and len(dialect.cells(lines[0])) >= 5
    if beside:
        preamble, lines = _split_old_tektronix(lines, dialect)
    first = _first_row(lines, dialect, source)
    width = len(dialect.cells(lines[first]))
    names, units, used = _header(lines, first, width, dialect)
    if beside and width == 2:
        names = ("time", preamble.get("source") or "CH1")
        units = (preamble.get("horizontal units") or "s", preamble.get("vertical units", ""))
    interval, start = _interval(preamble | _preamble(lines[:used], dialect)), 0.0
    values = _numbers(lines, first, width, dialect, source)
    if clock := _clock_columns(lines[:first], dialect):
        start, interval, counts = clock
        if counts:
            names, units, values = names[1:], units[1:], values[:, 1:]
    return RawTable(
        names=names, units=units, values=values, source=source, solver=False, interval=interval, start=start
    )  # fmt: skip


def _dialect(lines: Sequence[str]) -> _Dialect:
    """The dialect under which most lines are rows of numbers; more columns win a tie."""
    sample = [line for line in lines[:_SAMPLED_LINES] if line.strip()]
    best, score = _Dialect(separator=",", decimal="."), (0, 0)
    for separator, decimal in _DIALECTS:
        dialect = _Dialect(separator=separator, decimal=decimal)
        widths = [len(dialect.cells(line)) for line in sample if dialect.is_row(line)]
        several = sum(width > 1 for width in widths)
        found = (several or min(len(widths), 1), sum(widths))
        if found > score:
            best, score = dialect, found
    return best


def _split_old_tektronix(lines: Sequence[str], dialect: _Dialect) -> tuple[dict[str, str], list[str]]:
    """The older Tektronix layout: key and value in the columns 1 and 2, samples from column 4 on."""
    separator = dialect.separator or ","
    split = [line.split(separator) for line in lines]
    preamble = {
        cells[0].strip('" ').lower(): cells[1].strip('" ') for cells in split if len(cells) > 1 and cells[0].strip()
    }
    return preamble, [separator.join(cells[3:]) for cells in split]


def _first_row(lines: Sequence[str], dialect: _Dialect, source: str) -> int:
    """Index of the first line of numbers that is followed by another of the same width."""
    rows = [i for i, line in enumerate(lines[: 4 * _SAMPLED_LINES]) if line.strip() and dialect.is_row(line)]
    for one, two in zip(rows, rows[1:], strict=False):
        if two - one <= 2 and len(dialect.cells(lines[one])) == len(dialect.cells(lines[two])):
            return one
    raise ValueError(f"{source} must have at least 2 rows of numbers, got {len(rows)}; is it a text table?")


def _header(
    lines: Sequence[str], first: int, width: int, dialect: _Dialect
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Names, units and the index of the line where the header begins; names c1, c2, ... without one."""
    above = [i for i in range(first - 1, -1, -1) if lines[i].strip(" \t,;")][:2]
    cells = [_fitted(dialect.cells(lines[i].lstrip("#% ")), width, dialect) for i in above]
    if not cells or len(cells[0]) != width:
        return tuple(f"c{n + 1}" for n in range(width)), ("",) * width, first
    if len(cells) == 2 and len(cells[1]) == width and _are_units(cells[0]) and not _is_setting(cells[1][0]):
        return tuple(cells[1]), tuple(_bare(cell) for cell in cells[0]), above[1]
    labels = [split_label(cell) for cell in cells[0]]
    names = tuple(name or f"c{n + 1}" for n, (name, _) in enumerate(labels))
    return names, tuple(unit for _, unit in labels), above[0]


def _fitted(cells: list[str], width: int, dialect: _Dialect) -> list[str]:
    """Header cells: a missing last one is added, Rigol's clock cells go, 't (s)' between spaces is put together."""
    if dialect.separator is None and len(cells) > width:
        joined = re.sub(r"\s+([(\[{])", r"\1", " ".join(cells)).split()
        return [re.sub(r"([(\[{])", r" \1", cell, count=1) for cell in joined]
    if len(cells) == width - 1:
        return [*cells, ""]
    return cells[:width] if len(cells) == width + 2 else cells


def _is_setting(cell: str) -> bool:
    """True for the name of a preamble entry, which is no column name."""
    return bool(_INTERVAL.fullmatch(cell.lower()) or _RATE.fullmatch(cell.lower()) or "length" in cell.lower())


def _bare(cell: str) -> str:
    return cell.strip("()[]{} ")


def _are_units(cells: Sequence[str]) -> bool:
    """True for a row of units: all of them known or empty, and not all dimensionless."""
    bare = [_bare(cell) for cell in cells]
    return all(is_unit(cell) or cell.lower() in ("?", "a.u.", "sequence") for cell in bare) and any(
        cell.strip("-1") for cell in bare
    )


def _preamble(lines: Sequence[str], dialect: _Dialect) -> dict[str, str]:
    """Key and value pairs such as 'Sample Interval,4e-10,s' or 'dt: 5 ps'."""
    result: dict[str, str] = {}
    for line in lines:
        cells = dialect.cells(line.lstrip("#% "))
        if len(cells) == 1:
            cells = [part.strip() for part in re.split(r"[:=]", cells[0], maxsplit=1)]
        if len(cells) < 2:
            continue
        unit = cells[2] if len(cells) == 3 and is_unit(cells[2]) else ""
        result[cells[0].strip(" :=").lower()] = cells[1] + unit
    return result


def _interval(preamble: dict[str, str]) -> float | None:
    """Sample interval [s] that a preamble states, or None."""
    for key, value in preamble.items():
        rate = bool(_RATE.fullmatch(key))
        if not rate and not _INTERVAL.fullmatch(key):
            continue
        text = value.replace(",", ".").removesuffix("S").strip()
        try:
            number = parse_quantity(text, "Hz" if rate else "s")
        except ValueError:
            continue
        if number > 0:
            return 1 / number if rate else number
    return None


def _clock_columns(lines: Sequence[str], dialect: _Dialect) -> tuple[float, float, bool] | None:
    """Start [s], increment [s] and whether column 1 only counts, from Rigol's 'X,CH1,Start,Increment' header."""
    for above, below in zip(lines, lines[1:], strict=False):
        names = [cell.lower() for cell in dialect.cells(above)]
        values = dialect.cells(below)
        if "start" in names and "increment" in names and len(values) == len(names):
            start, increment = (values[names.index(word)] for word in ("start", "increment"))
            try:
                return dialect.number(start), dialect.number(increment), values[0].lower() == "sequence"
            except ValueError:
                return None
    return None


def _numbers(lines: Sequence[str], first: int, width: int, dialect: _Dialect, source: str) -> FloatArray:
    """Rows from ``first`` on, shape (N, width); empty cells are NaN; a last line that was cut is dropped.

    A number that was cut is still a number, so a last line without a line end is not believed.
    """
    rows = [(first + n + 1, line) for n, line in enumerate(lines[first:]) if line.strip(' \t,;"')]
    if lines[-1].strip():
        text = f"the last line ({rows[-1][0]}) has no line end, so it may be cut, and is left out"
        warnings.warn(f"{source}: {text}", stacklevel=2)
        rows.pop()
    if not rows:
        raise ValueError(f"{source} must have at least 2 rows of numbers that end in a line end, got none")
    plain = [line.replace('"', "").rstrip(" \t" + (dialect.separator or "")) for _, line in rows]
    if dialect.decimal == ",":
        plain = [line.replace(",", ".") for line in plain]
    try:
        values = np.loadtxt(plain, dtype=np.float64, delimiter=dialect.separator, ndmin=2, comments=None)
        if values.shape == (len(rows), width):
            return values
    except ValueError:
        pass  # an empty or a broken cell: read row by row and say where
    if len(lines[first].split(dialect.separator)) > len(rows[-1][1].split(dialect.separator)):
        warnings.warn(f"{source}: the last line ({rows[-1][0]}) was cut and is left out", stacklevel=2)
        rows.pop()
    return np.array([_row(line, number, width, dialect, source) for number, line in rows]).reshape(len(rows), width)


def _row(line: str, number: int, width: int, dialect: _Dialect, source: str) -> list[float]:
    """One row with NaN for empty cells, or a ValueError that names the line and the cell."""
    cells = dialect.cells(line)
    if len(cells) > width or len(line.split(dialect.separator)) < width:
        raise ValueError(f"line {number} of {source} must have {width} numbers, got {len(cells)}")
    row = []
    for cell in [*cells, *[""] * (width - len(cells))]:
        try:
            row.append(dialect.number(cell))
        except ValueError:
            raise ValueError(f"line {number} of {source} must hold numbers, got '{cell[:40]}'") from None
    return row
