"""The datasheet of a device at an operating point: rows that say where they come from, and one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a datasheet.

    Parameters
    ----------
    name : str
        Field's standard term.
    value : float
        In ``unit``.
    unit : str
        SI unit, '' for a pure number.
    formula : str
        The closed form in the paper's letters, with its source.
    """

    name: str
    value: float
    unit: str = ""
    formula: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Datasheet:
    """What a device does at an operating point.

    Parameters
    ----------
    rows : tuple of Row
        In reading order.
    verdict : str
        One sentence for a person: what it does and why.
    """

    rows: tuple[Row, ...]
    verdict: str
