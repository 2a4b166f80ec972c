"""Chords and tracks dealt out to single voices.

Comes in: a Score of any tracks. Goes out: a Score of monophonic voices, from high to low.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from musicgan_edu.score import MAX_BEATS, Score, ScoreError, Track

__all__ = ["CHORDAL", "CLOSE", "chordal", "end_at_next", "is_pitched", "remove_doubles", "to_voices"]

CLOSE = 1e-6  # beats
CHORDAL = 0.05  # share of overlapping notes above which a track isn't a single voice, see `chordal`
_LINE = 0.25  # share of the piece for which a line must sound to be a voice of its own
_SIXTEENTH = 0.25
_CROSSED = 24.0  # what dealing out avoids, in semitones of leaps: a crossing
_ENDED = 10.0  # a held note that ends early
_MIN_DOUBLED = 8  # notes; fewer are alike by chance
_VOICES = ("Soprano", "Alto", "Tenor", "Bass")


def is_pitched(score: Score) -> np.ndarray:
    """For each note whether its track isn't drums, bool, shape (n_notes,)."""
    drums = np.array([track.is_drum for track in score.tracks], dtype=bool)
    return ~drums[score.notes["track"]]


def remove_doubles(score: Score, *, alike: float = 0.9) -> Score:
    """Leave out the tracks that play what another plays: in unison, within an eighth of a beat.

    Of two such tracks the one with fewer notes goes, or the later. Octaves stay, they are orchestration; so do drums.

    Parameters
    ----------
    alike : share of a track's notes that the other has too, 0 to 1, from which on it is a double.
    """
    if not 0 < alike <= 1:
        raise ScoreError(f"cleaning: alike must be above 0 and at most 1, got {alike}")
    tracks = [i for i, track in enumerate(score.tracks) if not track.is_drum]
    tracks.sort(key=lambda i: -len(score.of_track(i)))
    kept: list[int] = []
    for i in tracks:
        own = score.of_track(i)
        double = len(own) >= _MIN_DOUBLED and any(_shared(own, score.of_track(j)) >= alike for j in kept)
        kept += [] if double else [i]
    stays = [i for i, track in enumerate(score.tracks) if track.is_drum or i in kept]
    notes = score.notes[np.isin(score.notes["track"], stays)].copy()
    notes["track"] = np.searchsorted(stays, notes["track"])
    return score.replace(notes=notes, tracks=tuple(score.tracks[i] for i in stays))


def end_at_next(score: Score) -> Score:
    """Each note of a track that is one line ends, at the latest, where the track's next begins; a pedal's haze goes.

    A line is a track of whose notes at most one in twenty begins together with another. Drums stay.
    """
    notes = score.notes.copy()
    for i, track in enumerate(score.tracks):
        own = np.flatnonzero(notes["track"] == i)
        gaps = np.diff(notes["onset"][own])
        if track.is_drum or (gaps < CLOSE).sum() > len(own) / 20:
            continue
        room = np.append(np.where(gaps < CLOSE, np.inf, gaps), np.inf)
        notes["duration"][own] = np.minimum(notes["duration"][own], room)
    return score.replace(notes=notes)


def chordal(notes: np.ndarray) -> float:
    """Share of a track's notes that begin together with its next one, or outlast it, by more than a sixteenth.

    One that only sounds into the next is a legato: heard, it ends there.
    """
    if len(notes) < 2:
        return 0.0
    end = notes["onset"] + notes["duration"]
    late = end[:-1] - notes["onset"][1:] > _SIXTEENTH
    together = np.diff(notes["onset"]) < _SIXTEENTH / 2
    return float((late & (together | (end[:-1] > end[1:] + _SIXTEENTH))).mean())


def _shared(own: np.ndarray, other: np.ndarray) -> float:
    """The share of one track's notes that begin, at the same pitch, in the other's."""
    # Each pitch's times lie apart from those of the next, so that a few binary searches do.
    at, theirs = (notes["pitch"] * (2 * MAX_BEATS) + notes["onset"] for notes in (own, other))
    theirs.sort()
    near = np.searchsorted(theirs, at + 0.125, "right") > np.searchsorted(theirs, at - 0.125)
    return float(near.mean())


def to_voices(score: Score, n_voices: int = 4) -> Score:
    """The pitched notes dealt out to single voices by register, the highest first.

    Where more than `n_voices` notes sound, the top and the bottom one stay, then those that begin
    now, then those that don't double another's pitch class; a note that gives way ends there.
    Else each note goes to the voice that is nearest to it, without crossing; rather than cross, or leap far, it takes
    the place of a note that is held there, as by a pedal, and that one ends. Tracks that are one line each keep a voice
    to themselves while there are voices enough, so that a singer's rests aren't filled by the guitar. A Score that is
    already that many single voices comes back as it is, and one of fewer lines keeps each whole: a tune is the top voice.
    """
    if n_voices < 1:
        raise ScoreError(f"cleaning: n_voices must be at least 1, got {n_voices}")
    if _are_voices(score, n_voices):
        return score
    notes = score.notes[is_pitched(score)]
    voiced = _lines(notes, n_voices)
    voiced = _deal_beside_lines(notes, n_voices) if voiced is None else voiced
    names = _VOICES if n_voices == 4 else [f"Voice {i + 1}" for i in range(n_voices)]
    program = score.tracks[notes["track"][0]].program if len(notes) else 0
    return score.replace(notes=voiced, tracks=tuple(Track(name, program) for name in names))


def _are_voices(score: Score, n_voices: int) -> bool:
    """Whether the Score has just `n_voices` pitched tracks with no two notes of one at once."""
    if len(score.tracks) != n_voices or any(track.is_drum for track in score.tracks):
        return False
    return all(_is_line(score.of_track(i)) for i in range(n_voices))


def _lines(notes: np.ndarray, n_voices: int) -> np.ndarray | None:
    """The notes of fewer tracks than voices, each one line, as voices, the outer ones first; None for anything else."""
    tracks = [notes[notes["track"] == i] for i in np.unique(notes["track"])]
    if not 0 < len(tracks) < n_voices or any(chordal(track) > CHORDAL for track in tracks):
        return None
    tracks = [_ended(track) for track in tracks]
    tracks.sort(key=lambda track: -float(np.average(track["pitch"], weights=track["duration"])))
    for voice, track in zip(np.rint(np.linspace(0, n_voices - 1, len(tracks))), tracks, strict=True):
        track["track"] = voice
    return np.concatenate(tracks)


def _deal_beside_lines(notes: np.ndarray, n_voices: int) -> np.ndarray:
    """As `_deal`, but each track that is one line for a good part of the piece has a voice of its own, if all have room."""
    enough = _LINE * (notes["onset"] + notes["duration"]).max(initial=0.0)
    tracks = [notes[notes["track"] == i] for i in np.unique(notes["track"])]
    lines = [_ended(t) for t in tracks if chordal(t) <= CHORDAL and t["duration"].sum() >= enough]
    if not 0 < len(lines) < min(n_voices, len(tracks)):
        return _deal(notes, n_voices)
    own = [int(line["track"][0]) for line in lines]
    rest = _deal(notes[~np.isin(notes["track"], own)], n_voices - len(lines))
    voices = [*lines, *(rest[rest["track"] == i] for i in range(n_voices - len(lines)))]
    voices = [voice for voice in voices if len(voice)]
    voices.sort(key=lambda voice: -float(np.average(voice["pitch"], weights=voice["duration"])))
    for i, voice in enumerate(voices):
        voice["track"] = i
    dealt = np.concatenate(voices)
    return dealt[np.argsort(dealt["onset"], kind="stable")]


def _ended(line: np.ndarray) -> np.ndarray:
    """A line whose notes end where the next begins; of two that begin together the higher one."""
    line = line[np.lexsort((line["pitch"], line["onset"]))]
    gaps = np.append(np.diff(line["onset"]), np.inf)
    line["duration"] = np.minimum(line["duration"], gaps)
    return line[gaps > CLOSE]


def _is_line(notes: np.ndarray) -> bool:
    return bool((notes["onset"][1:] >= (notes["onset"] + notes["duration"])[:-1] - CLOSE).all())


def _deal(notes: np.ndarray, n_voices: int) -> np.ndarray:
    """The notes that single voices can hold, `track` set to the voice, cut where they give way."""
    notes = notes.copy()
    high, low = np.percentile(notes["pitch"], (90, 10)) if len(notes) else (72.0, 48.0)
    last = np.linspace(high, low, n_voices)  # each voice's latest pitch
    held: dict[int, int] = {}  # voice → row of the note that sounds in it
    kept = np.zeros(len(notes), dtype=bool)
    for onset, group in itertools.groupby(range(len(notes)), key=lambda row: notes["onset"][row]):
        ends = {voice: notes["onset"][row] + notes["duration"][row] for voice, row in held.items()}
        held = {voice: row for voice, row in held.items() if ends[voice] > onset + CLOSE}
        chosen = _choose(notes, list(held.values()), list(group), n_voices)
        for voice, row in list(held.items()):
            if row not in chosen:
                notes["duration"][row] = onset - notes["onset"][row]
                del held[voice]
        new = [row for row in chosen if row not in held.values()]
        for row, voice in zip(new, _place(notes["pitch"][new], held, last, notes), strict=True):
            if voice in held:
                notes["duration"][held[voice]] = onset - notes["onset"][held[voice]]
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
    """For new pitches, highest first, the voices that take them with the least movement, from a held note if need be."""
    sounding = {voice: int(notes["pitch"][row]) for voice, row in held.items()}

    def cost(voices: Sequence[int]) -> float:
        moved = float(np.abs(last[list(voices)] - pitches).sum())
        crossed = sum(
            (other < voice) != (sounding[other] > pitch)
            for voice, pitch in zip(voices, pitches, strict=True)
            for other in sounding
            if other not in voices
        )
        ended = sum(voice in held for voice in voices)
        return moved + _CROSSED * crossed + _ENDED * ended

    return min(itertools.combinations(range(len(last)), len(pitches)), key=cost)
