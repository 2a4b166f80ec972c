"""The temperature slider in a real JupyterLab: by keyboard, while it plays, in both themes."""

from __future__ import annotations

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CELL = """
from musicgan_edu import sampling
from musicgan_edu.widgets.temperature import Temperature
gan = sampling.load("chorales")
widget = Temperature({"GAN": gan, "<b>other</b>": gan}, seed=3)
widget
"""


def test_the_slider_changes_the_music_while_it_plays(lab: Lab, page: Page):
    lab.open(page, lab.notebook("temperature.ipynb", CELL))
    lab.run_all(page)
    player = page.locator(".mg-player")
    player.wait_for()
    title = page.locator(".mg-title")
    expect(title).to_have_text("GAN, temperature 1.00")
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.get_by_label("Loop").click()
    page.get_by_label("Play", exact=True).click()
    assert Ear(page).level() > 0.01
    before = lab.python(page, "widget.score.notes.tolist()")
    handle = page.get_by_role("slider", name="Temperature", exact=True)
    handle.focus()
    for _ in range(6):
        handle.press("ArrowLeft")
    expect(title).to_have_text("GAN, temperature 0.70")
    state = lab.python(page, "[widget.heat.value, widget.player.playing, widget.score.notes.tolist()]")
    assert state[0] == pytest.approx(0.7)
    assert state[1] is True  # it goes on playing
    assert state[2] != before
    assert Ear(page).level() > 0.01
    page.get_by_role("combobox").last.select_option("<b>other</b>")
    expect(title).to_have_text("<b>other</b>, temperature 0.70")  # text, no markup
    page.get_by_role("button", name="Other dice").click()
    page.wait_for_timeout(500)
    assert lab.python(page, "widget.seed") == 4
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        screenshot(page, f"temperature_{theme.lower()}")
    page.get_by_label("Stop").click()
    page.wait_for_timeout(400)
    assert Ear(page).level() < 1e-4
