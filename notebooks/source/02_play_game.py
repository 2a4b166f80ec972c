# %% [markdown]
# # 02 · The adversarial game
#
# Two players, one game: a generator makes things, a discriminator says which things are real, and each
# learns from the other. This lesson takes the game apart on data so small that nothing is hidden: fifteen
# intervals, points on a plane, and at last a game in which each player is a single number. What goes wrong in
# a large GAN goes wrong here too, and here you can compute why.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - write the cross-entropy discriminator, its saturating and its non-saturating opponent, and the Wasserstein
#   losses, and say when each applies;
# - derive the best discriminator, $\sigma(D^*) = p / (p + q)$, and check it by counting;
# - say what a GAN's value measures, and where that measure goes blind;
# - step D and G by hand, and read the picture;
# - explain when the Dirac-GAN cycles, from the eigenvalues of its Jacobian, and what a penalty does about it.
#
# *70 minutes. Needs lesson 01, derivatives, and the sum rule of probability. No network.*

# %% [markdown]
# ## Hear the goal
# The smallest GAN there is has two numbers: θ, where the generator puts its only point, and ψ, the
# discriminator's slope. Here both sing. The flute is θ, the strings are ψ, zero is middle C, one is an
# octave. Three trainings from the same start; what differs is how the steps are taken.

# %%
from musicgan_edu.plane import dirac
from musicgan_edu.widgets import player

trainings = {
    "Both step at once": {"loss": "minimax", "order": "simultaneous"},
    "They take turns": {"loss": "minimax"},
    "They take turns, with a penalty": {"penalty": "R1", "strength": 1.0},
}
for title, how in trainings.items():
    path = dirac.trace(240, rate=0.2, **how)
    player.play(dirac.duet(path, every=5, title=title).replace(tempo=126))

# %% [markdown]
# In the first the two chase each other over an ever wider range. In the second they circle for ever. In the
# third they meet on one C after a few notes, and stay. Only the third has learned anything. By the end of the
# lesson you can say before you press play which of the three a training will be.

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import checks, corpus, lab, plane, plotting
from musicgan_edu.score import Score, Track

rng = lab.begin("02", seconds=20)

import dataclasses
from collections.abc import Callable

import numpy as np

# %% [markdown]
# ## 1. The judge's best answer
# Start with the discriminator, and with music that is one interval long. How often does the soprano of a Bach
# chorale go up a step, down a step, stay where it is? Call these shares $p$. And let a **forger**, our first
# generator, draw every interval from seven semitones down to seven up with equal chance, $q$.

# %%
chorales = corpus.load("chorales", split="train")
sopranos = [piece.notes[piece.notes["track"] == 0] for piece in chorales]
leaps = np.concatenate([np.diff(voice["pitch"]) for voice in sopranos])
leaps = leaps[np.abs(leaps) <= 7]

intervals = np.arange(-7, 8)
counts = np.array([(leaps == i).sum() for i in intervals]) + 1  # so that none is 0
p, q = counts / counts.sum(), np.full(15, 1 / 15)
print(f"{len(leaps)} intervals; {p[5:10].sum():.0%} lie within two semitones")
assert p[5:10].sum() > 0.8

# %%
forged = rng.choice(intervals, size=len(leaps), p=q)
plotting.histograms(
    {"Bach's sopranos": leaps, "the forger": forged},
    xlabel="interval (semitones, up is positive)",
)

# %% [markdown]
# The **discriminator** gets an interval $x$ and says how sure it is that $x$ is real. It gives a **logit**
# $D(x)$, any number; the probability is $\sigma(D(x))$.
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $p(x), q(x)$ | `p`, `q` | probability of $x$ in real music, and from the generator |
# | $D(x)$ | `logit` | the judge's opinion: positive means *real* |
# | $\sigma(d)$ | `sigmoid(d)` | $1/(1 + e^{-d})$, the probability that it stands for |
# | $V$ | `value(logit)` | what D maximises |
# | $\mathbb E$ | a weighted sum, or `mean()` | expectation |
#
# Half of what it hears is real. It wants to give large probabilities to the truth, on average over both halves:
#
# $$ V(D) = \mathbb E_{x \sim p} \log \sigma(D(x)) + \mathbb E_{x \sim q} \log\bigl(1 - \sigma(D(x))\bigr). $$
#
# For one $x$, with $s = \sigma(D(x))$, this is $p \log s + q \log(1 - s)$. Its derivative $p/s - q/(1 - s)$
# is zero at $s = p/(p + q)$, and the second derivative is negative, so this is the maximum:
#
# $$ \boxed{\;\sigma(D^*(x)) = \frac{p(x)}{p(x) + q(x)}\;} $$
#
# ### Exercise ★ `best_logit`
# Solve that for the logit. What is $D^*(x)$?


# %%
def best_logit(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """D*, the best logit of each outcome, (k,); p real, q fake, both positive."""
    # BEGIN SOLUTION
    return np.log(p / q)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# $\sigma(d) = s$ means $e^{d} = s / (1 - s)$, the odds. Which odds has $s = p/(p + q)$?
#
# </details>

# %%
best_logit = checks.check("02.best_logit", best_logit)

# %% [markdown] solution="02.best_logit"
# The odds of $p/(p+q)$ are $p/q$, so the best logit is $\log(p/q)$: how many times likelier real music makes
# this interval, on a logarithmic scale. Zero means *no idea*.

# %% [markdown]
# **Predict, then run.** Two ways to check it. A judge who knows no formula learns 15 logits by walking up the
# slope of $V$. Another just counts: among all intervals of one kind that passed its desk, how many were
# real? Will they agree with the formula, exactly or nearly?


# %%
def sigmoid(x: np.ndarray) -> np.ndarray:
    """σ(x) = 1 / (1 + e^{−x}), safe for any x."""
    return np.exp(-np.logaddexp(0, -x))


learned = np.zeros(15)
for _ in range(40_000):
    learned += 1.0 * (p * sigmoid(-learned) - q * sigmoid(learned))  # V's slope

n_real, n_forged = ([(x == i).sum() for i in intervals] for x in (leaps, forged))
counted = np.array(n_real) / (np.array(n_real) + n_forged)
print(f"{'interval':>8} {'formula':>8} {'learned':>8} {'counted':>8}")
for i, best, walk, share in zip(
    intervals, p / (p + q), sigmoid(learned), counted, strict=True
):
    print(f"{i:8} {best:8.3f} {walk:8.3f} {share:8.3f}")
assert np.allclose(sigmoid(learned), p / (p + q), atol=1e-3)
assert np.allclose(learned, best_logit(p, q), atol=0.05)
assert np.allclose(counted, p / (p + q), atol=0.04)  # chance: about 900 forgeries each

# %% [markdown]
# The walker meets the formula to the third digit, the counter to within chance. Note what the best judge
# *doesn't* say. It never reaches 0 or 1 where both can happen: a step down is probably Bach's, but the forger
# makes some, too. A judge can only be as good as the two distributions are different.
#
# ## 2. What the value measures
# Put $D^*$ into $V$. With $m = (p + q)/2$ we have $p/(p+q) = p/2m$, and so
#
# $$ V(D^*) = \sum_x p \log \frac{p}{2m} + \sum_x q \log \frac{q}{2m} = -\log 4 + 2\,\mathrm{JSD}(p, q), $$
#
# $$ \mathrm{JSD}(p, q) = \tfrac12 \sum_x p \log \frac{p}{m} + \tfrac12 \sum_x q \log \frac{q}{m}. $$
#
# The **Jensen-Shannon divergence** is 0 when the distributions are equal and $\log 2$ when they have nothing
# in common. A generator that minimises $V(D^*)$ minimises it. (With the best judge. The judge you have is
# never the best one.)
#
# ### Exercise ★★ `jensen_shannon`
# Take care of outcomes that one of the two never makes: $0 \log 0$ counts 0.


# %%
def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """JSD in nats of two distributions, both (k,); zeros are allowed."""
    # BEGIN SOLUTION
    middle = (p + q) / 2
    total = 0.0
    for part in (p, q):
        seen = part > 0  # 0 log 0 counts 0
        total += (part[seen] * np.log(part[seen] / middle[seen])).sum() / 2
    return total
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# For each of the two: keep only the outcomes where it isn't 0 (`seen = part > 0`), and sum there.
#
# </details>

# %%
jensen_shannon = checks.check("02.jensen_shannon", jensen_shannon)

# %% [markdown] solution="02.jensen_shannon"
# Where $p$ isn't zero, $m$ isn't either, so no division goes wrong. `np.where` wouldn't help: it computes the
# logarithm first and throws it away afterwards, warnings included.


# %%
def value(logit: np.ndarray) -> float:
    """V, with the true expectations."""
    return float((p * np.log(sigmoid(logit)) + q * np.log(sigmoid(-logit))).sum())


best = best_logit(p, q)
print(f"V(D*)           {value(best):.6f}")
print(f"−log 4 + 2 JSD  {-np.log(4) + 2 * jensen_shannon(p, q):.6f}")
print(f"JSD             {jensen_shannon(p, q):.4f} of at most {np.log(2):.4f}")
assert np.isclose(value(best), -np.log(4) + 2 * jensen_shannon(p, q))
assert all(value(best + shift) < value(best) for shift in rng.normal(size=(50, 15)))
assert np.isclose(value(np.zeros(15)), -np.log(4))  # a judge without an opinion

# %% [markdown]
# ## 3. Three losses
# In practice both players *minimise* a loss on a batch, and logarithms of sigmoids are written with
# $\operatorname{softplus}(a) = \log(1 + e^{a})$, because $\log \sigma(d) = -\operatorname{softplus}(-d)$ never
# overflows. The discriminator's **cross-entropy** is $-V$ on a batch:
#
# $$ L_D = \mathbb E_x \operatorname{softplus}(-D(x)) + \mathbb E_z \operatorname{softplus}(D(G(z))). $$
#
# $G$ turns random numbers $z$ into music $G(z)$. In the game as first written it wants the opposite of what D
# wants. Only D's second term depends on it, so it minimises
#
# $$ L_G^{\text{sat}} = \mathbb E_z \log\bigl(1 - \sigma(D(G(z)))\bigr) = -\,\mathbb E_z \operatorname{softplus}(D(G(z))). $$
#
# Goodfellow and his colleagues saw in the same paper why one shouldn't, and gave the **non-saturating** loss:
#
# $$ L_G^{\text{non}} = -\,\mathbb E_z \log \sigma(D(G(z))) = \mathbb E_z \operatorname{softplus}(-D(G(z))). $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $D(x), D(G(z))$ | `real`, `fake` | logits of a batch, shape $(B,)$ |
# | $\operatorname{softplus}(a)$ | `np.logaddexp(0, a)` | safe for any $a$ |
#
# ### Exercise ★★ `cross_entropy_losses`


# %%
def cross_entropy_losses(real: np.ndarray, fake: np.ndarray) -> tuple:
    """(L_D, G's saturating loss, G's non-saturating loss) from D's logits, (B,)."""
    # BEGIN SOLUTION
    d_loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()
    saturating = -np.logaddexp(0, fake).mean()
    non_saturating = np.logaddexp(0, -fake).mean()
    return d_loss, saturating, non_saturating
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Three softplus. Each sign says what the player would like: D likes large logits on real, small ones on fake.
#
# </details>

# %%
cross_entropy_losses = checks.check("02.cross_entropy_losses", cross_entropy_losses)

# %% [markdown] solution="02.cross_entropy_losses"
# Both of G's losses fall when the fakes' logits rise. They want the same, and differ in how urgently.

# %% [markdown]
# ### What saturates
# **Predict, then run.** A fake has the logit $d$. The slope of the saturating loss is $-\sigma(d)$, that of
# the other $-\sigma(-d)$. D is sure of a clumsy fake, $d = -8$. Which generator learns from that?

# %%
logits = np.linspace(-8, 8, 161)
slopes = {"saturating": sigmoid(logits), "non-saturating": sigmoid(-logits)}
at = np.argmin(np.abs(logits + 8))
for name, pull in slopes.items():
    print(f"{name:15} pulls with {pull[at]:.5f} where D gives a fake the logit −8")

# %%
step = 1e-5  # the same from your own losses, by differences
down, up = (
    cross_entropy_losses(np.zeros(1), np.array([-8 + s])) for s in (-step, step)
)
assert np.isclose(-(up[1] - down[1]) / (2 * step), slopes["saturating"][at], atol=1e-6)
assert np.isclose(
    -(up[2] - down[2]) / (2 * step), slopes["non-saturating"][at], atol=1e-6
)
assert slopes["non-saturating"][at] > 2900 * slopes["saturating"][at]

# %%
labels = {
    "xlabel": "D's logit of a fake (the curves go from −8 to 8)",
    "ylabel": "pull",
}
plotting.losses(slopes, steps=logits, title="How hard a fake is pulled", **labels)

# %% [markdown]
# Every generator starts on the left, where it is found out. There the saturating loss is flat: the worse the
# fake, the less it learns. The other one pulls hardest there. That's all that the change of sign is for.
#
# ## 4. A distance that sees how far
# JSD has a blind spot. Let real music be one single tone, and let the generator make one single tone that is
# θ semitones off. **Predict, then run:** what is the JSD for θ = 0, 1, 12?


# %%
def tone(pitch: int) -> np.ndarray:
    """All probability on one of 128 pitches."""
    return np.eye(128)[pitch]


for off in (0, 1, 2, 12):
    print(f"θ = {off:2}: JSD {jensen_shannon(tone(60), tone(60 + off)):.4f}")
assert np.isclose(jensen_shannon(tone(60), tone(61)), np.log(2))
assert jensen_shannon(tone(60), tone(61)) == jensen_shannon(tone(60), tone(72))

# %% [markdown]
# A semitone off and an octave off are equally wrong. A landscape that is flat except for one hole shows no
# way to the hole. The **Wasserstein distance** $W_1$ asks another question: how far must probability be
# carried, at least, to turn one distribution into the other? For two tones that is $|\theta|$. For two samples
# of the same size on a line, the cheapest transport pairs the smallest with the smallest, the second with the
# second, and so on.
#
# ### Exercise ★ `earth_mover`


# %%
def earth_mover(x: np.ndarray, y: np.ndarray) -> float:
    """W₁ of two samples, both (n,): the least mean distance of any pairing."""
    # BEGIN SOLUTION
    return np.abs(np.sort(x) - np.sort(y)).mean()
    # END SOLUTION


# %%
earth_mover = checks.check("02.earth_mover", earth_mover)

# %% [markdown] solution="02.earth_mover"
# Two pairs that cross can always be uncrossed without getting longer, so no pairing beats the sorted one.

# %%
for off in (0, 1, 2, 12):
    far = earth_mover(np.full(5, 60.0), np.full(5, 60.0 + off))
    print(f"θ = {off:2}: W1 {far:.1f} semitones")
    assert far == off
moved = earth_mover(leaps, forged)
print(f"the forger's intervals lie {moved:.2f} semitones from Bach's, on average")
assert 1 < moved < 3

# %% [markdown]
# ### The critic, and a formula put right
# How does a network measure that? By a theorem of Kantorovich and Rubinstein,
#
# $$ W_1(p, q) = \max_{D \text{ 1-Lipschitz}} \; \mathbb E_{x \sim p} D(x) - \mathbb E_{x \sim q} D(x), \qquad
# |D(x) - D(y)| \le |x - y|. $$
#
# So this formula, which many texts print as *the* loss of a GAN,
#
# $$ L = \mathbb E_x\, D(x) - \mathbb E_z\, D(G(z)), $$
#
# is a **Wasserstein critic's** objective (Arjovsky et al. 2017). D *maximises* it, G minimises it. It isn't
# the cross-entropy, in which each score goes through a logarithm of a sigmoid; its D is no classifier, its
# zero means nothing; and it needs the condition under the maximum. Without it there is no maximum: a tenfold
# D has a tenfold L.
#
# ### Exercise ★ `wasserstein_losses`
# Write it as two losses, both to be minimised.


# %%
def wasserstein_losses(real: np.ndarray, fake: np.ndarray) -> tuple:
    """(critic's loss, G's loss), both to be minimised, from scores (B,)."""
    # BEGIN SOLUTION
    return fake.mean() - real.mean(), -fake.mean()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Who maximises $L$ minimises $-L$. In G's loss only what G can change has a place.
#
# </details>

# %%
wasserstein_losses = checks.check("02.wasserstein_losses", wasserstein_losses)

# %% [markdown] solution="02.wasserstein_losses"
# The package's `losses` has the same signs, and a penalty that holds the slope (lesson 08).

# %% [markdown]
# **Predict, then run.** Real music is the tone 0, the fake is 3 semitones higher, and the critic is a line,
# $D(x) = \psi x$. Which ψ is best if the slope may be at most 1, and what is $L$ then? And if it may be 10?

# %%
real_tone, fake_tone = np.zeros(4), np.full(4, 3.0)
for bound in (1, 10, 100):
    psi = np.linspace(-bound, bound, 2001)
    L = [-wasserstein_losses(s * real_tone, s * fake_tone)[0] for s in psi]
    print(f"|ψ| ≤ {bound:3}: best ψ {psi[np.argmax(L)]:6.1f}, L {max(L):6.1f}")
    assert np.isclose(max(L), bound * earth_mover(real_tone, fake_tone))

# %% [markdown]
# With slopes up to 1 the value is the distance, 3. With more it is anything.
#
# | the game | cross-entropy | Wasserstein |
# |---|---|---|
# | D is called, and gives | discriminator, a logit | critic, a score |
# | at its best, the value is | $-\log 4 + 2\,\mathrm{JSD}$ | $W_1$ |
# | sees how *far* off a fake is | no, beyond all overlap | yes |
# | needs | nothing | a 1-Lipschitz D |
#
# ## 5. The lab
# Now both players are networks, two hidden layers of 32 each, and the data are points on a plane. Rings are
# real, triangles are generated, the colours are the judge's opinion, and each arrow says where its fake is
# pushed. Everything can be changed while it runs. You may also draw your own data: drag over the plane, or
# reach it with Tab, move the cross with the arrow keys and press Enter.
#
# Try this, and say what you expect before each:
#
# 1. *Step D* twenty times. The colours change, the triangles don't. Where do the arrows point?
# 2. *Step G* twenty times. Now it's the other way round.
# 3. *Run*. Follow a handful of triangles.
# 4. Change the loss to *minimax*, then to *wasserstein*, and watch the scale under the plane.
# 5. Order *simultaneous*, optimiser *SGD*, both rates 0.1. Then penalty *R1*.

# %% interactive="lab"
from musicgan_edu.widgets import gan_lab

gan_lab.GanLab(shape="two clusters", seed=2)

# %% [markdown]
# The same without a widget: the game before the first step, and after 500 rounds.

# %% static="lab"
start = plane.new(shape="two clusters", seed=2)
played = plane.play(start, 500)
for title, game in {"Before": start, "After 500 rounds": played}.items():
    fakes = plane.fakes(game, 160)
    picture = plotting.plane(
        plane.reals(game, 160),
        fakes,
        surface=plane.surface(game),
        arrows=plane.pushes(game, fakes),
        title=title,
    )
    plotting.show(picture)
    print(plane.describe(game))

assert plane.measure(played)["w1"] < 0.7 * plane.measure(start)["w1"]
assert plane.measure(played)["jsd"] < plane.measure(start)["jsd"]

# %% [markdown]
# Both distances fell (*sliced* $W_1$ is its mean over many directions). So did the share of real points with a generated
# one nearby: the broad blob of the beginning lay near everything. One number is never enough.
#
# **Predict, then run.** What if only one of them learns? D steps 60 times, and from then on it stays as it
# is, while G steps 300 times. Does G find the real points?

# %%
frozen = start
for _ in range(60):
    frozen = plane.step_d(frozen)
alone = frozen
for _ in range(300):
    alone = plane.step_g(alone)

for title, game in {"D frozen": frozen, "G alone, 300 steps": alone}.items():
    where = plane.fakes(game, 500)
    outside = np.mean(np.abs(where).max(axis=1) > plane.REACH)
    print(f"{title:18} W1 {plane.measure(game)['w1']:.2f}, {outside:.0%} out of sight")
assert plane.measure(alone)["w1"] > 2 * plane.measure(frozen)["w1"]

# %% [markdown]
# It runs past them and out of the window. G doesn't know the data, it only climbs D's hill, and a D that was
# never shown a fake out there has its highest ground out there. **The target moves because it must**: D has
# to answer each new kind of fake. That is why it is a game, and why a GAN's losses don't simply fall.
#
# And saturation, in the flesh: the same players, a D that is ahead, and how hard each loss pushes the fakes.

# %%
ahead = plane.new(shape="one blob", seed=2)
for _ in range(200):
    ahead = plane.step_d(ahead)
fakes = plane.fakes(ahead, 300)
push = {}
for loss in ("minimax", "cross-entropy", "wasserstein"):
    arrows = plane.pushes(plane.change(ahead, loss=loss), fakes)
    push[loss] = np.median(np.linalg.norm(arrows, axis=1))
    print(f"{loss:14} {push[loss]:.3f}")
assert push["minimax"] < push["cross-entropy"] < push["wasserstein"]

# %% [markdown]
# ## 6. Why it cycles
# Back to the duet. In the **Dirac-GAN** (Mescheder et al. 2018) the real data are the one point 0, the
# generator makes the one point θ, and the discriminator is the line $D(x) = \psi x$. Real gets the logit 0,
# fake gets $\psi\theta$. With cross-entropy and the non-saturating generator the slopes are
#
# $$ \frac{\partial L_D}{\partial \psi} = \theta\, \sigma(\psi\theta) + \gamma \psi, \qquad
# \frac{\partial L_G}{\partial \theta} = -\psi\, \sigma(-\psi\theta). $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $\theta, \psi$ | `theta`, `psi` | the generator's and the discriminator's only weight |
# | $h$ | `rate` | length of a step |
# | $\gamma$ | `gamma` | strength of **R1**, a penalty $\frac\gamma2 \lVert\nabla D\rVert^2$ on real data, here $\frac\gamma2\psi^2$ |
#
# Both slopes are zero only at $\theta = \psi = 0$: the fake on the real point, the judge without an opinion.
# Will gradient steps get there?
#
# ### Exercise ★★ `dirac_round`
# One alternating round: D makes its step, and G answers the *new* D.


# %%
def dirac_round(theta: float, psi: float, rate: float, gamma: float) -> tuple:
    """One round, D first: (new θ, new ψ). Non-saturating G; R1 with γ on D."""
    # BEGIN SOLUTION
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    theta = theta + rate * psi * sigmoid(-psi * theta)
    return theta, psi
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Two lines, each *old minus rate times slope*. In the second, ψ is already the new one.
#
# </details>

# %%
dirac_round = checks.check("02.dirac_round", dirac_round)

# %% [markdown] solution="02.dirac_round"
# Overwriting ψ before θ is computed *is* the alternating order. For the simultaneous one, keep the old value.

# %%
walk = [(1.0, 0.0)]
for _ in range(400):
    walk.append(dirac_round(*walk[-1], rate=0.1, gamma=0.0))
assert np.allclose(walk, dirac.trace(400, rate=0.1))  # the package's own

orders = {
    "minimax, simultaneous": {"loss": "minimax", "order": "simultaneous"},
    "minimax, alternating": {"loss": "minimax"},
    "non-saturating, alternating": {},
    "the same with R1, γ = 1": {"penalty": "R1", "strength": 1.0},
}
walks = {name: dirac.trace(400, rate=0.1, **how) for name, how in orders.items()}
plotting.paths(walks, title="Dirac-GAN, 400 rounds of h = 0.1")

# %% [markdown]
# **Predict, then run.** Simultaneous steps of the non-saturating game neither run away nor settle. The theory
# gives their circle a radius of about $\sqrt{2h}$, whatever the start. And alternating ones?


# %%
def radius(path: np.ndarray) -> np.ndarray:
    """The distance from the equilibrium, round by round."""
    return np.linalg.norm(path, axis=1)


for start_at in (1.0, 0.1):
    how = {"rate": 0.1, "start": (start_at, 0.0)}
    cycle = radius(dirac.trace(10_000, order="simultaneous", **how))[-500:].mean()
    spiral = radius(dirac.trace(10_000, **how))[-1]
    print(f"from {start_at}: simultaneous {cycle:.3f}, alternating {spiral:.3f}")
    assert abs(cycle - np.sqrt(0.2)) < 0.02
    assert spiral < 0.1

critic = radius(dirac.trace(100, rate=0.1, loss="wasserstein", order="simultaneous"))
assert np.allclose(critic, 1.01 ** (np.arange(101) / 2))  # r grows by √(1 + h²) a round
penalised = {"loss": "wasserstein", "penalty": "gradient penalty"}
print(f"WGAN-GP after 5000 rounds: {radius(dirac.trace(5000, **penalised))[-1]:.2f}")
assert radius(dirac.trace(5000, **penalised))[-1000:].min() > 0.5

# %% [markdown]
# Alternating steps spiral in, but ten thousand rounds from 1 to 0.09 is no way to live. And the gradient
# penalty of WGAN-GP, which wants a slope of 1 everywhere, doesn't settle either: it wants a slope where there
# is nothing left to tell apart.
#
# ### The reason, in a matrix
# Near the equilibrium, small steps follow the **flow** $(\theta, \psi)' = F(\theta, \psi) =
# (-\partial L_G/\partial\theta, -\partial L_D/\partial\psi)$, and $F$ is nearly its **Jacobian** $J$, the
# matrix of its derivatives, times the distance. The eigenvalues $\lambda$ of $J$ decide: a negative real part pulls
# in, an imaginary part turns. From the slopes above, at (0, 0),
#
# $$ J = \begin{pmatrix} 0 & \tfrac12 \\ -\tfrac12 & -\gamma \end{pmatrix}, \qquad
# \lambda = -\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - \frac14}. $$
#
# Without a penalty $\lambda = \pm \tfrac{i}{2}$: nothing pulls, everything turns. Each step along a circle's
# tangent leads a little outwards, and that's the simultaneous game.
#
# ### Exercise ★★★ `jacobian`
# Compute it for *any* field by differences: how does `field(point)` change when the $j$-th coordinate does?


# %%
def jacobian(
    field: Callable[[np.ndarray], np.ndarray], point: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """The derivatives of a field at a point, (n, n): row i, column j is ∂fieldᵢ/∂xⱼ.

    `field` takes a point (n,) and gives a vector (n,). Central differences.
    """
    # BEGIN SOLUTION
    columns = []
    for j in range(len(point)):
        nudge = np.zeros(len(point))
        nudge[j] = step
        columns.append((field(point + nudge) - field(point - nudge)) / (2 * step))
    return np.stack(columns, axis=1)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# $\partial F / \partial x_j \approx \bigl(F(x + s\,e_j) - F(x - s\,e_j)\bigr) / 2s$, with $e_j$ the unit vector
# of coordinate $j$. That's a whole column.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.stack(columns, axis=1)` puts vectors side by side as columns.
#
# </details>

# %%
jacobian = checks.check("02.jacobian", jacobian)

# %% [markdown] solution="02.jacobian"
# Two evaluations a coordinate. For a GAN with a hundred thousand weights nobody builds this matrix, but
# what its eigenvalues say still holds.


# %%
def flow(point: np.ndarray, gamma: float) -> np.ndarray:
    """Where (θ, ψ) goes: down both players' slopes."""
    theta, psi = point
    d_slope = theta * sigmoid(psi * theta) + gamma * psi
    return np.array([psi * sigmoid(-psi * theta), -d_slope])


# %%
strengths = (0.0, 0.3, 1.0, 3.0)
for gamma in strengths:
    matrix = jacobian(lambda x, gamma=gamma: flow(x, gamma), np.zeros(2))
    found = np.linalg.eigvals(matrix)
    root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
    print(f"γ = {gamma}: λ = {np.round(found, 3)}")
    assert np.allclose(
        np.sort(found.real),
        np.sort([(-gamma / 2 - root).real, (-gamma / 2 + root).real]),
        atol=1e-3,
    )
    assert np.allclose(np.abs(found.imag), abs(root.imag), atol=1e-3)

# %% [markdown]
# **Predict, then run.** At which γ does the game settle soonest? More penalty, more pull? Count the rounds
# until both are within 0.01 of the equilibrium.

# %%
rounds = {}
for gamma in (0.1, 0.3, 0.6, 1.0, 1.5, 3.0, 6.0):
    path = radius(dirac.trace(2000, rate=0.1, penalty="R1", strength=gamma))
    rounds[gamma] = int(np.flatnonzero(path > 0.01)[-1]) + 1
    print(f"γ = {gamma:3}: {rounds[gamma]:4} rounds")
assert min(rounds, key=rounds.get) in (0.6, 1.0)
assert rounds[0.1] > 5 * rounds[1.0] < rounds[6.0]

# %% [markdown]
# Below $\gamma = 1$ the square root is imaginary: it turns while it comes in, and the pull is $\gamma/2$. Above 1
# both eigenvalues are real, nothing turns any more, and one of them moves back towards 0: D is held so
# firmly that it hardly tells G anything. $\gamma = 1$ is **critical**. (For this game. In a real one it must
# be tried; lessons 07 and 08.) Listen to three of them once more, now that you know:

# %%
for gamma in (0.1, 1.0, 6.0):
    path = dirac.trace(120, rate=0.2, penalty="R1", strength=gamma)
    duet = dirac.duet(path, every=3, title=f"R1, γ = {gamma}")
    player.play(duet.replace(tempo=126))

# %% [markdown]
# ## 7. The smallest music GAN
# Let the plane be music. Each note of a soprano becomes a point: to the right its interval from the note
# before, upwards its duration, as a power of two. Whole numbers would be islands, and by section 4 a
# cross-entropy judge can tell islands from anything continuous. So each point is spread evenly over its
# cell (**dequantisation**); rounding brings it back.


# %%
def points_of(voice: np.ndarray) -> np.ndarray:
    """(interval in semitones, log2 of the duration in beats), (n − 1, 2)."""
    return np.stack([np.diff(voice["pitch"]), np.log2(voice["duration"][1:])], axis=1)


notes = np.concatenate([points_of(voice) for voice in sopranos])
notes = notes[(np.abs(notes[:, 0]) <= 7) & np.isin(notes[:, 1], (-1, 0, 1))]
scale = np.array([3.0, 1.0])  # three semitones are as long as a doubling
cloud = (notes + rng.uniform(-0.5, 0.5, notes.shape)) / scale
cloud = cloud[rng.permutation(len(cloud))[:3000]]
print(f"{len(notes)} notes; the cloud has {len(cloud)} points")

# %% [markdown]
# Two numbers beside the game's: what sampling alone costs (real notes against other real notes), and what a
# bell curve with the same means and spreads reaches, without any game. And a remedy for circles: **the
# average of a circle is its centre**. So keep a running average of G's weights, and ask *that* generator.

# %%
orbit = dirac.trace(10_000, loss="minimax")  # never nearer than 0.9 to the equilibrium
print(f"the orbit's mean lies {np.linalg.norm(orbit.mean(axis=0)):.4f} from it")
assert radius(orbit).min() > 0.9
assert np.linalg.norm(orbit.mean(axis=0)) < 0.02

how = {"penalty": "R1", "strength": 0.05, "d_rate": 0.004, "g_rate": 0.0005}
before = plane.new(shape="drawn", drawn=cloud, seed=2, **how)
game, mean = before, before.g
for _ in range(1200):
    game = plane.step_both(game)
    pairs = zip(mean, game.g, strict=True)
    mean = [[0.99 * m + 0.01 * w for m, w in zip(*pair, strict=True)] for pair in pairs]
averaged = dataclasses.replace(game, g=tuple(map(tuple, mean)))

# %%
bell = rng.normal(cloud.mean(axis=0), cloud.std(axis=0), (1000, 2))
samples = {
    "other real notes": cloud[1000:2000],
    "a bell curve": bell,
    "G before": plane.fakes(before, 1000),
    "G now": plane.fakes(game, 1000),
    "G averaged": plane.fakes(averaged, 1000),
}
distance = {}
for name, sample in samples.items():
    distance[name] = plane.sliced_wasserstein(cloud[:1000], sample)
    jsd = plane.histogram_jsd(cloud[:1000], sample)
    print(f"{name:17} JSD {jsd:.2f}, W1 {distance[name]:.2f}")
assert distance["G averaged"] < distance["G before"]
assert abs(distance["G averaged"] - distance["a bell curve"]) < 0.1

# %%
names = ("interval / 3 semitones", "log2 of the duration")
real, fakes = plane.reals(averaged, 240), plane.fakes(averaged, 240)
ground = plane.surface(averaged)
plotting.plane(real, fakes, surface=ground, title="Notes", names=names)

# %% [markdown]
# Read the rows against each other. The G of the last round needn't be any nearer than the untrained one: it goes up
# and down as you run on. Its average has come closer, and stays there. (Every serious GAN keeps such an average;
# lesson 07's recipe does.) But the bell curve costs one line and comes about as close. For a cloud this simple you don't
# need a game, and you'd not have known without the baseline.
#
# Now back to music. A melody is a chain of such notes.


# %%
def melody(points: np.ndarray, title: str) -> Score:
    """A chain of notes from (n, 2) points, kept between C4 and A5."""
    rows, pitch, beat = [], 72, 0.0
    for interval, power in np.rint(points * scale):
        pitch += int(interval) if 60 <= pitch + interval <= 81 else -int(interval)
        pitch, length = int(np.clip(pitch, 60, 81)), 2.0 ** np.clip(power, -1, 1)
        rows.append((0, pitch, beat, length))
        beat += length
    return Score.from_rows(rows, [Track("Melody", 73)], title=title, tempo=92)


shuffled = cloud[rng.permutation(len(cloud))[:24]]
player.play(melody(plane.fakes(before, 24), "G before the first round"))
player.play(melody(plane.fakes(averaged, 24), "G averaged"))
player.play(melody(shuffled, "Bach's own notes, shuffled"))

# %% [markdown]
# The third is the point of this section. A *perfect* generator of single notes sounds like Bach's notes in a
# random order: no key, no phrase, no end. What makes them music is in the order, and a point on a plane has
# none. So the course's generators make two bars at a time, and its discriminators hear two bars at a time.
# The game stays exactly this one.

# %% [markdown]
# ## Exercises
# You've met seven on the way: `best_logit` ★, `earth_mover` ★, `wasserstein_losses` ★, `jensen_shannon` ★★,
# `cross_entropy_losses` ★★, `dirac_round` ★★ and `jacobian` ★★★. Three more, without a check:
#
# - In the lab, draw two islands, then a third far away while it runs. Does G find it? What does D's colour
#   show there before G comes?
# - Take `flow` for the Wasserstein loss, and compute its Jacobian. By which $\gamma$ does R1 make it critical?
# - The relativistic loss of R3GAN with penalties on real *and* fake has $\lambda = -\gamma \pm
#   \sqrt{\gamma^2 - \frac14}$. Check it with `dirac.eigenvalues("relativistic", "R1 + R2", strength=…)`.
#
# <details><summary>Answers</summary>
#
# D turns the place of the new island blue within a few rounds, and the arrows of the nearest triangles bend
# towards it. Whether any arrive depends on the way: G is continuous, so a bridge of triangles stays between
# islands.
#
# With the Wasserstein loss $J = \begin{pmatrix} 0 & 1 \\ -1 & -\gamma \end{pmatrix}$, so
# $\lambda = -\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - 1}$, critical at $\gamma = 2$. For R3GAN it is
# $\gamma = \frac12$.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. Real music makes an interval with probability 0.3, the generator with 0.1. What does the best
# discriminator say to it?**
# - [ ] 1: it's real :: It can't know; the generator makes that interval, too.
# - [x] ¾ :: $0.3 / (0.3 + 0.1)$, a logit of $\log 3$.
# - [ ] 0.3 :: That's how often real music makes it, not how often it was real when it came.

# %% [markdown] tags=["quiz"]
# **2. What has the saturating loss against it?**
# - [ ] Its minimum lies elsewhere :: Against the best D both have their equilibrium at $p = q$.
# - [x] Where D is sure of a fake, its slope is nearly zero :: It learns least where it has most to learn.
# - [ ] It needs a Lipschitz bound :: That's the critic's loss.

# %% [markdown] tags=["quiz"]
# **3. Somebody trains a sigmoid classifier D and reports $\mathbb E\,D(x) - \mathbb E\,D(G(z))$ as the distance of
# his music from Bach's. What is wrong?**
# - [ ] The sign :: The critic maximises it, so it's positive if anything.
# - [x] Nothing bounds D's slope, so the number's size means nothing :: Only under a 1-Lipschitz D does it estimate
#   (from below) the distance $W_1$.
# - [ ] It should be the JSD :: That comes from the cross-entropy at the best D, not from this formula.

# %% [markdown] tags=["quiz"]
# **4. A game's Jacobian at its equilibrium has the eigenvalues $-0.2 \pm 0.5 i$. What do small steps do?**
# - [ ] Circle for ever :: That is the real part 0.
# - [x] Spiral in :: The negative real part pulls, the imaginary one turns.
# - [ ] Come straight in :: Only without an imaginary part.

# %% [markdown]
# ## Recap
# - The best discriminator is $\sigma(D^*) = p/(p+q)$; the value is then $-\log 4 + 2\,\mathrm{JSD}$.
# - Cross-entropy is three softplus. The saturating generator learns nothing where D is sure of it.
# - $\mathbb E D(x) - \mathbb E D(G(z))$ is the Wasserstein critic's objective. It needs a 1-Lipschitz D and then
#   estimates $W_1$, which sees how far off a fake is.
# - Neither player's loss tells how good the fakes are. Both targets move.
# - Without a penalty the game turns and doesn't settle: eigenvalues on the imaginary axis. R1 moves them to
#   the left, and there is a best dose.
#
# **What can go wrong.** Reading a falling G loss as progress: it may only mean that D got worse. Measuring JSD
# by a histogram: two samples of one distribution don't give 0, so print that floor beside it. Trusting
# one picture: a game that circles looks perfect now and then.
#
# **Reading.**
# - I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014: sections 3 and 4 are our 1 to 3.
# - M. Arjovsky, S. Chintala, L. Bottou, *Wasserstein GAN*, ICML 2017: example 1 is our two tones.
# - L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, ICML 2018: the
#   Dirac-GAN and R1.
# - N. Huang et al., *The GAN is dead; long live the GAN!*, NeurIPS 2024: R3GAN.
# - M. Kahng et al., *GAN Lab*, IEEE TVCG 2019: the lab that ours is modelled on.
#
# **Next**: data. Before any game starts, somebody has to collect the music and clean it.
