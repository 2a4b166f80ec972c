"""The built site in a browser: start page, lesson, sound, search. Two light lessons are executed, the rest isn't."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
pytestmark = pytest.mark.browser
BUILDER = [sys.executable, str(ROOT / "docs" / "site" / "build.py")]


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The built site; its link check has passed."""
    if not (ROOT / "build" / "site" / "tools").exists():
        pytest.fail("Sphinx isn't here: make site-tools")
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


@pytest.fixture
def page(chromium, address):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.close()
