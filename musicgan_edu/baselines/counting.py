"""Models that count: what stands where, and what follows what.

Comes in: windows as classes, uint8 (N, T, V). Goes out: counts as arrays, whole numbers all, which
`sampling.chain` draws from.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling.chain import contexts
from musicgan_edu.score import TrainingError

__all__ = ["ORDER", "cells", "chain"]

ORDER = 2  # steps that the chain remembers


def cells(windows: np.ndarray, encoding: VoiceEncoding) -> dict[str, np.ndarray]:
    """How often each class stands at each step of each voice: "cells", uint32 (T, V, C)."""
    counts = np.zeros(encoding.shape, np.uint32)
    steps, voices = np.indices(encoding.shape[:2])
    for window in windows:
        counts[steps, voices, window] += 1
    return {"cells": counts}


def chain(windows: np.ndarray, encoding: VoiceEncoding, *, order: int = ORDER) -> dict[str, np.ndarray]:
    """The book of a chain that remembers `order` steps, and the cells that it falls back on.

    Returns
    -------
    "chords", uint8 (S, V), and "struck", uint8 (S, V) : the states that occur.
    "past", uint32 (G, order + 2), "next", uint32 (G,), "count", uint32 (G,) : what each state followed,
        see `sampling.chain.contexts`, and how often; in lexicographic order.
    "cells" : as `cells` gives them.

    Raises
    ------
    TrainingError : an order below 1.
    """
    if order < 1:
        raise TrainingError(f"baselines: a chain remembers at least one step, got order {order}")
    sounding, struck = encoding.sounding(windows), windows < encoding.n_pitches
    n, n_steps, n_voices = windows.shape
    rows = np.concatenate([sounding, struck], -1).reshape(n * n_steps, 2 * n_voices)
    states, numbers = np.unique(rows, axis=0, return_inverse=True)
    book = _book(numbers.reshape(n, n_steps), len(states), encoding, order)
    grams, count = np.unique(book, axis=0, return_counts=True)
    return {
        "chords": states[:, :n_voices].astype(np.uint8),
        "struck": states[:, n_voices:].astype(np.uint8),
        "past": grams[:, :-1].astype(np.uint32),
        "next": grams[:, -1].astype(np.uint32),
        "count": count.astype(np.uint32),
        **cells(windows, encoding),
    }


def _book(numbers: np.ndarray, n_states: int, encoding: VoiceEncoding, order: int) -> np.ndarray:
    """A row for each step of each window: its context, then its state; int (N·T, order + 3)."""
    before = np.full((len(numbers), order), n_states)
    known = np.concatenate([before, numbers], 1)  # (N, order + T): the beginning is a state of its own
    rows = []
    for step in range(numbers.shape[1]):
        past = [known[:, order + step - back] for back in range(1, order + 1)]
        columns = [*contexts(encoding.grid, step, past), numbers[:, step]]
        rows.append(np.stack(np.broadcast_arrays(*columns), 1))
    return np.concatenate(rows)
