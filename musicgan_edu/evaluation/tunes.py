"""Which pieces share a tune: what a split by piece can't keep apart once the melody is given.

Comes in: Scores whose first track is the melody. Goes out: a number for each, the same for the same tune.

Conventions
-----------
A melody is read on its beats (what sounds at each, struck again or held), as intervals, so that keys and ornaments
between beats don't count. Two melodies share a tune if they share a third of the runs of seven beats
that the one with fewer has; sharing is passed on (if A and B share one, and B and C, all three do). Lesson 11.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu.evaluation.grids import EvaluationError
from musicgan_edu.score import Score

__all__ = ["tunes_of"]

_RUN, _SHARE = 7, 1 / 3


def tunes_of(scores: Sequence[Score], *, share: float = _SHARE) -> np.ndarray:
    """The tune of each Score, int (B,), numbered as they come.

    Raises
    ------
    EvaluationError : a share outside 0 to 1.
    """
    if not 0 < share <= 1:
        raise EvaluationError(f"evaluation: a share of runs must be above 0 and at most 1, got {share}")
    runs = [_runs(score) for score in scores]
    tune = list(range(len(runs)))
    for i, mine in enumerate(runs):
        for j in range(i):
            if _shared(mine, runs[j]) >= share:
                old, new = max(tune[i], tune[j]), min(tune[i], tune[j])
                tune = [new if one == old else one for one in tune]
    return np.unique(tune, return_inverse=True)[1]


def _shared(a: set[bytes], b: set[bytes]) -> float:
    """Share of the runs of seven beats that the melody with fewer of them has in common with the other's, 0 to 1."""
    return len(a & b) / max(1, min(len(a), len(b)))


def _runs(score: Score) -> set[bytes]:
    """Its runs, each as the intervals between its beats."""
    notes = score.of_track(0)
    beats = np.arange(score.pickup % 1, score.end, 1.0)
    which = np.searchsorted(notes["onset"], beats + 1e-6) - 1
    pitches = notes["pitch"][which[which >= 0]]
    steps = np.diff(pitches).astype(np.int8)
    return {
        steps[i : i + _RUN - 1].tobytes()
        for i in range(len(steps) - _RUN + 2)
        if steps[i : i + _RUN - 1].any()
    }
