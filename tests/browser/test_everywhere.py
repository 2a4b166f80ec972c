"""What every widget owes, all of them in one notebook: hostile names, a reload, a lost kernel, an export."""

from __future__ import annotations

import re

import pytest
from conftest import Ear, Lab, screenshot
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from musicgan_edu import corpus, playback
from musicgan_edu.score import Score, Track

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
WIDGETS = """
import numpy as np
from IPython.display import display
from musicgan_edu import corpus, lab, plotting, sampling
from musicgan_edu.widgets import blind_test, clinic, corruption, gan_lab, latents, mixer, player, sliders
score = corpus.read("<img src=x onerror=alert(1)>.mid")
sampler = sampling.load("chorales")
title = score.title
"""
CELLS = [
    "one = player.Player(score, label=title)\none",
    "two = mixer.Mixer(score, score)\ntwo",
    "three = corruption.Bench(score, lambda scores: np.zeros((len(scores), 32)))\nthree",
    "four = blind_test.BlindTest([score] * 2, [score.replace(title='other')] * 2, n=2, seed=1, keep=False)\nfour",
    "figure = plotting.losses({title: [1.0, 2.0]}, title=title)\n"
    "case = clinic.Case(figure, score, title, {title: title, 'other': 'no'})\nfive = clinic.Clinic([case])\nfive",
    "found = [sampling.Direction(title, np.eye(32, dtype=np.float32)[i], 2.0, 0.4, 17.0, 2.6) for i in (0, 1)]\n"
    "six = latents.Latents(sampler, found, seed=4)\nsix",
    "seven = gan_lab.GanLab(shape='ring of 8', axes=[title, title])\nseven",
]
SHOWN = ".mg-player, .mg-mixer, .mg-strip, .mg-blind, .mg-latents, .gl-lab"


@pytest.fixture
def hostile(lab: Lab) -> None:
    """A MIDI file in the server's folder whose name (its title) and tracks are markup that would run."""
    rows = [(voice, (72, 67, 60, 48)[voice], beat, 1) for beat in range(8) for voice in range(4)]
    tracks = [Track(f"{HOSTILE}{i or ''}", 19) for i in range(4)]
    playback.to_midi(Score.from_rows(rows, tracks, tempo=90.0), lab.folder / f"{HOSTILE}.mid")


@pytest.fixture
def all_of_them(lab: Lab, page: Page, hostile: None) -> Page:
    lab.open(page, lab.notebook("everywhere.ipynb", WIDGETS, *CELLS))
    lab.run_all(page)
    expect(page.locator(SHOWN)).to_have_count(10, timeout=60_000)
    return page


def test_a_file_of_hostile_names_is_text_everywhere(lab: Lab, all_of_them: Page):
    page = all_of_them
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    assert page.locator("img[src='x'], [onerror]").count() == 0
    expect(page.locator(".mg-title").first).to_have_text(HOSTILE)
    expect(page.locator(".mg-name").nth(1)).to_have_text(f"{HOSTILE}1")
    expect(page.locator(".mg-piece").first).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Engraved score").first.click()
    expect(page.locator(".mg-page img").first).to_have_attribute("alt", re.compile(re.escape(HOSTILE)))
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(500)
    exported, _ = HTMLExporter().from_filename(str(lab.folder / "everywhere.ipynb"))
    (lab.folder / "everywhere.html").write_text(exported, encoding="utf-8")
    page.route(re.compile(r"^https://"), lambda route: route.abort())  # nbconvert's own scripts
    page.goto(f"file://{lab.folder / 'everywhere.html'}")
    page.wait_for_timeout(500)
    outside = [mishap for mishap in page.mishaps if "request left" not in mishap]  # type: ignore[attr-defined]
    page.mishaps[:] = [mishap for mishap in outside if "require" not in mishap]  # type: ignore[attr-defined]
    assert page.locator("img[src='x'], [onerror]").count() == 0
    assert page.locator(".jp-OutputArea-output img[alt*='onerror=alert(1)']").count() >= 5
    assert page.locator("audio").count() >= 5
    assert not dialogs


def test_texts_that_are_taken_away_hold_no_markup_from_a_file(hostile: None, lab: Lab):
    score = corpus.read(lab.folder / f"{HOSTILE}.mid")
    assert (score.title, score.tracks[0].name) == (HOSTILE, HOSTILE)
    assert "<img" not in playback.to_musicxml(score)
    assert "<img" not in playback.engrave(score)


def test_a_reloaded_page_has_its_state_and_sound_again(lab: Lab, page: Page, hostile: None):
    lab.open(page, lab.notebook("reload.ipynb", WIDGETS, CELLS[0]))
    lab.run_all(page)
    page.get_by_label(f"Mute {HOSTILE}", exact=True).click()
    page.get_by_label("Tempo, quarter notes a minute").fill("132")
    page.get_by_label("Tempo, quarter notes a minute").press("Tab")
    page.get_by_role("button", name="Edit notes").click()
    roll = page.get_by_role("slider", name="Position in the music")
    roll.focus()
    for key in (".", "Delete"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(500)
    page.reload()
    page.locator(".mg-player").wait_for(timeout=60_000)
    expect(page.get_by_label(f"Mute {HOSTILE}", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Tempo, quarter notes a minute")).to_have_value("132")
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')]?.instruments", timeout=20_000)
    page.get_by_label("Play", exact=True).click()
    assert Ear(page).level() > 0.005
    page.wait_for_function("globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel")
    assert lab.python(page, "[one.score.n_notes, one.muted, one.playing]") == [31, [0], True]


def test_a_lost_kernel_is_said_by_every_widget(all_of_them: Page):
    page = all_of_them
    lost = page.locator(".mg-lost")
    assert lost.count() == 0
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(lost).to_have_count(10, timeout=30_000)  # instead of buttons that do nothing
    for text in lost.all_text_contents():
        assert "un the cell again to go on" in text
    assert page.locator(".gl-lab [data-do=run]").evaluate("element => element.closest('[inert]') !== null")
    lost.nth(1).scroll_into_view_if_needed()
    screenshot(page, "lost_kernel")


SLIDERS = """
from musicgan_edu import sampling
from musicgan_edu.widgets.sliders import Sliders
widget = Sliders(sampling.load("chorales"), dims=(0, 1), seed=4)
widget
"""


def test_the_sliders_by_keyboard_while_it_plays(lab: Lab, page: Page):
    lab.open(page, lab.notebook("sliders.ipynb", SLIDERS))
    lab.run_all(page)
    page.locator(".mg-player").wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.get_by_label("Loop").click()
    page.get_by_label("Play", exact=True).click()
    assert Ear(page).level() > 0.01
    before = lab.python(page, "[widget.z[0, :2].tolist(), widget.player.score.notes.tolist()]")
    for index in (0, 1):
        handle = page.get_by_label(re.compile(r"z\[\d+\]")).nth(index)
        handle.focus()
        handle.press("End")
        page.wait_for_timeout(400)
    after = lab.python(page, "[widget.z[0, :2].tolist(), widget.player.score.notes.tolist()]")
    assert after[0] == pytest.approx([3.0, 3.0])
    assert after[1] != before[1]
    assert lab.python(page, "widget.player.playing") is True
    assert Ear(page).level() > 0.01
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        screenshot(page, f"sliders_{theme.lower()}")
    page.get_by_role("button", name="Back to the start").press("Enter")
    page.wait_for_timeout(500)
    assert lab.python(page, "widget.player.score.notes.tolist()") == before[1]
    page.get_by_label("Stop").click()
    page.wait_for_timeout(400)
    assert Ear(page).level() < 1e-4


def test_an_exception_in_a_callback_would_fail_a_test(lab: Lab, page: Page):
    cell = (
        "from musicgan_edu.score import Score\nfrom musicgan_edu.widgets import player\n"
        "widget = player.Player(Score.from_rows([(0, 60, 0, 1)]))\n"
        "widget.observe(lambda change: 1 / 0, 'loop')\nwidget"
    )
    lab.open(page, lab.notebook("callback.ipynb", cell))
    lab.run_all(page)
    page.get_by_label("Loop").click()
    for _ in range(100):
        page.wait_for_timeout(100)
        heard = page.mishaps[:]  # type: ignore[attr-defined]
        if heard:
            break
    page.mishaps.clear()  # type: ignore[attr-defined]
    assert heard == ["console: callback: ZeroDivisionError: division by zero"]
