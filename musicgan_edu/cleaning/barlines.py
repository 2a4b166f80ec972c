"""Barlines that a file doesn't state: the pickup.

Comes in: a Score on the beat, in bars of four. Goes out: a pickup in beats. A guess, by what composers do: long
notes and new harmonies begin on the first beat, and pieces end on certain ones.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.cleaning.voices import CLOSE, is_pitched
from musicgan_edu.score import Score, ScoreError

__all__ = ["clues", "find_pickup"]

# What each clue is worth in bars of four, nats; fitted by benchmarks/fit_times.py on training pieces. Too few
# pieces in other metres have a pickup of whole beats to fit or test any.
PER_BAR = 4
WEIGHTS = (
    2.71,
    -0.82,
    -1.99,
    0.11,
    4.26,
    -3.63,
    2.98,
    -3.62,
    0.41,
    1.21,
    -2.48,
    0.86,
    0.95,
    -2.93,
    2.49,
    -0.52,
    2.66,
)


def find_pickup(score: Score) -> float:
    """The pickup, in whole beats, that the clues speak for most; the file's own where the bar isn't of four.

    Of p = softmax(clues · weights), a conditional logit over the beats of a bar, the greatest. The file's own pickup is
    not asked.

    Raises
    ------
    ScoreError : without pitched notes.
    """
    if score.beats_per_bar != PER_BAR or score.end < 2 * PER_BAR:
        return score.pickup
    return float(np.argmax(clues(score) @ np.array(WEIGHTS)))


def clues(score: Score) -> np.ndarray:
    """For each pickup of whole beats what speaks for it, (beats_per_bar, 4 · beats_per_bar + 1).

    For each beat of the bar: how long the notes last that begin on it, how much the pitch classes change there, and how
    many notes begin after it, each against the piece's mean; on which beat the last note begins; whether there
    is no pickup.
    """
    notes, per_bar = score.notes[is_pitched(score)], round(score.beats_per_bar)
    if not len(notes):
        raise ScoreError(f"cleaning: no barlines without pitched notes ({score.source or score.title!r})")
    n_beats = max(per_bar, int(np.ceil(score.end - CLOSE)))
    beat = np.rint(notes["onset"]).astype(int)
    on = (np.abs(notes["onset"] - beat) < 0.1) & (beat < n_beats)
    length = np.bincount(beat[on], np.minimum(notes["duration"][on], 4.0), minlength=n_beats)
    after = np.floor(notes["onset"][~on] + 0.01).astype(int)
    between = np.bincount(np.minimum(after, n_beats - 1), minlength=n_beats).astype(float)
    profiles = [_profile(each, per_bar) for each in (length, _changes(notes, n_beats), between)]
    final = int(np.rint(notes["onset"].max()))
    return np.array(
        [
            [*np.concatenate([np.roll(p, -pickup) for p in profiles]), *np.eye(per_bar)[(final - pickup) % per_bar], pickup == 0]
            for pickup in range(per_bar)
        ]
    )  # fmt: skip


def _profile(values: np.ndarray, per_bar: int) -> np.ndarray:
    """The mean of every `per_bar`th value, from each of the first on, against the mean of all."""
    means = np.array([values[beat::per_bar].mean() for beat in range(per_bar)])
    return means / max(values.mean(), CLOSE)


def _changes(notes: np.ndarray, n_beats: int) -> np.ndarray:
    """1 − cosine of the pitch classes that sound in each beat and in the one before, (n_beats,)."""
    chroma = np.zeros((n_beats + 1, 12))
    for note in notes:
        first, last = note["onset"], note["onset"] + note["duration"]
        for beat in range(int(first), min(n_beats, int(np.ceil(last - CLOSE)))):
            chroma[beat + 1, note["pitch"] % 12] += min(last, beat + 1) - max(first, beat)
    length = np.maximum(np.linalg.norm(chroma, axis=1), CLOSE)
    return 1 - (chroma[1:] * chroma[:-1]).sum(1) / (length[1:] * length[:-1])
