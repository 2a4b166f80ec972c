"""The recommender: what is playing, what is like it, and a list that ranks anew with every like.

Comes in: a Score and an index. Goes out: a widget; `recommender.hits` is the list that stands now, and
`recommender.shelf.liked` and `.disliked` the keys that were rated.

>>> from musicgan_edu.widgets import recommender
>>> recommender.Recommender(score)  # doctest: +SKIP
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from musicgan_edu import recommendation
from musicgan_edu.recommendation import Hit, Index
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin, front_end, player

__all__ = ["Recommender", "Shelf"]


class Shelf(anywidget.AnyWidget):
    """The list: what is rated and chosen here, Python ranks and reads.

    Traits
    ------
    asking : the title of the piece that the list is for. heard : the key of what the player holds, "" for that piece.
    hits, rated : rows of key, title, label and, of hits, likeness and why; text, never HTML.
    liked, disliked : keys. kind : what is compared; kinds : what can be.
    chosen : the key to play. ask : how often "like what plays now" was pressed.
    status, wrong : what there is to say, and whether it is an error.
    """

    _esm = front_end("recommender.js")
    _css = front_end("panel.css", "recommender.css")

    asking = traitlets.Unicode("").tag(sync=True)
    heard = traitlets.Unicode("").tag(sync=True)
    hits: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rated: traitlets.List[Any] = traitlets.List().tag(sync=True)
    liked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    disliked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    kind = traitlets.Unicode("both").tag(sync=True)
    kinds = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    ask = traitlets.Int(0).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)


class Recommender(Twin, ipywidgets.VBox):
    """A list and a player, for music21's corpus or for an index of your own.

    Parameters
    ----------
    piece : what to begin with. key : its own, if it is in the index: then it isn't in its list.
    index : where to look; the shipped one unless given.
    features : from the Scores of a piece to its features, as the index has them.
    music : from a key of the index to the Scores of its piece.
    """

    def __init__(
        self,
        piece: Score,
        index: Index | None = None,
        *,
        key: str = "",
        features: Callable[[list[Score]], dict[str, np.ndarray]] = recommendation.features,
        music: Callable[[str], list[Score]] = recommendation.music,
        kind: str = "both",
        count: int = 8,
    ) -> None:
        self.index = recommendation.shipped() if index is None else index
        self._features, self._music, self.count = features, music, count
        self._query: dict[str, np.ndarray] | str = key if key else features([piece])
        self.hits: list[Hit] = []
        self.player = player.Player(piece)
        kinds = [
            name for name, blocks in recommendation.KINDS.items() if set(blocks) <= set(self.index.scales)
        ]
        title = piece.title or piece.source or "your piece"
        self.shelf = Shelf(asking=title, kinds=kinds, kind=kind if kind in kinds else kinds[0], heard=key)
        self._rank()
        self.shelf.observe(self._changed, ["liked", "disliked", "kind", "chosen", "ask"])
        super().__init__([self.shelf, self.player])

    @property
    def warning(self) -> str:
        """What there is to say of a piece that is like nothing here."""
        return "" if isinstance(self._query, str) else self.index.warning(self._query)

    def _changed(self, change: Any) -> None:
        """Something in the list changed, in the page or from Python."""
        try:
            if change.name == "chosen":
                self._play()
                return
            if change.name == "ask":
                self._ask()
            self._rank()
        except MusicganError as error:
            self.shelf.wrong, self.shelf.status = True, str(error)

    def _play(self) -> None:
        key = self.shelf.chosen
        if not key:
            return
        self.shelf.status = "reading …"
        try:
            score = max(self._music(key), key=lambda part: part.end)
        finally:
            self.shelf.chosen = ""  # so that the same piece can be chosen again
        self.player.playing = False
        self.player.score, self.shelf.heard = score, key
        self.player.position, self.player.playing = 0.0, True
        self.shelf.wrong, self.shelf.status = False, f"playing {score.title}"

    def _ask(self) -> None:
        """What plays now becomes the piece that the list is for; ratings belong to a wish, and go."""
        score = self.player.score
        self._query = self.shelf.heard or self._features([score])
        with self.shelf.hold_trait_notifications():
            self.shelf.asking = score.title or score.source or "your piece"
            self.shelf.liked, self.shelf.disliked = [], []

    def _rank(self) -> None:
        shelf = self.shelf
        liked, disliked = list(shelf.liked), list(shelf.disliked)
        self.hits = self.index.query(
            self._query, count=self.count, kind=shelf.kind, liked=liked, disliked=disliked
        )
        shelf.hits = [
            _row(hit) | {"likeness": f"{hit.likeness:+.2f}", "why": "; ".join(hit.reasons)}
            for hit in self.hits
        ]
        shelf.rated = [self._about(key) for key in (*liked, *disliked)]
        shelf.wrong, shelf.status = False, self.warning

    def _about(self, key: str) -> dict[str, str]:
        row = self.index.keys.index(key)
        return {"key": key, "title": self.index.titles[row], "label": self.index.labels[row]}

    def twin(self) -> dict[str, str]:
        """The list as a table, above the piece as picture and sound."""
        static = player.Player(self.player.score).twin()
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("likeness", "piece", "collection", "both have")
        )
        rows = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in self._cells(hit))}</tr>"
            for hit in self.hits
        )
        caption = f"Most like {html.escape(self.shelf.asking)}, of {len(self.index)} pieces"
        table = f"<table><caption>{'. '.join(filter(None, (caption, self.warning)))}</caption><tr>{head}</tr>{rows}</table>"
        lines = "\n".join("  ".join(self._cells(hit)) for hit in self.hits)
        return {
            "text/html": table + static["text/html"],
            "text/plain": f"Most like {self.shelf.asking}:\n{lines}\n{self.warning}\n{static['text/plain']}",
            "image/png": static["image/png"],
        }

    @staticmethod
    def _cells(hit: Hit) -> tuple[str, ...]:
        return f"{hit.likeness:+.2f}", hit.title, hit.label, "; ".join(hit.reasons)


def _row(hit: Hit) -> dict[str, str]:
    return {"key": hit.key, "title": hit.title, "label": hit.label}
