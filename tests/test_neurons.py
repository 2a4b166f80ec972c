"""Binary neurons: exactly 0 or 1 forward, the sigmoid's slope backward, and when that slope is right."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import models

LOGITS = np.array([-40.0, -2.0, -0.1, 0.0, 0.1, 2.0, 40.0], np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def gradient(neuron, logits, weights):
    """∂ Σ weights · neuron(logits) / ∂ logits."""
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = tf.reduce_sum(weights * neuron(logits))
    return tape.gradient(value, logits).numpy()


def test_the_deterministic_neuron_decides_by_the_sign():
    assert models.deterministic_binary(tf.constant(LOGITS)).numpy().tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_the_stochastic_neuron_compares_with_the_sigmoid():
    uniform = np.array([0, 0.2, 0.46, 0.5, 0.53, 0.87, 1 - 1e-7], np.float32)
    # σ is 0.119 at −2, 0.475 at −0.1, 0.5 at 0, 0.525 at 0.1, 0.881 at 2, and rounds to 1 at 40
    assert models.stochastic_binary(tf.constant(LOGITS), uniform).numpy().tolist() == [1, 0, 1, 0, 0, 1, 1]


def test_values_are_zero_and_one_to_the_last_bit():
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(0, 4, 10_000).astype(np.float32))
    for values in (
        models.deterministic_binary(logits, slope=1.7),
        models.stochastic_binary(logits, rng.random(10_000, np.float32), slope=1.7),
    ):
        assert set(values.numpy().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("slope", [1.0, 3.0])
def test_both_pass_the_sigmoids_slope(slope):
    weights = np.arange(1, 8, dtype=np.float32)
    p = sigmoid(slope * LOGITS)
    want = weights * slope * p * (1 - p)
    hard = gradient(lambda x: models.deterministic_binary(x, slope=slope), LOGITS, weights)
    drawn = gradient(
        lambda x: models.stochastic_binary(x, tf.fill(x.shape, 0.5), slope=slope), LOGITS, weights
    )
    np.testing.assert_allclose(hard, want, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(drawn, want, rtol=1e-4, atol=1e-7)


def test_the_stochastic_neuron_is_on_as_often_as_it_should():
    rng = np.random.default_rng(1)
    logits = tf.constant([-2.0, 0.0, 1.0])
    on = models.stochastic_binary(tf.broadcast_to(logits, (40_000, 3)), rng.random((40_000, 3), np.float32))
    np.testing.assert_allclose(on.numpy().mean(0), sigmoid([-2, 0, 1]), atol=4 * 0.5 / 200)


def patterns(logits):
    """Every pattern of independent keys, with its probability."""
    p = sigmoid(logits)
    for pattern in itertools.product([0.0, 1.0], repeat=len(logits)):
        on = np.array(pattern)
        yield on, np.prod(np.where(on, p, 1 - p))


def exact_gradient(reward, logits):
    """∂ E reward / ∂ logits by enumeration; the score function of a Bernoulli is b − σ."""
    p = sigmoid(logits)
    return sum(chance * reward(tf.constant(on)).numpy() * (on - p) for on, chance in patterns(logits))


def straight_gradient(reward, logits):
    """The same, as the stochastic neuron's own gradient averaged over all patterns."""
    total = np.zeros(len(logits))
    for on, chance in patterns(logits):
        x = tf.constant(logits)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = reward(models.stochastic_binary(x, tf.constant(1 - on)))
        total += chance * tape.gradient(value, x).numpy()
    return total


def test_straight_through_is_right_on_average_where_each_key_acts_linearly():
    logits, pull = np.array([0.3, -0.8, 1.2]), np.array([1.0, -2.0, 0.5])
    pairs = np.array([[0, 1.5, -1], [0, 0, 0.7], [0, 0, 0]])  # no squares: linear in every single key

    def reward(on):
        return tf.reduce_sum(pull * on) + tf.reduce_sum(on[:, None] * pairs * on[None])

    np.testing.assert_allclose(straight_gradient(reward, logits), exact_gradient(reward, logits), atol=1e-12)


def test_straight_through_is_biased_where_a_key_acts_through_a_curve():
    logits = np.array([0.3, -0.8])

    def reward(on):  # one key of the two, please
        return -((tf.reduce_sum(on) - 1) ** 2)

    difference = straight_gradient(reward, logits) - exact_gradient(reward, logits)
    assert np.abs(difference).max() > 0.05
