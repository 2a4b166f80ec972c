"""The pure game of a generator that chooses chords: no practice, no likelihood, straight-through choices."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import models, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import TrainingError
from musicgan_edu.training.games import GAN, chance

__all__ = ["ChordGAN"]


class ChordGAN(GAN):
    """`GAN` with `models.ChordGenerator`: the same steps, another player and another pair of ears."""

    def _generator(self) -> keras.Model:
        sizes = {"latent_dim": self.recipe.latent_dim, "width": self.recipe.width}
        return models.ChordGenerator(self.encoding, n_chords=self.recipe.n_chords, **sizes)

    @staticmethod
    def hear(tokens: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
        chords, struck = models.chords_of(tokens, encoding)
        return models.features_of_chords(models.within(chords, encoding), struck, chords, encoding)

    def meet(self, windows: np.ndarray) -> None:
        self.generator.learn_words(windows)

    def generate(self, n: int) -> tf.Tensor:
        generator, size = self.generator, self.recipe.n_chords
        if not hasattr(generator, "table"):
            raise TrainingError(
                "training: a generator of chords must meet its music first: game.meet(windows)"
            )
        z = chance(lambda n: keras.random.normal((n, self.recipe.latent_dim), seed=self.seeds), n)
        shape = (self.encoding.shape[0] // models.pulses(self.encoding), size + len(self.encoding.tracks))
        uniform = chance(lambda n: keras.random.uniform((n, *shape), 1e-6, 1 - 1e-6, seed=self.seeds), n)
        gumbel = -tf.math.log(-tf.math.log(uniform[..., :size]))
        chosen, scores, strikes = generator.choose(z, self.recipe.noise * gumbel)
        soft = tf.nn.softmax(scores)
        choice = soft + tf.stop_gradient(tf.one_hot(chosen, size) - soft)
        logistic = tf.math.log(uniform[..., size:] / (1 - uniform[..., size:]))
        soft = tf.sigmoid(strikes + self.recipe.noise * logistic)
        struck = soft + tf.stop_gradient(tf.round(soft) - soft)
        chords = tf.gather(tf.convert_to_tensor(generator.words), chosen)
        return models.features_of_chords(choice @ generator.table, struck, chords, self.encoding)

    def preview(self, n: int, *, step: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, step])
        z = rng.standard_normal((n, self.recipe.latent_dim), np.float32)
        rngs = [np.random.default_rng([self.seed, step, i]) for i in range(n)]
        weights = {**models.weights_of(self.generator), "words": np.asarray(self.generator.words)}
        return sampling.draw_chords(
            weights, self.encoding, z, rngs=rngs, gain=models.GAIN, temperature=self.recipe.noise
        )

    def weights_to_keep(self) -> dict[str, np.ndarray]:
        return {**super().weights_to_keep(), "words": np.asarray(self.generator.words)}
