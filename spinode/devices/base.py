"""The seam of the package: a device is its channels, a packed parameter vector and three compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from numba import types
from numba.extending import intrinsic

from spinode.signals import Channel, FloatArray

MATRIX = types.float64[:, ::1]
KERNEL = types.void(MATRIX, MATRIX, MATRIX, MATRIX)
"""Numba signature of every kernel: (state, drive, parameters, result), one column a member.

``state`` is (S, members), ``drive`` is (I, members), ``parameters`` is (P, members), or (members, P) for a kernel that
is ``by_member``; the kernel fills ``result``, which overlaps none of the others. A loop over the columns of such arrays
is vectorised. The signature is fixed, so the integrator is compiled once, for every device.
"""

Compiled = Callable[..., Any]


def _call_kernel(_: Any, address: Any, state: Any, drive: Any, parameters: Any, result: Any) -> Any:
    """Call the kernel at an address; numba's own function arguments cost 0.2 ms at each call from Python."""
    matrices = (MATRIX,) * 4

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = context.call_conv.get_function_type(types.void, matrices)
        pointer = builder.inttoptr(args[0], function.as_pointer())
        context.call_conv.call_function(builder, pointer, types.void, matrices, args[1:])
        return context.get_dummy_value()

    return types.void(types.int64, *matrices), generate


call_kernel: Any = intrinsic(_call_kernel)


@cache
def address_of(kernel: Compiled) -> int:
    """Where the machine code of a function compiled with ``KERNEL`` starts.

    Raises
    ------
    ValueError
        If the function was not compiled with that signature.
    """
    found = getattr(kernel, "overloads", {}).get(KERNEL.args)
    if found is None:
        name = getattr(kernel, "__name__", kernel)
        raise ValueError(f"kernel '{name}' must be compiled with the signature KERNEL; try @njit(KERNEL) above it")
    return int(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))


@dataclass(frozen=True, kw_only=True, slots=True)
class Kernel:
    """Three functions compiled with the signature ``KERNEL``.

    rhs
        result (S, members): dx/dt in the state's unit per second.
    diffusion
        result (S, members): amplitude b of the noise in dx = rhs dt + b dW (Stratonovich), zero where there is none.
    readout
        result (O, members): the outputs.
    limits
        Largest absolute value of each state at which the equations hold; empty where there is no such bound.
        A run that passes one of them stops with an error.
    rule
        What a state beyond ``limits`` means for this device, for the error message: ``the core left the disk``.
    by_member
        Parameters come as (members, P), not (P, members): for a device with hundreds of them.
    smooth
        ``rhs`` is an analytic function of state and drive whose fastest rate is what ``Device.step`` is made for, so a
        method of high order may take long steps.
    crowd
        The same equations for many members side by side, where they are best written otherwise than for a few.
    """

    rhs: Compiled
    diffusion: Compiled
    readout: Compiled
    limits: tuple[float, ...] = ()
    rule: str = "it left the range in which the equations hold"
    by_member: bool = False
    smooth: bool = False
    crowd: Kernel | None = None


class Device(Protocol):
    """What the integrator, the reservoir and the networks need to know of a device, analytic or learned."""

    @property
    def name(self) -> str:
        """Short name, as the command line knows it."""

    @property
    def inputs(self) -> tuple[Channel, ...]:
        """Drive channels with units."""

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """Output channels with units."""

    @property
    def states(self) -> tuple[Channel, ...]:
        """State variables with units."""

    @property
    def kernel(self) -> Kernel:
        """The compiled equations."""

    @property
    def step(self) -> float:
        """Largest solver step [s] at which the equations are integrated to the documented accuracy."""

    def packed(self) -> FloatArray:
        """Parameter vector of the kernels, shape (P,)."""

    def initial(self) -> FloatArray:
        """State at rest, or the conventional start, shape (S,)."""
