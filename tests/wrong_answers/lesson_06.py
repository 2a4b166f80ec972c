"""What students write in lesson 06 before they get it right."""

import numpy as np
import tensorflow as tf

from musicgan_edu.checks.lesson_06 import dictation, lstm_step, score_gradient, sigmoid


def weights_of_one_gate(n_inputs, units):
    return n_inputs * units + units * units + units


def weights_without_bias(n_inputs, units):
    return 4 * (n_inputs * units + units * units)


def weights_without_recurrence(n_inputs, units):
    return 4 * (n_inputs * units + units)


def weights_with_a_diagonal(n_inputs, units):
    return 4 * (n_inputs * units + units + units)


def _cell(x, h, c, weights, new_c, new_h=None):
    i, f, g, o = np.split(x @ weights[0] + h @ weights[1] + weights[2], 4, axis=-1)
    c_new = new_c(i, f, g, o)
    return (new_h(o, c_new) if new_h else sigmoid(o) * np.tanh(c_new)), c_new


def cell_with_swapped_gates(x, h, c, weights):
    return _cell(x, h, c, weights, lambda i, f, g, o: sigmoid(i) * c + sigmoid(f) * np.tanh(g))


def cell_without_tanh(x, h, c, weights):
    return _cell(x, h, c, weights, lambda i, f, g, o: sigmoid(f) * c + sigmoid(i) * sigmoid(g))


def cell_without_sigmoids(x, h, c, weights):
    return _cell(x, h, c, weights, lambda i, f, g, o: f * c + i * np.tanh(g))


def cell_that_forgets_all(x, h, c, weights):
    return _cell(x, h, c, weights, lambda i, f, g, o: sigmoid(i) * np.tanh(g))


def cell_from_the_old_c(x, h, c, weights):
    return _cell(
        x, h, c, weights, lambda i, f, g, o: sigmoid(f) * c + sigmoid(i) * np.tanh(g),
        lambda o, _: sigmoid(o) * np.tanh(c),
    )  # fmt: skip


def cell_without_the_last_tanh(x, h, c, weights):
    return _cell(
        x, h, c, weights, lambda i, f, g, o: sigmoid(f) * c + sigmoid(i) * np.tanh(g), lambda o, new: sigmoid(o) * new
    )  # fmt: skip


def cell_without_bias(x, h, c, weights):
    return lstm_step(x, h, c, [*weights[:2], 0 * weights[2]])


def cell_without_recurrence(x, h, c, weights):
    return lstm_step(x, 0 * h, c, weights)


def cell_swapped(x, h, c, weights):
    return lstm_step(x, h, c, weights)[::-1]


def cell_without_c(x, h, c, weights):
    return lstm_step(x, h, c, weights)[0]


def gumbel_without_noise(logits, uniform):
    return logits.argmax(-1)


def gumbel_uniform(logits, uniform):
    return (logits + uniform).argmax(-1)


def gumbel_one_minus_short(logits, uniform):
    return (logits + np.log(-np.log(uniform))).argmax(-1)


def gumbel_on_probabilities(logits, uniform):
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return (p - np.log(-np.log(uniform))).argmax(-1)


def gumbel_over_everything(logits, uniform):
    return (logits - np.log(-np.log(uniform))).argmax()


def gumbel_one_hot(logits, uniform):
    return np.eye(logits.shape[-1])[(logits - np.log(-np.log(uniform))).argmax(-1)]


def neuron_without_slope(logits, uniform):
    return tf.cast(uniform < tf.sigmoid(logits), tf.float32)


def neuron_soft(logits, uniform):
    return tf.sigmoid(logits)


def neuron_turned(logits, uniform):
    soft = tf.sigmoid(logits)
    return tf.cast(uniform > soft, tf.float32) + soft - tf.stop_gradient(soft)


def neuron_with_the_sigmoid_left_in(logits, uniform):
    soft = tf.sigmoid(logits)
    return tf.stop_gradient(tf.cast(uniform < soft, tf.float32)) + soft


def neuron_of_strength(logits, uniform):
    soft = tf.sigmoid(logits)
    return tf.cast(uniform < soft, tf.float32) * soft


def neuron_by_sign(logits, uniform):
    soft = tf.sigmoid(logits)
    return tf.cast(logits > 0, tf.float32) + soft - tf.stop_gradient(soft)


def neuron_of_the_identity(logits, uniform):
    return tf.cast(uniform < tf.sigmoid(logits), tf.float32) + logits - tf.stop_gradient(logits)


def neuron_with_the_wrong_sign(logits, uniform):
    soft = tf.sigmoid(logits)
    return tf.cast(uniform < soft, tf.float32) - soft + tf.stop_gradient(soft)


def _scores(logits, choices):
    p = np.exp(logits) / np.exp(logits).sum()
    return np.eye(len(logits))[choices] - p


def score_without_baseline(logits, choices, rewards):
    return rewards @ _scores(logits, choices) / len(choices)


def score_with_its_own_mean(logits, choices, rewards):
    return (rewards - rewards.mean()) @ _scores(logits, choices) / len(choices)


def score_with_everybodys_sum(logits, choices, rewards):
    return (rewards - rewards.sum() / (len(choices) - 1)) @ _scores(logits, choices) / len(choices)


def score_downhill(logits, choices, rewards):
    return -score_gradient(logits, choices, rewards)


def score_summed(logits, choices, rewards):
    return score_gradient(logits, choices, rewards) * len(choices)


def score_without_p(logits, choices, rewards):
    return rewards @ np.eye(len(logits))[choices] / len(choices)


def score_a_choice(logits, choices, rewards):
    return rewards[:, None] * _scores(logits, choices)


def dictation_of_the_answer(tokens, nothing):
    return tokens.copy()


def dictation_of_a_first_rest(tokens, nothing):
    tokens[:, 0] = nothing
    return tokens


def dictation_by_windows(tokens, nothing):
    return np.concatenate([np.full_like(tokens[:1], nothing), tokens[:-1]])


def dictation_ahead(tokens, nothing):
    heard = np.full_like(tokens, nothing)
    heard[:, :-1] = tokens[:, 1:]
    return heard


def dictation_rolled(tokens, nothing):
    return np.roll(tokens, 1, axis=1)


def dictation_by_voices(tokens, nothing):
    heard = np.full_like(tokens, nothing)
    heard[:, :, 1:] = tokens[:, :, :-1]
    return heard


def dictation_cut(tokens, nothing):
    return tokens[:, :-1]


def dictation_from_zero(tokens, nothing):
    return dictation(tokens, 0)


WRONG = {
    "06.count_weights": [
        (weights_of_one_gate, "four gates"),
        (weights_without_bias, "a W, a U and a b"),
        (weights_without_recurrence, "a W, a U and a b"),
        (weights_with_a_diagonal, "every unit hears every unit"),
    ],
    "06.lstm_step": [
        (cell_with_swapped_gates, "i, f, g, o"),
        (cell_without_tanh, "may be negative"),
        (cell_without_sigmoids, "lack their sigmoids"),
        (cell_that_forgets_all, "the old c is gone"),
        (cell_from_the_old_c, "the old c"),
        (cell_without_the_last_tanh, "the tanh is missing"),
        (cell_without_bias, "b is missing"),
        (cell_without_recurrence, "h @ U is missing"),
        (cell_swapped, "(c, h)"),
        (cell_without_c, "instead of (h, c)"),
    ],
    "06.gumbel_max": [
        (gumbel_without_noise, "where is the noise"),
        (gumbel_uniform, "Uniform noise"),
        (gumbel_one_minus_short, "count the minus signs"),
        (gumbel_on_probabilities, "add the noise to the logits"),
        (gumbel_over_everything, "along the last axis"),
        (gumbel_one_hot, "along the last axis"),
    ],
    "06.binary_neuron": [
        (neuron_without_slope, "no slope arrives"),
        (neuron_soft, "a key is 0 or 1"),
        (neuron_turned, "on where it should be off"),
        (neuron_by_sign, "by the sign"),
        (neuron_with_the_sigmoid_left_in, "not taken off again"),
        (neuron_of_strength, "is 1, not σ"),
        (neuron_of_the_identity, "the identity's"),
        (neuron_with_the_wrong_sign, "the wrong sign"),
    ],
    "06.score_gradient": [
        (score_without_baseline, "without a baseline"),
        (score_with_its_own_mean, "the *others*"),
        (score_downhill, "towards what was rewarded"),
        (score_summed, "the sum over the choices"),
        (score_with_everybodys_sum, "less one's own reward"),
        (score_without_p, "−p is missing"),
        (score_a_choice, "instead of (3,)"),
    ],
    "06.dictation": [
        (dictation_of_the_answer, "learns to copy"),
        (dictation_ahead, "the step to come"),
        (dictation_of_a_first_rest, "nothing has moved"),
        (dictation_by_windows, "the windows are shifted"),
        (dictation_rolled, "goes round"),
        (dictation_by_voices, "time is the second axis"),
        (dictation_cut, "as many steps"),
        (dictation_from_zero, "instead of 46"),
    ],
}
