"""One audio file as samples: every way it can be wrong becomes one line that names it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from spinode.signals import FloatArray

AUDIO_SUFFIXES = (".wav", ".sph", ".flac")
SILENCE = 1e-4
"""Largest sample of a clip that counts as silent: three steps of 16 bits (assumed)."""
SHORTEST = 0.01
"""Shortest clip [s]: less than a frame of any front end is no word (assumed)."""
LOWEST_RATE, HIGHEST_RATE = 1000, 384_000
"""Rates of audio files [Hz]; a header that claims another is damaged (assumed)."""
MOST_SAMPLES = 1 << 24
"""Samples of a clip, all channels together: five minutes at 48 kHz, where a word takes a second (assumed)."""
LARGEST = 1 << 28
"""Bytes of an audio file (assumed)."""
_WORKERS = 4
_MOST_PHASES = 2000  # an odd rate is brought to the nearest ratio of small numbers, 0.1 Hz in 8 kHz off at most


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadClip:
    """Samples of a file at the wanted rate, and what the file itself had.

    Parameters
    ----------
    samples : array, shape (T,)
        Mono, in [-1, 1], finite.
    rate : int
        Samples a second in the file [Hz].
    channels : int
        Channels in the file; more than one were averaged.
    """

    samples: FloatArray
    rate: int
    channels: int


def read_clip(path: Path, rate: int) -> ReadClip:
    """Read an audio file, average its channels and resample it by a polyphase filter (scipy's ``resample_poly``).

    Parameters
    ----------
    path : Path
        WAV, FLAC or NIST SPHERE, whatever its name; libsndfile knows more, but nothing there tells a cut file.
    rate : int
        Wanted samples a second [Hz].

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, truncated, of no known format, compressed by shorten, silent, shorter than 10 ms or longer than
        ``MOST_SAMPLES``.
    """
    content = _content(path)
    data, own_rate = _decoded(path, content)
    mono = data.mean(axis=1)
    if not LOWEST_RATE <= own_rate <= HIGHEST_RATE:
        raise ValueError(f"{path} claims {own_rate} Hz, not {LOWEST_RATE} to {HIGHEST_RATE}; take another copy")
    if not np.isfinite(mono).all():
        raise ValueError(f"{path} is damaged: it holds NaN or infinite samples; take another copy")
    if len(mono) < SHORTEST * own_rate:
        raise ValueError(f"{path} is too short: {len(mono)} samples at {own_rate} Hz; leave it out")
    if np.abs(mono).max() < SILENCE:
        raise ValueError(f"{path} is silent: no sample above {SILENCE:g} of full scale; leave it out")
    return ReadClip(samples=_resampled(mono, own_rate, rate), rate=own_rate, channels=data.shape[1])


def read_all(paths: Iterable[Path], rate: int) -> Iterator[ReadClip | ValueError]:
    """Each file read once by a few threads, in order; a damaged one comes as its error."""

    def attempt(path: Path) -> ReadClip | ValueError:
        try:
            return read_clip(path, rate)
        except FileNotFoundError as error:
            return ValueError(str(error))
        except ValueError as error:
            return error

    pool = ThreadPoolExecutor(_WORKERS)
    try:
        yield from pool.map(attempt, paths)
    finally:
        pool.shutdown(cancel_futures=True)  # a reader that stops at the first damaged file does not wait for the rest


def conversion_notes(read: Iterable[ReadClip], rate: int) -> tuple[str, ...]:
    """One line for each rate or number of channels that was changed."""
    rates: Counter[int] = Counter()
    channels: Counter[int] = Counter()
    for clip in read:
        rates[clip.rate] += 1
        channels[clip.channels] += 1
    resampled = [f"{n} clips resampled from {r} to {rate} Hz" for r, n in sorted(rates.items()) if r != rate]
    mixed = [f"{n} clips of {c} channels mixed to one" for c, n in sorted(channels.items()) if c > 1]
    return tuple(line.replace("1 clips", "1 clip") if line.startswith("1 ") else line for line in (*resampled, *mixed))


def _content(path: Path) -> bytes:
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; check the name and the folder")
    if not path.is_file():
        raise ValueError(f"{path} must be an audio file, got a folder or a device; leave it out")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path} must have at most {LARGEST >> 20} MiB; it is no clip of a word, leave it out")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not content:
        raise ValueError(f"{path} is empty; take another copy")
    return content


def _decoded(path: Path, content: bytes) -> tuple[FloatArray, int]:
    """Samples (T, channels) and rate; libsndfile mends truncated files silently, so lengths are checked here first."""
    import soundfile  # here: it loads a shared library that most commands do without

    _check_length(path, content)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            claimed, channels = int(file.frames), int(file.channels)
            if claimed * channels > MOST_SAMPLES:  # the library makes room for what the header says
                raise ValueError(f"{path} claims {claimed} samples of {channels} channels; it is no clip of a word")
            data = file.read(dtype="float64", always_2d=True)
            rate = int(file.samplerate)
    except soundfile.LibsndfileError as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".").lower()
        raise ValueError(f"{path} is no readable audio file: {reason}; take another copy") from None
    if len(data) < claimed:
        raise ValueError(f"{path} is truncated: {len(data)} of {claimed} samples; take another copy")
    return data, rate


def _check_length(path: Path, content: bytes) -> None:
    """Compare the length that a RIFF or NIST header claims with what is there; FLAC tells it when it is read."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        claimed = _riff_end(content)
    elif content[:7] == b"NIST_1A":
        claimed = _sphere_end(path, content)
    elif content[:4] == b"fLaC":
        return
    else:
        raise ValueError(f"{path} is no readable audio file: it is no WAV, FLAC or NIST SPHERE; take another copy")
    if claimed > len(content):
        raise ValueError(f"{path} is truncated: {len(content)} of {claimed} bytes; take another copy")


def _riff_end(content: bytes) -> int:
    """Where the samples end by the header's own word; 0 where a streamed file leaves it open."""
    position = 12
    while position + 8 <= len(content):
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        if content[position : position + 4] == b"data":
            return 0 if size >= 0xFFFFFF00 else position + 8 + size
        position += 8 + size + size % 2
    return 0


def _sphere_end(path: Path, content: bytes) -> int:
    """Where the samples end by a SPHERE header: 1024 bytes of ``name -type value`` lines, then plain PCM."""
    fields = {}
    for line in content[:1024].decode("latin-1").splitlines():
        words = line.split(maxsplit=2)
        if len(words) == 3:
            fields[words[0]] = words[2]
    coding = fields.get("sample_coding", "pcm")
    if "shorten" in coding:
        raise ValueError(
            f"{path} is compressed by shorten, which libsndfile cannot read;"
            " convert it first: sph2pipe -f wav IN OUT.wav, or w_decode -o pcm IN OUT"
        )
    try:
        sizes = [int(fields[name]) for name in ("sample_count", "sample_n_bytes", "channel_count")]
    except (KeyError, ValueError):
        return 0
    return 1024 + sizes[0] * sizes[1] * sizes[2]


def _resampled(mono: FloatArray, own: int, rate: int) -> FloatArray:
    bounded = np.clip(mono, -1.0, 1.0)
    if own == rate:
        return bounded
    from scipy.signal import resample_poly  # here: it takes a third of a second to load

    ratio = Fraction(rate, own).limit_denominator(_MOST_PHASES)
    return np.asarray(np.clip(resample_poly(bounded, ratio.numerator, ratio.denominator), -1.0, 1.0), dtype=np.float64)
