"""One training from start to end: time, log, checkpoints, going on after an interruption.

Comes in: a recipe's name, real windows, a folder, a budget. Goes out: the folder, which then is a
checkpoint for `sampling.load`; `folder` says what lies in it. The log has a row about every second.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from musicgan_edu import conditions, models, sampling
from musicgan_edu.encoding import RollEncoding, VoiceEncoding
from musicgan_edu.score import CheckpointError, TrainingError
from musicgan_edu.training import workers
from musicgan_edu.training.chords import ChordGAN
from musicgan_edu.training.control import Control, settings_of, turn
from musicgan_edu.training.folder import Folder
from musicgan_edu.training.forms import FORMS, described
from musicgan_edu.training.games import GAN, Game
from musicgan_edu.training.moments import Moments
from musicgan_edu.training.recipes import Recipe, recipe_of
from musicgan_edu.training.rolls import RollGAN
from musicgan_edu.training.sequence import SequenceGAN

__all__ = ["PLAYERS", "Budget", "make", "train"]

CHECKPOINT_SECONDS = 30
LOG_SECONDS = 1
Report = Callable[[float, int, dict[str, float]], None]
#: What trains each kind of generator; `baselines` adds its own.
PLAYERS: dict[str, Callable[..., Any]] = {
    "recurrent": SequenceGAN,
    "convolutional": GAN,
    "chords": ChordGAN,
    "rolls": RollGAN,
}


@dataclasses.dataclass(frozen=True)
class Budget:
    """Either minutes of work (imports not counted, tracing counted) or a number of steps."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        amount = self.minutes or self.steps or 0
        if (self.minutes is None) == (self.steps is None) or not 0 < amount < math.inf:
            raise TrainingError(
                f"training: give either minutes or steps, above 0; got {self.minutes} and {self.steps}"
            )

    def progress(self, seconds: float, steps: int) -> float:
        """The share that is used up; 1 or more when it is over."""
        return steps / self.steps if self.steps else seconds / (60 * (self.minutes or 1))


def train(
    recipe: str | Recipe,
    windows: np.ndarray,
    folder: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 1,
    corpus: str = "chorales",
    sources: Sequence[str] = (),
    encoding: VoiceEncoding | RollEncoding | None = None,
    report: Report | None = None,
    snapshots: Sequence[float] = (),
    control: Control | None = None,
    strategy: Any = None,
) -> sampling.Sampler:
    """Train by a recipe on windows (N, T, V) for minutes or steps; into a folder, or on from what is there.

    With `steps` the same call on the same machine gives the same weights, interrupted or not.

    Parameters
    ----------
    corpus : where the windows come from, for the card.
    sources : of each window the name of its piece, (N,); only a recipe that is told the corpus needs it.
    encoding : the windows', if it isn't that of the recipe's form.
    report : called about once a second with (progress, step, last values).
    snapshots : moments whose generator is kept as well: steps (0 is the newborn) or, as 0.5, shares of
        the budget; `sampling.snapshots` lists them.
    control : pauses, stops and turns the training from another thread.
    strategy : of `workers.join`, where several processes make this very call; `steps` only.

    Raises
    ------
    TrainingError : the folder holds another run, another training writes into it, or nobody can; a value is
        NaN; G has collapsed or fallen silent; a worker is gone.
    CheckpointError : the folder holds a run that is damaged.
    """
    recipe = recipe_of(recipe)
    recipe = dataclasses.replace(recipe, condition=conditions.of_corpus(recipe.condition, corpus))
    budget, team = Budget(minutes, steps), workers.Team(strategy)
    team.check(budget.steps, control)
    with team.scope():
        run = _Run(recipe, Path(folder), budget, seed, corpus, encoding or FORMS[recipe.form], team)
        run.moments, run.control = Moments(snapshots), control or Control()
        with run.folder.alone():
            run.open()
            with team.watched(run):
                # Interrupted, it leaves the last checkpoint: half a step is no state.
                run.play(windows, sources, report)
            run.save()
    return sampling.load(folder) if team.writes else run.sampler()


def make(encoding: VoiceEncoding | RollEncoding, recipe: Recipe, *, seed: int) -> Any:
    """The players of a recipe, freshly initialised from a seed."""
    keras.utils.set_random_seed(seed)
    return PLAYERS[recipe.generator](encoding, recipe, seed=seed)


class _Run:
    """A run's folder and the game in it."""

    moments: Moments
    control: Control

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        budget: Budget,
        seed: int,
        corpus: str,
        encoding: Any,
        team: workers.Team,
    ) -> None:
        self.recipe, self.budget, self.seed, self.corpus = recipe, budget, seed, corpus
        self.encoding, self.folder = encoding, Folder(folder, writes=team.writes)
        self.told: dict[str, Any] = {}
        self.step, self.seconds = 0, 0.0
        self.log: list[dict[str, float]] = []
        self.changes: list[dict[str, float]] = []
        self.last: dict[str, float] = {}
        self.started = self.next_listening = time.perf_counter()
        self.game = team.spread(make(encoding, recipe, seed=seed), recipe)

    @property
    def progress(self) -> float:
        return self.budget.progress(self.seconds, self.step)

    def open(self) -> None:
        """Go on from what the folder holds; refuse another run's, or a folder that can't be written."""
        self.control.begin(settings_of(self.recipe))
        if self.folder.holds_a_run():
            try:
                self._go_on()
            except TrainingError:
                raise
            except Exception as error:  # files that anybody may have edited can fail in any way
                path = self.folder.path
                raise CheckpointError(
                    f"training: can't go on from {path} ({type(error).__name__}: {error}): choose another folder"
                ) from error
        if self.step:
            self.moments.begin(self.step, self.progress, self.folder.path)
        self.folder.claim(self.log, step=self.step)

    def _go_on(self) -> None:
        card = self.folder.card()
        theirs, ours = ({**c["training"], "encoding": c["encoding"]} for c in (card, self._card()))
        # A run from before a recipe had some setting is one with that setting's default.
        theirs["recipe"] = dataclasses.asdict(Recipe()) | theirs.get("recipe", {})
        for key in ("recipe", "seed", "corpus", "encoding"):
            if theirs.get(key) != ours[key]:
                raise TrainingError(
                    f"training: {self.folder.path} holds another run ({key}: {theirs.get(key)}): choose another folder"
                )
        arrays = self.folder.state()
        if arrays is None:
            return
        for i, variable in enumerate(self.game.state()):
            variable.assign(arrays[str(i)])
        self.step, self.seconds = int(arrays["progress"][0]), float(arrays["progress"][1])
        self.log = [row for row in card["training"]["log"] if row["step"] <= self.step]
        self._turn_again(card["training"].get("changes", []))
        self.started -= self.seconds
        playing = isinstance(self.game, SequenceGAN) and bool(self.game.game_on)
        if playing and self.progress < self.recipe.pretraining:
            raise TrainingError(
                f"training: {self.folder.path} is past its pretraining, and a budget of {self.budget} would go back: "
                "choose another folder"
            )

    def _turn_again(self, changes: Sequence[dict[str, float]]) -> None:
        """What was turned before the checkpoint stays turned."""
        self.changes = [change for change in changes if change["step"] <= self.step]
        for change in self.changes:
            for name in settings_of(self.recipe).keys() & change.keys():
                self._turn(name, change[name])

    def _turn(self, name: str, value: float) -> None:
        turn(self.game, name, value)
        self.control.settings = {**(self.control.settings or {}), name: value}

    def save(self) -> None:
        """Everything that the next step depends on, and the checkpoint that can be played."""
        if not self.step:
            return
        arrays = {str(i): np.asarray(variable.numpy()) for i, variable in enumerate(self.game.state())}
        arrays["progress"] = np.array([self.step, self.seconds])
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise TrainingError(f"training: weights are no longer finite at step {self.step}, see lesson 08")
        self.folder.save(self._card(), arrays, self.game.weights_to_keep())

    def _card(self) -> dict[str, Any]:
        recipe = dataclasses.asdict(self.recipe)
        generator = {
            key: recipe[key] for key in ("latent_dim", "bar_latent_dim", "units", "width", "temperature")
        }
        training = {"corpus": self.corpus, "recipe": recipe, "seed": self.seed, "steps": self.step}
        training |= {"seconds": round(self.seconds, 1), "changes": self.changes, "log": self.log}
        return {
            "name": self.folder.path.name.encode(errors="replace").decode(),  # of a name that isn't UTF-8
            "generator": {"kind": self.recipe.generator, "gain": models.GAIN, **generator, **self.told},
            "encoding": described(self.encoding),
            "training": training,
        }

    def _shares(self, rows: np.ndarray) -> dict[str, Any]:
        """How often each combination of what G can be told comes in its music, as (N, n), for the card."""
        condition = self.recipe.condition
        same = (rows[:, None] == conditions.combinations(condition)).all(2)
        return {"condition": condition, "shares": [round(float(share), 4) for share in same.mean(0)]}

    def sampler(self) -> sampling.Sampler:
        """The generator as it stands."""
        return sampling.Sampler(self.game.weights_to_keep(), self._card(), self.encoding)

    def play(self, windows: np.ndarray, sources: Sequence[str], report: Report | None) -> None:
        if isinstance(self.game, Game):
            self.game.meet(windows)
        music = {"real": windows}
        if self.recipe.condition:
            music["told"] = conditions.measure(windows, self.encoding, self.recipe.condition, sources)
            self.told = self._shares(music["told"])
        saved = logged = time.perf_counter()
        values: dict[str, Any] = {}
        while not self._is_over():
            progress = self.progress
            chosen = self._batch(len(windows))
            batch = {name: rows[chosen] for name, rows in music.items()}
            values = self.game.advance(**batch, progress=progress, step=self.step)
            self.step += 1
            now = time.perf_counter()
            self.seconds = now - self.started
            save = now - saved > CHECKPOINT_SECONDS
            if save or now - logged > LOG_SECONDS:
                logged = now
                self._note(values)
                values = {}
                if report:
                    report(progress, self.step, self.last)
            if save:
                self._keep_moment()  # first, or a kill between the two would lose it
                self.save()
                saved = time.perf_counter()
        if values:
            self._note(values)  # the last steps too: what has broken down isn't kept
        if not self.control.stopped:  # who stops early gets what is there
            self._listen()

    def _is_over(self) -> bool:
        """Between two steps: keep the moment if it was asked for, then do what the control says."""
        if self._keep_moment():
            self.save()  # so that no snapshot stays ahead of the checkpoint
        if self.progress >= 1:
            return True
        if self.control.paused and not self.control.stopped:
            self.save()
            self.started += self.control.wait()
        for name, value in self.control.take().items():
            self.changes.append({"step": self.step, name: value})
            self._turn(name, value)
        if self.control.stopped:
            self._stop()
        elif self.control.listen and time.perf_counter() > self.next_listening:
            self._let_listen(self.control.listen)
        return self.control.stopped

    def _keep_moment(self) -> bool:
        """Keep a snapshot, if one was asked for since the last look."""
        reached = self.moments.reached(self.step, self.progress)
        if reached:
            self.folder.keep(self.step, self._card(), self.game.weights_to_keep())
        return reached

    def _stop(self) -> None:
        if not self.step:
            raise TrainingError("training: stopped before its first step: there is nothing to keep")
        self.changes.append({"step": self.step, "stop": round(self.progress, 4)})

    def _let_listen(self, listen: Callable[[int, sampling.Sampler], None]) -> None:
        """What listening costs is paid back by a pause fifty times as long."""
        started = time.perf_counter()
        listen(self.step, self.sampler())
        cost = time.perf_counter() - started
        self.next_listening = started + cost + max(self.control.every, 50 * cost)

    def _batch(self, n: int) -> np.ndarray:
        """Batch number `step` of a shuffled pass through n windows: which; the seed and the step decide it."""
        per_pass = max(1, n // self.recipe.batch_size)
        order = np.random.default_rng([self.seed, self.step // per_pass, 1]).permutation(n)
        first = self.step % per_pass * self.recipe.batch_size
        return order[first : first + self.recipe.batch_size]

    def _note(self, tensors: dict[str, Any]) -> None:
        values = {key: float(value) for key, value in tensors.items()}
        self.last = {key: round(value, 4) for key, value in values.items()}
        self.log.append({"step": self.step, "seconds": round(self.seconds, 1), **self.last})
        bad = [key for key, value in values.items() if not np.isfinite(value)]
        if bad:
            raise TrainingError(
                f"training: {bad[0]} is {values[bad[0]]} at step {self.step}: the rates are too high or the penalty too weak; "
                "lesson 08 shows how to tell. The last checkpoint is kept"
            )

    def _listen(self) -> None:
        """Does G still play, and different pieces?"""
        tokens = self.game.preview(64, step=self.step)
        distinct = len(np.unique(tokens.reshape(len(tokens), -1), axis=0)) / len(tokens)
        if not self.encoding.has_notes(tokens):
            raise TrainingError(
                "training: the generator has fallen silent: D was too strong too early, see lesson 08"
            )
        if distinct < 0.5:
            raise TrainingError(
                f"training: only {distinct:.0%} of 64 pieces differ: mode collapse, see lesson 08"
            )
