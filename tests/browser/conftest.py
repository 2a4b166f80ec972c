"""A real browser for the widgets: a bare page with a fake model, and a real JupyterLab.

Every page fails its test on an error in the console, on an exception in a script or in a widget's
callback in Python, and on any request that leaves this machine. What is heard is recorded at the last node before the
loudspeaker (`tape`), in blocks that carry their audio time, so a lost block shows as silence.

Sound is made and recorded in real time: a machine that has no processor to spare for 10 ms
drops some of it. So a test here is tried up to three times; each retry shows in pytest's report.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from musicgan_edu.score import Score
from musicgan_edu.widgets import player

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"  # git-ignored: to be looked at
ARGUMENTS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --mute-audio"
ARGUMENTS += " --disable-background-networking --disable-component-update --disable-sync"
# JupyterLab's own, at start and at the end of a kernel; ours never begin like this.
HARMLESS = ("Failed to load resource", "Connection lost", "The kernel", "WebSocket connection to")

TAPE = """
globalThis.tape = { rate: 0, blocks: [] };
globalThis[Symbol.for("musicgan_edu")] = {
  context: null, input: null, instruments: null, loading: null, current: null,
  get output() { return this.last; },
  set output(node) {
    this.last = node;
    const recorder = node.context.createScriptProcessor(8192, 1, 1);
    recorder.onaudioprocess = ({ playbackTime, inputBuffer }) =>
      tape.blocks.push([playbackTime, Array.from(inputBuffer.getChannelData(0))]);
    tape.rate = node.context.sampleRate;
    node.connect(recorder).connect(node.context.destination);
  },
};
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=int(os.environ.get("RERUNS", 2))))


#: An exception in a callback reaches only JupyterLab's log: tell it to the console, where `page` hears it.
TELL_CALLBACKS = """
() => jupyterapp.shell.currentWidget.sessionContext.iopubMessage.connect((_, { header, parent_header, content }) => {
  if (header.msg_type === "error" && parent_header.msg_type !== "execute_request")
    console.error(`callback: ${content.ename}: ${content.evalue}`);
})
"""


class Ear:
    """What a page has played since its first sound graph was built."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def clear(self) -> None:
        self.page.evaluate("tape.blocks.length = 0")

    def sound(self) -> tuple[np.ndarray, int]:
        """Samples (n,) from the first block on, gaps as silence, and the sample rate."""
        rate, blocks = self.page.evaluate("[tape.rate, tape.blocks]")
        assert blocks, "nothing was ever played"
        sound = np.zeros(0)
        for at, samples in blocks:
            lost = round((at - blocks[0][0]) * rate) - len(sound)
            if lost > len(samples):  # the reported times jitter by a few hundred samples
                sound = np.concatenate([sound, np.zeros(lost)])
            sound = np.concatenate([sound, samples])
        return sound, rate

    def level(self, seconds: float = 0.5) -> float:
        """RMS of the next stretch of sound."""
        self.clear()
        self.page.wait_for_timeout(1000 * seconds + 600)
        sound, rate = self.sound()
        return rms(sound[-round(seconds * rate) :])


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def onsets(sound: np.ndarray, rate: int, threshold: float = 0.004) -> list[float]:
    """Seconds at which sound sets in after at least 0.1 s of silence."""
    loud = np.abs(sound) > threshold
    quiet = np.convolve(loud, np.ones(rate // 10))[: len(loud)] - loud
    return (np.flatnonzero(loud & (quiet < 0.5)) / rate).tolist()


def cents_off(sound: np.ndarray, rate: int, pitch: int) -> float:
    """How far a tone lies from a pitch, in cents: the median over half seconds, lest a gap counts."""
    half = rate // 2
    pieces = [sound[at : at + half] for at in range(0, len(sound) - half + 1, half // 2)]
    return float(np.median([_cents_off(piece, rate, pitch) for piece in pieces]))


def _cents_off(sound: np.ndarray, rate: int, pitch: int) -> float:
    """The strongest of the first three partials against where it should be."""
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    best = (0.0, 0.0)
    for partial in (1, 2, 3):
        wanted = partial * 440 * 2 ** ((pitch - 69) / 12) * size / rate
        low, high = int(wanted * 2 ** (-80 / 1200)), int(wanted * 2 ** (80 / 1200))
        peak = low + int(spectrum[low:high].argmax())
        best = max(best, (float(spectrum[peak]), float(1200 * np.log2(peak / wanted))))
    return best[1]


# ------------------------------------------------------------------------------- browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or Playwright's own."""
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS.split()
            )
        except Exception as problem:
            message = f"no browser: `make chromium` gets one ({str(problem).splitlines()[0]})"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reports its own mishaps when the test is over."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="no-preference")
    page = context.new_page()
    page.add_init_script(TAPE)
    mishaps: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            mishaps.append(f"console: {message.text}")

    def asked(url: str) -> None:
        where = urlparse(url)
        if where.scheme in ("http", "https", "ws", "wss") and where.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            mishaps.append(f"request left this machine: {url}")

    page.on("console", heard)
    page.on("pageerror", lambda problem: mishaps.append(f"script: {problem}"))
    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda websocket: asked(websocket.url))
    page.mishaps = mishaps  # type: ignore[attr-defined]
    yield page
    context.close()
    assert not mishaps, "\n".join(mishaps)


def screenshot(page: Page, name: str, **options: Any) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


# ----------------------------------------------------------------------------- bare page

FAKE_MODEL = """
globalThis.makeModel = (state, banks = {}) => {
  const reactions = {};
  const model = {
    state, saves: 0, sent: [],
    get: (name) => state[name],
    set(name, value) {
      if (JSON.stringify(state[name]) === JSON.stringify(value) && !(value instanceof DataView)) return;
      state[name] = value;
      for (const react of reactions[`change:${name}`] ?? []) react();
    },
    save_changes() { this.saves++; },
    on(event, react) { (reactions[event] ??= []).push(react); },
    off() {},
    send(content, callbacks, buffers) { this.sent.push([content, buffers]); },
    tell(event, ...words) { for (const react of reactions[event] ?? []) react(...words); },
    widget_manager: { get_model: async (id) => ({ get: (name) => banks[name] }) },
  };
  return model;
};
globalThis.bytes = (base64) => new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
globalThis.mount = async (source, state, bank) => {
  for (const name of ["notes"]) state[name] = bytes(state[name]);
  const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const { initialize, render } = await widget();
  const model = makeModel(state, bank && { recording: bytes(bank.recording), index: bank.index });
  const el = document.body.appendChild(document.createElement("div"));
  const forget = [initialize?.({ model }), render({ model, el })];
  const mounted = { model, el, remove: () => forget[1]?.() };
  (globalThis.mounted ??= []).push(mounted);
};
"""


@pytest.fixture
def bare(page: Page) -> Page:
    """An empty page on localhost, ready to mount a widget's module on a fake model."""
    page.route(
        "http://localhost/**",
        lambda route: route.fulfill(body="<!doctype html><body></body>", content_type="text/html"),
    )
    page.add_init_script(FAKE_MODEL)
    page.goto("http://localhost/")
    return page


def mount(page: Page, score: Score, *, instruments: bool = True, **state: Any) -> None:
    """Show a player for a Score in a bare page; `state` overrides its traits."""
    widget = player.Player(score, **state)
    traits = {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
    traits |= {"notes": base64.b64encode(widget.notes).decode(), "bank": "IPY_MODEL_bank"}
    del traits["layout"]
    bank = widget.bank
    recording = base64.b64encode(bank.recording).decode()
    page.add_style_tag(content=player.Player._css)
    page.evaluate(
        "([source, traits, bank]) => mount(source, traits, bank)",
        [player.Player._esm, traits, {"recording": recording, "index": bank.index} if instruments else None],
    )
    if instruments:
        page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments")


# ----------------------------------------------------------------------------- JupyterLab


class Lab:
    """A JupyterLab server of its own: temporary folder, settings and workspaces."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder / "work", secrets.token_hex(16)
        self.folder.mkdir()
        with contextlib.closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        settings = folder / "settings" / "@jupyterlab"
        _write(
            settings / "apputils-extension" / "notification.jupyterlab-settings",
            {"fetchNews": "false", "checkForUpdates": False},
        )
        _write(settings / "notebook-extension" / "tracker.jupyterlab-settings", {"windowingMode": "none"})
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.port={self.port}"]
        command += [f"--IdentityProvider.token={self.token}", "--LabApp.expose_app_in_browser=True"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={self.folder}", "--allow-root"]
        self.log = open(folder / "lab.log", "w")  # noqa: SIM115 - lives as long as the server
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)

    def wait(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), urlopen(f"{self.url}/api?token={self.token}"):
                return
            assert time.monotonic() < until, (
                "JupyterLab didn't start: " + Path(self.log.name).read_text()[-2000:]
            )
            assert self.process.poll() is None, Path(self.log.name).read_text()[-2000:]
            time.sleep(0.2)

    def close(self) -> None:
        self.process.terminate()  # it ends its kernels itself
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells; gives its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.folder / name)
        return name

    def open(self, page: Page, name: str) -> None:
        """Open a notebook in a page and wait until its kernel is ready."""
        page.goto(f"{self.url}/lab/tree/{name}?token={self.token}&reset")
        page.wait_for_function(
            "globalThis.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel",
            timeout=90_000,
        )
        page.evaluate("jupyterapp.shell.currentWidget.context.ready")
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
        page.evaluate(TELL_CALLBACKS)

    def run_all(self, page: Page) -> None:
        """Run every cell; fail on the first error that one shows."""
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        errors = page.evaluate(
            """[...jupyterapp.shell.currentWidget.content.model.cells].flatMap((cell) =>
              (cell.outputs?.toJSON() ?? []).filter((o) => o.output_type === "error")
              .map((o) => o.ename + ": " + o.evalue))"""
        )
        assert not errors, errors

    def python(self, page: Page, expression: str) -> Any:
        """The value of an expression in the page's kernel, through JSON."""
        code = f"__import__('json').dumps({expression})"
        text = page.evaluate(
            """async (code) => {
              const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, store_history: false });
              let text = null;
              future.onIOPub = ({ header, content }) => {
                if (header.msg_type === "execute_result") text = content.data["text/plain"];
                if (header.msg_type === "error") text = content.ename + ": " + content.evalue;
              };
              await future.done;
              return text;
            }""",
            code,
        )
        return json.loads(text[1:-1].replace("\\'", "'").replace("\\\\", "\\"))

    def theme(self, page: Page, name: str) -> None:
        page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name)
        light = "true" if name.endswith("Light") else "false"
        page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
        page.wait_for_timeout(600)


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        server.wait()
        yield server
    finally:
        server.close()
