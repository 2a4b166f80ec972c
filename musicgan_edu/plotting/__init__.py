"""Every figure of the course, readable on light and dark pages, by colour-blind eyes and by ear.

Comes in: Scores, arrays and mappings of numbers. Goes out: `Figure`, a matplotlib figure with
`alt_text`, a description computed from the very data that it draws.

Conventions
-----------
A figure shows itself, with its alt text, as the last line of a cell; anywhere else in a cell say
`plotting.show(figure)`. pyplot is never used, so nothing stays open and nothing is shown twice.
Colours are Okabe and Ito's; the picture is transparent and the text a grey that stands out alike
from white and from black, which the page puts behind it. Names that come from files are drawn as they are: `$` starts no
formula.

References
----------
Okabe, Ito (2008): Color Universal Design.
"""

from musicgan_edu.plotting.charts import histograms, intervals, losses, progress
from musicgan_edu.plotting.figure import COLOURS, GREY, Figure, PlotError, show
from musicgan_edu.plotting.marks import marked_roll
from musicgan_edu.plotting.pictures import piano_roll, pitch_name, spectrograms, tensor
from musicgan_edu.plotting.planes import paths, plane
from musicgan_edu.plotting.report import report

__all__ = [
    "COLOURS",
    "GREY",
    "Figure",
    "PlotError",
    "histograms",
    "intervals",
    "losses",
    "marked_roll",
    "paths",
    "piano_roll",
    "pitch_name",
    "plane",
    "progress",
    "report",
    "show",
    "spectrograms",
    "tensor",
]
