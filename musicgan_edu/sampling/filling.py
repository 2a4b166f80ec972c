"""Filling gaps with a masked network: blocked Gibbs sampling with an annealed mask.

Comes in: classes, a mask of what is missing, the network's opinion. Goes out: classes without gaps.

Conventions
-----------
What is given is never touched. Each round hides a random part of the gap, asks the network what
stands there given all the rest, and draws those cells at once, as if they were independent. That is
wrong for many cells and nearly right for a few: so rounds begin with nearly all and end with few.
Pieces are drawn 16 at a time whatever their number, so that piece i is the same in any company.

References
----------
Huang et al. (2017): Counterpoint by Convolution (Coconet). Yao et al. (2014): the annealing. Lesson 12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import EncodingError

__all__ = ["AT_ONCE", "fill_masked", "share_hidden"]

Network = Callable[[np.ndarray, np.ndarray], np.ndarray]
AT_ONCE = 16
N_ROUNDS = 64
MOST, LEAST, FALLING = 0.9, 0.05, 0.8  # shares hidden, and the share of rounds in which it falls


def share_hidden(round_: int, n_rounds: int) -> float:
    """The share of the gap that round 0 … n_rounds − 1 hides: all at first, then from 0.9 down to 0.05."""
    return 1.0 if round_ == 0 else max(LEAST, MOST - (MOST - LEAST) * round_ / (FALLING * n_rounds))


def fill_masked(
    network: Network,
    encoding: VoiceEncoding,
    tokens: np.ndarray,
    mask: np.ndarray,
    *,
    rngs: Sequence[np.random.Generator],
    temperature: float = 1.0,
    n_rounds: int = N_ROUNDS,
    allowed: np.ndarray | None = None,
) -> np.ndarray:
    """Classes, int64 (B, T, V): as `tokens` where `mask` is False, drawn where it is True.

    Parameters
    ----------
    network : from classes int32 (16, T, V) and which of them are known, bool, to logits (16, T, V, C).
    tokens : classes (B, T, V); what stands under the mask doesn't matter.
    mask : bool (B, T, V), True where something is missing.
    rngs : one generator a piece: the piece depends on nothing else.
    allowed : bool, (V, C) or (B, 1, V, C), the classes that a voice may be drawn from; all unless given.

    Raises
    ------
    EncodingError : other shapes than the encoding's, or a mask that isn't bool.
    """
    shape = (len(rngs), *encoding.shape[:2])
    if tokens.shape != shape or mask.shape != shape or mask.dtype != bool:
        raise EncodingError(
            f"sampling: expected classes and a bool mask {shape}, got {tokens.shape} and {mask.dtype} {mask.shape}"
        )
    filled = np.where(mask, encoding.rest, tokens).astype(np.int64)
    may = np.ones((1, 1, 1), bool) if allowed is None else allowed
    may = np.broadcast_to(may, (len(filled), 1, *encoding.shape[1:]))
    for first in range(0, len(filled), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        for round_ in range(n_rounds):
            _round(
                network,
                encoding,
                filled[some],
                mask[some],
                may[some],
                rngs[some],
                share_hidden(round_, n_rounds),
                temperature,
            )
    return filled


def _round(
    network: Network, encoding: VoiceEncoding, tokens: np.ndarray, mask: np.ndarray, may: np.ndarray,
    rngs: Sequence[np.random.Generator], share: float, temperature: float,
) -> None:  # fmt: skip
    """Hide a share of the gap and draw it anew, in place."""
    uniform = np.stack([rng.random((1 + encoding.n_classes, *mask.shape[1:]), np.float32) for rng in rngs])
    hidden = mask & (uniform[:, 0] < share)
    padding = [(0, AT_ONCE - len(tokens)), (0, 0), (0, 0)]
    logits = network(np.pad(tokens, padding).astype(np.int32), np.pad(~hidden, padding))[: len(tokens)]
    logits[:, 0, :, encoding.hold] = -np.inf  # nothing to hold yet
    logits = np.where(may, logits, -np.inf)
    noise = -np.log(-np.log(np.clip(np.moveaxis(uniform[:, 1:], 1, -1), 1e-7, 1 - 1e-7)))
    drawn = (logits / temperature + noise if temperature else logits).argmax(-1)
    tokens[hidden] = drawn[hidden]
