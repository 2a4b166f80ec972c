"""The failure clinic in a real JupyterLab: by keyboard, by ear, in both themes."""

from __future__ import annotations

import pytest
from conftest import Ear, Lab, rms, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CLINIC = """
from musicgan_edu import plotting
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import clinic
because = {"collapse": "all latents give one piece.", "oscillation": "then the loss would swing."}
def case(cause, pitch):
    figure = plotting.losses({"D's loss": [1.4, 1.3, 1.35]}, title=f"Curves of {pitch}")
    clip = Score.from_rows([(0, pitch, 0, 8)], [Track("Voice", 19)], tempo=60)
    return clinic.Case(figure, clip, cause, because)
room = clinic.Clinic([case("collapse", 60), case("oscillation", 72)])
room
"""


def test_look_listen_choose_and_go_on_by_keyboard(lab: Lab, page: Page):
    lab.open(page, lab.notebook("clinic.ipynb", CLINIC))
    lab.run_all(page)
    expect(page.get_by_text("Case 1 of 2")).to_be_visible(timeout=20_000)
    expect(page.locator("img[alt*='Curves of 60']")).to_be_visible()
    status = page.locator(".mg-verdict [role=status]")
    expect(status).to_have_text("Look, listen, then choose.")
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.get_by_label("Play", exact=True).press("Enter")
    page.wait_for_timeout(2000)
    sound, rate = Ear(page).sound()
    assert rms(sound[-rate:]) > 0.01
    page.get_by_label("Stop").press("Enter")
    answers = page.locator(".widget-toggle-buttons button")
    answers.nth(1).focus()
    page.keyboard.press("Space")
    expect(status).to_contain_text("Not this one: then the loss would swing.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(status).to_contain_text("Right: all latents give one piece.")
    expect(status).to_contain_text("0 of 2 right at the first try")
    screenshot(page, "clinic_light")
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "clinic_dark")
    page.get_by_role("button", name="Next case").press("Space")
    expect(page.get_by_text("Case 2 of 2")).to_be_visible()
    expect(page.locator("img[alt*='Curves of 72']")).to_be_visible()
    expect(page.locator(".widget-toggle-buttons .mod-active")).to_have_count(0)
    answers.nth(1).focus()
    page.keyboard.press("Space")
    expect(status).to_contain_text("1 of 2 right at the first try")
    assert lab.python(page, "[room.solved, room._player.score.notes['pitch'].tolist()]") == [1, [72]]
