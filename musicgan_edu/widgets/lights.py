"""The self-test's lights: a line for each part of the machine, coming on one by one.

Comes in: a function that yields lights (`lab.self_test`). Goes out: a widget with a button to test
again. Each light's status is a word and a sign as well as a colour.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from musicgan_edu.widgets import Twin

__all__ = ["Lights"]

_COLOURS = {"ok": "#009E73", "note": "#56B4E9", "problem": "#D55E00"}  # Okabe and Ito's


class Lights(Twin, ipywidgets.VBox):
    """Runs `test` when it's made and whenever its button is pressed."""

    def __init__(self, test: Callable[[], Iterable[Any]]) -> None:
        self._test = test
        self._button = ipywidgets.Button(description="Test again", icon="refresh")
        self._button.on_click(lambda _: self.run())
        super().__init__()
        self.run()

    def twin(self) -> dict[str, str]:
        """Its lines as they stand."""
        lines = [child.value for child in self.children if isinstance(child, ipywidgets.HTML)]
        plain = html.unescape(re.sub(r"<[^>]+>", "", "\n".join(lines)))
        return {"text/plain": plain, "text/html": "<br>".join(lines)}

    def run(self) -> None:
        """Test anew: the old lights go, the new ones come as they are known."""
        self._button.disabled = True
        shown: list[ipywidgets.Widget] = [self._button]
        try:
            for light in self._test():
                shown.append(ipywidgets.HTML(line(light)))
                self.children = shown
        finally:
            self._button.disabled = False


def line(light: Any) -> str:
    """One light as HTML; its text may come from an error message, so it's escaped."""
    sign = {"ok": "●", "note": "ℹ", "problem": "✘"}[light.status]
    return (
        f'<span aria-hidden="true" style="color: {_COLOURS[light.status]}; font-size: 1.3em">{sign}</span> '
        f"<b>{html.escape(light.name)}</b> ({light.status}): {html.escape(light.text)}"
    )
