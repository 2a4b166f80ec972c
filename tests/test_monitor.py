"""The monitor's Python side: the thread, the wishes of the browser, errors, the page without a kernel."""

import dataclasses
import re
import time

import numpy as np
import pytest

from musicgan_edu import corpus, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import TrainingError
from musicgan_edu.widgets import front_end, monitor

pytestmark = pytest.mark.slow

SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
CONVOLUTIONAL = dataclasses.replace(training.RECIPES["convolutional"], **SMALL)
SPEAKER = dataclasses.replace(training.RECIPES["chorales"], pretraining=0.5, warming=0.25, **SMALL)


@pytest.fixture(scope="module")
def windows():
    scores = corpus.load("chorales", split="validation", progress=False)[:12]
    return training.prepare(scores, VoiceEncoding())


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """A report after every step; no training outlives its test."""
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)
    yield
    for watched in monitor.RUNNING.values():
        watched.control.stop()
    monitor.RUNNING.clear()


def until(condition, seconds=900):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def table(packed):
    values = np.frombuffer(packed["values"], np.float32).reshape(len(packed["names"]), -1)
    return dict(zip(packed["names"], values, strict=True))


def test_a_watched_training_is_the_training(windows, tmp_path):
    options = {"steps": 8, "seed": 3, "snapshots": (0, 4)}
    alone = training.train(SPEAKER, windows, tmp_path / "alone", **options)
    watched = monitor.watch(SPEAKER, windows, tmp_path / "run", **options)
    trained = watched.wait()
    assert all(np.array_equal(alone.weights[key], trained.weights[key]) for key in alone.weights)
    assert trained.card["training"]["changes"] == []
    panel = watched.panel
    assert (panel.state, panel.now["step"], panel.now["progress"]) == ("finished", 8, 1.0)
    assert panel.moments == [0, 4]
    curves, music = table(panel.curves), table(panel.music)
    assert curves["step"].tolist() == list(range(1, 9))
    assert np.isfinite(curves["nll"][:4]).all()
    assert np.isfinite(curves["d_loss"][4:]).all()
    assert np.isnan(curves["d_loss"][:4]).all()  # no game yet: a gap, not a zero
    assert music["step"][-1] == 8
    assert ((music["in key"] >= 0) & (music["in key"] <= 1)).all()


def test_the_same_latent_is_heard_at_every_stored_moment(windows, tmp_path):
    watched = monitor.watch(CONVOLUTIONAL, windows, tmp_path, steps=6, seed=1, snapshots=(0, 3))
    trained = watched.wait()
    watched.panel.latent = 2
    for step, sampler in (
        *((s, sampling.load(path)) for s, path in sampling.snapshots(tmp_path).items()),
        (monitor.NOW, trained),
    ):
        watched.panel.moment = step
        z, noise = sampler.latents(3, seed=5), sampler.noise(3, seed=5)
        assert (
            watched.player.score.notes.tolist()
            == sampler.encoding.decode(sampler.tokens(z, noise))[2].notes.tolist()
        )
        assert watched.player.title == f"Latent 3 of 16 at step {6 if step == monitor.NOW else step}"
    watched.panel.moment = 77  # there is none
    assert "No snapshot of step 77 can be played" in watched.panel.message


def test_the_panel_pauses_turns_and_stops(windows, tmp_path):
    watched = monitor.watch(CONVOLUTIONAL, windows, tmp_path, steps=100_000, seed=1)
    panel = watched.panel
    until(lambda: panel.now.get("step", 0) >= 2)
    panel.pause = True
    assert panel.state == "paused"
    until(lambda: watched.control.waiting)
    step = panel.now["step"]
    time.sleep(0.5)
    assert panel.now["step"] == step
    panel.settings = {**panel.settings, "g_rate": 2e-4}
    panel.pause = False
    until(lambda: panel.now["step"] > step)
    assert panel.now["remaining"] > 0
    panel.settings = {**panel.settings, "g_rate": -1.0}  # a page that was tampered with
    assert panel.message == "training: g_rate must be 0 or more and finite, got -1.0"
    assert panel.settings["g_rate"] == 2e-4
    panel.stop = True
    sampler = watched.wait()
    assert panel.state == "stopped"
    turned, stop = sampler.card["training"]["changes"]
    assert turned == {"step": step, "g_rate": 2e-4}
    assert stop["step"] == sampler.card["training"]["steps"] >= step


def test_an_error_in_the_thread_is_shown_and_raised(windows, tmp_path):
    hot = dataclasses.replace(CONVOLUTIONAL, g_rate=float("nan"))
    watched = monitor.watch(hot, windows, tmp_path, steps=8)
    with pytest.raises(TrainingError, match="lesson 08"):
        watched.wait()
    assert watched.panel.state == "failed"
    assert "lesson 08" in watched.panel.message
    other = monitor.watch("no such recipe", windows, tmp_path / "other", steps=8)
    with pytest.raises(TrainingError, match="no recipe 'no such recipe'"):
        other.wait()
    odd = monitor.watch(CONVOLUTIONAL, "no array", tmp_path / "odd", steps=8)
    with pytest.raises(TypeError):
        odd.wait()
    assert odd.panel.message.startswith("TypeError: ")


def test_a_cell_run_again_shows_the_running_training(windows, tmp_path):
    options = {"steps": 100_000, "seed": 1}
    first = monitor.watch(CONVOLUTIONAL, windows, tmp_path, **options)
    assert monitor.watch(CONVOLUTIONAL, windows, tmp_path, **options) is first
    with pytest.raises(TrainingError, match=r"another training runs in .*: stop it first"):
        monitor.watch(CONVOLUTIONAL, windows, tmp_path, steps=5)
    until(lambda: first.panel.now.get("step", 0) >= 4)
    first.control.stop()
    first.wait()
    shown = monitor.watch(CONVOLUTIONAL, windows, tmp_path, steps=3, seed=1)  # more than that is done
    assert shown is not first
    shown.wait()
    assert table(shown.panel.curves)["step"].tolist() == table(first.panel.curves)["step"].tolist()


def test_steering_can_be_locked_and_sliders_are_the_recipes(windows, tmp_path):
    locked = monitor.Monitor(CONVOLUTIONAL, windows, tmp_path, steer=False, steps=3)
    assert locked.panel.sliders == []
    free = monitor.Monitor("chorales", windows, tmp_path, steps=3).panel.sliders
    assert [slider["name"] for slider in free] == ["learning_rate", "g_rate", "d_rate", "likelihood"]
    for slider in free:
        assert slider["low"] < getattr(training.RECIPES["chorales"], slider["name"]) < slider["high"]
    with pytest.raises(TrainingError, match="this training was never started"):
        locked.wait()


def test_a_page_without_a_kernel_gets_curves_and_sound(windows, tmp_path):
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    watched = monitor.watch(CONVOLUTIONAL, windows, folder, steps=4, seed=1)
    watched.wait()
    data = watched.twin()
    assert data["text/plain"].endswith(": finished, step 4.")
    page = data["text/html"]
    assert "<img src=x" not in page
    assert re.search(r'alt="Line chart of the game: nats', page)
    assert re.search(r'alt="Line chart of the music: shares', page)
    assert re.search(r'<audio [^>]*src="data:audio/mpeg;base64,', page)
    before = monitor.Monitor(
        CONVOLUTIONAL, windows, folder, steps=9
    )  # an earlier part of the run shows at once
    assert [row["step"] for row in before.rows] == [1, 2, 3, 4]


def test_a_long_log_is_thinned_and_keeps_its_last_row():
    rows = [{"step": i, "seconds": 1.0, "nll": float(i)} for i in range(5000)]
    thinned = table(monitor._packed(rows))
    assert len(thinned["step"]) <= monitor.MAX_POINTS + 1
    assert thinned["step"][-1] == 4999
    assert np.array_equal(thinned["step"], thinned["nll"])
    assert "seconds" not in thinned
    assert monitor._packed([]) == {"names": [], "values": b""}


def test_remaining_time_does_not_count_pauses(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(monitor.time, "perf_counter", lambda: now[0])
    clock = monitor._Clock()
    now[0] = 10.0
    clock.tick(0.1)
    assert clock.remaining(None) == -1
    now[0] = 20.0
    clock.pause(True)
    now[0] = 50.0
    clock.pause(False)
    now[0] = 60.0
    clock.tick(0.3)
    assert clock.remaining(None) == pytest.approx(70.0)  # 20 s of work for a fifth, seven tenths are left
    assert clock.remaining(2) == pytest.approx(84.0)


def test_the_front_end_is_one_module_without_html():
    module = front_end("roll.js", "monitor.js")
    assert module.count("export default") == 1
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://(?!www\.w3\.org)", module
    )
