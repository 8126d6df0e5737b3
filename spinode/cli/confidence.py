"""What ``predict`` says about where a prediction may be trusted: lines, JSON and the shading of a figure."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinode.signals import FloatArray
    from spinode.surrogate import Surrogate
    from spinode.surrogate.prediction import Assessment
    from spinode.traces import Trace


def quietly_assessed(surrogate: Surrogate, trace: Trace) -> Assessment:
    """Mask and band of a free run whose warnings were given already."""
    from spinode.surrogate.prediction import assess

    with warnings.catch_warnings(action="ignore"):
        return assess(surrogate, trace)


def show_confidence(trace: Trace, found: Assessment, warm_up: int) -> None:
    """One line each on stdout for the samples outside the training and for the band."""
    from spinode.units import format_quantity

    outside = found.outside
    if outside is None:
        print("note: this surrogate does not know its trained region; fit it again to see where it extrapolates")
    elif outside.first is None:
        print("outside the training: no sample")
    else:
        reasons = [name for name, mask in outside.reasons.items() if mask.any()]
        first = format_quantity(float(f"{outside.first:.6g}"), "s")
        print(f"outside the training: {outside.share:.2%} of the samples, first at {first} ({', '.join(reasons)})")
    if found.half_width is not None:
        means = found.half_width[warm_up:].mean(axis=0)
        parts = [
            f"{channel.name} +- {width:.4g} {channel.unit}".rstrip() + f", covers {share:.1%}"
            for channel, width, share in zip(
                trace.output.channels, means, _coverage(trace, found, warm_up), strict=True
            )
        ]
        print(f"90 % band of the ensemble (mean): {'; '.join(parts)}")


def show_calibration(surrogate: Surrogate) -> None:
    """One line on stdout where the band had few windows to be calibrated on."""
    from spinode.surrogate.band import FEW

    ensemble = surrogate.ensemble
    if ensemble is not None and 0 < ensemble.windows < FEW:
        print(f"note: the band was calibrated on {ensemble.windows} windows only; other traces may leave it more often")


def confidence_json(trace: Trace, found: Assessment, warm_up: int) -> dict[str, object]:
    """``outside`` and ``band`` of a report, the latter by output and with its coverage of the truth."""
    from spinode.surrogate.ensemble import LEVEL

    outside = found.outside.as_dict() if found.outside is not None else None
    band = None
    if found.half_width is not None:
        means, shares = found.half_width[warm_up:].mean(axis=0), _coverage(trace, found, warm_up)
        names = trace.output.names
        band = {
            "level": LEVEL,
            "half_width": {name: float(width) for name, width in zip(names, means, strict=True)},
            "coverage": {name: float(share) for name, share in zip(names, shares, strict=True)},
        }
    return {"outside": outside, "band": band}


def _coverage(trace: Trace, found: Assessment, warm_up: int) -> FloatArray:
    return found.coverage(trace.output.values, warm_up)
