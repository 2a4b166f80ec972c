"""The latent explorer: walk, steer, lock and re-roll, and hear it at once.

Comes in: a `Sampler` and `Direction`s that `sampling.directions` found. Goes out: a widget whose music
follows every move while it plays; `explorer.score`, `explorer.z` and `explorer.tokens` are what it
stands on now.

>>> from musicgan_edu.widgets import latents
>>> explorer = latents.Latents(sampler, sampling.directions(sampler)[:3])  # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from musicgan_edu import sampling
from musicgan_edu.score import Score
from musicgan_edu.widgets import Twin, front_end, player

__all__ = ["Latents", "Panel", "untangled"]


class Panel(anywidget.AnyWidget):
    """The controls: what is moved here, Python answers.

    Traits
    ------
    names, notes : of the directions; what each does, in words. Text, never HTML.
    values : where z lies along each, in standard deviations, −3 to 3.
    walk : 0 at A to 1 at B. temperature : 0 to 2.
    voices, n_bars : what can be locked; locked_voices from 0, locked_bars from 1.
    takes : how often the noise was drawn anew; ends : how often A and B were.
    """

    _esm = front_end("latents.js")
    _css = front_end("panel.css")

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    walk = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    temperature = traitlets.Float(1.0, min=0.0, max=2.0).tag(sync=True)
    voices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    n_bars = traitlets.Int(2).tag(sync=True)
    locked_voices = traitlets.List(traitlets.Int()).tag(sync=True)
    locked_bars = traitlets.List(traitlets.Int()).tag(sync=True)
    takes = traitlets.Int(0).tag(sync=True)
    ends = traitlets.List(traitlets.Int(), default_value=[0, 1]).tag(sync=True)


class Latents(Twin, ipywidgets.VBox):
    """A panel and a player. Assign `z` to go anywhere from Python.

    Parameters
    ----------
    directions : those that get a slider, `untangled`; the first two share the pad, too.
    seed : of A, B and the noise.
    """

    def __init__(
        self, sampler: sampling.Sampler, directions: Sequence[sampling.Direction], *, seed: int = 0, tempo: float = 80.0
    ) -> None:  # fmt: skip
        self._sampler, self._seed, self._tempo = sampler, seed, tempo
        self._directions = directions = untangled(directions)
        self._taken: tuple[int, np.ndarray] | None = None
        encoding = sampler.encoding
        self.panel = Panel(
            names=[d.name for d in directions],
            notes=[_note(d) for d in directions],
            voices=[track.name for track in encoding.tracks],
            n_bars=encoding.grid.n_bars,
            temperature=min(float(sampler.card["generator"]["temperature"]), 2.0),
        )
        self._z = self._on_the_way()
        self.tokens = self._draw(np.zeros(encoding.shape[:2], np.int64), np.zeros(encoding.shape[:2], bool))
        self.player = player.Player(self._score(), label="Latent explorer", loop=True)
        self._busy = False
        self._show()
        self.panel.observe(self._moved)
        super().__init__([self.panel, self.player])

    @property
    def score(self) -> Score:
        """What it plays now."""
        return self.player.score

    @property
    def z(self) -> np.ndarray:
        """The latent that it stands on, float32 (latent_dim,)."""
        return self._z.copy()

    @z.setter
    def z(self, z: np.ndarray) -> None:
        self._z = np.array(z, np.float32).reshape(self._sampler.latent_dim)
        self._redraw()

    def _moved(self, change: Any) -> None:
        """Something on the panel moved, in the page or from Python."""
        if self._busy:
            return
        if change.name in ("walk", "ends"):
            self._z = self._on_the_way()
        elif change.name == "values":
            for direction, value in zip(self._directions, change.new, strict=True):
                if abs(value - direction.of(self._z)) > 0.005:  # the others show rounded values
                    self._z = sampling.along(self._z, direction, value)
        elif change.name not in ("temperature", "takes"):
            return  # locks count from the next move on
        self._redraw()

    def _redraw(self) -> None:
        panel, encoding = self.panel, self._sampler.encoding
        keep = sampling.cells(encoding, voices=panel.locked_voices, bars=panel.locked_bars)
        self.tokens = self._draw(self.tokens, keep)
        self.player.score = self._score().replace(tempo=self.player.tempo)
        self._show()

    def _draw(self, tokens: np.ndarray, keep: np.ndarray) -> np.ndarray:
        noise = self._noise(self.panel.takes)
        heat = self.panel.temperature
        return sampling.redraw(
            self._sampler, self._z[None], noise, tokens=tokens, keep=keep, temperature=heat
        )[0]

    def _noise(self, take: int) -> np.ndarray:
        if self._taken is None or self._taken[0] != take:
            self._taken = take, self._sampler.noise(1, seed=self._seed, first=take)
        return self._taken[1]

    def _score(self) -> Score:
        score = self._sampler.encoding.decode(self.tokens[None], tempo=self._tempo)[0]
        return score.replace(title="Latent explorer")

    def _on_the_way(self) -> np.ndarray:
        a, b = (self._sampler.latents(1, seed=self._seed, first=end)[0] for end in self.panel.ends)
        return sampling.slerp(a, b, self.panel.walk)

    def _show(self) -> None:
        """The sliders go where z is."""
        self._busy = True
        self.panel.values = [round(float(np.clip(d.of(self._z), -3, 3)), 2) for d in self._directions]
        self._busy = False

    def twin(self) -> dict[str, str]:
        """The music that it stands on, as picture and sound."""
        return self.player.twin()


def untangled(directions: Sequence[sampling.Direction]) -> tuple[sampling.Direction, ...]:
    """Each direction less its part along those before it: one slider's move leaves the others where they are."""
    kept: list[sampling.Direction] = []
    for direction in directions:
        unit = direction.unit.astype(np.float64)
        for other in kept:
            unit -= (unit @ other.unit) * other.unit
        unit /= np.linalg.norm(unit)
        slope = direction.slope * float(direction.unit @ unit)
        kept.append(dataclasses.replace(direction, unit=unit.astype(np.float32), slope=slope))
    return tuple(kept)


def _note(direction: sampling.Direction) -> str:
    share = max(direction.explained, 0.0)
    return f"{direction.slope:+.2g} a step; z explains {share:.0%} of it"
