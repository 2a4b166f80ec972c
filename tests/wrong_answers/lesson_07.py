"""What students write in lesson 07 before they get it right."""

import numpy as np
import tensorflow as tf

from musicgan_edu.checks.lesson_07 import loss_function


def _slices(tokens):
    return tf.data.Dataset.from_tensor_slices(tokens)


def dataset_in_order(tokens, batch_size, seed):
    return _slices(tokens).batch(batch_size, drop_remainder=True)


def dataset_with_a_small_buffer(tokens, batch_size, seed):
    return _slices(tokens).shuffle(10, seed=seed).batch(batch_size, drop_remainder=True)


def dataset_of_shuffled_batches(tokens, batch_size, seed):
    return _slices(tokens).batch(batch_size, drop_remainder=True).shuffle(len(tokens), seed=seed)


def dataset_with_a_remainder(tokens, batch_size, seed):
    return _slices(tokens).shuffle(len(tokens), seed=seed).batch(batch_size)


def dataset_without_seed(tokens, batch_size, seed):
    return _slices(tokens).shuffle(len(tokens)).batch(batch_size, drop_remainder=True)


def dataset_shuffled_once(tokens, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(tokens))
    return _slices(tokens[order]).batch(batch_size, drop_remainder=True)


def dataset_without_end(tokens, batch_size, seed):
    return _slices(tokens).shuffle(len(tokens), seed=seed).repeat().batch(batch_size, drop_remainder=True)


def dataset_without_batches(tokens, batch_size, seed):
    return _slices(tokens).shuffle(len(tokens), seed=seed)


def dataset_of_one_hot(tokens, batch_size, seed):
    one_hot = _slices(np.eye(100, dtype=np.float32)[tokens])
    return one_hot.shuffle(len(tokens), seed=seed).batch(batch_size, drop_remainder=True)


def dataset_not_returned(tokens, batch_size, seed):
    _slices(tokens).shuffle(len(tokens), seed=seed).batch(batch_size, drop_remainder=True)


def _mean_softplus(logits):
    return tf.reduce_mean(tf.nn.softplus(logits))


def losses_swapped(real_output, fake_output):
    return _mean_softplus(real_output) + _mean_softplus(-fake_output), _mean_softplus(-fake_output)


def losses_saturating(real_output, fake_output):
    return _mean_softplus(-real_output) + _mean_softplus(fake_output), -_mean_softplus(fake_output)


def losses_by_log_of_sigmoid(real_output, fake_output):
    real, fake = tf.sigmoid(real_output), tf.sigmoid(fake_output)
    d_loss = -tf.reduce_mean(tf.math.log(real)) - tf.reduce_mean(tf.math.log(1 - fake))
    return d_loss, -tf.reduce_mean(tf.math.log(fake))


def losses_of_sigmoids(real_output, fake_output):
    return loss_function(tf.sigmoid(real_output), tf.sigmoid(fake_output))


def losses_without_from_logits(real_output, fake_output):
    loss, ones = tf.keras.losses.BinaryCrossentropy(), tf.ones_like(real_output)
    return loss(ones, real_output) + loss(0 * ones, fake_output), loss(ones, fake_output)


def losses_averaged(real_output, fake_output):
    d_loss, g_loss = loss_function(real_output, fake_output)
    return d_loss / 2, g_loss


def losses_summed(real_output, fake_output):
    d_loss = tf.reduce_sum(tf.nn.softplus(-real_output)) + tf.reduce_sum(tf.nn.softplus(fake_output))
    return d_loss, tf.reduce_sum(tf.nn.softplus(-fake_output))


def losses_per_window(real_output, fake_output):
    return tf.nn.softplus(-real_output) + tf.nn.softplus(fake_output), tf.nn.softplus(-fake_output)


def losses_of_wasserstein(real_output, fake_output):
    return tf.reduce_mean(real_output) - tf.reduce_mean(fake_output), -tf.reduce_mean(fake_output)


def losses_where_g_wants_fakes(real_output, fake_output):
    d_loss, _ = loss_function(real_output, fake_output)
    return d_loss, _mean_softplus(fake_output)


def only_the_discriminators_loss(real_output, fake_output):
    return loss_function(real_output, fake_output)[0]


def _step(gan, real, *, d_of=None, g_of=None, d_variables=None, g_variables=None, optimisers=None):
    """The right step, with parts that a mistake replaces."""
    d_optimizer, g_optimizer = optimisers or (gan.d_optimizer, gan.g_optimizer)
    n = tf.shape(real)[0]
    with tf.GradientTape() as tape:
        outputs = gan.discriminator(real), gan.discriminator(gan.generate(n))
        d_loss = d_of(*outputs) if d_of else loss_function(*outputs)[0]
    variables = d_variables or gan.discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, variables), variables)
    with tf.GradientTape() as tape:
        outputs = gan.discriminator(real), gan.discriminator(gan.generate(n))
        g_loss = g_of(*outputs) if g_of else loss_function(*outputs)[1]
    variables = g_variables or gan.generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, variables), variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def _all_variables(gan):
    return gan.discriminator.trainable_variables + gan.generator.trainable_variables


def step_that_moves_g_with_d(gan, real):
    return _step(gan, real, d_variables=_all_variables(gan))


def step_that_moves_d_with_g(gan, real):
    return _step(gan, real, g_variables=_all_variables(gan))


def step_of_d_twice(gan, real):
    return _step(gan, real, g_variables=gan.discriminator.trainable_variables)


def step_with_swapped_labels(gan, real):
    return _step(gan, real, d_of=lambda real_output, fake_output: loss_function(fake_output, real_output)[0])


def step_uphill_for_d(gan, real):
    return _step(gan, real, d_of=lambda *outputs: -loss_function(*outputs)[0])


def step_uphill_for_g(gan, real):
    return _step(gan, real, g_of=lambda *outputs: -loss_function(*outputs)[1])


def step_where_g_helps_d(gan, real):
    return _step(gan, real, g_of=lambda *outputs: loss_function(*outputs)[0])


def step_of_the_saturating_game(gan, real):
    return _step(gan, real, g_of=lambda *outputs: -loss_function(*outputs)[0])


def step_with_swapped_optimisers(gan, real):
    return _step(gan, real, optimisers=(gan.g_optimizer, gan.d_optimizer))


def step_at_once(gan, real):
    with tf.GradientTape(persistent=True) as tape:
        fake_output = gan.discriminator(gan.generate(tf.shape(real)[0]))
        d_loss, g_loss = loss_function(gan.discriminator(real), fake_output)
    d_variables, g_variables = gan.discriminator.trainable_variables, gan.generator.trainable_variables
    d_gradient, g_gradient = tape.gradient(d_loss, d_variables), tape.gradient(g_loss, g_variables)
    gan.d_optimizer.apply(d_gradient, d_variables)
    gan.g_optimizer.apply(g_gradient, g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def step_with_fakes_outside_the_tape(gan, real):
    fake, g_variables = gan.generate(tf.shape(real)[0]), gan.generator.trainable_variables
    with tf.GradientTape() as tape:
        d_loss, _ = loss_function(gan.discriminator(real), gan.discriminator(fake))
    variables = gan.discriminator.trainable_variables
    gan.d_optimizer.apply(tape.gradient(d_loss, variables), variables)
    with tf.GradientTape() as tape:
        _, g_loss = loss_function(gan.discriminator(real), gan.discriminator(fake))
    gan.g_optimizer.apply(tape.gradient(g_loss, g_variables), g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def step_that_stops_the_gradient(gan, real):
    return _step(
        gan, real, g_of=lambda _, fake_output: loss_function(fake_output, tf.stop_gradient(fake_output))[1]
    )


def step_of_d_only(gan, real):
    with tf.GradientTape() as tape:
        fake_output = gan.discriminator(gan.generate(tf.shape(real)[0]))
        d_loss, g_loss = loss_function(gan.discriminator(real), fake_output)
    variables = gan.discriminator.trainable_variables
    gan.d_optimizer.apply(tape.gradient(d_loss, variables), variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def step_that_counts_eagerly(gan, real):
    gan.generate(len(real))
    return _step(gan, real)


def step_that_returns_nothing(gan, real):
    _step(gan, real)


def step_that_logs_one_loss(gan, real):
    return {"loss": _step(gan, real)["d_loss"]}


WRONG = {
    "07.load_music_dataset": [
        (dataset_in_order, "nothing is shuffled"),
        (dataset_with_a_small_buffer, "a buffer that holds all"),
        (dataset_of_shuffled_batches, "shuffle first"),
        (dataset_with_a_remainder, "the last batch holds 4"),
        (dataset_without_seed, "the same seed gave another order"),
        (dataset_shuffled_once, "reshuffle every time"),
        (dataset_without_end, "never ends"),
        (dataset_without_batches, "`batch` is missing"),
        (dataset_of_one_hot, "small integers"),
        (dataset_not_returned, "`return` missing"),
    ],
    "07.loss_function": [
        (losses_swapped, "labels are swapped"),
        (losses_saturating, "saturating"),
        (losses_by_log_of_sigmoid, "softplus doesn't"),
        (losses_of_sigmoids, "a sigmoid is one too many"),
        (losses_without_from_logits, "from_logits"),
        (losses_averaged, "half of it"),
        (losses_summed, "the sum over the batch"),
        (losses_per_window, "a loss is one number"),
        (losses_of_wasserstein, "Wasserstein"),
        (losses_where_g_wants_fakes, "rewards G for sounding fake"),
        (only_the_discriminators_loss, "instead of (d_loss, g_loss)"),
    ],
    "07.train_step": [
        (step_that_moves_g_with_d, "D's step moved G too"),
        (step_that_moves_d_with_g, "G's step moved D"),
        (step_of_d_twice, "G's step moved D"),
        (step_with_swapped_labels, "real_output comes first"),
        (step_uphill_for_d, "D went up its loss"),
        (step_uphill_for_g, "G went up its loss"),
        (step_where_g_helps_d, "G helps D"),
        (step_of_the_saturating_game, "saturating"),
        (step_with_swapped_optimisers, "swapped"),
        (step_at_once, "the old D"),
        (step_with_fakes_outside_the_tape, "outside the tape"),
        (step_that_stops_the_gradient, "stop_gradient"),
        (step_of_d_only, "G didn't move"),
        (step_that_counts_eagerly, "TypeError"),
        (step_that_returns_nothing, "`return` missing"),
        (step_that_logs_one_loss, "lacks ['d_loss', 'g_loss']"),
    ],
}
