"""``spinode speech``: spoken words recognised with one device, beside the same words without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES
from spinode.cli.options import Constants, Driven, Force, Json, Preset, Quiet, Settings, Swing
from spinode.cli.output import Stopwatch, check_outputs, print_json, print_table, progress
from spinode.cli.speech_options import DeviceOptions, read_corpus

if TYPE_CHECKING:
    from spinode.cli.output import Advance
    from spinode.engine import Engine
    from spinode.reservoir import Reservoir
    from spinode.speech.corpus import Corpus
    from spinode.speech.report import Scored
    from spinode.speech.scores import Gain
    from spinode.speech.tasks import Outcome
    from spinode.speech.words import Words

FRONT_ENDS = ("spectrogram", "magnitude", "log-mel", "mfcc", "cochleagram")
CORPORA = ("any", "fsdd", "ti46", "speech-commands")
SPLITS = ("official", "loso", "utterances")
READOUTS = ("frames", "flattened", "segments")
SMOKE_TEST = "smoke test on synthetic words: it says nothing about speech; give --data a folder of recordings"


CorpusOption = Annotated[
    str,
    typer.Option(help="Kind of folder: fsdd, ti46, speech-commands, or any.", autocompletion=among(CORPORA)),
]
DeviceOption = Annotated[
    str,
    typer.Option(help=f"none, a surrogate file, or {', '.join(DEVICES)}.", autocompletion=among(("none", *DEVICES))),
]
FrontendOption = Annotated[
    str, typer.Option(help=f"Front end: {', '.join(FRONT_ENDS)}.", autocompletion=among(FRONT_ENDS))
]
SplitOption = Annotated[
    str,
    typer.Option(
        help="official, loso (each speaker left out once), utterances (N of 10).", autocompletion=among(SPLITS)
    ),
]
ReadoutOption = Annotated[
    str, typer.Option(help="frames (the literature's), flattened, segments.", autocompletion=among(READOUTS))
]
NoiseOption = Annotated[
    bool, typer.Option("--noise", help="With the noise of the device, or what a surrogate learned.")
]


def speech_command(
    data: Annotated[Path | None, typer.Option("--data", help="Folder of recordings; without it a smoke test.")] = None,
    corpus: CorpusOption = "any",
    device: DeviceOption = "envelope",
    frontend: FrontendOption = "mfcc",
    split: SplitOption = "",
    readout: ReadoutOption = "frames",
    segments: Annotated[int, typer.Option(help="Parts of a word for --readout segments.")] = 3,
    deltas: Annotated[int, typer.Option(help="Add first and second differences over so many frames each way.")] = 0,
    nodes: Annotated[int, typer.Option(help="Virtual nodes.")] = 400,
    seeds: Annotated[int, typer.Option(help="Masks; utterances takes one.", min=1)] = 3,
    input_: Driven = "",
    range_: Swing = "",
    at: Constants = None,
    node_time: Annotated[str, typer.Option(help="Time of a node, such as 100ns.")] = "",
    set_: Settings = None,
    preset: Preset = "",
    noise: NoiseOption = False,
    skip_damaged: Annotated[bool, typer.Option(help="Leave damaged and silent clips out.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Worker processes; 0 for none, with threads.", min=0)] = 0,
    cluster: Annotated[str, typer.Option(help="Dask scheduler: tcp://HOST:PORT, or its scheduler file.")] = "",
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure: accuracies, gains, confusions, states.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Recognise spoken words with one device, beside the same front end without it and a device without memory."""
    options = DeviceOptions(
        name=device, nodes=nodes, settings=set_ or [], preset=preset, channel=input_, range_text=range_,
        node_time=node_time, at=at or [], noise=noise,
    )  # fmt: skip
    told = _Told(
        data=data, corpus=corpus, frontend=frontend, split=split or ("official" if data else "loso"), readout=readout,
        segments=segments, deltas=deltas, seeds=seeds, skip_damaged=skip_damaged, engine=_engine(jobs, cluster),
        quiet=quiet,
    )  # fmt: skip
    check_outputs(plot, (), force)
    _run(told, options, plot, json_output)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """The options about words, readout and progress."""

    data: Path | None
    corpus: str
    frontend: str
    split: str
    readout: str
    segments: int
    deltas: int
    seeds: int
    skip_damaged: bool
    engine: Engine | None
    quiet: bool


def _after_front_end(advance: Advance, part: float, note: str) -> None:
    advance(0.1 + 0.9 * part, note)


def _engine(jobs: int, cluster: str) -> Engine | None:
    from spinode.engine import Engine

    return Engine(jobs=max(1, jobs), cluster=cluster) if jobs or cluster else None


def _run(told: _Told, options: DeviceOptions, plot: Path | None, json_output: bool) -> None:
    from spinode.speech.benchmark import Readout
    from spinode.speech.report import score

    clock = Stopwatch("speech", told.quiet)
    reading = Readout(kind=told.readout, segments=told.segments)
    reservoirs = options.reservoirs(told.seeds)
    begun = time.perf_counter()
    found = read_corpus(told.data, told.corpus, told.skip_damaged)
    with progress("speech", told.quiet) as advance:
        words = _words(found, told.frontend, told.deltas, lambda part: advance(0.1 * part, told.frontend))
        later = partial(_after_front_end, advance)
        scored = score(words, told.split, reservoirs, reading, later, told.engine)
    shown = {name: getattr(told, name) for name in ("split", "frontend", "readout", "segments", "deltas")}
    record = _record(scored, found, {**shown, "device": options.name, "noise": options.noise})
    record["nodes"] = options.nodes if reservoirs else 0
    record["seeds"] = 1 if told.split == "utterances" else len(reservoirs)
    record |= {"smoke_test": told.data is None, "seconds": time.perf_counter() - begun}
    if plot is not None:
        title = f"{found.name}, {told.frontend}, {told.split}, {told.readout}"
        _draw(plot, scored, reservoirs, title, options.name)
    if json_output:
        print_json(record)
    else:
        _show(record, scored, found)
    clock.done(f"{record['items']} test words, {100 * scored.system.accuracy.value:.1f} % recognised")


def _words(corpus: Corpus, frontend: str, deltas: int, advance: Callable[[float], None]) -> Words:
    from spinode.speech.features import features
    from spinode.speech.frontends import front_end
    from spinode.speech.steps import Deltas
    from spinode.speech.words import words_of

    words = words_of(corpus, features(corpus, front_end(frontend, corpus.rate), advance=advance))
    if deltas < 0:
        raise ValueError(f"--deltas must be 0 or more frames, got {deltas}")
    return words.with_frames(Deltas(deltas).fit_transform(words.frames)) if deltas else words


def _record(scored: Scored, corpus: Corpus, told: dict[str, object]) -> dict[str, object]:
    """Contract: ``accuracy``, ``interval``, ``items``, ``controls``, ``gain``; parts of 1."""
    from spinode.speech.utterances import Curve

    accuracy, gain = scored.system.accuracy, scored.gain()
    shown = ("frame_wise", "flattened", "static")
    controls = {name: scored.controls[name].accuracy for name in shown if name in scored.controls}
    gains = {name: scored.gain(name) for name in scored.controls}
    record: dict[str, object] = {
        **told,
        "accuracy": accuracy.value,
        "interval": accuracy.interval,
        "covers": accuracy.covers,
        "items": accuracy.items,
        "controls": {name: controls[name].value if name in controls else None for name in shown},
        "control_intervals": {name: each.interval for name, each in controls.items()},
        "gain": gain.value,
        "gain_interval": gain.interval,
        "gains": {
            name: {"value": each.value, "interval": each.interval, "mcnemar": each.probability}
            for name, each in gains.items()
        },
        "confusion": scored.confusion,
        "words": scored.words.names,
        "clipped": scored.system.clipped,
        "corpus": corpus.name,
        "notes": corpus.notes,
    }
    if isinstance(scored.system, Curve):
        curves = {"device": scored.system, **scored.controls}
        record["curves"] = {name: each.mean for name, each in curves.items() if isinstance(each, Curve)}
        record["scaled_on"] = scored.system.scaled_on
    return record


def _show(record: dict[str, object], scored: Scored, corpus: Corpus) -> None:
    from spinode.speech.report import CONTROLS

    if record["smoke_test"]:
        print(SMOKE_TEST)
    for note in corpus.notes:
        print(f"note: {note}")
    if scored.system.clipped:
        print(f"note: {scored.system.clipped:.2%} of the levels were cut off at the ends of the swing")
    rows = [(CONTROLS[name], *_cells(each), *_less(scored.gain(name))) for name, each in scored.controls.items()]
    if record["device"] != "none":
        rows.append((str(record["device"]), *_cells(scored.system), "-", None))
    title = f"{record['corpus']}, {record['frontend']}, {record['split']}: {record['items']} test words"
    columns = ("", "recognised (%)", "95 % interval", "device less this (points)", "McNemar p")
    print_table(columns, rows, title=title)
    print(f"interval: {record['covers']}")


def _cells(outcome: Outcome) -> tuple[str, str]:
    low, high = outcome.accuracy.interval
    return f"{100 * outcome.accuracy.value:.1f}", f"[{100 * low:.1f}, {100 * high:.1f}]"


def _less(gain: Gain) -> tuple[str, float | None]:
    low, high = gain.interval
    return f"{100 * gain.value:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]", gain.probability


def _draw(plot: Path, scored: Scored, reservoirs: list[Reservoir], title: str, device: str) -> None:
    from spinode.plots import save_figure
    from spinode.speech.steps import ScaleFrames
    from spinode.speech_plots import speech_figure

    frames = ScaleFrames().fit_transform(scored.words.frames)
    states = reservoirs[0].fit(frames).transform(frames[:1])[0] if reservoirs else frames[0]
    name = "no device, same readout" if device == "none" else device
    save_figure(plot, speech_figure(scored, name, states, title))
