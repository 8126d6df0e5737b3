"""The page of all commands, as ``--help`` prints them."""

from __future__ import annotations

from typing import Any

from outside_pages import FOLDER, write_if_new
from typer.main import get_command

from spinode.cli import COMMANDS, application

WIDTH = 100


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("builder-inited", write_page)
    return {"parallel_read_safe": True}


def write_page(app: Any) -> None:
    """Make the page out of the commands themselves."""
    del app
    FOLDER.mkdir(exist_ok=True)
    begin = "# Commands\n\nAs `spinode COMMAND --help` prints them; made from the commands themselves.\n"
    parts = [f"## spinode {name}\n\n```text\n{help_of(name)}\n```\n" for name in COMMANDS]
    write_if_new(FOLDER / "commands.md", "\n".join([begin, *parts]))


def help_of(name: str) -> str:
    """What ``spinode NAME --help`` prints on a wide terminal."""
    group: Any = get_command(application(name))
    width = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    above = group.context_class(group, info_name="spinode", **width)
    command = group.commands[name]
    context = command.context_class(command, info_name=name, parent=above, **width)
    return str(command.get_help(context)).rstrip()
