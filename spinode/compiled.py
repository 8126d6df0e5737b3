"""What the compiled loops share: how free the compiler is, how wide its vectors are, and memory that fits them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from spinode.signals import FloatArray

LANES = 8
"""Numbers in the widest vector of a processor: 64 bytes, also a line of its cache."""
CONTRACT = {"contract"}
"""A product and a sum may become one fused operation: the only liberty the compiler has, the same in every lane."""


def _wide(_: Any) -> Any:
    """Vectors of 512 bits in the function that calls it, where the processor has them (compilers prefer 256).

    The call also promises that none of the function's arrays overlaps another: without that each loop begins with a
    comparison of all addresses, which costs a few members more than their arithmetic.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite knows no such name
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType) and argument.type.pointee == ir.DoubleType():
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), generate


wide: Any = intrinsic(_wide)


def _borrowed(_: Any, arrays: Any) -> Any:
    """A tuple of arrays, tuples and numbers whose arrays nobody owns, as long as the caller of the function does.

    Arrays that go through tuples and functions are counted, atomically, at each step; arrays without an owner are not.
    """

    def strip(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, value)
            array.meminfo = array.meminfo.type(None)
            array.parent = array.parent.type(None)
            return array._getvalue()
        if isinstance(kind, types.BaseTuple):
            inner: Any = kind
            parts = [strip(context, builder, part, builder.extract_value(value, n)) for n, part in enumerate(inner)]
            return context.make_tuple(builder, kind, parts)
        return value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return strip(context, builder, signature.args[0], args[0])

    return arrays(arrays), generate


borrowed: Any = intrinsic(_borrowed)


def aligned(*shape: int) -> FloatArray:
    """Zeros that start on a line of the cache: a vector that lies across two lines is read twice."""
    size = prod(shape)
    memory = np.zeros(size + LANES)
    first = -memory.__array_interface__["data"][0] // 8 % LANES
    return memory[first : first + size].reshape(shape)
