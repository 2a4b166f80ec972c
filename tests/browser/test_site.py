"""The built site in a browser: start page, lesson, sound, search. One light lesson is executed, the others aren't."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import screenshot
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "site"
SPHINX = BUILD / ".venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The built site; its link check has passed."""
    if not SPHINX.exists():
        pytest.fail("Sphinx isn't here: make browser brings it")
    out = tmp_path_factory.mktemp("site")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "REPOSITORY": "https://github.com/OWNER/NAME"}
    for command in (
        [sys.executable, "docs/site/pages.py", "00"],
        [SPHINX, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs/site", "-d", out / "trees",
         BUILD / "source", out / "html"],
        [sys.executable, "docs/site/links.py", out / "html"],
    ):  # fmt: skip
        done = subprocess.run(list(map(str, command)), cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out / "html"


@pytest.fixture(scope="module")
def address(html):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_from_the_start_page_to_a_lesson_whose_sound_plays(page: Page, address):
    page.goto(f"{address}/index.html")
    screenshot(page, "site_start")
    page.locator("article a[href$='00_make_sound.html']").first.click()
    expect(page.locator("h1").first).to_contain_text("Setup and first sound")
    sounds = page.locator("audio")
    assert sounds.count() >= 3
    reached = sounds.first.evaluate(
        """async (audio) => {
             await audio.play();
             await new Promise((done) => audio.addEventListener("timeupdate", () => audio.currentTime > 0.2 && done()));
             return [audio.currentTime, audio.duration];
           }"""
    )
    assert 0.2 < reached[0] < reached[1]
    expect(page.locator("mjx-container").first).to_be_attached(timeout=20_000)  # a formula, set
    for host in ("mybinder.org/v2/gh", "colab.research.google.com/github"):
        expect(page.locator(f"a[href^='https://{host}/OWNER/NAME']").first).to_be_attached()
    screenshot(page, "site_lesson")
    page.locator("article a[href$='01_encode_music.html']").first.click()
    expect(page.locator("h1").first).to_contain_text("01")


def test_the_search_finds_a_lesson_by_its_words(page: Page, address):
    page.goto(f"{address}/search.html?q=chorale")
    found = page.locator("#search-results li a[href*='00_make_sound']")
    expect(found.first).to_be_visible(timeout=20_000)
    screenshot(page, "site_search")
    found.first.click()
    expect(page.locator("h1").first).to_contain_text("Setup and first sound")


def test_the_instructors_guide_stands_beside_the_lessons(page: Page, address):
    page.goto(f"{address}/index.html")
    page.locator("a[href$='docs/instructor.html']").first.click()
    expect(page.locator("h1").first).to_contain_text("Instructor")
