"""What students write in lesson 05 before they get it right."""

import numpy as np
import tensorflow as tf

from musicgan_edu.checks.lesson_05 import calibration_error, causal_conv, saliency


def field_as_a_product(kernel_sizes, dilations):
    return int(np.prod(kernel_sizes))


def field_without_dilation(kernel_sizes, dilations):
    return 1 + sum(k - 1 for k in kernel_sizes)


def field_as_a_sum(kernel_sizes, dilations):
    return sum(k * d for k, d in zip(kernel_sizes, dilations, strict=True))


def field_without_its_own_step(kernel_sizes, dilations):
    return sum((k - 1) * d for k, d in zip(kernel_sizes, dilations, strict=True))


def conv_flipped(x, kernel, bias, dilation=1):
    return causal_conv(x, kernel[::-1], bias, dilation)


def conv_centred(x, kernel, bias, dilation=1):
    reach = (len(kernel) - 1) * dilation
    padded = np.pad(x, ((reach // 2, reach - reach // 2), (0, 0)))
    parts = [padded[j * dilation : j * dilation + len(x)] @ kernel[j] for j in range(len(kernel))]
    return sum(parts) + bias


def conv_without_bias(x, kernel, bias, dilation=1):
    return causal_conv(x, kernel, 0 * bias, dilation)


def conv_without_dilation(x, kernel, bias, dilation=1):
    return causal_conv(x, kernel, bias, 1)


def conv_that_wraps(x, kernel, bias, dilation=1):
    taps = [np.roll(x, j * dilation, axis=0) @ tap for j, tap in enumerate(kernel[::-1])]
    return sum(taps) + bias


def conv_without_padding(x, kernel, bias, dilation=1):
    return causal_conv(x, kernel, bias, dilation)[(len(kernel) - 1) * dilation :]


def _gradient(judge, x, verdict):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = verdict(judge(x))
    return tape.gradient(value, x)


def saliency_as_gradient(judge, x):
    return _gradient(judge, x, lambda logits: tf.reduce_mean(logits, 1)).numpy()


def saliency_of_the_sum(judge, x):
    return (x * _gradient(judge, x, tf.reduce_sum)).numpy()


def saliency_over_the_batch(judge, x):
    return (x * _gradient(judge, x, tf.reduce_mean)).numpy()


def saliency_of_the_last_step(judge, x):
    return (x * _gradient(judge, x, lambda logits: logits[:, -1])).numpy()


def saliency_without_sign(judge, x):
    return np.abs(saliency(judge, x))


def saliency_a_step(judge, x):
    return saliency(judge, x).sum(-1)


def saliency_unwatched(judge, x):
    with tf.GradientTape() as tape:
        verdicts = tf.reduce_mean(judge(x), 1)
    return (x * tape.gradient(verdicts, x)).numpy()


def error_case_by_case(probability, real, n_bins=10):
    return float(np.abs(probability - real).mean())


def error_with_sign(probability, real, n_bins=10):
    return float(abs(probability.mean() - real.mean()))


def error_unweighted(probability, real, n_bins=10):
    bins = np.minimum((probability * n_bins).astype(int), n_bins - 1)
    return float(np.mean([abs((probability - real)[bins == k].mean()) for k in np.unique(bins)]))


def error_losing_the_last_bin(probability, real, n_bins=10):
    inside = probability < 1
    return calibration_error(probability[inside], real[inside], n_bins) if inside.any() else float("nan")


WRONG = {
    "05.receptive_field": [
        (field_as_a_product, "widens the gaps"),
        (field_without_dilation, "widens the gaps"),
        (field_as_a_sum, "its own step"),
        (field_without_its_own_step, "three steps"),
    ],
    "05.causal_conv": [
        (conv_flipped, "the last tap"),
        (conv_centred, "before its cause"),
        (conv_without_bias, "the bias"),
        (conv_without_dilation, "two steps apart"),
        (conv_that_wraps, "the last step"),
        (conv_without_padding, "shape (3, 4) instead of (5, 4)"),
    ],
    "05.saliency": [
        (saliency_as_gradient, "the gradient alone"),
        (saliency_of_the_sum, "four times"),
        (saliency_over_the_batch, "averaged over the two windows"),
        (saliency_of_the_last_step, "only the last step"),
        (saliency_without_sign, "the sign is gone"),
        (saliency_a_step, "one value for each input"),
        (saliency_unwatched, "tape.watch"),
    ],
    "05.calibration_error": [
        (error_case_by_case, "case by case"),
        (error_with_sign, "don't cancel"),
        (error_unweighted, "the share of cases"),
        (error_losing_the_last_bin, "the last bin"),
    ],
}
