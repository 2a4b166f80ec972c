# %% [markdown]
# # 08 · Failure clinic and Wasserstein
#
# A GAN that fails says nothing. It prints losses as before, and at the end of the night there is one chord, or
# noise, or a different chord every minute. Today you make three trainings ill on purpose, each in its own way;
# you learn to tell the diseases by curve and by ear; and you write two of the leashes that cure most of them.
# Between illness and cure stands a piece of mathematics that explains both: how far apart two heaps of sand
# are.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - recognise a discriminator that is too strong, mode collapse and oscillation, by curve and by ear;
# - state the Wasserstein objective $L = \mathbb E\,D(x) - \mathbb E\,D(G(z))$, its duality, and what a
#   1-Lipschitz critic buys;
# - compute the Wasserstein distance of two samples, and show where it has a slope and the Jensen-Shannon
#   divergence has none;
# - write the gradient penalty and the spectral norm, and say why clipping is the worst of the three leashes;
# - choose a cure, and check that it worked.
#
# *70 minutes, two of them the machine's. Needs lessons 02 and 07. No network, no graphics card.*

# %% [markdown]
# ## Hear the goal
# This is one piece by a trained generator. In a few minutes you'll hear three others, by generators that were
# trained by nearly the same program. Keep in mind what this one does that they won't: it moves, and other
# latents would give other pieces.

# %%
from musicgan_edu import sampling
from musicgan_edu.widgets import player

composed = sampling.load("chorales").sample(1, seed=8)[0]
player.play(composed.replace(tempo=72, title="A generator in good health"))

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("08", seconds=120)

import dataclasses
import itertools

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import checks, corpus, encoding, evaluation
from musicgan_edu import models, plotting, training
from musicgan_edu.widgets import clinic

# %% [markdown]
# ## 1. Three patients
# All patients play the pure game, without any practice beforehand: the package's `training.GAN`. Its
# generator is convolutional and says, for every half beat, what each voice sounds and whether it is struck. (It
# has no *hold* to hide behind, as the one of lesson 07 had.) What differs between patients is their
# **recipe**: which loss, which rates, how many steps of $D$ for one of $G$, which leash on $D$.

# %%
form = encoding.VoiceEncoding()
tokens = training.prepare(corpus.load("chorales", split="train"), form)
latents = rng.standard_normal((64, 32)).astype(np.float32)

plain = dataclasses.replace(
    training.RECIPES["convolutional"],
    width=64,
    batch_size=16,
    loss="cross-entropy",
    penalty_kind="none",
    constraint="none",
)
print(f"{len(tokens)} windows, batches of {plain.batch_size}")

# %% [markdown]
# During a training we take the patient's chart. The first two curves turn out to be enough, the others explain:
#
# | on the chart | in the code | meaning |
# |---|---|---|
# | $D$'s loss | `d_loss` | every step; $2 \log 2 \approx 1.386$ is *no opinion*, 0 is *always right* (lesson 07) |
# | distinct share | `distinct` | every ten steps: how many different pieces the same 64 latents give, over 64 |
# | turnover | `turnover` | the share of cells (voice, step) that sound otherwise than ten steps ago |
# | $D$'s lead | `gap` | $\mathbb E\,D(x) - \mathbb E\,D(G(z))$, how far apart it holds the two |


# %%
def chart(rows: list, looks: list, gan: keras.Model) -> dict:
    """What the doctor reads: curves, and how the patient plays at the end."""
    heard = [form.sounding(look) for look in looks]
    kinds = [len(np.unique(look.reshape(64, -1), axis=0)) / 64 for look in looks]
    pairs = itertools.pairwise(heard)
    return {
        "d_loss": np.array([float(row["d_loss"]) for row in rows]),
        "gap": np.array([float(row["gap"]) for row in rows]),
        "distinct": np.array(kinds),
        "turnover": np.array([np.mean(a != b) for a, b in pairs]),
        "pieces": form.decode(looks[-1], tempo=72),
        "gan": gan,
    }


# %%
def treat(steps: int = 120, **changes: object) -> dict:
    """Train fresh players by the plain recipe with some changes; their chart."""
    keras.utils.clear_session()  # what earlier patients left in memory
    gan = training.make(form, dataclasses.replace(plain, **changes), seed=8)
    order = np.random.default_rng(8)
    rows, looks = [], []
    for step in range(1, steps + 1):
        batch = tokens[order.integers(0, len(tokens), plain.batch_size)]
        rows.append(gan.compiled_step(batch))
        if step % 10 == 0:
            looks.append(gan.generator.tokens(latents))
    return chart(rows, looks, gan)


# %% [markdown]
# **Patient A**: the discriminator takes two steps for each of the generator's, at five times its rate, and the
# generator has the saturating loss (lesson 02). **Patient B**: the generator's rate is two hundred times the
# discriminator's. **Patient C**: five times. None of them has a leash.
#
# **Predict, then run.** Which curve belongs to whom: one at 0, one that stays near $2 \log 2$, one that swings?

# %%
sick = {"d_rate": 5e-3, "g_rate": 1e-3, "d_steps": 2, "loss": "minimax"}
charts = {
    "A": treat(**sick),
    "B": treat(d_rate=5e-5, g_rate=1e-2),
    "C": treat(d_rate=1e-3, g_rate=5e-3),
}
curves = {f"patient {name}": patient["d_loss"] for name, patient in charts.items()}
plotting.losses(curves, ylabel="D's loss (nats)", title="Three patients")

# %%
for name, patient in charts.items():
    end = patient["d_loss"][90:]
    line = f"{name}: D's loss {end.mean():5.2f} ± {end.std():4.2f}"
    line += f", distinct {np.median(patient['distinct'][9:]):4.0%}"
    print(line + f", turnover {patient['turnover'][-3:].mean():4.0%}")

a, b, c = charts.values()
assert a["d_loss"][90:].mean() < 0.1
assert np.median(b["distinct"][9:]) < 0.3
assert b["d_loss"][90:].std() < 0.2 < c["d_loss"][90:].std()

# %% [markdown]
# Now by ear. Two pieces of each patient, from two different latents.

# %%
for name, patient in charts.items():
    for k in (0, 1):
        player.play(patient["pieces"][k].replace(title=f"Patient {name}, latent {k}"))

# %% [markdown]
# - **A, the landslide.** $D$ is right every time, and its loss is 0. In the saturating loss a fake's logit
#   $d$ has the slope $-\sigma(d)$, and where $D$ is sure that is nothing: the generator stopped where it
#   stood. Listen to it as often as you like, it won't change: its turnover is 0.
# - **B, mode collapse.** $D$ is too slow to object, so whatever it happens to like is right for a long time, and
#   all latents end there, today on this piece, ten steps later together on another. The loss looks peaceful,
#   close to *no opinion*: **no loss shows a collapse**. Your ear does, at the second latent.
# - **C, oscillation.** Each time $D$ has learned to recognise the present music, $G$ moves to another place,
#   and $D$ has to start again. Its music is a different one every few steps. Lesson 02 met this on two
#   numbers, where it's a circle.

# %%
judged = a["gan"].judge(a["gan"].generate(64)).numpy()
factor = 1 / (1 + np.exp(-judged.astype(float)))
print(f"A: a fake's logit is {judged.mean():.0f}, its slope {factor.mean():.0e}")
moves = {name: one["turnover"][-3:].mean() for name, one in charts.items()}
print(f"turnover at the end: A {moves['A']:.1%}, C {moves['C']:.1%}")
assert factor.mean() < 0.05
assert moves["A"] < 0.1 < moves["C"]

# %% [markdown]
# ### Exercise ★★ `diagnose`
# Write the doctor's first look down. It goes by the **last quarter** of each curve, for a training may have
# had its childhood diseases, and it asks in this order:
#
# 1. the mean of $D$'s loss is below 0.1: `"D too strong"`;
# 2. else, the standard deviation of $D$'s loss is above 0.2: `"oscillation"`;
# 3. else, the median of the distinct share is below 0.3: `"collapse"`;
# 4. else `"healthy"`.
#
# The order matters: patient A has hardly any distinct pieces either, but that follows from its $D$, and who
# treats the collapse treats a symptom. (The thresholds are made for cross-entropy; a critic's loss has no zero.)


# %%
def diagnose(d_loss: np.ndarray, distinct: np.ndarray) -> str:
    """What ails a training, by the last quarter of its two curves."""
    # BEGIN SOLUTION
    d_end = d_loss[len(d_loss) * 3 // 4 :]
    distinct_end = distinct[len(distinct) * 3 // 4 :]
    if np.mean(d_end) < 0.1:
        return "D too strong"
    if np.std(d_end) > 0.2:
        return "oscillation"
    if np.median(distinct_end) < 0.3:
        return "collapse"
    return "healthy"
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The curves differ in length. `len(curve) * 3 // 4` is where a curve's last quarter begins.
#
# </details>

# %%
diagnose = checks.check("08.diagnose", diagnose)

# %%
found = {name: diagnose(p["d_loss"], p["distinct"]) for name, p in charts.items()}
print(found)
assert found == {"A": "D too strong", "B": "collapse", "C": "oscillation"}

# %% [markdown]
# ## 2. Two heaps of sand
# Why should a *better* judge be worse for the generator? Because of what the game measures. With the best
# discriminator, cross-entropy measures the Jensen-Shannon divergence (lessons 02 and 07),
#
# $$ \mathrm{JSD}(p, q) = \tfrac12 \sum_i p_i \log \frac{p_i}{m_i} + \tfrac12 \sum_i q_i \log \frac{q_i}{m_i},
# \qquad m = \frac{p + q}{2}. $$
#
# It looks at each place by itself: how much of $p$ is here, how much of $q$? Whether a fake lies close to real
# music or at the other end of the world, it doesn't ask. The **Wasserstein distance** $W_1$ does. Take $p$ and
# $q$ for heaps of sand: $W_1$ is the least work that turns one into the other, mass times way. On a line, with
# $n$ grains each, nothing is simpler: the leftmost grain goes to the leftmost place, and so on,
#
# $$ W_1(x, y) = \frac1n \sum_{i=1}^{n} \bigl| x_{(i)} - y_{(i)} \bigr|. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $x_{(i)}, y_{(i)}$ | `np.sort(x)`, `np.sort(y)` | the $i$-th smallest grain of each heap |
# | $n$ | `len(x)` | grains in a heap |
# | $p, q, m$ | `p`, `q`, `middle` | shares of sand in each place, sums 1 |
#
# ### Exercise ★ `wasserstein_distance`


# %%
def wasserstein_distance(x: np.ndarray, y: np.ndarray) -> float:
    """How far the sand of heap x has to travel to become heap y; both of shape (n,)."""
    # BEGIN SOLUTION
    return float(np.mean(np.abs(np.sort(x) - np.sort(y))))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Sort both, subtract, and mind the order of absolute value and mean.
#
# </details>

# %%
wasserstein_distance = checks.check("08.wasserstein_distance", wasserstein_distance)

# %% [markdown]
# Now the smallest case there is. All real sand lies at 0, all fake sand at $\theta$: two **point masses**.
# **Predict, then run:** what do $W_1$ and JSD say for $\theta$ from −2 to 2?


# %%
def jsd(p: np.ndarray, q: np.ndarray) -> float:
    """The Jensen-Shannon divergence in nats of two rows of shares."""
    middle = (p + q) / 2
    terms = [row[row > 0] * np.log(row[row > 0] / middle[row > 0]) for row in (p, q)]
    return float(sum(term.sum() for term in terms) / 2)


# %%
thetas = np.linspace(-2, 2, 41).round(1)
places = np.eye(41)  # one place for each θ; real sand lies in the middle one
far = [wasserstein_distance(np.zeros(10), np.full(10, theta)) for theta in thetas]
apart = [jsd(places[20], place) for place in places]

assert np.allclose(far, np.abs(thetas))
assert np.allclose(np.delete(apart, 20), np.log(2))
assert apart[20] == 0
plotting.losses(
    {"Wasserstein": far, "Jensen-Shannon": apart},
    steps=thetas,
    xlabel="where the fake sand lies (θ)",
    ylabel="distance (units, nats)",
    title="Two point masses",
)

# %% [markdown]
# $W_1 = |\theta|$: wherever the fake sand lies, there is a slope, and it points home. JSD is $\log 2$
# everywhere except in the one place where the work is done already: **no slope at all** (the notch in the figure is one
# point, joined to its neighbours). Music is like that.
# Real chorales are few points in a huge space, and fakes at the start are nowhere near them; the best
# discriminator separates the two completely, and patient A has it. So there are two ways out. Keep the
# discriminator from being the best one; or let it measure another distance.
#
# ## 3. The critic
# How does a network measure $W_1$, in a space where nothing can be sorted? By **duality** (Kantorovich and
# Rubinstein): the least work of moving the sand is the most that a certain kind of function can tell the heaps
# apart,
#
# $$ W_1(p, q) = \max_{D\ \text{1-Lipschitz}} \; \mathbb E_{x \sim p}\, D(x) - \mathbb E_{x \sim q}\, D(x),
# \qquad |D(x) - D(y)| \le \|x - y\| \ \text{ for all } x, y. $$
#
# One half of it is easy to see. Moving a grain from $x$ to $y$ changes the right side by
# $D(x) - D(y)$, which is at most the way that it travels: no 1-Lipschitz function can tell the heaps apart by more than
# the work. That some function tells them apart by *all* of it is the theorem. On a line that function can be
# written down: it rises by 1 per unit where $p$'s sand has to travel left, and falls where it has to travel right. With
# $P$ and $Q$ for the sums of all shares up to a place, its slope is $-\operatorname{sign}(P - Q)$.

# %%
width = 0.1  # of a place
p, q = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(30))
surplus = np.cumsum(p - q)[:-1]  # P − Q at each border: sand that crosses it
work = np.abs(surplus).sum() * width

best = np.append(0, np.cumsum(-np.sign(surplus) * width))
print(f"work {work:.4f}, told apart by the best critic {best @ (p - q):.4f}")
assert np.isclose(best @ (p - q), work)

others = np.cumsum(rng.uniform(-1, 1, (2000, 30)) * width, axis=1)  # 1-Lipschitz, too
print(f"by the best of 2000 others {(others @ (p - q)).max():.4f}")
assert (others @ (p - q)).max() <= work

# %% [markdown]
# So this is the Wasserstein GAN (Arjovsky et al. 2017): the **critic** $D$ looks for that function, and its
# objective, when it is found, *is* the distance. The generator walks down its slope.
#
# $$ L = \mathbb E_x\, D(x) - \mathbb E_z\, D(G(z)), \qquad D \text{ maximises } L, \quad G \text{ minimises } L
# \text{, that is } -\mathbb E_z\, D(G(z)). $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $D(x)$ | `real_output` | the critic's scores of real music, any shape |
# | $D(G(z))$ | `fake_output` | its scores of fakes |
# | $-L$ | what `critic_loss` gives | optimisers minimise |
#
# ### Exercise ★ `critic_loss`


# %%
def critic_loss(real_output: tf.Tensor, fake_output: tf.Tensor) -> tf.Tensor:
    """What a Wasserstein critic minimises, from its scores of real and fake music."""
    # BEGIN SOLUTION
    return tf.reduce_mean(fake_output) - tf.reduce_mean(real_output)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# No logarithm, no sigmoid: two means and a sign. Real music should end up higher.
#
# </details>

# %%
critic_loss = checks.check("08.critic_loss", critic_loss)

# %% [markdown]
# ## 4. Three leashes
# Everything hangs on "1-Lipschitz". For a differentiable $D$ it means $\|\nabla D(x)\|_2 \le 1$ everywhere.
#
# **Clipping** cuts each weight to $-c \ldots c$ after every step. It's one line, and its inventors called it "a
# clearly terrible way": the slope that is left is a product of many small numbers, and nobody knows
# which.
#
# **The gradient penalty** (Gulrajani et al. 2017) asks for the slope itself. The best critic has slope 1 along
# the ways on which sand travels. Nobody knows which grain goes where, so take random points on the segments between
# *any* real and *any* fake, and charge whatever isn't 1:
#
# $$ \lambda\, \mathbb E_{\hat x} \bigl( \|\nabla D(\hat x)\|_2 - 1 \bigr)^2, \qquad
# \hat x = \epsilon\, x + (1 - \epsilon)\, G(z), \quad \epsilon \sim \mathcal U(0, 1). $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $\epsilon$ | `mix` | one number a window, $(B, 1, 1)$, **uniform** on 0 to 1 |
# | $\hat x$ | `between` | a point between a real window and a fake one, $(B, T, F)$ |
# | $\nabla D(\hat x)$ | `slopes` | the slope of the score there, $(B, T, F)$ |
# | $\lVert\cdot\rVert_2$ | `norms` | one norm a window, $(B,)$: over all axes but the first |
# | $\lambda$ | `penalty` in a recipe | 10 is usual |
#
# ### Exercise ★★★ `gradient_penalty`
# Without the $\lambda$. Two popular notebooks draw $\epsilon$ from a *normal* distribution: then most points lie
# outside the segment. The check will notice.


# %%
def gradient_penalty(
    critic: keras.Model, real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
    """E (‖∇D(x̂)‖₂ − 1)² at random points between real and fake, both (B, T, F)."""
    # BEGIN SOLUTION
    mix = tf.random.uniform((tf.shape(real)[0], 1, 1))
    between = mix * real + (1 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    slopes = tape.gradient(scores, between)
    norms = tf.sqrt(tf.reduce_sum(slopes**2, axis=[1, 2]) + 1e-12)
    return tf.reduce_mean((norms - 1) ** 2)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A tape watches variables by itself. `between` is no variable: say `tape.watch(between)` before the critic sees
# it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The root has an infinite slope at 0. Where a critic is flat, that gives NaN, unless something tiny stands
# under the root.
#
# </details>

# %%
gradient_penalty = checks.check("08.gradient_penalty", gradient_penalty)

# %% [markdown] solution="08.gradient_penalty"
# `tape.gradient(scores, between)` is the gradient of the *sum* of all scores. As each window's score depends on
# that window alone, its slopes are in its own rows. That is one reason why there's no batch
# normalisation in a critic: with it, each score depends on all windows, and the rows mean nothing.

# %% [markdown]
# Does it measure? Real sand around 0, fake sand around 2: the distance is 2, up to the luck of the draw. A small
# critic is trained without a leash, with clipping, and with your penalty. **Predict** what $L$ each of them
# reports.

# %%
real = rng.normal(0, 0.2, (256, 1, 1)).astype(np.float32)
fake = rng.normal(2, 0.2, (256, 1, 1)).astype(np.float32)


def small_critic(constraint: str) -> keras.Model:
    """A function of one number, with two hidden layers, each kernel held back."""
    keras.utils.set_random_seed(8)
    leash = models.CONSTRAINTS[constraint]
    dense = keras.layers.Dense
    hidden = [dense(32, "leaky_relu", kernel_constraint=leash(32)) for _ in range(2)]
    critic = keras.Sequential([*hidden, dense(1, kernel_constraint=leash(1))])
    critic.build((None, 1, 1))
    return critic


# %%
def measured(constraint: str, weight: float) -> float:
    """L after 300 steps of a small critic."""
    critic, optimizer = small_critic(constraint), keras.optimizers.Adam(3e-3)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = critic_loss(critic(real), critic(fake))
            if weight:
                loss += weight * gradient_penalty(critic, real, fake)
        slopes = tape.gradient(loss, critic.trainable_variables)
        optimizer.apply(slopes, critic.trainable_variables)

    for _ in range(300):
        step()
    return -float(critic_loss(critic(real), critic(fake)))


# %%
truth = wasserstein_distance(real.ravel(), fake.ravel())
reports = {
    "no leash": measured("none", 0),
    "clipping to 0.01": measured("clipping", 0),
    "gradient penalty": measured("none", 10),
}
print(f"the distance is {truth:.3f}")
for name, report in reports.items():
    print(f"{name:17} L = {report:.4g}")

assert reports["no leash"] > 5 * truth
assert reports["clipping to 0.01"] < 0.05 * truth
assert abs(reports["gradient penalty"] - truth) < 0.25 * truth

# %% [markdown]
# Without a leash, $L$ is as large as there was time for. Clipped, it's a tiny number that has the right
# sign and says nothing: at $c = 0.01$ three layers in a row leave no slope to speak of, and with a larger $c$ they
# leave too much. Only the penalised critic comes close, and a little above, because its leash is elastic: with slope
# $s$ it gains $s\,W_1 - \lambda (s - 1)^2$, which is largest at $s = 1 + W_1 / 2\lambda$, here 1.1.
#
# **R1** is a cousin of that penalty, for any loss: $\frac{\gamma}{2}\, \mathbb E_x \|\nabla D(x)\|^2$ on *real*
# music only (Mescheder et al. 2018). It charges slope as such and has no 1 in it, for it has another purpose:
# where the generator has arrived, an honest judge is flat, and a judge that isn't chases it away again. R2 is the
# same on fakes. It's what makes the circle of lesson 02's Dirac-GAN a spiral that ends.
#
# ### Spectral norm
# The third leash holds the weights, but holds the right thing about them. A layer $x \mapsto W x$ stretches
# no vector by more than its **spectral norm**, the largest singular value
# $\sigma_1(W) = \max_{\|v\|=1} \|W v\|$; leaky ReLUs stretch nothing; and what layers in a row
# stretch multiplies. So divide each $W$ by $\sigma_1(W)$ wherever that is above 1 (Miyato et al. 2018 always divide), and a
# network of dense layers is 1-Lipschitz by construction, at every point, not just where somebody looked. (A
# convolution applies its kernel at overlapping places and may stretch by a little more, a constant.)
#
# A singular value decomposition after each step would be dear. **Power iteration** is cheap: take any $v$ and
# repeat
#
# $$ v \leftarrow \frac{W^\top W v}{\|W^\top W v\|}, \qquad\text{at the end}\qquad \sigma_1 \approx \|W v\|. $$
#
# Each round multiplies the part of $v$ along the $i$-th singular vector by $\sigma_i^2$: the largest wins.
#
# ### Exercise ★★ `spectral_norm`


# %%
def spectral_norm(matrix: np.ndarray, n_rounds: int) -> float:
    """The largest singular value of a matrix (m, k), by power iteration."""
    # BEGIN SOLUTION
    direction = np.ones(matrix.shape[1])
    for _ in range(n_rounds):
        direction = matrix.T @ (matrix @ direction)
        direction = direction / np.linalg.norm(direction)
    return float(np.linalg.norm(matrix @ direction))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `matrix.T @ (matrix @ direction)` is two cheap products; `matrix.T @ matrix` first would be a dear one. Divide
# by the length in every round, or the numbers overflow.
#
# </details>

# %%
spectral_norm = checks.check("08.spectral_norm", spectral_norm)

# %%
matrix = rng.normal(size=(96, 64))
exact = np.linalg.svd(matrix, compute_uv=False)[0]
for n_rounds in (1, 3, 10, 30, 100):
    print(f"{n_rounds:3} rounds: {spectral_norm(matrix, n_rounds):.4f} of {exact:.4f}")
assert spectral_norm(matrix, 1) < exact
assert abs(spectral_norm(matrix, 300) / exact - 1) < 0.02

# %% [markdown]
# From below and closer with every round. In training *one* round a step is enough: the weights move little from
# step to step, and the direction is kept. (It is state, then: a checkpoint that forgets it resumes another run.)
#
# ## 5. Cures
# Patient A again: the same rates, the same seed, the same number of steps, and a leash. R1 and spectral norm are put on
# its own game; the gradient penalty comes with the Wasserstein losses that it was made for. Patient C gets spectral
# norm, too, and a generator that is five times slower. **Predict:** for whom will $D$'s lead, $\mathbb E\,D(x) - \mathbb E\,D(G(z))$, be the smallest?

# %%
cured = {
    "A + R1": treat(**sick, penalty_kind="R1", penalty=10.0),
    "A + spectral norm": treat(**sick, constraint="spectral norm"),
}
wasserstein = sick | {"loss": "wasserstein", "penalty_kind": "gradient penalty"}
cured["A, Wasserstein + penalty"] = treat(**wasserstein, penalty=10.0)
calmer = {"d_rate": 1e-3, "g_rate": 1e-3, "constraint": "spectral norm"}
cured["C, slower G + sp. norm"] = treat(**calmer)

# %%
for name, patient in (charts | cured).items():
    changes = evaluation.changes_per_bar(patient["pieces"]).value
    line = f"{name:25} lead {patient['gap'][90:].mean():6.2f}"
    line += f"   distinct {np.median(patient['distinct'][9:]):4.0%}"
    print(
        line
        + f"   turnover {patient['turnover'][-3:].mean():4.0%}   changes {changes:.1f}"
    )

for name in ("A + R1", "A + spectral norm"):
    assert cured[name]["gap"][90:].mean() < 0.25 * a["gap"][90:].mean()
    assert np.median(cured[name]["distinct"][9:]) > 0.5
    assert cured[name]["turnover"][-3:].mean() > 3 * a["turnover"][-3:].mean()
calm = cured["C, slower G + sp. norm"]
assert calm["gap"][90:].mean() < 0.5 * c["gap"][90:].mean()
assert calm["d_loss"][90:].std() < 0.2

# %%
leads = {name: patient["gap"] for name, patient in ({"A": a} | cured).items()}
plotting.losses(leads, ylabel="D's lead (logits)", title="With a leash and without")

# %%
healthy = cured["A + spectral norm"]
for k in (0, 1):
    player.play(healthy["pieces"][k].replace(title=f"A + spectral norm, latent {k}"))

kernels = healthy["gan"].discriminator.trainable_variables
norms = [spectral_norm(w.numpy().reshape(-1, w.shape[-1]), 200)
         for w in kernels if len(w.shape) > 1]  # fmt: skip
print("spectral norms of D's layers:", np.round(norms, 2))
assert max(norms) < 1.1

# %% [markdown]
# That is the same impatient $D$, at the same rates. Nobody told it to be weaker; it was told not to be *steep*. Now
# that it can't run away, its lead stays small, its slope reaches the generator, and the generator goes on
# learning. (The Wasserstein lead is a distance and no logit: its size can't be compared.) Patient C's loss has come to
# rest, too; that its music still changes at every look is no symptom, all that learn do. This isn't good music yet after
# some 120 rounds. It is a training that can go on.
#
# | disease | what you see | what you hear | first cure |
# |---|---|---|---|
# | $D$ too strong | $D$'s loss at 0, turnover 0 | the same noise or chord for ever | a leash on $D$; the non-saturating loss |
# | collapse | nothing on the losses; distinct share near 0 | every latent alike | a faster $D$ *with* a leash; fewer steps of $G$ |
# | oscillation | a loss that swings | another chord at every look | R1 and R2, spectral norm; lower rates; averaged weights |
#
# For patient B a leash alone would do nothing: its $D$ is slow, not steep. It needs the rates of patient A
# *and* a leash. That is the usual order in practice: first give the judge enough speed to see, then hold it
# back enough to be fair.
#
# | leash | holds | price |
# |---|---|---|
# | clipping | each weight | next to nothing; the slope that's left is anyone's guess |
# | gradient penalty | the slope between real and fake, at 1 | a slope of slopes at every step |
# | R1 (+ R2) | the slope on real (and fake) music, at 0 | the same; can be taken every few steps |
# | spectral norm | each layer, everywhere | a product of a matrix and a vector a layer |

# %% [markdown]
# ## 6. By curve and by ear
# Four charts, in an order that the dice have chosen. Look at the curves, play the clip, and choose a cause. Every
# choice says why or why not. Tab and the arrow keys are enough to work it; beneath it stands the same for print and
# for screen readers.

# %%
signs = {
    "D too strong": "D's loss lies at 0, and G gets no slope to learn from",
    "collapse": "D's loss is calm, and yet nearly all latents give one piece",
    "oscillation": "D's loss swings and doesn't come to rest",
    "healthy": "D's loss is calm and above 0, and most pieces differ",
}


# %%
def case(cause: str, patient: dict) -> clinic.Case:
    """A chart as a question: its curves, a clip, and an explanation for each answer."""
    seen = {
        "D's loss": patient["d_loss"],
        "distinct share": np.repeat(patient["distinct"], 10),
    }
    figure = plotting.losses(seen, ylabel="nats; share of 64", title="Whose is this?")
    wrong = {
        name: f"then {sign}. Here, {signs[cause]}." for name, sign in signs.items()
    }
    return clinic.Case(
        figure, patient["pieces"][0], cause, wrong | {cause: f"{signs[cause]}."}
    )


# %% interactive="clinic"
patients = {
    "D too strong": a,
    "collapse": b,
    "oscillation": c,
    "healthy": healthy,
}
drawn = [list(patients)[i] for i in rng.permutation(4)]
cases = [case(cause, patients[cause]) for cause in drawn]
clinic.Clinic(cases)

# %% static="clinic"
for number, (cause, one) in enumerate(zip(drawn, cases, strict=True), start=1):
    print(f"Case {number}: {one.figure.alt_text}")
    chart_of = patients[cause]
    print(f"  Cause: {diagnose(chart_of['d_loss'], chart_of['distinct'])}")
    assert diagnose(chart_of["d_loss"], chart_of["distinct"]) == cause

# %% [markdown]
# ## Exercises
# You've met five on the way: `diagnose` ★★, `wasserstein_distance` ★, `critic_loss` ★, `gradient_penalty` ★★★ and
# `spectral_norm` ★★. Two more, without a check:
#
# - Treat patient A with `constraint="clipping"` and the Wasserstein losses. What is $D$'s lead, and does the
#   generator move?
# - Give patient B spectral norm and nothing else, then patient A's rates and spectral norm. Which of the two
#   brought the distinct share up?
#
# <details><summary>Answers</summary>
#
# Here the clipped $D$'s lead was 0.7, and the generator moved well: at this $c$, for this network, the slope that was left
# happened to do. Nobody could have told beforehand, and 0.7 is no distance.
#
# With spectral norm alone B stayed at one piece in 64 (its lead even shrank); with the faster $D$ as well all 64 differed.
#
# </details>
#
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. $D$'s loss has been calm, a little below 1.386, all night. What do you do first?**
# - [ ] Stop: the training has converged :: Patient B's loss looked just like that.
# - [x] Listen to several latents, and count distinct pieces :: A loss can't show a collapse, because it asks only
#   how real each piece sounds, never how many there are.
# - [ ] Raise $G$'s rate, to make it more interesting :: That is how patient B fell ill.

# %% [markdown] tags=["quiz"]
# **2. Why has JSD no slope for two point masses?**
# - [x] Because it compares shares place by place, and the two never share a place :: It is $\log 2$ at any distance
#   but 0. $W_1$ knows how far the places are from one another.
# - [ ] Because $\log$ is flat for large arguments :: Nothing large enters: all shares are 0 or 1.
# - [ ] Because point masses aren't music :: True, and real music in a large space is much like them.

# %% [markdown] tags=["quiz"]
# **3. A critic without a leash reports $L = 3000$. What does it say about the fakes?**
# - [ ] They are very far from real music :: Ten times the scores would report ten times as much.
# - [ ] The Wasserstein distance is at most 3000 :: The maximum over *all* functions is infinite.
# - [x] Only that it prefers real music on average :: The scale of $L$ means something only if $D$ is 1-Lipschitz.

# %% [markdown] tags=["quiz"]
# **4. Which leash would you choose where every slope of a slope is too dear?**
# - [ ] Gradient penalty :: It is just that: a slope of slopes, at each step.
# - [x] Spectral norm :: One product of a matrix and a vector for each layer, and no second slope.
# - [ ] Clipping :: As cheap, but it holds the wrong thing: you can't tell what slope it leaves.

# %% [markdown]
# ## Recap
# - Three diseases: a landslide ($D$'s loss at 0, $G$ stands still), collapse (calm losses, one piece), oscillation
#   (swinging loss, restless music). No loss shows a collapse.
# - JSD has no slope between heaps that don't overlap; $W_1$ has one everywhere: $|\theta|$ against $\log 2$.
# - By duality a 1-Lipschitz critic that maximises $\mathbb E\,D(x) - \mathbb E\,D(G(z))$ measures $W_1$. Without the
#   condition the number means nothing.
# - Leashes: clipping guesses, the gradient penalty asks for slope 1 between real and fake, R1 for slope 0 on real
#   music, spectral norm bounds every layer.
# - First give the judge enough speed to see, then hold it back enough to be fair.
#
# **What can go wrong.** A penalty taken *outside* the tape of $D$'s step changes nothing, without an error. Batch
# normalisation in a critic makes the penalty meaningless. $\epsilon$ from a normal distribution passes unnoticed in
# most programs. And a leash that is too short makes $D$ blind: its lead stays near 0, and the generator is praised
# for anything.
#
# **Reading.**
# - M. Arjovsky, S. Chintala, L. Bottou, *Wasserstein GAN*, ICML 2017: sand, duality, clipping.
# - I. Gulrajani et al., *Improved Training of Wasserstein GANs*, NeurIPS 2017: the gradient penalty.
# - L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, ICML 2018: R1, R2.
# - T. Miyato et al., *Spectral Normalization for Generative Adversarial Networks*, ICLR 2018.
# - H. Gouk et al., *Regularisation of Neural Networks by Enforcing Lipschitz Continuity*, Machine Learning 2021: dividing
#   only what is too steep, as here.
# - N. Huang et al., *The GAN is dead; long live the GAN!*, NeurIPS 2024: R1 and R2 with relativistic losses, the
#   package's own recipe for this game.
#
# **Next**: with a generator that's in good health: sampling, steering, mixing.
