"""The site that `make docs` builds: whole, without a warning, and without anything from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.guide_pages import GUIDES, ROOT

_LOADED = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if any(find_spec(name) is None for name in ("sphinx", "myst_parser", "furo", "latex2mathml")):
        pytest.skip("needs the extra 'docs'")
    folder = tmp_path_factory.mktemp("site")
    words = ["-b", "html", "-W", "--keep-going", "-q", "-d", folder / "read", ROOT / "docs", folder / "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *map(str, words)], capture_output=True, text=True, env=environment, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.slow
def test_every_page_is_in_the_site(site: Path) -> None:
    assert [path.stem for path in GUIDES if not (site / f"{path.stem}.html").is_file()] == []
    assert (site / "generated" / "commands.html").is_file()
    assert (site / "generated" / "example_wall_walker.html").is_file()


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    loaded = {page.name: _LOADED.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: hosts for name, hosts in loaded.items() if hosts} == {}


@pytest.mark.slow
def test_equations_are_set_without_a_script(site: Path) -> None:
    text = (site / "device_vortex.html").read_text(encoding="utf-8")
    assert text.count('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">') >= 5
    assert "$$" not in text
    assert "\\frac" not in text


@pytest.mark.slow
def test_the_reference_shows_equations_of_docstrings_as_they_were_written(site: Path) -> None:
    text = (site / "api_devices.html").read_text(encoding="utf-8")
    assert "&lt;Fi Fj&gt; = 2 D kB T" in text
    assert "p = |c|^2" in text
    assert "&lt;f f*&gt; = 2 Dn delta(t - t’)" in text or "&lt;f f*&gt; = 2 Dn delta(t - t&#39;)" in text
