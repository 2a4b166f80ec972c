"""The pure game's generator of chords: vocabulary, what D hears, slopes, the numpy twin, the game."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import models, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.chords import FAR, OCTAVE, parallels_between
from musicgan_edu.score import TrainingError
from musicgan_edu.training.control import turn
from tests.test_models import tokens_of

VOICES = VoiceEncoding()
REST = VOICES.rest
SMALL = dataclasses.replace(training.RECIPES["chords"], width=16, batch_size=8, latent_dim=4, n_chords=6)


@pytest.fixture(scope="module")
def music():
    """Parallel fifths between soprano and alto on the second beat; the lower voices rest."""
    return tokens_of((0, 67, 0, 1), (0, 69, 1, 1), (0, 69, 2, 2), (1, 60, 0, 1), (1, 62, 1, 3))


def chord(*pitches):
    return [REST if pitch is None else pitch - VOICES.low for pitch in pitches]


def test_chords_stand_on_the_half_beats(music):
    chords, struck = models.chords_of(music, VOICES)
    assert chords.shape == (1, 16, 4)
    assert chords[0, 1].numpy().tolist() == chord(67, 60, None, None)
    assert chords[0, 2].numpy().tolist() == chord(69, 62, None, None)
    assert struck[0, :6, 0].numpy().tolist() == [1, 0, 1, 0, 1, 0]  # the soprano strikes A twice


def test_the_vocabulary_is_the_commonest_chords_the_commonest_first(music):
    words = models.vocabulary(music, VOICES, 3)
    assert words[:2].tolist() == [chord(None, None, None, None), chord(69, 62, None, None)]
    assert words[2].tolist() == chord(67, 60, None, None)
    assert models.vocabulary(music, VOICES, 5)[3:].tolist() == words[:2].tolist()  # too few: repeated


def test_features_name_moves_starts_and_parallels(music):
    features = training.ChordGAN.hear(music, VOICES).numpy()[0]
    n_within = 4 * 47 + 6 * 13
    assert features.shape == (16, n_within + 4 * FAR + 4 + 12 + 8)
    moves = features[:, n_within : n_within + 4 * FAR].reshape(16, 4, FAR)
    assert not moves[0].any()
    assert moves[2, 0].nonzero()[0].tolist() == [OCTAVE + 2]
    assert moves[3, 0].nonzero()[0].tolist() == [OCTAVE]
    assert features[:6, n_within + 4 * FAR].tolist() == [1, 0, 1, 0, 1, 0]
    octaves, fifths = np.split(features[:, -20:-8], 2, axis=1)
    assert not octaves.any()
    assert fifths.nonzero()[0].tolist() == [2]  # once, soprano and alto
    assert features[3, -8:].argmax() == 3


def test_moves_have_the_slopes_of_a_correlation(music):
    chords, struck = models.chords_of(music, VOICES)
    of_chords = models.within(chords, VOICES)
    weights = tf.random.stateless_normal((16, 4 * FAR), seed=(1, 2))
    n_within = of_chords.shape[-1]
    with tf.GradientTape() as ours, tf.GradientTape() as theirs:
        ours.watch(of_chords)
        theirs.watch(of_chords)
        heard = models.features_of_chords(of_chords, struck, chords, VOICES)
        looked_up = tf.reduce_sum(heard[0, :, n_within : n_within + 4 * FAR] * weights)
        notes = tf.reshape(of_chords[0, :, : 4 * 47], (16, 4, 47))[..., :-1]
        before = tf.pad(notes, [[1, 0], [0, 0], [OCTAVE, OCTAVE]])[:-1]
        moves = [tf.reduce_sum(notes * before[..., 2 * OCTAVE - d :][..., :46], -1) for d in range(FAR)]
        correlated = tf.reduce_sum(tf.stack(moves, -1) * tf.reshape(weights, (16, 4, FAR)))
    assert float(looked_up) == pytest.approx(float(correlated), rel=1e-5)
    slopes = [tape.gradient(y, of_chords).numpy() for tape, y in ((ours, looked_up), (theirs, correlated))]
    assert np.abs(slopes[0]).sum() > 10
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-5)


def test_parallels_between_chords_count_pairs():
    fifth, up, other = chord(67, 60, None, 48), chord(69, 62, None, 50), chord(69, 62, None, 48)
    octaves, fifths = parallels_between(np.array([fifth]), np.array([fifth, up, other]), REST)[0]
    assert octaves.tolist() == [0, 1, 0]  # alto and bass
    assert fifths.tolist() == [
        0,
        2,
        1,
    ]  # soprano with alto, and with the bass; a bass that stays is no parallel


@pytest.fixture(scope="module")
def game(music):
    game = training.make(VOICES, SMALL, seed=1)
    several = np.concatenate([music, *(np.where(music < REST, music + i, music) for i in (2, 5))])
    game.meet(several.astype(np.uint8))
    game.generator.along.assign([0.2, -0.3])
    return game, several.astype(np.uint8)


def test_the_numpy_twin_chooses_the_same(game):
    generator = game[0].generator
    z = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    weights = {**models.weights_of(generator), "words": generator.words.numpy()}
    rngs = [[np.random.default_rng(i) for i in range(5)] for _ in range(2)]
    tokens = sampling.draw_chords(weights, VOICES, z, rngs=rngs[0], gain=models.GAIN, temperature=0.7)
    gumbel = np.stack([rng.gumbel(size=(16, 6)) for rng in rngs[1]])
    chosen, scores, strikes = generator.choose(tf.constant(z), tf.constant(0.7 * gumbel, tf.float32))
    assert np.array_equal(scores.numpy().argmax(-1), chosen)  # the scores with slopes are those of the chain
    heard, struck = models.chords_of(tokens, VOICES)
    assert np.array_equal(heard, generator.words.numpy()[chosen])
    assert len(np.unique(chosen)) > 2
    logistic = np.stack([rng.logistic(size=(16, 4)) for rng in rngs[1]])
    again = (heard[:, 1:] == heard[:, :-1]).numpy() & (heard[:, 1:] < REST).numpy()
    assert np.array_equal(struck[:, 1:][again] > 0, (strikes.numpy() + 0.7 * logistic > 0)[:, 1:][again])


def test_a_step_moves_both_players_and_keeps_the_words(game):
    game, windows = game
    words, before = game.generator.words.numpy(), game.weights_to_keep()
    d = [v.numpy() for v in game.discriminator.trainable_variables]
    logged = game.compiled_step(np.resize(windows, (8, 32, 4)))
    assert np.isfinite([float(value) for value in logged.values()]).all()
    after = game.weights_to_keep()
    assert {name for name in after if not np.array_equal(after[name], before[name])} >= {
        "along", "chords/kernel", "leaps/kernel", "strikes/bias", "plan/coarse/kernel",
    }  # fmt: skip
    assert any((a != b.numpy()).any() for a, b in zip(d, game.discriminator.trainable_variables, strict=True))
    assert np.array_equal(words, game.generator.words)


def test_a_game_that_has_met_no_music_says_so():
    with pytest.raises(TrainingError, match="must meet its music first"):
        training.make(VOICES, SMALL, seed=1).generate(2)


def test_the_penalty_falls_over_the_first_third_and_may_be_turned(music):
    recipe = dataclasses.replace(SMALL, penalty_start=8.0, penalty=2.0)
    game = training.ChordGAN(VOICES, recipe, seed=0)
    game.compiled_step = lambda real: {}
    weights = []
    for progress in (0.0, 1 / 6, 1 / 3, 0.9):
        game.advance(music, progress=progress, step=0)
        weights.append(float(game.penalty))
    assert weights == pytest.approx([8, 4, 2, 2])
    turn(game, "penalty", 0.0)
    game.advance(music, progress=0.0, step=0)
    assert float(game.penalty) == 0
