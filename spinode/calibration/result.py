"""What a calibration found, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spinode.devices.base import Device
from spinode.signals import FloatArray, missing_name
from spinode.units import format_quantity

FITS, ROUGHLY, EDGE = "fits", "fits roughly", "at the edge of the search range"
BLURRED, FOREIGN = "not identifiable", "does not fit"
HEADER = ("unknown", "value", "standard error", "95 % interval", "searched", "verdict")
"""Columns of ``Calibration.table``."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One unknown.

    Parameters
    ----------
    name, unit : str
        SI unit, '' for a pure number.
    value, standard_error, low, high : float
        Estimate, its standard error and the ends of its 95 % interval [unit]; NaN where the trace does not tell it.
    searched : (float, float)
        Range that was searched [unit].
    verdict : str
        ``fits``, ``outside the trained range``, ``at the edge of the search range``, ``not identifiable`` or
        ``does not fit``.
    """

    name: str
    unit: str
    value: float
    standard_error: float
    low: float
    high: float
    searched: tuple[float, float]
    verdict: str

    @property
    def known(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.value)


@dataclass(frozen=True, kw_only=True)
class Residual:
    """What the calibrated run leaves of one output.

    Parameters
    ----------
    name, unit : str
    rms : float
        Root mean square error [unit], corrected for what was fitted: the noise, where the device is right.
    nrmse : float
        ``rms`` over the deviation of the measured output.
    structured : float
        The part of ``nrmse`` that the error's own past foretells: nothing for white noise.
    """

    name: str
    unit: str
    rms: float
    nrmse: float
    structured: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Static parameters of a device found from a trace.

    Parameters
    ----------
    device, trace : str
        Names.
    estimates : tuple of Estimate
        One for each unknown.
    correlation : array, shape (K, K)
        Of the errors of the estimates; NaN where an estimate is.
    residuals : tuple of Residual
        One for each output.
    verdict : str
        ``fits``; ``fits roughly`` (a structured error, for which the intervals are widened); ``at the edge of the
        search range``; ``not identifiable`` (at least one unknown has no number); ``does not fit`` (none has).
    notes : tuple of str
        One line for each thing to know.
    windows, samples : int
        Runs with a first state of their own, and samples of the trace that they cover.
    duration : float
        Length of each run [s].
    calibrated : Device or None
        The device with its parameters found, ready for ``simulate``; None where an unknown has no number.
    fitted : array, shape (T, O)
        Outputs of the runs in the outputs' units; NaN before the first and after the last.
    seconds : float
        Time taken.
    """

    device: str
    trace: str
    estimates: tuple[Estimate, ...]
    correlation: FloatArray
    residuals: tuple[Residual, ...]
    verdict: str
    notes: tuple[str, ...]
    windows: int
    samples: int
    duration: float
    calibrated: Device | None
    fitted: FloatArray
    seconds: float

    @property
    def accepted(self) -> bool:
        """Whether every unknown has a number that may be used: the verdict is ``fits`` or ``fits roughly``."""
        return self.verdict in (FITS, ROUGHLY)

    def __getitem__(self, name: str) -> Estimate:
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        raise ValueError(missing_name("unknown", name, [estimate.name for estimate in self.estimates]))

    def table(self) -> list[tuple[str, ...]]:
        """Rows under ``HEADER``."""
        rows: list[tuple[str, ...]] = []
        for one in self.estimates:
            interval = f"{_text(one.low, one.unit)} to {_text(one.high, one.unit)}" if one.known else "-"
            searched = " to ".join(_text(value, one.unit) for value in one.searched)
            numbers = (_text(one.value, one.unit), _text(one.standard_error, one.unit))
            rows.append((one.name, *numbers, interval, searched, one.verdict))
        return rows

    def as_dict(self) -> dict[str, object]:
        """The JSON object of the command line, in SI; a number that is not known is NaN (null in JSON)."""
        unknowns = {
            one.name: {
                "value": one.value,
                "unit": one.unit,
                "standard_error": one.standard_error,
                "low": one.low,
                "high": one.high,
                "searched": list(one.searched),
                "verdict": one.verdict,
            }
            for one in self.estimates
        }
        residuals = {
            one.name: {"rms": one.rms, "unit": one.unit, "nrmse": one.nrmse, "structured": one.structured}
            for one in self.residuals
        }
        return {
            "device": self.device,
            "trace": self.trace,
            "verdict": self.verdict,
            "accepted": self.accepted,
            "unknowns": unknowns,
            "correlation": {"names": [one.name for one in self.estimates], "matrix": self.correlation.tolist()},
            "residuals": residuals,
            "notes": list(self.notes),
            "windows": self.windows,
            "duration": self.duration,
            "samples": self.samples,
            "seconds": self.seconds,
        }


def _text(value: float, unit: str) -> str:
    return format_quantity(float(f"{value:.6g}"), unit) if np.isfinite(value) else "-"
