"""Is a learned device as good at speech as the device, and what does its learned noise do? Recognition against N.

    python benchmarks/speech_noise.py                                     two front ends, four systems
    python benchmarks/speech_noise.py --figure docs/figures/speech_noise.png

As in Fig. 5 of Chen et al., Nat. Commun. 13, 1016 (2022): N of ten utterances train a readout without penalty, the
others test it, over all C(10, N) sets. A surrogate is learned from 5 ms of a noisy device at 100 ns, by likelihood; it
is then run without noise, and with the noise that it learned. The device itself, with its noise, stands in for the
experiment. The digits are the first ten takes of each speaker, and the other takes set the scale.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from benchmarks.speech import data_folder, digits
from benchmarks.speech_systems import NOISE, Systems, learned_device
from spinode.devices.envelope import EnvelopeOscillator
from spinode.speech.utterances import Curve, try_utterances

STYLES = {
    "device with noise": {"color": "black", "marker": "s"},
    "device without noise": {"color": "0.6", "marker": "s", "linestyle": ":"},
    "surrogate with noise": {"color": "#d55e00", "marker": "o", "linestyle": "--"},
    "surrogate without noise": {"color": "#0072b2", "marker": "o", "linestyle": "--"},
}


def systems(noise: float, twin: Path | None, nodes: int) -> dict[str, Any]:
    """Transformers by name; None is the front end alone."""
    learned = learned_device(noise, twin)
    made = Systems(twin=learned, nodes=nodes)
    device = EnvelopeOscillator(noise=noise)
    return {
        "no device": None,
        "device with noise": made.reservoir(device, 0, noise=True),
        "device without noise": made.reservoir(device, 0),
        "surrogate with noise": made.reservoir(learned, 0, noise=True),
        "surrogate without noise": made.reservoir(replace(learned, noise=None), 0),  # one step a sample
    }


def draw(found: dict[str, dict[str, Curve]], noise: float, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(found), figsize=(4.6 * len(found), 3.8), squeeze=False, layout="constrained")
    for axis, (name, curves) in zip(axes[0], found.items(), strict=True):
        for system, curve in curves.items():
            if system in STYLES:
                axis.plot(range(1, 10), 100 * curve.mean, label=system, markersize=4, linewidth=1.3, **STYLES[system])
        axis.set(title=f"{name}, noise of the device {1e3 * noise:g} mV", xlabel="utterances that train, N")
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("words recognised (%)")
    axes[0][0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--front-ends", nargs="+", default=("spectrogram", "cochleagram"))
    parser.add_argument("--noise", type=float, default=NOISE, help="deviation of the device's voltage (V)")
    parser.add_argument("--nodes", type=int, default=400)
    parser.add_argument("--twin", type=Path, help="surrogate file, made if it is not there")
    parser.add_argument("--results", type=Path, help="file of results, one JSON object a line; added to")
    parser.add_argument("--figure", type=Path, help="file for the figure")
    given = parser.parse_args()
    made = systems(given.noise, given.twin, given.nodes)
    found: dict[str, dict[str, Curve]] = {}
    print("words recognised (%) with N =     " + " ".join(f"{n:5d}" for n in range(1, 10)))
    for front in given.front_ends:
        words, found[front] = digits(data_folder(given.data), front), {}
        for name, transformer in made.items():
            begun = perf_counter()
            curve = found[front][name] = try_utterances(words, transformer, name=name)
            print(f"{front:12} {name:23} " + " ".join(f"{100 * v:5.1f}" for v in curve.mean), end="")
            print(f"  {perf_counter() - begun:.0f} s", flush=True)
            if given.results:
                record = {"front end": front, "system": name, "noise": given.noise, "mean": curve.mean.tolist()}
                with given.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record | {"scaled on": curve.scaled_on}) + "\n")
        steady = {n: c.mean for n, c in found[front].items()}
        ours, theirs = steady["surrogate with noise"], steady["device with noise"]
        print(f"{front:12} largest difference of surrogate and device, both with noise: ", end="")
        print(f"{100 * np.abs(ours - theirs).max():.1f} points")
    if given.figure:
        draw(found, given.noise, given.figure)


if __name__ == "__main__":
    main()
