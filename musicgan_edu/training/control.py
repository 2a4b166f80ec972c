"""Steering a training while it runs: pause, go on, stop and keep, other rates and weights.

Comes in: calls from any thread. Goes out: what the run reads between two steps. Every change is noted
in the run's card with the step that it came before, so the card says what was done to a run; one that
nobody touched has no `changes`, and only that one is made again by its recipe, seed and steps alone.
Lesson 07; `widgets.monitor` has a button for each of these.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from musicgan_edu import sampling
from musicgan_edu.score import TrainingError
from musicgan_edu.training.recipes import Recipe

__all__ = ["SETTINGS", "Control", "settings_of", "turn"]

#: What can be turned while a training runs: names of `Recipe`'s fields.
SETTINGS = ("learning_rate", "g_rate", "d_rate", "likelihood", "penalty")
Listener = Callable[[int, sampling.Sampler], None]


def settings_of(recipe: Recipe) -> dict[str, float]:
    """The settings that a training by this recipe obeys, and where they stand."""
    practises = recipe.generator in ("recurrent", "masked")
    unused = {"penalty"} if practises else {"learning_rate", "likelihood"}
    if recipe.pretraining >= 1:
        unused |= {"g_rate", "d_rate", "likelihood"}
    return {name: float(getattr(recipe, name)) for name in SETTINGS if name not in unused}


def turn(game: Any, name: str, value: float) -> None:
    """Change one setting of a game (`GAN` or `SequenceGAN`) from its next step on."""
    game.recipe = dataclasses.replace(game.recipe, **{name: value})
    if name in ("likelihood", "penalty"):
        getattr(game, name).assign(value)
    elif name != "learning_rate":  # pretraining sets its own from the recipe, at every step
        getattr(game, f"{name[0]}_optimizer").learning_rate.assign(value)


class Control:
    """Hand one to `training.train(…, control=…)` and keep it: its methods may be called from any thread.

    `listen` is called between steps with (step, the generator as it stands), about every `every`
    seconds and never so often that it takes more than a fiftieth of the time.
    """

    def __init__(self, *, listen: Listener | None = None, every: float = 4.0) -> None:
        self.listen, self.every = listen, every
        self.settings: dict[str, float] | None = None  # known once the training has begun
        self._changes: dict[str, float] = {}
        self._paused = self._stopped = self._waiting = False
        self._turned = threading.Condition()

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def waiting(self) -> bool:
        """A pause has begun: all is saved, nothing moves."""
        return self._waiting

    @property
    def stopped(self) -> bool:
        return self._stopped

    def pause(self) -> None:
        """Save and wait before the next step; paused time is no part of the budget."""
        self._set(_paused=True)

    def resume(self) -> None:
        self._set(_paused=False)

    def stop(self) -> None:
        """End the training before its next step, save it, and let `train` return."""
        self._set(_stopped=True)

    def turn(self, **settings: float) -> None:
        """Change settings before the next step: `control.turn(g_rate=1e-4)`.

        Raises
        ------
        TrainingError : a name that this training doesn't obey, a value that is negative or not finite.
        """
        known = SETTINGS if self.settings is None else tuple(self.settings)
        for name, value in settings.items():
            if name not in known:
                raise TrainingError(f"training: can't turn {name!r}, only {', '.join(known)}")
            if not 0 <= value < math.inf:
                raise TrainingError(f"training: {name} must be 0 or more and finite, got {value}")
        with self._turned:
            self._changes |= {name: float(value) for name, value in settings.items()}

    # ---------------------------------------------------------------- the training's side

    def begin(self, settings: dict[str, float]) -> None:
        """Called by the run: from here on only these settings can be turned."""
        early = [name for name in self._changes if name not in settings]
        if early:
            raise TrainingError(f"training: can't turn {early[0]!r}, only {', '.join(settings)}")
        self.settings = dict(settings)

    def take(self) -> dict[str, float]:
        """Called by the run: what was changed since it last asked."""
        if not self._changes:  # nearly always, so no lock: what comes this moment is taken a step later
            return {}
        with self._turned:
            changes, self._changes = self._changes, {}
            self.settings = {**(self.settings or {}), **changes}
        return changes

    def wait(self) -> float:
        """Called by the run: come back when it may go on; the seconds that this took."""
        started = time.perf_counter()
        with self._turned:
            self._waiting = True
            self._turned.wait_for(lambda: not self._paused or self._stopped)
            self._waiting = False
        return time.perf_counter() - started

    def _set(self, **states: bool) -> None:
        with self._turned:
            for name, state in states.items():
                setattr(self, name, state)
            self._turned.notify_all()
