# %% [markdown]
# # 15 · Scale up, and your project
#
# You have a network that composes, and you know what it's worth. What comes after the course? More data, more
# machines, longer pieces; perhaps another kind of model; and, before anybody else hears of it, a page that says
# what it is and what it isn't. In this lesson two processes train one network and arrive where one process would have
# arrived, you write that page, and then it's your turn: the last section is your project.
#
# ## Objectives
# When you have worked through this lesson, you can
#
# - show why the mean of the workers' gradients is the gradient of the whole batch, and say when it isn't;
# - run one training on several workers, and work out beforehand whether they'll pay;
# - read a large folder of MIDI files without any of them stopping you;
# - write a model card that lets a stranger make your model again and distrust it in the right places;
# - say when not to use a GAN, and what you may publish.
#
# *70 minutes, one of them the machine's. Needs lessons 07 and 10. No network, no graphics card; two workers take
# some 1.5 GB of memory between them, so close other notebooks.*

# %% [markdown]
# ## Hear it first
# The same kind of network as in lesson 07, with eight bars at once instead of two, half of the grid's resolution,
# and more patience.

# %%
from musicgan_edu import sampling
from musicgan_edu.widgets import player

long = sampling.load("phrases")
player.play(long.sample(1, seed=15)[0].replace(tempo=76, title="Eight bars"))
trained = long.card["training"]
print(f"{trained['steps']} steps in {trained['seconds'] / 60:.0f} minutes on two cores")

# %% [markdown]
# ## Setup

# %%
from musicgan_edu import lab

rng = lab.begin("15", seconds=50)

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ipywidgets
import numpy as np

from musicgan_edu import checks, cleaning, corpus, encoding, evaluation, playback
from musicgan_edu import plotting
from musicgan_edu.widgets import slider

# %% [markdown]
# ## 1. The mean of the means
# **Data parallelism** is the simplest way to use several machines: each *worker* holds a copy of all weights,
# takes its share of the batch, and works out the gradient there; then all of them average, and each makes the
# same step. Is that the same as one machine with the whole batch? A batch's loss is a mean over its $N$ windows.
# Cut the batch into parts of $n_1, \dots, n_K$ windows, $\sum_k n_k = N$. The gradient of a sum is the sum of
# gradients, so
#
# $$ \nabla L = \frac1N \sum_{i=1}^N \nabla \ell_i = \sum_{k=1}^K \frac{n_k}{N} \, \nabla L_k ,
# \qquad \nabla L_k = \frac{1}{n_k} \sum_{i \in \text{part } k} \nabla \ell_i . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | $N$, $n_k$ | `sizes.sum()`, `sizes` | windows in the batch, and in the part of worker $k$ |
# | $\nabla \ell_i$ | | the gradient of one window's loss, with respect to all weights |
# | $\nabla L_k$ | `gradients[k]` | what worker $k$ works out: the mean over its own part |
# | $\nabla L$ | what the function returns | what one machine would have worked out |
#
# ### Exercise ★★ `averaged_gradient`


# %%
def averaged_gradient(gradients: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The gradient of the whole batch from the workers' own, (n_weights,).

    `gradients` is (n_workers, n_weights), each the mean over that worker's part;
    `sizes` is (n_workers,), the windows in each part.
    """
    # BEGIN SOLUTION
    return sizes @ gradients / sizes.sum()
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# With equal parts it's the plain mean over workers. With unequal ones a worker with twice the windows counts twice.
#
# </details>

# %%
averaged_gradient = checks.check("15.averaged_gradient", averaged_gradient)

# %% [markdown] solution="15.averaged_gradient"
# `sizes @ gradients` is the sum of all windows' gradients, since each worker's mean times its size is its sum.
# TensorFlow's and PyTorch's workers take the plain mean: they insist on (or hope for) equal parts.

# %% [markdown]
# Check it on a loss that you know, a logistic discriminator $d = w \cdot x$ on real windows, whose loss
# $\operatorname{softplus}(-d)$ has the gradient $-\sigma(-d)\, x$. **Predict, then run.** The plain mean, with
# parts of 9 and 3: is it the gradient of the whole?


# %%
def gradient(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Of the mean of softplus(−w·x) over the rows of x, (n_weights,)."""
    return (-x / (1 + np.exp(x @ w))[:, None]).mean(axis=0)


w, x = rng.normal(size=5), rng.normal(size=(12, 5))
whole = gradient(w, x)
for sizes in ([6, 6], [4, 4, 4], [9, 3]):
    parts = np.split(x, np.cumsum(sizes)[:-1])
    theirs = np.stack([gradient(w, part) for part in parts])
    right = averaged_gradient(theirs, np.array(sizes))
    plain = theirs.mean(axis=0)
    print(f"{sizes!s:10} weighted {np.abs(right - whole).max():.1e} off", end="")
    print(f", plain {np.abs(plain - whole).max():.1e}")
    assert np.allclose(right, whole)
assert not np.allclose(plain, whole)

# %% [markdown]
# **When it isn't true.** The sum rule needs a loss that is a mean over windows. Three things in a training aren't:
#
# - *Statistics across the batch.* Batch normalisation takes mean and variance of the part that it sees, and
#   twelve windows have another mean than six. That's why no network in this course has any.
# - *Clipping.* Cutting each worker's gradient to length 1 and averaging isn't averaging and cutting. (Keras'
#   optimisers clip what each worker hands them; our workers average first.)
# - *Chance.* Latents, noise and dropout must not depend on who takes which window. Ours are drawn for the whole
#   batch everywhere and then cut up; dropout's masks are the exception, so there is none below.


# %%
def clip(gradient: np.ndarray) -> np.ndarray:
    """The gradient, no longer than 1."""
    return gradient / max(1, np.linalg.norm(gradient))


two = np.array([[3.0, 0.0], [0.0, 0.5]])  # two workers
print("averaged, then clipped:", clip(two.mean(axis=0)))
print("clipped, then averaged:", np.mean([clip(g) for g in two], axis=0))
assert not np.allclose(clip(two.mean(axis=0)), np.mean([clip(g) for g in two], axis=0))

# %% [markdown]
# ## 2. Two workers, one training
# Now for real. The script below is what every worker runs. It's an ordinary training but for one line:
# `training.join` meets the others at their addresses and gives back a *strategy*, here TensorFlow's
# `MultiWorkerMirroredStrategy`. On a cluster the addresses would be other machines'; ours are two processes of
# this one, which speak to each other through the same network code.
#
# The game is lesson 07's convolutional one, small and, to be quick, without a penalty, for eight steps.
# `LOG_SECONDS = 0` asks for a row of the log at every step.

# %%
SCRIPT = """
import dataclasses, json, sys
from pathlib import Path
import numpy as np
from musicgan_edu import training
job = json.loads(sys.argv[1])
small = dict(width=16, latent_dim=8, batch_size=16, penalty_kind="none")
slow = dict(g_rate=3e-4, d_rate=3e-4)
recipe = dataclasses.replace(training.RECIPES["convolutional"], **small, **slow)
training.run.LOG_SECONDS = 0
team = training.join(job["all"], index=job["me"]) if len(job["all"]) > 1 else None
run = training.train(recipe, np.load("windows.npy"), Path(job["run"]), steps=8, seed=7,
                     strategy=team)
np.savez(f"{job['run']}-{job['me']}.npz", **run.weights)
"""

# %%
work_folder = Path(tempfile.mkdtemp())
chorales = corpus.load("chorales", split="train")
form = encoding.VoiceEncoding()
some = [cleaning.to_c(w) for c in chorales[:40] for w in cleaning.windows(c)]
np.save(work_folder / "windows.npy", form.tokens(some).values)


def free_address() -> str:
    """An address on this machine at which nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{door.getsockname()[1]}"


# %%
def work_together(n_workers: int, run: str) -> None:
    """Start the script `n_workers` times, and wait for all."""
    everybody = [free_address() for _ in range(n_workers)]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    started, workers = time.monotonic(), []
    for me in range(n_workers):
        job = json.dumps({"all": everybody, "me": me, "run": run})
        line = [sys.executable, "-c", SCRIPT, job]
        how = {"cwd": work_folder, "env": os.environ | quiet, "stderr": subprocess.PIPE}
        workers.append(subprocess.Popen(line, text=True, **how))
    said = [worker.communicate(timeout=230)[1] for worker in workers]
    assert all(worker.returncode == 0 for worker in workers), said[0][-2000:]
    print(f"{n_workers} worker(s): {time.monotonic() - started:.0f} s, start included")


work_together(1, "alone")
work_together(2, "together")

# %% [markdown]
# **Predict, then run.** Eight steps on 16 windows, here by one process, there by two with 8 windows each. How far
# apart are the losses, and how far are the weights?


# %%
def log_of(run: str) -> list:
    """The log's rows, one for each step."""
    card = json.loads((work_folder / run / "card.json").read_text())
    return card["training"]["log"]


alone, together = log_of("alone"), log_of("together")
print("step   d_loss            g_loss")
for one, two in zip(alone, together, strict=True):
    print(f"{one['step']:4}", *(f"{one[k]:8} {two[k]:8}" for k in ("d_loss", "g_loss")))
for key in ("d_loss", "g_loss"):  # the log has four decimals
    ours, theirs = ([row[key] for row in log] for log in (alone, together))
    assert len(theirs) == 8
    assert np.allclose(theirs, ours, rtol=1e-4, atol=1e-4)
assert abs(alone[0]["d_loss"] - alone[-1]["d_loss"]) > 0.01  # it does learn

# %%
weights = [
    np.load(work_folder / f"{name}.npz")
    for name in ("alone-0", "together-0", "together-1")
]
flat = [np.concatenate([part[k].ravel() for k in part.files]) for part in weights]
off = np.linalg.norm(flat[1] - flat[0]) / np.linalg.norm(flat[0])
print(f"{len(flat[0])} weights of G, apart by {off:.1e} of their length")
assert off < 1e-4
assert np.array_equal(flat[1], flat[2])  # the two workers, to the last bit

# %% [markdown]
# Equal up to rounding: sums of floats depend on their order, and two partial sums are another order than one. The
# two workers agree to the last bit, because both make the same step with the same averaged gradient. That's also
# why nobody needs to send weights around.
#
# Don't expect it to be faster here (look at the seconds above). Two workers on one machine share its two cores,
# which one TensorFlow process keeps busy by itself, and each takes its time to start. Here you test that a training
# *can* be spread; whether you gain from it elsewhere is the next section's question.
#
# **On a cluster** each machine runs the same script with the same list of addresses, and only `me` differs; the
# folder lies where all can see it. **With several graphics cards** there is one worker for each, and each sees its
# own card only. `docs/scale.md` has the lines to type, for Slurm too.
#
# **If a worker dies**, the others can't finish the step that they are in: half a gradient is none. They stop with a
# message, and all are started again with the same lines: the run goes on from its last checkpoint and ends where
# it would have ended. Only one training may write into a folder: a second one, started too early, is refused.
#
# ## 3. Does it pay?
# Averaging costs messages. If every worker sent everything to everybody, traffic would grow with the square of
# their number. The **ring** does better. Cut the gradient into as many chunks as there are workers. In turn $t =
# 0, 1, \dots, n-2$ worker $k$ hands chunk $(k - t) \bmod n$ to its neighbour $(k + 1) \bmod n$, who adds it to
# its own. After $n - 1$ turns each worker holds one chunk that is complete; in another $n-1$ turns the complete
# chunks go round. Everyone sends $2(n-1)$ chunks of $1/n$ of the gradient:
#
# $$ \text{sent by each worker} = 2\, \frac{n-1}{n} \cdot \text{size of the gradient} \;<\; 2 \cdot \text{size}, $$
#
# however many there are. (Two workers: $n = 2$, so each sends $2 \cdot \frac12 = 1$ times the gradient, half of it in
# each of two turns. A hundred workers: 1.98 times.)
#
# ### Exercise ★★★ `ring_round`
# One turn of the first half. All workers hand over at the same time: what is handed over is what they held
# *before* the turn.


# %%
def ring_round(held: np.ndarray, turn: int) -> np.ndarray:
    """What each worker holds after a turn of adding, (n_workers, n_workers, size).

    `held[k, c]` is chunk c at worker k, (size,). In turn `turn` worker k hands chunk
    (k - turn) mod n to worker (k + 1) mod n, who adds it to their own. `held` stays.
    """
    # BEGIN SOLUTION
    n = len(held)
    after = held.copy()
    for k in range(n):
        chunk = (k - turn) % n
        after[(k + 1) % n, chunk] += held[k, chunk]
    return after
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Draw three workers in a ring and follow chunk 0: in turn 0 it's worker 0 who hands it on, in turn 1 worker 1, …
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Start from a copy. Read from `held`, add to the copy.
#
# </details>

# %%
ring_round = checks.check("15.ring_round", ring_round)

# %% [markdown] solution="15.ring_round"
# Each chunk travels once round the ring and collects everybody's part. Worker $k$ ends with chunk $(k + 1) \bmod
# n$ complete.

# %%
n = 4
parts = rng.normal(size=(n, n, 3))  # four workers, four chunks of three numbers
held = parts
for turn in range(n - 1):
    held = ring_round(held, turn)
for k in range(n):
    complete = (k + 1) % n
    assert np.allclose(held[k, complete], parts[:, complete].sum(axis=0))
print(f"after {n - 1} turns each of {n} workers holds one complete chunk")

# %% [markdown]
# So one step of $n$ workers takes
#
# $$ t(n) = \frac{\text{work}}{n} + \text{rest} + 2\, \frac{n - 1}{n} \cdot \frac{\text{bytes}}{\text{bandwidth}} . $$
#
# | symbol | in the code | meaning |
# |---|---|---|
# | work | `work` | seconds of one worker for what can be shared out: the gradient of the whole batch |
# | rest | `rest` | seconds for what everybody does alike: the optimiser's step, Python |
# | bytes | `n_bytes` | of the gradient: four for each weight |
# | bandwidth | `bandwidth` | bytes a second between neighbours |
#
# Without the last term this is Amdahl's law (1967): however many workers, $t(n)$ stays above *rest*. (Left out: the
# time that an empty message takes, which counts when the chunks get small; and that a clever program sends the part of
# the gradient that is ready while it computes the other. So $t(n)$ is a plan's number, not a measured one.)
#
# ### Exercise ★ `step_seconds`


# %%
def step_seconds(
    n_workers: int, work: float, rest: float, n_bytes: float, bandwidth: float
) -> float:
    """Seconds of one training step, averaging by a ring included."""
    # BEGIN SOLUTION
    talk = 2 * (n_workers - 1) / n_workers * n_bytes / bandwidth
    return work / n_workers + rest + talk
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Three terms. One worker has nobody to talk to: put $n = 1$ into your formula.
#
# </details>

# %%
step_seconds = checks.check("15.step_seconds", step_seconds)

# %% [markdown]
# Suppose the shipped generator took 50 ms of work and 2 ms of rest a step. (Its gradient only; the
# discriminator's comes on top.) **Predict, then run.** Two machines,
# joined by an ordinary cable of one gigabit a second (125 MB/s): how many times as fast are they? And by a network a
# hundred times as fast?

# %%
shipped = sampling.load("chorales")
n_bytes = 4 * sum(array.size for array in shipped.weights.values())
numbers = np.arange(1, 33)


def times_as_fast(n_workers: int, bandwidth: float) -> float:
    """Against one worker, for a step of 50 ms and 2 ms."""
    one, many = (
        step_seconds(n, 0.05, 0.002, n_bytes, bandwidth) for n in (1, n_workers)
    )
    return one / many


for n in (2, 8, 32):
    cable, fast = times_as_fast(n, 125e6), times_as_fast(n, 12.5e9)
    print(f"{n:2} workers: {cable:5.2f} times by cable, {fast:5.2f} at 100 gigabits")
assert times_as_fast(2, 125e6) < 1.2
assert times_as_fast(32, 125e6) < 1.5 < 12 < times_as_fast(32, 12.5e9) < 52 / 2

# %% [markdown]
# Almost nothing by cable: sending the gradient takes about as long as computing it. What helps? A larger batch:
# more work for the same talk (but fewer steps for the same music, and larger steps aren't always better ones;
# Goyal et al. 2017 say what to do about the learning rate). A faster network. A smaller gradient. Move the
# sliders:


# %%
def chart(milliseconds: float, gigabits: float) -> plotting.Figure:
    """Times as fast over workers, and what it would be if talk cost nothing."""
    bandwidths = {"with talk": 125e6 * gigabits, "talk for nothing": 1e18}
    how = {"work": milliseconds / 1e3, "rest": 0.002, "n_bytes": n_bytes}
    curves = {"as many times as workers": numbers}
    for name, bandwidth in bandwidths.items():
        t = [step_seconds(n, **how, bandwidth=bandwidth) for n in numbers]
        curves[name] = [t[0] / value for value in t]
    title = f"{milliseconds:g} ms of work, {gigabits:g} Gbit/s"
    labels = {"xlabel": "workers", "ylabel": "times as fast"}
    return plotting.losses(curves, steps=numbers, title=title, **labels)


# %% interactive="scaling"
looks = {"step": 1, "decimals": 0}
work = slider.Slider("work, ms", 50, min=10, max=1000, **looks)
speed = slider.Slider("network, Gbit/s", 1, min=1, max=100, **looks)
picture = ipywidgets.HTML()


def follow(change: dict | None = None) -> None:
    """Draw the chart anew; its description comes along."""
    picture.value = chart(work.value, speed.value).to_html()


for moved in (work, speed):
    moved.observe(follow, "value")
follow()
slider.Column([work, speed, picture])

# %% [markdown]
# The same as two pictures, for print and for a run without widgets: the cable, and a batch twenty times as large
# on a faster network.

# %% static="scaling"
plotting.show(chart(50, 1))
plotting.show(chart(1000, 10))

# %% [markdown]
# ## 4. A large folder
# Somewhere on your disk are ten thousand MIDI files, some broken, some doubled, some empty.
# `corpus.import_folder` reads them in several processes. Each is a fresh Python that answers over a pipe: one
# that hangs over a file is ended after two minutes and replaced, one that crashes costs that file and no other,
# and what was read is kept by the hundred files, so that an import that was stopped goes on where it was. If one
# machine's cores aren't enough, give the address of a Dask cluster: `corpus.import_folder(folder,
# scheduler="tcp://…:8786")`. The files travel to its workers, the answers come back, and the result is the same to
# the last bit. (Dask comes with `pip install "musicgan-edu[scale]"`.)
#
# Here is such a folder in small: every training chorale as MIDI, one file that breaks off, a shopping list that nobody
# needs to read (only names that end like music are opened), and one chorale once more, a tone higher, under a name that
# would put it into *test*.

# %%
names = [f"zz_again_{i}.mid" for i in range(99)]
again = next(name for name in names if corpus.split_of(name) == "test")
for name in ("one", "many"):
    folder = work_folder / name
    folder.mkdir()
    for chorale in chorales:
        playback.to_midi(chorale, folder / f"{chorale.source}.mid")
    (folder / "broken.mid").write_bytes(b"MThd\0\0\0\6")
    (folder / "shopping.txt").write_text("milk, strings")
    playback.to_midi(cleaning.transpose(chorales[0], 2), folder / again)

# %%
reports = {}
for name, n_processes in (("one", 1), ("many", 2)):
    begun = time.monotonic()
    reports[name] = corpus.import_folder(
        work_folder / name, n_processes=n_processes, progress=False
    )
    print(f"{n_processes} process(es): {time.monotonic() - begun:.1f} s")
one, many = reports["one"], reports["many"]
assert one.scores == many.scores  # whoever read them, in the same order
print("\n".join(str(many).splitlines()[-6:]))
assert [name for name, _ in many.rejected] == ["broken.mid"]

# %% [markdown]
# Nothing stopped, and nothing vanished without a reason. Two processes needn't have been faster: each takes its
# time to start. That is the *rest* of section 3 once more, and with ten thousand files it no longer counts. The
# split needs no clerk either: it comes from a hash of the name, so ten machines that each read a tenth of the
# files split them as one would. Only doubles need to be found together:

# %%
first = f"{chorales[0].source}.mid"
print(f"{first}: {many.splits[first]}, {again}: {many.splits[again]}")
print("by its own name the copy would be in:", corpus.split_of(again))
assert many.splits[again] == many.splits[first] == "train"

# %% [markdown]
# **How many files do you need?** No number is right for all music. A curve tells: train on a quarter, a half and
# all of your pieces for equal *steps*, and judge each on the same validation pieces (lesson 10). If the last
# doubling still helps, get more. If the machine's windows agree more with the training set than unseen real music does,
# it has too few for a network of that size, however good they sound. Our chorales are 258 training pieces, of one kind, in
# one form, cleanly encoded. Ten times as many of mixed quality may well be the worse set: the curve would tell.
#
# ## 5. A graphics card
# On Linux with an NVIDIA card: `pip uninstall tensorflow-cpu`, then `pip install "tensorflow[and-cuda]"`. On
# Windows TensorFlow uses cards only inside WSL2 (native support ended with version 2.10). On macOS TensorFlow itself
# supports none (Apple has a plug-in, which this course hasn't been tried with). Then this line should list one:

# %%
ask = "import tensorflow as tf; print(tf.config.list_physical_devices('GPU'))"
line = [sys.executable, "-c", ask]
found = subprocess.run(line, capture_output=True, text=True, check=True).stdout
print("graphics cards:", found.strip())

# %% [markdown]
# No line of your program changes. What does change:
#
# - *Small networks hardly gain.* Ours are sized for a processor: a step is many small operations one after
#   another, and the LSTM waits for each of its 32 steps. A card earns its price with wide networks, large batches
#   and convolutions. We haven't measured one here; measure yours, with steps a second and the quality after equal
#   *steps*.
# - *Runs differ.* Unless told otherwise, a card adds up in no fixed order, so the same seed drifts apart, and a game
#   amplifies that. `musicgan train --steps N` is repeatable on one processor, not across devices.
# - *Memory is what runs out*, and TensorFlow takes most of the card's at once: one training a card.
#
# Several cards in one machine: `tf.distribute.MirroredStrategy`, the same arithmetic as in section 1. The
# course's `training.join` is for several processes; Keras 3's `fit` fails under the
# multi-worker strategy (keras-team/keras#20585), which is why our workers run a step function of their own.

# %% [markdown]
# ## 6. A model card
# A trained network without a page about it is a rumour. The page is called a **model card** (Mitchell et al.
# 2019): what it is, what it learned from and on what terms, how to make it again, how good it is, on what it was
# *not* tried, and what it must not be used for. Numbers come with an interval, with a baseline, and with the
# search for copies.
#
# First the facts, measured now, as in lesson 10: how often a judge tells the machine's windows from real ones, and how
# much each agrees with the most similar training window (the share of equal cells, at the best transposition). On
# *validation*: the test pieces are for the final report, once.

# %%
real = [
    window
    for piece in corpus.load("chorales", split="validation")
    for window in cleaning.windows(piece)
]
fakes = shipped.sample(len(real), seed=15)
verdict = evaluation.c2st(real, fakes)
learnt = evaluation.voices([w for c in chorales for w in cleaning.windows(c)])
quarter = slice(None, None, 4)  # every fourth will do, and takes a quarter of the time
copied = [evaluation.copying(every[quarter], learnt) for every in (fakes, real)]
print(verdict)
print("agreement with the nearest training window, median: machine", end=" ")
print(f"{np.median(copied[0]):.3f}, unseen Bach {np.median(copied[1]):.3f}")
assert np.median(copied[0]) < np.median(copied[1]) + 0.15

# %% [markdown]
# And a baseline, or nobody knows what such an accuracy is worth: Bach's soprano over three voices of another window. A
# machine that a judge finds more easily than this would be a poor one.

# %%
others = rng.permutation(len(real))
shuffled = [  # a soprano, and three voices of another window
    a.replace(notes=np.concatenate([a.of_track(0), b.notes[b.notes["track"] > 0]]))
    for a, b in zip(real, [real[i] for i in others], strict=True)
]
unnamed = [piece.replace(source="") for piece in shuffled]  # each a piece of its own
baseline = evaluation.c2st(real, unnamed)
print("a soprano by Bach over voices from elsewhere:", baseline)
assert baseline.accuracy > verdict.interval[1]

# %%
made = shipped.card["training"]
facts = {"name": "chorales", "recipe": "chorales", "n_train": len(chorales)}
facts["form"] = "two bars of 4/4 for four voices, in C major or A minor"
facts["licence"] = "encodings from music21, some not for commercial use"
facts |= {key: made[key] for key in ("corpus", "steps", "seed")}
facts |= {"split": "validation", "accuracy": float(verdict.accuracy)}
facts |= {"low": float(verdict.interval[0]), "high": float(verdict.interval[1])}
facts |= {"baseline": float(baseline.accuracy), "copied": float(np.median(copied[0]))}
facts |= {"copied_real": float(np.median(copied[1]))}
facts["limits"] = ["nothing longer than two bars", "no other metre, no other key"]
facts["not_for"] = ["passing off as Bach's"]

# %% [markdown]
# ### Exercise ★★ `model_card`
# Write the card as Markdown, from the facts alone: a card with numbers typed in by hand is out of date after the
# next training. The check reads it as a stranger would, and names what is missing. Five sections, each a line `##
# Name`:
#
# | section | must say |
# |---|---|
# | `What it is` | name and form |
# | `Data` | corpus, number of training pieces, licence |
# | `Make it again` | the command: corpus, recipe, steps, seed |
# | `How good` | split, accuracy with its interval, the baseline's accuracy, copying beside real music's |
# | `Limits` | every limit, and every use that it's not for |
#
# Numbers with two decimals or more.


# %%
def model_card(facts: dict) -> str:
    """The model card in Markdown: five sections, everything in them from `facts`."""
    # BEGIN SOLUTION
    f = facts
    copying = f"{f['copied']:.3f}, unseen real music {f['copied_real']:.3f}"
    interval = f"[{f['low']:.3f}, {f['high']:.3f}]"
    again = f"musicgan train --corpus {f['corpus']} --recipe {f['recipe']}"
    again += f" --steps {f['steps']} --seed {f['seed']}"
    sections = {
        "What it is": f"`{f['name']}`: {f['form']}.",
        "Data": f"{f['n_train']} pieces of `{f['corpus']}`; {f['licence']}.",
        "Make it again": again,
        "How good": f"On {f['split']}: told from real {f['accuracy']:.3f} {interval}, "
        f"baseline {f['baseline']:.3f}. Copying: {copying}.",
        "Limits": "\n".join(f"- {x}" for x in [*f["limits"], *f["not_for"]]),
    }
    return "\n\n".join(f"## {name}\n{text}" for name, text in sections.items())
    # END SOLUTION


# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A dictionary from section to text, and a join at the end. `f"{x:.3f}"` writes a number with three decimals.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `limits` and `not_for` are lists, and a card has to say all of them, however many there are.
#
# </details>

# %%
model_card = checks.check("15.model_card", model_card)

# %% [markdown] solution="15.model_card"
# A real card says more: who made it and whom to ask, which listeners it was tried on, what surprised you. Each network
# that ships with the course has one: `chorales`, `phrases`, `melodies`, `dances`, `moods`, `gaps` and two pairs of
# editors (`musicgan_edu/checkpoints/*/README.md`, and `styles/*/README.md` in there).

# %%
from IPython.display import Markdown

card = model_card(facts)
assert f"--steps {made['steps']} --seed {made['seed']}" in card
Markdown(card.replace("## ", "#### "))

# %% [markdown]
# ## 7. When not to use a GAN
# A GAN gives you a fast generator with a latent that can be steered, and a judge for nothing. It doesn't give you
# a *likelihood*: you can't ask it how probable a given piece is, and so you can't compare two of them on unseen
# music by one honest number. (Our LSTM generator is halfway: it gives every note a probability, but only once $z$
# is given, $p(x \mid z)$; for $p(x) = \mathbb E_z\, p(x \mid z)$ you'd have to average over all $z$, and can only
# estimate it.) Its training is a game, and you've seen what games do. So take the tool that fits:
#
# | you want … | take first | why |
# |---|---|---|
# | the best symbolic music for the least trouble | a model trained by likelihood: LSTM, **transformer** (Music Transformer, ICLR 2019) | one loss that falls, a number to compare by; the course's own baseline is hard to beat (lesson 04; Caccia et al. 2020) |
# | to fill gaps, in any order | masked models (Coconet, ISMIR 2017), **diffusion** on symbols or their latents (Mittal et al., ISMIR 2021) | conditioning on anything is what they're trained for; lesson 12 measures one. The price: many passes through the network for one piece, dozens to a thousand |
# | a latent to walk in, with few data | a variational autoencoder (MusicVAE, ICML 2018) | it comes with an encoder and with a lower bound on the likelihood; the first stage of our own recipe is one (lesson 07) |
# | audio from text | large autoregressive or diffusion models (MusicLM 2023, MusicGen, NeurIPS 2023) | a scale that no laptop reaches |
# | sound from a spectrogram, fast | a **GAN** | see below |
# | a sharp, fast, one-step generator; a critic | a **GAN**, also to distil a slow model | a single pass, no sampling loop (true of the convolutional generator; our LSTM goes from step to step as well) |
# | to know which notes are *wrong* | none of them: rules, or people | likely isn't right |
#
# ### Where GANs stand in raw audio
# A second of sound is tens of thousands of samples, and the ear hears single ones. **WaveGAN** (Donahue et al.,
# ICLR 2019) generated waveforms with one-dimensional convolutions: about a second at a time, drums, birds, spoken
# digits. **GANSynth** (Engel et al., ICLR 2019) generated spectra with instantaneous frequencies instead, single
# notes of instruments, and beat WaveNet's baselines at a fraction of the time. Whole pieces went to other models.
# What stayed, and won, is the *last step*: **vocoders** that turn a spectrogram into sound. **MelGAN** (Kumar et
# al., NeurIPS 2019) and **HiFi-GAN** (Kong et al., NeurIPS 2020; several discriminators, each looking at the wave
# folded by another period) run faster than real time, and the neural codecs under today's large music models
# (SoundStream 2021, EnCodec 2022) are trained with adversarial losses as well. So the GAN composes little of the
# new music that you hear, and voices much of it.
#
# ## 8. May I publish this?
# Three questions, each with its own answer. (This is no legal advice, and the law is moving; `docs/publishing.md`
# says what is known, with dates.)
#
# | what | the question | here |
# |---|---|---|
# | the **data** | does its licence allow copies? | Bach has no rights any more, the *encodings* may: music21's collection says that some are not for commercial use. So the course ships none, and reads them from your installation |
# | the **weights** | are they a copy of what they were trained on? | unsettled. A Munich court held in November 2025 that lyrics which a model can recite are contained in it (GEMA v OpenAI, not final). Hence the copying row on the card: a model that recites is in a worse place than one that doesn't |
# | the **output** | who owns it, and does it copy anybody? | in the USA what a machine made alone has no copyright (Copyright Office, January 2025), your selection and arrangement may. A tune that is too near to someone's is too near, whoever wrote it |
#
# What to do: note source, licence and date of every file on the day you get it. Prefer what is free for your
# purpose. Say *machine-made* where it is. Search for copies before you publish, not after.
#
# ## 9. Limits, trends, ethics
# **Limits of what you've built.** Two or eight bars, no plan; four voices, one style; a judge that can be fooled.
# Long form, expressive timing, text and lyrics, and above all a *reason* for the next note, are open.
#
# **Trends** (more in `docs/trends.md`). Ever larger models on audio tokens; control instead of autonomy (a bar, a
# chord, a texture at a time); diffusion taking over from GANs, and adversarial losses coming back to make
# diffusion fast; evaluation moving from feelings to tests, slowly.
#
# **Ethics.** Whose music is it, and were they asked? Who is heard (almost all open symbolic data is European art
# music and its neighbours)? Who loses work, and who gains a tool? Does the listener know? A course can't answer
# these. A model card can at least not hide them.

# %% [markdown]
# ## 10. Your project
# Take a question that you can answer with an evening's computing. Ten to choose from, or your own:
#
# 1. Does a generator trained on fiddle tunes (`--recipe melodies`) copy more than one trained on chorales? Why?
# 2. Halve the training pieces three times. What breaks first: rules, key, or novelty?
# 3. Your own folder of MIDI files: import, clean, train, evaluate, and write the card.
# 4. Give the discriminator another feature (lesson 05). Does the generator notice?
# 5. Which failure of lesson 08 can you *predict* from the first hundred steps?
# 6. A direction in the latent for something that musicians have a word for (lesson 09).
# 7. Replace the cross-entropy by hinge or Wasserstein loss in the course's recipe: equal steps, three seeds, intervals.
# 8. A blind test with ten listeners (lesson 10), planned before you start: how many clips, which analysis?
# 9. An assistant for something small and real: a second voice for beginners' duets.
# 10. Repeat a claim from a paper of the reading list, in small. Report what you get, also if it's nothing.
#
# **How it's judged.**
#
# | row | 0 | 1 | 2 |
# |---|---|---|---|
# | question | a topic | a question | a question that your result could have answered with *no* |
# | data | unnamed | source and licence | and splits by piece, doubles found, what was left out and why |
# | baseline | none | one | one that is hard to beat, in the same table |
# | evaluation | best examples | numbers | intervals over pieces, copying beside them, test split used once |
# | listening | – | "sounds good" | a blind test, or samples of a seed fixed beforehand |
# | made again | – | code | one command, seed and steps, on another machine |
# | card | none | facts | a stranger knows where not to trust it |
#
# Eleven of fourteen is a good project. A negative result, honestly got, loses nothing by this table.
#
# **Tools for it.** `musicgan train`, `evaluate`, `compose` (`--help` shows an example of each) · music
# information retrieval: **ISMIR**, the community and its open proceedings (ismir.net); **mir_eval** (Raffel et
# al., ISMIR 2014) for tested metrics of transcription, beat, chord; **librosa** (McFee et al., SciPy 2015) for
# audio; **mirdata** (Bittner et al., ISMIR 2019) to load datasets and check that they're whole; **music21** for
# scores · TensorFlow's guides *Writing a training loop from scratch* and *Multi-worker training*, Keras'
# *Customizing fit()* · in this repository `docs/faq.md`, `docs/glossary.md` and `docs/reading.md`.

# %% [markdown]
# ## Exercises
# You've met four on the way: `step_seconds` ★, `averaged_gradient` ★★, `model_card` ★★ and `ring_round` ★★★.
# Three more, without a check:
#
# - Write the second half of the ring (the complete chunks go round), run both halves, and count what each worker
#   has sent.
# - Spread the training over *three* workers. What does the message say, and which batch sizes would it take?
# - Write the card of the network that you trained in lesson 07, and give it to somebody who hasn't taken the
#   course. What do they ask?
#
# <details><summary>Answers</summary>
#
# In turn $t$ of the second half worker $k$ hands on chunk $(k + 1 - t) \bmod n$, and the neighbour *replaces* its
# own by it. Each worker sends $n - 1$ chunks in each half.
#
# *a batch of 16 doesn't divide among 3 workers*: unequal parts would need weights, see section 1. Any multiple of
# 3 will do, such as 15 or 48.
#
# Mostly: what does it sound like, and is it better than …? Both belong on the card: a link to samples of a fixed
# seed, and a baseline by name.
#
# </details>

# %% [markdown]
# ## Quiz
# Open the answer that you believe in, and then the others: each says why.

# %% [markdown] tags=["quiz"]
# **1. Four workers with 16 windows each average their gradients. Which training is the same?**
# - [ ] One worker with a batch of 16, four times as fast :: Each step sees 64 windows, so it's the step of a
#   batch of 64.
# - [x] One worker with a batch of 64 :: The mean of four means over equal parts is the mean over all.
# - [ ] None: averaging loses information :: The gradient of a mean is the mean of gradients; nothing else was in it.

# %% [markdown] tags=["quiz"]
# **2. Eight machines make your training only 1.3 times as fast. What do you look at first?**
# - [ ] The learning rate :: It changes how much a step is worth, not how long it takes.
# - [x] How long sending the gradient takes, compared with computing it :: Each machine sends $2(n-1)/n$ times the
#   gradient every step, nearly twice its size however many they are, while its share of the work shrinks.
# - [ ] A ninth machine :: It computes a little less and sends as much.

# %% [markdown] tags=["quiz"]
# **3. A card says: "accuracy of a judge 0.52, the best so far". What is missing?**
# - [ ] Nothing: 0.5 is perfect :: It may be the judge who is weak.
# - [ ] More decimals :: They'd be noise.
# - [x] The interval, over pieces; the split; the baseline; and copying :: Without them 0.52 can be an accident, a
#   leak or a copyist.

# %% [markdown] tags=["quiz"]
# **4. You want to know which of two models gives unseen chorales the higher probability. Which pair can you compare?**
# - [ ] Two GANs of convolutions :: Neither has a likelihood: they can draw, not tell how probable something is.
# - [ ] A GAN and a transformer :: One of them can't answer.
# - [x] An LSTM and a transformer, with the same encoding :: Both give a probability for every next note. With
#   different encodings even these numbers don't compare.

# %% [markdown]
# ## Recap
# - The weighted mean of the parts' gradients is the batch's gradient, as long as the loss is a mean over windows.
#   Batch statistics, clipping and chance can break it.
# - Two real workers gave the losses of one to four digits, and agreed with each other to the last bit.
# - A ring sends less than twice the gradient per worker and step. Work out whether it pays before you rent machines.
# - Reading a large folder is a matter of not trusting any single file.
# - A model card: what, from what, how again, how good against what, and where not to trust it.
# - A GAN is one tool among several. Where it's the best one today is close to the sound.
#
# **What can go wrong.** Workers that wait for ever: an address that a firewall blocks, or a worker with another
# list of addresses. Losses that differ between one and two workers from the first step on: the parts differ, or
# something in the network looks across the batch. A run that is "faster" on more machines because the batch has
# grown unnoticed: compare at equal batch, or at equal quality.
#
# **Reading.** (All of it annotated in `docs/reading.md`.)
# - G. Amdahl, *Validity of the Single Processor Approach*, AFIPS 1967.
# - P. Patarasuk, X. Yuan, *Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations*, JPDC 2009: the ring.
# - P. Goyal et al., *Accurate, Large Minibatch SGD*, 2017 (arXiv). S. Li et al., *PyTorch Distributed*, VLDB 2020.
# - M. Mitchell et al., *Model Cards for Model Reporting*, FAT* 2019. T. Gebru et al., *Datasheets for Datasets*,
#   CACM 2021.
# - C. Donahue, J. McAuley, M. Puckette, *Adversarial Audio Synthesis* (WaveGAN), ICLR 2019. J. Engel et al.,
#   *GANSynth*, ICLR 2019. K. Kumar et al., *MelGAN*, NeurIPS 2019. J. Kong, J. Kim, J. Bae, *HiFi-GAN*, NeurIPS
#   2020.
# - C.-Z. A. Huang et al., *Counterpoint by Convolution* (Coconet), ISMIR 2017, and *Music Transformer*,
#   ICLR 2019. A. Roberts et al., *MusicVAE*, ICML 2018. G. Mittal et al., *Symbolic Music Generation with
#   Diffusion Models*, ISMIR 2021. J. Copet et al., *MusicGen*, NeurIPS 2023.
# - M. Caccia et al., *Language GANs Falling Short*, ICLR 2020.
# - B. Sturm et al., *Artificial Intelligence and Music: Open Questions of Copyright Law and Engineering Praxis*,
#   Arts 2019.
#
# **Next**: your project. Then teach it to somebody: that's the best test of all.
