# %% [markdown]
# # 10 · Evaluate honestly
#
# A paper says that its machine reaches 0.93 where Bach has 0.93. A video plays four bars that could be by
# anyone. What do you know now? Perhaps that the machine is good, perhaps that somebody counted windows instead
# of pieces, that the four bars were the best of a thousand, or that they *are* by Bach. In this lesson you build
# the instruments that tell these apart, and then use each of them to tell a lie, so that you'll know it again.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - compute a measure by its definition, and give it an interval over pieces, not over windows;
# - build a judge (a classifier two-sample test), keep its folds free of leaks, and say what chance gives;
# - find copying, which every other measure rewards;
# - spot cherry-picking and a measure without a best direction;
# - run a blind listening test, and say how many answers it takes to know something.
#
# *75 minutes. Needs lessons 01 and 03; 07 for what is judged. No network.*

# %% [markdown]
# ## Hear it first
# Two clips. One was written by Bach, the other by the generator that comes with this course. Both went
# through the same hands: the same key, tempo, organ, and no name on it. Write down which is which. The answer
# comes in section 7, and it will be about more than two clips.

# %%
from musicgan_edu import cleaning, corpus, evaluation, sampling
from musicgan_edu.widgets import player


def windows_of(split: str) -> list:
    """All windows of two bars of a split's chorales, one from every barline on."""
    chorales = corpus.load("chorales", split=split)
    return [window for chorale in chorales for window in cleaning.windows(chorale)]


test = windows_of("test")
machine = sampling.load("chorales").sample(400, seed=10)
pair = evaluation.series(test, machine, n=2, seed=10)
for name, clip in zip("AB", pair, strict=True):
    player.play(clip.score, label=name)

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("10", seconds=100)

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from musicgan_edu import checks, plotting
from musicgan_edu.evaluation import features, groups_of
from musicgan_edu.score import Score

# %% [markdown]
# ## 1. Five composers and a number each
# Real music comes from the **test** split: pieces that no model was trained on, and by which nothing was chosen.
# That's what *test* means. Whoever tries ten settings and reports the best one's test score has used it for
# training, by hand.
#
# Beside it stand four machines. Three of them are frauds, made in a minute, and they'll be more useful than the
# honest one:
#
# | name | how it composes |
# |---|---|
# | `machine` | the course's GAN |
# | `shuffled` | each voice by Bach, but each from another piece |
# | `frozen` | takes a chord by Bach, and holds it for two bars |
# | `copyist` | takes two bars from the training set, and signs them |

# %%
train = windows_of("train")
some = [train[i] for i in rng.permutation(len(train))[:400]]
in_c = [cleaning.to_c(window.replace(key=None, source="", title="")) for window in some]


def shuffle_voices(pieces: list) -> list:
    """As many windows, each voice from a window drawn at random."""
    drawn = rng.integers(len(pieces), size=(len(pieces), 4))
    notes = [[pieces[i].of_track(v) for v, i in enumerate(row)] for row in drawn]
    return [pieces[0].replace(notes=np.concatenate(voices)) for voices in notes]


def freeze(piece: Score) -> Score:
    """The chord of the first beat, held for two bars."""
    notes = piece.notes[piece.notes["onset"] < 1e-6].copy()
    notes["duration"] = 8
    return piece.replace(notes=notes)


# %%
machine = [piece.replace(source="") for piece in machine]
composers = {
    "real": test,
    "machine": machine,
    "shuffled": shuffle_voices(in_c),
    "frozen": [freeze(piece) for piece in in_c],
    "copyist": in_c,
}
n_pieces = len(set(groups_of(test)))
print(f"{len(test)} real windows of {n_pieces} pieces, 400 of each machine")
player.play(composers["shuffled"][0].replace(tempo=72), label="shuffled")

# %% [markdown]
# Much of what papers report about music is a **rate**, hits out of cases, or a mean. Four famous ones are MuseGAN's
# (Dong et al. 2018):
#
# | short | counts | of |
# |---|---|---|
# | EB | empty bars | a track's bars |
# | UPC | distinct pitch classes | in a track's bar, on average |
# | QN | notes of at least a 32nd | all notes. On our grid of 16ths: always 1, so it says nothing here |
# | TD | tonal distance of two tracks | beat by beat, on average |
#
# A definition fits in a line, and programs miss it all the same. In the code that was released with a paper you
# can find: an *empty bar rate* that returns the share of bars that are **not** empty; a chroma that reshapes the
# pitch axis to (12, −1), and so calls neighbouring semitones one "pitch class"; and a divergence that looks
# at each of two densities on a grid of its own, where a pure shift vanishes. Published tables were made with such
# code. The second one takes three lines to see:

# %%
pitches = np.arange(84)  # seven octaves from some C on
print("one 'pitch class' of the released code:", pitches.reshape(12, -1)[0])
print("the pitch class of C:                  ", pitches.reshape(-1, 12)[:, 0])
assert (pitches.reshape(-1, 12)[:, 0] % 12 == 0).all()
assert len(set(pitches.reshape(12, -1)[0] % 12)) == 7  # seven pitch classes in one

# %% [markdown]
# So: the definition first, a tiny example by hand, then the code.
#
# ### Exercise ★ `empty_bar_rate`
# Two tracks of three bars; in each track one bar has a note. On paper, EB is $4/6$.


# %%
def empty_bar_rate(roll: np.ndarray, steps_per_bar: int) -> float:
    """EB: the share of a track's bars that are silent, over all tracks.

    `roll` is bool, (n_tracks, n_steps): whether anything sounds. n_steps is a whole
    number of bars.
    """
    # BEGIN SOLUTION
    bars = roll.reshape(
        len(roll), -1, steps_per_bar
    )  # (n_tracks, n_bars, steps_per_bar)
    return float((~bars.any(axis=2)).mean())
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `reshape` can give bars an axis of their own. A bar is empty if none of its steps sounds.
#
# </details>

# %%
empty_bar_rate = checks.check("10.empty_bar_rate", empty_bar_rate)

# %%
roll = evaluation.voices(test[:1]).pitch[0].T >= 0  # (voices, steps)
print("EB of one chorale's window:", empty_bar_rate(roll, 16))
print("EB of all:", evaluation.empty_bars(test, n_bars=2))
assert empty_bar_rate(roll, 16) == evaluation.empty_bars(test[:1], n_bars=2).value

# %% [markdown]
# ### An interval, and over what
# A rate without an interval is half a number. The **bootstrap** gets one without a formula: draw as many data as
# there are, with replacement, compute the number again, a thousand times, and keep the middle 95 %.
#
# As many *what*? Our windows overlap, and all windows of a chorale share its tempo, texture and mood. Nobody
# drew 369 windows from the world's chorales; somebody drew 34 chorales. So whole pieces are drawn:
#
# $$ \bar v^{*} = \frac{\sum_{g \in \text{draw}} \sum_{i \in g} v_i}{\sum_{g \in \text{draw}} |g|} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $v_i$ | `values` | the measure of window $i$ |
# | $g$ | `piece` | a piece: the windows that belong to it |
# | draw | a row of `draws` | as many pieces as there are, some twice, some never |
# | $\bar v^{*}$ | one of the results | the mean that this draw gives |
#
# ### Exercise ★★ `resampled_means`


# %%
def resampled_means(
    values: np.ndarray, piece: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """The mean over all windows of the pieces drawn, one for each draw, (n_draws,).

    `values` and `piece` are (n_windows,): a measure, and the number of the piece that
    the window comes from. `draws` is (n_draws, n_pieces): numbers of pieces, drawn with
    replacement; a piece that is drawn twice counts twice.
    """
    # BEGIN SOLUTION
    sums = np.bincount(piece, values)  # one for each piece
    counts = np.bincount(piece)
    return sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You don't need the windows of a draw, only each piece's sum and its number of windows.
# `np.bincount(piece, values)` adds up by piece.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `sums[draws]` has the shape of `draws`.
#
# </details>

# %%
resampled_means = checks.check("10.resampled_means", resampled_means)

# %% [markdown]
# **Predict, then run.** How often do the chords change in a bar of Bach? The mean is the same either way. Which
# interval is wider: the one over windows or the one over pieces?

# %%
values, piece = evaluation.changes_per_bar(test).per_score, groups_of(test)
window = np.arange(len(values))  # every window a piece of its own
widths = {}
for name, unit in [("windows", window), ("pieces", piece)]:
    n = unit.max() + 1
    means = resampled_means(values, unit, rng.integers(n, size=(2000, n)))
    low, high = np.percentile(means, [2.5, 97.5])
    widths[name] = high - low
    print(f"over {name:8} {values.mean():.2f} [{low:.2f}, {high:.2f}]")
print(f"the honest one is {widths['pieces'] / widths['windows']:.1f} times as wide")
assert widths["pieces"] > 1.3 * widths["windows"]

# %% [markdown]
# The narrow one isn't a better estimate. It's a wrong one: it believes in 369 independent facts. (A machine's
# samples *are* independent draws, and count one by one.)
#
# ## 2. One frozen chord breaks no rule
# Now the five composers side by side. `evaluation` returns each measure as a `Tally`, a ratio with its counts
# and intervals over pieces; the numbers come as real music has them, in whatever key.
#
# **Predict, then run.** Which of the five has the fewest parallel fifths?

# %%
measured = {}
for name, pieces in composers.items():
    grid = evaluation.voices(pieces)
    rules = evaluation.chorale_rules(grid)
    measured[name] = {
        "in key": evaluation.in_key(pieces),
        "dissonant": evaluation.dissonance(grid),
        "fifths": rules["parallel fifths / pair-step"],
        "crossings": rules["crossings / step"],
        "changes a bar": evaluation.changes_per_bar(grid),
    }

# %%
for measure in measured["real"]:
    print(measure)
    for name, found in measured.items():
        low, high = found[measure].interval(groups_of(composers[name]))
        print(f"  {name:9} {found[measure].value:8.4f} [{low:.4f}, {high:.4f}]")

# %%
frozen, real = measured["frozen"], measured["real"]
assert frozen["fifths"].value == 0 < real["fifths"].value
assert frozen["crossings"].value <= real["crossings"].value + 0.02
assert frozen["dissonant"].value < real["dissonant"].value
assert frozen["changes a bar"].value == 0
assert measured["shuffled"]["dissonant"].value > 1.5 * real["dissonant"].value
assert abs(measured["machine"]["changes a bar"].value - 5.5) < 2

# %% [markdown]
# A chord that never moves has no parallels, fewer dissonances than Bach, and more of its notes in key: by those
# rows it beats him. Only *changes a bar* gives it away. Two habits follow. No measure of faults without a measure of
# activity beside it. And no best direction where there is none: 11 % of real music's pairs are dissonant, so
# 0 % is as wrong as 22 %. The target is the real number with its interval, not the end of the scale.

# %% [markdown]
# ## 3. Build a judge
# Twenty measures can agree while the music doesn't. So turn the question round: **can anybody tell the two
# sets apart?** Take real and fake windows, hide the labels of some, train a classifier on the rest, and count how
# often it's right on the hidden ones. This is a *classifier two-sample test*, C2ST (Lopez-Paz & Oquab 2017).
# Accuracy 0.5: this judge can't tell. Accuracy 1: it always can.
#
# Our judge is a random forest on a table of features that a musician could name: pitch classes, the intervals of
# every pair of voices, crossings, how each voice moves, its register and spread, where in the beat things
# change, rests, parallels. Both sides go through the same key estimate and the same grid. If real music came in
# all keys and fakes in C, the judge would be perfect, and blind.

# %%
tables = {name: features(pieces) for name, pieces in composers.items()}
print(f"a table of {tables['real'].values.shape}: windows × features")
print(", ".join(tables["real"].names[::12]))

# %% [markdown]
# ### The leak
# Cross-validation cuts the windows into **folds**; each is judged by a forest that was trained on the others.
# Windows of one piece overlap, so if one is in the training folds and its neighbour in the held-out one, the
# forest needn't know what makes music real. It knows *this piece*. Hence the rule: **a piece stays in one
# fold.**
#
# ### Exercise ★★ `grouped_folds`
# Folds should also be about equally large, though pieces are not: so the largest piece goes first, and each to
# the fold that is emptiest at the time.


# %%
def grouped_folds(piece: np.ndarray, n_folds: int) -> np.ndarray:
    """The fold of each window, 0 to n_folds − 1, (n_windows,); pieces stay together.

    `piece` holds the number of each window's piece. Piece after piece, the largest
    first, goes to the fold that holds the fewest windows so far.
    """
    # BEGIN SOLUTION
    sizes = np.bincount(piece)
    filled = np.zeros(n_folds)
    fold_of = np.zeros(len(sizes), dtype=int)
    for number in np.argsort(-sizes, kind="stable"):
        fold_of[number] = filled.argmin()
        filled[fold_of[number]] += sizes[number]
    return fold_of[piece]
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Decide for pieces first, in an array with one entry a piece; `fold_of[piece]` then tells every window.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `np.argsort(-sizes)` gives the numbers of the pieces, the largest first, and `filled.argmin()` the emptiest
# fold.
#
# </details>

# %%
grouped_folds = checks.check("10.grouped_folds", grouped_folds)

# %% [markdown]
# ### Exercise ★★★ `held_out_accuracy`
# The judge itself. With $s_i$ what was said of window $i$ while it was held out,
#
# $$ A = \tfrac12 \Bigl( \frac{\#\{i \text{ real}: s_i = \text{real}\}}{\#\text{real}} +
# \frac{\#\{i \text{ fake}: s_i = \text{fake}\}}{\#\text{fake}} \Bigr). $$
#
# The mean of two accuracies, because a judge that calls everything real would otherwise look good wherever
# there is more real music.


# %%
def held_out_accuracy(
    new_judge: Callable, x: np.ndarray, is_fake: np.ndarray, fold: np.ndarray
) -> float:
    """The mean of the accuracies on real and on fake windows, while held out.

    `x` is (n_windows, n_features), `is_fake` bool and `fold` int, (n_windows,).
    `new_judge()` makes an untrained judge with fit(x, is_fake) and predict(x).
    """
    # BEGIN SOLUTION
    said = np.zeros(len(x), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        said[held] = new_judge().fit(x[~held], is_fake[~held]).predict(x[held])
    right = said == is_fake
    return float((right[is_fake].mean() + right[~is_fake].mean()) / 2)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One loop over the folds. In each, a *new* judge: one that has seen the held-out windows before remembers them.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Collect what was said in one array, (n_windows,), and count at the end.
#
# </details>

# %%
held_out_accuracy = checks.check("10.held_out_accuracy", held_out_accuracy)

# %% [markdown]
# **Predict, then run.** Bach against Bach: windows of the test pieces against windows of as many *training*
# pieces. There is nothing to find, so an honest judge should be near 0.5. What does it say with folds cut window by
# window, and what with folds by piece?


# %%
def forest() -> RandomForestClassifier:
    """An untrained judge."""
    return RandomForestClassifier(
        100, random_state=10, n_jobs=2, class_weight="balanced"
    )


# %%
names = list(dict.fromkeys(window.source for window in train))
chosen = {names[i] for i in rng.permutation(len(names))[:n_pieces]}
others = features([window for window in train if window.source in chosen])

x = np.concatenate([tables["real"].values, others.values])
is_other = np.arange(len(x)) >= len(test)
piece = groups_of([*tables["real"].pieces, *others.pieces])
by_window = held_out_accuracy(forest, x, is_other, rng.integers(0, 5, len(x)))
by_piece = held_out_accuracy(forest, x, is_other, grouped_folds(piece, 5))
print(f"Bach against Bach, folds by window: {by_window:.3f}")
print(f"Bach against Bach, folds by piece:  {by_piece:.3f}")
assert by_window > by_piece + 0.1
assert abs(by_piece - 0.5) < 0.2

# %% [markdown]
# That's the size of the leak: a judge that tells Bach from Bach, for the price of one wrong line. Most public
# code that splits windows at random has it. It flatters *detectors*; the same leak between training and test
# set flatters *models*.
#
# ### What chance gives
# With folds by piece the number was near 0.5, but not 0.5. How far off may it be when there's nothing to find?
# The textbook's answer for $n$ windows of either kind is binomial, a standard deviation of
# $\sqrt{\tfrac14 / 2n}$. But windows of one piece are right or wrong *together*. So let the music say it: draw
# two groups of 34 pieces, both by Bach, ask the judge, and again.

# %%
everything = features(train)
null = evaluation.chance(everything, n_pieces=n_pieces, n_draws=16, seed=10)
binomial = np.sqrt(0.25 / (2 * len(test)))
outside = np.mean(np.abs(null - 0.5) > 1.96 * binomial)
print(f"Bach against Bach: mean {null.mean():.3f}, SD {null.std(ddof=1):.3f}")
print(f"binomial: SD {binomial:.3f}; {outside:.0%} of the draws fall outside its 95 %")
assert abs(null.mean() - 0.5) < 0.05
assert null.std(ddof=1) > 1.3 * binomial

# %% [markdown]
# A test that cries *different* that often where nothing is, instead of 5 %, isn't a test. Two remedies: read a
# verdict against such a null, and compare two models **paired**, on the same real windows in the same folds
# (`evaluation.compare`, or `musicgan evaluate A --against B`), where what the choice of pieces adds cancels.
#
# Now the machines. `evaluation.c2st` is your judge with 300 trees, equal numbers of both kinds, and an interval
# over pieces. A test keeps yours and the package's alike in behaviour.

# %%
verdicts = {
    name: evaluation.c2st(tables["real"], tables[name])
    for name in ("machine", "shuffled", "frozen", "copyist")
}
values = {}
for name, verdict in verdicts.items():
    values[name] = (verdict.accuracy, *verdict.interval)
values["Bach, null"] = (null.mean(), *np.percentile(null, [2.5, 97.5]))
plotting.show(
    plotting.intervals(
        values, xlabel="held-out accuracy (0.5: can't be told)", reference=0.5
    )
)
print(verdicts["machine"])
print("by:", [reason[0] for reason in verdicts["machine"].gives_away[:4]])

# %%
assert verdicts["frozen"].accuracy > 0.95
assert verdicts["shuffled"].accuracy > 0.8
assert verdicts["copyist"].accuracy < 0.62
assert 0.4 < verdicts["machine"].accuracy < 0.75
assert verdicts["machine"].accuracy < verdicts["shuffled"].accuracy - 0.1

# %% [markdown]
# The judge finds the frozen chord and the shuffled voices without effort. It can't tell the copyist from Bach,
# and shouldn't: he *is* Bach. Keep that in mind.
#
# ### A stronger judge
# If the machine's interval holds 0.5, is it as good as Bach? It means that *this judge, with this little
# music*, can't tell. He has learnt from some 300 real windows. There are ten times as many in the training set, and
# nothing forbids a judge to learn from them, as long as he's tested on other pieces:

# %%
n = 1000
extra = features(sampling.load("chorales").sample(n, seed=11)).values
study = everything.values[rng.permutation(len(train))[:n]]
judge = forest().fit(np.concatenate([study, extra]), np.repeat([False, True], n))
real_right = (~judge.predict(tables["real"].values)).mean()
fake_right = judge.predict(tables["machine"].values).mean()
stronger = (real_right + fake_right) / 2
few = values["machine"][0]
print(f"taught by {n} real windows: {stronger:.3f}, by some 300: {few:.3f}")
assert 0.45 < stronger < 0.85

# %% [markdown]
# `benchmarks/stronger_judge.py` does this with all training windows and with boosted trees besides, and the
# model card prints the result next to the flattering one. A report that says only "C2ST 0.5" hasn't said how
# hard its judge tried. (No judge here hears more than two bars. Form, phrases, the sense of an ending: nobody
# has asked.)

# %% [markdown]
# ## 4. Nobody finds the copyist
# Other measures compare whole *sets*. The commonest:
#
# | measure | asks | best end |
# |---|---|---|
# | overlap (Yang & Lerch 2020) | are distances *between* the sets distributed like those *within* one? | 1 |
# | precision | share of fakes that lie near some real window | 1 |
# | coverage | share of real windows that have a fake near them | 1 |
# | Fréchet distance | how far apart are two normal distributions with the sets' means and covariances? | 0 |
#
# Yang and Lerch's **overlap** is $\int \min(p, q)$ of two densities, of the distances within a set and of those
# between the sets. Both must be looked at on one common grid, and both sets' *within* be reported: a set
# that says one thing a thousand times lies well inside the other.
#
# For the rest a window is a point in the space of features, in units of real music's spread. *Near* a window is what
# lies no farther off than its fifth nearest neighbour in its own set. (Precision with the sets exchanged is **recall**;
# **density** is how many real windows a fake is near to, over five.) Bach against Bach doesn't reach the ends: his
# precision stands on the page further down. Let everyone compete:

# %%
rows = {}
for name in ("machine", "shuffled", "copyist"):
    real_x, fake_x = evaluation.standardised(tables["real"].values, tables[name].values)
    fake_x = fake_x[: len(real_x)]  # these measures depend on how many there are
    near = evaluation.neighbours(real_x, fake_x)
    alike = evaluation.likeness(real_x[:, :12], fake_x[:, :12])  # pitch classes
    distance = evaluation.frechet_distance(real_x, fake_x)
    rows[name] = (alike.overlap_fake, near.precision, near.coverage, distance)
    print(
        f"{name:9} overlap {rows[name][0]:.3f}, precision {rows[name][1]:.3f}, "
        f"coverage {rows[name][2]:.3f}, Fréchet {rows[name][3]:.1f}"
    )

# %% [markdown]
# Look at the first column before you go on: by the overlap of their pitch classes, shuffled voices are as good as
# anyone. Which voice sings a note, and when, isn't in that histogram. A measure sees what it looks at.
#
# **Predict, then run.** The copyist has composed nothing. How far down the list is he? Only a measure that looks
# for him finds him: how much of a window stands, cell by cell, in *one* window of the training set? A cell is
# what one voice sings at one step, and since a theft in another key is a theft, the best of twelve transpositions
# counts.
#
# ### Exercise ★★ `copied_share`


# %%
def copied_share(window: np.ndarray, train: np.ndarray) -> float:
    """The largest share of equal cells with any training window at any transposition.

    `window` is (n_steps, n_voices), `train` (n_windows, n_steps, n_voices): pitches, no
    rests. Transpositions go from 6 semitones down to 5 up.
    """
    # BEGIN SOLUTION
    shares = [(train + shift == window).mean(axis=(1, 2)) for shift in range(-6, 6)]
    return float(np.max(shares))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `train + shift == window` compares with all training windows at once: (n_windows, n_steps, n_voices).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The mean runs over a window's cells only. Whoever takes the maximum cell by cell builds a patchwork of many
# windows, and patchwork isn't copying.
#
# </details>

# %%
copied_share = checks.check("10.copied_share", copied_share)

# %% [markdown]
# By itself the number says little: Bach, too, repeats Bach. So it's read against real music that nobody trained
# on, test → train. `evaluation.copying` is your function for many windows, rests included.

# %%
grids = {name: evaluation.voices(composers[name]) for name in ("machine", "copyist")}
learnt = evaluation.voices(train)
mine = copied_share(grids["machine"].pitch[0], learnt.pitch)
copied = {
    "unseen Bach": evaluation.copying(test, learnt),
    "machine": evaluation.copying(grids["machine"], learnt),
    "copyist": evaluation.copying(grids["copyist"], learnt),
}
print(f"one window of the machine, by your function: {mine:.3f}")
for name, share in copied.items():
    high = np.quantile(share, 0.95)
    print(f"{name:12} median {np.median(share):.3f}, 95th percentile {high:.3f}")
plotting.histograms(copied, xlabel="agreement with the nearest training window")

# %%
_, precision, coverage, distance = rows["copyist"]
assert rows["shuffled"][0] > 0.85  # the overlap doesn't see it
assert precision > rows["shuffled"][1] + 0.2
assert coverage >= rows["machine"][2] - 0.05
assert distance < min(rows["shuffled"][3], 1.5 * rows["machine"][3])
assert verdicts["copyist"].accuracy < verdicts["shuffled"].accuracy
assert (copied["copyist"] == 1).mean() > 0.95
assert np.median(copied["unseen Bach"]) < 0.8
assert np.median(copied["machine"]) < np.median(copied["unseen Bach"]) + 0.15

# %% [markdown]
# Overlap, precision, coverage, Fréchet and the judge all put the copyist where real music itself would stand, level
# with the honest machine or ahead of it, and he has composed nothing. Every measure of likeness says: be like the real thing, and nothing is as like it as
# itself. **So copying is printed beside every good figure, or the figure isn't worth printing.** Note what the
# histogram asks of the machine: not that it agrees with nobody, but that it agrees no more than unseen Bach does.

# %% [markdown]
# ### Everything on one page
# `evaluation.evaluate(real, fake, train=…)` gathers all of this, and `musicgan evaluate` does it from the command line.
# In the plot each measure has its own unit, half the width of real music's interval, so that the grey band from
# −1 to 1 is what real music itself leaves open.

# %%
report = evaluation.evaluate(test, machine, train=train)
print(report.table(n_reasons=5))

# %%
plotting.report(report, title="The machine beside unseen Bach")

# %% [markdown]
# Read it as follows. First *copying* and *distinct windows*: is it composing at all? Then the judge, beside real
# training pieces before the same judge. Then the rows whose bar lies outside the band: there the machine differs
# by more than the choice of test pieces explains. (Where real music never errs, as in *out of range*, the band has no
# width: such rows stand in the table only.) With some fifteen rows, expect one outside by chance alone. What
# the band can't show is a fault that is rare *and* audible; count the parallels in a piece that you like.

# %% [markdown]
# ## 5. Cherry-picking
# Papers come with sound examples. "Selected" ones, the honest write. What does a selection do?
#
# Take MuseGAN's tonal distance, TD, where less means that the voices stand closer together in harmony.
#
# **Predict, then run.** Shuffled voices have a larger TD than Bach, as they should: nobody listened to anybody.
# Take 64 of them, and keep the best one. Is its TD larger or smaller than Bach's?

# %%
best_of_64 = {}
apart = {
    name: evaluation.tonal_distance(composers[name], n_bars=2).per_score
    for name in ("real", "machine", "shuffled")
}
for name, values_of in apart.items():
    draws = rng.integers(len(values_of), size=(1000, 64))
    best_of_64[name] = float(values_of[draws].min(axis=1).mean())
    print(f"{name:9} mean {values_of.mean():.3f}, best of 64 {best_of_64[name]:.3f}")
bach = apart["real"].mean()
assert best_of_64["shuffled"] + 0.1 < bach < apart["shuffled"].mean()

# %%
example = composers["shuffled"][int(apart["shuffled"][:64].argmin())]
player.play(example.replace(tempo=72), label="Shuffled voices, the best of 64")

# %% [markdown]
# By this measure one in 64 of the worst composer here beats Bach's average, and by far. So one fine example says that a machine
# *can*, and nothing about what it *does*. The same holds for runs: whoever trains eight times and shows the best
# seed, by the test set, has picked a cherry of eight. What helps: the first $n$ samples of a seed that was fixed
# beforehand, all numbers from all samples, and the word *selected*, with the number chosen from, wherever a person
# chose. So here is ours: we tried six measures for this example and took the one where the cherry is fullest. By
# dissonance the best of 64 shuffled ones stays behind Bach's average. That, too, is picking.

# %% [markdown]
# ## 6. Few answers
# The oldest judge is a listener. It's also the noisiest, so its interval matters most. After $h$ right answers of
# $n$, with $p = h / n$, the textbook's $p \pm 1.96\sqrt{p(1-p)/n}$ is useless for small $n$: with ten of ten right it
# says *100 %, no doubt*. Wilson's (1927) isn't:
#
# $$ \frac{p + \frac{z^2}{2n} \pm z \sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}, \qquad z = 1.96. $$
#
# ### Exercise ★ `wilson_interval`
# By hand for 8 of 10: centre $(0.8 + 0.192) / 1.384 = 0.717$, half $1.416 \cdot 0.160 = 0.227$.


# %%
def wilson_interval(hits: int, n: int) -> tuple:
    """Wilson's 95 % interval of a share, (low, high), from hits in n answers."""
    # BEGIN SOLUTION
    z, p = 1.96, hits / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return centre - half, centre + half
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Centre and half width have the same denominator. The root has two terms.
#
# </details>

# %%
wilson_interval = checks.check("10.wilson_interval", wilson_interval)

# %%
shown = {
    f"{hits} of {n}": (hits / n, *wilson_interval(hits, n))
    for hits, n in [(6, 10), (8, 10), (10, 10), (60, 100), (600, 1000)]
}
low, high = wilson_interval(8, 10)
assert np.isclose([low, high], [0.490, 0.943], atol=1e-3).all()
assert wilson_interval(60, 100)[0] > 0.5 > wilson_interval(59, 100)[0]
plotting.intervals(shown, xlabel="share told right", reference=0.5)

# %% [markdown]
# Eight of ten right, and the interval still holds a coin's 50 %. Of a hundred it takes sixty. A
# listening test with ten clips and one listener can find a bad machine; it can't certify a good one.
#
# **What would guessing give?** Our series hold as many real clips as fakes, in random order. A listener who knows
# that and says *real* $s$ times finds $k$ of the $R$ real ones with probability
# $\binom{R}{k}\binom{n-R}{s-k} / \binom{n}{s}$: Fisher's *lady tasting tea* (1935), exact whatever the strategy.
#
# ## 7. Your turn
# Ten clips, five by Bach from pieces that the machine never saw, five by the machine, no two from one piece, none
# chosen. Keys, tempi, instruments and loudness are alike; nothing in this page knows the truth until your last answer
# (look for it, if you like). After the tenth you get your score, its interval and what guessing would
# give, and the clips with their names. Your answers go to `musicgan_listening.jsonl` in this folder, without a name.

# %% interactive="blind_test"
from musicgan_edu.widgets import blind_test

blind_test.BlindTest(test, machine, n=10, seed=7, model="chorales")

# %% [markdown]
# Without sound or sight the same test can be taken by a program. Here are two listeners: one tosses a coin, the
# other has read section 3 and asks the stronger judge. A hundred clips each.

# %% static="blind_test"
clips = evaluation.series(
    [window.replace(source="") for window in test], machine, n=100, seed=7
)
heard = features([clip.score for clip in clips]).values
listeners = {"coin": rng.random(100) < 0.5, "judge": ~judge.predict(heard)}
outcomes = {}
for name, said_real in listeners.items():
    trials = [
        evaluation.Trial(clip.name, clip.is_real, bool(said))
        for clip, said in zip(clips, said_real, strict=True)
    ]
    outcomes[name] = evaluation.outcome(trials)
    print(f"{name:6} {outcomes[name]}")
assert outcomes["coin"].interval[0] < 0.5 < outcomes["coin"].interval[1]

# %%
for name, clip in zip("AB", pair, strict=True):
    print(f"clip {name} at the top was {'by Bach' if clip.is_real else 'the machine'}")

# %% [markdown]
# (The hundred clips come from 34 pieces, several from each, so that interval is a little too narrow: the lesson's
# own rule. In your ten no two share a piece.)
#
# **A class.** Listeners differ, and so do clips, so a class's answers aren't independent either: neither all of one
# listener nor all about one clip. `listeners.pool(folder)` reads everyone's file, draws listeners *and* clips
# with replacement, and lets an answer count as often as its listener was drawn times its clip was (Owen 2007).
#
# ```python
# from musicgan_edu.evaluation import listeners
# print(listeners.pool("results_of_the_class"))
# ```
#
# Don't stop a test while it goes well, don't show the truth between answers, and decide the number of clips
# before the first: each of these turns a coin into an ear.

# %% [markdown]
# ## Exercises
# You've met six on the way: `empty_bar_rate` ★, `wilson_interval` ★, `resampled_means` ★★, `grouped_folds` ★★,
# `copied_share` ★★ and `held_out_accuracy` ★★★. Two more, without a check:
#
# - Build a half-copyist, who takes the soprano from a training window and the other three voices from the machine.
#   Which measure finds him? Where would you draw the line between influence and theft?
# - Take the features that gave the machine away, `tables` without those columns, and judge again. Does the
#   accuracy fall to chance?
#
# <details><summary>Answers</summary>
#
# Copying rises by what one voice of four is worth: the soprano's quarter agrees fully, the rest as by chance. The
# judge finds the half-copyist by the intervals between soprano and the others. There is no line in the numbers; a
# soprano taken whole from a chorale is a *harmonisation* if you say so, and theft if you don't.
#
# It hardly moves. The features hang together (who changes on the beat also holds longer), and a forest finds
# the next best. Importance says what was used, not what was needed.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. A classifier tells real from generated windows with 55 % accuracy, folds cut at random. What follows?**
# - [ ] The machine is nearly perfect :: Perhaps, or the judge is weak. Who asked a stronger one?
# - [ ] The machine can be told from Bach :: With folds by window, Bach can be told from Bach, and far better.
# - [x] Nothing before the folds are by piece and the null is known :: The leak pushes the number up, a weak judge
#   pulls it down, and chance alone moves it by several percent.

# %% [markdown] tags=["quiz"]
# **2. A model has the best Fréchet distance, precision and coverage of all. What do you ask for first?**
# - [ ] More decimals :: They'd be equally unhelpful.
# - [x] How much of its output stands in the training set, beside the same for unseen real music :: A copyist wins
#   all three.
# - [ ] A larger test set :: It narrows intervals; it doesn't find the copyist.

# %% [markdown] tags=["quiz"]
# **3. Machine A breaks 0 rules in 400 pieces, Bach breaks some. Which is better?**
# - [ ] A: rules are rules :: Then silence is the best composer of all.
# - [ ] Bach, because he's Bach :: True, and no argument.
# - [x] You can't say: look at what A does between the rules :: Zero faults with zero changes a bar is a frozen
#   chord. Faults need a measure of activity beside them.

# %% [markdown] tags=["quiz"]
# **4. Ten listeners judge the same ten clips; 60 of the 100 answers are right. Is Wilson's interval for 60 of 100,
# 0.50 to 0.69, the one to report?**
# - [ ] Yes: there are 100 answers :: But not 100 independent ones.
# - [x] No: draw listeners and clips :: One odd clip is ten answers, and so is one sharp ear. The interval gets
#   wider.
# - [ ] No: take the mean of ten intervals :: The mean of intervals isn't the interval of the mean.

# %% [markdown]
# ## Recap
# - A measure needs a definition that you've checked by hand, real music beside it, and an interval over pieces.
# - Most measures of music have no best direction. Faults are read beside activity.
# - A judge is honest when a piece stays in one fold, and its verdict is read against Bach against Bach.
# - 0.5 means that *this* judge can't tell. Ask a stronger one, and say that you did.
# - Copies win everything but the search for copies. Print it every time.
# - Best of $n$ is a property of $n$.
# - Ten answers of one listener tell a bad machine from Bach, not a good one.
#
# **What can go wrong.** Different preparation of the two sides: one quantised and one not, one in all keys and one in
# C, windows that start on the barline and windows that don't. The judge finds it at once and says 100 %. So when an
# accuracy is *too* high, read what gives the machine away before you blame the machine. And a measure that you
# optimise stops measuring: pick by validation, report by test, once.
#
# **Reading.**
# - D. Lopez-Paz, M. Oquab, *Revisiting Classifier Two-Sample Tests*, ICLR 2017.
# - L.-C. Yang, A. Lerch, *On the Evaluation of Generative Models in Music*, Neural Computing and Applications 2020.
# - H.-W. Dong et al., *MuseGAN*, AAAI 2018: EB, UPC, QN and TD.
# - M. Naeem et al., *Reliable Fidelity and Diversity Metrics for Generative Models*, ICML 2020.
# - B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*, 1993.
# - A. Owen, *The Pigeonhole Bootstrap*, Annals of Applied Statistics 2007.
# - E. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, JASA 1927.
# - R. Fisher, *The Design of Experiments*, 1935: the lady and her tea.
#
# **Next**: you know what the machine is worth. Now put it to work: it harmonises a melody of yours, and you
# keep what you like.
