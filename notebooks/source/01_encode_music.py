# %% [markdown]
# # 01 · Music as data
#
# A neural network eats arrays of numbers. Music is not an array of numbers. Between the two stands a
# translation, and every translation loses something. This lesson goes all the way there and back,
# MIDI ↔ score ↔ piano roll ↔ tensor, by hand, and writes down what is lost at each step. What an encoding
# throws away, no generator can learn, however long it trains.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - read a MIDI file's first bytes, and say what MIDI keeps of a score and what it doesn't;
# - put notes on a grid, and say how far that moves them;
# - build a piano roll, and name the two things that it forgets;
# - encode a voice as one class a step, with rests and held notes, and decode it again without loss;
# - say how many different tensors there are, and why that is the reason for everything that follows.
#
# *60 minutes. Needs lesson 00 and numpy arrays. No network.*

# %% [markdown]
# ## Hear it first
# Here are the first two bars of Bach's *Jesu, meine Freude* (BWV 227), twice. The second version went into
# an array of zeros and ones and came back. Run both cells, listen, and find what is missing before you
# read on. (It's in the melody, right at the beginning.)

# %%
from musicgan_edu import corpus, encoding
from musicgan_edu.widgets import player

chorale = corpus.read_chorale("bwv227.1")
phrase = chorale.cut(0, 8).replace(tempo=72, title="As Bach wrote it")
player.play(phrase)

# %%
rolls = encoding.RollEncoding()
values = rolls.encode([phrase]).values
values[..., 4:] = 0  # 0 to 3 say where each voice sounds; 4 to 7, where notes start, go
returned = rolls.decode(values, tempo=72)[0]
player.play(returned.replace(title="Back from zeros and ones"))

# %% [markdown]
# Bach's soprano sings B twice, then A, then G. In the second version the two Bs have become one long note.
# An array that says only *where something sounds* can't tell two quarter notes from one half note. By the
# end of the lesson you'll have built an encoding that can.

# %% [markdown]
# ## Setup

# %%
import struct

import numpy as np

from musicgan_edu import checks, lab, playback, plotting
from musicgan_edu.score import Grid, Score

rng = lab.begin("01", seconds=10)

# %% [markdown]
# ## 1. A score, and the file it travels in
# In this course a piece of music is a `Score`: a table of notes. Each row says which **track** plays it,
# its **pitch** as a MIDI number (60 is middle C, one more is a semitone up), its **onset** and **duration**
# in quarter-note **beats**, and its **velocity**, how hard the key was struck.

# %%
print(phrase)
print(f"{'track':8} {'pitch':>5} {'name':>4} {'onset':>5} {'beats':>5} {'velocity':>8}")
for track, pitch, onset, duration, velocity in phrase.notes[:8].tolist():
    voice, name = phrase.tracks[track].name, plotting.pitch_name(pitch)
    print(f"{voice:8} {pitch:5} {name:>4} {onset:5} {duration:5} {velocity:8}")

# %%
plotting.piano_roll(phrase)

# %% [markdown]
# Most music on the web travels as **MIDI**, made in 1983 for cables between keyboards. It holds no notes.
# It holds *events*: "key 71 down", "key 71 up", and before each the time since the last one, in **ticks**.
# How many ticks make a beat, the file says in its first fourteen bytes:
#
# | bytes | holds | here |
# |---|---|---|
# | 4 | the letters `MThd` | it's a MIDI file |
# | 4 | length of what follows | always 6 |
# | 2 | type | 1: tracks that play together |
# | 2 | number of tracks | |
# | 2 | resolution $r$, ticks a quarter note | |
#
# A time of $k$ ticks is $b = k / r$ beats, and at $q$ quarter notes a minute it lasts $60\,k / (r\,q)$ seconds.

# %% [markdown]
# **Predict, then run.** Our phrase has four voices. How many tracks will the header name: one, four or five?

# %%
midi = playback.to_midi(phrase)
header = struct.unpack(">4sIHHH", midi[:14])  # 4 letters, a 4-byte number, three of 2
letters, length, kind, n_tracks, resolution = header
print(f"{letters.decode()}, type {kind}, {n_tracks} tracks, {len(midi)} bytes")
print(f"{resolution} ticks a quarter note")

# %% [markdown]
# Five: by custom the first track of a type-1 file carries no notes but what holds for all, such as tempo,
# metre and key. Does the music survive the journey? We write the file, read it, and compare note by note.

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "phrase.mid"
    file.write_bytes(midi)
    reread = corpus.read(file)

assert np.array_equal(reread.notes, phrase.notes)
print("every pitch, onset, duration and velocity is back; the tempo too:", reread.tempo)

# %% [markdown]
# What MIDI does lose is on the page, not in the keys. Pitch 63 is one key of the piano, but on paper it's
# D♯ or E♭, and in E minor, the key of this piece, only D♯ makes sense: it leads up to E. Slurs, fermatas
# and fingerings are gone too, and nearly always the words. MusicXML keeps them. A `Score` doesn't: like MIDI it knows
# the key on the keyboard, and `playback.engrave` has to guess the spelling from the key of the piece.

# %%
from IPython.display import SVG

SVG(playback.engrave(phrase))

# %% [markdown]
# ## 2. The grid
# A network wants the same number of inputs for every piece, so time is cut into **steps** of equal length,
# $r$ steps a beat. (MIDI's ticks are such a grid too, only very fine.) A note at beat $b$ goes to the nearest
# step:
#
# $$ s = \operatorname{round}(b \cdot r), \qquad \left|\frac{s}{r} - b\right| \le \frac{1}{2r}. $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $b$ | `beat` | a time in quarter-note beats |
# | $r$ | `steps_per_beat` | the grid's resolution |
# | $s$ | `step` | a whole number |
#
# ### Exercise ★ `to_step`
# Write the left half of the formula. It's one line.


# %%
def to_step(beat: float, steps_per_beat: int) -> int:
    """The step of the grid that lies nearest to `beat`."""
    # BEGIN SOLUTION
    return round(beat * steps_per_beat)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `int(x)` cuts off what stands behind the point, so 7.92 becomes 7. Which function of Python's goes to the
# nearest whole number?
#
# </details>

# %%
to_step = checks.check("01.to_step", to_step)

# %% [markdown] solution="01.to_step"
# Multiplying first matters: `round(beat) * steps_per_beat` would send every note to a full beat. Where a
# time lies exactly between two steps, Python rounds to the even one; here either would do.

# %% [markdown]
# The right half of the formula is a promise: no note moves by more than half a step. We test it on ten
# thousand random times.

# %%
beats = rng.uniform(0, 8, 10_000)
for steps_per_beat in (1, 2, 4, 12):
    steps = np.array([to_step(beat, steps_per_beat) for beat in beats])
    error = np.abs(steps / steps_per_beat - beats)
    assert error.max() <= 1 / (2 * steps_per_beat)
    moved = f"{error.mean():.3f} beats on average, {error.max():.3f} at most"
    print(f"{steps_per_beat:2} steps a beat: moved by {moved}")

# %% [markdown]
# **Predict, then run.** Chorales move in quarter, eighth and a few sixteenth notes, 1, ½ and ¼ of a beat, so
# four steps a beat hold them exactly. What of a triplet, three equal notes in one beat? On a grid of four, at
# which steps do they land, and what rhythm will you hear?

# %%
triplets = np.arange(12) / 3
on_grid = np.array([to_step(beat, 4) for beat in triplets]) / 4
lengths = np.diff(on_grid, append=4.0)
pitches = [72, 74, 76] * 4
rows = [(0, p, b, d) for p, b, d in zip(pitches, on_grid, lengths, strict=True)]
print("steps of the first beat:", on_grid[:3] * 4, "lengths:", lengths[:3] * 4)
assert (lengths[:3] * 4).tolist() == [1, 2, 1]
player.play(Score.from_rows(rows, tempo=80, title="Triplets on a grid of four"))

# %% [markdown]
# Three equal notes have become short, long, short: a limp. A grid of twelve steps a beat would hold both
# triplets and sixteenths, and make every sequence three times as long to learn. The grid is a choice about
# the music, and here it's made for chorales: `steps_per_beat = 4`. The package refuses what doesn't fit,
# rather than limp in silence; lesson 03 is about such decisions.

# %%
try:
    Grid(steps_per_beat=4).to_steps(triplets)
except ValueError as error:
    print(error)

# %% [markdown]
# ## 3. The piano roll
# Give each pitch a column and each step a row, and write a 1 wherever something sounds:
#
# $$ X_{t,p} = \begin{cases} 1 & \text{if a note of pitch } \mathit{low} + p \text{ sounds at step } t \\
# 0 & \text{otherwise.} \end{cases} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $t$ | first axis | step, 0 to `n_steps` − 1 |
# | $p$ | second axis | pitch − `low` |
# | $X$ | `roll` | array of zeros and ones, `(n_steps, n_pitches)` |


# %%
def piano_roll(score: Score, low: int = 36, high: int = 81) -> np.ndarray:
    """All voices of a score in one array of zeros and ones, (n_steps, n_pitches)."""
    roll = np.zeros((to_step(score.end, 4), high - low + 1), dtype=np.uint8)
    for note in score.notes:
        first = to_step(note["onset"], 4)
        stop = to_step(note["onset"] + note["duration"], 4)
        roll[first:stop, note["pitch"] - low] = 1
    return roll


roll = piano_roll(phrase)
plotting.tensor(roll, ylabel="pitch − 36", title="32 steps, 46 pitches")

# %% [markdown]
# It looks like the picture above, and it's what many early music networks were fed. It forgets two things:
#
# 1. **Repeats.** The soprano's two Bs are one run of eight ones.
# 2. **Who sings.** When two voices meet on one pitch, there's one 1, and afterwards nobody knows which
#    voice went where.
#
# **Predict, then run.** Count: the figure in section 1 shows 30 notes. How many separate runs of ones has the
# roll?


# %%
def count_runs(roll: np.ndarray) -> int:
    """How often a pitch begins to sound."""
    return int((np.diff(roll.astype(int), axis=0, prepend=0) == 1).sum())


print(f"{phrase.n_notes} notes went in, {count_runs(roll)} runs of ones came out")
assert count_runs(roll) == phrase.n_notes - 2

# %% [markdown]
# One of the two lost notes is the soprano's second B. Can you find the other in the figure of section 1? (It's
# in an inner voice.)
#
# <details><summary>Answer</summary>
#
# The alto's E4 on beat 4 comes again right after the barline. The ear hardly misses it; a counter does.
#
# </details>
#
# ### Draw into the roll
# Each player of this course is a roll to draw in. Press *Edit notes*: a click on an empty place adds a note, dragging
# moves it or its end, Delete removes it, and all of that works from the keyboard. Below are the zeros and ones that came
# back. Mend the soprano: make two notes of its long B. **Predict, then run** the cell beneath again: how many notes are
# there now, and how many runs of ones? (Stay between C2 and A5: the roll has no other pitches.)

# %% interactive="roll"
board = player.Player(returned.replace(title="Draw here"))
board

# %%
n_runs = count_runs(piano_roll(board.score))
print(f"{board.score.n_notes} notes, {n_runs} runs of ones")
assert n_runs <= board.score.n_notes

# %% [markdown]
# <details><summary>Answer</summary>
#
# 29 notes, and still 28 runs: to the ones it's the same music.
#
# </details>
#
# An array can be edited like a picture, too. Change the cell: lines, steps, blocks of ones. Then listen.

# %% static="roll"
drawn = np.zeros((32, 46))
for n, pitch in enumerate([60, 62, 64, 65, 67, 69, 71, 72]):
    drawn[4 * n : 4 * n + 4, pitch - 36] = 1  # a scale, one note a beat
drawn[0:32, 48 - 36] = 1  # over a long low C

one_track = encoding.RollEncoding(tracks=phrase.tracks[:1])
starts = np.zeros_like(drawn)  # none drawn: each run of ones is one note
both_channels = np.stack([drawn, starts], axis=-1)[None]  # (1, 32, 46, 2)
sketch = one_track.decode(both_channels)[0].replace(title="Drawn")
plotting.show(plotting.piano_roll(sketch))
player.play(sketch)

# %% [markdown]
# ## 4. One class for each voice and step
# A chorale's voice sings at most one note at a time. So at each step it's in exactly one of a few states,
# and we can number them:
#
# | class $k$ | meaning |
# |---|---|
# | 0 … `n_pitches` − 1 | a note of pitch `low` + $k$ **starts** here |
# | `rest` = `n_pitches` | silence |
# | `hold` = `n_pitches` + 1 | what sounded at the last step goes on |
#
# *Hold* is what the piano roll lacked: two quarter notes B read `B hold hold hold B hold hold hold`, one half
# note reads `B hold hold hold hold hold hold hold`. *Rest* is a class of its own: where rests are written as 0 and
# pitches count from 0, too, silence comes back as a low note. With the 46 pitches from 36 to 81 that makes 48
# classes.

# %% [markdown]
# ### Exercise ★★ `tokens_of`
# Encode one voice. `notes` is a list of `(pitch, first step, number of steps)`; give an array of `n_steps`
# classes. With `low=60`, `rest=12` and `hold=13`, the notes `[(64, 0, 3)]` on four steps are `[4, 13, 13, 12]`.


# %%
def tokens_of(notes: list, n_steps: int, low: int, rest: int, hold: int) -> np.ndarray:
    """One voice as a class a step, (n_steps,): pitch − low, `rest` or `hold`.

    `notes` holds (pitch, first step, number of steps).
    """
    # BEGIN SOLUTION
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first] = pitch - low
        tokens[first + 1 : first + length] = hold
    return tokens
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with silence everywhere, `np.full(n_steps, rest)`, and write each note into it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A note of `length` steps that starts at `first` is one class at `first` and `hold` on the slice from
# `first + 1` to `first + length`, the end not included.
#
# </details>

# %%
tokens_of = checks.check("01.tokens_of", tokens_of)

# %% [markdown] solution="01.tokens_of"
# A slice that is empty, as for a note of one step, writes nothing, so short notes need no case of their own.

# %% [markdown]
# With it, all four voices of the phrase become an array of small integers, `(n_steps, n_voices)`. The
# package's `VoiceEncoding` does the same for many pieces at a time; the two must agree.

# %%
form = encoding.VoiceEncoding()  # two bars of 4/4, four steps a beat, pitches 36 to 81


def voice_notes(score: Score, voice: int) -> list:
    """One voice as (pitch, first step, number of steps)."""
    return [
        (n["pitch"], to_step(n["onset"], 4), to_step(n["duration"], 4))
        for n in score.of_track(voice)
    ]


columns = [
    tokens_of(voice_notes(phrase, v), 32, form.low, form.rest, form.hold)
    for v in range(4)
]
tokens = np.stack(columns, axis=1)  # (T, V)
assert np.array_equal(tokens, form.tokens([phrase]).values[0])
print("soprano:", tokens[:16, 0], "… where", form.hold, "is hold")

# %% [markdown]
# ### Exercise ★★★ `notes_of`
# Now the way back: from one voice's classes to its notes. Mind that a generator may write things that no
# encoder ever would, such as a *hold* right after a *rest*. We agree that this is silence.


# %%
def notes_of(tokens: np.ndarray, low: int, rest: int, hold: int) -> list:
    """The notes (pitch, first step, number of steps) of one voice's classes.

    `tokens` has shape (n_steps,). A hold at the start or after a rest is silence.
    """
    # BEGIN SOLUTION
    notes: list = []
    for step, token in enumerate(tokens):
        if token == hold and notes and sum(notes[-1][1:]) == step:
            pitch, first, length = notes[-1]
            notes[-1] = (pitch, first, length + 1)
        elif token not in (rest, hold):
            notes.append((int(token) + low, step, 1))
    return notes
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Walk through the steps. A pitch class starts a new note of length 1. A hold makes the last note one step
# longer, if there's a last note and it still sounds.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The last note `(pitch, first, length)` still sounds at `step` exactly if `first + length == step`.
#
# </details>

# %%
notes_of = checks.check("01.notes_of", notes_of)

# %% [markdown] solution="01.notes_of"
# The test `sum(notes[-1][1:]) == step` reads: the last note's first step plus its length is now. It fails
# after a rest, and so the stray hold falls through both branches and is silence.

# %% [markdown]
# There and back again: nothing may change. We try it on the phrase, and on random classes, where the first
# decoding may tidy up, but the second has to find nothing left to tidy.

# %%
for v in range(4):
    assert notes_of(tokens[:, v], form.low, form.rest, form.hold) == voice_notes(
        phrase, v
    )

for _ in range(200):
    noise = rng.integers(0, 14, size=32)
    once = notes_of(noise, 60, 12, 13)
    assert notes_of(tokens_of(once, 32, 60, 12, 13), 60, 12, 13) == once
print("200 random voices and four of Bach's: every note came back")

# %% [markdown]
# ## 5. The tensor
# Class 7 isn't *more* than class 3, so a network doesn't get the numbers themselves but a vector for each,
# with a single 1: **one-hot**.
#
# $$ Y_{t,v,c} = \begin{cases} 1 & c = k_{t,v} \\ 0 & \text{otherwise} \end{cases}
# \qquad\Rightarrow\qquad \sum_c Y_{t,v,c} = 1 . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $k_{t,v}$ | `tokens` | the class at step $t$ in voice $v$ |
# | $Y$ | `one_hot` | float32, `(n_steps, n_voices, n_classes)` |
#
# The sum is what makes this form so useful: a generator can put out *probabilities* of the same shape, which
# sum to 1 as well, and the network that judges real music can judge those, too.

# %%
one_hot = np.eye(form.n_classes, dtype=np.float32)[tokens]  # (T, V, C)
assert one_hot.shape == form.shape == (32, 4, 48)
assert (one_hot.sum(axis=-1) == 1).all()
assert np.array_equal(one_hot, form.encode([phrase]).values[0])
plotting.tensor(
    one_hot,
    names=[track.name for track in phrase.tracks],
    title="One-hot: the line at the top is hold",
)

# %% [markdown]
# **Predict, then run.** The same two bars in five forms. Which is the largest, and by how much?

# %%
sizes = {
    "MIDI file": len(midi),
    "Score, table of notes": phrase.notes.nbytes,
    "piano roll, one byte a cell": roll.nbytes,
    "classes, one byte each": tokens.astype(np.uint8).nbytes,
    "one-hot, float32": one_hot.nbytes,
}
for name, size in sizes.items():
    print(f"{size:7} bytes  {name}")
assert max(sizes, key=sizes.get) == "one-hot, float32"

# %% [markdown]
# The network's food is the bulkiest form by far. So this package keeps pieces as small integers and makes
# them one-hot only inside the training step.
#
# ### How many tensors are there?
# Each of the $32 \times 4$ cells takes one of 48 classes, so there are $48^{128}$ tensors of this shape.

# %%
n_cells, n_classes = tokens.size, form.n_classes
digits = len(str(n_classes**n_cells))  # Python's integers are exact, however long
print(f"48^{n_cells} has {digits} digits; the universe holds about 10^80 atoms")

noise = rng.integers(0, n_classes, size=(1, 32, 4))
player.play(
    form.decode(noise, tempo=72)[0].replace(title="One of them, drawn at random")
)

# %% [markdown]
# That is what almost all of them sound like. Bach's chorales, cut into windows of two bars, are a few thousand
# points in this space. Some thin, tangled set around them is *music like Bach's*, nobody can write down where it
# runs, and a generative model is an attempt to learn to walk on it from examples alone. How a game between two
# networks can teach that is lesson 02.

# %% [markdown]
# ## What each form loses
#
# | from → to | lost |
# |---|---|
# | printed score → MusicXML | hardly anything |
# | MusicXML → MIDI, `Score` | spelling (D♯ or E♭), slurs, fermatas, words, layout |
# | `Score` → grid | anything finer than half a step; triplets on a grid of four |
# | `Score` → plain piano roll | repeats, who sings, velocity, tempo |
# | `Score` → `RollEncoding` (sounding + starts, a pair of channels a track) | velocity, tempo, key |
# | `Score` → `VoiceEncoding` | the same, and all but one of the notes that a voice plays at once |
# | classes → one-hot | nothing |
#
# The line about `VoiceEncoding` can be tested: give the bass a second note, and ask what was dropped.

# %%
double = [(3, 43, 0.0, 1.0), (3, 55, 0.0, 1.0)]  # two notes at once in the bass
encoded = form.tokens([Score.from_rows(double, phrase.tracks)])
for drop in encoded.dropped:
    print(f"dropped: pitch {drop.note['pitch']}, because {drop.reason}")
assert len(encoded.dropped) == 1

# %% [markdown]
# ## Exercises
# You've met three on the way: `to_step` ★, `tokens_of` ★★ and `notes_of` ★★★. Two more to think about,
# without a check:
#
# - A fiddle tune in 6/8 has bars of 3 quarter-note beats. Which `Grid` holds two bars of it in eighth notes?
#   Make it, and look at its `n_steps`.
# - Put `phrase` through `RollEncoding` *with* its start channels. Which notes change?
#
# <details><summary>Answers</summary>
#
# `Grid(n_bars=2, beats_per_bar=3.0, steps_per_beat=2)` has 12 steps, six eighth notes a bar.
#
# None: `rolls.decode(rolls.encode([phrase]).values)[0]` has the very pitches, onsets and durations of `phrase`.
# The starts tell the two Bs apart, and each track has channels of its own.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. What does a piano roll of zeros and ones forget?**
# - [ ] The pitches :: They are its columns, and nothing about them is lost.
# - [ ] How long a note sounds :: That is the length of its run of ones, unless the next note of the same
#   pitch follows without a gap.
# - [x] Whether a note is held or struck again :: Two quarter notes and one half note make the same ones.

# %% [markdown] tags=["quiz"]
# **2. A grid has 4 steps a beat. By how much can rounding to it move a note?**
# - [ ] By up to a quarter of a beat :: A quarter is the distance between two steps. The nearer one is never
#   farther than half of that.
# - [x] By up to an eighth of a beat :: Half a step, $1/(2r)$ with $r = 4$.
# - [ ] Not at all, if the music is in 4/4 :: The metre says how beats make bars, not where notes may stand: a
#   triplet in 4/4 moves.

# %% [markdown] tags=["quiz"]
# **3. Why does `rest` get a class of its own rather than, say, 0?**
# - [x] Because 0 is a pitch already, and silence would come back as a note :: It happens: in
#   the code of a much-read book, rests come back as a high note.
# - [ ] Because networks can't learn zeros :: They can; most of a one-hot tensor is zeros.
# - [ ] To save memory :: One class more costs a little memory.

# %% [markdown] tags=["quiz"]
# **4. Which of these comes back from `VoiceEncoding` unchanged?**
# - [ ] A crescendo :: Loudness is velocity, and the encoding holds none.
# - [x] A repeated note :: A start always starts; only `hold` goes on.
# - [ ] A chord in the bass :: One class a voice and step: one note stays, the others are dropped, and reported.
# - [ ] A trill in thirty-second notes :: They fall between the steps of a grid of four. The encoding refuses
#   them until you quantise, and then they aren't a trill any more.

# %% [markdown]
# ## Recap
# - Music enters this course as a `Score`, a table of notes in beats. MIDI is events in ticks.
# - A grid of $r$ steps a beat moves notes by at most $1/(2r)$ beats, and bends what doesn't fit.
# - A piano roll forgets repeats and voices. One class a voice and step, with `rest` and `hold`, forgets neither.
# - One-hot makes classes into vectors that sum to 1, just as probabilities do.
#
# **What can go wrong.** A MIDI file of somebody *playing* isn't on any grid: quantise it first (lesson 03). A
# pickup shifts every bar if it's taken for the first one: `Score.pickup` says where the first barline
# stands. Pitches outside 36 to 81 are dropped by the default encoding: look at `dropped`, always.
#
# **Reading.**
# - D. M. Huber, *The MIDI Manual*, 4th ed., Routledge 2020: the messages, byte by byte.
# - M. Müller, *Fundamentals of Music Processing*, 2nd ed., Springer 2021: chapter 1, music representations.
# - H.-W. Dong et al., *MuseGAN*, AAAI 2018: multi-track piano rolls as a GAN's food.
# - G. Hadjeres, F. Pachet, F. Nielsen, *DeepBach*, ICML 2017: where the hold symbol for chorales comes from.
#
# **Next**: two networks, one game, and losses that you'll derive yourself.
