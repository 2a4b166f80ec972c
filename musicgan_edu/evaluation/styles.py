"""Whose style is it? A judge that no editor ever met, and that can't hear register or texture.

Comes in: windows of two styles. Goes out: the probability of the second one, for windows of pieces that it
never saw.

A random forest on the features of the other judge (`feature_table`), without those that hear how high a voice
lies, how far apart voices are, whether they rest or cross: by these alone two corpora are told apart, and an
octave would be a style. Major and minor count alike in both styles. Lesson 13.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from musicgan_edu.evaluation.feature_table import Features, features
from musicgan_edu.score import Score

__all__ = ["HEARS", "Collections", "StyleJudge", "teaches", "tell_collections"]

_TRIVIAL = ("register ", "spread ", "rests ", "crossings ")
#: What a judge of style may hear: by the beginning of a feature's name.
HEARS = {
    "style": (
        "pitch class ",
        "interval ",
        "holds ",
        "repeats ",
        "steps ",
        "thirds ",
        "leaps ",
        "changes ",
        "parallel ",
    ),
    "harmony": ("pitch class ", "interval ", "parallel "),
    "register and texture": _TRIVIAL,
    "melody": ("pitch class ", "repeats ", "steps ", "thirds ", "leaps "),
    "rhythm": ("holds ", "changes "),
}


def teaches(source: str) -> bool:
    """Whether a piece of the training split teaches the judge. The others may be retrieved as neighbours,
    which the judge would otherwise know by heart.
    """
    return zlib.crc32(source.encode(errors="surrogateescape")) // 100 % 2 == 0


class StyleJudge(NamedTuple):
    """A forest on some columns of the table of features; class 1 is style B."""

    forest: RandomForestClassifier
    columns: np.ndarray

    @classmethod
    def fit(
        cls, a: Sequence[Score], b: Sequence[Score], *, hears: str = "style", n_bars: int = 2, seed: int = 0
    ) -> StyleJudge:
        """A judge of two styles from windows in C major or A minor that state their `key`.

        hears : one of `HEARS`.
        """
        table = features([*a, *b], n_bars=n_bars)
        columns = np.flatnonzero([name.startswith(HEARS[hears]) for name in table.names])
        style = np.arange(len(a) + len(b)) >= len(a)
        minor = np.array([score.key is not None and score.key[1] == "minor" for score in (*a, *b)])
        kind = 2 * style + minor
        weight = 1 / np.maximum(np.bincount(kind, minlength=4), 1)[kind]
        forest = RandomForestClassifier(400, min_samples_leaf=2, random_state=seed, n_jobs=2)
        return cls(forest.fit(table.values[:, columns], style, sample_weight=weight * len(kind)), columns)

    def probability(self, windows: Sequence[Score] | Features, *, n_bars: int = 2) -> np.ndarray:
        """Of style B, for each window, (N,)."""
        table = windows if isinstance(windows, Features) else features(windows, n_bars=n_bars)
        return self.forest.predict_proba(table.values[:, self.columns])[:, 1]


class Collections(NamedTuple):
    """In how many windows a forest finds the collection, each counting alike: real ones that it never saw, and
    generated ones against what they were told. `chance` is one in as many as there are.
    """

    real: float
    fake: float
    chance: float

    def __str__(self) -> str:
        return f"{self.real:.3f} of real windows, {self.fake:.3f} of its own as told (by chance {self.chance:.3f})"


def tell_collections(
    train: Sequence[Score],
    real: Sequence[Score],
    fake: Sequence[Score],
    told: Sequence[str],
    *,
    n_bars: int = 2,
) -> Collections:
    """How well a forest on the judge's features, from training windows, tells the collections of a union.

    A window's collection is the first folder of its `source`; told : each fake's, (N,).
    """
    own, held = ([score.source.partition("/")[0] for score in scores] for scores in (train, real))
    forest = RandomForestClassifier(
        300,
        min_samples_leaf=4,
        class_weight="balanced",
        random_state=0,
        n_jobs=2,
        max_samples=min(1.0, 6000 / len(own)),
    ).fit(features(train, n_bars=n_bars).values, own)
    found = (forest.predict(features(scores, n_bars=n_bars).values) for scores in (real, fake))
    shares = [
        float(balanced_accuracy_score(labels, guessed))
        for labels, guessed in zip((held, told), found, strict=True)
    ]
    return Collections(shares[0], shares[1], 1 / len(set(own)))
