"""What does an oscillator add to an acoustic front end? Digits, side by side with every control, with intervals.

    python benchmarks/speech.py                   the whole table: five front ends, both protocols; 17 min on two cores
    python benchmarks/speech.py --front-ends mfcc --protocols official    one front end, under a minute on a quiet core
    python benchmarks/speech.py --results rows.jsonl --twin twin.h5       adds each row to a file, keeps the surrogate

For each front end and protocol: the frames without a device read frame by frame, flattened to 20 frames, and pooled
over three segments; then a static nonlinearity of the same size, the device, its surrogate without and with the noise
that was learned, and an echo state network of the same size (reservoirpy), all with 400 nodes, read frame by frame and
pooled. Scale of the frames, read-in and penalty come from training words alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from benchmarks.speech_systems import NODES, NOISE, Systems, learned_device
from spinode.engine import Engine, run_tasks
from spinode.speech.benchmark import Readout, Tested, try_readouts
from spinode.speech.features import features
from spinode.speech.frontends import FRONT_ENDS, front_end
from spinode.speech.fsdd import load_fsdd
from spinode.speech.words import Words, words_of

PROTOCOLS = ("official", "loso")
READOUTS = {"frames": Readout(), "segments": Readout(kind="segments")}
CONTROLS = READOUTS | {"flattened": Readout(kind="flattened")}
SYSTEMS = ("static", "device", "surrogate", "surrogate with noise", "ESN")
SEEDS = {"official": 3, "loso": 1}
"""Masks: where a speaker is left out the five speakers scatter far more than masks do."""


def data_folder(given: Path | None) -> Path:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = given or Path(os.environ.get("SPINODE_DATA", beside)) / "fsdd"
    if not folder.is_dir():
        raise SystemExit(f"no digits at {folder}; give --data, a folder of the Free Spoken Digit Dataset")
    return folder


def digits(folder: Path, name: str) -> Words:
    """Words of the data set with the features of one front end."""
    corpus = load_fsdd(folder)
    return words_of(corpus, features(corpus, front_end(name, corpus.rate)))


def row(
    tested: Tested, where: tuple[str, str, str, str], against: dict[str, Tested], seconds: float
) -> dict[str, object]:
    """One line of the results; ``against`` are the controls for the gain."""
    accuracy = tested.accuracy
    names = ("front end", "protocol", "system", "readout")
    found: dict[str, object] = dict(zip(names, where, strict=True))
    found |= {"accuracy": accuracy.value, "interval": accuracy.interval, "items": accuracy.items}
    found |= {"covers": accuracy.covers, "inner": tested.inner, "clipped": tested.clipped, "seconds": seconds}
    found["seeds"] = tested.right.mean(axis=1).tolist()
    found["penalties"] = tested.penalties
    if tested.speakers is not None:
        said = np.array(tested.speakers)
        found["speakers"] = {str(n): float(tested.right[:, said == n].mean()) for n in np.unique(said)}
    for name, control in against.items():
        gain = tested.gain(control)
        found[f"gain over {name}"] = {"value": gain.value, "interval": gain.interval, "probability": gain.probability}
    return found


def rows(
    words: Words, where: tuple[str, str], systems: Systems, names: Sequence[str], seeds: int
) -> Iterator[dict[str, object]]:
    """Results of one front end and protocol: the controls, then each system."""
    front, protocol = where
    begun = perf_counter()
    controls = try_readouts(words, protocol, [None], CONTROLS)
    seconds = perf_counter() - begun
    for readout, tested in controls.items():
        yield row(tested, (front, protocol, "no device", readout), {}, seconds)
    for name in names:
        begun = perf_counter()
        found = try_readouts(words, protocol, systems.transformers(name, seeds), READOUTS)
        seconds = perf_counter() - begun
        for readout, tested in found.items():
            against = {"no device": controls[readout], "flattened": controls["flattened"]}
            yield row(tested, (front, protocol, name, readout), against, seconds)


def part(
    folder: Path, systems: Systems, names: Sequence[str], seeds: int | None, where: tuple[str, str]
) -> list[dict[str, object]]:
    """All rows of one front end and protocol: what a process works on."""
    return list(rows(digits(folder, where[0]), where, systems, names, seeds or SEEDS[where[1]]))


def shown(found: dict[str, object]) -> str:
    low, high = found["interval"]  # type: ignore[misc]
    text = f"{found['front end']:12} {found['protocol']:9} {found['system']:21} {found['readout']:10}"
    text += f"{100 * found['accuracy']:6.1f} % [{100 * low:.1f}, {100 * high:.1f}]"  # type: ignore[operator]
    gain = found.get("gain over no device")
    if gain is not None:
        value, (least, most) = gain["value"], gain["interval"]  # type: ignore[index]
        text += f"  gain {100 * value:+.1f} [{100 * least:+.1f}, {100 * most:+.1f}]  p {gain['probability']:.1g}"  # type: ignore[index]
    return f"{text}  {found['seconds']:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--front-ends", nargs="+", default=FRONT_ENDS, choices=FRONT_ENDS)
    parser.add_argument("--protocols", nargs="+", default=PROTOCOLS, choices=PROTOCOLS)
    parser.add_argument("--systems", nargs="+", default=SYSTEMS, choices=SYSTEMS)
    parser.add_argument("--seeds", type=int, help="masks; 3 for the own split, 1 where a speaker is left out")
    parser.add_argument("--results", type=Path, help="file of results, one JSON object a line; added to")
    parser.add_argument("--jobs", type=int, default=2, help="processes; no figure depends on it")
    parser.add_argument("--cluster", default="", help="Dask scheduler, tcp://HOST:PORT or its file, instead")
    parser.add_argument("--twin", type=Path, help="surrogate file, made if it is not there")
    given = parser.parse_args()
    folder = data_folder(given.data)
    learned = any(name.startswith("surrogate") for name in given.systems)
    systems = Systems(twin=learned_device(NOISE, given.twin) if learned else None, nodes=NODES)
    begun = perf_counter()
    # one speaker left out first: these parts take longest
    tasks = [(name, protocol) for protocol in sorted(given.protocols) for name in given.front_ends]
    work = partial(part, folder, systems, given.systems, given.seeds)
    for finished in run_tasks(work, tasks, Engine(jobs=given.jobs, cluster=given.cluster)):
        found = finished.taken()
        for line in found:
            print(shown(line), flush=True)
        if given.results:
            with given.results.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in found)
    where_run = given.cluster or f"{given.jobs} processes"
    print(f"{len(tasks)} parts by {where_run} in {(perf_counter() - begun) / 60:.1f} min")


if __name__ == "__main__":
    main()
