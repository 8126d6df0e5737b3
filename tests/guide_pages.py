"""The pages of the guide in parts: code blocks with what is said of them, commands, links, headings, figures."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs").glob("*.md"))
README = ROOT / "README.md"

_MARK = re.compile(r"<!-- (slow|by hand|fails) -->")
_FENCE = re.compile(r"^(`{3,})(\S*)")
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:md|py|h5|mx3))`")
_COMMENT = re.compile(r"(?:\s{2,}|\s#\s).*$")
_SPINODE = re.compile(r"(?:\w+=\S* +)*spinode +(.+)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code.

    Parameters
    ----------
    kind : str
        Word behind the fence, such as ``python``; ``''`` where there is none, and for an indented block.
    mark : str
        What the HTML comment above it says: ``slow`` (takes more than two seconds), ``by hand`` (not run by a test),
        ``fails`` (ends with exit code 1 and the text of the next block), or ``''``.
    line : int
        Number of its first line, from 1.
    text : str
    """

    kind: str
    mark: str
    line: int
    text: str


def blocks_of(page: str) -> list[Block]:
    """Fenced and indented blocks of a page, in order."""
    lines, found, mark, at = page.split("\n"), [], "", 0
    while at < len(lines):
        end = _end_of_block(lines, at)
        if end > at:
            found.append(_block(lines, at, end, mark))
            mark, at = "", end
            continue
        said = _MARK.fullmatch(lines[at].strip())
        if said or lines[at].strip():
            mark = said[1] if said else ""
        at += 1
    return found


def _end_of_block(lines: list[str], at: int) -> int:
    """Number of the line behind the block that begins at a line; that line itself where none begins."""
    if fence := _FENCE.match(lines[at]):
        return next((n + 1 for n in range(at + 1, len(lines)) if lines[n].startswith(fence[1])), len(lines))
    if lines[at].startswith("    ") and not (at and lines[at - 1].strip()):
        return next((n for n in range(at, len(lines)) if not lines[n].startswith("    ")), len(lines))
    return at


def _block(lines: list[str], at: int, end: int, mark: str) -> Block:
    fence = _FENCE.match(lines[at])
    held = lines[at + 1 : end - 1] if fence else [line[4:] for line in lines[at:end]]
    first = at + 2 if fence else at + 1
    return Block(kind=fence[2] if fence else "", mark=mark, line=first, text="\n".join(held) + "\n")


def code_of(page: str, *, slow: bool) -> str:
    """The python blocks of a page, each on the lines where it stands, so that an error names the right line."""
    lines = [""] * (page.count("\n") + 1)
    for block in blocks_of(page):
        if block.kind == "python" and (slow or block.mark != "slow"):
            for number, line in enumerate(block.text.splitlines(), start=block.line - 1):
                lines[number] = line
    return "\n".join(lines)


def imports_of(code: str) -> list[tuple[str, str]]:
    """(module, name) of each ``from module import name`` of spinode."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "spinode"
        for alias in node.names
    ]


def shell_lines(block: Block) -> list[str]:
    """Lines of a block without a language that are commands: no prompt, no comment behind, no line of output."""
    if block.kind not in ("", "bash", "sh"):
        return []
    joined = re.sub(r"\s*\\\n\s*", " ", block.text)
    return [_COMMENT.sub("", line.removeprefix("$ ").strip()) for line in joined.split("\n") if line.strip()]


def spinode_words(line: str) -> list[str] | None:
    """Words behind ``spinode`` of a command line; None for another command. Settings before it are passed over."""
    command = _SPINODE.fullmatch(line)
    return shlex.split(command[1]) if command else None


def anchors_of(page: str) -> set[str]:
    """Names under which the headings of a page are linked, by GitHub's rule."""
    inside, found = False, set()
    for line in page.split("\n"):
        if line.startswith("```"):
            inside = not inside
        elif not inside and (heading := _HEADING.match(line)):
            found.add(re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-"))
    return found


def prose_of(page: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def missing(page: str, folder: Path) -> list[str]:
    """Relative links, anchors, and files named by their path in code marks, that lead nowhere from this folder."""
    prose, lost = prose_of(page), []
    for target in _LINK.findall(prose):
        name, _, anchor = target.partition("#")
        path = folder / name
        if re.match(r"[a-z]+:", target):
            continue
        if name and not path.exists():
            lost.append(target)
        elif anchor and anchor not in anchors_of(path.read_text(encoding="utf-8") if name else page):
            lost.append(target)
    named = [name for name in _FILE.findall(prose) if (ROOT / name.split("/")[0]).is_dir() or folder != ROOT]
    return lost + [name for name in named if not ((folder / name).exists() or (ROOT / name).exists())]


def tables_of(page: str) -> list[list[str]]:
    """Cells of every row of every table."""
    rows = [line for line in prose_of(page).split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in rows]
