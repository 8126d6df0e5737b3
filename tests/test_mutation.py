"""The program that changes a module in one place at a time: it finds the places, and each change is another program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.mutation import TARGETS, changed, places

MODULE = '''"""A module."""
from __future__ import annotations

LIMIT: float = 2.5


def share(part: int, whole: int = 4) -> float:
    """Part of a whole."""
    if part < 0 or whole == 0:
        raise ValueError(f"part must be 0 or more, got {part + 1}")
    return min(part / whole, LIMIT)
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "share.py"
    path.write_text(MODULE, encoding="utf-8")
    return path


def test_every_place_is_found_and_messages_docstrings_and_annotations_are_left_alone(module: Path) -> None:
    found = [changed(module, number)[1] for number in range(places(module))]
    assert sorted(found) == sorted(
        [
            (4, "2.5 -> 5.0"),
            (7, "4 -> 5"),
            (9, "Lt -> LtE"),
            (9, "0 -> 1"),
            (9, "Eq -> NotEq"),
            (9, "0 -> 1"),
            (9, "and <-> or"),
            (9, "condition turned round"),
            (10, "raise left out"),
            (11, "Div -> Mult"),
            (11, "min -> max"),
        ]
    )


def answers(code: object) -> list[object]:
    """What the module's function gives for numbers at and around its bounds."""
    names: dict[str, Any] = {}
    exec(code, names)  # type: ignore[arg-type]
    found: list[object] = []
    for given in ((1,), (0, 4), (1, 4), (20, 4), (-1, 4), (1, 0), (1, 1)):
        try:
            found.append(names["share"](*given))
        except (ValueError, ZeroDivisionError) as error:
            found.append(type(error).__name__)
    return found


def test_each_change_is_another_program_that_runs(module: Path) -> None:
    unchanged = answers(compile(MODULE, str(module), "exec"))
    changes = [changed(module, number) for number in range(places(module))]
    assert [what for code, what in changes if answers(code) == unchanged] == []


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_its_module_and_tests_and_places_to_change(name: str) -> None:
    target = TARGETS[name]
    root = Path(__file__).parent.parent
    assert target.path.is_file() and all((root / test).is_file() for test in target.tests)
    assert places(target.path) > 50
