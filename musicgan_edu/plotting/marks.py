"""Notes with a number each, on the piano roll: what a judge objects to, what a model attends to.

Comes in: a Score and a value for each of its notes. Goes out: `Figure` with alt text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection

from musicgan_edu.plotting.figure import GREY, Figure, PlotError, canvas, clean, colour_bar, count, of
from musicgan_edu.plotting.pictures import pitch_axis, pitch_name, time_axis
from musicgan_edu.score import Score

__all__ = ["marked_roll"]


def marked_roll(score: Score, values: Sequence[float], *, label: str, title: str | None = None) -> Figure:
    """A piano roll whose colours are numbers, yellow for the greatest; the three greatest are numbered.

    Parameters
    ----------
    score : what to draw.
    values : one for each row of `score.notes`, shape (n_notes,).
    label : what the values are, with their unit.
    title : above the figure; the Score's own unless given, "" for none.

    Raises
    ------
    PlotError : no notes, another number of values, or one that isn't finite.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not score.n_notes or numbers.shape != (score.n_notes,) or not np.isfinite(numbers).all():
        raise PlotError(f"plotting: expected {score.n_notes} finite values (one a note), got {numbers.shape}")
    title = score.title if title is None else title
    figure, (axes,) = canvas(9, 3.6, title)
    picture: Any = PolyCollection(_boxes(score.notes), cmap="cividis", edgecolor=GREY, linewidth=0.4)
    picture.set_array(numbers)
    axes.add_collection(picture)
    time_axis(axes, score, 0.0, max(score.end, score.beats_per_bar))
    pitch_axis(axes, score.notes["pitch"])
    order = np.argsort(-numbers)[:3]
    for rank, row in enumerate(order, start=1):
        note = score.notes[row]
        middle = (note["onset"] + note["duration"] / 2, note["pitch"] + 0.7)
        axes.annotate(str(rank), middle, ha="center", va="bottom", color=GREY, weight="bold")
    colour_bar(figure, picture, [axes], label)
    figure.alt_text = (
        f"Piano roll{of(title)} with {count(score.n_notes, 'note')}, coloured by {label}, from "
        f"{numbers.min():.3g} to {numbers.max():.3g}. Greatest: "
        f"{'; '.join(_describe(score, row, numbers[row]) for row in order)}."
    )
    return figure


def _boxes(notes: np.ndarray) -> list[np.ndarray]:
    """Each note's corners in beats and semitones."""
    left, right = notes["onset"], notes["onset"] + 0.94 * notes["duration"]
    low, high = notes["pitch"] - 0.42, notes["pitch"] + 0.42
    x, y = np.stack([left, right, right, left], axis=1), np.stack([low, low, high, high], axis=1)
    return list(np.stack([x, y], axis=2))


def _describe(score: Score, row: int, value: float) -> str:
    note = score.notes[row]
    voice = clean(score.tracks[note["track"]].name)
    return f"{voice} {pitch_name(note['pitch'])} on beat {note['onset'] + 1:g} ({value:.3g})"
