"""What a learner has passed, lesson by lesson.

Comes in: the learner's progress file, the lessons. Goes out: `Progress`, which prints as a table and
counts for `plotting.progress`. The start page shows both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from musicgan_edu import checks
from musicgan_edu.lab.courses import Contents, contents

__all__ = ["Progress", "progress"]


@dataclasses.dataclass(frozen=True)
class Progress:
    """Lessons, and the day on which each exercise was first passed; `print` it."""

    lessons: tuple[Contents, ...]
    passed: Mapping[str, str]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Lesson → (exercises passed, exercises that it has)."""
        return {lesson.title: (len(self._done(lesson)), len(lesson.exercises)) for lesson in self.lessons}

    def _done(self, lesson: Contents) -> list[str]:
        return [name for name in lesson.exercises if name in self.passed]

    def __str__(self) -> str:
        width = max((len(lesson.title) for lesson in self.lessons), default=0)
        rows = [self._row(lesson, width) for lesson in self.lessons]
        done, total = (sum(count) for count in zip(*self.counts().values(), strict=True)) if rows else (0, 0)
        return "\n".join([*rows, f"{done} of {total} exercises passed"])

    def _row(self, lesson: Contents, width: int) -> str:
        done = self._done(lesson)
        names = [name.split(".")[1] for name in lesson.exercises if name not in done]
        still = f"   open: {', '.join(names)}" if done and names else ""
        return f"{lesson.title:{width}}  {len(done)} of {len(lesson.exercises)}{still}"


def progress(lessons: Sequence[Contents] | None = None) -> Progress:
    """What has been passed so far, as noted in the folder that the notebook runs in."""
    return Progress(tuple(contents() if lessons is None else lessons), checks.passed())
