# %% [markdown]
# # 14 · Recommend music
#
# "If you like this, you will like …" stands under every piece on every platform. Behind the sentence there is a
# list of numbers for each piece, an angle between two lists, and a bit of arithmetic when you press a heart. In
# this lesson you build all three. Where do the numbers come from? A discriminator has spent its training
# listening: perhaps what it has learned there is good for something else. You measure whether it is.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - turn a piece of any metre, length and number of voices into one vector, and say what the vector ignores;
# - rank by cosine similarity, and explain a recommendation in words;
# - compute precision at k and average precision by hand, and keep easy hits out of them;
# - compare a trained discriminator's features with simple counts and with an untrained network, and find the
#   confound that beats them all;
# - move a query by likes and dislikes, and say what becomes of a catalogue that feeds on its own clicks.
#
# *60 minutes, less than one of them the machine's. Needs lessons 05 and 10. No network.*

# %% [markdown]
# ## Hear it first
# A chorale by Bach, and what an index of music21's corpus says is most like it, the chorale itself left out. The
# index ships with the course: titles and numbers. The music of the answer is read from your music21 just now. (The notes in
# the reasons are named as if each piece stood in C major or A minor, and a black key has one name: A♭ is G♯ too.)

# %%
from musicgan_edu import corpus, recommendation
from musicgan_edu.widgets import player

chorale = corpus.read_chorale("bwv66.6")
index = recommendation.shipped()
features = recommendation.features(chorale)
hit = index.query(features, leave_out=["bach/bwv66.6.mxl"])[0]
print(
    f"{hit.likeness:+.2f} {hit.title} [{hit.key}]\nboth have {', '.join(hit.reasons)}"
)
player.play(chorale)
player.play(recommendation.music(hit.key)[0])

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("14", seconds=40)

import numpy as np

from musicgan_edu import checks, cleaning, evaluation, plotting
from musicgan_edu.recommendation import hearing
from musicgan_edu.score import Score

print(f"{len(index)} pieces of {len(set(index.labels))} collections")
assert len(index) >= 3000

# %% [markdown]
# ## 1. What is heard of a piece
# A discriminator of lesson 05 hears two bars in four voices in 4/4. A catalogue holds waltzes, single tunes and
# masses, in every key. Before numbers can be compared, everything must be brought to one form, and each step
# of that is a decision about what likeness *is*:
#
# - **Key** isn't heard: everything goes to C major or A minor, and by octaves to the same register.
# - **Note values** aren't heard. Palestrina's breves and a fiddler's sixteenths are spelling, so time is
#   stretched by a power of two until two onsets lie about half a beat apart.
# - **Drums and instruments** aren't heard. Nor are inner voices: what stays is the highest line and, where
#   there is one, the lowest.
# - **Length** isn't heard: the piece is cut into windows of eight beats, each window gives numbers, and the
#   numbers are averaged.
#
# Listen to what is left of the chorale.

# %%
windows = hearing.windows(chorale)
left = hearing.FORM.decode(windows[:1], tempo=80)[0]
player.play(left, label="The first window, as the listener hears it")
print(f"{len(windows)} windows of {windows.shape[1]} steps in {windows.shape[2]} lines")

# %% [markdown]
# What we claim not to hear we can test. **Predict** which of these three lines says *True*.

# %%
moved = cleaning.transpose(chorale, 5)
notes = chorale.notes.copy()
notes["onset"], notes["duration"] = 2 * notes["onset"], 2 * notes["duration"]
longer = chorale.replace(notes=notes, beats_per_bar=8, pickup=2 * chorale.pickup)
other = corpus.read_chorale("bwv26.6")
for name, piece in {"a fourth up": moved, "in twice as long notes": longer,
                    "another chorale": other}.items():  # fmt: skip
    found = hearing.windows(piece)
    print(f"{name:22}", found.shape == windows.shape and bool((found == windows).all()))

assert np.array_equal(hearing.windows(moved), windows)
assert np.array_equal(hearing.windows(longer), windows)
assert not np.array_equal(hearing.windows(other)[:1], windows[:1])

# %% [markdown]
# ## 2. From windows to one vector
# Two kinds of numbers, which we'll compare for the rest of the lesson.
#
# **Counts.** How much each of the 12 pitch classes sounds, and how often the top line goes from one pitch class
# to another: 12 + 144 shares. Each number has a name, and any musician could have counted it. We take the
# square root of each share, so that a rare step isn't drowned by a common one.
#
# **Sounds.** A discriminator like lesson 05's learned to tell windows like ours from damaged ones: another's
# second half, another's bass, wrong notes. We throw away its verdict and keep its last hidden layer, 96 numbers a
# step, of which we take the mean and the standard deviation over all steps of all windows; and of those 192 the 16
# directions in which pieces differ most (their *principal components*). Nobody knows what they mean. Radford and colleagues (2016) did
# the same with pictures, and a discriminator out of a GAN's game.

# %%
for kind, values in features.items():
    print(f"{kind}: {values.shape[0]} numbers, the first {np.round(values[:4], 2)}")
top = np.argsort(-features["counts"])[:5]
print("most of:", ", ".join(recommendation.COUNTS[i] for i in top))

# %% [markdown]
# ## 3. An angle
# Each number is brought to mean 0 and standard deviation 1 over the catalogue, so that none is large just because of
# its unit. Then a piece is an arrow, and likeness is the cosine of the angle between two:
#
# $$ \cos(q, x) = \frac{\sum_i q_i\, x_i}{\lVert q \rVert \; \lVert x \rVert} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $q$ | `query`, `(F,)` | the piece that asks |
# | $x$ | a row of `vectors`, `(N, F)` | a piece of the catalogue |
# | $\lVert x \rVert$ | `np.linalg.norm(vectors, axis=1)` | its length |
#
# (Neither arrow may have length 0.) Length doesn't count, only direction: "more G than usual, fewer leaps" is a direction, and how *much* more
# depends on how long a piece is and how extreme.
#
# ### Exercise ★ `likeness`


# %%
def likeness(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The cosine of the query (F,) with each row of vectors (N, F): (N,)."""
    # BEGIN SOLUTION
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return vectors @ query / lengths
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `vectors @ query` gives all N sums at once. Each row has a length of its own: `axis=1`.
#
# </details>

# %%
likeness = checks.check("14.likeness", likeness)

# %% [markdown] solution="14.likeness"
# A catalogue stores vectors of length 1, and then a query is one product of a matrix and a vector. For some
# thousands of pieces nothing cleverer is needed; for millions there are indices that look at a part only.

# %%
vectors, query = index.vectors("counts"), index.vector(features, "counts")
by_hand = likeness(query, vectors)
best = np.argsort(-by_hand)[:5]
for row in best:
    print(f"{by_hand[row]:+.2f} {index.titles[row]}, {index.labels[row]}")
hits = index.query(features, kind="counts")
assert [hit.key for hit in hits] == [index.keys[row] for row in best]
assert index.keys[best[0]] == "bach/bwv66.6.mxl"

# %% [markdown]
# The chorale finds itself, in 156 numbers of a byte each. And since a cosine of named numbers is a sum of a term for each,
# the largest terms *explain* the recommendation: that is all there is behind "both have more …". For numbers without
# names there is no such sentence.

# %% [markdown]
# ## 4. Is that any good?
# Nobody has written down what is like what. A usual stand-in: a find is **relevant** if it's from the same
# collection (composer, tune book) as the piece that asked. It is a crude one, and section 6 says how crude. But it
# gives numbers. For a ranking, write 1 for a relevant piece and 0 for another:
#
# $$ P@k = \frac{1}{k}\sum_{r=1}^{k} \mathrm{rel}_r \qquad\qquad
#    \mathrm{AP} = \frac{1}{R} \sum_{r\,:\,\mathrm{rel}_r = 1} P@r $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $\mathrm{rel}_r$ | `relevant[r - 1]` | whether rank $r$ holds a relevant piece |
# | $k$ | `k` | how many one looks at |
# | $R$ | `len(ranks)` | how many relevant pieces there are in the whole ranking, at least one |
#
# Precision at 5 looks at what fits on the screen. Average precision looks at the whole ranking and cares about
# order. For the ranking 1 0 1 0 0 1: $P@5 = 2/5$ and $\mathrm{AP} = (1/1 + 2/3 + 3/6)/3 = 0.72$. The mean of AP
# over all queries is called **mAP**.
#
# ### Exercise ★ `precision_at`


# %%
def precision_at(relevant: np.ndarray, k: int = 5) -> float:
    """The share of the first k ranks that are relevant; relevant bool (n,)."""
    # BEGIN SOLUTION
    return float(np.sum(relevant[:k]) / k)
    # END SOLUTION


# %%
precision_at = checks.check("14.precision_at", precision_at)

# %% [markdown]
# ### Exercise ★★ `average_precision`


# %%
def average_precision(relevant: np.ndarray) -> float:
    """The mean of the precision at each relevant rank; relevant bool (n,)."""
    # BEGIN SOLUTION
    ranks = np.flatnonzero(relevant) + 1
    found = np.arange(1, len(ranks) + 1)
    return float(np.mean(found / ranks))
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# At the rank of the third relevant piece, three are found: the precision there is 3 / rank. `np.flatnonzero`
# gives positions from 0.
#
# </details>

# %%
average_precision = checks.check("14.average_precision", average_precision)
ranked = np.array([1, 0, 1, 0, 0, 1], bool)
assert np.isclose(precision_at(ranked), 2 / 5)
assert np.isclose(average_precision(ranked), (1 + 2 / 3 + 3 / 6) / 3)

# %% [markdown]
# Three rules keep the numbers honest.
#
# **Split by piece.** Queries are *test* pieces, candidates *train* pieces. The listener's discriminator was trained on
# train pieces only, so no query was ever part of its training.
#
# **No easy hits.** Two movements of one work, or one tune printed in two books, are no discovery. They must not
# be in each other's rankings (Flexer 2007 calls it an artist filter). Here we leave out what shares a title; the
# benchmark also leaves out what shares a work or an opening.
#
# **Every collection counts the same.** We average over a collection's queries first and over the collections
# then. Else the largest book decides the number.

# %%
split = np.array([recommendation.split_of(key) for key in index.keys])
labels, titles = np.array(index.labels), np.array(index.titles)
candidates = np.flatnonzero(split == "train")
asked = [
    name for name in np.unique(labels) if (labels[split == "test"] == name).sum() >= 30
]
queries = np.concatenate(
    [np.flatnonzero((split == "test") & (labels == name))[:40] for name in asked]
)
print(f"{len(queries)} queries of {len(asked)} collections ({', '.join(asked)}), "
      f"{len(candidates)} candidates")  # fmt: skip

# %%
relevant = labels[queries][:, None] == labels[candidates]
allowed = titles[queries][:, None] != titles[candidates]


def macro(values: np.ndarray) -> float:
    """The mean over the collections of the mean over their queries."""
    return float(np.mean([values[labels[queries] == name].mean() for name in asked]))


kinds = {"counts": "counts", "sounds (trained D)": "sounds", "both": "both"}
judged = {}
for name, kind in kinds.items():
    vectors = index.vectors(kind)
    judged[name] = recommendation.judge(
        vectors[queries] @ vectors[candidates].T, relevant, allowed
    )
    precision, average = (macro(values) for values in judged[name])
    print(f"{name:20} P@5 {precision:.2f}, mAP {average:.2f}")
chance = np.mean([(labels[candidates] == name).mean() for name in asked])
print(f"{'at random':20} P@5 {chance:.2f}")

# %% [markdown]
# Forty queries a collection are few. Before you believe in a difference, look at the intervals: what mAP would have been
# with other queries, drawn again and again from these (lesson 10).

# %%
rows = []
for one in judged.values():
    groups = np.arange(len(queries))
    low, high = evaluation.bootstrap(
        lambda rows, one=one: np.mean(
            [one.average[rows][labels[queries][rows] == name].mean() for name in asked]
        ),
        groups,
    )
    rows.append((macro(one.average), low, high))
plotting.intervals(
    dict(zip(judged, rows, strict=True)),
    xlabel="mAP, mean of collections",
    title="Which features find their own collection?",
)

# %%
for name, (value, low, high) in zip(judged, rows, strict=True):
    print(f"{name:20} mAP {value:.3f} [{low:.3f}, {high:.3f}]")
assert all(value > chance for value, _, _ in rows)

# %% [markdown]
# ## 5. Did the training teach the network to listen?
# A network with random weights is a feature machine too: random projections keep distances rather well. Whoever
# reports a trained network's features without an untrained one's reports half an experiment. So: the same
# architecture, freshly initialised; the same windows, the same means and deviations, all 192 of them; thirty chorales and
# thirty tunes from each of two books. The table's first row is a riddle: `form` hears no pitch at all. **Predict, then
# run:** in which order do the four come?

# %%
from musicgan_edu.recommendation.listener import Listener, new_discriminator

few = [corpus.load("chorales", split="test")[:30]]
for book in ("ryansMammoth", "oneills1850"):
    mine = (labels == book) & (split == "test")
    keys = [index.keys[row] for row in np.flatnonzero(mine)[:30]]
    few.append([recommendation.music(key)[0] for key in keys])
pieces = [piece for group in few for piece in group]
book_of = np.repeat([0, 1, 2], [len(group) for group in few])
print(f"{len(pieces)} pieces")


# %%
def own_book(values: np.ndarray) -> float:
    """Mean P@5 among these pieces, each asking for its own book."""
    found = recommendation.Scale.of(values)(values)  # mean 0, deviation 1, length 1
    same, others = book_of[:, None] == book_of, ~np.eye(len(values), dtype=bool)
    return recommendation.judge(found @ found.T, same, others).precision.mean()


untrained = Listener(new_discriminator(14))
table = {
    "outside only": [recommendation.form(piece) for piece in pieces],
    "counts": [recommendation.counts(piece) for piece in pieces],
    "untrained D": [untrained.hear(piece) for piece in pieces],
    "trained D": [recommendation.shipped_listener().hear(piece) for piece in pieces],
}
scores = {name: own_book(np.stack(values)) for name, values in table.items()}
for name, score in scores.items():
    print(f"{name:13} P@5 {score:.2f}")

# %% [markdown]
# ## 6. The confound
# The first row is the one to think about. `form` knows the beats in a bar, the note values, how many notes sound
# at once, the number of tracks and the length. It has not looked at a single pitch, and it does as well as those
# who have, or nearly. A chorale is a chorale because it has four voices, if all the others have one. What tells groups
# apart without being what you asked about is a **confound**.
#
# So most of what any row here, and in most papers of this kind, measures is how a collection was *written
# down*. "The features recognise Bach" is not what a high P@5 shows. What helps:
#
# - leave the confound out of the features (we did: note values, key, number of tracks), and know that traces
#   stay (a tune has no bottom line);
# - compare *within* a group that shares it: tune books against tune books, many voices against many voices;
# - put the confound's own row in the table, as a baseline.

# %%
heard = [score for name, score in scores.items() if name != "outside only"]
assert scores["outside only"] > max(heard) - 0.1
tunes = np.isin(labels, ["oneills1850", "ryansMammoth"])
q, c = queries[tunes[queries]], candidates[tunes[candidates]]
for name, kind in kinds.items():
    v = index.vectors(kind)
    same = labels[q][:, None] == labels[c]
    one = recommendation.judge(v[q] @ v[c].T, same, titles[q][:, None] != titles[c])
    print(f"two tune books, {name:20} P@5 {one.precision.mean():.2f}")

# %% [markdown]
# Two books of Irish and fiddle tunes share dances and even tunes, and chance is a half (both books ask equally often).
# Nothing tells them apart well, and nothing should: that is what likeness looks like when the confound is gone.
#
# And the training? The benchmark (`benchmarks/recommend.py`) asks each of 250 pieces for others by its composer, six of them,
# and never lets a movement find its own mass or quartet. The untrained network's 192 numbers reach a precision at 5 of 0.66, the
# trained one's 0.56, counts 0.58, both kinds together 0.66, and the outside alone 0.82. A network
# that found damage in 83 % of pairs of unseen windows has learned something, but nothing that *this*
# question asks for. Say so when it happens to you: it is a result.

# %% [markdown]
# ## 7. Likes and dislikes
# A list is a first guess. Rocchio (1971) had users of a library mark what they had looked for, and moved the query:
#
# $$ q' = \alpha\, q + \beta\, \frac{1}{|L|}\sum_{x \in L} x - \gamma\, \frac{1}{|D|}\sum_{x \in D} x $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $L$, $D$ | `liked`, `disliked`, `(n, F)` | vectors of length 1 of what was marked |
# | $\alpha, \beta, \gamma$ | 1, 0.75, 0.15 | how much the first wish, likes and dislikes count |
#
# Likes count five times as much as dislikes: there is one way towards what you want, and many ways not to be it.
#
# ### Exercise ★★ `rocchio`


# %%
def rocchio(
    query: np.ndarray, liked: np.ndarray, disliked: np.ndarray,
    alpha: float = 1.0, beta: float = 0.75, gamma: float = 0.15,
) -> np.ndarray:  # fmt: skip
    """The query (F,) moved towards liked (n, F) and away from disliked; of length 1.

    Either may be empty, (0, F), and then doesn't count.
    """
    # BEGIN SOLUTION
    moved = alpha * query
    if len(liked):
        moved = moved + beta * liked.mean(axis=0)
    if len(disliked):
        moved = moved - gamma * disliked.mean(axis=0)
    return moved / np.linalg.norm(moved)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Begin with `moved = alpha * query` and add a term only where there is something to take the mean of.
#
# </details>

# %%
rocchio = checks.check("14.rocchio", rocchio)

# %% [markdown]
# Does it help? We play a listener who likes whatever is from the query's collection. They see ten, mark them,
# and get ten more; what was marked doesn't count again (else the likes themselves would be the success), and nor do the
# easy hits of section 4.

# %%
vectors = index.vectors("both")
before, after = [], []
for row, wanted in enumerate(relevant):
    order = np.argsort(-(vectors[candidates] @ vectors[queries[row]]))
    order = order[allowed[row, order]]
    seen, rest = order[:10], order[10:]
    good, bad = seen[wanted[seen]], seen[~wanted[seen]]
    marked = vectors[candidates[good]], vectors[candidates[bad]]
    query = rocchio(vectors[queries[row]], *marked)
    again = rest[np.argsort(-(vectors[candidates[rest]] @ query))]
    before.append(precision_at(wanted[rest], 10))
    after.append(precision_at(wanted[again], 10))
print(f"relevant of the next ten: {np.mean(before):.2f}")
print(f"with feedback: {np.mean(after):.2f}")
assert np.mean(after) > np.mean(before)

# %% [markdown]
# Now for real. Play, like, dislike; the list ranks anew at once. *Like what plays now* begins a new list. Change
# what is compared, and see whose list you prefer: your ears are a better judge than section 4's stand-in.

# %% interactive="recommender"
from musicgan_edu.widgets import recommender

shelf = recommender.Recommender(chorale, key="bach/bwv66.6.mxl")
shelf

# %% [markdown]
# The same without a widget: the list, and the list of somebody who likes its last piece and not its first.

# %% static="recommender"
key = "bach/bwv66.6.mxl"
first = index.query(key, count=5)
marks = {"liked": [first[-1].key], "disliked": [first[0].key]}
second = index.query(key, count=5, **marks)
for name, hits in {"at first": first, "after a like and a dislike": second}.items():
    print(name)
    for hit in hits:
        print(
            f"  {hit.likeness:+.2f} {hit.title}, {hit.label} ({'; '.join(hit.reasons)})"
        )
assert first[0].key not in [hit.key for hit in second]

# %% [markdown]
# One thing likeness can't say: that *nothing* is like a piece, for wherever one stands, the angle to something is
# small. **Predict** the best cosine that two thousand random notes find among 8 934 pieces.
#
# A distance can say it. Leave the discriminator's features at their lengths, and measure how far the five nearest
# pieces lie; then ask how many pieces of the catalogue lie nearer to *their* five. That share is `strangeness`.

# %%
chance = np.random.default_rng(14)
pitches = chance.integers(40, 90, 2000).tolist()
onsets = np.sort(chance.uniform(0, 300, 2000)).tolist()
notes = [(0, pitch, onset, 0.5) for pitch, onset in zip(pitches, onsets, strict=True)]
random_notes = recommendation.features(Score.from_rows(notes))
for name, asked in {"the chorale": features, "random notes": random_notes}.items():
    like = index.query(asked, count=2)[1].likeness  # the chorale's first is itself
    print(f"{name}: {like:+.2f}, stranger than {index.strangeness(asked):.1%} of all")
assert index.strangeness(random_notes) > 0.99 > index.strangeness(features)

# %% [markdown]
# Random notes use all pitches and all steps evenly; so, more than other music, does a chromatic string quartet, and
# the directions agree. The distance isn't fooled. From 0.99 on `musicgan recommend` and the list above say so. That is
# a threshold like any other: one piece in a hundred of the catalogue itself lies beyond it, and so does good music of a kind that
# is rare there. Take Beethoven's quartets out, and 21 of their 22 files are like nothing among tunes, hymns and masses, though
# Mozart's and Haydn's quartets stay (`python benchmarks/recommend.py strange`).

# %% [markdown]
# ## 8. The loop
# On a platform the likes of all feed the lists of all. Let popularity count a little: rank by
# $\cos + \lambda \log(1 + \text{plays})$, play the first of the list, count the play. A thousand listeners ask,
# each with a random piece of four hundred. **Predict** what share of all plays the top tenth of the pieces gets, for
# $\lambda = 0$ and for $\lambda = 0.1$. (Even if all pieces were played at random it would be more than a tenth: some have
# luck. So that is the row to compare with.)

# %%
shop = rng.choice(len(index), 400, replace=False)
alike = vectors[shop] @ vectors[shop].T
np.fill_diagonal(alike, -np.inf)
visitors = rng.integers(400, size=1000)


def share_of_the_top(weight: float) -> float:
    """The share of plays of the most played tenth, after all visitors."""
    plays = np.zeros(len(shop))
    for visitor in visitors:
        plays[np.argmax(alike[visitor] + weight * np.log1p(plays))] += 1
    return float(np.sort(plays)[-40:].sum() / plays.sum())


lucky = np.sort(np.bincount(rng.integers(400, size=1000), minlength=400))[-40:].sum()
print(f"at random the top tenth gets {lucky / 1000:.0%} of the plays")
shares = {weight: share_of_the_top(weight) for weight in (0.0, 0.05, 0.1, 0.3)}
for weight, share in shares.items():
    print(f"λ = {weight:<4} the top tenth gets {share:.0%} of the plays")
assert shares[0.3] > shares[0.1] > shares[0.0] > lucky / 1000

# %% [markdown]
# Nobody's taste has changed, and no piece has become better. What was played first was shown, what was shown was
# played. Already at $\lambda = 0$ the shares are less equal than by luck: some pieces are near to many (*hubs*), others
# never stand first in anybody's list. Who runs such a list decides what is heard, and whose music earns; a catalogue that was
# collected by a few people in one part of the world recommends that part. Cures exist (draw at random now and then,
# count exposure, cap it, show why), and each costs some clicks.

# %% [markdown]
# ## Exercises
# You've met four on the way: `likeness` ★, `precision_at` ★, `average_precision` ★★ and `rocchio` ★★. Three more,
# without a check:
#
# - ★ Index a folder of your own (`musicgan recommend piece.mid --folder MY`). Which recommendation surprises you, and
#   what does its "both have" say?
# - ★★ Replace the mean over windows by the window that is *nearest* to the query. When is that better?
# - ★★★ Cure the loop: with probability ε play a random piece instead of the first. Plot the top tenth's share and the
#   mean likeness of what was played against ε.
#
# <details><summary>Answers</summary>
#
# The second finds a passage in a long piece (a chorale in a cantata), where the mean would drown it. It costs a
# row a window.
#
# In the third, both fall nearly in proportion to ε: half of the cure costs about half of the likeness. By chance alone there
# is no cheap cure; an exposure that is counted, or capped, may do better. Try it.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. A ranking of ten has its only relevant piece at rank 4. What is its average precision?**
# - [ ] 0.1 :: That is P@10. AP divides by the number of relevant pieces.
# - [x] 0.25 :: One of the first four is relevant, and there is one relevant piece.
# - [ ] 0.4 :: Precision falls as the rank rises.

# %% [markdown] tags=["quiz"]
# **2. A trained network's features reach P@5 = 0.90. What do you ask first?**
# - [ ] How many layers it has :: It changes nothing about what 0.90 means.
# - [ ] Whether it was trained long enough :: Compared with what?
# - [x] What the untrained network, simple counts, and the outside of the pieces reach :: Without them 0.90 may be
#   the number of voices.

# %% [markdown] tags=["quiz"]
# **3. Why do movements of the query's own mass stay out of its ranking?**
# - [x] They share themes and a scribe's habits, so finding them is no evidence about style :: And the number
#   would grow with the size of the works, not with the quality of the features.
# - [ ] They are in another key :: Key isn't heard anyway.
# - [ ] They were in the training set :: They may have been; but the rule holds without any training.

# %% [markdown] tags=["quiz"]
# **4. You like four pieces that are all alike, and then a fifth. How far does Rocchio's query move?**
# - [ ] Five times as far as for one like :: The terms are means.
# - [x] About as far as for one like: the mean of the liked ones hardly changes :: Many equal likes say no more than
#   one.
# - [ ] Not at all: only dislikes move it :: Likes count five times as much.

# %% [markdown]
# ## Recap
# - A vector per piece, brought to one scale, and a cosine: that's a recommender.
# - What the vector ignores is a decision, and it can be tested.
# - P@k looks at the screen, AP at the ranking. Split by piece, and leave the family out.
# - Trained features mean nothing without the untrained network and the counts beside them, and neither does
#   without the confound.
# - Rocchio moves the query by means. Popularity makes itself.
#
# **What can go wrong.** A scale that is measured on the test pieces. A majority that is 80 % of the catalogue, and
# a mean over queries. Windows of one piece on both sides. A wrong key: two relatives, A minor and C major, land in
# one place, and a piece whose key is misjudged in another. Free rhythm, pedals and arpeggios: the top line of a
# piano piece is not its melody. And above all the belief that what is near in 156 counted numbers is near to an ear.
#
# **Reading.**
# - C. Manning, P. Raghavan, H. Schütze, *Introduction to Information Retrieval*, 2008, chapters 6, 8 and 9 (free
#   online): cosines, measures, Rocchio.
# - J. Rocchio, *Relevance feedback in information retrieval*, 1971.
# - A. Radford, L. Metz, S. Chintala, *Unsupervised Representation Learning with Deep Convolutional GANs*, ICLR 2016.
# - J. Yosinski et al., *How transferable are features in deep neural networks?*, NIPS 2014.
# - A. Flexer, *A closer look on artist filters for musical genre classification*, ISMIR 2007.
# - B. Sturm, *A simple method to determine if a music information retrieval system is a "horse"*, 2014: on confounds.
# - A. Ferraro, X. Serra, C. Bauer, *What is fair? Exploring the artists' perspective on the fairness of music
#   streaming platforms*, 2021.
#
# **Next**: scale up, and your own project.
