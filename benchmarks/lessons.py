"""What each lesson holds and what it costs, a row each.

    python benchmarks/lessons.py        # `make notebooks` prints it behind its tests

Words are what a learner reads: headings, prose, formulas and quizzes, without code and tags. Code lines hold code: no
blank lines, comments or docstrings; the solutions count. The longest cell is given in such lines, and in all lines.
Wrong answers are those of tests/wrong_answers, each of which gets a reason. Seconds and peak memory are the last
ones that `pytest -m notebook` left in test-results/notebooks.tsv, the learner's version before the one with solutions.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from musicgan_edu import checks, course  # noqa: E402

RESULTS = ROOT / "test-results" / "notebooks.tsv"
HEAD = "lesson | words | code lines | longest cell | exercises | wrong answers | seconds | peak MB"
SKIPPED = re.compile(r"```.*?```|<[^>]*>|^\|[-| :]+\|$", re.S | re.M)


def words(lesson: course.Lesson) -> int:
    """Words in a lesson's markdown; what holds no letter or digit isn't one."""
    text = " ".join(cell.text for cell in lesson.cells if cell.kind == "markdown")
    return sum(any(map(str.isalnum, word)) for word in SKIPPED.sub(" ", text).split())


def measured() -> dict[tuple[str, str], tuple[float, float]]:
    """(lesson, version) → (seconds, MB): the last row of each, none without a run."""
    if not RESULTS.is_file():
        return {}
    rows = [line.split("\t") for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    return {(name, version): (float(seconds), float(mb)) for name, version, seconds, mb in rows}


def wrong_answers(number: str) -> int:
    if not number:
        return 0
    answers = importlib.import_module(f"tests.wrong_answers.lesson_{number}").WRONG
    return sum(map(len, answers.values()))


def row(lesson: course.Lesson, runs: dict[tuple[str, str], tuple[float, float]]) -> list[str]:
    code = [cell.text for cell in lesson.cells if cell.kind == "code"]
    lines = [course.code_lines(text) for text in code]
    longest = f"{max(lines)} / {max(len(text.splitlines()) for text in code)}" if code else "0"
    versions = ["page"] if lesson.is_page else ["learner", "solutions"]
    ran = [runs.get((lesson.name, version)) for version in versions]
    seconds = " / ".join("–" if run is None else f"{run[0]:.0f}" for run in ran)
    memory = " / ".join("–" if run is None else f"{run[1]:.0f}" for run in ran)
    exercises = len(checks.names(lesson.number)) if lesson.number else 0
    counts = [words(lesson), sum(lines), longest, exercises, wrong_answers(lesson.number)]
    return [lesson.name, *map(str, counts), seconds, memory]


def main() -> None:
    runs = measured()
    rows = [row(course.read(path), runs) for path in sorted((course.ROOT / "source").glob("*.py"))]
    total = ["all", *(str(sum(int(cells[i]) for cells in rows)) for i in (1, 2)), ""]
    total += [str(sum(int(cells[i]) for cells in rows)) for i in (4, 5)]
    total += [f"{sum(seconds for seconds, _ in runs.values()):.0f}", ""]
    for cells in [HEAD.split(" | "), ["---"] * 8, *rows, total]:
        print("|", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
