"""HDF5 files that are sound as HDF5 and wrong as ours: one edit by h5py of a sound file. For ``hostile_files.py``."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

from benchmarks.hostile_changes import WORDS, Input

Edit = Callable[[np.random.Generator, h5py.File], str]
HUGE = (1 << 40, 10**12, 1 << 62)


def edited(rng: np.random.Generator, sounds: tuple[bytes, ...]) -> Input:
    """A sound file with one or two edits; writing drops the digest, so that the HDF5 library sees them."""
    number = int(rng.integers(len(sounds)))
    stream = io.BytesIO(sounds[number])
    done = []
    with h5py.File(stream, "r+") as file:
        for _ in range(int(rng.choice([1, 1, 1, 2]))):
            edit = EDITS[int(rng.integers(len(EDITS)))]
            try:
                done.append(f"{edit.__name__}: {edit(rng, file)}")
            except (KeyError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
                done.append(f"{edit.__name__} failed: {type(error).__name__}")
    return Input(stream.getvalue(), "; ".join(done), "any", number)


def edited_and_flipped(rng: np.random.Generator, sounds: tuple[bytes, ...]) -> Input:
    """A file without its digest and with a few bytes changed, which the HDF5 library has to find by itself."""
    number = int(rng.integers(len(sounds)))
    content = bytearray(sounds[number])
    place = content.rfind(b"\nspinode-sha256 ")
    content = content[:place] if place > 0 else content
    places = rng.integers(0, len(content), int(rng.choice([1, 1, 2, 8])))
    if rng.integers(2):
        places = rng.integers(0, min(len(content), 4096), len(places))
    for at in places.tolist():
        content[at] = int(rng.choice([content[at] ^ (1 << int(rng.integers(8))), 0, 255, int(rng.integers(256))]))
    return Input(bytes(content), f"no digest, bytes {places.tolist()} changed", "any", number)


def _objects(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names


def _picked(rng: np.random.Generator, file: h5py.File) -> str:
    names = _objects(file)
    return names[int(rng.integers(len(names)))]


def _dataset(rng: np.random.Generator, file: h5py.File) -> h5py.Dataset:
    found = [file[name] for name in _objects(file) if isinstance(file[name], h5py.Dataset)]
    return found[int(rng.integers(len(found)))]


def _value(rng: np.random.Generator) -> Any:
    """A value of any type that HDF5 has."""
    makers: list[Callable[[], Any]] = [
        lambda: 3,
        lambda: -1,
        lambda: 2**62,
        lambda: 0.5,
        lambda: float("nan"),
        lambda: float("inf"),
        lambda: True,
        lambda: 1 + 2j,
        lambda: "",
        lambda: WORDS[int(rng.integers(len(WORDS)))].replace("\0", "") or "x",
        lambda: np.bytes_(b"\xff\xfe"),
        lambda: h5py.Empty("f8"),
        lambda: h5py.Empty("S4"),
        lambda: np.zeros((0,)),
        lambda: np.zeros((2, 3, 4)),
        lambda: np.arange(5),
        lambda: np.array([np.nan, 1.0]),
        lambda: np.array([b"a", b"\xff"]),
        lambda: np.array(["a", "bé"], dtype=h5py.string_dtype()),
        lambda: np.zeros(3, dtype=[("a", "f8"), ("b", "i4")]),
        lambda: np.zeros(2, dtype="V8"),
        lambda: np.array([0, 1], dtype=h5py.enum_dtype({"A": 0, "B": 1})),
        lambda: np.float16(1.5),
        lambda: np.float32(1.5),
        lambda: np.array([1.0, 2.0], dtype=">f8"),
        lambda: np.array([1, 2], dtype="u8"),
        lambda: np.full(4, 1e308),
        lambda: np.full((40, 2), 5e-324),
    ]
    return makers[int(rng.integers(len(makers)))]()


def attribute_replaced(rng: np.random.Generator, file: h5py.File) -> str:
    owner = file[_picked(rng, file)] if rng.integers(2) else file
    names = list(owner.attrs)
    name = names[int(rng.integers(len(names)))]
    value = _value(rng)
    owner.attrs[name] = value
    return f"{owner.name}@{name} = {value!r}"[:80]


def attribute_deleted(rng: np.random.Generator, file: h5py.File) -> str:
    owner = file[_picked(rng, file)] if rng.integers(2) else file
    names = list(owner.attrs)
    name = names[int(rng.integers(len(names)))]
    del owner.attrs[name]
    return f"{owner.name}@{name}"


def attribute_refers(rng: np.random.Generator, file: h5py.File) -> str:
    owner = file[_picked(rng, file)] if rng.integers(2) else file
    names = [*owner.attrs, "more"]
    name = names[int(rng.integers(len(names)))]
    owner.attrs[name] = np.array([file.ref], dtype=h5py.ref_dtype) if rng.integers(2) else file.ref
    return f"{owner.name}@{name}"


def object_deleted(rng: np.random.Generator, file: h5py.File) -> str:
    name = _picked(rng, file)
    del file[name]
    return name


def dataset_replaced(rng: np.random.Generator, file: h5py.File) -> str:
    item = _dataset(rng, file)
    name, value = item.name, _value(rng)
    kept = dict(item.attrs)
    del file[name]
    file[name] = value
    for key, entry in kept.items():
        if rng.integers(2) and key not in ("CLASS", "DIMENSION_LIST", "REFERENCE_LIST", "NAME"):
            file[name].attrs[key] = entry
    return f"{name} = {value!r}"[:80]


def dataset_retyped(rng: np.random.Generator, file: h5py.File) -> str:
    item = _dataset(rng, file)
    name, value = item.name, item[()]
    kind = str(rng.choice(["f4", "i8", "c16", "S3", ">f8", "f2", "u1", "bool"]))
    del file[name]
    file[name] = np.asarray(value).astype(kind)
    return f"{name} as {kind}"


def values_changed(rng: np.random.Generator, file: h5py.File) -> str:
    item = _dataset(rng, file)
    value = float(rng.choice([0, -1, 1, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1e-300, 0.5, 2**31]))
    values = np.array(item[()])
    values.ravel()[int(rng.integers(values.size)) :: int(rng.integers(1, 50))] = value
    if np.prod(item.chunks or (1,)) < 1 << 20:  # the HDF5 library itself crashes when it packs a chunk of 2 GB
        item[...] = values
    return f"{item.name}: {value}"


def group_for_dataset(rng: np.random.Generator, file: h5py.File) -> str:
    name = _picked(rng, file)
    was_group = isinstance(file[name], h5py.Group)
    del file[name]
    if was_group:
        file[name] = np.zeros(3)
    else:
        file.create_group(name)
    return name


def huge_claim(rng: np.random.Generator, file: h5py.File) -> str:
    name = _dataset(rng, file).name
    del file[name]
    size = int(rng.choice(HUGE))
    shape = (size,) if rng.integers(2) else (size, 2)
    kind = ["f8", "f4", h5py.string_dtype(), "S100"][int(rng.integers(4))]
    packed = [None, "gzip"][int(rng.integers(2))]
    file.create_dataset(name, shape, kind, chunks=(1024, 2)[: len(shape)], compression=packed)
    return f"{name} claims {shape}"


def huge_chunk(rng: np.random.Generator, file: h5py.File) -> str:
    name = _dataset(rng, file).name
    del file[name]
    item = file.create_dataset(name, (40,), "f8", chunks=(1 << 28,), maxshape=(None,), compression="gzip")
    if rng.integers(2):
        item.id.write_direct_chunk((0,), b"x\x9cc\x00\x00\x00\x01\x00\x01")
    return f"{name} in a chunk of 2 GB"


def packed_twice(rng: np.random.Generator, file: h5py.File) -> str:
    """A chunk of zeros packed by deflate twice: a few kB that become a GB on the way."""
    import zlib

    name = _dataset(rng, file).name
    del file[name]
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((40, 2))
    settings.set_deflate(9)
    settings.set_deflate(9)
    space = h5py.h5s.create_simple((40, 2))
    made = h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, space, settings)
    once = zlib.compress(bytes(1 << 20), 9)
    made.write_direct_chunk((0, 0), zlib.compress(once * 1, 9))
    return name


def leads_elsewhere(rng: np.random.Generator, file: h5py.File) -> str:
    name = _picked(rng, file)
    kind = int(rng.integers(6))
    del file[name]
    if kind == 0:
        file[name] = h5py.SoftLink("/")
    elif kind == 1:
        file[name] = h5py.SoftLink("/nowhere")
    elif kind == 2:
        file[name] = h5py.ExternalLink("/etc/hostname", "/")
    elif kind == 3:
        file.create_dataset(name, (40, 2), "f8", external=[("/etc/passwd", 0, 640)])
    elif kind == 4:
        layout = h5py.VirtualLayout((40, 2), "f8")
        layout[:] = h5py.VirtualSource("/etc/hostname", "x", (40, 2))
        file.create_virtual_dataset(name, layout)
    else:
        file[name] = file["/"]
    return f"{name}, way {kind}"


def stray_objects(rng: np.random.Generator, file: h5py.File) -> str:
    word = WORDS[int(rng.integers(len(WORDS)))].replace("\0", "").strip("/. ") or "x"
    owner = file if rng.integers(2) else file[_picked(rng, file)]
    if not isinstance(owner, h5py.Group):
        owner = file
    kind = int(rng.integers(4))
    if kind == 0:
        owner[word] = _value(rng)
    elif kind == 1:
        owner.create_group(word)
    elif kind == 2:
        owner[word] = np.dtype("f8")
    else:
        for number in range(40):
            owner.create_group(f"{word}{number}")
    return f"{owner.name}/{word}"[:80]


def other_schema(rng: np.random.Generator, file: h5py.File) -> str:
    numbers = ("traces/0", "traces/2", "traces/1/1", "traces/-1", "traces/" + "9" * 5000, "traces/\u0661", "traces/1 ")
    others = ("surrogate/1", "checkpoint/1", "/", "TRACES/1", "")
    text = (*numbers, *others)[int(rng.integers(12))]
    file.attrs["spinode_schema"] = text
    return text[:40]


EDITS: tuple[Edit, ...] = (
    attribute_replaced, attribute_replaced, attribute_deleted, attribute_refers, object_deleted, dataset_replaced,
    dataset_replaced, dataset_retyped, values_changed, values_changed, group_for_dataset, huge_claim, huge_chunk,
    packed_twice, leads_elsewhere, leads_elsewhere, stray_objects, other_schema,
)  # fmt: skip
