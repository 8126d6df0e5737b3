"""Drive samples as the compiled loops read them, and how finely they are stepped through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinode.eighth_order import NODES
from spinode.signals import STAGES, FloatArray

MOST_SUBSTEPS = 100_000
"""Largest number of solver steps a sample; a drive that needs more is sampled too coarsely to be meant."""
_UNREAD = np.zeros((3, 1, 1, 1))
"""Stands for the weights where every channel is held, so that none is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DriveTable:
    """Drive samples as the compiled loop reads them.

    Parameters
    ----------
    values : array, shape (T, members, I) or (T, 1, I)
        Samples in SI units, T >= 2; one column for all members or one each.
    holds : array of bool, shape (I,)
        Which channels keep sample i on [t_i, t_(i+1)); the others are interpolated by cubics.
    dt : float
        Sample interval [s].
    substeps : int
        Solver steps a sample, 1 to ``MOST_SUBSTEPS``.
    order : int
        4: Runge-Kutta 3/8 rule, or stochastic Heun with noise; 8: Prince and Dormand, without noise only.
    """

    values: FloatArray
    holds: NDArray[np.bool_]
    dt: float
    substeps: int = 1
    order: int = 4

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[0] < 2:
            raise ValueError(f"DriveTable.values must have shape (T >= 2, members, inputs), got {self.values.shape}")
        if not 1 <= self.substeps <= MOST_SUBSTEPS:
            raise ValueError(
                f"DriveTable.substeps must be 1 to {MOST_SUBSTEPS} solver steps a sample, got {self.substeps};"
                f" try a drive with dt below {self.dt:.3g} s"
            )
        if self.order not in (4, 8):
            raise ValueError(f"DriveTable.order must be 4 or 8, got {self.order}")
        object.__setattr__(self, "values", np.ascontiguousarray(self.values, dtype=np.float64))

    @property
    def stages(self) -> tuple[float, ...]:
        """Where in a step the slopes are taken."""
        return STAGES if self.order == 4 else NODES

    def weights(self) -> FloatArray:
        """Weights of the stage values: Lagrange cubics as in ``signals.stage_values``.

        Returns
        -------
        array, shape (3, substeps, stages, nodes)
            By position of the sample among its nodes, substep, stage and node.
        """
        nodes = min(4, self.values.shape[0])
        if self.holds.all():
            return _UNREAD
        offset = (np.arange(self.substeps)[:, None] + np.array(self.stages)) / self.substeps
        position = np.arange(3.0)[:, None, None] + offset
        result = np.ones((*position.shape, nodes))
        for node in range(nodes):
            for other in range(nodes):
                if other != node:
                    result[..., node] *= (position - other) / (node - other)
        return result
