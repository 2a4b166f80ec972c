"""Train each recipe for the same minutes, compose, and measure beside real music.

    python benchmarks/three_minutes.py --minutes 3 --seeds 1 --split validation --out runs

prints one Markdown table; each run's folder and JSON report stay in --out. Everything goes through
the command `musicgan`, as a learner would do it. Run it on an idle machine: minutes are the budget.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path


def musicgan(*arguments: object) -> None:
    subprocess.run(
        [sys.executable, "-m", "musicgan_edu", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL
    )


def measure(recipe: str, seed: int, options: argparse.Namespace) -> tuple[dict, dict]:
    """Train and evaluate one recipe with one seed: its card and its report."""
    run = options.out / f"{recipe}-{seed}"
    if not (run / "card.json").exists():
        musicgan("train", "--recipe", recipe, "--minutes", options.minutes, "--seed", seed, "--out", run)
    report = run / f"{options.split}.json"
    if not report.exists():
        musicgan("evaluate", run, "--split", options.split, "--out", report)
    return json.loads((run / "card.json").read_text()), json.loads(report.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--recipes", nargs="+", default=["chorales", "likelihood", "convolutional"])
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for recipe in options.recipes:
        for seed in options.seeds:
            card, report = measure(recipe, seed, options)
            steps = card["training"]["steps"]
            print(f"\n## {recipe}, seed {seed}: {steps} steps in {card['training']['seconds']} s\n")
            print("| measure | real | fake | interval |\n|---|---|---|---|")
            for name, row in report["measures"].items():
                interval = " to ".join(f"{x:.3g}" for x in row["fake_interval"] or []) or "–"
                print(f"| {name} | {row['real']:.3g} | {row['fake']:.3g} | {interval} |", flush=True)


if __name__ == "__main__":
    main()
