"""Tunes in one voice as windows in which neither register, metre, note values nor density are the style.

Comes in: Scores of one track. Goes out: windows of two bars in 4/4 whose first voice sings throughout and whose other
three rest, as the editors take them.

Conventions
-----------
Time is stretched by a power of two until two onsets lie about half a beat apart, and bars of two beats are
read in pairs: so a fiddler's sixteenths in 2/4 and a folk song's quarters in 4/4 look alike on paper. Triple metres
stay out. What a judge could still count is how many notes a window has: `matched` takes equally many windows of each
number from both sides. Lesson 13.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.score import Score
from musicgan_edu.style.cells import PER_BEAT

__all__ = ["even", "matched", "tune_windows", "unit_of"]

_N_BEATS = 8.0  # of a window


def tune_windows(scores: Sequence[Score], *, hop_bars: int = 2) -> list[Score]:
    """Windows at half beats, in C major or A minor, in which the tune sounds all the time; `source` and `key` kept."""
    found: list[Score] = []
    for score in scores:
        unit = unit_of(score) if len(score.tracks) == 1 else None
        if unit is not None:
            tune = even(score, unit).replace(tracks=CHORALE_VOICES)
            cut = cleaning.windows(cleaning.to_c(tune), n_bars=2, hop_bars=hop_bars)
            found += [cleaning.thin(window, PER_BEAT) for window in cut if _is_full(window)]
    return [window for window in found if _is_full(window)]


def matched(a: Sequence[Score], b: Sequence[Score], *, seed: int = 0) -> tuple[list[Score], list[Score]]:
    """As many windows of a as of b with each number of notes, drawn from where there are more."""
    rng = np.random.default_rng(seed)
    sides = [np.array([window.n_notes for window in side]) for side in (a, b)]
    chosen: tuple[list[int], list[int]] = ([], [])
    for n in np.intersect1d(sides[0], sides[1]):
        rows = [np.flatnonzero(side == n) for side in sides]
        size = min(map(len, rows))
        for mine, there in zip(chosen, rows, strict=True):
            mine += rng.permutation(there)[:size].tolist()
    return [a[i] for i in sorted(chosen[0])], [b[i] for i in sorted(chosen[1])]


def unit_of(score: Score) -> float | None:
    """By what a tune's time must be stretched so that two onsets lie half a beat apart as a rule; a power of two.

    None where its bars don't have two beats or a multiple of two then.
    """
    onsets = np.unique(score.notes["onset"].round(3))
    if len(onsets) < 2:
        return None
    unit = float(2.0 ** np.rint(np.log2(0.5 / np.median(np.diff(onsets)))))
    return unit if score.beats_per_bar * unit in (2.0, 4.0, 8.0) else None


def even(score: Score, unit: float) -> Score:
    """The tune stretched, in 4/4; it sounds as before."""
    notes = score.notes.copy()
    notes["onset"] *= unit
    notes["duration"] *= unit
    return score.replace(
        notes=notes, beats_per_bar=4.0, pickup=score.pickup * unit % 4.0, tempo=score.tempo * unit
    )


def _is_full(window: Score) -> bool:
    return bool(window.notes["duration"].sum() >= _N_BEATS - 1e-6)
