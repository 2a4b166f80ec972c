"""Train the two editors of a pair of styles, Bach ↔ Palestrina or fiddle tune ↔ folk song, and write them as a checkpoint.

    python benchmarks/train_style.py --steps 1500 --seed 1 --out my-style
    python benchmarks/train_style.py --steps 1500 --seed 1 --out musicgan_edu/checkpoints/styles/bach-palestrina
    python benchmarks/train_style.py --pair fiddle-folk --silence 0 --steps 600 --out my-tunes

Only the training splits are used. The model card, `README.md`, is written by hand from `benchmarks/restyle.py`.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from musicgan_edu import corpus, sampling, style
from musicgan_edu.score import Score
from musicgan_edu.style import cycle
from musicgan_edu.style.tunes import matched, tune_windows

MOST_TUNES = 3000  # windows of either style: as many as the chorales have
#: A pair's two styles, and the collections that each is learnt from.
PAIRS = {
    "bach-palestrina": {"bach": ("chorales",), "palestrina": ("masses",)},
    "fiddle-folk": {"fiddle": ("oneills1850", "ryansMammoth"), "folk": ("essenFolksong",)},
}


def windows_of(pair: str, split: str, *, hop_bars: int = 2) -> dict[str, list[Score]]:
    """Each style's windows of one split; tunes with equally many windows of each number of notes."""
    scores = {
        name: [score for one in collections for score in corpus.load(one, split=split)]
        for name, collections in PAIRS[pair].items()
    }
    if pair == "bach-palestrina":
        return {name: style.windows_of(some, hop_bars=hop_bars) for name, some in scores.items()}
    sides = matched(*(tune_windows(some, hop_bars=hop_bars) for some in scores.values()))
    evenly = np.unique(np.linspace(0, len(sides[0]) - 1, min(MOST_TUNES, len(sides[0]))).astype(int))
    return {name: [side[i] for i in evenly] for name, side in zip(PAIRS[pair], sides, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pair", choices=list(PAIRS), default="bach-palestrina")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    for field in dataclasses.fields(cycle.CycleRecipe):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    recipe = cycle.CycleRecipe(
        **{f.name: getattr(given, f.name) for f in dataclasses.fields(cycle.CycleRecipe)}
    )
    windows = list(windows_of(given.pair, "train", hop_bars=1).values())
    modes = [np.array([window.key[1] == "minor" for window in some]) for some in windows]
    started = time.perf_counter()
    with tqdm(total=given.steps, unit="step") as bar:

        def report(step: int, row: dict[str, float]) -> None:
            bar.update(step - bar.n)
            bar.set_postfix(row)

        cells = [style.cells_of(some, n_bars=2) for some in windows]
        weights, log = cycle.train(*cells, modes, recipe, steps=given.steps, seed=given.seed, report=report)
    training = {
        "corpora": [name for names in PAIRS[given.pair].values() for name in names], "windows": [len(some) for some in windows], "steps": given.steps, "seed": given.seed,
        "seconds": round(time.perf_counter() - started), "log": log,
    }  # fmt: skip
    card = {"name": given.out.name, "kind": "editors", "styles": list(PAIRS[given.pair])}
    card |= {"recipe": dataclasses.asdict(recipe), "training": training}
    sampling.write(given.out, weights, card, dtype="float16")
    size = sum((given.out / file).stat().st_size for file in ("weights.npz", "card.json"))
    print(f"{given.out}: {size / 1e6:.2f} MB, {training['seconds']} s")


if __name__ == "__main__":
    main()
