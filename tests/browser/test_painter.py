"""The gap painter: its sheet in a bare page, and the whole of it in a real JupyterLab."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu.widgets import painter

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


def mount_sheet(page: Page, **state: Any) -> None:
    """A sheet of 2 voices, a pickup of 4 steps and two bars."""
    traits = {
        "pitches": [[72 + step // 4 for step in range(36)], [48] * 36],
        "filled": [[0] * 36, [0] * 36],
        "gap": [[0] * 36, [0] * 36],
        "voices": ["Upper", "Lower"],
        "cell": [0, 0],
        "lead": 4,
        "steps_per_bar": 16,
        "notes": "",
    }
    page.add_style_tag(content=painter.Sheet._css)
    page.evaluate("([source, state]) => mount(source, state)", [painter.Sheet._esm, traits | state])


def state(page: Page, name: str) -> Any:
    return page.evaluate(f"mounted[0].model.state.{name}")


def painted(page: Page) -> list[tuple[int, int]]:
    return [(v, s) for v, row in enumerate(state(page, "gap")) for s, one in enumerate(row) if one]


def cells(voice: int, first: int, stop: int) -> list[tuple[int, int]]:
    return [(voice, step) for step in range(first, stop)]


def test_keys_paint_cells_bars_and_voices_and_wipe_them(bare: Page):
    mount_sheet(bare, cell=[1, 6])
    sheet = bare.get_by_role("application")
    for key, want in [
        (" ", cells(1, 6, 7)),
        (" ", []),
        ("b", cells(1, 4, 20)),
        ("b", []),
        ("Shift+B", cells(0, 4, 20) + cells(1, 4, 20)),
        ("v", cells(0, 4, 20) + cells(1, 0, 36)),
        ("v", cells(0, 4, 20)),
        ("Shift+B", cells(0, 4, 20) + cells(1, 4, 20)),
        ("Shift+B", []),
    ]:
        sheet.press(key)
        assert painted(bare) == want, key
    sheet.press("Home")
    sheet.press("b")
    assert painted(bare) == cells(1, 0, 4)  # the pickup
    sheet.press("ArrowUp")
    sheet.press("End")
    assert state(bare, "cell") == [0, 35]
    expect(bare.locator("output")).to_have_text("Upper, bar 2, beat 4.75: A♭5. 4 cells painted.")


def test_the_mouse_paints_a_stroke_a_bar_and_a_voice(bare: Page):
    mount_sheet(bare)
    canvas = bare.locator(".mg-painter canvas")
    box = canvas.bounding_box()
    width = (box["width"] - 49) / 36
    at = lambda step, y: (box["x"] + 49 + (step + 0.5) * width, box["y"] + y)  # noqa: E731
    bare.mouse.move(*at(5, 30))
    bare.mouse.down()
    bare.mouse.move(*at(9, 30))
    bare.mouse.up()
    assert painted(bare) == cells(0, 5, 10)
    bare.mouse.move(*at(9, 30))
    bare.mouse.down()  # a stroke from a painted cell wipes
    bare.mouse.move(*at(7, 30))
    bare.mouse.up()
    assert painted(bare) == cells(0, 5, 7)
    canvas.click(position={"x": 10, "y": 18 + 24 + 10})  # the lower voice's name
    assert painted(bare) == cells(0, 5, 7) + cells(1, 0, 36)
    canvas.click(position={"x": 49 + 25.5 * width, "y": 8})  # the ruler: bar 2
    assert painted(bare) == cells(0, 5, 7) + cells(0, 20, 36) + cells(1, 0, 36)
    bare.get_by_role("button", name="Paint bar").click()
    bare.get_by_role("button", name="Paint bar").focus()
    assert bare.evaluate("getComputedStyle(document.activeElement).outlineStyle") in ("solid", "none", "auto")


def test_names_are_text_and_both_themes_show_the_paint(bare: Page):
    mount_sheet(
        bare,
        voices=[HOSTILE, "Lower"],
        gap=[[0] * 20 + [1] * 8 + [0] * 8, [0] * 36],
        filled=[[0] * 36, [1] * 16 + [0] * 20],
    )
    assert bare.locator("img").count() == 0
    screenshot(bare, "painter_light")
    bare.add_style_tag(
        content="body { --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-content-font-color0: #fff; background: #111 }"
    )
    bare.evaluate("document.body.className = 'dark'")
    bare.wait_for_timeout(600)
    screenshot(bare, "painter_dark")
    bare.evaluate("mounted[0].remove()")
    assert bare.locator(".mg-painter").count() == 0


NOTEBOOK = """
from musicgan_edu import completion, corpus
from musicgan_edu.widgets import painter
piece = corpus.read_chorale("bwv227.1").cut(0, 16)
widget = painter.Painter(piece)
widget.method.value = "drafts"
widget
"""


def test_painting_and_filling_in_jupyterlab(page: Page, lab: Lab):
    lab.open(page, lab.notebook("painter.ipynb", NOTEBOOK))
    lab.run_all(page)
    sheet = page.get_by_role("application", name="Cells by voice and step")
    expect(sheet).to_be_visible(timeout=60_000)
    sheet.scroll_into_view_if_needed()
    for key in ("ArrowDown", *["ArrowRight"] * 20, "Shift+B"):
        sheet.press(key)
    expect(page.locator(".mg-painter output")).to_contain_text("64 cells painted")
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.get_by_text("64 cells filled by 'drafts'")).to_be_visible(timeout=60_000)
    given = "completion.fragments(widget.score, widget.gap) == completion.fragments(piece, widget.gap)"
    assert lab.python(page, given)
    assert lab.python(page, "widget.score != piece")
    first = lab.python(page, "widget.score.notes['pitch'].tolist()")
    page.locator(".mg-play").click()
    assert Ear(page).level() > 0.004
    page.locator(".mg-play").click()
    page.get_by_role("button", name="Fill", exact=True).click()
    page.wait_for_timeout(3000)
    assert lab.python(page, "widget.score.notes['pitch'].tolist()") != first
    screenshot(page, "painter_lab")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_timeout(1500)
    assert lab.python(page, "widget.score.notes['pitch'].tolist()") == first
    page.get_by_role("button", name="before").click()
    page.wait_for_timeout(1000)
    assert lab.python(page, "widget.player.score == piece")
