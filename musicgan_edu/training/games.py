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

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import threadpoolctl

from musicgan_edu import losses, models, sampling
from musicgan_edu.encoding import VoiceEncoding

__all__ = ["GAN", "RECIPES", "Recipe", "SequenceGAN", "make"]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides a training but the music, the seed and the time; a run's card records it.

    pretraining, warming : shares of the budget: likelihood first, then D alone on the frozen G.
    learning_rate : of pretraining; g_rate, d_rate : of the game.
    free_nats : information about a window that z may carry at no cost.
    likelihood : weight of the likelihood of real windows that stays in G's objective in the game.
    discount : how much of what D says of a later step a choice is answerable for, per step.
    penalty : γ of R1 + R2 (`GAN`); average : of the weights that are kept, per step.
    """

    generator: str = "recurrent"
    latent_dim: int = 32
    units: int = 160
    width: int = 128
    dropout: float = 0.1
    batch_size: int = 64
    pretraining: float = 0.7
    warming: float = 0.06
    learning_rate: float = 3e-3
    g_rate: float = 3e-4
    d_rate: float = 1e-3
    loss: str = "cross-entropy"
    free_nats: float = 6.0
    likelihood: float = 0.3
    discount: float = 0.9
    penalty: float = 1.0
    average: float = 0.99
    temperature: float = 1.0


RECIPES = {
    "chorales": Recipe(),
    "likelihood": Recipe(latent_dim=0, pretraining=1.0),
    "convolutional": Recipe(
        generator="convolutional", pretraining=0.0, warming=0.0, loss="relativistic", g_rate=1e-3, d_rate=1e-3,
        dropout=0.0, average=0.995, temperature=0.0,
    ),
}  # fmt: skip


class _Game(keras.Model):
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


def _minimise(
    optimizer: keras.optimizers.Optimizer, tape: tf.GradientTape, loss: tf.Tensor, variables: list[Any]
) -> None:
    optimizer.apply(tape.gradient(loss, variables), variables)


class GAN(_Game):
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
        _minimise(self.d_optimizer, tape, total, self.discriminator.trainable_variables)
        with tf.GradientTape() as tape:
            g_loss = self.loss_pair.generator(self.judge(real), self.judge(self.generate(n)))
        _minimise(self.g_optimizer, tape, g_loss, self.generator.trainable_variables)
        self._average()
        return {"d_loss": d_loss, "g_loss": g_loss, "penalty": penalties}

    @tf.function
    def compiled_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """`train_step` as one graph, for loops of one's own."""
        return self.train_step(tokens)


class SequenceGAN(_Game):
    """Likelihood first, then the game: an LSTM that speaks, a CNN that listens to every step."""

    def __init__(
        self, encoding: VoiceEncoding, recipe: Recipe = RECIPES["chorales"], *, seed: int = 0
    ) -> None:
        n_features = models.relations(np.zeros((1, *encoding.shape[:2])), encoding).shape[-1]
        super().__init__(encoding, recipe, n_features=n_features, seed=seed)
        self.learners = list(self.generator.trainable_variables)
        if recipe.latent_dim:
            self.posterior = models.PosteriorEncoder(encoding, latent_dim=recipe.latent_dim)
            self.learners += self.posterior.trainable_variables
        self.game_on = tf.Variable(False, trainable=False)
        self.pre_optimizer = keras.optimizers.Adam(recipe.learning_rate, beta_2=0.99, global_clipnorm=1.0)
        for optimizer in (self.pre_optimizer, self.g_optimizer):
            optimizer.build(self.learners)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def _generator(self) -> keras.Model:
        sizes = {key: getattr(self.recipe, key) for key in ("latent_dim", "units", "width", "dropout")}
        return models.RecurrentGenerator(self.encoding, **sizes)

    def state(self) -> list[Any]:
        optimizers = (self.pre_optimizer, self.g_optimizer, self.d_optimizer)
        return [
            *self.variables,
            *(v for o in optimizers for v in o.variables),
            *self.averaged,
            self.n_averaged,
            self.game_on,
        ]

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        recipe = self.recipe
        if progress < recipe.pretraining:
            pace = min(1.0, (step + 1) / 100) * max(0.05, 1 - progress / recipe.pretraining)
            self.pre_optimizer.learning_rate.assign(recipe.learning_rate * pace)
            return self.pretrain_step(real)
        if not self.game_on.numpy():
            self.game_on.assign(True)
            for mean, variable in zip(self.averaged, self.generator.trainable_variables, strict=True):
                variable.assign(mean)  # the game starts from the averaged weights
        z, fake = self.play(len(real), step=step)
        values = self.discriminator_step(real, fake)
        if progress >= recipe.pretraining + recipe.warming:
            values |= self.generator_step(real, fake, z)
        return values

    def preview(self, n: int, *, step: int) -> np.ndarray:
        return self.play(n, step=step)[1]

    def _evidence(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A latent for each real window, (B, latent_dim), and what it costs: KL in nats, at least free_nats."""
        if not self.recipe.latent_dim:
            return tf.zeros((tf.shape(tokens)[0], 0)), tf.constant(0.0)
        mean, log_variance = self.posterior(tokens)
        z = mean + tf.exp(log_variance / 2) * keras.random.normal(tf.shape(mean), seed=self.seeds)
        kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, -1)
        return z, tf.maximum(tf.reduce_mean(kl), self.recipe.free_nats)

    def _surprise(self, tokens: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """−log p of each step given all before it and z, summed over voices, nats (B, T)."""
        logits = self.generator(tokens, z, training=True)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits), -1)

    @tf.function
    def pretrain_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step up the evidence lower bound of real windows (B, T, V)."""
        tokens = tf.cast(tokens, tf.int32)
        with tf.GradientTape() as tape:
            z, kl = self._evidence(tokens)
            nll = tf.reduce_mean(tf.reduce_sum(self._surprise(tokens, z), -1))
            loss = (nll + kl) / tokens.shape[1]
        _minimise(self.pre_optimizer, tape, loss, self.learners)
        self._average()
        return {"nll": nll, "kl": kl}

    @tf.function
    def discriminator_step(self, real: tf.Tensor, fake: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of D: every step of a real window should sound real, every step of a fake one fake."""
        features = models.relations(
            tf.concat([tf.cast(real, tf.int32), tf.cast(fake, tf.int32)], 0), self.encoding
        )
        with tf.GradientTape() as tape:
            d_real, d_fake = tf.split(self.discriminator(features, training=True), 2)
            loss = self.loss_pair.discriminator(d_real, d_fake)
        _minimise(self.d_optimizer, tape, loss, self.discriminator.trainable_variables)
        return {"d_loss": loss, "d_real": tf.reduce_mean(d_real), "d_fake": tf.reduce_mean(d_fake)}

    @tf.function
    def generator_step(self, real: tf.Tensor, fake: tf.Tensor, z: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of G: what convinced D becomes likelier, what didn't less so; some likelihood stays."""
        real, fake = tf.cast(real, tf.int32), tf.cast(fake, tf.int32)
        advantage = self._advantage(fake)
        with tf.GradientTape() as tape:
            z_real, kl = self._evidence(real)
            surprise = self._surprise(tf.concat([real, fake], 0), tf.concat([z_real, z], 0))
            real_surprise, fake_surprise = tf.split(tf.cast(surprise, tf.float32), 2)
            nll = tf.reduce_mean(tf.reduce_sum(real_surprise, -1))
            played = tf.reduce_mean(tf.reduce_sum(advantage * fake_surprise, -1))
            loss = (self.recipe.likelihood * (nll + kl) + played) / real.shape[1]
        _minimise(self.g_optimizer, tape, loss, self.learners)
        self._average()
        return {"nll": nll, "kl": kl, "surprise": tf.reduce_mean(tf.reduce_sum(fake_surprise, -1))}

    def _advantage(self, fake: tf.Tensor) -> tf.Tensor:
        """How much better than the batch's mean D finds what follows each choice, (B, T), scale 1."""
        verdict = self.discriminator(models.relations(fake, self.encoding))
        later = np.arange(fake.shape[1])[None] - np.arange(fake.shape[1])[:, None]
        weight = tf.constant(
            np.where(later >= 0, self.recipe.discount ** np.maximum(later, 0), 0), tf.float32
        )
        answer = verdict @ tf.transpose(weight)
        advantage = answer - tf.reduce_mean(answer, 0)
        return tf.clip_by_value(advantage / (tf.math.reduce_std(advantage) + 1e-6), -3, 3)

    def play(self, n: int, *, step: int) -> tuple[np.ndarray, np.ndarray]:
        """n windows as G plays them now: latents (n, latent_dim), classes uint8 (n, T, V)."""
        rng = np.random.default_rng([self.seed, step])
        z = rng.standard_normal((n, self.recipe.latent_dim), np.float32)
        noise = rng.gumbel(size=(n, *self.encoding.shape)).astype(np.float32)
        weights = models.weights_of(self.generator)
        with threadpoolctl.threadpool_limits(1, "blas"):  # more would fight with TensorFlow's own threads
            tokens = sampling.draw(weights, self.encoding, z, noise, gain=models.GAIN)
        return z, tokens.astype(np.uint8)


def make(encoding: VoiceEncoding, recipe: Recipe, *, seed: int) -> GAN | SequenceGAN:
    """The players of a recipe, freshly initialised from a seed."""
    keras.utils.set_random_seed(seed)
    game = GAN if recipe.generator == "convolutional" else SequenceGAN
    return game(encoding, recipe, seed=seed)
