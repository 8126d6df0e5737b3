"""Numbers of a MATLAB file of version 5 to 7, read with every size checked.

scipy's reader ends the whole process on some damaged files, so this small one takes its place; a test compares the two
on sound files. Layout: MathWorks, "MAT-File Format": a header of 128 bytes, then elements of an 8-byte tag and data.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator

import numpy as np

from spinode.signals import FloatArray

_COMPRESSED, _MATRIX, _INT32, _UINT32 = 15, 14, 5, 6
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMERIC_CLASSES = range(6, 16)  # double, single, int8 ... uint64; not cells, structures, objects, text, sparse
_COMPLEX = 0x0800
_BEST_RATIO = 1100  # deflate shrinks by 1032 at most


def read_mat5(content: bytes) -> dict[str, FloatArray]:
    """Real numeric vectors and scalars by name, in float64; everything else is passed over.

    Raises
    ------
    ValueError
        If the file is of another version, or a size does not fit the bytes that are there.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < 128 or order is None:
        raise ValueError("it is no MATLAB file of version 5 to 7.3; save it with -v7 or -v7.3")
    result = {}
    for kind, data in _elements(content[128:], order):
        if kind == _COMPRESSED:
            inner = zlib.decompressobj().decompress(data, _BEST_RATIO * len(data) + 1)
            kind, data = next(_elements(inner, order), (0, b""))
        found = _variable(data, order) if kind == _MATRIX else None
        if found is not None:
            result[found[0]] = found[1]
    return result


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and data of each element; a size beyond the end is an error."""
    number = np.dtype(order + "u4")
    position = 0
    while position + 8 <= len(content):
        first, size = (int(value) for value in np.frombuffer(content, number, 2, position))
        if first >> 16:  # small: size and type share the first word, the data are in the second
            kind, size, start, after = first & 0xFFFF, first >> 16, position + 4, position + 8
            if size > 4:
                raise ValueError(f"a small element claims {size} bytes")
        else:
            kind, start = first, position + 8
            after = start + size + (0 if kind == _COMPRESSED else -size % 8)
        if start + size > len(content):
            raise ValueError(f"an element claims {size} bytes where {len(content) - start} are left")
        yield kind, content[start : start + size]
        position = after


def _variable(data: bytes, order: str) -> tuple[str, FloatArray] | None:
    """Name and values of one matrix, or None where it is not a real numeric vector or scalar."""
    parts = list(_elements(data, order))
    if len(parts) < 4 or parts[0][0] != _UINT32 or len(parts[0][1]) < 8 or parts[1][0] != _INT32:
        return None
    flags = int(np.frombuffer(parts[0][1], order + "u4", 1)[0])
    shape = np.frombuffer(parts[1][1], order + "i4", len(parts[1][1]) // 4).tolist()
    kind = _TYPES.get(parts[3][0])
    if flags & 0xFF not in _NUMERIC_CLASSES or flags & _COMPLEX or kind is None:
        return None
    size = math.prod(shape)
    if len(shape) < 2 or min(shape) < 1 or size != max(shape):
        return None
    count = len(parts[3][1]) // np.dtype(kind).itemsize
    if count != size:
        raise ValueError(f"a variable of {size} numbers has {count}")
    values = np.frombuffer(parts[3][1], order + kind, count).astype(np.float64)
    return parts[2][1].decode("utf-8", "replace"), values
