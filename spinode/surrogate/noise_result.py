"""What a fit with noise hands over: a candidate like those of ``training``, its record, and whether it is noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.innovations import innovations
from spinode.surrogate.noise_fit import Learned, whole_problem
from spinode.surrogate.training import Candidate, encode, held_out_error

WHITE, LAGS = 0.1, 10
"""Largest autocorrelation of the normalised errors, over the first lags, that counts as noise and not as structure."""
QUANTILE_90 = 1.6448536269514722
"""Half width of the 90 % interval of a standard normal number."""
MATTERS = 1e-3
"""Part of the outputs' variance that process noise must make in a free run to be worth a stochastic surrogate."""
UNMEASURED = 1e6
"""Measurement variance with which the filter learns next to nothing from the samples: a free run and its spread."""


def as_candidate(found: Learned) -> Candidate:
    """Field and filtered states; ``error`` is that of the field alone, run freely, or the mean's where it diverges."""
    problem = whole_problem(found)
    begun = tuple(replace(stretch, scored=stretch.first) for stretch in problem.stretches)
    given = innovations(replace(problem, stretches=begun), found.theta, found.noise)
    states = given.states
    encoder = encode(found.data, states, everything=True)
    error = held_out_error(found.data, found.shape, found.theta, encoder)
    fitted = float(np.sqrt(np.mean(given.variance)))
    return Candidate(
        label=f"noise, order {found.data.embedding.order}, degree {found.shape.degree}",
        shape=found.shape,
        theta=found.theta,
        states=states,
        error=error if np.isfinite(error) else 1.0,
        fitted=fitted,
    )


def noise_record(found: Learned) -> dict[str, str | float]:
    """Rows of the training record: how large the noises are, and how the one-step errors of held-out time look."""
    z = found.judged.normalised
    truth = np.concatenate([found.data.record.outputs[piece.held : piece.last] for piece in found.data.pieces])
    inside = np.abs(truth - found.judged.predicted) <= QUANTILE_90 * np.sqrt(found.judged.variance)
    return {
        "noise": "process and measurement" if found.noise.driven else "measurement only",
        "noise_measurement_deviation": float(np.sqrt(found.noise.measurement.max())),
        "noise_free_run_deviation": float(np.sqrt(free_variance(found))),
        "noise_heun_steps": found.noise.substeps,
        "held_out_coverage_90": float(inside.mean()),
        "held_out_normalised_deviation": float(z.std()),
        "held_out_largest_autocorrelation": largest_autocorrelation(z),
    }


def is_noise(found: Learned) -> bool:
    """Whether the errors of held-out time are noise: white, and from a process that moves the free runs visibly.

    What a wrong equation leaves over depends on the state or the drive, so it is correlated from sample to sample;
    noise is what no past sample foretells.
    """
    return (
        found.noise.driven
        and largest_autocorrelation(found.judged.normalised) < WHITE
        and free_variance(found) > MATTERS
    )


def largest_autocorrelation(z: FloatArray) -> float:
    """Largest |autocorrelation| of any column over the first lags."""
    centred = z - z.mean(axis=0)
    power = np.maximum(np.mean(centred**2, axis=0), 1e-300)
    lags = range(1, min(LAGS, len(z) - 1) + 1)
    return max(float(np.abs(np.mean(centred[lag:] * centred[:-lag], axis=0) / power).max()) for lag in lags)


def free_variance(found: Learned) -> float:
    """Median variance of a free run by process noise alone, linearised, in units of the outputs' variance."""
    unmeasured = replace(found.noise, measurement=np.full_like(found.noise.measurement, UNMEASURED))
    alone = innovations(whole_problem(found), found.theta, unmeasured)
    with np.errstate(invalid="ignore"):
        value = float(np.median(alone.variance)) - UNMEASURED
    return value if np.isfinite(value) else np.inf
