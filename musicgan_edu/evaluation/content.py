"""Is it still the same piece? What a change of style should leave: contour, rhythm and harmony.

Comes in: the Scores before and after, pair by pair, as windows. Goes out: `Tally`s, 1 where nothing changed.

Conventions
-----------
All three are 1 for a piece and its own copy, and the first two for its transposition as well. None is
0 for two pieces that have nothing to do with each other: print that number beside yours. Lesson 13.

References
----------
Marvin, Laprade (1987): Relating musical contours (the contour matrix, CSIM).
Cífka, Şimşekli, Richard (2020): Groove2Groove (chroma similarity and onsets as content).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu.evaluation.grids import REST, EvaluationError, Voices, voices
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score

__all__ = ["chroma_similarity", "contour_similarity", "onset_agreement"]


def contour_similarity(
    before: Sequence[Score] | Voices, after: Sequence[Score] | Voices, *, voice: int = 0, n_bars: int = 2
) -> Tally:
    """Share of pairs of moments s < t at which the voice goes the same way from s to t before and after.

    sign(p_t − p_s) = sign(q_t − q_s), over all pairs at which both pieces sound: the contour matrices'
    agreement. 0 to 1; NaN without a pair. Unmoved by transposition.
    """
    a, b = _pair(before, after, n_bars)
    p, q = a.pitch[..., voice].astype(int), b.pitch[..., voice].astype(int)
    sounds = (p != REST) & (q != REST)
    pairs = np.triu(sounds[:, :, None] & sounds[:, None], 1)
    ways = [np.sign(x[:, None] - x[:, :, None]) for x in (p, q)]
    return Tally.of((pairs & (ways[0] == ways[1])).sum((1, 2)), pairs.sum((1, 2)))


def onset_agreement(
    before: Sequence[Score] | Voices, after: Sequence[Score] | Voices, *, n_bars: int = 2
) -> Tally:
    """Notes that begin in the same voice at the same step: 2 |A ∩ B| / (|A| + |B|), 0 to 1 (Dice)."""
    a, b = _pair(before, after, n_bars)
    both = (a.onset & b.onset).sum((1, 2))
    return Tally.of(2 * both, a.onset.sum((1, 2)) + b.onset.sum((1, 2)))


def chroma_similarity(
    before: Sequence[Score] | Voices, after: Sequence[Score] | Voices, *, n_bars: int = 2
) -> Tally:
    """Mean cosine between the pitch classes that sound, step by step, where both pieces sound; 0 to 1."""
    a, b = _pair(before, after, n_bars)
    x, y = (_chroma(one.pitch) for one in (a, b))
    lengths = np.linalg.norm(x, axis=-1) * np.linalg.norm(y, axis=-1)
    cosine = (x * y).sum(-1) / np.maximum(lengths, 1e-9)
    return Tally.of(cosine.sum(1), (lengths > 0).sum(1))


def _chroma(pitch: np.ndarray) -> np.ndarray:
    """How many voices sound each pitch class, (B, T, 12)."""
    return ((pitch[..., None] % 12 == np.arange(12)) & (pitch != REST)[..., None]).sum(2)


def _pair(
    before: Sequence[Score] | Voices, after: Sequence[Score] | Voices, n_bars: int
) -> tuple[Voices, Voices]:
    a, b = voices(before, n_bars=n_bars), voices(after, n_bars=n_bars)
    if a.pitch.shape != b.pitch.shape:
        raise EvaluationError(
            f"evaluation: content is compared pair by pair, got {a.pitch.shape} and {b.pitch.shape}"
        )
    return a, b
