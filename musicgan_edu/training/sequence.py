"""The game of a generator that speaks note by note: likelihood first, then the discriminator's verdict."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import threadpoolctl

from musicgan_edu import conditions, models, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.training.games import Game, chance, minimise, together
from musicgan_edu.training.recipes import RECIPES, Recipe

__all__ = ["SequenceGAN"]

MEMORY = 8  # batches that G played last: D hears them again, see `Recipe.d_steps`


class SequenceGAN(Game):
    """Likelihood first, then the game: an LSTM that speaks, a CNN that listens to every step."""

    def __init__(
        self, encoding: VoiceEncoding, recipe: Recipe = RECIPES["chorales"], *, seed: int = 0
    ) -> None:
        n_features = models.relations(np.zeros((1, *encoding.shape[:2])), encoding).shape[-1]
        self.told = conditions.combinations(recipe.condition)  # (K, n): what G can be told
        super().__init__(encoding, recipe, n_features=n_features + self.told.shape[1], seed=seed)
        self.learners = list(self.generator.trainable_variables)
        if recipe.latent_dim:
            sizes = {"latent_dim": recipe.latent_dim, "bar_latent_dim": recipe.bar_latent_dim}
            self.posterior = models.PosteriorEncoder(encoding, **sizes)
            self.learners += self.posterior.trainable_variables
        self.game_on = tf.Variable(False, trainable=False)
        self.memory = [  # what G played last (int32: uint8 can't be sent to a worker), and what it was told
            tf.Variable(tf.zeros((0, *shape), kind), trainable=False, shape=(None, *shape))
            for shape, kind in ((encoding.shape[:2], tf.int32), (self.told.shape[1:], tf.float32))
        ]
        self.pre_optimizer = keras.optimizers.Adam(recipe.learning_rate, beta_2=0.99, global_clipnorm=1.0)
        for optimizer in (self.pre_optimizer, self.g_optimizer):
            optimizer.build(self.learners)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def _generator(self) -> keras.Model:
        sizes = {
            key: getattr(self.recipe, key)
            for key in ("latent_dim", "bar_latent_dim", "units", "width", "dropout")
        }
        sizes["latent_dim"] += self.told.shape[1]
        return models.RecurrentGenerator(self.encoding, **sizes)

    def state(self) -> list[Any]:
        optimizers = (self.pre_optimizer, self.g_optimizer, self.d_optimizer)
        return [
            *self.variables,
            *(v for o in optimizers for v in o.variables),
            *self.averaged,
            self.n_averaged,
            self.game_on,
            *(self.memory if self.recipe.d_steps > 1 else []),
        ]

    def advance(
        self, real: np.ndarray, *, progress: float, step: int, told: np.ndarray | None = None
    ) -> dict[str, tf.Tensor]:
        """One step on real windows (B, T, V), which are as `told`, (B, n); without a condition they are as any."""
        recipe = self.recipe
        told = np.zeros((len(real), 0), np.float32) if told is None else told
        if progress < recipe.pretraining:
            pace = min(1.0, (step + 1) / 100) * max(0.05, 1 - progress / recipe.pretraining)
            self.pre_optimizer.learning_rate.assign(recipe.learning_rate * pace)
            return self.pretrain_step(real, told)
        if not self.game_on.numpy():
            self.game_on.assign(True)
            for mean, variable in zip(self.averaged, self.generator.trainable_variables, strict=True):
                variable.assign(mean)  # the game starts from the averaged weights
        if step % recipe.d_steps and len(self.memory[0].numpy()):
            return self.discriminator_step(real, told, *self._heard_before(len(real), step=step))
        z, fake = self.play(len(real), step=step, told=told)
        if recipe.d_steps > 1:
            for kept, new in zip(self.memory, (fake, told), strict=True):
                kept.assign(np.concatenate([new, kept.numpy()])[: MEMORY * len(fake)])
        values = self.discriminator_step(real, told, fake, told)
        if progress >= recipe.pretraining + recipe.warming:
            values |= self.generator_step(real, told, fake, z)
        return values

    def _heard_before(self, n: int, *, step: int) -> list[np.ndarray]:
        """n of the windows that G played lately, (n, T, V), and what it was told: D's own steps cost no music."""
        fake, told = (variable.numpy() for variable in self.memory)
        chosen = np.random.default_rng([self.seed, step, 2]).choice(len(fake), n, replace=False)
        return [fake[chosen].astype(np.uint8), told[chosen]]

    def preview(self, n: int, *, step: int) -> np.ndarray:
        return self.play(n, step=step)[1]

    def _evidence(self, tokens: tf.Tensor, told: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A latent for each real window, (B, latent_dim), and what it costs: KL in nats, at least free_nats."""
        if not self.recipe.latent_dim:
            return told, tf.constant(0.0)
        mean, log_variance = self.posterior(tokens)
        size, n = mean.shape[-1], tf.shape(mean)[0]
        noise = chance(lambda n: keras.random.normal((n, size), seed=self.seeds), n)
        z = mean + tf.exp(log_variance / 2) * noise
        kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, -1)
        return tf.concat([told, z], -1), tf.maximum(together(tf.reduce_mean(kl)), self.recipe.free_nats)

    def _surprise(self, tokens: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """−log p of each step given all before it and z, summed over voices, nats (B, T)."""
        logits = self.generator(tokens, z, training=True)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits), -1)

    @tf.function
    def pretrain_step(self, tokens: tf.Tensor, told: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step up the evidence lower bound of real windows (B, T, V), which are as told (B, n)."""
        tokens = tf.cast(tokens, tf.int32)
        with tf.GradientTape() as tape:
            z, kl = self._evidence(tokens, told)
            nll = tf.reduce_mean(tf.reduce_sum(self._surprise(tokens, z), -1))
            loss = (nll + kl) / tokens.shape[1]
        minimise(self.pre_optimizer, tape, loss, self.learners)
        self._average()
        return {"nll": nll, "kl": kl}

    @tf.function
    def discriminator_step(
        self, real: tf.Tensor, told: tf.Tensor, fake: tf.Tensor, fake_told: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """One step of D: every step of a real window should sound real, every step of a fake one fake."""
        both = tf.concat([tf.cast(real, tf.int32), tf.cast(fake, tf.int32)], 0)
        features = self._heard(both, tf.concat([told, fake_told], 0))
        with tf.GradientTape() as tape:
            d_real, d_fake = tf.split(self.discriminator(features, training=True), 2)
            loss = self.loss_pair.discriminator(d_real, d_fake)
        minimise(self.d_optimizer, tape, loss, self.discriminator.trainable_variables)
        return {"d_loss": loss, "d_real": tf.reduce_mean(d_real), "d_fake": tf.reduce_mean(d_fake)}

    @tf.function
    def generator_step(
        self, real: tf.Tensor, told: tf.Tensor, fake: tf.Tensor, z: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """One step of G: what convinced D becomes likelier, what didn't less so; some likelihood stays."""
        real, fake = tf.cast(real, tf.int32), tf.cast(fake, tf.int32)
        advantage = self._advantage(fake, z[:, : self.told.shape[1]])
        with tf.GradientTape() as tape:
            z_real, kl = self._evidence(real, told)
            surprise = self._surprise(tf.concat([real, fake], 0), tf.concat([z_real, z], 0))
            real_surprise, fake_surprise = tf.split(tf.cast(surprise, tf.float32), 2)
            nll = tf.reduce_mean(tf.reduce_sum(real_surprise, -1))
            played = tf.reduce_mean(tf.reduce_sum(advantage * fake_surprise, -1))
            loss = (self.likelihood * (nll + kl) + played) / real.shape[1]
        minimise(self.g_optimizer, tape, loss, self.learners)
        self._average()
        return {"nll": nll, "kl": kl, "surprise": tf.reduce_mean(tf.reduce_sum(fake_surprise, -1))}

    def _heard(self, tokens: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
        """What D hears, (B, T, F), and at every step what it is to expect."""
        expected = tf.repeat(told[:, None], tokens.shape[1], 1)
        return tf.concat([models.relations(tokens, self.encoding), expected], -1)

    def _advantage(self, fake: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
        """How much better than the batch's mean D finds what follows each choice, (B, T), scale 1."""
        verdict = self.discriminator(self._heard(fake, told))
        later = np.arange(fake.shape[1])[None] - np.arange(fake.shape[1])[:, None]
        weight = tf.constant(
            np.where(later >= 0, self.recipe.discount ** np.maximum(later, 0), 0), tf.float32
        )
        answer = verdict @ tf.transpose(weight)
        advantage = answer - together(tf.reduce_mean(answer, 0))
        deviation = tf.sqrt(together(tf.reduce_mean(advantage**2)))
        return tf.clip_by_value(advantage / (deviation + 1e-6), -3, 3)

    def play(self, n: int, *, step: int, told: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """n windows as G plays them now: latents (n, latent_dim), classes uint8 (n, T, V).

        `told`: (n, n_columns), what each is to be; drawn unless given.
        """
        rng = np.random.default_rng([self.seed, step])
        z = rng.standard_normal((n, self.generator.latent_dim), np.float32)
        noise = rng.gumbel(size=(n, *self.encoding.shape)).astype(np.float32)
        z[:, : self.told.shape[1]] = rng.choice(self.told, n) if told is None else told
        weights = models.weights_of(self.generator)
        with threadpoolctl.threadpool_limits(1, "blas"):  # more would fight with TensorFlow's own threads
            tokens = sampling.draw(weights, self.encoding, z, noise, gain=models.GAIN)
        return z, tokens.astype(np.uint8)
