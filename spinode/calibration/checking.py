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

    S = mean(e e^T) - mean(C) over the checks, without its negative eigenvalues, is added to the covariance; degrees of
    freedom after Satterthwaite, Biometrics Bull. 2, 110 (1946), with one for each check in S (derived here).
    """
    seen = np.mean([np.outer(one.error, one.error) for one in checks], axis=0)
    extra = seen - np.mean([one.covariance for one in checks], axis=0)
    values, vectors = np.linalg.eigh(extra)
    extra = (vectors * np.maximum(values, 0.0)) @ vectors.T
    own, added = np.diag(judged.covariance), np.diag(extra)
    freedom = (own + added) ** 2 / (own**2 / judged.freedom + added**2 / len(checks))
    return replace(judged, covariance=judged.covariance + extra, freedom=freedom)
