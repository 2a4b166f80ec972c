"""Which way of filling is right most often, which sounds most like Bach?

    python benchmarks/complete.py --split test --windows 96 --keep fillings

Three gaps in windows of two bars: the alto, the middle 8 of 32 steps, a random half of all cells. For
each way of filling: the share of the gap's cells that sound what stood there (interval: bootstrap over
pieces), the judge's accuracy on filled against real windows (C2ST, 0.5: can't tell; whole windows,
context included, so compare within a column only), parallels and crossings. --keep holds what has been filled, so that an
interrupted run goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from musicgan_edu import cleaning, completion, corpus, evaluation
from musicgan_edu.score import EncodingError

FORM = completion.FORM


def windows(split: str, n: int) -> tuple[np.ndarray, list[str]]:
    """n windows, classes (n, T, V), evenly from all pieces of a split, and the pieces' names."""
    found, names = [], []
    for score in cleaning.fitting(corpus.load("chorales", split=split), 4, FORM.grid):
        for window in cleaning.windows(cleaning.to_c(score), n_bars=2, hop_bars=2):
            try:
                encoded = FORM.tokens([window])
            except EncodingError:
                continue
            if window.n_notes and not encoded.dropped:
                found.append(encoded.values[0].astype(np.int64))
                names.append(score.source)
    chosen = np.unique(np.linspace(0, len(found) - 1, min(n, len(found))).astype(int))
    return np.stack([found[i] for i in chosen]), [names[i] for i in chosen]


def gaps(n: int) -> dict[str, np.ndarray]:
    """The three patterns, bool (n, T, V)."""
    empty = np.zeros((n, *FORM.shape[:2]), bool)
    alto, stretch = empty.copy(), empty.copy()
    alto[:, :, 1], stretch[:, 12:20] = True, True
    return {"alto": alto, "8 steps": stretch, "half": np.random.default_rng(0).random(empty.shape) < 0.5}


def row(real: np.ndarray, filled: np.ndarray, missing: np.ndarray, names: list[str]) -> str:
    """Accuracy, C2ST, parallels and crossings of one way on one gap."""
    right = (completion.sounding(filled) == completion.sounding(real)) & missing
    tally = evaluation.Tally.of(right.sum((1, 2)), missing.sum((1, 2)))
    low, high = tally.interval(evaluation.groups_of(names))
    scores, music = (
        [s.replace(source=name) for s, name in zip(FORM.decode(w), names, strict=True)]
        for w in (filled, real)
    )
    told = evaluation.c2st(music, scores, min_windows=len(music))
    rules = evaluation.chorale_rules(scores)
    fifths, octaves = (100 * rules[f"parallel {what} / pair-step"].value for what in ("fifths", "octaves"))
    return (
        f"{tally.value:.3f} [{low:.3f}, {high:.3f}] | {told.accuracy:.2f} [{told.interval[0]:.2f}, {told.interval[1]:.2f}] "
        f"| {fifths:.2f} / {octaves:.2f} | {100 * rules['crossings / step'].value:.1f}"
    )


def main() -> None:
    """Fill, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--windows", type=int, default=96)
    parser.add_argument("--methods", nargs="+", default=list(completion.METHODS))
    parser.add_argument("--gap", nargs="+", choices=list(gaps(1)), default=list(gaps(1)), help="only these")
    parser.add_argument("--keep", type=Path, default=Path("fillings"))
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    real, names = windows(given.split, given.windows)
    print(f"{len(real)} windows of {len(set(names))} pieces of {given.split}\n")
    print(
        "| gap | method | cells right | C2ST | fifths / octaves, % | crossings, % |\n|---|---|---|---|---|---|"
    )
    for gap in given.gap:
        missing = gaps(len(real))[gap]
        for method in given.methods:
            file = given.keep / f"{given.split}-{len(real)}-{gap.replace(' ', '-')}-{method}.npy"
            if not file.exists():
                np.save(file, completion.fill_windows(real, missing, method=method, seed=1, n=16))
            print(f"| {gap} | `{method}` | {row(real, np.load(file), missing, names)} |", flush=True)


if __name__ == "__main__":
    main()
