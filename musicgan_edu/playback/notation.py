"""Notation: a Score as MusicXML, which people read and edit, or as an engraved page.

Comes in: a `Score`. Goes out: MusicXML text (through music21) or SVG text (through verovio).
Chords gather what starts and ends together, layers keep apart what overlaps, bars are filled
with rests, and what crosses a barline is tied.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from musicgan_edu.playback.midi import Pathlike, channels, deliver, fifths, signature
from musicgan_edu.score import Score, Track

__all__ = ["engrave", "to_musicxml"]

_TICKS = 48  # notation's own clock: a beat in 64ths (3 ticks) and in 32nd-note triplets (4 ticks)
_TRIPLET_VALUES = (48, 32, 24, 16, 12, 8, 4)  # what one (triplet) note can last, in those ticks
_DRUM_PLACES = {35: "F4", 36: "F4", 37: "C5", 38: "C5", 39: "C5", 40: "C5", 41: "G4", 43: "A4", 45: "B4"}
_DRUM_PLACES |= {42: "G5", 44: "D4", 46: "G5", 47: "D5", 48: "E5", 49: "A5", 50: "E5", 51: "F5", 57: "B5"}

_PAPER: dict[str, object] = {
    "svgViewBox": True,
    "adjustPageHeight": True,
    "pageHeight": 60000,
    "pageWidth": 2100,
    "scale": 40,
}
_PAPER |= {"footer": "none", "xmlIdSeed": 1, "breaks": "auto"}

Layer = list[tuple[int, int, list[int]]]  # (start, end, pitches) in ticks, one after another


def to_musicxml(score: Score, path: Pathlike | None = None) -> str:
    """A Score as MusicXML: a staff per track, voices where notes overlap, ties, rests, pickup.

    Times that no notation holds snap to 64th notes or, beat by beat, to triplets, and notes that were
    played a little short or long last to the next one; drums stand at their usual places on a percussion staff. So `to_midi` is the exact form and this the readable
    one. `path` is written if given.

    Raises
    ------
    PlaybackError : a metre that has no time signature.
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    text: str = GeneralObjectExporter(_staves(score)).parse().decode("utf-8")
    deliver(text.encode("utf-8"), path)
    return text


def _staves(score: Score) -> Any:
    """The music21 score: title, then a part per track."""
    from music21 import metadata, stream

    signature(score)  # before any work
    whole = stream.Score()
    about = metadata.Metadata(title=score.title or "Untitled")
    about.composer = " "  # or music21 signs with its own name
    whole.insert(0, about)
    for index in range(len(score.tracks)):
        whole.insert(0, _staff(score, index))
    return whole


def _staff(score: Score, index: int) -> Any:
    """One music21 part: instrument, then its bars."""
    from music21 import instrument, stream

    track = score.tracks[index]
    part = stream.Part(id=f"P{index + 1}")
    player = instrument.Instrument(track.name)
    player.partName, player.partId = track.name, f"P{index + 1}"
    player.midiProgram, player.midiChannel = track.program, channels(score.tracks)[index]
    part.insert(0, player)
    layers = _layers(_as_written(score.of_track(index), is_drum=track.is_drum))
    for number, (start, end) in enumerate(_bars(score), start=0 if score.pickup else 1):
        bar = _bar(layers, track, start, end, spelling=fifths(score.key or (0, "major")))
        bar.number = number
        if start == 0:
            _open(bar, score, index)
        part.append(bar)
    return part


def _open(bar: Any, score: Score, index: int) -> None:
    """Clef, key, metre, tempo (once, on the first staff) and the pickup, in a piece's first bar."""
    from music21 import clef, key, meter, tempo

    track, pitches = score.tracks[index], score.of_track(index)["pitch"]
    low = len(pitches) > 0 and float(np.median(pitches)) < 60
    if index == 0:
        bar.insert(0, tempo.MetronomeMark(number=round(score.tempo, 3)))
    metre = meter.TimeSignature("{}/{}".format(*signature(score)))
    signs = [clef.PercussionClef() if track.is_drum else clef.BassClef() if low else clef.TrebleClef()]
    signs += [key.KeySignature(fifths(score.key))] if score.key and not track.is_drum else []
    for sign in [*signs, metre]:
        bar.insert(0, sign)
    bar.paddingLeft = score.beats_per_bar - score.pickup if score.pickup else 0.0


def _bars(score: Score) -> list[tuple[int, int]]:
    """Start and end of each bar in ticks, the pickup first if there is one; at least one bar."""
    lines = score.pickup + np.arange(max(score.n_bars, 1) + 1) * score.beats_per_bar
    ticks = np.rint(np.concatenate([[0.0], lines]) * _TICKS).astype(int).tolist()
    return [(start, end) for start, end in itertools.pairwise(ticks) if end > start]


def _as_written(notes: np.ndarray, *, is_drum: bool) -> np.ndarray:
    """The notes, and those that were played a little short or long with the end that one would write.

    An end that a note can have on paper was written, and stays. Else a note lasts to where the track's next begins,
    if that is within a fifth of a beat, or to the nearest sixteenth; a drum's stroke to the next one, a beat at most.
    """
    onset, end = notes["onset"], notes["onset"] + notes["duration"]
    ticks = np.rint(end * _TICKS)
    written = (np.abs(end * _TICKS - ticks) < 0.02) & ((ticks % 3 == 0) | (ticks % 4 == 0))
    starts = np.append(np.unique(onset), np.inf)
    after = starts[np.searchsorted(starts, onset + 1e-6)]
    if is_drum:
        played = np.minimum(after, onset + 1.0)
    else:
        sixteenth = np.maximum(np.rint(end * 4) / 4, onset + 1 / 16)
        played = np.where(np.abs(after - end) <= 0.2, after, sixteenth)
    made = notes.copy()
    made["duration"] = np.where(written, notes["duration"], played - onset)
    return made


def _layers(notes: np.ndarray) -> list[Layer]:
    """A track's notes as chords in layers: within a layer nothing overlaps."""
    chords: dict[tuple[int, int], list[int]] = {}
    for start, end, pitch in _snapped(notes):
        chords.setdefault((start, end), []).append(pitch)
    layers: list[Layer] = []
    for (start, end), pitches in sorted(chords.items(), key=lambda chord: (chord[0][0], -max(chord[1]))):
        free = next((layer for layer in layers if layer[-1][1] <= start), None)
        if free is None:
            layers.append(free := [])
        free.append((start, end, sorted(set(pitches))))
    return layers


def _snapped(notes: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """(start, end, pitch) in ticks, each beat on 64ths or on triplets, whichever fits it better."""
    times = np.stack([notes["onset"], notes["onset"] + notes["duration"]]) * _TICKS  # (2, n)
    beats = (times + 1e-6).astype(int) // _TICKS
    off = [np.abs(times - unit * np.rint(times / unit)) for unit in (3, 4)]
    errors = [np.bincount(beats.ravel(), weights=each.ravel()) for each in off]
    unit = np.where(errors[1] < errors[0] - 1e-6, 4, 3)[beats]
    ticks = (unit * np.rint(times / unit)).astype(int)
    ticks[1] = np.maximum(ticks[1], ticks[0] + unit[0])
    return zip(*ticks.tolist(), notes["pitch"].tolist(), strict=True)


def _bar(layers: list[Layer], track: Track, start: int, end: int, *, spelling: int) -> Any:
    """One music21 measure: a voice per layer that sounds in it, or a single rest."""
    from music21 import stream

    bar = stream.Measure()
    sounding = [[chord for chord in layer if chord[0] < end and chord[1] > start] for layer in layers]
    voices = [layer for layer in sounding if layer] or [[]]
    for number, chords in enumerate(voices, start=1):
        voice = stream.Voice(id=str(number))
        for piece in _pieces(chords, start, end):
            voice.append(_symbol(*piece, track=track, spelling=spelling))
        if len(voices) == 1:
            bar.append(list(voice))
        else:
            bar.insert(0, voice)
    return bar


Piece = tuple[int, list[int], str | None]  # (ticks, pitches: none for a rest, tie)


def _pieces(chords: Layer, start: int, end: int) -> Iterator[Piece]:
    """One layer's bar as notes and rests without gaps; what crosses a barline is tied."""
    now = start
    for onset, stop, pitches in chords:
        yield from _writable(now, max(onset, start), [], (False, False))
        yield from _writable(max(onset, start), min(stop, end), pitches, (onset < start, stop > end))
        now = min(stop, end)
    yield from _writable(now, end, [], (False, False))


def _writable(start: int, end: int, pitches: list[int], tied: tuple[bool, bool]) -> Iterator[Piece]:
    """A stretch as pieces that single notes can last; `tied` to what lies before and after it."""
    lengths = list(_lengths(start, end, grid=_TICKS // 2 if pitches else _TICKS))
    for i, length in enumerate(lengths):
        before, after = i > 0 or tied[0], i + 1 < len(lengths) or tied[1]
        tie = {(True, True): "continue", (True, False): "stop", (False, True): "start"}.get((before, after))
        yield length, pitches, tie if pitches else None


def _lengths(start: int, end: int, *, grid: int) -> Iterator[int]:
    """Lengths that single notes can last, cut at the next beat where `start` is off the `grid`.

    A stretch between 64ths is whole after that; one that touches a triplet is cut at each beat.
    """
    while start < end:
        room = min(end, (start // _TICKS + 1) * _TICKS) - start
        if start % 3 == 0 and end % 3 == 0:
            length = room if start % grid else end - start
        elif start % 4 == 0 and room % 4 == 0:
            length = next(value for value in _TRIPLET_VALUES if value <= room)
        else:
            length = room
        yield length
        start += length


def _symbol(ticks: int, pitches: list[int], tie: str | None, *, track: Track, spelling: int) -> Any:
    """A music21 rest, note, chord or drum stroke."""
    from music21 import chord, note, percussion
    from music21 import tie as ties

    if not pitches:
        symbol: Any = note.Rest()
    elif track.is_drum:
        strokes = [note.Unpitched(displayName=_DRUM_PLACES.get(pitch, "E5")) for pitch in pitches]
        symbol = strokes[0] if len(strokes) == 1 else percussion.PercussionChord(strokes)
    else:
        notes = [note.Note(_spelled(pitch, spelling)) for pitch in pitches]
        symbol = notes[0] if len(notes) == 1 else chord.Chord(notes)
    symbol.duration.quarterLength = Fraction(ticks, _TICKS)
    symbol.tie = ties.Tie(tie) if tie else None
    return symbol


def _spelled(pitch: int, fifths: int) -> str:
    """A pitch's name in a key: three fifths flatwards of the tonic to eight sharpwards."""
    place = (pitch * 7 - fifths + 3) % 12 + fifths - 3  # on the line of fifths, C at 0
    letter, alter = "FCGDAEB"[(place + 1) % 7], (place + 1) // 7
    octave = (pitch - alter) // 12 - 1
    return letter + ("#" * alter if alter > 0 else "-" * -alter) + str(octave)


def engrave(score: Score) -> str:
    """A Score as an engraved page: SVG that scales, on white paper in either theme.

    Works offline (verovio carries its own music font). Long pieces make one tall page. Ids in the
    SVG follow from the music, so the same Score gives the same text. Screen readers hear how much
    music it is.

    Raises
    ------
    PlaybackError : a metre that has no time signature.
    """
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_PAPER)
    toolkit.loadData(to_musicxml(score))
    svg: str = toolkit.renderToSVG(1)
    about = f"{score.n_notes} notes in {score.n_bars} bars on {len(score.tracks)} staves"
    label = f'role="img" aria-label="Engraved score: {about}"'
    return svg.replace("<svg ", f'<svg {label} style="background: white; max-width: 60em" ', 1)
