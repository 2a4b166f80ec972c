"""Drawing from the counting models: cells on their own, and a Markov chain of whole steps. numpy only.

Comes in: counts as arrays (`baselines` counts them), Gumbel noise. Goes out: classes, and surprises.

Conventions
-----------
N windows, T steps, V voices, C classes (see `encoding.VoiceEncoding`). A *state* is all that a step
is: the class that each voice sounds (a pitch or a rest), and whether it strikes it there; S states
occur in the corpus. A chain's counts are a *book*: rows (what came before, coarse to fine; the state
that followed; how often), sorted, so that everything that ever followed a context of any length
stands together, and looking one up is a few binary searches. Lesson 04.

References
----------
Witten, Bell (1991): how much to trust a context, method C. Shannon (1948): the chain.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import CheckpointError, Grid

__all__ = [
    "Chain",
    "contexts",
    "draw_cells",
    "draw_chain",
    "heated",
    "surprise_of_cells",
    "surprise_of_chain",
]

Weights = Mapping[str, np.ndarray]
#: How much likelier a step that the corpus doesn't hold is than Witten and Bell's count of escapes says:
#: 12 % of the steps of unseen chorales. Chosen on validation, for `surprise_of_chain` alone.
NOVELTY = 16.0


def heated(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (…, n) at a temperature: p^(1/temperature), normalised; 0 leaves the likeliest alone."""
    if not temperature:
        return np.where(np.arange(p.shape[-1]) == p.argmax(-1)[..., None], 1.0, 0.0)
    if temperature == 1:
        return p / p.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        logits = np.log(p) / temperature
    hot = np.exp(logits - logits.max(-1, keepdims=True))
    return hot / hot.sum(-1, keepdims=True)


def draw_cells(
    weights: Weights, encoding: VoiceEncoding, noise: np.ndarray, *, temperature: float = 1.0
) -> np.ndarray:
    """Classes, int64 (B, T, V), each cell drawn on its own from the corpus' counts of that step and voice.

    weights : "cells", how often each class stands there, (T, V, C). noise : Gumbel noise (B, T, V, C).
    """
    with np.errstate(divide="ignore"):
        logits = np.log(_cells(weights, encoding))
    return (logits / temperature + noise if temperature else np.broadcast_to(logits, noise.shape)).argmax(-1)


def surprise_of_cells(weights: Weights, encoding: VoiceEncoding, tokens: np.ndarray) -> np.ndarray:
    """−log p of each step when cells are independent, nats (B, T); half a count is added to every class."""
    counts = _cells(weights, encoding) + 0.5
    nats = -np.log(counts / counts.sum(-1, keepdims=True))
    return np.take_along_axis(nats[None], tokens[..., None].astype(int), -1)[..., 0].sum(-1)


def contexts(grid: Grid, step: int, past: Sequence[np.ndarray]) -> list[np.ndarray | int]:
    """What a step's state is looked up by, coarse to fine; `past` holds the last states, newest first.

    The last state; the step's place in its beat; the beat's place in its bar; the states before.
    """
    return [
        past[0],
        step % grid.steps_per_beat,
        step % grid.steps_per_bar // grid.steps_per_beat,
        *past[1:],
    ]


def draw_chain(
    weights: Weights, encoding: VoiceEncoding, noise: np.ndarray, *, temperature: float = 1.0
) -> np.ndarray:
    """Classes, int64 (B, T, V), of a Markov chain. Only states of the corpus are drawn.

    noise : Gumbel noise (B, T, V, C). A state takes one number, made from that of a step's first cell.
    """
    chain = Chain(weights, encoding)
    uniform = np.exp(-np.exp(-noise[:, :, 0, 0].astype(np.float64)))  # the noise's distribution function
    return np.stack([_one(chain, numbers, temperature) for numbers in uniform])


def _one(chain: Chain, numbers: np.ndarray, temperature: float) -> np.ndarray:
    """One piece's classes (T, V) from a number in (0, 1) a step."""
    tokens, past, sounds = [], chain.beginning, chain.silence
    for step, number in enumerate(numbers):
        p, _ = chain.probabilities(step, past, sounds)
        steps_up = heated(p, temperature).cumsum()
        state = min(int(np.searchsorted(steps_up, number * steps_up[-1], "right")), len(p) - 1)
        tokens.append(chain.tokens[state])
        past, sounds = [state, *past][: len(past)], chain.chords[state]
    return np.stack(tokens)


def surprise_of_chain(weights: Weights, encoding: VoiceEncoding, tokens: np.ndarray) -> np.ndarray:
    """−log p of each step given those before it, nats (B, T), of classes (B, T, V).

    A state that the corpus doesn't hold is as likely as its cells on their own are, times the share of
    trust that no context claimed (`NOVELTY`).
    """
    chain, alone = Chain(weights, encoding), surprise_of_cells(weights, encoding, tokens)
    sounding, struck = encoding.sounding(tokens), tokens < encoding.n_pitches
    hollow = ((tokens == encoding.hold) & (sounding == encoding.rest)).any(-1)  # never so in a corpus
    nats = np.empty(tokens.shape[:2])
    for i in range(len(tokens)):
        past, sounds = chain.beginning, chain.silence
        for step in range(tokens.shape[1]):
            unheard = len(chain.chords) + 1
            state = unheard if hollow[i, step] else chain.find(sounding[i, step], struck[i, step])
            p, new = chain.probabilities(step, past, sounds)
            known = p[state] if state < len(p) else 0.0
            nats[i, step] = -np.log((1 - new) * known + new * np.exp(-alone[i, step]))
            past, sounds = [state, *past][: len(past)], sounding[i, step]
    return nats


class Chain:
    """A book of counts, opened: states by number, and what may follow."""

    def __init__(self, weights: Weights, encoding: VoiceEncoding) -> None:
        self.encoding = encoding
        self.chords, self.struck = weights["chords"].astype(int), weights["struck"].astype(bool)  # (S, V)
        self.columns = list(np.ascontiguousarray(weights["past"].T.astype(np.int64)))
        self.next, self.count = weights["next"].astype(int), weights["count"].astype(np.float64)
        self._check()
        n_states = len(self.chords)
        silent = self.chords == encoding.rest
        self.tokens = np.where(self.struck | silent, self.chords, encoding.hold)
        self.beginning = [n_states] * (len(self.columns) - 2)
        self.silence = np.full(self.chords.shape[1], encoding.rest)
        self.free = np.ascontiguousarray((self.struck | silent).T)  # (V, S): reducing over voices is fast so
        self.heard = np.ascontiguousarray(self.chords.T)
        self.anywhere = np.bincount(self.next, self.count, n_states)

    def _check(self) -> None:
        n_states, n_voices = len(self.chords), self.encoding.shape[1]
        rows = {len(column) for column in (*self.columns, self.next, self.count)}
        good = (
            self.chords.shape == self.struck.shape == (n_states, n_voices)
            and len(self.columns) >= 3
            and rows == {self.next.size}
            and self.next.size > 0
            and 0 <= self.next.min() <= self.next.max() < n_states
            and self.count.min() >= 1
            and 0 <= self.chords.min() <= self.chords.max() <= self.encoding.rest
        )
        if not good:
            raise CheckpointError(
                f"sampling: the chain's book of {sorted(rows)} rows and {n_states} states doesn't fit together"
            )

    @functools.cached_property
    def _numbers(self) -> dict[bytes, int]:
        """Each state's number by what it is; only `find` needs it, and it takes longer than drawing a piece."""
        return {self._key(*pair): i for i, pair in enumerate(zip(self.chords, self.struck, strict=True))}

    def _key(self, chord: np.ndarray, struck: np.ndarray) -> bytes:
        return chord.astype(np.int16).tobytes() + (struck & (chord != self.encoding.rest)).tobytes()

    def find(self, chord: np.ndarray, struck: np.ndarray) -> int:
        """A state's number; S + 1 for one that the book doesn't hold (S stands for the beginning)."""
        return self._numbers.get(self._key(chord, struck), len(self.chords) + 1)

    def probabilities(self, step: int, past: Sequence[int], sounds: np.ndarray) -> tuple[np.ndarray, float]:
        """Of each state to be the next one, (S,), and of a state that the corpus doesn't hold.

        From coarse to fine, p(s | finer) = (c(s) + n·p(s | coarser)) / (Σ c + n), with c the counts in
        the finer context and n the number of different states there. What holds another chord than
        the one that sounds can't be next.
        """
        p = self.anywhere / self.anywhere.sum()
        unclaimed = 1.0
        for rows in self._lookup(step, past):
            total, n_kinds = self.count[rows].sum(), len(np.unique(self.next[rows]))
            p *= n_kinds / (total + n_kinds)
            np.add.at(p, self.next[rows], self.count[rows] / (total + n_kinds))
            unclaimed *= NOVELTY * n_kinds / (total + NOVELTY * n_kinds)
        p *= (self.free | (self.heard == sounds[:, None])).all(0)
        if not p.any():  # a damaged book: everything holds, nothing starts
            raise CheckpointError(f"sampling: the chain's book has no state that can follow at step {step}")
        return p / p.sum(), unclaimed

    def _lookup(self, step: int, past: Sequence[int]) -> Iterator[slice]:
        """The book's rows of each known context, coarse to fine."""
        low, high = 0, len(self.next)
        wanted = contexts(self.encoding.grid, step, past)  # type: ignore[arg-type]
        for column, value in zip(self.columns, wanted, strict=True):
            inside = column[low:high]
            low, high = low + int(inside.searchsorted(value)), low + int(inside.searchsorted(value, "right"))
            if low == high:
                return
            yield slice(low, high)


def _cells(weights: Weights, encoding: VoiceEncoding) -> np.ndarray:
    cells = weights["cells"].astype(np.float64)
    if cells.shape != encoding.shape or cells.min() < 0 or not cells.sum(-1).all():
        raise CheckpointError(f"sampling: expected counts {encoding.shape} of every cell, got {cells.shape}")
    return cells
