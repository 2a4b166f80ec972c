"""A course folder for nbgrader: one assignment a lesson, the configuration, and what to type.

Comes in: a folder that isn't there yet, an instructor's seed. Goes out: `source/`, `nbgrader_config.py`, README.md.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from musicgan_edu import checks, course, lab
from musicgan_edu.teaching import assignments, judging

__all__ = ["make_course", "unreachable"]

_CONFIG = '''"""nbgrader's settings for this course; nbgrader reads them when it runs in this folder."""

from nbgrader.converters.autograde import Autograde
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from musicgan_edu.teaching.nbgrader_step import Judge

c = get_config()
c.CourseDirectory.course_id = "musicgan"
# Submissions run in a process of their own, and are judged outside it, in place of nbgrader's Execute.
c.Autograde.autograde_preprocessors = [
    Judge if step is Execute else step for step in Autograde.autograde_preprocessors.default()
]
c.Judge.seconds = 30  # for one exercise
# On Linux, with bubblewrap installed, submissions see no network and can write no file of yours:
# c.Judge.sandbox = ["bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--dev", "/dev", "--unshare-all", "--die-with-parent"]
# Feedback shows the hidden tests no more than the release does.
c.GenerateFeedback.preprocessors = [ClearHiddenTests, GetGrades, CSSHTMLHeaderPreprocessor]
'''

_README = """# musicgan_edu as a nbgrader course
Seed {seed}: it fixes the hidden cases. Keep this folder from your students; hand out `release/`.

```sh
nbgrader generate_assignment {first}      # source/ → release/, solutions and hidden tests taken out
nbgrader autograde {first}                # submitted/STUDENT/{first}/ → autograded/
nbgrader generate_feedback {first}        # → feedback/, HTML
nbgrader export                           # every grade → grades.csv
```
Run these in this folder. A class without nbgrader's exchange hands files in as you like, and you put them under
`submitted/STUDENT/ASSIGNMENT/`; `nbgrader zip_collect` does so from a learning platform's zip file.
"""


def make_course(folder: Path, *, seed: int, lessons: Sequence[str] = ()) -> list[str]:
    """Make a nbgrader course in `folder`; the names of its assignments.

    Parameters
    ----------
    seed : of the hidden cases; two courses with other seeds test other numbers.
    lessons : numbers such as "01"; every lesson unless given.

    Raises
    ------
    TeachingError : the folder is there already, or no lesson has such a number.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise assignments.TeachingError(f"teaching: {folder} is there already; choose a new folder")
    found = [course.read(path) for path in sorted((lab.lessons_folder() / "source").glob("[0-9][0-9]_*.py"))]
    missing = set(lessons) - {lesson.number for lesson in found}
    if missing or not found:
        raise assignments.TeachingError(
            f"teaching: no lesson {', '.join(sorted(missing)) or 'source'} to make assignments of"
        )
    wanted = [lesson for lesson in found if not lessons or lesson.number in lessons]
    made = {lesson.name: _notebook(lesson, seed) for lesson in wanted}
    for name, text in made.items():
        target = folder / "source" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    (folder / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    (folder / "README.md").write_text(_README.format(seed=seed, first=wanted[0].name), encoding="utf-8")
    return list(made)


def _notebook(lesson: course.Lesson, seed: int) -> str:
    made = assignments.assignment(lesson, seed=seed, inside=unreachable(lesson))
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def unreachable(lesson: course.Lesson) -> frozenset[str]:
    """The exercises whose own reference isn't found correct over a pipe."""
    names = checks.names(lesson.number)
    cells: list[judging.Cell] = [("setup", "", assignments.setup_code(lesson))]
    cells += [("answer", name, _reference(name)) for name in names]
    with judging.Examiner(cells, seconds=120) as examiner:
        return frozenset(n for n in names if examiner.judge(n, seed=0).status != "correct")


def _reference(name: str) -> str:
    """Code that gives the exercise's function."""
    reference = checks.find(name).reference
    if reference.__module__.startswith(checks.__name__):
        return textwrap.dedent(inspect.getsource(reference))
    own = name.split(".")[1]
    return f"from {reference.__module__} import {reference.__name__} as {own}"
