"""spinode: spintronic oscillators, Spin-Neural ODE surrogates, and what can be computed with them.

The names below are imported on first use, so that ``import spinode`` and ``spinode --help`` do not wait for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinode.signals import Channel, Signal
    from spinode.traces import Parameter, Trace, TraceSet

__version__ = "0.1.0"
__all__ = ["Channel", "Parameter", "Signal", "Trace", "TraceSet", "__version__"]

_HOMES = {
    "Channel": "spinode.signals",
    "Parameter": "spinode.traces",
    "Signal": "spinode.signals",
    "Trace": "spinode.traces",
    "TraceSet": "spinode.traces",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'spinode' has no attribute '{name}'")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
