"""Any music to one melody that the generator can follow, with a sentence for everything that was changed.

Comes in: a Score. Goes out: `Melody`: classes on the generator's grid, and how to get back from there.

Conventions
-----------
The generator knows bars of four beats, in C major or A minor, and a soprano within its range. A melody is
quantised, moved to that key (`cleaning.estimate_key`, as its corpus was) and by whole octaves into the
soprano's range; on the way back the key's move is undone, the octaves stay. Bars of two beats, or of
eight, are heard as bars of four. A pickup stands in a bar of which the generator imagines the beginning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.evaluation import RANGES
from musicgan_edu.score import MusicganError, Score

__all__ = ["MAX_BARS", "AssistantError", "Melody", "classes", "prepare"]

MAX_BARS = 128  # a minute or two
_LONG_REST = 2.0  # beats; a shorter one is a breath
KEYS = "C C# D Eb E F F# G Ab A Bb B".split()
_LOW, _HIGH = RANGES[0]
_WORDS = ("melody", "soprano", "vocal", "voice", "lead", "tune", "sing")


class AssistantError(MusicganError):
    """A melody that can't be harmonised, or a wish that makes no sense."""


@dataclasses.dataclass(frozen=True)
class Melody:
    """A melody on the generator's grid.

    score : one track, quantised, in the key and octave in which the result will be; pickup and metre as given.
    tokens : its classes in C major or A minor, int64 (T,), T whole bars; known : bool (T,), False where the
        generator imagines what came before a pickup, or comes after the end.
    lead : steps of the first bar before the first note's beat. shift : semitones from `score` to C.
    changes : what was changed, in sentences.
    """

    score: Score
    tokens: np.ndarray
    known: np.ndarray
    lead: int
    shift: int
    steps_per_beat: int
    changes: tuple[str, ...]


def prepare(score: Score, encoding: VoiceEncoding, *, track: int | None = None) -> Melody:
    """The melody in a Score, ready to be followed.

    Parameters
    ----------
    track : which of the Score's tracks sings, from 0; else the one whose name says so, or the highest.

    Raises
    ------
    AssistantError : no pitched note, a metre of other than 2, 4 or 8 beats, too long, no such track.
    """
    grid = encoding.grid
    _check_metre(score, grid.beats_per_bar)
    line, changes = _line(score, track)
    line = cleaning.remove_silence(line, silent_bars=MAX_BARS)  # bars before the first note
    snapped = cleaning.quantise(line, grid.steps_per_beat)
    changes += _said_times(line, snapped, grid.steps_per_beat) + _said_rests(snapped)
    tonic, mode = score.key or cleaning.estimate_key(line)
    home = (0 if mode == "major" else 9) - tonic
    key_shift = (home + 6) % 12 - 6
    octaves = _octaves(snapped.notes["pitch"], (0, 1, -1, 2, -2, 3, -3))
    # a melody near the edge is heard the other way round the octave sooner than out of range
    key_shift += 12 * _octaves(snapped.notes["pitch"] + 12 * octaves + key_shift, (0, 1, -1))
    moved = cleaning.transpose(snapped, 12 * octaves).replace(key=(tonic, mode))
    if octaves:
        changes.append(f"the melody is moved {abs(octaves)} octave{'s' * (abs(octaves) > 1)} "
                       f"{'up' if octaves > 0 else 'down'}, to where a soprano sings")  # fmt: skip
    if key_shift:
        changes.append(f"heard {key_shift:+d} semitones from {KEYS[tonic]} {mode} in "
                       f"{'C major' if mode == 'major' else 'A minor'}, and moved back")  # fmt: skip
    tokens, known, lead, folded = _tokens(moved, encoding, key_shift)
    changes += folded
    return Melody(moved, tokens, known, lead, key_shift, grid.steps_per_beat, tuple(changes))


def _check_metre(score: Score, beats: float) -> None:
    name = score.source or score.title or "the melody"
    if score.beats_per_bar not in (beats, beats / 2, beats * 2):
        raise AssistantError(
            f"harmonise: {name} has {score.beats_per_bar:g} beats a bar; this generator has learnt bars of "
            f"{beats:g} only (2 and 8 are heard as 4). What fills gaps takes any metre, and has no ear for its beats: "
            "musicgan complete MELODY --voices 2-4 --out FILE"
        )
    if score.n_bars * score.beats_per_bar > MAX_BARS * beats:
        raise AssistantError(f"harmonise: {name} has {score.n_bars} bars, more than {MAX_BARS}: cut it first")
    if not cleaning.has_pitches(score):
        raise AssistantError(f"harmonise: {name} has no pitched note, so no melody")


def _line(score: Score, track: int | None) -> tuple[Score, list[str]]:
    """One monophonic track, and what had to be left out for it."""
    counts = [len(score.of_track(i)) for i in range(len(score.tracks))]
    singers = [i for i, one in enumerate(score.tracks) if counts[i] and not one.is_drum]
    if track is not None and track not in singers:
        raise AssistantError(f"harmonise: no melody in track {track + 1} of {len(score.tracks)}")
    chosen = _singer(score, singers) if track is None else track
    changes = []
    if sum(map(bool, counts)) > 1:
        name = score.tracks[chosen].name or f"track {chosen + 1}"
        others = sum(counts) - counts[chosen]
        changes.append(f"the melody is {name!r}; the other tracks, {others} notes, are left out")
    notes = score.of_track(chosen)
    top = _skyline(notes)
    if len(top) < len(notes):
        changes.append(
            f"{len(notes) - len(top)} of {len(notes)} notes sound below the top line and are left out"
        )
    top["track"] = 0
    return score.replace(notes=top, tracks=(score.tracks[chosen],)), changes


def _singer(score: Score, singers: Sequence[int]) -> int:
    named = [i for i in singers if any(word in score.tracks[i].name.lower() for word in _WORDS)]
    return max(named or singers, key=lambda i: (float(np.median(score.of_track(i)["pitch"])), -i))


def _skyline(notes: np.ndarray) -> np.ndarray:
    """The highest notes: one that begins while a higher one sounds goes, one that a higher one enters on ends there."""
    kept: list[np.void] = []
    for note in notes[np.lexsort((-notes["pitch"], notes["onset"]))]:
        if kept and note["onset"] < kept[-1]["onset"] + 1e-6:
            continue  # the same onset, lower
        if kept and note["onset"] < kept[-1]["onset"] + kept[-1]["duration"] - 1e-6:
            if note["pitch"] < kept[-1]["pitch"] and _inside(note, kept[-1]):
                continue
            kept[-1]["duration"] = note["onset"] - kept[-1]["onset"]
        kept.append(note.copy())
    return np.array(kept, notes.dtype)


def _inside(note: np.void, other: np.void) -> bool:
    """Whether most of a note sounds while the other does."""
    left = other["onset"] + other["duration"] - note["onset"]
    return bool(left > note["duration"] / 2)


def _said_times(before: Score, after: Score, steps_per_beat: int) -> list[str]:
    steps = (before.notes["onset"] - before.pickup) * steps_per_beat
    off = np.abs(steps - np.rint(steps)) > 1e-3
    n_lost = before.n_notes - after.n_notes
    said = (
        [f"{int(off.sum())} of {before.n_notes} notes are moved to the nearest sixteenth"]
        if off.any()
        else []
    )
    return said + ([f"{n_lost} notes were too short for the grid"] if n_lost else [])


def _said_rests(line: Score) -> list[str]:
    ends = np.maximum.accumulate(line.notes["onset"] + line.notes["duration"])
    gaps = line.notes["onset"][1:] - ends[:-1]
    rests = gaps[gaps >= _LONG_REST].sum()
    return (
        [
            f"the melody rests for {rests:g} beats in all: a chorale's voices rest together, so expect silence there"
        ]
        if rests
        else []
    )


def _octaves(pitches: np.ndarray, among: Sequence[int]) -> int:
    """Octaves that bring most of the notes into the soprano's range; the first of those that do."""

    def outside(octave: int) -> int:
        moved = pitches + 12 * octave
        return int(((moved < _LOW) | (moved > _HIGH)).sum())

    return min(among, key=outside)


def _tokens(
    score: Score, encoding: VoiceEncoding, shift: int
) -> tuple[np.ndarray, np.ndarray, int, list[str]]:
    """Classes (T,), which are known (T,), the steps before the pickup, and what had to be folded."""
    per_beat, per_bar = encoding.grid.steps_per_beat, encoding.grid.steps_per_bar
    pickup = score.pickup % encoding.grid.beats_per_bar
    lead = round(((encoding.grid.beats_per_bar - pickup) % encoding.grid.beats_per_bar) * per_beat)
    end = lead + round(score.end * per_beat)
    tokens, n_folded = classes(
        score.notes, encoding, shift=shift, lead=lead, n_steps=-(-end // per_bar) * per_bar
    )
    step = np.arange(len(tokens))
    said = (
        [f"{n_folded} notes beyond the generator's range are heard an octave or more nearer"]
        if n_folded
        else []
    )
    return tokens, (step >= lead) & (step < end), lead, said


def classes(
    notes: np.ndarray, encoding: VoiceEncoding, *, shift: int, lead: int, n_steps: int
) -> tuple[np.ndarray, int]:
    """One voice's classes, int64 (n_steps,), and how many of its notes had to be folded into the range by octaves.

    notes : on the grid, moved by `shift` semitones and `lead` steps.
    """
    first, stop = (
        np.rint(beats * encoding.grid.steps_per_beat).astype(int) + lead
        for beats in (notes["onset"], notes["onset"] + notes["duration"])
    )
    pitches = notes["pitch"].astype(int) + shift
    folded = pitches - 12 * np.maximum(0, -((encoding.high - pitches) // 12))
    folded = folded + 12 * np.maximum(0, -((folded - encoding.low) // 12))
    tokens = np.full(n_steps, encoding.rest)
    for pitch, a, b in zip(folded - encoding.low, first, stop, strict=True):
        tokens[a:b] = encoding.hold
        tokens[a : a + 1] = pitch
    return tokens.astype(np.int64), int((folded != pitches).sum())
