"""What a recipe composes: the forms, and real music cut to them.

Comes in: Scores. Goes out: real windows as classes, uint8 (N, T, V), or as rolls, bool (N, T, P, 2K), for the games.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import RollEncoding, VoiceEncoding
from musicgan_edu.score import EncodingError, Grid, Score, ScoreError, Track, TrainingError

__all__ = ["FORMS", "Cut", "cut", "described", "prepare", "reasons", "rolls_for"]

_FIDDLE = (Track("Melody", program=40),)

#: What a recipe's `form` stands for. A phrase's grid has eighths only: it is four times as long. Of "roll" the
#: tracks depend on the music, see `rolls_for`.
FORMS: dict[str, VoiceEncoding | RollEncoding] = {
    "chorale": VoiceEncoding(),
    "phrase": VoiceEncoding(Grid(n_bars=8, steps_per_beat=2)),
    "melody": VoiceEncoding(Grid(n_bars=4), _FIDDLE, low=55, high=88),
    "dance": VoiceEncoding(Grid(n_bars=4), _FIDDLE, low=55, high=88, shorter=(3.0,)),
    "roll": RollEncoding(low=36, high=95),
}
_MOST_TRACKS = 8
_LATE = 0.07  # beats: a note so near to a step is meant to stand on it; a triplet is 0.083 off


class Cut(NamedTuple):
    """Windows of music and what they are to a game, and how much was left out by reason."""

    scores: list[Score]
    values: np.ndarray
    left_out: Counter[str]


def described(encoding: VoiceEncoding | RollEncoding) -> dict[str, Any]:
    """An encoding as a card has it; `sampling.load` makes it again."""
    tracks = [dataclasses.asdict(track) for track in encoding.tracks]
    grid = dataclasses.asdict(encoding.grid)
    shape = {"grid": grid, "tracks": tracks, "low": encoding.low, "high": encoding.high}
    shorter = [each.beats_per_bar for each in encoding.grids[1:]]
    return shape | ({"shorter": shorter} if shorter else {})


def rolls_for(scores: Sequence[Score]) -> RollEncoding:
    """The form for rolls of this music: its own tracks where it agrees on them, else `cleaning.FAMILIES`.

    It agrees if at least half of the pieces in its metre have tracks of the same families in the same order;
    names and programs are then those of the first such piece. The metre is 4/4 if any piece has it, else the commonest.

    Raises
    ------
    TrainingError : no piece.
    """
    form = FORMS["roll"]
    if not scores:
        raise TrainingError("training: no pieces to make rolls of")
    metres = Counter(score.beats_per_bar for score in scores)
    usual = form.grid.beats_per_bar
    beats = usual if usual in metres else metres.most_common(1)[0][0]
    pieces = [score for score in scores if score.beats_per_bar == beats]
    kinds = [tuple(map(cleaning.family, score.tracks)) for score in pieces]
    kind, often = Counter(kinds).most_common(1)[0]
    agrees = 2 * often >= len(kinds) and len(kind) <= _MOST_TRACKS
    tracks = pieces[kinds.index(kind)].tracks if agrees else cleaning.FAMILIES
    return RollEncoding(dataclasses.replace(form.grid, beats_per_bar=beats), tracks, form.low, form.high)


def cut(scores: Sequence[Score], encoding: VoiceEncoding | RollEncoding) -> Cut:
    """All windows of the scores in C major or A minor that the encoding holds without loss.

    Raises
    ------
    TrainingError : there is none; says what was left out for which reason.
    """
    if isinstance(encoding, RollEncoding):
        scores = [_for_rolls(score, encoding) for score in scores]
    n_voices = len(encoding.tracks)
    fitting = [score for grid in encoding.grids for score in cleaning.fitting(scores, n_voices, grid)]
    left_out = Counter({"pieces or stretches of other tracks or metre": len(scores) - len(fitting)})
    kept, values = [], []
    for score in fitting:
        try:
            home = cleaning.to_c(score) if cleaning.has_pitches(score) else score
        except ScoreError:  # at the very end of the keyboard
            left_out["pieces that can't be moved to C"] += 1
            continue
        for window in cleaning.windows(home, n_bars=encoding.grid.n_bars):
            try:
                encoded = encoding.tokens([window])
            except EncodingError:
                left_out["windows with notes off the grid"] += 1
                continue
            if encoded.dropped:
                left_out["windows with notes out of range or in each other's way"] += 1
            elif not window.n_notes:
                left_out["silent windows"] += 1
            else:
                kept.append(window)
                values.append(encoded.values)
    if not kept:
        form = f"{len(encoding.tracks)} voices on {encoding.grid}"
        raise TrainingError(
            f"training: none of {len(scores)} pieces has a window that fits {form}: {reasons(left_out)}"
        )
    return Cut(kept, np.concatenate(values), left_out)


def prepare(scores: Sequence[Score], encoding: VoiceEncoding | RollEncoding) -> np.ndarray:
    """All windows of the scores in C major or A minor as the encoding's tokens, (N, …).

    Left out: windows off the grid, outside the range, or of other voices or metre than the encoding's.
    """
    return cut(scores, encoding).values


def reasons(left_out: Counter[str]) -> str:
    """How much was left out, in words."""
    return "left out: " + (", ".join(f"{what} ({n})" for what, n in left_out.items() if n) or "nothing")


def _for_rolls(score: Score, encoding: RollEncoding) -> Score:
    """With the encoding's tracks, if it can have them; what is meant to stand on a step does."""
    merged = cleaning.by_family(score) if encoding.tracks == cleaning.FAMILIES else score
    notes, per_beat = merged.notes.copy(), encoding.grid.steps_per_beat
    first = np.rint((notes["onset"] - merged.pickup) * per_beat) / per_beat + merged.pickup
    stop = np.rint((notes["onset"] + notes["duration"] - merged.pickup) * per_beat) / per_beat + merged.pickup
    near = (np.abs(first - notes["onset"]) <= _LATE) & (first >= 0)
    notes["duration"][near] = np.maximum(stop - first, 1 / per_beat)[near]
    notes["onset"][near] = first[near]
    return cleaning.remove_overlaps(merged.replace(notes=notes))
