"""Checks of lesson 14: likeness, precision at k, average precision, Rocchio's feedback."""

import numpy as np

from musicgan_edu import recommendation
from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = ["average_precision", "likeness", "precision_at", "rocchio"]


def likeness(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The cosine of the query (F,) with each row of vectors (N, F): (N,)."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return vectors @ query / lengths


@exercise("14.likeness", reference=likeness, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    three = np.array([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    expect(
        answer,
        [np.array([5.0, 0.0]), three],
        np.array([1.0, 0.0, -1.0]),
        "the same direction is 1, a right angle 0, the opposite −1, whatever the lengths",
    )
    expect(
        answer,
        [np.array([3.0, 4.0]), np.array([[1.0, 0.0], [4.0, 3.0]])],
        np.array([0.6, 0.96]),
        "3·1 / (5·1) = 0.6, and (3·4 + 4·3) / (5·5) = 0.96",
    )
    for n in (2, 7):
        query, vectors = rng.normal(size=4), rng.normal(size=(n, 4))
        expect(answer, [query, vectors], likeness(query, vectors))


def precision_at(relevant: np.ndarray, k: int = 5) -> float:
    """The share of the first k ranks that are relevant; relevant bool (n,)."""
    return float(np.sum(relevant[:k]) / k)


@exercise("14.precision_at", reference=precision_at, stars=1, twin=recommendation.precision_at)
def _(answer: Answer, rng: np.random.Generator) -> None:
    ranked = np.array([True, False, True, False, False, True])
    expect(answer, [ranked, 5], 2 / 5, "two of the first five are relevant; the sixth isn't asked")
    expect(answer, [ranked, 1], 1.0, "with k = 1 only the first rank counts")
    expect(
        answer, [ranked[:3], 5], 2 / 5, "a list of three leaves two ranks empty, and an empty rank is a miss"
    )
    for k in (2, 5, 9):
        relevant = rng.uniform(size=12) < 0.4
        expect(answer, [relevant, k], precision_at(relevant, k))


def average_precision(relevant: np.ndarray) -> float:
    """The mean of the precision at each relevant rank; relevant bool (n,)."""
    ranks = np.flatnonzero(relevant) + 1
    found = np.arange(1, len(ranks) + 1)
    return float(np.mean(found / ranks))


@exercise("14.average_precision", reference=average_precision, stars=2, twin=recommendation.average_precision)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [np.array([False, True])], 1 / 2, "the only relevant piece is second: ranks begin at 1")
    expect(answer, [np.array([True, True, False])], 1.0, "nothing stands before a relevant piece: 1")
    expect(
        answer,
        [np.array([True, False, True, False, False, True])],
        (1 / 1 + 2 / 3 + 3 / 6) / 3,
        "precision at ranks 1, 3 and 6 is 1/1, 2/3 and 3/6; divide by the three relevant ones, not by all ranks",
    )
    for n in (5, 20):
        relevant = rng.uniform(size=n) < 0.4
        relevant[rng.integers(n)] = True
        expect(answer, [relevant], average_precision(relevant))


def rocchio(
    query: np.ndarray, liked: np.ndarray, disliked: np.ndarray,
    alpha: float = 1.0, beta: float = 0.75, gamma: float = 0.15,
) -> np.ndarray:  # fmt: skip
    """The query (F,) moved towards liked (n, F) and away from disliked; of length 1.

    Either may be empty, (0, F), and then doesn't count.
    """
    moved = alpha * query
    if len(liked):
        moved = moved + beta * liked.mean(axis=0)
    if len(disliked):
        moved = moved - gamma * disliked.mean(axis=0)
    return moved / np.linalg.norm(moved)


def _moved(query: np.ndarray, liked: np.ndarray, disliked: np.ndarray) -> np.ndarray:
    return recommendation.rocchio(query, liked, disliked)


@exercise("14.rocchio", reference=rocchio, stars=2, twin=_moved)
def _(answer: Answer, rng: np.random.Generator) -> None:
    query, up, none = np.array([1.0, 0.0]), np.array([[0.0, 1.0]]), np.zeros((0, 2))
    got = np.asarray(answer(query.copy(), none.copy(), none.copy()))
    require(np.isfinite(got).all(), "the mean of nothing is NaN: without a like, leave that term out")
    expect(answer, [query, none, none], query, "without feedback the query stays as it is")
    expect(
        answer,
        [query, up, none],
        np.array([0.8, 0.6]),
        "(1, 0) + 0.75·(0, 1), brought to length 1, is (0.8, 0.6)",
    )
    expect(
        answer,
        [query, np.repeat(up, 4, axis=0), none],
        np.array([0.8, 0.6]),
        "four equal likes have the same mean as one: the terms are means, not sums",
    )
    away = np.array([1.0, -0.15]) / np.hypot(1, 0.15)
    expect(answer, [query, none, up], away, "a dislike pushes away, with 0.15")
    for n in (1, 5):
        query, liked, disliked = (rng.normal(size=shape) for shape in (3, (n, 3), (n + 1, 3)))
        expect(answer, [query, liked, disliked], rocchio(query, liked, disliked))
