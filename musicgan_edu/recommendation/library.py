"""From a key to its music, and from a folder to an index.

Comes in: a key such as "palestrina/Agnus_0.krn" or "oneills1850/0001-0050.abc#7", or a folder. Goes out:
Scores, read from the installed music21 when they are asked for, or an index.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from musicgan_edu import corpus
from musicgan_edu.recommendation.hearing import RecommendationError
from musicgan_edu.recommendation.index import Index, Scale
from musicgan_edu.score import MusicganError, Score

__all__ = ["music", "of_folder", "pieces", "split_of"]

Features = Callable[[list[Score]], Mapping[str, np.ndarray]]
_NUMBERED = re.compile(r"^X:\s*(\d+)", re.MULTILINE)


def pieces(scores: list[Score] | tuple[Score, ...]) -> dict[str, list[Score]]:
    """The Scores of each piece, by `source`: a piece that changes its metre has several."""
    found: dict[str, list[Score]] = {}
    for score in scores:
        found.setdefault(score.source, []).append(score)
    return found


def split_of(key: str) -> str:
    """The split of a piece of the shipped index by its key alone: chorales go by their stem, as in `corpus`."""
    collection, _, source = key.partition("/")
    return corpus.split_of(source.removesuffix(".mxl") if collection == "bach" else source)


def of_folder(
    folder: str | os.PathLike[str], features: Features, scales: Mapping[str, Scale], *, progress: bool = True
) -> tuple[Index, list[str]]:
    """An index of a folder's music, and why some of it isn't in: (index, reasons).

    Raises
    ------
    ReadError : `folder` isn't one. RecommendationError : nothing in it can be heard.
    """
    report = corpus.import_folder(folder, progress=progress)
    index, reasons = Index(scales), [f"{path}: {why}" for path, why in report.rejected]
    for key, piece in pieces(report.scores).items():
        try:
            index.add(key, piece[0].title or key, features(piece))
        except MusicganError as error:
            reasons.append(f"{key}: {error}")
    if not len(index):
        raise RecommendationError(f"recommendation: no music that can be heard in {folder}")
    return index, reasons


def music(key: str) -> list[Score]:
    """The music of a key of the shipped index, from the installed music21; a second or two.

    Raises
    ------
    RecommendationError : no such piece in this music21. ReadError : it can't be read.
    """
    collection, _, source = key.partition("/")
    name, _, number = source.partition("#")
    root = corpus.folder_of(collection) if collection in corpus.names() else None
    path = root / name if root else None
    if path is None or root is None or ".." in Path(name).parts or not path.is_file():
        raise RecommendationError(f"recommendation: music21's corpus has no {key!r}")
    return _tune(path, int(number)) if number.isdecimal() and path.suffix == ".abc" else corpus.read_all(path)


def _tune(path: Path, number: int) -> list[Score]:
    """The nth tune of a book, by rising X: as music21 counts; read alone, since a book takes minutes."""
    text = path.read_text(encoding="utf-8", errors="replace")
    marks = list(_NUMBERED.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    order = sorted(range(len(marks)), key=lambda i: int(marks[i][1]))
    if not 1 <= number <= len(order):
        raise RecommendationError(f"recommendation: {path.name} has {len(order)} tunes, not {number}")
    one = order[number - 1]
    with tempfile.TemporaryDirectory() as scratch:
        alone = Path(scratch) / path.name
        alone.write_text(text[marks[one].start() : ends[one]], encoding="utf-8")
        return corpus.read_all(alone)
