"""Attributes of HDF5 objects as plain Python, each of the kind that a reader expects."""

from __future__ import annotations

import h5py
import numpy as np

MOST_NAMES = 4096
"""Names in one list: each may stand for a text of 64 kB that a file holds once."""


def plain_attribute(attributes: h5py.AttributeManager, name: str) -> object:
    """One attribute as plain Python: text, a number, or a list of them; what is neither as its text."""
    if name not in attributes:
        raise ValueError(f"the attribute '{name}' is missing")
    return _plain(attributes[name])


def text_attribute(attributes: h5py.AttributeManager, name: str) -> str:
    """One attribute that must be text.

    Raises
    ------
    ValueError
        If it is missing or anything else.
    """
    value = attributes[name] if name in attributes else None
    if isinstance(value, str | bytes):
        return str(_plain(value))
    raise ValueError(f"the attribute '{name}' must be text, got {_shown(value)}")


def texts_attribute(attributes: h5py.AttributeManager, name: str) -> list[str]:
    """One attribute that must be a list of texts; one text counts as a list of one."""
    value = attributes[name] if name in attributes else None
    found = [value] if isinstance(value, str | bytes) else value
    if isinstance(found, np.ndarray) and found.ndim == 1 and found.dtype.kind in "SO":
        found = found.tolist()
    if isinstance(found, list) and len(found) <= MOST_NAMES and all(isinstance(text, str | bytes) for text in found):
        return [str(_plain(text)) for text in found]
    raise ValueError(f"the attribute '{name}' must be a list of texts, got {_shown(value)}")


def numbers_attribute(attributes: h5py.AttributeManager, name: str) -> list[float]:
    """One attribute that must be a list of finite numbers; one number counts as a list of one."""
    value = attributes[name] if name in attributes else None
    found = np.atleast_1d(value) if isinstance(value, np.ndarray | np.generic) else np.zeros((0, 0))
    if found.ndim == 1 and found.dtype.kind in "fiu" and np.isfinite(found).all():
        return [float(number) for number in found]
    raise ValueError(f"the attribute '{name}' must be a list of finite numbers, got {_shown(value)}")


def clean_text(text: str) -> str:
    """Text that can be printed: bytes that were no UTF-8 become question marks."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _plain(value: object) -> object:
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "SUOfiub":
        return _plain(value.tolist())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, str):
        return clean_text(value)
    return value if isinstance(value, int | float) else " ".join(str(value).split())


def _shown(value: object) -> str:
    return "none" if value is None else repr(_plain(value))[:60]
