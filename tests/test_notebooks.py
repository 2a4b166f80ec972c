"""Every lesson, as learners get it and with its solutions, executed from top to bottom in a real kernel.

What each run took lands in test-results/notebooks.tsv (lesson, version, seconds, peak memory in MB);
`python benchmarks/lessons.py` makes a table of it. Seconds depend on what else a machine does, so only a hang fails.
"""

import os
import re
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from musicgan_edu import course, lab

pytestmark = pytest.mark.notebook
RESULTS = course.ROOT.parent / "test-results" / "notebooks.tsv"
EXECUTED = RESULTS.parent / "executed"  # what benchmarks/accessibility.py looks at
LESSONS = sorted(course.ROOT.glob("[0-9][0-9]_*.ipynb"))
ALONE = ("06", "07")  # compares two speeds; trains for three minutes, however much it gets done in them
PAGES = sorted(path for path in course.ROOT.glob("*.ipynb") if course.PAGE.fullmatch(path.stem))
HANGS = 600  # seconds in a single cell
MEGABYTES = 1536  # 1.5 GB, in units of 1024 kB as the kernel counts
CHECK = re.compile(r"^(\d\d\.\w+): (. [a-z ]+)", re.M)


def note(path, version, seconds, memory):
    """A row for benchmarks/lessons.py; a line that is appended at once, whoever else does so."""
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as stream:
        stream.write(f"{path.stem}\t{version}\t{seconds:.1f}\t{memory:.0f}\n")


def execute(path, folder):
    """The executed notebook, its seconds (kernel start included) and the kernel's peak memory in MB."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=HANGS, store_widget_state=False, resources={"metadata": {"path": str(folder)}}
    )
    started = time.monotonic()
    with client.setup_kernel(env=lab.environment()):  # as a learner's kernels get it
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.monotonic() - started
        memory = peak_memory(client)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    kind = "solutions_" if path.parent.name == "solutions" else ""
    nbformat.write(notebook, EXECUTED / f"{kind}{path.name}")
    return notebook, seconds, memory


def peak_memory(client):
    """The kernel's peak memory in MB, 0 where there's no /proc."""
    status = Path(f"/proc/{client.km.provisioner.pid}/status")
    if not status.exists():
        return 0.0
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024


def printed(cell):
    return "".join(o.get("text", "") for o in cell.get("outputs", []) if o.output_type == "stream")


@pytest.mark.parametrize("version", ["learner", "solutions"])
@pytest.mark.parametrize(
    "lesson",
    [pytest.param(p, marks=[pytest.mark.alone] * p.name.startswith(ALONE)) for p in LESSONS],
    ids=lambda path: path.stem,
)
def test_lesson(lesson, version, tmp_path, monkeypatch):
    monkeypatch.delenv("MUSICGAN_PROGRESS", raising=False)
    path = lesson if version == "learner" else lesson.parent / "solutions" / lesson.name
    notebook, seconds, memory = execute(path, tmp_path)
    note(lesson, version, seconds, memory)
    assert memory <= MEGABYTES
    assert_checks_answer(notebook, version, tmp_path)
    assert_outputs_are_good(notebook)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page, tmp_path, monkeypatch):
    """A page that is no lesson has one version, and leaves nothing behind."""
    monkeypatch.delenv("MUSICGAN_PROGRESS", raising=False)
    notebook, seconds, memory = execute(page, tmp_path)
    note(page, "page", seconds, memory)
    assert memory <= MEGABYTES
    assert_outputs_are_good(notebook)
    assert [name for name in os.listdir(tmp_path) if name != ".ipynb_checkpoints"] == []


def assert_checks_answer(notebook, version, folder):
    """Stubs are "not attempted" and leave no progress, solutions are "correct" and are noted."""
    asked = {
        n for cell in notebook.cells for n in re.findall(r"""checks\.check\(\s*["']([^"']+)""", cell.source)
    }
    answers = dict(answer for cell in notebook.cells for answer in CHECK.findall(printed(cell)))
    assert answers.keys() == asked
    wanted = "✔ correct" if version == "solutions" else "○ not attempted"
    assert {name: answer.strip() for name, answer in answers.items()} == dict.fromkeys(asked, wanted)
    assert (folder / "musicgan_progress.json").exists() == (version == "solutions" and bool(asked))
    uses = [cell for cell in notebook.cells if "uses the reference solution" in printed(cell)]
    assert bool(uses) == (version == "learner" and bool(asked))


def assert_outputs_are_good(notebook):
    """No warning from our code, a text beside every picture, no widget state, nothing from a network."""
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                assert "Warning" not in output.text, output.text
            data = output.get("data", {})
            html = "".join(data.get("text/html", ""))
            assert "<img" not in html or re.search(r'alt="[^"]{10,}"', html), cell.source
            if any(kind.startswith("image/") for kind in data):
                described = re.search(
                    r'alt="[^"]{10,}"|aria-label="[^"]{10,}"', html + data.get("image/svg+xml", "")
                )
                assert described, f"a picture without alt text: {cell.source}"
            assert not re.search(r'src="(https?:)?//', html), cell.source


def test_a_learners_folder_is_left_clean(tmp_path):
    """Lessons write where they run only what they say: the progress file."""
    lesson = LESSONS[0]
    execute(lesson.parent / "solutions" / lesson.name, tmp_path)
    assert [name for name in os.listdir(tmp_path) if name != ".ipynb_checkpoints"] == [
        "musicgan_progress.json"
    ]
