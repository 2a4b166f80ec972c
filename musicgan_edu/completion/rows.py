"""A piece as given notes and filled cells: its grid, what of each note a gap leaves, both put together again.

Comes in: a Score, a gap, bool (T, V), filled classes. Goes out: a Score that is as it was outside the gap.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu.completion.methods import FORM, sounding
from musicgan_edu.score import NOTE, Score

__all__ = ["PER_BEAT", "Table", "fragments", "put_back"]

PER_BEAT = FORM.grid.steps_per_beat


@dataclasses.dataclass(frozen=True)
class Table:
    """A piece's grid of sixteenths: step 0 begins at `start` beats (0 or a little before), bars at `pickup`."""

    score: Score

    @property
    def lead(self) -> int:
        """Steps before the first barline."""
        return int(np.ceil(self.score.pickup * PER_BEAT - 1e-6))

    @property
    def start(self) -> float:
        return self.score.pickup - self.lead / PER_BEAT

    @property
    def n_steps(self) -> int:
        """To the end of the last bar."""
        return self.lead + round(self.score.n_bars * self.score.beats_per_bar * PER_BEAT)

    def bar(self, step: np.ndarray) -> np.ndarray:
        """The bar of each step; 0 is the pickup."""
        return np.asarray(self._beats(step) // self.score.beats_per_bar + 1, int)

    def beat(self, step: np.ndarray) -> np.ndarray:
        """The beat of its bar, from 1."""
        return np.asarray(self._beats(step) % self.score.beats_per_bar // 1 + 1, int)

    def _beats(self, step: np.ndarray) -> np.ndarray:
        return (np.asarray(step) - self.lead) / PER_BEAT + 1e-9

    def at(self, step: int) -> float:
        """The beat on which a step begins, from the start of the file; never before it."""
        return max(0.0, self.start + step / PER_BEAT)


class _Row(NamedTuple):
    """A note or a part of one. duration: the note's own, if nothing was cut off.

    filled: not given. tied: goes on from what stands before it. goes_on: into what stands after it.
    """

    track: int
    pitch: int
    onset: float
    end: float
    velocity: int
    duration: float = 0.0
    filled: bool = False
    tied: bool = False
    goes_on: bool = False


def put_back(
    score: Score, table: Table, voices: Sequence[int], tokens: np.ndarray, hidden: np.ndarray,
    shift: Sequence[int], missing: np.ndarray,
) -> Score:  # fmt: skip
    """The Score with the filled cells as notes: given notes are kept as they are, or cut at the gap's edges."""
    rows = _outside(score, missing)
    for column, voice in enumerate(voices):
        if voice < 0 or not hidden[:, column].any():
            continue
        loud = score.of_track(voice)["velocity"]
        velocity = int(np.median(loud)) if len(loud) else 80
        own, heard = np.append(tokens[:, column], FORM.rest), sounding(tokens)[:, column]
        for first, stop in _runs(hidden[:, column], tokens[:, column]):
            if heard[first] < FORM.n_pitches:
                pitch = int(np.clip(heard[first] + FORM.low - shift[column], 0, 127))
                tied, goes_on = own[first] == FORM.hold, own[stop] == FORM.hold
                rows.append(
                    _Row(voice, pitch, table.at(first), table.at(stop), velocity, 0.0, True, tied, goes_on)
                )
    return score.replace(notes=_joined(rows))


def _runs(hidden: np.ndarray, tokens: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of hidden steps in which one note or rest goes on: (first step, step after the last)."""
    begins = hidden & (np.append(True, ~hidden[:-1]) | (tokens != FORM.hold))
    edges = np.append(np.flatnonzero(begins | ~hidden), len(tokens))
    return [(int(a), int(edges[edges > a][0])) for a in np.flatnonzero(begins)]


def _outside(score: Score, missing: np.ndarray) -> list[_Row]:
    """What of each note lies outside the gap."""
    table, rows = Table(score), []
    edges = [_edges(missing[:, track], table) for track in range(len(score.tracks))]
    for track, pitch, onset, duration, velocity in score.notes.tolist():
        begin, end = onset, onset + duration
        touched = [(a, b) for a, b in edges[track] if a < end - 1e-9 and b > onset + 1e-9]
        for low, high in touched:
            if begin < low - 1e-9:
                rows.append(_Row(track, pitch, begin, low, velocity))
            begin = high
        if begin < end - 1e-9:
            rows.append(_Row(track, pitch, begin, end, velocity, 0.0 if touched else duration))
    return rows


def _edges(missing: np.ndarray, table: Table) -> list[tuple[float, float]]:
    """The stretches of beats that one track lacks."""
    change = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(int), [0]])))
    return [(table.at(a), table.at(b)) for a, b in change.reshape(-1, 2).tolist()]


def fragments(score: Score, missing: np.ndarray) -> Counter[tuple[int, int, float, float, int]]:
    """What of each note lies outside a gap, as (track, pitch, onset, end, velocity): the part that was given."""
    return Counter(
        (row.track, row.pitch, round(row.onset, 9), round(row.end, 9), row.velocity)
        for row in _outside(score, missing)
    )


def _joined(rows: list[_Row]) -> np.ndarray:
    """Notes of rows; a filled one that is tied to what stands before or after it becomes one note with it."""
    notes: list[_Row] = []
    for row in sorted(rows, key=lambda row: (row.track, row.onset, row.pitch)):
        last = notes[-1] if notes else row
        meets = notes and (last.track, last.pitch, last.end) == (row.track, row.pitch, row.onset)
        if meets and row.filled and row.tied:
            notes[-1] = last._replace(end=row.end, duration=0.0, goes_on=row.goes_on)
        elif meets and last.goes_on and not row.filled and (last.filled or last.velocity == row.velocity):
            notes[-1] = last._replace(
                end=row.end, velocity=row.velocity, duration=0.0, filled=False, goes_on=False
            )
        else:
            notes.append(row)
    full = [(r.track, r.pitch, r.onset, r.duration or r.end - r.onset, r.velocity) for r in notes]
    return np.array(full, dtype=NOTE)
