"""The corruption bench: damage some bars, watch a judge's verdict of every step follow, hear it.

Comes in: a Score from a barline on, and a judge: Scores to logits, (B, T). Goes out: a widget with the
kind of damage and its strength, a player, and below it a strip with the verdicts and a cell for each
voice and step, whose notes move by keyboard and mouse. Lesson 05.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from musicgan_edu import evaluation, plotting
from musicgan_edu.evaluation import corruption
from musicgan_edu.score import Score
from musicgan_edu.widgets import Twin, front_end
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Slider

__all__ = ["Bench", "Strip"]

Judge = Callable[[list[Score]], np.ndarray]


class Strip(anywidget.AnyWidget):
    """Verdicts over time and the cells of the voices; says which note somebody wants to move.

    Traits
    ------
    before, now : logits of the original and of what stands now, T floats each.
    pitches_before, pitches : what sounds, V lists of T MIDI numbers, −1 for silence.
    voices : their names; text, never HTML.
    cell : [voice, step] of the cursor.
    asked : [voice, step, semitones, count]; the page's wish, counted so that it can be repeated.
    """

    _esm = front_end("corruption.js")
    _css = front_end("corruption.css")

    before: traitlets.List[Any] = traitlets.List().tag(sync=True)
    now: traitlets.List[Any] = traitlets.List().tag(sync=True)
    pitches_before: traitlets.List[Any] = traitlets.List().tag(sync=True)
    pitches: traitlets.List[Any] = traitlets.List().tag(sync=True)
    voices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    steps_per_beat = traitlets.Int(4).tag(sync=True)
    steps_per_bar = traitlets.Int(16).tag(sync=True)
    cell: traitlets.List[Any] = traitlets.List([0, 0]).tag(sync=True)
    asked: traitlets.List[Any] = traitlets.List().tag(sync=True)


class Bench(Twin, ipywidgets.VBox):
    """Two bars on the bench: `score` is what stands there now, `original` what came in.

    Parameters
    ----------
    score : single voices from a barline on.
    judge : a list of Scores to their logits for each step, (B, T).
    """

    def __init__(self, score: Score, judge: Judge) -> None:
        self.original, self._judge, self._draw = score, judge, 0
        self.kind = ipywidgets.Dropdown(options=["as it was", *corruption.CORRUPTIONS], description="Damage")
        self.strength = Slider("Strength", 0.5, min=0.05, step=0.05, decimals=2)
        self.again = ipywidgets.Button(description="Elsewhere", icon="refresh", disabled=True)
        self.again.tooltip = "The same damage in another place"
        self.verdict = ipywidgets.Label()
        self.player, self.strip = Player(score), Strip()
        self._put(score, first=True)
        self.kind.observe(lambda change: self.damage(), "value")
        self.strength.observe(lambda change: self.damage(), "value")
        self.again.on_click(lambda button: self.damage(elsewhere=True))
        self.strip.observe(lambda change: self._nudge(*change["new"][:3]), "asked")
        wrap = ipywidgets.Layout(flex_flow="row wrap")
        controls = ipywidgets.HBox([self.kind, self.strength, self.again, self.verdict], layout=wrap)
        super().__init__([controls, self.player, self.strip])

    @property
    def score(self) -> Score:
        """What stands on the bench now."""
        return self._score

    def damage(self, *, elsewhere: bool = False) -> None:
        """Damage the original as the controls say; `elsewhere` draws another place for it."""
        self._draw += elsewhere
        self.again.disabled = self.kind.value not in corruption.CORRUPTIONS
        if self.again.disabled:
            return self._put(self.original)
        rng = np.random.default_rng(self._draw)
        try:
            return self._put(
                corruption.damage(self.original, self.kind.value, rng, strength=self.strength.value)
            )
        except evaluation.EvaluationError as problem:  # say, one bar twice, shuffled
            self._put(self.original)
            self.verdict.value = str(problem)

    def _nudge(self, voice: int, step: int, semitones: int) -> None:
        beat = step / self.strip.steps_per_beat
        self._put(corruption.nudge(self._score, int(voice), beat, semitones=int(semitones)))

    def _put(self, score: Score, *, first: bool = False) -> None:
        """Show, play and judge a Score."""
        self._score, self.player.score = score, score
        logits, pitches = np.asarray(self._judge([score]))[0], _pitches(score)
        with self.strip.hold_sync():
            if first:
                self.strip.before, self.strip.pitches_before = logits.tolist(), pitches
                self.strip.voices = [track.name for track in score.tracks]
                self.strip.steps_per_beat = round(len(logits) / (score.n_bars * score.beats_per_bar))
                self.strip.steps_per_bar = round(self.strip.steps_per_beat * score.beats_per_bar)
            self.strip.now, self.strip.pitches = logits.tolist(), pitches
        was = np.mean(self.strip.before)
        self.verdict.value = f"Verdict {logits.mean():+.2f} (original {was:+.2f}; above 0: real)"

    def twin(self) -> dict[str, str]:
        """The verdicts as a chart, the music as picture and sound."""
        curves = {"original": self.strip.before, "as it stands": self.strip.now}
        chart = plotting.losses(
            curves, steps=range(len(self.strip.now)), xlabel="step", ylabel="logit (above 0: real)"
        )
        music = self.player.twin()
        data = chart.twin()
        data["text/plain"] += f" {music['text/plain']}"
        data["text/html"] += f"<br>{music['text/html']}"
        return data


def _pitches(score: Score) -> list[list[int]]:
    """What sounds, voice by voice and step by step; −1 for silence."""
    grid = evaluation.voices([score], n_bars=score.n_bars)
    pitches: list[list[int]] = grid.pitch[0].T.tolist()
    return pitches
