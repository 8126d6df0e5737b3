"""Options that mean the same in every command that has them."""

from __future__ import annotations

from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing line on stderr.")]
Samples = Annotated[str | None, typer.Option("--samples", metavar="A:B", help="Samples of each trace, as stored.")]

# How a device is named and driven.
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Parameter of a named device; repeat for more.")
]
Preset = Annotated[str, typer.Option("--preset", help="Published parameter set of a named device.")]
Driven = Annotated[str, typer.Option("--input", help="Input to drive, where there are several.")]
Swing = Annotated[
    str, typer.Option("--range", metavar="LOW:HIGH", help="Of that input; a surrogate's trained range if left out.")
]
Constants = Annotated[
    list[str] | None, typer.Option("--at", metavar="NAME=VALUE", help="Constant value of another input.")
]
