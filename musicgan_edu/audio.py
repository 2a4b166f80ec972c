"""Recordings: load, reduce noise, cut silence. Needs the extra `audio`.

Comes in: a WAV, FLAC or OGG file. Goes out: samples, a float32 array of shape (n_samples,), mono, −1
to 1, and their rate in hertz; and where silence was cut.

librosa (resampling) and noisereduce (spectral gating) load when they are first used. Lesson 03 builds
the spectral gate up and listens to it.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from musicgan_edu.score import MusicganError, ReadError

__all__ = ["AudioError", "Trimmed", "denoise", "library", "load_recording", "loudness", "trim"]

MAX_SECONDS = 1800.0
_BLOCK = 1 << 20  # values read at once: a header may claim more samples and channels than memory holds
_FRAME, _HOP = 2048, 512  # samples; 93 ms and 23 ms at 22 050 Hz
_FADE_SECONDS = 0.005  # at a cut, so that it doesn't click


class AudioError(MusicganError):
    """Samples or settings that make no sense, or a library of the extra that isn't installed."""


def load_recording(path: str | os.PathLike[str], *, sample_rate: int = 22_050) -> tuple[np.ndarray, int]:
    """A recording as mono samples at the rate asked for.

    Returns
    -------
    samples : float32, (n_samples,), −1 to 1; several channels are averaged.
    sample_rate : the rate, hertz.

    Raises
    ------
    ReadError : naming file and cause: no audio, no samples, longer than half an hour.
    """
    import soundfile

    path = Path(path)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > MAX_SECONDS * file.samplerate:
                raise ReadError(f"{path.name}: longer than {MAX_SECONDS / 60:g} minutes")
            channels = _averaged(file)  # (n_samples, 1)
            original = file.samplerate
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise ReadError(f"{path.name}: not readable as audio ({error})") from error
    if not len(channels) or not np.isfinite(channels).all():
        raise ReadError(
            f"{path.name}: {'samples that are no numbers' if len(channels) else 'no samples in it'}"
        )
    samples = channels.mean(axis=1)
    if original != sample_rate:
        samples = library("librosa").resample(samples, orig_sr=original, target_sr=sample_rate)
    return np.ascontiguousarray(np.clip(samples, -1, 1), dtype=np.float32), sample_rate


def _averaged(file: Any) -> np.ndarray:
    """The mean of a sound file's channels, (n_samples, 1)."""
    parts = []
    while len(part := file.read(max(1, _BLOCK // file.channels), dtype="float32", always_2d=True)):
        parts.append(part.mean(axis=1, keepdims=True))
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


def denoise(
    samples: np.ndarray,
    sample_rate: int,
    *,
    noise: tuple[float, float] | None = None,
    threshold: float = 2.0,
    strength: float = 1.0,
) -> np.ndarray:
    """Steady noise (hiss, hum) taken out by spectral gating.

    With X(t, f) the short-time Fourier transform in decibels, μ(f) and σ(f) its mean and standard
    deviation over the noise, a cell passes where X(t, f) > μ(f) + threshold · σ(f). The mask of zeros
    and ones is smoothed over 50 ms, multiplied in, and the transform inverted. (noisereduce would
    smooth it over 500 Hz as well. That is made for speech: between the partials of a chorale it took
    away more music than there was noise.)

    Parameters
    ----------
    samples : float, (n_samples,).
    noise : (start, end) in seconds of a stretch with noise alone; None takes the statistics of the
        whole recording, which also gates what sounds throughout.
    threshold : standard deviations; more gates more.
    strength : 0 to 1, how much of what doesn't pass is taken out.

    Returns
    -------
    float32, (n_samples,).

    References
    ----------
    T. Sainburg, M. Thielk, T. Gentner, "Finding, visualizing, and quantifying latent structure across
    diverse animal vocal repertoires", PLOS Computational Biology 16 (10), 2020 (noisereduce).
    """
    samples = _checked(samples, sample_rate)
    if not 0 <= strength <= 1:
        raise AudioError(f"audio: strength must be 0 to 1, got {strength}")
    sample = None if noise is None else _stretch(samples, sample_rate, noise)
    gated = library("noisereduce").reduce_noise(
        y=samples,
        sr=sample_rate,
        y_noise=sample,
        stationary=True,
        n_std_thresh_stationary=threshold,
        prop_decrease=strength,
        n_fft=_FRAME,
        freq_mask_smooth_hz=None,
        time_mask_smooth_ms=50,
    )
    return np.asarray(gated, dtype=np.float32)


@dataclasses.dataclass(frozen=True)
class Trimmed:
    """A recording without its silences.

    Parameters
    ----------
    samples : float32, (n_samples,).
    kept, removed : (n, 2) seconds of the original: start and end of each stretch.
    """

    samples: np.ndarray
    kept: np.ndarray
    removed: np.ndarray

    @property
    def seconds_removed(self) -> float:
        return float((self.removed[:, 1] - self.removed[:, 0]).sum())


def trim(
    samples: np.ndarray, sample_rate: int, *, threshold_db: float = 40.0, longest: float = 0.5
) -> Trimmed:
    """Silence cut at both ends, and inside down to `longest` seconds wherever it lasts longer.

    Parameters
    ----------
    samples : float, (n_samples,).
    threshold_db : decibels below the loudest frame; what is softer counts as silence.
    longest : seconds.

    Raises
    ------
    AudioError : nothing but silence.
    """
    samples = _checked(samples, sample_rate)
    if threshold_db <= 0 or longest < 0:
        raise AudioError(f"audio: needs threshold_db > 0 and longest ≥ 0, got {threshold_db} and {longest}")
    level = loudness(samples)
    loud = np.flatnonzero(level > level.max() - threshold_db)
    if not np.isfinite(level.max()):
        raise AudioError("audio: nothing but silence")
    # A frame is loud or not as a whole; it stands for its middle hop, or for the edge that it touches.
    starts = np.where(loud == 0, 0, loud * _HOP + (_FRAME - _HOP) // 2)
    ends = np.where(loud == len(level) - 1, len(samples), loud * _HOP + (_FRAME + _HOP) // 2)
    kept = _joined(starts, ends, round(longest * sample_rate))
    pieces = [_faded(samples[start:end], sample_rate, start > 0, end < len(samples)) for start, end in kept]
    edges = np.concatenate([[0], kept.ravel(), [len(samples)]]).reshape(-1, 2)
    removed = edges[edges[:, 1] > edges[:, 0]]
    return Trimmed(np.concatenate(pieces), kept / sample_rate, removed / sample_rate)


def loudness(samples: np.ndarray) -> np.ndarray:
    """The level of each frame of 2 048 samples, one every 512, in decibels of full scale, (n_frames,).

    L = 10 log₁₀ of the frame's mean square; −∞ for digital silence.
    """
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(0, max(1, len(samples) - _FRAME + _HOP), _HOP)
    ends = np.minimum(starts + _FRAME, len(samples))
    mean_square = np.maximum(0.0, power[ends] - power[starts]) / (ends - starts)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(np.where(mean_square < 1e-14, 0.0, mean_square))


def _joined(starts: np.ndarray, ends: np.ndarray, gap: int) -> np.ndarray:
    """Stretches (n, 2) that keep `gap` samples of every longer silence, half on either side."""
    new = np.flatnonzero(starts[1:] - ends[:-1] > gap) + 1
    firsts = np.concatenate([starts[:1], starts[new] - gap // 2])
    lasts = np.concatenate([ends[new - 1] + (gap - gap // 2), ends[-1:]])
    return np.stack([firsts, lasts], axis=1)


def _faded(samples: np.ndarray, sample_rate: int, at_start: bool, at_end: bool) -> np.ndarray:
    samples = samples.copy()
    n = min(len(samples) // 2, round(_FADE_SECONDS * sample_rate))
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    if at_start:
        samples[:n] *= ramp
    if at_end:
        samples[len(samples) - n :] *= ramp[::-1]
    return samples


def _checked(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not len(samples):
        raise AudioError(f"audio: expected mono samples of shape (n_samples,), got {samples.shape}")
    if sample_rate < 1 or not np.isfinite(samples).all():
        raise AudioError(f"audio: needs finite samples at a rate above 0, got {sample_rate} Hz")
    return samples


def _stretch(samples: np.ndarray, sample_rate: int, seconds: tuple[float, float]) -> np.ndarray:
    start, end = (round(each * sample_rate) for each in seconds)
    if not 0 <= start < end <= len(samples) or end - start < 2 * _FRAME:
        raise AudioError(
            f"audio: noise must be at least {2 * _FRAME} samples within the recording's "
            f"{len(samples) / sample_rate:.2f} s, got {seconds[0]:g} to {seconds[1]:g} s"
        )
    return samples[start:end]


def library(name: str) -> ModuleType:
    """A library of the extra `audio`; AudioError that says how to install it where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise AudioError(f"audio: {name} is not installed: pip install 'musicgan-edu[audio]'") from error
