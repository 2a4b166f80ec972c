"""A generator that is trained with masks, in the game: can it fill better than the network that it starts from?

    python benchmarks/mask_game.py --steps 400 --seed 1 --out my-gaps
    python benchmarks/complete.py --network my-gaps --methods masked likeliest --keep my-fillings

G is the masked network `gaps`. It fills gaps in real training windows by a few rounds of Gibbs sampling; D hears whole
windows, real ones and filled ones, so all that it can go by is whether filling and context agree. What the last round has
drawn becomes likelier where D finds it more convincing than a second draw for the same gap; some of the orderless
likelihood stays in G's objective (`SequenceGAN`'s game, with masks). It isn't shipped: benchmarks/EXPERIMENTS.md says why.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import completion, models, sampling
from musicgan_edu.baselines.masked import MaskedModel, masks
from musicgan_edu.training import Recipe
from musicgan_edu.training.games import minimise

FORM = completion.FORM
ROUNDS, AT_ONCE = (
    6,
    0.3,
)  # of Gibbs sampling before the draw that is judged; the share of the gap that it takes
DISCOUNT, LIKELIHOOD, WARMING = 0.9, 0.5, 0.15


class MaskGame(MaskedModel):
    """The masked network and its D."""

    def __init__(self, recipe: Recipe, start: sampling.Sampler, *, seed: int) -> None:
        super().__init__(FORM, recipe, seed=seed)
        for variable in self.generator.trainable_variables:
            variable.assign(start.weights[variable.path.split("/", 1)[1]])
        n_features = models.relations(np.zeros((1, *FORM.shape[:2])), FORM).shape[-1]
        self.discriminator = models.Discriminator(n_features, dropout=0.2)
        self.d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.99, weight_decay=0.01)

    def advance(self, real: np.ndarray, *, progress: float, step: int) -> dict[str, tf.Tensor]:
        """One round: fill, D's step, and after its warming up G's."""
        fake, last = self.play(real, step)
        values = self.d_step(real, fake)
        if progress >= WARMING:
            hidden = masks(np.random.default_rng([self.seed, step, 2]), real.shape)
            values |= self.g_step(real, tf.constant(hidden), fake, tf.constant(last))
        return values

    def play(self, real: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Two fillings of the gap in each window, classes (2B, T, V), and which cells the last draw took, bool."""
        rng = np.random.default_rng([self.seed, step])
        hidden, rngs = (
            masks(rng, real.shape),
            [np.random.default_rng([self.seed, step, i]) for i in range(len(real))],
        )
        network = lambda cells, known: self.guess(tf.constant(cells), tf.constant(known)).numpy()  # noqa: E731
        filled = sampling.fill_masked(
            network, FORM, real.astype(np.int64), hidden, rngs=rngs, n_rounds=ROUNDS
        )
        some = hidden & (rng.random(real.shape) < AT_ONCE)
        filled, some = np.repeat(filled, 2, 0), np.repeat(some, 2, 0)
        logits = self.guess(tf.constant(filled, tf.int32), tf.constant(~some)).numpy()
        logits[:, 0, :, FORM.hold] = -np.inf
        drawn = (logits + rng.gumbel(size=logits.shape)).argmax(-1)
        return np.where(some, drawn, filled).astype(np.int32), some

    @tf.function
    def d_step(self, real: tf.Tensor, fake: tf.Tensor) -> dict[str, tf.Tensor]:
        """D: every step of a real window should sound real, every step of a filled one filled."""
        both = models.relations(tf.concat([tf.cast(real, tf.int32), fake[::2]], 0), FORM)
        with tf.GradientTape() as tape:
            d_real, d_fake = tf.split(self.discriminator(both, training=True), 2)
            loss = tf.reduce_mean(tf.nn.softplus(-d_real)) + tf.reduce_mean(tf.nn.softplus(d_fake))
        minimise(self.d_optimizer, tape, loss, self.discriminator.trainable_variables)
        return {"d_loss": loss}

    @tf.function
    def g_step(
        self, real: tf.Tensor, hidden: tf.Tensor, fake: tf.Tensor, last: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """G: of two draws for one gap the one that D believes, and what real music has in the gap."""
        real, share = tf.cast(real, tf.int32), tf.cast(hidden, tf.float32)
        share /= tf.reduce_sum(share, [1, 2], keepdims=True)
        later = np.arange(FORM.grid.n_steps)[:, None] - np.arange(FORM.grid.n_steps)  # (t', t)
        weight = tf.constant(np.where(later >= 0, DISCOUNT ** np.maximum(later, 0), 0), tf.float32)
        verdict = self.discriminator(models.relations(fake, FORM)) @ weight
        pairs = tf.reshape(verdict, (-1, 2, verdict.shape[-1]))
        advantage = tf.reshape(pairs - tf.reduce_mean(pairs, 1, keepdims=True), tf.shape(verdict))
        advantage /= tf.sqrt(tf.reduce_mean(advantage**2)) + 1e-6
        played = tf.cast(last, tf.float32) * tf.clip_by_value(advantage, -3, 3)[..., None]
        with tf.GradientTape() as tape:
            of_real = _nats(real, self.generator(real, ~hidden, training=True))
            of_fake = _nats(fake, self.generator(fake, ~last, training=True))
            nats = tf.reduce_mean(tf.reduce_sum(share * of_real, [1, 2]))
            loss = LIKELIHOOD * nats + tf.reduce_sum(played * of_fake) / tf.reduce_sum(
                tf.cast(last, tf.float32)
            )
        minimise(self.optimizer_, tape, loss, self.generator.trainable_variables)
        self._average()
        return {"nats_a_cell": nats, "preferred": tf.reduce_mean(tf.abs(pairs[:, 0] - pairs[:, 1]))}


def _nats(tokens: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    start = sampling.load("gaps")
    width = int(start.card["generator"]["width"])
    game = MaskGame(Recipe(generator="masked", width=width, learning_rate=given.rate), start, seed=given.seed)
    game.optimizer_.learning_rate.assign(given.rate)
    windows, rng = completion.training_windows(), np.random.default_rng(given.seed)
    began = time.perf_counter()
    for step in range(given.steps):
        batch = windows[rng.choice(len(windows), 32, replace=False)]
        values = game.advance(batch, progress=step / given.steps, step=step)
        if step % 25 == 24:
            print(step + 1, {name: round(float(value), 3) for name, value in values.items()}, flush=True)
    card = {key: value for key, value in start.card.items() if key != "format"} | {"name": given.out.name}
    sampling.write(given.out, game.weights_to_keep(), card, dtype="float16")
    print(f"{given.steps} steps, {time.perf_counter() - began:.0f} s: {given.out}")


if __name__ == "__main__":
    main()
