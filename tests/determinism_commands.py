"""Fast commands of each group with figures and JSON, run in the present folder: ``-m tests.determinism_commands``.

Nothing that differs between two runs is left in: times are taken out of the JSON.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from spinode.cli import main
from spinode.speech.synthetic import synthetic_corpus
from spinode.storage import write_traces
from spinode.traces import TraceSet
from tests.known_devices import duffing, random_levels

TIMES = {"seconds", "training_seconds", "prediction_seconds"}
DEVICE = "--device envelope --range 5mA:9mA --nodes 6"
COMMANDS = {
    "simulate": "simulate vortex -o traces.h5 --drive current=random(3mA,5mA,5ns) --temperature 300K --duration 200ns",
    "info": "info traces.h5",
    "datasheet": "info vortex --set current=5mA",
    "fit": "fit learn.h5 -o twin.h5 --hidden 0 --delay 160ps",
    "predict": "predict twin.h5 learn.h5 --train learn.h5 --plot predict.svg",
    "reservoir": f"reservoir mackey-glass {DEVICE} --points 900 --training 400 --horizons 9 --plot errors.pdf",
    "narma": f"reservoir narma10 {DEVICE} --points 1200 --training 500 --noise --plot narma.svg",
    "speech": "speech --data words --split loso --nodes 5 --seeds 1 --noise --plot speech.svg",
    "design": "design --set draws=20 --csv array.csv --plot design.png -o spec.toml",
}
SLOW = {"bind": "bind --device auto-oscillator --tests 1 --window 300ns --plot bind.png"}
"""Half a minute; in the tests that are asked for."""


def run_all(commands: Mapping[str, str]) -> None:
    """Run commands; what they print as JSON goes to files beside the files that they write."""
    make_words(Path("words"))
    write_traces("learn.h5", TraceSet((duffing(random_levels(600, 1)),)))
    for name, line in commands.items():
        shown = io.StringIO()
        with redirect_stdout(shown):
            code = main([*line.split(" "), "--json"])
        assert code == 0, name
        Path(f"{name}.json").write_text(json.dumps(timeless(json.loads(shown.getvalue())), indent=1), encoding="utf-8")


def timeless(value: object) -> object:
    """The same JSON without the entries that are times of the machine."""
    if isinstance(value, dict):
        return {key: timeless(entry) for key, entry in value.items() if key not in TIMES}
    return [timeless(entry) for entry in value] if isinstance(value, list) else value


def make_words(folder: Path) -> None:
    """Two digits by three artificial voices, four takes each, under names of the Free Spoken Digit Dataset."""
    import soundfile

    folder.mkdir()
    corpus = synthetic_corpus(np.random.default_rng(0), voices=3, takes=4)
    number = {word: place for place, word in enumerate(corpus.words)}
    voice = {name: "abc"[place] for place, name in enumerate(corpus.speakers)}
    for index, clip in enumerate(corpus.clips):
        if number[clip.word] < 2:
            name = f"{number[clip.word]}_{voice[clip.speaker]}_{clip.take}.wav"
            soundfile.write(folder / name, corpus.samples(index), corpus.rate)


if __name__ == "__main__":
    run_all(SLOW if sys.argv[1:] == ["slow"] else COMMANDS)
