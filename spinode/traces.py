"""Traces: what was done to a device, what it answered, and what is known about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from spinode.signals import FloatArray, Signal, missing_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One static number of a device: value in SI and its unit ('' for a pure number)."""

    value: float
    unit: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """One record: drive and output on the same time axis, with the static parameters and the origin.

    Parameters
    ----------
    drive : Signal
        Inputs u(t), shape (T, inputs); zero inputs are allowed.
    output : Signal
        Outputs y(t), shape (T, outputs), at least one; same dt, start and length as the drive.
    parameters : mapping of str to Parameter
        Numbers that stay constant along the trace (radius, temperature, ...).
    name : str
        Short label, unique within a trace set.
    source : str
        Who made it: file, program or device with its settings.

    Raises
    ------
    ValueError
        If the two signals do not share their time axis or there is no output.
    """

    drive: Signal
    output: Signal
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    name: str = "trace"
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.drive) != len(self.output):
            raise ValueError(f"Trace.drive must be as long as the output ({len(self.output)}), got {len(self.drive)}")
        if abs(self.drive.dt - self.output.dt) > 1e-9 * self.output.dt:
            raise ValueError(f"Trace.drive.dt must equal the output's {self.output.dt} s, got {self.drive.dt} s")
        if abs(self.drive.start - self.output.start) > 1e-3 * self.output.dt:
            raise ValueError(
                f"Trace.drive.start must equal the output's {self.output.start} s, got {self.drive.start} s"
            )
        if not self.output.channels:
            raise ValueError("Trace.output must have at least one channel, got none")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def __len__(self) -> int:
        return len(self.output)

    @property
    def dt(self) -> float:
        """Sample interval [s]."""
        return self.output.dt

    def extras(self) -> Mapping[str, FloatArray]:
        """Further columns (T, ...) that a file keeps beside drive and output; a plain trace has none."""
        return {}

    def samples(self, first: int, last: int) -> Trace:
        """Samples first, ..., last - 1 of drive and output."""
        return replace(self, drive=self.drive.samples(first, last), output=self.output.samples(first, last))


@dataclass(frozen=True, slots=True)
class TraceSet:
    """Traces of one kind of device: the same channels, units and parameter names in each.

    Raises
    ------
    ValueError
        If it is empty, a name occurs twice, or a trace has other channels, units or parameters than the first.
    """

    traces: tuple[Trace, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "traces", tuple(self.traces))
        if not self.traces:
            raise ValueError("TraceSet.traces must hold at least one trace, got none")
        names = [trace.name for trace in self.traces]
        if len(set(names)) != len(names):
            raise ValueError(f"TraceSet.traces must have distinct names, got {str(names)[:400]}")
        first = self.traces[0]
        for trace in self.traces[1:]:
            if not _alike(first, trace):
                raise ValueError(f"trace '{trace.name}' must have the channels {layout(first)}, got {layout(trace)}")

    def __len__(self) -> int:
        return len(self.traces)

    def __iter__(self) -> Iterator[Trace]:
        return iter(self.traces)

    def __getitem__(self, name: str) -> Trace:
        for trace in self.traces:
            if trace.name == name:
                return trace
        raise ValueError(missing_name("trace", name, [trace.name for trace in self.traces]))

    def samples(self, first: int, last: int) -> TraceSet:
        """Samples first, ..., last - 1 of every trace."""
        return TraceSet(tuple(trace.samples(first, last) for trace in self.traces))


def _alike(one: Trace, other: Trace) -> bool:
    """Whether two traces have the same layout; ``layout`` itself would cost more than a short run."""
    for a, b in ((one.drive.channels, other.drive.channels), (one.output.channels, other.output.channels)):
        if a is not b and [(c.name, c.unit) for c in a] != [(c.name, c.unit) for c in b]:
            return False
    names = one.parameters.keys()
    return names == other.parameters.keys() and all(one.parameters[n].unit == other.parameters[n].unit for n in names)


def layout(trace: Trace) -> str:
    """Drive, output and parameter names with their units, as one line that can be compared and shown."""
    drive = ", ".join(f"{c.name} [{c.unit}]" for c in trace.drive.channels) or "none"
    output = ", ".join(f"{c.name} [{c.unit}]" for c in trace.output.channels)
    static = ", ".join(f"{name} [{p.unit}]" for name, p in sorted(trace.parameters.items())) or "none"
    return f"drive: {drive}; output: {output}; parameters: {static}"
