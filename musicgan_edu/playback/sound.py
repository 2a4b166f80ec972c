"""Sound: a Score played by the recorded instruments that the package carries.

Comes in: a `Score`. Goes out: float32 sound, or a WAV or MP3 file's bytes. The instruments
(`sounds/band.sf3`) are cut from FluidR3Mono by `benchmarks/cut_sounds.py`; no system package.
"""

from __future__ import annotations

import functools
import io
from importlib import resources
from typing import Any

import numpy as np

from musicgan_edu.playback.midi import Pathlike, PlaybackError, deliver, to_midi
from musicgan_edu.score import Score

__all__ = ["render", "sounding_seconds", "to_mp3", "to_wav"]

PEAK = 10 ** (-3 / 20)  # -3 dBFS: loud enough, and room for whoever mixes or compresses it
MAX_SECONDS = 20 * 60  # a longer piece would need over half a gigabyte as float32 stereo
TAIL_SECONDS = 1.0  # the last note's release, and a breath before a loop or the next piece


def sounding_seconds(score: Score) -> float:
    """How long `render` makes it: the music and its tail."""
    return score.seconds + TAIL_SECONDS


def render(score: Score, sample_rate: int = 44100) -> np.ndarray:
    """A Score as sound, played by the recorded instruments that the package carries.

    Every General MIDI program sounds, each through the nearest instrument of the pack. The loudest
    sample stands at -3 dBFS whatever the number of notes; an empty Score gives silence.

    Parameters
    ----------
    score : at most 20 minutes at its tempo.
    sample_rate : samples a second, 8 000 to 96 000.

    Returns
    -------
    float32 (n_samples, 2), within -1 to 1, left and right; one second longer than the music.

    Raises
    ------
    PlaybackError : a longer piece, or another sample rate.
    """
    if not 8_000 <= sample_rate <= 96_000:
        raise PlaybackError(f"playback: sample_rate must be 8000 to 96000, got {sample_rate}")
    if score.seconds > MAX_SECONDS:
        raise PlaybackError(f"playback: {score.seconds:.0f} s are too long to render ({MAX_SECONDS} at most)")
    n_samples = round(sounding_seconds(score) * sample_rate)
    sound = np.zeros((n_samples, 2), dtype=np.float32)
    if score.n_notes:
        played = _synthesise(score, sample_rate)[:n_samples]
        sound[: len(played)] = played
    fade = round(TAIL_SECONDS * sample_rate / 2)  # a harp rings for ten seconds: no click at the cut
    sound[n_samples - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    peak = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(PEAK / peak) if peak > 0 else sound


def _synthesise(score: Score, sample_rate: int) -> np.ndarray:
    """The sound as symusic gives it, float32 (n_samples, 2), at whatever level it comes."""
    import symusic

    pack = resources.files("musicgan_edu") / "sounds" / "band.sf3"
    with resources.as_file(pack) as file:
        synthesizer = _synthesizer(str(file), sample_rate)
    sound = synthesizer.render(symusic.Score.from_midi(to_midi(score)), True)
    return np.ascontiguousarray(np.asarray(sound, dtype=np.float32).T)


@functools.lru_cache(maxsize=2)
def _synthesizer(file: str, sample_rate: int) -> Any:
    """Opening the pack takes longer than playing a chorale, so it stays open."""
    import symusic

    return symusic.Synthesizer(file, sample_rate, 0)


def to_wav(score: Score, path: Pathlike | None = None, *, sample_rate: int = 44100) -> bytes:
    """A Score as a WAV file: 16 bits, stereo; see `render`. `path` is written if given."""
    return deliver(_encoded(render(score, sample_rate), sample_rate, "WAV"), path)


def to_mp3(score: Score, path: Pathlike | None = None) -> bytes:
    """A Score as a small MP3 file (mono, about 6 kB a second): for pages that carry their sound."""
    sample_rate = 24_000
    mono = render(score, sample_rate).mean(axis=1)
    return deliver(_encoded(mono, sample_rate, "MP3", bitrate_mode="VARIABLE", compression_level=0.7), path)


def _encoded(sound: np.ndarray, sample_rate: int, form: str, **how: Any) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, sound, sample_rate, format=form, **how)
    return file.getvalue()
