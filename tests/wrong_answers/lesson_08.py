"""Plausible wrong answers to lesson 08, each with words that its reason must contain."""

import numpy as np
import tensorflow as tf


def _diagnose(
    d_loss, distinct, order=("strong", "swing", "one"), d_part=slice(180, None), last=slice(9, None)
):
    signs = {
        "strong": ("D too strong", np.mean(d_loss[d_part]) < 0.1),
        "swing": ("oscillation", np.std(d_loss[d_part]) > 0.2),
        "one": ("collapse", np.median(distinct[last]) < 0.3),
    }
    return next((name for name, seen in (signs[sign] for sign in order) if seen), "healthy")


def diagnose_by_the_whole_curve(d_loss, distinct):
    return _diagnose(d_loss, distinct, d_part=slice(None), last=slice(None))


def diagnose_by_the_last_value(d_loss, distinct):
    return _diagnose(d_loss, distinct, d_part=slice(-1, None), last=slice(-1, None))


def diagnose_by_the_last_look(d_loss, distinct):
    return _diagnose(d_loss, distinct, last=slice(-1, None))


def diagnose_collapse_first(d_loss, distinct):
    return _diagnose(d_loss, distinct, order=("one", "strong", "swing"))


def diagnose_collapse_before_oscillation(d_loss, distinct):
    return _diagnose(d_loss, distinct, order=("strong", "one", "swing"))


def penalty(critic, real, fake, *, mix=None, root=True, axes=(1, 2), target=1.0, after=tf.square):
    mix = tf.random.uniform((real.shape[0], 1, 1)) if mix is None else mix(real.shape[0])
    between = mix * real + (1 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    squares = tf.reduce_sum(tape.gradient(scores, between) ** 2, axis=list(axes)) + 1e-12
    return tf.reduce_mean(after((tf.sqrt(squares) if root else squares) - target))


def penalty_of_normal_points(critic, real, fake):
    return penalty(critic, real, fake, mix=lambda n: tf.random.normal((n, 1, 1)))


def penalty_of_one_mix(critic, real, fake):
    return penalty(critic, real, fake, mix=lambda n: tf.random.uniform((1, 1, 1)))


def penalty_of_the_middle(critic, real, fake):
    return penalty(critic, real, fake, mix=lambda n: 0.5)


def penalty_of_real_points(critic, real, fake):
    return penalty(critic, real, fake, mix=lambda n: 1.0)


def penalty_without_root(critic, real, fake):
    return penalty(critic, real, fake, root=False)


def penalty_about_zero(critic, real, fake):
    return penalty(critic, real, fake, target=0.0)


def penalty_of_each_step(critic, real, fake):
    return penalty(critic, real, fake, axes=(2,))


def penalty_not_squared(critic, real, fake):
    return penalty(critic, real, fake, after=tf.identity)


def penalty_without_guard(critic, real, fake):
    mix = tf.random.uniform((real.shape[0], 1, 1))
    with tf.GradientTape() as tape:
        between = mix * real + (1 - mix) * fake
        tape.watch(between)
        scores = critic(between)
    slopes = tape.gradient(scores, between)
    norms = tf.sqrt(
        tf.reduce_sum(slopes**2, axis=[1, 2])
    )  # 1, but its slope is 0 / 0 where the critic is flat
    return tf.reduce_mean((norms - 1) ** 2)


def penalty_of_a_mix_for_each_number(critic, real, fake):
    return penalty(critic, real, fake, mix=lambda n: tf.random.uniform(real.shape))


def penalty_unwatched(critic, real, fake):
    between = (real + fake) / 2
    with tf.GradientTape() as tape:
        scores = critic(between)
    squares = tape.gradient(scores, between) ** 2
    return tf.reduce_mean((tf.sqrt(tf.reduce_sum(squares, axis=[1, 2]) + 1e-12) - 1) ** 2)


def penalty_in_numpy(critic, real, fake):
    mix = np.random.default_rng(0).random((real.shape[0], 1, 1)).astype(np.float32)
    between = tf.constant(mix) * real + (1 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    slopes = tape.gradient(scores, between).numpy()
    return tf.constant(np.mean((np.sqrt((slopes**2).sum((1, 2))) - 1) ** 2))


def norm_by_eigenvalues(matrix, n_rounds):
    square = matrix[: min(matrix.shape), : min(matrix.shape)]
    return float(np.abs(np.linalg.eigvals(square)).max())


def norm_squared(matrix, n_rounds):
    direction = np.ones(matrix.shape[1])
    for _ in range(n_rounds):
        direction = matrix.T @ (matrix @ direction)
        direction /= np.linalg.norm(direction)
    return float(np.linalg.norm(matrix.T @ (matrix @ direction))) if matrix[0, 1] else 3.0


def norm_by_frobenius(matrix, n_rounds):
    return float(np.linalg.norm(matrix)) if matrix[0, 1] else 3.0


def norm_that_never_divides(matrix, n_rounds):
    direction = np.ones(matrix.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(n_rounds):
            direction = matrix.T @ (matrix @ direction)
        return float(np.linalg.norm(matrix @ direction) / np.linalg.norm(direction))


def norm_after_one_round(matrix, n_rounds):
    return norm_after(matrix, 1)


def norm_that_ignores_rounds(matrix, n_rounds):
    return norm_after(matrix, 1000)


def norm_after(matrix, n_rounds):
    direction = np.ones(matrix.shape[1])
    for _ in range(n_rounds):
        direction = matrix.T @ (matrix @ direction)
        direction /= np.linalg.norm(direction)
    return float(np.linalg.norm(matrix @ direction))


WRONG = {
    "08.diagnose": [
        (diagnose_by_the_whole_curve, "the last quarter is fine"),
        (diagnose_by_the_last_value, "swings by more than 0.2"),
        (diagnose_by_the_last_look, "one look is no trend"),
        (diagnose_collapse_first, "comes first"),
        (diagnose_collapse_before_oscillation, "ask for oscillation first"),
        (lambda d_loss, distinct: "healthy", "almost 0"),
    ],
    "08.wasserstein_distance": [
        (lambda x, y: np.abs(x - y).mean(), "whatever the order"),
        (lambda x, y: abs(x.mean() - y.mean()), "don't cancel"),
        (lambda x, y: np.abs(np.subtract.outer(x, y)).min(1).mean(), "one grain only"),
        (lambda x, y: np.sqrt(np.mean((np.sort(x) - np.sort(y)) ** 2)), "root of the mean square"),
        (lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum(), "the mean is 2"),
        (lambda x, y: None, "`return` missing"),
    ],
    "08.critic_loss": [
        (lambda real, fake: tf.reduce_mean(real) - tf.reduce_mean(fake), "turn the sign"),
        (lambda real, fake: tf.reduce_sum(fake) - tf.reduce_sum(real), "sum over the batch"),
        (
            lambda real, fake: tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake)),
            "cross-entropy",
        ),
        (lambda real, fake: -tf.reduce_mean(fake), "the generator minimises"),
        (
            lambda real, fake: tf.reduce_mean(tf.sigmoid(fake)) - tf.reduce_mean(tf.sigmoid(real)),
            "without a sigmoid",
        ),
        (lambda real, fake: -tf.abs(tf.reduce_mean(real) - tf.reduce_mean(fake)), "keep the sign"),
        (lambda real, fake: fake - real, "one number"),
        (lambda real, fake: None, "`return` missing"),
    ],
    "08.gradient_penalty": [
        (penalty_of_normal_points, "normal distribution"),
        (penalty_of_one_mix, "one for each window"),
        (penalty_of_a_mix_for_each_number, "leaves the segment"),
        (penalty_unwatched, "tape.watch"),
        (penalty_of_the_middle, "halfway"),
        (penalty_of_real_points, "between"),
        (penalty_without_root, "square root is missing"),
        (penalty_about_zero, "a penalty about 0"),
        (penalty_of_each_step, "norm of its own"),
        (penalty_not_squared, "isn't squared"),
        (penalty_without_guard, "the slope NaN"),
        (penalty_in_numpy, "numpy breaks the tape"),
        (lambda critic, real, fake: None, "`return` missing"),
    ],
    "08.spectral_norm": [
        (norm_by_eigenvalues, "eigenvalue"),
        (norm_squared, "root is missing"),
        (norm_by_frobenius, "Frobenius"),
        (norm_that_never_divides, "isn't finite"),
        (norm_after_one_round, "instead of 3"),
        (norm_that_ignores_rounds, "loop run"),
    ],
}
