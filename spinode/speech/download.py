"""The Free Spoken Digit Dataset from the network: one pinned state, checked recording by recording."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from spinode.speech.fsdd import parse_name
from spinode.units import in_brief

COMMIT = "26eb9aaf76e81b692f806f9140c2d2777410d7a1"
"""State of the data set's repository that is fetched (May 2024)."""
URL = f"https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/zip/{COMMIT}"
DIGESTS: Mapping[str, str] = MappingProxyType(
    {
        "george": "b2a62f61303cffa05862210ea4493a02148b48bbbd37d3fe0faeddd233661a63",
        "jackson": "b3b8c4803eff63ccd4aa7121483871d468642c96af81d8a20d68327c308a4391",
        "lucas": "4c06b16b0b14c5684340ec334c57cc41b25c7115f211d456b52cd7d166da420f",
        "nicolas": "8dbcc9733288fb288227a9ea7ed7eb386b246db4c6793db644029d34b6a5bcb8",
        "theo": "59ffef0a9585bfd1b30cf51167016b4625386ea06c73a7166aedf5398f683312",
    }
)
"""SHA-256 of each speaker's recordings (``speaker_digest``) in the copy that this project's figures were measured on.

The bytes of the archive itself are packed anew by the server and promise nothing, so the recordings are what is
checked. The sixth speaker, yweweler, was not at hand; his recordings come unchecked, and the result says so.
"""
_LARGEST_ARCHIVE = 1 << 28
_LARGEST_FILE = 1 << 22
_MOST_FILES = 20_000
_LARGEST_TOTAL = 1 << 30
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, NotImplementedError, RuntimeError,
           OverflowError)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A folder of recordings that came from the network.

    Parameters
    ----------
    folder : Path
        Holds ``{digit}_{speaker}_{take}.wav``; give it to ``load_fsdd``.
    checked, unchecked : tuple of str
        Speakers whose recordings agree with a known digest, and those for whom none is known.
    archive_sha256 : str
        Digest of the archive as it came, to pin it from now on (``known_hash``).
    """

    folder: Path
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    archive_sha256: str


def download_fsdd(
    folder: str | PathLike[str],
    *,
    url: str = URL,
    known_hash: str | None = None,
    digests: Mapping[str, str] = DIGESTS,
) -> Download:
    """Fetch the Free Spoken Digit Dataset with pooch into a new folder; nothing is left where a check fails.

    Parameters
    ----------
    folder : path
        Folder to make; it must not exist yet.
    url : str
        Zip archive with the recordings anywhere in it; default the pinned state, about 16 MB.
    known_hash : str, optional
        ``sha256:...`` of the archive, checked by pooch before it is opened; default: the archive's own bytes go
        unchecked, only the recordings in it do not.
    digests : mapping of str to str
        Digest of each speaker's recordings; those who are named must be there and agree.

    Raises
    ------
    FileExistsError
        If the folder is there already.
    ValueError
        If the archive cannot be fetched, is damaged, or its recordings are not the known ones: one line.
    """
    target = Path(folder)
    if target.exists():
        raise FileExistsError(f"{target} exists already; give it to load_fsdd, or choose another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as work:
        archive = _fetch(url, known_hash, Path(work))
        recordings = Path(work) / "recordings"
        recordings.mkdir()
        _unpack(archive, recordings, url)
        found = {name[1] for path in recordings.iterdir() if (name := parse_name(path.name))}
        for speaker, digest in digests.items():
            if speaker_digest(recordings, speaker) != digest:
                raise ValueError(
                    f"the recordings of {speaker} from {url} are not the known ones (their SHA-256 differs);"
                    " nothing was kept; fetch the data set by hand if you trust them, and give its folder"
                )
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        os.replace(recordings, target)
    return Download(
        folder=target,
        checked=tuple(sorted(digests)),
        unchecked=tuple(sorted(found - set(digests))),
        archive_sha256=f"sha256:{sha256}",
    )


def speaker_digest(folder: Path, speaker: str) -> str:
    """SHA-256 over name, a zero byte and SHA-256 of each recording of a speaker, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        name = parse_name(path.name)
        if name is not None and name[1] == speaker:
            total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _fetch(url: str, known_hash: str | None, folder: Path) -> Path:
    import pooch  # here: only a download needs it
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(url, known_hash, fname="archive.zip", path=folder, downloader=_stream))
    except (requests.RequestException, OSError) as error:
        reason = type(error).__name__
        raise ValueError(f"{url} cannot be fetched ({reason}); fetch it by hand and give its folder") from None
    except ValueError as error:
        if "hash" not in str(error):
            raise
        raise ValueError(f"{url} is not the archive of {known_hash}: its hash differs; nothing was kept") from None


def _stream(url: str, target: str, _: object) -> None:
    """What pooch calls to fetch; its own downloader has no limit and leaves the connection open after an error."""
    import requests

    with requests.get(url, stream=True, timeout=60) as answer, open(target, "wb") as sink:
        answer.raise_for_status()
        left = _LARGEST_ARCHIVE
        for piece in answer.iter_content(1 << 20):
            left -= len(piece)
            if left < 0:
                raise ValueError(f"{url} is no Free Spoken Digit Dataset: it has more than {_LARGEST_ARCHIVE} bytes")
            sink.write(piece)


def _unpack(archive: Path, folder: Path, url: str) -> None:
    """Recordings of the archive under their plain names; nothing else of it is written, and no path in it is used."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as files:
            members = [m for m in files.infolist() if parse_name(m.filename.rsplit("/", 1)[-1]) and not m.is_dir()]
            fits = _fits(members)
            for member in members if fits else ():
                with files.open(member) as source, open(folder / member.filename.rsplit("/", 1)[-1], "wb") as sink:
                    shutil.copyfileobj(source, sink)
    except (*_DAMAGE, ValueError, OSError) as error:
        raise ValueError(f"{url} is no readable zip archive: {in_brief(str(error), 200)}") from None
    if not fits:
        raise ValueError(f"{url} is no Free Spoken Digit Dataset: {len(members)} recordings in it")


def _fits(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether the recordings of an archive may be unpacked: their number, their sizes and how they are packed."""
    sizes = [member.file_size for member in members]
    packed = {member.compress_type for member in members} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    return 0 < len(members) <= _MOST_FILES and max(sizes) <= _LARGEST_FILE and sum(sizes) <= _LARGEST_TOTAL and packed
