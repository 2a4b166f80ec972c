"""Puts the built lessons into the wheel; everything else about the package is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithLessons(build_py):
    """A wheel has no notebooks/ beside it, so the package carries a copy; an editable install doesn't."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        patterns = ("[0-9][0-9]_*.ipynb", "start.ipynb", "primer_*.ipynb")
        for path in sorted(path for pattern in patterns for path in Path("notebooks").rglob(pattern)):
            target = Path(self.build_lib, "musicgan_edu", "lessons", path.relative_to("notebooks"))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        target = Path(self.build_lib, "musicgan_edu", "lessons", "source")  # assignments are made of these
        shutil.copytree(
            Path("notebooks", "source"),
            target,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )


setup(cmdclass={"build_py": BuildWithLessons})
