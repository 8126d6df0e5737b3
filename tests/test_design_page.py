"""``spinode design --serve`` without a browser: the numbers of the command line, and refusals that stay clean."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.design import DesignSpec, design
from spinode.design.spec import wishes_of
from spinode.design.text import make_spec
from spinode.design_page.calculator import DOWNLOADS, Calculator, ImpossibleError
from spinode.design_page.comb_figure import comb_figure, ticks
from spinode.design_page.document import document
from spinode.design_page.fields import GROUPS, Field, spec_of, text_in
from spinode.design_page.server import HEADERS, PageServer
from spinode.devices.vortex import VortexOscillator
from tests.page_client import QUICK, SEED, post, send

FIELDS = {field.name: field for group in GROUPS.values() for field in group}
WORDS = ["--set", "number=5", "--set", "spacing=2MHz", "--set", "draws=20"]
ODD = DesignSpec(
    spacing=1.7e6, rf_field=7.123456789e-6, smallest_radius=81.3e-9, device=VortexOscillator(damping=0.0123)
)
JUST_OUTSIDE = 1e-3
"""Of a limit, or from 0: what is refused there must be allowed on the other side."""


def test_the_page_shows_the_rows_of_the_same_design(page_server: PageServer) -> None:
    status, _, body = post(page_server, "/design", {"values": QUICK})
    shown = json.loads(body)
    assert status == 200
    made = design(make_spec({"number": 5, "spacing": 2e6, "draws": 20}), np.random.default_rng(SEED).spawn(2)[0])
    assert [[row[name] for name in ("name", "value", "unit", "formula", "source")] for row in shown["rows"]] == [
        [row.name, row.value, row.unit, row.formula, row.source] for row in made.rows
    ]
    assert shown["verdict"] == made.verdict
    assert len(shown["oscillators"]) == shown["count"] == 5
    assert len(shown["columns"]) == len(shown["oscillators"][0])


def test_questions_asked_at_once_get_their_own_answers(page_server: PageServer) -> None:
    def count(number: int) -> int:
        found: int = json.loads(post(page_server, "/design", {"values": {**QUICK, "number": str(number)}})[2])["count"]
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(3, 9))) == list(range(3, 9))


def test_the_closed_forms_come_first_and_are_the_same_without_the_yield(page_server: PageServer) -> None:
    first, whole = (
        json.loads(post(page_server, "/design", {"values": QUICK, "whole": whole})[2]) for whole in (False, True)
    )
    rows = first.pop("rows")
    assert rows == [row for row in whole.pop("rows") if not row["name"].startswith("yield of")]
    assert first == whole


def test_the_downloads_are_what_the_command_line_writes(
    page_server: PageServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--csv", str(tmp_path / "design.csv"), "-o", str(tmp_path / "design.toml")]
    assert main(["design", *WORDS, "--seed", str(SEED), "--json", *files]) == 0
    (tmp_path / "design.json").write_text(capsys.readouterr().out, encoding="utf-8")
    for name in DOWNLOADS:
        status, headers, body = post(page_server, f"/{name}", {"values": QUICK})
        assert status == 200
        assert headers["Content-Type"].startswith(DOWNLOADS[name].kind)
        assert body == (tmp_path / name).read_bytes(), name


def test_another_seed_gives_other_yields_and_the_same_array() -> None:
    one, other = (Calculator(seed).answer(QUICK, 800) for seed in (1, 2))
    assert one["oscillators"] == other["oscillators"]
    assert one["rows"] != other["rows"]


def test_every_value_of_a_specification_has_one_field() -> None:
    spec = {item.name for item in fields(DesignSpec)} - {"device"}
    device = {item.name for item in fields(VortexOscillator)} - {"radius", "thickness"}
    assert sorted(field.name for group in GROUPS.values() for field in group) == sorted(spec | device)
    assert {name for name, field in FIELDS.items() if field.optional} == set(wishes_of(DesignSpec))


@pytest.mark.parametrize("spec", [DesignSpec(), ODD], ids=["defaults", "odd"])
def test_what_stands_in_the_fields_is_read_as_exactly_the_same_specification(spec: DesignSpec) -> None:
    assert spec_of({name: text_in(spec, field) for name, field in FIELDS.items()}) == spec


def test_a_number_alone_has_the_unit_of_its_field() -> None:
    assert spec_of({"smallest_radius": " 80 "}).smallest_radius == 80e-9
    assert spec_of({"smallest_radius": "0.08um"}).smallest_radius == 80e-9
    assert spec_of({"saturation_magnetization": "800"}).device.saturation_magnetization == 8e5
    assert spec_of({"spacing": ""}).spacing is None


def limited(end: str) -> list[Field]:
    return [field for field in FIELDS.values() if math.isfinite(getattr(field, end)) and field.name != "bias"]


def said(field: Field, value: float) -> str:
    """What the calculator says of a value in SI; '' if it designs an array, or fails for another field."""
    text = str(int(value)) if field.name in ("number", "draws") else field.shown(value)
    try:
        Calculator(0).made({**QUICK, "bias": "series" if field.name == "chain_current" else "individual"}
                           | {field.name: text})  # fmt: skip
    except ImpossibleError as impossible:
        owner = str(impossible.answer()["field"])
        return str(impossible) if field.name == owner else ""
    return ""


@pytest.mark.parametrize("field", limited("low"), ids=lambda field: field.name)
def test_the_lower_limit_beside_a_field_is_the_one_that_holds(field: Field) -> None:
    whole = field.name in ("number", "draws")
    step = 1.0 if whole else JUST_OUTSIDE * max(abs(field.low), 10.0 ** _power_of(field))
    assert "must " in said(field, field.low - step)
    if field.low_is_allowed:
        assert said(field, field.low) == ""
    else:
        assert said(field, field.low) != ""


@pytest.mark.parametrize("field", limited("high"), ids=lambda field: field.name)
def test_the_upper_limit_beside_a_field_is_the_one_that_holds(field: Field) -> None:
    step = 1.0 if field.name in ("number", "draws") else JUST_OUTSIDE
    assert "must " in said(field, field.high + step)
    if field.high_is_allowed and field.name != "number":  # 10,000 oscillators need more than the default radii
        assert said(field, field.high) == ""


def _power_of(field: Field) -> int:
    from spinode.units import si_unit

    return round(math.log10(si_unit(field.unit)[0]))


@pytest.mark.parametrize(
    ("values", "field", "offer"),
    [
        ({"highest_frequency": "900"}, "highest_frequency", ("smallest_radius", "57.77")),
        ({"supercriticality": "5"}, "supercriticality", ("supercriticality", "2.342")),
        ({"number": "1000", "spacing": "1"}, "number", ("number", "331")),
        ({"polarizer_tilt": "1.5707963267948966"}, "polarizer_tilt", ("polarizer_tilt", "0")),
        ({"smallest_radius": "abc"}, "smallest_radius", None),
        ({"smallest_radius": ""}, "smallest_radius", ("smallest_radius", "75")),
        ({"smallest_radius": "75 mA"}, "smallest_radius", None),
        ({"draws": "20000"}, "draws", ("draws", "1000")),
        ({"spacing": "9" * 65}, "spacing", None),
        ({"damping_growth": "-9"}, "damping_growth", None),
        ({"no_such_field": "1"}, None, None),
    ],
    ids=lambda value: str(value),
)
def test_what_cannot_be_is_one_line_at_its_field(
    page_server: PageServer, values: dict[str, str], field: str | None, offer: tuple[str, str] | None
) -> None:
    status, _, body = post(page_server, "/design", {"values": values})
    answer = json.loads(body)
    assert status == 422
    assert answer["field"] == field
    assert answer["error"] and "\n" not in answer["error"]
    assert (offer is None) == (answer["offers"] == [])
    if offer is not None:
        assert offer == (answer["offers"][0]["field"], answer["offers"][0]["value"])


def test_the_line_at_the_field_is_that_of_the_command_line(
    page_server: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["design", "--set", "highest_frequency=900MHz"]) == 1
    line = capsys.readouterr().err.strip().removeprefix("spinode: ")
    _, _, body = post(page_server, "/design.csv", {"values": {"highest_frequency": "900"}})
    assert json.loads(body)["error"] == line


def test_a_value_that_is_offered_is_one_that_works() -> None:
    values = {"highest_frequency": "900", "number": "5", "draws": "20"}
    with pytest.raises(ImpossibleError) as caught:
        Calculator(0).made(values)
    offers = caught.value.answer()["offers"]
    assert isinstance(offers, list) and len(offers) == 2
    for offer in offers:
        assert len(Calculator(0).made({**values, offer["field"]: offer["value"]}).oscillators) == 5


class Ids(HTMLParser):
    """Ids, labels, descriptions and controls of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.controls: list[dict[str, str | None]] = []
        self.labels: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "id" in found:
            self.ids.append(str(found["id"]))
        if tag in ("input", "select"):
            self.controls.append(found)
        if tag == "label":
            self.labels.append(found["for"])


def test_every_control_has_a_label_a_hint_and_a_place_for_its_error() -> None:
    page = Ids()
    page.feed(document(ODD, 0))
    assert len(set(page.ids)) == len(page.ids)
    assert [control["name"] for control in page.controls] == list(FIELDS) == page.labels
    for control in page.controls:
        described = str(control["aria-describedby"]).split()
        assert {f"{control['name']}-hint", f"{control['name']}-error"} <= set(described) <= set(page.ids)
        assert control["id"] == control["name"]


def test_the_page_opens_with_the_specification_that_was_given() -> None:
    page = Ids()
    page.feed(document(ODD, 0))
    typed = {str(each["name"]): str(each["value"]) for each in page.controls if "value" in each}
    assert spec_of(typed) == ODD


def test_the_page_loads_nothing_from_elsewhere(page_server: PageServer) -> None:
    for path in ("/", "/page.css", "/page.js"):
        status, headers, body = send(page_server, "GET", path)
        assert status == 200
        assert HEADERS.items() <= headers.items()
        assert b"//" not in body.replace(b"// ", b"").replace(b"http://www.w3.org", b"")
        for marker in (b"innerHTML", b"eval(", b" style=", b"onclick"):
            assert marker not in body


def test_the_figure_is_as_wide_as_asked_and_marks_the_pillars_off_their_band(page_server: PageServer) -> None:
    made = design(make_spec({"spacing": 2e6, "draws": 1}))
    for width in (280, 1000):
        drawing = comb_figure(made, width)
        assert f'width="{width}"' in drawing
        off = int(made.value("off their line on the grid"))
        assert off > 0
        first = drawing.split('class="off" d="')[1].split('"')[0]
        assert first.count("m") == off
        assert drawing.split('class="dots" d="')[1].split('"')[0].count("h0") == len(made.oscillators) - off
        numbers = [float(n) for n in first.replace("M", " ").split("l")[0].split()]
        assert all(0 <= n <= width for n in numbers)


@pytest.mark.parametrize("ends", [(386.8, 716.9), (-8.2, 8.2), (0.0, 1e-3), (99.0, 100.0)], ids=str)
def test_ticks_are_round_few_and_inside(ends: tuple[float, float]) -> None:
    found = ticks(*ends, 6)
    assert 2 <= len(found) <= 7
    assert all(ends[0] <= value <= ends[1] for value in found)
    np.testing.assert_allclose(np.diff(found), found[1] - found[0])
    assert f"{found[1] - found[0]:.1e}"[0] in "125"
