"""The temperature slider's Python side: what it plays follows its controls and nothing else."""

import pytest

from musicgan_edu import sampling
from musicgan_edu.score import MusicganError
from musicgan_edu.widgets.temperature import Temperature


@pytest.fixture
def widget():
    gan = sampling.load("chorales")
    return Temperature({"GAN": gan, "twin": gan}, seed=3)


def notes(widget):
    return widget.score.notes.tolist()


def test_the_slider_draws_the_same_dice_at_another_temperature(widget):
    at_one = notes(widget)
    want = sampling.load("chorales").sample(1, seed=3, temperature=0.5)[0]
    widget.heat.value = 0.5
    assert notes(widget) == want.notes.tolist() != at_one
    assert widget.player.title == "GAN, temperature 0.50"
    assert widget.score.tempo == 72
    widget.heat.value = 1.0
    assert notes(widget) == at_one


def test_other_dice_and_another_machine(widget):
    before = notes(widget)
    widget.other.click()
    assert widget.seed == 4
    assert notes(widget) != before
    widget.machine.value = "twin"
    assert widget.player.title == "twin, temperature 1.00"


def test_a_page_without_a_kernel_gets_what_the_player_shows(widget):
    data = widget.twin()
    assert data["text/plain"].startswith("Piano roll of GAN, temperature 1.00")
    assert "<audio" in data["text/html"]


def test_no_machine_is_refused():
    with pytest.raises(MusicganError, match="at least one machine, got none"):
        Temperature({})
