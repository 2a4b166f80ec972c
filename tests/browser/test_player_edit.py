"""Editing, the engraved page and the MIDI file: in a bare page by hand, in JupyterLab with Python behind."""

from __future__ import annotations

import io

import mido
import numpy as np
import pytest
from conftest import Ear, Lab, cents_off, mount, onsets, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu.score import Score, Track

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
ROLL = "Position in the music"


def three() -> Score:
    """C, E and G on beats 0, 1 and 2 of one bar; a second track with a low C."""
    rows = [(0, 60, 0, 1), (0, 64, 1, 1), (0, 67, 2, 1), (1, 60, 3, 1)]
    return Score.from_rows(rows, [Track("Upper", 19), Track("Lower", 19)], tempo=60.0)


def rows(page: Page) -> list[list[float]]:
    """The model's notes, without velocities."""
    flat = page.evaluate("Array.from(new Float64Array(mounted[0].model.state.notes.buffer))")
    return [flat[at : at + 4] for at in range(0, len(flat), 5)]


def place(page: Page, beat: float, pitch: int) -> tuple[float, float]:
    """Where a beat and a pitch of `three` are on the screen: 20 rows of 12 px below a ruler of 20."""
    box = page.locator(".mg-window").bounding_box()
    return box["x"] + beat * box["width"] / 4, box["y"] + 20 + (73 - pitch) * 12 + 6


def edit(page: Page) -> None:
    page.get_by_role("button", name="Edit notes").click()


def test_a_click_adds_a_note_on_the_grid(bare: Page):
    mount(bare, three())
    before = rows(bare)
    bare.mouse.click(*place(bare, 1.1, 66))
    assert rows(bare) == before  # not editing: a click seeks
    edit(bare)
    bare.mouse.click(*place(bare, 1.3, 66))
    assert rows(bare) == sorted([*before, [0, 66, 1.25, 1]], key=lambda row: row[2])
    expect(bare.locator(".mg-status")).to_have_text("Upper: F♯4 (66), beat 1.25, 1 long")
    bare.get_by_label("Whose notes").select_option("Lower")
    bare.mouse.click(*place(bare, 0.1, 65))
    assert [1, 65, 0, 1] in rows(bare)
    box = bare.locator(".mg-window").bounding_box()
    bare.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)  # on the ruler: seek, add nothing
    assert (len(rows(bare)), bare.evaluate("mounted[0].model.state.position")) == (
        6,
        pytest.approx(2, abs=0.1),
    )


def test_notes_are_dragged_and_each_drag_is_undone_at_once(bare: Page):
    mount(bare, three())
    before = rows(bare)
    edit(bare)
    bare.mouse.move(*place(bare, 1.3, 64))
    bare.mouse.down()
    for step in range(1, 5):
        bare.mouse.move(*place(bare, 1.3 + step / 8, 64 + step))
    bare.mouse.up()
    assert rows(bare)[1] == [0, 68, 1.5, 1]
    x, y = place(bare, 3, 67)  # its right end
    bare.mouse.move(x - 4, y)
    bare.mouse.down()
    bare.mouse.move(*place(bare, 3.5, 67), steps=5)
    bare.mouse.up()
    assert [0, 67, 2, 1.5] in rows(bare)
    bare.get_by_role("button", name="Undo").click()
    bare.get_by_role("button", name="Undo").click()
    assert rows(bare) == before
    expect(bare.get_by_role("button", name="Undo")).to_be_disabled()
    bare.get_by_role("button", name="Redo").click()
    assert rows(bare)[1] == [0, 68, 1.5, 1]


def test_everything_is_edited_by_keyboard(bare: Page):
    mount(bare, three())
    before = rows(bare)
    bare.get_by_role("button", name="Edit notes").press("Enter")
    roll = bare.get_by_role("slider", name=ROLL)
    roll.focus()
    for key in (".", ".", "ArrowUp", "Shift+ArrowDown", "ArrowLeft", "Shift+ArrowRight"):
        bare.keyboard.press(key)
    assert [0, 53, 0.75, 1.25] in rows(bare)  # the second note, up 1, down 12, earlier, longer
    bare.keyboard.press("Delete")
    assert len(rows(bare)) == 3
    bare.keyboard.press("End")
    bare.keyboard.press("Enter")
    assert [0, 60, 4, 1] in rows(bare)  # at the head
    for _ in range(6):
        bare.keyboard.press("Control+z")
    assert rows(bare) == before
    bare.keyboard.press("Control+Shift+Z")
    assert rows(bare)[1] == [0, 65, 1, 1]
    bare.keyboard.press("Escape")
    bare.keyboard.press("Home")
    bare.keyboard.press("ArrowRight")  # nothing chosen: the head moves
    assert bare.evaluate("mounted[0].model.state.position") == 1


def test_notes_from_python_leave_nothing_to_undo(bare: Page):
    mount(bare, three())
    edit(bare)
    bare.mouse.click(*place(bare, 1.3, 66))
    expect(bare.get_by_role("button", name="Undo")).to_be_enabled()
    bare.evaluate("mounted[0].model.set('notes', new DataView(Float64Array.from([0, 62, 0, 1, 80]).buffer))")
    expect(bare.get_by_role("button", name="Undo")).to_be_disabled()
    assert rows(bare) == [[0, 62, 0, 1]]


def test_an_edit_is_heard_while_it_plays(bare: Page):
    mount(bare, Score.from_rows([(0, 60, 0, 8)], [Track("Organ", 19)], tempo=60.0))
    edit(bare)
    bare.get_by_role("slider", name=ROLL).focus()
    for key in (".", "Shift+ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"):  # 60 + 12 − 3
        bare.keyboard.press(key)
    bare.get_by_label("Play", exact=True).click()
    bare.wait_for_timeout(2600)
    sound, rate = Ear(bare).sound()
    start = round((onsets(sound, rate)[0] + 0.1) * rate)
    assert abs(cents_off(sound[start : start + round(1.5 * rate)], rate, 69)) < 3


def test_an_empty_piece_can_be_begun(bare: Page):
    mount(bare, Score.from_rows([], [Track("new")]))
    edit(bare)
    bare.get_by_role("slider", name=ROLL).press("Enter")
    assert rows(bare) == [[0, 60, 0, 1]]
    expect(bare.get_by_label("Play", exact=True)).to_be_enabled()


def test_a_lost_kernel_is_said_and_the_player_plays_on(bare: Page):
    mount(bare, three())
    bare.evaluate("mounted[0].model.tell('comm_live_update')")
    expect(bare.get_by_role("alert")).to_contain_text("run the cell again")
    expect(bare.get_by_role("button", name="Download MIDI")).to_be_disabled()
    bare.get_by_label("Play", exact=True).click()
    assert Ear(bare).level() > 0.005


CELL = f"""
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import player
rows = [(0, 60, 0, 1), (0, 64, 1, 1), (0, 67, 2, 1), (1, 60, 3, 1)]
tracks = [Track({HOSTILE!r}, 19), Track("Lower", 19)]
widget = player.Player(Score.from_rows(rows, tracks, tempo=60.0, title={HOSTILE!r}))
heard = []
widget.observe(lambda change: heard.append(widget.score.n_notes), "notes")
widget
"""


def test_python_sees_the_edit_and_writes_what_is_taken_away(lab: Lab, page: Page):
    lab.open(page, lab.notebook("edit.ipynb", CELL))
    lab.run_all(page)
    edit(page)
    roll = page.get_by_role("slider", name=ROLL)
    roll.focus()
    for key in (".", ".", "Delete", "Home", "Enter", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    want = [[0, 60], [0, 61], [0, 67], [1, 60]]
    assert lab.python(page, "[[int(n['track']), int(n['pitch'])] for n in widget.score.notes]") == want
    assert lab.python(page, "heard[:2]") == [3, 4]
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    assert page.evaluate(cells) == 1  # Delete, Enter and Ctrl+Z were not JupyterLab's
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download MIDI").click()
    assert waiting.value.suggested_filename == "img srcx onerroralert1.mid"
    data = waiting.value.path().read_bytes()
    played = mido.MidiFile(file=io.BytesIO(data))
    assert sorted(m.note for m in played if m.type == "note_on" and m.velocity) == [60, 60, 61, 67]
    page.get_by_role("button", name="Engraved score").click()
    engraved = page.locator(".mg-page img")
    expect(engraved).to_have_attribute(
        "alt", f"Engraved score of {HOSTILE}: 4 notes in 1 bars", timeout=20_000
    )
    page.wait_for_function("document.querySelector('.mg-page img').naturalWidth > 100")
    ink = page.evaluate(
        """() => { const image = document.querySelector(".mg-page img");
          const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 200 });
          const pen = canvas.getContext("2d");
          pen.fillStyle = "white"; pen.fillRect(0, 0, 600, 200); pen.drawImage(image, 0, 0, 600, 200);
          return pen.getImageData(0, 0, 600, 200).data.filter((v, i) => i % 4 === 0 && v < 128).length; }"""
    )
    assert ink > 300  # staves and notes, not a blank page
    assert page.locator(".mg-player img").count() == 1  # the page; names are text
    screenshot(page, "edit_light")
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "edit_dark")
    page.keyboard.press("Tab")
    np.testing.assert_equal(page.evaluate(cells), 1)
