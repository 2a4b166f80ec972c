"""Melodies as text: `A4 | D5 D5 E5 F#5 | D5:2 r E5:1/2 F#5:1/2`.

Comes in: text, or a Score of one line. Goes out: the other.

Conventions
-----------
A note is a letter, `#` or `b` where needed, an octave (C4 is middle C, 60), and after a colon its length in
beats if that isn't 1, as a number or a fraction. `r` is a rest. Bars are separated by `|`; what stands before the
first one is a pickup if it is shorter than a bar. Lesson 11.
"""

from __future__ import annotations

import re
from fractions import Fraction

from musicgan_edu.assistant.melody import AssistantError
from musicgan_edu.score import Score, Track

__all__ = ["spelled", "typed"]

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NOTE = re.compile(r"(?:([A-Ga-g])([#b]?)(-?\d)|[rR])(?::(\d+(?:\.\d+)?|\d+/[1-9]\d*))?")
_SHARPS, _FLATS = "C C# D D# E F F# G G# A A# B".split(), "C Db D Eb E F Gb G Ab A Bb B".split()
_FLAT_KEYS = {5, 10, 3, 8, 1}  # of major
_MOST = 4000  # characters


def typed(text: str, *, beats_per_bar: float = 4.0, tempo: float = 100.0, title: str = "Melody") -> Score:
    """The melody that a text spells.

    Raises
    ------
    AssistantError : a word that is no note, naming it; no note at all; too long.
    """
    if len(text) > _MOST:
        raise AssistantError(f"harmonise: {len(text)} characters are too many, at most {_MOST}")
    beat, rows, pickup, barred = Fraction(0), [], Fraction(0), False
    for word in text.replace("|", " | ").split():
        if word == "|":
            pickup = pickup if barred or beat >= beats_per_bar else beat
            barred = True
            continue
        pitch, length = _read(word)
        if pitch is not None:
            rows.append((0, pitch, float(beat), float(length)))
        beat += length
    if not rows:
        raise AssistantError("harmonise: type a melody, such as A4 | D5 D5 E5 F#5 | D5:2 r E5:1/2 F#5:1/2")
    return Score.from_rows(
        rows,
        [Track("Melody", 73)],
        beats_per_bar=beats_per_bar,
        pickup=float(pickup),
        tempo=tempo,
        title=title,
    )


def _read(word: str) -> tuple[int | None, Fraction]:
    """A word's pitch (None for a rest) and length in beats."""
    found = _NOTE.fullmatch(word)
    length = Fraction(found[4]) if found and found[4] else Fraction(1)
    if not found or not 0 < length <= 64:
        raise AssistantError(
            f"harmonise: {word[:20]!r} is no note: a letter, # or b, an octave, such as F#4 or F#4:1/2"
        )
    if found[1] is None:
        return None, length
    pitch = 12 * (int(found[3]) + 1) + _STEPS[found[1].upper()] + {"#": 1, "b": -1, "": 0}[found[2]]
    if not 0 <= pitch <= 127:
        raise AssistantError(f"harmonise: {word[:20]!r} lies outside the MIDI numbers 0 to 127")
    return pitch, length


def spelled(score: Score) -> str:
    """A Score's first track as text; what overlaps is cut where the next note begins."""
    tonic, mode = score.key or (0, "major")
    names = _FLATS if (tonic + 3 * (mode == "minor")) % 12 in _FLAT_KEYS else _SHARPS
    notes, words, beat = score.of_track(0), [], Fraction(0)
    bar = Fraction(score.pickup) or Fraction(score.beats_per_bar)
    for i, note in enumerate(notes):
        onset, length = (Fraction(float(note[name])).limit_denominator(48) for name in ("onset", "duration"))
        if i + 1 < len(notes):
            length = min(length, Fraction(float(notes["onset"][i + 1])).limit_denominator(48) - onset)
        if onset > beat:
            words.append("r" + _length(onset - beat))
        while onset >= bar:
            words.append("|")
            bar += Fraction(score.beats_per_bar)
        words.append(f"{names[note['pitch'] % 12]}{note['pitch'] // 12 - 1}{_length(length)}")
        beat = onset + length
    return " ".join(words)


def _length(beats: Fraction) -> str:
    return "" if beats == 1 else f":{beats}"
