"""A report of many measures in one picture: the machine's values in units of the real ones' uncertainty.

Comes in: `evaluation.Report`, or any mapping from names to (real, its interval, fake, its interval).
Goes out: `Figure` with alt text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from musicgan_edu.plotting.figure import COLOURS, GREY, Figure, PlotError, canvas, clean, legend

__all__ = ["report"]

Interval = tuple[float, float]
Row = tuple[float, Interval, float, Interval]  # as evaluation.Row


def report(
    rows: Mapping[str, Row], *, names: Sequence[str] | None = None, title: str = "", widest: float = 8.0
) -> Figure:
    """Measures under one another: real music at 0, its 95 % interval as a band, the machine as a dot.

    A measure's unit is half the width of real music's interval, so that −1 to 1 is what real
    music leaves open. Values beyond `widest` are drawn at the edge, as an arrow.

    Parameters
    ----------
    rows : name → (real, interval, fake, interval). Rows without an interval for real music, or with
        one of no width, have no unit and are left out; the alt text names them.
    names : which rows, in which order; all unless given.

    Raises
    ------
    PlotError : a name that isn't there, or no row that can be drawn.
    """
    wanted = list(rows if names is None else names)
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise PlotError(f"plotting: no measure {missing[0]!r} in the report")
    scaled = {name: found for name in wanted if (found := _scaled(rows[name])) is not None}
    if not scaled:
        raise PlotError("plotting: no measure with an interval of real music to compare with")
    figure, (axes,) = canvas(8, 1.2 + 0.34 * len(scaled), title)
    axes.axvspan(-1, 1, color=GREY, alpha=0.18, linewidth=0)
    axes.axvline(0, color=GREY, linewidth=1)
    for place, values in enumerate(scaled.values()):
        _draw(axes, place, values, widest)
    axes.set_yticks(range(len(scaled)), [clean(name, 46) for name in scaled], parse_math=False)
    axes.set_ylim(len(scaled) - 0.5, -0.5)
    axes.set_xlim(-widest * 1.06, widest * 1.06)
    axes.set_xlabel("difference from real music, in half widths of its interval")
    legend(axes, ["machine", "real"], (COLOURS[0], GREY))
    figure.alt_text = _describe(rows, scaled, [name for name in wanted if name not in scaled], title)
    return figure


def _scaled(row: Row) -> np.ndarray | None:
    """The machine's (value, low, high) in the row's unit, (3,); None where there is no unit."""
    real, (low, high), fake, interval = row
    unit = (high - low) / 2
    if not (math.isfinite(unit) and unit > 0 and math.isfinite(fake)):
        return None
    ends = interval if math.isfinite(interval[0]) else (fake, fake)
    return (np.array([fake, *ends]) - real) / unit


def _draw(axes: Axes, place: int, values: np.ndarray, widest: float) -> None:
    value, low, high = np.clip(values, -widest, widest)
    axes.plot([low, high], [place, place], color=COLOURS[0], linewidth=3, solid_capstyle="butt")
    beyond = abs(values[0]) > widest
    marker = (">" if values[0] > 0 else "<") if beyond else "o"
    axes.plot([value], [place], color=COLOURS[0], marker=marker, markersize=8, linestyle="none")


def _describe(
    rows: Mapping[str, Row], scaled: Mapping[str, np.ndarray], left_out: Sequence[str], title: str
) -> str:
    parts = []
    for name, values in scaled.items():
        real, _, fake, _ = rows[name]
        where = "apart" if values[1] > 1 or values[2] < -1 else "overlapping"
        parts.append(f"{clean(name, 60)}: real {real:.3g}, machine {fake:.3g}, intervals {where}")
    lost = f" Not drawn: {', '.join(clean(name, 60) for name in left_out)}." if left_out else ""
    of = f" of {clean(title)}" if title else ""
    return f"Chart{of}: a machine's measures beside real music's. {'; '.join(parts)}.{lost}"
