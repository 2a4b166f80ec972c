"""A slider that says its name to a screen reader, which ipywidgets' own doesn't.

Comes in: a name, a range. Goes out: a widget whose `value` may be observed and assigned. What it moves
stands beside it, so in an exported page it needs no twin of its own.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from musicgan_edu.widgets import front_end

__all__ = ["Slider"]


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
