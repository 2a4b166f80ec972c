"""What a conditional generator is told to make: properties of a window that its classes decide.

Comes in: classes, int (N, T, V). Goes out: one-hot columns, float32 (N, n), one block for each property.
Since the music itself decides, every generated window can be checked against what was asked for; all but the
corpus, which real windows know by the name of their piece, and of which a judge says how often it is kept.

Conventions
-----------
A condition is a string of property names joined by "+", as in "mode+motion"; "" has no columns. The values of
"corpus" are the collections of a run's music: `of_corpus` puts them in, as in "corpus=airdsAirs,oneills1850".

References
----------
M. Mirza & S. Osindero (2014), Conditional generative adversarial nets. Lesson 09.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import MusicganError

__all__ = [
    "PROPERTIES",
    "agreement",
    "columns",
    "combinations",
    "measure",
    "names",
    "of_corpus",
    "split",
    "values",
]

#: Each property's values.
PROPERTIES: dict[str, tuple[str, ...]] = {
    "mode": ("major", "minor"),
    "motion": ("calm", "moderate", "lively"),
    "metre": ("four", "three"),  # the encoding's grids: 3/4 and 6/8 have three quarter beats
    "corpus": (),
}
BUSY = (4.4, 5.0)  # notes begun a bar and voice: about the thirds of the chorales' windows


def names(condition: str) -> list[str]:
    """The properties of a condition; MusicganError where there is no such property, or one comes twice."""
    found = condition.split("+") if condition else []
    if len({name.partition("=")[0] for name in found} & PROPERTIES.keys()) < len(found):
        raise MusicganError(
            f"conditions: {condition!r} isn't made of {', '.join(PROPERTIES)}, each once, joined by +"
        )
    return found


def values(name: str) -> tuple[str, ...]:
    """What a property, as a condition names it, can be."""
    own, _, given = name.partition("=")
    return PROPERTIES[own] or tuple(given.split(","))


def of_corpus(condition: str, corpus: str) -> str:
    """The condition with the collections of a corpus, as in "a+b", for values of "corpus"."""
    given = f"corpus={corpus.replace('+', ',')}"
    return "+".join(given if name == "corpus" else name for name in names(condition))


def split(condition: str, rows: np.ndarray) -> dict[str, list[str]]:
    """In words what rows (N, n or more) say of each property of a condition."""
    words, start = {}, 0
    for name in names(condition):
        block = rows[:, start : (start := start + len(values(name)))]
        words[name] = [values(name)[i] for i in block.argmax(1)]
    return words


def combinations(condition: str) -> np.ndarray:
    """Every combination of values as columns, float32 (K, n)."""
    blocks = [np.eye(len(values(name)), dtype=np.float32) for name in names(condition)]
    rows = np.zeros((1, 0), np.float32)
    for block in blocks:
        rows = np.concatenate([np.repeat(rows, len(block), 0), np.tile(block, (len(rows), 1))], 1)
    return rows


def measure(
    windows: np.ndarray, encoding: VoiceEncoding, condition: str, sources: Sequence[str] = ()
) -> np.ndarray:
    """What each window is: columns, float32 (N, n). Windows stand in C major or A minor, or between them.

    sources : of each window the name of its piece, for "corpus": it begins with the collection's.

    Raises
    ------
    MusicganError : a piece of none of the collections, or no `sources`.
    """
    blocks = [np.zeros((len(windows), 0), np.float32)]
    for name in names(condition):
        index = (
            _MEASURES[name](np.asarray(windows), encoding)
            if name in _MEASURES
            else _corpus(sources, len(windows), values(name))
        )
        blocks.append(np.eye(len(values(name)), dtype=np.float32)[index])
    return np.concatenate(blocks, 1)


def columns(condition: str, asked: Iterable[str]) -> np.ndarray:
    """Which combinations have all that is asked for, as in ("minor", "lively"): bool (K,).

    Raises
    ------
    MusicganError : a value that no property of the condition has, or two of one property.
    """
    known = [value for name in names(condition) for value in values(name)]
    rows, fits = combinations(condition), np.ones(len(combinations(condition)), bool)
    for word in asked:
        if word not in known:
            said = f"one of {', '.join(known)}" if known else "nothing: it isn't conditional"
            raise MusicganError(f"conditions: {word!r} can't be asked for; this generator knows {said}")
        fits &= rows[:, known.index(word)] > 0
    if not fits.any():
        raise MusicganError(f"conditions: nothing is {' and '.join(asked)} at once")
    return fits


def agreement(
    told: np.ndarray, windows: np.ndarray, encoding: VoiceEncoding, condition: str
) -> dict[str, tuple[float, float]]:
    """For each property the share of windows (N, T, V) that are as told, (N, n), and the share by chance alone.

    By chance: what the same windows would share with what others were told. The corpus can't be measured.
    """
    shares, start = {}, 0
    for name in names(condition):
        block = told[:, start : (start := start + len(values(name)))]
        if name in _MEASURES:
            found = measure(windows, encoding, name)
            shares[name] = (float((block * found).sum(1).mean()), float(block.mean(0) @ found.mean(0)))
    return shares


def _corpus(sources: Sequence[str], n: int, collections: Sequence[str]) -> np.ndarray:
    """Which collection each source's first folder is, int (n,)."""
    first = [source.partition("/")[0] for source in sources]
    if len(first) != n or set(first) - set(collections):
        raise MusicganError(
            f"conditions: {n} windows must come from {', '.join(collections)}: give the corpus as names joined by +"
        )
    return np.array([collections.index(name) for name in first], int)


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


def _metre(windows: np.ndarray, encoding: VoiceEncoding) -> np.ndarray:
    """The encoding's grid that each is on."""
    return encoding.metres(windows)[0]


_MEASURES: dict[str, Callable[[np.ndarray, VoiceEncoding], np.ndarray]] = {
    "mode": _mode,
    "motion": _motion,
    "metre": _metre,
}
