"""Distributions of points on the plane, by name or drawn by hand.

Comes in: a name or points, a number, a generator. Goes out: points (n, 2) within about ±REACH.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musicgan_edu.plane.objectives import GameError

__all__ = ["REACH", "SHAPES", "draw"]

REACH = 2.5  # the window on the plane goes from −REACH to REACH both ways
_BLUR = 0.05  # spread about a point that was drawn by hand


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _ring(n: int, rng: np.random.Generator) -> np.ndarray:
    """Eight clusters on a circle: the classic picture of modes."""
    angle = 2 * np.pi * rng.integers(8, size=n) / 8
    return _polar(np.full(n, 1.6), angle) + rng.normal(0, 0.1, (n, 2))


def _grid(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-1, 2, (n, 2)) * 1.4 + rng.normal(0, 0.1, (n, 2))


def _two_clusters(n: int, rng: np.random.Generator) -> np.ndarray:
    centres = np.where(rng.random(n) < 0.5, -1.2, 1.2)
    return np.stack([centres, 0.6 * centres], axis=1) + rng.normal(0, 0.25, (n, 2))


def _line(n: int, rng: np.random.Generator) -> np.ndarray:
    x = rng.uniform(-1.8, 1.8, n)
    return np.stack([x, 0.6 * x], axis=1) + rng.normal(0, 0.06, (n, 2))


def _moons(n: int, rng: np.random.Generator) -> np.ndarray:
    upper = rng.random(n) < 0.5
    points = _polar(np.full(n, 1.3), np.pi * rng.random(n))
    points = np.where(upper[:, None], points, -points)
    return points + np.where(upper, -0.6, 0.6)[:, None] * [1, 0.5] + rng.normal(0, 0.08, (n, 2))


def _spiral(n: int, rng: np.random.Generator) -> np.ndarray:
    turn = np.sqrt(rng.random(n))
    return _polar(2 * turn, 3.2 * np.pi * turn) + rng.normal(0, 0.06, (n, 2))


def _disc(n: int, rng: np.random.Generator) -> np.ndarray:
    return _polar(1.6 * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n))


def _blob(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal((0.8, -0.6), 0.5, (n, 2))


SHAPES: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "two clusters": _two_clusters,
    "ring of 8": _ring,
    "grid of 9": _grid,
    "one blob": _blob,
    "line": _line,
    "two moons": _moons,
    "spiral": _spiral,
    "disc": _disc,
}


def draw(shape: str, drawn: np.ndarray | None, n: int, rng: np.random.Generator) -> np.ndarray:
    """n points of a named shape, or near the points (k, 2) that were drawn by hand, (n, 2).

    Raises
    ------
    GameError : no such shape, or "drawn" without a point.
    """
    if shape == "drawn":
        if drawn is None or not len(drawn):
            raise GameError("plane: the shape is 'drawn', but nothing has been drawn yet")
        return drawn[rng.integers(len(drawn), size=n)] + rng.normal(0, _BLUR, (n, 2))
    if shape not in SHAPES:
        raise GameError(f"plane: no shape {shape!r}; there are {[*SHAPES, 'drawn']}")
    return SHAPES[shape](n, rng)
