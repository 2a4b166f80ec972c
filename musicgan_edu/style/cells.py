"""Scores as cells to edit: what each voice sounds at every half beat, and whether it is struck there.

Comes in: Scores in any number of voices up to four, in 4/4. Goes out: `Cells`, and the Scores again.

Conventions
-----------
A pulse is half a beat; what starts between two pulses is left out. Everything is moved to C major or
A minor first and moved back afterwards. N pieces, T pulses, V = 4 voices. Lesson 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicgan_edu import cleaning
from musicgan_edu.encoding import CHORALE_VOICES, VoiceEncoding
from musicgan_edu.score import Grid, MusicganError, Score

__all__ = ["PER_BEAT", "REST", "Cells", "StyleError", "cells_of", "scores_of", "windows_of"]

PER_BEAT = 2  # pulses
PER_BAR = 8
N_VOICES = 4
REST = -1
MAX_BARS = 2000


class StyleError(MusicganError):
    """Music that can't be put into another style, or a style that isn't there."""


class Cells(NamedTuple):
    """Pieces of one length. pitch: int16 (N, T, 4), `REST` for silence; struck: bool (N, T, 4)."""

    pitch: np.ndarray
    struck: np.ndarray

    def take(self, index: np.ndarray) -> Cells:
        """The pieces of these numbers."""
        return Cells(self.pitch[index], self.struck[index])


def cells_of(scores: Sequence[Score], *, n_bars: int) -> Cells:
    """Scores in four voices and 4/4 that start on a barline, as cells of `n_bars` bars.

    Raises
    ------
    EncodingError : other voices, another metre, a pickup.
    """
    form = VoiceEncoding(Grid(n_bars, 4.0, PER_BEAT), CHORALE_VOICES, low=0, high=127)
    tokens = form.tokens([cleaning.thin(score, PER_BEAT) for score in scores]).values
    sounding = form.sounding(tokens).astype(np.int16)
    pitch = np.where(sounding == form.rest, REST, sounding)
    return Cells(pitch, tokens < form.n_pitches)


def scores_of(cells: Cells, *, tempo: float = 72.0) -> list[Score]:
    """The Scores of cells: a note goes on until another pitch, a stroke or a rest."""
    n_bars = -(-cells.pitch.shape[1] // PER_BAR)
    form = VoiceEncoding(Grid(n_bars, 4.0, PER_BEAT), CHORALE_VOICES, low=0, high=127)
    pitch, struck = cells.pitch.astype(np.int64), cells.struck
    before = np.concatenate([np.full_like(pitch[:, :1], REST), pitch[:, :-1]], 1)
    goes_on = (pitch == before) & ~struck
    tokens = np.where(pitch == REST, form.rest, np.where(goes_on, form.hold, pitch))
    missing = n_bars * PER_BAR - tokens.shape[1]
    tokens = np.pad(tokens, ((0, 0), (0, missing), (0, 0)), constant_values=form.rest)
    return form.decode(tokens, tempo=tempo)


def windows_of(scores: Sequence[Score], *, n_bars: int = 2, hop_bars: int = 2) -> list[Score]:
    """Windows at half beats, in C major or A minor, in which all four voices sound all the time.

    Palestrina's voices rest a good part of the time and Bach's hardly ever do: with rests left in, a judge
    of style counts rests. Each window keeps its piece's `source` and `key`; one follows the other unless
    `hop_bars` is less than `n_bars`.
    """
    full = n_bars * 4.0 * N_VOICES - 1e-6
    found = []
    for score in scores:
        if len(score.tracks) == N_VOICES and score.beats_per_bar == 4.0 and score.n_notes:
            windows = cleaning.windows(cleaning.to_c(score), n_bars=n_bars, hop_bars=hop_bars)
            found += [cleaning.thin(window, PER_BEAT) for window in windows]
    return [window for window in found if window.notes["duration"].sum() >= full]
