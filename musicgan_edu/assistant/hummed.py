"""A melody hummed, whistled or played into a recording, as a Score.

Comes in: a WAV, FLAC or OGG file in which one voice sounds at a time. Goes out: a Score of one track.

Conventions
-----------
A pitch every 12 ms by YIN; a note is a stretch in which it stays within a semitone, of at least 80 ms. People don't hum in
440 Hz: the tuning is estimated and taken out. The tempo, unless given, is the one on whose half beats the
notes begin most nearly. Chords, accompaniment and noise are not for this: it hears the strongest period only.

References
----------
A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", Journal of the
Acoustical Society of America 111 (4), 2002. Lesson 11.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np

from musicgan_edu import audio
from musicgan_edu.assistant.melody import AssistantError
from musicgan_edu.score import Score, Track

__all__ = ["hear", "pitches"]

_RATE, _FRAME, _HOP = 22_050, 1024, 256
_LOWEST, _HIGHEST = 65.0, 1400.0  # hertz: C2 to F6
_APERIODIC, _QUIET = 0.25, 30.0  # YIN's threshold; decibels below the loudest frame
_SHORTEST = 0.08  # seconds
_FAINT = 0.02  # of the loudest note's power
_RISE, _GROWN = 4, 4.0  # frames, decibels: what a new attack grows by
_TEMPI = np.arange(60, 141)


def hear(path: str | os.PathLike[str], *, tempo: float | None = None) -> Score:
    """The melody in a recording.

    Parameters
    ----------
    tempo : quarter notes a minute, if you know it.

    Raises
    ------
    ReadError : no audio. AssistantError : nothing in it has a pitch.
    """
    samples, rate = audio.load_recording(path, sample_rate=_RATE)
    notes = _audible(_notes(pitches(samples, rate), _attacks(samples)), samples)
    if not notes:
        raise AssistantError(
            f"harmonise: {Path(path).name} holds no note: no steady pitch for {_SHORTEST:g} s"
        )
    onsets = np.array([start for _, start, _ in notes]) - notes[0][1]
    tempo = tempo or _tempo(onsets)
    ends = np.array([end for *_, end in notes]) - notes[0][1]
    beats, stops = onsets * tempo / 60, ends * tempo / 60
    gaps = np.append(beats[1:] - stops[:-1], 0)
    stops += np.where(gaps < 0.5, gaps, 0)  # a breath is no rest
    rows = [
        (0, pitch, on, max(stop - on, 0.25))
        for (pitch, *_), on, stop in zip(notes, beats, stops, strict=True)
    ]
    return Score.from_rows(
        rows, [Track("Melody")], tempo=float(tempo), title=Path(path).stem, source=Path(path).name
    )


def pitches(samples: np.ndarray, rate: int) -> np.ndarray:
    """MIDI numbers with fractions, one every 256 samples, (n_frames,); NaN where none is heard.

    YIN: d(τ) = Σ (xₜ − xₜ₊τ)², divided by its mean over all lags up to τ; the first lag at which that has a
    minimum below a threshold is the period.
    """
    longest, shortest = int(rate / _LOWEST), int(rate / _HIGHEST)
    padded = np.pad(samples.astype(np.float64), (0, _FRAME + longest))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME + longest)[::_HOP][
        : max(1, len(samples) // _HOP)
    ]
    size = 1 << int(np.ceil(np.log2(2 * _FRAME + longest)))
    spectrum = np.fft.rfft(frames, size)
    head = np.fft.rfft(frames[:, :_FRAME], size)
    correlation = np.fft.irfft(head.conj() * spectrum, size)[:, : longest + 1]
    power = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = power[:, _FRAME : _FRAME + longest + 1] - power[:, : longest + 1]
    difference = energy[:, :1] + energy - 2 * correlation
    lags = np.arange(1, longest + 1)
    mean = np.cumsum(difference[:, 1:], axis=1) / lags
    normed = np.concatenate([np.ones((len(frames), 1)), difference[:, 1:] / np.maximum(mean, 1e-12)], axis=1)
    level = 10 * np.log10(np.maximum(energy[:, 0], 1e-12))
    periods = np.array([_period(row, shortest) for row in normed])
    sounds = np.isfinite(periods) & (level > level.max() - _QUIET) & (energy[:, 0] > 1e-4)
    with np.errstate(invalid="ignore"):
        return np.where(sounds, 69 + 12 * np.log2(rate / periods / 440), np.nan)


def _period(normed: np.ndarray, shortest: int) -> float:
    """The first dip below the threshold, refined by a parabola; NaN without one."""
    below = np.flatnonzero(normed[shortest:-1] < _APERIODIC)
    if not len(below):
        return float("nan")
    lag = shortest + int(below[0])
    while lag + 1 < len(normed) - 1 and normed[lag + 1] < normed[lag]:
        lag += 1
    left, middle, right = normed[lag - 1 : lag + 2]
    bend = left - 2 * middle + right
    return lag + (0.5 * (left - right) / bend if bend > 1e-12 else 0.0)


def _attacks(samples: np.ndarray) -> np.ndarray:
    """Frames at which the sound grows by half again within 50 ms, bool (n_frames,): a note struck again."""
    n_frames = max(1, len(samples) // _HOP)
    padded = np.pad(np.square(samples, dtype=np.float64), (0, _FRAME))
    power = np.concatenate([[0.0], np.cumsum(padded)])
    starts = np.arange(n_frames) * _HOP
    level = 10 * np.log10(np.maximum(power[starts + _HOP * 2] - power[starts], 1e-9))
    rise = level[_RISE:] - level[:-_RISE]
    rise = np.pad(rise, (0, n_frames - len(rise)))
    peaks = (rise > _GROWN) & (rise >= np.roll(rise, 1)) & (rise > np.roll(rise, -1))
    return np.roll(peaks, _RISE // 2) & (level > level.max() - _QUIET)


def _notes(pitch: np.ndarray, attacks: np.ndarray) -> list[tuple[int, float, float]]:
    """(pitch, start, end) in seconds of each note."""
    heard = pitch[np.isfinite(pitch)]
    if not len(heard):
        return []
    turn = np.exp(2j * np.pi * heard).mean()  # how far from 440 Hz they hum, on a circle of one semitone
    steady = _median(pitch - np.angle(turn) / (2 * np.pi))
    with np.errstate(invalid="ignore"):
        nearest = np.where(np.isfinite(steady), np.rint(steady), -1).astype(int)
    new = np.diff(nearest, prepend=-2) != 0
    close = np.convolve(new, np.ones(9), "same") > 0  # an attack beside a change of pitch is the same note's
    edges = [*np.flatnonzero(new | attacks[: len(new)] & ~close).tolist(), len(nearest)]
    runs = [(int(nearest[a]), a * _HOP / _RATE, b * _HOP / _RATE) for a, b in itertools.pairwise(edges)]
    return [run for run in runs if run[0] >= 0 and run[2] - run[1] >= _SHORTEST]


def _audible(notes: list[tuple[int, float, float]], samples: np.ndarray) -> list[tuple[int, float, float]]:
    """Without what is far softer than the loudest note: the room's echo, a breath."""
    levels = [
        np.square(samples[round(a * _RATE) : round(b * _RATE)], dtype=np.float64).mean() for _, a, b in notes
    ]
    return [note for note, level in zip(notes, levels, strict=True) if level > _FAINT * max(levels)]


def _median(values: np.ndarray, width: int = 7) -> np.ndarray:
    """A running median, which takes out slips of an octave for a frame or two; NaN where most are."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, width // 2, constant_values=np.nan), width
    )
    most = np.isfinite(windows).sum(1) > width // 2
    with np.errstate(all="ignore"):
        filled = np.where(most[:, None], windows, 0.0)
        return np.where(most, np.nanmedian(filled, axis=1), np.nan)


def _tempo(onsets: np.ndarray) -> float:
    """The tempo on whose half beats the onsets (seconds, the first 0) lie most nearly; 90 for a single note."""
    if len(onsets) < 2:
        return 90.0
    halves = onsets[:, None] * _TEMPI / 30  # (n, n_tempi), in half beats
    error = np.abs(halves - np.rint(halves)).mean(0) / _TEMPI**0.5  # a fast grid fits anything better
    return float(_TEMPI[error.argmin()])
