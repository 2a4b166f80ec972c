"""Fill what is missing from a piece: bars, voices, beats, any pattern of them.

Comes in: a Score of any length and a gap, bool (T, V), from `gap`. Goes out: a `Completion`, whose
Score is as it was outside the gap, to the bit.

Conventions
-----------
The gap's grid has sixteenths and is laid from the first barline; `Table` says where its step 0 is.
Pieces are moved to C major or A minor, filled, and moved back. What fills learnt two bars of four
voices in 4/4: longer gaps get windows of two bars, a bar apart, and voices that a piece doesn't have
are left open, as if they were missing too. Where a voice is filled, it keeps to its singer's range
(`evaluation.RANGES`) or as far as its own given notes go; "mode", "hold" and "nearest" don't. Ways of filling: `METHODS`. Lesson 12.

References
----------
Huang et al. (2017): Counterpoint by Convolution ("masked"). Yeh et al. (2017): Semantic image
inpainting with deep generative models ("latent"). Azadi et al. (2019): Discriminator rejection
sampling (the critic of "gan").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from musicgan_edu import cleaning, evaluation
from musicgan_edu.cleaning.voices import CHORDAL, chordal
from musicgan_edu.completion.methods import (
    ANY,
    FORM,
    METHODS,
    gibbs,
    judge,
    latent_of,
    sounding,
    training_windows,
)
from musicgan_edu.completion.rows import PER_BEAT, Table, fragments, put_back
from musicgan_edu.score import MusicganError, Score, Track

__all__ = [
    "FORM",
    "METHODS",
    "PER_BEAT",
    "Completion",
    "CompletionError",
    "Table",
    "complete",
    "fill_windows",
    "fragments",
    "gap",
    "judge",
    "latent_of",
    "sounding",
    "training_windows",
    "with_voices",
]

HOP = FORM.grid.steps_per_bar
HOMES = (70, 64, 57, 48)  # where soprano, alto, tenor and bass are at home, roughly


class CompletionError(MusicganError):
    """A gap that isn't there, or one that none of our ways can fill."""


@dataclasses.dataclass(frozen=True)
class Completion:
    """A filled piece.

    score : the piece; outside the gap as it was. gap : what was missing, bool (T, V).
    remarks : what had to be assumed, in sentences for people.
    """

    score: Score
    gap: np.ndarray
    method: str
    remarks: tuple[str, ...]


def gap(
    score: Score, *, bars: Iterable[int] = (), voices: Iterable[int] = (), beats: Iterable[int] = ()
) -> np.ndarray:
    """What lies in these bars (from 1), of these voices (tracks, from 0), on these beats of the bar (from 1).

    bool (T, V), V tracks. What isn't said isn't narrowed: without bars, all of them; 0 is the pickup.

    Raises
    ------
    CompletionError : nothing said, or a bar, voice or beat that isn't there.
    """
    table, told = Table(score), {"bar": list(bars), "voice": list(voices), "beat": list(beats)}
    if not any(told.values()):
        raise CompletionError("completion: say what is missing: bars, voices or beats")
    per_bar = int(np.ceil(score.beats_per_bar))
    there = {
        "bar": range(0 if score.pickup else 1, score.n_bars + 1),
        "voice": range(len(score.tracks)),
        "beat": range(1, per_bar + 1),
    }
    for what, chosen in told.items():
        for one in chosen:
            if one not in there[what]:
                raise CompletionError(
                    f"completion: no {what} {one} in {_name(score)}, it has {there[what][0]} to {there[what][-1]}"
                )
    step = np.arange(table.n_steps)
    in_time = np.isin(table.bar(step), told["bar"] or list(there["bar"]))
    if told["beat"]:
        in_time &= np.isin(table.beat(step), told["beat"])
    return in_time[:, None] & np.isin(there["voice"], told["voice"] or list(there["voice"]))


def complete(
    score: Score, missing: np.ndarray, *, method: str = "masked", seed: int = 0, n: int = 32
) -> Completion:
    """The piece with its gap filled; what was given is as it was, to the bit.

    Parameters
    ----------
    missing : bool (T, V), from `gap` or painted. method : one of `METHODS`. n : drafts of "gan", from
        which one is drawn by weight, and rounds of "masked".

    Raises
    ------
    CompletionError : an empty gap, a mask of another shape, drums or chords in the gap, more than four
        voices in it, a method that there isn't.
    """
    missing = np.asarray(missing)
    table = Table(score)
    _check(score, missing, table, method)
    voices, remarks = _voices(score, missing)
    to_c = _to_c(score)
    tokens, known, shift = _lay(score, table, voices, to_c)
    hidden = np.zeros_like(known)
    for column, voice in enumerate(voices):
        if voice >= 0:
            hidden[:, column] = missing[:, voice]
    given = known & ~hidden
    filled = _fill(tokens, given, hidden, table.lead, method, seed, n, _allowed(tokens, given, to_c))
    mended = _mended(tokens, filled, hidden)
    done = put_back(score, table, voices, mended, hidden, shift, missing)
    if fragments(done, missing) != fragments(score, missing):
        raise AssertionError("completion: what was given has changed")  # a bug of ours, never the user's
    return Completion(done, missing, method, tuple(remarks))


def with_voices(score: Score, n_voices: int) -> Score:
    """The piece with empty tracks behind its own, up to so many: voices to be filled as a gap.

    Raises
    ------
    CompletionError : more than the networks know, or no single voice in the piece that they could go with.
    """
    if n_voices > len(FORM.tracks):
        raise CompletionError(f"completion: what fills knows {len(FORM.tracks)} voices, not {n_voices}")
    if not any(
        len(score.of_track(i)) and not track.is_drum and chordal(score.of_track(i)) <= CHORDAL
        for i, track in enumerate(score.tracks)
    ):
        raise CompletionError(f"completion: {_name(score)} has no single voice that new ones could go with")
    own = len(score.tracks)
    new = [Track(FORM.tracks[i].name, score.tracks[0].program) for i in range(own, n_voices)]
    return score.replace(tracks=(*score.tracks, *new))


def _check(score: Score, missing: np.ndarray, table: Table, method: str) -> None:
    shape, name = (table.n_steps, len(score.tracks)), _name(score)
    if method not in METHODS:
        raise CompletionError(f"completion: no method {method!r}, there are {', '.join(METHODS)}")
    if missing.shape != shape or missing.dtype != bool:
        raise CompletionError(
            f"completion: the gap of {name} must be bool {shape}, got {missing.dtype} {missing.shape}"
        )
    touched = np.flatnonzero(missing.any(0))
    if not len(touched):
        raise CompletionError(f"completion: nothing is missing from {name}: the gap is empty")
    if len(touched) > len(FORM.tracks):
        raise CompletionError(
            f"completion: {len(touched)} tracks of {name} have gaps; what fills knows {len(FORM.tracks)} voices"
        )
    for track in touched.tolist():
        if score.tracks[track].is_drum:
            others = any(not one.is_drum for one in score.tracks)
            raise CompletionError(
                f"completion: track {track + 1} of {name} is drums, and what fills knows only pitches: "
                + ("say which other voices have the gap" if others else "it has no other voices to fill")
            )
        if (share := chordal(score.of_track(track))) > CHORDAL:
            raise CompletionError(
                f"completion: track {track + 1} of {name} plays chords ({share:.0%} of its notes sound with the "
                "next one); what fills knows single voices: say which other voices have the gap, or deal the piece out to "
                "four first (cleaning.to_voices; musicgan clean PIECE --voices 4 --out FILE)"
            )


def _voices(score: Score, missing: np.ndarray) -> tuple[list[int], list[str]]:
    """The track that each of the four voices stands for, −1 for none; and what to say about it."""
    remarks, touched = [], set(np.flatnonzero(missing.any(0)).tolist())
    usable = [
        i
        for i, track in enumerate(score.tracks)
        if not track.is_drum
        and (i in touched or (score.of_track(i).size and chordal(score.of_track(i)) <= CHORDAL))
    ]
    others = [i for i in usable if i not in touched][: len(FORM.tracks) - len(touched)]
    chosen = sorted(touched | set(others), key=lambda i: (-_mean_pitch(score, i), i))
    unheard = [i + 1 for i in range(len(score.tracks)) if i not in chosen]
    if unheard:
        remarks.append(
            f"tracks {', '.join(map(str, unheard))} (drums, chords, or a fifth voice) are kept unheard"
        )
    if score.beats_per_bar != FORM.grid.beats_per_bar:
        remarks.append(
            f"what fills learnt 4/4 only and doesn't know where the beats of a bar of {score.beats_per_bar:g} weigh"
        )
    voices = [-1] * len(FORM.tracks)
    if len(chosen) == len(voices):
        return chosen, remarks
    many = "only one voice" if len(chosen) == 1 else f"only {len(chosen)} voices"
    remarks.append(f"{many}: the others of a chorale are left open")
    free = list(range(len(voices)))
    for i in chosen:  # high to low, each where its register is nearest to the chorales', order kept
        room = free[: len(free) - (len(chosen) - chosen.index(i) - 1)]
        best = min(room, key=lambda v: abs(_mean_pitch(score, i) - HOMES[v]))
        voices[best] = i
        free = [v for v in free if v > best]
    return voices, remarks


def _mean_pitch(score: Score, track: int) -> float:
    """Of an empty track, where the chorales' voice of its number is at home."""
    notes = score.of_track(track)
    if not len(notes):
        return float(HOMES[min(track, len(HOMES) - 1)])
    return float(np.average(notes["pitch"], weights=notes["duration"]))


def _to_c(score: Score) -> int:
    """The semitones from the piece to C major or A minor."""
    tonic, mode = score.key or cleaning.estimate_key(score)
    return ((0 if mode == "major" else 9) - tonic + 6) % 12 - 6


def _allowed(tokens: np.ndarray, given: np.ndarray, to_c: int) -> np.ndarray:
    """The classes that each voice may sing where it is filled, bool (V, C).

    Its singer's range, or as far as its own given notes go. An instrument that is heard so many octaves away (`_octaves`)
    has the range of the singer whom it stands for as many octaves away.
    """
    ranges = np.array(evaluation.RANGES) + to_c
    for voice, heard in enumerate(sounding(tokens).T):
        own = heard[given[:, voice] & (heard < FORM.rest)] + FORM.low
        low, high = ranges[voice]
        ranges[voice] = own.min(initial=low), own.max(initial=high)
    return FORM.within(ranges)


def _lay(
    score: Score, table: Table, voices: Sequence[int], to_c: int
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The piece in C as classes (T, 4), which cells are known, and how far each voice was moved."""
    tokens = np.full((table.n_steps, len(voices)), FORM.rest, np.int64)
    known, shift = np.zeros(tokens.shape, bool), []
    for column, voice in enumerate(voices):
        notes = score.of_track(voice) if voice >= 0 else score.notes[:0]
        octaves = _octaves(notes, to_c)
        shift.append(to_c + octaves)
        known[:, column] = voice >= 0
        for note in notes:
            first, stop = (
                round((beat - table.start) * PER_BEAT)
                for beat in (note["onset"], note["onset"] + note["duration"])
            )
            pitch = int(note["pitch"]) + shift[-1] - FORM.low
            tokens[first : max(stop, first + 1), column] = FORM.hold
            tokens[first : first + 1, column] = pitch if 0 <= pitch < FORM.n_pitches else FORM.rest
            if not 0 <= pitch < FORM.n_pitches:
                known[first : max(stop, first + 1), column] = False  # beyond what the networks know
    return tokens, known, shift


def _octaves(notes: np.ndarray, shift: int) -> int:
    """Octaves, in semitones, that bring a voice into the networks' range."""
    if not len(notes):
        return 0
    middle = float(np.median(notes["pitch"])) + shift
    return int(12 * np.rint((np.clip(middle, FORM.low + 6, FORM.high - 6) - middle) / 12))


def _fill(
    tokens: np.ndarray, known: np.ndarray, hidden: np.ndarray, lead: int, method: str, seed: int, n: int,
    allowed: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Classes (T, V) with the hidden cells filled, from a bar before the first gap to a bar after the last."""
    front = -lead % HOP  # so that bars of 4/4 begin at multiples of HOP
    end = front + len(tokens)
    pad = ((front, 2 * HOP - end % HOP), (0, 0))
    whole, given = np.pad(tokens, pad, constant_values=FORM.rest), np.pad(known, pad)
    missing = np.flatnonzero(np.pad(hidden, pad).any(1)) // HOP
    first, last = max(0, missing[0] - 1), min(missing[-1] + 2, len(whole) // HOP)
    last = max(last, first + 2)
    part = slice(first * HOP, last * HOP)
    whole[part.start] = sounding(whole)[part.start]  # only bars with a gap are read back
    if method == "masked":
        whole[part] = gibbs(whole[part], given[part], seed=seed, n_rounds=2 * n, allowed=allowed)
    else:
        whole[part] = _slide(whole[part], given[part], method, seed, n, allowed[None])
    return np.where(hidden, whole[front:end], tokens)


def _slide(
    tokens: np.ndarray, known: np.ndarray, method: str, seed: int, n: int, allowed: np.ndarray
) -> np.ndarray:
    """Window by window of two bars, a bar apart: what one has filled is the context of the next."""
    tokens, known, size = tokens.copy(), known.copy(), 2 * HOP
    for a in range(0, len(tokens) - size + 1, HOP):
        window, given = tokens[a : a + size], known[a : a + size]
        if given.all() or not given.any():  # an opening in which nothing stands is left to the end
            continue
        cut = np.concatenate(
            [sounding(tokens)[a : a + 1], window[1:]]
        )  # what sounds there is struck, as in training
        done = METHODS[method](cut[None], given[None], seed + a // HOP, n, allowed)[0]
        tokens[a : a + size], known[a : a + size] = np.where(given, window, done), True
    if not known.all():
        turned = METHODS[method](tokens[None, :size], known[None, :size], seed, n, allowed)[0]
        tokens[:size] = np.where(known[:size], tokens[:size], turned)
    return tokens


def fill_windows(
    tokens: np.ndarray, missing: np.ndarray, *, method: str = "masked", seed: int = 0, n: int = 32,
    shift: Sequence[int] | None = None,
) -> np.ndarray:  # fmt: skip
    """Windows of two bars, classes (B, T, V), with the cells of `missing`, bool (B, T, V), filled by a method.

    shift : semitones that each window was moved by; with them, what is filled keeps its singer's range, as in `complete`.
    """
    if method not in METHODS:
        raise CompletionError(f"completion: no method {method!r}, there are {', '.join(METHODS)}")
    tokens = np.asarray(tokens, np.int64)
    allowed = ANY
    if shift is not None:
        moved = zip(tokens, ~missing, shift, strict=True)
        allowed = np.stack([_allowed(window, given, by) for window, given, by in moved])
    filled = METHODS[method](tokens, ~missing, seed, n, allowed)
    return np.stack([_mended(*three) for three in zip(tokens, filled, missing, strict=True)])


def _mended(given: np.ndarray, filled: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The filled classes (T, V), with what sounded in given cells sounding still.

    A given hold after a gap goes on from the filling only where that is the same pitch; else it is struck.
    """
    sounds, mended = sounding(given), np.where(hidden, filled, given)
    for step in range(len(mended)):
        orphan = ~hidden[step] & (given[step] == FORM.hold)
        orphan &= hidden[step - 1] if step else True
        before = sounding(mended[:step])[-1] if step and orphan.any() else np.full(orphan.shape, FORM.rest)
        mended[step] = np.where(orphan & (before != sounds[step]), sounds[step], mended[step])
    return mended


def _name(score: Score) -> str:
    return repr(score.title or score.source or "a piece without a name")
