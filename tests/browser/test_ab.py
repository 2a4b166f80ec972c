"""Before and after in a real JupyterLab: switching while it sounds, the strength slider, keys, themes."""

from __future__ import annotations

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CELL = """
from musicgan_edu.score import Score
from musicgan_edu.widgets.ab import AB
one = Score.from_rows([(0, 60, t, 1) for t in range(32)], tempo=60)
none = Score.from_rows([(0, 60, 31, 1)], tempo=60)
widget = AB({"A: <b>before</b>": one, "B: after": none})
widget
"""
STYLE = """
from musicgan_edu import corpus
from musicgan_edu.widgets.ab import Restyling
widget = Restyling(corpus.read_chorale("bwv66.6"), "palestrina")
widget
"""


def position(page: Page, lab: Lab) -> float:
    """Beats: where the head stands, once it has been stopped for a moment."""
    page.locator(".mg-play").click()  # pause
    page.wait_for_timeout(400)
    return lab.python(page, "widget.player.position")


def test_switching_keeps_the_place_and_changes_what_sounds(lab: Lab, page: Page):
    lab.open(page, lab.notebook("ab.ipynb", CELL))
    lab.run_all(page)
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    buttons = page.locator(".widget-toggle-button")
    expect(buttons).to_have_count(2)
    expect(page.locator(".mg-title")).to_have_text("A: <b>before</b>")  # text, no markup
    page.get_by_label("Play", exact=True).click()
    assert Ear(page).level() > 0.01
    buttons.last.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mg-title")).to_have_text("B: after")
    page.wait_for_timeout(1500)  # a struck key rings on
    assert Ear(page).level() < 2e-3  # the other version is silent here, and goes on
    assert lab.python(page, "widget.player.playing") is True
    there = position(page, lab)
    assert there > 3
    page.get_by_label("Play", exact=True).click()
    buttons.first.click()
    page.wait_for_timeout(500)
    assert Ear(page).level() > 0.01
    assert there < position(page, lab) < there + 8  # beats are seconds here: it went on from there
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        screenshot(page, f"ab_{theme.lower()}")


def test_the_slider_restyles_while_it_sounds(lab: Lab, page: Page):
    lab.open(page, lab.notebook("restyling.ipynb", STYLE))
    lab.run_all(page)
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.locator(".widget-toggle-button").nth(1).click()
    expect(page.locator(".mg-title")).to_have_text("B: palestrina")
    page.get_by_label("Play", exact=True).click()
    assert Ear(page).level() > 0.01
    before = lab.python(page, "widget.ab.player.score.notes.tolist()")
    handle = page.get_by_label("Strength")
    handle.focus()
    for _ in range(5):
        handle.press("ArrowRight")
    for _ in range(40):
        if lab.python(page, "widget.slider.value") == pytest.approx(1.5):
            break
        page.wait_for_timeout(250)
    assert lab.python(page, "widget.slider.value") == pytest.approx(1.5)
    assert lab.python(page, "widget.ab.player.score.notes.tolist()") != before
    assert lab.python(page, "widget.ab.player.playing") is True
    assert Ear(page).level() > 0.01
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        screenshot(page, f"restyling_{theme.lower()}")
    page.get_by_label("Stop").click()
    page.wait_for_timeout(600)
    assert Ear(page).level() < 1e-4
