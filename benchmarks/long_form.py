"""Do eight bars hang together? The checkpoint `phrases` beside real phrases and beside patchwork.

    python benchmarks/long_form.py --split validation

prints C2ST on eight-bar windows, and the share of windows whose halves are in the same key, for three kinds of
music: real phrases of the split, those of `phrases`, and patchwork: four pieces of two bars by `chorales`, one after
the other, on the same grid of eighths.
"""

from __future__ import annotations

import argparse

import numpy as np

from musicgan_edu import cleaning, corpus, evaluation, sampling
from musicgan_edu.score import Grid, Score

N_BARS = 8


def real_phrases(split: str) -> list[Score]:
    """The split's windows of eight bars, on a grid of eighths."""
    pieces = cleaning.fitting(corpus.load("chorales", split=split, progress=False), 4, Grid(N_BARS, 4.0, 2))
    return [window for piece in pieces for window in cleaning.windows(piece, n_bars=N_BARS)]


def patchwork(n: int) -> list[Score]:
    """n windows, each of four independent pieces of two bars."""
    pieces = sampling.load("chorales").sample(4 * n, seed=1)
    joined = []
    for i in range(n):
        rows = []
        for part, piece in enumerate(pieces[4 * i : 4 * i + 4]):
            rows += [(t, p, on + 8 * part, d) for t, p, on, d, _ in piece.notes.tolist()]
        joined.append(cleaning.thin(Score.from_rows(rows, pieces[0].tracks)))
    return joined


def same_key(windows: list[Score]) -> float:
    """Share of windows whose first and second half are in the same key."""
    halves = [[cleaning.estimate_key(w.cut(a, a + 16)) for a in (0, 16)] for w in windows]
    return float(np.mean([first == second for first, second in halves]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--checkpoint", default="phrases")
    options = parser.parse_args()
    real = real_phrases(options.split)
    fakes = {
        "phrases": sampling.load(options.checkpoint).sample(len(real), seed=1),
        "patchwork": patchwork(len(real)),
    }
    print("| music | C2ST, 8 bars | halves in one key |\n|---|---|---|")
    for name, windows in {"real": real, **fakes}.items():
        verdict = ""
        if windows is not real:
            judged = evaluation.c2st(real, windows, n_bars=N_BARS, min_windows=100)
            verdict = str(judged)
        print(f"| {name} | {verdict} | {same_key(windows):.2f} |", flush=True)


if __name__ == "__main__":
    main()
