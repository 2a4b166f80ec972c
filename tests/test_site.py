"""The site's pages, as far as they can be proved without its tools; `make site` builds it and checks every link."""

import base64
import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest

from musicgan_edu import course

ROOT = course.ROOT.parent


def load(name):
    spec = importlib.util.spec_from_file_location(f"site_{name}", ROOT / "docs" / "site" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pages, links = load("pages"), load("links")
LISTED = [page for group in pages.CONTENTS.values() for page in group]


def start():
    return nbformat.read(course.ROOT / "start.ipynb", as_version=4)


def test_every_notebook_and_page_has_its_place_in_the_sidebar():
    notebooks = {f"notebooks/{path.stem}" for path in course.ROOT.glob("*.ipynb")} - {"notebooks/start"}
    docs = {f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")}
    assert len(LISTED) == len(set(LISTED))
    assert set(LISTED) == notebooks | docs | {"CONTRIBUTING"}
    text = pages.index(start(), "")
    assert [line for line in text.splitlines() if line in LISTED] == LISTED


NOTEBOOKS = sorted(path for path in course.ROOT.glob("*.ipynb") if path.stem != "start")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_of_a_lesson_is_a_page_of_the_site(path, tmp_path):
    solved = course.ROOT / "solutions" / path.name
    read = [nbformat.read(one, as_version=4) for one in (path, solved if solved.is_file() else path)]
    made = pages.for_readers(*read, path.stem, tmp_path)
    prose = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    found = re.findall(r"\[[^\]]*\]\(([^)#\s]+\.(?:ipynb|md))(?:#[^)]*)?\)", prose)
    assert f"path:../learner/{path.name}" in found
    assert "*Not run for this site." in made.cells[0].source
    for link in found:
        if not link.startswith(("http", "path:")):
            target = (path.parent / link).resolve().relative_to(ROOT).with_suffix("")
            assert target.as_posix() in [*LISTED, "index"], link


def test_the_start_page_links_every_lesson_and_launches_only_with_a_repository():
    text = pages.index(start(), "")
    for page in pages.CONTENTS[pages.LESSONS] + pages.CONTENTS[pages.PRIMERS]:
        assert f"]({page}.ipynb)" in text
    assert "mybinder" not in text
    assert "lab.progress" not in text
    launched = pages.index(start(), "https://forge.example/owner/name")
    assert "https://mybinder.org/v2/gh/owner/name/HEAD" in launched


def output(**data):
    return nbformat.v4.new_output("display_data", data={k.replace("__", "/"): v for k, v in data.items()})


@pytest.mark.parametrize(("kind", "ending"), [("mpeg", ".mp3"), ("x-wav", ".wav")])
def test_readers_get_stubs_with_the_solved_outputs_and_files_instead_of_what_needs_a_kernel(
    kind, ending, tmp_path
):
    sound = base64.b64encode(b"RIFF").decode()
    html = f'<audio controls src="data:audio/{kind};base64,{sound}"></audio>'
    twin = output(text__html=html, text__plain="a tune", image__png="AAAA")
    bare = output(text__plain="Player()")
    for shown in (twin, bare):
        shown.data["application/vnd.jupyter.widget-view+json"] = {"model_id": "1"}
    words = nbformat.v4.new_output("stream", text=f"in {Path.home()}/x")
    sheet = output(image__svg_xml='<svg aria-label="a staff"></svg>')
    sheet.data["image/svg+xml"] = sheet.data.pop("image/svg_xml")
    title = nbformat.v4.new_markdown_cell("# Title\n\n[first](start.ipynb)")
    stub = nbformat.v4.new_code_cell("stub", id="f")
    solved = nbformat.v4.new_code_cell("solution", id="f", outputs=[twin, bare, sheet, words])
    notebooks = (nbformat.v4.new_notebook(cells=cells) for cells in ([title, stub], [solved]))
    made = pages.for_readers(*notebooks, "00_x", tmp_path, "https://forge.example/owner/name")
    assert made.cells[0].source.startswith("# Title\n\n*Run for you, with the solutions")
    assert "https://forge.example/owner/name/blob/main/notebooks/source/00_x.py" in made.cells[0].source
    assert "](../index.md)" in made.cells[0].source
    assert made.cells[1].source == "stub"
    (file,) = tmp_path.iterdir()
    assert file.suffix == ending
    assert file.read_bytes() == b"RIFF"
    player, staff, printed = made.cells[1].outputs
    assert player.data == {
        "text/html": f'<audio controls src="../media/{file.name}"></audio>',
        "text/plain": "a tune",
    }
    assert staff.data == {"text/html": '<svg aria-label="a staff"></svg>'}
    assert printed.text == "in ~/x"


def test_the_link_check_finds_dead_links_lost_fragments_and_undescribed_pictures(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there"></a><a href="b.html#gone"></a><a href="c.html"></a>'
        '<a href="https://example.org/x"></a><img src="b.html"><script src="https://cdn.example/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="a.html#top"></a>')
    assert links.problems(tmp_path) == [
        "a.html: picture without alt text: b.html",
        "a.html: would be fetched: https://cdn.example/x.js",
        "a.html: dead link b.html#gone",
        "a.html: dead link c.html",
    ]
    assert links.problems(tmp_path / "empty") == [f"no page in {tmp_path / 'empty'}"]
