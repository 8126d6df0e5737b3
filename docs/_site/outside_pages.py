"""Pages of the site that are kept elsewhere in the checkout: the examples, the data's README, the changelog.

A guide links to them as they lie in the checkout (``../examples/wall_walker.py``), so that it reads well there; the
site gets a page for each in ``generated/``, and the link is turned to it.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "generated"
TEXTS = {
    "micromag_data/README.md": "bundled_data.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
EXAMPLES = {f"examples/{path.name}": f"example_{path.stem}.md" for path in sorted((ROOT / "examples").glob("*.py"))}
PAGES = {**TEXTS, **EXAMPLES}

_OUTSIDE = re.compile(r"(\]\(\s*)(\.\./[^)\s#]+)")


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", turn_links)
    return {"parallel_read_safe": True}


def write_pages(app: Any) -> None:
    """Make the pages; one that has not changed is left alone, so that it need not be read again."""
    del app
    FOLDER.mkdir(exist_ok=True)
    pages = {page: (ROOT / source).read_text(encoding="utf-8") for source, page in TEXTS.items()}
    pages |= {page: example_page(ROOT / source) for source, page in EXAMPLES.items()}
    pages["examples.md"] = examples_page()
    for name, text in pages.items():
        write_if_new(FOLDER / name, text)


def write_if_new(path: Path, text: str) -> None:
    """Write a page unless it already says this."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def turn_links(app: Any, name: str, content: list[str]) -> None:
    """Turn links that leave the docs folder to the page made of what they point to."""
    del app
    if name.startswith("generated/"):
        return

    def turned(link: re.Match[str]) -> str:
        target = os.path.normpath(f"docs/{link[2]}").replace(os.sep, "/")
        return f"{link[1]}generated/{PAGES[target]}" if target in PAGES else link[0]

    content[0] = _OUTSIDE.sub(turned, content[0])


def example_page(path: Path) -> str:
    """Question, command and code of an example."""
    code = path.read_text(encoding="utf-8")
    words = (ast.get_docstring(ast.parse(code)) or path.stem).splitlines()
    text = "\n".join(words[1:]).strip().replace("``", "`")
    command = f"```\npython examples/{path.name} -o {path.stem}.png\n```"
    body = code.split('"""', 2)[2].lstrip("\n")
    return f"---\norphan: true\n---\n\n# {words[0]}\n\n{text}\n\n{command}\n\n```python\n{body}```\n"


def examples_page() -> str:
    """Every example by its question."""
    rows = []
    for source, page in EXAMPLES.items():
        words = ast.get_docstring(ast.parse((ROOT / source).read_text(encoding="utf-8"))) or source
        rows.append(f"- [{words.splitlines()[0]}]({page})")
    begin = "# Examples\n\nOne question a file, one figure, fewer than 80 lines. `--quick` makes each shorter.\n\n"
    return begin + "\n".join(rows) + "\n"
