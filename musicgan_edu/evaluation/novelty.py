"""Is it new? How much of each piece stands already in the training set, and how many differ.

Comes in: windows of the same length. Goes out: the agreement of each with its nearest neighbour.

Conventions
-----------
A model that copies gets the best marks of every other measure here. So copying stands beside them,
and is read against real music that the model never saw: Bach, too, repeats Bach. Lesson 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu.evaluation.grids import REST, EvaluationError, Voices, voices
from musicgan_edu.score import Score

__all__ = ["copying", "distinct_share"]

_N_SHIFTS = 12  # transpositions from 6 semitones down to 5 up
_CHUNK = 2_000_000  # cells held in memory at a time


def copying(
    scores: Sequence[Score] | Voices, train: Sequence[Score] | Voices, *, n_bars: int = 2
) -> np.ndarray:
    """Each window's agreement with its nearest neighbour in the training set, float (B,), 0 to 1.

    The agreement of two windows is the share of equal cells, a cell being what sounds in one voice
    at one step (a pitch, or silence), at the best of twelve transpositions. Both sides start on
    barlines. Compare the median and the 95th percentile with those of unseen real music.

    Raises
    ------
    EvaluationError : no score, or windows of another shape than the training set's.
    """
    ours, theirs = voices(scores, n_bars=n_bars).pitch, voices(train, n_bars=n_bars).pitch
    if ours.shape[1:] != theirs.shape[1:]:
        raise EvaluationError(f"evaluation: windows {ours.shape[1:]} don't compare with {theirs.shape[1:]}")
    ours, theirs = ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1)  # (B, C), (N, C)
    rows = max(1, _CHUNK // theirs.size)
    parts = [_best(ours[i : i + rows], theirs) for i in range(0, len(ours), rows)]
    return np.concatenate(parts) / ours.shape[1]


def _best(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Most cells that agree with any training window at any shift, int (B,).

    Each pair of windows needs one look, not twelve: cell by cell the difference of pitches *is* the
    transposition at which that cell agrees, so the best one is the commonest difference.
    """
    # Bytes wrap around at 256; the codes for silence are such that no difference becomes a shift.
    left = np.where(ours == REST, 200, ours).astype(np.uint8) + np.uint8(_N_SHIFTS // 2)
    right = np.where(theirs == REST, 160, theirs).astype(np.uint8)
    shift = np.minimum(left[:, None] - right[None], _N_SHIFTS)  # (B, N, C), _N_SHIFTS for none
    n_pairs = len(ours) * len(theirs)
    places = shift.reshape(n_pairs, -1) + (np.arange(n_pairs, dtype=np.int32) * (_N_SHIFTS + 1))[:, None]
    counts = np.bincount(places.ravel(), minlength=n_pairs * (_N_SHIFTS + 1)).reshape(
        len(ours), len(theirs), -1
    )
    silent = (ours == REST).astype(np.float32) @ (theirs == REST).astype(np.float32).T  # (B, N)
    return (counts[..., :_N_SHIFTS].max(2) + silent).max(1)


def distinct_share(scores: Sequence[Score] | Voices, *, n_bars: int = 2) -> float:
    """Distinct windows / windows, 0 to 1; two are the same if all their notes are.

    A generator that has collapsed repeats itself: 512 pieces, a handful distinct.
    """
    grid = voices(scores, n_bars=n_bars)
    notes = np.where(grid.onset, grid.pitch + 200, grid.pitch)
    return len({window.tobytes() for window in notes}) / len(notes)
