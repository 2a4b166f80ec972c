"""The start page in a learner's folder: it opens, leads to the lessons, and shows the progress that a reload keeps."""

from __future__ import annotations

import pytest
from conftest import Lab, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import checks
from musicgan_edu import lab as course_lab

pytestmark = pytest.mark.browser

PASS = "from musicgan_edu import checks\ncheck = checks.check('00.seconds_of', checks.find('00.seconds_of').reference)"


def test_it_opens_leads_on_and_keeps_what_was_passed(lab: Lab, page: Page):
    placed = course_lab.put_lessons(lab.folder / "mine")
    assert len(placed.written) >= 19
    n_exercises = len(checks.names())
    lab.open(page, "mine/start.ipynb")
    expect(page.get_by_role("heading", name="Start here")).to_be_visible()
    lab.run_all(page)
    output = page.locator(".jp-OutputArea-output")
    expect(output.filter(has_text=f"0 of {n_exercises} exercises passed")).to_be_visible(timeout=60_000)

    lab.open(page, lab.notebook("mine/passing.ipynb", PASS))  # what lesson 00's cells do
    lab.run_all(page)
    expect(output.first).to_contain_text("✔ correct")

    lab.open(page, "mine/start.ipynb")
    lab.run_all(page)
    expect(output.filter(has_text="1 of 3")).to_be_visible(timeout=60_000)
    expect(output.filter(has_text=f"1 of {n_exercises} exercises passed")).to_be_visible()
    figure = page.get_by_role("img", name="Exercises passed")
    figure.scroll_into_view_if_needed()
    screenshot(page, "start")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(500)
    page.reload()  # what was shown stands there, before anything runs
    expect(output.filter(has_text=f"1 of {n_exercises} exercises passed")).to_be_visible(timeout=60_000)

    for link, title in (
        ("lesson 00", "00 · Setup and first sound"),
        ("the mathematics", "Primer: the mathematics"),
    ):
        lab.open(page, "mine/start.ipynb")
        page.get_by_role("link", name=link, exact=True).first.click()
        expect(page.locator(".jp-Notebook h1", has_text=title)).to_be_visible(timeout=30_000)
