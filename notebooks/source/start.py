# %% [markdown]
# # Start here
#
# In this course you make music with **generative adversarial networks**: two neural networks, of which one
# composes and the other judges, and both learn from their quarrel. You hear the goal in the first half minute,
# take it apart, write the losses and the training loop yourself, train a network in three minutes on an
# ordinary processor, and find out honestly what it has learned. You need some Python and a little Keras. You
# need no graphics card, no account, and once the course is installed no network.
#
# **New?** Open [lesson 00](00). It tests your machine, makes the first sound, and shows how a lesson works.

# %% [markdown]
# ## Three ways through
# | you have | do |
# |---|---|
# | an hour | [00](00), [02](02) as far as you get, [07](07): sound, the game, a training |
# | a day | morning: [00](00), [01](01), [02](02), and of [03](03) sections 1, 2 and 6. Noon: [05](05) and [06](06), read and run, exercises left open. Afternoon: [07](07) with the shipped checkpoint instead of your own three minutes, [08](08), [10](10), [12](12) |
# | half a semester | all of them in order, two a week; the exercises are the homework, [15](15) holds the project |
#
# An exercise that you leave open never stops a lesson: the reference solution stands in, and says so. So you
# can run through a lesson first, and come back.

# %% [markdown]
# ## The lessons
# | lesson | you … |
# |---|---|
# | [](00) | hear Bach, a network, and a chord made from a formula |
# | [](01) | turn music into numbers and back, and hear what is lost |
# | [](02) | play the game on a plane, step by step, with any loss |
# | [](03) | clean recordings and MIDI files, yours too, and split them without leaks |
# | [](04) | build what a GAN must beat |
# | [](05) | damage a bar, and watch a judge notice |
# | [](06) | send gradients through notes |
# | [](07) | train, watch, stop, go on: from noise to chorale |
# | [](08) | recognise failures by curve and by ear, and cure them |
# | [](09) | steer, mix and export what the generator makes |
# | [](10) | measure what it's worth, and find the lies that measures tell |
# | [](11) | type a tune, get three voices, keep what you like and re-roll the rest |
# | [](12) | fill bars and voices that are missing, in eight ways, and tell the best guess from the best music |
# | [](13) | carry a chorale towards Palestrina and back, and measure style against content |
# | [](14) | rank pieces by likeness, like and dislike, and find out what a judge's ear is good for |
# | [](15) | train on several machines, write a model card, start your project |
#
# Two **primers** hold what the lessons take for granted, a quarter of an hour each:
# [the mathematics](primer_mathematics.ipynb) (expectation, gradient, divergence) and
# [the music theory](primer_music_theory.ipynb) (pitch, key, metre, voice leading).

# %% [markdown]
# ## Where you are
# Each check that answers *correct* is noted in `musicgan_progress.json`, in the folder that this notebook lies
# in. Run the cells below to see how far you have come.

# %%
from musicgan_edu import lab, plotting

mine = lab.progress()
print(mine)

# %%
plotting.progress(mine.counts(), title="Exercises passed")

# %% [markdown]
# ## Take your work with you
# A session in the cloud (Binder, a class's server) ends when nobody uses it for a while, and with it goes what
# you wrote. One file holds what is yours: the exercises that you passed, the lessons that you changed, and, if you
# name its folder, a network that you trained. Change `False` to `True`, run the cell, then right-click the new
# file in the list on the left and choose *Download*.

# %%
take_along = False
my_run = None  # or the folder of a run, such as "my_first_gan" (lesson 07)
if take_along:
    print(lab.export_progress("musicgan_work.zip", run=my_run))

# %% [markdown]
# And back again: drag the file into the list on the left, then run this. Passes are added to those that are
# here. A lesson that you haven't touched here becomes the one from the file; where you have, the other lands
# beside it. A network gets a folder of its own, `imported_run`, which `sampling.load` takes. Nothing that is
# here is written over.

# %%
bring_back = False
if bring_back:
    print(lab.import_progress("musicgan_work.zip"))
