"""The exercises' checks: a learner's function in, an answer that helps out.

Comes in: an exercise's name ("01.pitch_class") and what the learner wrote for it.
Goes out: *not attempted*, *wrong, because …* or *correct*, printed; the function that the lesson goes
on with (the learner's if it is right, else the reference, which says so whenever it is used); and a
line in the learner's progress file.

One module a lesson, `checks/lesson_NN.py`, holds its references and registers its checks; it loads
when one of its exercises is first asked for.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib
import pkgutil
import reprlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from musicgan_edu.checks import _progress
from musicgan_edu.score import MusicganError

__all__ = [
    "Answer",
    "Exercise",
    "ExerciseError",
    "Result",
    "Wrong",
    "check",
    "exercise",
    "expect",
    "find",
    "grade",
    "judge",
    "names",
    "passed",
    "require",
    "restore",
]

Answer = Callable[..., Any]
Judge = Callable[..., None]
_SYMBOLS = {"not attempted": "○", "wrong": "✘", "correct": "✔"}


class ExerciseError(MusicganError):
    """An exercise that doesn't exist."""


class Wrong(Exception):  # noqa: N818 (an answer, not a failure of ours)
    """Raised by a check: the learner's answer is wrong, and the message says why."""


@dataclasses.dataclass(frozen=True)
class Exercise:
    """One exercise: `judge(answer, rng)` raises `Wrong`; `twin` is the package's form of `reference`.

    `varies` holds the numbers of the task that a graded assignment may replace: the judge's keyword → the
    lesson's number, then the others. Each stands in the answer's cell as that literal.
    """

    name: str
    judge: Judge
    reference: Answer
    stars: int
    twin: Answer | None
    varies: Mapping[str, tuple[float, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Result:
    """What a check found; `reason` is empty unless the answer is wrong."""

    status: Literal["not attempted", "wrong", "correct"]
    reason: str = ""

    def __str__(self) -> str:
        because = f", because {self.reason}" if self.reason else ""
        return f"{_SYMBOLS[self.status]} {self.status}{because}"


_REGISTRY: dict[str, Exercise] = {}


def exercise(
    name: str,
    *,
    reference: Answer,
    stars: int = 1,
    twin: Answer | None = None,
    varies: Mapping[str, tuple[float, ...]] | None = None,
) -> Callable[[Judge], Judge]:
    """Register a check under "NN.function_name"; see `Exercise` for the parts.

    The check draws its random cases from the generator it is given, so that a teacher's seed
    changes them.
    """
    if name.split(".")[-1] != reference.__name__ or not 1 <= stars <= 3:
        raise ExerciseError(f"checks: {name!r} needs a reference of that name and 1 to 3 stars")

    def register(judged: Judge) -> Judge:
        _REGISTRY[name] = Exercise(name, judged, reference, stars, twin, varies or {})
        return judged

    return register


def names(lesson: str | None = None) -> list[str]:
    """The names of all exercises, or of one lesson ("01"), in the order of registration."""
    for module in pkgutil.iter_modules(__path__):
        if module.name == f"lesson_{lesson}" or (lesson is None and module.name.startswith("lesson_")):
            importlib.import_module(f"{__name__}.{module.name}")
    return [name for name in _REGISTRY if lesson is None or name.split(".")[0] == lesson]


def find(name: str) -> Exercise:
    """The exercise of that name; ExerciseError names those that the lesson has."""
    known = names(name.split(".")[0])
    if name not in known:
        raise ExerciseError(f"checks: no exercise {name!r}; the lesson has {known}")
    return _REGISTRY[name]


def judge(name: str, answer: Answer, *, seed: int = 0, numbers: Mapping[str, float] | None = None) -> Result:
    """Judge an answer without printing or recording anything; `numbers` replace the lesson's (`Exercise.varies`)."""
    asked = find(name)
    if not callable(answer):
        return Result("wrong", f"{name.split('.')[1]} is {reprlib.repr(answer)}, not a function")
    try:
        asked.judge(answer, np.random.default_rng(seed), **(numbers or {}))
    except NotImplementedError:
        return Result("not attempted")
    except Wrong as wrong:
        return Result("wrong", str(wrong))
    except (Exception, SystemExit) as error:  # whatever a learner's code may raise
        return Result("wrong", f"it raised {type(error).__name__}: {error}{_place(error)}")
    return Result("correct")


def _place(error: BaseException) -> str:
    """Where in the learner's own cell an error came from, if it did."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "musicgan_edu" not in f.filename]
    cells = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith("<")]
    return f" (line {cells[-1].lineno} of your cell: {cells[-1].line})" if cells else ""


def check(name: str, answer: Answer, **numbers: float) -> Answer:
    """Judge an answer, print the verdict, note a pass, and give the function to go on with.

    Parameters
    ----------
    name : the exercise, such as "01.pitch_class".
    answer : what the learner wrote.
    numbers : of a graded variant, in place of the lesson's.

    Returns
    -------
    The answer itself if it is correct, else the reference solution, which prints one line in
    every cell that uses it.
    """
    asked = find(name)
    if getattr(answer, "_stands_in", False):
        print(f"○ {name}: this is the reference solution. Run your own cell above, then this one.")
        return answer
    result = judge(name, answer, numbers=numbers)
    print(f"{name}: {result}")
    if result.status == "correct":
        _progress.record(name)
        return answer
    print(f"  The lesson goes on with the REFERENCE SOLUTION of {name} until yours is correct.")
    return _stand_in(asked)


def passed() -> dict[str, str]:
    """The exercises that the learner has passed: name → day of the first pass, "2026-11-25"."""
    return _progress.load()


def restore(earlier: Mapping[str, str]) -> int:
    """Add passes from elsewhere to the learner's own, the earlier day of two; how many are new.

    Raises
    ------
    OSError : the progress file can't be written.
    """
    return _progress.merge(earlier)


def grade(name: str, answer: Answer, *, seed: int, outside: bool = True, **numbers: float) -> None:
    """What a hidden test calls: AssertionError unless the answer is correct on the cases of `seed`.

    Parameters
    ----------
    outside : whether `teaching` can judge the answer from another process; it reads this line and does so.
    """
    result = (
        Result("wrong", "that is the reference")
        if getattr(answer, "_stands_in", False)
        else judge(name, answer, seed=seed, numbers=numbers)
    )
    if result.status != "correct":
        raise AssertionError(f"{name}: {result}")


def _stand_in(asked: Exercise) -> Answer:
    """The reference, saying once a cell that it isn't the learner's own."""
    if isinstance(asked.reference, type):
        return asked.reference  # a class has been announced when it was checked; it is used as it is
    announced: set[int] = set()

    @functools.wraps(asked.reference)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        if _cell_number() not in announced:
            announced.add(_cell_number())
            print(f"[this cell uses the reference solution of {asked.name}]")
        return asked.reference(*args, **kwargs)

    stand_in.__dict__["_stands_in"] = True
    return stand_in


def _cell_number() -> int:
    """The number of the notebook's cell that runs now; 0 outside a notebook."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return 0
    shell = get_ipython()
    return 0 if shell is None else int(shell.execution_count)


def require(condition: Any, reason: str) -> None:
    """Raise `Wrong(reason)` unless the condition holds. The reason continues "wrong, because …"."""
    if not condition:
        raise Wrong(reason)


def expect(answer: Answer, args: Sequence[Any], want: Any, because: str = "", *, within: float = 1e-6) -> Any:
    """Call `answer(*args)` and raise `Wrong` unless it gives `want`; returns what it gave.

    Numbers and arrays may differ by `within`. The answer gets copies, and must leave them alone.
    `because` is what the learner reads after the call and both values: say what the wrong value
    hints at, not what is right.
    """
    given = copy.deepcopy(list(args))
    got = answer(*given)
    shown = ", ".join(reprlib.repr(value) for value in args)
    call = f"{getattr(answer, '__name__', 'your function')}({shown})"
    if got is None and want is not None:
        raise Wrong(f"{call} gave None: is a `return` missing?")
    difference = _difference(got, want, within)
    if difference:
        raise Wrong(f"{call} {difference}{': ' + because if because else ''}")
    if not all(_difference(after, before, 0.0) == "" for after, before in zip(given, args, strict=True)):
        raise Wrong(f"{call} changed what it was given; work on a copy")
    return got


def _difference(got: Any, want: Any, within: float) -> str:
    """How `got` differs from `want`, in words; empty if it doesn't."""
    try:
        if isinstance(want, np.ndarray | float | int) and not isinstance(want, bool):
            return _array_difference(np.asarray(got), np.asarray(want), within)
        same = bool(got == want)
    except (TypeError, ValueError):
        same = False
    return "" if same else f"gave {reprlib.repr(got)} instead of {reprlib.repr(want)}"


def _array_difference(got: np.ndarray, want: np.ndarray, within: float) -> str:
    if got.shape != want.shape:
        return f"gave shape {got.shape} instead of {want.shape}"
    if want.dtype.names or got.dtype.kind not in "biufc" or want.dtype.kind not in "biufc":
        off = np.asarray(got != want)
    else:
        off = ~np.isclose(got, want, rtol=within, atol=within, equal_nan=True)
    if not off.any():
        return ""
    if want.shape == ():
        return f"gave {got} instead of {want}"
    where = tuple(int(i) for i in np.argwhere(off)[0])
    at = where[0] if len(where) == 1 else where
    return f"gave {got[where]} instead of {want[where]} at index {at} ({int(off.sum())} of {off.size} differ)"
