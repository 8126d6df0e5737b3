"""Accuracy and gain by front end, from the rows that `benchmarks/speech.py --results FILE` wrote.

python benchmarks/speech_figure.py rows.jsonl -o docs/figures/speech.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {
    "no device": "0.75",
    "flattened": "0.5",
    "static": "#e69f00",
    "device": "#0072b2",
    "surrogate": "#56b4e9",
    "surrogate with noise": "#009e73",
    "ESN": "#cc79a7",
}
HATCHES = {"static": "///", "surrogate": "...", "surrogate with noise": "xxx", "ESN": "\\\\\\"}
"""What tells the systems apart in black and white."""
Rows = dict[tuple[str, str], dict[str, Any]]


def bars(axis: Axes, rows: Rows, fronts: list[str], key: str) -> None:
    """One group a front end: the value of a key, with its interval."""
    systems = [name for name in COLOURS if any((front, name) in rows for front in fronts)]
    width = 0.8 / len(systems)
    for place, system in enumerate(systems):
        for group, front in enumerate(fronts):
            row = rows.get((front, system))
            if row is None or (key != "accuracy" and key not in row):
                continue
            value, (low, high) = (
                (row["accuracy"], row["interval"]) if key == "accuracy" else (row[key]["value"], row[key]["interval"])
            )
            error = [[100 * (value - low)], [100 * (high - value)]]
            axis.bar(
                group + (place - (len(systems) - 1) / 2) * width,
                100 * value,
                width,
                yerr=error,
                color=COLOURS[system],
                hatch=HATCHES.get(system),
                edgecolor="white",
                ecolor="0.2",
                capsize=2,
                label=system if group == 0 else None,
            )
    axis.set_xticks(range(len(fronts)), fronts, fontsize=8)
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+", help="files of rows")
    parser.add_argument("--protocol", default="official")
    parser.add_argument("-o", dest="figure", type=Path, required=True)
    given = parser.parse_args()
    rows: Rows = {}
    for path in given.results:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["protocol"] == given.protocol and row["readout"] == "frames":
                rows[row["front end"], row["system"]] = row
            elif row["protocol"] == given.protocol and row["readout"] == "flattened":
                rows[row["front end"], "flattened"] = row
    fronts = list(dict.fromkeys(front for front, _ in rows))
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    bars(left, rows, fronts, "accuracy")
    left.axhline(10, color="0.3", linewidth=0.8, linestyle="--")
    left.set(ylabel="words recognised (%)", ylim=(0, 100), title="frame by frame; flattened")
    bars(right, rows, fronts, "gain over no device")
    right.axhline(0, color="black", linewidth=0.8)
    right.set(ylabel="gain over no device (points)", title="frame by frame, paired 95 % interval")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=7, frameon=False, fontsize=8)
    figure.savefig(given.figure, dpi=120)


if __name__ == "__main__":
    main()
