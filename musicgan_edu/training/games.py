"""The game itself, two ways to play it, each one compiled step at a time.

Comes in: real windows as classes, uint8 (B, T, V), and a `Recipe`. Goes out: better weights.

Conventions
-----------
`GAN` sends the discriminator's gradient through the notes by straight-through choices; it needs no
pretraining (lessons 07 and 08). `SequenceGAN` first learns by likelihood as a variational autoencoder, then
plays: every step that D finds convincing is made likelier, by the score function (policy gradient).
All chance comes from seeds that are part of `state`, so a resumed run is the uninterrupted one.

References
----------
Goodfellow et al. (2014), Huang et al. (2024): the objectives, see `losses`. Yu et al. (2017): SeqGAN.
De Masson d'Autume et al. (2019): dense rewards. Bowman et al. (2016), Kingma et al. (2016): free bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import losses, models
from musicgan_edu.score import TrainingError
from musicgan_edu.training.recipes import RECIPES, Recipe

__all__ = ["GAN", "Averaged", "Game", "chance", "descend", "minimise", "together"]


class Averaged(keras.Model):
    """A `generator` that is trained by a `recipe`, and the running average of its weights, which is what is kept."""

    recipe: Recipe
    generator: keras.Model

    def begin_average(self) -> None:
        """Called once the generator is there."""
        self.averaged = [tf.Variable(v, trainable=False) for v in self.generator.trainable_variables]
        self.n_averaged = tf.Variable(0.0, trainable=False)

    def build(self, *shapes: object) -> None:
        self.built = True

    def weights_to_keep(self) -> dict[str, np.ndarray]:
        """G's averaged weights, by path."""
        names = models.weights_of(self.generator)
        return {name: value.numpy() for name, value in zip(names, self.averaged, strict=True)}

    def _average(self) -> None:
        """One step of the running average; young averages forget their first values faster."""
        self.n_averaged.assign_add(1.0)
        keep = tf.minimum(self.recipe.average, self.n_averaged / (9.0 + self.n_averaged))
        for mean, variable in zip(self.averaged, self.generator.trainable_variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * variable)


class Game(Averaged):
    """What all games share: the players and their optimisers."""

    encoding: Any  # a VoiceEncoding; of `RollGAN` a RollEncoding

    def __init__(self, encoding: Any, recipe: Recipe, *, n_features: int, seed: int) -> None:
        super().__init__()
        self.encoding, self.recipe, self.seed = encoding, recipe, seed
        self.loss_pair = _named(losses.LOSSES, recipe.loss, "loss")
        self.generator = self._generator()
        _named(models.CONSTRAINTS, recipe.constraint, "constraint")
        self.discriminator = models.Discriminator(
            n_features, dropout=0.2 if recipe.pretraining else 0.0, constraint=recipe.constraint
        )
        self.seeds = keras.random.SeedGenerator(seed)
        self.g_optimizer = _optimizer(recipe, recipe.g_rate, global_clipnorm=1.0)
        self.d_optimizer = _optimizer(recipe, recipe.d_rate, weight_decay=0.01)
        self.begin_average()
        # Variables, because a `Control` may turn them while the compiled steps run.
        self.likelihood = tf.Variable(float(recipe.likelihood), trainable=False)
        self.penalty = tf.Variable(float(recipe.penalty), trainable=False)

    def state(self) -> list[Any]:
        """Every variable that the next step depends on, in a fixed order."""
        raise NotImplementedError

    def meet(self, windows: np.ndarray) -> None:
        """Called before the first step of a run, new or resumed, with all its real windows."""

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        """One step on real windows (B, T, V) at a share `progress` of the budget; what to log."""
        raise NotImplementedError

    def preview(self, n: int, *, step: int) -> np.ndarray:
        """n windows as G plays them now, classes (n, T, V)."""
        raise NotImplementedError


def _named(table: Mapping[str, Any], name: str, what: str) -> Any:
    """The entry of that name."""
    if name not in table:
        raise TrainingError(f"training: no {what} {name!r}, there are {', '.join(table)}")
    return table[name]


def _optimizer(recipe: Recipe, rate: float, **options: float) -> keras.optimizers.Optimizer:
    """What the recipe names, at one player's rate."""
    kinds = {
        "Adam": (keras.optimizers.Adam, {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2}),
        "SGD": (keras.optimizers.SGD, {"momentum": recipe.momentum}),
    }
    kind, own = _named(kinds, recipe.optimizer, "optimizer")
    return kind(rate, **own, **options)


def minimise(
    optimizer: keras.optimizers.Optimizer, tape: tf.GradientTape, loss: tf.Tensor, variables: list[Any]
) -> None:
    """One step downhill; with several workers, down the mean of their slopes."""
    descend(optimizer, tape.gradient(loss, variables), variables)


def descend(optimizer: keras.optimizers.Optimizer, gradients: list[Any], variables: list[Any]) -> None:
    """One step along known slopes, as `minimise`."""
    # dense: Adam would gather the rows of a sparse gradient anew in each of its sums
    gradients, n = [tf.convert_to_tensor(g) for g in gradients], _workers().num_replicas_in_sync
    if n > 1:
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]  # of tables too
        gradients = _workers().all_reduce(tf.distribute.ReduceOp.MEAN, dense)
        if optimizer.global_clipnorm:  # Keras would clip each worker's own
            gradients, _ = tf.clip_by_global_norm(gradients, optimizer.global_clipnorm)
        gradients = [gradient / n for gradient in gradients]  # Keras adds the workers' gradients up
    optimizer.apply(gradients, variables)


def chance(draw: Callable[[Any], tf.Tensor], n: Any) -> tf.Tensor:
    """`draw(n)`; with several workers, this one's n of what one worker would draw for the whole batch."""
    workers = _workers()
    if workers.num_replicas_in_sync == 1:
        return draw(n)
    return draw(n * workers.num_replicas_in_sync)[workers.replica_id_in_sync_group * n :][:n]


def together(mean: tf.Tensor) -> tf.Tensor:
    """A mean over the batch; with several workers, over all their batches. Slopes pass."""
    workers = _workers()
    return (
        mean if workers.num_replicas_in_sync == 1 else workers.all_reduce(tf.distribute.ReduceOp.MEAN, mean)
    )


def _workers() -> tf.distribute.ReplicaContext:
    return tf.distribute.get_replica_context()


class GAN(Game):
    """The game as Goodfellow drew it: D's gradient reaches G through the notes.

    A `keras.Model`: `compile(jit_compile=False)`, then `fit` on windows as classes (N, T, V). The recipe
    chooses the loss, the penalty and the constraint on D, the optimiser and D's steps a round.
    """

    def __init__(self, encoding: Any, recipe: Recipe = RECIPES["convolutional"], *, seed: int = 0) -> None:
        n_features = self.hear(self.silence(encoding), encoding).shape[-1]
        super().__init__(encoding, recipe, n_features=n_features, seed=seed)
        self.penalise = _named(losses.PENALTIES, recipe.penalty_kind, "penalty")
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def _generator(self) -> keras.Model:
        sizes = {"latent_dim": self.recipe.latent_dim, "width": self.recipe.width}
        return models.SoundGenerator(self.encoding, **sizes)

    def state(self) -> list[Any]:
        return [
            *self.variables,
            *self.g_optimizer.variables,
            *self.d_optimizer.variables,
            *self.averaged,
            self.n_averaged,
        ]

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        start, end = self.recipe.penalty_start, self.recipe.penalty
        if start and end:  # a young D that may be steep wins before G has any variety to lose
            self.penalty.assign(end * (start / end) ** max(0.0, 1 - 3 * progress))
        return self.compiled_step(real)

    def preview(self, n: int, *, step: int) -> np.ndarray:
        z = np.random.default_rng([self.seed, step]).standard_normal((n, self.recipe.latent_dim), np.float32)
        return self.generator.tokens(z)

    @staticmethod
    def silence(encoding: Any) -> tf.Tensor:
        """A window in which nothing sounds."""
        return tf.fill((1, *encoding.shape[:2]), encoding.rest)

    @staticmethod
    def hear(tokens: tf.Tensor, encoding: Any) -> tf.Tensor:
        """What D hears of windows as classes (B, T, V): features (B, N, F)."""
        return models.features_of_sound(models.sound_of(tokens, encoding), encoding)

    def judge(self, features: tf.Tensor) -> tf.Tensor:
        """D's logit of each window, (B,): the mean over its steps."""
        return tf.reduce_mean(self.discriminator(features), -1)

    def generate(self, n: int) -> tf.Tensor:
        """What n windows sound like to D, from fresh latents and some Gumbel noise; differentiable."""
        z = chance(lambda n: keras.random.normal((n, self.recipe.latent_dim), seed=self.seeds), n)
        logits = self.generator(z)
        shape = (*logits.shape[1:-1], logits.shape[-1] - 1)
        uniform = chance(lambda n: keras.random.uniform((n, *shape), 1e-6, 1.0, seed=self.seeds), n)
        noise = -self.recipe.noise * tf.math.log(-tf.math.log(uniform))
        return models.features_of_sound(models.choose(logits, noise), self.encoding)

    def train_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """D's steps, then one of G, on real windows as classes (B, T, V)."""
        real = self.hear(tokens, self.encoding)
        n = tf.shape(real)[0]
        for _ in range(self.recipe.d_steps):
            with tf.GradientTape() as way_back:
                fake = self.generate(n)
            d_values = self._discriminator_step(real, tf.stop_gradient(fake))
        g_loss = self._generator_step(real, fake, way_back)
        self._average()
        return {**d_values, "g_loss": g_loss}

    def _discriminator_step(self, real: tf.Tensor, fake: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of D on features (B, N, F); the penalty comes every so many of G's steps."""
        every, mix = self.recipe.penalty_every, self._mix(real)
        with tf.GradientTape() as tape:
            d_real, d_fake = tf.split(self.judge(tf.concat([real, fake], 0)), 2)
            d_loss = self.loss_pair.discriminator(d_real, d_fake)
            penalty = tf.cond(
                self.n_averaged % every == 0,
                lambda: self.penalise(self.judge, real, fake, **mix),
                lambda: 0.0,
            )
            total = d_loss + every * self.penalty * penalty
        minimise(self.d_optimizer, tape, total, self.discriminator.trainable_variables)
        return {"d_loss": d_loss, "gap": tf.reduce_mean(d_real) - tf.reduce_mean(d_fake), "penalty": penalty}

    def _mix(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """The chance in the penalty, from the seeds that are state: only the gradient penalty has any."""
        if self.penalise is not losses.gradient_penalty:
            return {}
        ones = [1] * (real.shape.rank - 1)
        mix = chance(lambda n: keras.random.uniform((n, *ones), seed=self.seeds), tf.shape(real)[0])
        return {"mix": mix}

    def _generator_step(self, real: tf.Tensor, fake: tf.Tensor, way_back: tf.GradientTape) -> tf.Tensor:
        """One step of G against the new D, on the fakes that D has just seen; its loss."""
        with tf.GradientTape() as tape:
            tape.watch(fake)
            d_real, d_fake = tf.split(self.judge(tf.concat([real, fake], 0)), 2)
            g_loss = self.loss_pair.generator(d_real, d_fake)
        slopes = way_back.gradient(
            fake, self.generator.trainable_variables, output_gradients=tape.gradient(g_loss, fake)
        )
        descend(self.g_optimizer, slopes, self.generator.trainable_variables)
        return g_loss

    @tf.function
    def compiled_step(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """`train_step` as one graph, for loops of one's own."""
        return self.train_step(tokens)
