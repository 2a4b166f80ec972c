"""The mixer: two pieces, a cut, and one player for both and for what becomes of them.

Comes in: two Scores. Goes out: a widget; `mixer.mixed.score` is what stands now, `mixer.mixed.changes`
what was converted for it.

>>> from musicgan_edu.widgets import mixer
>>> table = mixer.Mixer(mine, bach)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from musicgan_edu import sampling
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin, front_end, player

__all__ = ["Mixer", "Table"]


class Table(anywidget.AnyWidget):
    """The controls: what is set here, Python mixes.

    Traits
    ------
    how : splice, join, layer or crossfade. keep, start : bars of the splice, from 1. fade : bars.
    of_a, of_b : tracks to layer, from 0. transpose, rebar : as `sampling.fit`'s key and rebar.
    hear : "a", "b" or "mix". smooth : how often the smoothest cut was asked for.
    titles, tracks_a, tracks_b, report : text, never HTML. wrong : the report is an error.
    """

    _esm = front_end("mixer.js")
    _css = front_end("panel.css")

    titles = traitlets.List(traitlets.Unicode()).tag(sync=True)
    n_bars = traitlets.List(traitlets.Int()).tag(sync=True)
    tracks_a = traitlets.List(traitlets.Unicode()).tag(sync=True)
    tracks_b = traitlets.List(traitlets.Unicode()).tag(sync=True)
    how = traitlets.Enum(["splice", "join", "layer", "crossfade"], "splice").tag(sync=True)
    keep = traitlets.Int(1, min=1).tag(sync=True)
    start = traitlets.Int(1, min=1).tag(sync=True)
    fade = traitlets.Int(1, min=1).tag(sync=True)
    of_a = traitlets.List(traitlets.Int()).tag(sync=True)
    of_b = traitlets.List(traitlets.Int()).tag(sync=True)
    transpose = traitlets.Bool(True).tag(sync=True)
    rebar = traitlets.Bool(False).tag(sync=True)
    hear = traitlets.Enum(["a", "b", "mix"], "mix").tag(sync=True)
    smooth = traitlets.Int(0).tag(sync=True)
    report = traitlets.Unicode("").tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)


class Mixer(Twin, ipywidgets.VBox):
    """A table and a player. The cut begins where the voices leap least."""

    def __init__(self, a: Score, b: Score) -> None:
        self.a, self.b = a, b
        self.mixed = sampling.Mixed(a)
        half = len(a.tracks) // 2
        self.table = Table(
            titles=[score.title or score.source or name for name, score in (("A", a), ("B", b))],
            n_bars=[a.n_bars, b.n_bars],
            tracks_a=[track.name for track in a.tracks],
            tracks_b=[track.name for track in b.tracks],
            of_a=list(range(max(half, 1))),
            of_b=list(range(min(half, len(b.tracks) - 1), len(b.tracks))),
        )
        self.player = player.Player(a)
        self._smooth()
        self._mix()
        self.table.observe(self._changed)
        super().__init__([self.table, self.player])

    def _changed(self, change: Any) -> None:
        """Something on the table changed, in the page or from Python."""
        if change.name == "smooth":
            self._smooth()  # and the new cut mixes
        if change.name in (
            "how",
            "keep",
            "start",
            "fade",
            "of_a",
            "of_b",
            "transpose",
            "rebar",
            "hear",
            "smooth",
        ):
            self._mix()

    def _smooth(self) -> None:
        table = self.table
        try:
            fitted = sampling.fit(self.b, self.a, key=table.transpose, rebar=table.rebar).score
            seam = sampling.smoothest(self.a, fitted)
        except MusicganError:
            return  # the mix will say why
        table.set_trait("keep", seam.keep)
        table.set_trait("start", seam.start)

    def _mix(self) -> None:
        table = self.table
        try:
            self.mixed = self._result()
            table.wrong, table.report = False, "\n".join(self.mixed.changes)
        except MusicganError as error:
            table.wrong, table.report = True, str(error)
        heard = {"a": self.a, "b": self.b, "mix": self.mixed.score}[table.hear]
        if heard != self.player.score:
            self.player.score = heard

    def _result(self) -> sampling.Mixed:
        table = self.table
        fitting = {"key": table.transpose, "rebar": table.rebar}
        if table.how == "splice":
            return sampling.splice(self.a, self.b, keep=table.keep, start=table.start, **fitting)
        if table.how == "layer":
            return sampling.layer(self.a, self.b, of_a=table.of_a, of_b=table.of_b, **fitting)
        if table.how == "crossfade":
            return sampling.crossfade(self.a, self.b, n_bars=table.fade, **fitting)
        return sampling.join(self.a, self.b, **fitting)

    def twin(self) -> dict[str, str]:
        """The mix as picture and sound."""
        return player.Player(self.mixed.score).twin()
