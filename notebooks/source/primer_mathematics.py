# %% [markdown]
# # Primer: the mathematics
#
# Three ideas carry this course's formulas: the **expectation**, the **gradient** and the **divergence**. Here
# each stands with its definition, one picture, and a check by numbers. If you know them, skim the formulas for
# our notation; if you don't, a quarter of an hour is enough to follow the lessons.
#
# *15 minutes. Needs sums, derivatives and a little numpy. [Start](start.ipynb) · used from lesson [02](02) on.*

# %%
import numpy as np

from musicgan_edu import corpus, plane, plotting

rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Distribution and expectation
# A **distribution** $p$ says how probable each value $x$ of a random variable $X$ is: $p(x) \ge 0$ and $\sum_x
# p(x) = 1$. Ours here is one of music: how often each of the twelve pitch classes (C, C♯, …, B) is struck in a
# chorale by Bach.

# %%
bach = corpus.read_chorale("bwv66.6")
struck = bach.notes["pitch"] % 12
p = np.bincount(struck, minlength=12) / len(struck)  # (12,)
names = [plotting.pitch_name(60 + c).rstrip("4") for c in range(12)]
print(", ".join(f"{name} {share:.2f}" for name, share in zip(names, p, strict=True)))
assert np.isclose(p.sum(), 1)

# %% [markdown]
# The **expectation** of a function $f$ is its mean, each value weighted by its probability (where values are
# continuous, an integral takes the place of the sum). Nobody can sum over all music, but anybody can draw $n$
# samples $x_1, \dots, x_n$ from $p$ and take their mean, and that's what each training step does with its batch:
#
# $$ \mathbb E_{x\sim p}\, f(x) = \sum_x p(x)\, f(x) \;\approx\; \frac1n \sum_{i=1}^n f(x_i) . $$
#
# The mean of samples is itself random. If the samples are independent, its standard deviation (the *standard
# error*) is $\operatorname{sd}(f) / \sqrt n$: four times the samples, half the error.
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $p(x)$ | `p` | the probability of pitch class $x$ |
# | $f(x)$ | `f` | any number that depends on $x$; here 1 for a white key and 0 for a black one |
# | $\mathbb E_{x\sim p} f(x)$ | `exact` | the expectation; for such an $f$ it's a probability |
# | $n$ | `n` | how many samples, the size of a batch |

# %%
f = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11]).astype(float)
exact = p @ f
spread = np.sqrt(p @ (f - exact) ** 2)
for n in (16, 64, 256):
    means = f[rng.choice(12, size=(4000, n), p=p)].mean(axis=1)  # 4000 batches
    print(f"n = {n:3}: off by {means.std():.4f}, theory {spread / np.sqrt(n):.4f}")
    assert abs(means.mean() - exact) < 0.005
    assert np.isclose(means.std(), spread / np.sqrt(n), rtol=0.06)

# %% [markdown]
# ## 2. Gradient
# The **derivative** $f'(x)$ says how fast $f$ grows when $x$ does. For a function of many variables, such as a
# loss $L$ of all weights $w = (w_1, \dots, w_k)$, the **gradient** collects the derivatives for each of them,
#
# $$ \nabla L(w) = \Bigl( \frac{\partial L}{\partial w_1}, \dots, \frac{\partial L}{\partial w_k} \Bigr) , $$
#
# and, where it isn't zero, points where $L$ grows fastest. So a small step against it lowers $L$; that's
# **gradient descent**, with the *learning rate* $\eta$:
#
# $$ w \leftarrow w - \eta\, \nabla L(w) . $$
#
# Two rules do all the work in this course. The chain rule, $\frac{d}{dx} f(g(x)) = f'(g(x))\, g'(x)$, is how a
# discriminator's opinion reaches the generator's weights. And the softplus, which every cross-entropy loss here is made
# of, has the sigmoid as its derivative:
#
# $$ \operatorname{softplus}(a) = \log(1 + e^a), \qquad \operatorname{softplus}'(a) = \frac{e^a}{1+e^a} = \sigma(a) . $$
#
# A derivative that you worked out on paper can always be checked by a small difference,
# $\bigl(f(a + h) - f(a - h)\bigr) / 2h$:

# %%
a = np.linspace(-6, 6, 121)
softplus = lambda a: np.logaddexp(0, a)  # noqa: E731  (a formula, safe for large a)
sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
difference = (softplus(a + 1e-5) - softplus(a - 1e-5)) / 2e-5
assert np.allclose(difference, sigmoid(a), atol=1e-8)
plotting.losses(
    {"softplus(a)": softplus(a), "its derivative, σ(a)": sigmoid(a)},
    steps=a,
    xlabel="a",
    ylabel="value",
)

# %% [markdown]
# The learning rate decides everything. On the bowl $L(w) = \frac12 (w_1^2 + 4 w_2^2)$ the gradient is $(w_1, 4 w_2)$,
# so a step multiplies $w_1$ by $1 - \eta$ and $w_2$ by $1 - 4\eta$. **Predict:** at which $\eta$ does it stop going
# down?


# %%
def descend(rate: float, n_steps: int = 25) -> np.ndarray:
    """The way down the bowl from (2, 1), (n_steps + 1, 2)."""
    way = [np.array([2.0, 1.0])]
    for _ in range(n_steps):
        gradient = way[-1] * [1, 4]
        way.append(way[-1] - rate * gradient)
    return np.array(way)


ways = {f"η = {rate}": descend(rate) for rate in (0.05, 0.3, 0.49)}
assert np.allclose(descend(0.3)[-1], [2 * 0.7**25, (1 - 4 * 0.3) ** 25])
assert np.abs(descend(0.51)[:, 1]).argmax() == 25  # each step is larger than the last
plotting.paths(ways, xlabel="w₁", ylabel="w₂", title="Gradient descent")

# %% [markdown]
# At $\eta = \frac12$: there $|1 - 4\eta| = 1$, and beyond it every step overshoots by more. The steepest direction
# sets the limit, and the flattest sets the pace.
#
# **A gradient through chance.** A generator *draws* notes, and a draw has no derivative. If $x$ is drawn from
# $q_w$, whose probabilities depend smoothly on $w$, there is still a gradient of the expected reward $\mathbb
# E_{x \sim q_w} r(x)$, because $\nabla q_w(x) = q_w(x)\, \nabla \log q_w(x)$:
#
# $$ \nabla_w\, \mathbb E_{x \sim q_w}\, r(x) = \mathbb E_{x \sim q_w}\bigl[\, r(x)\, \nabla_w \log q_w(x) \bigr] . $$
#
# The right side is an expectation, so a batch can estimate it. This is the *score function* or *policy gradient*
# of lesson [06](06). For a softmax, $q_w(x) = e^{w_x} / \sum_y e^{w_y}$, the vector $\nabla_w \log q_w(x)$ is a
# one at $x$, minus $q_w$:

# %%
w, reward = rng.normal(size=12), rng.normal(size=12)


def softmax(w: np.ndarray) -> np.ndarray:
    """Probabilities from logits, (12,)."""
    return np.exp(w) / np.exp(w).sum()


q, nudges = softmax(w), 1e-5 * np.eye(12)
left = [(softmax(w + h) - softmax(w - h)) @ reward / 2e-5 for h in nudges]
right = sum(q[x] * reward[x] * (np.eye(12)[x] - q) for x in range(12))
assert np.allclose(left, right, atol=1e-8)
drawn = rng.choice(12, size=100_000, p=q)
estimate = (reward[drawn][:, None] * (np.eye(12)[drawn] - q)).mean(axis=0)
print(f"largest error of 100 000 draws: {np.abs(estimate - right).max():.4f}")
assert np.abs(estimate - right).max() < 0.02

# %% [markdown]
# ## 3. Divergence
# How unlike are two distributions, the real $p$ and the generated $q$? The lessons use three answers. The first two
# compare probabilities value by value; the third asks how *far* the values lie from each other.
#
# **Kullback and Leibler's** counts the extra surprise, in *nats* (natural logarithms), of one who expects $q$ while $p$ happens
# (surprise at $x$: $-\log q(x)$; terms with $p(x) = 0$ count nothing):
#
# $$ \mathrm{KL}(p \,\|\, q) = \sum_x p(x) \log \frac{p(x)}{q(x)} = \underbrace{-\sum_x p(x) \log q(x)}_{\text{cross-entropy}}
# - \underbrace{\Bigl( -\sum_x p(x) \log p(x) \Bigr)}_{\text{entropy of } p} \;\ge\; 0 , $$
#
# and 0 only if $p = q$. The entropy of $p$ doesn't depend on the model. So a model trained by *likelihood*, which
# lowers the cross-entropy, lowers $\mathrm{KL}(p \,\|\, q)$. It's not symmetric, and it's infinite as soon as
# something that happens was held impossible.
#
# **Jensen and Shannon's** goes through the middle $m = \frac12 (p + q)$, is symmetric, and never exceeds $\log 2$:
#
# $$ \mathrm{JSD}(p, q) = \tfrac12 \mathrm{KL}(p \,\|\, m) + \tfrac12 \mathrm{KL}(q \,\|\, m) \;\le\; \log 2 . $$
#
# A discriminator with the best possible judgement turns the cross-entropy game into this one (lesson 02).


# %%
def kl(p: np.ndarray, q: np.ndarray) -> float:
    """KL(p ‖ q) in nats; infinite where q forbids what p does."""
    happens = p > 0
    with np.errstate(divide="ignore"):
        return float((p[happens] * np.log(p[happens] / q[happens])).sum())


even = np.full(12, 1 / 12)
cross_entropy, entropy = -p @ np.log(even), -p[p > 0] @ np.log(p[p > 0])
print(f"KL(p ‖ even) {kl(p, even):.3f}, KL(even ‖ p) {kl(even, p):.3f}")
assert np.isclose(kl(p, even), cross_entropy - entropy)
assert kl(p, p) == 0 < kl(p, even)
middle = (p + even) / 2
jsd = (kl(p, middle) + kl(even, middle)) / 2
assert np.isclose(jsd, plane.jensen_shannon(p, even))  # the package's own
assert jsd < np.log(2)
assert p[0] == p[7] == 0
assert np.isinf(kl(even, p))

# %% [markdown]
# The second is infinite: this piece strikes no C and no G, and a listener who took the piece for all of music
# would be infinitely surprised to hear one. Models that count notes meet this every day (lesson [04](04)).
#
# **Wasserstein's** distance is the cheapest way to carry the mass of $p$ over to $q$, probability times distance. On
# a line, with cumulative sums $P$ and $Q$ and values one apart,
#
# $$ W_1(p, q) = \sum_x \bigl| P(x) - Q(x) \bigr| , $$
#
# and by a theorem of Kantorovich and Rubinstein it's also the largest difference of expectations that any function
# without steep slopes can find. That function is the *critic* of lessons 02 and 08:
#
# $$ W_1(p, q) = \max_{D \text{ 1-Lipschitz}} \; \mathbb E_{x\sim p} D(x) - \mathbb E_{x\sim q} D(x),
# \qquad |D(x) - D(y)| \le |x - y| . $$
#
# (Here 0 to 11 are places on a line. On the circle of pitch classes, where B lies beside C, carrying would be cheaper.)
# With values one apart the best critic is easy to find: between neighbours it rises by 1 where $Q > P$
# and falls by 1 elsewhere. Check that it reaches $W_1$, and that ten thousand other critics reach no more:


# %%
def wasserstein(p: np.ndarray, q: np.ndarray) -> float:
    """W₁ of two distributions over the values 0, 1, …, in those units."""
    return float(np.abs(np.cumsum(p - q)).sum())


slope = np.sign(np.cumsum(even - p))[:-1]
best = np.concatenate([[0], np.cumsum(slope)])  # D at 0, 1, …, 11
others = np.cumsum(rng.uniform(-1, 1, size=(10_000, 12)), axis=1)  # all 1-Lipschitz
print(f"W₁ {wasserstein(p, even):.3f}, best critic {best @ (p - even):.3f}")
print(f"the best of 10 000 others {(others @ (p - even)).max():.3f}")
assert np.isclose(best @ (p - even), wasserstein(p, even))
assert (others @ (p - even)).max() < wasserstein(p, even)

# %% [markdown]
# Now move a bell curve away from its twin, and look at all three. **Predict:** which of them still knows how far
# away it is at a distance of ten?

# %%
x, distances = np.arange(-20, 31), np.arange(11.0)


def bell(mean: float) -> np.ndarray:
    """A bell curve of standard deviation 1 on whole numbers, (51,)."""
    return np.exp(-((x - mean) ** 2) / 2) / np.exp(-((x - mean) ** 2) / 2).sum()


pairs = [(bell(0), bell(d)) for d in distances]
curves = {
    "W₁": [wasserstein(p, q) for p, q in pairs],
    "KL": [kl(p, q) for p, q in pairs],
    "JSD": [plane.jensen_shannon(p, q) for p, q in pairs],
}
assert np.allclose(curves["W₁"], distances)
assert np.allclose(curves["KL"], distances**2 / 2)
assert np.diff(curves["JSD"])[-1] < 1e-4 < np.log(2) - curves["JSD"][1]

# %%
curves["KL"] = [value if value <= 10 else np.nan for value in curves["KL"]]  # runs off
plotting.losses(
    curves, steps=distances, xlabel="distance of the means", ylabel="divergence"
)

# %% [markdown]
# JSD flattens out at $\log 2 \approx 0.69$: once the two hardly overlap, "far" and "farther" look the same to it, and a
# flat curve has no slope to learn from. KL grows with the square, $d^2/2$, and $W_1$ is the distance itself. That's the
# argument for the Wasserstein game; what it costs (a critic that must be kept from growing steep) is in
# lesson [08](08).

# %% [markdown]
# ## What you take along
# - $\mathbb E f$ is a weighted mean; a batch estimates it with an error of $\operatorname{sd}(f)/\sqrt n$.
# - The gradient points uphill; a step against it, not too large, goes down. Softplus has the slope $\sigma$.
# - A random choice has no slope, but its expectation has: reward times $\nabla \log q$.
# - KL: likelihood, asymmetric, can be infinite. JSD: at most $\log 2$, the cross-entropy game. $W_1$: knows distances,
#   the critic's game.
#
# **Reading.** D. MacKay, *Information Theory, Inference, and Learning Algorithms*, 2003, chapters 2 to 4 · I.
# Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016, chapters 3 and 4 · G. Peyré, M. Cuturi,
# *Computational Optimal Transport*, 2019, chapter 2.
#
# [Start](start.ipynb) · [The music theory](primer_music_theory.ipynb) · lesson [02](02), where all of this is used
