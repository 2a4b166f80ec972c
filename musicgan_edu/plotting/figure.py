"""The frame of every figure: the class that carries alt text, the house's style, the legend.

Comes in: names, sizes, finished axes. Goes out: `Figure`, styled axes, and `show`.
"""

from __future__ import annotations

import base64
import html
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as _MatplotlibFigure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from musicgan_edu.score import MusicganError

__all__ = [
    "COLOURS",
    "GREY",
    "LINES",
    "Figure",
    "PlotError",
    "canvas",
    "clean",
    "colour_bar",
    "count",
    "legend",
    "of",
    "series_of",
    "show",
]

#: Okabe and Ito's palette without its black (lost on a dark page); the pale yellow comes last.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
#: 4.6 : 1 against white and against black. No grey reaches 4.5 on white and on JupyterLab's dark page, which is #111.
GREY = "#757575"
#: Behind a figure: white on a light page, black on a dark one, by JupyterLab's (or nbconvert's) own colour; else nothing.
_PLATE = "oklch(from var(--jp-layout-color0) clamp(0, 99 * (l - 0.5), 1) 0 0)"
_STYLE: Any = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlecolor": GREY,
    "axes.facecolor": "none",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.family": ["DejaVu Sans"],
    "legend.frameon": False,
    "legend.labelcolor": GREY,
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}
_DPI = 120
LINES: Any = ("-", "--", "-.", ":")


class PlotError(MusicganError):
    """Something that can't be drawn."""


class Figure(_MatplotlibFigure):
    """A matplotlib figure that carries its alt text and shows itself with it in a notebook."""

    alt_text: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.alt_text}

    def twin(self) -> dict[str, str]:
        """What stands for a widget in an exported page; the bare picture for one that drops HTML, as a code forge does."""
        page = self.to_html()
        picture = page.partition("base64,")[2].partition('"')[0]
        return {"text/plain": self.alt_text, "text/html": page, "image/png": picture}

    def to_png(self) -> bytes:
        """The figure as a PNG file with a transparent background."""
        with io.BytesIO() as file, warnings.catch_warnings():
            # A title may hold any script; a box for a letter that the font lacks is no error.
            warnings.filterwarnings("ignore", message="(?s)Glyph .* missing from font")
            self.savefig(file, format="png", dpi=_DPI, transparent=True)
            return file.getvalue()

    def to_html(self) -> str:
        """One self-contained `<img>` with the alt text; everything from files is escaped."""
        data = base64.b64encode(self.to_png()).decode("ascii")
        width = round(self.get_figwidth() * 96)
        return (
            f'<img src="data:image/png;base64,{data}" width="{width}" '
            f'style="max-width: 100%; background: {_PLATE}" alt="{html.escape(self.alt_text)}">'
        )


def show(figure: Figure) -> None:
    """Show a figure here and now, with its alt text: in the middle of a cell, in a loop.

    Raises
    ------
    PlotError : the figure has no `alt_text`: who can't see it would get nothing.
    """
    if not getattr(figure, "alt_text", ""):
        raise PlotError(f"plotting: give the figure an alt_text before showing it, got {figure!r}")
    from IPython.display import display  # only notebooks need it

    display(figure)


def canvas(width: float, height: float, title: str, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure in the house's style: (figure, its axes from top to bottom)."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = list(figure.subplots(rows, 1, squeeze=False)[:, 0])
    if title:
        axes[0].set_title(clean(title), color=GREY, parse_math=False)
    return figure, axes


def legend(axes: Axes, names: Sequence[str], colours: Sequence[str], lines: Sequence[Any] = ()) -> None:
    """A legend beside the axes; the names stay literal, whatever signs they hold."""
    if not names:
        return
    handles: list[Artist] = [Patch(color=colours[i % len(colours)]) for i in range(len(names))]
    if lines:
        pairs = [(colours[i % len(colours)], lines[i % len(lines)]) for i in range(len(names))]
        handles = [Line2D([], [], color=colour, linestyle=line) for colour, line in pairs]
    with matplotlib.rc_context(_STYLE):
        # Names are put in afterwards: matplotlib hides labels that begin with "_".
        legend = axes.legend(handles, [" "] * len(handles), loc="upper left", bbox_to_anchor=(1.0, 1.0))
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(name)


def colour_bar(figure: Figure, picture: AxesImage, axes: Sequence[Axes], label: str) -> None:
    with matplotlib.rc_context(_STYLE):
        figure.colorbar(picture, ax=list(axes), label=label)


def series_of(values: Mapping[str, Sequence[float]]) -> dict[str, np.ndarray]:
    """Every entry as a float array, shape (n,); PlotError where there is nothing to draw."""
    series = {name: np.asarray(row, dtype=np.float64) for name, row in values.items()}
    if not series:
        raise PlotError("plotting: nothing to draw: the mapping is empty")
    for name, row in series.items():
        if row.ndim != 1 or not len(row):
            raise PlotError(f"plotting: expected one-dimensional values, got shape {row.shape} for {name!r}")
    return series


def clean(name: str, length: int = 40) -> str:
    """A name from a file on one line, printable, at most `length` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(name)).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def count(n: int, thing: str) -> str:
    """1 note, 2 notes."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def of(title: str) -> str:
    return f" of {clean(title)}" if title else ""
