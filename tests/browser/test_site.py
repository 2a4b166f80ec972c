"""The built site in a browser: start page, lesson, sound, search. Two light lessons are executed, the rest isn't."""

import functools
import http.server
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
pytestmark = pytest.mark.browser
BUILDER = [sys.executable, str(ROOT / "docs" / "site" / "build.py")]


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The built site; its link check has passed."""
    if not (ROOT / "build" / "site" / "tools").exists():
        pytest.fail("Sphinx isn't here: make site-tools")
    SHOTS.mkdir(parents=True, exist_ok=True)
    out = tmp_path_factory.mktemp("site") / "html"
    arguments = ["--execute", "start,00_make_sound", "--out", str(out)]
    arguments += ["--repository", "https://github.com/OWNER/NAME"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*BUILDER, *arguments], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


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
    page.goto(f"{address}/start.html")
    page.screenshot(path=SHOTS / "site_start.png")
    page.locator("article a[href='00_make_sound.html']").first.click()
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
    expect(page.locator("a[href^='https://mybinder.org/v2/gh/OWNER/NAME']")).to_have_count(1)
    expect(page.locator("a[href^='https://colab.research.google.com/github/OWNER/NAME']")).to_have_count(1)
    page.screenshot(path=SHOTS / "site_lesson.png")
    page.locator("article a[href='01_encode_music.html']").first.click()
    expect(page.locator("h1").first).to_contain_text("01")


def test_the_search_finds_a_lesson_by_its_words(page: Page, address):
    page.goto(f"{address}/search.html?q=chorale")
    found = page.locator("#search-results li a[href*='00_make_sound']")
    expect(found.first).to_be_visible(timeout=20_000)
    page.screenshot(path=SHOTS / "site_search.png")
    found.first.click()
    expect(page.locator("h1").first).to_contain_text("Setup and first sound")


def test_the_instructors_guide_stands_beside_the_lessons(page: Page, address):
    page.goto(f"{address}/index.html")
    page.locator("article a[href='instructor.html']").first.click()
    expect(page.locator("h1").first).to_contain_text("Instructor")


def test_a_broken_link_is_found(tmp_path):
    spec = importlib.util.spec_from_file_location("site_build", BUILDER[1])
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    (tmp_path / "a.html").write_text('<a href="b.html#there">x</a><a href="https://example.org/">y</a>')
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="c.html">x</a><a href="a.html#no">x</a>')
    assert sorted(build.broken_links(tmp_path)) == ["b.html: a.html#no", "b.html: c.html"]
