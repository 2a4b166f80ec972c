"""Which exercises a learner has passed, in one small local file.

Comes in: the names of exercises passed. Goes out: `musicgan_progress.json` in the folder that the
notebook runs in (or where the environment's MUSICGAN_PROGRESS says), readable and safe to delete.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path

from musicgan_edu.corpus import store

__all__ = ["file", "load", "merge", "record"]


def file() -> Path:
    """Where progress is kept."""
    return Path(os.environ.get("MUSICGAN_PROGRESS") or "musicgan_progress.json").absolute()


def load() -> dict[str, str]:
    """Passed exercises: name → day of the first pass. A missing or damaged file counts as empty."""
    try:
        passed = json.loads(file().read_text(encoding="utf-8"))["passed"]
        return {str(name): str(day) for name, day in passed.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def record(name: str) -> None:
    """Note a pass. A file that can't be written costs the note, never the lesson."""
    passed = load()
    if name in passed:
        return
    passed[name] = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    with contextlib.suppress(OSError):
        _save(passed)


def merge(earlier: Mapping[str, str]) -> int:
    """Add passes from elsewhere, keeping the earlier day of two; how many names are new."""
    passed = load()
    both = {name: min(day, passed.get(name, day)) for name, day in earlier.items()}
    if both:
        _save(passed | both)
    return len(both.keys() - passed.keys())


def _save(passed: Mapping[str, str]) -> None:
    _keep_damaged()
    text = json.dumps({"version": 1, "passed": passed}, indent=1) + "\n"
    store.write_whole(file(), text.encode())


def _keep_damaged() -> None:
    """Move a file that isn't ours, or is damaged, aside rather than write over it."""
    if file().exists() and not load():
        aside = (file().with_suffix(f".damaged{i or ''}.json") for i in itertools.count())
        os.replace(file(), next(path for path in aside if not path.exists()))
