"""Recordings to notes, where one voice sounds at a time.

Comes in: samples, or a WAV, FLAC or OGG file. Goes out: `Heard`, notes in seconds; or a `Transcript`, a Score
of one track with a sentence for everything that was done.

Conventions
-----------
A note is a stretch of at least 60 ms in which the pitch stays within a semitone and nothing is struck
again. Nobody hums in 440 Hz: the tuning is estimated and taken out. Times are the recording's own, also where silence
was cut on the way. Chords and accompaniment are not for this: both trackers follow one period. (No
polyphonic model fits: basic-pitch 0.4 asks for TensorFlow below 2.16 and NumPy 1.)
Lesson 03 measures it; the assistant of lesson 11 listens through it.

References
----------
A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", Journal of the
Acoustical Society of America 111 (4), 2002.
M. Mauch, S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold distributions",
ICASSP 2014.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from musicgan_edu import audio, cleaning
from musicgan_edu.score import MusicganError, Score, Track

__all__ = [
    "RATE",
    "TRACKERS",
    "Heard",
    "Transcript",
    "TranscriptionError",
    "listen",
    "note_f1",
    "pyin",
    "to_score",
    "transcribe",
    "yin",
]

RATE = 22_050
_FRAME, _HOP = 1024, 256
_BLOCK = 256  # frames looked at at once: a minute's spectra together take 700 MB
_LOWEST, _HIGHEST = 65.0, 2100.0  # hertz: C2 to C7
_APERIODIC, _HOPELESS = 0.25, 0.5  # YIN's threshold, and where under noise it gives up
_QUIET = 30.0  # decibels below the loudest frame
_SHORTEST, _SHORTEST_RUN = 0.06, 5  # seconds, frames
_FAINT = 0.02  # of the loudest note's power
_ATTACK, _SWELLS = 1.5, 2.0  # deviations of the flux, decibels; chosen on validation pieces
_LATE = 13  # frames, 150 ms: how long the note before may drown a new one's pitch
_TEMPI = np.arange(60, 141)
_BREATH = 0.5  # beats; a shorter pause is no rest


class TranscriptionError(MusicganError):
    """A recording without a note, or a wish that makes no sense."""


@dataclasses.dataclass(frozen=True)
class Heard:
    """Notes in a recording, in time order.

    intervals : float (n, 2), seconds: start and end. pitches : MIDI numbers, int (n,).
    tuning : semitones that the recording lies above 440 Hz, −0.5 to 0.5.
    """

    intervals: np.ndarray
    pitches: np.ndarray
    tuning: float

    def __len__(self) -> int:
        return len(self.pitches)


@dataclasses.dataclass(frozen=True)
class Transcript:
    """A Score, what was heard before it was put on beats, and what was done on the way, in sentences."""

    score: Score
    heard: Heard
    reasons: tuple[str, ...]


def transcribe(
    path: str | os.PathLike[str],
    *,
    tempo: float | None = None,
    noise: tuple[float, float] | None = None,
    tracker: str = "yin",
    steps_per_beat: int | None = 4,
) -> Transcript:
    """The melody in a recording of one voice.

    Parameters
    ----------
    tempo : quarter notes a minute, if you know it; else it is estimated.
    noise : (start, end) in seconds of a stretch with noise alone; what sounds like it is gated first.
    tracker : one of `TRACKERS`.
    steps_per_beat : see `cleaning.clean`; None leaves the times as they were played.

    Raises
    ------
    ReadError : no audio. TranscriptionError : nothing in it has a pitch.
    """
    path = Path(path)
    samples, rate = audio.load_recording(path, sample_rate=RATE)
    reasons = []
    if noise:
        samples = audio.denoise(samples, rate, noise=noise)
        reasons.append(f"noise: gated by what sounds from {noise[0]:g} to {noise[1]:g} s")
    heard = listen(samples, tracker=tracker)
    if not len(heard):
        raise TranscriptionError(
            f"transcription: {path.name} holds no note: no steady pitch for {_SHORTEST:g} s"
        )
    reasons.append(f"heard: {len(heard)} notes, {100 * heard.tuning:+.0f} cents from 440 Hz")
    score = to_score(heard, tempo=tempo).replace(title=path.stem, source=path.name)
    if tempo is None:
        reasons.append(f"tempo: {score.tempo:g} quarter notes a minute, estimated")
    if steps_per_beat is None:
        return Transcript(score, heard, tuple(reasons))
    cleaned = cleaning.clean(score, steps_per_beat=steps_per_beat, quietest=0.0)
    return Transcript(cleaned.score, heard, (*reasons, *cleaned.reasons))


def listen(samples: np.ndarray, *, tracker: str = "yin", trimmed: audio.Trimmed | None = None) -> Heard:
    """The notes in samples of one voice at `RATE`.

    Parameters
    ----------
    samples : float, (n_samples,).
    trimmed : where `samples` are its own: times come back as those of the recording before silence was cut.

    Raises
    ------
    TranscriptionError : no such tracker.
    """
    if tracker not in TRACKERS:
        raise TranscriptionError(
            f"transcription: tracker must be one of {', '.join(TRACKERS)}, got {tracker!r}"
        )
    pitch = TRACKERS[tracker](samples)
    tuning = _tuning(pitch)
    notes = _audible(_notes(pitch - tuning, _attacks(samples)), samples)
    intervals = np.array([note[1:] for note in notes]).reshape(-1, 2)
    if trimmed is not None:
        intervals = _untrimmed(intervals, trimmed.kept)
    return Heard(intervals, np.array([pitch for pitch, *_ in notes], dtype=int), tuning)


def note_f1(heard: Heard, score: Score, *, tolerance: float = 0.05) -> float:
    """F1 of the notes heard, 0 to 1, against the Score that was played, at its tempo, from second 0.

    A note is right if it has a written one's pitch and begins within `tolerance` seconds of it; each counts once, by
    the largest matching there is. F1 = 2 · right / (heard + written). mir_eval's note F1 without offsets.

    References
    ----------
    C. Raffel et al., "mir_eval: A Transparent Implementation of Common MIR Metrics", ISMIR 2014.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not len(heard) or not score.n_notes:
        return 0.0
    seconds = score.notes["onset"] * 60 / score.tempo
    near = np.abs(heard.intervals[:, :1] - seconds[None]) <= tolerance
    fits = near & (heard.pitches[:, None] == score.notes["pitch"][None])
    right = (maximum_bipartite_matching(csr_matrix(fits), perm_type="column") >= 0).sum()
    return float(2 * right / (len(heard) + score.n_notes))


def to_score(heard: Heard, *, tempo: float | None = None) -> Score:
    """Notes on beats, the first at beat 0, at a tempo that is given or estimated.

    A pause shorter than half a beat is a breath and belongs to the note before it. Without a tempo: the one
    on whose half beats the notes begin most nearly, within 60 to 140.
    """
    onsets = heard.intervals[:, 0] - heard.intervals[0, 0]
    tempo = tempo or _tempo(onsets)
    beats, stops = onsets * tempo / 60, (heard.intervals[:, 1] - heard.intervals[0, 0]) * tempo / 60
    gaps = np.append(beats[1:] - stops[:-1], 0)
    stops += np.where(gaps < _BREATH, gaps, 0)
    durations = np.maximum(stops - beats, 0.25)
    rows = [(0, int(p), on, d) for p, on, d in zip(heard.pitches, beats, durations, strict=True)]
    return Score.from_rows(rows, [Track("Melody")], tempo=float(tempo))


def pyin(samples: np.ndarray) -> np.ndarray:
    """As `yin`, by librosa's pYIN: of many thresholds' candidates the likeliest path, by a hidden Markov model."""
    pitch, voiced, _ = audio.library("librosa").pyin(
        samples, fmin=_LOWEST, fmax=_HIGHEST, sr=RATE, hop_length=_HOP, resolution=0.2, fill_na=None
    )
    # Frame i is centred on sample i · hop there; `yin`'s begins at it.
    return np.where(voiced, 69 + 12 * np.log2(pitch / 440), np.nan)[: max(1, len(samples) // _HOP)]


def yin(samples: np.ndarray) -> np.ndarray:
    """MIDI numbers with fractions, one every 256 samples, (n_frames,); NaN where none is heard.

    YIN: d(τ) = Σ (xₜ − xₜ₊τ)², divided by its mean over all lags up to τ; the first lag at which that has a
    minimum below a threshold is the period. numpy only.
    """
    longest, shortest = int(RATE / _LOWEST), int(RATE / _HIGHEST)
    padded = np.pad(samples.astype(np.float64), (0, _FRAME + longest))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME + longest)[::_HOP][
        : max(1, len(samples) // _HOP)
    ]
    blocks = [_periods(frames[i : i + _BLOCK], shortest, longest) for i in range(0, len(frames), _BLOCK)]
    periods, energy = (np.concatenate(each) for each in zip(*blocks, strict=True))
    level = 10 * np.log10(np.maximum(energy, 1e-12))
    sounds = np.isfinite(periods) & (level > level.max() - _QUIET) & (energy > 1e-4)
    with np.errstate(invalid="ignore"):
        return np.where(sounds, 69 + 12 * np.log2(RATE / periods / 440), np.nan)


#: samples → pitch of each frame; the first needs no library.
TRACKERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"yin": yin, "pyin": pyin}


def _periods(frames: np.ndarray, shortest: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Each frame's period in samples, NaN where there is none, and its energy, (n,) both."""
    difference, energy = _difference(frames, longest)
    mean = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, longest + 1)
    normed = np.concatenate([np.ones((len(frames), 1)), difference[:, 1:] / np.maximum(mean, 1e-12)], axis=1)
    return np.array([_period(row, shortest) for row in normed]), energy


def _difference(frames: np.ndarray, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """d(τ) of each frame for lags 0 to `longest`, by FFT, (n, longest + 1), and its energy (n,)."""
    size = 1 << int(np.ceil(np.log2(2 * _FRAME + longest)))
    spectrum = np.fft.rfft(frames, size)
    head = np.fft.rfft(frames[:, :_FRAME], size)
    correlation = np.fft.irfft(head.conj() * spectrum, size)[:, : longest + 1]
    power = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = power[:, _FRAME : _FRAME + longest + 1] - power[:, : longest + 1]
    return energy[:, :1] + energy - 2 * correlation, energy[:, 0]


def _period(normed: np.ndarray, shortest: int) -> float:
    """The first dip below the threshold, or under noise the first near the deepest, refined by a parabola; else NaN."""
    deepest = float(normed[shortest:-1].min())
    if deepest > _HOPELESS:
        return float("nan")
    below = np.flatnonzero(normed[shortest:-1] <= max(_APERIODIC, deepest + 0.1))
    lag = shortest + int(below[0])
    while lag + 1 < len(normed) - 1 and normed[lag + 1] < normed[lag]:
        lag += 1
    left, middle, right = normed[lag - 1 : lag + 2]
    bend = left - 2 * middle + right
    return lag + (0.5 * (left - right) / bend if bend > 1e-12 else 0.0)


def _tuning(pitch: np.ndarray) -> float:
    """Semitones above the nearest tempered pitch, on a circle of one semitone; 0 where nothing is heard."""
    heard = pitch[np.isfinite(pitch)]
    return float(np.angle(np.exp(2j * np.pi * heard).mean()) / (2 * np.pi)) if len(heard) else 0.0


def _attacks(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames in which the spectrum grows suddenly: all such, and those at which the sound swells, too.

    Spectral flux: Σ_f max(0, C(t, f) − C(t − 2, f)), with C the compressed spectrum log(1 + 100 |X| / max |X|).
    A peak counts from 1.5 deviations above the median of 0.5 s around. Swelling is a rise by 2 dB within 50 ms.
    """
    n_frames = max(1, len(samples) // _HOP)
    padded = np.pad(samples.astype(np.float64), (_FRAME // 2, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP][:n_frames]
    starts = range(0, n_frames, _BLOCK)
    loudest = max(1e-9, *(_spectra(frames[i : i + _BLOCK]).max() for i in starts))
    flux = np.zeros(n_frames)
    for i in starts:
        level = np.log1p(100 * _spectra(frames[i : i + _BLOCK + 2]) / loudest)
        flux[i + 2 : i + 2 + _BLOCK] = np.maximum(0, level[2:] - level[:-2]).sum(axis=1)
    usual = np.median(_around(flux, 20), axis=1)
    peak = flux >= _around(flux, 4).max(axis=1)
    attacks = np.flatnonzero(peak & (flux > usual + _ATTACK * flux.std()))
    swelling = np.flatnonzero(_around(_rises(samples, n_frames), 4).max(axis=1) > _SWELLS)
    return attacks, np.intersect1d(attacks, swelling)


def _spectra(frames: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(frames * np.hanning(_FRAME)))


def _rises(samples: np.ndarray, n_frames: int) -> np.ndarray:
    """Decibels by which the two hops around each frame grow within 46 ms, (n_frames,); 0 where all is quiet."""
    power = np.concatenate([[0.0], np.cumsum(np.pad(np.square(samples, dtype=np.float64), (0, _FRAME)))])
    starts = np.arange(n_frames) * _HOP
    level = 10 * np.log10(np.maximum(power[starts + 2 * _HOP] - power[starts], 1e-9))
    rise = np.pad(level[4:] - level[:-4], (2, 2))[:n_frames] if n_frames > 4 else np.zeros(n_frames)
    return np.where(level > level.max() - _QUIET, rise, 0.0)


def _around(values: np.ndarray, reach: int) -> np.ndarray:
    padded = np.pad(values, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def _notes(pitch: np.ndarray, attacks: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, float, float]]:
    """(pitch, start, end) in seconds of each note, from a tuned pitch line with NaN where none is heard.

    The pitch changes late where the note before rings on, so a note begins at the attack that led to it. A swelling
    attack that led to no new pitch strikes the same one again.
    """
    steady = _median(pitch)
    nearest = np.where(np.isfinite(steady), np.rint(np.nan_to_num(steady)), -1).astype(int)
    changes = [*np.flatnonzero(np.diff(nearest, prepend=-2)).tolist(), len(nearest)]
    runs = [(a, b) for a, b in itertools.pairwise(changes) if nearest[a] >= 0 and b - a >= _SHORTEST_RUN]
    starts, used = _led(runs, attacks[0])
    ends = [min(end, later) for (_, end), later in zip(runs, [*starts, len(pitch)][1:], strict=True)]
    notes = []
    for (first, _), start, end in zip(runs, starts, ends, strict=True):
        again = [a for a in attacks[1].tolist() if start + 7 < a < end - 7 and a not in used]
        edges = np.array([start, *again, end]) * _HOP / RATE
        notes += [(int(nearest[first]), float(a), float(b)) for a, b in itertools.pairwise(edges)]
    return [note for note in notes if note[2] - note[1] >= _SHORTEST]


def _led(runs: list[tuple[int, int]], attacks: np.ndarray) -> tuple[list[int], set[int]]:
    """For each run of one pitch the frame of the attack that led to it, or its own first; and the attacks used."""
    starts: list[int] = []
    used: set[int] = set()
    for start, end in runs:
        earliest = max(start - _LATE, starts[-1] + _SHORTEST_RUN if starts else 0)
        near = [a for a in attacks.tolist() if earliest <= a <= min(start + 4, end - 3) and a not in used]
        starts.append(min(near, key=lambda a: abs(a - start)) if near else start)
        used.update(near)
    return starts, used


def _audible(notes: list[tuple[int, float, float]], samples: np.ndarray) -> list[tuple[int, float, float]]:
    """Without what is far softer than the loudest note: the room's echo, a breath."""
    levels = [
        np.square(samples[round(a * RATE) : round(b * RATE)], dtype=np.float64).mean() for _, a, b in notes
    ]
    faint = _FAINT * max(levels, default=0.0)
    return [note for note, level in zip(notes, levels, strict=True) if level > faint]


def _median(values: np.ndarray, width: int = 7) -> np.ndarray:
    """A running median, which takes out slips of an octave for a frame or two; NaN where most are."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, width // 2, constant_values=np.nan), width
    )
    most = np.isfinite(windows).sum(1) > width // 2
    filled = np.where(most[:, None], windows, 0.0)  # or numpy warns of rows without a number
    return np.where(most, np.nanmedian(filled, axis=1), np.nan)


def _untrimmed(intervals: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Times in a recording without its silences, (n, 2) seconds, as those before they were cut.

    An end goes back with its own start, so that no note sounds through a silence that was cut.
    """
    starts = np.concatenate([[0.0], np.cumsum(kept[:, 1] - kept[:, 0])[:-1]])  # of each stretch, once cut
    stretch = np.searchsorted(starts, intervals[:, 0] + 1e-9, side="right") - 1
    moved = intervals + (kept[stretch, 0] - starts[stretch])[:, None]
    moved[:, 1] = np.minimum(moved[:, 1], kept[stretch, 1])
    return moved


def _tempo(onsets: np.ndarray) -> float:
    """The tempo on whose half beats the onsets (seconds, the first 0) lie most nearly; 90 for a single note."""
    if len(onsets) < 2:
        return 90.0
    halves = onsets[:, None] * _TEMPI / 30  # (n, n_tempi), in half beats
    error = np.abs(halves - np.rint(halves)).mean(0) / _TEMPI**0.5  # a fast grid fits anything better
    return float(_TEMPI[error.argmin()])
