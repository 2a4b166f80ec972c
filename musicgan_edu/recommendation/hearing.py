"""What is heard of a piece, whatever its key, metre, note values, number of voices and instruments.

Comes in: one Score, or the Scores of one piece. Goes out: windows of two lines as classes, and features
with names.

Conventions
-----------
Drums aren't heard. The top line is the highest pitch that sounds at each step; the bottom line the
lowest, where it is another: music in one voice has none. Pitches are moved to C major or A minor, by
the key that the notes suggest, and by octaves until the top line lies around `HOME`. Notated values
don't count: time is stretched by a power of two until the median time between two onsets is next to half
a beat, as Palestrina's breves and a fiddler's sixteenths are a matter of spelling. Windows have `STEPS` steps,
four a beat, and begin on a barline. Lesson 14 plays what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import Grid, MusicganError, Score, Track

__all__ = [
    "COUNTS",
    "FORM",
    "FORM_OF",
    "Piece",
    "RecommendationError",
    "counts",
    "form",
    "incipit",
    "windows",
]

Piece = Score | Sequence[Score]
#: The form of a window: two lines over 32 steps.
FORM = VoiceEncoding(Grid(n_bars=2), (Track("Top", 0), Track("Bottom", 0)), low=36, high=96)
HOME = 71  # the top line's mean pitch is within six semitones of it
STEPS = FORM.grid.n_steps
MAX_WINDOWS = 24  # of a long piece, evenly spread
REST = -1
_PITCH_CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
#: Names of `counts`: how much each pitch class sounds, how often the top line goes from one to another.
COUNTS = (*_PITCH_CLASSES, *(f"{a} → {b}" for a in _PITCH_CLASSES for b in _PITCH_CLASSES))
#: Names of `form`: what a librarian knows without having listened.
FORM_OF = ("beats a bar", "note value", "notes at once", "tracks", "length")


class RecommendationError(MusicganError):
    """A piece that can't be heard, an index that is damaged, a title that isn't there."""


class _Lines(NamedTuple):
    """pitch (T, 2), `REST` where a line is silent; starts bool (T, 2); steps a bar; length of a beat."""

    pitch: np.ndarray
    starts: np.ndarray
    bar: float
    unit: float


def windows(piece: Piece, *, most: int = MAX_WINDOWS) -> np.ndarray:
    """At most `most` windows of the two lines as classes of `FORM`, uint8 (N, STEPS, 2), N ≥ 1.

    Raises
    ------
    RecommendationError : no pitched note in the piece.
    """
    found = np.concatenate([_windows(_lines(score)) for score in _sections(piece)])
    return found[np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int)]


def counts(piece: Piece) -> np.ndarray:
    """√share of each pitch class (12) and of each step of the top line (144), float32; see `COUNTS`.

    The root keeps what is rare from vanishing beside what is common: the distance of two such vectors
    is Hellinger's.
    """
    sounds, moves = np.zeros(12), np.zeros((12, 12))
    for score in _sections(piece):
        notes = score.notes[_pitched(score)]
        classes = (notes["pitch"] + _to_home(score)) % 12
        sounds += np.bincount(classes, weights=notes["duration"], minlength=12)
        lines = _lines(score)
        top = lines.pitch[lines.starts[:, 0], 0] % 12
        np.add.at(moves, (top[:-1], top[1:]), 1)
    shares = [sounds / sounds.sum(), moves.ravel() / max(moves.sum(), 1)]
    return np.sqrt(np.concatenate(shares)).astype(np.float32)


def form(piece: Piece) -> np.ndarray:
    """The piece's outside, float32 (5,), see `FORM_OF`: bars, note values, texture, length. No note in it."""
    sections = _sections(piece)
    longest = max(sections, key=lambda score: score.end)
    notes = [score.notes[_pitched(score)] for score in sections]
    at_once = sum(n["duration"].sum() for n in notes) / sum(score.end for score in sections)
    tracks = len(set(longest.notes["track"][_pitched(longest)].tolist()))
    length = sum(score.end for score in sections)
    values = [longest.beats_per_bar, np.log2(_unit(longest)), at_once, tracks, np.log2(1 + length)]
    return np.array(values, np.float32)


def incipit(piece: Piece, n: int = 12) -> bytes:
    """The top line's first n moves in semitones: the same for a tune in any key; b"" where there are fewer."""
    lines = _lines(_sections(piece)[0])
    moves = np.diff(lines.pitch[lines.starts[:, 0], 0])
    moves = moves[moves != 0][:n]
    return moves.astype(np.int8).tobytes() if len(moves) == n else b""


def _sections(piece: Piece) -> list[Score]:
    sections = [piece] if isinstance(piece, Score) else list(piece)
    heard = [score for score in sections if cleaning.has_pitches(score)]
    if not heard:
        names = {score.source or score.title for score in sections} or {"an empty piece"}
        raise RecommendationError(f"recommendation: no pitched note in {', '.join(sorted(names))}")
    return heard


def _pitched(score: Score) -> np.ndarray:
    drums = np.array([track.is_drum for track in score.tracks], dtype=bool)
    return ~drums[score.notes["track"]]


def _unit(score: Score) -> float:
    """A power of two: so much longer a beat gets, that two onsets lie about half a beat apart."""
    onsets = np.unique(score.notes["onset"][_pitched(score)].round(3))
    apart = float(np.median(np.diff(onsets))) if len(onsets) > 1 else 0.5
    return float(2.0 ** np.clip(np.rint(np.log2(0.5 / apart)), -4, 4))


def _to_home(score: Score) -> int:
    """Semitones to C major or A minor, and by octaves to where the pitches' mean is nearest to `HOME`."""
    tonic, mode = cleaning.estimate_key(score)
    steps = (0 if mode == "major" else 9) - tonic
    notes = score.notes[_pitched(score)]
    pitches, onsets = notes["pitch"].astype(int), notes["onset"]
    highest = np.maximum.reduceat(pitches, np.flatnonzero(np.diff(onsets, prepend=-1.0)))
    return int(steps + 12 * np.rint((HOME - highest.mean() - steps) / 12))


def _lines(score: Score) -> _Lines:
    """The highest and the lowest pitch at each step from the first barline on."""
    notes, unit = score.notes[_pitched(score)], _unit(score)
    per_beat = unit * FORM.grid.steps_per_beat
    first = np.rint((notes["onset"] - score.pickup) * per_beat).astype(int)
    stop = np.maximum(np.rint((notes["onset"] + notes["duration"] - score.pickup) * per_beat), first + 1)
    stop = stop.astype(int)
    if stop.max() <= 0:  # nothing but a pickup
        first, stop = first - first.min(), stop - first.min()
    pitch = _in_range(notes["pitch"].astype(int) + _to_home(score))
    inside = stop > 0
    first, stop, pitch = np.maximum(first[inside], 0), stop[inside], pitch[inside]
    top, bottom = np.full(stop.max(), REST), np.full(stop.max(), 999)
    for a, b, p in zip(first, stop, pitch, strict=True):
        np.maximum(top[a:b], p, out=top[a:b])
        np.minimum(bottom[a:b], p, out=bottom[a:b])
    both = np.stack([top, np.where((bottom == top) | (top == REST), REST, bottom)], 1)
    starts = np.diff(both, axis=0, prepend=-2) != 0
    for line in range(2):
        starts[first[both[first, line] == pitch], line] = True
    return _Lines(both, starts & (both != REST), score.beats_per_bar * per_beat, unit)


def _in_range(pitch: np.ndarray) -> np.ndarray:
    """Pitches outside the form's range moved into it by octaves."""
    too_low, too_high = np.maximum(FORM.low - pitch, 0), np.maximum(pitch - FORM.high, 0)
    return pitch + 12 * (-(-too_low // 12)) - 12 * (-(-too_high // 12))


def _windows(lines: _Lines) -> np.ndarray:
    """Windows that begin on a barline and don't overlap more than a bar's length makes them."""
    steps = len(lines.pitch)
    hop = lines.bar * max(1, np.ceil(STEPS / 2 / lines.bar))
    starts = np.rint(np.arange(0, max(steps - STEPS, 0) + 1, hop)).astype(int)
    classes = np.where(lines.starts, lines.pitch - FORM.low, FORM.hold)
    classes = np.where(lines.pitch == REST, FORM.rest, classes)
    padded = np.concatenate([classes, np.full((STEPS, 2), FORM.rest)])
    struck = np.concatenate([np.maximum(lines.pitch - FORM.low, 0), np.zeros((STEPS, 2), int)])
    found = padded[starts[:, None] + np.arange(STEPS)]
    edge = found[:, 0]
    found[:, 0] = np.where(edge == FORM.hold, struck[starts], edge)  # a held note is struck anew at the edge
    return found.astype(np.uint8)
