"""From trained weights to music.

Comes in: a checkpoint's name or folder, latents z, a seed. Goes out: classes, and `Score`s.

Conventions
-----------
Drawing from the recurrent generator runs in numpy and loads no TensorFlow: a chain of small matrix
products is what TensorFlow is slowest at, and a slider must answer while it is held. A test holds
it to the Keras model. Piece i of a seed is the same whatever the number of pieces drawn with it.
A checkpoint is a folder with `weights.npz` and `card.json`: numbers and text, nothing that executes.
Lessons 00, 06 and 09.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling.draw import Weights, draw
from musicgan_edu.sampling.files import FORMAT, read_arrays, write, write_arrays, write_card, write_whole
from musicgan_edu.score import CheckpointError, Grid, MusicganError, Score, Track

__all__ = [
    "Sampler",
    "checkpoints",
    "draw",
    "load",
    "note_test",
    "read_arrays",
    "write",
    "write_arrays",
    "write_card",
    "write_whole",
]

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
MAX_VALUES, MAX_WIDTH = 2**22, 4096  # pieces of more values, or wider ones, are not ours


@dataclasses.dataclass(frozen=True)
class Sampler:
    """A trained generator, ready to play.

    weights : by path, float32. card : what it is and how it was trained; what `card.json` holds.
    """

    weights: Weights
    card: Mapping[str, Any]
    encoding: VoiceEncoding

    @property
    def latent_dim(self) -> int:
        return int(self.card["generator"]["latent_dim"])

    @property
    def corpus(self) -> str:
        """The name or folder of the music that it learnt from; CheckpointError where the card says none."""
        training = self.card.get("training")
        name = training.get("corpus") if isinstance(training, Mapping) else None
        if not isinstance(name, str):
            raise CheckpointError(f"sampling: the card of {self.card.get('name')!r} names no corpus")
        return name

    def latents(self, n: int, *, seed: int = 0, first: int = 0) -> np.ndarray:
        """The z of pieces first … first + n − 1, float32 (n, latent_dim), standard normal."""
        rngs = [np.random.default_rng([seed, first + i, 0]) for i in range(n)]
        return np.stack([rng.standard_normal(self.latent_dim, np.float32) for rng in rngs])

    def noise(self, n: int, *, seed: int = 0, first: int = 0) -> np.ndarray:
        """Their Gumbel noise, float32 (n, T, V, C): what the generator decides where z leaves it open."""
        rngs = [np.random.default_rng([seed, first + i, 1]) for i in range(n)]
        uniform = np.stack([rng.random(self.encoding.shape, np.float32) for rng in rngs])
        return -np.log(-np.log(np.clip(uniform, 1e-7, 1 - 1e-7)))

    def tokens(self, z: np.ndarray, noise: np.ndarray, *, temperature: float | None = None) -> np.ndarray:
        """Classes, int64 (B, T, V), of latents z (B, latent_dim) and noise (B, T, V, C).

        `temperature`: as the card says unless given; 0 takes the likeliest class at every step.
        """
        z, generator = np.asarray(z, np.float32), self.card["generator"]
        if z.ndim != 2 or z.shape[1] != self.latent_dim or noise.shape != (len(z), *self.encoding.shape):
            raise CheckpointError(
                f"sampling: expected z (B, {self.latent_dim}) and its noise, got {z.shape}, {noise.shape}"
            )
        heat = float(generator["temperature"] if temperature is None else temperature)
        if not heat >= 0:
            raise MusicganError(f"sampling: a temperature must be 0 or more, got {heat}")
        if generator["kind"] == "recurrent":
            return draw(
                self.weights, self.encoding, z, noise, gain=float(generator["gain"]), temperature=heat
            )
        logits = self._convolutional(z).numpy()
        logits[:, 0, :, self.encoding.hold] = -np.inf
        return (logits + heat * noise).argmax(-1)

    def sample(self, n: int, *, seed: int = 0, temperature: float | None = None) -> list[Score]:
        """n pieces; the same seed and checkpoint give the same ones, and the first of many are the first of few."""
        scores: list[Score] = []
        for first in range(0, n, 256):
            some = min(256, n - first)
            z, noise = self.latents(some, seed=seed, first=first), self.noise(some, seed=seed, first=first)
            scores += self.encoding.decode(self.tokens(z, noise, temperature=temperature))
        # not the run's name: the same weights give the same files, wherever they lie
        names = (f"machine {seed}-{i}" for i in range(n))
        return [score.replace(title=name, source=name) for score, name in zip(scores, names, strict=True)]

    @functools.cached_property
    def _convolutional(self) -> Any:
        from musicgan_edu import models  # loads TensorFlow

        sizes = {key: self.card["generator"][key] for key in ("latent_dim", "width")}
        generator = models.ConvGenerator(self.encoding, **sizes)
        for variable in generator.trainable_variables:
            variable.assign(self.weights[variable.path.split("/", 1)[1]])
        return generator


def checkpoints() -> list[str]:
    """Names of the checkpoints that come with the package."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob("*/card.json"))


def load(checkpoint: str | Path = "chorales") -> Sampler:
    """A shipped checkpoint by name, or one in a folder (a run's folder is one; a `Path` is always a folder).

    Raises
    ------
    CheckpointError : none there, damaged, of another version; names the folder and the cause.
    """
    folder = CHECKPOINTS / checkpoint if checkpoint in checkpoints() else Path(checkpoint)
    if not folder.is_dir():
        raise CheckpointError(
            f"sampling: no checkpoint {str(checkpoint)!r}: give a folder or one of {checkpoints()}"
        )
    try:
        return _read(folder)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged or hostile file can fail anywhere between zip and notes
        raise CheckpointError(
            f"sampling: {folder} is no checkpoint: {type(error).__name__}: {error}"
        ) from error


def _read(folder: Path) -> Sampler:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if card["format"] != FORMAT:
        raise CheckpointError(
            f"sampling: {folder} has format {card['format']!r}, this version reads {FORMAT}"
        )
    weights = read_arrays(folder / "weights.npz")
    weights = {key: value.astype(np.float32) for key, value in weights.items()}
    if not all(np.isfinite(value).all() for value in weights.values()):
        raise CheckpointError(f"sampling: {folder} holds weights that aren't finite")
    form = dict(card["encoding"])
    grid, tracks = Grid(**form.pop("grid")), form.pop("tracks")
    tracks = tuple(Track(str(t["name"]), int(t["program"]), bool(t["is_drum"])) for t in tracks)
    sampler = Sampler(weights, card, VoiceEncoding(grid=grid, tracks=tracks, **form))
    width = max(sampler.latent_dim, card["generator"]["width"])
    if math.prod(sampler.encoding.shape) > MAX_VALUES or width > MAX_WIDTH:
        raise CheckpointError(
            f"sampling: {folder} is too large: pieces of {sampler.encoding.shape}, width {width}"
        )
    sampler.sample(1)  # weights of another shape, a missing one: now rather than later
    return sampler


def note_test(checkpoint: str | Path, accuracy: float) -> None:
    """Write down in a run's folder that it was measured on the test split; a shipped one says so in its card."""
    if checkpoint not in checkpoints():
        with (Path(checkpoint) / "tests.log").open("a", encoding="utf-8") as log:
            log.write(
                f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC: test split, C2ST {accuracy:.4f}\n"
            )
