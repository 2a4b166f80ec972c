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
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
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

CHECKPOINTS = Path(__file__).parent / "checkpoints"
FORMAT = 1
MAX_BYTES = 256 * 2**20  # a checkpoint that unpacks to more is not one of ours
MAX_VALUES, MAX_WIDTH = 2**22, 4096  # nor is one with pieces of more values, or wider
Weights = Mapping[str, np.ndarray]


def draw(
    weights: Weights,
    encoding: VoiceEncoding,
    z: np.ndarray,
    noise: np.ndarray,
    *,
    gain: float,
    temperature: float = 1.0,
) -> np.ndarray:
    """Classes, int64 (B, T, V), that a recurrent generator chooses.

    Parameters
    ----------
    weights : of `models.RecurrentGenerator`, by path.
    z : latents (B, latent_dim).
    noise : Gumbel noise (B, T, V, C): at temperature 1 its argmax with the logits is a fair draw.
    gain : the generator's factor on its tables of intervals.
    temperature : divides the logits; 0 takes the likeliest class at every step.
    """
    stepper = _Stepper(weights, encoding, z, gain)
    tokens = np.empty((len(z), *encoding.shape[:2]), np.int64)
    for step in range(encoding.grid.n_steps):
        stepper.hear(step)
        for voice in range(encoding.shape[1]):
            logits = stepper.logits(voice)
            if step == 0:
                logits[:, encoding.hold] = -np.inf
            choice = (logits / temperature + noise[:, step, voice] if temperature else logits).argmax(1)
            tokens[:, step, voice] = choice
            stepper.say(voice, choice)
    return tokens


class _Stepper:
    """The generator's equations one voice and step at a time; twin of `models.RecurrentGenerator`."""

    def __init__(self, weights: Weights, encoding: VoiceEncoding, z: np.ndarray, gain: float) -> None:
        self.w, self.encoding, self.gain = weights, encoding, np.float32(gain)
        n, n_voices, n_classes = len(z), encoding.shape[1], encoding.n_classes
        kernel = weights["lstm/lstm_cell/kernel"]
        n_place = encoding.grid.steps_per_bar + encoding.grid.n_bars
        self.from_notes, self.from_place, from_z = np.split(
            kernel, [n_voices * n_classes, n_voices * n_classes + n_place]
        )
        self.h = self.c = np.zeros((n, kernel.shape[1] // 4), np.float32)
        if z.shape[1]:
            self.h, self.c = np.split(z @ weights["start/kernel"] + weights["start/bias"], 2, axis=1)
        self.constant = z @ from_z + weights["lstm/lstm_cell/bias"]
        self.n_gaps = weights["leap0/kernel"].shape[1]
        self.span = (self.n_gaps - 2) // 2
        self.home = np.tile(encoding.home_pitches(), (n, 1))
        self.heard = np.full((n, n_voices), encoding.rest)
        self.state = np.full((n, n_voices), -1)
        self.was = self.heard
        self.below = {(v, u): self._below(v, u) for v in range(n_voices) for u in range(v)}

    def hear(self, step: int) -> None:
        """The LSTM reads what the voices did in the last step."""
        grid, offset = self.encoding.grid, np.arange(self.encoding.shape[1]) * self.encoding.n_classes
        place = (
            self.from_place[step % grid.steps_per_bar]
            + self.from_place[grid.steps_per_bar + step // grid.steps_per_bar]
        )
        gates = self.h @ self.w["lstm/lstm_cell/recurrent_kernel"] + (self.constant + place)
        if step:
            struck = (self.state == 0)[..., None] * self.from_notes[offset + self.encoding.n_pitches + 1]
            gates += self.from_notes[self.heard + offset].sum(1) + struck.sum(1)
        i, f, g, o = np.split(gates, 4, axis=1)
        self.c = _sigmoid(f) * self.c + _sigmoid(i) * np.tanh(g)
        self.h = _sigmoid(o) * np.tanh(self.c)
        self.was, self.heard, self.state = self.heard, self.heard.copy(), np.zeros_like(self.state)

    def logits(self, v: int) -> np.ndarray:
        """Voice v's logits (B, C), knowing the voices above it in this step."""
        w, n_pitches, mine = self.w, self.encoding.n_pitches, self.home[:, v : v + 1]
        others = np.concatenate([self.was, self.heard[:, :v]], 1)
        x = self.h @ w[f"context{v}/kernel"] + w[f"context{v}/bias"]
        x += w[f"others{v}/embeddings"][self._gaps(others - mine, others)].sum(1)
        if v:
            x += w[f"struck{v}/embeddings"][self.state[:, :v] + 3 * np.arange(v)].sum(1)
        x = np.maximum(x, 0)
        x += np.maximum(x @ w[f"mix{v}/kernel"] + w[f"mix{v}/bias"], 0)
        logits = x @ w[f"pitch{v}/kernel"] + w[f"pitch{v}/bias"]
        leaps = np.clip(np.arange(n_pitches) - mine, -self.span, self.span) + self.span
        logits[:, :n_pitches] += np.take_along_axis(x @ w[f"leap{v}/kernel"] + w[f"leap{v}/bias"], leaps, 1)
        if v:
            self._add_manners(v, logits, mine)
        return logits

    def say(self, v: int, choice: np.ndarray) -> None:
        """Voice v has chosen these classes, (B,)."""
        rest, hold = self.encoding.rest, self.encoding.hold
        now = np.where(choice == hold, self.was[:, v], choice)
        self.heard[:, v] = now
        self.state[:, v] = np.where(choice == hold, 1, np.where(choice == rest, 2, 0))
        self.home[:, v] = np.where(now < rest, now, self.home[:, v])

    def _gaps(self, gaps: np.ndarray, reference: np.ndarray) -> np.ndarray:
        rows = np.clip(gaps, -self.span, self.span) + self.span
        return np.where(reference == self.encoding.rest, self.n_gaps - 1, rows) + self.n_gaps * np.arange(
            gaps.shape[1]
        )

    def _add_manners(self, v: int, logits: np.ndarray, mine: np.ndarray) -> None:
        n_pitches, rest = self.encoding.n_pitches, self.encoding.rest
        above, was_above, was_mine = self.heard[:, :v], self.was[:, :v], self.was[:, v : v + 1]
        for i in range(v):
            logits[:, :n_pitches] += self.below[v, i][above[:, i]]
        target = mine + above - was_above
        moved = (above != was_above) & (above != rest) & (was_above != rest) & (was_mine != rest)
        piece, u = np.nonzero(moved & (target >= 0) & (target < n_pitches))
        rows = (was_above[piece, u] - was_mine[piece, 0]) % 12 + 12 * u
        np.add.at(logits, (piece, target[piece, u]), self.gain * self.w[f"along{v}/embeddings"][rows, 0])

    def _below(self, v: int, u: int) -> np.ndarray:
        """What each class of voice u adds to voice v's logits, (P + 1, P)."""
        n_pitches = self.encoding.n_pitches
        classes = np.arange(n_pitches + 1)[:, None]  # the last is `rest`
        gaps = np.clip(np.arange(n_pitches) - classes, -self.span, self.span) + self.span
        rows = np.where(classes == self.encoding.rest, self.n_gaps - 1, gaps) + self.n_gaps * u
        return self.gain * self.w[f"below{v}/embeddings"][rows, 0]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * x) + 1)


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


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; never a pickle, never more than 256 MiB."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_BYTES:
        raise CheckpointError(f"sampling: {path} unpacks to {size >> 20} MiB, more than {MAX_BYTES >> 20}")
    with np.load(path, allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def write(folder: Path, weights: Weights, card: Mapping[str, Any], *, dtype: str = "float32") -> None:
    """Weights and card into a folder, each file replaced as a whole: a crash leaves the old or the new."""
    write_arrays(folder / "weights.npz", {key: value.astype(dtype) for key, value in weights.items()})
    write_card(folder, card)


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """`card.json` in a checkpoint's folder, replaced as a whole."""
    text = json.dumps({"format": FORMAT, **card}, indent=2, ensure_ascii=False)
    write_whole(folder / "card.json", text.encode(errors="backslashreplace") + b"\n")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compress: bool = True) -> None:
    """An .npz file, replaced as a whole."""
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **dict(arrays))
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step: written beside it, flushed to the disk, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
