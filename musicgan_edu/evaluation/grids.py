"""What the measures look at: voices on a grid, and music by bar or by beat.

Comes in: Scores. Goes out: arrays of pitches and onsets (`Voices`), durations by segment, the
piece that each Score belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import EncodingError, Grid, MusicganError, Score

__all__ = ["REST", "EvaluationError", "Voices", "durations", "groups_of", "voices"]

#: The pitch of a silent voice.
REST = -1


class EvaluationError(MusicganError):
    """Music that can't be measured: too little of it, or of another form than it must have."""


class Voices(NamedTuple):
    """Windows of the same length on a grid; B windows, T steps, V voices.

    pitch : int16 (B, T, V), the MIDI number that sounds, `REST` where none does.
    onset : bool (B, T, V), a note starts here.
    """

    pitch: np.ndarray
    onset: np.ndarray
    names: tuple[str, ...]
    steps_per_beat: int
    steps_per_bar: int


def voices(scores: Sequence[Score] | Voices, *, n_bars: int = 2, steps_per_beat: int = 4) -> Voices:
    """Scores that start on a barline as arrays of what sounds and what starts.

    Parameters
    ----------
    scores : monophonic voices, all with the same number of tracks and the same metre; of a chord
        in one voice the highest note counts. Times off the grid are quantised. `Voices` pass through.
    n_bars : the windows' length; music after it is left out, silence up to it counts.

    Raises
    ------
    EvaluationError : no Score.
    EncodingError : another number of tracks or another metre than the first Score's, or a pickup.
    """
    if isinstance(scores, Voices):
        return scores
    if not len(scores):
        raise EvaluationError("evaluation: expected at least one score, got none")
    grid = Grid(n_bars, scores[0].beats_per_bar, steps_per_beat)
    encoding = VoiceEncoding(grid, scores[0].tracks, low=0, high=127)
    tokens = encoding.tokens([_on_grid(score, grid) for score in scores]).values  # (B, T, V)
    sounding = encoding.sounding(tokens).astype(np.int16)
    names = tuple(track.name for track in scores[0].tracks)
    pitch = np.where(sounding == encoding.rest, REST, sounding).astype(np.int16)
    return Voices(pitch, tokens < encoding.n_pitches, names, steps_per_beat, grid.steps_per_bar)


def _on_grid(score: Score, grid: Grid) -> Score:
    try:
        grid.to_steps(score.notes["onset"])
        grid.to_steps(score.notes["onset"] + score.notes["duration"])
    except EncodingError:
        return cleaning.quantise(score, grid.steps_per_beat)
    return score


def durations(score: Score, *, segment: float, n_bars: int | None = None) -> np.ndarray:
    """Beats for which each pitch class sounds in each segment, shape (n_tracks, n_segments, 12).

    Parameters
    ----------
    segment : a segment's length in beats, counted from the first barline: a bar's, or 1 for beats.
    n_bars : how long the music is taken to be; `score.n_bars` unless given. A pickup is left out.
    """
    n_bars = score.n_bars if n_bars is None else n_bars
    n_segments = round(n_bars * score.beats_per_bar / segment)
    start = score.pickup + segment * np.arange(n_segments)
    notes = score.notes
    onset, stop = notes["onset"][:, None], (notes["onset"] + notes["duration"])[:, None]
    overlap = np.clip(
        np.minimum(stop, start + segment) - np.maximum(onset, start), 0, None
    )  # (n_notes, n_segments)
    result = np.zeros((len(score.tracks), 12, n_segments))
    np.add.at(result, (notes["track"], notes["pitch"] % 12), overlap)
    return result.transpose(0, 2, 1)


def groups_of(scores: Sequence[Score] | Sequence[str]) -> np.ndarray:
    """Which Scores (or names of pieces) belong together, int (B,): equal `source`s; one without is on its own."""
    numbers: dict[str, int] = {}
    own = (f"\0{i}" for i in range(len(scores)))  # no source begins like this
    names = [score if isinstance(score, str) else score.source for score in scores]
    return np.array([numbers.setdefault(name or next(own), len(numbers)) for name in names], dtype=int)
