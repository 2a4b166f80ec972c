"""Real or machine? A blind listening test in the notebook.

Comes in: real and fake windows. Goes out: a widget that plays a balanced random series of clips and
asks one question; after the last answer the score with its interval and what guessing would give;
a line in the learner's results file (`evaluation.listeners`). The truth stays in Python until then:
no trait and no element of the page holds it.

>>> from musicgan_edu.widgets import blind_test
>>> blind_test.BlindTest(real, fake)  # doctest: +SKIP
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from musicgan_edu import evaluation, playback
from musicgan_edu.evaluation import Clip, Outcome, Trial, listeners
from musicgan_edu.score import NOTE, Score
from musicgan_edu.widgets import Twin, front_end
from musicgan_edu.widgets.player import Instruments

__all__ = ["BlindTest"]

_WORDS = {"real": True, "machine": False}


class BlindTest(Twin, anywidget.AnyWidget):
    """A series of clips, *real* or *machine* to each, the score at the end.

    Parameters
    ----------
    real, fake : windows, as `evaluation.series` takes them.
    n : clips in a series, even.
    seed : None for another series every time.
    model : the machine's name, for the results file.
    keep : whether to write the results file.

    Traits
    ------
    number : the clip that is asked about, from 1 on.
    notes : its notes; `tracks`, `tempo` are the same for all clips.
    said : [number, "real" or "machine"], set by the page.
    wish : [count, "again"] for another series, or [count, i] to hear clip i once more after the end.
    report : empty until the last answer, then what there is to know.
    """

    _esm = front_end("blind_test.js")
    _css = front_end("blind_test.css")

    notes = traitlets.Bytes().tag(sync=True, from_json=lambda value, widget: bytes(value))
    tracks: traitlets.List[Any] = traitlets.List().tag(sync=True)
    tempo = traitlets.Float(72.0).tag(sync=True)
    beats = traitlets.Float(8.0).tag(sync=True)
    n_clips = traitlets.Int().tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    said: traitlets.List[Any] = traitlets.List().tag(sync=True)
    wish: traitlets.List[Any] = traitlets.List().tag(sync=True)
    report = traitlets.Dict().tag(sync=True)
    bank = traitlets.Instance(Instruments).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self,
        real: Sequence[Score],
        fake: Sequence[Score],
        *,
        n: int = 10,
        seed: int | None = None,
        model: str = "",
        keep: bool = True,
    ) -> None:
        self._real, self._fake, self._model, self._keep = real, fake, model, keep
        self._trials: list[Trial] = []
        self._clips = evaluation.series(real, fake, n=n, seed=seed)
        super().__init__(bank=Instruments.shared(), n_clips=n, **_state(self._clips[0].score))

    @property
    def outcome(self) -> Outcome | None:
        """What the answers say; None before the last one."""
        return evaluation.outcome(self._trials) if len(self._trials) == self.n_clips else None

    def answer(self, word: str) -> None:
        """Say "real" or "machine" to the present clip, as the page's buttons do."""
        self.said = [self.number, word]

    @traitlets.observe("said")
    def _answered(self, change: Any) -> None:
        """Count an answer to the present clip; one that comes late or twice changes nothing."""
        number, word = (*change.new, None, None)[:2]
        if self.report or number != self.number or word not in _WORDS:
            return
        clip = self._clips[number - 1]
        self._trials.append(Trial(clip.name, clip.is_real, _WORDS[word]))
        if number < self.n_clips:
            self._show(self._clips[number].score, number=number + 1)
        else:
            self.report = self._report()

    @traitlets.observe("wish")
    def _wished(self, change: Any) -> None:
        if not self.report or len(change.new) != 2:
            return
        what = change.new[1]
        if what == "again":
            self._trials = []
            self._clips = evaluation.series(self._real, self._fake, n=self.n_clips)
            self._show(self._clips[0].score, number=1, report={})
        elif isinstance(what, int) and 0 <= what < self.n_clips:
            self._show(self._clips[what].score)

    def _show(self, score: Score, **state: Any) -> None:
        with self.hold_sync():
            for name, value in (_state(score) | state).items():
                setattr(self, name, value)

    def _report(self) -> dict[str, Any]:
        """The outcome in words, each clip's truth, and the results file if it could be written."""
        outcome = self.outcome
        assert outcome is not None
        found = zip(self._clips, self._trials, strict=True)
        clips = [{"real": c.is_real, "said": t.said_real, "title": c.title} for c, t in found]
        kept, results = "", ""
        if self._keep:
            try:
                path = listeners.record(self._trials, model=self._model)
                kept, results = f"Kept in {path.name}, without names.", path.read_text(encoding="utf-8")
            except OSError as error:
                kept = f"The results file can't be written: {error}"
        return {"lines": _lines(outcome), "clips": clips, "kept": kept, "results": results}

    def twin(self) -> dict[str, str]:
        """The series to listen to, as silent about the truth."""
        told = _lines(self.outcome) if self.outcome else []
        items = "".join(f"<li>{_audio(clip, i)}</li>" for i, clip in enumerate(self._clips, start=1))
        note = f"Blind test: {self.n_clips} clips, each by Bach or by a machine. Which is which?"
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in told)
        return {
            "text/plain": " ".join([note, *told]),
            "text/html": f"<p>{note}</p><ol>{items}</ol>{lines}",
        }


def _state(score: Score) -> dict[str, Any]:
    """The traits of a clip; notes travel as rows of five float64."""
    columns = [score.notes[name].astype(np.float64) for name in NOTE.names or ()]
    tracks = [{"name": "", "program": track.program, "is_drum": track.is_drum} for track in score.tracks]
    beats = 2 * score.beats_per_bar
    return {
        "notes": np.stack(columns, axis=1).tobytes(),
        "tracks": tracks,
        "tempo": score.tempo,
        "beats": beats,
    }


def _lines(outcome: Outcome) -> list[str]:
    low, high = outcome.interval
    lines = [
        f"{outcome.right} of {outcome.n} right.",
        f"95 % interval of your share: {low:.0%} to {high:.0%}.",
        f"Guessing gets as many right, or more, in {outcome.chance:.0%} of such tests.",
    ]
    heard = "That's rarer than 1 in 40: you heard a difference."
    wrong = "So few right are rarer than 1 in 40: you heard a difference, and took it for the other."
    coin = "Not rare enough: this series can't tell your ear from a coin."
    return [*lines, heard if outcome.chance < 1 / 40 else wrong if outcome.mischance < 1 / 40 else coin]


def _audio(clip: Clip, number: int) -> str:
    sound = base64.b64encode(playback.to_mp3(clip.score)).decode("ascii")
    return f'<audio controls preload="metadata" aria-label="Clip {number}" src="data:audio/mpeg;base64,{sound}"></audio>'
