# %% [markdown]
# # 04 · Baselines
#
# Somebody shows you a machine that composes, and it sounds good. Compared with what? Before there's a GAN in
# this course, there have to be opponents: machines that took a minute to build and that everybody
# understands. Today you build three, each by counting or by guessing the next note: dice, a Markov chain and
# an LSTM trained by maximum likelihood. They are better than you expect. That's their use: a network that
# can't beat them has learned nothing worth its trouble.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - build a random model, a Markov chain with back-off and a maximum-likelihood LSTM;
# - compute likelihood, cross-entropy and perplexity with the chain rule, and say what each compares;
# - turn a temperature, and say what it does to probabilities and to music;
# - show by numbers how a longer memory turns into copying, and what exposure bias is;
# - say what a GAN must beat, on which measures, before anyone may praise it.
#
# *70 minutes, one or two of them the machine's. Needs lessons 01 and 03. No network.*

# %% [markdown]
# ## Hear it first
# Three machines, two bars each. One throws dice. One remembers the last two steps and nothing else. One is
# the GAN that comes with this course. **Predict, then look:** which is which? Put money on it before you
# read on.

# %%
import tempfile
from pathlib import Path

from musicgan_edu import baselines, corpus, encoding, sampling, training
from musicgan_edu.widgets import player

form = encoding.VoiceEncoding()  # two bars of 4/4, four voices
train = training.prepare(corpus.load("chorales", split="train"), form)
folder = tempfile.TemporaryDirectory(prefix="musicgan_")
runs = Path(folder.name)
machines = {"GAN": sampling.load("chorales")}
for recipe in ("markov", "random"):
    machines[recipe] = baselines.train(recipe, train, runs / recipe, steps=1)
for letter, machine in zip("ABC", machines.values(), strict=True):
    piece = machine.sample(1, seed=4)[0]
    player.play(piece.replace(tempo=72, title=f"Machine {letter}"))

# %% [markdown]
# <details><summary>Which is which?</summary>
#
# C throws dice: that was easy. A is the GAN, B the chain with a memory of two sixteenth notes. If you had
# them the other way round, you're in good company, and you know why this lesson comes before the GAN.
#
# </details>
#
# ## Setup

# %%
import dataclasses

import numpy as np

from musicgan_edu import checks, cleaning, evaluation, lab, plotting

rng = lab.begin("04", seconds=100)

# %% [markdown]
# ## 1. Dice
# The simplest model asks one thing: *what stands in this cell, usually?* A window is a table of classes,
# $x_{t,v}$ at step $t$ in voice $v$: a pitch that starts, a rest or a hold (lesson 01). The **random model**
# draws each cell on its own, from the shares that it has in the corpus:
#
# $$ q(x) = \prod_{t,v} q_{t,v}(x_{t,v}), \qquad q_{t,v}(c) = \frac{\text{windows with class } c
# \text{ at step } t \text{ in voice } v}{\text{windows}}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $x$ | `tokens` | classes, `(N, T, V)` for $N$ windows |
# | $c$ | | a class, 0 to `n_classes` − 1 |
# | $q_{t,v}(c)$ | `marginals(…)` | the cell's shares, `(T, V, C)`; each cell's sum to 1 |
#
# ### Exercise ★ `marginals`


# %%
def marginals(tokens: np.ndarray, n_classes: int) -> np.ndarray:
    """The share of windows with each class in each cell, (T, V, C).

    `tokens` holds classes, (N, T, V).
    """
    # BEGIN SOLUTION
    one_hot = np.eye(n_classes)[tokens]  # (N, T, V, C)
    return one_hot.mean(axis=0)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.eye(n_classes)[tokens]` makes the classes one-hot. What's the mean of ones and zeros over the windows?
#
# </details>

# %%
marginals = checks.check("04.marginals", marginals)

# %% [markdown] solution="04.marginals"
# The mean of an indicator is a share. For many windows and classes the one-hot array grows large; the
# package counts in place instead, `baselines.cells`, and a test holds the two together.

# %%
q = marginals(train[:1000], form.n_classes)
assert np.allclose(q.sum(-1), 1)
plotting.tensor(
    q,
    names=[track.name for track in form.tracks],
    title="Shares of each class: the line at the top is hold",
)

# %% [markdown]
# The pieces were moved to C major or A minor, so the dice have favourite pitches, and favourite moments to
# strike. **Predict, then run:** are the notes of a piece made of dice in a key? Are they dissonant? Does the
# harmony change as often as Bach's?

# %%
pieces = [cleaning.to_c(piece) for piece in corpus.load("chorales", split="validation")]
real = [window for piece in pieces for window in cleaning.windows(piece)]
heard = {"real": real, "random": machines["random"].sample(300, seed=1)}


def portrait(music: list) -> tuple:
    """Share of notes in key, of dissonant pairs, and chord changes a bar."""
    measures = (evaluation.in_key, evaluation.dissonance, evaluation.changes_per_bar)
    return tuple(measure(music).value for measure in measures)


for name, music in heard.items():
    key, harsh, changes = portrait(music)
    print(
        f"{name:7} in key {key:.2f}  dissonant {harsh:.2f}  changes a bar {changes:.1f}"
    )
assert abs(portrait(heard["random"])[0] - portrait(real)[0]) < 0.05
assert portrait(heard["random"])[1] > 2 * portrait(real)[1]

# %% [markdown]
# In key as much as Bach, and three times as dissonant. That's the first lesson about measures: *in key* costs
# nothing, dice get it. A measure that dice pass says nothing about a network. Every table in this course has
# a row for the dice.
#
# ## 2. How surprised are you?
# Listening is one judge. Another asks a model what it thinks of real music that it never saw: a model that
# knows Bach isn't surprised by Bach. The **chain rule** takes any joint probability apart, exactly, into next
# steps:
#
# $$ q(x_1, \dots, x_n) = \prod_{i=1}^{n} q(x_i \mid x_1, \dots, x_{i-1}). $$
#
# The logarithm turns the product into a sum of **surprises**. Their mean over the notes of real music is the
# **cross-entropy** $H(p, q)$, per note, and its exponential the **perplexity**:
#
# $$ H(p, q) = -\frac1n\, \mathbb E_{x \sim p} \log q(x_1, \dots, x_n) \approx -\frac1n \sum_{i=1}^{n} \log q(x_i \mid x_{\lt i}),
# \qquad \mathrm{PPL} = e^{H(p, q)}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $q(x_i \mid x_{\lt i})$ | `probabilities` | what the model gave to the note that came |
# | $-\log q$ | | surprise in nats; a nat is $\log_2 e \approx 1.44$ bits |
# | $H(p, q)$ | | its mean over real music: lower is better |
# | PPL | `perplexity(…)` | as unsure as a fair die with so many sides |
#
# To *minimise* the cross-entropy on the training music is to *maximise* its likelihood: hence the name of
# section 4.
#
# ### Exercise ★ `perplexity`
# From the probabilities that a model gave to the notes that came. A note that it held for impossible makes
# the perplexity infinite.


# %%
def perplexity(probabilities: np.ndarray) -> float:
    """exp of the mean surprise, from what a model gave to each note that came, (n,)."""
    # BEGIN SOLUTION
    with np.errstate(divide="ignore"):
        return float(np.exp(-np.log(probabilities).mean()))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Logarithm, mean, minus, exponential, in this order. The mean of the probabilities themselves is something
# else.
#
# </details>

# %%
perplexity = checks.check("04.perplexity", perplexity)

# %% [markdown] solution="04.perplexity"
# It's one over the geometric mean of the probabilities. The `errstate` only keeps numpy from warning about
# $\log 0$; the answer, infinity, is meant.

# %% [markdown]
# Two facts that hold for every model, checked on a loaded coin. The cross-entropy is never below the music's
# own entropy $H(p)$, and what it's above is the Kullback-Leibler divergence:
# $H(p, q) = H(p) + \mathrm{KL}(p \,\|\, q)$. And the chain rule's products sum to 1 over all sequences.

# %%
p_coin, q_coin = np.array([0.7, 0.3]), np.array([0.4, 0.6])
cross = -(p_coin * np.log(q_coin)).sum()
entropy = -(p_coin * np.log(p_coin)).sum()
divergence = (p_coin * np.log(p_coin / q_coin)).sum()
print(f"{cross:.4f} = {entropy:.4f} + {divergence:.4f} nats")
assert np.isclose(cross, entropy + divergence)
assert all(
    -(p_coin * np.log(other)).sum() >= entropy for other in rng.dirichlet([1, 1], 1000)
)

# %%
start, step = np.array([0.6, 0.4]), np.array([[0.9, 0.1], [0.5, 0.5]])
joint = start[:, None, None] * step[:, :, None] * step[None]  # of a, b and c
print(f"all eight sequences of three: {joint.sum():.6f}")
assert joint.shape == (2, 2, 2)
assert np.isclose(joint.sum(), 1)

# %% [markdown]
# ## 3. Markov: memory by counting
# A **Markov chain of order $k$** cuts the chain rule short: only the last $k$ notes count,
# $q(x_i \mid x_{\lt i}) \approx q(x_i \mid x_{i-k}, \dots, x_{i-1})$. For $k = 1$ that's a table: from each
# note, the shares of the next. We begin with melodies alone, the sopranos of whole chorales as lists of
# pitches.
#
# ### Exercise ★★ `transitions`


# %%
def transitions(melodies: list, n_states: int) -> np.ndarray:
    """The share of each next note after each note, (n_states, n_states), row: from.

    A row that no melody ever leaves is all 0.
    """
    # BEGIN SOLUTION
    counts = np.zeros((n_states, n_states))
    for melody in melodies:
        np.add.at(counts, (melody[:-1], melody[1:]), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Count pairs of neighbours within each melody, never from the end of one to the beginning of the next. Then
# divide each row by its sum, if it has one.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `counts[a, b] += 1` with arrays `a` and `b` counts a repeated pair once. `np.add.at(counts, (a, b), 1)`
# counts it each time; a plain loop does, too.
#
# </details>

# %%
transitions = checks.check("04.transitions", transitions)

# %% [markdown] solution="04.transitions"
# `np.maximum(…, 1)` leaves an empty row at 0 instead of 0/0. Whether an empty row should stay empty is the
# question that the rest of the section is about.


# %%
def sopranos(split: str) -> list:
    """Each piece's soprano in C or A minor, as classes (n,); too high ones left out."""
    scores = [cleaning.to_c(s) for s in corpus.load("chorales", split=split)]
    lines = [s.of_track(0)["pitch"].astype(int) - form.low for s in scores]
    return [line for line in lines if line.max() < form.n_pitches]


melodies, unseen = sopranos("train"), sopranos("validation")
A = transitions(melodies, form.n_pitches)
print(f"{len(melodies)} melodies, {sum(map(len, melodies))} notes")
plotting.tensor(
    A, xlabel="from pitch − 36", ylabel="to pitch − 36", title="One step of a melody"
)

# %% [markdown]
# The bright diagonal is the repeated note, and beside it the step: melodies move by neighbours. **Predict,
# then run:** a fair die over all 46 pitches has perplexity 46. What has this table on melodies that it was
# counted on, and on melodies that it never saw?

# %%
given = {
    name: np.concatenate([A[m[:-1], m[1:]] for m in music])
    for name, music in {"training": melodies, "validation": unseen}.items()
}
for name, probabilities in given.items():
    impossible = int((probabilities == 0).sum())
    ppl = perplexity(probabilities)
    print(f"{name:10} perplexity {ppl:6.2f}, {impossible} notes held for impossible")
assert perplexity(given["training"]) < 8
assert perplexity(given["validation"]) == np.inf

# %% [markdown]
# Infinite. A few leaps in a thousand were new, and for this model what it hasn't counted can't be. One such
# note, and all that the model knows counts for nothing. With a longer memory nearly every context is new, so
# the remedy is worth a formula. **Back off**: mix what was counted after the long memory with what the
# shorter one says,
#
# $$ q_k(x \mid h) = \frac{c_h(x) + n_h\, q_{k-1}(x \mid h')}{\sum_{x'} c_h(x') + n_h}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $h$, $h'$ | `context` | the last $k$ notes, and the last $k - 1$ |
# | $c_h(x)$ | `tables[k][context]` | how often $x$ followed $h$ |
# | $n_h$ | `n_kinds` | how many *different* notes followed $h$ |
# | $q_{-1}$ | | at the bottom, all notes alike |
#
# The rule is Witten and Bell's (1991): a context after which something new came often will surprise us again.
#
# ### Exercise ★★★ `backed_off`
# `tables[k]` maps the last `k` notes, a tuple with the oldest first, to counts. Begin with the even spread,
# and mix in one table after the other, until a context isn't there.


# %%
def backed_off(tables: list, past: list, n_states: int) -> np.ndarray:
    """What comes next, (n_states,): from no memory to the longest that is known.

    tables[k] maps the last k notes, a tuple, oldest first, to counts of what followed.
    """
    # BEGIN SOLUTION
    p = np.full(n_states, 1 / n_states)
    for k, table in enumerate(tables):
        context = tuple(past[len(past) - k :])
        if len(past) < k or context not in table:
            break
        counts = table[context]
        n_kinds = np.count_nonzero(counts)
        p = (counts + n_kinds * p) / (counts.sum() + n_kinds)
    return p
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# In each round `p` is $q_{k-1}$ before and $q_k$ after: one line, the formula.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The last `k` notes are `past[len(past) - k:]`. `past[-k:]` is the same, except for `k = 0`, where it's all
# of them.
#
# </details>

# %%
backed_off = checks.check("04.backed_off", backed_off)

# %% [markdown] solution="04.backed_off"
# Each round keeps a sum of 1: the counts bring $\sum c$, the shorter memory $n_h$ times 1, and the
# denominator is the sum of both. Nothing is impossible any more, for at the bottom everything has $1/n$.


# %%
def count_contexts(melodies: list, order: int) -> list:
    """For each k up to `order`: the last k notes → counts of the next."""
    tables: list = [{} for _ in range(order + 1)]
    for notes in (melody.tolist() for melody in melodies):
        for i, note in enumerate(notes):
            for k in range(min(i, order) + 1):
                context = tuple(notes[i - k : i])
                counts = tables[k].setdefault(context, np.zeros(form.n_pitches))
                counts[note] += 1
    return tables


# %%
def melody_perplexity(tables: list, melodies: list) -> float:
    """Of every note of the melodies, given all before it."""
    given = [
        backed_off(tables, notes[:i], form.n_pitches)[note]
        for notes in (melody.tolist() for melody in melodies)
        for i, note in enumerate(notes)
    ]
    return perplexity(np.array(given))


# %% [markdown]
# **Predict, then run:** the memory grows from none to eight notes. On the training melodies the perplexity can
# only fall. On the others?

# %%
orders = [0, 1, 2, 3, 4, 6, 8]
tables = count_contexts(melodies, max(orders))
curves: dict = {"training melodies": [], "melodies never seen": []}
for order in orders:
    for name, music in zip(curves, (melodies[:40], unseen), strict=True):
        curves[name].append(melody_perplexity(tables[: order + 1], music))
seen_curve, unseen_curve = (np.array(curve) for curve in curves.values())
print("training:  ", seen_curve.round(2))
print("never seen:", unseen_curve.round(2))
assert unseen_curve[4] < 0.85 * unseen_curve[1]  # up to four notes memory pays
assert unseen_curve[-1] > 0.9 * unseen_curve[4]  # beyond, hardly
assert seen_curve[-1] < 0.7 * seen_curve[4]
plotting.losses(curves, steps=orders, xlabel="notes remembered", ylabel="perplexity")

# %% [markdown]
# Up to four notes both curves fall: that's knowledge about melodies. After that only one does, and the gap
# between the two is **memorisation**: a long context occurs once, so what followed it is certain, and the
# chain recites. (Even the little that the other curve still gains is no pure merit. Bach set some tunes more
# than once, so a piece that is new may have a tune that isn't; lesson 03 splits by piece.)
#
# ### All four voices
# The package's chain, `baselines.chain`, does the same with whole steps. Its state is everything that a
# step is: what each voice sounds, and whether it strikes it there. Its contexts, from coarse to fine, are the
# last state; that and the place in the beat; that and the beat in the bar; that and the state before; and so
# on, up to `order` steps. What holds a note that doesn't sound can't be next. One thing it can't do: play a
# chord that isn't in the corpus. (In `surprise`, such a chord is as likely as the dice make it.)
#
# **Predict, then run.** How much of a piece by a chain with a memory of one sixteenth note stands in the
# training pieces already? With a memory of eight? Copying is measured as lesson 10 does it: the share of cells
# that agree with the most similar training window, in any key.

# %%
known = evaluation.voices(form.decode(train))
copied = {"real, unseen": evaluation.copying(real[::6], known)}
for order in (1, 2, 4, 8):
    chain = baselines.train(
        "markov", train, runs / f"order {order}", steps=1, order=order
    )
    copied[f"order {order}"] = evaluation.copying(chain.sample(40, seed=1), known)
middle = {name: float(np.median(shares)) for name, shares in copied.items()}
for name, shares in copied.items():
    whole = (shares > 0.99).mean()
    print(f"{name:13} median {middle[name]:.2f}, recited whole {whole:.0%}")
assert middle["order 1"] < middle["order 4"] <= middle["order 8"]
assert middle["order 8"] > 0.9 > middle["real, unseen"]

# %% [markdown]
# Half a bar of memory, and what comes out *is* Bach: the machine turns a page now and then. Every other
# measure loves it, for nothing is more like Bach. So here is the second lesson about measures: **never read a
# good figure without copying beside it.** (Unseen Bach agrees with other Bach as well; that's the figure
# to compare with, not 0.)
#
# ## 4. Maximum likelihood: an LSTM that guesses
# Counting can't see that two contexts are *alike*. A network can: it turns the past into a vector, and like
# pasts into like vectors. The third machine is an LSTM with weights $\theta$ that gives each next class a
# probability, voice by voice and step by step, and is trained to be surprised as little as possible:
#
# $$ \min_\theta\; -\frac1N \sum_{x} \sum_{t,v} \log q_\theta(x_{t,v} \mid \text{all before}). $$
#
# It's the very network that the course's GAN uses (lesson 06), without the latent and without the game. We
# train a small one for some half a minute.

# %%
small = dataclasses.replace(
    training.RECIPES["likelihood"], units=96, width=64, batch_size=32
)
machines["LSTM"] = baselines.train(small, train, runs / "LSTM", steps=300, seed=4)
log = machines["LSTM"].card["training"]["log"]
print(f"{log[-1]['step']} steps in {log[-1]['seconds']:.0f} s")
plotting.losses(
    {"surprise": [row["nll"] for row in log]},
    steps=[row["step"] for row in log],
    ylabel="nats a window",
    title="Maximum likelihood",
)

# %% [markdown]
# Now the three of them before the same music, windows of pieces that none has seen. **Predict:** by how much
# does the network beat the chain? For scale: who knows nothing pays $128 \log 48 \approx 496$ nats a window.

# %%
validation = training.prepare(corpus.load("chorales", split="validation"), form)
nats = {}
for name in ("random", "markov", "LSTM"):
    surprises = baselines.surprise(machines[name], validation[::4])  # (B, T)
    nats[name] = surprises.sum(axis=1).mean()
    ppl = np.exp(nats[name] / validation[0].size)
    print(f"{name:7} {nats[name]:6.1f} nats a window, perplexity {ppl:.2f} a cell")
assert nats["LSTM"] < nats["markov"] - 4
assert nats["markov"] < 0.75 * nats["random"]

# %% [markdown]
# The network knows chords that aren't in the corpus, and the chain doesn't: that's a part of the difference. The other
# is that pasts which are alike teach it together.
# (Perplexities a cell are low because seven cells in ten are holds, and those are easy.)
#
# ### Temperature
# A model gives probabilities; somebody has to choose. **Temperature** $\tau$ sharpens or flattens them before
# the dice fall:
#
# $$ q^{(\tau)}(c) = \frac{q(c)^{1/\tau}}{\sum_{c'} q(c')^{1/\tau}}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $q$ | `p` | probabilities of the next class, `(n,)` |
# | $\tau$ | `temperature` | 1: as learned; towards 0: the likeliest; large: all alike |
#
# With logits $\ell$ that's $\operatorname{softmax}(\ell / \tau)$, and from there physics gave it its name.
#
# ### Exercise ★★ `heat`


# %%
def heat(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n,) at a temperature above 0: p^(1/temperature), normalised."""
    # BEGIN SOLUTION
    hot = p ** (1 / temperature)
    return hot / hot.sum()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# At $\tau = ½$ the probabilities ¼ and ¾ become $\frac1{16}$ and $\frac9{16}$, divided by their sum.
#
# </details>

# %%
heat = checks.check("04.heat", heat)

# %% [markdown] solution="04.heat"
# Zero stays zero at any temperature. For very low ones the power underflows; the package works with
# logarithms and takes off the largest first, `sampling.heated`.

# %%
p = np.array([0.5, 0.3, 0.15, 0.05])
entropies = []
for temperature in (0.1, 0.5, 1.0, 2.0, 10.0):
    hot = heat(p, temperature)
    entropies.append(-(hot * np.log(hot)).sum())
    print(
        f"{temperature:4}: {np.round(hot, 3)}, perplexity {np.exp(entropies[-1]):.2f}"
    )
assert np.allclose(heat(p, 1.0), p)
assert np.allclose(heat(p, 0.02), [1, 0, 0, 0])
assert np.allclose(heat(p, 1e6), 0.25)
assert (np.diff(entropies) > 0).all()
weights = np.log(p)  # logits, up to a constant
assert np.allclose(heat(p, 0.7), np.exp(weights / 0.7) / np.exp(weights / 0.7).sum())

# %% [markdown]
# Turn it and listen. The dice stay the same while you hold the slider; only the temperature changes. Near 0
# each machine says what it believes to be safest. Where does each of them fall apart?

# %% interactive="temperature"
from musicgan_edu.widgets.temperature import Temperature

Temperature({name: machines[name] for name in ("LSTM", "markov", "random")}, seed=2)

# %% [markdown]
# The same without a widget, for three temperatures:

# %% static="temperature"
harsh = {}
for temperature in (0.4, 1.0, 1.8):
    music = machines["LSTM"].sample(64, seed=2, temperature=temperature)
    harsh[temperature] = evaluation.dissonance(music).value
    changes = evaluation.changes_per_bar(music).value
    print(f"{temperature}: dissonant {harsh[temperature]:.3f}", end=", ")
    print(f"{changes:.1f} changes a bar")
    label = f"LSTM at temperature {temperature}"
    player.play(music[0].replace(tempo=72), label=label)
assert harsh[0.4] < harsh[1.0] < harsh[1.8]

# %% [markdown]
# Cold music is clean and poor, hot music rich and wrong. A model that is reported at a temperature of 0.8
# has been tuned, and so its opponents must be: compare machines at their own best temperature, or all at 1.
#
# ## 5. Exposure bias
# In training the LSTM always hears *Bach's* past, whatever it would have played itself (**teacher forcing**).
# When it plays, it hears its own past, mistakes and all, and mistakes aren't in its schoolbook. What does one
# do to it? We dictate real windows twice: as they are, and with the alto of the first bar a semitone too
# high. The second bar is the same in both, and correct. **Predict:** is it more surprising after the
# mistake?

# %%
wrong = validation[::4].copy()
alto = wrong[:, :16, 1]  # a view: the first bar's sixteen steps
alto[alto < form.n_pitches - 1] += 1

right_nats = baselines.surprise(machines["LSTM"], validation[::4])
wrong_nats = baselines.surprise(machines["LSTM"], wrong)
price = (wrong_nats - right_nats)[:, 16:].sum(axis=1)  # of the second bar, nats
error = price.std() / np.sqrt(len(price))
print(f"the mistake itself: {(wrong_nats - right_nats)[:, :16].sum(1).mean():.0f} nats")
print(f"the bar after it:   {price.mean():.1f} ± {error:.1f} nats")
assert price.mean() > 3 * error

# %% [markdown]
# It is: the same correct bar, and the model believes in it less. Part of that is reason (after a strange
# bar, who knows what comes?), part is that it was never taught to find its way back. That gap between school
# and life is called **exposure bias**. A GAN's generator is trained on what *it* plays, and in this point it
# has the better school. Whether that pays is a question for measurements.
#
# ## 6. What a GAN must beat
# All machines in one table, at temperature 1. A random forest tries to tell their pieces from real ones
# (C2ST, lesson 10: 0.5 means that it can't; 1, that it always can). *New chords* is the share of steps whose
# chord stands nowhere in the training windows.

# %%
trained_chords = {
    tuple(chord) for chord in form.sounding(train).reshape(-1, 4).tolist()
}


def new_chords(music: list) -> float:
    """The share of steps that sound a chord which the training windows don't hold."""
    chords = form.sounding(form.tokens(music).values).reshape(-1, 4).tolist()
    return float(np.mean([tuple(chord) not in trained_chords for chord in chords]))


for name in ("markov", "LSTM", "GAN"):
    heard[name] = machines[name].sample(300, seed=1)
verdicts = {
    name: evaluation.c2st(real, [piece.replace(source="") for piece in music])
    for name, music in heard.items() if name != "real"
}  # fmt: skip

# %%
table = {}
for name, music in heard.items():
    key, harsh_share, changes = portrait(music)
    copy = float(np.median(evaluation.copying(music[:100], known)))
    told = verdicts[name].accuracy if name in verdicts else np.nan
    table[name] = {"C2ST": told, "new": new_chords(music), "copy": copy}
    print(f"{name:7} C2ST {told:.2f}  copying {copy:.2f}", end="  ")
    print(f"key {key:.2f}  dissonant {harsh_share:.2f}", end="  ")
    print(f"changes {changes:.1f}  new chords {table[name]['new']:.3f}")
assert table["random"]["C2ST"] > 0.95
assert table["markov"]["C2ST"] < 0.7
assert table["markov"]["new"] == 0 < table["real"]["new"]
assert table["GAN"]["new"] > 0.02
assert table["LSTM"]["C2ST"] > table["markov"]["C2ST"] + 0.1

# %%
rows = {name: (v.accuracy, *v.interval) for name, v in verdicts.items()}
plotting.intervals(
    rows, xlabel="C2ST accuracy (0.5: can't be told from real)", reference=0.5
)

# %% [markdown]
# First, the two judges of this lesson disagree: the LSTM of half a minute was *less* surprised by Bach than the
# chain, and is told from him more easily. It knows what it can't yet say, for surprise forgives a little
# probability on a wrong note, and a listener hears it once it's drawn. Use more than one judge.
#
# Then read the GAN's row without mercy. A chain that remembers an eighth note, and was counted in a second, is
# told from Bach about as rarely as the GAN: compare the intervals, they overlap. If you publish a GAN and leave
# that row out, you've fooled your readers, and perhaps yourself. And read it fairly: the GAN sings chords that
# nobody wrote down for it, about as often as unseen Bach does, and the chain never. So this is what a GAN must
# beat:
#
# 1. **the chain's C2ST**, with no more copying than unseen Bach has;
# 2. **and say something new**: the chain's *new chords* are 0 by construction. Bach's aren't;
# 3. **the maximum-likelihood network of the same size and time** on the same measures: it's the strongest
#    opponent (Caccia et al. 2020 found that few GANs for sequences pass it);
# 4. **or do what none of them can**: a latent to steer by (lesson 09).
#
# `benchmarks/EXPERIMENTS.md` has the long runs on the test split. Where the GAN doesn't win, it says so.

# %% [markdown]
# ## Exercises
# You've met five on the way: `marginals` ★, `perplexity` ★, `transitions` ★★, `heat` ★★ and `backed_off` ★★★.
# Two more, without a check:
#
# - Write a melody: start on a pitch, draw the next from `backed_off` at a temperature of your choice, and so
#   on for 16 notes. From which order on do you recognise the chorales?
# - Train the LSTM for 1 200 steps instead of 300, and look at copying and at `nats` again. Which of them gets
#   worse first?
#
# <details><summary>Answers</summary>
#
# With order 3 or 4, whole phrases come back. A draw is `rng.choice(form.n_pitches, p=heat(p, temperature))`.
#
# The surprise on the training windows goes on falling, that on validation turns at some point; copying
# rises all the way. On our machine the full-sized network began to recite between 1 500 and 3 000 steps
# (row 9 of `benchmarks/EXPERIMENTS.md`).
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. A GAN's samples are 93 % in key, like Bach's. What does that show?**
# - [ ] It has learned harmony :: Dice that know how often each pitch occurs get the same figure.
# - [x] Nothing, until you know what the dice get :: Marginals alone keep to a key when all pieces were moved to C.
# - [ ] It copies :: Copying shows elsewhere: in the agreement with the nearest training window.

# %% [markdown] tags=["quiz"]
# **2. Model A has a perplexity of 1.6 a cell on the training pieces, model B has 1.9. Which is better?**
# - [ ] A :: It may have learned them by heart: so did the melody chain of order 8.
# - [ ] B :: It may just know less.
# - [x] That can't be said: ask on pieces that neither has seen :: Cross-entropy on unseen music is bounded by the
#   music's own entropy; on the training set a list of the pieces is perfect.

# %% [markdown] tags=["quiz"]
# **3. You halve the temperature. What happens to a class with probability 0?**
# - [ ] It gets a little :: $0^{1/\tau} = 0$ for every $\tau$.
# - [x] Nothing, at any temperature :: Only back-off, or another kind of smoothing, makes the unseen possible.
# - [ ] It becomes negative :: Powers of what isn't negative aren't negative.

# %% [markdown] tags=["quiz"]
# **4. Why does a chain of order 8 pass nearly every measure?**
# - [ ] Because longer memory means better music :: On melodies that nobody dictated to it, a memory of eight hardly beat one of four.
# - [x] Because it recites :: What it plays *is* Bach, so every likeness to Bach is perfect. Only copying tells.
# - [ ] Because back-off smooths it :: Back-off matters where the context is new; while it recites, none is.

# %% [markdown]
# ## Recap
# - Dice keep to a key. Whatever dice can do doesn't count.
# - The chain rule turns a likelihood into next-step surprises; their mean on *unseen* music is the
#   cross-entropy, its exponential the perplexity.
# - Counting needs back-off: one impossible note makes everything impossible.
# - More memory than the music repeats is copying. Read copying beside every other figure.
# - Temperature trades safety for variety. Say which one you used.
# - Maximum likelihood learns from Bach's past and plays from its own: exposure bias.
# - A GAN must beat the chain and the LSTM at equal budget, without copying, or do what they can't.
#
# **What can go wrong.** Comparing perplexities over different alphabets: a cell with 48 classes, a melody with
# 46 pitches and a whole step aren't the same unit; nats a window are. Tuning the GAN's temperature and not
# the baseline's. Counting transitions across the ends of pieces. Splitting by windows instead of by pieces:
# then even "unseen" is half seen (lesson 03).
#
# **Reading.**
# - C. Shannon, *A Mathematical Theory of Communication*, 1948: Markov chains that write English, section 3.
# - I. Witten, T. Bell, *The Zero-Frequency Problem*, IEEE Trans. Information Theory 37, 1991: back-off.
# - L. Hiller, L. Isaacson, *Experimental Music*, McGraw-Hill 1959: a Markov chain writes a string quartet.
# - D. Conklin, I. Witten, *Multiple Viewpoint Systems for Music Prediction*, J. New Music Research 24, 1995:
#   cross-entropy of chorale melodies, with more than one memory at a time.
# - M. Ranzato et al., *Sequence Level Training with Recurrent Neural Networks*, ICLR 2016: exposure bias.
# - A. Holtzman et al., *The Curious Case of Neural Text Degeneration*, ICLR 2020: what temperature can't mend.
# - M. Caccia et al., *Language GANs Falling Short*, ICLR 2020: the temperature sweep that every GAN for
#   sequences should be compared by.
# - C.-Z. A. Huang et al., *Counterpoint by Convolution*, ISMIR 2017: the fourth baseline, recipe `masked`.
#
# **Next**: a judge. A network that listens to bars and says whether Bach wrote them.
