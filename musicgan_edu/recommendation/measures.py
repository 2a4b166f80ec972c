"""How good is a ranking? Precision at k, average precision, and what must not count as a find.

Comes in: for each rank whether the piece there is relevant. Goes out: numbers from 0 to 1.

References
----------
Manning, Raghavan & Schütze (2008), *Introduction to Information Retrieval*, chapter 8. Flexer (2007), *A
closer look on artist filters*: pieces of one work are no finds. Lesson 14.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["Judged", "average_precision", "families", "judge", "precision_at"]


def precision_at(relevant: np.ndarray, k: int = 5) -> float:
    """The share of the first k that are relevant; `relevant` bool (n,), by rank. Empty ranks are misses."""
    return float(np.asarray(relevant[:k], float).sum() / k)


def average_precision(relevant: np.ndarray) -> float:
    """AP = (1/R) Σ_{r relevant} P@r: the mean precision at the rank of each of the R relevant ones.

    `relevant` : bool (n,), the whole ranking. NaN where nothing is relevant.
    """
    ranks = np.flatnonzero(relevant) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean()) if len(ranks) else float("nan")


def families(works: Mapping[str, str], incipits: Mapping[str, bytes]) -> dict[str, int]:
    """A number for each key, the same where two share a work's name or an incipit, directly or over others.

    An empty name or incipit is shared with nobody.
    """
    parent = {key: key for key in works}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for marks in (works, incipits):
        first: dict[str | bytes, str] = {}
        for key in works:
            mark = marks.get(key, "")
            if mark:
                parent[root(key)] = root(first.setdefault(mark, key))
    numbers: dict[str, int] = {}
    return {key: numbers.setdefault(root(key), len(numbers)) for key in works}


class Judged(NamedTuple):
    """precision (Q,): each query's precision at 5. average (Q,): its average precision; NaN without relevant ones."""

    precision: np.ndarray
    average: np.ndarray


def judge(likeness: np.ndarray, relevant: np.ndarray, allowed: np.ndarray, *, k: int = 5) -> Judged:
    """Rank candidates by likeness (Q, N), and see how many of the first are relevant, bool (Q, N).

    What isn't `allowed`, bool (Q, N), such as a query's own family, is in no ranking.
    """
    precision, average = np.zeros(len(likeness)), np.zeros(len(likeness))
    for q in range(len(likeness)):
        order = np.argsort(-likeness[q][allowed[q]], kind="stable")
        ranked = relevant[q][allowed[q]][order]
        precision[q], average[q] = precision_at(ranked, k), average_precision(ranked)
    return Judged(precision, average)
