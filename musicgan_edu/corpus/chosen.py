"""The three collections that are chosen from music21's corpora: which pieces, in which form.

Comes in: what was read. Goes out: the pieces of `load("chorales")`, `load("masses")` and `load("quartets")`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePath

from musicgan_edu.corpus.report import ImportReport, by_piece
from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.score import Score, Track

__all__ = ["QUARTET", "halved", "is_chosen_mass", "is_of_a_quartet", "only_chorales", "only_quartets"]

_ONE_IN = 2  # of the masses' movements in four parts and 4/2: 225 are read in under a minute
#: The four players; the files call them this and that, and some play them on the piano.
QUARTET = tuple(
    Track(name, program)
    for name, program in (("Violin 1", 40), ("Violin 2", 40), ("Viola", 41), ("Violoncello", 42))
)
_COMPOSERS = ("haydn", "mozart", "beethoven", "schumann_robert")  # of the string quartets in the corpus


def only_chorales(report: ImportReport) -> ImportReport:
    """The pieces in exactly four voices that stay in 4/4, named by stem, on church organ."""
    kept, rejected = [], list(report.rejected)
    for source, sections in by_piece(report.scores).items():
        why = _not_a_chorale(sections)
        if why:
            rejected.append((source, why))
        else:
            name = source.removesuffix(".mxl")
            kept += [score.replace(source=name, tracks=CHORALE_VOICES, tempo=90.0) for score in sections]
    return ImportReport(tuple(kept), tuple(rejected))


def _not_a_chorale(sections: Sequence[Score]) -> str:
    n_tracks = len(sections[0].tracks)
    metres = sorted({score.beats_per_bar for score in sections})
    if n_tracks != 4:
        return f"{n_tracks} parts, not 4"
    return "" if metres == [4.0] else f"bars of {' and '.join(f'{m:g}' for m in metres)} beats, not 4"


def is_chosen_mass(path: Path) -> bool:
    """Whether a Humdrum file is in four parts and 4/2 throughout, and of the half that is read."""
    text = path.read_text(encoding="utf-8", errors="replace")
    spines = max((line.count("**kern") for line in text.splitlines() if line.startswith("**")), default=0)
    metres = set(re.findall(r"\*M\d+/\d+", text))
    return spines == 4 and metres == {"*M4/2"} and zlib.crc32(path.stem.encode()) // 10 % _ONE_IN == 0


def halved(report: ImportReport) -> ImportReport:
    """Half note values: Palestrina's beat is the half note, Bach's the quarter, and both are one pulse."""
    kept = []
    for score in report.scores:
        notes = score.notes.copy()
        notes["onset"] /= 2
        notes["duration"] /= 2
        kept.append(
            score.replace(
                notes=notes, tracks=CHORALE_VOICES, beats_per_bar=score.beats_per_bar / 2, pickup=score.pickup / 2,
                tempo=60.0, source=score.source.removesuffix(".krn"),
            )
        )  # fmt: skip
    return ImportReport(tuple(kept), report.rejected)


def is_of_a_quartet(path: PurePath) -> bool:
    """Whether a file, by its path within the corpus, is by who wrote its quartets; .krn are there as .mxl too."""
    return path.parts[0] in _COMPOSERS and path.suffix == ".mxl"


def only_quartets(report: ImportReport) -> ImportReport:
    """The pieces in four parts, played by `QUARTET`."""
    kept, rejected = [], list(report.rejected)
    for source, sections in by_piece(report.scores).items():
        if len(sections[0].tracks) == len(QUARTET):
            name = source.removesuffix(".mxl")
            kept += [score.replace(source=name, tracks=QUARTET) for score in sections]
        else:
            rejected.append((source, f"{len(sections[0].tracks)} parts, not {len(QUARTET)}"))
    return ImportReport(tuple(kept), tuple(rejected))
