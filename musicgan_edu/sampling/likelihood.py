"""How likely the recurrent generator finds given music: its twin when the notes are dictated.

Comes in: classes and latents. Goes out: log-probabilities of each cell, and from them the latent of
a real window.

Conventions
-----------
Nats. With all notes known only the LSTM itself is a chain; everything else is computed for all steps
at once, and what doesn't depend on z only once a window. A test holds this to the Keras model. For
the recurrent generator only: a convolutional one has no likelihood. Lessons 09 and 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musicgan_edu.sampling.draw import cell, told
from musicgan_edu.score import CheckpointError, MusicganError

if TYPE_CHECKING:
    from musicgan_edu.sampling import Sampler

__all__ = ["Inverted", "invert", "log_likelihood"]


class Inverted(NamedTuple):
    """A latent for a window, float32 (latent_dim,), and log p(window | z) in nats."""

    z: np.ndarray
    log_likelihood: float


def log_likelihood(sampler: Sampler, tokens: np.ndarray, z: np.ndarray) -> np.ndarray:
    """log p of each cell given z and all cells before it, nats, float32 (B, T, V).

    Parameters
    ----------
    tokens : classes (B, T, V), or (1, T, V) for one window under many latents.
    z : (B, latent_dim), or (1, latent_dim).

    Raises
    ------
    CheckpointError : a generator that isn't recurrent, tokens or latents of another shape.
    """
    tokens, z = np.asarray(tokens, np.int64), np.asarray(z, np.float32)
    kind, shape = sampler.card["generator"]["kind"], sampler.encoding.shape[:2]
    if kind != "recurrent":
        raise CheckpointError(f"sampling: only a recurrent generator has a likelihood, this one is {kind}")
    if tokens.ndim != 3 or tokens.shape[1:] != shape or z.ndim != 2 or z.shape[1] != sampler.latent_dim:
        raise CheckpointError(
            f"sampling: expected classes (B, {shape}) and z (B, {sampler.latent_dim}), got {tokens.shape}, {z.shape}"
        )
    return _Reader(sampler, tokens)(z)


class _Reader:
    """Windows, read once; called with latents. The equations of `models.RecurrentGenerator`."""

    def __init__(self, sampler: Sampler, tokens: np.ndarray) -> None:
        self.w, self.encoding, self.tokens = sampler.weights, sampler.encoding, tokens
        self.gain = np.float32(sampler.card["generator"]["gain"])
        self.n_gaps = self.w["leap0/kernel"].shape[1]
        self.span = (self.n_gaps - 2) // 2
        self.heard = self.encoding.sounding(tokens)
        self.was = np.roll(self.heard, 1, axis=1)
        self.was[:, 0] = self.encoding.rest
        self.state = np.where(tokens == self.encoding.hold, 1, np.where(tokens == self.encoding.rest, 2, 0))
        self.home = self._home()
        self.past = self._past()
        self.around = [self._around(v) for v in range(tokens.shape[2])]
        self.manners = [self._manners(v) for v in range(tokens.shape[2])]

    def __call__(self, z: np.ndarray) -> np.ndarray:
        hidden = self._hidden(z)
        return np.stack([self._voice(v, hidden) for v in range(self.tokens.shape[2])], -1)

    def _home(self) -> np.ndarray:
        """The pitch that each voice sang last before each step, classes (B, T, V)."""
        home = np.empty_like(self.heard)
        now = np.broadcast_to(self.encoding.home_pitches(), self.heard[:, 0].shape)
        for step in range(home.shape[1]):
            home[:, step] = now
            now = np.where(self.heard[:, step] < self.encoding.rest, self.heard[:, step], now)
        return home

    def _past(self) -> np.ndarray:
        """What the step before and the place in the grid add to the LSTM's gates, (B, T, 4U)."""
        grid, n_classes = self.encoding.grid, self.encoding.n_classes
        offset = np.arange(self.tokens.shape[2]) * n_classes
        kernel, step = self.w["lstm/lstm_cell/kernel"], np.arange(grid.n_steps)
        n_notes = len(offset) * n_classes
        notes, places = kernel[:n_notes], kernel[n_notes:]
        struck = (self.state == 0)[..., None] * notes[offset + self.encoding.n_pitches + 1]
        said = notes[self.heard + offset].sum(2) + struck.sum(2)
        before = np.concatenate([np.zeros_like(said[:, :1]), said[:, :-1]], 1)
        bar = grid.steps_per_bar + step // grid.steps_per_bar
        return before + places[step % grid.steps_per_bar] + places[bar]

    def _hidden(self, z: np.ndarray) -> np.ndarray:
        """The LSTM's states, (B, T, U)."""
        recurrent = self.w["lstm/lstm_cell/recurrent_kernel"]
        kernel, n = self.w["lstm/lstm_cell/kernel"], max(len(z), len(self.past))
        h = c = np.zeros((n, len(recurrent)), np.float32)
        bars = told(self.w, z, self.encoding.grid.n_bars)
        if z.shape[1]:
            h, c = np.split(bars[0] @ self.w["start/kernel"] + self.w["start/bias"], 2, axis=1)
        from_z = kernel[len(kernel) - bars[0].shape[1] :]
        constant = [bar @ from_z + self.w["lstm/lstm_cell/bias"] for bar in bars]
        hidden = np.empty((n, self.past.shape[1], len(recurrent)), np.float32)
        for step in range(self.past.shape[1]):
            bar = constant[step // self.encoding.grid.steps_per_bar]
            h, c = cell(h @ recurrent + bar + self.past[:, step], c)
            hidden[:, step] = h
        return hidden

    def _around(self, v: int) -> np.ndarray:
        """What voice v hears around it, (B, T, width): no part of it depends on z."""
        mine = self.home[..., v : v + 1]
        others = np.concatenate([self.was, self.heard[..., :v]], -1)
        x = self.w[f"others{v}/embeddings"][self._gaps(others - mine, others)].sum(2)
        if v:
            x += self.w[f"struck{v}/embeddings"][self.state[..., :v] + 3 * np.arange(v)].sum(2)
        return x + self.w[f"context{v}/bias"]

    def _gaps(self, gaps: np.ndarray, reference: np.ndarray) -> np.ndarray:
        rows = np.clip(gaps, -self.span, self.span) + self.span
        rows = np.where(reference == self.encoding.rest, self.n_gaps - 1, rows)
        return rows + self.n_gaps * np.arange(gaps.shape[-1])

    def _manners(self, v: int) -> np.ndarray:
        """What intervals and parallel motion add to voice v's logits, (B, T, C)."""
        n_pitches, rest = self.encoding.n_pitches, self.encoding.rest
        scores = np.zeros((*self.tokens.shape[:2], self.encoding.n_classes), np.float32)
        if not v:
            return scores
        above, was_above = self.heard[..., :v], self.was[..., :v]
        mine, was_mine = self.home[..., v : v + 1], self.was[..., v : v + 1]
        gaps = np.arange(n_pitches)[:, None] - above[..., None, :]  # (B, T, P, v)
        rows = self._gaps(gaps, above[..., None, :])
        scores[..., :n_pitches] = self.gain * self.w[f"below{v}/embeddings"][rows, 0].sum(-1)
        target = mine + above - was_above
        moved = (above != was_above) & (above != rest) & (was_above != rest) & (was_mine != rest)
        b, t, u = np.nonzero(moved & (target >= 0) & (target < n_pitches))
        along = (was_above[b, t, u] - was_mine[b, t, 0]) % 12 + 12 * u
        np.add.at(scores, (b, t, target[b, t, u]), self.gain * self.w[f"along{v}/embeddings"][along, 0])
        return scores

    def _voice(self, v: int, hidden: np.ndarray) -> np.ndarray:
        """log p of voice v's cells, (B, T)."""
        n_pitches, hold = self.encoding.n_pitches, self.encoding.hold
        x = np.maximum(hidden @ self.w[f"context{v}/kernel"] + self.around[v], 0)
        x += np.maximum(x @ self.w[f"mix{v}/kernel"] + self.w[f"mix{v}/bias"], 0)
        logits = x @ self.w[f"pitch{v}/kernel"] + self.w[f"pitch{v}/bias"] + self.manners[v]
        leaps = np.clip(np.arange(n_pitches) - self.home[..., v : v + 1], -self.span, self.span) + self.span
        by_leap = x @ self.w[f"leap{v}/kernel"] + self.w[f"leap{v}/bias"]
        leaps = np.broadcast_to(leaps, (*by_leap.shape[:2], n_pitches))
        logits[..., :n_pitches] += np.take_along_axis(by_leap, leaps, -1)
        logits[:, 0, hold] = -np.inf
        top = logits.max(-1, keepdims=True)
        total = top[..., 0] + np.log(np.exp(logits - top).sum(-1))
        chosen = np.broadcast_to(self.tokens[..., v], total.shape)[..., None]
        return np.take_along_axis(logits, chosen, -1)[..., 0] - total


def invert(
    sampler: Sampler, tokens: np.ndarray, *, keep: np.ndarray | None = None, candidates: int = 128,
    n_steps: int = 8, seed: int = 0,
) -> Inverted:  # fmt: skip
    """The latent that explains a window best: argmax of log p(window | z) − ½‖z‖², searched for.

    The best of some candidates from the prior, then L-BFGS with slopes by finite differences: no
    encoder and no TensorFlow. A local optimum, and only as good a description as z can be: what the
    generator leaves to the noise stays lost. Lesson 09 measures how much comes back.

    Parameters
    ----------
    tokens : classes (T, V). keep : bool (T, V), the cells that count; all unless given.
    candidates : latents tried first. n_steps : of L-BFGS at most; 0 takes the best candidate as it is.
    """
    from scipy.optimize import minimize

    tokens = np.asarray(tokens)[None]
    counts = np.ones(tokens.shape[1:], np.float32) if keep is None else np.asarray(keep, np.float32)
    if not sampler.latent_dim:
        raise MusicganError("sampling: a generator without a latent has nothing to invert")
    start = np.concatenate(
        [np.zeros((1, sampler.latent_dim), np.float32), sampler.latents(candidates, seed=seed)]
    )
    found = (log_likelihood(sampler, tokens, start) * counts).sum((1, 2)) - (start**2).sum(
        1
    ) / 2  # checks the shapes
    read, h = _Reader(sampler, np.asarray(tokens, np.int64)), 0.05
    around = np.concatenate(
        [np.zeros((1, sampler.latent_dim)), *(h * s * np.eye(sampler.latent_dim) for s in (1, -1))]
    )

    def loss(z: np.ndarray) -> tuple[float, np.ndarray]:
        near = (z + around).astype(np.float32)  # (1 + 2 latent_dim, latent_dim)
        values = (near.astype(np.float64) ** 2).sum(1) / 2 - (read(near) * counts).sum((1, 2))
        up, down = np.split(values[1:], 2)
        return float(values[0]), (up - down) / (2 * h)

    if not n_steps:
        return Inverted(start[found.argmax()], float((read(start[found.argmax()][None]) * counts).sum()))
    best = minimize(loss, start[found.argmax()], jac=True, method="L-BFGS-B", options={"maxiter": n_steps}).x
    z = best.astype(np.float32)
    return Inverted(z, float((read(z[None]) * counts).sum()))
