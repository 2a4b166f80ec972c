"""Measures of time: silence, change, density, groove.

Comes in: Scores. Goes out: `Tally`, whose `value` is the measure. All of lesson 10.

Conventions
-----------
A Score ends with its last note, so its last silent bars are seen only where `n_bars` says how long
it is taken to be. Bars are counted from the first barline; a pickup is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu.evaluation.grids import Voices, durations, voices
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score

__all__ = ["changes_per_bar", "empty_bars", "empty_beats", "groove", "polyphony", "qualified_notes"]

_SHORTEST = 1 / 8  # beats: a 32nd note
_ROUNDING = 1e-6


def empty_bars(scores: Sequence[Score], *, n_bars: int | None = None) -> Tally:
    """EB: share of a track's bars in which nothing sounds. Range 0 to 1; NaN without a bar.

    References
    ----------
    Dong et al. (2018): MuseGAN. By the paper; one released program returns the opposite share.
    """
    sounds = [durations(s, segment=s.beats_per_bar, n_bars=n_bars).sum(2) > 0 for s in scores]
    return Tally.of([(~bars).sum() for bars in sounds], [bars.size for bars in sounds])


def empty_beats(scores: Sequence[Score], *, n_bars: int | None = None) -> Tally:
    """Share of quarter-note beats in which no track sounds at all. Range 0 to 1; NaN without a beat."""
    sounds = [durations(s, segment=1.0, n_bars=n_bars).sum((0, 2)) > 0 for s in scores]
    return Tally.of([(~beats).sum() for beats in sounds], [beats.size for beats in sounds])


def qualified_notes(scores: Sequence[Score], *, shortest: float = _SHORTEST) -> Tally:
    """QN: share of notes that last at least a 32nd (an eighth of a beat), or `shortest` beats. Range 0 to 1.

    On a grid of 16ths every note does: the measure says something about rolls on finer grids only.
    NaN without a note.

    References
    ----------
    Dong et al. (2018): MuseGAN.
    """
    return Tally.of(
        [(s.notes["duration"] > shortest - _ROUNDING).sum() for s in scores], [s.n_notes for s in scores]
    )


def polyphony(scores: Sequence[Score]) -> Tally:
    """How many notes sound at once, on average over the time in which any does. At least 1.

    Σ durations / length of their union, in beats; the same pitch in two tracks is two notes.
    NaN without a note.
    """
    return Tally.of([s.notes["duration"].sum() for s in scores], [_union(s.notes) for s in scores])


def _union(notes: np.ndarray) -> float:
    """Beats in which at least one note sounds; notes are sorted by onset."""
    stop = np.maximum.accumulate(notes["onset"] + notes["duration"])
    before = np.concatenate([[-np.inf], stop[:-1]]) if len(notes) else stop
    return float(np.clip(stop - np.maximum(notes["onset"], before), 0, None).sum())


def groove(scores: Sequence[Score], *, n_bars: int | None = None, steps_per_beat: int = 4) -> Tally:
    """Likeness of the rhythms of neighbouring bars: 1 − the share of steps that differ in onsets.

    A step counts as an onset if any note starts there. Range 0 to 1 (the same rhythm in every
    bar); NaN for a single bar.

    References
    ----------
    Wu, Yang (2020): The Jazz Transformer on the Front Line, "grooving pattern similarity".
    """
    rhythms = [_rhythm(s, s.n_bars if n_bars is None else n_bars, steps_per_beat) for s in scores]
    return Tally.of([(r[1:] == r[:-1]).mean(1).sum() for r in rhythms], [max(len(r) - 1, 0) for r in rhythms])


def _rhythm(score: Score, n_bars: int, steps_per_beat: int) -> np.ndarray:
    """Where notes start, bool (n_bars, steps_per_bar)."""
    per_bar = max(1, round(score.beats_per_bar * steps_per_beat))
    steps = np.rint((score.notes["onset"] - score.pickup) * steps_per_beat).astype(int)
    starts = np.zeros(n_bars * per_bar, dtype=bool)
    starts[steps[(steps >= 0) & (steps < len(starts))]] = True
    return starts.reshape(n_bars, per_bar)


def changes_per_bar(scores: Sequence[Score] | Voices, *, n_bars: int = 2) -> Tally:
    """Steps of a bar at which the sounding chord differs from the step before: mean count.

    16 steps a 4/4 bar. A repeated note is no change; the very first chord isn't one either. Never
    NaN. A frozen chord breaks no rule of voice leading: read this beside them.
    """
    grid = voices(scores, n_bars=n_bars)
    changed = (grid.pitch[:, 1:] != grid.pitch[:, :-1]).any(2)
    return Tally.of(changed.sum(1), np.full(len(changed), grid.pitch.shape[1] / grid.steps_per_bar))
