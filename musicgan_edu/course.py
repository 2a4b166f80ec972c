"""The course's notebooks, built from their sources.

Comes in: notebooks/source/NN_verb_object.py (jupytext percent format, solutions inside); start.py and
primer_subject.py, pages that are no lessons.
Goes out: notebooks/NN_verb_object.ipynb for learners, solutions cut to stubs and folded, and
notebooks/solutions/NN_verb_object.ipynb; byte for byte the same as long as the sources are.

`python -m musicgan_edu.course build` writes them, `… check` says what is stale or breaks the format,
which CONTRIBUTING.md ("How to add a lesson") describes.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import inspect
import itertools
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from musicgan_edu import checks
from musicgan_edu.score import MusicganError

__all__ = ["Cell", "CourseError", "Lesson", "build", "check", "cut_solution", "quiz_html", "read", "render"]

ROOT = Path(__file__).resolve().parent.parent / "notebooks"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"  # what nbgrader writes, so that both agree
MAX_LINES, MAX_STATEMENT_LINES, MAX_COLUMNS = 25, 15, 88
PAGE = re.compile(r"start|primer(_[a-z0-9]+)+")  # the stems of pages: no number, no exercises, one version
SECTIONS = ("Objectives", "Exercises", "Quiz", "Recap")
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)# BEGIN SOLUTION[ \t]*\n.*?^[ \t]*# END SOLUTION[ \t]*$", re.M | re.S
)
_CHECK = re.compile(r"""checks\.check\(\s*["']([^"']+)["']""")
_LINK = re.compile(r"\[([^\]]*)\]\((\d\d)\)")
_MINUTES = re.compile(r"\*(\d+) minutes")
_OPTION = re.compile(r"^- \[(?P<mark>[ x])\] (?P<text>.+?) :: (?P<why>.+)$", re.S)


class CourseError(MusicganError):
    """A lesson's source that doesn't follow the format; the message names file and place."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell of a source: `kind` is "code" or "markdown", `marks` what stands on its `# %%` line."""

    kind: str
    text: str
    marks: dict[str, Any]

    @property
    def exercise(self) -> str | None:
        """The function or class that the learner is to write, None in an ordinary cell."""
        if self.kind != "code" or not _SOLUTION.search(self.text):
            return None
        named = [node.name for node in ast.parse(self.text).body if isinstance(node, _DEFINITION)]
        return named[0] if named else None

    @property
    def is_quiz(self) -> bool:
        return "quiz" in self.marks.get("tags", [])


_DEFINITION = (ast.FunctionDef, ast.ClassDef)


@dataclasses.dataclass(frozen=True)
class Lesson:
    """A lesson or a page as written: `name` is the file's stem, `title` the text of its first heading."""

    name: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        """The lesson's number, "07"; empty for a page."""
        return "" if self.is_page else self.name[:2]

    @property
    def is_page(self) -> bool:
        return bool(PAGE.fullmatch(self.name))


def read(path: Path) -> Lesson:
    """Read one source; CourseError when its name or first heading isn't a lesson's."""
    import jupytext  # here, because `musicgan lab` must not wait for it

    is_page = PAGE.fullmatch(path.stem)
    if not (is_page or re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)+", path.stem)):
        raise CourseError(f"course: a source is called NN_verb_object.py, not {path.name}")
    notebook = jupytext.read(path, fmt="py:percent")
    cells = tuple(Cell(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells)
    first = cells[0].text.splitlines()[0] if cells and cells[0].text else ""
    opening = "# " if is_page else f"# {path.stem[:2]} · "
    if not first.startswith(opening):
        raise CourseError(f"course: {path.name} must open with '{opening}Title', not {first!r}")
    return Lesson(path.stem, first.removeprefix("# "), cells)


def cut_solution(code: str) -> str:
    """The learner's stub: every BEGIN SOLUTION … END SOLUTION becomes nbgrader's two lines."""
    return _SOLUTION.sub(lambda found: textwrap.indent(STUB, found["indent"]), code)


def _without_markers(code: str) -> str:
    return re.sub(r"^[ \t]*# (BEGIN|END) SOLUTION[ \t]*(\n|\Z)", "", code, flags=re.M).rstrip()


def quiz_html(text: str) -> str:
    """A question and its `- [ ] answer :: explanation` lines, each answer a fold with its explanation.

    Folds are the browser's own: they work from the keyboard, in print, and without a kernel.

    Raises
    ------
    CourseError : fewer than two options, not exactly one right, or an option without explanation.
    """
    from markdown_it import MarkdownIt

    question, *options = re.split(r"\n(?=- \[)", text.strip())
    found = [_OPTION.match(option.strip()) for option in options]
    rows = [option for option in found if option]
    if len(rows) != len(found) or len(rows) < 2 or sum(row["mark"] == "x" for row in rows) != 1:
        raise CourseError(
            "course: a quiz cell needs a question and at least two lines '- [ ] answer :: explanation', "
            f"one of them '- [x] …': {question[:60]!r}"
        )
    inline = MarkdownIt().renderInline
    folds = [
        f"<details><summary>{letter}. {inline(_one_line(row['text']))}</summary>\n\n"
        f"{'**Right.**' if row['mark'] == 'x' else '**No.**'} {_one_line(row['why'])}\n\n</details>"
        for letter, row in zip("ABCDEFGH", rows, strict=False)
    ]
    return "\n\n".join([question, *folds])


def _one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text.strip())


def _folded_solution(name: str, code: str, explanation: str) -> str:
    return (
        f"<details><summary>Solution of {name}</summary>\n\n"
        f"```python\n{_without_markers(code).strip()}\n```\n\n{explanation}\n\n</details>"
    ).replace("\n\n\n\n", "\n\n")


def _versions(lesson: Lesson, *, solutions: bool) -> Iterator[Cell]:
    """The lesson's cells as the learner or the teacher sees them."""
    explanations = {cell.marks["solution"]: cell.text for cell in lesson.cells if "solution" in cell.marks}
    code = {f"{lesson.number}.{cell.exercise}": cell.text for cell in lesson.cells if cell.exercise}
    for cell in lesson.cells:
        if cell.is_quiz:
            yield dataclasses.replace(cell, text=quiz_html(cell.text))
        elif "solution" in cell.marks:
            if solutions:
                yield cell
        elif cell.exercise:
            text = _without_markers(cell.text) if solutions else cut_solution(cell.text)
            yield Cell("code", text, {**cell.marks, "exercise": f"{lesson.number}.{cell.exercise}"})
        else:
            yield cell
            checked = _CHECK.search(cell.text) if cell.kind == "code" else None
            if checked and not solutions and checked[1] in code:
                folded = _folded_solution(checked[1], code[checked[1]], explanations.get(checked[1], ""))
                yield Cell("markdown", folded, {"solution": checked[1]})


def _navigation(lessons: Sequence[Lesson], position: int) -> str:
    before, after = lessons[max(0, position - 1) : position], lessons[position + 1 : position + 2]
    links = [f"[← {lesson.title}]({lesson.name}.ipynb)" for lesson in before]
    links += [f"[{lesson.title} →]({lesson.name}.ipynb)" for lesson in after]
    return " | ".join(links)


def _with_links(cell: Cell, lessons: Sequence[Lesson]) -> Cell:
    """`[words](07)` becomes a link to lesson 07, `[](07)` one with its title and minutes; if it exists."""
    by_number = {lesson.number: lesson for lesson in lessons}

    def link(found: re.Match[str]) -> str:
        words, number = found.groups()
        lesson = by_number.get(number)
        if lesson is None:
            return words or f"{number} · still to come"
        minutes = _MINUTES.search(lesson.cells[0].text)
        behind = f", {minutes[1]} minutes" if minutes and not words else ""
        return f"[{words or lesson.title}]({lesson.name}.ipynb){behind}"

    return dataclasses.replace(cell, text=_LINK.sub(link, cell.text)) if cell.kind == "markdown" else cell


def _render_page(page: Lesson, lessons: Sequence[Lesson]) -> str:
    """The notebook of a page as text: no exercises, no neighbours, links to lessons by their number."""
    return _as_notebook([_with_links(cell, lessons) for cell in _versions(page, solutions=False)])


def render(lessons: Sequence[Lesson], position: int, *, solutions: bool) -> str:
    """The notebook of `lessons[position]` as text, with links to its neighbours in the sequence."""
    lesson, links = lessons[position], _navigation(lessons, position)
    cells = list(_versions(lesson, solutions=solutions))
    note = "\n\n*This is the version with the solutions written in.*" if solutions else ""
    cells[0] = dataclasses.replace(cells[0], text=f"{cells[0].text}{note}\n\n{links}".rstrip())
    if links:
        cells.append(Cell("markdown", links, {}))
    return _as_notebook(cells)


def _as_notebook(cells: Sequence[Cell]) -> str:
    seen: set[str] = set()
    notebook = {
        "cells": [_json_cell(cell, _cell_id(cell, seen)) for cell in cells],
        "metadata": KERNEL,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell_id(cell: Cell, seen: set[str]) -> str:
    """An id that only changes with the cell: the exercise's name, else a hash of the text."""
    named = str(cell.marks.get("exercise", "")).replace(".", "-")
    wanted = named or hashlib.sha256(f"{cell.kind}{cell.text}".encode()).hexdigest()[:12]
    unique, n = wanted, 1
    while unique in seen:
        n += 1
        unique = f"{wanted}-{n}"
    seen.add(unique)
    return unique


def _json_cell(cell: Cell, cell_id: str) -> dict[str, Any]:
    marks = {key: value for key, value in cell.marks.items() if key != "tags"}
    metadata: dict[str, Any] = {"musicgan": marks} if marks else {}
    if cell.marks.get("tags"):
        metadata["tags"] = cell.marks["tags"]
    made: dict[str, Any] = {"cell_type": cell.kind, "id": cell_id, "metadata": metadata}
    made["source"] = cell.text.splitlines(keepends=True)
    if cell.kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


def _sources(root: Path) -> list[Lesson]:
    return [read(path) for path in sorted((root / "source").glob("*.py"))]


def _wanted(root: Path) -> dict[Path, str]:
    """Every notebook that the sources under `root` make: path → text."""
    sources = _sources(root)
    lessons = [source for source in sources if not source.is_page]
    made = {root / f"{page.name}.ipynb": _render_page(page, lessons) for page in sources if page.is_page}
    for position, lesson in enumerate(lessons):
        made[root / f"{lesson.name}.ipynb"] = render(lessons, position, solutions=False)
        made[root / "solutions" / f"{lesson.name}.ipynb"] = render(lessons, position, solutions=True)
    return made


def _built(root: Path) -> set[Path]:
    pages = {path for path in root.glob("*.ipynb") if PAGE.fullmatch(path.stem)}
    return pages | {*root.glob("[0-9][0-9]_*.ipynb"), *(root / "solutions").glob("*.ipynb")}


def build(root: Path = ROOT) -> list[Path]:
    """Write every notebook under `root`, take away those without a source; the changed paths."""
    wanted, changed = _wanted(root), []
    (root / "solutions").mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(path)
    for path in _built(root) - wanted.keys():
        path.unlink()
        changed.append(path)
    return sorted(changed)


def check(root: Path = ROOT) -> list[str]:
    """What is wrong with the course under `root`, a line each: stale notebooks, broken lessons."""
    problems = [f"{lesson.name}: {problem}" for lesson in _sources(root) for problem in _problems(lesson)]
    wanted = _wanted(root)
    for path in sorted(wanted.keys() | _built(root)):
        if path not in wanted:
            problems.append(f"{path.name}: no source makes it; run `make lessons`")
        elif not path.is_file() or path.read_text(encoding="utf-8") != wanted[path]:
            problems.append(f"{path.relative_to(root)}: stale; run `make lessons`")
    return problems


def _problems(lesson: Lesson) -> Iterator[str]:
    yield from _heading_problems(lesson)
    yield from _cell_problems(lesson)
    yield from _exercise_problems(lesson)


def _heading_problems(lesson: Lesson) -> Iterator[str]:
    text = "\n".join(cell.text for cell in lesson.cells if cell.kind == "markdown")
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    headings = re.findall(r"^(#+) (.+)$", prose, flags=re.M)
    for (above, _), (marks, title) in itertools.pairwise(headings):
        if len(marks) > len(above) + 1:
            yield f"heading {title!r} skips a level"
        if len(marks) == 1:
            yield f"a second title: {title!r}"
    titles = [title for marks, title in headings if len(marks) == 2]
    wanted = () if lesson.is_page else SECTIONS
    yield from (f"no section '## {section}'" for section in wanted if section not in titles)
    yield from (f"image without alt text: {found}" for found in re.findall(r"!\[\]\([^)]*\)", prose))


def _cell_problems(lesson: Lesson) -> Iterator[str]:
    statics = {cell.marks.get("static") for cell in lesson.cells}
    for cell in lesson.cells:
        twin = cell.marks.get("interactive")
        if twin and twin not in statics:
            yield f"interactive {twin!r} has no static twin"
        if cell.kind != "code":
            continue
        n_lines, n_statements = len(cell.text.splitlines()), code_lines(cell.text)
        if n_lines > MAX_LINES or n_statements > MAX_STATEMENT_LINES:
            yield f"code cell too long ({n_lines} lines, {n_statements} of code): {cell.text[:50]!r}"
        wide = [line for line in cell.text.splitlines() if len(line) > MAX_COLUMNS]
        yield from (f"line over {MAX_COLUMNS} columns: {line[:50]!r}" for line in wide)


def code_lines(code: str) -> int:
    """Lines that hold code: not blank, comment or docstring."""
    tree = ast.parse(re.sub(r"^[%!].*$", "", code, flags=re.M))
    texts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(code.splitlines(), start=1)
    return sum(1 for n, line in lines if n not in texts and line.strip() and line.strip()[0] != "#")


def _exercise_problems(lesson: Lesson) -> Iterator[str]:
    """Each exercise is checked after it, registered, and its solution is the registered one."""
    made: dict[str, str] = {}
    checked: list[str] = []
    for cell in lesson.cells:
        if cell.exercise:
            made[f"{lesson.number}.{cell.exercise}"] = cell.text
        for name in _CHECK.findall(cell.text) if cell.kind == "code" else []:
            checked.append(name)
            if name not in made:
                yield f"checks {name!r}, which no exercise before it defines"
    yield from (f"exercise {name!r} is never checked" for name in made.keys() - set(checked))
    registered = set(checks.names(lesson.number)) if lesson.number else set()
    yield from (f"exercise {name!r} isn't registered in checks" for name in made.keys() - registered)
    yield from (f"checks registers {name!r}, not in the lesson" for name in registered - made.keys())
    for name in sorted(made.keys() & registered):
        if not _same_code(made[name], checks.find(name).reference):
            yield f"{name}: the lesson's solution and the reference in checks differ"


def _same_code(cell: str, reference: Any) -> bool:
    """True when the cell defines `reference` word for word.

    A reference that lives elsewhere in the package is compared by behaviour instead: the check
    runs on both, here on the reference (tests/test_checks.py), in the notebook on the solution.
    """
    if not reference.__module__.startswith(checks.__name__):
        return True
    wanted = ast.parse(textwrap.dedent(inspect.getsource(reference))).body[0]
    written = [node for node in ast.parse(cell).body if isinstance(node, _DEFINITION)]
    return any(ast.dump(node) == ast.dump(wanted) for node in written)


def main(arguments: Sequence[str] | None = None) -> int:
    """`build` or `check` from the Makefile."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["build"]:
        print(*[f"wrote {path}" for path in build()], sep="\n")
        return 0
    if given == ["check"]:
        problems = check()
        print(*problems, sep="\n", file=sys.stderr)
        return 1 if problems else 0
    print("usage: python -m musicgan_edu.course build|check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
