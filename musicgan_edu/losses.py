"""The objectives of the adversarial game, one function each.

Comes in: a discriminator's (or critic's) logits D(x) on real and D(G(z)) on fake, float32, any equal
shape; the penalties take the discriminator itself. Goes out: a scalar to *minimise*.

Conventions
-----------
D is a logit and σ the sigmoid: σ(D(x)) is the probability that x is real. Lessons 02, 07 and 08.
Names: `NAME_discriminator` and `NAME_generator`; `LOSSES` pairs them. `PENALTIES` holds what a recipe
may add to the discriminator's loss, times its weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

__all__ = [
    "LOSSES",
    "PENALTIES",
    "Loss",
    "Penalty",
    "cross_entropy_discriminator",
    "cross_entropy_generator",
    "gradient_penalty",
    "hinge_discriminator",
    "hinge_generator",
    "least_squares_discriminator",
    "least_squares_generator",
    "minimax_generator",
    "no_penalty",
    "r1",
    "r1_r2",
    "relativistic_discriminator",
    "relativistic_generator",
    "wasserstein_discriminator",
    "wasserstein_generator",
    "zero_centred_penalty",
]

_mean, _softplus = tf.reduce_mean, tf.nn.softplus


def cross_entropy_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """−E log σ(D(x)) − E log(1 − σ(D(G(z)))): Goodfellow et al. 2014, eq. 1, the sign turned.

    log 4 where D can't tell; written with softplus, for log σ(d) = −softplus(−d) doesn't overflow.
    """
    return _mean(_softplus(-real)) + _mean(_softplus(fake))


def minimax_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E log(1 − σ(D(G(z)))): the same game, zero-sum. Saturates: flat where D is sure of the fake."""
    return -_mean(_softplus(fake))


def cross_entropy_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """−E log σ(D(G(z))): non-saturating, steep where D is sure of the fake (Goodfellow et al. 2014)."""
    return _mean(_softplus(-fake))


def wasserstein_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E D(G(z)) − E D(x): the critic maximises E D(x) − E D(G(z)) (Arjovsky et al. 2017, eq. 2).

    An estimate of the Wasserstein distance only while D is 1-Lipschitz: add `gradient_penalty`.
    """
    return _mean(fake) - _mean(real)


def wasserstein_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """−E D(G(z)) (Arjovsky et al. 2017)."""
    return -_mean(fake)


def least_squares_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """½ E (D(x) − 1)² + ½ E (D(G(z)) + 1)²: LSGAN with a = −1, b = 1 (Mao et al. 2017)."""
    return 0.5 * _mean((real - 1) ** 2) + 0.5 * _mean((fake + 1) ** 2)


def least_squares_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """½ E D(G(z))²: LSGAN with c = 0 (Mao et al. 2017)."""
    return 0.5 * _mean(fake**2)


def hinge_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E max(0, 1 − D(x)) + E max(0, 1 + D(G(z))): Lim & Ye 2017; 2 where D says nothing."""
    return _mean(tf.nn.relu(1 - real)) + _mean(tf.nn.relu(1 + fake))


def hinge_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """−E D(G(z)) (Lim & Ye 2017)."""
    return -_mean(fake)


def relativistic_discriminator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E softplus(−(D(x) − D(G(z)))): each real beside one fake (R3GAN, Huang et al. 2024)."""
    return _mean(_softplus(fake - real))


def relativistic_generator(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E softplus(D(x) − D(G(z))) (R3GAN, Huang et al. 2024)."""
    return _mean(_softplus(real - fake))


def gradient_penalty(
    critic: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    mix: tf.Tensor | None = None,
) -> tf.Tensor:
    """E (‖∇D(x̂)‖₂ − 1)² on the segments x̂ = ε x + (1 − ε) G(z) (WGAN-GP, Gulrajani et al. 2017).

    Parameters
    ----------
    critic : maps (B, …) to logits (B, …).
    real, fake : float32 (B, …).
    mix : ε, shape (B, 1, …); uniform on [0, 1], one a sample, from unseeded chance where it isn't given.
    """
    if mix is None:
        shape = tf.concat([tf.shape(real)[:1], tf.ones(tf.rank(real) - 1, tf.int32)], 0)
        mix = tf.random.uniform(shape)
    norms = tf.sqrt(_squared_norms(critic, mix * real + (1 - mix) * fake) + 1e-12)
    return _mean((norms - 1) ** 2)


def zero_centred_penalty(discriminator: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    """E ‖∇D(x)‖²: R1 on real x, R2 on fake (Mescheder et al. 2018); use it times γ/2."""
    return _mean(_squared_norms(discriminator, x))


def no_penalty(
    discriminator: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
    """0: the discriminator may be as steep as it likes."""
    return tf.constant(0.0)


def r1(discriminator: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """½ E ‖∇D(x)‖² on real music only; times γ (Mescheder et al. 2018)."""
    return zero_centred_penalty(discriminator, real) / 2


def r1_r2(discriminator: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """½ (E ‖∇D(x)‖² + E ‖∇D(G(z))‖²); times γ (R3GAN, Huang et al. 2024). Equally many real and fake."""
    return zero_centred_penalty(
        discriminator, tf.concat([real, fake], 0)
    )  # the mean over both is half the sum


def _squared_norms(discriminator: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    """‖∇D‖² at each sample, (B,)."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = discriminator(x)
    gradient = tape.gradient(logits, x)
    return tf.reduce_sum(gradient**2, axis=list(range(1, len(x.shape))))


class Loss(NamedTuple):
    """Both players' objectives: functions of (D(x), D(G(z)))."""

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    generator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


LOSSES = {
    "minimax": Loss(cross_entropy_discriminator, minimax_generator),
    "cross-entropy": Loss(cross_entropy_discriminator, cross_entropy_generator),
    "wasserstein": Loss(wasserstein_discriminator, wasserstein_generator),
    "least-squares": Loss(least_squares_discriminator, least_squares_generator),
    "hinge": Loss(hinge_discriminator, hinge_generator),
    "relativistic": Loss(relativistic_discriminator, relativistic_generator),
}

Penalty = Callable[..., tf.Tensor]
#: Functions of (D, x, G(z)), "gradient penalty" of a `mix` besides. The usual weights: λ = 10 for "gradient
#: penalty", γ = 1 for the others.
PENALTIES: dict[str, Penalty] = {
    "none": no_penalty,
    "gradient penalty": gradient_penalty,
    "R1": r1,
    "R1 + R2": r1_r2,
}
