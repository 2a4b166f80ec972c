"""Mix and splice: two pieces become one.

Comes in: any two Scores. Goes out: `Mixed`: a Score, and a sentence for each thing that was converted.

Conventions
-----------
Bars are numbered as on paper: 1 is the first full one, 0 the pickup. The second piece is fitted to the
first: moved to its key (or the relative one, which has the same notes), played at its tempo, and
refused where its metre is another, unless you ask for new barlines. Two pieces with equally many
pitched tracks go on voice by voice with the first one's instruments; else tracks of one name join and
the others stand beside them. Drums go with drums, and are never transposed. Lesson 09.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.score import NOTE, MusicganError, Score, Track

__all__ = [
    "MixError",
    "Mixed",
    "Seam",
    "bars",
    "crossfade",
    "fit",
    "join",
    "layer",
    "seams",
    "smoothest",
    "splice",
]

KEYS = "C C♯ D E♭ E F F♯ G A♭ A B♭ B".split()
_SILENT = -1  # in place of a pitch
_CLOSE = 1e-6  # beats
_NO_LEAP = 12.0  # semitones that a voice counts for which is silent on one side of a seam


class MixError(MusicganError):
    """Two pieces, or bars of them, that don't go together; the message says what would help."""


@dataclasses.dataclass(frozen=True)
class Mixed:
    """A Score made of two, and what was converted for it."""

    score: Score
    changes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Seam:
    """A place to cut: the first piece after bar `keep`, the second before bar `start`.

    leaps : semitones from each voice's last note before the cut to its first after it, on average.
    """

    keep: int
    start: int
    leaps: float


def bars(score: Score, first: int, last: int) -> Score:
    """Bars `first` to `last` of a Score, both included; 1 is the first full bar, 0 the pickup.

    Notes that cross an edge are clipped there, as in `Score.cut`.

    Raises
    ------
    MixError : bars that aren't there.
    """
    lowest = 0 if score.pickup else 1
    if not lowest <= first <= last <= score.n_bars:
        raise MixError(f"mix: no bars {first} to {last} in {_name(score)}: it has {lowest} to {score.n_bars}")
    start = max(0.0, score.pickup + (first - 1) * score.beats_per_bar)
    return score.cut(start, score.pickup + last * score.beats_per_bar)


def fit(b: Score, a: Score, *, key: bool = True, rebar: bool = False) -> Mixed:
    """b as it can stand beside a: in a's key and metre, at a's tempo.

    Beats stay beats: at another tempo b lasts longer or shorter, and no note moves within its bar.

    Parameters
    ----------
    key : transpose b the shortest way to a's key, or to its relative where the modes differ.
    rebar : where the metres differ, lay a's barlines over b's beats, from its first barline on.

    Raises
    ------
    MixError : another metre, unless `rebar`. ScoreError : a transposition beyond MIDI's pitches.
    """
    changes = []
    if b.beats_per_bar != a.beats_per_bar:
        metres = f"{b.beats_per_bar:g} beats a bar, {_name(a)} has {a.beats_per_bar:g}"
        if not rebar:
            raise MixError(
                f"mix: {_name(b)} has {metres}: ask for new barlines (rebar), or cut a piece of one metre"
            )
        b = b.replace(beats_per_bar=a.beats_per_bar, pickup=b.pickup % a.beats_per_bar)
        changes.append(f"metre: {_name(b)} had {metres}; its beats stay, the barlines are new")
    shift = _shift(b, a) if key else 0
    if shift:
        changes.append(f"key: {_name(b)} moved by {shift:+d} semitones, from {_key(b)} to go with {_key(a)}")
        b = cleaning.transpose(b.replace(key=_key_of(b)), shift)
    if b.tempo != a.tempo:
        changes.append(
            f"tempo: {_name(b)} plays at {a.tempo:g} quarter notes a minute instead of {b.tempo:g}"
        )
    return Mixed(b.replace(tempo=a.tempo), tuple(changes))


def join(a: Score, b: Score, *, key: bool = True, rebar: bool = False) -> Mixed:
    """b after a. Its first barline falls on one of a's, and its pickup into a's last bar if there is room.

    Raises
    ------
    MixError, ScoreError : as `fit`.
    """
    fitted = fit(b, a, key=key, rebar=rebar)
    b = fitted.score
    n_bars = np.ceil((a.end + b.pickup - a.pickup) / a.beats_per_bar - _CLOSE)
    offset = a.pickup + n_bars * a.beats_per_bar - b.pickup
    return Mixed(_together(a, b, offset, paired=True), fitted.changes)


def splice(
    a: Score, b: Score, *, keep: int | None = None, start: int | None = None, key: bool = True, rebar: bool = False
) -> Mixed:  # fmt: skip
    """a up to the end of bar `keep`, and b from the beginning of bar `start` on.

    What isn't given is chosen so that the voices leap as little as possible over the seam, and of
    equal ones so that most music stays.

    Raises
    ------
    MixError : bars that aren't there; and as `fit`.
    """
    fitted = fit(b, a, key=key, rebar=rebar)
    seam = smoothest(a, fitted.score, keep=keep, start=start)
    first = bars(a, 0 if a.pickup else 1, seam.keep)
    second = bars(fitted.score, seam.start, fitted.score.n_bars)
    offset = a.pickup + seam.keep * a.beats_per_bar  # a's last bar may end in silence
    where = f"seam: after bar {seam.keep} of {_name(a)}, before bar {seam.start} of {_name(b)}, "
    where += f"{seam.leaps:.3g} semitones a voice"
    return Mixed(_together(first, second, offset, paired=True, titles=(a, b)), (*fitted.changes, where))


def seams(a: Score, b: Score) -> list[Seam]:
    """Every place to leave a and to enter b, with how far the voices leap there.

    Both are heard as four voices (`cleaning.to_voices`), or as many as they both have. A voice that
    is silent on either side counts as an octave. b must be in a's key already: see `fit`.
    """
    n_voices = (_n_voices(a) if _n_voices(a) == _n_voices(b) else 0) or 4
    last, first = (_edges(score, n_voices, end=end) for score, end in ((a, True), (b, False)))
    silent = (last[:, None] == _SILENT) | (first[None] == _SILENT)  # (bars of a, bars of b, V)
    leaps = np.where(silent, _NO_LEAP, np.abs(last[:, None] - first[None])).mean(2)
    return [Seam(i + 1, j + 1, float(leap)) for (i, j), leap in np.ndenumerate(leaps)]


def smoothest(a: Score, b: Score, *, keep: int | None = None, start: int | None = None) -> Seam:
    """The seam with the smallest leaps, and of equal ones the one that leaves most music.

    Parameters
    ----------
    keep, start : look only where a is left after this bar, or b entered before that one.

    Raises
    ------
    MixError : no such place.
    """
    places = [s for s in seams(a, b) if keep in (None, s.keep) and start in (None, s.start)]
    if not places:
        raise MixError(
            f"mix: can't cut after bar {keep} of {a.n_bars} ({_name(a)}) and before bar {start} of "
            f"{b.n_bars} ({_name(b)})"
        )
    return min(places, key=lambda s: (round(s.leaps, 6), s.start - s.keep))


def layer(
    a: Score, b: Score, *, of_a: Iterable[int], of_b: Iterable[int], key: bool = True, rebar: bool = False
) -> Mixed:  # fmt: skip
    """Tracks `of_a` with tracks `of_b`, barline on barline, as long as both last.

    Parameters
    ----------
    of_a, of_b : numbers of tracks, counted from 0.

    Raises
    ------
    MixError : a track that isn't there, or none at all; and as `fit`.
    """
    of_a, of_b = sorted(set(of_a)), sorted(set(of_b))
    fitted = fit(b, a, key=key, rebar=rebar)
    upper, lower = _only(a, of_a), _only(fitted.score, of_b)
    if not upper.tracks and not lower.tracks:
        raise MixError("mix: choose at least one track of either piece")
    shift = lower.pickup - upper.pickup
    end = min(a.end + max(shift, 0), b.end - min(shift, 0))
    if shift > 0:  # the later first barline waits for the other
        upper = _later(upper, shift)
    score = _together(upper, lower, upper.pickup - lower.pickup, paired=False, titles=(a, b))
    both = score.cut(0, end) if end > 0 else score.replace(notes=score.notes[:0])
    return Mixed(both, fitted.changes)


def crossfade(a: Score, b: Score, *, n_bars: int = 1, key: bool = True, rebar: bool = False) -> Mixed:
    """b begins n_bars before a's last barline; there a's notes grow soft and b's grow loud, in a straight line.

    Both keep their tracks, so that no voice has to sing two notes. b's pickup comes before that.

    Raises
    ------
    MixError : fewer bars in either piece, or none; and as `fit`.
    """
    fitted = fit(b, a, key=key, rebar=rebar)
    b = fitted.score
    if not 1 <= n_bars <= min(a.n_bars, b.n_bars):
        raise MixError(
            f"mix: can't fade over {n_bars} bars: {_name(a)} has {a.n_bars}, {_name(b)} has {b.n_bars}"
        )
    length = n_bars * a.beats_per_bar
    start = a.pickup + a.n_bars * a.beats_per_bar - length
    down = 1 - (a.notes["onset"] - start) / length
    up = (b.notes["onset"] - b.pickup) / length
    offset = start - b.pickup
    if offset < 0:
        a, offset = _later(a, a.beats_per_bar), offset + a.beats_per_bar
    return Mixed(_together(_louder(a, down), _louder(b, up), offset, paired=False), fitted.changes)


# --------------------------------------------------------------------------------------- parts


def _together(
    a: Score, b: Score, offset: float, *, paired: bool, titles: tuple[Score, Score] | None = None
) -> Score:
    """The notes of both, b's moved by `offset` beats, with a's tempo, metre and key."""
    target, tracks = _pairs(a, b) if paired else ([len(a.tracks) + i for i in range(len(b.tracks))], b.tracks)
    notes = b.notes.copy()
    notes["track"] = np.array(target, NOTE["track"])[notes["track"]] if len(notes) else notes["track"]
    notes["onset"] += offset
    early = notes["onset"] < -_CLOSE
    if early.any():
        raise MixError(f"mix: {int(early.sum())} notes of {_name(b)} would come before the start")
    notes["onset"] = np.maximum(notes["onset"], 0)
    one, other = titles or (a, b)
    title = " + ".join(score.title or score.source or "?" for score in (one, other))
    return a.replace(
        notes=np.concatenate([a.notes, notes]), tracks=(*a.tracks, *tracks), title=title, source=""
    )


def _pairs(a: Score, b: Score) -> tuple[list[int], tuple[Track, ...]]:
    """For each track of b its number in the whole, and the tracks that a hasn't."""
    target: list[int] = [-1] * len(b.tracks)
    new: list[Track] = []
    pitched = [[i for i, track in enumerate(s.tracks) if not track.is_drum] for s in (a, b)]
    if len(pitched[0]) == len(pitched[1]):
        for i, j in zip(*pitched, strict=True):
            target[j] = i
    for j, track in enumerate(b.tracks):
        like = [
            i
            for i, t in enumerate(a.tracks)
            if t.is_drum == track.is_drum and (t.is_drum or t.name == track.name)
        ]
        free = [i for i in like if i not in target]
        if target[j] < 0 and free:
            target[j] = free[0]
        elif target[j] < 0:
            target[j] = len(a.tracks) + len(new)
            new.append(track)
    return target, tuple(new)


def _only(score: Score, tracks: list[int]) -> Score:
    if tracks and not 0 <= tracks[0] <= tracks[-1] < len(score.tracks):
        raise MixError(f"mix: no tracks {tracks} in {_name(score)}, it has 0 to {len(score.tracks) - 1}")
    notes = score.notes[np.isin(score.notes["track"], tracks)]
    notes["track"] = np.searchsorted(tracks, notes["track"])
    return score.replace(notes=notes, tracks=tuple(score.tracks[i] for i in tracks))


def _later(score: Score, beats: float) -> Score:
    """The same with silence before it; a whole bar of it, and the pickup stays what it is."""
    notes = score.notes.copy()
    notes["onset"] += beats
    return score.replace(notes=notes, pickup=(score.pickup + beats) % score.beats_per_bar)


def _louder(score: Score, factor: np.ndarray) -> Score:
    notes = score.notes.copy()
    notes["velocity"] = np.clip(np.rint(notes["velocity"] * np.clip(factor, 0, 1)), 1, 127)
    return score.replace(notes=notes)


def _n_voices(score: Score) -> int:
    return sum(not track.is_drum for track in score.tracks)


def _edges(score: Score, n_voices: int, *, end: bool) -> np.ndarray:
    """Each voice's last pitch before each bar's end, or the first from its beginning on; (n_bars, V).

    `_SILENT` where it has none within that bar.
    """
    drums = [i for i, track in enumerate(score.tracks) if track.is_drum]
    pitched = _only(score, [i for i in range(len(score.tracks)) if i not in drums])
    voiced = cleaning.to_voices(cleaning.remove_overlaps(pitched), n_voices)
    edges = np.full((score.n_bars, n_voices), _SILENT)
    bar_of = (voiced.notes["onset"] - voiced.pickup) / voiced.beats_per_bar
    stop_of = (voiced.notes["onset"] + voiced.notes["duration"] - voiced.pickup) / voiced.beats_per_bar
    for bar in range(score.n_bars):
        inside = voiced.notes[(bar_of < bar + 1 - _CLOSE) & (stop_of > bar + _CLOSE)]
        for note in inside if end else inside[::-1]:  # in time order: the one that is wanted comes last
            edges[bar, note["track"]] = note["pitch"]
    return edges


def _shift(b: Score, a: Score) -> int:
    """Semitones from b's scale to a's, −6 to 5."""
    from_key, to_key = _key_of(b), _key_of(a)
    if from_key is None or to_key is None:
        return 0
    here, there = (tonic + 3 * (mode == "minor") for tonic, mode in (from_key, to_key))  # as relative majors
    return int((there - here + 6) % 12 - 6)


def _key_of(score: Score) -> tuple[int, str] | None:
    return score.key or (cleaning.estimate_key(score) if cleaning.has_pitches(score) else None)


def _key(score: Score) -> str:
    key = _key_of(score)
    return f"{KEYS[key[0]]} {key[1]}" if key else "no key"


def _name(score: Score) -> str:
    return repr(score.title or score.source or "a piece without a name")
