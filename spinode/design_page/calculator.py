"""From what was typed to what the page shows and what it lets download: the numbers of ``spinode design``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np

from spinode.design import ArrayDesign, DesignSpec, Limit, design
from spinode.design.array import with_yield
from spinode.design.drawing import UNITS
from spinode.design.text import oscillators_to_csv, record, spec_to_toml
from spinode.design_page.comb_figure import comb_figure
from spinode.design_page.fields import GROUPS, Field, offered, spec_of, text_in
from spinode.json_text import json_text
from spinode.units import format_quantity

KEPT = 4
"""Designs that are not calculated again for a download."""
SHOWN = 400
"""Oscillators in the table of the page; the files have all of them."""

_WORD = re.compile(r"\w+")
_OFFER = re.compile(r"(\w+)=(\S+?)(?=[\s,;]|$)")


class ImpossibleError(Exception):
    """A specification that cannot be met: the line of the command line, and the field that it belongs to."""

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        super().__init__(text)
        self.text, self.values = text, values

    def answer(self) -> dict[str, object]:
        """The line, its field (None where it belongs to no single one), and the values that it offers."""
        known = {field.name: field for fields in GROUPS.values() for field in fields}
        offers = [
            {"field": name, "label": known[name].label, "text": value, "value": offered(known[name], value)}
            for name, value in _OFFER.findall(self.text.partition("; try ")[2])
            if name in known
        ]
        named = [name for name in _WORD.findall(self.text.partition(" must ")[0]) if name in known]
        named += [str(each["field"]) for each in offers]
        changed = [name for name in named if self._is_changed(known[name])]
        owner = next(iter(changed or named), None)
        return {"error": self.text, "field": owner, "offers": offers}

    def _is_changed(self, field: Field) -> bool:
        """Whether another value than the default was typed: of several fields, that one is to blame."""
        return self.values.get(field.name, "").strip() not in ("", text_in(DesignSpec(), field))


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file that the page offers.

    Parameters
    ----------
    kind : str
        Its media type.
    text : callable
        Text of a design and of the seed of its yield.
    """

    kind: str
    text: Callable[[ArrayDesign, int], str]


DOWNLOADS = {
    "design.csv": Download(kind="text/csv", text=lambda made, seed: oscillators_to_csv(made)),
    "design.json": Download(kind="application/json", text=lambda made, seed: design_json(made, seed)),
    "design.toml": Download(kind="application/toml", text=lambda made, seed: spec_to_toml(made.spec)),
}
"""By name: what ``--csv``, ``--json`` and ``-o`` write."""


def design_json(made: ArrayDesign, seed: int) -> str:
    """What ``spinode design --json`` prints."""
    return json_text({**record(made), "seed": seed}) + "\n"


class Calculator:
    """Designs one array at a time, and keeps the last ones.

    Parameters
    ----------
    seed : int
        Of the yield's Monte Carlo, as of ``spinode design --seed``.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._one_at_a_time = Lock()
        self._closed_forms = lru_cache(maxsize=KEPT)(design)
        self._whole = lru_cache(maxsize=KEPT)(self._with_yield)

    def _with_yield(self, spec: DesignSpec) -> ArrayDesign:
        rng = np.random.default_rng(self.seed).spawn(2)[0]  # the command line draws its figure from [1]
        return with_yield(self._closed_forms(spec), rng)

    def made(self, values: Mapping[str, str], whole: bool = True) -> ArrayDesign:
        """The design of what was typed, with its yield or in closed form alone.

        Raises
        ------
        ImpossibleError
            If there is none.
        """
        try:
            spec = spec_of(values)
            with self._one_at_a_time:
                return self._whole(spec) if whole else self._closed_forms(spec)
        except ValueError as error:
            raise ImpossibleError(" ".join(str(error).split()), values) from None

    def answer(self, values: Mapping[str, str], width: int, whole: bool = True) -> dict[str, object]:
        """Rows, limits, oscillators, sentences and the figure, ``width`` CSS pixels wide."""
        made = self.made(values, whole)
        return {
            "rows": [_shown_row(row.name, row.value, row.unit, row.formula, row.source) for row in made.rows],
            "limits": [_shown_limit(limit) for limit in made.limits],
            "columns": [["number", ""], *([name.replace("_", " "), unit] for name, unit in UNITS.items())],
            "oscillators": _shown_oscillators(made),
            "count": len(made.oscillators),
            "verdict": made.verdict,
            "figure": comb_figure(made, width),
            "seed": self.seed,
        }

    def download(self, name: str, values: Mapping[str, str]) -> str:
        """Text of one of ``DOWNLOADS``."""
        return DOWNLOADS[name].text(self.made(values), self.seed)


def _shown_row(name: str, value: float, unit: str, formula: str, source: str) -> dict[str, object]:
    """A row as in the JSON of the command line, and its value as in the table there."""
    text = format_quantity(value, unit)
    return {"name": name, "value": value, "unit": unit, "formula": formula, "source": source, "text": text}


def _shown_limit(limit: Limit) -> dict[str, object]:
    where = f"{limit.at:.0f} oscillators" if limit.at < 1e6 else format_quantity(limit.at, "Hz")
    return {"name": limit.name, "text": format_quantity(limit.value, limit.unit), "where": where}


def _shown_oscillators(made: ArrayDesign) -> list[list[str]]:
    """Cells of the table; where there are too many, those that are evenly spread over the comb."""
    count = len(made.oscillators)
    picked = range(count) if count <= SHOWN else sorted({round(n * (count - 1) / (SHOWN - 1)) for n in range(SHOWN)})
    cells = []
    for number in picked:
        values = [(getattr(made.oscillators[number], name), unit) for name, unit in UNITS.items()]
        cells.append([str(number), *("-" if v != v else format_quantity(v, unit) for v, unit in values)])
    return cells
