"""Tables of other programs and instruments in, traces out; one reader a format, one way to resample."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from spinode.importers.delimited import read_delimited
from spinode.importers.mat import read_mat
from spinode.importers.mumax import HEADER as MUMAX_HEADER
from spinode.importers.mumax import read_mumax
from spinode.importers.odt import HEADER as ODT_HEADER
from spinode.importers.odt import read_odt
from spinode.importers.resample import choose_grid, is_held, resample
from spinode.importers.steps import StepRules, find_clock
from spinode.importers.table import Column, RawTable, Table, finish_table
from spinode.traces import Parameter, Trace, TraceSet

__all__ = ["Column", "StepRules", "Table", "import_traces", "read_table"]

_MAT_HEADER = re.compile(rb"MATLAB \d")
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 1 << 16
LARGEST = 1 << 32
"""Bytes of a table; its numbers and their text take several times as much memory (assumed)."""


def read_table(path: str | PathLike[str]) -> Table:
    """Read a MuMax3 table, OOMMF .odt, text table or .mat file; the content decides, not the name.

    Parameters
    ----------
    path : path
        File to read.

    Returns
    -------
    Table
        Time [s] and columns in SI with the names of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, of no known format, or damaged: one line that says where.
    """
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist; check the name and the folder")
    if not file.is_file():
        raise ValueError(f"{file} must be a file, got a folder or a device")
    size = file.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{file} must have at most {LARGEST >> 30} GiB, got {size / (1 << 30):.1f} GiB; split it")
    try:
        with open(file, "rb") as stream:
            head = stream.read(_HEAD)
            if _is_matlab(head, file):
                return finish_table(read_mat(file, file.name))
            _check_text(head, file.name)
            return finish_table(_read_text(_decoded(head + stream.read(), file.name), file.name))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None


def import_traces(
    paths: Sequence[str | PathLike[str]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    dt: float | None = None,
    rules: StepRules | None = None,
    parameters: Mapping[str, Parameter] | None = None,
) -> TraceSet:
    """Tables as traces on a uniform time axis, one trace a file.

    Outputs and smooth inputs are resampled by cubic splines; inputs that step stay steps (``StepRules``). A column may
    be held in one trace and smooth in another.

    Parameters
    ----------
    paths : sequence of path
        Tables with the same columns.
    inputs, outputs : sequence of str
        Names of the columns that drive and that answer; at least one output.
    dt : float, optional
        Sample interval [s]; default the table period of the first file, or the median step of its rows.
    rules : StepRules, optional
        Which inputs step and where a jump lies between two rows; default automatic.
    parameters : mapping of str to Parameter, optional
        Numbers that stay constant along the traces (radius, temperature, ...).

    Returns
    -------
    TraceSet

    Raises
    ------
    FileNotFoundError, ValueError
        If a file or a column is not there or does not fit: one line.
    """
    if not paths:
        raise ValueError("import needs at least one table, got none")
    if not outputs:
        raise ValueError("import needs at least one output column, got none")
    rules = rules or StepRules()
    tables = [read_table(path) for path in paths]
    _check_rules(tables[0], inputs, rules)
    traces = []
    for table, name in zip(tables, _trace_names(paths), strict=True):
        with np.errstate(all="ignore"):  # samples that are no numbers in the end are refused by the signals
            grid = choose_grid(table, find_clock(table.time), dt)
            drives = tuple(table.column(column) for column in inputs)
            drive = resample(table, drives, grid, tuple(is_held(column, rules) for column in drives), rules)
            answers = tuple(table.column(column) for column in outputs)
            output = resample(table, answers, grid, (False,) * len(outputs), rules)
        dt = grid.dt
        traces.append(Trace(drive=drive, output=output, parameters=parameters or {}, name=name, source=table.source))
    return TraceSet(tuple(traces))


def _check_rules(table: Table, inputs: Sequence[str], rules: StepRules) -> None:
    """A held or smooth column must be an input."""
    chosen = {table.column(name).name for name in inputs}
    for name in (*rules.holds, *rules.smooths):
        if table.column(name).name not in chosen:
            raise ValueError(
                f"held and smooth columns must be inputs ({', '.join(sorted(chosen)) or 'none'}), got '{name}'"
            )


def _is_matlab(head: bytes, file: Path) -> bool:
    return bool(_MAT_HEADER.match(head)) or head.startswith(_HDF5_SIGNATURE) or file.suffix.lower() == ".mat"


def _check_text(head: bytes, source: str) -> None:
    """Refuse other binary data by its first bytes, before the rest is read."""
    if b"\0" in head and not head.startswith(_UTF16_MARKS):
        raise ValueError(f"{source} must be a text table or a .mat file, got other binary data")


def _decoded(content: bytes, source: str) -> str:
    """Text of UTF-8 (with or without a mark), UTF-16 with a mark, or Latin-1, with plain line ends."""
    if content.startswith(_UTF16_MARKS):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    if not text.strip():
        raise ValueError(f"{source} is empty; is the measurement or simulation still at its start?")
    if "\0" in text:
        raise ValueError(f"{source} must be a text table or a .mat file, got other binary data")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_text(text: str, source: str) -> RawTable:
    first = next(line for line in text.split("\n") if line.strip()).strip()
    if MUMAX_HEADER.match(first):
        return read_mumax(text, source)
    if ODT_HEADER.match(first + " "):
        return read_odt(text, source)
    return read_delimited(text, source)


def _trace_names(paths: Sequence[str | PathLike[str]]) -> list[str]:
    """File names without their ends, numbered where two are the same."""
    names: list[str] = []
    for path in paths:
        stem = Path(path).stem or "trace"
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return names
