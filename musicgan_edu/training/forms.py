"""What a recipe composes: the forms, and real music cut to them.

Comes in: Scores. Goes out: real windows as classes, uint8 (N, T, V), for the games.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import EncodingError, Grid, Score, Track, TrainingError

__all__ = ["FORMS", "prepare"]

_FIDDLE = (Track("Melody", program=40),)

#: What a recipe's `form` stands for. A phrase's grid has eighths only: it is four times as long.
FORMS = {
    "chorale": VoiceEncoding(),
    "phrase": VoiceEncoding(Grid(n_bars=8, steps_per_beat=2)),
    "melody": VoiceEncoding(Grid(n_bars=4), _FIDDLE, low=55, high=88),
}


def prepare(scores: Sequence[Score], encoding: VoiceEncoding) -> np.ndarray:
    """All windows of the scores in C major or A minor as classes, uint8 (N, T, V).

    Left out: windows off the grid, outside the range, or of other voices or metre than the encoding's.
    """
    kept = []
    for score in cleaning.fitting(scores, len(encoding.tracks), encoding.grid):
        for window in cleaning.windows(cleaning.to_c(score), n_bars=encoding.grid.n_bars):
            try:
                encoded = encoding.tokens([window])
            except EncodingError:
                continue
            if window.n_notes and not encoded.dropped:
                kept.append(encoded.values)
    if not kept:
        form = f"{len(encoding.tracks)} voices on {encoding.grid}"
        raise TrainingError(f"training: none of {len(scores)} pieces has a window that fits {form}")
    return np.concatenate(kept)
