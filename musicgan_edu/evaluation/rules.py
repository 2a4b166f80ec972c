"""Rules of chorale writing: parallels, crossings, ranges.

Comes in: Scores with voices from high to low, or `Voices`. Goes out: `Tally`s by name.

Conventions
-----------
Intervals are counted in semitones modulo 12, since MIDI numbers know no spelling: a fifth is 7, an
octave or unison 0. Two voices run in parallel when both move from one such interval to the same one,
octaves apart or not: a fifth that becomes a twelfth by contrary motion counts too, as in textbooks
(in real chorales it is half of the cases). *Pair-steps* are steps of 16 to a 4/4 bar at which two voices sound, and
sounded a step before; *chord changes* are steps at which any voice's sounding pitch differs from
the step before. Pair-steps grow with the grid, chord changes don't: never compare rates with
different denominators. Lessons 10 and 11; the primer on music theory says why Bach avoids these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from musicgan_edu.evaluation.grids import REST, Voices, voices
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score

__all__ = ["RANGES", "chorale_rules", "count_parallels"]

#: Lowest and highest pitch of soprano, alto, tenor, bass.
RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))
FIFTH, OCTAVE = 7, 0


def chorale_rules(scores: Sequence[Score] | Voices, *, n_bars: int = 2) -> dict[str, Tally]:
    """How often voices break the rules, each with its denominator in its name.

    Returns
    -------
    "parallel fifths / chord change", "parallel octaves / chord change" : pairs of voices in parallel.
    "parallel fifths / pair-step", "parallel octaves / pair-step" : the same pairs.
    "crossings / step" : steps at which a voice sounds above its upper neighbour.
    "out of range / step" : a voice's steps outside `RANGES`; four voices only.
    NaN where there is nothing to count: one voice, or silence.
    """
    grid = voices(scores, n_bars=n_bars)
    changes = (grid.pitch[:, 1:] != grid.pitch[:, :-1]).any(2).sum(1) * (grid.pitch.shape[2] > 1)
    pair_steps = _pair_steps(grid.pitch)
    fifths, octaves = count_parallels(grid.pitch, FIFTH), count_parallels(grid.pitch, OCTAVE)
    rules = {
        "parallel fifths / chord change": Tally.of(fifths, changes),
        "parallel octaves / chord change": Tally.of(octaves, changes),
        "parallel fifths / pair-step": Tally.of(fifths, pair_steps),
        "parallel octaves / pair-step": Tally.of(octaves, pair_steps),
        "crossings / step": _crossings(grid.pitch),
    }
    if grid.pitch.shape[2] == len(RANGES):
        rules["out of range / step"] = _out_of_range(grid.pitch)
    return rules


def count_parallels(pitch: np.ndarray, interval: int) -> np.ndarray:
    """Pairs of voices that move in parallel at an interval (7 or 0), counted over steps.

    Parameters
    ----------
    pitch : int (B, T, V), `REST` where a voice is silent, voices from high to low.
    interval : semitones modulo 12.

    Returns
    -------
    int (B,)
    """
    sounds = (pitch[:, 1:] != REST) & (pitch[:, :-1] != REST)
    moves = sounds & (pitch[:, 1:] != pitch[:, :-1])  # (B, T-1, V)
    count = np.zeros(len(pitch), dtype=int)
    for a, b in combinations(range(pitch.shape[2]), 2):
        at = (pitch[..., a] - pitch[..., b]) % 12 == interval  # (B, T)
        count += (at[:, 1:] & at[:, :-1] & moves[..., a] & moves[..., b]).sum(1)
    return count


def _pair_steps(pitch: np.ndarray) -> np.ndarray:
    """Steps and pairs at which two voices sound and sounded before, int (B,)."""
    on = (pitch[:, 1:] != REST) & (pitch[:, :-1] != REST)
    n_sounding = on.sum(2)
    return (n_sounding * (n_sounding - 1) // 2).sum(1)


def _crossings(pitch: np.ndarray) -> Tally:
    upper, lower = pitch[..., :-1], pitch[..., 1:]
    both = (upper != REST) & (lower != REST)
    return Tally.of((both & (upper < lower)).any(2).sum(1), both.any(2).sum(1))


def _out_of_range(pitch: np.ndarray) -> Tally:
    low, high = np.array(RANGES).T
    sounds = pitch != REST
    return Tally.of((sounds & ((pitch < low) | (pitch > high))).sum((1, 2)), sounds.sum((1, 2)))
