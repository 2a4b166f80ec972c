# %% [markdown]
# # 07 · Train the GAN
#
# Two networks and a game are on the table: a generator that turns random numbers into bars of music, a
# discriminator that judges bars, and the losses that set one against the other. Today they play. You write
# the three functions that make a GAN learn, watch the plain game go wrong in the way it goes wrong for
# everybody, and then let the course's own recipe run for three minutes on this machine's processor. In the
# middle you cut its power.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - fill in a GAN's skeleton: `generator`, `discriminator`, `loss_function(real_output, fake_output)`,
#   `load_music_dataset` and `train`;
# - derive both players' losses from cross-entropy, and say where the Wasserstein critic's formula differs;
# - write `train_step` for Keras, and choose between SGD and Adam with a reason;
# - log, seed, checkpoint and resume a training, and prove that the resumed one is the same;
# - train a generator in three minutes, and say from numbers and by ear what it learned.
#
# *75 minutes, four of them the machine's. Needs lessons 01 and 02, and a little of 05 and 06. No network, no
# graphics card.*

# %% [markdown]
# ## Hear the goal
# These two bars were made by the generator that comes with the course. It was trained by the recipe that
# you'll run in section 7.

# %%
from musicgan_edu import sampling
from musicgan_edu.widgets import player

composed = sampling.load("chorales").sample(1, seed=7)[0]
player.play(composed.replace(tempo=72, title="Where this is going"))

# %% [markdown]
# ## Setup
# Lines on a red ground below, and perhaps a few later on, are TensorFlow's notices about this processor, not
# errors.

# %%
from musicgan_edu import lab

rng = lab.begin("07", seconds=260)

import dataclasses
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import checks, cleaning, corpus, encoding, evaluation, losses
from musicgan_edu import models, plotting, training

# %% [markdown]
# ## 1. A skeleton and its data
# Nearly every GAN program hangs on the same five names. Ours are these, and by the end of section 4 each has
# a body:
#
# | name | what it is | where |
# |---|---|---|
# | `load_music_dataset` | real music, a batch at a time | ★ here |
# | `generator` | random numbers → music | section 2 |
# | `discriminator` | music → how real it sounds | section 2 |
# | `loss_function(real_output, fake_output)` | what either player wants | ★★ section 3 |
# | `train` | many rounds of `train_step` | ★★★ section 4 |
#
# The real music comes first. Bach's chorales, moved to C major or A minor, are cut into windows of two bars,
# one from every barline on. Each voice is one **class** a step: 0 to 45 for a pitch that starts, 46 for a
# rest, 47 for *hold* (lesson 01). Validation and test pieces stay out of it (lesson 03).

# %%
form = encoding.VoiceEncoding()  # two bars of 4/4, sixteen steps a bar, four voices
tokens = training.prepare(corpus.load("chorales", split="train"), form)
held = (tokens == form.hold).mean()
print(f"{len(tokens)} windows of {tokens.shape[1:]}, {tokens.nbytes / 1e6:.2f} MB")
print(f"{held:.0%} of all cells are holds")
assert tokens.shape[1:] == (32, 4)
assert 0.65 < held < 0.75

# %% [markdown]
# Keep that share of holds in mind, it will explain something later.
#
# A **batch** is a handful of windows that a step looks at together. Three things matter about the order:
#
# - *Shuffled.* Neighbouring windows share a bar. A batch of neighbours shows the discriminator one piece, and
#   what it learns from it, it unlearns at the next.
# - *Seeded.* The order decides where training ends. A run that nobody can repeat is an anecdote.
# - *Even.* Keras compiles a step for one shape of batch; a smaller last one would compile a second.
#
# TensorFlow's `tf.data.Dataset` does all three: `from_tensor_slices(array)` makes one window after another,
# `.shuffle(buffer, seed=…)` draws at random from a buffer that it keeps filled, and `.batch(size)` stacks.
#
# ### Exercise ★ `load_music_dataset`
# The windows stay small integers: they become one-hot inside the training step, where it costs nothing to
# store.


# %%
def load_music_dataset(
    tokens: np.ndarray, batch_size: int, seed: int
) -> tf.data.Dataset:
    """Batches of windows, uint8 (batch_size, T, V), in an order set by the seed.

    `tokens` holds all windows, (N, T, V). A pass sees each at most once, the next pass
    in another order; the few that don't fill a batch wait for it.
    """
    # BEGIN SOLUTION
    dataset = tf.data.Dataset.from_tensor_slices(tokens)
    dataset = dataset.shuffle(len(tokens), seed=seed)
    return dataset.batch(batch_size, drop_remainder=True)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A buffer of ten windows only swaps neighbours. How large must it be so that the last window can come first?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `batch` has a parameter `drop_remainder`. And mind the order: who batches first and shuffles then, shuffles
# batches.
#
# </details>

# %%
load_music_dataset = checks.check("07.load_music_dataset", load_music_dataset)

# %% [markdown] solution="07.load_music_dataset"
# `shuffle` reshuffles on every pass unless it's told not to, and the seed decides all of them. The windows
# left over at the end of a pass aren't lost: the next pass has another order, and leaves others over.

# %%
batch = next(iter(load_music_dataset(tokens, 32, seed=7)))
print(f"a batch: {batch.shape}, {batch.dtype.name}")
print(f"a pass:  {len(tokens) // 32} batches")

# %% [markdown]
# ## 2. Two players
# | symbol | in the code | shape | meaning |
# |---|---|---|---|
# | $B, T, V, C$ | | 32, 32, 4, 48 | windows in a batch, steps, voices, classes |
# | $z$ | `z` | $(B, 32)$ | latents, drawn from $\mathcal N(0, I)$ |
# | $G(z)$ | `generator(z)` | $(B, T, V, C)$ | logits of each class in each cell |
# | | `straight_through(…)` | $(B, T, V, C)$ | one class a cell, one-hot: the decision |
# | $x$ | `planes(…)` | $(B, T, F)$, $F = V C$ | what sounds and what starts: what $D$ reads |
# | $D(x)$ | `discriminator(x)` | $(B, T)$ | a logit for each step: positive means *sounds real* |
#
# The **generator** is a small convolutional network: a vector, stretched three times to twice its length. The
# **discriminator** is another: each of its outputs has heard the last fifteen steps. Two things stand between
# them. Music consists of decisions (this pitch or that), and a decision has no slope, so
# `models.straight_through` decides on the way forward and lends the softmax's slope to the way back (lesson
# 06). And *hold* is our notation, not a sound: `models.planes` replaces each hold by what it holds, so that
# the discriminator hears notes.


# %%
def new_players(seed: int) -> tuple:
    """A fresh generator and discriminator; the same seed gives the same weights."""
    keras.utils.clear_session()  # what earlier players left in memory
    keras.utils.set_random_seed(seed)
    generator = models.ConvGenerator(form, latent_dim=32, width=64)
    discriminator = models.Discriminator(4 * form.n_classes, width=64, dropout=0)
    return generator, discriminator


generator, discriminator = new_players(seed=7)
for network in (generator, discriminator):
    print(f"{type(network).__name__:14} {network.count_params():7,} weights")

# %% [markdown]
# **Predict, then run.** Five latents go all the way through. Which shape has each stage?

# %%
with tf.GradientTape() as tape:
    z = keras.random.normal((5, 32), seed=7)
    logits = generator(z)
    choices = models.straight_through(logits, 0.0)
    x = models.planes(choices, form)
    verdict = discriminator(x)
for values in (z, logits, choices, x, verdict):
    print(values.shape)

slopes = tape.gradient(verdict, generator.trainable_variables)
assert all(float(tf.norm(slope)) > 0 for slope in slopes)
print(f"D's opinion reaches all {len(slopes)} weight arrays of the generator")

# %% [markdown]
# That last line is the condition for everything that follows. If one decision on the way had no slope, the
# generator would play on and learn nothing, and no error message would say so.
#
# ## 3. What the players want
# The discriminator answers a question with two answers, so it gets the loss of every such classifier,
# **binary cross-entropy**: with label $y$ (1 real, 0 fake) and logit $d$,
#
# $$ \ell(y, d) = -y \log \sigma(d) - (1 - y) \log\bigl(1 - \sigma(d)\bigr), \qquad \sigma(d) = \frac{1}{1 + e^{-d}}. $$
#
# Both logarithms are one function. Since $-\log \sigma(d) = \log(1 + e^{-d})$ and
# $1 - \sigma(d) = \sigma(-d)$,
#
# $$ -\log \sigma(d) = \operatorname{softplus}(-d), \qquad -\log\bigl(1 - \sigma(d)\bigr) = \operatorname{softplus}(d),
# \qquad \operatorname{softplus}(a) = \log(1 + e^{a}). $$
#
# So the discriminator's loss, on real music $x$ and on fakes $G(z)$, is
#
# $$ L_D = \mathbb E_x \operatorname{softplus}\bigl(-D(x)\bigr) + \mathbb E_z \operatorname{softplus}\bigl(D(G(z))\bigr). $$
#
# In the game as it was first written down the generator wants the opposite, $-L_D$. In that, a fake's logit
# $d = D(G(z))$ has the slope $-\sigma(d)$: next to nothing where the discriminator is sure of the fake, and
# that is where every generator starts. So it gets the **non-saturating** loss (Goodfellow et al. 2014), which
# wants its music to be called real,
#
# $$ L_G = \mathbb E_z \operatorname{softplus}\bigl(-D(G(z))\bigr). $$
#
# Its slope is $-\sigma(-d)$, and the surer the discriminator, the closer to $-1$ that is.
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $D(x)$ | `real_output` | logits on real music, any shape |
# | $D(G(z))$ | `fake_output` | logits on fakes, the same shape |
# | $\mathbb E$ | `tf.reduce_mean` | the mean over the batch, and over the steps if there are any |
# | $\operatorname{softplus}$ | `tf.nn.softplus` | $\log(1 + e^a)$, safe for any $a$ |
# | $L_D, L_G$ | `d_loss`, `g_loss` | both are *minimised* |
#
# ### Exercise ★★ `loss_function`
# Work one case out on paper first. Two real windows get probability ¾ of being real each, two fakes get ½ and
# ¼. Then $L_D = \log\frac43 + \frac12\bigl(\log 2 + \log\frac43\bigr) \approx 0.778$, and
# $L_G = \frac12(\log 2 + \log 4) \approx 1.040$. As logits these are $\log 3, \log 3$ and $0, -\log 3$.


# %%
def loss_function(real_output: tf.Tensor, fake_output: tf.Tensor) -> tuple:
    """Both players' loss, (d_loss, g_loss), from D's logits on real and fake music."""
    # BEGIN SOLUTION
    on_real = tf.reduce_mean(tf.nn.softplus(-real_output))
    on_fake = tf.reduce_mean(tf.nn.softplus(fake_output))
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_output))
    return on_real + on_fake, g_loss
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three means of a softplus, and each sign says what the logit should have been: minus where it should be
# large.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $L_D$ is the *sum* of two means. What the generator wants has only `fake_output` in it.
#
# </details>

# %%
loss_function = checks.check("07.loss_function", loss_function)

# %% [markdown] solution="07.loss_function"
# `tf.keras.losses.BinaryCrossentropy(from_logits=True)` gives the same numbers with labels of ones and zeros.
# Forgetting `from_logits` is a mistake that trains, badly, without a word.

# %%
real_output = tf.constant([np.log(3), np.log(3)], tf.float32)
fake_output = tf.constant([0.0, -np.log(3)], tf.float32)
d_loss, g_loss = loss_function(real_output, fake_output)
print(f"on paper 0.778 and 1.040, in code {d_loss:.3f} and {g_loss:.3f}")
assert np.isclose(d_loss, np.log(4 / 3) + (np.log(2) + np.log(4 / 3)) / 2)
assert np.isclose(g_loss, 1.5 * np.log(2))

# %% [markdown]
# Why softplus and not the logarithm of a sigmoid? And which loss has a discriminator that can't tell at all?

# %%
sure = tf.constant([-200.0])  # D is very sure of a fake
print("log of a sigmoid:", -tf.math.log(tf.sigmoid(sure)).numpy())
print("softplus:        ", tf.nn.softplus(-sure).numpy())

blank = tf.zeros((32, 32))  # a D without an opinion
d_loss, g_loss = loss_function(blank, blank)
print(f"no opinion: d_loss {d_loss:.4f} = 2 log 2, g_loss {g_loss:.4f} = log 2")
assert np.isclose(d_loss, 2 * np.log(2))
assert np.isclose(g_loss, np.log(2))

# %% [markdown]
# ### The other formula
# Many texts print the GAN's loss like this:
#
# $$ L = \mathbb E_x\, D(x) - \mathbb E_z\, D(G(z)). $$
#
# That isn't cross-entropy with something left out. It's the **Wasserstein** GAN's (Arjovsky et al. 2017), and
# it belongs to another kind of judge:
#
# | what | cross-entropy | Wasserstein |
# |---|---|---|
# | $D$ is called | discriminator | critic |
# | $D(x)$ is | a logit: $\sigma(D(x))$ is a probability | a score, without zero and without unit |
# | $D$ | minimises $L_D$ | maximises $L$ |
# | $G$ | minimises $L_G$ | maximises $\mathbb E_z\, D(G(z))$ |
# | needs | nothing | a $D$ that is **1-Lipschitz**: its score changes no faster than its input |
#
# Without that last condition the formula has no maximum: whoever multiplies the score by ten has ten times as
# much. **Predict, then run:** what do tenfold scores, and scores with 5 added, do to either objective?

# %%
real_output, fake_output = tf.constant([2.0, 0.0]), tf.constant([-1.0, 1.0])
distance = {}
for name, scale, shift in [("D", 1, 0), ("10 D", 10, 0), ("D + 5", 1, 5)]:
    real, fake = scale * real_output + shift, scale * fake_output + shift
    critic_loss = losses.wasserstein_discriminator(real, fake)  # minimised, so −L
    distance[name] = -float(critic_loss)
    d_loss, _ = loss_function(real, fake)
    print(f"{name:6} cross-entropy {d_loss:6.3f}   L {distance[name]:6.3f}")

assert distance == {"D": 1.0, "10 D": 10.0, "D + 5": 1.0}  # (2 + 0)/2 − (−1 + 1)/2 = 1

# %% [markdown]
# $L$ grows with the scale and doesn't see the shift: a critic's zero means nothing, a discriminator's zero is
# *I can't tell*. How a critic is held to 1-Lipschitz, and what the value then measures, is the subject of
# lessons 02 and 08. Today it's cross-entropy.

# %% [markdown]
# ## 4. One round of the game
# A round is two steps. First the discriminator learns from a batch of real music and a batch of fakes; then
# the generator learns from the discriminator *as it is now*:
#
# $$ \theta_D \leftarrow \theta_D - \eta_D \nabla_{\theta_D} L_D(\theta_D, \theta_G), \qquad
# \theta_G \leftarrow \theta_G - \eta_G \nabla_{\theta_G} L_G(\theta_D^{\text{new}}, \theta_G). $$
#
# Each gradient is for one player's weights and no others. A generator that was moved by $L_D$, too, would
# help its judge; a discriminator moved by $L_G$ would learn to like fakes. Both programs run without an
# error.
#
# `tf.GradientTape` notes what is computed inside its `with` block, and afterwards gives the gradient for the
# variables that you name. What was computed outside it never heard of.
#
# | in the code | meaning |
# |---|---|
# | `real` | real windows as the discriminator reads them, $(B, T, F)$ |
# | `gan.generate(n)` | $n$ fakes from fresh latents, in the same form; slopes run through it |
# | `gan.generator`, `gan.discriminator` | the players; each has `trainable_variables`, $\theta_G$ and $\theta_D$ |
# | `gan.g_optimizer`, `gan.d_optimizer` | `optimizer.apply(gradients, variables)` makes a step downhill |
#
# ### Exercise ★★★ `train_step`
# Write the round. The check plays it on the Dirac-GAN of lesson 02, in which each player has a single weight,
# so that every mistake leads to a number of its own.


# %%
def train_step(gan: keras.Model, real: tf.Tensor) -> dict:
    """One step of D, then one of G against the new D, on a batch of real (B, T, F).

    Uses gan.generate(n), gan.discriminator, gan.generator, gan.d_optimizer and
    gan.g_optimizer. Gives {"d_loss": …, "g_loss": …}.
    """
    # BEGIN SOLUTION
    n = tf.shape(real)[0]
    with tf.GradientTape() as tape:
        fake = gan.generate(n)
        d_loss, _ = loss_function(gan.discriminator(real), gan.discriminator(fake))
    variables = gan.discriminator.trainable_variables
    gan.d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        fake = gan.generate(n)
        _, g_loss = loss_function(gan.discriminator(real), gan.discriminator(fake))
    variables = gan.generator.trainable_variables
    gan.g_optimizer.apply(tape.gradient(g_loss, variables), variables)
    return {"d_loss": d_loss, "g_loss": g_loss}
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The discriminator's half, in words: open a tape; make as many fakes as there are real windows
# (`tf.shape(real)[0]`); let the discriminator judge both; take `d_loss`. Close the tape, ask it for the
# gradient for the *discriminator's* variables, and hand both to its optimiser.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The generator's half is the same with a *new* tape and new fakes. They have to be made inside the tape: the
# slope runs from the loss through the discriminator and the notes to the generator's weights.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `variables = gan.discriminator.trainable_variables`, then
# `gan.d_optimizer.apply(tape.gradient(d_loss, variables), variables)`.
#
# </details>

# %%
train_step = checks.check("07.train_step", train_step)

# %% [markdown] solution="07.train_step"
# In the first half the fakes could be cut off with `tf.stop_gradient`: asking only for the discriminator's
# variables does the same, and `stop_gradient` saves the time of tracing a way back that nobody walks. In the
# second half it would be fatal. One tape for both steps, as in many programs, judges the generator by the
# discriminator of yesterday: these are the *simultaneous* steps that made the Dirac-GAN cycle in lesson 02.

# %% [markdown]
# Keras calls the method `train_step` of a model for each batch that `fit` feeds it. So a class of a dozen
# lines makes your function a Keras model: it makes batches one-hot, and it makes fakes. (`noise` is Gumbel
# noise: with it the generator tries its second choices, too.)


# %%
class MusicGAN(keras.Model):
    """Two players and their optimisers."""

    def __init__(self, players: tuple, optimizers: tuple, seed: int) -> None:
        super().__init__()
        self.generator, self.discriminator = players
        self.g_optimizer, self.d_optimizer = optimizers
        self.seeds = keras.random.SeedGenerator(seed)

    def generate(self, n: tf.Tensor) -> tf.Tensor:
        logits = self.generator(keras.random.normal((n, 32), seed=self.seeds))
        uniform = keras.random.uniform(tf.shape(logits), 1e-6, 1.0, seed=self.seeds)
        noise = -0.5 * tf.math.log(-tf.math.log(uniform))
        return models.planes(models.straight_through(logits, noise), form)

    def train_step(self, batch: tf.Tensor) -> dict:
        one_hot = tf.one_hot(tf.cast(batch, tf.int32), form.n_classes)
        return train_step(self, models.planes(one_hot, form))  # yours, above


# %% [markdown]
# The last name of the skeleton is `train`. The rounds are `fit`'s business; what we add is a log. A Keras
# **callback** is an object whose methods `fit` calls at fixed moments, and `on_train_batch_end` is after each
# round.


# %%
class Log(keras.callbacks.Callback):
    """Keeps what `train_step` returned, round by round."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.rows.append(dict(logs or {}))


def train(gan: MusicGAN, dataset: tf.data.Dataset, steps: int) -> list:
    """Play so many rounds; the losses of each."""
    log = Log()
    gan.compile(jit_compile=False)  # XLA takes longer to compile this than it saves
    options = {"steps_per_epoch": steps, "callbacks": [log], "verbose": 0}
    gan.fit(dataset.repeat(), shuffle=False, **options)  # the dataset shuffles
    return log.rows


# %% [markdown]
# ## 5. SGD or Adam?
# The optimiser turns a gradient $g$ into a step. **Stochastic gradient descent** takes it as it is; **Adam**
# (Kingma & Ba 2015) divides a running mean of it by the square root of a running mean of its square:
#
# $$ \text{SGD:}\quad \theta \leftarrow \theta - \eta\, g $$
#
# $$ \text{Adam:}\quad m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad
# \theta \leftarrow \theta - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $\eta$ | `learning_rate` | the size of a step |
# | $m, v$ | the optimiser's `variables` | running means of $g$ and of $g^2$, one each a weight |
# | $\beta_1, \beta_2$ | `beta_1`, `beta_2` | how long the two remember |
# | $\hat m, \hat v$ | | the same, corrected for having started at 0: $\hat m = m/(1-\beta_1^k)$ at step $k$, $\hat v$ likewise |
#
# In the first step $\hat m = g$ and $\hat v = g^2$, so Adam moves *every* weight by $\eta$, whatever the size
# of its gradient. **Predict, then run:** two weights, one with gradient 100, one with 0.001. How far does
# either optimiser move them at $\eta = 0.001$?

# %%
for optimizer in (keras.optimizers.SGD(1e-3), keras.optimizers.Adam(1e-3)):
    weights = keras.Variable([0.0, 0.0])
    optimizer.apply([tf.constant([100.0, 1e-3])], [weights])
    first_step = -weights.numpy()
    name = type(optimizer).__name__
    print(f"{name:4} moves them by {first_step[0]:.2g} and {first_step[1]:.2g}")

assert np.allclose(first_step, 1e-3, rtol=0.01)  # the last one was Adam

# %% [markdown]
# A classifier can be trained by either. In a GAN the generator's gradient has come through the discriminator,
# and how large it arrives there depends on how steep and how sure the other player is at the moment. A rate
# that suits SGD in one phase of the game needn't suit it in the next.
#
# The race: the same players, the same batches, 120 rounds. SGD at Adam's rate, SGD at a hundred times that,
# and Adam with $\beta_1 = ½$, which forgets an opponent's last whim faster than the usual 0.9 (Radford et al.
# 2016). **Predict:** which generators will have left the place where they started?

# %%
contest = {
    "SGD, rate 0.001": lambda: keras.optimizers.SGD(1e-3),
    "SGD, rate 0.1": lambda: keras.optimizers.SGD(1e-1),
    "Adam, rate 0.001": lambda: keras.optimizers.Adam(1e-3, beta_1=0.5),
}


def compete(optimizer: object) -> tuple:
    """120 rounds of fresh players: the generator, and D's losses."""
    players = new_players(seed=7)
    gan = MusicGAN(players, (optimizer(), optimizer()), seed=7)
    rows = train(gan, load_music_dataset(tokens, 32, seed=7), steps=120)
    return players[0], [row["d_loss"] for row in rows]


results = {name: compete(optimizer) for name, optimizer in contest.items()}

# %%
start = new_players(seed=7)[0].get_weights()
moved = {}
for name, (generator, _) in results.items():
    pairs = zip(generator.get_weights(), start, strict=True)
    moved[name] = np.sqrt(sum(np.sum((after - before) ** 2) for after, before in pairs))
    print(f"{name:17} moved the generator's weights by {moved[name]:.4f}")

assert moved["SGD, rate 0.001"] < 0.01 * moved["Adam, rate 0.001"]
assert moved["SGD, rate 0.1"] > 100 * moved["SGD, rate 0.001"]

# %%
curves = {name: d_losses for name, (_, d_losses) in results.items()}
plotting.losses(curves, ylabel="D's loss (nats)", title="120 rounds, three optimisers")

# %% [markdown]
# At Adam's rate SGD's generator hasn't moved worth mentioning. At a hundred times the rate it moves: with
# patience a rate can be found that works, for this network, at this moment of the game. Adam's $\eta$ means
# nearly the same in every layer and at every moment, and so the field's recipes use it.
#
# And note what the curves don't say. D's loss falls when D gets better, and also when G gets worse; it rises
# when G gets better, and also when D loses the thread. **A GAN's loss says who is ahead, not how good the
# music is.** For that you have to listen.
#
# ## 6. What the plain game learns
# The same 64 latents, through the generator as it was made and through the one that Adam trained. In each
# cell we take the likeliest class.

# %%
latents = rng.standard_normal((64, 32)).astype(np.float32)


def music(generator: keras.Model) -> list:
    """64 pieces from the same latents, whatever the generator knows by now."""
    logits = generator(latents).numpy()
    logits[:, 0, :, form.hold] = -np.inf  # at the first step there is nothing to hold
    return form.decode(logits.argmax(-1), tempo=72)


before_music = music(new_players(seed=7)[0])
plain_music = music(results["Adam, rate 0.001"][0])
player.play(before_music[0].replace(title="Before the first round"))
player.play(plain_music[0].replace(title="After 120 rounds"))

# %% [markdown]
# You know what it is before you've seen a number. Count all the same, beside real windows that nobody trained
# on.

# %%
pieces = [cleaning.to_c(piece) for piece in corpus.load("chorales", split="validation")]
real_music = [window for piece in pieces for window in cleaning.windows(piece)]


def portrait(name: str, pieces: list) -> dict:
    """Four numbers about some pieces; lesson 10 says what each is worth."""
    numbers = {
        "in one key": evaluation.in_key(pieces).value,
        "dissonant": evaluation.dissonance(pieces).value,
        "changes a bar": evaluation.changes_per_bar(pieces).value,
        "distinct": evaluation.distinct_share(pieces),
    }
    row = [f"{key} {value:6.3f}" for key, value in numbers.items()]
    print(f"{name:17}", *row, sep="  ")
    return numbers


# %%
real_numbers = portrait("real", real_music)
portrait("before", before_music)
plain_numbers = portrait("after 120 rounds", plain_music)
assert 5 < real_numbers["changes a bar"] < 6.5
assert plain_numbers["changes a bar"] < real_numbers["changes a bar"] / 2

# %% [markdown]
# Bach's chords change five or six times a bar; this generator's less than half as often, on most machines
# hardly ever. It has found a chord (which one depends on the machine) and holds it. Nothing is wrong with
# your code. Seven cells in ten of real music *are* holds, as you saw in section 1: who always holds is right
# most of the time, that is quick to learn, and whatever the discriminator says against one chord the
# generator can answer by jumping to another. Often most latents lead to the same piece, too: **mode
# collapse**. "One note forever" is what people complain of most when they train their first GAN.
#
# With patience it gets better: in our trials the chord began to move after some 300 rounds. There are two
# quicker ways. One changes the judge: a penalty on its slope keeps it from winning by a landslide, so that
# the generator always has something to learn from. Lesson 08 tries that on nearly this game (the package's
# `training.GAN` has it built in). The other changes the player: let the generator learn to speak *before* it
# plays. That is how the course's own recipe works.
#
# There is a third: change what is chosen. `musicgan train --recipe chords` plays the pure game, without any
# practice, with a generator that picks whole chords out of those that the corpus sings, and whose voices say
# *how far* they would like to move rather than where to. What a voice learns about a step downwards then holds
# on every pitch. The project's `benchmarks/EXPERIMENTS.md` tells how much that changes, and with which seeds it
# still collapses.
#
# ## 7. The course's recipe
# The generator is an **LSTM** now (lesson 06). It writes step by step, voice by voice, and gives each next
# class $x_i$ a probability, given all before it and the latent $z$. Training has two parts.
#
# **Practice.** Real windows are dictated, and the generator guesses each next class. It minimises its
# surprise, the negative log-likelihood (NLL). An encoder $q$ that sees the whole window may whisper a $z$ to
# it. What the whisper tells is paid for, except the first few nats, $\lambda$: so $z$ comes to mean
# something, and not everything. This is a variational autoencoder.
#
# $$ L_{\text{practice}} = \underbrace{-\,\mathbb E_{z \sim q(z \mid x)} \textstyle\sum_i \log p(x_i \mid x_{\lt i}, z)}_{\text{surprise}} +
# \underbrace{\max\bigl(\lambda,\; \mathrm{KL}(q(z \mid x)\,\|\,\mathcal N(0, I))\bigr)}_{\text{price of the whisper}} $$
#
# **The game.** The generator improvises, and the discriminator, a CNN, judges every step with the
# cross-entropy you wrote. This time no slope passes through the notes: each choice is made likelier or less
# likely, by how much better than usual $D$ found what followed (policy gradient, as in SeqGAN, Yu et al.
# 2017):
#
# $$ \nabla L_{\text{game}} = -\,\mathbb E \sum_i A_i\, \nabla \log p(x_i \mid x_{\lt i}, z) + w\, \nabla L_{\text{practice}}. $$
#
# The last term keeps it from forgetting how to speak while it learns to please.
#
# | symbol | name | meaning |
# |---|---|---|
# | $-\sum_i \log p$ | `nll` in the log | nats of surprise per window of two bars |
# | $\max(\lambda, \mathrm{KL})$ | `kl` in the log | nats that $z$ tells about a window, the batch's mean; at least those that are free |
# | $L_D$ | `d_loss` in the log | as in section 3, the mean over all steps |
# | $\lambda$ | `free_nats` in the recipe | how much may be whispered for nothing |
# | $w$ | `likelihood` in the recipe | how much practice stays in the game |
# | $A_i$ | | advantage: how real $D$ finds what follows, less the batch's mean, in units of its spread |

# %%
recipe = training.RECIPES["chorales"]
print(f"practice: the first {recipe.pretraining:.0%} of the time")
print(f"D alone:  the next {recipe.warming:.0%}, to get to know the generator")
for name in ("batch_size", "g_rate", "d_rate", "free_nats", "likelihood"):
    print(f"{name:10} {getattr(recipe, name)}")

guess = tokens[0].size * np.log(form.n_classes)
print(f"guessing blindly costs {guess:.0f} nats a window")
assert np.isclose(guess, 128 * np.log(48))

# %% [markdown]
# ### Seed, log, checkpoint, resume
# Three minutes are long enough for a flat battery, and real trainings take days. `training.train` writes a
# folder:
#
# | file | holds |
# |---|---|
# | `weights.npz`, `card.json` | the generator, and what it is: all that `sampling.load` needs |
# | `state.npz` | *everything* that the next step depends on |
# | `log.csv` | a row about every second |
# | `snapshots/` | the generator at moments that you asked for |
#
# **Predict, then run.** What belongs into `state.npz`? Write your list down. Then a small run of eight steps,
# one time straight, one time stopped after three and resumed: will the weights be alike, or equal to the last
# bit?

# %%
folder = tempfile.TemporaryDirectory(prefix="musicgan_")
runs = Path(folder.name)
small = dataclasses.replace(training.RECIPES["convolutional"], width=32, batch_size=8)

straight = training.train(small, tokens, runs / "straight", steps=8, seed=7)
training.train(small, tokens, runs / "broken", steps=3, seed=7)
resumed = training.train(small, tokens, runs / "broken", steps=8, seed=7)

for name, weights in straight.weights.items():
    assert np.array_equal(weights, resumed.weights[name])
print(f"{len(straight.weights)} weight arrays, equal to the last bit")

# %% [markdown]
# Equal. In `state.npz` are both players' weights, both optimisers' $m$ and $v$ and their step counts, the
# running average of the generator's weights, and the state of the random numbers. The step's number decides
# which batch is next. Leave one of these out, and the run goes on all the same, but it's another run.
#
# Note `steps=`: a number of steps gives the same weights on the same machine. `minutes=` doesn't, for a
# faster minute holds more steps. Use the first to compare, the second to get done. (Between two different
# machines even equal steps may drift apart in the last digits, and a game amplifies those.)
#
# ### Three minutes
# Now for real. Once a second, `train` calls the function that we hand it as `report`. Ours prints a line now
# and then, and cuts the power a little after a third of the time. `snapshots` asks for two moments to be kept:
# step 0, the newborn, and a sixth of the time, half a minute.


# %%
class PowerCutError(Exception):
    """A flat battery, a kill, an impatient click."""


said: set = set()


def report(progress: float, step: int, values: dict) -> None:
    """A line for every tenth of the time; then darkness."""
    if int(10 * progress) not in said:
        said.add(int(10 * progress))
        print(f"{progress:4.0%}, step {step}: {values}")
    if progress > 0.37:
        raise PowerCutError


# %%
keras.utils.clear_session()  # room for what comes
plan = {"windows": tokens, "folder": runs / "real", "minutes": 3, "seed": 7}
plan["snapshots"] = (0, 1 / 6)
try:
    training.train("chorales", **plan, report=report)
except PowerCutError:
    saved = sampling.load(runs / "real").card["training"]
    print(f"power cut! Saved: {saved['steps']} steps, {saved['seconds']:.0f} seconds")

# %% [markdown]
# The work since the last checkpoint is lost, at most half a minute. The same call goes on from there. This
# time we watch: a **monitor** makes the call in a thread of its own, draws the log, and plays what sixteen
# fixed latents sound like by now. Press play and let it loop: the tune changes under your ears. *Moment* goes
# back to the newborn. Pause costs nothing, paused time isn't counted. (Where no widgets run, section 8 shows
# the same as figures and players.)

# %% interactive="monitor"
from musicgan_edu.widgets import monitor

keras.utils.clear_session()
watched = monitor.watch("chorales", **plan, steer=False)

# %% [markdown]
# `steer=False` locks the sliders for rates and weights: what we say about this run below holds for a run that
# nobody touched. (The exercises have one to steer.) The next cell waits until it's done. Time for the quiz at
# the end, or for a stretch: about two minutes. What is claimed of the result was true wherever three minutes
# held more than 500 steps. A machine that makes fewer says so; `"minutes": 6` in the plan, the kernel restarted
# and all cells run again, gives it what it lacks.

# %%
trained = watched.wait()
card = trained.card["training"]
print(f"{card['steps']} steps in {card['seconds']:.0f} seconds")

logged = [row["step"] for row in card["log"]]
assert logged == sorted(set(logged))  # one story: no step twice, none out of order
assert card["steps"] > saved["steps"]
assert card["seconds"] >= 180, "stopped early: the monitor's cell, run again, goes on"
slow = card["steps"] < 500
if slow:  # then the claims below are questions
    print("Slow or busy: see yourself which claims below hold already.")

# %%
player.play(trained.sample(1, seed=1)[0].replace(tempo=72, title="Three minutes"))

# %% [markdown]
# ## 8. Read the log, then listen
# Practice first. Its loss is an honest one: it falls when the generator gets better at guessing.

# %%
practice = [row for row in card["log"] if "d_loss" not in row]
plotting.losses(
    {"surprise (NLL)": [row["nll"] for row in practice]},
    steps=[row["step"] for row in practice],
    ylabel="nats a window",
    title="Practice",
)

# %%
game = [row for row in card["log"] if "d_loss" in row]
curves = {
    "D's loss": [row["d_loss"] for row in game],
    "2 log 2": [2 * np.log(2)] * len(game),
}
print(f"surprise {practice[-1]['nll']:.0f} of {guess:.0f} nats a window")
print(f"D's loss {game[-1]['d_loss']:.3f}")
assert slow or practice[-1]["nll"] < guess / 4
assert abs(np.mean(curves["D's loss"]) - 2 * np.log(2)) < 0.3
plotting.losses(curves, steps=[row["step"] for row in game], title="The game")

# %% [markdown]
# ### What a loss near 2 log 2 means
# The discriminator's loss stays close to $2 \log 2 \approx 1.386$, the value of *no opinion*. Has the
# generator won? For a given generator the best possible discriminator (lesson 02) is
# $D^*(x) = \log \frac{p(x)}{q(x)}$, where now $p$ is the density of real music and $q$ that of the fakes. Put
# into $L_D$, it gives
#
# $$ L_D(D^*) = 2 \log 2 - 2\, \mathrm{JSD}(p, q) \qquad\Rightarrow\qquad
# \mathrm{JSD}(p, q) \;\ge\; \log 2 - \tfrac12 L_D(D) \ \text{ for any } D, $$
#
# where JSD is the Jensen-Shannon divergence, 0 for equal densities and at most $\log 2$. Check it on two
# loaded coins:

# %%
p, q = np.array([0.7, 0.3]), np.array([0.4, 0.6])
middle = (p + q) / 2
jsd = (p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2


def expected_loss(verdicts: np.ndarray) -> float:
    """L_D of logits for the coin's two sides, with the true expectations."""
    return float((p * np.logaddexp(0, -verdicts) + q * np.logaddexp(0, verdicts)).sum())


best = np.log(p / q)
print(f"best D {expected_loss(best):.6f}")
print(f"2 log 2 - 2 JSD = {2 * np.log(2) - 2 * jsd:.6f}")
assert np.isclose(expected_loss(best), 2 * np.log(2) - 2 * jsd)
assert all(
    expected_loss(best + shift) > expected_loss(best)
    for shift in rng.normal(size=(100, 2))
)

# %% [markdown]
# Read the inequality carefully. A *low* loss, on music that $D$ hasn't memorised, proves that the
# distributions differ. A loss near $2 \log 2$ proves nothing: either the fakes are perfect, **or this judge
# is weak**. Which one is it? Ask another judge. A random forest looks at the real windows of the validation
# pieces and at as many fakes, and has to tell those apart that it hasn't seen; guessing would give it 0.5.
# (Lesson 10 builds it. Ten seconds.)

# %%
fakes = trained.sample(len(real_music), seed=3)
verdict = evaluation.c2st(real_music, fakes)
print(verdict)
print("what gives the machine away:", [reason[0] for reason in verdict.gives_away[:4]])
assert slow or verdict.accuracy < 0.8

# %% [markdown]
# If the interval lies well above 0.5 (on the machine that this was written on it went from 0.59 to 0.67; Bach
# against Bach strays by a few percent, lesson 10), the forest isn't fooled: there *is* a difference, and our
# discriminator, young and small, hasn't found most of it. That's the usual meaning of a calm loss after a short training. If the interval holds 0.5, don't cheer
# yet: this forest has only some four hundred real windows to learn from. (The reverse, a $D$ whose loss goes
# to 0, is a landslide: then $D$ has learned its training pieces by heart, or the fakes give themselves away,
# as one piece again and again does to a $D$ that is quick enough. Lesson 08.)
#
# ### The same latents, early and late
# The best log of a generator is its music, always from the same latents. Below, one latent at the three moments
# that we kept: with the weights that it was born with, half a minute in, and now. Change `k` to hear other
# latents, or move the monitor's sliders *Latent* and *Moment*.

# %% static="monitor"
kept = [sampling.load(moment) for moment in sampling.snapshots(runs / "real").values()]
names = ("newborn", "half a minute", "three minutes")
moments = dict(zip(names, [*kept, trained], strict=True))
z, noise, heard = trained.latents(64, seed=5), trained.noise(64, seed=5), {}
for name, moment in moments.items():
    heard[name] = form.decode(moment.tokens(z, noise), tempo=72)

k = 0
for name, pieces in heard.items():
    player.play(pieces[k].replace(title=name))

# %% [markdown]
# **Predict, then run.** In which order does it learn: that notes are held, that they belong to one key, that
# they sound together?

# %%
numbers = {name: portrait(name, pieces) for name, pieces in heard.items()}
portrait("real", real_music)
last, first = numbers["three minutes"], numbers["newborn"]
assert slow or last["in one key"] > max(0.85, first["in one key"])
assert slow or last["dissonant"] < 0.6 * first["dissonant"]
assert slow or abs(last["changes a bar"] - real_numbers["changes a bar"]) < 2
assert slow or last["distinct"] > 0.95

# %% [markdown]
# Three minutes on a processor, and the machine keeps to a key, changes its chords about as often as Bach
# does, sounds far less dissonant than it was born, and hardly ever says the same thing twice. It doesn't know
# where a phrase is going; with two bars at a time, who would? Two questions stay open on purpose: whether it
# *copies* (lesson 10 measures it), and how much of this is due to the game and how much to practice (lesson
# 10 again, with a generator that only practised).
#
# Keep what you trained, if you like it. Later lessons take a folder wherever they take the name of a
# checkpoint:
#
# ```python
# import shutil
#
# shutil.copytree(runs / "real", "my_first_gan")
# sampling.load("my_first_gan")
# ```

# %% [markdown]
# ## Exercises
# You've met three on the way: `load_music_dataset` ★, `loss_function` ★★ and `train_step` ★★★. Three more,
# without a check:
#
# - Steer a run. The line below trains into a new folder, and its sliders move. Wait for the game to begin (the
#   second chart appears), then give the generator ten times its rate, or take the weight of likelihood to 0.
#   Which chart answers first, and what do you hear? `watched.wait().card["training"]["changes"]` says what you
#   did, and when: a run that was steered is no longer made again by its seed.
#
#   ```python
#   watched = monitor.watch("chorales", tokens, Path("steered"), minutes=3)
#   ```
# - Let the plain game run for 400 rounds instead of 120, and look in every 50 (`train` again goes on with the
#   same `gan`). Does it ever leave its chord?
# - In `compete`, give the discriminator ten times the generator's rate, then the other way round. Who wins,
#   and what does it sound like?
#
# <details><summary>Answers</summary>
#
# These games differ from machine to machine; here is what we saw. For some 250 rounds it jumped from one
# chord to another: each time the discriminator has learned to recognise the present one. That is oscillation,
# the sister of collapse. Then it began to move, and after 400 rounds it changed two or three times a bar, in
# many different pieces, three times as dissonant as Bach.
#
# With the fast discriminator $L_D$ fell below 0.1 within 50 rounds and $L_G$ rose to 9: the generator is
# found out whatever it does. With the slow one the generator found something that its judge liked, and nearly
# all latents led there: after 200 rounds 2 % of the pieces were distinct.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. A discriminator's loss has been at 1.386 for a thousand rounds. What do you know?**
# - [ ] The generator is perfect :: It might be. A judge who has learned nothing shows the same number.
# - [x] That this discriminator can't tell, for whatever reason :: $2 \log 2$ is the loss of *no opinion*. Only
#   another judge, or your ear, can say why.
# - [ ] The generator has collapsed :: Perhaps, but this number doesn't say so: a $D$ that is slow enough is
#   calm before one piece, too (lesson 08).

# %% [markdown] tags=["quiz"]
# **2. In the generator's step, somebody asks the tape for the gradient for *all* variables and applies it. What
# happens?**
# - [ ] An error: D's variables belong to the other optimiser :: An optimiser that is used for the first
#   time takes whatever variables it gets.
# - [ ] Nothing: D's gradient is zero there :: $L_G$ depends on D's weights through every logit.
# - [x] It runs, and D learns to call fakes real :: $L_G$ falls when the fakes' logits rise, and D's own weights can
#   raise them, too.

# %% [markdown] tags=["quiz"]
# **3. A run is resumed with both players' weights, but with fresh Adams. What changes?**
# - [ ] Nothing: the weights are the model :: They are the model, but not the training.
# - [x] The next steps: $m$ and $v$ are zero again, so each weight's first step has the full
#   size $\eta$ :: A jolt in the middle of a game. The run goes on, but it's no longer the same one.
# - [ ] The learning rate is lost :: It stands in the program, or in the recipe; $m$ and $v$ stand nowhere else.

# %% [markdown] tags=["quiz"]
# **4. Someone trains with $L = \mathbb E\,D(x) - \mathbb E\,D(G(z))$ and no other condition. D's objective climbs to
# a million. Why?**
# - [ ] The learning rate is too high :: A lower one climbs as far, later.
# - [ ] D has got a million times better :: Scale isn't quality: the order of its scores may be the same as ever.
# - [x] Nothing holds D's slope: larger scores are always worth more :: The formula needs a 1-Lipschitz critic, by
#   clipping, by a gradient penalty or by spectral norm.

# %% [markdown]
# ## Recap
# - The skeleton has five names. The data are shuffled, seeded and even; the losses are three softplus; a
#   round is one step for each player, each with its own tape, variables and optimiser.
# - Cross-entropy's $D$ is a probability in disguise. $\mathbb E\,D(x) - \mathbb E\,D(G(z))$ is a critic's,
#   and needs a bound on its slope.
# - Adam's step doesn't depend on the size of the gradient; in a game, that size is the opponent's mood.
# - The plain game begins by freezing on a chord. A generator that practises first comes with something to
#   say.
# - A checkpoint that resumes holds all that the next step depends on, not just weights.
# - $D$'s loss near $2\log 2$ means that *this* $D$ can't tell.
#
# **What can go wrong.** The package watches for three things and stops with a message: a value that isn't
# finite (NaN: rates too high), a generator that has fallen silent, and one whose pieces are mostly the same
# (collapse). What to do about each is lesson 08. And the commonest surprise of all: a `print` inside
# `train_step` runs once, when the step is compiled, and never again (`tf.print` runs each time).
#
# **Reading.**
# - I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014: both losses of the generator.
# - A. Radford, L. Metz, S. Chintala, *DCGAN*, ICLR 2016: convolutions, and Adam with $\beta_1 = ½$.
# - D. Kingma, J. Ba, *Adam*, ICLR 2015.
# - M. Arjovsky, S. Chintala, L. Bottou, *Wasserstein GAN*, ICML 2017: where the other formula comes from.
# - L. Yu et al., *SeqGAN*, AAAI 2017: a game with discrete choices, after practice.
# - S. Bowman et al., *Generating Sentences from a Continuous Space*, CoNLL 2016: the practice with a
#   whispered $z$.
# - M. Caccia et al., *Language GANs Falling Short*, ICLR 2020: how often practice alone does as well. Read it
#   before you praise your GAN.
#
# **Next**: the failure clinic. Collapse, landslides and oscillation on purpose, by curve and by ear, and what
# cures each.
