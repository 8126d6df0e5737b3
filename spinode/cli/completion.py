"""Completion by the shell: the line that is being typed, and the words that an option takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

VARIABLE = "_SPINODE_COMPLETE"
"""Set by the script that ``spinode --show-completion`` prints when the shell asks what could come next."""


def typed_words() -> list[str]:
    """Words after ``spinode`` on the line that the shell wants completed."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]


def among(names: Iterable[str]) -> Callable[[str], list[str]]:
    """What completes an option that takes one of these names; where none fits, the shell offers files."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return complete
