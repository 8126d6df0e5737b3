"""What limits the recognition of unseen speakers? One change at a time, the best chosen inside the training.

    python benchmarks/speech_speakers.py                    all variants with the device, and without one
    python benchmarks/speech_speakers.py --systems none     the controls alone, in seconds

Every variant is scored on the data set's own split and with one speaker left out. Its penalty is chosen in inner parts
of the training (for unseen speakers: among the other speakers), and so is the variant of the last line: in each fold
the one that is best when each of the four training speakers is left out in turn. Variants that use the sound of the
test speaker's other words (transductive) stand apart and are not among those.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from benchmarks.speech import data_folder, digits
from benchmarks.speech_systems import Systems
from spinode.speech.benchmark import Readout, Tested, chosen_inside, try_readouts
from spinode.speech.steps import Deltas, SpeakerNormaliser, WordNormaliser
from spinode.speech.words import Words

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
FRAMES: dict[str, Callable[[Words], Words]] = {
    "no differences": lambda words: words,
    "differences over 5 frames": lambda words: words.with_frames(Deltas(2).fit_transform(words.frames)),
    "differences over 9 frames": lambda words: words.with_frames(Deltas(4).fit_transform(words.frames)),
    "differences over 13 frames": lambda words: words.with_frames(Deltas(6).fit_transform(words.frames)),
    "9 frames, normalised by word": lambda words: words.with_frames(
        Deltas(4).fit_transform(WordNormaliser(variance=False).fit_transform(words.frames))
    ),
    "9 frames, normalised by speaker": lambda words: words.with_frames(
        Deltas(4).fit_transform(SpeakerNormaliser().fit_transform(words.frames, speakers=words.speakers))
    ),
}
TRANSDUCTIVE = ("9 frames, normalised by speaker",)


def shown(name: str, tested: Tested) -> str:
    accuracy = tested.accuracy
    low, high = accuracy.interval
    text = (
        f"{name:56} {100 * accuracy.value:5.1f} % [{100 * low:.1f}, {100 * high:.1f}]  inside {100 * tested.inner:.1f}"
    )
    if tested.speakers is not None:
        said = np.array(tested.speakers)
        means = [f"{n} {100 * tested.right[:, said == n].mean():.0f}" for n in np.unique(said)]
        text += "  " + " ".join(means)
    return text


def keep(path: Path | None, tested: Tested, where: tuple[str, str, str, str]) -> None:
    """Add a row to the file of results."""
    if path is not None:
        found: dict[str, object] = dict(zip(("system", "protocol", "frames", "readout"), where, strict=True))
        found |= {"accuracy": tested.accuracy.value, "interval": tested.accuracy.interval, "inner": tested.inner}
        found |= {"inner scores": tested.inner_scores, "penalties": tested.penalties}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--systems", nargs="+", default=("none", "device"), choices=("none", "static", "device"))
    parser.add_argument("--protocols", nargs="+", default=("loso", "official"), choices=("official", "loso"))
    parser.add_argument("--frames", nargs="+", default=tuple(FRAMES), choices=tuple(FRAMES))
    parser.add_argument("--segments", nargs="+", type=int, default=(1, 2, 3, 5), help="parts of a word")
    parser.add_argument("--seed", type=int, default=0, help="mask")
    parser.add_argument("--results", type=Path, help="file of results, one JSON object a line; added to")
    given = parser.parse_args()
    words = digits(data_folder(given.data), "mfcc")
    for system in given.systems:
        transformer = None if system == "none" else Systems(twin=None).transformers(system, given.seed + 1)[given.seed]
        for protocol in given.protocols:
            begun, candidates = perf_counter(), []
            readouts = {
                f"{count} segments": Readout(kind="segments", segments=count, penalties=PENALTIES)
                for count in given.segments
            }
            print(f"\n{system}, {protocol}", flush=True)
            for name in given.frames:
                for readout, tested in try_readouts(FRAMES[name](words), protocol, [transformer], readouts).items():
                    print(shown(f"{name}, {readout}", tested), flush=True)
                    if name not in TRANSDUCTIVE:
                        candidates.append(tested)
                    keep(given.results, tested, (system, protocol, name, readout))
            print(shown("chosen inside the training", chosen_inside(candidates)), flush=True)
            print(f"{perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
