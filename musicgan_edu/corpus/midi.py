"""Read MIDI files with pretty_midi, on exact beats.

Comes in: the path of one file. Goes out: its Scores, one a section.

pretty_midi keeps time in seconds, asks only the first track for tempo and metre, and forgets a
note that is never ended. So events are put in order before it sees them, and every time is taken
back to ticks, which are exact parts of a beat.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicgan_edu.corpus.sections import Bars, clean_text, split
from musicgan_edu.score import ReadError, Score, Track

if TYPE_CHECKING:
    import mido
    import pretty_midi

__all__ = ["FORMATS", "read_sections"]

FORMATS = (".mid", ".midi")
MAX_BYTES = 8 << 20
MAX_NOTES = 500_000
MAX_TICKS = 5_000_000  # pretty_midi holds a table of that length; 480 ticks a beat: 10 000 beats
_SHARED = ("set_tempo", "time_signature")


def read_sections(path: Path) -> list[Score]:
    """The file's Scores, split where metre or tempo changes; onset 0 is tick 0.

    A pickup isn't written in MIDI: 0, unless the file begins with one short bar of its own metre.

    Raises
    ------
    ReadError : naming file and cause, for anything that isn't a sound MIDI file of type 0 or 1.
    """
    midi = _parse(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about marks outside the first track: `_order` moved them
            import pretty_midi

            _order(midi)
            music = pretty_midi.PrettyMIDI(mido_object=midi)
        score = _score(music, path)
        return split(score, _bars(music), _tempos(music)) if score.n_notes else []
    except ReadError:
        raise
    except Exception as error:  # pretty_midi trusts its input: whatever comes is the file's fault
        raise ReadError(f"{path.name}: damaged MIDI ({clean_text(error) or type(error).__name__})") from error


def _parse(path: Path) -> mido.MidiFile:
    """The file's events; ReadError where it isn't MIDI, is cut off, or counts no beats."""
    import mido

    data = path.read_bytes()
    if data[:4] != b"MThd":
        raise ReadError(f"{path.name}: not a MIDI file, it begins with {data[:4]!r}, not b'MThd'")
    try:
        midi = mido.MidiFile(file=io.BytesIO(data))
    except EOFError as error:
        raise ReadError(f"{path.name}: the MIDI data is cut off") from error
    except Exception as error:  # OSError, ValueError, KeyError, IndexError: mido is strict
        raise ReadError(f"{path.name}: damaged MIDI ({clean_text(error) or type(error).__name__})") from error
    if midi.type == 2:
        raise ReadError(f"{path.name}: MIDI type 2 holds independent patterns, not one piece")
    if midi.ticks_per_beat <= 0:
        raise ReadError(f"{path.name}: timed in film frames (SMPTE), not in beats")
    ticks = max((sum(event.time for event in track) for track in midi.tracks), default=0)
    if ticks > MAX_TICKS:
        raise ReadError(f"{path.name}: {ticks} ticks long, more than {MAX_TICKS}: damaged, or not one piece")
    return midi


def _order(midi: mido.MidiFile) -> None:
    """Put every tempo and metre on a first track of its own and end the notes left open."""
    import mido

    shared: list[tuple[int, Any]] = []
    for track in midi.tracks:
        tick = 0
        for event in track:
            tick += event.time
            if event.type in _SHARED:
                shared.append((tick, event.copy()))
        track.extend(_ends(track))
    shared.sort(key=lambda pair: pair[0])
    first = mido.MidiTrack([mido.MetaMessage("track_name", name="")])
    last = 0
    for tick, event in shared:
        first.append(event.copy(time=tick - last))
        last = tick
    midi.tracks = [first, *(track for track in midi.tracks if track)]


def _ends(track: mido.MidiTrack) -> list[Any]:
    """Note-offs, at the track's end, for the notes that nothing ends."""
    import mido

    sounding: dict[tuple[int, int], None] = {}
    for event in track:
        if event.type == "note_on" and event.velocity > 0:
            sounding[event.channel, event.note] = None
        elif event.type in ("note_on", "note_off"):
            sounding.pop((event.channel, event.note), None)
    return [mido.Message("note_off", channel=channel, note=note) for channel, note in sounding]


def _score(music: pretty_midi.PrettyMIDI, path: Path) -> Score:
    """All notes on one time line, in beats; one track per instrument that plays."""
    ticks, resolution = music.time_to_tick, music.resolution
    notes = [(i, note) for i, instrument in enumerate(music.instruments) for note in instrument.notes]
    if len(notes) > MAX_NOTES:
        raise ReadError(f"{path.name}: {len(notes)} notes, more than {MAX_NOTES}")
    rows = [
        (i, n.pitch, ticks(n.start) / resolution, (ticks(n.end) - ticks(n.start)) / resolution, n.velocity)
        for i, n in notes
    ]
    return Score.from_rows(rows, _tracks(music), title=path.stem, source=path.name)


def _beat(music: pretty_midi.PrettyMIDI, seconds: float) -> float:
    return float(music.time_to_tick(seconds) / music.resolution)


def _tracks(music: pretty_midi.PrettyMIDI) -> list[Track]:
    """Names as written; by instrument where a name is missing or shared (always so in type 0)."""
    import pretty_midi

    written = [_decoded(instrument.name) for instrument in music.instruments]
    tracks = []
    for name, instrument in zip(written, music.instruments, strict=True):
        sound = "Drums" if instrument.is_drum else pretty_midi.program_to_instrument_name(instrument.program)
        name = name if name and written.count(name) == 1 else sound
        tracks.append(Track(name, int(instrument.program), instrument.is_drum))
    return tracks


def _decoded(name: str) -> str:
    """A track name, which MIDI leaves without an alphabet: UTF-8 where it is that, else Latin-1."""
    try:
        return clean_text(name.encode("latin1").decode("utf-8"))
    except UnicodeError:
        return clean_text(name)


def _bars(music: pretty_midi.PrettyMIDI) -> list[Bars]:
    """Runs of one metre; 4/4 until the file says otherwise."""
    runs = [Bars(0.0)]
    for metre in music.time_signature_changes:
        start, beats = _beat(music, metre.time), metre.numerator * 4.0 / metre.denominator
        if start == runs[-1].start:
            runs[-1] = Bars(start, beats)
        elif beats != runs[-1].beats_per_bar:
            runs.append(Bars(start, beats))
    return runs


def _tempos(music: pretty_midi.PrettyMIDI) -> list[tuple[float, float]]:
    """(beat, quarter notes a minute), rounded: MIDI stores whole microseconds a beat."""
    times, tempos = music.get_tempo_changes()
    marks = {_beat(music, time): round(float(tempo), 3) for time, tempo in zip(times, tempos, strict=True)}
    return sorted(marks.items())
