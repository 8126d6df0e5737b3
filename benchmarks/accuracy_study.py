"""What limits the free run of a surrogate on the published skyrmion table?

    python benchmarks/accuracy_study.py --results results.jsonl           runs every variant that is not there yet
    python benchmarks/accuracy_study.py --results results.jsonl --figure docs/figures/accuracy_study.png

Each variant changes one thing of a fit on the published training samples (1000 to 11000 of the training table of Chen
et al., Nat. Commun. 13, 1016 (2022)) and is judged by its free run over the whole test table, which no fit has seen.
The time budget is the same for all (`--minutes`). Needs the MuMax3 tables (SPINODE_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from spinode.importers import import_traces
from spinode.surrogate import FitSettings, Surrogate, fit, plan
from spinode.traces import Trace, TraceSet

SAMPLE = 5e-12
"""Sample interval of the tables [s]."""
TRAINING = (1000, 11000)
PUBLISHED = 0.0441
"""NRMSE of the released weights of Chen et al. on this test."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One change of the defaults: settings, window lengths in delays, samples a table row, and digits."""

    group: str
    name: str
    settings: FitSettings = FitSettings()
    windows: tuple[int, ...] = plan.WINDOWS
    dt: float = SAMPLE
    single: bool = False


def variants(minutes: float) -> list[Variant]:
    """The defaults first, then one change each."""
    base = FitSettings(minutes=minutes)
    small = replace(base, degrees=(1,))
    rows = [Variant(group="defaults", name="defaults", settings=base)]
    rows += [
        Variant(group="delay", name=f"{delay} ps", settings=replace(base, delay=delay * 1e-12))
        for delay in (5, 10, 25, 40)
    ]
    rows += [Variant(group="order k", name=f"k = {order}", settings=replace(base, order=order)) for order in (1, 3)]
    rows += [
        Variant(group="polynomial alone", name=f"degree {degree}", settings=replace(base, degrees=(degree,), hidden=()))
        for degree in (1, 2, 3, 4)
    ]
    rows += [
        Variant(
            group="linear part and network", name="x".join(map(str, layers)), settings=replace(small, hidden=layers)
        )
        for layers in ((12,), (30,), (12, 12))
    ]
    rows += [
        Variant(
            group="longest window",
            name=f"{plan.WINDOWS[count - 1]} delays",
            settings=base,
            windows=plan.WINDOWS[:count],
        )
        for count in (1, 2, 3)
    ]
    rows += [Variant(group="windows", name="long at once", settings=base, windows=plan.WINDOWS[-1:])]
    rows += [Variant(group="sample and step", name=f"{dt:g} ps", settings=base, dt=dt * 1e-12) for dt in (2.5, 10.0)]
    rows += [Variant(group="coefficients", name="single precision", settings=base, single=True)]
    rows += [Variant(group="seed", name=f"seed {seed}", settings=replace(base, seed=seed)) for seed in (1, 2)]
    return rows


def tables(dt: float) -> tuple[Trace, Trace]:
    """Training and test trace."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("SPINODE_DATA", beside)) / "mumax3_skyrmion"
    files = [folder / "train_ku_dmi.txt", folder / "test_dmi_steps.txt"]
    train, test = import_traces(files, ["Ku1.region100", "Dind.region100"], ["mz"], dt=dt)
    first, last = (round(number * SAMPLE / dt) for number in TRAINING)
    return train.samples(first, last), test


def judged(variant: Variant) -> dict[str, str | float]:
    """NRMSE of the free run over the test table, with what was chosen and how long it took."""
    training, test = tables(variant.dt)
    plan.WINDOWS = variant.windows
    begin = time.process_time()
    try:
        surrogate = fit(TraceSet((training,)), variant.settings)
        chosen = str(surrogate.record["chosen_stage"])
        error = nrmse(replace(surrogate, theta=rounded(surrogate, variant)), test)
    except ValueError as refused:
        chosen, error = str(refused), float("inf")
    spent = time.process_time() - begin
    return {"group": variant.group, "name": variant.name, "nrmse": error, "seconds": spent, "chosen": chosen}


def rounded(surrogate: Surrogate, variant: Variant) -> np.ndarray:
    """The coefficients, in single precision where the variant asks for it."""
    kind = np.float32 if variant.single else np.float64
    return surrogate.theta.astype(kind).astype(np.float64)


def nrmse(surrogate: Surrogate, test: Trace) -> float:
    """Root mean square error over the standard deviation of the truth, after the warm-up."""
    truth = test.output.values[surrogate.warm_up :, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the test table reaches the edge of the trained range
        error = surrogate.free_run(test)[surrogate.warm_up :, 0] - truth
    value = float(np.sqrt(np.mean(error**2) / np.var(truth)))
    return value if np.isfinite(value) else float("inf")


def draw(records: list[dict[str, str | float]], figure: Path) -> None:
    """Error of each variant on a logarithmic axis, with the default and the published one as lines."""
    from matplotlib import pyplot

    labels = [f"{row['group']}: {row['name']}" if row["group"] != row["name"] else str(row["name"]) for row in records]
    errors = np.minimum([float(row["nrmse"]) for row in records], 1.0)
    image, axes = pyplot.subplots(figsize=(7, 0.26 * len(records) + 1))
    axes.axvline(PUBLISHED, color="0.5", linestyle="--", label="published weights, 0.0441")
    axes.axvline(errors[0], color="0.5", linestyle=":", label=f"defaults, {errors[0]:.4f}")
    diverged = errors >= 1
    rows = np.arange(len(records))
    axes.plot(errors[~diverged], rows[~diverged], "ko")
    axes.plot(errors[diverged], rows[diverged], "kx", label="1 or more, or diverged")
    axes.set(xscale="log", xlabel="NRMSE of the free run over the test table", yticks=rows, yticklabels=labels)
    axes.invert_yaxis()
    axes.grid(axis="x", which="both", alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    image.tight_layout()
    image.savefig(figure, dpi=150)


def main() -> None:
    """Run what is missing, print the table, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="one JSON object a line; variants in it are kept")
    parser.add_argument("--minutes", type=float, default=3.0, help="time budget of each fit")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--share", default="0/1", help="i/n: run each n-th variant, beginning with i")
    options = parser.parse_args()
    first, every = map(int, options.share.split("/"))
    wanted = variants(options.minutes)
    done = options.results.read_text().splitlines() if options.results.exists() else []
    known = {(row["group"], row["name"]): row for row in map(json.loads, done)}
    for variant in wanted[first::every]:
        if (variant.group, variant.name) not in known:
            row = judged(variant)
            known[variant.group, variant.name] = row
            with options.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{variant.group}: {variant.name}: {row['nrmse']:.4f} after {row['seconds']:.0f} s", flush=True)
    records = [known[each.group, each.name] for each in wanted if (each.group, each.name) in known]
    for row in records:
        print(f"| {row['group']} | {row['name']} | {row['nrmse']:.4f} | {row['seconds']:.0f} | {row['chosen']} |")
    if options.figure is not None:
        draw(records, options.figure)


if __name__ == "__main__":
    main()
