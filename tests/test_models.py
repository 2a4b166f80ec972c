"""What the networks can and can't know, and the features that discriminators hear."""

import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import models
from musicgan_edu.encoding import CHORALE_VOICES, VoiceEncoding
from musicgan_edu.score import EncodingError, Grid, Score

VOICES = VoiceEncoding()


def tokens_of(*rows):
    return VOICES.tokens([Score.from_rows(rows, CHORALE_VOICES)]).values


@pytest.fixture(scope="module")
def speaker():
    model = models.RecurrentGenerator(VOICES, latent_dim=4, units=16, width=12)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    return model


def test_a_voice_knows_the_past_and_the_voices_above_and_nothing_else(speaker):
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, VOICES.n_classes, (1, 32, 4))
    z = rng.standard_normal((1, 4)).astype(np.float32)
    base = speaker(tokens, z).numpy()
    changed = tokens.copy()
    changed[0, 10, 2] = (tokens[0, 10, 2] + 5) % VOICES.n_pitches
    moved = np.abs(speaker(changed, z).numpy() - base).max(-1)[0] > 1e-5  # (T, V)
    assert not moved[:10].any()
    assert moved[10].tolist() == [False, False, False, True]
    assert moved[11].all()


def test_the_latent_reaches_every_step_and_nothing_can_be_held_at_first(speaker):
    tokens = np.full((1, 32, 4), 20)
    a, b = (speaker(tokens, np.full((1, 4), v, np.float32)).numpy() for v in (0, 1))
    assert (np.abs(a - b).max((0, 2, 3)) > 1e-5).all()
    assert a[0, 0, :, VOICES.hold].max() < -1e8
    assert a[0, 1, :, VOICES.hold].min() > -1e8


def test_sounding_follows_holds_and_remembers_the_last_pitch():
    tokens = tokens_of((0, 60, 0, 1), (0, 62, 2, 1))
    heard, before = models.sounding(tf.constant(tokens, tf.int32), VOICES)
    assert np.array_equal(heard.numpy(), VOICES.sounding(tokens))
    assert heard[0, ::4, 0].numpy().tolist() == [24, 46, 26, 46, 46, 46, 46, 46]
    assert before[0, ::4, 0].numpy().tolist() == [VOICES.home_pitches()[0], 24, 24, 26, 26, 26, 26, 26]


def test_planes_of_real_music_are_what_sounds_and_starts():
    tokens = tokens_of((0, 60, 0, 1), (1, 55, 1, 7))
    planes = models.planes(tf.one_hot(tokens, VOICES.n_classes), VOICES).numpy().reshape(1, 32, 4, 48)
    assert np.array_equal(planes[..., :47].argmax(-1), VOICES.sounding(tokens))
    assert np.array_equal(planes[..., 47] == 1, tokens < VOICES.n_pitches)


def test_gradient_passes_back_through_a_hold():
    choices = tf.Variable(tf.one_hot(tokens_of((0, 60, 0, 4)), VOICES.n_classes))
    with tf.GradientTape() as tape:
        late = models.planes(choices, VOICES)[0, 15, 24]
    assert float(late) == 1.0
    assert float(tape.gradient(late, choices)[0, 0, 0, 24]) == 1.0


def test_relations_name_intervals_moves_and_parallels():
    tokens = tokens_of((0, 67, 0, 1), (0, 69, 1, 1), (1, 60, 0, 1), (1, 62, 1, 1), (2, 62, 1, 1))
    features = models.relations(tokens, VOICES).numpy()[0]
    n_voices, n_sounding = 4, 4 * 47
    leaps = features[:, n_sounding : n_sounding + 100].reshape(32, 4, 25)
    assert leaps[4, 0].argmax() == 14
    assert leaps[4, 0].sum() == 1  # two semitones up
    assert leaps[:4].sum() == 0  # a first note is no move
    pairs = features[:, n_sounding + 100 + n_voices :][:, : 6 * 15].reshape(32, 6, 15)
    assert pairs[4, 0].nonzero()[0].tolist() == [7, 14]  # soprano–alto: a fifth, in parallel
    assert pairs[0, 0].nonzero()[0].tolist() == [7]
    assert pairs[4, 3].nonzero()[0].tolist() == [0]  # alto–tenor: a unison, reached from silence
    crossed = models.relations(tokens_of((0, 60, 0, 1), (1, 64, 0, 1)), VOICES).numpy()[0, 0]
    assert crossed[n_sounding + 104 :][:15].nonzero()[0].tolist() == [8, 12]


def test_straight_through_is_one_hot_forwards_and_soft_backwards():
    logits = tf.Variable([[0.0, 1.0, 0.5]])
    with tf.GradientTape() as tape:
        choice = models.straight_through(logits, tf.zeros((1, 3)))
        picked = choice[0, 1]
    assert choice.numpy() == pytest.approx(np.array([[0, 1, 0]]), abs=1e-6)
    soft = np.exp([0, 1, 0.5]) / np.exp([0, 1, 0.5]).sum()
    assert tape.gradient(picked, logits).numpy()[0] == pytest.approx(
        soft[1] * (np.eye(3)[1] - soft), abs=1e-6
    )


def test_discriminator_is_causal():
    model = models.Discriminator(6, width=8)
    features = np.random.default_rng(2).standard_normal((1, 32, 6)).astype(np.float32)
    later = features.copy()
    later[0, 20] += 1
    difference = np.abs(model(later).numpy() - model(features).numpy())[0]
    assert difference[:20].max() == 0
    assert difference[20] > 0


def test_shapes():
    z = np.zeros((3, 32), np.float32)
    assert models.ConvGenerator(VOICES, width=16)(z).shape == (3, 32, 4, 48)
    mean, log_variance = models.PosteriorEncoder(VOICES, latent_dim=5, width=8)(np.zeros((3, 32, 4)))
    assert mean.shape == log_variance.shape == (3, 5)


def test_convolutional_generator_refuses_a_grid_that_it_cannot_double_into():
    with pytest.raises(EncodingError, match="need a multiple of 8 steps, got 12"):
        models.ConvGenerator(VoiceEncoding(Grid(1, 3.0, 4)))
