# %% [markdown]
# # 05 · The CNN discriminator
#
# A GAN is only as good as its judge. What the discriminator doesn't notice, the generator will never mend.
# So before the game we look at one player alone: we build a convolutional network, train it to tell Bach
# from damaged Bach, and then examine the examiner. Which damage does it hear, which not, where in the bar
# does it hear it, and does it know how sure it may be?
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - compute a causal, dilated convolution by hand, and trace shapes and weights through a stack of them;
# - say how many steps an output has heard, and prove it by touching the inputs one by one;
# - say why a convolution over time knows no bar, why none over one-hot pitches knows an interval, and
#   what to do about it;
# - train a discriminator on real against corrupted bars, and report what it notices for each kind of damage;
# - show which notes a verdict came from, and measure whether its probabilities can be believed.
#
# *60 minutes, one and a half of them the machine's. Needs lessons 01 and 02. No network, no graphics card.*

# %% [markdown]
# ## Hear it first
# Two bars of Bach, twice. In the second version one note is wrong, by a semitone or two. Find it by ear
# before you read on. At the end of the lesson your network will have tried, too.

# %%
import numpy as np

from musicgan_edu import cleaning, corpus
from musicgan_edu.evaluation import corruption
from musicgan_edu.widgets import player

chorale = cleaning.to_c(corpus.read_chorale("bwv26.6"))  # in C major or A minor
bach = cleaning.windows(chorale)[0].replace(tempo=72, title="Bach")
one_off = corruption.damage(
    bach, "wrong pitch", np.random.default_rng(4), strength=0.01
)
player.play(bach)
player.play(one_off.replace(title="One note is wrong"))

# %% [markdown]
# ## Setup
# Lines on a red ground below are TensorFlow's notices about this processor, not errors.

# %%
from musicgan_edu import lab

rng = lab.begin("05", seconds=90)

import keras
import tensorflow as tf
from keras import layers

from musicgan_edu import checks, encoding, models, plotting, training
from musicgan_edu.widgets import corruption as bench

form = encoding.VoiceEncoding()  # two bars of 4/4, sixteen steps a bar, four voices
keras.utils.set_random_seed(5)

# %% [markdown]
# ## 1. A convolution by hand
# A **kernel** is a small template. A convolution lays it on the music at every step and notes how well it
# fits. Ours is **causal**: the template ends at the present step and never looks ahead, since a judge of step
# $t$ shouldn't need the future to say that $t$ was wrong. And it may be **dilated**: its taps stand $d$ steps
# apart.
#
# $$ y_{t,o} = b_o + \sum_{j=0}^{k-1} \sum_{i=1}^{C_{\text{in}}} w_{j,i,o}\; x_{\,t-(k-1-j)d,\; i} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $x$ | `x`, `(T, C_in)` | what is heard: a row a step, a column a feature; 0 before the first step |
# | $w$ | `kernel`, `(k, C_in, C_out)` | $C_{\text{out}}$ templates of $k$ taps each; tap $k-1$ is the present |
# | $b$ | `bias`, `(C_out,)` | added everywhere |
# | $d$ | `dilation` | steps between two taps |
# | $y$ | `(T, C_out)` | how well each template fits at each step |
#
# (What networks call a convolution is a cross-correlation to a mathematician: nothing is turned round. The
# order of the taps is learned, so it makes no difference.)
#
# ### Exercise ★★ `causal_conv`
# Write the formula. Two sums are one matrix product `x @ kernel[j]`; only the loop over the taps remains.


# %%
def causal_conv(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, dilation: int = 1
) -> np.ndarray:
    """A causal convolution: x (T, C_in), kernel (k, C_in, C_out) to (T, C_out).

    Output t sees the steps t, t − d, …, t − (k − 1)·d; before the first is silence.
    """
    # BEGIN SOLUTION
    reach = (len(kernel) - 1) * dilation
    padded = np.concatenate([np.zeros((reach, x.shape[1])), x])
    y = np.zeros((len(x), kernel.shape[2])) + bias
    for j in range(len(kernel)):
        y += padded[j * dilation : j * dilation + len(x)] @ kernel[j]
    return y
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Put $(k-1)d$ rows of zeros in front of `x`. Now every output has all its taps, and row $t$ of `x` is row
# $t + (k-1)d$ of the padded array.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Tap $j$ of output $t$ meets the padded row $t + jd$. For all $t$ at once that is a slice of length $T$.
#
# </details>

# %%
causal_conv = checks.check("05.causal_conv", causal_conv)

# %% [markdown] solution="05.causal_conv"
# The padding is what makes it causal. Keras' `padding="same"` would put half of the zeros behind the music,
# and every output would have heard a little of the future.

# %% [markdown]
# A template that we write ourselves: *C a beat ago, and D now*, a white key upwards. Three
# columns say C, D and E; the kernel has two taps, four steps apart. **Predict, then run:** at which of the
# steps does it answer 2?

# %%
melody = ["C", "C", "C", "C", "D", "D", "D", "D", "E", "E", "E", "E"]
x = np.array([[name == white for white in "CDE"] for name in melody], float)
kernel = np.zeros((2, 3, 1))
kernel[0, 0], kernel[1, 1] = 1, 1  # C a beat ago, and D now
fits = causal_conv(x, kernel, np.zeros(1), dilation=4)[:, 0]
for name, fit in zip(melody, fits, strict=True):
    print(name, "█" * int(fit))
assert fits.tolist() == [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0]

# %% [markdown]
# On all four steps of D, and on no other. But D to E, the *same* step a tone higher, gets nothing. Remember
# that: this template knows pitches, not intervals.
#
# Is this what Keras computes? We take its own layer's random weights and compare.

# %%
layer = layers.Conv1D(5, 3, dilation_rate=4, padding="causal")
heard = rng.standard_normal((32, 8)).astype(np.float32)
by_keras = layer(heard[None])[0].numpy()
by_hand = causal_conv(heard, *layer.get_weights(), dilation=4)
print(f"largest difference: {np.abs(by_keras - by_hand).max():.1e}")
assert np.allclose(by_keras, by_hand, atol=1e-5)

# %% [markdown]
# ## 2. How far it hears
# Stack convolutions, and each output of the second hears what the first one's taps heard. The **receptive
# field** is the number of input steps that one output depends on:
#
# $$ R = 1 + \sum_{\ell} (k_\ell - 1)\, d_\ell $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $k_\ell$ | `kernel_sizes[l]` | taps of layer $\ell$ |
# | $d_\ell$ | `dilations[l]` | its dilation |
# | $R$ | | steps, the present one included |
#
# ### Exercise ★ `receptive_field`


# %%
def receptive_field(kernel_sizes: list, dilations: list) -> int:
    """How many steps of its input one output of stacked convolutions depends on."""
    # BEGIN SOLUTION
    pairs = zip(kernel_sizes, dilations, strict=True)
    return 1 + sum((k - 1) * d for k, d in pairs)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A layer of $k$ taps reaches $(k-1)d$ steps further back than what it stands on. The 1 is the present.
#
# </details>

# %%
receptive_field = checks.check("05.receptive_field", receptive_field)

# %% [markdown] solution="05.receptive_field"
# It's a common slip to multiply: reaches *add*. Doubling the dilation from layer to
# layer makes the field grow exponentially with depth, at the same number of weights for each layer.

# %% [markdown]
# Now the discriminator itself. Each voice's sounding pitch is one-hot, with a flag for a note that starts
# (`models.planes`, lesson 07): 192 numbers a step. A layer of the same size for every step mixes them; three
# causal convolutions with dilations 1, 2 and 4 look back; a last layer gives one number a step, the
# **logit**: positive means *sounds real*. Dropout makes it forget a fifth of what it knows at each training
# step, so that it can't lean on a single clue.


# %%
def build(n_features: int, width: int = 64, dropout: float = 0.2) -> keras.Model:
    """Features (B, 32, n_features) to a logit for each step, (B, 32)."""
    stack = [keras.Input((32, n_features)), layers.Dense(width), layers.LeakyReLU(0.2)]
    for d in (1, 2, 4):
        convolution = layers.Conv1D(width, 3, dilation_rate=d, padding="causal")
        stack += [layers.Dropout(dropout), convolution, layers.LeakyReLU(0.2)]
    return keras.Sequential([*stack, layers.Dense(1), layers.Reshape((32,))])


judge = build(192)
for layer in judge.layers:
    if layer.count_params():
        print(f"{layer.name:12} {layer.output.shape!s:16} {layer.count_params():6,}")

# %% [markdown]
# **Predict, then run.** A convolution of $k$ taps from $C_{\text{in}}$ to $C_{\text{out}}$ channels has
# $(k\,C_{\text{in}} + 1)\,C_{\text{out}}$ weights. How many has the whole network, and does its size depend on the
# number of steps?

# %%
dense, convolution, last = (192 + 1) * 64, (3 * 64 + 1) * 64, 64 + 1
assert judge.count_params() == dense + 3 * convolution + last
print(
    f"{dense:,} + 3 × {convolution:,} + {last} = {judge.count_params():,},"
    " whatever the length"
)

packaged = models.Discriminator(192, width=64, dropout=0.2)
packaged.set_weights(judge.get_weights())
heard = rng.standard_normal((4, 32, 192)).astype(np.float32)
assert np.allclose(packaged(heard), judge(heard), atol=1e-5)
print("the package's Discriminator is the same network")

# %% [markdown]
# Does the formula's $R$ hold? The surest test is to touch. We change one input step and see which outputs
# move. **Predict** the first and the last of them for a change at step 10.

# %%
touched = heard.copy()
touched[:, 10] += 1.0
moved = np.abs(judge(touched) - judge(heard)).max(0)  # of each step
moved = np.flatnonzero(moved > 1e-7)
print(f"a change at step 10 moves the outputs {moved.min()} to {moved.max()}")
R = receptive_field([3, 3, 3], [1, 2, 4])
assert moved.tolist() == list(range(10, 10 + R))
print(f"R = {R}: nearly four beats")

# %% [markdown]
# ### The same at any time, another at any pitch
# A convolution uses the same weights at each step, so music that comes a beat later gets the same verdicts a
# beat later. It's **equivariant** under translation in time. This is a gift (a mistake is learned once, for all
# beats) and a limit: such a network *can't know* where in the bar it is, except near the beginning, where
# it sees the zeros before the music.
#
# And in pitch? **Predict, then run:** we move the music by a beat, and by a whole tone. What happens to the
# logits?

# %%
tokens = training.prepare(corpus.load("chorales", split="train"), form)


def planes(tokens: np.ndarray) -> tf.Tensor:
    """What sounds and what starts, (B, 32, 192), from classes (B, 32, 4)."""
    one_hot = tf.one_hot(tf.cast(tokens, tf.int32), form.n_classes)
    return models.planes(one_hot, form)


inside = (tokens >= form.n_pitches) | (tokens < form.n_pitches - 2)
some = tokens[inside.all((1, 2))][:64].astype(int)  # these can go up a tone
higher = np.where(some < form.n_pitches, some + 2, some)
now, up = judge(planes(some)).numpy(), judge(planes(higher)).numpy()
later = judge(tf.roll(planes(some), 4, axis=1)).numpy()

# %%
settled = slice(4 + R - 1, None)  # where the roll's seam is out of hearing
before = now[:, R - 1 : -4]
print(f"a beat later: {np.abs(later[:, settled] - before).max():.1e} at most")
print(f"a tone higher: {np.abs(up - now).mean():.3f} on average")
print(f"logits differ among windows by {now.std():.3f}")
assert np.allclose(later[:, settled], before, atol=1e-5)
assert np.abs(up - now).mean() > 0.1 * now.std()

# %% [markdown]
# To this network a chorale in D major is a different thing from the same chorale in C major. A parallel fifth
# C–G → D–A and one a tone higher are two facts, each to be learned from its own examples. What would it take?
#
# - **Convolve over pitch as well**, with weights shared along the pitch axis. The network becomes equivariant
#   under transposition, as image networks are under shifts. It costs: at each step the template visits 46 places
#   instead of one.
# - **Show many keys**: transpose the training music. Cheap, but every fact is still learned twelve times.
# - **Say it in intervals**: give the network, for each pair of voices, the interval modulo 12, and whether it
#   moved in parallel. That is what `models.relations` does. It also adds the place in the bar.
#
# The third is ours, because it's by far the cheapest on a processor. Nothing is free: computed with
# `%` and `==`, these features pass no gradient, and lesson 07 has to pay for that.

# %%
in_c, in_d = (models.relations(music, form).numpy() for music in (some, higher))
same = (in_c == in_d).all((0, 1))  # of each feature
n_pitch = 4 * (form.n_pitches + 1)  # the one-hot pitches come first
print(f"{len(same)} features; of the {len(same) - n_pitch} after the pitches")
print(f"{same[n_pitch:].mean():.0%} don't notice that the music has gone up a tone")
assert same[n_pitch:].all()
assert not same[:n_pitch].all()

# %% [markdown]
# ## 3. Damage on purpose
# In the game the discriminator's second class is whatever the generator makes, and we'd learn little about
# what it hears. Here we know exactly what is wrong, since we did it. `evaluation.corruption` has six kinds:

# %%
kinds = list(corruption.CORRUPTIONS)
for kind, (_, measure) in corruption.CORRUPTIONS.items():
    print(f"{kind:15} strength: the share of {measure}")

# %% [markdown]
# Each leaves the music formally sound: one note a voice and step, on the grid, in the range, no holes. A judge
# has to listen. Listen first yourself, and **predict** which two a network will find hardest.

# %%
for kind in kinds:
    damaged = corruption.damage(bach, kind, np.random.default_rng(1), strength=0.5)
    player.play(damaged.replace(title=kind))

# %% [markdown]
# (*Voices swapped* sounds like Bach: all four play the same organ, and the ear gets the same chords. On paper
# it's a disaster: the tenor sings the soprano's line.)
#
# Now the training set: all windows of the training pieces, and the same windows damaged, two copies, with
# random kinds and strengths.


# %%
def damaged(tokens: np.ndarray, rng: np.random.Generator, **how: object) -> np.ndarray:
    """Each window damaged once, at random unless `how` names kinds and strength."""
    scores = form.decode(tokens)
    return form.tokens([corruption.damage_any(s, rng, **how) for s in scores]).values


def labelled(tokens: np.ndarray, copies: int) -> tuple:
    """Real and as many damaged windows, `copies` times: classes, labels 1 and 0."""
    fakes = [damaged(tokens, rng) for _ in range(copies)]
    both = np.concatenate([tokens] * copies + fakes)
    return both, np.repeat([1.0, 0.0], len(both) // 2).astype(np.float32)


bars, real = labelled(tokens, copies=2)
held_out = training.prepare(corpus.load("chorales", split="validation"), form)
print(f"{len(bars)} windows to learn from, {real.mean():.0%} real")
print(f"{len(held_out)} real windows of other pieces to test on")

# %% [markdown]
# The split is **by piece** (lesson 03): no bar of a validation piece is ever trained on. Section 7 shows why.
#
# ## 4. Train it
# A window's verdict is the mean of its 32 logits, and the loss is binary cross-entropy on it (lesson 02).
# The windows travel as small integers and become features inside the pipeline. That makes `features` an
# argument, and the same function trains both networks that we compare:
#
# - **pitches**: `planes`, 192 features, what sounds and what starts;
# - **intervals**: `models.relations`, 400 features, the same and the relations between voices.


# %%
def train(network: keras.Model, features: object, data: tuple, steps: int) -> list:
    """Adam on binary cross-entropy of the mean logit; the loss in each tenth."""
    verdict = keras.ops.mean(network.outputs[0], axis=1, keepdims=True)
    window = keras.Model(network.inputs, verdict)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    window.compile(keras.optimizers.Adam(2e-3), loss, jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices(data).shuffle(len(data[0]), seed=5)
    batches = batches.batch(64, drop_remainder=True).repeat()

    def heard(bars: tf.Tensor, real: tf.Tensor) -> tuple:
        return features(bars), real[:, None]

    options = {"steps_per_epoch": steps // 10, "epochs": 10, "verbose": 0}
    history = window.fit(batches.map(heard), shuffle=False, **options)
    return history.history["loss"]  # the mean of each tenth


def intervals(tokens: np.ndarray) -> tf.Tensor:
    """The same music with relations between voices, (B, 32, 400)."""
    return models.relations(tokens, form)


# %%
features = {"pitches": planes, "intervals": intervals}
judges, curves = {}, {}
for name, steps in [("pitches", 350), ("intervals", 200)]:
    judges[name] = build(features[name](tokens[:1]).shape[-1])
    curves[name] = train(judges[name], features[name], (bars, real), steps)
    print(f"{name:9} loss {curves[name][0]:.2f} → {curves[name][-1]:.2f}")

# %%
plotting.losses(
    curves, xlabel="tenth of the training", ylabel="cross-entropy (nats)",
    title="Two judges learn",
)  # fmt: skip

# %% [markdown]
# ## 5. What it notices, and what not
# One number for a judge's ear: take a real window and a damaged one at random. How often is the real one's
# verdict higher? This is the **AUC** (area under the ROC curve): 1 is a perfect ear, 0.5 a deaf one. It needs no
# threshold, so it doesn't punish a judge who likes everything a little too much. With $v(x)$ for the verdict on a real
# window and $v(\tilde x)$ for that on a damaged one,
#
# $$ \text{AUC} = P\bigl(v(x) > v(\tilde x)\bigr) + \tfrac12 P\bigl(v(x) = v(\tilde x)\bigr) . $$


# %%
def verdicts(name: str, tokens: np.ndarray) -> np.ndarray:
    """A judge's logits for each window and step, (B, 32)."""
    parts = [tokens[i : i + 256] for i in range(0, len(tokens), 256)]
    logits = [judges[name](features[name](part)).numpy() for part in parts]
    return np.concatenate(logits)


def auc(higher: np.ndarray, lower: np.ndarray) -> float:
    """How often a value of the first sample exceeds one of the second."""
    pairs = higher[:, None] - lower[None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


# %%
tests = {
    kind: damaged(held_out, np.random.default_rng(1), kinds=[kind], strength=0.5)
    for kind in kinds
}
ear: dict = {name: {} for name in judges}
for name in judges:
    on_real = verdicts(name, held_out).mean(1)
    for kind, windows in tests.items():
        ear[name][kind] = auc(on_real, verdicts(name, windows).mean(1))

print(f"{'AUC, other pieces':18}", *(f"{name:>9}" for name in judges))
for kind in kinds:
    print(f"{kind:18}", *(f"{ear[name][kind]:9.2f}" for name in judges))

# %%
rows = {f"{kind}, {name}": (ear[name][kind],) for kind in kinds for name in judges}
plotting.intervals(rows, xlabel="AUC on held-out pieces", reference=0.5)

# %% [markdown]
# Half the notes wrong: nobody could miss it. But look at *bars shuffled*. The judge of pitches is as good as
# deaf there: each half bar is real Bach, and the seam between two of them is one step among 32. The judge of
# intervals does better, and so it does with parallel fifths and the late voice. It has a quarter more weights, and
# has trained for fewer steps. What it has is the right question already asked.

# %%
pitches, relations = ear["pitches"], ear["intervals"]
assert pitches["wrong pitch"] > 0.95
assert pitches["bars shuffled"] < 0.65
assert relations["bars shuffled"] > pitches["bars shuffled"] + 0.1
assert relations["parallel fifths"] > pitches["parallel fifths"]
assert np.mean(list(relations.values())) > np.mean(list(pitches.values())) + 0.03

# %% [markdown]
# How little damage is enough? On a violin a quarter of a tone would hurt; here the smallest mistake
# is one note, a semitone or two away.

# %%
for share in (0.01, 0.05, 0.1, 0.25):
    windows = damaged(
        held_out, np.random.default_rng(2), kinds=["wrong pitch"], strength=share
    )
    row = {
        name: auc(verdicts(name, held_out).mean(1), verdicts(name, windows).mean(1))
        for name in judges
    }
    print(f"{share:4.0%} of the notes", {k: round(v, 2) for k, v in row.items()})
    if share == 0.01:
        single_note = windows, row

# %% [markdown]
# A single wrong note among three or four dozen is hard to hear, window against window: windows of Bach differ
# more among themselves than one note makes. (Against *its own* original the damaged window
# loses more often; that comparison is easier, and a discriminator in a GAN never gets it.)

# %%
windows, row = single_note
own = verdicts("pitches", held_out).mean(1) > verdicts("pitches", windows).mean(1)
print(f"AUC {row['pitches']:.2f}; below its own original: {own.mean():.0%}")
assert 0.5 < row["pitches"] < 0.8
assert own.mean() > row["pitches"]

# %% [markdown]
# Now with your own ears: the damaged window that the judge of pitches finds most convincing. Do you agree?

# %%
pool = np.concatenate(list(tests.values()))
best = int(verdicts("pitches", pool).mean(1).argmax())
kind = kinds[best // len(held_out)]
original, fooled = form.decode(
    np.stack([held_out[best % len(held_out)], pool[best]]), tempo=72
)
player.play(fooled.replace(title=f"Passed as real: {kind}"))
player.play(original.replace(title="The original"))

# %% [markdown]
# ## 6. Which notes was it?
# A verdict is a number; we'd like to see what it came from. The judge is differentiable, so we ask for the
# slope of the verdict in each input. To leave an input $x_i$ out would *lower* the verdict $v$ by about
#
# $$ s_i = x_i \, \frac{\partial v}{\partial x_i}, \qquad v = \frac1T \sum_t D(x)_t. $$
#
# Negative: it speaks *against* the window. This is **gradient times input**, the simplest of the saliency
# maps.
#
# ### Exercise ★★★ `saliency`
# You need a tape that watches an input (tapes watch only variables unless told), the mean over the steps, and
# one gradient. Mind that windows in a batch are judged one by one.


# %%
def saliency(judge: keras.Model, x: tf.Tensor) -> np.ndarray:
    """What each input of x (B, T, F) adds to its window's verdict, to first order.

    judge(x) gives logits (B, T); a window's verdict is their mean over the steps.
    """
    # BEGIN SOLUTION
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        verdicts = tf.reduce_mean(judge(x), axis=1)  # (B,)
    return (x * tape.gradient(verdicts, x)).numpy()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `with tf.GradientTape() as tape: tape.watch(x)`, and inside it everything from `x` to the verdicts.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Asked for the gradient of a whole vector of verdicts, the tape gives that of their *sum*. Window 3 depends on
# its own inputs only, so for its inputs that is what we want.
#
# </details>

# %%
saliency = checks.check("05.saliency", saliency)

# %% [markdown] solution="05.saliency"
# Without the factor $x$ the map would also have large values where nothing sounds: places where a note *would*
# matter. Both maps are used; they answer different questions.


# %%
def objections(scores: list) -> list:
    """How much each note speaks against its window: an array for each Score."""
    grid = planes(form.tokens(scores).values)
    against = -saliency(judges["pitches"], grid).reshape(-1, 32, 4, 48)
    blamed = []
    for score, cells in zip(scores, against, strict=True):
        notes = score.notes
        first = (4 * notes["onset"]).astype(int)
        stop = first + (4 * notes["duration"]).astype(int)
        where = zip(first, stop, notes["track"], notes["pitch"] - form.low, strict=True)
        blamed.append(
            np.array([cells[a:b, voice, p].sum() for a, b, voice, p in where])
        )
    return blamed


blame = objections([one_off])[0]
plotting.marked_roll(one_off, blame, label="objection (logits)", title="One is wrong")

# %%
wrong = np.flatnonzero(one_off.notes["pitch"] != bach.notes["pitch"])[0]
note, rank = one_off.notes[wrong], int((blame > blame[wrong]).sum()) + 1
voice, name = one_off.tracks[note["track"]].name, plotting.pitch_name(note["pitch"])
print(f"The wrong note was the {voice}'s {name} on beat {note['onset'] + 1:g}.")
print(f"Of {one_off.n_notes} notes it is number {rank} on the judge's list.")

# %% [markdown]
# One example proves nothing, whichever way it went. A hundred windows of other pieces, each with one wrong
# note: how often does the wrong one get the strongest objection, or one of the three strongest?

# %%
befores, afters = form.decode(held_out[:100]), form.decode(single_note[0][:100])
ranks, chance = [], []
for before, after, blame in zip(befores, afters, objections(afters), strict=True):
    wrong = np.flatnonzero(before.notes["pitch"] != after.notes["pitch"])[0]
    ranks.append((blame > blame[wrong]).sum())
    chance.append(1 / after.n_notes)

first, three, guess = (
    np.mean(x) for x in (np.less(ranks, 1), np.less(ranks, 3), chance)
)
print(f"strongest: {first:.0%}; by chance {guess:.0%}")
print(f"among the three strongest: {three:.0%}; by chance {3 * guess:.0%}")
assert first > 2 * guess
assert three > 2 * 3 * guess

# %% [markdown]
# Several times better than chance, and wrong most of the time. Believe a saliency map as far as you've tested
# it: it shows what moved *this network*, to first order, not what is wrong with the music. Often it blames the
# innocent neighbour with which the wrong note clashes.
#
# ### Damage it yourself
# Choose a kind of damage and its strength, or take single notes: the arrow keys or the mouse choose a cell of
# the grid below the player, `+` and `-` move its note by a semitone. The line is the verdict of each step, the
# dashed one that of the original. **Predict** before you look: how many steps after a wrong note does the judge
# of intervals stay upset?


# %% interactive="corruption"
def listen(scores: list) -> np.ndarray:
    """The judge of intervals on Scores: logits (B, 32)."""
    return verdicts("intervals", form.tokens(scores).values)


bench.Bench(bach, listen)

# %% static="corruption"
how = {"kind": "voice shifted", "rng": np.random.default_rng(3), "strength": 0.25}
shifted = corruption.damage(bach, **how)
before, after = listen([bach, shifted])
player.play(shifted.replace(title="One voice shifted, two beats"))
plotting.losses(
    {"as Bach wrote it": before, "one voice shifted": after},
    steps=range(32),
    xlabel="step",
    ylabel="logit (above 0: real)",
    title="Verdicts",
)

# %%
both = form.sounding(form.tokens([bach, shifted]).values)
where = np.flatnonzero((both[0] != both[1]).any(1))
print(f"damaged: steps {where.min()} to {where.max()}")
print(f"verdict {before.mean():.2f} → {after.mean():.2f}")
assert np.allclose(before[: where.min()], after[: where.min()], atol=1e-5)

# %% [markdown]
# Up to the damage both lines are one: the network is causal. Behind it they part for as long as the damage is
# within hearing, and then meet again.

# %%
gone = where.max() + R  # the first step that no longer hears any of it
apart = np.abs(after - before)
within, behind = apart[where.min() : gone].mean(), apart[gone:].mean()
print(f"apart within hearing {within:.2f} logits on average, behind it {behind:.2f}")
assert within > 0.1
assert behind < within / 5

# %% [markdown]
# ## 7. Learned, or learned by heart?
# The same network without dropout, on thirty pieces instead of all, with one damaged copy. We hold out a fifth of
# *their* windows, and test on those, and on the validation pieces. **Predict** the three accuracies.

# %%
few = [
    training.prepare([piece], form)
    for piece in corpus.load("chorales", split="train")[:30]
]
few_bars = rng.permutation(np.concatenate(few))
cut = len(few_bars) // 5
judges["by heart"], features["by heart"] = build(192, dropout=0.0), planes
learned = labelled(few_bars[cut:], copies=1)
curve = train(judges["by heart"], planes, learned, steps=300)
print(f"loss {curve[0]:.2f} → {curve[-1]:.2f}")
# %%
sets = {"seen": few_bars[cut:], "same pieces": few_bars[:cut], "other pieces": held_out}
fakes = {where: damaged(bars, np.random.default_rng(3)) for where, bars in sets.items()}
fakes["seen"] = learned[0][len(sets["seen"]) :]  # the very ones


def accuracy(name: str, where: str) -> tuple:
    """The share of real windows called real, and of damaged ones called damaged."""
    called_real = (verdicts(name, sets[where]).mean(1) > 0).mean()
    return float(called_real), float((verdicts(name, fakes[where]).mean(1) <= 0).mean())


hits = {where: accuracy("by heart", where) for where in sets}
for where, (real, fake) in hits.items():
    print(
        f"{where:13} real {real:.2f}, damaged {fake:.2f}, both {(real + fake) / 2:.2f}"
    )
both = accuracy("pitches", "other pieces")
print(f"the judge of pitches, on other pieces: both {sum(both) / 2:.2f}")

# %% [markdown]
# What it has seen it knows, and of the rest much less. It has learned those thirty pieces, not Bach. The judge of
# section 4, with dropout and ten times the music, is better on other pieces.
#
# Look at the *real* windows of the middle row. Nobody trained on them, and yet more of them are greeted than of
# other pieces' (on most machines). Neighbouring windows share a bar, and a chorale repeats its phrases: who knows
# the phrase greets it again. A test set of windows from the same pieces would have flattered us. That is why
# the split is by piece.

# %%
assert hits["seen"][0] > hits["other pieces"][0] + 0.1
assert sum(hits["seen"]) > sum(hits["other pieces"]) + 0.3
assert sum(both) > sum(hits["other pieces"])

# %% [markdown]
# ## 8. How sure, and how rightly so?
# $\sigma(v(x))$ claims to be a probability. A judge is **calibrated** if of all windows to which it gives
# 80 %, 80 % are real. Sort the probabilities into bins; in each, compare what was claimed with what came
# true:
#
# $$ \text{ECE} = \sum_{k} \frac{n_k}{n}\; \bigl|\,\bar p_k - \bar y_k\,\bigr| $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $n_k / n$ | `inside.mean()` | the share of windows in bin $k$ |
# | $\bar p_k$ | | the mean probability claimed there |
# | $\bar y_k$ | | the share of real windows there |
#
# ### Exercise ★★ `calibration_error`


# %%
def calibration_error(
    probability: np.ndarray, real: np.ndarray, n_bins: int = 10
) -> float:
    """Expected calibration error: claimed probabilities against what came true.

    probability (n,) in 0 to 1; real (n,) 1 or 0. Bins of equal width; empty ones
    don't count.
    """
    # BEGIN SOLUTION
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for k in np.unique(bins):
        inside = bins == k
        gap = probability[inside].mean() - real[inside].mean()
        error += inside.mean() * abs(gap)
    return float(error)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The bin of $p$ is $\lfloor p \cdot n_{\text{bins}} \rfloor$, except that $p = 1$ belongs in the last one.
# `np.unique` gives the bins that aren't empty.
#
# </details>

# %%
calibration_error = checks.check("05.calibration_error", calibration_error)

# %% [markdown] solution="05.calibration_error"
# The number depends on the bins, and on few windows it can't be 0 even for a perfect judge: compare judges on
# the same windows, and don't worship the third digit.

# %%
came_true = np.repeat([1, 0], len(held_out))
claims, errors = {}, {}
for name in judges:
    tested = np.concatenate([held_out, fakes["other pieces"]])
    claims[name] = tf.sigmoid(verdicts(name, tested).mean(1)).numpy()
    errors[name] = calibration_error(claims[name], came_true)
    print(f"{name:9} mean certainty {np.abs(claims[name] - 0.5).mean() + 0.5:.2f}, "
          f"ECE {errors[name]:.2f}")  # fmt: skip

assert errors["by heart"] > errors["pitches"] + 0.05

# %%
edges = np.linspace(0, 1, 6)
middles, shares = (
    (edges[1:] + edges[:-1]) / 2,
    {"if calibrated": [0.1, 0.3, 0.5, 0.7, 0.9]},
)
for name, claim in claims.items():
    bins = np.minimum((claim * 5).astype(int), 4)
    counts = [came_true[bins == k] for k in range(5)]
    shares[name] = [c.mean() if len(c) else np.nan for c in counts]
plotting.losses(shares, steps=middles, xlabel="probability of real, as claimed",
                ylabel="share that was real", title="Reliability")  # fmt: skip

# %% [markdown]
# The judge that learned by heart is sure of itself and often wrong: its curve is flatter than the diagonal. In
# a GAN that is poison. A verdict of 0.01 on a fake makes the non-saturating loss push with nearly full force,
# whether the judge has a reason or not. Penalties on the discriminator's slope (lesson 08) keep it modest.

# %% [markdown]
# ## Exercises
# You've met four on the way: `receptive_field` ★, `causal_conv` ★★, `calibration_error` ★★ and `saliency` ★★★.
# Three more, without a check:
#
# - ★ Add a fourth convolution with dilation 8. How far does the judge hear now, and what becomes of *bars
#   shuffled*?
# - ★★ Write a corruption of your own, say every second note doubled in speed, and see whether judges that were
#   never trained on it notice.
# - ★★★ Instead of asking for slopes, *try*: move each note by one and two semitones, up and down, and see
#   which change makes the verdict rise most. Does that find the wrong note more often?
#
# <details><summary>Answers</summary>
#
# $R = 31$: nearly both bars. Whether it helps is for you to measure. To hear a seam between half bars from
# one-hot pitches, the judge would have to know which chords may follow which, in every position of every chord.
#
# A judge learns what it's shown. One that has never met damage in the rhythm has no reason to look at it. In
# a GAN that's not a flaw: the generator's mistakes *are* its training set.
#
# Trying costs four forward passes a note, instead of one backward pass for all. In our trial it named the wrong note
# half again as often as gradient times input did: not to first order any more, but still *this network's* opinion.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. Three causal convolutions of three taps have dilations 1, 2 and 4. How many steps does an output hear?**
# - [ ] 27 :: Taps multiply along paths, but many paths meet at the same step.
# - [ ] 7 :: That is without dilation: $1 + 3 \cdot 2$.
# - [x] 15 :: $1 + 2 \cdot 1 + 2 \cdot 2 + 2 \cdot 4$.

# %% [markdown] tags=["quiz"]
# **2. Why can't the judge of pitches know on which beat of the bar a chord stands?**
# - [x] It uses the same weights at every step, and nothing in its input says where it is :: Except near the
#   start, where it hears the zeros of the padding.
# - [ ] Its receptive field is shorter than a bar :: A longer one would hear more music, and no barline either.
# - [ ] One-hot vectors lose the time :: The order of the steps is the time, and it's kept.

# %% [markdown] tags=["quiz"]
# **3. A discriminator has 99 % accuracy on its training windows and 68 % on other pieces. What do you do first?**
# - [ ] Make it larger: 68 % is poor :: It would learn the training pieces even better by heart.
# - [ ] Nothing: a strong discriminator is good for the generator :: It's strong on what it has seen, and sure of
#   itself everywhere.
# - [x] Give it more music, or less memory: augmentation, dropout, a penalty, fewer weights :: The gap between
#   the two numbers is what it learned by heart.

# %% [markdown] tags=["quiz"]
# **4. A saliency map marks the alto's F on beat 3. What do you know?**
# - [ ] The F is wrong :: It may be the innocent neighbour of the wrong note.
# - [x] A little less of this input would change *this network's* verdict most :: To first order. Whether that
#   finds mistakes has to be measured, as we did.
# - [ ] The network has understood the harmony :: A map has the same look whatever the network has understood.

# %% [markdown]
# ## Recap
# - A convolution is a template laid on every step. Causal: it ends now. Dilated: it skips.
# - $R = 1 + \sum (k-1)d$, and touching the inputs proves it.
# - The same weights at all times: nothing is learned twice, and no barline is known. One-hot pitches: everything
#   is learned once for each key. Intervals and place have to be given, or paid for.
# - Report what a judge notices by kind of damage, on pieces that it hasn't seen, as AUC.
# - Saliency shows what moved the network. Test the map before you believe it.
# - A judge that learned by heart is sure and wrong.
#
# **What can go wrong.** Damage that leaves a trace in the *form* (a rest where Bach never rests, a note off the
# grid) is found at once, and the AUC of 1.00 says nothing about music. A high accuracy with a split by windows.
# Forgetting `training=False` at test time isn't possible by accident (it's the default), forgetting
# `training=True` in a loop of your own is: then dropout never drops.
#
# **Reading.**
# - A. van den Oord et al., *WaveNet*, 2016: causal, dilated convolutions, for sound.
# - S. Bai, J. Z. Kolter, V. Koltun, *An Empirical Evaluation of Generic Convolutional and Recurrent Networks for
#   Sequence Modeling*, 2018.
# - T. Cohen, M. Welling, *Group Equivariant Convolutional Networks*, ICML 2016: what else could be shared.
# - K. Simonyan, A. Vedaldi, A. Zisserman, *Deep Inside Convolutional Networks*, 2013: saliency maps.
# - J. Adebayo et al., *Sanity Checks for Saliency Maps*, NeurIPS 2018: read it before you trust one.
# - C. Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
#
# **Next**: the other player. How numbers become notes, and how a slope gets past a decision.
