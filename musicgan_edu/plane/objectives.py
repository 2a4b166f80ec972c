"""The losses of `musicgan_edu.losses` in numpy, with their slopes; the penalties on D's slope.

Comes in: logits D(x) on real and D(G(z)) on fake, float64 (B,). Goes out: `Value`, the loss and its
derivative for each logit. `LOSSES` has the names and the signs of `losses.LOSSES`, where the papers
are named; a test compares every value and every slope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from musicgan_edu.score import MusicganError

__all__ = ["LOSSES", "PENALTIES", "GameError", "Loss", "Value", "price", "sigmoid", "softplus"]


class GameError(MusicganError):
    """A game on the plane that can't be set up, or that has run away."""


class Value(NamedTuple):
    """A loss, and its derivatives for the logits on real and on fake, each of their shape."""

    loss: float
    real: np.ndarray
    fake: np.ndarray


Objective = Callable[[np.ndarray, np.ndarray], Value]


class Loss(NamedTuple):
    """Both players' objectives: functions of (D(x), D(G(z)))."""

    discriminator: Objective
    generator: Objective


def sigmoid(x: np.ndarray) -> np.ndarray:
    """σ(x) = 1 / (1 + e^{−x}), without overflow."""
    return np.exp(-np.logaddexp(0, -x))


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + eˣ), without overflow."""
    return np.logaddexp(0, x)


def _value(loss: np.ndarray, real: np.ndarray, fake: np.ndarray) -> Value:
    """Means over the batch: each logit's slope is its own, over B."""
    return Value(float(np.mean(loss)), real / len(real), fake / len(fake))


def _cross_entropy_discriminator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(softplus(-real) + softplus(fake), -sigmoid(-real), sigmoid(fake))


def _minimax_generator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(-softplus(fake), 0 * real, -sigmoid(fake))


def _cross_entropy_generator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(softplus(-fake), 0 * real, -sigmoid(-fake))


def _wasserstein_discriminator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(fake - real, -np.ones_like(real), np.ones_like(fake))


def _minus_score_generator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(-fake, 0 * real, -np.ones_like(fake))


def _least_squares_discriminator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(((real - 1) ** 2 + (fake + 1) ** 2) / 2, real - 1, fake + 1)


def _least_squares_generator(real: np.ndarray, fake: np.ndarray) -> Value:
    return _value(fake**2 / 2, 0 * real, fake)


def _hinge_discriminator(real: np.ndarray, fake: np.ndarray) -> Value:
    loss = np.maximum(0, 1 - real) + np.maximum(0, 1 + fake)
    return _value(loss, -1.0 * (real < 1), 1.0 * (fake > -1))


def _relativistic_discriminator(real: np.ndarray, fake: np.ndarray) -> Value:
    share = sigmoid(fake - real)
    return _value(softplus(fake - real), -share, share)


def _relativistic_generator(real: np.ndarray, fake: np.ndarray) -> Value:
    share = sigmoid(real - fake)
    return _value(softplus(real - fake), share, -share)


LOSSES = {
    "minimax": Loss(_cross_entropy_discriminator, _minimax_generator),
    "cross-entropy": Loss(_cross_entropy_discriminator, _cross_entropy_generator),
    "wasserstein": Loss(_wasserstein_discriminator, _minus_score_generator),
    "least-squares": Loss(_least_squares_discriminator, _least_squares_generator),
    "hinge": Loss(_hinge_discriminator, _minus_score_generator),
    "relativistic": Loss(_relativistic_discriminator, _relativistic_generator),
}

#: What may be added to D's loss: R1 = γ/2 E‖∇D(x)‖² on real, R2 the same on fake, and
#: the gradient penalty γ E(‖∇D(x̂)‖ − 1)² between real and fake.
PENALTIES = ("none", "R1", "R1 + R2", "gradient penalty")


def price(penalty: str, slopes: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """A penalty on D's input slopes (B, 2), and its derivative for each slope, (B, 2)."""
    if penalty == "gradient penalty":
        norms = np.sqrt((slopes**2).sum(1, keepdims=True) + 1e-12)
        excess = norms - 1
        return strength * float(np.mean(excess**2)), strength * 2 * excess * slopes / norms / len(slopes)
    return strength / 2 * float(np.mean((slopes**2).sum(1))), strength * slopes / len(slopes)
