"""What the widgets cost, in a real JupyterLab and on disk.

    python benchmarks/widgets.py                          # everything; needs Chromium
    python benchmarks/widgets.py --only latency crowd     # from slider to notes; many players, many notes
    python benchmarks/widgets.py --only pages --lessons 00 01  # of notebooks that `pytest -m notebook` has executed
    python benchmarks/widgets.py --only sizes

prints Markdown tables. `latency` moves the latent explorer's slider with the shipped generator behind it:
`notes` is the time until the roll is drawn, `sound` the time until the scheduler has taken the new notes
while it plays, plus the output latency that the browser states. (A note then still waits for its beat.)
`Python` is the kernel's processor time for one move, which other programs' load doesn't change.
`pages` exports executed lessons by nbconvert, without a kernel and without stored widget state, and presses play on every
sound. The load stands beside the figures of time, since a busy machine makes all of them longer.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

N_MOVES = 100
EXPLORER = """
import numpy as np
from musicgan_edu import sampling
from musicgan_edu.widgets import latents
sampler = sampling.load("chorales")
found = [sampling.Direction(name, np.eye(32, dtype=np.float32)[i], 2.0, 0.4, 17.0, 2.6) for i, name in enumerate("ab")]
explorer = latents.Latents(sampler, found, seed=4)
explorer
"""
CROWD = """
import numpy as np
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import player
rng = np.random.default_rng(0)
def piece(n):
    return Score.from_rows([(i % 4, int(rng.integers(36, 84)), i / 8, 0.5) for i in range(n)], [Track(f"T{i}", 19) for i in range(4)])
"""
MANY = CROWD + "for i in range(10):\n    player.play(piece(200), label=f'Player {i}')"
LONG = CROWD + "widget = player.Player(piece(10_000))\nwidget"
#: Stamps: when the roll draws a note, and when the playing transport takes other notes.
STAMP = """
globalThis.drawn = []; globalThis.handed = [];
const rounded = CanvasRenderingContext2D.prototype.roundRect;
CanvasRenderingContext2D.prototype.roundRect = function (...box) {
  if (!this.canvas.classList.contains("mg-lights")) drawn.push(performance.now());
  return rounded.apply(this, box);
};
globalThis.listen = () => {
  const transport = globalThis[Symbol.for("musicgan_edu")].current;
  const renew = transport.renew.bind(transport);
  transport.renew = (...how) => { renew(...how); handed.push(performance.now()); };
};
"""
MOVE = """
([value, stamps]) => new Promise((done) => {
  const slider = document.querySelector(".mg-latents [aria-label='Walk from A to B']");
  const start = performance.now();
  for (const list of [drawn, handed]) list.length = 0;
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const look = () => {
    const at = globalThis[stamps];
    if (at.length) done(at[0] - start);
    else if (performance.now() - start > 4000) done(null);
    else setTimeout(look, 1);
  };
  look();
})
"""
FRAMES = """
() => new Promise((done) => { const times = [];
  const step = (now) => { times.push(now); times.length < 240 ? requestAnimationFrame(step) : done(times); };
  requestAnimationFrame(step); })
"""
#: Of an exported page: pictures, those without a description, those that didn't load, sounds.
LOOK = """() => {
  const pictures = [...document.querySelectorAll(".jp-OutputArea-output :is(img, svg)")].filter((one) => !one.parentElement.closest("svg"));
  const bare = pictures.filter((one) => (one.alt ?? one.getAttribute("aria-label") ?? "").length < 10);
  const broken = pictures.filter((one) => !(one.naturalWidth ?? one.getBoundingClientRect().width));
  return [pictures.length, bare.length, broken.length, document.querySelectorAll("audio").length];
}"""
#: Presses play on each sound in turn, and counts those whose clock goes on.
HEAR = """async () => {
  let n = 0;
  for (const sound of document.querySelectorAll("audio")) {
    await sound.play().catch(() => null);
    for (let i = 0; i < 40 && !sound.currentTime; i++) await new Promise((done) => setTimeout(done, 50));
    n += sound.currentTime > 0 && sound.duration > 0;
    sound.pause();
  }
  return n;
}"""
WIDGET = "application/vnd.jupyter.widget-view+json"
HEAP = "performance.memory ? performance.memory.usedJSHeapSize / 1e6 : NaN"


@contextlib.contextmanager
def notebook(*cells: str) -> Iterator:
    """A page with a notebook, all of its cells run: (page, what talks to its kernel)."""
    from conftest import ARGUMENTS, Lab
    from playwright.sync_api import sync_playwright

    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        arguments = [*ARGUMENTS.split(), "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.add_init_script(STAMP)
        lab = Lab(Path(folder))
        try:
            lab.wait()
            lab.open(page, lab.notebook("bench.ipynb", *cells))
            lab.run_all(page)
            page.locator(".mg-player").first.wait_for(timeout=60_000)
            page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=30_000)
            yield page, lab
        finally:
            lab.close()
            browser.close()


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*names: str) -> None:
    print()
    row(*names)
    row(*["---"] * len(names))


def load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def moves(page, stamps: str) -> np.ndarray:
    """Milliseconds of so many moves from end to end of the walk; those that change no note are left out."""
    waits = []
    for i in range(N_MOVES):
        waits.append(page.evaluate(MOVE, [(i + 1) % 2, stamps]))
        page.wait_for_timeout(80)
    return np.array([wait for wait in waits if wait is not None])


def latency(options: argparse.Namespace) -> None:
    head("from slider to", "moves", "median ms", "95th percentile ms", "load")
    with notebook(EXPLORER) as (page, lab):
        clock = "__import__('time').process_time()"
        before = lab.python(page, clock)
        still = moves(page, "drawn")
        python = 1000 * (lab.python(page, clock) - before) / N_MOVES
        row("Python", N_MOVES, f"mean {python:.0f}", "", load())
        row("notes, silent", len(still), *np.percentile(still, [50, 95]).round(), load())
        page.get_by_label("Play", exact=True).click()
        page.wait_for_timeout(1000)
        page.evaluate("listen()")
        playing = moves(page, "drawn")
        row("notes, playing", len(playing), *np.percentile(playing, [50, 95]).round(), load())
        context = "globalThis[Symbol.for('musicgan_edu')].context"
        out = 1000 * page.evaluate(f"{context}.outputLatency || {context}.baseLatency")
        sound = moves(page, "handed") + out
        row(f"sound ({out:.0f} of them output latency)", len(sound), *np.percentile(sound, [50, 95]).round(), load())  # fmt: skip


def crowd(options: argparse.Namespace) -> None:
    head("while one of them plays", "median frame ms", "95th percentile ms", "heap MB", "load")
    for name, cell in (("10 players of 200 notes", MANY), ("1 player of 10 000 notes", LONG)):
        with notebook(cell) as (page, _):
            page.locator(".mg-play").first.click()
            page.wait_for_timeout(1500)
            frames = np.diff(page.evaluate(FRAMES))
            median, late = np.percentile(frames, [50, 95])
            row(name, f"{median:.1f}", f"{late:.1f}", f"{page.evaluate(HEAP):.0f}", load())


def pages(options: argparse.Namespace) -> None:
    """A row for each executed notebook's export: what it weighs, whether its pictures show and its sounds play."""
    from nbconvert import HTMLExporter
    from playwright.sync_api import sync_playwright

    head("page", "MB", "pictures", "without alt", "not shown", "sounds", "that play", "MIDI files", "widgets without a twin")  # fmt: skip
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        arguments = ["--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.route(re.compile(r"^https?://"), lambda route: route.abort())  # nobody has a network
        for path in sorted(options.executed.glob("*.ipynb")):
            if not options.lessons or path.stem.removeprefix("solutions_")[:2] in options.lessons:
                file = Path(options.keep or folder) / f"{path.stem}.html"
                file.write_text(HTMLExporter().from_filename(str(path))[0], encoding="utf-8")
                page.goto(file.as_uri())
                seen = [*page.evaluate(LOOK), page.evaluate(HEAR), *rest(path, file)]
                row(path.stem, f"{file.stat().st_size / 1e6:.1f}", *seen)
        browser.close()


def rest(path: Path, file: Path) -> tuple[int, int]:
    """How many MIDI files a page carries, and how many widgets show nothing in it and have no static cell either."""
    import nbformat

    cells = nbformat.read(path, as_version=4).cells
    twins = {name for cell in cells for name in cell.metadata.get("musicgan", {}).get("static", "").split()}
    dead = [cell for cell in cells for output in cell.get("outputs", []) if WIDGET in output.get("data", {}) and "text/html" not in output.data]  # fmt: skip
    bare = [cell for cell in dead if cell.metadata.get("musicgan", {}).get("interactive") not in twins]
    return file.read_text(encoding="utf-8").count('href="data:audio/midi'), len(bare)


def sizes(options: argparse.Namespace) -> None:
    import importlib

    from musicgan_edu import widgets

    folder = ROOT / "musicgan_edu"
    head("front end as sent to the page", "kB", "kB gzipped")
    for path in sorted((folder / "widgets").glob("*.py")):
        module = importlib.import_module(f"musicgan_edu.widgets.{path.stem}" if path.stem != "__init__" else widgets.__name__)  # fmt: skip
        sent = {thing._esm + thing._css for thing in vars(module).values() if isinstance(getattr(thing, "_esm", None), str) and thing.__module__ == module.__name__}  # fmt: skip
        for text in sent:
            row(
                path.stem, f"{len(text.encode()) / 1e3:.1f}", f"{len(gzip.compress(text.encode())) / 1e3:.1f}"
            )
    files = [*(folder / "widgets").glob("*.js"), *(folder / "widgets").glob("*.css")]
    row("all files", f"{sum(path.stat().st_size for path in files) / 1e3:.1f}", "")
    head("ships beside it", "kB", "licence")
    for path in sorted((folder / "sounds").iterdir()):
        row(f"sounds/{path.name}", f"{path.stat().st_size / 1e3:.0f}", "MIT, FluidR3Mono: sounds/LICENSE.txt")


PARTS = {"latency": latency, "crowd": crowd, "pages": pages, "sizes": sizes}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--lessons", nargs="+", default=[], help="numbers of lessons to export; all of them")
    executed = ROOT / "test-results" / "executed"
    parser.add_argument("--executed", type=Path, default=executed, help="a folder of executed notebooks")
    parser.add_argument("--keep", type=Path, help="an existing folder for the pages; else they go")
    options = parser.parse_args()
    for name in options.only:
        PARTS[name](options)


if __name__ == "__main__":
    main()
