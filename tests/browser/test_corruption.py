"""The corruption bench: its strip in a bare page, and the whole of it in a real JupyterLab."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu.widgets import corruption

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
THEME = """
body { --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-content-font-color0: #fff; background: #111 }
"""


def mount_strip(page: Page, **state: Any) -> None:
    """A strip of 2 voices and 32 steps; the upper voice changes pitch every beat."""
    pitches = [[72 + step // 4 for step in range(32)], [48] * 32]
    traits = {
        "before": [1 + 0.5 * (step % 5) for step in range(32)],
        "now": [1 + 0.5 * (step % 5) - (2.5 if 8 <= step < 20 else 0) for step in range(32)],
        "pitches_before": pitches,
        "pitches": [[p + (8 <= step < 12) for step, p in enumerate(pitches[0])], pitches[1]],
        "voices": ["Upper", "Lower"],
        "steps_per_beat": 4,
        "steps_per_bar": 16,
        "cell": [0, 0],
        "asked": [],
        "notes": "",
    }
    page.add_style_tag(content=corruption.Strip._css)
    page.evaluate("([source, state]) => mount(source, state)", [corruption.Strip._esm, traits | state])


def state(page: Page, name: str) -> Any:
    return page.evaluate(f"mounted[0].model.state.{name}")


def shades(page: Page, x: float, y: float, width: float, height: float) -> set:
    """The colours in a part of the canvas, in CSS pixels."""
    return set(
        page.evaluate(
            """([x, y, w, h]) => { const canvas = document.querySelector(".mg-strip canvas");
              const data = canvas.getContext("2d").getImageData(x, y, w, h).data;
              const found = [];
              for (let i = 0; i < data.length; i += 4) found.push(data.slice(i, i + 3).join());
              return found; }""",
            [round(x), round(y), round(width), round(height)],
        )
    )


def step_width(page: Page) -> float:
    return (page.locator(".mg-strip canvas").bounding_box()["width"] - 49) / 32


def test_arrow_keys_move_the_cursor_within_the_grid(bare: Page):
    mount_strip(bare)
    canvas = bare.get_by_role("application")
    for key, cell in [
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("ArrowDown", [1, 1]),
        ("End", [1, 31]),
        ("ArrowRight", [1, 31]),
        ("Home", [1, 0]),
        ("ArrowLeft", [1, 0]),
        ("ArrowUp", [0, 0]),
    ]:
        canvas.press(key)
        assert state(bare, "cell") == cell, key
    assert bare.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_plus_and_minus_ask_to_move_a_note_and_can_be_repeated(bare: Page):
    mount_strip(bare, cell=[1, 5])
    canvas = bare.get_by_role("application")
    canvas.press("+")
    assert state(bare, "asked") == [1, 5, 1, 1]
    canvas.press("+")
    assert state(bare, "asked") == [1, 5, 1, 2]
    canvas.press("-")
    assert state(bare, "asked") == [1, 5, -1, 3]
    bare.get_by_label("Lower the note by a semitone").click()
    assert state(bare, "asked") == [1, 5, -1, 4]
    bare.get_by_label("Raise the note by a semitone").click()
    assert state(bare, "asked") == [1, 5, 1, 5]


def test_the_mouse_chooses_a_cell(bare: Page):
    mount_strip(bare)
    canvas, width = bare.locator(".mg-strip canvas"), step_width(bare)
    canvas.click(position={"x": 49 + 10.5 * width, "y": 116 + 17 * 1.5})
    assert state(bare, "cell") == [1, 10]
    canvas.click(position={"x": 49 + 20.5 * width, "y": 40})  # in the curve: the step, not the voice
    assert state(bare, "cell") == [1, 20]
    canvas.click(position={"x": 5, "y": 116 + 5})  # on a voice's name: as near as there is a cell
    assert state(bare, "cell") == [0, 0]


def test_the_cell_is_said_in_words(bare: Page):
    mount_strip(bare)
    expect(bare.locator("output")).to_have_text("Upper, bar 1, beat 1: C5. Verdict 1.00, was 1.00.")
    bare.evaluate("mounted[0].model.set('cell', [0, 9])")
    expect(bare.locator("output")).to_have_text(
        "Upper, bar 1, beat 3.25: E♭5, was D5. Verdict 0.50, was 3.00."
    )


def test_what_is_damaged_shows_in_colour_and_by_a_cross(bare: Page):
    mount_strip(bare, cell=[1, 31])
    width = step_width(bare)
    damaged = shades(bare, 49 + 9 * width, 118, width, 13)
    whole = shades(bare, 49 + 13 * width, 118, width, 13)
    assert "255,255,255" in damaged - whole  # the cross
    lost = shades(bare, 49 + 9 * width, 8, width, 100)
    assert any(abs(int(shade.split(",")[0]) - 213) < 4 for shade in lost)  # between the curves
    assert lost - shades(bare, 49 + 25 * width, 8, width, 100)


def test_it_follows_new_verdicts(bare: Page):
    mount_strip(bare, cell=[0, 3])
    bare.evaluate("mounted[0].model.set('now', Array(32).fill(-3))")
    expect(bare.locator("output")).to_contain_text("Verdict -3.00, was 2.50")


def test_names_are_text_and_the_view_goes_without_a_trace(bare: Page):
    mount_strip(bare, voices=[HOSTILE, "Lower"])
    assert bare.locator("img").count() == 0
    expect(bare.locator("output")).to_contain_text(HOSTILE)
    bare.evaluate("mounted[0].remove()")
    assert bare.locator(".mg-strip").count() == 0


def test_both_themes_in_the_bare_page(bare: Page):
    mount_strip(bare)
    screenshot(bare, "corruption_light")
    bare.add_style_tag(content=THEME)
    bare.evaluate("document.body.className = 'dark'")
    bare.wait_for_timeout(600)
    crosses = shades(bare, 49 + 9 * step_width(bare), 118, step_width(bare), 13)
    assert "0,0,0" in crosses  # dark on the bright cells of a dark page
    screenshot(bare, "corruption_dark")


BENCH = """
import numpy as np
from musicgan_edu import corpus, encoding
from musicgan_edu.widgets import corruption
form = encoding.VoiceEncoding()
def judge(scores):
    return 2 - np.abs(np.diff(form.sounding(form.tokens(scores).values).astype(float).mean(2), axis=1, prepend=0))
piece = corpus.read_chorale("bwv227.1").cut(0, 8)
bench = corruption.Bench(piece, judge)
bench
"""


def test_damage_by_hand_in_jupyterlab(page: Page, lab: Lab):
    lab.open(page, lab.notebook("bench.ipynb", BENCH))
    lab.run_all(page)
    canvas = page.get_by_role("application", name="Verdicts and notes by step")
    expect(canvas).to_be_visible(timeout=30_000)
    canvas.scroll_into_view_if_needed()
    canvas.press("ArrowDown")
    canvas.press("+")
    expect(page.locator(".mg-strip output")).to_contain_text("was")
    page.wait_for_timeout(500)
    moved = "[int(n['track']) for n, m in zip(bench.score.notes, piece.notes) if n['pitch'] != m['pitch']]"
    assert lab.python(page, moved) == [1]
    page.locator(".widget-dropdown select").select_option("voices swapped")
    page.wait_for_timeout(1000)
    assert lab.python(page, "len(bench.score.notes) > 0 and bench.score != piece")
    expect(page.get_by_text("above 0: real")).to_be_visible()
    page.locator(".mg-play").click()
    assert Ear(page).level() > 0.004
    page.locator(".mg-play").click()
    screenshot(page, "corruption_lab_light")
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "corruption_lab_dark")
    lab.theme(page, "JupyterLab Light")
