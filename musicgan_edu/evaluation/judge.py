"""The judge: can a random forest tell the machine's windows from real ones?

Comes in: real and fake windows, or their `Features`. Goes out: `Verdict`: held-out accuracy (0.5: it can't) with its
interval, and what gave the machine away; `chance`, what it says where there is nothing to find.

Conventions
-----------
Windows of one piece are alike, so a piece stays in one fold and intervals resample whole pieces;
each fake without a source is a piece of its own. Classes are balanced, keys normalised, both sides
on the same grid. The same seed gives the same verdict. Never select on the test split. Lesson 10.

References
----------
Lopez-Paz, Oquab (2017): Revisiting Classifier Two-Sample Tests.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from musicgan_edu.evaluation.feature_table import Features, features
from musicgan_edu.evaluation.grids import EvaluationError, groups_of
from musicgan_edu.evaluation.tally import percentile_interval, resample
from musicgan_edu.score import Score

__all__ = ["Comparison", "Verdict", "c2st", "chance", "compare"]

MIN_WINDOWS = 300
N_FOLDS = 5
N_TREES = 300
N_NULL_TREES = 60  # for each of the draws of `chance`

Windows = Sequence[Score] | Features


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the judge found.

    accuracy : held-out share of windows told right, real and fake counting alike; 0.5 is chance.
    interval : its 95 % bootstrap interval over pieces: the luck of which music was held out, not
        that of the training folds; `chance` has both.
    gives_away : (feature, importance, mean in real, mean in fake), the most telling first.
    n_windows, n_pieces : real windows used (as many as fakes) and the pieces that they come from.
    """

    accuracy: float
    interval: tuple[float, float]
    gives_away: tuple[tuple[str, float, float, float], ...]
    n_windows: int
    n_pieces: int

    def __float__(self) -> float:
        return self.accuracy

    def __str__(self) -> str:
        low, high = self.interval
        return f"C2ST {self.accuracy:.3f} [{low:.3f}, {high:.3f}] on {self.n_windows} real windows of {self.n_pieces} pieces"


class Comparison(NamedTuple):
    """Two models before the same judge: `difference` = a − b, below 0 where a is the better liar."""

    a: Verdict
    b: Verdict
    difference: float
    interval: tuple[float, float]

    def __str__(self) -> str:
        low, high = self.interval
        told = (
            f"{self.a.accuracy:.3f} against {self.b.accuracy:.3f} on the same {self.a.n_windows} real windows"
        )
        return f"C2ST {told}: difference {self.difference:+.3f} [{low:+.3f}, {high:+.3f}]"


class _Sample(NamedTuple):
    """One class's windows: x float (n, F), group and fold int (n,)."""

    x: np.ndarray
    group: np.ndarray
    fold: np.ndarray


def c2st(
    real: Windows,
    fake: Windows,
    *,
    n_bars: int = 2,
    seed: int = 0,
    min_windows: int = MIN_WINDOWS,
) -> Verdict:
    """Held-out accuracy of a forest of 300 trees that tells fake windows from real ones.

    Parameters
    ----------
    real, fake : windows of `n_bars` bars that start on a barline, or what `features` makes of them.
        Those of one piece share their `source`; a fake without one counts as a piece of its own.
        Of the larger set a random sample is used, so that both classes are alike.

    Raises
    ------
    EvaluationError : fewer than `min_windows` of either, fewer pieces than folds, or other voices.

    See Also
    --------
    compare : two models on the same real windows. chance : what real against real gives.
    """
    table = _tables([real, fake], n_bars=n_bars, min_windows=min_windows, seed=seed)
    samples = _folded(table.samples, seed)
    right, importance = _cross_validate(*samples, n_trees=N_TREES, seed=seed)
    return _verdict(samples, right, importance, table.names, seed)


def compare(
    real: Windows,
    fake_a: Windows,
    fake_b: Windows,
    *,
    n_bars: int = 2,
    seed: int = 0,
    min_windows: int = MIN_WINDOWS,
) -> Comparison:
    """Two models against the same real windows in the same folds; parameters and errors as `c2st`.

    The interval of the difference draws the real pieces once for both, so what the choice of real
    music adds to either accuracy cancels.
    """
    table = _tables([real, fake_a, fake_b], n_bars=n_bars, min_windows=min_windows, seed=seed)
    ours, a, b = _folded(table.samples, seed)
    (right_a, importance_a), (right_b, importance_b) = (
        _cross_validate(ours, fake, n_trees=N_TREES, seed=seed) for fake in (a, b)
    )
    draws = [
        _draws((ours, fake), right, seed, i) for i, (fake, right) in enumerate(((a, right_a), (b, right_b)))
    ]
    first = _verdict((ours, a), right_a, importance_a, table.names, seed)
    second = _verdict((ours, b), right_b, importance_b, table.names, seed)
    return Comparison(
        first, second, first.accuracy - second.accuracy, percentile_interval(draws[0] - draws[1])
    )


def chance(real: Windows, *, n_pieces: int, n_draws: int = 40, n_bars: int = 2, seed: int = 0) -> np.ndarray:
    """What the judge says where there is nothing to find: real pieces against other real pieces.

    Parameters
    ----------
    real : windows of at least twice `n_pieces` pieces.
    n_pieces : on either side of each draw; the more, the narrower.

    Returns
    -------
    float (n_draws,), accuracies of a forest of 60 trees. Their spread is the judge's own noise,
    wider than the binomial's: the windows of a piece are right or wrong together.

    Raises
    ------
    EvaluationError : too few pieces.
    """
    table = _table(real, n_bars)
    group = groups_of(table.pieces)
    n = int(group.max(initial=-1)) + 1
    if n < 2 * n_pieces:
        raise EvaluationError(f"evaluation: chance needs {2 * n_pieces} pieces, got {n}")
    rng, draws = np.random.default_rng(seed), []
    for i in range(n_draws):
        pieces = rng.permutation(n)[: 2 * n_pieces]
        halves = [np.isin(group, half) for half in (pieces[:n_pieces], pieces[n_pieces:])]
        samples = [_Sample(table.values[half], group[half], group[half]) for half in halves]
        draws.append(_balanced(_folded(samples, seed + i), seed + i))
    return np.array(draws)


def _balanced(samples: Sequence[_Sample], seed: int) -> float:
    """The mean of both classes' held-out accuracies, by a small forest."""
    right, _ = _cross_validate(*samples, n_trees=N_NULL_TREES, seed=seed)
    n = len(samples[0].x)
    return float((right[:n].mean() + right[n:].mean()) / 2)


class _Tables(NamedTuple):
    samples: list[_Sample]
    names: tuple[str, ...]


def _table(windows: Windows, n_bars: int) -> Features:
    return windows if isinstance(windows, Features) else features(windows, n_bars=n_bars)


def _n_windows(windows: Windows) -> int:
    return len(windows.values) if isinstance(windows, Features) else len(windows)


def _tables(sets: Sequence[Windows], *, n_bars: int, min_windows: int, seed: int) -> _Tables:
    """Features of equally many windows of each set; groups are shared between the sets."""
    sizes = [_n_windows(windows) for windows in sets]
    size = min(sizes)
    if size < max(min_windows, 1):
        counts = " and ".join(map(str, sizes))
        raise EvaluationError(
            f"evaluation: c2st needs at least {min_windows} windows of each kind, got {counts}"
        )
    rng = np.random.default_rng(seed)
    chosen = [np.sort(rng.permutation(n)[:size]) for n in sizes]
    tables = [_table(windows, n_bars).take(index) for windows, index in zip(sets, chosen, strict=True)]
    widths = [len(table.names) for table in tables]
    if len(set(widths)) > 1:
        raise EvaluationError(
            f"evaluation: windows of other voices don't compare: {' and '.join(map(str, widths))} features"
        )
    group = groups_of([piece for table in tables for piece in table.pieces]).reshape(len(sets), size)
    none = np.zeros(size, dtype=int)
    return _Tables([_Sample(t.values, g, none) for t, g in zip(tables, group, strict=True)], tables[0].names)


def _folded(samples: Sequence[_Sample], seed: int) -> list[_Sample]:
    """Folds of about equally many windows for each class; a group stays in its fold in all of them."""
    rng = np.random.default_rng(seed)
    fold_of: dict[int, int] = {}
    result = []
    for sample in samples:
        groups, sizes = np.unique(sample.group, return_counts=True)
        if len(groups) < N_FOLDS:
            raise EvaluationError(
                f"evaluation: c2st needs windows of at least {N_FOLDS} pieces, got {len(groups)}"
            )
        filled = np.zeros(N_FOLDS)
        for i in sorted(rng.permutation(len(groups)), key=lambda i: -sizes[i]):  # large ones first
            fold = fold_of.setdefault(int(groups[i]), int(filled.argmin()))
            filled[fold] += sizes[i]
        result.append(sample._replace(fold=np.array([fold_of[g] for g in sample.group.tolist()])))
    return result


def _cross_validate(
    real: _Sample, fake: _Sample, *, n_trees: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each window was told right while held out, bool (2 n,), and importances, (F,)."""
    x, fold = np.concatenate([real.x, fake.x]), np.concatenate([real.fold, fake.fold])
    is_fake = np.arange(len(x)) >= len(real.x)
    right, importance = np.zeros(len(x), dtype=bool), np.zeros(x.shape[1])
    for i in range(N_FOLDS):
        held = fold == i
        forest = RandomForestClassifier(n_trees, random_state=seed + i, n_jobs=2, class_weight="balanced")
        forest.fit(x[~held], is_fake[~held])
        right[held] = forest.predict(x[held]) == is_fake[held]
        importance += forest.feature_importances_ / N_FOLDS
    return right, importance


def _verdict(
    samples: Sequence[_Sample],
    right: np.ndarray,
    importance: np.ndarray,
    names: tuple[str, ...],
    seed: int,
) -> Verdict:
    real, fake = samples
    means = zip(names, importance, real.x.mean(0), fake.x.mean(0), strict=True)
    rows = sorted(((n, float(i), float(r), float(f)) for n, i, r, f in means), key=lambda row: -row[1])
    interval = percentile_interval(_draws(samples, right, seed, 0))
    n_pieces = len(np.unique(real.group))
    return Verdict(float(right.mean()), interval, tuple(rows), len(real.x), n_pieces)


def _draws(samples: Sequence[_Sample], right: np.ndarray, seed: int, stream: int) -> np.ndarray:
    """Accuracies over bootstrap draws of pieces, (1000,): real ones from `seed`, fakes from `stream` too."""
    n = len(samples[0].x)
    seeds = (seed, seed + 1000 + stream)
    draws = []
    for sample, told, own in zip(samples, (right[:n], right[n:]), seeds, strict=True):
        _, group = np.unique(sample.group, return_inverse=True)
        weights = resample(int(group.max()) + 1, n_draws=1000, seed=own)  # (1000, G)
        draws.append((weights @ np.bincount(group, told)) / (weights @ np.bincount(group)))
    return (draws[0] + draws[1]) / 2
