"""Do the other voices agree with the melody? Chord tones, and what becomes of the others.

Comes in: Scores of which one track is the melody. Goes out: `Tally`s over its notes.

Conventions
-----------
There are no chord symbols in a chorale, so the chord is read off the *other* voices: of the triads (major,
minor, diminished) and sevenths (dominant, minor, half-diminished, diminished) on twelve roots those that hold
most of the pitch classes that the others sound when the melody's note begins, and of these the ones of which
fewest are missing. Several may explain them equally well (C and E belong to C major and to A minor). A melody
note is a *chord tone* if one of these chords holds it. It counts whole: long and short notes alike. Notes over silence don't count. Lesson 11.

References
----------
Y.-C. Yeh et al., "Automatic melody harmonization with triad chords: a comparative study", Journal of New Music
Research 50 (1), 2021: the chord tone to non-chord tone ratio (CTnCTR), there with given chord symbols.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicgan_edu.evaluation.grids import EvaluationError
from musicgan_edu.evaluation.harmony import tonal_distance
from musicgan_edu.evaluation.rhythm import changes_per_bar
from musicgan_edu.evaluation.rules import chorale_rules
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score

__all__ = ["CHORDS", "chord_tones", "ctnctr", "harmonised"]

#: Semitones above the root, by name.
CHORDS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "dominant seventh": (0, 4, 7, 10),
    "minor seventh": (0, 3, 7, 10),
    "half-diminished seventh": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
_TEMPLATES = np.array(
    [
        np.isin(np.arange(12), [(root + i) % 12 for i in chord])
        for chord in CHORDS.values()
        for root in range(12)
    ],
    float,
)  # (84, 12)
_PROPER = 2  # semitones: a non-chord tone that goes on by a step is a proper one


def chord_tones(scores: Sequence[Score], *, melody: int = 0) -> Tally:
    """Share of the melody's notes that are chord tones of what the other tracks sound. Range 0 to 1.

    NaN where no note has anything below or above it. More isn't better without end: Bach's own melodies pass
    through other notes, too. Compare with real music.

    Raises
    ------
    EvaluationError : no such track.
    """
    found = [_chord_tones(score, melody) for score in scores]
    return Tally.of([(is_tone & counts).sum() for is_tone, counts in found], [c.sum() for _, c in found])


def ctnctr(scores: Sequence[Score], *, melody: int = 0) -> Tally:
    """(n_c + n_p) / (n_c + n_n): n_c chord tones, n_n others, n_p of these followed within two semitones.

    Range 0 to 1: a passing or neighbour note, which goes on by a step, is no fault. A note that is repeated
    goes on within two semitones as well, by the paper's wording.

    References
    ----------
    Yeh et al. (2021), as in the module.
    """
    hits, cases = [], []
    for score in scores:
        is_tone, counts = _chord_tones(score, melody)
        pitch = score.of_track(melody)["pitch"].astype(int)
        proper = np.append(np.abs(np.diff(pitch)) <= _PROPER, False)[: len(pitch)]
        hits.append(((is_tone | proper) & counts).sum())
        cases.append(counts.sum())
    return Tally.of(hits, cases)


def harmonised(scores: Sequence[Score]) -> dict[str, Tally]:
    """How three voices go with a melody, piece by piece: whole pieces of any lengths, each from its first barline on.

    Parameters
    ----------
    scores : four monophonic tracks from high to low, the melody first.

    Returns
    -------
    "chord tones", "CTnCTR" : see above. "TD to bass", "TD to others" : `tonal_distance` of the melody, beats.
    "parallels / pair-step", "crossings / step", "out of range / step" : see `rules`. "changes / bar" : see `rhythm`.

    Raises
    ------
    EvaluationError : no Score. EncodingError : other than monophonic tracks of one number.
    """
    if not len(scores):
        raise EvaluationError("evaluation: expected at least one score, got none")
    whole = [
        score.cut(score.pickup, score.end).replace(pickup=0.0) if score.pickup else score for score in scores
    ]
    rules = [chorale_rules([score], n_bars=score.n_bars) for score in whole]
    fifths, octaves, crossings, outside = (
        _pooled([one[name] for one in rules])
        for name in (
            "parallel fifths / pair-step",
            "parallel octaves / pair-step",
            "crossings / step",
            "out of range / step",
        )
    )
    others = [tonal_distance(whole, pair=(0, i)) for i in range(1, len(whole[0].tracks))]
    return {
        "chord tones": chord_tones(whole),
        "CTnCTR": ctnctr(whole),
        "TD to bass": others[-1],
        "TD to others": Tally.of(sum(one.hits for one in others), sum(one.cases for one in others)),
        "parallels / pair-step": Tally.of(fifths.hits + octaves.hits, fifths.cases),
        "crossings / step": crossings,
        "out of range / step": outside,
        "changes / bar": _pooled([changes_per_bar([score], n_bars=score.n_bars) for score in whole]),
    }


def _pooled(tallies: Sequence[Tally]) -> Tally:
    return Tally.of(*(np.concatenate([getattr(one, name) for one in tallies]) for name in ("hits", "cases")))


def _chord_tones(score: Score, melody: int) -> tuple[np.ndarray, np.ndarray]:
    """For each note of the melody: is it a chord tone, and does it count; bool (n,) both."""
    if not 0 <= melody < len(score.tracks):
        raise EvaluationError(f"evaluation: no track {melody} among {len(score.tracks)} ({score.source})")
    notes, tune = score.notes, score.of_track(melody)
    drums = np.array([track.is_drum for track in score.tracks], dtype=bool)
    other = notes[(notes["track"] != melody) & ~drums[notes["track"]]]
    at = tune["onset"][:, None] + 1e-6
    sounds = (other["onset"] <= at) & (other["onset"] + other["duration"] > at)  # (n, n_other)
    chroma = (sounds @ np.eye(12)[other["pitch"] % 12]) > 0  # (n, 12)
    covered = chroma @ _TEMPLATES.T  # (n, 84)
    fit = covered - (_TEMPLATES.sum(1) - covered) / 16  # first what is covered, then what is missing
    best = fit >= fit.max(1, keepdims=True) - 1e-9
    return (best & (_TEMPLATES[:, tune["pitch"] % 12] > 0).T).any(1), chroma.any(1)
