"""Snapshots: which moments of a training are kept, and when one of them has come.

Comes in: whole numbers, steps, and other numbers from 0 to 1, shares of the budget. Goes out: folders
`snapshots/000100` inside the run's, each a checkpoint that `sampling.load` reads.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from pathlib import Path

from musicgan_edu import sampling
from musicgan_edu.score import TrainingError

__all__ = ["Moments"]


class Moments:
    """The moments that were asked for: `(0, 100, 0.5)` is the newborn, step 100, and half of the budget."""

    def __init__(self, wanted: Sequence[float]) -> None:
        for moment in wanted:
            share = isinstance(moment, float) and 0 <= moment <= 1
            if not share and not (isinstance(moment, numbers.Integral) and moment >= 0):
                raise TrainingError(
                    f"training: a snapshot is a step (0, 100) or a share from 0.0 to 1.0, got {moment!r}"
                )
        self.steps = [int(moment) for moment in wanted if isinstance(moment, numbers.Integral)]
        self.shares = [moment for moment in wanted if isinstance(moment, float)]
        self._seen = (-1, -1.0)

    def begin(self, step: int, progress: float, folder: Path) -> None:
        """A run goes on from here: what has been reached before was kept before.

        Raises
        ------
        TrainingError : a step was asked for that is past and wasn't kept.
        """
        self._seen = (step, progress)
        kept = sampling.snapshots(folder)
        for lost in (wanted for wanted in self.steps if wanted <= step and wanted not in kept):
            raise TrainingError(
                f"training: {folder} stands at step {step}: a snapshot of step {lost} comes too late"
            )

    def reached(self, step: int, progress: float) -> bool:
        """Has one of them been passed since the last look?"""
        (old_step, old_progress), self._seen = self._seen, (step, progress)
        return any(old_step < wanted <= step for wanted in self.steps) or any(
            old_progress < wanted <= progress for wanted in self.shares
        )
