"""The GAN lab's Python side: it plays the game of `plane`, answers the page, says what it shows."""

import re

import numpy as np
import pytest
import traitlets

from musicgan_edu import plane
from musicgan_edu.widgets import front_end, gan_lab


def ask(widget, wish):
    """What the page sends when a button is pressed, or when it wants the next picture."""
    widget._handle_msg({"content": {"data": {"method": "custom", "content": {"do": wish}}}, "buffers": []})


def weights(game):
    return [part for layer in (*game.d, *game.g) for part in layer]


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(weights(one), weights(two), strict=True))


def test_its_game_is_the_planes_game():
    widget = gan_lab.GanLab(shape="line", seed=3)
    for wish in ("d", "g", "both"):
        ask(widget, wish)
    game = plane.new(shape="line", seed=3)
    assert same(widget.game, plane.step_both(plane.step_g(plane.step_d(game))))
    assert (widget.now["d"], widget.now["g"]) == (2, 2)
    ask(widget, "reset")
    assert same(widget.game, game)
    assert (widget.now["d"], widget.now["d_loss"]) == (0, None)


def test_pictures_come_only_while_it_runs():
    widget = gan_lab.GanLab(rounds=2)
    ask(widget, "frame")
    assert widget.game.d_done == 0
    before = widget.frame
    widget.running = True
    ask(widget, "frame")
    assert 1 <= widget.game.d_done <= 2  # a slow machine stops a slice early
    assert widget.frame != before
    widget.running = False
    done = widget.game.d_done
    ask(widget, "frame")
    assert widget.game.d_done == done


def test_a_slice_of_time_ends_a_long_picture(monkeypatch):
    monkeypatch.setattr(gan_lab, "SLICE", 0.0)
    widget = gan_lab.GanLab(rounds=100, running=True)
    ask(widget, "frame")
    assert widget.game.d_done == 1


def test_the_frame_is_points_pushes_and_surface():
    widget = gan_lab.GanLab()
    widget.step_both(3)
    frame = np.frombuffer(widget.frame, dtype="<f4")
    fakes = frame[:320].reshape(-1, 2)
    np.testing.assert_allclose(fakes, plane.fakes(widget.game, 160), atol=1e-6)
    np.testing.assert_allclose(
        frame[320:640].reshape(-1, 2), plane.pushes(widget.game, plane.fakes(widget.game, 160)), atol=1e-6
    )
    np.testing.assert_allclose(frame[640:].reshape(41, 41), plane.surface(widget.game), atol=1e-5)
    assert len(np.frombuffer(widget.real, dtype="<f4")) == 480


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", "hinge"), ("penalty", "R1"), ("strength", 2.5), ("optimiser", "SGD"), ("d_rate", 0.01),
        ("g_rate", 0.5), ("d_steps", 4), ("order", "simultaneous"), ("shape", "spiral"),
    ],
)  # fmt: skip
def test_settings_change_the_running_game(name, value):
    widget = gan_lab.GanLab()
    widget.step_both(2)
    kept = widget.game
    setattr(widget, name, value)
    assert getattr(widget.game.settings, name) == value
    assert same(widget.game, kept)  # the players stay
    assert widget.game.d_done == 2


def test_values_that_are_not_offered_are_refused():
    widget = gan_lab.GanLab()
    for name, value in [("loss", "mse"), ("d_rate", -1), ("d_steps", 0), ("drawn", [[1, float("nan")]])]:
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, value)
    assert widget.game.settings.loss == "cross-entropy"


def test_a_drawing_is_learned_from_and_may_be_empty():
    widget = gan_lab.GanLab(shape="drawn")
    widget.running = True
    ask(widget, "frame")
    assert (widget.running, widget.real, widget.game.d_done) == (False, b"", 0)
    assert widget.summary.startswith("Nothing is drawn yet")
    widget.drawn = [[1, 99], [0.5, 0.5]]
    assert widget.drawn == [[1.0, 2.5], [0.5, 0.5]]  # within the window
    ask(widget, "both")
    assert widget.game.d_done == 1
    assert "Nothing is drawn" not in widget.summary
    points = np.array([[0.5, -0.5]])
    assert gan_lab.GanLab(points).drawn == points.tolist()
    assert np.abs(plane.reals(gan_lab.GanLab(points).game, 50) - points).max() < 0.3


def test_a_game_that_runs_away_is_stopped_and_told():
    widget = gan_lab.GanLab(loss="least-squares", optimiser="SGD", d_rate=10.0, g_rate=10.0, running=True)
    for _ in range(60):
        ask(widget, "frame")
    assert not widget.running
    assert "a number is no longer finite" in widget.summary
    ask(widget, "reset")
    assert "no longer finite" not in widget.summary


def test_the_curves_stay_short_and_in_order(monkeypatch):
    monkeypatch.setattr(gan_lab, "MAX_ROWS", 8)
    widget = gan_lab.GanLab()
    for _ in range(40):
        widget.step_both()
    rounds = np.frombuffer(widget.curves, dtype="<f4").reshape(-1, 5)[:, 0]
    assert len(rounds) <= 8
    assert (np.diff(rounds) > 0).all()
    assert rounds[0] == 0
    assert rounds[-1] > 24


def test_a_page_without_a_kernel_gets_a_picture_in_words_too():
    widget = gan_lab.GanLab(shape="line", axes=["<b>", "up"])
    widget.step_both(2)
    data = widget.twin()
    assert data["text/plain"].startswith("Points on the plane of line, cross-entropy, 2 steps of G: 240 real")
    assert "D has made 2 and G 2 steps" in data["text/plain"]
    assert "<b>" not in data["text/html"].replace("<br>", "")
    assert "0 real points" in gan_lab.GanLab(shape="drawn").twin()["text/plain"]


def test_messages_that_mean_nothing_are_ignored():
    widget = gan_lab.GanLab()
    for content in ({"do": "format"}, {}, [], "d"):
        widget._asked(widget, content, [])
    assert widget.game.d_done == 0


def test_the_front_end_is_one_module_without_html():
    module = front_end("gan_lab.js")
    assert module.count("export default") == 1
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://", module)
