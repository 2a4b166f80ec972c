"""A judge with more to learn from: trained on all *training* windows, tested on another split's.

    python benchmarks/stronger_judge.py chorales --split validation

`evaluation.c2st` has some 400 real windows to learn from and to be tested on. This one learns from all
2 900 real training windows and as many fakes, and is tested on real windows of pieces that it never saw and on
fresh fakes: what it can tell, the other may have been too poor to learn. A copying generator would also fail here.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from musicgan_edu import cleaning, corpus, evaluation, sampling

JUDGES = {
    "random forest": RandomForestClassifier(300, n_jobs=2, random_state=0),
    "gradient boosting": HistGradientBoostingClassifier(max_iter=300, learning_rate=0.05, random_state=0),
}


def table_of(split: str) -> np.ndarray:
    """Features of all windows of a split, (n, F)."""
    windows = [w for s in corpus.load("chorales", split=split, progress=False) for w in cleaning.windows(s)]
    return evaluation.features(windows).values


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", nargs="?", default="chorales")
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    options = parser.parse_args()
    train, held_out = table_of("train"), table_of(options.split)
    n = len(train) + len(held_out)
    fake = evaluation.features(sampling.load(options.checkpoint).sample(n, seed=7)).values
    x = np.concatenate([train, fake[: len(train)]])
    y = np.repeat([0, 1], len(train))
    print("| judge | real told right | fake told right | balanced accuracy |\n|---|---|---|---|")
    for name, judge in JUDGES.items():
        judge.fit(x, y)
        real, ours = 1 - judge.predict(held_out).mean(), judge.predict(fake[len(train) :]).mean()
        print(f"| {name} | {real:.3f} | {ours:.3f} | {(real + ours) / 2:.3f} |")


if __name__ == "__main__":
    main()
