"""Scores to tensors and back.

Comes in: `Score`s that start on a barline and lie on a grid. Goes out: float32 tensors, batch first
and channels last, or the same as small integers (`tokens`), and from either the Scores again.

Conventions
-----------
Two forms. `VoiceEncoding` holds one pitch or a rest for each voice and step and tells a held note
from a repeated one; `RollEncoding` holds any number of notes for each track and step. Both round-trip
exactly on what they can hold. What they can't hold they leave out and list in `Encoded.dropped`;
a time off the grid raises. Neither holds velocity, tempo, key or titles. Lesson 01 builds both.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu.score import EncodingError, Grid, Score, Track

__all__ = ["CHORALE_VOICES", "Dropped", "Encoded", "RollEncoding", "VoiceEncoding"]

#: The four voices of a chorale, high to low. Program 19 is General MIDI's church organ.
CHORALE_VOICES = tuple(Track(name, program=19) for name in ("Soprano", "Alto", "Tenor", "Bass"))


class Dropped(NamedTuple):
    """A note that an encoding could not hold."""

    score: int  # index into the encoded list
    note: np.void  # of dtype score.NOTE
    reason: str


class Encoded(NamedTuple):
    """What an encoding returns: the values, and the notes that they don't hold as they were."""

    values: np.ndarray
    dropped: tuple[Dropped, ...]


@dataclasses.dataclass(frozen=True)
class _Encoding:
    """What both forms share: a grid, tracks and a range of pitches, low ≤ pitch ≤ high."""

    grid: Grid = dataclasses.field(default_factory=Grid)
    tracks: tuple[Track, ...] = CHORALE_VOICES
    low: int = 36
    high: int = 81

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 127:
            raise EncodingError(f"encoding: no pitches in {self.low} to {self.high}")

    @property
    def n_pitches(self) -> int:
        return self.high - self.low + 1

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The grids of all metres that it holds; the first is its own."""
        return (self.grid,)

    def _check(self, score: Score) -> None:
        name = score.source or score.title or "a score without a name"
        if len(score.tracks) != len(self.tracks):
            raise EncodingError(
                f"encoding: expected {len(self.tracks)} voices, got {len(score.tracks)} ({name})"
            )
        if score.beats_per_bar not in (held := [grid.beats_per_bar for grid in self.grids]):
            raise EncodingError(
                f"encoding: expected bars of {' or '.join(f'{beats:g}' for beats in held)} beats, "
                f"got {score.beats_per_bar:g} ({name})"
            )
        if score.pickup:
            raise EncodingError(
                f"encoding: expected a start on the barline, got a pickup of {score.pickup:g} ({name})"
            )

    def _spans(self, notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First step and the step after the last, (n_notes,) each; a note's end may pass the grid's."""
        return self.grid.to_steps(notes["onset"]), self.grid.to_steps(notes["onset"] + notes["duration"])

    def _dropped(self, index: int, score: Score, decoded: Score) -> list[Dropped]:
        """The notes of `score` that do not come back from its encoding."""
        kept, lost = Counter(_keys(decoded.notes, self.grid)), []
        for note, key in zip(score.notes, _keys(score.notes, self.grid), strict=True):
            kept[key] -= 1  # of two equal notes one comes back
            if kept[key] < 0:
                lost.append(Dropped(index, note, self._reason(note)))
        return lost

    def _reason(self, note: np.void) -> str:
        if not self.low <= note["pitch"] <= self.high:
            return f"pitch {note['pitch']} is outside {self.low} to {self.high}"
        if note["onset"] + note["duration"] > self.grid.beats + 1e-9:
            return f"passes the end of the grid at beat {self.grid.beats:g}"
        return "another note of its track is in the way"

    def _score(self, rows: list[tuple[int, int, int, int]], tempo: float) -> Score:
        """(track, pitch, first step, step after the last) rows → Score."""
        per_beat = self.grid.steps_per_beat
        beats = [(track, pitch, a / per_beat, (b - a) / per_beat) for track, pitch, a, b in rows]
        return Score.from_rows(beats, self.tracks, beats_per_bar=self.grid.beats_per_bar, tempo=tempo)


@dataclasses.dataclass(frozen=True)
class VoiceEncoding(_Encoding):
    """One class for each voice and step: a pitch that starts, REST, or HOLD (the last one goes on).

    Classes: 0 … n_pitches − 1 are the pitches low … high, then `rest`, then `hold`.

    shorter : beats of shorter bars that it holds, too, each bar filled up with rests. Where more than half of
        the bars end in them, the music is in that metre: the classes alone decide, and `decode` takes them away.
    """

    shorter: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(beats < self.grid.beats_per_bar for beats in self.shorter):
            raise EncodingError(
                f"encoding: bars of {self.grid.beats_per_bar:g} beats can't hold {self.shorter}"
            )

    @property
    def grids(self) -> tuple[Grid, ...]:
        return self.grid, *(dataclasses.replace(self.grid, beats_per_bar=beats) for beats in self.shorter)

    def metres(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of `grids` classes (B, n_steps, n_voices) are on, int (B,), and whether some bar isn't, bool (B,).

        Only a generator's bars disagree, or those of music that rests at the end of most of its bars.
        """
        bars = np.asarray(tokens).reshape(
            len(tokens), self.grid.n_bars, self.grid.steps_per_bar, len(self.tracks)
        )
        found, mixed = np.zeros(len(bars), int), np.zeros(len(bars), bool)
        for i, grid in enumerate(self.grids[1:], start=1):
            padded = (bars[:, :, grid.steps_per_bar :] == self.rest).all((2, 3)).mean(1)  # share of bars
            found[padded > 0.5] = i
            mixed |= (padded > 0) & (padded < 1)
        return found, mixed

    def _plain(self, metre: int) -> VoiceEncoding:
        """The encoding of one of `grids` alone."""
        return dataclasses.replace(self, grid=self.grids[metre], shorter=()) if self.shorter else self

    def _bars(self, tokens: np.ndarray, metre: int) -> np.ndarray:
        """The part of classes (n_steps, V) that bars on one of `grids` use, a view (n_bars, steps_per_bar, V)."""
        return tokens.reshape(self.grid.n_bars, -1, len(self.tracks))[:, : self.grids[metre].steps_per_bar]

    @property
    def rest(self) -> int:
        return self.n_pitches

    @property
    def hold(self) -> int:
        return self.n_pitches + 1

    @property
    def n_classes(self) -> int:
        return self.n_pitches + 2

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_steps, n_voices, n_classes) of one encoded Score."""
        return self.grid.n_steps, len(self.tracks), self.n_classes

    def home_pitches(self) -> np.ndarray:
        """Where each voice is looked for before its first note: classes, int64 (V,), spread over the range."""
        n_voices = len(self.tracks)
        return np.rint((n_voices - np.arange(n_voices) - 0.5) / n_voices * (self.n_pitches - 1)).astype(
            np.int64
        )

    def within(self, ranges: np.ndarray) -> np.ndarray:
        """The classes that stay in ranges, bool (…, C): pitches from lowest to highest, (…, 2); a rest or a hold always."""
        low, high = np.moveaxis(np.asarray(ranges)[..., None] - self.low, -2, 0)
        classes = np.arange(self.n_classes)
        return (classes >= low) & (classes <= high) | (classes >= self.rest)

    def tokens(self, scores: Sequence[Score]) -> Encoded:
        """Classes, uint8 (B, n_steps, n_voices).

        Raises
        ------
        EncodingError : other tracks, another metre, a pickup, a time off the grid.
        """
        values = np.full((len(scores), *self.shape[:2]), self.rest, np.uint8)
        dropped: list[Dropped] = []
        for i, score in enumerate(scores):
            self._check(score)
            metre = [grid.beats_per_bar for grid in self.grids].index(score.beats_per_bar)
            bars = self._bars(values[i], metre)
            steps = bars.reshape(-1, len(self.tracks))  # a view where the bars are whole, else a copy
            whole = self._plain(metre)._write(steps, score)
            bars[:] = steps.reshape(bars.shape)
            if not whole or self.metres(values[i : i + 1])[0][0] != metre:
                dropped += self._dropped(i, score, self.decode(values[i : i + 1])[0])
        return Encoded(values, tuple(dropped))

    def _write(self, steps: np.ndarray, score: Score) -> bool:
        """Fill in steps (n_steps, n_voices), all `rest` before; True where every note lasts as it did."""
        first, stop = self._spans(score.notes)
        pitches = score.notes["pitch"].astype(int)
        usable = (pitches >= self.low) & (pitches <= self.high) & (first < self.grid.n_steps)
        for voice in range(len(self.tracks)):
            mine = np.flatnonzero(usable & (score.notes["track"] == voice))
            # notes are sorted by (onset, pitch): of a chord in one voice the highest is kept
            mine = mine[np.append(np.diff(first[mine]) > 0, True)] if len(mine) else mine
            ends = np.append(first[mine[1:]], self.grid.n_steps)  # a new note ends the one before
            for note, end in zip(mine, np.minimum(stop[mine], ends), strict=True):
                steps[first[note], voice] = pitches[note] - self.low
                steps[first[note] + 1 : end, voice] = self.hold
        return bool((steps != self.rest).sum() == (stop - first).sum())

    def has_notes(self, tokens: np.ndarray) -> bool:
        """Whether a note begins in any of the classes (B, n_steps, n_voices)."""
        return bool((tokens < self.rest).any())

    def encode(self, scores: Sequence[Score]) -> Encoded:
        """One-hot classes, float32 (B, n_steps, n_voices, n_classes); errors as `tokens`."""
        tokens, dropped = self.tokens(scores)
        return Encoded(np.eye(self.n_classes, dtype=np.float32)[tokens], dropped)

    def sounding(self, tokens: np.ndarray) -> np.ndarray:
        """The class that sounds: HOLD replaced by what it holds, a HOLD of nothing by REST; same shape."""
        values = self._as_tokens(tokens).copy()
        before = np.full(values[:, 0].shape, self.rest, values.dtype)
        for step in range(values.shape[1]):
            values[:, step] = np.where(values[:, step] == self.hold, before, values[:, step])
            before = values[:, step]
        return values

    def decode(self, values: np.ndarray, *, tempo: float = 90.0) -> list[Score]:
        """Scores from classes (B, n_steps, n_voices) or from scores of classes (…, n_classes).

        The latter decode by argmax. A HOLD with nothing before it is a rest.
        """
        every = self._as_tokens(values)
        return [
            self._plain(metre)._decode_one(self._bars(tokens, metre).reshape(-1, len(self.tracks)), tempo)
            for tokens, metre in zip(every, self.metres(every)[0], strict=True)
        ]

    def _decode_one(self, tokens: np.ndarray, tempo: float) -> Score:
        rows = []
        for voice, column in enumerate(tokens.T):
            starts = np.flatnonzero(column != self.hold)
            stops = np.append(starts, self.grid.n_steps)[1:]
            rows += [(voice, int(column[a]) + self.low, int(a), int(b))
                     for a, b in zip(starts, stops, strict=True) if column[a] < self.n_pitches]  # fmt: skip
        return self._score(rows, tempo)

    def _as_tokens(self, values: np.ndarray) -> np.ndarray:
        values = np.asarray(values)
        if values.ndim == 4 and values.shape[1:] == self.shape:
            values = values.argmax(-1)
        integers = np.issubdtype(values.dtype, np.integer)
        if values.ndim != 3 or values.shape[1:] != self.shape[:2] or not integers:
            raise EncodingError(
                f"encoding: expected (B, {self.shape}) or classes (B, {self.shape[:2]}), got {values.shape}"
            )
        if values.size and (values.min() < 0 or values.max() >= self.n_classes):
            raise EncodingError(
                f"encoding: classes must be 0 to {self.n_classes - 1}, got {values.min()} to {values.max()}"
            )
        return values


@dataclasses.dataclass(frozen=True)
class RollEncoding(_Encoding):
    """A piano roll with two channels a track: where notes sound, and where they start.

    The starts tell a repeated note from a held one, which a plain roll can't.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_steps, n_pitches, 2 · n_tracks) of one encoded Score."""
        return self.grid.n_steps, self.n_pitches, 2 * len(self.tracks)

    def encode(self, scores: Sequence[Score]) -> Encoded:
        """0 or 1, float32 (B, n_steps, n_pitches, 2 · n_tracks): first all sounding, then all starts.

        Raises
        ------
        EncodingError : other tracks, another metre, a pickup, a time off the grid.
        """
        values = np.zeros((len(scores), *self.shape), np.float32)
        dropped: list[Dropped] = []
        for i, score in enumerate(scores):
            self._check(score)
            self._write(values[i], score)
            dropped += self._dropped(i, score, self.decode(values[i : i + 1])[0])
        return Encoded(values, tuple(dropped))

    def tokens(self, scores: Sequence[Score]) -> Encoded:
        """`encode` in a quarter of the space: bool; errors as there."""
        values, dropped = self.encode(scores)
        return Encoded(values > 0, dropped)

    def has_notes(self, rolls: np.ndarray) -> bool:
        """Whether anything sounds in rolls (B, n_steps, n_pitches, 2 · n_tracks)."""
        return bool(rolls[..., : len(self.tracks)].any())

    def _write(self, roll: np.ndarray, score: Score) -> None:
        for note, first, stop in zip(score.notes, *self._spans(score.notes), strict=True):
            if self.low <= note["pitch"] <= self.high and first < self.grid.n_steps:
                roll[first:stop, note["pitch"] - self.low, note["track"]] = 1
                roll[first, note["pitch"] - self.low, len(self.tracks) + note["track"]] = 1

    def decode(self, values: np.ndarray, *, threshold: float = 0.5, tempo: float = 90.0) -> list[Score]:
        """Scores from rolls (B, n_steps, n_pitches, 2 · n_tracks); a value above `threshold` is a note.

        A note starts where its start is set, and where it begins to sound without one.
        """
        values = np.asarray(values)
        if values.ndim != 4 or values.shape[1:] != self.shape:
            raise EncodingError(f"encoding: expected (B, {self.shape}), got {values.shape}")
        return [self._decode_one(roll, tempo) for roll in values > threshold]

    def _decode_one(self, roll: np.ndarray, tempo: float) -> Score:
        n_tracks = len(self.tracks)
        sounding, starts = roll[..., :n_tracks], roll[..., n_tracks:]
        before = np.concatenate([np.zeros_like(sounding[:1]), sounding[:-1]])
        starts = sounding & (starts | ~before)
        goes_on = sounding & ~starts
        rows = []
        for first, pitch, track in np.argwhere(starts):
            held = goes_on[first + 1 :, pitch, track]
            length = 1 + (len(held) if held.all() else int(held.argmin()))
            rows.append((int(track), int(pitch) + self.low, int(first), int(first) + length))
        return self._score(rows, tempo)


def _keys(notes: np.ndarray, grid: Grid) -> list[tuple[int, ...]]:
    """What identifies a note on the grid: track, pitch, first step, step after the last."""
    ends = grid.to_steps(notes["onset"] + notes["duration"])
    columns = (notes["track"], notes["pitch"], grid.to_steps(notes["onset"]), ends)
    return list(zip(*(column.tolist() for column in columns), strict=True))
