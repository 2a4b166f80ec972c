"""The game of polyphonic rolls: every key of every track is a binary neuron.

`Recipe.noise` chooses the neurons: 0 makes them deterministic, 1 draws each from its own probability.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import models
from musicgan_edu.encoding import RollEncoding
from musicgan_edu.training.games import GAN, chance

__all__ = ["RollGAN"]


class RollGAN(GAN):
    """`GAN` with `models.RollGenerator`: the same steps on rolls, bool (B, T, P, 2K)."""

    def _generator(self) -> keras.Model:
        sizes = {"latent_dim": self.recipe.latent_dim, "width": self.recipe.width}
        return models.RollGenerator(self.encoding, **sizes)

    def meet(self, windows: np.ndarray) -> None:
        self.generator.meet(windows)
        if not self.n_averaged:  # the newborn's average is the newborn
            for mean, variable in zip(self.averaged, self.generator.trainable_variables, strict=True):
                mean.assign(variable)

    @staticmethod
    def silence(encoding: RollEncoding) -> tf.Tensor:
        return tf.zeros((1, *encoding.shape))

    @staticmethod
    def hear(tokens: tf.Tensor, encoding: RollEncoding) -> tf.Tensor:
        return models.features_of_rolls(tokens, encoding)

    def decide(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Keys of logits (B, T, P, 2K), 0 or 1, with a slope."""
        return self.generator.decide(logits, uniform, noise=self.recipe.noise)

    def generate(self, n: int) -> tf.Tensor:
        z = chance(lambda n: keras.random.normal((n, self.recipe.latent_dim), seed=self.seeds), n)
        shape = self.encoding.shape
        uniform = chance(lambda n: keras.random.uniform((n, *shape), seed=self.seeds), n)
        return models.features_of_rolls(self.decide(self.generator(z), uniform), self.encoding)

    def preview(self, n: int, *, step: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, step])
        z = rng.standard_normal((n, self.recipe.latent_dim), np.float32)
        uniform = rng.random((n, *self.encoding.shape), np.float32)
        return self.generator.tokens(z, uniform, temperature=self.recipe.temperature)

    def weights_to_keep(self) -> dict[str, np.ndarray]:
        return {**super().weights_to_keep(), "most": np.asarray(self.generator.most)}
