"""Judge a student's answers where their code can't reach the judge.

Comes in: the cells of a submission. Goes out: a `checks.Result` for an exercise.

The judge runs here; the student's code runs in a process of its own (`worker`), and the judge's cases and the
answers travel over a pipe as data. Patching `checks`, numpy or the shell there changes nothing here; a crash, an
exit or an endless loop costs that exercise only. A few answers can't be judged from outside, because the judge
takes gradients through them: these are judged in a fresh process of the student's, and the judge must then
refuse nonsense to be believed. That stops clumsy tampering, not a determined one; CONTRIBUTING.md says what
only a sandbox can prevent.
"""

from __future__ import annotations

import builtins
import contextlib
import dataclasses
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from musicgan_edu import checks
from musicgan_edu.teaching import wire

__all__ = ["Cell", "Examiner", "exercise_seed", "seeds_of"]

Cell = tuple[str, str, str]  # kind ("setup", "other", "answer"), exercise or "", code
_SERVE = "from musicgan_edu.teaching.worker import serve; serve()"
_START_SECONDS = 120.0  # TensorFlow may have to be imported from a cold disk


def seeds_of(seed: int) -> list[int]:
    """The seeds of an exercise's hidden cases: the instructor's, and two drawn from it."""
    return [seed, *np.random.SeedSequence(seed).generate_state(2).tolist()]


def exercise_seed(course_seed: int, name: str) -> int:
    """The seed of one exercise in one course."""
    return int.from_bytes(hashlib.sha256(f"{course_seed} {name}".encode()).digest()[:4], "little")


class _Ended(BaseException):
    """The student's process is gone or speaks nonsense; the message says why.

    Not an Exception, so that it passes through a check, which takes those for the answer's own.
    """


@dataclasses.dataclass
class Examiner:
    """Judges the exercises of one submission one by one; a context manager.

    Attributes
    ----------
    cells : the submission's code in order.
    seconds : what one exercise may take, all of its calls together.
    sandbox : a command in front of the student's process, such as bubblewrap's; none by default.
    """

    cells: Sequence[Cell]
    seconds: float = 30.0
    sandbox: Sequence[str] = ()

    def __enter__(self) -> Examiner:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._folder.cleanup()

    def judge(
        self, name: str, *, seed: int, outside: bool = True, numbers: Mapping[str, float] | None = None
    ) -> checks.Result:
        """The result of one exercise; whatever the student's code does is at worst *wrong*.

        Parameters
        ----------
        seed : of the hidden cases.
        outside : False for an answer that can't be judged over a pipe.
        numbers : of a graded variant, in place of the lesson's.
        """
        try:
            with self._clock(_START_SECONDS):
                self._start(checks.names(name.split(".")[0]), fresh=not outside)
            with self._clock(self.seconds):
                return self._judge(name, seeds_of(seed), outside, dict(numbers or {}))
        except _Ended as ended:
            self._end()
            return checks.Result("wrong", str(ended))

    def _judge(self, name: str, seeds: list[int], outside: bool, numbers: dict[str, float]) -> checks.Result:
        others = [other for other in checks.names(name.split(".")[0]) if other != name]
        mine = [(kind, code) for kind, owner, code in self.cells if kind != "answer" or owner == name]
        reply = self._ask("load", name, others, mine)
        if reply[0] == "raised":
            return checks.Result("wrong", _told(reply))
        if not reply[1]:
            return checks.Result("wrong", f"there is no function {name.split('.')[1]}")
        if not outside:
            return self._judged_inside(self._ask("judge", name, seeds, numbers))
        results = (checks.judge(name, self._answer(name), seed=seed, numbers=numbers) for seed in seeds)
        return next((r for r in results if r.status != "correct"), checks.Result("correct"))

    def _judged_inside(self, reply: Any) -> checks.Result:
        if reply[0] == "raised":
            return checks.Result("wrong", _told(reply))
        if reply[3]:
            return checks.Result("wrong", "the check was changed: it takes nonsense for correct")
        if reply[1] not in ("correct", "wrong", "not attempted"):
            raise _Ended("it broke the line to the judge")
        return checks.Result(reply[1], str(reply[2]))

    def _answer(self, name: str) -> checks.Answer:
        """The student's function, as the judge calls it."""

        def answer(*args: Any, **kwargs: Any) -> Any:
            reply = self._ask("call", args, kwargs)
            if reply[0] == "raised":
                raise _error(reply)
            _write_back(args, reply[2])
            return reply[1]

        answer.__name__ = name.split(".")[1]
        return answer

    def _ask(self, *order: Any) -> tuple:
        """One order and its reply; `_Ended` when the process can't or won't answer properly."""
        if self._process is None:
            raise _Ended("it ended the process that ran it")
        try:
            wire.send(cast("IO[bytes]", self._process.stdin), wire.pack_order(order))
            reply = wire.unpack_answer(wire.receive(cast("IO[bytes]", self._process.stdout)))
        except Exception as error:  # a forged message can raise anything
            self._end()
            raise _Ended(self._cause(error)) from None
        wanted = {"load": 3, "call": 3, "judge": 4}[order[0]]
        if not isinstance(reply, tuple) or len(reply) != (4 if reply[:1] == ("raised",) else wanted):
            self._end()
            raise _Ended("it broke the line to the judge")
        return reply

    def _cause(self, error: Exception) -> str:
        if self._late:
            return f"it took longer than {self.seconds:g} s"
        gone = isinstance(error, EOFError | OSError)
        return "it ended the process that ran it" if gone else f"it broke the line to the judge: {error}"

    @contextlib.contextmanager
    def _clock(self, seconds: float) -> Any:
        self._late = False

        def ring() -> None:
            self._late = True
            if self._process:
                self._process.kill()

        timer = threading.Timer(seconds, ring)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _start(self, names: list[str], *, fresh: bool) -> None:
        """Have a process ready that has run the setup cells and read the lesson's references."""
        if fresh:
            self._end()
        if self._process is None:
            self._process = _process(self._folder.name, self.sandbox)
            self._ask("load", ".", names, [(kind, code) for kind, _, code in self.cells if kind == "setup"])

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            with contextlib.suppress(OSError), self._process:
                pass
        self._process = None


def _process(folder: str, sandbox: Sequence[str]) -> subprocess.Popen[bytes]:
    """A fresh interpreter in an empty folder, with a home of its own and none of the teacher's variables."""
    kept = (
        "PATH",
        "LANG",
        "LC_ALL",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
        "OPENBLAS_CORETYPE",
        "OPENBLAS_L2_SIZE",
    )
    package = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env |= {
        "HOME": folder,
        "USERPROFILE": folder,
        "TMPDIR": folder,
        "PYTHONPATH": paths,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.Popen(
        [*sandbox, sys.executable, "-P", "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=env,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _told(reply: Any) -> str:
    return f"it raised {reply[1]}: {reply[2]}{reply[3]}"


def _error(reply: Any) -> Exception:
    """What the student's code raised, as an exception of that name here."""
    kind = getattr(builtins, str(reply[1]), None)
    message = f"{reply[2]}{reply[3]}"
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(Exception):  # UnicodeDecodeError wants more than a message
            return kind(message)
    return type(str(reply[1]).replace("\0", ""), (Exception,), {})(message)


def _write_back(args: Sequence[Any], after: Any) -> None:
    """Do to the judge's arguments what the answer did to its own: some checks look for that."""
    changeable = [arg for arg in args if isinstance(arg, list | dict | np.ndarray)]
    for mine, theirs in zip(changeable, after, strict=True):
        if isinstance(mine, list) and isinstance(theirs, list):
            mine[:] = theirs
        elif isinstance(mine, dict) and isinstance(theirs, dict):
            mine.clear()
            mine.update(theirs)
        elif isinstance(mine, np.ndarray) and mine.shape == np.shape(theirs) and mine.flags.writeable:
            mine[...] = theirs
