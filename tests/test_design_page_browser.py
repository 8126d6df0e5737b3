"""The page of ``spinode design --serve`` in a real browser: fields, table, downloads, keyboard, narrow screens."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from spinode.cli import main
from spinode.design import design
from spinode.design.text import make_spec
from spinode.design_page.server import PageServer
from spinode.units import format_quantity
from tests.browser import PATIENCE, Browser, chromium
from tests.page_client import SEED

pytestmark = pytest.mark.slow
TALLEST = {1200: 1200, 320: 2400}
"""Widths that are tried, and the height of their screenshots [CSS pixels]."""
ROWS = "[...document.querySelectorAll('#rows tbody tr')].map(r => [...r.children].map(c => c.textContent))"
SETTLED = "document.body.dataset.state !== 'busy'"
FOCUS = "document.activeElement.id || document.activeElement.textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("no chromium here: the page is not tried in a browser")
    opened = Browser(program, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser, page_server: PageServer) -> Iterator[Browser]:
    """The page with an array of seven oscillators in it; whatever the browser complains of fails the test."""
    browser.complaints()
    browser.resize(1200, 900)
    browser.open("about:blank")
    browser.open(page_server.address)
    fill(browser, spacing="2", number="7")
    assert browser.run("document.body.dataset.state") == "shown"
    yield browser
    assert browser.complaints() == []


def fill(page: Browser, **values: str) -> None:
    """Write into fields as a person does, and wait for the answer."""
    for name, value in values.items():
        page.run(f"document.getElementById('{name}').closest('details').open = true")
        page.run(f"document.getElementById('{name}').select()")
        page.write(value)
    page.wait(SETTLED)


def made(**values: object) -> Any:
    spec = make_spec({"draws": 20, "spacing": "2MHz", "number": 7, **values})
    return design(spec, np.random.default_rng(SEED).spawn(2)[0])


def test_the_table_and_the_figure_follow_what_is_typed(page: Browser) -> None:
    for radius in ("75", "81.5"):
        fill(page, smallest_radius=radius)
        wanted = made(smallest_radius=f"{radius}nm")
        assert page.run(ROWS) == [
            [row.name, format_quantity(row.value, row.unit), row.formula, row.source] for row in wanted.rows
        ]
        assert page.run("document.getElementById('verdict').textContent") == wanted.verdict
        assert page.run("document.querySelectorAll('#oscillators tbody tr').length") == 7
        assert page.run("document.querySelector('#figure svg').getAttribute('aria-label')").startswith(
            "Comb of 7 lines"
        )


def test_the_downloads_are_the_files_of_the_command_line(
    page: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(page, smallest_radius="80")
    names = ("design.csv", "design.json", "design.toml")
    for name in names:
        page.run(f"document.querySelector('[data-file=\"{name}\"]').click()")
        wait_for(page.downloads / name)
    words = ["--set", "draws=20", "--set", "spacing=2MHz", "--set", "number=7", "--set", "smallest_radius=80nm"]
    files = ["--csv", str(tmp_path / names[0]), "-o", str(tmp_path / names[2])]
    assert main(["design", *words, "--seed", str(SEED), "--json", *files]) == 0
    (tmp_path / names[1]).write_text(capsys.readouterr().out, encoding="utf-8")
    for name in names:
        assert (page.downloads / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert len(list(csv.reader((page.downloads / names[0]).read_text(encoding="utf-8").splitlines()))) == 8


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} was not downloaded"
        time.sleep(0.05)


def test_what_cannot_be_is_said_at_the_field_and_mended_by_its_offer(page: Browser) -> None:
    fill(page, highest_frequency="900")
    assert page.run("document.body.dataset.state") == "refused"
    error = "document.getElementById('highest_frequency-error')"
    assert "must be at most 716.9 MHz" in page.run(f"{error}.querySelector('span').textContent")
    assert page.run("document.getElementById('highest_frequency').getAttribute('aria-invalid')") == "true"
    assert page.run("document.getElementById('result').hidden") is True  # no old number beside a new wish
    assert visible(page, error)
    page.complaints()  # a browser notes the status 422 in its console
    page.run(f"[...{error}.querySelectorAll('button')].at(-1).click()")
    page.wait(SETTLED)
    assert page.run("document.body.dataset.state") == "shown"
    assert page.run("document.getElementById('highest_frequency').value") == "716.5"
    assert not visible(page, error)


def visible(page: Browser, element: str) -> bool:
    return bool(page.run(f"{element}.checkVisibility() && {element}.getBoundingClientRect().height > 0"))


def test_a_mistake_in_a_folded_group_unfolds_it(page: Browser) -> None:
    page.run("document.getElementById('damping').closest('details').open = false")
    page.run("document.getElementById('damping').value = '2'")
    page.run("document.getElementById('spec').requestSubmit()")
    page.wait("document.body.dataset.state === 'refused'")
    assert visible(page, "document.getElementById('damping-error')")
    assert page.run(FOCUS) == "damping"
    page.complaints()


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(page: Browser) -> None:
    page.run("document.querySelector('.skip').focus()")
    seen = []
    for _ in range(60):
        page.press("Tab")
        seen.append(page.run("document.activeElement.id || document.activeElement.textContent.trim()"))
        style = "getComputedStyle(document.activeElement)"
        assert page.run(f"{style}.outlineStyle") == "solid" and page.run(f"parseFloat({style}.outlineWidth)") >= 2
        if seen[-1].startswith("TOML"):
            break
    wanted = ["What is wanted", "spacing", "number", "What can be made", "smallest_radius", "draws", "Bias and trims",
              "Calculate", "Reset", "CSV of all oscillators", "JSON", "TOML of the specification"]  # fmt: skip
    assert [each for each in seen if each in wanted] == wanted
    page.run("document.querySelectorAll('.scroll')[0].focus()")
    assert page.run("document.activeElement.className") == "scroll"


def test_enter_in_a_field_calculates_and_keeps_the_focus(page: Browser) -> None:
    page.run("document.getElementById('number').select()")
    page.write("4")
    page.press("Enter")
    page.wait(SETTLED)
    assert page.run("document.querySelectorAll('#oscillators tbody tr').length") == 4
    assert page.run(FOCUS) == "number"
    page.run("document.getElementById('number').select()")
    page.write("1")
    page.press("Enter")
    page.wait(SETTLED)
    assert page.run("document.getElementById('number-error').hidden") is False
    page.complaints()


def test_reset_brings_the_first_specification_back(page: Browser) -> None:
    fill(page, smallest_radius="90")
    page.run("document.querySelector('[type=reset]').click()")
    page.wait(SETTLED)
    assert page.run("document.getElementById('smallest_radius').value") == "75"
    assert page.run("document.getElementById('number').value") == ""


def test_the_last_thing_typed_wins(page: Browser) -> None:
    for number in ("9", "8", "6"):
        page.run(f"document.getElementById('number').value = '{number}'")
        page.run("document.getElementById('spec').requestSubmit()")
        time.sleep(0.02)
    page.wait(SETTLED)
    assert page.run("document.querySelectorAll('#oscillators tbody tr').length") == 6


def test_on_a_phone_only_the_first_group_is_unfolded(browser: Browser, page_server: PageServer) -> None:
    for width, number in ((320, 1), (1200, 2)):
        browser.resize(width, 700)
        browser.open("about:blank")
        browser.open(page_server.address)
        browser.wait(SETTLED)
        assert browser.run("document.querySelectorAll('details[open]').length") == number


@pytest.mark.parametrize("width", TALLEST)
def test_nothing_is_wider_than_the_screen(page: Browser, width: int, tmp_path: Path) -> None:
    page.resize(width, 900)
    fill(page, spacing="1", number="", highest_frequency="")
    page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.wait(SETTLED)
    assert page.run("document.documentElement.scrollWidth") <= width
    outside = page.run(
        f"[...document.querySelectorAll('input, select, button, svg, p, h1, h2')].filter(e => !e.closest('.scroll') &&"
        f" !e.closest('.skip') && e.getBoundingClientRect().right > {width}).map(e => e.outerHTML.slice(0, 80))"
    )
    assert outside == []
    letters = page.run("getComputedStyle(document.querySelector('#figure text')).fontSize")
    scale = page.run("(s => s.getBoundingClientRect().width / s.viewBox.baseVal.width)"
                     "(document.querySelector('#figure svg'))")  # fmt: skip
    assert letters == "12px" and scale == pytest.approx(1.0, abs=0.02)  # readable, not shrunk
    shot = Path(os.environ.get("SPINODE_SCREENSHOTS", tmp_path)) / f"design_page_{width}.png"
    page.run("document.querySelectorAll('details').forEach((d, n) => { d.open = n < 1; })")
    page.run("document.activeElement.blur()")
    page.screenshot(shot, TALLEST[width])
    image = imread(shot)
    assert image.shape[1] == width and image.std() > 0.05


def test_the_names_of_all_controls_are_read_aloud(page: Browser) -> None:
    page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    page.call("Accessibility.disable")
    roles = ("textbox", "combobox", "button", "image", "table", "region")
    controls = [node for node in nodes if node.get("role", {}).get("value") in roles and not node["ignored"]]
    assert len(controls) > 40
    unnamed = [node["role"]["value"] for node in controls if not node.get("name", {}).get("value")]
    assert [role for role in unnamed if role != "table"] == []  # a table is named by the region around it
    box = next(n for n in controls if n["name"]["value"] == "Smallest radius")
    assert "nm" in json.dumps(box["description"])


def test_a_server_that_ended_is_said(browser: Browser, page_server: PageServer) -> None:
    browser.open(page_server.address)
    browser.wait(SETTLED)
    browser.call("Network.enable")
    browser.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    fill(browser, spacing="2")
    browser.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
                 uploadThroughput=-1)  # fmt: skip
    assert "does not answer" in browser.run("document.getElementById('status').textContent")
    browser.complaints()
