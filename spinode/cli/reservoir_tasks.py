"""``spinode reservoir`` for the tasks other than Mackey-Glass: one score beside its controls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinode.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    from spinode.cli.reservoir import Chosen
    from spinode.reservoir.experiments import Outcome
    from spinode.reservoir.transformer import Reservoir

NAMES = {
    "device": "device",
    "static": "static response, no memory",
    "masked_input": "no device, masked input",
    "delayed_inputs": "no device, delayed inputs",
}
"""Feature sets by what a reader calls them."""
COLUMNS = {
    "narma10": ("nrmse",),
    "sine-square": ("accuracy", "rmse"),
    "memory": ("capacity",),
    "capacity": ("capacity", "rank"),
    "rank": ("kernel_rank", "generalisation_rank"),
}
"""Numbers of the table."""
WASHOUT = 200


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says about a run: sizes, read-in, feedback, noise and whether progress is shown."""

    nodes: int
    amplitude: float
    mask: str
    sampling: str
    feedback: float
    feedback_delay: int
    noise: bool
    points: int
    training: int
    seed: int
    quiet: bool

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for that the Mackey-Glass task of the paper has not."""
        return not (self.mask or self.sampling or self.feedback or self.feedback_delay or self.noise)


def score_task(task: str, chosen: Chosen, options: Options, plot: Path | None, as_json: bool) -> None:
    """Run a task, and print and draw what came out."""
    import numpy as np

    from spinode.reservoir.experiments import TaskSettings, run_task

    testing = options.points - options.training - WASHOUT
    if testing < 2:
        raise ValueError(
            f"--points must be more than {options.training} training points and {WASHOUT} that are left out,"
            f" got {options.points}"
        )
    reservoir = reservoir_of(chosen, options)
    settings = TaskSettings(washout=WASHOUT, training=options.training, testing=testing)
    begun = time.perf_counter()
    with progress(f"reservoir {task}", options.quiet) as advance:
        outcome = run_task(
            task, reservoir, settings, np.random.default_rng([options.seed, 7]), lambda part: advance(part, "")
        )
    seconds = time.perf_counter() - begun
    if plot is not None:
        from spinode.plots import save_figure
        from spinode.reservoir_plots import outcome_figure

        save_figure(plot, outcome_figure(outcome, {**NAMES, "device": chosen.device.name}))
    if as_json:
        print_json(record(chosen, options, outcome) | {"seconds": seconds})
    else:
        _show(chosen, options, outcome, seconds)


def reservoir_of(chosen: Chosen, options: Options) -> Reservoir:
    """The transformer that the options describe; where feedback is on, its delay is one hold more than a point."""
    from spinode.reservoir.transformer import Reservoir

    if not 0 < options.amplitude <= 1:
        raise ValueError(f"--amplitude must be above 0 and at most 1 of half the range, got {options.amplitude:g}")
    low, high = chosen.bounds
    sampling: Any = int(options.sampling) if options.sampling.isdecimal() else options.sampling or "end"
    return Reservoir(
        chosen.device,
        channel=chosen.channel,
        mask=options.mask or "binary",
        nodes=options.nodes,
        node_time=chosen.node_time,
        rest=0.5 * (low + high),
        swing=options.amplitude * 0.5 * (high - low),
        quantile=1.0,
        bounds=chosen.bounds,
        sampling=sampling,
        feedback=options.feedback,
        feedback_delay=options.feedback_delay or options.nodes + 1,
        feedback_unit="nodes",
        noise=options.noise,
        others=dict(chosen.others),
        seed=options.seed,
    )


def record(chosen: Chosen, options: Options, outcome: Outcome) -> dict[str, object]:
    """Contract: the metric's key with the device's number, and ``controls`` {name: number}."""
    device = {name: value for name, value in outcome.details["device"].items() if name not in ("answer", "truth")}
    rest: Mapping[str, Any] = {name: each for name, each in outcome.details.items() if name != "device"}
    low, high = chosen.bounds
    return {
        "task": outcome.task,
        "device": chosen.device.name,
        "metric": outcome.metric,
        **device,
        "controls": {name: value for name, value in outcome.scores.items() if name != "device"},
        "control_details": {
            name: {key: value for key, value in each.items() if key not in ("answer", "truth")}
            for name, each in rest.items()
        },
        "read_in": {"channel": chosen.channel, "unit": chosen.unit, "low": low, "high": high}
        | {"amplitude": options.amplitude, "others": dict(chosen.others), "mask": options.mask or "binary"},
        "node_time": chosen.node_time,
        "nodes": options.nodes,
        "sampling": options.sampling or "end",
        "feedback": options.feedback,
        "feedback_delay": (options.feedback_delay or options.nodes + 1) if options.feedback else None,
        "noise": options.noise,
        "points": options.points,
        "training": options.training,
        "washout": WASHOUT,
        "seed": options.seed,
    }


def _show(chosen: Chosen, options: Options, outcome: Outcome, seconds: float) -> None:
    from spinode.units import format_quantity

    held = format_quantity(chosen.node_time, "s")
    middle, half = 0.5 * sum(chosen.bounds), 0.5 * (chosen.bounds[1] - chosen.bounds[0])
    swing, rest = format_quantity(options.amplitude * half, chosen.unit), format_quantity(middle, chosen.unit)
    print(f"{chosen.device.name}: {options.nodes} nodes of {held}, {seconds:.2f} s with the controls")
    print(f"read-in: {chosen.channel} swings by at most {swing} around {rest}")
    columns = COLUMNS[outcome.task]
    rows = [
        (chosen.device.name if name == "device" else NAMES[name], *(each[column] for column in columns))
        for name, each in outcome.details.items()
    ]
    print_table(("features", *(column.replace("_", " ") for column in columns)), rows, title=_title(outcome))


def _title(outcome: Outcome) -> str:
    titles = {
        "narma10": "NARMA-10, one step ahead: NRMSE on the test points",
        "sine-square": "sine against square, point by point on the test points",
        "memory": "linear memory capacity, delays of 1 point and more",
        "capacity": "information processing capacity, sum over all targets; its bound is the rank",
        "rank": "singular values above 0.001 of the largest: different streams, and streams with one ending",
    }
    return titles[outcome.task]
