"""Read written music (MusicXML, ABC, Humdrum) with music21.

Comes in: the path of one file. Goes out: its tunes, each a list of Scores (one a section).
The package's one reader that imports music21, and only when it is called.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from musicgan_edu.corpus import guards
from musicgan_edu.corpus.sections import bars_of, clean_text, split
from musicgan_edu.score import ReadError, Score, Track

__all__ = ["FORMATS", "read_tunes"]

FORMATS = {".xml": "musicxml", ".musicxml": "musicxml", ".mxl": "musicxml", ".abc": "abc", ".krn": "humdrum"}
MAX_BYTES = guards.MAX_BYTES
MAX_NOTES = 500_000
_CHECKS = {"musicxml": guards.check_musicxml, "abc": guards.check_abc, "humdrum": guards.check_humdrum}
_PATIENCE = 4.0  # seconds of processor for a file, or for each stretch of so many bytes of a longer one:
_STRETCH = {"musicxml": 200_000, "abc": 6_000, "humdrum": 13_000}
_SLUR_OVER_TUPLET = re.compile(r"^([A-Za-z]:.*)|\((?=\(\d)", re.MULTILINE)  # titles stay


def read_tunes(path: Path) -> list[list[Score]]:
    """Every tune of the file, each as its sections. Keys aren't read: many files state a wrong one.

    Ties are merged, chord symbols, grace notes and fermatas left out, transposing instruments
    sound where they sound, repeats are played once.

    Raises
    ------
    ReadError : naming file and cause, for anything that isn't music21's to read.
    """
    kind = FORMATS[path.suffix.lower()]
    check = guards.check_archive if path.suffix.lower() == ".mxl" else _CHECKS[kind]
    size = check(path)
    from music21 import converter

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21 comments on files; the report is ours
            patience = _PATIENCE * max(1, size / _STRETCH[kind])
            return guards.within(patience, lambda: _parse(converter.Converter(), path, kind))
    except ReadError:
        raise
    except guards.TooLong:
        raise ReadError(f"{path.name}: music21 takes too long over so little {kind}: damaged?") from None
    except Exception as error:  # music21 lets whatever its parsers met through
        cause = clean_text(error) or type(error).__name__
        raise ReadError(f"{path.name}: not readable as {kind} ({cause})") from error


def _parse(converter: Any, path: Path, kind: str) -> list[list[Score]]:
    if kind == "abc":
        # The bracket that closes a slur over a triplet closes the triplet alone for music21, and the slur takes every later
        # note in: quadratic. Slurs aren't read here.
        text = _SLUR_OVER_TUPLET.sub(r"\1", path.read_text(encoding="utf-8"))
        converter.parseData(text, format=kind)
    else:  # no pickles: music21 would else trust a pickled copy in the temporary folder
        converter.parseFile(path, format=kind, forceSource=True, storePickle=False)
    stream = converter.stream
    tunes = list(stream.scores) if hasattr(stream, "scores") else [stream]
    return [_sections(tune, path) for tune in tunes]


def _sections(tune: Any, path: Path) -> list[Score]:
    """One tune's Scores, one a section; none where it has no notes."""
    if any(part.atSoundingPitch is False for part in tune.parts):
        tune.toSoundingPitch(inPlace=True)  # a clarinet sounds lower than it is written
    parts = list(tune.parts) or [tune]
    flat = [part.flatten() for part in parts]
    rows = [row for i, part in enumerate(flat) for row in _rows(part, i)]
    if not rows:
        return []
    if len(rows) > MAX_NOTES:
        raise ReadError(f"{path.name}: {len(rows)} notes, more than {MAX_NOTES}")
    tracks = [_track(part, i) for i, part in enumerate(parts)]
    score = Score.from_rows(rows, tracks, title=_title(tune, path), source=path.name)
    starts = [float(bar.offset) for bar in parts[0].getElementsByClass("Measure")]
    metres = [(float(m.offset), float(m.barDuration.quarterLength)) for m in flat[0]["TimeSignature"]]
    bars = bars_of(starts, float(flat[0].highestTime), _from_zero(metres, 4.0))
    return split(score, bars, _tempos(tune, score.tempo))


def _rows(part: Any, track: int) -> list[tuple[float, ...]]:
    """(track, pitch, onset, duration, velocity) of a flat part, tied notes made one."""
    open_ends: dict[tuple[int, float], int] = {}  # (pitch, end) of a note tied onward → its row
    rows: list[tuple[float, ...]] = []
    for sounding in part.notes:
        onset, beats = float(sounding.offset), float(sounding.quarterLength)
        if beats <= 0 or "Harmony" in sounding.classes:  # a grace note, a chord symbol
            continue
        for pitch, tie in _heads(sounding):
            row = open_ends.pop((pitch, onset), None) if tie in ("stop", "continue") else None
            if row is None:
                row = len(rows)
                rows.append((track, pitch, onset, beats, sounding.volume.velocity or 80))
            else:
                rows[row] = (*rows[row][:3], onset + beats - rows[row][2], rows[row][4])
            if tie in ("start", "continue"):
                open_ends[pitch, onset + beats] = row
    return rows


def _heads(sounding: Any) -> list[tuple[int, str]]:
    """(MIDI number, kind of tie or "") of each note of a note or chord; unpitched drums as mapped."""
    notes = sounding.notes if "Chord" in sounding.classes else [sounding]
    found = []
    for each in notes:
        if hasattr(each, "pitch"):
            number = int(each.pitch.midi)
        else:
            number = getattr(each.storedInstrument, "percMapPitch", None) or 38  # a snare
        found.append((number, each.tie.type if each.tie else ""))
    return found


def _track(part: Any, index: int) -> Track:
    instrument = part.getInstrument(returnDefault=False)
    program = getattr(instrument, "midiProgram", None)
    is_drum = getattr(instrument, "midiChannel", None) == 9 or bool(part["Unpitched"])
    name = clean_text(part.partName, f"track {index + 1}")
    return Track(name, program if program is not None and 0 <= program <= 127 else 0, is_drum)


def _title(tune: Any, path: Path) -> str:
    about = tune.metadata
    title = clean_text(about and (about.title or about.movementName))
    return path.stem if title in ("", path.name) else title


def _tempos(tune: Any, default: float) -> list[tuple[float, float]]:
    """(beat, quarter notes a minute) of each mark that states a number."""
    marks = [(float(m.offset), m.getQuarterBPM()) for m in tune.flatten()["MetronomeMark"] if m.number]
    return _from_zero([(beat, float(bpm)) for beat, bpm in marks if bpm], default)


def _from_zero(marks: list[tuple[float, float]], default: float) -> list[tuple[float, float]]:
    """Marks sorted by beat, the last of a beat only, with `default` from 0 where none stands there."""
    return sorted(({0.0: default} | dict(marks)).items())
