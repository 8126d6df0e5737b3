"""What became of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

R = TypeVar("R")


class WorkerDiedError(RuntimeError):
    """The process that worked on a task ended without an answer, again and again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished(Generic[R]):
    """A task that is over.

    Parameters
    ----------
    number : int
        Place of the task in the list, from 0.
    result : object
        What the function returned; None where it raised.
    error : Exception, optional
        What it raised, or ``WorkerDiedError``.
    """

    number: int
    result: R | None = None
    error: Exception | None = None

    def taken(self) -> R:
        """The result; raises the task's error."""
        if self.error is not None:
            raise self.error
        return cast("R", self.result)
