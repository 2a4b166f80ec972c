"""The composition assistant: type a melody, get three more voices, keep what you like, re-roll the rest.

Comes in: a melody as a Score or as text (`assistant.typed`). Goes out: a widget; `desk.suggestions` are what
it has found, `desk.chosen` is what stands now.

>>> from musicgan_edu.widgets import assistant
>>> desk = assistant.Assistant("A4 | D5 D5 E5 F#5 | D5 F#5 E5 A4")  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from musicgan_edu import assistant, sampling
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin, front_end, player

__all__ = ["Assistant", "Desk"]


class Desk(anywidget.AnyWidget):
    """The controls: what is asked here, Python answers.

    Traits
    ------
    text : the melody, as `assistant.typed` reads it. asked, rolled : how often a suggestion, a re-roll was asked for.
    listed : what speaks for and against each suggestion, the best first. rank : by what, one of `assistant.RANKINGS`.
    at : the one that is heard, from 0.
    hear : "melody" or "suggestion". voices, n_bars, has_pickup : what can be kept; kept_voices from 1 (the melody,
    voice 0, always is), kept_bars from 1, 0 for the pickup. other : the suggestion to go to; between : how far, 0 to 1.
    report : text, never HTML. wrong : it is an error. busy : drafts are being written.
    """

    _esm = front_end("assistant.js")
    _css = front_end("panel.css")

    text = traitlets.Unicode("").tag(sync=True)
    asked = traitlets.Int(0).tag(sync=True)
    rolled = traitlets.Int(0).tag(sync=True)
    listed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rank = traitlets.Enum(assistant.RANKINGS, assistant.RANKINGS[0]).tag(sync=True)
    at = traitlets.Int(0, min=0).tag(sync=True)
    hear = traitlets.Enum(["melody", "suggestion"], "suggestion").tag(sync=True)
    voices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    n_bars = traitlets.Int(0).tag(sync=True)
    has_pickup = traitlets.Bool(False).tag(sync=True)
    kept_voices = traitlets.List(traitlets.Int()).tag(sync=True)
    kept_bars = traitlets.List(traitlets.Int()).tag(sync=True)
    other = traitlets.Int(0, min=0).tag(sync=True)
    between = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    report = traitlets.Unicode("").tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)


class Assistant(Twin, ipywidgets.VBox):
    """A desk and a player. The first suggestions are made when it is made.

    Parameters
    ----------
    melody : a Score, or text. n : suggestions at a time. n_drafts : for each. seed : of the first; each roll takes the next.
    """

    def __init__(
        self, melody: Score | str, *, checkpoint: str | Path | sampling.Sampler = "chorales",
        n: int = 3, n_drafts: int = 32, seed: int = 0,
    ) -> None:  # fmt: skip
        self._sampler = checkpoint if isinstance(checkpoint, sampling.Sampler) else sampling.load(checkpoint)
        self._how: dict[str, Any] = {"checkpoint": self._sampler, "n_drafts": n_drafts}
        self._n, self._seed = n, seed
        self.suggestions: list[assistant.Suggestion] = []
        self.chosen: assistant.Suggestion | None = None
        self.melody = assistant.typed(melody) if isinstance(melody, str) else melody
        text = (
            melody
            if isinstance(melody, str)
            else assistant.spelled(assistant.prepare(melody, self._sampler.encoding).score)
        )
        self.desk = Desk(text=text, voices=[track.name for track in self._sampler.encoding.tracks])
        self.player = player.Player(self.melody)
        self._answer("asked")
        self.desk.observe(self._changed)
        super().__init__([self.desk, self.player])

    def _changed(self, change: Any) -> None:
        """Something on the desk changed, in the page or from Python."""
        if change.name in ("asked", "rolled", "rank", "at", "between", "hear"):
            self._answer(change.name)

    def _answer(self, name: str) -> None:
        desk = self.desk
        desk.busy = True
        try:
            {
                "asked": self._suggest,
                "rolled": self._roll,
                "rank": self._rank,
                "at": self._choose,
                "between": self._interpolate,
            }.get(name, int)()
            desk.wrong = False
        except MusicganError as error:
            desk.wrong, desk.report = True, str(error)
        finally:
            desk.busy = False
        self._show()

    def _suggest(self) -> None:
        """Of the melody that is typed; one that was given as a Score keeps its tempo."""
        melody = assistant.typed(
            self.desk.text, beats_per_bar=self.melody.beats_per_bar, tempo=self.melody.tempo
        )
        found = assistant.harmonise(melody, n=self._n, seed=self._next(), **self._how)
        self.melody = found[0].melody.score
        self.desk.n_bars, self.desk.has_pickup = found[0].score.n_bars, bool(self.melody.pickup)
        self.desk.kept_bars = []
        self._list(found, found[0].melody.changes)

    def _roll(self) -> None:
        if self.chosen is None:
            raise assistant.AssistantError("harmonise: nothing to keep yet: ask for suggestions first")
        kept: dict[str, Any] = {"voices": self.desk.kept_voices, "bars": self.desk.kept_bars}
        found = assistant.reroll(self.chosen, n=self._n, seed=self._next(), **kept, **self._how)
        self._list(found, (f"kept: {self._said(kept)}",))

    def _rank(self) -> None:
        if self.suggestions:
            self._list(self.suggestions, ())

    def _said(self, kept: dict[str, list[int]]) -> str:
        names = [self.desk.voices[voice] for voice in kept["voices"]] + [f"bar {bar}" for bar in kept["bars"]]
        return ", ".join(names) or "the melody alone"

    def _choose(self) -> None:
        if self.desk.at >= len(self.suggestions):
            raise assistant.AssistantError(
                f"harmonise: no suggestion {self.desk.at + 1} among {len(self.suggestions)}"
            )
        self.chosen = self.suggestions[self.desk.at]
        self.desk.set_trait("between", 0.0)

    def _interpolate(self) -> None:
        if not self.desk.between or self.desk.other >= len(self.suggestions) or not self.suggestions:
            return self._choose() if self.suggestions and not self.desk.between else None
        a, b = self.suggestions[self.desk.at], self.suggestions[self.desk.other]
        self.chosen = assistant.interpolate(a, b, self.desk.between, seed=self._seed, **self._how)
        self.desk.report = (
            f"{self.desk.between:.0%} of the way from {self.desk.at + 1} to {self.desk.other + 1}: "
            + "; ".join(self.chosen.reasons)
        )
        return None

    def _next(self) -> int:
        self._seed += 1
        return self._seed

    def _list(self, found: list[assistant.Suggestion], said: tuple[str, ...]) -> None:
        found = assistant.ranked(found, self.desk.rank)
        self.suggestions, self.chosen = found, found[0]
        with self.desk.hold_trait_notifications():
            self.desk.listed = [one.told(self.desk.rank) for one in found]
            self.desk.at, self.desk.other, self.desk.between = 0, min(1, len(found) - 1), 0.0
            self.desk.report = "\n".join(said)

    def _show(self) -> None:
        desk, heard, title = self.desk, self.melody, "The melody"
        if desk.hear != "melody" and self.chosen is not None:
            heard, title = self.chosen.score, f"Suggestion {desk.at + 1}"
            title += f", on the way to {desk.other + 1}" if desk.between else ""
        if heard != self.player.score:
            self.player.score = heard
        self.player.title = title

    def twin(self) -> dict[str, str]:
        """What is chosen, as picture and sound."""
        return player.Player(self.melody if self.chosen is None else self.chosen.score).twin()
