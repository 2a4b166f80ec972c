# %% [markdown]
# # 09 · Generate and steer
#
# A trained generator lies on the table, and a random number makes it play. Today you take the wheel. How wild
# may it be? What lies between two of its pieces? Which of its numbers can you turn, and to what effect? Can
# you keep the voice that you like and have the others made anew? And in the end its music meets yours: cut,
# joined, layered, and taken home as a file.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - draw from a generator at any temperature, and say what the temperature does to the odds;
# - walk between two latents, and show why the straight line leaves the place where latents live;
# - measure how much of the music a latent decides, find directions that move something you can hear, and ask a
#   conditional generator for the rest;
# - keep some notes and have the rest drawn, and weigh the results by what they couldn't foresee;
# - mix and splice the machine's music with your own MIDI, and export MIDI, MusicXML, sound and a score.
#
# *60 minutes, one of them the machine's. Needs lessons 01 and 06. No network, no graphics card.*

# %% [markdown]
# ## Hear the goal
# Two bars by the machine, and then Bach takes over. The program chose the barline, so that no voice has to leap.

# %%
from musicgan_edu import corpus, sampling
from musicgan_edu.widgets import player

machine = sampling.load("chorales")
bach = corpus.read_chorale("bwv66.6")
composed = machine.sample(1, seed=7)[0]
spliced = sampling.splice(composed, bach, keep=2)
player.play(spliced.score, label="Two bars by the machine, then Bach")
print(*spliced.changes, sep="\n")

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("09", seconds=60)

import tempfile
from pathlib import Path

import numpy as np

from musicgan_edu import checks, cleaning, evaluation, playback, plotting

form = machine.encoding  # two bars, sixteen steps a bar, four voices
d = machine.latent_dim
print(f"z has {d} numbers, a piece has {form.shape[0] * form.shape[1]} cells")

# %% [markdown]
# ## 1. Draw
# At every step, each voice gets a **logit** $\ell_c$ for each class $c$ (a pitch, a rest, *hold*), and a class
# is drawn with probability
#
# $$ p_c = \frac{e^{\ell_c / \tau}}{\sum_k e^{\ell_k / \tau}}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $\ell_c$ | `logits` | what the network says about class $c$ |
# | $\tau$ | `temperature` | above 1 bolder, below 1 safer; towards 0 only the likeliest is left |
# | $g_c$ | `noise` | Gumbel noise, $-\log(-\log u)$ with $u$ uniform in $(0, 1)$ |
# | $z$ | `z` | the latent, $d$ standard normal numbers |
#
# Dividing by $\tau$ raises the odds to the power $1/\tau$: what was four times as likely is sixteen times as
# likely at $\tau = ½$, and twice as likely at $\tau = 2$.
#
# ### Exercise ★ `probabilities`


# %%
def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Each class's probability, (C,), from logits (C,) and a temperature above 0."""
    # BEGIN SOLUTION
    scaled = logits / temperature
    likely = np.exp(scaled - scaled.max())
    return likely / likely.sum()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Divide first, then exponentiate, then make the sum 1. Logits may be as large as 1000, and $e^{1000}$ is too
# large for a computer: subtracting the same number from all logits changes no probability.
#
# </details>

# %%
probabilities = checks.check("09.probabilities", probabilities)

# %% [markdown]
# The package draws in another way: it adds Gumbel noise to the logits and takes the largest. That is the same
# lottery (the *Gumbel-max trick*), with one advantage: noise that is drawn beforehand can be kept. The same
# noise with another $z$ shows what $z$ does, and nothing else. **Predict, then run:** how often does each of
# three classes win in 20 000 draws?

# %%
logits = np.log([1.0, 4.0, 5.0])
gumbel = -np.log(-np.log(rng.random((20_000, 3))))
for temperature in (0.5, 1.0, 2.0):
    wins = (logits / temperature + gumbel).argmax(1)
    counted = np.bincount(wins, minlength=3) / len(wins)
    print(temperature, counted, probabilities(logits, temperature).round(3))
    assert np.allclose(counted, probabilities(logits, temperature), atol=0.02)

# %% [markdown]
# Now the machine itself: 32 latents, the same noise, three temperatures. *Surprise* is
# $-\log p$ of all that was said, in nats, by the generator's own judgement at $\tau = 1$.

# %%
z, noise = machine.latents(32, seed=2), machine.noise(32, seed=2)
drawn, surprise = {}, {}
for temperature in (0.25, 1.0, 2.0):
    tokens = machine.tokens(z, noise, temperature=temperature)
    drawn[temperature] = form.decode(tokens, tempo=72)
    surprise[temperature] = (
        -sampling.log_likelihood(machine, tokens, z).sum((1, 2)).mean()
    )
    in_key = evaluation.in_key(drawn[temperature]).value
    dissonant = evaluation.dissonance(drawn[temperature]).value
    print(f"τ {temperature:4}: surprise {surprise[temperature]:5.1f} nats, "
          f"in key {in_key:.3f}, dissonant {dissonant:.3f}")  # fmt: skip

assert 1.5 * surprise[0.25] < 1.5 * surprise[1.0] < surprise[2.0]
assert evaluation.in_key(drawn[2.0]).value < evaluation.in_key(drawn[0.25]).value

# %%
for temperature in (0.25, 2.0):
    player.play(
        drawn[temperature][0], label=f"The same z and noise, temperature {temperature}"
    )

# %% [markdown]
# Cool is correct and a little stiff, hot is free and now and then plainly wrong. A checkpoint's card names the
# temperature that its makers measured it at; ours says 1.
#
# ## 2. Walk
# Two latents, two pieces. What is *between* them? The obvious path is the straight line $(1 - t)\,a + t\,b$.
# To see what is wrong with it, ask where latents live. The squared length of $z \sim \mathcal N(0, I)$ is a sum
# of $d$ squares, each with mean 1 and variance 2:
#
# $$ \mathbb E \lVert z \rVert^2 = d, \qquad \operatorname{Var} \lVert z \rVert^2 = 2d, \qquad
# \operatorname{SD} \lVert z \rVert \approx \frac{\sqrt{2d}}{2\sqrt d} = \frac{1}{\sqrt 2}. $$
#
# So nearly all latents lie in a thin **shell** of radius $\sqrt d$, about 0.7 to either side, whatever $d$. The
# middle of the straight line between two independent ones has
#
# $$ \mathbb E \left\lVert \tfrac{a + b}{2} \right\rVert^2 = \tfrac14 (d + d) = \tfrac d2, $$
#
# far inside: a place that training never saw. **Predict, then run:** with $d = 32$ the radius is 5.66. How
# many of 10 000 latents are as short as the middle of a line, 4?

# %%
one, other = rng.standard_normal((2, 10_000, d))
middle = (one + other) / 2
length = {
    "latents": np.linalg.norm(one, axis=1),
    "midpoints": np.linalg.norm(middle, axis=1),
}
for name, values in length.items():
    print(f"{name:9} mean square {np.mean(values**2):5.2f}, SD {values.std():.2f}")

shorter = (length["latents"] < np.sqrt(d / 2)).mean()
print(f"{shorter:.2%} of the latents are shorter than {np.sqrt(d / 2):.1f}")
assert abs(np.mean(length["latents"] ** 2) / d - 1) < 0.02
assert abs(np.mean(length["midpoints"] ** 2) / (d / 2) - 1) < 0.02
assert abs(length["latents"].std() - np.sqrt(0.5)) < 0.05
assert shorter < 0.03

# %%
title = "Where latents live"
plotting.histograms(length, xlabel="length of the vector", title=title)

# %% [markdown]
# The way out is to walk *along* the shell. With $\Omega$ the angle between $a$ and $b$, the arc is the
# **spherical interpolation**, slerp for short:
#
# $$ \operatorname{slerp}(a, b, t) = \frac{\sin\bigl((1 - t)\,\Omega\bigr)\, a + \sin(t\,\Omega)\, b}{\sin \Omega},
# \qquad \cos \Omega = \frac{a \cdot b}{\lVert a \rVert\, \lVert b \rVert}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $a, b$ | `a`, `b` | two latents |
# | $t$ | `t` | share of the way, 0 to 1 |
# | $\Omega$ | `angle` | angle between them; for two random latents close to 90° |
#
# ### Exercise ★★ `slerp`
# (You needn't care for vectors that are parallel; the package does.)


# %%
def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """The point at share t of the arc from a to b, shape (d,), as a and b."""
    # BEGIN SOLUTION
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    parts = np.sin((1 - t) * angle) * a + np.sin(t * angle) * b
    return parts / np.sin(angle)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.arccos` gives the angle from its cosine. Rounding may make a cosine 1.0000001: `np.clip` it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The angle comes from directions alone, so divide by the lengths; the sum takes `a` and `b` as they are.
#
# </details>

# %%
slerp = checks.check("09.slerp", slerp)

# %%
a, b = machine.latents(2, seed=4)
shares = np.linspace(0, 1, 5)
arc = np.stack([slerp(a, b, t) for t in shares])
line = np.stack([sampling.lerp(a, b, t) for t in shares])
for name, path in (("arc", arc), ("line", line)):
    print(f"{name:4} lengths", np.linalg.norm(path, axis=1).round(2))

ends = np.linalg.norm([a, b], axis=1)
assert np.linalg.norm(arc[2]) > 0.9 * ends.min()
assert np.linalg.norm(line[2]) < np.linalg.norm(arc[2])
assert np.allclose(arc, sampling.slerp(a, b, shares), atol=1e-4)

# %% [markdown]
# Five stations, each two bars, with the same noise throughout: only $z$ changes. Joined one after the other,
# it's a **cross-fade in latent space**. Listen for what changes, and for what doesn't.

# %%
same_noise = np.repeat(machine.noise(1, seed=4), 5, axis=0)
stations = form.decode(machine.tokens(arc, same_noise), tempo=80)
walk = stations[0]
for station in stations[1:]:
    walk = sampling.join(walk, station, key=False).score
player.play(walk.replace(title="A walk in five stations"))
plotting.piano_roll(walk, title="A walk in five stations")

# %% [markdown]
# ## 3. What does z decide?
# Perhaps you expected a smooth change from one piece to another, and heard jumps: a pitch at the start goes
# another way, and everything after it follows. $z$ isn't the only one that decides. Many latents, each
# played with several noises, tell how much is whose. With $n$ latents and $m$ noises each, a measure's
# values form a table of $n$ rows. Let $W$ be the mean variance *within* rows (only the noise differs there)
# and $B$ be $m$ times the variance of the rows' means. The means vary by what $z$ does *and* by what is left
# of the noise after averaging, so $\mathbb E B = W + m\,\sigma_z^2$, and
#
# $$ \frac{\sigma_z^2}{\sigma_z^2 + W} \approx \frac{B - W}{B + (m - 1)\, W}, $$
#
# the **intraclass correlation**: 1 if $z$ decides all, 0 if it decides nothing. (Chance can take the estimate
# below 0.)
#
# ### Exercise ★★ `share_of_z`


# %%
def share_of_z(values: np.ndarray) -> float:
    """Share of the variance that z decides; values (n, m): n latents, m noises each."""
    # BEGIN SOLUTION
    m = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = m * values.mean(axis=1).var(ddof=1)
    return float((between - within) / (between + (m - 1) * within))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `values.var(axis=1, ddof=1)` is the variance of each row, with $m - 1$ below. Mind which axis the noise is on.
#
# </details>

# %%
share_of_z = checks.check("09.share_of_z", share_of_z)

# %% [markdown]
# **Predict, then run.** The measures below are: notes a bar; notes of the second bar less those of the first;
# share of notes off the beat; mean pitch; distance of the outer voices; minor or not; dissonance. Which does
# $z$ decide?

# %%
n, m = 60, 3
grid = np.repeat(machine.latents(n, seed=11), m, axis=0)
pieces = form.decode(machine.tokens(grid, machine.noise(n * m, seed=12)))
decided = {}
for name, measure in sampling.MEASURES.items():
    decided[name] = share_of_z(measure(pieces).reshape(n, m))
    print(f"{name:11} {decided[name]:6.2f}")

assert max(decided.values()) > 0.25  # z decides something
assert min(decided.values()) < 0.25  # and not everything

# %% [markdown]
# With the checkpoint that this was written with, $z$ decides about half of the *rhythm* (how many notes, where in
# the two bars, on or off the beat), a little of the dissonance and hardly anything of the *pitch*: how high it is,
# major or minor, is left to the noise. That's no accident. In training (lesson 07) $z$ could tell a few nats
# about a window for nothing, and each further nat had its price. The card says how much it tells in the end,
# beside what is left to say:

# %%
last = machine.card["training"]["log"][-1]
print(f"z tells {last['kl']:.1f} nats; what remains is {last['nll']:.0f} nats a window")
assert last["kl"] < last["nll"]

# %% [markdown]
# ### Directions
# Where $z$ decides, it can be steered. The simplest model of a measure $y$ is linear, $y \approx \bar y + w \cdot z$,
# and least squares on some hundred pieces gives $w$. Its direction $u = w / \lVert w \rVert$ is the way
# along which $y$ grows fastest, $\lVert w \rVert$ says by how much a step. (Stein's lemma says why it works:
# for standard normal $z$, $\mathbb E[z\,y] = \mathbb E[\nabla y]$, so $w$ is the mean slope, whether or not $y$ is linear.
# A count jumps, but its mean over the noise, which is what $w$ sees, is smooth in $z$.)
# How good it is must be asked of pieces that it hasn't seen: `explained` is $R^2$ on held-out fifths, and
# below 0 it's worse than saying the mean.

# %%
found = sampling.directions(machine, n=240, seed=3)
for direction in found:
    print(f"{direction.name:11} {direction.slope:+6.2f} a step,"
          f" explained {direction.explained:5.2f}")  # fmt: skip

useful = [direction for direction in found if direction.explained > 0.1]
best = found[0]
assert best.explained > 0.1

# %% [markdown]
# A direction is only worth a slider if turning it does something. The test: fresh latents, the coordinate along $u$
# set to −2 and to +2, everything else and the noise kept.

# %%
fresh, kept_noise = machine.latents(24, seed=9), machine.noise(24, seed=9)
measured = {}
for value in (-2.0, 2.0):
    tokens = machine.tokens(sampling.along(fresh, best, value), kept_noise)
    measured[value] = sampling.MEASURES[best.name](form.decode(tokens))
    print(f"{best.name} at {value:+}: {measured[value].mean():.2f}")

moved = measured[2.0].mean() - measured[-2.0].mean()
print(f"moved by {moved:.2f}; pieces differ by {best.deviation:.2f} (SD)")
assert moved > 0.5 * best.deviation

# %% [markdown]
# All of it under your hands. The sliders are the useful directions; the pad turns two of them at once; the
# walk goes from A to B along the arc; *Re-roll* takes other noise for the same $z$. Press play, keep it
# playing, and move.

# %% interactive="latents"
from musicgan_edu.widgets import latents

explorer = latents.Latents(machine, useful[:3], seed=4)
explorer

# %% [markdown]
# The same without a widget: one latent, the best direction turned from −2 to 2, the noise kept.

# %% static="latents"
for value in (-2.0, 0.0, 2.0):
    turned = sampling.along(machine.latents(1, seed=4), best, value)
    tokens = machine.tokens(turned, machine.noise(1, seed=4))
    piece = form.decode(tokens, tempo=80)[0]
    player.play(piece, label=f"{best.name} at {value:+}")

# %% [markdown]
# ### What z leaves open, ask for
# Major or minor was left to the noise. A **conditional GAN** takes the wish $c$ as an input. The checkpoint `moods` is
# the same generator with five more numbers before $z$: two for *major, minor*, and three for *calm, moderate, lively*
# (in each bar of each voice, on average, fewer than 4.4 notes begin; fewer than 5; 5 or more). Of the two one is 1, of
# the three one is 1, and the rest is 0: such a block is called **one-hot**. In training every real window came with
# what it *is*, and every fake with what it was *told*. And $D$ is shown both, the music and the wish: a calm window that was
# to be lively is a fake, however well it sounds. So the game of lesson 02 is played over pairs,
#
# $$ V(D, G) = \mathbb E_{(x, c)} \log D(x, c) + \mathbb E_{c, z} \log\bigl(1 - D(G(z, c), c)\bigr), $$
#
# and since the fakes are told just what the real windows beside them are, its equilibrium is a generator that draws from
# $p(x \mid c)$ for each $c$, and not only from $p(x)$. (That is the ideal game; lesson 07 has what becomes of it in practice.)

# %%
from musicgan_edu import conditions

told = sampling.load("moods")
for wish in (["major", "calm"], ["minor", "lively"]):
    player.play(told.sample(1, seed=4, asked=wish)[0], label=" and ".join(wish))

# %% [markdown]
# Does it obey? Counting how many are as they were told isn't enough. Say that eight pieces of ten are asked to be calm: a
# deaf machine that plays everything calmly is right in eight of ten. So compare with what chance would give.
#
# $$ \kappa = \frac{p_o - p_e}{1 - p_e}, \qquad p_e = \sum_k p_k\,q_k . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $p_o$ | `obeyed` | share of the pieces that are as they were told |
# | $p_k$, $q_k$ | means of the columns of `asked`, `came` | how often value $k$ was asked for, and how often it came |
# | $p_e$ | `by_chance` | the share that would be as told if what came had nothing to do with what was asked |
#
# This is **Cohen's kappa**: 1 for perfect obedience, and 0, up to chance, for a machine that doesn't listen. The deaf one
# above has $p_o = 0.8$ and $p_e = 0.8 \cdot 1 + 0.2 \cdot 0 = 0.8$, so $\kappa = 0$. (It falls below 0 where fewer obey than
# by chance, and isn't defined for $p_e = 1$, where the same single thing is always asked for and always comes.)
#
# ### Exercise ★★ `kappa`


# %%
def kappa(asked: np.ndarray, came: np.ndarray) -> float:
    """Agreement beyond chance of two one-hot arrays, each (N, K)."""
    # BEGIN SOLUTION
    obeyed = (asked * came).sum(axis=1).mean()
    by_chance = asked.mean(axis=0) @ came.mean(axis=0)
    return float((obeyed - by_chance) / (1 - by_chance))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Of two one-hot rows the product's sum is 1 where they agree. The mean of a column is how often that value came.
#
# </details>

# %%
kappa = checks.check("09.kappa", kappa)

# %% [markdown]
# **Predict, then run.** Does it listen better to the mode or to the motion? And what is $\kappa$ between its pieces and the
# wishes of *other* pieces? (The latents of `moods` begin with the five columns of the wish, drawn anew for each piece.)

# %%
n, obedience = 200, {}
wishes = told.latents(n, seed=21)
played = told.tokens(wishes, told.noise(n, seed=22))
for name, columns in {"mode": slice(0, 2), "motion": slice(2, 5)}.items():
    asked, came = wishes[:, columns], conditions.measure(played, form, name)
    others = asked[::-1]  # the first piece against the last one's wish, …
    obedience[name] = kappa(asked, came)
    print(f"{name:7} own {obedience[name]:5.2f}, others' {kappa(others, came):5.2f}")
    assert abs(kappa(others, came)) < 0.25
assert obedience["mode"] > obedience["motion"] > 0.3

# %% [markdown]
# It listens, better to the mode than to the motion. That has three values, and for kappa a *moderate* piece that was to be
# *calm* is simply wrong, though it lies next door. What does listening cost? By the model card the accuracy of a judge, on
# the same test windows, differs by 0.00 (between −0.05 and +0.06) from that for the machine without wishes: no cost could
# be shown, and a small one isn't excluded.
#
# Not every wish can be read off the notes. `dances` plays four bars of a fiddle tune, and is told the **metre**, three beats or
# four, and the **collection** whose tunes it should sound like. The metre the notes decide: a bar of three is written as one
# of four whose last beat rests (and the rest is taken away again). The collection came with each real tune, as a label,
# and whether a new tune sounds like it only another judge can say. **Predict** $\kappa$ for the metre.

# %%
dances = sampling.load("dances")
for wish in (["three", "ryansMammoth"], ["four", "airdsAirs"]):
    player.play(dances.sample(1, seed=4, asked=wish)[0], label=" and ".join(wish))
ordered = dances.latents(n, seed=21)  # begins with 3 columns, then 2 for the metre
tunes = dances.tokens(ordered, dances.noise(n, seed=22))
metre = kappa(ordered[:, 3:5], np.eye(2)[dances.encoding.metres(tunes)[0]])
print(f"metre   own {metre:5.2f}")
assert metre > 0.9

# %% [markdown]
# It doesn't miss: a metre says in every bar which steps rest, so likelihood alone teaches it. The collection is
# harder, for a judge too: by the model card a forest finds the collection of 63 % of real tunes in four beats and of 51 % in three (by
# chance 33 %), and the one that was asked for in 52 % and 48 % of the machine's.

# %% [markdown]
# ## 4. Keep some, draw the rest
# For what $z$ doesn't decide, say it in notes. The generator draws by $\arg\max_c\,(\ell_c / \tau + g_c)$. Whoever
# gives a class an enormous $g_c$ has decided that cell, and every later cell hears it as if it had been drawn. So
# *keeping* a voice, a bar or a single chord needs no new network, only a noise that isn't random there.
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $B, T, V, C$ | | pieces, steps, voices, classes |
# | $x$ | `tokens` | classes, $(T, V)$ |
# | $M$ | `keep` | True in the cells that stay, $(T, V)$ |
#
# ### Exercise ★★ `force`


# %%
def force(noise: np.ndarray, tokens: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Noise (B, T, V, C) with which `tokens` (T, V) win wherever `keep` is True."""
    # BEGIN SOLUTION
    forced = noise.copy()
    step, voice = np.nonzero(keep)
    forced[:, step, voice, tokens[step, voice]] = 1e9
    return forced
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Work on a copy. A logit may be 20 or 30; what wins must be far above any.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `step, voice = np.nonzero(keep)` are the kept cells, and `tokens[step, voice]` their classes. All three can
# stand in one index.
#
# </details>

# %%
force = checks.check("09.force", force)

# %% [markdown]
# Does it stay, to the last cell? We give the soprano of Bach's first two bars. And does the machine *listen*?
# We give only a first chord, once C major and once A minor, and count the keys of what follows.

# %%
opening = cleaning.windows(cleaning.to_c(bach))[0]
given = form.tokens([opening]).values[0].astype(int)
soprano = sampling.cells(form, voices=[0])
harmonised = machine.tokens(z, force(noise, given, soprano))
assert (harmonised[:, soprano] == given[soprano]).all()
player.play(
    form.decode(harmonised, tempo=80)[0],
    label="Bach's soprano, the machine's other voices",
)

# %%
first_beat = np.zeros_like(soprano)
first_beat[:4] = True
minor = {}
for name, chord in {"C major": (72, 67, 64, 48), "A minor": (72, 69, 64, 45)}.items():
    start = np.full(given.shape, form.hold)
    start[0] = np.array(chord) - form.low
    followed = form.decode(machine.tokens(z, force(noise, start, first_beat)))
    minor[name] = sampling.MEASURES["minor"](followed).mean()
    print(f"after {name}: {minor[name]:.0%} of the pieces are in minor")

assert minor["A minor"] > minor["C major"] + 0.1

# %% [markdown]
# So even the machine that knows no wishes has a handle for major and minor: not in $z$, but in the first chord.
#
# ### Deaf to the future
# The generator speaks from left to right, and within a step from the soprano down. What is given *earlier* is
# heard, what comes *later* isn't. Keep the bass instead of the soprano, and the three upper voices sing into the
# blue, since in each step they speak first.
#
# The remedy is old. Draw many candidates $x^{(1)}, \dots, x^{(n)}$ with the kept cells forced, and ask afterwards
# how likely the generator would have made those cells itself:
#
# $$ w_i \propto \prod_{(t, v)\,\in\,M} p\bigl(x_{tv} \mid \text{all cells before it in } x^{(i)}\bigr), \qquad
# \sum_i w_i = 1. $$
#
# Draw one of the candidates with these weights, and with growing $n$ it's a fair draw *given the kept cells*, past
# and future alike: **likelihood weighting** (Fung & Chang 1989). Only the given cells enter; the free ones
# were drawn by their own probabilities and need no second vote.
#
# ### Exercise ★★★ `weigh`


# %%
def weigh(log_p: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """The candidates' weights, (n,), of sum 1, from log p of the cells (n, T, V)."""
    # BEGIN SOLUTION
    evidence = log_p[:, keep].sum(axis=1)
    weights = np.exp(evidence - evidence.max())
    return weights / weights.sum()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A product of probabilities is a sum of logarithms. `log_p[:, keep]` has shape (n, number of kept cells).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The sum may be −500, and $e^{-500}$ is 0 for most purposes. What can be subtracted without changing the weights?
#
# </details>

# %%
weigh = checks.check("09.weigh", weigh)

# %% [markdown]
# Twelve real windows of validation pieces, of which we keep the bass. **Predict, then run:** 24 candidates each; how
# dissonant are they as they come, and how dissonant is the one with the largest weight?

# %%
unseen = [cleaning.to_c(piece) for piece in corpus.load("chorales", split="validation")]
windows = [window for piece in unseen[:12] for window in cleaning.windows(piece)[:1]]
bass = sampling.cells(form, voices=[3])
deaf, heard, worth = [], [], []
for window in form.tokens(windows).values.astype(int):
    candidates = machine.tokens(z[:24], force(noise[:24], window, bass))
    weights = weigh(sampling.log_likelihood(machine, candidates, z[:24]), bass)
    dissonant = evaluation.dissonance(form.decode(candidates)).per_score
    deaf.append(dissonant.mean())
    heard.append(dissonant[weights.argmax()])
    worth.append(1 / np.sum(weights**2))

# %%
real = evaluation.dissonance(windows).value
print(f"as they come {np.mean(deaf):.3f}, the best of 24 {np.mean(heard):.3f}")
print(f"Bach himself {real:.3f}")
print(f"24 candidates are worth {np.mean(worth):.1f}")
assert np.mean(heard) < np.mean(deaf)
assert np.mean(worth) < 12

# %% [markdown]
# Better, and dearer than it looks. $1 / \sum_i w_i^2$ is the **effective number** of candidates, and here it's
# hardly more than one: nearly all weight lies on a single lucky draw, so it's the best of 24 rather than a fair
# draw. More candidates help slowly. A network that was trained with gaps sees both sides of
# them at once; lesson 12 builds it. (In the package: `sampling.redraw` and `sampling.fill`.)
#
# ### From music back to z
# Walks and directions start from a $z$. Which $z$ has *Bach's* window? The generator has no inverse. But since
# $p(x \mid z)$ can be computed, it can be searched: try candidates from the prior, then climb
# $\log p(x \mid z) - \tfrac12 \lVert z \rVert^2$. `sampling.invert` does both.

# %%
target = form.tokens(windows[:1]).values[0].astype(int)
inverted = sampling.invert(machine, target, candidates=64, n_steps=3)
by_chance = sampling.log_likelihood(machine, target[None], machine.latents(64, seed=8))
print(f"surprise at its z {-inverted.log_likelihood:.0f} nats, at a random z "
      f"{-by_chance.sum((1, 2)).mean():.0f} nats on average")  # fmt: skip

again = machine.tokens(np.repeat(inverted.z[None], 16, axis=0), noise[:16])
by_luck = machine.tokens(z[:16], noise[:16])
back = {"at its z": (again == target).mean(), "at random z": (by_luck == target).mean()}
print({name: f"{share:.0%} of the cells" for name, share in back.items()})
print(f"{(target == form.hold).mean():.0%} of the target's cells are holds")
assert inverted.log_likelihood > by_chance.sum((1, 2)).mean()
assert back["at its z"] - back["at random z"] < 0.25  # a z of a few nats is no copy

# %% [markdown]
# The search finds a $z$ that explains the window much better than a random one. But draw from it, and hardly
# more of Bach comes back than from any other latent. A few nats can't hold a window: 6 nats tell apart some
# $e^6 \approx 400$ kinds of windows, not more. To steer *given* music, keep its notes; to steer the machine, turn $z$.
#
# ## 5. Mix and splice
# The other way to bring two musics together needs no network. It needs care with four things:
#
# | thing | what the package does | why |
# |---|---|---|
# | key | the second piece moves to the first one's key, or its relative, the shortest way | a cut from E♭ to D is a jolt |
# | tempo | the first one's; beats stay beats | one Score has one tempo |
# | metre | refused, unless you ask for new barlines | a waltz doesn't become a march by counting |
# | seam | cut where the voices leap least | a leap in all voices at once sounds like a cut |
#
# Now **your own music**. The cell writes a small tune into a temporary folder, as if you had brought it. Put
# the path of a MIDI or MusicXML file of yours into `mine`, and run on.

# %%
from musicgan_edu.score import Score

folder = tempfile.TemporaryDirectory(prefix="musicgan_")
mine = Path(folder.name) / "my_tune.mid"
pitches = [67, 67, 74, 74, 76, 76, 74, 72, 72, 71, 71, 69, 69, 67]
beats = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14]
lengths = [1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2]
rows = zip([0] * 14, pitches, beats, lengths, strict=True)
playback.to_midi(Score.from_rows(rows, tempo=100), mine)

tune = corpus.read(mine).replace(title="My tune")
print(tune, "in", tune.key)
player.play(tune)

# %% [markdown]
# First, the machine accompanies it: the tune is moved to C, its first two bars become the soprano, and the rest is
# drawn. (Take another two bars with `sampling.bars(tune, 3, 4)`.)

# %%
melody = sampling.bars(cleaning.quantise(cleaning.to_c(tune)), 1, 2)
one_voice = cleaning.to_voices(melody, 1).notes
asked = Score(one_voice, form.tracks).replace(title="asked")
voice = form.tokens([asked]).values[0].astype(int)
answers = sampling.fill(machine, voice, soprano, n=16, seed=1)
accompanied = form.decode(answers.tokens[:1], tempo=100)[0]
player.play(accompanied.replace(title="My tune, accompanied"))
assert (answers.tokens[:, soprano] == voice[soprano]).all()

# %% [markdown]
# Then the splice. Every barline of either piece is a possible place to change over. **Predict, then run:** how far does
# a voice leap on average at any seam, and how far at the best?

# %%
partner = machine.sample(8, seed=21)
long = partner[0]
for piece in partner[1:]:
    long = sampling.join(long, piece, key=False).score
long = long.replace(title="The machine")
fitted = sampling.fit(long, bach).score
leaps = [seam.leaps for seam in sampling.seams(bach, fitted)]
best_seam = sampling.smoothest(bach, fitted)
print(f"{len(leaps)} seams: {np.mean(leaps):.1f} semitones a voice on average")
print(best_seam)
assert best_seam.leaps < np.mean(leaps) / 2

# %%
mixed = sampling.splice(bach, long)
print(*mixed.changes, sep="\n")
player.play(mixed.score, label="Bach, then the machine, at the smoothest seam")

# %% [markdown]
# The mixer does it by hand: splice, join, layer voices of one with voices of the other, or cross-fade. Hear either
# piece or the mix, and take it home as MIDI. On the command line it's `musicgan mix a.mid b.mid --out both.mid`.

# %% interactive="mixer"
from musicgan_edu.widgets import mixer

table = mixer.Mixer(bach, long)
table

# %% [markdown]
# The same without a widget: Bach's soprano and alto over the machine's tenor and bass, and a cross-fade of two bars.

# %% static="mixer"
layered = sampling.layer(bach, long, of_a=[0, 1], of_b=[2, 3]).score
faded = sampling.crossfade(bach, long, n_bars=2).score
player.play(layered, label="Bach's upper voices, the machine's lower ones")
player.play(faded, label="Bach fades into the machine")
assert len(layered.tracks) == 4
assert faded.n_bars == bach.n_bars + long.n_bars - 2

# %% [markdown]
# The layers are in one key and in one metre, and still they clash: neither voice knows of the other. Compare the
# numbers.

# %%
clash = {"Bach": bach, "layered": layered}
for name, piece in clash.items():
    measured = evaluation.dissonance(cleaning.windows(cleaning.quantise(piece))).value
    print(f"{name:8} dissonant {measured:.3f}")
    clash[name] = measured
assert clash["layered"] > clash["Bach"]

# %% [markdown]
# ## 6. Take it home
# | file | for whom | keeps |
# |---|---|---|
# | MIDI | any sequencer | notes, instruments, tempo |
# | MusicXML | MuseScore, Sibelius, Finale | the same as a score to edit |
# | WAV | everybody | the sound, and nothing to edit |
# | SVG | a page to print | the score as a picture |

# %%
from IPython.display import SVG

out = Path(folder.name)
playback.to_midi(mixed.score, out / "mixed.mid")
playback.to_musicxml(mixed.score, out / "mixed.musicxml")
playback.to_wav(mixed.score, out / "mixed.wav")
(out / "mixed.svg").write_text(playback.engrave(mixed.score), encoding="utf-8")
for path in sorted(out.glob("mixed.*")):
    print(f"{path.name:15} {path.stat().st_size / 1000:8.1f} kB")

returned = corpus.read(out / "mixed.mid")
assert np.array_equal(returned.notes["pitch"], mixed.score.notes["pitch"])
SVG(playback.engrave(sampling.bars(mixed.score, 1, 4)))

# %% [markdown]
# The folder is temporary and goes when the kernel ends: give `out` a folder of yours to keep the files. Before you
# *publish* them, read lesson 15 on what the machine has learned from, and whose it is.
#
# ## Exercises
# You've met six: `probabilities` ★, `slerp` ★★, `share_of_z` ★★, `kappa` ★★, `force` ★★ and `weigh` ★★★. Two more, without a
# check:
#
# - Lock the soprano in the explorer and re-roll until you like the bass; then lock the bass and re-roll the
#   rest. Which order is easier, and why?
# - Find a direction of your own: write a measure (Scores in, an array out) and hand it to
#   `sampling.directions(machine, measures={"mine": …})`. Is it explained at all?
#
# <details><summary>Answers</summary>
#
# Soprano first. The lower voices hear it and fit themselves to it. A locked bass is heard only by later steps,
# since in each step the others have spoken before it; so more of the takes are dissonant.
#
# With this checkpoint, measures of rhythm are explained, those of pitch hardly: `explained` near 0 or below says
# that the direction is made of noise, however large its slope looks.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. At temperature ½, a class that was three times as likely as another is …**
# - [ ] one and a half times as likely :: That would be halving the odds. The logits are *divided by* the temperature.
# - [ ] six times as likely :: Odds aren't doubled, their logarithm is.
# - [x] nine times as likely :: Twice the logarithm is the square: $3^2$.

# %% [markdown] tags=["quiz"]
# **2. Why isn't the middle of the straight line between two latents a typical latent?**
# - [ ] It is nearer to 0, where the density of $\mathcal N(0, I)$ is small :: The density is *largest* at 0. There is
#   just hardly any volume.
# - [x] Its length is about $\sqrt{d/2}$, and nearly all latents are about $\sqrt d$ long :: Most of the probability
#   is in the shell, since that's where the room is.
# - [ ] The mean of two Gaussians isn't Gaussian :: It is, with half the variance: that's the trouble.

# %% [markdown] tags=["quiz"]
# **3. A regression finds a direction with a large slope for "minor", and `explained` is −0.1. What now?**
# - [ ] Turn it further, and minor will come :: On pieces that it hasn't seen it was worse than saying the mean.
# - [x] No slider: the slope is fitted noise :: With as many numbers as $z$ has, least squares always finds *some* direction.
# - [ ] Take the absolute value :: A negative $R^2$ isn't a reversed relation; reversed would be explained just as well.

# %% [markdown] tags=["quiz"]
# **4. You keep the second bar and have the first drawn, one candidate, no weights. What's missing?**
# - [x] The first bar doesn't know where it is going :: It was drawn before the kept cells were heard.
# - [ ] The second bar changes :: Forced cells stay to the last bit.
# - [ ] Nothing, the LSTM hears everything :: It hears what came before a cell.

# %% [markdown]
# ## Recap
# - Temperature raises the odds to the power $1/\tau$. Gumbel noise and an argmax draw the same lottery, and can be
#   kept, shared and forced.
# - Latents live in a shell of radius $\sqrt d$. Walk along it.
# - Measure what $z$ decides before you build sliders: in this machine rhythm, hardly pitch. What it leaves open can be
#   asked for, if the generator was trained with the question.
# - Kept cells are heard by what comes after them. For what comes before, draw many and weigh, and look at the
#   effective number.
# - A good splice minds key, metre, tempo and the leap at the seam.
#
# **What can go wrong.** *A MIDI file has no bars that make sense*: it was recorded without a click; the grid can't be guessed
# from it, so play to a metronome, or splice by join. *"holds several pieces"*: the file changes its metre or tempo;
# `corpus.read_all` gives the stretches, choose one. *The tune has notes outside the range*: the encoding drops what
# lies below C2 or above A5; transpose by an octave.
#
# **Reading.**
# - T. White, *Sampling Generative Networks*, 2016: slerp, and what else to do in a latent space.
# - K. Shoemake, *Animating Rotation with Quaternion Curves*, SIGGRAPH 1985: where slerp comes from.
# - C. Maddison, D. Tarlow, T. Minka, *A\* Sampling*, NeurIPS 2014: the Gumbel-max trick and its relatives.
# - M. Mirza, S. Osindero, *Conditional Generative Adversarial Nets*, 2014. J. Cohen, *A Coefficient of Agreement for
#   Nominal Scales*, Educational and Psychological Measurement 20, 1960: kappa.
# - R. Fung, K.-C. Chang, *Weighing and Integrating Evidence*, UAI 1989: likelihood weighting.
# - A. Roberts et al., *A Hierarchical Latent Vector Model* (MusicVAE), ICML 2018: a latent space that
#   was built for steering music.
# - S. Bowman et al., *Generating Sentences from a Continuous Space*, CoNLL 2016: why a latent beside a strong
#   decoder says so little.
#
# **Next**: how good is it, really? Measures with intervals, a judge, and a test of your own ears.
