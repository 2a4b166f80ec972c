"""What a notebook keeps of a widget: the live one, its twin, and in Colab where the widget manager lies."""

import sys
from types import SimpleNamespace

import pytest
from IPython.core.formatters import DisplayFormatter

from musicgan_edu.lab import Light
from musicgan_edu.score import Score
from musicgan_edu.widgets.lights import Lights
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Column, Slider

LIVE = "application/vnd.jupyter.widget-view+json"
TUNE = Score.from_rows([(0, 60, 0, 1)], title="One note")
MADE = {
    "anywidget's": lambda: Player(TUNE),
    "a container": lambda: Column([Slider("Heat", 0.5)]),
    "a container of ipywidgets'": lambda: Lights(lambda: [Light("<b>", "ok", "3 < 4")]),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_notebook_keeps_widget_and_twin_and_an_address_in_colab_only(make, monkeypatch):
    data, metadata = DisplayFormatter().format(make())
    assert data.keys() >= {LIVE, "text/plain", "text/html"}
    assert metadata == {}
    url = "https://manager.example"
    colab = SimpleNamespace(
        enable_custom_widget_manager=lambda: None, _widgets=SimpleNamespace(_installed_url=url)
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    there, metadata = DisplayFormatter().format(make())
    assert metadata == {LIVE: {"colab": {"custom_widget_manager": {"url": url}}}}
    assert url not in there["text/html"]


def test_lights_in_words_keep_what_looks_like_html():
    assert MADE["a container of ipywidgets'"]().twin()["text/plain"] == "● <b> (ok): 3 < 4"
