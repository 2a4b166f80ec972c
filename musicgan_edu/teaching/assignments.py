"""A lesson's assignment for nbgrader: its exercises and what they need, without the lesson's computations.

Comes in: a `course.Lesson`. Goes out: a notebook as nbgrader's source version has it, solutions between its
markers, one test cell an exercise with as many points as the exercise has stars. The hidden part of a test
draws its cases from the instructor's seed.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import symtable
from collections.abc import Iterator
from typing import Any

from musicgan_edu import checks, course
from musicgan_edu.score import MusicganError
from musicgan_edu.teaching.judging import exercise_seed

__all__ = ["TeachingError", "assignment", "points", "setup_code", "variant"]

_INTRODUCTION = """# Assignment {number} · {title}
Lesson `{name}.ipynb` explains what is asked here. Write your answers where a cell says `YOUR CODE HERE`; you may add
cells, and leave the locked ones as they are. The check under each exercise tells you what is still wrong. It is
graded by the same check on other numbers: {points} points in all, one for each star."""


class TeachingError(MusicganError):
    """A course folder that can't be made, or a lesson that makes no assignment."""


def points(name: str) -> int:
    """What an exercise is worth: its stars."""
    return checks.find(name).stars


def variant(name: str, seed: int) -> dict[str, float]:
    """The numbers of one exercise in a course, none of them the lesson's; empty where none can vary.

    Parameters
    ----------
    seed : the course's.
    """
    drawn = {}
    for keyword, (_, *others) in checks.find(name).varies.items():
        mixed = hashlib.sha256(f"{seed} {name} {keyword}".encode()).digest()
        drawn[keyword] = others[int.from_bytes(mixed[:4], "little") % len(others)]
    return drawn


def _with_numbers(code: str, name: str, numbers: dict[str, float]) -> str:
    """An answer's cell with the variant's literals in place of the lesson's, docstring and solution alike."""
    swap = {f"{checks.find(name).varies[key][0]:g}": f"{number:g}" for key, number in numbers.items()}
    literal = "|".join(re.escape(old) for old in swap) or "(?!)"
    return re.sub(rf"(?<![\w.])({literal})(?![\w]|\.\d)", lambda found: swap[found[1]], code)


def _told(name: str, numbers: dict[str, float]) -> str:
    """What a student reads above a varied exercise."""
    lessons = checks.find(name).varies
    rows = [f"- {number:g} in place of {lessons[key][0]:g} (`{key}`)" for key, number in numbers.items()]
    return "\n".join(["**In this assignment the numbers are others than in the lesson:**", "", *rows])


def assignment(lesson: course.Lesson, *, seed: int, inside: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The source notebook of a lesson's assignment, in nbformat 4.5.

    Parameters
    ----------
    seed : the instructor's, of the hidden cases; each exercise gets one of its own from it.
    inside : exercises whose answers can't be judged over a pipe.

    Raises
    ------
    TeachingError : the lesson has no exercise, or one needs a name that the lesson doesn't define.
    """
    asked = [f"{lesson.number}.{cell.exercise}" for cell in lesson.cells if cell.exercise]
    if not asked:
        raise TeachingError(f"teaching: lesson {lesson.name} has no exercise to grade")
    opening = _INTRODUCTION.format(
        number=lesson.number,
        title=lesson.title.partition(" · ")[2],
        name=lesson.name,
        points=sum(map(points, asked)),
    )
    cells = [_cell("markdown", "opening", opening), _cell("code", "setup", setup_code(lesson), locked=True)]
    for before, cell in zip(lesson.cells, lesson.cells[1:], strict=False):
        if cell.exercise:
            name = f"{lesson.number}.{cell.exercise}"
            cells += _exercise(
                name, before, cell, variant(name, seed), exercise_seed(seed, name), name not in inside
            )
    return {"cells": cells, "metadata": course.KERNEL, "nbformat": 4, "nbformat_minor": 5}


def _exercise(
    name: str, before: course.Cell, cell: course.Cell, numbers: dict[str, float], seed: int, outside: bool
) -> Iterator[dict]:
    """What is asked, the cell for the answer, and the test."""
    own, grade_id = name.split(".")[1], name.replace(".", "-")
    if before.kind == "markdown":
        yield _cell("markdown", f"{grade_id}-text", before.text)
    if numbers:
        yield _cell("markdown", f"{grade_id}-numbers", _told(name, numbers))
    yield _cell(
        "code",
        grade_id,
        _with_numbers(cell.text, name, numbers)
        .replace("# BEGIN SOL", "### BEGIN SOL")
        .replace("# END SOL", "### END SOL"),
        solution=True,
    )
    how = "" if outside else ", outside=False"
    others = "".join(f", {key}={number:g}" for key, number in numbers.items())
    test = (
        f'### BEGIN HIDDEN TESTS\nchecks.grade("{name}", {own}, seed={seed}{how}{others})\n### END HIDDEN TESTS\n'
        f'{own} = checks.check("{name}", {own}{others})'
    )
    yield _cell("code", f"{grade_id}-test", test, grade=True, points=points(name))


def _cell(kind: str, grade_id: str, text: str, *, grade: bool = False, solution: bool = False,
          locked: bool = False, points: int = 0) -> dict[str, Any]:  # fmt: skip
    """One cell with nbgrader's marks; text cells carry none."""
    marks = {"schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution,
             "locked": locked or grade, "task": False} | ({"points": points} if grade else {})  # fmt: skip
    made: dict[str, Any] = {"cell_type": kind, "id": grade_id, "metadata": {}, "source": text}
    if kind == "code":
        made |= {"execution_count": None, "outputs": [], "metadata": {"nbgrader": marks}}
    return made


def setup_code(lesson: course.Lesson) -> str:
    """The imports and definitions of the lesson that its exercises use, and nothing that computes.

    Raises
    ------
    TeachingError : an exercise uses a name that no import, function or class of the lesson binds.
    """
    exercises = [cell.text for cell in lesson.cells if cell.exercise]
    given = {name for code in exercises for name in _bound(code)}
    known = _definitions(lesson)
    wanted = [("checks", "checks")] + [
        (name, code) for code in exercises for name in sorted(_used(code) - given)
    ]
    taken: dict[str, None] = {}
    while wanted:
        name, user = wanted.pop(0)
        if name not in known:
            raise TeachingError(
                f"teaching: {lesson.name}: {name!r}, used in {user[:40]!r}, is defined nowhere"
            )
        if known[name] not in taken:
            taken[known[name]] = None
            wanted += [(other, known[name]) for other in sorted(_used(known[name]) - given)]
    imports = sorted(
        (code for code in taken if code.startswith(("import", "from"))), key=lambda c: c.split()[1]
    )
    return "\n\n\n".join(["\n".join(imports), *(code for code in reversed(taken) if code not in imports)])


def _definitions(lesson: course.Lesson) -> dict[str, str]:
    """Name → the statement that binds it: an import cut to that name, a function or class, a CONSTANT."""
    found = {"checks": "from musicgan_edu import checks"}
    for cell in lesson.cells:
        if cell.kind != "code" or cell.exercise:
            continue
        code = re.sub(r"^[%!].*$", "", cell.text, flags=re.M)
        for node in ast.parse(code).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found |= {alias.asname or alias.name: _import_of(node, alias) for alias in node.names}
            elif name := _named(node):
                found.setdefault(name, ast.get_source_segment(code, node) or "")
    return found


def _named(node: ast.stmt) -> str:
    """What a definition or a constant is called; empty for other statements, which may compute for minutes."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) and target.id.isupper() else ""


def _import_of(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import([alias]))
    return ast.unparse(ast.ImportFrom(node.module, [alias], node.level))


def _used(code: str) -> set[str]:
    """The names that the code takes from outside itself."""
    if code.startswith(("import", "from")):
        return set()
    tables, used = [symtable.symtable(code, "cell", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return {name for name in used - _bound(code) if not hasattr(builtins, name)}


def _bound(code: str) -> set[str]:
    return {node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
