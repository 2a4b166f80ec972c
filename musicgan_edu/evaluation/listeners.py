"""What listeners said: one small local file a learner, and a class's files together.

Comes in: the answers to whole series. Goes out: `musicgan_listening.jsonl` in the folder that the
notebook runs in (or where the environment's MUSICGAN_LISTENING says), one series a line, no names;
from many such files, the share told right with an interval over listeners and clips.

Conventions
-----------
A file's listener is a random number, made with its first line. Files are replaced as a whole; one
that can't be read is moved aside, never written over. Lesson 10.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu.corpus import store
from musicgan_edu.evaluation.listening import Trial
from musicgan_edu.evaluation.tally import percentile_interval, resample
from musicgan_edu.score import ReadError

__all__ = ["Pooled", "Sitting", "file", "pool", "read", "record"]


@dataclasses.dataclass(frozen=True)
class Sitting:
    """One series from beginning to end. `listener` and `series` are random, `day` is ISO's."""

    series: str
    listener: str
    day: str
    model: str
    trials: tuple[Trial, ...]

    def to_json(self) -> str:
        """One line."""
        return json.dumps({"format": 1} | dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True)
class Pooled:
    """A class's answers: `right` is the share of `n_trials` told right, `interval` its 95 % interval.

    real_right, fake_right : the shares of real clips called real and of fakes called machine.
    left_out : (file's name, reason) of those that couldn't be read.
    """

    right: float
    interval: tuple[float, float]
    real_right: float
    fake_right: float
    n_listeners: int
    n_clips: int
    n_trials: int
    left_out: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        low, high = self.interval
        lines = [
            f"{self.right:.1%} right (95 % interval {low:.1%} to {high:.1%}; guessing: 50 %): "
            f"{self.n_trials} answers of {self.n_listeners} listeners on {self.n_clips} clips"
        ]
        return "\n".join(lines + [f"left out: {name}: {reason}" for name, reason in self.left_out])


def file() -> Path:
    """Where this learner's results are kept."""
    return Path(os.environ.get("MUSICGAN_LISTENING") or "musicgan_listening.jsonl").absolute()


def read(path: str | os.PathLike[str]) -> list[Sitting]:
    """The series in a file of results.

    Raises
    ------
    ReadError : it can't be read, or a line isn't a series; names file, line and cause.
    """
    name = Path(path).name
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"listeners: {name} can't be read: {error}") from None
    sittings = []
    for number, line in enumerate(lines, start=1):
        try:
            sittings.append(_parse(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ReadError(f"listeners: {name}, line {number} is no series: {error!r}") from None
    return sittings


def _parse(entry: dict[str, Any]) -> Sitting:
    if entry["format"] != 1:
        raise ValueError(f"format {entry['format']!r}")
    trials = []
    for clip, is_real, said_real in entry["trials"]:
        if not (isinstance(clip, str) and isinstance(is_real, bool) and isinstance(said_real, bool)):
            raise TypeError(
                f"an answer is [name, true or false, true or false], not {clip, is_real, said_real}"
            )
        trials.append(Trial(clip, is_real, said_real))
    if not trials:
        raise ValueError("no answers")
    series, listener, day, model = (str(entry[name]) for name in ("series", "listener", "day", "model"))
    return Sitting(series, listener, day, model, tuple(trials))


def record(trials: Sequence[Trial], *, model: str = "") -> Path:
    """Add a whole series to this learner's file; OSError where that can't be written."""
    try:
        before = read(file()) if file().exists() else []
    except ReadError:
        _put_aside()
        before = []
    listener = before[0].listener if before else secrets.token_hex(4)
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    now = Sitting(secrets.token_hex(8), listener, day, model, tuple(trials))
    store.write_whole(file(), "".join(f"{sitting.to_json()}\n" for sitting in (*before, now)).encode())
    return file()


def _put_aside() -> None:
    """Give a damaged file another name, one that isn't taken."""
    number = 1
    while (aside := file().with_suffix(f".damaged{number}.jsonl")).exists():
        number += 1
    os.replace(file(), aside)


def pool(results: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, seed: int = 0) -> Pooled:
    """A class's results: a folder of `.jsonl` files, or the files; a series that comes twice counts once.

    Answers aren't independent: some listeners are better, some clips easier. So both are drawn with
    replacement, and an answer counts as often as its listener was drawn times its clip was.

    Raises
    ------
    ReadError : not one series in all of them.

    References
    ----------
    Owen (2007): The pigeonhole bootstrap.
    """
    if isinstance(results, str | os.PathLike):
        results = sorted(Path(results).glob("*.jsonl"))
    sittings: dict[str, Sitting] = {}
    left_out = []
    for path in results:
        try:
            sittings |= {sitting.series: sitting for sitting in read(path)}
        except ReadError as error:
            left_out.append((Path(path).name, str(error)))
    if not sittings:
        raise ReadError(f"listeners: no results to pool ({len(left_out)} files couldn't be read)")
    return _pooled(list(sittings.values()), tuple(left_out), seed)


def _pooled(sittings: Sequence[Sitting], left_out: tuple[tuple[str, str], ...], seed: int) -> Pooled:
    rows = [(s.listener, *trial) for s in sittings for trial in s.trials]
    who, clip = (np.unique([row[i] for row in rows], return_inverse=True)[1] for i in (0, 1))
    real, said = (np.array([row[i] for row in rows], dtype=bool) for i in (2, 3))
    right = real == said
    n_listeners, n_clips = int(who.max()) + 1, int(clip.max()) + 1
    listeners = resample(n_listeners, n_draws=2000, seed=seed)[:, who]  # (2000, n_trials)
    weights = listeners * resample(n_clips, n_draws=2000, seed=seed + 1)[:, clip]
    with np.errstate(invalid="ignore"):  # a draw may hold no answer at all
        interval = percentile_interval((weights * right).sum(1) / weights.sum(1))
    of_real, of_fake = (float(right[kind].mean()) if kind.any() else float("nan") for kind in (real, ~real))
    return Pooled(float(right.mean()), interval, of_real, of_fake, n_listeners, n_clips, len(rows), left_out)
