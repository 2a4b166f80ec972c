"""Pictures of music: piano rolls, tensors, spectrograms.

Comes in: Scores, tensors, recordings. Goes out: `Figure` with alt text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from musicgan_edu.plotting.figure import (
    COLOURS,
    GREY,
    Figure,
    PlotError,
    canvas,
    clean,
    colour_bar,
    count,
    legend,
    of,
    series_of,
)
from musicgan_edu.score import Score

__all__ = ["piano_roll", "pitch_axis", "pitch_name", "spectrograms", "tensor", "time_axis"]

_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_FRAME, _HOP = 1024, 256  # samples of a short-time spectrum, and between two
_HEAT: Any = {"aspect": "auto", "origin": "lower", "cmap": "cividis"}


def pitch_name(pitch: int) -> str:
    """A MIDI number's name, 60 → "C4"; black keys by their commonest spelling.

    Examples
    --------
    >>> pitch_name(70)
    'B♭4'
    """
    return f"{_NAMES[int(pitch) % 12]}{int(pitch) // 12 - 1}"


def piano_roll(
    score: Score, *, title: str | None = None, start: float = 0.0, end: float | None = None
) -> Figure:
    """Notes as boxes over time, one colour a track, with bar lines and pitch names.

    Parameters
    ----------
    score : what to draw.
    title : above the figure; the Score's own unless given, "" for none.
    start, end : the part to draw, in beats; the whole piece unless given.

    Raises
    ------
    PlotError : `start` isn't before `end`.

    Notes
    -----
    Lesson 01 reads one of these note by note.
    """
    end = max(score.end, start + score.beats_per_bar) if end is None else end
    if not 0 <= start < end:
        raise PlotError(f"plotting: expected 0 ≤ start < end, got start {start} and end {end}")
    title = score.title if title is None else title
    notes = score.notes[
        (score.notes["onset"] < end) & (score.notes["onset"] + score.notes["duration"] > start)
    ]
    figure, (axes,) = canvas(9, 3.6, title)
    used = [track for track in range(len(score.tracks)) if (notes["track"] == track).any()]
    for track in used:
        _draw_notes(axes, notes[notes["track"] == track], COLOURS[track % len(COLOURS)])
    time_axis(axes, score, start, end)
    pitch_axis(axes, notes["pitch"])
    legend(axes, [clean(score.tracks[t].name) for t in used], [COLOURS[t % len(COLOURS)] for t in used])
    figure.alt_text = _describe_roll(score, notes, title, used)
    return figure


def _draw_notes(axes: Axes, notes: np.ndarray, colour: str) -> None:
    left, right = notes["onset"], notes["onset"] + notes["duration"]
    gap = np.minimum(0.06, 0.2 * notes["duration"])  # so that repeated notes read as two
    low, high = notes["pitch"] - 0.42, notes["pitch"] + 0.42
    x = np.stack([left, right - gap, right - gap, left], axis=1)  # (n, 4)
    y = np.stack([low, low, high, high], axis=1)
    axes.add_collection(PolyCollection(list(np.stack([x, y], axis=2)), facecolor=colour, edgecolor="none"))


def time_axis(axes: Axes, score: Score, start: float, end: float) -> None:
    """Bars along the x axis, their lines behind the notes."""
    first = int(np.ceil((start - score.pickup) / score.beats_per_bar - 1e-9))
    bars = np.arange(first, int(np.floor((end - score.pickup) / score.beats_per_bar + 1e-9)) + 1)
    bars = bars[:: max(1, -(-len(bars) // 24))]  # every bar, or as many as can be told apart
    lines = score.pickup + bars * score.beats_per_bar
    for line in lines:
        axes.axvline(line, color=GREY, linewidth=0.8, alpha=0.6, zorder=0)
    axes.set_xlim(start, end)
    axes.set_xticks(lines, [str(bar + 1) for bar in bars])
    axes.set_xlabel(f"bar (of {score.beats_per_bar:g} quarter-note beats)")


def pitch_axis(axes: Axes, pitches: np.ndarray) -> None:
    """Pitch names along the y axis, as many as can be read."""
    low = int(pitches.min(initial=127)) if len(pitches) else 60
    high = int(pitches.max(initial=0)) if len(pitches) else 72
    shown = {0} if high - low > 40 else {0, 7} if high - low > 20 else {0, 4, 7}
    ticks = [pitch for pitch in range(low, high + 1) if pitch % 12 in shown] or [low]
    axes.set_ylim(low - 1.5, high + 1.5)
    axes.set_yticks(ticks, [pitch_name(pitch) for pitch in ticks])
    axes.set_ylabel("pitch")
    for tick in ticks:
        axes.axhline(tick, color=GREY, linewidth=0.5, alpha=0.3, zorder=0)


def _describe_roll(score: Score, notes: np.ndarray, title: str, used: Sequence[int]) -> str:
    name = of(title)
    if not len(notes):
        return f"Piano roll{name}: no notes."
    parts = []
    for track in used[:8]:
        pitches = notes["pitch"][notes["track"] == track]
        span = f"{pitch_name(pitches.min())} to {pitch_name(pitches.max())}"
        parts.append(f"{clean(score.tracks[track].name)}: {count(len(pitches), 'note')}, {span}")
    more = f"; and {count(len(used) - 8, 'more track')}" if len(used) > 8 else ""
    bars = f"{count(score.n_bars, 'bar')} of {score.beats_per_bar:g} beats"
    return f"Piano roll{name}: {bars}, {count(len(notes), 'note')}. {'; '.join(parts)}{more}."


def tensor(
    values: np.ndarray,
    *,
    names: Sequence[str] = (),
    xlabel: str = "step",
    ylabel: str = "class",
    title: str = "",
) -> Figure:
    """A tensor as a heat map, time to the right and channels upwards; one panel a voice.

    Parameters
    ----------
    values : shape (n_steps, n_channels), or (n_steps, n_voices, n_channels) for a panel a voice.
    names : the panels' names.

    Raises
    ------
    PlotError : another number of axes, an empty tensor, or names that don't fit.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim not in (2, 3) or not values.size:
        raise PlotError(
            f"plotting: expected (n_steps, n_channels) or (n_steps, n_voices, n_channels), got {values.shape}"
        )
    panels = values[:, np.newaxis] if values.ndim == 2 else values  # (T, V, C)
    if names and len(names) != panels.shape[1]:
        raise PlotError(f"plotting: {len(names)} names for {panels.shape[1]} panels")
    figure, axes = canvas(8, 1.0 + 2.0 * panels.shape[1], title, rows=panels.shape[1])
    low, high = float(np.nanmin(panels)), float(np.nanmax(panels))
    for i, panel in enumerate(axes):
        picture = panel.imshow(panels[:, i].T, vmin=low, vmax=high, interpolation="nearest", **_HEAT)
        name = f"{clean(names[i])}: {ylabel}" if names else ylabel
        panel.set_ylabel(name, parse_math=False)
    axes[-1].set_xlabel(xlabel)
    colour_bar(figure, picture, axes, "value")
    shape = " × ".join(str(n) for n in values.shape)
    figure.alt_text = (
        f"Heat map{of(title)} of a tensor of shape {shape}, {ylabel} over {xlabel}: values from {low:.3g} "
        f"to {high:.3g}, {np.mean(values != 0):.1%} of them not zero."
    )
    return figure


def spectrograms(signals: Mapping[str, Sequence[float]], *, sample_rate: float, title: str = "") -> Figure:
    """Recordings as time against frequency on one scale of loudness: before and after, say.

    Parameters
    ----------
    signals : name → samples, shape (n,), range −1 to 1; at least 1 024 of them.
    sample_rate : samples a second.

    Raises
    ------
    PlotError : no signal, one too short, or a sample that isn't finite.

    Notes
    -----
    Decibels are counted from the loudest point of all signals and end at −80. Lesson 03.
    """
    levels = {name: _power(name, samples) for name, samples in series_of(signals).items()}
    top = max(power.max() for power in levels.values()) or 1.0
    levels = {name: 10 * np.log10(np.maximum(power / top, 1e-8)) for name, power in levels.items()}
    figure, axes = canvas(8, 1.0 + 2.0 * len(levels), title, rows=len(levels))
    parts = []
    for panel, (name, level) in zip(axes, levels.items(), strict=True):
        seconds = len(level) * _HOP / sample_rate
        extent = (0.0, seconds, 0.0, sample_rate / 2000)
        picture = panel.imshow(level.T, vmin=-80, vmax=0, extent=extent, **_HEAT)
        panel.set_ylabel(f"{clean(name)}: kHz", parse_math=False)
        parts.append(f"{clean(name)}: {seconds:.1f} s, median level {np.median(level):.0f} dB")
    axes[-1].set_xlabel("time (seconds)")
    colour_bar(figure, picture, axes, "level (dB)")
    figure.alt_text = f"Spectrograms{of(title)}, 0 to {sample_rate / 2000:g} kHz. {'; '.join(parts)}."
    return figure


def _power(name: str, samples: np.ndarray) -> np.ndarray:
    """Short-time power spectra of a signal, shape (n_frames, 513)."""
    if len(samples) < _FRAME or not np.isfinite(samples).all():
        raise PlotError(
            f"plotting: expected at least {_FRAME} finite samples, got {len(samples)} of {name!r}"
        )
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2
