"""The sliders of lessons 03 and 15, from the lessons' own cells: by keyboard, in both themes, what they move follows."""

from __future__ import annotations

import re

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import course

pytestmark = pytest.mark.browser


def cells(number: str, *words: str) -> list[str]:
    """Those code cells of a lesson that hold one of the words, solutions inside."""
    (source,) = (course.ROOT / "source").glob(f"{number}_*.py")
    code = [cell.text for cell in course.read(source).cells if cell.kind == "code"]
    return [text for text in code if any(word in text for word in words)]


def press(page: Page, name: str, n: int, key: str = "ArrowRight") -> None:
    slider = page.get_by_role("slider", name=name, exact=True)
    slider.focus()
    for _ in range(n):
        slider.press(key)


def both_themes(lab: Lab, page: Page, name: str) -> None:
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        screenshot(page, f"{name}_{theme.lower()}")


def test_thresholds_take_ghosts_from_what_plays(lab: Lab, page: Page):
    words = ("recording = ", "lab.begin", "def perform", "dirty = ", "def ghosts_of", "def found_and_lost")
    lab.open(page, lab.notebook("thresholds.ipynb", *cells("03", *words, "looks = ", "slider.Column")))
    lab.run_all(page)
    said = page.locator(".widget-label", has_text="of the ghosts found")
    expect(said).to_have_text("0 % of the ghosts found, 0.0 % of the music lost", timeout=90_000)
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.locator(".mg-player").last.get_by_label("Play", exact=True).click()
    press(page, "shortest, beats", 12)
    press(page, "quietest, share", 50)
    expect(said).to_contain_text(", 0.0 % of the music lost")
    expect(said).not_to_contain_text("0 % of the ghosts found,")
    n_left, n_dirty, value, playing = lab.python(
        page, "[left.score.n_notes, dirty.cut(0, 17).n_notes, shorter.value, left.playing]"
    )
    assert value == pytest.approx(0.12)
    assert 0.8 * n_dirty < n_left < n_dirty
    assert playing is True  # it goes on, with what is left
    assert Ear(page).level() > 0.01
    press(page, "shortest, beats", 48)
    expect(said).not_to_contain_text(" 0.0 % of the music lost")
    both_themes(lab, page, "thresholds")


def test_a_faster_network_moves_the_curve(lab: Lab, page: Page):
    words = ("lab.begin", "def step_seconds", "shipped = ", "def chart", "slider.Column")
    lab.open(page, lab.notebook("scaling.ipynb", "from musicgan_edu import sampling", *cells("15", *words)))
    lab.run_all(page)
    chart = page.locator("img[alt*='with talk']")
    expect(chart).to_have_attribute("alt", chart_of(1), timeout=90_000)
    before = chart.get_attribute("src")
    press(page, "network, Gbit/s", 9)
    expect(chart).to_have_attribute("alt", chart_of(10))
    assert chart.get_attribute("src") != before
    both_themes(lab, page, "scaling")


def chart_of(gigabits: int) -> re.Pattern[str]:
    return re.compile(f"50 ms of work, {gigabits} Gbit/s.*with talk")
