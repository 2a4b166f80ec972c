"""The blind test: a series of clips, half of them real, that only the music can tell apart.

Comes in: real and fake windows, later a listener's answers. Goes out: a series of `Clip`s that have
been through the same hands, and the `Outcome`: the share told right, its interval, and how often
guessing does as well.

Conventions
-----------
A listener says *real* or *machine* to every clip of a series, and hears nothing about the truth
before its end; a series that was broken off doesn't count, or one could stop while it goes well.
Lesson 10 is the place for it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import CHORALE_VOICES, VoiceEncoding
from musicgan_edu.evaluation.grids import EvaluationError, groups_of
from musicgan_edu.score import EncodingError, Grid, Score

__all__ = ["Clip", "Outcome", "Trial", "by_chance", "neutral", "outcome", "series", "share_interval"]

TEMPO = 72.0


class Clip(NamedTuple):
    """One item of a series. `score` says nothing about its origin; `title` does, for afterwards.

    name : a digest of the notes, the same for the same clip on every machine.
    """

    name: str
    score: Score
    is_real: bool
    title: str


class Trial(NamedTuple):
    """One answer: which clip, what it was, what the listener said."""

    clip: str
    is_real: bool
    said_real: bool


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a series of answers says.

    right, n : clips told right, and all.
    interval : Wilson's 95 % interval of the share.
    chance, mischance : how often mere guessing gets as many right or more, as many or fewer.
    real_right, fake_right : the shares of real clips called real and of fakes called machine.
    """

    right: int
    n: int
    interval: tuple[float, float]
    chance: float
    mischance: float
    real_right: float
    fake_right: float

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.right} of {self.n} right, {self.right / self.n:.0%} (95 % interval {low:.0%} to {high:.0%}); "
            f"guessing does as well in {self.chance:.1%} of such tests"
        )


def series(
    real: Sequence[Score], fake: Sequence[Score], *, n: int = 20, seed: int | None = None
) -> list[Clip]:
    """A random series of n clips, half real and half fake, in random order.

    No two clips come from one piece. All go through `neutral`. Nothing is chosen by how it sounds:
    what can't be held there is left out on either side, the rest is drawn.

    Parameters
    ----------
    real : windows of pieces that the machine never saw; `source` says which piece each is from.
    n : even, at least 2.
    seed : None for another series every time.

    Raises
    ------
    EvaluationError : n is odd, or there are fewer than n / 2 pieces on either side.
    """
    if n < 2 or n % 2:
        raise EvaluationError(f"evaluation: a series needs an even number of clips, got {n}")
    rng = np.random.default_rng(seed)
    clips = []
    for is_real, scores in ((True, real), (False, fake)):
        drawn = _one_a_piece(scores, n // 2, rng)
        if len(drawn) < n // 2:
            kind = "real" if is_real else "fake"
            raise EvaluationError(
                f"evaluation: a series of {n} needs {n // 2} {kind} pieces, got {len(drawn)}"
            )
        clips += [Clip(_digest(score), score, is_real, title) for score, title in drawn]
    return [clips[i] for i in rng.permutation(n)]


def _one_a_piece(scores: Sequence[Score], n: int, rng: np.random.Generator) -> list[tuple[Score, str]]:
    """At most n neutral windows of different pieces, each with the title that it had."""
    drawn: list[tuple[Score, str]] = []
    pieces, groups = set(), groups_of(scores)
    for i in rng.permutation(len(scores)):
        if len(drawn) == n:
            break
        clip = neutral(scores[i]) if groups[i] not in pieces else None
        if clip is not None:
            pieces.add(groups[i])
            drawn.append((clip, scores[i].title or scores[i].source))
    return drawn


def neutral(score: Score, *, tempo: float = TEMPO) -> Score | None:
    """The music alone: two bars in C major or A minor through the encoding and back.

    The key is estimated from the window, as for every other, so that no register betrays which key
    it came from; tempo, loudness, instruments and names are the same for all. None where the window
    is silent or the encoding can't hold all of its notes: too high or low, or off the grid.

    Raises
    ------
    EncodingError : not four voices from a barline on.
    """
    if not cleaning.has_pitches(score):
        return None
    encoding = VoiceEncoding(Grid(2, score.beats_per_bar), CHORALE_VOICES)
    try:
        encoding.grid.to_steps(
            np.stack([score.notes["onset"], score.notes["onset"] + score.notes["duration"]])
        )
    except EncodingError:
        return None
    tokens, dropped = encoding.tokens([cleaning.to_c(score.replace(key=None))])
    return None if dropped else encoding.decode(tokens, tempo=tempo)[0]


def _digest(score: Score) -> str:
    return hashlib.sha256(score.notes.tobytes()).hexdigest()[:12]


def outcome(trials: Sequence[Trial]) -> Outcome:
    """What a listener's answers to a whole series say; EvaluationError where there are none."""
    if not trials:
        raise EvaluationError("evaluation: no answers, no outcome")
    real = [trial.said_real for trial in trials if trial.is_real]
    fake = [not trial.said_real for trial in trials if not trial.is_real]
    right, n = sum(real) + sum(fake), len(trials)
    shares = (sum(told) / len(told) if told else math.nan for told in (real, fake))
    opposite = [trial._replace(said_real=not trial.said_real) for trial in trials]
    return Outcome(right, n, share_interval(right, n), by_chance(trials), by_chance(opposite), *shares)


def share_interval(hits: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share, hits of n independent trials: (low, high), within 0 to 1.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), p = hits / n, z the normal quantile: 1.96.
    Unlike p ± 1.96 √(p(1−p)/n) it holds for small n, and doesn't shrink to nothing at 0 or n hits.

    Raises
    ------
    EvaluationError : no trial, or hits outside 0 to n.

    References
    ----------
    Wilson (1927): Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if not (n > 0 and 0 <= hits <= n):
        raise EvaluationError(f"evaluation: no share of {hits} in {n}")
    z, p = NormalDist().inv_cdf((1 + confidence) / 2), hits / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def by_chance(trials: Sequence[Trial]) -> float:
    """How often a random order of the clips makes the same answers at least as right.

    With R real clips among n, and *real* said s times, the number k of reals among those s is
    hypergeometric whatever the listener does: Σ C(R, k) C(n − R, s − k) / C(n, s). Exact, and the
    balance of the series is taken into account, which a binomial would forget.

    References
    ----------
    Fisher (1935): The Design of Experiments, chapter 2: a lady tasting tea.
    """
    n, n_real = len(trials), sum(trial.is_real for trial in trials)
    said = sum(trial.said_real for trial in trials)
    found = sum(trial.is_real and trial.said_real for trial in trials)
    ways = [
        math.comb(n_real, k) * math.comb(n - n_real, said - k) for k in range(found, min(said, n_real) + 1)
    ]
    return sum(ways) / math.comb(n, said)
