"""Times that a player made free with: swing, and beats that no metronome counted.

Comes in: a Score whose times are off by more than jitter. Goes out: the Score with its notes moved to where they would
be written, ready for `quantise`.

Conventions
-----------
Swing delays every second eighth, so that a beat divides as ratio : 1; 1 is straight, 2 a triplet. A performance
without a metronome has a tempo that wanders: *steps* are sixteenths of the beat that is looked for.

References
----------
C. Raphael, "Automated Rhythm Transcription", ISMIR 2001 (a hidden tempo and a position in the beat).
A. T. Cemgil, B. Kappen, "Monte Carlo Methods for Tempo Tracking and Rhythm Quantization", JAIR 18, 2003.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musicgan_edu.cleaning.voices import CLOSE
from musicgan_edu.score import Score, ScoreError

__all__ = ["beat_strength", "follow_beats", "straighten", "swing_ratio"]

_SWUNG = (1.25, 2.7)  # ratios: below it is jitter, above it is a dotted rhythm, 3 : 1
_MIN_SWUNG = 8  # notes off the beat
STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32)  # how far apart two onsets may be
# −log p(steps to the next onset | sixteenth of the beat), nats, counted in training pieces by benchmarks/fit_times.py.
COSTS = np.array(
    [
        [2.5, 0.8, 3.2, 1.0, 8.2, 4.8, 9.0, 3.6, 6.7, 4.9, 9.0, 6.2, 9.0, 9.0, 9.0],
        [0.2, 2.5, 2.8, 9.0, 9.0, 8.4, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        [1.7, 0.2, 6.2, 4.3, 9.0, 5.6, 9.0, 6.7, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        [0.0, 6.4, 6.6, 9.0, 8.9, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
    ]
)
_FIRST = np.array([0.0, 3.0, 1.0, 3.0])  # nats that the first note on each sixteenth of the beat costs
_TEMPI = 60 / np.geomspace(45, 200, 76)  # seconds a beat; neighbours are 2 % apart
_WOBBLE, _DRIFT = 0.02, 0.05  # seconds by which an onset is off; log tempo, from onset to onset
_USUAL, _SPREAD = 100.0, 0.35  # quarter notes a minute; log tempo
_CHORD = 0.06  # seconds; what begins closer together begins at once (0.04 and 0.08 are worse on validation)


def beat_strength(score: Score) -> float:
    """How nearly all notes begin on beats, or on halves, thirds or quarters of them, 0 to 1.

    max over k = 1 to 4 of |mean exp(2πi k onset)|: 1 on the grid, 0.75 with 0.03 beats of jitter on sixteenths, near 0
    where a file's beats are not the music's. 1 for an empty Score.
    """
    if not score.n_notes:
        return 1.0
    turns = np.arange(1, 5)[:, None] * (score.notes["onset"] - score.pickup)[None]
    return float(np.abs(np.exp(2j * np.pi * turns).mean(axis=1)).max())


def swing_ratio(score: Score) -> float:
    """How a beat divides between its two eighths, first to second; 1 where it is straight or can't be told.

    The median place in the beat of all notes that begin between 0.4 and 0.85 of it. Music with notes on the first third
    of the beat has triplets, not swing.
    """
    place = np.mod(score.notes["onset"] - score.pickup, 1.0)
    late = place[(place > 0.4) & (place < 0.85)]
    early = ((place > 0.15) & (place <= 0.4)).sum()
    if len(late) < _MIN_SWUNG or early > 0.1 * len(late):
        return 1.0
    middle = float(np.median(late))
    together = np.median(np.abs(late - middle)) < 0.06  # eighths and sixteenths mixed are no swing
    ratio = middle / (1 - middle)
    return ratio if together and _SWUNG[0] <= ratio <= _SWUNG[1] else 1.0


def straighten(score: Score, ratio: float) -> Score:
    """Swung eighths as even ones: each beat's two parts, ratio : 1, stretched to halves; the beats stay."""
    if not 1 <= ratio <= 10:
        raise ScoreError(f"cleaning: a swing ratio must be 1 to 10, got {ratio}")
    knee = ratio / (1 + ratio)

    def straight(beats: np.ndarray) -> np.ndarray:
        whole = np.floor(beats - score.pickup + CLOSE)
        place = beats - score.pickup - whole
        return score.pickup + whole + np.interp(place, [0.0, knee, 1.0], [0.0, 0.5, 1.0])

    return _moved(score, straight)


def follow_beats(score: Score, *, tempo: float | None = None) -> Score:
    """A free performance on the beats that it seems to be played to, from onset 0, at its mean tempo.

    The times that the file gives are taken as seconds only. Between two onsets lie n steps; the likeliest n, tempi and
    places in the beat come from dynamic programming (Viterbi) over the inter-onset intervals:

        cost = ½ ((IOI − n u / 4) / wobble)² − log p(n | place in the beat) + ½ (Δ log u / drift)²

    with u the seconds a beat. Barlines are not looked for: `find_pickup` does that.

    Parameters
    ----------
    tempo : quarter notes a minute, roughly; else music near 100 is thought likeliest, and half or double tempo is
        the commonest error.

    Raises
    ------
    ScoreError : fewer than four moments at which notes begin.
    """
    seconds = score.notes["onset"] * 60 / score.tempo
    moments = seconds[np.diff(seconds, prepend=-1.0) > _CHORD]  # the first of each chord
    if len(moments) < 4:
        raise ScoreError(f"cleaning: no beats in {len(moments)} onsets ({score.source or score.title!r})")
    places = _places(np.diff(moments), tempo or _USUAL) / 4
    places -= np.floor(places[0])
    per_beat = (moments[-1] - moments[0]) / (places[-1] - places[0])

    def on_beats(beats: np.ndarray) -> np.ndarray:
        at = beats * 60 / score.tempo
        after = places[-1] + (at - moments[-1]) / per_beat
        return np.where(at > moments[-1], after, np.interp(at, moments, places))

    moved = _moved(score.replace(pickup=0.0), on_beats)
    return moved.replace(tempo=float(np.clip(60 / per_beat, 10, 400)))


def _places(gaps: np.ndarray, usual: float) -> np.ndarray:
    """The step of each onset, (n_gaps + 1,), counted from a beat; `gaps` in seconds."""
    drift = 0.5 * (np.log(_TEMPI[:, None] / _TEMPI[None]) / _DRIFT) ** 2  # (tempo, tempo)
    cost = 0.5 * (np.log(60 / _TEMPI / usual) / _SPREAD)[:, None] ** 2 + _FIRST  # (tempo, phase)
    back = []
    for gap in gaps:
        by_tempo = cost[:, None] + drift[:, :, None]  # (from, to, phase)
        came = by_tempo.argmin(0)
        cost, best = _step(by_tempo.min(0), float(gap))
        back.append((came, best))
    return _traced(cost, back)


def _step(cost: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Costs (tempo, phase) after an interval, and the index of its number of steps, (tempo, phase)."""
    steps = np.array(STEPS)
    miss = 0.5 * ((gap - steps[None] * _TEMPI[:, None] / 4) / _WOBBLE) ** 2  # (tempo, n)
    before = (np.arange(4)[None] - steps[:, None]) % 4  # (n, phase): where it must have been
    dear = COSTS[before, np.arange(len(steps))[:, None]]  # (n, phase)
    total = cost[:, before] + np.minimum(miss, 50)[:, :, None] + dear
    best = total.argmin(1)
    return total.min(1), best


def _traced(cost: np.ndarray, back: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    tempo, phase = np.unravel_index(cost.argmin(), cost.shape)
    steps = []
    for came, best in reversed(back):
        steps.append(STEPS[best[tempo, phase]])
        phase = (phase - steps[-1]) % 4
        tempo = came[tempo, phase]
    return np.concatenate([[0], np.cumsum(steps[::-1])]) + float(phase)


def _moved(score: Score, where: Callable[[np.ndarray], np.ndarray]) -> Score:
    """Onsets and ends taken where a rising function of beats says."""
    notes = score.notes.copy()
    onset, end = where(notes["onset"]), where(notes["onset"] + notes["duration"])
    notes["onset"], notes["duration"] = onset, np.maximum(end - onset, 1e-3)
    return score.replace(notes=notes)
