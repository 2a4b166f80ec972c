"""The house rules: where imports may point, what loads when, how long a function may be."""

import ast
import importlib.metadata
import statistics
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

import musicgan_edu

PACKAGE = Path(musicgan_edu.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
APPLICATIONS = {"assistant", "completion", "style", "recommendation"}
#: Library → the rooms that may import it.
HOMES = {
    "music21": {"corpus", "playback"},
    "pretty_midi": {"corpus", "playback"},
    "matplotlib": {"plotting"},
    "keras": {"models", "losses", "training", "sampling", "baselines", *APPLICATIONS},
    "tensorflow": {"models", "losses", "training", "sampling", "baselines", "teaching", *APPLICATIONS},
    "nbgrader": {"teaching"},
    "sklearn": {"evaluation", "recommendation"},
    "librosa": {"audio"},
    "noisereduce": {"audio"},
    "jupytext": {"course"},
    "verovio": {"playback"},
    "symusic": {"playback"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("musicgan_edu", include_external_packages=True, cache_dir=None)


def test_imports_point_down(monkeypatch):
    monkeypatch.chdir(PACKAGE.parent)
    assert lint_imports(cache_dir=None) == 0


@pytest.mark.parametrize("library", HOMES)
def test_each_heavy_library_has_its_homes(graph, library):
    if library not in graph.modules:
        pytest.skip(f"nothing imports {library} yet")
    rooms = {name.split(".")[1] for name in graph.find_modules_that_directly_import(library)}
    # The references of exercises read as the lessons do, which write Keras out.
    allowed = HOMES[library] | ({"checks"} if library in ("keras", "tensorflow") else set())
    assert rooms <= allowed


def test_the_package_itself_loads_nothing():
    code = (
        "import sys, time; t = time.perf_counter(); import musicgan_edu; "
        "print(time.perf_counter() - t); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, loaded = done.stdout.splitlines()
    assert float(seconds) < 0.3
    assert not {*HOMES, "numpy"} & set(loaded.split())


def test_the_first_lessons_rooms_do_not_wait_for_tensorflow():
    code = (
        "import sys; from musicgan_edu import checks, corpus, encoding, lab, playback, plotting, sampling; "
        "import musicgan_edu.__main__; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "music21", "sklearn"} & set(done.stdout.split())


def test_every_room_is_reachable_and_others_are_not():
    assert musicgan_edu.score.Score is not None
    assert "encoding" in dir(musicgan_edu)
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        _ = musicgan_edu.utils
    rooms = {path.stem for path in PACKAGE.glob("[a-z]*.py")} | {
        p.parent.name for p in PACKAGE.glob("*/__init__.py")
    }
    assert rooms <= musicgan_edu._ROOMS


def test_the_version_comes_from_one_place():
    assert importlib.metadata.version("musicgan-edu") == musicgan_edu.__version__


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_are_documented_listed_and_short(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with what comes in and what goes out"
    assert text.count("\n") < 400
    named = {
        t.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for t in node.targets
        if isinstance(t, ast.Name)
    }
    defines = any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_" for node in tree.body
    )
    assert "__all__" in named or not defines
    for name, length in body_lengths(tree).items():
        assert length <= 40, f"{name} has {length} lines"


def test_half_of_all_functions_have_at_most_twelve_lines():
    lengths = [
        n for path in MODULES for n in body_lengths(ast.parse(path.read_text(encoding="utf-8"))).values()
    ]
    assert statistics.median(lengths) <= 12


def body_lengths(tree):
    """Name → lines of a function's body, its docstring not counted."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            found[f"{node.name} (line {node.lineno})"] = (
                body[-1].end_lineno - body[0].lineno + 1 if body else 0
            )
    return found
