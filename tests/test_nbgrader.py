"""The real nbgrader, end to end: a course, four students, their grades.

`pip install musicgan-edu[teach]` brings nbgrader; `make env` installs it.
"""

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from musicgan_edu import checks, course
from musicgan_edu.__main__ import main
from musicgan_edu.teaching import judging

pytestmark = pytest.mark.slow
LESSONS = sorted(path.stem for path in (course.ROOT / "source").glob("[0-9][0-9]_*.py"))
FULL = {name: sum(checks.find(e).stars for e in checks.names(name[:2])) for name in LESSONS}
STUDENTS = ("half", "hostile", "solved", "stub")
VARIED = {name for name in LESSONS if any(checks.find(e).varies for e in checks.names(name[:2]))}
ATTACKED = "01_encode_music"

#: What the hostile student writes into the cells of lesson 01, beside one honest answer.
ATTACKS = {
    "01.to_step": """
import sys, builtins, numpy as np
from musicgan_edu import checks
checks.grade = checks.check = lambda *a, **k: None
checks.judge = lambda *a, **k: checks.Result("correct")
checks.expect = checks.require = lambda *a, **k: True
np.isclose = lambda a, b, **k: np.ones(np.shape(a), bool)
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("musicgan_edu.checks"):
        module.expect = module.require = lambda *a, **k: True
get_ipython = lambda: None
def to_step(beat, steps_per_beat):
    return 0
""",
    "01.tokens_of": "import os\nos._exit(0)",
}


DRIVER = """
import sys
from nbgrader import apps
for line in sys.argv[1:]:
    name, *rest = line.split()
    kind = getattr(apps, name)
    app = kind.instance()
    app.initialize(rest)
    app.start()
    kind.clear_instance()
"""


def nbgrader(folder, *lines):
    """Run nbgrader's commands in one process: starting anew takes seconds each time."""
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    env["PYTHONPATH"] = os.pathsep.join([str(course.ROOT.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *lines], cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def hand_in(folder, student, name, answer):
    """Submit the release with `answer(exercise, stub, solution)` in each cell for an answer."""
    source = {c["id"]: "".join(c["source"]) for c in cells_of(folder / "source" / name / f"{name}.ipynb")}
    notebook = json.loads((folder / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution"):
            written = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", source[marks["grade_id"]], flags=re.M)
            cell["source"] = answer(marks["grade_id"].replace("-", "."), "".join(cell["source"]), written)
        elif student == "hostile" and marks.get("grade"):
            cell["source"], marks["points"] = "pass", 100
    target = folder / "submitted" / student / name / f"{name}.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")


def half_of(name):
    """Every other exercise of a lesson."""
    return set(checks.names(name[:2])[::2])


def public_solution(exercise):
    """What everybody can read in the course's repository."""
    lesson = course.read(next((course.ROOT / "source").glob(f"{exercise[:2]}_*.py")))
    return next(cell.text for cell in lesson.cells if cell.exercise == exercise.split(".")[1])


ANSWERS = {
    "stub": lambda exercise, stub, solution: stub,
    "solved": lambda exercise, stub, solution: solution,
    "half": lambda exercise, stub, solution: solution if exercise in half_of(exercise) else stub,
    "copied": lambda exercise, stub, solution: public_solution(exercise),
    "hostile": lambda exercise, stub, solution: ATTACKS.get(exercise, solution),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course with every lesson, released, handed in by four students and graded."""
    if importlib.util.find_spec("nbgrader") is None:
        pytest.fail("nbgrader isn't installed: make env")
    folder = tmp_path_factory.mktemp("class") / "course"
    assert main(["course", "new", str(folder), "--seed", "20261130"]) == 0
    config = folder / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = {str(folder.parent / 'exchange')!r}\n")
    nbgrader(folder, *[f"GenerateAssignmentApp {name}" for name in LESSONS])
    for name in LESSONS:
        for student in STUDENTS:
            if student != "hostile" or name == ATTACKED:
                hand_in(folder, student, name, ANSWERS[student])
        if name in VARIED:
            hand_in(folder, "copied", name, ANSWERS["copied"])
    nbgrader(folder, *[f"AutogradeApp {name}" for name in LESSONS])
    return folder


@pytest.fixture(scope="module")
def grades(folder):
    nbgrader(folder, "ExportApp")
    with (folder / "grades.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    print(*[f"{r['assignment']}\t{r['student_id']}\t{r['score']}\t{r['max_score']}" for r in rows], sep="\n")
    return {
        (row["assignment"], row["student_id"]): (float(row["score"]), float(row["max_score"])) for row in rows
    }


@pytest.mark.parametrize("name", LESSONS)
def test_solutions_get_full_marks_stubs_none_half_the_right_half(grades, name):
    half = sum(checks.find(exercise).stars for exercise in half_of(name))
    assert 0 < half < FULL[name]
    assert grades[name, "solved"] == (FULL[name], FULL[name])
    assert grades[name, "stub"] == (0, FULL[name])
    assert grades[name, "half"] == (half, FULL[name])


@pytest.mark.parametrize("name", sorted(VARIED))
def test_a_copy_of_the_public_solutions_loses_exactly_the_varied_exercises(grades, name):
    lost = sum(checks.find(e).stars for e in checks.names(name[:2]) if checks.find(e).varies)
    assert grades[name, "copied"] == (FULL[name] - lost, FULL[name])


def test_attacks_get_nothing_and_the_honest_answer_beside_them_its_points(folder, grades):
    honest = checks.find("01.notes_of").stars
    assert grades[ATTACKED, "hostile"] == (honest, FULL[ATTACKED])


def test_a_release_holds_no_solution_and_no_hidden_test(folder):
    for name in LESSONS:
        text = (folder / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
        assert not re.search(r"SOLUTION|HIDDEN|checks\.grade|seed=\d|20261130", text)
        hidden = (judging.exercise_seed(20261130, exercise) for exercise in checks.names(name[:2]))
        assert not any(str(seed) in text for seed in hidden)
        assert text.count("NotImplementedError") == len(checks.names(name[:2]))


def test_feedback_says_why_and_shows_no_hidden_test(folder):
    nbgrader(folder, f"GenerateFeedbackApp {ATTACKED}")
    pages = {
        s: (folder / "feedback" / s / ATTACKED / f"{ATTACKED}.html").read_text("utf-8") for s in STUDENTS
    }
    assert not any("HIDDEN" in page or re.search(r"seed=.{0,60}\d{5}", page) for page in pages.values())
    assert "not attempted" in pages["stub"]
    assert "ended the process that ran it" in pages["hostile"]


def test_a_release_travels_through_the_exchange(folder):
    nbgrader(folder, f"ReleaseAssignmentApp {ATTACKED}")
    student = folder.parent / "student"
    student.mkdir()
    shutil.copy(folder / "nbgrader_config.py", student)
    nbgrader(student, f"FetchAssignmentApp {ATTACKED}", f"SubmitApp {ATTACKED}")
    nbgrader(folder, f"CollectApp {ATTACKED}")
    fetched = student / ATTACKED / f"{ATTACKED}.ipynb"
    assert fetched.read_bytes() == (folder / "release" / ATTACKED / f"{ATTACKED}.ipynb").read_bytes()
