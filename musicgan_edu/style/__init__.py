"""Style transfer: the same piece as another composer might have written it.

Comes in: a Score in 4/4 (or 4/2), a style, a strength. Goes out: `Restyled`: the Score, what it is compared
with, and what had to be changed on the way.

`cells` (Scores as what sounds at each half beat), `editor` (the trained editors, in numpy), `cycle` (their
training, a CycleGAN; import it by name, it loads TensorFlow), `rivals` (what they must beat).

>>> from musicgan_edu import corpus, style
>>> style.restyle(corpus.read_chorale("bwv66.6"), "palestrina").score
<Score 'bwv66.6 → palestrina': …>

Lesson 13.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu import cleaning, sampling
from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.score import CheckpointError, Score, Track
from musicgan_edu.style import tunes
from musicgan_edu.style.cells import PER_BAR, PER_BEAT, Cells, StyleError, cells_of, scores_of, windows_of
from musicgan_edu.style.editor import N_OPERATIONS, edit, first_move, wishes

__all__ = [
    "MAX_STRENGTH",
    "STYLES",
    "TUNES",
    "Cells",
    "Editors",
    "Prepared",
    "Restyled",
    "StyleError",
    "cells_of",
    "edit",
    "load",
    "one_voice",
    "prepare",
    "restyle",
    "scores_of",
    "windows_of",
    "wishes",
]

#: Styles that ship: which editor makes them, and from which collection it learnt them.
STYLES = {"bach": "chorales", "palestrina": "masses"}
MAX_STRENGTH = 2.0
MAX_BETWEEN = 0.3  # share of the notes that may be left out between half beats
CHECKPOINT = sampling.CHECKPOINTS / "styles" / "bach-palestrina"
_LONGER = (
    "palestrina",
    "folk",
)  # styles that are made by copying a neighbour's pitch, and by hardly anything else
_PLAIN_UNITS = {2.0: 1.0, 4.0: 1.0, 8.0: 0.5}  # by beats a bar: where the notes don't say by what to stretch
#: Styles of tunes in one voice, and the collections that each was learnt from.
TUNES = {"fiddle": ("oneills1850", "ryansMammoth"), "folk": ("essenFolksong",)}


@dataclasses.dataclass(frozen=True)
class Editors:
    """Two trained editors, by the style that each makes, and their card."""

    weights: Mapping[str, Mapping[str, np.ndarray]]
    card: Mapping[str, Any]

    def edit(self, cells: Cells, to: str, strength: float = 1.0, *, seed: int | None = None) -> Cells:
        """The cells in style `to`. Without a seed the likeliest edit, with one a draw.

        Raises
        ------
        StyleError : no such style, or a strength that isn't 0 to 2.
        """
        self.check(to, strength)
        wanted = wishes(self.weights[to], cells)
        if seed is not None:
            uniform = np.random.default_rng(seed).uniform(1e-6, 1, wanted[..., :N_OPERATIONS].shape)
            wanted[..., :N_OPERATIONS] -= self.card["recipe"]["noise"] * np.log(-np.log(uniform))
        return edit(self.weights[to], cells, strength, wanted=wanted)

    def check(self, to: str, strength: float) -> None:
        """StyleError for a style that isn't there, or a strength that isn't 0 to 2."""
        if to not in self.weights:
            raise StyleError(f"style: no style {to!r}: choose one of {', '.join(self.weights)}")
        if not 0 <= strength <= MAX_STRENGTH:
            raise StyleError(f"style: strength must be 0 to {MAX_STRENGTH:g}, got {strength}")


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A piece as the editors take it, and the way back.

    cells : (1, T, 4), in C major or A minor. padding : pulses of rest before the piece's first.
    semitones : that it was moved by. changes : one sentence for each thing that was lost or moved.
    tracks : of the voices, as they go out. unit : by what the beats were stretched (`tunes`).
    """

    score: Score
    cells: Cells
    padding: int
    semitones: int
    changes: tuple[str, ...]
    tracks: tuple[Track, ...]
    unit: float = 1.0

    def back(self, cells: Cells, title: str) -> Score:
        """Cells as a Score in the piece's own key, with its pickup, tempo, instruments and drums."""
        made = cleaning.transpose(scores_of(cells, tempo=self.score.tempo)[0], -self.semitones)
        notes = made.notes.copy()
        notes["onset"] = (notes["onset"] - self.padding / PER_BEAT) / self.unit
        notes["duration"] /= self.unit
        drums = self.score.notes[_of_drums(self.score)].copy()
        kit = [track for track in self.score.tracks if track.is_drum][:1]
        drums["track"] = len(self.tracks)
        return self.score.replace(
            notes=np.concatenate([notes, drums]), tracks=(*self.tracks, *kit), title=title, source=""
        )


@dataclasses.dataclass(frozen=True)
class Restyled:
    """A transfer: the new Score, the old one as the editors heard it, and there and back again."""

    score: Score
    before: Score
    again: Score
    changes: tuple[str, ...]


@functools.cache
def load(folder: str | Path = CHECKPOINT) -> Editors:
    """The editors that ship, or those in a folder.

    Raises
    ------
    CheckpointError : none there, or damaged.
    """
    folder = Path(folder)
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        flat = {
            key: value.astype(np.float32)
            for key, value in sampling.read_arrays(folder / "weights.npz").items()
        }
        styles = [str(name) for name in card["styles"]]
        weights = {
            name: {key.split("/", 1)[1]: value for key, value in flat.items() if key.startswith(f"{way}/")}
            for way, name in zip(("to_a", "to_b"), styles, strict=True)
        }
        for one in weights.values():  # weights of another shape, a missing one: now rather than later
            wishes(one, Cells(np.full((1, PER_BAR, 4), 60, np.int16), np.ones((1, PER_BAR, 4), bool)))
    except Exception as error:  # a damaged or hostile file can fail anywhere between zip and notes
        raise CheckpointError(f"style: {folder} holds no editors: {type(error).__name__}: {error}") from error
    return Editors(weights, card)


def restyle(
    score: Score, to: str = "palestrina", *, strength: float = 1.0, seed: int | None = None, editors: Editors | None = None
) -> Restyled:  # fmt: skip
    """A piece of any length in another style.

    Parameters
    ----------
    to : one of `STYLES`; for a tune in one voice, one of `TUNES`.
    strength : 0 leaves every note as it is, 1 is what was trained, 2 the most.
    seed : draw the edits instead of taking the likeliest.

    Raises
    ------
    StyleError : see `prepare` and `Editors.check`.
    """
    if editors is None and to not in (*STYLES, *TUNES):
        known = f"{', '.join(STYLES)}, or for a tune in one voice {', '.join(TUNES)}"
        raise StyleError(f"style: no style {to!r}: choose one of {known}")
    editors = editors or load(CHECKPOINT.with_name("fiddle-folk") if to in TUNES else CHECKPOINT)
    editors.check(to, strength)
    piece = _prepare_tune(score, to) if to in TUNES else prepare(score)
    other = next(name for name in editors.weights if name != to)
    made = editors.edit(piece.cells, to, strength, seed=seed)
    again = editors.edit(made, other)
    name = score.title or score.source or "a piece"
    return Restyled(
        piece.back(made, f"{name} → {to}"), piece.back(piece.cells, name), piece.back(again, f"{name} → {to} → back"),
        (*piece.changes, _moved(piece.cells, made, editors.weights[to], to, strength)),
    )  # fmt: skip


def prepare(score: Score) -> Prepared:
    """A Score as the editors take it: four voices at most, half beats, C major or A minor, from a barline.

    Raises
    ------
    StyleError : another metre than 4/4 (4/2 is halved), or no pitched notes.
    """
    name = score.title or score.source or "the piece"
    if not cleaning.has_pitches(score):
        raise StyleError(f"style: {name} has no pitched notes to move")
    changes = []
    if score.beats_per_bar == 8:
        score = _halved(score)
        changes.append("metre: 4/2 in halved note values, 4/4")
    if score.beats_per_bar != 4:
        raise StyleError(
            f"style: {name} has {score.beats_per_bar:g} beats a bar: the editors learnt music in 4/4 and know no other metre"
        )
    voiced, told = _voiced(score)
    tracks = voiced.tracks
    changes += told
    tonic, mode = cleaning.estimate_key(voiced)
    semitones = ((0 if mode == "major" else 9) - tonic + 6) % 12 - 6
    padding = round((4.0 - voiced.pickup) % 4 * PER_BEAT)
    notes = voiced.notes.copy()
    notes["onset"] += padding / PER_BEAT
    moved = cleaning.transpose(voiced.replace(notes=notes, pickup=0.0, tracks=CHORALE_VOICES), semitones)
    cells = cells_of([moved], n_bars=max(moved.n_bars, 1))
    n_lost = voiced.n_notes - cleaning.thin(voiced, PER_BEAT).n_notes
    if n_lost:
        changes.append(f"grid: {n_lost} of {voiced.n_notes} notes start between half beats and are left out")
    return Prepared(score, cells, padding, semitones, tuple(changes), tracks)


def _prepare_tune(score: Score, to: str) -> Prepared:
    """A tune as its editors take it: most notes half a beat apart, bars of two beats in pairs.

    Raises
    ------
    StyleError : several voices, a triple metre, no pitched notes.
    """
    unit = (tunes.unit_of(score) if score.n_notes else None) or _PLAIN_UNITS.get(score.beats_per_bar)
    if unit is None:
        name = score.title or score.source or "the tune"
        raise StyleError(
            f"style: {name} has {score.beats_per_bar:g} beats a bar: {to!r} was learnt from tunes in two and four, and no other metre"
        )
    piece = prepare(tunes.even(score, unit))
    if (piece.cells.pitch >= 0).any((0, 1)).sum() > 1:
        raise StyleError(
            f"style: {to!r} was learnt from tunes in one voice: choose one (style.one_voice; --track N of the command)"
        )
    return dataclasses.replace(piece, score=score, unit=unit)


def one_voice(score: Score, track: int) -> Score:
    """One track of a piece, from 0, as a piece of its own.

    Raises
    ------
    StyleError : no pitched notes on it, or no such track.
    """
    if track >= len(score.tracks) or score.tracks[track].is_drum or not len(score.of_track(track)):
        raise StyleError(f"style: no pitched notes on track {track + 1} of {len(score.tracks)}")
    notes = score.of_track(track)
    notes["track"] = 0
    return score.replace(notes=notes, tracks=(score.tracks[track],))


def _voiced(score: Score) -> tuple[Score, list[str]]:
    """The pitched notes on a grid of sixteenths, as four single voices at most, and what that lost."""
    drums = _of_drums(score)
    snapped = _snapped(score.replace(notes=score.notes[~drums]))
    tracks = [i for i, track in enumerate(score.tracks) if not track.is_drum]
    notes = snapped.notes.copy()
    notes["track"] = np.searchsorted(tracks, notes["track"])
    pitched = snapped.replace(notes=notes, tracks=tuple(score.tracks[i] for i in tracks))
    pitched = cleaning.end_at_next(pitched)  # a singer's legato is no chord
    changes = ["drums stay as they are"] if drums.any() else []
    if len(tracks) <= 4 and all(_is_one_voice(pitched.of_track(i)) for i in range(len(tracks))):
        return pitched, changes
    voiced = cleaning.to_voices(pitched, 4)
    n_lost = pitched.n_notes - voiced.n_notes
    changes.append(f"voices: dealt out to four; {n_lost} of {pitched.n_notes} notes found no room")
    return voiced, changes


def _snapped(score: Score) -> Score:
    """On sixteenths, what stands between half beats to be left out; where that would be much, as in free
    rhythm, on half beats, every note moved to the nearest.
    """
    fine = cleaning.quantise(score, 2 * PER_BEAT)
    steps = (fine.notes["onset"] - fine.pickup) * PER_BEAT
    between = np.abs(steps - np.rint(steps)) > 0.1
    return fine if between.mean() <= MAX_BETWEEN else cleaning.quantise(score, PER_BEAT)


def _is_one_voice(notes: np.ndarray) -> bool:
    return bool((notes["onset"][1:] >= (notes["onset"] + notes["duration"])[:-1] - 1e-6).all())


def _of_drums(score: Score) -> np.ndarray:
    """Which notes are a drum track's, bool (n_notes,)."""
    return np.array([track.is_drum for track in score.tracks], bool)[score.notes["track"]]


def _halved(score: Score) -> Score:
    """The same sound in half the note values: 4/2 becomes 4/4 at half the tempo."""
    notes = score.notes.copy()
    for field in ("onset", "duration"):
        notes[field] /= 2
    return score.replace(
        notes=notes, beats_per_bar=score.beats_per_bar / 2, pickup=score.pickup / 2, tempo=score.tempo / 2
    )


def _moved(before: Cells, after: Cells, weights: Mapping[str, np.ndarray], to: str, strength: float) -> str:
    """What was edited; and where no pitch was, though it should, why."""
    sounds = before.pitch >= 0
    n_pitch = int((before.pitch != after.pitch)[sounds].sum())
    n_struck = int((before.struck != after.struck)[sounds].sum())
    said = f"edited: {n_pitch} of {sounds.sum()} half beats moved, {n_struck} strokes added or taken away"
    if n_pitch or not strength:
        return said
    least, n = first_move(before, wishes(weights, before))
    more = (
        f"{n} would at a greater strength, the first above {least:.1f}"
        if least <= MAX_STRENGTH
        else "at no strength would one"
    )
    way = (
        f": the way to {to!r} lengthens notes where voices move in half beats, and here few do"
        if to in _LONGER
        else ""
    )
    return f"{said}. No pitch moved, and {more}{way}"
