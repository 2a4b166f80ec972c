"""The slider: a number that stays within its range, named in its page."""

import pytest

from musicgan_edu.widgets.slider import Slider


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
