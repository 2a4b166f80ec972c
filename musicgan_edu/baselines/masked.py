"""Training of the masked network: hide a part of the music, guess it from the rest.

Comes in: windows as classes, uint8 (B, T, V). Goes out: weights for `models.MaskedNetwork`.

Conventions
-----------
The objective is the orderless one: a share of the cells is hidden, every share as likely as every
other, and each window's loss is the mean −log p of its hidden cells. So the network learns all the
conditionals at once that Gibbs sampling needs, from nearly all known to nothing known.

References
----------
Huang et al. (2017): Counterpoint by Convolution. Uria et al. (2014): orderless NADE. Lesson 12.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import models, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.training import Recipe
from musicgan_edu.training.games import Averaged, minimise

__all__ = ["MaskedModel", "masks"]

PREVIEW_ROUNDS = 12


def masks(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """What to hide of each window, bool (B, T, V): scattered cells, whole voices or a stretch of time.

    Half of the windows lose single cells, a quarter voices, a quarter all voices for a while; each
    loses at least one cell, and the share is drawn evenly.
    """
    n, n_steps, n_voices = shape
    share, kind = rng.random((n, 1, 1)), rng.integers(0, 4, (n, 1, 1))
    scattered = rng.random(shape) < share
    voices = rng.random((n, 1, n_voices)) < share
    length = np.ceil(share * n_steps)
    start = np.floor(rng.random((n, 1, 1)) * (n_steps - length + 1))
    step = np.arange(n_steps)[None, :, None]
    stretch = (step >= start) & (step < start + length)
    hidden = np.where(kind < 2, scattered, np.where(kind == 2, voices, stretch))
    one = rng.integers(0, n_steps * n_voices, n)
    hidden.reshape(n, -1)[np.arange(n), one] |= ~hidden.any((1, 2))
    return hidden


class MaskedModel(Averaged):
    """The masked network and what its training needs; `training.train` runs it like a game."""

    def __init__(self, encoding: VoiceEncoding, recipe: Recipe, *, seed: int = 0) -> None:
        super().__init__()
        self.encoding, self.recipe, self.seed = encoding, recipe, seed
        self.generator = models.MaskedNetwork(encoding, width=recipe.width, dropout=recipe.dropout)
        self.optimizer_ = keras.optimizers.Adam(recipe.learning_rate, beta_2=0.99, global_clipnorm=1.0)
        self.optimizer_.build(self.generator.trainable_variables)
        self.begin_average()

    def state(self) -> list[Any]:
        """Every variable that the next step depends on, in a fixed order."""
        return [*self.variables, *self.optimizer_.variables, *self.averaged, self.n_averaged]

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        """One step on real windows (B, T, V) at a share `progress` of the budget; what to log."""
        pace = min(1.0, (step + 1) / 100) * max(0.05, 1 - progress)
        self.optimizer_.learning_rate.assign(self.recipe.learning_rate * pace)
        hidden = masks(np.random.default_rng([self.seed, step, 2]), real.shape)
        return self.guess_step(tf.cast(real, tf.int32), tf.constant(hidden))

    def preview(self, n: int, *, step: int) -> np.ndarray:
        """n windows as the network fills them from nothing now, classes (n, T, V)."""
        rngs = [np.random.default_rng([self.seed, step, i]) for i in range(n)]
        empty = np.zeros((n, *self.encoding.shape[:2]), np.int64)
        return sampling.fill_masked(
            lambda tokens, known: self.guess(tf.constant(tokens), tf.constant(known)).numpy(),
            self.encoding, empty, empty == 0, rngs=rngs, n_rounds=PREVIEW_ROUNDS,
        )  # fmt: skip

    @tf.function
    def guess(self, tokens: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """Logits (B, T, V, C) of every cell."""
        return self.generator(tokens, known)

    @tf.function
    def guess_step(self, tokens: tf.Tensor, hidden: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step: cells `hidden`, bool (B, T, V), of classes (B, T, V) become less surprising."""
        share = tf.cast(hidden, tf.float32)
        share /= tf.reduce_sum(share, [1, 2], keepdims=True)
        with tf.GradientTape() as tape:
            logits = self.generator(tokens, ~hidden, training=True)
            nats = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
            loss = tf.reduce_mean(tf.reduce_sum(share * nats, [1, 2]))
        minimise(self.optimizer_, tape, loss, self.generator.trainable_variables)
        self._average()
        return {"nats_a_cell": loss}
