"""The failure clinic: a curve and a clip, and the question what went wrong.

Comes in: `Case`s, each with a figure, music, its cause and why every other cause is wrong. Goes out: a
widget of standard controls (a choice, two buttons, the player), all of them reached by keyboard; and
for an exported page every case with its answer folded away. Lesson 08.

>>> from musicgan_edu.widgets import clinic
>>> clinic.Clinic(cases)  # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets

from musicgan_edu import plotting
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin
from musicgan_edu.widgets.player import Player

__all__ = ["Case", "Clinic", "ClinicError"]


class ClinicError(MusicganError):
    """A case that can't be asked."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One patient.

    figure : its curves. clip : what it plays. cause : the right answer. because : an explanation for every
    possible answer, the right one included, in the order in which they are offered.
    """

    figure: plotting.Figure
    clip: Score
    cause: str
    because: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.cause not in self.because:
            raise ClinicError(f"clinic: the cause {self.cause!r} is none of the answers {list(self.because)}")

    def answer(self, choice: str) -> tuple[bool, str]:
        """Whether a choice is right, and why or why not."""
        if choice not in self.because:
            raise ClinicError(f"clinic: no answer {choice!r}, there are {list(self.because)}")
        return choice == self.cause, self.because[choice]


class Clinic(Twin, ipywidgets.VBox):
    """Case after case: look, listen, choose, read why. `solved` counts cases answered right at first try."""

    def __init__(self, cases: Sequence[Case]) -> None:
        if not cases:
            raise ClinicError("clinic: no cases")
        self.cases, self._tried = tuple(cases), dict[int, list[str]]()
        self._index = 0
        self._heading, self._curves, self._verdict = (ipywidgets.HTML() for _ in range(3))
        self._verdict.add_class("mg-verdict")
        self._player = Player(cases[0].clip, label="What it plays")
        self._before = ipywidgets.Button(description="Previous case", icon="arrow-left")
        self._next = ipywidgets.Button(description="Next case", icon="arrow-right")
        self._before.on_click(lambda _: self.show(self._index - 1))
        self._next.on_click(lambda _: self.show(self._index + 1))
        self._buttons = ipywidgets.HBox([self._before, self._next])
        super().__init__()
        self.show(0)

    @property
    def solved(self) -> int:
        """Cases whose first answer was right."""
        return sum(tried[0] == self.cases[i].cause for i, tried in self._tried.items())

    def show(self, index: int) -> None:
        """Turn to a case, counted from 0; the last is followed by the first."""
        self._index = index % len(self.cases)
        case = self.cases[self._index]
        self._heading.value = f"<b>Case {self._index + 1} of {len(self.cases)}</b>"
        self._curves.value = case.figure.to_html()
        self._player.playing = False
        self._player.score = case.clip
        # Not radio buttons: JupyterLab keeps the arrow keys that they need for itself.
        choice = ipywidgets.ToggleButtons(
            options=list(case.because), value=None, description="Cause:", style={"button_width": "auto"}
        )
        choice.observe(self._chosen, "value")
        parts = [self._heading, self._curves, self._player, choice, self._verdict, self._buttons]
        self.children = parts
        self._say("Look, listen, then choose.")

    def _chosen(self, change: Mapping[str, Any]) -> None:
        if change["new"] is None:
            return
        right, why = self.cases[self._index].answer(change["new"])
        self._tried.setdefault(self._index, []).append(change["new"])
        count = f"{self.solved} of {len(self.cases)} right at the first try."
        self._say(f"{'✔ Right' if right else '✘ Not this one'}: {why} ({count})")

    def _say(self, text: str) -> None:
        """A line that screen readers announce; text, never HTML."""
        self._verdict.value = f'<div role="status">{html.escape(text)}</div>'

    def twin(self) -> dict[str, str]:
        """Every case with its answer folded away."""
        plain = "\n".join(
            f"Case {i + 1}: {case.figure.alt_text} Cause: {case.cause}." for i, case in enumerate(self.cases)
        )
        page = "".join(_static(i + 1, case) for i, case in enumerate(self.cases))
        return {"text/plain": plain, "text/html": page}


def _static(number: int, case: Case) -> str:
    """A case as HTML: curves, sound, the answers and the right one behind a fold."""
    clip = Player(case.clip, label=f"Case {number}")
    sound = clip.twin()["text/html"]
    clip.close()
    answers = "".join(
        f"<li><b>{html.escape(a)}</b>: {html.escape(why)}</li>" for a, why in case.because.items()
    )
    fold = f"<details><summary>Answer</summary><p>{html.escape(case.cause)}</p><ul>{answers}</ul></details>"
    return f"<p><b>Case {number}</b></p>{case.figure.to_html()}<br>{sound}{fold}"
