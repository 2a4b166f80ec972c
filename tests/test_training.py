"""Both games on real chorales, small: same seed same weights, interruptions, refusals, alarms."""

import dataclasses
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import corpus, losses, models, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import CheckpointError, MusicganError, TrainingError

pytestmark = pytest.mark.slow

SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
SPEAKER = dataclasses.replace(training.RECIPES["chorales"], pretraining=0.5, warming=0.25, **SMALL)
CONVOLUTIONAL = dataclasses.replace(training.RECIPES["convolutional"], **SMALL)


@pytest.fixture(scope="module")
def windows():
    return training.prepare(corpus.load("chorales", split="validation", progress=False), VoiceEncoding())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def values(model):
    return [variable.numpy() for variable in model.trainable_variables]


def moved(model, before):
    return any((a != b).any() for a, b in zip(values(model), before, strict=True))


def same_weights(a, b):
    return all(np.array_equal(a.weights[key], b.weights[key]) for key in a.weights)


def test_windows_are_in_c_and_on_the_grid(windows):
    assert windows.dtype == np.uint8
    assert windows.shape[1:] == (32, 4)
    assert len(windows) > 300
    sounding = VoiceEncoding().sounding(windows)
    classes = np.bincount((sounding[sounding < 46] + 36) % 12, minlength=12) / (sounding < 46).sum()
    assert classes[[0, 2, 4, 5, 7, 9, 11]].sum() > 0.9  # the white keys


HELD = dataclasses.replace(
    CONVOLUTIONAL, constraint="spectral norm", optimizer="SGD", momentum=0.9, penalty_every=3, d_steps=2
)


CHORDS = dataclasses.replace(training.RECIPES["chords"], n_chords=64, **SMALL)
REHEARD = dataclasses.replace(SPEAKER, d_steps=3)  # D hears G's last batches again
MOODY = dataclasses.replace(REHEARD, condition="mode+motion")
COLLECTED = dataclasses.replace(REHEARD, condition="corpus+motion")
PENALISED = [
    dataclasses.replace(CONVOLUTIONAL, penalty_kind=kind, penalty_every=1) for kind in losses.PENALTIES
]


@pytest.mark.parametrize(
    "recipe", [SPEAKER, REHEARD, MOODY, COLLECTED, CONVOLUTIONAL, HELD, CHORDS, *PENALISED]
)
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(recipe, windows, tmp_path, monkeypatch):
    music = {"corpus": "a+b", "sources": [f"{'ab'[i % 2]}/{i}" for i in range(len(windows))], "steps": 12}
    whole = training.train(recipe, windows, tmp_path / "whole", seed=3, **music)
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)  # a checkpoint after every step
    stopped = {}

    def stop(progress, step, values):
        if step >= 11 and not stopped:
            stopped["at"] = step
            raise KeyboardInterrupt

    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, windows, tmp_path / "parts", seed=3, report=stop, **music)
    parts = training.train(recipe, windows, tmp_path / "parts", seed=3, **music)
    assert stopped["at"] == 11  # inside the game
    assert parts.card["training"]["steps"] == 12
    assert same_weights(whole, parts)
    other = training.train(recipe, windows, tmp_path / "other", seed=4, **music)
    assert not same_weights(whole, other)


def test_a_recipe_that_is_told_the_corpus_wants_to_know_it(windows, tmp_path):
    music = {"corpus": "a+b", "steps": 2, "seed": 3}
    sampler = training.train(
        COLLECTED, windows[:16], tmp_path / "ab", sources=["a/1"] * 12 + ["b/1"] * 4, **music
    )
    assert sampler.condition == "corpus=a,b+motion"
    assert sampler.told(40) != sampler.told(40, seed=1)
    assert 0 < sampler.told(40).count("b") < 20  # about a quarter, as in its music
    assert set(sampler.told(40)) == {"a", "b"}
    for sources in ((), ["c/1"] * 16):
        with pytest.raises(MusicganError, match="must come from a, b"):
            training.train(COLLECTED, windows[:16], tmp_path / "none", sources=sources, **music)


def test_game_moves_the_generator_after_pretraining(windows, tmp_path):
    alone = dataclasses.replace(SPEAKER, pretraining=1.0)
    pretrained = training.train(alone, windows, tmp_path / "a", steps=6, seed=3)
    played = training.train(SPEAKER, windows, tmp_path / "b", steps=12, seed=3)
    assert not same_weights(pretrained, played)
    assert {"nll", "kl"} <= set(pretrained.card["training"]["log"][-1])


def test_pretraining_learns(windows, tmp_path):
    recipe = dataclasses.replace(SPEAKER, pretraining=1.0, units=32, width=32, batch_size=32)
    training.train(recipe, windows, tmp_path, steps=60, seed=1)
    game = training.make(VoiceEncoding(), recipe, seed=1)
    untrained = float(game.pretrain_step(windows[:32], np.zeros((32, 0), np.float32))["nll"])
    sampler = sampling.load(tmp_path)
    for variable in game.generator.trainable_variables:
        variable.assign(sampler.weights[variable.path.split("/", 1)[1]])
    trained = float(game.pretrain_step(windows[:32], np.zeros((32, 0), np.float32))["nll"])
    assert untrained == pytest.approx(128 * np.log(48), rel=0.02)  # 128 tokens, 48 classes, nothing known
    assert trained < 0.7 * untrained


def test_likelihood_model_has_no_latent(windows, tmp_path):
    recipe = dataclasses.replace(training.RECIPES["likelihood"], units=16, width=16, batch_size=8)
    sampler = training.train(recipe, windows, tmp_path, steps=4)
    assert sampler.latents(3).shape == (3, 0)
    assert len(sampler.sample(3)) == 3


def test_keras_fit_trains_the_gan(windows):
    game = training.GAN(VoiceEncoding(), CONVOLUTIONAL, seed=1)
    game.compile(jit_compile=False)
    before = game.generator(np.ones((1, 4), np.float32)).numpy()
    history = game.fit(windows[:32], batch_size=8, epochs=2, verbose=0).history
    assert set(history) == {"d_loss", "gap", "g_loss", "penalty"}
    assert np.abs(game.generator(np.ones((1, 4), np.float32)).numpy() - before).max() > 1e-4


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_every_loss_and_penalty_moves_both_players(loss, windows):
    for penalty in losses.PENALTIES:
        recipe = dataclasses.replace(CONVOLUTIONAL, loss=loss, penalty_kind=penalty)
        game = training.make(VoiceEncoding(), recipe, seed=1)
        g, d = values(game.generator), values(game.discriminator)
        logged = [game.train_step(windows[:8]) for _ in range(2)]
        assert np.isfinite([float(value) for row in logged for value in row.values()]).all(), penalty
        assert (moved(game.generator, g), moved(game.discriminator, d)) == (True, True), penalty
        assert (float(logged[0]["penalty"]) > 0) == (penalty != "none")
        assert all(np.isfinite(value).all() for value in values(game.generator) + values(game.discriminator))


def test_each_player_of_the_gan_moves_its_own_weights_downhill(windows):
    recipe = dataclasses.replace(
        CONVOLUTIONAL, penalty_kind="none", optimizer="SGD", g_rate=1e-2, d_rate=1e-2, noise=0.0
    )
    game = training.make(VoiceEncoding(), recipe, seed=1)
    real = models.features_of_sound(models.sound_of(windows[:8], game.encoding), game.encoding)
    with tf.GradientTape() as way_back:
        fake = game.generate(8)
    g, d = values(game.generator), values(game.discriminator)
    before = float(game._discriminator_step(real, fake)["d_loss"])
    assert (moved(game.generator, g), moved(game.discriminator, d)) == (False, True)
    d = values(game.discriminator)
    after = float(game.loss_pair.discriminator(game.judge(real), game.judge(fake)))
    assert after < before
    game._generator_step(real, fake, way_back)
    assert (moved(game.generator, g), moved(game.discriminator, d)) == (True, False)


def test_penalty_comes_when_due_and_d_steps_count(windows):
    recipe = dataclasses.replace(CONVOLUTIONAL, penalty_every=3, d_steps=2)
    game = training.make(VoiceEncoding(), recipe, seed=1)
    due = [float(game.compiled_step(windows[:8])["penalty"]) > 0 for _ in range(7)]
    assert due == [True, False, False, True, False, False, True]
    steps = [int(optimizer.iterations) for optimizer in (game.d_optimizer, game.g_optimizer)]
    assert steps == [14, 7]


def test_optimisers_as_the_recipe_says():
    recipe = dataclasses.replace(CONVOLUTIONAL, optimizer="SGD", momentum=0.9, g_rate=0.1)
    game = training.make(VoiceEncoding(), recipe, seed=1)
    assert (type(game.g_optimizer).__name__, game.g_optimizer.momentum) == ("SGD", 0.9)
    assert float(game.g_optimizer.learning_rate) == pytest.approx(0.1)
    for field, told in (
        ("optimizer", "no optimizer 'best', there are Adam, SGD"),
        ("loss", "no loss 'best', there are minimax, cross-entropy"),
        ("penalty_kind", "no penalty 'best', there are none, gradient penalty"),
        ("constraint", "no constraint 'best', there are none, spectral norm"),
    ):
        with pytest.raises(TrainingError, match=told):
            training.make(VoiceEncoding(), dataclasses.replace(CONVOLUTIONAL, **{field: "best"}), seed=1)


def test_a_run_from_before_a_recipe_had_some_setting_goes_on(windows, tmp_path):
    training.train(CONVOLUTIONAL, windows, tmp_path, steps=1)
    card = json.loads((tmp_path / "card.json").read_text())
    del card["training"]["recipe"]["condition"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    training.train(CONVOLUTIONAL, windows, tmp_path, steps=2)
    assert json.loads((tmp_path / "card.json").read_text())["training"]["steps"] == 2


def test_refusals(windows, tmp_path):
    with pytest.raises(
        TrainingError, match="no recipe 'choral', there are chorales, likelihood, moods, phrases"
    ):
        training.train("choral", windows, tmp_path, steps=1)
    with pytest.raises(TrainingError, match="give either minutes or steps, above 0; got 1 and 2"):
        training.train(SPEAKER, windows, tmp_path, minutes=1, steps=2)
    with pytest.raises(TrainingError, match="give either minutes or steps, above 0; got inf and None"):
        training.Budget(minutes=float("inf"))
    with pytest.raises(TrainingError, match="none of 0 pieces has a window that fits 4 voices on Grid"):
        training.prepare([], VoiceEncoding())
    training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=1)
    before = contents(tmp_path / "run")
    for other in ({"seed": 2}, {"corpus": "bach"}):
        with pytest.raises(TrainingError, match=r"holds another run \((seed: 1|corpus: chorales)\)"):
            training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=3, **other)
    with pytest.raises(TrainingError, match=r"holds another run \(recipe: .* choose another folder"):
        training.train(SPEAKER, windows, tmp_path / "run", steps=1)
    assert contents(tmp_path / "run") == before
    (tmp_path / "file").write_text("")
    with pytest.raises(
        TrainingError, match=r"can't write into .*file \("
    ):  # before the first step, not after the last
        training.train(CONVOLUTIONAL, [], tmp_path / "file", steps=1)


def test_a_damaged_run_is_refused_and_left_as_it_is(windows, tmp_path):
    def edit(change):
        card = json.loads((tmp_path / "card.json").read_text())
        change(card["training"])
        (tmp_path / "card.json").write_text(json.dumps(card))

    training.train(CONVOLUTIONAL, windows, tmp_path, steps=1)
    whole = contents(tmp_path)
    for damage in (
        lambda: (tmp_path / "card.json").unlink(),
        lambda: (tmp_path / "state.npz").unlink(),
        lambda: (tmp_path / "state.npz").write_bytes(whole["state.npz"][:5000]),
        lambda: np.savez(tmp_path / "state.npz", progress=np.zeros(2)),
        lambda: edit(lambda card: card.update(log=[{"a": 1}])),
        lambda: (tmp_path / "card.json").write_text("[]"),
    ):
        damage()
        before = contents(tmp_path)
        with pytest.raises(CheckpointError, match=r"can't go on from .*: choose another folder"):
            training.train(CONVOLUTIONAL, windows, tmp_path, steps=2)
        assert contents(tmp_path) == before
        for name, data in whole.items():
            (tmp_path / name).write_bytes(data)


def test_a_kill_between_any_two_files_loses_nothing(windows, tmp_path, monkeypatch):
    whole = training.train(CONVOLUTIONAL, windows, tmp_path / "whole", steps=3)
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    for n_files in (2, 3, 6):  # before a first state, first weights, a second state
        moves = iter([os.replace] * n_files)
        with monkeypatch.context() as patch:
            patch.setattr("musicgan_edu.corpus.store.os.replace", lambda a, b, moves=moves: next(moves)(a, b))
            with pytest.raises(StopIteration):
                training.train(CONVOLUTIONAL, windows, tmp_path / str(n_files), steps=3)
        again = training.train(CONVOLUTIONAL, windows, tmp_path / str(n_files), steps=3)
        assert same_weights(whole, again)
        assert [row["step"] for row in again.card["training"]["log"]][-1] == 3


def test_of_two_trainings_in_one_folder_the_second_is_refused(windows, tmp_path, monkeypatch):
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    refused = []

    def meanwhile(progress, step, values):
        before = contents(tmp_path / "run")
        for seed in (1, 9):
            with pytest.raises(
                TrainingError, match=r"another training writes into .*: wait, stop it, or"
            ) as told:
                training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=2, seed=seed)
            refused.append(told)
        assert contents(tmp_path / "run") == before

    whole = training.train(CONVOLUTIONAL, windows, tmp_path / "whole", steps=2, seed=1)
    alone = training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=2, seed=1, report=meanwhile)
    assert refused
    assert same_weights(whole, alone)
    again = training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=2, seed=1)  # the lock is gone
    assert same_weights(whole, again)


def test_a_training_whose_folder_was_replaced_stops(windows, tmp_path, monkeypatch):
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    kept = {}

    def meanwhile(progress, step, values):
        if not kept:
            (tmp_path / "run").rename(tmp_path / "elsewhere")
            training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=1, seed=9)
            kept.update(contents(tmp_path / "run"))

    with pytest.raises(TrainingError, match=r"another training writes into .*: this one stops"):
        training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=2, seed=1, report=meanwhile)
    assert contents(tmp_path / "run") == kept


@pytest.mark.parametrize("every", [0, 1000])
def test_a_broken_training_says_so_and_keeps_the_last_checkpoint(windows, tmp_path, monkeypatch, every):
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", every)
    hot = dataclasses.replace(SPEAKER, learning_rate=float("nan"))
    with pytest.raises(TrainingError, match=r"is nan at step \d+: .*lesson 08"):
        training.train(hot, windows, tmp_path, steps=8)
    assert not (tmp_path / "weights.npz").exists()


def test_weights_that_have_broken_are_not_kept_though_the_last_loss_was_sound(windows, tmp_path, monkeypatch):
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    hot = dataclasses.replace(CONVOLUTIONAL, g_rate=float("nan"))
    with pytest.raises(TrainingError, match="no longer finite at step 1"):
        training.train(hot, windows, tmp_path, steps=2)
    assert not (tmp_path / "weights.npz").exists()


def test_a_choice_answers_for_what_follows_beside_what_others_did():
    game = training.make(VoiceEncoding(), SPEAKER, seed=1)
    verdict = np.zeros((2, 32), np.float32)
    verdict[0, 10] = 1.0  # D likes step 10 of the first window
    game.discriminator = lambda features: tf.constant(verdict)
    advantage = game._advantage(tf.zeros((2, 32, 4), tf.int32), tf.zeros((2, 0))).numpy()
    answer = np.where(np.arange(32) <= 10, 0.9 ** np.maximum(10.0 - np.arange(32), 0), 0) / 2
    expected = np.stack([answer, -answer])
    assert advantage == pytest.approx(np.clip(expected / expected.std(), -3, 3), abs=1e-3)


def test_each_player_moves_only_its_own_weights_and_g_towards_what_d_likes(windows):
    game = training.make(
        VoiceEncoding(), dataclasses.replace(SPEAKER, likelihood=0.0, dropout=0.0, g_rate=1e-2), seed=1
    )
    z, fake = game.play(8, step=0)
    g, d = values(game.generator), values(game.discriminator)
    told = np.zeros((8, 0), np.float32)
    game.discriminator_step(windows[:8], told, fake, told)
    assert (moved(game.generator, g), moved(game.discriminator, d)) == (False, True)
    d = values(game.discriminator)
    advantage = game._advantage(tf.cast(fake, tf.int32), told).numpy()
    before = (advantage * game._surprise(tf.cast(fake, tf.int32), z).numpy()).sum()
    game.generator_step(windows[:8], told, fake, z)
    assert (moved(game.generator, g), moved(game.discriminator, d)) == (True, False)
    after = (advantage * game._surprise(tf.cast(fake, tf.int32), z).numpy()).sum()
    assert after < before  # what D liked more than the batch's mean has become likelier


def test_collapse_and_silence_are_told(windows, tmp_path, monkeypatch):
    monkeypatch.setattr("musicgan_edu.sampling.draw", lambda w, e, z, *_, **__: np.full((len(z), 32, 4), 7))
    with pytest.raises(TrainingError, match="only 2% of 64 pieces differ: mode collapse, see lesson 08"):
        training.train(SPEAKER, windows, tmp_path / "a", steps=2)
    monkeypatch.setattr(
        "musicgan_edu.sampling.draw", lambda w, e, z, *_, **__: np.full((len(z), 32, 4), e.rest)
    )
    with pytest.raises(TrainingError, match=r"has fallen silent: .*see lesson 08"):
        training.train(SPEAKER, windows, tmp_path / "b", steps=2)


def test_a_longer_budget_does_not_send_a_game_back_to_pretraining(windows, tmp_path):
    training.train(SPEAKER, windows, tmp_path, steps=4)
    with pytest.raises(TrainingError, match=r"is past its pretraining, .*steps=40\) would go back"):
        training.train(SPEAKER, windows, tmp_path, steps=40)
