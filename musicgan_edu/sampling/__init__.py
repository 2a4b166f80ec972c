"""From trained weights to music, and from music to other music.

Comes in: a checkpoint's name or folder, latents z, a seed; Scores. Goes out: classes, and `Score`s.
`latents` walks between them, `steer` keeps what is given, `likelihood` judges and inverts, `mixing`
mixes and splices any two Scores.

Conventions
-----------
Drawing from the recurrent generator runs in numpy and loads no TensorFlow: a chain of small matrix
products is what TensorFlow is slowest at, and a slider must answer while it is held. A test holds
it to the Keras model. Piece i of a seed is the same whatever the number of pieces drawn with it.
Which way a checkpoint draws says its card's `kind`: "recurrent", "chords", "random" and "markov" in numpy,
"convolutional", "rolls" and "masked" through TensorFlow.
A checkpoint is a folder with `weights.npz` and `card.json`: numbers and text, nothing that executes.
Lessons 00, 06 and 09.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu import conditions
from musicgan_edu.encoding import RollEncoding, VoiceEncoding
from musicgan_edu.sampling.chain import draw_cells, draw_chain, heated
from musicgan_edu.sampling.chords import draw_chords
from musicgan_edu.sampling.draw import Weights, draw
from musicgan_edu.sampling.files import FORMAT, read_arrays, write, write_arrays, write_card, write_whole
from musicgan_edu.sampling.filling import fill_masked
from musicgan_edu.sampling.latents import (
    MEASURES,
    Direction,
    along,
    determined,
    directions,
    explained,
    lerp,
    slerp,
)
from musicgan_edu.sampling.likelihood import Inverted, invert, log_likelihood
from musicgan_edu.sampling.mixing import (
    Mixed,
    MixError,
    Seam,
    bars,
    crossfade,
    fit,
    join,
    layer,
    seams,
    smoothest,
    splice,
)
from musicgan_edu.sampling.steer import Filled, cells, fill, redraw
from musicgan_edu.score import CheckpointError, Grid, MusicganError, Score, Track

__all__ = [
    "MEASURES",
    "Direction",
    "Filled",
    "Inverted",
    "MixError",
    "Mixed",
    "Sampler",
    "Seam",
    "along",
    "bars",
    "cells",
    "checkpoints",
    "crossfade",
    "determined",
    "directions",
    "draw",
    "draw_chords",
    "explained",
    "fill",
    "fill_masked",
    "fit",
    "heated",
    "invert",
    "join",
    "layer",
    "lerp",
    "load",
    "log_likelihood",
    "note_test",
    "read_arrays",
    "redraw",
    "seams",
    "slerp",
    "smoothest",
    "snapshots",
    "splice",
    "write",
    "write_arrays",
    "write_card",
    "write_whole",
]

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
MAX_VALUES, MAX_WIDTH = 2**22, 4096  # pieces of more values, or wider ones, are not ours


_COUNTED = {"random": draw_cells, "markov": draw_chain}


@dataclasses.dataclass(frozen=True)
class Sampler:
    """A trained generator, ready to play.

    weights : by path, float32; counts as whole numbers. card : what it is and how it was trained; what `card.json` holds.
    """

    weights: Weights
    card: Mapping[str, Any]
    encoding: Any  # a VoiceEncoding; where the card's kind is "rolls" a RollEncoding

    @property
    def latent_dim(self) -> int:
        generator = self.card["generator"]
        told = conditions.combinations(self.condition).shape[1]
        bars = self.encoding.grid.n_bars * generator.get("bar_latent_dim", 0)
        return int(told + generator["latent_dim"] + bars)

    @property
    def condition(self) -> str:
        """What it can be told, see `conditions`; those columns come first in z."""
        return str(self.card["generator"].get("condition", ""))

    @property
    def corpus(self) -> str:
        """The name or folder of the music that it learnt from; CheckpointError where the card says none."""
        training = self.card.get("training")
        name = training.get("corpus") if isinstance(training, Mapping) else None
        if not isinstance(name, str):
            raise CheckpointError(f"sampling: the card of {self.card.get('name')!r} names no corpus")
        return name

    def latents(self, n: int, *, seed: int = 0, first: int = 0, asked: Sequence[str] = ()) -> np.ndarray:
        """The z of pieces first … first + n − 1, float32 (n, latent_dim), standard normal.

        A conditional generator's begin with the columns of what each piece is to be: all that is
        `asked`, as in ("minor", "lively"), and the rest as often as in its music.

        Raises
        ------
        MusicganError : it can't be asked for that.
        """
        rngs = [np.random.default_rng([seed, first + i, 0]) for i in range(n)]
        z = np.stack([rng.standard_normal(self.latent_dim, np.float32) for rng in rngs])
        fits = conditions.columns(self.condition, asked)
        if self.condition:
            told = conditions.combinations(self.condition)
            chances = fits * np.asarray(self.card["generator"]["shares"], float)
            chances = chances if chances.any() else fits  # its music has none of them: it may still try
            drawn = [rng.choice(len(told), p=chances / chances.sum()) for rng in rngs]
            z[:, : told.shape[1]] = told[drawn]
        return z

    def told(self, n: int, *, seed: int = 0, name: str = "corpus") -> list[str]:
        """What the pieces 0 … n − 1 are told of a property; an empty list where it can't be told that."""
        found = conditions.split(self.condition, self.latents(n, seed=seed))
        return next((words for one, words in found.items() if one.partition("=")[0] == name), [])

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
        kind, w, form = generator["kind"], self.weights, self.encoding
        if kind == "recurrent":
            return draw(w, form, z, noise, gain=float(generator["gain"]), temperature=heat)
        if kind in _COUNTED:
            return _COUNTED[kind](w, form, noise, temperature=heat)
        # a piece's noise seeds the draws of those that need another number of them
        rngs = [np.random.default_rng(one.view(np.uint32)[0, 0, :4]) for one in noise.astype(np.float32)]
        if kind == "chords":
            return draw_chords(w, form, z, rngs=rngs, gain=float(generator["gain"]), temperature=heat)
        if kind == "masked":
            empty = np.zeros((len(z), *form.shape[:2]), np.int64)
            return fill_masked(self._masked, form, empty, empty == 0, rngs=rngs, temperature=heat)
        if kind == "rolls":  # one key or none: uniform noise, which is what Gumbel noise was made of
            return self._rolls.tokens(z, np.exp(-np.exp(-noise)), temperature=heat)
        return self._convolutional.tokens(z, heat * noise)

    def fill(
        self,
        tokens: np.ndarray,
        mask: np.ndarray,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        allowed: np.ndarray | None = None,
    ) -> np.ndarray:
        """Classes, int64 (B, T, V): those of `tokens` where `mask` (bool) is False, composed where it is True.

        Only a masked network can do this. What is given comes back to the bit. Piece i depends on its
        own tokens, its own mask, the seed and i. allowed : see `fill_masked`.

        Raises
        ------
        CheckpointError : a generator of another kind. EncodingError : other shapes than the encoding's.
        """
        if self.card["generator"]["kind"] != "masked":
            raise CheckpointError(
                f"sampling: a {self.card['generator']['kind']!r} generator can't fill gaps: "
                "train one with the recipe 'masked'"
            )
        rngs = [np.random.default_rng([seed, i, 2]) for i in range(len(tokens))]
        return fill_masked(
            self._masked, self.encoding, tokens, mask, rngs=rngs, temperature=temperature, allowed=allowed
        )

    def sample(
        self, n: int, *, seed: int = 0, temperature: float | None = None, asked: Sequence[str] = ()
    ) -> list[Score]:
        """n pieces, `asked` as in `latents`; the same seed and checkpoint give the same ones, and the first of many
        are the first of few.
        """
        scores: list[Score] = []
        for first in range(0, n, 256):
            some = min(256, n - first)
            z = self.latents(some, seed=seed, first=first, asked=asked)
            noise = self.noise(some, seed=seed, first=first)
            scores += self.encoding.decode(self.tokens(z, noise, temperature=temperature))
        # not the run's name: the same weights give the same files, wherever they lie
        names = (f"machine {seed}-{i}" for i in range(n))
        return [score.replace(title=name, source=name) for score, name in zip(scores, names, strict=True)]

    @functools.cached_property
    def _convolutional(self) -> Any:
        from musicgan_edu import models  # loads TensorFlow

        sizes = {key: self.card["generator"][key] for key in ("latent_dim", "width")}
        return self._with_weights(models.SoundGenerator(self.encoding, **sizes))

    @functools.cached_property
    def _rolls(self) -> Any:
        from musicgan_edu import models  # loads TensorFlow

        sizes = {key: int(self.card["generator"][key]) for key in ("latent_dim", "width")}
        found = tuple(self.weights[name].shape for name in ("coarse/kernel", "finer0/kernel"))
        if found != models.roll_kernels(self.encoding, **sizes):  # before a network of any size is made
            raise CheckpointError(f"sampling: weights {found} aren't those of a generator of {sizes}")
        network = self._with_weights(models.RollGenerator(self.encoding, **sizes))
        network.most.assign(self.weights["most"])
        return network

    @functools.cached_property
    def _masked(self) -> Any:
        import tensorflow as tf

        from musicgan_edu import models

        width = int(self.card["generator"]["width"])
        network = tf.function(self._with_weights(models.MaskedNetwork(self.encoding, width=width)))
        return lambda tokens, known: network(tf.constant(tokens), tf.constant(known)).numpy()

    def _with_weights(self, network: Any) -> Any:
        for variable in network.trainable_variables:
            variable.assign(self.weights[variable.path.split("/", 1)[1]])
        return network


def checkpoints() -> list[str]:
    """Names of the checkpoints that come with the package."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob("*/card.json"))


def load(checkpoint: str | Path = "chorales") -> Sampler:
    """A shipped checkpoint by name, or one in a folder (a run's folder is one; a `Path` is always a folder).

    Raises
    ------
    CheckpointError : none there, damaged, of another version; names the folder and the cause.
    """
    folder = _folder(checkpoint)
    if folder.name.endswith((".keras", ".h5")):
        raise CheckpointError(
            f"sampling: {folder.name} is a serialised Keras object, which may run code when it's loaded: it isn't read; "
            "a checkpoint is a folder with weights.npz and card.json"
        )
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


def snapshots(checkpoint: str | Path = "chorales", *, complete: bool = True) -> dict[int, Path]:
    """The moments of its training that a checkpoint keeps: step → folder for `load`, in order.

    `complete=False` also lists one whose writing was interrupted. None kept, none given.
    """
    folders = (path for path in (_folder(checkpoint) / "snapshots").glob("[0-9]*") if path.name.isdecimal())
    found = {int(path.name): path for path in folders if not complete or (path / "card.json").is_file()}
    return dict(sorted(found.items()))


def _folder(checkpoint: str | Path) -> Path:
    return CHECKPOINTS / checkpoint if checkpoint in checkpoints() else Path(checkpoint)


def _read(folder: Path) -> Sampler:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if card["format"] != FORMAT:
        raise CheckpointError(
            f"sampling: {folder} has format {card['format']!r}, this version reads {FORMAT}"
        )
    weights = read_arrays(folder / "weights.npz")
    weights = {key: v if v.dtype.kind in "iu" else v.astype(np.float32) for key, v in weights.items()}
    if not all(np.isfinite(value).all() for value in weights.values()):
        raise CheckpointError(f"sampling: {folder} holds weights that aren't finite")
    form = dict(card["encoding"])
    grid, tracks = Grid(**form.pop("grid")), form.pop("tracks")
    form |= {"shorter": tuple(map(float, form["shorter"]))} if "shorter" in form else {}
    tracks = tuple(Track(str(t["name"]), int(t["program"]), bool(t["is_drum"])) for t in tracks)
    encoding = RollEncoding if card["generator"]["kind"] == "rolls" else VoiceEncoding
    sampler = Sampler(weights, card, encoding(grid=grid, tracks=tracks, **form))
    width = max(sampler.latent_dim, card["generator"]["width"])
    if math.prod(sampler.encoding.shape) > MAX_VALUES or width > MAX_WIDTH:
        raise CheckpointError(
            f"sampling: {folder} is too large: pieces of {sampler.encoding.shape}, width {width}"
        )
    sampler.sample(1)  # weights of another shape, a missing one: now rather than later
    return sampler


def note_test(checkpoint: str | Path, accuracy: float | None) -> None:
    """Write down in a run's folder that it was measured on the test split; a shipped one says so in its card."""
    if checkpoint not in checkpoints():
        with (Path(checkpoint) / "tests.log").open("a", encoding="utf-8") as log:
            judged = "no judge" if accuracy is None else f"C2ST {accuracy:.4f}"
            log.write(f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC: test split, {judged}\n")
