"""Checks of lesson 06: an LSTM's cell and its weights, choices and the slopes that pass them, dictation."""

import itertools

import numpy as np
import tensorflow as tf

from musicgan_edu import models
from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = ["binary_neuron", "count_weights", "dictation", "gumbel_max", "lstm_step", "score_gradient"]


def count_weights(n_inputs: int, units: int) -> int:
    """The number of weights of an LSTM layer: four gates, each with W, U and b."""
    return 4 * (n_inputs * units + units * units + units)


@exercise("06.count_weights", reference=count_weights, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [1, 1], 12, "with one input and one unit each of the four gates has a W, a U and a b")
    expect(answer, [2, 1], 16, "a second input gives each gate another weight")
    expect(answer, [1, 2], 32, "U is units × units: every unit hears every unit")
    for n_inputs, units in rng.integers(3, 300, (4, 2)).tolist():
        expect(answer, [n_inputs, units], count_weights(n_inputs, units))


def lstm_step(x: np.ndarray, h: np.ndarray, c: np.ndarray, weights: list) -> tuple:
    """One step of an LSTM: the new h and c, (B, units) each.

    x (B, n_inputs); weights [W (n_inputs, 4·units), U (units, 4·units), b (4·units,)],
    the four blocks in Keras' order i, f, g, o.
    """
    W, U, b = weights
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + e^(−a))."""
    return 1 / (1 + np.exp(-a))


@exercise("06.lstm_step", reference=lstm_step, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    B, n, u = 3, 4, 2
    x, h, c = rng.normal(size=(B, n)), rng.normal(size=(B, u)), rng.normal(size=(B, u))
    weights = [rng.normal(size=(n, 4 * u)), rng.normal(size=(u, 4 * u)), rng.normal(size=4 * u)]
    got = answer(x.copy(), h.copy(), c.copy(), [w.copy() for w in weights])
    require(
        isinstance(got, tuple | list) and len(got) == 2, f"it gave {type(got).__name__} instead of (h, c)"
    )
    want_h, want_c = lstm_step(x, h, c, weights)
    shapes = [np.shape(part) for part in got]
    require(shapes == [(B, u), (B, u)], f"h and c have shapes {shapes} instead of {(B, u)} each")
    new_h, new_c = (np.asarray(part) for part in got)
    require(
        not (np.allclose(new_h, want_c) and np.allclose(new_c, want_h)), "it gave (c, h) instead of (h, c)"
    )
    i, f, g, o = np.split(x @ weights[0] + h @ weights[1] + weights[2], 4, axis=-1)
    hints = [
        (
            sigmoid(i) * c + sigmoid(f) * np.tanh(g),
            "the blocks i and f are swapped: Keras' order is i, f, g, o",
        ),
        (sigmoid(f) * c + sigmoid(i) * sigmoid(g), "g takes a tanh: what is written may be negative"),
        (f * c + i * np.tanh(g), "the gates lack their sigmoids"),
        (sigmoid(f) * h + sigmoid(i) * np.tanh(g), "the forget gate scales the cell c, not h"),
        (sigmoid(f) * c + sigmoid(i) * np.tanh(o), "the third block is g, the fourth is o"),
        (sigmoid(i) * np.tanh(g), "the old c is gone: the forget gate decides how much of it stays"),
    ]
    without = {"b": x @ weights[0] + h @ weights[1], "h @ U": x @ weights[0] + weights[2]}
    for what, sums in without.items():
        i, f, g, _ = np.split(sums, 4, axis=-1)
        hints.append((sigmoid(f) * c + sigmoid(i) * np.tanh(g), f"{what} is missing from the four sums"))
    told = [why for wrong, why in hints if np.allclose(new_c, wrong)]
    require(not told, told[0] if told else "")
    require(np.allclose(new_c, want_c), "the new c isn't σ(f)·c + σ(i)·tanh(g)")
    old = np.allclose(new_h, sigmoid(o) * np.tanh(c))
    require(not old, "h is made from the old c: the output gate looks at the new one")
    require(not np.allclose(new_h, sigmoid(o) * new_c), "h = σ(o)·tanh(c): the tanh is missing")
    require(np.allclose(new_h, want_h), "the new h isn't σ(o)·tanh(c)")


def gumbel_max(logits: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draws from softmax(logits), (…): where logit plus Gumbel noise is largest.

    uniform: random numbers in (0, 1) of the logits' shape, (…, K).
    """
    noise = -np.log(-np.log(uniform))
    return (logits + noise).argmax(-1)


@exercise("06.gumbel_max", reference=gumbel_max, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    n, p = 20_000, np.array([0.1, 0.2, 0.7])
    logits, uniform = np.tile(np.log(p), (n, 1)), rng.uniform(1e-9, 1 - 1e-9, (n, 3))
    got = np.asarray(answer(logits.copy(), uniform.copy()))
    require(
        got.shape == (n,), f"{n} rows of logits gave shape {got.shape}: take the argmax along the last axis"
    )
    require(got.dtype.kind in "iu", f"it gave {got.dtype} numbers: a choice is an index")
    shares = np.bincount(got, minlength=3) / n
    shown = np.round(shares, 2).tolist()
    require(shares[2] < 0.99, "it always takes the most likely: where is the noise? (Uniform noise is too "
            "small, and of the wrong shape: −log(−log u))")  # fmt: skip
    require(
        np.abs(shares - p).max() < 0.02,
        f"probabilities 0.1, 0.2, 0.7 came out as {shown}: count the minus signs, and add the noise to the logits",
    )
    expect(answer, [logits[:50], uniform[:50]], gumbel_max(logits[:50], uniform[:50]))


def binary_neuron(logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """1 where uniform < σ(logit), else 0; on the way back, the slope of the sigmoid."""
    soft = tf.sigmoid(logits)
    hard = tf.cast(uniform < soft, tf.float32)
    return tf.stop_gradient(hard) + soft - tf.stop_gradient(soft)


@exercise("06.binary_neuron", reference=binary_neuron, stars=2, twin=models.stochastic_binary)
def _(answer: Answer, rng: np.random.Generator) -> None:
    logits = tf.constant([-1.0, 0.5, 2.0, -3.0])
    uniform = tf.constant([0.1, 0.9, 0.5, 0.2])  # σ: 0.27, 0.62, 0.88, 0.05
    with tf.GradientTape() as tape:
        tape.watch(logits)
        got = answer(logits, uniform)
    require(got is not None, "it gave None: is a `return` missing?")
    values = np.asarray(got)
    turned = np.allclose(values, [0, 1, 0, 1])
    require(not turned, "it's on where it should be off: on means uniform < σ(logit)")
    require(
        not np.allclose(values, tf.sigmoid(logits)), "that is the sigmoid: on the way forward a key is 0 or 1"
    )
    require(
        not np.allclose(values, [0, 1, 1, 0]),
        "it decides by the sign of the logit; compare σ(logit) with `uniform`",
    )
    p, on = sigmoid(logits.numpy()), np.array([1, 0, 1, 0])
    hints = [
        (on + p, "the sigmoid was added and not taken off again: − stop_gradient(soft)"),
        (on * p, "a key that is on is 1, not σ"),
    ]
    told = [why for wrong, why in hints if np.allclose(values, wrong)]
    require(not told, told[0] if told else "")
    require(
        np.allclose(values, on),
        f"σ = 0.27, 0.62, 0.88, 0.05 against 0.1, 0.9, 0.5, 0.2 gave {values.tolist()}",
    )
    slope = tape.gradient(got, logits)
    require(slope is not None, "no slope arrives: a comparison has none, so add the sigmoid's")
    require(
        not np.allclose(slope, 1), "the slope is 1: that is the identity's, here the sigmoid's is asked for"
    )
    require(not np.allclose(slope, 0), "the slope is 0: `stop_gradient` stands around the soft value, too")
    require(
        not np.allclose(slope, -p * (1 - p)), "the slope has the wrong sign: + soft − stop_gradient(soft)"
    )
    require(np.allclose(slope, p * (1 - p), rtol=1e-4), "the slope isn't σ·(1 − σ)")


def score_gradient(logits: np.ndarray, choices: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """An unbiased estimate of ∂ E[reward] / ∂ logits, (K,), from n ≥ 2 draws.

    choices (n,), drawn from softmax(logits); rewards (n,), each compared with the
    mean of the others.
    """
    p = np.exp(logits - logits.max())
    p /= p.sum()
    n = len(choices)
    others = (rewards.sum() - rewards) / (n - 1)
    scores = np.eye(len(logits))[choices] - p  # (n, K): the gradient of log p
    return (rewards - others) @ scores / n


@exercise("06.score_gradient", reference=score_gradient, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    logits, reward = rng.normal(size=3), rng.normal(size=3) + 5.0
    p = np.exp(logits) / np.exp(logits).sum()
    exact = p * (reward - p @ reward)
    one = np.asarray(answer(logits.copy(), np.array([0, 2]), reward[[0, 2]]))
    require(one.shape == (3,), f"three logits gave a gradient of shape {one.shape} instead of (3,)")
    mean, second = _moments(answer, logits, reward, p)
    hints = [
        (-exact, "the sign is wrong: towards what was rewarded"),
        (2 * exact, "it's the sum over the choices, not their mean"),
        (exact / 2, "half as large: compare with the mean of the *others*, n − 1 of them; a mean with its own reward in it "
                    "is biased"),
        (0 * exact, "it's 0 on average: the baseline is the sum *less one's own reward*, over n − 1"),
        (p @ reward * p + exact, "the mean of onehot·reward is there, the expected −p is missing"),
    ]  # fmt: skip
    told = [why for wrong, why in hints if np.allclose(mean, wrong, atol=1e-6)]
    require(not told, told[0] if told else "")
    shown, want = np.round(mean, 3).tolist(), np.round(exact, 3).tolist()
    require(
        np.allclose(mean, exact, atol=1e-6),
        f"on average over all pairs of choices it gives {shown}, exact is {want}",
    )
    _, plain = _moments(lambda _, c, r: r @ (np.eye(3)[c] - p) / 2, logits, reward, p)
    require(
        second < 0.5 * plain,
        "it's right on average, and as noisy as without a baseline: subtract the others' mean",
    )
    choices = rng.integers(3, size=9)
    expect(answer, [logits, choices, reward[choices]], score_gradient(logits, choices, reward[choices]))


def _moments(
    answer: Answer, logits: np.ndarray, reward: np.ndarray, p: np.ndarray
) -> tuple[np.ndarray, float]:
    """Mean and mean square of the estimate over all pairs of choices, each as likely as it is."""
    mean, second = np.zeros(3), 0.0
    for pair in itertools.product(range(3), repeat=2):
        got = np.asarray(answer(logits.copy(), np.array(pair), reward[list(pair)]))
        mean += p[list(pair)].prod() * got
        second += p[list(pair)].prod() * float((got**2).sum())
    return mean, second


def dictation(tokens: np.ndarray, nothing: int) -> np.ndarray:
    """What the network hears: the classes of the step before; at first `nothing`.

    tokens (B, T, V); the result has the same shape and type.
    """
    heard = np.full_like(tokens, nothing)
    heard[:, 1:] = tokens[:, :-1]
    return heard


@exercise("06.dictation", reference=dictation, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    tokens = rng.integers(0, 40, (2, 5, 3)).astype(np.uint8)
    got = np.asarray(answer(tokens.copy(), 46))
    require(
        got.shape == tokens.shape, f"shape {tokens.shape} became {got.shape}: as many steps go in as come out"
    )
    require(
        not np.array_equal(got, tokens), "that is the answer itself: a network that hears it learns to copy"
    )
    ahead = np.array_equal(got[:, :-1], tokens[:, 1:])
    require(not ahead, "the network hears the step to come: shift to later, not to earlier")
    wraps = np.array_equal(got, np.roll(tokens, 1, axis=1))
    require(not wraps, "at the first step it hears the last one: `np.roll` goes round, silence doesn't")
    kept = np.array_equal(got[:, 1:], tokens[:, 1:])
    require(not kept, "nothing has moved; only the first step is overwritten")
    windows = np.array_equal(got[1:], tokens[:-1])
    require(not windows, "the windows are shifted; time is the second axis")
    voices = np.array_equal(got[:, :, 1:], tokens[:, :, :-1])
    require(not voices, "the voices are shifted; time is the second axis")
    expect(answer, [tokens, 46], dictation(tokens, 46))
