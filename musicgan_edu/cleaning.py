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
import itertools
from collections.abc import Sequence

import numpy as np

from musicgan_edu.score import Score, ScoreError, Track

__all__ = [
    "Cleaned",
    "clean",
    "estimate_key",
    "has_pitches",
    "quantise",
    "remove_ghosts",
    "remove_overlaps",
    "remove_silence",
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
_VOICES = ("Soprano", "Alto", "Tenor", "Bass")
_CLOSE = 1e-6  # beats


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
    n_voices: int | None = None,
    in_c: bool = False,
) -> Cleaned:
    """Ghost notes, overlaps, grid, silence, then voices and key where asked for, with reasons.

    In that order: on the grid a ghost would become a proper note, and before it a note that comes
    a hair early would stand in the bar before its own, which then isn't empty.

    Parameters
    ----------
    shortest, quietest : see `remove_ghosts`.
    silent_bars : see `remove_silence`.
    steps_per_beat : see `quantise`; None leaves the times alone.
    n_voices : see `to_voices`; None leaves the tracks alone.
    in_c : move the piece to C major or A minor.
    """
    ghosts = remove_ghosts(score, shortest=shortest, quietest=quietest)
    single = remove_overlaps(ghosts)
    snapped = quantise(single, steps_per_beat) if steps_per_beat else single
    dense = remove_silence(snapped, silent_bars=silent_bars)
    voiced = to_voices(dense, n_voices) if n_voices else dense
    moved = to_c(voiced) if in_c and has_pitches(voiced) else voiced
    reasons = [
        _lost("ghost notes", score, ghosts, "too short or too quiet to be meant"),
        _ended(ghosts, single),
        _snapped(single, snapped, steps_per_beat),
        _cut_bars(snapped, dense),
        _lost("voices", dense, voiced, f"more than {n_voices} voices at once, or drums"),
        _keyed(voiced, moved),
    ]
    return Cleaned(moved, tuple(reason for reason in reasons if reason))


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
    ghost = notes["duration"] < shortest - _CLOSE
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
    if score.pickup and score.notes["onset"][0] >= score.pickup - _CLOSE:  # an empty pickup
        score = score.cut(score.pickup, score.end)
    notes = score.notes.copy()
    ends = notes["onset"] + notes["duration"]
    first, last = _bar(score, notes["onset"] + _CLOSE), _bar(score, ends - _CLOSE)
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
    together = same & (notes["onset"][1:] - notes["onset"][:-1] < _CLOSE)
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


def _nearest(beats: np.ndarray, steps_per_beat: int) -> np.ndarray:
    """Beats moved to the nearest step; a half rounds up, where `np.rint` would go to and fro."""
    return np.floor(beats * steps_per_beat + 0.5 + _CLOSE) / steps_per_beat


def transpose(score: Score, semitones: int) -> Score:
    """All pitched notes, and the key, moved by `semitones`; drums stay.

    Raises
    ------
    ScoreError : where a note would leave the MIDI numbers 0 to 127.
    """
    notes, pitched = score.notes.copy(), _is_pitched(score)
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
    notes = score.notes[_is_pitched(score)]
    if not len(notes):
        raise ScoreError(f"cleaning: no key without pitched notes ({score.source or score.title!r})")
    chroma = np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)
    keys = [(tonic, mode) for mode in _PROFILES for tonic in range(12)]
    profiles = np.stack([np.roll(_PROFILES[mode], tonic) for tonic, mode in keys])  # (24, 12)
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    fit = centred @ (chroma - chroma.mean()) / np.linalg.norm(centred, axis=1)
    return keys[int(fit.argmax())]


def has_pitches(score: Score) -> bool:
    """Whether any track but drums has a note."""
    return bool(_is_pitched(score).any())


def _is_pitched(score: Score) -> np.ndarray:
    """For each note whether its track isn't drums, bool, shape (n_notes,)."""
    drums = np.array([track.is_drum for track in score.tracks], dtype=bool)
    return ~drums[score.notes["track"]]


def windows(score: Score, n_bars: int = 2, hop_bars: int = 1) -> list[Score]:
    """The stretches of `n_bars` full bars, one every `hop_bars`, each with its barline at onset 0.

    The pickup and a last incomplete bar aren't in any; notes that cross an edge are clipped.
    """
    if n_bars < 1 or hop_bars < 1:
        raise ScoreError(f"cleaning: n_bars and hop_bars must be at least 1, got {n_bars} and {hop_bars}")
    length = n_bars * score.beats_per_bar
    n_windows = int((score.end - score.pickup - length + _CLOSE) // (hop_bars * score.beats_per_bar)) + 1
    starts = [score.pickup + i * hop_bars * score.beats_per_bar for i in range(n_windows)]
    return [score.cut(start, start + length).replace(pickup=0.0) for start in starts]


def to_voices(score: Score, n_voices: int = 4) -> Score:
    """The pitched notes dealt out to single voices by register, the highest first.

    Where more than `n_voices` notes sound, the top and the bottom one stay, then those that begin
    now, then those that don't double another's pitch class; a note that gives way ends there.
    Else each note goes to the voice that is nearest to it, without crossing. A Score that is
    already that many single voices comes back as it is.
    """
    if n_voices < 1:
        raise ScoreError(f"cleaning: n_voices must be at least 1, got {n_voices}")
    if _are_voices(score, n_voices):
        return score
    notes = score.notes[_is_pitched(score)]
    voiced = _deal(notes, n_voices)
    names = _VOICES if n_voices == 4 else [f"Voice {i + 1}" for i in range(n_voices)]
    program = score.tracks[notes["track"][0]].program if len(notes) else 0
    return score.replace(notes=voiced, tracks=tuple(Track(name, program) for name in names))


def _are_voices(score: Score, n_voices: int) -> bool:
    """Whether the Score has just `n_voices` pitched tracks with no two notes of one at once."""
    if len(score.tracks) != n_voices or any(track.is_drum for track in score.tracks):
        return False
    voices = [score.of_track(i) for i in range(n_voices)]
    return all((v["onset"][1:] >= (v["onset"] + v["duration"])[:-1] - _CLOSE).all() for v in voices)


def _deal(notes: np.ndarray, n_voices: int) -> np.ndarray:
    """The notes that single voices can hold, `track` set to the voice, cut where they give way."""
    notes = notes.copy()
    high, low = np.percentile(notes["pitch"], (90, 10)) if len(notes) else (72.0, 48.0)
    last = np.linspace(high, low, n_voices)  # each voice's latest pitch
    held: dict[int, int] = {}  # voice → row of the note that sounds in it
    kept = np.zeros(len(notes), dtype=bool)
    for onset, group in itertools.groupby(range(len(notes)), key=lambda row: notes["onset"][row]):
        ends = {voice: notes["onset"][row] + notes["duration"][row] for voice, row in held.items()}
        held = {voice: row for voice, row in held.items() if ends[voice] > onset + _CLOSE}
        chosen = _choose(notes, list(held.values()), list(group), n_voices)
        for voice, row in list(held.items()):
            if row not in chosen:
                notes["duration"][row] = onset - notes["onset"][row]
                del held[voice]
        new = [row for row in chosen if row not in held.values()]
        for row, voice in zip(new, _place(notes["pitch"][new], held, last, notes), strict=True):
            notes["track"][row], held[voice], last[voice] = voice, row, notes["pitch"][row]
            kept[row] = True
    return notes[kept]


def _choose(notes: np.ndarray, held: list[int], new: list[int], n_voices: int) -> list[int]:
    """The rows, highest first, that sound on where notes begin: at most `n_voices`, none doubled."""
    by_pitch = {int(notes["pitch"][row]): row for row in [*held, *new]}  # a new one replaces a held one
    rows = [by_pitch[pitch] for pitch in sorted(by_pitch, reverse=True)]
    if len(rows) <= n_voices:
        return rows
    outer = [rows[0], rows[-1]][:n_voices]
    classes = {int(notes["pitch"][row]) % 12 for row in outer}
    inner = [row for row in rows if row not in outer]
    inner.sort(key=lambda row: (row in held, int(notes["pitch"][row]) % 12 in classes))
    chosen = {*outer, *inner[: n_voices - len(outer)]}
    return [row for row in rows if row in chosen]


def _place(pitches: np.ndarray, held: dict[int, int], last: np.ndarray, notes: np.ndarray) -> tuple[int, ...]:
    """For new pitches, highest first, the free voices that take them with the least movement."""
    free = [voice for voice in range(len(last)) if voice not in held]
    sounding = {voice: int(notes["pitch"][row]) for voice, row in held.items()}

    def cost(voices: Sequence[int]) -> float:
        moved = float(np.abs(last[list(voices)] - pitches).sum())
        crossed = sum(
            (other < voice) != (sounding[other] > pitch)
            for voice, pitch in zip(voices, pitches, strict=True)
            for other in sounding
        )
        return moved + 24.0 * crossed  # crossing is worse than a leap of two octaves

    return min(itertools.combinations(free, len(pitches)), key=cost)


def _notes(n: int) -> str:
    return "1 note" if n == 1 else f"{n} notes"


def _lost(what: str, before: Score, after: Score, why: str) -> str:
    n_lost = before.n_notes - after.n_notes
    return f"{what}: {n_lost} of {before.n_notes} notes left out ({why})" if n_lost else ""


def _cut_bars(before: Score, after: Score) -> str:
    n_beats = before.end - after.end
    return f"silence: {n_beats:g} of {before.end:g} beats cut" if n_beats > _CLOSE else ""


def _ended(before: Score, after: Score) -> str:
    n_merged, n_beats = before.n_notes - after.n_notes, before.notes["duration"].sum()
    n_beats -= after.notes["duration"].sum()
    if not n_merged and n_beats < _CLOSE:
        return ""
    return f"overlaps: {_notes(n_merged)} merged, {n_beats:.3g} beats of doubled sound ended"


def _snapped(before: Score, after: Score, steps_per_beat: int | None) -> str:
    if steps_per_beat is None:
        return ""
    times = np.concatenate([before.notes["onset"], before.notes["onset"] + before.notes["duration"]])
    shift = np.abs(_nearest(times - before.pickup, steps_per_beat) - (times - before.pickup))
    n_merged = before.n_notes - after.n_notes
    n_moved = int((shift > _CLOSE).sum())
    if not n_moved and not n_merged:
        return ""
    return (
        f"grid: {n_moved} onsets and ends moved to a grid of {steps_per_beat} steps a beat, by "
        f"{shift.max():.3g} beats at most; {_notes(n_merged)} merged"
    )


def _keyed(before: Score, after: Score) -> str:
    if before.n_notes == 0 or np.array_equal(before.notes["pitch"], after.notes["pitch"]):
        return ""
    pitched = _is_pitched(before)
    moved = int(after.notes["pitch"][pitched][0]) - int(before.notes["pitch"][pitched][0])
    return f"key: moved by {moved:+d} semitones to {'C major' if after.key == (0, 'major') else 'A minor'}"
