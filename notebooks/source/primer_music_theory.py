# %% [markdown]
# # Primer: the music theory
#
# The lessons speak of pitches, keys, bars and voices, and they count parallel fifths. Here is what that means,
# with everything to hear. It isn't a course in harmony: it's what you need to understand what the networks of this
# course are judged by.
#
# *15 minutes. Needs nothing but ears. [Start](start.ipynb) · used from lesson [01](01) on.*

# %%
import numpy as np

from musicgan_edu import cleaning, corpus, evaluation, plotting
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import player

ORGAN = 19  # the instrument's number in General MIDI, counted from 0


def one_after_another(pitches: list, title: str, *, tempo: float = 120) -> Score:
    """A melody of equal notes, a beat each."""
    rows = [(0, pitch, beat, 1) for beat, pitch in enumerate(pitches)]
    return Score.from_rows(rows, [Track("Tune", ORGAN)], title=title, tempo=tempo)


# %% [markdown]
# ## 1. Pitch
# A **pitch** is a MIDI number: 60 is middle C, and one more is a **semitone** higher, the smallest step on a
# piano. Twelve semitones make an **octave** and double the frequency; two notes an octave apart sound so alike
# that they carry the same name. The number modulo 12 is the **pitch class**: 0 for every C, 1 for every C♯, …, 11
# for every B. (C♯ and D♭ are one key on the piano and one MIDI number. A score knows the difference, MIDI
# doesn't.)

# %%
octaves = [48, 60, 72, 84]
print([plotting.pitch_name(pitch) for pitch in octaves], [p % 12 for p in octaves])
assert {pitch % 12 for pitch in octaves} == {0}
player.play(one_after_another(octaves, "Four times C"))

# %% [markdown]
# ## 2. Intervals
# The distance of two pitches is an **interval**. What a pair sounds like depends mostly on the interval, hardly on how
# high it lies:
#
# | semitones | name | sounds |
# |---|---|---|
# | 0, 12 | unison, octave | like one |
# | 7 | fifth | open, hollow |
# | 5 | fourth | open; over the bass it wants to move on |
# | 3, 4 | minor, major third | full, sweet |
# | 8, 9 | minor, major sixth | full, sweet |
# | 1, 2, 10, 11 | seconds and sevenths | rough: **dissonant** |
# | 6 | tritone | restless: dissonant |
#
# When a lesson counts *dissonance*, it counts the pairs of voices in the last two rows, octaves ignored
# (`evaluation.dissonance`). Dissonance isn't a mistake: Bach's chorales have about one dissonant pair in nine. It
# makes music want to go somewhere.

# %%
intervals = [12, 7, 4, 9, 6, 1]
pairs = [(0, 60 + i, 2 * n, 2) for n, i in enumerate(intervals)]
pairs += [(1, 60, 2 * n, 2) for n in range(len(intervals))]
two = [Track("Upper", ORGAN), Track("Lower", ORGAN)]
score = Score.from_rows(
    pairs, two, title="Octave, fifth, third, sixth, tritone, second", tempo=90
)
share = evaluation.dissonance([score.replace(beats_per_bar=12)], n_bars=1)
print(f"dissonant: {share.value:.2f} of the time")
assert np.isclose(share.value, 2 / 6)
player.play(score)

# %% [markdown]
# ## 3. Scale and key
# A piece seldom uses all twelve pitch classes alike. Mostly it keeps to the seven of a **scale**, in which one note,
# the **tonic**, is home. The **major** scale goes up by 2, 2, 1, 2, 2, 2, 1 semitones, the natural **minor** by
# 2, 1, 2, 2, 1, 2, 2. Tonic and mode together are the **key**: C major, A minor. (These two have the same seven notes,
# the white keys, and another home.)

# %%
major = 60 + np.cumsum([0, 2, 2, 1, 2, 2, 2, 1])
minor = 57 + np.cumsum([0, 2, 1, 2, 2, 1, 2, 2])
assert set(major % 12) == set(minor % 12)
for name, scale in (("C major", major), ("A minor", minor)):
    player.play(one_after_another(scale.tolist(), name, tempo=160))

# %% [markdown]
# To **transpose** is to add the same number to all pitches: another key, the same tune. The networks of this course
# learn from music that was moved to C major or A minor first, so that they needn't learn everything twelve times.
# The key isn't read from the file but estimated: which of 24 keys fits best how long each pitch class sounds?
# **Predict:** of this chorale's notes, what share lies in the scale of its key?

# %%
bach = corpus.read_chorale("bwv66.6")
tonic, mode = cleaning.estimate_key(bach)
moved = cleaning.to_c(bach)
share = evaluation.in_key([bach]).value
print(f"{plotting.pitch_name(60 + tonic)[:-1]} {mode}, {share:.0%} of the notes in it")
assert cleaning.estimate_key(moved) in ((0, "major"), (9, "minor"))
assert np.isclose(evaluation.in_key([moved]).value, share)  # the same tune
assert 0.85 < share < 1
player.play(moved.cut(1, 9).replace(tempo=80, title="Bach, moved to A minor"))

# %% [markdown]
# The rest is no error. In minor the seventh note is often raised by a semitone to lead back home, and a piece
# may visit other keys on the way. 100 % in key would be as unlike Bach as 70 %.
#
# ## 4. Chords
# Three notes, a third on a third, make a **triad**. On the degrees 1, 4 and 5 of a scale stand the three chords that
# hold most of tonal music together: home, away, and *let's go home*. A phrase ends with a **cadence**, mostly the last
# step of that walk.


# %%
def triad(scale: np.ndarray, degree: int) -> list:
    """Pitches of the triad on a degree (1 to 7): every other note of the scale."""
    steps = np.concatenate([scale[:-1], scale[:-1] + 12])
    return steps[[degree - 1, degree + 1, degree + 3]].tolist()


walk = [triad(major, degree) for degree in (1, 4, 5, 1)]
assert walk[0] == [60, 64, 67]
assert walk[2] == [67, 71, 74]
rows = [(0, pitch, 2 * i, 2) for i, chord in enumerate(walk) for pitch in chord]
cadence = Score.from_rows(rows, [Track("Chords", ORGAN)], title="1 4 5 1", tempo=90)
player.play(cadence)

# %% [markdown]
# ## 5. Beat, bar, metre
# Music has a pulse. In this course a **beat** is a quarter note. Beats are grouped into **bars**, with a weight
# on the first, and how many beats a bar has is the **metre**: 4/4 has four, 3/4 three, 6/8 has six eighths, which
# is three of our beats, felt as two groups. A phrase needn't begin on the first beat: what comes before the first
# **barline** is the **pickup**. Most chorales have one of a single beat.
#
# The same nine notes, once with a weight on every fourth, once on every third:

# %%
tune = [67, 64, 64, 65, 62, 62, 60, 62, 64]
for beats in (4, 3):
    rows = [
        (0, pitch, beat, 0.9, 110 if beat % beats == 0 else 55)
        for beat, pitch in enumerate(tune)
    ]
    part = Score.from_rows(
        rows, [Track("Tune", 0)], beats_per_bar=beats, title=f"{beats}/4", tempo=150
    )
    assert part.n_bars == -(-9 // beats)
    player.play(part)
print(f"Bach's pickup: {bach.pickup:g} beat, {bach.beats_per_bar:g} beats a bar")
assert bach.pickup == 1

# %% [markdown]
# A computer cuts the beat into equal **steps**; this course mostly into four, sixteenth notes. What starts
# between two steps has to be moved (*quantised*) or is lost; lesson [01](01) makes you hear it.
#
# ## 6. Voices that lead
# A chorale isn't a row of chords. It's four melodies sung at once, **soprano**, **alto**, **tenor** and **bass**,
# from high to low, and the craft lies in leading them: each stays in what a singer can reach, none climbs over
# its neighbour, steps rather than leaps, and **no two voices move in parallel fifths or octaves**. Why not? Two
# voices at a fixed octave or fifth melt into one, and the ear loses a melody. Thirds may be parallel as long as
# they like.
#
# Listen for the moment in which one of the two goes missing:

# %%
soprano = [72, 74, 76, 77, 79]
versions = {
    "parallel fifths": [pitch - 7 for pitch in soprano],
    "parallel thirds": [69, 71, 72, 74, 76],
    "contrary motion": [69, 67, 64, 62, 60],
}
for name, lower in versions.items():
    rows = [(0, p, i, 1) for i, p in enumerate(soprano)]
    rows += [(1, p, i, 1) for i, p in enumerate(lower)]
    duet = Score.from_rows(rows, two, title=name, tempo=90, beats_per_bar=5)
    grid = evaluation.voices([duet], n_bars=1)
    found = int(evaluation.count_parallels(grid.pitch, 7)[0])
    print(f"{name:16} {found} parallel fifths")
    assert found == (4 if name == "parallel fifths" else 0)
    player.play(duet)

# %% [markdown]
# The rule is one that can be counted, so it's one of the course's measures: `evaluation.chorale_rules` counts parallels
# (in semitones, modulo octaves), crossings, and notes outside the voices' ranges. **Predict:** does Bach ever break
# it?

# %%
pieces = cleaning.windows(bach)
rules = evaluation.chorale_rules(pieces)
for name in ("parallel fifths / pair-step", "crossings / step", "out of range / step"):
    print(f"{name:28} {rules[name].value:.4f}")
changes = evaluation.changes_per_bar(pieces).value
print(f"something changes {changes:.1f} times a bar")
assert rules["out of range / step"].value == 0
assert rules["parallel fifths / pair-step"].value == 0
assert changes > 2

# %% [markdown]
# Not in this piece, where two voices cross now and then and no fifths are parallel; over all chorales once in a
# while (the card of the checkpoint `chorales` has the rates). So the target for a network isn't zero, it's Bach's
# rate. And a chord that never moves breaks no rule at all: whoever counts faults must count changes as well.
# Lesson [10](10) builds on exactly that.
#
# ## What you take along
# - A pitch is a MIDI number, 12 semitones are an octave, the remainder modulo 12 is the pitch class.
# - A key is a home and seven notes; transposing changes the home and nothing else.
# - Beats, bars, and a pickup before the first barline; steps cut the beat.
# - Four voices, each a melody; parallels make two of them one.
#
# **Reading.** R. Kostka, D. Payne, B. Almén, *Tonal Harmony*, many editions · E. Aldwell, C. Schachter, A.
# Cadwallader, *Harmony and Voice Leading*, many editions · D. Huron, *Tone and Voice: A Derivation of the Rules
# of Voice-Leading from Perceptual Principles*, Music Perception 19 (1), 2001: the reasons, with experiments.
#
# [Start](start.ipynb) · [The mathematics](primer_mathematics.ipynb) · lesson [01](01), where music becomes data
