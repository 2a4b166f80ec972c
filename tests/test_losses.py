"""Each loss against numbers worked by hand, and the facts that lesson 02 states about them."""

import math

import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import losses

REAL, FAKE = tf.constant([2.0, 0.0]), tf.constant([-1.0, 1.0])


def softplus(x):
    return math.log1p(math.exp(x))


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        (
            "minimax",
            (softplus(-2) + softplus(0)) / 2 + (softplus(-1) + softplus(1)) / 2,
            -(softplus(-1) + softplus(1)) / 2,
        ),
        (
            "cross-entropy",
            (softplus(-2) + softplus(0)) / 2 + (softplus(-1) + softplus(1)) / 2,
            (softplus(1) + softplus(-1)) / 2,
        ),
        ("wasserstein", 0.0 - 1.0, 0.0),
        ("least-squares", 0.5 * (1 + 1) / 2 + 0.5 * (0 + 4) / 2, 0.5 * (1 + 1) / 2),
        ("hinge", (0 + 1) / 2 + (0 + 2) / 2, 0.0),
        ("relativistic", (softplus(-3) + softplus(1)) / 2, (softplus(3) + softplus(-1)) / 2),
    ],
)
def test_loss_by_hand(name, discriminator, generator):
    loss = losses.LOSSES[name]
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(discriminator, abs=1e-6)
    assert float(loss.generator(REAL, FAKE)) == pytest.approx(generator, abs=1e-6)


def test_generators_that_ignore_the_real_batch_follow_the_fake_one():
    shifted = FAKE + 3.0
    assert float(losses.wasserstein_generator(REAL, shifted)) == pytest.approx(-3.0)
    assert float(losses.hinge_generator(REAL, shifted)) == pytest.approx(-3.0)


def test_every_discriminator_prefers_real_above_fake():
    for name, loss in losses.LOSSES.items():
        assert float(loss.discriminator(tf.ones(4), -tf.ones(4))) < float(
            loss.discriminator(-tf.ones(4), tf.ones(4))
        ), name


def test_optimal_discriminator_reaches_minus_log_4_plus_2_jsd():
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.3, 0.6])
    best = np.log(p / q)  # σ(D*) = p / (p + q)
    cross_entropy = (p * np.log1p(np.exp(-best))).sum() + (q * np.log1p(np.exp(best))).sum()
    middle = (p + q) / 2
    jsd = 0.5 * (p * np.log(p / middle)).sum() + 0.5 * (q * np.log(q / middle)).sum()
    assert -cross_entropy == pytest.approx(-math.log(4) + 2 * jsd)


def test_saturation_at_a_confident_discriminator():
    fake = tf.Variable(-8.0)
    slopes = {}
    for name in ("minimax", "cross-entropy"):
        with tf.GradientTape() as tape:
            value = losses.LOSSES[name].generator(REAL, fake)
        slopes[name] = abs(float(tape.gradient(value, fake)))
    assert slopes["minimax"] == pytest.approx(1 / (1 + math.exp(8)), rel=1e-3)
    assert slopes["cross-entropy"] == pytest.approx(1 / (1 + math.exp(-8)), rel=1e-3)


def test_gradient_penalty_of_a_linear_critic():
    weight = tf.constant([[3.0], [4.0]])  # the gradient's norm is 5 everywhere
    real, fake = tf.random.normal((6, 2), seed=1), tf.random.normal((6, 2), seed=2)
    assert float(losses.gradient_penalty(lambda x: x @ weight, real, fake)) == pytest.approx(16.0, rel=1e-4)
    assert float(losses.zero_centred_penalty(lambda x: x @ weight, real)) == pytest.approx(25.0, rel=1e-5)


def test_gradient_penalty_looks_between_real_and_fake():
    real, fake = tf.constant([[1.0], [1.0]]), tf.constant([[0.0], [0.0]])
    quarter = losses.gradient_penalty(lambda x: x**2, real, fake, mix=tf.constant([[0.25], [0.75]]))
    assert float(quarter) == pytest.approx(((0.5 - 1) ** 2 + (1.5 - 1) ** 2) / 2, abs=1e-5)
    uniform = losses.gradient_penalty(lambda x: x**2, tf.ones((4000, 1)), tf.zeros((4000, 1)))
    assert float(uniform) == pytest.approx(1 / 3, abs=0.03)  # ∫(2ε − 1)² dε; a normal ε would give 1.81


def test_penalties_of_a_recipe_by_hand():
    real, fake = tf.constant([[1.0], [2.0]]), tf.constant([[0.0], [3.0]])

    def critic(x):  # slope 2x: squares 4 and 16 on real, 0 and 36 on fake
        return x**2

    values = {name: float(penalty(critic, real, fake)) for name, penalty in losses.PENALTIES.items()}
    assert values["none"] == 0
    assert values["R1"] == pytest.approx((4 + 16) / 2 / 2)
    assert values["R1 + R2"] == pytest.approx((4 + 16) / 2 / 2 + (0 + 36) / 2 / 2)
    assert values["gradient penalty"] > 0
