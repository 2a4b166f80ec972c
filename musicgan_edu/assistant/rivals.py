"""What the assistant must beat: other people's voices under the melody, the nearest ones and any.

Comes in: a Score whose first track is the melody, windows of real music. Goes out: that melody with the
windows' lower voices. Moved by keys as the generator's corpus is. Lesson 11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from musicgan_edu import cleaning, evaluation
from musicgan_edu.score import Score

__all__ = ["nearest_soprano", "shuffled_voices"]

_N_BARS = 2


def nearest_soprano(score: Score, windows: Sequence[Score]) -> Score:
    """Each two bars of the melody with the lower voices of the window whose melody agrees with it in most steps.

    Parameters
    ----------
    score : begins on a barline; only its first track is looked at.
    windows : two bars each, in C major or A minor, of tunes other than this one.
    """
    melodies = evaluation.voices(windows, n_bars=_N_BARS).pitch[..., 0]  # (N, T)

    def nearest(part: np.ndarray) -> int:
        return int((melodies == part).mean(1).argmax())

    return _patched(score, windows, nearest)


def shuffled_voices(score: Score, windows: Sequence[Score], *, rng: np.random.Generator) -> Score:
    """Each two bars of the melody with the lower voices of any window."""
    return _patched(score, windows, lambda _: int(rng.integers(len(windows))))


def _patched(score: Score, windows: Sequence[Score], choose: Callable[[np.ndarray], int]) -> Score:
    line = score.replace(notes=score.of_track(0), tracks=score.tracks[:1])
    there = cleaning.to_c(line.replace(key=None))
    shift = int(there.notes["pitch"][0]) - int(line.notes["pitch"][0])
    n_bars = -(-score.n_bars // _N_BARS) * _N_BARS
    pitch = evaluation.voices([there], n_bars=n_bars).pitch[0, :, 0]
    span = len(pitch) * _N_BARS // n_bars
    rows = line.notes.tolist()
    for i, start in enumerate(range(0, len(pitch), span)):
        lower = windows[choose(pitch[start : start + span])].notes
        offset = i * _N_BARS * score.beats_per_bar
        rows += [(v, p - shift, on + offset, d, vel) for v, p, on, d, vel in lower.tolist() if v]
    whole = Score.from_rows(rows, windows[0].tracks, beats_per_bar=score.beats_per_bar, tempo=score.tempo)
    return whole.cut(0, line.end).replace(source=score.source, title=score.title)
