"""The command `musicgan`: what the lessons do, headless and on your own files.

Comes in: arguments. Goes out: files, a few lines on stdout, one line on stderr and exit code 2 when
the arguments or files can't be used. The commands themselves stand in `commands`.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from musicgan_edu import __version__
from musicgan_edu.commands import COMMANDS
from musicgan_edu.score import MusicganError

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as every error of the command."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="musicgan", description="GANs that make music: the course's commands.")
    parser.add_argument("--version", action="version", version=f"musicgan_edu {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = subparsers.add_parser(
            name, help=command.summary, description=command.summary, epilog=f"example: {command.example}"
        )
        command.add_arguments(sub)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path that the terminal can't show
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets with a page of notices
    parsed = _parser().parse_args(arguments)
    try:
        return COMMANDS[parsed.command].run(parsed) or 0
    except (MusicganError, OSError) as error:
        print(f"musicgan: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("musicgan: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
