"""The recommender in a real JupyterLab: like, dislike, play; keys, themes, hostile titles."""

from __future__ import annotations

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
SETUP = f"""
import numpy as np
from musicgan_edu import recommendation
from musicgan_edu.recommendation import Index, Scale
from musicgan_edu.score import Score
from musicgan_edu.widgets import recommender
def piece(first, title):
    steps = [0, 2, 4, 5, 7, 4, 0, 7]
    return Score.from_rows([(0, first + s, i, 1) for i, s in enumerate(steps * 8)], title=title)
def features(scores):
    angle = np.radians(scores[0].notes["pitch"][0])
    return {{"counts": np.array([np.cos(angle), np.sin(angle)])}}
PIECES = {{f"{{n}}.mid": piece(n, {HOSTILE!r} if n == 50 else f"Tune {{n}}") for n in (40, 50, 60, 90)}}
index = Index({{"counts": Scale(np.zeros(2), np.ones(2))}})
for key, score in PIECES.items():
    index.add(key, score.title, features([score]), label="mine")
table = recommender.Recommender(piece(45, "Asked"), index, features=features, music=lambda key: [PIECES[key]], count=3)
table
"""


@pytest.fixture
def table(lab: Lab, page: Page) -> Page:
    lab.open(page, lab.notebook("recommender.ipynb", SETUP))
    lab.run_all(page)
    page.get_by_role("button", name="Play Tune 40").wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    return page


def titles(page: Page) -> list[str]:
    return page.locator(".mg-recommender li .mg-piece").all_inner_texts()


def test_a_like_and_a_dislike_rank_anew_at_once(table: Page, lab: Lab):
    assert titles(table) == ["Tune 40, mine", f"{HOSTILE}, mine", "Tune 60, mine"]
    table.get_by_label("Dislike Tune 40").click()
    expect(table.locator(".mg-recommender li")).to_have_count(3)
    expect(table.get_by_label("Play Tune 90")).to_be_visible()
    table.get_by_label("Like Tune 90", exact=True).click()
    expect(table.locator(".mg-recommender li .mg-piece").first).to_have_text("Tune 60, mine")
    assert lab.python(table, "[table.shelf.liked, table.shelf.disliked]") == [["90.mid"], ["40.mid"]]
    assert lab.python(table, "[hit.key for hit in table.hits]") == ["60.mid", "50.mid", "90.mid"]
    expect(table.get_by_label("Like Tune 90", exact=True)).to_have_attribute("aria-pressed", "true")
    screenshot(table, "recommender_light")
    lab.theme(table, "JupyterLab Dark")
    screenshot(table, "recommender_dark")
    table.get_by_label("Take back: disliked Tune 40").click()
    expect(table.get_by_label("Play Tune 40")).to_be_visible()
    assert lab.python(table, "table.shelf.disliked") == []


def test_a_piece_of_the_list_is_heard_and_asked_with(table: Page, lab: Lab):
    table.get_by_label("Play Tune 60").click()
    expect(table.locator(".mg-recommender .mg-status")).to_have_text("playing Tune 60")
    assert Ear(table).level() > 0.02
    assert lab.python(table, "[table.shelf.heard, table.player.score == PIECES['60.mid']]") == [
        "60.mid",
        True,
    ]
    expect(table.locator(".mg-recommender li.mg-heard")).to_have_count(1)
    table.get_by_role("button", name="Like what plays now").click()
    expect(table.locator(".mg-recommender .mg-piece").first).to_have_text("Most like: Tune 60")
    assert lab.python(table, "[hit.key for hit in table.hits]") == ["50.mid", "40.mid", "90.mid"]
    table.get_by_label("Stop").click()


def test_titles_are_text_and_keys_are_enough(table: Page, lab: Lab):
    assert table.locator(".mg-recommender img").count() == 0
    table.get_by_label("Like Tune 40", exact=True).focus()
    table.keyboard.press("Space")
    expect(table.get_by_label("Like Tune 40", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(table.get_by_label("Like Tune 40", exact=True)).to_be_focused()  # the list was rebuilt under it
    assert lab.python(table, "table.shelf.liked") == ["40.mid"]
    table.keyboard.press("Tab")
    expect(table.get_by_label("Dislike Tune 40")).to_be_focused()
    table.keyboard.press("Enter")
    expect(table.get_by_label("Take back: disliked Tune 40")).to_be_visible()
    assert lab.python(table, "[table.shelf.liked, table.shelf.disliked]") == [[], ["40.mid"]]
    assert table.locator(".jp-Notebook .jp-Cell").count() == 1  # Enter and Space stayed ours


def test_a_lost_kernel_is_said(table: Page):
    table.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(table.locator(".mg-recommender > .mg-lost")).to_contain_text("Run the cell again", timeout=30_000)
    assert table.get_by_label("Play Tune 40").evaluate("element => element.closest('[inert]') !== null")
