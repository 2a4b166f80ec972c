"""Measures of pitch: keys, pitch classes, intervals.

Comes in: Scores. Goes out: `Tally`, whose `value` is the measure. All of lesson 10.

Conventions
-----------
Notes of drum tracks have no pitch and are left out. No measure here has a best direction: one
repeated note is always in key and never dissonant. Read them beside those of real music.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.evaluation.grids import REST, EvaluationError, Voices, durations, voices
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score

__all__ = [
    "dissonance",
    "in_key",
    "pitch_class_entropy",
    "scale_consistency",
    "tonal_distance",
    "used_pitch_classes",
]

_MAJOR = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11]).astype(float)
#: The twelve diatonic scales, (12, 12); row t is the major scale on t, and the minor on t − 3.
_SCALES = np.stack([np.roll(_MAJOR, tonic) for tonic in range(12)])
#: Seconds, sevenths, the tritone: semitones modulo 12.
_DISSONANT = np.array([1, 2, 6, 10, 11])


def in_key(scores: Sequence[Score]) -> Tally:
    """Share of notes that belong to the diatonic scale of the Score's own estimated key.

    The key is `cleaning.estimate_key`'s; a minor key has its natural scale, so a raised leading
    note counts as foreign. Range 0 to 1; NaN without a pitched note.
    """
    scales = np.array([_scale(score) for score in scores]).reshape(-1, 12)
    counts = _pitch_class_counts(scores)
    return Tally.of((counts * scales).sum(1), counts.sum(1))


def _scale(score: Score) -> np.ndarray:
    """The pitch classes of the estimated key, 0 or 1, (12,); all 0 where no note has a pitch."""
    if not cleaning.has_pitches(score):
        return np.zeros(12)
    tonic, mode = cleaning.estimate_key(score)
    return _SCALES[(tonic + 3) % 12 if mode == "minor" else tonic]


def scale_consistency(scores: Sequence[Score]) -> Tally:
    """Share of notes in the diatonic scale that holds most of them, the best of twelve.

    Range 7/12 (all pitch classes alike) to 1; NaN without a pitched note.

    References
    ----------
    Mogren (2016): C-RNN-GAN, "scale consistency".
    """
    counts = _pitch_class_counts(scores)
    return Tally.of((counts @ _SCALES.T).max(1), counts.sum(1))


def pitch_class_entropy(scores: Sequence[Score]) -> Tally:
    """Mean over Scores of −Σ p log₂ p, p the share of notes in each pitch class; in bits, 0 to 3.585.

    NaN without a pitched note.

    References
    ----------
    Wu, Yang (2020): The Jazz Transformer on the Front Line.
    """
    counts = _pitch_class_counts(scores)
    n_notes = counts.sum(1)
    shares = counts / np.maximum(n_notes, 1)[:, None]
    entropy = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(1)
    return Tally.of(entropy, n_notes > 0)


def used_pitch_classes(scores: Sequence[Score], *, n_bars: int | None = None) -> Tally:
    """UPC: distinct pitch classes in a bar of a track, on average; an empty bar has 0. Range 0 to 12.

    `n_bars` is how long each Score is taken to be, its own `n_bars` unless given.
    NaN without a bar.

    References
    ----------
    Dong et al. (2018): MuseGAN, section "Objective metrics". By the paper: pitch classes are
    pitches modulo 12, and a bar is a track's bar.
    """
    bars = [_pitched(score, durations(score, segment=score.beats_per_bar, n_bars=n_bars)) for score in scores]
    return Tally.of([int((bar > 0).sum()) for bar in bars], [bar.shape[0] * bar.shape[1] for bar in bars])


def tonal_distance(
    scores: Sequence[Score], *, pair: tuple[int, int] | None = None, n_bars: int | None = None
) -> Tally:
    """TD: how far apart two tracks are in the space of fifths and thirds, beat by beat, on average.

    d = ‖Φ(c₁ − c₂)‖₂ with c a track's pitch classes in that beat, by duration, normalised to
    sum 1, and Φ the six rows r·sin(kl), r·cos(kl), k = 7π/6, 3π/2, 2π/3, r = 1, 1, ½, over pitch
    classes l. Beats in which either track is silent don't count; NaN where none is left.

    Parameters
    ----------
    pair : two track numbers; the mean over all pairs of pitched tracks unless given.

    Raises
    ------
    EvaluationError : a track of `pair` isn't there, or is drums.

    References
    ----------
    Harte, Sandler, Gasser (2006): Detecting Harmonic Change in Musical Audio. Dong et al. (2018).
    """
    hits, cases = [], []
    for score in scores:
        pitched = [i for i, track in enumerate(score.tracks) if not track.is_drum]
        if pair is not None and not set(pair) <= set(pitched):
            raise EvaluationError(
                f"evaluation: no pitched tracks {pair} among {len(score.tracks)} ({score.source})"
            )
        pairs = list(combinations(pitched, 2)) if pair is None else [pair]
        distance = _distances(durations(score, segment=1.0, n_bars=n_bars), pairs)
        hits.append(np.nansum(distance))
        cases.append(np.isfinite(distance).sum())
    return Tally.of(hits, cases)


def _distances(chroma: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Tonal distances of pairs of tracks, (n_pairs, n_beats), from chroma (n_tracks, n_beats, 12)."""
    with np.errstate(invalid="ignore"):
        place = (chroma / chroma.sum(-1, keepdims=True)) @ _tonal_space().T  # (n_tracks, n_beats, 6)
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    return np.linalg.norm(place[first] - place[second], axis=-1)


def _tonal_space() -> np.ndarray:
    angles = np.array([7 / 6, 3 / 2, 2 / 3])[:, None] * np.pi * np.arange(12)  # (3, 12)
    radius = np.array([1, 1, 0.5])[:, None]
    return np.concatenate([radius * np.sin(angles), radius * np.cos(angles)])


def dissonance(scores: Sequence[Score] | Voices, *, n_bars: int = 2) -> Tally:
    """Share of sounding pairs of voices, step by step, that are a second, a seventh or a tritone apart.

    Octaves are ignored (1, 2, 6, 10, 11 semitones modulo 12); 16 steps a 4/4 bar. Range 0 to 1;
    NaN where no two voices sound together.
    """
    pitch = voices(scores, n_bars=n_bars).pitch
    hits, cases = np.zeros(len(pitch)), np.zeros(len(pitch))
    for a, b in combinations(range(pitch.shape[2]), 2):
        both = (pitch[..., a] != REST) & (pitch[..., b] != REST)
        harsh = np.isin((pitch[..., a] - pitch[..., b]) % 12, _DISSONANT)
        hits += (both & harsh).sum(1)
        cases += both.sum(1)
    return Tally.of(hits, cases)


def _pitch_class_counts(scores: Sequence[Score]) -> np.ndarray:
    """Notes of each pitch class, (B, 12)."""
    counts = np.zeros((len(scores), 12))
    for row, score in zip(counts, scores, strict=True):
        drums = np.array([track.is_drum for track in score.tracks], dtype=bool)
        pitches = (
            score.notes["pitch"][~drums[score.notes["track"]]] if score.n_notes else score.notes["pitch"]
        )
        row += np.bincount(pitches % 12, minlength=12)
    return counts


def _pitched(score: Score, values: np.ndarray) -> np.ndarray:
    """The rows (n_tracks, …) of tracks that aren't drums."""
    return values[[not track.is_drum for track in score.tracks]]
