"""Read a large folder in shards, each kept on disk once it is read, so that a killed import goes on.

Comes in: paths, and what reads paths. Goes out: an answer for each, read from disk where its shard is whole.
While it works, memory holds the answers of unfinished shards beside the result.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from musicgan_edu.corpus import store
from musicgan_edu.score import ReadError, Score

__all__ = ["N_FILES", "Read", "resumed", "signature"]

N_FILES = 100  # of a shard: what a kill can cost, for each process that reads

_Answer = tuple[int, list[Score] | str]  # index of the path, and its Scores or the reason
Read = Callable[[Sequence[Path]], Generator[_Answer]]


def signature(versions: str, root: Path, paths: Sequence[Path]) -> str:
    """What an answer was read from and by: versions, and name, size and time of change of each file."""
    listing = []
    for path in paths:
        with contextlib.suppress(OSError):
            status = path.stat()
            listing.append((path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns))
    return f"{versions} {hashlib.sha256(repr(listing).encode()).hexdigest()}"


def resumed(
    paths: Sequence[Path], read: Read, *, keep: Path, root: Path, versions: str
) -> Generator[_Answer]:
    """(index, Scores or reason) of each path; a shard that an earlier call finished isn't read again.

    Parameters
    ----------
    read : gives the answers for the paths that it gets, in any order, as `workers.read_many` does.
    keep : the folder of the shards. One that can't be written costs the resuming, nothing else.
    root, versions : of the `signature` by which a shard is known again.
    """
    if len(paths) <= N_FILES:  # nothing to resume
        with contextlib.closing(read(paths)) as answers:
            yield from answers
        return
    files: dict[int, Path] = {}  # first index of a shard that is still to read → where it will lie
    for first in range(0, len(paths), N_FILES):
        sign = signature(versions, root, paths[first : first + N_FILES])
        file = keep / f"{hashlib.sha256(sign.encode()).hexdigest()[:32]}.npz"
        try:
            yield from enumerate(_load(file), first)
        except ReadError:
            files[first] = file
    todo = [index for first in files for index in range(first, min(first + N_FILES, len(paths)))]
    with contextlib.closing(read([paths[index] for index in todo])) as answers:
        yield from _kept(((todo[at], answer) for at, answer in answers), files, len(paths))


def _kept(answers: Generator[_Answer], files: dict[int, Path], n_paths: int) -> Generator[_Answer]:
    """The answers; those of a shard are written once the last of them is there."""
    waiting: dict[int, dict[int, Any]] = {first: {} for first in files}
    for index, answer in answers:
        first = index - index % N_FILES
        shard = waiting[first]
        shard[index] = answer
        if len(shard) == min(N_FILES, n_paths - first):
            del waiting[first]
            with contextlib.suppress(OSError):  # a full disk: the import goes on, and can't be resumed
                _save(files[first], [shard[i] for i in sorted(shard)])
        yield index, answer


def _save(file: Path, answers: Sequence[list[Score] | str]) -> None:
    scores = [score for answer in answers if not isinstance(answer, str) for score in answer]
    store.save(file, scores, {"answers": [a if isinstance(a, str) else len(a) for a in answers]})


def _load(file: Path) -> list[list[Score] | str]:
    """What `_save` wrote; ReadError where it isn't there, or isn't whole."""
    scores, about = store.load(file)
    rest = iter(scores)
    return [a if isinstance(a, str) else [next(rest) for _ in range(a)] for a in about["answers"]]
