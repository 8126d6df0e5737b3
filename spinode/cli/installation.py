"""What ``spinode doctor`` finds without computing: versions, cores, compiled code, room, extras and bundled data."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

OK, NOTE, FAILS = "ok", "note", "fails"
PACKAGES = (
    "numpy", "scipy", "h5py", "numba", "torchdiffeq", "scikit-learn", "librosa", "soundfile", "matplotlib", "typer",
    "rich",
)  # fmt: skip
THREADS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
GIBIBYTE = 2.0**30
LEAST_ROOM = 0.2
"""Disk or memory [GiB] below which a fit or a file cannot be expected to end well; assumed."""
LITTLE_ROOM = 2.0
"""Disk or memory [GiB] below which a long work may run out; assumed."""
DATA = ("skyrmion_vcma.h5", "vortex_stno.h5", "domain_wall.h5")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: ``status`` is ok, note (works, but look at it) or fails, ``advice`` what to try."""

    group: str
    name: str
    value: str
    status: str = OK
    advice: str = ""


def installation() -> list[Finding]:
    """All that can be said without computing, group by group."""
    return [*_versions(), *_torch(), *_machine(), *_compiled(), *_extras(), *_bundled()]


def _versions() -> Iterable[Finding]:
    from spinode import __version__

    group = "versions"
    yield Finding(group=group, name="python", value=f"{platform.python_version()} at {sys.prefix}")
    yield Finding(group=group, name="spinode", value=__version__)
    for name in PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            advice = f"install spinode again, or {name} beside it"
            yield Finding(group=group, name=name, value="missing", status=FAILS, advice=advice)
            continue
        yield Finding(group=group, name=name, value=f"{found}{_library(name)}")


def _library(name: str) -> str:
    """The version of the C library that h5py carries."""
    if name != "h5py":
        return ""
    import h5py

    return f" with HDF5 {h5py.version.hdf5_version}"


def _torch() -> Iterable[Finding]:
    try:
        from spinode.surrogate.torch_build import torch_build

        found = torch_build()
    except (ImportError, OSError) as error:  # OSError: a shared library that is not there or of another machine
        advice = "install the build for this machine; without a GPU the CPU build, as README.md says"
        value = " ".join(str(error).split())
        yield Finding(group="versions", name="torch", value=value, status=FAILS, advice=advice)
        return
    kind = f"CUDA {found.cuda} build" if found.cuda else "CPU build"
    unused = bool(found.cuda) and not found.gpus
    advice = "this CUDA build finds no GPU; the CPU build does the same here and is several GB smaller"
    gpus = f", {', '.join(found.gpus)}" if found.gpus else ""
    yield Finding(
        group="versions",
        name="torch",
        value=f"{found.version}, {kind}{gpus}",
        status=NOTE if unused else OK,
        advice=advice if unused else "",
    )


def _machine() -> Iterable[Finding]:
    group = "machine"
    yield Finding(group=group, name="system", value=f"{platform.system()} {platform.release()}, {platform.machine()}")
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding(group=group, name="cores", value=f"{mine} usable of {os.cpu_count()}")
    given = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    yield Finding(group=group, name="threads", value=", ".join(given) or "not limited by the environment")
    memory = free_memory()
    if memory is not None:
        yield _room("free memory", memory, "", "end other programs, or work with fewer samples and members")
    for name, folder in (("disk here", Path.cwd()), ("disk for temporary files", Path(tempfile.gettempdir()))):
        yield _room(name, shutil.disk_usage(folder).free, f" at {folder}", "free some, or work in another folder")


def _room(name: str, amount: float, where: str, advice: str) -> Finding:
    size = amount / GIBIBYTE
    status = FAILS if size < LEAST_ROOM else NOTE if size < LITTLE_ROOM else OK
    text = "" if status == OK else advice
    return Finding(group="machine", name=name, value=f"{size:.1f} GiB{where}", status=status, advice=text)


def free_memory() -> float | None:
    """Bytes that a program can still get; None where the system does not say."""
    try:
        table = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", table, re.MULTILINE)
    return None if found is None else 1024.0 * int(found[1])


def _compiled() -> Iterable[Finding]:
    """Where the compiled loops are kept between runs; without a place each run compiles for some seconds first."""
    group = "compiled code"
    try:
        from spinode.stepping import fill
    except (ImportError, RuntimeError, OSError) as error:  # RuntimeError: numba found no folder for its cache
        advice = "set NUMBA_CACHE_DIR to a folder that can be written"
        value = " ".join(str(error).split())
        yield Finding(group=group, name="cache", value=value, status=FAILS, advice=advice)
        return
    folder = Path(fill.stats.cache_path or ".")
    writable = can_write(folder)
    yield Finding(
        group=group,
        name="cache",
        value=f"{folder}, {'can be written' if writable else 'cannot be written'}",
        status=OK if writable else NOTE,
        advice="" if writable else "set NUMBA_CACHE_DIR to a folder that can be written, or every run compiles anew",
    )
    warm = any(folder.glob("*.nbc"))
    yield Finding(
        group=group,
        name="state",
        value="warm" if warm else "cold",
        status=OK if warm else NOTE,
        advice="" if warm else "each command compiles on its first run, for up to a minute",
    )


def can_write(folder: Path) -> bool:
    """Whether a file can be made in this folder, or in the first one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _extras() -> Iterable[Finding]:
    """Optional packages by extra, as the metadata of spinode lists them."""
    wanted: dict[str, list[str]] = {}
    try:
        listed = requires("spinode") or []
    except PackageNotFoundError:  # a checkout on the path that was never installed
        listed = []
    for line in listed:
        extra = re.search(r"""extra == ["']([\w-]+)["']""", line)
        if extra is not None:
            wanted.setdefault(extra[1], []).append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
    for extra_name, names in sorted(wanted.items()):
        missing = [name for name in names if not is_installed(name)]
        value = f"without {', '.join(missing)}" if missing else "present"
        yield Finding(group="extras", name=extra_name, value=value)


def is_installed(name: str) -> bool:
    """Whether a distribution of this name is there."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _bundled() -> Iterable[Finding]:
    from spinode.bundled import bundled_data

    missing = []
    for name in DATA:
        try:
            bundled_data(name)
        except ValueError:
            missing.append(name)
    advice = "install spinode again; without them 'spinode demo' does not run"
    yield Finding(
        group="bundled data",
        name="traces",
        value=f"without {', '.join(missing)}" if missing else ", ".join(DATA),
        status=FAILS if missing else OK,
        advice=advice if missing else "",
    )
