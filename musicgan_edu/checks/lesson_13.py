"""Checks of lesson 13: contour and onsets as content, the cycle loss, an edit at a strength."""

import numpy as np

from musicgan_edu import evaluation
from musicgan_edu.checks import Answer, exercise, expect

__all__ = ["chosen_operation", "contour_similarity", "cycle_loss", "onset_agreement"]


def contour_similarity(p: np.ndarray, q: np.ndarray) -> float:
    """The share of pairs of moments s < t at which both melodies go the same way.

    `p` and `q` are pitches, (T,), without rests. Up, down and level are three ways.
    """
    first, second = np.triu_indices(len(p), 1)
    way_p = np.sign(p[second] - p[first])
    way_q = np.sign(q[second] - q[first])
    return float((way_p == way_q).mean())


def _grid(pitch: np.ndarray, onset: np.ndarray) -> evaluation.Voices:
    """One window of as many voices as `onset` has rows."""
    names = tuple(str(v) for v in range(len(onset)))
    return evaluation.Voices(pitch.T[None].astype(np.int16), onset.T[None], names, 2, 8)


def _package_contour(p: np.ndarray, q: np.ndarray) -> float:
    """The package's form on one voice."""
    before, after = (_grid(x[None], np.ones((1, len(x)), bool)) for x in (p, q))
    return evaluation.contour_similarity(before, after).value


@exercise("13.contour_similarity", reference=contour_similarity, stars=2, twin=_package_contour)
def _(answer: Answer, rng: np.random.Generator) -> None:
    p, q = np.array([60, 62, 64, 62]), np.array([61, 63, 62, 61])
    pairs = "of the six pairs, those of moments 1-2, 1-3 and 3-4 go the same way; 2-4 is level, and then down"
    expect(answer, [p, q], 3 / 6, f"{pairs} (neighbours alone would be 2 of 3)")
    expect(
        answer, [p, p + 5], 1.0, "a transposed melody has the same contour: compare directions, not pitches"
    )
    expect(
        answer, [p, 122 - p], 1 / 6, "upside down, only the level pair 2-4 stays: up and down are two ways"
    )
    for _ in range(5):
        p, q = rng.integers(60, 66, (2, 12))
        expect(answer, [p, q], contour_similarity(p, q), "every pair of moments counts once")


def onset_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Twice the onsets in both, over the onsets of either: 2 |A ∩ B| / (|A| + |B|).

    `a` and `b` are bool, (V, T): where a note begins. Neither is empty.
    """
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def _package_onsets(a: np.ndarray, b: np.ndarray) -> float:
    """The package's form."""
    before, after = (_grid(np.full(x.shape, 60), x) for x in (a, b))
    return evaluation.onset_agreement(before, after).value


@exercise("13.onset_agreement", reference=onset_agreement, stars=1, twin=_package_onsets)
def _(answer: Answer, rng: np.random.Generator) -> None:
    a = np.array([[1, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0]], bool)
    b = np.array([[1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], bool)
    expect(answer, [a, b], 6 / 8, "three onsets are in both, five and three in either: 2 · 3 / (5 + 3)")
    expect(answer, [b, a], 6 / 8, "before and after may be exchanged")
    expect(
        answer, [b, ~b], 0.0, "nothing begins at the same time: that steps are silent in both is no agreement"
    )
    for _ in range(5):
        a, b = rng.random((2, 4, 16)) < 0.4
        expect(answer, [a, b], onset_agreement(a, b), "voice by voice, step by step")


def cycle_loss(back: np.ndarray, start: np.ndarray) -> float:
    """‖F(G(x)) − x‖₁: the L1 distance of each cell, averaged over all the others.

    Both are (B, T, V, C): pieces, pulses, voices, and what a cell holds.
    """
    per_cell = np.abs(back - start).sum(axis=-1)
    return float(per_cell.mean())


def _package_cycle(back: np.ndarray, start: np.ndarray) -> float:
    """The package's form, in TensorFlow."""
    from musicgan_edu.style import cycle

    return float(cycle.cycle_loss(back, start))


@exercise("13.cycle_loss", reference=cycle_loss, stars=2, twin=_package_cycle)
def _(answer: Answer, rng: np.random.Generator) -> None:
    start = np.zeros((1, 1, 2, 3))
    start[..., 0] = 1
    back = start.copy()
    back[0, 0, 1] = 0.25, 0.75, 0
    text = (
        "the first cell is right, the second lacks 0.75 here and has 0.75 too much there: (0 + 1.5) / 2 cells"
    )
    expect(answer, [back, start], 0.75, f"{text}; a sum over the last axis, a mean over the others")
    expect(answer, [start, start], 0.0, "what comes back as it was costs nothing")
    for _ in range(3):
        back, start = rng.dirichlet(np.ones(5), (2, 3, 8, 4))
        expect(answer, [back, start], cycle_loss(back, start), "absolute values, not squares")


def chosen_operation(wishes: np.ndarray, strength: float, keep: float) -> np.ndarray:
    """The operation with the largest logit in each cell; `wishes` is (…, O).

    Operation 0 keeps what stands there. Logits: strength · wishes, and `keep` more for
    operation 0.
    """
    logits = strength * wishes
    logits[..., 0] += keep
    return logits.argmax(axis=-1)


@exercise("13.chosen_operation", reference=chosen_operation, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    wishes = np.array([[0.0, 3.0, 1.0], [1.0, 1.5, 0.0]])
    expect(answer, [wishes.copy(), 1.0, 2.0], np.array([1, 0]), "3 beats 0 + 2, but 1.5 doesn't beat 1 + 2")
    expect(answer, [wishes.copy(), 0.0, 2.0], np.array([0, 0]), "at strength 0 every cell keeps what it has")
    half = "at strength ½, 1.5 doesn't beat 2: `keep` isn't multiplied by the strength"
    expect(answer, [wishes.copy(), 0.5, 2.0], np.array([0, 0]), half)
    for _ in range(5):
        wishes = rng.normal(scale=3, size=(4, 6, 5))
        expect(answer, [wishes.copy(), 0.7, 2.0], chosen_operation(wishes.copy(), 0.7, 2.0), "cell by cell")
