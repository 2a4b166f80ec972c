"""Lesson 11, harmonise a melody: references and checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from musicgan_edu import assistant, evaluation
from musicgan_edu.checks import Answer, Wrong, exercise, expect, require

__all__ = ["follow", "is_chord_tone", "judge_value", "resample"]


def judge_value(p: np.ndarray, q: np.ndarray) -> float:
    """V at the best discriminator, from two tables of probabilities."""
    both = p + q
    seen = both > 0
    d = np.divide(p, both, out=np.zeros_like(both), where=seen)  # D*(x|c)
    real = p[p > 0] * np.log(d[p > 0])
    fake = q[q > 0] * np.log(1 - d[q > 0])
    return float(real.sum() + fake.sum())


@exercise("11.judge_value", reference=judge_value, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    half = np.full((2, 2), 0.25)
    got = float(answer(half.copy(), half.copy()))
    if np.isclose(got, 2 * np.log(2)):
        raise Wrong(
            "V is the discriminator's own aim, a sum of logarithms of probabilities: it can't be above 0"
        )
    if np.isclose(got, np.log(0.5)):
        raise Wrong(
            "for equal tables it gave −log 2: the real ones give that, and the fake ones the same again"
        )
    expect(
        answer, [half, half], -np.log(4), "where nothing tells them apart, D* is ½ everywhere and V is −log 4"
    )
    apart = np.array([[0.5, 0.0], [0.0, 0.5]])
    with np.errstate(all="ignore"):
        got = float(answer(apart.copy(), apart[::-1].copy()))
    require(
        np.isfinite(got),
        "tables that never overlap gave something that isn't a number: 0 · log 0 counts as 0; leave those cells out",
    )
    expect(answer, [apart, apart[::-1].copy()], 0.0, "what never overlaps is told apart without an error")
    uneven = np.array([[0.75, 0.25]])
    want = 0.75 * np.log(0.6) + 0.25 * np.log(1 / 3) + 0.5 * np.log(0.4) + 0.5 * np.log(2 / 3)
    expect(answer, [uneven, np.array([[0.5, 0.5]])], want, "D* is p / (p + q), cell by cell")
    for _ in range(4):
        p, q = rng.dirichlet(np.ones(12), 2).reshape(2, 3, 4)
        expect(answer, [p, q], judge_value(p, q))


def resample(weights: np.ndarray, u: float) -> np.ndarray:
    """Which drafts go on, int (n,): those that the marks (u + i) / n fall on."""
    n = len(weights)
    marks = (u + np.arange(n)) / n
    return np.searchsorted(np.cumsum(weights / weights.sum()), marks, side="right")


class _Dice:
    """A generator that throws what it is told: the package's twin draws its own u."""

    def __init__(self, u: float) -> None:
        self.u = u

    def random(self) -> float:
        return self.u


def _package(weights: np.ndarray, u: float) -> np.ndarray:
    rng: Any = _Dice(u)
    return assistant.resampled(weights / weights.sum(), rng)


@exercise("11.resample", reference=resample, stars=2, twin=_package)
def _(answer: Answer, rng: np.random.Generator) -> None:
    weights = np.array([0.5, 0.25, 0.0, 0.25])
    got = np.asarray(_called(answer, weights.copy(), 0.5))
    require(
        got.shape == (4,), f"from four drafts it gave shape {got.shape}: as many must go on as there were"
    )
    require(got.dtype.kind in "iu", f"it gave {got.dtype}: which draft is a whole number")
    require(2 not in got, "the third draft has weight 0 and went on")
    if np.array_equal(np.sort(got), [0, 1, 2, 3]):
        raise Wrong("every draft went on once: the marks must fall on the *cumulated* weights")
    expect(
        answer,
        [weights, 0.5],
        np.array([0, 0, 1, 3]),
        "the marks are 1/8, 3/8, 5/8 and 7/8, the sums ½, ¾, ¾ and 1",
    )
    expect(
        answer,
        [2 * weights, 0.5],
        np.array([0, 0, 1, 3]),
        "weights count by their share; their sum needn't be 1",
    )
    expect(
        answer,
        [np.array([0.45, 0.55]), 0.95],
        np.array([1, 1]),
        "the first mark is 0.95 / 2 = 0.475, beyond 0.45",
    )
    expect(
        answer,
        [np.array([0.0, 0.25, 0.75, 0.0]), 0.0],
        np.array([1, 2, 2, 2]),
        "u may be 0: a mark on a border belongs to the stretch that begins there (`side='right'`)",
    )
    for n in (5, 20):
        weights, u = rng.gamma(0.5, size=n) + 1e-9, float(rng.uniform(0.01, 0.99))
        expect(answer, [weights, u], resample(weights, u))


def _called(answer: Answer, *args: Any) -> Any:
    got = answer(*args)
    require(got is not None, "it gave None: is a `return` missing?")
    return got


def follow(
    melody: list[int], say: np.ndarray, go: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """n drafts, int (n, T), that follow the melody; the estimate of log p(melody)."""
    drafts, log_p = np.zeros((n, 0), int), 0.0
    chord = np.zeros(n, int)  # all begin on chord 0
    for note in melody:
        weights = say[chord, note]
        log_p += np.log(weights.mean())
        rows = resample(weights, rng.random())
        drafts, chord = drafts[rows], chord[rows]
        odds = go[chord, note].cumsum(axis=1)
        chord = (rng.random((n, 1)) > odds).sum(axis=1)
        drafts = np.column_stack([drafts, chord])
    return drafts, log_p


def _chain(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    say = rng.dirichlet(np.ones(3), 2)  # (2 chords, 3 notes)
    return say, rng.dirichlet(np.ones(2), (2, 3))


def _exact(melody: list[int], say: np.ndarray, go: np.ndarray) -> tuple[float, np.ndarray]:
    """p(melody), and the posterior of the first chord, by going forward through all."""
    total = np.zeros(len(say))
    for first in range(len(say)):
        weight = np.zeros(len(say))
        weight[first] = say[0, melody[0]] * go[0, melody[0], first]
        for note in melody[1:]:
            weight = (weight * say[:, note]) @ go[:, note]
        total[first] = weight.sum()
    return float(total.sum()), total / total.sum()


@exercise("11.follow", reference=follow, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    say = np.array([[0.9, 0.1], [0.2, 0.8]])
    go = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    drafts, log_p = _called(answer, [0, 1], say.copy(), go.copy(), 4000, np.random.default_rng(1))
    drafts = np.asarray(drafts)
    require(drafts.shape == (4000, 2), f"expected drafts (4000, 2), got {drafts.shape}")
    share = float((drafts[:, 0] == 1).mean())
    want, posterior = _exact([0, 1], say, go)
    if abs(share - 0.5) < 0.06:
        raise Wrong(
            f"the second note is eight times as likely after chord 1 as after chord 0, and {share:.0%} of the drafts "
            "chose chord 1 before it: the *whole* draft must be resampled, its past too"
        )
    require(
        abs(share - posterior[1]) < 0.06,
        f"{share:.2f} of the drafts begin with chord 1, not {posterior[1]:.2f}",
    )
    if abs(float(log_p) - np.log(0.9) - np.log(0.8)) < 0.05:
        raise Wrong(
            "log p(melody) takes the likeliest draft's part: it is the mean weight that estimates p, step by step"
        )
    require(
        abs(float(log_p) - np.log(want)) < 0.05,
        f"it estimates log p(melody) as {log_p:.3f}, not {np.log(want):.3f}",
    )
    for _ in range(3):
        say, go = _chain(rng)
        melody = rng.integers(0, 3, 4).tolist()
        want, posterior = _exact(melody, say, go)
        drafts, log_p = answer(melody, say, go, 4000, np.random.default_rng(2))
        require(
            abs(float(log_p) - np.log(want)) < 0.1,
            f"of {melody} it says {log_p:.3f}, and exact is {np.log(want):.3f}",
        )
        share = float((np.asarray(drafts)[:, 0] == 1).mean())
        require(
            abs(share - posterior[1]) < 0.06,
            f"{share:.2f} begin with chord 1, and exact is {posterior[1]:.2f}",
        )


CHORDS = [
    frozenset((root + i) % 12 for i in shape) for shape in evaluation.CHORDS.values() for root in range(12)
]


def is_chord_tone(note: int, below: set[int]) -> bool:
    """Whether a pitch class belongs to a chord that explains those below best."""

    def fit(chord: frozenset[int]) -> tuple[int, int]:
        return len(chord & below), -len(chord - below)  # most covered, then fewest missing

    best = max(fit(chord) for chord in CHORDS)
    return any(note in chord for chord in CHORDS if fit(chord) == best)


@exercise("11.is_chord_tone", reference=is_chord_tone, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    c_major = {0, 4, 7}
    expect(answer, [7, c_major], True, "G is the fifth of C E G")
    if bool(answer(2, set(c_major))):
        raise Wrong(
            "D over C E G came out as a chord tone: only the chords that explain what is below *best* count"
        )
    if bool(answer(9, set(c_major))):
        raise Wrong(
            "A over C E G came out as a chord tone: A C E G holds all three, but so does C E G, of which nothing is missing"
        )
    expect(answer, [9, {0, 4}], True, "C and E belong to A C E as well as to C E G: either will do")
    expect(answer, [2, {7, 11, 5}], True, "G B F lacks only D to be a seventh chord")
    expect(answer, [0, {7, 11, 5}], False, "C isn't in G B D F")
    for _ in range(12):
        below = set(rng.choice(12, size=int(rng.integers(1, 4)), replace=False).tolist())
        note = int(rng.integers(12))
        expect(answer, [note, below], is_chord_tone(note, below))
