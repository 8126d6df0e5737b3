"""The documents: their code runs, their commands exist, and what they point to is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from spinode.cli import COMMANDS, application
from spinode.design import DesignSpec
from spinode.design.text import make_spec, read_toml
from tests.guide_pages import (
    GUIDES,
    README,
    ROOT,
    Block,
    blocks_of,
    code_of,
    imports_of,
    missing,
    shell_lines,
    spinode_words,
    tables_of,
)

LINKED = (README, ROOT / "micromag_data" / "README.md", ROOT / "CONTRIBUTING.md", *GUIDES)
AS_PRINTED = ("first_ten_minutes", "own_device", "threshold", "device_vortex", "device_wall", "device_nbox")
AS_PRINTED += ("device_auto_oscillator",)
"""Pages whose blocks are run one after the other, python and commands alike, in an empty folder."""

PUBLIC = ("spinode", "spinode.devices", "spinode.importers", "spinode.surrogate", "spinode.calibration")
PUBLIC += ("spinode.reservoir", "spinode.design")
"""Packages whose ``__all__`` is what their users are meant to have."""

each_guide = pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
each_linked = pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(ROOT)))


def run_code(path: Path, *, slow: bool) -> None:
    code = code_of(path.read_text(encoding="utf-8"), slow=slow)
    exec(compile(code, str(path), "exec"), {"__name__": "__main__"})


@each_guide
def test_the_quick_code_of_a_guide_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_code(path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [path for path in GUIDES if "<!-- slow -->" in path.read_text(encoding="utf-8")],
    ids=lambda path: path.stem,
)
def test_all_code_of_a_guide_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_code(path, slow=True)


@each_guide
def test_what_the_code_of_a_guide_imports_is_there(path: Path) -> None:
    code = code_of(path.read_text(encoding="utf-8"), slow=True)
    absent = [f"{module}.{name}" for module, name in imports_of(code) if not hasattr(import_module(module), name)]
    assert absent == []


def understand(words: list[str]) -> None:
    """Parse a command as the command line does, without running it; where it is cut short by ``...``, its options."""
    group = get_command(application(words[0]))
    if "..." in words:
        known = {option for parameter in group.commands[words[0]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, words
        return
    with group.make_context("spinode", list(words)) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        with command.make_context(name, rest, parent=context):
            pass


@each_linked
def test_every_command_of_a_document_is_understood_by_the_command_line(path: Path) -> None:
    blocks = blocks_of(path.read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in shell_lines(block)]
    for line in lines:
        words = spinode_words(line)
        if words and words[0] in COMMANDS:
            understand(words)
        else:
            assert words in (None, ["--version"], ["--help"]), line


@each_guide
def test_a_spec_in_a_guide_is_one_that_the_calculator_takes(path: Path) -> None:
    for block in blocks_of(path.read_text(encoding="utf-8")):
        if block.kind == "toml":
            assert isinstance(make_spec(read_toml(block.text, f"{path.name}:{block.line}")), DesignSpec)


@each_linked
def test_what_a_document_points_to_is_there(path: Path) -> None:
    assert missing(path.read_text(encoding="utf-8"), path.parent) == []


def test_every_page_stands_in_the_navigation() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    named = [
        line
        for block in blocks_of(index)
        if block.kind == "{toctree}"
        for line in block.text.split("\n")
        if line and line[0] != ":"
    ]
    ours = [name for name in named if not name.startswith("generated/")]
    assert sorted(ours) == sorted(path.stem for path in GUIDES if path.stem != "index")


def test_every_figure_has_a_command_and_its_script_is_there() -> None:
    rows = tables_of((ROOT / "docs" / "figures.md").read_text(encoding="utf-8"))[2:]
    named = {name: row[1].strip("`") for row in rows for name in re.findall(r"[\w.]+\.png", row[0])}
    assert sorted(named) == sorted(path.name for path in (ROOT / "docs" / "figures").iterdir())
    for name, command in named.items():
        scripts = [word for word in shlex.split(command) if word.endswith(".py")]
        assert all((ROOT / script).is_file() for script in scripts), name
        assert scripts or spinode_words(command), name


def reference_names() -> list[str]:
    """Names that the pages of the reference describe."""
    pages = [path.read_text(encoding="utf-8") for path in GUIDES if path.stem.startswith("api_")]
    blocks = [block for page in pages for block in blocks_of(page) if block.kind == "{eval-rst}"]
    return re.findall(r"^\.\. auto(?:class|function):: (\S+)$", "\n".join(block.text for block in blocks), re.MULTILINE)


def test_what_the_reference_describes_is_there() -> None:
    names = reference_names()
    assert len(names) == len(set(names))
    for name in names:
        module, _, last = name.rpartition(".")
        assert (getattr(import_module(module), last).__doc__ or "").strip(), name


@pytest.mark.parametrize("package", PUBLIC)
def test_the_reference_describes_every_public_name(package: str) -> None:
    known = {name.rpartition(".")[2] for name in reference_names()}
    assert sorted(set(import_module(package).__all__) - known - {"__version__"}) == []


def spinode_on_path(folder: Path) -> dict[str, str]:
    """Environment in which ``spinode`` is this checkout's, whatever is installed."""
    program = folder / "bin" / "spinode"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spinode "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run_as_printed(blocks: list[Block], folder: Path, environment: dict[str, str]) -> None:
    """Run the blocks of a page in order; a block that fails must say what the next one shows."""
    program = ""
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block.mark == "by hand":
            continue
        if block.kind == "python":
            program += block.text
            words = [sys.executable, "-c", program]
            subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, timeout=600)
        for line in shell_lines(block):
            done = subprocess.run(
                line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=900
            )
            if block.mark == "fails":
                assert after is not None
                assert (done.returncode, done.stderr) == (1, after.text)
            else:
                assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("name", AS_PRINTED)
def test_the_commands_of_a_page_run_as_printed_in_an_empty_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    run_as_printed(blocks_of(page), folder, spinode_on_path(tmp_path))


def test_a_link_or_an_anchor_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A part: `x.y`\n```\n# not a part\n```\n")
    text = (
        "[a](there.md#a-part-xy) [b](https://example.org/x) [c](#part) [d](gone.md) `docs/gone.md`\n"
        "[f](there.md#not-a-part)\n```\n[e](code.md)\n```\n"
    )
    assert missing(text, tmp_path) == ["#part", "gone.md", "there.md#not-a-part", "docs/gone.md"]


def test_code_keeps_its_line_numbers_and_slow_code_can_be_left_out() -> None:
    text = "# title\n\n```python\nfirst = 1\n```\n\n```\nnot code\n```\n\n<!-- slow -->\n```python\nsecond = 2\n```\n"
    assert code_of(text, slow=True).splitlines()[3] == "first = 1"
    assert code_of(text, slow=True).splitlines()[12] == "second = 2"
    assert "not code" not in code_of(text, slow=True)
    assert "second" not in code_of(text, slow=False)


def test_blocks_are_found_with_their_marks() -> None:
    fenced = "<!-- by hand -->\n```\nspinode demo # long\n```\n\n```text\nspinode x\n```\n"
    blocks = blocks_of(f"a\n\n    spinode info wall    what it is\n\n{fenced}")
    assert [(block.kind, block.mark) for block in blocks] == [("", ""), ("", "by hand"), ("text", "")]
    assert [block.line for block in blocks] == [3, 7, 11]
    assert [shell_lines(block) for block in blocks] == [["spinode info wall"], ["spinode demo"], []]


@pytest.mark.parametrize("command", ["fit t.h5 -o x.h5 \\\n    --degrees 3", "fit ... --degrees 3"])
def test_an_option_that_does_not_exist_is_found(command: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```\nspinode {command}\n```\n")
    with pytest.raises(Exception, match="--degrees"):
        test_every_command_of_a_document_is_understood_by_the_command_line(page)
