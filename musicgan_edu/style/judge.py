"""Whose style is it? A judge that the editors never met, and that can't hear register or texture.

Comes in: windows. Goes out: the probability of a style, held out by piece.

A random forest on the musical features of `evaluation`, without those that hear how high voices lie, how
far apart, or whether they rest: with them it would win by register alone (lesson 13 shows it). It learns
from pieces of the training split that `nearest` neighbours are *not* taken from; major and minor count
alike in both styles.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from musicgan_edu import evaluation
from musicgan_edu.score import Score

__all__ = ["StyleJudge", "for_the_judge"]

_TRIVIAL = ("register ", "spread ", "rests ", "crossings ")


def for_the_judge(source: str) -> bool:
    """Whether a training piece teaches the judge; the others may be retrieved as neighbours."""
    return zlib.crc32(source.encode()) // 100 % 2 == 0


class StyleJudge(NamedTuple):
    """A forest; class 1 is style B."""

    forest: RandomForestClassifier
    columns: np.ndarray

    @classmethod
    def fit(cls, a: Sequence[Score], b: Sequence[Score], *, trivial: bool = False, seed: int = 0) -> StyleJudge:
        """A judge of two styles from windows. `trivial`: hear only what is left out otherwise."""
        table = evaluation.features([*a, *b])
        names = np.array([name.startswith(_TRIVIAL) for name in table.names])
        columns = np.flatnonzero(names == trivial)
        style = np.arange(len(a) + len(b)) >= len(a)
        minor = np.array([score.key == (9, "minor") for score in (*a, *b)])
        forest = RandomForestClassifier(400, min_samples_leaf=2, random_state=seed, n_jobs=2)
        forest.fit(table.values[:, columns], style, sample_weight=_balanced(2 * style + minor))
        return cls(forest, columns)

    def probability(self, windows: Sequence[Score]) -> np.ndarray:
        """Of style B, for each window, (N,)."""
        values = evaluation.features(windows).values[:, self.columns]
        return self.forest.predict_proba(values)[:, 1]


def _balanced(kind: np.ndarray) -> np.ndarray:
    return (1 / np.maximum(np.bincount(kind, minlength=4), 1))[kind] * len(kind)
