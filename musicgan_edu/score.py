"""The one data type of the course: a piece of music as notes in quarter-note beats.

Comes in: nothing (numpy only, no I/O). Goes out: `Score`, which every stage takes and gives.

Conventions
-----------
Onset 0 is the start of the file; the first barline stands at `pickup`. Times are quarter-note
beats (float64), so a 6/8 bar has `beats_per_bar` 3. `pitch` is a MIDI number (60 = middle C).
One metre and one tempo: a change of either splits the piece when it is read.
Lesson 01 builds these ideas up; everything else in the package stands on them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = [
    "NOTE",
    "CheckpointError",
    "EncodingError",
    "Grid",
    "MusicganError",
    "ReadError",
    "Score",
    "ScoreError",
    "Track",
    "TrainingError",
]

#: One note. `track` indexes `Score.tracks`; `onset` and `duration` are in beats.
NOTE = np.dtype(
    [
        ("track", np.int16),
        ("pitch", np.int16),
        ("onset", np.float64),
        ("duration", np.float64),
        ("velocity", np.int16),
    ]
)
MAX_BEATS = 1e6
_ROUNDING = 1e-6  # beats; far below any grid, far above float error


class MusicganError(ValueError):
    """Base of every error that the package raises about what it was given."""


class ScoreError(MusicganError):
    """Notes, tracks or metre that no Score can hold."""


class ReadError(MusicganError):
    """A file that can't be read as music; the message names file and cause."""


class EncodingError(MusicganError):
    """A Score that an encoding can't hold, or a tensor that isn't of its form."""


class CheckpointError(MusicganError):
    """A checkpoint or run folder that is missing, damaged or of another version."""


class TrainingError(MusicganError):
    """A training that can't go on: the message names the likely cause and the lesson that treats it."""


@dataclasses.dataclass(frozen=True)
class Track:
    """A voice or an instrument: a name (data, never HTML), a General MIDI program, drums or not."""

    name: str
    program: int = 0
    is_drum: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.program <= 127:
            raise ScoreError(f"score: program must be 0 to 127, got {self.program} ({self.name!r})")


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid of equal steps: `steps_per_beat` steps to a quarter note, `n_bars` bars."""

    n_bars: int = 2
    beats_per_bar: float = 4.0
    steps_per_beat: int = 4

    def __post_init__(self) -> None:
        if self.n_bars < 1 or self.steps_per_beat < 1 or not self.beats_per_bar > 0:
            raise ScoreError(f"score: bars, beats and steps must be positive, got {self}")
        if abs(self.steps_per_bar - self.beats_per_bar * self.steps_per_beat) > _ROUNDING:
            raise ScoreError(f"score: a bar must hold a whole number of steps, got {self}")

    @property
    def steps_per_bar(self) -> int:
        return round(self.beats_per_bar * self.steps_per_beat)

    @property
    def n_steps(self) -> int:
        return self.n_bars * self.steps_per_bar

    @property
    def beats(self) -> float:
        """The grid's length in beats."""
        return self.n_steps / self.steps_per_beat

    def to_steps(self, beats: np.ndarray) -> np.ndarray:
        """Beats, any shape, to whole steps, int64; EncodingError on a time between two steps."""
        exact = np.asarray(beats, dtype=np.float64) * self.steps_per_beat
        steps = np.rint(exact)
        off = np.abs(exact - steps) > _ROUNDING * self.steps_per_beat
        if off.any():
            raise EncodingError(
                f"encoding: {int(off.sum())} times lie off the grid of {self.steps_per_beat} steps "
                f"a beat, the first at beat {float(np.asarray(beats)[off].flat[0]):g}: quantise first"
            )
        return steps.astype(np.int64)


@dataclasses.dataclass(frozen=True, eq=False)
class Score:
    """A piece of music, immutable: any number of tracks, any polyphony.

    Parameters
    ----------
    notes : structured array of dtype `NOTE`, shape (n_notes,), any order; kept sorted by
        (onset, track, pitch) and read-only. See `Score.from_rows` for tuples.
    tracks : the tracks that `notes["track"]` points into.
    beats_per_bar : quarter-note beats a bar; 6/8 has 3.
    pickup : beats before the first barline, 0 ≤ pickup < beats_per_bar.
    tempo : quarter notes a minute.
    key : (tonic pitch class 0 to 11, "major" or "minor") or None where it isn't known.
    title, source : where it comes from; data, never HTML.

    Raises
    ------
    ScoreError : a pitch or velocity outside 0 to 127 (velocity 1 to 127), a negative onset,
        a duration that isn't positive, a time that isn't finite, a track that isn't there.
    """

    notes: np.ndarray
    tracks: tuple[Track, ...]
    beats_per_bar: float = 4.0
    pickup: float = 0.0
    tempo: float = 120.0
    key: tuple[int, str] | None = None
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        notes = np.array(self.notes, dtype=NOTE)  # a copy: nobody else holds it
        self._validate(notes)
        notes = notes[np.lexsort((notes["pitch"], notes["track"], notes["onset"]))]
        notes.flags.writeable = False
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "tracks", tuple(self.tracks))

    def _validate(self, notes: np.ndarray) -> None:
        times = np.stack([notes["onset"], notes["duration"]])
        checks = [
            (notes.ndim == 1, "notes must be one-dimensional", notes.shape),
            (bool(np.isfinite(times).all()), "times must be finite", self.source),
            (bool((np.abs(times) < MAX_BEATS).all()), f"times must be below {MAX_BEATS:g}", self.source),
            (bool((notes["onset"] >= 0).all()), "onsets must be ≥ 0", self.source),
            (bool((notes["duration"] > 0).all()), "durations must be > 0", self.source),
            (_within(notes["pitch"], 0, 127), "pitches must be 0 to 127", self.source),
            (_within(notes["velocity"], 1, 127), "velocities must be 1 to 127", self.source),
            (_within(notes["track"], 0, len(self.tracks) - 1), "a note's track isn't there", self.source),
            (
                np.isfinite(self.beats_per_bar) and self.beats_per_bar > 0,
                "beats_per_bar must be > 0",
                self.beats_per_bar,
            ),
            (0 <= self.pickup < self.beats_per_bar, "pickup must be less than a bar", self.pickup),
            (np.isfinite(self.tempo) and self.tempo > 0, "tempo must be > 0", self.tempo),
            (
                self.key is None or (self.key[0] in range(12) and self.key[1] in ("major", "minor")),
                "no such key",
                self.key,
            ),
        ]
        for good, message, value in checks:
            if not good:
                raise ScoreError(f"score: {message} ({value})")

    @classmethod
    def from_rows(
        cls, rows: Iterable[Sequence[float]], tracks: Sequence[Track] | None = None, **fields: Any
    ) -> Score:
        """A Score from (track, pitch, onset, duration[, velocity]) rows; velocity 80 unless given.

        Raises
        ------
        ScoreError : a track, pitch or velocity that isn't whole.
        """
        full = [tuple(row) if len(row) == 5 else (*row, 80) for row in rows]
        notes = np.array(full, dtype=NOTE)
        given = np.array(full, float).reshape(-1, 5)[:, [0, 1, 4]]  # numpy would round 59.99 down to 59
        other = (given != np.stack([notes[key] for key in ("track", "pitch", "velocity")], 1)).any(1)
        if other.any():
            row = full[other.argmax()]
            raise ScoreError(f"score: track, pitch and velocity must be whole numbers, got {row}")
        if tracks is None:
            tracks = [Track(f"track {i + 1}") for i in range(int(notes["track"].max(initial=0)) + 1)]
        return cls(notes=notes, tracks=tuple(tracks), **fields)

    def replace(self, **fields: Any) -> Score:
        """The same Score with some fields changed."""
        return dataclasses.replace(self, **fields)

    @property
    def n_notes(self) -> int:
        return len(self.notes)

    @property
    def end(self) -> float:
        """The beat on which the last note ends; 0 for an empty Score."""
        return float((self.notes["onset"] + self.notes["duration"]).max(initial=0.0))

    @property
    def n_bars(self) -> int:
        """Bars from the first barline to the end, a last incomplete one counted; the pickup isn't."""
        return max(0, int(np.ceil((self.end - self.pickup) / self.beats_per_bar - _ROUNDING)))

    @property
    def seconds(self) -> float:
        return self.end * 60.0 / self.tempo

    def of_track(self, track: int) -> np.ndarray:
        """The notes of one track, shape (n,), in time order."""
        return self.notes[self.notes["track"] == track]

    def cut(self, start: float, end: float) -> Score:
        """The music between two beats, moved to beat 0; notes that cross an edge are clipped there.

        A note already sounding at `start` is struck anew. The metre is kept: `pickup` becomes the
        distance from `start` to the next barline.
        """
        if not 0 <= start < end:
            raise ScoreError(f"score: cut needs 0 ≤ start < end, got {start} and {end}")
        onset = np.maximum(self.notes["onset"], start)
        stop = np.minimum(self.notes["onset"] + self.notes["duration"], end)
        inside = stop - onset > _ROUNDING
        notes = self.notes[inside]
        notes["onset"], notes["duration"] = onset[inside] - start, (stop - onset)[inside]
        pickup = float(np.mod(self.pickup - start, self.beats_per_bar))
        if min(pickup, self.beats_per_bar - pickup) < _ROUNDING:
            pickup = 0.0
        return self.replace(notes=notes, pickup=pickup)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        same_notes = np.array_equal(self.notes, other.notes)
        return same_notes and all(
            getattr(self, f.name) == getattr(other, f.name)
            for f in dataclasses.fields(self)
            if f.name != "notes"
        )

    def __hash__(self) -> int:
        return hash((self.notes.tobytes(), self.tracks, self.title, self.source))

    def __repr__(self) -> str:
        names = ", ".join(repr(track.name) for track in self.tracks[:4])
        more = ", …" if len(self.tracks) > 4 else ""
        return f"<Score {self.title!r}: {self.n_notes} notes, {self.n_bars} bars, tracks {names}{more}>"


def _within(values: np.ndarray, low: int, high: int) -> bool:
    return len(values) == 0 or bool(values.min() >= low and values.max() <= high)
