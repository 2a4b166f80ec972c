"""Pictures of the plane: real and generated points on the discriminator's surface, and paths.

Comes in: points, a surface, paths as arrays. Goes out: `Figure` with alt text. Lesson 02.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from musicgan_edu.plotting.figure import (
    COLOURS,
    GREY,
    LINES,
    Figure,
    PlotError,
    canvas,
    clean,
    colour_bar,
    count,
    legend,
    of,
)

__all__ = ["paths", "plane"]

_REAL, _FAKE = COLOURS[0], COLOURS[4]  # blue and vermilion: told apart by every kind of eye
_SURFACE = LinearSegmentedColormap.from_list("surface", [_FAKE, "#f7f4ef", _REAL])


def plane(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    surface: np.ndarray | None = None,
    arrows: np.ndarray | None = None,
    reach: float = 2.5,
    probability: bool = True,
    title: str = "",
    names: Sequence[str] = ("x₁", "x₂"),
) -> Figure:
    """Real points (rings) and generated ones (triangles), on D's surface, with arrows where they're pushed.

    Parameters
    ----------
    real, fake : (n, 2).
    surface : D's logits on an n × n grid over the window, row 0 at the bottom.
    arrows : (n, 2), one for each fake; drawn to a common scale.
    reach : the window goes from −reach to reach.
    probability : show σ(D), 0 to 1, instead of the score itself.
    names : the axes' names.

    Raises
    ------
    PlotError : points of another shape, or arrows that aren't one for each fake.
    """
    for name, points in (("real", real), ("fake", fake)):
        if np.ndim(points) != 2 or np.shape(points)[1] != 2:
            raise PlotError(f"plotting: {name} points have shape (n, 2), got {np.shape(points)}")
    if arrows is not None and np.shape(arrows) != np.shape(fake):
        raise PlotError(f"plotting: {len(fake)} fakes but arrows of shape {np.shape(arrows)}")
    figure, (axes,) = canvas(6.6, 5.4, title)
    if surface is not None:
        _draw_surface(figure, axes, np.asarray(surface), reach, probability)
    axes.plot(
        *np.asarray(real).T,
        "o",
        markersize=5,
        markerfacecolor="none",
        markeredgecolor="#1a1a1a" if surface is not None else _REAL,
    )
    axes.plot(
        *np.asarray(fake).T, "^", markersize=5, color=_FAKE, markeredgecolor="white", markeredgewidth=0.5
    )
    if arrows is not None:
        _draw_arrows(axes, np.asarray(fake), np.asarray(arrows), reach)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=names[0], ylabel=names[1])
    _point_legend(figure, surface is not None)
    figure.alt_text = _describe_plane(title, real, fake, surface, probability)
    return figure


def _draw_surface(figure: Figure, axes: Axes, surface: np.ndarray, reach: float, probability: bool) -> None:
    top = 1.0 if probability else max(float(np.abs(surface).max()), 1e-9)
    heights = np.exp(-np.logaddexp(0, -surface)) if probability else surface
    options: Any = {"origin": "lower", "cmap": _SURFACE, "extent": (-reach, reach, -reach, reach)}
    picture = axes.imshow(
        heights, vmin=0.0 if probability else -top, vmax=top, interpolation="bilinear", **options
    )
    colour_bar(figure, picture, [axes], "σ(D): 0 fake, 1 real" if probability else "D's score")


def _draw_arrows(axes: Axes, fake: np.ndarray, arrows: np.ndarray, reach: float) -> None:
    longest = max(float(np.linalg.norm(arrows, axis=1).max(initial=0)), 1e-12)
    tips = arrows / longest * reach * 0.14
    axes.quiver(*fake.T, *tips.T, angles="xy", scale_units="xy", scale=1, width=0.003, color="#1a1a1a")


def _point_legend(figure: Figure, on_surface: bool) -> None:
    """Below the axes: above them stands the title."""
    ring: Any = {"markerfacecolor": "none", "markeredgecolor": GREY if on_surface else _REAL}
    handles = [
        Line2D([], [], linestyle="none", marker="o", label="real", **ring),
        Line2D([], [], linestyle="none", marker="^", color=_FAKE, label="generated"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, labelcolor=GREY)


def _describe_plane(
    title: str, real: np.ndarray, fake: np.ndarray, surface: np.ndarray | None, probability: bool
) -> str:
    parts = []
    for name, points in (("real", real), ("generated", fake)):
        if not len(points):
            parts.append(f"0 {name} points")
            continue
        (x, y), (dx, dy) = np.mean(points, axis=0), np.std(points, axis=0)
        parts.append(
            f"{count(len(points), f'{name} point')} about ({x:.2f}, {y:.2f}), SD ({dx:.2f}, {dy:.2f})"
        )
    ground = ""
    if surface is not None:
        heights = np.exp(-np.logaddexp(0, -surface)) if probability else surface
        name = "D's probability of real" if probability else "D's score"
        ground = f" {name} goes from {heights.min():.2f} to {heights.max():.2f}."
    return f"Points on the plane{of(title)}: {'; '.join(parts)}.{ground}"


def paths(
    walks: Mapping[str, np.ndarray],
    *,
    xlabel: str = "θ, the generator",
    ylabel: str = "ψ, the discriminator",
    title: str = "",
) -> Figure:
    """Paths on a plane, told apart by colour and by dash; a dot where each starts, a cross at (0, 0).

    Parameters
    ----------
    walks : name → points, (n, 2) each.

    Raises
    ------
    PlotError : no path, or one of another shape.
    """
    if not walks:
        raise PlotError("plotting: nothing to draw: the mapping is empty")
    figure, (axes,) = canvas(6.6, 4.8, title)
    parts = []
    for i, (name, walk) in enumerate(walks.items()):
        if np.ndim(walk) != 2 or np.shape(walk)[1] != 2 or not len(walk):
            raise PlotError(f"plotting: a path has shape (n, 2), got {np.shape(walk)} for {name!r}")
        colour = COLOURS[i % len(COLOURS)]
        axes.plot(*walk.T, color=colour, linestyle=LINES[i % len(LINES)], linewidth=1.3)
        axes.plot(*walk[0], "o", color=colour, markersize=6)
        first, last = np.linalg.norm(walk[0]), np.linalg.norm(walk[-1])
        parts.append(f"{clean(name)} goes from distance {first:.3g} to {last:.3g} from the origin")
    axes.plot(0, 0, "+", color=GREY, markersize=12)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_aspect("equal", adjustable="datalim")  # a box that shrinks would push labels and legend out
    legend(axes, [clean(name) for name in walks], COLOURS, LINES)
    figure.alt_text = (
        f"Paths on the plane{of(title)}, {xlabel} to the right and {ylabel} upwards. {'; '.join(parts)}."
    )
    return figure
