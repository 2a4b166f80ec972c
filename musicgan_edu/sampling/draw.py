"""Drawing from the recurrent generator, in numpy: the twin of `models.RecurrentGenerator`.

A chain of small matrix products is what TensorFlow is slowest at, and a slider must answer while it
is held. A test holds the twin to the Keras model.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from musicgan_edu.encoding import VoiceEncoding

__all__ = ["Stepper", "Weights", "cell", "draw", "told"]

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
    stepper = Stepper(weights, encoding, z, gain)
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


class Stepper:
    """The generator's equations one voice and step at a time; twin of `models.RecurrentGenerator`."""

    def __init__(self, weights: Weights, encoding: VoiceEncoding, z: np.ndarray, gain: float) -> None:
        self.w, self.encoding, self.gain = weights, encoding, np.float32(gain)
        n, n_voices, n_classes = len(z), encoding.shape[1], encoding.n_classes
        kernel = weights["lstm/lstm_cell/kernel"]
        n_place = encoding.grid.steps_per_bar + encoding.grid.n_bars
        self.from_notes, self.from_place, from_z = np.split(
            kernel, [n_voices * n_classes, n_voices * n_classes + n_place]
        )
        bars = told(weights, z, encoding.grid.n_bars)
        self.h = self.c = np.zeros((n, kernel.shape[1] // 4), np.float32)
        if z.shape[1]:
            self.h, self.c = np.split(bars[0] @ weights["start/kernel"] + weights["start/bias"], 2, axis=1)
        self.constant = [bar @ from_z + weights["lstm/lstm_cell/bias"] for bar in bars]
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
        bar, in_bar = divmod(step, grid.steps_per_bar)
        place = self.from_place[in_bar] + self.from_place[grid.steps_per_bar + bar]
        gates = self.h @ self.w["lstm/lstm_cell/recurrent_kernel"] + (self.constant[bar] + place)
        if step:
            struck = (self.state == 0)[..., None] * self.from_notes[offset + self.encoding.n_pitches + 1]
            gates += self.from_notes[self.heard + offset].sum(1) + struck.sum(1)
        self.h, self.c = cell(gates, self.c)
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

    def take(self, rows: np.ndarray) -> None:
        """Go on with these pieces, int (n,), of those that were drawn so far: one may be taken often, or never."""
        for name in ("h", "c", "home", "heard", "state", "was"):
            setattr(self, name, getattr(self, name)[rows])
        self.constant = [bar[rows] for bar in self.constant]

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


def told(weights: Weights, z: np.ndarray, n_bars: int) -> list[np.ndarray]:
    """What z tells each bar: z itself, or what the LSTM over the bars makes of the latents of piece and bars."""
    if "plan/lstm_cell/kernel" not in weights:
        return [z] * n_bars
    kernel, bias = weights["plan/lstm_cell/kernel"], weights["plan/lstm_cell/bias"]
    song, *bars = np.split(z, _edges(z.shape[1], kernel.shape[1] // 4, n_bars), axis=1)
    h = c = np.zeros_like(song)
    said = []
    for bar in bars:
        gates = (
            np.concatenate([bar, song], 1) @ kernel + h @ weights["plan/lstm_cell/recurrent_kernel"] + bias
        )
        h, c = cell(gates, c)
        said.append(song + h)
    return said


def _edges(latent_dim: int, song_dim: int, n_bars: int) -> np.ndarray:
    """Where in z the bars' latents begin, (n_bars,)."""
    return song_dim + np.arange(n_bars) * ((latent_dim - song_dim) // n_bars)


def cell(gates: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An LSTM cell's new output and memory from its four gates' sums, (B, 4 · units)."""
    i, f, g, o = np.split(gates, 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * x) + 1)
