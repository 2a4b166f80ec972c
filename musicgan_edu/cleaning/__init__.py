"""Clean music: ghost notes, silence, overlaps, grid, key and voices, one function a step.

Comes in: any `Score`. Goes out: a new `Score`; from `clean` also what each step changed.

Conventions
-----------
Times are beats and the barlines stay where they were in the music: silence is cut by whole bars,
and the grid is laid from the first barline. Drums have no key, are never transposed, and keep
their ghost notes, which are played on purpose. Lesson 03 builds these steps up one by one.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from musicgan_edu.cleaning.barlines import find_pickup
from musicgan_edu.cleaning.families import FAMILIES, by_family, family
from musicgan_edu.cleaning.timing import beat_strength, follow_beats, straighten, swing_ratio
from musicgan_edu.cleaning.voices import CLOSE, end_at_next, is_pitched, remove_doubles, to_voices
from musicgan_edu.score import Grid, Score, ScoreError

__all__ = [
    "FAMILIES",
    "Cleaned",
    "beat_strength",
    "by_family",
    "clean",
    "end_at_next",
    "estimate_key",
    "family",
    "find_pickup",
    "fitting",
    "follow_beats",
    "has_pitches",
    "key_profiles",
    "quantise",
    "remove_doubles",
    "remove_ghosts",
    "remove_overlaps",
    "remove_silence",
    "straighten",
    "swing_ratio",
    "thin",
    "to_c",
    "to_voices",
    "transpose",
    "windows",
]

# Share of each pitch class in pieces of a known key, tonic first (Albrecht & Shanahan 2013).
_PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}


@dataclasses.dataclass(frozen=True)
class Cleaned:
    """A cleaned Score and, for each step that changed something, one sentence that says what."""

    score: Score
    reasons: tuple[str, ...]


def clean(
    score: Score,
    *,
    shortest: float = 1 / 16,
    quietest: float = 0.25,
    silent_bars: int = 1,
    steps_per_beat: int | None = 4,
    doubles: bool = True,
    lines: bool = False,
    free: bool = False,
    swing: bool = False,
    pickup: bool = False,
    n_voices: int | None = None,
    in_c: bool = False,
) -> Cleaned:
    """Ghost notes, doubles, overlaps, times, silence, then voices and key where asked for, with reasons.

    In that order: on the grid a ghost would become a proper note, and before it a note that comes
    a hair early would stand in the bar before its own, which then isn't empty.

    Parameters
    ----------
    shortest, quietest : see `remove_ghosts`.
    silent_bars : see `remove_silence`.
    steps_per_beat : see `quantise`; None leaves the times alone.
    doubles : leave out tracks that double another, see `remove_doubles`.
    lines : see `end_at_next`.
    free : the beats of the file mean nothing: look for them, see `follow_beats`, and for the pickup.
    swing : look for swing, and straighten it.
    pickup : the file states no pickup: look for it, see `find_pickup`.
    n_voices : see `to_voices`; None leaves the tracks alone.
    in_c : move the piece to C major or A minor.
    """
    ghosts = remove_ghosts(score, shortest=shortest, quietest=quietest)
    lone = remove_doubles(ghosts) if doubles else ghosts
    single = remove_overlaps(lone)
    single = end_at_next(single) if lines else single  # a note that is there twice is no chord
    timed, said = _timed(single, free, swing)
    snapped = quantise(timed, steps_per_beat) if steps_per_beat else timed
    barred = _barred(snapped) if (pickup or free) and has_pitches(snapped) else snapped
    dense = remove_silence(barred, silent_bars=silent_bars)
    voiced = to_voices(dense, n_voices) if n_voices else dense
    moved = to_c(voiced) if in_c and has_pitches(voiced) else voiced
    reasons = [
        _lost("ghost notes", score, ghosts, "too short or too quiet to be meant"),
        _lost(
            "doubled tracks",
            ghosts,
            lone,
            f"{len(score.tracks) - len(lone.tracks)} tracks in unison with another",
        ),
        _ended(lone, single),
        *said,
        _snapped(timed, snapped, steps_per_beat),
        f"pickup: {barred.pickup:g} beats, not {snapped.pickup:g}" if barred is not snapped else "",
        _cut_bars(barred, dense),
        _lost("voices", dense, voiced, f"more than {n_voices} voices at once, or drums"),
        _keyed(voiced, moved),
    ]
    return Cleaned(moved, tuple(reason for reason in reasons if reason))


def _timed(score: Score, free: bool, swing: bool) -> tuple[Score, list[str]]:
    """Beats and swing, where they are to be looked for, and what was found."""
    said = []
    if free:
        score = follow_beats(score)
        said.append(f"beats: followed the playing, {score.tempo:.0f} quarter notes a minute in the mean")
    ratio = swing_ratio(score) if swing else 1.0
    if ratio > 1:
        score = straighten(score, ratio)
        said.append(f"swing: {ratio:.2f} : 1 made even")
    return score, said


def _barred(score: Score) -> Score:
    """With the pickup that the notes speak for; the same Score where that is its own."""
    pickup = find_pickup(score)
    return score if pickup == score.pickup else score.replace(pickup=pickup)


def remove_ghosts(score: Score, *, shortest: float = 1 / 16, quietest: float = 0.25) -> Score:
    """Leave out the notes that nobody meant: a brushed key, a detector's flicker.

    Parameters
    ----------
    shortest : beats; a note shorter than that goes.
    quietest : share of the track's median velocity, 0 to 1; a quieter note goes.
    """
    if shortest < 0 or not 0 <= quietest <= 1:
        raise ScoreError(f"cleaning: needs shortest ≥ 0 and 0 ≤ quietest ≤ 1, got {shortest} and {quietest}")
    notes = score.notes
    ghost = notes["duration"] < shortest - CLOSE
    for i, track in enumerate(score.tracks):
        own = notes["track"] == i
        if track.is_drum:
            ghost &= ~own
        elif own.any():
            ghost |= own & (notes["velocity"] < quietest * np.median(notes["velocity"][own]))
    return score.replace(notes=notes[~ghost])


def remove_silence(score: Score, *, silent_bars: int = 1) -> Score:
    """Cut empty bars, whole ones only, so that the metre survives.

    All go before the first note; within the piece those of a run beyond the first `silent_bars`.
    """
    if silent_bars < 0:
        raise ScoreError(f"cleaning: silent_bars must be ≥ 0, got {silent_bars}")
    if not score.n_notes:
        return score
    if score.pickup and score.notes["onset"][0] >= score.pickup - CLOSE:  # an empty pickup
        score = score.cut(score.pickup, score.end)
    notes = score.notes.copy()
    ends = notes["onset"] + notes["duration"]
    first, last = _bar(score, notes["onset"] + CLOSE), _bar(score, ends - CLOSE)
    gaps = first[1:] - np.maximum.accumulate(last)[:-1] - 1  # empty bars before each later note
    leading = max(0, first[0]) if not score.pickup else 0
    surplus = np.concatenate([[leading], np.maximum(0, gaps - silent_bars)])
    notes["onset"] -= np.cumsum(surplus) * score.beats_per_bar
    return score.replace(notes=notes)


def _bar(score: Score, beats: np.ndarray) -> np.ndarray:
    """The bar that each beat lies in, int64: 0 is the first full one, −1 the pickup."""
    return np.floor((beats - score.pickup) / score.beats_per_bar).astype(np.int64)


def remove_overlaps(score: Score) -> Score:
    """Let no track sound one pitch twice at once.

    Of two notes that begin together the longer stays, as loud as the louder; a note that is
    struck again while it sounds ends there.
    """
    notes = score.notes[np.lexsort((score.notes["onset"], score.notes["pitch"], score.notes["track"]))]
    same = (notes["track"][1:] == notes["track"][:-1]) & (notes["pitch"][1:] == notes["pitch"][:-1])
    together = same & (notes["onset"][1:] - notes["onset"][:-1] < CLOSE)
    group = np.concatenate([[0], np.cumsum(~together)]) if len(notes) else np.zeros(0, int)
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    if not len(firsts):
        return score
    merged = notes[firsts]
    for field in ("duration", "velocity"):
        merged[field] = np.maximum.reduceat(notes[field], firsts)
    again = (merged["track"][1:] == merged["track"][:-1]) & (merged["pitch"][1:] == merged["pitch"][:-1])
    room = np.where(again, merged["onset"][1:] - merged["onset"][:-1], np.inf)
    merged["duration"][:-1] = np.minimum(merged["duration"][:-1], room)
    return score.replace(notes=merged)


def quantise(score: Score, steps_per_beat: int = 4) -> Score:
    """Snap onsets and ends to the nearest step of a grid that is laid from the first barline.

    A time halfway between two steps goes to the later one; no note gets shorter than a step; what
    then coincides or overlaps is settled as in `remove_overlaps`.
    """
    if steps_per_beat < 1:
        raise ScoreError(f"cleaning: steps_per_beat must be at least 1, got {steps_per_beat}")
    notes = score.notes.copy()
    pickup = float(_nearest(np.array(score.pickup), steps_per_beat)) % score.beats_per_bar
    shift = float(_nearest(np.array(score.pickup), steps_per_beat)) - score.pickup
    onset = np.maximum(0.0, _nearest(notes["onset"] + shift, steps_per_beat))
    end = _nearest(notes["onset"] + notes["duration"] + shift, steps_per_beat)
    notes["onset"] = onset
    notes["duration"] = np.maximum(end - onset, 1 / steps_per_beat)
    return remove_overlaps(score.replace(notes=notes, pickup=pickup))


def thin(score: Score, steps_per_beat: int = 2) -> Score:
    """Monophonic voices without the notes that start between two steps of a coarser grid.

    The grid is laid from the first barline. What is kept lasts to the end of its last step, so that
    it goes on where a passing note stood, but never into its voice's next note.
    """
    if steps_per_beat < 1:
        raise ScoreError(f"cleaning: steps_per_beat must be at least 1, got {steps_per_beat}")
    steps = (score.notes["onset"] - score.pickup) * steps_per_beat
    notes = score.notes[np.abs(steps - np.rint(steps)) < CLOSE].copy()
    end = notes["onset"] + notes["duration"] - score.pickup
    end = np.ceil(end * steps_per_beat - CLOSE) / steps_per_beat + score.pickup
    for track in range(len(score.tracks)):
        mine = np.flatnonzero(notes["track"] == track)
        end[mine[:-1]] = np.minimum(end[mine[:-1]], notes["onset"][mine[1:]])
    notes["duration"] = end - notes["onset"]
    return score.replace(notes=notes[notes["duration"] > 0])


def _nearest(beats: np.ndarray, steps_per_beat: int) -> np.ndarray:
    """Beats moved to the nearest step; a half rounds up, where `np.rint` would go to and fro."""
    return np.floor(beats * steps_per_beat + 0.5 + CLOSE) / steps_per_beat


def transpose(score: Score, semitones: int) -> Score:
    """All pitched notes, and the key, moved by `semitones`; drums stay.

    Raises
    ------
    ScoreError : where a note would leave the MIDI numbers 0 to 127.
    """
    notes, pitched = score.notes.copy(), is_pitched(score)
    moved = notes["pitch"][pitched].astype(int) + semitones
    if len(moved) and not 0 <= moved.min() <= moved.max() <= 127:
        raise ScoreError(
            f"cleaning: {semitones:+d} semitones would take the pitches to {moved.min()} to {moved.max()}, "
            f"outside 0 to 127 ({score.source or score.title!r})"
        )
    notes["pitch"][pitched] = moved
    key = ((score.key[0] + semitones) % 12, score.key[1]) if score.key else None
    return score.replace(notes=notes, key=key)


def to_c(score: Score) -> Score:
    """The Score in C major or A minor, moved the shortest way (a tritone goes down)."""
    tonic, mode = score.key or estimate_key(score)
    home = 0 if mode == "major" else 9
    moved = transpose(score, (home - tonic + 6) % 12 - 6)
    return moved.replace(key=(home, mode))


def estimate_key(score: Score) -> tuple[int, str]:
    """The key whose profile correlates best with how long each pitch class sounds.

    r(k) = corr(c, p_k), with c the seconds or beats of each of the 12 pitch classes and p_k the
    profile of a mode, turned to its tonic; the greatest r of 24 wins.

    Returns
    -------
    (tonic, mode) : pitch class 0 to 11 (0 is C) and "major" or "minor".

    Raises
    ------
    ScoreError : without pitched notes.

    References
    ----------
    C. L. Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990 (the method).
    J. Albrecht & D. Shanahan, "The use of large corpora to train a new type of key-finding
    algorithm", Music Perception 31 (1), 2013 (these profiles). Of the 251 chorales whose stated
    tonic is also the last bass note they find 93 %; Krumhansl and Kessler's find 79 %.
    """
    notes = score.notes[is_pitched(score)]
    if not len(notes):
        raise ScoreError(f"cleaning: no key without pitched notes ({score.source or score.title!r})")
    chroma = np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)
    keys, centred, lengths = key_profiles()
    fit = centred @ (chroma - chroma.mean()) / lengths
    return keys[int(fit.argmax())]


@functools.cache
def key_profiles() -> tuple[list[tuple[int, str]], np.ndarray, np.ndarray]:
    """The 24 keys, their centred profiles (24, 12), and the lengths of these (24,)."""
    keys = [(tonic, mode) for mode in _PROFILES for tonic in range(12)]
    profiles = np.stack([np.roll(_PROFILES[mode], tonic) for tonic, mode in keys])
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    return keys, centred, np.linalg.norm(centred, axis=1)


def has_pitches(score: Score) -> bool:
    """Whether any track but drums has a note."""
    return bool(is_pitched(score).any())


def windows(score: Score, n_bars: int = 2, hop_bars: int = 1) -> list[Score]:
    """The stretches of `n_bars` full bars, one every `hop_bars`, each with its barline at onset 0.

    The pickup and a last incomplete bar aren't in any; notes that cross an edge are clipped.
    """
    if n_bars < 1 or hop_bars < 1:
        raise ScoreError(f"cleaning: n_bars and hop_bars must be at least 1, got {n_bars} and {hop_bars}")
    length = n_bars * score.beats_per_bar
    n_windows = int((score.end - score.pickup - length + CLOSE) // (hop_bars * score.beats_per_bar)) + 1
    starts = [score.pickup + i * hop_bars * score.beats_per_bar for i in range(n_windows)]
    return [score.cut(start, start + length).replace(pickup=0.0) for start in starts]


def fitting(scores: Sequence[Score], n_voices: int, grid: Grid) -> list[Score]:
    """The scores of so many voices and the grid's metre, thinned to the grid if it has no sixteenths."""
    kept = [s for s in scores if len(s.tracks) == n_voices and s.beats_per_bar == grid.beats_per_bar]
    return kept if grid.steps_per_beat >= 4 else [thin(score, grid.steps_per_beat) for score in kept]


def _notes(n: int) -> str:
    return "1 note" if n == 1 else f"{n} notes"


def _lost(what: str, before: Score, after: Score, why: str) -> str:
    n_lost = before.n_notes - after.n_notes
    return f"{what}: {n_lost} of {before.n_notes} notes left out ({why})" if n_lost else ""


def _cut_bars(before: Score, after: Score) -> str:
    n_beats = before.end - after.end
    return f"silence: {n_beats:g} of {before.end:g} beats cut" if n_beats > CLOSE else ""


def _ended(before: Score, after: Score) -> str:
    n_merged, n_beats = before.n_notes - after.n_notes, before.notes["duration"].sum()
    n_beats -= after.notes["duration"].sum()
    if not n_merged and n_beats < CLOSE:
        return ""
    return f"overlaps: {_notes(n_merged)} merged, {n_beats:.3g} beats of doubled sound ended"


def _snapped(before: Score, after: Score, steps_per_beat: int | None) -> str:
    if steps_per_beat is None:
        return ""
    times = np.concatenate([before.notes["onset"], before.notes["onset"] + before.notes["duration"]])
    shift = np.abs(_nearest(times - before.pickup, steps_per_beat) - (times - before.pickup))
    n_merged = before.n_notes - after.n_notes
    n_moved = int((shift > CLOSE).sum())
    if not n_moved and not n_merged:
        return ""
    return (
        f"grid: {n_moved} onsets and ends moved to a grid of {steps_per_beat} steps a beat, by "
        f"{shift.max():.3g} beats at most; {_notes(n_merged)} merged"
    )


def _keyed(before: Score, after: Score) -> str:
    if before.n_notes == 0 or np.array_equal(before.notes["pitch"], after.notes["pitch"]):
        return ""
    pitched = is_pitched(before)
    moved = int(after.notes["pitch"][pitched][0]) - int(before.notes["pitch"][pitched][0])
    return f"key: moved by {moved:+d} semitones to {'C major' if after.key == (0, 'major') else 'A minor'}"
