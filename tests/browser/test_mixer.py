"""The mixer in a real JupyterLab: cut, hear, take home; keys, themes, hostile titles."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Ear, Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import corpus

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
SETUP = f"""
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import mixer
def piece(title, pitches, tempo):
    rows = [(v, p - 12 * v, i, 1) for v in range(4) for i, p in enumerate(pitches)]
    names = ("Soprano", "Alto", "Tenor", {HOSTILE!r})
    return Score.from_rows(rows, [Track(name, 19) for name in names], title=title, tempo=tempo)
a = piece("First", [72, 74, 76, 77, 79, 77, 76, 74] * 2, 96.0)
b = piece({HOSTILE!r}, [79, 78, 76, 74, 79, 81, 83, 79] * 2, 80.0)
table = mixer.Mixer(a, b)
table
"""


@pytest.fixture
def table(lab: Lab, page: Page) -> Page:
    lab.open(page, lab.notebook("mixer.ipynb", SETUP))
    lab.run_all(page)
    page.get_by_role("button", name="Splice").wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    return page


def test_cut_and_hear(table: Page, lab: Lab):
    table.get_by_label("Keep bars of A, up to").fill("2")
    table.get_by_label("Enter B at bar").fill("4")
    table.wait_for_timeout(500)
    assert lab.python(table, "[table.table.keep, table.table.start, table.mixed.score.n_bars]") == [2, 4, 3]
    expect(table.locator(".mg-status").first).to_contain_text("seam: after bar 2 of 'First', before bar 4")
    table.get_by_label("Play", exact=True).click()
    assert Ear(table).level() > 0.02
    screenshot(table, "mixer_light")
    lab.theme(table, "JupyterLab Dark")
    screenshot(table, "mixer_dark")
    table.get_by_role("button", name="Smoothest cut").click()
    table.wait_for_timeout(500)
    best = "(lambda s: [s.keep, s.start])(min(__import__('musicgan_edu.sampling').sampling.seams(a, __import__('musicgan_edu.sampling').sampling.fit(b, a).score), key=lambda s: (round(s.leaps, 6), s.start - s.keep)))"
    assert lab.python(table, "[table.table.keep, table.table.start]") == lab.python(table, best)
    table.get_by_label("Stop").click()


def test_every_way_and_either_piece(table: Page, lab: Lab):
    for name, n_notes in (("Join", 128), ("Cross-fade", 128), ("Layer", 64)):
        table.get_by_role("button", name=name).click()
        expect(table.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        table.wait_for_timeout(400)
        assert lab.python(table, "table.player.score.n_notes") == n_notes, name
    table.get_by_label("A: Tenor").click()
    table.wait_for_timeout(400)
    assert lab.python(table, "[table.table.of_a, table.player.score.n_notes]") == [[0, 1, 2], 80]
    screenshot(table, "mixer_layer")
    table.get_by_role("button", name="B", exact=True).click()
    table.wait_for_timeout(400)
    assert lab.python(table, "table.player.score == b") is True


def test_the_file_is_downloaded_and_is_the_mix(table: Page, lab: Lab, tmp_path: Path):
    with table.expect_download() as taken:
        table.get_by_role("button", name="Download MIDI").click()
    taken.value.save_as(tmp_path / "mix.mid")
    assert corpus.read(tmp_path / "mix.mid").n_notes == lab.python(table, "table.mixed.score.n_notes")


def test_what_cannot_be_mixed_is_said(table: Page, lab: Lab):
    table.get_by_role("button", name="Layer").click()
    for name in ("A: Soprano", "A: Alto", "B: Tenor", f"B: {HOSTILE}"):
        table.get_by_label(name).click()
        table.wait_for_timeout(150)
    status = table.locator(".mg-mixer .mg-status")
    expect(status).to_have_text("mix: choose at least one track of either piece")


def test_titles_are_text_and_keys_are_enough(table: Page, lab: Lab):
    assert table.locator(".mg-panel img").count() == 0
    expect(table.locator(".mg-piece").nth(1)).to_have_text(f"B: {HOSTILE}, bars 1 to 4")
    table.get_by_role("button", name="Splice").focus()
    reached = []
    for _ in range(11):
        reached.append(
            table.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
        table.keyboard.press("Tab")
    assert reached == [
        "Splice", "Join", "Layer", "Cross-fade", "A", "B", "The mix", "Move B to A's key",
        "New barlines, if the metres differ", "Keep bars of A, up to", "Enter B at bar",
    ]  # fmt: skip
    table.get_by_label("Keep bars of A, up to").focus()
    table.keyboard.press("Home")
    table.keyboard.press("ArrowRight")
    for _ in range(40):  # the second key waits until the kernel has answered the first
        if lab.python(table, "table.table.keep") == 2:
            break
        table.wait_for_timeout(250)
    assert lab.python(table, "table.table.keep") == 2
