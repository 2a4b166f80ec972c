"""Read music21's larger collections in slices: what was read stays, whatever interrupts.

    python benchmarks/read_corpora.py FOLDER --minutes 7 palestrina essenFolksong

Every file's Scores are kept in FOLDER by themselves as soon as they are read, so the next call goes on with the files that
are left; `report` gives what there is as `corpus.collect` would. A file that can't be read is remembered
as such. Scores are for your own machine: FOLDER isn't to be passed on.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import time
from collections.abc import Sequence
from pathlib import Path

from musicgan_edu import corpus
from musicgan_edu.corpus import store, workers

SLOWEST = 240.0  # seconds that a file may take
#: Collections whose pieces lie there twice, in a second format that is worse or the same: only this suffix is read.
ONLY = {"beethoven": ".mxl", "monteverdi": ".mxl", "corelli": ".xml", "ciconia": ".xml"}


@functools.cache
def root_of(name: str) -> Path:
    """The folder of a collection; `corpus` looks through all of them for it each time."""
    return corpus.folder_of(name)


def files(name: str) -> list[Path]:
    """The files of a collection that are read, the small ones first."""
    root, suffix = root_of(name), ONLY.get(name)
    found = [path for path in sorted(root.rglob("*")) if path.suffix.lower() in corpus.FORMATS]
    kept = [path for path in found if suffix in (None, path.suffix)]
    return sorted(kept, key=lambda path: path.stat().st_size)


def report(folder: Path, name: str) -> corpus.ImportReport:
    """What has been read of a collection, each Score's source the file's path in it (and its #n), as in `corpus`."""
    scores, rejected = [], []
    for path in sorted(files(name)):
        kept = _kept(folder, name, path)
        if kept.exists():
            found, about = store.load(kept)
            source = path.relative_to(root_of(name)).as_posix()
            scores += [score.replace(source=source + score.source[len(path.name) :]) for score in found]
            if about["why"]:
                rejected.append((source, about["why"]))
    return corpus.ImportReport(tuple(scores), tuple(rejected))


def _kept(folder: Path, name: str, path: Path) -> Path:
    source = path.relative_to(root_of(name)).as_posix()
    return folder / name / f"{source.replace('/', '~')}.npz"


def read(folder: Path, name: str, until: float) -> None:
    """Read what isn't there yet, up to a moment of `time.monotonic`."""
    left = [path for path in files(name) if not _kept(folder, name, path).exists()]
    print(f"{name}: {len(left)} files left", flush=True)
    with contextlib.closing(workers.read_many(left, timeout=SLOWEST)) as answers:
        for index, answer in answers:
            why = answer if isinstance(answer, str) else ""
            scores = [] if isinstance(answer, str) else answer
            store.save(_kept(folder, name, left[index]), scores, {"why": why})
            if time.monotonic() > until:
                break


def main(given: Sequence[str] | None = None) -> None:
    """Read the named collections for so many minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--minutes", type=float, default=7.0)
    args = parser.parse_args(given)
    until = time.monotonic() + 60 * args.minutes
    for name in args.names:
        if time.monotonic() < until:
            read(args.folder, name, until)


if __name__ == "__main__":
    main()
