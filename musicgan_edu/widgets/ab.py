"""Before and after: versions of one piece, and a switch that keeps the place while it sounds.

Comes in: Scores by name; or a piece and a style. Goes out: a widget, one player for all of them. Whoever
switches hears the same moment of the other version, without a gap to forget the first one in.

>>> from musicgan_edu.widgets import ab
>>> ab.AB({"A: before": dirty, "B: after": clean})  # doctest: +SKIP
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets

from musicgan_edu import style
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Slider

__all__ = ["AB", "Restyling"]


class AB(Twin, ipywidgets.VBox):
    """A row of buttons, one a version, above a player.

    Parameters
    ----------
    versions : name → Score, in the order of the buttons. Assign `versions` to change the music under the
        same names, even while it sounds.

    Attributes
    ----------
    switch : the buttons (ipywidgets); player : the player.

    Raises
    ------
    MusicganError : fewer than two versions, or other names than before.
    """

    def __init__(self, versions: Mapping[str, Score]) -> None:
        if len(versions) < 2:
            raise MusicganError(f"widgets: an A–B switch needs two versions or more, got {len(versions)}")
        self._versions = dict(versions)
        self.switch = ipywidgets.ToggleButtons(options=list(versions), style={"button_width": "auto"})
        self.player = Player(self._heard(), label=self.switch.value)
        self.switch.observe(self._follow, "value")
        super().__init__([self.switch, self.player])

    @property
    def versions(self) -> dict[str, Score]:
        """The versions by name."""
        return dict(self._versions)

    @versions.setter
    def versions(self, versions: Mapping[str, Score]) -> None:
        if list(versions) != list(self._versions):
            raise MusicganError(f"widgets: expected {list(self._versions)}, got {list(versions)}")
        self._versions = dict(versions)
        self._follow()

    def _heard(self) -> Score:
        return self._versions[self.switch.value]

    def _follow(self, change: Any = None) -> None:
        """What the player plays: its tempo and its head stay where the listener has put them."""
        tempo = self.player.tempo
        with self.player.hold_sync():
            self.player.score = self._heard()
            self.player.tempo, self.player.title = tempo, self.switch.value

    def twin(self) -> dict[str, str]:
        """All versions one below the other, since nothing switches in an exported page."""
        shown = [Player(score, label=name).twin() for name, score in self._versions.items()]
        plain = " ".join(one["text/plain"] for one in shown)
        page = "<br>".join(one["text/html"] for one in shown)
        return {"text/plain": plain, "text/html": page, "image/png": shown[-1]["image/png"]}


class Restyling(Twin, ipywidgets.VBox):
    """A → B → A: a piece, the piece in another style, and back again, with a slider for the strength.

    Parameters
    ----------
    piece : in 4/4; or a tune in one voice. to : one of `style.STYLES`; for a tune one of `style.TUNES`.
    editors : those that ship, unless given.

    Attributes
    ----------
    slider, ab : the parts; `made` : the `style.Restyled` that stands.

    Raises
    ------
    StyleError : as `style.restyle`.
    """

    def __init__(self, piece: Score, to: str = "palestrina", *, editors: style.Editors | None = None) -> None:
        self._piece, self._to, self._editors = piece, to, editors
        self.slider = Slider("Strength", 1.0, max=style.MAX_STRENGTH)
        self.made = self._restyled()
        self.said = ipywidgets.HTML()
        self.ab = AB(self._versions())
        self._say()
        self.slider.observe(self._changed, "value")
        super().__init__([self.slider, self.ab, self.said])

    def _restyled(self) -> style.Restyled:
        return style.restyle(self._piece, self._to, strength=self.slider.value, editors=self._editors)

    def _versions(self) -> dict[str, Score]:
        names = ("A", f"B: {self._to}", "A again")
        return dict(zip(names, (self.made.before, self.made.score, self.made.again), strict=True))

    def _changed(self, change: Any) -> None:
        self.made = self._restyled()
        self.ab.versions = self._versions()
        self._say()

    def _say(self) -> None:
        self.said.value = "<br>".join(html.escape(change) for change in self.made.changes)

    def twin(self) -> dict[str, str]:
        """The three versions at the strength that stands."""
        return self.ab.twin()
