"""Charts of numbers: curves over training, values with intervals, distributions.

Comes in: mappings from names to numbers. Goes out: `Figure` with alt text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from musicgan_edu.plotting.figure import (
    COLOURS,
    GREY,
    LINES,
    Figure,
    PlotError,
    canvas,
    clean,
    count,
    legend,
    of,
    series_of,
)

__all__ = ["histograms", "intervals", "losses", "progress"]


def losses(
    curves: Mapping[str, Sequence[float]],
    *,
    steps: Sequence[float] | None = None,
    xlabel: str = "training step",
    ylabel: str = "loss (nats)",
    title: str = "",
) -> Figure:
    """Curves over training, told apart by colour and by dash.

    Parameters
    ----------
    curves : name → values, shape (n,), one per entry of `steps`; NaN leaves a gap.
    steps : where on the x axis the values stand, shape (n,); 1 to n unless given.

    Raises
    ------
    PlotError : no curve, an empty one, or one of another length than `steps`.

    Notes
    -----
    Lesson 02 and 08 read such curves: a generator's falling loss is no proof of better music.
    """
    series = series_of(curves)
    figure, (axes,) = canvas(8, 3.4, title)
    parts = []
    for i, (name, values) in enumerate(series.items()):
        x = np.arange(1, len(values) + 1) if steps is None else np.asarray(steps)
        if len(x) != len(values):
            raise PlotError(f"plotting: {len(x)} steps but {len(values)} values of {name!r}")
        axes.plot(x, values, color=COLOURS[i % len(COLOURS)], linestyle=LINES[i % len(LINES)])
        parts.append(_describe_curve(name, x, values))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    legend(axes, [clean(name) for name in series], COLOURS, LINES)
    figure.alt_text = f"Line chart{of(title)}: {ylabel} over {xlabel}. {'; '.join(parts)}."
    return figure


def _describe_curve(name: str, x: np.ndarray, values: np.ndarray) -> str:
    good = np.flatnonzero(np.isfinite(values))
    if not len(good):
        return f"{clean(name)} has no finite value"
    first, last = good[0], good[-1]
    span = f"lowest {values[good].min():.3g}, highest {values[good].max():.3g}"
    lost = f", {count(len(values) - len(good), 'value')} not finite" if len(good) < len(values) else ""
    return f"{clean(name)} goes from {values[first]:.3g} at {x[first]:g} to {values[last]:.3g} at {x[last]:g}, {span}{lost}"


def intervals(
    values: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    reference: float | None = None,
    title: str = "",
) -> Figure:
    """Measured values as dots, each with its interval as a bar, under one another.

    Parameters
    ----------
    values : name → (value, low, high), or (value,) where there is no interval.
    xlabel : what is measured, with its unit.
    reference : a value to compare with, drawn as a dashed line: chance, or real music.

    Raises
    ------
    PlotError : nothing to draw, or an entry of another form.
    """
    rows = series_of(values)
    for name, row in rows.items():
        if len(row) not in (1, 3):
            raise PlotError(
                f"plotting: expected (value, low, high) or (value,), got {row.tolist()} for {name!r}"
            )
    figure, (axes,) = canvas(7, 1.2 + 0.36 * len(rows), title)
    for i, row in enumerate(rows.values()):
        axes.plot(row[1:], [i] * len(row[1:]), color=COLOURS[0], linewidth=3, solid_capstyle="butt")
        axes.plot(row[:1], [i], color=COLOURS[0], marker="o", markersize=9, linestyle="none")
    if reference is not None:
        axes.axvline(reference, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(rows)), [clean(name) for name in rows], parse_math=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(xlabel)
    parts = [_describe_interval(name, row) for name, row in rows.items()]
    line = "" if reference is None else f" The dashed line stands at {reference:g}."
    figure.alt_text = f"Chart of values with intervals{of(title)}: {xlabel}. {'; '.join(parts)}.{line}"
    return figure


def _describe_interval(name: str, row: np.ndarray) -> str:
    span = f" (interval {row[1]:.3g} to {row[2]:.3g})" if len(row) == 3 else ""
    return f"{clean(name)} {row[0]:.3g}{span}"


def progress(counts: Mapping[str, tuple[int, int]], *, xlabel: str = "exercises", title: str = "") -> Figure:
    """How much of each thing is done: a filled box for each part that is, an empty one for each that isn't.

    Parameters
    ----------
    counts : name → (done, of how many), drawn from top to bottom.

    Raises
    ------
    PlotError : nothing to draw, or more done than there is.
    """
    if not counts or any(not 0 <= done <= total for done, total in counts.values()):
        raise PlotError(f"plotting: expected name → (done, of how many), got {dict(counts)}")
    figure, (axes,) = canvas(7, 0.9 + 0.28 * len(counts), title)
    for i, (done, total) in enumerate(counts.values()):
        for part in range(total):
            fill = COLOURS[0] if part < done else "none"
            axes.barh(
                i, 0.8, left=part, height=0.6, color=fill, edgecolor=COLOURS[0] if part < done else GREY
            )
        axes.text(total + 0.2, i, f"{done} of {total}", color=GREY, va="center")
    axes.set_yticks(range(len(counts)), [clean(name) for name in counts], parse_math=False)
    axes.set_xlim(0, max(total for _, total in counts.values()) + 2)
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_xlabel(xlabel)
    parts = [f"{clean(name)} {done} of {total}" for name, (done, total) in counts.items()]
    figure.alt_text = f"Progress{of(title)}, in {xlabel}: {'; '.join(parts)}."
    return figure


def histograms(
    samples: Mapping[str, Sequence[float]], *, xlabel: str, n_bins: int = 24, title: str = ""
) -> Figure:
    """Two or more samples as outlines over the same bins, so that they can be compared.

    Parameters
    ----------
    samples : name → values, shape (n,); values that aren't finite are left out.
    xlabel : what the values are, with their unit.
    n_bins : at most so many bins; whole numbers get one bin each where they fit.

    Raises
    ------
    PlotError : no sample, or one without a finite value.
    """
    series = {name: values[np.isfinite(values)] for name, values in series_of(samples).items()}
    series = series_of(series)
    edges = _bin_edges(np.concatenate(list(series.values())), n_bins)
    figure, (axes,) = canvas(8, 3.2, title)
    parts = []
    for i, (name, values) in enumerate(series.items()):
        share = np.histogram(values, edges)[0] / len(values)
        axes.stairs(
            share, edges, color=COLOURS[i % len(COLOURS)], linestyle=LINES[i % len(LINES)], linewidth=2
        )
        parts.append(
            f"{clean(name)}: {count(len(values), 'value')}, mean {values.mean():.3g}, SD {values.std():.3g}"
        )
    axes.set_xlabel(xlabel)
    axes.set_ylabel("share of values")
    legend(axes, [clean(name) for name in series], COLOURS, LINES)
    figure.alt_text = f"Histograms{of(title)} of {xlabel}. {'; '.join(parts)}."
    return figure


def _bin_edges(values: np.ndarray, n_bins: int) -> np.ndarray:
    low, high = values.min(), values.max()
    if (values == np.rint(values)).all() and high - low < n_bins:
        return np.arange(low - 0.5, high + 1.0)
    return np.linspace(low, high, n_bins + 1) if high > low else np.array([low - 0.5, low + 0.5])
