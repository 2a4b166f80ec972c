"""The pages of the site, laid out for Sphinx.

Comes in: the notebooks with solutions, the pages beside them, docs/.
Goes out: build/site/source, where each notebook is the learner's, stubs and folds, with the outputs of the
solved one from a run in a real kernel, and sounds and pictures are files. Runs are kept in build/site/runs, by
the hash of what they come from.

`python docs/site/pages.py 00 03` runs only these lessons; the others keep their run if there's one, and
otherwise show no outputs.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "site"
BRANCH = os.environ.get("BRANCH", "main")
LESSONS, PRIMERS = "The lessons", "Primers"
# Every page, in the order of the sidebar; a test holds it to what is there.
CONTENTS = {
    PRIMERS: ["notebooks/primer_mathematics", "notebooks/primer_music_theory"],
    LESSONS: [
        f"notebooks/{path.stem}" for path in sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
    ],
    "Beside the lessons": [
        f"docs/{name}"
        for name in ("faq", "glossary", "reading", "trends", "publishing", "elsewhere", "scale")
    ],
    "For teachers and builders": ["docs/instructor", "docs/README", "docs/releasing", "CONTRIBUTING"],
}
WELCOME = """
> Here you **read and hear** the course: every lesson has been run, its sounds play in the page, and solutions
> are folded. What answers (players, sliders, games, checks) needs Python: {how}
> Each lesson's page links its notebook, and each interactive picture is shown here as a still one.
"""
ALONE = "get the course, and run `make lab` or `musicgan lab my-lessons`."
LAUNCHED = (
    "[open it on Binder]({binder}), with nothing to install, or run `musicgan lab my-lessons` on your own "
    "machine. Colab (the rocket above a lesson) wants [two lines first](docs/elsewhere.md#colab)."
)
RUN, NOT_RUN = "*Run for you{solved}.", "*Not run for this site."
SOLVED = ", with the solutions written in; they are folded below each exercise"
DOWNLOAD = " [Download the notebook](path:../learner/{stem}.ipynb) to work in it"
SOURCE = "; [its source]({repository}/blob/{branch}/notebooks/source/{stem}.py) is where to mend it"
_DATA = re.compile(r"data:(?P<kind>audio|image)/(?P<type>[\w.+-]+);base64,(?P<data>[A-Za-z0-9+/=\s]+)")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def package_hash() -> str:
    """Of everything that may change a lesson's outputs, other than the lesson."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "musicgan_edu").rglob("*")):
        if path.is_file() and path.suffix in {".py", ".npz", ".json", ".sf2", ".js", ".css"}:
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def run(path: Path, package: str, *, may_run: bool) -> nbformat.NotebookNode:
    """The notebook with its outputs: from the last run if nothing has changed, else from a new one if it may."""
    key = hashlib.sha256(path.read_bytes() + package.encode()).hexdigest()[:16]
    kept = BUILD / "runs" / f"{path.stem}-{key}.ipynb"
    if not kept.is_file():
        if not may_run:
            print(f"{path.stem}: not run, so without outputs")
            return nbformat.read(path, as_version=4)
        from tests.test_notebooks import execute

        with tempfile.TemporaryDirectory() as folder:
            notebook, seconds, _ = execute(path, Path(folder))
        print(f"{path.stem}: {seconds:.0f} s", flush=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob(f"{path.stem}-*.ipynb"):
            old.unlink()
        nbformat.write(notebook, kept)
    return nbformat.read(kept, as_version=4)


def for_readers(
    learner: nbformat.NotebookNode,
    solved: nbformat.NotebookNode,
    stem: str,
    media: Path,
    repository: str = "",
) -> nbformat.NotebookNode:
    """The learner's notebook (stubs, folded solutions) with what the solved one printed, drew and played."""
    outputs = {cell.id: cell.get("outputs", []) for cell in solved.cells}
    title, _, rest = learner.cells[0].source.partition("\n")
    source = SOURCE.format(repository=repository, branch=BRANCH, stem=stem) if repository else ""
    note = RUN.format(solved=SOLVED if stem[:2].isdigit() else "") if any(outputs.values()) else NOT_RUN
    learner.cells[0].source = f"{title}\n\n{note}{DOWNLOAD.format(stem=stem)}{source}.*\n{rest}"
    for cell in learner.cells:
        if cell.cell_type == "code":
            cell.outputs = [shown for output in outputs[cell.id] if (shown := _shown(output, media))]
        else:
            cell.source = cell.source.replace("](start.ipynb)", "](../index.md)")
    return learner


def _shown(output: Any, media: Path) -> Any:
    """The output as a page without a kernel can show it; None if nothing of it can be."""
    data = output.get("data")
    if data is None:
        if "text" in output:
            output.text = output.text.replace(
                str(Path.home()), "~"
            )  # nobody's business, and not the reader's
        return output
    widget = data.pop(_WIDGET, None) is not None
    if "image/svg+xml" in data:
        data["text/html"] = data.pop("image/svg+xml")  # in the page, so that its label and theme count
    if "text/html" in data:
        page = data["text/html"].replace(str(Path.home()), "~")
        data["text/html"] = _DATA.sub(lambda found: _as_file(found, media), page)
        data.pop("image/png", None)  # the same picture once more
    visible = data.keys() & {"text/html", "image/png", "text/latex", "text/markdown"}
    return output if visible or (data and not widget) else None


def _as_file(found: re.Match[str], media: Path) -> str:
    """Write a `data:` address's content to a file of its own; the page's link to it."""
    content = base64.b64decode(found["data"])
    ending = (
        found["type"].split("+")[0].removeprefix("x-").replace("mpeg", "mp3")
    )  # servers call .mpeg a film
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
    (media / name).write_bytes(content)
    return f"../media/{name}"


def index(start: nbformat.NotebookNode, repository: str) -> str:
    """The start page: what start.ipynb says before it needs a kernel, and the contents."""
    texts = [cell.source for cell in start.cells if cell.cell_type == "markdown"]
    texts = texts[: next(n for n, text in enumerate(texts) if text.startswith("## Where you are"))]
    binder = f"https://mybinder.org/v2/gh/{'/'.join(repository.split('/')[-2:])}/HEAD"
    how = LAUNCHED.format(binder=binder, repository=repository) if repository else ALONE
    title, _, opening = texts[0].partition("\n")
    text = "\n\n".join([title, WELCOME.format(how=how).strip(), opening.strip(), *texts[1:]])
    text = re.sub(r"\]\((\w+\.ipynb)\)", r"](notebooks/\1)", text)
    trees = [
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```"
        for caption, pages in CONTENTS.items()
    ]
    return "\n\n".join([text, *trees]) + "\n"


def lay_out(lessons: Sequence[str], repository: str) -> None:
    """Write build/site/source anew; run `lessons` ("00", "primer"), or all if none is named."""
    source, media, package = BUILD / "source", BUILD / "extra" / "media", package_hash()
    for folder in (source, BUILD / "extra"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (media, source / "notebooks", source / "learner"):
        folder.mkdir(parents=True)
    for page in [*CONTENTS[PRIMERS], *CONTENTS[LESSONS]]:
        learner = ROOT / f"{page}.ipynb"
        solved = learner.parent / "solutions" / learner.name
        may_run = not lessons or learner.stem.startswith(tuple(lessons))
        ran = run(solved if solved.is_file() else learner, package, may_run=may_run)
        read = nbformat.read(learner, as_version=4)
        notebook = for_readers(read, ran, learner.stem, media, repository)
        nbformat.write(notebook, source / "notebooks" / learner.name)
        shutil.copy(learner, source / "learner")
    shutil.copytree(ROOT / "docs", source / "docs", ignore=shutil.ignore_patterns("site"))
    shutil.copy(ROOT / "CONTRIBUTING.md", source)
    start = nbformat.read(ROOT / "notebooks" / "start.ipynb", as_version=4)
    (source / "index.md").write_text(index(start, repository), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # for the runner in tests/
    lay_out(sys.argv[1:], os.environ.get("REPOSITORY", "").rstrip("/"))
