# %% [markdown]
# # 12 · Complete gaps
#
# A page of a manuscript is burnt: bar 3 is gone, or the alto's part book is lost. What stood there? And, which is
# another question, what *could* stand there? You will fill gaps with networks that learnt from Bach and in three ways
# that learnt next to nothing, and find out that the best guess and the best music are two different things.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - say why a model that speaks from left to right is deaf to what comes after a gap, and what weights can do about it;
# - write the orderless masked likelihood, and explain what a network learns from it that a chain doesn't;
# - show why cells that are drawn at once clash, and fill a gap by Gibbs sampling instead;
# - look for the latent that explains what is known, with a loss of context and a prior, and derive its gradient;
# - let a critic of context choose among drafts, and tell accuracy from plausibility in a table.
#
# *60 minutes, one of them the machine's. Needs lessons 05, 06 and 09. No network, no graphics card.*

# %% [markdown]
# ## Hear the goal
# The alto and the tenor of bars 3 and 4 of a chorale are taken away and composed anew. Everything else is Bach's, to the
# bit. First as he wrote it, then filled.

# %%
from musicgan_edu import completion, corpus
from musicgan_edu.widgets import player

bach = corpus.read_chorale("bwv66.6")
missing = completion.gap(bach, bars=[3, 4], voices=[1, 2])
filled = completion.complete(bach, missing, method="masked", seed=2)
player.play(bach)
player.play(filled.score, label="Bach, with two voices of bars 3 and 4 filled in")
outside = completion.fragments(bach, missing)  # every sound that isn't in the gap
assert completion.fragments(filled.score, missing) == outside

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("12", seconds=60)

import numpy as np

from musicgan_edu import checks, plotting, sampling, training

form = completion.FORM
held_out = training.prepare(corpus.load("chorales", split="validation"), form)
some = np.linspace(0, len(held_out) - 1, 16).astype(int)
windows = held_out[some].astype(np.int64)
print(f"{len(windows)} windows of {form.shape[0]} steps and {form.shape[1]} voices")

# %% [markdown]
# A *window* is two bars in four voices on sixteenths, 32 steps by 4 voices, and a *cell* is one voice at one step. These
# sixteen are from chorales of the validation split, which none of our networks has learnt from.

# %% [markdown]
# ## 1. Conditionals
# Write $x_K$ for the cells that are **known** and $x_H$ for those that are **hidden**. To complete is to draw from
#
# $$ p(x_H \mid x_K). $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $x_i$ | `tokens[t, v]` | the class of one cell: a pitch, a rest, *hold* |
# | $H$, $K$ | `hidden`, `known` | the cells that are missing, and all others |
# | $z$ | `z` | the generator's latent |
#
# The generator of lesson 06 is a **chain**: $p(x \mid z) = \prod_i p(x_i \mid x_{<i}, z)$, from left to right and
# from the soprano down, where $x_{<i}$ are all cells before $x_i$. Its factors condition on the past only. (We leave $z$
# out until section 4; each draft draws its own.) What it needs for a gap is a conditional on both
# sides, and the chain rule doesn't give that for free: by Bayes,
#
# $$ p(x_H \mid x_K) \propto \prod_{i \in H} p(x_i \mid x_{<i}) \cdot \prod_{i \in K} p(x_i \mid x_{<i}). $$
#
# The first product is how a draft is drawn: known cells are forced, hidden ones said. The second is how well the draft
# leads to what is known: its weight, as in lesson 09. In short: the chain is deaf to the future, unless many drafts are
# drawn and weighed.
#
# **Predict, then run:** 32 drafts for a gap of 8 steps. If their weights $w$ are far from equal, only few matter; their
# *effective number* $(\sum w)^2 / \sum w^2$ is 32 if all weigh the same and 1 if one weighs all. What will it be?

# %%
machine = sampling.load("chorales")
gap = np.zeros(form.shape[:2], bool)
gap[12:20] = True  # the middle 8 of 32 steps, all voices
drafts = sampling.fill(machine, windows[3], ~gap, n=32, seed=1)
print(f"32 drafts are worth {drafts.effective:.1f} equally good ones")
assert drafts.effective < 16
struck = ~gap & (windows[3] != form.hold)  # a hold after the gap may have to be struck
assert (drafts.tokens[:, struck] == windows[3][struck]).all()

# %% [markdown]
# ## 2. Learn all conditionals at once
# The masked network is told nothing about an order. Each training window loses a random part, and the network
# says for each hidden cell what stood there, given *all* cells that are known, before and after. Its loss is
#
# $$ L = \mathbb{E}_{x, H}\Big[\frac{1}{|H|} \sum_{i \in H} -\log p_\theta(x_i \mid x_K)\Big]. $$
#
# ($|H|$ is the number of hidden cells, at least one.) Why divide by it? Take a random order of the $n$ cells, each as likely
# as any other, and hide all from position $k$ on, with $k$ drawn evenly from 1 to $n$. The chain rule in that order needs
# the $k$-th factor only; but given what is hidden, each hidden cell is equally likely to be the $k$-th, so their mean is an
# unbiased estimate of it. $n$ times $L$ is then the mean of $-\log p(x)$ over *all orders* (Uria
# et al. 2014). With masks that hide whole voices or a stretch of time, as ours do half of the time, it is a weighted
# mean of the same conditionals.
#
# ### Exercise ★★ `orderless_loss`


# %%
def orderless_loss(log_p: np.ndarray, hidden: np.ndarray) -> float:
    """The loss, from log p of the true classes and what was hidden, (B, T, V)."""
    # BEGIN SOLUTION
    of_window = (log_p * hidden).sum((1, 2)) / hidden.sum((1, 2))
    return float(-of_window.mean())
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# First each window's own mean over its hidden cells, then the mean of the windows. A window that lost one cell
# counts as much as one that lost all.
#
# </details>

# %%
orderless_loss = checks.check("12.orderless_loss", orderless_loss)

# %% [markdown]
# The claim about orders can be checked where all orders can be counted: three cells, two classes, a joint
# distribution of $2^3$ numbers, and its exact conditionals. **Predict, then run:** does the sum come out the same in
# every order?

# %%
from itertools import permutations

joint3 = rng.dirichlet(np.ones(8)).reshape(2, 2, 2)
x = (1, 0, 1)


def given(cell: int, known: tuple[int, ...]) -> float:
    """p of x's class in a cell, given x's classes in the known cells."""
    free = slice(None)  # these are summed away
    chosen = joint3[tuple(x[i] if i in known else free for i in range(3))]
    known = (*known, cell)
    both = joint3[tuple(x[i] if i in known else free for i in range(3))]
    return both.sum() / chosen.sum()


# %%
orders = list(permutations(range(3)))
sums = [sum(-np.log(given(order[k], order[:k])) for k in range(3)) for order in orders]
estimate = [  # hide all from k on, take the mean of what is hidden, times 3
    3 * np.mean([-np.log(given(cell, order[:k])) for cell in order[k:]])
    for order in orders
    for k in range(3)
]
print(f"-log p(x): {-np.log(joint3[x]):.4f}, in each order: {np.round(sums, 4)}")
print(f"by masks, all of them: {np.mean(estimate):.4f}")
assert np.allclose(sums, -np.log(joint3[x]))
assert np.isclose(np.mean(estimate), -np.log(joint3[x]))

# %% [markdown]
# With *exact* conditionals every order gives the same sum. A trained network's conditionals needn't fit together:
# nothing makes $p(a)\,p(b \mid a)$ equal to $p(b)\,p(a \mid b)$. That is the price of learning them all at once.
#
# Ours is a convolutional network along time, like the discriminator of lesson 05, but with an answer for every cell: the
# checkpoint `gaps`, which the method `"masked"` uses.
#
# ## 3. Cells drawn at once clash
# Two voices have to fill one cell each. Three pitches are possible for either, and the joint distribution says
# which go together:

# %%
joint = np.array([[0.04, 0.28, 0.14], [0.28, 0.0, 0.0], [0.26, 0.0, 0.0]])
upper, lower = joint.sum(1), joint.sum(0)
print("upper voice:", upper, " lower voice:", lower)
print("most likely pair:", np.unravel_index(joint.argmax(), joint.shape), joint.max())
best_guess = (int(upper.argmax()), int(lower.argmax()))
print("each cell's likeliest:", best_guess, "together:", joint[best_guess])
assert joint[best_guess] < joint.max() / 5

# %% [markdown]
# Each cell's marginal is right, and still the two drawn independently make pairs that the music never says.
#
# ### Exercise ★ `clash_chance`


# %%
def clash_chance(joint: np.ndarray) -> float:
    """The chance that two cells, drawn from their marginals, make no pair."""
    # BEGIN SOLUTION
    independent = np.outer(joint.sum(1), joint.sum(0))
    return float(independent[joint == 0].sum())
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Drawn independently, the pair $(a, b)$ has probability $p(a)\,p(b)$: an outer product of the two marginals.
#
# </details>

# %%
clash_chance = checks.check("12.clash_chance", clash_chance)
print(f"a clash in {clash_chance(joint):.0%} of the draws")

# %% [markdown]
# **Gibbs sampling** draws one cell at a time from its conditional given the other, over and over. Each step leaves
# the joint distribution as it is: if $(a, b) \sim p$, then $(a, b')$ with $b' \sim p(\cdot \mid a)$ is distributed
# like $p$ again. Start anywhere, and the longer it runs the nearer you come to drawing from $p$, provided that every state
# can be reached from every other.
# **Predict, then run:** how many of 20 000 draws clash?

# %%
pair, counts = [0, 0], np.zeros_like(joint)
for _ in range(20_000):
    row = joint[:, pair[1]] / lower[pair[1]]
    pair[0] = int(rng.choice(3, p=row))
    column = joint[pair[0]] / upper[pair[0]]
    pair[1] = int(rng.choice(3, p=column))
    counts[tuple(pair)] += 1
print(counts / counts.sum())
assert counts[joint == 0].sum() == 0
assert np.abs(counts / counts.sum() - joint).max() < 0.05

# %% [markdown]
# Take the 0.04 away, and it would stay for ever in the half where it began: one cell can't change unless the other
# does. So ours doesn't go cell by cell. A round hides a random part of the gap and draws it at once: nearly all of
# it in the first rounds, when it has to roam, and 5 % in the last, when cells must hear each other (`sampling.fill_masked`;
# the annealing is Yao et al.'s). Cells of one round still don't hear each other, so this is Gibbs sampling only nearly: the
# fewer at once, the nearer.
#
# Listen to one window: Bach; each cell's likeliest class, all at once; the same network by Gibbs sampling. The gap is the
# last beat of bar 1 and the first of bar 2. What does each voice do there?

# %%
many = np.repeat(gap[None], len(windows), 0)
at_once = completion.fill_windows(windows, many, method="likeliest")
by_gibbs = completion.fill_windows(windows, many, method="masked", seed=1)
assert (by_gibbs[:, :12] == windows[:, :12]).all()
one = 5
answers = {"Bach": windows, "likeliest, at once": at_once, "by Gibbs": by_gibbs}
for label, answer in answers.items():
    player.play(form.decode(answer[one : one + 1], tempo=72)[0], label=label)

# %% [markdown]
# ## 4. Look for a latent
# Yeh et al. (2017) fill holes in pictures with a GAN that knows nothing of holes. They look for the $z$ whose
# picture agrees with what is known, and paste what it has in the hole:
#
# $$ \hat z = \arg\min_z\ \underbrace{\ell\big(m \odot G(z),\ m \odot x\big)}_{\text{context}} + \lambda\, \underbrace{\ell_{\text{prior}}(z)}_{\text{prior}}, \qquad \hat x = m \odot x + (1 - m) \odot G(\hat z). $$
#
# $m$ is 1 where a cell is known and 0 elsewhere, $\odot$ multiplies cell by cell, and $\ell$ measures how far two pictures
# are apart. Their prior loss is $\log(1 - D(G(z)))$: a $z$ whose picture D takes for real is a likely one. Ours is
# $\tfrac12 \lVert z \rVert^2$, which for a standard normal $z$ is $-\log p(z)$ but for a constant, with $\lambda = 1$; and
# our context loss is $-\sum_{i \in K} \log p(x_i \mid x_{<i}, z)$. (Among the $x_{<i}$ there are hidden cells. They are guessed
# with the best $z$ so far, $z$ is improved, and they are guessed again.) With a linear
# generator $G(z) = Az$, the loss $\tfrac12 \lVert m \odot (Az - x) \rVert^2 + \tfrac\lambda2 \lVert z \rVert^2$ has a gradient
# that you can write down.
#
# ### Exercise ★★★ `latent_gradient`


# %%
def latent_gradient(
    a: np.ndarray, x: np.ndarray, m: np.ndarray, z: np.ndarray, weight: float
) -> np.ndarray:
    """The loss's gradient by z, (d,): a (n, d), x and m (n,), z (d,), weight is λ."""
    # BEGIN SOLUTION
    return a.T @ (m * (a @ z - x)) + weight * z
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The chain rule, from the outside in: the error of the known cells, $m \odot (Az - x)$, goes back through $A^\top$
# ($m$ is 0 or 1, so its square is itself). The prior adds $\lambda z$.
#
# </details>

# %%
latent_gradient = checks.check("12.latent_gradient", latent_gradient)

# %% [markdown]
# Descend it, and compare with the closed form: ridge regression on the known cells.

# %%
a, m = rng.normal(size=(40, 3)), (rng.random(40) < 0.5).astype(float)
truth = rng.normal(size=3)
x_linear, z_found = a @ truth, np.zeros(3)
for _ in range(500):
    z_found = z_found - 0.02 * latent_gradient(a, x_linear, m, z_found, 0.1)
ridge = np.linalg.solve((a.T * m) @ a + 0.1 * np.eye(3), (a.T * m) @ x_linear)
hidden_error = np.abs((1 - m) * (a @ z_found - x_linear)).max()
print(z_found, ridge, f"error in the hidden cells at most {hidden_error:.3f}")
assert np.allclose(z_found, ridge, atol=1e-4)
assert hidden_error < 0.2

# %% [markdown]
# It works where $z$ says everything. Ours doesn't (lesson 09: $z$ decides rhythm, hardly pitch), so the fit leaves
# most of a real window unexplained. The search itself is done without slopes from TensorFlow: the best of some
# candidates from the prior, then a few steps by finite differences.

# %%
z_best, by_latent = completion.latent_of(windows[one], ~gap, seed=1, n=16)
before = sampling.log_likelihood(
    machine, windows[one][None], np.zeros((1, len(z_best)))
)
after = sampling.log_likelihood(machine, windows[one][None], z_best[None])
for name, cells in {"z = 0": before, "z found": after}.items():
    print(f"{name:8} {-cells[0][~gap].mean():.3f} nats a known cell")
assert after[0][~gap].sum() > before[0][~gap].sum()

# %% [markdown]
# ## 5. A critic of context
# Where is the adversarial part? A discriminator for gaps sees the *whole* window: real ones, and the same windows
# with a gap that G has filled. All that it can go by is whether filling and context agree. Instead of training G
# further, we let D choose (Azadi et al. 2019). If drafts come with probability $q$ where music comes with $p$, the optimal D
# has the logit $D = \log\frac{p}{q}$ (lesson 02), and a draft that counts $\frac{p}{q} = e^{D}$ times counts as often as in
# music. Together with the weights of section 1:
#
# $$ w_k \propto p(x_K \mid \text{draft}_k)\; e^{D(\text{draft}_k)}. $$
#
# Is the product right? It is for a D that was trained against drafts *after* weighing: those come from G's own
# $p(x_H \mid x_K)$, and D knows how music differs from it. A D that was trained against drafts *before* weighing has, if it
# is optimal, the first factor in its logit already. Ours is of the second kind, since weighed drafts would cost many times
# as much, and it is far from optimal: a linear judge of some musical numbers. So the product counts a little of what the
# known cells say twice. It's a compromise, and no theorem.
#
# ### Exercise ★★ `draft_weights`


# %%
def draft_weights(log_likelihood: np.ndarray, logit: np.ndarray) -> np.ndarray:
    """The drafts' weights, (n,), sum 1, from log p(known | draft) and D's logits."""
    # BEGIN SOLUTION
    total = log_likelihood + logit
    weights = np.exp(total - total.max())
    return weights / weights.sum()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A product of exponentials is the exponential of a sum. Log-likelihoods of a hundred cells are around −100:
# subtract the largest before you take exp.
#
# </details>

# %%
draft_weights = checks.check("12.draft_weights", draft_weights)

# %%
critic = completion.judge(60)  # D, on 60 training windows; a few seconds
logits = critic.logit(form.decode(drafts.tokens))
weights = draft_weights(drafts.log_weights, logits)
print(f"D's logits from {logits.min():.1f} to {logits.max():.1f}")
print(f"log p(known | draft) from {drafts.log_weights.min():.0f} "
      f"to {drafts.log_weights.max():.0f}")  # fmt: skip
print(f"by likelihood draft {drafts.log_weights.argmax()}, with D {weights.argmax()}")
forced = [sampling.fill(machine, w, ~gap, n=1, seed=i) for i, w in enumerate(windows)]
forced = form.decode(np.concatenate([one.tokens for one in forced]))
wins = (critic.logit(form.decode(windows)) > critic.logit(forced)).mean()
print(f"D prefers Bach to a forced draft in {wins:.0%} of unseen windows")
assert wins > 0.5
assert np.ptp(drafts.log_weights) > np.ptp(logits)

# %% [markdown]
# Likelihoods of this gap's drafts lie tens of nats apart, and D's logits a few: where one draft has all the weight, D can't
# change the choice. It matters among drafts that fit about equally well. And it has learned something: mostly it prefers
# Bach to a draft that didn't hear what follows.

# %% [markdown]
# ## 6. Paint a gap
# Paint with the mouse (drag over cells; the bar's number takes all voices, a name its voice) or the keyboard
# (arrows, space, B, Shift B, V). Choose who fills, fill again for another answer, hear before and after, undo.

# %% interactive="painter"
from musicgan_edu.widgets import painter

sheet = painter.Painter(bach)
sheet.paint(missing)
sheet

# %% [markdown]
# The same without a widget, by two ways of filling:

# %% static="painter"
for method in ("masked", "hold"):
    answer = completion.complete(bach, missing, method=method, seed=4)
    player.play(answer.score, label=f"Bars 3 and 4 by {method!r}")
    assert completion.fragments(answer.score, missing) == completion.fragments(
        bach, missing
    )

# %% [markdown]
# ## 7. Right, or good?
# *Cell accuracy* is the share of hidden cells that sound what Bach wrote. It is easy to compute, it has baselines, and
# it isn't the goal. To be right most often, say each cell's likeliest class. You saw in section 3 where that ends:
# the pair of the two likeliest cells was one that the music hardly ever says. Five ways of filling, two of them with the
# network:
#
# | method | what it puts into the gap |
# |---|---|
# | `masked` | the masked network, by Gibbs sampling |
# | `likeliest` | the masked network's likeliest class in each cell, all at once |
# | `nearest` | what stands there in that training window which agrees with most of the known cells |
# | `hold` | each voice holds what it last sang |
# | `mode` | the pitch that each voice sings most often in the training pieces |
#
# **Predict, then run:** who is right most often, and does the one who is right most often move as Bach does?

# %%
truth = completion.sounding(windows)
table = {}
for method in ("masked", "likeliest", "nearest", "hold", "mode"):
    answer = completion.fill_windows(windows, many, method=method, seed=1)
    right = (completion.sounding(answer) == truth)[:, gap].mean()
    heard = completion.sounding(answer)[:, 11:21]
    moves = (heard[:, 1:] != heard[:, :-1]).mean()
    table[method] = (right, moves)
    print(f"{method:10} right {right:.3f}, a voice moves at {moves:.3f} of the steps")
bach_moves = (truth[:, 12:21] != truth[:, 11:20]).mean()
print(f"{'Bach':10} right 1.000, a voice moves at {bach_moves:.3f} of the steps")
assert table["likeliest"][0] > max(table["hold"][0], table["mode"][0])
assert table["hold"][1] < bach_moves

# %%
plotting.show(
    plotting.intervals(
        {name: (right,) for name, (right, _) in table.items()},
        xlabel="share of the gap's cells that sound what Bach wrote",
    )
)

# %% [markdown]
# Sixteen windows are an illustration. `python benchmarks/complete.py --split test` measures four gaps and all
# ways of filling with intervals and the judge of lesson 10; its figures stand in `benchmarks/EXPERIMENTS.md`.
# For 8 lost steps the GAN's weighed drafts win: the judge tells them from Bach in 0.51 of the cases (a coin: 0.50), the masked
# network's draws in 0.74. For a lost voice, or half of all cells, the masked network's likeliest guess is right most often.
#
# ## Exercises
# You've met four: `orderless_loss` ★★, `clash_chance` ★, `latent_gradient` ★★★ and `draft_weights` ★★. Two more,
# without a check:
#
# - Fill the same bar ten times with other seeds. Which cells are always the same, and why those?
# - Hide the soprano, and then the bass. Which one do the machines find more often? Say why before you measure.
#
# <details><summary>Answers</summary>
#
# Cells beside the gap's edges, where a held note or a leading note leaves little choice, and those whose chord the
# outer voices decide. The middle of a gap is where fillings differ.
#
# Measure it with `completion.fill_windows` and a mask of one voice; look at which voice moves by steps most of the time,
# and which one leaps.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. A generator that speaks from left to right fills bar 2 of 4. What doesn't it hear?**
# - [x] Bars 3 and 4 :: Its factors condition on the past. Weights over many drafts bring the future in.
# - [ ] Bar 1 :: That is its past: forced cells are heard by all that come after them.
# - [ ] Its own notes of bar 2 :: It hears each as soon as it is said.

# %% [markdown] tags=["quiz"]
# **2. Each cell is drawn from its exact marginal, all at once. What can go wrong?**
# - [ ] Nothing, the marginals are exact :: Right marginals don't make a right joint distribution.
# - [x] Cells that fit the context but not each other :: They were drawn independently.
# - [ ] The known cells change :: They aren't drawn at all.

# %% [markdown] tags=["quiz"]
# **3. Latent optimisation finds a z that explains the known cells badly. A likely reason?**
# - [ ] The gap is too small :: A smaller gap leaves more known cells to go by.
# - [ ] The prior is too weak :: A weaker prior lets z go further to explain them.
# - [x] z decides only a part of the music; the noise decides the rest :: No z can say what z doesn't control.

# %% [markdown] tags=["quiz"]
# **4. Method A is right in more cells than B. Does A compose better fillings?**
# - [ ] Yes, Bach is the ground truth :: There are many good fillings, and Bach wrote one of them.
# - [x] Not necessarily :: The most accurate filling takes each cell's likeliest class, even where these don't go together.
# - [ ] No, accuracy and quality exclude each other :: A better model improves both, up to a point.

# %% [markdown]
# ## Recap
# - To complete is to draw from $p(x_H \mid x_K)$. A chain knows the past; drafts and weights add the future.
# - The orderless loss teaches all conditionals at once; Gibbs sampling turns them into fillings that fit together.
# - Latent optimisation needs no training for gaps, and can only find what the latent controls.
# - A critic of context weighs drafts by $e^D$: the game of lesson 02, played after the training.
# - Accuracy rewards the safe guess. Look at plausibility beside it.
#
# **What can go wrong.** *"plays chords"*: the gap lies in a track with several notes at once; take it apart with
# `cleaning.to_voices`. *"is drums"*: nothing here knows rhythm without pitch. *A remark about 4/4*: the piece has
# another metre, and the machine doesn't know its strong beats. *A filled note breaks a rhythm*: the grid has sixteenths,
# triplets outside the gap stay, inside it there are none.
#
# **Limits.** The networks know four voices of Bach, two bars at a time: no form, no text, no other style. Where they fill, each voice
# keeps to its singer's range, or goes as far as its own given notes do.
#
# **Reading.**
# - C.-Z. A. Huang et al., *Counterpoint by Convolution* (Coconet), ISMIR 2017: the masked network and Gibbs.
# - B. Uria, I. Murray, H. Larochelle, *A Deep and Tractable Density Estimator*, ICML 2014: the orderless loss.
# - L. Yao et al., *On the Equivalence between Deep NADE and Generative Stochastic Networks*, ECML 2014: the annealing.
# - R. Yeh et al., *Semantic Image Inpainting with Deep Generative Models*, CVPR 2017: latent optimisation.
# - S. Azadi et al., *Discriminator Rejection Sampling*, ICLR 2019: D chooses among G's drafts.
#
# **Next**: the same notes in another style.
