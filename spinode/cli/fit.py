"""``spinode fit``: learn a surrogate from a traces file."""

from __future__ import annotations

import shlex
import sys
import warnings
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.options import Json, Quiet, Samples
from spinode.cli.output import Stopwatch, print_json, print_table, progress, refuse_overwrite

if TYPE_CHECKING:
    from spinode.surrogate import FitProgress, FitSettings, Surrogate
    from spinode.traces import TraceSet

Members = Annotated[int, typer.Option("--ensemble", help="Members of an ensemble for a 90 % band; 0 for none.")]
HoldOut = Annotated[
    list[str] | None, typer.Option("--hold-out", help="Trace that judges and is never fitted; repeat for more.")
]
EqualTraces = Annotated[bool, typer.Option("--equal-traces", help="Every trace counts the same, not every sample.")]
KeepEvents = Annotated[
    bool, typer.Option("--keep-events", help="Fit beyond an event that no model can follow, not up to it.")
]
MostSamples = Annotated[
    int, typer.Option("--most-samples", help="Read at most so many samples, in segments spread over the traces.")
]


def fit_command(
    file: Annotated[Path, typer.Argument(help="Traces file.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Surrogate file to write (HDF5).")],
    samples: Samples = None,
    trace: Annotated[list[str] | None, typer.Option("--trace", help="Use this trace; repeat for more.")] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="Time budget; it may end earlier.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the network's first weights.", min=0)] = 0,
    order: Annotated[int, typer.Option("--order", help="Embedding order k: states for each output.")] = 2,
    delay: Annotated[str | None, typer.Option("--delay", help="Delay such as 15ps [default: from the data].")] = None,
    hidden: Annotated[str, typer.Option("--hidden", help="Network layers such as 12 or 16,16; 0 for none.")] = "12",
    noise: Annotated[str, typer.Option("--noise", help="none, learn, or auto: learn it where there is any.")] = "none",
    ensemble: Members = 0,
    hold_out: HoldOut = None,
    equal_traces: EqualTraces = False,
    keep_events: KeepEvents = False,
    most_samples: MostSamples = 100_000,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from where it was stopped, if it was.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file, and start afresh.")] = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Learn a surrogate: free-run windows grow, held-out time decides; stopped with Ctrl-C it goes on with --resume."""
    from spinode.cli.judging import read_selected
    from spinode.surrogate import FitSettings
    from spinode.units import parse_quantity

    clock = Stopwatch("fit", quiet)
    refuse_overwrite(out, force)
    settings = FitSettings(
        order=order, delay=None if delay is None else parse_quantity(delay, "s"), hidden=parse_layers(hidden),
        minutes=minutes, seed=seed, noise=noise, ensemble=ensemble, hold_out=tuple(hold_out or ()),
        weights="trace" if equal_traces else "length", keep_events=keep_events,
    )  # fmt: skip
    traces = read_selected(file, trace, samples, most_samples)
    surrogate = fit_to_file(traces, settings, out, resume=resume, force=force, quiet=quiet)
    _show(out, surrogate, json_output)
    clock.done(f"{summary(surrogate)}; {out} is written")


def summary(surrogate: Surrogate) -> str:
    """What a fit came to, for its closing line."""
    samples, error = surrogate.record.get("samples"), surrogate.record.get("held_out_nrmse")
    held_out = f", held-out NRMSE {error:.3g}" if isinstance(error, float) else ""
    return f"{samples} samples of {', '.join(c.name for c in surrogate.outputs)}{held_out}"


def _show(out: Path, surrogate: Surrogate, json_output: bool) -> None:
    """The training record as a table or as JSON."""
    if json_output:
        print_json({"file": str(out), **surrogate.record})
        return
    rows = [(name.replace("_", " "), value) for name, value in surrogate.record.items()]
    title = f"{out}: surrogate of {', '.join(c.name for c in surrogate.outputs)}"
    print_table(("training", "value"), rows, title=title)


def fit_to_file(
    traces: TraceSet, settings: FitSettings, out: Path, *, resume: bool, force: bool, quiet: bool
) -> Surrogate:
    """Fit with a progress bar and a checkpoint beside the result, which goes when the result is safe."""
    from spinode.surrogate import fit, save_surrogate

    checkpoint = out.with_name(out.name + ".checkpoint")
    if checkpoint.exists() and not resume and not force:
        raise ValueError(f"'{checkpoint}' holds a stopped fit; give --resume to go on or --force to start afresh")
    if resume and not checkpoint.exists():  # a job that is started again and again gives --resume from the first time
        warnings.warn(f"'{checkpoint}' is not there, so the fit starts from the beginning", UserWarning, stacklevel=2)
    with progress("fit", quiet) as advance:

        def watch(now: FitProgress) -> None:
            error = f"error {now.error:.4f}" if isfinite(now.error) else "begins"
            held_out = f", best held-out {now.held_out:.4f}" if isfinite(now.held_out) else ""
            advance(now.done, f"{now.stage}: {error}{held_out}")

        try:
            surrogate = fit(traces, settings, name=out.stem, watch=watch, checkpoint=checkpoint, resume=resume)
        except (KeyboardInterrupt, MemoryError) as stop:
            kept = "go on with the same command and --resume" if checkpoint.exists() else "nothing was kept yet"
            if isinstance(stop, MemoryError):
                raise ValueError(f"not enough memory; {kept}, or try a smaller --most-samples") from None
            raise KeyboardInterrupt(f"interrupted; {kept}") from None
    save_surrogate(out, surrogate, command=shlex.join(["spinode", *sys.argv[1:]]), force=force)
    checkpoint.unlink(missing_ok=True)
    return surrogate


def parse_layers(text: str) -> tuple[int, ...]:
    """'16,16' as (16, 16); '0' or nothing as no network."""
    from spinode.units import in_brief

    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and len(word) < 7 for word in words):
        raise ValueError(f"--hidden must be widths such as 12 or 16,16, or 0 for no network, got '{in_brief(text)}'")
    return tuple(int(word) for word in words if int(word) > 0)
