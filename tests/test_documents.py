"""The documents: their code runs, and what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs").glob("*.md"))
LINKED = (ROOT / "README.md", ROOT / "micromag_data" / "README.md", *GUIDES)

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:md|py|h5|mx3))`")


def code_of(text: str) -> str:
    """The python blocks of a document, each on the lines where it stands, so that an error names the right line."""
    lines = [""] * (text.count("\n") + 1)
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        for number, line in enumerate(block[1].splitlines()):
            lines[first + number] = line
    return "\n".join(lines)


def missing(text: str, folder: Path) -> list[str]:
    """Relative links, and files named by their path in code marks, that lead nowhere from this folder."""
    prose = _FENCE.sub("", text)
    links = [target.split("#")[0] for target in _LINK.findall(prose) if not re.match(r"[a-z]+:", target)]
    lost = [target for target in links if target and not (folder / target).exists()]
    named = [name for name in _FILE.findall(prose) if (ROOT / name.split("/")[0]).is_dir() or folder != ROOT]
    return lost + [name for name in named if not ((folder / name).exists() or (ROOT / name).exists())]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_the_code_of_a_guide_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = code_of(path.read_text(encoding="utf-8"))
    exec(compile(code, str(path), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(path: Path) -> None:
    assert missing(path.read_text(encoding="utf-8"), path.parent) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    text = (
        "[a](there.md#part) [b](https://example.org/x) [c](#part) [d](gone.md) `docs/gone.md`\n```\n[e](code.md)\n```\n"
    )
    assert missing(text, tmp_path) == ["gone.md", "docs/gone.md"]


def test_code_keeps_its_line_numbers() -> None:
    text = "# title\n\n```python\nfirst = 1\n```\n\n```\nnot code\n```\n\n```python\nsecond = 2\n```\n"
    assert code_of(text).splitlines()[3] == "first = 1"
    assert code_of(text).splitlines()[11] == "second = 2"
    assert "not code" not in code_of(text)
