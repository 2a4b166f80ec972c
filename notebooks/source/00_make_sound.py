# %% [markdown]
# # 00 · Setup and first sound
#
# In half a minute you'll hear two bars by Johann Sebastian Bach and two bars by a small neural network that
# learned from music like his. This lesson checks that your machine is ready, and shows how every
# lesson of this course works: you listen, you predict, you run, you write a little code and have it checked.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - play a real chorale and one that a generative adversarial network (GAN) composed;
# - read the self-test, and know what to do when it finds something;
# - turn beats into seconds and pitch numbers into frequencies, and make a tone from nothing;
# - say in two sentences what a generator does with a random vector $z$.
#
# *45 minutes. Needs a little Python; headphones help. No network, no graphics card, no account.*

# %% [markdown]
# ## Hear it first
# Click into the cell below and press **Shift + Enter**. A player appears; press its ▶ (or Tab to it, then
# Space). If the brackets beside the cell stay empty, Python was still starting: click into the cell and press
# Shift + Enter again. What you hear is the last chorale of Bach's cantata 66, its first two full bars.

# %%
from musicgan_edu import corpus
from musicgan_edu.widgets import player

bach = corpus.read_chorale("bwv66.6")
player.play(bach.cut(1, 9).replace(tempo=80, title="Bach"))

# %% [markdown]
# And this was composed by a network that was trained as one half of a *generative adversarial network*, a GAN,
# on 258 chorales. It isn't stored anywhere: the network makes it up when you run the cell. It
# composes in C major or A minor, because all that it learned from was moved there; hence another key than Bach's.

# %%
from musicgan_edu import sampling

composer = sampling.load("chorales")
composed = composer.sample(1, seed=1)[0]
player.play(composed.replace(tempo=80, title="A GAN"))

# %% [markdown]
# Under the notes, **M** mutes a voice and **S** (solo) mutes all the others: listen to each bass by itself. The
# button with the two arrows repeats; − and + stretch the picture.
#
# Then listen to both once more. Had nobody told you, could you say which is Bach, and by what? Keep your answer: in
# lesson 05 you'll train a network whose whole job is to tell them apart, and in lesson 10 you'll test
# yourself blind.
#
# **No sound?** Look whether the browser's tab is muted and the system's volume is up; then press ▶ once more,
# for browsers allow sound only after a click. More cures stand at the end of this lesson.

# %% [markdown]
# ## Setup
# Every lesson has one such cell. It imports what the lesson needs, says what your machine is and how long the
# lesson computes, and sets the seed of its random numbers, so that you hear what everybody hears.

# %%
import numpy as np

from musicgan_edu import checks, lab, plotting
from musicgan_edu.score import Score

rng = lab.begin("00", seconds=10)

# %% [markdown]
# ### Is everything there?
# The self-test looks at each part that the course needs, and plays a note into memory to hear whether sound can
# be made. A dot is fine; an *i* is good to know, and no obstacle; a ✘ comes with what to do about it.

# %% interactive="lights"
lab.lights()

# %% [markdown]
# The same as plain text, for print and for screen readers (every interactive cell of the course has such a twin):

# %% static="lights"
for light in lab.self_test():
    print(light)

# %% [markdown]
# ## 1. How a lesson works
# What you're reading is a **notebook**: text cells like this one, and code cells that a Python process, the
# *kernel*, runs one at a time. Shift + Enter runs a cell and goes on to the next. Variables stay: `bach`, from
# the first cell, is still there.

# %%
print(bach)
print(composed)

# %% [markdown]
# Both are of the same type, `Score`. Where **Predict, then run** stands, say an answer aloud or write it down
# before you run the cell. People who commit to an answer first learn more from the next line, and most from
# having been wrong.
#
# **Predict, then run.** Chorales are sung in four voices: soprano, alto, tenor and bass. The composing
# network never heard a voice, it has only seen numbers. In its music, does the tenor mostly lie above the bass?

# %%
pieces = composer.sample(64, seed=2)
medians = []
for voice, track in enumerate(composed.tracks):
    pitches = np.concatenate([piece.of_track(voice)["pitch"] for piece in pieces])
    medians.append(np.median(pitches))
    real = np.median(bach.of_track(voice)["pitch"])
    print(f"{track.name:8} median pitch: Bach {real:.0f}, the GAN {medians[-1]:.0f}")
assert medians == sorted(medians, reverse=True), "the voices have lost their order"

# %% [markdown]
# It does, over 64 pieces. No rule in it says so; the order of the voices is in the examples. Here is the piece that
# you heard as a **piano roll**: time runs to the right, pitch upwards, and each stroke is a note.

# %%
plotting.piano_roll(composed, title="Two bars by the GAN")

# %% [markdown]
# ## 2. Beats and seconds
# Musicians count **beats**; loudspeakers need seconds. The **tempo** ties them: it's the number of beats a
# minute.
#
# $$ t = b \cdot \frac{60}{q} $$
#
# | symbol | in the code | meaning | unit |
# |---|---|---|---|
# | $b$ | `beats` | a time or a length | quarter notes |
# | $q$ | `tempo` | how fast it goes | quarter notes a minute |
# | $t$ | what the function returns | the same in time | seconds |
#
# ### Exercise ★ `seconds_of`
# Your first exercise. Replace the two lines below the docstring by your own, run the cell, then run the check
# under it. The check answers *not attempted*, *wrong, because …* or *correct*. You can leave any exercise
# open: the lesson then goes on with the reference solution, and says so. A cell that you have run already learns of
# your own solution when you run it again.


# %%
def seconds_of(beats: float, tempo: float) -> float:
    """How many seconds `beats` quarter notes last at `tempo` of them a minute."""
    # BEGIN SOLUTION
    return beats * 60 / tempo
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A minute has 60 seconds and `tempo` beats. So how long is one beat?
#
# </details>

# %%
seconds_of = checks.check("00.seconds_of", seconds_of)

# %% [markdown] solution="00.seconds_of"
# One beat lasts `60 / tempo` seconds, and `beats` of them last that many times as long.

# %% [markdown]
# **Predict, then run.** The whole chorale has 36 beats. How long does it take at 80 beats a minute? More or
# less than half a minute?

# %%
slow, fast = bach.replace(tempo=80), bach.replace(tempo=160)
for tempo in (80, 160):
    print(f"at {tempo}: {seconds_of(bach.end, tempo):.1f} seconds")
assert np.isclose(seconds_of(bach.end, 80), slow.seconds)
assert np.isclose(2 * fast.seconds, slow.seconds)

# %% [markdown]
# ## 3. From a number to a tone
# A **pitch** in this course is a MIDI number: each key of the piano has one, 60 is middle C, and one more is a
# semitone higher. An octave is 12 semitones and doubles the frequency. If all semitones are to be equal, each
# multiplies the frequency by the same factor, whose twelfth power is 2:
#
# $$ f(p) = 440 \cdot 2^{(p-69)/12} \ \text{Hz} $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $p$ | `pitch` | a MIDI number; 69 is the A that orchestras tune to |
# | $f$ | what the function returns | vibrations a second, hertz |
#
# ### Exercise ★★ `frequency`


# %%
def frequency(pitch: float) -> float:
    """The frequency, in hertz, of a MIDI pitch: 440 for pitch 69."""
    # BEGIN SOLUTION
    return 440 * 2 ** ((pitch - 69) / 12)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# In Python `2 ** x` is 2 to the power of x, and it binds more tightly than division: `2 ** 1 / 12` is 2/12.
#
# </details>

# %%
frequency = checks.check("00.frequency", frequency)

# %% [markdown] solution="00.frequency"
# The inner brackets make `pitch - 69` the number of semitones, the outer ones make the quotient the exponent.

# %% [markdown]
# The formula makes two promises: an octave doubles the frequency, and a fifth (seven semitones) comes close to
# the ratio 3 : 2 that the ear likes best after the octave's 2 : 1. How close?

# %%
pitches = np.arange(128)
assert np.allclose([frequency(p + 12) / frequency(p) for p in pitches], 2)
fifth = frequency(67) / frequency(60)
print(f"a fifth is {fifth:.5f}, off from 1.5 by {abs(fifth / 1.5 - 1):.2%}")
assert abs(fifth / 1.5 - 1) < 0.002

# %% [markdown]
# A loudspeaker's membrane follows a list of numbers, the **samples**, so many a second. A pure tone is a sine:
#
# $$ y_n = a \, \sin\!\left(2\pi f \frac{n}{R}\right), \qquad n = 0, 1, 2, \dots $$
#
# with amplitude $a$ (between 0 and 1, or it clips), frequency $f$ and $R$ samples a second (`sample_rate`).
#
# ### Exercise ★★★ `tone`
# Make one. Use `np.arange`, `np.sin`, `np.pi` and your `frequency`.


# %%
def tone(pitch: float, seconds: float, sample_rate: int) -> np.ndarray:
    """A sine tone of amplitude 0.3, beginning at 0.

    It has round(seconds · sample_rate) samples, shape (n_samples,).
    """
    # BEGIN SOLUTION
    n = np.arange(round(seconds * sample_rate))
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * n / sample_rate)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.arange(k)` is the array 0, 1, …, k − 1, and numpy computes with whole arrays: `np.sin(array)` is an array.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Sample $n$ is heard after $n/R$ seconds. In that time a tone of $f$ hertz has gone round its circle $f\,n/R$ times,
# and a circle is $2\pi$.
#
# </details>

# %%
tone = checks.check("00.tone", tone)

# %% [markdown] solution="00.tone"
# `n / sample_rate` is the time of each sample in seconds. At 0.3 three tones at once still fit below 1.

# %%
from IPython.display import Audio

chord = sum(tone(pitch, 1.5, 22_050) for pitch in (57, 61, 64))  # A major
assert np.abs(chord).max() <= 1
Audio(chord, rate=22_050, normalize=False)

# %% [markdown]
# A chord made from nothing but a formula. The player's organ and strings are recordings of real
# instruments, shifted to the right pitch by this very factor of $2^{1/12}$ a semitone.
#
# ## 4. What the composer is
# The network that composed above is a **generator**: a function $G$ from random numbers to music.
#
# $$ x = G(z, \varepsilon), \qquad z \sim \mathcal{N}(0, I) $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $z$ | drawn from `seed` | the **latent vector**: 32 normal random numbers that colour the whole piece |
# | $\varepsilon$ | drawn from `seed` | noise that settles, note by note, what $z$ leaves open |
# | $G$ | `composer` | a fixed function once it's trained: all chance lies in what it is given |
# | $x$ | a `Score` | two bars in four voices |
#
# It learned in two stages. First it practised: a helper network squeezed two real bars into such a $z$, and the
# generator had to write the bars down again from it, guessing step by step what comes next. (The pair is
# called a *variational autoencoder*.) Then came a game, beside which it went on practising. A second network, the
# **discriminator**, was shown real bars and bars by the generator and had to tell them apart; the generator was
# changed, little by little, into one that is found out less often. That is a *generative adversarial
# network*; lesson 02 turns the game into formulas, lesson 07 trains one.
#
# Both stages together saw 2 851 excerpts of two bars and took 3 000 small corrections, about ten minutes on two
# cores. Composing takes hundredths of a second.
#
# **Predict, then run.** Nothing about $G$ is random except what goes into it. What happens if the same seed is used
# twice? And with another seed?

# %%
again, other = composer.sample(1, seed=1)[0], composer.sample(1, seed=3)[0]
print("same seed, same music:", np.array_equal(again.notes, composed.notes))
print("other seed, same music:", np.array_equal(other.notes, composed.notes))
assert np.array_equal(again.notes, composed.notes)
assert not np.array_equal(other.notes, composed.notes)
assert composer.latent_dim == 32
player.play(other.replace(tempo=80, title="Seed 3"))

# %% [markdown]
# Change the seed to your birthday, without a leading zero (`seed=7041998`), and listen to a piece that hardly
# anyone can have heard before.

# %% [markdown]
# ### Hear it learn
# This composer has a sister, the same network trained on the same chorales, which can also be asked for *major* or
# *minor* (lesson 09). Of its training two moments were kept: after 60 corrections and after 300. The third piece is by
# the sister as it is now, after 3 000. All three get the same random numbers, so whatever differs was learned. Listen
# for three things: do the notes that sound together agree, does each voice sing a line, and does it go anywhere?

# %%
moments = sampling.snapshots("moods") | {3000: "moods"}
sisters = {step: sampling.load(moment) for step, moment in moments.items()}
for step, sister in sisters.items():
    piece = sister.sample(1, seed=2)[0]
    player.play(piece.replace(tempo=80, title=f"After {step} corrections"))

# %% [markdown]
# One piece can be luck, so count over 64 of each. **Predict, then run:** how far, in semitones, does a voice move from
# one note to the next, on average? And what share of the notes lies on the seven white keys, C major's and A minor's?

# %%
leaps, white = [], []
for step, sister in sisters.items():
    pieces = sister.sample(64, seed=2)
    lines = [piece.of_track(v)["pitch"] for piece in pieces for v in range(4)]
    moves = np.concatenate([np.diff(line) for line in lines])
    leaps.append(np.abs(moves).mean())
    white.append(np.isin(np.concatenate(lines) % 12, [0, 2, 4, 5, 7, 9, 11]).mean())
    print(f"{step:4}: {leaps[-1]:.1f} semitones a move, {white[-1]:.0%} white keys")
assert leaps[0] > 1.5 * leaps[1] > 1.5 * leaps[2]
assert white[0] < white[1] < white[2]

# %% [markdown]
# By 300 corrections most of what is counted so simply has been learned. Mind, too, which stage you heard: the first 2 100
# corrections are practice, and only the last 900 belong to the game. Practice alone makes a good pupil (lesson 04 trains
# one), and lesson 07 has what the game is for.

# %% [markdown]
# ## Exercises
# You've met all three: `seconds_of` ★, `frequency` ★★ and `tone` ★★★. When they're done, write a tune of your
# own. Each row is (track, pitch, onset in beats, duration in beats), and tracks count from 0:

# %%
rows = [
    (0, 64, 0, 1),
    (0, 64, 1, 1),
    (0, 65, 2, 1),
    (0, 67, 3, 1),
    (0, 67, 4, 1),
    (0, 65, 5, 1),
    (0, 64, 6, 2),
]
player.play(Score.from_rows(rows, tempo=120, title="My tune"))

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. You run the composing cell twice with `seed=1`. What do you hear the second time?**
# - [x] The same two bars :: The seed fixes $z$ and $\varepsilon$, and $G$ is a fixed function of the two.
# - [ ] Other bars in the same style :: For that, what goes into $G$ has to change: take another seed.
# - [ ] A better version, for the network goes on learning :: It doesn't learn while it composes. Its weights were
#   fixed when training ended.

# %% [markdown] tags=["quiz"]
# **2. A piece at 60 beats a minute takes 40 seconds. How long at 120?**
# - [ ] 80 seconds :: Twice as many beats a minute is faster, so it takes less time.
# - [x] 20 seconds :: $t = b \cdot 60/q$: doubling $q$ halves $t$.
# - [ ] 40 seconds, only the pitch is higher :: That's what happens to a tape. Notes know their pitch and their
#   time apart from each other.

# %% [markdown] tags=["quiz"]
# **3. An exercise is left open. What happens to the cells below it?**
# - [ ] They stop with an error :: They'd have to, if nothing stood in for your function.
# - [x] They run with the reference solution, and say so :: The check gives back your function if it's right, and
#   the reference if it isn't.
# - [ ] They run with your stub and give wrong results :: A stub raises an error on purpose, so that this can't happen
#   unnoticed.

# %% [markdown]
# ## Recap
# - A `Score` holds notes: pitch, onset and duration in beats. Tempo makes seconds of beats.
# - Twelve equal semitones double the frequency.
# - A generator maps random numbers to music; the same numbers give the same music.
# - Checks answer with a reason, and an open exercise never blocks you. What you've passed is noted in
#   `musicgan_progress.json` beside the lessons.
#
# **What can go wrong.**
# - *No sound*: tab muted, volume, headphones; press ▶ again; then run the first cell again. If the notebook runs on another
#   computer, sound still comes out of your browser's. As a last resort,
#   `from musicgan_edu import playback; playback.to_wav(bach, "bach.wav")` writes a file that any player plays.
# - *Nothing happens, and the brackets stay `[ ]`*: Python was still starting. Click into the cell, Shift + Enter again.
# - *Error displaying widget: model not found*: the lesson was opened anew, and its players belonged to a kernel
#   that has ended. Run the cells again.
# - *A cell shows `[*]` and doesn't end*: it's still computing. The ■ in the toolbar stops it.
# - *Nothing works any more*: menu *Kernel → Restart Kernel and Run All Cells*. What you typed stays.
#
# **Reading.**
# - I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014: the paper that started it.
# - M. Müller, *Fundamentals of Music Processing*, 2nd ed., Springer 2021: chapter 1 for pitch, frequency and tempo.
#
# **Next**: what is a piece of music to a network? You'll take one to pieces, down to zeros and ones.
