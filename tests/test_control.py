"""Snapshots and control: what is kept, what is obeyed, and that both survive an interruption."""

import dataclasses
import json
import threading

import numpy as np
import pytest

from musicgan_edu import baselines, corpus, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import TrainingError
from musicgan_edu.training import moments

SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
SPEAKER = dataclasses.replace(training.RECIPES["chorales"], pretraining=0.5, warming=0.25, **SMALL)
CONVOLUTIONAL = dataclasses.replace(training.RECIPES["convolutional"], **SMALL)


@pytest.fixture(scope="module")
def windows():
    scores = corpus.load("chorales", split="validation", progress=False)[:12]
    return training.prepare(scores, VoiceEncoding())


@pytest.fixture
def each_step(monkeypatch):
    """A report and a checkpoint after every step."""
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)


def equal(a, b):
    return all(np.array_equal(a.weights[key], b.weights[key]) for key in a.weights)


def at(step, act):
    """A report that acts at one step."""
    return lambda progress, now, values: act() if now == step else None


def interrupt():
    raise KeyboardInterrupt


# ------------------------------------------------------------------------------------ snapshots


def test_moments_are_steps_or_shares():
    wanted = moments.Moments((0, np.int64(10), 0.5, 1.0))
    steps = [0, 1, 9, 10, 11, 49, 50, 51, 100]
    assert [step for step in steps if wanted.reached(step, step / 100)] == [0, 10, 50, 100]
    for wrong in (-1, 1.5, -0.1, "3", float("nan"), None):
        with pytest.raises(TrainingError, match=r"a snapshot is a step .* or a share from 0\.0 to 1\.0, got"):
            moments.Moments((wrong,))


def test_a_share_that_falls_between_two_steps_is_kept_at_the_next():
    wanted = moments.Moments((0.5,))
    assert [step for step in range(8) if wanted.reached(step, step / 7)] == [4]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [SPEAKER, CONVOLUTIONAL])
def test_snapshots_are_kept_through_an_interruption(recipe, windows, tmp_path, each_step):
    kept = {"steps": 8, "seed": 3, "snapshots": (0, 2, 0.5, 7, 1.0)}
    whole = training.train(recipe, windows, tmp_path / "whole", **kept)
    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, windows, tmp_path / "parts", report=at(5, interrupt), **kept)
    assert list(sampling.snapshots(tmp_path / "parts")) == [0, 2, 4]
    parts = training.train(recipe, windows, tmp_path / "parts", **kept)
    assert equal(whole, parts)
    folders = [sampling.snapshots(tmp_path / name) for name in ("whole", "parts")]
    assert list(folders[0]) == list(folders[1]) == [0, 2, 4, 7, 8]
    loaded = [{step: sampling.load(path) for step, path in one.items()} for one in folders]
    assert all(equal(loaded[0][step], loaded[1][step]) for step in loaded[0])
    assert equal(loaded[0][8], whole)
    assert not equal(loaded[0][0], loaded[0][2])
    assert loaded[0][4].card["name"] == "whole, step 4"
    newborn = training.make(VoiceEncoding(), recipe, seed=3)
    assert all(
        np.array_equal(value, loaded[0][0].weights[key]) for key, value in newborn.weights_to_keep().items()
    )


@pytest.mark.slow
def test_snapshots_of_lost_work_go_and_late_wishes_are_refused(windows, tmp_path, monkeypatch):
    run = tmp_path / "run"
    (run / "snapshots" / "000009").mkdir(parents=True)
    (run / "snapshots" / "000009" / "card.json").write_text("{}")  # of a run that never saved
    (run / "snapshots" / "2024").mkdir()
    (run / "snapshots" / "2024" / "mine.txt").write_text("not ours")
    training.train(CONVOLUTIONAL, windows, run, steps=2, snapshots=(1,))
    assert list(sampling.snapshots(run)) == [1]
    assert (run / "snapshots" / "2024" / "mine.txt").exists()
    training.train(CONVOLUTIONAL, windows, run, steps=3, snapshots=(1, 3))  # 1 was kept, 3 is to come
    assert list(sampling.snapshots(run)) == [1, 3]
    with pytest.raises(TrainingError, match="stands at step 3: a snapshot of step 2 comes too late"):
        training.train(CONVOLUTIONAL, windows, run, steps=4, snapshots=(2,))
    assert sampling.snapshots(tmp_path) == {}


# ------------------------------------------------------------------------------------ control


def test_the_masked_network_obeys_its_rate_alone():
    assert training.settings_of(baselines.RECIPES["masked"]) == {"learning_rate": 0.002}


def test_only_what_a_recipe_obeys_can_be_turned():
    recipes = training.RECIPES
    assert set(training.settings_of(recipes["convolutional"])) == {"g_rate", "d_rate", "penalty"}
    assert set(training.settings_of(recipes["chorales"])) == {
        "learning_rate",
        "g_rate",
        "d_rate",
        "likelihood",
    }
    assert training.settings_of(recipes["likelihood"]) == {"learning_rate": 3e-3}
    control = training.Control()
    for name, value, message in (
        ("speed", 1, "can't turn 'speed', only learning_rate, g_rate, d_rate, likelihood, penalty"),
        ("g_rate", -1, "g_rate must be 0 or more and finite, got -1"),
        ("g_rate", float("nan"), "got nan"),
        ("g_rate", float("inf"), "got inf"),
    ):
        with pytest.raises(TrainingError, match=message):
            control.turn(**{name: value})
    control.turn(penalty=2)
    with pytest.raises(TrainingError, match="can't turn 'penalty', only learning_rate"):
        control.begin({"learning_rate": 1.0})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "turned"),
    [
        (CONVOLUTIONAL, {"g_rate": 1e-4, "penalty": 5.0}),
        (SPEAKER, {"learning_rate": 1e-4, "likelihood": 2.0, "d_rate": 3e-3}),
    ],
)
def test_a_turn_changes_the_run_is_noted_and_survives_an_interruption(
    recipe, turned, windows, tmp_path, each_step
):
    plan = {"steps": 8, "seed": 3}
    plain = training.train(recipe, windows, tmp_path / "plain", control=training.Control(), **plan)
    assert plain.card["training"]["changes"] == []
    control = training.Control()
    whole = training.train(
        recipe,
        windows,
        tmp_path / "whole",
        control=control,
        report=at(3, lambda: control.turn(**turned)),
        **plan,
    )
    assert whole.card["training"]["changes"] == [{"step": 3, name: value} for name, value in turned.items()]
    assert whole.card["training"]["recipe"] == plain.card["training"]["recipe"]  # what it was to be
    assert control.settings == training.settings_of(recipe) | turned
    assert not equal(plain, whole)

    def cut():
        control.turn(**turned)
        cuts.append(3)

    control, cuts = training.Control(), []
    stop = lambda progress, step, values: cut() if step == 3 else interrupt() if step == 6 else None  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, windows, tmp_path / "parts", control=control, report=stop, **plan)
    parts = training.train(recipe, windows, tmp_path / "parts", **plan)
    assert cuts == [3]
    assert equal(whole, parts)
    assert parts.card["training"]["changes"] == whole.card["training"]["changes"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["g_rate", "d_rate", "penalty"])
def test_each_setting_moves_what_it_should(name, windows):
    from musicgan_edu.training import control

    def played(value):
        game = training.make(VoiceEncoding(), CONVOLUTIONAL, seed=1)
        control.turn(game, name, value)
        before = [
            [v.numpy() for v in model.trainable_variables] for model in (game.generator, game.discriminator)
        ]
        game.advance(windows[:8], progress=0.0, step=0)
        after = [
            [v.numpy() for v in model.trainable_variables] for model in (game.generator, game.discriminator)
        ]
        return before, after

    before, after = played(0.0)
    still = [
        all(np.array_equal(a, b) for a, b in zip(x, y, strict=True))
        for x, y in zip(before, after, strict=True)
    ]
    assert still == [name == "g_rate", name == "d_rate"]
    if name == "penalty":
        other = played(100.0)[1]
        assert any(not np.array_equal(a, b) for a, b in zip(after[1], other[1], strict=True))


@pytest.mark.slow
def test_stop_keeps_what_is_there_and_the_run_can_go_on(windows, tmp_path, each_step):
    whole = training.train(CONVOLUTIONAL, windows, tmp_path / "whole", steps=8)
    control = training.Control()
    stopped = training.train(
        CONVOLUTIONAL, windows, tmp_path / "run", steps=8, control=control, report=at(3, control.stop)
    )
    assert stopped.card["training"]["steps"] == 3
    assert stopped.card["training"]["changes"] == [{"step": 3, "stop": 0.375}]
    assert equal(stopped, sampling.load(tmp_path / "run"))
    again = training.train(CONVOLUTIONAL, windows, tmp_path / "run", steps=8)
    assert equal(whole, again)
    assert again.card["training"]["changes"] == [
        {"step": 3, "stop": 0.375}
    ]  # it was done, and the card says so
    at_once = training.Control()
    at_once.stop()
    with pytest.raises(TrainingError, match="stopped before its first step: there is nothing to keep"):
        training.train(CONVOLUTIONAL, windows, tmp_path / "none", steps=8, control=at_once)


@pytest.mark.slow
def test_a_pause_saves_holds_and_costs_no_budget(windows, tmp_path, monkeypatch):
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    control, seen = training.Control(), []

    def report(progress, step, values):
        seen.append(step)
        if step == 3:
            control.pause()
            threading.Timer(
                2.0, lambda: (seen.append(paused()), control.turn(g_rate=0.0), control.resume())
            ).start()

    def paused():
        return json.loads((tmp_path / "card.json").read_text())["training"]["steps"]

    sampler = training.train(CONVOLUTIONAL, windows, tmp_path, steps=6, control=control, report=report)
    assert seen == [1, 2, 3, 3, 4, 5, 6]  # at the pause step 3 is on the disk, and nothing moves
    log = {row["step"]: row["seconds"] for row in sampler.card["training"]["log"]}
    assert log[4] - log[3] < 1.5  # 2 s of pause aren't there
    assert sampler.card["training"]["changes"] == [{"step": 3, "g_rate": 0.0}]


@pytest.mark.slow
def test_who_listens_hears_the_generator_as_it_stands(windows, tmp_path):
    heard = {}
    control = training.Control(listen=lambda step, sampler: heard.update({step: sampler}), every=0.0)
    last = training.train(CONVOLUTIONAL, windows, tmp_path, steps=6, control=control, snapshots=(0,), seed=2)
    assert min(heard) == 0
    assert equal(heard[0], sampling.load(sampling.snapshots(tmp_path)[0]))
    assert not equal(heard[0], last)
    assert len(heard[0].sample(2)) == 2
