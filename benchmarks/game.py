"""What does the game add? Likelihood alone beside likelihood and game, the same time for both, seed by seed.

    python benchmarks/game.py --minutes 5 --seeds 1 2 3 4 5 --out runs

measures what each kind of step costs (the least of several, taken in turns, so that other work on the machine
disturbs all alike), gives both arms as many steps as the minutes hold, trains and evaluates them by the command
`musicgan evaluate`, and prints a row for each run, then the paired differences: mean over seeds, 95 % interval of
Student's t. Finished runs in --out are kept; `--steps A B` repeats somebody's numbers instead of measuring.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from musicgan_edu import corpus, training
from musicgan_edu.training import FORMS, RECIPES, Recipe

MEASURES = {
    "C2ST": "C2ST accuracy (0.5: can't be told from real)",
    "copying, 95th": "copying, 95th percentile",
    "copying, median": "copying, median agreement with train",
    "distinct": "distinct windows",
    "fifths, %": "parallel fifths / pair-step",
    "octaves, %": "parallel octaves / pair-step",
    "crossings, %": "crossings / step",
    "dissonant": "dissonant share of pairs",
    "changes a bar": "changes per bar",
}


def music(recipe: Recipe) -> np.ndarray:
    """The training windows (N, T, V)."""
    return training.prepare(corpus.load("chorales", split="train", progress=False), FORMS[recipe.form])


def costs(recipe: Recipe, windows: np.ndarray, *, turns: int = 12) -> dict[str, float]:
    """Seconds of each kind of step: the least of `turns`, the first not counted."""
    game = training.make(FORMS[recipe.form], recipe, seed=0)
    real = windows[: recipe.batch_size]
    z, fake = game.play(len(real), step=0)
    told = np.zeros((len(real), 0), np.float32)
    kinds: dict[str, Callable[[], object]] = {
        "likelihood": lambda: game.pretrain_step(real, told),
        "play": lambda: game.play(len(real), step=0),
        "D": lambda: game.discriminator_step(real, told, fake, told),
        "G": lambda: game.generator_step(real, told, fake, z),
    }
    least = dict.fromkeys(kinds, np.inf)
    for turn in range(turns + 1):
        for kind, step in kinds.items():
            started = time.perf_counter()
            step()
            if turn:
                least[kind] = min(least[kind], time.perf_counter() - started)
    return least


def shared(recipe: Recipe, seconds: float, cost: dict[str, float]) -> tuple[Recipe, int]:
    """The recipe with its shares of time turned into shares of steps, and how many steps that is."""
    d_step = cost["D"] + cost["play"] / recipe.d_steps
    learn = int(recipe.pretraining * seconds / cost["likelihood"])
    warm = int(recipe.warming * seconds / d_step)
    both = int((1 - recipe.pretraining - recipe.warming) * seconds / (d_step + cost["G"] / recipe.d_steps))
    steps = learn + warm + both
    return dataclasses.replace(recipe, pretraining=learn / steps, warming=warm / steps), steps


def run(recipe: Recipe, steps: int, seed: int, folder: Path, split: str) -> dict[str, float]:
    """Train if that isn't done yet, evaluate, and pick the measures; rates in %."""
    report = folder / f"{split}.json"
    if not report.exists():
        training.train(recipe, music(recipe), folder, steps=steps, seed=seed)
        command = [
            sys.executable,
            "-m",
            "musicgan_edu",
            "evaluate",
            folder,
            "--split",
            split,
            "--out",
            report,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = json.loads(report.read_text())["measures"]
    return {name: found[key]["fake"] * (100 if "%" in name else 1) for name, key in MEASURES.items()}


def row(name: str, *cells: str) -> None:
    print("| " + " | ".join([name, *cells]) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--d-steps", type=int, default=4)
    parser.add_argument("--cost", type=float, nargs=4, metavar="SECONDS", help="of likelihood, play, D, G")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    alone = dataclasses.replace(RECIPES["chorales"], pretraining=1.0, warming=0.0)
    game = dataclasses.replace(RECIPES["chorales"], d_steps=options.d_steps)
    windows = music(game)
    cost = dict(zip(("likelihood", "play", "D", "G"), options.cost or (), strict=False)) or costs(
        game, windows
    )
    print("seconds a step: " + ", ".join(f"{kind} {least:.3f}" for kind, least in cost.items()), flush=True)
    arms = {
        name: shared(recipe, 60 * options.minutes, cost)
        for name, recipe in (("likelihood alone", alone), ("and game", game))
    }
    print("\n| run | " + " | ".join(MEASURES) + " |\n|---" + "|---" * len(MEASURES) + "|")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    for seed in options.seeds:
        for name, (recipe, steps) in arms.items():
            folder = options.out / f"{name.replace(' ', '-')}-{seed}"
            found[name].append(run(recipe, steps, seed, folder, options.split))
            row(
                f"{name}, {steps} steps, seed {seed}", *(f"{value:.3f}" for value in found[name][-1].values())
            )
    cells = []
    for name in MEASURES:
        before, after = (np.array([one[name] for one in found[arm]]) for arm in arms)
        mean, error = float(np.mean(after - before)), float(stats.sem(after - before))
        reach = error * float(stats.t.ppf(0.975, len(before) - 1))
        cells.append(f"{mean:+.3f} [{mean - reach:+.3f}, {mean + reach:+.3f}]")
    row("*the game's difference*", *cells)


if __name__ == "__main__":
    main()
