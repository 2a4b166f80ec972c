"""A critic of context: does what stands in the gap fit what stands around it?

Comes in: windows of the chorales, some with a part filled by the generator. Goes out: `Critic`, whose
logit of a whole window is above 0 where it hears Bach throughout.

Conventions
-----------
One round of the game with masks: D learns real windows against the same windows with a gap that G has
filled, so all that it can go by is whether filling and context agree. G stays as it was, and its drafts
are drawn anew by D's odds, σ(D)/(1 − σ(D)) = exp(D): at the optimal D that is p/q, the weight that makes
G's drafts those of the data. D is a linear one on `evaluation.features`: with some hundred windows a
network would learn them by heart. Lesson 12.

References
----------
Azadi et al. (2019): Discriminator rejection sampling.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from musicgan_edu import evaluation
from musicgan_edu.score import Score

__all__ = ["Critic", "holes", "learnt", "train"]

RIDGE = 10.0  # nothing was tuned: about one case in thirty of pull towards 0


@dataclasses.dataclass(frozen=True)
class Critic:
    """A linear discriminator of windows: features less `mean`, over `scale`, times `weights`; float64 (F,) each."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    def logit(self, scores: Sequence[Score]) -> np.ndarray:
        """D of each window, (B,); above 0: real."""
        x = evaluation.features(scores).values
        return np.asarray((x - self.mean) / self.scale @ self.weights)


def holes(n: int, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """n gaps, bool (n, T, V): one or two voices, a stretch of 4 to 12 steps, or half of the cells, by turns."""
    n_steps, n_voices = shape
    gaps = np.zeros((n, *shape), bool)
    for i, gap in enumerate(gaps):
        if i % 3 == 0:
            gap[:, rng.permutation(n_voices)[: rng.integers(1, 3)]] = True
        elif i % 3 == 1:
            length = int(rng.integers(4, 13))
            first = int(rng.integers(0, n_steps - length + 1))
            gap[first : first + length] = True
        else:
            gap |= rng.random(shape) < 0.5
    return gaps


def train(
    real: Sequence[Score], filled: Sequence[Score], *, ridge: float = RIDGE, n_steps: int = 12
) -> Critic:
    """The D that minimises −Σ log σ(D(real)) − Σ log(1 − σ(D(filled))) + ½ ridge ‖w‖², by Newton's method."""
    tables = [evaluation.features(scores).values for scores in (real, filled)]
    x, y = np.concatenate(tables), np.repeat([1.0, 0.0], [len(real), len(filled)])
    mean, scale = x.mean(0), np.where(x.std(0) > 0, x.std(0), 1.0)
    x = (x - mean) / scale
    weights = np.zeros(x.shape[1])
    for _ in range(n_steps):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (p - y) + ridge * weights
        curvature = (x.T * (p * (1 - p))) @ x + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(curvature, slope)
    return Critic(mean, scale, weights)


def learnt(windows: np.ndarray, fill: Callable[[np.ndarray, np.ndarray, int], np.ndarray], decode: Callable[[np.ndarray], list[Score]]) -> Critic:  # fmt: skip
    """The critic of a filler, on real windows, classes (B, T, V): each is heard as it is and with a gap filled.

    fill : (window, known, seed) to the filled window. decode : classes to Scores.
    """
    rng = np.random.default_rng(0)
    gaps = holes(len(windows), windows.shape[1:], rng)
    filled = np.stack([fill(w, ~gap, i) for i, (w, gap) in enumerate(zip(windows, gaps, strict=True))])
    return train(decode(windows), decode(filled))
