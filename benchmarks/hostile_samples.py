"""Sound files of every format that spinode reads, as bytes: what ``hostile_files.py`` damages."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import scipy.io
import soundfile

from spinode.design.spec import DesignSpec
from spinode.design.text import spec_to_toml
from spinode.signals import Channel, Signal, signal_of
from spinode.storage import write_traces
from spinode.surrogate import save_surrogate
from spinode.surrogate.checkpoint import write_checkpoint
from spinode.surrogate.dataset import Scaling
from spinode.surrogate.embedding import Embedding, Encoder
from spinode.surrogate.ensemble import Ensemble
from spinode.surrogate.field import FieldShape
from spinode.surrogate.learned_noise import LearnedNoise
from spinode.surrogate.least_squares import Fit, Windows
from spinode.surrogate.model import Range, Surrogate
from spinode.surrogate.training import Candidate, FitState
from spinode.surrogate.trust import Bounds, TrustRegion
from spinode.traces import Parameter, Trace, TraceSet

DT = 5e-12
KEY = "0" * 64
TIMES = [1e-12 * number for number in range(24)]
DRIVE, OUTPUT = "Ku1.region100", "mx"


def tables() -> dict[str, bytes]:
    """One table of each text format and layout."""
    rows = [(t, round(float(np.sin(1e11 * t)), 6), 8e5 + 1e4 * (n // 8)) for n, t in enumerate(TIMES)]
    mumax = "# t (s)\tmx ()\tKu1.region100 (J/m3)\n"
    lines = ["\t".join(map(repr, row)) for row in rows]
    odt = "# ODT 1.0\n# Table Start\n# Title: made\n# Columns: {T::Simulation time} T::mx {U::Ku1.region100}\n"
    odt += "# Units:   s {} J/m3\n"
    csv = "Model,MSO64\n\nSample Interval,1e-12\nRecord Length,24\n\nTIME,mx,Ku1.region100\n"
    commas = "\n".join(line.replace("\t", ",") for line in lines) + "\n"
    comma = [line.replace(".", ",").replace("\t", ";") for line in lines]
    return {
        "mumax": (mumax + "\n".join(lines[:12]) + "\n" + mumax + "\n".join(lines[12:]) + "\n").encode(),
        "odt": (odt + "\n".join(line.replace("\t", "  ") for line in lines) + "\n# Table End\n").encode(),
        "csv": (csv + commas).encode(),
        "units": ("t,mx,Ku1.region100\ns,,J/m3\n" + commas).encode(),
        "decimal comma": ("\ufefft (s);mx;Ku1.region100 (J/m3)\n" + "\n".join(comma) + "\n").encode(),
        "rigol": b"X,CH1,Start,Increment,\nSequence,Volt,-8e-10,4e-10,\n0,0.11,,\n1,0.32,,\n2,0.23,,\n3,0.54,,\n",
        "interval": b"dt = 400 ps\nV (mV)\n100\n300\n200\n500\n",
    }


def matlab() -> dict[str, bytes]:
    """MATLAB files of version 5, plain and compressed, and of version 7.3."""
    columns = {"t": np.array(TIMES), "mx": np.sin(np.arange(24.0)), "dt": 1e-12, "text": "abc", "c": np.ones(3)}
    result = {}
    for name, packed in (("plain", False), ("compressed", True)):
        stream = io.BytesIO()
        scipy.io.savemat(stream, columns, do_compression=packed)
        result[name] = stream.getvalue()
    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        for name in ("t", "mx", "dt"):
            value = np.atleast_2d(columns[name])
            file.create_dataset(name, data=value, compression="gzip" if value.size > 1 else None)
        file["cells"] = np.array([file["t"].ref], dtype=h5py.ref_dtype)
    head = b"MATLAB 7.3 MAT-file, made here".ljust(124) + b"\x00\x02IM"
    result["7.3"] = head + stream.getvalue()[len(head) :]
    return result


def trace(name: str = "first") -> Trace:
    """A short trace with a held and a smooth input."""
    rng = np.random.default_rng(1)
    inputs = (Channel(name="u0", unit="A", hold=True), Channel(name="ünï", unit="A"))
    outputs = (Channel(name="mz"), Channel(name="V out", unit="V"))
    return Trace(
        drive=Signal(values=rng.normal(size=(40, 2)), dt=DT, channels=inputs, start=1e-9),
        output=Signal(values=rng.normal(size=(40, 2)), dt=DT, channels=outputs, start=1e-9),
        parameters={"radius": Parameter(value=5e-8, unit="m"), "count": Parameter(value=3.0)},
        name=name,
        source="made by a script",
    )


def surrogate() -> Surrogate:
    """A stable surrogate of one output, two inputs and one static parameter with every optional part; not learned."""
    rng = np.random.default_rng(5)
    shape = FieldShape(states=2, inputs=3, degree=2, hidden=(3, 3))
    theta = 0.05 * rng.standard_normal(shape.size)
    for state in (0, 1):
        theta[state * shape.monomials + shape.exponents.index((state,))] -= 0.5
    embedding = Embedding(order=2, delay=3)
    width = len(embedding.output_lags) + 3 * len(embedding.input_lags)
    inputs = (Channel(name="u0", unit="A", hold=True), Channel(name="u1", unit="A"))
    bounds = Bounds(low=-2.0, high=2.0, slowest=-1e12, fastest=1e12)
    return Surrogate(
        name="made",
        inputs=inputs,
        outputs=(Channel(name="mz", unit="V"),),
        parameters={"size": Parameter(value=0.5, unit="m")},
        dt=DT,
        shape=shape,
        theta=theta,
        scaling=Scaling(
            output_mean=np.array([0.3]), output_scale=np.array([1e-3]), input_centre=np.zeros(3), input_scale=np.ones(3)
        ),
        encoder=Encoder(
            embedding=embedding, degree=1, weights=0.1 * rng.standard_normal((1 + width, 2)), spread=np.ones(2)
        ),
        fitted_error=0.02,
        ranges={name: Range(low=-2.0, high=2.0) for name in ("u0", "u1", "size")},
        conditions={"mass": Parameter(value=2.0, unit="kg")},
        record={"seed": 3, "samples": 400, "data": "nowhere"},
        history=np.array([[1.0, 0.5], [2.5, 0.01]]),
        divisors={"mz": "u0"},
        noise=LearnedNoise(
            exponents=np.full((2, 6), -9.0), bounds=np.tile([-10.0, -8.0], (2, 1)), measurement=np.array([1e-4])
        ),
        trust=TrustRegion(
            drive={"u0": bounds, "u1": bounds}, output={"mz": bounds}, points=rng.standard_normal((9, 5)),
            scale=np.ones(5), limit=0.5,
        ),
        ensemble=Ensemble(members=np.tile(theta, (2, 1)), factor=np.array([2.0]), floor=0.01, windows=7),
    )  # fmt: skip


def state() -> FitState:
    """A fit between two iterations."""
    shape = FieldShape(states=2, inputs=1, degree=2, hidden=())
    rng = np.random.default_rng(2)
    windows = Windows(starts=np.array([0, 10]), steps=8, initial=rng.standard_normal((2, 2)), weights=np.ones(2))
    theta, states = rng.standard_normal(shape.size), rng.standard_normal((20, 2))
    candidate = Candidate(label="degree 2", shape=shape, theta=theta, states=states, error=0.1, fitted=0.05)
    return FitState(
        stage=1, fit=Fit(theta=theta, windows=windows, damping=1e-3, cost=0.01), iteration=2, states=states,
        candidates=(candidate,), history=((1.0, 0.1),), seconds=1.5,
    )  # fmt: skip


def stored(kind: str) -> bytes:
    """A file of this package: ``traces``, ``surrogate`` or ``checkpoint``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        if kind == "traces":
            write_traces(path, TraceSet((trace(), trace("second"))), seed=7, command="spinode test")
        elif kind == "surrogate":
            save_surrogate(path, surrogate(), command="spinode test")
        else:
            write_checkpoint(path, KEY, state())
        return path.read_bytes()


def audio() -> dict[str, bytes]:
    """A word's length of tone in every container and coding that a corpus may have."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(400) / 8000)
    kinds = (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "IMA_ADPCM"), ("NIST", "PCM_16"), ("NIST", "ULAW"),
             ("FLAC", "PCM_16"))  # fmt: skip
    result = {}
    for container, coding in kinds:
        stream = io.BytesIO()
        soundfile.write(stream, tone, 8000, format=container, subtype=coding)
        result[f"{container} {coding}"] = stream.getvalue()
    stream = io.BytesIO()
    soundfile.write(stream, np.stack([tone, tone], axis=1), 8000, format="WAV", subtype="PCM_24")
    result["WAV of two channels"] = stream.getvalue()
    return result


def archive() -> bytes:
    """A zip file of recordings as a repository server packs it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as files:
        for name in ("r/recordings/0_george_0.wav", "r/recordings/1_theo_3.wav", "r/README.md"):
            files.writestr(name, audio()["WAV PCM_16"])
    return stream.getvalue()


def specification() -> bytes:
    """A design specification with everything in it."""
    return spec_to_toml(DesignSpec(number=5, spacing=2e6, draws=20)).encode()


def drive() -> Signal:
    """A short smooth drive."""
    return signal_of(np.sin(np.arange(40.0)), DT, Channel(name="u"))


def requests() -> dict[str, bytes]:
    """What a browser sends to the page; PORT stands for its number."""
    body = b'{"values": {"number": "5", "spacing": "2"}, "whole": false}'
    head = b"POST /design HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\n"
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    return {"page": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "form": head + length + body}


@cache
def samples(kind: str) -> tuple[bytes, ...]:
    """All sound files of a kind."""
    many = {"table": tables, "matlab": matlab, "audio": audio, "request": requests}
    if kind in many:
        return tuple(many[kind]().values())
    if kind in ("traces", "surrogate", "checkpoint"):
        return (stored(kind),)
    return ({"archive": archive, "specification": specification}[kind](),)
