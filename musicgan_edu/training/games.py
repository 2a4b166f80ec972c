"""The game itself, two ways to play it, each one compiled step at a time.

Comes in: real windows as classes, uint8 (B, T, V), and a `Recipe`. Goes out: better weights.

Conventions
-----------
`GAN` sends the discriminator's gradient through the notes by straight-through choices; it needs no
pretraining (lesson 07). `SequenceGAN` first learns by likelihood as a variational autoencoder, then
plays: every step that D finds convincing is made likelier, by the score function (policy gradient).
All chance comes from seeds that are part of `state`, so a resumed run is the uninterrupted one.

References
----------
Goodfellow et al. (2014), Huang et al. (2024): the objectives, see `losses`. Yu et al. (2017): SeqGAN.
De Masson d'Autume et al. (2019): dense rewards. Bowman et al. (2016), Kingma et al. (2016): free bits.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import losses, models
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.training.recipes import RECIPES, Recipe

__all__ = ["GAN", "Game", "minimise"]


class Game(keras.Model):
    """What both games share: the players, their optimisers, the running average of G's weights."""

    def __init__(self, encoding: VoiceEncoding, recipe: Recipe, *, n_features: int, seed: int) -> None:
        super().__init__()
        self.encoding, self.recipe, self.seed = encoding, recipe, seed
        self.loss_pair = losses.LOSSES[recipe.loss]
        self.generator = self._generator()
        self.discriminator = models.Discriminator(n_features, dropout=0.2 if recipe.pretraining else 0.0)
        self.seeds = keras.random.SeedGenerator(seed)
        adam = {"beta_1": 0.5, "beta_2": 0.99, "global_clipnorm": 1.0}
        self.g_optimizer = keras.optimizers.Adam(recipe.g_rate, **adam)
        self.d_optimizer = keras.optimizers.AdamW(recipe.d_rate, beta_1=0.5, beta_2=0.99, weight_decay=0.01)
        self.averaged = [tf.Variable(v, trainable=False) for v in self.generator.trainable_variables]
        self.n_averaged = tf.Variable(0.0, trainable=False)

    def build(self, *shapes: object) -> None:
        self.built = True

    def state(self) -> list[Any]:
        """Every variable that the next step depends on, in a fixed order."""
        raise NotImplementedError

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        """One step on real windows (B, T, V) at a share `progress` of the budget; what to log."""
        raise NotImplementedError

    def preview(self, n: int, *, step: int) -> np.ndarray:
        """n windows as G plays them now, classes (n, T, V)."""
        raise NotImplementedError

    def weights_to_keep(self) -> dict[str, np.ndarray]:
        """G's averaged weights, by path."""
        names = [v.path.split("/", 1)[1] for v in self.generator.trainable_variables]
        return {name: value.numpy() for name, value in zip(names, self.averaged, strict=True)}

    def _average(self) -> None:
        """One step of the running average; young averages forget their first values faster."""
        self.n_averaged.assign_add(1.0)
        keep = tf.minimum(self.recipe.average, self.n_averaged / (9.0 + self.n_averaged))
        for mean, variable in zip(self.averaged, self.generator.trainable_variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * variable)


def minimise(
    optimizer: keras.optimizers.Optimizer, tape: tf.GradientTape, loss: tf.Tensor, variables: list[Any]
) -> None:
    optimizer.apply(tape.gradient(loss, variables), variables)


class GAN(Game):
    """The game as Goodfellow drew it: D's gradient reaches G through the notes.

    A `keras.Model`: `compile(jit_compile=False)`, then `fit` on windows as classes (N, T, V).
    """

    def __init__(
        self, encoding: VoiceEncoding, recipe: Recipe = RECIPES["convolutional"], *, seed: int = 0
    ) -> None:
        n_features = len(encoding.tracks) * encoding.n_classes
        super().__init__(encoding, recipe, n_features=n_features, seed=seed)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def _generator(self) -> keras.Model:
        return models.ConvGenerator(self.encoding, latent_dim=self.recipe.latent_dim, width=self.recipe.width)

    def state(self) -> list[Any]:
        return [
            *self.variables,
            *self.g_optimizer.variables,
            *self.d_optimizer.variables,
            *self.averaged,
            self.n_averaged,
        ]

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        return self.compiled_step(real)

    def preview(self, n: int, *, step: int) -> np.ndarray:
        z = np.random.default_rng([self.seed, step]).standard_normal((n, self.recipe.latent_dim), np.float32)
        return self.generator(z).numpy().argmax(-1)

    def judge(self, features: tf.Tensor) -> tf.Tensor:
        """D's logit of each window, (B,): the mean over its steps."""
        return tf.reduce_mean(self.discriminator(features), -1)

    def generate(self, n: int) -> tf.Tensor:
        """What n windows sound like to D, from fresh latents and Gumbel noise of half its strength; differentiable."""
        z = keras.random.normal((n, self.recipe.latent_dim), seed=self.seeds)
        logits = self.generator(z)
        uniform = keras.random.uniform(tf.shape(logits), 1e-6, 1.0, seed=self.seeds)
        choices = models.straight_through(logits, -0.5 * tf.math.log(-tf.math.log(uniform)))
        return models.planes(choices, self.encoding)

    def train_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of D, then one of G, on real windows as classes (B, T, V)."""
        real = models.planes(tf.one_hot(tf.cast(tokens, tf.int32), self.encoding.n_classes), self.encoding)
        n = tf.shape(real)[0]
        fake = tf.stop_gradient(self.generate(n))
        with tf.GradientTape() as tape:
            d_loss = self.loss_pair.discriminator(self.judge(real), self.judge(fake))
            penalties = losses.zero_centred_penalty(self.judge, real) + losses.zero_centred_penalty(
                self.judge, fake
            )
            total = d_loss + self.recipe.penalty / 2 * penalties
        minimise(self.d_optimizer, tape, total, self.discriminator.trainable_variables)
        with tf.GradientTape() as tape:
            g_loss = self.loss_pair.generator(self.judge(real), self.judge(self.generate(n)))
        minimise(self.g_optimizer, tape, g_loss, self.generator.trainable_variables)
        self._average()
        return {"d_loss": d_loss, "g_loss": g_loss, "penalty": penalties}

    @tf.function
    def compiled_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """`train_step` as one graph, for loops of one's own."""
        return self.train_step(tokens)
