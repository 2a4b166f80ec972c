"""The step of nbgrader's autograding that judges a submission, in place of executing it in a kernel.

Comes in: a submission whose locked cells nbgrader has put back. Goes out: under each test cell the verdict, which
nbgrader turns into points. nbgrader's own step runs the tests in the student's kernel, where one line of the
student's can make them all pass.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, List, Unicode

from musicgan_edu import checks
from musicgan_edu.teaching.judging import Cell, Examiner

__all__ = ["Judge"]

_TEST = re.compile(
    r'^checks\.grade\("(\d\d\.\w+)", \w+, seed=(\d+)(, outside=False)?((?:, [a-z]+=[\d.]+)*)\)$', re.M
)


class Judge(NbGraderPreprocessor):
    """Runs a submission's answers one by one in a process of their own, and judges them outside it."""

    seconds = Float(30, help="What one exercise may take.").tag(config=True)
    sandbox = List(Unicode(), help="A command in front of the student's process.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Write a verdict under every test cell; other cells keep no output."""
        tests = {}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                found = _TEST.search(cell.source) if utils.is_grade(cell) else None
                if utils.is_grade(cell):
                    tests[cell.metadata.nbgrader.grade_id] = (cell, found)
        with Examiner(_cells(nb), seconds=self.seconds, sandbox=self.sandbox) as examiner:
            for cell, found in tests.values():
                result = checks.Result("wrong", "this test has no line that can be judged")
                if found:
                    result = examiner.judge(
                        found[1], seed=int(found[2]), outside=not found[3], numbers=_numbers(found[4])
                    )
                self.log.info("%s: %s", found[1] if found else "?", result)
                cell.outputs = [_output(result)]
        return nb, resources


def _numbers(text: str) -> dict[str, float]:
    """A variant's numbers as the test's line has them: `, divisor=8`."""
    return {name: ast.literal_eval(value) for name, value in re.findall(r"(\w+)=([\d.]+)", text)}


def _cells(notebook: Any) -> list[Cell]:
    """The submission's code: locked setup, answers under their exercise's name, whatever was added."""
    made: list[Cell] = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or utils.is_grade(cell):
            continue
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if utils.is_solution(cell):
            made.append(("answer", grade_id.replace("-", ".", 1), _plain(cell.source)))
        else:
            made.append(("setup" if utils.is_locked(cell) else "other", "", _plain(cell.source)))
    return made


def _plain(code: str) -> str:
    """The cell without magics, which are the shell's."""
    try:
        ast.parse(code)
    except SyntaxError:
        return re.sub(r"^[ \t]*[%!].*$", "", code, flags=re.M)
    return code


def _output(result: checks.Result) -> Any:
    """A line of text for a correct answer; an error, which nbgrader counts as no points, for another."""
    if result.status == "correct":
        return new_output("stream", name="stdout", text=f"{result}\n")
    return new_output("error", ename="Judge", evalue=str(result), traceback=[str(result)])
