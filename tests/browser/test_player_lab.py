"""The player in a real JupyterLab: sound, state in Python, themes, re-run cells, a busy kernel."""

from __future__ import annotations

import pytest
from conftest import Ear, Lab, onsets, rms, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SCORE = """
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import player
voicing = [(72, 67, 64, 48), (74, 67, 59, 55), (76, 67, 60, 48), (77, 69, 60, 53)]
rows = [(v, voicing[i % 4][v], i, 1) for i in range(8) for v in range(4)]
voices = [Track(name, 19) for name in ("Soprano", "Alto", "Tenor", "Bass")]
score = Score.from_rows(rows, voices, tempo=80, title="Eight chords")
"""


def head_x(page: Page) -> float:
    return page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.mg-head')).transform).e")


def test_play_hear_and_look(lab: Lab, page: Page):
    kit = "Score.from_rows([(0, [36, 42, 38, 42][i % 4], i / 2, 0.25) for i in range(32)] + [(1, 36 + i % 7, i, 1) for i in range(16)], [Track('Drums', 0, True), Track('Bass', 33)], title='Drums and bass')"
    lab.open(
        page,
        lab.notebook("play.ipynb", SCORE + "widget = player.Player(score)\nwidget", f"player.play({kit})"),
    )
    lab.run_all(page)
    first = page.locator(".mg-player").first
    play = first.get_by_label("Play", exact=True)
    play.wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    before = head_x(page)
    play.click()
    page.wait_for_timeout(2500)
    sound, rate = Ear(page).sound()
    assert onsets(sound, rate)[0] < 2
    assert rms(sound[rate : 2 * rate]) > 0.02
    assert abs(sound).max() < 0.9
    assert head_x(page) > before + 100
    assert lab.python(page, "widget.playing") is True
    screenshot(page, "player_light")
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "player_dark")
    first.get_by_label("Stop").click()
    page.wait_for_timeout(400)
    assert Ear(page).level() < 1e-4
    assert lab.python(page, "[widget.playing, widget.position]") == [False, 0.0]


def test_python_and_page_agree(lab: Lab, page: Page):
    lab.open(page, lab.notebook("agree.ipynb", SCORE + "widget = player.Player(score)\nwidget"))
    lab.run_all(page)
    page.get_by_label("Play", exact=True).wait_for()
    page.get_by_label("Mute Alto").click()
    page.get_by_label("Solo Bass").click()
    page.get_by_label("Loop").click()
    page.get_by_label("Tempo, quarter notes a minute").fill("132")
    page.get_by_label("Tempo, quarter notes a minute").press("Tab")
    roll = page.get_by_role("slider", name="Position in the music")
    roll.focus()
    roll.press("ArrowRight")
    roll.press("ArrowRight")
    page.wait_for_timeout(300)
    state = "[widget.muted, widget.soloed, widget.loop, widget.tempo, widget.position, widget.score.tempo]"
    assert lab.python(page, state) == [[1], [3], True, 132, 2, 132]
    lab.python(
        page,
        "[setattr(widget, 'muted', []), setattr(widget, 'title', '<b>new</b>'), setattr(widget, 'position', 5)]",
    )
    expect(page.get_by_label("Mute Alto")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".mg-title")).to_have_text("<b>new</b>")
    expect(roll).to_have_attribute("aria-valuetext", "bar 2, beat 2")
    # Letters and arrows in the player are not JupyterLab's shortcuts; Shift+Enter still is.
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    assert page.evaluate(cells) == 1
    page.get_by_label("Loop").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(f"{cells} === 2")


def test_ten_players_share_one_recording(lab: Lab, page: Page):
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    cells = [SCORE + "for i in range(10):\n    player.play(score, label=f'Player {i}')"]
    lab.open(page, lab.notebook("ten.ipynb", *cells))
    lab.run_all(page)
    expect(page.locator(".mg-player")).to_have_count(10)
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    megabytes = sum(received) / 1e6
    assert 0.5 < megabytes < 4  # one recording of 0.6 MB, ten pictures and sounds of the static view
    page.locator(".mg-play").nth(0).click()
    page.wait_for_timeout(500)
    page.locator(".mg-play").nth(9).click()
    page.wait_for_timeout(500)
    assert page.locator(".mg-play[aria-label=Pause]").count() == 1
    assert Ear(page).level() > 0.01


def test_a_busy_kernel_a_cell_run_again_and_a_restart(lab: Lab, page: Page):
    lab.open(
        page,
        lab.notebook(
            "busy.ipynb",
            SCORE + "widget = player.Player(score, loop=True)\nwidget",
            "import time\ntime.sleep(2)",
        ),
    )
    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    ear = Ear(page)
    page.get_by_label("Play", exact=True).click()
    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    page.evaluate("{ jupyterapp.commands.execute('notebook:run-cell'); }")  # and don't wait for it
    assert ear.level() > 0.02
    page.get_by_label("Mute Bass").click()
    assert ear.level() > 0.01
    page.wait_for_timeout(1500)
    assert lab.python(page, "widget.muted") == [3]
    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_timeout(400)
    assert ear.level() < 1e-4  # the old widget is gone from the page, and silent
    page.get_by_label("Play", exact=True).click()
    assert ear.level() > 0.02
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_timeout(2500)
    assert page.locator(".mg-player").count() == 1
    assert ear.level() > 0.02  # it keeps what it has
    page.get_by_label("Stop").click()
    page.wait_for_timeout(300)
    assert ear.level() < 1e-4
