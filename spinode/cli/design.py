"""``spinode design``: an array of vortex oscillators from material, stack and limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from spinode.cli.options import Force, Json, Quiet
from spinode.cli.output import Stopwatch, check_outputs, print_json, print_table, progress

if TYPE_CHECKING:
    from spinode.design import ArrayDesign, DesignSpec
    from spinode.design.verify import Verification

SHOWN = 9
"""Oscillators in the table; ``--json`` and ``--csv`` have all of them."""
PORT = 8765
"""Of the page."""
LARGEST_SPEC = 1 << 20
"""Bytes of a specification; one with everything in it has a thousand."""
COLUMNS = (
    "frequency", "radius", "thickness", "current", "supercriticality", "orbit_radius", "locking_half_width",
    "linewidth", "drawn_radius", "grid_residual", "current_trim", "field_trim",
)  # fmt: skip


SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Limit, wish or material.")]
OutputOption = Annotated[Path | None, typer.Option("-o", "--out", "--output", help="TOML file of the spec to write.")]


def design_command(
    spec_file: Annotated[Path | None, typer.Option("--spec", help="TOML file, such as 'spacing = \"1MHz\"'.")] = None,
    set_: SetOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the yield's Monte Carlo.", min=0)] = 0,
    verify: Annotated[bool, typer.Option("--verify", help="Simulate the array under a tone on every line.")] = False,
    workers: Annotated[int | None, typer.Option(help="Threads of --verify; one a core if left out.", min=1)] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Table of all oscillators to write.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure of comb, yield and layout to write.")] = None,
    output: OutputOption = None,
    force: Force = False,
    quiet: Quiet = False,
    json_output: Json = False,
    serve: Annotated[bool, typer.Option("--serve", help="Show a page in the browser of this machine instead.")] = False,
    port: Annotated[int, typer.Option(help="Of the page; 0 takes any that is free.", min=0, max=65535)] = PORT,
) -> None:
    """Design an array with equally spaced frequencies and equal sensitivity, and say what limits it."""
    clock = Stopwatch("design", quiet)
    if serve:
        others = {"--csv": csv, "--plot": plot, "-o": output, "--verify": verify, "--workers": workers}
        others["--json"] = json_output
        _serve(read_spec(spec_file, set_ or []), seed, port, [name for name, given in others.items() if given])
    check_outputs(plot, (csv, output), force)
    import numpy as np

    from spinode.design import design
    from spinode.design.text import oscillators_to_csv, spec_to_toml
    from spinode.whole_file import write_whole

    spec = read_spec(spec_file, set_ or [])
    rng, curve_rng = np.random.default_rng(seed).spawn(2)
    made = design(spec, rng)
    found = _verify(made, workers, quiet) if verify else None
    if output is not None:
        write_whole(output, spec_to_toml(spec).encode(), force=force)
    if csv is not None:
        write_whole(csv, oscillators_to_csv(made).encode(), force=force)
    if plot is not None:
        _draw(plot, made, curve_rng)
    _show(made, found, seed, json_output)
    right = "" if found is None else f", {found.right} of {len(found.tones)} tones followed by the right one"
    clock.done(f"{len(made.oscillators)} oscillators{right}")


def read_spec(file: Path | None, settings: list[str]) -> DesignSpec:
    """The specification of ``--spec`` and ``--set``; a setting wins over the file."""
    from spinode.design.text import make_spec, parse_settings, read_toml

    values: dict[str, object] = {}
    if file is not None:
        try:
            with open(file, "rb") as stream:
                content = stream.read(LARGEST_SPEC + 1)
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError(f"--spec '{file}' must be TOML text in UTF-8, got other bytes") from None
        if len(content) > LARGEST_SPEC:
            raise ValueError(f"--spec '{file}' must have at most {LARGEST_SPEC} bytes, got more; is it TOML?")
        values = read_toml(text, f"--spec '{file}'")
    return make_spec({**values, **parse_settings(settings)})


def _serve(spec: DesignSpec, seed: int, port: int, others: list[str]) -> NoReturn:
    """Answer the browser until Ctrl-C."""
    if others:
        raise ValueError(f"--serve must stand without {others[0]}, got both; the page has its own downloads")
    from spinode.design_page import make_server

    with make_server(spec, seed, port) as server:
        print(f"{server.address} shows the calculator; Ctrl-C ends it", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"the page at {server.address} is closed") from None
    raise AssertionError("serve_forever returns only where somebody shuts the server down")


def _verify(made: ArrayDesign, workers: int | None, quiet: bool) -> Verification:
    from spinode.design.verify import verify

    with progress("verify", quiet) as advance:
        return verify(made, workers=workers, advance=lambda part: advance(part, ""))


def _draw(plot: Path, made: ArrayDesign, rng: object) -> None:
    import numpy as np

    from spinode.design import yield_curve
    from spinode.design_plots import SPREADS, design_figure
    from spinode.plots import save_figure

    assert isinstance(rng, np.random.Generator)
    save_figure(plot, design_figure(made, yield_curve(made, rng, np.array(SPREADS))))


def _show(made: ArrayDesign, found: Verification | None, seed: int, json_output: bool) -> None:
    from spinode.design.text import record
    from spinode.units import format_quantity

    if json_output:
        checked = {} if found is None else {"verification": _checked(found)}
        print_json({**record(made), **checked, "seed": seed})
        return
    rows = [(row.name, format_quantity(row.value, row.unit), row.formula, row.source) for row in made.rows]
    print_table(("name", "value", "formula", "source"), rows)
    _show_oscillators(made)
    limits = [(limit.name, format_quantity(limit.value, limit.unit), _where(limit.at)) for limit in made.limits]
    print_table(("limit", "value", "at"), limits)
    print(made.verdict)
    if found is not None:
        print(_sentence(found))


def _where(at: float) -> str:
    """A frequency for the ends of the comb, a number of oscillators for the others."""
    from spinode.units import format_quantity

    return f"{at:.0f} oscillators" if at < 1e6 else format_quantity(at, "Hz")


def _show_oscillators(made: ArrayDesign) -> None:
    from spinode.design.drawing import UNITS
    from spinode.units import format_quantity

    count = len(made.oscillators)
    picked = sorted({round(n * (count - 1) / (SHOWN - 1)) for n in range(SHOWN)})
    rows = []
    for number in picked:
        each = made.oscillators[number]
        values = [getattr(each, name) for name in COLUMNS]
        units = [UNITS[name] for name in COLUMNS]
        texts = [
            "-" if value != value else format_quantity(value, unit) for value, unit in zip(values, units, strict=True)
        ]
        rows.append((number, *texts))
    title = f"{len(picked)} of {count} oscillators (--csv FILE writes all)"
    print_table(("number", *(name.replace("_", " ") for name in COLUMNS)), rows, title)


def _checked(found: Verification) -> dict[str, object]:
    return {
        "tones": len(found.tones),
        "right": found.right,
        "pairs": found.simulated.size,
        "agreement": found.agreement,
        "edges": found.edges,
        "edges_right": found.edges_right,
        "drawn": found.drawn,
        "seconds": found.seconds,
    }


def _sentence(found: Verification) -> str:
    which = "on the grid with trimmed currents" if found.drawn else "of ideal radii"
    return (
        f"Verified with pillars {which}: {found.right} of {len(found.tones)} tones are followed by exactly the right"
        f" oscillator; simulation and closed form agree on {found.agreement:.2%} of {found.simulated.size} pairs and on"
        f" {found.edges_right} of {found.edges} edges at 0.85 and 1.15 of the half-width ({found.seconds:.0f} s)."
    )
