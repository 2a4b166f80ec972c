"""What a teacher needs for a class: `course`, `classroom`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]


def _course_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["new"], help="make a nbgrader course")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that isn't there yet")
    parser.add_argument("--seed", type=arguments.seed, help="of the hidden cases; drawn unless given")
    parser.add_argument("--lessons", default="", metavar="00,01", help="these only")


def _course(given: argparse.Namespace) -> None:
    import secrets

    from musicgan_edu import teaching

    seed = secrets.randbelow(2**32) if given.seed is None else given.seed
    lessons = [number.strip() for number in given.lessons.split(",") if number.strip()]
    made = teaching.make_course(given.folder, seed=seed, lessons=lessons)
    print(f"{len(made)} assignments in {given.folder}, hidden cases from seed {seed}; see its README.md")


def _classroom_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that isn't there yet")
    parser.add_argument("--for", dest="target", default="here", choices=["here", "windows", "linux", "macos"])
    parser.add_argument(
        "--wheel", type=Path, help="this package's wheel; built from the checkout unless given"
    )


def _classroom(given: argparse.Namespace) -> None:
    from musicgan_edu.teaching import classroom

    size = classroom.make_classroom(given.folder, target=given.target, wheel=given.wheel)
    print(
        f"{size / 1e6:.0f} MB in {given.folder}; on a machine without a network: sh install.sh, or install.bat"
    )


COMMANDS = {
    "course": arguments.Command(
        _course, _course_arguments, "make a nbgrader course of the lessons' exercises", "musicgan course new my-class --seed 7",
    ),
    "classroom": arguments.Command(
        _classroom, _classroom_arguments, "make a folder that installs the course without a network",
        "musicgan classroom stick --for windows",
    ),
}  # fmt: skip
