"""What a judge can see in a window: some hundred numbers, each with a name that a musician knows.

Comes in: Scores of monophonic voices, moved to C major or A minor first. Goes out: a table, one
row a window, and the names of its columns.

Conventions
-----------
Shares are of steps (16 to a 4/4 bar), so that a column means the same at any tempo. Intervals are
in semitones from the lower-numbered voice down to the other, modulo 12. A silent voice has
register 0, which no sounding one has. The nearest way to C goes up from one key and down from the
next, so registers are compared an octave apart at most: every window is moved by octaves until its
mean pitch is nearest to middle C. The table is thus the same for a window in any key. Lesson 10 asks
a forest which columns give a machine away.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.evaluation.grids import REST, Voices, voices
from musicgan_edu.evaluation.rules import FIFTH, OCTAVE, count_parallels
from musicgan_edu.score import Score

__all__ = ["Features", "features"]

_PITCH_CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_MOTIONS = {"repeats": (0, 0), "steps": (1, 2), "thirds": (3, 4), "leaps": (5, 127)}  # semitones


class Features(NamedTuple):
    """What the judge gets. Compute it once, and ask as many questions of it as you like.

    values : float64 (B, F), finite. names : F column names.
    pieces : the piece that each window comes from, B names; "" for one that stands alone.
    """

    values: np.ndarray
    names: tuple[str, ...]
    pieces: tuple[str, ...]

    def take(self, index: np.ndarray) -> Features:
        """The windows of these numbers, int (n,), in this order."""
        return self._replace(values=self.values[index], pieces=tuple(self.pieces[i] for i in index))


def features(scores: Sequence[Score] | Voices, *, n_bars: int = 2) -> Features:
    """The table of features of windows; every Score is moved to C major or A minor first.

    `Voices` are taken as they are, each window a piece of its own. The key is estimated from the window alone, for real and fake
    alike: nobody gets to know more than the notes.
    """
    if isinstance(scores, Voices):
        grid, pieces = scores, ("",) * len(scores.pitch)
    else:
        grid = _in_c(voices(scores, n_bars=n_bars), np.array([_steps_to_c(score) for score in scores]))
        pieces = tuple(score.source for score in scores)
    columns: dict[str, np.ndarray] = {}
    for part in (_pitch_classes, _intervals, _crossings, _motion, _register, _changes, _parallels):
        columns.update(part(grid))
    return Features(np.stack(list(columns.values()), axis=1).astype(np.float64), tuple(columns), pieces)


def _steps_to_c(score: Score) -> int:
    """Semitones to C major or A minor; a stated key is ignored, for only real music has one."""
    if not cleaning.has_pitches(score):
        return 0
    tonic, mode = cleaning.estimate_key(score)
    return -tonic if mode == "major" else 9 - tonic


def _in_c(grid: Voices, steps: np.ndarray) -> Voices:
    """Windows transposed by semitones, int (B,), then by octaves to a mean pitch within 6 of 60."""
    sounds = grid.pitch != REST
    mean = steps + np.where(sounds, grid.pitch, 0).sum((1, 2)) / np.maximum(sounds.sum((1, 2)), 1)
    steps = steps + 12 * np.rint((60 - mean) / 12).astype(int)
    moved = np.maximum(grid.pitch + steps[:, None, None], 0)  # no pitch may become REST
    return grid._replace(pitch=np.where(sounds, moved, REST).astype(np.int16))


def _pitch_classes(grid: Voices) -> dict[str, np.ndarray]:
    sounds = grid.pitch != REST
    n_sounding = np.maximum(sounds.sum((1, 2)), 1)
    return {
        f"pitch class {name}": (sounds & (grid.pitch % 12 == i)).sum((1, 2)) / n_sounding
        for i, name in enumerate(_PITCH_CLASSES)
    }


def _intervals(grid: Voices) -> dict[str, np.ndarray]:
    columns = {}
    for a, b in combinations(range(grid.pitch.shape[2]), 2):
        upper, lower = grid.pitch[..., a], grid.pitch[..., b]
        interval = np.where((upper != REST) & (lower != REST), (upper - lower) % 12, REST)  # (B, T)
        for i in range(12):
            columns[f"interval {i} {grid.names[a]}–{grid.names[b]}"] = (interval == i).mean(1)
    return columns


def _crossings(grid: Voices) -> dict[str, np.ndarray]:
    upper, lower = grid.pitch[..., :-1], grid.pitch[..., 1:]
    crossed = ((upper != REST) & (lower != REST) & (upper < lower)).mean(1)  # (B, V-1)
    pairs = zip(grid.names, grid.names[1:], strict=False)
    return {f"crossings {a}–{b}": crossed[:, i] for i, (a, b) in enumerate(pairs)}


def _motion(grid: Voices) -> dict[str, np.ndarray]:
    """Per voice: holds, rests, and how it moves where a note follows a sounding one."""
    pitch, onset = grid.pitch, grid.onset
    sounds = pitch != REST
    follows = onset[:, 1:] & sounds[:, :-1]
    size = np.where(follows, np.abs(np.diff(pitch, axis=1)), -1)  # (B, T-1, V)
    columns = {}
    for v, name in enumerate(grid.names):
        columns[f"holds {name}"] = (sounds & ~onset)[..., v].mean(1)
        columns[f"rests {name}"] = (~sounds)[..., v].mean(1)
        for motion, (low, high) in _MOTIONS.items():
            columns[f"{motion} {name}"] = ((size >= low) & (size <= high))[..., v].sum(1) / pitch.shape[1]
    return columns


def _register(grid: Voices) -> dict[str, np.ndarray]:
    sounds = grid.pitch != REST
    n_sounding = np.maximum(sounds.sum(1), 1)  # (B, V)
    mean = np.where(sounds, grid.pitch, 0).sum(1) / n_sounding
    square = np.where(sounds, (grid.pitch - mean[:, None]) ** 2, 0).sum(1) / n_sounding
    columns = {f"register {name}": mean[:, v] for v, name in enumerate(grid.names)}
    return columns | {f"spread {name}": np.sqrt(square[:, v]) for v, name in enumerate(grid.names)}


def _changes(grid: Voices) -> dict[str, np.ndarray]:
    """How many voices strike a note, by where in the beat."""
    struck = grid.onset.mean(2)  # (B, T)
    place = np.arange(struck.shape[1]) % grid.steps_per_beat
    half = grid.steps_per_beat / 2
    where = {
        "on the beat": place == 0,
        "on the half beat": place == half,
        "between": (place != 0) & (place != half),
    }
    return {f"changes {name}": struck[:, steps].mean(1) for name, steps in where.items() if steps.any()}


def _parallels(grid: Voices) -> dict[str, np.ndarray]:
    return {
        "parallel fifths": count_parallels(grid.pitch, FIFTH),
        "parallel octaves": count_parallels(grid.pitch, OCTAVE),
    }
