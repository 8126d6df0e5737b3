"""Every reader of spinode with what may be given to it and how its result is checked. For ``hostile_files.py``."""

from __future__ import annotations

import json
import math
import socket
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Thread

import numpy as np

from benchmarks import hostile_samples
from benchmarks.hostile_changes import BYTES, TEXT, Input, changed, random_text
from benchmarks.hostile_hdf5 import edited, edited_and_flipped
from spinode.cli.design import read_spec
from spinode.cli.fit import parse_layers
from spinode.cli.import_ import parse_parameters
from spinode.cli.output import sample_range
from spinode.design.text import make_spec, parse_settings, read_toml, spec_to_toml
from spinode.design_page.calculator import Calculator, ImpossibleError
from spinode.design_page.server import PageServer, RefusedError, asked, make_server
from spinode.devices.vortex import VortexOscillator
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.importers import Table, import_traces, read_table
from spinode.json_text import json_text
from spinode.speech.audio import read_clip
from spinode.speech.download import _unpack
from spinode.speech.loading import load_corpus
from spinode.storage import peek, read_traces, write_traces
from spinode.surrogate import load_surrogate, save_surrogate
from spinode.surrogate.checkpoint import read_checkpoint
from spinode.trace_file import open_traces
from spinode.traces import TraceSet
from spinode.units import format_quantity, is_unit, parse_quantity, split_label, split_quantity

Make = Callable[[np.random.Generator], Input]
Attempt = Callable[[Path, Input], object]


class WrongError(Exception):
    """A reader accepted what it should not, or gave something else than what the file holds."""


@dataclass(frozen=True)
class Reader:
    """Something that reads what others wrote; ``share`` is its part of all inputs."""

    name: str
    share: float
    make: Make
    attempt: Attempt
    suffix: str = ".dat"


def demand(holds: object, text: str) -> None:
    """Raise WrongError unless it holds."""
    if not holds:
        raise WrongError(text)


def attempt(reader: Reader, path: Path, given: Input) -> object:
    """Write the input to a file and read it; warnings of other packages are wrong, since a user would see them."""
    path.write_bytes(given.content)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = reader.attempt(path, given)
    for warning in heard:
        demand(issubclass(warning.category, UserWarning), f"{warning.category.__name__}: {warning.message}")
        demand("\n" not in str(warning.message), f"a warning of several lines: {warning.message}")
    return found


@cache
def _sound_table(kind: str, number: int) -> Table:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path = Path(folder) / "a.dat"
        path.write_bytes(hostile_samples.samples(kind)[number])
        return read_table(path)


def _table(kind: str, path: Path, given: Input) -> object:
    table = read_table(path)
    demand(np.isfinite(table.time).all() and (np.diff(table.time) > 0).all(), "times that do not increase")
    demand(all(c.values.shape == table.time.shape for c in table.columns), "columns of another length")
    if given.expected in ("same", "part"):
        sound = _sound_table(kind, given.sound)
        count = len(table.time)
        demand(count <= len(sound.time) and (given.expected == "part" or count == len(sound.time)), "other rows")
        demand(np.array_equal(table.time, sound.time[:count]), "other times")
        for column in table.columns if given.expected == "same" or table.names == sound.names else ():
            demand(np.array_equal(column.values, sound.column(column.name).values[:count]), "other values")
    if len(table.columns) > 1 and len(set(table.names)) == len(table.names):
        traces = import_traces([path], [table.names[1]], [table.names[0]])
        demand(all(np.isfinite(t.output.values).all() and len(t) > 1 for t in traces), "an unusable trace")
    return table


def _same_traces(first: TraceSet, second: TraceSet) -> bool:
    return all(
        (a.name, a.dt, a.drive.channels, a.output.channels, dict(a.parameters))
        == (b.name, b.dt, b.drive.channels, b.output.channels, dict(b.parameters))
        and np.array_equal(a.drive.values, b.drive.values)
        and np.array_equal(a.output.values, b.output.values)
        for a, b in zip(first, second, strict=True)
    )


def _traces(path: Path, given: Input) -> object:
    found = read_traces(path)
    for trace in found:
        demand(all(math.isfinite(p.value) for p in trace.parameters.values()), "a parameter that is not finite")
        demand(isinstance(trace.name, str) and len(trace) > 0, "a trace without samples")
    if given.expected != "any":
        sound = TraceSet((hostile_samples.trace(), hostile_samples.trace("second")))
        demand(_same_traces(found, sound), "other traces than those stored")
    again = path.with_name("again.h5")
    write_traces(again, found, force=True)
    demand(_same_traces(read_traces(again), found), "traces that do not come back")
    return found


def _pieces(path: Path, given: Input) -> object:
    with open_traces(path) as file:
        return [file.read(info.name, 0, min(5, info.samples)) for info in file.infos]


def _peek(path: Path, given: Input) -> object:
    from spinode.cli.info import _as_json

    return json.loads(json_text(_as_json(path, peek(path))))


def _surrogate(path: Path, given: Input) -> object:
    twin = load_surrogate(path)
    demand(np.isfinite(twin.theta).all() and twin.dt > 0, "an unusable surrogate")
    if given.expected != "any":
        sound = hostile_samples.surrogate()
        demand(np.array_equal(twin.packed(), sound.packed()), "another surrogate than the one stored")
    demand(np.isfinite(twin.packed()).all(), "coefficients that are not finite")
    again = path.with_name("again.h5")
    save_surrogate(again, twin, force=True)
    demand(np.array_equal(load_surrogate(again).packed(), twin.packed()), "a surrogate that does not come back")
    return twin


def _checkpoint(path: Path, given: Input) -> object:
    return read_checkpoint(path, hostile_samples.KEY)


def _audio(path: Path, given: Input) -> object:
    clip = read_clip(path, 8000)
    demand(clip.samples.ndim == 1 and np.isfinite(clip.samples).all(), "samples that are not finite")
    demand(np.abs(clip.samples).max() <= 1.0, "samples beyond full scale")
    if given.expected == "part":
        sound = hostile_samples.samples("audio")[given.sound]
        demand(len(given.content) >= len(sound) - 1 or len(clip.samples) >= 400, "a cut file that was taken")
    return clip


def _spec(path: Path, given: Input) -> object:
    spec = read_spec(path, [])
    back = make_spec(read_toml(spec_to_toml(spec), "again"))
    demand(back == spec, "a specification that does not come back")
    return spec


def _settings(path: Path, given: Input) -> object:
    text = given.content.decode("utf-8", "replace")
    return make_spec(parse_settings([text]))


def _units(path: Path, given: Input) -> object:
    text = given.content.decode("utf-8", "replace")
    name, unit = split_label(text)
    demand(name + unit != "" or not "".join(text.split()).strip("()[]{}"), "a label that vanished")
    is_unit(text)
    value, unit = split_quantity(text)
    demand(math.isfinite(value), "a quantity that is not finite")
    back = parse_quantity(format_quantity(value, unit), unit)
    demand(math.isclose(back, value, rel_tol=1e-3), f"{value} {unit} that reads back as {back}")
    return value


def _drive(path: Path, given: Input) -> object:
    text = given.content.decode("utf-8", "replace")
    sampling = Sampling(duration=1e-7, dt=1e-9)
    signal = parse_drive(text, VortexOscillator().inputs, sampling, np.random.default_rng(1))
    demand(signal.values.shape == (101, len(VortexOscillator().inputs)), "a drive of another shape")
    return signal


def _options(path: Path, given: Input) -> object:
    text = given.content.decode("utf-8", "replace")
    for read in (parse_layers, lambda t: sample_range(t, 100), lambda t: parse_parameters([t])):
        try:
            read(text)
        except ValueError:
            continue
    return parse_layers(text)


@cache
def _calculator() -> Calculator:
    return Calculator(1)


def _page(path: Path, given: Input) -> object:
    try:
        values, width, _ = asked(given.content)
        return _calculator().answer(values, width, False)
    except (RefusedError, ImpossibleError) as refused:  # what the server turns into a status and one line
        raise ValueError(str(refused)) from None


@cache
def _server() -> PageServer:
    server = make_server(make_spec({"number": 5, "spacing": 2e6, "draws": 20}), 1, 0)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def _connection(path: Path, given: Input) -> object:
    """Bytes on a line to the page: an answer in HTTP, or none."""
    content = given.content.replace(b"PORT", str(_server().server_port).encode())
    found = b""
    with socket.create_connection(("127.0.0.1", _server().server_port), timeout=60) as line:
        with suppress(OSError):  # a server that hangs up before it has read everything
            line.sendall(content)
            line.shutdown(socket.SHUT_WR)
            while part := line.recv(65_536):
                found += part
    head = found.split(b"\r\n\r\n")[0]
    demand(b" 500 " not in head[:20] and b"Traceback" not in found, f"answered with {found[:300]!r}")
    return head[:20]


def _archive(path: Path, given: Input) -> object:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        _unpack(path, Path(folder), "the archive")
        return sorted(entry.name for entry in Path(folder).iterdir())


def _corpus(path: Path, given: Input) -> object:
    """A folder of clips under odd names, one of them with the input as its content, and a list of them."""
    rng = np.random.default_rng(len(given.content))
    clip = hostile_samples.samples("audio")[0]
    names = ("1_anna_0.wav", "9_ünï_7.wav", "1/a_nohash_0.wav", "zero/b_nohash_1.wav", "03f1set7.wav", "x/s1_u8_d3.sph",
             "testing_list.txt", "recordings/1_bob_1.wav", "1_a_99999999.wav", "1_anna_1.wav")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        chosen = [names[i] for i in rng.choice(len(names), 3, replace=False)]
        for number, entry in enumerate(chosen):
            (folder / entry).parent.mkdir(exist_ok=True)
            (folder / entry).write_bytes(given.content if number == 0 else clip)
        corpus = load_corpus(folder)
        return [corpus.samples(index) for index in range(len(corpus))]


def _texts(roots: tuple[str, ...], rng: np.random.Generator) -> Input:
    return Input(random_text(rng, *roots).encode("utf-8", "surrogatepass"), "text")


def _request(rng: np.random.Generator) -> Input:
    """JSON of a form with odd values, or bytes that are none."""
    if rng.integers(4) == 0:
        return changed(rng, (b'{"values": {"number": "5", "spacing": "2"}, "width": 800, "whole": false}',), TEXT)
    names = ("number", "spacing", "rf_field", "bias", "damping", "smallest_radius", "draws", "temperature", "polarity")
    texts = ("5", "2", "1", "series", "0.01", "75", "1e3", "2MHz", "-1", "0")
    values = {names[int(rng.integers(len(names)))]: random_text(rng, *texts) for _ in range(2)}
    return Input(json.dumps({"values": {"number": "5", **values}, "whole": False}).encode(), "a form")


def _damaged(kind: str, rng: np.random.Generator) -> Input:
    """A file with its digest on which any changed byte must be found, or an edit without the digest."""
    sounds = hostile_samples.samples(kind)
    way = int(rng.integers(4))
    if way == 0:
        return edited_and_flipped(rng, sounds)
    if way == 1:
        found = changed(rng, sounds, BYTES)
        return found if found.sound < 0 else Input(found.content, found.change, "same or refused", found.sound)
    return edited(rng, sounds)


def _matlab(rng: np.random.Generator) -> Input:
    sounds = hostile_samples.samples("matlab")
    if rng.integers(3) == 0:
        return edited(rng, sounds[2:])
    found = changed(rng, sounds, BYTES)
    return Input(found.content, found.change, "any", found.sound)


def _plain(kind: str, rng: np.random.Generator) -> Input:
    return changed(rng, hostile_samples.samples(kind), BYTES)


def _text(kind: str, rng: np.random.Generator) -> Input:
    return changed(rng, hostile_samples.samples(kind), TEXT)


QUANTITIES = ("7.5mA", "0.8MJ/m3", "5ps", "1e-9", "Ku1.region100 (J/m3)", "300 K", "-3kg m^2/s**2", "V [mV]", "1°")
DRIVES = ("current=sine(5mA,1mA,200MHz)", "current=step(0,1mA,50ns); field=1mT", "current=pulses(0,1mA,5ns,20ns)",
          "current=chirp(0,1mA,1MHz,100MHz)", "current=random(0,1mA,10ns)", "current=noise(0,1mA,100MHz)",
          "current=steps(0,10ns,1mA,20ns,2mA)", "current=6mA")  # fmt: skip
SETTINGS = ("spacing=1MHz", "number=5", "bias=series", "damping=0.01")
READERS: tuple[Reader, ...] = (
    Reader("tables", 34, partial(_text, "table"), partial(_table, "table"), ".txt"),
    Reader("MATLAB files", 5, _matlab, partial(_table, "matlab"), ".mat"),
    Reader("traces", 3, partial(_damaged, "traces"), _traces, ".h5"),
    Reader("traces by pieces", 1.5, partial(_damaged, "traces"), _pieces, ".h5"),
    Reader("info of a file", 2, partial(_damaged, "traces"), _peek, ".h5"),
    Reader("surrogates", 2, partial(_damaged, "surrogate"), _surrogate, ".h5"),
    Reader("checkpoints", 1.5, partial(_damaged, "checkpoint"), _checkpoint, ".h5"),
    Reader("audio files", 18, partial(_plain, "audio"), _audio, ".wav"),
    Reader("corpora", 3, partial(_plain, "audio"), _corpus, ".wav"),
    Reader("archives", 5, partial(_plain, "archive"), _archive, ".zip"),
    Reader("specifications", 8, partial(_text, "specification"), _spec, ".toml"),
    Reader("settings", 4, partial(_texts, SETTINGS), _settings),
    Reader("units", 7, partial(_texts, QUANTITIES), _units),
    Reader("drives", 5, partial(_texts, DRIVES), _drive),
    Reader("options", 1, partial(_texts, ("16,16", "5:9", "radius=50nm")), _options),
    Reader("page requests", 1, _request, _page),
    Reader("page connections", 1, partial(_text, "request"), _connection),
)
