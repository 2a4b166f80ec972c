"""Do binary neurons pay? Rolls of quartets by three generators that differ in nothing but their last line.

    for arm in deterministic stochastic threshold; do python benchmarks/rolls.py $arm --steps 800 --out runs; done
    musicgan evaluate runs/deterministic --against runs/stochastic
    musicgan evaluate runs/deterministic/snapshots/000000    # a newborn, which has met its music but not played

"threshold" has no binary neurons: D hears shares while G learns, and the deterministic ones play in the end
(MuseGAN before BMuseGAN). Each run's first pieces are drawn and rendered beside it: picture and sound.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
from pathlib import Path

import tensorflow as tf

from musicgan_edu import corpus, playback, plotting, sampling, training


class SoftRollGAN(training.RollGAN):
    """The game without binary neurons."""

    def decide(self, logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(logits)


ARMS = {"deterministic": {}, "stochastic": {"noise": 1.0, "temperature": 1.0}, "threshold": {}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("--corpus", default="quartets")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    if given.arm == "threshold":
        training.PLAYERS["rolls"] = SoftRollGAN
    scores = corpus.load(given.corpus, split="train", progress=False)
    form = training.rolls_for(scores)
    cut = training.cut(scores, form)
    print(f"{len(cut.values)} windows; {training.reasons(cut.left_out)}", flush=True)
    recipe = dataclasses.replace(training.RECIPES["rolls"], **ARMS[given.arm])
    folder = given.out / given.arm
    sampler = training.train(
        recipe, cut.values, folder, steps=given.steps, seed=given.seed, corpus=given.corpus, encoding=form,
        snapshots=(0, given.steps // 4, given.steps // 2),
        report=lambda progress, step, values: print(step, values, flush=True) if step % 50 < 3 else None,
    )  # fmt: skip
    show(sampler, folder)


def show(sampler: sampling.Sampler, folder: Path) -> None:
    """The first four pieces of seed 1 as pictures, and one after the other as sound."""
    pieces = sampler.sample(4, seed=1)
    for i, piece in enumerate(pieces):
        plotting.piano_roll(piece, title=f"{folder.name}, piece {i}").savefig(
            folder / f"{i}.png", facecolor="white"
        )
    one_after_the_other = functools.reduce(lambda a, b: sampling.join(a, b, key=False).score, pieces)
    playback.to_wav(one_after_the_other, folder / "pieces.wav")
    print(f"{sampler.card['training']['seconds']} s: {folder}")


if __name__ == "__main__":
    main()
