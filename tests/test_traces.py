"""Traces and trace sets."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.signals import Channel, Signal, signal_of
from spinode.traces import Parameter, Trace, TraceSet, layout


def trace(*, name: str = "a", length: int = 5, dt: float = 1.0, unit: str = "V", start: float = 0.0) -> Trace:
    return Trace(
        drive=signal_of(np.arange(length), 1.0, Channel(name="u", unit="A")),
        output=signal_of(np.arange(5), dt, Channel(name="y", unit=unit), start=start),
        parameters={"radius": Parameter(value=1e-7, unit="m")},
        name=name,
    )


def test_a_trace_without_inputs_is_allowed_and_one_without_outputs_is_not() -> None:
    nothing = Signal(values=np.zeros((5, 0)), dt=1.0, channels=())
    output = signal_of(np.zeros(5), 1.0, Channel(name="y"))
    assert len(Trace(drive=nothing, output=output)) == 5
    with pytest.raises(ValueError, match="at least one channel"):
        Trace(drive=output, output=nothing)


def test_drive_and_output_must_share_length_step_and_start() -> None:
    with pytest.raises(ValueError, match=r"as long as the output \(5\), got 4"):
        trace(length=4)
    with pytest.raises(ValueError, match=r"Trace\.drive\.dt must equal"):
        trace(dt=1.1)
    with pytest.raises(ValueError, match=r"Trace\.drive\.start must equal"):
        trace(start=0.5)


def test_static_parameters_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        trace().parameters["radius"] = Parameter(value=2.0)  # type: ignore[index]


def test_samples_of_a_trace_are_samples_of_both_signals() -> None:
    part = trace().samples(2, 4)
    assert part.drive.values[:, 0].tolist() == part.output.values[:, 0].tolist() == [2.0, 3.0]
    assert part.output.start == 2.0


def test_a_set_holds_traces_of_one_kind_with_distinct_names() -> None:
    both = TraceSet((trace(), trace(name="b")))
    assert [t.name for t in both] == ["a", "b"]
    assert both["b"].name == "b"
    assert len(both.samples(0, 2).traces[1]) == 2
    with pytest.raises(ValueError, match="distinct names"):
        TraceSet((trace(), trace()))
    with pytest.raises(ValueError, match="at least one trace"):
        TraceSet(())
    with pytest.raises(ValueError, match=r"must have the channels drive: u \[A\]; output: y \[V\].*got .*y \[T\]"):
        TraceSet((trace(), trace(name="b", unit="T")))
    with pytest.raises(ValueError, match="trace 'c' is not there; known: a, b"):
        both["c"]


def test_the_layout_names_channels_units_and_parameters_in_one_line() -> None:
    assert layout(trace()) == "drive: u [A]; output: y [V]; parameters: radius [m]"
