"""Distances between two sets of music: Yang and Lerch's, precision and coverage, Fréchet's.

Comes in: tables of features, one row a window. Goes out: numbers.

Conventions
-----------
All of them reward a copy of the real set. Print them beside `copying`. They depend on how many
windows there are: compare models only at equal counts. Lesson 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu.evaluation.feature_table import Features, features
from musicgan_edu.evaluation.grids import EvaluationError
from musicgan_edu.score import Score

__all__ = [
    "Likeness",
    "Neighbours",
    "describe",
    "frechet_distance",
    "kl_divergence",
    "likeness",
    "neighbours",
    "overlap",
    "standardised",
]

_N_GRID = 1000


class Likeness(NamedTuple):
    """Yang and Lerch's numbers for one feature.

    intra_real, intra_fake, inter : mean distances within the sets and between them.
    overlap_real, overlap_fake : ∫ min(p, q) of the densities of intra-set and inter-set distances,
        0 to 1 (alike). Only both together say something: a narrow set inside a wide one has one high.
    divergence_real, divergence_fake : KL(intra ‖ inter) in nats, 0 (alike) upwards.
    """

    intra_real: float
    intra_fake: float
    inter: float
    overlap_real: float
    overlap_fake: float
    divergence_real: float
    divergence_fake: float


class Neighbours(NamedTuple):
    """How two sets lie among each other, all but density from 0 to 1.

    precision : share of fakes in some real window's ball.
    recall : share of real windows in some fake's ball.
    density : how many real balls hold a fake, on average, over k; may pass 1.
    coverage : share of real balls that hold a fake.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def likeness(real: np.ndarray, fake: np.ndarray, *, max_windows: int = 300, seed: int = 0) -> Likeness:
    """Intra-set and inter-set distances of one feature, float (n, d) each, Euclidean.

    Densities are Gaussian kernel estimates (Scott's bandwidth) on one grid that spans all three
    sets of distances: on grids of their own, any shift would vanish.

    Raises
    ------
    EvaluationError : fewer than two windows in either set.

    References
    ----------
    Yang, Lerch (2020): On the evaluation of generative models in music.
    """
    if min(len(real), len(fake)) < 2:
        raise EvaluationError(
            f"evaluation: likeness needs two windows of each, got {len(real)} and {len(fake)}"
        )
    rng = np.random.default_rng(seed)
    real, fake = (x[rng.permutation(len(x))[:max_windows]] for x in (real, fake))
    inter = _pairwise(real, fake).ravel()
    intra_real, intra_fake = (_pairwise(x, x)[np.triu_indices(len(x), 1)] for x in (real, fake))
    return Likeness(
        float(intra_real.mean()),
        float(intra_fake.mean()),
        float(inter.mean()),
        overlap(intra_real, inter),
        overlap(intra_fake, inter),
        kl_divergence(intra_real, inter),
        kl_divergence(intra_fake, inter),
    )


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Overlapping area of two samples' densities, float (n,) each: ∫ min(p, q), 0 to 1."""
    p, q = _densities(a, b)
    return float(np.minimum(p, q).sum())


def kl_divergence(a: np.ndarray, b: np.ndarray) -> float:
    """KL(p ‖ q) = Σ p log p/q of two samples' densities on a common grid, in nats; at least 0."""
    p, q = (density + 1e-12 for density in _densities(a, b))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def _densities(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kernel densities of two samples on one grid, each (n_grid,), each summing to 1."""
    widths = [max(x.std() * len(x) ** -0.2, 1e-9) for x in (a, b)]
    low = min(a.min() - 3 * widths[0], b.min() - 3 * widths[1])
    high = max(a.max() + 3 * widths[0], b.max() + 3 * widths[1])
    step = (high - low) / _N_GRID
    p, q = (_density(x, width, low, high, step) for x, width in zip((a, b), widths, strict=True))
    return p, q


def _density(x: np.ndarray, width: float, low: float, high: float, step: float) -> np.ndarray:
    counts = np.histogram(x, _N_GRID, (low, high))[0]
    reach = int(np.ceil(3 * width / step))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    smooth = np.convolve(counts, kernel)[reach : reach + _N_GRID]
    return smooth / smooth.sum()


def neighbours(real: np.ndarray, fake: np.ndarray, *, k: int = 5) -> Neighbours:
    """Precision, recall, density and coverage from k-nearest-neighbour balls, float (n, F) each.

    A window's ball reaches to its k-th nearest neighbour in its own set. Density isn't bounded by 1.

    Raises
    ------
    EvaluationError : k or fewer windows in either set.

    References
    ----------
    Kynkäänniemi et al. (2019): Improved Precision and Recall Metric. Naeem et al. (2020):
    Reliable Fidelity and Diversity Metrics for Generative Models.
    """
    if min(len(real), len(fake)) <= k:
        raise EvaluationError(
            f"evaluation: neighbours needs more than {k} windows of each, got {len(real)} and {len(fake)}"
        )
    # Entry 0 of a sorted row is the window itself.
    reach_real, reach_fake = (np.sort(_pairwise(x, x), axis=1)[:, k] for x in (real, fake))
    between = _pairwise(real, fake)  # (n_real, n_fake)
    in_real = between <= reach_real[:, None]
    in_fake = between <= reach_fake[None]
    return Neighbours(
        float(in_real.any(0).mean()),
        float(in_fake.any(1).mean()),
        float(in_real.sum(0).mean() / k),
        float(in_real.any(1).mean()),
    )


def _pairwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances of rows, (n, m)."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.sqrt(np.clip(square, 0, None))


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) of two tables of features, float (n, F) each; at least 0.

    On features of our own choice: no "Fréchet Music Distance", and comparable with no other paper's.

    References
    ----------
    Fréchet (1957); Heusel et al. (2017).
    """
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    root = _root(first)
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0, None)).sum()  # tr (C₁C₂)^½
    shift = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    return float(max(0.0, shift + np.trace(first) + np.trace(second) - 2 * cross))


def _root(matrix: np.ndarray) -> np.ndarray:
    """Square root of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def standardised(real: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Tables in units of the real one's mean and SD, its constant columns left out; real first.

    A column is clipped at 10 SD, so that one outlier doesn't hide all else.
    """
    mean, sd = real.mean(0), real.std(0)
    kept = sd > 1e-9
    return [np.clip((x[:, kept] - mean[kept]) / sd[kept], -10, 10) for x in (real, *others)]


def describe(
    scores: Sequence[Score], *, n_bars: int = 2, table: Features | None = None
) -> dict[str, np.ndarray]:
    """Yang and Lerch's features that fit voices, by name, float (B, d) each.

    Counts and ranges are of a window; intervals and durations are means; histograms sum to 1.
    `table` is what `features` makes of the same Scores, where it's there already.
    """
    table = features(scores, n_bars=n_bars) if table is None else table
    chroma = [i for i, name in enumerate(table.names) if name.startswith("pitch class ")]
    return {name: np.array([[value(s)] for s in scores]) for name, value in _SCALARS.items()} | {
        "pitch-class histogram": table.values[:, chroma]
    }


def _pitch_range(score: Score) -> float:
    return float(np.ptp(score.notes["pitch"])) if score.n_notes else 0.0


def _mean_interval(score: Score) -> float:
    jumps = [np.abs(np.diff(score.of_track(t)["pitch"])) for t in range(len(score.tracks))]
    joined = np.concatenate(jumps)
    return float(joined.mean()) if len(joined) else 0.0


def _mean_duration(score: Score) -> float:
    return float(score.notes["duration"].mean()) if score.n_notes else 0.0


_SCALARS = {
    "notes": lambda score: float(score.n_notes),
    "distinct pitches": lambda score: float(len(np.unique(score.notes["pitch"]))),
    "pitch range (semitones)": _pitch_range,
    "mean interval (semitones)": _mean_interval,
    "mean duration (beats)": _mean_duration,
}
