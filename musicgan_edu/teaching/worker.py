"""The process in which a student's code runs, and where nothing is decided.

Comes in: orders on stdin (`wire`): run these cells, call the answer, judge it here. Goes out: what the answer
gave, or what it raised. What the student prints goes nowhere; their working folder is an empty one.
"""

from __future__ import annotations

import contextlib
import linecache
import os
from typing import Any, cast

from musicgan_edu import checks
from musicgan_edu.teaching import wire

__all__ = ["serve"]

Reply = tuple[Any, ...]


def serve() -> None:
    """Answer orders until stdin closes."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # whatever is printed or asked for must not mix with the messages
        os.dup2(quiet, stream)
    _limit()
    student = _Student()
    while True:
        try:
            order = wire.receive(orders)
        except EOFError:
            return
        wire.send(answers, _packed(student.obey(order)))


def _limit() -> None:
    """No file over 64 MB, no core dump; where the system has such limits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (wire.MAX_BYTES, wire.MAX_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _packed(reply: Reply) -> bytes:
    try:
        packed = wire.pack_answer(reply)
        if len(packed) > wire.MAX_BYTES:
            raise ValueError(f"{len(packed) / 1e6:.0f} MB are too much")
        return packed
    except Exception as error:  # whatever an answer's own __reduce__ does, too
        gave = type(reply[1]).__name__
        return wire.pack_answer(
            ("raised", "TypeError", f"it gave a {gave}, which can't be judged: {error}"[:500], "")
        )


class _Student:
    """One exercise's names, and the function that is to be judged."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {}
        self.answer: Any = None

    def obey(self, packed: bytes) -> Reply:
        import cloudpickle

        try:
            kind, *rest = cloudpickle.loads(packed)
            return cast("Reply", getattr(self, kind)(*rest))
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return "raised", type(error).__name__, str(error)[:2000], checks._place(error)

    def load(self, name: str, others: list[str], cells: list[tuple[str, str]]) -> Reply:
        """Run the cells ("setup", "other" or "answer", code); the references stand in for other exercises."""
        self.space, own = {"__name__": "__main__"}, name.split(".")[1]
        for index, (kind, code) in enumerate(cells):
            try:
                exec(_compiled(code, index), self.space)  # noqa: S102 (what this process is for)
            except (Exception, SystemExit, KeyboardInterrupt):
                if kind == "answer":
                    raise
            if kind == "setup":
                self.space.update({o.split(".")[1]: checks.find(o).reference for o in others})
        self.answer = self.space.get(own)
        return "loaded", callable(self.answer), isinstance(self.answer, type)

    def call(self, args: tuple, kwargs: dict) -> Reply:
        """What the answer gives, and its arguments as they are afterwards."""
        given = self.answer(*args, **kwargs)
        return "gave", given, [arg for arg in args if isinstance(arg, list | dict) or _is_array(arg)]

    def judge(self, name: str, seeds: list[int], numbers: dict[str, float]) -> Reply:
        """Judge here: for answers that can't leave this process. A judge that also takes nonsense is broken."""
        results = [checks.judge(name, self.answer, seed=seed, numbers=numbers) for seed in seeds]
        worst = min(results, key=lambda result: result.status == "correct")
        nonsense = [
            checks.judge(name, wrong, seed=seeds[0], numbers=numbers).status for wrong in (_none, _same)
        ]
        return "judged", worst.status, worst.reason, "correct" in nonsense


def _none(*_: Any, **__: Any) -> None:
    return None


def _same(*args: Any, **_: Any) -> Any:
    return args[0] if args else 0


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"


def _compiled(code: str, index: int) -> Any:
    """The cell, with its lines kept for the place of an error."""
    name = f"<cell {index + 1}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    return compile(code, name, "exec")
