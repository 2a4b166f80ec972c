"""A run's folder: what is in it, in which order it is written, who else writes there.

Comes in: a card, arrays, log rows. Goes out: files, each replaced as a whole. The folder is a
checkpoint for `sampling.load` (`weights.npz`, `card.json`), with what is needed to go on (`state.npz`),
a log (`log.csv`) and the moments that were to be kept (`snapshots/000100`, checkpoints of their own).
`.lock` is empty: who trains holds it.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from musicgan_edu import sampling
from musicgan_edu.score import TrainingError

__all__ = ["Folder"]

Rows = Sequence[Mapping[str, float]]
FILES = ("card.json", "state.npz", "weights.npz", "log.csv")
#: What a system answers when another process holds a lock: POSIX, and two of Windows.
HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


class Folder:
    """`writes=False` for all workers but the first: they read where to go on from, and leave the rest."""

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path, self.writes = path, writes
        self._saved: tuple[int, int] | None = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else trains into this folder meanwhile. The system lets go for whom a kill −9 has ended.

        Raises
        ------
        TrainingError : somebody does, or the folder can't be written.
        """
        if not self.writes:
            yield
            return
        with self._writing():
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / ".lock").open("ab")
        with file:
            if not _is_ours(file):
                raise TrainingError(
                    f"training: another training writes into {self.path}: wait, stop it, or choose another folder"
                )
            yield

    def holds_a_run(self) -> bool:
        paths = [self.path / name for name in FILES]
        return any(path.exists() and path.stat().st_size > len(_as_csv([])) for path in paths)

    def card(self) -> dict[str, Any]:
        return json.loads((self.path / "card.json").read_text(encoding="utf-8"))

    def state(self) -> dict[str, np.ndarray] | None:
        """What the next step depends on; None if a kill came between the first files of a first checkpoint."""
        path = self.path / "state.npz"
        if not path.exists() and not (self.path / "weights.npz").exists():
            return None
        return sampling.read_arrays(path)

    def claim(self, log: Rows, *, step: int) -> None:
        """Begin: what a kill has left half written goes, and snapshots of work that was lost.

        The log is written now, so that a folder that can't be written is known before minutes of work.
        """
        self._saved = self._stamp()
        if not self.writes:
            return
        with self._writing():
            for half in (half for name in FILES for half in self.path.glob(f".{name}.*")):
                half.unlink()
            self._write_log(log)
            for later, path in sampling.snapshots(self.path, complete=False).items():
                if later > step or not step:
                    _remove(path)

    def save(
        self, card: Mapping[str, Any], state: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]
    ) -> None:
        """In this order: what a kill leaves of a first checkpoint is known as this run's by its card."""
        if not self.writes:
            return
        if self._stamp() != self._saved:  # where no lock tells: the folder was replaced meanwhile
            raise TrainingError(f"training: another training writes into {self.path}: this one stops")
        with self._writing():
            sampling.write_card(self.path, card)
            sampling.write_arrays(self.path / "state.npz", state, compress=False)
            self._saved = self._stamp()
            sampling.write_arrays(self.path / "weights.npz", weights)
            self._write_log(card["training"]["log"])

    def keep(self, step: int, card: Mapping[str, Any], weights: Mapping[str, np.ndarray]) -> None:
        """A snapshot: the generator of this moment, without the log."""
        if self.writes:
            name = f"{card['name']}, step {step}"
            short = {**card, "name": name, "training": {**card["training"], "log": []}}
            with self._writing():
                sampling.write(self.path / "snapshots" / f"{step:06d}", weights, short)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """A full disk, a folder that is read-only: in words."""
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"training: can't write into {self.path} ({error.strerror or error}). What was written before is kept: "
                "mend that, and the same call goes on from the last checkpoint"
            ) from error

    def _write_log(self, log: Rows) -> None:
        sampling.write_whole(self.path / "log.csv", _as_csv(log).encode())

    def _stamp(self) -> tuple[int, int] | None:
        """Which state the folder holds: another training that saves there changes it."""
        path = self.path / "state.npz"
        return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None


def _is_ours(lock: BinaryIO) -> bool:
    """Take it; False if another process has. A disk that knows no locks refuses nobody."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in HELD
    return True


def _remove(snapshot: Path) -> None:
    """Only if it holds nothing but what we write there."""
    names = [file.name.lstrip(".") for file in snapshot.iterdir()]
    if all(name.startswith(("weights.npz", "card.json")) for name in names):
        shutil.rmtree(snapshot)


def _as_csv(rows: Rows) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
