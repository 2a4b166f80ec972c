"""A slider that says its name to a screen reader, which ipywidgets' own doesn't.

Comes in: a name, a range. Goes out: a widget whose `value` may be observed and assigned. What it moves
stands beside it, in a `Column`: an exported page shows both as they stood.
"""

from __future__ import annotations

import html
from typing import Any

import anywidget
import ipywidgets
import traitlets

from musicgan_edu.widgets import Twin, front_end

__all__ = ["Column", "Slider"]


class Slider(anywidget.AnyWidget):
    """A number from `min` to `max`.

    Traits
    ------
    description : its name; text, never HTML. decimals : of the value that it shows.
    """

    _esm = front_end("slider.js")
    _css = front_end("panel.css")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Float().tag(sync=True)
    min = traitlets.Float(0.0).tag(sync=True)
    max = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.1).tag(sync=True)
    decimals = traitlets.Int(1).tag(sync=True)

    def __init__(self, description: str, value: float, **traits: Any) -> None:
        super().__init__(description=description, value=value, **traits)
        self.layout.width = "360px"

    @traitlets.validate("value")
    def _within(self, proposal: Any) -> float:
        return float(min(max(proposal["value"], self.min), self.max))


class Column(Twin, ipywidgets.VBox):
    """Sliders and what they move (labels, `ipywidgets.HTML`, widgets with a twin), one below the other."""

    def twin(self) -> dict[str, str]:
        """Each child's, one below the other."""
        plain = "; ".join(_said(one) for one in self.children if isinstance(one, Slider))
        return {"text/plain": plain, "text/html": "<br>".join(_twin(one) for one in self.children)}


def _said(slider: Slider) -> str:
    return f"{slider.description}: {slider.value:.{slider.decimals}f}"


def _twin(widget: ipywidgets.Widget) -> str:
    if isinstance(widget, Slider):
        return html.escape(_said(widget))
    if isinstance(widget, ipywidgets.Label):
        return html.escape(widget.value)
    if isinstance(widget, ipywidgets.HTML):
        return str(widget.value)
    return str(widget.twin()["text/html"])
