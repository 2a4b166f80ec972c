"""The temperature slider: the same dice, thrown by a calmer or a wilder machine.

Comes in: generators by name. Goes out: a widget with a choice of machine, a slider, a button for other
dice, and a player that follows while the slider is held. In an exported page its player's picture and
sound stand as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from musicgan_edu.sampling import Sampler
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets import Twin
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Slider

__all__ = ["Temperature"]


class Temperature(Twin, ipywidgets.VBox):
    """Machines at any temperature from 0 to 2; only the choice and the slider change the piece, no chance.

    Parameters
    ----------
    machines : name → generator; one that draws in numpy answers while the slider is held.
    seed : whose dice; the button takes the next.
    tempo : of what is played, quarter notes a minute.

    Attributes
    ----------
    machine, heat, other, player : the parts; `score` : what the player holds.
    """

    def __init__(self, machines: Mapping[str, Sampler], *, seed: int = 0, tempo: float = 72.0) -> None:
        if not machines:
            raise MusicganError("widgets: a temperature needs at least one machine, got none")
        self._machines, self.seed, self._tempo = dict(machines), seed, tempo
        self.machine = ipywidgets.Dropdown(options=list(machines), description="Machine")
        self.heat = Slider("Temperature", 1.0, max=2.0, step=0.05, decimals=2)
        self.other = ipywidgets.Button(description="Other dice", icon="random")
        self.player = Player(self._piece())
        self.machine.observe(self._changed, "value")
        self.heat.observe(self._changed, "value")
        self.other.on_click(self._next)
        super().__init__([ipywidgets.HBox([self.machine, self.heat, self.other]), self.player])

    @property
    def score(self) -> Score:
        return self.player.score

    def _piece(self) -> Score:
        name, heat = self.machine.value, float(self.heat.value)
        piece = self._machines[name].sample(1, seed=self.seed, temperature=heat)[0]
        return piece.replace(tempo=self._tempo, title=f"{name}, temperature {heat:.2f}")

    def _changed(self, change: Any) -> None:
        self.player.score = self._piece()

    def _next(self, button: Any) -> None:
        self.seed += 1
        self.player.score = self._piece()

    def twin(self) -> dict[str, str]:
        """Its player's picture and sound."""
        return self.player.twin()
