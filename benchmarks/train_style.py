"""Train the two editors of style, Bach ↔ Palestrina, and write them as a checkpoint.

    python benchmarks/train_style.py --steps 1500 --seed 1 --out my-style
    python benchmarks/train_style.py --steps 1500 --seed 1 --out musicgan_edu/checkpoints/styles/bach-palestrina

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
from musicgan_edu.style import cycle

NAMES = ("chorales", "masses")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    for field in dataclasses.fields(cycle.CycleRecipe):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    recipe = cycle.CycleRecipe(
        **{f.name: getattr(given, f.name) for f in dataclasses.fields(cycle.CycleRecipe)}
    )
    windows = [style.windows_of(corpus.load(name, split="train"), hop_bars=1) for name in NAMES]
    modes = [np.array([window.key[1] == "minor" for window in some]) for some in windows]
    started = time.perf_counter()
    with tqdm(total=given.steps, unit="step") as bar:

        def report(step: int, row: dict[str, float]) -> None:
            bar.update(step - bar.n)
            bar.set_postfix(row)

        cells = [style.cells_of(some, n_bars=2) for some in windows]
        weights, log = cycle.train(*cells, modes, recipe, steps=given.steps, seed=given.seed, report=report)
    training = {
        "corpora": NAMES, "windows": [len(some) for some in windows], "steps": given.steps, "seed": given.seed,
        "seconds": round(time.perf_counter() - started), "log": log,
    }  # fmt: skip
    card = {"name": given.out.name, "kind": "editors", "styles": ["bach", "palestrina"]}
    card |= {"recipe": dataclasses.asdict(recipe), "training": training}
    sampling.write(given.out, weights, card, dtype="float16")
    size = sum((given.out / file).stat().st_size for file in ("weights.npz", "card.json"))
    print(f"{given.out}: {size / 1e6:.2f} MB, {training['seconds']} s")


if __name__ == "__main__":
    main()
