"""Music of several tracks, any of them polyphonic, measured side by side: MuseGAN's measures and a few more.

Comes in: windows by who made them. Goes out: one table. No judge: what the features of `c2st` hear is voices,
and collections of polyphonic music are too few pieces for its folds.

References
----------
Dong et al. (2018): MuseGAN, EB, UPC, QN, TD. Dong, Yang (2018): polyphonicity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from musicgan_edu.evaluation import harmony, rhythm
from musicgan_edu.evaluation.grids import EvaluationError, groups_of
from musicgan_edu.evaluation.novelty import copying, distinct_share
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Grid, Score

__all__ = ["as_markdown", "compare_rolls", "polyphonic_rate"]

_FEW = 5  # pieces; a bootstrap over fewer says nothing


def compare_rolls(
    sets: Mapping[str, Sequence[Score]], *, train: Sequence[Score], grid: Grid
) -> dict[str, dict[str, float | tuple[float, float] | None]]:
    """Measure → name of a set → its value; after each "NAME, interval" the 95 % interval over pieces, or None.

    Parameters
    ----------
    sets : windows on the grid, by name; real music and several models', say.
    train : the windows that the models learnt from, for copying: of a chord in a track its highest note counts.

    Raises
    ------
    EvaluationError : an empty set.
    """
    empty = [name for name, scores in sets.items() if not scores]
    if empty or not train:
        raise EvaluationError(f"evaluation: no windows of {', '.join(empty) or 'training music'}")
    table: dict[str, dict[str, Any]] = {}
    for name, scores in sets.items():
        groups = groups_of(scores)
        for measure, of in _measures(grid).items():
            tally = of(scores)
            interval = tally.interval(groups) if groups.max() + 1 >= _FEW else None
            row = table.setdefault(measure, {})
            row[name], row[f"{name}, interval"] = tally.value, interval
        agreement = copying(scores, train, n_bars=grid.n_bars)
        for measure, value in {
            "copying, median agreement with train": np.median(agreement),
            "copying, 95th percentile": np.quantile(agreement, 0.95),
            "distinct windows (highest notes)": distinct_share(scores, n_bars=grid.n_bars),
        }.items():
            table.setdefault(measure, {})[name] = float(value)
    return table


def polyphonic_rate(scores: Sequence[Score], *, grid: Grid) -> Tally:
    """Share of a track's steps with two or more keys down, of those with any. Range 0 to 1; NaN in silence."""
    counts = [_keys_down(score, grid) for score in scores]
    return Tally.of([(n > 1).sum() for n in counts], [(n > 0).sum() for n in counts])


def _keys_down(score: Score, grid: Grid) -> np.ndarray:
    """How many notes sound, int (n_tracks, n_steps)."""
    notes, per_beat = score.notes, grid.steps_per_beat
    ends = np.zeros((len(score.tracks), grid.n_steps + 1), int)
    for times, change in ((notes["onset"], 1), (notes["onset"] + notes["duration"], -1)):
        steps = np.minimum(np.rint(times * per_beat).astype(int), grid.n_steps)
        np.add.at(ends, (notes["track"], steps), change)
    return ends.cumsum(1)[:, :-1]


def _measures(grid: Grid) -> dict[str, Callable[[Sequence[Score]], Tally]]:
    bars = grid.n_bars
    return {
        "empty bars (EB)": lambda s: rhythm.empty_bars(s, n_bars=bars),
        "used pitch classes (UPC, per bar of a track)": lambda s: harmony.used_pitch_classes(s, n_bars=bars),
        "qualified notes (QN, at least a 32nd)": rhythm.qualified_notes,
        "notes longer than a step": lambda s: rhythm.qualified_notes(s, shortest=2 / grid.steps_per_beat),
        "tonal distance (TD)": lambda s: harmony.tonal_distance(s, n_bars=bars),
        "polyphonic steps of a track": lambda s: polyphonic_rate(s, grid=grid),
        "notes at once": rhythm.polyphony,
        "notes a bar": lambda s: Tally.of([x.n_notes for x in s], np.full(len(s), bars)),
        "scale consistency": harmony.scale_consistency,
        "pitch-class entropy (bits)": harmony.pitch_class_entropy,
        "groove": lambda s: rhythm.groove(s, n_bars=bars, steps_per_beat=grid.steps_per_beat),
        "empty beats": lambda s: rhythm.empty_beats(s, n_bars=bars),
    }


def as_markdown(table: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of `compare_rolls` in Markdown."""
    names = [name for name in next(iter(table.values())) if not name.endswith(", interval")]
    lines = [f"| measure | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for measure, row in table.items():
        lines.append(f"| {measure} | {' | '.join(_cell(row, name) for name in names)} |")
    return "\n".join(lines)


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = "–" if math.isnan(row[name]) else f"{row[name]:.3f}"
    low_high = row.get(f"{name}, interval")
    return f"{value} [{low_high[0]:.3f}, {low_high[1]:.3f}]" if low_high else value
