"""Drawing from the generator of chords, in numpy: the twin of `models.ChordGenerator`.

Comes in: weights, latents, a generator of chance for each piece. Goes out: classes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from musicgan_edu.encoding import VoiceEncoding

__all__ = ["draw_chords"]

Weights = Mapping[str, np.ndarray]


def draw_chords(
    weights: Weights,
    encoding: VoiceEncoding,
    z: np.ndarray,
    *,
    rngs: Sequence[np.random.Generator],
    gain: float,
    temperature: float,
) -> np.ndarray:
    """Classes, int64 (B, T, V), that a generator of chords chooses on its pulses, half a beat each.

    Parameters
    ----------
    weights : of `models.ChordGenerator`, by path, and its vocabulary "words", int (K, V).
    z : latents (B, latent_dim). rngs : B generators; piece i depends on z[i] and rngs[i] alone.
    gain : the generator's factor on what it says of parallels.
    temperature : a factor on the noise; 0 takes the likeliest chord after the likeliest.
    """
    plan, words = _plan(weights, z), weights["words"].astype(np.int64)
    scores, strikes = (_dense(plan, weights, name) for name in ("chords", "strikes"))
    leaps = _dense(plan, weights, "leaps").reshape(*plan.shape[:2], words.shape[1], -1)
    scores += temperature * np.stack([rng.gumbel(size=scores.shape[1:]) for rng in rngs])
    strikes += temperature * np.stack([rng.logistic(size=strikes.shape[1:]) for rng in rngs])
    sung = np.full((len(z), words.shape[1]), encoding.rest)
    sound = np.empty((*plan.shape[:2], words.shape[1]), np.int64)
    for pulse in range(plan.shape[1]):
        here = scores[:, pulse] + _moving(leaps[:, pulse], sung, words, encoding.rest)
        if pulse:
            here += gain * _parallel(weights["along"], sung, words, encoding.rest)
        sound[:, pulse] = sung = words[here.argmax(-1)]
    return _classes(sound, strikes > 0, encoding)


def _plan(w: Weights, z: np.ndarray) -> np.ndarray:
    """What the convolutions plan, (B, N, width)."""
    x = np.maximum(z @ w["plan/coarse/kernel"] + w["plan/coarse/bias"], 0)
    x = x.reshape(len(z), -1, w["plan/finer0/kernel"].shape[1])
    for i in range(3):
        x = np.pad(np.repeat(x, 2, axis=1), [(0, 0), (1, 1), (0, 0)])
        kernel = w[f"plan/finer{i}/kernel"]  # (3, width, width)
        x = sum(x[:, j : x.shape[1] - 2 + j] @ kernel[j] for j in range(3)) + w[f"plan/finer{i}/bias"]
        x = np.maximum(x, 0)
    return x


def _dense(x: np.ndarray, w: Weights, name: str) -> np.ndarray:
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def _moving(leaps: np.ndarray, sung: np.ndarray, words: np.ndarray, rest: int) -> np.ndarray:
    """Scores (B, K) of each chord by the moves that it asks for; `leaps` (B, V, 26), `sung` (B, V)."""
    octave, far = (leaps.shape[-1] - 2) // 2, leaps.shape[-1] - 1
    total = np.zeros((len(sung), len(words)), leaps.dtype)
    for v in range(words.shape[1]):
        move = np.arange(rest + 1) - sung[:, v, None]
        by_note = np.take_along_axis(leaps[:, v], np.where(abs(move) <= octave, move + octave, far), 1)
        total += (by_note * (sung[:, v, None] < rest))[:, words[:, v]]
    return total


def _parallel(along: np.ndarray, sung: np.ndarray, words: np.ndarray, rest: int) -> np.ndarray:
    """What moving in parallel octaves and fifths costs, (B, K), from chords `sung` (B, V)."""
    moved, total = sung[:, None] != words, np.zeros((len(sung), len(words)), np.float32)
    for u, v in itertools.combinations(range(words.shape[1]), 2):
        both = moved[..., u] & moved[..., v]
        for i, interval in enumerate((0, 7)):
            old, new = (
                (c[:, u] < rest) & (c[:, v] < rest) & ((c[:, u] - c[:, v]) % 12 == interval)
                for c in (sung, words)
            )
            total += along[i] * (old[:, None] & new & both)
    return total


def _classes(sound: np.ndarray, struck: np.ndarray, encoding: VoiceEncoding) -> np.ndarray:
    """Classes (B, T, V) of what sounds at each pulse, and whether it is struck there, (B, N, V)."""
    goes_on = np.zeros(sound.shape, bool)
    goes_on[:, 1:] = (sound[:, 1:] == sound[:, :-1]) & ~struck[:, 1:] & (sound[:, 1:] < encoding.rest)
    stride = encoding.grid.n_steps // sound.shape[1]
    tokens = np.repeat(np.where(sound == encoding.rest, encoding.rest, encoding.hold), stride, axis=1)
    tokens[:, ::stride] = np.where(goes_on, encoding.hold, sound)
    return tokens
