"""Make a run the checkpoint that comes with the package: half precision, the log thinned to 60 rows.

    musicgan train --corpus chorales --recipe chorales --steps 3000 --seed 1 --snapshots 0,150,1000 --out chorales
    python benchmarks/ship.py chorales

The run's snapshots are shipped beside it, in half precision too, so that lessons can play a latent as
it was early and late. The model card, `README.md` in the checkpoint's folder, is written by hand from
`musicgan evaluate`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from musicgan_edu import sampling


def ship(folder: Path, target: Path, name: str) -> int:
    """Write the checkpoint in `folder` into `target` in half precision; its bytes."""
    run = sampling.load(folder)
    log = run.card["training"]["log"]
    thinned = log[:: max(1, len(log) // 60)]
    card = {**run.card, "name": name, "training": {**run.card["training"], "log": thinned}}
    card.pop("format")
    sampling.write(target, run.weights, card, dtype="float16")
    return sum((target / file).stat().st_size for file in ("weights.npz", "card.json"))


def main(folder: str) -> None:
    """Write the run in `folder` and its snapshots into the package under the folder's name."""
    name = Path(folder).name
    target = sampling.CHECKPOINTS / name
    sizes = {"final": ship(Path(folder), target, name)}
    shutil.rmtree(target / "snapshots", ignore_errors=True)  # those of the run that was shipped before
    for step, moment in sampling.snapshots(Path(folder)).items():
        sizes[f"step {step}"] = ship(moment, target / "snapshots" / moment.name, f"{name}, step {step}")
    for what, size in sizes.items():
        print(f"{name}, {what}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
