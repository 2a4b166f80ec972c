"""The composition assistant: a melody in, three more voices out, as several suggestions in order of merit.

Comes in: a Score whose melody is to be kept. Goes out: `Suggestion`s: whole four-part Scores with what
speaks for and against each.

Conventions
-----------
The melody is never changed beyond what `Melody.changes` says (grid, octave). *Merit* is log p of all cells
a step, by the generator's own judgement, less what the voices are docked for (`Taste`), in nats: the
greater, the better. Voices count from 0, the melody is voice 0; bars from 1, a pickup is bar 0.
Lesson 11; `musicgan harmonise` and the widget `assistant` are its other doors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from musicgan_edu import cleaning, evaluation, sampling
from musicgan_edu.assistant.melody import MAX_BARS, AssistantError, Melody, classes, prepare
from musicgan_edu.assistant.particles import Followed, Lean, Taste, follow, resampled
from musicgan_edu.assistant.typed import spelled, typed
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.evaluation.rules import FIFTH, OCTAVE
from musicgan_edu.score import NOTE, Score

__all__ = [
    "MAX_BARS",
    "RANKINGS",
    "AssistantError",
    "Melody",
    "Suggestion",
    "Taste",
    "adopt",
    "harmonise",
    "interpolate",
    "prepare",
    "ranked",
    "reroll",
    "resampled",
    "spelled",
    "typed",
]

#: What suggestions can be put in order by, see `ranked`.
RANKINGS = ("merit", "merit+td")
_PULL = 4.0  # nats by which an interpolation leans to its ends
_N_VOICES = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Suggestion:
    """A melody with three more voices.

    score : four tracks, in the melody's key, metre and tempo; it begins where the melody does.
    merit : nats a step, see the module. parallels, crossings, out_of_range : how often, counted over the whole.
    reasons : what speaks for and against it, in sentences.
    tokens, latents : its classes (T, V) and each window's latent, for `reroll` and `interpolate`.
    """

    score: Score
    merit: float
    log_likelihood: float
    parallels: int
    crossings: int
    out_of_range: int
    melody: Melody
    tokens: np.ndarray
    latents: np.ndarray
    effective: float

    @property
    def reasons(self) -> tuple[str, ...]:
        counts = ((self.parallels, "parallel fifth or octave", "parallel fifths or octaves"),
                  (self.crossings, "step with crossed voices", "steps with crossed voices"),
                  (self.out_of_range, "step out of a singer's range", "steps out of a singer's range"))  # fmt: skip
        rules = [f"{n or 'no'} {one if n == 1 else many}" for n, one, many in counts]
        return f"log p {self.log_likelihood:+.2f} nats a step", *rules

    def told(self, by: str = "merit") -> str:
        """The reasons in one line; where the order is "merit+td", the distance with them."""
        distance = () if by == "merit" else (f"tonal distance to the bass {self.distance:.2f}",)
        return "; ".join((*self.reasons, *distance))

    @property
    def distance(self) -> float:
        """TD: the melody's tonal distance to the bass, a mean over the beats; NaN where they never sound together."""
        return evaluation.tonal_distance([self.score], pair=(0, _N_VOICES - 1)).value


def harmonise(
    melody: Score | Melody,
    *,
    checkpoint: str | Path | sampling.Sampler = "chorales",
    n: int = 4,
    n_drafts: int = 64,
    seed: int = 0,
    track: int | None = None,
    taste: Taste | None = None,
) -> list[Suggestion]:
    """n ways to harmonise a melody, the best first.

    Parameters
    ----------
    melody : the Score that holds it, or what `prepare` made of one.
    checkpoint : a recurrent generator of four voices in bars of four beats.
    n_drafts : for each suggestion; more follow the melody better and take longer.
    track : see `prepare`.

    Raises
    ------
    AssistantError : no melody, another metre than the generator's, a generator of another kind.
    """
    sampler = _sampler(checkpoint)
    ready = melody if isinstance(melody, Melody) else prepare(melody, sampler.encoding, track=track)
    given, known = _given(ready)
    return _suggest(sampler, ready, given, known, n=n, n_drafts=n_drafts, seed=seed, taste=taste)


def adopt(
    score: Score, *, checkpoint: str | Path | sampling.Sampler = "chorales", taste: Taste | None = None
) -> Suggestion:
    """A piece in four voices as if it had been suggested: to keep a part of it, and `reroll` the rest.

    Raises
    ------
    AssistantError : other than four single voices, or what `prepare` can't take as its melody.
    """
    sampler = _sampler(checkpoint)
    encoding, grid = sampler.encoding, sampler.encoding.grid
    if cleaning.to_voices(score, _N_VOICES) is not score:
        raise AssistantError(
            f"harmonise: {score.source or score.title!r} isn't in {_N_VOICES} single voices, so none of it can be kept"
        )
    melody = prepare(score, encoding, track=0)
    snapped, octaves = (
        cleaning.quantise(score, grid.steps_per_beat),
        melody.score.notes["pitch"][0] - score.of_track(0)["pitch"][0],
    )
    tokens = np.stack([
        classes(snapped.of_track(i), encoding, shift=melody.shift + int(octaves), lead=melody.lead, n_steps=len(melody.tokens))[0]
        for i in range(_N_VOICES)
    ], 1)  # fmt: skip
    n_windows = max(len(tokens) // grid.steps_per_bar - grid.n_bars, 0) + 1
    found = Followed(
        tokens[None],
        np.full((1, *tokens.shape), np.nan),
        np.zeros((1, n_windows, sampler.latent_dim)),
        np.ones(1),
    )
    return _suggestion(encoding, melody, found, 0, taste or Taste())


def reroll(
    suggestion: Suggestion,
    *,
    voices: Iterable[int] = (),
    bars: Iterable[int] = (),
    checkpoint: str | Path | sampling.Sampler = "chorales",
    n: int = 4,
    n_drafts: int = 64,
    seed: int = 0,
    taste: Taste | None = None,
) -> list[Suggestion]:
    """n suggestions in which these voices and these bars are as they were, and the rest is new.

    Raises
    ------
    AssistantError : a voice or a bar that isn't there.
    """
    sampler, melody = _sampler(checkpoint), suggestion.melody
    given, known = _given(melody)
    keep = _kept(suggestion, voices, bars)
    before = np.concatenate([np.zeros_like(keep[:1]), keep[:-1]])
    encoding = _of_length(sampler.encoding, len(given))
    orphan = keep & ~before & (suggestion.tokens == encoding.hold)  # its beginning isn't kept: struck anew
    tokens = np.where(orphan, encoding.sounding(suggestion.tokens[None])[0], suggestion.tokens)
    given, known = np.where(known, given, tokens), known | keep
    return _suggest(sampler, melody, given, known, n=n, n_drafts=n_drafts, seed=seed, taste=taste)


def ranked(suggestions: Sequence[Suggestion], by: str = "merit") -> list[Suggestion]:
    """Suggestions in another order, the best first.

    Parameters
    ----------
    by : "merit", as they come; or "merit+td": the mean of two ranks, by merit and by `Suggestion.distance`, the
        smaller first, and merit decides between equals. Near to the bass isn't better without end: among eight
        suggestions the first ones lie nearer to it than Bach's own (benchmarks/EXPERIMENTS.md).

    Raises
    ------
    AssistantError : no such order.
    """
    if by not in RANKINGS:
        raise AssistantError(f"harmonise: no order {by!r}: choose one of {', '.join(RANKINGS)}")
    found = sorted(suggestions, key=lambda one: -one.merit)
    if by == "merit":
        return found
    distances = np.array([one.distance for one in found])
    by_distance = np.argsort(np.argsort(distances, kind="stable"), kind="stable")
    order = np.argsort(np.arange(len(found)) + by_distance, kind="stable")
    return [found[i] for i in order]


def interpolate(
    a: Suggestion,
    b: Suggestion,
    t: float,
    *,
    checkpoint: str | Path | sampling.Sampler = "chorales",
    n_drafts: int = 64,
    seed: int = 0,
    taste: Taste | None = None,
) -> Suggestion:
    """What lies between two suggestions for one melody, at share t of the way.

    Each window's latent is on the arc between theirs (`sampling.slerp`), and what is drawn leans to a's
    cells by 4(1 − t) nats and to b's by 4t; the melody is followed as ever. At 0 and 1 it is a and b.

    Raises
    ------
    AssistantError : two different melodies, a share outside 0 to 1.
    """
    if not 0 <= t <= 1:
        raise AssistantError(f"harmonise: a share must be 0 to 1, got {t:g}")
    if a.melody.score != b.melody.score:
        raise AssistantError("harmonise: only suggestions for the same melody have something between them")
    if t in (0, 1):
        return b if t else a
    sampler = _sampler(checkpoint)
    latents = np.stack([sampling.slerp(x, y, t) for x, y in zip(a.latents, b.latents, strict=True)])
    lean = Lean((a.tokens, b.tokens), (_PULL * (1 - t), _PULL * t), latents)
    given, known = _given(a.melody)
    return _suggest(
        sampler, a.melody, given, known, n=1, n_drafts=n_drafts, seed=seed, taste=taste, lean=lean
    )[0]


def _sampler(checkpoint: str | Path | sampling.Sampler) -> sampling.Sampler:
    sampler = checkpoint if isinstance(checkpoint, sampling.Sampler) else sampling.load(checkpoint)
    kind, form = sampler.card["generator"]["kind"], sampler.encoding
    if kind != "recurrent" or len(form.tracks) != _N_VOICES or form.grid.n_bars < 2:
        raise AssistantError(
            f"harmonise: needs a recurrent generator of {_N_VOICES} voices and two bars or more, got a {kind} one of "
            f"{len(form.tracks)} and {form.grid.n_bars}"
        )
    return sampler


def _given(melody: Melody) -> tuple[np.ndarray, np.ndarray]:
    """What the drafts must sing: classes (T, V) and where, bool (T, V)."""
    given = np.zeros((len(melody.tokens), _N_VOICES), np.int64)
    known = np.zeros(given.shape, bool)
    given[:, 0], known[:, 0] = melody.tokens, melody.known
    return given, known


def _kept(suggestion: Suggestion, voices: Iterable[int], bars: Iterable[int]) -> np.ndarray:
    """The cells to keep, bool (T, V); none that the generator only imagined."""
    melody, keep = suggestion.melody, np.zeros(suggestion.tokens.shape, bool)
    for voice in voices:
        if not 0 <= voice < _N_VOICES:
            raise AssistantError(f"harmonise: no voice {voice + 1} among {_N_VOICES}")
        keep[:, voice] = True
    pickup, length = melody.score.pickup, melody.score.beats_per_bar
    for bar in bars:
        if not 0 <= bar <= suggestion.score.n_bars or (bar == 0 and not pickup):
            raise AssistantError(f"harmonise: no bar {bar} among {suggestion.score.n_bars}")
        start, stop = (
            max(0.0, pickup + (bar - 1 + i) * length) * melody.steps_per_beat + melody.lead for i in (0, 1)
        )
        keep[round(start) : round(stop)] = True
    return keep & melody.known[:, None]


def _suggest(
    sampler: sampling.Sampler, melody: Melody, given: np.ndarray, known: np.ndarray, *,
    n: int, n_drafts: int, seed: int, taste: Taste | None, lean: Lean | None = None,
) -> list[Suggestion]:  # fmt: skip
    taste = taste or Taste()
    docks = _Docks(sampler.encoding, melody.shift)
    found = follow(
        sampler,
        given,
        known,
        docked=docks,
        allowed=docks.allowed(),
        n_islands=n,
        n_drafts=n_drafts,
        taste=taste,
        lean=lean,
        seed=seed,
    )
    return ranked([_suggestion(sampler.encoding, melody, found, i, taste) for i in range(n)])


@dataclasses.dataclass(frozen=True)
class _Docks:
    """What a step costs, and what is allowed at all, in the key that will be heard."""

    encoding: VoiceEncoding
    shift: int

    def __call__(self, was: np.ndarray, now: np.ndarray, taste: Taste) -> np.ndarray:
        parallels, crossings, _ = self.counts(np.stack([was, now], 1))
        return taste.parallel * parallels + taste.crossing * crossings

    def allowed(self) -> np.ndarray:
        """The classes within each lower voice's range, bool (V, C); the melody may be anything."""
        inside = self.encoding.within(np.array(evaluation.RANGES) + self.shift)
        inside[0] = True
        return inside

    def counts(self, sounding: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of classes (B, T, V) that sound: parallels, crossings and steps out of range after the first step, (B,)."""
        pitch = np.where(
            sounding < self.encoding.rest, sounding + self.encoding.low - self.shift, evaluation.REST
        )
        parallels = evaluation.count_parallels(pitch, FIFTH) + evaluation.count_parallels(pitch, OCTAVE)
        later = pitch[:, 1:]
        sings = later != evaluation.REST
        crossed = (later[..., :-1] < later[..., 1:]) & sings[..., :-1] & sings[..., 1:]
        low, high = np.array(evaluation.RANGES)[1:].T  # the melody is as it is
        outside = sings[..., 1:] & ((later[..., 1:] < low) | (later[..., 1:] > high))
        return parallels, crossed.sum((1, 2)), outside.sum((1, 2))


def _suggestion(encoding: VoiceEncoding, melody: Melody, found: Followed, i: int, taste: Taste) -> Suggestion:
    tokens, heard = found.tokens[i], melody.known
    sounding = _of_length(encoding, len(tokens)).sounding(tokens[None])[:, heard]
    parallels, crossings, outside = (int(n[0]) for n in _Docks(encoding, melody.shift).counts(sounding))
    log_p = float(found.log_p[i][heard].sum() / heard.sum())
    docked = taste.parallel * parallels + taste.crossing * crossings
    return Suggestion(
        _score(encoding, melody, tokens), log_p - docked / int(heard.sum()), log_p, parallels, crossings, outside,
        melody, tokens, found.latents[i], float(found.effective[i]),
    )  # fmt: skip


def _of_length(encoding: VoiceEncoding, n_steps: int) -> VoiceEncoding:
    """The same form for pieces of so many steps."""
    return dataclasses.replace(
        encoding, grid=dataclasses.replace(encoding.grid, n_bars=n_steps // encoding.grid.steps_per_bar)
    )


def _score(encoding: VoiceEncoding, melody: Melody, tokens: np.ndarray) -> Score:
    """The four voices as a Score in the melody's key; the melody's own notes, not their classes."""
    whole = _of_length(encoding, len(tokens)).decode(tokens[None])[0]
    per_beat = encoding.grid.steps_per_beat
    last = melody.lead + int(melody.known.sum())
    lower = cleaning.transpose(whole.cut(melody.lead / per_beat, last / per_beat), -melody.shift)
    notes = np.concatenate([melody.score.notes, lower.notes[lower.notes["track"] > 0]]).astype(NOTE)
    return melody.score.replace(notes=notes, tracks=encoding.tracks)
