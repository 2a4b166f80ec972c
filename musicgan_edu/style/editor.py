"""The editor: a convolutional network that says for every note how far to move it, in numpy.

Comes in: `Cells`, weights, a strength. Goes out: `Cells`. No TensorFlow: a slider must answer at once.

Conventions
-----------
T pulses, V voices. An edit gives a cell what its own voice sounds up to FAR pulses earlier or later (so notes
grow longer, come late or early), or moves it by up to REACH semitones (so passing notes arise); and it strikes or
ties. `OPERATIONS` lists them. A rest stays a rest, so the texture stays; and no voice gets a pitch that it
doesn't sing nearby, so the register stays. Editor and discriminator hear pitch *classes*: neither can tell how
high the music lies.

    logits = KEEP · [what stands there] + strength · net(x)

At strength 0 nothing changes; the more strength, the more of the network's wishes outweigh `KEEP`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from musicgan_edu.style.cells import PER_BAR, REST, Cells

__all__ = [
    "DILATIONS",
    "KEEP",
    "N_FEATURES",
    "N_OPERATIONS",
    "OPERATIONS",
    "REACH",
    "edit",
    "first_move",
    "hear",
    "moved",
    "wishes",
]

REACH = 4  # semitones, a major third
FAR = 4  # pulses, two beats
#: What can be done to a cell: (pulses from where its pitch comes, semitones that it moves); the first keeps it.
OPERATIONS = (
    (0, 0),
    *((sign * far, 0) for far in range(1, FAR + 1) for sign in (-1, 1)),
    *((0, sign * reach) for reach in range(1, REACH + 1) for sign in (-1, 1)),
)
N_OPERATIONS = len(OPERATIONS)
KEEP = 2.0
DILATIONS = (1, 2, 4)
_V = 4
N_FEATURES = _V * 13 + _V + 12 * (_V * (_V - 1) // 2 + _V) + PER_BAR  # (see `hear`)


def hear(cells: Cells) -> np.ndarray:
    """What the networks hear, float32 (N, T, N_FEATURES): `cycle.hear_choices` in numpy.

    Each voice's pitch class or rest; which voices start a note; the interval class of every pair of
    voices and of every voice with its last pulse; the place in the bar.
    """
    pitch = cells.pitch.astype(int)
    sounds = pitch != REST
    before = np.concatenate([np.full_like(pitch[:, :1], REST), pitch[:, :-1]], 1)
    sound = np.eye(13, dtype=np.float32)[np.where(sounds, pitch % 12, 12)]
    starts = sounds & (cells.struck | (pitch % 12 != before % 12) | (before == REST))
    pairs = itertools.combinations(range(_V), 2)
    relations = [_interval(pitch[..., u], pitch[..., v]) for u, v in pairs]
    relations += [_interval(pitch[..., v], before[..., v]) for v in range(_V)]
    n, t = pitch.shape[:2]
    place = np.broadcast_to(np.eye(PER_BAR, dtype=np.float32)[np.arange(t) % PER_BAR], (n, t, PER_BAR))
    return np.concatenate([sound.reshape(n, t, -1), starts.astype(np.float32), *relations, place], -1)


def _interval(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Interval classes, one-hot (N, T, 12); zeros where one of the two rests."""
    both = (upper != REST) & (lower != REST)
    return np.eye(12, dtype=np.float32)[(upper - lower) % 12] * both[..., None]


def wishes(weights: Mapping[str, np.ndarray], cells: Cells) -> np.ndarray:
    """What the network wants of every cell, (N, T, V, N_OPERATIONS + 1): `cycle.Editor` in numpy."""
    x = _relu(hear(cells) @ weights["into/kernel"] + weights["into/bias"])
    for i, dilation in enumerate(DILATIONS):
        x = x + _relu(_convolve(x, weights[f"block{i}/kernel"], dilation) + weights[f"block{i}/bias"])
    out = x @ weights["out/kernel"] + weights["out/bias"]
    return out.reshape(*out.shape[:2], _V, N_OPERATIONS + 1)


def edit(
    weights: Mapping[str, np.ndarray],
    cells: Cells,
    strength: float = 1.0,
    *,
    wanted: np.ndarray | None = None,
) -> Cells:
    """The cells with the likeliest edit of each note; `wanted`: `wishes` that are known already."""
    wanted = wishes(weights, cells) if wanted is None else wanted
    logits = strength * wanted[..., :-1]
    logits[..., 0] += KEEP
    struck_logit = strength * wanted[..., -1] + KEEP * np.where(cells.struck, 1.0, -1.0)
    sounds = cells.pitch != REST
    choices = np.stack([moved(cells.pitch, *operation) for operation in OPERATIONS], -1)  # (N, T, V, O)
    pitch = np.take_along_axis(choices, logits.argmax(-1)[..., None], -1)[..., 0]
    return Cells(np.where(sounds, pitch, REST).astype(np.int16), sounds & (struck_logit > 0))


def first_move(cells: Cells, wanted: np.ndarray) -> tuple[float, int]:
    """The least strength at which the likeliest edit of some cell is another pitch, and of how many it is at any strength.

    `wanted`: their `wishes`. An edit m beats the others at all strengths or at none, but for the one that keeps: that
    takes strength · (m − kept) > `KEEP`. The strength is infinite where nothing ever moves.
    """
    sounds = (cells.pitch != REST)[..., None]
    choices = np.stack([moved(cells.pitch, *operation) for operation in OPERATIONS], -1)
    other = (choices != cells.pitch[..., None]) & sounds
    move, stay = (np.where(some, wanted[..., :-1], -np.inf).max(-1) for some in (other, ~other))
    wins = move > stay
    if not wins.any():
        return np.inf, 0
    return KEEP / float((move - wanted[..., 0])[wins].max()), int(wins.sum())


def moved(pitch: np.ndarray, pulses: int, semitones: int) -> np.ndarray:
    """Each cell's pitch after one operation; where there is nothing to copy, what stands there. (N, T, V)"""
    t = np.arange(pitch.shape[1]) + pulses
    copied = pitch[:, np.clip(t, 0, pitch.shape[1] - 1)]
    copied = np.where((copied == REST) | (pitch == REST), pitch, copied)
    return np.where(copied == REST, REST, np.clip(copied.astype(int) + semitones, 0, 127))


def _convolve(x: np.ndarray, kernel: np.ndarray, dilation: int) -> np.ndarray:
    """Convolution over time with 3 taps, zeros beyond the edges; x (N, T, C), kernel (3, C, D)."""
    padded = np.pad(x, ((0, 0), (dilation, dilation), (0, 0)))
    t = x.shape[1]
    return sum(padded[:, i * dilation : i * dilation + t] @ kernel[i] for i in range(3))


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)
