"""The built lessons as files: where they are, what they are called, which exercises they hold.

Comes in: nothing. Goes out: a folder; a `Contents` for each lesson in it, read from the notebook itself,
so that nobody waits for TensorFlow to learn how many exercises a lesson has.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from musicgan_edu.score import MusicganError

__all__ = ["PATTERNS", "Contents", "LabError", "contents", "lessons_folder"]

#: Names of what is put into a learner's folder: lessons, and pages that are no lessons.
PATTERNS = ("[0-9][0-9]_*.ipynb", "start.ipynb", "primer_*.ipynb")


class LabError(MusicganError):
    """A folder that lessons can't be put into, or a file that nothing can be brought back from."""


@dataclasses.dataclass(frozen=True)
class Contents:
    """A lesson: its number ("07"), its title ("07 · Train the GAN"), the names of its exercises."""

    number: str
    title: str
    exercises: tuple[str, ...]


def lessons_folder() -> Path:
    """Where the built lessons are: inside the installed package, or in the checkout around it."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "lessons", package.parent / "notebooks"):
        if any(folder.glob("[0-9][0-9]_*.ipynb")):
            return folder
    raise LabError(f"lab: no lessons beside {package}; in a checkout run `make lessons`")


def contents(folder: Path | None = None) -> list[Contents]:
    """What the lessons in a folder hold, in order; those that came with the package unless given."""
    paths = sorted((folder or lessons_folder()).glob("[0-9][0-9]_*.ipynb"))
    return [_contents(path) for path in paths]


def _contents(path: Path) -> Contents:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title = "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ")
    names = (cell["metadata"].get("musicgan", {}).get("exercise") for cell in cells)
    return Contents(path.name[:2], title, tuple(name for name in names if name))
