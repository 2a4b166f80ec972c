"""Fit `cleaning.barlines.WEIGHTS` and count `cleaning.timing.COSTS` on training pieces; how often the pickup is found on others.

    python benchmarks/fit_times.py

A conditional logit with a penalty of 0.3 |w|², by L-BFGS: half a minute once music21's corpora are in the cache.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from musicgan_edu import corpus
from musicgan_edu.cleaning import barlines, timing
from musicgan_edu.score import Score

COLLECTIONS = ("chorales", "masses", "ryansMammoth")


def pieces(name: str, split: str, per_bar: int) -> list[Score]:
    scores = corpus.load(name, split=split, progress=False)
    fit = [s for s in scores if s.beats_per_bar == per_bar and float(s.pickup).is_integer()]
    return [s for s in fit if s.n_bars > 3 and s.n_notes > 20][:300]


def fit(scores: list[Score]) -> np.ndarray:
    table = np.array([barlines.clues(score) for score in scores])  # (n, pickups, clues)
    right = table[np.arange(len(scores)), [int(score.pickup) for score in scores]]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = table @ weights
        share = np.exp(logits - logits.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        top = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
        slope = (share[:, :, None] * table).sum((0, 1)) - right.sum(0)
        return top.sum() - (right @ weights).sum() + 0.3 * weights @ weights, slope + 0.6 * weights

    return minimize(loss, np.zeros(table.shape[2]), jac=True, method="L-BFGS-B").x


def costs() -> np.ndarray:
    """−log p(steps to the next onset | sixteenth of the beat), (4, n_steps); each piece counts the same."""
    counts = np.zeros((4, max(timing.STEPS) + 1))
    for name in COLLECTIONS:
        for score in corpus.load(name, split="train", progress=False)[:300]:
            steps = np.unique(np.round((score.notes["onset"] - score.pickup) * 4).astype(int))
            if score.beats_per_bar in (2, 3, 4):
                near = np.diff(steps) < counts.shape[1]
                np.add.at(counts, (steps[:-1][near] % 4, np.diff(steps)[near]), 1 / len(steps))
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.minimum(-np.log(share[:, list(timing.STEPS)] + 1e-6), 9.0)


def main() -> None:
    print("COSTS =", np.abs(costs().round(1)).tolist())
    per_bar = barlines.PER_BAR
    train = [score for name in COLLECTIONS for score in pieces(name, "train", per_bar)]
    weights = fit(train).round(2)
    print(f"WEIGHTS = {tuple(weights.tolist())}  # {len(train)} pieces")
    for split in ("validation", "test"):
        for name in COLLECTIONS:
            held = pieces(name, split, per_bar)
            found = [np.argmax(barlines.clues(score) @ weights) == score.pickup for score in held]
            common = max(np.mean([score.pickup == p for score in held]) for p in range(per_bar))
            print(f"{split} {name}: {np.mean(found):.0%} of {len(held)}; always the commonest: {common:.0%}")


if __name__ == "__main__":
    main()
