"""The slider: a number that stays within its range, named in its page."""

import ipywidgets
import pytest

from musicgan_edu.score import Score
from musicgan_edu.widgets.player import Player
from musicgan_edu.widgets.slider import Column, Slider


def test_it_holds_a_number_within_its_range():
    slider = Slider("Heat", 1.0, max=2.0, step=0.05)
    heard = []
    slider.observe(lambda change: heard.append(change["new"]), "value")
    slider.value = 0.7
    slider.value = 9
    assert heard == [0.7, 2.0]
    assert Slider("Low", -4, min=-3.0).value == -3.0


def test_its_page_names_it():
    slider = Slider("<b>", 0.5)
    assert slider.description == "<b>"  # set as text and as aria-label
    assert 'panelSlider(model.get("description")' in slider._esm
    with pytest.raises(Exception, match="'description' trait"):
        Slider(3, 0.5)


def test_an_exported_page_shows_a_column_as_it_stood():
    heat = Slider("<Heat>", 0.5, decimals=2)
    tune = Player(Score.from_rows([(0, 60, 0, 1)], title="One note"))
    column = Column([heat, ipywidgets.Label("3 < 4"), ipywidgets.HTML("<b>bold</b>"), tune])
    heat.value = 0.75
    data = column.twin()
    heat_now, label, bold, picture = data["text/html"].split("<br>", 3)
    assert [heat_now, label, bold] == ["&lt;Heat&gt;: 0.75", "3 &lt; 4", "<b>bold</b>"]
    assert 'alt="Piano roll of One note' in picture
    assert "<audio" in picture
    assert data["text/plain"] == "<Heat>: 0.75"
