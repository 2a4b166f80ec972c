"""One training from start to end: time, log, checkpoints, going on after an interruption.

Comes in: a recipe's name, real windows, a folder, a budget. Goes out: the folder, which then is a
checkpoint for `sampling.load` (`weights.npz`, `card.json`) with what is needed to go on (`state.npz`)
and a log (`log.csv`: one row about every second). Each file is replaced as a whole.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from musicgan_edu import cleaning, models, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import CheckpointError, EncodingError, Score, TrainingError
from musicgan_edu.training.games import GAN
from musicgan_edu.training.recipes import RECIPES, Recipe
from musicgan_edu.training.sequence import SequenceGAN

__all__ = ["Budget", "make", "prepare", "train"]

CHECKPOINT_SECONDS = 30
LOG_SECONDS = 1
Report = Callable[[float, int, dict[str, float]], None]


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


def prepare(scores: Sequence[Score], encoding: VoiceEncoding) -> np.ndarray:
    """All windows of the scores in C major or A minor as classes, uint8 (N, T, V).

    Left out: windows off the grid, outside the range, or of other voices or metre than the encoding's.
    """
    kept = []
    for score in scores:
        for window in cleaning.windows(cleaning.to_c(score), n_bars=encoding.grid.n_bars):
            try:
                encoded = encoding.tokens([window])
            except EncodingError:
                continue
            if window.n_notes and not encoded.dropped:
                kept.append(encoded.values)
    if not kept:
        form = f"{len(encoding.tracks)} voices on {encoding.grid}"
        raise TrainingError(f"training: none of {len(scores)} pieces has a window that fits {form}")
    return np.concatenate(kept)


def train(
    recipe: str | Recipe,
    windows: np.ndarray,
    folder: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 1,
    corpus: str = "chorales",
    encoding: VoiceEncoding | None = None,
    report: Report | None = None,
) -> sampling.Sampler:
    """Train by a recipe on windows (N, T, V) for minutes or steps; into a folder, or on from what is there.

    With `steps` the same call on the same machine gives the same weights, interrupted or not. `report`
    is called about once a second with (progress, step, last values). `corpus`: where the windows come
    from, for the card.

    Raises
    ------
    TrainingError : the folder holds another run, or another training writes into it; a value is NaN;
        G has collapsed or fallen silent.
    CheckpointError : the folder holds a run that is damaged.
    """
    run = _Run(
        _recipe(recipe), Path(folder), Budget(minutes, steps), seed, corpus, encoding or VoiceEncoding()
    )
    run.open()
    run.play(windows, report)  # interrupted, it leaves the last checkpoint: half a step is no state
    run.save()
    return sampling.load(folder)


def make(encoding: VoiceEncoding, recipe: Recipe, *, seed: int) -> GAN | SequenceGAN:
    """The players of a recipe, freshly initialised from a seed."""
    keras.utils.set_random_seed(seed)
    game = GAN if recipe.generator == "convolutional" else SequenceGAN
    return game(encoding, recipe, seed=seed)


def _recipe(recipe: str | Recipe) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe
    if recipe not in RECIPES:
        raise TrainingError(f"training: no recipe {recipe!r}, there are {', '.join(RECIPES)}")
    return RECIPES[recipe]


class _Run:
    """A run's folder and the game in it."""

    def __init__(
        self, recipe: Recipe, folder: Path, budget: Budget, seed: int, corpus: str, encoding: VoiceEncoding
    ) -> None:
        self.recipe, self.folder, self.budget = recipe, folder, budget
        self.seed, self.corpus, self.encoding = seed, corpus, encoding
        self.step, self.seconds = 0, 0.0
        self.log: list[dict[str, float]] = []
        self.last: dict[str, float] = {}
        self.started = time.perf_counter()
        self.game = make(encoding, recipe, seed=seed)
        self.saved: tuple[int, int] | None = None

    def open(self) -> None:
        """Go on from what the folder holds; refuse another run's, or a folder that can't be written."""
        paths = [self.folder / name for name in ("card.json", "state.npz", "weights.npz", "log.csv")]
        if any(path.exists() and path.stat().st_size > len(_as_csv([])) for path in paths):
            try:
                self._go_on()
            except TrainingError:
                raise
            except Exception as error:  # files that anybody may have edited can fail in any way
                raise CheckpointError(
                    f"training: can't go on from {self.folder} ({type(error).__name__}: {error}): choose another folder"
                ) from error
        self.saved = self._stamp()
        self._write_log()  # now, rather than after minutes of work

    def _go_on(self) -> None:
        card = json.loads((self.folder / "card.json").read_text(encoding="utf-8"))
        theirs, ours = ({**c["training"], "encoding": c["encoding"]} for c in (card, self._card()))
        for key in ("recipe", "seed", "corpus", "encoding"):
            if theirs.get(key) != ours[key]:
                raise TrainingError(
                    f"training: {self.folder} holds another run ({key}: {theirs.get(key)}): choose another folder"
                )
        path = self.folder / "state.npz"
        if not path.exists() and not (self.folder / "weights.npz").exists():
            return  # killed between the first files of the first checkpoint
        arrays = sampling.read_arrays(path)
        for i, variable in enumerate(self.game.state()):
            variable.assign(arrays[str(i)])
        self.step, self.seconds = int(arrays["progress"][0]), float(arrays["progress"][1])
        self.log = [row for row in card["training"]["log"] if row["step"] <= self.step]
        self.started -= self.seconds
        playing = isinstance(self.game, SequenceGAN) and bool(self.game.game_on)
        if playing and self.budget.progress(self.seconds, self.step) < self.recipe.pretraining:
            raise TrainingError(
                f"training: {self.folder} is past its pretraining, and a budget of {self.budget} would go back: "
                "choose another folder"
            )

    def save(self) -> None:
        """Everything that the next step depends on, and the checkpoint that can be played.

        In this order: what a kill leaves of a first checkpoint is known as this run's by its card.
        """
        if not self.step:
            return
        arrays = {str(i): np.asarray(variable) for i, variable in enumerate(self.game.state())}
        arrays["progress"] = np.array([self.step, self.seconds])
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise TrainingError(f"training: weights are no longer finite at step {self.step}, see lesson 08")
        if self._stamp() != self.saved:
            raise TrainingError(f"training: another training writes into {self.folder}: this one stops")
        sampling.write_card(self.folder, self._card())
        sampling.write_arrays(self.folder / "state.npz", arrays, compress=False)
        self.saved = self._stamp()
        sampling.write_arrays(self.folder / "weights.npz", self.game.weights_to_keep())
        self._write_log()

    def _stamp(self) -> tuple[int, int] | None:
        """Which state the folder holds: another training that saves there changes it."""
        path = self.folder / "state.npz"
        return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None

    def _write_log(self) -> None:
        sampling.write_whole(self.folder / "log.csv", _as_csv(self.log).encode())

    def _card(self) -> dict[str, Any]:
        recipe, grid = dataclasses.asdict(self.recipe), dataclasses.asdict(self.encoding.grid)
        generator = {key: recipe[key] for key in ("latent_dim", "units", "width", "temperature")}
        tracks = [dataclasses.asdict(track) for track in self.encoding.tracks]
        form = {"grid": grid, "tracks": tracks, "low": self.encoding.low, "high": self.encoding.high}
        training = {"corpus": self.corpus, "recipe": recipe, "seed": self.seed, "steps": self.step}
        return {
            "name": self.folder.name.encode(errors="replace").decode(),  # of a name that isn't UTF-8
            "generator": {"kind": self.recipe.generator, "gain": models.GAIN, **generator},
            "encoding": form,
            "training": {**training, "seconds": round(self.seconds, 1), "log": self.log},
        }

    def play(self, windows: np.ndarray, report: Report | None) -> None:
        saved = logged = time.perf_counter()
        values: dict[str, Any] = {}
        while (progress := self.budget.progress(self.seconds, self.step)) < 1:
            values = self.game.advance(self._batch(windows), progress=progress, step=self.step)
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
                self.save()
                saved = time.perf_counter()
        if values:
            self._note(values)  # the last steps too: what has broken down isn't kept
        self._listen()

    def _batch(self, windows: np.ndarray) -> np.ndarray:
        """Batch number `step` of a shuffled pass through the windows; the seed and the step decide it."""
        per_pass = max(1, len(windows) // self.recipe.batch_size)
        order = np.random.default_rng([self.seed, self.step // per_pass, 1]).permutation(len(windows))
        first = self.step % per_pass * self.recipe.batch_size
        return windows[order[first : first + self.recipe.batch_size]]

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
        if not (tokens < self.encoding.rest).any():
            raise TrainingError(
                "training: the generator has fallen silent: D was too strong too early, see lesson 08"
            )
        if distinct < 0.5:
            raise TrainingError(
                f"training: only {distinct:.0%} of 64 pieces differ: mode collapse, see lesson 08"
            )


def _as_csv(rows: Sequence[dict[str, float]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
