"""A few sliders on a latent: move one, and hear what the generator makes of it.

Comes in: a trained generator (`sampling.load`). Goes out: a widget with a slider for each of some
dimensions of z, and a player that follows while it plays. The noise of the draw stands still, so that
whatever changes is the slider's doing. Lesson 06.
"""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import numpy as np

from musicgan_edu.sampling import Sampler
from musicgan_edu.score import CheckpointError, Score
from musicgan_edu.widgets import Twin
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Slider

__all__ = ["Sliders"]

REACH = 3.0  # standard deviations


class Sliders(Twin, ipywidgets.VBox):
    """Sliders for some dimensions of the latent with which piece 0 of a seed is made.

    Parameters
    ----------
    sampler : the generator.
    dims : which dimensions of z get a slider.
    seed : whose latent and noise to begin with.
    tempo : quarter notes a minute.

    Raises
    ------
    CheckpointError : a dimension that the latent doesn't have.
    """

    def __init__(
        self, sampler: Sampler, *, dims: Sequence[int] = (0, 1, 2, 3), seed: int = 0, tempo: float = 72.0
    ) -> None:
        if not all(0 <= dim < sampler.latent_dim for dim in dims):
            raise CheckpointError(f"widgets: dims must be 0 to {sampler.latent_dim - 1}, got {list(dims)}")
        self._sampler, self._tempo = sampler, tempo
        self._z, self._noise = sampler.latents(1, seed=seed), sampler.noise(1, seed=seed)
        self.sliders = {int(dim): self._slider(int(dim)) for dim in dims}
        self.home = ipywidgets.Button(description="Back to the start", icon="undo")
        self.home.on_click(lambda button: self.reset())
        self._begin = {dim: slider.value for dim, slider in self.sliders.items()}
        self.player = Player(self.score())
        for slider in self.sliders.values():
            slider.observe(lambda change: self._follow(), "value")
        super().__init__([*self.sliders.values(), self.home, self.player])

    def _slider(self, dim: int) -> Slider:
        begin = float(np.clip(self._z[0, dim], -REACH, REACH))
        return Slider(f"z[{dim}]", round(begin, 1), min=-REACH, max=REACH)

    @property
    def z(self) -> np.ndarray:
        """The latent as the sliders stand, float32 (1, latent_dim)."""
        z = self._z.copy()
        for dim, slider in self.sliders.items():
            z[0, dim] = slider.value
        return z

    def score(self) -> Score:
        """What the generator makes of `z`."""
        tokens = self._sampler.tokens(self.z, self._noise)
        return self._sampler.encoding.decode(tokens, tempo=self._tempo)[0].replace(title="From z")

    def reset(self) -> None:
        """Every slider back to where it began."""
        for dim, value in self._begin.items():
            self.sliders[dim].value = value

    def _follow(self) -> None:
        self.player.score = self.score()

    def twin(self) -> dict[str, str]:
        """The piece as it stands, as picture and sound."""
        music = self.player.twin()
        stand = ", ".join(f"z[{dim}] = {slider.value:.1f}" for dim, slider in self.sliders.items())
        music["text/plain"] = f"{stand}. {music['text/plain']}"
        music["text/html"] = f"{stand}<br>{music['text/html']}"
        return music
