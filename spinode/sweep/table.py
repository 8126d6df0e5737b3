"""Rows of a sweep as a table in HDF5, schema ``sweep/1``.

Root attributes: ``spinode_schema``, ``spinode_version``, ``source``, ``seed``, ``command``. One dataset a column, shape
(rows,): numbers as float64 (NaN where a row has none) with ``units``, words as text; the dimension scale is ``row``.
``error``, ``notes``, ``row_seconds`` and ``json`` (all that the command printed) are there always. ``plan/header`` is
JSON: the command's words, axes and draws. Opens with ``xarray.open_dataset(path, engine="h5netcdf")``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from spinode.hdf5 import atomic_file, open_checked, put_array, read_names
from spinode.json_text import json_text
from spinode.sweep.journal import check_header, row_of
from spinode.sweep.plan import DRAW, SEED, Plan, Row

SCHEMA = "sweep/1"
OWN = ("row", "error", "notes", "row_seconds", "json")
"""Columns that every table has."""
SECONDS = ("seconds", "dt", "node_time", "window")
"""Names of results in seconds, where the record does not give a unit itself."""
Scalar = tuple[str, tuple[float | str, str]]
_LONGEST_TEXT = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: a number or a text for each row, and the SI unit of the numbers."""

    name: str
    cells: tuple[float | str | None, ...]
    unit: str = ""

    @property
    def numeric(self) -> bool:
        """Whether every cell that is there is a number."""
        return all(cell is None or not isinstance(cell, str) for cell in self.cells)


def write_sweep(path: Path, plan: Plan, rows: Sequence[Row], *, force: bool = False) -> None:
    """Write the table; it appears whole or not at all.

    Raises
    ------
    FileExistsError, OSError
        As in ``write_traces``.
    """
    with atomic_file(path, SCHEMA, force=force) as file:
        file.attrs["source"] = "spinode sweep"
        file.attrs["seed"] = plan.seed if plan.draws else ""
        file.attrs["command"] = shlex.join(["spinode", *plan.words])[:_LONGEST_TEXT]
        numbers = np.array([row.number for row in rows], dtype=np.int64)
        scale = file.create_dataset("row", data=numbers, track_times=False)
        scale.make_scale("row")
        own = {
            "error": [row.error for row in rows],
            "notes": [row.notes for row in rows],
            "json": [json_text(row.record, indent=None) for row in rows],
        }
        text = h5py.string_dtype()
        columns = [*columns_of(plan, rows), Column(name="row_seconds", cells=_seconds(rows), unit="s")]
        for column in columns:
            _put(file, column, scale)
        for name, texts in own.items():
            file.create_dataset(name, data=texts, dtype=text, track_times=False).dims[0].attach_scale(scale)
        header = [json_text(plan.header(), indent=None)]
        file.create_group("plan").create_dataset("header", data=header, dtype=text, track_times=False)


def read_sweep(path: Path, plan: Plan) -> dict[int, Row]:
    """Rows of an older table of the same sweep, by number.

    Raises
    ------
    ValueError
        If the file is no sweep, is damaged, or holds another sweep.
    """
    with open_checked(path, SCHEMA) as file:
        (header,) = read_names(file["plan"], "header")
        check_header(path, json.loads(header), plan.header())
        texts = [read_names(file, name) for name in ("json", "error", "notes")]
        numbers, seconds = file["row"][()].tolist(), file["row_seconds"][()].tolist()
        found = {}
        for number, record, error, notes, took in zip(numbers, *texts, seconds, strict=True):
            line = {"row": number, "record": json.loads(record), "error": error, "notes": notes, "seconds": took}
            row = row_of(line)
            if row is None or not 0 <= row.number < plan.rows:
                raise ValueError("a row of it is damaged")
            found[row.number] = row
        return found


def columns_of(plan: Plan, rows: Sequence[Row]) -> list[Column]:
    """What varies, then every scalar of the records; a result with the name of an axis is called ``result.NAME``."""
    places = [plan.place(row.number) for row in rows]
    columns = []
    for at, axis in enumerate(plan.axes):
        cells: Sequence[float | str] = axis.texts if axis.values is None else axis.values
        columns.append(Column(name=axis.name, cells=tuple(cells[place[at]] for place in places), unit=axis.unit))
    if plan.draws:
        columns.append(Column(name=DRAW, cells=tuple(float(place[-1]) for place in places)))
        columns.append(Column(name=SEED, cells=tuple(float(plan.row_seed(row.number)) for row in rows)))
    taken = {*OWN, "plan", *(column.name for column in columns)}
    flat = [dict(_scalars(row.record)) for row in rows]
    units: dict[str, str] = {}
    for each in flat:
        for name, (_, unit) in each.items():
            units.setdefault(name, unit)
    for name, unit in units.items():
        found = tuple(each.get(name, (None, ""))[0] for each in flat)
        columns.append(Column(name=f"result.{name}" if name in taken else name, cells=found, unit=unit))
    return columns


def _scalars(
    record: Mapping[str, object], before: str = "", unit: str = ""
) -> Iterator[tuple[str, tuple[float | str, str]]]:
    """Name and (value, unit) of each number and text; lists of named values become columns, other lists do not."""
    own = record.get("unit")
    inner = own if isinstance(own, str) else unit
    for key, value in record.items():
        name = f"{before}{key}".replace("/", ":")
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{name}.", inner)
        elif isinstance(value, list):
            yield from _named(value, name)
        elif isinstance(value, bool | int | float):
            yield name, (float(value), inner or ("s" if key in SECONDS else ""))
        elif isinstance(value, str) and key != "unit":
            yield name, (value, "")


def _named(entries: list[object], before: str) -> Iterator[Scalar]:
    for entry in entries:
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            value, unit = entry.get("value"), entry.get("unit", "")
            if isinstance(value, int | float):
                name = f"{before}.{entry['name']}".replace("/", ":")
                yield name, (float(value), unit if isinstance(unit, str) else "")


def _put(file: h5py.File, column: Column, scale: h5py.Dataset) -> None:
    if column.numeric:
        cells = [float("nan") if cell is None else float(cell) for cell in column.cells]
        made = put_array(file, column.name, np.array(cells, dtype=np.float64))
    else:
        texts = ["" if cell is None else cell if isinstance(cell, str) else f"{cell:.15g}" for cell in column.cells]
        made = file.create_dataset(column.name, data=texts, dtype=h5py.string_dtype(), track_times=False)
    made.attrs["units"] = column.unit
    made.dims[0].attach_scale(scale)


def _seconds(rows: Sequence[Row]) -> tuple[float, ...]:
    return tuple(row.seconds for row in rows)
