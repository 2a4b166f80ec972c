"""Lesson 00 as a newcomer meets it: open, run all, press play, hear Bach and the GAN."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Ear, Lab, onsets, rms, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import course

pytestmark = pytest.mark.browser


def learners_notebook(lab: Lab, folder: Path) -> str:
    """Build the lesson from its source and put it where the server looks; its name."""
    (folder / "source").mkdir()
    (source,) = (course.ROOT / "source").glob("00_*.py")
    shutil.copy(source, folder / "source")
    course.build(folder)
    name = f"{source.stem}.ipynb"
    shutil.copy(folder / name, lab.folder / name)
    return name


def test_a_newcomer_hears_bach_and_the_gan(lab: Lab, page: Page, tmp_path: Path):
    lab.open(page, learners_notebook(lab, tmp_path))
    lab.run_all(page)
    players = page.locator(".mg-player")
    expect(players.nth(1)).to_be_visible()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    for i, voice in enumerate(("bach", "gan")):
        one = players.nth(i)
        one.evaluate("element => element.scrollIntoView({ block: 'center' })")
        one.get_by_label("Loop").click()
        start = head_x(page, i)
        Ear(page).clear()
        one.get_by_label("Play", exact=True).click()
        page.wait_for_timeout(2500)
        sound, rate = Ear(page).sound()
        assert onsets(sound, rate)[0] < 2
        assert rms(sound[-rate:]) > 0.01, voice
        assert abs(sound).max() < 0.9, voice
        assert head_x(page, i) > start + 50, voice
        for theme in ("Light", "Dark"):
            lab.theme(page, f"JupyterLab {theme}")
            screenshot(page, f"lesson_00_{voice}_{theme.lower()}")
    page.locator(".mg-play[aria-label=Pause]").click()  # only the second still plays
    page.wait_for_timeout(400)
    assert Ear(page).level() < 1e-4


def head_x(page: Page, index: int) -> float:
    script = "i => new DOMMatrix(getComputedStyle(document.querySelectorAll('.mg-head')[i]).transform).e"
    return page.evaluate(script, index)
