"""Checks of lesson 05: receptive fields, causal convolutions, saliency, calibration."""

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = ["calibration_error", "causal_conv", "receptive_field", "saliency"]


def receptive_field(kernel_sizes: list, dilations: list) -> int:
    """How many steps of its input one output of stacked convolutions depends on."""
    pairs = zip(kernel_sizes, dilations, strict=True)
    return 1 + sum((k - 1) * d for k, d in pairs)


@exercise("05.receptive_field", reference=receptive_field, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [[3], [1]], 3, "one kernel of three sees three steps")
    expect(answer, [[], []], 1, "without a convolution an output depends on its own step, and on no other")
    expect(answer, [[3], [4]], 9, "taps at t, t − 4 and t − 8 span nine steps: dilation widens the gaps")
    expect(
        answer,
        [[3, 3], [1, 1]],
        5,
        "the second layer's first tap already sees three steps: spans add up, less the shared one",
    )
    for n in (2, 3, 4):
        sizes, dilations = rng.integers(1, 6, n).tolist(), rng.integers(1, 9, n).tolist()
        expect(answer, [sizes, dilations], receptive_field(sizes, dilations))


def causal_conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, dilation: int = 1) -> np.ndarray:
    """A causal convolution: x (T, C_in), kernel (k, C_in, C_out) to (T, C_out).

    Output t sees the steps t, t − d, …, t − (k − 1)·d; before the first is silence.
    """
    reach = (len(kernel) - 1) * dilation
    padded = np.concatenate([np.zeros((reach, x.shape[1])), x])
    y = np.zeros((len(x), kernel.shape[2])) + bias
    for j in range(len(kernel)):
        y += padded[j * dilation : j * dilation + len(x)] @ kernel[j]
    return y


@exercise("05.causal_conv", reference=causal_conv, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    pulse, kernel = np.eye(6)[:, :1], np.array([[[1.0]], [[2.0]], [[3.0]]])
    expect(answer, [np.zeros((5, 2)), np.zeros((3, 2, 4)), np.arange(4.0)], np.tile(np.arange(4.0), (5, 1)),
           "silence gives the bias at every step")  # fmt: skip
    response = np.asarray(answer(pulse.copy(), kernel.copy(), np.zeros(1), 1))
    require(response.shape == (6, 1), f"six steps gave shape {response.shape} instead of (6, 1)")
    flipped = np.allclose(response[:3, 0], [1, 2, 3])
    require(
        not flipped, "kernel[0] meets the newest step: in Keras the last tap, kernel[k − 1], is the present"
    )
    last = np.asarray(answer(np.roll(pulse, 5, axis=0), kernel.copy(), np.zeros(1), 1))
    require(
        not last[:2].any() or last[4].any(),
        "the end is heard at the beginning: in Python x[-1] is the last step",
    )
    late = np.roll(pulse, 2, axis=0)
    early = np.asarray(answer(late.copy(), kernel.copy(), np.zeros(1), 1))
    require(not early[:2].any(), "an output changes before its cause: pad in front of the music only")
    expect(answer, [pulse, kernel, np.zeros(1), 1], np.array([[3.0], [2], [1], [0], [0], [0]]))
    expect(
        answer,
        [pulse, kernel, np.zeros(1), 2],
        np.array([[3.0], [0], [2], [0], [1], [0]]),
        "with dilation 2 the taps are two steps apart",
    )
    for dilation in (1, 3):
        x, kernel, bias = rng.normal(size=(9, 3)), rng.normal(size=(4, 3, 2)), rng.normal(size=2)
        expect(answer, [x, kernel, bias, dilation], causal_conv(x, kernel, bias, dilation))


def saliency(judge: keras.Model, x: tf.Tensor) -> np.ndarray:
    """What each input of x (B, T, F) adds to its window's verdict, to first order.

    judge(x) gives logits (B, T); a window's verdict is their mean over the steps.
    """
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        verdicts = tf.reduce_mean(judge(x), axis=1)  # (B,)
    return (x * tape.gradient(verdicts, x)).numpy()


@exercise("05.saliency", reference=saliency, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    weights = rng.uniform(1, 2, (4, 3)).astype(np.float32)
    x = rng.uniform(1, 2, (2, 4, 3)).astype(np.float32)

    def judge(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(weights * x**2, -1)

    try:
        got = answer(judge, tf.constant(x))
    except (TypeError, ValueError) as error:
        require(
            "None" not in str(error), "the tape gave None: it watches variables only, so say `tape.watch(x)`"
        )
        raise
    require(got is not None, "it gave None: is a `return` missing?")
    got = np.asarray(got)
    slope = 2 * weights * x / 4
    require(got.shape == x.shape, f"x has shape {x.shape}, the answer {got.shape}: one value for each input")
    hints = [
        (
            slope,
            "that is the gradient alone; times x it says what the input adds, and 0 where nothing sounds",
        ),
        (
            4 * slope * x,
            "it's four times too large: a verdict is the *mean* over the four steps, not their sum",
        ),
        (slope * x / 2, "half of it: averaged over the two windows; each window has a verdict of its own"),
        (np.abs(slope * x), "the sign is gone, and with it the difference between *for* and *against*"),
    ]
    for wrong, why in hints[:3]:
        require(not np.allclose(got, wrong, rtol=1e-3), why)
    last = np.zeros_like(slope)
    last[:, -1] = 4 * (slope * x)[:, -1]
    require(
        not np.allclose(got, last, rtol=1e-3), "only the last step counts: the verdict is the mean over all"
    )
    require(np.allclose(got, slope * x, rtol=1e-3), "on judge(x) = Σ w·x² it should give 2·w·x² / T")
    signed = np.asarray(answer(lambda x: -judge(x), tf.constant(x)))
    require(np.allclose(signed, -slope * x, rtol=1e-3), hints[3][1])


def calibration_error(probability: np.ndarray, real: np.ndarray, n_bins: int = 10) -> float:
    """Expected calibration error: claimed probabilities against what came true.

    probability (n,) in 0 to 1; real (n,) 1 or 0. Bins of equal width; empty ones
    don't count.
    """
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for k in np.unique(bins):
        inside = bins == k
        gap = probability[inside].mean() - real[inside].mean()
        error += inside.mean() * abs(gap)
    return float(error)


@exercise("05.calibration_error", reference=calibration_error, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    half, sure = np.full(4, 0.55), np.full(4, 1.0)
    expect(answer, [sure, np.ones(4), 10], 0.0, "who says 1 and is right each time is perfectly calibrated; "
           "and a probability of 1 belongs into the last bin")  # fmt: skip
    expect(answer, [sure, np.zeros(4), 10], 1.0, "who is sure and always wrong is off by 1")
    expect(answer, [half, np.array([1, 1, 0, 0]), 10], 0.05, "it said 0.55, and a half came true: compare "
           "the means within a bin, not case by case")  # fmt: skip
    both = np.array([0.15, 0.15, 0.15, 0.85])
    expect(answer, [both, np.array([1, 0, 1, 1]), 10], 0.75 * (2 / 3 - 0.15) + 0.25 * 0.15,
           "a bin counts by the share of cases in it")  # fmt: skip
    expect(answer, [np.array([0.15, 0.85]), np.array([1, 0]), 10], 0.85,
           "too high here and too low there don't cancel: take each bin's gap without its sign")  # fmt: skip
    for n_bins in (5, 10):
        probability = rng.uniform(size=200)
        real = (rng.uniform(size=200) < probability**2).astype(int)
        expect(answer, [probability, real, n_bins], calibration_error(probability, real, n_bins))
