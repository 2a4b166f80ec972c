"""What a conditional generator is told to make: properties of a window that its classes decide.

Comes in: classes, int (N, T, V). Goes out: one-hot columns, float32 (N, n), one block for each property.
Since the music itself decides, every generated window can be checked against what was asked for.

Conventions
-----------
A condition is a string of property names joined by "+", as in "mode+motion"; "" has no columns.

References
----------
M. Mirza & S. Osindero (2014), Conditional generative adversarial nets. Lesson 09.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import MusicganError

__all__ = ["PROPERTIES", "agreement", "columns", "combinations", "measure", "names"]

#: Each property's values.
PROPERTIES = {"mode": ("major", "minor"), "motion": ("calm", "moderate", "lively")}
BUSY = (4.4, 5.0)  # notes begun a bar and voice: about the thirds of the chorales' windows


def names(condition: str) -> list[str]:
    """The properties of a condition; MusicganError where there is no such property, or one comes twice."""
    found = condition.split("+") if condition else []
    if len(set(found) & PROPERTIES.keys()) < len(found):
        raise MusicganError(
            f"conditions: {condition!r} isn't made of {', '.join(PROPERTIES)}, each once, joined by +"
        )
    return found


def combinations(condition: str) -> np.ndarray:
    """Every combination of values as columns, float32 (K, n)."""
    blocks = [np.eye(len(PROPERTIES[name]), dtype=np.float32) for name in names(condition)]
    rows = np.zeros((1, 0), np.float32)
    for block in blocks:
        rows = np.concatenate([np.repeat(rows, len(block), 0), np.tile(block, (len(rows), 1))], 1)
    return rows


def measure(windows: np.ndarray, encoding: VoiceEncoding, condition: str) -> np.ndarray:
    """What each window is: columns, float32 (N, n). Windows stand in C major or A minor, or between them."""
    blocks = [_MEASURES[name](np.asarray(windows), encoding) for name in names(condition)]
    values = [np.eye(len(PROPERTIES[name]), dtype=np.float32) for name in names(condition)]
    none = np.zeros((len(windows), 0), np.float32)
    return np.concatenate([none, *(eye[index] for eye, index in zip(values, blocks, strict=True))], 1)


def columns(condition: str, asked: Iterable[str]) -> np.ndarray:
    """Which combinations have all that is asked for, as in ("minor", "lively"): bool (K,).

    Raises
    ------
    MusicganError : a value that no property of the condition has, or two of one property.
    """
    values = [value for name in names(condition) for value in PROPERTIES[name]]
    rows, fits = combinations(condition), np.ones(len(combinations(condition)), bool)
    for word in asked:
        if word not in values:
            known = f"one of {', '.join(values)}" if values else "nothing: it isn't conditional"
            raise MusicganError(f"conditions: {word!r} can't be asked for; this generator knows {known}")
        fits &= rows[:, values.index(word)] > 0
    if not fits.any():
        raise MusicganError(f"conditions: nothing is {' and '.join(asked)} at once")
    return fits


def agreement(
    told: np.ndarray, windows: np.ndarray, encoding: VoiceEncoding, condition: str
) -> dict[str, tuple[float, float]]:
    """For each property the share of windows (N, T, V) that are as told, (N, n), and the share by chance alone.

    By chance: what the same windows would share with what others were told.
    """
    found, start = measure(windows, encoding, condition), 0
    shares = {}
    for name in names(condition):
        block = slice(start, start := start + len(PROPERTIES[name]))
        kept = float((told[:, block] * found[:, block]).sum(1).mean())
        shares[name] = (kept, float(told[:, block].mean(0) @ found[:, block].mean(0)))
    return shares


def _mode(windows: np.ndarray, encoding: VoiceEncoding) -> np.ndarray:
    """0 where C major's profile fits better, 1 where A minor's does."""
    sounding = encoding.sounding(windows).reshape(len(windows), -1)
    pitches = np.arange(encoding.n_classes) + encoding.low
    chroma = np.stack(
        [
            ((pitches[sounding] % 12 == pitch_class) & (sounding < encoding.n_pitches)).sum(1)
            for pitch_class in range(12)
        ],
        1,
    )
    keys, centred, lengths = cleaning.key_profiles()
    two = [keys.index((0, "major")), keys.index((9, "minor"))]
    return (chroma @ (centred[two] / lengths[two, None]).T).argmax(1)


def _motion(windows: np.ndarray, encoding: VoiceEncoding) -> np.ndarray:
    """0 to 2: how many notes begin, a bar and voice."""
    begun = (windows < encoding.n_pitches).sum((1, 2)) / (encoding.grid.n_bars * windows.shape[2])
    return np.searchsorted(BUSY, begun, side="right")


_MEASURES: dict[str, Callable[[np.ndarray, VoiceEncoding], np.ndarray]] = {"mode": _mode, "motion": _motion}
