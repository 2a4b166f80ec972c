"""Standard MIDI Files, byte for byte the same for the same Score.

Comes in: a `Score`. Goes out: bytes. Written by hand rather than by a library, so that ticks are
exact, titles survive, and no library's next version changes the files that a seed gives.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musicgan_edu.score import MusicganError, Score, Track

__all__ = ["PlaybackError", "channels", "deliver", "fifths", "metre", "signature", "to_midi"]

DRUM_CHANNEL = 9  # "channel 10" to people, who count from 1
_MELODIC_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
_RESOLUTIONS = (480, 3360, 10080)  # ticks a beat: 2ⁿ, 3 and 5; with 7; with 9
_MAX_TICKS = 5_000_000  # what `corpus.read` takes: a longer file is damaged, or not one piece

Pathlike = str | os.PathLike[str]
Events = list[tuple[int, int, bytes]]  # (tick, order within the tick, message)


class PlaybackError(MusicganError):
    """Music that the wanted form can't hold: too long to render, or a metre nobody can write."""


def metre(beats: float) -> tuple[int, int] | None:
    """The time signature of a bar of so many quarter-note beats: 4 → (4, 4), 1.5 → (3, 8).

    None where no signature with a power of two below fits. A `Score` doesn't tell 3/4 from 6/8
    (both last 3 beats), so 3 gives (3, 4).
    """
    for denominator in (4, 8, 16, 32, 64):
        numerator = beats * denominator / 4
        if abs(numerator - round(numerator)) < 1e-9 and 1 <= round(numerator) <= 255:
            return round(numerator), denominator
    return None


def signature(score: Score) -> tuple[int, int]:
    """A Score's time signature, see `metre`; PlaybackError where there is none."""
    found = metre(score.beats_per_bar)
    if found is None:
        raise PlaybackError(f"playback: a bar of {score.beats_per_bar:g} beats has no time signature")
    return found


def to_midi(score: Score, path: Pathlike | None = None) -> bytes:
    """A Score as a Standard MIDI File (type 1): a conductor track, then one track per `Track`.

    Ticks are exact: 480 a beat, or more where the music has septuplets or finer. Tempo, key, title
    (the conductor's name), track names (UTF-8), programs and velocities are kept; drums go to
    channel 10. A pickup is written as a short first bar: its own time signature at tick 0, the
    real one at the first barline, which is what sequencers show correctly and what `corpus.read`
    takes back. Where no signature fits the pickup, rests fill it up to a whole bar.

    Parameters
    ----------
    score : any Score. Of two overlapping notes of one pitch in one track, MIDI can't tell which
        one ends first; everything else comes back as it was.
    path : a file to write, replaced if it is there; None writes nothing.

    Returns
    -------
    the file's bytes; the same Score gives the same bytes, always.

    Raises
    ------
    PlaybackError : a metre that has no time signature, such as 0.3 beats a bar.
    """
    delay = _filling(score)
    resolution = _resolution(score, delay)
    tracks = [_conductor(score, resolution)]
    for index, (track, channel) in enumerate(zip(score.tracks, channels(score.tracks), strict=True)):
        tracks.append(_track_events(score.of_track(index), track, channel, resolution, delay))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), resolution)
    return deliver(header + b"".join(_chunk(events) for events in tracks), path)


def _filling(score: Score) -> float:
    """Beats of rest before a pickup that no time signature can hold; usually 0."""
    unwritable = score.pickup > 0 and metre(score.pickup) is None
    return score.beats_per_bar - score.pickup if unwritable else 0.0


def _resolution(score: Score, delay: float) -> int:
    """The smallest number of ticks a beat on which every time is whole, else the finest there is."""
    times = np.concatenate([score.notes["onset"] + delay, score.notes["duration"]])
    fitting = [r for r in _RESOLUTIONS if (score.end + delay) * r < _MAX_TICKS] or [120]
    for resolution in fitting:
        if np.allclose(times * resolution, np.rint(times * resolution), rtol=0, atol=1e-3):
            return resolution
    return fitting[-1]


def channels(tracks: Sequence[Track]) -> list[int]:
    """A MIDI channel for each track; past 15 melodic tracks, those of one program share theirs."""
    melodic = [(i, track.program) for i, track in enumerate(tracks) if not track.is_drum]
    crowded = len(melodic) > len(_MELODIC_CHANNELS)
    groups = list(dict.fromkeys(program if crowded else i for i, program in melodic))
    found = [DRUM_CHANNEL] * len(tracks)
    for i, program in melodic:
        place = groups.index(program if crowded else i)
        found[i] = _MELODIC_CHANNELS[place % len(_MELODIC_CHANNELS)]
    return found


def _conductor(score: Score, resolution: int) -> Events:
    """Title, tempo, key and metre: what holds for all tracks."""
    microseconds = min(round(60e6 / score.tempo), 2**24 - 1)
    events = [(0, 0, _meta(0x03, _text(score.title))), (0, 1, _meta(0x51, microseconds.to_bytes(3, "big")))]
    if score.key is not None:
        minor = score.key[1] == "minor"
        events.append((0, 1, _meta(0x59, struct.pack("bB", fifths(score.key), minor))))
    short = metre(score.pickup) if score.pickup > 0 else None
    if short is not None:
        events.append((0, 1, _time_signature(short)))
    first_barline = round(score.pickup * resolution) if short is not None else 0
    events.append((first_barline, 1, _time_signature(signature(score))))
    return events


def _track_events(notes: np.ndarray, track: Track, channel: int, resolution: int, delay: float) -> Events:
    """One track's name, program and notes, unsorted."""
    events = [(0, 0, _meta(0x03, _text(track.name))), (0, 1, bytes([0xC0 | channel, track.program]))]
    for _, pitch, onset, duration, velocity in notes.tolist():
        start = round((onset + delay) * resolution)
        end = max(round((onset + delay + duration) * resolution), start + 1)
        events.append((start, 3, bytes([0x90 | channel, pitch, velocity])))
        events.append((end, 2, bytes([0x80 | channel, pitch, 64])))  # ends before starts
    return events


def _chunk(events: Events) -> bytes:
    """A track chunk: sorted messages with the ticks between them, and the end mark."""
    data = bytearray()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        data += _varying(tick - now) + message
        now = tick
    data += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(data)) + bytes(data)


def _varying(number: int) -> bytes:
    """MIDI's numbers of varying length: seven bits a byte, all but the last marked."""
    data = [number & 0x7F]
    while number := number >> 7:
        data.append(number & 0x7F | 0x80)
    return bytes(reversed(data))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _varying(len(data)) + data


def _time_signature(signature: tuple[int, int]) -> bytes:
    return _meta(0x58, bytes([signature[0], signature[1].bit_length() - 1, 24, 8]))


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def fifths(key: tuple[int, str]) -> int:
    """Sharps (+) or flats (-) of a key, -5 to 6, so each key has one spelling."""
    major = key[0] if key[1] == "major" else key[0] + 3
    return (major * 7 + 5) % 12 - 5


def deliver(data: bytes, path: Pathlike | None) -> bytes:
    """The data, written to `path` too if there is one."""
    if path is not None:
        Path(path).write_bytes(data)
    return data
