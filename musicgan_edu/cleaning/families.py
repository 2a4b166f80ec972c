"""Any number of tracks as five: what a band's MIDI files have in common, whatever the tracks are called.

Comes in: a Score with tracks in any order. Goes out: one with the five `FAMILIES`, some of them perhaps silent.

References
----------
Dong et al. (2018): MuseGAN merges tracks into bass, drums, guitar, piano and strings like this.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.score import Score, Track

__all__ = ["FAMILIES", "by_family", "family"]

#: The five, and the General MIDI program that each is played with.
FAMILIES = (
    Track("Drums", is_drum=True), Track("Piano"), Track("Guitar", 25), Track("Bass", 33), Track("Strings", 48),
)  # fmt: skip
#: Program // 8 → number of the family: pianos and organs, guitars, basses; all others count as strings.
_OF_PROGRAM = {0: 1, 2: 1, 3: 2, 4: 3}


def family(track: Track) -> int:
    """The number of its family in `FAMILIES`, by its program alone."""
    return 0 if track.is_drum else _OF_PROGRAM.get(track.program // 8, 4)


def by_family(score: Score) -> Score:
    """The tracks of each family as one; doubled notes are left for `cleaning.remove_overlaps`."""
    if score.tracks == FAMILIES:
        return score
    notes, numbers = score.notes.copy(), np.array([family(track) for track in score.tracks], np.int16)
    notes["track"] = numbers[notes["track"]]
    return score.replace(notes=notes, tracks=FAMILIES)
