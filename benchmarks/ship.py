"""Make a run the checkpoint that comes with the package: half precision, the log thinned to 60 rows.

    musicgan train --corpus chorales --recipe chorales --steps 3000 --seed 1 --out chorales
    python benchmarks/ship.py chorales

The model card, `README.md` in the checkpoint's folder, is written by hand from `musicgan evaluate`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from musicgan_edu import sampling


def main(folder: str) -> None:
    """Write the run in `folder` into the package under the folder's name."""
    run, name = sampling.load(folder), Path(folder).name
    log = run.card["training"]["log"]
    thinned = log[:: max(1, len(log) // 60)]
    card = {**run.card, "name": name, "training": {**run.card["training"], "log": thinned}}
    card.pop("format")
    target = sampling.CHECKPOINTS / name
    sampling.write(target, run.weights, card, dtype="float16")
    size = sum(file.stat().st_size for file in target.iterdir())
    print(f"{target.name}: {size / 1e6:.2f} MB, {card['training']['steps']} steps")


if __name__ == "__main__":
    main(sys.argv[1])
