"""The number that every measure gives: a ratio with its counts, so that it can get an interval.

Comes in: per Score, how much was found and out of how much. Goes out: `Tally`.

References
----------
Efron, Tibshirani (1993): An Introduction to the Bootstrap; the percentile interval, with whole
pieces as the units, because the windows of one piece are no independent draws. Lesson 10.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Tally", "bootstrap", "percentile_interval", "resample"]


@dataclasses.dataclass(frozen=True, eq=False)
class Tally:
    """Hits out of cases, Score by Score; the value pools all Scores: Σ hits / Σ cases.

    hits, cases : float (B,). A mean of something that a Score has once has cases of 1.
    """

    hits: np.ndarray
    cases: np.ndarray

    @classmethod
    def of(cls, hits: ArrayLike, cases: ArrayLike) -> Tally:
        """A Tally from anything that makes two arrays of the same length."""
        return cls(np.asarray(hits, dtype=np.float64), np.asarray(cases, dtype=np.float64))

    @property
    def value(self) -> float:
        """Σ hits / Σ cases; NaN where there is no case."""
        return _ratio(self.hits.sum(), self.cases.sum()).item()

    @property
    def per_score(self) -> np.ndarray:
        """Each Score's own ratio, shape (B,); NaN where it has no case."""
        return _ratio(self.hits, self.cases)

    def interval(self, groups: np.ndarray, *, n_draws: int = 1000, seed: int = 0) -> tuple[float, float]:
        """The 95 % bootstrap interval of `value` over groups, int (B,); (NaN, NaN) without a case."""
        weights = resample(int(groups.max()) + 1, n_draws=n_draws, seed=seed)  # (n_draws, G)
        hits, cases = np.bincount(groups, self.hits), np.bincount(groups, self.cases)
        return percentile_interval(_ratio(weights @ hits, weights @ cases))

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{self.value:.4g} ({self.hits.sum():g} of {self.cases.sum():g})"


@functools.lru_cache(maxsize=4)  # a report asks for the same draws some twenty times
def resample(n_groups: int, *, n_draws: int, seed: int) -> np.ndarray:
    """How often each group is drawn, with replacement: float (n_draws, n_groups), read-only."""
    chances = np.full(n_groups, 1 / n_groups)
    weights = np.random.default_rng(seed).multinomial(n_groups, chances, n_draws).astype(np.float64)
    weights.flags.writeable = False
    return weights


def bootstrap(
    statistic: Callable[[np.ndarray], float], groups: np.ndarray, *, n_draws: int = 200, seed: int = 0
) -> tuple[float, float]:
    """The interval of any statistic of indices, int (n,): for medians and the like.

    Parameters
    ----------
    statistic : from indices into the data, drawn with replacement by whole groups, to a number.
    groups : int (B,), the group of each datum.
    """
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    rng = np.random.default_rng(seed)
    draws = [rng.integers(len(members), size=len(members)) for _ in range(n_draws)]
    return percentile_interval(
        np.array([statistic(np.concatenate([members[g] for g in draw])) for draw in draws])
    )


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of values, (low, high); NaNs are left out, (NaN, NaN) if there is nothing else."""
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _ratio(hits: np.ndarray, cases: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(cases > 0, np.divide(hits, cases), np.nan)
