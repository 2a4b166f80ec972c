"""The gap painter: paint over what shall be composed anew, choose who fills it, hear before and after.

Comes in: a Score. Goes out: a widget; `painter.score` is what stands now, `painter.gap` what is painted,
bool (T, V) on `completion.Table`'s grid. Lesson 12.
"""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from musicgan_edu import completion
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin, front_end
from musicgan_edu.widgets.player import Player

__all__ = ["Painter", "Sheet"]

_MOST_UNDO = 50
_SILENT, _SEVERAL = -1, -2


class Sheet(anywidget.AnyWidget):
    """The voices' cells, with a brush.

    Traits
    ------
    pitches : what sounds, V lists of T MIDI numbers, −1 for silence. filled : V lists of T, 1 where it was composed here.
    gap : V lists of T, 1 where it is painted; the page writes it. voices : names; text, never HTML.
    cell : [voice, step] of the cursor. lead : steps before the first barline.
    """

    _esm = front_end("painter.js")
    _css = front_end("corruption.css")

    pitches: traitlets.List[Any] = traitlets.List().tag(sync=True)
    filled: traitlets.List[Any] = traitlets.List().tag(sync=True)
    gap: traitlets.List[Any] = traitlets.List().tag(sync=True)
    voices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    cell: traitlets.List[Any] = traitlets.List([0, 0]).tag(sync=True)
    lead = traitlets.Int(0).tag(sync=True)
    steps_per_bar = traitlets.Int(16).tag(sync=True)


class Painter(Twin, ipywidgets.VBox):
    """A sheet to paint on, the ways to fill, a player.

    Parameters
    ----------
    score : any piece; what can't be filled (drums, chords) is said when one tries.
    seed : of the first filling; each further one has the next.
    """

    def __init__(self, score: Score, *, seed: int = 1) -> None:
        self.original, self._score, self._seed = score, score, seed
        self._past: list[tuple[Score, list[Any]]] = []
        table = completion.Table(score)
        empty = np.zeros((len(score.tracks), table.n_steps), int).tolist()
        names = [track.name or f"Track {i + 1}" for i, track in enumerate(score.tracks)]
        self.sheet = Sheet(
            pitches=_pitches(score), filled=empty, gap=empty, voices=names, lead=table.lead,
            steps_per_bar=max(1, round(score.beats_per_bar * completion.PER_BEAT)),
        )  # fmt: skip
        ways = list(completion.METHODS)
        self.method = ipywidgets.Dropdown(options=ways, value="drafts", description="Fill with")
        self.fill_button = ipywidgets.Button(
            description="Fill", tooltip="Compose what is painted; again: otherwise"
        )
        self.undo_button = ipywidgets.Button(description="Undo", disabled=True)
        self.clear_button = ipywidgets.Button(description="Clear paint")
        self.hear = ipywidgets.ToggleButtons(options=["after", "before"], description="Hear")
        self.report = ipywidgets.Label("Paint a gap, then fill it.")
        self.player = Player(score)
        self.fill_button.on_click(lambda button: self.fill())
        self.undo_button.on_click(lambda button: self.undo())
        self.clear_button.on_click(lambda button: self.paint(np.zeros_like(self.gap)))
        self.hear.observe(lambda change: self._play(), "value")
        wrap = ipywidgets.Layout(flex_flow="row wrap")
        buttons = [self.method, self.fill_button, self.undo_button, self.clear_button, self.hear]
        super().__init__([ipywidgets.HBox(buttons, layout=wrap), self.report, self.sheet, self.player])

    @property
    def score(self) -> Score:
        """What stands now."""
        return self._score

    @property
    def gap(self) -> np.ndarray:
        """What is painted, bool (T, V)."""
        return np.array(self.sheet.gap, bool).T

    def paint(self, gap: np.ndarray) -> None:
        """Paint this and nothing else: bool (T, V), as from `completion.gap`."""
        self.sheet.gap = np.asarray(gap, int).T.tolist()

    def fill(self) -> None:
        """Compose what is painted, by the chosen method; each time with another seed."""
        gap = self.gap
        try:
            done = completion.complete(self._score, gap, method=self.method.value, seed=self._seed)
        except MusicganError as problem:
            self.report.value = str(problem)
            return
        self._past = [*self._past, (self._score, self.sheet.filled)][-_MOST_UNDO:]
        self._seed += 1
        filled = np.array(self.sheet.filled, int) | gap.T
        said = "; ".join([f"{int(gap.sum())} cells filled by {self.method.value!r}", *done.remarks])
        self._put(done.score, filled.tolist(), said)

    def undo(self) -> None:
        """Take the last filling back."""
        if self._past:
            score, filled = self._past.pop()
            self._put(score, filled, "The last filling is taken back.")

    def _put(self, score: Score, filled: list[Any], said: str) -> None:
        self._score, self.report.value = score, said
        self.undo_button.disabled = not self._past
        with self.sheet.hold_sync():
            self.sheet.pitches, self.sheet.filled = _pitches(score), filled
        if self.hear.value == "before":
            self.hear.value = "after"  # who fills wants to hear it; this plays
        else:
            self._play()

    def _play(self) -> None:
        self.player.score = self._score if self.hear.value == "after" else self.original

    def twin(self) -> dict[str, str]:
        """What stands now, as picture and sound."""
        return Player(self._score).twin()


def _pitches(score: Score) -> list[list[int]]:
    """What sounds at each step of the piece, voice by voice; −1 for silence, −2 for several pitches."""
    table = completion.Table(score)
    pitches = np.full((len(score.tracks), table.n_steps), _SILENT)
    for track, pitch, onset, duration, _ in score.notes.tolist():
        first, stop = (
            round((beat - table.start) * completion.PER_BEAT) for beat in (onset, onset + duration)
        )
        stretch = pitches[track, first : max(stop, first + 1)]
        stretch[:] = np.where(stretch == _SILENT, pitch, _SEVERAL)
    cells: list[list[int]] = pitches.tolist()
    return cells
