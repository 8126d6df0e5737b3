"""Docstrings are plain text with double backticks; what reStructuredText would take for markup is escaped.

|V| is an absolute value, <f f*> a mean, and nothing of this is a substitution or emphasis.
"""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(``.*?``)", re.DOTALL)
_MARKUP = re.compile(r"([*|`]|_(?=\W|$))")


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx; before napoleon, which makes markup of its own."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True}


def escape(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Escape in place, outside of code."""
    del app, what, name, obj, options
    parts = _CODE.split("\n".join(lines))
    parts[::2] = [_MARKUP.sub(r"\\\1", part) for part in parts[::2]]
    lines[:] = "".join(parts).split("\n")
