"""A learner's folder of lessons, and a folder of their own music: `lab`, `import`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from musicgan_edu.commands import arguments
from musicgan_edu.score import ScoreError

__all__ = ["COMMANDS"]


def _lab_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path("lessons"), metavar="DIR")
    parser.add_argument("--port", type=arguments.port, help="the port that JupyterLab listens on")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open no window")
    parser.add_argument("--copy-only", action="store_true", help="put the lessons there and stop")


def _lab(given: argparse.Namespace) -> int | None:
    from musicgan_edu import lab

    print(lab.put_lessons(given.folder))
    if given.copy_only:
        return None
    return lab.open_lab(given.folder, port=given.port, browser=not given.no_browser)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="MIDI, MusicXML or ABC files inside")
    parser.add_argument(
        "--workers", type=arguments.count, metavar="N", help="processes that read (one a core)"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="read on a Dask cluster (tcp://host:8786), or with 'processes' by Dask on this machine; the same result",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="write every file and its fate as CSV too")


def _import(given: argparse.Namespace) -> None:
    from musicgan_edu import corpus

    if given.out and given.out.exists():
        raise ScoreError(f"import: {given.out} is there already: choose another file")
    report = corpus.import_folder(given.folder, n_processes=given.workers, scheduler=given.scheduler)
    print(report)
    if given.out:
        with given.out.open("x", encoding="utf-8", errors="backslashreplace", newline="") as file:
            csv.writer(file).writerows([("file", "kept", "why not"), *report.rows()])


COMMANDS = {
    "lab": arguments.Command(_lab, _lab_arguments, "put the lessons into DIR and open JupyterLab", "musicgan lab lessons"),
    "import": arguments.Command(
        _import, _import_arguments, "read a folder of music: what is kept, what isn't, and why",
        "musicgan import ~/my-midi-files",
    ),
}  # fmt: skip
