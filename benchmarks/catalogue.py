"""What the recommender's benchmark knows of every piece: its collection, composer, genre, work and split.

Comes in: collections, from `corpus` or from what `read_corpora.py` has read. Goes out: `Entry`s.

A *work* is what no query may find itself in: a mass, a quartet, a cantata, a tune by its name. Masses are split as
wholes. Collections that are too small to be split teach nothing: all their pieces are queries of *test* and
candidates for each other's works.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import read_corpora

from musicgan_edu import corpus, recommendation
from musicgan_edu.recommendation import hearing
from musicgan_edu.score import MusicganError, Score

__all__ = [
    "COMPOSERS",
    "GENRES",
    "ONE_VOICE",
    "OWN",
    "TRAINED_ON",
    "Entry",
    "composer_of",
    "entries",
    "genre_of",
]

ONE_VOICE = ("airdsAirs", "essenFolksong", "oneills1850", "ryansMammoth")
#: Large enough to be split; the others are held out whole.
TRAINED_ON = ("chorales", *ONE_VOICE, "palestrina", "trecento")
#: The split of pieces of the others.
OWN = "held out"
#: Collections of one composer: the label is the collection's name. (Trecento's songs have many, and folk music none.)
COMPOSERS = ("bach", "palestrina", "monteverdi", "beethoven", "mozart", "haydn", "josquin")
GENRES = {
    "dance tune": ("airdsAirs", "oneills1850", "ryansMammoth"), "folk song": ("essenFolksong",), "chorale": ("bach",),
    "mass": ("palestrina",), "madrigal": ("monteverdi",), "trecento": ("trecento",),
    "quartet": ("beethoven", "haydn", "mozart"),  # but for one exposition of a piano sonata
}  # fmt: skip
TEXTS = re.compile(r"[^a-z]+")
MASS = re.compile(r"^!!!OPR:\s*(.+?)(?:\s*\([IVX]+\))?\s*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One piece of the corpus; `label` is its collection."""

    key: str
    title: str
    label: str
    split: str
    work: str
    piece: list[Score]


def entries(names: Sequence[str], folder: Path) -> list[Entry]:
    """Every piece of the collections that can be heard: from `folder` where it holds the collection, else from `corpus`."""
    found: list[Entry] = []
    for name in names:
        report = read_corpora.report(folder, name) if (folder / name).is_dir() else corpus.collect(name)
        label, end = ("bach", ".mxl") if name == "chorales" else (name, "")
        for source, piece in recommendation.pieces(report.scores).items():
            try:
                hearing.incipit(piece)
            except MusicganError:
                continue
            file = source + end
            mass = mass_of(file) if name == "palestrina" else ""
            title = title_of(label, file, piece[0].title, mass)
            work = f"palestrina/{mass}" if mass else work_of(label, file, title)
            split = corpus.split_of(work) if mass else report.splits[source]
            split = split if name in TRAINED_ON else OWN
            found.append(Entry(f"{label}/{file}", title, label, split, work, piece))
    return found


def title_of(collection: str, source: str, title: str, mass: str) -> str:
    """A title that says what a movement is of, where the file's own says only "movement1" or "Agnus"."""
    if mass:
        return f"{mass}: {title}"
    return f"{collection}, {Path(source).with_suffix('')}" if "/" in source else title


def mass_of(source: str) -> str:
    """The mass that a movement of Palestrina's is from; two settings with one name count as one."""
    text = (read_corpora.root_of("palestrina") / source).read_text(encoding="utf-8", errors="replace")
    found = MASS.search(text)
    return found[1] if found else ""


def work_of(collection: str, source: str, title: str) -> str:
    """What pieces of one work, or of one tune's family, have in common; "" where nothing says so."""
    folders = source.split("/")
    if len(folders) > 1:
        return f"{collection}/{folders[0]}"
    if (
        collection in ONE_VOICE
    ):  # "7th Regiment -- Reel" and "7th Regiment Reel": a tune has one name everywhere
        return "tune " + TEXTS.sub("", title.lower())
    if collection == "bach":
        return f"bach/{source.split('.')[0]}"  # the movements of one cantata
    if collection == "monteverdi":
        return f"monteverdi/{source.removesuffix('.mxl').removesuffix('_old')}"
    return f"{collection}/{TEXTS.sub(' ', source.lower()).strip()}"


def composer_of(label: str) -> str:
    """The composer of a collection, "" where it has several or none."""
    return label if label in COMPOSERS else ""


def genre_of(label: str) -> str:
    """The genre of a collection, "" where it is of none that is asked for."""
    return next((genre for genre, labels in GENRES.items() if label in labels), "")
