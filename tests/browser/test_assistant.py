"""The assistant's desk in a real JupyterLab: type, suggest, hear, keep, re-roll, take home; by keyboard alone, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import corpus

pytestmark = pytest.mark.browser

SETUP = """
from musicgan_edu.widgets import assistant
desk = assistant.Assistant("A4 | D5 D5 E5 F#5 | D5 F#5 E5 A4", n=3, n_drafts=8)
desk
"""


@pytest.fixture
def desk(lab: Lab, page: Page) -> Page:
    lab.open(page, lab.notebook("assistant.ipynb", SETUP))
    lab.run_all(page)
    page.get_by_role("button", name="Suggest", exact=True).wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    return page


def until(desk: Page, lab: Lab, expression: str) -> None:
    for _ in range(60):
        if lab.python(desk, expression):
            return
        desk.wait_for_timeout(250)
    assert lab.python(desk, expression), expression


def test_type_suggest_and_hear(desk: Page, lab: Lab):
    desk.get_by_label("Melody", exact=True).fill("G4 | C5 C5 D5 E5 | <img src=x>")
    desk.get_by_role("button", name="Suggest", exact=True).click()
    status = desk.locator(".mg-assistant .mg-status")
    expect(status).to_contain_text("'<img' is no note", timeout=15_000)
    assert desk.locator(".mg-panel img").count() == 0
    desk.get_by_label("Melody", exact=True).fill("G4 | C5 C5 D5 E5 | C5 E5 D5:2")
    desk.get_by_role("button", name="Suggest", exact=True).click()
    until(desk, lab, "desk.chosen.score.of_track(0)['pitch'].tolist() == [67, 72, 72, 74, 76, 72, 76, 74]")
    assert lab.python(desk, "[len(desk.suggestions), len(desk.player.score.tracks)]") == [3, 4]
    desk.get_by_label("Play", exact=True).click()
    assert Ear(desk).level() > 0.02
    screenshot(desk, "assistant_light")
    lab.theme(desk, "JupyterLab Dark")
    screenshot(desk, "assistant_dark")
    lab.theme(desk, "JupyterLab Light")
    desk.get_by_label("Stop").click()


def test_keep_re_roll_and_take_home(desk: Page, lab: Lab, tmp_path: Path):
    desk.get_by_role("group", name="Suggestions").get_by_role("button").nth(1).click()
    until(desk, lab, "desk.chosen is desk.suggestions[1]")
    bass = lab.python(desk, "desk.chosen.score.of_track(3)['pitch'].tolist()")
    desk.get_by_role("button", name="Bass", exact=True).click()
    desk.get_by_role("button", name="Bar 1", exact=True).click()
    desk.get_by_role("button", name="Re-roll the rest").click()
    expect(desk.locator(".mg-assistant .mg-status")).to_have_text("kept: Bass, bar 1", timeout=15_000)
    assert lab.python(desk, "desk.chosen.score.of_track(3)['pitch'].tolist()") == bass
    desk.get_by_role("button", name="likely voices, near bass").click()
    until(desk, lab, "desk.desk.rank == 'merit+td' and 'tonal distance' in desk.desk.listed[0]")
    expect(desk.get_by_role("group", name="Suggestions")).to_contain_text("tonal distance to the bass")
    with desk.expect_download() as taken:
        desk.get_by_role("button", name="Download MIDI").click()
    taken.value.save_as(tmp_path / "harmonised.mid")
    assert corpus.read(tmp_path / "harmonised.mid").n_notes == lab.python(desk, "desk.chosen.score.n_notes")


def test_keys_are_enough(desk: Page, lab: Lab):
    desk.get_by_label("Melody", exact=True).focus()
    desk.keyboard.press("Control+A")
    desk.keyboard.type("C5 D5 E5 C5")
    desk.keyboard.press("Control+Enter")
    until(desk, lab, "desk.chosen.score.of_track(0)['pitch'].tolist() == [72, 74, 76, 72]")
    desk.get_by_label("Melody", exact=True).focus()
    reached = []
    for _ in range(14):
        desk.keyboard.press("Tab")
        reached.append(
            desk.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
    assert reached[0] == "Suggest"
    assert [text[:2] for text in reached[1:4]] == ["1.", "2.", "3."]
    assert reached[4:] == [
        "likely voices",
        "likely voices, near bass",
        "The melody",
        "The suggestion",
        "Alto",
        "Tenor",
        "Bass",
        "Bar 1",
        "Re-roll the rest",
        "Go towards suggestion",
    ]
    desk.get_by_label("How far towards it").focus()
    desk.keyboard.press("End")
    until(desk, lab, "desk.chosen is desk.suggestions[1]")
    desk.get_by_role("button", name="The melody").focus()
    desk.keyboard.press("Enter")
    until(desk, lab, "len(desk.player.score.tracks) == 1")
    desk.get_by_label("Play", exact=True).focus()
    desk.keyboard.press("Space")
    assert Ear(desk).level() > 0.01


def test_a_lost_kernel_is_said(desk: Page):
    desk.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(desk.locator(".mg-assistant > .mg-lost")).to_contain_text("Run the cell again", timeout=30_000)
    assert desk.get_by_label("Melody", exact=True).evaluate("element => element.closest('[inert]') !== null")
