"""Plain gradient descent, momentum and Adam, as functions from one state to the next.

Comes in: layers, their gradients, what the optimiser remembers. Goes out: both, one step further.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from musicgan_edu.plane.networks import Layers

__all__ = ["OPTIMISERS", "Memory", "forget", "update"]

OPTIMISERS = ("SGD", "momentum", "Adam")
MOMENTUM = 0.9
BETA_1, BETA_2, EPSILON = 0.5, 0.999, 1e-7  # β₁ as in DCGAN: forget the opponent's last whim sooner


class Memory(NamedTuple):
    """Running means of the gradient and of its square, shaped like the layers; steps taken so far."""

    mean: Layers
    square: Layers
    steps: int


def forget(layers: Layers) -> Memory:
    """An optimiser's memory before its first step."""
    zeros = tuple((np.zeros_like(w), np.zeros_like(b)) for w, b in layers)
    return Memory(zeros, zeros, 0)


def update(
    layers: Layers, gradients: Layers, memory: Memory, *, optimiser: str, rate: float
) -> tuple[Layers, Memory]:
    """One step downhill: (new layers, new memory); nothing that was given is changed."""
    steps = memory.steps + 1
    moved = [
        [_move(*parts, steps, optimiser, rate) for parts in zip(*layer, strict=True)]
        for layer in zip(layers, gradients, memory.mean, memory.square, strict=True)
    ]
    new, mean, square = (tuple((w[k], b[k]) for w, b in moved) for k in range(3))
    return new, Memory(mean, square, steps)


def _move(
    x: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, steps: int, optimiser: str, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One array's new value, mean and square."""
    if optimiser == "SGD":
        return x - rate * g, m, v
    if optimiser == "momentum":
        m = MOMENTUM * m + g
        return x - rate * m, m, v
    m = BETA_1 * m + (1 - BETA_1) * g
    v = BETA_2 * v + (1 - BETA_2) * g**2
    right_mean, right_square = m / (1 - BETA_1**steps), v / (1 - BETA_2**steps)
    return x - rate * right_mean / (np.sqrt(right_square) + EPSILON), m, v
