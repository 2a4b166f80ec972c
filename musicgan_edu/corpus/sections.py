"""Split a piece where its metre or its tempo changes, since a Score has one of each.

Comes in: a Score that runs through, its bars and its tempo marks. Goes out: one Score a section.
Used by both readers, `midi` and `notation`. Lesson 03 says why a change splits a piece.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from musicgan_edu.score import Score

__all__ = ["Bars", "bars_of", "clean_text", "split"]

MAX_TEXT = 120  # characters of a title or a track name
TEMPO_TOLERANCE = 0.05  # a live tempo wavers by so much without being another tempo
_CLOSE = 1e-6  # beats


@dataclasses.dataclass(frozen=True)
class Bars:
    """Bars of one length from beat `start` on; the first barline stands `pickup` beats later."""

    start: float
    beats_per_bar: float = 4.0
    pickup: float = 0.0


def clean_text(text: object, otherwise: str = "") -> str:
    """A title or name from a file as one short printable line; `otherwise` where nothing is left."""
    printable = "".join(c if c.isprintable() else " " for c in str(text or ""))
    return " ".join(printable.split())[:MAX_TEXT] or otherwise


def bars_of(starts: Sequence[float], end: float, metres: Sequence[tuple[float, float]]) -> list[Bars]:
    """Where written bars begin anew: at another metre, and at a bar that moves the barlines.

    Parameters
    ----------
    starts : beat on which each written bar begins, rising; a bar cut in two by a repeat sign
        counts as one, and a short first bar is a pickup.
    end : beat on which the last bar ends.
    metres : (beat, beats a bar) of each time signature, rising, the first at beat 0.
    """
    lengths = np.diff([*starts, max(end, starts[-1] if starts else 0.0)])
    found = [Bars(0.0, metres[0][1])]
    filled = 0.0  # beats since the last barline that the metre explains
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        beats_per_bar = [beats for beat, beats in metres if beat <= start + _CLOSE][-1]
        if beats_per_bar != found[-1].beats_per_bar:
            found.append(Bars(start, beats_per_bar))
            filled = 0.0
        filled = _rest(filled + length, beats_per_bar)
        if i == 0 and length < beats_per_bar - _CLOSE:
            found[-1], filled = Bars(0.0, beats_per_bar, float(length)), 0.0
        elif filled and i + 1 < len(starts) and lengths[i + 1] > beats_per_bar - filled + _CLOSE:
            found.append(_moved(start, float(length), beats_per_bar, filled))
            filled = 0.0
    return found


def _rest(beats: float, beats_per_bar: float) -> float:
    """Beats into an unfinished bar; 0 on a barline."""
    rest = float(np.mod(beats, beats_per_bar))
    return 0.0 if min(rest, beats_per_bar - rest) < _CLOSE else rest


def _moved(start: float, length: float, beats_per_bar: float, filled: float) -> Bars:
    """The bars after one that is short or long: half a bar or less leads in, more closes."""
    if length <= beats_per_bar / 2 and abs(filled - length) < _CLOSE:
        return Bars(start, beats_per_bar, length)
    return Bars(start + length, beats_per_bar)


def split(score: Score, bars: Sequence[Bars], tempos: Sequence[tuple[float, float]] = ()) -> list[Score]:
    """One Score for each run of one metre and one tempo; runs without notes are left out.

    Parameters
    ----------
    bars : runs of bars, rising, the first at beat 0.
    tempos : (beat, quarter notes a minute), rising, the first at beat 0; none keeps `score.tempo`.
        A ritardando isn't another tempo: what lasts less than a bar or stays within 5 % joins its
        neighbour, and the joined tempo is the mean over time.
    """
    bars = _join_upbeat(bars)
    lasting = _lasting(tempos, score.end, bars[0].beats_per_bar) or [(0.0, score.tempo)]
    edges = sorted({run.start for run in bars} | {beat for beat, _ in lasting})
    edges = [edge for edge in edges if edge < score.end] + [score.end]
    pieces = []
    for start, end in itertools.pairwise(edges):
        run = [each for each in bars if each.start <= start + _CLOSE][-1]
        tempo = [each for beat, each in lasting if beat <= start + _CLOSE][-1]
        piece = score if len(edges) == 2 else score.cut(start, end)
        pickup = _rest(run.start + run.pickup - start, run.beats_per_bar)
        piece = piece.replace(beats_per_bar=run.beats_per_bar, pickup=pickup, tempo=tempo)
        pieces.append(piece)
    return [piece for piece in pieces if piece.n_notes]


def _join_upbeat(bars: Sequence[Bars]) -> list[Bars]:
    """A pickup that a MIDI file writes as one short bar of its own metre becomes a pickup."""
    first, *others = bars
    if others and others[0].start < others[0].beats_per_bar - _CLOSE and not first.pickup:
        return [Bars(0.0, others[0].beats_per_bar, others[0].start), *others[1:]]
    return list(bars)


def _lasting(tempos: Sequence[tuple[float, float]], end: float, shortest: float) -> list[tuple[float, float]]:
    """(beat, mean tempo) of each run of tempos that is really another tempo."""
    ends = [beat for beat, _ in tempos[1:]] + [end]
    runs: list[list[tuple[float, float]]] = []  # of (beats, tempo)
    for (start, tempo), stop in zip(tempos, ends, strict=True):
        length = min(stop, end) - start
        if length <= 0:
            continue
        settled = bool(runs) and sum(beats for beats, _ in runs[-1]) >= shortest
        steady = bool(runs) and abs(tempo / _longest(runs[-1]) - 1) <= TEMPO_TOLERANCE
        if runs and (steady or not settled or length < shortest):
            runs[-1].append((length, tempo))
        else:
            runs.append([(length, tempo)])
    starts = np.cumsum([0.0] + [sum(beats for beats, _ in run) for run in runs])
    return [(float(start), _mean(run)) for start, run in zip(starts, runs, strict=False)]


def _longest(run: list[tuple[float, float]]) -> float:
    return max(run)[1]


def _mean(run: list[tuple[float, float]]) -> float:
    """Beats over minutes, so that the run lasts as long as it did; rounded as MIDI rounds."""
    return round(sum(b for b, _ in run) / sum(b / tempo for b, tempo in run), 3)
