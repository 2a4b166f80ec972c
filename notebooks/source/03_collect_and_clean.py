# %% [markdown]
# # 03 · Collect and clean
#
# A generator learns what it is fed, wrong notes, hiss and empty bars included. In this lesson you collect
# music from three places, a scholars' corpus, your own folder and a microphone, and get each into a state
# that a network may see. Every cleaning step is a decision with a price, so each one here is measured: what
# it took away that was dirt, and what it took away that was music.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - import a corpus and a folder of your own MIDI, MusicXML and recordings, and read the report of what was
#   left out and why;
# - say what you may do with a piece of music, as a composition, as a file and as a performance;
# - take hiss out of a recording by spectral gating and stray notes out of a performance by two thresholds, and
#   choose the thresholds by what they cost;
# - cut silence, quantise and transpose, and say in which order and why;
# - split a corpus into training, validation and test pieces without leaks, and show what a leak looks like.
#
# *60 minutes. Needs lesson 01 (beats, grid, `Score`) and, for the first cells and section 5, the extra `audio`.
# No network.*

# %% [markdown]
# ## Hear it first
# A microphone in a cold church: hiss, the hum of the mains, and long waits. This cell makes such a recording
# from a chorale, so that we know what it should have been. The next one cleans it in two lines.

# %%
import numpy as np
from IPython.display import Audio, display

from musicgan_edu import audio, corpus, playback

rate = 22_050  # samples a second
chorale = corpus.read_chorale("bwv66.6")
phrase = chorale.cut(0, 9).replace(tempo=100)
verse = playback.render(phrase, rate).mean(axis=1)  # (n_samples,)
waits = [np.zeros(round(seconds * rate)) for seconds in (1.5, 3.0, 2.0)]
clean = np.concatenate([waits[0], verse, waits[1], verse, waits[2]])

hum = np.sin(2 * np.pi * 50 * np.arange(len(clean)) / rate)
hiss = np.random.default_rng(3).normal(size=len(clean))
recording = (clean + 0.01 * hiss + 0.01 * hum).astype(np.float32)
display(Audio(recording, rate=rate, normalize=False))

# %%
gated = audio.denoise(recording, rate, noise=(0.0, 1.4))
trimmed = audio.trim(gated, rate)
print(f"{len(recording) / rate:.1f} s became {len(trimmed.samples) / rate:.1f} s")
display(Audio(trimmed.samples, rate=rate, normalize=False))

# %% [markdown]
# Hiss, hum and waiting are gone, and it seems as if nothing else were. Something is: no cleaning is free. By section
# 5 you'll know what these two lines did, and measure what they cost.

# %% [markdown]
# ## Setup

# %%
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import ipywidgets
from scipy import signal

from musicgan_edu import checks, cleaning, lab, plotting
from musicgan_edu.score import Score
from musicgan_edu.widgets import player, slider

rng = lab.begin("03", seconds=30)
workshop = tempfile.TemporaryDirectory()  # deleted when you shut this lesson down
folder = Path(workshop.name)

# %% [markdown]
# ## 1. Collect a corpus
# The package music21 carries some three thousand works, encoded by scholars and shipped with permission. This
# course never copies them: it reads them from your own installation, the first time in less than a
# minute, and keeps the notes in your cache folder.

# %%
print(", ".join(corpus.names()))
report = corpus.collect("chorales")
n_notes = sum(score.n_notes for score in report.scores)
print(f"{len(report.splits)} chorales with {n_notes:,} notes, kept in")
print(corpus.cache_folder())

# %% [markdown]
# **Predict, then run.** The folder holds 408 pieces by Bach. The collection "chorales" keeps those in exactly
# four voices and in 4/4 throughout, because that is the form that our networks take. What share survives, and
# what are the others?

# %%
reasons = Counter(
    "another metre" if "beats" in why else "not four parts"
    for _, why in report.rejected
)
print(dict(reasons))
for name, why in report.rejected[:4]:
    print(f"  {name}: {why}")
assert len(report.splits) + len(report.rejected) == 408
assert 0.75 < len(report.splits) / 408 < 0.85

# %% [markdown]
# Four of five stay. What was left out isn't bad music: chorales with parts for horns or trumpets, and those in
# triple time. A model trained on what stays has never heard a waltz, and nobody who plays with it later can see
# that. So a collection's *filter* belongs in its description, as much as its size does.
#
# ## 2. Collect your own
# Put MIDI, MusicXML, ABC or Humdrum files into a folder and point to it. To see what can happen, we make such
# a folder with three good files and three bad ones, the kinds of bad file that every download brings along.

# %%
waltz = Score.from_rows(
    [(0, 60 + 4 * (n % 3), n, 1) for n in range(24)], beats_per_bar=3.0
)
playback.to_midi(chorale, folder / "chorale.mid")
playback.to_musicxml(chorale, folder / "chorale.musicxml")
playback.to_midi(waltz, folder / "waltz.mid")
(folder / "cut_off.mid").write_bytes((folder / "chorale.mid").read_bytes()[:300])
(folder / "empty.mid").write_bytes(b"")
(folder / "page_not_found.mid").write_text("<html>404</html>")

found = corpus.import_folder(folder, progress=False)
print(found)
assert len(found.scores) == 3
assert len(found.rejected) == 3

# %% [markdown]
# One bad file never stops the others, and none disappears without a word. The waltz is kept, for it is music,
# but the last column says that a network for 4/4 can't take it as it is.
#
# **Your turn.** Write the path of a folder of yours between the quotes. With nothing there, nothing happens.

# %%
MY_FOLDER = ""  # for example "~/Music/midi"

if MY_FOLDER:
    print(corpus.import_folder(MY_FOLDER))

# %% [markdown]
# ### May I use it?
# A piece of music may have three owners, and you need leave from each.
#
# | layer | example | whose it is |
# |---|---|---|
# | composition | the notes of a chorale | nobody's any more: Bach died in 1750. In the EU and many other places a composer's right ends 70 years after death |
# | encoding or edition | the MusicXML file, the printed page | whoever made it. Some of music21's encodings exclude commercial use; their licences stand in the files |
# | performance and recording | the sound | the players and the producer, for decades after the recording, even where the composition is free |
#
# A MIDI file "from the web" usually has a composer with rights, a maker with rights, and no licence at all.
# Then you may study it at home in many countries, and publish neither the file nor, perhaps, what a model
# trained on it puts out (lesson 15 comes back to that). Write down for each source where it's from, when you
# got it and what its licence says, on the day you get it. Nobody reconstructs that later.

# %% [markdown]
# ## 3. Clean a performance
# Files that people *played* rather than wrote hold more than the piece. The keyboard registers a brushed key; a
# transcription program hears an overtone as a note. Such **ghost notes** are short, or quiet, or both. Here is
# a performance of our chorale with forty of them. We put them in ourselves, so we know which they are.


# %%
def perform(score: Score, spread: float) -> Score:
    """As a person plays: off by about `spread` beats, detached, loud or soft."""
    notes = score.notes.copy()
    notes["onset"] = np.maximum(0, notes["onset"] + rng.normal(0, spread, len(notes)))
    notes["duration"] *= rng.uniform(0.88, 0.98, len(notes))
    notes["velocity"] = np.clip(rng.normal(75, 8, len(notes)), 45, 110)
    return score.replace(notes=notes)


played = perform(chorale, 0.03)
ghosts = played.notes[rng.integers(played.n_notes, size=40)].copy()
ghosts["pitch"] += rng.choice([-2, -1, 1, 2], 40).astype(ghosts["pitch"].dtype)
ghosts["onset"] = rng.uniform(0, played.end, 40)
ghosts["duration"] = 0.02 + rng.gamma(2, 0.06, 40)
ghosts["velocity"] = np.clip(rng.normal(25, 8, 40), 5, 60)

# %%
dirty = played.replace(
    notes=np.concatenate([played.notes, ghosts]), title="With forty ghosts", tempo=80
)
plotting.show(plotting.piano_roll(dirty, end=17))
player.play(dirty)

# %% [markdown]
# We take a note for a ghost when it's too short to be meant, or too quiet *for its track*:
#
# $$ \text{ghost}(n) \iff d_n < d_{\min} \quad\text{or}\quad v_n < q \cdot \operatorname{median}_m v_m . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $d_n$ | `notes["duration"]` | how long note $n$ sounds, beats |
# | $v_n$ | `notes["velocity"]` | how hard it was struck, 1 to 127; $m$ runs over its track |
# | $d_{\min}$ | `shortest` | the first threshold, beats |
# | $q$ | `quietest` | the second, a share of the track's median |
#
# The median rather than a fixed velocity, because one player's forte is another's mezzopiano; and the median
# rather than the mean, because a few accents must not move the bar.
#
# ### Exercise ★ `ghosts_of`
# Write the formula for the notes of one track. `notes` is a structured array like `score.notes`.


# %%
def ghosts_of(notes: np.ndarray, shortest: float, quietest: float) -> np.ndarray:
    """Which notes of one track are ghosts, bool, (n_notes,).

    Shorter than `shortest` beats, or quieter than `quietest` times the track's median
    velocity.
    """
    # BEGIN SOLUTION
    usual = np.median(notes["velocity"])
    return (notes["duration"] < shortest) | (notes["velocity"] < quietest * usual)
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `notes["duration"] < shortest` compares all notes at once and gives an array of booleans. Between two such
# arrays *or* is written `|`, with each side in brackets.
#
# </details>

# %%
ghosts_of = checks.check("03.ghosts_of", ghosts_of)

# %% [markdown] solution="03.ghosts_of"
# `or` between arrays would ask for one truth value of many and raise an error; `|` works element by element. The
# brackets are needed because `|` binds tighter than `<`.

# %% [markdown]
# **Predict, then run.** We raise `shortest` from 0 to 0.6 beats, with the velocities left out of it
# (`quietest=0`). The chorale's eighth notes last half a beat as written. At which threshold does it begin to
# cost music?


# %%
def found_and_lost(shortest: float, quietest: float) -> tuple[float, float]:
    """Shares of the ghosts and of the real notes that go, percent."""
    gone = [ghosts_of(dirty.of_track(voice), shortest, quietest) for voice in range(4)]
    taken = np.concatenate([dirty.of_track(voice)[gone[voice]] for voice in range(4)])
    # No ghost begins exactly when a real note does, so an onset says whose it was.
    real = np.isin(taken["onset"], played.notes["onset"])
    return 100 * (~real).sum() / len(ghosts), 100 * real.sum() / played.n_notes


# %%
thresholds = np.linspace(0, 0.6, 25)
shares = np.array([found_and_lost(shortest, 0.0) for shortest in thresholds])
curves = {"ghosts found": shares[:, 0], "music lost": shares[:, 1]}
plotting.losses(
    curves,
    steps=thresholds,
    xlabel="shortest (beats)",
    ylabel="share of notes (percent)",
)

# %% [markdown]
# Before half a beat: the player holds an eighth for 0.44 to 0.49 beats. Two thresholds together do better than
# either alone, because a ghost that is long by chance is still quiet. Find the pair that you'd take: press play, keep it
# playing, and move. The roll shows what is left.

# %%
looks = {"step": 0.01, "decimals": 2}
shorter = slider.Slider("shortest, beats", 0.0, max=0.6, **looks)
quieter = slider.Slider("quietest, share", 0.0, **looks)
verdict, left = ipywidgets.Label(), player.Player(dirty.cut(0, 17), loop=True)


def clean_anew(change: dict | None = None) -> None:
    """What the two thresholds leave, into the player; what they cost, in words."""
    pair = shorter.value, quieter.value
    kept = cleaning.remove_ghosts(dirty, shortest=pair[0], quietest=pair[1])
    left.score = kept.cut(0, 17).replace(title="What is left")
    found, lost = found_and_lost(*pair)
    verdict.value = f"{found:.0f} % of the ghosts found, {lost:.1f} % of the music lost"


# %% interactive="thresholds"
for moved in (shorter, quieter):
    moved.observe(clean_anew, "value")
clean_anew()
slider.Column([shorter, quieter, verdict, left])

# %% [markdown]
# The same without a widget: one pair, before and after. Write yours into the first line.

# %% static="thresholds"
shortest, quietest = 1 / 8, 0.5

after = cleaning.remove_ghosts(dirty, shortest=shortest, quietest=quietest)
n_found, n_lost = found_and_lost(shortest, quietest)
print(f"{n_found:.0f} % of the ghosts found, {n_lost:.1f} % of the music lost")
player.play(dirty.cut(0, 17), label="A: before")
player.play(after.cut(0, 17), label="B: after")

# %%
assert found_and_lost(1 / 8, 0.5)[0] > max(
    found_and_lost(1 / 8, 0)[0], found_and_lost(0, 0.5)[0]
)
assert found_and_lost(1 / 8, 0.5)[1] == 0
assert found_and_lost(0.5, 0)[1] > 20

# %% [markdown]
# You could tune the pair so well because you knew the truth. With real files nobody marks the ghosts for you.
# So clean cautiously (the package's own thresholds, 1/16 beat and a quarter of the median, would rather leave a
# ghost than take a note), look at what was taken, and keep the original.
#
# ### Drums keep their ghosts
# Drummers play quiet strokes between the loud ones on purpose, and call them ghost notes, too. `remove_ghosts`
# leaves tracks with `is_drum` alone.

# %% [markdown]
# ## 4. Silence, grid, key
# **Silence.** An empty bar teaches a network that music is mostly nothing. `remove_silence` takes out whole bars
# and never less, because half a bar less would move every later note to another beat of its bar.

# %%
onset = chorale.notes["onset"]  # the first barline stands at beat 1, after a pickup
gap = chorale.replace(notes=chorale.notes[(onset < 9) | (onset >= 25)])  # 4 bars empty
dense = cleaning.remove_silence(gap, silent_bars=1)  # one of them may stay
print(
    f"{gap.n_bars} bars became {dense.n_bars}; on which beats of the bar notes begin:"
)
for name, score in (("before", gap), ("after", dense)):
    beats = (score.notes["onset"] - score.pickup) % score.beats_per_bar
    print(f"  {name}: {sorted(Counter(np.floor(beats).astype(int).tolist()).items())}")
assert gap.n_bars - dense.n_bars == 3

# %% [markdown]
# The counts agree: bars are gone, and every note still stands on its beat.
#
# **Grid.** Lesson 01 put notes on a grid of $r$ steps a beat and found that none moves by more than $1/(2r)$. So a
# finer grid is more exact. **Predict, then run:** is a finer grid better for a *performance*? We play the chorale
# with timing that wavers by 0.03 beats, snap it, and count the onsets that come back to where Bach wrote them.

# %%
written = chorale.notes["onset"]
wavering = np.maximum(0, written + rng.normal(0, 0.03, len(written)))
restored = {}
for steps_per_beat in (1, 2, 4, 8, 12, 24):
    snapped = np.round(wavering * steps_per_beat) / steps_per_beat
    restored[steps_per_beat] = np.isclose(snapped, written).mean()
    share = f"{restored[steps_per_beat]:6.1%}"
    print(f"{steps_per_beat:2} steps a beat: {share} of the onsets restored")
assert max(restored, key=restored.get) in (2, 4)
assert restored[24] < 0.7

# %% [markdown]
# It isn't. A grid that holds the note as written restores it if the player's error stays below half a step; at 24 steps a beat half a step
# is 0.02 beats, and the grid faithfully records the wavering. At one step a beat the eighth notes have nowhere to
# go. The best grid is the coarsest that still holds the notes: 2 would do for this chorale, and 4 for nearly
# all of them.
#
# Two more things happen on a grid: a note shorter than half a step would vanish, so it gets one step; and two
# notes of a pitch that land on one step are one note. `cleaning.quantise` does both. The whole chain in one call:

# %%
torn = dirty.notes.copy()
torn["onset"][torn["onset"] > 16.5] += 12  # and three empty bars in the middle
raw = dirty.replace(notes=torn)
cleaned = cleaning.clean(raw, shortest=1 / 8, quietest=0.5, silent_bars=0)
for reason in cleaned.reasons:
    print("-", reason)

places = [
    set(zip(notes["track"], notes["pitch"], notes["onset"], strict=True))
    for notes in (chorale.notes, cleaned.score.notes)
]
n_right, n_wrong = len(places[0] & places[1]), len(places[1] - places[0])
print(f"{n_right} of {chorale.n_notes} notes are where Bach wrote them,")
print(f"and {n_wrong} where he wrote none: ghosts that passed both thresholds")
assert n_right >= 0.97 * chorale.n_notes

# %%
player.play(cleaned.score.replace(title="Cleaned", tempo=80))

# %% [markdown]
# Mind the order: ghosts go first, or the grid turns each into a proper sixteenth note that no threshold finds
# any more; silence goes after the grid, or a note that comes a hair early stands in an empty bar. `clean` says
# what each step did, in words; keep these sentences with your data.
#
# **Key.** A piece's key names the note that it's at home on, its **tonic**, and the scale that it draws on, major
# or minor. To guess it, add up how long each of the twelve **pitch classes** sounds (pitch modulo 12: 0 is every
# C, 9 every A), and see which of the 24 keys has the profile that correlates best. That mostly works, because the
# tonic and its chord sound longest. `cleaning.estimate_key` does it, and `score.key` holds what it found. With all
# pieces in one key a network needn't learn everything twelve times over.
#
# ### Exercise ★★ `shift_to_c`
# By how many semitones must a piece move to be in C major, or, if it's minor, in A minor? Take the shortest way,
# for every semitone brings some voice nearer to the end of its range.


# %%
def shift_to_c(tonic: int, mode: str) -> int:
    """Semitones, −6 to 5, that move a key to C major, or A minor, the shortest way."""
    # BEGIN SOLUTION
    home = 0 if mode == "major" else 9
    return (home - tonic + 6) % 12 - 6
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `home - tonic` moves there, but perhaps the long way: from B♭ (10) to C it gives −10, and +2 would do.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# In Python `x % 12` lies between 0 and 11 for negative `x` too. Which number must you add before, and take away
# again behind, to get −6 to 5 instead?
#
# </details>

# %%
shift_to_c = checks.check("03.shift_to_c", shift_to_c)

# %% [markdown] solution="03.shift_to_c"
# `(x + 6) % 12 - 6` is the one number from −6 to 5 that leaves the same pitch class as `x`. The same trick measures
# angles from −180° to 179°.

# %%
train = [score for score in report.scores if report.splits[score.source] == "train"]
keys = Counter(score.key for score in train)
moved = [cleaning.transpose(score, shift_to_c(*score.key)) for score in train]
assert all(score.key == cleaning.estimate_key(score) for score in train)
print(f"{len(keys)} keys in {len(train)} scores (some chorales come in two); moved:")
print(sorted(Counter(score.key for score in moved).items()))


def pitch_classes(scores: list) -> np.ndarray:
    return np.concatenate([score.notes["pitch"] % 12 for score in scores])


before, home = pitch_classes(train), pitch_classes(moved)
plotting.histograms(
    {"as written": before, "in C or A minor": home}, xlabel="pitch class (0 is C)"
)

# %% [markdown]
# How much easier is it now to guess a note's pitch class, with nothing else known? With $p_c$ (`share`) the share
# of the notes in class $c$, the entropy $H = -\sum_c p_c \log_2 p_c$ says, in bits: less is easier.


# %%
def entropy(classes: np.ndarray) -> float:
    share = np.bincount(classes, minlength=12) / len(classes)
    return float(-(share[share > 0] * np.log2(share[share > 0])).sum())


print(f"{entropy(before):.2f} bits as written, {entropy(home):.2f} in C or A minor;")
print(f"{np.log2(12):.2f} would be all twelve equally often")
assert entropy(home) < entropy(before) - 0.3

# %% [markdown]
# The price: pieces lose their own height, and a tenor's strained high A is now an easy G. The opposite is a remedy,
# too: show the network each piece in several keys, as far as the voices' ranges allow (*data augmentation*).
# That makes more work for it, and more data to work on.

# %% [markdown]
# ## 5. Clean a recording
# Back to the church. A recording has no notes yet, only samples, 22 050 a second. But hiss and music differ in
# one respect: at any one frequency the hiss is always there and about equally loud, while music comes and goes.
# Cut the sound into frames of 93 ms, take the Fourier transform of each, which says how much of every frequency
# it holds, and both lie open. Let $L_{f,t}$ be the level of frequency $f$ in frame $t$ in decibels (20 more are
# ten times the amplitude), and $N_{f,t}$ the same for a stretch of $T$ frames with noise alone. A cell **passes
# the gate** if it's louder than the noise there can plausibly be:
#
# $$ M_{f,t} = 1 \iff L_{f,t} > \mu_f + \theta\,\sigma_f, \qquad
# \mu_f = \frac1T \sum_t N_{f,t}, \quad \sigma_f^2 = \frac1T \sum_t (N_{f,t} - \mu_f)^2 . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $L$ | `level` | the recording's level, dB, `(n_frequencies, n_frames)` |
# | $N$ | `noise` | level of the noise alone, dB |
# | $\mu_f, \sigma_f$ | `mean`, `deviation` | the noise's mean and standard deviation at one frequency |
# | $\theta$ | `threshold` | how many deviations above |
# | $M$ | the result | the mask, multiplied into the spectrum |
#
# ### Exercise ★★★ `gate`
# Write the mask. Each frequency has its own mean and deviation, taken over time.


# %%
def gate(level: np.ndarray, noise: np.ndarray, threshold: float) -> np.ndarray:
    """Which cells of a spectrogram pass, bool, (n_frequencies, n_frames).

    `level` and `noise` are in decibels, (n_frequencies, n_frames) each; a cell passes
    where it is louder than the noise's mean at its frequency plus `threshold` standard
    deviations.
    """
    # BEGIN SOLUTION
    mean = noise.mean(axis=1, keepdims=True)  # (n_frequencies, 1)
    deviation = noise.std(axis=1, keepdims=True)
    return level > mean + threshold * deviation
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Time is the second axis: `noise.mean(axis=1)` has shape `(n_frequencies,)`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# To compare that with `level`, `(n_frequencies, n_frames)`, it must be a column, `(n_frequencies, 1)`. The
# argument `keepdims=True` keeps it one.
#
# </details>

# %%
gate = checks.check("03.gate", gate)

# %% [markdown] solution="03.gate"
# Without `keepdims` numpy would line the means up with the *frames*, and either refuse or, if there happen to be as
# many frames as frequencies, quietly compute nonsense.


# %%
def transform(samples: np.ndarray) -> np.ndarray:
    """Short-time Fourier transform, complex, (n_frequencies, n_frames)."""
    return signal.stft(samples, rate, nperseg=2048)[2]


def decibels(values: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(np.abs(values), 1e-10))


def gated_by_hand(threshold: float) -> np.ndarray:
    """The recording through your gate, its first 1.4 s the noise, (n_samples,)."""
    cells = transform(recording)
    # A frame every 1024 samples; the first, half empty, says little of the noise.
    only_noise = cells[:, 1 : round(1.4 * rate) // 1024]
    passed = cells * gate(decibels(cells), decibels(only_noise), threshold)
    return signal.istft(passed, rate, nperseg=2048)[1][: len(recording)]


mine = gated_by_hand(2.0)
plotting.spectrograms({"recorded": recording, "gated": mine}, sample_rate=rate)

# %% [markdown]
# **Predict, then run.** How good is it? We know what the recording should have been, so we can measure what is left
# of the noise, in a pause and under the music. (The pause is the second one: in the first the gate learnt what
# noise is, and a test on that would flatter it. Section 6 has more of this.) Which will the gate improve more?


# %%
def level_of(samples: np.ndarray) -> float:
    """Mean level in decibels of full scale; −120 where there's nothing at all."""
    return 10 * np.log10(np.mean(np.square(samples)) + 1e-12)


music = slice(round(1.5 * rate), round(1.5 * rate) + len(verse))
pause = slice(music.stop + round(0.5 * rate), music.stop + round(2.5 * rate))
errors = {}
for name, samples in (("recorded", recording), ("your gate", mine), ("package", gated)):
    errors[name] = level_of(samples[pause]), level_of(samples[music] - clean[music])
    in_pause, in_music = (f"{error:6.1f} dB" for error in errors[name])
    print(f"{name:>10}: error in the pause {in_pause}, under the music {in_music}")

# %%
assert errors["your gate"][0] < errors["recorded"][0] - 15
assert errors["your gate"][1] < errors["recorded"][1] - 2
assert abs(errors["your gate"][1] - errors["package"][1]) < 1
assert errors["package"][0] < errors["your gate"][0]
display(Audio(mine, rate=rate, normalize=False))

# %% [markdown]
# In the pause nearly all of it goes. Under the music only the cells that hold no music are gated; where a
# **partial** sounds, one of the frequencies that make up a note, its noise passes along. The package leaves the
# pause quieter still: it smooths the mask over 50 ms, so a single cell of noise drowns among its gated neighbours.
#
# The threshold is the price tag. Low: single cells of the noise pass by chance, each a short chirp of its own
# frequency, and the pauses twinkle, which is called **musical noise**. High: quiet partials and the ends of notes
# go, and the sound turns dull. **Predict, then run:** which of the three below has the smallest error under the
# music? And which do you like best?

# %% static="gate"
costs = {}
for threshold in (1.0, 2.0, 6.0):
    heard = gated_by_hand(threshold)
    quiet, lost = level_of(heard[pause]), level_of(heard[music] - clean[music])
    print(
        f"threshold {threshold}: pause {quiet:.1f} dB, error in the music {lost:.1f} dB"
    )
    display(Audio(heard[: round(8 * rate)], rate=rate, normalize=False))
    costs[threshold] = quiet, lost

# %%
assert costs[1.0][0] > costs[2.0][0] + 10, "a low threshold lets noise into the pause"
assert costs[6.0][1] > costs[2.0][1] + 6, "a high one takes music"
assert costs[2.0][1] < costs[1.0][1], "the middle one errs least"


def brightness(samples: np.ndarray) -> float:
    """Level of what lies above 5 kHz in the first verse, dB."""
    spectrum = np.fft.rfft(samples[music])
    above = np.fft.rfftfreq(len(verse), 1 / rate) > 5000
    return level_of(np.abs(spectrum[above]))


for threshold in costs:
    lost = brightness(clean) - brightness(gated_by_hand(threshold))
    print(f"threshold {threshold}: {lost:4.1f} dB lost above 5 kHz")
assert lost > 6, "the highest threshold was to dull the sound"

# %% [markdown]
# The middle one errs least: below it more hiss gets in, above it more music is lost than noise. (Below zero, what
# is "lost" above 5 kHz is hiss that came on top.) Which one you *like* best is another question, and yours.
#
# **Silence in a recording** is what stays more than, say, 40 dB below the loudest frame. **Predict, then run:** does
# the order matter? We trim first and denoise second, and the other way round.

# %%
trimmed_first = audio.trim(recording, rate, threshold_db=40)
trimmed_second = audio.trim(gated, rate, threshold_db=40)
print(f"trimming the recording cuts {trimmed_first.seconds_removed:.1f} s")
print(f"trimming it after the gate cuts {trimmed_second.seconds_removed:.1f} s:")
for start, end in trimmed_second.removed:
    print(f"  {start:5.2f} to {end:5.2f} s")
assert trimmed_first.seconds_removed < 0.5 < 3.0 < trimmed_second.seconds_removed
over_hiss = audio.loudness(recording).max() - level_of(recording[pause])
print(f"the loudest frame lies {over_hiss:.0f} dB above hiss and hum")
assert over_hiss < 40

# %% [markdown]
# What lies less than 40 dB below the loudest chord isn't silence, and hiss and hum lie there. Before the gate
# there is nothing to cut.
#
# A recording of your own: WAV, FLAC or OGG. Leave a second of room noise at its start, as recording engineers do.

# %%
MY_RECORDING = ""  # for example "~/Music/piano.wav"

if MY_RECORDING:
    own, own_rate = audio.load_recording(Path(MY_RECORDING).expanduser())
    cleaned_own = audio.trim(audio.denoise(own, own_rate, noise=(0.0, 1.0)), own_rate)
    display(Audio(cleaned_own.samples, rate=own_rate, normalize=False))

# %% [markdown]
# ### From sound to notes
# Reading the *notes* out of a recording, **transcription**, is a field of its own. Where one voice sounds at a time,
# the package can do it. A tone of $f$ hertz repeats itself every $1/f$ seconds, its **period**. The method, called YIN,
# shifts a stretch of the sound against itself, looks for the shortest shift at which the two differ little, and takes
# that for the period. `transcription.listen` does so 86 times a second, and begins a note where the pitch changes or the
# sound is struck anew.
#
# How well? We know what was played, so we can count. A heard note is **right** if there is a written note of its pitch
# that begins within 50 ms of it, and each written note can make only one right. With $r$ right ones, $h$ heard and $w$
# written, $r/h$ is the share of what was heard that is right (**precision**), $r/w$ the share of what was written that
# was heard (**recall**), and their harmonic mean is
#
# $$ F_1 = \frac{2}{h/r + w/r} = \frac{2r}{h + w}. $$
#
# `note_f1` computes it: 1 if all are right and none is invented, 0 if none is right.
#
# The tunes are four of Bach's sopranos, played on a piano, a trumpet, a clarinet and a flute, with a wait before and in
# the middle, and with hiss of three strengths added. SNR, the signal-to-noise ratio, says how many decibels the music is
# above the hiss: at 0 dB they have equal power.

# %%
from musicgan_edu import transcription
from musicgan_edu.score import Track


def soprano(name: str, program: int) -> Score:
    """Ten beats of a chorale's first voice, with waits of 1.5 and 3 beats in them."""
    notes = corpus.read_chorale(name).cut(0, 10).of_track(0).copy()
    late = notes["onset"] >= np.median(notes["onset"])
    notes["onset"] += np.where(late, 4.5, 1.5)
    return Score(notes, (Track("Solo", program),), tempo=90)


names = {"bwv66.6": 0, "bwv255": 56, "bwv10.7": 71, "bwv281": 73}
tunes = [soprano(name, program) for name, program in names.items()]
sounds = [playback.render(tune, rate).mean(axis=1) for tune in tunes]

# %% [markdown]
# **Predict, then run.** Which helps most against which noise: gating, cutting silence, or both? Is there one that
# never hurts? (Cutting shifts all that comes after; `listen` gives the times of the uncut recording back.)


# %%
def hiss_at(sound: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """The sound with white noise `snr` decibels below the music's mean power."""
    music = np.mean(sound[np.abs(sound) > 1e-4] ** 2)  # silence doesn't count
    noise = rng.normal(size=len(sound)) * np.sqrt(music / 10 ** (snr / 10))
    return (sound + noise).astype(np.float32)


def four_ways(tune: Score, sound: np.ndarray) -> list[float]:
    """F1 with neither step, with denoise, with trim, with both."""
    scores = []
    for samples in (sound, audio.denoise(sound, rate, noise=(0.0, 0.95))):
        cut = audio.trim(samples, rate)
        whole = transcription.note_f1(transcription.listen(samples), tune)
        heard = transcription.listen(cut.samples, trimmed=cut)
        nothing_cut = cut.seconds_removed == 0
        scores.append(
            (whole, whole if nothing_cut else transcription.note_f1(heard, tune))
        )
    return [scores[0][0], scores[1][0], scores[0][1], scores[1][1]]


# %%
noise_rng = np.random.default_rng(5)
f1 = {}
print("            neither  denoise     trim     both")
for snr in (np.inf, 20, 10, 0):
    noisy = [hiss_at(sound, snr, noise_rng) for sound in sounds]
    each = [four_ways(*pair) for pair in zip(tunes, noisy, strict=True)]
    f1[snr] = np.mean(each, axis=0)
    print(f"SNR {snr:3.0f} dB  " + "  ".join(f"{mean:7.2f}" for mean in f1[snr]))
assert f1[0][0] < f1[20][0] - 0.15, "as loud as the music, hiss drowns notes"
assert f1[0][1] > f1[0][0], "there the gate helps"
assert f1[10][1] < f1[10][0] - 0.05, "and here it hurts"
assert max(abs(row[0] - row[2]) for row in f1.values()) < 0.1

# %% [markdown]
# Cutting silence changes next to nothing: it spares a listener's time, and there are few false notes in a pause. The
# gate helps where the hiss is as loud as the music. Under less hiss it can **hurt**: it takes the weak partials that
# lie in the noise, and what's left, say, the third partial alone, has a shorter period than the note had. A
# cleaner sound for your ear isn't a better one for the algorithm, so measure the step by what comes after it.
#
# Four tunes are few, though: another four would move each number above by a tenth and more. The whole experiment,
# `python benchmarks/transcribe.py`, has twenty pieces, fiddle tunes too; beside YIN its successor **pYIN**, which keeps
# several periods with their probabilities and looks for the likeliest path through them; and beside white noise, which
# has as much power in each hertz, **pink** noise, which has as much in each octave and so the more the lower. $F_1$, with
# 95 % intervals over pieces:
#
# | noise | YIN | gated first | pYIN | gated first |
# |---|---|---|---|---|
# | none | 0.66 (0.52–0.79) | 0.66 (0.52–0.79) | 0.74 (0.59–0.87) | 0.74 (0.59–0.87) |
# | white, 20 dB | 0.64 (0.51–0.78) | 0.67 (0.53–0.80) | 0.74 (0.58–0.87) | 0.71 (0.57–0.83) |
# | white, 10 dB | 0.64 (0.50–0.78) | 0.64 (0.50–0.77) | 0.66 (0.50–0.81) | 0.69 (0.55–0.81) |
# | white, 0 dB | 0.45 (0.32–0.58) | 0.54 (0.42–0.65) | 0.03 (0.00–0.09) | 0.70 (0.56–0.81) |
# | pink, 20 dB | 0.65 (0.51–0.78) | 0.65 (0.51–0.78) | 0.72 (0.57–0.85) | 0.72 (0.57–0.84) |
# | pink, 10 dB | 0.67 (0.53–0.80) | 0.61 (0.48–0.74) | 0.70 (0.55–0.84) | 0.68 (0.55–0.80) |
# | pink, 0 dB | 0.54 (0.41–0.65) | 0.54 (0.41–0.66) | 0.35 (0.22–0.48) | 0.69 (0.55–0.81) |
#
# Cutting silence moved no mean by more than 0.02. The intervals are wide because pieces differ, but all columns have the
# same pieces, so ask how much the gate changes each *piece*. Compared like this, it rescues pYIN at 0 dB, where it takes a
# noisy tone for none at all; it hurts YIN under pink noise of 10 dB (by 0.06, interval 0.01 to 0.11) and pYIN a little
# under white noise of 20 dB. Your four tunes overstated the harm under white noise of 10 dB: on twenty there is none for
# YIN. Even without noise the fast tunes fare far worse (YIN 0.50, pYIN 0.56) than the chorales (0.81 and 0.92): notes ring
# into each other.
#
# The benchmark needs mir_eval. `musicgan transcribe hummed.wav --out hummed.mid` writes down a recording of yours. What was heard
# wrong looks just like the ghosts of section 3.
#
# Two voices at once are beyond it. Networks that hear chords exist, but the best known one that is easy to install,
# basic-pitch 0.4, asks for a TensorFlow older than the one this course trains with.

# %% [markdown]
# ## 6. Split without leaks
# A model is judged by pieces that it never saw. That is easy to say, and easy to get wrong. The tempting way is to
# cut all pieces into windows of two bars, shuffle, and set a tenth aside. The honest way is to set *pieces* aside,
# before anything is cut.
#
# This course decides by the piece's name: a checksum of it, crc32, modulo 10. It needs no list that could get
# lost, and gives the same answer on every machine and in ten years' time.
#
# ### Exercise ★ `split_of`
# 0 is "test", 1 is "validation", everything else "train". `zlib.crc32` takes bytes.


# %%
def split_of(name: str) -> str:
    """The split of a piece, by crc32 of its name modulo 10.

    0 is "test", 1 is "validation", all else "train".
    """
    # BEGIN SOLUTION
    share = zlib.crc32(name.encode()) % 10
    if share == 0:
        return "test"
    return "validation" if share == 1 else "train"
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `"bwv66.6".encode()` makes bytes of a string, and `%` gives the remainder.
#
# </details>

# %%
split_of = checks.check("03.split_of", split_of)

# %% [markdown] solution="03.split_of"
# Python's own `hash` would be wrong here: for strings it changes with every start of the interpreter, on purpose.

# %%
print(dict(Counter(split_of(name) for name in report.splits)))

# %% [markdown]
# The package adds one thing: a piece that is an earlier one again, in whatever key, goes where that one went,
# whatever its name says. Bach used good chorales twice: "bwv398" is "bwv197.7-a".

# %%
first, again = (s for s in report.scores if s.source in ("bwv197.7-a", "bwv398"))
intervals = [np.diff(score.notes["pitch"]) for score in (first, again)]
assert np.array_equal(*intervals)
print(f"{first.source} and {again.source}: the same {len(intervals[0])} intervals")
odd = [name for name, split in report.splits.items() if split != split_of(name)]
print("chorales that had to change sides for it:", odd or "none, as it happens")

# %% [markdown]
# **Predict, then run.** Now the tempting way against the honest one. For each test window of two bars we ask
# whether one of its bars occurs, in any key, in the training windows. What share does, when windows are shuffled?
# And when pieces are split? Windows begin at every bar, and so overlap, or at every other, and don't.


# %%
def bar_print(bar: Score) -> tuple:
    """One value for a bar and its transpositions: onsets, pitches above the first."""
    notes = np.sort(bar.notes, order=["onset", "pitch"])
    return tuple(notes["onset"].tolist()), tuple(
        (notes["pitch"] - notes["pitch"][:1]).tolist()
    )


# %%
def leaks(hop_bars: int) -> tuple[float, float]:
    """Shares of test windows with a bar seen in training: shuffled, split by piece."""
    windows = [
        (score.source, window)
        for score in report.scores
        for window in cleaning.windows(score, n_bars=2, hop_bars=hop_bars)
    ]
    bars = [{bar_print(w.cut(0, 4)), bar_print(w.cut(4, 8))} for _, w in windows]

    def leaking(is_test: np.ndarray) -> float:
        seen = set().union(*(bars[i] for i in np.flatnonzero(~is_test)))
        return np.mean([not seen.isdisjoint(bars[i]) for i in np.flatnonzero(is_test)])

    shuffled = np.mean([leaking(rng.random(len(windows)) < 0.1) for _ in range(10)])
    return shuffled, leaking(np.array([report.splits[s] == "test" for s, _ in windows]))


# %%
overlapping, apart = leaks(hop_bars=1), leaks(hop_bars=2)
for name, (shuffled, by_piece) in {"one bar": overlapping, "two bars": apart}.items():
    print(
        f"a window every {name}: {shuffled:.0%} shuffled, {by_piece:.0%} split by piece"
    )
assert overlapping[0] > 0.9
assert apart[0] > 1.4 * apart[1]
assert max(overlapping[1], apart[1]) < 0.2

# %% [markdown]
# Where windows overlap, as they do when one wants many, and are shuffled, nearly every test window has a neighbour
# in the training set, from the same piece and one bar further on: a model that just memorises looks brilliant.
# Without overlap a fifth still shares a bar, for lines of a hymn come again. By piece it's one in eight, and that
# is style more than leak: cadences that Bach wrote over and over.
#
# One leak is left, and no checksum finds it. Several chorales harmonise the same hymn tune. For a model that
# composes all four voices they're different pieces. For one that gets the *soprano as input* (lesson 11) the
# input was seen before, and such a test must group the pieces by tune.

# %% [markdown]
# ## Exercises
# You've met four on the way: `ghosts_of` ★, `shift_to_c` ★★, `gate` ★★★ and `split_of` ★. Without a check:
#
# - Import `corpus.load("ryansMammoth")`, fiddle tunes (a minute or two the first time). Which share is in 4/4? In
#   which keys do fiddlers play?
# - Turn a song of your own into four voices, `cleaning.to_voices(score, 4)`, and listen to what it chose.
# - Set `noise=None` in `audio.denoise`, so that the statistics come from the whole recording. What goes wrong,
#   and for which music would it go most wrong?
#
# <details><summary>Answers</summary>
#
# About a third is in 4/4; more tunes have bars of two beats. Two thirds are in G, D or A major, the names of three of
# the fiddle's four strings.
#
# Your song has its own answer. A chord of three notes leaves one voice silent; of five notes one goes.
#
# The music counts as noise and goes with it: the hymn comes back 17 dB softer. Worst off are held notes, an organ's,
# and best off short ones with long pauses between.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. You quantise a performance first and remove ghost notes afterwards. What happens?**
# - [ ] The same as the other way round :: Each step sees what the one before it left, so the order matters.
# - [x] Short ghosts become notes of a full step, and the threshold on duration misses them :: The grid gives every
#   note at least one step. What was 0.03 beats long is now a sixteenth note like any other.
# - [ ] Notes that were real are lost :: Fewer are taken, not more.

# %% [markdown] tags=["quiz"]
# **2. A recording by a living pianist of a piece by Bach: may you publish a model's training set with it?**
# - [ ] Yes, Bach is in the public domain :: His composition is. The recording isn't.
# - [x] Not without a licence from those who own the recording :: Players and producers have rights of their own, for
#   decades.
# - [ ] Yes, if it is cut into windows of two bars :: Pieces of a protected recording are protected, too.

# %% [markdown] tags=["quiz"]
# **3. Why does the gate use the noise's deviation at each frequency, and not one threshold for all?**
# - [ ] Because ears hear some frequencies better :: True of ears, but the formula knows nothing of ears.
# - [x] Because noise isn't equally loud at all frequencies :: Hum sits at 50 Hz and its multiples, hiss everywhere
#   else. One threshold for all would let the hum pass, or gate everything.
# - [ ] To save time :: It takes a little more.

# %% [markdown] tags=["quiz"]
# **4. Your test windows come from the same pieces as your training windows, but no window is in both. Is that
# a leak?**
# - [ ] No, the sets are disjoint :: Disjoint as sets, but neighbours share bars, key, tune and ending.
# - [x] Yes, for memorising the piece is rewarded :: You measured it: far more such windows had a bar
#   in common with the training set, and nearly all of them where they overlapped.
# - [ ] Only if the windows overlap :: Overlap makes it far worse; lines that come again leak without any.

# %% [markdown]
# ## Recap
# - A corpus is its filter as much as its pieces: report what was left out, and why.
# - Composition, encoding and recording have owners of their own. Note source, date and licence at once.
# - Each cleaning step has a threshold, each threshold a price. Measure it where you know the truth; be cautious
#   where you don't.
# - The order: denoise, then trim. Ghosts, grid, silence, then key.
# - Split by piece, before cutting anything; copies and transpositions go together.
#
# **What can go wrong.** A MIDI file of somebody playing *without a metronome* has beats that mean nothing, and no
# grid alone saves it: `cleaning.follow_beats` looks for the beats that were meant, and often finds them. Notes that aren't ended drone on. A piece that changes its metre comes back as several Scores,
# `corpus.read_all`. A pickup that MIDI doesn't state shifts every bar; `cleaning.find_pickup` guesses it. Where noise changes during a recording, a
# car that passes, a gate with one noise sample fails.
#
# **Reading.**
# - C. L. Krumhansl, *Cognitive Foundations of Musical Pitch*, Oxford 1990: where key profiles come from.
# - J. Albrecht, D. Shanahan, *Music Perception* 31 (1), 2013: the profiles that `estimate_key` uses.
# - T. Sainburg et al., *PLOS Computational Biology* 16 (10), 2020: the gate in noisereduce.
# - A. de Cheveigné, H. Kawahara, *YIN*, Journal of the Acoustical Society of America 111 (4), 2002. M. Mauch, S. Dixon,
#   *pYIN*, ICASSP 2014. C. Raffel et al., *mir_eval*, ISMIR 2014: how transcriptions are scored.
# - M. S. Cuthbert, C. Ariza, *music21*, ISMIR 2010: the toolkit, and the corpus in it.
#
# **Next**: models that a GAN must beat, some of them in ten lines.
