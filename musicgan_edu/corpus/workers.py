"""Read many files in parallel processes that may hang or die without taking the caller along.

Comes in: paths. Goes out: for each path its Scores, or the reason why there are none.

Each worker is a fresh interpreter that answers over a pipe. Unlike a fork it is safe after
TensorFlow has started its threads; unlike `multiprocessing`'s spawn it doesn't run the caller's
script again, so it works from a Jupyter cell, a test and an unguarded script, Windows included;
and one that takes too long over a file is ended and replaced.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO, Any

from musicgan_edu.corpus import store
from musicgan_edu.score import ReadError, Score

__all__ = ["Reader", "n_cores", "read_many", "serve", "unpacked"]

_SERVE = "from musicgan_edu.corpus.workers import serve; serve()"
_Answer = tuple[int, list[Score] | str]  # index of the path, and its Scores or the reason
MAX_MEMORY = (
    4 << 30
)  # bytes of one reader, where the system holds to it (Linux): music21's tune books take two
_HEADER = struct.Struct("<cQ")  # kind of answer, its length in bytes


def n_cores() -> int:
    """The cores that this process may use, at most 8."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(8, len(affinity(0)) if affinity else os.cpu_count() or 1)


def read_many(
    paths: Sequence[Path], *, n_processes: int | None = None, timeout: float = 120.0
) -> Generator[_Answer]:
    """(index, Scores or reason) of each path, as they come in.

    Parameters
    ----------
    timeout : seconds a file may take; after that it is given up, with a reason.
    """
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(paths)):
        todo.put(index)
    done: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
    workers = [Reader(timeout) for _ in range(min(n_processes or n_cores(), len(paths)))]
    for worker in workers:
        worker.start(paths, todo, done)
    try:
        for _ in paths:
            yield _wait(done)
    finally:
        for worker in workers:
            worker.stop()


def _wait(done: queue.SimpleQueue[_Answer]) -> _Answer:
    """The next answer; in short waits, since Windows lets no Ctrl+C through a long one."""
    while True:
        with contextlib.suppress(queue.Empty):
            return done.get(timeout=0.5)


class Reader:
    """One child process, started when first asked and again after a file that ended it."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.stopped = False
        self.process: subprocess.Popen[bytes] | None = None
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()

    def start(self, *queues: Any) -> None:
        self.thread = threading.Thread(target=self.work, args=queues, daemon=True)
        self.thread.start()

    def work(self, paths: Sequence[Path], todo: queue.SimpleQueue, done: queue.SimpleQueue) -> None:
        """Read paths until none are left or `stop` is called."""
        while not self.stopped:
            try:
                index = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, self.ask(paths[index])))
            except Exception as error:  # an answer for every path: the caller counts them
                done.put((index, f"{paths[index].name}: {error}"))

    def ask(self, path: Path) -> list[Score] | str:
        """The file's Scores, or the reason why it has none."""
        return unpacked(*self.ask_packed(path))

    def ask_packed(self, path: Path) -> tuple[bytes, bytes]:
        """The same as it comes over the pipe, for `unpacked`."""
        process = self._running()
        timer = threading.Timer(self.timeout, process.kill)
        start = time.monotonic()
        timer.start()
        try:
            return _ask(process, path)
        except (OSError, EOFError):
            late = time.monotonic() - start >= self.timeout
            _end(process)
            cause = f"took longer than {self.timeout:g} s" if late else "ended its reader"
            return b"e", f"{path.name}: {cause}".encode(errors="backslashreplace")
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End the process, and with it the thread, which then gets no more answers."""
        with self.lock:
            self.stopped = True
            if self.process:
                self.process.kill()
        if self.thread:
            self.thread.join()
        if self.process:
            _end(self.process)

    def _running(self) -> subprocess.Popen[bytes]:
        with self.lock:
            if self.stopped:
                raise EOFError("stopped")
            if self.process is None or self.process.poll() is not None:
                self.process = _start()
            return self.process


def _start() -> subprocess.Popen[bytes]:
    package = str(Path(__file__).parents[2])
    paths = [package, os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        # -P: a learner's own random.py in the working folder must not be imported.
        [sys.executable, "-P", "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with contextlib.suppress(OSError), process:  # closes its pipes, waits for its end
        pass


def unpacked(kind: bytes, answer: bytes) -> list[Score] | str:
    """An answer's Scores, or the reason why there are none."""
    return store.unpack(answer)[0] if kind == b"s" else answer.decode()


def _ask(process: subprocess.Popen[bytes], path: Path) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(str(path.absolute())).encode() + b"\n")
    process.stdin.flush()
    kind, length = _HEADER.unpack(_read_exactly(process.stdout, _HEADER.size))
    return kind, _read_exactly(process.stdout, length)


def _read_exactly(pipe: IO[bytes], n_bytes: int) -> bytes:
    data = pipe.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError
    return data


def serve() -> None:
    """A worker's life: a path a line on stdin, an answer each on stdout, until stdin closes."""
    from musicgan_edu.corpus import read_all

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not mix with the answers
    _bound_memory()
    gc.disable()  # a parsed score is a million small objects: collect once a file instead
    n_modules = 0
    for line in sys.stdin.buffer:
        path = json.loads(line)
        try:
            kind, answer = b"s", store.pack(read_all(path), {}, compress=False)
        except ReadError as error:
            kind, answer = b"e", str(error).encode(errors="backslashreplace")
        except Exception as error:  # a reader's own fault still costs its file only
            reason = f"{Path(path).name}: {type(error).__name__}: {error}"
            kind, answer = b"e", reason.encode(errors="backslashreplace")
        answers.write(_HEADER.pack(kind, len(answer)) + answer)
        answers.flush()
        gc.collect()
        if (
            len(sys.modules) > n_modules
        ):  # what libraries hold stays: looking at it took longer than a small file
            n_modules = len(sys.modules)
            gc.freeze()


def _bound_memory() -> None:
    """A file that would fill the machine ends with a MemoryError, in the reader alone."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has none, macOS its own mind
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
