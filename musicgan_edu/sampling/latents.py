"""Walks between latents, and the directions in which the music changes.

Comes in: latents z, drawn from N(0, I). Goes out: latents on the way, and `Direction`s with the share
of a musical measure that each explains.

Conventions
-----------
A latent of d standard normal numbers has E‖z‖² = d, and nearly all of them lie close to that sphere:
the SD of ‖z‖ is about 0.7, whatever d. The straight line between two of them leaves it (its middle has
E‖z‖² = d/2), so `slerp` goes along the sphere. Lesson 09.

References
----------
K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985 (slerp).
T. White, "Sampling Generative Networks", 2016 (slerp for latents).
C. Stein, "Estimation of the mean of a multivariate normal distribution", 1981 (E[z y] = E[∇y]).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.score import MusicganError, Score

if TYPE_CHECKING:
    from musicgan_edu.sampling import Sampler

__all__ = ["MEASURES", "Direction", "along", "determined", "directions", "explained", "lerp", "slerp"]

Measure = Callable[[Sequence[Score]], np.ndarray]
_PARALLEL = 1e-6  # sines below this: the sphere's arc between the two is a point, or any of many


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """The straight line, (1 − t) a + t b: float32 (d,), or (n, d) for t of shape (n,)."""
    t = np.asarray(t)[..., None]
    return np.asarray((1 - t) * a + t * b, np.float32)


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """The arc on the sphere, (sin((1−t)Ω) a + sin(tΩ) b) / sin Ω with Ω the angle between a and b.

    float32 (d,), or (n, d) for t of shape (n,). The straight line where a and b are parallel, or
    opposite: then no arc is the shortest one.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    length = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b / length, -1, 1)) if length else 0.0
    if np.sin(angle) < _PARALLEL:
        return lerp(a, b, t)
    t = np.asarray(t)[..., None]
    return np.asarray((np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle), np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the latent space along which a measure changes.

    unit : float32 (latent_dim,), length 1. slope : how much the measure grows for one step along it.
    explained : share of the measure's variance among pieces that was not used to find the direction;
        0 or less: none. mean, deviation : of the measure among pieces.
    """

    name: str
    unit: np.ndarray
    slope: float
    explained: float
    mean: float
    deviation: float

    def of(self, z: np.ndarray) -> np.ndarray:
        """Where latents (…, latent_dim) lie along it: standard normal for z ~ N(0, I)."""
        return np.asarray(z) @ self.unit


def along(z: np.ndarray, direction: Direction, value: float) -> np.ndarray:
    """Latents (…, latent_dim) moved along a direction to `value`; what they are across it stays."""
    return np.asarray(z + (value - direction.of(z))[..., None] * direction.unit, np.float32)


def directions(
    sampler: Sampler, *, measures: Mapping[str, Measure] | None = None, n: int = 400, seed: int = 0
) -> list[Direction]:
    """The direction of each measure by least squares on n fresh pieces, the best explained first.

    A measure that says the same of all of them has none: in one voice nothing is dissonant.

    Raises
    ------
    MusicganError : fewer pieces than two for each number in z.
    """
    if n < 2 * max(sampler.latent_dim, 5):
        raise MusicganError(
            f"sampling: {n} pieces are too few for directions in {sampler.latent_dim} numbers"
        )
    z = sampler.latents(n, seed=seed)
    scores = sampler.encoding.decode(sampler.tokens(z, sampler.noise(n, seed=seed)))
    values = {name: of(scores) for name, of in (measures or MEASURES).items()}
    varied = (name for name, v in values.items() if len(np.unique(v[np.isfinite(v)])) > 1)
    found = [_direction(name, z, values[name]) for name in varied]
    return sorted(found, key=lambda direction: -direction.explained)


def _direction(name: str, z: np.ndarray, values: np.ndarray) -> Direction:
    values = np.where(np.isfinite(values), values, np.nanmean(values))
    weights = np.linalg.lstsq(z - z.mean(0), values - values.mean(), rcond=None)[0]
    slope = float(np.linalg.norm(weights))
    unit = (weights / slope if slope else weights).astype(np.float32)
    return Direction(name, unit, slope, explained(z, values), float(values.mean()), float(values.std()))


def explained(z: np.ndarray, values: np.ndarray, *, folds: int = 5) -> float:
    """R² of a linear fit of values (n,) on z (n, d), measured on the fifth that each fit hasn't seen.

    1 − Σ(y − ŷ)² / Σ(y − ȳ)². It may be below 0: worse than guessing the mean. NaN if nothing varies.
    """
    z, error = np.c_[np.ones(len(z)), z], np.zeros(len(z))
    for fold in range(folds):
        unseen = np.arange(len(z)) % folds == fold
        weights = np.linalg.lstsq(z[~unseen], values[~unseen], rcond=None)[0]
        error[unseen] = values[unseen] - z[unseen] @ weights
    total = ((values - values.mean()) ** 2).sum()
    return float(1 - (error**2).sum() / total) if total > 0 else float("nan")


def determined(values: np.ndarray) -> float:
    """Share of a measure's variance that z decides, linear or not; the rest is decided by the noise.

    The intraclass correlation (MS_between − MS_within) / (MS_between + (m − 1) MS_within) of values
    (n, m): n latents, each played with m noises. Unbiased, so it may fall below 0 by chance.

    References
    ----------
    P. Shrout & J. Fleiss, "Intraclass correlations", 1979, ICC(1, 1).
    """
    _, m = values.shape
    within = values.var(1, ddof=1).mean()
    between = m * values.mean(1).var(ddof=1)
    total = between + (m - 1) * within
    return float((between - within) / total) if total > 0 else float("nan")


# ------------------------------------------------------------------------------ what is measured


def _notes(scores: Sequence[Score], of: Callable[[Score], float]) -> np.ndarray:
    return np.array([of(score) if score.n_notes else np.nan for score in scores])


def _activity(scores: Sequence[Score]) -> np.ndarray:
    """Notes a bar."""
    return np.array([score.n_notes / max(score.n_bars, 1) for score in scores])


def _late(scores: Sequence[Score]) -> np.ndarray:
    """Notes that start in the second half, less those in the first."""
    return np.array(
        [float(np.sign(s.notes["onset"] - s.n_bars * s.beats_per_bar / 2 + 1e-9).sum()) for s in scores]
    )


def _offbeat(scores: Sequence[Score]) -> np.ndarray:
    """Share of notes that start between two beats."""
    return _notes(
        scores, lambda s: float((np.abs(s.notes["onset"] - np.rint(s.notes["onset"])) > 1e-6).mean())
    )


def _register(scores: Sequence[Score]) -> np.ndarray:
    """Mean pitch, by duration."""
    return _notes(scores, lambda s: float(np.average(s.notes["pitch"], weights=s.notes["duration"])))


def _spread(scores: Sequence[Score]) -> np.ndarray:
    """Semitones between the mean pitches of the first and the last voice."""

    def spread(score: Score) -> float:
        outer = [score.of_track(track)["pitch"] for track in (0, len(score.tracks) - 1)]
        return float(outer[0].mean() - outer[1].mean()) if all(map(len, outer)) else float("nan")

    return _notes(scores, spread)


def _minor(scores: Sequence[Score]) -> np.ndarray:
    """1 where the key estimate says minor, else 0."""
    return _notes(scores, lambda score: float(cleaning.estimate_key(score)[1] == "minor"))


def _dissonance(scores: Sequence[Score]) -> np.ndarray:
    """Share of sounding pairs of voices that are dissonant."""
    from musicgan_edu import evaluation  # brings scikit-learn: a second that lesson 00 needn't wait

    return evaluation.dissonance(scores).per_score


#: What `directions` looks for unless told otherwise: name → Scores to values, one each.
MEASURES: Mapping[str, Measure] = {
    "activity": _activity,
    "late": _late,
    "offbeat": _offbeat,
    "register": _register,
    "spread": _spread,
    "minor": _minor,
    "dissonance": _dissonance,
}
