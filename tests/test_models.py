"""What the networks can and can't know, and the features that discriminators hear."""

import keras
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


def test_a_bars_latent_is_heard_from_its_bar_on_and_the_pieces_everywhere():
    phrase = VoiceEncoding(Grid(4, 4.0, 2))
    model = models.RecurrentGenerator(phrase, latent_dim=3, bar_latent_dim=2, units=16, width=12)
    assert model.latent_dim == 3 + 4 * 2
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    tokens, z = rng.integers(0, phrase.n_classes, (1, 32, 4)), np.zeros((1, 11), np.float32)
    base = model(tokens, z).numpy()
    for at, first in ((0, 0), (3, 0), (3 + 2 * 2, 16)):  # of the piece, of bar 0, of bar 2
        other = z.copy()
        other[0, at] = 1
        moved = np.abs(model(tokens, other).numpy() - base).max((0, 2, 3)) > 1e-6
        assert moved.tolist() == [step >= first for step in range(32)]


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


def test_spectral_norm_holds_every_kernel_and_its_direction_is_state():
    model = models.Discriminator(20, width=16, dropout=0, constraint="spectral norm")
    free = models.Discriminator(20, width=16, dropout=0)
    rng = np.random.default_rng(3)
    for one in (model, free):
        optimizer = keras.optimizers.SGD(0.5)
        optimizer.build(one.trainable_variables)
        for _ in range(20):
            slopes = [tf.constant(rng.standard_normal(v.shape), tf.float32) for v in one.trainable_variables]
            optimizer.apply([0.1 * slope for slope in slopes], one.trainable_variables)
    held, wild = (
        [
            np.linalg.svd(v.numpy().reshape(-1, v.shape[-1]))[1][0]
            for v in one.trainable_variables
            if v.ndim > 1
        ]
        for one in (model, free)
    )
    assert max(held) < 1.3  # these weights move at random, and far: one iteration a step lags behind
    calm = [
        np.array(model.stack.layers[0].kernel_constraint(v.value))
        for v in [model.stack.layers[0].kernel] * 30
    ]
    assert np.linalg.svd(calm[-1])[1][0] < 1.02  # here they rest, and it has caught up
    assert max(wild) > 2
    assert len(model.directions) == 5
    assert {id(d) for d in model.directions} <= {id(v) for v in model.variables}


def test_power_iteration_finds_the_largest_singular_value_from_below():
    matrix = np.random.default_rng(4).standard_normal((9, 6)).astype(np.float32)
    exact = np.linalg.svd(matrix, compute_uv=False)[0]
    once, direction = models.power_iteration(tf.constant(matrix), tf.ones(6))
    often, _ = models.power_iteration(tf.constant(matrix), direction, 200)
    assert float(once) < exact
    assert float(often) == pytest.approx(exact, rel=1e-4)


def test_a_spectral_norm_below_one_is_left_alone():
    constraint = models.CONSTRAINTS["spectral norm"](2)
    for _ in range(20):
        held = constraint(tf.constant([[3.0, 0.0], [0.0, 0.5]]))
    assert held.numpy() == pytest.approx(np.array([[1, 0], [0, 1 / 6]]), abs=1e-4)
    assert constraint(tf.constant([[0.3, 0.0], [0.0, 0.5]])).numpy() == pytest.approx(np.diag([0.3, 0.5]))


def test_clipping_cuts_every_weight():
    cut = models.CONSTRAINTS["clipping"](1)(tf.constant([[-3.0], [0.004]]))
    assert cut.numpy() == pytest.approx(np.array([[-0.01], [0.004]]))


def test_sound_of_real_windows_comes_back_on_the_half_beats():
    tokens = tokens_of((0, 60, 0, 1), (0, 60, 1, 0.5), (0, 64, 1.5, 2.5), (1, 55, 1, 3))
    sound = models.sound_of(tokens, VOICES).numpy()[0]  # (16, 4, 48)
    assert sound.shape == (16, 4, 48)
    assert sound[:4, 0, :-1].argmax(-1).tolist() == [24, 24, 24, 28]
    assert sound[:4, 0, -1].tolist() == [1, 0, 1, 1]
    assert sound[:3, 1, :-1].argmax(-1).tolist() == [VOICES.rest, VOICES.rest, 19]
    generator = models.SoundGenerator(VOICES, width=8)
    logits = tf.concat([sound[None, ..., :-1], 2 * sound[None, ..., -1:] - 1], -1)
    generator.stack = lambda z: logits
    assert np.array_equal(generator.tokens(np.zeros((1, 32))), tokens)


def test_features_of_sound_name_intervals_moves_and_starts():
    tokens = tokens_of((0, 67, 0, 1), (0, 69, 1, 1), (1, 60, 0, 2), (3, 48, 0, 2))
    features = models.features_of_sound(models.sound_of(tokens, VOICES), VOICES).numpy()[0]
    intervals = features[:, 192:264].reshape(16, 6, 12)
    assert intervals[0, 0].nonzero()[0].tolist() == [7]  # G above C: a fifth
    assert intervals[2, 0].nonzero()[0].tolist() == [9]  # A above C: a sixth
    assert intervals[0, 2].nonzero()[0].tolist() == [7]  # soprano above bass, two octaves don't matter
    assert not intervals[0, 1].any()  # the tenor rests
    moves = features[:, 264:].reshape(16, 4, 12)
    assert not moves[0].any()
    assert moves[1, 0].nonzero()[0].tolist() == [0]
    assert moves[2, 0].nonzero()[0].tolist() == [2]
    starts = features[:, :192].reshape(16, 4, 48)[..., -1]
    assert starts[:4, 0].tolist() == [1, 0, 1, 0]
    assert starts[:, 2].tolist() == [0] * 16


def test_intervals_have_a_slope():
    sound = tf.Variable(models.sound_of(tokens_of((0, 67, 0, 4), (1, 60, 0, 4)), VOICES))
    with tf.GradientTape() as tape:
        fifth = models.features_of_sound(sound, VOICES)[0, 3, 192 + 7]
    slope = tape.gradient(fifth, sound).numpy()[0, 3]
    assert float(fifth) == 1
    assert slope[0, 67 - 36] == slope[1, 60 - 36] == 1
    assert slope[0, 66 - 36] == 0


def test_choices_are_hard_forwards_and_soft_backwards():
    logits = tf.Variable([[[[0.0, 1.0, 0.5, -0.2]]]])
    with tf.GradientTape() as tape:
        choice = models.choose(logits)
        struck = choice[..., -1]
    assert choice.numpy().ravel() == pytest.approx([0, 1, 0, 0], abs=1e-6)
    sigmoid = 1 / (1 + np.exp(0.2))
    assert tape.gradient(struck, logits).numpy().ravel()[-1] == pytest.approx(sigmoid * (1 - sigmoid))


def test_sound_generator_refuses_a_grid_without_half_beats():
    with pytest.raises(
        EncodingError, match="need half beats, and a multiple of 8 of them; got 8 steps, 1 a beat"
    ):
        models.SoundGenerator(VoiceEncoding(Grid(2, 4.0, 1)))


def test_shapes():
    z = np.zeros((3, 32), np.float32)
    assert models.ConvGenerator(VOICES, width=16)(z).shape == (3, 32, 4, 48)
    assert models.SoundGenerator(VOICES, width=16)(z).shape == (3, 16, 4, 48)
    mean, log_variance = models.PosteriorEncoder(VOICES, latent_dim=5, width=8)(np.zeros((3, 32, 4)))
    assert mean.shape == log_variance.shape == (3, 5)
    encoder = models.PosteriorEncoder(VOICES, latent_dim=5, bar_latent_dim=3, width=8)
    assert [part.shape for part in encoder(np.zeros((3, 32, 4)))] == [(3, 5 + 2 * 3)] * 2


def test_convolutional_generator_refuses_a_grid_that_it_cannot_double_into():
    with pytest.raises(EncodingError, match="need a multiple of 8 steps, got 12"):
        models.ConvGenerator(VoiceEncoding(Grid(1, 3.0, 4)))
