"""Damage with a name and a size: what a judge of music ought to notice, and may not.

Comes in: a Score of single voices that starts on a barline, and a generator of random numbers. Goes
out: the Score with one kind of damage; all else is as it was.

Conventions
-----------
`strength`, 0 < strength ≤ 1, says how much is damaged; `CORRUPTIONS` says of what it is the share. A
damaged voice is still one note at a time, on the grid of quarter beats if it was, as long as before,
and within `LOWEST` to `HIGHEST`: a judge has to hear the music, it can't go by the form. Notes that
cross the edge of a damaged stretch are struck anew there. Lesson 05.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.evaluation.grids import EvaluationError
from musicgan_edu.score import Score

__all__ = [
    "CORRUPTIONS",
    "HIGHEST",
    "LOWEST",
    "Corruption",
    "damage",
    "damage_any",
    "late_voice",
    "nudge",
    "parallel_fifths",
    "shift_voice",
    "shuffle_bars",
    "swap_voices",
    "wrong_pitch",
]

LOWEST, HIGHEST = VoiceEncoding.low, VoiceEncoding.high
FIFTH = 7  # semitones
_TRIES = 50


class _Damage(Protocol):
    def __call__(self, score: Score, rng: np.random.Generator, *, strength: float) -> Score: ...


class Corruption(NamedTuple):
    """One kind of damage: `damage(score, rng, strength=…)`, and what `strength` is the share of."""

    damage: _Damage
    measure: str


def damage(score: Score, kind: str, rng: np.random.Generator, *, strength: float = 0.5) -> Score:
    """The Score with one kind of damage; never the Score as it was.

    Parameters
    ----------
    kind : one of `CORRUPTIONS`.
    strength : 0 < strength ≤ 1.

    Raises
    ------
    EvaluationError : no such kind, a strength out of range, a pickup, fewer than two voices, or
        music on which this damage changes nothing, such as one bar twice with its bars shuffled.
    """
    if kind not in CORRUPTIONS:
        raise EvaluationError(f"evaluation: no corruption {kind!r}: choose from {list(CORRUPTIONS)}")
    if not 0 < strength <= 1:
        raise EvaluationError(f"evaluation: strength must be above 0 and at most 1, got {strength}")
    if score.pickup or len(score.tracks) < 2 or not score.n_notes:
        raise EvaluationError(
            f"evaluation: expected two or more voices from a barline on, got {score} with pickup {score.pickup:g}"
        )
    for _ in range(_TRIES):
        damaged = CORRUPTIONS[kind].damage(score, rng, strength=strength)
        if not np.array_equal(damaged.notes, score.notes):
            return damaged
    raise EvaluationError(f"evaluation: {kind!r} changes nothing in {score}")


def damage_any(
    score: Score,
    rng: np.random.Generator,
    *,
    kinds: Sequence[str] | None = None,
    strength: float | None = None,
) -> Score:
    """The Score with one kind of damage out of `kinds` (all of them unless given), whichever chance says.

    `strength` is drawn from 0.1 to 1 unless given. A kind that changes nothing here makes way for the next.

    Raises
    ------
    EvaluationError : as `damage`, for the last of the kinds.
    """
    share = rng.uniform(0.1, 1.0) if strength is None else strength
    *others, last = rng.permutation(list(CORRUPTIONS if kinds is None else kinds)).tolist()
    for kind in others:
        with contextlib.suppress(EvaluationError):
            return damage(score, kind, rng, strength=share)
    return damage(score, last, rng, strength=share)


def wrong_pitch(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """A share of the notes, at least one, a semitone or two off."""
    notes = score.notes.copy()
    rows = rng.choice(len(notes), max(1, round(strength * len(notes))), replace=False)
    notes["pitch"][rows] = _moved(notes["pitch"][rows], rng.choice([-2, -1, 1, 2], len(rows)))
    return score.replace(notes=notes)


def shift_voice(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """One voice sings what begins in a stretch one to three semitones too high or too low."""
    notes, voice = score.notes.copy(), rng.integers(len(score.tracks))
    start, end = _stretch(score, rng, strength)
    off = (notes["track"] == voice) & (notes["onset"] >= start) & (notes["onset"] < end)
    steps = rng.choice([-3, -2, -1, 1, 2, 3])
    notes["pitch"][off] = _moved(notes["pitch"][off], np.full(off.sum(), steps))
    return score.replace(notes=notes)


def parallel_fifths(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """For a stretch of two beats or more a voice goes along with the one above it, a fifth lower."""
    upper = int(rng.integers(len(score.tracks) - 1))
    start, end = _stretch(score, rng, strength, least=2)
    along = _inside(score.of_track(upper), start, end)
    along["track"] += 1
    along["pitch"] -= FIFTH
    along["pitch"] += np.where(along["pitch"] < LOWEST, 12, 0).astype(np.int16)  # the fifth's inversion
    rest = score.notes[score.notes["track"] != upper + 1]
    lower = _outside(score.of_track(upper + 1), start, end)
    return score.replace(notes=np.concatenate([rest, lower, along]))


def swap_voices(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """Two voices sing each other's notes for a stretch. Together they sound as before."""
    one, two = rng.choice(len(score.tracks), 2, replace=False)
    start, end = _stretch(score, rng, strength)
    parts = [score.notes[(score.notes["track"] != one) & (score.notes["track"] != two)]]
    for mine, other in ((one, two), (two, one)):
        taken = _inside(score.of_track(other), start, end)
        taken["track"] = mine
        parts += [_outside(score.of_track(mine), start, end), taken]
    return score.replace(notes=np.concatenate(parts))


def shuffle_bars(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """The bars in another order; above a strength of ⅓ half bars, above ⅔ single beats."""
    length = score.beats_per_bar * (1.0 if strength <= 1 / 3 else 0.5)
    length = 1.0 if strength > 2 / 3 else length
    starts = np.arange(0, score.n_bars * score.beats_per_bar - 1e-9, length)
    parts = []
    for to, start in zip(starts, rng.permutation(starts), strict=True):
        piece = _inside(score.notes, start, start + length)
        piece["onset"] += to - start
        parts.append(piece)
    return score.replace(notes=np.concatenate(parts))


def late_voice(score: Score, rng: np.random.Generator, *, strength: float) -> Score:
    """One voice lags by a share of a beat, in quarters of one: its first note waits, its end is lost."""
    voice, end = int(rng.integers(len(score.tracks))), score.n_bars * score.beats_per_bar
    late = max(1, round(4 * strength)) / 4
    mine = score.of_track(voice)
    first = mine["onset"] == mine["onset"].min(initial=np.inf)
    mine["duration"][first] += late
    mine["onset"][~first] += late
    rest = score.notes[score.notes["track"] != voice]
    return score.replace(notes=np.concatenate([rest, _inside(mine, 0.0, end)]))


def nudge(score: Score, voice: int, beat: float, *, semitones: int) -> Score:
    """The note that a voice sings at a beat moved by semitones; the Score as it was where none is, or at the edge."""
    notes = score.notes.copy()
    sings = (notes["track"] == voice) & (notes["onset"] <= beat + 1e-6)
    sings &= notes["onset"] + notes["duration"] > beat + 1e-6
    moved = notes["pitch"][sings] + semitones
    if ((moved < LOWEST) | (moved > HIGHEST)).any():
        return score
    notes["pitch"][sings] = moved
    return score.replace(notes=notes)


#: Every kind of damage by its name.
CORRUPTIONS: dict[str, Corruption] = {
    "wrong pitch": Corruption(wrong_pitch, "the notes"),
    "voice shifted": Corruption(shift_voice, "the time in which one voice is off"),
    "parallel fifths": Corruption(parallel_fifths, "the time in which two voices run in fifths"),
    "voices swapped": Corruption(swap_voices, "the time in which two voices are swapped"),
    "bars shuffled": Corruption(shuffle_bars, "bars, half bars, beats: the more, the shorter the pieces"),
    "one beat late": Corruption(late_voice, "the beat by which one voice is late"),
}


def _moved(pitch: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Pitches moved by steps, the other way where they would leave the range; int (n,)."""
    moved = pitch + steps
    return np.where((moved < LOWEST) | (moved > HIGHEST), pitch - steps, moved)


def _stretch(
    score: Score, rng: np.random.Generator, strength: float, *, least: int = 1
) -> tuple[float, float]:
    """A random run of whole beats, `strength` of the music and `least` beats or more: its start and end."""
    n_beats = round(score.n_bars * score.beats_per_bar)
    length = min(n_beats, max(least, round(strength * n_beats)))
    start = int(rng.integers(n_beats - length + 1))
    return float(start), float(start + length)


def _inside(notes: np.ndarray, start: float, end: float) -> np.ndarray:
    """What sounds between two beats, clipped there; where it stands."""
    onset, stop = notes["onset"], notes["onset"] + notes["duration"]
    kept = (np.minimum(stop, end) - np.maximum(onset, start)) > 1e-6
    inside = notes[kept].copy()
    inside["onset"] = np.maximum(onset[kept], start)
    inside["duration"] = np.minimum(stop[kept], end) - inside["onset"]
    return inside


def _outside(notes: np.ndarray, start: float, end: float) -> np.ndarray:
    """What sounds before `start` and after `end`, clipped there."""
    return np.concatenate([_inside(notes, 0.0, start), _inside(notes, end, np.inf)])
