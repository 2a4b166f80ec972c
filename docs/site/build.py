"""The course as static HTML: `python docs/site/build.py`, in the course's environment.

Comes in: notebooks/ and docs/*.md. Goes out: build/site/html. Lessons are executed once and kept under
build/site/executed by their content, so that a second build executes only what has changed.
Sphinx runs from an environment of its own, which `make site` fills.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "site"
SPHINX = BUILD / "tools" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
WIDGET = "application/vnd.jupyter.widget-view+json"


def executed(path: Path, cache: Path, *, seconds: int = 600) -> Any:
    """The notebook with its outputs, from the cache if this very text has been executed before."""
    from nbclient import NotebookClient

    from musicgan_edu import lab

    kept = cache / f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.ipynb"
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    work = cache / "work"
    work.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook, timeout=seconds, store_widget_state=False, resources={"metadata": {"path": str(work)}}
    )
    with client.setup_kernel(env=lab.environment()):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    nbformat.write(notebook, kept)
    return notebook


def without_widgets(notebook: Any) -> Any:
    """The outputs as a page without a kernel can show them: HTML, pictures, text."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def links_line(name: str, repository: str) -> str:
    """Where this lesson runs: Binder and Colab, once the repository has an address."""
    slug = repository.removeprefix("https://github.com/")
    return (
        f"[Run it on Binder](https://mybinder.org/v2/gh/{slug}/HEAD?urlpath=lab/tree/lessons/{name}.ipynb) · "
        f"[open it in Colab](https://colab.research.google.com/github/{slug}/blob/HEAD/notebooks/{name}.ipynb)"
    )


def prepare(source: Path, lessons: list[Path], *, execute: set[str] | None, repository: str) -> None:
    """Write what Sphinx reads: notebooks (`execute` these, None: all), docs, a first page with the contents."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for path in lessons:
        print(path.stem, flush=True)
        wanted = execute is None or path.stem in execute
        read = executed(path, BUILD / "executed") if wanted else nbformat.read(path, as_version=4)
        notebook = without_widgets(read)
        if repository:
            first = notebook.cells[0]
            title, _, rest = first.source.partition("\n")
            first.source = f"{title}\n\n{links_line(path.stem, repository)}\n{rest}"
        nbformat.write(notebook, source / path.name)
    pages = sorted((ROOT / "docs").glob("*.md"))
    for page in pages:
        text = re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", page.read_text(encoding="utf-8"))
        target = "frame.md" if page.name == "README.md" else page.name
        (source / target).write_text(text.replace("](README.md", "](frame.md"), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("conf.py"), source)
    (source / "index.md").write_text(_index(lessons, pages), encoding="utf-8")


def _index(lessons: list[Path], pages: list[Path]) -> str:
    frame = ["frame", *(page.stem for page in pages if page.name != "README.md")]
    ordered = sorted((path.stem for path in lessons), key=lambda stem: (stem != "start", stem))
    parts = [("Lessons", ordered), ("Around them", frame)]
    trees = [
        f"```{{toctree}}\n:caption: {title}\n:maxdepth: 1\n\n" + "\n".join(stems) + "\n```"
        for title, stems in parts
    ]
    return (
        "# Music with GANs\n\nListen, read and search here; to run and change things, take the notebooks.\n\n"
        + "\n\n".join(trees)
        + "\n"
    )


class _Page(HTMLParser):
    """The addresses that a page names, and the places in it that can be named."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("href", "src") and value:
                self.links.append(value)
            elif key == "id" and value:
                self.ids.add(value)


def broken_links(html: Path) -> list[str]:
    """Internal links of the built site that lead nowhere, "page: link". Other hosts aren't asked."""
    pages = {}
    for path in sorted(html.rglob("*.html")):
        if "_static" in path.parts:  # the theme's templates are no pages
            continue
        pages[path.resolve()] = parsed = _Page()
        parsed.feed(path.read_text(encoding="utf-8"))
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            missing = not target.exists() or (
                parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids
            )
            if missing:
                broken.append(f"{path.relative_to(html.resolve())}: {link}")
    return broken


def main() -> int:
    """Build; 1 if a link leads nowhere."""
    parser = argparse.ArgumentParser(description="Build the course's site.")
    parser.add_argument(
        "--execute", metavar="start,00_make_sound", help="these only; the rest has no outputs"
    )
    parser.add_argument(
        "--repository", default="", help="https://github.com/OWNER/NAME, for Binder and Colab"
    )
    parser.add_argument("--out", type=Path, default=BUILD / "html")
    given = parser.parse_args()
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    execute = None if given.execute is None else set(given.execute.split(","))
    source = given.out.with_name(given.out.name + "-source")
    prepare(source, lessons, execute=execute, repository=given.repository)
    shutil.rmtree(given.out, ignore_errors=True)
    subprocess.run([str(SPHINX), "-m", "sphinx", "-q", "-b", "html", str(source), str(given.out)], check=True)
    broken = broken_links(given.out)
    print(*broken, f"{len(broken)} broken links; {given.out / 'index.html'}", sep="\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
