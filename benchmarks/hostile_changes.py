"""What may happen to a file: cuts, flips, foreign bytes, other words, other encodings. For ``hostile_files.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Expectation = str
"""``any``: a right result or a refusal; ``same``: the result of the sound file; ``part``: first rows of it, or a
refusal; ``same or refused``."""


@dataclass(frozen=True)
class Input:
    """Bytes to be read, what was done to them, and what may come of it."""

    content: bytes
    change: str
    expected: Expectation = "any"
    sound: int = -1
    """Number of the sound file that it was made from; -1 for none."""


WORDS = (
    "nan", "inf", "-inf", "NaN", "1e999", "-1e999", "1e308", "-1.8e308", "5e-324", "0", "-0.0", "1", "1e-12", "1E5",
    "", " ", "\t", ",", ";", "\n", "\r\n", "\r", "\0", "\ufeff", "\u200b", "é", "名前", "🧲", "\u0663", "½", "²", "µ",
    "#", "# t (s)\tmx ()\n", "# ODT 1.0\n", "# Columns:", "# Units:", "{", "}", "(", ")", "[", "]", '"', "'", "\\\n",
    "true", "None", "__import__('os').system('true')", "0x10", "1_000", "1e", ".", "-", "+", "1,5", "1.5.2", "s", "Ω",
    "time", "t", "dt = 1", "fs=1e9", "Sample Interval,0", "Record Length,", "X,CH1,Start,Increment", "$(id)", "%s%n",
    "9" * 400, "9" * 5000, "(" * 300, "x " * 300, " " * 300, "a" * 300, "1e" + "9" * 5000, "/etc/passwd", "file:",
)  # fmt: skip
"""Pieces of text that readers trip over."""


def random_bytes(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """Noise, sometimes behind the first bytes of a sound file."""
    noise = rng.bytes(int(rng.integers(0, 400)))
    head = sounds[int(rng.integers(len(sounds)))][: int(rng.choice([0, 0, 4, 8, 12, 64, 128, 512]))]
    return Input(head + noise, "random bytes")


def cut(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """A sound file that ends too early."""
    number = int(rng.integers(len(sounds)))
    length = int(rng.integers(0, len(sounds[number])))
    return Input(sounds[number][:length], f"cut after {length} bytes", "part", number)


def flipped(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """One to eight bytes changed; often only a bit, a sign or an extreme."""
    number = int(rng.integers(len(sounds)))
    content = bytearray(sounds[number])
    places = rng.integers(0, len(content), int(rng.choice([1, 1, 1, 2, 4, 8])))
    for place in places.tolist():
        kind = int(rng.integers(4))
        new = (content[place] ^ (1 << int(rng.integers(8))), 0, 255, int(rng.integers(256)))[kind]
        content[place] = new
    return Input(bytes(content), f"bytes {places.tolist()} changed", "any", number)


def sizes_changed(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """Two, four or eight neighbouring bytes overwritten by a number that a size may not be."""
    number = int(rng.integers(len(sounds)))
    content = bytearray(sounds[number])
    width = int(rng.choice([2, 4, 8]))
    value = int(rng.choice([0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62])) % 2 ** (8 * width)
    place = int(rng.integers(0, max(1, min(len(content), 400) - width)))
    content[place : place + width] = value.to_bytes(width, "little" if rng.integers(2) else "big")
    return Input(bytes(content), f"{value} in {width} bytes at {place}", "any", number)


def pieces_moved(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """A piece left out, doubled, or taken from another file."""
    number, other = (int(rng.integers(len(sounds))) for _ in range(2))
    content, source = sounds[number], sounds[other]
    at, begin = int(rng.integers(len(content))), int(rng.integers(len(source)))
    piece = source[begin : begin + int(rng.integers(1, 200))]
    left_out = int(rng.choice([0, len(piece)]))
    return Input(content[:at] + piece + content[at + left_out :], "pieces moved", "any", number)


def words_put(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """Words that readers trip over, put into the text or in the place of a cell."""
    number = int(rng.integers(len(sounds)))
    text = sounds[number].decode("utf-8", "replace")
    for _ in range(int(rng.choice([1, 1, 2, 5]))):
        word = WORDS[int(rng.integers(len(WORDS)))]
        cells = list(re.finditer(r"[^\s,;=]+", text))
        if not cells or rng.integers(3) == 0:
            at = int(rng.integers(len(text) + 1))
            text = text[:at] + word + text[at:]
        else:
            cell = cells[int(rng.integers(len(cells)))]
            text = text[: cell.start()] + word + text[cell.end() :]
    return Input(text.encode("utf-8", "surrogatepass"), "words put in", "any", number)


def lines_moved(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """A line left out, doubled, exchanged or emptied."""
    number = int(rng.integers(len(sounds)))
    lines = sounds[number].split(b"\n")
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        one, two = (int(rng.integers(len(lines))) for _ in range(2))
        kind = int(rng.integers(4))
        if kind == 0 and len(lines) > 1:
            del lines[one]
        elif kind == 1:
            lines.insert(one, lines[two])
        elif kind == 2:
            lines[one], lines[two] = lines[two], lines[one]
        else:
            lines[one] = b""
    return Input(b"\n".join(lines), "lines moved", "any", number)


def written_otherwise(rng: np.random.Generator, sounds: Sequence[bytes]) -> Input:
    """The same table as another program would save it: line ends, byte order mark, encoding, blank lines."""
    number = int(rng.integers(len(sounds)))
    text = sounds[number].decode("utf-8-sig")
    kinds: list[Callable[[str], bytes]] = [
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: t.replace("\n", "\r").encode(),
        lambda t: ("\ufeff" + t).encode(),
        lambda t: t.encode("utf-16"),
        lambda t: t.encode("latin-1"),
        lambda t: (t + "\n\n  \n").encode(),
        lambda t: t.replace("\n", "  \n").encode(),
    ]
    kind = int(rng.integers(len(kinds)))
    return Input(kinds[kind](text), f"written otherwise, way {kind}", "same", number)


BYTES = (random_bytes, cut, flipped, sizes_changed, pieces_moved)
TEXT = (random_bytes, cut, flipped, pieces_moved, words_put, words_put, lines_moved, written_otherwise)
Change = Callable[[np.random.Generator, Sequence[bytes]], Input]


def changed(rng: np.random.Generator, sounds: Sequence[bytes], kinds: Sequence[Change]) -> Input:
    """One of the kinds of changes of these files."""
    return kinds[int(rng.integers(len(kinds)))](rng, sounds)


def random_text(rng: np.random.Generator, *roots: str) -> str:
    """A short text: one of the given ones, changed, or made of ``WORDS``."""
    root = roots[int(rng.integers(len(roots)))]
    parts: list[Any] = [root]
    for _ in range(int(rng.choice([0, 1, 1, 2, 3]))):
        word = WORDS[int(rng.integers(len(WORDS)))]
        kind = int(rng.integers(4))
        at = int(rng.integers(len(root) + 1))
        if kind == 0:
            parts = [root[:at], word, root[at:]]
        elif kind == 1:
            parts = [root[:at], root[at + 1 :]]
        elif kind == 2:
            parts = [word, root]
        else:
            parts = [root[:at], chr(int(rng.integers(32, 0x2FFF))), root[at:]]
        root = "".join(parts)
    return root
