"""The systematic error of a calibration, seen on traces of devices whose parameters are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinode.calibration.judging import Assessment
from spinode.calibration.unknowns import Unknown
from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One check: estimate minus truth (K,) in q of the unknowns, and its covariance (K, K) from noise alone."""

    unknowns: tuple[Unknown, ...]
    error: FloatArray
    covariance: FloatArray


def with_checks(judged: Assessment, checks: Sequence[Checked]) -> Assessment:
    """The assessment with the systematic error added.

    S = mean(e e^T) over the checks is added to the covariance; degrees of freedom after Satterthwaite, Biometrics Bull.
    2, 110 (1946), with one for each check in S (derived here). What noise has done to the checks stays in S: it is
    small where they are quiet, and with few of them the difference of two uncertain numbers would often be nothing.
    """
    extra = np.mean([np.outer(one.error, one.error) for one in checks], axis=0)
    own, added = np.diag(judged.covariance), np.diag(extra)
    freedom = (own + added) ** 2 / (own**2 / judged.freedom + added**2 / len(checks))
    return replace(judged, covariance=judged.covariance + extra, freedom=freedom)
