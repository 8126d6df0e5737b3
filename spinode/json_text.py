"""Results as JSON: arrays become lists, and a number that is not finite becomes null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def json_text(record: Mapping[str, object], indent: int | None = 2) -> str:
    """One JSON object as text.

    Parameters
    ----------
    record : mapping
        Numbers, texts, arrays, lists and mappings of them.
    indent : int, optional
        Spaces of a step; None puts all on one line.
    """
    return json.dumps(_plain(record), indent=indent, allow_nan=False)


def _plain(value: object) -> object:
    """The same value in types that JSON knows."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value
