"""The architecture as a test: who may import whom, and how long files and functions may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "spinode"
# From the bottom up. A module imports from lower rows and from itself; strangers on one row do not know each other.
ROWS = (
    ("units", "bundled", "json_text", "engine", "whole_file", "hdf5_trial", "hdf5_attributes"),
    ("signals",),
    ("hdf5", "compiled"),
    ("traces",),
    ("devices", "storage", "drives", "importers", "noise", "sweep"),
    ("stepping", "drive_text", "trace_file"),
    ("eighth_order",),
    ("drive_table",),
    ("integrator",),
    ("simulate",),
    ("surrogate", "reservoir", "networks"),
    ("speech", "design", "calibration"),
    ("html_page", "axis"),
    ("plots",),
    ("reservoir_plots", "speech_plots", "design_plots", "network_plots", "binding_plots", "design_page"),
    ("cli",),
    ("__main__",),
)
ROW = {name: number for number, row in enumerate(ROWS) for name in row}
FILE_LINES = 350
FUNCTION_LINES = 40
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def part_of(path: Path) -> str:
    """The row name of a file: ``devices`` for spinode/devices/base.py, ``units`` for spinode/units.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, inside functions too; names of our own door are kept apart."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            assert node.level == 0, f"{path}:{node.lineno}: write imports in full, without leading dots"
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, Function)]


def code_lines(function: Function) -> int:
    """Lines from ``def`` to the end, without the docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring and ast.get_docstring(function) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def arrows_up(path: Path) -> list[str]:
    mine = part_of(path)
    found = []
    for line, name in imported(path):
        words = name.split(".")
        if words[0] != "spinode" or name == "spinode.__version__":
            continue
        other = words[1] if len(words) > 1 else "__init__"
        if other != mine and ROW.get(other, len(ROWS)) >= ROW[mine]:
            found.append(f"{path.relative_to(ROOT)}:{line}: {mine} must not import {name}")
    return found


def test_every_module_has_a_row() -> None:
    known = {*ROW, "__init__", "_data"}
    assert sorted({part_of(path) for path in sources("spinode")} - known) == []


def test_no_import_points_up() -> None:
    inner = [path for path in sources("spinode") if part_of(path) in ROW]
    assert [arrow for path in inner for arrow in arrows_up(path)] == []


def test_an_arrow_up_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROW, "traces", 0)
    monkeypatch.setitem(ROW, "signals", 1)
    assert len(arrows_up(PACKAGE / "traces.py")) == 3  # FloatArray, Signal and missing_name


def test_torch_is_imported_only_inside_the_surrogate() -> None:
    strangers = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("spinode")
        for line, name in imported(path)
        if name.split(".")[0] in {"torch", "torchdiffeq"} and part_of(path) != "surrogate"
    ]
    assert strangers == []


def test_public_functions_name_all_their_arguments() -> None:
    loose = [
        f"{path.relative_to(ROOT)}:{function.lineno}: {function.name} takes **{function.args.kwarg.arg}"
        for path in sources("spinode")
        for function in functions(path)
        if function.args.kwarg is not None and not function.name.startswith("_")
    ]
    assert loose == []


def test_files_are_short() -> None:
    files = sources("spinode", "tests", "benchmarks", "examples", "micromag_data")
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.lineno}: {function.name}": code_lines(function)
        for path in sources("spinode", "benchmarks", "examples")
        for function in functions(path)
        if code_lines(function) > FUNCTION_LINES
    }
    assert long == {}
