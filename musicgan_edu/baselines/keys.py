"""The baseline of rolls: each key at each step on its own, as often down as in the music.

Comes in: rolls, bool (N, T, P, 2K). Goes out: as many again as asked for.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.encoding import RollEncoding
from musicgan_edu.score import Score

__all__ = ["random_keys"]


def random_keys(rolls: np.ndarray, encoding: RollEncoding, n: int, *, seed: int) -> list[Score]:
    """n pieces whose keys are drawn by themselves, with the density of each pitch of each track.

    The same density of keys and of strikes in the mean; nothing of time, chords or other tracks.
    """
    density = rolls.mean((0, 1))  # (P, 2K)
    rngs = (np.random.default_rng([seed, i]) for i in range(n))
    drawn = (rng.random(encoding.shape, np.float32) < density for rng in rngs)
    return [encoding.decode(roll[None])[0] for roll in drawn]
