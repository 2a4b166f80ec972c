"""What an import kept, what it left out, and why, as one object that prints as a table.

Comes in: Scores and reasons. Goes out: an `ImportReport`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

import numpy as np

from musicgan_edu.corpus.sections import clean_text
from musicgan_edu.score import Score

__all__ = ["ImportReport", "by_piece", "split_of", "unfit", "united"]

_MAX_ROWS = 40  # a table longer than that is cut, with the number of rows left


def split_of(name: str) -> str:
    """The split of a piece by its name alone: the same on every machine, for ever.

    crc32(name) mod 10: 0 is "test", 1 is "validation", the others are "train".
    """
    bits = name.encode(errors="surrogateescape")  # the name of a file on disk needn't be Unicode
    return {0: "test", 1: "validation"}.get(zlib.crc32(bits) % 10, "train")


@dataclasses.dataclass(frozen=True)
class ImportReport:
    """The result of an import; `print` it.

    Parameters
    ----------
    scores : what was kept, in path order; `source` names the piece.
    rejected : (path, reason) of each file left out.
    ignored : paths of files that aren't of a kind that is read.
    """

    scores: tuple[Score, ...]
    rejected: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    @functools.cached_property
    def splits(self) -> dict[str, str]:
        """The split of each piece by its `source`; a repeated piece follows the first one's."""
        first: dict[bytes, str] = {}
        return {
            source: split_of(first.setdefault(_fingerprint(sections), source))
            for source, sections in by_piece(self.scores).items()
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """(path, "yes" or "no", reason) of every piece and every file left out, in path order, nothing cut."""
        kept = [(source, "yes", "") for source in by_piece(self.scores)]
        return sorted([*kept, *((path, "no", _bare(path, why)) for path, why in self.rejected)])

    def __str__(self) -> str:
        kept = [
            (s.source, f"{s.n_bars}", f"{s.beats_per_bar:g}", _tracks(s), unfit(s) or "yes")
            for s in self.scores
        ]
        head = ("kept", "bars", "beats a bar", "tracks", "four voices in 4/4?")
        parts = [_table(head, kept)] if kept else ["nothing kept"]
        if self.rejected:
            parts.append(_table(("left out", "because"), [(p, _bare(p, why)) for p, why in self.rejected]))
        if self.ignored:
            kinds = Counter(PurePath(path).suffix.lower() or "no suffix" for path in self.ignored)
            listed = ", ".join(f"{n} × {kind}" for kind, n in kinds.most_common(8))
            parts.append(f"not looked at, by their suffix: {listed}")
        parts.append(
            f"{len({s.source for s in self.scores})} pieces kept, {len(self.rejected)} files left out"
        )
        return "\n\n".join(parts)


def united(reports: Mapping[str, ImportReport]) -> ImportReport:
    """Several collections as one: name/source names a piece. Each keeps its split, but one with the notes or the
    title of an earlier one follows that one: a tune is written down a little differently each time.
    """
    scores = [
        score.replace(source=f"{name}/{score.source}")
        for name, report in reports.items()
        for score in report.scores
    ]
    own = {f"{name}/{source}": split for name, one in reports.items() for source, split in one.splits.items()}
    union = ImportReport(
        tuple(scores),
        tuple((f"{name}/{path}", why) for name, one in reports.items() for path, why in one.rejected),
        tuple(f"{name}/{path}" for name, one in reports.items() for path in one.ignored),
    )
    first: dict[bytes | str, str] = {}
    splits = {}
    for source, sections in by_piece(union.scores).items():
        known_by = (_fingerprint(sections), sections[0].title.strip().casefold() or source)
        splits[source] = next((first[key] for key in known_by if key in first), own[source])
        for key in known_by:
            first.setdefault(key, splits[source])
    vars(union)["splits"] = splits  # fills the cached property
    return union


def by_piece(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """The Scores of each `source`, both in the order given."""
    pieces: dict[str, list[Score]] = {}
    for score in scores:
        pieces.setdefault(score.source, []).append(score)
    return pieces


def unfit(score: Score) -> str:
    """Why a four-voice encoding in 4/4 can't take the Score as it is, and what helps; else ""."""
    sounding = [i for i, track in enumerate(score.tracks) if not track.is_drum and len(score.of_track(i))]
    if not sounding:
        return "no: drums only; encoding.RollEncoding holds them"
    if score.beats_per_bar != 4:
        return f"no: bars of {score.beats_per_bar:g} beats; give the encoding a Grid with them"
    if len(score.tracks) != 4 or len(sounding) != 4 or any(_chordal(score.of_track(i)) for i in sounding):
        return "after cleaning.to_voices(score, 4)"
    return ""


def _chordal(notes: np.ndarray) -> bool:
    """Whether two notes of a track sound at once."""
    return bool((notes["onset"][1:] < (notes["onset"] + notes["duration"])[:-1] - 1e-6).any())


def _fingerprint(sections: list[Score]) -> bytes:
    """The same for a piece and its transpositions: onsets and pitches relative to its first note.

    Names, voices, durations (fermatas are encoded this way and that) and dynamics don't count.
    """
    digest = hashlib.sha256()
    base = None
    for score in sections:
        pitches, onsets = score.notes["pitch"].astype(np.int64), score.notes["onset"]
        order = np.lexsort((pitches, onsets))
        base = pitches[order[0]] if base is None else base
        steps = np.rint((onsets[order] - onsets[order[0]]) * 96).astype(np.int64)
        digest.update(np.stack([steps, pitches[order] - base]).tobytes())
    return digest.digest()


def _tracks(score: Score) -> str:
    names = [track.name + (" (drums)" if track.is_drum else "") for track in score.tracks]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _bare(path: str, reason: str) -> str:
    """The reason without the file name that it begins with: the table has that beside it."""
    return reason.removeprefix(f"{PurePath(path).name}: ")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns padded to their widest cell, a rule under the head."""
    shown = [head, *(tuple(map(clean_text, row)) for row in rows[:_MAX_ROWS])]
    widths = [min(48, max(len(row[i]) for row in shown)) for i in range(len(head) - 1)]
    lines = [
        "  ".join([*(_fit(cell, w) for cell, w in zip(row[:-1], widths, strict=True)), row[-1]]).rstrip()
        for row in shown
    ]
    lines.insert(1, "─" * max(len(line) for line in lines))
    more = len(rows) - _MAX_ROWS
    return "\n".join([*lines, f"… and {more} more"] if more > 0 else lines)


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"
